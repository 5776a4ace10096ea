/* test_semantics.c - the edges of the contract, by number: S-01 to S-18, S-29, S-30.
 *
 * Each test makes a handful of users on the edge and asks who is in. Unless said otherwise, now
 * is Tuesday 2026-03-31T12:00:00Z and weeks begin on Monday. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"

/* ---- S-01: now is an argument ---- */

START_TEST(test_semantics__s01_answers_depend_on_data_and_now_alone)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "order", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "bob", "order", "2024-02-29T00:00:00Z", "");
    shop_ask(&s, NOW, "did \"order\" in last 7 days", "ann");
    shop_ask(&s, "2024-03-01T00:00:00Z", "did \"order\" in last 7 days", "bob");
    shop_ask(&s, "2099-01-01T00:00:00Z", "did \"order\" in last 7 days", "");
    shop_ask(&s, NOW, "did \"order\" in last 7 days", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s01_same_bytes_on_one_and_two_threads)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    static uint64_t offsets[70001];
    static char bytes[700000];
    static int64_t times[70000];
    seg_batch batch = SEG_BATCH_INIT;
    for (size_t i = 0; i < 70000; i++) {
        char id[16];
        int size = snprintf(id, sizeof(id), "user%zu", i);
        memcpy(bytes + offsets[i], id, (size_t)size);
        offsets[i + 1] = offsets[i] + (uint64_t)size;
        times[i] = shop_time("2026-03-31T12:00:00Z") - (int64_t)i * 60000000;
    }
    batch.row_count = 70000;
    batch.user_bytes = bytes;
    batch.user_offsets = offsets;
    batch.times = times;
    batch.event = "order";
    batch.event_size = 5;
    ck_assert_int_eq(seg_store_commit(s.store, &batch, 1, NULL, NULL, &err), SEG_OK);
    seg_snapshot *snapshot = shop_snapshot(&s);
    seg_segment *segment = NULL;
    const char *text = "did \"order\" in last 30 days";
    ck_assert_int_eq(seg_segment_compile(s.store, text, strlen(text), 0, &segment, &err), SEG_OK);
    seg_buffer *out[3] = {NULL, NULL, NULL};
    for (uint32_t i = 0; i < 3; i++) {
        seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
        seg_set *set = NULL;
        options.threads = i == 0 ? 1 : 2;
        ck_assert_int_eq(
            seg_segment_evaluate(segment, snapshot, shop_time(NOW), &options, &set, &err), SEG_OK);
        ck_assert_uint_eq(seg_set_count(set), 43200); /* a minute each: 30 x 24 x 60 */
        ck_assert_int_eq(seg_set_to_roaring(set, SEG_ROARING_ORDINALS, &out[i], &err), SEG_OK);
        seg_set_release(set);
        ck_assert_uint_eq(seg_buffer_size(out[i]), seg_buffer_size(out[0]));
        ck_assert_mem_eq(seg_buffer_data(out[i]), seg_buffer_data(out[0]), seg_buffer_size(out[0]));
    }
    for (size_t i = 0; i < 3; i++)
        seg_buffer_destroy(out[i]);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

/* ---- S-02: rolling windows ---- */

START_TEST(test_semantics__s02_open_below_closed_above)
{
    /* T - 30 days is 2026-03-01T12:00:00Z. */
    shop s = shop_open("UTC");
    shop_event(&s, "at_now", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "at_edge", "x", "2026-03-01T12:00:00Z", "");
    shop_event(&s, "inside", "x", "2026-03-01T12:00:00.000001Z", "");
    shop_event(&s, "future", "x", "2026-03-31T12:00:00.000001Z", "");
    shop_ask(&s, NOW, "did \"x\" in last 30 days", "at_now inside");
    /* A microsecond later the window has moved by it, at both ends. */
    shop_ask(&s, "2026-03-31T12:00:00.000001Z", "did \"x\" in last 30 days", "at_now future");
    shop_ask(&s, NOW, "did \"x\" in last 720 hours", "at_now inside");
    shop_ask(&s, NOW, "did \"x\" in last 2592000 seconds", "at_now inside");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s02_one_event_holds_from_ts_until_before_ts_plus_window)
{
    shop s = shop_open("UTC");
    int64_t ts = shop_time("2026-03-10T08:00:00Z"), week = INT64_C(604800000000);
    shop_user(&s, "ann", "");
    shop_event(&s, "ann", "x", "2026-03-10T08:00:00Z", "");
    shop_ask_at(&s, ts - 1, "did \"x\" in last 7 days", "");
    shop_ask_at(&s, ts, "did \"x\" in last 7 days", "ann");
    shop_ask_at(&s, ts + week - 1, "did \"x\" in last 7 days", "ann");
    shop_ask_at(&s, ts + week, "did \"x\" in last 7 days", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s02_ago_and_older_share_the_edges)
{
    /* 30 days ago: 03-01T12:00; 60 days ago: 01-30T12:00. */
    shop s = shop_open("UTC");
    shop_event(&s, "a", "x", "2026-01-30T12:00:00Z", "");
    shop_event(&s, "b", "x", "2026-01-30T12:00:00.000001Z", "");
    shop_event(&s, "c", "x", "2026-03-01T12:00:00Z", "");
    shop_event(&s, "d", "x", "2026-03-01T12:00:00.000001Z", "");
    shop_ask(&s, NOW, "did \"x\" from 60 days ago to 30 days ago", "b c");
    shop_ask(&s, NOW, "did \"x\" from 60 days ago to now", "b c d");
    shop_ask(&s, NOW, "did \"x\" older than 30 days", "a b c");
    shop_ask(&s, NOW, "did \"x\" in last 30 days", "d");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s02_windows_around_an_anchor)
{
    /* Anchor: first signup, 03-10T00:00. */
    shop s = shop_open("UTC");
    static const char *const users[] = {"a", "b", "c", "d", "e"};
    static const char *const times[] = {"2026-03-07T00:00:00Z", "2026-03-09T23:59:59.999999Z",
                                        "2026-03-10T00:00:00Z", "2026-03-13T00:00:00Z",
                                        "2026-03-13T00:00:00.000001Z"};
    for (size_t i = 0; i < 5; i++) {
        shop_event(&s, users[i], "signup", "2026-03-10T00:00:00Z", "");
        shop_event(&s, users[i], "signup", "2026-03-20T00:00:00Z", "");
        shop_event(&s, users[i], "x", times[i], "");
    }
    shop_event(&s, "none", "x", "2026-03-10T00:00:01Z", "");
    /* (A, A + 3d], [A - 3d, A), [A - 3d, A + 3d] */
    shop_ask(&s, NOW, "did \"x\" within 3 days after first \"signup\"", "d");
    shop_ask(&s, NOW, "did \"x\" within 3 days before first \"signup\"", "a b");
    shop_ask(&s, NOW, "did \"x\" within 3 days of first \"signup\"", "a b c d");
    /* Without an anchor there is no window: nothing was done in it. `did not` asks for more:
     * that the anchor was, and that the span is over. */
    shop_ask(&s, NOW, "not did \"x\" within 3 days after first \"signup\"", "a b c e none");
    shop_ask(&s, NOW, "did not \"x\" within 3 days after first \"signup\"", "a b c e");
    shop_ask(&s, "2026-03-12T23:59:59.999999Z",
             "did not \"x\" within 3 days after first \"signup\"", "");
    shop_ask(&s, "2026-03-13T00:00:00Z", "did not \"x\" within 3 days after first \"signup\"",
             "a b c e");
    shop_ask(&s, NOW, "count of \"x\" within 3 days of first \"signup\" = 0", "e none");
    shop_close(&s);
}
END_TEST

/* ---- S-03: calendar windows ---- */

/* One user per instant, named after it; asks each window. */
static void calendar_users(shop *s)
{
    static const char *const times[][2] = {
        {"now", "2026-03-31T12:00:00Z"},           {"mar31", "2026-03-31T00:00:00Z"},
        {"mar30e", "2026-03-30T23:59:59.999999Z"}, {"mar30", "2026-03-30T00:00:00Z"},
        {"mar29e", "2026-03-29T23:59:59.999999Z"}, {"mar29", "2026-03-29T00:00:00Z"},
        {"mar28e", "2026-03-28T23:59:59.999999Z"}, {"mar28", "2026-03-28T00:00:00Z"},
        {"mar27e", "2026-03-27T23:59:59.999999Z"}, {"mar23", "2026-03-23T00:00:00Z"},
        {"mar22e", "2026-03-22T23:59:59.999999Z"}, {"mar01", "2026-03-01T00:00:00Z"},
        {"feb28e", "2026-02-28T23:59:59.999999Z"}, {"feb01", "2026-02-01T00:00:00Z"},
        {"jan01", "2026-01-01T00:00:00Z"},         {"dec31e", "2025-12-31T23:59:59.999999Z"},
        {"oct01", "2025-10-01T00:00:00Z"},         {"jan25", "2025-01-01T00:00:00Z"},
    };
    shop_begin(s);
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++)
        shop_event(s, times[i][0], "x", times[i][1], "");
    shop_commit(s);
}

