/* test_semantics_scores.c - the edges of the contract for classes of customers and shares by lot:
 * S-24, S-25, S-26, S-34. As test_semantics.c, which has S-01 to S-18, S-29 and S-30. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"

/* ---- S-25: tiers and quantiles ---- */

/* One to eight orders of 1 each; ida has none, and joe is known by name alone. */
static shop eight_buyers(void)
{
    static const char *const names[] = {"ann", "ben", "cat", "dan", "eve", "fay", "gil", "hal"};
    shop s = shop_open("UTC");
    for (size_t i = 0; i < 8; i++) {
        for (size_t k = 0; k <= i; k++) {
            char time[32];
            snprintf(time, sizeof(time), "2026-03-01T00:%02zu:00Z", k);
            shop_event(&s, names[i], "order", time, "total=1.00");
        }
    }
    shop_user(&s, "ida", "");
    return s;
}

START_TEST(test_semantics__s25_equal_parts)
{
    shop s = eight_buyers();
    shop_ask(&s, NOW, "quartile(count of \"order\") = 1", "ann ben");
    shop_ask(&s, NOW, "quartile(count of \"order\") = 2", "cat dan");
    shop_ask(&s, NOW, "quartile(count of \"order\") = 3", "eve fay");
    shop_ask(&s, NOW, "quartile(count of \"order\") = 4", "gil hal");
    shop_ask(&s, NOW, "quartile(count of \"order\") = 5", "");
    shop_ask(&s, NOW, "quartile(count of \"order\") in (1, 4)", "ann ben gil hal");
    shop_ask(&s, NOW, "quartile(count of \"order\") between 2 and 3", "cat dan eve fay");
    shop_value(&s, NOW, "quintile(count of \"order\")", "1 2 2 3 4 4 5 5 0");
    shop_value(&s, NOW, "decile(count of \"order\")", "2 3 4 5 7 8 9 10 0");
    /* As many as the top 25 %, ties and all. */
    shop_ask(&s, NOW, "count of \"order\" in top 25% among (did \"order\")", "gil hal");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_ties_at_a_cut_go_up_together)
{
    shop s = shop_open("UTC");
    shop_user(&s, "a", "n=1");
    shop_user(&s, "b", "n=2");
    shop_user(&s, "c", "n=2");
    shop_user(&s, "d", "n=2");
    shop_user(&s, "e", "n=3");
    /* The middle of five is a 2: every 2 is above the cut. */
    shop_ask(&s, NOW, "tier(n, cuts (p50) labels (\"low\", \"high\")) = \"high\"", "b c d e");
    shop_ask(&s, NOW, "tier(n, cuts (p50) labels (\"low\", \"high\")) = \"low\"", "a");
    shop_value(&s, NOW, "quartile(n)", "1 4 4 4 4");
    /* All equal: all in the highest class, the others are empty. */
    shop_ask(&s, NOW, "quartile(n) among (n = 2) = 4", "b c d");
    shop_ask(&s, NOW, "quartile(n) among (n = 2) < 4", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_zero_is_none_unless_asked)
{
    shop s = eight_buyers();
    shop_user(&s, "ned", "n=0");
    shop_user(&s, "oda", "n=4");
    const char *tier = "tier(count of \"order\", cuts (p50, p80))";
    char text[256];
    snprintf(text, sizeof(text), "%s = \"none\"", tier);
    shop_ask(&s, NOW, text, "ida ned oda");
    snprintf(text, sizeof(text), "%s = \"light\"", tier);
    shop_ask(&s, NOW, text, "ann ben cat dan");
    snprintf(text, sizeof(text), "%s = \"medium\"", tier);
    shop_ask(&s, NOW, text, "eve fay");
    snprintf(text, sizeof(text), "%s = \"heavy\"", tier);
    shop_ask(&s, NOW, text, "gil hal");
    snprintf(text, sizeof(text), "%s not in (\"none\", \"heavy\")", tier);
    shop_ask(&s, NOW, text, "ann ben cat dan eve fay");
    /* With zeros there are eleven, and the three zeros have the least place. */
    shop_ask(&s, NOW, "tier(count of \"order\", cuts (p50, p80) with zeros) = \"none\"", "");
    shop_ask(&s, NOW, "tier(count of \"order\", cuts (p50, p80) with zeros) = \"light\"",
             "ann ben ida ned oda");
    shop_ask(&s, NOW, "quartile(count of \"order\") = 0", "ida ned oda");
    shop_ask(&s, NOW, "quartile(count of \"order\" with zeros) = 0", "");
    /* Without a value there is no class at all, not even none. */
    shop_ask(&s, NOW, "quartile(n) = 0", "ned");
    shop_ask(&s, NOW, "quartile(n) = 4", "oda");
    shop_ask(&s, NOW, "quartile(n) is set", "ned oda");
    shop_ask(&s, NOW, "not quartile(n) = 0 and not did \"order\"", "ida oda");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_written_cuts)
{
    shop s = shop_open("UTC");
    shop_user(&s, "a", "n=-5 d=-0.01");
    shop_user(&s, "b", "n=0 d=0.00");
    shop_user(&s, "c", "n=99 d=99.99");
    shop_user(&s, "d", "n=100 d=100.00");
    shop_user(&s, "e", "n=101 d=100.01");
    shop_user(&s, "f", "n=500");
    const char *tier = "tier(n, cuts (100, 500)) = ";
    static const char *const labels[] = {"none", "light", "medium", "heavy"};
    static const char *const who[] = {"b", "a c", "d e", "f"};
    for (size_t i = 0; i < 4; i++) {
        char text[128];
        snprintf(text, sizeof(text), "%s\"%s\"", tier, labels[i]);
        shop_ask(&s, NOW, text, who[i]);
    }
    shop_ask(&s, NOW, "tier(n, cuts (100.5) labels (\"x\", \"y\")) = \"y\"", "e f");
    shop_ask(&s, NOW, "tier(d, cuts (100.001) labels (\"x\", \"y\")) = \"y\"", "e");
    shop_ask(&s, NOW, "tier(d, cuts (-0.005) labels (\"x\", \"y\")) = \"x\"", "a");
    shop_ask(&s, NOW, "tier(d, cuts (-0.005) labels (\"x\", \"y\") with zeros) = \"y\"", "b c d e");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_small_populations)
{
    shop s = shop_open("UTC");
    shop_user(&s, "a", "n=7 k=1");
    shop_user(&s, "b", "k=2");
    shop_ask(&s, NOW, "quartile(n) = 4", "a");             /* of one the highest */
    shop_ask(&s, NOW, "decile(k) among (k = 9) >= 0", ""); /* of nobody none */
    shop_ask(&s, NOW, "quartile(k) among (k = 2) = 4", "b");
    shop_ask(&s, NOW, "quartile(k) among (k = 2) = 1", "");
    shop_ask(&s, NOW, "tier(k, cuts (p0) labels (\"x\", \"y\")) = \"y\"", "a b");
    shop_ask(&s, NOW, "tier(k, cuts (p100) labels (\"x\", \"y\")) = \"x\"", "a b");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s25_outside_of_the_population_there_is_no_class)
{
    shop s = eight_buyers();
    shop_ask(&s, NOW, "quartile(count of \"order\") among (count of \"order\" > 4) >= 0",
             "eve fay gil hal");
    shop_ask(&s, NOW, "quartile(count of \"order\") among (count of \"order\" > 4) = 1", "eve");
    /* Classes in arithmetic, and classes of classes. */
    shop_ask(&s, NOW, "quartile(count of \"order\") + quintile(sum(total) of \"order\") >= 8",
             "gil hal");
    shop_ask(&s, NOW, "quartile(decile(count of \"order\")) = 4", "gil hal");
    shop_ask(&s, NOW, "decile(count of \"order\") in top 2", "gil hal");
    shop_close(&s);
}
END_TEST

/* ---- S-26: classes ---- */

static seg_status define_class(shop *s, const char *name, const char *text, seg_error *err)
{
    seg_error_init(err, sizeof(*err));
    return seg_store_define_class(s->store, name, strlen(name), text, strlen(text), NULL, err);
}

START_TEST(test_semantics__s26_first_match_wins_and_nobody_is_left)
{
    shop s = shop_open("UTC");
    seg_error err;
    shop_user(&s, "a", "n=1 vip=true");
    shop_user(&s, "b", "n=5 vip=true");
    shop_user(&s, "c", "n=5");
    shop_user(&s, "d", "");
    ck_assert_int_eq(
        define_class(&s, "size", "\"big\": n >= 5; \"vip\": vip; otherwise \"rest\"", &err),
        SEG_OK);
    shop_ask(&s, NOW, "class.size = \"big\"", "b c");
    shop_ask(&s, NOW, "class.size = \"vip\"", "a");
    shop_ask(&s, NOW, "class.size = \"rest\"", "d");
    shop_ask(&s, NOW, "class.size in (\"vip\", \"rest\")", "a d");
    shop_ask(&s, NOW, "class.size != \"vip\"", "b c d");
    shop_ask(&s, NOW, "class.size not in (\"vip\", \"big\")", "d");
    shop_ask(&s, NOW, "class.size in ()", "");
    shop_ask(&s, NOW, "vip and not class.size = \"big\"", "a");
    ck_assert_int_eq(shop_compile(&s, "class.size = \"huge\""), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "class.size < \"vip\""), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "class.size is set"), SEG_E_TYPE);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s26_all_labels_in_one_pass)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    shop_user(&s, "a", "n=1");
    shop_user(&s, "b", "n=5");
    shop_user(&s, "c", "n=9");
    shop_user(&s, "d", "");
    const char *text = "\"nine\": n >= 9; \"five\": n >= 5; \"ten\": n >= 10; otherwise \"rest\"";
    static const char *const labels[] = {"nine", "five", "ten", "rest"};
    static const uint64_t counts[] = {1, 1, 0, 2};
    seg_class *handle = NULL;
    seg_set *sets[4];
    ck_assert_int_eq(seg_class_compile(s.store, text, strlen(text), 0, &handle, &err), SEG_OK);
    ck_assert_uint_eq(seg_class_label_count(handle), 4);
    seg_snapshot *snapshot = shop_snapshot(&s);
    ck_assert_int_eq(seg_class_evaluate(handle, snapshot, shop_time(NOW), NULL, sets, &err),
                     SEG_OK);
    for (size_t i = 0; i < 4; i++) {
        const char *label;
        uint64_t size;
        ck_assert_int_eq(seg_class_label(handle, i, &label, &size, &err), SEG_OK);
        ck_assert_uint_eq(size, strlen(labels[i]));
        ck_assert_mem_eq(label, labels[i], size);
        ck_assert_uint_eq(seg_set_count(sets[i]), counts[i]);
        seg_set_release(sets[i]);
    }
    const char *label;
    uint64_t size;
    ck_assert_int_eq(seg_class_label(handle, 4, &label, &size, &err), SEG_E_ARG);
    seg_buffer *buffer = NULL;
    ck_assert_int_eq(seg_class_text(handle, &buffer, &err), SEG_OK);
    ck_assert_uint_eq(seg_buffer_size(buffer), strlen(text));
    ck_assert_mem_eq(seg_buffer_data(buffer), text, strlen(text));
    seg_buffer_destroy(buffer);
    seg_class_release(handle);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s26_definitions_are_checked)
{
    shop s = shop_open("UTC");
    seg_error err;
    shop_user(&s, "a", "n=1");
    ck_assert_int_eq(define_class(&s, "x", "otherwise \"a\"", &err), SEG_E_SYNTAX);
    ck_assert_int_eq(define_class(&s, "x", "\"a\": n = 1; otherwise \"a\"", &err), SEG_E_TYPE);
    ck_assert_int_eq(define_class(&s, "x", "\"a\": n = $n; otherwise \"b\"", &err), SEG_E_SYNTAX);
    ck_assert_int_eq(define_class(&s, "x", "\"a\": m = 1; otherwise \"b\"", &err),
                     SEG_E_UNKNOWN_NAME);
    ck_assert_int_eq(define_class(&s, "x", "\"a\": n = 1; otherwise \"b\"", &err), SEG_OK);
    ck_assert_int_eq(define_class(&s, "y", "\"c\": class.x = \"a\"; otherwise \"d\"", &err),
                     SEG_OK);
    ck_assert_int_eq(define_class(&s, "x", "\"a\": class.y = \"c\"; otherwise \"b\"", &err),
                     SEG_E_CYCLE);
    ck_assert_str_eq(err.message, "the class would refer to itself: \"x\" -> \"y\" -> \"x\"");
    /* A label that others ask for cannot go. */
    ck_assert_int_eq(define_class(&s, "x", "\"z\": n = 1; otherwise \"b\"", &err), SEG_E_TYPE);
    ck_assert_str_eq(err.message, "class \"y\", which refers to \"x\", would not compile: "
                                  "no class is called \"a\" here");
    shop_define(&s, "s", "class.y = \"d\"");
    ck_assert_int_eq(seg_store_drop_class(s.store, "x", 1, &err), SEG_E_IN_USE);
    ck_assert_int_eq(seg_store_drop_class(s.store, "y", 1, &err), SEG_E_IN_USE);
    ck_assert_int_eq(seg_store_drop_segment(s.store, "s", 1, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_class(s.store, "y", 1, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_class(s.store, "x", 1, &err), SEG_OK);
    ck_assert_int_eq(seg_store_drop_class(s.store, "x", 1, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(shop_compile(&s, "class.x = \"a\""), SEG_E_UNKNOWN_NAME);
    shop_close(&s);
}
END_TEST

/* The six stages before a first purchase and after, as docs/language.md has them. */
START_TEST(test_semantics__s26_six_stages_of_a_buyer)
{
    shop s = shop_open("UTC");
    seg_error err;
    static const char *const types[] = {"Visit", "Read Guide", "Add To Cart", "Purchase",
                                        "Referral Sent"};
    for (size_t i = 0; i < 5; i++) /* every event type is known */
        shop_event(&s, "old", types[i], "2020-01-01T00:00:00Z", "");
    shop_event(&s, "ada", "Visit", "2026-03-30T10:00:00Z", "");
    shop_event(&s, "edu", "Read Guide", "2026-03-20T10:00:00Z", "");
    shop_event(&s, "edu", "Read Guide", "2026-03-21T10:00:00Z", "");
    shop_event(&s, "con", "Read Guide", "2026-03-20T10:00:00Z", "");
    shop_event(&s, "con", "Add To Cart", "2026-03-21T10:00:00Z", "");
    shop_event(&s, "pur", "Add To Cart", "2026-03-21T10:00:00Z", "");
    shop_event(&s, "pur", "Purchase", "2026-03-22T10:00:00Z", "");
    shop_event(&s, "ado", "Purchase", "2026-02-22T10:00:00Z", "");
    shop_event(&s, "ado", "Purchase", "2026-03-22T10:00:00Z", "");
    shop_event(&s, "adv", "Purchase", "2026-03-22T10:00:00Z", "");
    shop_event(&s, "adv", "Referral Sent", "2026-03-23T10:00:00Z", "");
    shop_user(&s, "una", "");
    ck_assert_int_eq(
        define_class(&s, "buyer_stage",
                     "\"advocacy\": did \"Referral Sent\" in last 180 days;\n"
                     "\"adoption\": did \"Purchase\" at least 2 times;\n"
                     "\"purchase\": first \"Purchase\" in last 30 days;\n"
                     "\"consideration\": did \"Add To Cart\" in last 14 days "
                     "and never did \"Purchase\";\n"
                     "\"education\": did \"Read Guide\" at least 2 times in last 30 days;\n"
                     "\"awareness\": first \"Visit\" in last 7 days;\n"
                     "otherwise \"unaware\"",
                     &err),
        SEG_OK);
    shop_ask(&s, NOW, "class.buyer_stage = \"awareness\"", "ada");
    shop_ask(&s, NOW, "class.buyer_stage = \"education\"", "edu");
    shop_ask(&s, NOW, "class.buyer_stage = \"consideration\"", "con");
    shop_ask(&s, NOW, "class.buyer_stage = \"purchase\"", "pur");
    shop_ask(&s, NOW, "class.buyer_stage = \"adoption\"", "ado");
    shop_ask(&s, NOW, "class.buyer_stage = \"advocacy\"", "adv");
    shop_ask(&s, NOW, "class.buyer_stage = \"unaware\"", "old una");
    shop_close(&s);
}
END_TEST

/* ---- S-34: shares by lot ---- */

START_TEST(test_semantics__s34_draws_are_fixed)
{
    /* XXH3-64 of "exp-42" and the id, as docs/language.md has them. */
    shop s = shop_open("UTC");
    shop_user(&s, "ann", ""); /* 99.399 % */
    shop_user(&s, "ben", ""); /* 12.913 % */
    shop_user(&s, "cat", ""); /* 58.264 % */
    shop_ask(&s, NOW, "split(\"exp-42\", 0%, 50%)", "ben");
    shop_ask(&s, NOW, "split(\"exp-42\", 50%, 100%)", "ann cat");
    shop_ask(&s, NOW, "split(\"exp-42\", 0%, 58.264314%)", "ben");
    shop_ask(&s, NOW, "split(\"exp-42\", 0%, 58.264316%)", "ben cat");
    shop_ask(&s, NOW, "split(\"exp-42\", 58.264314%, 58.264316%)", "cat");
    shop_ask(&s, NOW, "split(\"exp-42\", 30%, 30%)", "");
    shop_ask(&s, NOW, "split(\"exp-42\", 0%, 100%)", "ann ben cat");
    shop_ask(&s, NOW, "holdout(\"exp-42\", 20%)", "ben");
    shop_ask(&s, NOW, "holdout(\"global\", 50%)", "ben cat");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s34_more_coverage_moves_nobody)
{
    shop s = shop_open("UTC");
    seg_error err = SEG_ERROR_INIT;
    shop_begin(&s);
    for (int i = 0; i < 2000; i++) {
        char id[16];
        snprintf(id, sizeof(id), "u%d", i);
        shop_user(&s, id, "");
    }
    shop_commit(&s);
    seg_snapshot *snapshot = shop_snapshot(&s);
    uint64_t counts[3];
    static const char *const texts[] = {
        "split(\"exp-1\", 0%, 10%)",
        "split(\"exp-1\", 0%, 30%) and split(\"exp-1\", 0%, 10%)",
        "split(\"exp-1\", 0%, 30%)",
    };
    for (size_t i = 0; i < 3; i++) {
        seg_segment *segment = NULL;
        ck_assert_int_eq(
            seg_segment_compile(s.store, texts[i], strlen(texts[i]), 0, &segment, &err), SEG_OK);
        ck_assert_int_eq(
            seg_segment_count(segment, snapshot, shop_time(NOW), NULL, &counts[i], &err), SEG_OK);
        seg_segment_release(segment);
    }
    ck_assert_uint_eq(counts[0], counts[1]);
    ck_assert(counts[0] > 150 && counts[0] < 250);
    ck_assert(counts[2] > 530 && counts[2] < 670);
    seg_snapshot_release(snapshot);
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *all = suite_create("semantics_scores");
    TCase *tiers = tcase_create("tiers");
    tcase_add_test(tiers, test_semantics__s25_equal_parts);
    tcase_add_test(tiers, test_semantics__s25_ties_at_a_cut_go_up_together);
    tcase_add_test(tiers, test_semantics__s25_zero_is_none_unless_asked);
    tcase_add_test(tiers, test_semantics__s25_written_cuts);
    tcase_add_test(tiers, test_semantics__s25_small_populations);
    tcase_add_test(tiers, test_semantics__s25_outside_of_the_population_there_is_no_class);
    suite_add_tcase(all, tiers);
    TCase *classes = tcase_create("classes");
    tcase_add_test(classes, test_semantics__s26_first_match_wins_and_nobody_is_left);
    tcase_add_test(classes, test_semantics__s26_all_labels_in_one_pass);
    tcase_add_test(classes, test_semantics__s26_definitions_are_checked);
    tcase_add_test(classes, test_semantics__s26_six_stages_of_a_buyer);
    suite_add_tcase(all, classes);
    TCase *splits = tcase_create("splits");
    tcase_add_test(splits, test_semantics__s34_draws_are_fixed);
    tcase_add_test(splits, test_semantics__s34_more_coverage_moves_nobody);
    suite_add_tcase(all, splits);
    return all;
}
