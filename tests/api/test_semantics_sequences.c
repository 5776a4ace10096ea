/* test_semantics_sequences.c - the edges of ordered steps, by number: S-19, S-20, and what S-08 and
 * S-09 say about them.
 *
 * Rows are written as a trace: "A0 B10 C100" is an event A at second 0, B at 10 and C at 100;
 * without digits they are ten seconds apart. Each trace is a user. */
#include "support/check_main.h"
#include "support/shop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOW "2026-03-31T12:00:00Z"

static void second_text(char *out, size_t size, int second)
{
    snprintf(out, size, "2026-03-01T%02d:%02d:%02dZ", second / 3600, second / 60 % 60, second % 60);
}

/* values: of every row, may be "". */
static void trace_values(shop *s, const char *user, const char *trace, const char *values)
{
    int second = 0;
    for (const char *at = trace; *at != '\0';) {
        char event[8] = "", time[40];
        size_t n = strspn(at, "ABCDEX");
        memcpy(event, at, n);
        at += n;
        char *end;
        long given = strtol(at, &end, 10);
        second = end != at ? (int)given : second + 10;
        at = end;
        second_text(time, sizeof time, second);
        shop_event(s, user, event, time, values);
        at += strspn(at, " ");
    }
}

static void trace(shop *s, const char *user, const char *rows)
{
    trace_values(s, user, rows, "");
}

/* ---- S-20: the truth table ---- */

static const char *const traces[] = {"A B C",       "A D B C",     "A B D C",    "A C B C",
                                     "A B B C",     "A B A B C",   "A D A B C",  "D A B C",
                                     "C B A",       "A1 B1 C2",    "AB C",       "A0 A40 B50 C130",
                                     "A0 B10 C100", "A0 B10 C101", "A1 B2 B3 C3"};
#define TABLE_SIZE (sizeof traces / sizeof *traces)

/* Depths of the rows of the table, in its order. Row 10 is one row that is A and B, then C. */
static void check_table(const char *options, const char *depths)
{
    shop s = shop_open("UTC");
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        char user[8];
        snprintf(user, sizeof user, "u%02zu", i);
        trace(&s, user, traces[i]);
    }
    char text[400];
    snprintf(text, sizeof text,
             "depth of funnel (any of (\"A\", \"AB\") then any of (\"B\", \"AB\") then \"C\"%s) "
             "within 100 seconds",
             options);
    shop_value(&s, NOW, text, depths);
    shop_close(&s);
}

START_TEST(test_sequences__s20_best)
{
    check_table("", "3 3 3 3 3 3 3 3 1 3 1 3 3 2 3");
    check_table(", row matches many steps", "3 3 3 3 3 3 3 3 1 3 3 3 3 2 3");
    check_table(", like clickhouse_sequence_match", "3 3 3 3 3 3 3 3 1 3 1 3 3 2 3");
}
END_TEST

START_TEST(test_sequences__s20_clickhouse_modes)
{
    check_table(", like clickhouse_default", "3 3 3 3 3 3 3 3 1 3 3 3 3 2 3");
    check_table(", like clickhouse_strict_deduplication", "3 3 3 3 2 2 3 3 1 3 3 3 3 2 2");
    check_table(", like clickhouse_strict_order", "3 1 2 1 3 3 1 3 1 3 3 3 3 2 3");
    check_table(", like clickhouse_allow_reentry", "3 1 2 3 3 3 1 3 1 3 3 3 3 2 3");
    check_table(", like clickhouse_strict_increase", "3 3 3 3 3 3 3 3 1 1 1 3 3 2 2");
    check_table(", like clickhouse_strict_once", "3 3 3 3 3 3 3 3 1 3 1 3 3 2 3");
}
END_TEST

