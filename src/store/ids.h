/* User ids <-> ordinals, for both kinds of ids. */
#ifndef SEGI_IDS_H
#define SEGI_IDS_H

#include <seg/store.h>

#include "store/strings.h"

typedef struct segi_ids {
    uint32_t kind;        /* SEG_ID_* */
    segi_strings strings; /* SEG_ID_BYTES; for numbers its mem, key, table and count serve too */
    segi_seq numbers;     /* SEG_ID_U64, by ordinal; UINT64_MAX: forgotten */
} segi_ids;

segi_ids *segi_ids_create(const segi_mem *mem, uint32_t kind, const uint64_t key[2]);
void segi_ids_destroy(segi_ids *ids);
size_t segi_ids_bytes(const segi_ids *ids);

/* settled: numbers from there on may be taken back.
 * Ordinals of rows; `rows` picks `count` of them, NULL: the first count. New ids get the next
 * ordinals, which segi_ids_undo() takes back. */
seg_status segi_ids_intern_bytes(segi_ids *ids, const char *bytes, const uint64_t *offsets,
                                 const uint32_t *rows, size_t count, uint32_t *out);
seg_status segi_ids_intern_numbers(segi_ids *ids, const uint64_t *numbers, const uint32_t *rows,
                                   size_t count, uint32_t settled, uint32_t *out);
/* Numbers from a file, UINT64_MAX for those forgotten, as segi_strings_append() and
 * segi_strings_index(). */
seg_status segi_ids_append_number(segi_ids *ids, uint64_t number);
seg_status segi_ids_index(segi_ids *ids);
void segi_ids_undo(segi_ids *ids, uint32_t count);

/* The same ids without those whose bit is set, as segi_strings_without(): their ordinals stand for
 * nobody from then on. NULL when out of memory. */
segi_ids *segi_ids_without(const segi_ids *ids, const uint64_t *dead);

/* For readers, as segi_strings_find(). */
void segi_ids_find_bytes(const segi_ids *ids, const segi_table *table, uint32_t limit,
                         const char *bytes, const uint64_t *offsets, size_t count, uint32_t *out);
void segi_ids_find_numbers(const segi_ids *ids, const segi_table *table, uint32_t limit,
                           const uint64_t *numbers, size_t count, uint32_t *out);

#endif
