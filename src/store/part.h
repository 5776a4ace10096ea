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
/* Slots and states of one property for the given keys, all of one event type.
 * Called once per property and part; slots and states are by position in keys. */
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
/* A part without its columns, whose event, counts of rows, chunks and properties are those of
 * `like`; the chunks and the heads of the columns are for the caller to fill. NULL when out of
 * memory. */
segi_part *segi_part_create_bare(const segi_mem *mem, const segi_part *like);
void segi_part_destroy(const segi_mem *mem, segi_part *part);
/* In memory, with the columns that are there. */
size_t segi_part_bytes(const segi_part *part);
/* Are so many users of a chunk a mask, and not a list? From half the size of a mask on: questions
 * take masks in 64 users at a time. */
static inline bool segi_part_takes_mask(uint32_t user_count)
{
    return user_count > 2048;
}
/* Users of one chunk of a part, rising, as low halves of their ordinals. */
void segi_part_users(const segi_part_chunk *pc, uint16_t *out);

/* The head of a column; that of `counts` for SEGI_COLUMN_USERS. */
static inline const segi_col *segi_part_col(const segi_part *part, uint32_t column)
{
    switch (column) {
    case SEGI_COLUMN_USERS: return &part->counts;
    case SEGI_COLUMN_TIME: return &part->time;
    case SEGI_COLUMN_TIE: return &part->tie;
    default: return &part->columns[column - SEGI_COLUMN_PROPERTY];
    }
}
/* Bytes of the arrays of a column that are there. */
size_t segi_part_column_bytes(const segi_part *part, uint32_t column);

/* The arrays of one column, owned until segi_part_put() takes them. */
typedef struct segi_arrays {
    void *data;
    uint64_t *set, *null;
    void *users; /* SEGI_COLUMN_USERS only */
    uint32_t *marks;
    uint16_t *row_users; /* NULL where users have many rows */
} segi_arrays;

/* `users`, `marks` and `row_users` from the users of all chunks and their counts of rows, for a
 * part whose chunks are filled. False when out of memory; arrays then has what was made. */
bool segi_arrays_users(const segi_mem *mem, const segi_part *part, const uint16_t *lows,
                       const segi_col *counts, segi_arrays *arrays);
void segi_arrays_free(const segi_mem *mem, segi_arrays *arrays);
/* Give a column its arrays, or take them away. */
void segi_part_put(segi_part *part, uint32_t column, const segi_arrays *arrays);
segi_arrays segi_part_take(segi_part *part, uint32_t column);

/* ---- runs ------------------------------------------------------------------------------------ */

/* What is loaded, held and put out by itself: one column of a part. See cache.h. */
typedef struct segi_page {
    struct segi_run *run; /* borrowed: it owns the page */
    uint32_t part;        /* index in the run */
    uint32_t column;
    uint32_t block;        /* index in the run's blocks */
    uint32_t offset, size; /* within the block */
    /* Guarded by the cache's mutex. */
    uint32_t holds;
    bool loaded;
    bool kept;                /* not on disk for good: never put out */
    size_t bytes;             /* in memory, while it is loaded */
    struct segi_page *before; /* among the pages that may be put out, */
    struct segi_page *after;  /* ... the longest unused first */
} segi_page;

/* A block with the columns of neighbouring pages. */
typedef struct segi_run_block {
    uint64_t id;
    uint32_t size;
    uint32_t page, page_count;
} segi_run_block;

/* What a run of a store with a file has more. */
typedef struct segi_run_file {
    struct segi_cache *cache; /* borrowed; NULL: not adopted yet */
    struct segi_disk *disk;   /* borrowed; NULL: not written */
    uint64_t id;              /* of the run block; 0: not written */
    uint32_t user_count;      /* ordinals of the rows are below it; UINT32_MAX: nothing known */
    uint32_t block_count, page_count;
    segi_run_block *blocks; /* owned */
    segi_page *pages;       /* owned: part by part, column by column */
    uint32_t dropped;       /* of the blocks, the first so many */
    struct segi_run *next_retired;
} segi_run_file;

/* Parts of one bucket that were sealed together. Immutable, reference-counted. */
typedef struct segi_run {
    atomic_uint refs;
    const segi_mem *mem;
    uint64_t generation;
    segi_bucket bucket;
    uint64_t row_count;
    size_t bytes; /* without columns that the cache counts */
    int64_t time_min, time_max;
    bool has_ties;
    segi_run_file *file; /* owned; NULL in a store without a file */
    uint32_t part_count;
    segi_part *parts[]; /* owned; rising by event type */
} segi_run;

/* Takes the parts on success. With `paged` the run has pages, for segi_cache_adopt(). NULL when out
 * of memory. */
segi_run *segi_run_create(const segi_mem *mem, bool paged, segi_bucket bucket, uint64_t generation,
                          segi_part *const *parts, uint32_t part_count);
void segi_run_retain(segi_run *run);
void segi_run_release(segi_run *run);
/* Want every column of the run. False when out of memory. */
bool segi_run_want(const segi_run *run, segi_pins *pins);

#endif
