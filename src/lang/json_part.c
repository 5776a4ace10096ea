/* json_part.c - the parts of predicates in JSON as text: parameters, numbers, lengths of time,
 * selectors, counts and spans. One thread per call.
 *
 * Objects that come here fit
 * their form: fields that are needed are there, words are known. Whatever comes from outside goes
 * into the text as a quoted text, a quoted name or a number, so it cannot become syntax. */
#include <string.h>

#include "base/civil.h"
#include "lang/json.h"
#include "lang/json_field.h"
#include "lang/print.h"

/* ---- tools ---- */

/* What follows in the text stands for this value. */
void segi_json_mark(segi_json *j, const yyjson_val *value)
{
    if (j->status != SEG_OK)
        return;
    void *origins = j->origins;
    if (!segi_grow(j->mem, &origins, &j->origin_capacity, j->origin_count + 1,
                   sizeof *j->origins)) {
        j->text.failed = true;
        return;
    }
    j->origins = origins;
    j->origins[j->origin_count++] = (segi_json_origin){j->text.size, value};
}

/* As segi_json_fail(), with another status. */
static void fail_limit(segi_json *j, const yyjson_val *value, const char *message)
{
    segi_json_fail(j, value, NULL, "%s", message);
    j->status = j->err->code = SEG_E_LIMIT;
}

/* One level deeper; whoever gets true counts it down again. */
bool segi_json_enter(segi_json *j, const yyjson_val *value)
{
    if (j->status != SEG_OK || j->text.failed)
        return false;
    if (j->depth == SEGI_JSON_DEPTH_MAX)
        fail_limit(j, value, "objects are nested too deep");
    else if (j->text.size > SEG_TEXT_SIZE_MAX)
        fail_limit(j, value, "up to here this is more than a predicate may have as text");
    if (j->status != SEG_OK)
        return false;
    j->depth++;
    return true;
}

/* Words of the language, never what comes from outside. */
void segi_json_put(segi_json *j, const char *text)
{
    segi_buf_text(&j->text, text);
}

/* Escaped, so it stays one token whatever it holds. */
void segi_json_put_quoted(segi_json *j, yyjson_val *text)
{
    segi_buf_quoted(&j->text, yyjson_get_str(text), yyjson_get_len(text));
}

/* In back quotes where it is no plain word. */
void segi_json_put_name(segi_json *j, yyjson_val *name)
{
    segi_printer p = {.out = &j->text};
    segi_print_name(&p, yyjson_get_str(name), yyjson_get_len(name));
}

/* Raw numbers were checked by the JSON reader to be numbers. */
void segi_json_put_raw(segi_json *j, yyjson_val *number)
{
    segi_buf_add(&j->text, yyjson_get_raw(number), yyjson_get_len(number));
}

/* {"param": "n"} becomes $n. */
void segi_json_put_param(segi_json *j, yyjson_val *value)
{
    yyjson_val *name = yyjson_obj_get(value, "param");
    const char *text = yyjson_get_str(name);
    size_t size = yyjson_get_len(name);
    if (!segi_word_plain(text, size)) {
        segi_json_fail(j, name, "letters, digits and _", "this cannot be the name of a parameter");
        return;
    }
    segi_buf_char(&j->text, '$');
    segi_buf_add(&j->text, text, size);
}

/* A whole number from 0, or a parameter. */
void segi_json_put_count(segi_json *j, yyjson_val *value)
{
    segi_json_mark(j, value);
    if (segi_json_is_param(value)) {
        segi_json_put_param(j, value);
        return;
    }
    bool whole = yyjson_is_raw(value);
    for (size_t i = 0; whole && i < yyjson_get_len(value); i++)
        whole = yyjson_get_raw(value)[i] >= '0' && yyjson_get_raw(value)[i] <= '9';
    if (whole)
        segi_json_put_raw(j, value);
    else
        segi_json_fail(j, value, "3 or {\"param\": \"n\"}", "expected a whole number");
}

