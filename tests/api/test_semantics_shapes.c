/* test_semantics_shapes.c - the edges of shapes over time: S-21 to S-23, S-27.
 *
 * Each test makes a handful of users on the edge and asks who is in. Unless said otherwise, now
 * is Tuesday 2026-03-31T12:00:00Z and weeks begin on Monday. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"

/* ---- S-21: sessions ---- */

START_TEST(test_shapes__s21_a_longer_gap_begins_a_session)
{
    shop s = shop_open("UTC");
    /* Gaps of exactly 30 minutes stay; a microsecond more does not. */
    shop_event(&s, "equal", "x", "2026-03-30T10:00:00Z", "");
    shop_event(&s, "equal", "y", "2026-03-30T10:30:00Z", "");
    shop_event(&s, "equal", "x", "2026-03-30T11:00:00Z", "");
    shop_event(&s, "more", "x", "2026-03-30T10:00:00Z", "");
    shop_event(&s, "more", "x", "2026-03-30T10:30:00.000001Z", "");
    shop_event(&s, "night", "x", "2026-03-30T23:50:00Z", "");
    shop_event(&s, "night", "x", "2026-03-31T00:10:00Z", "");
    shop_event(&s, "single", "x", "2026-03-30T10:00:00Z", "");
    shop_event(&s, "ahead", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "ahead", "x", "2026-03-31T12:00:00.000001Z", "");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "did session(gap 30 minutes) exactly 2 times", "more");
    shop_ask(&s, NOW, "count of session() = 1", "ahead equal night single");
    shop_ask(&s, NOW, "count of session(gap 20 minutes) = 3", "equal");
    shop_ask(&s, NOW, "did session(gap 19 minutes) at least 2 times", "equal more night");
    shop_ask(&s, NOW, "max(@duration) of session() = 60 minutes", "equal");
    shop_ask(&s, NOW, "max(@duration) of session() = 0 seconds", "ahead more single");
    shop_ask(&s, NOW, "max(@duration) of session() is absent", "none");
    shop_ask(&s, NOW, "did session() where (@count = 2)", "night");
    shop_ask(&s, NOW, "did session() where (@duration between 20 minutes and 1 hour)",
             "equal night");
    /* Only of x: there is an hour between. */
    shop_ask(&s, NOW, "did session(of \"x\") exactly 2 times", "equal more");
    ck_assert_int_ne(shop_compile(&s, "did session(gap 1 month)"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "did session(of session())"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "did \"x\" where (@duration > 1 minute)"), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s21_sessions_belong_to_the_window_they_begin_in)
{
    /* The window opens at 03-30T12:00; who was there a moment before began earlier. */
    shop s = shop_open("UTC");
    shop_event(&s, "across", "x", "2026-03-30T11:50:00Z", "");
    shop_event(&s, "across", "x", "2026-03-30T12:10:00Z", "");
    shop_event(&s, "across", "x", "2026-03-30T12:40:00Z", "");
    shop_event(&s, "inside", "x", "2026-03-30T11:39:59.999999Z", "");
    shop_event(&s, "inside", "x", "2026-03-30T12:10:00Z", "");
    shop_event(&s, "edge", "x", "2026-03-30T12:00:00Z", "");
    /* It begins before the end of the window and goes on behind it. */
    shop_event(&s, "on", "x", "2026-03-29T23:50:00Z", "");
    shop_event(&s, "on", "x", "2026-03-30T00:20:00Z", "");
    shop_event(&s, "on", "x", "2026-03-30T00:50:00Z", "");
    shop_ask(&s, NOW, "did session() in last 1 day", "inside");
    shop_ask(&s, NOW, "did session() between 2026-03-29 and 2026-03-29", "on");
    shop_ask(&s, NOW, "max(@duration) of session() between 2026-03-29 and 2026-03-29 = 1 hour",
             "on");
    shop_ask(&s, NOW, "did session() between 2026-03-30 and 2026-03-30", "across edge inside");
    shop_ask(&s, NOW, "last session() in last 1 day", "inside");
    shop_ask(&s, NOW, "first session() before 2026-03-30", "on");
    shop_ask(&s, NOW, "did session() within 1 hour after first session()", "inside");
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s21_what_lies_within_a_session)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"buys", "looks", "apart"};
    for (size_t i = 0; i < 3; i++) {
        shop_event(&s, users[i], "view", "2026-03-30T10:00:00Z", "price=5");
        shop_event(&s, users[i], "view", "2026-03-30T10:10:00Z", "price=7");
        shop_event(&s, users[i], "view", "2026-03-30T10:20:00Z", "price=7");
    }
    shop_event(&s, "buys", "order", "2026-03-30T10:20:00Z", "");
    shop_event(&s, "apart", "order", "2026-03-30T12:00:00Z", "");
    shop_ask(&s, NOW,
             "did session(gap 30 minutes) where (count(\"view\") >= 3 and count(\"order\") = 0 and "
             "@duration >= 5 minutes) at least 1 time in last 14 days",
             "apart looks");
    shop_ask(&s, NOW, "did session() where (count of \"order\" > 0 and @duration > 0 seconds)",
             "buys");
    shop_ask(&s, NOW, "did session() where (sum(price) of \"view\" = 19)", "apart buys looks");
    shop_ask(&s, NOW, "did session() where (max(price) of \"view\" is absent)", "apart");
    shop_ask(&s, NOW, "did session() where (distinct(price) of \"view\" where (price > 5) = 1)",
             "apart buys looks");
    shop_ask(&s, NOW, "share(count of \"order\" > 0) of session() = 0.5", "apart");
    /* Of views alone; what else lies within them is asked all the same. */
    shop_ask(&s, NOW, "did session(of \"view\") where (count(\"order\") = 1)", "buys");
    ck_assert_int_ne(shop_compile(&s, "did session() where (price > 3)"), SEG_OK);
    ck_assert_int_ne(
        shop_compile(&s, "did session() where (count of \"order\" in last 3 days > 1)"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "did session() where (count of session() > 1)"), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s21_figures_of_durations)
{
    /* Sessions of 10, 20 and 0 minutes, and one of 1 microsecond. */
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-27T10:00:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-27T10:10:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-28T10:00:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-28T10:20:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-29T10:00:00Z", "");
    shop_event(&s, "bob", "x", "2026-03-29T10:00:00Z", "");
    shop_event(&s, "bob", "x", "2026-03-29T10:00:00.000001Z", "");
    shop_event(&s, "bob", "x", "2026-03-30T10:00:00Z", "");
    shop_ask(&s, NOW, "sum(@duration) of session() in last 7 days >= 30 minutes", "ann");
    shop_ask(&s, NOW, "median(@duration) of session() = 10 minutes", "ann");
    shop_ask(&s, NOW, "avg(@duration) of session() = 10 minutes", "ann");
    shop_ask(&s, NOW, "percentile(@duration, 75%) of session() = 15 minutes", "ann");
    shop_ask(&s, NOW, "last(@duration) of session() = 0 seconds", "ann bob");
    /* Half a microsecond is none. */
    shop_ask(&s, NOW, "avg(@duration) of session() = 0 seconds", "bob");
    shop_ask(&s, NOW, "max(@count) of session() = 2 and distinct(day) of session() = 3", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s21_a_late_event_joins_two_sessions)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "x", "2026-03-30T10:00:00Z", "");
    shop_event(&s, "ann", "x", "2026-03-30T10:50:00Z", "");
    shop_ask(&s, NOW, "did session() exactly 2 times", "ann");
    shop_event(&s, "ann", "x", "2026-03-30T10:25:00Z", "");
    shop_ask(&s, NOW, "did session() exactly 2 times", "");
    shop_ask(&s, NOW, "sum(@duration) of session() = 50 minutes", "ann");
    shop_close(&s);
}
END_TEST