START_TEST(test_sequences__s20_strict_once_uses_each_row_once)
{
    /* Three rows of one instant that are A and B each: two of them serve, whatever their order. */
    shop s = shop_open("UTC");
    trace(&s, "two", "AB1 AB1 C1");
    trace(&s, "one", "AB1 C1");
    trace(&s, "moved", "C1 AB1 A1");
    trace(&s, "plain", "A1 B1");
    shop_value(&s, NOW,
               "depth of funnel (any of (\"A\", \"AB\") then any of (\"B\", \"AB\") then \"C\", "
               "like clickhouse_strict_once)",
               "3 1 3 2");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s20_mixpanel)
{
    shop s = shop_open("UTC");
    trace(&s, "late", "A0 A40 B50 C130");
    trace(&s, "swap", "B0 A2 C3");
    trace(&s, "apart", "B0 A3 C4");
    shop_value(&s, NOW,
               "depth of funnel (\"A\" then \"B\" then \"C\", like mixpanel_default) "
               "within 100 seconds",
               "2 3 1");
    shop_value(&s, NOW,
               "depth of funnel (\"A\" then \"B\" then \"C\", like mixpanel_reentry) "
               "within 100 seconds",
               "3 3 1");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s20_switches)
{
    check_table(", between no other step", "3 3 3 1 3 3 3 3 1 3 1 3 3 2 3");
    check_table(", between nothing", "3 1 2 1 3 3 3 3 1 3 1 3 3 2 3");
    /* A repeat breaks the chain, and another entry may do: the second A of the sixth row. */
    check_table(", repeat break", "3 3 3 3 2 3 3 3 1 3 1 3 3 2 2");
    check_table(", repeat break, entry first", "3 3 3 3 2 2 1 3 1 3 1 1 3 2 2");
    check_table(", repeat restart, entry first", "3 3 3 3 3 2 1 3 1 3 1 1 3 2 3");
    check_table(", entry first", "3 3 3 3 3 3 3 3 1 3 1 2 3 2 3");
    check_table(", entry latest", "3 3 3 3 3 3 3 3 1 3 1 3 3 2 3");
    check_table(", ties strict", "3 3 3 3 3 3 3 3 1 1 1 3 3 2 3");
}
END_TEST

START_TEST(test_sequences__s08_ties)
{
    shop s = shop_open("UTC");
    trace(&s, "ab", "A1 B1");
    trace(&s, "ba", "B1 A1");
    trace(&s, "b2a", "B1 A3");
    trace(&s, "b3a", "B1 A4");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\")", "ab");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\", ties strict)", "");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\", ties tolerant 0 seconds)", "ab ba");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\", ties tolerant 2 seconds)", "ab b2a ba");
    /* A least distance is not softened. */
    shop_ask(&s, NOW,
             "sequence (\"A\" then \"B\" at least 0 seconds after, ties tolerant 2 seconds)",
             "ab ba");
    shop_close(&s);
}
END_TEST

/* Customers whose order of arrival decides beside others for whom times are enough. */
START_TEST(test_sequences__s08_arrival_decides_for_some)
{
    static const char *const steps[] = {"A1 B1", "B1 A1",       "A1 B2",
                                        "B1 A2", "A1 B2 A2 B3", "A1 A2 B2 B3"};
    static const char *const between[] = {"A1 X1 B2", "X1 A1 B2", "A1 X2 B2",
                                          "A1 B2 X2", "A1 X2 B3", "X1 A2 B3"};
    static const char *const after[] = {"A1 X1", "X1 A1", "A1 X11", "A1 X12", "A1 A1 X1", "A1 A1"};
    static const char *const names[] = {"u0", "u1", "u2", "u3", "u4", "u5"};
    shop s = shop_open("UTC"), w = shop_open("UTC"), n = shop_open("UTC");
    for (size_t i = 0; i < 6; i++) {
        trace(&s, names[i], steps[i]);
        trace(&w, names[i], between[i]);
        trace(&n, names[i], after[i]);
    }
    shop_value(&s, NOW, "count of sequence (\"A\" then \"B\")", "1 0 1 0 2 1");
    shop_value(&s, NOW, "depth of funnel (\"A\" then \"B\")", "2 1 2 1 2 2");
    shop_ask(&w, NOW, "sequence (\"A\" then \"B\" without \"X\")", "u1 u3 u5");
    shop_ask(&n, NOW, "sequence (\"A\" then no \"X\" for 10 seconds)", "u1 u3 u5");
    shop_value(&n, NOW, "count of sequence (\"A\" then no \"X\" for 10 seconds)", "0 1 0 1 0 2");
    shop_close(&n);
    shop_close(&w);
    shop_close(&s);
}
END_TEST