/* Digits as they were written: the language reads them exactly. */
void segi_json_put_number(segi_json *j, yyjson_val *value)
{
    segi_json_mark(j, value);
    if (yyjson_is_raw(value))
        segi_json_put_raw(j, value);
    else
        segi_json_fail(j, value, NULL, "expected a number");
}

/* ---- times and lengths ---- */

/* P30D, PT36H, -P1W: one unit, so that it says the same as in the language. */
static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool iso_read(const char *text, size_t size, size_t *out_begin, size_t *out_end,
                     segi_unit *out_unit)
{
    static const char *const letters = "SMHDWMQY"; /* the order of segi_unit */
    size_t at = size > 0 && text[0] == '-';
    if (at >= size || text[at++] != 'P')
        return false;
    bool time = at < size && text[at] == 'T';
    at += time;
    *out_begin = at;
    while (at < size && is_digit(text[at]))
        at++;
    if (at == *out_begin)
        return false;
    for (size_t point = at; at < size && (at == point ? text[at] == '.' : is_digit(text[at]));)
        at++;
    *out_end = at;
    if (text[at - 1] == '.' || at + 1 != size)
        return false;
    int first = time ? SEGI_UNIT_SECOND : SEGI_UNIT_DAY;
    int last = time ? SEGI_UNIT_HOUR : SEGI_UNIT_YEAR;
    for (int unit = first; unit <= last; unit++) {
        if (text[at] == letters[unit] && unit != SEGI_UNIT_QUARTER) {
            *out_unit = (segi_unit)unit;
            return true;
        }
    }
    return false;
}

/* A length of time: ISO 8601, or an object with a number that may be a parameter. */
void segi_json_put_length(segi_json *j, yyjson_val *value, bool negative)
{
    segi_json_object object;
    segi_json_mark(j, value);
    if (yyjson_is_obj(value)) {
        if (segi_json_read(j, value, SEGI_JSON_LENGTH, &object))
            object.form->write(j, &object);
        return;
    }
    const char *text = yyjson_is_str(value) ? yyjson_get_str(value) : "";
    size_t begin, end, size = yyjson_is_str(value) ? yyjson_get_len(value) : 0;
    segi_unit unit;
    if (!iso_read(text, size, &begin, &end, &unit) || (text[0] == '-' && !negative)) {
        segi_json_fail(j, value,
                       "\"P30D\", \"PT36H\", or {\"type\": \"duration\", \"count\": 1, "
                       "\"unit\": \"quarter\"}",
                       "expected a length of time in one unit, as in ISO 8601");
        return;
    }
    if (text[0] == '-')
        segi_buf_char(&j->text, '-');
    segi_buf_add(&j->text, text + begin, end - begin);
    segi_buf_char(&j->text, ' ');
    segi_json_put(j, segi_unit_name(unit));
    segi_buf_char(&j->text, 's');
}

void segi_json_write_counted(segi_json *j, const segi_json_object *object)
{
    segi_json_put_count(j, segi_json_at(object, "count"));
    segi_buf_char(&j->text, ' ');
    segi_json_put(j, segi_unit_name((segi_unit)segi_json_word(object, "unit")));
    segi_buf_char(&j->text, 's');
}

/* Checked here, because unquoted text from outside must not become syntax. */
void segi_json_put_moment(segi_json *j, yyjson_val *value)
{
    segi_json_mark(j, value);
    if (segi_json_is_param(value)) {
        segi_json_put_param(j, value);
        return;
    }
    segi_civil_time civil;
    size_t size = yyjson_is_str(value) ? yyjson_get_len(value) : 0;
    if (size == 0 || segi_civil_parse(yyjson_get_str(value), size, &civil) != size)
        segi_json_fail(j, value, "\"2026-01-31\" or \"2026-01-31T18:00:00Z\"",
                       "expected a date or an instant");
    else
        segi_buf_add(&j->text, yyjson_get_str(value), size);
}

