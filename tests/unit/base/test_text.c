/* unit/base/test_text.c - base/text.h: UTF-8, numbers as text, likeness of names. */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "support/check_main.h"

START_TEST(test_text__utf8_tells_good_from_bad)
{
    static const struct {
        const char *text;
        bool valid;
    } cases[] = {
        {"", true},
        {"plain ASCII that is longer than eight bytes", true},
        {"\xc2\x80", true},
        {"\xdf\xbf", true},
        {"\xe0\xa0\x80", true},
        {"\xed\x9f\xbf", true},
        {"\xee\x80\x80", true},
        {"\xef\xbf\xbf", true},
        {"\xf0\x90\x80\x80", true},
        {"\xf4\x8f\xbf\xbf", true},
        {"eight by\xc3\xa4nd more text", true},
        {"\x80", false},
        {"\xbf", false},
        {"\xc0\x80", false}, /* overlong */
        {"\xc1\xbf", false},
        {"\xe0\x9f\xbf", false},
        {"\xf0\x8f\xbf\xbf", false},
        {"\xed\xa0\x80", false}, /* surrogate */
        {"\xed\xbf\xbf", false},
        {"\xf4\x90\x80\x80", false}, /* beyond U+10FFFF */
        {"\xf5\x80\x80\x80", false},
        {"\xff", false},
        {"\xc3", false}, /* cut */
        {"\xe2\x82", false},
        {"\xf0\x9f\x98", false},
        {"\xc3(", false},
        {"\xe2\x82(", false},
        {"\xf0\x9f\x98(", false},
        {"exactly8\xff", false},
        {"1234567\xff"
         "9abcdefg",
         false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(segi_utf8_valid(cases[i].text, strlen(cases[i].text)) == cases[i].valid,
                      "case %zu", i);
    ck_assert(segi_utf8_valid("a\0b", 3));
}
END_TEST

/* Every sequence of up to three bytes against the definition by code points. */
START_TEST(test_text__utf8_agrees_with_the_definition)
{
    for (uint32_t code = 0; code <= 0x110000; code++) {
        char bytes[4];
        size_t size;
        if (code < 0x80) {
            bytes[0] = (char)code;
            size = 1;
        } else if (code < 0x800) {
            bytes[0] = (char)(0xc0 | code >> 6);
            bytes[1] = (char)(0x80 | (code & 63));
            size = 2;
        } else if (code < 0x10000) {
            bytes[0] = (char)(0xe0 | code >> 12);
            bytes[1] = (char)(0x80 | (code >> 6 & 63));
            bytes[2] = (char)(0x80 | (code & 63));
            size = 3;
        } else {
            bytes[0] = (char)(0xf0 | code >> 18);
            bytes[1] = (char)(0x80 | (code >> 12 & 63));
            bytes[2] = (char)(0x80 | (code >> 6 & 63));
            bytes[3] = (char)(0x80 | (code & 63));
            size = 4;
        }
        bool valid = code < 0x110000 && (code < 0xd800 || code > 0xdfff);
        if (segi_utf8_valid(bytes, size) != valid)
            ck_abort_msg("code point %x", (unsigned)code);
        if (size > 1 && segi_utf8_valid(bytes, size - 1))
            ck_abort_msg("code point %x, cut", (unsigned)code);
    }
}
END_TEST

START_TEST(test_text__utf8_length_counts_code_points)
{
    ck_assert_uint_eq(segi_utf8_length("", 0), 0);
    ck_assert_uint_eq(segi_utf8_length("abc", 3), 3);
    ck_assert_uint_eq(segi_utf8_length("a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", 10), 4);
}
END_TEST

START_TEST(test_text__parses_decimals)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t mantissa;
        int32_t scale;
    } cases[] = {
        {"0", true, 0, 0},
        {"-0", true, 0, 0},
        {"+7", true, 7, 0},
        {"12.50", true, 1250, 2},
        {"-12.50", true, -1250, 2},
        {"007.1", true, 71, 1},
        {"9223372036854775807", true, INT64_MAX, 0},
        {"-9223372036854775808", true, INT64_MIN, 0},
        {"-9.223372036854775808", true, INT64_MIN, 18},
        {"0.000000000000000001", true, 1, 18},
        {"9223372036854775808", false, 0, 0},
        {"-9223372036854775809", false, 0, 0},
        {"0.0000000000000000001", false, 0, 0},
        {"92233720368547758070", false, 0, 0},
        {"", false, 0, 0},
        {"+", false, 0, 0},
        {"-", false, 0, 0},
        {".", false, 0, 0},
        {".5", false, 0, 0},
        {"5.", false, 0, 0},
        {"1.2.3", false, 0, 0},
        {"1e3", false, 0, 0},
        {"1,5", false, 0, 0},
        {" 1", false, 0, 0},
        {"1 ", false, 0, 0},
        {"--1", false, 0, 0},
        {"+-1", false, 0, 0},
        {"0x10", false, 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t mantissa = 99;
        int32_t scale = 99;
        bool valid = segi_parse_decimal(cases[i].text, strlen(cases[i].text), &mantissa, &scale);
        ck_assert_msg(valid == cases[i].valid, "%s", cases[i].text);
        ck_assert_int_eq(mantissa, cases[i].mantissa);
        ck_assert_int_eq(scale, cases[i].scale);
    }
}
END_TEST

START_TEST(test_text__parses_integers)
{
    static const struct {
        const char *text;
        bool valid;
        int64_t value;
    } cases[] = {
        {"42", true, 42},
        {"-42", true, -42},
        {"+42", true, 42},
        {"00", true, 0},
        {"1.0", false, 0},
        {"1.", false, 0},
        {"", false, 0},
        {"1e0", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t value = 99;
        bool valid = segi_parse_int(cases[i].text, strlen(cases[i].text), &value);
        ck_assert_msg(valid == cases[i].valid, "%s", cases[i].text);
        ck_assert_int_eq(value, cases[i].value);
    }
    /* Bytes behind the size are not looked at. */
    int64_t value;
    ck_assert(segi_parse_int("12345", 3, &value));
    ck_assert_int_eq(value, 123);
}
END_TEST

START_TEST(test_text__parses_floats)
{
    static const struct {
        const char *text;
        bool valid;
        double value;
    } cases[] = {
        {"0", true, 0.0},
        {"1", true, 1.0},
        {"-1.5", true, -1.5},
        {"+1.5", true, 1.5},
        {"007", true, 7.0},
        {"-00.25", true, -0.25},
        {"1e3", true, 1000.0},
        {"1E+3", true, 1000.0},
        {"25e-2", true, 0.25},
        {"0.1", true, 0.1},
        {"9007199254740993", true, 9007199254740992.0}, /* halfway: to even */
        {"9007199254740993.0000000001", true, 9007199254740994.0},
        {"18446744073709551616", true, 18446744073709551616.0},
        {"2.2250738585072011e-308", true, 2.2250738585072011e-308},
        {"1.7976931348623157e308", true, DBL_MAX},
        {"5e-324", true, DBL_TRUE_MIN},
        {"1e-400", true, 0.0},
        {"1e309", false, 0},
        {"-1e999", false, 0},
        {"", false, 0},
        {"+", false, 0},
        {".5", false, 0},
        {"5.", false, 0},
        {"1e", false, 0},
        {"1e+", false, 0},
        {"1.e5", false, 0},
        {"1,5", false, 0},
        {"nan", false, 0},
        {"inf", false, 0},
        {"Infinity", false, 0},
        {"0x1p3", false, 0},
        {"1.5x", false, 0},
        {" 1", false, 0},
        {"1 ", false, 0},
        {"1_000", false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        double value = 99;
        bool valid = segi_parse_float(cases[i].text, strlen(cases[i].text), &value);
        ck_assert_msg(valid == cases[i].valid, "%s", cases[i].text);
        ck_assert_msg(memcmp(&value, &cases[i].value, sizeof value) == 0, "%s", cases[i].text);
    }
    double value;
    ck_assert(segi_parse_float("-0", 2, &value));
    ck_assert(signbit(value));
}
END_TEST

START_TEST(test_text__long_floats)
{
    /* Digits far beyond what a double holds still round correctly; absurd lengths are refused. */
    char text[1100];
    memset(text, '0', sizeof text);
    memcpy(text, "0.5", 3);
    text[1000] = '1';
    double value;
    ck_assert(segi_parse_float(text, 1001, &value));
    ck_assert_double_eq(value, 0.5);
    memset(text, '0', sizeof text);
    ck_assert(segi_parse_float(text, 1024, &value));
    ck_assert(!segi_parse_float(text, 1025, &value));
    memset(text, '9', sizeof text);
    ck_assert(segi_parse_float(text, 300, &value));
    ck_assert_double_eq(value, 1e300);
    ck_assert(!segi_parse_float(text, 310, &value));
}
END_TEST

START_TEST(test_text__rescales_without_loss)
{
    static const struct {
        int64_t mantissa;
        int32_t from, to;
        bool valid;
        int64_t result;
    } cases[] = {
        {5, 0, 2, true, 500},
        {500, 2, 0, true, 5},
        {501, 2, 0, false, 0},
        {-50, 1, 0, true, -5},
        {0, 0, 18, true, 0},
        {0, 0, 400, true, 0},
        {0, 400, 0, true, 0},
        {1, 0, 18, true, 1000000000000000000},
        {10, 0, 18, false, 0},
        {1, 0, 19, false, 0},
        {1, 19, 0, false, 0},
        {INT64_MIN, 0, 1, false, 0},
        {INT64_MIN, 3, 3, true, INT64_MIN},
        {1, INT32_MIN, INT32_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t result = 99;
        ck_assert_int_eq(
            segi_decimal_rescale(cases[i].mantissa, cases[i].from, cases[i].to, &result),
            cases[i].valid);
        ck_assert_int_eq(result, cases[i].result);
    }
    ck_assert_int_eq(segi_pow10(0), 1);
    ck_assert_int_eq(segi_pow10(18), 1000000000000000000);
}
END_TEST

START_TEST(test_text__distance_between_names)
{
    static const struct {
        const char *a, *b;
        uint32_t limit, distance;
    } cases[] = {
        {"", "", 3, 0},
        {"abc", "abc", 3, 0},
        {"Order Complete", "order_complete", 3, 0},
        {"Order Complete", "Order Completed", 3, 1},
        {"plan", "paln", 3, 1}, /* transposed */
        {"ca", "abc", 3, 3},    /* no edit inside a transposed pair */
        {"abcdef", "abcxef", 3, 1},
        {"abcdef", "bcdef", 3, 1},
        {"kitten", "sitting", 5, 3},
        {"kitten", "sitting", 2, 3},
        {"abc", "", 5, 3},
        {"", "abc", 5, 3},
        {"abcdefgh", "12345678", 3, 4},
        {"caf\xc3\xa9", "caf\xc3\xa8", 3, 1},
        {"--", "__", 3, 0},
        {"abc", "xyz", 0, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *a = cases[i].a;
        const char *b = cases[i].b;
        uint32_t there = segi_text_distance(a, strlen(a), b, strlen(b), cases[i].limit);
        uint32_t back = segi_text_distance(b, strlen(b), a, strlen(a), cases[i].limit);
        ck_assert_msg(there == cases[i].distance, "%s %s: %u", a, b, (unsigned)there);
        ck_assert_uint_eq(back, there);
    }
    char longest[65];
    memset(longest, 'a', sizeof longest);
    ck_assert_uint_eq(segi_text_distance(longest, 64, longest, 64, 3), 0);
    ck_assert_uint_eq(segi_text_distance(longest, 65, longest, 65, 3), 4);
    ck_assert_uint_eq(segi_text_distance(longest, 64, "", 0, UINT32_MAX), 64);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/text");
    TCase *tc = tcase_create("text");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_text__utf8_tells_good_from_bad);
    tcase_add_test(tc, test_text__utf8_agrees_with_the_definition);
    tcase_add_test(tc, test_text__utf8_length_counts_code_points);
    tcase_add_test(tc, test_text__parses_decimals);
    tcase_add_test(tc, test_text__parses_integers);
    tcase_add_test(tc, test_text__parses_floats);
    tcase_add_test(tc, test_text__long_floats);
    tcase_add_test(tc, test_text__rescales_without_loss);
    tcase_add_test(tc, test_text__distance_between_names);
    suite_add_tcase(s, tc);
    return s;
}
