/* parse_event.c - what looks at events: did, first, last, and aggregates.
 *
 * The grammar is in docs/language.md; functions here are named after its rules and quote the form
 * that they read. All return NULL or false after an error, of which the parser keeps the first.
 * An error that can guess what was meant says so in its hint, with the words of the text. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

/* ---- selectors ---- */

/* Words after which something else begins, so that they cannot be a bare event name. */
static bool word_is_structure(const char *text, size_t size)
{
    static const char *const words[] = {
        "at",     "more",      "fewer", "less",  "exactly", "this",   "previous",
        "today",  "yesterday", "ever",  "since", "before",  "from",   "older",
        "within", "once",      "twice", "on",    "tz",      "during", "any"};
    if (segi_word_reserved(text, size))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (segi_word_is(text, size, words[i]))
            return true;
    }
    return false;
}

/* Quoted, or a single word that cannot begin anything else. */
static segi_syn *parse_event(segi_parser *p)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin;
    if (token.kind == SEGI_TOKEN_STRING)
        return segi_parse_literal(p);
    if (token.kind == SEGI_TOKEN_WORD && !word_is_structure(text, token.size)) {
        if (segi_parse_later(p))
            return NULL;
        segi_syn *syn = segi_parser_node(p, SEGI_SYN_STRING, token.begin);
        if (syn == NULL)
            return NULL;
        syn->u.name.text = text;
        syn->u.name.text_size = token.size;
        segi_parser_next(p);
        segi_parser_close(p, syn);
        return p->status == SEG_OK ? syn : NULL;
    }
    if (token.kind == SEGI_TOKEN_PARAM)
        return segi_parser_fail(p, token, NULL, "a parameter cannot stand for an event");
    if (token.kind == SEGI_TOKEN_QUOTED)
        return segi_parser_fail(p, token, "\"Order Completed\"", "events stand in double quotes");
    bool any = segi_parser_is(p, "any");
    segi_parser_expected(p, "the name of an event", NULL);
    if (any && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "the event alone, any event, or any of (\"A\", \"B\")");
    else if (token.kind == SEGI_TOKEN_WORD && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "an event that is called so stands in double quotes: \"%.*s\"",
                        SEGI_TOKEN_TEXT(p, token));
    return NULL;
}

