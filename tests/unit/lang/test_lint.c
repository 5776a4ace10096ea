/* unit/lang/test_lint.c - several failures of one text, what is no reason for a warning, texts that
 * nobody wrote. The table of warnings in docs/language.md is tested by test_docs.c. */
#include <stdio.h>
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"

static const segi_schema *schema;

static void setup(void)
{
    schema = lang_schema(segi_mem_default());
}

static void teardown(void)
{
    segi_schema_release(schema);
}

/* "offset+length level id, ..." of all findings. */
static const char *lint(const char *text, size_t size, uint32_t flags, int64_t retention)
{
    static char said[8000];
    seg_error err = SEG_ERROR_INIT;
    segi_findings findings;
    segi_predicate *p;
    segi_findings_init(&findings, segi_mem_default());
    seg_status status =
        segi_lint(segi_mem_default(),
                  &(segi_source){.schema = schema, .text = text, .text_size = size, .flags = flags},
                  NULL, retention, &findings, &p, &err);
    ck_assert_int_eq(status, SEG_OK);
    ck_assert((p == NULL) == (findings.error_count != 0));
    size_t used = 0;
    said[0] = '\0';
    for (size_t i = 0; i < findings.count; i++) {
        const segi_finding *f = &findings.list[i];
        ck_assert(f->error.message[0] != '\0');
        ck_assert_int_le(f->error.offset + f->error.length, (int64_t)size);
        used += (size_t)snprintf(said + used, sizeof said - used, "%s%lld+%lld %s%s",
                                 i == 0 ? "" : ", ", (long long)f->error.offset,
                                 (long long)f->error.length,
                                 f->level == SEGI_LEVEL_ERROR ? "!" : "", f->id);
        ck_assert_uint_lt(used, sizeof said);
    }
    segi_findings_deinit(&findings);
    segi_predicate_destroy(p);
    return said;
}

static void says(const char *text, const char *wanted)
{
    const char *said = lint(text, strlen(text), 0, 0);
    ck_assert_msg(strcmp(said, wanted) == 0, "%s: %s", text, said);
}

START_TEST(test_lint__several_errors_of_one_text)
{
    says("seats => 3 and vip and plan = 'x' or country = DE",
         "6+2 !syntax, 30+3 !syntax, 47+2 !unknown-name");
    says("(vip and seats >) or did logn or vip", "16+1 !syntax, 25+4 !unknown-name");
    says("did login where (foo = 1 and bar = 2) and baz", "17+3 !unknown-name, 29+3 !unknown-name, "
                                                          "42+3 !unknown-name");
    says("at least 2 of (vip, seats = , plan = 3)", "28+1 !syntax, 37+1 !type");
    says("seats between 1 and x y and vip and seats between 2 and",
         "22+1 !syntax, 55+0 !syntax, 20+1 !unknown-name");
    says("vip and and seats = \"x\"", "8+3 !syntax, 20+3 !type");
    says("not (foo or bar)", "5+3 !unknown-name, 12+3 !unknown-name");
    says("vip or (seats > 3 and (plan = \"a\"", "22+1 !syntax, 7+1 !syntax");
    says("seats = 99999999999999999999 or foo", "8+20 !syntax, 32+3 !unknown-name");
    says("", "0+0 !syntax");
    says("vip) and foo", "3+1 !syntax, 9+3 !unknown-name");
    says("using timezone \"Nowhere\": foo", "15+9 !unknown-name");
    says("foo xor bar except baz", "0+3 !unknown-name, 8+3 !unknown-name, 19+3 !unknown-name");
}
END_TEST

