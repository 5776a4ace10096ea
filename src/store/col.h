/* Building narrow columns; the reading side is in store.h.
 *
 * value = base + unit x stored, where stored is an unsigned number of 0, 1, 2, 4 or 8 bytes;
 * width 0 means that all rows have the value `base`. Columns are immutable once they are built. */
#ifndef SEGI_COL_H
#define SEGI_COL_H

#include "store/store.h"

/* Bytes after the data of a column that may be read without harm. */
#define SEGI_COL_PADDING 64

/* What was allocated as mutable and is shown as const. */
static inline void *segi_unconst(const void *pointer)
{
    return (void *)(uintptr_t)pointer;
}

/* Bytes of each stored value where this is the greatest one. */
static inline uint32_t segi_col_width(uint64_t stored_max)
{
    if (stored_max == 0)
        return 0;
    if (stored_max <= UINT8_MAX)
        return 1;
    if (stored_max <= UINT16_MAX)
        return 2;
    return stored_max <= UINT32_MAX ? 4 : 8;
}
/* Make a column of `rows` slots as narrow as it goes. states: SEG_VALUE_* per row, or NULL where
 * every row is set. Slots of rows that are not set are overwritten. False when out of memory. */
bool segi_col_build(const segi_mem *mem, seg_type type, int64_t *slots, const uint8_t *states,
                    size_t rows, segi_col *out);
/* The two bitmaps and none_set of a column, for types whose values lie elsewhere. */
bool segi_col_build_states(const segi_mem *mem, const uint8_t *states, size_t rows, segi_col *out);
void segi_col_deinit(const segi_mem *mem, segi_col *col);
/* Bytes of its arrays. */
size_t segi_col_bytes(const segi_col *col, size_t rows);
/* Set the bit of every code in a column of strings. col->type 0: none. */
void segi_col_codes(const segi_col *col, size_t rows, uint64_t *codes);
/* Slots and states of rows [begin, begin + count). col->type 0: all absent. */
void segi_col_decode(const segi_col *col, size_t begin, size_t count, int64_t *slots,
                     uint8_t *states);

#endif
