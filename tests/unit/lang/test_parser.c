/* unit/lang/test_parser.c - which tree a text becomes. */
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"

static const segi_schema *schema;
static segi_predicate *predicate;

static void setup(void)
{
    schema = lang_schema(segi_mem_default());
}

static void teardown(void)
{
    segi_predicate_destroy(predicate);
    predicate = NULL;
    segi_schema_release(schema);
}

static const segi_node *tree(const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    segi_predicate_destroy(predicate);
    predicate = NULL;
    seg_status status = lang_compile_with(NULL, schema, text, strlen(text), 0, &predicate, &err);
    ck_assert_msg(status == SEG_OK, "%s: %s (%s)", text, err.message, err.hint);
    return predicate->root;
}

/* Both texts become the same tree. */
static void same(const char *a, const char *b)
{
    const segi_node *left = tree(a);
    segi_predicate *kept = predicate;
    predicate = NULL;
    ck_assert_msg(lang_nodes_equal(left, tree(b)), "%s / %s", a, b);
    segi_predicate_destroy(kept);
}

START_TEST(test_parser__and_binds_tighter_than_xor_than_or)
{
    const segi_node *n = tree("vip or plan = \"a\" xor plan = \"b\" and not vip");
    ck_assert_int_eq(n->kind, SEGI_NODE_OR);
    ck_assert_uint_eq(n->child_count, 2);
    ck_assert_int_eq(n->children[1]->kind, SEGI_NODE_XOR);
    ck_assert_int_eq(n->children[1]->children[1]->kind, SEGI_NODE_AND);
    same("vip or plan = \"a\" xor plan = \"b\" and not vip",
         "(vip or (plan = \"a\" xor (plan = \"b\" and (not vip))))");
}
END_TEST

START_TEST(test_parser__s29_lists_flatten_and_constants_fold)
{
    const segi_node *n = tree("vip and (vip and (vip and vip)) and vip");
    ck_assert_int_eq(n->kind, SEGI_NODE_AND);
    ck_assert_uint_eq(n->child_count, 5);
    same("vip and everyone", "vip");
    same("vip or nobody", "vip");
    same("vip and nobody", "nobody");
    same("vip or everyone", "everyone");
    same("not not vip", "vip");
    same("not not not vip", "not vip");
    same("vip xor everyone", "not vip");
    same("1 < 2 and vip", "vip");
    same("not (1 = 1)", "nobody");
    same("seats > 2 * 3 + 4", "seats > 10");
    same("balance > 1 / 8", "balance > 0.125");
    same("at least 0 of (vip)", "everyone");
    same("at least 3 of (vip, vip)", "nobody");
}
END_TEST

START_TEST(test_parser__except_is_and_not)
{
    same("vip except plan = \"a\" or plan = \"b\"", "vip and not (plan = \"a\" or plan = \"b\")");
    same("vip except plan = \"a\" except plan = \"b\"",
         "vip and not plan = \"a\" and not plan = \"b\"");
    same("seats = 1 or (vip except plan = \"a\")", "seats = 1 or vip and not plan = \"a\"");
}
END_TEST

START_TEST(test_parser__words_ignore_case_and_space)
{
    same("NOT vip AND Did \"login\"\n In Last 3 Days -- so\n",
         "not vip and did login in last 3 days");
}
END_TEST

START_TEST(test_parser__brackets_around_values_and_conditions)
{
    same("((seats)) = 3", "seats = 3");
    same("(seats + 1) * 2 > 4", "((seats + 1)) * 2 > 4");
    same("((vip))", "vip");
    same("(seats) in (1)", "seats in (1)");
    same("(seats = 1)", "seats = 1");
    same("((seats + 1) * 2) between 3 and (4)", "(seats + 1) * 2 between 3 and 4");
}
END_TEST