START_TEST(test_semantics__s03_this_and_previous_periods)
{
    shop s = shop_open("UTC");
    calendar_users(&s);
    shop_ask(&s, NOW, "did \"x\" today", "mar31 now");
    shop_ask(&s, NOW, "did \"x\" this day", "mar31 now");
    shop_ask(&s, NOW, "did \"x\" yesterday", "mar30 mar30e");
    shop_ask(&s, NOW, "did \"x\" this week", "mar30 mar30e mar31 now");
    shop_ask(&s, NOW, "did \"x\" previous week", "mar23 mar27e mar28 mar28e mar29 mar29e");
    shop_ask(&s, NOW, "using week sunday: did \"x\" this week",
             "mar29 mar29e mar30 mar30e mar31 now");
    shop_ask(&s, NOW, "did \"x\" previous month", "feb01 feb28e");
    shop_ask(&s, NOW, "did \"x\" this quarter and not did \"x\" this month", "feb01 feb28e jan01");
    shop_ask(&s, NOW, "did \"x\" previous quarter", "dec31e oct01");
    shop_ask(&s, NOW, "did \"x\" this year and not did \"x\" this month", "feb01 feb28e jan01");
    shop_ask(&s, NOW, "did \"x\" previous year", "dec31e jan25 oct01");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s03_last_calendar_days_with_and_without_today)
{
    shop s = shop_open("UTC");
    calendar_users(&s);
    shop_ask(&s, NOW, "did \"x\" in last 3 calendar days", "mar29 mar29e mar30 mar30e mar31 now");
    shop_ask(&s, NOW, "did \"x\" in last 3 calendar days complete",
             "mar28 mar28e mar29 mar29e mar30 mar30e");
    /* Rolling is another thing: (03-28T12:00, 03-31T12:00]. */
    shop_ask(&s, NOW, "did \"x\" in last 3 days", "mar28e mar29 mar29e mar30 mar30e mar31 now");
    shop_ask(&s, NOW, "did \"x\" in last 1 calendar week complete",
             "mar23 mar27e mar28 mar28e mar29 mar29e");
    shop_ask(&s, NOW, "did \"x\" in last 2 calendar months complete", "feb01 feb28e jan01");
    shop_close(&s);
}
END_TEST

/* ---- S-04: absolute windows ---- */

