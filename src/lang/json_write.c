/* json_write.c - the JSON form of a predicate, from the tree of what its canonical text says.
 *
 * Printing and parsing once more costs microseconds, and it makes canonical JSON a function of the
 * canonical text: what the printer keeps apart cannot fall together here. Keys stand in the order
 * of their bytes and what is the default is left out, so equal predicates give equal bytes. The
 * switches have no default, so a construct of the language without a form here does not compile.
 * One thread per call. */
#include <string.h>

#include "base/civil.h"
#include "lang/json.h"
#include "lang/print.h"

typedef struct json_writer {
    segi_buf *out;
    bool comma; /* something stands before the next key or element */
} json_writer;

static void write_predicate(json_writer *w, const segi_syn *syn);
static void write_value(json_writer *w, const segi_syn *syn);

/* ---- the syntax of JSON ---- */

static void json_open(json_writer *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = false;
}

static void json_close(json_writer *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = true;
}

static void json_comma(json_writer *w)
{
    if (w->comma)
        segi_buf_char(w->out, ',');
    w->comma = true;
}

static void json_key(json_writer *w, const char *name)
{
    json_comma(w);
    segi_buf_quoted(w->out, name, strlen(name));
    segi_buf_char(w->out, ':');
}

static void json_text(json_writer *w, const char *name, const char *text, size_t size)
{
    json_key(w, name);
    segi_buf_quoted(w->out, text, size);
}

static void json_word(json_writer *w, const char *name, const char *word)
{
    json_text(w, name, word, strlen(word));
}

static void json_true(json_writer *w, const char *name, bool value)
{
    if (!value)
        return;
    json_key(w, name);
    segi_buf_text(w->out, "true");
}

static void json_int(json_writer *w, const char *name, int64_t value)
{
    json_key(w, name);
    segi_buf_int(w->out, value);
}

static void json_float(json_writer *w, double value)
{
    segi_printer p = {.out = w->out};
    segi_print_float(&p, value);
}

/* ---- small things ---- */

static void write_param(json_writer *w, const segi_syn *param)
{
    json_open(w, '{');
    json_text(w, "param", param->u.name.text, param->u.name.text_size);
    json_close(w, '}');
}

static void write_number(json_writer *w, const char *name, segi_syn_number number)
{
    json_key(w, name);
    if (number.param != NULL)
        write_param(w, number.param);
    else
        segi_buf_int(w->out, number.value);
}

/* ISO 8601 has no quarters, and no place for a parameter. */
static bool duration_is_iso(segi_syn_duration duration)
{
    return duration.count.param == NULL && duration.unit != SEGI_UNIT_QUARTER;
}

static void write_iso(json_writer *w, segi_syn_duration duration)
{
    static const char letters[] = "SMHDWMQY"; /* the order of segi_unit */
    int64_t count = duration.count.value;
    segi_buf_text(w->out, count < 0 ? "\"-P" : "\"P");
    if (duration.unit < SEGI_UNIT_DAY)
        segi_buf_char(w->out, 'T');
    segi_buf_uint(w->out, count < 0 ? 0 - (uint64_t)count : (uint64_t)count);
    segi_buf_char(w->out, letters[duration.unit]);
    segi_buf_char(w->out, '"');
}

static void write_duration(json_writer *w, const char *name, segi_syn_duration duration)
{
    json_key(w, name);
    if (duration_is_iso(duration)) {
        write_iso(w, duration);
        return;
    }
    json_open(w, '{');
    write_number(w, "count", duration.count);
    json_word(w, "type", "duration");
    json_word(w, "unit", segi_unit_name(duration.unit));
    json_close(w, '}');
}

static void write_moment_text(json_writer *w, segi_moment moment)
{
    segi_buf_char(w->out, '"');
    if (moment.kind == SEGI_MOMENT_DATE)
        segi_civil_write_date(w->out, (int32_t)moment.value);
    else
        segi_civil_write_instant(w->out, moment.value);
    /* Local time is written alike, but for the Z. */
    if (moment.kind == SEGI_MOMENT_LOCAL && !w->out->failed)
        w->out->size--;
    segi_buf_char(w->out, '"');
}

