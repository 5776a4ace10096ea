/* unit/lang/test_json.c - the JSON form: what it says, what it refuses and where, its hash, its
 * limits, and that docs/segment.schema.json says the same. Round trips of many predicates are in
 * test_docs.c and test_print.c. */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "lang/json.h"
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

static segi_predicate *compile(const char *json)
{
    return lang_compile_json(schema, json, strlen(json), 0, &err);
}

static segi_predicate *compile_text(const char *text)
{
    segi_predicate *p;
    seg_error_init(&err, sizeof err);
    lang_compile_with(&lang_resolver, schema, text, strlen(text), SEG_COMPILE_OPEN, &p, &err);
    ck_assert_msg(p != NULL, "%s: %s", text, err.message);
    return p;
}

/* ---- meaning ---- */

START_TEST(test_json__means_what_the_text_says)
{
    static const struct {
        const char *expr, *text;
    } cases[] = {
        {"{\"type\": \"everyone\"}", "everyone"},
        {"{\"type\": \"all\", \"of\": [{\"type\": \"nobody\"}]}", "nobody"},
        {"{\"of\": [{\"type\": \"is_true\", \"value\": {\"type\": \"name\", \"name\": \"vip\"}}, "
         "{\"type\": \"any\", \"of\": [{\"type\": \"is_true\", \"value\": {\"type\": \"name\", "
         "\"name\": \"vip\"}}, {\"type\": \"compare\", \"left\": {\"type\": \"name\", \"name\": "
         "\"seats\"}, \"op\": \">\", \"right\": 3}]}], \"type\": \"all\"}",
         "vip and (vip or seats > 3)"},
        {"{\"type\": \"compare\", \"left\": {\"type\": \"arithmetic\", \"op\": \"*\", \"left\": "
         "{\"type\": \"arithmetic\", \"op\": \"+\", \"left\": {\"type\": \"name\", \"name\": "
         "\"seats\"}, \"right\": -1}, \"right\": 2.50}, \"op\": \"<=\", \"right\": 1e2}",
         "(seats + -1) * 2.5 <= 100"},
        {"{\"type\": \"did\", \"select\": {\"type\": \"event\", \"name\": \"login\"}, \"window\": "
         "{\"type\": \"last\", \"length\": {\"type\": \"duration\", \"count\": {\"param\": \"n\"},"
         " \"unit\": \"day\"}}, \"times\": {\"type\": \"more_than\", \"count\": {\"param\": "
         "\"m\"}}}",
         "did \"login\" more than $m times in last $n days"},
        {"{\"type\": \"did\", \"negated\": true, \"select\": {\"type\": \"any_event\"}, "
         "\"window\": {\"type\": \"around\", \"side\": \"after\", \"length\": \"P14D\", "
         "\"anchor\": {\"type\": \"first\", \"select\": {\"type\": \"event\", \"name\": \"Signed "
         "Up\"}}}}",
         "not did any event within 14 days after first \"Signed Up\" and first(@time) of \"Signed "
         "Up\" ever older than 14 days"},
        {"{\"type\": \"not\", \"expr\": {\"type\": \"compare\", \"left\": {\"type\": \"name\", "
         "\"name\": \"plan\"}, \"op\": \"=\", \"right\": \"a\\\" or everyone\"}}",
         "not plan = \"a\\\" or everyone\""},
        {"{\"type\": \"when\", \"value\": {\"type\": \"aggregate\", \"fn\": \"last\", "
         "\"property\": {\"type\": \"builtin\", \"name\": \"time\"}, \"select\": {\"type\": "
         "\"event\", \"name\": \"login\"}}, \"window\": {\"type\": \"older\", \"length\": "
         "\"P3M\"}}",
         "last(@time) of \"login\" ever older than 3 months"},
        {"{\"type\": \"compare\", \"left\": {\"type\": \"negate\", \"value\": {\"type\": \"name\", "
         "\"name\": \"odd name\"}}, \"op\": \"=\", \"right\": 1}",
         NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char json[2000];
        snprintf(json, sizeof json, "{\"v\": 1, \"expr\": %s}", cases[i].expr);
        segi_predicate *p = compile(json);
        if (cases[i].text == NULL) { /* a text cannot be negated, in either form */
            ck_assert_ptr_null(p);
            ck_assert_int_eq(err.code, SEG_E_TYPE);
            continue;
        }
        ck_assert_msg(p != NULL, "%s: %s", json, err.message);
        segi_buf text;
        segi_buf_init(&text, segi_mem_default());
        segi_predicate_print(p, false, &text);
        segi_buf_char(&text, '\0');
        ck_assert_str_eq(text.data, cases[i].text);
        segi_buf_deinit(&text);
        segi_predicate_destroy(p);
    }
}
END_TEST

/* ---- faults ---- */

START_TEST(test_json__faults_have_pointer_and_place)
{
#define DID(rest) "{\"v\":1,\"expr\":{\"type\":\"did\",\"select\":{\"type\":\"event\"," rest
    static const struct {
        const char *json, *message, *hint, *place; /* place: the bytes that are at fault */
        seg_status status;
    } cases[] = {
        {"", "this is not JSON: there is nothing", "", "", SEG_E_SYNTAX},
        {"{\"v\":1,}", "this is not JSON: ", "", "", SEG_E_SYNTAX},
        {"[]", "expected a predicate, an object", "", "[]", SEG_E_SYNTAX},
        {"{\"v\":2,\"expr\":{\"type\":\"nobody\"}}",
         "/v: this version of the JSON form is not known", "\"v\": 1", "2", SEG_E_SYNTAX},
        {"{\"v\":1}", "the field \"expr\" is missing", "", "{\"v\":1}", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"nobody\",\"why\":1}}", "/expr/why: unknown field \"why\"",
         "", "\"why\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"nobody\"},\"a/b~\":[1]}", "/a~1b~0: unknown field \"a/b~\"",
         "there are v, expr, timezone, week", "\"a/b~\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"al\",\"of\":[]}}",
         "/expr/type: a predicate of type \"al\" is not known here", "did you mean \"all\"?",
         "\"al\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"now\"}}",
         "/expr/type: a predicate of type \"now\" is not known here",
         "it is a value: {\"type\": \"is_true\", \"value\": ...} tests one", "\"now\"",
         SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"of\":[]}}", "/expr: a predicate needs a \"type\"", "", "{\"of\":[]}",
         SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"all\",\"of\":[]}}",
         "/expr/of: expected an array that is not empty", "", "[]", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"all\",\"of\":[{\"type\":\"nobody\"},7]}}",
         "/expr/of/1: expected a predicate, an object", "", "7", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"nobody\",\"type\":\"nobody\"}}",
         "/expr/type: this field stands here twice", "", "\"type\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"v\":1,\"expr\":{\"type\":\"nobody\"}}", "/v: this field stands here twice", "",
         "\"v\"", SEG_E_SYNTAX},
        {DID("\"name\":\"logn\"}}}"), "/expr/select/name: unknown event \"logn\"",
         "did you mean \"login\"?", "\"logn\"", SEG_E_UNKNOWN_NAME},
        {DID("\"name\":\"login\"},\"window\":{\"type\":\"last\",\"length\":\"P1Q\"}}}"),
         "/expr/window/length: expected a length of time in one unit, as in ISO 8601",
         "\"P30D\", \"PT36H\", or {\"type\": \"duration\", \"count\": 1, \"unit\": \"quarter\"}",
         "\"P1Q\"", SEG_E_SYNTAX},
        {DID("\"name\":\"login\"},\"window\":{\"type\":\"since\",\"from\":\"2026-02-30\"}}}"),
         "/expr/window/from: expected a date or an instant",
         "\"2026-01-31\" or \"2026-01-31T18:00:00Z\"", "\"2026-02-30\"", SEG_E_SYNTAX},
        {DID("\"name\":\"login\"},\"times\":{\"type\":\"at_least\",\"count\":2.5}}}"),
         "/expr/times/count: expected a whole number", "3 or {\"param\": \"n\"}", "2.5",
         SEG_E_SYNTAX},
        {DID("\"name\":\"login\"},\"negated\":1}}"), "/expr/negated: expected true or false", "",
         "1", SEG_E_SYNTAX},
        {DID("\"name\":\"login\"},\"window\":{\"type\":\"this\",\"unit\":\"hour\"}}}"),
         "/expr/window/unit: expected one of: day week month quarter year", "", "\"hour\"",
         SEG_E_SYNTAX},
        {DID("\"name\":\"login\"},\"window\":{\"type\":\"this\",\"unit\":\"day\",\"tz\":\"X\"}}}"),
         "/expr/window/tz: there is no time zone named \"X\"", "", "\"X\"", SEG_E_UNKNOWN_NAME},
        {"{\"v\":1,\"expr\":{\"type\":\"compare\",\"left\":{\"type\":\"name\",\"name\":\"seats\"},"
         "\"op\":\"==\",\"right\":1}}",
         "/expr/op: expected one of: = != < <= > >=", "", "\"==\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"compare\",\"left\":{\"type\":\"name\",\"name\":\"seats\"},"
         "\"op\":\"=\",\"right\":\"1\"}}",
         "/expr/right: \"seats\" is a whole number, and \"1\" is not", "remove the quotes", "\"1\"",
         SEG_E_TYPE},
        {"{\"v\":1,\"expr\":{\"type\":\"compare\",\"left\":{\"type\":\"name\",\"name\":\"seats\"},"
         "\"op\":\"=\",\"right\":{\"param\":\"a b\"}}}",
         "/expr/right/param: this cannot be the name of a parameter", "letters, digits and _",
         "\"a b\"", SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"compare\",\"left\":{\"type\":\"aggregate\",\"fn\":\"sum\","
         "\"select\":{\"type\":\"any_event\"}},\"op\":\"=\",\"right\":1}}",
         "/expr/left: \"sum\" needs \"property\"", "",
         "{\"type\":\"aggregate\",\"fn\":\"sum\",\"select\":{\"type\":\"any_event\"}}",
         SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"radius\",\"value\":{\"type\":\"name\",\"name\":\"home\"},"
         "\"meters\":5,\"point\":[91,0]}}",
         "/expr/point", "latitude first, then longitude: point(52.52, 13.405)", NULL, SEG_E_SYNTAX},
        {"{\"v\":1,\"expr\":{\"type\":\"rank\",\"value\":{\"type\":\"name\",\"name\":\"seats\"},"
         "\"end\":\"top\"}}",
         "/expr: a rank has a count or a percentage", "", NULL, SEG_E_SYNTAX}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        segi_predicate *p = compile(cases[i].json);
        ck_assert_msg(p == NULL, "%s compiles", cases[i].json);
        ck_assert_msg(err.code == cases[i].status, "%s: %s", cases[i].json, err.message);
        ck_assert_msg(strncmp(err.message, cases[i].message, strlen(cases[i].message)) == 0,
                      "%s: %s", cases[i].json, err.message);
        ck_assert_msg(strstr(err.hint, cases[i].hint) != NULL, "%s: %s", cases[i].json, err.hint);
        ck_assert_int_ge(err.offset, 0);
        if (cases[i].place == NULL || cases[i].place[0] == '\0')
            continue;
        ck_assert_msg(
            (size_t)err.length == strlen(cases[i].place) &&
                strncmp(cases[i].json + err.offset, cases[i].place, strlen(cases[i].place)) == 0,
            "%s: %lld %lld", cases[i].json, (long long)err.offset, (long long)err.length);
    }
}
END_TEST

/* ---- the hash ---- */

static void check_hash(const char *text, const char *json, const char *hex)
{
    segi_predicate *p = compile_text(text);
    segi_buf buf;
    uint64_t hash[2];
    char shown[40];
    segi_buf_init(&buf, segi_mem_default());
    segi_predicate_json(p, true, &buf);
    segi_buf_char(&buf, '\0');
    ck_assert_str_eq(buf.data, json);
    segi_xxh3_128(json, strlen(json), hash);
    ck_assert_mem_eq(hash, p->fingerprint, sizeof hash);
    snprintf(shown, sizeof shown, "%016llx%016llx", (unsigned long long)p->fingerprint[1],
             (unsigned long long)p->fingerprint[0]);
    ck_assert_msg(strcmp(shown, hex) == 0, "%s: %s", text, shown);
    segi_buf_deinit(&buf);
    segi_predicate_destroy(p);
}

/* These stand in docs/language.md too. */
START_TEST(test_json__s29_hash_has_vectors)
{
    check_hash("everyone", "{\"expr\":{\"type\":\"everyone\"},\"v\":1}",
               "22be9c0a71e9ce1511637ff4462e1ecf");
    check_hash("seats >= 5 and plan = \"pro\"",
               "{\"expr\":{\"of\":[{\"left\":{\"name\":\"plan\",\"type\":\"name\"},\"op\":\"=\","
               "\"right\":\"pro\",\"type\":\"compare\"},{\"left\":{\"name\":\"seats\",\"type\":"
               "\"name\"},\"op\":\">=\",\"right\":5,\"type\":\"compare\"}],\"type\":\"all\"},"
               "\"v\":1}",
               "1bc984e5e5f09e64280e2e9641b6cb7e");
    check_hash("did login at least 3 times in last 90 days",
               "{\"expr\":{\"select\":{\"name\":\"login\",\"type\":\"event\"},\"times\":{\"count\":"
               "3,\"type\":\"at_least\"},\"type\":\"did\",\"window\":{\"length\":\"P90D\",\"type\":"
               "\"last\"}},\"v\":1}",
               "a3b960177d901ad5a1182c4561ee8bea");
}
END_TEST

/* ---- limits ---- */

static char *repeat(const char *head, const char *part, size_t count, const char *tail)
{
    size_t size = strlen(part);
    char *text = malloc(strlen(head) + count * size + strlen(tail) + 1);
    ck_assert_ptr_nonnull(text);
    char *at = text + sprintf(text, "%s", head);
    for (size_t i = 0; i < count; i++, at += size)
        memcpy(at, part, size);
    strcpy(at, tail);
    return text;
}

static double cpu_ms(void)
{
    return (double)clock() * 1000 / CLOCKS_PER_SEC;
}

/* Sanitizers take time, and larger frames. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SLOW true
#endif
#endif
#ifndef SLOW
#define SLOW (getenv("SEG_TEST_SLOW") != NULL)
#endif

static void refuses(char *json)
{
    double best = 1e9;
    /* On a machine that is busy with others the first try may be slow. */
    for (int i = 0; i < 5 && best > 50; i++) {
        double before = cpu_ms();
        segi_predicate *p = compile(json);
        double after = cpu_ms();
        best = after - before < best ? after - before : best;
        ck_assert_ptr_null(p);
        ck_assert_msg(err.code == SEG_E_SYNTAX || err.code == SEG_E_LIMIT, "%d %s", err.code,
                      err.message);
    }
    ck_assert_msg(SLOW || best <= 50, "%.0f ms for %s", best, err.message);
    free(json);
}

