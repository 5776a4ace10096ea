/* Sheets: see sheets.h. */
#include "store/sheets.h"

#include <string.h>

#include "base/bits.h"
#include "base/error.h"

void segi_sheets_deinit(segi_sheets *sheets, const segi_mem *mem)
{
    segi_free(mem, sheets->items);
    memset(sheets, 0, sizeof *sheets);
}

/* A sheet that has no block any more is written as it was. New entries make a sheet, and those
 * before it that are not larger join in: every entry is then written O(log n) times, and there are
 * O(log n) sheets beside the full ones. */
bool segi_sheets_next(const segi_sheets *sheets, uint32_t entries, uint32_t *out_begin,
                      uint32_t *out_count)
{
    uint32_t begin = 0, count;
    for (size_t i = 0; i < sheets->count; i++) {
        *out_begin = begin;
        *out_count = sheets->items[i].count;
        if (sheets->items[i].block == 0)
            return true;
        begin += sheets->items[i].count;
    }
    count = entries - begin;
    if (count == 0)
        return false;
    for (size_t i = sheets->count; i-- > 0;) {
        uint32_t size = sheets->items[i].count;
        if (size > count || size + (uint64_t)count > SEGI_SHEET_MAX)
            break;
        begin -= size;
        count += size;
    }
    *out_begin = begin;
    *out_count = count < SEGI_SHEET_MAX ? count : SEGI_SHEET_MAX;
    return true;
}

bool segi_sheets_reserve(segi_sheets *sheets, const segi_mem *mem)
{
    return segi_grow(mem, (void **)&sheets->items, &sheets->capacity, sheets->count + 1,
                     sizeof *sheets->items);
}

/* Either the sheet is there and gets its block, or it replaces all from `begin` on. */
void segi_sheets_put(segi_sheets *sheets, uint32_t begin, uint32_t count, uint64_t block)
{
    uint32_t at = 0;
    for (size_t i = 0; i < sheets->count && at <= begin; at += sheets->items[i++].count)
        if (at == begin && sheets->items[i].count == count) {
            sheets->items[i].block = block;
            return;
        }
    while (sheets->entries > begin)
        sheets->entries -= sheets->items[--sheets->count].count;
    SEGI_ASSERT(sheets->entries == begin && sheets->count < sheets->capacity);
    sheets->items[sheets->count++] = (segi_sheet){count, block};
    sheets->entries += count;
}

bool segi_sheets_copy(segi_sheets *to, const segi_sheets *from, const segi_mem *mem)
{
    if (from->count == 0)
        return true;
    if (!segi_grow(mem, (void **)&to->items, &to->capacity, from->count, sizeof *to->items))
        return false;
    memcpy(to->items, from->items, from->count * sizeof *to->items);
    to->count = from->count;
    to->entries = from->entries;
    return true;
}

void segi_sheets_touch(segi_sheets *sheets, const uint64_t *changed)
{
    uint32_t entry = 0;
    for (size_t i = 0; i < sheets->count; i++)
        for (uint32_t end = entry + sheets->items[i].count; entry < end; entry++)
            if (segi_bit_get(changed, entry))
                sheets->items[i].block = 0;
}

void segi_sheets_clear(segi_sheets *sheets)
{
    sheets->count = 0;
    sheets->entries = 0;
}
