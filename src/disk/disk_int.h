/* Inside the room disk. One segi_disk is spread over these files:
 *
 *     disk_open.c      opening, recovery, closing      disk_log.c    the log is written
 *     disk_create.c    a store comes into being        disk_scan.c   the log is read
 *     disk_block.c     blocks in and out               disk_check.c  everything is looked at
 *     disk_space.c     extents                         disk_backup.c copying to a new store
 *     disk_publish.c   generations, pins, reclaiming   disk_salvage.c what is left of a damaged one
 *     disk_codec.c     compression                     disk_format.c bytes and structs
 *     disk_compact.c   free room is brought together at the end */
#ifndef SEGI_DISK_INT_H
#define SEGI_DISK_INT_H

#include "base/error.h"
#include "base/thread.h"
#include "disk.h"
#include "disk_format.h"

/* Extents by rising offset; neighbours are merged. */
typedef struct disk_extents {
    disk_extent *list; /* owned */
    size_t count, capacity;
    uint64_t bytes;
} disk_extents;

/* Kind of an entry that stands for the place where a block was before it moved: dropped from the
 * beginning, and under an id that nobody knows. */
#define DISK_MOVED_KIND 0u

typedef struct disk_block {
    disk_entry entry;
    uint64_t dropped; /* the stamp at which it was dropped, 0: it is not */
    bool published;   /* in the newest catalogue */
} disk_block;

/* Where the log has been read to: the end of the last good record. */
typedef struct disk_cursor {
    uint64_t position, chain, lsn, epoch;
} disk_cursor;

typedef struct disk_log {
    segi_file file; /* not open where there is no log */
    disk_log_header header;
    disk_cursor end;        /* of the last record */
    uint64_t size;          /* of the file */
    bool grown;             /* that size is perhaps not safe yet */
    uint64_t touched;       /* no byte from here to the end of the file is other than zero */
    uint64_t records;       /* since the last checkpoint */
    uint64_t durable_lsn;   /* newest record known to be safe */
    uint64_t unsynced;      /* bytes of records that are not */
    int64_t unsynced_since; /* instant of the first of them */
    bool replayed;          /* all records have been handed out */
} disk_log;

struct segi_disk {
    segi_mem mem;
    const segi_vfs *vfs;
    segi_disk_options options;
    uint64_t process;
    char *path, *log_path; /* owned */
    char *new_path;        /* owned; while the file of blocks is built under it, else NULL */
    segi_file file;
    uint64_t uuid_low;
    bool poisoned;
    bool lone;     /* only one superblock was left, so it may not be the newest */
    bool log_lost; /* after a salvage: see the statistics */
    bool untidy;   /* free space, as the newest catalogue has it, holds something */

    /* Guarded by the mutex where the writer changes what other threads may read: super, root,
     * blocks, pins, stamp. The writer reads them without it. */
    segi_mutex *mutex; /* owned */
    disk_super super;  /* the newest on the medium; generation 0: there is none yet */
    segi_buf root;
    disk_block *blocks; /* owned, by rising id; dropped ones until they are reclaimed */
    size_t block_count, block_capacity;
    uint64_t next_id;
    uint64_t stamp;           /* of the newest drop */
    uint64_t published_stamp; /* of the newest drop that the catalogue knows of */
    segi_pin pins;            /* head of a ring */

    disk_extents free;  /* zeros, unless keep_freed */
    disk_extents dirty; /* content that nothing needs any more */
    uint64_t end;       /* of all extents */

    uint64_t epoch; /* of new records */
    disk_log log;
};

/* ---- failures ---- */
/* SEG_E_CORRUPT with file and offset; told to the listener of a salvage too. */
seg_status segi_disk_damaged(const segi_disk *disk, const char *file, uint64_t offset,
                             const char *what, seg_error *err);
/* The same of a block, whose name the listener gets, too. */
seg_status segi_disk_damaged_block(const segi_disk *disk, const disk_entry *entry, const char *what,
                                   seg_error *err);
void segi_disk_tell(const segi_disk *disk, const char *file, uint64_t offset,
                    const disk_entry *entry, const char *what);
/* The handle is of this process. */
seg_status segi_disk_here(const segi_disk *disk, seg_error *err);
/* Sync, unless durability is off; a failure poisons. */
seg_status segi_disk_sync_file(segi_disk *disk, const segi_file *file, seg_error *err);

/* ---- space ---- */
/* Room for `more` extents, so that as many additions cannot fail. */
bool segi_extents_reserve(const segi_mem *mem, disk_extents *extents, size_t more);
void segi_extents_add(disk_extents *extents, uint64_t offset, uint64_t size);
/* First fit. False where no extent is large enough. */
bool segi_extents_take(disk_extents *extents, uint64_t size, uint64_t *out_offset);
void segi_extents_deinit(const segi_mem *mem, disk_extents *extents);
/* An extent for a new block; a place in `dirty` to give it back is kept. */
seg_status segi_disk_allocate(segi_disk *disk, uint64_t size, uint64_t *out_offset, seg_error *err);
/* After a failed write of an extent that was allocated. */
void segi_disk_give_back(segi_disk *disk, uint64_t offset, uint64_t size);
/* What blocks, dropped extents and the catalogue do not cover, up to `end`, as extents added to
 * *gaps. SEG_E_CORRUPT where two of them overlap or one lies beyond the end. */
