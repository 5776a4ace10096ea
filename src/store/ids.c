/* User ids <-> ordinals: see ids.h. Numbers share the table and its rules with strings, but lie
 * in an array by ordinal instead of records. */
#include "store/ids.h"

#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"

#define IDS_BLOCK SEGI_STRINGS_BLOCK

segi_ids *segi_ids_create(const segi_mem *mem, uint32_t kind, const uint64_t key[2])
{
    segi_ids *ids = segi_alloc_zero(mem, sizeof *ids);
    if (!ids)
        return NULL;
    ids->kind = kind;
    if (!segi_strings_init(&ids->strings, mem, key, SEG_USERS_MAX)) {
        segi_free(mem, ids);
        return NULL;
    }
    return ids;
}

void segi_ids_destroy(segi_ids *ids)
{
    if (!ids)
        return;
    const segi_mem *mem = ids->strings.mem;
    segi_seq_deinit(&ids->numbers, mem);
    segi_strings_deinit(&ids->strings);
    segi_free(mem, ids);
}

size_t segi_ids_bytes(const segi_ids *ids)
{
    return segi_strings_bytes(&ids->strings) + ids->numbers.bytes;
}

/* After a failed commit: ids from `count` on were never given. */
void segi_ids_undo(segi_ids *ids, uint32_t count)
{
    if (ids->kind == SEG_ID_BYTES) {
        segi_strings_undo(&ids->strings, count);
    } else if (ids->strings.count > count) {
        segi_table_undo(ids->strings.table, count);
        ids->strings.count = count;
    }
}

/* ---- forgetting ------------------------------------------------------------------------------ */

/* UINT64_MAX is the mark of an erased one. */
static bool ids_keeps(const void *context, uint32_t ordinal)
{
    const segi_ids *ids = context;
    return segi_seq_get(&ids->numbers, ordinal) != UINT64_MAX;
}

/* Ordinals stay, so the array keeps its length and the erased ones get their mark. */
static bool ids_copy_numbers(const segi_ids *from, segi_ids *to, const uint64_t *dead)
{
    segi_strings *s = &to->strings;
    if (!segi_sheets_copy(&s->sheets, &from->strings.sheets, s->mem))
        return false;
    segi_sheets_touch(&s->sheets, dead);
    for (; s->count < from->strings.count; s->count++) {
        bool gone = segi_bit_get(dead, s->count);
        uint64_t number = gone ? UINT64_MAX : segi_seq_get(&from->numbers, s->count);
        if (!segi_seq_set(&to->numbers, s->mem, s->count, number))
            return false;
    }
    s->table = segi_table_filter(from->strings.table, ids_keeps, to);
    return s->table != NULL;
}

static bool ids_without_strings(const segi_ids *from, segi_ids *to, const uint64_t *dead)
{
    uint64_t forgotten;
    segi_strings *strings = segi_strings_without(&from->strings, dead, &forgotten);
    if (!strings)
        return false;
    to->strings = *strings;
    segi_free(strings->mem, strings);
    return true;
}

static bool ids_without_numbers(const segi_ids *from, segi_ids *to, const uint64_t *dead)
{
    const segi_strings *s = &from->strings;
    to->strings = (segi_strings){.mem = s->mem,
                                 .key = {s->key[0], s->key[1]},
                                 .record_count = s->record_count,
                                 .count_max = s->count_max};
    if (ids_copy_numbers(from, to, dead))
        return true;
    segi_seq_deinit(&to->numbers, s->mem);
    segi_strings_deinit(&to->strings);
    return false;
}

