/* print_value.c - canonical text of values, selectors and windows.
 *
 * The hard part is where words could be read on as part of a value: `tail` and the word "ever"
 * keep the window of an aggregate apart from the span that is asked of it. */
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "lang/print.h"

/* ---- small things ---- */

/* As the lexer reads words, and none of the words of the language. The parser would take some of
 * those where they cannot be mistaken; quoting them all needs no knowledge of the place. */
static bool name_is_bare(const char *name, size_t size)
{
    bool start = true;
    for (size_t i = 0; i < size; i++) {
        char c = name[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
        bool digit = c >= '0' && c <= '9';
        if (c == '.' && i > 0 && name[i - 1] != '.' && i + 1 < size)
            continue;
        if (!letter && !(digit && !start))
            return false;
        start = false;
    }
    return size != 0 && !segi_word_known(name, size);
}

void segi_print_name(segi_printer *p, const char *name, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    if (name_is_bare(name, size)) {
        segi_buf_add(p->out, name, size);
        return;
    }
    segi_buf_char(p->out, '`');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f) {
            segi_buf_text(p->out, "\\u00");
            segi_buf_char(p->out, hex[c >> 4]);
            segi_buf_char(p->out, hex[c & 15]);
            continue;
        }
        if (c == '`' || c == '\\')
            segi_buf_char(p->out, '\\');
        segi_buf_char(p->out, (char)c);
    }
    segi_buf_char(p->out, '`');
}

/* Without the list of parameters (explain) a bare $. */
static void print_param(segi_printer *p, uint32_t index)
{
    segi_buf_char(p->out, '$');
    if (p->params != NULL)
        segi_buf_add(p->out, p->params[index].name, p->params[index].name_size);
}

void segi_print_number(segi_printer *p, int64_t n)
{
    if (segi_is_gap(n))
        print_param(p, segi_gap_index(n));
    else
        segi_buf_int(p->out, n);
}

void segi_print_float(segi_printer *p, double value)
{
    char text[SEGI_FLOAT_TEXT_MAX];
    size_t size = segi_text_write_float(value, text);
    /* A whole number needs no point. */
    if (size > 2 && memcmp(text + size - 2, ".0", 2) == 0)
        size -= 2;
    segi_buf_add(p->out, text, size);
    /* Without an exponent a number has to be exact; an empty one lifts that. */
    segi_literal exact;
    bool negative = text[0] == '-';
    if (memchr(text, 'e', size) == NULL &&
        !segi_number_exact(text + negative, size - negative, negative, &exact))
        segi_buf_text(p->out, "e0");
}

/* The plural where it is not 1; a gap is plural. */
void segi_print_duration(segi_printer *p, segi_duration duration)
{
    segi_print_number(p, duration.count);
    segi_buf_char(p->out, ' ');
    segi_buf_text(p->out, segi_unit_name(duration.unit));
    if (duration.count != 1)
        segi_buf_char(p->out, 's');
}

/* Without zeros at the end: 1.50 and 1.5 are one value. */
static void print_decimal(segi_printer *p, int64_t mantissa, int32_t scale)
{
    for (; scale > 0 && mantissa % 10 == 0; scale--)
        mantissa /= 10;
    segi_buf_decimal(p->out, mantissa, scale);
}

void segi_print_millionths(segi_printer *p, int64_t n)
{
    print_decimal(p, n, 6);
}

/* A length in the largest unit that divides it; written ones are whole seconds. */
static void print_length(segi_printer *p, int64_t length)
{
    static const segi_unit units[] = {SEGI_UNIT_DAY, SEGI_UNIT_HOUR, SEGI_UNIT_MINUTE,
                                      SEGI_UNIT_SECOND};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        int64_t one = segi_duration_length((segi_duration){1, units[i]});
        if (length % one == 0 && (length != 0 || units[i] == SEGI_UNIT_SECOND)) {
            segi_print_duration(p, (segi_duration){length / one, units[i]});
            return;
        }
    }
    segi_print_millionths(p, length);
    segi_buf_text(p->out, " seconds");
}

/* As the lexer reads them back. */
static void print_moment(segi_printer *p, segi_moment moment)
{
    if (segi_is_gap(moment.value)) {
        print_param(p, segi_gap_index(moment.value));
    } else if (moment.kind == SEGI_MOMENT_DATE) {
        segi_civil_write_date(p->out, (int32_t)moment.value);
    } else {
        segi_civil_write_instant(p->out, moment.value);
        /* Local time is written alike, but for the Z. */
        if (moment.kind == SEGI_MOMENT_LOCAL && !p->out->failed)
            p->out->size--;
    }
}

