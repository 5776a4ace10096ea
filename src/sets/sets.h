/* Door of the room `sets`: segments, classes and occasions by name, the references between them,
 * and sets turned round into rows per user. */
#ifndef SEGI_SETS_H
#define SEGI_SETS_H

#include "base/bitmap.h"
#include "lang/lang.h"
#include "store/store.h"

/* What is saved in one store: kind, name -> text, version. Changes take a lock; readers of the
 * resolver hold it for the length of a compile. */
typedef struct segi_catalog segi_catalog;

/* With what the store has saved; the store keeps what is defined and outlives the catalog. Without
 * one (NULL) it begins empty and lives in memory alone. */
seg_status segi_catalog_create(const segi_mem *mem, segi_store *store, segi_catalog **out,
                               seg_error *err);
void segi_catalog_destroy(segi_catalog *catalog);

/* segi_compile() with what is saved as it is now. */
seg_status segi_catalog_compile(segi_catalog *catalog, const segi_source *source,
                                segi_predicate **out, seg_error *err);
/* segi_lint() with what is saved, and a remark where a saved segment says the same. */
seg_status segi_catalog_lint(segi_catalog *catalog, const segi_source *source, int64_t retention,
                             segi_findings *findings, seg_error *err);
/* Save a segment or class: compiles first, refuses circles and parameters. */
seg_status segi_catalog_define(segi_catalog *catalog, const segi_schema *schema,
                               segi_definition kind, const char *name, size_t name_size,
                               const char *text, size_t text_size, uint64_t *out_version,
                               seg_error *err);
/* Named ranges of days, in any order and also overlapping; they are put in order in place. */
seg_status segi_catalog_define_occasion(segi_catalog *catalog, const char *name, size_t name_size,
                                        segi_days *ranges, size_t count, seg_error *err);
/* SEG_E_NOT_FOUND; SEG_E_IN_USE while a saved text names it. */
seg_status segi_catalog_drop(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, seg_error *err);
/* The text saved under the name, copied into buf. SEG_E_NOT_FOUND. */
seg_status segi_catalog_text(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, segi_buf *buf, seg_error *err);

/* All of a kind by rising name, until one visit fails. Under the lock: the visit must not come back
 * to the catalog. */
typedef seg_status segi_saved_visit(void *user, const segi_saved *saved, seg_error *err);
seg_status segi_catalog_each(segi_catalog *catalog, segi_definition kind, segi_saved_visit *visit,
                             void *user, seg_error *err);

/* ---- rows per user -------------------------------------------------------------------------- */

/* Bit s of row u: user u is in set s. Immutable. */
typedef struct segi_rowset {
    const segi_mem *mem;
    uint32_t user_count, word_count;
    uint64_t *words; /* owned: [user_count * word_count] */
} segi_rowset;

seg_status segi_rowset_create(const segi_mem *mem, const segi_bitmap *const *sets, size_t set_count,
                              uint32_t user_count, segi_rowset **out, seg_error *err);
void segi_rowset_destroy(segi_rowset *rows);
/* The rows of these ordinals, one after the other; those past user_count are all 0. */
void segi_rowset_read(const segi_rowset *rows, const uint32_t *ordinals, size_t count,
                      uint64_t *out);

#endif
