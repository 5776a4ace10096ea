/* unit/store/store_golden.h - a small whole store that is the same each time, and all that it
 * answers, so that of any change of its files one can say whether it changed an answer.
 *
 * There are two. GOLDEN_TEXTS has something of each kind that a file can hold: attributes of every
 * type and one with a history, events of three types with and without event ids, chunks with
 * patches, runs, expired first events, erased and refused customers, a saved segment, a class, an
 * occasion, rules of retention, tokens, dropped and free extents; and records of every kind in the
 * log. GOLDEN_NUMBERS has ids of 64 bits. Both were left by a process that ended. */
#ifndef SEG_TEST_STORE_GOLDEN_H
#define SEG_TEST_STORE_GOLDEN_H

#include <seg/seg.h>

#include "base/buf.h"
#include "support/sim_vfs.h"

#define GOLDEN_FILE "store"
#define GOLDEN_LOG "store-wal"
#define GOLDEN_TEXTS 0u
#define GOLDEN_NUMBERS 1u

typedef struct golden_file {
    const char *path;
    unsigned char *bytes; /* to be changed in place, and back */
    size_t size;
    unsigned char *read; /* owned; 1 for each byte that opening or an answer reads, else 0 */
} golden_file;

typedef struct golden {
    sim_vfs *sim;
    golden_file files[2]; /* GOLDEN_FILE, GOLDEN_LOG */
    uint64_t log_used;    /* end of the last record */
    segi_buf answers;     /* of the store as it is */
    segi_buf scratch;     /* of the one that is judged */
} golden;

void golden_make(golden *g, uint32_t which);
void golden_free(golden *g);
/* Open with flags SEG_STORE_*; allocator NULL is malloc. */
seg_status golden_open(sim_vfs *sim, uint32_t flags, const seg_allocator *allocator,
                       seg_store **out, seg_error *err);
/* All that the store shows: ids, every value of every column, answers, definitions. */
seg_status golden_ask(seg_store *store, segi_buf *out, seg_error *err);

/* What became of a change: the store or one of its answers fails with a clear error; or all answers
 * are the same, and a deep check reports the change or does not. Anything else ends the test, which
 * says `where` it was. */
typedef enum golden_verdict {
    GOLDEN_REFUSED,
    GOLDEN_REPORTED,
    GOLDEN_UNSEEN
} golden_verdict;
golden_verdict golden_judge(golden *g, const char *where, uint64_t at);

#endif /* SEG_TEST_STORE_GOLDEN_H */
