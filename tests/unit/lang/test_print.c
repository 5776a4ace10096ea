/* unit/lang/test_print.c - canonical text: fixed forms, and that nothing is lost in it,
 * nor in the JSON form.
 *
 * The random part writes 100,000 predicates of all kinds from a seed (SEG_TEST_SEED gives another
 * one); SEG_TEST_SOAK asks for a million of them. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"

static const segi_schema *schema;
static seg_error err;

static void setup(void)
{
    schema = lang_schema(segi_mem_default());
}

static void teardown(void)
{
    segi_schema_release(schema);
}

static segi_predicate *compile(const char *text, size_t size)
{
    segi_predicate *p;
    seg_error_init(&err, sizeof err);
    seg_status status =
        lang_compile_with(&lang_resolver, schema, text, size, SEG_COMPILE_OPEN, &p, &err);
    return status == SEG_OK ? p : NULL;
}

static void check_print(const char *text, const char *wanted)
{
    segi_predicate *p = compile(text, strlen(text));
    ck_assert_msg(p != NULL, "%s: %s", text, err.message);
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    segi_predicate_print(p, false, &buf);
    segi_buf_char(&buf, '\0');
    ck_assert_str_eq(buf.data, wanted);
    segi_buf_deinit(&buf);
    segi_predicate_destroy(p);
}

START_TEST(test_print__canonical_forms)
{
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        {"NOT(vip)and(plan=\"a\"or vip)", "not vip and (plan = \"a\" or vip)"},
        {"(vip and vip) or (vip xor not vip)", "vip and vip or vip xor not vip"},
        {"not (not vip and vip)", "not (not vip and vip)"},
        {"never did login", "did not \"login\""},
        {"not did login within 1 days of signed_up", "not did \"login\" within 1 day of signed_up"},
        {"did login more than 2 times in last 1 weeks",
         "did \"login\" at least 3 times in last 1 week"},
        {"did login this day", "did \"login\" today"},
        {"did login between 2026-01-01 and 2026-01-02 10:00",
         "did \"login\" between 2026-01-01 and 2026-01-02T10:00:00"},
        {"did login since 2026-01-01T10:00+02:00", "did \"login\" since 2026-01-01T08:00:00Z"},
        {"did login in last 2 calendar days including today",
         "did \"login\" in last 2 calendar days"},
        {"balance >= 12.500", "balance >= 12.5"},
        {"score > 1e2 and score < 0.10", "score > 100 and score < 0.1"},
        {"seats < 1e30", "seats < 1e30"},
        {"score < 1000000000000000000.0", "score < 1000000000000000000"},
        {"score = 5.99999999999999999*999999999999999999*99E0", "score = 6000000000000000000 * 99"},
        {"score = 999999999999999999999e-3 * 2", "score = 2000000000000000000"},
        {"seats < 9223372036854775807.0", "seats < 9223372036854775807"},
        {"`plan` = \"a\" and `odd name` = \"\\\"\" and `first` = 1",
         "plan = \"a\" and `odd name` = \"\\\"\" and `first` = 1"},
        {"(seats - (1 - score)) * 2 > 3", "(seats - (1 - score)) * 2 > 3"},
        {"((seats * 2) - 1) / 3 > 3", "(seats * 2 - 1) / 3 > 3"},
        {"using week sunday, timezone \"Europe/Berlin\": did login this week",
         "using timezone \"Europe/Berlin\", week sunday: did \"login\" this week"},
        {"tags has \"a\"", "tags has any (\"a\")"},
        {"(sum(total) of \"Order Completed\") between $a and $b",
         "sum(total) of \"Order Completed\" ever between $a and $b"},
        {"did login fewer than $n times in last $m days",
         "did \"login\" fewer than $n times in last $m days"},
        {"now - signed_up > $n hours", "now - signed_up > $n hours"},
        {"signed_up between $a and $b", "signed_up between $a and $b"},
        {"in segment $s and plan in $l and seats in (1, $x)",
         "in segment $s and plan in $l and seats in (1, $x)"},
        {"home within 2 mi of point(1, -2.50)", "home within 3218.688 m of point(1, -2.5)"},
        {"did any of (Zeta, login, Eta)", "did any of (\"login\", \"Zeta\", \"Eta\")"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        check_print(cases[i].text, cases[i].wanted);
        check_print(cases[i].wanted, cases[i].wanted);
    }
}
END_TEST

static bool same_fingerprint(const char *a, const char *b)
{
    segi_predicate *p = compile(a, strlen(a)), *q = compile(b, strlen(b));
    ck_assert(p != NULL && q != NULL);
    bool same = memcmp(p->fingerprint, q->fingerprint, sizeof p->fingerprint) == 0;
    segi_predicate_destroy(p);
    segi_predicate_destroy(q);
    return same;
}

START_TEST(test_print__s29_equal_meanings_have_equal_fingerprints)
{
    ck_assert(same_fingerprint("vip and seats = 3", "seats = 3 and vip"));
    ck_assert(
        same_fingerprint("vip or (seats = 3 or plan = \"a\")", "plan = \"a\" or seats = 3 or vip"));
    ck_assert(same_fingerprint("vip xor seats = 3 xor plan = \"a\"",
                               "plan = \"a\" xor (vip xor seats = 3)"));
    ck_assert(same_fingerprint("plan in (\"a\", \"b\", \"a\")", "plan in (\"b\", \"a\")"));
    ck_assert(same_fingerprint("at least 2 of (vip, seats = 3, plan = \"a\")",
                               "at least 2 of (plan = \"a\", vip, seats = 3)"));
    ck_assert(same_fingerprint("3 < seats", "seats > 3"));
    ck_assert(same_fingerprint("did \"Order Completed\" where (total > 3 and gift)",
                               "did \"Order Completed\" where (gift and total > 3)"));
    ck_assert(!same_fingerprint("vip and seats = 3", "vip or seats = 3"));
    ck_assert(
        !same_fingerprint("did login today", "using timezone \"Asia/Seoul\": did login today"));
    ck_assert(!same_fingerprint("plan in (\"a\")", "plan not in (\"a\")"));
    ck_assert(!same_fingerprint("vip xor vip", "vip"));
}
END_TEST

/* ---- random predicates ---- */

