/* api/test_arrow.c - tables come in as Arrow streams: every type, every role, every lie. */
#include <math.h>

#include "api/arrow_fixture.h"
#include "support/mem_fault.h"

static const uint8_t bits_1011[] = {0x0d}; /* rows 0, 2 and 3 are set */

static void ingest_users(seg_store *store, table *t)
{
    seg_error err = SEG_ERROR_INIT;
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    CK_OK(table_ingest(store, t, &options, NULL, NULL, &err), err);
}

/* The table is refused; the message names `name`, if one is given. */
static void users_fail(table *t, seg_status wanted, const char *name)
{
    seg_error err;
    seg_store *store = store_open(NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    seg_commit_report report = {.struct_size = sizeof report};
    CK_FAILS(table_ingest(store, t, &options, NULL, &report, &err), wanted, err);
    ck_assert_msg(name == NULL || strstr(err.message, name) != NULL, "%s is not in: %s", name,
                  err.message);
    ck_assert_uint_eq(report.rows_applied, 0);
    seg_store_close(store, NULL);
}

/* ---- types ----------------------------------------------------------------------------------- */

START_TEST(test_arrow__takes_numbers_of_every_width)
{
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    static const uint8_t bits[] = {0x05};
    static const int8_t i8[] = {-128, 0, 127, 1};
    static const uint8_t u8[] = {0, 255, 1, 2};
    static const int16_t i16[] = {-32768, 32767, 0, 1};
    static const uint16_t u16[] = {65535, 0, 1, 2};
    static const int32_t i32[] = {INT32_MIN, INT32_MAX, 0, 1};
    static const uint32_t u32[] = {UINT32_MAX, 0, 1, 2};
    static const int64_t i64[] = {INT64_MIN, INT64_MAX, 0, 1};
    static const uint64_t u64[] = {INT64_MAX, 0, 1, 2};
    static const float f32[] = {0.5f, -1.25f, 3, 4};
    static const double f64[] = {0.5, -1.25, 1e100, 4};
    column(&t, "b", "flag", 2, NULL, bits, NULL);
    column(&t, "c", "i8", 2, NULL, i8, NULL);
    column(&t, "C", "u8", 2, NULL, u8, NULL);
    column(&t, "s", "i16", 2, NULL, i16, NULL);
    column(&t, "S", "u16", 2, NULL, u16, NULL);
    column(&t, "i", "i32", 2, NULL, i32, NULL);
    column(&t, "I", "u32", 2, NULL, u32, NULL);
    column(&t, "l", "i64", 2, NULL, i64, NULL);
    column(&t, "L", "u64", 2, NULL, u64, NULL);
    column(&t, "f", "f32", 2, NULL, f32, NULL);
    column(&t, "g", "f64", 2, NULL, f64, NULL);
    ingest_users(store, &t);
    check_segment(store, "flag", "u0 u2");
    check_segment(store, "i8 = -128", "u0");
    check_segment(store, "u8 = 255", "u1");
    check_segment(store, "i16 = -32768", "u0");
    check_segment(store, "u16 = 65535", "u0");
    check_segment(store, "i32 = 2147483647", "u1");
    check_segment(store, "u32 = 4294967295", "u0");
    check_segment(store, "i64 = 9223372036854775807", "u1");
    check_segment(store, "i64 < -9223372036854775807", "u0");
    check_segment(store, "u64 = 9223372036854775807", "u0");
    check_segment(store, "f32 = -1.25", "u1");
    check_segment(store, "f64 > 1e99", "u2");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__takes_decimals_of_every_width)
{
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    static const int32_t d32[] = {100, 250, -75, 0};
    static const int64_t d64[] = {100, 250, -75, 0};
    static const int64_t d128[] = {100, 0, INT64_MAX, 0, -75, -1, INT64_MIN, -1};
    static const int64_t d256[] = {100, 0, 0, 0, 250, 0, 0, 0, -75, -1, -1, -1, 0, 0, 0, 0};
    column(&t, "d:9,2,32", "d32", 2, NULL, d32, NULL);
    column(&t, "d:18,2,64", "d64", 2, NULL, d64, NULL);
    column(&t, "d:38,2", "d128", 2, NULL, d128, NULL);
    column(&t, "d:76,18,256", "d256", 2, NULL, d256, NULL);
    ingest_users(store, &t);
    check_segment(store, "d32 = 2.5", "u1");
    check_segment(store, "d64 < 0", "u2");
    check_segment(store, "d128 = -0.75", "u2");
    check_segment(store, "d128 = 92233720368547758.07", "u1");
    check_segment(store, "d256 > 0", "u0 u1");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__takes_texts_of_every_form)
{
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    static const int32_t narrow[] = {0, 3, 3, 7, 8};
    static const int64_t wide[] = {0, 3, 3, 7, 8};
    struct {
        int32_t size;
        char bytes[12];
    } views[4] = {{3, "abc"}, {0, ""}, {20, {0}}, {12, {0}}};
    memcpy(views[3].bytes, "twelve-bytes", 12);
    static const int32_t where[] = {0 /* prefix */, 1, 2};
    memcpy(views[2].bytes, where, sizeof where);
    static const char far[] = "--twenty-bytes-of-text";
    static const int64_t sizes[] = {0, 22};
    column(&t, "u", "plain", 3, NULL, narrow, "abcdefgh");
    column(&t, "U", "large", 3, NULL, wide, "abcdefgh");
    node *view = column(&t, "vu", "view", 5, NULL, views, "");
    view->buffers[3] = far;
    view->buffers[4] = sizes;
    static const uint8_t codes[] = {1, 0, 1, 0};
    static const int32_t entries[] = {0, 3, 7};
    node *plan = column(&t, "C", "plan", 2, NULL, codes, NULL);
    give_dictionary(plan, part(&t, "u", "", 2, 3, NULL, entries, "proteam"));
    ingest_users(store, &t);
    check_segment(store, "plain = \"abc\"", "u0");
    check_segment(store, "plain = \"\"", "u1");
    check_segment(store, "large = \"defg\"", "u2");
    check_segment(store, "view = \"twenty-bytes-of-text\"", "u2");
    check_segment(store, "view = \"twelve-bytes\"", "u3");
    check_segment(store, "view = \"abc\"", "u0");
    check_segment(store, "plan = \"team\"", "u0 u2");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__takes_times_of_every_unit)
{
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    static const int64_t s[] = {0, 1, -1, 1767225600};
    static const int64_t ms[] = {0, 1000, -1, 1767225600000};
    static const int64_t us[] = {0, 1000000, -1, 1767225600000000};
    static const int64_t ns[] = {0, 999, -1, 1767225600000000000};
    static const int32_t days[] = {0, 1, -1, 20454};
    static const int64_t millis[] = {0, 86400000, -1, 20454ll * 86400000};
    column(&t, "tss:UTC", "s", 2, NULL, s, NULL);
    column(&t, "tsm:Europe/Berlin", "ms", 2, NULL, ms, NULL);
    column(&t, "tsu:+01:00", "us", 2, NULL, us, NULL);
    column(&t, "tsn:UTC", "ns", 2, NULL, ns, NULL);
    column(&t, "tdD", "d32", 2, NULL, days, NULL);
    column(&t, "tdm", "d64", 2, NULL, millis, NULL);
    ingest_users(store, &t);
    check_segment(store, "s = 2026-01-01T00:00Z", "u3");
    check_segment(store, "ms = 2026-01-01T00:00Z", "u3");
    check_segment(store, "us = 2026-01-01T00:00Z", "u3");
    check_segment(store, "ns = 2026-01-01T00:00Z", "u3");
    /* Rounded down, also before 1970. */
    check_segment(store, "ns = 1970-01-01T00:00Z", "u0 u1");
    check_segment(store, "ns < 1970-01-01T00:00Z", "u2");
    check_segment(store, "ms = 1969-12-31T23:59:59.999Z", "u2");
    check_segment(store, "d32 = 2026-01-01", "u3");
    check_segment(store, "d64 = 2026-01-01", "u3");
    check_segment(store, "d64 = 1969-12-31", "u2");
    seg_store_close(store, NULL);
}
END_TEST

/* _i: 0 the zone of the store, 1 that of the options. */
START_TEST(test_arrow__times_without_zone_are_civil_times)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options zoned = SEG_STORE_OPTIONS_INIT;
    zoned.timezone = "Europe/Berlin";
    zoned.timezone_size = 13;
    seg_store *store = store_open(_i == 0 ? &zoned : NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    /* Midnight in January and July; a moment that does not exist; one beyond all time. */
    static const int64_t ms[] = {1767225600000, 1782864000000, 1774751400000, INT64_MAX / 2};
    node *seen = column(&t, "tsm:", "seen", 2, NULL, ms, NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    if (_i == 1) {
        options.timezone = "Europe/Berlin";
        options.timezone_size = 13;
    }
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(err.line, 4);
    seen->buffers[0] = "\x07";
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    check_segment(store, "seen = 2025-12-31T23:00Z", "u0");
    check_segment(store, "seen = 2026-06-30T22:00Z", "u1");
    check_segment(store, "seen = 2026-03-29T01:00Z", "u2");
    options.timezone = "Mars/Base";
    options.timezone_size = 9;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_UNKNOWN_NAME, err);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__takes_lists_of_texts)
{
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    static const int32_t lists[] = {1, 3, 3, 3, 4};
    static const int64_t wide_lists[] = {0, 1, 2, 3, 4};
    static const int32_t items[] = {0, 1, 2, 3, 4};
    node *tags = column(&t, "+l", "tags", 2, bits_1011, lists, NULL);
    give_child(tags, part(&t, "u", "item", 4, 3, NULL, items, "wxyz"));
    node *more = column(&t, "+L", "more", 2, NULL, wide_lists, NULL);
    static const int16_t codes[] = {0, 1, 1, 0};
    node *item = part(&t, "s", "item", 4, 2, NULL, codes, NULL);
    give_dictionary(item, part(&t, "u", "", 4, 3, NULL, items, "wxyz"));
    give_child(more, item);
    ingest_users(store, &t);
    check_segment(store, "tags has any (\"x\", \"z\")", "u0 u3");
    check_segment(store, "tags has \"w\"", "");
    check_segment(store, "tags is null", "u1");
    check_segment(store, "more has \"x\"", "u1 u2");
    /* A null inside a list has no counterpart: the row is a wrong one. */
    t.nodes[2].buffers[0] = "\x0b";
    users_fail(&t, SEG_E_DATA, "row 1, column \"tags\"");
    seg_store_close(store, NULL);
}
END_TEST

static void check_places(table *t)
{
    seg_store *store = store_open(NULL);
    ingest_users(store, t);
    check_segment(store, "home within 10 km of point(52.5, 13.4)", "u0");
    check_segment(store, "home within 10 km of point(-33.9, 151.2)", "u3");
    seg_store_close(store, NULL);
}

START_TEST(test_arrow__takes_places_of_every_form)
{
    static const double latitudes[] = {52.5, 48.1, 0, -33.9};
    static const double longitudes[] = {13.4, 11.6, 0, 151.2};
    static const double straight[] = {52.5, 13.4, 48.1, 11.6, 0, 0, -33.9, 151.2};
    static const double turned[] = {13.4, 52.5, 11.6, 48.1, 0, 0, 151.2, -33.9};
    static const char *const names[][2] = {
        {"lat", "lon"}, {"latitude", "lng"}, {"lon", "lat"}, {"x", "y"}};
    table t;
    for (int i = 0; i < 4; i++) {
        table_init(&t, 4);
        user_column(&t);
        node *home = column(&t, "+s", "home", 1, NULL, NULL, NULL);
        for (int k = 0; k < 2; k++)
            give_child(home, part(&t, "g", names[i][k], 4, 2, NULL,
                                  (k == 0) == (i < 2) ? latitudes : longitudes, NULL));
        check_places(&t);
    }
    for (int i = 0; i < 2; i++) {
        table_init(&t, 4);
        user_column(&t);
        node *home = column(&t, "+w:2", "home", 1, NULL, NULL, NULL);
        give_child(home, part(&t, "g", i == 0 ? "item" : "xy", 8, 2, NULL,
                              i == 0 ? straight : turned, NULL));
        check_places(&t);
    }
    /* One half of a place is not there. */
    t.nodes[2].buffers[0] = "\xfd";
    users_fail(&t, SEG_E_DATA, "row 1, column \"home\"");
}
END_TEST

/* ---- nulls and offsets ----------------------------------------------------------------------- */

START_TEST(test_arrow__nulls_of_users_empty_attributes)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const int64_t seats[] = {1, 2, 3, 4};
    table t;
    table_init(&t, 4);
    user_column(&t);
    node *n = column(&t, "l", "seats", 2, NULL, seats, NULL);
    ingest_users(store, &t);
    n->buffers[0] = bits_1011;
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    options.flags = SEG_ARROW_NULL_IS_ABSENT;
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    check_segment(store, "seats = 2", "u1");
    ingest_users(store, &t);
    check_segment(store, "seats is null", "u1");
    /* A column that is nothing but nulls: of the type that the store knows. */
    n->schema.format = "n";
    n->array.n_buffers = 0;
    ingest_users(store, &t);
    check_segment(store, "seats is null", "u0 u1 u2 u3");
    n->schema.name = "unheard";
    ingest_users(store, &t);
    ck_assert_uint_eq(seg_store_column_count(store), 1);
    seg_store_close(store, NULL);
}
END_TEST

