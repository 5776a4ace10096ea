/* test_semantics_occasions.c - the edges of named days (S-27, S-07).
 *
 * Unless said otherwise now is Tuesday 2026-03-31T12:00:00Z. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>

#define NOW "2026-03-31T12:00:00Z"

/* Days since 1970. */
#define DAY_2025_01_29 20117 /* Seollal of 2025, of three days with those around it */
#define DAY_2026_02_17 20501 /* and of 2026 */
#define DAY_2026_03_30 20542

/* The lunar new year: not on the same days of any two years. */
static void define_seollal(shop *s)
{
    static const int32_t ranges[] = {DAY_2026_02_17 - 1, DAY_2026_02_17 + 1, DAY_2025_01_29 - 1,
                                     DAY_2025_01_29 + 1};
    shop_occasion(s, "seollal", ranges, 2);
}

START_TEST(test_occasions__s27_ranges_hold_their_days_in_the_zone)
{
    shop s = shop_open("UTC");
    define_seollal(&s);
    static const char *const rows[][2] = {
        {"before", "2026-02-15T23:59:59.999999Z"}, {"first", "2026-02-16T00:00:00Z"},
        {"last", "2026-02-18T23:59:59.999999Z"},   {"after", "2026-02-19T00:00:00Z"},
        {"other", "2025-01-29T12:00:00Z"},         {"evening", "2026-02-15T15:00:00Z"}};
    for (size_t i = 0; i < 6; i++)
        shop_event(&s, rows[i][0], "x", rows[i][1], "n=1");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "did \"x\" during occasion \"seollal\"", "first last other");
    shop_ask(&s, NOW, "did not \"x\" during occasion \"seollal\"", "after before evening none");
    shop_ask(&s, NOW, "sum(n) of \"x\" during occasion \"seollal\" = 1", "first last other");
    shop_ask(&s, NOW, "did \"x\" during occasion \"seollal\" tz \"Asia/Seoul\"",
             "before evening first other");
    shop_ask(&s, NOW, "did \"x\" where (@date during occasion \"seollal\")", "first last other");
    shop_ask(&s, NOW, "did \"x\" where (@date during occasion \"seollal\") in last 60 days",
             "first last");
    shop_ask(&s, NOW, "did \"x\" where (not @time during occasion \"seollal\")",
             "after before evening");
    shop_ask(&s, NOW, "did \"x\" where (@time during occasion \"seollal\" and n = 2)", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_occasions__s27_each_user_has_an_own_zone)
{
    shop s = shop_open("UTC");
    define_seollal(&s);
    shop_user(&s, "seoul", "timezone='Asia/Seoul'");
    shop_user(&s, "york", "timezone='America/New_York'");
    shop_user(&s, "none", "");
    /* In Seoul it is the 16th already. */
    shop_event(&s, "seoul", "x", "2026-02-15T15:00:00Z", "");
    shop_event(&s, "york", "x", "2026-02-15T15:00:00Z", "");
    shop_event(&s, "none", "x", "2026-02-15T15:00:00Z", "");
    shop_ask(&s, NOW, "did \"x\" during occasion \"seollal\" tz user", "seoul");
    /* In New York the 18th lasts five hours longer. */
    shop_event(&s, "york", "y", "2026-02-19T04:59:59.999999Z", "");
    shop_event(&s, "none", "y", "2026-02-19T04:59:59.999999Z", "");
    shop_ask(&s, NOW, "did \"y\" during occasion \"seollal\" tz user", "york");
    shop_close(&s);
}
END_TEST

