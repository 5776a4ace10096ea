/* unit/base/test_civil.c - base/civil.h: dates, periods and text forms. */
#include <stdint.h>
#include <string.h>

#include "base/civil.h"
#include "support/check_main.h"

static int32_t day(int32_t year, int32_t month, int32_t d)
{
    return segi_civil_days(year, month, d);
}

/* Counts through twelve thousand years day by day. */
START_TEST(test_civil__days_and_dates_agree)
{
    int32_t number = day(-2000, 1, 1);
    for (int32_t year = -2000; year <= 10000; year++) {
        for (int32_t month = 1; month <= 12; month++) {
            int32_t length = segi_civil_month_length(year, month);
            for (int32_t d = 1; d <= length; d++, number++) {
                int32_t y, m, dd;
                segi_civil_from_days(number, &y, &m, &dd);
                if (y != year || m != month || dd != d || day(year, month, d) != number)
                    ck_abort_msg("%d-%d-%d is day %d", year, month, d, number);
            }
        }
    }
    ck_assert_int_eq(day(1970, 1, 1), 0);
    ck_assert_int_eq(day(2000, 3, 1), 11017);
    ck_assert_int_eq(day(1, 1, 1), -719162);
    ck_assert_int_eq(day(9999, 12, 31), 2932896);
}
END_TEST

START_TEST(test_civil__month_lengths)
{
    ck_assert_int_eq(segi_civil_month_length(2000, 2), 29);
    ck_assert_int_eq(segi_civil_month_length(1900, 2), 28);
    ck_assert_int_eq(segi_civil_month_length(2024, 2), 29);
    ck_assert_int_eq(segi_civil_month_length(2023, 2), 28);
    ck_assert_int_eq(segi_civil_month_length(2023, 4), 30);
    ck_assert_int_eq(segi_civil_month_length(2023, 12), 31);
    ck_assert_int_eq(segi_civil_month_length(2023, 13), 0);
    ck_assert_int_eq(segi_civil_month_length(2023, 0), 0);
}
END_TEST

START_TEST(test_civil__weekdays)
{
    check_fast(segi_civil_weekday(0) == 4);
    check_fast(segi_civil_weekday(-1) == 3);
    check_fast(segi_civil_weekday(day(2026, 3, 2)) == 1);
    check_fast(segi_civil_weekday(day(2026, 3, 1)) == 7);
    for (int32_t d = -1000; d < 1000; d++)
        check_fast(segi_civil_weekday(d + 1) == segi_civil_weekday(d) % 7 + 1);
    check_fast(segi_civil_weekday(INT32_MIN) >= 1);
    check_fast(segi_civil_weekday(INT32_MAX) <= 7);
}
END_TEST

START_TEST(test_civil__adding_months_clamps_to_the_end)
{
    static const struct {
        int32_t from[3];
        int32_t months;
        int32_t to[3];
    } cases[] = {
        {{2026, 3, 31}, -1, {2026, 2, 28}},  {{2024, 3, 31}, -1, {2024, 2, 29}},
        {{2026, 1, 31}, 1, {2026, 2, 28}},   {{2026, 1, 31}, 3, {2026, 4, 30}},
        {{2026, 1, 30}, 1, {2026, 2, 28}},   {{2026, 12, 31}, 2, {2027, 2, 28}},
        {{2024, 2, 29}, 12, {2025, 2, 28}},  {{2024, 2, 29}, 48, {2028, 2, 29}},
        {{2024, 2, 29}, -12, {2023, 2, 28}}, {{2026, 1, 15}, -1, {2025, 12, 15}},
        {{2026, 1, 1}, -13, {2024, 12, 1}},  {{2026, 5, 17}, 0, {2026, 5, 17}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const int32_t *f = cases[i].from, *t = cases[i].to;
        ck_assert_int_eq(segi_civil_add_months(day(f[0], f[1], f[2]), cases[i].months),
                         day(t[0], t[1], t[2]));
    }
    /* Absurd distances end at the ends of the day numbers. */
    ck_assert_int_eq(segi_civil_add_months(0, INT32_MAX), INT32_MAX);
    ck_assert_int_eq(segi_civil_add_months(0, INT32_MIN), INT32_MIN);
    ck_assert_int_eq(segi_civil_add_months(INT32_MAX, INT32_MAX), INT32_MAX);
    ck_assert_int_eq(segi_civil_add_months(INT32_MIN, INT32_MIN), INT32_MIN);
}
END_TEST

START_TEST(test_civil__periods_start_and_add)
{
    int32_t d = day(2026, 8, 19); /* a Wednesday */
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_DAY, d, 1), d);
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_WEEK, d, 1), day(2026, 8, 17));
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_WEEK, d, 7), day(2026, 8, 16));
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_MONTH, d, 1), day(2026, 8, 1));
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_QUARTER, d, 1), day(2026, 7, 1));
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_YEAR, d, 1), day(2026, 1, 1));
    /* The first day of a week is its own start. */
    for (int32_t week_start = 1; week_start <= 7; week_start++) {
        for (int32_t x = -20; x < 20; x++) {
            int32_t start = segi_civil_period_start(SEGI_PERIOD_WEEK, x, week_start);
            ck_assert_int_eq(segi_civil_weekday(start), week_start);
            ck_assert_int_le(start, x);
            ck_assert_int_gt(start + 7, x);
        }
    }
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_DAY, d, -20), d - 20);
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_WEEK, d, 2), d + 14);
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_MONTH, day(2026, 1, 1), -1),
                     day(2025, 12, 1));
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_QUARTER, day(2026, 1, 1), 5),
                     day(2027, 4, 1));
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_YEAR, day(2026, 1, 1), -26),
                     day(2000, 1, 1));
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_YEAR, 0, INT32_MAX), INT32_MAX);
    ck_assert_int_eq(segi_civil_period_add(SEGI_PERIOD_WEEK, 0, INT32_MIN), INT32_MIN);
    ck_assert_int_eq(segi_civil_period_start(SEGI_PERIOD_WEEK, INT32_MIN, 1), INT32_MIN);
}
END_TEST

