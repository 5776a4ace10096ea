/* test_use_cases_shapes.c - what practitioners ask for (test_use_cases.c): rows that need sessions,
 * tiers, occasions, classes and stages of life. docs/use-cases.md shows them.
 *
 * Now is Tuesday 2026-03-31T12:00:00Z; the store's zone is UTC. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>

#define NOW "2026-03-31T12:00:00Z"

/* Events of one minute each, `count` of them without a break. */
static void visit(shop *s, const char *user, const char *day, int count)
{
    for (int minute = 0; minute <= count; minute++) {
        char when[40];
        snprintf(when, sizeof(when), "%sT08:%02d:00Z", day, minute);
        shop_event(s, user, "open", when, "");
    }
}

/* u01 did it once, u02 twice, and so on to u10. */
static void ten_users(shop *s, const char *event, const char *time)
{
    shop_begin(s);
    for (int n = 1; n <= 10; n++) {
        char user[8];
        snprintf(user, sizeof(user), "u%02d", n);
        for (int i = 0; i < n; i++)
            shop_event(s, user, event, time, "");
    }
    shop_commit(s);
}

START_TEST(test_use_cases__a8_how_much_and_how_they_engage)
{
    shop s = shop_open("UTC");
    shop_begin(&s);
    for (int day = 10; day < 18; day++) {
        char when[16];
        snprintf(when, sizeof(when), "2026-03-%02d", day);
        visit(&s, "both", when, 3);
        visit(&s, "brief", when, 2);
        if (day < 17)
            visit(&s, "rare", when, 30);
    }
    shop_commit(&s);
    shop_ask(&s, NOW,
             "distinct(day) of any event in last 30 days >= 8 and median(@duration) of session() "
             "in last 30 days >= 3 minutes",
             "both");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a11_occasion)
{
    static const char *const sale[] = {"2024-09-16T10:00:00Z", "2025-10-05T10:00:00Z"};
    static const char *const plain[] = {"2025-05-05T10:00:00Z", "2025-06-05T10:00:00Z"};
    int32_t days[4];
    shop s = shop_open("UTC");
    days[0] = (int32_t)(shop_time("2024-09-15") / INT64_C(86400000000));
    days[1] = days[0] + 3;
    days[2] = (int32_t)(shop_time("2025-10-04") / INT64_C(86400000000));
    days[3] = days[2] + 4;
    shop_occasion(&s, "chuseok", days, 2);
    for (size_t i = 0; i < 2; i++) {
        shop_event(&s, "half", "purchase", sale[i], "");
        shop_event(&s, "half", "purchase", plain[i], ""); /* 2 of 4 */
        shop_event(&s, "few", "purchase", sale[i], "");   /* all, but fewer than 3 */
        shop_event(&s, "other", "purchase", plain[i], "");
    }
    shop_event(&s, "other", "purchase", sale[0], ""); /* 1 of 3 */
    shop_ask(&s, NOW,
             "share(@date during occasion \"chuseok\") of \"purchase\" in last 2 years >= 50% and "
             "count of \"purchase\" in last 2 years >= 3",
             "half");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a12_heavy_medium_and_light_users)
{
    /* Of ten counts 1 ... 10 the median cut is 6, the one at 80 % is 9. */
    shop s = shop_open("UTC");
    ten_users(&s, "use", "2026-03-20T00:00:00Z");
    shop_user(&s, "idle", ""); /* no use is no class */
    shop_ask(&s, NOW, "tier(count of \"use\" in last 30 days, cuts (p50, p80)) = \"heavy\"",
             "u09 u10");
    shop_ask(&s, NOW, "tier(count of \"use\" in last 30 days, cuts (p50, p80)) = \"medium\"",
             "u06 u07 u08");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a14_light_users_who_could_leave)
{
    shop s = shop_open("UTC");
    ten_users(&s, "use", "2026-03-01T00:00:00Z");
    shop_event(&s, "u02", "use", "2026-03-20T00:00:00Z", ""); /* 11.5 days ago */
    shop_ask(&s, NOW,
             "tier(count of \"use\" in last 1 year, cuts (p50, p80)) = \"light\" and last \"use\" "
             "older than 14 days",
             "u01 u03 u04 u05");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a16_light_users_without_the_favourite)
{
    shop s = shop_open("UTC");
    ten_users(&s, "use", "2026-03-20T00:00:00Z");
    shop_event(&s, "u01", "feature_used", "2026-03-01T00:00:00Z", "name=export");
    shop_event(&s, "u02", "feature_used", "2026-03-01T00:00:00Z", "name=search");
    shop_define(&s, "light", "tier(count of \"use\" in last 30 days, cuts (p50, p80)) = \"light\"");
    shop_ask(&s, NOW, "in segment \"light\" and not did \"feature_used\" where (name = \"export\")",
             "u02 u03 u04 u05");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__a20_buyer_stages)
{
    shop s = shop_open("UTC");
    static const char *const stages =
        "\"advocacy\": did \"referral_sent\" in last 180 days;"
        "\"adoption\": did \"purchase\" at least 2 times;"
        "\"purchase\": did \"purchase\";"
        "\"consideration\": did any of (\"add_cart\", \"compare\") in last 14 days;"
        "\"education\": did \"read_guide\" at least 2 times in last 30 days;"
        "\"awareness\": did \"visit\";"
        "otherwise \"unaware\"";
    shop_event(&s, "ann", "visit", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "bob", "visit", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "bob", "add_cart", "2026-03-30T00:01:00Z", "");
    shop_event(&s, "cy", "add_cart", "2026-03-30T00:01:00Z", "");
    shop_event(&s, "cy", "purchase", "2026-03-30T00:02:00Z", "");
    shop_event(&s, "dee", "purchase", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "dee", "purchase", "2026-03-02T00:00:00Z", "");
    shop_event(&s, "eve", "referral_sent", "2026-03-02T00:00:00Z", "");
    shop_event(&s, "fay", "read_guide", "2026-03-02T12:00:00Z", "");
    shop_event(&s, "fay", "read_guide", "2026-03-03T12:00:00Z", "");
    shop_event(&s, "fay", "compare", "2026-03-03T12:00:00Z", ""); /* longer than 14 days ago */
    shop_user(&s, "gus", "");
    shop_class(&s, "buyer_stage", stages);
    shop_ask(&s, NOW, "class.buyer_stage = \"consideration\"", "bob");
    shop_ask(&s, NOW, "class.buyer_stage in (\"purchase\", \"adoption\", \"advocacy\")",
             "cy dee eve");
    shop_ask(&s, NOW, "class.buyer_stage = \"education\"", "fay");
    shop_ask(&s, NOW, "class.buyer_stage = \"unaware\"", "gus");
    shop_ask(&s, NOW, "class.buyer_stage = \"awareness\"", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b11_app_review)
{
    /* long: two sessions of 31 and 29 minutes; short: one minute less. */
    shop s = shop_open("UTC");
    visit(&s, "long", "2026-03-28", 31);
    visit(&s, "long", "2026-03-29", 29);
    visit(&s, "short", "2026-03-28", 30);
    visit(&s, "short", "2026-03-29", 29);
    visit(&s, "early", "2026-03-20", 59);
    shop_event(&s, "buyer", "purchase", "2026-03-29T00:00:00Z", "");
    shop_event(&s, "asked", "purchase", "2026-03-29T00:00:00Z", "");
    shop_event(&s, "asked", "review_prompt", "2026-01-29T00:00:00Z", "");
    shop_ask(&s, NOW,
             "(did \"purchase\" in last 3 days or sum(@duration) of session() in last 7 days >= 60 "
             "minutes) and did not \"review_prompt\" in last 120 days",
             "buyer long");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b20_rewards_by_time_or_spend)
{
    /* Sessions of 1 ... 10 minutes; payers are ranked with who paid nothing: 2 of 11. */
    shop s = shop_open("UTC");
    shop_begin(&s);
    for (int n = 1; n <= 10; n++) {
        char user[8], amount[24];
        snprintf(user, sizeof(user), "u%02d", n);
        snprintf(amount, sizeof(amount), "amount=%d.00", 110 - 10 * n);
        visit(&s, user, "2026-03-20", n);
        shop_event(&s, user, "purchase", "2025-12-20T00:00:00Z", amount);
    }
    shop_user(&s, "idle", "");
    shop_commit(&s);
    shop_ask(&s, NOW,
             "tier(sum(@duration) of session(of \"open\") in last 90 days, cuts (p50, p80)) = "
             "\"heavy\" or sum(amount) of \"purchase\" in last 1 year in top 10%",
             "u01 u02 u09 u10");
    shop_close(&s);
}
END_TEST

START_TEST(test_use_cases__b22_b23_stages_of_life)
{
    shop s = shop_open("UTC");
    shop_event(&s, "gone", "read", "2026-02-01T00:00:00Z", "");
    shop_event(&s, "back", "read", "2025-11-01T00:00:00Z", "");
    shop_event(&s, "back", "read", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "new", "read", "2026-03-30T00:00:00Z", "");
    shop_event(&s, "steady", "read", "2025-11-01T00:00:00Z", "");
    shop_event(&s, "steady", "read", "2026-01-30T00:00:00Z", "");
    shop_event(&s, "steady", "read", "2026-03-30T00:00:00Z", "");
    shop_ask(&s, NOW, "dormant(30 days) of \"read\"", "gone");
    shop_ask(&s, NOW, "resurrected(14 days, 90 days) of any event", "back");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("use_cases_shapes");
    TCase *a = tcase_create("article_a");
    tcase_add_test(a, test_use_cases__a8_how_much_and_how_they_engage);
    tcase_add_test(a, test_use_cases__a11_occasion);
    tcase_add_test(a, test_use_cases__a12_heavy_medium_and_light_users);
    tcase_add_test(a, test_use_cases__a14_light_users_who_could_leave);
    tcase_add_test(a, test_use_cases__a16_light_users_without_the_favourite);
    tcase_add_test(a, test_use_cases__a20_buyer_stages);
    suite_add_tcase(suite, a);
    TCase *b = tcase_create("article_b");
    tcase_add_test(b, test_use_cases__b11_app_review);
    tcase_add_test(b, test_use_cases__b20_rewards_by_time_or_spend);
    tcase_add_test(b, test_use_cases__b22_b23_stages_of_life);
    suite_add_tcase(suite, b);
    return suite;
}
