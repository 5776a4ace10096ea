/* Runs on disk: written, put out of memory, loaded again by many threads, merged away, damaged. */
#include <errno.h>
#include <pthread.h>

#include "disk/disk.h"
#include "store/part_file.h"
#include "store_case.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

#define USERS 66000u
#define ROWS 4000u

/* A store whose runs are paged, beside one in memory with the same rows. */
typedef struct twin {
    sim_vfs *sim;
    segi_disk *disk;
    segi_store *store, *plain;
    case_rng rng;
} twin;

static void twin_open(twin *t, uint64_t limit)
{
    seg_error err = SEG_ERROR_INIT;
    segi_disk_options options = {.create = true};
    *t = (twin){.sim = sim_vfs_create(1), .rng = {case_seed(21)}};
    ck_assert_int_eq(segi_disk_open(sim_vfs_table(t->sim), segi_mem_default(), "store", &options,
                                    &t->disk, &err),
                     SEG_OK);
    t->store = case_store(SEG_ID_U64);
    t->plain = case_store(SEG_ID_U64);
    ck_assert_int_eq(segi_cache_create(&t->store->mem, limit, &t->store->cache, &err), SEG_OK);
}

static void twin_close(twin *t)
{
    segi_store_release(t->store);
    segi_store_release(t->plain);
    ck_assert_int_eq(segi_disk_close(t->disk, NULL), SEG_OK);
    sim_vfs_destroy(t->sim);
}

static void twin_commit(twin *t, const seg_batch *batch)
{
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_store_commit(t->store, batch, 1, NULL, NULL, &err), SEG_OK);
    ck_assert_int_eq(segi_store_commit(t->plain, batch, 1, NULL, NULL, &err), SEG_OK);
}

/* Rows of two event types, some at the same instants, with an amount that some rows lack and a
 * text, in the ten days before `now`. */
static void twin_add(twin *t, int64_t now, size_t rows)
{
    static const char texts[] = "onetwothreefour";
    static const uint64_t offsets[] = {0, 3, 6, 11, 15};
    static uint64_t ids[ROWS];
    static int64_t times[ROWS], amounts[ROWS];
    static uint32_t codes[ROWS];
    static uint8_t states[ROWS];
    seg_column columns[2] = {SEG_COLUMN_INIT, SEG_COLUMN_INIT};
    ck_assert_uint_le(rows, ROWS);
    for (size_t i = 0; i < rows; i++) {
        ids[i] = case_below(&t->rng, 3) ? case_below(&t->rng, 50) : case_below(&t->rng, USERS);
        times[i] = now - (int64_t)case_below(&t->rng, 14400) * 60000000;
        amounts[i] = (int64_t)case_below(&t->rng, 100000);
        codes[i] = (uint32_t)case_below(&t->rng, 4);
        states[i] = case_below(&t->rng, 5) ? SEG_VALUE_SET : SEG_VALUE_NULL;
    }
    columns[0].type = SEG_TYPE_INT64;
    columns[0].name = "amount";
    columns[0].name_size = 6;
    columns[0].values = amounts;
    columns[0].states = states;
    columns[1].type = SEG_TYPE_STRING;
    columns[1].name = "text";
    columns[1].name_size = 4;
    columns[1].values = texts;
    columns[1].offsets = offsets;
    columns[1].codes = codes;
    columns[1].dictionary_count = 4;
    for (const char *event = "xy"; *event; event++) {
        seg_batch batch = SEG_BATCH_INIT;
        batch.row_count = rows;
        batch.user_ids = ids;
        batch.times = times;
        batch.event = event;
        batch.event_size = 1;
        batch.columns = columns;
        batch.column_count = 2;
        twin_commit(t, &batch);
    }
}

/* Users 0 .. USERS - 1, so that their numbers are their ordinals. */
static void twin_fill(twin *t, size_t rows)
{
    static uint64_t ids[USERS];
    seg_batch batch = SEG_BATCH_INIT;
    for (uint32_t i = 0; i < USERS; i++)
        ids[i] = i;
    batch.row_count = USERS;
    batch.user_ids = ids;
    twin_commit(t, &batch);
    twin_add(t, CASE_NOW, rows);
}

/* A checkpoint, as far as runs are concerned. */
static void twin_checkpoint(twin *t)
{
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < t->store->run_count; i++)
        if (segi_run_id(t->store->runs[i]) == 0)
            ck_assert_int_eq(segi_run_write(t->store->runs[i], t->disk, &err), SEG_OK);
    ck_assert_int_eq(segi_store_drop_retired(t->store, t->disk, &err), SEG_OK);
    ck_assert_int_eq(segi_disk_checkpoint(t->disk, "", 0, &err), SEG_OK);
    for (size_t i = 0; i < t->store->run_count; i++)
        segi_run_settle(t->store->runs[i]);
}