/* The same columns behind offsets of the arrays, of the record, and of both. */
START_TEST(test_arrow__offsets_count)
{
    static const int64_t seats[] = {-1, -1, 1, 2, 3, 4};
    static const uint8_t flags[] = {0x34}, bits[] = {0x2f};
    static const int32_t names[] = {0, 1, 2, 4, 6, 8, 10};
    static const int32_t lists[] = {0, 1, 2, 3, 4, 5, 6};
    static const double places[] = {0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4};
    int64_t outer = _i & 1, inner = 2 - outer;
    if (_i == 2)
        inner = 2;
    table t;
    table_init(&t, 4);
    t.root.array.offset = outer;
    node *n[5];
    n[0] = column(&t, "u", "user_id", 3, NULL, names, "ABu0u1u2u3");
    n[1] = column(&t, "l", "seats", 2, bits, seats, NULL);
    n[2] = column(&t, "b", "flag", 2, NULL, flags, NULL);
    n[3] = column(&t, "+l", "tags", 2, NULL, lists, NULL);
    n[4] = column(&t, "+w:2", "home", 1, NULL, NULL, NULL);
    give_child(n[3], part(&t, "u", "item", 6, 3, NULL, names, "ABu0u1u2u3"));
    give_child(n[4], part(&t, "g", "item", 12, 2, NULL, places, NULL));
    for (int i = 0; i < 5; i++) {
        n[i]->array.offset = inner;
        n[i]->array.length = 4 + outer;
    }
    seg_store *store = store_open(NULL);
    ingest_users(store, &t);
    check_segment(store, "everyone", "u0 u1 u2 u3");
    check_segment(store, "seats >= 3", "u3");
    check_segment(store, "seats is null", "u2");
    check_segment(store, "flag", "u0 u2 u3");
    check_segment(store, "tags has \"u2\"", "u2");
    check_segment(store, "home within 1 km of point(1, 1)", "u0");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__buffers_need_no_alignment)
{
    seg_store *store = store_open(NULL);
    _Alignas(8) static char raw[100];
    static const int64_t seats[] = {1, 2, 3, 4};
    static const int32_t offsets[] = {0, 2, 4, 6, 8};
    memcpy(raw + 3, seats, sizeof seats);
    memcpy(raw + 51, offsets, sizeof offsets);
    table t;
    table_init(&t, 4);
    column(&t, "u", "user_id", 3, NULL, raw + 51, "u0u1u2u3");
    column(&t, "l", "seats", 2, NULL, raw + 3, NULL);
    ingest_users(store, &t);
    check_segment(store, "seats >= 3", "u2 u3");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__empty_batches_are_fine)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 0);
    column(&t, "u", "user_id", 3, NULL, NULL, NULL);
    column(&t, "U", "name", 3, NULL, NULL, NULL);
    column(&t, "l", "seats", 2, NULL, NULL, NULL);
    node *tags = column(&t, "+l", "tags", 2, NULL, NULL, NULL);
    give_child(tags, part(&t, "vu", "item", 0, 3, NULL, NULL, NULL));
    node *plan = column(&t, "i", "plan", 2, NULL, NULL, NULL);
    give_dictionary(plan, part(&t, "u", "", 0, 3, NULL, NULL, NULL));
    t.batches = 3;
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    seg_commit_report report = {.struct_size = sizeof report};
    options.commit_rows = 1;
    CK_OK(table_ingest(store, &t, &options, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 0);
    t.batches = 0;
    CK_OK(table_ingest(store, &t, &options, NULL, &report, &err), err);
    seg_store_close(store, NULL);
}
END_TEST