static void *bombs(void *unused)
{
    (void)unused;
    refuses(repeat("", "[", 590000, ""));
    refuses(repeat("", "{\"a\":", 290000, ""));
    refuses(repeat("{\"v\":1,\"expr\":", "{\"type\":\"not\",\"expr\":", 100000, ""));
    char *deep =
        repeat("{\"v\":1,\"expr\":", "{\"type\":\"not\",\"expr\":", 10000, "{\"type\":\"nobody\"}");
    size_t size = strlen(deep);
    deep = realloc(deep, size + 10002);
    ck_assert_ptr_nonnull(deep);
    memset(deep + size, '}', 10001);
    deep[size + 10001] = '\0';
    refuses(deep);
    refuses(
        repeat("{\"v\":1,\"expr\":{\"type\":\"in\",\"value\":1,\"list\":[", "1,", 590000, "1]}}"));
    refuses(
        repeat("{\"v\":1,\"expr\":{\"type\":\"in\",\"value\":1,\"list\":[", "1,", 610000, "1]}}"));
    refuses(repeat("{\"v\":1,\"expr\":{\"type\":\"all\",\"of\":[", "{\"type\":\"nobody\"},", 110000,
                   "{\"type\":\"nobody\"}]}}"));
    refuses(repeat("{\"v\":1,\"expr\":{\"type\":\"compare\",\"op\":\"=\",\"left\":1,\"right\":",
                   "1", 1000000, "}}"));
    refuses(repeat("{\"v\":1,\"expr\":{\"type\":\"is_true\",\"value\":\"", "x", 2000000, "\"}}"));
    refuses(repeat("", " ", SEG_JSON_SIZE_MAX + 1, ""));
    return NULL;
}

