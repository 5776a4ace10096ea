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
#include "lang/json_write.h"
#include "lang/print.h"

static void write_predicate(segi_json_out *w, const segi_syn *syn);
static void write_value(segi_json_out *w, const segi_syn *syn);

/* ---- the syntax of JSON ---- */

/* The first thing inside of a bracket has no comma before it. */
void segi_json_out_open(segi_json_out *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = false;
}

void segi_json_out_close(segi_json_out *w, char bracket)
{
    segi_buf_char(w->out, bracket);
    w->comma = true;
}

/* Before each element but the first. */
void segi_json_out_comma(segi_json_out *w)
{
    if (w->comma)
        segi_buf_char(w->out, ',');
    w->comma = true;
}

/* Keys are our own words, but are quoted like any text. */
void segi_json_out_key(segi_json_out *w, const char *name)
{
    segi_json_out_comma(w);
    segi_buf_quoted(w->out, name, strlen(name));
    segi_buf_char(w->out, ':');
}

void segi_json_out_text(segi_json_out *w, const char *name, const char *text, size_t size)
{
    segi_json_out_key(w, name);
    segi_buf_quoted(w->out, text, size);
}

void segi_json_out_word(segi_json_out *w, const char *name, const char *word)
{
    segi_json_out_text(w, name, word, strlen(word));
}

/* A flag, left out where it is false. */
static void json_true(segi_json_out *w, const char *name, bool value)
{
    if (!value)
        return;
    segi_json_out_key(w, name);
    segi_buf_text(w->out, "true");
}

/* Whole numbers of any size: JSON does not limit them, and our reader takes them as they are
 * written. */
static void json_int(segi_json_out *w, const char *name, int64_t value)
{
    segi_json_out_key(w, name);
    segi_buf_int(w->out, value);
}

/* JSON takes what the printer writes. */
static void json_float(segi_json_out *w, double value)
{
    segi_printer p = {.out = w->out};
    segi_print_float(&p, value);
}

/* ---- small things ---- */

/* {"param": "name"}, wherever a value may stand. */
static void write_param(segi_json_out *w, const segi_syn *param)
{
    segi_json_out_open(w, '{');
    segi_json_out_text(w, "param", param->u.name.text, param->u.name.text_size);
    segi_json_out_close(w, '}');
}

