/* Evaluations that run out of memory at every single allocation: SEG_E_NOMEM or the right answer,
 * nothing lost, and a store that answers as before once there is memory again. */
#include "api/api_fixture.h"
#include "support/mem_fault.h"

enum {
    USERS = 300
};

static void fill(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    for (int i = 0; i < USERS; i++) {
        char id[20];
        size_t size = (size_t)snprintf(id, sizeof id, "u%d", i);
        for (int k = 0; k < 1 + i % 3; k++) {
            const char *event = k ? "view" : "buy", *plan = (i + k) % 2 ? "x" : "y";
            CK_OK(seg_appender_event(a, id, size, event, strlen(event),
                                     JANUARY_1 + ((i + k) % 31) * DAY, &err),
                  err);
            CK_OK(seg_appender_set_string(a, TEXT("plan"), plan, 1, &err), err);
            CK_OK(seg_appender_set_float64(a, TEXT("price"), i * 0.5, &err), err);
        }
        CK_OK(seg_appender_user(a, id, size, &err), err);
        CK_OK(seg_appender_set_string(a, TEXT("timezone"), i % 2 ? "Asia/Tokyo" : "America/Lima",
                                      i % 2 ? 10 : 12, &err),
              err);
        CK_OK(seg_appender_set_int64(a, TEXT("score"), i, &err), err);
    }
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    seg_appender_destroy(a);
}

static const char *const texts[] = {
    "score > 100 and did buy in last 20 days",
    "last(plan) of buy = first(plan) of view",
    "first(plan) of any event where (price > 3 or price < 1) = \"x\"",
    "mode(plan) of any event = \"y\"",
    "sum(price) of buy > 20 or avg(price) of view < 10",
    "did view where (@hour < 9) today tz user or did buy on at least 1 days this month tz user",
    "did view within 3 days after first buy",
    "sequence (view then no buy for 1 day) at least 2 times",
    "funnel (view then buy, ties strict) within 5 days reached 2",
    "funnel (view then buy then view, same (price)) reached 2",
    "count of view > count of buy + 0.5",
    "share(plan = \"x\") of buy >= 0.5 xor score between 10 and 200",
    "at least 2 of (score > 10, did buy, did view, score < 5)",
    "score in top 10% among (did view)",
    "sum(price) of buy in top 5 and plan2 is absent",
    "median(price) of view > 7 and distinct(plan) of any event = 2",
};

/* A store of its own per failure, so that no pool of earlier evaluations lends its memory. */
static bool run(const char *text, uint64_t nth, bool once, uint64_t *wanted)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = mem_fault_allocator(&fault);
    options.threads_max = 1;
    seg_store *store = store_open(&options);
    fill(store);
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    CK_OK(seg_segment_compile(store, text, strlen(text), SEG_COMPILE_OPEN, &segment, &err), err);
    seg_snapshot *snapshot = snapshot_of(store);
    if (once)
        mem_fault_fail_once(&fault, nth);
    else
        mem_fault_fail_at(&fault, nth);
    seg_set *set = NULL;
    seg_status status = seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err);
    bool failed = mem_fault_has_failed(&fault);
    mem_fault_fail_at(&fault, 0);
    if (status != SEG_OK) {
        ck_assert_msg(failed && status == SEG_E_NOMEM, "%s: %s", text, err.message);
        ck_assert_ptr_null(set);
        CK_OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), err);
    }
    uint64_t count = seg_set_count(set);
    if (nth == 0)
        *wanted = count;
    ck_assert_msg(count == *wanted, "%s: allocation %llu: %llu instead of %llu", text,
                  (unsigned long long)nth, (unsigned long long)count, (unsigned long long)*wanted);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
    return failed;
}

START_TEST(test_fault__every_allocation_of_an_evaluation)
{
    uint64_t wanted = 0, steps = 0, stride = getenv("SEG_TEST_SLOW") ? 7 : 1;
    run(texts[_i], 0, false, &wanted);
    for (int once = 0; once < 2; once++) {
        for (uint64_t nth = 1; run(texts[_i], nth, once, &wanted); nth += stride)
            steps += stride;
    }
    ck_assert_uint_gt(steps, 10);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("exec/fault");
    TCase *c = tcase_create("fault");
    tcase_set_timeout(c, 110);
    tcase_add_loop_test(c, test_fault__every_allocation_of_an_evaluation, 0,
                        (int)(sizeof texts / sizeof *texts));
    suite_add_tcase(s, c);
    return s;
}