static void write_moment(json_writer *w, const char *name, const segi_syn_moment *moment)
{
    json_key(w, name);
    if (moment->param != NULL)
        write_param(w, moment->param);
    else
        write_moment_text(w, moment->moment);
}

static void write_zone(json_writer *w, const char *name, const segi_syn_zone *zone)
{
    if (zone->kind == SEGI_TZ_USER)
        json_word(w, name, "user");
    else if (zone->kind == SEGI_TZ_NAME)
        json_text(w, name, zone->name, zone->name_size);
}

/* ---- selectors, bounds, windows ---- */

static void write_where(json_writer *w, const segi_syn_selector *selector)
{
    if (selector->where == NULL)
        return;
    json_key(w, "where");
    write_predicate(w, selector->where);
}

static void write_texts(json_writer *w, const segi_syn *texts)
{
    json_open(w, '[');
    for (const segi_syn *text = texts; text != NULL; text = text->next) {
        json_comma(w);
        segi_buf_quoted(w->out, text->u.name.text, text->u.name.text_size);
    }
    json_close(w, ']');
}

static void write_selector(json_writer *w, const char *name, const segi_syn_selector *selector)
{
    json_key(w, name);
    json_open(w, '{');
    if (selector->session != NULL) {
        write_duration(w, "gap", selector->session->gap);
        if (selector->session->of != NULL)
            write_selector(w, "of", selector->session->of);
        json_word(w, "type", "session");
    } else if (selector->any) {
        json_word(w, "type", "any_event");
    } else if (selector->event_count == 1) {
        json_text(w, "name", selector->events->u.name.text, selector->events->u.name.text_size);
        json_word(w, "type", "event");
    } else {
        json_key(w, "names");
        write_texts(w, selector->events);
        json_word(w, "type", "any_of");
    }
    write_where(w, selector);
    json_close(w, '}');
}

static void write_bound(json_writer *w, const char *name, const segi_syn_bound *bound)
{
    static const char *const kinds[] = {"at_least",   "at_most", "more_than",
                                        "fewer_than", "exactly", "between"};
    if (bound == NULL)
        return;
    json_key(w, name);
    json_open(w, '{');
    if (bound->kind != SEGI_BOUND_BETWEEN)
        write_number(w, "count", bound->low);
    write_bound(w, "each", bound->each);
    if (bound->kind == SEGI_BOUND_BETWEEN) {
        write_number(w, "high", bound->high);
        write_number(w, "low", bound->low);
    }
    if (bound->periods)
        json_word(w, "on", segi_unit_name(bound->period));
    json_word(w, "type", kinds[bound->kind]);
    json_close(w, '}');
}

static void write_anchor(json_writer *w, const segi_syn_window *window)
{
    static const char *const sides[] = {"after", "before", "of"};
    json_key(w, "anchor");
    if (window->anchor_selector == NULL) {
        write_value(w, window->anchor_name);
    } else {
        json_open(w, '{');
        write_selector(w, "select", window->anchor_selector);
        json_word(w, "type", window->anchor_which == SEGI_FIRST ? "first" : "last");
        json_close(w, '}');
    }
    write_duration(w, "length", window->length);
    json_word(w, "side", sides[window->side]);
}

/* The fields of a window before "type", and its name. */
static const char *write_span(json_writer *w, const segi_syn_window *window)
{
    switch (window->kind) {
    case SEGI_WINDOW_EVER: return "ever";
    case SEGI_WINDOW_LAST: write_duration(w, "length", window->length); return "last";
    case SEGI_WINDOW_NEXT: write_duration(w, "length", window->length); return "next";
    case SEGI_WINDOW_LAST_CALENDAR:
        json_true(w, "complete", window->complete);
        write_number(w, "count", window->length.count);
        return "calendar";
    case SEGI_WINDOW_THIS: return "this";
    case SEGI_WINDOW_PREVIOUS: return "previous";
    case SEGI_WINDOW_SINCE: write_moment(w, "from", &window->from); return "since";
    case SEGI_WINDOW_BEFORE: write_moment(w, "to", &window->from); return "before";
    case SEGI_WINDOW_BETWEEN:
        write_moment(w, "from", &window->from);
        write_moment(w, "to", &window->to);
        return "between";
    case SEGI_WINDOW_AGO:
        write_duration(w, "from", window->length);
        if (window->length_to.count.param != NULL || window->length_to.count.value != 0)
            write_duration(w, "to", window->length_to);
        return "ago";
    case SEGI_WINDOW_OLDER: write_duration(w, "length", window->length); return "older";
    case SEGI_WINDOW_ANCHOR: write_anchor(w, window); return "around";
    }
    return "";
}

