/* api/test_segment_api.c - compiling, binding, evaluating and explaining segments. */
#include "api/api_fixture.h"

/* ---- compiling --------------------------------------------------------------------------- */

START_TEST(test_segment_api__refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = (seg_segment *)&err;
    CK_FAILS(seg_segment_compile(NULL, TEXT("everyone"), 0, &segment, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(segment);
    CK_FAILS(seg_segment_compile(store, NULL, 5, 0, &segment, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile(store, TEXT("everyone"), 2, &segment, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile(store, TEXT("everyone"), 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile(store, NULL, 0, 0, &segment, &err), SEG_E_SYNTAX, err);
    CK_FAILS(seg_segment_load(store, NULL, 1, &segment, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_load(NULL, TEXT("a"), &segment, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_load(store, "", 0, &segment, &err), SEG_E_NOT_FOUND, err);
    ck_assert_ptr_null(segment);
    seg_segment_retain(NULL);
    seg_segment_release(NULL);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__errors_point_into_the_text)
{
    static const struct {
        const char *text;
        seg_status status;
        int64_t offset, length;
        const char *hint; /* contained in it */
    } cases[] = {
        {"country = \"DE\" and", SEG_E_SYNTAX, 18, 0, ""},
        {"contry = \"DE\"", SEG_E_UNKNOWN_NAME, 0, 6, "country"},
        {"did \"purchse\"", SEG_E_UNKNOWN_NAME, 4, 9, "purchase"},
        {"seats >= \"5\"", SEG_E_TYPE, 9, 3, ""},
        {"everyone and in segment \"none\"", SEG_E_UNKNOWN_NAME, 13, 17, ""},
    };
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_segment *segment = (seg_segment *)&err;
        CK_FAILS(
            seg_segment_compile(store, cases[i].text, strlen(cases[i].text), 0, &segment, &err),
            cases[i].status, err);
        ck_assert_ptr_null(segment);
        ck_assert_msg(err.offset == cases[i].offset, "%s: offset %lld: %s", cases[i].text,
                      (long long)err.offset, err.message);
        ck_assert_msg(err.length == cases[i].length, "%s: length %lld: %s", cases[i].text,
                      (long long)err.length, err.message);
        ck_assert_uint_eq(err.line, 1);
        ck_assert_uint_eq(err.column, (uint32_t)cases[i].offset + 1);
        ck_assert_msg(strstr(err.hint, cases[i].hint) != NULL, "%s: %s", cases[i].text, err.hint);
        CK_FAILS_NULL(
            seg_segment_compile(store, cases[i].text, strlen(cases[i].text), 0, &segment, NULL),
            cases[i].status);
    }
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__text_has_a_limit)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    size_t size = SEG_TEXT_SIZE_MAX + 1;
    char *text = malloc(size);
    ck_assert_ptr_nonnull(text);
    memset(text, ' ', size);
    memcpy(text, "everyone", 8);
    seg_segment *segment = NULL;
    CK_OK(seg_segment_compile(store, text, size - 1, 0, &segment, &err), err);
    seg_segment_release(segment);
    CK_FAILS(seg_segment_compile(store, text, size, 0, &segment, &err), SEG_E_LIMIT, err);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), text, size, NULL, &err), SEG_E_LIMIT, err);
    seg_value *value = NULL;
    CK_FAILS(seg_value_compile(store, text, size, 0, &value, &err), SEG_E_LIMIT, err);
    free(text);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__json_form)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = segment_of(store, "seats >= 5 and country = \"DE\""), *again = NULL;
    seg_buffer *json = NULL, *sorted = NULL;
    CK_OK(seg_segment_to_json(segment, 0, &json, &err), err);
    CK_OK(seg_segment_to_json(segment, SEG_JSON_SORTED, &sorted, &err), err);
    ck_assert_str_eq(seg_buffer_data(json),
                     "{\"expr\":{\"of\":[{\"left\":{\"name\":\"seats\",\"type\":\"name\"},\"op\":"
                     "\">=\",\"right\":5,\"type\":\"compare\"},{\"left\":{\"name\":\"country\","
                     "\"type\":\"name\"},\"op\":\"=\",\"right\":\"DE\",\"type\":\"compare\"}],"
                     "\"type\":\"all\"},\"v\":1}");
    ck_assert_str_ne(seg_buffer_data(json), seg_buffer_data(sorted));
    CK_OK(seg_segment_compile_json(store, seg_buffer_data(json), seg_buffer_size(json), 0, &again,
                                   &err),
          err);
    seg_segment_release(again);
    CK_FAILS(seg_segment_compile_json(store, TEXT("{\n\"v\": 1, \"x\": 2}"), 0, &again, &err),
             SEG_E_SYNTAX, err);
    ck_assert_ptr_null(again);
    ck_assert_uint_eq(err.line, 2);
    ck_assert_uint_eq(err.column, 9);
    ck_assert_int_eq(err.offset, 10);
    ck_assert_str_eq(err.message, "/x: unknown field \"x\"");
    /* Warnings are about the document too. */
    CK_OK(seg_segment_compile_json(
              store,
              TEXT("{\"v\":1,\"expr\":{\"type\":\"did\",\"select\":{\"type\":\"event\",\"name\":"
                   "\"zz\"}}}"),
              SEG_COMPILE_OPEN, &again, &err),
          err);
    ck_assert_uint_eq(seg_segment_warning_count(again), 1);
    CK_OK(seg_segment_warning(again, 0, &err), err);
    ck_assert_msg(strncmp(err.message, "/expr/select/name: ", 19) == 0, "%s", err.message);
    ck_assert_int_eq(err.offset, 60);
    seg_segment_release(again);
    seg_error_init(&err, sizeof err);
    CK_FAILS(seg_segment_compile_json(NULL, TEXT("{}"), 0, &again, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile_json(store, TEXT("{}"), 2, &again, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile_json(store, TEXT("{}"), 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_compile_json(store, NULL, 0, 0, &again, &err), SEG_E_SYNTAX, err);
    seg_buffer_destroy(sorted);
    CK_FAILS(seg_segment_to_json(segment, 2, &sorted, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_to_json(NULL, 0, &sorted, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_to_json(segment, 0, NULL, &err), SEG_E_ARG, err);
    seg_buffer_destroy(json);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__text_and_fingerprint_are_canonical)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *a = segment_of(store, "country=\"DE\"   and (seats>=5)");
    seg_buffer *text = NULL;
    CK_OK(seg_segment_text(a, &text, &err), err);
    ck_assert_str_eq(seg_buffer_data(text), "country = \"DE\" and seats >= 5");
    ck_assert_uint_eq(seg_buffer_size(text), strlen(seg_buffer_data(text)));
    seg_segment *b = segment_of(store, seg_buffer_data(text));
    seg_segment *c = segment_of(store, "seats >= 5 and country = \"DE\"");
    seg_segment *d = segment_of(store, "seats > 5 and country = \"DE\"");
    uint64_t hash[4][2];
    seg_segment_fingerprint(a, hash[0]);
    seg_segment_fingerprint(b, hash[1]);
    seg_segment_fingerprint(c, hash[2]);
    seg_segment_fingerprint(d, hash[3]);
    ck_assert_mem_eq(hash[0], hash[1], sizeof hash[0]);
    ck_assert_mem_eq(hash[0], hash[2], sizeof hash[0]);
    ck_assert_mem_ne(hash[0], hash[3], sizeof hash[0]);
    seg_segment_fingerprint(NULL, hash[0]);
    ck_assert_uint_eq(hash[0][0], 0);
    seg_segment_fingerprint(a, NULL);
    seg_buffer_destroy(text);
    text = (seg_buffer *)&err;
    CK_FAILS(seg_segment_text(NULL, &text, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(text);
    CK_FAILS(seg_segment_text(a, NULL, &err), SEG_E_ARG, err);
    seg_segment_release(a);
    seg_segment_release(b);
    seg_segment_release(c);
    seg_segment_release(d);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__open_compiles_warn)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = NULL;
    CK_OK(seg_segment_compile(store, TEXT("did \"refund\" or country = \"FR\""), SEG_COMPILE_OPEN,
                              &segment, &err),
          err);
    ck_assert_uint_eq(seg_segment_warning_count(segment), 1);
    seg_error warning = SEG_ERROR_INIT;
    ck_assert_int_eq(seg_segment_warning(segment, 0, &warning), SEG_OK);
    ck_assert_msg(strstr(warning.message, "refund") != NULL, "%s", warning.message);
    ck_assert_int_eq(warning.offset, 4);
    ck_assert_int_eq(seg_segment_warning(segment, 1, &warning), SEG_E_ARG);
    ck_assert_str_eq(warning.message, "");
    ck_assert_int_eq(seg_segment_warning(segment, 0, NULL), SEG_E_ARG);
    ck_assert_int_eq(seg_segment_warning(NULL, 0, &warning), SEG_E_ARG);
    ck_assert_uint_eq(seg_segment_warning_count(NULL), 0);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), err);
    check_set(set, "cat");
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- parameters -------------------------------------------------------------------------- */

static const char param_text[] = "country in $countries and seats >= $seats and "
                                 "sum(amount) of \"purchase\" in last $days days < $limit";

static seg_params *params_of(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_params *params = NULL;
    CK_OK(seg_params_create(NULL, &params, &err), err);
    return params;
}

START_TEST(test_segment_api__lists_its_parameters)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = segment_of(store, param_text);
    ck_assert_uint_eq(seg_segment_param_count(segment), 4);
    static const struct {
        const char *name;
        seg_type type;
        uint32_t is_list;
    } wanted[] = {{"countries", SEG_TYPE_STRING, 1},
                  {"seats", SEG_TYPE_INT64, 0},
                  {"days", SEG_TYPE_INT64, 0},
                  {"limit", SEG_TYPE_DECIMAL, 0}};
    for (uint64_t i = 0; i < 4; i++) {
        seg_param_info info = {.struct_size = sizeof info, .reserved = 9};
        CK_OK(seg_segment_param_at(segment, i, &info, &err), err);
        ck_assert_uint_eq(info.name_size, strlen(wanted[i].name));
        ck_assert_mem_eq(info.name, wanted[i].name, info.name_size);
        ck_assert_int_eq(info.type, wanted[i].type);
        ck_assert_uint_eq(info.is_list, wanted[i].is_list);
        ck_assert_uint_eq(info.reserved, 0);
    }
    seg_param_info info = {.struct_size = sizeof info};
    CK_FAILS(seg_segment_param_at(segment, 4, &info, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_param_at(NULL, 0, &info, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_param_at(segment, 0, NULL, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(seg_segment_param_count(NULL), 0);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__does_not_run_with_open_parameters)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, param_text);
    seg_set *set = (seg_set *)&err;
    uint64_t count = 77;
    int32_t member = 77;
    seg_buffer *text = (seg_buffer *)&err;
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), SEG_E_BOUND, err);
    ck_assert_ptr_null(set);
    ck_assert_msg(strstr(err.message, "$countries, $seats, $days, $limit") != NULL, "%s",
                  err.message);
    CK_FAILS(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), SEG_E_BOUND, err);
    ck_assert_uint_eq(count, 0);
    CK_FAILS(seg_segment_test(segment, snapshot, TEXT("ann"), NOW, &member, &err), SEG_E_BOUND,
             err);
    ck_assert_int_eq(member, 0);
    CK_FAILS(seg_segment_explain(segment, snapshot, NOW, 0, NULL, &text, &err), SEG_E_BOUND, err);
    ck_assert_ptr_null(text);
    const seg_segment *many[] = {segment};
    CK_FAILS(seg_segments_evaluate(many, 1, snapshot, NOW, NULL, &set, &err), SEG_E_BOUND, err);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* All four parameters, well. */
static seg_params *params_good(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_params *params = params_of();
    CK_OK(seg_params_add_string(params, TEXT("countries"), TEXT("DE"), &err), err);
    CK_OK(seg_params_add_string(params, TEXT("countries"), TEXT("ES"), &err), err);
    CK_OK(seg_params_add_int64(params, TEXT("seats"), 5, &err), err);
    CK_OK(seg_params_add_int64(params, TEXT("days"), 90, &err), err);
    CK_OK(seg_params_add_decimal(params, TEXT("limit"), 120000, 3, &err), err);
    return params;
}

static void check_bound(seg_store *store, const char *text, const seg_params *params,
                        const char *wanted)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = segment_of(store, text);
    seg_segment *bound = NULL;
    CK_OK(seg_segment_bind(segment, params, &bound, &err), err);
    seg_segment_release(segment);
    ck_assert_uint_eq(seg_segment_param_count(bound), 0);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(bound, snapshot, NOW, NULL, &set, &err), err);
    check_set(set, wanted);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(bound);
}

START_TEST(test_segment_api__binds_values)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_params *params = params_good();
    check_bound(store, param_text, params, "dan");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_string(params, TEXT("c"), TEXT("FR"), &err), err);
    check_bound(store, "country in $c", params, "cat");
    check_bound(store, "country = $c", params, "cat");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_empty(params, TEXT("c"), &err), err);
    check_bound(store, "country in $c", params, "");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_string(params, TEXT("s"), TEXT("\"; drop"), &err), err);
    check_bound(store, "not country = $s", params, "ann ben cat dan eve");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_timestamp(params, TEXT("t"), JANUARY_1 + 25 * DAY, &err), err);
    check_bound(store, "did \"purchase\" since $t", params, "ann eve");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_string(params, TEXT("t"), TEXT("2026-01-26"), &err), err);
    check_bound(store, "did \"purchase\" since $t", params, "ann eve");
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_int64(params, TEXT("limit"), 100, &err), err);
    check_bound(store, "sum(amount) of \"purchase\" >= $limit", params, "ben");
    seg_params_destroy(params);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__refuses_wrong_bindings)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = segment_of(store, param_text);
    seg_segment *bound = (seg_segment *)&err;
    seg_params *none = params_of();
    CK_FAILS(seg_segment_bind(segment, none, &bound, &err), SEG_E_BOUND, err);
    ck_assert_ptr_null(bound);
    seg_params *params = params_good();
    CK_OK(seg_params_add_int64(params, TEXT("other"), 1, &err), err);
    CK_FAILS(seg_segment_bind(segment, params, &bound, &err), SEG_E_BOUND, err);
    ck_assert_msg(strstr(err.message, "other") != NULL, "%s", err.message);
    seg_params_destroy(params);
    params = params_good();
    CK_OK(seg_params_add_int64(params, TEXT("seats"), 6, &err), err);
    CK_FAILS(seg_segment_bind(segment, params, &bound, &err), SEG_E_BOUND, err);
    seg_params_destroy(params);
    params = params_good();
    CK_OK(seg_params_add_int64(params, TEXT("countries"), 6, &err), err);
    CK_FAILS(seg_segment_bind(segment, params, &bound, &err), SEG_E_BOUND, err);
    seg_params_destroy(params);
    params = params_of();
    CK_OK(seg_params_add_bool(params, TEXT("x"), 1, &err), err);
    seg_segment *seats = segment_of(store, "seats = $x");
    CK_FAILS(seg_segment_bind(seats, params, &bound, &err), SEG_E_BOUND, err);
    seg_segment_release(seats);
    CK_FAILS(seg_segment_bind(NULL, params, &bound, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_bind(segment, NULL, &bound, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_bind(segment, params, NULL, &err), SEG_E_ARG, err);
    seg_params_destroy(params);
    seg_params_destroy(none);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__checks_parameter_values)
{
    seg_error err = SEG_ERROR_INIT;
    seg_params *params = params_of();
    char name[SEG_NAME_SIZE_MAX + 1];
    memset(name, 'n', sizeof name);
    static char text[SEG_STRING_SIZE_MAX + 1];
    memset(text, 't', sizeof text);
    CK_FAILS(seg_params_add_int64(params, name, sizeof name, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_int64(params, "", 0, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_int64(params, NULL, 4, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_int64(NULL, TEXT("a"), 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_float64(params, TEXT("a"), 1e308 * 10, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_decimal(params, TEXT("a"), 1, -1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_decimal(params, TEXT("a"), 1, 19, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_string(params, TEXT("a"), NULL, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_string(params, TEXT("a"), "\xc3", 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_string(params, TEXT("a"), "a\0b", 3, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_string(params, TEXT("a"), text, sizeof text, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_timestamp(params, TEXT("a"), SEG_TIME_MAX + 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_add_empty(NULL, TEXT("a"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_params_create(NULL, NULL, &err), SEG_E_ARG, err);
    CK_OK(seg_params_add_string(params, name, SEG_NAME_SIZE_MAX, text, SEG_STRING_SIZE_MAX, &err),
          err);
    seg_params_destroy(params);
    seg_params_destroy(NULL);
}
END_TEST

/* Binding compiles again: saved segments count as they are then. */
START_TEST(test_segment_api__binds_against_saved_segments_as_they_are)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    define(store, "chosen", "country = \"FR\"");
    seg_segment *segment = segment_of(store, "in segment \"chosen\" and seats >= $n");
    define(store, "chosen", "country = \"DE\"");
    seg_params *params = params_of();
    CK_OK(seg_params_add_int64(params, TEXT("n"), 1, &err), err);
    seg_segment *bound = NULL;
    CK_OK(seg_segment_bind(segment, params, &bound, &err), err);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(bound, snapshot, NOW, NULL, &set, &err), err);
    check_set(set, "ann ben");
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(bound);
    seg_segment_release(segment);
    seg_params_destroy(params);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- evaluating -------------------------------------------------------------------------- */

START_TEST(test_segment_api__evaluates_counts_and_tests_alike)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"everyone", "ann ben cat dan eve"},
        {"nobody", ""},
        {"country = \"DE\"", "ann ben"},
        {"not country = \"DE\"", "cat dan eve"},
        {"country is absent", "eve"},
        {"seats >= 3 and did \"purchase\"", "ann ben"},
        {"did \"purchase\" at least 2 times", "ann"},
        {"did \"purchase\" in last 5 days", "ann eve"},
        {"did not \"purchase\"", "cat dan"},
        {"sum(amount) of \"purchase\" >= 40.45", "ann ben"},
        {"seats in top 1", "ben"},
    };
    static const char *const users[] = {"ann", "ben", "cat", "dan", "eve"};
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_segment(store, cases[i].text, cases[i].wanted);
        seg_segment *segment = segment_of(store, cases[i].text);
        seg_set *set = set_of(store, snapshot, cases[i].text);
        ck_assert_int_eq(seg_set_now(set), NOW);
        uint64_t count = 77;
        CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
        ck_assert_uint_eq(count, seg_set_count(set));
        for (size_t u = 0; u < 5; u++) {
            int32_t member = 77;
            CK_OK(seg_segment_test(segment, snapshot, users[u], 3, NOW, &member, &err), err);
            ck_assert_msg(member == seg_set_contains(set, users[u], 3), "%s: %s", cases[i].text,
                          users[u]);
        }
        seg_set_release(set);
        seg_segment_release(segment);
    }
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__now_decides)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "did \"purchase\" in last 5 days");
    static const struct {
        int day;
        const char *wanted;
    } cases[] = {{-1, ""},    {0, "ann"},  {4, "ann"},     {5, ""},
                 {10, "ann"}, {20, "ben"}, {31, "ann eve"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_set *set = NULL;
        int64_t now = JANUARY_1 + cases[i].day * DAY;
        CK_OK(seg_segment_evaluate(segment, snapshot, now, NULL, &set, &err), err);
        check_set(set, cases[i].wanted);
        seg_set_release(set);
    }
    uint64_t count = 77;
    CK_OK(seg_segment_count(segment, snapshot, SEG_TIME_MIN, NULL, &count, &err), err);
    CK_OK(seg_segment_count(segment, snapshot, SEG_TIME_MAX, NULL, &count, &err), err);
    ck_assert_uint_eq(count, 0);
    CK_FAILS(seg_segment_count(segment, snapshot, SEG_TIME_MAX + 1, NULL, &count, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_segment_count(segment, snapshot, SEG_TIME_MIN - 1, NULL, &count, &err), SEG_E_ARG,
             err);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__evaluation_refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_store *other = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot *foreign = snapshot_of(other);
    seg_segment *segment = segment_of(store, "everyone");
    seg_set *set = (seg_set *)&err;
    CK_FAILS(seg_segment_evaluate(NULL, snapshot, NOW, NULL, &set, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(set);
    CK_FAILS(seg_segment_evaluate(segment, NULL, NOW, NULL, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_evaluate(segment, foreign, NOW, NULL, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_count(segment, snapshot, NOW, NULL, NULL, &err), SEG_E_ARG, err);
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.flags = 1;
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), SEG_E_ARG, err);
    options.flags = 0;
    options.reserved = 1;
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), SEG_E_ARG, err);
    options.reserved = 0;
    seg_set *everyone = NULL;
    CK_OK(seg_set_everyone(foreign, &everyone, &err), err);
    options.among = everyone;
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), SEG_E_ARG, err);
    int32_t member = 77;
    CK_FAILS(seg_segment_test(segment, snapshot, NULL, 3, NOW, &member, &err), SEG_E_ARG, err);
    ck_assert_int_eq(member, 0);
    CK_FAILS(seg_segment_test_u64(segment, snapshot, 3, NOW, &member, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_test(segment, snapshot, TEXT("ann"), NOW, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_test(segment, foreign, TEXT("ann"), NOW, &member, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_test(NULL, snapshot, TEXT("ann"), NOW, &member, &err), SEG_E_ARG, err);
    seg_set_release(everyone);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_snapshot_release(foreign);
    seg_store_close(store, NULL);
    seg_store_close(other, NULL);
}
END_TEST

START_TEST(test_segment_api__tests_of_unknown_users_are_false)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "everyone");
    static char id[SEG_ID_SIZE_MAX + 1];
    int32_t member = 77;
    CK_OK(seg_segment_test(segment, snapshot, TEXT("zoe"), NOW, &member, &err), err);
    ck_assert_int_eq(member, 0);
    CK_OK(seg_segment_test(segment, snapshot, id, sizeof id, NOW, &member, &err), err);
    ck_assert_int_eq(member, 0);
    CK_OK(seg_segment_test(segment, snapshot, NULL, 0, NOW, &member, &err), err);
    ck_assert_int_eq(member, 0);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__among_narrows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *buyers = set_of(store, snapshot, "did \"purchase\"");
    seg_segment *segment = segment_of(store, "not country = \"DE\"");
    seg_eval_options options;
    seg_eval_options_init(&options, sizeof options);
    options.among = buyers;
    options.threads = 100;
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), err);
    check_set(set, "eve");
    uint64_t count = 0;
    CK_OK(seg_segment_count(segment, snapshot, NOW, &options, &count, &err), err);
    ck_assert_uint_eq(count, 1);
    seg_set_release(set);
    /* A set of a later snapshot, with users that this one does not know. */
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_user(appender, "fay", "FR", 1);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *later = snapshot_of(store);
    seg_set *everyone = NULL;
    CK_OK(seg_set_everyone(later, &everyone, &err), err);
    options.among = everyone;
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), err);
    check_set(set, "cat dan eve");
    seg_set_release(set);
    seg_set_release(everyone);
    seg_snapshot_release(later);
    seg_set_release(buyers);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__evaluates_many_at_once)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    define(store, "germans", "country = \"DE\"");
    static const char *const texts[] = {"country = \"DE\"",
                                        "in segment \"germans\"",
                                        "not country = \"DE\"",
                                        "nobody",
                                        "did \"purchase\" and country = \"DE\"",
                                        "country = \"DE\""};
    static const char *const wanted[] = {"ann ben", "ann ben", "cat dan eve",
                                         "",        "ann ben", "ann ben"};
    enum {
        COUNT = 6
    };
    const seg_segment *segments[COUNT];
    seg_segment *owned[COUNT];
    seg_set *sets[COUNT];
    for (int i = 0; i < COUNT; i++)
        segments[i] = owned[i] = segment_of(store, texts[i]);
    CK_OK(seg_segments_evaluate(segments, COUNT, snapshot, NOW, NULL, sets, &err), err);
    for (int i = 0; i < COUNT; i++) {
        check_set(sets[i], wanted[i]);
        ck_assert_int_eq(seg_set_now(sets[i]), NOW);
        seg_set_release(sets[i]);
        sets[i] = (seg_set *)&err;
    }
    CK_OK(seg_segments_evaluate(NULL, 0, snapshot, NOW, NULL, NULL, &err), err);
    segments[COUNT - 1] = NULL;
    CK_FAILS(seg_segments_evaluate(segments, COUNT, snapshot, NOW, NULL, sets, &err), SEG_E_ARG,
             err);
    for (int i = 0; i < COUNT; i++)
        ck_assert_ptr_null(sets[i]);
    CK_FAILS(seg_segments_evaluate(NULL, 1, snapshot, NOW, NULL, sets, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segments_evaluate(segments, 1, snapshot, NOW, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segments_evaluate(segments, 1, NULL, NOW, NULL, sets, &err), SEG_E_ARG, err);
    for (int i = 0; i < COUNT; i++)
        seg_segment_release(owned[i]);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__u64_stores)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options;
    seg_store_options_init(&options, sizeof options);
    options.id_kind = SEG_ID_U64;
    seg_store *store = store_open(&options);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (uint64_t user = 0; user < 10; user++)
        CK_OK(seg_appender_event_u64(appender, user * 1000, TEXT("login"),
                                     JANUARY_1 + (int64_t)user * DAY, &err),
              err);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "did \"login\" since 2026-01-06");
    uint64_t count = 0;
    CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
    ck_assert_uint_eq(count, 5);
    int32_t member = 77;
    CK_OK(seg_segment_test_u64(segment, snapshot, 5000, NOW, &member, &err), err);
    ck_assert_int_eq(member, 1);
    CK_OK(seg_segment_test_u64(segment, snapshot, 4000, NOW, &member, &err), err);
    ck_assert_int_eq(member, 0);
    CK_OK(seg_segment_test_u64(segment, snapshot, UINT64_MAX, NOW, &member, &err), err);
    ck_assert_int_eq(member, 0);
    CK_FAILS(seg_segment_test(segment, snapshot, TEXT("5000"), NOW, &member, &err), SEG_E_ARG, err);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* A sum beyond 64 bits is an error, not a wrong answer (S-16). */
START_TEST(test_segment_api__overflow_is_an_error)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int i = 0; i < 2; i++) {
        CK_OK(seg_appender_event(appender, TEXT("rich"), TEXT("deposit"), JANUARY_1 + i, &err),
              err);
        CK_OK(seg_appender_set_int64(appender, TEXT("coins"), INT64_MAX, &err), err);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "sum(coins) of \"deposit\" > 0");
    seg_set *set = (seg_set *)&err;
    CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), SEG_E_OVERFLOW, err);
    ck_assert_ptr_null(set);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- explain ----------------------------------------------------------------------------- */

/* A strict reader of JSON values (RFC 8259); returns what follows the value, NULL if it is bad. */
static const char *json_value(const char *at, int depth);

static const char *json_blank(const char *at)
{
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r')
        at++;
    return at;
}

static const char *json_string(const char *at)
{
    if (*at++ != '"')
        return NULL;
    for (; *at != '"'; at++) {
        if ((unsigned char)*at < 0x20)
            return NULL;
        if (*at != '\\')
            continue;
        at++;
        if (*at == 'u') {
            if (strspn(at + 1, "0123456789abcdefABCDEF") < 4)
                return NULL;
            at += 4;
        } else if (*at == '\0' || strchr("\"\\/bfnrt", *at) == NULL) {
            return NULL;
        }
    }
    return at + 1;
}

static const char *json_number(const char *at)
{
    at += *at == '-';
    size_t digits = strspn(at, "0123456789");
    if (digits == 0 || (digits > 1 && *at == '0'))
        return NULL;
    at += digits;
    if (*at == '.') {
        digits = strspn(++at, "0123456789");
        if (digits == 0)
            return NULL;
        at += digits;
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '-' || *at == '+';
        digits = strspn(at, "0123456789");
        if (digits == 0)
            return NULL;
        at += digits;
    }
    return at;
}

static const char *json_members(const char *at, char close, int depth)
{
    at = json_blank(at + 1);
    if (*at == close)
        return at + 1;
    for (;;) {
        if (close == '}') {
            at = json_string(json_blank(at));
            at = at == NULL ? NULL : json_blank(at);
            if (at == NULL || *at++ != ':')
                return NULL;
        }
        at = json_value(at, depth + 1);
        if (at == NULL)
            return NULL;
        at = json_blank(at);
        if (*at == close)
            return at + 1;
        if (*at++ != ',')
            return NULL;
    }
}

static const char *json_value(const char *at, int depth)
{
    at = json_blank(at);
    if (depth > 200)
        return NULL;
    if (*at == '{')
        return json_members(at, '}', depth);
    if (*at == '[')
        return json_members(at, ']', depth);
    if (*at == '"')
        return json_string(at);
    static const char *const words[] = {"true", "false", "null"};
    for (int i = 0; i < 3; i++) {
        if (strncmp(at, words[i], strlen(words[i])) == 0)
            return at + strlen(words[i]);
    }
    return json_number(at);
}

static void check_json(const char *text)
{
    const char *end = json_value(text, 0);
    ck_assert_msg(end != NULL && *json_blank(end) == '\0', "not JSON: %s", text);
}

START_TEST(test_segment_api__explains_as_text_and_json)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    define(store, "germans", "country = \"DE\"");
    static const char *const texts[] = {
        "everyone",
        "in segment \"germans\" and not did \"purchase\" where (amount > 5) in last 9 days",
        "country in (\"\\\"\\\\\", \"\xc3\xa9\") or seats in top 10% xor not seats = 1",
        "at least 2 of (seats = 1, seats = 2, seats = 3)",
        "sum(amount) of \"purchase\" in last 90 days / 3 >= 2.5"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        seg_segment *segment = segment_of(store, texts[i]);
        for (uint32_t flags = 0; flags < 4; flags++) {
            seg_buffer *text = NULL;
            CK_OK(seg_segment_explain(segment, snapshot, NOW, flags, NULL, &text, &err), err);
            ck_assert_uint_gt(seg_buffer_size(text), 0);
            ck_assert_uint_eq(strlen(seg_buffer_data(text)), seg_buffer_size(text));
            if ((flags & SEG_EXPLAIN_JSON) != 0)
                check_json(seg_buffer_data(text));
            seg_buffer_destroy(text);
        }
        seg_segment_release(segment);
    }
    seg_segment *segment = segment_of(store, texts[1]);
    seg_buffer *text = (seg_buffer *)&err;
    CK_FAILS(seg_segment_explain(segment, snapshot, NOW, 4, NULL, &text, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(text);
    CK_FAILS(seg_segment_explain(segment, snapshot, NOW, 0, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_explain(NULL, snapshot, NOW, 0, NULL, &text, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_explain(segment, NULL, NOW, 0, NULL, &text, &err), SEG_E_ARG, err);
    CK_OK(seg_segment_explain(segment, snapshot, NOW, SEG_EXPLAIN_ANALYZE, NULL, &text, &err), err);
    ck_assert_msg(strstr(seg_buffer_data(text), "purchase") != NULL, "%s", seg_buffer_data(text));
    seg_buffer_destroy(text);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_segment_api__analysis_says_where_the_time_went)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment =
        segment_of(store, "country = \"DE\" or sum(amount) of \"purchase\" in top 50%");
    static const char *const words[] = {
        " of ",    " users, 1 chunk", " ranked in ", "with 1 thread, 1 chunk: prepare ",
        ", load ", ", rank ",         ", evaluate ", ", assemble "};
    static const char *const names[] = {"\"chunks\":1",
                                        "\"ranked\":",
                                        "\"ranking_nanoseconds\":",
                                        "\"run\":{\"threads\":1",
                                        "\"prepare_nanoseconds\":",
                                        "\"load_nanoseconds\":",
                                        "\"rank_nanoseconds\":",
                                        "\"evaluate_nanoseconds\":",
                                        "\"assemble_nanoseconds\":"};
    seg_buffer *text = NULL;
    CK_OK(seg_segment_explain(segment, snapshot, NOW, SEG_EXPLAIN_ANALYZE, NULL, &text, &err), err);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        ck_assert_msg(strstr(seg_buffer_data(text), words[i]) != NULL, "no '%s' in\n%s", words[i],
                      seg_buffer_data(text));
    seg_buffer_destroy(text);
    CK_OK(seg_segment_explain(segment, snapshot, NOW, SEG_EXPLAIN_ANALYZE | SEG_EXPLAIN_JSON, NULL,
                              &text, &err),
          err);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_msg(strstr(seg_buffer_data(text), names[i]) != NULL, "no '%s' in\n%s", names[i],
                      seg_buffer_data(text));
    seg_buffer_destroy(text);
    CK_OK(seg_segment_explain(segment, snapshot, NOW, 0, NULL, &text, &err), err);
    ck_assert_ptr_null(strstr(seg_buffer_data(text), "evaluate"));
    seg_buffer_destroy(text);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- tasks ------------------------------------------------------------------------------- */

START_TEST(test_segment_api__interrupted_tasks_end_calls)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "did \"purchase\"");
    seg_task *task = NULL;
    CK_OK(seg_task_create(NULL, &task, &err), err);
    uint64_t done = 7, total = 7;
    seg_task_progress(task, &done, &total);
    ck_assert_uint_eq(done, 0);
    ck_assert_uint_eq(total, 0);
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.task = task;
    seg_set *set = (seg_set *)&err;
    seg_task_interrupt(task);
    for (int round = 0; round < 2; round++) {
        CK_FAILS(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err),
                 SEG_E_INTERRUPTED, err);
        ck_assert_ptr_null(set);
    }
    uint64_t count = 77;
    CK_FAILS(seg_segment_count(segment, snapshot, NOW, &options, &count, &err), SEG_E_INTERRUPTED,
             err);
    const seg_segment *many[] = {segment};
    CK_FAILS(seg_segments_evaluate(many, 1, snapshot, NOW, &options, &set, &err), SEG_E_INTERRUPTED,
             err);
    seg_buffer *text = NULL;
    CK_FAILS(
        seg_segment_explain(segment, snapshot, NOW, SEG_EXPLAIN_ANALYZE, &options, &text, &err),
        SEG_E_INTERRUPTED, err);
    seg_task_reset(task);
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, &options, &set, &err), err);
    seg_set_release(set);
    seg_task_progress(task, &done, &total);
    ck_assert_uint_gt(total, 0);
    ck_assert_uint_eq(done, total);
    seg_task_progress(task, NULL, NULL);
    seg_task_progress(NULL, &done, &total);
    ck_assert_uint_eq(done, 0);
    seg_task_interrupt(NULL);
    seg_task_reset(NULL);
    seg_task_destroy(task);
    seg_task_destroy(NULL);
    CK_FAILS(seg_task_create(NULL, NULL, &err), SEG_E_ARG, err);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/segment");
    TCase *compiling = tcase_create("compiling");
    tcase_add_test(compiling, test_segment_api__refuses_bad_arguments);
    tcase_add_test(compiling, test_segment_api__errors_point_into_the_text);
    tcase_add_test(compiling, test_segment_api__text_has_a_limit);
    tcase_add_test(compiling, test_segment_api__json_form);
    tcase_add_test(compiling, test_segment_api__text_and_fingerprint_are_canonical);
    tcase_add_test(compiling, test_segment_api__open_compiles_warn);
    suite_add_tcase(s, compiling);
    TCase *params = tcase_create("parameters");
    tcase_add_test(params, test_segment_api__lists_its_parameters);
    tcase_add_test(params, test_segment_api__does_not_run_with_open_parameters);
    tcase_add_test(params, test_segment_api__binds_values);
    tcase_add_test(params, test_segment_api__refuses_wrong_bindings);
    tcase_add_test(params, test_segment_api__checks_parameter_values);
    tcase_add_test(params, test_segment_api__binds_against_saved_segments_as_they_are);
    suite_add_tcase(s, params);
    TCase *evaluating = tcase_create("evaluating");
    tcase_add_test(evaluating, test_segment_api__evaluates_counts_and_tests_alike);
    tcase_add_test(evaluating, test_segment_api__now_decides);
    tcase_add_test(evaluating, test_segment_api__evaluation_refuses_bad_arguments);
    tcase_add_test(evaluating, test_segment_api__tests_of_unknown_users_are_false);
    tcase_add_test(evaluating, test_segment_api__among_narrows);
    tcase_add_test(evaluating, test_segment_api__evaluates_many_at_once);
    tcase_add_test(evaluating, test_segment_api__u64_stores);
    tcase_add_test(evaluating, test_segment_api__overflow_is_an_error);
    suite_add_tcase(s, evaluating);
    TCase *explaining = tcase_create("explaining");
    tcase_add_test(explaining, test_segment_api__explains_as_text_and_json);
    tcase_add_test(explaining, test_segment_api__analysis_says_where_the_time_went);
    tcase_add_test(explaining, test_segment_api__interrupted_tasks_end_calls);
    suite_add_tcase(s, explaining);
    return s;
}
