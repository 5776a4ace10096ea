/* parse_window.c - spans of time: in last 30 days, between two dates, within 14 days after ...
 *
 * The first word says which span it is, and nothing is taken back: where a word could begin
 * something else as well (`in`, `between`, `within`), segi_parse_window_starts() looks further
 * ahead before anybody commits to a span. What the parts mean is worked out by check_event.c and
 * window.c; here is only what may stand where, and errors that name the word that was meant. */
#include <string.h>

#include "base/civil.h"
#include "lang/syntax.h"

/* The name is looked up by the checker, not here. */
bool segi_parse_zone(segi_parser *p, segi_syn_zone *out)
{
    segi_token token = p->token;
    out->begin = token.begin;
    out->size = token.size;
    if (segi_parser_take(p, "user")) {
        out->kind = SEGI_TZ_USER;
        return p->status == SEG_OK;
    }
    out->kind = SEGI_TZ_NAME;
    if (token.kind == SEGI_TOKEN_STRING) {
        if (!segi_token_unquote(&p->lexer, token, p->arena, &out->name, &out->name_size)) {
            segi_parser_nomem(p);
            return false;
        }
    } else if (token.kind == SEGI_TOKEN_WORD) {
        out->name = p->lexer.text + token.begin;
        out->name_size = token.size;
    } else {
        segi_parser_expected(p, "a time zone", "\"Europe/Berlin\", \"UTC\" or user");
        return false;
    }
    segi_parser_next(p);
    if (token.kind == SEGI_TOKEN_WORD && p->token.kind == SEGI_TOKEN_SLASH) {
        segi_parser_fail(p, token, "\"Europe/Berlin\"", "the time zone stands in double quotes");
        return false;
    }
    return p->status == SEG_OK;
}

/* A date or an instant. Quotes are so frequent a mistake that they have a message of their own. */
bool segi_parse_moment(segi_parser *p, segi_syn_moment *out)
{
    out->begin = p->token.begin;
    out->size = p->token.size;
    if (p->token.kind == SEGI_TOKEN_STRING) {
        segi_parser_fail(p, p->token, "remove the quotes",
                         "dates and instants stand without quotes");
        return false;
    }
    if (p->token.kind != SEGI_TOKEN_DATE && p->token.kind != SEGI_TOKEN_PARAM) {
        segi_parser_expected(p, "a date or an instant", "2026-01-31 or 2026-01-31T18:00:00Z");
        return false;
    }
    segi_syn *syn = segi_parse_literal(p);
    if (syn == NULL)
        return false;
    if (syn->kind == SEGI_SYN_PARAM) {
        out->param = syn;
    } else if (syn->kind == SEGI_SYN_MOMENT) {
        out->moment = syn->u.moment;
    } else {
        segi_parser_expected(p, "a date or an instant", NULL);
        return false;
    }
    return true;
}

/* in last N unit, in last N calendar unit [including today | complete], in next N unit */
static bool parse_in(segi_parser *p, segi_syn_window *window)
{
    segi_parser_next(p);
    window->kind = segi_parser_is(p, "next") ? SEGI_WINDOW_NEXT : SEGI_WINDOW_LAST;
    segi_parser_next(p);
    segi_unit unit;
    if (segi_token_unit(p, p->token, &unit)) {
        segi_parser_fail(p, p->token, NULL, "a number is missing before the unit of time");
        segi_error_hint(p->err, "in last 1 %s counts back from now, previous %s is the calendar's",
                        segi_unit_name(unit), segi_unit_name(unit));
        return false;
    }
    if (!segi_parse_number(p, &window->length.count, "the length of time"))
        return false;
    if (!segi_parser_is(p, "calendar"))
        return segi_parse_unit(p, window->begin, &window->length.unit);
    segi_token calendar = p->token;
    if (window->kind == SEGI_WINDOW_NEXT) {
        segi_parser_fail(p, calendar, NULL, "\"in next\" counts from now and has no calendar form");
        return false;
    }
    segi_parser_next(p);
    window->kind = SEGI_WINDOW_LAST_CALENDAR;
    segi_token token = p->token;
    if (!segi_parse_unit(p, window->begin, &window->length.unit))
        return false;
    if (window->length.unit < SEGI_UNIT_DAY) {
        segi_parser_fail(p, token, "day, week, month, quarter, year",
                         "calendar periods are days or longer");
        return false;
    }
    if (segi_parser_take(p, "complete"))
        window->complete = true;
    else if (segi_parser_take(p, "including") && !segi_parser_take(p, "today"))
        segi_parser_expected(p, "\"today\" after \"including\"", NULL);
    return p->status == SEG_OK;
}

