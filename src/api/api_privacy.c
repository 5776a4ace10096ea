/* api_privacy.c - erasing customers, keeping events for a time.
 *
 * Both are done by the store; what is left to do here is to forget working memory of evaluations,
 * in which values of customers may lie. */
#include "api/api_int.h"

void seg_erase_options_init(seg_erase_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* The receipt's size is checked before anything is erased, which cannot be undone. */
static seg_status erase_checked(seg_store *store, uint32_t id_kind, const segi_api_ids *ids,
                                uint64_t id_count, const seg_erase_options *options,
                                seg_erase_receipt *receipt, seg_error *err)
{
    segi_api_begin(err);
    seg_erase_receipt own = {.struct_size = (uint32_t)sizeof own};
    if (receipt != NULL)
        SEGI_TRY(segi_options_write(receipt, &own, sizeof own, "seg_erase_receipt", err));
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_erase_options known;
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_erase_options", err));
    SEGI_CHECK_ARG((known.flags & ~SEG_ERASE_REFUSE) == 0, err,
                   "the erase options have unknown flags");
    const segi_schema *schema = segi_store_schema(store->store);
    seg_status status = segi_api_check_id_kind(schema->id_kind, id_kind, err);
    segi_schema_release(schema);
    SEGI_TRY(status);
    SEGI_CHECK_ARG(id_count <= SIZE_MAX - 1, err, "id_count is too large");
    SEGI_CHECK_ARG(segi_api_ids_readable(ids), err, "ids or offsets are NULL, or the offsets fall");
    segi_erase_ids list = {ids->bytes, ids->offsets, ids->numbers, ids->count};
    SEGI_TRY(
        segi_store_erase(store->store, &list, (known.flags & SEG_ERASE_REFUSE) != 0, &own, err));
    segi_scratch_clear(store->scratch);
    if (receipt != NULL)
        (void)segi_options_write(receipt, &own, sizeof own, "seg_erase_receipt", NULL);
    return SEG_OK;
}

/* No ids at all need no offsets. */
seg_status seg_store_erase_users(seg_store *store, const char *bytes, const uint64_t *offsets,
                                 uint64_t id_count, const seg_erase_options *options,
                                 seg_erase_receipt *receipt, seg_error *err)
{
    static const uint64_t none[1] = {0};
    segi_api_ids ids = {bytes, id_count > 0 ? offsets : none, NULL, (size_t)id_count};
    return erase_checked(store, SEG_ID_BYTES, &ids, id_count, options, receipt, err);
}

seg_status seg_store_erase_users_u64(seg_store *store, const uint64_t *ids, uint64_t id_count,
                                     const seg_erase_options *options, seg_erase_receipt *receipt,
                                     seg_error *err)
{
    segi_api_ids list = {NULL, NULL, ids, (size_t)id_count};
    return erase_checked(store, SEG_ID_U64, &list, id_count, options, receipt, err);
}

uint64_t seg_store_views_open(const seg_store *store)
{
    return store == NULL ? 0 : segi_store_views_open(store->store);
}

/* ---- retention --------------------------------------------------------------------------- */

/* Only a rule: nothing is removed before seg_store_expire(). */
seg_status seg_store_set_retention(seg_store *store, const char *event, size_t event_size,
                                   uint64_t keep_us, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(event != NULL || event_size == 0, err, "event is NULL");
    return segi_store_set_retention(store->store, event, event_size, keep_us, err);
}

seg_status seg_store_get_retention(const seg_store *store, const char *event, size_t event_size,
                                   uint64_t *out_keep_us, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_keep_us != NULL, err, "out_keep_us is NULL");
    *out_keep_us = 0;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(event != NULL || event_size == 0, err, "event is NULL");
    if (!segi_store_retention(store->store, event, event_size, out_keep_us))
        return segi_fail(err, SEG_E_NOT_FOUND, "there is no such event type");
    return SEG_OK;
}

seg_status seg_store_expire(seg_store *store, int64_t now, seg_expire_report *report,
                            seg_error *err)
{
    segi_api_begin(err);
    seg_expire_report own = {.struct_size = (uint32_t)sizeof own};
    if (report != NULL)
        SEGI_TRY(segi_options_write(report, &own, sizeof own, "seg_expire_report", err));
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_TRY(segi_api_check_now(now, err));
    SEGI_TRY(segi_store_expire(store->store, now, &own, err));
    if (own.events_removed > 0)
        segi_scratch_clear(store->scratch);
    if (report != NULL)
        (void)segi_options_write(report, &own, sizeof own, "seg_expire_report", NULL);
    return SEG_OK;
}
