/* unit/lang/test_docs.c - the examples of docs/language.md compile, print and compile again; the
 * faulty ones fail with the message and hint that stand there.
 *
 * A block of ```seg holds predicates, apart by empty lines. In a block of ```seg-error each has a
 * line of carets below the place, a line "! message" and a line "? hint" behind it. */
#include <stdio.h>
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"

static const segi_schema *schema;
static char *page;
static size_t page_size;

static void setup(void)
{
    const char *root = getenv("SEG_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/language.md", root == NULL ? "." : root);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    page = malloc(1 << 20);
    ck_assert_ptr_nonnull(page);
    page_size = fread(page, 1, (1 << 20) - 1, file);
    page[page_size] = '\0';
    fclose(file);
    schema = lang_schema(segi_mem_default());
}

static void teardown(void)
{
    segi_schema_release(schema);
    free(page);
}

static segi_predicate *compile(const char *text, size_t size, seg_error *err)
{
    segi_predicate *p;
    seg_error_init(err, sizeof *err);
    seg_status status = lang_compile_with(&lang_resolver, schema, text, size, 0, &p, err);
    ck_assert((status == SEG_OK) == (p != NULL));
    return p;
}

static void check_good(const char *text, size_t size)
{
    seg_error err;
    segi_predicate *p = compile(text, size, &err);
    ck_assert_msg(p != NULL, "%.*s: %s", (int)size, text, err.message);
    segi_buf printed;
    segi_buf_init(&printed, segi_mem_default());
    segi_predicate_print(p, false, &printed);
    segi_predicate *q = compile(printed.data, printed.size, &err);
    ck_assert_msg(q != NULL, "%.*s: %s", (int)printed.size, printed.data, err.message);
    ck_assert_msg(lang_nodes_equal(p->root, q->root), "%.*s", (int)printed.size, printed.data);
    const char *fault = lang_json_round(schema, p, 0);
    ck_assert_msg(fault == NULL, "%s", fault);
    segi_buf_deinit(&printed);
    segi_predicate_destroy(p);
    segi_predicate_destroy(q);
}

/* The rest of the line that begins with the mark; empty if it is missing. */
static void marked_line(const char *text, size_t size, char mark, char *out, size_t capacity)
{
    const char *end = text + size, *line = text;
    out[0] = '\0';
    while (line < end) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (stop == NULL)
            stop = end;
        if (line[0] == mark && (line + 1 == stop || line[1] == ' ')) {
            size_t length = line + 1 == stop ? 0 : (size_t)(stop - line) - 2;
            ck_assert_uint_lt(length, capacity);
            memcpy(out, line + 2, length);
            out[length] = '\0';
            return;
        }
        line = stop + 1;
    }
}

/* The carets below a text, and the size of the text above them. */
static size_t take_carets(const char *text, size_t size, size_t *out_offset, size_t *out_count)
{
    size_t line = size;
    while (line > 0 && text[line - 1] != '\n')
        line--;
    *out_offset = strspn(text + line, " ");
    *out_count = strspn(text + line + *out_offset, "^");
    ck_assert_msg(line > 0 && *out_count > 0 && line + *out_offset + *out_count == size,
                  "%.*s: no carets", (int)size, text);
    return line - 1;
}

static void check_bad(const char *text, size_t size)
{
    char message[300], hint[300];
    size_t offset, carets;
    const char *mark = strstr(text, "\n! ");
    ck_assert_msg(mark != NULL && mark < text + size, "%.*s", (int)size, text);
    size_t own = (size_t)(mark - text);
    marked_line(mark + 1, size - own - 1, '!', message, sizeof message);
    marked_line(mark + 1, size - own - 1, '?', hint, sizeof hint);
    seg_error err;
    own = take_carets(text, own, &offset, &carets);
    segi_predicate *p = compile(text, own, &err);
    ck_assert_msg(p == NULL, "%.*s compiles", (int)own, text);
    ck_assert_msg(err.offset == (int64_t)offset, "%.*s: offset %lld", (int)own, text,
                  (long long)err.offset);
    ck_assert_msg(err.length == (int64_t)carets || (err.length == 0 && carets == 1),
                  "%.*s: length %lld", (int)own, text, (long long)err.length);
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(err.hint, hint);
}

/* "! [id] message" of the one remark that there is. */
static void check_lint(const char *text, size_t size)
{
    char wanted[300], hint[300], said[600];
    const char *mark = strstr(text, "\n! ");
    ck_assert_msg(mark != NULL && mark < text + size, "%.*s", (int)size, text);
    size_t own = (size_t)(mark - text);
    marked_line(mark + 1, size - own - 1, '!', wanted, sizeof wanted);
    marked_line(mark + 1, size - own - 1, '?', hint, sizeof hint);
    segi_findings findings;
    segi_predicate *p;
    seg_error err = SEG_ERROR_INIT;
    segi_findings_init(&findings, segi_mem_default());
    ck_assert_int_eq(segi_lint(segi_mem_default(),
                               &(segi_source){.schema = schema, .text = text, .text_size = own},
                               NULL, 0, &findings, &p, &err),
                     SEG_OK);
    ck_assert_msg(findings.count == 1 && p != NULL, "%.*s: %zu findings", (int)own, text,
                  findings.count);
    snprintf(said, sizeof said, "[%s] %s", findings.list[0].id, findings.list[0].error.message);
    ck_assert_str_eq(said, wanted);
    ck_assert_str_eq(findings.list[0].error.hint, hint);
    ck_assert_int_ge(findings.list[0].error.offset, 0);
    segi_predicate_destroy(p);
    segi_findings_deinit(&findings);
}

/* Calls check for each example in the blocks that open with the fence; returns how many. */
static size_t each_example(const char *fence, void (*check)(const char *text, size_t size))
{
    size_t count = 0;
    for (const char *block = strstr(page, fence); block != NULL; block = strstr(block, fence)) {
        const char *at = block + strlen(fence);
        const char *end = strstr(at, "\n```");
        ck_assert_ptr_nonnull(end);
        while (at < end) {
            const char *stop = strstr(at, "\n\n");
            if (stop == NULL || stop > end)
                stop = end;
            check(at, (size_t)(stop - at));
            count++;
            at = stop + 2;
        }
        block = end;
    }
    return count;
}

START_TEST(test_docs__examples_compile)
{
    ck_assert_uint_gt(each_example("\n```seg\n", check_good), 60);
}
END_TEST

START_TEST(test_docs__error_table_is_true)
{
    ck_assert_uint_gt(each_example("\n```seg-error\n", check_bad), 30);
}
END_TEST

START_TEST(test_docs__warnings_are_true)
{
    ck_assert_uint_gt(each_example("\n```seg-lint\n", check_lint), 14);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/docs");
    TCase *t = tcase_create("docs");
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_docs__examples_compile);
    tcase_add_test(t, test_docs__error_table_is_true);
    tcase_add_test(t, test_docs__warnings_are_true);
    suite_add_tcase(s, t);
    return s;
}
