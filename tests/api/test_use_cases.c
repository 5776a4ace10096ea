/* test_use_cases.c - what practitioners ask for, by the numbers of two articles (A, B): rows that
 * need attributes, places, counts, aggregates, first and last, windows and algebra.
 *
 * Each test makes its few customers, says in a comment who should be in and why, and asks. Now
 * is Tuesday 2026-03-31T12:00:00Z; the store's zone is UTC. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"

/* ---- article A ---- */

START_TEST(test_use_cases__a1_demographic)
{
    shop s = shop_open("UTC");
    shop_user(&s, "in", "age=25 income=50000000 job=nurse");
    shop_user(&s, "edge", "age=34 income=99000000 job=nurse");
    shop_user(&s, "young", "age=24 income=50000000 job=nurse");
    shop_user(&s, "poor", "age=30 income=49999999 job=nurse");
    shop_user(&s, "other", "age=30 income=60000000 job=pilot");
    shop_user(&s, "unknown", "income=60000000 job=nurse"); /* no age: not in the range */
    shop_ask(&s, NOW, "age between 25 and 34 and income >= 50000000 and job = \"nurse\"",
             "edge in");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a2_geographic)
{
    /* 0.03 degrees of latitude are 3.3 km, 0.06 are 6.7 km. */
    shop s = shop_open("UTC");
    shop_user(&s, "near", "home=(37.53,127.03)");
    shop_user(&s, "far", "home=(37.56,127.03)");
    shop_user(&s, "here", "home=(37.50,127.03)");
    shop_user(&s, "gangnam", "home=(40.0,127.0) last_loc=(37.50,127.05)");
    shop_user(&s, "border", "home=(40.0,127.0) last_loc=(37.48,127.02)"); /* inside */
    shop_user(&s, "outside", "home=(40.0,127.0) last_loc=(37.60,127.05)");
    shop_user(&s, "nowhere", "");
    shop_ask(&s, NOW,
             "home within 5 km of point(37.50, 127.03) or last_loc inside "
             "polygon(37.48 127.02, 37.54 127.02, 37.54 127.08, 37.48 127.08)",
             "border gangnam here near");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a3_psychographic)
{
    shop s = shop_open("UTC");
    shop_user(&s, "green", "interests=[hiking,chess] opinion.eco=5");
    shop_user(&s, "camper", "interests=[camping] opinion.eco=4");
    shop_user(&s, "gray", "interests=[hiking] opinion.eco=3");
    shop_user(&s, "indoor", "interests=[chess] opinion.eco=5");
    shop_user(&s, "silent", "interests=[hiking]");
    shop_ask(&s, NOW, "interests has any (\"hiking\", \"camping\") and `opinion.eco` >= 4",
             "camper green");
    shop_close(&s);
}
END_TEST

/* Scores r f m, from the order in which they stand: ann 5 5 5, ben 4 2 1, cat 3 4 3, eve 2 3 2 and
 * dan 1 2 4; two who bought once share the middle of two places. */
static shop five_buyers(void)
{
    shop s = shop_open("UTC");
    shop_events(&s, "ann", "purchase", 5, "2026-03-30", "amount=100.00");
    shop_events(&s, "ben", "purchase", 1, "2026-03-20", "amount=10.00");
    shop_events(&s, "cat", "purchase", 3, "2026-03-01", "amount=30.00");
    shop_events(&s, "eve", "purchase", 2, "2025-12-01", "amount=20.00");
    shop_events(&s, "dan", "purchase", 1, "2025-06-01", "amount=300.00");
    shop_events(&s, "old", "purchase", 9, "2024-06-01", "amount=300.00");
    shop_user(&s, "window", "");
    return s;
}

START_TEST(test_use_cases__a5_the_most_loyal)
{
    shop s = five_buyers();
    const char *rfm = "rfm(amount, floating) of \"purchase\" in last 365 days";
    static const char *const groups[][2] = {
        {"champions", "ann"}, {"loyal", "cat"}, {"potential loyalists", "ben"},
        {"at risk", "eve"},   {"lost", "dan"},  {"none", "old window"}};
    for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s = \"%s\"", rfm, groups[i][0]);
        shop_ask(&s, NOW, text, groups[i][1]);
    }
    shop_ask(&s, NOW, "rfm.r(amount, floating) of \"purchase\" in last 365 days >= 4", "ann ben");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a10_decisive_factor)
{
    shop s = shop_open("UTC");
    /* ann answered twice, the last one counts; bob's last answer is another one. */
    shop_event(&s, "ann", "survey_answer", "2026-01-01T00:00:00Z", "factor=returns");
    shop_event(&s, "ann", "survey_answer", "2026-02-01T00:00:00Z", "factor=free_shipping");
    shop_event(&s, "bob", "survey_answer", "2026-01-01T00:00:00Z", "factor=free_shipping");
    shop_event(&s, "bob", "survey_answer", "2026-02-01T00:00:00Z", "factor=warranty");
    /* cy: 4 of 5 purchases of the last year with free shipping; dan: 3 of 5. */
    static const char *const shipping[] = {"free_shipping=true", "free_shipping=false"};
    for (size_t i = 0; i < 5; i++) {
        shop_event(&s, "cy", "purchase", "2026-03-01T00:00:00Z", shipping[i >= 4]);
        shop_event(&s, "dan", "purchase", "2026-03-01T00:00:00Z", shipping[i >= 3]);
    }
    shop_event(&s, "cy", "purchase", "2024-03-01T00:00:00Z", shipping[1]); /* too old */
    shop_ask(&s, NOW, "last(factor) of \"survey_answer\" = \"free_shipping\"", "ann");
    shop_ask(&s, NOW, "share(free_shipping) of \"purchase\" in last 1 year >= 80%", "cy");
    shop_close(&s);
}
END_TEST

