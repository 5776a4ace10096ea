/* salvage_users.c - users, their attributes, and the strings of dictionaries. See salvage.h. */
#include <string.h>

#include "base/error.h"
#include "base/unique.h"
#include "store/salvage.h"

/* ---- numbers --------------------------------------------------------------------------------- */

uint32_t *segi_salvage_map_add(segi_salvage_map *map, const segi_mem *mem, uint32_t begin,
                               uint32_t count)
{
    if (!segi_grow(mem, (void **)&map->ranges, &map->range_capacity, map->range_count + 1,
                   sizeof *map->ranges) ||
        !segi_grow(mem, (void **)&map->numbers, &map->number_capacity, map->number_count + count,
                   sizeof *map->numbers))
        return NULL;
    map->ranges[map->range_count++] = (segi_salvage_range){begin, count, map->number_count};
    map->number_count += count;
    return map->numbers + map->number_count - count;
}

uint32_t segi_salvage_map_get(const segi_salvage_map *map, uint32_t number)
{
    size_t low = 0, high = map->range_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (map->ranges[middle].begin <= number)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return UINT32_MAX;
    const segi_salvage_range *range = &map->ranges[low - 1];
    uint32_t index = number - range->begin;
    return index < range->count ? map->numbers[range->at + index] : UINT32_MAX;
}

void segi_salvage_map_deinit(segi_salvage_map *map, const segi_mem *mem)
{
    segi_free(mem, map->ranges);
    segi_free(mem, map->numbers);
    memset(map, 0, sizeof *map);
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Strings that were read from one sheet, in blocks as large as interning takes. Those that were
 * forgotten are none. */
static seg_status strings_copy(const segi_strings *from, uint32_t count, segi_strings *to,
                               uint32_t *numbers)
{
    const char *texts[SEGI_STRINGS_BLOCK];
    uint32_t sizes[SEGI_STRINGS_BLOCK], places[SEGI_STRINGS_BLOCK], found[SEGI_STRINGS_BLOCK];
    for (uint32_t next = 0, block; next < count;) {
        for (block = 0; next < count && block < SEGI_STRINGS_BLOCK; next++) {
            size_t size;
            numbers[next] = UINT32_MAX;
            if (segi_strings_forgot(from, next))
                continue;
            texts[block] = segi_strings_get(from, next, &size);
            sizes[block] = (uint32_t)size;
            places[block++] = next;
        }
        SEGI_TRY(segi_strings_intern(to, texts, sizes, block, found));
        for (uint32_t i = 0; i < block; i++)
            numbers[places[i]] = found[i];
    }
    return SEG_OK;
}

static seg_status strings_sheet(segi_salvage *s, const segi_sheet *sheet, uint32_t begin,
                                bool user_ids, segi_strings *to, segi_salvage_map *map)
{
    segi_strings read;
    seg_error ignored = SEG_ERROR_INIT;
    if (!segi_strings_init(&read, &s->from->mem, s->from->key, to->count_max))
        return segi_fail_nomem(s->err);
    seg_status status = segi_load_sheet(s->from, &read, sheet, user_ids, &s->buf, &ignored);
    if (status == SEG_OK) {
        uint32_t *numbers = segi_salvage_map_add(map, &s->to->mem, begin, sheet->count);
        if (!numbers || strings_copy(&read, sheet->count, to, numbers) != SEG_OK)
            status = SEG_E_NOMEM;
    }
    segi_strings_deinit(&read);
    return status == SEG_E_NOMEM ? segi_fail_nomem(s->err) : status;
}

seg_status segi_salvage_strings(segi_salvage *s, const segi_strings *from, segi_strings *to,
                                segi_salvage_map *codes)
{
    uint32_t begin = 0;
    for (size_t i = 0; from && i < from->sheets.count; i++) {
        const segi_sheet *sheet = &from->sheets.items[i];
        seg_status status = strings_sheet(s, sheet, begin, false, to, codes);
        if (segi_salvage_lost(status))
            s->out->strings_lost += sheet->count;
        else
            SEGI_TRY(status);
        begin += sheet->count;
    }
    return SEG_OK;
}

/* ---- users ----------------------------------------------------------------------------------- */

/* The ids of one sheet; those of erased users are none. */
static seg_status users_intern(segi_salvage *s, const segi_ids *read, uint32_t count,
                               uint32_t *numbers)
{
    segi_ids *to = s->to->ids;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = segi_seq_get(&read->numbers, i);
        numbers[i] = UINT32_MAX;
        if (id != UINT64_MAX)
            SEGI_TRY(segi_ids_intern_numbers(to, &id, NULL, 1, to->strings.count, &numbers[i]));
    }
    return SEG_OK;
}

