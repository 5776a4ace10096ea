/* test_semantics_rfm.c - the edges of the contract for recency, frequency and money, S-24. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"
#define RFM "(total, floating) of \"order\""

/* Five buyers who differ in everything, and ida who is known by name alone. */
static shop five_buyers(void)
{
    shop s = shop_open("UTC");
    shop_events(&s, "ann", "order", 1, "2026-03-30", "total=500.00");
    shop_events(&s, "ben", "order", 2, "2026-03-20", "total=10.00");
    shop_events(&s, "cat", "order", 3, "2026-03-10", "total=30.00");
    shop_events(&s, "dan", "order", 4, "2026-02-10", "total=0.50");
    shop_events(&s, "eve", "order", 5, "2025-12-01", "total=100.00");
    shop_user(&s, "ida", "");
    return s;
}

START_TEST(test_semantics__s24_scores_are_places)
{
    shop s = five_buyers();
    shop_value(&s, NOW, "rfm.r" RFM, "5 4 3 2 1 0");
    shop_value(&s, NOW, "rfm.f" RFM, "1 2 3 4 5 0");
    shop_value(&s, NOW, "rfm.m" RFM, "5 2 3 1 5 0");
    /* Two scores of five: the middle place belongs to the upper one. */
    shop_value(&s, NOW, "rfm.f(total, floating, scale 2) of \"order\"", "1 1 2 2 2 0");
    shop_ask(&s, NOW, "rfm.f" RFM " + rfm.r" RFM " = 6", "ann ben cat dan eve");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_equal_behaviour_is_equal_score)
{
    shop s = shop_open("UTC");
    shop_events(&s, "a", "order", 1, "2026-03-01", "total=1.00");
    shop_value(&s, NOW, "rfm.f" RFM, "3"); /* alone, in the middle */
    shop_events(&s, "b", "order", 1, "2026-03-01", "total=1.00");
    shop_events(&s, "c", "order", 1, "2026-03-01", "total=1.00");
    shop_events(&s, "d", "order", 1, "2026-03-01", "total=1.00");
    shop_value(&s, NOW, "rfm.r" RFM, "3 3 3 3");
    shop_events(&s, "e", "order", 9, "2026-03-01", "total=1.00");
    /* Four tie on the places 0 to 4 of 5: floor(5 x 2 / 5) is two up from 1. */
    shop_value(&s, NOW, "rfm.f" RFM, "3 3 3 3 5");
    shop_value(&s, NOW, "rfm.f(total, floating, scale 10) of \"order\"", "5 5 5 5 10");
    shop_close(&s);
}
END_TEST

