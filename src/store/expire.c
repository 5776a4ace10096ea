/* Retention: how long events are kept, and the call that takes out what is older.
 *
 * The store has no clock: what is too old is decided by the instant that the host gives, so that
 * the same calls have the same effect whenever they are repeated. */
#include <string.h>

#include "base/error.h"
#include "store/define.h"
#include "store/keep.h"
#include "store/removal.h"

/* The rule of its own, else the usual one. */
static uint64_t expire_rule(const segi_retention *rules, uint32_t event)
{
    uint64_t own = event < rules->count ? rules->own[event] : SEG_KEEP_USUAL;
    return own != SEG_KEEP_USUAL ? own : rules->usual;
}

/* Room for a rule of the event type. */
static bool expire_reserve(segi_store *store, uint32_t event)
{
    segi_retention *rules = &store->retention;
    if (!segi_grow(&store->mem, (void **)&rules->own, &rules->capacity, event + (size_t)1,
                   sizeof *rules->own))
        return false;
    for (; rules->count <= event; rules->count++)
        rules->own[rules->count] = SEG_KEEP_USUAL;
    return true;
}

static seg_status expire_log(segi_store *store, const char *event, size_t event_size,
                             uint64_t keep_us, seg_error *err)
{
    segi_buf record;
    if (!segi_keep_logs(store))
        return SEG_OK;
    segi_buf_init(&record, &store->mem);
    segi_put_u8(&record, SEGI_RECORD_RETENTION);
    segi_put_bytes(&record, event, event_size);
    segi_put_u64(&record, keep_us);
    seg_status status = segi_keep_log(store, &record, err);
    segi_buf_deinit(&record);
    return status;
}

seg_status segi_store_put_rule(segi_store *store, const char *event, size_t event_size,
                               uint64_t keep_us, seg_error *err)
{
    segi_retention *rules = &store->retention;
    if (!event) {
        SEGI_TRY(segi_keep_begin(store, err));
        SEGI_TRY(expire_log(store, "", 0, keep_us, err));
        rules->usual = keep_us != SEG_KEEP_USUAL ? keep_us : SEG_KEEP_FOREVER;
        return SEG_OK;
    }
    const segi_record_define define = {.name = event, .name_size = event_size};
    SEGI_TRY(segi_store_define(store, SEGI_RECORD_EVENT, &define, err));
    uint32_t index = segi_schema_event(store->schema, event, event_size)->index;
    if (!expire_reserve(store, index))
        return segi_fail_nomem(err);
    SEGI_TRY(expire_log(store, event, event_size, keep_us, err));
    rules->own[index] = keep_us;
    return SEG_OK;
}

seg_status segi_store_set_retention(segi_store *store, const char *event, size_t event_size,
                                    uint64_t keep_us, seg_error *err)
{
    segi_mutex_lock(store->mutex);
    seg_status status = segi_store_put_rule(store, event, event_size, keep_us, err);
    segi_mutex_unlock(store->mutex);
    return status;
}

bool segi_store_retention(segi_store *store, const char *event, size_t event_size,
                          uint64_t *out_keep_us)
{
    segi_mutex_lock(store->mutex);
    const segi_event_type *type =
        event ? segi_schema_event(store->schema, event, event_size) : NULL;
    bool known = !event || type;
    if (known)
        *out_keep_us = type ? expire_rule(&store->retention, type->index) : store->retention.usual;
    segi_mutex_unlock(store->mutex);
    return known;
}

/* The newest instant that is too old, by event type.
 * What reaches back beyond the first instant there is expires nothing. */
static int64_t *expire_limits(const segi_store *store, int64_t now)
{
    uint32_t count = store->schema->event_count;
    int64_t *until = segi_alloc_array(&store->mem, count, sizeof *until);
    for (uint32_t i = 0; until && i < count; i++) {
        uint64_t keep = expire_rule(&store->retention, i);
        /* Without its beginning a history does not say what holds today. */
        bool all = store->schema->events[i]->history || keep == SEG_KEEP_FOREVER ||
                   keep > (uint64_t)now - (uint64_t)SEG_TIME_MIN;
        until[i] = all ? SEG_TIME_MIN - 1 : now - (int64_t)keep;
    }
    return until;
}

static seg_status expire_prepare(segi_removal *removal, segi_store *store,
                                 const segi_row_filter *filter, seg_error *err)
{
    if (!filter->until)
        return segi_fail_nomem(err);
    SEGI_TRY(segi_removal_init(removal, store, err));
    SEGI_TRY(segi_removal_rows(removal, filter));
    if (removal->rows == 0)
        return SEG_OK;
    segi_run *firsts;
    SEGI_TRY(segi_firsts_create(store, filter, &firsts, err));
    segi_run_release(removal->firsts);
    removal->firsts = firsts;
    SEGI_TRY(segi_removal_strings(removal));
    return segi_removal_write(removal, NULL, 0);
}

/* Also where nothing goes any more: an earlier call may have been interrupted. */
static seg_status expire_locked(segi_removal *removal, segi_store *store,
                                const segi_row_filter *filter, seg_error *err)
{
    SEGI_TRY(expire_prepare(removal, store, filter, err));
    bool applied = removal->rows > 0;
    if (applied)
        segi_removal_apply(removal);
    return segi_removal_finish(store, applied, err);
}

/* Nothing to remove changes nothing: the snapshots that are open stay current. */
seg_status segi_store_expire(segi_store *store, int64_t now, seg_expire_report *report,
                             seg_error *err)
{
    segi_removal removal = {.store = store};
    segi_mutex_lock(store->mutex);
    int64_t *until = expire_limits(store, now);
    segi_row_filter filter = {.until = until};
    seg_status status = expire_locked(&removal, store, &filter, err);
    if (status == SEG_OK) {
        report->commit_sequence = store->commit_sequence;
        report->events_removed = removal.rows;
        report->strings_removed = removal.strings;
        report->parts_rewritten = removal.parts;
        report->views_open = segi_store_views_open(store);
    }
    segi_removal_deinit(&removal);
    segi_free(&store->mem, until);
    segi_mutex_unlock(store->mutex);
    return status;
}
