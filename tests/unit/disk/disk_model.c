/* unit/disk/disk_model.c - random work on a disk, and what must be left of it. */
#include "disk_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "support/check_main.h"

#define STORE "store"
#define CANARY 16u

#define MODEL_DEMAND(condition)                                                                    \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("%s: %s is false", where, #condition);                                    \
    } while (0)

static uint64_t model_random(model *m)
{
    m->random ^= m->random >> 12;
    m->random ^= m->random << 25;
    m->random ^= m->random >> 27;
    return m->random * 0x2545f4914f6cdd1du >> 16;
}

void model_init(model *m, uint64_t seed)
{
    memset(m, 0, sizeof *m);
    m->random = seed * 0x9e3779b97f4a7c15u + 1;
}

/* Bytes that no other seed gives; the first 16 are its canary. */
static void fill(unsigned char *bytes, size_t size, uint64_t seed)
{
    uint64_t state = seed * 0x9e3779b97f4a7c15u + 0x632be59bd9b4e019u;
    for (size_t i = 0; i < size; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(state >> 56) | 1;
    }
}

static uint64_t record_seed(uint64_t index, uint64_t life)
{
    return index * 1000 + life + 5000000;
}

static size_t record_size(uint64_t index)
{
    return CANARY + (size_t)(index * 97 % 900);
}

/* ---- what a disk may be found to hold ---- */

typedef struct replay_state {
    const model *m;
    const char *where;
    uint64_t last;
} replay_state;

static seg_status replay_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                                seg_error *err)
{
    replay_state *state = user;
    const char *where = state->where;
    unsigned char expected[1024];
    (void)err;
    MODEL_DEMAND(lsn == state->last + 1);
    MODEL_DEMAND(lsn <= state->m->sent);
    fill(expected, record_size(lsn), record_seed(lsn, state->m->lives[lsn]));
    MODEL_DEMAND(size == record_size(lsn) && memcmp(bytes, expected, size) == 0);
    state->last = lsn;
    return SEG_OK;
}

static void check_root(model *m, segi_disk *disk, const char *where)
{
    size_t size = 0;
    const void *root = segi_disk_root(disk, &size);
    model_root empty = {0};
    const model_root *found = &empty;
    if (size > 0) {
        MODEL_DEMAND(size == sizeof m->root);
        bool is_root = m->has_root && memcmp(root, &m->root, size) == 0;
        bool is_tried = m->tries_root && memcmp(root, &m->tried, size) == 0;
        MODEL_DEMAND(is_root || is_tried);
        found = is_root ? &m->root : &m->tried;
    } else {
        MODEL_DEMAND(!m->has_root);
    }
    m->has_root = m->has_root || found == &m->tried;
    m->tries_root = false;
    m->root = *found;
    m->now = m->root;
}

/* Compare the root and the records of a disk just opened, and take them over. A failure to read
 * the log leaves the model as it was. */
static seg_status adopt(model *m, segi_disk *disk, const char *where)
{
    segi_disk_statistics stats;
    model found = *m;
    check_root(&found, disk, where);
    replay_state state = {m, where, found.root.covered};
    SEGI_TRY(segi_disk_replay(disk, replay_record, &state, NULL));
    MODEL_DEMAND(state.last >= m->acked);
    segi_disk_stats(disk, &stats);
    MODEL_DEMAND(stats.lsn == state.last);
    *m = found;
    m->epoch = stats.epoch > m->epoch ? stats.epoch : m->epoch;
    m->sent = m->logged = m->acked = state.last;
    m->life++;
    return SEG_OK;
}

/* ---- work ---- */

static seg_status run_log(model *m, segi_disk *disk)
{
    unsigned char bytes[1024];
    if (m->sent == MODEL_RECORDS)
        return SEG_OK;
    uint64_t index = ++m->sent;
    m->lives[index] = m->life;
    fill(bytes, record_size(index), record_seed(index, m->life));
    seg_status status = segi_disk_log(disk, bytes, record_size(index), NULL, NULL);
    if (status != SEG_OK)
        return status;
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    m->logged = index;
    m->acked = stats.durable_lsn;
    return SEG_OK;
}

static seg_status run_write(model *m, segi_disk *disk)
{
    unsigned char bytes[3000];
    if (m->now.block_count == MODEL_BLOCKS)
        return SEG_OK;
    model_block *block = &m->now.blocks[m->now.block_count];
    *block = (model_block){.seed = model_random(m), .size = CANARY + model_random(m) % 2900};
    fill(bytes, block->size, block->seed);
    SEGI_TRY(segi_disk_write(disk, 1, bytes, block->size, &block->id, NULL));
    m->now.block_count++;
    return SEG_OK;
}

static seg_status run_drop(model *m, segi_disk *disk)
{
    if (m->now.block_count == 0)
        return SEG_OK;
    model_block *block = &m->now.blocks[model_random(m) % m->now.block_count];
    if (block->dropped)
        return SEG_OK;
    SEGI_TRY(segi_disk_drop(disk, block->id, NULL));
    block->dropped = 1;
    return SEG_OK;
}

/* The root of a checkpoint is the list of blocks that stay. */
static seg_status run_checkpoint(model *m, segi_disk *disk)
{
    model_root *tried = &m->tried;
    memset(tried, 0, sizeof *tried);
    tried->covered = m->logged;
    for (uint64_t i = 0; i < m->now.block_count; i++)
        if (!m->now.blocks[i].dropped)
            tried->blocks[tried->block_count++] = m->now.blocks[i];
    m->tries_root = true;
    SEGI_TRY(segi_disk_checkpoint(disk, tried, sizeof *tried, NULL));
    m->root = *tried;
    m->has_root = true;
    m->tries_root = false;
    m->records_erased = m->acked = m->logged;
    return SEG_OK;
}

