/* unit/lang/test_predicate.c - whole compiles: the sample predicates, parameters, saved segments,
 * open names, memory that runs out, hostile texts. */
#include <string.h>

#include "lang_support.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

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

/* ---- saved segments ---- */

#define SAVED(NAME, TEXT)                                                                          \
    {                                                                                              \
        .name = (NAME), .text = (TEXT), .name_size = strlen(NAME), .text_size = strlen(TEXT)       \
    }

/* A list of segments that ends with one that has no name. */
static const segi_saved *saved_at(void *user, segi_definition kind, size_t i)
{
    const segi_saved *saved = user;
    while (i > 0 && saved->name != NULL)
        saved++, i--;
    return kind == SEGI_DEFINE_SEGMENT && saved->name != NULL ? saved : NULL;
}

static const segi_saved *saved_find(void *user, segi_definition kind, const char *name, size_t size)
{
    const segi_saved *saved;
    for (size_t i = 0; (saved = saved_at(user, kind, i)) != NULL; i++) {
        if (saved->name_size == size && memcmp(saved->name, name, size) == 0)
            return saved;
    }
    return NULL;
}

static segi_source source_of(const char *text, uint32_t flags, const segi_param_value *params,
                             size_t count)
{
    return (segi_source){.schema = schema,
                         .text = text,
                         .text_size = strlen(text),
                         .flags = flags,
                         .params = params,
                         .param_count = count};
}

static seg_status compile_with(const segi_saved *segments, const char *text, uint32_t flags,
                               const segi_param_value *params, size_t count, segi_predicate **out)
{
    segi_resolver resolver = {(void *)(uintptr_t)segments, saved_find, saved_at};
    seg_error_init(&err, sizeof err);
    segi_source source = source_of(text, flags, params, count);
    return segi_compile(segi_mem_default(), &source, segments == NULL ? NULL : &resolver, out,
                        &err);
}

static void refuses(const segi_saved *segments, const char *text, seg_status status,
                    const char *message)
{
    segi_predicate *p;
    ck_assert_int_eq(compile_with(segments, text, 0, NULL, 0, &p), status);
    ck_assert_ptr_null(p);
    ck_assert_msg(strstr(err.message, message) != NULL, "%s: %s", text, err.message);
}

static segi_predicate *accepts(const segi_saved *segments, const char *text)
{
    segi_predicate *p;
    ck_assert_msg(compile_with(segments, text, 0, NULL, 0, &p) == SEG_OK, "%s: %s (%s)", text,
                  err.message, err.hint);
    return p;
}

START_TEST(test_predicate__s30_references_share_one_tree)
{
    const segi_saved segments[] = {
        SAVED("pro", "plan = \"pro\""), SAVED("both", "in segment \"pro\" and vip"), {0}};
    segi_predicate *p =
        accepts(segments, "in segment \"both\" or in segment \"pro\" or not in segment \"pro\"");
    const segi_node *both = p->root->children[0], *pro = p->root->children[1];
    ck_assert_int_eq(both->kind, SEGI_NODE_SEGMENT);
    ck_assert_str_eq(both->name, "both");
    ck_assert_ptr_eq(both->children[0]->children[0]->children[0], pro->children[0]);
    ck_assert_ptr_eq(p->root->children[2]->children[0]->children[0], pro->children[0]);
    segi_predicate_destroy(p);
}
END_TEST

START_TEST(test_predicate__s30_cycles_name_their_path)
{
    const segi_saved segments[] = {SAVED("a", "in segment \"b\""),
                                   SAVED("b", "vip or in segment \"c\""),
                                   SAVED("c", "in segment \"a\" and vip"),
                                   SAVED("self", "in segment \"self\""),
                                   {0}};
    refuses(segments, "in segment \"a\"", SEG_E_CYCLE, "\"a\" -> \"b\" -> \"c\" -> \"a\"");
    ck_assert_int_eq(err.offset, 0);
    refuses(segments, "vip and in segment \"self\"", SEG_E_CYCLE, "\"self\" -> \"self\"");
    ck_assert_int_eq(err.offset, 8);
}
END_TEST

