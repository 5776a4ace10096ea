/* Making parts, and runs of them; the reading side is in store.h. */
#ifndef SEGI_PART_H
#define SEGI_PART_H

#include <stdatomic.h>

#include "store/bucket.h"
#include "store/col.h"
#include "store/scratch.h"

/* One event while it is sorted. */
typedef struct segi_key {
    int64_t time;
    uint32_t row; /* where its properties are; known to the fetch function */
    uint16_t low; /* of the ordinal */
    uint16_t event;
} segi_key;

/* Keys [begin, end) belong to one chunk. */
typedef struct segi_piece {
    uint32_t chunk;
    size_t begin, end;
} segi_piece;

/* What a fetch found. */
#define SEGI_FETCH_NOMEM 0
#define SEGI_FETCH_NOTHING 1 /* no row has a value or null */
#define SEGI_FETCH_SOME 2
/* Slots and states of one property for the given keys, all of one event type. */
typedef int segi_fetch(void *context, uint32_t event, uint32_t property, const segi_key *keys,
                       size_t count, int64_t *slots, uint8_t *states);

/* What becomes a part: keys sorted by (chunk, user, time, arrival). */
typedef struct segi_part_source {
    const segi_event_type *event;
    uint64_t generation;
    const segi_key *keys;
    const uint32_t *ties;     /* parallel to keys; NULL: all 0 */
    const segi_piece *pieces; /* begin and end are indices into keys */
    size_t key_count, piece_count;
    segi_fetch *fetch;
    void *context;
} segi_part_source;

/* NULL when out of memory. */
segi_part *segi_part_create(const segi_mem *mem, segi_scratch *scratch,
                            const segi_part_source *source);
void segi_part_destroy(const segi_mem *mem, segi_part *part);
size_t segi_part_bytes(const segi_part *part);
/* Users of one chunk of a part, rising, as low halves of their ordinals. */
void segi_part_users(const segi_part_chunk *pc, uint16_t *out);

/* Parts of one bucket that were sealed together. Immutable, reference-counted. */
typedef struct segi_run {
    atomic_uint refs;
    const segi_mem *mem;
    uint64_t generation;
    segi_bucket bucket;
    uint64_t row_count;
    size_t bytes;
    int64_t time_min, time_max;
    bool has_ties;
    uint32_t part_count;
    segi_part *parts[]; /* owned; rising by event type */
} segi_run;

/* Takes the parts on success. */
segi_run *segi_run_create(const segi_mem *mem, segi_bucket bucket, uint64_t generation,
                          segi_part *const *parts, uint32_t part_count);
void segi_run_retain(segi_run *run);
void segi_run_release(segi_run *run);

#endif