static uint64_t state;
static char out[1 << 16];
static size_t out_size;

static uint32_t pick(uint32_t n)
{
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return (uint32_t)((state * 0x2545f4914f6cdd1du) >> 33) % n;
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(out + out_size, sizeof out - out_size, format, arguments);
    va_end(arguments);
    ck_assert(size >= 0 && (size_t)size < sizeof out - out_size);
    out_size += (size_t)size;
}

#define ONE_OF(array) array[pick(sizeof array / sizeof *array)]

static void write_predicate(int depth, bool where);
static void write_selector(int depth);

static const char *const units[] = {"second", "minutes", "hours", "day",     "days",
                                    "weeks",  "months",  "year",  "quarters"};
static const char *const long_units[] = {"days", "weeks", "months", "quarters", "years"};

static void write_moment(void)
{
    static const char *const moments[] = {"2026-01-01", "1999-12-31", "2026-03-29T02:30",
                                          "2026-10-25T02:30:00.5Z", "2024-02-29 12:00+05:30"};
    put("%s", ONE_OF(moments));
}

/* kind 0: of events, 1: of an instant, 2: of a date, 3: of an instant inside where */
static void write_window(int kind, int depth)
{
    static const char *const sides[] = {"after", "before", "of"};
    const char *unit = kind == 2 ? ONE_OF(long_units) : ONE_OF(units);
    uint32_t n = pick(40);
    switch (pick(kind == 0 ? 10 : kind == 1 ? 11 : 8)) {
    case 0: put(" in last %u %s", n, unit); break;
    case 1:
        put(" in last %u calendar %s%s", n + 1, ONE_OF(long_units),
            pick(2)   ? " complete"
            : pick(2) ? " including today"
                      : "");
        break;
    case 2: put(pick(2) ? " this %s" : " previous %s", pick(2) ? "day" : "week"); break;
    case 3: put(" older than %u %s", n, unit); break;
    case 4: put(" from %u %s ago to %u %s ago", n + 5, unit, n, unit); break;
    case 5: put(pick(2) ? " ever" : " today"); break;
    case 6:
        put(kind == 2 ? " since 2025-05-05" : pick(2) ? " since " : " before ");
        if (kind != 2)
            write_moment();
        break;
    case 7: put(" between 2025-01-01 and 2026-06-30"); break;
    case 8: put(" within %u %s %s signed_up", n, unit, ONE_OF(sides)); break;
    case 9:
        put(" within %u %s %s %s ", n, unit, ONE_OF(sides), pick(2) ? "first" : "last");
        write_selector(depth - 1);
        break;
    default: put(" in next %u %s", n, unit); break;
    }
    if (pick(6) == 0)
        put(pick(2) ? " tz user" : " tz \"Asia/Seoul\"");
}

