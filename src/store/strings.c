/* Interned strings: see strings.h. */
#include "store/strings.h"

#include "base/bits.h"
#include "base/error.h"
#include "base/hash.h"

#define STRINGS_BLOCK_MIN ((size_t)1 << 10)
#define STRINGS_BLOCK_MAX ((size_t)1 << 20)
/* The place of a record: its block's number, then its offset there in units of 8 bytes. */
#define STRINGS_UNIT 8
#define STRINGS_OFFSET_BITS 17
#define STRINGS_BLOCKS_MAX (((uint32_t)1 << (32 - STRINGS_OFFSET_BITS)) - 1)
#define STRINGS_NO_ORDINAL UINT32_MAX

typedef struct strings_record {
    /* Changes after the record was published only if a commit fails, from a number that no reader
     * accepts to none, and back when the string comes again. */
    _Atomic uint32_t ordinal;
    uint16_t size;
    char bytes[];
} strings_record;

struct segi_text_block {
    atomic_uint refs; /* one per segi_strings that it belongs to */
    size_t used, capacity;
    unsigned char bytes[];
};

static uint32_t strings_tag(const segi_strings *strings, const char *text, uint32_t size)
{
    return (uint32_t)(segi_siphash(strings->key, text, size) >> 32);
}

static strings_record *strings_at(const segi_strings *strings, uint32_t place)
{
    uint64_t block = segi_seq_get(&strings->blocks, place >> STRINGS_OFFSET_BITS);
    size_t offset = place & (((uint32_t)1 << STRINGS_OFFSET_BITS) - 1);
    return (strings_record *)((uintptr_t)block + offset * STRINGS_UNIT);
}

static bool strings_equal(const strings_record *record, const char *text, uint32_t size)
{
    return record->size == size && (size == 0 || memcmp(record->bytes, text, size) == 0);
}

static uint32_t strings_ordinal(const strings_record *record)
{
    return atomic_load_explicit(&record->ordinal, memory_order_relaxed);
}

static strings_record *strings_search(const segi_strings *strings, const segi_table *table,
                                      uint32_t tag, const char *text, uint32_t size)
{
    for (uint32_t probe = 0; probe < SEGI_TABLE_PROBES_MAX; probe++) {
        uint64_t slot = segi_table_slot(table, tag, probe);
        if (slot == 0)
            break;
        if (!segi_table_matches(slot, tag))
            continue;
        strings_record *record = strings_at(strings, segi_table_ordinal(slot));
        if (strings_equal(record, text, size))
            return record;
    }
    return NULL;
}

/* The tags of a block of texts and the records that they most likely have, NULL where there is
 * none. Each loop only begins to fetch what the next one reads, so that the misses overlap. */
static void strings_touch(const segi_strings *strings, const segi_table *table,
                          const char *const *texts, const uint32_t *sizes, size_t count,
                          uint32_t *tags, strings_record **records)
{
    for (size_t i = 0; i < count; i++) {
        tags[i] = strings_tag(strings, texts[i], sizes[i]);
        segi_table_prefetch(table, tags[i]);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t place = segi_table_candidate(table, UINT32_MAX, tags[i]);
        records[i] = place != UINT32_MAX ? strings_at(strings, place) : NULL;
        if (!records[i])
            continue;
        /* A record may reach into the next cache line. */
        segi_prefetch(records[i]);
        segi_prefetch(records[i]->bytes + sizes[i]);
    }
}

void segi_strings_find(const segi_strings *strings, const segi_table *table, uint32_t count,
                       const char *const *texts, const uint32_t *sizes, size_t text_count,
                       uint32_t *out)
{
    uint32_t tags[SEGI_STRINGS_BLOCK];
    strings_record *records[SEGI_STRINGS_BLOCK];
    SEGI_ASSERT(text_count <= SEGI_STRINGS_BLOCK);
    strings_touch(strings, table, texts, sizes, text_count, tags, records);
    for (size_t i = 0; i < text_count; i++) {
        strings_record *record = records[i];
        if (!record || !strings_equal(record, texts[i], sizes[i]))
            record = strings_search(strings, table, tags[i], texts[i], sizes[i]);
        uint32_t ordinal = record ? strings_ordinal(record) : STRINGS_NO_ORDINAL;
        out[i] = ordinal < count ? ordinal : UINT32_MAX;
    }
}

