/* Sealing: keys in arrival order become sorted runs. The same for a tail and for a merge. */
#ifndef SEGI_SEAL_H
#define SEGI_SEAL_H

#include "store/cache.h"

/* Writes the keys of one chunk, in arrival order; false when out of memory. */
typedef bool segi_seal_fill(void *context, const segi_piece *piece, segi_key *keys);
/* Told of the sorted keys of each chunk; false when out of memory. */
typedef bool segi_seal_users(void *context, uint32_t chunk, const segi_key *keys, size_t count);

typedef struct segi_seal {
    const segi_mem *mem;
    segi_scratch *scratch;
    const segi_schema *schema;
    /* In: rows by chunk, in arrival order within each. Either all keys are there, and go to
     * buckets by their time and the watermark; or they are made chunk by chunk, so that only the
     * largest chunk takes room, and go to one bucket. */
    const segi_piece *pieces;
    size_t key_count, piece_count;
    uint64_t generation;
    segi_key *keys;
    int64_t watermark;
    segi_seal_fill *fill; /* NULL where keys are there */
    void *fill_context;
    const uint32_t *type_rows; /* with fill: rows by event type */
    segi_bucket bucket;        /* with fill */
    segi_fetch *fetch;
    void *fetch_context;
    segi_cache *cache;      /* takes care of the runs; NULL in a store without a file */
    segi_seal_users *users; /* or NULL */
    void *users_context;
    /* Out: owned by the caller, one reference each. */
    segi_run **runs;
    size_t run_count;
} segi_seal;

/* False when out of memory; nothing is left behind. Rows: fewer than 2^32. */
bool segi_seal_run(segi_seal *seal);

#endif
