/* unit/base/test_error.c - base/error.h and the error part of seg/base.h. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "support/check_main.h"

START_TEST(test_error__names_every_status)
{
    ck_assert_str_eq(seg_status_name(SEG_OK), "SEG_OK");
    ck_assert_str_eq(seg_status_name(SEG_E_SYNTAX), "SEG_E_SYNTAX");
    ck_assert_str_eq(seg_status_name(SEG_E_INTERNAL), "SEG_E_INTERNAL");
    ck_assert_str_eq(seg_status_name(-119), "SEG_E_UNKNOWN");
    ck_assert_str_eq(seg_status_name(1), "SEG_E_UNKNOWN");
    ck_assert_str_eq(seg_status_name(INT32_MIN), "SEG_E_UNKNOWN");
}
END_TEST

START_TEST(test_error__fail_fills_and_clears)
{
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_fail(&err, SEG_E_TYPE, "%s is not a %s", "plan", "number"), SEG_E_TYPE);
    ck_assert_int_eq(err.code, SEG_E_TYPE);
    ck_assert_str_eq(err.message, "plan is not a number");
    ck_assert_int_eq(err.offset, -1);
    segi_error_span(&err, 12, 4);
    segi_error_row(&err, 3);
    segi_error_errno(&err, 5);
    segi_error_hint(&err, "write %d", 5);
    ck_assert_int_eq(err.offset, 12);
    ck_assert_int_eq(err.length, 4);
    ck_assert_uint_eq(err.line, 3);
    ck_assert_int_eq(err.os_errno, 5);
    ck_assert_str_eq(err.hint, "write 5");
    ck_assert_str_eq(err.message, "plan is not a number");

    /* The old message may be an argument of the new one. */
    segi_fail(&err, SEG_E_DATA, "row refused: %s", err.message);
    ck_assert_str_eq(err.message, "row refused: plan is not a number");
    ck_assert_int_eq(err.offset, -1);
    ck_assert_uint_eq(err.line, 0);
    ck_assert_int_eq(err.os_errno, 0);
    ck_assert_str_eq(err.hint, "");

    segi_error_clear(&err);
    ck_assert_int_eq(err.code, SEG_OK);
    ck_assert_str_eq(err.message, "");
    ck_assert_uint_eq(err.struct_size, sizeof err);
}
END_TEST

START_TEST(test_error__null_is_allowed_everywhere)
{
    ck_assert_int_eq(segi_fail(NULL, SEG_E_ARG, "x"), SEG_E_ARG);
    ck_assert_int_eq(segi_fail_nomem(NULL), SEG_E_NOMEM);
    segi_error_span(NULL, 1, 1);
    segi_error_row(NULL, 1);
    segi_error_errno(NULL, 1);
    segi_error_hint(NULL, "x");
    segi_error_locate(NULL, "x", 1);
    segi_error_clear(NULL);
    seg_error_init(NULL, sizeof(seg_error));
}
END_TEST

/* A caller compiled with any other size gets what fits and not one byte more. */
START_TEST(test_error__respects_every_size)
{
    unsigned char bytes[sizeof(seg_error) + 64];
    for (size_t size = 0; size <= sizeof bytes; size++) {
        memset(bytes, 0xee, sizeof bytes);
        seg_error *err = (seg_error *)(void *)bytes;
        uint32_t size_32 = (uint32_t)size;
        memcpy(bytes, &size_32, sizeof size_32);
        segi_fail(err, SEG_E_DATA, "%0200d", 7);
        segi_error_hint(err, "%0200d", 8);
        segi_error_span(err, 1, 2);
        size_t written = size < offsetof(seg_error, message) ? 4 : size;
        if (written > sizeof(seg_error))
            written = sizeof(seg_error);
        for (size_t i = written; i < sizeof bytes; i++)
            ck_assert_msg(bytes[i] == 0xee, "size %zu: byte %zu written", size, i);
        if (size > offsetof(seg_error, message))
            ck_assert_ptr_nonnull(memchr(err->message, 0, size - offsetof(seg_error, message)));
        if (size > offsetof(seg_error, hint))
            ck_assert_ptr_nonnull(memchr(err->hint, 0, size - offsetof(seg_error, hint)));
        uint32_t size_after;
        memcpy(&size_after, bytes, sizeof size_after);
        ck_assert_uint_eq(size_after, size_32);
    }
}
END_TEST

START_TEST(test_error__init_respects_sizes)
{
    unsigned char bytes[sizeof(seg_error) + 16];
    memset(bytes, 0xee, sizeof bytes);
    seg_error_init((seg_error *)(void *)bytes, 10);
    ck_assert_uint_eq(bytes[0], 0xee);
    seg_error_init((seg_error *)(void *)bytes, sizeof bytes);
    seg_error *err = (seg_error *)(void *)bytes;
    ck_assert_uint_eq(err->struct_size, sizeof bytes);
    ck_assert_int_eq(err->offset, -1);
    ck_assert_uint_eq(bytes[sizeof bytes - 1], 0);
}
END_TEST

START_TEST(test_error__cuts_at_a_character)
{
    /* 1 to 4 letters, then only characters of two to four bytes: the cut meets each position. */
    static const char *const characters[] = {"\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    for (size_t c = 0; c < 3; c++) {
        for (size_t lead = 0; lead < 5; lead++) {
            char text[400];
            memset(text, 'x', lead);
            size_t size = lead;
            while (size + 4 < sizeof text) {
                memcpy(text + size, characters[c], strlen(characters[c]));
                size += strlen(characters[c]);
            }
            seg_error err = SEG_ERROR_INIT;
            segi_fail(&err, SEG_E_DATA, "%.*s", (int)size, text);
            size_t length = strlen(err.message);
            ck_assert_uint_ge(length, 236);
            ck_assert_uint_lt(length, sizeof err.message);
            ck_assert_str_eq(err.message + length - 3, "...");
            ck_assert(segi_utf8_valid(err.message, length));
        }
    }
    seg_error err = SEG_ERROR_INIT;
    segi_fail(&err, SEG_E_DATA, "%0239d", 1);
    ck_assert_uint_eq(strlen(err.message), 239);
    ck_assert_int_eq(err.message[238], '1');
    segi_fail(&err, SEG_E_DATA, "%0240d", 1);
    ck_assert_str_eq(err.message + 236, "...");
}
END_TEST