void segi_json_out_number(segi_json_out *w, const char *name, segi_syn_number number)
{
    segi_json_out_key(w, name);
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

/* One letter and a count: P30D, PT36H. */
static void write_iso(segi_json_out *w, segi_syn_duration duration)
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

void segi_json_out_duration(segi_json_out *w, const char *name, segi_syn_duration duration)
{
    segi_json_out_key(w, name);
    if (duration_is_iso(duration)) {
        write_iso(w, duration);
        return;
    }
    segi_json_out_open(w, '{');
    segi_json_out_number(w, "count", duration.count);
    segi_json_out_word(w, "type", "duration");
    segi_json_out_word(w, "unit", segi_unit_name(duration.unit));
    segi_json_out_close(w, '}');
}

/* A date, an instant with Z, or local time without it. */
static void write_moment_text(segi_json_out *w, segi_moment moment)
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

/* A moment or a parameter in its place. */
static void write_moment(segi_json_out *w, const char *name, const segi_syn_moment *moment)
{
    segi_json_out_key(w, name);
    if (moment->param != NULL)
        write_param(w, moment->param);
    else
        write_moment_text(w, moment->moment);
}

/* Nothing where none is said. */
static void write_zone(segi_json_out *w, const char *name, const segi_syn_zone *zone)
{
    if (zone->kind == SEGI_TZ_USER)
        segi_json_out_word(w, name, "user");
    else if (zone->kind == SEGI_TZ_NAME)
        segi_json_out_text(w, name, zone->name, zone->name_size);
}

/* ---- selectors, bounds, windows ---- */

/* Nothing where there is none. */
static void write_where(segi_json_out *w, const segi_syn_selector *selector)
{
    if (selector->where == NULL)
        return;
    segi_json_out_key(w, "where");
    write_predicate(w, selector->where);
}

/* ["a", "b"] */
void segi_json_out_texts(segi_json_out *w, const segi_syn *texts)
{
    segi_json_out_open(w, '[');
    for (const segi_syn *text = texts; text != NULL; text = text->next) {
        segi_json_out_comma(w);
        segi_buf_quoted(w->out, text->u.name.text, text->u.name.text_size);
    }
    segi_json_out_close(w, ']');
}

/* name NULL: an element of a list. */
void segi_json_out_selector(segi_json_out *w, const char *name, const segi_syn_selector *selector)
{
    if (name != NULL)
        segi_json_out_key(w, name);
    else
        segi_json_out_comma(w);
    segi_json_out_open(w, '{');
    if (selector->session != NULL) {
        segi_json_out_duration(w, "gap", selector->session->gap);
        if (selector->session->of != NULL)
            segi_json_out_selector(w, "of", selector->session->of);
        segi_json_out_word(w, "type", "session");
    } else if (selector->any) {
        segi_json_out_word(w, "type", "any_event");
    } else if (selector->event_count == 1) {
        segi_json_out_text(w, "name", selector->events->u.name.text,
                           selector->events->u.name.text_size);
        segi_json_out_word(w, "type", "event");
    } else {
        segi_json_out_key(w, "names");
        segi_json_out_texts(w, selector->events);
        segi_json_out_word(w, "type", "any_of");
    }
    write_where(w, selector);
    segi_json_out_close(w, '}');
}

/* The order of the keys is that of their bytes, hence the two looks at BETWEEN. */
void segi_json_out_bound(segi_json_out *w, const char *name, const segi_syn_bound *bound)
{
    static const char *const kinds[] = {"at_least",   "at_most", "more_than",
                                        "fewer_than", "exactly", "between"};
    if (bound == NULL)
        return;
    segi_json_out_key(w, name);
    segi_json_out_open(w, '{');
    if (bound->kind != SEGI_BOUND_BETWEEN)
        segi_json_out_number(w, "count", bound->low);
    segi_json_out_bound(w, "each", bound->each);
    if (bound->kind == SEGI_BOUND_BETWEEN) {
        segi_json_out_number(w, "high", bound->high);
        segi_json_out_number(w, "low", bound->low);
    }
    if (bound->periods)
        segi_json_out_word(w, "on", segi_unit_name(bound->period));
    segi_json_out_word(w, "type", kinds[bound->kind]);
    segi_json_out_close(w, '}');
}

/* The anchor is an occurrence or a named value; length and side belong to the window around it. */
static void write_anchor(segi_json_out *w, const segi_syn_window *window)
{
    static const char *const sides[] = {"after", "before", "of"};
    segi_json_out_key(w, "anchor");
    if (window->anchor_selector == NULL) {
        write_value(w, window->anchor_name);
    } else {
        segi_json_out_open(w, '{');
        segi_json_out_selector(w, "select", window->anchor_selector);
        segi_json_out_word(w, "type", window->anchor_which == SEGI_FIRST ? "first" : "last");
        segi_json_out_close(w, '}');
    }
    segi_json_out_duration(w, "length", window->length);
    segi_json_out_word(w, "side", sides[window->side]);
}

/* The fields of a window before "type", and its name. */
static const char *write_span(segi_json_out *w, const segi_syn_window *window)
{
    switch (window->kind) {
    case SEGI_WINDOW_EVER:
        if (window->occasion == NULL)
            return "ever";
        segi_json_out_text(w, "occasion", window->occasion, window->occasion_size);
        return "during";
    case SEGI_WINDOW_LAST: segi_json_out_duration(w, "length", window->length); return "last";
    case SEGI_WINDOW_NEXT: segi_json_out_duration(w, "length", window->length); return "next";
    case SEGI_WINDOW_LAST_CALENDAR:
        json_true(w, "complete", window->complete);
        segi_json_out_number(w, "count", window->length.count);
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
        segi_json_out_duration(w, "from", window->length);
        if (window->length_to.count.param != NULL || window->length_to.count.value != 0)
            segi_json_out_duration(w, "to", window->length_to);
        return "ago";
    case SEGI_WINDOW_OLDER: segi_json_out_duration(w, "length", window->length); return "older";
    case SEGI_WINDOW_ANCHOR: write_anchor(w, window); return "around";
    case SEGI_WINDOW_AS_OF: break; /* no span of its own */
    }
    return "";
}

/* `needed` false: the span of all time is the default and left out. */
void segi_json_out_window(segi_json_out *w, const segi_syn_window *window, bool needed)
{
    if (window == NULL || (!needed && window->kind == SEGI_WINDOW_EVER &&
                           window->occasion == NULL && window->zone.kind == SEGI_TZ_NONE))
        return;
    segi_json_out_key(w, "window");
    segi_json_out_open(w, '{');
    const char *type = write_span(w, window);
    segi_json_out_word(w, "type", type);
    write_zone(w, "tz", &window->zone);
    if (window->kind == SEGI_WINDOW_LAST_CALENDAR || window->kind == SEGI_WINDOW_THIS ||
        window->kind == SEGI_WINDOW_PREVIOUS)
        segi_json_out_word(w, "unit", segi_unit_name(window->length.unit));
    segi_json_out_close(w, '}');
}

/* ---- values ---- */

/* {"name": ..., "type": ...} */
static void write_name(segi_json_out *w, const segi_syn *syn, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_text(w, "name", syn->u.name.text, syn->u.name.text_size);
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

static void write_as_of(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_window *window = syn->u.window;
    segi_json_out_open(w, '{');
    if (window->kind == SEGI_WINDOW_OLDER)
        segi_json_out_duration(w, "ago", window->length);
    else
        write_moment(w, "as_of", &window->from);
    segi_json_out_text(w, "name", syn->kids->u.name.text, syn->kids->u.name.text_size);
    segi_json_out_word(w, "type", "name");
    segi_json_out_close(w, '}');
}

/* What distinguishes periods and broken streaks are other keys. */
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
    case SEGI_AGG_TOP: return "top";
    case SEGI_AGG_FIRST: return "first";
    case SEGI_AGG_LAST: return "last";
    case SEGI_AGG_NTH: return "nth";
    case SEGI_AGG_SHARE: return "share";
    case SEGI_AGG_STREAK:
    case SEGI_AGG_STREAK_BROKEN: return "streak";
    case SEGI_AGG_CURRENT_STREAK: return "current_streak";
    case SEGI_AGG_OVERDUE: return "overdue";
    case SEGI_AGG_SINCE:
    case SEGI_AGG_CHANGES: break; /* said in other words */
    }
    return "";
}