/* this unit, previous unit */
static bool parse_period(segi_parser *p, segi_syn_window *window)
{
    window->kind = segi_parser_is(p, "this") ? SEGI_WINDOW_THIS : SEGI_WINDOW_PREVIOUS;
    segi_parser_next(p);
    segi_token token = p->token;
    window->length.count.value = 1;
    if (!segi_token_unit(p, token, &window->length.unit) || window->length.unit < SEGI_UNIT_DAY) {
        segi_parser_expected(p, "day, week, month, quarter or year", NULL);
        return false;
    }
    segi_parser_next(p);
    return p->status == SEG_OK;
}

/* from N unit ago to (N unit ago | now)
 * `to now` leaves length_to at zero. */
static bool parse_ago(segi_parser *p, segi_syn_window *window)
{
    window->kind = SEGI_WINDOW_AGO;
    segi_parser_next(p);
    if (!segi_parse_duration(p, window->begin, &window->length))
        return false;
    if (!segi_parser_take2(p, "ago", "to")) {
        segi_parser_expected(p, "\"ago to\"", "from 60 days ago to 30 days ago");
        return false;
    }
    if (segi_parser_take(p, "now")) {
        window->length_to.unit = window->length.unit;
        return p->status == SEG_OK;
    }
    if (!segi_parse_duration(p, p->token.begin, &window->length_to))
        return false;
    if (!segi_parser_take(p, "ago")) {
        segi_parser_expected(p, "\"ago\"", "from 60 days ago to 30 days ago");
        return false;
    }
    return p->status == SEG_OK;
}

/* within N unit (after | before | of) anchor
 * The anchor is an occurrence of an event, or an attribute that holds an instant or a date. */
static bool parse_within(segi_parser *p, segi_syn_window *window)
{
    window->kind = SEGI_WINDOW_ANCHOR;
    segi_parser_next(p);
    if (!segi_parse_duration(p, window->begin, &window->length))
        return false;
    if (segi_parser_take(p, "after")) {
        window->side = SEGI_ANCHOR_AFTER;
    } else if (segi_parser_take(p, "before")) {
        window->side = SEGI_ANCHOR_BEFORE;
    } else if (segi_parser_take(p, "of")) {
        window->side = SEGI_ANCHOR_OF;
    } else {
        segi_parser_expected(p, "\"after\", \"before\" or \"of\"",
                             "within 14 days after first \"Signed Up\"");
        return false;
    }
    bool first = segi_parser_is(p, "first");
    if (first || segi_parser_is(p, "last")) {
        window->anchor_which = first ? SEGI_FIRST : SEGI_LAST;
        segi_parser_next(p);
        window->anchor_selector = segi_parse_selector(p);
        return window->anchor_selector != NULL;
    }
    segi_token token = p->token;
    if (token.kind == SEGI_TOKEN_STRING) {
        segi_parser_fail(p, token, NULL, "which occurrence of the event is meant?");
        segi_error_hint(p->err, "first %.*s or last %.*s", SEGI_TOKEN_TEXT(p, token),
                        SEGI_TOKEN_TEXT(p, token));
        return false;
    }
    if (token.kind != SEGI_TOKEN_QUOTED &&
        (token.kind != SEGI_TOKEN_WORD ||
         segi_word_reserved(p->lexer.text + token.begin, token.size))) {
        segi_parser_expected(p, "first, last or the name of an attribute",
                             "within 14 days after first \"Signed Up\"");
        return false;
    }
    segi_syn *name = segi_parser_node(p, SEGI_SYN_NAME, token.begin);
    if (name == NULL)
        return false;
    name->u.name.text = p->lexer.text + token.begin;
    name->u.name.text_size = token.size;
    if (token.kind == SEGI_TOKEN_QUOTED &&
        !segi_token_unquote(&p->lexer, token, p->arena, &name->u.name.text,
                            &name->u.name.text_size)) {
        segi_parser_nomem(p);
        return false;
    }
    segi_parser_next(p);
    segi_parser_close(p, name);
    window->anchor_name = name;
    return p->status == SEG_OK;
}

/* A number or parameter, and then a unit of time: not "within 5 km". */
static bool within_is_time(const segi_parser *p)
{
    segi_token number = segi_parser_peek(p, 1), unit = segi_parser_peek(p, 2);
    if (number.kind != SEGI_TOKEN_NUMBER && number.kind != SEGI_TOKEN_PARAM)
        return number.kind == SEGI_TOKEN_WORD && !segi_token_is(p, number, "the") &&
               !segi_token_is(p, number, "last") && !segi_token_is(p, number, "past") &&
               !segi_token_is(p, number, "next");
    if (segi_token_is(p, unit, "of"))
        return !segi_token_is(p, segi_parser_peek(p, 3), "point");
    return !segi_token_is(p, unit, "km") && !segi_token_is(p, unit, "m") &&
           !segi_token_is(p, unit, "mi");
}