/* Nothing lies above the greatest number, so no score does. */
START_TEST(test_semantics__s24_the_greatest_number)
{
    shop s = shop_open("UTC");
    shop_events(&s, "a", "order", 1, "2026-03-01", "total=9223372036854775807");
    shop_events(&s, "b", "order", 1, "2026-03-01", "total=9223372036854775807");
    shop_value(&s, NOW, "rfm.m" RFM, "3 3");
    shop_ask(&s, NOW, "rfm.m" RFM " = 3", "a b");
    shop_events(&s, "c", "order", 1, "2026-03-01", "total=-9223372036854775808");
    shop_value(&s, NOW, "rfm.m" RFM, "4 4 1");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_who_did_not_buy_is_apart)
{
    shop s = five_buyers();
    shop_event(&s, "joe", "visit", "2026-03-30T10:00:00Z", "");
    /* Who got it for nothing, or never paid, did buy. */
    shop_events(&s, "kim", "order", 1, "2026-01-10", "total=0.00");
    shop_event(&s, "leo", "order", "2026-01-09T10:00:00Z", "");
    shop_value(&s, NOW, "rfm.m" RFM, "5 3 4 2 5 0 0 1 1");
    shop_ask(&s, NOW, "rfm.m" RFM " = 0", "ida joe");
    shop_ask(&s, NOW, "rfm.m" RFM " < 1", "ida joe");
    shop_ask(&s, NOW, "rfm" RFM " = \"none\"", "ida joe");
    shop_ask(&s, NOW, "rfm.r" RFM " is set", "ann ben cat dan eve ida joe kim leo");
    /* In a span without orders nobody did. */
    shop_ask(&s, NOW, "rfm" RFM " in last 1 hour = \"none\"",
             "ann ben cat dan eve ida joe kim leo");
    shop_ask(&s, NOW, "rfm.r" RFM " in last 1 hour > 0", "");
    /* Others do not move them, and they do not move others. */
    shop_ask(&s, NOW, "rfm.m(total, cuts r (9 days) f (2) m (0.00)) of \"order\" = 2",
             "ann ben cat dan eve kim leo");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_the_first_group_that_matches)
{
    shop s = five_buyers();
    shop_ask(&s, NOW, "rfm" RFM " = \"big spenders\"", "ann");
    shop_ask(&s, NOW, "rfm" RFM " = \"potential loyalists\"", "ben");
    shop_ask(&s, NOW, "rfm" RFM " = \"need attention\"", "cat");
    shop_ask(&s, NOW, "rfm" RFM " = \"at risk\"", "dan");
    shop_ask(&s, NOW, "rfm" RFM " = \"cannot lose\"", "eve");
    shop_ask(&s, NOW, "rfm" RFM " = \"none\"", "ida");
    shop_ask(&s, NOW, "rfm" RFM " != \"at risk\"", "ann ben cat eve ida");
    const char *own = "rfm(total, floating, groups (\"up\": r >= 3 and f >= 2, \"much\": m = 5 or "
                      "f = 1, otherwise \"rest\")) of \"order\"";
    char text[256];
    snprintf(text, sizeof(text), "%s = \"up\"", own);
    shop_ask(&s, NOW, text, "ben cat");
    snprintf(text, sizeof(text), "%s = \"much\"", own);
    shop_ask(&s, NOW, text, "ann eve");
    snprintf(text, sizeof(text), "%s not in (\"up\", \"much\")", own);
    shop_ask(&s, NOW, text, "dan ida");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_written_cuts_and_their_edges)
{
    shop s = five_buyers();
    const char *rfm = "(total, cuts r (30 days, 1.5 hours) f (2, 4) m (90, 500)) of \"order\"";
    char text[256];
    /* ann's order is exactly 1.5 hours ago then, ben's more. */
    snprintf(text, sizeof(text), "rfm.r%s", rfm);
    shop_value(&s, "2026-03-30T11:30:00Z", text, "3 2 2 1 1 0");
    shop_value(&s, "2026-03-30T11:30:00.000001Z", text, "2 2 2 1 1 0");
    snprintf(text, sizeof(text), "rfm.f%s", rfm);
    shop_value(&s, NOW, text, "1 2 2 3 3 0");
    snprintf(text, sizeof(text), "rfm.m%s", rfm);
    shop_value(&s, NOW, text, "3 1 2 1 3 0");
    /* Equal cut points leave the score between them empty. */
    shop_value(&s, NOW, "rfm.f(total, cuts r (9 days, 9 days) f (3, 3) m (1, 1)) of \"order\"",
               "1 1 3 3 3 0");
    shop_close(&s);
}
END_TEST

/* Tests of a score by written cut points run as tests of the figure: classes with a gap, with and
 * without those who did not buy, and at the cut points themselves. */