/* Left out where it is 1, the default. */
static void write_not_one(segi_json_out *w, const char *name, int64_t value)
{
    if (value != 1)
        json_int(w, name, value);
}

/* One object for all aggregates; the keys that one does not have are at their defaults. */
static void write_aggregate(segi_json_out *w, const segi_syn_behaviour *of)
{
    static const char *const ties[] = {"latest", "none", "all"};
    static const segi_streak plain = {1, 1, 0, 1};
    const segi_streak *streak = of->streak != NULL ? of->streak : &plain;
    segi_json_out_open(w, '{');
    json_true(w, "broken", of->aggregate == SEGI_AGG_STREAK_BROKEN);
    segi_json_out_word(w, "fn", aggregate_name(of->aggregate));
    if (of->aggregate == SEGI_AGG_PERCENTILE) {
        segi_json_out_key(w, "fraction");
        json_float(w, of->fraction);
    }
    write_not_one(w, "length", streak->length);
    bool top = of->aggregate == SEGI_AGG_TOP, mode = top || of->aggregate == SEGI_AGG_MODE;
    write_not_one(w, "min", mode ? of->min_events : streak->min_events);
    if (streak->missed != 0)
        json_int(w, "missed", streak->missed);
    if (top)
        json_int(w, "most", of->nth);
    if (of->aggregate == SEGI_AGG_NTH)
        json_int(w, "nth", of->nth);
    if (of->aggregate == SEGI_AGG_SHARE) {
        segi_json_out_key(w, "of");
        write_predicate(w, of->argument);
    }
    if (streak->missed != 0)
        json_int(w, "per", streak->per);
    if (of->argument != NULL && of->aggregate != SEGI_AGG_SHARE) {
        segi_json_out_key(w, "property");
        write_value(w, of->argument);
    }
    segi_json_out_selector(w, "select", of->selector);
    if (mode && of->ties != SEGI_TIES_LATEST)
        segi_json_out_word(w, "ties", ties[of->ties]);
    segi_json_out_word(w, "type", "aggregate");
    if (of->aggregate == SEGI_AGG_DISTINCT_PERIOD || of->streak != NULL)
        segi_json_out_word(w, "unit", segi_unit_name(of->period));
    segi_json_out_window(w, of->window, false);
    segi_json_out_close(w, '}');
}

