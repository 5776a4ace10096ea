/* api/test_memory.c - the host's allocator: all memory comes back, and every failure of it ends
 * the call cleanly. */
#include "api/api_fixture.h"
#include "support/mem_fault.h"

/* What one run of the scenario holds; NULL where it did not get that far. */
typedef struct scenario {
    seg_store *store;
    seg_appender *appender;
    seg_snapshot *snapshot;
    seg_segment *segment, *open, *bound;
    seg_params *params;
    seg_task *task;
    seg_set *sets[4];
    seg_set_cursor *cursor;
    seg_buffer *buffers[4];
    seg_segment *again;
    seg_lint *lint;
    seg_why *why;
    seg_value *value;
    seg_value_column *column;
    seg_class *class, *frozen;
    seg_set *groups[3];
} scenario;

static void scenario_end(scenario *s)
{
    for (int i = 0; i < 4; i++) {
        seg_set_release(s->sets[i]);
        seg_buffer_destroy(s->buffers[i]);
    }
    seg_set_cursor_destroy(s->cursor);
    seg_value_column_destroy(s->column);
    seg_value_release(s->value);
    seg_segment_release(s->segment);
    seg_segment_release(s->open);
    seg_segment_release(s->bound);
    seg_segment_release(s->again);
    seg_lint_destroy(s->lint);
    seg_why_destroy(s->why);
    for (int i = 0; i < 3; i++)
        seg_set_release(s->groups[i]);
    seg_class_release(s->class);
    seg_class_release(s->frozen);
    seg_params_destroy(s->params);
    seg_task_destroy(s->task);
    seg_appender_destroy(s->appender);
    seg_snapshot_release(s->snapshot);
    ck_assert_int_eq(seg_store_close(s->store, NULL), SEG_OK);
}

/* Pass a failure on: to the test, which knows what to expect. */
#define STEP(call)                                                                                 \
    do {                                                                                           \
        seg_status step_status = (call);                                                           \
        if (step_status != SEG_OK)                                                                 \
            return step_status;                                                                    \
    } while (0)

static seg_status scenario_gather(scenario *s, seg_error *err)
{
    static const char *const users[] = {"ann", "ben", "cat"};
    STEP(seg_appender_create(s->store, &s->appender, err));
    for (int i = 0; i < 3; i++) {
        const char *tags[] = {"red", "blue"};
        const size_t sizes[] = {3, 4};
        STEP(seg_appender_user(s->appender, users[i], 3, err));
        STEP(seg_appender_set_string(s->appender, TEXT("country"), users[i], 2, err));
        STEP(seg_appender_set_strings(s->appender, TEXT("tags"), tags, sizes, 2, err));
        STEP(seg_appender_set_geo(s->appender, TEXT("home"), i, i, err));
        STEP(seg_appender_event(s->appender, users[i], 3, TEXT("buy"), JANUARY_1 + i * DAY, err));
        STEP(seg_appender_set_event_id(s->appender, users[i], 3, err));
        STEP(seg_appender_set_decimal(s->appender, TEXT("price"), 100 * i, 2, err));
        STEP(seg_appender_set_string(s->appender, TEXT("shop"), TEXT("web"), err));
    }
    STEP(seg_appender_commit(s->appender, NULL, NULL, err));
    STEP(seg_appender_user(s->appender, TEXT("ann"), err));
    STEP(seg_appender_set_null(s->appender, TEXT("country"), err));
    return seg_appender_commit(s->appender, NULL, NULL, err);
}

static seg_status scenario_compile(scenario *s, seg_error *err)
{
    STEP(seg_store_define_segment(s->store, TEXT("web"), TEXT("did \"buy\" where (shop = \"web\")"),
                                  NULL, err));
    STEP(seg_store_define_segment(s->store, TEXT("top"), TEXT("in segment \"web\""), NULL, err));
    STEP(seg_store_define_segment(s->store, TEXT("web"), TEXT("did \"buy\""), NULL, err));
    STEP(seg_segment_load(s->store, TEXT("top"), &s->segment, err));
    STEP(seg_segment_compile(s->store,
                             TEXT("in segment \"top\" and (country in $c or "
                                  "sum(price) of \"buy\" in last 90 days > $p)"),
                             0, &s->open, err));
    STEP(seg_params_add_string(s->params, TEXT("c"), TEXT("be"), err));
    STEP(seg_params_add_string(s->params, TEXT("c"), TEXT("xx"), err));
    STEP(seg_params_add_int64(s->params, TEXT("p"), 1, err));
    STEP(seg_segment_bind(s->open, s->params, &s->bound, err));
    return seg_segment_text(s->bound, &s->buffers[0], err);
}

