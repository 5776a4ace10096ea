/* Interned strings: see strings.h. */
#include "store/strings.h"

#include "base/error.h"
#include "base/hash.h"

#define STRINGS_BLOCK_MIN ((size_t)1 << 10)
#define STRINGS_BLOCK_MAX ((size_t)1 << 20)

struct segi_text_block {
    segi_text_block *older;
    size_t used, capacity;
    unsigned char bytes[];
};

static uint32_t strings_tag(const segi_strings *strings, const char *text, uint32_t size)
{
    return (uint32_t)(segi_siphash(strings->key, text, size) >> 32);
}

static const unsigned char *strings_record(const segi_strings *strings, uint32_t ordinal)
{
    return (const unsigned char *)(uintptr_t)segi_seq_get(&strings->records, ordinal);
}

static bool strings_equal(const unsigned char *record, const char *text, uint32_t size)
{
    uint16_t record_size;
    memcpy(&record_size, record, sizeof record_size);
    return record_size == size && (size == 0 || memcmp(record + 2, text, size) == 0);
}

/* Entries from `count` on are not looked at: another thread may be writing them. */
static uint32_t strings_search(const segi_strings *strings, const segi_table *table, uint32_t count,
                               uint32_t tag, const char *text, uint32_t size)
{
    for (uint32_t probe = 0; probe < SEGI_TABLE_PROBES_MAX; probe++) {
        uint64_t slot = segi_table_slot(table, tag, probe);
        if (slot == 0)
            break;
        if (!segi_table_matches(slot, tag))
            continue;
        uint32_t ordinal = segi_table_ordinal(slot);
        if (ordinal < count && strings_equal(strings_record(strings, ordinal), text, size))
            return ordinal;
    }
    return UINT32_MAX;
}

/* Find the candidate of each tag and bring its record into the cache. Each loop makes one kind of
 * access for the whole block and uses nothing of it but a sum, so that the misses overlap. */
static void strings_touch(const segi_strings *strings, const segi_table *table, uint32_t count,
                          const uint32_t *tags, const uint32_t *sizes, size_t tag_count,
                          uint32_t *ordinals)
{
    const unsigned char *records[SEGI_STRINGS_BLOCK];
    static const unsigned char none[2] = {0, 0};
    uint64_t sum = 0;
    for (size_t i = 0; i < tag_count; i++)
        sum += segi_table_slot(table, tags[i], 0);
    for (size_t i = 0; i < tag_count; i++)
        ordinals[i] = segi_table_candidate(table, count, tags[i]);
    for (size_t i = 0; i < tag_count; i++)
        records[i] = ordinals[i] != UINT32_MAX ? strings_record(strings, ordinals[i]) : none;
    for (size_t i = 0; i < tag_count; i++)
        sum += records[i][0];
    /* A record may reach into the next cache line. */
    for (size_t i = 0; i < tag_count; i++) {
        uint16_t size;
        memcpy(&size, records[i], sizeof size);
        sum += records[i][size == sizes[i] ? size : 0];
    }
    volatile uint64_t sink = sum;
    (void)sink;
}

void segi_strings_find(const segi_strings *strings, const segi_table *table, uint32_t count,
                       const char *const *texts, const uint32_t *sizes, size_t text_count,
                       uint32_t *out)
{
    uint32_t tags[SEGI_STRINGS_BLOCK] = {0}, ordinals[SEGI_STRINGS_BLOCK];
    SEGI_ASSERT(text_count <= SEGI_STRINGS_BLOCK);
    for (size_t i = 0; i < text_count; i++)
        tags[i] = strings_tag(strings, texts[i], sizes[i]);
    if (text_count > 1)
        strings_touch(strings, table, count, tags, sizes, text_count, ordinals);
    else
        ordinals[0] = UINT32_MAX;
    for (size_t i = 0; i < text_count; i++) {
        out[i] = ordinals[i];
        if (ordinals[i] == UINT32_MAX ||
            !strings_equal(strings_record(strings, ordinals[i]), texts[i], sizes[i]))
            out[i] = strings_search(strings, table, count, tags[i], texts[i], sizes[i]);
    }
}

/* ---- interning ------------------------------------------------------------------------------- */

