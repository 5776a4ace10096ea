/* Door of the room `disk`: one file of checksummed, immutable blocks, and a log beside it.
 *
 * The room keeps bytes and knows nothing of what they mean. docs/format.md describes the files.
 *
 * A *block* is written once, found by its id, and dropped. Writes and drops take effect together,
 * at the next *checkpoint*, with the *root*: bytes in which the owner of the disk says what its
 * blocks are. Between checkpoints the *log* keeps records, in order; a record is safe when
 * segi_disk_log() returns. After a crash the disk is what the last checkpoint made it, and the
 * records since are handed out again by segi_disk_replay(). So the owner's cycle is
 *
 *     open, read the root, replay the records;
 *     log each commit, then show it to readers;
 *     now and then: write and drop blocks, checkpoint; reclaim.
 *
 * Threads: one thread at a time calls the functions marked "writer". All others may be called
 * from any thread, also while the writer works. A thread that reads a block holds a pin that was
 * taken while the block was not dropped yet, or keeps the writer from dropping it.
 *
 * Failures. SEG_E_POISONED: an earlier write to the log, the superblock or a sync failed, so that
 * nobody knows what the medium holds; every later call of the writer fails in this way, reading
 * goes on, and a new open finds out. SEG_E_FULL and SEG_E_NOMEM leave the disk as it was, and
 * usable. SEG_E_CORRUPT names the file and the offset. SEG_E_READ_ONLY: a writer's call on a disk
 * opened for reading. SEG_E_FORK: a handle from another process. */
#ifndef SEGI_DISK_H
#define SEGI_DISK_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/vfs.h"

typedef struct segi_disk segi_disk;

#define SEGI_DISK_KIND_MAX 65535u              /* of a block that the owner writes */
#define SEGI_DISK_BLOCK_MAX ((size_t)1 << 30)  /* bytes in one block, before compression */
#define SEGI_DISK_ROOT_MAX ((size_t)1 << 29)   /* bytes of the root */
#define SEGI_DISK_RECORD_MAX ((size_t)1 << 30) /* bytes of one record of the log */
#define SEGI_DISK_READ_SLACK 64u               /* zeros behind what segi_disk_read() gives */

/* ---- faults ---------------------------------------------------------------------------------- */

/* Something found to be damaged, by a check or by opening for salvage. */
typedef struct segi_disk_fault {
    const char *file;    /* path */
    uint64_t offset;     /* of the damaged thing in it */
    uint64_t block;      /* id of the block, 0 if it is none */
    uint32_t block_kind; /* its kind, 0 if it is none */
    const char *what;    /* a few words, such as "payload checksum" */
} segi_disk_fault;
typedef void segi_disk_report(void *user, const segi_disk_fault *fault);

/* ---- opening --------------------------------------------------------------------------------- */

/* When a record is safe. */
#define SEGI_DISK_FULL 0u /* when segi_disk_log() returns */
/* When sync_bytes of records or sync_micros have gathered, looked at in segi_disk_log(); a crash
 * loses only the newest records. */
#define SEGI_DISK_NORMAL 1u
#define SEGI_DISK_OFF 2u /* never synced: for tests and for stores that can be made again */

/* Zeros are good defaults: an existing file, for writing, with full durability. */
typedef struct segi_disk_options {
    bool read_only;      /* nothing is written and the lock is shared */
    bool create;         /* make the file where there is none */
    bool must_create;    /* make the file; SEG_E_EXISTS where there is one */
    bool salvage;        /* read what is still good; implies read_only */
    bool keep_freed;     /* do not overwrite the extents of dropped blocks with zeros */
    uint32_t durability; /* SEGI_DISK_* */
    uint32_t zstd_level; /* 0: blocks are kept as they are; 1 ... 19: compressed where it helps and
                            the build has zstd */
    uint64_t log_step;   /* the log grows by so much; 0: 1 MiB */
    uint64_t log_keep;   /* a reset cuts a longer log to this; 0: 4 MiB */
    uint64_t sync_bytes; /* of NORMAL; 0: 1 MiB */
    int64_t sync_micros; /* of NORMAL; 0: one second */
    int64_t pin_micros;  /* a pin older than this holds nothing where room is wanted, see
                            segi_disk_reclaim(); 0: pins hold for ever */
    segi_disk_report *report; /* salvage: called for each fault met; NULL: nobody listens */
    void *report_user;
} segi_disk_options;