START_TEST(test_semantics__s24_tests_of_scores_by_written_cuts)
{
    static const struct {
        char measure;
        const char *test, *now, *who;
    } asked[] = {
        {'r', "= 3", "2026-03-30T11:30:00Z", "ann"},
        {'r', "= 3", "2026-03-30T11:30:00.000001Z", ""},
        {'r', "= 2", "2026-03-30T11:30:00Z", "ben cat"},
        {'r', "= 2", "2026-03-30T11:30:00.000001Z", "ann ben cat"},
        {'r', "= 1", "2026-03-30T11:30:00Z", "dan eve kim"},
        {'r', "< 2", "2026-03-30T11:30:00Z", "dan eve ida kim"},
        {'r', "in (1, 3)", "2026-03-30T11:30:00Z", "ann dan eve kim"},
        {'r', "in (0, 2)", "2026-03-30T11:30:00Z", "ben cat ida"},
        {'r', "> 3", "2026-03-30T11:30:00Z", ""},
        {'r', ">= 0", "2026-03-30T11:30:00Z", "ann ben cat dan eve ida kim"},
        {'f', "= 1", NOW, "ann kim"},
        {'f', "= 0", NOW, "ida"},
        {'f', "between 1 and 2", NOW, "ann ben cat kim"},
        {'f', "< 3", NOW, "ann ben cat ida kim"},
        {'f', "in (1, 3)", NOW, "ann dan eve kim"},
        {'m', "= 1", NOW, "ben dan kim"}, /* and not ida, whose sum is 0 as well */
        {'m', "< 2", NOW, "ben dan ida kim"},
        {'m', "between 1 and 2", NOW, "ben cat dan kim"},
        {'m', ">= 3", NOW, "ann eve"},
        {'m', "!= 3", NOW, "ben cat dan ida kim"},
        {'m', "is set", NOW, "ann ben cat dan eve ida kim"},
        {'m', "is not set", NOW, ""},
    };
    shop s = five_buyers();
    shop_event(&s, "kim", "order", "2026-01-10T10:00:00Z", "total=0.00");
    for (size_t i = 0; i < sizeof(asked) / sizeof(*asked); i++) {
        char text[128];
        snprintf(text, sizeof(text),
                 "rfm.%c(total, cuts r (30 days, 1.5 hours) f (2, 4) "
                 "m (90, 500)) of \"order\" %s",
                 asked[i].measure, asked[i].test);
        shop_ask(&s, asked[i].now, text, asked[i].who);
    }
    /* Nobody has the score between equal cut points, and a refund below zero is one of money. */
    shop_ask(&s, NOW, "rfm.f(total, cuts r (9 days, 9 days) f (3, 3) m (1, 1)) of \"order\" = 2",
             "");
    shop_ask(&s, NOW, "rfm.m(total, cuts r (9 days, 9 days) f (3, 3) m (1, 1)) of \"order\" = 2",
             "");
    shop_ask(&s, NOW, "rfm.f(total, cuts r (9 days, 9 days) f (3, 3) m (1, 1)) of \"order\" != 2",
             "ann ben cat dan eve ida kim");
    shop_event(&s, "leo", "order", "2026-01-10T10:00:00Z", "total=-5.00");
    shop_ask(&s, NOW, "rfm.m(total, cuts r (9 days) f (3) m (-5)) of \"order\" = 1", "");
    shop_ask(&s, NOW, "rfm.m(total, cuts r (9 days) f (3) m (0)) of \"order\" = 1", "leo");
    shop_ask(&s, NOW, "tier(count of \"order\", cuts (1, 2) with zeros) != \"none\"",
             "ann ben cat dan eve ida kim leo");
    /* Every class passes, and yet who has no last value has none. */
    shop_ask(&s, NOW,
             "tier(last(total) of \"order\", cuts (1) labels (\"low\", \"high\")) "
             "in (\"none\", \"low\", \"high\")",
             "ann ben cat dan eve kim leo");
    shop_close(&s);
}
END_TEST

