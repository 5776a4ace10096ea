/* Answers that random data reaches seldom: both roads to the same figure, runs of rows longer than
 * a vector, ranks at the ends of the numbers, types that come after the compile. */
#include <stdlib.h>

#include "api/api_fixture.h"

static seg_appender *appender_of(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    return appender;
}

static void commit(seg_appender *appender)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
}

static void add_event(seg_appender *a, int user, const char *event, int64_t time)
{
    seg_error err = SEG_ERROR_INIT;
    char id[20];
    int size = snprintf(id, sizeof id, "u%d", user);
    CK_OK(seg_appender_event(a, id, (size_t)size, event, strlen(event), time, &err), err);
}

static void add_attributes(seg_appender *a, int user)
{
    seg_error err = SEG_ERROR_INIT;
    char id[20];
    int size = snprintf(id, sizeof id, "u%d", user);
    CK_OK(seg_appender_user(a, id, (size_t)size, &err), err);
}

static void set_text(seg_appender *a, const char *name, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_set_string(a, name, strlen(name), text, strlen(text), &err), err);
}

static void set_int(seg_appender *a, const char *name, int64_t value)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_set_int64(a, name, strlen(name), value, &err), err);
}

static uint64_t count_of(const seg_segment *segment, seg_snapshot *snapshot)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t count = 0;
    CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
    return count;
}

/* The count of a predicate, and that the test of each of the users u0 .. says the same: many
 * candidates and few take different roads. */
static uint64_t count_both(seg_store *store, const char *text, int users)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = segment_of(store, text);
    seg_snapshot *snapshot = snapshot_of(store);
    uint64_t count = count_of(segment, snapshot), one_by_one = 0;
    for (int i = 0; i < users; i++) {
        char id[20];
        int32_t member = 0;
        int size = snprintf(id, sizeof id, "u%d", i);
        CK_OK(seg_segment_test(segment, snapshot, id, (size_t)size, NOW, &member, &err), err);
        one_by_one += (uint64_t)member;
    }
    ck_assert_msg(count == one_by_one, "%s: %llu, one by one %llu", text, (unsigned long long)count,
                  (unsigned long long)one_by_one);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    return count;
}

static void check_count(seg_store *store, const char *text, int users, uint64_t wanted)
{
    uint64_t count = count_both(store, text, users);
    ck_assert_msg(count == wanted, "%s: %llu instead of %llu", text, (unsigned long long)count,
                  (unsigned long long)wanted);
}

/* ---- texts ---- */

/* Users 0 .. 99 buy and view; `plan` is "x" or "y", the other way round in views. */
static seg_store *plans_open(void)
{
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    for (int i = 0; i < 100; i++) {
        add_event(a, i, "buy", JANUARY_1 + i);
        set_text(a, "plan", i % 2 ? "x" : "y");
        add_event(a, i, "view", JANUARY_1 + DAY + i);
        set_text(a, "plan", i % 2 ? "y" : "x");
        add_attributes(a, i);
        set_text(a, "tier", i % 4 == 0 ? "gold" : i % 4 == 1 ? "" : "silver");
    }
    commit(a);
    return store;
}

/* Codes follow the order of arrival, not that of texts. */
START_TEST(test_answers__between_texts)
{
    seg_store *store = plans_open();
    check_count(store, "tier between \"a\" and \"z\"", 100, 75);
    check_count(store, "tier between \"gold\" and \"silver\"", 100, 75);
    check_count(store, "tier between \"\" and \"gold\"", 100, 50);
    check_count(store, "not tier between \"h\" and \"z\"", 100, 50);
    check_count(store, "did buy where (plan between \"a\" and \"z\")", 100, 100);
    check_count(store, "did buy where (plan between \"y\" and \"z\")", 100, 50);
    check_count(store, "last(plan) of buy between \"a\" and \"z\"", 100, 100);
    check_count(store, "last(plan) of buy between first(plan) of view and \"z\"", 100, 50);
    check_count(store, "last(plan) of buy between \"a\" and last(plan) of view", 100, 50);
    check_count(store, "last(plan) of any event between \"a\" and \"x\"", 100, 50);
    check_count(store, "\"xx\" between last(plan) of buy and \"z\"", 100, 50);
    check_count(store, "\"xx\" between \"a\" and last(plan) of buy", 100, 50);
    check_count(store, "\"m\" between \"a\" and \"z\"", 100, 100);
    seg_store_close(store, NULL);
}
END_TEST