static void write_selector(int depth)
{
    static const char *const events[] = {"\"Order Completed\"", "\"Order Completed\"",
                                         "any of (\"Order Completed\", login)",
                                         "any of (Unheard, \"Order Completed\")"};
    put("%s", ONE_OF(events));
    if (depth > 0 && pick(2)) {
        put(" where (");
        write_predicate(depth - 1, true);
        put(")");
    }
}

static void write_event_window(int depth)
{
    if (pick(2))
        write_window(0, depth);
}

static void write_number(int depth, bool where)
{
    static const char *const attributes[] = {"seats", "score", "balance", "`first`", "size(tags)"};
    static const char *const properties[] = {"total", "items", "@hour", "@weekday", "@year"};
    static const char *const functions[] = {
        "sum(total)",    "avg(items)",         "max(total)",
        "min(items)",    "median(total)",      "percentile(total, 90%)",
        "stddev(items)", "distinct(category)", "distinct(week)",
        "count",         "share(gift)",        "first(items)",
        "nth(total, 3)"};
    static const char *const literals[] = {"0", "-3", "1.50", "60%", "1e3", "1e25", "0.1", "-0.25"};
    switch (depth <= 0 ? pick(2) : pick(6)) {
    case 0: put("%s", where ? ONE_OF(properties) : ONE_OF(attributes)); break;
    case 1: put("%s", ONE_OF(literals)); break;
    case 2:
    case 3:
        put("(");
        write_number(depth - 1, where);
        put(" %c ", "+-*/"[pick(4)]);
        write_number(depth - 1, where);
        put(")");
        break;
    case 4:
        put("-(");
        write_number(depth - 1, where);
        put(")");
        break;
    default:
        if (where) {
            put("items");
            break;
        }
        put("(%s of ", ONE_OF(functions));
        write_selector(depth - 1);
        write_event_window(depth - 1);
        put(")");
        break;
    }
}

static void write_instant(int depth, bool where)
{
    put("(");
    switch (depth <= 0 ? pick(2) : pick(4)) {
    case 0: put("%s", where ? "paid_at" : "signed_up"); break;
    case 1: put("%s", where ? "@time" : "trial_end"); break;
    case 2:
        write_instant(depth - 1, where);
        put(pick(2) ? " + %u %s" : " - %u %s", pick(9), ONE_OF(units));
        break;
    default:
        if (where) {
            put("now");
        } else {
            put("last(@time) of ");
            write_selector(depth - 1);
            write_event_window(depth - 1);
        }
        break;
    }
    put(")");
}

static const char *const compares[] = {"=", "!=", "<", "<=", ">", ">="};

static void write_text(bool where)
{
    static const char *const attributes[] = {"plan", "email", "`odd name`", "class.value_tier"};
    static const char *const texts[] = {"\"\"", "\"a\"", "\"\\\"\\\\ \\u00e9\"", "\"x*?\"",
                                        "\"\\n\""};
    static const char *const tests[] = {"contains", "starts with", "ends with", "matches"};
    put("%s ", where ? "category" : ONE_OF(attributes));
    switch (pick(4)) {
    case 0: put("%s %s", ONE_OF(compares), ONE_OF(texts)); break;
    case 1: put("%s %s%s", ONE_OF(tests), ONE_OF(texts), pick(2) ? " ignoring case" : ""); break;
    case 2: put("%sin (%s, %s)", pick(2) ? "not " : "", ONE_OF(texts), ONE_OF(texts)); break;
    default: put("is %s%s", pick(2) ? "not " : "", pick(3) ? "set" : "absent"); break;
    }
}