/* R16: refused within 50 ms, on a stack of 128 KiB. Some are just below the limits that refuse
 * the rest unread. */
START_TEST(test_json__bombs_are_refused)
{
    pthread_attr_t attributes;
    pthread_t thread;
    ck_assert_int_eq(pthread_attr_init(&attributes), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&attributes, SLOW ? 1 << 20 : 1 << 17), 0);
    ck_assert_int_eq(pthread_create(&thread, &attributes, bombs, NULL), 0);
    ck_assert_int_eq(pthread_join(thread, NULL), 0);
    pthread_attr_destroy(&attributes);
}
END_TEST

START_TEST(test_json__ten_thousand_leaves_compile)
{
    char *json = repeat("{\"v\":1,\"expr\":{\"type\":\"any\",\"of\":[",
                        "{\"type\":\"compare\",\"left\":{\"type\":\"name\",\"name\":\"plan\"},"
                        "\"op\":\"=\",\"right\":\"pro\"},",
                        9999, "{\"type\":\"nobody\"}]}}");
    char *text = repeat("", "did login at least 3 times in last 30 days or ", 9999, "vip");
    double before = cpu_ms();
    segi_predicate *p = compile(json);
    double middle = cpu_ms();
    segi_predicate *q = compile_text(text);
    double after = cpu_ms();
    ck_assert_msg(p != NULL, "%s", err.message);
    ck_assert_uint_eq(p->root->child_count, 9999);
    ck_assert_uint_eq(q->root->child_count, 10000);
    ck_assert_msg(SLOW || (middle - before < 500 && after - middle < 500), "%.0f and %.0f ms",
                  middle - before, after - middle);
    segi_predicate_destroy(p);
    segi_predicate_destroy(q);
    free(json);
    free(text);
}
END_TEST