static seg_status scenario_ask(scenario *s, seg_error *err)
{
    const seg_segment *many[] = {s->segment, s->bound};
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = 2;
    options.task = s->task;
    uint64_t count = 0;
    int32_t member = 0;
    STEP(seg_segment_evaluate(s->bound, s->snapshot, NOW, &options, &s->sets[0], err));
    options.among = s->sets[0];
    STEP(seg_segments_evaluate(many, 2, s->snapshot, NOW, &options, &s->sets[1], err));
    STEP(seg_segment_count(s->bound, s->snapshot, NOW, NULL, &count, err));
    ck_assert_uint_eq(count, 2);
    STEP(seg_segment_test(s->bound, s->snapshot, TEXT("ben"), NOW, &member, err));
    ck_assert_int_eq(member, 1);
    STEP(seg_segment_explain(s->bound, s->snapshot, NOW, SEG_EXPLAIN_ANALYZE, NULL, &s->buffers[1],
                             err));
    STEP(seg_set_to_roaring(s->sets[0], SEG_ROARING_ORDINALS, &s->buffers[2], err));
    STEP(seg_set_from_roaring(s->snapshot, SEG_ROARING_ORDINALS, seg_buffer_data(s->buffers[2]),
                              seg_buffer_size(s->buffers[2]), &s->sets[3], NULL, err));
    ck_assert_int_eq(seg_set_equals(s->sets[0], s->sets[3]), 1);
    STEP(seg_set_cursor_create(s->sets[0], &s->cursor, err));
    uint64_t offsets[9];
    const char *bytes = NULL;
    STEP(seg_set_cursor_next(s->cursor, 8, offsets, &bytes, &count, err));
    ck_assert_uint_eq(count, 2);
    ck_assert_mem_eq(bytes, "bencat", 6);
    STEP(seg_value_compile(s->store, TEXT("home"), 0, &s->value, err));
    return seg_value_evaluate(s->value, s->sets[0], NOW, NULL, &s->column, err);
}

/* The segment itself: its other form, remarks about it, and what it says about one customer. */
static seg_status scenario_examine(scenario *s, seg_error *err)
{
    seg_why_options options = SEG_WHY_OPTIONS_INIT;
    options.horizon_us = 2 * DAY;
    STEP(seg_segment_to_json(s->bound, SEG_JSON_SORTED, &s->buffers[3], err));
    STEP(seg_segment_compile_json(s->store, seg_buffer_data(s->buffers[3]),
                                  seg_buffer_size(s->buffers[3]), 0, &s->again, err));
    STEP(seg_segment_lint(s->store, TEXT("did \"buy\" or did \"buy\" and foo = 1 or x ="), NULL,
                          &s->lint, err));
    ck_assert_uint_eq(seg_lint_count(s->lint), 2);
    return seg_segment_why(s->again, s->snapshot, TEXT("ben"), NOW, &options, &s->why, err);
}

/* Scores of all customers, and a class of them. */
static seg_status scenario_classify(scenario *s, seg_error *err)
{
    uint64_t users[SEG_RFM_SCALE_MAX + 1];
    double cuts[SEG_RFM_SCALE_MAX - 1];
    STEP(seg_class_compile(s->store,
                           TEXT("rfm(price, floating, scale 2, groups (\"a\": r = 2 and m = 2, "
                                "otherwise \"b\")) of \"buy\""),
                           0, &s->class, err));
    STEP(seg_class_freeze(s->class, s->snapshot, NOW, NULL, &s->frozen, err));
    STEP(seg_class_scores(s->class, s->snapshot, NOW, NULL, SEG_RFM_MONEY, users, cuts, err));
    ck_assert_uint_eq(users[1] + users[2], 3);
    return seg_class_evaluate(s->frozen, s->snapshot, NOW, NULL, s->groups, err);
}

/* All of it; `s` holds what was made, also on failure. */
static seg_status scenario_run(scenario *s, const seg_allocator *allocator, seg_error *err)
{
    memset(s, 0, sizeof *s);
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = allocator;
    options.timezone = "Europe/Berlin";
    options.timezone_size = strlen(options.timezone);
    options.threads_max = 2;
    STEP(seg_store_open(TEXT(":memory:"), &options, &s->store, err));
    STEP(seg_task_create(allocator, &s->task, err));
    STEP(seg_params_create(allocator, &s->params, err));
    STEP(scenario_gather(s, err));
    STEP(seg_snapshot_create(s->store, &s->snapshot, err));
    STEP(scenario_compile(s, err));
    STEP(scenario_ask(s, err));
    STEP(scenario_classify(s, err));
    return scenario_examine(s, err);
}