static seg_status users_numbers(segi_salvage *s, const segi_sheet *sheet, uint32_t begin)
{
    seg_error ignored = SEG_ERROR_INIT;
    segi_ids *read = segi_ids_create(&s->from->mem, SEG_ID_U64, s->from->key);
    seg_status status =
        read ? segi_load_numbers(s->from, read, sheet, &s->buf, &ignored) : SEG_E_NOMEM;
    if (status == SEG_OK) {
        uint32_t *numbers = segi_salvage_map_add(&s->users, &s->to->mem, begin, sheet->count);
        if (!numbers || users_intern(s, read, sheet->count, numbers) != SEG_OK)
            status = SEG_E_NOMEM;
    }
    segi_ids_destroy(read);
    return status == SEG_E_NOMEM ? segi_fail_nomem(s->err) : status;
}

static seg_status users_ids(segi_salvage *s)
{
    const segi_ids *ids = s->from->ids;
    uint32_t begin = 0;
    for (size_t i = 0; i < ids->strings.sheets.count; i++) {
        const segi_sheet *sheet = &ids->strings.sheets.items[i];
        seg_status status =
            ids->kind == SEG_ID_U64
                ? users_numbers(s, sheet, begin)
                : strings_sheet(s, sheet, begin, true, &s->to->ids->strings, &s->users);
        if (segi_salvage_lost(status))
            s->out->users_lost += sheet->count;
        else
            SEGI_TRY(status);
        begin += sheet->count;
    }
    s->to->user_count = s->to->ids->strings.count;
    return SEG_OK;
}

/* ---- values ---------------------------------------------------------------------------------- */

/* One attribute of the new store, and the chunk of the old one that is read for it. */
typedef struct values_work {
    segi_salvage *s;
    segi_attr *to;
    const segi_salvage_map *codes; /* NULL: values are no strings */
    uint32_t first;                /* user of the chunk */
} values_work;

/* A value of a user, behind those that wait; there is room. */
static void values_push(values_work *w, uint32_t row, uint8_t state, int64_t slot)
{
    segi_attr_pending *p = &w->to->pending;
    uint32_t user = segi_salvage_map_get(&w->s->users, w->first + row);
    if (user == UINT32_MAX)
        return;
    p->ordinals[p->count] = user;
    p->states[p->count] = state;
    p->slots[p->count++] = slot;
}

static void values_scalar(values_work *w, const segi_attr_chunk *chunk, uint32_t row)
{
    int64_t slot = 0;
    uint8_t state = segi_attr_chunk_get(chunk, row, &slot);
    if (state == SEG_VALUE_ABSENT)
        return;
    if (state == SEG_VALUE_SET && w->codes) {
        uint32_t code = segi_salvage_map_get(w->codes, (uint32_t)slot);
        if (code == UINT32_MAX)
            return;
        slot = code;
    }
    values_push(w, row, state, state == SEG_VALUE_SET ? slot : 0);
}

/* The elements that are left; a set of which none is, is lost. False when out of memory. */
static bool values_set(values_work *w, uint32_t row, uint8_t state, int64_t slot)
{
    segi_attr_pending *p = &w->to->pending;
    const uint32_t *set = (const uint32_t *)(uintptr_t)slot;
    if (state != SEG_VALUE_SET) {
        values_push(w, row, state, 0);
        return true;
    }
    if (!segi_grow(&w->s->to->mem, (void **)&p->codes, &p->code_capacity,
                   p->code_count + set[0] + (size_t)1, sizeof *p->codes))
        return false;
    uint32_t *to = p->codes + p->code_count, kept = 0;
    for (uint32_t i = 0; i < set[0]; i++) {
        uint32_t code = segi_salvage_map_get(w->codes, set[1 + i]);
        if (code != UINT32_MAX)
            to[1 + kept++] = code;
    }
    if (kept == 0 && set[0] > 0)
        return true;
    to[0] = (uint32_t)segi_sort_unique(to + 1, kept);
    values_push(w, row, SEG_VALUE_SET, (int64_t)p->code_count);
    p->code_count += to[0] + (size_t)1;
    return true;
}

