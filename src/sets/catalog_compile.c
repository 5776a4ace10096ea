/* catalog_compile.c - the catalog as the compiler sees it, and the compiles through it.
 *
 * The lock is held for the length of a compile, which borrows texts from the catalog; what comes
 * out owns copies of all that it needs. Any thread. */
#include <string.h>

#include "base/error.h"
#include "sets/catalog_int.h"

/* ---- what the compiler asks -------------------------------------------------------------- */

/* What these two lend is borrowed from the catalog, whose lock is held as long as they are
 * asked. */
static const segi_saved *view_find(void *user, segi_definition kind, const char *name,
                                   size_t name_size)
{
    const catalog_view *view = user;
    const catalog_entry *entry = view->defined;
    if (entry == NULL || !segi_catalog_is(entry, kind, name, name_size))
        entry = segi_catalog_find(view->catalog, kind, name, name_size);
    return entry == NULL ? NULL : &entry->saved;
}

static const segi_saved *view_at(void *user, segi_definition kind, size_t i)
{
    const segi_catalog *catalog = ((const catalog_view *)user)->catalog;
    size_t begin = catalog->begins[kind];
    return i < catalog->begins[kind + 1] - begin ? &catalog->entries[begin + i]->saved : NULL;
}

static segi_resolver view_resolver(catalog_view *view)
{
    return (segi_resolver){view, view_find, view_at};
}

seg_status segi_catalog_entry_compile(catalog_entry *entry, catalog_view *view,
                                      const segi_schema *schema, seg_error *err)
{
    segi_resolver resolver = view_resolver(view);
    segi_predicate *predicate = NULL;
    const segi_source source = {.schema = schema,
                                .text = entry->saved.text,
                                .text_size = entry->saved.text_size,
                                .goal = entry->kind == SEGI_DEFINE_CLASS ? SEGI_GOAL_CLASS
                                                                         : SEGI_GOAL_PREDICATE};
    SEGI_TRY(segi_compile(view->catalog->mem, &source, &resolver, &predicate, err));
    seg_status status = SEG_OK;
    if (predicate->param_count > 0) {
        const segi_param *param = &predicate->params[0];
        status = segi_fail(err, SEG_E_BOUND, "a saved %s cannot have parameters, here $%.*s",
                           segi_catalog_kind_name(entry->kind), (int)param->name_size, param->name);
        segi_error_span(err, param->offset, param->name_size + 1);
        segi_error_locate(err, entry->saved.text, entry->saved.text_size);
    }
    memcpy(entry->fingerprint, predicate->fingerprint, sizeof entry->fingerprint);
    segi_predicate_destroy(predicate);
    return status;
}

/* ---- doors ---- */

/* The predicate owns copies of all that it needs: it outlives the lock and even the catalog. */
seg_status segi_catalog_compile(segi_catalog *catalog, const segi_source *source,
                                segi_predicate **out, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_mutex_lock(catalog->lock);
    seg_status status = segi_compile(catalog->mem, source, &resolver, out, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

/* Texts from the store's file get their fingerprints when somebody first asks. One that does not
 * compile any more says the same as nothing. */
static seg_status fingerprints_fill(const segi_catalog *catalog, const segi_schema *schema,
                                    seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    for (size_t i = 0; i < catalog->begins[SEGI_DEFINE_SEGMENT + 1]; i++) {
        catalog_entry *entry = catalog->entries[i];
        if ((entry->fingerprint[0] | entry->fingerprint[1]) == 0 &&
            segi_catalog_entry_compile(entry, &view, schema, NULL) == SEG_E_NOMEM)
            return segi_fail_nomem(err);
    }
    return SEG_OK;
}

/* A saved segment that says the same. */
static void note_duplicate(const segi_catalog *catalog, const segi_predicate *predicate,
                           segi_findings *findings)
{
    if (predicate->root->kind == SEGI_NODE_SEGMENT)
        return; /* it is that one by name */
    for (size_t i = 0; i < catalog->begins[SEGI_DEFINE_SEGMENT + 1]; i++) {
        const catalog_entry *entry = catalog->entries[i];
        if (memcmp(entry->fingerprint, predicate->fingerprint, sizeof entry->fingerprint) != 0)
            continue;
        seg_error *note = segi_findings_add(findings, SEGI_LEVEL_WARNING, "duplicate-segment");
        if (note == NULL)
            return;
        segi_fail(note, SEG_E_ARG, "the saved segment \"%.*s\" says the same",
                  (int)entry->saved.name_size, entry->saved.name);
        segi_error_span(note, 0, predicate->text_size);
        segi_error_locate(note, predicate->text, predicate->text_size);
        segi_error_hint(note, "in segment \"%.*s\"", (int)entry->saved.name_size,
                        entry->saved.name);
        return;
    }
}

/* Findings are kept also where the text does not compile: the fault is one of them. */
seg_status segi_catalog_lint(segi_catalog *catalog, const segi_source *source, int64_t retention,
                             segi_findings *findings, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_predicate *predicate = NULL;
    segi_mutex_lock(catalog->lock);
    seg_status status =
        segi_lint(catalog->mem, source, &resolver, retention, findings, &predicate, err);
    if (predicate != NULL)
        status = fingerprints_fill(catalog, source->schema, err);
    if (predicate != NULL && status == SEG_OK)
        note_duplicate(catalog, predicate, findings);
    segi_mutex_unlock(catalog->lock);
    segi_predicate_destroy(predicate);
    return status == SEG_OK && findings->failed ? segi_fail_nomem(err) : status;
}