/* _i: the kind of ids. Columns that have a role and are nothing but null: no row, or wrong rows. */
START_TEST(test_arrow__roles_may_be_null)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options kind = SEG_STORE_OPTIONS_INIT;
    kind.id_kind = (uint32_t)_i;
    seg_store *store = store_open(&kind);
    for (int64_t rows = 0; rows < 3; rows += 2) {
        table t;
        table_init(&t, rows);
        column(&t, "n", "user_id", 0, NULL, NULL, NULL);
        column(&t, "n", "time", 0, NULL, NULL, NULL);
        column(&t, "n", "event", 0, NULL, NULL, NULL);
        column(&t, "n", "event_id", 0, NULL, NULL, NULL);
        seg_arrow_options options = options_of(SEG_ARROW_EVENTS);
        seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
        commit.flags = SEG_COMMIT_QUARANTINE;
        seg_commit_report report = {.struct_size = sizeof report};
        CK_OK(table_ingest(store, &t, &options, &commit, &report, &err), err);
        ck_assert_uint_eq(report.rows_rejected, (uint64_t)rows);
    }
    seg_store_close(store, NULL);
}
END_TEST

/* ---- events ---------------------------------------------------------------------------------- */

static const int64_t four_days[] = {JANUARY_1, JANUARY_1 + DAY, JANUARY_1 + 2 * DAY,
                                    JANUARY_1 + 3 * DAY};

