/* test_sql.c - seg/sql.h: the texts of statements, what is refused and where, options, memory.
 * That engines find the same members with them is the matter of tests/sql/run.py. */
#include "api_fixture.h"
#include "support/mem_fault.h"

#define HEAD_USERS " FROM \"users\" AS u"
#define SINCE " WHERE u.seg_since <= 1769904000000000 AND "

static seg_store *sql_store(const seg_allocator *allocator)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = allocator;
    seg_store *store = store_open(&options);
    store_fill(store);
    CK_OK(seg_store_define_attribute(store, TEXT("odd \"name\""), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_store_define_attribute(store, TEXT("seg_tag"), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_store_define_attribute(store, TEXT("Country"), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_store_define_attribute(store, TEXT("tags"), SEG_TYPE_STRING_SET, 0, &err), err);
    CK_OK(seg_store_define_event(store, TEXT("login"), &err), err);
    CK_OK(seg_store_define_segment(store, TEXT("lot"), TEXT("seats > 1 and split(\"x\", 0%, 5%)"),
                                   NULL, &err),
          err);
    return store;
}

static seg_status say(seg_store *store, const char *text, uint32_t dialect, seg_buffer **out,
                      seg_error *err)
{
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    seg_segment *segment = NULL;
    options.dialect = dialect;
    options.now = NOW;
    seg_status status = seg_segment_compile(store, text, strlen(text), 0, &segment, err);
    if (status == SEG_OK)
        status = seg_segment_to_sql(segment, &options, out, err);
    seg_segment_release(segment);
    return status;
}

static void check_sql(seg_store *store, uint32_t dialect, const char *text, const char *expected)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *sql = NULL;
    CK_OK(say(store, text, dialect, &sql, &err), err);
    ck_assert_str_eq(seg_buffer_data(sql), expected);
    seg_buffer_destroy(sql);
}

static void check_refused(seg_store *store, uint32_t dialect, const char *text, int64_t offset,
                          int64_t length, const char *message)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *sql = NULL;
    CK_FAILS(say(store, text, dialect, &sql, &err), SEG_E_DIALECT, err);
    ck_assert_ptr_null(sql);
    ck_assert_str_eq(err.message, message);
    ck_assert_int_eq(err.offset, offset);
    ck_assert_int_eq(err.length, length);
}

START_TEST(test_sql__attributes)
{
    seg_store *store = sql_store(NULL);
    check_sql(store, SEG_SQL_DUCKDB, "seats > 2 and not seats = 12",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "(COALESCE(u.\"seats\" > 2, FALSE) AND (NOT COALESCE(u.\"seats\" = 12, FALSE)))"
              " ORDER BY u.seg_user");
    check_sql(store, SEG_SQL_CLICKHOUSE, "tags has all (\"a\", \"b\")",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "COALESCE(u.\"seg_state_tags\" = 0 AND hasAll(u.\"tags\", ['a', 'b']) AND "
              "length(u.\"tags\") > 0, FALSE) ORDER BY u.seg_user SETTINGS join_use_nulls = 1");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_sql__events_are_tables)
{
    seg_store *store = sql_store(NULL);
    check_sql(store, SEG_SQL_DUCKDB, "did \"purchase\" at most 2 times in last 30 days",
              "WITH seg_1 AS (SELECT e.seg_user AS seg_user, count(*) AS seg_v FROM \"events\" AS e"
              " WHERE e.seg_event IN ('purchase') AND e.seg_time >= 1767312000000001 AND"
              " e.seg_time < 1769904000000001 GROUP BY e.seg_user) SELECT u.seg_user AS "
              "seg_user" HEAD_USERS " LEFT JOIN seg_1 ON seg_1.seg_user = u.seg_user" SINCE
              "(COALESCE(seg_1.seg_v, 0) >= 0 AND COALESCE(seg_1.seg_v, 0) <= 2)"
              " ORDER BY u.seg_user");
    /* What is asked twice is one table. */
    check_sql(store, SEG_SQL_DUCKDB, "did \"purchase\" xor did \"purchase\"",
              "WITH seg_1 AS (SELECT e.seg_user AS seg_user, count(*) AS seg_v FROM \"events\" AS e"
              " WHERE e.seg_event IN ('purchase') AND e.seg_time < 1769904000000001"
              " GROUP BY e.seg_user) SELECT u.seg_user AS seg_user" HEAD_USERS
              " LEFT JOIN seg_1 ON seg_1.seg_user = u.seg_user" SINCE
              "((seg_1.seg_v IS NOT NULL) <> (seg_1.seg_v IS NOT NULL)) ORDER BY u.seg_user");
    seg_store_close(store, NULL);
}
END_TEST