START_TEST(test_civil__floor_division)
{
    static const int64_t cases[][3] = {{7, 2, 3},
                                       {-7, 2, -4},
                                       {-8, 2, -4},
                                       {0, 5, 0},
                                       {-1, 1000, -1},
                                       {INT64_MIN, 1, INT64_MIN},
                                       {INT64_MIN, SEGI_DAY, -106751992}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_int_eq(segi_floor_div(cases[i][0], cases[i][1]), cases[i][2]);
}
END_TEST

START_TEST(test_civil__parses_dates_and_times)
{
    static const struct {
        const char *text;
        size_t used;
        int32_t date[3];
        int64_t time_of_day;
        bool has_time, has_offset;
        int32_t offset_seconds;
    } cases[] = {
        {"2026-01-31", 10, {2026, 1, 31}, 0, false, false, 0},
        {"0001-01-01", 10, {1, 1, 1}, 0, false, false, 0},
        {"9999-12-31", 10, {9999, 12, 31}, 0, false, false, 0},
        {"2024-02-29", 10, {2024, 2, 29}, 0, false, false, 0},
        {"2026-01-31, more", 10, {2026, 1, 31}, 0, false, false, 0},
        {"2026-01-31 and", 10, {2026, 1, 31}, 0, false, false, 0},
        {"2026-01-31 12 items", 10, {2026, 1, 31}, 0, false, false, 0},
        {"2026-01-31T12:30", 16, {2026, 1, 31}, 750 * SEGI_MINUTE, true, false, 0},
        {"2026-01-31 12:30", 16, {2026, 1, 31}, 750 * SEGI_MINUTE, true, false, 0},
        {"2026-01-31T00:00:00Z", 20, {2026, 1, 31}, 0, true, true, 0},
        {"2026-01-31T23:59:59.999999Z", 27, {2026, 1, 31}, SEGI_DAY - 1, true, true, 0},
        {"2026-01-31T00:00:00.5", 21, {2026, 1, 31}, 500000, true, false, 0},
        {"2026-01-31T00:00:01.25+05:30", 28, {2026, 1, 31}, 1250000, true, true, 19800},
        {"2026-01-31T00:00-08:00)", 22, {2026, 1, 31}, 0, true, true, -28800},
        {"2026-01-31T00:00Zebra", 17, {2026, 1, 31}, 0, true, true, 0},
        {"2026-01-31T00:00:00. ", 19, {2026, 1, 31}, 0, true, false, 0},
        {"2026-01-31T00:00 - 3 days", 16, {2026, 1, 31}, 0, true, false, 0},
        {"2026-01-31T00:00-3 days", 16, {2026, 1, 31}, 0, true, false, 0},
        {"2026-01-31T00:00-30 days", 16, {2026, 1, 31}, 0, true, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_civil_time t;
        size_t used = segi_civil_parse(cases[i].text, strlen(cases[i].text), &t);
        ck_assert_msg(used == cases[i].used, "%s: %zu", cases[i].text, used);
        const int32_t *date = cases[i].date;
        ck_assert_int_eq(t.days, day(date[0], date[1], date[2]));
        ck_assert_int_eq(t.time_of_day, cases[i].time_of_day);
        ck_assert_int_eq(t.has_time, cases[i].has_time);
        ck_assert_int_eq(t.has_offset, cases[i].has_offset);
        ck_assert_int_eq(t.offset_seconds, cases[i].offset_seconds);
    }
}
END_TEST

START_TEST(test_civil__refuses_what_is_no_date)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-01",
        "2026-01-3",
        "2026-1-31",
        "2026/01/31",
        "20260131",
        "0000-01-01",
        "2026-00-10",
        "2026-13-10",
        "2026-01-00",
        "2026-01-32",
        "2026-04-31",
        "2026-02-29",
        "1900-02-29",
        "-026-01-01",
        "2026-01-311",
        "2026-01-31T",
        "2026-01-31T1:30",
        "2026-01-31T24:00",
        "2026-01-31T12:60",
        "2026-01-31T12:3",
        "2026-01-31T12",
        "2026-01-31 24:00",
        "2026-01-31 12:6",
        "2026-01-31T12:30:60",
        "2026-01-31T12:30:6",
        "2026-01-31T12:30:",
        "2026-01-31T12:30:00.1234567",
        "2026-01-31T12:30+24:00",
        "2026-01-31T12:30+05:60",
        "2026-01-31T12:301",
        "2026-01-31T12:30:001",
        "2026-01-31T12:30Z5",
        " 2026-01-31",
        "2026-01-31T\xff\xff:00",
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_civil_time t;
        ck_assert_msg(segi_civil_parse(cases[i], strlen(cases[i]), &t) == 0, "%s", cases[i]);
        ck_assert_int_eq(t.days, 0);
        ck_assert_int_eq(t.has_time, false);
    }
}
END_TEST

