/* unit/base/test_buf.c - base/buf.h and the public seg_buffer. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

static mem_fault fault;
static segi_mem mem;
static segi_buf buf;

static void setup(void)
{
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
    segi_buf_init(&buf, &mem);
}

static void teardown(void)
{
    segi_buf_deinit(&buf);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}

/* The buffer's text since the last reset. */
static const char *text(void)
{
    segi_buf_char(&buf, '\0');
    ck_assert(!buf.failed);
    buf.size--;
    return buf.data;
}

START_TEST(test_buf__writes_integers)
{
    static const struct {
        int64_t value;
        const char *text;
    } cases[] = {{0, "0"},
                 {7, "7"},
                 {-1, "-1"},
                 {1000000, "1000000"},
                 {INT64_MAX, "9223372036854775807"},
                 {INT64_MIN, "-9223372036854775808"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_buf_reset(&buf);
        segi_buf_int(&buf, cases[i].value);
        ck_assert_str_eq(text(), cases[i].text);
    }
    segi_buf_reset(&buf);
    segi_buf_uint(&buf, UINT64_MAX);
    ck_assert_str_eq(text(), "18446744073709551615");
}
END_TEST

START_TEST(test_buf__writes_decimals)
{
    static const struct {
        int64_t mantissa;
        int scale;
        const char *text;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {5, 3, "0.005"},
        {-5, 3, "-0.005"},
        {1250, 2, "12.50"},
        {-1250, 2, "-12.50"},
        {99, 2, "0.99"},
        {100, 2, "1.00"},
        {INT64_MAX, 18, "9.223372036854775807"},
        {INT64_MIN, 18, "-9.223372036854775808"},
        {INT64_MIN, 0, "-9223372036854775808"},
        {1, 18, "0.000000000000000001"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_buf_reset(&buf);
        segi_buf_decimal(&buf, cases[i].mantissa, cases[i].scale);
        ck_assert_str_eq(text(), cases[i].text);
        int64_t mantissa;
        int32_t scale;
        ck_assert(segi_parse_decimal(buf.data, buf.size, &mantissa, &scale));
        ck_assert_int_eq(mantissa, cases[i].mantissa);
        ck_assert_int_eq(scale, cases[i].scale);
    }
}
END_TEST

START_TEST(test_buf__writes_shortest_floats)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{0.0, "0.0"},
                 {-0.0, "-0.0"},
                 {1.0, "1.0"},
                 {0.1, "0.1"},
                 {-2.5, "-2.5"},
                 {1.0 / 3.0, "0.3333333333333333"},
                 {DBL_MAX, "1.7976931348623157e308"},
                 {DBL_TRUE_MIN, "5e-324"},
                 {INFINITY, "Infinity"},
                 {-INFINITY, "-Infinity"},
                 {NAN, "NaN"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_buf_reset(&buf);
        segi_buf_float(&buf, cases[i].value);
        ck_assert_str_eq(text(), cases[i].text);
    }
}
END_TEST

/* Random bit patterns must come back exactly, also where the locale writes a decimal comma. */
START_TEST(test_buf__floats_survive_the_round_trip)
{
    static const char *const locales[] = {"C", "de_DE.UTF-8", "de_DE.utf8", "de_DE", "fr_FR.UTF-8"};
    uint64_t state = 88172645463325252u;
    for (size_t l = 0; l < sizeof locales / sizeof locales[0]; l++) {
        if (setlocale(LC_ALL, locales[l]) == NULL)
            continue;
        for (int i = 0; i < 20000; i++) {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            double value, back;
            memcpy(&value, &state, sizeof value);
            if (!isfinite(value))
                continue;
            segi_buf_reset(&buf);
            segi_buf_float(&buf, value);
            check_fast(buf.size <= SEGI_FLOAT_TEXT_MAX);
            check_fast(segi_parse_float(buf.data, buf.size, &back));
            check_fast(memcmp(&back, &value, sizeof value) == 0);
        }
    }
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(test_buf__formats_short_and_long_text)
{
    segi_buf_format(&buf, "%s has %d rows and %zu bytes", "page", -3, (size_t)7);
    ck_assert_str_eq(text(), "page has -3 rows and 7 bytes");
    for (int width = 250; width < 260; width++) {
        segi_buf_reset(&buf);
        segi_buf_format(&buf, "%*d", width, 1);
        ck_assert_uint_eq(buf.size, (size_t)width);
        ck_assert_int_eq(text()[width - 1], '1');
    }
    segi_buf_reset(&buf);
    segi_buf_format(&buf, "%5000x", 255u);
    ck_assert_uint_eq(buf.size, 5000);
    ck_assert_str_eq(text() + 4998, "ff");
}
END_TEST

START_TEST(test_buf__quotes_text)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *quoted;
    } cases[] = {
        {"", 0, "\"\""},
        {"plain", 5, "\"plain\""},
        {"a\"b\\c", 5, "\"a\\\"b\\\\c\""},
        {"\n\t\r", 3, "\"\\n\\t\\r\""},
        {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\\u007f\""},
        {"\xc3\xa4\xe2\x82\xac", 5, "\"\xc3\xa4\xe2\x82\xac\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_buf_reset(&buf);
        segi_buf_quoted(&buf, cases[i].bytes, cases[i].size);
        ck_assert_str_eq(text(), cases[i].quoted);
    }
}
END_TEST

START_TEST(test_buf__failure_sticks_until_reset)
{
    segi_buf_text(&buf, "kept");
    mem_fault_fail_once(&fault, 1);
    segi_buf_format(&buf, "%100d", 1);
    ck_assert(buf.failed);
    segi_buf_text(&buf, "not added although memory is back");
    ck_assert_uint_eq(buf.size, 4);
    seg_buffer *out;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_buffer_take(&buf, &out, &err), SEG_E_NOMEM);
    ck_assert_ptr_null(out);
    segi_buf_reset(&buf);
    segi_buf_text(&buf, "again");
    ck_assert_str_eq(text(), "again");
}
END_TEST