START_TEST(test_predicate__s30_faults_inside_say_where)
{
    const segi_saved segments[] = {SAVED("bad", "plann = \"x\""),
                                   SAVED("outer", "in segment \"bad\""),
                                   SAVED("param", "seats > $x"),
                                   {0}};
    refuses(segments, "vip and in segment \"bad\"", SEG_E_UNKNOWN_NAME,
            "segment \"bad\": unknown attribute \"plann\"");
    ck_assert_int_eq(err.offset, 8);
    ck_assert_str_eq(err.hint, "did you mean \"plan\"?");
    refuses(segments, "in segment \"outer\"", SEG_E_UNKNOWN_NAME,
            "segment \"bad\": unknown attribute \"plann\"");
    refuses(segments, "in segment \"param\"", SEG_E_SYNTAX, "takes no parameters");
    refuses(segments, "in segment \"baad\"", SEG_E_UNKNOWN_NAME, "unknown segment \"baad\"");
    ck_assert_str_eq(err.hint, "did you mean \"bad\"?");
}
END_TEST

START_TEST(test_predicate__s30_chains_of_segments_are_bounded)
{
    enum {
        CHAIN = 600
    };
    static char names[CHAIN][16], texts[CHAIN][40];
    static segi_saved segments[CHAIN + 1];
    for (int i = 0; i < CHAIN; i++) {
        strcpy(names[i], "s000");
        names[i][1] = (char)('0' + i / 100);
        names[i][2] = (char)('0' + i / 10 % 10);
        names[i][3] = (char)('0' + i % 10);
        segments[i].name = names[i];
        segments[i].name_size = strlen(names[i]);
    }
    for (int i = 0; i < CHAIN; i++) {
        strcpy(texts[i], i + 1 == CHAIN ? "vip" : "in segment \"");
        if (i + 1 < CHAIN)
            strcat(strcat(texts[i], names[i + 1]), "\"");
        segments[i].text = texts[i];
        segments[i].text_size = strlen(texts[i]);
    }
    refuses(segments, "in segment \"s000\"", SEG_E_LIMIT, "more than 64 saved segments");
    segi_predicate_destroy(accepts(segments, "in segment \"s536\""));
}
END_TEST

static void count_reference(void *user, segi_definition kind, const char *name, size_t size)
{
    char *list = user;
    strcat(list, kind == SEGI_DEFINE_CLASS      ? "class "
                 : kind == SEGI_DEFINE_OCCASION ? "occasion "
                                                : "");
    strncat(list, name, size);
    strcat(list, ";");
}

START_TEST(test_predicate__s30_lists_references)
{
    char list[100] = "";
    const char *text = "in segment \"a\" and not IN SEGMENT \"b\\\"\" or plan = \"in segment\" "
                       "-- in segment \"c\"\n or in segment \"a\" or class.x = \"a\" "
                       "and `class.y z` = \"class.b\" and did x during OCCASION \"sale\" "
                       "and did y during weekend";
    ck_assert_int_eq(
        segi_text_references(segi_mem_default(), text, strlen(text), count_reference, list, &err),
        SEG_OK);
    ck_assert_str_eq(list, "a;b\";a;class x;class y z;occasion sale;");
    ck_assert_int_eq(segi_text_references(segi_mem_default(), "\"", 1, count_reference, list, &err),
                     SEG_E_SYNTAX);
}
END_TEST

/* ---- parameters ---- */

static const char with_params[] =
    "seats >= $min and plan in $plans and did login at least $n times in last $days days and "
    "signed_up > $when and in segment $name and email contains $part and balance < $limit";