/* In parts of 10^8, six digits after the point of a percentage. */
static void write_percent(segi_json_out *w, int64_t parts)
{
    segi_printer p = {.out = w->out};
    segi_literal percent = {{SEG_TYPE_DECIMAL, 6}, parts, NULL, 0};
    segi_print_literal(&p, &percent);
}

/* Numbers or percentages, as the score has them. */
static void write_cuts(segi_json_out *w, const segi_score *score)
{
    segi_printer p = {.out = w->out};
    segi_json_out_open(w, '[');
    for (uint32_t i = 0; i < score->cut_count; i++) {
        segi_json_out_comma(w);
        if (score->cuts == SEGI_CUTS_PARTS)
            write_percent(w, score->parts[i]);
        else
            segi_print_literal(&p, &score->points[i]);
    }
    segi_json_out_close(w, ']');
}

/* quartile, quintile, decile, or tier with its cut points. */
static void write_score(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_score *written = syn->u.score;
    const segi_score *score = &written->score;
    segi_json_out_open(w, '{');
    if (syn->kids->next != NULL) {
        segi_json_out_key(w, "among");
        write_predicate(w, syn->kids->next);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_FIXED) {
        segi_json_out_key(w, "cuts");
        write_cuts(w, score);
    }
    if (written->label_list != NULL) {
        segi_json_out_key(w, "labels");
        segi_json_out_texts(w, written->label_list);
    }
    if (score->quantile == 0 && score->cuts == SEGI_CUTS_PARTS) {
        segi_json_out_key(w, "percentiles");
        write_cuts(w, score);
    }
    segi_json_out_word(w, "type",
                       score->quantile == 0   ? "tier"
                       : score->quantile == 4 ? "quartile"
                       : score->quantile == 5 ? "quintile"
                                              : "decile");
    segi_json_out_key(w, "value");
    write_value(w, syn->kids);
    json_true(w, "with_zeros", score->zeros);
    segi_json_out_close(w, '}');
}

/* As a value it is an object in both forms. */
static void write_duration_value(segi_json_out *w, segi_syn_duration duration)
{
    segi_json_out_open(w, '{');
    if (duration_is_iso(duration)) {
        segi_json_out_word(w, "type", "duration");
        segi_json_out_key(w, "value");
        write_iso(w, duration);
    } else {
        segi_json_out_number(w, "count", duration.count);
        segi_json_out_word(w, "type", "duration");
        segi_json_out_word(w, "unit", segi_unit_name(duration.unit));
    }
    segi_json_out_close(w, '}');
}

/* An object around one value. */
static void write_one(segi_json_out *w, const char *type, const segi_syn *kid)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", type);
    segi_json_out_key(w, "value");
    write_value(w, kid);
    segi_json_out_close(w, '}');
}