void segi_print_literal(segi_printer *p, const segi_literal *literal)
{
    switch (literal->type.type) {
    case SEGI_TYPE_PARAM: print_param(p, (uint32_t)literal->slot); break;
    case SEG_TYPE_BOOL: segi_buf_text(p->out, literal->slot ? "true" : "false"); break;
    case SEG_TYPE_FLOAT64: segi_print_float(p, segi_slot_float(literal->slot)); break;
    case SEG_TYPE_DECIMAL: print_decimal(p, literal->slot, literal->type.scale); break;
    case SEG_TYPE_STRING: segi_buf_quoted(p->out, literal->text, literal->text_size); break;
    case SEG_TYPE_TIMESTAMP: segi_civil_write_instant(p->out, literal->slot); break;
    case SEG_TYPE_DATE: segi_civil_write_date(p->out, (int32_t)literal->slot); break;
    case SEGI_TYPE_DURATION: print_length(p, literal->slot); break;
    default: segi_buf_int(p->out, literal->slot); break;
    }
}

/* ---- windows ---- */

/* Zones are loaded once per compile, so pointers tell. */
static bool zone_equal(segi_zone_ref a, segi_zone_ref b)
{
    return a.kind == b.kind && a.zone == b.zone && a.attribute == b.attribute;
}

/* An attribute, or the first or last event of a selector. */
static void print_anchor(segi_printer *p, const segi_window *window)
{
    static const char *const sides[] = {" after ", " before ", " of "};
    const segi_node *anchor = window->anchor;
    segi_buf_text(p->out, " within ");
    segi_print_duration(p, window->length);
    segi_buf_text(p->out, sides[window->side]);
    if (anchor->kind != SEGI_NODE_AGGREGATE || anchor->field != NULL) {
        segi_print_name(p, anchor->name, anchor->name_size);
        return;
    }
    segi_buf_text(p->out, anchor->aggregate == SEGI_AGG_FIRST ? "first " : "last ");
    segi_print_selector(p, anchor->selector, window->zone);
}

/* A day has words of its own. */
static void print_period(segi_printer *p, const segi_window *window)
{
    bool this = window->kind == SEGI_WINDOW_THIS;
    if (window->length.unit == SEGI_UNIT_DAY) {
        segi_buf_text(p->out, this ? " today" : " yesterday");
        return;
    }
    segi_buf_text(p->out, this ? " this " : " previous ");
    segi_buf_text(p->out, segi_unit_name(window->length.unit));
}

/* in last N calendar days [complete] */
static void print_calendar(segi_printer *p, const segi_window *window)
{
    segi_buf_text(p->out, " in last ");
    segi_print_number(p, window->length.count);
    segi_buf_text(p->out, " calendar ");
    segi_buf_text(p->out, segi_unit_name(window->length.unit));
    if (window->length.count != 1)
        segi_buf_char(p->out, 's');
    if (window->complete)
        segi_buf_text(p->out, " complete");
}

/* The second length may be 0: to now. */
static void print_ago(segi_printer *p, const segi_window *window)
{
    segi_buf_text(p->out, " from ");
    segi_print_duration(p, window->length);
    segi_buf_text(p->out, " ago to ");
    if (window->length_to.count == 0) {
        segi_buf_text(p->out, "now");
        return;
    }
    segi_print_duration(p, window->length_to);
    segi_buf_text(p->out, " ago");
}

/* Compared with the zone that a reader would take anyway. */
void segi_print_zone(segi_printer *p, segi_zone_ref zone)
{
    if (zone_equal(zone, p->zone))
        return;
    segi_buf_text(p->out, " tz ");
    if (zone.kind == SEGI_ZONE_USER) {
        segi_buf_text(p->out, "user");
    } else {
        const char *name = segi_zone_name(zone.zone);
        segi_buf_quoted(p->out, name, strlen(name));
    }
}