static void write_window(json_writer *w, const segi_syn_window *window, bool needed)
{
    if (window == NULL ||
        (!needed && window->kind == SEGI_WINDOW_EVER && window->zone.kind == SEGI_TZ_NONE))
        return;
    json_key(w, "window");
    json_open(w, '{');
    const char *type = write_span(w, window);
    json_word(w, "type", type);
    write_zone(w, "tz", &window->zone);
    if (window->kind == SEGI_WINDOW_LAST_CALENDAR || window->kind == SEGI_WINDOW_THIS ||
        window->kind == SEGI_WINDOW_PREVIOUS)
        json_word(w, "unit", segi_unit_name(window->length.unit));
    json_close(w, '}');
}

/* ---- values ---- */

static void write_name(json_writer *w, const segi_syn *syn, const char *type)
{
    json_open(w, '{');
    json_text(w, "name", syn->u.name.text, syn->u.name.text_size);
    json_word(w, "type", type);
    json_close(w, '}');
}

static const char *aggregate_name(segi_aggregate aggregate)
{
    switch (aggregate) {
    case SEGI_AGG_COUNT: return "count";
    case SEGI_AGG_SUM: return "sum";
    case SEGI_AGG_AVG: return "avg";
    case SEGI_AGG_MIN: return "min";
    case SEGI_AGG_MAX: return "max";
    case SEGI_AGG_MEDIAN: return "median";
    case SEGI_AGG_PERCENTILE: return "percentile";
    case SEGI_AGG_STDDEV: return "stddev";
    case SEGI_AGG_DISTINCT:
    case SEGI_AGG_DISTINCT_PERIOD: return "distinct";
    case SEGI_AGG_MODE: return "mode";
    case SEGI_AGG_FIRST: return "first";
    case SEGI_AGG_LAST: return "last";
    case SEGI_AGG_NTH: return "nth";
    case SEGI_AGG_SHARE: return "share";
    case SEGI_AGG_STREAK:
    case SEGI_AGG_STREAK_BROKEN: return "streak";
    case SEGI_AGG_CURRENT_STREAK: return "current_streak";
    case SEGI_AGG_OVERDUE: return "overdue";
    }
    return "";
}

static void write_not_one(json_writer *w, const char *name, int64_t value)
{
    if (value != 1)
        json_int(w, name, value);
}

static void write_aggregate(json_writer *w, const segi_syn_behaviour *of)
{
    static const char *const ties[] = {"latest", "none", "all"};
    static const segi_streak plain = {1, 1, 0, 1};
    const segi_streak *streak = of->streak != NULL ? of->streak : &plain;
    json_open(w, '{');
    json_true(w, "broken", of->aggregate == SEGI_AGG_STREAK_BROKEN);
    json_word(w, "fn", aggregate_name(of->aggregate));
    if (of->aggregate == SEGI_AGG_PERCENTILE) {
        json_key(w, "fraction");
        json_float(w, of->fraction);
    }
    write_not_one(w, "length", streak->length);
    write_not_one(w, "min", of->aggregate == SEGI_AGG_MODE ? of->min_events : streak->min_events);
    if (streak->missed != 0)
        json_int(w, "missed", streak->missed);
    if (of->aggregate == SEGI_AGG_NTH)
        json_int(w, "nth", of->nth);
    if (of->aggregate == SEGI_AGG_SHARE) {
        json_key(w, "of");
        write_predicate(w, of->argument);
    }
    if (streak->missed != 0)
        json_int(w, "per", streak->per);
    if (of->argument != NULL && of->aggregate != SEGI_AGG_SHARE) {
        json_key(w, "property");
        write_value(w, of->argument);
    }
    write_selector(w, "select", of->selector);
    if (of->aggregate == SEGI_AGG_MODE && of->ties != SEGI_TIES_LATEST)
        json_word(w, "ties", ties[of->ties]);
    json_word(w, "type", "aggregate");
    if (of->aggregate == SEGI_AGG_DISTINCT_PERIOD || of->streak != NULL)
        json_word(w, "unit", segi_unit_name(of->period));
    write_window(w, of->window, false);
    json_close(w, '}');
}

