/* Checkpoints: whatever has no block yet is written, then the root that names all blocks.
 *
 * Each step leaves the store as it may be found: a thing that was written keeps its block, and the
 * next step or checkpoint goes on from there. Blocks that the new root does not name are
 * dropped with it. */
#include <string.h>

#include "base/error.h"
#include "store/attr_block.h"
#include "store/keep.h"
#include "store/part_file.h"
#include "store/removal.h"

typedef struct checkpoint {
    segi_store *store;
    segi_disk *disk;
    uint64_t budget, written; /* bytes */
    segi_buf buf;
    seg_error *err;
} checkpoint;

/* The budget is used up. Never leaves this file. */
#define CHECKPOINT_PAUSE 1

static seg_status checkpoint_block(checkpoint *c, uint32_t kind, uint64_t *out_id)
{
    if (c->buf.failed)
        return segi_fail_nomem(c->err);
    if (c->written >= c->budget)
        return CHECKPOINT_PAUSE;
    SEGI_TRY(segi_disk_write(c->disk, kind, c->buf.data, c->buf.size, out_id, c->err));
    c->written += c->buf.size;
    return SEG_OK;
}

/* ---- strings and ids ------------------------------------------------------------------------- */

/* A bit for each that is forgotten; nothing where none is. */
static void checkpoint_forgotten(const segi_strings *strings, uint32_t begin, uint32_t count,
                                 segi_buf *buf)
{
    bool any = false;
    for (uint32_t i = begin; i < begin + count && !any; i++)
        any = segi_strings_forgot(strings, i);
    for (uint32_t at = 0; any && at < count; at += 8) {
        unsigned bits = 0;
        for (uint32_t i = at; i < count && i < at + 8; i++)
            bits |= (unsigned)segi_strings_forgot(strings, begin + i) << (i - at);
        segi_put_u8(buf, (uint8_t)bits);
    }
}

static void checkpoint_texts(const segi_strings *strings, uint32_t begin, uint32_t count,
                             segi_buf *buf)
{
    size_t size;
    for (uint32_t i = begin; i < begin + count; i++) {
        (void)segi_strings_get(strings, i, &size);
        segi_put_u16(buf, (uint16_t)size);
    }
    for (uint32_t i = begin; i < begin + count; i++) {
        const char *text = segi_strings_get(strings, i, &size);
        segi_buf_add(buf, text, size);
    }
    checkpoint_forgotten(strings, begin, count, buf);
}

static seg_status checkpoint_strings(checkpoint *c, segi_strings *strings)
{
    uint32_t begin, count;
    uint64_t block;
    while (segi_sheets_next(&strings->sheets, strings->count, &begin, &count)) {
        if (!segi_sheets_reserve(&strings->sheets, strings->mem))
            return segi_fail_nomem(c->err);
        segi_buf_reset(&c->buf);
        checkpoint_texts(strings, begin, count, &c->buf);
        SEGI_TRY(checkpoint_block(c, SEGI_BLOCK_TEXTS, &block));
        segi_sheets_put(&strings->sheets, begin, count, block);
    }
    return SEG_OK;
}

static seg_status checkpoint_users(checkpoint *c, segi_ids *ids)
{
    segi_strings *strings = &ids->strings;
    uint32_t begin, count;
    uint64_t block;
    if (ids->kind == SEG_ID_BYTES)
        return checkpoint_strings(c, strings);
    while (segi_sheets_next(&strings->sheets, strings->count, &begin, &count)) {
        if (!segi_sheets_reserve(&strings->sheets, strings->mem))
            return segi_fail_nomem(c->err);
        segi_buf_reset(&c->buf);
        for (uint32_t i = begin; i < begin + count; i++)
            segi_put_u64(&c->buf, segi_seq_get(&ids->numbers, i));
        SEGI_TRY(checkpoint_block(c, SEGI_BLOCK_NUMBERS, &block));
        segi_sheets_put(&strings->sheets, begin, count, block);
    }
    return SEG_OK;
}

