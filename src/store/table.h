/* The hash table under ids and dictionaries: tag -> ordinal (or place), readable without locks.
 *
 * Slots hold the upper 32 bits of a keyed SipHash (the tag) and the ordinal plus one; 0 is empty.
 * The place of a tag is given by its own leading bits, so that a larger table is made without
 * hashing again. One writer fills slots with release stores and never moves one; growth makes a
 * new table, and whoever reads the old one keeps it by its reference count. */
#ifndef SEGI_TABLE_H
#define SEGI_TABLE_H

#include <stdatomic.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bits.h"

#define SEGI_TABLE_BITS_MIN 6
#define SEGI_TABLE_BITS_MAX 32
/* Probes of one search at the most. A longer run makes the table grow; with a secret key nobody
 * can aim for one. */
#define SEGI_TABLE_PROBES_MAX 256

typedef struct segi_table {
    atomic_uint refs;
    const segi_mem *mem;
    uint32_t bits;
    _Atomic uint64_t slots[]; /* 1 << bits */
} segi_table;

segi_table *segi_table_create(const segi_mem *mem, uint32_t bits);
void segi_table_retain(segi_table *table);
void segi_table_release(segi_table *table);
size_t segi_table_bytes(const segi_table *table);
/* The size of a table that has room for `count` entries and one more. */
uint32_t segi_table_bits(uint32_t count);

static inline uint64_t segi_table_place(const segi_table *table, uint32_t tag)
{
    return (uint64_t)tag >> (32 - table->bits);
}
/* The probe-th slot of a tag. */
static inline uint64_t segi_table_slot(const segi_table *table, uint32_t tag, uint32_t probe)
{
    uint64_t mask = ((uint64_t)1 << table->bits) - 1;
    return atomic_load_explicit(&table->slots[(segi_table_place(table, tag) + probe) & mask],
                                memory_order_acquire);
}
static inline void segi_table_prefetch(const segi_table *table, uint32_t tag)
{
    segi_prefetch(&table->slots[segi_table_place(table, tag)]);
}
static inline bool segi_table_matches(uint64_t slot, uint32_t tag)
{
    return slot >> 32 == tag && (uint32_t)slot != 0;
}
static inline uint32_t segi_table_ordinal(uint64_t slot)
{
    return (uint32_t)slot - 1;
}
/* The first ordinal below count with this tag, most likely the one that is looked for;
 * UINT32_MAX if there is none. */
static inline uint32_t segi_table_candidate(const segi_table *table, uint32_t count, uint32_t tag)
{
    for (uint32_t probe = 0; probe < SEGI_TABLE_PROBES_MAX; probe++) {
        uint64_t slot = segi_table_slot(table, tag, probe);
        if (slot == 0)
            break;
        if (segi_table_matches(slot, tag) && segi_table_ordinal(slot) < count)
            return segi_table_ordinal(slot);
    }
    return UINT32_MAX;
}

/* For the writer. Room for one more entry beside `count` others: grows *table where it is too
 * full, putting ordinals below `settled` in first, so that those can later be found without the
 * rest. False when out of memory or too large. */
bool segi_table_reserve(segi_table **table, uint32_t count, uint32_t settled);
/* Put an entry in that is not there; there is room. False if its run is full: grow, try again. */
bool segi_table_put(segi_table *table, uint32_t tag, uint32_t ordinal);
bool segi_table_grow(segi_table **table, uint32_t settled);
/* Take out every entry whose ordinal is `settled` or more. They were put in after all others. */
void segi_table_undo(segi_table *table, uint32_t settled);
/* A table of the entries that are to be kept; NULL when out of memory. */
segi_table *segi_table_filter(const segi_table *table,
                              bool (*keep)(const void *context, uint32_t ordinal),
                              const void *context);

/* ---- values by ordinal ----------------------------------------------------------------------- */

/* An append-only array of uint64_t whose elements never move: segment k holds 64 << k of them. */
#define SEGI_SEQ_SEGMENTS 27
typedef struct segi_seq {
    uint64_t *segments[SEGI_SEQ_SEGMENTS]; /* owned */
    size_t bytes;
} segi_seq;

static inline uint32_t segi_seq_segment(uint64_t biased)
{
    /* The exponent of a double is the position of the highest bit; 64 is segment 0. */
    double value = (double)biased;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return (uint32_t)(bits >> 52) - 1023 - 6;
}
/* An element that was set. */
static inline const uint64_t *segi_seq_at(const segi_seq *seq, uint32_t index)
{
    uint64_t biased = (uint64_t)index + 64;
    uint32_t segment = segi_seq_segment(biased);
    return &seq->segments[segment][biased - ((uint64_t)64 << segment)];
}
static inline uint64_t segi_seq_get(const segi_seq *seq, uint32_t index)
{
    return *segi_seq_at(seq, index);
}
/* Where element `index` lies, and how many lie there in a row from it on. Elements from a multiple
 * of 64 to the next one are never apart. */
static inline const uint64_t *segi_seq_run(const segi_seq *seq, uint32_t index, uint64_t *out_count)
{
    uint64_t biased = (uint64_t)index + 64;
    uint32_t segment = segi_seq_segment(biased);
    uint64_t at = biased - ((uint64_t)64 << segment);
    *out_count = ((uint64_t)64 << segment) - at;
    return seq->segments[segment] + at;
}
/* Elements [first, first + count). */
static inline void segi_seq_copy(const segi_seq *seq, uint32_t first, uint32_t count, uint64_t *out)
{
    while (count > 0) {
        uint64_t n;
        const uint64_t *from = segi_seq_run(seq, first, &n);
        n = n < count ? n : count;
        memcpy(out, from, (size_t)n * sizeof *out);
        first += (uint32_t)n;
        out += n;
        count -= (uint32_t)n;
    }
}
bool segi_seq_set(segi_seq *seq, const segi_mem *mem, uint32_t index, uint64_t value);
void segi_seq_deinit(segi_seq *seq, const segi_mem *mem);

#endif