/* In parts of 10^8, six digits after the point of a percentage. */
static void write_percent(json_writer *w, int64_t parts)
{
    segi_printer p = {.out = w->out};
    segi_literal percent = {{SEG_TYPE_DECIMAL, 6}, parts, NULL, 0};
    segi_print_literal(&p, &percent);
}

static void write_cuts(json_writer *w, const segi_score *score)
{
    segi_printer p = {.out = w->out};
    json_open(w, '[');
    for (uint32_t i = 0; i < score->cut_count; i++) {
        json_comma(w);
        if (score->cuts == SEGI_CUTS_PARTS)
            write_percent(w, score->parts[i]);
        else
            segi_print_literal(&p, &score->points[i]);
    }
    json_close(w, ']');
}

static void write_score(json_writer *w, const segi_syn *syn)
{
    const segi_syn_score *written = syn->u.score;
    const segi_score *score = &written->score;
    json_open(w, '{');
    if (syn->kids->next != NULL) {
        json_key(w, "among");
        write_predicate(w, syn->kids->next);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_FIXED) {
        json_key(w, "cuts");
        write_cuts(w, score);
    }
    if (written->label_list != NULL) {
        json_key(w, "labels");
        write_texts(w, written->label_list);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_PARTS) {
        json_key(w, "percentiles");
        write_cuts(w, score);
    }
    json_word(w, "type",
              score->quantile == 0   ? "tier"
              : score->quantile == 4 ? "quartile"
              : score->quantile == 5 ? "quintile"
                                     : "decile");
    json_key(w, "value");
    write_value(w, syn->kids);
    json_true(w, "with_zeros", score->zeros);
    json_close(w, '}');
}

static void write_duration_value(json_writer *w, segi_syn_duration duration)
{
    json_open(w, '{');
    if (duration_is_iso(duration)) {
        json_word(w, "type", "duration");
        json_key(w, "value");
        write_iso(w, duration);
    } else {
        write_number(w, "count", duration.count);
        json_word(w, "type", "duration");
        json_word(w, "unit", segi_unit_name(duration.unit));
    }
    json_close(w, '}');
}

static void write_one(json_writer *w, const char *type, const segi_syn *kid)
{
    json_open(w, '{');
    json_word(w, "type", type);
    json_key(w, "value");
    write_value(w, kid);
    json_close(w, '}');
}

static void write_two(json_writer *w, const segi_syn *syn, const char *op, const char *type)
{
    json_open(w, '{');
    json_key(w, "left");
    write_value(w, syn->kids);
    json_word(w, "op", op);
    json_key(w, "right");
    write_value(w, syn->kids->next);
    json_word(w, "type", type);
    json_close(w, '}');
}

static void write_anniversary(json_writer *w, const segi_syn *syn)
{
    json_open(w, '{');
    if (syn->op == 1)
        json_word(w, "leap_day", "feb_28");
    json_word(w, "type", "anniversary");
    json_key(w, "value");
    write_value(w, syn->kids);
    json_close(w, '}');
}