/* One event in two steps: a row does not follow itself, another one of its instant may. */
START_TEST(test_sequences__s08_one_event_in_two_steps)
{
    static const char *const again[] = {"A1",       "A1 A1",       "A1 A2",
                                        "A1 A2 A2", "A1 A2 A3 A4", "A1 B1 A1"};
    static const char *const between[] = {"A1 B2",    "A1 A1 B2", "A1 B1",
                                          "A1 A2 B3", "B1 A1",    "A1 B2 B2 A3 B4"};
    static const char *const after[] = {"A1",     "A1 A1",      "A1 A5",
                                        "A1 A20", "A1 A20 A20", "A1 A1 A20"};
    shop s = shop_open("UTC"), w = shop_open("UTC"), n = shop_open("UTC");
    for (size_t i = 0; i < 6; i++) {
        char name[3] = {'u', (char)('0' + i), '\0'};
        trace(&s, name, again[i]);
        trace(&w, name, between[i]);
        trace(&n, name, after[i]);
    }
    shop_ask(&s, NOW, "sequence (\"A\" then \"A\")", "u1 u2 u3 u4 u5");
    shop_ask(&s, NOW, "sequence (\"A\" then \"A\", ties strict)", "u2 u3 u4");
    shop_ask(&s, NOW, "sequence (\"A\" then \"A\", row matches many steps)", "u0 u1 u2 u3 u4 u5");
    shop_value(&s, NOW, "count of sequence (\"A\" then \"A\")", "0 1 1 1 2 1");
    shop_value(&s, NOW, "depth of funnel (any event then \"A\" then \"A\")", "1 2 2 3 3 2");
    shop_value(&s, NOW, "depth of funnel (\"A\" then any event then \"A\")", "1 2 2 3 3 3");
    shop_ask(&w, NOW, "sequence (\"A\" then \"B\" without \"A\")", "u0 u1 u2 u3 u5");
    shop_value(&w, NOW, "count of sequence (\"A\" then \"B\" without \"B\")", "1 1 1 1 0 2");
    shop_value(&n, NOW, "count of sequence (\"A\" then no \"A\" for 10 seconds)", "1 1 1 2 2 2");
    shop_close(&n);
    shop_close(&w);
    shop_close(&s);
}
END_TEST

/* ---- S-19: distances ---- */

START_TEST(test_sequences__s19_gaps_and_total)
{
    shop s = shop_open("UTC");
    trace(&s, "nine", "A0 B9");
    trace(&s, "ten", "A0 B10");
    trace(&s, "eleven", "A0 B11");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\" within 10 seconds)", "nine ten");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\" at least 10 seconds after)", "eleven ten");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\" at least 10 seconds after within 10 seconds)",
             "ten");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") within 10 seconds", "nine ten");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") within 0 seconds", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_the_latest_beginning_is_not_enough_for_a_gap)
{
    /* B must come within 5 s of A and C at least 20 s after B: only the first A and B do. */
    shop s = shop_open("UTC");
    trace(&s, "early", "A0 B5 A10 B14 C25");
    trace(&s, "never", "A0 B6 A10 B14 C25");
    shop_ask(&s, NOW,
             "sequence (\"A\" then \"B\" within 5 seconds then \"C\" at least 20 seconds after)",
             "early");
    /* ... and within 26 s in all, which an earlier A misses. */
    trace(&s, "total", "A0 A3 B5 A10 B14 C29");
    shop_ask(&s, NOW,
             "sequence (\"A\" then \"B\" within 5 seconds then \"C\" at least 20 seconds after) "
             "within 26 seconds",
             "early total");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_window_holds_all_steps)
{
    /* The window begins at 12:00:00Z of 31 March less 30 days and 12 hours. */
    shop s = shop_open("UTC");
    trace(&s, "edge", "A0 B10");
    trace(&s, "in", "A1 B10");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") in last 732 hours", "in");
    shop_ask(&s, "2026-03-01T00:00:09Z", "sequence (\"A\" then \"B\")", "");
    shop_ask(&s, "2026-03-01T00:00:10Z", "sequence (\"A\" then \"B\")", "edge in");
    shop_close(&s);
}
END_TEST

/* ---- S-19: absence ---- */

