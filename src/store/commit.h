/* A commit under way, for commit.c and commit_value.c. */
#ifndef SEGI_COMMIT_H
#define SEGI_COMMIT_H

#include "store/store_int.h"

/* Rows of one event type in a batch. */
typedef struct segi_commit_type {
    uint32_t event;
    const uint32_t *rows; /* NULL: the first `count` */
    size_t count;
} segi_commit_type;

typedef struct segi_commit_batch {
    segi_checked_batch checked;
    uint32_t *rows; /* the good ones; NULL: all */
    size_t row_count;
    uint32_t event;          /* batches of one event type */
    uint32_t *entry_events;  /* batches of several: event by dictionary entry */
    segi_commit_type *types; /* events: those with rows */
    size_t type_count;
    struct segi_commit_batch *histories; /* attributes: their values as events, by attribute */
    size_t history_count;
} segi_commit_batch;

/* A growing array of the commit. */
typedef struct segi_commit_buffer {
    uint32_t *data; /* owned */
    size_t capacity;
} segi_commit_buffer;

typedef struct segi_commit {
    segi_store *store;
    seg_error *err;
    segi_arena arena;
    const segi_schema *schema; /* retained: the store's and what this commit defines */
    segi_commit_batch *batches;
    size_t batch_count;
    uint64_t row_count, duplicates, refused;
    bool quarantine;
    uint8_t *results; /* the caller's, or NULL */
    uint64_t results_count;
    const char *token; /* borrowed; token_size 0: none */
    size_t token_size;
    const seg_commit_report *recorded;    /* replay: what the commit reported when it was made */
    segi_commit_buffer items, codes, map; /* strings on their way to codes */
} segi_commit;

/* Slots and states of `count` rows of a column. dict: strings. */
seg_status segi_commit_slots(segi_commit *c, const seg_column *column, const segi_field *field,
                             segi_strings *dict, const uint32_t *rows, size_t count, int64_t *slots,
                             uint8_t *states);
/* String sets: their codes go to the attribute's pending codes, slots are places there. */
seg_status segi_commit_sets(segi_commit *c, const seg_column *column, segi_attr *attr,
                            const uint32_t *rows, size_t count, int64_t *slots, uint8_t *states);
void segi_commit_buffers_free(segi_commit *c);

#endif
