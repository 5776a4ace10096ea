/* Taking rows, values and strings out of a store: what erasure and retention have in common.
 *
 * A removal is prepared beside the store, which does not change; then it is applied, which cannot
 * fail. So a removal that runs out of memory, or meets a block that is damaged, leaves everything
 * as it was. In a file what was prepared is written before that, too, and there is room for the
 * rest; afterwards a checkpoint makes the change the state of the file and overwrites
 * what it no longer names. If that fails, memory has gone on and the file has not: the store is
 * poisoned, and opening it again gives the one state or the other. A removal is not logged, since
 * its record would hold what is to be forgotten. All of it runs under the store's mutex. */
#ifndef SEGI_REMOVAL_H
#define SEGI_REMOVAL_H

#include "store/store_int.h"

/* A dictionary and what takes its place. */
typedef struct segi_removal_dict {
    segi_strings **place;
    segi_strings *next; /* owned until it is applied */
} segi_removal_dict;

typedef struct segi_removal {
    segi_store *store;
    seg_error *err;
    segi_run **runs; /* owned array of retained runs; what the store's become */
    size_t run_count;
    segi_run *firsts;         /* retained, or NULL */
    segi_attr_state *exists;  /* retained, or NULL */
    segi_attr_state **states; /* owned array of retained states or NULL, by attribute */
    size_t state_count;
    bool *events_lost;        /* owned, by event type: it lost rows */
    bool *attrs_lost;         /* owned, by attribute: it lost values */
    segi_removal_dict *dicts; /* owned */
    size_t dict_count, dict_capacity;
    segi_strings **retired;                /* owned: room for those whose place they take */
    segi_ids *ids;                         /* owned until it is applied; NULL: they stay */
    segi_era *era;                         /* the next one; owned until it is applied */
    uint64_t rows, parts, values, strings; /* what goes; parts: those that lose rows */
    bool written;                          /* blocks that only what was prepared refers to */
} segi_removal;

/* What is in the file alone is loaded but rows, and everything that waits goes into parts and
 * columns. Also after a failure of this or of the following, segi_removal_deinit(). */
seg_status segi_removal_init(segi_removal *removal, segi_store *store, seg_error *err);
/* The runs without the rows that the filter names. */
seg_status segi_removal_rows(segi_removal *removal, const segi_row_filter *filter);
/* Attributes, since-when users exist, and expired first events without those of the users. */
seg_status segi_removal_values(segi_removal *removal, const segi_row_filter *users);
/* Last: strings that nothing uses any more, of columns that lost something. */
seg_status segi_removal_strings(segi_removal *removal);
/* Then, in a file: write all that was prepared, and make sure of room for the rest: for the event
 * ids without those of the users (NULL: all stay), and for a root with `refused` more ids. So the
 * medium is full before anything has changed, or not at all. */
seg_status segi_removal_write(segi_removal *removal, const segi_dedup_users *users, size_t refused);
/* The store becomes what was prepared. */
void segi_removal_apply(segi_removal *removal);
/* In a file: what was applied is its state, and nothing that it dropped is left in it, but what
 * older snapshots hold. On failure the store is poisoned, if something was applied. */
seg_status segi_removal_finish(segi_store *store, bool applied, seg_error *err);
void segi_removal_deinit(segi_removal *removal);

/* Expired first events: those there are, and the first rows that go under the filter, which is
 * by time. *out: one reference, NULL if there are none. */
seg_status segi_firsts_create(segi_store *store, const segi_row_filter *filter, segi_run **out,
                              seg_error *err);

#endif
