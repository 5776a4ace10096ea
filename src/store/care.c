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

/* What cannot be read is counted and reported, whatever the cause. Only running out of
 * memory ends the check. */
static seg_status care_note(care_check *c, seg_status status, uint64_t block, const char *what)
{
    seg_fault out = {.struct_size = (uint32_t)sizeof out,
                     .file = segi_disk_name(c->store->keep->disk),
                     .block = block,
                     .what = what};
    if (status == SEG_OK)
        return SEG_OK;
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(c->err);
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

/* Bring a column of a part into memory, which looks at each of its values. */
static seg_status care_column(care_check *c, const segi_part *part, uint32_t column,
                              segi_pins *pins)
{
    seg_error ignored = SEG_ERROR_INIT;
    if (!segi_pins_want(pins, part, column))
        return segi_fail_nomem(c->err);
    seg_status status = segi_pins_hold(pins, NULL, 1, &ignored);
    return status == SEG_E_NOMEM ? segi_fail_nomem(c->err) : status;
}

/* Every column by itself, so that little is in memory. A run with a fault is one fault. */
static seg_status care_run(care_check *c, const segi_run *run)
{
    seg_status status = SEG_OK;
    for (uint32_t i = 0; status == SEG_OK && i < run->part_count; i++) {
        const segi_part *part = run->parts[i];
        for (uint32_t k = 0; status == SEG_OK && k < SEGI_COLUMN_PROPERTY + part->column_count;
             k++) {
            segi_pins pins;
            segi_pins_init(&pins, &c->store->mem);
            status = care_column(c, part, k, &pins);
            segi_pins_release(&pins);
        }
    }
    return care_note(c, status, segi_run_id(run), "a column of events");
}

static seg_status care_runs(care_check *c)
{
    const segi_store *store = c->store;
    for (size_t i = 0; i < store->run_count; i++)
        SEGI_TRY(care_run(c, store->runs[i]));
    return store->firsts ? care_run(c, store->firsts) : SEG_OK;
}

/* All that a root names. */
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
    SEGI_TRY(care_event_ids(c));
    return care_runs(c);
}

/* ---- what follows from other things ---------------------------------------------------------- */

/* Each user of the part exists from its first row there on, or earlier. */
static bool care_users_exist(const segi_part *part, const segi_attr_state *exists, uint16_t *lows)
{
    uint32_t row = 0;
    for (uint32_t p = 0; p < part->chunk_count; p++) {
        const segi_part_chunk *pc = &part->chunks[p];
        const segi_attr_chunk *chunk =
            exists && pc->chunk < exists->chunk_count ? exists->chunks[pc->chunk] : NULL;
        if (!chunk)
            return false;
        segi_part_users(pc, lows);
        for (uint32_t i = 0; i < pc->user_count; i++) {
            int64_t since;
            if (segi_attr_chunk_get(chunk, lows[i], &since) != SEG_VALUE_SET ||
                since > segi_col_slot(&part->time, row))
                return false;
            row += (uint32_t)segi_col_slot(&part->counts, pc->user_begin + i);
        }
    }
    return true;
}

static seg_status care_part_users(care_check *c, const segi_part *part)
{
    segi_pins pins;
    segi_store *store = c->store;
    uint16_t *lows = segi_alloc_array(&store->mem, SEGI_CHUNK_USERS, sizeof *lows);
    segi_pins_init(&pins, &store->mem);
    seg_status status =
        lows ? care_column(c, part, SEGI_COLUMN_USERS, &pins) : segi_fail_nomem(c->err);
    if (status == SEG_OK)
        status = care_column(c, part, SEGI_COLUMN_TIME, &pins);
    if (status == SEG_OK && !care_users_exist(part, store->exists.state, lows))
        status = SEG_E_CORRUPT;
    segi_pins_release(&pins);
    segi_free(&store->mem, lows);
    return care_note(c, status, 0, "events of a user before that user");
}

/* Counters of the root against what they count. Rows that wait in the tail are not in runs yet, and
 * what they say of users neither. */
static seg_status care_derived(care_check *c)
{
    segi_store *store = c->store;
    uint64_t rows = store->tail.count;
    bool within = true;
    for (size_t i = 0; i < store->run_count; i++) {
        rows += store->runs[i]->row_count;
        within &= store->runs[i]->time_min >= store->time_min &&
                  store->runs[i]->time_max <= store->time_max &&
                  store->runs[i]->generation <= store->generation;
    }
    SEGI_TRY(
        care_note(c, rows == store->event_count ? SEG_OK : SEG_E_CORRUPT, 0, "number of events"));
    SEGI_TRY(care_note(c, within ? SEG_OK : SEG_E_CORRUPT, 0, "times of the store's events"));
    seg_status status = segi_load_attr(store, &store->exists, c->err);
    if (status != SEG_OK)
        return care_note(c, status, 0, "since when users exist");
    for (size_t r = 0; store->exists.pending.count == 0 && r < store->run_count; r++)
        for (uint32_t i = 0; i < store->runs[r]->part_count; i++)
            SEGI_TRY(care_part_users(c, store->runs[r]->parts[i]));
    return SEG_OK;
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
    if (status == SEG_OK && level >= SEG_CHECK_DEEP)
        status = care_derived(&c);
    segi_mutex_unlock(store->mutex);
    segi_buf_deinit(&c.buf);
    *out_faults = c.faults;
    return status;
}
