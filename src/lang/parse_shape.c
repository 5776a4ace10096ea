/* parse_shape.c - shapes over time: streaks, regularity, and the stages of a customer's life. */
#include "lang/syntax.h"

/* ---- streaks ---- */

/* A number that a parameter cannot stand for. */
static bool parse_fixed(segi_parser *p, int64_t low, int64_t high, const char *what, int64_t *out)
{
    segi_syn_number n;
    segi_token at = p->token;
    if (!segi_parse_number(p, &n, what))
        return false;
    if (n.param != NULL) {
        segi_parser_fail(p, at, NULL, "a parameter cannot stand here");
        return false;
    }
    if (n.value < low || n.value > high) {
        segi_parser_fail(p, at, NULL, "%s lies within %lld and %lld", what, (long long)low,
                         (long long)high);
        return false;
    }
    *out = n.value;
    return p->status == SEG_OK;
}

/* allowing F missed per M */
static bool parse_allowing(segi_parser *p, segi_streak *streak)
{
    if (!parse_fixed(p, 0, SEGI_STREAK_MISSED_MAX, "how many may be missed", &streak->missed))
        return false;
    if (!segi_parser_take2(p, "missed", "per")) {
        segi_parser_expected(p, "\"missed per\" and a number",
                             "streak(day, allowing 1 missed per 7) of \"event\"");
        return false;
    }
    return parse_fixed(p, streak->missed + 1, SEGI_STREAK_PER_MAX,
                       "of how many periods so many may be missed", &streak->per);
}

bool segi_parse_streak_head(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_streak *streak = segi_parser_alloc(p, sizeof *streak);
    if (streak == NULL)
        return false;
    *streak = (segi_streak){.min_events = 1, .length = 1, .missed = 0, .per = 1};
    behaviour->streak = streak;
    if (!segi_token_unit(p, p->token, &behaviour->period) || behaviour->period < SEGI_UNIT_DAY) {
        segi_parser_expected(p, "day, week, month, quarter or year", "streak(day) of \"event\"");
        return false;
    }
    segi_parser_next(p);
    while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA)) {
        bool good;
        if (segi_parser_take(p, "min")) {
            good = parse_fixed(p, 1, INT64_MAX, "the least number of events", &streak->min_events);
        } else if (segi_parser_take(p, "length")) {
            good = parse_fixed(p, 1, INT64_MAX, "the least length", &streak->length);
        } else if (segi_parser_take(p, "allowing")) {
            good = parse_allowing(p, streak);
        } else {
            segi_parser_expected(p, "min, length or allowing",
                                 "streak(day, min 2, allowing 1 missed per 7) of \"event\"");
            good = false;
        }
        if (!good)
            return false;
    }
    return p->status == SEG_OK;
}

/* ---- regularity ---- */

bool segi_parse_regular_starts(const segi_parser *p)
{
    static const char *const words[] = {"at", "more", "fewer", "less", "exactly", "between"};
    for (size_t i = 0; segi_parser_is(p, "in") && i < sizeof words / sizeof *words; i++) {
        if (segi_parser_then(p, words[i]))
            return true;
    }
    return false;
}

/* in at least 6 of last 8 [complete] weeks [tz zone]: short for "on at least 6 weeks in last 8
 * calendar weeks complete". */
bool segi_parse_regular(segi_parser *p, segi_syn_behaviour *behaviour)
{
    segi_syn_bound *bound = segi_parser_alloc(p, sizeof *bound);
    segi_syn_window *window = segi_parser_alloc(p, sizeof *window);
    if (window == NULL)
        return false;
    uint32_t begin = p->token.begin;
    segi_parser_next(p);
    bound->begin = window->begin = begin;
    if (!segi_parse_bound_limit(p, bound, "in how many of them"))
        return false;
    bound->size = p->prev_end - begin;
    if (!segi_parser_take2(p, "of", "last")) {
        segi_parser_expected(p, "\"of last\" and a number of periods",
                             "in at least 6 of last 8 complete weeks");
        return false;
    }
    window->kind = SEGI_WINDOW_LAST_CALENDAR;
    if (!segi_parse_number(p, &window->length.count, "how many periods"))
        return false;
    window->complete = segi_parser_take(p, "complete");
    segi_token token = p->token;
    if (!segi_parse_unit(p, begin, &window->length.unit))
        return false;
    if (window->length.unit < SEGI_UNIT_DAY) {
        segi_parser_fail(p, token, "day, week, month, quarter, year",
                         "calendar periods are days or longer");
        return false;
    }
    if (segi_parser_take(p, "tz") && !segi_parse_zone(p, &window->zone))
        return false;
    window->size = p->prev_end - begin;
    bound->periods = true;
    bound->period = window->length.unit;
    bound->each = behaviour->bound;
    behaviour->bound = bound;
    behaviour->window = window;
    return p->status == SEG_OK;
}

/* ---- sessions ---- */

bool segi_parse_session_starts(const segi_parser *p)
{
    return segi_parser_is(p, "session") && segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT;
}