/* Open the store in the file `path` and its log `path`-wal; options may be NULL, vfs NULL is the
 * operating system. Copies what it needs. Recovers from a crash: chooses the superblock, checks
 * that the block table partitions the file, reads the log through once, cuts its unsynced tail.
 *
 * SEG_E_NOT_FOUND, SEG_E_EXISTS, SEG_E_BUSY (another opening holds the lock), SEG_E_CORRUPT (also
 * where the log is missing, is another store's, or has lost records that were safe),
 * SEG_E_FORMAT_NEW (a later format, or blocks compressed with what this build lacks), SEG_E_IO,
 * SEG_E_FULL, SEG_E_NOMEM. Owned by the caller: segi_disk_close(). */
seg_status segi_disk_open(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                          const segi_disk_options *options, segi_disk **out, seg_error *err);
/* Syncs the log and frees the handle in any case; NULL is harmless. What was written or dropped
 * since the last checkpoint is gone; records of the log are not. In a forked child it only frees
 * memory and closes descriptors. Writer. */
seg_status segi_disk_close(segi_disk *disk, seg_error *err);

/* Whether a writer's call would be let through: SEG_E_READ_ONLY, SEG_E_POISONED, SEG_E_FORK. */
seg_status segi_disk_writable(const segi_disk *disk, seg_error *err);
/* The owner has gone on from what the files say: from now on, as after a write that failed. */
void segi_disk_poison(segi_disk *disk);

/* ---- blocks ---------------------------------------------------------------------------------- */

/* Write `size` bytes (0 is allowed) as a new block of a kind that the owner chose, 1 ... 65535.
 * Ids rise from 1 and are never given twice; but those of blocks that no checkpoint published are
 * given again after a crash, so no record of the log may name one. Readable at once. Writer. */
seg_status segi_disk_write(segi_disk *disk, uint32_t kind, const void *bytes, size_t size,
                           uint64_t *out_id, seg_error *err);
/* The next checkpoint will be without the block. It stays readable while a pin taken before is
 * held. SEG_E_NOT_FOUND. Writer. */
seg_status segi_disk_drop(segi_disk *disk, uint64_t id, seg_error *err);
/* Replace the content of buf by the block, all checks passed; SEGI_DISK_READ_SLACK zero bytes
 * follow in memory. SEG_E_NOT_FOUND for an unknown id, SEG_E_CORRUPT for one of another kind: ids
 * come from the root, which is from a file. On failure buf is empty. */
seg_status segi_disk_read(segi_disk *disk, uint64_t id, uint32_t kind, segi_buf *buf,
                          seg_error *err);
/* All blocks that are not dropped, by rising id. false ends the walk. Writer. */
typedef bool segi_disk_visit(void *user, uint64_t id, uint32_t kind, size_t size);
void segi_disk_each(segi_disk *disk, segi_disk_visit *visit, void *user);

/* ---- generations ----------------------------------------------------------------------------- */

/* Make all writes and drops since the last checkpoint, and the root, the state of the file: after
 * a crash all of it is there or none. Empties the log: all records logged before are covered, and
 * their bytes are overwritten. size may be 0. If it fails with SEG_E_FULL, SEG_E_NOMEM or SEG_E_IO
 * nothing has changed and it may be called again. Writer. */
seg_status segi_disk_checkpoint(segi_disk *disk, const void *root, size_t size, seg_error *err);
/* Move blocks, about `budget` bytes of them, from the end of the file to free room in front of
 * it, so that the next checkpoints can make the file shorter. Nothing is lost whatever happens.
 * *out_gain: bytes moved, and free ones at the end of the file; 0: a checkpoint would gain
 * nothing. A block that is damaged stays where it is. Writer. */
seg_status segi_disk_compact(segi_disk *disk, uint64_t budget, uint64_t *out_gain, seg_error *err);
/* Room on the medium for `blocks` more blocks of `bytes` in all, and after them for a checkpoint
 * with a root of `root` bytes: up to the end of that checkpoint none of them fails with SEG_E_FULL.
 * For an owner who cannot go back once it has begun. SEG_E_FULL: nothing has changed. Writer. */
seg_status segi_disk_make_room(segi_disk *disk, uint64_t blocks, uint64_t bytes, uint64_t root,
                               seg_error *err);
/* The root of the last checkpoint; size 0 in a new store. Borrowed until the next one. Writer. */
const void *segi_disk_root(const segi_disk *disk, size_t *out_size);

/* Blocks that are not dropped now stay readable until segi_disk_unpin(). The struct is the
 * caller's and must stay where it is; neither call can fail. */
