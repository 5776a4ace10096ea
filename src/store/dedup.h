/* Event ids that were seen, so that an event sent twice counts once.
 *
 * A commit first scans its rows, which changes nothing but the rows' results; then reserves room
 * for the new ids; then adds them, which cannot fail. Records lie in groups by period of event
 * time and go away a group at a time. */
#ifndef SEGI_DEDUP_H
#define SEGI_DEDUP_H

#include "base/wire.h"
#include "ingest/ingest.h"
#include "store/sheets.h"

typedef struct segi_dedup_record segi_dedup_record;
typedef struct dedup_block segi_dedup_block;

/* Ids of one period. On disk they lie in sheets, in their order of arrival. */
typedef struct segi_dedup_group {
    struct segi_dedup_group *next;
    uint64_t begin, end;      /* event times from SEG_TIME_MIN on, both inclusive */
    segi_dedup_block *blocks; /* owned, newest first */
    uint32_t count;           /* records but forgotten ones; those on disk alone included */
    bool loaded;              /* its records are in memory */
    segi_sheets sheets;
} segi_dedup_group;

typedef struct segi_dedup_slot {
    segi_dedup_record *record; /* NULL: empty */
    uint32_t tag;
} segi_dedup_slot;

/* A row whose id is new. */
typedef struct segi_dedup_new {
    const char *id; /* borrowed from the batch */
    uint32_t size, tag;
    uint64_t body[2], user;
    int64_t time;
    segi_dedup_record *record; /* once reserved */
    segi_dedup_group *group;
} segi_dedup_new;

typedef struct segi_dedup {
    const segi_mem *mem;
    uint64_t key[2];
    uint64_t window_us;
    segi_dedup_slot *slots; /* owned */
    uint32_t bits;
    size_t count;
    segi_dedup_group *groups; /* owned, a list */
    size_t bytes;
    /* Of the commit under way. */
    segi_dedup_new *news; /* owned */
    size_t new_count, new_capacity;
    uint32_t *index; /* owned: a table of places in news, plus one */
    uint32_t index_bits;
} segi_dedup;

bool segi_dedup_init(segi_dedup *dedup, const segi_mem *mem, const uint64_t key[2],
                     uint64_t window_us);
void segi_dedup_deinit(segi_dedup *dedup);

/* Begin a commit of at most `rows` rows with ids. */
bool segi_dedup_begin(segi_dedup *dedup, size_t rows);
/* Mark the duplicates and conflicts of a batch in its results, which count them among the
 * rejected; duplicates are added to *io_duplicates as well. *out_conflict: the first row in
 * conflict over all batches, UINT64_MAX if none. False when out of memory. */
bool segi_dedup_scan(segi_dedup *dedup, segi_checked_batch *batch, segi_arena *arena,
                     int64_t watermark, uint64_t *io_duplicates, uint64_t *out_conflict);
/* Room for all new ids. False when out of memory; then, and when the commit fails later,
 * segi_dedup_drop(). */
bool segi_dedup_reserve(segi_dedup *dedup, int64_t watermark);
void segi_dedup_drop(segi_dedup *dedup);
void segi_dedup_apply(segi_dedup *dedup);
/* Records [begin, begin + count) of a loaded group in the order of their arrival -> buf. */
void segi_dedup_write(segi_dedup_group *group, uint32_t begin, uint32_t count, segi_buf *buf);
/* A group of a file, without its records. NULL: out of memory. */
segi_dedup_group *segi_dedup_add_group(segi_dedup *dedup, uint64_t begin, uint64_t end);
/* The records of one of its sheets, the sheets in their order. SEG_E_NOMEM or SEG_E_CORRUPT. */
seg_status segi_dedup_read(segi_dedup *dedup, segi_dedup_group *group, uint32_t count,
                           segi_wire *from);
/* Forget its records in memory: a load that failed begins anew. */
void segi_dedup_unload(segi_dedup *dedup, segi_dedup_group *group);
/* Forget groups that lie wholly before the window. */
void segi_dedup_expire(segi_dedup *dedup, int64_t watermark);

/* Users whose event ids are to be forgotten, by the hash of their ids. */
typedef struct segi_dedup_users {
    uint64_t *slots; /* owned: 1 << bits; 0: empty */
    uint32_t bits;
    size_t count;
} segi_dedup_users;
/* Room for `count` users. False when out of memory. */
bool segi_dedup_users_init(segi_dedup_users *users, const segi_mem *mem, size_t count);
void segi_dedup_users_deinit(segi_dedup_users *users, const segi_mem *mem);
/* Ids of number stores are their eight bytes, lowest first. */
void segi_dedup_users_add(const segi_dedup *dedup, segi_dedup_users *users, const void *id,
                          size_t size);
/* What is to be written again once they are forgotten: sheets, and bytes in them. */
typedef struct segi_dedup_rewrite {
    uint64_t sheets, bytes;
} segi_dedup_rewrite;
segi_dedup_rewrite segi_dedup_forget_cost(const segi_dedup *dedup, const segi_dedup_users *users);
/* Overwrite the records of their events in groups that are loaded; the room stays until the group
 * goes. Sheets of a group that loses some are to be written again. Returns how many. */
uint64_t segi_dedup_forget(segi_dedup *dedup, const segi_dedup_users *users);

#endif
