/* Random commits, snapshots and merges against the naive twin (S-08, S-09, S-12, S-13). */
#include "store_twin.h"
#include "support/check_main.h"

/* How the times of a run are spread. */
enum {
    SPREAD_TIES,
    SPREAD_YEAR,
    SPREAD_AGES,
    SPREAD_RISING
};

static int64_t random_time(case_rng *rng, int spread, int64_t *clock)
{
    switch (spread) {
    case SPREAD_TIES: return CASE_NOW + (int64_t)case_below(rng, 6) * 1000;
    case SPREAD_YEAR: return CASE_NOW - (int64_t)case_below(rng, 365 * 86400) * 1000000;
    case SPREAD_AGES:
        if (case_below(rng, 20) == 0)
            return case_below(rng, 2) ? SEG_TIME_MIN : SEG_TIME_MAX;
        return CASE_NOW - 3000 * CASE_DAY + (int64_t)case_below(rng, 5000) * CASE_DAY;
    default:
        *clock += (int64_t)case_below(rng, 2 * 3600) * 1000000;
        /* Some events are late by up to 100 days. */
        return case_below(rng, 10) ? *clock : *clock - (int64_t)case_below(rng, 100) * CASE_DAY;
    }
}

static void random_commit(twin *t, case_rng *rng, segi_store *store, segi_rows *rows, int spread,
                          uint32_t words, int64_t *clock)
{
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report;
    const segi_schema *schema = segi_store_schema(store);
    size_t count = 1 + (size_t)case_below(rng, 60), before = t->event_count;
    uint64_t sequence = store->commit_sequence;
    segi_rows_clear(rows);
    for (size_t i = 0; i < count; i++) {
        uint32_t user = (uint32_t)case_below(rng, t->user_max);
        if (case_below(rng, 4) == 0)
            twin_random_attributes(t, rng, rows, schema, user, words);
        else
            twin_random_event(t, rng, rows, schema, user, random_time(rng, spread, clock));
    }
    ck_assert_int_eq(segi_rows_count(rows), count);
    seg_status status = case_commit_rows(store, rows, 0, NULL, 0, &report, &err);
    ck_assert_msg(status == SEG_OK, "%s", err.message);
    ck_assert_int_eq(report.rows_applied, count);
    ck_assert_int_eq(report.rows_rejected + report.rows_duplicate, 0);
    ck_assert_int_eq(report.commit_sequence, sequence + 1);
    ck_assert_int_eq(store->event_count, t->event_count);
    ck_assert_int_ge(t->event_count, before);
    segi_schema_release(schema);
}

static void run_twin(uint64_t seed, uint32_t users, int spread, int commits, size_t tail_rows)
{
    case_rng rng = {seed};
    seg_error err = SEG_ERROR_INIT;
    int64_t clock = CASE_NOW - 200 * CASE_DAY;
    segi_store *store = case_store(SEG_ID_BYTES);
    segi_rows *rows;
    twin t;
    ck_assert_int_eq(segi_rows_create(segi_mem_default(), SEG_ID_BYTES, &rows, &err), SEG_OK);
    twin_init(&t, users);
    /* Small limits, so that slices and size bounds are met as well. */
    store->tail_rows_max = tail_rows;
    store->seal_rows_max = 64;
    store->merge_rows_max = 1500;
    segi_snapshot *old = NULL;
    for (int i = 0; i < commits; i++) {
        random_commit(&t, &rng, store, rows, spread, i < commits / 2 ? 20 : TWIN_WORDS, &clock);
        if (case_below(&rng, 2) == 0)
            continue;
        segi_snapshot *snapshot = case_snapshot(store);
        if (i > commits - 3 || case_below(&rng, 8) == 0)
            twin_check(&t, snapshot);
        /* An old snapshot stays readable while the store moves on. */
        segi_snapshot_release(old);
        old = snapshot;
    }
    segi_snapshot *last = case_snapshot(store);
    twin_check(&t, last);
    segi_snapshot *again = case_snapshot(store);
    ck_assert_ptr_eq(again->events, last->events);
    segi_store_release(store);
    twin_check(&t, again);
    segi_snapshot_release(old);
    segi_snapshot_release(last);
    segi_snapshot_release(again);
    segi_rows_destroy(rows);
    twin_deinit(&t);
}

START_TEST(test_twin__ties)
{
    uint64_t seed = case_seed(1);
    for (uint64_t i = 0; i < 8; i++)
        run_twin(seed * 1000 + i, 7, SPREAD_TIES, 30, 50 + (size_t)i * 100);
}
END_TEST

START_TEST(test_twin__year)
{
    uint64_t seed = case_seed(2);
    for (uint64_t i = 0; i < 6; i++)
        run_twin(seed * 1000 + i, 40, SPREAD_YEAR, 60, 100 << i);
}
END_TEST

START_TEST(test_twin__ages)
{
    uint64_t seed = case_seed(3);
    for (uint64_t i = 0; i < 6; i++)
        run_twin(seed * 1000 + i, 25, SPREAD_AGES, 40, 200);
}
END_TEST

START_TEST(test_twin__rising)
{
    uint64_t seed = case_seed(4);
    for (uint64_t i = 0; i < 4; i++)
        run_twin(seed * 1000 + i, 50, SPREAD_RISING, 200, 100 << (2 * i));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/twin");
    TCase *c = tcase_create("twin");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, test_twin__ties);
    tcase_add_test(c, test_twin__year);
    tcase_add_test(c, test_twin__ages);
    tcase_add_test(c, test_twin__rising);
    suite_add_tcase(s, c);
    return s;
}
