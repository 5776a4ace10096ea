/* Running out of memory at every single allocation: nothing is lost, nothing half-applied, and
 * the same call succeeds once there is memory again. */
#include "store_twin.h"
#include "support/check_main.h"

static twin twin_copy(const twin *t)
{
    twin copy = *t;
    copy.users = malloc(t->user_max * sizeof *copy.users);
    copy.events = malloc((t->event_capacity + 1) * sizeof *copy.events);
    ck_assert(copy.users && copy.events);
    memcpy(copy.users, t->users, t->user_max * sizeof *copy.users);
    if (t->event_count > 0)
        memcpy(copy.events, t->events, t->event_count * sizeof *copy.events);
    return copy;
}

static void make_rows(twin *t, case_rng *rng, segi_store *store, segi_rows *rows)
{
    const segi_schema *schema = segi_store_schema(store);
    segi_rows_clear(rows);
    for (int i = 0; i < 24; i++) {
        uint32_t user = (uint32_t)case_below(rng, t->user_max);
        if (i % 3 == 0)
            twin_random_attributes(t, rng, rows, schema, user, i < 12 ? 10 : TWIN_WORDS);
        else
            twin_random_event(t, rng, rows, schema, user,
                              CASE_NOW - (int64_t)case_below(rng, 90) * CASE_DAY);
    }
    segi_schema_release(schema);
}

/* A snapshot, tried again after a failure. */
static segi_snapshot *snapshot_again(segi_store *store)
{
    segi_snapshot *snapshot = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_status status = segi_snapshot_create(store, &snapshot, &err);
    if (status != SEG_OK) {
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_ptr_null(snapshot);
        ck_assert_int_eq(segi_snapshot_create(store, &snapshot, &err), SEG_OK);
    }
    return snapshot;
}

static void commit_again(twin *t, case_rng *rng, segi_store *store, segi_rows *rows)
{
    twin before = twin_copy(t);
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report;
    make_rows(t, rng, store, rows);
    const segi_schema *schema = segi_store_schema(store);
    uint64_t sequence = store->commit_sequence;
    seg_status status = case_commit_rows(store, rows, 0, NULL, 0, &report, &err);
    if (status != SEG_OK) {
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_int_eq(store->commit_sequence, sequence);
        const segi_schema *after = segi_store_schema(store);
        ck_assert_ptr_eq(after, schema);
        segi_schema_release(after);
        segi_snapshot *snapshot = case_snapshot(store);
        twin_check(&before, snapshot);
        segi_snapshot_release(snapshot);
        ck_assert_int_eq(case_commit_rows(store, rows, 0, NULL, 0, &report, &err), SEG_OK);
    }
    segi_schema_release(schema);
    twin_deinit(&before);
}

/* True if the failure took place. */
static bool run_fault(uint64_t nth)
{
    case_rng rng = {7};
    mem_fault fault;
    seg_error err = SEG_ERROR_INIT;
    segi_rows *rows;
    segi_store *store = NULL;
    twin t;
    mem_fault_init(&fault);
    segi_mem mem = case_mem(&fault);
    ck_assert_int_eq(segi_rows_create(segi_mem_default(), SEG_ID_BYTES, &rows, &err), SEG_OK);
    twin_init(&t, 12);
    mem_fault_fail_once(&fault, nth);
    seg_status status = case_create(&mem, SEG_ID_BYTES, (uint64_t)CASE_DAY, &store);
    if (status != SEG_OK) {
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_int_eq(mem_fault_live_bytes(&fault), 0);
        ck_assert_int_eq(case_create(&mem, SEG_ID_BYTES, (uint64_t)CASE_DAY, &store), SEG_OK);
    }
    store->tail_rows_max = 40;
    store->seal_rows_max = 25;
    for (int i = 0; i < 8; i++) {
        commit_again(&t, &rng, store, rows);
        if (i % 2 == 1)
            segi_snapshot_release(snapshot_again(store));
    }
    segi_snapshot *snapshot = snapshot_again(store);
    twin_check(&t, snapshot);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
    segi_rows_destroy(rows);
    twin_deinit(&t);
    bool failed = mem_fault_has_failed(&fault);
    ck_assert_int_eq(mem_fault_live_bytes(&fault), 0);
    return failed;
}

START_TEST(test_fault__every_allocation_once)
{
    uint64_t step = getenv("SEG_TEST_SLOW") ? 29 : getenv("SEG_TEST_SOAK") ? 1 : 3, n = 1;
    while (run_fault(n))
        n += step;
    ck_assert_int_gt(n, 200);
}
END_TEST

/* Rows gathered in an appender are all or nothing as well: a failed call drops the row under way
 * and leaves those before it. */
START_TEST(test_fault__rows)
{
    seg_error err = SEG_ERROR_INIT;
    for (uint64_t n = 1;; n++) {
        mem_fault fault;
        mem_fault_init(&fault);
        segi_mem mem = case_mem(&fault);
        segi_rows *rows = NULL;
        mem_fault_fail_once(&fault, n);
        if (segi_rows_create(&mem, SEG_ID_BYTES, &rows, &err) != SEG_OK)
            continue;
        const char *elements[2] = {"a", "b"};
        const size_t sizes[2] = {1, 1};
        size_t good = 0;
        for (int i = 0; i < 40; i++) {
            bool event = i % 2;
            good +=
                segi_rows_begin(rows, "user", 4, event ? "e" : NULL, event, i, &err) == SEG_OK &&
                segi_rows_set(rows, "n", 1, SEG_TYPE_INT64, 0, i, NULL, 0, &err) == SEG_OK &&
                segi_rows_set(rows, "s", 1, SEG_TYPE_STRING, 0, 0, "text", 4, &err) == SEG_OK &&
                (event ? segi_rows_event_id(rows, "id", 2, &err)
                       : segi_rows_set_list(rows, "l", 1, elements, sizes, 2, &err)) == SEG_OK;
        }
        ck_assert_int_ge(good, 39);
        ck_assert_int_eq(segi_rows_count(rows), good);
        const seg_batch *batches;
        size_t count = 0, total = 0;
        if (segi_rows_batches(rows, &batches, &count, &err) != SEG_OK)
            ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, &err), SEG_OK);
        for (size_t i = 0; i < count; i++)
            total += (size_t)batches[i].row_count;
        ck_assert_int_eq(total, good);
        segi_rows_destroy(rows);
        ck_assert_int_eq(mem_fault_live_bytes(&fault), 0);
        if (!mem_fault_has_failed(&fault))
            break;
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/fault");
    TCase *c = tcase_create("fault");
    tcase_set_timeout(c, 240);
    tcase_add_test(c, test_fault__every_allocation_once);
    tcase_add_test(c, test_fault__rows);
    suite_add_tcase(s, c);
    return s;
}
