/* unit/lang/test_window.c - windows, durations and moments: S-02 to S-07 at their edges. */
#include <string.h>

#include "base/civil.h"
#include "lang/lang.h"
#include "support/check_main.h"

#define NOON(days) ((int64_t)(days)*SEGI_DAY + 12 * SEGI_HOUR)

static segi_zone *berlin;
static int64_t begin, end;

static void setup(void)
{
    ck_assert_int_eq(segi_zone_load(segi_mem_default(), "Europe/Berlin", 13, &berlin, NULL),
                     SEG_OK);
}

static void teardown(void)
{
    segi_zone_destroy(berlin);
}

static int64_t at(const char *text)
{
    segi_civil_time civil;
    ck_assert_uint_eq(segi_civil_parse(text, strlen(text), &civil), strlen(text));
    return civil.days * SEGI_DAY + civil.time_of_day -
           (civil.has_offset ? civil.offset_seconds * SEGI_SECOND : 0);
}

static int32_t day(const char *text)
{
    return (int32_t)(at(text) / SEGI_DAY - (at(text) % SEGI_DAY < 0));
}

static segi_window window(segi_window_kind kind, int64_t count, segi_unit unit)
{
    segi_window w;
    memset(&w, 0, sizeof w);
    w.kind = kind;
    w.length = (segi_duration){count, unit};
    w.week_start = 1;
    return w;
}

static void bounds(const segi_window *w, const segi_zone *zone, int64_t now)
{
    segi_window_bounds(w, zone, now, 0, true, &begin, &end);
}

static bool holds(int64_t instant)
{
    return instant >= begin && instant < end;
}

START_TEST(test_window__s02_rolling_is_open_below_closed_above)
{
    int64_t now = at("2026-03-10T12:00:00Z"), length = 30 * SEGI_DAY;
    segi_window w = window(SEGI_WINDOW_LAST, 30, SEGI_UNIT_DAY);
    bounds(&w, segi_zone_utc(), now);
    ck_assert(holds(now));
    ck_assert(!holds(now + 1));
    ck_assert(!holds(now - length));
    ck_assert(holds(now - length + 1));
}
END_TEST

START_TEST(test_window__s02_rolling_days_are_24_hours_across_dst)
{
    /* Clocks went forward in Berlin on 2026-03-29. */
    int64_t now = at("2026-03-29T12:00:00+02:00");
    segi_window w = window(SEGI_WINDOW_LAST, 1, SEGI_UNIT_DAY);
    bounds(&w, berlin, now);
    ck_assert_int_eq(end - begin, SEGI_DAY);
    ck_assert(holds(at("2026-03-28T11:00:00.000001+01:00")));
    ck_assert(!holds(at("2026-03-28T11:00:00+01:00")));
}
END_TEST

START_TEST(test_window__s02_next_is_open_below_closed_above)
{
    int64_t now = at("2026-03-10T12:00:00Z");
    segi_window w = window(SEGI_WINDOW_NEXT, 2, SEGI_UNIT_HOUR);
    bounds(&w, segi_zone_utc(), now);
    ck_assert(!holds(now));
    ck_assert(holds(now + 1));
    ck_assert(holds(now + 2 * SEGI_HOUR));
    ck_assert(!holds(now + 2 * SEGI_HOUR + 1));
}
END_TEST

START_TEST(test_window__s02_ago_and_older_tile)
{
    int64_t now = at("2026-03-10T12:00:00Z");
    segi_window ago = window(SEGI_WINDOW_AGO, 60, SEGI_UNIT_DAY);
    ago.length_to = (segi_duration){30, SEGI_UNIT_DAY};
    segi_window last = window(SEGI_WINDOW_LAST, 30, SEGI_UNIT_DAY);
    segi_window older = window(SEGI_WINDOW_OLDER, 60, SEGI_UNIT_DAY);
    bounds(&last, segi_zone_utc(), now);
    int64_t last_begin = begin;
    bounds(&ago, segi_zone_utc(), now);
    ck_assert_int_eq(end, last_begin);
    int64_t ago_begin = begin;
    bounds(&older, segi_zone_utc(), now);
    ck_assert_int_eq(end, ago_begin);
    ck_assert_int_eq(begin, SEG_TIME_MIN);
    ck_assert(holds(now - 60 * SEGI_DAY));
    ago.length_to.count = 0;
    bounds(&ago, segi_zone_utc(), now);
    ck_assert_int_eq(end, now + 1);
}
END_TEST