static void write_value(json_writer *w, const segi_syn *syn)
{
    static const char *const signs[] = {"+", "-", "*", "/"};
    segi_printer p = {.out = w->out};
    switch (syn->kind) {
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL: segi_print_literal(&p, &syn->u.literal); break;
    case SEGI_SYN_STRING: segi_buf_quoted(w->out, syn->u.name.text, syn->u.name.text_size); break;
    case SEGI_SYN_MOMENT:
        json_open(w, '{');
        json_word(w, "type", "moment");
        json_key(w, "value");
        write_moment_text(w, syn->u.moment);
        json_close(w, '}');
        break;
    case SEGI_SYN_DURATION: write_duration_value(w, syn->u.duration); break;
    case SEGI_SYN_NOW:
        json_open(w, '{');
        json_word(w, "type", "now");
        json_close(w, '}');
        break;
    case SEGI_SYN_PARAM: write_param(w, syn); break;
    case SEGI_SYN_NAME: write_name(w, syn, "name"); break;
    case SEGI_SYN_BUILTIN:
        json_open(w, '{');
        json_word(w, "name", segi_builtin_name((segi_builtin)syn->op));
        json_word(w, "type", "builtin");
        json_close(w, '}');
        break;
    case SEGI_SYN_AGGREGATE: write_aggregate(w, syn->u.behaviour); break;
    case SEGI_SYN_ARITH: write_two(w, syn, signs[syn->op], "arithmetic"); break;
    case SEGI_SYN_NEGATE: write_one(w, "negate", syn->kids); break;
    case SEGI_SYN_SIZE: write_one(w, "size", syn->kids); break;
    case SEGI_SYN_ANNIVERSARY: write_anniversary(w, syn); break;
    case SEGI_SYN_SCORE: write_score(w, syn); break;
    case SEGI_SYN_EVERYONE:
    case SEGI_SYN_NOBODY:
    case SEGI_SYN_NOT:
    case SEGI_SYN_AND:
    case SEGI_SYN_OR:
    case SEGI_SYN_XOR:
    case SEGI_SYN_AT_LEAST:
    case SEGI_SYN_DID:
    case SEGI_SYN_EDGE:
    case SEGI_SYN_SEGMENT:
    case SEGI_SYN_COMPARE:
    case SEGI_SYN_BETWEEN:
    case SEGI_SYN_IN:
    case SEGI_SYN_RANK:
    case SEGI_SYN_STATE:
    case SEGI_SYN_HAS:
    case SEGI_SYN_TEXT:
    case SEGI_SYN_RADIUS:
    case SEGI_SYN_POLYGON:
    case SEGI_SYN_LIFECYCLE:
    case SEGI_SYN_SPLIT:
    case SEGI_SYN_CLASS:
    case SEGI_SYN_TIME: break; /* a predicate is no value: the parser has seen to that */
    }
}

/* ---- predicates ---- */

static void write_row(json_writer *w, const segi_syn *syn, const char *type)
{
    json_open(w, '{');
    if (syn->kind == SEGI_SYN_AT_LEAST)
        write_number(w, "count", syn->u.number);
    json_key(w, "of");
    json_open(w, '[');
    for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next) {
        json_comma(w);
        write_predicate(w, kid);
        w->comma = true;
    }
    json_close(w, ']');
    json_word(w, "type", type);
    json_close(w, '}');
}

static void write_behaviour(json_writer *w, const segi_syn *syn)
{
    static const char *const edges[] = {"first", "last", "nth"};
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    bool did = syn->kind == SEGI_SYN_DID;
    json_open(w, '{');
    json_true(w, "negated", syn->negated);
    if (!did && behaviour->which == SEGI_NTH)
        json_int(w, "nth", behaviour->nth);
    write_selector(w, "select", behaviour->selector);
    write_bound(w, "times", behaviour->bound);
    json_word(w, "type", did ? "did" : edges[behaviour->which]);
    write_window(w, behaviour->window, !did);
    json_close(w, '}');
}

static void write_list(json_writer *w, const segi_syn *syn)
{
    json_key(w, "list");
    if (syn->list_param != NULL) {
        write_param(w, syn->list_param);
        return;
    }
    json_open(w, '[');
    for (const segi_syn *item = syn->kids->next; item != NULL; item = item->next) {
        json_comma(w);
        write_value(w, item);
        w->comma = true;
    }
    json_close(w, ']');
}

/* The end of a test: "type" and "value" are its last keys. */
static void close_test(json_writer *w, const char *type, const segi_syn *value)
{
    json_word(w, "type", type);
    json_key(w, "value");
    write_value(w, value);
    json_close(w, '}');
}