/* any of ( event, ... ) */
static bool parse_event_list(segi_parser *p, segi_syn_selector *selector)
{
    segi_syn list = {0};
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and a list of events"))
        return false;
    do {
        segi_syn *event = parse_event(p);
        if (event == NULL)
            return false;
        segi_syn_add(&list, event);
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    selector->events = list.kids;
    selector->event_count = list.kid_count;
    return segi_parser_close_bracket(p, open, ", or )");
}

/* where without parentheses: show how it would look with them. */
static void fail_where(segi_parser *p, segi_token where)
{
    uint32_t begin = p->token.begin, end = begin;
    while (p->token.kind != SEGI_TOKEN_END && p->token.kind != SEGI_TOKEN_ERROR &&
           !segi_parser_is(p, "and") && !segi_parser_is(p, "or") && !segi_parser_is(p, "except") &&
           !segi_parser_is(p, "at") && p->token.begin - begin < 80 &&
           !(p->token.begin > begin && segi_parse_window_starts(p))) {
        end = p->token.begin + p->token.size;
        segi_parser_next(p);
    }
    p->status = SEG_OK;
    segi_parser_fail(p, where, NULL, "\"where\" needs parentheses");
    segi_error_hint(p->err, "where (%.*s)", (int)(end - begin), p->lexer.text + begin);
}

/* event | any event | any of (...) | session of ..., with or without `where (...)`. */
segi_syn_selector *segi_parse_selector(segi_parser *p)
{
    segi_syn_selector *selector = segi_parser_alloc(p, sizeof *selector);
    if (selector == NULL)
        return NULL;
    selector->begin = p->token.begin;
    if (segi_parse_session_starts(p)) {
        if (!segi_parse_session(p, selector))
            return NULL;
    } else if (segi_parser_take2(p, "any", "event")) {
        selector->any = true;
    } else if (segi_parser_take2(p, "any", "of")) {
        if (!parse_event_list(p, selector))
            return NULL;
    } else {
        selector->events = parse_event(p);
        selector->event_count = 1;
        if (selector->events == NULL)
            return NULL;
    }
    if (p->status == SEG_OK && segi_parser_is(p, "where")) {
        segi_token where = p->token;
        segi_parser_next(p);
        if (p->token.kind != SEGI_TOKEN_LEFT) {
            fail_where(p, where);
            return NULL;
        }
        bool outer = p->in_session;
        p->in_session = selector->session != NULL;
        selector->where = segi_parse_bracketed(p, "where");
        p->in_session = outer;
        if (selector->where == NULL)
            return NULL;
    }
    selector->size = p->prev_end - selector->begin;
    return p->status == SEG_OK ? selector : NULL;
}

/* ---- bounds ---- */

/* between N and M times, against the window "between date and date".
 * Decided by what follows: a date makes it a window, a number a bound. Parameters can be either,
 * so the word after the second one decides. */
static bool bound_is_between(const segi_parser *p)
{
    segi_token first = segi_parser_peek(p, 1);
    if (first.kind != SEGI_TOKEN_PARAM)
        return first.kind != SEGI_TOKEN_DATE;
    segi_token second = segi_parser_peek(p, 3);
    if (second.kind != SEGI_TOKEN_PARAM)
        return second.kind == SEGI_TOKEN_NUMBER;
    segi_token word = segi_parser_peek(p, 4);
    segi_unit unit;
    return segi_token_is(p, word, "times") || segi_token_is(p, word, "time") ||
           segi_token_unit(p, word, &unit);
}

/* Also fails the parse for forms that look like a bound and mean two things ("3", "once"): better
 * an error here than a bound that nobody meant. */
bool segi_parse_bound_starts(segi_parser *p)
{
    if (p->token.kind == SEGI_TOKEN_NUMBER) {
        segi_token number = p->token, then = segi_parser_peek(p, 1);
        segi_unit unit;
        if (segi_token_unit(p, then, &unit)) {
            segi_parser_fail(p, number, NULL, "how long ago is said by a span of time");
            segi_error_hint(p->err, "in last %.*s %.*s, or: older than %.*s %.*s",
                            SEGI_TOKEN_TEXT(p, number), SEGI_TOKEN_TEXT(p, then),
                            SEGI_TOKEN_TEXT(p, number), SEGI_TOKEN_TEXT(p, then));
            return false;
        }
        segi_parser_fail(p, number, NULL, "at least, at most or exactly so many times?");
        segi_error_hint(p->err, "at least %.*s times, or: exactly %.*s times",
                        SEGI_TOKEN_TEXT(p, number), SEGI_TOKEN_TEXT(p, number));
        return false;
    }
    if (segi_parser_is(p, "once") || segi_parser_is(p, "twice")) {
        const char *n = segi_parser_is(p, "once") ? "1 time" : "2 times";
        segi_parser_fail(p, p->token, NULL, "\"%.*s\" can be read in two ways",
                         SEGI_TOKEN_TEXT(p, p->token));
        segi_error_hint(p->err, "\"exactly %s\" or \"at least %s\"", n, n);
        return false;
    }
    if (segi_parser_is(p, "between"))
        return bound_is_between(p);
    if (segi_parse_meant_often(p) ||
        (segi_parser_is(p, "on") && segi_parser_peek(p, 1).kind == SEGI_TOKEN_DATE &&
         segi_parse_meant(p)))
        return false;
    return segi_parser_is(p, "on") || segi_parser_is(p, "at") || segi_parser_is(p, "more") ||
           segi_parser_is(p, "fewer") || segi_parser_is(p, "less") || segi_parser_is(p, "exactly");
}

/* The words before the number. */
static bool parse_bound_kind(segi_parser *p, segi_syn_bound *bound)
{
    if (segi_parser_take2(p, "at", "least"))
        bound->kind = SEGI_BOUND_AT_LEAST;
    else if (segi_parser_take2(p, "at", "most"))
        bound->kind = SEGI_BOUND_AT_MOST;
    else if (segi_parser_take2(p, "more", "than"))
        bound->kind = SEGI_BOUND_MORE;
    else if (segi_parser_take2(p, "fewer", "than") || segi_parser_take2(p, "less", "than"))
        bound->kind = SEGI_BOUND_FEWER;
    else if (segi_parser_take(p, "exactly"))
        bound->kind = SEGI_BOUND_EXACTLY;
    else if (segi_parser_take(p, "between"))
        bound->kind = SEGI_BOUND_BETWEEN;
    else {
        segi_parser_expected(p, "at least, at most, more than, fewer than, exactly or between",
                             "at least 3 times");
        return false;
    }
    return p->status == SEG_OK;
}

bool segi_parse_bound_limit(segi_parser *p, segi_syn_bound *bound, const char *what)
{
    if (!parse_bound_kind(p, bound) || !segi_parse_number(p, &bound->low, what))
        return false;
    if (bound->kind != SEGI_BOUND_BETWEEN)
        return true;
    if (!segi_parser_take(p, "and")) {
        segi_parser_expected(p, "\"and\" and the higher number", "between 2 and 5 times");
        return false;
    }
    return segi_parse_number(p, &bound->high, what);
}

/* "at least 3 times", or "on at least 3 days": with `on` and a unit it counts periods. */
segi_syn_bound *segi_parse_bound(segi_parser *p)
{
    segi_syn_bound *bound = segi_parser_alloc(p, sizeof *bound);
    if (bound == NULL)
        return NULL;
    bound->begin = p->token.begin;
    bool on = segi_parser_take(p, "on");
    if (!segi_parse_bound_limit(p, bound, "how many times"))
        return NULL;
    bound->size = p->prev_end - bound->begin;
    segi_token phrase = {SEGI_TOKEN_WORD, bound->begin, bound->size};
    segi_token token = p->token;
    if (segi_token_unit(p, token, &bound->period)) {
        bound->periods = true;
        if (!on && segi_parser_then(p, "ago")) {
            const segi_syn_number *far =
                bound->kind == SEGI_BOUND_BETWEEN ? &bound->high : &bound->low;
            return segi_parse_meant_ago(p, phrase, far->param ? 30 : far->value, bound->period,
                                        bound->kind == SEGI_BOUND_AT_LEAST ||
                                            bound->kind == SEGI_BOUND_MORE);
        }
        if (!on) {
            segi_parser_fail(p, phrase, NULL, "different days, or how often?");
            segi_error_hint(p->err, "on %.*s %.*s, or: %.*s times", SEGI_TOKEN_TEXT(p, phrase),
                            SEGI_TOKEN_TEXT(p, token), SEGI_TOKEN_TEXT(p, phrase));
            return NULL;
        }
        if (bound->period < SEGI_UNIT_DAY)
            return segi_parser_fail(p, token, NULL,
                                    "distinct periods are days, weeks, months, quarters or years");
        segi_parser_next(p);
    } else if (on) {
        return segi_parser_expected(p, "days, weeks, months, quarters or years",
                                    "on at least 5 days");
    } else if (!segi_parser_take(p, "times") && !segi_parser_take(p, "time")) {
        segi_parser_fail(p, phrase, NULL, "the word \"times\" is missing after the number");
        segi_error_hint(p->err, "%.*s times", SEGI_TOKEN_TEXT(p, phrase));
        return NULL;
    }
    bound->size = p->prev_end - bound->begin;
    return p->status == SEG_OK ? bound : NULL;
}

/* ---- did, first, last, nth ---- */

/* What did, edges and aggregates have in common. */
static segi_syn_behaviour *behaviour_node(segi_parser *p, segi_syn *syn)
{
    segi_syn_behaviour *behaviour = segi_parser_alloc(p, sizeof *behaviour);
    if (behaviour != NULL)
        syn->u.behaviour = behaviour;
    return behaviour;
}

/* A behaviour without a window means all of time. */
static bool parse_window_maybe(segi_parser *p, segi_syn_behaviour *behaviour)
{
    if (behaviour->window != NULL) {
        /* "in at least 6 of last 8 weeks" has said it. */
    } else if (p->status == SEG_OK && segi_parse_window_starts(p)) {
        behaviour->window = segi_parse_window(p);
    } else if (segi_parser_is(p, "tz")) {
        segi_parser_fail(p, p->token, "ever tz \"Europe/Berlin\"", "\"tz\" follows a time span");
    }
    return p->status == SEG_OK;
}

/* [at least N times] [on at least K weeks | in at least K of last M weeks] */
static bool parse_how_often(segi_parser *p, segi_syn_behaviour *behaviour)
{
    if (segi_parse_bound_starts(p)) {
        segi_syn_bound *bound = segi_parse_bound(p);
        if (bound != NULL && !bound->periods && segi_parser_is(p, "on")) {
            segi_syn_bound *periods = segi_parse_bound(p);
            if (periods != NULL)
                periods->each = bound;
            bound = periods;
        }
        behaviour->bound = bound;
    }
    if (p->status == SEG_OK && segi_parse_regular_starts(p) &&
        (behaviour->bound == NULL || !behaviour->bound->periods))
        return segi_parse_regular(p, behaviour);
    return p->status == SEG_OK;
}

/* [never] did [not] selector [bound] [window] */
segi_syn *segi_parse_did(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_DID, p->token.begin);
    segi_syn_behaviour *behaviour = syn == NULL ? NULL : behaviour_node(p, syn);
    if (behaviour == NULL)
        return NULL;
    bool never = segi_parser_take(p, "never");
    if (!segi_parser_take(p, "did")) {
        bool event = p->token.kind == SEGI_TOKEN_WORD || p->token.kind == SEGI_TOKEN_STRING;
        segi_parser_expected(p, "\"did\"", "never did \"event\"");
        if (event && p->status == SEG_E_SYNTAX)
            segi_error_hint(p->err, "never did %.*s", SEGI_TOKEN_TEXT(p, p->token));
        return NULL;
    }
    syn->negated = never;
    if (!never && segi_parser_take(p, "not"))
        syn->negated = true;
    behaviour->selector = segi_parse_selector(p);
    if (behaviour->selector == NULL)
        return NULL;
    segi_token token = p->token;
    if (!parse_how_often(p, behaviour))
        return NULL;
    if (behaviour->bound != NULL && never)
        return segi_parser_fail(p, token, "did not \"event\" at least 2 times",
                                "\"never did\" takes no count");
    if (!parse_window_maybe(p, behaviour))
        return NULL;
    segi_parser_close(p, syn);
    return syn;
}