/* Used 1, 2, ... 10 times in the month, and one who did not. */
static shop ten_users(void)
{
    shop s = shop_open("UTC");
    for (int i = 1; i <= 10; i++) {
        char user[8];
        snprintf(user, sizeof(user), "u%02d", i);
        for (int k = 0; k < i; k++) {
            char time[32];
            snprintf(time, sizeof(time), "2026-03-%02dT10:00:00Z", 10 + i + k);
            shop_event(&s, user, "use", time, "");
        }
    }
    shop_event(&s, "u00", "use", "2025-01-01T00:00:00Z", "");
    return s;
}

START_TEST(test_use_cases__a12_heavy_medium_light)
{
    shop s = ten_users();
    const char *tier = "tier(count of \"use\" in last 30 days, cuts (p50, p80))";
    static const char *const tiers[][2] = {{"heavy", "u09 u10"},
                                           {"medium", "u06 u07 u08"},
                                           {"light", "u01 u02 u03 u04 u05"},
                                           {"none", "u00"}};
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s = \"%s\"", tier, tiers[i][0]);
        shop_ask(&s, NOW, text, tiers[i][1]);
    }
    /* A14: light, and could go: the last use of u04 was on March 17 at 10. */
    shop_ask(&s, NOW,
             "tier(count of \"use\" in last 30 days, cuts (p50, p80)) = \"light\" and last \"use\" "
             "older than 14 days",
             "u01 u02 u03 u04");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a13_semi_regular_users)
{
    /* The last 8 complete weeks: 2026-02-02 to 2026-03-30. */
    shop s = shop_open("UTC");
    static const char *const mondays[] = {"2026-02-02T00:00:00Z", "2026-02-09T00:00:00Z",
                                          "2026-02-16T00:00:00Z", "2026-02-23T00:00:00Z",
                                          "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"};
    static const char *const users[] = {"zero", "one", "two", "three", "four", "five", "six"};
    shop_user(&s, "zero", "");
    for (size_t n = 1; n < 7; n++) {
        for (size_t i = 0; i < n; i++)
            shop_event(&s, users[n], "use", mondays[i], "");
    }
    /* Twice in one week is one week; the current week and the ninth do not count. */
    shop_event(&s, "one", "use", "2026-02-08T23:59:59Z", "");
    shop_event(&s, "one", "use", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "one", "use", "2026-02-01T23:59:59Z", "");
    shop_ask(&s, NOW, "did \"use\" on between 2 and 5 weeks in last 8 calendar weeks complete",
             "five four three two");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a17_benefits_sought)
{
    /* Predominant: more often than every other value. */
    shop s = shop_open("UTC");
    shop_event(&s, "soft", "view_item", "2026-03-01T00:00:00Z", "benefit=comfort");
    shop_event(&s, "soft", "view_item", "2026-03-02T00:00:00Z", "benefit=comfort");
    shop_event(&s, "soft", "view_item", "2026-03-03T00:00:00Z", "benefit=style");
    shop_event(&s, "both", "view_item", "2026-03-01T00:00:00Z", "benefit=comfort");
    shop_event(&s, "both", "view_item", "2026-03-02T00:00:00Z", "benefit=style");
    shop_event(&s, "chic", "view_item", "2026-03-02T00:00:00Z", "benefit=style");
    shop_ask(&s, NOW, "mode(benefit, ties none) of \"view_item\" = \"comfort\"", "soft");
    /* Among the two benefits that are looked at most. */
    shop_ask(&s, NOW, "top(benefit, 2) of \"view_item\" has \"style\"", "both chic soft");
    shop_ask(&s, NOW, "share(benefit = \"comfort\") of \"view_item\" >= 60%", "soft");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a18_loyal_and_among_the_best_payers)
{
    /* Ten payers: 10.00, 20.00, ... 100.00; the top tenth is one of them. */
    shop s = shop_open("UTC");
    for (int i = 1; i <= 10; i++) {
        char user[8], values[32];
        snprintf(user, sizeof(user), "u%02d", i);
        snprintf(values, sizeof(values), "amount=%d.00", i * 10);
        shop_event(&s, user, "purchase", "2026-03-01T00:00:00Z", values);
    }
    shop_user(&s, "nothing", "loyal=true");
    shop_user(&s, "u10", "loyal=true");
    shop_user(&s, "u09", "loyal=true");
    shop_define(&s, "loyal", "loyal");
    /* "nothing" has paid 0, which is a value: eleven are ranked, two are the top tenth. */
    shop_ask(&s, NOW, "in segment \"loyal\" and sum(amount) of \"purchase\" in top 10%", "u09 u10");
    shop_ask(&s, NOW,
             "in segment \"loyal\" and sum(amount) of \"purchase\" in top 10% among (did "
             "\"purchase\")",
             "u10");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a18_loyal_by_scores_and_what_they_pay)
{
    shop s = five_buyers();
    shop_ask(&s, NOW,
             "rfm(amount, floating) of \"purchase\" in last 365 days in (\"champions\", \"loyal\") "
             "and sum(amount) of \"purchase\" in top 50% among (did \"purchase\")",
             "ann");
    shop_close(&s);
}
END_TEST