START_TEST(test_predicate__parameters_get_types)
{
    segi_predicate *p = accepts(NULL, with_params);
    static const struct {
        const char *name;
        seg_type type;
        bool list;
    } wanted[] = {{"min", SEG_TYPE_INT64, false},      {"plans", SEG_TYPE_STRING, true},
                  {"days", SEG_TYPE_INT64, false},     {"n", SEG_TYPE_INT64, false},
                  {"when", SEG_TYPE_TIMESTAMP, false}, {"name", SEG_TYPE_STRING, false},
                  {"part", SEG_TYPE_STRING, false},    {"limit", SEG_TYPE_DECIMAL, false}};
    ck_assert_uint_eq(p->param_count, 8);
    for (uint32_t i = 0; i < 8; i++) {
        bool found = false;
        for (uint32_t j = 0; j < p->param_count; j++) {
            const segi_param *param = &p->params[j];
            if (strcmp(wanted[i].name, "min") != 0 || param->name_size == 3)
                found = found ||
                        (param->name_size == strlen(wanted[i].name) &&
                         memcmp(param->name, wanted[i].name, param->name_size) == 0 &&
                         param->type.type == wanted[i].type && param->is_list == wanted[i].list);
        }
        ck_assert_msg(found, "%s", wanted[i].name);
    }
    segi_predicate_destroy(p);
}
END_TEST

static segi_literal of_int(int64_t v)
{
    return (segi_literal){{SEG_TYPE_INT64, 0}, v, NULL, 0};
}
static segi_literal of_text(const char *v)
{
    return (segi_literal){{SEG_TYPE_STRING, 0}, 0, v, strlen(v)};
}
static segi_param_value given(const char *name, const segi_literal *values, uint32_t count,
                              bool list)
{
    return (segi_param_value){name, strlen(name), count, list, values};
}

START_TEST(test_predicate__binding_equals_writing)
{
    const segi_saved segments[] = {SAVED("pro", "plan = \"pro\""), {0}};
    segi_literal three = of_int(3), two = of_int(2), days = of_int(30);
    segi_literal plans[] = {of_text("a"), of_text("b\"")};
    segi_literal when = of_text("2026-01-31"), name = of_text("pro"), part = of_text("x");
    segi_literal limit = {{SEG_TYPE_DECIMAL, 3}, 12500, NULL, 0};
    segi_param_value values[] = {given("min", &three, 1, false), given("plans", plans, 2, true),
                                 given("n", &two, 1, false),     given("days", &days, 1, false),
                                 given("when", &when, 1, false), given("name", &name, 1, false),
                                 given("part", &part, 1, false), given("limit", &limit, 1, false)};
    segi_predicate *bound;
    ck_assert_msg(compile_with(segments, with_params, 0, values, 8, &bound) == SEG_OK, "%s",
                  err.message);
    segi_predicate *written = accepts(
        segments, "seats >= 3 and plan in (\"a\", \"b\\\"\") and did login at least 2 times in "
                  "last 30 days and signed_up > 2026-01-31 and in segment \"pro\" and email "
                  "contains \"x\" and balance < 12.5");
    ck_assert(lang_nodes_equal(bound->root, written->root));
    ck_assert_uint_eq(bound->param_count, 0);
    ck_assert(memcmp(bound->fingerprint, written->fingerprint, 16) == 0);
    segi_predicate_destroy(bound);
    segi_predicate_destroy(written);
}
END_TEST

START_TEST(test_predicate__binding_errors_list_what_is_declared)
{
    segi_literal one = of_int(1), text = of_text("x"), negative = of_int(-1);
    segi_predicate *p;
    const char *query = "seats > $a and did login at least $b times";
    segi_param_value both[] = {given("a", &one, 1, false), given("b", &one, 1, false),
                               given("c", &one, 1, false)};
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 1, &p), SEG_E_BOUND);
    ck_assert_str_eq(err.message, "$b has no value");
    ck_assert_str_eq(err.hint, "declared: $a a whole number, $b a whole number");
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 3, &p), SEG_E_BOUND);
    ck_assert_str_eq(err.message, "$c is no parameter of this predicate");
    both[2] = both[0];
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 3, &p), SEG_E_BOUND);
    ck_assert_str_eq(err.message, "$a is given more than once");
    both[1].values = &text;
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 2, &p), SEG_E_BOUND);
    ck_assert(strstr(err.message, "a whole number") != NULL);
    both[1].values = &negative;
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 2, &p), SEG_E_BOUND);
    both[1].values = &one;
    ck_assert_int_eq(compile_with(NULL, query, 0, both, 2, &p), SEG_OK);
    segi_predicate_destroy(p);
}
END_TEST