/* Once nothing is left of it, what was dropped must never be seen again. */
static seg_status run_reclaim(model *m, segi_disk *disk)
{
    uint64_t left = 0, kept = 0;
    uint64_t budget = model_random(m) % 3 == 0 ? 2000 : 0;
    SEGI_TRY(segi_disk_reclaim(disk, budget, &left, NULL));
    for (uint64_t i = 0; i < m->now.block_count; i++) {
        model_block block = m->now.blocks[i];
        if (block.dropped && left == 0)
            m->erased[m->erased_count++ % (MODEL_BLOCKS * 2)] = block.seed;
        else
            m->now.blocks[kept++] = block;
    }
    m->now.block_count = kept;
    return SEG_OK;
}

/* Moving blocks changes nothing that can be seen. */
static seg_status run_compact(model *m, segi_disk *disk)
{
    uint64_t gain;
    return segi_disk_compact(disk, model_random(m) % 3 == 0 ? 2000 : UINT64_MAX, &gain, NULL);
}

static seg_status run_one(model *m, segi_disk *disk)
{
    uint64_t choice = model_random(m) % 20;
    if (choice < 6)
        return run_log(m, disk);
    if (choice < 10)
        return run_write(m, disk);
    if (choice < 12)
        return run_drop(m, disk);
    if (choice < 14)
        return run_checkpoint(m, disk);
    if (choice < 18)
        return choice < 16 ? run_reclaim(m, disk) : run_compact(m, disk);
    return segi_disk_make_room(disk, choice % 3, model_random(m) % 5000, 100, NULL);
}

/* What is found is the state from now on: a crash may have come before, which the model knows only
 * to have been possible. */
static segi_disk *run_open(model *m, sim_vfs *sim, const segi_disk_options *options)
{
    segi_disk *disk = NULL;
    if (segi_disk_open(sim_vfs_table(sim), segi_mem_default(), STORE, options, &disk, NULL) !=
        SEG_OK)
        return NULL;
    if (adopt(m, disk, "run") == SEG_OK)
        return disk;
    segi_disk_close(disk, NULL);
    return NULL;
}

void model_run(model *m, sim_vfs *sim, const segi_disk_options *options, int steps)
{
    segi_disk *disk = run_open(m, sim, options);
    bool goes_on = disk != NULL;
    for (int i = 0; goes_on && i < steps; i++) {
        if (model_random(m) % 24 == 0) {
            goes_on = segi_disk_close(disk, NULL) == SEG_OK;
            m->acked = goes_on ? m->logged : m->acked;
            disk = goes_on ? run_open(m, sim, options) : NULL;
            goes_on = disk != NULL;
        } else {
            goes_on = run_one(m, disk) == SEG_OK;
        }
    }
    segi_disk_close(disk, NULL);
}

/* ---- after a crash ---- */

static void check_blocks(const model *m, segi_disk *disk, const char *where)
{
    segi_buf buf;
    unsigned char expected[3000];
    segi_buf_init(&buf, segi_mem_default());
    for (uint64_t i = 0; i < m->root.block_count; i++) {
        const model_block *block = &m->root.blocks[i];
        MODEL_DEMAND(segi_disk_read(disk, block->id, 1, &buf, NULL) == SEG_OK);
        fill(expected, block->size, block->seed);
        MODEL_DEMAND(buf.size == block->size && memcmp(buf.data, expected, buf.size) == 0);
    }
    segi_buf_deinit(&buf);
    uint64_t faults = 0;
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    MODEL_DEMAND(stats.blocks == m->root.block_count);
    MODEL_DEMAND(segi_disk_check(disk, SEGI_DISK_CHECK_DEEP, NULL, NULL, &faults, NULL) == SEG_OK);
    MODEL_DEMAND(faults == 0);
}

static void check_erased(const model *m, const sim_vfs *sim, const char *where)
{
    unsigned char canary[CANARY];
    for (uint64_t i = 0; i < m->erased_count && i < MODEL_BLOCKS * 2; i++) {
        fill(canary, CANARY, m->erased[i]);
        MODEL_DEMAND(!sim_vfs_contains(sim, canary, CANARY));
    }
    for (uint64_t i = m->records_erased; i > 0 && i + 3 > m->records_erased; i--) {
        fill(canary, CANARY, record_seed(i, m->lives[i]));
        MODEL_DEMAND(!sim_vfs_contains(sim, canary, CANARY));
    }
}

/* A writer's opening takes a higher epoch; a reader's sees the last one. */
static uint64_t check_open(model *m, sim_vfs *sim, const segi_disk_options *options,
                           const char *where)
{
    segi_disk *disk = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        segi_disk_open(sim_vfs_table(sim), segi_mem_default(), STORE, options, &disk, &err);
    if (options->read_only && status == SEG_E_NOT_FOUND && m->epoch == 0)
        return UINT64_MAX;
    if (status != SEG_OK)
        ck_abort_msg("%s: open: %s: %s", where, seg_status_name(status), err.message);
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    MODEL_DEMAND(options->read_only || stats.epoch > m->epoch);
    MODEL_DEMAND(adopt(m, disk, where) == SEG_OK);
    check_blocks(m, disk, where);
    MODEL_DEMAND(segi_disk_close(disk, NULL) == SEG_OK);
    return m->acked;
}

void model_check(model *m, sim_vfs *sim, const segi_disk_options *options, const char *where)
{
    segi_disk_options reading = {.read_only = true};
    model copy = *m;
    if (!options->keep_freed)
        check_erased(m, sim, where);
    uint64_t seen = check_open(&copy, sim, &reading, where);
    uint64_t last = check_open(m, sim, options, where);
    MODEL_DEMAND(seen == UINT64_MAX || seen == last);
}