static void ingest_events(seg_store *store, table *t, seg_commit_report *report)
{
    seg_error err = SEG_ERROR_INIT;
    seg_arrow_options options = options_of(SEG_ARROW_EVENTS);
    CK_OK(table_ingest(store, t, &options, NULL, report, &err), err);
}

START_TEST(test_arrow__takes_events_with_plain_types_and_ids)
{
    seg_store *store = store_open(NULL);
    static const int32_t types[] = {0, 3, 7, 10, 14};
    static const int64_t prices[] = {5, 10, 15, 20};
    static const uint64_t ids[] = {7, UINT64_MAX, 9, 10};
    table t;
    table_init(&t, 4);
    user_column(&t);
    column(&t, "tsu:UTC", "time", 2, NULL, four_days, NULL);
    column(&t, "u", "event", 3, NULL, types, "buyviewbuyview");
    column(&t, "L", "event_id", 2, "\x07", ids, NULL);
    column(&t, "l", "price", 2, "\x05", prices, NULL);
    seg_commit_report report = {.struct_size = sizeof report};
    ingest_events(store, &t, &report);
    ck_assert_uint_eq(report.rows_applied, 4);
    ck_assert_uint_eq(report.users_added, 4);
    check_segment(store, "did \"buy\" where (price > 10)", "u2");
    check_segment(store, "did \"view\"", "u1 u3");
    /* A null is no property: the views have no price. 3 + 2 entries: buy, price, view. */
    ck_assert_uint_eq(seg_store_column_count(store), 3);
    ingest_events(store, &t, &report);
    ck_assert_uint_eq(report.rows_duplicate, 3);
    ck_assert_uint_eq(report.rows_applied, 1);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__event_types_may_be_a_dictionary)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const int8_t codes[] = {1, 0, 2, 1};
    static const int32_t entries[] = {0, 3, 7, 7};
    static const int64_t seconds[] = {1767225600, 1767312000, 1767398400, 1767484800};
    table t;
    table_init(&t, 4);
    user_column(&t);
    column(&t, "tss:UTC", "ts", 2, NULL, seconds, NULL);
    node *types = column(&t, "c", "event_name", 2, NULL, codes, NULL);
    node *names = part(&t, "u", "", 3, 3, "\x03", entries, "buyview");
    give_dictionary(types, names);
    seg_arrow_options options = options_of(SEG_ARROW_EVENTS);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(err.line, 3);
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    uint8_t results[4] = {9, 9, 9, 9};
    commit.flags = SEG_COMMIT_QUARANTINE;
    commit.row_results = results;
    commit.row_results_count = 4;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(table_ingest(store, &t, &options, &commit, &report, &err), err);
    ck_assert_uint_eq(report.rows_rejected, 1);
    ck_assert_uint_eq(report.rejected_row, 2);
    ck_assert_uint_eq(results[2], SEG_ROW_BAD_VALUE);
    ck_assert_uint_eq(results[3], SEG_ROW_OK);
    check_segment(store, "did \"view\"", "u0 u3");
    check_segment(store, "did \"buy\"", "u1");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__names_may_be_given)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const int32_t who[] = {0, 2, 4, 6, 8};
    static const int32_t days[] = {20454, 20455, 20456, 20457};
    table t;
    table_init(&t, 4);
    column(&t, "z", "who", 3, NULL, who, "u0u1u2u3");
    column(&t, "tdD", "when", 2, NULL, days, NULL);
    column(&t, "u", "event", 3, NULL, who, "aabbccdd");
    column(&t, "w:2", "key", 2, NULL, "k0k1k2k3", NULL);
    seg_arrow_options options = options_of(SEG_ARROW_EVENTS);
    options.user_column = "who";
    options.user_column_size = 3;
    options.time_column = "when";
    options.time_column_size = 4;
    options.event = "login";
    options.event_size = 5;
    options.event_id_column = "key";
    options.event_id_column_size = 3;
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    check_segment(store, "did \"login\" where (event = \"bb\")", "u1");
    check_segment(store, "did \"login\" since 2026-01-03", "u2 u3");
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(table_ingest(store, &t, &options, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_duplicate, 4);
    options.event_column = "event";
    options.event_column_size = 5;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.event = NULL;
    options.event_size = 0;
    options.time_column = "who";
    options.time_column_size = 3;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.time_column = "whenever";
    options.time_column_size = 8;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_NOT_FOUND, err);
    options.time_column = NULL;
    options.time_column_size = 0;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_NOT_FOUND, err);
    ck_assert_ptr_nonnull(strstr(err.hint, "timestamp"));
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__integer_ids_need_a_store_of_them)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options numbers = SEG_STORE_OPTIONS_INIT;
    numbers.id_kind = SEG_ID_U64;
    seg_store *store = store_open(&numbers);
    static const int64_t ids[] = {5, -1, 7, 8};
    static const uint32_t small_ids[] = {5, 6, 7, 8};
    table t;
    table_init(&t, 4);
    node *user = column(&t, "l", "user_id", 2, "\x07", ids, NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    commit.flags = SEG_COMMIT_QUARANTINE;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(table_ingest(store, &t, &options, &commit, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 2);
    ck_assert_uint_eq(report.rows_rejected, 2);
    user->schema.format = "I";
    user->buffers[0] = NULL;
    user->buffers[1] = small_ids;
    CK_OK(table_ingest(store, &t, &options, NULL, &report, &err), err);
    ck_assert_uint_eq(report.users_added, 2);
    /* The one kind of store refuses the ids of the other. */
    users_fail(&t, SEG_E_SCHEMA, "user_id");
    table_init(&t, 4);
    user_column(&t);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_SCHEMA, err);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__ids_may_be_dictionaries_and_null)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const uint32_t codes[] = {1, 0, 7, 1};
    static const int64_t entries[] = {0, 3, 6};
    table t;
    table_init(&t, 4);
    node *user = column(&t, "I", "userId", 2, bits_1011, codes, NULL);
    give_dictionary(user, part(&t, "U", "", 2, 3, NULL, entries, "annben"));
    user->buffers[0] = "\x0b";
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(err.line, 3);
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    commit.flags = SEG_COMMIT_QUARANTINE;
    CK_OK(table_ingest(store, &t, &options, &commit, NULL, &err), err);
    check_segment(store, "everyone", "ben ann");
    seg_store_close(store, NULL);
}
END_TEST