/* `first(` is an aggregate, `first event` an edge; `nth(2)` is an edge where a number follows. */
bool segi_parse_edge_starts(const segi_parser *p)
{
    bool bracket = segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT;
    if (segi_parser_is(p, "first") || segi_parser_is(p, "last"))
        return !bracket;
    return segi_parser_is(p, "nth") && bracket && segi_parser_peek(p, 2).kind == SEGI_TOKEN_NUMBER;
}

/* first | last | nth(n), a selector, and a window, which is needed here: without one it says no
 * more than `did`. */
segi_syn *segi_parse_edge(segi_parser *p)
{
    segi_token word = p->token;
    if (!segi_parser_is(p, "nth") && segi_parse_meant_span(p))
        return NULL;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_EDGE, word.begin);
    segi_syn_behaviour *behaviour = syn == NULL ? NULL : behaviour_node(p, syn);
    if (behaviour == NULL)
        return NULL;
    behaviour->which = segi_parser_is(p, "first")  ? SEGI_FIRST
                       : segi_parser_is(p, "last") ? SEGI_LAST
                                                   : SEGI_NTH;
    behaviour->nth = 1;
    segi_parser_next(p);
    if (behaviour->which == SEGI_NTH) {
        segi_syn_number n;
        segi_parser_next(p);
        segi_token at = p->token;
        if (!segi_parse_number(p, &n, "the number of the occurrence") ||
            !segi_parser_expect(p, SEGI_TOKEN_RIGHT, ")"))
            return NULL;
        if (n.value < 1)
            return segi_parser_fail(p, at, NULL, "occurrences are counted from 1");
        behaviour->nth = n.value;
    }
    behaviour->selector = segi_parse_selector(p);
    if (behaviour->selector == NULL)
        return NULL;
    segi_token number = segi_parser_peek(p, 2);
    int64_t ago;
    segi_unit unit;
    if ((segi_parser_is(p, "more") || segi_parser_is(p, "less") || segi_parser_is(p, "fewer")) &&
        number.kind == SEGI_TOKEN_NUMBER && segi_token_unit(p, segi_parser_peek(p, 3), &unit) &&
        segi_parse_int(p->lexer.text + number.begin, number.size, &ago))
        return segi_parse_meant_ago(p, p->token, ago, unit, segi_parser_is(p, "more"));
    if (!segi_parse_window_starts(p)) {
        segi_token phrase = {SEGI_TOKEN_WORD, word.begin, p->prev_end - word.begin};
        segi_parser_fail(p, p->status == SEG_OK ? phrase : p->token, NULL,
                         "when the occurrence was is missing");
        segi_error_hint(p->err, "%.*s in last 30 days", phrase.size > 120 ? 120 : (int)phrase.size,
                        p->lexer.text + phrase.begin);
        return NULL;
    }
    behaviour->window = segi_parse_window(p);
    if (behaviour->window == NULL)
        return NULL;
    segi_parser_close(p, syn);
    return syn;
}