static void write_between(json_writer *w, const segi_syn *syn)
{
    json_open(w, '{');
    json_key(w, "high");
    write_value(w, syn->kids->next->next);
    json_key(w, "low");
    write_value(w, syn->kids->next);
    close_test(w, "between", syn->kids);
}

static void write_rank(json_writer *w, const segi_syn *syn)
{
    json_open(w, '{');
    if (syn->kids->next != NULL) {
        json_key(w, "among");
        write_predicate(w, syn->kids->next);
    }
    if (!syn->percent)
        write_number(w, "count", syn->u.number);
    json_word(w, "end", syn->bottom ? "bottom" : "top");
    if (syn->percent && syn->u.number.param != NULL) {
        write_number(w, "percent", syn->u.number);
    } else if (syn->percent) {
        json_key(w, "percent");
        write_percent(w, syn->u.number.value);
    }
    close_test(w, "rank", syn->kids);
}

static void write_text_test(json_writer *w, const segi_syn *syn)
{
    static const char *const tests[] = {"contains", "starts_with", "ends_with", "matches"};
    json_open(w, '{');
    json_true(w, "ignore_case", syn->fold);
    json_key(w, "pattern");
    write_value(w, syn->kids->next);
    json_word(w, "test", tests[syn->op]);
    close_test(w, "text", syn->kids);
}

static void write_point(json_writer *w, segi_point point)
{
    json_comma(w);
    json_open(w, '[');
    json_float(w, point.latitude);
    segi_buf_char(w->out, ',');
    json_float(w, point.longitude);
    json_close(w, ']');
}

static void write_geo(json_writer *w, const segi_syn *syn)
{
    const segi_syn_geo *geo = syn->u.geo;
    json_open(w, '{');
    if (syn->kind == SEGI_SYN_RADIUS) {
        json_key(w, "meters");
        json_float(w, geo->meters);
        json_key(w, "point");
        w->comma = false;
        write_point(w, geo->point);
        close_test(w, "radius", syn->kids);
        return;
    }
    json_key(w, "rings");
    json_open(w, '[');
    for (uint32_t i = 0; i < geo->ring_count; i++) {
        json_comma(w);
        json_open(w, '[');
        for (uint32_t j = 0; j < geo->rings[i].count; j++)
            write_point(w, geo->rings[i].points[j]);
        json_close(w, ']');
    }
    json_close(w, ']');
    close_test(w, "polygon", syn->kids);
}

static void write_choice(json_writer *w, const segi_syn *syn)
{
    static const char *const states[] = {"set", "null", "absent"};
    static const char *const matches[] = {"any", "all", "none", "exactly"};
    json_open(w, '{');
    if (syn->kind == SEGI_SYN_STATE)
        json_word(w, "is", states[syn->op]);
    else
        write_list(w, syn);
    if (syn->kind == SEGI_SYN_HAS && syn->op != SEGI_HAS_ANY)
        json_word(w, "match", matches[syn->op]);
    json_true(w, "negated", syn->negated);
    close_test(w,
               syn->kind == SEGI_SYN_STATE ? "state"
               : syn->kind == SEGI_SYN_HAS ? "has"
                                           : "in",
               syn->kids);
}

static void write_time(json_writer *w, const segi_syn *syn)
{
    json_open(w, '{');
    json_word(w, "type", "when");
    json_key(w, "value");
    write_value(w, syn->kids);
    write_window(w, syn->u.window, true);
    json_close(w, '}');
}

static void write_not(json_writer *w, const segi_syn *syn)
{
    /* Two nots: a value that they made a predicate, or nothing. Canonical text has none. */
    if (syn->negated) {
        write_predicate(w, syn->kids);
        return;
    }
    json_open(w, '{');
    json_key(w, "expr");
    write_predicate(w, syn->kids);
    json_word(w, "type", "not");
    json_close(w, '}');
}

static void write_segment(json_writer *w, const segi_syn *syn)
{
    json_open(w, '{');
    json_key(w, "name");
    write_value(w, syn->kids);
    json_word(w, "type", "in_segment");
    json_close(w, '}');
}