START_TEST(test_sequences__s19_without)
{
    shop s = shop_open("UTC");
    trace(&s, "clean", "A B");
    trace(&s, "between", "A X B");
    trace(&s, "before", "X A B");
    trace(&s, "after", "A B X");
    trace(&s, "again", "A X A B");
    trace(&s, "tie", "A1 X1 B1");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\" without \"X\")", "after again before clean");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_steps_before_the_exclusion_stay)
{
    shop s = shop_open("UTC");
    trace(&s, "ann", "A B X C");
    shop_value(&s, NOW, "depth of funnel (\"A\" then \"B\" then \"C\" without \"X\")", "2");
    shop_value(&s, NOW, "depth of funnel (\"A\" then \"B\" then \"C\")", "3");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_trailing_absence_is_known_at_the_deadline)
{
    shop s = shop_open("UTC");
    trace(&s, "cart", "A0");
    trace(&s, "bought", "A0 B30");
    trace(&s, "last", "A0 B60");
    trace(&s, "later", "A0 B61");
    const char *text = "sequence (\"A\" then no \"B\" for 1 minute)";
    shop_ask(&s, "2026-03-01T00:00:59Z", text, "");
    shop_ask(&s, "2026-03-01T00:00:59.999999Z", text, "");
    shop_ask(&s, "2026-03-01T00:01:00Z", text, "cart later");
    shop_ask(&s, NOW, text, "cart later");
    /* What follows counts also behind the span. */
    shop_ask(&s, NOW, "sequence (\"A\" then no \"B\" for 1 minute) before 2026-03-01T00:00:10Z",
             "cart later");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s09_a_late_event_ends_the_absence)
{
    shop s = shop_open("UTC");
    trace(&s, "ann", "A0");
    const char *text = "sequence (\"A\" then no \"B\" for 1 minute)";
    trace(&s, "else", "B0");
    shop_ask(&s, NOW, text, "ann");
    shop_event(&s, "ann", "B", "2026-03-01T00:00:20Z", "");
    shop_ask(&s, NOW, text, "");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_trailing_absence_after_the_last_of_several)
{
    /* Each A may be the one that is followed by nothing. */
    shop s = shop_open("UTC");
    trace(&s, "second", "A0 B10 A100");
    trace(&s, "both", "A0 B10 A100 B110");
    shop_ask(&s, NOW, "sequence (\"A\" then no \"B\" for 1 minute)", "second");
    shop_close(&s);
}
END_TEST

/* ---- S-19: held values ---- */