START_TEST(test_parser__s10_bounds)
{
    static const struct {
        const char *text;
        int64_t min, max;
        bool given;
    } cases[] = {{"", 1, INT64_MAX, false},
                 {"at least 1 time", 1, INT64_MAX, false},
                 {"at least 3 times", 3, INT64_MAX, true},
                 {"more than 3 times", 4, INT64_MAX, true},
                 {"at most 3 times", 0, 3, true},
                 {"fewer than 3 times", 0, 2, true},
                 {"less than 3 times", 0, 2, true},
                 {"exactly 3 times", 3, 3, true},
                 {"between 2 and 5 times", 2, 5, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100] = "did login ";
        const segi_node *n = tree(strcat(text, cases[i].text));
        ck_assert_int_eq(n->kind, SEGI_NODE_DID);
        ck_assert_int_eq(n->bound.min, cases[i].min);
        ck_assert_int_eq(n->bound.max, cases[i].max);
        ck_assert_int_eq(n->bound.given, cases[i].given);
        ck_assert(!n->bound.periods);
    }
    const segi_node *n = tree("did login on at least 5 days in last 30 days");
    ck_assert(n->bound.periods && n->bound.period == SEGI_UNIT_DAY && n->bound.min == 5);
    n = tree("did login on between 2 and 3 weeks");
    ck_assert(n->bound.periods && n->bound.period == SEGI_UNIT_WEEK && n->bound.max == 3);
}
END_TEST

START_TEST(test_parser__s11_did_not_is_the_complement)
{
    same("did not login at least 2 times today", "not (did login at least 2 times today)");
    same("never did login", "not did login ever");
    const segi_node *n = tree("did not login");
    ck_assert_int_eq(n->kind, SEGI_NODE_NOT);
    ck_assert_int_eq(n->children[0]->kind, SEGI_NODE_DID);
}
END_TEST

START_TEST(test_parser__did_not_around_an_anchor_waits_for_the_end)
{
    same("did not login within 14 days after first \"Signed Up\"",
         "not (did login within 14 days after first \"Signed Up\") and "
         "first(@time) of \"Signed Up\" ever older than 14 days");
    same("did not login within 2 days before signed_up",
         "not (did login within 2 days before signed_up) and signed_up ever");
    const segi_node *n = tree("not (did login within 14 days after first \"Signed Up\")");
    ck_assert_int_eq(n->kind, SEGI_NODE_NOT);
}
END_TEST

START_TEST(test_parser__windows)
{
    static const struct {
        const char *text;
        segi_window_kind kind;
        int64_t count;
        segi_unit unit;
    } cases[] = {{"in last 30 days", SEGI_WINDOW_LAST, 30, SEGI_UNIT_DAY},
                 {"in last 1 hour", SEGI_WINDOW_LAST, 1, SEGI_UNIT_HOUR},
                 {"in last 2 calendar weeks", SEGI_WINDOW_LAST_CALENDAR, 2, SEGI_UNIT_WEEK},
                 {"this month", SEGI_WINDOW_THIS, 1, SEGI_UNIT_MONTH},
                 {"previous quarter", SEGI_WINDOW_PREVIOUS, 1, SEGI_UNIT_QUARTER},
                 {"today", SEGI_WINDOW_THIS, 1, SEGI_UNIT_DAY},
                 {"yesterday", SEGI_WINDOW_PREVIOUS, 1, SEGI_UNIT_DAY},
                 {"ever", SEGI_WINDOW_EVER, 0, SEGI_UNIT_SECOND},
                 {"since 2026-01-01", SEGI_WINDOW_SINCE, 0, SEGI_UNIT_SECOND},
                 {"before 2026-01-01", SEGI_WINDOW_BEFORE, 0, SEGI_UNIT_SECOND},
                 {"between 2026-01-01 and 2026-02-01", SEGI_WINDOW_BETWEEN, 0, SEGI_UNIT_SECOND},
                 {"from 60 days ago to 30 days ago", SEGI_WINDOW_AGO, 60, SEGI_UNIT_DAY},
                 {"older than 1 year", SEGI_WINDOW_OLDER, 1, SEGI_UNIT_YEAR},
                 {"within 3 days of signed_up", SEGI_WINDOW_ANCHOR, 3, SEGI_UNIT_DAY}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[100] = "did login ";
        const segi_node *n = tree(strcat(text, cases[i].text));
        ck_assert_int_eq(n->window.kind, cases[i].kind);
        ck_assert_int_eq(n->window.length.count, cases[i].count);
        ck_assert_int_eq(n->window.length.unit, cases[i].unit);
        ck_assert_int_eq(n->window.week_start, 1);
    }
    ck_assert(tree("did login in last 2 calendar days complete")->window.complete);
    ck_assert(!tree("did login in last 2 calendar days including today")->window.complete);
}
END_TEST