/* The base first; what the patch says comes later and counts. */
static bool values_sets(values_work *w, const segi_attr_chunk *chunk)
{
    segi_scratch *scratch = &w->s->from->scratch;
    size_t rows = (size_t)chunk->rows + chunk->patch_count;
    int64_t *slots = segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, rows + 1, sizeof *slots);
    if (!slots || !segi_sets_decode(scratch, chunk, slots))
        return false;
    for (uint32_t row = 0; row < chunk->rows; row++) {
        bool set = segi_col_is_set(&chunk->col, row);
        if (!set && !segi_col_is_null(&chunk->col, row))
            continue;
        if (!values_set(w, row, set ? SEG_VALUE_SET : SEG_VALUE_NULL, slots[row]))
            return false;
    }
    for (uint32_t i = 0; i < chunk->patch_count; i++)
        if (!values_set(w, chunk->patch_rows[i], chunk->patch_states[i], slots[chunk->rows + i]))
            return false;
    return true;
}

static uint32_t chunk_rows(const segi_attr_chunk *chunk)
{
    uint32_t rows = chunk->rows;
    if (chunk->patch_count > 0 && chunk->patch_rows[chunk->patch_count - 1] >= rows)
        rows = chunk->patch_rows[chunk->patch_count - 1] + 1u;
    return rows;
}

/* Chunk by chunk, so that little waits. */
static seg_status values_chunk(values_work *w, const segi_attr_chunk *chunk)
{
    const segi_mem *mem = &w->s->to->mem;
    uint32_t rows = chunk_rows(chunk);
    bool good = segi_attr_reserve(w->to, mem, rows + (size_t)chunk->patch_count);
    if (good && w->to->type == SEG_TYPE_STRING_SET)
        good = values_sets(w, chunk);
    else if (good)
        for (uint32_t row = 0; row < rows; row++)
            values_scalar(w, chunk, row);
    segi_attr_accept(w->to);
    if (!good || !segi_attr_fold(w->to, mem, &w->s->to->scratch))
        return segi_fail_nomem(w->s->err);
    return SEG_OK;
}

/* Nobody knows since when these users exist: then they always did. */
static seg_status values_always(values_work *w)
{
    const segi_mem *mem = &w->s->to->mem;
    uint32_t rows = w->s->from->user_count - w->first;
    rows = rows < SEGI_CHUNK_USERS ? rows : SEGI_CHUNK_USERS;
    if (!segi_attr_reserve(w->to, mem, rows))
        return segi_fail_nomem(w->s->err);
    for (uint32_t row = 0; row < rows; row++)
        values_push(w, row, SEG_VALUE_SET, SEG_TIME_MIN);
    segi_attr_accept(w->to);
    return segi_attr_fold(w->to, mem, &w->s->to->scratch) ? SEG_OK : segi_fail_nomem(w->s->err);
}

static seg_status values_copy(values_work *w, const segi_attr_absent *absent)
{
    segi_salvage *s = w->s;
    for (uint32_t i = 0; absent && i < absent->block_count; i++) {
        segi_attr_chunk *chunk = NULL;
        seg_error ignored = SEG_ERROR_INIT;
        if (absent->blocks[i] == 0)
            continue;
        w->first = i << SEGI_CHUNK_BITS;
        seg_status status =
            segi_load_chunk(s->from, absent, i, absent->blocks[i], &s->buf, &chunk, &ignored);
        if (status == SEG_OK) {
            status = values_chunk(w, chunk);
            segi_attr_chunk_release(&s->from->mem, chunk);
        } else if (segi_salvage_lost(status)) {
            s->out->attributes_lost++;
            status = w->to == &s->to->exists ? values_always(w) : SEG_OK;
        } else {
            status = segi_fail_nomem(s->err);
        }
        SEGI_TRY(status);
    }
    return SEG_OK;
}

seg_status segi_salvage_users(segi_salvage *s)
{
    values_work work = {.s = s, .to = &s->to->exists};
    SEGI_TRY(users_ids(s));
    return values_copy(&work, s->from->exists.absent);
}

static seg_status values_attribute(segi_salvage *s, size_t index)
{
    const segi_attr *from = &s->from->attrs[index];
    segi_salvage_map codes = {0};
    values_work work = {.s = s, .to = segi_store_attr(s->to, s->to->schema->attributes[index])};
    if (!work.to)
        return segi_fail_nomem(s->err);
    work.codes = from->dict ? &codes : NULL;
    seg_status status =
        from->dict ? segi_salvage_strings(s, from->dict, work.to->dict, &codes) : SEG_OK;
    if (status == SEG_OK)
        status = values_copy(&work, from->absent);
    segi_salvage_map_deinit(&codes, &s->to->mem);
    return status;
}

seg_status segi_salvage_attributes(segi_salvage *s)
{
    for (size_t i = 0; i < s->from->attr_count; i++)
        SEGI_TRY(values_attribute(s, i));
    return SEG_OK;
}