/* ---- S-22: regularity ---- */

START_TEST(test_shapes__s22_regular_weeks)
{
    /* Complete weeks: 03-02, 03-09, 03-16, 03-23; the running one began on 03-30. */
    shop s = shop_open("UTC");
    static const char *const weeks[] = {"2026-03-02T00:00:00Z", "2026-03-15T23:59:59.999999Z",
                                        "2026-03-16T00:00:00Z", "2026-03-29T23:59:59.999999Z",
                                        "2026-03-30T00:00:00Z"};
    for (size_t i = 0; i < 5; i++) {
        shop_event(&s, "all", "x", weeks[i], "");
        shop_event(&s, "all", "x", weeks[i], "");
        if (i != 1)
            shop_event(&s, "three", "x", weeks[i], "");
        if (i >= 3)
            shop_event(&s, "late", "x", weeks[i], "");
        if (i == 0)
            shop_event(&s, "three", "x", weeks[i], "");
    }
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "did \"x\" in at least 4 of last 4 complete weeks", "all");
    shop_ask(&s, NOW, "did \"x\" in at least 3 of last 4 complete weeks", "all three");
    shop_ask(&s, NOW, "did \"x\" in at least 2 of last 4 weeks", "all late three");
    shop_ask(&s, NOW, "did \"x\" in exactly 3 of last 4 weeks", "three");
    shop_ask(&s, NOW, "did \"x\" at least 2 times in at least 1 of last 4 complete weeks",
             "all three");
    shop_ask(&s, NOW, "did \"x\" more than 1 time in between 2 and 4 of last 4 complete weeks",
             "all");
    shop_ask(&s, NOW, "did \"x\" in fewer than 2 of last 4 complete weeks", "late none");
    /* Weeks from Sunday on: the one that begins on 03-29 is the running one. */
    shop_ask(&s, NOW, "using week sunday: did \"x\" in exactly 1 of last 1 complete weeks", "");
    shop_ask(&s, NOW, "did \"x\" at least 2 times on at least 5 weeks", "all");
    ck_assert_int_ne(shop_compile(&s, "did \"x\" at most 2 times on at least 5 weeks"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "did \"x\" in at least 4 of last 4 hours"), SEG_OK);
    shop_close(&s);
}
END_TEST