START_TEST(test_parser__s05_zones_window_then_using_then_store)
{
    const segi_node *n = tree("did login today");
    ck_assert_str_eq(segi_zone_name(n->window.zone.zone), "UTC");
    n = tree("using timezone \"Europe/Berlin\", week sunday: did login this week");
    ck_assert_str_eq(segi_zone_name(n->window.zone.zone), "Europe/Berlin");
    ck_assert_int_eq(n->window.week_start, 7);
    n = tree("using timezone \"Europe/Berlin\": did login today tz \"Asia/Seoul\"");
    ck_assert_str_eq(segi_zone_name(n->window.zone.zone), "Asia/Seoul");
    n = tree("using timezone \"Europe/Berlin\": did login where (@hour = 3) today tz user");
    ck_assert_int_eq(n->window.zone.kind, SEGI_ZONE_USER);
    ck_assert_str_eq(n->window.zone.attribute->name, "timezone");
    ck_assert_str_eq(segi_zone_name(n->window.zone.zone), "Europe/Berlin");
    /* What stands inside where is of the window's zone. */
    const segi_node *hour = n->selector->where->children[0];
    ck_assert_int_eq(hour->builtin, SEGI_BUILTIN_HOUR);
    ck_assert_int_eq(hour->window.zone.kind, SEGI_ZONE_USER);
}
END_TEST

START_TEST(test_parser__s07_instants_beside_dates)
{
    same("signed_up = 2026-01-02", "signed_up between 2026-01-02 and 2026-01-02");
    same("signed_up != 2026-01-02", "signed_up < 2026-01-02 or signed_up >= 2026-01-03");
    same("signed_up <= 2026-01-02", "signed_up < 2026-01-03");
    same("signed_up > 2026-01-02", "signed_up >= 2026-01-03");
    same("2026-01-02 >= signed_up", "signed_up < 2026-01-03");
    same("signed_up <= 9999-12-31", "signed_up is set");
    same("signed_up > 9999-12-31", "nobody");
    const segi_node *n = tree("signed_up >= 2026-01-02");
    ck_assert_int_eq(n->kind, SEGI_NODE_COMPARE);
    ck_assert_int_eq(n->children[1]->kind, SEGI_NODE_MOMENT);
    ck_assert_int_eq(n->children[1]->moment.kind, SEGI_MOMENT_DATE);
    n = tree("birthday <= 2026-01-02");
    ck_assert_int_eq(n->op, SEGI_LE);
    ck_assert_int_eq(n->children[1]->literal.type.type, SEG_TYPE_DATE);
    n = tree("birthday between 2000-01-01 and 2010-12-31");
    ck_assert_int_eq(n->kind, SEGI_NODE_TIME);
}
END_TEST

START_TEST(test_parser__s13_states_and_strictness)
{
    same("email is not set", "not email is set");
    const segi_node *n = tree("email != \"x\"");
    ck_assert(n->kind == SEGI_NODE_COMPARE && n->op == SEGI_NE);
    n = tree("not email = \"x\"");
    ck_assert(n->kind == SEGI_NODE_NOT && n->children[0]->op == SEGI_EQ);
    n = tree("plan not in (\"a\", \"b\")");
    ck_assert(n->kind == SEGI_NODE_IN && n->negated && n->list_count == 2);
    ck_assert_int_eq(tree("email is null")->state, SEGI_STATE_NULL);
    ck_assert_int_eq(tree("email is absent")->state, SEGI_STATE_ABSENT);
}
END_TEST