/* `any event` includes a type that nobody knew when the segment was compiled. */
START_TEST(test_answers__types_after_the_compile)
{
    static const char *const texts[] = {
        "mode(plan) of any event = \"x\"",         "last(plan) of any event = \"y\"",
        "distinct(plan) of any event = 2",         "nth(plan, 2) of any event = \"y\"",
        "share(plan = \"x\") of any event >= 0.5", "did any event where (plan = \"x\")"};
    static const uint64_t before[] = {50, 50, 100, 50, 100, 100};
    /* The new event is the last one of u1, and without a plan that the segment knows of. */
    static const uint64_t after[] = {50, 49, 100, 50, 99, 100};
    enum {
        TEXTS = sizeof texts / sizeof *texts
    };
    seg_store *store = plans_open();
    seg_segment *segments[TEXTS];
    seg_snapshot *snapshot = snapshot_of(store);
    for (size_t i = 0; i < TEXTS; i++) {
        segments[i] = segment_of(store, texts[i]);
        ck_assert_uint_eq(count_of(segments[i], snapshot), before[i]);
    }
    seg_snapshot_release(snapshot);
    seg_appender *a = appender_of(store);
    add_event(a, 1, "late", JANUARY_1 + 2 * DAY);
    set_text(a, "plan", "z");
    commit(a);
    snapshot = snapshot_of(store);
    for (size_t i = 0; i < TEXTS; i++) {
        uint64_t count = count_of(segments[i], snapshot);
        ck_assert_msg(count == after[i], "%s: %llu", texts[i], (unsigned long long)count);
        seg_segment_release(segments[i]);
    }
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- both roads ---- */

static const char *const roads[] = {
    "did buy in last 20 days",
    "count of buy where (qty > 3) >= 2",
    "count of buy = 0",
    "sum(qty) of buy > 20",
    "sum(qty) of buy in last 10 days between -5 and 40",
    "sum(big) of buy > 6000000000",
    "avg(qty) of buy > 5.5",
    "min(qty) of buy in last 25 days < 0",
    "max(qty) of buy where (plan = \"x\") >= 9",
    "first(qty) of buy = 4",
    "last(plan) of buy in last 15 days = \"y\"",
    "nth(qty, 3) of buy >= 1",
    "nth(qty, 3) of buy is null",
    "share(qty >= 2) of buy >= 0.5",
    "distinct(qty) of buy >= 3",
    "distinct(day) of buy in last 30 days >= 4",
    "distinct(day) of buy >= 4",
    "mode(plan) of buy = \"x\"",
    "median(qty) of buy > 2.5",
    "stddev(qty) of buy > 3",
    "first buy in last 20 days",
    "last buy before 2026-01-20",
    "did buy between 2 and 3 times in last 12 days",
    "did buy on at least 3 days in last 30 days",
    "did buy at least 2 times on at least 2 weeks in last 30 days",
    "did buy at least 2 times on at least 2 weeks",
    "streak(day, min 2) of buy in last 30 days >= 1",
    "streak(week, min 2) of buy in last 30 days >= 2",
};

/* Also of the complement: whoever is in neither has fallen between the roads. */
START_TEST(test_answers__few_and_many_agree)
{
    enum {
        USERS = 400
    };
    seg_store *store = store_open(NULL);
    for (int commits = 0; commits < 3; commits++) {
        seg_appender *a = appender_of(store);
        for (int i = 0; i < USERS; i++) {
            for (int k = 0; k < (i * 7 + commits) % 5; k++) {
                add_event(a, i, "buy", JANUARY_1 + ((i * 5 + k * 11 + commits * 3) % 31) * DAY);
                if ((i + k) % 6 > 0)
                    set_int(a, "qty", (i * 13 + k * 5 + commits) % 15 - 3);
                else
                    CK_OK(seg_appender_set_null(a, TEXT("qty"), &(seg_error)SEG_ERROR_INIT),
                          (seg_error)SEG_ERROR_INIT);
                set_int(a, "big", (int64_t)(i % 4) << 31);
                set_text(a, "plan", (i + k) % 3 ? "x" : "y");
            }
            add_attributes(a, i);
        }
        commit(a);
    }
    for (size_t i = 0; i < sizeof roads / sizeof *roads; i++) {
        uint64_t count = count_both(store, roads[i], USERS);
        char text[200];
        snprintf(text, sizeof text, "not (%s)", roads[i]);
        ck_assert_uint_eq(count + count_both(store, text, USERS), USERS);
    }
    seg_store_close(store, NULL);
}
END_TEST

/* With many events a quarter of an hour, tests of the clock come from a table; a test of a property
 * beside them under `or` keeps each row to itself. */
START_TEST(test_answers__clock_by_table_and_by_row)
{
    static const char *const clocks[] = {
        "@hour between 6 and 9",
        "@weekday in (\"sat\", \"sun\") and @hour >= 18",
        "not @day = 3 or @hour = 23",
        "at least 2 of (@weekday = \"mon\", @hour < 12, @day <= 2)",
    };
    static const char *const zones[] = {"UTC", "Asia/Kathmandu", "America/St_Johns"};
    enum {
        USERS = 60
    };
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    for (int i = 0; i < 6000; i++) {
        add_event(a, i % USERS, "buy", JANUARY_1 + (int64_t)i * 97 * 1000000);
        set_int(a, "qty", i % 15);
    }
    commit(a);
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        for (size_t i = 0; i < sizeof clocks / sizeof *clocks; i++) {
            char table[400], rows[400];
            snprintf(table, sizeof table,
                     "using timezone \"%s\": count of buy where ((%s) and qty < 9) >= 12", zones[z],
                     clocks[i]);
            snprintf(
                rows, sizeof rows,
                "using timezone \"%s\": count of buy where ((%s or qty > 99) and qty < 9) >= 12",
                zones[z], clocks[i]);
            check_count(store, table, USERS, count_both(store, rows, USERS));
        }
    }
    seg_store_close(store, NULL);
}
END_TEST

