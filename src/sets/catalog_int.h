/* catalog_int.h - what the files of the catalog share. catalog.c keeps the entries,
 * catalog_compile.c shows them to the compiler, catalog_refs.c follows the references between them.
 * All of it happens under the catalog's lock. */
#ifndef SEGI_CATALOG_INT_H
#define SEGI_CATALOG_INT_H

#include "base/name.h"
#include "base/thread.h"
#include "sets/sets.h"

typedef struct catalog_entry catalog_entry;

struct catalog_entry {
    segi_definition kind;
    segi_saved saved;        /* lies in `block` */
    void *block;             /* owned */
    uint64_t fingerprint[2]; /* of a segment; zeros: not known yet */
    catalog_entry **refs;    /* owned: the entries that the text names, each once */
    size_t ref_count;
    /* Working fields of one walk over the references. */
    bool seen;
    catalog_entry *from; /* the entry through which the walk came here */
};

struct segi_catalog {
    const segi_mem *mem;
    segi_store *store; /* borrowed: keeps the texts; NULL: nobody does */
    segi_mutex *lock;
    catalog_entry **entries; /* owned */
    size_t count, capacity;
    size_t begins[SEGI_DEFINE_COUNT + 1]; /* of each kind among the entries, and their count */
};

/* NULL where there is none of that kind and name. */
catalog_entry *segi_catalog_find(const segi_catalog *catalog, segi_definition kind,
                                 const char *name, size_t name_size);
static inline bool segi_catalog_is(const catalog_entry *entry, segi_definition kind,
                                   const char *name, size_t name_size)
{
    return entry->kind == kind &&
           segi_name_compare(entry->saved.name, entry->saved.name_size, name, name_size) == 0;
}
/* "segment", "class" or "occasion", for messages. */
const char *segi_catalog_kind_name(segi_definition kind);

/* ---- catalog_compile.c ---- */

/* What a compile sees: the catalog, but for one name the text that is being defined, so that it is
 * tested before anything is saved. */
typedef struct catalog_view {
    const segi_catalog *catalog;
    const catalog_entry *defined; /* NULL: the catalog as it is */
} catalog_view;

/* Compile the text of a segment or class as it would be with the view. Only its fingerprint is
 * kept. */
seg_status segi_catalog_entry_compile(catalog_entry *entry, catalog_view *view,
                                      const segi_schema *schema, seg_error *err);

/* ---- catalog_refs.c ---- */

/* Fill entry->refs from its text. */
seg_status segi_catalog_read_refs(const segi_catalog *catalog, catalog_entry *entry,
                                  seg_error *err);
/* Does the text of `entry` name the other one? */
bool segi_catalog_refers(const catalog_entry *entry, const catalog_entry *other);
/* Everything that can refuse the text of a segment or class, `old` being what it replaces (NULL:
 * nothing). Afterwards entry->refs is filled. */
seg_status segi_catalog_entry_check(const segi_catalog *catalog, catalog_entry *entry,
                                    catalog_entry *old, const segi_schema *schema, seg_error *err);

#endif