/* One customer's scores move because of others, or not: that is what has to be chosen. */
START_TEST(test_semantics__s24_floating_moves_with_others)
{
    shop s = five_buyers();
    const char *fixed = "rfm.f(total, cuts r (9 days) f (3) m (100)) of \"order\" = 2";
    shop_ask(&s, NOW, "rfm.f" RFM " = 3", "cat");
    shop_ask(&s, NOW, fixed, "cat dan eve");
    shop_events(&s, "fay", "order", 9, "2026-03-01", "total=1.00");
    shop_events(&s, "gil", "order", 9, "2026-03-01", "total=1.00");
    shop_events(&s, "hal", "order", 9, "2026-03-01", "total=1.00");
    shop_ask(&s, NOW, "rfm.f" RFM " = 3", "dan eve");
    shop_ask(&s, NOW, fixed, "cat dan eve fay gil hal");
    ck_assert_int_eq(shop_compile(&s, "rfm(total) of \"order\" = \"lost\""), SEG_E_SYNTAX);
    shop_close(&s);
}
END_TEST

static seg_status define(shop *s, const char *name, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t version = 0;
    return seg_store_define_class(s->store, name, strlen(name), text, strlen(text), &version, &err);
}

START_TEST(test_semantics__s24_an_rfm_is_a_class)
{
    shop s = five_buyers();
    const char *labels = "\"a\": n = 1; otherwise \"b\"";
    seg_error err = SEG_ERROR_INIT;
    shop_user(&s, "ida", "n=1");
    ck_assert_int_eq(define(&s, "loyalty", "rfm" RFM " in last 365 days"), SEG_OK);
    shop_ask(&s, NOW, "class.loyalty in (\"at risk\", \"none\")", "dan ida");
    shop_ask(&s, NOW, "rfm.r of class.loyalty >= 4 and rfm.f of class.loyalty > 1", "ben");
    shop_value(&s, NOW, "rfm.m of class.loyalty", "5 2 3 1 5 0");
    ck_assert_int_eq(shop_compile(&s, "rfm.r of class.nobody > 1"), SEG_E_UNKNOWN_NAME);
    ck_assert_int_eq(define(&s, "x", labels), SEG_OK);
    ck_assert_int_eq(shop_compile(&s, "rfm.r of class.x > 1"), SEG_E_TYPE);
    shop_define(&s, "s", "rfm.r of class.loyalty = 5");
    ck_assert_int_eq(seg_store_drop_class(s.store, "loyalty", 7, &err), SEG_E_IN_USE);
    /* It has scores as long as others ask for them. */
    ck_assert_int_eq(define(&s, "loyalty", labels), SEG_E_TYPE);
    ck_assert_int_eq(define(&s, "y", "rfm.r" RFM), SEG_E_TYPE); /* a number, and no label */
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_all_groups_in_one_pass)
{
    shop s = five_buyers();
    seg_error err = SEG_ERROR_INIT;
    seg_class *class = NULL;
    seg_snapshot *snapshot = shop_snapshot(&s);
    seg_set *sets[SEG_CLASS_LABELS_MAX];
    const char *text = "rfm" RFM ";", *label;
    uint64_t size, all = 0;
    ck_assert_int_eq(seg_class_compile(s.store, text, strlen(text), 0, &class, &err), SEG_OK);
    ck_assert_uint_eq(seg_class_label_count(class), 11);
    ck_assert_int_eq(seg_class_label(class, 0, &label, &size, &err), SEG_OK);
    ck_assert(size == 4 && memcmp(label, "none", 4) == 0);
    ck_assert_int_eq(seg_class_evaluate(class, snapshot, shop_time(NOW), NULL, sets, &err), SEG_OK);
    for (uint64_t i = 0; i < 11; i++) {
        all += seg_set_count(sets[i]);
        seg_set_release(sets[i]);
    }
    ck_assert_uint_eq(all, 6);
    seg_class_release(class);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

/* ---- frozen ---- */

static seg_class *frozen_at(shop *s, const char *text, const char *now)
{
    seg_error err = SEG_ERROR_INIT;
    seg_class *class = NULL, *frozen = NULL;
    seg_snapshot *snapshot = shop_snapshot(s);
    ck_assert_int_eq(seg_class_compile(s->store, text, strlen(text), 0, &class, &err), SEG_OK);
    ck_assert_msg(seg_class_freeze(class, snapshot, shop_time(now), NULL, &frozen, &err) == SEG_OK,
                  "%s", err.message);
    seg_class_release(class);
    seg_snapshot_release(snapshot);
    return frozen;
}

/* Saves it under that name. */
static void keep(shop *s, const char *name, seg_class *class)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *text = NULL;
    uint64_t version = 0;
    ck_assert_int_eq(seg_class_text(class, &text, &err), SEG_OK);
    ck_assert_int_eq(seg_store_define_class(s->store, name, strlen(name), seg_buffer_data(text),
                                            seg_buffer_size(text), &version, &err),
                     SEG_OK);
    seg_buffer_destroy(text);
    seg_class_release(class);
}