START_TEST(test_predicate__empty_lists_and_texts_as_times)
{
    segi_predicate *p;
    segi_param_value empty = {"l", 1, 0, true, NULL};
    ck_assert_int_eq(compile_with(NULL, "plan in $l", 0, &empty, 1, &p), SEG_OK);
    ck_assert_uint_eq(p->root->list_count, 0);
    segi_predicate_destroy(p);
    segi_literal span = of_text("36 hours"), day = of_text("2001-02-03");
    segi_param_value values[] = {given("d", &span, 1, false), given("b", &day, 1, false)};
    ck_assert_int_eq(compile_with(NULL, "now - signed_up > $d and birthday = $b", 0, values, 2, &p),
                     SEG_OK);
    segi_predicate *q = accepts(NULL, "now - signed_up > 36 hours and birthday = 2001-02-03");
    ck_assert(lang_nodes_equal(p->root, q->root));
    segi_predicate_destroy(p);
    segi_predicate_destroy(q);
}
END_TEST

START_TEST(test_predicate__a_date_given_for_an_instant_is_that_day)
{
    static const char *const texts[][2] = {
        {"signed_up = $d", "signed_up = 2026-02-03"},
        {"signed_up <= $d", "signed_up <= 2026-02-03"},
        {"$d < signed_up", "2026-02-03 < signed_up"},
        {"signed_up between $d and $d", "signed_up between 2026-02-03 and 2026-02-03"},
        {"did login since $d", "did login since 2026-02-03"}};
    segi_literal day = of_text("2026-02-03"), wrong = of_text("2026-02-30");
    segi_literal instant = {{SEG_TYPE_TIMESTAMP, 0}, 1770076800000000, NULL, 0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        segi_predicate *p, *q = accepts(NULL, texts[i][1]);
        segi_param_value value = given("d", &day, 1, false);
        ck_assert_int_eq(compile_with(NULL, texts[i][0], 0, &value, 1, &p), SEG_OK);
        ck_assert_msg(lang_nodes_equal(p->root, q->root), "%s", texts[i][0]);
        segi_predicate_destroy(p);
        segi_predicate_destroy(q);
        value.values = &wrong;
        ck_assert_int_eq(compile_with(NULL, texts[i][0], 0, &value, 1, &p), SEG_E_BOUND);
        value.values = &instant;
        ck_assert_int_eq(compile_with(NULL, texts[i][0], 0, &value, 1, &p), SEG_OK);
        segi_predicate_destroy(p);
    }
}
END_TEST

START_TEST(test_predicate__misplaced_parameters)
{
    refuses(NULL, "$a = $b", SEG_E_TYPE, "$a");
    refuses(NULL, "plan = $a and seats = $a", SEG_E_TYPE, "in an earlier place");
    refuses(NULL, "plan = $a and plan in $a", SEG_E_TYPE, "a list of");
    refuses(NULL, "did $a", SEG_E_SYNTAX, "cannot stand for an event");
    segi_predicate *p = accepts(NULL, "seats > $n and score > $n and balance > $n");
    ck_assert_uint_eq(p->param_count, 1);
    ck_assert_int_eq(p->params[0].type.type, SEG_TYPE_FLOAT64);
    segi_predicate_destroy(p);
}
END_TEST

/* ---- open names ---- */

