/* Which entries of a list that only grows lie in which blocks of the file: the first `count` of
 * them in the first sheet's block, and so on. New entries get a sheet of their own; small ones
 * before them are written again with them, so that there are few. */
#ifndef SEGI_SHEETS_H
#define SEGI_SHEETS_H

#include "base/alloc.h"

#define SEGI_SHEET_MAX 65536 /* entries of one sheet */

typedef struct segi_sheet {
    uint32_t count;
    uint64_t block; /* 0: to be written again */
} segi_sheet;

typedef struct segi_sheets {
    segi_sheet *items; /* owned */
    size_t count, capacity;
    uint32_t entries; /* of all sheets: those from there on are not on disk */
} segi_sheets;

void segi_sheets_deinit(segi_sheets *sheets, const segi_mem *mem);
/* The sheet to write next, where there are `entries` in all: entries [*out_begin, *out_begin +
 * *out_count) as one. False if all are on disk. */
bool segi_sheets_next(const segi_sheets *sheets, uint32_t entries, uint32_t *out_begin,
                      uint32_t *out_count);
/* Room for one more. */
bool segi_sheets_reserve(segi_sheets *sheets, const segi_mem *mem);
/* Put what segi_sheets_next() gave in place of the sheets from `begin` on. */
void segi_sheets_put(segi_sheets *sheets, uint32_t begin, uint32_t count, uint64_t block);
/* Another list with the same sheets, into an empty struct. */
bool segi_sheets_copy(segi_sheets *to, const segi_sheets *from, const segi_mem *mem);
/* Entries have changed, those whose bit is set: their sheets have to be written again. */
void segi_sheets_touch(segi_sheets *sheets, const uint64_t *changed);
/* All of them have: none is on disk any more. */
void segi_sheets_clear(segi_sheets *sheets);

#endif