START_TEST(test_semantics__s04_closed_below_open_above)
{
    shop s = shop_open("UTC");
    shop_event(&s, "a", "x", "2026-01-31T23:59:59.999999Z", "");
    shop_event(&s, "b", "x", "2026-02-01T00:00:00Z", "");
    shop_event(&s, "c", "x", "2026-02-28T23:59:59.999999Z", "");
    shop_event(&s, "d", "x", "2026-03-01T00:00:00Z", "");
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01T00:00:00Z and 2026-03-01T00:00:00Z", "b c");
    /* A date alone as the upper bound means through that day. */
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01 and 2026-02-28", "b c");
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01 and 2026-03-01", "b c d");
    shop_ask(&s, NOW, "did \"x\" since 2026-02-01", "b c d");
    shop_ask(&s, NOW, "did \"x\" before 2026-02-01", "a");
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01T00:00:00Z and 2026-02-01T00:00:00Z", "");
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01 and 2026-02-01", "b");
    ck_assert_int_ne(shop_compile(&s, "did \"x\" between 2026-03-02 and 2026-03-01"), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s04_dates_begin_in_the_zone)
{
    /* 2026-02-01 in Seoul begins at 01-31T15:00Z and ends at 02-01T15:00Z. */
    shop s = shop_open("UTC");
    shop_event(&s, "a", "x", "2026-01-31T14:59:59.999999Z", "");
    shop_event(&s, "b", "x", "2026-01-31T15:00:00Z", "");
    shop_event(&s, "c", "x", "2026-02-01T14:59:59.999999Z", "");
    shop_event(&s, "d", "x", "2026-02-01T15:00:00Z", "");
    shop_ask(&s, NOW, "did \"x\" between 2026-02-01 and 2026-02-01 tz \"Asia/Seoul\"", "b c");
    shop_ask(&s, NOW, "using timezone \"Asia/Seoul\": did \"x\" since 2026-02-01", "b c d");
    shop_ask(&s, NOW,
             "using timezone \"Asia/Seoul\": did \"x\" between 2026-02-01T00:00:00 and "
             "2026-02-01T23:59:59.999999",
             "b");
    shop_close(&s);
}
END_TEST

/* ---- S-05: zones ---- */

START_TEST(test_semantics__s05_days_have_23_24_or_25_hours)
{
    /* Berlin: 2026-03-29 lasts from 03-28T23:00Z to 03-29T22:00Z, 2026-10-25 from 10-24T22:00Z to
     * 10-25T23:00Z. */
    shop s = shop_open("Europe/Berlin");
    shop_event(&s, "a", "x", "2026-03-28T22:59:59.999999Z", "");
    shop_event(&s, "b", "x", "2026-03-28T23:00:00Z", "");
    shop_event(&s, "c", "x", "2026-03-29T21:59:59.999999Z", "");
    shop_event(&s, "d", "x", "2026-03-29T22:00:00Z", "");
    shop_ask(&s, "2026-03-30T10:00:00Z", "did \"x\" yesterday", "b c");
    shop_ask(&s, "2026-03-29T21:59:59.999999Z", "did \"x\" today", "b c");
    shop_event(&s, "e", "x", "2026-10-24T21:59:59.999999Z", "");
    shop_event(&s, "f", "x", "2026-10-24T22:00:00Z", "");
    shop_event(&s, "g", "x", "2026-10-25T22:59:59.999999Z", "");
    shop_event(&s, "h", "x", "2026-10-25T23:00:00Z", "");
    shop_ask(&s, "2026-10-26T10:00:00Z", "did \"x\" yesterday", "f g");
    /* Rolling days stay 24 hours: (10-24T10:00Z, 10-26T10:00Z]. */
    shop_ask(&s, "2026-10-26T10:00:00Z", "did \"x\" in last 2 days", "e f g h");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_hour_that_occurs_twice)
{
    /* 02:30 local occurs at 00:30Z (summer) and 01:30Z (winter) on 2026-10-25. */
    shop s = shop_open("Europe/Berlin");
    shop_event(&s, "ann", "x", "2026-10-25T00:30:00Z", "");
    shop_event(&s, "ann", "x", "2026-10-25T01:30:00Z", "");
    shop_event(&s, "bob", "x", "2026-10-25T02:30:00Z", ""); /* 03:30 local */
    shop_ask(&s, "2026-10-26T00:00:00Z", "did \"x\" where (@hour = 2) exactly 2 times", "ann");
    shop_ask(&s, "2026-10-26T00:00:00Z", "distinct(day) of \"x\" = 1", "ann bob");
    /* A local time that occurs twice is the earlier instant. */
    shop_ask(&s, "2026-10-26T00:00:00Z", "did \"x\" exactly 2 times since 2026-10-25T02:30:00",
             "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_zone_of_the_user_with_fallback)
{
    /* At 2026-03-31T20:00Z it is 04-01T05:00 in Seoul and 03-31T16:00 in New York. */
    shop s = shop_open("UTC");
    shop_user(&s, "kim", "timezone='Asia/Seoul'");
    shop_user(&s, "jim", "timezone='America/New_York'");
    shop_user(&s, "odd", "timezone='Mars/Base'");
    shop_user(&s, "nil", "timezone=null");
    static const char *const users[] = {"kim", "jim", "odd", "nil", "sue"};
    for (size_t i = 0; i < 5; i++)
        shop_event(&s, users[i], "x", "2026-03-31T14:00:00Z", "");
    shop_ask(&s, "2026-03-31T20:00:00Z", "did \"x\" today tz user", "jim nil odd sue");
    shop_ask(&s, "2026-03-31T20:00:00Z", "using timezone \"Asia/Seoul\": did \"x\" today tz user",
             "jim");
    shop_ask(&s, "2026-03-31T20:00:00Z", "did \"x\" yesterday tz \"Asia/Seoul\"",
             "jim kim nil odd sue");
    ck_assert_int_eq(shop_compile(&s, "did \"x\" today tz \"Mars/Base\""), SEG_E_UNKNOWN_NAME);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_zone_of_the_window_reaches_into_where)
{
    /* Sunday 2026-03-29T22:30Z is Monday 00:30 in Berlin. */
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-29T22:30:00Z", "");
    shop_ask(&s, NOW, "did \"x\" where (@weekday = \"sun\") in last 7 days", "ann");
    shop_ask(&s, NOW, "did \"x\" where (@weekday = \"mon\") in last 7 days tz \"Europe/Berlin\"",
             "ann");
    shop_ask(&s, NOW, "did \"x\" where (@hour = 0) in last 7 days tz \"Europe/Berlin\"", "ann");
    shop_ask(&s, NOW, "using timezone \"Europe/Berlin\": did \"x\" where (@date = 2026-03-30)",
             "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_zone_of_the_user_ahead_of_the_store)
{
    /* At 22:40Z it is 5 April 23:40 in London, the store's zone, and 6 April 04:10 in Kolkata. */
    shop s = shop_open("Europe/London");
    const char *now = "2026-04-05T22:40:00Z";
    shop_user(&s, "asha", "timezone='Asia/Kolkata' due=@2026-04-06");
    shop_user(&s, "tom", "due=@2026-04-06");
    shop_ask(&s, now, "due today tz user", "asha");
    shop_ask(&s, now, "due in last 1 week tz user", "asha");
    shop_ask(&s, now, "using timezone user: due in last 1 week", "asha");
    shop_ask(&s, now, "due in next 1 day tz user", "asha");
    shop_ask(&s, now, "due in next 2 days tz user", "asha tom");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_zone_of_the_user_reaches_into_where)
{
    /* Windows and dates inside of where, in the zone of each user; sue has none: the store's. */
    shop s = shop_open("UTC");
    shop_user(&s, "kim", "timezone='Asia/Seoul'");
    static const char *const users[] = {"kim", "sue"};
    for (size_t i = 0; i < 2; i++)
        shop_event(&s, users[i], "x", "2026-03-30T16:00:00Z",
                   "due=@2026-03-30T16:00:00Z day=@2026-03-31");
    /* 16:00Z on the 30th is 01:00 on the 31st in Seoul; now is 21:00 on the 31st there. */
    shop_ask(&s, NOW, "did \"x\" where (due today) in last 3 days tz user", "kim");
    shop_ask(&s, NOW, "did \"x\" where (due in last 1 month) in last 3 days tz user", "kim sue");
    shop_ask(&s, NOW, "did \"x\" where (due = 2026-03-30) in last 3 days tz user", "sue");
    shop_ask(&s, NOW, "did \"x\" where (day today) in last 3 days tz user", "kim sue");
    shop_ask(&s, NOW, "did \"x\" where (day this month) in last 3 days tz user", "kim sue");
    shop_ask(&s, NOW, "did \"x\" where (@date = 2026-03-31) in last 3 days tz user", "kim");
    shop_ask(&s, NOW, "using timezone user: count of \"x\" where (due today) = 1", "kim");
    shop_close(&s);
}
END_TEST

/* ---- S-06: months and years ---- */

START_TEST(test_semantics__s06_month_before_the_31st_is_clamped)
{
    shop s = shop_open("UTC");
    shop_event(&s, "edge", "x", "2026-02-28T12:00:00Z", "");
    shop_event(&s, "in", "x", "2026-02-28T12:00:00.000001Z", "");
    shop_event(&s, "leap", "x", "2024-02-29T12:00:00Z", "");
    shop_event(&s, "leapin", "x", "2024-02-29T12:00:00.000001Z", "");
    shop_ask(&s, NOW, "did \"x\" in last 1 month", "in");
    shop_ask(&s, "2024-03-31T12:00:00Z", "did \"x\" in last 1 month", "leapin");
    /* 30 days is another expression: since 2026-03-01T12:00. */
    shop_ask(&s, NOW, "did \"x\" in last 30 days", "");
    /* 31 May - 1 quarter = 28 February. */
    shop_ask(&s, "2026-05-31T12:00:00Z", "did \"x\" in last 1 quarter", "in");
    /* 29 February 2028 - 2 years = 28 February 2026. */
    shop_ask(&s, "2028-02-29T12:00:00Z", "did \"x\" in last 2 years", "in");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s06_months_keep_the_time_of_day_of_the_zone)
{
    /* 12:00 in Berlin on 15 April is 10:00Z, on 15 March 11:00Z. */
    shop s = shop_open("Europe/Berlin");
    shop_event(&s, "edge", "x", "2026-03-15T11:00:00Z", "");
    shop_event(&s, "in", "x", "2026-03-15T11:00:00.000001Z", "");
    shop_ask(&s, "2026-04-15T10:00:00Z", "did \"x\" in last 1 month", "in");
    shop_ask(&s, "2026-04-15T10:00:00Z", "did \"x\" in last 1 month tz \"UTC\"", "edge in");
    shop_close(&s);
}
END_TEST

/* ---- S-07: dates without time ---- */

START_TEST(test_semantics__s07_a_date_is_compared_as_a_date_in_the_zone)
{
    /* At 20:00Z it is 31 March in UTC and 1 April in Seoul. */
    shop s = shop_open("UTC");
    shop_user(&s, "a", "due=@2026-03-30");
    shop_user(&s, "b", "due=@2026-03-31");
    shop_user(&s, "c", "due=@2026-04-01");
    shop_user(&s, "d", "due=@2026-04-02");
    shop_user(&s, "e", "due=null");
    const char *now = "2026-03-31T20:00:00Z";
    shop_ask(&s, now, "due today", "b");
    shop_ask(&s, now, "due today tz \"Asia/Seoul\"", "c");
    shop_ask(&s, now, "due yesterday", "a");
    shop_ask(&s, now, "due = 2026-04-01", "c");
    shop_ask(&s, now, "due >= 2026-04-01", "c d");
    shop_ask(&s, now, "due between 2026-03-31 and 2026-04-01", "b c");
    shop_ask(&s, now, "due before 2026-04-01", "a b");
    shop_ask(&s, now, "due in last 2 days", "a b");
    /* Today is not lost. */
    shop_ask(&s, now, "due in next 2 days and due today", "b");
    shop_ask(&s, now, "due previous month tz \"Asia/Seoul\"", "a b");
    shop_close(&s);
}
END_TEST

/* ---- S-08: order of events ---- */

START_TEST(test_semantics__s08_equal_times_keep_the_order_of_arrival)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-01T00:00:00Z", "v=second");
    shop_event(&s, "ann", "x", "2026-02-01T00:00:00Z", "v=first");
    shop_begin(&s);
    shop_event(&s, "ann", "x", "2026-03-01T00:00:00Z", "v=third");
    shop_event(&s, "ann", "y", "2026-03-01T00:00:00Z", "v=fourth");
    shop_event(&s, "ann", "x", "2026-03-01T00:00:00Z", "v=fifth");
    shop_commit(&s);
    shop_value(&s, NOW, "first(v) of \"x\"", "first");
    shop_value(&s, NOW, "nth(v, 2) of \"x\"", "second");
    shop_value(&s, NOW, "nth(v, 3) of \"x\"", "third");
    shop_value(&s, NOW, "last(v) of \"x\"", "fifth");
    shop_value(&s, NOW, "nth(v, 4) of any of (\"x\", \"y\")", "fourth");
    shop_value(&s, NOW, "nth(v, 4) of any event", "fourth");
    shop_value(&s, NOW, "first(v) of \"x\" since 2026-03-01", "second");
    shop_close(&s);
}
END_TEST

/* ---- S-09: late, future, repeated ---- */

START_TEST(test_semantics__s09_late_events_move_what_was_first)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-20T00:00:00Z", "v=late");
    shop_ask(&s, NOW, "first \"x\" in last 30 days", "ann");
    seg_snapshot *before = shop_snapshot(&s);
    shop_event(&s, "ann", "x", "2025-03-20T00:00:00Z", "v=early");
    shop_ask(&s, NOW, "first \"x\" in last 30 days", "");
    shop_ask(&s, NOW, "first(v) of \"x\" = \"early\"", "ann");
    /* What was seen before does not change. */
    shop_ask_in(&s, before, shop_time(NOW), "first \"x\" in last 30 days", "ann");
    seg_snapshot_release(before);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s09_future_events_wait_for_their_time)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "");
    shop_event(&s, "ann", "x", "2026-04-01T00:00:00Z", "v=7");
    shop_ask(&s, NOW, "did \"x\"", "");
    shop_ask(&s, NOW, "did not \"x\"", "ann");
    shop_ask(&s, NOW, "sum(v) of \"x\" = 0", "ann");
    shop_ask(&s, NOW, "last \"x\" ever", "");
    shop_ask(&s, "2026-03-31T23:59:59.999999Z", "did \"x\"", "");
    shop_ask(&s, "2026-04-01T00:00:00Z", "did \"x\"", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s09_an_event_id_counts_once)
{
    shop s = shop_open("UTC");
    const char *at = "2026-03-20T00:00:00Z";
    ck_assert_int_eq(shop_event_id(&s, "ann", "x", at, "v=7", "id-1"), SEG_OK);
    ck_assert_int_eq(shop_event_id(&s, "ann", "x", at, "v=7", "id-1"), SEG_OK);
    shop_ask(&s, NOW, "did \"x\" exactly 1 time", "ann");
    /* The same id with another content is refused; nothing of it stays. */
    ck_assert_int_eq(shop_event_id(&s, "ann", "x", at, "v=8", "id-1"), SEG_E_CONFLICT);
    shop_ask(&s, NOW, "sum(v) of \"x\" = 7", "ann");
    ck_assert_int_eq(shop_event_id(&s, "ann", "x", at, "v=7", "id-2"), SEG_OK);
    ck_assert_int_eq(shop_event_id(&s, "ann", "x", at, "v=7", NULL), SEG_OK);
    shop_ask(&s, NOW, "did \"x\" exactly 3 times", "ann");
    shop_close(&s);
}
END_TEST

/* ---- S-10, S-11: how often ---- */

/* u0 .. u4 did "x" so many times, all in the last 30 days; u2 and u4 also did it long ago. */
static void counted_users(shop *s)
{
    static const char *const users[] = {"u0", "u1", "u2", "u3", "u4"};
    shop_begin(s);
    for (size_t i = 0; i < 5; i++) {
        shop_user(s, users[i], "");
        for (size_t k = 0; k < i; k++)
            shop_event(s, users[i], "x", "2026-03-20T00:00:00Z", "");
        if (i == 2 || i == 4)
            shop_event(s, users[i], "x", "2025-03-20T00:00:00Z", "");
    }
    shop_commit(s);
}

START_TEST(test_semantics__s10_counts_include_zero)
{
    shop s = shop_open("UTC");
    counted_users(&s);
    shop_ask(&s, NOW, "did \"x\" fewer than 3 times in last 30 days", "u0 u1 u2");
    shop_ask(&s, NOW, "did \"x\" at most 2 times in last 30 days", "u0 u1 u2");
    shop_ask(&s, NOW, "did \"x\" at most 0 times in last 30 days", "u0");
    shop_ask(&s, NOW, "did \"x\" exactly 0 times in last 30 days", "u0");
    shop_ask(&s, NOW, "did not \"x\" in last 30 days", "u0");
    shop_ask(&s, NOW, "did \"x\" between 1 and 2 times in last 30 days", "u1 u2");
    shop_ask(&s, NOW, "did \"x\" at least 3 times in last 30 days", "u3 u4");
    shop_ask(&s, NOW, "did \"x\" more than 3 times in last 30 days", "u4");
    shop_ask(&s, NOW, "did \"x\" exactly 3 times", "u2 u3");
    shop_ask(&s, NOW, "count of \"x\" in last 30 days != 2", "u0 u1 u3 u4");
    shop_ask(&s, NOW, "count of \"x\" in last 30 days between 0 and 1", "u0 u1");
    shop_ask(&s, NOW, "count of \"x\" in last 30 days = 0", "u0");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s10_distinct_periods)
{
    /* ann: Sunday and Monday; bob: twice on one day. */
    shop s = shop_open("UTC");
    shop_user(&s, "eve", "");
    shop_event(&s, "ann", "x", "2026-03-22T23:59:59Z", "");
    shop_event(&s, "ann", "x", "2026-03-23T00:00:00Z", "");
    shop_event(&s, "bob", "x", "2026-03-22T00:00:00Z", "");
    shop_event(&s, "bob", "x", "2026-03-22T23:59:59Z", "");
    shop_ask(&s, NOW, "did \"x\" on at least 2 days in last 30 days", "ann");
    shop_ask(&s, NOW, "did \"x\" on at least 2 weeks in last 30 days", "ann");
    shop_ask(&s, NOW, "using week sunday: did \"x\" on at least 2 weeks", "");
    shop_ask(&s, NOW, "did \"x\" on exactly 1 month", "ann bob");
    shop_ask(&s, NOW, "did \"x\" on at most 1 day in last 30 days", "bob eve");
    /* In New York both of ann's events are on the 22nd; bob's first is on the 21st. */
    shop_ask(&s, NOW, "did \"x\" on at least 2 days in last 30 days tz \"America/New_York\"",
             "bob");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s11_did_not_is_the_rest_of_the_universe)
{
    shop s = shop_open("UTC");
    counted_users(&s);
    shop_event(&s, "tomorrow", "x", "2026-04-01T00:00:00Z", "");
    shop_ask(&s, NOW, "did not \"x\"", "u0");
    shop_ask(&s, NOW, "never did \"x\"", "u0");
    shop_ask(&s, NOW, "not did \"x\"", "u0");
    shop_ask(&s, NOW, "did not \"x\" in last 7 days", "u0 u1 u2 u3 u4");
    shop_ask(&s, NOW, "did not \"x\" at least 3 times in last 30 days", "u0 u1 u2");
    shop_ask(&s, NOW, "not did not \"x\"", "u1 u2 u3 u4");
    /* The guard "known for longer" is said by hand. */
    shop_ask(&s, NOW, "did not \"x\" in last 30 days and first any event older than 30 days", "");
    shop_close(&s);
}
END_TEST

/* ---- S-12: the universe ---- */

START_TEST(test_semantics__s12_users_exist_when_named_or_from_their_first_event)
{
    shop s = shop_open("UTC");
    shop_user(&s, "named", "age=1");
    shop_event(&s, "old", "x", "2020-01-01T00:00:00Z", "");
    shop_event(&s, "new", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "future", "x", "2026-03-31T12:00:00.000001Z", "");
    shop_event(&s, "both", "x", "2026-04-30T00:00:00Z", "");
    shop_user(&s, "both", "");
    shop_ask(&s, NOW, "everyone", "both named new old");
    shop_ask(&s, NOW, "not everyone", "");
    shop_ask(&s, NOW, "nobody", "");
    shop_ask(&s, NOW, "not nobody", "both named new old");
    shop_ask(&s, NOW, "age is absent", "both new old");
    shop_ask(&s, NOW, "not age = 1", "both new old");
    shop_ask(&s, NOW, "did \"x\" at most 5 times", "both named new old");
    shop_ask(&s, "2020-01-01T00:00:00Z", "everyone", "both named old");
    shop_ask(&s, "2019-12-31T23:59:59.999999Z", "everyone", "both named");
    shop_ask(&s, "2026-05-01", "everyone", "both future named new old");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s12_ranks_count_those_who_have_a_value)
{
    /* Ten users, five of them with a value: the top 20 % are one of five. */
    shop s = shop_open("UTC");
    static const char *const users[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"};
    static const char *const values[] = {"v=1", "v=2", "v=3", "v=4", "v=5"};
    for (size_t i = 0; i < 10; i++)
        shop_user(&s, users[i], i < 5 ? values[i] : i < 8 ? "v=null" : "");
    shop_ask(&s, NOW, "v in top 20%", "e");
    shop_ask(&s, NOW, "v in top 21%", "d e"); /* rounded up */
    shop_ask(&s, NOW, "v in bottom 40%", "a b");
    shop_ask(&s, NOW, "v in top 2", "d e");
    shop_ask(&s, NOW, "v in top 100%", "a b c d e");
    shop_ask(&s, NOW, "v in top 9", "a b c d e");
    shop_ask(&s, NOW, "v in top 50% among (v <= 4)", "c d");
    /* Ties at the cut come along. */
    shop_user(&s, "f", "v=5");
    shop_ask(&s, NOW, "v in top 1", "e f");
    shop_ask(&s, NOW, "v in top 10%", "e f");
    shop_close(&s);
}
END_TEST

/* ---- S-13: absent, null, value ---- */

static void tri_users(shop *s)
{
    shop_user(s, "val", "n=5 t='abc' w=@2026-03-31T00:00:00Z p=(52.5,13.4) b=true k=[a]");
    shop_user(s, "other", "n=0 t='' w=@2020-01-01T00:00:00Z p=(0.0,0.0) b=false k=[]");
    shop_user(s, "nul", "n=null t=null w=null p=null b=null k=null");
    shop_user(s, "abs", "");
}

START_TEST(test_semantics__s13_states)
{
    shop s = shop_open("UTC");
    tri_users(&s);
    static const char *const names[] = {"n", "t", "w", "p", "b", "k"};
    for (size_t i = 0; i < 6; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s is set", names[i]);
        shop_ask(&s, NOW, text, "other val");
        snprintf(text, sizeof(text), "%s is null", names[i]);
        shop_ask(&s, NOW, text, "nul");
        snprintf(text, sizeof(text), "%s is absent", names[i]);
        shop_ask(&s, NOW, text, "abs");
        snprintf(text, sizeof(text), "%s is not set", names[i]);
        shop_ask(&s, NOW, text, "abs nul");
        snprintf(text, sizeof(text), "%s is not null", names[i]);
        shop_ask(&s, NOW, text, "abs other val");
        snprintf(text, sizeof(text), "%s is not absent", names[i]);
        shop_ask(&s, NOW, text, "nul other val");
    }
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s13_tests_of_nothing_are_false_and_their_complements_true)
{
    shop s = shop_open("UTC");
    tri_users(&s);
    static const char *const tests[] = {
        "n = 5",
        "n > 4",
        "n >= 5",
        "n between 1 and 9",
        "n in (5, 6)",
        "n != 0",
        "n not in (0, 1)",
        "n + 1 = 6",
        "t = \"abc\"",
        "t != \"\"",
        "t in (\"abc\")",
        "t not in (\"\")",
        "t contains \"b\"",
        "t starts with \"a\"",
        "t matches \"?bc\"",
        "w in last 7 days",
        "w > 2025-01-01",
        "p within 10 km of point(52.5, 13.4)",
        "p inside polygon(52 13, 53 13, 53 14, 52 14)",
        "b",
        "b = true",
        "b != false",
        "k has any (\"a\")",
        "k has all (\"a\")",
        "k has exactly (\"a\")",
        "size(k) = 1",
        "n in top 1",
    };
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++) {
        char text[128];
        shop_ask(&s, NOW, tests[i], "val");
        snprintf(text, sizeof(text), "not (%s)", tests[i]);
        shop_ask(&s, NOW, text, "abs nul other");
    }
    /* The other way round: what holds for 0 and "" does not hold for nothing. */
    shop_ask(&s, NOW, "n = 0", "other");
    shop_ask(&s, NOW, "n < 5", "other");
    shop_ask(&s, NOW, "n != 5", "other");
    shop_ask(&s, NOW, "t = \"\"", "other");
    shop_ask(&s, NOW, "not n = 0", "abs nul val");
    shop_ask(&s, NOW, "n != 5 or n != 0", "other val");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s13_properties_have_the_same_three_states)
{
    shop s = shop_open("UTC");
    shop_event(&s, "val", "x", "2026-03-20T00:00:00Z", "n=5");
    shop_event(&s, "nul", "x", "2026-03-20T00:00:00Z", "n=null");
    shop_event(&s, "abs", "x", "2026-03-20T00:00:00Z", "");
    shop_ask(&s, NOW, "did \"x\" where (n is set)", "val");
    shop_ask(&s, NOW, "did \"x\" where (n is null)", "nul");
    shop_ask(&s, NOW, "did \"x\" where (n is absent)", "abs");
    shop_ask(&s, NOW, "did \"x\" where (n is not null)", "abs val");
    shop_ask(&s, NOW, "did \"x\" where (n = 5)", "val");
    shop_ask(&s, NOW, "did \"x\" where (n != 4)", "val");
    shop_ask(&s, NOW, "did \"x\" where (n not in (4))", "val");
    shop_ask(&s, NOW, "did \"x\" where (not n = 4)", "abs nul val");
    shop_ask(&s, NOW, "did \"x\" where (not n = 5)", "abs nul");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s13_null_clears_and_absent_keeps)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "n=1 m=1");
    shop_user(&s, "ann", "n=null");
    shop_ask(&s, NOW, "n is null and m = 1", "ann");
    shop_user(&s, "ann", "n=2");
    shop_ask(&s, NOW, "n = 2 and m = 1", "ann");
    shop_close(&s);
}
END_TEST