/* ---- S-22: streaks ---- */

/* The same in a window of few periods, of many, and of all time, which are three roads. */
static void ask_windows(shop *s, const char *head, const char *tail, const char *who)
{
    static const char *const windows[] = {"in last 50 days", "in last 400 days", "ever",
                                          "in last 50 calendar days"};
    for (size_t i = 0; i < 4; i++) {
        char text[256];
        snprintf(text, sizeof(text), "%s %s %s", head, windows[i], tail);
        shop_ask(s, NOW, text, who);
    }
}

START_TEST(test_shapes__s22_streaks_end_today_or_yesterday)
{
    shop s = shop_open("UTC");
    static const char *const days[] = {"2026-03-27T12:00:00Z", "2026-03-28T00:00:00Z",
                                       "2026-03-29T23:59:59.999999Z", "2026-03-30T12:00:00Z",
                                       "2026-03-31T12:00:00Z"};
    for (size_t i = 0; i < 5; i++) {
        shop_event(&s, "today", "x", days[i], "");
        if (i < 4)
            shop_event(&s, "yesterday", "x", days[i], "");
        if (i < 3)
            shop_event(&s, "over", "x", days[i], "");
        if (i != 2)
            shop_event(&s, "gap", "x", days[i], "");
    }
    shop_user(&s, "none", "");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 5", "today");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 4", "yesterday");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 0", "none over");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 2", "gap");
    ask_windows(&s, "streak(day) of \"x\"", ">= 4", "today yesterday");
    ask_windows(&s, "streak(day) of \"x\"", "= 2", "gap");
    ask_windows(&s, "streak(day, min 2) of \"x\"", "= 0", "gap none over today yesterday");
    ask_windows(&s, "streak(week) of \"x\"", "= 2", "gap today yesterday");
    ask_windows(&s, "current_streak(month) of \"x\"", "= 1", "gap over today yesterday");
    /* Alive until local midnight has passed: the moment before, and that moment. */
    shop_ask(&s, "2026-03-30T23:59:59.999999Z", "current_streak(day) of \"x\" = 3", "over");
    shop_ask(&s, "2026-03-31T00:00:00Z", "current_streak(day) of \"x\" = 3", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s22_days_of_23_and_25_hours)
{
    /* Berlin: 03-29 lasts from 03-28T23:00Z to 03-29T22:00Z; 2025-10-26 from 10-25T22:00Z to
     * 10-26T23:00Z. */
    shop s = shop_open("Europe/Berlin");
    static const char *const first[] = {"2026-03-27T23:00:00Z", "2026-03-28T23:00:00Z",
                                        "2026-03-29T22:00:00Z", "2026-03-30T22:00:00Z"};
    static const char *const last[] = {"2026-03-28T22:59:59.999999Z", "2026-03-29T21:59:59.999999Z",
                                       "2026-03-30T21:59:59.999999Z"};
    static const char *const autumn[] = {"2025-10-25T22:00:00Z", "2025-10-26T22:59:59.999999Z",
                                         "2025-10-26T23:00:00Z"};
    for (size_t i = 0; i < 4; i++)
        shop_event(&s, "first", "x", first[i], "");
    for (size_t i = 0; i < 3; i++)
        shop_event(&s, "last", "x", last[i], "");
    for (size_t i = 0; i < 3; i++)
        shop_event(&s, "autumn", "x", autumn[i], "");
    shop_user(&s, "far", "timezone=Asia/Seoul");
    shop_event(&s, "far", "x", "2026-03-29T14:59:59.999999Z", ""); /* Seoul: 03-29 */
    shop_event(&s, "far", "x", "2026-03-29T15:00:00Z", "");        /* 03-30 */
    ask_windows(&s, "current_streak(day) of \"x\"", "= 4", "first");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 3", "last");
    shop_ask(&s, NOW, "streak(day) of \"x\" = 2", "autumn");
    shop_ask(&s, NOW, "streak(day) of \"x\" between 2025-10-01 and 2025-11-30 = 2", "autumn");
    ask_windows(&s, "streak(day) of \"x\"", "tz user = 2 and timezone is set", "far");
    ask_windows(&s, "streak(day) of \"x\"", "= 1 and timezone is set", "far");
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s22_missed_periods_that_are_allowed)
{
    /* Days of March 2026: x means active, the last one is the 31st. */
    static const struct {
        const char *user, *days;
    } rows[] = {{"one", "x.xx......x.x"},
                {"two", "xx..xx........"},
                {"tight", "x.x.x.........."},
                {"wide", "x.xxxxxx.x......"},
                {"alive", "xxx."}};
    shop s = shop_open("UTC");
    for (size_t i = 0; i < 5; i++) {
        size_t size = strlen(rows[i].days);
        for (size_t k = 0; k < size; k++) {
            char when[32];
            snprintf(when, sizeof(when), "2026-03-%02uT06:00:00Z", (unsigned)(32 - size + k));
            if (rows[i].days[k] == 'x')
                shop_event(&s, rows[i].user, "x", when, "");
        }
    }
    ask_windows(&s, "streak(day, allowing 1 missed per 2) of \"x\"", "= 3", "alive one tight");
    ask_windows(&s, "streak(day, allowing 1 missed per 7) of \"x\"", "= 3", "alive one");
    ask_windows(&s, "streak(day, allowing 1 missed per 7) of \"x\"", "= 2", "tight two");
    /* wide: misses 7 days apart are two in 8 days, but one in 7. */
    ask_windows(&s, "streak(day, allowing 1 missed per 7) of \"x\"", "= 8", "wide");
    ask_windows(&s, "streak(day, allowing 1 missed per 8) of \"x\"", "= 7", "wide");
    ask_windows(&s, "streak(day, allowing 2 missed per 3) of \"x\"", "= 4", "two");
    ask_windows(&s, "current_streak(day, allowing 1 missed per 7) of \"x\"", "= 2", "one");
    ask_windows(&s, "current_streak(day) of \"x\"", "= 3", "alive");
    ck_assert_int_ne(shop_compile(&s, "streak(day, allowing 3 missed per 3) of \"x\" = 1"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "streak(day, allowing 32 missed per 99) of \"x\" = 1"),
                     SEG_OK);
    ck_assert_int_eq(shop_compile(&s, "streak(day, allowing 31 missed per 32) of \"x\" = 1"),
                     SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "streak(hour) of \"x\" = 1"), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s22_when_a_streak_broke)
{
    /* Three days to the 12th, two to the 20th: missed on the 13th and the 21st, which is known
     * when those days are over. */
    shop s = shop_open("UTC");
    static const char *const days[] = {"10", "11", "12", "19", "20", "30"};
    for (size_t i = 0; i < 6; i++) {
        char when[32];
        snprintf(when, sizeof(when), "2026-03-%sT08:00:00Z", days[i]);
        shop_event(&s, "ann", "x", when, "");
    }
    shop_event(&s, "alive", "x", "2026-03-30T08:00:00Z", "");
    shop_user(&s, "none", "");
    ask_windows(&s, "streak(day) of \"x\"", "broken in last 10 days", "ann");
    ask_windows(&s, "streak(day) of \"x\"", "broken = 2026-03-22", "ann");
    ask_windows(&s, "streak(day, length 2) of \"x\"", "broken = 2026-03-22", "ann");
    ask_windows(&s, "streak(day, length 3) of \"x\"", "broken = 2026-03-14", "ann");
    ask_windows(&s, "streak(day, length 4) of \"x\"", "broken is set", "");
    ask_windows(&s, "not streak(day) of \"x\"", "broken is set", "alive none");
    shop_ask(&s, "2026-03-13T23:59:59.999999Z", "streak(day) of \"x\" broken is set", "");
    shop_ask(&s, "2026-03-14T00:00:00Z", "streak(day) of \"x\" broken = now", "ann");
    ck_assert_int_ne(shop_compile(&s, "streak(day, length 3) of \"x\" >= 3"), SEG_OK);
    shop_close(&s);
}
END_TEST