/* left op right, of values. */
static void write_two(segi_json_out *w, const segi_syn *syn, const char *op, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "left");
    write_value(w, syn->kids);
    segi_json_out_word(w, "op", op);
    segi_json_out_key(w, "right");
    write_value(w, syn->kids->next);
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

static void write_anniversary(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    if (syn->op == 1)
        segi_json_out_word(w, "leap_day", "feb_28");
    segi_json_out_word(w, "type", "anniversary");
    segi_json_out_key(w, "value");
    write_value(w, syn->kids);
    segi_json_out_close(w, '}');
}

static void write_value(segi_json_out *w, const segi_syn *syn)
{
    static const char *const signs[] = {"+", "-", "*", "/"};
    segi_printer p = {.out = w->out};
    switch (syn->kind) {
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL: segi_print_literal(&p, &syn->u.literal); break;
    case SEGI_SYN_STRING: segi_buf_quoted(w->out, syn->u.name.text, syn->u.name.text_size); break;
    case SEGI_SYN_MOMENT:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "type", "moment");
        segi_json_out_key(w, "value");
        write_moment_text(w, syn->u.moment);
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_DURATION: write_duration_value(w, syn->u.duration); break;
    case SEGI_SYN_NOW:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "type", "now");
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_PARAM: write_param(w, syn); break;
    case SEGI_SYN_NAME: write_name(w, syn, "name"); break;
    case SEGI_SYN_AS_OF: write_as_of(w, syn); break;
    case SEGI_SYN_BUILTIN:
        segi_json_out_open(w, '{');
        segi_json_out_word(w, "name", segi_builtin_name((segi_builtin)syn->op));
        segi_json_out_word(w, "type", "builtin");
        segi_json_out_close(w, '}');
        break;
    case SEGI_SYN_AGGREGATE: write_aggregate(w, syn->u.behaviour); break;
    case SEGI_SYN_ARITH: write_two(w, syn, signs[syn->op], "arithmetic"); break;
    case SEGI_SYN_NEGATE: write_one(w, "negate", syn->kids); break;
    case SEGI_SYN_SIZE: write_one(w, "size", syn->kids); break;
    case SEGI_SYN_ANNIVERSARY: write_anniversary(w, syn); break;
    case SEGI_SYN_SCORE: write_score(w, syn); break;
    case SEGI_SYN_RFM: segi_json_out_rfm(w, syn); break;
    case SEGI_SYN_FIGURE: segi_json_out_sequence(w, syn); break;
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
    case SEGI_SYN_SEQUENCE:
    case SEGI_SYN_HELD:
    case SEGI_SYN_CHANGED:
    case SEGI_SYN_TIME: break; /* a predicate is no value: the parser has seen to that */
    }
}

/* ---- predicates ---- */

/* Also at_least, which has a count. */
static void write_row(segi_json_out *w, const segi_syn *syn, const char *type)
{
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_AT_LEAST)
        segi_json_out_number(w, "count", syn->u.number);
    segi_json_out_key(w, "of");
    segi_json_out_open(w, '[');
    for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next) {
        segi_json_out_comma(w);
        write_predicate(w, kid);
        w->comma = true;
    }
    segi_json_out_close(w, ']');
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

/* did, first, last, nth */
static void write_behaviour(segi_json_out *w, const segi_syn *syn)
{
    static const char *const edges[] = {"first", "last", "nth"};
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    bool did = syn->kind == SEGI_SYN_DID;
    segi_json_out_open(w, '{');
    json_true(w, "negated", syn->negated);
    if (!did && behaviour->which == SEGI_NTH)
        json_int(w, "nth", behaviour->nth);
    segi_json_out_selector(w, "select", behaviour->selector);
    segi_json_out_bound(w, "times", behaviour->bound);
    segi_json_out_word(w, "type", did ? "did" : edges[behaviour->which]);
    segi_json_out_window(w, behaviour->window, !did);
    segi_json_out_close(w, '}');
}

