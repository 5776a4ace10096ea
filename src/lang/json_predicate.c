/* json_predicate.c - conditions in JSON as text, and the whole document. Brackets stand only where
 * the levels of the grammar need them, so that the depth of what was printed is not exceeded on
 * its way back. One thread per call. */
#include <string.h>

#include "lang/json.h"
#include "lang/json_field.h"
#include "lang/print.h"

/* Where a predicate stands, from loose to tight; as in print.c. */
enum {
    PLACE_OR,
    PLACE_XOR,
    PLACE_AND,
    PLACE_NOT,
    PLACE_TEST
};

static void write_at(segi_json *j, yyjson_val *value, int place);

/* ---- predicates ---- */

/* The type is the word. */
static void write_constant(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, object->form->type);
}

static void write_not(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "not ");
    write_at(j, segi_json_at(object, "expr"), PLACE_TEST);
}

/* `place` is where each of its members stands. */
static void put_row(segi_json *j, yyjson_val *list, const char *between, int place)
{
    yyjson_val *item;
    yyjson_arr_iter items = yyjson_arr_iter_with(list);
    for (size_t i = 0; (item = yyjson_arr_iter_next(&items)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, between);
        write_at(j, item, place);
    }
}

/* What joins the conditions of a row, and how tight it binds. */
static const struct row_kind {
    const char *type, *word;
    int place;
} row_kinds[] = {
    {"any", " or ", PLACE_OR}, {"xor", " xor ", PLACE_XOR}, {"all", " and ", PLACE_AND}};

static const struct row_kind *row_kind_of(const segi_json_object *object)
{
    for (size_t i = 0; i < sizeof row_kinds / sizeof *row_kinds; i++) {
        if (strcmp(object->form->type, row_kinds[i].type) == 0)
            return &row_kinds[i];
    }
    return NULL;
}

static void write_row(segi_json *j, const segi_json_object *object)
{
    const struct row_kind *kind = row_kind_of(object);
    put_row(j, segi_json_at(object, "of"), kind->word, kind->place + 1);
}

static void write_at_least(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "at least ");
    segi_json_put_count(j, segi_json_at(object, "count"));
    segi_json_put(j, " of (");
    put_row(j, segi_json_at(object, "of"), ", ", PLACE_OR);
    segi_buf_char(&j->text, ')');
}

static void write_did(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, segi_json_flag(object, "negated") ? "did not " : "did ");
    segi_json_put_select(j, object);
    if (segi_json_at(object, "times") != NULL)
        segi_json_put_object(j, segi_json_at(object, "times"), SEGI_JSON_TIMES);
    segi_json_put_window(j, object);
}

/* first, last, nth */
static void write_edge(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, object->form->type);
    if (strcmp(object->form->type, "nth") == 0) {
        segi_buf_char(&j->text, '(');
        segi_json_put_number(j, segi_json_at(object, "nth"));
        segi_buf_char(&j->text, ')');
    }
    segi_buf_char(&j->text, ' ');
    segi_json_put_select(j, object);
    segi_json_put_window(j, object);
}

static void write_in_segment(segi_json *j, const segi_json_object *object)
{
    yyjson_val *name = segi_json_at(object, "name");
    segi_json_put(j, "in segment ");
    segi_json_mark(j, name);
    if (yyjson_is_str(name))
        segi_json_put_quoted(j, name);
    else if (segi_json_is_param(name))
        segi_json_put_param(j, name);
    else
        segi_json_fail(j, name, NULL, "expected the name of a segment");
}

static void write_compare(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "left"), SEGI_PRINT_SUM);
    segi_buf_char(&j->text, ' ');
    segi_json_put(j, yyjson_get_str(segi_json_at(object, "op")));
    segi_buf_char(&j->text, ' ');
    segi_json_write_value(j, segi_json_at(object, "right"), SEGI_PRINT_SUM);
}

static void write_between(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, " between ");
    segi_json_write_value(j, segi_json_at(object, "low"), SEGI_PRINT_SUM);
    segi_json_put(j, " and ");
    segi_json_write_value(j, segi_json_at(object, "high"), SEGI_PRINT_SUM);
}

/* ( a, b ) or $list */
static void put_list(segi_json *j, const segi_json_object *object)
{
    yyjson_val *list = segi_json_at(object, "list"), *item;
    segi_json_mark(j, list);
    if (segi_json_is_param(list)) {
        segi_json_put_param(j, list);
        return;
    }
    segi_buf_char(&j->text, '(');
    yyjson_arr_iter items = yyjson_arr_iter_with(list);
    for (size_t i = 0; (item = yyjson_arr_iter_next(&items)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        segi_json_write_value(j, item, SEGI_PRINT_FACTOR);
    }
    segi_buf_char(&j->text, ')');
}

static void write_in(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, segi_json_flag(object, "negated") ? " not in " : " in ");
    put_list(j, object);
}

