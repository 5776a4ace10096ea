/* api/test_value.c - values of the members of a set. */
#include "api/api_fixture.h"

static seg_value *value_of(seg_store *store, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    seg_value *value = NULL;
    CK_OK(seg_value_compile(store, text, strlen(text), 0, &value, &err), err);
    return value;
}

/* The values of everyone; the view is borrowed from *out_column. */
static seg_column values_of(seg_store *store, const char *text, seg_value_column **out_column,
                            uint64_t *out_rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = NULL;
    CK_OK(seg_set_everyone(snapshot, &set, &err), err);
    seg_value *value = value_of(store, text);
    CK_OK(seg_value_evaluate(value, set, NOW, NULL, out_column, &err), err);
    seg_value_release(value);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_column view = SEG_COLUMN_INIT;
    CK_OK(seg_value_column_get(*out_column, &view, out_rows, &err), err);
    ck_assert_uint_eq(*out_rows, 5);
    ck_assert_ptr_nonnull(view.states);
    ck_assert_ptr_null(view.codes);
    return view;
}

START_TEST(test_value__attributes)
{
    seg_store *store = shop_open();
    seg_value_column *column = NULL;
    uint64_t rows = 0;
    seg_column view = values_of(store, "country", &column, &rows);
    ck_assert_int_eq(view.type, SEG_TYPE_STRING);
    static const uint64_t offsets[] = {0, 2, 4, 6, 8, 8};
    ck_assert_mem_eq(view.values, "DEDEFRES", 8);
    ck_assert_mem_eq(view.offsets, offsets, sizeof offsets);
    static const uint8_t states[] = {0, 0, 0, 0, SEG_VALUE_ABSENT};
    ck_assert_mem_eq(view.states, states, sizeof states);
    seg_value_column_destroy(column);
    view = values_of(store, "seats", &column, &rows);
    ck_assert_int_eq(view.type, SEG_TYPE_INT64);
    static const int64_t seats[] = {3, 12, 1, 7, 0};
    ck_assert_mem_eq(view.values, seats, sizeof seats);
    ck_assert_mem_eq(view.states, states, sizeof states);
    seg_value_column_destroy(column);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_value__aggregates)
{
    seg_store *store = shop_open();
    seg_value_column *column = NULL;
    uint64_t rows = 0;
    seg_column view = values_of(store, "count of \"purchase\" in last 90 days", &column, &rows);
    ck_assert_int_eq(view.type, SEG_TYPE_INT64);
    static const int64_t counts[] = {3, 1, 0, 0, 1};
    ck_assert_mem_eq(view.values, counts, sizeof counts);
    static const uint8_t all_set[5] = {0};
    ck_assert_mem_eq(view.states, all_set, sizeof all_set);
    seg_value_column_destroy(column);
    view = values_of(store, "sum(amount) of \"purchase\"", &column, &rows);
    ck_assert_int_eq(view.type, SEG_TYPE_DECIMAL);
    ck_assert_int_eq(view.scale, 2);
    static const int64_t sums[] = {4045, 12000, 0, 0, 100};
    ck_assert_mem_eq(view.values, sums, sizeof sums);
    seg_value_column_destroy(column);
    /* Undefined where there is no event. */
    view = values_of(store, "avg(amount) of \"purchase\"", &column, &rows);
    static const uint8_t states[] = {0, 0, SEG_VALUE_ABSENT, SEG_VALUE_ABSENT, 0};
    ck_assert_mem_eq(view.states, states, sizeof states);
    ck_assert_int_eq(view.type, SEG_TYPE_FLOAT64);
    const double *averages = view.values;
    ck_assert_double_eq_tol(averages[0], 4045.0 / 300, 1e-9);
    ck_assert_double_eq_tol(averages[1], 120, 1e-9);
    ck_assert_double_eq_tol(averages[4], 1, 1e-9);
    seg_value_column_destroy(column);
    seg_store_close(store, NULL);
}
END_TEST