START_TEST(test_predicate__open_names_are_warnings)
{
    segi_predicate *p;
    const char *text = "did \"New Event\" where (a = 3 and b in (\"x\")) and unknown = \"x\" and "
                       "did any of (login, Other) and sum(c) of \"New Event\" > 2";
    ck_assert_int_eq(compile_with(NULL, text, SEG_COMPILE_OPEN, NULL, 0, &p), SEG_OK);
    ck_assert_uint_eq(p->warning_count, 7);
    ck_assert_str_eq(p->warnings[0].message, "no event \"New Event\" yet: nobody did it");
    ck_assert_int_eq(p->warnings[0].offset, 4);
    const segi_node *did = p->root->children[0], *compare = p->root->children[1];
    ck_assert_uint_eq(did->selector->event_count, 0);
    ck_assert(!did->selector->any_event);
    ck_assert_ptr_null(compare->children[0]->field);
    ck_assert_int_eq(compare->children[0]->type.type, SEG_TYPE_STRING);
    ck_assert_uint_eq(p->root->children[2]->selector->event_count, 1);
    segi_predicate_destroy(p);
    refuses(NULL, text, SEG_E_UNKNOWN_NAME, "New Event");
}
END_TEST

/* ---- values ---- */

/* A parameter does not say of what type the name is, so its place does not matter. */
START_TEST(test_predicate__an_open_name_beside_a_list_with_parameters)
{
    static const char *const texts[] = {"nope in ($p, 1, 3)", "nope in (3, 1, $p)",
                                        "nope in (1, $p, 3)"};
    segi_predicate *p[3];
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(compile_with(NULL, texts[i], SEG_COMPILE_OPEN, NULL, 0, &p[i]), SEG_OK);
        ck_assert_mem_eq(p[i]->fingerprint, p[0]->fingerprint, sizeof p[0]->fingerprint);
    }
    for (size_t i = 0; i < 3; i++)
        segi_predicate_destroy(p[i]);
}
END_TEST

static seg_status compile_value(const char *text, segi_predicate **out)
{
    const segi_source source = {
        .schema = schema, .text = text, .text_size = strlen(text), .goal = SEGI_GOAL_VALUE};
    return segi_compile(segi_mem_default(), &source, NULL, out, &err);
}

START_TEST(test_predicate__value_expressions)
{
    static const struct {
        const char *text;
        seg_type type;
    } cases[] = {{"country", SEG_TYPE_STRING},
                 {"count of login in last 90 days", SEG_TYPE_INT64},
                 {"sum(total) of \"Order Completed\" / 12", SEG_TYPE_FLOAT64},
                 {"now - signed_up", SEGI_TYPE_DURATION},
                 {"2026-01-01", SEG_TYPE_DATE},
                 {"tags", SEG_TYPE_STRING_SET}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        segi_predicate *p;
        ck_assert_int_eq(compile_value(cases[i].text, &p), SEG_OK);
        ck_assert_int_eq(p->root->type.type, cases[i].type);
        segi_predicate_destroy(p);
    }
    static const char *const bad[] = {"country = \"x\"", "seats + $x", "vip and vip", "",
                                      "mode(category, ties all) of \"Order Completed\""};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        segi_predicate *p;
        ck_assert_int_ne(compile_value(bad[i], &p), SEG_OK);
        ck_assert_ptr_null(p);
    }
}
END_TEST

/* ---- memory ---- */

static void walk_failures(const char *text, const segi_saved *segments,
                          const segi_param_value *params, size_t count, uint32_t flags)
{
    static mem_fault fault;
    segi_mem mem;
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
    segi_resolver resolver = {(void *)(uintptr_t)segments, saved_find, saved_at};
    segi_source source = source_of(text, flags, params, count);
    for (uint64_t n = 1;; n++) {
        segi_predicate *p;
        mem_fault_fail_once(&fault, n);
        seg_status status = segi_compile(&mem, &source, &resolver, &p, &err);
        bool failed = mem_fault_has_failed(&fault);
        ck_assert_int_eq(status, failed ? SEG_E_NOMEM : SEG_OK);
        ck_assert(failed == (p == NULL));
        segi_predicate_destroy(p);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
        if (!failed)
            return;
    }
}

