/* String sets of one chunk: masks over few codes, else lists.
 *
 * While sets are put together, each is a counted array (a uint32_t count, then rising codes) and
 * travels as its address. Rows of the base come first in the decoded slots, the patch behind. */
#include "store/attr.h"

#include <string.h>

#include "base/error.h"

#define SET_MASK_CODES_MAX 64

/* A slot as what it is while sets are put together. */
static const uint32_t *set_at(int64_t slot)
{
    return (const uint32_t *)(uintptr_t)slot;
}

/* The mask of a row, from whichever width. */
static uint64_t set_mask(const segi_sets *sets, size_t row)
{
    switch (sets->mask_width) {
    case 1: return ((const uint8_t *)sets->masks)[row];
    case 2: return ((const uint16_t *)sets->masks)[row];
    case 4: return ((const uint32_t *)sets->masks)[row];
    default: return ((const uint64_t *)sets->masks)[row];
    }
}

/* Codes of all rows, in the counted form, need this many words. */
static size_t set_words(const segi_sets *sets, size_t rows)
{
    size_t words = rows;
    if (rows == 0)
        return 0;
    if (sets->mask_width == 0)
        return words + sets->begins[rows] - sets->begins[0];
    for (size_t row = 0; row < rows; row++)
        words += (size_t)segi_popcount(set_mask(sets, row));
    return words;
}

/* Appends the rows in the counted form; returns where the next one goes. */
static uint32_t *set_copy_rows(const segi_sets *sets, size_t rows, uint32_t *to, int64_t *slots)
{
    for (size_t row = 0; row < rows; row++) {
        uint32_t *counted = to++;
        slots[row] = (int64_t)(uintptr_t)counted;
        if (sets->mask_width > 0) {
            for (uint64_t mask = set_mask(sets, row); mask != 0; mask &= mask - 1)
                *to++ = (uint32_t)segi_ctz(mask);
        } else {
            uint32_t begin = sets->begins[row], count = sets->begins[row + 1] - begin;
            if (count > 0)
                memcpy(to, sets->codes + begin, count * sizeof *to);
            to += count;
        }
        *counted = (uint32_t)(to - counted - 1);
    }
    return to;
}

/* Into one stretch of scratch memory, which lasts until the next call. */
bool segi_sets_decode(segi_scratch *scratch, const segi_attr_chunk *chunk, int64_t *slots)
{
    size_t words =
        set_words(&chunk->sets, chunk->rows) + set_words(&chunk->patch_sets, chunk->patch_count);
    uint32_t *to = segi_scratch_get(scratch, SEGI_SCRATCH_SETS, words + 1, sizeof *to);
    if (!to)
        return false;
    to = set_copy_rows(&chunk->sets, chunk->rows, to, slots);
    set_copy_rows(&chunk->patch_sets, chunk->patch_count, to, slots + chunk->rows);
    return true;
}

/* By how many codes there are now; a dictionary that grows makes the next fold choose again. */
static uint32_t set_mask_width(uint32_t dict_count)
{
    if (dict_count <= 8)
        return 1;
    if (dict_count <= 16)
        return 2;
    return dict_count <= 32 ? 4 : 8;
}

/* One mask a row, and room behind for scans that read past the end. */
static bool set_build_masks(const segi_mem *mem, const int64_t *slots, const uint8_t *states,
                            size_t rows, uint32_t width, segi_sets *out)
{
    char *masks = segi_alloc(mem, rows * width + SEGI_COL_PADDING);
    if (!masks)
        return false;
    for (size_t row = 0; row < rows; row++) {
        uint64_t mask = 0;
        const uint32_t *set = states[row] == SEG_VALUE_SET ? set_at(slots[row]) : NULL;
        for (uint32_t i = 0; set && i < set[0]; i++)
            mask |= (uint64_t)1 << set[1 + i];
        switch (width) {
        case 1: ((uint8_t *)masks)[row] = (uint8_t)mask; break;
        case 2: ((uint16_t *)(void *)masks)[row] = (uint16_t)mask; break;
        case 4: ((uint32_t *)(void *)masks)[row] = (uint32_t)mask; break;
        default: ((uint64_t *)(void *)masks)[row] = mask; break;
        }
    }
    memset(masks + rows * width, 0, SEGI_COL_PADDING);
    out->mask_width = width;
    out->masks = masks;
    return true;
}

/* Counted first, so that both arrays are allocated once.
 * begins[row] .. begins[row + 1] are the codes of a row. */
static bool set_build_lists(const segi_mem *mem, const int64_t *slots, const uint8_t *states,
                            size_t rows, segi_sets *out)
{
    size_t codes = 0;
    for (size_t row = 0; row < rows; row++)
        codes += states[row] == SEG_VALUE_SET ? set_at(slots[row])[0] : 0;
    if (codes > UINT32_MAX)
        return false;
    uint32_t *begins = segi_alloc_array(mem, rows + 1, sizeof *begins);
    uint32_t *to = segi_alloc_array(mem, codes, sizeof *to);
    out->begins = begins;
    out->codes = to;
    if (!begins || !to) {
        segi_sets_deinit(mem, out);
        return false;
    }
    uint32_t at = 0;
    for (size_t row = 0; row < rows; row++) {
        begins[row] = at;
        if (states[row] != SEG_VALUE_SET)
            continue;
        const uint32_t *set = set_at(slots[row]);
        if (set[0] > 0)
            memcpy(to + at, set + 1, set[0] * sizeof *to);
        at += set[0];
    }
    begins[rows] = at;
    return true;
}

bool segi_sets_build(const segi_mem *mem, const int64_t *slots, const uint8_t *states, size_t rows,
                     uint32_t dict_count, bool lists, segi_sets *out)
{
    memset(out, 0, sizeof *out);
    if (!lists && dict_count <= SET_MASK_CODES_MAX)
        return set_build_masks(mem, slots, states, rows, set_mask_width(dict_count), out);
    return set_build_lists(mem, slots, states, rows, out);
}

void segi_sets_deinit(const segi_mem *mem, segi_sets *sets)
{
    segi_free(mem, segi_unconst(sets->masks));
    segi_free(mem, segi_unconst(sets->begins));
    segi_free(mem, segi_unconst(sets->codes));
    memset(sets, 0, sizeof *sets);
}

size_t segi_sets_bytes(const segi_sets *sets, size_t rows)
{
    if (sets->mask_width > 0)
        return rows * sets->mask_width;
    return sets->begins ? (rows + 1 + sets->begins[rows]) * sizeof(uint32_t) : 0;
}

/* A mask is the bits of its codes already. */
void segi_sets_codes(const segi_sets *sets, size_t rows, uint64_t *codes)
{
    if (sets->mask_width > 0) {
        for (size_t row = 0; row < rows; row++)
            codes[0] |= set_mask(sets, row);
        return;
    }
    for (uint32_t i = 0; sets->begins && i < sets->begins[rows]; i++)
        segi_bit_set(codes, sets->codes[i]);
}
