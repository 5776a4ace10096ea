/* catalog_int.h - what the files of the catalog share. */
#ifndef SEGI_CATALOG_INT_H
#define SEGI_CATALOG_INT_H

#include "base/thread.h"
#include "sets/occasions.h"

typedef struct catalog_entry catalog_entry;

struct catalog_entry {
    segi_definition kind;
    char *name; /* owned */
    size_t name_size;
    char *text; /* owned */
    size_t text_size;
    uint64_t version;
    uint64_t fingerprint[2]; /* zeros: not known yet */
    catalog_entry **refs;    /* owned: the saved segments that the text names, each once */
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
    segi_occasions occasions;
};

/* May something be saved under the name? what: "a segment", "an occasion". */
seg_status segi_catalog_name_check(const char *what, const char *name, size_t name_size,
                                   seg_error *err);
/* "segment" or "class", for messages. */
const char *segi_catalog_kind_name(segi_definition kind);

#endif