START_TEST(test_predicate__survives_every_failed_allocation)
{
    const segi_saved segments[] = {SAVED("good", "plan = \"p\\u00e9\" and did login today tz "
                                                 "\"Asia/Seoul\""),
                                   {0}};
    segi_literal plans[] = {of_text("a"), of_text("b")}, days = of_int(3);
    segi_param_value values[] = {given("plans", plans, 2, true), given("days", &days, 1, false)};
    walk_failures("using timezone \"Europe/Berlin\": plan in $plans and (vip xor seats in (1, 2)) "
                  "and did \"Order Completed\" where (total > 3 or category contains \"a\\\"b\") "
                  "in last $days days and in segment \"good\"",
                  segments, values, 2, 0);
    walk_failures("home inside polygon(0 0, 0 1, 1 1) and at least 2 of (vip, tags has (\"a\"), "
                  "did not any event where (@hour = 3) within 3 days after last login) and "
                  "signed_up != 2026-01-01 and did Unknown where (x = 3)",
                  segments, NULL, 0, SEG_COMPILE_OPEN);
}
END_TEST

/* ---- hostile texts ---- */

static char *repeat(const char *piece, size_t size, size_t *out_size)
{
    size_t piece_size = strlen(piece), count = size / piece_size;
    char *text = malloc(count * piece_size + 1);
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < count; i++)
        memcpy(text + i * piece_size, piece, piece_size);
    *out_size = count * piece_size;
    text[*out_size] = '\0';
    return text;
}

START_TEST(test_predicate__hostile_repetitions_fail_soon)
{
    static const char *const pieces[] = {"(",
                                         "not ",
                                         "- ",
                                         "vip and ",
                                         "(vip and ",
                                         "vip or (",
                                         "at least 1 of (",
                                         "1 + ",
                                         "seats in (1, ",
                                         "vip xor ",
                                         "`a` ",
                                         "\"",
                                         "$a ",
                                         "did login where (",
                                         "((1+",
                                         "-(",
                                         "vip except ",
                                         "1 * (",
                                         "share(",
                                         "2026-01-01 ",
                                         "@time ",
                                         "sum(total) of ",
                                         "tags has (\"a\",",
                                         "home inside polygon(1 1, ",
                                         "--",
                                         ")"};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        size_t size;
        char *text = repeat(pieces[i], SEG_TEXT_SIZE_MAX, &size);
        segi_predicate *p;
        seg_status status = lang_compile_with(NULL, schema, text, size, 0, &p, &err);
        ck_assert_msg(status == SEG_E_SYNTAX || status == SEG_E_LIMIT ||
                          status == SEG_E_UNKNOWN_NAME || status == SEG_E_TYPE,
                      "%s: %d", pieces[i], (int)status);
        free(text);
    }
}
END_TEST

START_TEST(test_predicate__depth_limit_is_exact)
{
    char text[4 * SEG_TEXT_DEPTH_MAX + 20];
    for (size_t extra = 0; extra < 2; extra++) {
        size_t depth = SEG_TEXT_DEPTH_MAX + extra;
        memset(text, '(', depth);
        memcpy(text + depth, "vip", 3);
        memset(text + depth + 3, ')', depth);
        text[2 * depth + 3] = '\0';
        if (extra == 0)
            segi_predicate_destroy(accepts(NULL, text));
        else
            refuses(NULL, text, SEG_E_LIMIT, "64 brackets and nots");
    }
}
END_TEST