/* session( [gap 30 minutes] [of selector] ) */
bool segi_parse_session(segi_parser *p, segi_syn_selector *selector)
{
    segi_syn_session *session = segi_parser_alloc(p, sizeof *session);
    if (session == NULL)
        return false;
    selector->session = session;
    session->gap = (segi_syn_duration){{30, NULL}, SEGI_UNIT_MINUTE};
    segi_parser_next(p);
    segi_token open = p->token;
    if (!segi_parser_enter(p, open))
        return false;
    segi_parser_next(p);
    segi_token gap = p->token;
    if (segi_parser_take(p, "gap") && !segi_parse_duration(p, gap.begin, &session->gap))
        return false;
    if (session->gap.unit >= SEGI_UNIT_MONTH) {
        gap.size = p->prev_end - gap.begin;
        segi_parser_fail(p, gap, "session(gap 30 minutes)", "a gap has a fixed length");
        return false;
    }
    if (segi_parser_take(p, "of")) {
        session->of = segi_parse_selector(p);
        if (session->of == NULL)
            return false;
    }
    segi_parser_leave(p);
    return segi_parser_close_bracket(p, open, "gap, of, or )");
}

/* ---- stages ---- */

bool segi_parse_lifecycle_starts(const segi_parser *p)
{
    return segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT &&
           (segi_parser_is(p, "dormant") || segi_parser_is(p, "resurrected") ||
            segi_parser_is(p, "stage"));
}

/* One name of a stage, as a bit. */
static bool parse_stage(segi_parser *p, uint32_t *stages)
{
    static const char *const names[] = {"new", "active", "dormant", "resurrected"};
    segi_token token = p->token;
    const char *text;
    size_t size;
    if (token.kind == SEGI_TOKEN_STRING) {
        if (!segi_token_unquote(&p->lexer, token, p->arena, &text, &size)) {
            segi_parser_nomem(p);
            return false;
        }
        for (uint32_t i = 0; i < 4; i++) {
            if (segi_word_is(text, size, names[i])) {
                *stages |= 1u << i;
                segi_parser_next(p);
                return p->status == SEG_OK;
            }
        }
    }
    segi_parser_expected(p, "the name of a stage",
                         "\"new\", \"active\", \"dormant\" or \"resurrected\"");
    return false;
}

/* = "new", != "new", [not] in ("new", "active") */
static bool parse_stages(segi_parser *p, segi_syn_lifecycle *life)
{
    bool negated = p->token.kind == SEGI_TOKEN_NE;
    if (segi_parser_take_kind(p, SEGI_TOKEN_EQ) || segi_parser_take_kind(p, SEGI_TOKEN_NE)) {
        if (!parse_stage(p, &life->stages))
            return false;
    } else {
        negated = segi_parser_take(p, "not");
        if (!segi_parser_take(p, "in")) {
            segi_parser_expected(p, "=, != or in and the stage",
                                 "stage(week) of login = \"resurrected\"");
            return false;
        }
        segi_token open = p->token;
        if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and a list of stages"))
            return false;
        do {
            if (!parse_stage(p, &life->stages))
                return false;
        } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
        if (!segi_parser_close_bracket(p, open, ", or )"))
            return false;
    }
    if (negated)
        life->stages ^= SEGI_STAGE_ALL;
    return true;
}

/* ( 30 days ), ( 7 days, 30 days ), ( week ) */
static bool parse_lifecycle_head(segi_parser *p, segi_syn_lifecycle *life)
{
    segi_token open = p->token;
    segi_parser_next(p);
    if (life->kind == SEGI_LIFE_STAGE) {
        if (!segi_token_unit(p, p->token, &life->unit) || life->unit < SEGI_UNIT_DAY) {
            segi_parser_expected(p, "day, week, month, quarter or year", "stage(week) of login");
            return false;
        }
        segi_parser_next(p);
    } else if (life->kind == SEGI_LIFE_DORMANT) {
        if (!segi_parse_duration(p, p->token.begin, &life->away))
            return false;
    } else if (!segi_parse_duration(p, p->token.begin, &life->active) ||
               !segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and how long they were away") ||
               !segi_parse_duration(p, p->token.begin, &life->away)) {
        return false;
    }
    return segi_parser_close_bracket(p, open, ")");
}

segi_syn *segi_parse_lifecycle(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_LIFECYCLE, p->token.begin);
    segi_syn_lifecycle *life = syn == NULL ? NULL : segi_parser_alloc(p, sizeof *life);
    if (life == NULL)
        return NULL;
    syn->u.lifecycle = life;
    life->kind = segi_parser_is(p, "dormant")       ? SEGI_LIFE_DORMANT
                 : segi_parser_is(p, "resurrected") ? SEGI_LIFE_RESURRECTED
                                                    : SEGI_LIFE_STAGE;
    segi_parser_next(p);
    if (!parse_lifecycle_head(p, life))
        return NULL;
    if (!segi_parser_take(p, "of"))
        return segi_parser_expected(p, "\"of\" and an event", "dormant(30 days) of \"login\"");
    life->selector = segi_parse_selector(p);
    if (life->selector == NULL)
        return NULL;
    if (segi_parser_take(p, "tz") && !segi_parse_zone(p, &life->zone))
        return NULL;
    if (life->kind == SEGI_LIFE_STAGE && !parse_stages(p, life))
        return NULL;
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}
