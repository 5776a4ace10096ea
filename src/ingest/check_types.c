/* Event types that no row uses are left out: see check_types.h. */
#include "ingest/check_types.h"

#include <string.h>

#include "base/unique.h"

/* Which entries are used, and where each goes. */
typedef struct types_cut {
    uint32_t *used; /* rising */
    size_t count;
    uint32_t *places; /* by entry; NULL where there are more entries than rows */
} types_cut;

/* By an array of all entries, of which there are no more than rows. */
static bool types_mark(segi_arena *arena, uint64_t rows, const seg_column *types, types_cut *cut)
{
    size_t entries = (size_t)types->dictionary_count;
    cut->places = segi_arena_array(arena, entries, sizeof *cut->places);
    cut->used = segi_arena_array(arena, entries, sizeof *cut->used);
    if (!cut->places || !cut->used)
        return false;
    for (uint64_t row = 0; row < rows; row++)
        cut->places[types->codes[row]] = 1;
    for (size_t entry = 0; entry < entries; entry++) {
        if (cut->places[entry] == 0)
            continue;
        cut->places[entry] = (uint32_t)cut->count;
        cut->used[cut->count++] = (uint32_t)entry;
    }
    return true;
}

/* By the rows alone, where the entries are more than they. */
static bool types_sort(segi_arena *arena, uint64_t rows, const seg_column *types, types_cut *cut)
{
    cut->used = segi_arena_array(arena, (size_t)rows, sizeof *cut->used);
    if (!cut->used)
        return false;
    memcpy(cut->used, types->codes, (size_t)rows * sizeof *cut->used);
    cut->count = segi_sort_unique(cut->used, (size_t)rows);
    return true;
}

static uint32_t types_place(const types_cut *cut, uint32_t code)
{
    size_t begin = 0, end = cut->count;
    if (cut->places)
        return cut->places[code];
    while (end - begin > 1) {
        size_t middle = begin + (end - begin) / 2;
        if (cut->used[middle] <= code)
            begin = middle;
        else
            end = middle;
    }
    return (uint32_t)begin;
}

static uint64_t types_size(const seg_column *types, uint32_t entry)
{
    uint64_t size = types->offsets[entry + 1] - types->offsets[entry];
    return size <= SEG_NAME_SIZE_MAX ? size : 0;
}

/* The names of the entries in use, one behind the other. */
static bool types_copy(segi_arena *arena, const seg_column *types, const types_cut *cut,
                       seg_column *out)
{
    uint64_t *offsets = segi_arena_array(arena, cut->count + 1, sizeof *offsets);
    if (!offsets)
        return false;
    for (size_t i = 0; i < cut->count; i++)
        offsets[i + 1] = offsets[i] + types_size(types, cut->used[i]);
    char *names = segi_arena_alloc(arena, (size_t)offsets[cut->count] + 1);
    if (!names)
        return false;
    for (size_t i = 0; i < cut->count; i++)
        if (offsets[i + 1] > offsets[i])
            memcpy(names + offsets[i], (const char *)types->values + types->offsets[cut->used[i]],
                   (size_t)(offsets[i + 1] - offsets[i]));
    out->values = names;
    out->offsets = offsets;
    out->dictionary_count = cut->count;
    return true;
}

bool segi_check_cut_types(segi_arena *arena, uint64_t rows, seg_column *types)
{
    types_cut cut = {0};
    seg_column out = *types;
    if (!(types->dictionary_count <= rows ? types_mark(arena, rows, types, &cut)
                                          : types_sort(arena, rows, types, &cut)))
        return false;
    if (cut.count == types->dictionary_count)
        return true;
    uint32_t *codes = segi_arena_array(arena, (size_t)rows, sizeof *codes);
    if (!codes || !types_copy(arena, types, &cut, &out))
        return false;
    for (uint64_t row = 0; row < rows; row++)
        codes[row] = types_place(&cut, types->codes[row]);
    out.codes = codes;
    *types = out;
    return true;
}