START_TEST(test_predicate__large_ones_are_linear)
{
    size_t size;
    char *text = repeat("plan = \"x\" or ", 14 * 10000, &size);
    memcpy(text + size - 4, "    ", 4);
    segi_predicate *p = accepts(NULL, text);
    ck_assert_uint_eq(p->root->child_count, 10000);
    segi_predicate_destroy(p);
    free(text);
    text = repeat("did login xor ", 14 * 10000, &size);
    memcpy(text + size - 5, "     ", 5);
    p = accepts(NULL, text);
    segi_predicate_destroy(p);
    free(text);
    /* 90,000 elements, and one more than fits. */
    for (size_t count = 90000; count <= 110000; count += 20000) {
        text = malloc(count * 2 + 32);
        strcpy(text, "seats in (1");
        size = strlen(text);
        for (size_t i = 0; i < count; i++, size += 2)
            memcpy(text + size, ",7", 2);
        strcpy(text + size, ")");
        if (count == 90000) {
            p = accepts(NULL, text);
            ck_assert_uint_eq(p->root->list_count, count + 1);
            segi_predicate_destroy(p);
        } else {
            refuses(NULL, text, SEG_E_LIMIT, "100000");
        }
        free(text);
    }
}
END_TEST

START_TEST(test_predicate__bytes_that_are_no_text)
{
    static const char nul[] = "vip\0and", bad[] = "plan = \"\xff\"";
    segi_predicate *p;
    seg_error_init(&err, sizeof err);
    ck_assert_int_eq(lang_compile_with(NULL, schema, nul, sizeof nul - 1, 0, &p, &err),
                     SEG_E_SYNTAX);
    ck_assert_int_eq(err.offset, 3);
    ck_assert_int_eq(lang_compile_with(NULL, schema, bad, sizeof bad - 1, 0, &p, &err),
                     SEG_E_SYNTAX);
    ck_assert_int_eq(err.offset, 8);
    ck_assert_int_eq(
        lang_compile_with(NULL, schema, "vip", (size_t)SEG_TEXT_SIZE_MAX + 1, 0, &p, &err),
        SEG_E_LIMIT);
}
END_TEST

START_TEST(test_predicate__errors_have_line_and_column)
{
    refuses(NULL, "vip and\n  plan = \"\xc3\xa9\" and plann = 3", SEG_E_UNKNOWN_NAME, "plann");
    ck_assert_uint_eq(err.line, 2);
    ck_assert_uint_eq(err.column, 18);
    ck_assert_int_eq(err.length, 5);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/predicate");
    TCase *t = tcase_create("predicate");
    tcase_set_timeout(t, 60);
    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_test(t, test_predicate__s30_references_share_one_tree);
    tcase_add_test(t, test_predicate__s30_cycles_name_their_path);
    tcase_add_test(t, test_predicate__s30_faults_inside_say_where);
    tcase_add_test(t, test_predicate__s30_chains_of_segments_are_bounded);
    tcase_add_test(t, test_predicate__s30_lists_references);
    tcase_add_test(t, test_predicate__parameters_get_types);
    tcase_add_test(t, test_predicate__binding_equals_writing);
    tcase_add_test(t, test_predicate__binding_errors_list_what_is_declared);
    tcase_add_test(t, test_predicate__empty_lists_and_texts_as_times);
    tcase_add_test(t, test_predicate__a_date_given_for_an_instant_is_that_day);
    tcase_add_test(t, test_predicate__misplaced_parameters);
    tcase_add_test(t, test_predicate__open_names_are_warnings);
    tcase_add_test(t, test_predicate__an_open_name_beside_a_list_with_parameters);
    tcase_add_test(t, test_predicate__value_expressions);
    tcase_add_test(t, test_predicate__survives_every_failed_allocation);
    tcase_add_test(t, test_predicate__hostile_repetitions_fail_soon);
    tcase_add_test(t, test_predicate__depth_limit_is_exact);
    tcase_add_test(t, test_predicate__large_ones_are_linear);
    tcase_add_test(t, test_predicate__bytes_that_are_no_text);
    tcase_add_test(t, test_predicate__errors_have_line_and_column);
    suite_add_tcase(s, t);
    return s;
}