START_TEST(test_window__s02_an_empty_span_is_empty)
{
    segi_window w = window(SEGI_WINDOW_LAST, 0, SEGI_UNIT_DAY);
    bounds(&w, segi_zone_utc(), 1000);
    ck_assert_int_eq(begin, end);
    w = window(SEGI_WINDOW_AGO, 1, SEGI_UNIT_DAY);
    w.length_to = (segi_duration){2, SEGI_UNIT_DAY};
    bounds(&w, segi_zone_utc(), 1000);
    ck_assert_int_eq(begin, end);
}
END_TEST

START_TEST(test_window__s03_calendar_days_with_and_without_today)
{
    int64_t now = at("2026-03-10T12:00:00+01:00");
    segi_window w = window(SEGI_WINDOW_LAST_CALENDAR, 3, SEGI_UNIT_DAY);
    bounds(&w, berlin, now);
    ck_assert_int_eq(begin, at("2026-03-08T00:00:00+01:00"));
    ck_assert_int_eq(end, now + 1);
    w.complete = true;
    bounds(&w, berlin, now);
    ck_assert_int_eq(begin, at("2026-03-07T00:00:00+01:00"));
    ck_assert_int_eq(end, at("2026-03-10T00:00:00+01:00"));
}
END_TEST

START_TEST(test_window__s03_periods_of_each_unit)
{
    static const struct {
        segi_unit unit;
        const char *this_begin, *previous_begin;
    } cases[] = {{SEGI_UNIT_DAY, "2026-05-13T00:00Z", "2026-05-12T00:00Z"},
                 {SEGI_UNIT_WEEK, "2026-05-11T00:00Z", "2026-05-04T00:00Z"},
                 {SEGI_UNIT_MONTH, "2026-05-01T00:00Z", "2026-04-01T00:00Z"},
                 {SEGI_UNIT_QUARTER, "2026-04-01T00:00Z", "2026-01-01T00:00Z"},
                 {SEGI_UNIT_YEAR, "2026-01-01T00:00Z", "2025-01-01T00:00Z"}};
    int64_t now = at("2026-05-13T17:30:00Z"); /* a Wednesday */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        segi_window w = window(SEGI_WINDOW_THIS, 1, cases[i].unit);
        bounds(&w, segi_zone_utc(), now);
        ck_assert_int_eq(begin, at(cases[i].this_begin));
        ck_assert_int_eq(end, now + 1);
        w.kind = SEGI_WINDOW_PREVIOUS;
        bounds(&w, segi_zone_utc(), now);
        ck_assert_int_eq(begin, at(cases[i].previous_begin));
        ck_assert_int_eq(end, at(cases[i].this_begin));
    }
}
END_TEST

START_TEST(test_window__s03_weeks_start_on_monday_or_sunday)
{
    int64_t sunday = at("2026-05-17T08:00:00Z");
    segi_window w = window(SEGI_WINDOW_THIS, 1, SEGI_UNIT_WEEK);
    bounds(&w, segi_zone_utc(), sunday);
    ck_assert_int_eq(begin, at("2026-05-11T00:00Z"));
    w.week_start = 7;
    bounds(&w, segi_zone_utc(), sunday);
    ck_assert_int_eq(begin, at("2026-05-17T00:00Z"));
    w.kind = SEGI_WINDOW_LAST_CALENDAR;
    w.length.count = 2;
    w.complete = true;
    bounds(&w, segi_zone_utc(), sunday);
    ck_assert_int_eq(begin, at("2026-05-03T00:00Z"));
    ck_assert_int_eq(end, at("2026-05-17T00:00Z"));
}
END_TEST

START_TEST(test_window__s04_between_is_closed_below_open_above)
{
    segi_window w = window(SEGI_WINDOW_BETWEEN, 0, SEGI_UNIT_DAY);
    w.from = (segi_moment){SEGI_MOMENT_INSTANT, at("2026-01-01T10:00Z")};
    w.to = (segi_moment){SEGI_MOMENT_INSTANT, at("2026-01-02T10:00Z")};
    bounds(&w, segi_zone_utc(), at("2026-06-01T00:00Z"));
    ck_assert_int_eq(begin, at("2026-01-01T10:00Z"));
    ck_assert_int_eq(end, at("2026-01-02T10:00Z"));
    w.to = w.from;
    bounds(&w, segi_zone_utc(), at("2026-06-01T00:00Z"));
    ck_assert_int_eq(begin, end);
}
END_TEST