/* A copy: snapshots look ids up in the present one, so it is swapped whole. */
segi_ids *segi_ids_without(const segi_ids *ids, const uint64_t *dead)
{
    const segi_mem *mem = ids->strings.mem;
    segi_ids *next = segi_alloc_zero(mem, sizeof *next);
    if (!next)
        return NULL;
    next->kind = ids->kind;
    if (ids->kind == SEG_ID_BYTES ? !ids_without_strings(ids, next, dead)
                                  : !ids_without_numbers(ids, next, dead)) {
        segi_free(mem, next);
        return NULL;
    }
    /* Readers from before the ids were loaded take their table from here, see load.c. */
    if (ids->strings.loaded) {
        next->strings.loaded = next->strings.table;
        segi_table_retain(next->strings.loaded);
    }
    return next;
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Events come grouped by user more often than not, so a run of equal ids asks the table once. */
seg_status segi_ids_intern_bytes(segi_ids *ids, const char *bytes, const uint64_t *offsets,
                                 const uint32_t *rows, size_t count, uint32_t *out)
{
    const char *texts[IDS_BLOCK];
    uint32_t sizes[IDS_BLOCK], found[IDS_BLOCK];
    size_t done = 0;
    while (done < count) {
        size_t next = done, block = 0;
        /* out[] first takes the place within the block: rows that repeat the id of the row
         * before share one. */
        for (; next < count; next++) {
            size_t row = rows ? rows[next] : next;
            const char *text = bytes + offsets[row];
            uint32_t size = (uint32_t)(offsets[row + 1] - offsets[row]);
            bool same =
                block > 0 && sizes[block - 1] == size && memcmp(texts[block - 1], text, size) == 0;
            if (!same && block == IDS_BLOCK)
                break;
            if (!same) {
                texts[block] = text;
                sizes[block++] = size;
            }
            out[next] = (uint32_t)(block - 1);
        }
        seg_status status = segi_strings_intern(&ids->strings, texts, sizes, block, found);
        if (status != SEG_OK)
            return status;
        for (; done < next; done++)
            out[done] = found[out[done]];
    }
    return SEG_OK;
}

void segi_ids_find_bytes(const segi_ids *ids, const segi_table *table, uint32_t limit,
                         const char *bytes, const uint64_t *offsets, size_t count, uint32_t *out)
{
    const char *texts[IDS_BLOCK];
    uint32_t sizes[IDS_BLOCK];
    for (size_t done = 0; done < count; done += IDS_BLOCK) {
        size_t block = count - done < IDS_BLOCK ? count - done : IDS_BLOCK;
        for (size_t i = 0; i < block; i++) {
            uint64_t size = offsets[done + i + 1] - offsets[done + i];
            texts[i] = bytes + offsets[done + i];
            /* An id that is too long is in no table; a size that no record has says so. */
            sizes[i] = size <= SEG_ID_SIZE_MAX ? (uint32_t)size : 0;
        }
        segi_strings_find(&ids->strings, table, limit, texts, sizes, block, out + done);
    }
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* The upper half of a keyed hash. */
static uint32_t ids_tag(const segi_ids *ids, uint64_t number)
{
    return (uint32_t)(segi_siphash_u64(ids->strings.key, number) >> 32);
}

/* At most SEGI_TABLE_PROBES_MAX looks. */
static uint32_t ids_search(const segi_ids *ids, const segi_table *table, uint32_t limit,
                           uint32_t tag, uint64_t number)
{
    for (uint32_t probe = 0; probe < SEGI_TABLE_PROBES_MAX; probe++) {
        uint64_t slot = segi_table_slot(table, tag, probe);
        if (slot == 0)
            break;
        uint32_t ordinal = segi_table_ordinal(slot);
        if (segi_table_matches(slot, tag) && ordinal < limit &&
            segi_seq_get(&ids->numbers, ordinal) == number)
            return ordinal;
    }
    return UINT32_MAX;
}

/* The next ordinal. The number is there before the table points to it, as readers follow without
 * a lock. */
static seg_status ids_add(segi_ids *ids, uint32_t tag, uint64_t number, uint32_t settled,
                          uint32_t *out)
{
    segi_strings *s = &ids->strings;
    if (s->count >= s->count_max)
        return SEG_E_LIMIT;
    if (!segi_table_reserve(&s->table, s->count, settled) ||
        !segi_seq_set(&ids->numbers, s->mem, s->count, number))
        return SEG_E_NOMEM;
    while (!segi_table_put(s->table, tag, s->count))
        if (!segi_table_grow(&s->table, settled))
            return SEG_E_NOMEM;
    *out = s->count++;
    return SEG_OK;
}

/* The tags of a block and its most likely ordinals, UINT32_MAX where the whole search is needed.
 * Each loop only begins to fetch what the next one reads, so that the misses overlap. */
static void ids_touch(const segi_ids *ids, const segi_table *table, uint32_t limit,
                      const uint64_t *numbers, size_t count, uint32_t *tags, uint32_t *out)
{
    for (size_t i = 0; i < count; i++) {
        tags[i] = ids_tag(ids, numbers[i]);
        segi_table_prefetch(table, tags[i]);
    }
    for (size_t i = 0; i < count; i++) {
        out[i] = segi_table_candidate(table, limit, tags[i]);
        if (out[i] != UINT32_MAX)
            segi_prefetch(segi_seq_at(&ids->numbers, out[i]));
    }
    for (size_t i = 0; i < count; i++)
        if (out[i] != UINT32_MAX && segi_seq_get(&ids->numbers, out[i]) != numbers[i])
            out[i] = UINT32_MAX;
}

seg_status segi_ids_intern_numbers(segi_ids *ids, const uint64_t *numbers, const uint32_t *rows,
                                   size_t count, uint32_t settled, uint32_t *out)
{
    uint64_t block[IDS_BLOCK];
    uint32_t tags[IDS_BLOCK];
    for (size_t done = 0; done < count; done += IDS_BLOCK) {
        size_t size = count - done < IDS_BLOCK ? count - done : IDS_BLOCK;
        for (size_t i = 0; i < size; i++)
            block[i] = numbers[rows ? rows[done + i] : done + i];
        ids_touch(ids, ids->strings.table, ids->strings.count, block, size, tags, out + done);
        for (size_t i = 0; i < size; i++) {
            if (out[done + i] != UINT32_MAX)
                continue;
            out[done + i] =
                ids_search(ids, ids->strings.table, ids->strings.count, tags[i], block[i]);
            if (out[done + i] != UINT32_MAX)
                continue;
            seg_status status = ids_add(ids, tags[i], block[i], settled, &out[done + i]);
            if (status != SEG_OK)
                return status;
        }
    }
    return SEG_OK;
}

void segi_ids_find_numbers(const segi_ids *ids, const segi_table *table, uint32_t limit,
                           const uint64_t *numbers, size_t count, uint32_t *out)
{
    uint32_t tags[IDS_BLOCK];
    for (size_t done = 0; done < count; done += IDS_BLOCK) {
        size_t size = count - done < IDS_BLOCK ? count - done : IDS_BLOCK;
        ids_touch(ids, table, limit, numbers + done, size, tags, out + done);
        for (size_t i = 0; i < size; i++)
            if (out[done + i] == UINT32_MAX)
                out[done + i] = ids_search(ids, table, limit, tags[i], numbers[done + i]);
    }
}

/* ---- from a file ----------------------------------------------------------------------------- */

seg_status segi_ids_append_number(segi_ids *ids, uint64_t number)
{
    segi_strings *s = &ids->strings;
    if (!segi_seq_set(&ids->numbers, s->mem, s->record_count, number))
        return SEG_E_NOMEM;
    s->record_count++;
    return SEG_OK;
}

/* A number that stands twice is damage. In blocks, so that the misses overlap. */
static seg_status ids_index_numbers(const segi_ids *ids, segi_table *table)
{
    uint64_t numbers[IDS_BLOCK];
    uint32_t tags[IDS_BLOCK];
    for (uint32_t done = 0, size; done < ids->strings.count; done += size) {
        size = ids->strings.count - done < IDS_BLOCK ? ids->strings.count - done : IDS_BLOCK;
        segi_seq_copy(&ids->numbers, done, size, numbers);
        for (uint32_t i = 0; i < size; i++) {
            tags[i] = ids_tag(ids, numbers[i]);
            segi_table_prefetch(table, tags[i]);
        }
        for (uint32_t i = 0; i < size; i++) {
            if (numbers[i] == UINT64_MAX)
                continue;
            if (ids_search(ids, table, UINT32_MAX, tags[i], numbers[i]) != UINT32_MAX)
                return SEG_E_CORRUPT;
            if (!segi_table_put(table, tags[i], done + i))
                return SEG_E_LIMIT;
        }
    }
    return SEG_OK;
}

/* A table that some run of probes does not fit into is made again, larger. */
seg_status segi_ids_index(segi_ids *ids)
{
    segi_strings *s = &ids->strings;
    if (ids->kind == SEG_ID_BYTES)
        return segi_strings_index(s);
    for (uint32_t bits = segi_table_bits(s->count); bits <= SEGI_TABLE_BITS_MAX; bits++) {
        segi_table *table = segi_table_create(s->mem, bits);
        seg_status status = table ? ids_index_numbers(ids, table) : SEG_E_NOMEM;
        if (status == SEG_OK) {
            segi_table_release(s->table);
            s->table = table;
            return SEG_OK;
        }
        segi_table_release(table);
        if (status != SEG_E_LIMIT)
            return status;
    }
    return SEG_E_NOMEM;
}