/* ---- the schema ---- */

static yyjson_val *schema_form(yyjson_val *places, const segi_json_form *form)
{
    static const char *const names[] = {"",       "predicate", "value", "select", "times", "window",
                                        "anchor", "length",    "chain", "step",   "group"};
    yyjson_val *place = yyjson_obj_get(places, names[form->place]), *branch;
    yyjson_val *list = yyjson_obj_get(place, "oneOf");
    if (list == NULL)
        list = yyjson_obj_get(place, "anyOf");
    yyjson_arr_iter branches = yyjson_arr_iter_with(list);
    while ((branch = yyjson_arr_iter_next(&branches)) != NULL) {
        yyjson_val *type = yyjson_obj_get(yyjson_obj_get(branch, "properties"), "type");
        if (yyjson_equals_str(yyjson_obj_get(type, "const"), form->type))
            return branch;
    }
    return NULL;
}

static bool array_has(yyjson_val *array, const char *text)
{
    yyjson_val *item;
    yyjson_arr_iter items = yyjson_arr_iter_with(array);
    while ((item = yyjson_arr_iter_next(&items)) != NULL) {
        if (yyjson_equals_str(item, text))
            return true;
    }
    return false;
}

static void check_form(yyjson_val *branch, const segi_json_form *form)
{
    yyjson_val *fields = yyjson_obj_get(branch, "properties");
    yyjson_val *needed = yyjson_obj_get(branch, "required");
    size_t count = form->type[0] != '\0', needed_count = count;
    for (const segi_json_field *field = form->fields; field->name != NULL; field++) {
        yyjson_val *own = yyjson_obj_get(fields, field->name);
        ck_assert_msg(own != NULL, "%s: no %s", form->type, field->name);
        ck_assert_msg(array_has(needed, field->name) == field->needed, "%s: %s", form->type,
                      field->name);
        count++;
        needed_count += field->needed;
        char words[400] = "";
        yyjson_val *word;
        yyjson_arr_iter list = yyjson_arr_iter_with(yyjson_obj_get(own, "enum"));
        while ((word = yyjson_arr_iter_next(&list)) != NULL)
            strcat(strcat(words, words[0] == '\0' ? "" : " "), yyjson_get_str(word));
        ck_assert_str_eq(words, field->words == NULL ? "" : field->words);
    }
    ck_assert_msg(yyjson_obj_size(fields) == count, "%s has more fields", form->type);
    ck_assert_msg(yyjson_arr_size(needed) == needed_count, "%s needs more", form->type);
    ck_assert(yyjson_is_false(yyjson_obj_get(branch, "additionalProperties")));
}