/* "user" is the word, all else a name in quotes. */
void segi_json_put_zone(segi_json *j, yyjson_val *zone)
{
    segi_json_mark(j, zone);
    if (yyjson_equals_str(zone, "user"))
        segi_json_put(j, "user");
    else
        segi_json_put_quoted(j, zone);
}

/* ---- selectors, bounds, windows ---- */

/* Nothing where there is none. */
static void put_where(segi_json *j, const segi_json_object *object)
{
    yyjson_val *where = segi_json_at(object, "where");
    if (where == NULL)
        return;
    segi_json_put(j, " where (");
    segi_json_write_predicate(j, where);
    segi_buf_char(&j->text, ')');
}

/* One event, as a text. */
static void write_event(segi_json *j, const segi_json_object *object)
{
    segi_json_mark(j, segi_json_at(object, "name"));
    segi_json_put_quoted(j, segi_json_at(object, "name"));
    put_where(j, object);
}

static void write_any_event(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "any event");
    put_where(j, object);
}

/* session(gap 30 minutes of "event") */
static void write_session(segi_json *j, const segi_json_object *object)
{
    yyjson_val *of = segi_json_at(object, "of");
    segi_json_put(j, "session(gap ");
    segi_json_put_length(j, segi_json_at(object, "gap"), false);
    if (of != NULL) {
        segi_json_put(j, " of ");
        segi_json_put_object(j, of, SEGI_JSON_SELECT);
    }
    segi_buf_char(&j->text, ')');
    put_where(j, object);
}

/* ("a", "b") */
void segi_json_put_texts(segi_json *j, yyjson_val *texts, const char *what)
{
    yyjson_val *text;
    yyjson_arr_iter all = yyjson_arr_iter_with(texts);
    segi_buf_char(&j->text, '(');
    for (size_t i = 0; (text = yyjson_arr_iter_next(&all)) != NULL; i++) {
        if (i != 0)
            segi_json_put(j, ", ");
        segi_json_mark(j, text);
        if (yyjson_is_str(text))
            segi_json_put_quoted(j, text);
        else
            segi_json_fail(j, text, NULL, "expected %s", what);
    }
    segi_buf_char(&j->text, ')');
}

/* any of ("a", "b") */
static void write_any_of(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, "any of ");
    segi_json_put_texts(j, segi_json_at(object, "names"), "the name of an event");
    put_where(j, object);
}

/* An object that has a place of its own, with the text of its form. */
void segi_json_put_object(segi_json *j, yyjson_val *value, segi_json_place place)
{
    segi_json_object object;
    if (!segi_json_enter(j, value))
        return;
    segi_json_mark(j, value);
    if (segi_json_read(j, value, place, &object))
        object.form->write(j, &object);
    j->depth--;
}

void segi_json_put_select(segi_json *j, const segi_json_object *object)
{
    segi_json_put_object(j, segi_json_at(object, "select"), SEGI_JSON_SELECT);
}

/* " at least 3 times", " on at least 6 weeks", " at least 3 times on at least 6 weeks" */
static void write_times(segi_json *j, const segi_json_object *object)
{
    static const struct {
        const char *type, *words;
    } kinds[] = {{"at_least", "at least "},   {"at_most", "at most "},
                 {"more_than", "more than "}, {"fewer_than", "fewer than "},
                 {"exactly", "exactly "},     {"between", "between "}};
    bool on = segi_json_at(object, "on") != NULL;
    yyjson_val *each = segi_json_at(object, "each");
    if (each != NULL && (!on || yyjson_obj_get(each, "on") != NULL))
        segi_json_fail(j, each, NULL, "\"each\" counts events in the periods of \"on\"");
    else if (each != NULL)
        segi_json_put_object(j, each, SEGI_JSON_TIMES);
    segi_json_put(j, on ? " on " : " ");
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(object->form->type, kinds[i].type) == 0)
            segi_json_put(j, kinds[i].words);
    }
    if (strcmp(object->form->type, "between") == 0) {
        segi_json_put_count(j, segi_json_at(object, "low"));
        segi_json_put(j, " and ");
        segi_json_put_count(j, segi_json_at(object, "high"));
    } else {
        segi_json_put_count(j, segi_json_at(object, "count"));
    }
    segi_buf_char(&j->text, ' ');
    segi_unit period = (segi_unit)(SEGI_UNIT_DAY + segi_json_word(object, "on"));
    segi_json_put(j, on ? segi_unit_name(period) : "time");
    segi_buf_char(&j->text, 's');
}

