/* parse_history.c - what an attribute was: as of a day, for how long, changed from what to what. */
#include <string.h>

#include "lang/syntax.h"

/* N unit ago, or a moment. */
static bool parse_then(segi_parser *p, segi_syn_window *window)
{
    segi_unit unit;
    segi_token after = segi_parser_peek(p, 1);
    bool length = p->token.kind == SEGI_TOKEN_NUMBER ||
                  (p->token.kind == SEGI_TOKEN_PARAM && segi_token_unit(p, after, &unit));
    if (!length) {
        window->kind = SEGI_WINDOW_AS_OF;
        return segi_parse_moment(p, &window->from);
    }
    window->kind = SEGI_WINDOW_OLDER;
    if (!segi_parse_duration(p, window->begin, &window->length))
        return false;
    if (!segi_parser_take(p, "ago"))
        segi_parser_expected(p, "\"ago\"", "as of 30 days ago, or a date: as of 2026-01-31");
    return p->status == SEG_OK;
}

segi_syn *segi_parse_as_of(segi_parser *p, segi_syn *name)
{
    if (name == NULL || !segi_parser_is(p, "as") || !segi_parser_then(p, "of"))
        return name;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_AS_OF, name->begin);
    segi_syn_window *window = segi_parser_alloc(p, sizeof *window);
    if (syn == NULL || window == NULL)
        return NULL;
    segi_syn_add(syn, name);
    syn->u.window = window;
    window->begin = p->token.begin;
    segi_parser_next(p);
    segi_parser_next(p);
    if (!parse_then(p, window))
        return NULL;
    window->size = p->prev_end - window->begin;
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* A literal or null. */
static bool parse_state(segi_parser *p, segi_syn_state *out)
{
    out->given = true;
    out->null = segi_parser_take(p, "null");
    if (!out->null)
        out->literal = segi_parse_literal(p);
    return p->status == SEG_OK && (out->null || out->literal != NULL);
}

static segi_syn *history_node(segi_parser *p, segi_syn_kind kind, segi_syn *value,
                              segi_syn_history **out)
{
    segi_syn *syn = segi_parser_node(p, kind, value->begin);
    *out = segi_parser_alloc(p, sizeof **out);
    segi_parser_next(p);
    if (syn == NULL || *out == NULL)
        return NULL;
    segi_syn_add(syn, value);
    syn->u.history = *out;
    return syn;
}

/* been VALUE for N unit */
segi_syn *segi_parse_held(segi_parser *p, segi_syn *value)
{
    segi_syn_history *history;
    segi_syn *syn = history_node(p, SEGI_SYN_HELD, value, &history);
    if (syn == NULL || !parse_state(p, &history->to))
        return NULL;
    uint32_t begin = p->token.begin;
    if (!segi_parser_take(p, "for"))
        return segi_parser_expected(p, "\"for\" and how long", "has been \"free\" for 30 days");
    if (!segi_parse_duration(p, begin, &history->length))
        return NULL;
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* "from 60 days ago to ..." is a span of time. */
static bool from_is_span(const segi_parser *p)
{
    segi_unit unit;
    segi_token number = segi_parser_peek(p, 1);
    return (number.kind == SEGI_TOKEN_NUMBER || number.kind == SEGI_TOKEN_PARAM) &&
           segi_token_unit(p, segi_parser_peek(p, 2), &unit);
}

/* changed [from VALUE] [to VALUE] [span] */
segi_syn *segi_parse_changed(segi_parser *p, segi_syn *value)
{
    segi_syn_history *history;
    segi_syn *syn = history_node(p, SEGI_SYN_CHANGED, value, &history);
    if (syn == NULL)
        return NULL;
    if (segi_parser_is(p, "from") && !from_is_span(p)) {
        segi_parser_next(p);
        if (!parse_state(p, &history->from))
            return NULL;
    }
    if (segi_parser_take(p, "to") && !parse_state(p, &history->to))
        return NULL;
    if (segi_parse_window_starts(p)) {
        history->window = segi_parse_window(p);
        if (history->window == NULL)
            return NULL;
    }
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}