/* ---- wrong values ---------------------------------------------------------------------------- */

START_TEST(test_arrow__numbers_beyond_64_bits_are_wrong_rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const uint64_t big[] = {1, UINT64_MAX, UINT64_MAX, 4};
    static const int64_t decimals[] = {1, 0, 2, 0, 3, 0, 4, 1};
    table t;
    table_init(&t, 4);
    user_column(&t);
    /* What lies under a null is nothing to complain about. */
    column(&t, "L", "big", 2, bits_1011, big, NULL);
    column(&t, "d:38,2", "money", 2, NULL, decimals, NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(err.line, 3);
    ck_assert_ptr_nonnull(strstr(err.message, "\"big\""));
    uint8_t results[4];
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    commit.flags = SEG_COMMIT_QUARANTINE;
    commit.row_results = results;
    commit.row_results_count = 4;
    CK_OK(table_ingest(store, &t, &options, &commit, NULL, &err), err);
    static const uint8_t wanted[] = {SEG_ROW_OK, SEG_ROW_OK, SEG_ROW_BAD_VALUE, SEG_ROW_BAD_VALUE};
    ck_assert_mem_eq(results, wanted, 4);
    check_segment(store, "big is null", "u1");
    check_segment(store, "money = 0.01", "u0");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__types_without_counterpart_are_refused_or_left_out)
{
    static const char *const formats[] = {"e",   "ttu",     "tDu",     "tiM", "+ud:0", "+m",
                                          "+vl", "d:38,-2", "d:40,19", "w:x", "tsx:",  "?"};
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        table t;
        table_init(&t, 4);
        user_column(&t);
        column(&t, formats[i], "odd", 2, NULL, four_days, NULL);
        users_fail(&t, SEG_E_SCHEMA, "\"odd\"");
        seg_store *store = store_open(NULL);
        seg_arrow_options options = options_of(SEG_ARROW_USERS);
        options.flags = SEG_ARROW_SKIP_UNSUPPORTED;
        CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
        check_segment(store, "everyone", "u0 u1 u2 u3");
        ck_assert_uint_eq(seg_store_column_count(store), 0);
        seg_store_close(store, NULL);
    }
    /* Binary is for ids; sets are for attributes. */
    table t;
    table_init(&t, 4);
    user_column(&t);
    column(&t, "z", "blob", 3, NULL, NULL, NULL);
    users_fail(&t, SEG_E_SCHEMA, "\"blob\"");
}
END_TEST

START_TEST(test_arrow__a_type_that_changed_is_refused)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    static const double seats[] = {1, 2, 3, 4};
    table t;
    table_init(&t, 4);
    user_column(&t);
    column(&t, "g", "seats", 2, NULL, seats, NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_SCHEMA, err);
    ck_assert_ptr_nonnull(strstr(err.message, "seats"));
    seg_store_close(store, NULL);
}
END_TEST

/* ---- portions -------------------------------------------------------------------------------- */

START_TEST(test_arrow__commits_in_portions)
{
    static const struct {
        uint64_t commit_rows, commits;
    } cases[] = {{0, 1}, {1, 5}, {4, 5}, {5, 3}, {8, 3}, {20, 1}, {UINT64_MAX, 1}};
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seg_store *store = store_open(NULL);
        table t;
        table_init(&t, 4);
        user_column(&t);
        column(&t, "tsu:UTC", "time", 2, NULL, four_days, NULL);
        t.batches = 5;
        seg_arrow_options options = options_of(SEG_ARROW_EVENTS);
        options.event = "login";
        options.event_size = 5;
        options.commit_rows = cases[i].commit_rows;
        seg_commit_report report = {.struct_size = sizeof report};
        CK_OK(table_ingest(store, &t, &options, NULL, &report, &err), err);
        ck_assert_uint_eq(report.rows_applied, 20);
        ck_assert_uint_eq(report.users_added, 4);
        ck_assert_uint_eq(report.commit_sequence, cases[i].commits);
        ck_assert_uint_eq(report.rejected_row, UINT64_MAX);
        check_segment(store, "did \"login\" exactly 5 times", "u0 u1 u2 u3");
        seg_store_close(store, NULL);
    }
}
END_TEST

