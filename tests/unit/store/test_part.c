/* Parts with many users: masks instead of arrays, several chunks, and what lies beside. */
#include "store_case.h"
#include "support/check_main.h"

/* Users 0 .. count - 1, as numbers, each with one event per `every`-th number. */
static void add_events(segi_store *store, uint64_t count, uint64_t every, int64_t time)
{
    seg_error err = SEG_ERROR_INIT;
    seg_batch batch = SEG_BATCH_INIT;
    seg_column column = SEG_COLUMN_INIT;
    uint64_t *ids = malloc(count * sizeof *ids);
    int64_t *times = malloc(count * sizeof *times), *values = malloc(count * sizeof *values);
    ck_assert(ids && times && values);
    size_t rows = 0;
    for (uint64_t i = 0; i < count; i += every, rows++) {
        ids[rows] = i;
        times[rows] = time + (int64_t)(i % 50) * 1000000;
        values[rows] = (int64_t)i;
    }
    column.type = SEG_TYPE_INT64;
    column.name = "i";
    column.name_size = 1;
    column.values = values;
    batch.row_count = rows;
    batch.user_ids = ids;
    batch.times = times;
    batch.event = "e";
    batch.event_size = 1;
    batch.columns = &column;
    batch.column_count = 1;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    free(ids);
    free(times);
    free(values);
}

static void check_users(const segi_snapshot *snapshot, uint64_t count, uint64_t every)
{
    for (uint32_t user = 0; user < count; user++) {
        size_t rows = 0;
        for (uint32_t p = 0; p < snapshot->events[0].part_count; p++) {
            const segi_part *part = snapshot->events[0].parts[p];
            const segi_part_chunk *pc = segi_part_find(part, user >> 16);
            uint32_t begin, end;
            if (!pc || !segi_part_user_rows(part, pc, user & 0xffff, &begin, &end))
                continue;
            rows += end - begin;
            for (; begin < end; begin++)
                ck_assert_int_eq(segi_col_slot(&part->columns[0], begin), user);
        }
        ck_assert_int_eq(rows, 1 + (user % every == 0));
    }
}

START_TEST(test_part__arrays_and_masks)
{
    const uint64_t users = 150000, every = 40;
    segi_store *store = case_store(SEG_ID_U64);
    add_events(store, users, 1, CASE_NOW);
    segi_snapshot_release(case_snapshot(store));
    /* The second part has few users per chunk. */
    add_events(store, users, every, CASE_NOW);
    segi_snapshot *snapshot = case_snapshot(store);
    ck_assert_int_eq(snapshot->part_count, 2);
    const segi_part *many = snapshot->events[0].parts[0], *few = snapshot->events[0].parts[1];
    ck_assert_int_eq(many->chunk_count, 3);
    ck_assert(many->chunks[0].is_bits && !few->chunks[0].is_bits);
    ck_assert_int_eq((uintptr_t)many->chunks[1].users % 8, 0);
    ck_assert_int_eq(many->time.width, 1);
    ck_assert_int_eq(many->counts.width, 0);
    ck_assert_ptr_null(segi_part_find(many, 3));
    check_users(snapshot, users, every);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
}
END_TEST

/* Chunks with gaps between them are found as well. */
START_TEST(test_part__chunks_with_gaps)
{
    seg_error err = SEG_ERROR_INIT;
    segi_store *store = case_store(SEG_ID_U64);
    seg_batch batch = SEG_BATCH_INIT;
    uint64_t *ids = malloc(400000 * sizeof *ids);
    for (uint64_t i = 0; i < 400000; i++)
        ids[i] = i;
    batch.row_count = 400000;
    batch.user_ids = ids;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    add_events(store, 400000, 131072, CASE_NOW); /* chunks 0, 2, 4, 6 */
    segi_snapshot *snapshot = case_snapshot(store);
    const segi_part *part = snapshot->events[0].parts[0];
    ck_assert_int_eq(part->chunk_count, 4);
    for (uint32_t chunk = 0; chunk < 8; chunk++) {
        const segi_part_chunk *pc = segi_part_find(part, chunk);
        ck_assert_int_eq(pc != NULL, chunk % 2 == 0);
        ck_assert(!pc || pc->chunk == chunk);
    }
    segi_mask mask;
    for (uint32_t chunk = 0; chunk < 7; chunk++)
        ck_assert_int_eq(segi_snapshot_universe(snapshot, chunk, SEG_TIME_MIN, &mask),
                         chunk < 6 ? 65536 : 400000 - 6 * 65536);
    ck_assert_int_eq(segi_snapshot_universe(snapshot, 7, SEG_TIME_MAX, &mask), 0);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
    free(ids);
}
END_TEST

/* n commits with a snapshot each: the number of parts stays small. */
START_TEST(test_part__many_snapshots_few_parts)
{
    segi_store *store = case_store(SEG_ID_U64);
    for (int i = 0; i < 300; i++) {
        add_events(store, 10, 1, CASE_NOW);
        segi_snapshot *snapshot = case_snapshot(store);
        ck_assert_int_eq(snapshot->event_count, (i + 1) * 10);
        ck_assert_int_le(snapshot->part_count, 20);
        segi_snapshot_release(snapshot);
    }
    segi_store_release(store);
}
END_TEST

/* What was recent is merged into wide buckets once newer events have moved on. */
START_TEST(test_part__buckets_widen_with_age)
{
    segi_store *store = case_store(SEG_ID_U64);
    for (int day = 0; day < 400; day++) {
        add_events(store, 20, 1, CASE_NOW + day * CASE_DAY);
        if (day % 5 == 0)
            segi_snapshot_release(case_snapshot(store));
    }
    segi_snapshot *snapshot = case_snapshot(store);
    ck_assert_int_eq(snapshot->event_count, 400 * 20);
    uint32_t wide = 0, narrow = 0;
    for (size_t i = 0; i < store->run_count; i++) {
        wide += store->runs[i]->bucket.cells == 4;
        narrow += store->runs[i]->bucket.cells == 1;
    }
    ck_assert_int_ge(wide, 11);
    ck_assert_int_le(wide, 16);
    ck_assert_int_le(narrow, 30);
    /* One event far in the future does not make everything else old. */
    seg_error err = SEG_ERROR_INIT;
    uint64_t id = 1;
    int64_t time = SEG_TIME_MAX;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = 1;
    batch.user_ids = &id;
    batch.times = &time;
    batch.event = "e";
    batch.event_size = 1;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    segi_snapshot_release(snapshot);
    snapshot = case_snapshot(store);
    uint32_t wider = 0;
    for (size_t i = 0; i < store->run_count; i++)
        wider += store->runs[i]->bucket.cells > 4;
    ck_assert_int_eq(wider, 1);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/part");
    TCase *c = tcase_create("part");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_part__arrays_and_masks);
    tcase_add_test(c, test_part__chunks_with_gaps);
    tcase_add_test(c, test_part__many_snapshots_few_parts);
    tcase_add_test(c, test_part__buckets_widen_with_age);
    suite_add_tcase(s, c);
    return s;
}