/* A figure that depends on every row of a column that one holds. */
static uint64_t column_figure(const segi_part *part, uint32_t column)
{
    const segi_col *col = segi_part_col(part, column);
    uint64_t figure = part->event + 1;
    if (column == SEGI_COLUMN_USERS) {
        uint16_t *lows = malloc(65536 * sizeof *lows);
        ck_assert_ptr_nonnull(lows);
        for (uint32_t i = 0; i < part->chunk_count; i++) {
            const segi_part_chunk *pc = &part->chunks[i];
            segi_part_users(pc, lows);
            for (uint32_t u = 0; u < pc->user_count; u++) {
                uint32_t begin, end;
                check_fast(segi_part_user_rows(part, pc, lows[u], &begin, &end));
                figure = figure * 31 + lows[u] + begin + ((uint64_t)end << 32);
                for (; part->row_users && begin < end; begin++)
                    check_fast(part->row_users[begin] == lows[u]);
            }
        }
        free(lows);
        return figure;
    }
    for (uint32_t i = 0; i < part->row_count; i++) {
        uint64_t slot = segi_col_is_set(col, i) ? (uint64_t)segi_col_slot(col, i) : 5;
        figure = figure * 31 + slot + segi_col_is_null(col, i);
    }
    return figure;
}

/* The figure of a column after holding it alone; 0 and the status where that fails. */
static seg_status figure_held(const segi_part *part, uint32_t column, uint64_t *out)
{
    seg_error err = SEG_ERROR_INIT;
    segi_pins pins;
    segi_pins_init(&pins, segi_mem_default());
    ck_assert(segi_pins_want(&pins, part, column));
    seg_status status = segi_pins_hold(&pins, NULL, 1, &err);
    *out = status == SEG_OK ? column_figure(part, column) : 0;
    ck_assert(status == SEG_OK || (err.code == status && err.message[0]));
    segi_pins_release(&pins);
    return status;
}

/* Every column of the paged store is that of the plain one. */
static void twin_compare(twin *t)
{
    segi_snapshot *paged = case_snapshot(t->store), *plain = case_snapshot(t->plain);
    ck_assert(paged->paged && !plain->paged);
    for (uint32_t e = 0; e < plain->schema->event_count; e++) {
        ck_assert_uint_eq(paged->events[e].part_count, plain->events[e].part_count);
        for (uint32_t p = 0; p < plain->events[e].part_count; p++) {
            const segi_part *part = paged->events[e].parts[p];
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + part->column_count; c++) {
                uint64_t figure;
                ck_assert_int_eq(figure_held(part, c, &figure), SEG_OK);
                ck_assert_uint_eq(figure, column_figure(plain->events[e].parts[p], c));
            }
        }
    }
    segi_snapshot_release(paged);
    segi_snapshot_release(plain);
}

START_TEST(test_part_load__comes_back)
{
    twin t;
    twin_open(&t, 1);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    segi_cache_figures before = segi_cache_look(t.store->cache);
    ck_assert_uint_gt(before.bytes, 0);
    ck_assert_uint_eq(before.puts, 0);
    twin_checkpoint(&t);
    segi_cache_figures after = segi_cache_look(t.store->cache);
    ck_assert_uint_eq(after.bytes, 0);
    ck_assert_uint_gt(after.puts, 0);
    twin_compare(&t);
    ck_assert_uint_eq(segi_cache_look(t.store->cache).bytes, 0);
    ck_assert_uint_gt(segi_cache_look(t.store->cache).loads, 0);
    twin_close(&t);
}
END_TEST

/* Rows come while others are on disk; runs merge and their blocks go. */
START_TEST(test_part_load__merging)
{
    twin t;
    twin_open(&t, 1);
    twin_fill(&t, 500);
    for (int round = 0; round < 30; round++) {
        twin_compare(&t);
        if (round % 3 != 2)
            twin_checkpoint(&t);
        twin_add(&t, CASE_NOW + round * CASE_DAY, 100);
    }
    twin_compare(&t);
    twin_checkpoint(&t);
    ck_assert_ptr_null(t.store->retired);
    segi_disk_statistics stats;
    segi_disk_stats(t.disk, &stats);
    uint64_t blocks = 0;
    for (size_t i = 0; i < t.store->run_count; i++)
        blocks += 1 + t.store->runs[i]->file->block_count;
    ck_assert_uint_eq(stats.blocks, blocks);
    twin_close(&t);
}
END_TEST