START_TEST(test_lint__what_is_meant_stays_unremarked)
{
    static const char *const texts[] = {
        "everyone",
        "nobody",
        "vip and seats > 3 and seats < 5 and score > 1",
        "seats != 3 and seats != 4",
        "seats = 3 or seats = 4",
        "plan = \"a\" or country = \"a\"",
        "seats > 3 and balance < 3",
        "did login on at least 5 days in last 7 calendar days",
        "did login where (@hour > 5) in last 7 days tz \"Asia/Seoul\"",
        "using timezone \"Asia/Seoul\": did login in last 7 days",
        "did login today tz \"Asia/Seoul\"",
        "not did login and not vip",
        "count of login >= 1 and count of login <= 5",
        ("mode(category, ties all) of \"Order Completed\" = \"a\" and "
         "mode(category, ties all) of \"Order Completed\" = \"b\""),
        "did login between 2026-01-01 and 2026-01-01",
        "tags has all () or seats in $list",
        "seats > $a and seats < $b",
        "seats > 3 and seats >= 4",
        "score > 3 and score < 4"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        says(texts[i], "");
}
END_TEST

START_TEST(test_lint__warnings)
{
    says("seats > 3 and seats < 4", "14+9 always-false");
    says("score >= 3 and score < 3", "15+9 always-false");
    says("plan = \"a\" and plan = \"b\"", "15+10 always-false");
    says("vip or not vip", "0+14 always-true");
    says("seats in (1) or not vip or seats in (1)", "27+12 redundant");
    says("(vip or seats > 3) and vip", "1+16 unreachable");
    says("did \"Order Completed\" where (total > 3 and total < 2)", "43+9 always-false");
    says("plan not in ()", "0+14 any-value");
    says("distinct(day) of login in last 3 days > 2", "0+37 rolling-days");
    says("seats between 5 and 3", "0+21 always-false");
    says("did login in last 0 days", "0+24 empty-span");
    ck_assert_str_eq(lint("did login in last 91 days", 25, 0, (int64_t)90 * 86400000000),
                     "0+25 beyond-retention");
    ck_assert_str_eq(lint("did login in last 90 days", 25, 0, (int64_t)90 * 86400000000), "");
    ck_assert_str_eq(lint("did login in last 3 months", 26, 0, (int64_t)90 * 86400000000), "");
    ck_assert_str_eq(lint("did login in last 4 months", 26, 0, (int64_t)90 * 86400000000),
                     "0+26 beyond-retention");
    ck_assert_str_eq(lint("did foo and bar = 1", 19, SEG_COMPILE_OPEN, 0),
                     "4+3 unknown-name, 12+3 unknown-name");
}
END_TEST

/* Cut and changed texts: no crash, places inside, at least one error where the compile has one. */
START_TEST(test_lint__broken_texts)
{
    static const char text[] =
        "using week sunday: (vip or seats > 3 and not plan in (\"a\", 'b')) and did \"Order "
        "Completed\" where (total between 1 and 2 or gift) at least 3 times in last 30 days except "
        "at least 1 of (did logn, score in top 10% among (vip and foo)) xor home within 5 km of "
        "point(1, 2) or in segment \"x\"";
    uint64_t state = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        char copy[sizeof text];
        memcpy(copy, text, sizeof text);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        size_t size = sizeof text - 1;
        if (i % 3 == 0)
            size = state % size;
        for (uint64_t n = i % 3 == 0 ? 0 : 1 + state % 3; n > 0; n--)
            copy[(state >> (8 * n)) % size] = "()\"`,and or'$@%=<1 "[(state >> (5 * n)) % 19];
        segi_predicate *p = NULL;
        seg_status status = lang_compile_with(NULL, schema, copy, size, 0, &p, NULL);
        const char *said = lint(copy, size, 0, 0);
        ck_assert_msg((status == SEG_OK) == (strchr(said, '!') == NULL), "%.*s: %s", (int)size,
                      copy, said);
        segi_predicate_destroy(p);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/lint");
    TCase *t = tcase_create("lint");
    tcase_set_timeout(t, 100);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_lint__several_errors_of_one_text);
    tcase_add_test(t, test_lint__what_is_meant_stays_unremarked);
    tcase_add_test(t, test_lint__warnings);
    tcase_add_test(t, test_lint__broken_texts);
    suite_add_tcase(s, t);
    return s;
}