/* The elements, or the one parameter that stands for all of them. */
static void write_list(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_key(w, "list");
    if (syn->list_param != NULL) {
        write_param(w, syn->list_param);
        return;
    }
    segi_json_out_open(w, '[');
    for (const segi_syn *item = syn->kids->next; item != NULL; item = item->next) {
        segi_json_out_comma(w);
        write_value(w, item);
        w->comma = true;
    }
    segi_json_out_close(w, ']');
}

/* The end of a test: "type" and "value" are its last keys. */
static void close_test(segi_json_out *w, const char *type, const segi_syn *value)
{
    segi_json_out_word(w, "type", type);
    segi_json_out_key(w, "value");
    write_value(w, value);
    segi_json_out_close(w, '}');
}

static void write_between(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "high");
    write_value(w, syn->kids->next->next);
    segi_json_out_key(w, "low");
    write_value(w, syn->kids->next);
    close_test(w, "between", syn->kids);
}

/* in top or bottom, by count or by percentage. */
static void write_rank(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    if (syn->kids->next != NULL) {
        segi_json_out_key(w, "among");
        write_predicate(w, syn->kids->next);
    }
    if (!syn->percent)
        segi_json_out_number(w, "count", syn->u.number);
    segi_json_out_word(w, "end", syn->bottom ? "bottom" : "top");
    if (syn->percent && syn->u.number.param != NULL) {
        segi_json_out_number(w, "percent", syn->u.number);
    } else if (syn->percent) {
        segi_json_out_key(w, "percent");
        write_percent(w, syn->u.number.value);
    }
    close_test(w, "rank", syn->kids);
}

static void write_text_test(segi_json_out *w, const segi_syn *syn)
{
    static const char *const tests[] = {"contains", "starts_with", "ends_with", "matches"};
    segi_json_out_open(w, '{');
    json_true(w, "ignore_case", syn->fold);
    segi_json_out_key(w, "pattern");
    write_value(w, syn->kids->next);
    segi_json_out_word(w, "test", tests[syn->op]);
    close_test(w, "text", syn->kids);
}

/* [latitude, longitude] */
static void write_point(segi_json_out *w, segi_point point)
{
    segi_json_out_comma(w);
    segi_json_out_open(w, '[');
    json_float(w, point.latitude);
    segi_buf_char(w->out, ',');
    json_float(w, point.longitude);
    segi_json_out_close(w, ']');
}

/* A circle, or the rings of a polygon without their repeated last corner. */
static void write_geo(segi_json_out *w, const segi_syn *syn)
{
    const segi_syn_geo *geo = syn->u.geo;
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_RADIUS) {
        segi_json_out_key(w, "meters");
        json_float(w, geo->meters);
        segi_json_out_key(w, "point");
        w->comma = false;
        write_point(w, geo->point);
        close_test(w, "radius", syn->kids);
        return;
    }
    segi_json_out_key(w, "rings");
    segi_json_out_open(w, '[');
    for (uint32_t i = 0; i < geo->ring_count; i++) {
        segi_json_out_comma(w);
        segi_json_out_open(w, '[');
        for (uint32_t j = 0; j < geo->rings[i].count; j++)
            write_point(w, geo->rings[i].points[j]);
        segi_json_out_close(w, ']');
    }
    segi_json_out_close(w, ']');
    close_test(w, "polygon", syn->kids);
}

/* state, has, in: a value beside words or a list. */
static void write_choice(segi_json_out *w, const segi_syn *syn)
{
    static const char *const states[] = {"set", "null", "absent"};
    static const char *const matches[] = {"any", "all", "none", "exactly"};
    segi_json_out_open(w, '{');
    if (syn->kind == SEGI_SYN_STATE)
        segi_json_out_word(w, "is", states[syn->op]);
    else
        write_list(w, syn);
    if (syn->kind == SEGI_SYN_HAS && syn->op != SEGI_HAS_ANY)
        segi_json_out_word(w, "match", matches[syn->op]);
    json_true(w, "negated", syn->negated);
    close_test(w,
               syn->kind == SEGI_SYN_STATE ? "state"
               : syn->kind == SEGI_SYN_HAS ? "has"
                                           : "in",
               syn->kids);
}

