/* parse_predicate.c - recursive descent through a whole text, from `using` down to operands.
 *
 * The grammar, loosest first: expr is `or` levels joined by except; or, xor, and; not; then an
 * operand, which is a condition with a word of its own (did, in segment, sequence, ...) or a
 * value (parse_value.c) with the test that follows it (parse_test.c). "( ... )" may hold either
 * kind, so it is read as an expression, and what came out says how to go on. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

/* ---- operands ---- */

segi_syn *segi_parse_bracketed(segi_parser *p, const char *after)
{
    segi_token open = p->token;
    if (open.kind != SEGI_TOKEN_LEFT)
        return segi_parser_fail(p, p->token, NULL, "\"%s\" needs parentheses", after);
    if (!segi_parser_enter(p, open))
        return NULL;
    segi_parser_next(p);
    segi_syn *inner = segi_parse_expr(p);
    if (inner == NULL || !segi_parser_close_bracket(p, open, "and, or, or )"))
        return NULL;
    segi_parser_leave(p);
    return inner;
}

/* at least N of ( expr, ... ) */
static segi_syn *parse_at_least(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_AT_LEAST, p->token.begin);
    segi_parser_next(p);
    segi_parser_next(p);
    if (syn == NULL || !segi_parse_number(p, &syn->u.number, "how many of the list must hold"))
        return NULL;
    if (!segi_parser_take(p, "of"))
        return segi_parser_expected(p, "\"of\" and a list in parentheses",
                                    "at least 2 of (a = 1, b = 2, c = 3)");
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "(") || !segi_parser_enter(p, open))
        return NULL;
    do {
        segi_syn *item = segi_parse_expr(p);
        if (item == NULL)
            return NULL;
        segi_syn_add(syn, item);
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    if (!segi_parser_close_bracket(p, open, "and, or, a comma or )"))
        return NULL;
    segi_parser_leave(p);
    segi_parser_close(p, syn);
    return syn;
}

/* in segment "name" */
static segi_syn *parse_segment(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_SEGMENT, p->token.begin);
    segi_parser_next(p);
    segi_parser_next(p);
    if (syn == NULL)
        return NULL;
    if (p->token.kind != SEGI_TOKEN_STRING && p->token.kind != SEGI_TOKEN_PARAM)
        return segi_parser_expected(p, "the segment's name in double quotes",
                                    "in segment \"name\"");
    segi_syn *name = segi_parse_literal(p);
    if (name == NULL)
        return NULL;
    segi_syn_add(syn, name);
    segi_parser_close(p, syn);
    return syn;
}

/* Parts of the language that this version does not have: the word, and what follows it. */
static const struct later_word {
    const char *word, *then;
} later_words[] = {{"entered", "segment"},
                   {"left", "segment"},
                   {"suppressed", "by"},
                   {"subscribed", "to"},
                   {"exists", "("}};

bool segi_parse_later(segi_parser *p)
{
    for (size_t i = 0; i < sizeof later_words / sizeof *later_words; i++) {
        if (!segi_parser_is(p, later_words[i].word))
            continue;
        segi_token then = segi_parser_peek(p, 1);
        if (later_words[i].then[0] == '(' ? then.kind == SEGI_TOKEN_LEFT
                                          : segi_token_is(p, then, later_words[i].then)) {
            segi_parser_fail(p, p->token, NULL, "\"%s\" is not known in this version",
                             later_words[i].word);
            return true;
        }
    }
    return false;
}

/* everyone, nobody: one word. */
static segi_syn *parse_constant(segi_parser *p, segi_syn_kind kind)
{
    segi_syn *syn = segi_parser_node(p, kind, p->token.begin);
    segi_parser_next(p);
    if (syn != NULL)
        segi_parser_close(p, syn);
    return syn;
}

/* An operand. The order matters where two constructs begin with the same word: "first" of a
 * condition is told from first( of a value by segi_parse_edge_starts(), and words of later
 * versions are refused before they can be taken for names. */