/* Nothing where there is none. */
static void put_tz(segi_json *j, const segi_json_object *object)
{
    yyjson_val *zone = segi_json_at(object, "tz");
    if (zone == NULL)
        return;
    segi_json_put(j, " tz ");
    segi_json_put_zone(j, zone);
}

/* " in last " and the like, a length, and the zone. */
static void write_span_length(segi_json *j, const segi_json_object *object)
{
    const char *type = object->form->type;
    segi_json_put(j, strcmp(type, "last") == 0   ? " in last "
                     : strcmp(type, "next") == 0 ? " in next "
                                                 : " older than ");
    segi_json_put_length(j, segi_json_at(object, "length"), false);
    put_tz(j, object);
}

/* in last N calendar days [complete] */
static void write_span_calendar(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, " in last ");
    segi_json_put_count(j, segi_json_at(object, "count"));
    segi_json_put(j, " calendar ");
    segi_json_put(j, segi_unit_name((segi_unit)(SEGI_UNIT_DAY + segi_json_word(object, "unit"))));
    segi_json_put(j, segi_json_flag(object, "complete") ? "s complete" : "s");
    put_tz(j, object);
}

static void write_span_period(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, strcmp(object->form->type, "this") == 0 ? " this " : " previous ");
    segi_json_put(j, segi_unit_name((segi_unit)(SEGI_UNIT_DAY + segi_json_word(object, "unit"))));
    put_tz(j, object);
}

/* since, before, between: bounds of their own. */
static void write_span_moment(segi_json *j, const segi_json_object *object)
{
    const char *type = object->form->type;
    bool before = strcmp(type, "before") == 0;
    segi_json_put(j, before ? " before " : strcmp(type, "since") == 0 ? " since " : " between ");
    segi_json_put_moment(j, segi_json_at(object, before ? "to" : "from"));
    if (strcmp(type, "between") == 0) {
        segi_json_put(j, " and ");
        segi_json_put_moment(j, segi_json_at(object, "to"));
    }
    put_tz(j, object);
}

static void write_span_ago(segi_json *j, const segi_json_object *object)
{
    yyjson_val *to = segi_json_at(object, "to");
    segi_json_put(j, " from ");
    segi_json_put_length(j, segi_json_at(object, "from"), false);
    segi_json_put(j, " ago to ");
    if (to == NULL) {
        segi_json_put(j, "now");
    } else {
        segi_json_put_length(j, to, false);
        segi_json_put(j, " ago");
    }
    put_tz(j, object);
}

/* within a length of an anchor. */
static void write_span_around(segi_json *j, const segi_json_object *object)
{
    static const char *const sides[] = {" after ", " before ", " of "};
    segi_json_put(j, " within ");
    segi_json_put_length(j, segi_json_at(object, "length"), false);
    segi_json_put(j, sides[segi_json_word(object, "side")]);
    segi_json_put_object(j, segi_json_at(object, "anchor"), SEGI_JSON_ANCHOR);
    put_tz(j, object);
}

static void write_span_ever(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, " ever");
    put_tz(j, object);
}

static void write_span_during(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, " during occasion ");
    segi_json_put_quoted(j, segi_json_at(object, "occasion"));
    put_tz(j, object);
}

/* first "event", as the instant that a span goes by */
static void write_anchor(segi_json *j, const segi_json_object *object)
{
    segi_json_put(j, object->form->type);
    segi_buf_char(&j->text, ' ');
    segi_json_put_select(j, object);
}