/* Loyal a week ago, at risk now: the labels of one class at two instants. */
START_TEST(test_use_cases__a19_less_loyal_than_before)
{
    shop s = five_buyers();
    const char *text =
        "rfm(amount, cuts r (30 days) f (2) m (50), groups (\"loyal\": r = 2 and f = "
        "2, \"at_risk\": f = 2, otherwise \"rest\")) of \"purchase\" in last 365 days";
    seg_error err = SEG_ERROR_INIT;
    seg_class *class = NULL;
    seg_snapshot *snapshot = shop_snapshot(&s);
    seg_set *before[SEG_CLASS_LABELS_MAX], *after[SEG_CLASS_LABELS_MAX], *moved = NULL;
    shop_class(&s, "rfm", text);
    shop_ask(&s, "2026-03-24T12:00:00Z", "class.rfm = \"loyal\"", "cat");
    shop_ask(&s, NOW, "class.rfm = \"at_risk\"", "cat eve");
    ck_assert_int_eq(seg_class_load(s.store, "rfm", 3, &class, &err), SEG_OK);
    ck_assert_int_eq(
        seg_class_evaluate(class, snapshot, shop_time("2026-03-24T12:00:00Z"), NULL, before, &err),
        SEG_OK);
    ck_assert_int_eq(seg_class_evaluate(class, snapshot, shop_time(NOW), NULL, after, &err),
                     SEG_OK);
    /* "none", "loyal", "at_risk", "rest" */
    ck_assert_int_eq(seg_set_combine(SEG_SET_AND, before[1], after[2], &moved, &err), SEG_OK);
    ck_assert_uint_eq(seg_set_count(moved), 1);
    for (size_t i = 0; i < 4; i++) {
        seg_set_release(before[i]);
        seg_set_release(after[i]);
    }
    seg_set_release(moved);
    seg_class_release(class);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a21_awareness)
{
    shop s = shop_open("UTC");
    shop_event(&s, "new", "visit", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "known", "visit", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "known", "visit", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "deeper", "visit", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "deeper", "view_product", "2026-03-30T00:01:00Z", "");
    shop_ask(&s, NOW,
             "did \"visit\" and first \"visit\" in last 7 days and not did \"view_product\"",
             "new");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a22_education)
{
    shop s = shop_open("UTC");
    shop_event(&s, "reader", "read_guide", "2026-03-10T00:00:00Z", "");
    shop_event(&s, "reader", "view_docs", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "once", "read_guide", "2026-03-10T00:00:00Z", "");
    shop_event(&s, "stale", "read_guide", "2026-01-10T00:00:00Z", "");
    shop_event(&s, "stale", "read_guide", "2026-03-10T00:00:00Z", "");
    shop_event(&s, "further", "read_guide", "2026-03-10T00:00:00Z", "");
    shop_event(&s, "further", "read_guide", "2026-03-11T00:00:00Z", "");
    shop_event(&s, "further", "add_cart", "2026-03-12T00:00:00Z", "");
    shop_ask(&s, NOW,
             "did any of (\"read_guide\", \"view_docs\") at least 2 times in last 30 days and "
             "did not \"add_cart\"",
             "reader");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a23_consideration)
{
    shop s = shop_open("UTC");
    shop_event(&s, "cart", "add_cart", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "price", "price_view", "2026-03-31T00:00:00Z", "");
    shop_event(&s, "old", "compare", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "buyer", "compare", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "buyer", "purchase", "2025-03-20T00:00:00Z", "");
    shop_ask(&s, NOW,
             "did any of (\"add_cart\", \"compare\", \"price_view\") in last 14 days and not did "
             "\"purchase\"",
             "cart price");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a24_first_time_buyers)
{
    shop s = shop_open("UTC");
    shop_event(&s, "first", "purchase", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "second", "purchase", "2026-03-19T00:00:00Z", "");
    shop_event(&s, "second", "purchase", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "old", "purchase", "2026-01-20T00:00:00Z", "");
    shop_user(&s, "none", "");
    shop_ask(&s, NOW, "count of \"purchase\" = 1 and first \"purchase\" in last 30 days", "first");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a25_adoption)
{
    /* keen: active in three weeks of the four after the first purchase of 2 February. */
    shop s = shop_open("UTC");
    shop_event(&s, "again", "purchase", "2026-02-02T00:00:00Z", "");
    shop_event(&s, "again", "purchase", "2026-03-02T00:00:00Z", "");
    shop_event(&s, "keen", "purchase", "2026-02-02T00:00:00Z", "");
    shop_event(&s, "keen", "open", "2026-02-03T00:00:00Z", "");
    shop_event(&s, "keen", "open", "2026-02-10T00:00:00Z", "");
    shop_event(&s, "keen", "open", "2026-02-17T00:00:00Z", "");
    shop_event(&s, "lazy", "purchase", "2026-02-02T00:00:00Z", "");
    shop_event(&s, "lazy", "open", "2026-02-03T00:00:00Z", "");
    shop_event(&s, "lazy", "open", "2026-02-04T00:00:00Z", "");
    shop_event(&s, "lazy", "open", "2026-03-17T00:00:00Z", ""); /* after the four weeks */
    shop_event(&s, "looker", "open", "2026-02-03T00:00:00Z", "");
    shop_event(&s, "looker", "open", "2026-02-10T00:00:00Z", "");
    shop_event(&s, "looker", "open", "2026-02-17T00:00:00Z", "");
    shop_ask(&s, NOW,
             "did \"purchase\" at least 2 times or did \"open\" on at least 3 weeks within 4 "
             "weeks after first \"purchase\"",
             "again keen");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a26_advocacy)
{
    shop s = shop_open("UTC");
    shop_event(&s, "referrer", "referral_sent", "2026-02-01T00:00:00Z", "");
    shop_event(&s, "fan", "review", "2026-02-01T00:00:00Z", "stars=4");
    shop_event(&s, "critic", "review", "2026-02-01T00:00:00Z", "stars=3");
    shop_event(&s, "sharer", "share", "2025-10-05T00:00:00Z", ""); /* 177 days ago */
    shop_event(&s, "once", "share", "2025-10-02T00:00:00Z", "");   /* 180.5 days ago */
    shop_ask(&s, NOW,
             "did any of (\"referral_sent\", \"share\") in last 180 days or did \"review\" where "
             "(stars >= 4) in last 180 days",
             "fan referrer sharer");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a19_less_loyal)
{
    shop s = shop_open("UTC");
    shop_history(&s, "loyalty=''");
    /* The group of each customer, written whenever it is computed. */
    shop_since(&s, "slipped", "2026-01-01T00:00:00Z", "loyalty=loyal");
    shop_since(&s, "slipped", "2026-03-28T00:00:00Z", "loyalty=at_risk");
    shop_since(&s, "long_ago", "2026-01-01T00:00:00Z", "loyalty=loyal");
    shop_since(&s, "long_ago", "2026-03-01T00:00:00Z", "loyalty=at_risk");
    shop_since(&s, "never", "2026-03-28T00:00:00Z", "loyalty=at_risk"); /* was not loyal */
    shop_since(&s, "steady", "2026-01-01T00:00:00Z", "loyalty=loyal");
    shop_since(&s, "steady", "2026-03-28T00:00:00Z", "loyalty=loyal");
    shop_ask(&s, NOW, "loyalty changed from \"loyal\" to \"at_risk\" in last 7 days", "slipped");
    shop_ask(&s, NOW, "loyalty has been \"loyal\" for 60 days", "steady");
    shop_close(&s);
}
END_TEST

