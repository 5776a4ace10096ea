/* unit/lang/test_lexer.c - tokens, and texts that are none. */
#include <string.h>

#include "lang/syntax.h"
#include "support/check_main.h"

static void check_kinds(const char *text, const segi_token_kind *kinds)
{
    seg_error err = SEG_ERROR_INIT;
    segi_lexer lexer;
    segi_lexer_init(&lexer, text, (uint32_t)strlen(text), &err);
    for (size_t i = 0;; i++) {
        segi_token token = segi_lexer_next(&lexer);
        ck_assert_msg(token.kind == kinds[i], "token %zu of %s is %d", i, text, (int)token.kind);
        if (token.kind == SEGI_TOKEN_END)
            return;
    }
}

START_TEST(test_lexer__splits_all_kinds)
{
    check_kinds("a.b $p @hour 12 1.5 1e6 2E-3 \"t\" `n` ( ) , : + - * / %",
                (const segi_token_kind[]){
                    SEGI_TOKEN_WORD, SEGI_TOKEN_PARAM, SEGI_TOKEN_BUILTIN, SEGI_TOKEN_NUMBER,
                    SEGI_TOKEN_NUMBER, SEGI_TOKEN_NUMBER, SEGI_TOKEN_NUMBER, SEGI_TOKEN_STRING,
                    SEGI_TOKEN_QUOTED, SEGI_TOKEN_LEFT, SEGI_TOKEN_RIGHT, SEGI_TOKEN_COMMA,
                    SEGI_TOKEN_COLON, SEGI_TOKEN_PLUS, SEGI_TOKEN_MINUS, SEGI_TOKEN_STAR,
                    SEGI_TOKEN_SLASH, SEGI_TOKEN_PERCENT, SEGI_TOKEN_END});
    check_kinds("a=1!=<<=>>=",
                (const segi_token_kind[]){SEGI_TOKEN_WORD, SEGI_TOKEN_EQ, SEGI_TOKEN_NUMBER,
                                          SEGI_TOKEN_NE, SEGI_TOKEN_LT, SEGI_TOKEN_LE,
                                          SEGI_TOKEN_GT, SEGI_TOKEN_GE, SEGI_TOKEN_END});
}
END_TEST

START_TEST(test_lexer__dates_and_instants)
{
    static const char *const texts[] = {"2026-01-31", "2026-01-31T10:00", "2026-01-31 10:00:00",
                                        "2026-01-31T10:00:00.123456Z", "2026-01-31T10:00+01:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        check_kinds(texts[i], (const segi_token_kind[]){SEGI_TOKEN_DATE, SEGI_TOKEN_END});
    check_kinds("2026 - 01", (const segi_token_kind[]){SEGI_TOKEN_NUMBER, SEGI_TOKEN_MINUS,
                                                       SEGI_TOKEN_NUMBER, SEGI_TOKEN_END});
}
END_TEST

START_TEST(test_lexer__comments_end_with_the_line)
{
    check_kinds("-- all of it", (const segi_token_kind[]){SEGI_TOKEN_END});
    check_kinds("a -- rest\nb -", (const segi_token_kind[]){SEGI_TOKEN_WORD, SEGI_TOKEN_WORD,
                                                            SEGI_TOKEN_MINUS, SEGI_TOKEN_END});
}
END_TEST

START_TEST(test_lexer__unquotes_escapes)
{
    static const struct {
        const char *text, *value;
    } cases[] = {{"\"a\"", "a"},
                 {"\"\"", ""},
                 {"\"a\\\"b\\\\c\\/d\\`\"", "a\"b\\c/d`"},
                 {"\"\\n\\t\\r\"", "\n\t\r"},
                 {"\"\\u00e9\\u20ac\"", "\xc3\xa9\xe2\x82\xac"},
                 {"\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80"},
                 {"\"\\u007f\"", "\x7f"}};
    segi_arena arena;
    segi_arena_init(&arena, segi_mem_default());
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        seg_error err = SEG_ERROR_INIT;
        segi_lexer lexer;
        segi_lexer_init(&lexer, cases[i].text, (uint32_t)strlen(cases[i].text), &err);
        segi_token token = segi_lexer_next(&lexer);
        ck_assert_int_eq(token.kind, SEGI_TOKEN_STRING);
        const char *value;
        size_t size;
        ck_assert(segi_token_unquote(&lexer, token, &arena, &value, &size));
        ck_assert_uint_eq(size, strlen(cases[i].value));
        ck_assert(memcmp(value, cases[i].value, size) == 0);
    }
    segi_arena_deinit(&arena);
}
END_TEST