void segi_print_window(segi_printer *p, const segi_window *window, bool ever)
{
    switch (window->kind) {
    case SEGI_WINDOW_EVER:
        if (ever || !zone_equal(window->zone, p->zone))
            segi_buf_text(p->out, " ever");
        break;
    case SEGI_WINDOW_LAST:
    case SEGI_WINDOW_NEXT:
    case SEGI_WINDOW_OLDER:
        segi_buf_text(p->out, window->kind == SEGI_WINDOW_LAST   ? " in last "
                              : window->kind == SEGI_WINDOW_NEXT ? " in next "
                                                                 : " older than ");
        segi_print_duration(p, window->length);
        break;
    case SEGI_WINDOW_LAST_CALENDAR: print_calendar(p, window); break;
    case SEGI_WINDOW_THIS:
    case SEGI_WINDOW_PREVIOUS: print_period(p, window); break;
    case SEGI_WINDOW_SINCE:
    case SEGI_WINDOW_BEFORE:
        segi_buf_text(p->out, window->kind == SEGI_WINDOW_SINCE ? " since " : " before ");
        print_moment(p, window->from);
        break;
    case SEGI_WINDOW_BETWEEN:
        segi_buf_text(p->out, " between ");
        print_moment(p, window->from);
        segi_buf_text(p->out, " and ");
        print_moment(p, window->to);
        break;
    case SEGI_WINDOW_AGO: print_ago(p, window); break;
    case SEGI_WINDOW_ANCHOR: print_anchor(p, window); break;
    case SEGI_WINDOW_AS_OF:
        segi_buf_text(p->out, " as of ");
        print_moment(p, window->from);
        return;
    }
    segi_print_zone(p, window->zone);
}

/* ---- selectors ---- */

/* The gap is always written. */
static void print_session(segi_printer *p, const segi_session *session, segi_zone_ref zone)
{
    segi_buf_text(p->out, "session(gap ");
    segi_print_duration(p, session->gap);
    if (!session->of->any_event || session->of->where != NULL) {
        segi_buf_text(p->out, " of ");
        segi_print_selector(p, session->of, zone);
    }
    segi_buf_char(p->out, ')');
}

/* Unknown names of an open compile stand behind the known ones. */
void segi_print_selector(segi_printer *p, const segi_selector *selector, segi_zone_ref zone)
{
    uint32_t count = selector->event_count + selector->unknown_count;
    if (selector->session != NULL) {
        print_session(p, selector->session, zone);
    } else if (selector->any_event) {
        segi_buf_text(p->out, "any event");
    } else {
        if (count != 1)
            segi_buf_text(p->out, "any of (");
        for (uint32_t i = 0; i < count; i++) {
            if (i != 0)
                segi_buf_text(p->out, ", ");
            if (i < selector->event_count) {
                const segi_event_type *event = p->schema->events[selector->events[i]];
                segi_buf_quoted(p->out, event->name, event->name_size);
            } else {
                const segi_text *name = &selector->unknown[i - selector->event_count];
                segi_buf_quoted(p->out, name->text, name->size);
            }
        }
        if (count != 1)
            segi_buf_char(p->out, ')');
    }
    if (selector->where == NULL)
        return;
    segi_zone_ref outer = p->zone;
    p->zone = zone;
    segi_buf_text(p->out, " where (");
    segi_print_predicate(p, selector->where);
    segi_buf_char(p->out, ')');
    p->zone = outer;
}

/* ---- values ---- */

/* In the order of segi_aggregate. */
static const char *const aggregate_names[] = {
    "count",      "sum",     "avg",      "min",      "max",    "median",
    "percentile", "stddev",  "distinct", "distinct", "mode",   "top",
    "first",      "last",    "nth",      "share",    "streak", "current_streak",
    "streak",     "overdue", "since",    "changes"};

/* Only what is not the default. */
static void print_mode_options(segi_printer *p, const segi_node *node)
{
    if (node->aggregate == SEGI_AGG_TOP) {
        segi_buf_text(p->out, ", ");
        segi_buf_int(p->out, node->nth);
    }
    if (node->min_events != 1) {
        segi_buf_text(p->out, ", min ");
        segi_buf_int(p->out, node->min_events);
    }
    if (node->ties != SEGI_TIES_LATEST)
        segi_buf_text(p->out, node->ties == SEGI_TIES_NONE ? ", ties none" : ", ties all");
}

static void print_streak(segi_printer *p, const segi_node *node)
{
    const segi_streak *streak = node->streak;
    segi_buf_text(p->out, segi_unit_name(node->period));
    if (streak->min_events != 1) {
        segi_buf_text(p->out, ", min ");
        segi_buf_int(p->out, streak->min_events);
    }
    if (streak->length != 1) {
        segi_buf_text(p->out, ", length ");
        segi_buf_int(p->out, streak->length);
    }
    if (streak->missed == 0)
        return;
    segi_buf_text(p->out, ", allowing ");
    segi_buf_int(p->out, streak->missed);
    segi_buf_text(p->out, " missed per ");
    segi_buf_int(p->out, streak->per);
}

