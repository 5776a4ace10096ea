/* Hash table of tags and the arrays by ordinal beside it: see table.h.
 *
 * One writer at a time, any number of readers without a lock. An entry is one word of 64 bits
 * that is published whole, after the record it points to; a reader meets the old word or the new
 * one. Tables never lose entries under readers: what grows or shrinks is made anew beside the old
 * one, which snapshots still hold. */
#include "store/table.h"

#include "base/error.h"

segi_table *segi_table_create(const segi_mem *mem, uint32_t bits)
{
    size_t slots = (size_t)1 << bits;
    segi_table *table = segi_alloc_zero(mem, sizeof *table + slots * sizeof table->slots[0]);
    if (!table)
        return NULL;
    atomic_init(&table->refs, 1);
    table->mem = mem;
    table->bits = bits;
    return table;
}

void segi_table_retain(segi_table *table)
{
    atomic_fetch_add_explicit(&table->refs, 1, memory_order_relaxed);
}

void segi_table_release(segi_table *table)
{
    if (table && atomic_fetch_sub_explicit(&table->refs, 1, memory_order_acq_rel) == 1)
        segi_free(table->mem, table);
}

size_t segi_table_bytes(const segi_table *table)
{
    return sizeof *table + ((size_t)1 << table->bits) * sizeof table->slots[0];
}

/* The least size at which so many entries leave three eighths free. */
uint32_t segi_table_bits(uint32_t count)
{
    uint32_t bits = SEGI_TABLE_BITS_MIN;
    while (bits < SEGI_TABLE_BITS_MAX && (uint64_t)count + 1 > ((uint64_t)1 << bits) / 8 * 5)
        bits++;
    return bits;
}

/* False: the run of probes is full, and the caller takes a larger table. So look-ups have a
 * bound, however the keys were chosen. */
bool segi_table_put(segi_table *table, uint32_t tag, uint32_t ordinal)
{
    uint64_t mask = ((uint64_t)1 << table->bits) - 1, place = segi_table_place(table, tag);
    for (uint32_t probe = 0; probe < SEGI_TABLE_PROBES_MAX; probe++) {
        _Atomic uint64_t *slot = &table->slots[(place + probe) & mask];
        if (atomic_load_explicit(slot, memory_order_relaxed) != 0)
            continue;
        atomic_store_explicit(slot, (uint64_t)tag << 32 | ((uint64_t)ordinal + 1),
                              memory_order_release);
        return true;
    }
    return false;
}

/* Copy the entries with ordinals in [begin, end). False if one does not find room. */
static bool table_copy(const segi_table *from, segi_table *to, uint64_t begin, uint64_t end)
{
    uint64_t slots = (uint64_t)1 << from->bits;
    for (uint64_t i = 0; i < slots; i++) {
        uint64_t slot = atomic_load_explicit(&from->slots[i], memory_order_relaxed);
        if (slot == 0)
            continue;
        uint32_t ordinal = segi_table_ordinal(slot);
        if (ordinal >= begin && ordinal < end &&
            !segi_table_put(to, (uint32_t)(slot >> 32), ordinal))
            return false;
    }
    return true;
}

/* Entries below `settled` are copied first: readers look for those, and they get the shorter
 * ways. */
bool segi_table_grow(segi_table **table, uint32_t settled)
{
    uint32_t bits = (*table)->bits;
    while (++bits <= SEGI_TABLE_BITS_MAX) {
        segi_table *next = segi_table_create((*table)->mem, bits);
        if (!next)
            return false;
        if (table_copy(*table, next, 0, settled) && table_copy(*table, next, settled, UINT64_MAX)) {
            segi_table_release(*table);
            *table = next;
            return true;
        }
        segi_table_release(next);
    }
    return false;
}

bool segi_table_reserve(segi_table **table, uint32_t count, uint32_t settled)
{
    /* At most five eighths full: runs stay short. */
    uint64_t slots = (uint64_t)1 << (*table)->bits;
    return (uint64_t)count + 1 <= slots / 8 * 5 || segi_table_grow(table, settled);
}

/* After a failed commit; readers do not ask for ordinals from `settled` on. */
void segi_table_undo(segi_table *table, uint32_t settled)
{
    uint64_t slots = (uint64_t)1 << table->bits;
    for (uint64_t i = 0; i < slots; i++) {
        uint64_t slot = atomic_load_explicit(&table->slots[i], memory_order_relaxed);
        if (slot != 0 && segi_table_ordinal(slot) >= settled)
            atomic_store_explicit(&table->slots[i], 0, memory_order_release);
    }
}

/* False if one does not find room in the table, which is not a larger one by itself. */
static bool table_copy_kept(const segi_table *from, segi_table *to,
                            bool (*keep)(const void *context, uint32_t ordinal),
                            const void *context)
{
    uint64_t slots = (uint64_t)1 << from->bits;
    for (uint64_t i = 0; i < slots; i++) {
        uint64_t slot = atomic_load_explicit(&from->slots[i], memory_order_relaxed);
        if (slot != 0 && keep(context, segi_table_ordinal(slot)) &&
            !segi_table_put(to, (uint32_t)(slot >> 32), segi_table_ordinal(slot)))
            return false;
    }
    return true;
}

segi_table *segi_table_filter(const segi_table *table,
                              bool (*keep)(const void *context, uint32_t ordinal),
                              const void *context)
{
    for (uint32_t bits = table->bits; bits <= SEGI_TABLE_BITS_MAX; bits++) {
        segi_table *next = segi_table_create(table->mem, bits);
        if (!next || table_copy_kept(table, next, keep, context))
            return next;
        segi_table_release(next);
    }
    return NULL;
}

/* Segments double in size and never move, so readers may look at what was set before without a
 * lock. */
bool segi_seq_set(segi_seq *seq, const segi_mem *mem, uint32_t index, uint64_t value)
{
    uint64_t biased = (uint64_t)index + 64;
    uint32_t segment = segi_seq_segment(biased);
    SEGI_ASSERT(segment < SEGI_SEQ_SEGMENTS);
    if (!seq->segments[segment]) {
        size_t bytes = ((size_t)64 << segment) * sizeof(uint64_t);
        seq->segments[segment] = segi_alloc(mem, bytes);
        if (!seq->segments[segment])
            return false;
        seq->bytes += bytes;
    }
    seq->segments[segment][biased - ((uint64_t)64 << segment)] = value;
    return true;
}

void segi_seq_deinit(segi_seq *seq, const segi_mem *mem)
{
    for (int i = 0; i < SEGI_SEQ_SEGMENTS; i++)
        segi_free(mem, seq->segments[i]);
    memset(seq, 0, sizeof *seq);
}