/* Then and there the frozen scores are the floating ones; afterwards only who does something moves,
 * and time moves the recency of all. */
START_TEST(test_semantics__s24_frozen_scores_stay)
{
    shop s = five_buyers();
    keep(&s, "kept", frozen_at(&s, "rfm" RFM, NOW));
    shop_value(&s, NOW, "rfm.r of class.kept", "5 4 3 2 1 0");
    shop_value(&s, NOW, "rfm.f of class.kept", "1 2 3 4 5 0");
    shop_value(&s, NOW, "rfm.m of class.kept", "5 2 3 1 5 0");
    shop_ask(&s, NOW, "class.kept = \"cannot lose\"", "eve");
    shop_events(&s, "fay", "order", 9, "2026-03-01", "total=900.00");
    shop_events(&s, "gil", "order", 9, "2026-03-01", "total=900.00");
    shop_value(&s, NOW, "rfm.f of class.kept", "1 2 3 4 5 0 5 5");
    shop_value(&s, NOW, "rfm.m of class.kept", "5 2 3 1 5 0 5 5");
    shop_value(&s, NOW, "rfm.m" RFM, "3 2 2 1 3 0 5 5");
    shop_value(&s, "2026-04-14T12:00:00Z", "rfm.r of class.kept", "3 2 2 1 1 0 2 2");
    shop_close(&s);
}
END_TEST

