/* test_lint.c - seg/lint.h through the public header: places in text and JSON, saved segments,
 * options, arguments. */
#include "api_fixture.h"

static seg_store *vip_open(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    CK_OK(seg_store_define_attribute(store, TEXT("vip"), SEG_TYPE_BOOL, 0, &err), err);
    return store;
}

static seg_lint *lint_of(seg_store *store, const char *text, uint32_t flags, int64_t retention)
{
    seg_error err = SEG_ERROR_INIT;
    seg_lint_options options = SEG_LINT_OPTIONS_INIT;
    seg_lint *lint = NULL;
    options.flags = flags;
    options.retention_us = retention;
    CK_OK(seg_segment_lint(store, text, strlen(text), &options, &lint, &err), err);
    return lint;
}

static seg_finding finding_at(const seg_lint *lint, uint64_t index)
{
    seg_error err = SEG_ERROR_INIT;
    seg_finding finding = {.struct_size = sizeof finding};
    CK_OK(seg_lint_at(lint, index, &finding, &err), err);
    return finding;
}

START_TEST(test_lint__errors_come_first_with_their_places)
{
    seg_store *store = vip_open();
    seg_lint *lint = lint_of(store, "vip or vip and\n seats => 5 and cuntry = \"DE\"", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 2);
    seg_finding finding = finding_at(lint, 0);
    ck_assert_uint_eq(finding.level, SEG_LINT_ERROR);
    ck_assert_int_eq(finding.code, SEG_E_SYNTAX);
    ck_assert_str_eq(finding.id, "syntax");
    ck_assert_str_eq(finding.message, "there is no \"=>\" in this language");
    ck_assert_str_eq(finding.hint, "use >=");
    ck_assert_int_eq(finding.offset, 22);
    ck_assert_int_eq(finding.length, 2);
    ck_assert_uint_eq(finding.line, 2);
    ck_assert_uint_eq(finding.column, 8);
    finding = finding_at(lint, 1);
    ck_assert_str_eq(finding.id, "unknown-name");
    ck_assert_str_eq(finding.hint, "did you mean \"country\"?");
    ck_assert_int_eq(finding.offset, 31);
    seg_lint_destroy(lint);
    lint = lint_of(store, "cuntry = \"DE\" or vip or vip", SEG_LINT_OPEN, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 2);
    finding = finding_at(lint, 0);
    ck_assert_uint_eq(finding.level, SEG_LINT_WARNING);
    ck_assert_int_eq(finding.code, SEG_OK);
    ck_assert_str_eq(finding.id, "unknown-name");
    ck_assert_str_eq(finding_at(lint, 1).id, "redundant");
    seg_lint_destroy(lint);
    lint = lint_of(store, "vip", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 0);
    seg_lint_destroy(lint);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_lint__saved_segments_that_say_the_same)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = vip_open();
    CK_OK(seg_store_define_segment(store, TEXT("rich"), TEXT("seats > 5 and vip"), NULL, &err),
          err);
    seg_lint *lint = lint_of(store, "vip   and seats > 5", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 1);
    seg_finding finding = finding_at(lint, 0);
    ck_assert_str_eq(finding.id, "duplicate-segment");
    ck_assert_str_eq(finding.message, "the saved segment \"rich\" says the same");
    ck_assert_str_eq(finding.hint, "in segment \"rich\"");
    ck_assert_int_eq(finding.offset, 0);
    ck_assert_int_eq(finding.length, 19);
    seg_lint_destroy(lint);
    /* After another definition it is another one. */
    CK_OK(seg_store_define_segment(store, TEXT("rich"), TEXT("seats > 6 and vip"), NULL, &err),
          err);
    lint = lint_of(store, "vip and seats > 5", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 0);
    seg_lint_destroy(lint);
    lint = lint_of(store, "in segment \"rich\"", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 0);
    seg_lint_destroy(lint);
    lint = lint_of(store, "in segment \"poor\" and in segment \"rihc\"", 0, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 2);
    seg_lint_destroy(lint);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_lint__documents_in_json)
{
    seg_store *store = vip_open();
    static const char json[] =
        "{\"v\":1,\"expr\":{\"type\":\"any\",\"of\":[{\"type\":\"is_true\",\"value\":{\"type\":"
        "\"name\",\"name\":\"vip\"}},{\"type\":\"is_true\",\"value\":{\"type\":\"name\","
        "\"name\":\"vip\"}}]}}";
    seg_lint *lint = lint_of(store, json, SEG_LINT_JSON, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 1);
    seg_finding finding = finding_at(lint, 0);
    ck_assert_str_eq(finding.id, "redundant");
    ck_assert_msg(strncmp(finding.message, "/expr/of/1", 10) == 0, "%s", finding.message);
    ck_assert_int_gt(finding.offset, 70);
    seg_lint_destroy(lint);
    lint = lint_of(store, "{\"v\":1}", SEG_LINT_JSON, 0);
    ck_assert_uint_eq(seg_lint_count(lint), 1);
    ck_assert_str_eq(finding_at(lint, 0).id, "syntax");
    seg_lint_destroy(lint);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_lint__refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = vip_open();
    seg_lint *lint = NULL;
    seg_lint_options options = SEG_LINT_OPTIONS_INIT;
    seg_finding finding = {.struct_size = sizeof finding};
    CK_FAILS(seg_segment_lint(store, TEXT("vip"), NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_lint(NULL, TEXT("vip"), NULL, &lint, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_lint(store, NULL, 3, NULL, &lint, &err), SEG_E_ARG, err);
    options.flags = 4;
    CK_FAILS(seg_segment_lint(store, TEXT("vip"), &options, &lint, &err), SEG_E_ARG, err);
    options.flags = 0;
    options.retention_us = -1;
    CK_FAILS(seg_segment_lint(store, TEXT("vip"), &options, &lint, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(lint);
    seg_lint_options_init(&options, sizeof options);
    CK_OK(seg_segment_lint(store, TEXT("vip"), &options, &lint, &err), err);
    CK_FAILS(seg_lint_at(lint, 0, &finding, &err), SEG_E_ARG, err);
    CK_FAILS(seg_lint_at(NULL, 0, &finding, &err), SEG_E_ARG, err);
    CK_FAILS(seg_lint_at(lint, 0, NULL, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(seg_lint_count(NULL), 0);
    seg_lint_destroy(lint);
    seg_lint_destroy(NULL);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/lint");
    TCase *t = tcase_create("lint");
    tcase_add_test(t, test_lint__errors_come_first_with_their_places);
    tcase_add_test(t, test_lint__saved_segments_that_say_the_same);
    tcase_add_test(t, test_lint__documents_in_json);
    tcase_add_test(t, test_lint__refuses_bad_arguments);
    suite_add_tcase(s, t);
    return s;
}
