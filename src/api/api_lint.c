/* api_lint.c - the functions of seg/lint.h. */
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include <seg/lint.h>

/* Findings with their texts; needs neither store nor segment any more. */
struct seg_lint {
    segi_mem mem;
    segi_findings findings;
};

void seg_lint_options_init(seg_lint_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* Errors first, then as they stand in the text. */
static int finding_order(const void *a, const void *b)
{
    const segi_finding *x = a, *y = b;
    if (x->level != y->level)
        return x->level < y->level ? -1 : 1;
    return x->error.offset < y->error.offset ? -1 : x->error.offset > y->error.offset;
}

/* Against the schema and the saved definitions of this moment. */
static seg_status lint_text(seg_store *store, const char *text, size_t text_size,
                            const seg_lint_options *options, segi_findings *findings,
                            seg_error *err)
{
    const segi_source source = {.schema = segi_store_schema(store->store),
                                .text = text,
                                .text_size = text_size,
                                .flags =
                                    (options->flags & SEG_LINT_OPEN) != 0 ? SEG_COMPILE_OPEN : 0};
    seg_status status =
        segi_catalog_lint(store->catalog, &source, options->retention_us, findings, err);
    segi_schema_release(source.schema);
    return status;
}

/* A document that is none is a finding too. */
static seg_status lint_json(seg_store *store, const char *json, size_t json_size,
                            const seg_lint_options *options, segi_findings *findings,
                            seg_error *err)
{
    segi_json *document;
    seg_error fault = SEG_ERROR_INIT;
    seg_status status = segi_json_open(&store->mem, json, json_size, &document, &fault);
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    if (status != SEG_OK) {
        seg_error *place = segi_findings_add(findings, SEGI_LEVEL_ERROR, segi_finding_id(status));
        if (place == NULL)
            return segi_fail_nomem(err);
        *place = fault;
        return SEG_OK;
    }
    size_t size;
    const char *text = segi_json_text(document, &size);
    status = lint_text(store, text, size, options, findings, err);
    for (size_t i = 0; i < findings->count; i++)
        segi_json_place_error(document, &findings->list[i].error);
    segi_json_close(document);
    return status;
}

seg_status seg_segment_lint(seg_store *store, const char *text, size_t text_size,
                            const seg_lint_options *options, seg_lint **out_lint, seg_error *err)
{
    seg_lint_options own;
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_lint != NULL, err, "out_lint is NULL");
    *out_lint = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_TRY(segi_api_check_text(&text, text_size, err));
    SEGI_TRY(segi_options_read(&own, sizeof own, options, SEGI_API_OPTIONS_MIN, "seg_lint_options",
                               err));
    SEGI_CHECK_ARG((own.flags & ~(SEG_LINT_OPEN | SEG_LINT_JSON)) == 0, err,
                   "the lint options have unknown flags");
    SEGI_CHECK_ARG(own.retention_us >= 0, err, "retention_us is negative");
    seg_lint *lint = segi_alloc_zero(&store->mem, sizeof *lint);
    if (lint == NULL)
        return segi_fail_nomem(err);
    lint->mem = store->mem;
    segi_findings_init(&lint->findings, &lint->mem);
    bool json = (own.flags & SEG_LINT_JSON) != 0;
    seg_status status =
        (json ? lint_json : lint_text)(store, text, text_size, &own, &lint->findings, err);
    if (status != SEG_OK) {
        seg_lint_destroy(lint);
        return status;
    }
    if (lint->findings.count != 0)
        qsort(lint->findings.list, lint->findings.count, sizeof *lint->findings.list,
              finding_order);
    *out_lint = lint;
    return SEG_OK;
}

void seg_lint_destroy(seg_lint *lint)
{
    if (lint == NULL)
        return;
    segi_mem mem = lint->mem;
    segi_findings_deinit(&lint->findings);
    segi_free(&mem, lint);
}

uint64_t seg_lint_count(const seg_lint *lint)
{
    return lint == NULL ? 0 : lint->findings.count;
}

/* Texts are borrowed from the handle. */
seg_status seg_lint_at(const seg_lint *lint, uint64_t index, seg_finding *out_finding,
                       seg_error *err)
{
    seg_finding finding = {.struct_size = (uint32_t)sizeof finding};
    segi_api_begin(err);
    SEGI_TRY(segi_options_write(out_finding, &finding, sizeof finding, "seg_finding", err));
    SEGI_CHECK_ARG(lint != NULL, err, "lint is NULL");
    SEGI_CHECK_ARG(index < lint->findings.count, err, "there is no finding of that index");
    const segi_finding *own = &lint->findings.list[index];
    bool error = own->level == SEGI_LEVEL_ERROR;
    finding.level = error ? SEG_LINT_ERROR : SEG_LINT_WARNING;
    finding.code = error ? own->error.code : SEG_OK;
    finding.column = own->error.column;
    finding.line = own->error.line;
    finding.offset = own->error.offset;
    finding.length = own->error.length;
    finding.id = own->id;
    finding.message = own->error.message;
    finding.hint = own->error.hint;
    return segi_options_write(out_finding, &finding, sizeof finding, "seg_finding", err);
}