static void write_has(segi_json *j, const segi_json_object *object)
{
    static const char *const matches[] = {" has any ", " has all ", " has none ", " has exactly "};
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, matches[segi_json_word(object, "match")]);
    put_list(j, object);
}

static void write_state(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, segi_json_flag(object, "negated") ? " is not " : " is ");
    segi_json_put(j, yyjson_get_str(segi_json_at(object, "is")));
}

/* Either a count or a percentage. */
static void write_rank(segi_json *j, const segi_json_object *object)
{
    yyjson_val *count = segi_json_at(object, "count"), *percent = segi_json_at(object, "percent");
    if ((count == NULL) == (percent == NULL)) {
        segi_json_fail(j, object->self, NULL, "a rank has a count or a percentage");
        return;
    }
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, segi_json_word(object, "end") == 0 ? " in top " : " in bottom ");
    if (count != NULL)
        segi_json_put_count(j, count);
    else if (segi_json_is_param(percent))
        segi_json_put_param(j, percent);
    else
        segi_json_put_number(j, percent);
    if (percent != NULL)
        segi_buf_char(&j->text, '%');
    if (segi_json_at(object, "among") == NULL)
        return;
    segi_json_put(j, " among (");
    write_at(j, segi_json_at(object, "among"), PLACE_OR);
    segi_buf_char(&j->text, ')');
}

static void write_text_test(segi_json *j, const segi_json_object *object)
{
    static const char *const tests[] = {" contains ", " starts with ", " ends with ", " matches "};
    yyjson_val *pattern = segi_json_at(object, "pattern");
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, tests[segi_json_word(object, "test")]);
    segi_json_mark(j, pattern);
    if (yyjson_is_str(pattern))
        segi_json_put_quoted(j, pattern);
    else if (segi_json_is_param(pattern))
        segi_json_put_param(j, pattern);
    else
        segi_json_fail(j, pattern, NULL, "expected a text");
    if (segi_json_flag(object, "ignore_case"))
        segi_json_put(j, " ignoring case");
}

/* [latitude, longitude] */
static void put_point(segi_json *j, yyjson_val *point, const char *between)
{
    segi_json_mark(j, point);
    if (!yyjson_is_arr(point) || yyjson_arr_size(point) != 2) {
        segi_json_fail(j, point, "[52.52, 13.405]", "expected [latitude, longitude]");
        return;
    }
    segi_json_put_number(j, yyjson_arr_get_first(point));
    segi_json_put(j, between);
    segi_json_put_number(j, yyjson_arr_get_last(point));
}

static void write_radius(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, " within ");
    segi_json_put_number(j, segi_json_at(object, "meters"));
    segi_json_put(j, " m of point(");
    put_point(j, segi_json_at(object, "point"), ", ");
    segi_buf_char(&j->text, ')');
}