/* ---- aggregates ---- */

static const struct aggregate_word {
    const char *word;
    segi_aggregate aggregate;
} aggregate_words[] = {{"sum", SEGI_AGG_SUM},       {"avg", SEGI_AGG_AVG},
                       {"min", SEGI_AGG_MIN},       {"max", SEGI_AGG_MAX},
                       {"median", SEGI_AGG_MEDIAN}, {"percentile", SEGI_AGG_PERCENTILE},
                       {"stddev", SEGI_AGG_STDDEV}, {"distinct", SEGI_AGG_DISTINCT},
                       {"mode", SEGI_AGG_MODE},     {"top", SEGI_AGG_TOP},
                       {"first", SEGI_AGG_FIRST},   {"last", SEGI_AGG_LAST},
                       {"nth", SEGI_AGG_NTH},       {"share", SEGI_AGG_SHARE},
                       {"streak", SEGI_AGG_STREAK}, {"current_streak", SEGI_AGG_CURRENT_STREAK}};

static const struct aggregate_word *aggregate_word_at(const segi_parser *p)
{
    for (size_t i = 0; i < sizeof aggregate_words / sizeof *aggregate_words; i++) {
        if (segi_parser_is(p, aggregate_words[i].word))
            return &aggregate_words[i];
    }
    return NULL;
}