/* ---- S-23: recency and return ---- */

START_TEST(test_shapes__s23_dormant_never_and_resurrected)
{
    /* 7 days ago is 03-24T12:00, 37 days ago 02-22T12:00. */
    shop s = shop_open("UTC");
    shop_event(&s, "edge", "x", "2026-03-24T12:00:00Z", "");
    shop_event(&s, "active", "x", "2026-03-24T12:00:00.000001Z", "");
    shop_event(&s, "back", "x", "2026-02-22T12:00:00Z", "");
    shop_event(&s, "back", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "soon", "x", "2026-02-22T12:00:00.000001Z", "");
    shop_event(&s, "soon", "x", "2026-03-31T12:00:00Z", "");
    shop_event(&s, "new", "x", "2026-03-31T12:00:00Z", "");
    shop_user(&s, "never", "");
    shop_ask(&s, NOW, "dormant(7 days) of \"x\"", "edge");
    shop_ask(&s, NOW, "never did \"x\"", "never");
    shop_ask(&s, NOW, "resurrected(7 days, 30 days) of \"x\"", "back");
    shop_ask(&s, NOW, "resurrected(168 hours, 30 days) of \"x\"", "back");
    shop_ask(&s, NOW, "resurrected(1 week, 29 days) of \"x\"", "back soon");
    ck_assert_int_eq(shop_compile(&s, "resurrected(1 month, 1 year) of \"x\""), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "resurrected(1 week, 1 month) of \"x\""), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s23_stages)
{
    /* This week began on 03-30, the previous one on 03-23. */
    shop s = shop_open("UTC");
    static const char *const rows[][2] = {
        {"new", "2026-03-30T00:00:00Z"},         {"new", "2026-03-31T12:00:00Z"},
        {"active", "2026-03-23T00:00:00Z"},      {"active", "2026-03-30T00:00:00Z"},
        {"back", "2026-03-22T23:59:59.999999Z"}, {"back", "2026-03-30T00:00:00Z"},
        {"gone", "2026-03-29T23:59:59.999999Z"}, {"ahead", "2026-03-31T12:00:00.000001Z"}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        shop_event(&s, rows[i][0], "x", rows[i][1], "");
    shop_user(&s, "ahead", "");
    shop_ask(&s, NOW, "stage(week) of \"x\" = \"new\"", "new");
    shop_ask(&s, NOW, "stage(week) of \"x\" = \"active\"", "active");
    shop_ask(&s, NOW, "stage(week) of \"x\" = \"resurrected\"", "back");
    shop_ask(&s, NOW, "stage(week) of \"x\" = \"dormant\"", "gone");
    /* Who has no event has no stage, not even another one. */
    shop_ask(&s, NOW, "stage(week) of \"x\" != \"new\"", "active back gone");
    shop_ask(&s, NOW, "stage(week) of \"x\" not in (\"dormant\", \"active\")", "back new");
    /* In Seoul it is 21 o'clock; 03-30 began there at 03-29T15:00Z. */
    shop_ask(&s, NOW, "stage(week) of \"x\" tz \"Asia/Seoul\" = \"new\"", "gone new");
    ck_assert_int_ne(shop_compile(&s, "stage(week) of \"x\" = \"old\""), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s23_overdue_against_the_own_median_gap)
{
    /* Every two days until 03-25T12:00: six days since the last are three gaps. */
    shop s = shop_open("UTC");
    static const char *const days[] = {"19", "21", "23", "25"};
    for (size_t i = 0; i < 4; i++) {
        char when[32];
        snprintf(when, sizeof(when), "2026-03-%sT12:00:00Z", days[i]);
        shop_event(&s, "ann", "x", when, "");
        if (i > 0)
            shop_event(&s, "short", "x", when, ""); /* two gaps say too little */
        shop_event(&s, "burst", "x", "2026-03-01T00:00:00Z", "");
    }
    /* Gaps of 1, 3, 3 and 5 days: median 3. */
    static const char *const mixed[] = {"10", "11", "14", "17", "22"};
    for (size_t i = 0; i < 5; i++) {
        char when[32];
        snprintf(when, sizeof(when), "2026-03-%sT12:00:00Z", mixed[i]);
        shop_event(&s, "bob", "x", when, "");
    }
    shop_ask(&s, NOW, "overdue of \"x\" = 3", "ann bob");
    shop_ask(&s, NOW, "overdue of \"x\" > 3", "");
    shop_ask(&s, NOW, "overdue of \"x\" >= 1.5", "ann bob");
    shop_ask(&s, NOW, "overdue of \"x\" is set", "ann bob");
    shop_ask(&s, NOW, "overdue of \"x\" in last 10 days >= 1", "");
    shop_close(&s);
}
END_TEST

/* ---- S-27: occasions ---- */

START_TEST(test_shapes__s27_anniversaries_wrap_the_year)
{
    shop s = shop_open("UTC");
    static const char *const rows[][2] = {{"dec31", "birthday=@1990-12-31"},
                                          {"jan01", "birthday=@1985-01-01"},
                                          {"jan06", "birthday=@2001-01-06"},
                                          {"jan07", "birthday=@2001-01-07"},
                                          {"dec30", "birthday=@1970-12-30"},
                                          {"leap", "birthday=@2000-02-29"},
                                          {"feb28", "birthday=@2001-02-28"},
                                          {"mar01", "birthday=@2001-03-01"},
                                          {"none", ""}};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        shop_user(&s, rows[i][0], rows[i][1]);
    const char *eve = "2025-12-31T23:59:59.999999Z";
    shop_ask(&s, eve, "anniversary(birthday) in next 7 days", "dec31 jan01 jan06");
    shop_ask(&s, eve, "anniversary(birthday) today", "dec31");
    shop_ask(&s, eve, "anniversary(birthday) in last 2 days", "dec30 dec31");
    shop_ask(&s, "2026-01-01T00:00:00Z", "anniversary(birthday) in last 2 days", "dec31 jan01");
    /* In Seoul it is the next day already. */
    shop_ask(&s, eve, "anniversary(birthday) today tz \"Asia/Seoul\"", "jan01");
    /* 29 February, where there is none and where there is. */
    shop_ask(&s, "2026-02-28T12:00:00Z", "anniversary(birthday) today", "feb28");
    shop_ask(&s, "2026-03-01T12:00:00Z", "anniversary(birthday) today", "leap mar01");
    shop_ask(&s, "2026-02-28T12:00:00Z", "anniversary(birthday, feb 28) today", "feb28 leap");
    shop_ask(&s, "2026-03-01T12:00:00Z", "anniversary(birthday, feb 28) today", "mar01");
    shop_ask(&s, "2028-02-29T12:00:00Z", "anniversary(birthday) today", "leap");
    shop_ask(&s, "2028-02-29T12:00:00Z", "anniversary(birthday, feb 28) today", "leap");
    shop_ask(&s, "2028-03-01T12:00:00Z", "anniversary(birthday, mar 1) today", "mar01");
    shop_ask(&s, NOW, "anniversary(birthday) in last 1 year",
             "dec30 dec31 feb28 jan01 jan06 jan07 leap mar01");
    ck_assert_int_ne(shop_compile(&s, "anniversary(birthday) = 2026-01-01"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "anniversary(birthday) in next 7 hours"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "anniversary(birthday, feb 29) today"), SEG_OK);
    shop_close(&s);
}
END_TEST

START_TEST(test_shapes__s27_seasons)
{
    shop s = shop_open("UTC");
    static const char *const rows[][2] = {{"before", "2025-12-23T23:59:59.999999Z"},
                                          {"first", "2025-12-24T00:00:00Z"},
                                          {"other", "2019-12-31T12:00:00Z"},
                                          {"last", "2026-01-06T23:59:59.999999Z"},
                                          {"after", "2026-01-07T00:00:00Z"}};
    for (size_t i = 0; i < 5; i++)
        shop_event(&s, rows[i][0], "x", rows[i][1], "");
    shop_ask(&s, NOW, "did \"x\" where (@date between 12-24 and 01-06)", "first last other");
    shop_ask(&s, NOW, "did \"x\" where (@time between 12-24 and 1-6)", "first last other");
    shop_ask(&s, NOW, "did \"x\" where (not @date between 12-24 and 01-06)", "after before");
    shop_ask(&s, NOW, "did \"x\" where (@date between 12-24 and 12-31)", "first other");
    shop_ask(&s, NOW, "share(@date between 12-24 and 01-06) of \"x\" = 1", "first last other");
    shop_ask(&s, NOW, "did \"x\" where (@date between 12-24 and 01-06) ever tz \"Asia/Seoul\"",
             "before first other");
    ck_assert_int_ne(shop_compile(&s, "did \"x\" where (@date between 02-30 and 03-01)"), SEG_OK);
    ck_assert_int_ne(shop_compile(&s, "did \"x\" where (@date between 12-24 and 2026-01-06)"),
                     SEG_OK);
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("semantics_shapes");
    TCase *sessions = tcase_create("sessions");
    tcase_add_test(sessions, test_shapes__s21_a_longer_gap_begins_a_session);
    tcase_add_test(sessions, test_shapes__s21_sessions_belong_to_the_window_they_begin_in);
    tcase_add_test(sessions, test_shapes__s21_what_lies_within_a_session);
    tcase_add_test(sessions, test_shapes__s21_figures_of_durations);
    tcase_add_test(sessions, test_shapes__s21_a_late_event_joins_two_sessions);
    suite_add_tcase(suite, sessions);
    TCase *streaks = tcase_create("streaks");
    tcase_add_test(streaks, test_shapes__s22_regular_weeks);
    tcase_add_test(streaks, test_shapes__s22_streaks_end_today_or_yesterday);
    tcase_add_test(streaks, test_shapes__s22_days_of_23_and_25_hours);
    tcase_add_test(streaks, test_shapes__s22_missed_periods_that_are_allowed);
    tcase_add_test(streaks, test_shapes__s22_when_a_streak_broke);
    suite_add_tcase(suite, streaks);
    TCase *life = tcase_create("life");
    tcase_add_test(life, test_shapes__s23_dormant_never_and_resurrected);
    tcase_add_test(life, test_shapes__s23_stages);
    tcase_add_test(life, test_shapes__s23_overdue_against_the_own_median_gap);
    suite_add_tcase(suite, life);
    TCase *days = tcase_create("days of the year");
    tcase_add_test(days, test_shapes__s27_anniversaries_wrap_the_year);
    tcase_add_test(days, test_shapes__s27_seasons);
    suite_add_tcase(suite, days);
    return suite;
}