/* _i: 0 one commit for all, 1 one for each record batch. */
START_TEST(test_arrow__a_token_is_applied_once)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    options.commit_rows = UINT64_MAX;
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    commit.token = "day 1";
    commit.token_size = 5;
    for (int i = 0; i < 3; i++) {
        seg_commit_report report = {.struct_size = sizeof report};
        CK_OK(table_ingest(store, &t, &options, &commit, &report, &err), err);
        ck_assert_uint_eq(report.flags, i == 0 ? 0 : SEG_COMMIT_REPEATED);
        ck_assert_uint_eq(report.users_added, 4);
        ck_assert_uint_eq(report.commit_sequence, 1);
    }
    options.commit_rows = 2;
    CK_FAILS(table_ingest(store, &t, &options, &commit, NULL, &err), SEG_E_ARG, err);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__a_failing_stream_says_so)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    t.batches = 2;
    t.next_code = EIO;
    t.error = "the disk is gone";
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    options.commit_rows = _i == 0 ? UINT64_MAX : 1;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_FAILS(table_ingest(store, &t, &options, NULL, &report, &err), SEG_E_IO, err);
    ck_assert_int_eq(err.os_errno, EIO);
    ck_assert_ptr_nonnull(strstr(err.message, "the disk is gone"));
    ck_assert_uint_eq(report.rows_applied, _i == 0 ? 0 : 8);
    check_segment(store, "everyone", _i == 0 ? "" : "u0 u1 u2 u3");
    t.error = NULL;
    t.batches = 0;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_IO, err);
    t.next_code = ENOMEM;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_NOMEM, err);
    t.schema_code = EINVAL;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_IO, err);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__rows_of_a_failure_count_over_the_stream)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    static const double scores[] = {1, 2, (double)NAN, 4};
    table t;
    table_init(&t, 4);
    user_column(&t);
    node *score = column(&t, "g", "score", 2, NULL, scores, NULL);
    t.batches = 3;
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    uint8_t results[12];
    commit.flags = SEG_COMMIT_QUARANTINE;
    commit.row_results = results;
    commit.row_results_count = 12;
    options.commit_rows = 5;
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(table_ingest(store, &t, &options, &commit, &report, &err), err);
    ck_assert_uint_eq(report.rows_rejected, 3);
    ck_assert_uint_eq(report.rejected_row, 2);
    for (int i = 0; i < 12; i++)
        ck_assert_uint_eq(results[i], i % 4 == 2 ? SEG_ROW_BAD_VALUE : SEG_ROW_OK);
    /* The last portion has no place for its results. */
    commit.row_results_count = 11;
    CK_FAILS(table_ingest(store, &t, &options, &commit, &report, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(report.rows_applied, 6);
    /* Strict: refused in the first portion already. */
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_DATA, err);
    ck_assert_uint_eq(err.line, 3);
    score->buffers[0] = "\x0b";
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_arrow__a_task_stops_it_and_shows_the_rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_task *task = NULL;
    CK_OK(seg_task_create(NULL, &task, &err), err);
    table t;
    table_init(&t, 4);
    user_column(&t);
    t.batches = 3;
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    options.task = task;
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    uint64_t done, total;
    seg_task_progress(task, &done, &total);
    ck_assert_uint_eq(done, 12);
    t.interrupt = task;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_INTERRUPTED, err);
    ck_assert_int_eq(t.batches_done, 1);
    seg_task_destroy(task);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- hostile arrays -------------------------------------------------------------------------- */

/* A table with a column of each kind; nodes: 0 users, 1 seats, 2 plan and 3 its dictionary,
 * 4 tags and 5 their items, 6 home and 7 its child, 8 view. */
static void table_of_kinds(table *t)
{
    static const int64_t seats[] = {1, 2, 3, 4};
    static const uint8_t codes[] = {1, 0, 1, 0};
    static const int32_t entries[] = {0, 3, 7};
    static const int32_t lists[] = {0, 1, 2, 3, 4};
    static const double places[] = {0, 0, 0, 0, 1, 1, 2, 2};
    static const int32_t views[] = {1, 65, 0, 0, 1, 65, 0, 0, 1, 65, 0, 0, 13, 0, 0, 0};
    static const int64_t sizes[] = {13};
    table_init(t, 4);
    user_column(t);
    column(t, "l", "seats", 2, NULL, seats, NULL);
    node *plan = column(t, "C", "plan", 2, NULL, codes, NULL);
    give_dictionary(plan, part(t, "u", "", 2, 3, NULL, entries, "proteam"));
    node *tags = column(t, "+l", "tags", 2, NULL, lists, NULL);
    give_child(tags, part(t, "u", "item", 4, 3, NULL, lists, "wxyz"));
    node *home = column(t, "+w:2", "home", 1, NULL, NULL, NULL);
    give_child(home, part(t, "g", "item", 8, 2, NULL, places, NULL));
    node *view = column(t, "vu", "view", 4, NULL, views, "thirteen byte");
    view->buffers[3] = sizes;
}

/* Spoils one thing; NULL where there is nothing left to spoil. Gives the column to be named. */
static const char *spoil_shape(table *t, int i)
{
    node *n = t->nodes;
    switch (i) {
    case 0: n[1].array.length = -1; return "seats";
    case 1: n[1].array.length = 3; return "seats";
    case 2: n[1].array.offset = -1; return "seats";
    case 3: n[1].array.offset = INT64_MAX; return "seats";
    case 4:
        n[1].array.length = INT64_MAX;
        n[1].array.offset = 8;
        return "seats";
    case 5: n[1].array.n_buffers = 1; return "seats";
    case 6: n[1].array.n_buffers = -2; return "seats";
    case 7: n[1].array.buffers = NULL; return "seats";
    case 8: n[1].buffers[1] = NULL; return "seats";
    case 9: n[1].array.null_count = 2; return "seats";
    case 10: n[1].array.release = NULL; return "seats";
    case 11: n[1].array.n_children = 1; return "seats";
    case 12: n[1].array.dictionary = &n[3].array; return "seats";
    case 13: n[0].array.n_buffers = 2; return "user_id";
    case 14: n[0].buffers[1] = NULL; return "user_id";
    case 15: n[0].buffers[2] = NULL; return "user_id";
    case 16: n[2].array.dictionary = NULL; return "plan";
    case 17: n[3].array.release = NULL; return "plan";
    case 18: n[3].array.length = -1; return "plan";
    case 19: n[3].array.length = 1; return "plan";
    case 20: n[3].buffers[1] = NULL; return "plan";
    case 21: n[4].array.n_children = 0; return "tags";
    case 22: n[4].array.children = NULL; return "tags";
    case 23: n[4].array_children[0] = NULL; return "tags";
    case 24: n[5].array.length = 3; return "tags";
    case 25: n[5].array.release = NULL; return "tags";
    case 26: n[4].buffers[1] = NULL; return "tags";
    case 27: n[6].array.n_children = 2; return "home";
    case 28: n[7].array.length = 7; return "home";
    case 29: n[7].buffers[1] = NULL; return "home";
    case 30: n[8].array.n_buffers = 2; return "view";
    case 31: n[8].array.n_buffers = INT64_MAX; return "view";
    case 32: n[8].buffers[2] = NULL; return "view";
    case 33: n[8].buffers[3] = NULL; return "view";
    default: return NULL;
    }
}