/* ---- S-14: several values ---- */

START_TEST(test_semantics__s14_sets)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ab", "k=[a,b]");
    shop_user(&s, "a", "k=[a]");
    shop_user(&s, "abc", "k=[c,a,b]");
    shop_user(&s, "twice", "k=[a,a]");
    shop_user(&s, "empty", "k=[]");
    shop_user(&s, "nul", "k=null");
    shop_user(&s, "abs", "");
    shop_ask(&s, NOW, "k has any (\"b\", \"c\")", "ab abc");
    shop_ask(&s, NOW, "k has \"b\"", "ab abc");
    shop_ask(&s, NOW, "k has all (\"a\", \"b\")", "ab abc");
    /* All of nothing: true of a set that has something, S-14 demands that. */
    shop_ask(&s, NOW, "k has all ()", "a ab abc twice");
    shop_ask(&s, NOW, "k has any ()", "");
    shop_ask(&s, NOW, "k has none ()", "a ab abc empty twice");
    shop_ask(&s, NOW, "k has exactly ()", "empty");
    shop_ask(&s, NOW, "k has exactly (\"b\", \"a\")", "ab");
    shop_ask(&s, NOW, "k has exactly (\"a\", \"a\")", "a twice");
    shop_ask(&s, NOW, "k has none (\"b\", \"c\")", "a empty twice");
    shop_ask(&s, NOW, "not k has any (\"b\", \"c\")", "a abs empty nul twice");
    shop_ask(&s, NOW, "size(k) = 0", "empty");
    shop_ask(&s, NOW, "size(k) = 1", "a twice");
    shop_ask(&s, NOW, "size(k) >= 2", "ab abc");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s14_tests_of_one_where_meet_one_event)
{
    shop s = shop_open("UTC");
    shop_event(&s, "one", "x", "2026-03-20T00:00:00Z", "color=red size=9");
    shop_event(&s, "two", "x", "2026-03-20T00:00:00Z", "color=red size=1");
    shop_event(&s, "two", "x", "2026-03-21T00:00:00Z", "color=blue size=9");
    shop_ask(&s, NOW, "did \"x\" where (color = \"red\" and `size` = 9)", "one");
    shop_ask(&s, NOW, "did \"x\" where (color = \"red\") and did \"x\" where (`size` = 9)",
             "one two");
    shop_close(&s);
}
END_TEST