/* ---- blocks ---------------------------------------------------------------------------------- */

static size_t strings_record_bytes(size_t size)
{
    return (sizeof(strings_record) + size + STRINGS_UNIT - 1) / STRINGS_UNIT * STRINGS_UNIT;
}

/* Sequences keep integers: the address of the block's bytes. */
static segi_text_block *strings_block(const segi_strings *strings, uint32_t number)
{
    uint64_t bytes = segi_seq_get(&strings->blocks, number);
    return (segi_text_block *)((uintptr_t)bytes - offsetof(segi_text_block, bytes));
}

static segi_text_block *strings_block_create(const segi_mem *mem, size_t capacity)
{
    segi_text_block *block = segi_alloc(mem, sizeof *block + capacity);
    if (!block)
        return NULL;
    atomic_init(&block->refs, 1);
    block->used = 0;
    block->capacity = capacity;
    return block;
}

/* Dictionaries before and after an erasure share the blocks that did not change. */
static void strings_block_release(const segi_mem *mem, segi_text_block *block)
{
    if (atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1)
        segi_free(mem, block);
}

/* Takes the block, also on failure. */
static bool strings_push_block(segi_strings *strings, segi_text_block *block)
{
    if (!segi_seq_set(&strings->blocks, strings->mem, strings->block_count,
                      (uintptr_t)block->bytes)) {
        strings_block_release(strings->mem, block);
        return false;
    }
    strings->newest = block;
    strings->block_count++;
    strings->text_bytes += sizeof *block + block->capacity;
    return true;
}

/* ---- interning ------------------------------------------------------------------------------- */

/* A new block with room for a record of `size` bytes. */
static bool strings_add_block(segi_strings *strings, size_t size)
{
    size_t capacity = strings->newest ? strings->newest->capacity * 2 : STRINGS_BLOCK_MIN;
    capacity = capacity < STRINGS_BLOCK_MAX ? capacity : STRINGS_BLOCK_MAX;
    capacity = capacity > size ? capacity : size;
    segi_text_block *block = strings_block_create(strings->mem, capacity);
    return block && strings_push_block(strings, block);
}

/* Give a record the next number. */
static seg_status strings_number(segi_strings *strings, strings_record *record, uint32_t *out)
{
    if (strings->count >= strings->count_max)
        return SEG_E_LIMIT;
    if (!segi_seq_set(&strings->records, strings->mem, strings->count, (uintptr_t)record))
        return SEG_E_NOMEM;
    *out = strings->count++;
    atomic_store_explicit(&record->ordinal, *out, memory_order_relaxed);
    return SEG_OK;
}

/* A record behind all others, which counts once its bytes are added to its block's. */
static seg_status strings_new_record(segi_strings *strings, const char *text, uint32_t size,
                                     uint32_t *out_place)
{
    size_t bytes = strings_record_bytes(size);
    if (!strings->newest || strings->newest->capacity - strings->newest->used < bytes) {
        if (strings->block_count >= STRINGS_BLOCKS_MAX)
            return SEG_E_LIMIT;
        if (!strings_add_block(strings, bytes))
            return SEG_E_NOMEM;
    }
    uint32_t unit = (uint32_t)(strings->newest->used / STRINGS_UNIT);
    *out_place = (strings->block_count - 1) << STRINGS_OFFSET_BITS | unit;
    strings_record *record = strings_at(strings, *out_place);
    record->size = (uint16_t)size;
    if (size > 0)
        memcpy(record->bytes, text, size);
    return SEG_OK;
}

/* Record, number, table: what fails is undone, and the bytes are cleared. */
static seg_status strings_add(segi_strings *strings, uint32_t tag, const char *text, uint32_t size,
                              uint32_t *out)
{
    uint32_t place = 0;
    if (!segi_table_reserve(&strings->table, strings->record_count, UINT32_MAX))
        return SEG_E_NOMEM;
    seg_status status = strings_new_record(strings, text, size, &place);
    if (status != SEG_OK)
        return status;
    strings_record *record = strings_at(strings, place);
    status = strings_number(strings, record, out);
    while (status == SEG_OK && !segi_table_put(strings->table, tag, place))
        if (!segi_table_grow(&strings->table, UINT32_MAX)) {
            strings->count--;
            status = SEG_E_NOMEM;
        }
    if (status != SEG_OK) {
        /* No record is there: what would be erased with one must not be left either. */
        memset(record, 0, strings_record_bytes(size));
        return status;
    }
    strings->newest->used += strings_record_bytes(size);
    strings->record_count++;
    return SEG_OK;
}

