/* json_write_part.c - parts of the JSON form that several constructs have: numbers, lengths of
 * time, moments and zones, selectors, bounds and windows. */
#include "base/civil.h"
#include "lang/json.h"
#include "lang/json_write.h"
#include "lang/print.h"

/* ---- small things ---- */

/* {"param": "name"}, wherever a value may stand. */
void segi_json_out_param(segi_json_out *w, const segi_syn *param)
{
    segi_json_out_open(w, '{');
    segi_json_out_text(w, "param", param->u.name.text, param->u.name.text_size);
    segi_json_out_close(w, '}');
}

void segi_json_out_number(segi_json_out *w, const char *name, segi_syn_number number)
{
    segi_json_out_key(w, name);
    if (number.param != NULL)
        segi_json_out_param(w, number.param);
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

/* What ISO 8601 cannot say. */
static void write_counted(segi_json_out *w, segi_syn_duration duration)
{
    segi_json_out_open(w, '{');
    segi_json_out_number(w, "count", duration.count);
    segi_json_out_word(w, "type", "duration");
    segi_json_out_word(w, "unit", segi_unit_name(duration.unit));
    segi_json_out_close(w, '}');
}

void segi_json_out_duration(segi_json_out *w, const char *name, segi_syn_duration duration)
{
    segi_json_out_key(w, name);
    if (duration_is_iso(duration))
        write_iso(w, duration);
    else
        write_counted(w, duration);
}

/* As a value it is an object in both forms. */
void segi_json_out_duration_value(segi_json_out *w, segi_syn_duration duration)
{
    if (!duration_is_iso(duration)) {
        write_counted(w, duration);
        return;
    }
    segi_json_out_open(w, '{');
    segi_json_out_word(w, "type", "duration");
    segi_json_out_key(w, "value");
    write_iso(w, duration);
    segi_json_out_close(w, '}');
}

/* In parts of 10^8, six digits after the point of a percentage. */
void segi_json_out_percent(segi_json_out *w, int64_t parts)
{
    segi_printer p = {.out = w->out};
    segi_print_millionths(&p, parts);
}

/* A date, an instant with Z, or local time without it. */
void segi_json_out_moment_text(segi_json_out *w, segi_moment moment)
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
void segi_json_out_moment(segi_json_out *w, const char *name, const segi_syn_moment *moment)
{
    segi_json_out_key(w, name);
    if (moment->param != NULL)
        segi_json_out_param(w, moment->param);
    else
        segi_json_out_moment_text(w, moment->moment);
}

/* Nothing where none is said. */
void segi_json_out_zone(segi_json_out *w, const char *name, const segi_syn_zone *zone)
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
    segi_json_out_predicate(w, selector->where);
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
        segi_json_out_value(w, window->anchor_name);
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
        segi_json_out_true(w, "complete", window->complete);
        segi_json_out_number(w, "count", window->length.count);
        return "calendar";
    case SEGI_WINDOW_THIS: return "this";
    case SEGI_WINDOW_PREVIOUS: return "previous";
    case SEGI_WINDOW_SINCE: segi_json_out_moment(w, "from", &window->from); return "since";
    case SEGI_WINDOW_BEFORE: segi_json_out_moment(w, "to", &window->from); return "before";
    case SEGI_WINDOW_BETWEEN:
        segi_json_out_moment(w, "from", &window->from);
        segi_json_out_moment(w, "to", &window->to);
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
    segi_json_out_zone(w, "tz", &window->zone);
    if (window->kind == SEGI_WINDOW_LAST_CALENDAR || window->kind == SEGI_WINDOW_THIS ||
        window->kind == SEGI_WINDOW_PREVIOUS)
        segi_json_out_word(w, "unit", segi_unit_name(window->length.unit));
    segi_json_out_close(w, '}');
}