/* Every type of column comes out as it went in. */
START_TEST(test_value__every_type)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    static const char *const users[] = {"u0", "u1", "u2", "u3", "u4"};
    for (int i = 0; i < 5; i++) {
        CK_OK(seg_appender_user(a, users[i], 2, &err), err);
        if (i == 4)
            continue;
        const char *elements[] = {"xx", "y"};
        const size_t sizes[] = {2, 1};
        CK_OK(seg_appender_set_bool(a, TEXT("b"), i % 2, &err), err);
        CK_OK(seg_appender_set_float64(a, TEXT("f"), i / 4.0, &err), err);
        CK_OK(seg_appender_set_decimal(a, TEXT("d"), i - 2, 4, &err), err);
        CK_OK(seg_appender_set_timestamp(a, TEXT("t"), JANUARY_1 + i, &err), err);
        CK_OK(seg_appender_set_date(a, TEXT("day"), i - 2, &err), err);
        CK_OK(seg_appender_set_geo(a, TEXT("g"), i - 1.5, 180 - i, &err), err);
        CK_OK(seg_appender_set_strings(a, TEXT("tags"), elements, sizes, (size_t)i % 3, &err), err);
    }
    CK_OK(seg_appender_user(a, TEXT("u3"), &err), err);
    static const char *const names[] = {"b", "f", "d", "t", "day", "g", "tags"};
    for (int i = 0; i < 7; i++)
        CK_OK(seg_appender_set_null(a, names[i], strlen(names[i]), &err), err);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    seg_appender_destroy(a);
    static const uint8_t states[] = {0, 0, 0, SEG_VALUE_NULL, SEG_VALUE_ABSENT};
    static const uint8_t bools[] = {0, 1, 0, 0, 0};
    static const double floats[] = {0, 0.25, 0.5, 0, 0};
    static const int64_t decimals[] = {-2, -1, 0, 0, 0};
    static const int64_t times[] = {JANUARY_1, JANUARY_1 + 1, JANUARY_1 + 2, 0, 0};
    static const int32_t days[] = {-2, -1, 0, 0, 0};
    static const double places[] = {-1.5, 180, -0.5, 179, 0.5, 178, 0, 0, 0, 0};
    static const struct {
        const char *text;
        seg_type type;
        int32_t scale;
        const void *values;
        size_t size;
    } wanted[] = {{"b", SEG_TYPE_BOOL, 0, bools, sizeof bools},
                  {"f", SEG_TYPE_FLOAT64, 0, floats, sizeof floats},
                  {"d", SEG_TYPE_DECIMAL, 4, decimals, sizeof decimals},
                  {"t", SEG_TYPE_TIMESTAMP, 0, times, sizeof times},
                  {"day", SEG_TYPE_DATE, 0, days, sizeof days},
                  {"g", SEG_TYPE_GEO, 0, places, sizeof places}};
    seg_value_column *column = NULL;
    uint64_t rows = 0;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        seg_column view = values_of(store, wanted[i].text, &column, &rows);
        ck_assert_int_eq(view.type, wanted[i].type);
        ck_assert_int_eq(view.scale, wanted[i].scale);
        ck_assert_mem_eq(view.states, states, sizeof states);
        ck_assert_msg(memcmp(view.values, wanted[i].values, wanted[i].size) == 0, "%s",
                      wanted[i].text);
        ck_assert_ptr_null(view.offsets);
        seg_value_column_destroy(column);
    }
    seg_column view = values_of(store, "tags", &column, &rows);
    static const uint64_t lists[] = {0, 0, 1, 3, 3, 3};
    static const uint64_t offsets[] = {0, 2, 4, 5};
    ck_assert_int_eq(view.type, SEG_TYPE_STRING_SET);
    ck_assert_mem_eq(view.states, states, sizeof states);
    ck_assert_mem_eq(view.lists, lists, sizeof lists);
    ck_assert_mem_eq(view.offsets, offsets, sizeof offsets);
    ck_assert_mem_eq(view.values, "xxxxy", 5);
    seg_value_column_destroy(column);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_value__of_a_set_in_the_order_of_its_cursor)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "not country = \"DE\"");
    seg_set *none = set_of(store, snapshot, "nobody");
    seg_value *value = value_of(store, "count of \"purchase\"");
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = 2;
    seg_value_column *column = NULL;
    CK_OK(seg_value_evaluate(value, set, NOW, &options, &column, &err), err);
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 0;
    CK_OK(seg_value_column_get(column, &view, &rows, &err), err);
    ck_assert_uint_eq(rows, 3);
    static const int64_t counts[] = {0, 0, 1};
    ck_assert_mem_eq(view.values, counts, sizeof counts);
    seg_value_column_destroy(column);
    CK_OK(seg_value_evaluate(value, none, NOW, &options, &column, &err), err);
    CK_OK(seg_value_column_get(column, &view, &rows, &err), err);
    ck_assert_uint_eq(rows, 0);
    seg_value_column_destroy(column);
    seg_value_release(value);
    value = value_of(store, "country");
    CK_OK(seg_value_evaluate(value, none, NOW, NULL, &column, &err), err);
    CK_OK(seg_value_column_get(column, &view, &rows, &err), err);
    ck_assert_uint_eq(rows, 0);
    ck_assert_ptr_nonnull(view.values);
    ck_assert_uint_eq(view.offsets[0], 0);
    seg_value_column_destroy(column);
    seg_value_retain(value);
    seg_value_release(value);
    seg_value_release(value);
    seg_set_release(set);
    seg_set_release(none);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_value__refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_store *other = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot *foreign = snapshot_of(other);
    seg_set *set = set_of(store, snapshot, "everyone");
    seg_set *foreign_set = set_of(other, foreign, "everyone");
    seg_value *value = (seg_value *)&err;
    CK_FAILS(seg_value_compile(NULL, TEXT("seats"), 0, &value, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(value);
    CK_FAILS(seg_value_compile(store, NULL, 2, 0, &value, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_compile(store, TEXT("seats"), 2, &value, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_compile(store, TEXT("seats"), 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_compile(store, TEXT("seats +"), 0, &value, &err), SEG_E_SYNTAX, err);
    CK_FAILS(seg_value_compile(store, TEXT("seets"), 0, &value, &err), SEG_E_UNKNOWN_NAME, err);
    ck_assert_int_eq(err.offset, 0);
    CK_FAILS(seg_value_compile(store, TEXT("seats + $n"), 0, &value, &err), SEG_E_SYNTAX, err);
    ck_assert_int_eq(err.offset, 8);
    value = value_of(store, "seats");
    seg_value_column *column = (seg_value_column *)&err;
    CK_FAILS(seg_value_evaluate(NULL, set, NOW, NULL, &column, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(column);
    CK_FAILS(seg_value_evaluate(value, NULL, NOW, NULL, &column, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_evaluate(value, foreign_set, NOW, NULL, &column, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_evaluate(value, set, SEG_TIME_MAX + 1, NULL, &column, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_evaluate(value, set, NOW, NULL, NULL, &err), SEG_E_ARG, err);
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.among = set;
    CK_FAILS(seg_value_evaluate(value, set, NOW, &options, &column, &err), SEG_E_ARG, err);
    options.among = NULL;
    seg_task *task = NULL;
    CK_OK(seg_task_create(NULL, &task, &err), err);
    seg_task_interrupt(task);
    options.task = task;
    CK_FAILS(seg_value_evaluate(value, set, NOW, &options, &column, &err), SEG_E_INTERRUPTED, err);
    seg_task_destroy(task);
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 77;
    CK_FAILS(seg_value_column_get(NULL, &view, &rows, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(rows, 0);
    CK_OK(seg_value_evaluate(value, set, NOW, NULL, &column, &err), err);
    CK_FAILS(seg_value_column_get(column, NULL, &rows, &err), SEG_E_ARG, err);
    CK_FAILS(seg_value_column_get(column, &view, NULL, &err), SEG_E_ARG, err);
    seg_value_column_destroy(column);
    seg_value_column_destroy(NULL);
    seg_value_release(NULL);
    seg_value_retain(NULL);
    seg_value_release(value);
    seg_set_release(set);
    seg_set_release(foreign_set);
    seg_snapshot_release(snapshot);
    seg_snapshot_release(foreign);
    seg_store_close(store, NULL);
    seg_store_close(other, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/value");
    TCase *values = tcase_create("values");
    tcase_add_test(values, test_value__attributes);
    tcase_add_test(values, test_value__aggregates);
    tcase_add_test(values, test_value__every_type);
    tcase_add_test(values, test_value__of_a_set_in_the_order_of_its_cursor);
    tcase_add_test(values, test_value__refuses_bad_arguments);
    suite_add_tcase(s, values);
    return s;
}
