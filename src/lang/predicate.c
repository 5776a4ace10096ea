/* predicate.c - the way in: a text becomes a segi_predicate, or an error.
 *
 * The tree, the copied text and the warnings live in the predicate's arena, the syntax tree in a
 * scratch arena that ends with the call. One thread per call; the result is immutable.
 *
 * The steps: the text is checked for size and UTF-8, copied, parsed and checked in one go
 * (segi_check_text()), and its canonical JSON form is hashed to the fingerprint. A binding does
 * the first part twice: once to learn the types of the parameters, once with their values in
 * place. */
#include <string.h>

#include "base/hash.h"
#include "lang/checker.h"
#include "lang/lint.h"

/* ---- making one ---- */

/* Without a tree. Holds the schema as long as it lives. */
static segi_predicate *predicate_create(const segi_mem *mem, const segi_schema *schema,
                                        const char *text, size_t text_size)
{
    segi_predicate *predicate = segi_alloc_zero(mem, sizeof *predicate);
    if (predicate == NULL)
        return NULL;
    segi_arena_init(&predicate->arena, mem);
    predicate->mem = mem;
    segi_schema_retain(schema);
    predicate->schema = schema;
    predicate->text = segi_arena_copy(&predicate->arena, text, text_size);
    predicate->text_size = text_size;
    if (predicate->text != NULL)
        return predicate;
    segi_predicate_destroy(predicate);
    return NULL;
}

void segi_predicate_destroy(segi_predicate *predicate)
{
    if (predicate == NULL)
        return;
    for (uint32_t i = 0; i < predicate->zone_count; i++)
        segi_zone_destroy(predicate->zones[i]);
    segi_schema_release(predicate->schema);
    const segi_mem *mem = predicate->mem;
    segi_arena_deinit(&predicate->arena);
    segi_free(mem, predicate);
}

/* Hands the loaded zones over; where that fails they are gone too. */
static bool keep_zones(segi_compiling *c)
{
    segi_predicate *predicate = c->predicate;
    segi_zone **zones = segi_arena_array(&predicate->arena, c->loaded_count, sizeof *zones);
    if (zones == NULL) {
        for (uint32_t i = 0; i < c->loaded_count; i++)
            segi_zone_destroy(c->loaded[i]);
        return false;
    }
    if (c->loaded_count != 0)
        memcpy(zones, c->loaded, c->loaded_count * sizeof *zones);
    predicate->zones = zones;
    predicate->zone_count = c->loaded_count;
    return true;
}

/* Parameters that stay open, with names that outlive the scratch arena. */
static bool keep_params(segi_compiling *c)
{
    segi_predicate *predicate = c->predicate;
    if (c->binding || c->param_count == 0)
        return true;
    segi_param *params = segi_arena_array(&predicate->arena, c->param_count, sizeof *params);
    if (params == NULL)
        return false;
    memcpy(params, c->params, c->param_count * sizeof *params);
    predicate->params = params;
    predicate->param_count = (uint32_t)c->param_count;
    return true;
}

/* 128 bits of XXH3 over the canonical form: equal for texts that say the same in another layout,
 * order of events or spelling. */
static bool keep_fingerprint(segi_compiling *c)
{
    if (c->goal == SEGI_GOAL_CLASS)
        return true; /* a definition has neither JSON form nor fingerprint */
    segi_buf json;
    segi_buf_init(&json, c->mem);
    segi_predicate_json(c->predicate, true, &json);
    bool good = !json.failed;
    if (good)
        segi_xxh3_128(json.data, json.size, c->predicate->fingerprint);
    segi_buf_deinit(&json);
    return good;
}

/* The first pass of a binding declares the parameters; its tree is thrown away. */
static seg_status declare_params(segi_compiling *c)
{
    c->arena = &c->scratch;
    segi_check_text(c, c->predicate->text, c->predicate->text_size, NULL);
    if (c->status != SEG_OK)
        return c->status;
    segi_check k = {.c = c};
    segi_check_bind(&k);
    memset(&c->references, 0, sizeof c->references);
    memset(&c->properties, 0, sizeof c->properties);
    c->all_events = NULL;
    c->nodes = 0;
    c->levels = 0;
    c->scores = 0;
    c->warning_count = 0;
    return c->status;
}