static seg_status checkpoint_event_ids(checkpoint *c)
{
    segi_dedup *dedup = &c->store->dedup;
    uint32_t begin, count;
    uint64_t block;
    for (segi_dedup_group *group = dedup->groups; group; group = group->next)
        while (segi_sheets_next(&group->sheets, group->count, &begin, &count)) {
            if (!segi_sheets_reserve(&group->sheets, &c->store->mem))
                return segi_fail_nomem(c->err);
            segi_buf_reset(&c->buf);
            segi_dedup_write(group, begin, count, &c->buf);
            SEGI_TRY(checkpoint_block(c, SEGI_BLOCK_EVENT_IDS, &block));
            segi_sheets_put(&group->sheets, begin, count, block);
        }
    return SEG_OK;
}

/* ---- attributes and events ------------------------------------------------------------------- */

static seg_status checkpoint_state(checkpoint *c, const segi_attr_state *state)
{
    uint64_t block;
    for (uint32_t i = 0; state && i < state->chunk_count; i++) {
        const segi_attr_chunk *chunk = state->chunks[i];
        if (!chunk || segi_attr_chunk_block(chunk) != 0)
            continue;
        segi_buf_reset(&c->buf);
        segi_attr_block_write(chunk, &c->buf);
        SEGI_TRY(checkpoint_block(c, SEGI_BLOCK_ATTRIBUTE, &block));
        segi_attr_chunk_set_block(chunk, block);
    }
    return SEG_OK;
}

/* Those of attributes and of properties. */
static seg_status checkpoint_dicts(checkpoint *c)
{
    segi_store *store = c->store;
    for (size_t i = 0; i < store->attr_count; i++)
        if (store->attrs[i].dict)
            SEGI_TRY(checkpoint_strings(c, store->attrs[i].dict));
    for (size_t i = 0; i < store->dict_count; i++)
        for (size_t k = 0; k < store->dicts[i].count; k++)
            if (store->dicts[i].dicts[k])
                SEGI_TRY(checkpoint_strings(c, store->dicts[i].dicts[k]));
    return SEG_OK;
}

static seg_status checkpoint_run(checkpoint *c, segi_run *run)
{
    if (segi_run_id(run) != 0)
        return SEG_OK;
    if (c->written >= c->budget)
        return CHECKPOINT_PAUSE;
    SEGI_TRY(segi_run_write(run, c->disk, c->err));
    c->written += segi_run_disk_bytes(run);
    return SEG_OK;
}

static seg_status checkpoint_runs(checkpoint *c, segi_run *const *runs, size_t count,
                                  segi_run *firsts)
{
    for (size_t i = 0; i < count; i++)
        SEGI_TRY(checkpoint_run(c, runs[i]));
    return firsts ? checkpoint_run(c, firsts) : SEG_OK;
}

/* Whatever is not on disk. */
static seg_status checkpoint_things(checkpoint *c)
{
    segi_store *store = c->store;
    SEGI_TRY(checkpoint_runs(c, store->runs, store->run_count, store->firsts));
    SEGI_TRY(checkpoint_users(c, store->ids));
    SEGI_TRY(checkpoint_dicts(c));
    SEGI_TRY(checkpoint_state(c, store->exists.state));
    for (size_t i = 0; i < store->attr_count; i++)
        SEGI_TRY(checkpoint_state(c, store->attrs[i].state));
    return checkpoint_event_ids(c);
}

/* ---- publishing ------------------------------------------------------------------------------ */

/* Blocks of this file's kinds, and whether the new root names them. */
typedef struct checkpoint_blocks {
    segi_buf ids, named; /* uint64_t, rising; a byte each */
} checkpoint_blocks;

static bool checkpoint_visit(void *user, uint64_t id, uint32_t kind, size_t size)
{
    checkpoint_blocks *blocks = user;
    (void)size;
    if (kind >= SEGI_BLOCK_ATTRIBUTE && kind <= SEGI_BLOCK_EVENT_IDS) {
        segi_buf_add(&blocks->ids, &id, sizeof id);
        segi_buf_char(&blocks->named, 0);
    }
    return !blocks->ids.failed;
}

static void checkpoint_mark(checkpoint_blocks *blocks, uint64_t id)
{
    const uint64_t *ids = (const uint64_t *)(const void *)blocks->ids.data;
    size_t low = 0, high = blocks->named.size;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    SEGI_ASSERT(low < blocks->named.size && ids[low] == id);
    if (low < blocks->named.size)
        blocks->named.data[low] = 1;
}