/* Events of the future do not count, not even on a day that has begun. */
START_TEST(test_occasions__s27_events_are_cut_at_now)
{
    shop s = shop_open("UTC");
    static const int32_t sale[] = {DAY_2026_03_30, DAY_2026_03_30 + 2};
    shop_occasion(&s, "sale", sale, 1);
    shop_event(&s, "now", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "ahead", "x", "2026-03-31T12:00:00.000001Z", "");
    shop_user(&s, "plans", "due=@2026-04-01T10:00:00Z");
    shop_ask(&s, NOW, "did \"x\" during occasion \"sale\"", "now");
    shop_ask(&s, "2026-03-31T12:00:00.000001Z", "did \"x\" during occasion \"sale\"", "ahead now");
    /* An attribute may lie ahead. */
    shop_ask(&s, NOW, "due during occasion \"sale\"", "plans");
    shop_close(&s);
}
END_TEST

START_TEST(test_occasions__s27_first_last_nth)
{
    shop s = shop_open("UTC");
    define_seollal(&s);
    shop_event(&s, "always", "x", "2025-01-28T00:00:00Z", "");
    shop_event(&s, "always", "x", "2026-02-18T00:00:00Z", "");
    shop_event(&s, "begins", "x", "2025-01-30T00:00:00Z", "");
    shop_event(&s, "begins", "x", "2025-01-31T00:00:00Z", "");
    shop_event(&s, "ends", "x", "2025-01-27T00:00:00Z", "");
    shop_event(&s, "ends", "x", "2025-01-28T00:00:00Z", "");
    /* Which one of all time, and then whether it lies in the occasion. */
    shop_ask(&s, NOW, "first \"x\" during occasion \"seollal\"", "always begins");
    shop_ask(&s, NOW, "last \"x\" during occasion \"seollal\"", "always ends");
    shop_ask(&s, NOW, "nth(2) \"x\" during occasion \"seollal\"", "always ends");
    shop_ask(&s, NOW, "did \"x\" at least 2 times during occasion \"seollal\"", "always");
    shop_ask(&s, NOW, "did \"x\" on at least 2 years during occasion \"seollal\"", "always");
    shop_close(&s);
}
END_TEST

/* A date is a civil date whatever the zone (S-07). */
START_TEST(test_occasions__s07_dates_have_no_zone)
{
    shop s = shop_open("UTC");
    define_seollal(&s);
    shop_user(&s, "before", "day=@2026-02-15");
    shop_user(&s, "first", "day=@2026-02-16");
    shop_user(&s, "last", "day=@2026-02-18");
    shop_user(&s, "after", "day=@2026-02-19");
    shop_user(&s, "null", "day=null");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "day during occasion \"seollal\"", "first last");
    shop_ask(&s, NOW, "day during occasion \"seollal\" tz \"Asia/Seoul\"", "first last");
    shop_ask(&s, NOW, "not day during occasion \"seollal\"", "after before none null");
    shop_close(&s);
}
END_TEST

/* At least half of the purchases, 3 of them or more, over 2 years or more. */
START_TEST(test_occasions__s27_seasonal_share)
{
    static const char *const seasonal =
        "share(@date during occasion \"seollal\") of \"x\" >= 50% and did \"x\" at least 3 times "
        "and did \"x\" on at least 2 years";
    shop s = shop_open("UTC");
    define_seollal(&s);
    static const char *const users[] = {"half", "less", "few", "year"};
    static const char *const times[][4] = {
        {"2025-01-29T00:00:00Z", "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z",
         "2026-02-17T00:00:00Z"},
        {"2025-01-29T00:00:00Z", "2025-06-01T00:00:00Z", "2026-01-01T00:00:00Z", NULL},
        {"2025-01-29T00:00:00Z", "2026-02-17T00:00:00Z", NULL, NULL},
        {"2026-02-16T00:00:00Z", "2026-02-17T00:00:00Z", "2026-02-18T00:00:00Z", NULL}};
    for (size_t u = 0; u < 4; u++) {
        for (size_t i = 0; i < 4 && times[u][i] != NULL; i++)
            shop_event(&s, users[u], "x", times[u][i], "");
    }
    shop_ask(&s, NOW, seasonal, "half");
    shop_close(&s);
}
END_TEST