static seg_status compile_tree(segi_compiling *c, bool bind)
{
    segi_predicate *predicate = c->predicate;
    if (bind)
        SEGI_TRY(declare_params(c));
    c->arena = &predicate->arena;
    predicate->root = segi_check_text(c, predicate->text, predicate->text_size, NULL);
    if (c->status != SEG_OK)
        return c->status;
    predicate->warnings = c->warnings;
    predicate->warning_count = c->warning_count;
    if (!keep_params(c) || !keep_fingerprint(c))
        return c->status = segi_fail_nomem(c->err);
    return SEG_OK;
}

/* What went wrong, in the struct of the caller, which may be of another size. */
static void report(const segi_compiling *c, const char *text, size_t text_size, seg_error *err)
{
    const seg_error *inner = c->err;
    segi_fail(err, inner->code, "%s", inner->message);
    if (inner->offset >= 0) {
        segi_error_span(err, (size_t)inner->offset, (size_t)inner->length);
        segi_error_locate(err, text, text_size);
    }
    if (inner->hint[0] != '\0')
        segi_error_hint(err, "%s", inner->hint);
}

/* Where the condition was noted as one that never holds, the compiler says why. */
static void gather_warning(segi_findings *findings, const seg_error *warning)
{
    bool unknown = warning->code == SEG_E_UNKNOWN_NAME;
    seg_error *place = NULL;
    for (size_t i = 0; i < findings->count && place == NULL && !unknown; i++) {
        if (findings->list[i].error.offset == warning->offset)
            place = &findings->list[i].error;
    }
    if (place == NULL)
        place = segi_findings_add(findings, SEGI_LEVEL_WARNING,
                                  unknown ? "unknown-name" : "always-false");
    if (place != NULL)
        *place = *warning;
}

/* Linting: the failure that was the end and the compiler's remarks join what was noted on the
 * way. Where anything is an error there is no predicate. */
static void gather(segi_compiling *c, const char *text, size_t text_size)
{
    segi_findings *findings = c->findings;
    if (c->status != SEG_OK && c->status != SEG_E_NOMEM) {
        seg_error *place =
            segi_findings_add(findings, SEGI_LEVEL_ERROR, segi_finding_id(c->status));
        if (place != NULL)
            *place = *c->err;
    }
    for (uint32_t i = 0; i < c->warning_count; i++)
        gather_warning(findings, &c->warnings[i]);
    for (size_t i = 0; i < findings->count; i++) {
        if (findings->list[i].error.offset >= 0)
            segi_error_locate(&findings->list[i].error, text, text_size);
    }
    if (findings->failed)
        c->status = segi_fail_nomem(c->err);
    else if (c->status == SEG_OK && findings->error_count != 0)
        c->status = SEG_E_SYNTAX;
}

/* With what the source says. Errors are gathered in a struct of our own, because they need the
 * text's position last. */
static seg_status compile(segi_compiling *c, const segi_source *source, segi_predicate **out,
                          seg_error *err)
{
    const char *text = source->text;
    size_t text_size = source->text_size;
    seg_error inner = SEG_ERROR_INIT;
    *out = NULL;
    c->schema = source->schema;
    c->flags = source->flags;
    c->goal = source->goal;
    c->values = source->params;
    c->value_count = source->param_count;
    c->err = &inner;
    /* Before anything is copied, so that a hostile size costs nothing. */
    c->status = segi_text_check(text, text_size, &inner);
    if (c->status != SEG_OK) {
        if (c->findings != NULL)
            gather(c, text, text_size);
        report(c, text, text_size, err);
        return c->status;
    }
    c->predicate = predicate_create(c->mem, c->schema, text, text_size);
    if (c->predicate == NULL)
        return segi_fail_nomem(err);
    segi_arena_init(&c->scratch, c->mem);
    compile_tree(c, source->params != NULL);
    if (!keep_zones(c) && c->status == SEG_OK)
        c->status = segi_fail_nomem(c->err);
    if (c->findings != NULL)
        gather(c, text, text_size);
    segi_arena_deinit(&c->scratch);
    if (c->status == SEG_OK) {
        *out = c->predicate;
        return SEG_OK;
    }
    report(c, text, text_size, err);
    segi_predicate_destroy(c->predicate);
    return c->status;
}