seg_status segi_disk_partition(segi_disk *disk, uint64_t end, disk_extents *gaps, seg_error *err);

/* ---- blocks ---- */
/* Write entry->kind, id, generation; the rest of *entry is set. Does not enter it anywhere. */
seg_status segi_disk_put(segi_disk *disk, disk_entry *entry, const void *bytes, size_t size,
                         seg_error *err);
/* Enter a block that was put. */
seg_status segi_disk_reserve_block(segi_disk *disk, seg_error *err);
void segi_disk_enter(segi_disk *disk, const disk_entry *entry);
/* Read the header at entry->offset and compare it with what its parent knows. SEG_E_CORRUPT sets
 * *what and tells nobody. *payload (may be NULL) is the checksum of the stored bytes. */
seg_status segi_disk_get_header(const segi_disk *disk, const disk_entry *entry,
                                uint64_t *out_payload, const char **what, seg_error *err);
/* Write a block once more, at another place and for the next generation, packed as it is; buf is
 * room for it. SEG_E_CORRUPT says nothing in *err. */
seg_status segi_disk_copy(segi_disk *disk, const disk_entry *from, disk_entry *to, segi_buf *buf,
                          seg_error *err);
/* The whole block, verified. */
seg_status segi_disk_get(const segi_disk *disk, const disk_entry *entry, segi_buf *buf,
                         seg_error *err);
/* Compress into out, or leave it empty where that does not pay. False: out of memory. */
bool segi_disk_compress(uint32_t level, const void *bytes, size_t size, segi_buf *out);
/* Decompress exactly `size` bytes. */
bool segi_disk_decompress(const void *stored, size_t stored_size, void *out, size_t size);
bool segi_disk_has_codec(uint32_t codec);

/* ---- generations ---- */
/* Write the catalogue and the superblock. After a failure of the superblock it is poisoned. */
seg_status segi_disk_publish(segi_disk *disk, const void *root, size_t size, uint64_t flags,
                             seg_error *err);
/* Write the superblock *next, whose catalogue is on the medium. */
seg_status segi_disk_publish_super(segi_disk *disk, const disk_super *next, seg_error *err);
/* Hold all that was not dropped at the stamp. Under the mutex. */
void segi_disk_pin_at(segi_disk *disk, segi_pin *pin, uint64_t stamp, int64_t since);
/* Take over a decoded catalogue: table, root, next id. */
seg_status segi_disk_adopt(segi_disk *disk, const disk_table *table, seg_error *err);

/* ---- log ---- */
/* A log without records, in a new file, safe with its name; for a store that has none. */
seg_status segi_disk_log_create(segi_disk *disk, uint64_t epoch, uint64_t base_lsn, seg_error *err);
/* Forget all records: a new header with a salt made beforehand, zeros, sync. A failure poisons. */
seg_status segi_disk_log_reset(segi_disk *disk, const unsigned char salt[16], seg_error *err);
/* Write the header again, for a file of that size, all of which is safe; safe itself after the next
 * sync. A failure other than SEG_E_FULL poisons. */
seg_status segi_disk_log_claim(segi_disk *disk, uint64_t size, seg_error *err);
/* Open the log, compare it with the superblock, read it through. */
seg_status segi_disk_log_open(segi_disk *disk, seg_error *err);
/* The next good record: payload in buf (replaced) and *cursor moved, or *got false. */
seg_status segi_disk_log_next(const segi_disk *disk, disk_cursor *cursor, segi_buf *payload,
                              bool *got, seg_error *err);
disk_cursor segi_disk_log_start(const segi_disk *disk);

/* ---- opening ---- */
/* One of the two files, locked for what the disk is opened for. */
seg_status segi_disk_open_file(const segi_disk *disk, const char *path, segi_file *file,
                               seg_error *err);
/* A handle that has no file open yet. */
seg_status segi_disk_new(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                         const segi_disk_options *options, segi_disk **out, seg_error *err);
/* Close files, free memory; touches no file. */
void segi_disk_free(segi_disk *disk);
seg_status segi_disk_create(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                            const segi_disk_options *options, seg_error *err);
/* Begin an empty file of blocks under another name, with a uuid; then put it in its place. What
 * is in between publishes the first generation. */
seg_status segi_disk_build_begin(segi_disk *disk, seg_error *err);
seg_status segi_disk_build_end(segi_disk *disk, seg_error *err);
/* After a failure in between: away with the file. */
void segi_disk_build_abandon(segi_disk *disk);
/* Read both superblock slots and choose. */
seg_status segi_disk_choose(segi_disk *disk, seg_error *err);
/* Read catalogue and table of disk->super. */
seg_status segi_disk_load(segi_disk *disk, seg_error *err);
seg_status segi_disk_salvage(segi_disk *disk, seg_error *err);

#endif