/* Each prefix of a full form, given in a block of exactly its size for the sanitizer's sake. */
START_TEST(test_civil__reads_within_its_bytes)
{
    static const char full[] = "2026-01-31T23:59:59.123456+05:30";
    const segi_mem *mem = segi_mem_default();
    for (size_t size = 0; size < sizeof full; size++) {
        char *copy = segi_alloc(mem, size);
        memcpy(copy, full, size);
        segi_civil_time t;
        ck_assert_uint_le(segi_civil_parse(copy, size, &t), size);
        segi_free(mem, copy);
    }
}
END_TEST

START_TEST(test_civil__writes_dates_and_instants)
{
    static const struct {
        int64_t instant;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00Z"},
        {-1, "1969-12-31T23:59:59.999999Z"},
        {1767225600000000, "2026-01-01T00:00:00Z"},
        {1767225600000010, "2026-01-01T00:00:00.000010Z"},
        {INT64_MAX, "+294247-01-10T04:00:54.775807Z"},
        {INT64_MIN, "-290308-12-21T19:59:05.224192Z"},
        {-62135596800000000, "0001-01-01T00:00:00Z"},
    };
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_buf_reset(&buf);
        segi_civil_write_instant(&buf, cases[i].instant);
        segi_buf_char(&buf, '\0');
        ck_assert_str_eq(buf.data, cases[i].text);
    }
    segi_buf_reset(&buf);
    segi_civil_write_date(&buf, day(2026, 1, 31));
    segi_civil_write_date(&buf, day(987, 6, 5));
    segi_buf_char(&buf, '\0');
    ck_assert_str_eq(buf.data, "2026-01-310987-06-05");
    segi_buf_reset(&buf);
    segi_civil_write_date(&buf, INT32_MIN);
    segi_civil_write_date(&buf, INT32_MAX);
    segi_buf_deinit(&buf);
}
END_TEST

START_TEST(test_civil__what_is_written_reads_back)
{
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    int64_t instant = -62135596800000000;
    while (instant < INT64_C(253402300800000000)) {
        segi_buf_reset(&buf);
        segi_civil_write_instant(&buf, instant);
        segi_civil_time t;
        check_fast(segi_civil_parse(buf.data, buf.size, &t) == buf.size);
        check_fast(t.days * SEGI_DAY + t.time_of_day == instant);
        check_fast(t.has_offset);
        instant += INT64_C(31556952123457);
    }
    segi_buf_deinit(&buf);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/civil");
    TCase *tc = tcase_create("civil");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_civil__days_and_dates_agree);
    tcase_add_test(tc, test_civil__month_lengths);
    tcase_add_test(tc, test_civil__weekdays);
    tcase_add_test(tc, test_civil__adding_months_clamps_to_the_end);
    tcase_add_test(tc, test_civil__periods_start_and_add);
    tcase_add_test(tc, test_civil__floor_division);
    tcase_add_test(tc, test_civil__parses_dates_and_times);
    tcase_add_test(tc, test_civil__refuses_what_is_no_date);
    tcase_add_test(tc, test_civil__reads_within_its_bytes);
    tcase_add_test(tc, test_civil__writes_dates_and_instants);
    tcase_add_test(tc, test_civil__what_is_written_reads_back);
    suite_add_tcase(s, tc);
    return s;
}