START_TEST(test_parser__literals_take_the_type_of_their_place)
{
    const segi_literal *l = &tree("balance >= 12.5")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_DECIMAL && l->type.scale == 2 && l->slot == 1250);
    l = &tree("balance >= 50")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_DECIMAL && l->type.scale == 2 && l->slot == 5000);
    l = &tree("balance >= 12.505")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_DECIMAL && l->type.scale == 3 && l->slot == 12505);
    l = &tree("seats >= 1.50")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_DECIMAL && l->type.scale == 1 && l->slot == 15);
    l = &tree("seats >= 1e3")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_INT64 && l->slot == 1000);
    l = &tree("seats >= -9223372036854775808")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_INT64 && l->slot == INT64_MIN);
    l = &tree("score >= 0.1")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_FLOAT64);
    ck_assert_double_eq(segi_slot_float(l->slot), 0.1);
    l = &tree("score >= 60%")->children[1]->literal;
    ck_assert_double_eq(segi_slot_float(l->slot), 0.6);
    l = &tree("seats < 1e30")->children[1]->literal;
    ck_assert(l->type.type == SEG_TYPE_FLOAT64);
    const segi_node *n = tree("seats in (1, 2.0, 2.5)");
    ck_assert_uint_eq(n->list_count, 2);
    n = tree("3 < seats");
    ck_assert(n->op == SEGI_GT && n->children[0]->kind == SEGI_NODE_ATTRIBUTE);
}
END_TEST

START_TEST(test_parser__weekdays_have_names)
{
    same("did login where (@weekday = \"Sunday\")", "did login where (@weekday = 7)");
    same("did login where (@weekday in (\"sat\", \"sun\"))",
         "did login where (@weekday in (6, 7))");
    same("did login where (\"mon\" = @weekday)", "did login where (@weekday = 1)");
}
END_TEST

START_TEST(test_parser__selectors)
{
    const segi_node *n = tree("did any of (login, \"Signed Up\", login)");
    ck_assert_uint_eq(n->selector->event_count, 2);
    ck_assert(n->selector->events[0] < n->selector->events[1]);
    n = tree("did any event where (category = \"x\")");
    ck_assert(n->selector->any_event);
    ck_assert_uint_eq(n->selector->event_count, schema->event_count - schema->history_count);
    const segi_node *property = n->selector->where->children[0];
    ck_assert_int_eq(property->kind, SEGI_NODE_PROPERTY);
    uint32_t with = 0;
    for (uint32_t i = 0; i < n->selector->event_count; i++)
        with += property->fields[i] != NULL;
    ck_assert_uint_eq(with, 2);
    same("did login where (everyone)", "did login");
}
END_TEST

START_TEST(test_parser__aggregates)
{
    const segi_node *n = tree("sum(total) of \"Order Completed\" > 5")->children[0];
    ck_assert(n->aggregate == SEGI_AGG_SUM && n->type.type == SEG_TYPE_DECIMAL &&
              n->type.scale == 2);
    ck_assert_int_eq(tree("avg(total) of \"Order Completed\" > 5")->children[0]->type.type,
                     SEG_TYPE_FLOAT64);
    n = tree("percentile(total, 90%) of \"Order Completed\" > 5")->children[0];
    ck_assert_double_eq(n->fraction, 0.9);
    n = tree("distinct(week) of login >= 3")->children[0];
    ck_assert(n->aggregate == SEGI_AGG_DISTINCT_PERIOD && n->period == SEGI_UNIT_WEEK);
    n = tree("distinct(@hour) of login >= 3")->children[0];
    ck_assert(n->aggregate == SEGI_AGG_DISTINCT && n->argument->builtin == SEGI_BUILTIN_HOUR);
    n = tree("mode(category, min 3, ties all) of \"Order Completed\" = \"x\"")->children[0];
    ck_assert(n->min_events == 3 && n->ties == SEGI_TIES_ALL);
    n = tree("nth(category, 2) of \"Order Completed\" = \"x\"")->children[0];
    ck_assert_int_eq(n->nth, 2);
    n = tree("share(gift) of \"Order Completed\" >= 60%")->children[0];
    ck_assert(n->share->kind == SEGI_NODE_TRUTH && n->type.type == SEG_TYPE_FLOAT64);
    n = tree("last(@time) of login ever older than 3 days");
    ck_assert_int_eq(n->kind, SEGI_NODE_TIME);
}
END_TEST