START_TEST(test_sequences__s19_held_value)
{
    shop s = shop_open("UTC");
    shop_event(&s, "same", "A", "2026-03-01T00:00:00Z", "sku=p");
    shop_event(&s, "same", "B", "2026-03-01T00:00:05Z", "item=p");
    shop_event(&s, "other", "A", "2026-03-01T00:00:00Z", "sku=p");
    shop_event(&s, "other", "B", "2026-03-01T00:00:05Z", "item=q");
    shop_event(&s, "two", "A", "2026-03-01T00:00:00Z", "sku=q");
    shop_event(&s, "two", "A", "2026-03-01T00:00:01Z", "sku=p");
    shop_event(&s, "two", "B", "2026-03-01T00:00:05Z", "item=q");
    shop_event(&s, "absent", "A", "2026-03-01T00:00:00Z", "");
    shop_event(&s, "absent", "B", "2026-03-01T00:00:05Z", "");
    shop_ask(&s, NOW, "sequence (\"A\" as v then \"B\" where (item = v.sku))", "same two");
    shop_ask(&s, NOW, "sequence (\"A\" as v then \"B\" where (v.sku = item)) within 4 seconds", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_held_through_a_step_that_does_not_ask)
{
    shop s = shop_open("UTC");
    static const char *const users[] = {"p", "q", "r"};
    for (size_t i = 0; i < 3; i++) {
        char values[16];
        snprintf(values, sizeof values, "sku=%s", users[i]);
        shop_event(&s, users[i], "A", "2026-03-01T00:00:00Z", "sku=p");
        shop_event(&s, users[i], "A", "2026-03-01T00:00:01Z", "sku=q");
        shop_event(&s, users[i], "B", "2026-03-01T00:00:05Z", "");
        shop_event(&s, users[i], "C", "2026-03-01T00:00:09Z", values);
    }
    shop_ask(&s, NOW, "sequence (\"A\" as v then \"B\" then \"C\" where (sku = v.sku))", "p q");
    shop_ask(&s, NOW,
             "sequence (\"A\" as v then \"B\" then \"C\" where (sku = v.sku)) within 8 seconds",
             "q");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_held_in_absences)
{
    shop s = shop_open("UTC");
    shop_event(&s, "kept", "A", "2026-03-01T00:00:00Z", "cart=1");
    shop_event(&s, "kept", "B", "2026-03-01T00:00:05Z", "cart=2");
    shop_event(&s, "paid", "A", "2026-03-01T00:00:00Z", "cart=1");
    shop_event(&s, "paid", "B", "2026-03-01T00:00:05Z", "cart=1");
    shop_ask(&s, NOW, "sequence (\"A\" then no \"B\" for 1 hour, same (cart))", "kept");
    shop_ask(&s, NOW, "sequence (\"A\" as a then no \"B\" where (cart = a.cart) for 1 hour)",
             "kept");
    shop_ask(&s, NOW, "sequence (\"A\" then no \"B\" for 1 hour)", "");
    shop_event(&s, "kept", "C", "2026-03-01T00:00:09Z", "");
    shop_event(&s, "paid", "C", "2026-03-01T00:00:09Z", "");
    shop_ask(&s, NOW, "sequence (\"A\" as a then \"C\" without \"B\" where (cart = a.cart))",
             "kept");
    shop_close(&s);
}
END_TEST

/* ---- S-19: repeats and choices ---- */

START_TEST(test_sequences__s19_repeats)
{
    shop s = shop_open("UTC");
    trace(&s, "one", "A B");
    trace(&s, "two", "A A B");
    trace(&s, "three", "A A A B");
    trace(&s, "four", "B A A A A B");
    shop_ask(&s, NOW, "sequence (\"A\" at least 3 times then \"B\")", "four three");
    /* Counted from the entry on: three of four begin at the second. */
    shop_ask(&s, NOW, "sequence (\"A\" exactly 3 times then \"B\")", "four three");
    shop_ask(&s, NOW, "sequence (\"A\" exactly 3 times then \"B\", entry first)", "three");
    shop_ask(&s, NOW, "sequence (\"B\" then \"A\" between 2 and 4 times then \"B\")", "four");
    shop_ask(&s, NOW, "sequence (\"B\" then \"A\" between 2 and 3 times then \"B\")", "");
    shop_ask(&s, NOW, "sequence (\"B\" then \"A\" exactly 1 time)", "four");
    shop_ask(&s, NOW, "sequence (\"A\" at least 3 times then \"B\") within 25 seconds", "");
    shop_ask(&s, NOW, "sequence (\"A\" at least 3 times then \"B\") within 30 seconds",
             "four three");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_choices)
{
    shop s = shop_open("UTC");
    shop_event(&s, "dear", "A", "2026-03-01T00:00:00Z", "price=10");
    shop_event(&s, "dear", "C", "2026-03-01T00:00:01Z", "");
    shop_event(&s, "cheap", "A", "2026-03-01T00:00:00Z", "price=1");
    shop_event(&s, "cheap", "C", "2026-03-01T00:00:01Z", "");
    trace(&s, "b", "B C");
    shop_ask(&s, NOW, "sequence ((\"A\" where (price > 5) or \"B\") then \"C\")", "b dear");
    shop_close(&s);
}
END_TEST

/* ---- S-19: figures ---- */

START_TEST(test_sequences__s19_matches_do_not_overlap)
{
    shop s = shop_open("UTC");
    trace(&s, "ann", "A B A B");
    trace(&s, "ben", "A A B B");
    trace(&s, "cat", "A A A B");
    trace(&s, "dan", "C");
    shop_value(&s, NOW, "count of sequence (\"A\" then \"B\")", "2 1 1 0");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") at least 2 times", "ann");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") exactly 1 time", "ben cat");
    shop_ask(&s, NOW, "sequence (\"A\" then \"B\") fewer than 2 times", "ben cat dan");
    /* A A A B with no A between: only the last A gets there. */
    shop_value(&s, NOW, "count of sequence (\"A\" then \"B\" without \"A\")", "2 1 1 0");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_time_to_convert)
{
    shop s = shop_open("UTC");
    trace(&s, "ann", "A0 B50 A100 B120 A200");
    trace(&s, "ben", "A0 B50");
    trace(&s, "cat", "B0 A50");
    shop_ask(&s, NOW, "convert_time of funnel (\"A\" then \"B\") <= 20 seconds", "ann");
    shop_ask(&s, NOW, "convert_time of funnel (\"A\" then \"B\") < 20 seconds", "");
    shop_ask(&s, NOW, "convert_time of sequence (\"A\" then \"B\", entry first) = 50 seconds",
             "ann ben");
    shop_ask(&s, NOW, "convert_time of funnel (\"A\" then \"B\") between 20 seconds and 1 minute",
             "ann ben");
    shop_ask(&s, NOW, "not convert_time of funnel (\"A\" then \"B\") > 0 seconds", "cat");
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__s19_reached_and_dropped)
{
    shop s = shop_open("UTC");
    trace(&s, "zero", "B");
    trace(&s, "one", "A");
    trace(&s, "two", "A B");
    trace(&s, "three", "A B C");
    static const char *const asked[][2] = {{"reached 1", "one three two"},
                                           {"reached 2", "three two"},
                                           {"reached 3", "three"},
                                           {"dropped after 1", "one"},
                                           {"dropped after 2", "two"}};
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char line[200];
        snprintf(line, sizeof line, "funnel (\"A\" then \"B\" then \"C\") %s", asked[i][0]);
        shop_ask(&s, NOW, line, asked[i][1]);
    }
    shop_ask(&s, NOW, "depth of funnel (\"A\" then \"B\" then \"C\") between 0 and 1", "one zero");
    shop_close(&s);
}
END_TEST