START_TEST(test_lexer__refuses_bad_escapes)
{
    static const char *const texts[] = {"\"\\q\"",
                                        "\"\\u12\"",
                                        "\"\\u0000\"",
                                        "\"\\ud83d\"",
                                        "\"\\ud83d\\u0041\"",
                                        "\"\\udc00\"",
                                        "\"a",
                                        "\"a\nb\"",
                                        "`a",
                                        "``",
                                        "$",
                                        "@1",
                                        "5days",
                                        "0x10",
                                        ".5",
                                        "#",
                                        "\xc3\xa9",
                                        "2026-13-01",
                                        "2026-02-30T10:00"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        seg_error err = SEG_ERROR_INIT;
        segi_lexer lexer;
        segi_lexer_init(&lexer, texts[i], (uint32_t)strlen(texts[i]), &err);
        ck_assert_msg(segi_lexer_next(&lexer).kind == SEGI_TOKEN_ERROR, "%s", texts[i]);
        ck_assert_int_eq(lexer.status, SEG_E_SYNTAX);
        ck_assert(err.message[0] != '\0');
        ck_assert(err.offset >= 0);
    }
}
END_TEST

START_TEST(test_lexer__checks_the_whole_text)
{
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_text_check("abc", 3, &err), SEG_OK);
    ck_assert_int_eq(segi_text_check("", 0, &err), SEG_OK);
    ck_assert_int_eq(segi_text_check("ab\0c", 4, &err), SEG_E_SYNTAX);
    ck_assert_int_eq(err.offset, 2);
    ck_assert_int_eq(segi_text_check("\xc3\xa9\xff", 3, &err), SEG_E_SYNTAX);
    ck_assert_int_eq(err.offset, 2);
    ck_assert_int_eq(segi_text_check("ab\xe2\x82", 4, &err), SEG_E_SYNTAX);
    ck_assert_int_eq(err.offset, 2);
    ck_assert_int_eq(segi_text_check("x", (size_t)SEG_TEXT_SIZE_MAX + 1, &err), SEG_E_LIMIT);
}
END_TEST

START_TEST(test_lexer__words_fold_case)
{
    ck_assert(segi_word_is("AND", 3, "and"));
    ck_assert(segi_word_is("aNd", 3, "and"));
    ck_assert(!segi_word_is("an", 2, "and"));
    ck_assert(!segi_word_is("andy", 4, "and"));
    segi_unit unit;
    ck_assert(segi_unit_of("Days", 4, &unit) && unit == SEGI_UNIT_DAY);
    ck_assert(segi_unit_of("quarter", 7, &unit) && unit == SEGI_UNIT_QUARTER);
    ck_assert(!segi_unit_of("s", 1, &unit));
    ck_assert(segi_word_reserved("Not", 3));
    ck_assert(!segi_word_reserved("month", 5));
    ck_assert(segi_word_known("month", 5));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/lexer");
    TCase *t = tcase_create("lexer");
    tcase_add_test(t, test_lexer__splits_all_kinds);
    tcase_add_test(t, test_lexer__dates_and_instants);
    tcase_add_test(t, test_lexer__comments_end_with_the_line);
    tcase_add_test(t, test_lexer__unquotes_escapes);
    tcase_add_test(t, test_lexer__refuses_bad_escapes);
    tcase_add_test(t, test_lexer__checks_the_whole_text);
    tcase_add_test(t, test_lexer__words_fold_case);
    suite_add_tcase(s, t);
    return s;
}