static const char *spoil_content(table *t, int i)
{
    static const int32_t falling[] = {0, 4, 2, 6, 8}, negative[] = {-4, 0, 0, 0, 4};
    static const int32_t beyond[] = {0, 1, 2, 3, 1000};
    static const uint8_t codes[] = {1, 0, 2, 0};
    static const int8_t negative_codes[] = {1, 0, -1, 0};
    static const uint64_t huge_codes[] = {1, 0, UINT64_MAX, 0};
    static const int32_t views[][16] = {
        {[12] = -1},                      /* negative size */
        {[12] = 14, [14] = 0, [15] = 0},  /* beyond the buffer */
        {[12] = 13, [14] = 1, [15] = 0},  /* no such buffer */
        {[12] = 13, [14] = -1, [15] = 0}, /* nor that */
        {[12] = 13, [14] = 0, [15] = -1}, /* before the buffer */
        {[12] = 13, [14] = 0, [15] = INT32_MAX},
    };
    node *n = t->nodes;
    switch (i) {
    case 0: n[0].buffers[1] = falling; return "user_id";
    case 1: n[0].buffers[1] = negative; return "user_id";
    case 2: n[2].buffers[1] = codes; return "plan";
    case 3:
        n[2].buffers[1] = negative_codes;
        n[2].schema.format = "c";
        return "plan";
    case 4:
        n[2].buffers[1] = huge_codes;
        n[2].schema.format = "L";
        return "plan";
    case 5: n[3].buffers[1] = negative; return "plan";
    case 6: n[4].buffers[1] = falling; return "tags";
    case 7: n[4].buffers[1] = negative; return "tags";
    case 8: n[4].buffers[1] = beyond; return "tags";
    case 9: n[5].buffers[1] = falling; return "tags";
    case 10:
    case 11:
    case 12:
    case 13:
    case 14:
    case 15: n[8].buffers[1] = views[i - 10]; return "view";
    default: return NULL;
    }
}

/* Spoiled schemas and records as a whole: no column is to blame, or it is before any array. */
static bool spoil_whole(table *t, int i)
{
    static node deep;
    node *n = t->nodes;
    switch (i) {
    case 0: t->root.schema.format = "l"; return true;
    case 1: t->root.schema.format = NULL; return true;
    case 2: t->root.schema.release = NULL; return true;
    case 3: t->root.schema.n_children = -1; return true;
    case 4: t->root.schema.n_children = INT64_MAX; return true;
    case 5: t->root.schema.children = NULL; return true;
    case 6: t->root.schema_children[1] = NULL; return true;
    case 7: n[1].schema.release = NULL; return true;
    case 8: n[1].schema.format = NULL; return true;
    case 9: n[1].schema.n_children = 3; return true;
    case 10: n[4].schema.n_children = 0; return true;
    case 11: n[4].schema_children[0] = NULL; return true;
    case 12: n[5].schema.format = NULL; return true;
    case 13: n[5].schema.dictionary = &deep.schema; return true;
    case 14: n[2].schema.dictionary = &deep.schema; return true;
    case 15: n[2].schema.format = "g"; return true;
    case 16: t->root.array.length = -1; return true;
    case 17: t->root.array.length = INT64_MAX; return true;
    case 18: t->root.array.offset = -4; return true;
    case 19: t->root.array.n_children = 2; return true;
    case 20: t->root.array.children = NULL; return true;
    case 21: t->root.array_children[1] = NULL; return true;
    case 22: t->root.array.n_buffers = 0; return true;
    case 23: t->root.buffers[0] = "\x07"; return true;
    case 24: t->root.array.dictionary = &n[0].array; return true;
    case 25: n[1].schema.name = NULL; return true;
    case 26: n[1].schema.name = "\xff\xfe"; return true;
    case 27: n[1].schema.name = "plan"; return true;
    case 28: n[0].schema.name = NULL; return true;
    /* Lists of lists, dictionaries of dictionaries: however deep, the second level is refused. */
    case 29: n[5].schema.format = "+l"; return true;
    case 30:
        n[3].schema.format = "C";
        n[3].schema.dictionary = &n[0].schema;
        return true;
    default: return false;
    }
}

START_TEST(test_arrow__hostile_arrays_are_refused)
{
    table t;
    table_of_kinds(&t);
    seg_store *store = store_open(NULL);
    ingest_users(store, &t);
    check_segment(store, "view = \"thirteen byte\" and tags has \"z\" and plan = \"pro\"", "u3");
    seg_store_close(store, NULL);
    const char *name;
    for (int i = 0; table_of_kinds(&t), (name = spoil_shape(&t, i)) != NULL; i++)
        users_fail(&t, SEG_E_DATA, name);
    for (int i = 0; table_of_kinds(&t), (name = spoil_content(&t, i)) != NULL; i++)
        users_fail(&t, SEG_E_DATA, name);
    for (int i = 0; table_of_kinds(&t), spoil_whole(&t, i); i++) {
        seg_error err = SEG_ERROR_INIT;
        store = store_open(NULL);
        seg_arrow_options options = options_of(SEG_ARROW_USERS);
        seg_status status = table_ingest(store, &t, &options, NULL, NULL, &err);
        ck_assert_msg(status < 0, "%d was taken", i);
        check_segment(store, "everyone", "");
        seg_store_close(store, NULL);
    }
}
END_TEST