START_TEST(test_buf__take_hands_over_the_content)
{
    seg_error err = SEG_ERROR_INIT;
    for (uint64_t n = 1;; n++) {
        seg_buffer *out;
        segi_buf_text(&buf, "12345678");
        mem_fault_fail_at(&fault, n);
        seg_status status = segi_buffer_take(&buf, &out, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        if (status == SEG_OK) {
            ck_assert_uint_eq(seg_buffer_size(out), 8);
            ck_assert_str_eq(seg_buffer_data(out), "12345678");
            ck_assert_uint_eq(buf.size, 0);
            seg_buffer_destroy(out);
            ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
            ck_assert(!failed);
            break;
        }
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_ptr_null(out);
        segi_buf_reset(&buf);
    }
    /* An empty buffer is one too. */
    seg_buffer *empty;
    ck_assert_int_eq(segi_buffer_take(&buf, &empty, &err), SEG_OK);
    ck_assert_str_eq(seg_buffer_data(empty), "");
    seg_buffer_destroy(empty);
    seg_buffer_destroy(NULL);
    ck_assert_uint_eq(seg_buffer_size(NULL), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/buf");
    TCase *tc = tcase_create("buf");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_buf__writes_integers);
    tcase_add_test(tc, test_buf__writes_decimals);
    tcase_add_test(tc, test_buf__writes_shortest_floats);
    tcase_add_test(tc, test_buf__floats_survive_the_round_trip);
    tcase_add_test(tc, test_buf__formats_short_and_long_text);
    tcase_add_test(tc, test_buf__quotes_text);
    tcase_add_test(tc, test_buf__failure_sticks_until_reset);
    tcase_add_test(tc, test_buf__take_hands_over_the_content);
    suite_add_tcase(s, tc);
    return s;
}