/* For reading files: numbers in order, the table is made afterwards by segi_strings_index(). */
seg_status segi_strings_append(segi_strings *strings, const char *text, uint32_t size)
{
    uint32_t place, number = strings->record_count + strings->forgotten;
    seg_status status = strings_new_record(strings, text, size, &place);
    if (status != SEG_OK)
        return status;
    strings_record *record = strings_at(strings, place);
    if (!segi_seq_set(&strings->records, strings->mem, number, (uintptr_t)record))
        return SEG_E_NOMEM;
    atomic_store_explicit(&record->ordinal, number, memory_order_relaxed);
    strings->newest->used += strings_record_bytes(size);
    strings->record_count++;
    return SEG_OK;
}

seg_status segi_strings_append_nothing(segi_strings *strings)
{
    uint32_t number = strings->record_count + strings->forgotten;
    if (!segi_seq_set(&strings->records, strings->mem, number, 0))
        return SEG_E_NOMEM;
    strings->forgotten++;
    return SEG_OK;
}

/* Put the records of one block into the table: SEG_E_LIMIT where it has no room. A file that has
 * a string twice is damaged. Some records at a time, so that the misses of the table overlap. */
static seg_status strings_index_block(const segi_strings *strings, segi_table *table,
                                      uint32_t number, size_t used)
{
    uint32_t tags[SEGI_STRINGS_BLOCK], places[SEGI_STRINGS_BLOCK];
    for (size_t at = 0; at < used;) {
        uint32_t count = 0;
        for (; at < used && count < SEGI_STRINGS_BLOCK; count++) {
            places[count] = number << STRINGS_OFFSET_BITS | (uint32_t)(at / STRINGS_UNIT);
            const strings_record *record = strings_at(strings, places[count]);
            tags[count] = strings_tag(strings, record->bytes, record->size);
            segi_table_prefetch(table, tags[count]);
            at += strings_record_bytes(record->size);
        }
        for (uint32_t i = 0; i < count; i++) {
            const strings_record *record = strings_at(strings, places[i]);
            if (strings_search(strings, table, tags[i], record->bytes, record->size))
                return SEG_E_CORRUPT;
            if (!segi_table_put(table, tags[i], places[i]))
                return SEG_E_LIMIT;
        }
    }
    return SEG_OK;
}

seg_status segi_strings_index(segi_strings *strings)
{
    uint32_t bits = segi_table_bits(strings->record_count);
    for (; bits <= SEGI_TABLE_BITS_MAX; bits++) {
        segi_table *table = segi_table_create(strings->mem, bits);
        seg_status status = table ? SEG_OK : SEG_E_NOMEM;
        for (uint32_t i = 0; status == SEG_OK && i < strings->block_count; i++)
            status = strings_index_block(strings, table, i, strings_block(strings, i)->used);
        if (status == SEG_OK) {
            segi_table_release(strings->table);
            strings->table = table;
            return SEG_OK;
        }
        segi_table_release(table);
        if (status != SEG_E_LIMIT)
            return status;
    }
    return SEG_E_NOMEM;
}

/* The numbers of a block of texts, made where they are new. The first walk touches all places so
 * that the misses of cache overlap; the second one decides. */
seg_status segi_strings_intern(segi_strings *strings, const char *const *texts,
                               const uint32_t *sizes, size_t count, uint32_t *out)
{
    uint32_t tags[SEGI_STRINGS_BLOCK];
    strings_record *records[SEGI_STRINGS_BLOCK];
    SEGI_ASSERT(count <= SEGI_STRINGS_BLOCK);
    strings_touch(strings, strings->table, texts, sizes, count, tags, records);
    for (size_t i = 0; i < count; i++) {
        strings_record *record = records[i];
        seg_status status = SEG_OK;
        /* Another text with the same tag, or one that came earlier in this block. */
        if (!record || !strings_equal(record, texts[i], sizes[i]))
            record = strings_search(strings, strings->table, tags[i], texts[i], sizes[i]);
        if (!record)
            status = strings_add(strings, tags[i], texts[i], sizes[i], &out[i]);
        else if (strings_ordinal(record) == STRINGS_NO_ORDINAL)
            status = strings_number(strings, record, &out[i]);
        else
            out[i] = strings_ordinal(record);
        if (status != SEG_OK)
            return status;
    }
    return SEG_OK;
}