bool segi_parse_aggregate_starts(const segi_parser *p)
{
    segi_token then = segi_parser_peek(p, 1);
    if (segi_parser_is(p, "count"))
        return then.kind == SEGI_TOKEN_LEFT || segi_parser_then(p, "of");
    if (segi_parser_is(p, "overdue"))
        return segi_parser_then(p, "of");
    return then.kind == SEGI_TOKEN_LEFT && aggregate_word_at(p) != NULL;
}

/* The property of an aggregate, or for distinct a unit of time. */
static bool parse_argument(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_unit unit;
    if (behaviour->aggregate == SEGI_AGG_DISTINCT && segi_token_unit(p, p->token, &unit) &&
        unit >= SEGI_UNIT_DAY) {
        behaviour->aggregate = SEGI_AGG_DISTINCT_PERIOD;
        behaviour->period = unit;
        segi_parser_next(p);
        return p->status == SEG_OK;
    }
    segi_token token = p->token;
    segi_syn *argument = segi_parse_value(p);
    if (argument == NULL)
        return false;
    if (argument->kind != SEGI_SYN_NAME && argument->kind != SEGI_SYN_BUILTIN) {
        token.size = argument->size;
        segi_parser_fail(p, token, "sum(total) of \"Order Completed\"",
                         "here stands a property of the event");
        return false;
    }
    behaviour->argument = argument;
    return true;
}