/* ---- S-15: types ---- */

START_TEST(test_semantics__s15_another_type_is_refused_whole)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = NULL;
    shop_user(&s, "ann", "n=5");
    ck_assert_int_eq(seg_appender_create(s.store, &a, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_user(a, "bob", 3, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_set_int64(a, "m", 1, 1, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_user(a, "ann", 3, &err), SEG_OK);
    seg_status status = seg_appender_set_string(a, "n", 1, "5", 1, &err);
    if (status == SEG_OK)
        status = seg_appender_commit(a, NULL, NULL, &err);
    ck_assert_int_eq(status, SEG_E_SCHEMA);
    seg_appender_destroy(a);
    shop_ask(&s, NOW, "n = 5", "ann");
    shop_ask(&s, NOW, "everyone", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s15_numbers_and_texts_do_not_mix)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "n=5 t='5' d=0.10 f=0.1f day=@2026-03-31 k=[a] b=true");
    static const char *const wrong[] = {
        "n = \"5\"",
        "t = 5",
        "t > 4",
        "n contains \"5\"",
        "day = 5",
        "k = \"a\"",
        "t has any (\"a\")",
        "t + 1 = 6",
        "n",
        "b = 1",
        "t in (1, 2)",
        "t in last 3 days",
        "n is within 3",
        "size(n) = 1",
        "n within 3 km of point(1, 2)",
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        ck_assert_msg(shop_compile(&s, wrong[i]) != SEG_OK, "compiles: %s", wrong[i]);
    ck_assert_int_eq(shop_compile(&s, "n = \"5\""), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "t = 5"), SEG_E_TYPE);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s15_decimals_are_exact_and_texts_bytes)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-20T00:00:00Z", "d=0.10 f=0.1f big=9007199254740993");
    shop_event(&s, "ann", "x", "2026-03-21T00:00:00Z", "d=0.20 f=0.2f");
    shop_ask(&s, NOW, "sum(d) of \"x\" = 0.3", "ann");
    shop_ask(&s, NOW, "sum(d) of \"x\" = 0.30", "ann");
    shop_ask(&s, NOW, "sum(d) of \"x\" > 0.2999999999", "ann");
    /* 2^53 + 1 is not a float64: ints are compared as ints. */
    shop_ask(&s, NOW, "max(big) of \"x\" = 9007199254740993", "ann");
    shop_ask(&s, NOW, "max(big) of \"x\" = 9007199254740992", "");
    shop_ask(&s, NOW, "max(big) of \"x\" > 9007199254740992.5", "ann");
    shop_user(&s, "ann", "t=Abc z=0.0f");
    shop_user(&s, "bob", "t=abc z=-0.0f");
    shop_ask(&s, NOW, "t = \"abc\"", "bob");
    shop_ask(&s, NOW, "t < \"a\"", "ann");
    shop_ask(&s, NOW, "t starts with \"ab\" ignoring case", "ann bob");
    shop_ask(&s, NOW, "z = 0", "ann bob");
    shop_close(&s);
}
END_TEST