/* Back to `count` numbers. The records stay in the table as strays and get a number again when
 * the text comes again. */
void segi_strings_undo(segi_strings *strings, uint32_t count)
{
    while (strings->count > count) {
        strings_record *record =
            (strings_record *)(uintptr_t)segi_seq_get(&strings->records, --strings->count);
        atomic_store_explicit(&record->ordinal, STRINGS_NO_ORDINAL, memory_order_relaxed);
    }
}

/* ---- forgetting ------------------------------------------------------------------------------ */

static bool strings_record_dead(const strings_record *record, const uint64_t *dead)
{
    uint32_t ordinal = strings_ordinal(record);
    return ordinal == STRINGS_NO_ORDINAL || segi_bit_get(dead, ordinal);
}

static strings_record *strings_record_in(const segi_text_block *block, size_t at)
{
    return (strings_record *)((uintptr_t)block->bytes + at);
}

/* A block without dead records is shared instead of copied. */
static bool strings_block_has_dead(const segi_text_block *block, const uint64_t *dead)
{
    for (size_t at = 0; at < block->used;) {
        const strings_record *record = strings_record_in(block, at);
        if (strings_record_dead(record, dead))
            return true;
        at += strings_record_bytes(record->size);
    }
    return false;
}

/* A copy in which dead records have their size, but neither bytes nor a number. */
static segi_text_block *strings_block_copy(const segi_mem *mem, const segi_text_block *from,
                                           const uint64_t *dead)
{
    segi_text_block *to = strings_block_create(mem, from->capacity);
    if (!to)
        return NULL;
    to->used = from->used;
    memset(to->bytes, 0, to->capacity);
    for (size_t at = 0; at < from->used;) {
        const strings_record *old = strings_record_in(from, at);
        strings_record *record = strings_record_in(to, at);
        bool gone = strings_record_dead(old, dead);
        atomic_init(&record->ordinal, gone ? STRINGS_NO_ORDINAL : strings_ordinal(old));
        record->size = old->size;
        if (!gone && old->size > 0)
            memcpy(record->bytes, old->bytes, old->size);
        at += strings_record_bytes(old->size);
    }
    return to;
}

/* Places stay what they were, so the table can be filtered instead of made anew. */
static bool strings_copy_blocks(const segi_strings *from, segi_strings *to, const uint64_t *dead)
{
    for (uint32_t i = 0; i < from->block_count; i++) {
        segi_text_block *block = strings_block(from, i);
        if (strings_block_has_dead(block, dead)) {
            block = strings_block_copy(to->mem, block, dead);
            if (!block)
                return false;
        } else {
            atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
        }
        if (!strings_push_block(to, block))
            return false;
    }
    return true;
}

/* Where the records of the copied blocks are, by number. */
static bool strings_list_records(segi_strings *strings)
{
    uint32_t known = 0;
    for (uint32_t i = 0; i < strings->count; i++)
        if (!segi_seq_set(&strings->records, strings->mem, i, 0))
            return false;
    for (uint32_t i = 0; i < strings->block_count; i++) {
        const segi_text_block *block = strings_block(strings, i);
        for (size_t at = 0; at < block->used;) {
            const strings_record *record = strings_record_in(block, at);
            uint32_t ordinal = strings_ordinal(record);
            at += strings_record_bytes(record->size);
            if (ordinal == STRINGS_NO_ORDINAL)
                continue;
            (void)segi_seq_set(&strings->records, strings->mem, ordinal, (uintptr_t)record);
            known++;
        }
    }
    strings->record_count = known;
    strings->forgotten = strings->count - known;
    return true;
}

/* Whether the record of a slot is there still. */
static bool strings_keeps(const void *context, uint32_t place)
{
    return strings_ordinal(strings_at(context, place)) != STRINGS_NO_ORDINAL;
}