/* What was replaced since it was written. */
static seg_status checkpoint_drop_unnamed(checkpoint *c, const segi_buf *names)
{
    checkpoint_blocks blocks;
    seg_status status = SEG_OK;
    segi_buf_init(&blocks.ids, &c->store->mem);
    segi_buf_init(&blocks.named, &c->store->mem);
    segi_disk_each(c->disk, checkpoint_visit, &blocks);
    if (blocks.ids.failed || blocks.named.failed)
        status = segi_fail_nomem(c->err);
    for (size_t i = 0; status == SEG_OK && i < names->size / sizeof(uint64_t); i++)
        checkpoint_mark(&blocks, ((const uint64_t *)(const void *)names->data)[i]);
    for (size_t i = 0; status == SEG_OK && i < blocks.named.size; i++)
        if (!blocks.named.data[i])
            status =
                segi_disk_drop(c->disk, ((const uint64_t *)(void *)blocks.ids.data)[i], c->err);
    segi_buf_deinit(&blocks.ids);
    segi_buf_deinit(&blocks.named);
    return status;
}

static seg_status checkpoint_publish(checkpoint *c)
{
    segi_store *store = c->store;
    segi_buf names;
    /* The version kept for the next snapshot would keep what is dropped now. */
    segi_version_release(store->version);
    store->version = NULL;
    segi_buf_init(&names, &store->mem);
    segi_buf_reset(&c->buf);
    segi_root_write(store, &c->buf, &names);
    seg_status status = c->buf.failed || names.failed ? segi_fail_nomem(c->err) : SEG_OK;
    if (status == SEG_OK)
        status = checkpoint_drop_unnamed(c, &names);
    segi_buf_deinit(&names);
    SEGI_TRY(status);
    SEGI_TRY(segi_store_drop_retired(store, c->disk, c->err));
    SEGI_TRY(segi_disk_checkpoint(c->disk, c->buf.data, c->buf.size, c->err));
    for (size_t i = 0; i < store->run_count; i++)
        segi_run_settle(store->runs[i]);
    if (store->firsts)
        segi_run_settle(store->firsts);
    return segi_disk_reclaim(c->disk, c->budget == UINT64_MAX ? 0 : c->budget, NULL, c->err);
}

/* Rows that wait in memory become things that can be written. */
static seg_status checkpoint_seal(checkpoint *c)
{
    if (!segi_store_seal(c->store) || !segi_store_fold(c->store))
        return segi_fail_nomem(c->err);
    return SEG_OK;
}

static seg_status checkpoint_steps(checkpoint *c)
{
    /* What is there is written within the budget; what was sealed since is small, and goes with
     * the root in one go, since nothing may come between. */
    SEGI_TRY(checkpoint_things(c));
    SEGI_TRY(checkpoint_seal(c));
    uint64_t budget = c->budget;
    c->budget = UINT64_MAX;
    SEGI_TRY(checkpoint_things(c));
    c->budget = budget;
    return checkpoint_publish(c);
}

seg_status segi_checkpoint_step(segi_store *store, uint64_t budget_bytes, bool *out_more,
                                seg_error *err)
{
    checkpoint c = {.store = store,
                    .disk = store->keep->disk,
                    .budget = budget_bytes > 0 ? budget_bytes : UINT64_MAX,
                    .err = err};
    segi_buf_init(&c.buf, &store->mem);
    seg_status status = checkpoint_steps(&c);
    segi_buf_deinit(&c.buf);
    *out_more = status == CHECKPOINT_PAUSE;
    return status == CHECKPOINT_PAUSE ? SEG_OK : status;
}

/* ---- removals -------------------------------------------------------------------------------- */

/* What the store will refer to. Dictionaries that are to be replaced are written, too: what they
 * have that is not on disk is little, as a rule. */
static seg_status ahead_write(checkpoint *c, const segi_removal *removal)
{
    SEGI_TRY(checkpoint_runs(c, removal->runs, removal->run_count, removal->firsts));
    SEGI_TRY(checkpoint_users(c, removal->ids ? removal->ids : c->store->ids));
    SEGI_TRY(checkpoint_dicts(c));
    for (size_t i = 0; i < removal->dict_count; i++)
        SEGI_TRY(checkpoint_strings(c, removal->dicts[i].next));
    SEGI_TRY(checkpoint_state(c, removal->exists));
    for (size_t i = 0; i < removal->state_count; i++)
        SEGI_TRY(checkpoint_state(c, removal->states[i]));
    return checkpoint_event_ids(c);
}