/* A cut that nobody reached is just above the greatest, so whoever does more than all is above. */
START_TEST(test_semantics__s24_frozen_ties)
{
    shop s = shop_open("UTC");
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < 3; i++)
        shop_event(&s, names[i], "order", "2026-03-31T12:00:00Z", "total=2.5f");
    keep(&s, "kept", frozen_at(&s, "rfm" RFM, NOW));
    shop_value(&s, NOW, "rfm.r of class.kept", "3 3 3");
    shop_value(&s, NOW, "rfm.f of class.kept", "3 3 3");
    shop_value(&s, NOW, "rfm.m of class.kept", "3 3 3");
    shop_event(&s, "a", "order", "2026-03-31T12:00:00Z", "total=0.0000000001f");
    shop_event(&s, "b", "order", "2026-03-31T11:59:59.999999Z", "total=-1f");
    shop_value(&s, NOW, "rfm.f of class.kept", "5 5 3");
    shop_value(&s, NOW, "rfm.m of class.kept", "5 1 3");
    shop_value(&s, "2026-03-31T12:00:00.000001Z", "rfm.r of class.kept", "1 1 1");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_cuts_are_told_with_counts)
{
    shop s = five_buyers();
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = shop_snapshot(&s);
    seg_class *class = frozen_at(&s,
                                 "rfm(total, floating, scale 3, groups (\"a\": r = 3, otherwise "
                                 "\"b\")) of \"order\"",
                                 NOW);
    uint64_t users[SEG_RFM_SCALE_MAX + 1];
    double cuts[SEG_RFM_SCALE_MAX - 1];
    ck_assert_uint_eq(seg_class_scale(class), 3);
    ck_assert_int_eq(
        seg_class_scores(class, snapshot, shop_time(NOW), NULL, SEG_RFM_MONEY, users, cuts, &err),
        SEG_OK);
    /* 2, 20, 90, 500 and 500 */
    ck_assert(users[0] == 1 && users[1] == 2 && users[2] == 1 && users[3] == 2);
    ck_assert(cuts[0] == 90 && cuts[1] == 500);
    ck_assert_int_eq(
        seg_class_scores(class, snapshot, shop_time(NOW), NULL, SEG_RFM_RECENCY, users, cuts, &err),
        SEG_OK);
    ck_assert(users[0] == 1 && users[1] == 2 && users[2] == 1 && users[3] == 2);
    ck_assert(cuts[0] == (double)(shop_time(NOW) - shop_time("2026-03-10T10:02:00Z")));
    ck_assert_int_eq(seg_class_scores(class, snapshot, shop_time(NOW), NULL, 3, users, cuts, &err),
                     SEG_E_ARG);
    seg_class_release(class);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s24_only_scores_freeze)
{
    shop s = five_buyers();
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = shop_snapshot(&s);
    seg_class *class = NULL, *frozen = NULL;
    uint64_t users[SEG_RFM_SCALE_MAX + 1];
    double cuts[SEG_RFM_SCALE_MAX - 1];
    const char *labels = "\"a\": did \"order\"; otherwise \"b\"";
    const char *nobody = "rfm" RFM " in last 1 hour";
    ck_assert_int_eq(seg_class_compile(s.store, labels, strlen(labels), 0, &class, &err), SEG_OK);
    ck_assert_uint_eq(seg_class_scale(class), 0);
    ck_assert_int_eq(seg_class_freeze(class, snapshot, shop_time(NOW), NULL, &frozen, &err),
                     SEG_E_ARG);
    ck_assert_ptr_null(frozen);
    seg_class_release(class);
    ck_assert_int_eq(seg_class_compile(s.store, nobody, strlen(nobody), 0, &class, &err), SEG_OK);
    ck_assert_int_eq(seg_class_freeze(class, snapshot, shop_time(NOW), NULL, &frozen, &err),
                     SEG_E_NOT_FOUND);
    ck_assert_int_eq(seg_class_scores(class, snapshot, shop_time(NOW), NULL, 0, users, cuts, &err),
                     SEG_OK);
    ck_assert(users[0] == 6 && users[1] == 0 && cuts[0] != cuts[0]);
    seg_class_release(class);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *all = suite_create("semantics_rfm");
    TCase *scores = tcase_create("scores");
    tcase_add_test(scores, test_semantics__s24_scores_are_places);
    tcase_add_test(scores, test_semantics__s24_equal_behaviour_is_equal_score);
    tcase_add_test(scores, test_semantics__s24_the_greatest_number);
    tcase_add_test(scores, test_semantics__s24_who_did_not_buy_is_apart);
    tcase_add_test(scores, test_semantics__s24_written_cuts_and_their_edges);
    tcase_add_test(scores, test_semantics__s24_tests_of_scores_by_written_cuts);
    tcase_add_test(scores, test_semantics__s24_floating_moves_with_others);
    suite_add_tcase(all, scores);
    TCase *groups = tcase_create("groups");
    tcase_add_test(groups, test_semantics__s24_the_first_group_that_matches);
    tcase_add_test(groups, test_semantics__s24_an_rfm_is_a_class);
    tcase_add_test(groups, test_semantics__s24_all_groups_in_one_pass);
    suite_add_tcase(all, groups);
    TCase *frozen = tcase_create("frozen");
    tcase_add_test(frozen, test_semantics__s24_frozen_scores_stay);
    tcase_add_test(frozen, test_semantics__s24_frozen_ties);
    tcase_add_test(frozen, test_semantics__s25_cuts_are_told_with_counts);
    tcase_add_test(frozen, test_semantics__s24_only_scores_freeze);
    suite_add_tcase(all, frozen);
    return all;
}
