/* Attributes: immutable columns per chunk, and the new values that wait to get into them.
 *
 * Commits append (user, state, value) to `pending`; folding takes all of it into new chunk
 * objects, for touched chunks only, and puts a new state in place of the old one. The users'
 * "exists from" is kept the same way, as an instant of which the earliest wins. */
#ifndef SEGI_ATTR_H
#define SEGI_ATTR_H

#include <stdatomic.h>

#include "store/col.h"
#include "store/scratch.h"
#include "store/strings.h"

/* All chunks of one attribute at one moment. Immutable once shared. */
typedef struct segi_attr_state {
    atomic_uint refs;
    const segi_mem *mem;
    size_t bytes;
    uint32_t chunk_count;
    const segi_attr_chunk *chunks[]; /* retained; NULL: all absent */
} segi_attr_state;

void segi_attr_state_retain(segi_attr_state *state);
void segi_attr_state_release(segi_attr_state *state);
/* A copy with at least chunk_count chunks, to be changed before it is shared. from may be NULL. */
segi_attr_state *segi_attr_state_copy(const segi_mem *mem, const segi_attr_state *from,
                                      uint32_t chunk_count);
/* Takes the chunk. */
void segi_attr_state_replace(segi_attr_state *state, uint32_t index, segi_attr_chunk *chunk);

/* New values of one chunk: rows rise, states are SET or NULL. A slot of a string set is the
 * address of a uint32_t count followed by rising codes. */
typedef struct segi_attr_changes {
    uint32_t count;
    uint16_t *rows;
    uint8_t *states;
    int64_t *slots;
} segi_attr_changes;

/* The chunk with the changes in it; old may be NULL. NULL when out of memory. dict_count: string
 * sets become masks while their dictionary is small. */
segi_attr_chunk *segi_attr_chunk_change(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                        uint32_t dict_count, const segi_attr_chunk *old,
                                        const segi_attr_changes *changes);
/* A chunk with the given content, whose arrays are taken, also on failure (NULL: out of memory). */
segi_attr_chunk *segi_attr_chunk_make(const segi_mem *mem, seg_type type,
                                      const segi_attr_chunk *content);
void segi_attr_chunk_release(const segi_mem *mem, const segi_attr_chunk *chunk);
/* Where the chunk lies in the store's file; 0: nowhere yet. */
uint64_t segi_attr_chunk_block(const segi_attr_chunk *chunk);
void segi_attr_chunk_set_block(const segi_attr_chunk *chunk, uint64_t block);
/* State of one row (SEG_VALUE_*) and its slot, for types other than string sets. */
uint8_t segi_attr_chunk_get(const segi_attr_chunk *chunk, uint32_t row, int64_t *out_slot);
/* Highest slot of an integer chunk over base and patch, and whether all of its first `rows` rows
 * are set. */
int64_t segi_attr_chunk_max(const segi_attr_chunk *chunk);
bool segi_attr_chunk_full(const segi_attr_chunk *chunk, uint32_t rows);

/* Chunks that were in the file when it was opened, and the state that they are once somebody has
 * loaded them, reader or writer. */
typedef struct segi_attr_absent {
    atomic_uint refs;
    const segi_mem *mem;
    segi_attr_state *state; /* retained; NULL: not loaded. Guarded by the store's load_mutex */
    seg_type type;
    uint32_t dict_count, user_count; /* at that time */
    uint32_t block_count;
    uint64_t blocks[]; /* 0: all absent */
} segi_attr_absent;
void segi_attr_absent_retain(segi_attr_absent *absent);
void segi_attr_absent_release(segi_attr_absent *absent);

/* The state without the values of these users (rising ordinals), whose chunks are made anew; the
 * same one, retained, where they have none. NULL when out of memory. removed counts the values. */
segi_attr_state *segi_attr_state_without(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                         uint32_t dict_count, segi_attr_state *state,
                                         const uint32_t *users, size_t count, uint64_t *io_removed);
/* Set the bit of every code that some row has. */
void segi_attr_state_codes(const segi_attr_state *state, seg_type type, uint64_t *codes);

/* Values in the order of their arrival. Up to `accepted` they belong to commits that have gone
 * well; what a failed one has appended lies behind and is dropped. */
typedef struct segi_attr_pending {
    uint32_t *ordinals; /* owned */
    int64_t *slots;     /* owned; string sets: index into codes */
    uint8_t *states;    /* owned */
    size_t count, accepted, capacity;
    uint32_t *codes; /* owned: string sets, each its count, then its codes, rising */
    size_t code_count, code_accepted, code_capacity;
} segi_attr_pending;

/* One attribute as the writer has it. */
typedef struct segi_attr {
    seg_type type;
    bool earliest;          /* keeps the lowest slot instead of the newest */
    segi_attr_state *state; /* retained; NULL: all absent */
    segi_attr_pending pending;
    segi_strings *dict;       /* owned; strings and string sets */
    segi_attr_absent *absent; /* retained: what the state is, while the writer has not loaded it */
} segi_attr;

void segi_attr_deinit(segi_attr *attr, const segi_mem *mem);
/* Room for so many values more; then a commit appends, and either accepts what it appended or
 * drops it. */
bool segi_attr_reserve(segi_attr *attr, const segi_mem *mem, size_t more);
void segi_attr_accept(segi_attr *attr);
void segi_attr_drop(segi_attr *attr);
/* Take what was accepted into the state. False when out of memory; nothing has changed. */
bool segi_attr_fold(segi_attr *attr, const segi_mem *mem, segi_scratch *scratch);

/* ---- string sets, attr_set.c ----------------------------------------------------------------- */

/* The sets of rows as addresses (see segi_attr_changes); they live in SEGI_SCRATCH_SETS. */
bool segi_sets_decode(segi_scratch *scratch, const segi_attr_chunk *chunk, int64_t *slots);
/* The other way: masks if dict_count allows and `lists` is false, else lists. */
bool segi_sets_build(const segi_mem *mem, const int64_t *slots, const uint8_t *states, size_t rows,
                     uint32_t dict_count, bool lists, segi_sets *out);
void segi_sets_deinit(const segi_mem *mem, segi_sets *sets);
size_t segi_sets_bytes(const segi_sets *sets, size_t rows);
/* Set the bits of the codes of the first rows. */
void segi_sets_codes(const segi_sets *sets, size_t rows, uint64_t *codes);

#endif