START_TEST(test_window__s04_a_date_above_means_through_that_day)
{
    segi_window w = window(SEGI_WINDOW_BETWEEN, 0, SEGI_UNIT_DAY);
    w.from = (segi_moment){SEGI_MOMENT_DATE, day("2026-03-29")};
    w.to = w.from;
    bounds(&w, berlin, at("2026-06-01T00:00Z"));
    ck_assert_int_eq(begin, at("2026-03-29T00:00:00+01:00"));
    ck_assert_int_eq(end, at("2026-03-30T00:00:00+02:00"));
    ck_assert_int_eq(end - begin, 23 * SEGI_HOUR); /* S-05: the day is 23 hours long */
    w.from.value = w.to.value = day("2026-10-25");
    bounds(&w, berlin, at("2026-12-01T00:00Z"));
    ck_assert_int_eq(end - begin, 25 * SEGI_HOUR);
}
END_TEST

START_TEST(test_window__s04_events_after_now_do_not_count_attributes_do)
{
    int64_t now = at("2026-01-01T12:00Z");
    segi_window w = window(SEGI_WINDOW_BETWEEN, 0, SEGI_UNIT_DAY);
    w.from = (segi_moment){SEGI_MOMENT_DATE, day("2026-01-01")};
    w.to = (segi_moment){SEGI_MOMENT_DATE, day("2026-01-10")};
    bounds(&w, segi_zone_utc(), now);
    ck_assert_int_eq(end, now + 1);
    segi_window_bounds(&w, segi_zone_utc(), now, 0, false, &begin, &end);
    ck_assert_int_eq(end, at("2026-01-11T00:00Z"));
    w.kind = SEGI_WINDOW_BEFORE;
    w.from.value = day("2026-02-01");
    segi_window_bounds(&w, segi_zone_utc(), now, 0, false, &begin, &end);
    ck_assert_int_eq(end, at("2026-02-01T00:00Z"));
    bounds(&w, segi_zone_utc(), now);
    ck_assert_int_eq(end, now + 1);
    w.kind = SEGI_WINDOW_SINCE;
    bounds(&w, segi_zone_utc(), now);
    ck_assert_int_eq(begin, end); /* since a day to come: nothing yet */
    w.kind = SEGI_WINDOW_EVER;
    bounds(&w, segi_zone_utc(), now);
    ck_assert_int_eq(begin, SEG_TIME_MIN);
    ck_assert_int_eq(end, now + 1);
}
END_TEST

START_TEST(test_window__s05_local_moments_in_gap_and_overlap)
{
    segi_moment gap = {SEGI_MOMENT_LOCAL, at("2026-03-29T02:30")};
    ck_assert_int_eq(segi_moment_instant(gap, berlin), at("2026-03-29T01:00Z"));
    segi_moment twice = {SEGI_MOMENT_LOCAL, at("2026-10-25T02:30")};
    ck_assert_int_eq(segi_moment_instant(twice, berlin), at("2026-10-25T00:30Z"));
    segi_moment date = {SEGI_MOMENT_DATE, day("2026-07-01")};
    ck_assert_int_eq(segi_moment_instant(date, berlin), at("2026-06-30T22:00Z"));
}
END_TEST

START_TEST(test_window__s05_today_begins_at_local_midnight)
{
    segi_window w = window(SEGI_WINDOW_THIS, 1, SEGI_UNIT_DAY);
    bounds(&w, berlin, at("2026-07-01T22:30Z")); /* 2 July in Berlin */
    ck_assert_int_eq(begin, at("2026-07-01T22:00Z"));
}
END_TEST