START_TEST(test_json__schema_has_the_same_forms)
{
    const char *root = getenv("SEG_SOURCE_ROOT");
    char path[4096];
    snprintf(path, sizeof path, "%s/docs/segment.schema.json", root == NULL ? "." : root);
    yyjson_doc *doc = yyjson_read_file(path, 0, NULL, NULL);
    ck_assert_msg(doc != NULL, "%s", path);
    yyjson_val *top = yyjson_doc_get_root(doc), *places = yyjson_obj_get(top, "$defs");
    size_t branches = 0;
    const segi_json_form *form;
    for (size_t i = 0; (form = segi_json_form_at(i)) != NULL; i++) {
        yyjson_val *branch = form->place == SEGI_JSON_ROOT ? top : schema_form(places, form);
        ck_assert_msg(branch != NULL, "the schema has no %s", form->type);
        check_form(branch, form);
        branches += form->place != SEGI_JSON_ROOT;
    }
    /* And none that the library does not know. */
    static const char *const names[] = {"predicate", "select", "times", "window",
                                        "anchor",    "chain",  "step",  "group"};
    size_t known = 0, values = 0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        known += yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(places, names[i]), "oneOf"));
    for (size_t i = 0; (form = segi_json_form_at(i)) != NULL; i++)
        values += form->place == SEGI_JSON_VALUE || form->place == SEGI_JSON_LENGTH;
    ck_assert_uint_eq(known + values, branches);
    /* Texts, numbers, truth values and parameters are values too; a text is a length too. */
    ck_assert_uint_eq(
        yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(places, "value"), "anyOf")) +
            yyjson_arr_size(yyjson_obj_get(yyjson_obj_get(places, "length"), "anyOf")),
        values + 5);
    yyjson_doc_free(doc);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/json");
    TCase *t = tcase_create("json");
    tcase_set_timeout(t, 100);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_json__means_what_the_text_says);
    tcase_add_test(t, test_json__faults_have_pointer_and_place);
    tcase_add_test(t, test_json__s29_hash_has_vectors);
    tcase_add_test(t, test_json__bombs_are_refused);
    tcase_add_test(t, test_json__ten_thousand_leaves_compile);
    tcase_add_test(t, test_json__schema_has_the_same_forms);
    suite_add_tcase(s, t);
    return s;
}