/* Counts of a period carry from plane to plane; beyond those, rows are gathered. User u of n events
 * has n on a day in one commit, n - 1 on the next in two, and one at the end of the month. */
START_TEST(test_answers__periods_with_events_enough)
{
    static const int counts[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 128, 129, 255, 256, 257, 258};
    enum {
        USERS = 40,
        COUNTS = sizeof counts / sizeof *counts
    };
    seg_store *store = store_open(NULL);
    for (int part = 0; part < 2; part++) {
        seg_appender *a = appender_of(store);
        for (int u = 0; u < USERS; u++)
            add_attributes(a, u);
        for (int u = 0; u < COUNTS; u++) {
            for (int k = 0; k < counts[u] && part == 0; k++)
                add_event(a, u, "buy", JANUARY_1 + 5 * DAY + k);
            for (int k = part; k < counts[u] - 1; k += 2)
                add_event(a, u, "buy", JANUARY_1 + 6 * DAY + k);
            if (part)
                add_event(a, u, "buy", JANUARY_1 + 29 * DAY);
        }
        commit(a);
    }
    for (int least = 2; least <= 260; least += least < 20 || least > 250 ? 1 : 37) {
        uint64_t once = 0, twice = 0;
        for (int u = 0; u < COUNTS; u++) {
            once += counts[u] >= least;
            twice += counts[u] > least;
        }
        static const char *const windows[] = {"in last 30 days", ""}; /* words, and rows */
        for (int i = 0; i < 2; i++) {
            char text[200];
            snprintf(text, sizeof text, "did buy at least %d times on at least 1 day %s", least,
                     windows[i]);
            check_count(store, text, USERS, once);
            snprintf(text, sizeof text, "did buy at least %d times on at least 2 days %s", least,
                     windows[i]);
            check_count(store, text, USERS, twice);
            snprintf(text, sizeof text, "did buy at least %d times on at most 1 day %s", least,
                     windows[i]);
            check_count(store, text, USERS, USERS - twice);
            snprintf(text, sizeof text, "streak(day, min %d) of buy %s >= 2", least,
                     i ? "ever" : windows[i]);
            check_count(store, text, USERS, twice);
        }
    }
    seg_store_close(store, NULL);
}
END_TEST

