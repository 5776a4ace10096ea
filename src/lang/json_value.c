/* json_value.c - values in JSON as text: names, literals, arithmetic, aggregates. One thread per
 * call. */
#include <string.h>

#include "lang/json.h"
#include "lang/json_field.h"
#include "lang/print.h"

/* ---- values ---- */

static void write_name(segi_json *j, const segi_json_object *object)
{
    yyjson_val *ago = segi_json_at(object, "ago"), *as_of = segi_json_at(object, "as_of");
    segi_json_write_name(j, object);
    if (ago != NULL && as_of != NULL)
        segi_json_fail(j, object->self, NULL, "\"ago\" and \"as_of\" both say when");
    if (ago == NULL && as_of == NULL)
        return;
    segi_json_put(j, " as of ");
    if (as_of != NULL) {
        segi_json_put_moment(j, as_of);
        return;
    }
    segi_json_put_length(j, ago, false);
    segi_json_put(j, " ago");
}

static void write_builtin(segi_json *j, const segi_json_object *object)
{
    segi_buf_char(&j->text, '@');
    segi_json_put(j, segi_builtin_name((segi_builtin)segi_json_word(object, "name")));
}

static void write_now(segi_json *j, const segi_json_object *object)
{
    (void)object;
    segi_json_put(j, "now");
}

static void write_moment(segi_json *j, const segi_json_object *object)
{
    segi_json_put_moment(j, segi_json_at(object, "value"));
}

/* In ISO 8601, or with a count that may be a parameter. */
static void write_duration(segi_json *j, const segi_json_object *object)
{
    yyjson_val *value = segi_json_at(object, "value");
    yyjson_val *count = segi_json_at(object, "count"), *unit = segi_json_at(object, "unit");
    if ((value == NULL) != (count != NULL && unit != NULL) ||
        (value != NULL && (count != NULL || unit != NULL)))
        segi_json_fail(j, object->self, NULL, "a duration has a value, or a count and a unit");
    else if (value != NULL)
        segi_json_put_length(j, value, true);
    else
        segi_json_write_counted(j, object);
}

/* The fields that only some aggregates have, in the brackets behind the name. */
static const struct aggregate_fields {
    const char *field;
    const char *needed, *maybe; /* by which, apart by blanks */
} aggregate_fields[] = {
    {"property", "sum avg min max median percentile stddev mode top first last nth", "distinct"},
    {"unit", "streak current_streak", "distinct"},
    {"of", "share", ""},
    {"fraction", "percentile", ""},
    {"nth", "nth", ""},
    {"most", "top", ""},
    {"min", "", "mode top streak current_streak"},
    {"length", "", "streak"},
    {"missed", "", "streak current_streak"},
    {"per", "", "streak current_streak"},
    {"ties", "", "mode top"},
    {"broken", "", "streak"}};

/* What the table of forms cannot say: it has one row for all aggregates. */
static void check_aggregate(segi_json *j, const segi_json_object *object, const char *fn)
{
    for (size_t i = 0; i < sizeof aggregate_fields / sizeof *aggregate_fields; i++) {
        const struct aggregate_fields *f = &aggregate_fields[i];
        yyjson_val *value = segi_json_at(object, f->field);
        bool needed = segi_json_among(f->needed, fn);
        if (value != NULL && !needed && !segi_json_among(f->maybe, fn))
            segi_json_fail(j, value, NULL, "\"%s\" has no \"%s\"", fn, f->field);
        else if (value == NULL && needed)
            segi_json_fail(j, object->self, NULL, "\"%s\" needs \"%s\"", fn, f->field);
    }
    if (strcmp(fn, "distinct") == 0 &&
        (segi_json_at(object, "property") == NULL) == (segi_json_at(object, "unit") == NULL))
        segi_json_fail(j, object->self, NULL, "\"distinct\" needs a property or a unit");
    if ((segi_json_at(object, "missed") == NULL) != (segi_json_at(object, "per") == NULL))
        segi_json_fail(j, object->self, NULL, "\"missed\" and \"per\" stand together");
}