static void write_time_test(int depth, bool where)
{
    switch (pick(4)) {
    case 0:
        write_instant(depth, where);
        write_window(where ? 3 : 1, depth);
        break;
    case 1:
        write_instant(depth, where);
        put(" %s ", ONE_OF(compares));
        write_moment();
        break;
    case 2:
        put("(");
        write_instant(depth, where);
        put(" - ");
        write_instant(depth, where);
        put(") %s %u %s", ONE_OF(compares), pick(100), units[pick(6)]);
        break;
    default:
        put("%s", where ? "deliver_on" : "birthday");
        if (pick(2))
            write_window(2, depth);
        else
            put(" %s 2001-02-03", ONE_OF(compares));
        break;
    }
}

static void write_place(bool where)
{
    const char *name = where ? "shop" : "home";
    if (pick(2))
        put("%s within %u.5 km of point(%d.25, -%u)", name, pick(90), (int)pick(90) - 45,
            pick(180));
    else
        put("%s inside polygon((1 1, 1 9.5, 9 9, 9 -1), (2 2, 2 3, 3 3))", name);
}

static void write_number_test(int depth, bool where)
{
    write_number(depth, where);
    switch (pick(4)) {
    case 0:
        put(" between ");
        write_number(depth - 1, where);
        put(" and ");
        write_number(depth - 1, where);
        break;
    case 1: put(" %sin (1, 2.5, -3)", pick(2) ? "not " : ""); break;
    default:
        put(" %s ", ONE_OF(compares));
        write_number(depth - 1, where);
        break;
    }
}

static void write_behaviour(int depth)
{
    static const char *const bounds[] = {"",
                                         " at least 2 times",
                                         " exactly 1 time",
                                         " fewer than 5 times",
                                         " between 1 and 3 times",
                                         " on at least 2 days",
                                         " on more than 1 weeks"};
    static const char *const edges[] = {"first ", "last ", "nth(3) "};
    switch (pick(4)) {
    case 0:
        put("%s", ONE_OF(edges));
        write_selector(depth);
        write_window(0, depth);
        return;
    case 1:
        put("never did ");
        write_selector(depth);
        break;
    default:
        put(pick(3) ? "did " : "did not ");
        write_selector(depth);
        put("%s", ONE_OF(bounds));
        break;
    }
    write_event_window(depth);
}

/* A history: as it was, for how long, and what it changed to. */
static void write_history(int depth)
{
    static const char *const values[] = {"\"free\"", "\"pro\"", "null"};
    switch (pick(3)) {
    case 0:
        put(pick(2) ? "plan as of 2026-01-31" : "plan as of 3 weeks ago");
        put(pick(2) ? " = \"free\"" : " is not null");
        break;
    case 1: put("plan has been %s for %u %s", ONE_OF(values), pick(40), ONE_OF(units)); break;
    default:
        put("plan changed");
        if (pick(2))
            put(" from %s", ONE_OF(values));
        if (pick(2))
            put(" to %s", ONE_OF(values));
        write_event_window(depth);
        break;
    }
}

static void write_user_test(int depth)
{
    static const char *const sets[] = {"has", "has any", "has all", "has none", "has exactly"};
    switch (pick(5)) {
    case 4: write_history(depth); break;
    case 0: put("tags %s (\"a\", \"b\")", ONE_OF(sets)); break;
    case 1:
        write_number(depth - 1, false);
        put(" in %s %u%s", pick(2) ? "top" : "bottom", pick(100), pick(2) ? "%" : "");
        if (pick(2)) {
            put(" among (");
            write_predicate(depth - 1, false);
            put(")");
        }
        break;
    default: write_behaviour(depth); break;
    }
}

static void write_leaf(int depth, bool where)
{
    switch (pick(where ? 5 : 8)) {
    case 0: write_text(where); break;
    case 1: write_number_test(depth, where); break;
    case 2: write_time_test(depth, where); break;
    case 3:
        put("%s", where ? "gift" : pick(2) ? "vip" : "unheard_of");
        if (pick(3) == 0)
            put(" = %s", pick(2) ? "true" : "false");
        break;
    case 4: write_place(where); break;
    default: write_user_test(depth); break;
    }
}

