/* recover.c - several failures of one text: behind a condition that cannot be read the parser goes
 * on at the and, or, xor, except, comma or bracket that ends it.
 *
 * What stands before the failure is not looked at again, but for its brackets, so that a word in
 * the middle ("between 1 and x") does not count as an end. */
#include <string.h>

#include "lang/syntax.h"

/* ---- findings ---- */

void segi_findings_init(segi_findings *findings, const segi_mem *mem)
{
    memset(findings, 0, sizeof *findings);
    findings->mem = mem;
}

void segi_findings_deinit(segi_findings *findings)
{
    segi_free(findings->mem, findings->list);
    findings->list = NULL;
}

seg_error *segi_findings_add(segi_findings *findings, segi_level level, const char *id)
{
    void *list = findings->list;
    if (findings->count == SEGI_FINDINGS_MAX)
        return NULL;
    if (!segi_grow(findings->mem, &list, &findings->capacity, findings->count + 1,
                   sizeof *findings->list)) {
        findings->failed = true;
        return NULL;
    }
    findings->list = list;
    segi_finding *finding = &findings->list[findings->count++];
    finding->level = level;
    finding->id = id;
    findings->error_count += level == SEGI_LEVEL_ERROR;
    seg_error_init(&finding->error, sizeof finding->error);
    return &finding->error;
}

const char *segi_finding_id(seg_status status)
{
    switch (status) {
    case SEG_E_UNKNOWN_NAME: return "unknown-name";
    case SEG_E_TYPE: return "type";
    case SEG_E_CYCLE: return "cycle";
    case SEG_E_LIMIT: return "limit";
    default: return "syntax";
    }
}

/* ---- going on ---- */

/* Reads on, over what is no token at all. */
static segi_token next_token(segi_lexer *lexer)
{
    segi_token token = segi_lexer_next(lexer);
    while (token.kind == SEGI_TOKEN_ERROR) {
        uint32_t end = token.begin + (token.size == 0 ? 1 : token.size);
        lexer->status = SEG_OK;
        lexer->at = end > lexer->size ? lexer->size : end;
        token = segi_lexer_next(lexer);
    }
    return token;
}

static bool is_join(const segi_lexer *lexer, segi_token token)
{
    static const char *const words[] = {"and", "or", "xor", "except"};
    for (size_t i = 0; token.kind == SEGI_TOKEN_WORD && i < sizeof words / sizeof *words; i++) {
        if (segi_word_is(lexer->text + token.begin, token.size, words[i]))
            return true;
    }
    return false;
}

/* The token at which something else begins. *out is the lexer behind it. */
static segi_token find_end(const segi_parser *p, uint32_t begin, uint32_t fault, segi_lexer *out)
{
    size_t depth = 0, between = 0;
    segi_lexer lexer = p->lexer;
    lexer.err = NULL;
    lexer.status = SEG_OK;
    lexer.at = begin;
    for (;;) {
        segi_token token = next_token(&lexer);
        bool behind = token.begin >= fault;
        if (token.kind == SEGI_TOKEN_END) {
            *out = lexer;
            return token;
        }
        if (token.kind == SEGI_TOKEN_LEFT) {
            depth++;
        } else if (token.kind == SEGI_TOKEN_RIGHT && depth > 0) {
            depth--;
        } else if (depth == 0 && behind) {
            bool join = is_join(&lexer, token);
            if (token.kind == SEGI_TOKEN_RIGHT || token.kind == SEGI_TOKEN_COMMA ||
                (join && between == 0)) {
                *out = lexer;
                return token;
            }
            between -= join;
            between += token.kind == SEGI_TOKEN_WORD &&
                       segi_word_is(lexer.text + token.begin, token.size, "between");
        }
    }
}

segi_syn *segi_parser_recover(segi_parser *p, segi_token start)
{
    if (p->status != SEG_E_SYNTAX)
        return NULL;
    seg_error *place = segi_findings_add(p->findings, SEGI_LEVEL_ERROR, segi_finding_id(p->status));
    if (place == NULL)
        return NULL;
    segi_lexer lexer;
    *place = *p->err;
    uint32_t fault = place->offset > (int64_t)start.begin ? (uint32_t)place->offset : start.begin;
    segi_token end = find_end(p, start.begin, fault, &lexer);
    p->status = SEG_OK;
    p->lexer.status = SEG_OK;
    p->lexer.at = lexer.at;
    p->token = end;
    p->prev_end = end.begin;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_EVERYONE, start.begin);
    if (syn != NULL)
        syn->size = end.begin - start.begin;
    return syn;
}