START_TEST(test_window__s06_months_clamp_to_the_end)
{
    static const struct {
        const char *now, *then;
        int64_t count;
        segi_unit unit;
    } cases[] = {{"2026-03-31T10:00Z", "2026-02-28T10:00Z", 1, SEGI_UNIT_MONTH},
                 {"2024-03-31T10:00Z", "2024-02-29T10:00Z", 1, SEGI_UNIT_MONTH},
                 {"2024-02-29T10:00Z", "2023-02-28T10:00Z", 1, SEGI_UNIT_YEAR},
                 {"2026-05-31T10:00Z", "2026-02-28T10:00Z", 1, SEGI_UNIT_QUARTER},
                 {"2026-01-15T10:00Z", "2024-11-15T10:00Z", 14, SEGI_UNIT_MONTH}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        segi_duration d = {cases[i].count, cases[i].unit};
        ck_assert_int_eq(segi_duration_add(at(cases[i].now), d, -1, segi_zone_utc()),
                         at(cases[i].then));
    }
}
END_TEST

START_TEST(test_window__s06_months_keep_the_local_time)
{
    segi_duration month = {1, SEGI_UNIT_MONTH};
    ck_assert_int_eq(segi_duration_add(at("2026-04-15T08:00:00+02:00"), month, -1, berlin),
                     at("2026-03-15T08:00:00+01:00"));
    /* Into the hour that clocks skip. */
    ck_assert_int_eq(segi_duration_add(at("2026-04-29T02:30:00+02:00"), month, -1, berlin),
                     at("2026-03-29T01:00Z"));
}
END_TEST

START_TEST(test_window__s07_dates_count_today_both_ways)
{
    int32_t first, last;
    int64_t now = NOON(day("2026-03-10"));
    segi_window w = window(SEGI_WINDOW_LAST, 7, SEGI_UNIT_DAY);
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("2026-03-04"));
    ck_assert_int_eq(last, day("2026-03-11"));
    w.kind = SEGI_WINDOW_NEXT;
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("2026-03-10"));
    ck_assert_int_eq(last, day("2026-03-17"));
    w = window(SEGI_WINDOW_LAST, 1, SEGI_UNIT_MONTH);
    segi_window_dates(&w, segi_zone_utc(), NOON(day("2026-03-31")), &first, &last);
    ck_assert_int_eq(first, day("2026-03-01"));
    ck_assert_int_eq(last, day("2026-04-01"));
}
END_TEST

START_TEST(test_window__s07_dates_are_of_the_zone)
{
    int32_t first, last;
    segi_window w = window(SEGI_WINDOW_THIS, 1, SEGI_UNIT_DAY);
    segi_window_dates(&w, berlin, at("2026-07-01T22:30Z"), &first, &last);
    ck_assert_int_eq(first, day("2026-07-02"));
    ck_assert_int_eq(last, day("2026-07-03"));
}
END_TEST

START_TEST(test_window__s07_dates_of_absolute_and_older_windows)
{
    int32_t first, last;
    int64_t now = NOON(day("2026-03-10"));
    segi_window w = window(SEGI_WINDOW_BETWEEN, 0, SEGI_UNIT_DAY);
    w.from = (segi_moment){SEGI_MOMENT_DATE, day("1990-01-01")};
    w.to = (segi_moment){SEGI_MOMENT_DATE, day("2030-12-31")};
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("1990-01-01"));
    ck_assert_int_eq(last, day("2031-01-01"));
    w.kind = SEGI_WINDOW_BEFORE;
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(last, day("1990-01-01"));
    w.kind = SEGI_WINDOW_SINCE;
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("1990-01-01"));
    ck_assert_int_eq(last, day("2026-03-11"));
    w = window(SEGI_WINDOW_OLDER, 18, SEGI_UNIT_YEAR);
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(last, day("2008-03-11")); /* who turns 18 today is */
    w = window(SEGI_WINDOW_AGO, 10, SEGI_UNIT_DAY);
    w.length_to = (segi_duration){5, SEGI_UNIT_DAY};
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("2026-03-01"));
    ck_assert_int_eq(last, day("2026-03-06"));
    w = window(SEGI_WINDOW_PREVIOUS, 1, SEGI_UNIT_MONTH);
    segi_window_dates(&w, segi_zone_utc(), now, &first, &last);
    ck_assert_int_eq(first, day("2026-02-01"));
    ck_assert_int_eq(last, day("2026-03-01"));
}
END_TEST

