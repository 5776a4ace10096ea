/* Care of a store's file: checkpoints on demand, upkeep in steps, checks, backups, figures.
 *
 * Everything runs under the mutex but the copying of a backup, which the disk does beside a
 * writer. Checks read the file again into objects of their own and compare nothing with memory:
 * what is tested is whether the file could be opened. */
#include <string.h>

#include "base/error.h"
#include "store/attr_block.h"
#include "store/keep.h"
#include "store/part_file.h"

/* ---- checkpoints and upkeep ------------------------------------------------------------------ */

/* All that is not on disk, in one go. */
static seg_status care_checkpoint(segi_store *store, seg_error *err)
{
    bool more;
    SEGI_TRY(segi_keep_begin(store, err));
    return segi_checkpoint_step(store, 0, &more, err);
}

seg_status segi_store_checkpoint(segi_store *store, seg_error *err)
{
    if (!store->keep)
        return SEG_OK;
    segi_mutex_lock(store->mutex);
    seg_status status = care_checkpoint(store, err);
    segi_mutex_unlock(store->mutex);
    return status;
}

/* One thing at a time, so that a step takes about what one of them takes. */
static seg_status care_step(segi_store *store, uint64_t budget_rows, uint64_t budget_bytes,
                            bool *out_more, seg_error *err)
{
    segi_disk_statistics figures;
    SEGI_TRY(segi_keep_begin(store, err));
    *out_more = true;
    if (store->tail.count > 0)
        return segi_store_seal(store) ? SEG_OK : segi_fail_nomem(err);
    size_t runs = store->run_count;
    segi_store_maintain(store, budget_rows, SEGI_MERGE_FANOUT);
    if (store->run_count != runs) {
        segi_version_release(store->version);
        store->version = NULL;
        return SEG_OK;
    }
    *out_more = false;
    if (!store->keep)
        return SEG_OK;
    segi_disk_stats(store->keep->disk, &figures);
    if (figures.records == 0 && !segi_keep_unwritten(store)) {
        SEGI_TRY(segi_disk_reclaim(store->keep->disk, budget_bytes, NULL, err));
        return segi_checkpoint_compact(store, budget_bytes, out_more, err);
    }
    seg_status status = segi_checkpoint_step(store, budget_bytes, out_more, err);
    *out_more = true; /* The next step looks at what the checkpoint has left free. */
    return status;
}

/* As seg_store_tend(): bounded steps, from sealing to giving space back. */
seg_status segi_store_tend(segi_store *store, uint64_t budget_rows, uint64_t budget_bytes,
                           bool *out_more, seg_error *err)
{
    *out_more = false;
    segi_mutex_lock(store->mutex);
    seg_status status = care_step(store, budget_rows, budget_bytes, out_more, err);
    segi_mutex_unlock(store->mutex);
    if (status != SEG_OK)
        *out_more = false;
    return status;
}

seg_status segi_store_backup(segi_store *store, const char *path, seg_error *err)
{
    SEGI_CHECK_ARG(store->keep, err, "a store in memory has no file to copy");
    if (!store->keep->read_only)
        SEGI_TRY(segi_store_checkpoint(store, err));
    return segi_disk_backup(store->keep->disk, path, err);
}

/* ---- figures --------------------------------------------------------------------------------- */

/* Bytes of the file by what they hold. */
static bool care_count(void *user, uint64_t id, uint32_t kind, size_t size)
{
    seg_store_stats *out = user;
    (void)id;
    switch (kind) {
    case SEGI_BLOCK_ATTRIBUTE: out->attribute_bytes += size; break;
    case SEGI_BLOCK_TEXTS:
    case SEGI_BLOCK_NUMBERS: out->id_bytes += size; break;
    case SEGI_BLOCK_EVENT_IDS: out->event_id_bytes += size; break;
    default: out->event_bytes += size; break;
    }
    return true;
}