/* [[lat, lon], ...] as lat lon, lat lon, ... */
static void put_ring(segi_json *j, yyjson_val *ring)
{
    yyjson_val *point;
    segi_json_mark(j, ring);
    if (!yyjson_is_arr(ring) || yyjson_arr_size(ring) == 0) {
        segi_json_fail(j, ring, "[[48.1, 11.5], [48.2, 11.5], [48.2, 11.7]]",
                       "expected the corners of a ring");
        return;
    }
    yyjson_arr_iter points = yyjson_arr_iter_with(ring);
    for (size_t i = 0; (point = yyjson_arr_iter_next(&points)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        put_point(j, point, " ");
    }
}

static void write_polygon(segi_json *j, const segi_json_object *object)
{
    yyjson_val *rings = segi_json_at(object, "rings"), *ring;
    bool many = yyjson_arr_size(rings) > 1;
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, " inside polygon(");
    yyjson_arr_iter all = yyjson_arr_iter_with(rings);
    for (size_t i = 0; (ring = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (many)
            segi_json_put(j, i == 0 ? "(" : ", (");
        put_ring(j, ring);
        if (many)
            segi_buf_char(&j->text, ')');
    }
    segi_buf_char(&j->text, ')');
}

/* Percentages as numbers: 12.5 */
static void write_split(segi_json *j, const segi_json_object *object)
{
    bool split = strcmp(object->form->type, "split") == 0;
    segi_json_put(j, split ? "split(" : "holdout(");
    segi_json_mark(j, segi_json_at(object, "name"));
    segi_json_put_quoted(j, segi_json_at(object, "name"));
    segi_json_put(j, ", ");
    if (split) {
        segi_json_put_number(j, segi_json_at(object, "from"));
        segi_json_put(j, "%, ");
    }
    segi_json_put_number(j, segi_json_at(object, split ? "to" : "share"));
    segi_json_put(j, "%)");
}

/* A value and the span that it lies in. */
static void write_when(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put_window(j, object);
}

/* A value that a history had: under `name`, or null by a flag of its own. */
static void put_state(segi_json *j, const segi_json_object *object, const char *words,
                      const char *name, const char *null)
{
    yyjson_val *value = segi_json_at(object, name);
    bool is_null = segi_json_flag(object, null);
    if (value != NULL && is_null)
        segi_json_fail(j, value, NULL, "\"%s\" and \"%s\" are about the same value", name, null);
    if (value == NULL && !is_null)
        return;
    segi_json_put(j, words);
    if (value != NULL)
        segi_json_write_value(j, value, SEGI_PRINT_FACTOR);
    else
        segi_json_put(j, "null");
}

static void write_has_been(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    if (segi_json_at(object, "to") == NULL && !segi_json_flag(object, "null"))
        segi_json_fail(j, object->self, NULL, "\"has_been\" needs \"to\", or \"null\"");
    put_state(j, object, " has been ", "to", "null");
    segi_json_put(j, " for ");
    segi_json_put_length(j, segi_json_at(object, "for"), false);
}

static void write_changed(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, " changed");
    put_state(j, object, " from ", "from", "from_null");
    put_state(j, object, " to ", "to", "to_null");
    segi_json_put_window(j, object);
}

static void write_is_true(segi_json *j, const segi_json_object *object)
{
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
}

/* How tight the type binds. */
static int place_of(const segi_json_object *object)
{
    const struct row_kind *row = row_kind_of(object);
    if (row != NULL)
        return row->place;
    return strcmp(object->form->type, "not") == 0 ? PLACE_NOT : PLACE_TEST;
}

/* Every predicate comes through here: depth, origin, form, brackets. */
static void write_at(segi_json *j, yyjson_val *value, int place)
{
    segi_json_object object;
    if (!segi_json_enter(j, value))
        return;
    segi_json_mark(j, value);
    if (segi_json_read(j, value, SEGI_JSON_PREDICATE, &object)) {
        yyjson_val *of = segi_json_at(&object, "of");
        bool brackets = place_of(&object) < place;
        if (row_kind_of(&object) != NULL && yyjson_arr_size(of) == 1) {
            write_at(j, yyjson_arr_get_first(of), place); /* a row of one joins nothing */
        } else {
            if (brackets)
                segi_buf_char(&j->text, '(');
            object.form->write(j, &object);
            /* Complaints about the end of it are about the whole. */
            segi_json_mark(j, value);
            if (brackets)
                segi_buf_char(&j->text, ')');
        }
    }
    j->depth--;
}

/* The document itself, with the version of the form. */
static void write_root(segi_json *j, const segi_json_object *object)
{
    yyjson_val *zone = segi_json_at(object, "timezone"), *v = segi_json_at(object, "v");
    bool week = segi_json_at(object, "week") != NULL;
    if (yyjson_get_len(v) != 1 || yyjson_get_raw(v)[0] != '1') {
        segi_json_fail(j, v, "\"v\": 1", "this version of the JSON form is not known");
        return;
    }
    if (zone != NULL || week)
        segi_json_put(j, "using ");
    if (zone != NULL) {
        segi_json_put(j, "timezone ");
        segi_json_put_zone(j, zone);
    }
    if (week) {
        segi_json_put(j, zone != NULL ? ", week " : "week ");
        segi_json_put(j, yyjson_get_str(segi_json_at(object, "week")));
    }
    if (zone != NULL || week)
        segi_json_put(j, ": ");
    write_at(j, segi_json_at(object, "expr"), PLACE_OR);
}

void segi_json_write_predicate(segi_json *j, yyjson_val *value)
{
    write_at(j, value, PLACE_OR);
}

void segi_json_write(segi_json *j, yyjson_val *root)
{
    segi_json_put_object(j, root, SEGI_JSON_ROOT);
}

/* ---- the forms ---- */