START_TEST(test_window__anchor_sides)
{
    int64_t anchor = at("2026-01-10T12:00Z"), now = at("2026-06-01T00:00Z");
    segi_window w = window(SEGI_WINDOW_ANCHOR, 2, SEGI_UNIT_DAY);
    w.side = SEGI_ANCHOR_AFTER;
    segi_window_bounds(&w, segi_zone_utc(), now, anchor, true, &begin, &end);
    ck_assert(!holds(anchor) && holds(anchor + 1));
    ck_assert(holds(anchor + 2 * SEGI_DAY) && !holds(anchor + 2 * SEGI_DAY + 1));
    w.side = SEGI_ANCHOR_BEFORE;
    segi_window_bounds(&w, segi_zone_utc(), now, anchor, true, &begin, &end);
    ck_assert(!holds(anchor) && holds(anchor - 1));
    ck_assert(holds(anchor - 2 * SEGI_DAY) && !holds(anchor - 2 * SEGI_DAY - 1));
    w.side = SEGI_ANCHOR_OF;
    segi_window_bounds(&w, segi_zone_utc(), now, anchor, true, &begin, &end);
    ck_assert(holds(anchor - 2 * SEGI_DAY) && holds(anchor) && holds(anchor + 2 * SEGI_DAY));
    segi_window_bounds(&w, segi_zone_utc(), anchor, anchor, true, &begin, &end);
    ck_assert_int_eq(end, anchor + 1);
}
END_TEST

START_TEST(test_window__arithmetic_saturates)
{
    static const segi_unit units[] = {SEGI_UNIT_SECOND, SEGI_UNIT_WEEK, SEGI_UNIT_MONTH,
                                      SEGI_UNIT_YEAR};
    static const int64_t nows[] = {SEG_TIME_MIN, 0, SEG_TIME_MAX};
    for (size_t u = 0; u < 4; u++) {
        for (size_t n = 0; n < 3; n++) {
            for (int kind = SEGI_WINDOW_EVER; kind <= SEGI_WINDOW_ANCHOR; kind++) {
                segi_window w = window((segi_window_kind)kind, INT64_MAX, units[u]);
                w.length_to = (segi_duration){1, units[u]};
                w.side = SEGI_ANCHOR_OF;
                int32_t first, last;
                bounds(&w, berlin, nows[n]);
                ck_assert(begin >= SEG_TIME_MIN && end <= SEG_TIME_MAX + 1 && begin <= end);
                segi_window_dates(&w, berlin, nows[n], &first, &last);
                ck_assert(first <= last);
            }
        }
    }
    segi_duration huge = {INT64_MAX, SEGI_UNIT_DAY};
    ck_assert_int_eq(segi_duration_add(0, huge, 1, berlin), SEG_TIME_MAX + 1);
    ck_assert_int_eq(segi_duration_add(0, huge, -1, berlin), SEG_TIME_MIN);
    ck_assert_int_eq(segi_duration_length(huge), INT64_MAX);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/window");
    TCase *t = tcase_create("window");
    tcase_add_unchecked_fixture(t, setup, teardown);
    tcase_add_test(t, test_window__s02_rolling_is_open_below_closed_above);
    tcase_add_test(t, test_window__s02_rolling_days_are_24_hours_across_dst);
    tcase_add_test(t, test_window__s02_next_is_open_below_closed_above);
    tcase_add_test(t, test_window__s02_ago_and_older_tile);
    tcase_add_test(t, test_window__s02_an_empty_span_is_empty);
    tcase_add_test(t, test_window__s03_calendar_days_with_and_without_today);
    tcase_add_test(t, test_window__s03_periods_of_each_unit);
    tcase_add_test(t, test_window__s03_weeks_start_on_monday_or_sunday);
    tcase_add_test(t, test_window__s04_between_is_closed_below_open_above);
    tcase_add_test(t, test_window__s04_a_date_above_means_through_that_day);
    tcase_add_test(t, test_window__s04_events_after_now_do_not_count_attributes_do);
    tcase_add_test(t, test_window__s05_local_moments_in_gap_and_overlap);
    tcase_add_test(t, test_window__s05_today_begins_at_local_midnight);
    tcase_add_test(t, test_window__s06_months_clamp_to_the_end);
    tcase_add_test(t, test_window__s06_months_keep_the_local_time);
    tcase_add_test(t, test_window__s07_dates_count_today_both_ways);
    tcase_add_test(t, test_window__s07_dates_are_of_the_zone);
    tcase_add_test(t, test_window__s07_dates_of_absolute_and_older_windows);
    tcase_add_test(t, test_window__anchor_sides);
    tcase_add_test(t, test_window__arithmetic_saturates);
    suite_add_tcase(s, t);
    return s;
}