/* The fields in the order in which the language wants them. */
static void put_aggregate_head(segi_json *j, const segi_json_object *object)
{
    static const char *const ties[] = {", ties latest", ", ties none", ", ties all"};
    static const struct {
        const char *field, *words;
    } numbers[] = {{"fraction", ", "},     {"nth", ", "},           {"most", ", "},
                   {"min", ", min "},      {"length", ", length "}, {"missed", ", allowing "},
                   {"per", " missed per "}};
    yyjson_val *property = segi_json_at(object, "property");
    segi_buf_char(&j->text, '(');
    if (property != NULL)
        segi_json_write_value(j, property, SEGI_PRINT_SUM);
    if (segi_json_at(object, "unit") != NULL)
        segi_json_put(j,
                      segi_unit_name((segi_unit)(SEGI_UNIT_DAY + segi_json_word(object, "unit"))));
    if (segi_json_at(object, "of") != NULL)
        segi_json_write_predicate(j, segi_json_at(object, "of"));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        yyjson_val *number = segi_json_at(object, numbers[i].field);
        if (number == NULL)
            continue;
        segi_json_put(j, numbers[i].words);
        segi_json_put_number(j, number);
    }
    if (segi_json_at(object, "ties") != NULL)
        segi_json_put(j, ties[segi_json_word(object, "ties")]);
    segi_buf_char(&j->text, ')');
}

static void write_aggregate(segi_json *j, const segi_json_object *object)
{
    const char *fn = yyjson_get_str(segi_json_at(object, "fn"));
    check_aggregate(j, object, fn);
    segi_json_put(j, fn);
    if (strcmp(fn, "count") != 0 && strcmp(fn, "overdue") != 0)
        put_aggregate_head(j, object);
    segi_json_put(j, " of ");
    segi_json_put_select(j, object);
    /* Said in words, so that what follows cannot be taken for the span. */
    if (segi_json_at(object, "window") == NULL)
        segi_json_put(j, " ever");
    segi_json_put_window(j, object);
    if (segi_json_flag(object, "broken"))
        segi_json_put(j, " broken");
}

/* The end of a score: zeros, bracket, population. */
static void put_among(segi_json *j, const segi_json_object *object)
{
    if (segi_json_flag(object, "with_zeros"))
        segi_json_put(j, " with zeros");
    segi_buf_char(&j->text, ')');
    if (segi_json_at(object, "among") == NULL)
        return;
    segi_json_put(j, " among (");
    segi_json_write_predicate(j, segi_json_at(object, "among"));
    segi_buf_char(&j->text, ')');
}

static void write_quantile(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, object->form->type);
    segi_buf_char(&j->text, '(');
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    put_among(j, object);
}

/* Cut points as numbers, or as percentiles. */
static void write_tier(segi_json *j, const segi_json_object *object)
{
    yyjson_val *cuts = segi_json_at(object, "cuts"), *labels = segi_json_at(object, "labels");
    yyjson_val *parts = segi_json_at(object, "percentiles"), *cut;
    if ((cuts == NULL) == (parts == NULL)) {
        segi_json_fail(j, object->self, NULL, "a tier has cuts or percentiles");
        return;
    }
    segi_json_put(j, "tier(");
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, ", cuts (");
    yyjson_arr_iter all = yyjson_arr_iter_with(cuts != NULL ? cuts : parts);
    for (size_t i = 0; (cut = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        if (parts != NULL)
            segi_buf_char(&j->text, 'p');
        segi_json_put_number(j, cut);
    }
    segi_buf_char(&j->text, ')');
    if (labels != NULL) {
        segi_json_put(j, " labels ");
        segi_json_put_texts(j, labels, "the name of a tier");
    }
    put_among(j, object);
}

/* ---- rfm ---- */