static segi_syn *parse_primary(segi_parser *p)
{
    if (p->token.kind == SEGI_TOKEN_LEFT) {
        segi_syn *inner = segi_parse_bracketed(p, "");
        if (inner == NULL || !segi_syn_is_value(inner))
            return inner;
        segi_syn *value = segi_parse_value_rest(p, inner);
        return value == NULL ? NULL : segi_parse_test(p, value);
    }
    if (p->token.kind == SEGI_TOKEN_WORD) {
        if (segi_parser_is(p, "everyone"))
            return parse_constant(p, SEGI_SYN_EVERYONE);
        if (segi_parser_is(p, "nobody"))
            return parse_constant(p, SEGI_SYN_NOBODY);
        if (segi_parser_is(p, "did") || segi_parser_is(p, "never"))
            return segi_parse_did(p);
        if (segi_parser_is(p, "at") && segi_parser_then(p, "least"))
            return parse_at_least(p);
        if (segi_parser_is(p, "in") && segi_parser_then(p, "segment"))
            return parse_segment(p);
        if (segi_parse_sequence_starts(p))
            return segi_parse_sequence(p);
        if (segi_parse_split_starts(p))
            return segi_parse_split(p);
        if (segi_parse_later(p))
            return NULL;
        if (segi_parse_edge_starts(p))
            return segi_parse_edge(p);
        if (segi_parse_lifecycle_starts(p))
            return segi_parse_lifecycle(p);
    }
    segi_syn *value = segi_parse_value(p);
    return value == NULL ? NULL : segi_parse_test(p, value);
}

/* ---- levels ---- */

static segi_syn *parse_unary(segi_parser *p)
{
    if (!segi_parser_is(p, "not"))
        return parse_primary(p);
    uint32_t begin = p->token.begin, depth = p->depth;
    /* A run of nots is a loop; the depth limit bounds what comes after it. */
    bool negated = false;
    while (segi_parser_is(p, "not")) {
        if (!segi_parser_enter(p, p->token))
            return NULL;
        negated = !negated;
        segi_parser_next(p);
    }
    segi_syn *inner = parse_primary(p);
    if (inner == NULL)
        return NULL;
    p->depth = depth;
    /* Two nots cancel, but "not not flag" is a predicate and no value any more. */
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_NOT, begin);
    if (syn == NULL)
        return NULL;
    syn->negated = !negated;
    segi_syn_add(syn, inner);
    segi_parser_close(p, syn);
    return syn;
}

/* The unit of recovery: linting goes on behind a condition that fails, with everyone in its
 * place. */
static segi_syn *parse_condition(segi_parser *p)
{
    segi_token start = p->token;
    uint32_t depth = p->depth;
    bool in_session = p->in_session;
    segi_syn *syn = parse_unary(p);
    if (p->status == SEG_OK || p->findings == NULL)
        return syn;
    p->depth = depth;
    p->in_session = in_session;
    return segi_parser_recover(p, start);
}

/* One level of left-associative words. XOR nests to the left, the others are lists. */
static segi_syn *parse_level(segi_parser *p, const char *word, segi_syn_kind kind,
                             segi_syn *(*below)(segi_parser *))
{
    segi_syn *left = below(p);
    segi_syn *list = NULL;
    while (left != NULL && segi_parser_is(p, word)) {
        segi_parser_next(p);
        segi_syn *right = below(p);
        if (right == NULL)
            return NULL;
        if (list == NULL) {
            list = segi_parser_node(p, kind, left->begin);
            if (list == NULL)
                return NULL;
            segi_syn_add(list, left);
            left = list;
        }
        segi_syn_add(list, right);
        segi_parser_close(p, list);
    }
    return p->status == SEG_OK ? left : NULL;
}

/* The levels from tight to loose. Each is one call deep, whatever the length of its list. */
static segi_syn *parse_conjunction(segi_parser *p)
{
    return parse_level(p, "and", SEGI_SYN_AND, parse_condition);
}

static segi_syn *parse_xor(segi_parser *p)
{
    return parse_level(p, "xor", SEGI_SYN_XOR, parse_conjunction);
}

static segi_syn *parse_or(segi_parser *p)
{
    return parse_level(p, "or", SEGI_SYN_OR, parse_xor);
}

/* a except b: a and not b */
segi_syn *segi_parse_expr(segi_parser *p)
{
    segi_syn *left = parse_or(p);
    if (left == NULL || !segi_parser_is(p, "except"))
        return left;
    segi_syn *all = segi_parser_node(p, SEGI_SYN_AND, left->begin);
    if (all == NULL)
        return NULL;
    segi_syn_add(all, left);
    while (segi_parser_is(p, "except")) {
        uint32_t begin = p->token.begin;
        /* It prints as "and not", so it counts as that. */
        if (!segi_parser_enter(p, p->token))
            return NULL;
        segi_parser_next(p);
        segi_syn *right = parse_or(p);
        segi_parser_leave(p);
        segi_syn *not_right = right == NULL ? NULL : segi_parser_node(p, SEGI_SYN_NOT, begin);
        if (not_right == NULL)
            return NULL;
        segi_syn_add(not_right, right);
        segi_parser_close(p, not_right);
        segi_syn_add(all, not_right);
    }
    segi_parser_close(p, all);
    return all;
}