/* Counts around the ends of one and of two bytes, and a user with more rows than a vector holds
 * values; the parts are one each. */
START_TEST(test_answers__many_rows_of_one_user)
{
    if (getenv("SEG_TEST_SLOW")) /* two hundred thousand rows, one by one */
        return;
    static const int counts[] = {254, 255, 256, 65535, 65536, 70001};
    enum {
        USERS = 40
    };
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    for (int i = 0; i < USERS; i++)
        add_attributes(a, i);
    for (int i = 0; i < 6; i++) {
        for (int k = 0; k < counts[i]; k++) {
            add_event(a, i * 3, "buy", JANUARY_1 + k);
            set_int(a, "qty", k % 10);
            set_text(a, "plan", k % 2 ? "x" : "y");
        }
    }
    commit(a);
    check_count(store, "count of buy >= 255", USERS, 5);
    check_count(store, "count of buy > 255", USERS, 4);
    check_count(store, "count of buy = 255", USERS, 1);
    check_count(store, "count of buy <= 254", USERS, USERS - 5);
    check_count(store, "count of buy between 1 and 65535", USERS, 4);
    check_count(store, "count of buy > 65536", USERS, 1);
    check_count(store, "count of buy > 5000000000", USERS, 0);
    check_count(store, "count of buy where (qty = 9) > 6999", USERS, 1);
    check_count(store, "count of buy where (qty + 1 = 10 or @hour > 5) = 7000", USERS, 1);
    check_count(store, "median(qty) of buy = 4", USERS, 6);
    check_count(store, "mode(plan, ties none) of buy = \"y\"", USERS, 3);
    check_count(store, "share(qty + 0 >= 5) of buy = 0.5", USERS, 0);
    check_count(store, "last(qty) of buy = 0", USERS, 1);
    check_count(store, "nth(qty, 65537) of buy = 6", USERS, 1);
    check_count(store, "did buy on exactly 1 days", USERS, 6);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- ranks ---- */

static void check_ranks(const int64_t *values, const double *floats, int n)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    for (int i = 0; i < n; i++) {
        add_attributes(a, i);
        if (floats)
            CK_OK(seg_appender_set_float64(a, TEXT("score"), floats[i], &err), err);
        else
            set_int(a, "score", values[i]);
    }
    add_attributes(a, n); /* without a value: in no rank */
    commit(a);
    for (int wanted = 1; wanted <= n + 1; wanted++) {
        for (int bottom = 0; bottom < 2; bottom++) {
            uint64_t members = 0;
            for (int i = 0; i < n; i++) {
                int better = 0;
                for (int k = 0; k < n; k++) {
                    bool more = floats ? floats[k] > floats[i] : values[k] > values[i];
                    bool less = floats ? floats[k] < floats[i] : values[k] < values[i];
                    better += bottom ? less : more;
                }
                members += better < wanted;
            }
            char text[60];
            snprintf(text, sizeof text, "score in %s %d", bottom ? "bottom" : "top", wanted);
            check_count(store, text, n + 1, members);
        }
    }
    seg_store_close(store, NULL);
}

