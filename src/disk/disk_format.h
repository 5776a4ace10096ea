/* The bytes of docs/format.md and the structs they stand for. Decoders take any bytes: what they
 * accept keeps every rule of that page that can be seen from the bytes alone. */
#ifndef SEGI_DISK_FORMAT_H
#define SEGI_DISK_FORMAT_H

#include "base/buf.h"

#define DISK_SECTOR 512u
#define DISK_SLOT_SIZE 4096u
#define DISK_SLOT_STRIDE 32768u /* from one slot to the other */
#define DISK_DATA 65536u        /* offset of the first extent */
#define DISK_END_MAX ((uint64_t)1 << 56)
#define DISK_HEADER_SIZE 64u /* of blocks and of records alike */
#define DISK_STORED_MAX ((uint32_t)1 << 30)
#define DISK_CATALOGUE_KIND 65536u
#define DISK_COPY_KIND 65537u /* the catalogue once more */
#define DISK_COUNT_MAX ((uint64_t)1 << 24)
#define DISK_TABLE_HEADER 32u
#define DISK_ENTRY_SIZE 48u
#define DISK_EXTENT_SIZE 16u
#define DISK_LOG_HEADER 512u
#define DISK_COPY_HEADER 48u

#define DISK_CODEC_RAW 0u
#define DISK_CODEC_ZSTD 1u

#define DISK_FEATURE_ZSTD 1u /* of features_all */
#define DISK_FEATURE_COPY 1u /* of features_read: there is a copy of the catalogue */
#define DISK_FLAG_TIDY 1u    /* free space holds zeros only */
#define DISK_FLAG_NO_LOG 2u  /* there is no log, and none is needed */

static inline uint64_t segi_disk_round_up(uint64_t size)
{
    return (size + DISK_SECTOR - 1) / DISK_SECTOR * DISK_SECTOR;
}

/* A block as whoever points to it knows it. */
typedef struct disk_entry {
    uint64_t id, offset, generation;
    uint64_t sum; /* of the header */
    uint32_t stored, size, kind, codec;
} disk_entry;

static inline uint64_t segi_disk_extent_of(const disk_entry *entry)
{
    return segi_disk_round_up((uint64_t)DISK_HEADER_SIZE + entry->stored);
}

typedef struct disk_extent {
    uint64_t offset, size;
} disk_extent;

typedef struct disk_super {
    uint64_t features_any, features_read, features_all; /* compatible, read-only, incompatible */
    unsigned char uuid[16];
    uint64_t generation, flags, log_epoch, epoch_floor, checkpoint_lsn;
    uint64_t end;         /* of the last extent */
    disk_entry catalogue; /* codec is not kept here: 0 */
    disk_entry copy;      /* of the catalogue, with its id and generation; offset 0: none */
} disk_super;

typedef struct disk_log_header {
    unsigned char uuid[16];
    uint64_t epoch, base_lsn, file_size;
    unsigned char salt[16];
    bool swept; /* read: within file_size, what no record was written to is zero on the medium */
} disk_log_header;

typedef struct disk_record {
    uint64_t size, lsn, epoch, durable_lsn, chain;
    uint64_t blank; /* sectors behind the first that are all zeros */
} disk_record;

/* What a decoder found. */
typedef enum disk_found {
    DISK_SOUND,
    DISK_ABSENT,  /* nothing there, or a checksum that does not fit */
    DISK_NEWER,   /* of a later version; *what says more */
    DISK_DAMAGED, /* the checksum fits, but a rule is broken; *what says which */
} disk_found;

bool segi_disk_is_zero(const unsigned char *bytes, size_t size);

/* ---- superblock ---- */
void segi_disk_slot_encode(const disk_super *super, unsigned char out[DISK_SLOT_SIZE]);
/* The slot `index` (0 or 1), all of its bytes. Features are the reader's business. */
disk_found segi_disk_slot_decode(const unsigned char bytes[DISK_SLOT_SIZE], uint32_t index,
                                 disk_super *out, const char **what);
/* First half of a uuid, the seed of checksums. */
uint64_t segi_disk_uuid_low(const unsigned char uuid[16]);

/* ---- blocks ---- */
/* The header of a block, payload checksum included; entry->sum is set. */
void segi_disk_block_encode(disk_entry *entry, uint64_t uuid_low, const void *stored,
                            unsigned char out[DISK_HEADER_SIZE]);
/* A header whose magic, CRC and version fit; `sum` is computed. False otherwise, *what says why. */
bool segi_disk_block_decode(const unsigned char bytes[DISK_HEADER_SIZE], uint64_t uuid_low,
                            disk_entry *out, uint64_t *out_payload, const char **what);
uint64_t segi_disk_payload_sum(const disk_entry *entry, uint64_t uuid_low, const void *stored);

/* ---- catalogue ---- */
typedef struct disk_table {
    uint64_t next_id;
    disk_entry *entries; /* owned, by rising id */
    size_t entry_count;
    disk_extent *dropped; /* owned, by rising offset */
    size_t dropped_count;
    const unsigned char *root; /* borrowed from the bytes decoded */
    size_t root_size;
} disk_table;
void segi_disk_table_deinit(const segi_mem *mem, disk_table *table);
/* SEG_E_CORRUPT (*what says why), SEG_E_NOMEM. Allocates no more than the bytes account for. */
seg_status segi_disk_table_decode(const segi_mem *mem, const void *bytes, size_t size,
                                  disk_table *out, const char **what);
void segi_disk_table_begin(segi_buf *buf, uint64_t next_id, uint64_t entries, uint64_t dropped,
                           uint64_t root_size);
void segi_disk_table_entry(segi_buf *buf, const disk_entry *entry);
void segi_disk_table_extent(segi_buf *buf, const disk_extent *extent);

/* ---- the catalogue's copy ---- */
/* What the copy says before the table: those fields of the superblock without which the log could
 * not be read. */
void segi_disk_copy_begin(segi_buf *buf, const disk_super *super);
/* False where the bytes are too few. Sets only these fields. */
bool segi_disk_copy_decode(const void *bytes, size_t size, disk_super *out);

/* ---- log ---- */
void segi_disk_log_encode(const disk_log_header *header, unsigned char out[DISK_LOG_HEADER]);
disk_found segi_disk_log_decode(const unsigned char bytes[DISK_LOG_HEADER], disk_log_header *out,
                                const char **what);
/* Chain before the first record. */
uint64_t segi_disk_chain_start(const unsigned char salt[16]);
/* Sets record->blank, and record->chain from the chain of the record before. */
void segi_disk_record_encode(disk_record *record, const unsigned char salt[16], uint64_t chain,
                             const void *payload, unsigned char out[DISK_HEADER_SIZE]);
/* A header whose magic and own checksum fit. Nothing is said about the payload. */
bool segi_disk_record_decode(const unsigned char bytes[DISK_HEADER_SIZE],
                             const unsigned char salt[16], disk_record *out);
/* What the chain of the record must be. */
uint64_t segi_disk_record_chain(const unsigned char bytes[DISK_HEADER_SIZE], uint64_t chain,
                                const void *payload, size_t size);

#endif