/* The zone of the window holds within the brackets too, where a share may speak of days. */
static void print_aggregate(segi_printer *p, const segi_node *node, bool tail)
{
    bool broken = node->aggregate == SEGI_AGG_STREAK_BROKEN;
    segi_buf_text(p->out, aggregate_names[node->aggregate]);
    if (node->aggregate != SEGI_AGG_COUNT && node->aggregate != SEGI_AGG_OVERDUE) {
        segi_zone_ref outer = p->zone;
        p->zone = node->window.zone;
        segi_buf_char(p->out, '(');
        if (node->aggregate == SEGI_AGG_DISTINCT_PERIOD)
            segi_buf_text(p->out, segi_unit_name(node->period));
        else if (node->streak != NULL)
            print_streak(p, node);
        else if (node->aggregate == SEGI_AGG_SHARE)
            segi_print_predicate(p, node->share);
        else
            segi_print_value(p, node->argument, SEGI_PRINT_SUM, false);
        if (node->aggregate == SEGI_AGG_PERCENTILE) {
            segi_buf_text(p->out, ", ");
            segi_print_float(p, node->fraction);
        } else if (node->aggregate == SEGI_AGG_NTH) {
            segi_buf_text(p->out, ", ");
            segi_buf_int(p->out, node->nth);
        } else if (node->aggregate == SEGI_AGG_MODE || node->aggregate == SEGI_AGG_TOP) {
            print_mode_options(p, node);
        }
        segi_buf_char(p->out, ')');
        p->zone = outer;
    }
    segi_buf_text(p->out, " of ");
    segi_print_selector(p, node->selector, node->window.zone);
    segi_print_window(p, &node->window, tail && !broken);
    if (broken)
        segi_buf_text(p->out, " broken");
}

/* The right side binds tighter than the operator: a - (b - c) keeps its brackets. */
static void print_arith(segi_printer *p, const segi_node *node, int place, bool tail)
{
    static const char *const signs[] = {" + ", " - ", " * ", " / "};
    bool shift = node->kind == SEGI_NODE_SHIFT;
    int own = !shift && node->arith >= SEGI_TIMES ? SEGI_PRINT_TERM : SEGI_PRINT_SUM;
    bool brackets = own < place;
    if (brackets)
        segi_buf_char(p->out, '(');
    segi_print_value(p, node->children[0], own, false);
    segi_buf_text(p->out, signs[node->arith]);
    if (shift)
        segi_print_duration(p, node->shift);
    else
        segi_print_value(p, node->children[1], own + 1, tail && !brackets);
    if (brackets)
        segi_buf_char(p->out, ')');
}

/* A gap for a length of time keeps its unit in `shift`, see check_duration(). */
static void print_literal_node(segi_printer *p, const segi_node *node)
{
    bool gap = node->literal.type.type == SEGI_TYPE_PARAM;
    if (gap && segi_is_gap(node->shift.count))
        segi_print_duration(p, node->shift); /* $n days */
    else
        segi_print_literal(p, &node->literal);
}

void segi_print_value(segi_printer *p, const segi_node *node, int place, bool tail)
{
    static const char *const builtins[] = {"@time",  "@date", "@hour",     "@weekday", "@day",
                                           "@month", "@year", "@duration", "@count"};
    switch (node->kind) {
    case SEGI_NODE_LITERAL: print_literal_node(p, node); break;
    case SEGI_NODE_MOMENT: print_moment(p, node->moment); break;
    case SEGI_NODE_NOW: segi_buf_text(p->out, "now"); break;
    case SEGI_NODE_ATTRIBUTE: segi_print_history(p, node); break;
    case SEGI_NODE_PROPERTY: segi_print_name(p, node->name, node->name_size); break;
    case SEGI_NODE_BUILTIN: segi_buf_text(p->out, builtins[node->builtin]); break;
    case SEGI_NODE_AGGREGATE:
        if (node->field != NULL)
            segi_print_history(p, node);
        else
            print_aggregate(p, node, tail);
        break;
    case SEGI_NODE_FIGURE: segi_print_sequence(p, node, tail); break;
    case SEGI_NODE_ANNIVERSARY:
        segi_buf_text(p->out, "anniversary(");
        segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
        segi_buf_text(p->out, node->early ? ", feb 28)" : ")");
        break;
    case SEGI_NODE_SIZE:
        segi_buf_text(p->out, "size(");
        segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
        segi_buf_char(p->out, ')');
        break;
    case SEGI_NODE_SCORE: segi_print_score(p, node, tail); break;
    case SEGI_NODE_CLASS: segi_print_class(p, node, tail); break;
    default: print_arith(p, node, place, tail); break;
    }
}