START_TEST(test_answers__ranks_at_the_extremes)
{
    static const int64_t ends[] = {INT64_MAX, INT64_MIN, 0, -1, INT64_MAX, 1, INT64_MIN, 0, 256};
    static const int64_t near[] = {1000, 1001, 1002, 1001, 1000, 1255, 1256};
    static const int64_t same[] = {-7, -7, -7};
    static const double floats[] = {1.7976931348623157e308,
                                    -1.7976931348623157e308,
                                    0.0,
                                    -0.0,
                                    5e-324,
                                    -5e-324,
                                    1.5,
                                    -1.5,
                                    1.5};
    check_ranks(ends, NULL, 9);
    check_ranks(near, NULL, 7);
    check_ranks(same, NULL, 3);
    check_ranks(NULL, floats, 9);
}
END_TEST

/* ---- zones ---- */

/* However many texts are no zones, those that are stay zones. */
START_TEST(test_answers__names_that_are_no_zones)
{
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    for (int i = 0; i < 1100; i++) {
        char text[20];
        snprintf(text, sizeof text, "Nowhere/N%d", i);
        add_event(a, i, "buy", NOW - DAY / 3);
        add_attributes(a, i);
        set_text(a, "timezone", i == 1099 ? "Asia/Tokyo" : text);
    }
    commit(a);
    /* NOW is midnight in UTC, and the event was eight hours ago: yesterday. In Tokyo it is nine in
     * the morning, and the event was at one. */
    check_count(store, "did buy yesterday tz user", 1100, 1099);
    check_count(store, "did buy today tz user", 1100, 1);
    seg_store_close(store, NULL);
}
END_TEST

/* In St. John's clocks went back at 00:01 local time: the day of Saturday the 6th went on after the
 * first minute of Sunday. Two instants of Sunday, and one of the resumed Saturday between them. */
START_TEST(test_answers__day_that_resumes)
{
    const int64_t midnight = (int64_t)1289097000 * 1000000; /* 2010-11-07T00:00 -02:30 */
    seg_store *store = store_open(NULL);
    seg_appender *a = appender_of(store);
    add_event(a, 0, "buy", midnight + 30 * 1000000);
    add_event(a, 0, "buy", midnight + 1800 * (int64_t)1000000);
    add_event(a, 1, "buy", midnight + 30 * 1000000);
    add_event(a, 1, "buy", midnight + 7200 * (int64_t)1000000);
    commit(a);
    check_count(
        store, "distinct(day) of buy between 2010-11-01 and 2010-11-10 tz \"America/St_Johns\" = 2",
        2, 1);
    check_count(store,
                "did buy on at least 2 days between 2010-11-01 and 2010-11-10"
                " tz \"America/St_Johns\"",
                2, 1);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("exec/answers");
    TCase *c = tcase_create("answers");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_answers__between_texts);
    tcase_add_test(c, test_answers__types_after_the_compile);
    if (getenv("SEG_TEST_SLOW") != NULL) { /* many rows and names: too long there */
        suite_add_tcase(s, c);
        return s;
    }
    tcase_add_test(c, test_answers__few_and_many_agree);
    tcase_add_test(c, test_answers__periods_with_events_enough);
    tcase_add_test(c, test_answers__clock_by_table_and_by_row);
    tcase_add_test(c, test_answers__many_rows_of_one_user);
    tcase_add_test(c, test_answers__ranks_at_the_extremes);
    tcase_add_test(c, test_answers__names_that_are_no_zones);
    tcase_add_test(c, test_answers__day_that_resumes);
    suite_add_tcase(s, c);
    return s;
}