/* clang-format off */
static const segi_json_form forms[] = {
    {SEGI_JSON_ROOT, "", write_root,
     {{"v", SEGI_JSON_WHOLE, NEEDED}, NODE("expr"), {"timezone", SEGI_JSON_TEXT, MAYBE},
      {"week", SEGI_JSON_WORD, false, "monday sunday"}}},

    {SEGI_JSON_PREDICATE, "everyone", write_constant, {{0}}},
    {SEGI_JSON_PREDICATE, "nobody", write_constant, {{0}}},
    {SEGI_JSON_PREDICATE, "not", write_not, {NODE("expr")}},
    {SEGI_JSON_PREDICATE, "all", write_row, {OF}},
    {SEGI_JSON_PREDICATE, "any", write_row, {OF}},
    {SEGI_JSON_PREDICATE, "xor", write_row, {OF}},
    {SEGI_JSON_PREDICATE, "at_least", write_at_least, {COUNT, OF}},
    {SEGI_JSON_PREDICATE, "did", write_did,
     {SELECT, {"times", SEGI_JSON_NODE, MAYBE}, WINDOW, NEGATED}},
    {SEGI_JSON_PREDICATE, "first", write_edge, {SELECT, WINDOW_NEEDED}},
    {SEGI_JSON_PREDICATE, "last", write_edge, {SELECT, WINDOW_NEEDED}},
    {SEGI_JSON_PREDICATE, "nth", write_edge,
     {{"nth", SEGI_JSON_WHOLE, NEEDED}, SELECT, WINDOW_NEEDED}},
    {SEGI_JSON_PREDICATE, "in_segment", write_in_segment, {NODE("name")}},
    {SEGI_JSON_PREDICATE, "compare", write_compare,
     {NODE("left"), {"op", SEGI_JSON_WORD, true, "= != < <= > >="}, NODE("right")}},
    {SEGI_JSON_PREDICATE, "between", write_between, {VALUE, NODE("low"), NODE("high")}},
    {SEGI_JSON_PREDICATE, "in", write_in, {VALUE, {"list", SEGI_JSON_ELEMENTS, NEEDED}, NEGATED}},
    {SEGI_JSON_PREDICATE, "has", write_has,
     {VALUE, {"list", SEGI_JSON_ELEMENTS, NEEDED},
      {"match", SEGI_JSON_WORD, false, "any all none exactly"}}},
    {SEGI_JSON_PREDICATE, "state", write_state,
     {VALUE, {"is", SEGI_JSON_WORD, true, "set null absent"}, NEGATED}},
    {SEGI_JSON_PREDICATE, "rank", write_rank,
     {VALUE, {"end", SEGI_JSON_WORD, true, "top bottom"}, {"count", SEGI_JSON_NODE, MAYBE},
      {"percent", SEGI_JSON_NODE, MAYBE}, AMONG}},
    {SEGI_JSON_PREDICATE, "text", write_text_test,
     {VALUE, {"test", SEGI_JSON_WORD, true, "contains starts_with ends_with matches"},
      NODE("pattern"), {"ignore_case", SEGI_JSON_FLAG, MAYBE}}},
    {SEGI_JSON_PREDICATE, "radius", write_radius,
     {VALUE, {"meters", SEGI_JSON_NUMBER, NEEDED}, NODE("point")}},
    {SEGI_JSON_PREDICATE, "polygon", write_polygon, {VALUE, {"rings", SEGI_JSON_LIST, NEEDED}}},
    {SEGI_JSON_PREDICATE, "split", write_split,
     {{"name", SEGI_JSON_TEXT, NEEDED}, {"from", SEGI_JSON_NUMBER, NEEDED},
      {"to", SEGI_JSON_NUMBER, NEEDED}}},
    {SEGI_JSON_PREDICATE, "holdout", write_split,
     {{"name", SEGI_JSON_TEXT, NEEDED}, {"share", SEGI_JSON_NUMBER, NEEDED}}},
    {SEGI_JSON_PREDICATE, "when", write_when, {VALUE, WINDOW_NEEDED}},
    {SEGI_JSON_PREDICATE, "has_been", write_has_been,
     {VALUE, {"for", SEGI_JSON_NODE, NEEDED}, {"to", SEGI_JSON_NODE, MAYBE},
      {"null", SEGI_JSON_FLAG, MAYBE}}},
    {SEGI_JSON_PREDICATE, "changed", write_changed,
     {VALUE, {"from", SEGI_JSON_NODE, MAYBE}, {"from_null", SEGI_JSON_FLAG, MAYBE},
      {"to", SEGI_JSON_NODE, MAYBE}, {"to_null", SEGI_JSON_FLAG, MAYBE}, WINDOW}},
    {SEGI_JSON_PREDICATE, "is_true", write_is_true, {VALUE}},
};
/* clang-format on */

const segi_json_forms segi_json_predicate_forms = {forms, sizeof forms / sizeof *forms};