/* An estimate: what the large things take, without their heads. */
static size_t care_memory(const segi_store *store)
{
    size_t bytes = segi_ids_bytes(store->ids) + store->dedup.bytes + segi_tail_bytes(&store->tail);
    for (size_t i = 0; i < store->run_count; i++)
        bytes += store->runs[i]->bytes;
    for (size_t i = 0; i < store->attr_count; i++) {
        const segi_attr *attr = &store->attrs[i];
        bytes += (attr->state ? attr->state->bytes : 0) +
                 (attr->dict ? segi_strings_bytes(attr->dict) : 0);
    }
    return bytes + (store->exists.state ? store->exists.state->bytes : 0);
}

void segi_store_stats(segi_store *store, seg_store_stats *out)
{
    segi_disk_statistics figures;
    memset(out, 0, sizeof *out);
    out->struct_size = (uint32_t)sizeof *out;
    segi_mutex_lock(store->mutex);
    out->memory_bytes = care_memory(store);
    out->id_kind = store->schema->id_kind;
    out->week_start = (uint32_t)store->schema->week_start;
    out->timezone = segi_zone_name(store->schema->zone);
    if (store->keep) {
        segi_disk_stats(store->keep->disk, &figures);
        segi_disk_each(store->keep->disk, care_count, out);
        out->poisoned = figures.poisoned;
        out->generation = figures.generation;
        out->file_bytes = figures.file_bytes;
        out->block_bytes = figures.block_bytes;
        out->block_count = figures.blocks;
        out->free_bytes = figures.free_bytes;
        out->dropped_bytes = figures.dropped_bytes;
        out->log_bytes = figures.log_bytes;
        out->log_used = figures.log_used;
        out->log_records = figures.records;
        out->pins = figures.pins;
    }
    segi_mutex_unlock(store->mutex);
}

/* ---- checking -------------------------------------------------------------------------------- */

/* One check under way; `err` takes what ends it, faults go to `report`. */
typedef struct care_check {
    segi_store *store;
    segi_store_report *report;
    void *user;
    uint64_t faults;
    segi_buf buf;
    seg_error *err;
} care_check;

/* Faults that the disk found itself; they are counted by it. */
static void care_disk_fault(void *user, const segi_disk_fault *fault)
{
    care_check *c = user;
    seg_fault out = {.struct_size = (uint32_t)sizeof out,
                     .file = fault->file,
                     .offset = fault->offset,
                     .block = fault->block,
                     .what = fault->what};
    if (c->report)
        c->report(c->user, &out);
}

/* Damage is counted and reported, anything else ends the check. */
static seg_status care_note(care_check *c, seg_status status, uint64_t block, const char *what)
{
    seg_fault out = {.struct_size = (uint32_t)sizeof out, .file = "", .block = block, .what = what};
    if (status != SEG_E_CORRUPT && status != SEG_E_IO)
        return status;
    c->faults++;
    if (c->report)
        c->report(c->user, &out);
    return SEG_OK;
}

/* Read all strings again, and see that no two are equal. */
static seg_status care_strings(care_check *c, const segi_strings *strings, bool ids)
{
    segi_strings copy;
    seg_error ignored = SEG_ERROR_INIT;
    if (!segi_strings_init(&copy, strings->mem, strings->key, strings->count_max))
        return segi_fail_nomem(c->err);
    seg_status status = SEG_OK;
    for (size_t i = 0; status == SEG_OK && i < strings->sheets.count; i++)
        status =
            segi_load_sheet(c->store, &copy, &strings->sheets.items[i], ids, &c->buf, &ignored);
    if (status == SEG_OK)
        status = segi_strings_index(&copy);
    segi_strings_deinit(&copy);
    return care_note(c, status, 0, ids ? "user ids" : "a dictionary");
}

/* As care_strings(), for ids that are numbers. */
static seg_status care_numbers(care_check *c)
{
    const segi_ids *ids = c->store->ids;
    segi_ids *copy = segi_ids_create(&c->store->mem, ids->kind, c->store->key);
    seg_error ignored = SEG_ERROR_INIT;
    if (!copy)
        return segi_fail_nomem(c->err);
    seg_status status = SEG_OK;
    for (size_t i = 0; status == SEG_OK && i < ids->strings.sheets.count; i++)
        status =
            segi_load_numbers(c->store, copy, &ids->strings.sheets.items[i], &c->buf, &ignored);
    copy->strings.count = copy->strings.record_count;
    if (status == SEG_OK)
        status = segi_ids_index(copy);
    segi_ids_destroy(copy);
    return care_note(c, status, 0, "user ids");
}