/* The runs of a catalogue, opened anew. */
START_TEST(test_part_load__opens)
{
    twin t;
    seg_error err = SEG_ERROR_INIT;
    twin_open(&t, 0);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    twin_checkpoint(&t);
    for (size_t i = 0; i < t.store->run_count; i++) {
        segi_run *run = t.store->runs[i], *back;
        ck_assert_int_eq(segi_run_open(t.store, t.disk, segi_run_id(run), &back, &err), SEG_OK);
        ck_assert_uint_eq(back->row_count, run->row_count);
        ck_assert(back->bucket.cell == run->bucket.cell && back->time_min == run->time_min);
        for (uint32_t k = 0; k < run->part_count; k++)
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + run->parts[k]->column_count; c++) {
                uint64_t there, here;
                ck_assert_int_eq(figure_held(run->parts[k], c, &here), SEG_OK);
                ck_assert_int_eq(figure_held(back->parts[k], c, &there), SEG_OK);
                ck_assert_uint_eq(here, there);
            }
        segi_run_release(back);
    }
    /* A store without the types, the texts or the users of the run refuses it. */
    segi_run *back;
    uint32_t users = t.store->user_count;
    t.store->user_count = 10;
    ck_assert_int_eq(segi_run_open(t.store, t.disk, segi_run_id(t.store->runs[0]), &back, &err),
                     SEG_E_CORRUPT);
    t.store->user_count = users;
    size_t dicts = t.store->dict_count;
    t.store->dict_count = 0;
    ck_assert_int_eq(segi_run_open(t.store, t.disk, segi_run_id(t.store->runs[0]), &back, &err),
                     SEG_E_CORRUPT);
    t.store->dict_count = dicts;
    ck_assert_int_eq(segi_run_open(t.store, t.disk, 9999, &back, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(
        segi_run_open(t.store, t.disk, t.store->runs[0]->file->blocks[0].id, &back, &err),
        SEG_E_CORRUPT);
    ck_assert_ptr_null(back);
    twin_close(&t);
}
END_TEST

/* A damaged block is an error for those who need it, and for nobody else. */
START_TEST(test_part_load__damage)
{
    twin t;
    twin_open(&t, 1);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    twin_checkpoint(&t);
    size_t size, failed = 0, good = 0;
    unsigned char *bytes = malloc(sim_vfs_bytes(t.sim, "store", &size) ? size : 1);
    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, sim_vfs_bytes(t.sim, "store", &size), size);
    for (size_t at = 65536 + 100; at < size; at += 4096) {
        bytes[at] ^= 1;
        sim_vfs_put(t.sim, "store", bytes, size);
        for (size_t r = 0; r < t.store->run_count; r++)
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY; c++) {
                uint64_t figure;
                seg_status status = figure_held(t.store->runs[r]->parts[0], c, &figure);
                ck_assert(status == SEG_OK || status == SEG_E_CORRUPT);
                *(status == SEG_OK ? &good : &failed) += 1;
            }
        bytes[at] ^= 1;
    }
    ck_assert_uint_gt(failed, 0);
    ck_assert_uint_gt(good, 0);
    sim_vfs_put(t.sim, "store", bytes, size);
    free(bytes);
    twin_compare(&t);
    twin_close(&t);
}
END_TEST