START_TEST(test_memory__all_of_it_comes_back)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_error err = SEG_ERROR_INIT;
    scenario s;
    CK_OK(scenario_run(&s, mem_fault_allocator(&fault), &err), err);
    ck_assert_uint_gt(mem_fault_live_bytes(&fault), 0);
    scenario_end(&s);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
    ck_assert_uint_eq(mem_fault_live_blocks(&fault), 0);
}
END_TEST

/* What is there after a failure still works, once there is memory again. */
static void check_usable(const scenario *s)
{
    seg_error err = SEG_ERROR_INIT;
    if (s->store == NULL)
        return;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(s->store, &appender, &err), err);
    CK_OK(seg_appender_user(appender, TEXT("zoe"), &err), err);
    CK_OK(seg_appender_set_bool(appender, TEXT("late"), 1, &err), err);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    check_segment(s->store, "late", "zoe");
}

/* Runs with the nth allocation failing; false once there are fewer. A part of memory may be
 * something that the library does well without (a faster way), so success is allowed. */
static bool fail_one(mem_fault *fault, uint64_t n, bool once)
{
    if (once)
        mem_fault_fail_once(fault, n);
    else
        mem_fault_fail_at(fault, n);
    seg_error err = SEG_ERROR_INIT;
    scenario s;
    seg_status status = scenario_run(&s, mem_fault_allocator(fault), &err);
    bool failed = mem_fault_has_failed(fault);
    ck_assert_msg(status == SEG_E_NOMEM || status == SEG_OK, "allocation %llu: %s: %s",
                  (unsigned long long)n, seg_status_name(status), err.message);
    if (status != SEG_OK) {
        ck_assert_int_eq(err.code, SEG_E_NOMEM);
        ck_assert_str_ne(err.message, "");
    }
    ck_assert_msg(!failed || once || status != SEG_OK, "allocation %llu and all after it failed",
                  (unsigned long long)n);
    mem_fault_fail_at(fault, 0);
    check_usable(&s);
    scenario_end(&s);
    ck_assert_msg(mem_fault_live_bytes(fault) == 0, "allocation %llu: %llu bytes in %llu blocks",
                  (unsigned long long)n, (unsigned long long)mem_fault_live_bytes(fault),
                  (unsigned long long)mem_fault_live_blocks(fault));
    return failed;
}

/* _i: 0 the nth and all after it, 1 the nth alone. SEG_TEST_SLOW asks for fewer rounds. */
START_TEST(test_memory__every_failure_is_clean)
{
    mem_fault fault;
    mem_fault_init(&fault);
    uint64_t step = getenv("SEG_TEST_SLOW") != NULL ? 17 : 1;
    uint64_t n = 1;
    while (fail_one(&fault, n, _i == 1))
        n += step;
    ck_assert_uint_gt(n, 50);
}
END_TEST

/* The appender and the cursor go on where they were. */
START_TEST(test_memory__handles_stay_usable)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = mem_fault_allocator(&fault);
    seg_store *store = store_open(&options);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int i = 0; i < 3000; i++) {
        char user[20];
        size_t size = (size_t)snprintf(user, sizeof user, "user%05d", i);
        CK_OK(seg_appender_user(appender, user, size, &err), err);
    }
    for (uint64_t n = 1;; n++) {
        mem_fault_fail_at(&fault, n);
        seg_status status = seg_appender_commit(appender, NULL, NULL, &err);
        if (status == SEG_OK)
            break;
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_uint_eq(seg_appender_row_count(appender), 3000);
    }
    mem_fault_fail_at(&fault, 0);
    seg_appender_destroy(appender);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "everyone");
    seg_set_cursor *cursor = NULL;
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    static uint64_t offsets[3001];
    const char *bytes = NULL;
    uint64_t count = 0;
    CK_OK(seg_set_cursor_next(cursor, 5, offsets, &bytes, &count, &err), err);
    mem_fault_fail_at(&fault, 1);
    CK_FAILS(seg_set_cursor_next(cursor, 3000, offsets, &bytes, &count, &err), SEG_E_NOMEM, err);
    ck_assert_ptr_null(bytes);
    ck_assert_uint_eq(count, 0);
    mem_fault_fail_at(&fault, 0);
    CK_OK(seg_set_cursor_next(cursor, 3000, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 2995);
    ck_assert_mem_eq(bytes, "user00005", 9);
    seg_set_cursor_destroy(cursor);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/memory");
    TCase *memory = tcase_create("memory");
    tcase_set_timeout(memory, 100);
    tcase_add_test(memory, test_memory__all_of_it_comes_back);
    tcase_add_loop_test(memory, test_memory__every_failure_is_clean, 0, 2);
    tcase_add_test(memory, test_memory__handles_stay_usable);
    suite_add_tcase(s, memory);
    return s;
}
