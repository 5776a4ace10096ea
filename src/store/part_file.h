/* Runs on disk: written at a checkpoint, opened from a root, dropped when merged away.
 *
 * A run is one block SEGI_BLOCK_RUN, which says everything about it but its rows, and blocks
 * SEGI_BLOCK_ROWS with its columns. Only the id of the former belongs into the root.
 *
 *   checkpoint:  segi_run_write() for each run with segi_run_id() 0, then the root with the ids of
 *                all runs, then segi_store_drop_retired(), then the disk's checkpoint;
 *                after that succeeded segi_run_settle() for those written.
 *   open:        segi_run_open() for each id of the root.
 *   merge:       segi_store_retire() for each run that leaves the store.
 *
 * Writing, settling and dropping are done by one thread at a time; evaluations go on meanwhile. */
#ifndef SEGI_PART_FILE_H
#define SEGI_PART_FILE_H

#include "disk/disk.h"
#include "store/store_int.h"

/* Kinds of blocks. */
#define SEGI_BLOCK_RUN 16u
#define SEGI_BLOCK_ROWS 17u

/* Write a run that is not on disk. After a failure the blocks written are dropped and the run is
 * as it was. Bytes are encoded block by block: working memory is that of the largest column. */
seg_status segi_run_write(segi_run *run, segi_disk *disk, seg_error *err);
/* The id of its run block; 0: not on disk. */
uint64_t segi_run_id(const segi_run *run);
/* Bytes of its blocks of columns, 0 where it is not on disk. */
uint64_t segi_run_disk_bytes(const segi_run *run);
/* The checkpoint that names the run is durable: from now on its columns may be put out of memory.
 * A run that is settled already stays as it is. */
void segi_run_settle(segi_run *run);

/* The run of a block: checks everything in it, against the schema, dictionaries and users of the
 * store too, which are restored before. Columns are loaded when they are needed.
 * SEG_E_CORRUPT, SEG_E_NOMEM, or what the disk says. */
seg_status segi_run_open(segi_store *store, segi_disk *disk, uint64_t id, segi_run **out,
                         seg_error *err);

/* A run has left store->runs: takes the store's reference over. It waits in store->retired (a list
 * by run->file->next_retired) for its blocks to be dropped, or is released at once where it has
 * none. Cannot fail. */
void segi_store_retire(segi_store *store, segi_run *run);
/* Drop the blocks of all retired runs and let go of them. After a failure the rest stays. */
seg_status segi_store_drop_retired(segi_store *store, segi_disk *disk, seg_error *err);

#endif