static unsigned char *strings_text_alloc(segi_strings *strings, size_t size)
{
    segi_text_block *block = strings->blocks;
    if (!block || block->capacity - block->used < size) {
        size_t capacity = block ? block->capacity * 2 : STRINGS_BLOCK_MIN;
        capacity = capacity < STRINGS_BLOCK_MAX ? capacity : STRINGS_BLOCK_MAX;
        capacity = capacity > size ? capacity : size;
        block = segi_alloc(strings->mem, sizeof *block + capacity);
        if (!block)
            return NULL;
        block->older = strings->blocks;
        block->used = 0;
        block->capacity = capacity;
        strings->blocks = block;
        strings->text_bytes += sizeof *block + capacity;
    }
    unsigned char *bytes = block->bytes + block->used;
    block->used += size;
    return bytes;
}

static seg_status strings_add(segi_strings *strings, uint32_t tag, const char *text, uint32_t size,
                              uint32_t settled, uint32_t *out)
{
    uint32_t ordinal = strings->count;
    uint16_t record_size = (uint16_t)size;
    if (ordinal >= strings->count_max)
        return SEG_E_LIMIT;
    if (!segi_table_reserve(&strings->table, ordinal, settled))
        return SEG_E_NOMEM;
    unsigned char *record = strings_text_alloc(strings, (size_t)size + sizeof record_size);
    if (!record)
        return SEG_E_NOMEM;
    memcpy(record, &record_size, sizeof record_size);
    if (size > 0)
        memcpy(record + sizeof record_size, text, size);
    if (!segi_seq_set(&strings->records, strings->mem, ordinal, (uintptr_t)record))
        return SEG_E_NOMEM;
    while (!segi_table_put(strings->table, tag, ordinal))
        if (!segi_table_grow(&strings->table, settled))
            return SEG_E_NOMEM;
    strings->count++;
    *out = ordinal;
    return SEG_OK;
}

seg_status segi_strings_intern(segi_strings *strings, const char *const *texts,
                               const uint32_t *sizes, size_t count, uint32_t settled, uint32_t *out)
{
    uint32_t tags[SEGI_STRINGS_BLOCK] = {0}, ordinals[SEGI_STRINGS_BLOCK];
    SEGI_ASSERT(count <= SEGI_STRINGS_BLOCK);
    for (size_t i = 0; i < count; i++)
        tags[i] = strings_tag(strings, texts[i], sizes[i]);
    strings_touch(strings, strings->table, strings->count, tags, sizes, count, ordinals);
    for (size_t i = 0; i < count; i++) {
        out[i] = ordinals[i];
        if (out[i] != UINT32_MAX &&
            strings_equal(strings_record(strings, out[i]), texts[i], sizes[i]))
            continue;
        out[i] =
            strings_search(strings, strings->table, strings->count, tags[i], texts[i], sizes[i]);
        if (out[i] != UINT32_MAX)
            continue;
        seg_status status = strings_add(strings, tags[i], texts[i], sizes[i], settled, &out[i]);
        if (status != SEG_OK)
            return status;
    }
    return SEG_OK;
}

segi_strings_mark segi_strings_position(const segi_strings *strings)
{
    segi_text_block *block = strings->blocks;
    return (segi_strings_mark){block, block ? block->used : 0, strings->count};
}

void segi_strings_undo(segi_strings *strings, segi_strings_mark mark)
{
    if (strings->count == mark.count && strings->blocks == mark.block)
        return;
    segi_table_undo(strings->table, mark.count);
    strings->count = mark.count;
    while (strings->blocks != mark.block) {
        segi_text_block *block = strings->blocks;
        strings->blocks = block->older;
        strings->text_bytes -= sizeof *block + block->capacity;
        segi_free(strings->mem, block);
    }
    if (strings->blocks)
        strings->blocks->used = mark.used;
}

/* ---- the rest -------------------------------------------------------------------------------- */

const char *segi_strings_get(const segi_strings *strings, uint32_t ordinal, size_t *out_size)
{
    const unsigned char *record = strings_record(strings, ordinal);
    uint16_t size;
    memcpy(&size, record, sizeof size);
    *out_size = size;
    return (const char *)record + sizeof size;
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

void segi_strings_deinit(segi_strings *strings)
{
    while (strings->blocks) {
        segi_text_block *block = strings->blocks;
        strings->blocks = block->older;
        segi_free(strings->mem, block);
    }
    segi_seq_deinit(&strings->records, strings->mem);
    segi_table_release(strings->table);
    strings->table = NULL;
}

size_t segi_strings_bytes(const segi_strings *strings)
{
    return segi_table_bytes(strings->table) + strings->records.bytes + strings->text_bytes;
}