bool segi_parse_window_starts(const segi_parser *p)
{
    static const char *const words[] = {"this", "previous", "today",  "yesterday",
                                        "ever", "since",    "before", "from"};
    if (p->token.kind != SEGI_TOKEN_WORD)
        return false;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (segi_parser_is(p, words[i]))
            return true;
    }
    if (segi_parser_is(p, "in"))
        return segi_parser_then(p, "last") || segi_parser_then(p, "next");
    if (segi_parser_is(p, "older"))
        return segi_parser_then(p, "than");
    if (segi_parser_is(p, "during"))
        return segi_parser_then(p, "occasion");
    if (segi_parser_is(p, "between")) {
        segi_token_kind kind = segi_parser_peek(p, 1).kind;
        return kind == SEGI_TOKEN_DATE || kind == SEGI_TOKEN_PARAM;
    }
    return segi_parser_is(p, "within") && within_is_time(p);
}

/* during occasion "name"
 * The days are put in by check_occasion.c; as a span of instants it is all of time. */
static bool parse_occasion(segi_parser *p, segi_syn_window *window)
{
    window->kind = SEGI_WINDOW_EVER;
    segi_parser_next(p);
    segi_parser_next(p);
    segi_token token = p->token;
    if (token.kind != SEGI_TOKEN_STRING) {
        segi_parser_expected(p, "the name of an occasion in double quotes",
                             "during occasion \"black_friday\"");
        return false;
    }
    if (!segi_token_unquote(&p->lexer, token, p->arena, &window->occasion,
                            &window->occasion_size)) {
        segi_parser_nomem(p);
        return false;
    }
    segi_parser_next(p);
    return p->status == SEG_OK;
}

/* One function per first word, the rest here: since, before, between. */
static bool parse_span(segi_parser *p, segi_syn_window *window)
{
    if (segi_parser_is(p, "during"))
        return parse_occasion(p, window);
    if (segi_parser_is(p, "in"))
        return parse_in(p, window);
    if (segi_parser_is(p, "this") || segi_parser_is(p, "previous"))
        return parse_period(p, window);
    if (segi_parser_is(p, "today") || segi_parser_is(p, "yesterday")) {
        window->kind = segi_parser_is(p, "today") ? SEGI_WINDOW_THIS : SEGI_WINDOW_PREVIOUS;
        window->length.count.value = 1;
        window->length.unit = SEGI_UNIT_DAY;
        segi_parser_next(p);
        return p->status == SEG_OK;
    }
    if (segi_parser_take(p, "ever")) {
        window->kind = SEGI_WINDOW_EVER;
        return p->status == SEG_OK;
    }
    if (segi_parser_is(p, "from"))
        return parse_ago(p, window);
    if (segi_parser_is(p, "within"))
        return parse_within(p, window);
    if (segi_parser_is(p, "older")) {
        window->kind = SEGI_WINDOW_OLDER;
        segi_parser_next(p);
        segi_parser_next(p);
        return segi_parse_duration(p, window->begin, &window->length);
    }
    window->kind = segi_parser_is(p, "since")    ? SEGI_WINDOW_SINCE
                   : segi_parser_is(p, "before") ? SEGI_WINDOW_BEFORE
                                                 : SEGI_WINDOW_BETWEEN;
    segi_parser_next(p);
    if (!segi_parse_moment(p, &window->from))
        return false;
    if (window->kind != SEGI_WINDOW_BETWEEN)
        return true;
    if (!segi_parser_take(p, "and")) {
        segi_parser_expected(p, "\"and\" and the end of the span",
                             "between 2026-01-01 and 2026-06-30");
        return false;
    }
    return segi_parse_moment(p, &window->to);
}

/* The zone comes last and holds for the whole span. NULL after an error. */
segi_syn_window *segi_parse_window(segi_parser *p)
{
    segi_syn_window *window = segi_parser_alloc(p, sizeof *window);
    if (window == NULL)
        return NULL;
    window->begin = p->token.begin;
    if (!parse_span(p, window) || p->status != SEG_OK)
        return NULL;
    if (segi_parser_take(p, "tz") && !segi_parse_zone(p, &window->zone))
        return NULL;
    window->size = p->prev_end - window->begin;
    return window;
}