START_TEST(test_error__hostile_names_become_clean_text)
{
    seg_error err = SEG_ERROR_INIT;
    segi_fail(&err, SEG_E_DATA, "name %s", "a\xff\x1b[0m\nb");
    ck_assert_str_eq(err.message, "name a??[0m?b");
    segi_fail(&err, SEG_E_DATA, "name %s", "\xc3\xa4\x07");
    ck_assert_str_eq(err.message, "name \xc3\xa4?");
}
END_TEST

START_TEST(test_error__locates_line_and_column)
{
    static const char text[] = "ab\n\xc3\xa4\xc3\xa4 x\n";
    static const struct {
        size_t offset;
        uint64_t line;
        uint32_t column;
    } cases[] = {{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {7, 2, 3}, {8, 2, 4}, {10, 3, 1}, {99, 3, 1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        seg_error err = SEG_ERROR_INIT;
        segi_fail(&err, SEG_E_SYNTAX, "x");
        segi_error_span(&err, cases[i].offset, 1);
        segi_error_locate(&err, text, sizeof text - 1);
        ck_assert_uint_eq(err.line, cases[i].line);
        ck_assert_uint_eq(err.column, cases[i].column);
    }
    seg_error err = SEG_ERROR_INIT;
    segi_error_locate(&err, text, sizeof text - 1);
    ck_assert_uint_eq(err.line, 0);
}
END_TEST

/* ---- versioned structs ---- */

typedef struct options {
    uint32_t struct_size;
    uint32_t flags;
    uint64_t limit;
} options;

typedef struct options_newer {
    options known;
    uint64_t later[2];
} options_newer;

START_TEST(test_error__options_read_accepts_old_and_new)
{
    options own;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_options_read(&own, sizeof own, NULL, 8, "options", &err), SEG_OK);
    ck_assert_uint_eq(own.struct_size, sizeof own);
    ck_assert_uint_eq(own.limit, 0);

    options_newer given = {{8, 3, 77}, {0, 0}};
    ck_assert_int_eq(segi_options_read(&own, sizeof own, &given, 8, "options", &err), SEG_OK);
    ck_assert_uint_eq(own.flags, 3);
    ck_assert_uint_eq(own.limit, 0);
    ck_assert_uint_eq(own.struct_size, sizeof own);
    given.known.struct_size = (uint32_t)sizeof given;
    ck_assert_int_eq(segi_options_read(&own, sizeof own, &given, 8, "options", &err), SEG_OK);
    ck_assert_uint_eq(own.limit, 77);
    given.later[1] = (uint64_t)1 << 63;
    ck_assert_int_eq(segi_options_read(&own, sizeof own, &given, 8, "options", &err),
                     SEG_E_VERSION);

    static const uint32_t absurd[] = {0, 3, 7, 4097, UINT32_MAX};
    for (size_t i = 0; i < sizeof absurd / sizeof absurd[0]; i++) {
        given.known.struct_size = absurd[i];
        ck_assert_int_eq(segi_options_read(&own, sizeof own, &given, 8, "options", &err),
                         SEG_E_ARG);
    }
}
END_TEST

START_TEST(test_error__options_write_fits_the_caller)
{
    options own = {(uint32_t)sizeof own, 5, 77};
    seg_error err = SEG_ERROR_INIT;
    options_newer target;
    memset(&target, 0xee, sizeof target);
    target.known.struct_size = 8;
    ck_assert_int_eq(segi_options_write(&target, &own, sizeof own, "out", &err), SEG_OK);
    ck_assert_uint_eq(target.known.struct_size, 8);
    ck_assert_uint_eq(target.known.flags, 5);
    ck_assert_uint_eq(target.known.limit, 0xeeeeeeeeeeeeeeeeu);
    target.known.struct_size = (uint32_t)sizeof target;
    ck_assert_int_eq(segi_options_write(&target, &own, sizeof own, "out", &err), SEG_OK);
    ck_assert_uint_eq(target.known.struct_size, sizeof target);
    ck_assert_uint_eq(target.known.limit, 77);
    ck_assert_uint_eq(target.later[1], 0);
    target.known.struct_size = 0;
    ck_assert_int_eq(segi_options_write(&target, &own, sizeof own, "out", &err), SEG_E_ARG);
    ck_assert_int_eq(segi_options_write(NULL, &own, sizeof own, "out", &err), SEG_E_ARG);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/error");
    TCase *tc = tcase_create("error");
    tcase_add_test(tc, test_error__names_every_status);
    tcase_add_test(tc, test_error__fail_fills_and_clears);
    tcase_add_test(tc, test_error__null_is_allowed_everywhere);
    tcase_add_test(tc, test_error__respects_every_size);
    tcase_add_test(tc, test_error__init_respects_sizes);
    tcase_add_test(tc, test_error__cuts_at_a_character);
    tcase_add_test(tc, test_error__hostile_names_become_clean_text);
    tcase_add_test(tc, test_error__locates_line_and_column);
    tcase_add_test(tc, test_error__options_read_accepts_old_and_new);
    tcase_add_test(tc, test_error__options_write_fits_the_caller);
    suite_add_tcase(s, tc);
    return s;
}
