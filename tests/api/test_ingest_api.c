/* api/test_ingest_api.c - bringing data in: columnar batches and the row appender. */
#include <math.h>

#include "api/api_fixture.h"

/* ---- columnar batches -------------------------------------------------------------------- */

/* Four rows of users u0 .. u3. */
static const char user_bytes[] = "u0u1u2u3";
static const uint64_t user_offsets[] = {0, 2, 4, 6, 8};

static seg_column column_of(const char *name, seg_type type, const void *values)
{
    seg_column column = SEG_COLUMN_INIT;
    column.name = name;
    column.name_size = strlen(name);
    column.type = type;
    column.values = values;
    return column;
}

static seg_batch batch_of(uint64_t rows, const seg_column *columns, uint64_t column_count)
{
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = rows;
    batch.user_bytes = user_bytes;
    batch.user_offsets = user_offsets;
    batch.columns = columns;
    batch.column_count = column_count;
    return batch;
}

START_TEST(test_ingest_api__takes_every_type_as_columns)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const uint8_t flags[] = {1, 0, 1, 1};
    static const int64_t seats[] = {-5, 0, 7, 9};
    static const double scores[] = {0.5, -1.25, 3, 1e10};
    static const int64_t cents[] = {100, 250, -75, 0};
    static const uint64_t name_offsets[] = {0, 3, 3, 7, 8};
    static const int64_t seen[] = {JANUARY_1, JANUARY_1 + DAY, 0, JANUARY_1};
    static const int32_t born[] = {0, 1, -1, 20000};
    static const double homes[] = {52.5, 13.4, 48.1, 11.6, 0, 0, -33.9, 151.2};
    static const uint64_t plan_offsets[] = {0, 3, 7};
    static const uint32_t plan_codes[] = {0, 1, 1, 0};
    static const uint64_t tag_offsets[] = {0, 1, 2, 3, 4};
    static const uint64_t tag_lists[] = {0, 2, 2, 3, 4};
    static const uint8_t states[] = {SEG_VALUE_SET, SEG_VALUE_NULL, SEG_VALUE_ABSENT,
                                     SEG_VALUE_SET};
    seg_column columns[9] = {column_of("flag", SEG_TYPE_BOOL, flags),
                             column_of("seats", SEG_TYPE_INT64, seats),
                             column_of("score", SEG_TYPE_FLOAT64, scores),
                             column_of("money", SEG_TYPE_DECIMAL, cents),
                             column_of("title", SEG_TYPE_STRING, "abcdefgh"),
                             column_of("seen", SEG_TYPE_TIMESTAMP, seen),
                             column_of("born", SEG_TYPE_DATE, born),
                             column_of("home", SEG_TYPE_GEO, homes),
                             column_of("tags", SEG_TYPE_STRING_SET, "xyxz")};
    columns[1].states = states;
    columns[3].scale = 2;
    columns[4].offsets = name_offsets;
    columns[8].offsets = tag_offsets;
    columns[8].lists = tag_lists;
    seg_batch batches[2] = {batch_of(4, columns, 9), SEG_BATCH_INIT};
    seg_column plan = column_of("plan", SEG_TYPE_STRING, "proteam");
    plan.offsets = plan_offsets;
    plan.codes = plan_codes;
    plan.dictionary_count = 2;
    batches[1] = batch_of(4, &plan, 1);
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(seg_store_commit(store, batches, 2, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 8);
    ck_assert_uint_eq(report.users_added, 4);
    ck_assert_uint_eq(report.commit_sequence, 1);
    ck_assert_uint_eq(report.rejected_row, UINT64_MAX);
    check_segment(store, "flag", "u0 u2 u3");
    check_segment(store, "seats > -6", "u0 u3");
    check_segment(store, "seats is null", "u1");
    check_segment(store, "seats is absent", "u2");
    check_segment(store, "score = -1.25", "u1");
    check_segment(store, "money >= 1", "u0 u1");
    check_segment(store, "title = \"\"", "u1");
    check_segment(store, "plan = \"team\"", "u1 u2");
    check_segment(store, "tags has any (\"x\", \"y\")", "u0 u2");
    check_segment(store, "born < 1970-01-01", "u2");
    check_segment(store, "home within 10 km of point(52.5, 13.4)", "u0");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__takes_events_of_one_or_many_types)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const int64_t times[] = {JANUARY_1, JANUARY_1 + DAY, JANUARY_1 + 2 * DAY,
                                    JANUARY_1 + 3 * DAY};
    static const int64_t prices[] = {5, 10, 15, 20};
    seg_column price = column_of("price", SEG_TYPE_INT64, prices);
    static const uint64_t type_offsets[] = {0, 4, 9};
    static const uint32_t type_codes[] = {0, 1, 0, 1};
    seg_column types = column_of("", SEG_TYPE_STRING, "viewclick");
    types.offsets = type_offsets;
    types.codes = type_codes;
    types.dictionary_count = 2;
    static const uint64_t id_offsets[] = {0, 1, 2, 3, 4};
    seg_column ids = column_of("id", SEG_TYPE_STRING, "1234");
    ids.offsets = id_offsets;
    seg_batch batches[2] = {batch_of(4, &price, 1), batch_of(4, NULL, 0)};
    batches[0].times = times;
    batches[0].event = "buy";
    batches[0].event_size = 3;
    batches[0].event_ids = &ids;
    batches[1].times = times;
    batches[1].event_types = &types;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(seg_store_commit(store, batches, 2, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 8);
    check_segment(store, "did \"buy\" where (price > 10)", "u2 u3");
    check_segment(store, "did \"view\"", "u0 u2");
    check_segment(store, "did \"click\"", "u1 u3");
    /* Again: the event ids say that these are the same. */
    CK_OK(seg_store_commit(store, batches, 1, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 0);
    ck_assert_uint_eq(report.rows_duplicate, 4);
    /* The same ids with another content. */
    static const int64_t other[] = {6, 10, 15, 20};
    price.values = other;
    CK_FAILS(seg_store_commit(store, batches, 1, NULL, &report, &err), SEG_E_CONFLICT, err);
    ck_assert_uint_eq(err.line, 1);
    ck_assert_uint_eq(report.rows_duplicate, 0);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__commits_of_nothing_are_fine)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_commit_report report = {.struct_size = sizeof report, .rows_applied = 9};
    CK_OK(seg_store_commit(store, NULL, 0, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 0);
    seg_batch empty = SEG_BATCH_INIT;
    CK_OK(seg_store_commit(store, &empty, 1, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 0);
    check_segment(store, "everyone", "ann ben cat dan eve");
    seg_store_close(store, NULL);
}
END_TEST

/* Nothing of a refused commit is seen, and the report says zero. */
static void commit_fails(seg_store *store, const seg_batch *batches, size_t count,
                         const seg_commit_options *options, seg_status wanted, uint64_t line)
{
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report;
    memset(&report, 0xff, sizeof report);
    report.struct_size = sizeof report;
    CK_FAILS(seg_store_commit(store, batches, count, options, &report, &err), wanted, err);
    ck_assert_uint_eq(err.line, line);
    ck_assert_uint_eq(report.rows_applied, 0);
    ck_assert_uint_eq(report.commit_sequence, 0);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot_info info = {.struct_size = sizeof info};
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    ck_assert_uint_eq(info.user_count, 5);
    ck_assert_uint_eq(info.event_count, 5);
    seg_snapshot_release(snapshot);
}

START_TEST(test_ingest_api__refuses_bad_batches_whole)
{
    seg_store *store = shop_open();
    static const int64_t seats[] = {1, 2, 3, 4};
    static const double scores[] = {1, 2, (double)NAN, 4};
    static const int64_t times[] = {JANUARY_1, JANUARY_1, JANUARY_1, SEG_TIME_MAX + 1};
    seg_column column = column_of("seats", SEG_TYPE_INT64, seats);
    seg_batch batch = batch_of(4, &column, 1);
    commit_fails(store, NULL, 1, NULL, SEG_E_ARG, 0);
    batch.flags = 2;
    commit_fails(store, &batch, 1, NULL, SEG_E_ARG, 0);
    batch.flags = 0;
    batch.columns = NULL;
    commit_fails(store, &batch, 1, NULL, SEG_E_ARG, 0);
    batch.columns = &column;
    batch.user_offsets = NULL;
    commit_fails(store, &batch, 1, NULL, SEG_E_ARG, 0);
    static const uint64_t falling[] = {0, 2, 1, 6, 8};
    batch.user_offsets = falling;
    commit_fails(store, &batch, 1, NULL, SEG_E_DATA, 0);
    static const uint64_t empty_id[] = {0, 2, 2, 6, 8};
    batch.user_offsets = empty_id;
    commit_fails(store, &batch, 1, NULL, SEG_E_DATA, 2);
    batch.user_offsets = user_offsets;
    column.type = SEG_TYPE_BOOL;
    commit_fails(store, &batch, 1, NULL, SEG_E_SCHEMA, 0);
    column = column_of("score", SEG_TYPE_FLOAT64, scores);
    commit_fails(store, &batch, 1, NULL, SEG_E_DATA, 3);
    /* Rows count over all batches. */
    seg_column good = column_of("seats", SEG_TYPE_INT64, seats);
    seg_batch two[2] = {batch_of(4, &good, 1), batch_of(4, &column, 1)};
    commit_fails(store, two, 2, NULL, SEG_E_DATA, 7);
    batch = batch_of(4, NULL, 0);
    batch.times = times;
    batch.event = "purchase";
    batch.event_size = 8;
    commit_fails(store, &batch, 1, NULL, SEG_E_DATA, 4);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__refuses_bad_options)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    static const int64_t seats[] = {1, 2, 3, 4};
    seg_column column = column_of("seats", SEG_TYPE_INT64, seats);
    seg_batch batch = batch_of(4, &column, 1);
    uint8_t results[4] = {9, 9, 9, 9};
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    options.flags = 2;
    commit_fails(store, &batch, 1, &options, SEG_E_ARG, 0);
    options.flags = SEG_COMMIT_QUARANTINE;
    options.row_results = results;
    options.row_results_count = 3;
    commit_fails(store, &batch, 1, &options, SEG_E_ARG, 0);
    options.row_results = NULL;
    commit_fails(store, &batch, 1, &options, SEG_E_ARG, 0);
    seg_commit_report report = {.struct_size = 0};
    CK_FAILS(seg_store_commit(store, &batch, 1, NULL, &report, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_commit(NULL, &batch, 1, NULL, NULL, &err), SEG_E_ARG, err);
    check_segment(store, "everyone", "ann ben cat dan eve");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__quarantine_leaves_wrong_rows_out)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    static const double scores[] = {1, INFINITY, 3, (double)NAN};
    static const uint64_t empty_id[] = {0, 0, 4, 6, 8};
    seg_column column = column_of("score", SEG_TYPE_FLOAT64, scores);
    seg_batch batch = batch_of(4, &column, 1);
    batch.user_offsets = empty_id;
    uint8_t results[6];
    memset(results, 9, sizeof results);
    seg_commit_options options;
    seg_commit_options_init(&options, sizeof options);
    options.flags = SEG_COMMIT_QUARANTINE;
    options.row_results = results;
    options.row_results_count = sizeof results;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(seg_store_commit(store, &batch, 1, &options, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 1);
    ck_assert_uint_eq(report.rows_rejected, 3);
    ck_assert_uint_eq(report.rejected_row, 0);
    ck_assert_uint_eq(results[0], SEG_ROW_BAD_ID);
    ck_assert_uint_eq(results[1], SEG_ROW_BAD_VALUE);
    ck_assert_uint_eq(results[2], SEG_ROW_OK);
    ck_assert_uint_eq(results[3], SEG_ROW_BAD_VALUE);
    check_segment(store, "score is set", "u2");
    /* A wrong type is refused in either mode. */
    column.name = "seats";
    column.name_size = 5;
    CK_FAILS(seg_store_commit(store, &batch, 1, &options, &report, &err), SEG_E_SCHEMA, err);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- appender ---------------------------------------------------------------------------- */

START_TEST(test_ingest_api__appender_takes_every_type)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_OK(seg_appender_user(a, TEXT("one"), &err), err);
    CK_OK(seg_appender_set_bool(a, TEXT("flag"), -7, &err), err);
    CK_OK(seg_appender_set_int64(a, TEXT("n"), INT64_MIN, &err), err);
    CK_OK(seg_appender_set_float64(a, TEXT("x"), -0.0, &err), err);
    CK_OK(seg_appender_set_decimal(a, TEXT("d"), 12345, 3, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("s"), NULL, 0, &err), err);
    CK_OK(seg_appender_set_timestamp(a, TEXT("t"), JANUARY_1, &err), err);
    CK_OK(seg_appender_set_date(a, TEXT("day"), 20454, &err), err);
    CK_OK(seg_appender_set_geo(a, TEXT("place"), 90, -180, &err), err);
    const char *elements[] = {"red", "blue"};
    const size_t sizes[] = {3, 4};
    CK_OK(seg_appender_set_strings(a, TEXT("tags"), elements, sizes, 2, &err), err);
    CK_OK(seg_appender_user(a, TEXT("two"), &err), err);
    CK_OK(seg_appender_set_null(a, TEXT("n"), &err), err);
    CK_OK(seg_appender_set_strings(a, TEXT("tags"), NULL, NULL, 0, &err), err);
    /* The last value of a name counts. */
    CK_OK(seg_appender_set_string(a, TEXT("s"), TEXT("first"), &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("s"), TEXT("last"), &err), err);
    ck_assert_uint_eq(seg_appender_row_count(a), 2);
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(seg_appender_commit(a, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 2);
    ck_assert_uint_eq(seg_appender_row_count(a), 0);
    check_segment(store, "flag", "one");
    check_segment(store, "n is null", "two");
    check_segment(store, "x = 0", "one");
    check_segment(store, "d = 12.345", "one");
    check_segment(store, "s = \"\"", "one");
    check_segment(store, "s = \"last\"", "two");
    check_segment(store, "day = 2026-01-01", "one");
    check_segment(store, "tags has \"blue\"", "one");
    check_segment(store, "tags is set", "one two");
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_keeps_the_order_of_rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    add_user(a, "ann", "DE", 1);
    add_purchase(a, "ann", 3, 100);
    add_user(a, "ann", "FR", 2);
    add_purchase(a, "ben", 3, 100);
    add_user(a, "ann", "ES", 3);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    check_segment(store, "country = \"ES\" and seats = 3", "ann");
    check_segment(store, "everyone", "ann ben");
    /* Nothing gathered: a commit of nothing. */
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_takes_a_name_with_two_types)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    for (int i = 0; i < 100; i++) {
        const char *user = i % 2 == 0 ? "ann" : "ben";
        CK_OK(seg_appender_event(a, user, 3, TEXT("rate"), JANUARY_1, &err), err);
        CK_OK(seg_appender_set_int64(a, TEXT("value"), i, &err), err);
        CK_OK(seg_appender_event(a, user, 3, TEXT("search"), JANUARY_1, &err), err);
        CK_OK(seg_appender_set_string(a, TEXT("value"), "shoes", i % 2 == 0 ? 5 : 4, &err), err);
    }
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    seg_appender_destroy(a);
    check_segment(store, "sum(value) of rate = 2450", "ann");
    check_segment(store, "did search where (value = \"shoe\") exactly 50 times", "ben");
    /* All at one instant: the order is that of the rows. */
    check_segment(store, "first(@time) of any of (rate, search) = last(@time) of rate", "ann ben");
    check_segment(store, "nth(value, 50) of rate = 99", "ben");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_drops_the_row_that_fails)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_FAILS(seg_appender_set_int64(a, TEXT("seats"), 1, &err), SEG_E_MISUSE, err);
    static const struct {
        int what;
        seg_status status;
    } cases[] = {{0, SEG_E_ARG}, {1, SEG_E_DATA}, {2, SEG_E_ARG},  {3, SEG_E_DATA},
                 {4, SEG_E_ARG}, {5, SEG_E_DATA}, {6, SEG_E_ARG},  {7, SEG_E_MISUSE},
                 {8, SEG_E_ARG}, {9, SEG_E_ARG},  {10, SEG_E_DATA}};
    static const char *const null_element[] = {NULL};
    static const size_t one[] = {1}, huge[] = {SEG_STRING_SIZE_MAX + 1};
    static char text[SEG_STRING_SIZE_MAX + 1];
    memset(text, 'x', sizeof text);
    const char *long_element[] = {text};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_status status = cases[i].status;
        CK_OK(seg_appender_user(a, TEXT("kept"), &err), err);
        CK_OK(seg_appender_set_int64(a, TEXT("seats"), 5, &err), err);
        CK_OK(seg_appender_user(a, TEXT("lost"), &err), err);
        CK_OK(seg_appender_set_int64(a, TEXT("seats"), 5, &err), err);
        switch (cases[i].what) {
        case 0: CK_FAILS(seg_appender_set_bool(a, NULL, 3, 1, &err), status, err); break;
        case 1:
            CK_FAILS(seg_appender_set_float64(a, TEXT("x"), (double)NAN, &err), status, err);
            break;
        case 2: CK_FAILS(seg_appender_set_decimal(a, TEXT("d"), 1, 19, &err), status, err); break;
        case 3: CK_FAILS(seg_appender_set_geo(a, TEXT("g"), 91, 0, &err), status, err); break;
        case 4: CK_FAILS(seg_appender_set_string(a, TEXT("s"), NULL, 1, &err), status, err); break;
        case 5:
            CK_FAILS(seg_appender_set_string(a, TEXT("s"), text, sizeof text, &err), status, err);
            break;
        case 6:
            CK_FAILS(seg_appender_set_strings(a, TEXT("l"), null_element, one, 1, &err), status,
                     err);
            break;
        case 7: CK_FAILS(seg_appender_set_event_id(a, TEXT("id"), &err), status, err); break;
        case 8: CK_FAILS(seg_appender_set_null(a, TEXT("unknown"), &err), status, err); break;
        case 9: CK_FAILS(seg_appender_set_int64(a, "", 0, 1, &err), status, err); break;
        default:
            CK_FAILS(seg_appender_set_strings(a, TEXT("l"), long_element, huge, 1, &err), status,
                     err);
            break;
        }
        ck_assert_uint_eq(seg_appender_row_count(a), 1);
        CK_FAILS(seg_appender_set_int64(a, TEXT("seats"), 1, &err), SEG_E_MISUSE, err);
        CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
        check_segment(store, "seats = 5", "kept");
    }
    check_segment(store, "everyone", "ann ben cat dan eve kept");
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_checks_rows_when_they_begin)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *a = (seg_appender *)&err;
    CK_FAILS(seg_appender_create(NULL, &a, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(a);
    CK_FAILS(seg_appender_create(store, NULL, &err), SEG_E_ARG, err);
    CK_OK(seg_appender_create(store, &a, &err), err);
    char id[SEG_ID_SIZE_MAX + 1];
    memset(id, 'i', sizeof id);
    CK_FAILS(seg_appender_user(a, "", 0, &err), SEG_E_DATA, err);
    CK_FAILS(seg_appender_user(a, id, sizeof id, &err), SEG_E_DATA, err);
    CK_FAILS(seg_appender_user(a, NULL, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_user_u64(a, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_event_u64(a, 1, TEXT("e"), JANUARY_1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_event(a, TEXT("u"), NULL, 0, JANUARY_1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_event(a, TEXT("u"), "", 0, JANUARY_1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_event(a, TEXT("u"), TEXT("e"), SEG_TIME_MAX + 1, &err), SEG_E_DATA, err);
    CK_FAILS(seg_appender_event(a, TEXT("u"), TEXT("e"), SEG_TIME_MIN - 1, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(seg_appender_row_count(a), 0);
    CK_OK(seg_appender_user(a, id, SEG_ID_SIZE_MAX, &err), err);
    CK_OK(seg_appender_event(a, TEXT("u"), TEXT("e"), SEG_TIME_MAX, &err), err);
    CK_OK(seg_appender_event(a, TEXT("u"), TEXT("e"), SEG_TIME_MIN, &err), err);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    CK_FAILS(seg_appender_user(NULL, TEXT("u"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_set_float64(NULL, TEXT("u"), (double)NAN, &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_set_event_id(NULL, TEXT("u"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_commit(NULL, NULL, NULL, &err), SEG_E_ARG, err);
    seg_appender_clear(NULL);
    seg_appender_destroy(NULL);
    ck_assert_uint_eq(seg_appender_row_count(NULL), 0);
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_keeps_rows_when_a_commit_fails)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_OK(seg_appender_user(a, TEXT("fay"), &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("country"), "\xff", 1, &err), err);
    CK_FAILS(seg_appender_commit(a, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(seg_appender_row_count(a), 1);
    check_segment(store, "everyone", "ann ben cat dan eve");
    seg_appender_clear(a);
    ck_assert_uint_eq(seg_appender_row_count(a), 0);
    CK_OK(seg_appender_user(a, TEXT("fay"), &err), err);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    check_segment(store, "everyone", "ann ben cat dan eve fay");
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

/* A value of the wrong type costs its own row, not those that were gathered before it. */
START_TEST(test_ingest_api__appender_refuses_types_at_once)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_OK(seg_appender_user(a, TEXT("fay"), &err), err);
    CK_OK(seg_appender_set_int64(a, TEXT("seats"), 3, &err), err);
    CK_OK(seg_appender_user(a, TEXT("gus"), &err), err);
    CK_FAILS(seg_appender_set_float64(a, TEXT("seats"), 3.5, &err), SEG_E_SCHEMA, err);
    ck_assert_str_eq(err.message, "column \"seats\" is of type whole number in an earlier row, not "
                                  "float");
    ck_assert_uint_eq(seg_appender_row_count(a), 1);
    CK_FAILS(seg_appender_set_int64(a, TEXT("seats"), 3, &err), SEG_E_MISUSE, err);
    CK_OK(seg_appender_event(a, TEXT("gus"), TEXT("purchase"), 5, &err), err);
    CK_FAILS(seg_appender_set_string(a, TEXT("amount"), TEXT("5"), &err), SEG_E_SCHEMA, err);
    ck_assert_str_eq(err.message, "column \"amount\" is of type decimal in the store, not text");
    /* Another event type may give the name another type. */
    CK_OK(seg_appender_event(a, TEXT("fay"), TEXT("gift"), 5, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("amount"), TEXT("5"), &err), err);
    /* A value of a history needs the time from which it holds. */
    CK_OK(seg_store_define_history(store, TEXT("level"), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_appender_user(a, TEXT("hal"), &err), err);
    CK_FAILS(seg_appender_set_string(a, TEXT("level"), TEXT("a"), &err), SEG_E_DATA, err);
    CK_OK(seg_appender_user_since(a, TEXT("fay"), 5, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("level"), TEXT("a"), &err), err);
    ck_assert_uint_eq(seg_appender_row_count(a), 3);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    check_segment(store, "everyone", "ann ben cat dan eve fay");
    check_segment(store, "level = \"a\" and did \"gift\" where (amount = \"5\")", "fay");
    /* What others define after the column was used is found by the commit. */
    CK_OK(seg_appender_user(a, TEXT("fay"), &err), err);
    CK_OK(seg_appender_set_bool(a, TEXT("late"), 1, &err), err);
    CK_OK(seg_store_define_attribute(store, TEXT("late"), SEG_TYPE_DATE, 0, &err), err);
    CK_FAILS(seg_appender_commit(a, NULL, NULL, &err), SEG_E_SCHEMA, err);
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__appender_removes_duplicates_by_event_id)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    seg_commit_report report = {.struct_size = sizeof report};
    for (int round = 0; round < 2; round++) {
        add_purchase(a, "ann", 1, 100);
        CK_OK(seg_appender_set_event_id(a, TEXT("order-1"), &err), err);
        add_purchase(a, "ann", 1, 100);
        CK_OK(seg_appender_commit(a, NULL, &report, &err), err);
        ck_assert_uint_eq(report.rows_applied, round == 0 ? 2 : 1);
        ck_assert_uint_eq(report.rows_duplicate, round == 0 ? 0 : 1);
    }
    check_segment(store, "did \"purchase\" exactly 3 times", "ann");
    char id[SEG_ID_SIZE_MAX + 1];
    memset(id, 'i', sizeof id);
    add_purchase(a, "ann", 1, 100);
    CK_FAILS(seg_appender_set_event_id(a, id, sizeof id, &err), SEG_E_DATA, err);
    add_purchase(a, "ann", 1, 100);
    CK_FAILS(seg_appender_set_event_id(a, "", 0, &err), SEG_E_DATA, err);
    add_purchase(a, "ann", 1, 100);
    CK_OK(seg_appender_set_event_id(a, id, SEG_ID_SIZE_MAX, &err), err);
    seg_appender_destroy(a);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_ingest_api__u64_stores)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = store_open(&options);
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_OK(seg_appender_user_u64(a, 0, &err), err);
    CK_OK(seg_appender_event_u64(a, UINT64_MAX - 1, TEXT("login"), JANUARY_1, &err), err);
    CK_FAILS(seg_appender_user(a, TEXT("ann"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_appender_event(a, TEXT("ann"), TEXT("login"), 0, &err), SEG_E_ARG, err);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    CK_OK(seg_appender_user_u64(a, UINT64_MAX, &err), err);
    CK_FAILS(seg_appender_commit(a, NULL, NULL, &err), SEG_E_DATA, err);
    seg_appender_destroy(a);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot_info info = {.struct_size = sizeof info};
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    ck_assert_uint_eq(info.user_count, 2);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/ingest");
    TCase *batches = tcase_create("batches");
    tcase_add_test(batches, test_ingest_api__takes_every_type_as_columns);
    tcase_add_test(batches, test_ingest_api__takes_events_of_one_or_many_types);
    tcase_add_test(batches, test_ingest_api__commits_of_nothing_are_fine);
    tcase_add_test(batches, test_ingest_api__refuses_bad_batches_whole);
    tcase_add_test(batches, test_ingest_api__refuses_bad_options);
    tcase_add_test(batches, test_ingest_api__quarantine_leaves_wrong_rows_out);
    suite_add_tcase(s, batches);
    TCase *appender = tcase_create("appender");
    tcase_add_test(appender, test_ingest_api__appender_takes_every_type);
    tcase_add_test(appender, test_ingest_api__appender_keeps_the_order_of_rows);
    tcase_add_test(appender, test_ingest_api__appender_takes_a_name_with_two_types);
    tcase_add_test(appender, test_ingest_api__appender_drops_the_row_that_fails);
    tcase_add_test(appender, test_ingest_api__appender_checks_rows_when_they_begin);
    tcase_add_test(appender, test_ingest_api__appender_keeps_rows_when_a_commit_fails);
    tcase_add_test(appender, test_ingest_api__appender_refuses_types_at_once);
    tcase_add_test(appender, test_ingest_api__appender_removes_duplicates_by_event_id);
    tcase_add_test(appender, test_ingest_api__u64_stores);
    suite_add_tcase(s, appender);
    return s;
}