void segi_json_put_window(segi_json *j, const segi_json_object *object)
{
    yyjson_val *window = segi_json_at(object, "window");
    if (window != NULL)
        segi_json_put_object(j, window, SEGI_JSON_WINDOW);
}

/* An attribute or a property. */
void segi_json_write_name(segi_json *j, const segi_json_object *object)
{
    segi_json_mark(j, segi_json_at(object, "name"));
    segi_json_put_name(j, segi_json_at(object, "name"));
}

/* ---- the forms ---- */

/* clang-format off */
static const segi_json_form forms[] = {
    {SEGI_JSON_SELECT, "event", write_event, {{"name", SEGI_JSON_TEXT, NEEDED}, WHERE}},
    {SEGI_JSON_SELECT, "any_event", write_any_event, {WHERE}},
    {SEGI_JSON_SELECT, "session", write_session,
     {{"gap", SEGI_JSON_NODE, NEEDED}, {"of", SEGI_JSON_NODE, MAYBE}, WHERE}},
    {SEGI_JSON_SELECT, "any_of", write_any_of, {{"names", SEGI_JSON_LIST, NEEDED}, WHERE}},

    {SEGI_JSON_TIMES, "at_least", write_times, {COUNT, EACH, ON}},
    {SEGI_JSON_TIMES, "at_most", write_times, {COUNT, EACH, ON}},
    {SEGI_JSON_TIMES, "more_than", write_times, {COUNT, EACH, ON}},
    {SEGI_JSON_TIMES, "fewer_than", write_times, {COUNT, EACH, ON}},
    {SEGI_JSON_TIMES, "exactly", write_times, {COUNT, EACH, ON}},
    {SEGI_JSON_TIMES, "between", write_times, {NODE("low"), NODE("high"), EACH, ON}},

    {SEGI_JSON_WINDOW, "ever", write_span_ever, {TZ}},
    {SEGI_JSON_WINDOW, "last", write_span_length, {LENGTH, TZ}},
    {SEGI_JSON_WINDOW, "next", write_span_length, {LENGTH, TZ}},
    {SEGI_JSON_WINDOW, "older", write_span_length, {LENGTH, TZ}},
    {SEGI_JSON_WINDOW, "calendar", write_span_calendar,
     {COUNT, PERIOD, {"complete", SEGI_JSON_FLAG, MAYBE}, TZ}},
    {SEGI_JSON_WINDOW, "this", write_span_period, {PERIOD, TZ}},
    {SEGI_JSON_WINDOW, "previous", write_span_period, {PERIOD, TZ}},
    {SEGI_JSON_WINDOW, "since", write_span_moment, {NODE("from"), TZ}},
    {SEGI_JSON_WINDOW, "before", write_span_moment, {NODE("to"), TZ}},
    {SEGI_JSON_WINDOW, "between", write_span_moment, {NODE("from"), NODE("to"), TZ}},
    {SEGI_JSON_WINDOW, "ago", write_span_ago, {NODE("from"), {"to", SEGI_JSON_NODE, MAYBE}, TZ}},
    {SEGI_JSON_WINDOW, "during", write_span_during, {{"occasion", SEGI_JSON_TEXT, NEEDED}, TZ}},
    {SEGI_JSON_WINDOW, "around", write_span_around,
     {LENGTH, {"side", SEGI_JSON_WORD, true, "after before of"}, NODE("anchor"), TZ}},

    {SEGI_JSON_ANCHOR, "first", write_anchor, {SELECT}},
    {SEGI_JSON_ANCHOR, "last", write_anchor, {SELECT}},
    {SEGI_JSON_ANCHOR, "name", segi_json_write_name, {{"name", SEGI_JSON_TEXT, NEEDED}}},

    {SEGI_JSON_LENGTH, "duration", segi_json_write_counted,
     {COUNT, {"unit", SEGI_JSON_WORD, true, UNITS}}},
};
/* clang-format on */

const segi_json_forms segi_json_part_forms = {forms, sizeof forms / sizeof *forms};