/* ---- limits ---- */

START_TEST(test_sequences__limits_are_errors)
{
    shop s = shop_open("UTC");
    trace(&s, "ann", "A B");
    char text[2000] = "sequence (\"A\"";
    for (int i = 1; i < 32; i++)
        strcat(text, " then \"B\"");
    strcat(text, ")");
    ck_assert_int_eq(shop_compile(&s, text), SEG_OK);
    text[strlen(text) - 1] = '\0';
    strcat(text, " then \"B\")");
    ck_assert_int_eq(shop_compile(&s, text), SEG_E_SYNTAX);
    ck_assert_int_eq(shop_compile(&s, "sequence (\"A\" at least 63 times then \"B\")"), SEG_OK);
    ck_assert_int_eq(shop_compile(&s, "sequence (\"A\" at least 64 times then \"B\")"),
                     SEG_E_LIMIT);
    shop_close(&s);
}
END_TEST

START_TEST(test_sequences__a_long_history_costs_no_more_than_its_rows)
{
    /* Every row matches several steps, and none of the chains ends: a search that goes back and
     * tries again would not end either. */
    shop s = shop_open("UTC");
    shop_begin(&s);
    for (int i = 0; i < 20000; i++) {
        char time[40];
        second_text(time, sizeof time, i);
        shop_event(&s, "ann", i % 2 ? "A" : "B", time, "");
    }
    shop_event(&s, "ann", "C", "2026-03-02T00:00:00Z", "");
    shop_commit(&s);
    char text[2000] = "sequence (any of (\"A\", \"B\")";
    for (int i = 1; i < 31; i++)
        strcat(text, " then any of (\"A\", \"B\")");
    strcat(text, " then \"C\" within 1 hour)");
    shop_ask(&s, NOW, text, "");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("semantics_sequences");
    TCase *table = tcase_create("table");
    tcase_add_test(table, test_sequences__s20_best);
    tcase_add_test(table, test_sequences__s20_clickhouse_modes);
    tcase_add_test(table, test_sequences__s20_strict_once_uses_each_row_once);
    tcase_add_test(table, test_sequences__s20_mixpanel);
    tcase_add_test(table, test_sequences__s20_switches);
    suite_add_tcase(suite, table);
    TCase *steps = tcase_create("steps");
    tcase_add_test(steps, test_sequences__s08_ties);
    tcase_add_test(steps, test_sequences__s08_arrival_decides_for_some);
    tcase_add_test(steps, test_sequences__s08_one_event_in_two_steps);
    tcase_add_test(steps, test_sequences__s19_gaps_and_total);
    tcase_add_test(steps, test_sequences__s19_the_latest_beginning_is_not_enough_for_a_gap);
    tcase_add_test(steps, test_sequences__s19_window_holds_all_steps);
    tcase_add_test(steps, test_sequences__s19_without);
    tcase_add_test(steps, test_sequences__s19_steps_before_the_exclusion_stay);
    tcase_add_test(steps, test_sequences__s19_trailing_absence_is_known_at_the_deadline);
    tcase_add_test(steps, test_sequences__s09_a_late_event_ends_the_absence);
    tcase_add_test(steps, test_sequences__s19_trailing_absence_after_the_last_of_several);
    tcase_add_test(steps, test_sequences__s19_held_value);
    tcase_add_test(steps, test_sequences__s19_held_through_a_step_that_does_not_ask);
    tcase_add_test(steps, test_sequences__s19_held_in_absences);
    tcase_add_test(steps, test_sequences__s19_repeats);
    tcase_add_test(steps, test_sequences__s19_choices);
    tcase_add_test(steps, test_sequences__s19_matches_do_not_overlap);
    tcase_add_test(steps, test_sequences__s19_time_to_convert);
    tcase_add_test(steps, test_sequences__s19_reached_and_dropped);
    tcase_add_test(steps, test_sequences__limits_are_errors);
    tcase_add_test(steps, test_sequences__a_long_history_costs_no_more_than_its_rows);
    suite_add_tcase(suite, steps);
    return suite;
}