typedef struct segi_pin {
    uint64_t stamp;
    int64_t since;       /* instant; INT64_MAX where nobody knows: it does not grow old */
    atomic_bool expired; /* it holds nothing any more; reading may fail from then on */
    struct segi_pin *next, *previous;
} segi_pin;
void segi_disk_pin(segi_disk *disk, segi_pin *pin);
void segi_disk_unpin(segi_disk *disk, segi_pin *pin);

/* Overwrite with zeros what dropped blocks have left, where the checkpoint without them is done
 * and no pin holds them, sync, and let later generations use the space. Works on `budget` bytes
 * (0: all). *out_left (may be NULL) is how many bytes of dropped content the file still holds, for
 * whatever reason; at 0, and after a checkpoint has emptied the log, nothing of what was dropped
 * is left in the files. Call it after each checkpoint: space that is not reclaimed is not used
 * again. With keep_freed nothing is overwritten. Pins older than pin_micros that hold something end
 * here: whoever has one reads on what is still there, and gets SEG_E_CORRUPT or SEG_E_NOT_FOUND for
 * the rest, never other bytes. Writer. */
seg_status segi_disk_reclaim(segi_disk *disk, uint64_t budget, uint64_t *out_left, seg_error *err);

/* ---- the log --------------------------------------------------------------------------------- */

/* Hand out the records after the last checkpoint, in order. Must be called once, before the first
 * segi_disk_log() (SEG_E_MISUSE), unless segi_disk_stats() counts none. Ends with what the
 * callback returns, if that is not SEG_OK. The bytes are borrowed during the callback. Writer. */
typedef seg_status segi_disk_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                                    seg_error *err);
seg_status segi_disk_replay(segi_disk *disk, segi_disk_record *record, void *user, seg_error *err);
/* Append a record. *out_lsn (may be NULL) is its number: they rise by one. With full durability it
 * is safe on return. SEG_E_FULL: nothing was appended. Any other failure poisons, and after the
 * next open the record is there wholly or not at all. Writer. */
seg_status segi_disk_log(segi_disk *disk, const void *bytes, size_t size, uint64_t *out_lsn,
                         seg_error *err);
/* Make all records safe, whatever the durability but OFF. Writer. */
seg_status segi_disk_sync(segi_disk *disk, seg_error *err);

/* ---- care ------------------------------------------------------------------------------------ */

#define SEGI_DISK_CHECK_QUICK 0u /* superblocks, catalogue, header of every block, the log */
#define SEGI_DISK_CHECK_FULL 1u  /* and every payload and padding */
#define SEGI_DISK_CHECK_DEEP 2u  /* and that free space holds nothing but zeros */

/* Walk the files as they are and report each fault; *out_faults counts them. A failure to read is
 * a fault, too. Never writes. Other threads may read meanwhile. Writer. */
seg_status segi_disk_check(segi_disk *disk, uint32_t level, segi_disk_report *report, void *user,
                           uint64_t *out_faults, seg_error *err);

typedef struct segi_disk_statistics {
    uint64_t generation;     /* of the newest superblock */
    uint64_t blocks;         /* not dropped */
    uint64_t file_bytes;     /* of the file of blocks */
    uint64_t block_bytes;    /* extents of blocks that are not dropped */
    uint64_t free_bytes;     /* extents that may be written */
    uint64_t dropped_bytes;  /* extents whose content is dropped and not overwritten yet */
    uint64_t log_bytes;      /* of the log's file */
    uint64_t log_used;       /* of them up to the end of the last record */
    uint64_t records;        /* since the last checkpoint */
    uint64_t lsn;            /* of the newest record, 0 before the first */
    uint64_t durable_lsn;    /* of the newest record that is safe */
    uint64_t checkpoint_lsn; /* of the newest record that the last checkpoint covers */
    uint64_t epoch;          /* of the log; rises with every opening and checkpoint */
    uint64_t pins;
    bool poisoned;
    bool log_lost; /* salvage: records are lost, as far as can be known */
} segi_disk_statistics;
/* Writer. */
void segi_disk_stats(segi_disk *disk, segi_disk_statistics *out);
/* 16 bytes that tell this store from any other. */
const unsigned char *segi_disk_uuid(const segi_disk *disk);
/* The path of the file of blocks, as it was given to segi_disk_open(). */
const char *segi_disk_name(const segi_disk *disk);

/* Write the last checkpoint's blocks and root to a new file `path`: a store of its own, with a
 * uuid of its own and without a log. Records since that checkpoint are not in it. Blocks are
 * verified as they are copied. SEG_E_EXISTS. Any thread, also while the writer works. */
seg_status segi_disk_backup(segi_disk *disk, const char *path, seg_error *err);

#endif