static void write_predicate(int depth, bool where)
{
    static const char *const words[] = {" and ", " or ", " xor ", " and ", " or "};
    if (depth <= 0) {
        write_leaf(depth, where);
        return;
    }
    switch (pick(8)) {
    case 0:
        put("not (");
        write_predicate(depth - 1, where);
        put(")");
        break;
    case 1:
        put("at least %u of (", pick(3));
        write_predicate(depth - 1, where);
        put(", ");
        write_predicate(depth - 1, where);
        put(")");
        break;
    case 2:
        put("(");
        write_predicate(depth - 1, where);
        put(" except ");
        write_predicate(depth - 1, where);
        put(")");
        break;
    case 3:
    case 4: write_leaf(depth, where); break;
    default:
        put("(");
        write_predicate(depth - 1, where);
        put("%s", ONE_OF(words));
        write_predicate(depth - 1, where);
        put("%s", pick(12) == 0 ? " or everyone" : "");
        put(")");
        break;
    }
}

/* Text, tree, text, tree: both texts and both trees are equal. The same by way of JSON. */
static void check_round(void)
{
    segi_predicate *p = compile(out, out_size);
    if (p == NULL && strcmp(err.message, "a division by zero") == 0)
        return;
    ck_assert_msg(p != NULL, "%.*s\n%s", (int)out_size, out, err.message);
    segi_buf first, second;
    segi_buf_init(&first, segi_mem_default());
    segi_buf_init(&second, segi_mem_default());
    segi_predicate_print(p, false, &first);
    segi_predicate *q = compile(first.data, first.size);
    ck_assert_msg(q != NULL, "%.*s\n%.*s\n%s", (int)out_size, out, (int)first.size, first.data,
                  err.message);
    segi_predicate_print(q, false, &second);
    ck_assert_msg(first.size == second.size && memcmp(first.data, second.data, first.size) == 0,
                  "%.*s\n%.*s\n%.*s", (int)out_size, out, (int)first.size, first.data,
                  (int)second.size, second.data);
    ck_assert_msg(lang_nodes_equal(p->root, q->root), "%.*s\n%.*s", (int)out_size, out,
                  (int)first.size, first.data);
    ck_assert(memcmp(p->fingerprint, q->fingerprint, sizeof p->fingerprint) == 0);
    const char *fault = lang_json_round(schema, p, SEG_COMPILE_OPEN);
    ck_assert_msg(fault == NULL, "%s", fault);
    /* The sorted text means the same, so sorting it again changes nothing. */
    segi_predicate_destroy(q);
    segi_buf_reset(&first);
    segi_buf_reset(&second);
    segi_predicate_print(p, true, &first);
    q = compile(first.data, first.size);
    ck_assert_msg(q != NULL, "%.*s", (int)first.size, first.data);
    segi_predicate_print(q, true, &second);
    ck_assert_msg(first.size == second.size && memcmp(first.data, second.data, first.size) == 0,
                  "%.*s\n%.*s", (int)first.size, first.data, (int)second.size, second.data);
    segi_predicate_destroy(q);
    segi_predicate_destroy(p);
    segi_buf_deinit(&first);
    segi_buf_deinit(&second);
}

START_TEST(test_print__random_predicates_lose_nothing)
{
    const char *seed = getenv("SEG_TEST_SEED");
    uint64_t start = seed == NULL ? 20260131 : strtoull(seed, NULL, 10);
    int rounds = getenv("SEG_TEST_SLOW") != NULL   ? 500
                 : getenv("SEG_TEST_SOAK") != NULL ? 1000000
                                                   : 100000;
    state = start * 2 + 1;
    for (int i = 0; i < rounds; i++) {
        out_size = 0;
        if (pick(5) == 0)
            put("using timezone \"Europe/Berlin\"%s: ", pick(2) ? ", week sunday" : "");
        write_predicate((int)pick(5), false);
        check_round();
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/print");
    TCase *t = tcase_create("print");
    tcase_set_timeout(t, 200);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_print__canonical_forms);
    tcase_add_test(t, test_print__s29_equal_meanings_have_equal_fingerprints);
    tcase_add_test(t, test_print__random_predicates_lose_nothing);
    suite_add_tcase(s, t);
    return s;
}