/* A value and the span that it is asked to lie in. */
static void write_time(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", "when");
    segi_json_out_key(w, "value");
    write_value(w, syn->kids);
    segi_json_out_window(w, syn->u.window, true);
    segi_json_out_close(w, '}');
}

static void write_not(segi_json_out *w, const segi_syn *syn)
{
    /* Two nots: a value that they made a predicate, or nothing. Canonical text has none. */
    if (syn->negated) {
        write_predicate(w, syn->kids);
        return;
    }
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "expr");
    write_predicate(w, syn->kids);
    segi_json_out_word(w, "type", "not");
    segi_json_out_close(w, '}');
}

/* By name, or by a parameter. */
static void write_segment(segi_json_out *w, const segi_syn *syn)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "name");
    write_value(w, syn->kids);
    segi_json_out_word(w, "type", "in_segment");
    segi_json_out_close(w, '}');
}

/* A holdout is a share that begins at 0. */
static void write_split(segi_json_out *w, const segi_split *split)
{
    segi_json_out_open(w, '{');
    if (!split->holdout) {
        segi_json_out_key(w, "from");
        write_percent(w, split->low);
    }
    segi_json_out_text(w, "name", split->seed.text, split->seed.size);
    segi_json_out_key(w, split->holdout ? "share" : "to");
    write_percent(w, split->high);
    segi_json_out_word(w, "type", split->holdout ? "holdout" : "split");
    segi_json_out_close(w, '}');
}

/* An object of nothing but its type. */
static void write_constant(segi_json_out *w, const char *type)
{
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", type);
    segi_json_out_close(w, '}');
}

static void write_predicate(segi_json_out *w, const segi_syn *syn)
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
    case SEGI_SYN_HELD:
    case SEGI_SYN_CHANGED: segi_json_out_history(w, syn); break;
    case SEGI_SYN_SPLIT: write_split(w, syn->u.split); break;
    case SEGI_SYN_CLASS: break; /* a definition, which has no such form */
    case SEGI_SYN_SEQUENCE: segi_json_out_sequence(w, syn); break;
    case SEGI_SYN_LIFECYCLE: break; /* canonical text says it by did, first and last */
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL:
    case SEGI_SYN_STRING:
    case SEGI_SYN_MOMENT:
    case SEGI_SYN_DURATION:
    case SEGI_SYN_NOW:
    case SEGI_SYN_PARAM:
    case SEGI_SYN_NAME:
    case SEGI_SYN_AS_OF:
    case SEGI_SYN_BUILTIN:
    case SEGI_SYN_AGGREGATE:
    case SEGI_SYN_ARITH:
    case SEGI_SYN_NEGATE:
    case SEGI_SYN_SIZE:
    case SEGI_SYN_FIGURE:
    case SEGI_SYN_ANNIVERSARY:
    case SEGI_SYN_RFM:
    case SEGI_SYN_SCORE: write_one(w, "is_true", syn); break;
    }
}

/* ---- the doors ---- */

void segi_json_out_predicate(segi_json_out *w, const segi_syn *syn)
{
    write_predicate(w, syn);
}

void segi_json_out_value(segi_json_out *w, const segi_syn *syn)
{
    write_value(w, syn);
}

/* With the version of the form, "v": 1. */
static void write_root(segi_json_out *w, const segi_syn_root *root)
{
    segi_json_out_open(w, '{');
    segi_json_out_key(w, "expr");
    write_predicate(w, root->root);
    if (root->zone_given)
        write_zone(w, "timezone", &root->zone);
    json_int(w, "v", 1);
    if (root->week_given)
        segi_json_out_word(w, "week", root->week_start == 1 ? "monday" : "sunday");
    segi_json_out_close(w, '}');
}

/* O(text). The arena of the parse ends with the call. */
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
        segi_json_out w = {out, false};
        write_root(&w, &root);
    }
    segi_arena_deinit(&arena);
    segi_buf_deinit(&text);
}