static void put_points(segi_json *j, const segi_json_object *object, const char *field,
                       const char *letter)
{
    yyjson_val *point;
    yyjson_arr_iter all = yyjson_arr_iter_with(segi_json_at(object, field));
    segi_json_put(j, letter);
    segi_json_put(j, " (");
    for (size_t i = 0; (point = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        if (letter[0] == 'r')
            segi_json_put_length(j, point, true);
        else
            segi_json_put_number(j, point);
    }
    segi_buf_char(&j->text, ')');
}

static void write_group(segi_json *j, const segi_json_object *object)
{
    segi_json_mark(j, segi_json_at(object, "name"));
    segi_json_put_quoted(j, segi_json_at(object, "name"));
    segi_json_put(j, ": ");
    segi_json_write_predicate(j, segi_json_at(object, "when"));
    segi_json_put(j, ", ");
}

static void put_groups(segi_json *j, const segi_json_object *object)
{
    yyjson_val *group, *otherwise = segi_json_at(object, "otherwise");
    yyjson_val *groups = segi_json_at(object, "groups");
    if ((groups == NULL) != (otherwise == NULL)) {
        segi_json_fail(j, object->self, NULL, "\"groups\" and \"otherwise\" stand together");
        return;
    }
    if (groups == NULL)
        return;
    yyjson_arr_iter all = yyjson_arr_iter_with(groups);
    segi_json_put(j, ", groups (");
    while ((group = yyjson_arr_iter_next(&all)) != NULL)
        segi_json_put_object(j, group, SEGI_JSON_GROUP);
    segi_json_put(j, "otherwise ");
    segi_json_mark(j, otherwise);
    segi_json_put_quoted(j, otherwise);
    segi_buf_char(&j->text, ')');
}

static bool put_way(segi_json *j, const segi_json_object *object)
{
    static const char *const fields[] = {"recency", "frequency", "money"};
    static const char *const letters[] = {"r", " f", " m"};
    bool floating = segi_json_flag(object, "floating");
    bool some = false, all = true;
    for (size_t i = 0; i < 3; i++) {
        some |= segi_json_at(object, fields[i]) != NULL;
        all &= segi_json_at(object, fields[i]) != NULL;
    }
    if (floating ? some : !all) {
        segi_json_fail(j, object->self, NULL,
                       "an rfm is floating, or has the cut points of recency, frequency and money");
        return false;
    }
    segi_json_put(j, floating ? ", floating" : ", cuts ");
    for (size_t i = 0; !floating && i < 3; i++)
        put_points(j, object, fields[i], letters[i]);
    return true;
}

static void write_rfm(segi_json *j, const segi_json_object *object)
{
    yyjson_val *score = segi_json_at(object, "score"), *scale = segi_json_at(object, "scale");
    segi_json_put(j, "rfm");
    if (score != NULL) {
        segi_buf_char(&j->text, '.');
        segi_json_put(j, yyjson_get_str(score));
    }
    segi_buf_char(&j->text, '(');
    segi_json_write_value(j, segi_json_at(object, "property"), SEGI_PRINT_SUM);
    if (!put_way(j, object))
        return;
    if (scale != NULL) {
        segi_json_put(j, ", scale ");
        segi_json_put_number(j, scale);
    }
    put_groups(j, object);
    segi_json_put(j, ") of ");
    segi_json_put_select(j, object);
    /* Said in words, so that what follows cannot be taken for the span. */
    if (segi_json_at(object, "window") == NULL)
        segi_json_put(j, " ever");
    segi_json_put_window(j, object);
}

static void write_class_score(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "rfm.");
    segi_json_put(j, yyjson_get_str(segi_json_at(object, "score")));
    segi_json_put(j, " of ");
    segi_json_mark(j, segi_json_at(object, "class"));
    segi_json_put_name(j, segi_json_at(object, "class"));
}

/* ---- operators ---- */

/* As print_arith(): brackets where the right side would bind too loosely. */
static void write_arithmetic(segi_json *j, const segi_json_object *object)
{
    static const char *const signs[] = {" + ", " - ", " * ", " / "};
    int op = segi_json_word(object, "op");
    int own = op >= SEGI_TIMES ? SEGI_PRINT_TERM : SEGI_PRINT_SUM;
    segi_json_write_value(j, segi_json_at(object, "left"), own);
    segi_json_put(j, signs[op]);
    segi_json_write_value(j, segi_json_at(object, "right"), own + 1);
}

static void write_negate(segi_json *j, const segi_json_object *object)
{
    /* In brackets, so that "- 5" does not become the number -5. */
    segi_json_put(j, "-(");
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_buf_char(&j->text, ')');
}

static void write_size(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "size(");
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_buf_char(&j->text, ')');
}

static void write_anniversary(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "anniversary(");
    segi_json_write_value(j, segi_json_at(object, "value"), SEGI_PRINT_SUM);
    segi_json_put(j, segi_json_word(object, "leap_day") == 1 ? ", feb 28)" : ")");
}

/* Whether it needs brackets in that place. */
static bool value_is_loose(const segi_json_object *object, int place)
{
    if (strcmp(object->form->type, "arithmetic") != 0)
        return false;
    int own = segi_json_word(object, "op") >= SEGI_TIMES ? SEGI_PRINT_TERM : SEGI_PRINT_SUM;
    return own < place;
}

/* place: SEGI_PRINT_SUM .. SEGI_PRINT_FACTOR */
void segi_json_write_value(segi_json *j, yyjson_val *value, int place)
{
    segi_json_object object;
    if (!segi_json_enter(j, value))
        return;
    segi_json_mark(j, value);
    if (yyjson_is_str(value)) {
        segi_json_put_quoted(j, value);
    } else if (yyjson_is_bool(value)) {
        segi_json_put(j, yyjson_get_bool(value) ? "true" : "false");
    } else if (yyjson_is_raw(value)) {
        segi_json_put_raw(j, value);
    } else if (segi_json_is_param(value)) {
        segi_json_put_param(j, value);
    } else if (segi_json_read(j, value, SEGI_JSON_VALUE, &object)) {
        bool brackets = value_is_loose(&object, place);
        if (brackets)
            segi_buf_char(&j->text, '(');
        object.form->write(j, &object);
        if (brackets)
            segi_buf_char(&j->text, ')');
    }
    j->depth--;
}