/* ---- S-16: aggregates ---- */

START_TEST(test_semantics__s16_of_nothing)
{
    shop s = shop_open("UTC");
    shop_user(&s, "none", "");
    shop_event(&s, "zero", "x", "2026-03-20T00:00:00Z", "v=0");
    shop_event(&s, "nulls", "x", "2026-03-20T00:00:00Z", "v=null");
    shop_ask(&s, NOW, "count of \"x\" = 0", "none");
    shop_ask(&s, NOW, "sum(v) of \"x\" = 0", "none nulls zero");
    shop_ask(&s, NOW, "distinct(v) of \"x\" = 0", "none nulls");
    static const char *const others[] = {
        "avg(v)",   "min(v)",  "max(v)",    "median(v)", "percentile(v, 0.5)",
        "first(v)", "last(v)", "nth(v, 1)", "mode(v)"};
    for (size_t i = 0; i < 9; i++) {
        char text[64];
        snprintf(text, sizeof(text), "%s of \"x\" >= -1", others[i]);
        shop_ask(&s, NOW, text, "zero");
        snprintf(text, sizeof(text), "not %s of \"x\" >= -1", others[i]);
        shop_ask(&s, NOW, text, "none nulls");
    }
    shop_ask(&s, NOW, "stddev(v) of \"x\" >= 0", ""); /* of one value: undefined */
    shop_ask(&s, NOW, "share(v is null) of \"x\" >= 0", "nulls zero");
    shop_ask(&s, NOW, "1 / count of \"x\" > 0", "nulls zero"); /* by zero: undefined */
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s16_values)
{
    /* ann: 1.00, 2.00, null, absent, 4.00 on 20, 21, 22, 23 (twice) March. */
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-20T00:00:00Z", "v=1.00 c=red");
    shop_event(&s, "ann", "x", "2026-03-21T00:00:00Z", "v=2.00 c=blue");
    shop_event(&s, "ann", "x", "2026-03-22T00:00:00Z", "v=null c=red");
    shop_event(&s, "ann", "x", "2026-03-23T00:00:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-23T01:00:00Z", "v=4.00 c=''");
    shop_value(&s, NOW, "count of \"x\"", "5");
    shop_value(&s, NOW, "sum(v) of \"x\"", "700e-2");
    shop_value(&s, NOW, "avg(v) of \"x\"", "2.33333333333333");
    shop_value(&s, NOW, "min(v) of \"x\"", "100e-2");
    shop_value(&s, NOW, "max(v) of \"x\"", "400e-2");
    shop_value(&s, NOW, "median(v) of \"x\"", "2");
    /* Ranks (3 - 1) x 0.75 = 1.5: half way from 2 to 4. */
    shop_value(&s, NOW, "percentile(v, 0.75) of \"x\"", "3");
    /* Mean 7/3; squares 16/9 + 1/9 + 25/9 = 14/3; 14/3 / 2 = 7/3; root 1.52752... */
    shop_value(&s, NOW, "stddev(v) of \"x\"", "1.52752523165195");
    shop_value(&s, NOW, "distinct(c) of \"x\"", "3");
    shop_value(&s, NOW, "distinct(day) of \"x\"", "4");
    shop_value(&s, NOW, "distinct(week) of \"x\"", "2");
    shop_value(&s, NOW, "distinct(month) of \"x\"", "1");
    shop_value(&s, NOW, "share(v > 1) of \"x\"", "0.4");
    shop_value(&s, NOW, "first(c) of \"x\"", "red");
    shop_value(&s, NOW, "last(v) of \"x\" before 2026-03-23T01:00:00Z", "-");
    shop_value(&s, NOW, "sum(v) of \"x\" where (c = \"red\")", "100e-2");
    shop_value(&s, NOW, "sum(v) of \"x\" / count of \"x\"", "1.4");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s16_refunds_subtract)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "order", "2026-03-20T00:00:00Z", "amount=50.00");
    shop_event(&s, "ann", "refund", "2026-03-21T00:00:00Z", "amount=20.00");
    shop_event(&s, "bob", "order", "2026-03-20T00:00:00Z", "amount=-5.00");
    shop_ask(&s, NOW, "sum(amount) of \"order\" - sum(amount) of \"refund\" = 30", "ann");
    shop_ask(&s, NOW, "sum(amount) of \"order\" < 0", "bob");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s16_overflow_is_an_error)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-20T00:00:00Z", "v=9223372036854775807");
    shop_ask(&s, NOW, "sum(v) of \"x\" = 9223372036854775807", "ann");
    shop_event(&s, "ann", "x", "2026-03-21T00:00:00Z", "v=1");
    ck_assert_int_eq(shop_evaluate(&s, NOW, "sum(v) of \"x\" > 0"), SEG_E_OVERFLOW);
    /* The sum is exact: only what it comes to has to fit. */
    shop_event(&s, "ann", "x", "2026-03-22T00:00:00Z", "v=-1");
    shop_ask(&s, NOW, "sum(v) of \"x\" = 9223372036854775807", "ann");
    shop_close(&s);
}
END_TEST

/* ---- S-17: affinity ---- */

START_TEST(test_semantics__s17_mode_and_its_ties)
{
    shop s = shop_open("UTC");
    shop_event(&s, "clear", "view", "2026-03-01T00:00:00Z", "c=a");
    shop_event(&s, "clear", "view", "2026-03-02T00:00:00Z", "c=a");
    shop_event(&s, "clear", "view", "2026-03-03T00:00:00Z", "c=b");
    shop_event(&s, "tied", "view", "2026-03-01T00:00:00Z", "c=b");
    shop_event(&s, "tied", "view", "2026-03-02T00:00:00Z", "c=a");
    shop_event(&s, "nulls", "view", "2026-03-01T00:00:00Z", "c=a");
    shop_event(&s, "nulls", "view", "2026-03-02T00:00:00Z", "c=null");
    shop_event(&s, "nulls", "view", "2026-03-03T00:00:00Z", "");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "mode(c) of \"view\" = \"a\"", "clear nulls tied");
    shop_ask(&s, NOW, "mode(c, ties latest) of \"view\" = \"b\"", "");
    shop_ask(&s, NOW, "mode(c, ties none) of \"view\" = \"a\"", "clear nulls");
    shop_ask(&s, NOW, "mode(c, ties all) of \"view\" = \"b\"", "tied");
    shop_ask(&s, NOW, "mode(c, ties all) of \"view\" in (\"a\", \"z\")", "clear nulls tied");
    shop_ask(&s, NOW, "mode(c, min 2) of \"view\" = \"a\"", "clear tied");
    shop_ask(&s, NOW, "mode(c, min 3) of \"view\" = \"a\"", "clear");
    shop_close(&s);
}
END_TEST

static void views(shop *s, const char *user, const char *categories)
{
    for (size_t i = 0; categories[i] != '\0'; i++) {
        char time[48], values[16];
        snprintf(time, sizeof(time), "2026-03-01T10:%02zu:00Z", i);
        snprintf(values, sizeof(values), "cat=%c", categories[i]);
        shop_event(s, user, "view", time, values);
    }
}