/* ---- article B ---- */

START_TEST(test_use_cases__b1_milestones_and_follow_ups)
{
    shop s = shop_open("UTC");
    shop_begin(&s);
    for (int i = 0; i < 100; i++) {
        shop_event(&s, "hundred", "lesson_done",
                   i < 99 ? "2026-03-01T00:00:00Z" : "2026-03-31T11:30:00Z", "");
        if (i < 99)
            shop_event(&s, "almost", "lesson_done", "2026-03-31T11:30:00Z", "");
        shop_event(&s, "long_ago", "lesson_done", "2026-02-01T00:00:00Z", "");
    }
    shop_commit(&s);
    shop_ask(&s, NOW, "nth(100) \"lesson_done\" in last 1 hour", "hundred");
    shop_event(&s, "due", "purchase", "2026-03-28T00:00:00Z", "");  /* 3.5 days ago */
    shop_event(&s, "soon", "purchase", "2026-03-29T00:00:00Z", ""); /* 2.5 days ago */
    shop_event(&s, "past", "purchase", "2026-03-27T00:00:00Z", ""); /* 4.5 days ago */
    shop_ask(&s, NOW, "did \"purchase\" from 4 days ago to 3 days ago", "due");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b2_demographic_with_education)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "education=bachelor nationality=KR married=true");
    shop_user(&s, "bob", "education=doctor nationality=KR married=false");
    shop_user(&s, "cy", "education=school nationality=KR married=false");
    shop_user(&s, "dee", "education=master nationality=DE");
    shop_ask(&s, NOW,
             "education in (\"bachelor\", \"master\", \"doctor\") and nationality = \"KR\"",
             "ann bob");
    shop_ask(&s, NOW, "married = false", "bob cy");
    shop_ask(&s, NOW, "married is absent", "dee");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b3_values)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "values=[family,thrift]");
    shop_user(&s, "bob", "values=[career]");
    shop_user(&s, "cy", "values=[]");
    shop_ask(&s, NOW, "values has all (\"family\")", "ann");
    shop_ask(&s, NOW, "values has all (\"family\", \"thrift\")", "ann");
    shop_ask(&s, NOW, "values has none (\"family\")", "bob cy");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b4_region_hierarchy)
{
    shop s = shop_open("UTC");
    shop_user(&s, "kim", "country=KR metro='Seoul-Incheon' postcode='06236'");
    shop_user(&s, "lee", "country=KR metro=Busan postcode='48058'");
    shop_user(&s, "max", "country=DE metro=Berlin postcode='10115'");
    shop_ask(&s, NOW, "metro = \"Seoul-Incheon\"", "kim");
    shop_ask(&s, NOW, "country = \"KR\" and postcode starts with \"06\"", "kim");
    shop_ask(&s, NOW, "country in (\"KR\", \"JP\") and metro != \"Busan\"", "kim");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b5_dog_walking)
{
    shop s = shop_open("UTC");
    const char *owner = "metro=NYC income=90000 job_type=full tags=[dog_owner]";
    static const char *const users[] = {"target", "booked", "no_app", "again"};
    for (size_t i = 0; i < 4; i++)
        shop_user(&s, users[i], owner);
    shop_user(&s, "cat", "metro=NYC income=90000 job_type=full tags=[cat_owner]");
    for (size_t i = 0; i < 4; i++) {
        if (i != 2)
            shop_event(&s, users[i], "app_download", "2026-01-01T00:00:00Z", "");
    }
    shop_event(&s, "cat", "app_download", "2026-01-01T00:00:00Z", "");
    shop_event(&s, "booked", "booking", "2026-03-15T00:00:00Z", "");
    shop_event(&s, "again", "booking", "2026-02-15T00:00:00Z", ""); /* longer than 30 days ago */
    shop_ask(&s, NOW,
             "metro = \"NYC\" and income >= 60000 and job_type = \"full\" and tags has "
             "\"dog_owner\" and did \"app_download\" and did not \"booking\" in last 30 days",
             "again target");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b6_any_behaviour_and_messages)
{
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "msg_click", "2026-03-20T00:00:00Z", "channel=push");
    shop_event(&s, "ann", "msg_click", "2026-03-21T00:00:00Z", "channel=push");
    shop_event(&s, "bob", "msg_click", "2026-03-20T00:00:00Z", "channel=push");
    shop_event(&s, "bob", "msg_click", "2026-03-21T00:00:00Z", "channel=email");
    shop_event(&s, "cy", "search", "2026-03-21T00:00:00Z", "term=shoes");
    shop_ask(&s, NOW,
             "did \"msg_click\" where (channel = \"push\") at least 2 times in last 30 days",
             "ann");
    shop_ask(&s, NOW, "did \"search\" where (term contains \"SHOE\" ignoring case)", "cy");
    shop_ask(&s, NOW, "did any event in last 30 days", "ann bob cy");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b9_attributes_and_events_are_two_kinds)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    shop_user(&s, "ann", "age=31");
    shop_event(&s, "ann", "order", "2026-03-20T00:00:00Z", "amount=12.50");
    ck_assert_uint_eq(seg_store_column_count(s.store), 3);
    static const char *const names[] = {"age", NULL, "amount"};
    static const seg_type types[] = {SEG_TYPE_INT64, 0, SEG_TYPE_DECIMAL};
    for (uint64_t i = 0; i < 3; i++) {
        seg_column_info info;
        memset(&info, 0, sizeof(info));
        info.struct_size = (uint32_t)sizeof(info);
        ck_assert_int_eq(seg_store_column_at(s.store, i, &info, &err), SEG_OK);
        ck_assert_int_eq(info.type, types[i]);
        ck_assert_int_eq(info.event != NULL, i > 0);
        if (names[i] != NULL)
            ck_assert_mem_eq(info.name, names[i], strlen(names[i]));
    }
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b12_app_download)
{
    shop s = shop_open("UTC");
    for (int i = 0; i < 5; i++) {
        shop_event(&s, "mobile", "visit", "2026-03-20T00:00:00Z", "platform=mobile_web");
        shop_event(&s, "has_app", "visit", "2026-03-20T00:00:00Z", "platform=mobile_web");
        shop_event(&s, "mixed", "visit", "2026-03-20T00:00:00Z",
                   i < 4 ? "platform=mobile_web" : "platform=desktop");
    }
    shop_event(&s, "has_app", "app_install", "2025-01-01T00:00:00Z", "");
    shop_ask(&s, NOW,
             "did \"visit\" where (platform = \"mobile_web\") at least 5 times in last 30 days "
             "and never did \"app_install\"",
             "mobile");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b15_order_value)
{
    /* ann: 30,000 on average over 180 days (the old order does not count there); bob: 50,000. */
    shop s = shop_open("UTC");
    shop_event(&s, "ann", "order", "2026-01-01T00:00:00Z", "amount=20000.00");
    shop_event(&s, "ann", "order", "2026-02-01T00:00:00Z", "amount=40000.00");
    shop_event(&s, "ann", "order", "2025-01-01T00:00:00Z", "amount=900000.00");
    for (int i = 0; i < 3; i++)
        shop_event(&s, "bob", "order", "2026-02-01T00:00:00Z", "amount=50000.00");
    shop_event(&s, "few", "order", "2026-02-01T00:00:00Z", "amount=10.00");
    shop_ask(&s, NOW,
             "avg(amount) of \"order\" in last 180 days < 40000 and count of \"order\" >= 3",
             "ann");
    shop_value(&s, NOW, "avg(amount) of \"order\" in last 180 days", "30000 50000 10");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b15_free_to_paid)
{
    shop s = shop_open("UTC");
    shop_history(&s, "plan=''");
    shop_since(&s, "paid", "2026-01-01T00:00:00Z", "plan=free");
    shop_since(&s, "paid", "2026-03-15T00:00:00Z", "plan=pro");
    shop_since(&s, "back", "2026-01-01T00:00:00Z", "plan=free"); /* and free again */
    shop_since(&s, "back", "2026-03-10T00:00:00Z", "plan=pro");
    shop_since(&s, "back", "2026-03-20T00:00:00Z", "plan=free");
    shop_since(&s, "direct", "2026-03-15T00:00:00Z", "plan=pro"); /* was never free */
    shop_since(&s, "free", "2026-01-01T00:00:00Z", "plan=free");
    shop_ask(&s, NOW, "plan changed from \"free\" to \"pro\" in last 30 days", "back paid");
    shop_ask(&s, NOW, "plan = \"pro\" and plan changed from \"free\" in last 30 days", "paid");
    shop_ask(&s, NOW, "plan has been \"free\" for 30 days", "free");
    /* The same, asked on the first of March. */
    shop_ask(&s, "2026-03-01", "plan has been \"free\" for 30 days", "back free paid");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b23_subscribed_before_and_consent)
{
    shop s = shop_open("UTC");
    shop_history(&s, "plan='' consent.email=true");
    static const char *const users[] = {"target", "revoked", "asked_late", "still", "fresh"};
    for (size_t i = 0; i < 5; i++) {
        shop_since(&s, users[i], "2025-06-01T00:00:00Z", "plan=pro");
        shop_event(&s, users[i], "read", "2025-12-01T00:00:00Z", "");
        if (i != 3)
            shop_since(&s, users[i], "2025-12-15T00:00:00Z", "plan=null");
        if (i != 2)
            shop_since(&s, users[i], "2025-06-01T00:00:00Z", "consent.email=true");
    }
    shop_event(&s, "fresh", "read", "2026-03-01T00:00:00Z", "");
    shop_since(&s, "revoked", "2026-02-01T00:00:00Z", "consent.email=false");
    shop_since(&s, "asked_late", "2026-04-02T00:00:00Z", "consent.email=true");
    shop_ask(&s, NOW,
             "plan changed from \"pro\" and plan is null and last any event older than 90 days "
             "and consent.email",
             "target");
    /* Whom the mail of January could be sent to (S-35, S-39). */
    shop_ask(&s, NOW, "consent.email as of 2026-01-10", "fresh revoked still target");
    shop_ask(&s, "2026-01-10", "consent.email", "fresh revoked still target");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b26_cancelled)
{
    shop s = shop_open("UTC");
    shop_history(&s, "plan=''");
    shop_since(&s, "left", "2025-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "left", "2026-02-15T00:00:00Z", "plan=null");
    shop_since(&s, "came_back", "2025-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "came_back", "2026-02-15T00:00:00Z", "plan=null");
    shop_since(&s, "came_back", "2026-03-15T00:00:00Z", "plan=pro");
    shop_since(&s, "long_gone", "2025-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "long_gone", "2025-12-01T00:00:00Z", "plan=null");
    shop_ask(&s, NOW, "plan changed to null in last 60 days and plan is null", "left");
    shop_ask(&s, NOW, "plan has been null for 90 days", "long_gone");
    shop_ask(&s, NOW, "plan changed from null in last 30 days", "came_back");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b17_subscription)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"eager", "payer", "once"};
    shop_user(&s, "eager", "plan=free");
    shop_user(&s, "payer", "plan=pro");
    shop_user(&s, "once", "plan=free");
    for (size_t i = 0; i < 3; i++) {
        shop_event(&s, users[i], "paywall_hit", "2026-03-30T00:00:00Z", "");
        shop_event(&s, users[i], "paywall_hit",
                   i < 2 ? "2026-03-29T00:00:00Z" : "2026-03-20T00:00:00Z", "");
    }
    shop_ask(&s, NOW, "count of \"paywall_hit\" in last 7 days >= 2 and plan = \"free\"", "eager");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b18_cross_sell)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"target", "has_tripod", "one_view"};
    for (size_t i = 0; i < 3; i++) {
        shop_event(&s, users[i], "purchase", "2026-01-01T00:00:00Z", "cat=camera");
        shop_event(&s, users[i], "view", "2026-03-20T00:00:00Z", "cat=tripod");
        if (i < 2)
            shop_event(&s, users[i], "view", "2026-03-21T00:00:00Z", "cat=tripod");
    }
    shop_event(&s, "has_tripod", "purchase", "2026-03-22T00:00:00Z", "cat=tripod");
    shop_event(&s, "browser", "view", "2026-03-20T00:00:00Z", "cat=tripod");
    shop_event(&s, "browser", "view", "2026-03-20T00:00:00Z", "cat=tripod");
    shop_ask(&s, NOW,
             "did \"purchase\" where (cat = \"camera\") and count of \"view\" where (cat = "
             "\"tripod\") in last 30 days >= 2 and not did \"purchase\" where (cat = \"tripod\")",
             "target");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b19_loyalty_enrolment)
{
    shop s = shop_open("UTC");
    shop_user(&s, "member", "loyalty_member=true profile_complete=true");
    shop_user(&s, "filled", "loyalty_member=false profile_complete=true");
    shop_user(&s, "liker", "profile_complete=false");
    shop_user(&s, "idle", "");
    shop_event(&s, "liker", "like", "2026-03-28T00:00:00Z", "");
    shop_event(&s, "idle", "promo_used", "2026-03-01T00:00:00Z", ""); /* not in 7 days */
    shop_event(&s, "promo", "promo_used", "2026-03-30T00:00:00Z", "");
    shop_ask(&s, NOW,
             "at least 1 of (did \"like\" in last 7 days, did \"promo_used\" in last 7 days, "
             "profile_complete) and not loyalty_member",
             "filled liker promo");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b21_nps_after_the_first_purchase_or_session)
{
    shop s = shop_open("UTC");
    shop_event(&s, "buyer", "purchase", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "again", "purchase", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "again", "purchase", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "visitor", "session_end", "2026-03-31T00:00:00Z", "");
    shop_event(&s, "slow", "session_end", "2026-03-30T00:00:00Z", "");
    shop_ask(&s, NOW, "first \"purchase\" in last 2 days or first \"session_end\" in last 1 day",
             "buyer visitor");
    shop_user(&s, "visitor", "nps=6");
    shop_user(&s, "buyer", "nps=7");
    shop_ask(&s, NOW, "nps <= 6", "visitor");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b22_dormant)
{
    shop s = shop_open("UTC");
    shop_event(&s, "gone", "read", "2026-02-01T00:00:00Z", "");
    shop_event(&s, "back", "read", "2026-02-01T00:00:00Z", "");
    shop_event(&s, "back", "msg_click", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "edge", "buy", "2026-03-01T12:00:00Z", ""); /* 30 days to the microsecond */
    shop_event(&s, "never", "visit", "2026-02-01T00:00:00Z", "");
    shop_ask(&s, NOW, "last any of (\"read\", \"buy\", \"msg_click\") older than 30 days",
             "edge gone");
    shop_ask(&s, NOW,
             "did any of (\"read\", \"buy\", \"msg_click\") and did not any of (\"read\", "
             "\"buy\", \"msg_click\") in last 30 days",
             "edge gone");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b23_win_back)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"target", "no_consent", "recent"};
    for (size_t i = 0; i < 3; i++) {
        shop_user(&s, users[i], i == 1 ? "consent_email=false" : "consent_email=true");
        shop_event(&s, users[i], "subscribe", "2025-01-01T00:00:00Z", "");
    }
    shop_event(&s, "recent", "open", "2026-02-01T00:00:00Z", "");
    shop_user(&s, "stranger", "consent_email=true");
    shop_ask(&s, NOW, "did \"subscribe\" and last any event older than 90 days and consent_email",
             "target");
    /* Success: in the last 14 days, not in the 90 days before that, but earlier. */
    shop_event(&s, "target", "open", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "recent", "open", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "fresh", "open", "2026-03-30T00:00:00Z", "");
    shop_ask(&s, NOW,
             "did any event in last 14 days and did not any event from 104 days ago to 14 days "
             "ago and did any event older than 104 days",
             "target");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b24_streaks)
{
    /* Five days to yesterday: alive, and at 18 o'clock it is time to say so. */
    shop s = shop_open("UTC");
    for (int day = 24; day <= 31; day++) {
        char when[32];
        snprintf(when, sizeof(when), "2026-03-%02dT07:00:00Z", day);
        shop_event(&s, "going", "lesson", when, "");
        if (day >= 26 && day <= 30)
            shop_event(&s, "waits", "lesson", when, "");
        if (day <= 29)
            shop_event(&s, "lost", "lesson", when, "");
    }
    shop_ask(&s, NOW, "current_streak(day) of \"lesson\" >= 7", "going");
    shop_ask(&s, NOW, "current_streak(day) of \"lesson\" >= 3 and did not \"lesson\" today",
             "waits");
    shop_ask(&s, NOW, "streak(day, length 5) of \"lesson\" broken in last 1 day", "lost");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b25_app_opens_videos_and_trial_end)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"target", "subscribed", "later", "cat_only"};
    static const char *const ends[] = {
        "trial_end=@2026-04-02T00:00:00Z", "trial_end=@2026-04-02T00:00:00Z",
        "trial_end=@2026-04-03T12:00:00.000001Z", "trial_end=@2026-04-02T00:00:00Z"};
    shop_begin(&s);
    for (size_t i = 0; i < 4; i++) {
        shop_user(&s, users[i], ends[i]);
        for (int k = 0; k < 5; k++)
            shop_event(&s, users[i], "app_open", "2026-03-28T00:00:00Z", "");
        shop_event(&s, users[i], "video_view", "2026-03-20T00:00:00Z",
                   i == 3 ? "object=cat" : "object=person");
    }
    shop_event(&s, "subscribed", "subscribe", "2026-03-31T00:00:00Z", "");
    shop_commit(&s);
    shop_ask(&s, NOW,
             "count of \"app_open\" in last 7 days >= 5 and did \"video_view\" where (object = "
             "\"person\") in last 14 days and trial_end in next 3 days and not did \"subscribe\"",
             "target");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b26_viewing_history)
{
    shop s = shop_open("UTC");
    shop_user(&s, "drama", "stage=trial");
    shop_user(&s, "sport", "stage=trial");
    shop_user(&s, "payer", "stage=paid");
    shop_event(&s, "drama", "watch", "2026-03-01T00:00:00Z", "genre=drama");
    shop_event(&s, "drama", "watch", "2026-03-02T00:00:00Z", "genre=drama");
    shop_event(&s, "drama", "watch", "2025-03-02T00:00:00Z", "genre=sport"); /* too old */
    shop_event(&s, "drama", "watch", "2026-03-03T00:00:00Z", "genre=sport");
    shop_event(&s, "sport", "watch", "2026-03-03T00:00:00Z", "genre=sport");
    shop_event(&s, "payer", "watch", "2026-03-03T00:00:00Z", "genre=drama");
    shop_event(&s, "payer", "cancelled", "2026-02-10T00:00:00Z", "");
    shop_ask(&s, NOW,
             "mode(genre, ties none) of \"watch\" in last 60 days = \"drama\" and stage = "
             "\"trial\"",
             "drama");
    shop_ask(&s, NOW, "top(genre, 1, ties all) of \"watch\" in last 60 days has \"sport\"",
             "sport");
    shop_ask(&s, NOW, "last \"cancelled\" in last 60 days", "payer");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b30_any_trait_without_declaring_it)
{
    shop s = shop_open("UTC");
    shop_user(&s, "ann", "address.city=Berlin");
    shop_user(&s, "bob", "address.city=Bern favourite_number=7");
    shop_event(&s, "ann", "Wish List: Added", "2026-03-20T00:00:00Z", "item.color=red");
    shop_ask(&s, NOW, "`address.city` = \"Berlin\"", "ann");
    shop_ask(&s, NOW, "favourite_number = 7", "bob");
    shop_ask(&s, NOW, "did \"Wish List: Added\" where (`item.color` = \"red\")", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a27_b16_abandoned_cart)
{
    /* Left an hour ago: nothing of that cart was bought within the hour. */
    shop s = shop_open("UTC");
    shop_event(&s, "left", "add_cart", "2026-03-31T10:00:00Z", "cart_id=c1");
    shop_event(&s, "bought", "add_cart", "2026-03-31T10:00:00Z", "cart_id=c2");
    shop_event(&s, "bought", "purchase", "2026-03-31T10:59:00Z", "cart_id=c2");
    shop_event(&s, "other", "add_cart", "2026-03-31T10:00:00Z", "cart_id=c3");
    shop_event(&s, "other", "purchase", "2026-03-31T10:30:00Z", "cart_id=c4");
    shop_event(&s, "fresh", "add_cart", "2026-03-31T11:30:00Z", "cart_id=c5");
    shop_ask(
        &s, NOW,
        "sequence (\"add_cart\" then no \"purchase\" for 1 hour, same (cart_id)) in last 1 day",
        "left other");
    shop_ask(&s, NOW,
             "sequence (\"add_cart\" as a then no \"purchase\" where (cart_id = a.cart_id) for 10 "
             "minutes) in last 1 day",
             "bought fresh left other");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b10_sign_up_begun_and_left)
{
    shop s = shop_open("UTC");
    shop_event(&s, "stuck", "signup_start", "2026-03-29T00:00:00Z", "");
    shop_event(&s, "done", "signup_start", "2026-03-29T00:00:00Z", "");
    shop_event(&s, "done", "signup_done", "2026-03-29T10:00:00Z", "");
    shop_event(&s, "today", "signup_start", "2026-03-31T00:00:00Z", "");
    shop_ask(&s, NOW, "sequence (\"signup_start\" then no \"signup_done\" for 1 day)", "stuck");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b13_interrupted_onboarding)
{
    shop s = shop_open("UTC");
    static const char *const steps[] = {"start", "profile", "verify", "done"};
    static const char *const users[] = {"one", "two", "three", "four"};
    for (size_t n = 0; n < 4; n++) {
        for (size_t i = 0; i <= n; i++)
            shop_event(&s, users[n], steps[i], "2026-03-31T10:00:00Z", "");
    }
    shop_event(&s, "now", "start", "2026-03-31T11:30:00Z", "");
    shop_ask(&s, NOW,
             "depth of funnel (\"start\" then \"profile\" then \"verify\" then \"done\") between 1 "
             "and 3 and last any of (\"start\", \"profile\", \"verify\") older than 1 hour",
             "one three two");
    shop_ask(&s, NOW,
             "funnel (\"start\" then \"profile\" then \"verify\" then \"done\") within 1 day in "
             "last 7 days dropped after 2",
             "two");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b14_trial_to_paid)
{
    shop s = shop_open("UTC");
    shop_event(&s, "paid", "trial_start", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "paid", "subscribe", "2026-03-20T00:00:00Z", "");
    shop_event(&s, "late", "trial_start", "2026-01-01T00:00:00Z", "");
    shop_event(&s, "late", "subscribe", "2026-02-20T00:00:00Z", "");
    shop_event(&s, "rated", "rate", "2026-03-25T00:00:00Z", "stars=5");
    shop_event(&s, "wrong", "subscribe", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "wrong", "trial_start", "2026-03-02T00:00:00Z", "");
    shop_ask(&s, NOW,
             "sequence (\"trial_start\" then \"subscribe\" within 30 days) or did \"rate\" where "
             "(stars >= 4) in last 14 days",
             "paid rated");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("use_cases");
    TCase *a = tcase_create("article_a");
    tcase_add_test(a, test_use_cases__a1_demographic);
    tcase_add_test(a, test_use_cases__a2_geographic);
    tcase_add_test(a, test_use_cases__a3_psychographic);
    tcase_add_test(a, test_use_cases__a5_the_most_loyal);
    tcase_add_test(a, test_use_cases__a10_decisive_factor);
    tcase_add_test(a, test_use_cases__a12_heavy_medium_light);
    tcase_add_test(a, test_use_cases__a13_semi_regular_users);
    tcase_add_test(a, test_use_cases__a17_benefits_sought);
    tcase_add_test(a, test_use_cases__a18_loyal_and_among_the_best_payers);
    tcase_add_test(a, test_use_cases__a19_less_loyal);
    tcase_add_test(a, test_use_cases__a18_loyal_by_scores_and_what_they_pay);
    tcase_add_test(a, test_use_cases__a19_less_loyal_than_before);
    tcase_add_test(a, test_use_cases__a21_awareness);
    tcase_add_test(a, test_use_cases__a22_education);
    tcase_add_test(a, test_use_cases__a23_consideration);
    tcase_add_test(a, test_use_cases__a24_first_time_buyers);
    tcase_add_test(a, test_use_cases__a25_adoption);
    tcase_add_test(a, test_use_cases__a26_advocacy);
    suite_add_tcase(suite, a);
    TCase *b = tcase_create("article_b");
    tcase_add_test(b, test_use_cases__b1_milestones_and_follow_ups);
    tcase_add_test(b, test_use_cases__b2_demographic_with_education);
    tcase_add_test(b, test_use_cases__b3_values);
    tcase_add_test(b, test_use_cases__b4_region_hierarchy);
    tcase_add_test(b, test_use_cases__b5_dog_walking);
    tcase_add_test(b, test_use_cases__b6_any_behaviour_and_messages);
    tcase_add_test(b, test_use_cases__b9_attributes_and_events_are_two_kinds);
    tcase_add_test(b, test_use_cases__b12_app_download);
    tcase_add_test(b, test_use_cases__b15_order_value);
    tcase_add_test(b, test_use_cases__b15_free_to_paid);
    tcase_add_test(b, test_use_cases__b23_subscribed_before_and_consent);
    tcase_add_test(b, test_use_cases__b26_cancelled);
    tcase_add_test(b, test_use_cases__b17_subscription);
    tcase_add_test(b, test_use_cases__b18_cross_sell);
    tcase_add_test(b, test_use_cases__b19_loyalty_enrolment);
    tcase_add_test(b, test_use_cases__b21_nps_after_the_first_purchase_or_session);
    tcase_add_test(b, test_use_cases__b22_dormant);
    tcase_add_test(b, test_use_cases__b23_win_back);
    tcase_add_test(b, test_use_cases__b24_streaks);
    tcase_add_test(b, test_use_cases__b25_app_opens_videos_and_trial_end);
    tcase_add_test(b, test_use_cases__b26_viewing_history);
    tcase_add_test(b, test_use_cases__b30_any_trait_without_declaring_it);
    tcase_add_test(b, test_use_cases__a27_b16_abandoned_cart);
    tcase_add_test(b, test_use_cases__b10_sign_up_begun_and_left);
    tcase_add_test(b, test_use_cases__b13_interrupted_onboarding);
    tcase_add_test(b, test_use_cases__b14_trial_to_paid);
    suite_add_tcase(suite, b);
    return suite;
}