/* ---- options --------------------------------------------------------------------------------- */

START_TEST(test_arrow__refuses_bad_options_and_still_releases)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    table t;
    table_init(&t, 4);
    user_column(&t);
    seg_arrow_options options;
    seg_arrow_options_init(&options, sizeof options);
    ck_assert_int_eq(memcmp(&options, &(seg_arrow_options)SEG_ARROW_OPTIONS_INIT, sizeof options),
                     0);
    CK_FAILS(table_ingest(store, &t, NULL, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.kind = 3;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.kind = SEG_ARROW_USERS;
    CK_FAILS(table_ingest(NULL, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    seg_commit_report report = {.struct_size = 0};
    CK_FAILS(table_ingest(store, &t, &options, NULL, &report, &err), SEG_E_ARG, err);
    options.flags = 8;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.flags = SEG_ARROW_NULL_IS_NULL | SEG_ARROW_NULL_IS_ABSENT;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.flags = 0;
    options.reserved = 1;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.reserved = 0;
    options.event = "login";
    options.event_size = 5;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.event = NULL;
    CK_FAILS(table_ingest(store, &t, &options, NULL, NULL, &err), SEG_E_ARG, err);
    options.event_size = 0;
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    commit.flags = 4;
    CK_FAILS(table_ingest(store, &t, &options, &commit, NULL, &err), SEG_E_ARG, err);
    struct ArrowArrayStream released = {0};
    CK_FAILS(seg_store_ingest_arrow(store, &released, &options, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_ingest_arrow(store, NULL, &options, NULL, NULL, &err), SEG_E_ARG, err);
    CK_OK(table_ingest(store, &t, &options, NULL, NULL, &err), err);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- memory ---------------------------------------------------------------------------------- */

/* Every allocation fails in turn; the store is as before and the stream is released. */
START_TEST(test_arrow__every_failure_of_memory_is_clean)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = mem_fault_allocator(&fault);
    uint64_t failures = 0;
    for (uint64_t n = 1;; n++) {
        seg_store *store = store_open(&options);
        table t;
        table_of_kinds(&t);
        t.batches = 3;
        seg_arrow_options arrow = options_of(SEG_ARROW_USERS);
        arrow.commit_rows = UINT64_MAX;
        arrow.timezone = "Europe/Berlin";
        arrow.timezone_size = 13;
        mem_fault_fail_at(&fault, n);
        seg_status status = table_ingest(store, &t, &arrow, NULL, NULL, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        ck_assert_msg(status == (failed ? SEG_E_NOMEM : SEG_OK), "allocation %llu: %s",
                      (unsigned long long)n, err.message);
        check_segment(store, "everyone", failed ? "" : "u0 u1 u2 u3");
        seg_store_close(store, NULL);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
        if (!failed)
            break;
        failures++;
    }
    ck_assert_uint_gt(failures, 30);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/arrow");
    TCase *types = tcase_create("types");
    tcase_add_test(types, test_arrow__takes_numbers_of_every_width);
    tcase_add_test(types, test_arrow__takes_decimals_of_every_width);
    tcase_add_test(types, test_arrow__takes_texts_of_every_form);
    tcase_add_test(types, test_arrow__takes_times_of_every_unit);
    tcase_add_loop_test(types, test_arrow__times_without_zone_are_civil_times, 0, 2);
    tcase_add_test(types, test_arrow__takes_lists_of_texts);
    tcase_add_test(types, test_arrow__takes_places_of_every_form);
    tcase_add_test(types, test_arrow__nulls_of_users_empty_attributes);
    tcase_add_loop_test(types, test_arrow__offsets_count, 0, 3);
    tcase_add_test(types, test_arrow__buffers_need_no_alignment);
    tcase_add_test(types, test_arrow__empty_batches_are_fine);
    tcase_add_loop_test(types, test_arrow__roles_may_be_null, 0, 2);
    suite_add_tcase(s, types);
    TCase *events = tcase_create("events");
    tcase_add_test(events, test_arrow__takes_events_with_plain_types_and_ids);
    tcase_add_test(events, test_arrow__event_types_may_be_a_dictionary);
    tcase_add_test(events, test_arrow__names_may_be_given);
    tcase_add_test(events, test_arrow__integer_ids_need_a_store_of_them);
    tcase_add_test(events, test_arrow__ids_may_be_dictionaries_and_null);
    suite_add_tcase(s, events);
    TCase *failures = tcase_create("failures");
    tcase_set_timeout(failures, 100);
    tcase_add_test(failures, test_arrow__numbers_beyond_64_bits_are_wrong_rows);
    tcase_add_test(failures, test_arrow__types_without_counterpart_are_refused_or_left_out);
    tcase_add_test(failures, test_arrow__a_type_that_changed_is_refused);
    tcase_add_test(failures, test_arrow__commits_in_portions);
    tcase_add_test(failures, test_arrow__a_token_is_applied_once);
    tcase_add_loop_test(failures, test_arrow__a_failing_stream_says_so, 0, 2);
    tcase_add_test(failures, test_arrow__rows_of_a_failure_count_over_the_stream);
    tcase_add_test(failures, test_arrow__a_task_stops_it_and_shows_the_rows);
    tcase_add_test(failures, test_arrow__hostile_arrays_are_refused);
    tcase_add_test(failures, test_arrow__refuses_bad_options_and_still_releases);
    tcase_add_test(failures, test_arrow__every_failure_of_memory_is_clean);
    suite_add_tcase(s, failures);
    return s;
}
