/* Occasions by name: days that have one, as ranges of dates. Private to the room; the catalog's
 * lock guards them. */
#ifndef SEGI_OCCASIONS_H
#define SEGI_OCCASIONS_H

#include "sets/sets.h"

/* Days are counted from 1970-01-01, both ends included. */
typedef struct segi_occasion_entry {
    char *name; /* owned */
    size_t name_size;
    uint64_t version;
    size_t count;
    segi_days *ranges; /* owned: rising, at least a day between two */
} segi_occasion_entry;

typedef struct segi_occasions {
    segi_occasion_entry *entries; /* owned, rising by name */
    size_t count, capacity;
} segi_occasions;

void segi_occasions_deinit(segi_occasions *occasions, const segi_mem *mem);
/* What the store has on its shelf. SEG_E_CORRUPT where that is no list of dates. */
seg_status segi_occasions_load(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                               seg_error *err);
const segi_occasion_entry *segi_occasions_find(const segi_occasions *occasions, const char *name,
                                               size_t name_size);
/* The name is good; ranges in any order, they may overlap. store NULL: nobody keeps it. */
seg_status segi_occasions_define(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                                 const char *name, size_t name_size, const segi_days *ranges,
                                 size_t count, seg_error *err);
/* It is there. */
seg_status segi_occasions_drop(segi_occasions *occasions, const segi_mem *mem, segi_store *store,
                               const segi_occasion_entry *entry, seg_error *err);

#endif