/* A write that fails leaves the run as it was, and what was written is dropped. */
START_TEST(test_part_load__write_fails)
{
    twin t;
    seg_error err = SEG_ERROR_INIT;
    twin_open(&t, 1);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    segi_run *run = t.store->runs[0];
    for (uint64_t nth = 1;; nth++) {
        sim_vfs_fail(t.sim, nth, ENOSPC, false);
        seg_status status = segi_run_write(run, t.disk, &err);
        bool failed = sim_vfs_failed(t.sim);
        sim_vfs_fail(t.sim, 0, 0, false);
        if (status == SEG_OK)
            break;
        ck_assert(failed && segi_run_id(run) == 0 && run->file->blocks == NULL);
    }
    twin_compare(&t);
    twin_checkpoint(&t);
    segi_disk_statistics stats;
    segi_disk_stats(t.disk, &stats);
    uint64_t blocks = 0;
    for (size_t i = 0; i < t.store->run_count; i++)
        blocks += 1 + t.store->runs[i]->file->block_count;
    ck_assert_uint_eq(stats.blocks, blocks);
    twin_compare(&t);
    twin_close(&t);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

/* What is held stays; the rest is put out, the longest unused first. */
START_TEST(test_part_load__limit)
{
    twin t;
    twin_open(&t, 0);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    twin_checkpoint(&t);
    uint64_t whole = segi_cache_look(t.store->cache).bytes;
    twin_close(&t);

    uint64_t limit = whole / 3;
    twin_open(&t, limit);
    twin_fill(&t, ROWS);
    twin_compare(&t);
    twin_checkpoint(&t);
    ck_assert_uint_le(segi_cache_look(t.store->cache).bytes, limit);
    segi_pins pins;
    segi_pins_init(&pins, segi_mem_default());
    for (size_t i = 0; i < t.store->run_count; i++)
        ck_assert(segi_run_want(t.store->runs[i], &pins));
    ck_assert_int_eq(segi_pins_hold(&pins, NULL, 1, NULL), SEG_OK);
    ck_assert_uint_eq(segi_cache_look(t.store->cache).bytes, whole);
    segi_pins_release(&pins);
    ck_assert_uint_le(segi_cache_look(t.store->cache).bytes, limit);
    /* The same column again and again is loaded once. */
    uint64_t figure, loads;
    ck_assert_int_eq(figure_held(t.store->runs[0]->parts[0], SEGI_COLUMN_TIME, &figure), SEG_OK);
    loads = segi_cache_look(t.store->cache).loads;
    for (int i = 0; i < 5; i++)
        ck_assert_int_eq(figure_held(t.store->runs[0]->parts[0], SEGI_COLUMN_TIME, &figure),
                         SEG_OK);
    ck_assert_uint_eq(segi_cache_look(t.store->cache).loads, loads);
    twin_close(&t);
}
END_TEST

/* Every allocation of opening and loading fails once. */
START_TEST(test_part_load__out_of_memory)
{
    twin t;
    twin_open(&t, 1);
    twin_fill(&t, 300);
    twin_compare(&t);
    twin_checkpoint(&t);
    mem_fault fault;
    mem_fault_init(&fault);
    segi_mem mem = case_mem(&fault), kept = t.store->mem;
    segi_run *run = NULL;
    for (uint64_t nth = 1;; nth++) {
        seg_error err = SEG_ERROR_INIT;
        segi_pins pins;
        t.store->mem = mem;
        segi_pins_init(&pins, &t.store->mem);
        mem_fault_fail_once(&fault, nth);
        seg_status status =
            segi_run_open(t.store, t.disk, segi_run_id(t.store->runs[0]), &run, &err);
        if (status == SEG_OK)
            status = segi_run_want(run, &pins) ? segi_pins_hold(&pins, NULL, 1, &err) : SEG_E_NOMEM;
        mem_fault_fail_at(&fault, 0);
        segi_pins_release(&pins);
        segi_run_release(run);
        run = NULL;
        ck_assert_uint_eq(mem_fault_live_blocks(&fault), 0);
        t.store->mem = kept;
        if (status == SEG_OK)
            break;
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_uint_lt(nth, 100000);
    }
    twin_compare(&t);
    twin_close(&t);
}
END_TEST

/* ---- threads --------------------------------------------------------------------------------- */

typedef struct reader {
    pthread_t thread;
    const segi_snapshot *snapshot;
    const uint64_t *figures; /* of all columns of all parts */
    segi_pool *pool;
    uint64_t seed;
    uint64_t wrong;
} reader;

/* Some columns at once, as an evaluation holds them. */
static void reader_round(reader *r, case_rng *rng)
{
    segi_pins pins;
    const uint64_t *figure = r->figures;
    uint64_t seed = case_next(rng);
    segi_pins_init(&pins, segi_mem_default());
    for (int pass = 0; pass < 2; pass++) {
        case_rng choice = {seed};
        figure = r->figures;
        for (uint32_t e = 0; e < 2; e++)
            for (uint32_t p = 0; p < r->snapshot->events[e].part_count; p++) {
                const segi_part *part = r->snapshot->events[e].parts[p];
                for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + part->column_count; c++, figure++) {
                    if (case_below(&choice, 4))
                        continue;
                    if (pass == 0)
                        r->wrong += !segi_pins_want(&pins, part, c);
                    else
                        r->wrong += column_figure(part, c) != *figure;
                }
            }
        if (pass == 0 && segi_pins_hold(&pins, r->pool, 2, NULL) != SEG_OK)
            r->wrong++;
    }
    segi_pins_release(&pins);
}

static void *reader_run(void *context)
{
    reader *r = context;
    case_rng rng = {r->seed};
    for (int i = 0; i < 60; i++)
        reader_round(r, &rng);
    return NULL;
}

