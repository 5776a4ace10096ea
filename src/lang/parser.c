/* parser.c - what all files of the parser stand on: the current token, failures at a token, nodes
 * and their memory. No construct of the language is known here.
 *
 * Every function that makes a node returns NULL once something has failed; the first failure is
 * in parser->err and stays there. Depth is counted where brackets and nots open, so that the C
 * stack is bounded whatever the text. One thread. */
#include "lang/syntax.h"

/* Whether a failure at that token may still be reported: not if there was one before, and not if
 * the lexer has said what is wrong with the token. */
bool segi_parser_may_fail(segi_parser *p, segi_token at)
{
    if (p->status != SEG_OK)
        return false;
    if (at.kind != SEGI_TOKEN_ERROR || p->lexer.status == SEG_OK)
        return true;
    /* What the lexer said explains more. */
    p->status = p->lexer.status;
    return false;
}

/* The second half of segi_parser_fail(): marks the place. `status` SEG_OK means that nothing may
 * be reported. */
void *segi_parser_failed(segi_parser *p, segi_token at, const char *hint, seg_status status)
{
    if (status == SEG_OK)
        return NULL;
    p->status = status;
    segi_error_span(p->err, at.begin, at.size);
    if (hint != NULL)
        segi_error_hint(p->err, "%s", hint);
    return NULL;
}

void *segi_parser_nomem(segi_parser *p)
{
    if (p->status == SEG_OK)
        p->status = segi_fail_nomem(p->err);
    return NULL;
}

/* A token that is none is a failure at once; whoever goes on sees it by parser->status. */
void segi_parser_next(segi_parser *p)
{
    p->prev_end = p->token.begin + p->token.size;
    p->token = segi_lexer_next(&p->lexer);
    if (p->token.kind == SEGI_TOKEN_ERROR && p->status == SEG_OK)
        p->status = p->lexer.status;
}

segi_parser_mark segi_parser_save(const segi_parser *p)
{
    return (segi_parser_mark){p->lexer.at, p->prev_end, p->token};
}

void segi_parser_restore(segi_parser *p, segi_parser_mark mark)
{
    p->lexer.at = mark.at;
    p->prev_end = mark.prev_end;
    p->token = mark.token;
}

/* The copy reports nothing: what it meets is an error only where it is reached. */
segi_token segi_parser_peek(const segi_parser *p, uint32_t n)
{
    segi_lexer copy = p->lexer;
    segi_token token = p->token;
    copy.err = NULL;
    while (n-- > 0)
        token = segi_lexer_next(&copy);
    return token;
}

bool segi_token_is(const segi_parser *p, segi_token token, const char *word)
{
    return token.kind == SEGI_TOKEN_WORD &&
           segi_word_is(p->lexer.text + token.begin, token.size, word);
}

bool segi_parser_is(const segi_parser *p, const char *word)
{
    return segi_token_is(p, p->token, word);
}

bool segi_parser_then(const segi_parser *p, const char *word)
{
    return segi_token_is(p, segi_parser_peek(p, 1), word);
}

bool segi_parser_take(segi_parser *p, const char *word)
{
    if (!segi_parser_is(p, word))
        return false;
    segi_parser_next(p);
    return true;
}

bool segi_parser_take2(segi_parser *p, const char *first, const char *second)
{
    if (!segi_parser_is(p, first) || !segi_parser_then(p, second))
        return false;
    segi_parser_next(p);
    segi_parser_next(p);
    return true;
}

bool segi_parser_take_kind(segi_parser *p, segi_token_kind kind)
{
    if (p->token.kind != kind)
        return false;
    segi_parser_next(p);
    return true;
}

/* At most 60 bytes of the text go into the message. */
void *segi_parser_expected(segi_parser *p, const char *what, const char *hint)
{
    if (p->token.kind == SEGI_TOKEN_END)
        return segi_parser_fail(p, p->token, hint, "the text ends where %s should stand", what);
    return segi_parser_fail(p, p->token, hint, "expected %s instead of %.*s", what,
                            p->token.size > 60 ? 60 : (int)p->token.size,
                            p->lexer.text + p->token.begin);
}

bool segi_parser_expect(segi_parser *p, segi_token_kind kind, const char *what)
{
    if (segi_parser_take_kind(p, kind))
        return p->status == SEG_OK;
    segi_parser_expected(p, what, NULL);
    return false;
}

bool segi_parser_enter(segi_parser *p, segi_token at)
{
    if (p->status != SEG_OK)
        return false;
    if (p->depth >= SEG_TEXT_DEPTH_MAX && !p->canonical) {
        p->status =
            segi_fail(p->err, SEG_E_LIMIT, "more than %d brackets and nots inside each other",
                      SEG_TEXT_DEPTH_MAX);
        segi_error_span(p->err, at.begin, at.size);
        return false;
    }
    p->depth++;
    return true;
}

void segi_parser_leave(segi_parser *p)
{
    p->depth--;
}

void *segi_parser_alloc(segi_parser *p, size_t size)
{
    if (p->status != SEG_OK)
        return NULL;
    void *pointer = segi_arena_alloc(p->arena, size);
    return pointer == NULL ? segi_parser_nomem(p) : pointer;
}

/* Counts the node against SEG_TEXT_NODES_MAX: memory and time of a compile are linear in that. */
segi_syn *segi_parser_node(segi_parser *p, segi_syn_kind kind, uint32_t begin)
{
    if (p->status == SEG_OK && *p->nodes >= SEG_TEXT_NODES_MAX && !p->canonical) {
        p->status =
            segi_fail(p->err, SEG_E_LIMIT, "more than %d operators and values", SEG_TEXT_NODES_MAX);
        segi_error_span(p->err, begin, 0);
        segi_error_hint(p->err, "bind a long list of values as a parameter, or save parts as "
                                "segments of their own");
    }
    segi_syn *syn = segi_parser_alloc(p, sizeof *syn);
    if (syn == NULL)
        return NULL;
    ++*p->nodes;
    syn->kind = kind;
    syn->begin = begin;
    return syn;
}

/* O(1). `height` grows with it, so that later passes know their depth beforehand. */
void segi_syn_add(segi_syn *parent, segi_syn *kid)
{
    if (parent->kids_last == NULL)
        parent->kids = kid;
    else
        parent->kids_last->next = kid;
    parent->kids_last = kid;
    parent->kid_count++;
    if (parent->height < kid->height + 1)
        parent->height = kid->height + 1;
}

void segi_parser_close(segi_parser *p, segi_syn *syn)
{
    syn->size = p->prev_end - syn->begin;
}

bool segi_parser_close_bracket(segi_parser *p, segi_token open, const char *what)
{
    if (p->status != SEG_OK)
        return false;
    if (segi_parser_take_kind(p, SEGI_TOKEN_RIGHT))
        return p->status == SEG_OK;
    if (p->token.kind == SEGI_TOKEN_END)
        segi_parser_fail(p, open, "add a ) where the group ends",
                         "the ( that opens here is never closed");
    else if (!segi_parse_meant(p))
        segi_parser_expected(p, what, NULL);
    return false;
}
