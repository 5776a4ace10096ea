/* Keeping a store in a file: what changes is logged before it takes effect, and a checkpoint
 * writes what is new and empties the log.
 *
 * A checkpoint ends with the *root*, bytes that hold all that is small
 * (schema, saved texts, tokens, counters) and names the blocks of all that is large. Blocks are
 * immutable and belong to immutable things: runs, chunks of attributes, sheets of strings,
 * sheets of event ids. A thing is written once, and what the root names no more is dropped. */
#ifndef SEGI_KEEP_H
#define SEGI_KEEP_H

#include "disk/disk.h"
#include "store/store_int.h"

/* Kinds of blocks; those of runs are in part_file.h. */
#define SEGI_BLOCK_ATTRIBUTE 32u /* one chunk of an attribute */
#define SEGI_BLOCK_TEXTS 33u     /* strings of a dictionary, or user ids of bytes */
#define SEGI_BLOCK_NUMBERS 34u   /* user ids of 64 bits */
#define SEGI_BLOCK_EVENT_IDS 35u /* ids of events of one period */

/* The file of a store. */
struct segi_keep {
    segi_disk *disk; /* owned */
    bool read_only;
    bool replaying;          /* records are applied, not logged */
    bool salvaging;          /* what cannot be read is left out */
    bool firsts_lost;        /* ... expired first events, for one */
    uint64_t log_bytes_max;  /* of the log, before a commit makes a checkpoint */
    uint64_t checkpoint_due; /* bytes of the log at which the next one is made */
};

/* ---- changes, under the store's mutex -------------------- */

/* Whether the store may be changed: SEG_E_READ_ONLY. */
seg_status segi_keep_begin(const segi_store *store, seg_error *err);
/* Whether changes are to be logged now. */
bool segi_keep_logs(const segi_store *store);
/* Log a record; what it says takes effect only after this has succeeded. Nothing for a store in
 * memory. */
seg_status segi_keep_log(segi_store *store, const segi_buf *record, seg_error *err);
/* After a change: checkpoint where the log has grown large. A failure is none of the change's: it
 * shows in the statistics, and in later calls. */
void segi_keep_end(segi_store *store);
/* Close the file. Every commit that was logged stays. */
seg_status segi_keep_close(segi_store *store, seg_error *err);

/* ---- checkpoints -------------------- */

/* Write what is not on disk yet, about budget_bytes of it (0: all); once all is, seal, fold, write
 * the rest and publish. *out_more: there is more to do. */
seg_status segi_checkpoint_step(segi_store *store, uint64_t budget_bytes, bool *out_more,
                                seg_error *err);

/* Drop blocks that nothing in the store refers to, and overwrite them: what a removal that came to
 * nothing has written. What fails here is left to the next checkpoint. */
void segi_checkpoint_sweep(segi_store *store);

/* After a checkpoint: move about budget_bytes (0: all) of what lies at the end of the file forward,
 * where much of the file is free, and cut the file. A load leaves it so, whose runs are merged
 * later. *out_more: there was something to do, and there may be more. */
seg_status segi_checkpoint_compact(segi_store *store, uint64_t budget_bytes, bool *out_more,
                                   seg_error *err);

/* Whether there is something that no checkpoint has written, beside what the log holds. */
bool segi_keep_unwritten(const segi_store *store);

/* ---- opening -------------------- */

/* What a store is from its beginning on. */
typedef struct segi_root_head {
    uint32_t id_kind;
    int32_t week_start;
    const char *zone; /* borrowed from the root */
    size_t zone_size;
    uint64_t dedup_window_us, dedup_key[2];
} segi_root_head;

/* Bytes of a sheet and of a refused id in the root. */
#define SEGI_ROOT_SHEET_BYTES 12u
#define SEGI_ROOT_REFUSED_BYTES 16u
/* The root of a checkpoint -> buf. names (an array of uint64_t) gets the blocks it names but
 * those of runs. */
void segi_root_write(const segi_store *store, segi_buf *buf, segi_buf *names);
/* And back: first what the store is, then its content into one that was begun so. */
seg_status segi_root_read_head(segi_wire *from, segi_root_head *out, seg_error *err);
seg_status segi_root_read(segi_store *store, segi_wire *from, seg_error *err);

/* What a root only names is brought into memory where it is needed: strings, ids and chunks
 * of an attribute, event ids. Nothing where it is there. SEG_E_CORRUPT, SEG_E_NOMEM, SEG_E_IO.
 *
 * The writer loads before it changes something, so what is not loaded is what the file has, and
 * its blocks are not dropped. Readers load what their version shows; the store's load_mutex lets
 * one thread do it. */
seg_status segi_load_strings(segi_store *store, segi_strings *strings, seg_error *err);
seg_status segi_load_users(segi_store *store, seg_error *err);
seg_status segi_load_attr(segi_store *store, segi_attr *attr, seg_error *err);
seg_status segi_load_event_ids(segi_store *store, seg_error *err);
seg_status segi_load_all(segi_store *store, seg_error *err);
/* The state behind `absent`, for a reader: absent->state is there afterwards. */
seg_status segi_load_state(segi_store *store, segi_attr_absent *absent, seg_error *err);
/* Pieces of it, read into objects of the caller. */
seg_status segi_load_sheet(segi_store *store, segi_strings *into, const segi_sheet *sheet,
                           bool user_ids, segi_buf *buf, seg_error *err);
seg_status segi_load_numbers(segi_store *store, segi_ids *into, const segi_sheet *sheet,
                             segi_buf *buf, seg_error *err);
seg_status segi_load_chunk(segi_store *store, const segi_attr_absent *like, uint32_t index,
                           uint64_t block, segi_buf *buf, segi_attr_chunk **out, seg_error *err);
seg_status segi_load_group(segi_store *store, segi_dedup *dedup, segi_dedup_group *into,
                           const segi_sheets *sheets, segi_buf *buf, seg_error *err);

/* Apply one record of the log. */
seg_status segi_replay_record(segi_store *store, const void *bytes, size_t size, seg_error *err);

#endif