/* Text from outside stays text. */
START_TEST(test_sql__quotes)
{
    seg_store *store = sql_store(NULL);
    check_sql(store, SEG_SQL_DUCKDB, "`odd \"name\"` = \"it's \\\\ \\\"x\\\"\"",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "COALESCE(u.\"odd \"\"name\"\"\" = 'it''s \\ \"x\"', FALSE) ORDER BY u.seg_user");
    check_sql(store, SEG_SQL_CLICKHOUSE, "`odd \"name\"` = \"it's \\\\ \\\"x\\\"\"",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "COALESCE(u.\"odd \\\"name\\\"\" = 'it\\'s \\\\ \"x\"', FALSE) ORDER BY u.seg_user"
              " SETTINGS join_use_nulls = 1");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_sql__refused_with_its_place)
{
    seg_store *store = sql_store(NULL);
    check_refused(store, SEG_SQL_CLICKHOUSE,
                  "seats > 1 or sequence (\"login\" then \"purchase\", entry first) today", 13, 53,
                  "a sequence of more than plain steps cannot be said in the SQL of ClickHouse");
    check_refused(store, SEG_SQL_DUCKDB, "not split(\"x\", 0%, 50%)", 4, 19,
                  "a draw by XXH3 cannot be said in the SQL of DuckDB");
    /* A saved segment's own text is another one. */
    check_refused(store, SEG_SQL_DUCKDB, "seats = 3 and in segment \"lot\"", 14, 16,
                  "a draw by XXH3 cannot be said in the SQL of DuckDB");
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_define_history(store, TEXT("level"), SEG_TYPE_INT64, 0, &err), err);
    check_sql(store, SEG_SQL_DUCKDB, "level = 3",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "COALESCE(u.\"level\" = 3, FALSE) ORDER BY u.seg_user");
    check_refused(store, SEG_SQL_DUCKDB, "seats = 3 and level changed", 14, 13,
                  "the history of an attribute cannot be said in the SQL of DuckDB");
    check_refused(store, SEG_SQL_CLICKHOUSE, "level as of 2026-01-01 > 1", 0, 22,
                  "the history of an attribute cannot be said in the SQL of ClickHouse");
    check_refused(store, SEG_SQL_DUCKDB, "seg_tag = \"x\"", 0, 7,
                  "a name whose column is taken cannot be said in the SQL of DuckDB");
    check_refused(store, SEG_SQL_DUCKDB, "country = \"DE\"", 0, 7,
                  "a name whose column is taken cannot be said in the SQL of DuckDB");
    check_sql(store, SEG_SQL_CLICKHOUSE, "Country = \"DE\"",
              "SELECT u.seg_user AS seg_user" HEAD_USERS SINCE
              "COALESCE(u.\"Country\" = 'DE', FALSE) ORDER BY u.seg_user"
              " SETTINGS join_use_nulls = 1");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_sql__options)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = sql_store(NULL);
    seg_segment *segment = NULL, *open = NULL;
    seg_buffer *sql = NULL;
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    CK_OK(seg_segment_compile(store, TEXT("did \"login\""), 0, &segment, &err), err);
    CK_OK(seg_segment_compile(store, TEXT("seats > $n"), 0, &open, &err), err);
    CK_FAILS(seg_segment_to_sql(segment, &options, &sql, &err), SEG_E_ARG, err);
    options.dialect = 3;
    CK_FAILS(seg_segment_to_sql(segment, &options, &sql, &err), SEG_E_ARG, err);
    options.dialect = SEG_SQL_DUCKDB;
    options.now = NOW;
    CK_FAILS(seg_segment_to_sql(open, &options, &sql, &err), SEG_E_BOUND, err);
    CK_FAILS(seg_segment_to_sql(NULL, &options, &sql, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_to_sql(segment, NULL, &sql, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_to_sql(segment, &options, NULL, &err), SEG_E_ARG, err);
    options.users = "seg_1";
    CK_FAILS(seg_segment_to_sql(segment, &options, &sql, &err), SEG_E_ARG, err);
    options.users = "crm.people";
    options.events = "raw\"events";
    options.now = SEG_TIME_MAX + 1;
    CK_FAILS(seg_segment_to_sql(segment, &options, &sql, &err), SEG_E_ARG, err);
    options.now = 0;
    CK_OK(seg_segment_to_sql(segment, &options, &sql, &err), err);
    ck_assert_ptr_nonnull(strstr(seg_buffer_data(sql), "FROM \"crm\".\"people\" AS u"));
    ck_assert_ptr_nonnull(strstr(seg_buffer_data(sql), "FROM \"raw\"\"events\" AS e"));
    seg_buffer_destroy(sql);
    seg_segment_release(open);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

static const char rich[] =
    "sum(amount) of \"purchase\" in last 30 days in top 10% or first \"login\" this year or "
    "nth(2) \"purchase\" where (amount > 1 and @weekday = \"mon\") ever tz \"Europe/Berlin\" or "
    "did \"login\" within 2 days after first \"purchase\" or quintile(seats) = 5 or "
    "median(amount) of \"purchase\" > 3 or mode(amount) of \"purchase\" = 2 or tags has \"x\" or "
    "country matches \"a*\"";

/* Whatever allocation fails, the call says so and keeps nothing. */
START_TEST(test_sql__out_of_memory)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = sql_store(mem_fault_allocator(&fault));
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    seg_segment *segment = NULL;
    seg_buffer *sql = NULL;
    options.dialect = SEG_SQL_CLICKHOUSE;
    options.now = NOW;
    CK_OK(seg_segment_compile(store, TEXT(rich), 0, &segment, &err), err);
    uint64_t blocks = mem_fault_live_blocks(&fault), n = 1;
    for (;; n++) {
        mem_fault_fail_at(&fault, n);
        seg_status status = seg_segment_to_sql(segment, &options, &sql, &err);
        if (status == SEG_OK)
            break;
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_ptr_null(sql);
        ck_assert_uint_eq(mem_fault_live_blocks(&fault), blocks);
    }
    ck_assert_uint_gt(n, 10);
    mem_fault_fail_at(&fault, 0);
    seg_buffer_destroy(sql);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/sql");
    TCase *c = tcase_create("sql");
    tcase_add_test(c, test_sql__attributes);
    tcase_add_test(c, test_sql__events_are_tables);
    tcase_add_test(c, test_sql__quotes);
    tcase_add_test(c, test_sql__refused_with_its_place);
    tcase_add_test(c, test_sql__options);
    tcase_add_test(c, test_sql__out_of_memory);
    suite_add_tcase(s, c);
    return s;
}
