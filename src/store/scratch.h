/* Working memory of the writer that is kept between seals and folds: touching fresh pages costs
 * more than sorting what lies in them. */
#ifndef SEGI_SCRATCH_H
#define SEGI_SCRATCH_H

#include "base/alloc.h"

enum {
    SEGI_SCRATCH_KEYS,   /* rows by chunk */
    SEGI_SCRATCH_SORTED, /* rows by part */
    SEGI_SCRATCH_SWAP,   /* rows of one chunk, while they are sorted */
    SEGI_SCRATCH_TIES,   /* of one chunk */
    SEGI_SCRATCH_RANKS,  /* ties by part */
    SEGI_SCRATCH_PIECES, /* where the chunks begin */
    SEGI_SCRATCH_SLOTS,  /* one wide column */
    SEGI_SCRATCH_STATES,
    SEGI_SCRATCH_SOURCE_SLOTS, /* one wide column of the parts being merged */
    SEGI_SCRATCH_SOURCE_STATES,
    SEGI_SCRATCH_LOWS,    /* distinct users of a part */
    SEGI_SCRATCH_COUNTS,  /* small tables of a seal */
    SEGI_SCRATCH_ENTRIES, /* pieces of the parts */
    SEGI_SCRATCH_ORDER,   /* pending values by user */
    SEGI_SCRATCH_ORDER_SWAP,
    SEGI_SCRATCH_CHANGE_ROWS, /* new values of one chunk */
    SEGI_SCRATCH_CHANGE_STATES,
    SEGI_SCRATCH_CHANGE_SLOTS,
    SEGI_SCRATCH_SETS, /* string sets of one chunk */
    SEGI_SCRATCH_COUNT
};

typedef struct segi_scratch {
    const segi_mem *mem;
    struct {
        void *data; /* owned */
        size_t size;
    } buffers[SEGI_SCRATCH_COUNT];
} segi_scratch;

/* At least `count * size` bytes of unknown content; what was there is lost. NULL when out of
 * memory. Valid until the same buffer is asked for again. */
void *segi_scratch_get(segi_scratch *scratch, int which, size_t count, size_t size);
/* Give back every buffer of more than `size_max` bytes. */
void segi_scratch_trim(segi_scratch *scratch, size_t size_max);

#endif