START_TEST(test_parser__instants_and_lengths)
{
    const segi_node *n = tree("trial_end - signed_up > 5 days");
    ck_assert_int_eq(n->children[0]->type.type, SEGI_TYPE_DURATION);
    ck_assert_int_eq(n->children[1]->literal.slot, INT64_C(5) * 86400 * 1000000);
    n = tree("signed_up + 1 month < now");
    ck_assert_int_eq(n->children[0]->kind, SEGI_NODE_SHIFT);
    ck_assert_int_eq(n->children[0]->shift.unit, SEGI_UNIT_MONTH);
    same("1 month + signed_up < now", "signed_up + 1 month < now");
    same("signed_up - -3 days < now", "signed_up + 3 days < now");
    same("trial_end - signed_up > 1 day + 12 hours", "trial_end - signed_up > 36 hours");
}
END_TEST

START_TEST(test_parser__geo_lists_and_ranks)
{
    const segi_node *n = tree("home within 1.5 km of point(52.5, -13.4)");
    ck_assert_double_eq(n->meters, 1500);
    ck_assert_double_eq(n->point.longitude, -13.4);
    n = tree("home inside polygon((0 0, 0 9, 9 9, 0 0), (1 1, 1 2, 2 2))");
    ck_assert_uint_eq(n->ring_count, 2);
    ck_assert_uint_eq(n->rings[0].count, 3); /* the repeated first corner is gone */
    n = tree("seats in top 2.5% among (vip)");
    ck_assert(n->percent && n->count == 2500000 && n->child_count == 2);
    n = tree("seats in bottom 10");
    ck_assert(!n->percent && n->bottom && n->count == 10 && n->child_count == 1);
    n = tree("tags has \"x\"");
    ck_assert(n->has == SEGI_HAS_ANY && n->list_count == 1);
    ck_assert_int_eq(tree("tags has exactly (\"x\", \"y\")")->has, SEGI_HAS_EXACTLY);
    ck_assert_int_eq(tree("size(tags) > 3")->children[0]->kind, SEGI_NODE_SIZE);
    ck_assert(tree("email ends with \".DE\" ignoring case")->fold);
}
END_TEST

START_TEST(test_parser__names_of_all_kinds)
{
    same("class.value_tier = \"gold\"", "`class.value_tier` = \"gold\"");
    ck_assert_uint_eq(tree("`odd name` = \"x\"")->children[0]->name_size, 8);
    ck_assert_str_eq(tree("`first` > 3")->children[0]->name, "first");
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/parser");
    TCase *t = tcase_create("parser");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_parser__and_binds_tighter_than_xor_than_or);
    tcase_add_test(t, test_parser__s29_lists_flatten_and_constants_fold);
    tcase_add_test(t, test_parser__except_is_and_not);
    tcase_add_test(t, test_parser__words_ignore_case_and_space);
    tcase_add_test(t, test_parser__brackets_around_values_and_conditions);
    tcase_add_test(t, test_parser__s10_bounds);
    tcase_add_test(t, test_parser__s11_did_not_is_the_complement);
    tcase_add_test(t, test_parser__did_not_around_an_anchor_waits_for_the_end);
    tcase_add_test(t, test_parser__windows);
    tcase_add_test(t, test_parser__s05_zones_window_then_using_then_store);
    tcase_add_test(t, test_parser__s07_instants_beside_dates);
    tcase_add_test(t, test_parser__s13_states_and_strictness);
    tcase_add_test(t, test_parser__literals_take_the_type_of_their_place);
    tcase_add_test(t, test_parser__weekdays_have_names);
    tcase_add_test(t, test_parser__selectors);
    tcase_add_test(t, test_parser__aggregates);
    tcase_add_test(t, test_parser__instants_and_lengths);
    tcase_add_test(t, test_parser__geo_lists_and_ranks);
    tcase_add_test(t, test_parser__names_of_all_kinds);
    suite_add_tcase(s, t);
    return s;
}