/* Its dictionary, and each chunk by itself: a damaged one does not hide the others. */
static seg_status care_attribute(care_check *c, const segi_attr *attr)
{
    segi_store *store = c->store;
    const segi_attr_absent *absent = attr->absent;
    const segi_attr_absent like = {.type = attr->type,
                                   .dict_count = attr->dict ? attr->dict->count : 0,
                                   .user_count = store->user_count};
    uint32_t count = absent ? absent->block_count : attr->state ? attr->state->chunk_count : 0;
    if (attr->dict)
        SEGI_TRY(care_strings(c, attr->dict, false));
    for (uint32_t i = 0; i < count; i++) {
        const segi_attr_chunk *known = absent ? NULL : attr->state->chunks[i];
        uint64_t block = absent ? absent->blocks[i] : known ? segi_attr_chunk_block(known) : 0;
        segi_attr_chunk *chunk = NULL;
        seg_error ignored = SEG_ERROR_INIT;
        if (block == 0)
            continue;
        seg_status status = segi_load_chunk(store, &like, i, block, &c->buf, &chunk, &ignored);
        if (status == SEG_OK)
            segi_attr_chunk_release(&store->mem, chunk);
        SEGI_TRY(care_note(c, status, block, "a chunk of an attribute"));
    }
    return SEG_OK;
}

/* Into an index of their own, period by period. */
static seg_status care_event_ids(care_check *c)
{
    segi_dedup copy;
    segi_store *store = c->store;
    const segi_dedup *dedup = &store->dedup;
    if (!segi_dedup_init(&copy, &store->mem, dedup->key, dedup->window_us))
        return segi_fail_nomem(c->err);
    seg_status status = SEG_OK;
    for (const segi_dedup_group *group = dedup->groups; status == SEG_OK && group;
         group = group->next) {
        seg_error ignored = SEG_ERROR_INIT;
        segi_dedup_group *into = segi_dedup_add_group(&copy, group->begin, group->end);
        status = into ? segi_load_group(store, &copy, into, &group->sheets, &c->buf, &ignored)
                      : segi_fail_nomem(c->err);
        status = care_note(c, status, 0, "ids of events");
    }
    segi_dedup_deinit(&copy);
    return status;
}

/* All that a root names but runs, whose columns the disk has checked as blocks. */
static seg_status care_values(care_check *c)
{
    segi_store *store = c->store;
    SEGI_TRY(store->ids->kind == SEG_ID_BYTES ? care_strings(c, &store->ids->strings, true)
                                              : care_numbers(c));
    SEGI_TRY(care_attribute(c, &store->exists));
    for (size_t i = 0; i < store->attr_count; i++)
        SEGI_TRY(care_attribute(c, &store->attrs[i]));
    for (size_t i = 0; i < store->dict_count; i++)
        for (size_t k = 0; k < store->dicts[i].count; k++)
            if (store->dicts[i].dicts[k])
                SEGI_TRY(care_strings(c, store->dicts[i].dicts[k], false));
    return care_event_ids(c);
}

seg_status segi_store_check(segi_store *store, uint32_t level, segi_store_report *report,
                            void *user, uint64_t *out_faults, seg_error *err)
{
    care_check c = {.store = store, .report = report, .user = user, .err = err};
    *out_faults = 0;
    if (!store->keep)
        return SEG_OK;
    segi_buf_init(&c.buf, &store->mem);
    segi_mutex_lock(store->mutex);
    uint64_t found = 0;
    seg_status status = segi_disk_check(store->keep->disk, level, care_disk_fault, &c, &found, err);
    c.faults += found;
    if (status == SEG_OK && level >= SEG_CHECK_FULL)
        status = care_values(&c);
    segi_mutex_unlock(store->mutex);
    segi_buf_deinit(&c.buf);
    *out_faults = c.faults;
    return status;
}