/* ---- the forms ---- */

/* clang-format off */
static const segi_json_form forms[] = {
    {SEGI_JSON_VALUE, "name", write_name,
     {{"name", SEGI_JSON_TEXT, NEEDED}, {"ago", SEGI_JSON_NODE, MAYBE},
      {"as_of", SEGI_JSON_NODE, MAYBE}}},
    {SEGI_JSON_VALUE, "builtin", write_builtin,
     {{"name", SEGI_JSON_WORD, true, "time date hour weekday day month year duration count"}}},
    {SEGI_JSON_VALUE, "moment", write_moment, {VALUE}},
    {SEGI_JSON_VALUE, "duration", write_duration,
     {{"value", SEGI_JSON_NODE, MAYBE}, {"count", SEGI_JSON_NODE, MAYBE},
      {"unit", SEGI_JSON_WORD, false, UNITS}}},
    {SEGI_JSON_VALUE, "now", write_now, {{0}}},
    {SEGI_JSON_VALUE, "arithmetic", write_arithmetic,
     {NODE("left"), {"op", SEGI_JSON_WORD, true, "+ - * /"}, NODE("right")}},
    {SEGI_JSON_VALUE, "negate", write_negate, {VALUE}},
    {SEGI_JSON_VALUE, "size", write_size, {VALUE}},
    {SEGI_JSON_VALUE, "anniversary", write_anniversary,
     {VALUE, {"leap_day", SEGI_JSON_WORD, false, "mar_1 feb_28"}}},
    {SEGI_JSON_VALUE, "aggregate", write_aggregate,
     {{"fn", SEGI_JSON_WORD, true, "count sum avg min max median percentile stddev distinct mode "
                                   "top first last nth share streak current_streak overdue"},
      SELECT, WINDOW, {"property", SEGI_JSON_NODE, MAYBE},
      {"unit", SEGI_JSON_WORD, false, PERIODS}, {"of", SEGI_JSON_NODE, MAYBE},
      {"nth", SEGI_JSON_WHOLE, MAYBE}, {"most", SEGI_JSON_WHOLE, MAYBE},
      {"min", SEGI_JSON_WHOLE, MAYBE},
      {"ties", SEGI_JSON_WORD, false, "latest none all"},
      {"fraction", SEGI_JSON_NUMBER, MAYBE}, {"length", SEGI_JSON_WHOLE, MAYBE},
      {"missed", SEGI_JSON_WHOLE, MAYBE}, {"per", SEGI_JSON_WHOLE, MAYBE},
      {"broken", SEGI_JSON_FLAG, MAYBE}}},
    {SEGI_JSON_VALUE, "quartile", write_quantile, {VALUE, ZEROS, AMONG}},
    {SEGI_JSON_VALUE, "quintile", write_quantile, {VALUE, ZEROS, AMONG}},
    {SEGI_JSON_VALUE, "decile", write_quantile, {VALUE, ZEROS, AMONG}},
    {SEGI_JSON_VALUE, "rfm", write_rfm,
     {NODE("property"), SELECT, WINDOW, {"floating", SEGI_JSON_FLAG, MAYBE},
      {"recency", SEGI_JSON_LIST, MAYBE}, {"frequency", SEGI_JSON_LIST, MAYBE},
      {"money", SEGI_JSON_LIST, MAYBE}, {"scale", SEGI_JSON_WHOLE, MAYBE},
      {"groups", SEGI_JSON_LIST, MAYBE}, {"otherwise", SEGI_JSON_TEXT, MAYBE},
      {"score", SEGI_JSON_WORD, false, "r f m"}}},
    {SEGI_JSON_GROUP, "group", write_group, {{"name", SEGI_JSON_TEXT, NEEDED}, NODE("when")}},
    {SEGI_JSON_VALUE, "class_score", write_class_score,
     {{"class", SEGI_JSON_TEXT, NEEDED}, {"score", SEGI_JSON_WORD, true, "r f m"}}},
    {SEGI_JSON_VALUE, "tier", write_tier,
     {VALUE, {"cuts", SEGI_JSON_LIST, MAYBE}, {"percentiles", SEGI_JSON_LIST, MAYBE},
      {"labels", SEGI_JSON_LIST, MAYBE}, ZEROS, AMONG}},
};
/* clang-format on */

const segi_json_forms segi_json_value_forms = {forms, sizeof forms / sizeof *forms};