/* For the sheets of event ids that are to be written again, and the root: as it is, and what it
 * gains. */
static seg_status ahead_room(checkpoint *c, const segi_removal *removal,
                             const segi_dedup_users *users, size_t refused)
{
    segi_buf names;
    segi_dedup_rewrite again = {0};
    if (users)
        again = segi_dedup_forget_cost(&c->store->dedup, users);
    uint64_t sheets = again.sheets + (removal->ids ? removal->ids->strings.sheets.count : 0);
    for (size_t i = 0; i < removal->dict_count; i++)
        sheets += removal->dicts[i].next->sheets.count;
    segi_buf_init(&names, &c->store->mem);
    segi_buf_reset(&c->buf);
    segi_root_write(c->store, &c->buf, &names);
    bool failed = c->buf.failed || names.failed;
    segi_buf_deinit(&names);
    if (failed)
        return segi_fail_nomem(c->err);
    uint64_t root =
        c->buf.size + sheets * SEGI_ROOT_SHEET_BYTES + (uint64_t)refused * SEGI_ROOT_REFUSED_BYTES;
    return segi_disk_make_room(c->disk, again.sheets, again.bytes, root, c->err);
}

seg_status segi_removal_write(segi_removal *removal, const segi_dedup_users *users, size_t refused)
{
    segi_store *store = removal->store;
    if (!store->keep)
        return SEG_OK;
    checkpoint c = {
        .store = store, .disk = store->keep->disk, .budget = UINT64_MAX, .err = removal->err};
    removal->written = true;
    segi_buf_init(&c.buf, &store->mem);
    seg_status status = ahead_write(&c, removal);
    if (status == SEG_OK)
        status = ahead_room(&c, removal, users, refused);
    segi_buf_deinit(&c.buf);
    return status;
}

void segi_checkpoint_sweep(segi_store *store)
{
    segi_buf root, names;
    seg_error ignored = SEG_ERROR_INIT;
    checkpoint c = {.store = store, .disk = store->keep->disk, .err = &ignored};
    segi_version_release(store->version);
    store->version = NULL;
    segi_buf_init(&root, &store->mem);
    segi_buf_init(&names, &store->mem);
    segi_root_write(store, &root, &names);
    if (!names.failed && checkpoint_drop_unnamed(&c, &names) == SEG_OK &&
        segi_store_drop_retired(store, c.disk, &ignored) == SEG_OK)
        (void)segi_disk_reclaim(c.disk, 0, NULL, &ignored);
    segi_buf_deinit(&root);
    segi_buf_deinit(&names);
}

/* ---- a shorter file -------------------------------------------------------------------------- */

/* Less than this, or than a fourth of the file, stays free for the next checkpoint. */
#define COMPACT_BYTES_MIN ((uint64_t)1 << 20)

seg_status segi_checkpoint_compact(segi_store *store, uint64_t budget_bytes, bool *out_more,
                                   seg_error *err)
{
    segi_disk *disk = store->keep->disk;
    segi_disk_statistics figures;
    uint64_t gain = 0;
    size_t size;
    *out_more = false;
    segi_disk_stats(disk, &figures);
    /* Records that no checkpoint covers would be lost with the old root. */
    if (figures.records > 0 || figures.free_bytes < COMPACT_BYTES_MIN ||
        figures.free_bytes < figures.file_bytes / 4)
        return SEG_OK;
    segi_version_release(store->version);
    store->version = NULL;
    SEGI_TRY(segi_disk_compact(disk, budget_bytes > 0 ? budget_bytes : UINT64_MAX, &gain, err));
    if (gain < COMPACT_BYTES_MIN)
        return SEG_OK;
    *out_more = true;
    const void *root = segi_disk_root(disk, &size);
    SEGI_TRY(segi_disk_checkpoint(disk, root, size, err));
    return segi_disk_reclaim(disk, budget_bytes, NULL, err);
}