/* percentile(prop, 90%) */
static bool parse_fraction(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_token token = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and the percentile") ||
        !segi_parse_signed_float(p, &behaviour->fraction, "the percentile, for example 90%"))
        return false;
    token.size = p->prev_end - token.begin;
    if (segi_parser_take_kind(p, SEGI_TOKEN_PERCENT))
        behaviour->fraction /= 100;
    if (behaviour->fraction < 0 || behaviour->fraction > 1) {
        segi_parser_fail(p, token, "percentile(total, 90%)",
                         "a percentile lies within 0%% and 100%%");
        return false;
    }
    return true;
}

/* [, min N] [, ties latest | none | all] of mode(prop) and top(prop, N) */
static bool parse_mode_options(segi_parser *p, segi_syn_behaviour *behaviour)
{
    behaviour->min_events = 1;
    while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA)) {
        if (segi_parser_take(p, "min")) {
            segi_syn_number n;
            segi_token at = p->token;
            if (!segi_parse_number(p, &n, "the least number of events"))
                return false;
            if (n.param != NULL) {
                segi_parser_fail(p, at, NULL, "a parameter cannot stand here");
                return false;
            }
            behaviour->min_events = n.value;
        } else if (segi_parser_take(p, "ties")) {
            if (segi_parser_take(p, "latest"))
                behaviour->ties = SEGI_TIES_LATEST;
            else if (segi_parser_take(p, "none"))
                behaviour->ties = SEGI_TIES_NONE;
            else if (segi_parser_take(p, "all"))
                behaviour->ties = SEGI_TIES_ALL;
            else {
                segi_parser_expected(p, "latest, none or all", NULL);
                return false;
            }
        } else {
            segi_parser_expected(p, "min or ties", "mode(category, min 3, ties none)");
            return false;
        }
    }
    return p->status == SEG_OK;
}

/* top(prop, N ...) */
static bool parse_top_option(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_syn_number n;
    if (p->token.kind != SEGI_TOKEN_COMMA) {
        segi_parser_expected(p, ", and how many values", "top(category, 3)");
        return false;
    }
    segi_parser_next(p);
    segi_token at = p->token;
    if (!segi_parse_number(p, &n, "how many values"))
        return false;
    if (n.param != NULL || n.value < 1 || n.value > SEGI_TOP_MAX) {
        segi_parser_fail(p, at, "top(category, 3)", "so many of the most frequent values: 1 to %d",
                         SEGI_TOP_MAX);
        return false;
    }
    behaviour->nth = n.value;
    return true;
}