START_TEST(test_part_load__threads)
{
    twin t;
    uint64_t figures[400];
    size_t count = 0;
    seg_error err = SEG_ERROR_INIT;
    segi_pool *pool = NULL;
    twin_open(&t, 5000);
    twin_fill(&t, 1000);
    segi_snapshot *snapshot = case_snapshot(t.store);
    for (uint32_t e = 0; e < 2; e++)
        for (uint32_t p = 0; p < snapshot->events[e].part_count; p++) {
            const segi_part *part = snapshot->events[e].parts[p];
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + part->column_count; c++) {
                ck_assert_uint_lt(count, 400);
                figures[count++] = column_figure(part, c);
            }
        }
    ck_assert_int_eq(segi_pool_create(segi_mem_default(), 3, &pool, &err), SEG_OK);
    reader readers[5];
    for (int i = 0; i < 5; i++) {
        readers[i] = (reader){.snapshot = snapshot,
                              .figures = figures,
                              .pool = i % 2 ? pool : NULL,
                              .seed = (uint64_t)i + 1};
        ck_assert_int_eq(pthread_create(&readers[i].thread, NULL, reader_run, &readers[i]), 0);
    }
    /* The checkpoint, and with it the first time that pages go, falls among the readers. */
    twin_checkpoint(&t);
    for (int i = 0; i < 5; i++) {
        pthread_join(readers[i].thread, NULL);
        ck_assert_uint_eq(readers[i].wrong, 0);
    }
    ck_assert_uint_le(segi_cache_look(t.store->cache).bytes, 5000);
    ck_assert_uint_gt(segi_cache_look(t.store->cache).puts, 0);
    segi_pool_destroy(pool);
    segi_snapshot_release(snapshot);
    twin_close(&t);
}
END_TEST

/* ---- checks ---------------------------------------------------------------------------------- */

static uint64_t faults_of(segi_store *store, uint32_t level)
{
    uint64_t faults = 0;
    ck_assert_int_eq(segi_store_check(store, level, NULL, NULL, &faults, NULL), SEG_OK);
    return faults;
}

/* What the store counts, and since when users exist, must fit its events: a deep check looks. */
START_TEST(test_part_load__a_deep_check_counts_again)
{
    static uint64_t ids[100];
    static int64_t times[100];
    seg_error err = SEG_ERROR_INIT;
    sim_vfs *sim = sim_vfs_create(1);
    segi_store *store = NULL;
    segi_store_config config = {
        .mem = *segi_mem_default(), .id_kind = SEG_ID_U64, .threads_max = 1};
    segi_store_place place = {.vfs = sim_vfs_table(sim), .path = "store", .create = true};
    seg_batch batch = SEG_BATCH_INIT;
    for (uint64_t i = 0; i < 100; i++) {
        ids[i] = i % 30;
        times[i] = CASE_NOW + (int64_t)(i * i % 77) * CASE_DAY;
    }
    batch.row_count = 100;
    batch.user_ids = ids;
    batch.times = times;
    batch.event = "e";
    batch.event_size = 1;
    ck_assert_int_eq(segi_store_open(&config, &place, &store, &err), SEG_OK);
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    ck_assert_int_eq(segi_store_checkpoint(store, &err), SEG_OK);
    ck_assert_uint_eq(faults_of(store, SEG_CHECK_DEEP), 0);
    store->event_count++;
    ck_assert_uint_eq(faults_of(store, SEG_CHECK_FULL), 0);
    ck_assert_uint_eq(faults_of(store, SEG_CHECK_DEEP), 1);
    store->event_count--;
    store->time_max--;
    ck_assert_uint_eq(faults_of(store, SEG_CHECK_DEEP), 1);
    store->time_max++;
    segi_attr_state *exists = store->exists.state;
    store->exists.state = NULL;
    ck_assert_uint_ge(faults_of(store, SEG_CHECK_DEEP), 1);
    store->exists.state = exists;
    ck_assert_uint_eq(faults_of(store, SEG_CHECK_DEEP), 0);
    ck_assert_int_eq(segi_store_close(store, &err), SEG_OK);
    segi_store_release(store);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/part_load");
    TCase *c = tcase_create("part_load");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, test_part_load__comes_back);
    tcase_add_test(c, test_part_load__merging);
    tcase_add_test(c, test_part_load__opens);
    tcase_add_test(c, test_part_load__damage);
    tcase_add_test(c, test_part_load__write_fails);
    tcase_add_test(c, test_part_load__limit);
    tcase_add_test(c, test_part_load__out_of_memory);
    tcase_add_test(c, test_part_load__threads);
    tcase_add_test(c, test_part_load__a_deep_check_counts_again);
    suite_add_tcase(s, c);
    return s;
}