static void write_split(json_writer *w, const segi_split *split)
{
    json_open(w, '{');
    if (!split->holdout) {
        json_key(w, "from");
        write_percent(w, split->low);
    }
    json_text(w, "name", split->seed.text, split->seed.size);
    json_key(w, split->holdout ? "share" : "to");
    write_percent(w, split->high);
    json_word(w, "type", split->holdout ? "holdout" : "split");
    json_close(w, '}');
}

static void write_constant(json_writer *w, const char *type)
{
    json_open(w, '{');
    json_word(w, "type", type);
    json_close(w, '}');
}

static void write_predicate(json_writer *w, const segi_syn *syn)
{
    static const char *const signs[] = {"=", "!=", "<", "<=", ">", ">="};
    switch (syn->kind) {
    case SEGI_SYN_EVERYONE: write_constant(w, "everyone"); break;
    case SEGI_SYN_NOBODY: write_constant(w, "nobody"); break;
    case SEGI_SYN_NOT: write_not(w, syn); break;
    case SEGI_SYN_AND: write_row(w, syn, "all"); break;
    case SEGI_SYN_OR: write_row(w, syn, "any"); break;
    case SEGI_SYN_XOR: write_row(w, syn, "xor"); break;
    case SEGI_SYN_AT_LEAST: write_row(w, syn, "at_least"); break;
    case SEGI_SYN_DID:
    case SEGI_SYN_EDGE: write_behaviour(w, syn); break;
    case SEGI_SYN_SEGMENT: write_segment(w, syn); break;
    case SEGI_SYN_COMPARE: write_two(w, syn, signs[syn->op], "compare"); break;
    case SEGI_SYN_BETWEEN: write_between(w, syn); break;
    case SEGI_SYN_RANK: write_rank(w, syn); break;
    case SEGI_SYN_IN:
    case SEGI_SYN_STATE:
    case SEGI_SYN_HAS: write_choice(w, syn); break;
    case SEGI_SYN_TEXT: write_text_test(w, syn); break;
    case SEGI_SYN_RADIUS:
    case SEGI_SYN_POLYGON: write_geo(w, syn); break;
    case SEGI_SYN_TIME: write_time(w, syn); break;
    case SEGI_SYN_SPLIT: write_split(w, syn->u.split); break;
    case SEGI_SYN_CLASS: break; /* a definition, which has no such form */
    case SEGI_SYN_LIFECYCLE: break; /* canonical text says it by did, first and last */
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL:
    case SEGI_SYN_STRING:
    case SEGI_SYN_MOMENT:
    case SEGI_SYN_DURATION:
    case SEGI_SYN_NOW:
    case SEGI_SYN_PARAM:
    case SEGI_SYN_NAME:
    case SEGI_SYN_BUILTIN:
    case SEGI_SYN_AGGREGATE:
    case SEGI_SYN_ARITH:
    case SEGI_SYN_NEGATE:
    case SEGI_SYN_SIZE:
    case SEGI_SYN_ANNIVERSARY:
    case SEGI_SYN_SCORE: write_one(w, "is_true", syn); break;
    }
}

/* ---- the door ---- */

static void write_root(json_writer *w, const segi_syn_root *root)
{
    json_open(w, '{');
    json_key(w, "expr");
    write_predicate(w, root->root);
    if (root->zone_given)
        write_zone(w, "timezone", &root->zone);
    json_int(w, "v", 1);
    if (root->week_given)
        json_word(w, "week", root->week_start == 1 ? "monday" : "sunday");
    json_close(w, '}');
}

void segi_predicate_json(const segi_predicate *predicate, bool sorted, segi_buf *out)
{
    segi_buf text;
    segi_arena arena;
    segi_buf_init(&text, out->mem);
    segi_arena_init(&arena, out->mem);
    segi_predicate_print(predicate, sorted, &text);
    segi_syn_root root;
    if (text.failed || segi_parse_canonical(&arena, text.data, text.size, &root) != SEG_OK) {
        out->failed = true; /* memory: canonical text is in the language */
    } else {
        json_writer w = {out, false};
        write_root(&w, &root);
    }
    segi_arena_deinit(&arena);
    segi_buf_deinit(&text);
}