/* A definition is replaced in one step; what was compiled before keeps its days. */
START_TEST(test_occasions__s27_definitions)
{
    static const int32_t march[] = {DAY_2026_03_30, DAY_2026_03_30}, bad[] = {5, 4},
                         outside[] = {0, 2932897};
    static int32_t many[2 * SEG_OCCASION_RANGES_MAX + 2];
    seg_error err = SEG_ERROR_INIT;
    shop s = shop_open("UTC");
    define_seollal(&s);
    shop_event(&s, "lunar", "x", "2026-02-17T00:00:00Z", "");
    shop_event(&s, "march", "x", "2026-03-30T00:00:00Z", "");
    shop_define(&s, "fans", "did \"x\" during occasion \"seollal\"");
    shop_ask(&s, NOW, "in segment \"fans\"", "lunar");
    shop_occasion(&s, "seollal", march, 1);
    shop_ask(&s, NOW, "in segment \"fans\"", "march");
    ck_assert_int_eq(seg_store_drop_occasion(s.store, "seollal", 7, &err), SEG_E_IN_USE);
    ck_assert_str_eq(err.message, "segment \"fans\" refers to occasion \"seollal\"");
    ck_assert_int_eq(seg_store_drop_segment(s.store, "fans", 4, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_occasion(s.store, "seollal", 7, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_occasion(s.store, "seollal", 7, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(shop_compile(&s, "did \"x\" during occasion \"seollal\""), SEG_E_UNKNOWN_NAME);
    ck_assert_int_eq(seg_store_define_occasion(s.store, "a", 1, bad, 1, &err), SEG_E_ARG);
    ck_assert_int_eq(seg_store_define_occasion(s.store, "a", 1, outside, 1, &err), SEG_E_ARG);
    ck_assert_int_eq(seg_store_define_occasion(s.store, "a", 1, march, 0, &err), SEG_E_ARG);
    ck_assert_int_eq(
        seg_store_define_occasion(s.store, "a", 1, many, SEG_OCCASION_RANGES_MAX + 1, &err),
        SEG_E_LIMIT);
    ck_assert_int_eq(
        seg_store_define_occasion(s.store, "a", 1, many, SEG_OCCASION_RANGES_MAX, &err), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "anniversary(@now) during occasion \"a\""), SEG_OK);
    shop_close(&s);
}
END_TEST

/* Many rows, so that a table of the calendar answers instead of a test per row. */
START_TEST(test_occasions__s27_many_rows)
{
    shop s = shop_open("UTC");
    define_seollal(&s);
    char time[40];
    for (int i = 0; i < 400; i++) {
        snprintf(time, sizeof time, "2026-02-%02dT%02d:%02d:59Z", 15 + i / 96, i / 4 % 24,
                 i % 4 * 15 + 14);
        shop_event(&s, "u", "x", time, "");
    }
    /* 15th: 96 before; 16th to 18th: 288; the rest after. */
    shop_ask(&s, NOW, "count of \"x\" during occasion \"seollal\" = 288", "u");
    /* Three hours and three quarters ahead. */
    shop_ask(&s, NOW, "count of \"x\" during occasion \"seollal\" tz \"Asia/Kathmandu\" = 288",
             "u");
    shop_ask(&s, NOW, "count of \"x\" where (not @date during occasion \"seollal\") = 112", "u");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("semantics_occasions");
    TCase *days = tcase_create("named days");
    tcase_add_test(days, test_occasions__s27_ranges_hold_their_days_in_the_zone);
    tcase_add_test(days, test_occasions__s27_each_user_has_an_own_zone);
    tcase_add_test(days, test_occasions__s27_events_are_cut_at_now);
    tcase_add_test(days, test_occasions__s27_first_last_nth);
    tcase_add_test(days, test_occasions__s07_dates_have_no_zone);
    tcase_add_test(days, test_occasions__s27_seasonal_share);
    tcase_add_test(days, test_occasions__s27_definitions);
    tcase_add_test(days, test_occasions__s27_many_rows);
    suite_add_tcase(suite, days);
    return suite;
}