static bool parse_nth_option(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_syn_number n;
    if (!segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and the number of the occurrence"))
        return false;
    segi_token at = p->token;
    if (!segi_parse_number(p, &n, "the number of the occurrence"))
        return false;
    if (n.param != NULL || n.value < 1) {
        segi_parser_fail(p, at, NULL, "occurrences are counted from 1");
        return false;
    }
    behaviour->nth = n.value;
    return true;
}

/* ( argument {, option} ) */
static bool parse_aggregate_head(segi_parser *p, segi_syn_behaviour *behaviour)
{
    if (behaviour->aggregate == SEGI_AGG_SHARE) {
        behaviour->argument = segi_parse_bracketed(p, "share");
        return behaviour->argument != NULL;
    }
    segi_token open = p->token;
    if (!segi_parser_enter(p, open))
        return false;
    segi_parser_next(p);
    bool streak =
        behaviour->aggregate == SEGI_AGG_STREAK || behaviour->aggregate == SEGI_AGG_CURRENT_STREAK;
    if (p->status != SEG_OK ||
        !(streak ? segi_parse_streak_head(p, behaviour) : parse_argument(p, behaviour)))
        return false;
    if (behaviour->aggregate == SEGI_AGG_PERCENTILE && !parse_fraction(p, behaviour))
        return false;
    bool top = behaviour->aggregate == SEGI_AGG_TOP;
    if (top && !parse_top_option(p, behaviour))
        return false;
    if ((top || behaviour->aggregate == SEGI_AGG_MODE) && !parse_mode_options(p, behaviour))
        return false;
    if (behaviour->aggregate == SEGI_AGG_NTH && !parse_nth_option(p, behaviour))
        return false;
    segi_parser_leave(p);
    return segi_parser_close_bracket(p, open, ")");
}

/* count("event"), as others write it */
static segi_syn *fail_count(segi_parser *p)
{
    segi_token event = segi_parser_peek(p, 1);
    bool known = event.kind == SEGI_TOKEN_WORD || event.kind == SEGI_TOKEN_STRING;
    segi_parser_fail(p, p->token, "count of \"event\" in last 30 days",
                     "\"count\" takes no parentheses");
    if (known && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "count of %.*s", SEGI_TOKEN_HEAD(p, event));
    return NULL;
}

/* sum(total), and of nothing: the hint goes on with the words of the text. */
static segi_syn *fail_of(segi_parser *p, segi_token word)
{
    segi_token head = {SEGI_TOKEN_WORD, word.begin, p->prev_end - word.begin};
    segi_parser_expected(p, "\"of\" and an event", NULL);
    if (p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "%.*s of \"event\"", SEGI_TOKEN_HEAD(p, head));
    return NULL;
}

segi_syn *segi_parse_aggregate(segi_parser *p)
{
    segi_token word = p->token;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_AGGREGATE, word.begin);
    segi_syn_behaviour *behaviour = syn == NULL ? NULL : behaviour_node(p, syn);
    if (behaviour == NULL)
        return NULL;
    const struct aggregate_word *found = aggregate_word_at(p);
    behaviour->aggregate = found != NULL                  ? found->aggregate
                           : segi_parser_is(p, "overdue") ? SEGI_AGG_OVERDUE
                                                          : SEGI_AGG_COUNT;
    segi_parser_next(p);
    if (found != NULL && !parse_aggregate_head(p, behaviour))
        return NULL;
    if (found == NULL && p->token.kind == SEGI_TOKEN_LEFT && p->in_session) {
        /* count("event"), as short as it is within one session */
        segi_token open = p->token;
        segi_parser_next(p);
        behaviour->selector = segi_parse_selector(p);
        if (behaviour->selector == NULL || !segi_parser_close_bracket(p, open, "where or )"))
            return NULL;
        segi_parser_close(p, syn);
        return syn;
    }
    if (found == NULL && p->token.kind == SEGI_TOKEN_LEFT)
        return fail_count(p);
    if (!segi_parser_take(p, "of"))
        return fail_of(p, word);
    behaviour->selector = segi_parse_selector(p);
    if (behaviour->selector == NULL || !parse_window_maybe(p, behaviour))
        return NULL;
    if (behaviour->aggregate == SEGI_AGG_STREAK && segi_parser_take(p, "broken"))
        behaviour->aggregate = SEGI_AGG_STREAK_BROKEN;
    else if (behaviour->streak != NULL && behaviour->streak->length != 1)
        return segi_parser_fail(p, word, "streak(day, length 7) of \"event\" broken in last 3 days",
                                "a length is for streaks that broke");
    segi_parser_close(p, syn);
    return syn;
}
