/* unit/disk/disk_model.h - what a disk must hold, whatever befell it.
 *
 * A workload of random calls is run on a disk, and the model keeps what was asked for and what was
 * acknowledged. After a crash the disk is compared with it. The invariants of docs/testing.md, as
 * far as they concern a disk: it opens (I1); each acknowledged record is there once (I2), with
 * every byte (I3); of the others only a suffix is missing (I4); the check is clean (I5); what was
 * erased stays erased (I7); a second recovery finds the same, and no discarded record returns
 * (I8); the epoch of the log rises (I9). */
#ifndef SEG_TEST_DISK_MODEL_H
#define SEG_TEST_DISK_MODEL_H

#include "disk/disk.h"
#include "support/sim_vfs.h"

#define MODEL_RECORDS 400u
#define MODEL_BLOCKS 200u

/* A block and the seed of its bytes. */
typedef struct model_block {
    uint64_t id, seed;
    uint32_t size, dropped;
} model_block;

/* What a checkpoint says: these bytes are the root. */
typedef struct model_root {
    uint64_t covered; /* records */
    uint64_t block_count;
    model_block blocks[MODEL_BLOCKS];
} model_root;

typedef struct model {
    uint64_t random;
    uint64_t life;                /* rises with each recovery: records of different lives differ */
    uint64_t sent, logged, acked; /* records: tried, written, safe */
    uint64_t lives[MODEL_RECORDS + 1]; /* of each record, from 1 */
    uint64_t epoch;
    bool has_root, tries_root; /* a checkpoint succeeded; one was tried since */
    model_root root, tried, now;
    uint64_t erased[MODEL_BLOCKS * 2]; /* seeds of blocks that no file may hold any more */
    uint64_t erased_count;
    uint64_t records_erased; /* records up to this one are in no file */
} model;

void model_init(model *m, uint64_t seed);
/* Call the disk at random until a call fails or `steps` are done; opens and closes it, too. */
void model_run(model *m, sim_vfs *sim, const segi_disk_options *options, int steps);
/* Open what is left, demand that it fits, and take it over as the state from now on. Ends the
 * test with `where` in the message where it does not. The disk is closed again. */
void model_check(model *m, sim_vfs *sim, const segi_disk_options *options, const char *where);

#endif