START_TEST(test_semantics__s17_top)
{
    shop s = shop_open("UTC");
    views(&s, "one", "a");
    views(&s, "few", "abb");
    views(&s, "ties", "ccabdda"); /* a, c, d twice, in this order of last sight: c d a */
    views(&s, "many", "aaabbbccde");
    shop_event(&s, "void", "view", "2026-03-01T10:00:00Z", "");
    shop_user(&s, "none", "");
    /* Fewer values than asked for are all in. */
    shop_ask(&s, NOW, "top(cat, 2) of \"view\" has \"a\"", "few many one ties");
    shop_ask(&s, NOW, "top(cat, 3) of \"view\" has any (\"c\", \"x\")", "many ties");
    /* Two places for three: those seen last, all of them, or none. */
    shop_ask(&s, NOW, "top(cat, 2) of \"view\" has \"c\"", "");
    shop_ask(&s, NOW, "top(cat, 2) of \"view\" has \"d\"", "ties");
    shop_ask(&s, NOW, "top(cat, 2, ties all) of \"view\" has \"c\"", "ties");
    shop_ask(&s, NOW, "top(cat, 2, ties none) of \"view\" has any (\"a\", \"c\", \"d\")",
             "few many one");
    shop_ask(&s, NOW, "top(cat, 4) of \"view\" has \"e\"", "many");
    shop_ask(&s, NOW, "top(cat, 4) of \"view\" has \"d\"", "ties");
    shop_ask(&s, NOW, "top(cat, 4, ties none) of \"view\" has any (\"d\", \"e\")", "ties");
    /* Least events, counted where there is a value. */
    shop_ask(&s, NOW, "top(cat, 2, min 3) of \"view\" has \"a\"", "few many ties");
    shop_ask(&s, NOW, "top(cat, 2, min 3, ties all) of \"view\" in last 1 day has \"a\"", "");
    shop_ask(&s, NOW, "not top(cat, 100) of \"view\" has \"a\"", "none void");
    /* top 1 is the mode. */
    shop_ask(&s, NOW, "top(cat, 1) of \"view\" has \"a\"", "one ties");
    shop_ask(&s, NOW, "mode(cat) of \"view\" = \"a\"", "one ties");
    ck_assert_int_eq(shop_compile(&s, "top(cat, 1) of \"view\" = \"a\""), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "top(cat, 101) of \"view\" has \"a\""), SEG_E_SYNTAX);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s17_share)
{
    shop s = shop_open("UTC");
    shop_event(&s, "half", "view", "2026-03-01T00:00:00Z", "c=a");
    shop_event(&s, "half", "view", "2026-03-02T00:00:00Z", "");
    shop_event(&s, "whole", "view", "2026-03-02T00:00:00Z", "c=a");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "share(c = \"a\") of \"view\" >= 50%", "half whole");
    shop_ask(&s, NOW, "share(c = \"a\") of \"view\" > 50%", "whole");
    shop_ask(&s, NOW, "share(c = \"a\") of \"view\" = 0.5", "half");
    shop_ask(&s, NOW, "share(c = \"a\") of \"view\" <= 100%", "half whole");
    shop_close(&s);
}
END_TEST

/* ---- S-18: first, nth, last ---- */

START_TEST(test_semantics__s18_first_ever_and_first_within)
{
    shop s = shop_open("UTC");
    shop_event(&s, "old", "x", "2025-01-01T00:00:00Z", "plan=free");
    shop_event(&s, "old", "x", "2026-03-20T00:00:00Z", "plan=pro");
    shop_event(&s, "new", "x", "2026-03-20T00:00:00Z", "plan=pro");
    shop_ask(&s, NOW, "first \"x\" in last 30 days", "new");
    shop_ask(&s, NOW, "did \"x\" in last 30 days", "new old");
    shop_ask(&s, NOW, "nth(2) \"x\" in last 30 days", "old");
    shop_ask(&s, NOW, "nth(3) \"x\" ever", "");
    shop_ask(&s, NOW, "last \"x\" in last 30 days", "new old");
    shop_ask(&s, NOW, "last \"x\" older than 10 days", "new old");
    shop_ask(&s, NOW, "last \"x\" older than 30 days", "");
    /* The first that fits the test, not: the first, if it fits. */
    shop_ask(&s, NOW, "first \"x\" where (plan = \"pro\") in last 30 days", "new old");
    shop_ask(&s, NOW, "first(plan) of \"x\" = \"free\"", "old");
    shop_ask(&s, NOW, "first(plan) of \"x\" in last 30 days = \"pro\"", "new old");
    shop_ask(&s, NOW, "last(plan) of \"x\" = \"pro\"", "new old");
    shop_close(&s);
}
END_TEST

/* ---- S-29: algebra ---- */

/* Users named by which of a, b, c they are. */
static void truth_users(shop *s)
{
    static const char *const users[] = {"_", "a", "ab", "abc", "ac", "b", "bc", "c"};
    for (size_t i = 0; i < 8; i++) {
        char values[64];
        snprintf(values, sizeof(values), "a=%s b=%s c=%s", strchr(users[i], 'a') ? "true" : "false",
                 strchr(users[i], 'b') ? "true" : "false", strchr(users[i], 'c') ? "true" : "null");
        if (i == 0)
            shop_user(s, users[i], "a=false b=false c=false");
        else
            shop_user(s, users[i], values);
    }
}

START_TEST(test_semantics__s29_operators)
{
    shop s = shop_open("UTC");
    truth_users(&s);
    shop_ask(&s, NOW, "a and b", "ab abc");
    shop_ask(&s, NOW, "a or b", "a ab abc ac b bc");
    shop_ask(&s, NOW, "a xor b", "a ac b bc");
    shop_ask(&s, NOW, "a xor b xor c", "a abc b c");
    shop_ask(&s, NOW, "a except b", "a ac");
    shop_ask(&s, NOW, "a or b except c", "a ab b");
    shop_ask(&s, NOW, "not a", "_ b bc c");
    shop_ask(&s, NOW, "not not a", "a ab abc ac");
    shop_ask(&s, NOW, "a and not a", "");
    shop_ask(&s, NOW, "a or not a", "_ a ab abc ac b bc c");
    /* `and` binds more than `xor`, and that more than `or`. */
    shop_ask(&s, NOW, "a or b and c", "a ab abc ac bc");
    shop_ask(&s, NOW, "(a or b) and c", "abc ac bc");
    shop_ask(&s, NOW, "not a and b", "b bc");
    shop_ask(&s, NOW, "not (a and b)", "_ a ac b bc c");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s29_at_least_k_of_n)
{
    shop s = shop_open("UTC");
    truth_users(&s);
    shop_ask(&s, NOW, "at least 1 of (a, b, c)", "a ab abc ac b bc c");
    shop_ask(&s, NOW, "at least 2 of (a, b, c)", "ab abc ac bc");
    shop_ask(&s, NOW, "at least 3 of (a, b, c)", "abc");
    shop_ask(&s, NOW, "not at least 2 of (a, b, c)", "_ a b c");
    shop_ask(&s, NOW, "at least 2 of (a, not a, not not a)", "a ab abc ac");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s29_equal_meanings_have_one_fingerprint)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    truth_users(&s);
    static const char *const same[] = {"a and b and not c", "not c and (b and a)",
                                       "((a)) and b and (not (c))"};
    uint64_t first[2] = {0, 0};
    for (size_t i = 0; i < 3; i++) {
        seg_segment *segment = NULL;
        uint64_t hash[2] = {0, 0};
        ck_assert_int_eq(seg_segment_compile(s.store, same[i], strlen(same[i]), 0, &segment, &err),
                         SEG_OK);
        seg_segment_fingerprint(segment, hash);
        if (i == 0)
            memcpy(first, hash, sizeof(first));
        ck_assert_mem_eq(first, hash, sizeof(first));
        seg_segment_release(segment);
    }
    shop_close(&s);
}
END_TEST

/* ---- S-30: segments of segments ---- */