/* A dictionary of its own; the old one stays as it is for those who still read it. */
segi_strings *segi_strings_without(const segi_strings *strings, const uint64_t *dead,
                                   uint64_t *out_forgotten)
{
    segi_strings *next = segi_alloc(strings->mem, sizeof *next);
    if (!next)
        return NULL;
    *next = (segi_strings){.mem = strings->mem,
                           .key = {strings->key[0], strings->key[1]},
                           .count = strings->count,
                           .count_max = strings->count_max};
    if (strings_copy_blocks(strings, next, dead) && strings_list_records(next) &&
        segi_sheets_copy(&next->sheets, &strings->sheets, strings->mem))
        next->table = segi_table_filter(strings->table, strings_keeps, next);
    if (!next->table) {
        segi_strings_destroy(next);
        return NULL;
    }
    segi_sheets_touch(&next->sheets, dead);
    *out_forgotten = next->forgotten - strings->forgotten;
    return next;
}

bool segi_strings_has_strays(const segi_strings *strings)
{
    return strings->record_count + strings->forgotten > strings->count;
}

/* ---- the rest -------------------------------------------------------------------------------- */

const char *segi_strings_get(const segi_strings *strings, uint32_t ordinal, size_t *out_size)
{
    const strings_record *record =
        (const strings_record *)(uintptr_t)segi_seq_get(&strings->records, ordinal);
    *out_size = record ? record->size : 0;
    return record ? record->bytes : "";
}

/* Records lie anywhere: the sizes of a block are read in a loop of their own, so that the misses
 * overlap. */
void segi_strings_list(const segi_strings *strings, const uint32_t *ordinals, size_t count,
                       segi_buf *bytes, uint64_t *out_ends)
{
    const strings_record *records[SEGI_STRINGS_BLOCK];
    for (size_t done = 0; done < count; done += SEGI_STRINGS_BLOCK) {
        size_t block = count - done < SEGI_STRINGS_BLOCK ? count - done : SEGI_STRINGS_BLOCK;
        uint64_t end = bytes->size;
        for (size_t i = 0; i < block; i++)
            records[i] = (const strings_record *)(uintptr_t)segi_seq_get(&strings->records,
                                                                         ordinals[done + i]);
        for (size_t i = 0; i < block; i++) {
            end += records[i] ? records[i]->size : 0;
            out_ends[done + i] = end;
        }
        if (!segi_buf_reserve(bytes, (size_t)end - bytes->size))
            return;
        for (size_t i = 0; i < block; i++) {
            size_t size = (size_t)out_ends[done + i] - bytes->size;
            if (size > 0)
                memcpy(bytes->data + bytes->size, records[i]->bytes, size);
            bytes->size += size;
        }
    }
}

bool segi_strings_init(segi_strings *strings, const segi_mem *mem, const uint64_t key[2],
                       uint32_t count_max)
{
    memset(strings, 0, sizeof *strings);
    strings->mem = mem;
    strings->key[0] = key[0];
    strings->key[1] = key[1];
    strings->count_max = count_max;
    strings->table = segi_table_create(mem, SEGI_TABLE_BITS_MIN);
    return strings->table != NULL;
}

void segi_strings_clear(segi_strings *strings)
{
    while (strings->block_count > 0)
        strings_block_release(strings->mem, strings_block(strings, --strings->block_count));
    strings->newest = NULL;
    segi_seq_deinit(&strings->blocks, strings->mem);
    segi_seq_deinit(&strings->records, strings->mem);
    strings->block_count = strings->record_count = strings->forgotten = 0;
    strings->text_bytes = 0;
}

void segi_strings_deinit(segi_strings *strings)
{
    segi_strings_clear(strings);
    segi_table_release(strings->table);
    segi_table_release(strings->loaded);
    strings->table = strings->loaded = NULL;
    segi_sheets_deinit(&strings->sheets, strings->mem);
}

void segi_strings_destroy(segi_strings *strings)
{
    if (!strings)
        return;
    segi_strings_deinit(strings);
    segi_free(strings->mem, strings);
}

size_t segi_strings_bytes(const segi_strings *strings)
{
    return segi_table_bytes(strings->table) + strings->records.bytes + strings->blocks.bytes +
           strings->text_bytes;
}
