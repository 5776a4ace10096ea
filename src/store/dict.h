/* Dictionaries: see store.h for the reading side. */
#ifndef SEGI_DICT_H
#define SEGI_DICT_H

#include "store/store.h"
#include "store/strings.h"

struct segi_dict {
    const segi_strings *strings; /* of the store; only grows */
    const segi_table *table;     /* retained by the version, or by the strings */
    uint32_t count;
    atomic_bool ready; /* they are in memory; until then there is no table */
};

#define SEGI_DICT_COUNT_MAX (UINT32_MAX - 1)

/* Codes of strings items[0 .. count) of the array given by bytes and offsets. */
seg_status segi_dict_intern(segi_strings *strings, const char *bytes, const uint64_t *offsets,
                            const uint32_t *items, size_t count, uint32_t *out);

#endif