/* using timezone "Europe/Berlin", week monday: */
static bool parse_using(segi_parser *p, segi_syn_root *out)
{
    segi_parser_next(p);
    do {
        segi_token option = p->token;
        if (segi_parser_take(p, "timezone") && !out->zone_given) {
            out->zone_given = true;
            if (!segi_parse_zone(p, &out->zone))
                return false;
        } else if (segi_parser_take(p, "week") && !out->week_given) {
            out->week_given = true;
            bool monday = segi_parser_is(p, "monday");
            if (!monday && !segi_parser_is(p, "sunday")) {
                segi_parser_expected(p, "monday or sunday", "a week starts on one of these two");
                return false;
            }
            segi_parser_next(p);
            out->week_start = monday ? 1 : 7;
        } else {
            if (out->zone_given || out->week_given)
                segi_parser_fail(p, option, NULL, "each option of \"using\" stands once");
            else
                segi_parser_expected(p, "timezone or week",
                                     "using timezone \"Europe/Berlin\", week monday: ...");
            return false;
        }
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    return segi_parser_expect(p, SEGI_TOKEN_COLON, "a colon after the options");
}

/* Linting: what is left over is noted, and what follows it is read as one more condition. */
static void read_on(segi_parser *p, segi_syn_root *out)
{
    while (p->status != SEG_OK && p->findings != NULL && out->root != NULL) {
        if (segi_parser_recover(p, p->token) == NULL || p->token.kind == SEGI_TOKEN_END)
            return;
        segi_parser_next(p);
        if (segi_parser_is(p, "and") || segi_parser_is(p, "or") || segi_parser_is(p, "xor") ||
            segi_parser_is(p, "except"))
            segi_parser_next(p);
        segi_syn *more = segi_parse_expr(p);
        segi_syn *all = segi_parser_node(p, SEGI_SYN_AND, out->root->begin);
        if (more == NULL || all == NULL)
            return;
        segi_syn_add(all, out->root);
        segi_syn_add(all, more);
        segi_parser_close(p, all);
        out->root = all;
        if (p->token.kind != SEGI_TOKEN_END)
            segi_parse_trailing(p);
    }
}

/* The whole of a text; expects p zeroed but for nodes, findings and canonical. The text has been
 * checked, or was printed by us. */
static seg_status parse_text(segi_parser *p, segi_arena *arena, const char *text, size_t size,
                             segi_goal goal, segi_syn_root *out, seg_error *err)
{
    memset(out, 0, sizeof *out);
    segi_lexer_init(&p->lexer, text, (uint32_t)size, err);
    p->arena = arena;
    p->err = err;
    segi_parser_next(p);
    p->prev_end = 0;
    if (p->status == SEG_OK && p->token.kind == SEGI_TOKEN_END) {
        segi_parser_fail(p, p->token, "everyone", "the text is empty");
        return p->status;
    }
    if (segi_parser_is(p, "using") && !parse_using(p, out))
        return p->status;
    out->root = goal == SEGI_GOAL_VALUE   ? segi_parse_value(p)
                : goal == SEGI_GOAL_CLASS ? segi_parse_definition(p)
                                          : segi_parse_expr(p);
    out->aliases = p->aliases;
    if (p->status == SEG_OK && p->token.kind != SEGI_TOKEN_END)
        segi_parse_trailing(p);
    if (goal == SEGI_GOAL_PREDICATE)
        read_on(p, out);
    return p->status;
}

seg_status segi_parse(segi_arena *arena, const char *text, size_t size, segi_goal goal,
                      uint32_t *nodes, segi_findings *findings, segi_syn_root *out, seg_error *err)
{
    segi_parser p;
    memset(&p, 0, sizeof p);
    memset(out, 0, sizeof *out);
    SEGI_TRY(segi_text_check(text, size, err));
    p.nodes = nodes;
    p.findings = findings;
    return parse_text(&p, arena, text, size, goal, out, err);
}

seg_status segi_parse_canonical(segi_arena *arena, const char *text, size_t size,
                                segi_syn_root *out)
{
    segi_parser p;
    uint32_t nodes = 0;
    memset(&p, 0, sizeof p);
    p.nodes = &nodes;
    p.canonical = true;
    return parse_text(&p, arena, text, size, SEGI_GOAL_PREDICATE, out, NULL);
}