seg_status segi_compile(const segi_mem *mem, const segi_source *source,
                        const segi_resolver *resolver, segi_predicate **out, seg_error *err)
{
    segi_compiling c = {.mem = mem, .resolver = resolver};
    return compile(&c, source, out, err);
}

/* Findings are the result; the status is an error for want of memory alone. */
seg_status segi_lint(const segi_mem *mem, const segi_source *source, const segi_resolver *resolver,
                     int64_t retention, segi_findings *findings, segi_predicate **out,
                     seg_error *err)
{
    segi_compiling c = {.mem = mem, .resolver = resolver, .findings = findings};
    if (compile(&c, source, out, err) == SEG_E_NOMEM)
        return SEG_E_NOMEM;
    segi_error_clear(err);
    if (*out != NULL && !segi_lint_tree(*out, retention, findings)) {
        segi_predicate_destroy(*out);
        *out = NULL;
        return segi_fail_nomem(err);
    }
    return SEG_OK;
}

/* ---- references ---- */

/* Two words before a text: "in segment", "during occasion". */
static bool words_are(const segi_lexer *lexer, const segi_token before[2], const char *first,
                      const char *second)
{
    const char *text = lexer->text;
    return before[0].kind == SEGI_TOKEN_WORD && before[1].kind == SEGI_TOKEN_WORD &&
           segi_word_is(text + before[0].begin, before[0].size, first) &&
           segi_word_is(text + before[1].begin, before[1].size, second);
}

/* The parser is not needed: "in segment" followed by a text, anywhere, refers to a segment,
 * "during occasion" in the same way to an occasion, and a name that begins with "class." to a
 * class. */
static bool reference_of(const segi_lexer *lexer, const segi_token before[2], segi_token token,
                         segi_definition *out_kind)
{
    if (token.kind == SEGI_TOKEN_STRING && words_are(lexer, before, "in", "segment")) {
        *out_kind = SEGI_DEFINE_SEGMENT;
        return true;
    }
    if (token.kind == SEGI_TOKEN_STRING && words_are(lexer, before, "during", "occasion")) {
        *out_kind = SEGI_DEFINE_OCCASION;
        return true;
    }
    uint32_t quote = token.kind == SEGI_TOKEN_QUOTED;
    *out_kind = SEGI_DEFINE_CLASS;
    return (quote || token.kind == SEGI_TOKEN_WORD) && token.size > 6 + 2 * quote &&
           memcmp(lexer->text + token.begin + quote, "class.", 6) == 0;
}

/* From tokens alone, so it works for texts whose references do not exist any more; O(size of the
 * text). */
seg_status segi_text_references(const segi_mem *mem, const char *text, size_t text_size,
                                void (*found)(void *user, segi_definition kind, const char *name,
                                              size_t size),
                                void *user, seg_error *err)
{
    seg_status status = segi_text_check(text, text_size, err);
    segi_arena arena;
    segi_arena_init(&arena, mem);
    segi_lexer lexer;
    segi_lexer_init(&lexer, text, (uint32_t)text_size, err);
    segi_token before[2] = {{SEGI_TOKEN_END, 0, 0}, {SEGI_TOKEN_END, 0, 0}};
    while (status == SEG_OK) {
        segi_token token = segi_lexer_next(&lexer);
        if (token.kind == SEGI_TOKEN_END)
            break;
        status = lexer.status;
        segi_definition kind;
        if (status == SEG_OK && reference_of(&lexer, before, token, &kind)) {
            const char *name = text + token.begin;
            size_t size = token.size;
            size_t prefix = kind == SEGI_DEFINE_CLASS ? strlen("class.") : 0;
            if (token.kind == SEGI_TOKEN_WORD ||
                segi_token_unquote(&lexer, token, &arena, &name, &size))
                found(user, kind, name + prefix, size - prefix);
            else
                status = segi_fail_nomem(err);
        }
        before[0] = before[1];
        before[1] = token;
    }
    segi_arena_deinit(&arena);
    return status;
}