START_TEST(test_semantics__s30_references_and_their_versions)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    uint64_t version = 0;
    truth_users(&s);
    shop_define(&s, "A", "a");
    shop_define(&s, "A and B", "in segment \"A\" and b");
    shop_ask(&s, NOW, "in segment \"A and B\"", "ab abc");
    shop_ask(&s, NOW, "not in segment \"A and B\"", "_ a ac b bc c");
    shop_ask(&s, NOW, "in segment \"A\" xor c", "a ab bc c");
    /* Compiled before the change: as it was. Afterwards all who refer see the new one. */
    seg_segment *before = NULL;
    const char *text = "in segment \"A and B\"";
    ck_assert_int_eq(seg_segment_compile(s.store, text, strlen(text), 0, &before, &err), SEG_OK);
    ck_assert_int_eq(seg_store_define_segment(s.store, "A", 1, "c", 1, &version, &err), SEG_OK);
    ck_assert_uint_eq(version, 2);
    shop_ask(&s, NOW, "in segment \"A and B\"", "abc bc");
    seg_snapshot *snapshot = shop_snapshot(&s);
    uint64_t count = 0;
    ck_assert_int_eq(seg_segment_count(before, snapshot, shop_time(NOW), NULL, &count, &err),
                     SEG_OK);
    ck_assert_uint_eq(count, 2); /* ab abc */
    seg_segment_release(before);
    ck_assert_int_eq(seg_segment_load(s.store, "A and B", 7, &before, &err), SEG_OK);
    seg_set *set = NULL;
    ck_assert_int_eq(seg_segment_evaluate(before, snapshot, shop_time(NOW), NULL, &set, &err),
                     SEG_OK);
    ck_assert_int_eq(seg_set_contains(set, "bc", 2), 1);
    ck_assert_int_eq(seg_set_contains(set, "ab", 2), 0);
    seg_set_release(set);
    seg_segment_release(before);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s30_circles_are_refused_with_their_path)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    truth_users(&s);
    shop_define(&s, "one", "a");
    shop_define(&s, "two", "in segment \"one\" or b");
    shop_define(&s, "three", "in segment \"two\" or c");
    const char *text = "in segment \"three\" or a";
    ck_assert_int_eq(seg_store_define_segment(s.store, "one", 3, text, strlen(text), NULL, &err),
                     SEG_E_CYCLE);
    ck_assert_ptr_nonnull(strstr(err.message, "one"));
    ck_assert_ptr_nonnull(strstr(err.message, "two"));
    ck_assert_ptr_nonnull(strstr(err.message, "three"));
    const char *self = "in segment \"new\"";
    ck_assert_int_ne(seg_store_define_segment(s.store, "new", 3, self, strlen(self), NULL, &err),
                     SEG_OK);
    /* Nothing has changed. */
    shop_ask(&s, NOW, "in segment \"one\"", "a ab abc ac");
    ck_assert_int_eq(shop_compile(&s, "in segment \"new\""), SEG_E_UNKNOWN_NAME);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s30_what_is_referred_to_is_not_dropped)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    truth_users(&s);
    shop_define(&s, "one", "a");
    shop_define(&s, "two", "in segment \"one\" or b");
    ck_assert_int_eq(seg_store_drop_segment(s.store, "one", 3, &err), SEG_E_IN_USE);
    shop_ask(&s, NOW, "in segment \"two\"", "a ab abc ac b bc");
    ck_assert_int_eq(seg_store_drop_segment(s.store, "two", 3, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_segment(s.store, "one", 3, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_segment(s.store, "one", 3, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(shop_compile(&s, "in segment \"one\""), SEG_E_UNKNOWN_NAME);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s30_each_segment_keeps_its_own_zone)
{
    /* 2026-03-30T23:00Z is the 31st in Berlin. */
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-30T23:00:00Z", "");
    shop_define(&s, "berlin", "using timezone \"Europe/Berlin\": did \"x\" today");
    shop_define(&s, "utc", "did \"x\" today");
    shop_ask(&s, NOW, "in segment \"berlin\"", "ann");
    shop_ask(&s, NOW, "in segment \"utc\"", "");
    shop_ask(&s, NOW, "using timezone \"Europe/Berlin\": in segment \"utc\"", "");
    shop_ask(&s, NOW, "using timezone \"Asia/Seoul\": in segment \"berlin\"", "ann");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("semantics");
    TCase *time = tcase_create("time");
    tcase_add_test(time, test_semantics__s01_answers_depend_on_data_and_now_alone);
    tcase_add_test(time, test_semantics__s01_same_bytes_on_one_and_two_threads);
    tcase_add_test(time, test_semantics__s02_open_below_closed_above);
    tcase_add_test(time, test_semantics__s02_one_event_holds_from_ts_until_before_ts_plus_window);
    tcase_add_test(time, test_semantics__s02_ago_and_older_share_the_edges);
    tcase_add_test(time, test_semantics__s02_windows_around_an_anchor);
    tcase_add_test(time, test_semantics__s03_this_and_previous_periods);
    tcase_add_test(time, test_semantics__s03_last_calendar_days_with_and_without_today);
    tcase_add_test(time, test_semantics__s04_closed_below_open_above);
    tcase_add_test(time, test_semantics__s04_dates_begin_in_the_zone);
    tcase_add_test(time, test_semantics__s05_days_have_23_24_or_25_hours);
    tcase_add_test(time, test_semantics__s05_hour_that_occurs_twice);
    tcase_add_test(time, test_semantics__s05_zone_of_the_user_with_fallback);
    tcase_add_test(time, test_semantics__s05_zone_of_the_window_reaches_into_where);
    tcase_add_test(time, test_semantics__s05_zone_of_the_user_ahead_of_the_store);
    tcase_add_test(time, test_semantics__s05_zone_of_the_user_reaches_into_where);
    tcase_add_test(time, test_semantics__s06_month_before_the_31st_is_clamped);
    tcase_add_test(time, test_semantics__s06_months_keep_the_time_of_day_of_the_zone);
    tcase_add_test(time, test_semantics__s07_a_date_is_compared_as_a_date_in_the_zone);
    suite_add_tcase(suite, time);
    TCase *events = tcase_create("events");
    tcase_add_test(events, test_semantics__s08_equal_times_keep_the_order_of_arrival);
    tcase_add_test(events, test_semantics__s09_late_events_move_what_was_first);
    tcase_add_test(events, test_semantics__s09_future_events_wait_for_their_time);
    tcase_add_test(events, test_semantics__s09_an_event_id_counts_once);
    tcase_add_test(events, test_semantics__s10_counts_include_zero);
    tcase_add_test(events, test_semantics__s10_distinct_periods);
    tcase_add_test(events, test_semantics__s11_did_not_is_the_rest_of_the_universe);
    tcase_add_test(events, test_semantics__s12_users_exist_when_named_or_from_their_first_event);
    tcase_add_test(events, test_semantics__s12_ranks_count_those_who_have_a_value);
    suite_add_tcase(suite, events);
    TCase *values = tcase_create("values");
    tcase_add_test(values, test_semantics__s13_states);
    tcase_add_test(values,
                   test_semantics__s13_tests_of_nothing_are_false_and_their_complements_true);
    tcase_add_test(values, test_semantics__s13_properties_have_the_same_three_states);
    tcase_add_test(values, test_semantics__s13_null_clears_and_absent_keeps);
    tcase_add_test(values, test_semantics__s14_sets);
    tcase_add_test(values, test_semantics__s14_tests_of_one_where_meet_one_event);
    tcase_add_test(values, test_semantics__s15_another_type_is_refused_whole);
    tcase_add_test(values, test_semantics__s15_numbers_and_texts_do_not_mix);
    tcase_add_test(values, test_semantics__s15_decimals_are_exact_and_texts_bytes);
    tcase_add_test(values, test_semantics__s16_of_nothing);
    tcase_add_test(values, test_semantics__s16_values);
    tcase_add_test(values, test_semantics__s16_refunds_subtract);
    tcase_add_test(values, test_semantics__s16_overflow_is_an_error);
    tcase_add_test(values, test_semantics__s17_mode_and_its_ties);
    tcase_add_test(values, test_semantics__s17_top);
    tcase_add_test(values, test_semantics__s17_share);
    tcase_add_test(values, test_semantics__s18_first_ever_and_first_within);
    suite_add_tcase(suite, values);
    TCase *algebra = tcase_create("algebra");
    tcase_add_test(algebra, test_semantics__s29_operators);
    tcase_add_test(algebra, test_semantics__s29_at_least_k_of_n);
    tcase_add_test(algebra, test_semantics__s29_equal_meanings_have_one_fingerprint);
    tcase_add_test(algebra, test_semantics__s30_references_and_their_versions);
    tcase_add_test(algebra, test_semantics__s30_circles_are_refused_with_their_path);
    tcase_add_test(algebra, test_semantics__s30_what_is_referred_to_is_not_dropped);
    tcase_add_test(algebra, test_semantics__s30_each_segment_keeps_its_own_zone);
    suite_add_tcase(suite, algebra);
    return suite;
}
