/* disk_format.c - the bytes of docs/format.md: encoding, and decoding of anything.
 *
 * Everything here works on bytes in memory and reads or writes no file. Decoders take any bytes
 * at all and say which rule is broken (`what`); what they accept needs no further check of its
 * numbers, so sums of offsets and sizes elsewhere cannot overflow. */
#include "disk_format.h"

#include <seg/base.h>
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "base/wire.h"
#include "disk.h"

#define FORMAT_MAJOR 1u
#define FORMAT_MINOR 1u
#define LOG_MAJOR 2u             /* in 1 nobody could rely on zeros behind the last record */
#define CHECKSUM_AT 504u         /* in superblocks and in the header of the log */
#define BLOCK_MAGIC 0x42474553u  /* SEGB */
#define RECORD_MAGIC 0x52474553u /* SEGR */
#define BLOCK_VERSION 1u

static const unsigned char slot_magic[8] = {0x89, 'S', 'E', 'G', '\r', '\n', 0x1a, '\n'};
static const unsigned char log_magic[8] = {0x89, 'S', 'E', 'W', '\r', '\n', 0x1a, '\n'};

/* Each byte is the one before it, and the first is 0. */
bool segi_disk_is_zero(const unsigned char *bytes, size_t size)
{
    return size == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, size - 1) == 0);
}

uint64_t segi_disk_uuid_low(const unsigned char uuid[16])
{
    return segi_get_at(uuid, 8);
}

/* Whole sectors behind the superblocks and within the file. */
static bool extent_fits(uint64_t offset, uint64_t size, uint64_t end)
{
    return size > 0 && offset % DISK_SECTOR == 0 && size % DISK_SECTOR == 0 &&
           offset >= DISK_DATA && size <= end && offset <= end - size;
}

/* ---- superblock ---- */

/* The numbers are the offsets of docs/format.md; what has none stays zero. */
void segi_disk_slot_encode(const disk_super *super, unsigned char out[DISK_SLOT_SIZE])
{
    const disk_entry *catalogue = &super->catalogue;
    memset(out, 0, DISK_SLOT_SIZE);
    memcpy(out, slot_magic, sizeof slot_magic);
    segi_put_at(out + 8, FORMAT_MAJOR, 4);
    segi_put_at(out + 12, FORMAT_MINOR, 4);
    segi_put_at(out + 16, super->features_any, 8);
    segi_put_at(out + 24, super->features_read, 8);
    segi_put_at(out + 32, super->features_all, 8);
    memcpy(out + 40, super->uuid, sizeof super->uuid);
    segi_put_at(out + 56, super->generation, 8);
    segi_put_at(out + 64, super->flags, 8);
    segi_put_at(out + 72, super->log_epoch, 8);
    segi_put_at(out + 80, super->epoch_floor, 8);
    segi_put_at(out + 88, super->checkpoint_lsn, 8);
    segi_put_at(out + 96, super->end, 8);
    segi_put_at(out + 104, catalogue->offset, 8);
    segi_put_at(out + 112, catalogue->id, 8);
    segi_put_at(out + 120, catalogue->generation, 8);
    segi_put_at(out + 128, catalogue->sum, 8);
    segi_put_at(out + 136, catalogue->stored, 4);
    segi_put_at(out + 140, catalogue->size, 4);
    segi_put_at(out + 144,
                (uint64_t)SEG_VERSION_MAJOR << 32 | (uint64_t)SEG_VERSION_MINOR << 16 |
                    SEG_VERSION_PATCH,
                8);
    segi_put_at(out + 152, super->copy.offset, 8);
    segi_put_at(out + 160, super->copy.sum, 8);
    segi_put_at(out + 168, super->copy.stored, 4);
    segi_put_at(out + CHECKSUM_AT, segi_xxh3(out, CHECKSUM_AT, 0), 8);
}

/* The same offsets backwards; nothing is judged here. */
static void slot_fields(const unsigned char *bytes, disk_super *out)
{
    out->features_any = segi_get_at(bytes + 16, 8);
    out->features_read = segi_get_at(bytes + 24, 8);
    out->features_all = segi_get_at(bytes + 32, 8);
    memcpy(out->uuid, bytes + 40, sizeof out->uuid);
    out->generation = segi_get_at(bytes + 56, 8);
    out->flags = segi_get_at(bytes + 64, 8);
    out->log_epoch = segi_get_at(bytes + 72, 8);
    out->epoch_floor = segi_get_at(bytes + 80, 8);
    out->checkpoint_lsn = segi_get_at(bytes + 88, 8);
    out->end = segi_get_at(bytes + 96, 8);
    out->catalogue = (disk_entry){
        .offset = segi_get_at(bytes + 104, 8),
        .id = segi_get_at(bytes + 112, 8),
        .generation = segi_get_at(bytes + 120, 8),
        .sum = segi_get_at(bytes + 128, 8),
        .stored = (uint32_t)segi_get_at(bytes + 136, 4),
        .size = (uint32_t)segi_get_at(bytes + 140, 4),
        .kind = DISK_CATALOGUE_KIND,
    };
    out->copy = (disk_entry){
        .offset = segi_get_at(bytes + 152, 8),
        .id = out->catalogue.id,
        .generation = out->catalogue.generation,
        .sum = segi_get_at(bytes + 160, 8),
        .stored = (uint32_t)segi_get_at(bytes + 168, 4),
        .size = (uint32_t)segi_get_at(bytes + 168, 4),
        .kind = DISK_COPY_KIND,
    };
}

/* There is one exactly where the feature says so. */
static bool slot_copy_fits(const unsigned char *bytes, const disk_super *super)
{
    if ((super->features_read & DISK_FEATURE_COPY) == 0)
        return segi_disk_is_zero(bytes + 152, 24);
    return super->copy.stored <= DISK_STORED_MAX && segi_get_at(bytes + 172, 4) == 0 &&
           extent_fits(super->copy.offset, segi_disk_extent_of(&super->copy), super->end);
}

/* NULL, or which rule is broken. Numbers that only rise must leave room to do so: nobody counts
 * to 2^62, so such a number is damage, and no sum of them overflows. */
static const char *slot_fault(const unsigned char *bytes, const disk_super *super, uint32_t index)
{
    const disk_entry *catalogue = &super->catalogue;
    const uint64_t count_max = (uint64_t)1 << 62;
    bool minor = segi_get_at(bytes + 12, 4) > FORMAT_MINOR;
    if (super->generation == 0 || super->generation >= count_max)
        return "generation";
    if (super->generation % 2 != index)
        return "superblock in the place of the other";
    if (!minor && (super->flags & ~(uint64_t)(DISK_FLAG_TIDY | DISK_FLAG_NO_LOG)) != 0)
        return "flags";
    if (super->epoch_floor >= count_max || super->log_epoch > super->epoch_floor ||
        super->checkpoint_lsn >= count_max)
        return "numbers of the log";
    if (super->end > DISK_END_MAX || super->end % DISK_SECTOR != 0)
        return "size of the file";
    if (catalogue->id == 0 || catalogue->generation == 0 ||
        catalogue->generation > super->generation || catalogue->stored > DISK_STORED_MAX ||
        catalogue->size > DISK_STORED_MAX ||
        !extent_fits(catalogue->offset, segi_disk_extent_of(catalogue), super->end))
        return "catalogue in superblock";
    if (!minor && !slot_copy_fits(bytes, super))
        return "copy of the catalogue in superblock";
    if (!minor && !segi_disk_is_zero(bytes + 176, CHECKSUM_AT - 176))
        return "reserved bytes of the superblock";
    if (!segi_disk_is_zero(bytes + DISK_SECTOR, DISK_SLOT_SIZE - DISK_SECTOR))
        return "bytes behind the superblock";
    return NULL;
}

/* What superblocks and the header of the log have in common. */
static disk_found head_found(const unsigned char *bytes, const unsigned char magic[8],
                             uint64_t major_max, const char **what)
{
    *what = "checksum of the first sector";
    if (memcmp(bytes, magic, 8) != 0 ||
        segi_get_at(bytes + CHECKSUM_AT, 8) != segi_xxh3(bytes, CHECKSUM_AT, 0))
        return DISK_ABSENT;
    *what = "version";
    uint64_t major = segi_get_at(bytes + 8, 4);
    if (major > major_max)
        return DISK_NEWER;
    return major > 0 ? DISK_SOUND : DISK_DAMAGED;
}

/* `index` is the place it was read from: slots are written in turn, the even generations into the
 * first. */
disk_found segi_disk_slot_decode(const unsigned char bytes[DISK_SLOT_SIZE], uint32_t index,
                                 disk_super *out, const char **what)
{
    memset(out, 0, sizeof *out);
    disk_found found = head_found(bytes, slot_magic, FORMAT_MAJOR, what);
    if (found != DISK_SOUND)
        return found;
    slot_fields(bytes, out);
    *what = slot_fault(bytes, out, index);
    return *what == NULL ? DISK_SOUND : DISK_DAMAGED;
}

/* ---- blocks ---- */

/* The seed is made of what the block belongs to, so that a sound block in a wrong place is
 * damage. */
uint64_t segi_disk_payload_sum(const disk_entry *entry, uint64_t uuid_low, const void *stored)
{
    return segi_xxh3(stored, entry->stored, uuid_low ^ entry->id ^ entry->generation);
}

/* Fills entry->sum as well, which the catalogue keeps: a stale header cannot pass for this one. */
void segi_disk_block_encode(disk_entry *entry, uint64_t uuid_low, const void *stored,
                            unsigned char out[DISK_HEADER_SIZE])
{
    memset(out, 0, DISK_HEADER_SIZE);
    segi_put_at(out, BLOCK_MAGIC, 4);
    segi_put_at(out + 8, BLOCK_VERSION, 2);
    segi_put_at(out + 10, entry->codec, 1);
    segi_put_at(out + 12, entry->kind, 4);
    segi_put_at(out + 16, entry->id, 8);
    segi_put_at(out + 24, entry->offset, 8);
    segi_put_at(out + 32, entry->generation, 8);
    segi_put_at(out + 40, uuid_low, 8);
    segi_put_at(out + 48, entry->stored, 4);
    segi_put_at(out + 52, entry->size, 4);
    segi_put_at(out + 56, segi_disk_payload_sum(entry, uuid_low, stored), 8);
    segi_put_at(out + 4, segi_crc32c(out + 8, DISK_HEADER_SIZE - 8), 4);
    entry->sum = segi_xxh3(out, DISK_HEADER_SIZE, uuid_low ^ entry->id);
}

bool segi_disk_block_decode(const unsigned char bytes[DISK_HEADER_SIZE], uint64_t uuid_low,
                            disk_entry *out, uint64_t *out_payload, const char **what)
{
    *out_payload = segi_get_at(bytes + 56, 8);
    *out = (disk_entry){
        .id = segi_get_at(bytes + 16, 8),
        .offset = segi_get_at(bytes + 24, 8),
        .generation = segi_get_at(bytes + 32, 8),
        .stored = (uint32_t)segi_get_at(bytes + 48, 4),
        .size = (uint32_t)segi_get_at(bytes + 52, 4),
        .kind = (uint32_t)segi_get_at(bytes + 12, 4),
        .codec = bytes[10],
    };
    out->sum = segi_xxh3(bytes, DISK_HEADER_SIZE, uuid_low ^ out->id);
    *what = NULL;
    if (segi_get_at(bytes, 4) != BLOCK_MAGIC)
        *what = "no block where one should be";
    else if (segi_get_at(bytes + 4, 4) != segi_crc32c(bytes + 8, DISK_HEADER_SIZE - 8))
        *what = "checksum of a block's header";
    else if (segi_get_at(bytes + 8, 2) != BLOCK_VERSION || bytes[11] != 0)
        *what = "version of a block's header";
    else if (segi_get_at(bytes + 40, 8) != uuid_low)
        *what = "block of another store";
    else if (out->id == 0 || out->generation == 0 || out->kind == 0 || out->kind > DISK_COPY_KIND ||
             out->stored > DISK_STORED_MAX || out->size > DISK_STORED_MAX ||
             (out->codec == DISK_CODEC_RAW && out->stored != out->size))
        *what = "fields of a block's header";
    return *what == NULL;
}

/* ---- catalogue ---- */

void segi_disk_table_deinit(const segi_mem *mem, disk_table *table)
{
    segi_free(mem, table->entries);
    segi_free(mem, table->dropped);
    memset(table, 0, sizeof *table);
}

/* Ids rise, so that none can be there twice. */
static const char *entry_fault(const disk_entry *entry, uint64_t previous_id, uint64_t next_id)
{
    if (entry->id <= previous_id || entry->id >= next_id)
        return "ids in the catalogue do not rise";
    if (entry->generation == 0 || entry->kind == 0 || entry->kind >= DISK_CATALOGUE_KIND ||
        entry->stored > DISK_STORED_MAX || entry->size > DISK_STORED_MAX ||
        (entry->codec == DISK_CODEC_RAW && entry->stored != entry->size) ||
        entry->codec > DISK_CODEC_ZSTD ||
        !extent_fits(entry->offset, segi_disk_extent_of(entry), DISK_END_MAX))
        return "entry of the catalogue";
    return NULL;
}

static const char *table_entries(const unsigned char *at, disk_table *out)
{
    uint64_t previous = 0;
    for (size_t i = 0; i < out->entry_count; i++, at += DISK_ENTRY_SIZE) {
        disk_entry *entry = &out->entries[i];
        *entry = (disk_entry){
            .id = segi_get_at(at, 8),
            .offset = segi_get_at(at + 8, 8),
            .generation = segi_get_at(at + 16, 8),
            .sum = segi_get_at(at + 24, 8),
            .stored = (uint32_t)segi_get_at(at + 32, 4),
            .size = (uint32_t)segi_get_at(at + 36, 4),
            .kind = (uint32_t)segi_get_at(at + 40, 4),
            .codec = (uint32_t)segi_get_at(at + 44, 4),
        };
        const char *fault = entry_fault(entry, previous, out->next_id);
        if (fault != NULL)
            return fault;
        previous = entry->id;
    }
    return NULL;
}

/* Dropped extents rise and do not overlap. */
static const char *table_dropped(const unsigned char *at, disk_table *out)
{
    uint64_t end = DISK_DATA;
    for (size_t i = 0; i < out->dropped_count; i++, at += DISK_EXTENT_SIZE) {
        disk_extent *extent = &out->dropped[i];
        *extent = (disk_extent){segi_get_at(at, 8), segi_get_at(at + 8, 8)};
        if (!extent_fits(extent->offset, extent->size, DISK_END_MAX) || extent->offset < end)
            return "dropped extents in the catalogue";
        end = extent->offset + extent->size;
    }
    return NULL;
}

/* out->root points into `bytes`. */
seg_status segi_disk_table_decode(const segi_mem *mem, const void *bytes, size_t size,
                                  disk_table *out, const char **what)
{
    const unsigned char *at = bytes;
    memset(out, 0, sizeof *out);
    *what = "counts of the catalogue";
    if (size < DISK_TABLE_HEADER)
        return SEG_E_CORRUPT;
    uint64_t entries = segi_get_at(at + 8, 8), dropped = segi_get_at(at + 16, 8),
             root = segi_get_at(at + 24, 8);
    /* None of these sums can overflow, the counts being capped first. */
    if (entries > DISK_COUNT_MAX || dropped > DISK_COUNT_MAX || root > SEGI_DISK_ROOT_MAX ||
        DISK_TABLE_HEADER + entries * DISK_ENTRY_SIZE + dropped * DISK_EXTENT_SIZE + root != size)
        return SEG_E_CORRUPT;
    out->next_id = segi_get_at(at, 8);
    if (out->next_id == 0 || out->next_id >= (uint64_t)1 << 62)
        return SEG_E_CORRUPT;
    out->entry_count = (size_t)entries;
    out->dropped_count = (size_t)dropped;
    out->root_size = (size_t)root;
    out->root = at + size - root;
    out->entries = segi_alloc_array(mem, out->entry_count, sizeof *out->entries);
    out->dropped = segi_alloc_array(mem, out->dropped_count, sizeof *out->dropped);
    if (out->entries == NULL || out->dropped == NULL) {
        segi_disk_table_deinit(mem, out);
        return SEG_E_NOMEM;
    }
    *what = table_entries(at + DISK_TABLE_HEADER, out);
    if (*what == NULL)
        *what = table_dropped(at + DISK_TABLE_HEADER + entries * DISK_ENTRY_SIZE, out);
    if (*what == NULL)
        return SEG_OK;
    segi_disk_table_deinit(mem, out);
    return SEG_E_CORRUPT;
}

void segi_disk_table_begin(segi_buf *buf, uint64_t next_id, uint64_t entries, uint64_t dropped,
                           uint64_t root_size)
{
    unsigned char bytes[DISK_TABLE_HEADER];
    segi_put_at(bytes, next_id, 8);
    segi_put_at(bytes + 8, entries, 8);
    segi_put_at(bytes + 16, dropped, 8);
    segi_put_at(bytes + 24, root_size, 8);
    segi_buf_add(buf, bytes, sizeof bytes);
}

void segi_disk_table_entry(segi_buf *buf, const disk_entry *entry)
{
    unsigned char bytes[DISK_ENTRY_SIZE];
    segi_put_at(bytes, entry->id, 8);
    segi_put_at(bytes + 8, entry->offset, 8);
    segi_put_at(bytes + 16, entry->generation, 8);
    segi_put_at(bytes + 24, entry->sum, 8);
    segi_put_at(bytes + 32, entry->stored, 4);
    segi_put_at(bytes + 36, entry->size, 4);
    segi_put_at(bytes + 40, entry->kind, 4);
    segi_put_at(bytes + 44, entry->codec, 4);
    segi_buf_add(buf, bytes, sizeof bytes);
}

void segi_disk_table_extent(segi_buf *buf, const disk_extent *extent)
{
    unsigned char bytes[DISK_EXTENT_SIZE];
    segi_put_at(bytes, extent->offset, 8);
    segi_put_at(bytes + 8, extent->size, 8);
    segi_buf_add(buf, bytes, sizeof bytes);
}

/* ---- the catalogue's copy ---- */

void segi_disk_copy_begin(segi_buf *buf, const disk_super *super)
{
    unsigned char bytes[DISK_COPY_HEADER];
    memcpy(bytes, super->uuid, sizeof super->uuid);
    segi_put_at(bytes + 16, super->flags, 8);
    segi_put_at(bytes + 24, super->log_epoch, 8);
    segi_put_at(bytes + 32, super->epoch_floor, 8);
    segi_put_at(bytes + 40, super->checkpoint_lsn, 8);
    segi_buf_add(buf, bytes, sizeof bytes);
}

bool segi_disk_copy_decode(const void *bytes, size_t size, disk_super *out)
{
    const unsigned char *at = bytes;
    if (size < DISK_COPY_HEADER)
        return false;
    memcpy(out->uuid, at, sizeof out->uuid);
    out->flags = segi_get_at(at + 16, 8);
    out->log_epoch = segi_get_at(at + 24, 8);
    out->epoch_floor = segi_get_at(at + 32, 8);
    out->checkpoint_lsn = segi_get_at(at + 40, 8);
    return true;
}

/* ---- log ---- */

void segi_disk_log_encode(const disk_log_header *header, unsigned char out[DISK_LOG_HEADER])
{
    memset(out, 0, DISK_LOG_HEADER);
    memcpy(out, log_magic, sizeof log_magic);
    segi_put_at(out + 8, LOG_MAJOR, 4);
    segi_put_at(out + 12, FORMAT_MINOR, 4);
    memcpy(out + 16, header->uuid, sizeof header->uuid);
    segi_put_at(out + 32, header->epoch, 8);
    segi_put_at(out + 40, header->base_lsn, 8);
    segi_put_at(out + 48, header->file_size, 8);
    memcpy(out + 56, header->salt, sizeof header->salt);
    segi_put_at(out + CHECKSUM_AT, segi_xxh3(out, CHECKSUM_AT, 0), 8);
}

disk_found segi_disk_log_decode(const unsigned char bytes[DISK_LOG_HEADER], disk_log_header *out,
                                const char **what)
{
    memset(out, 0, sizeof *out);
    disk_found found = head_found(bytes, log_magic, LOG_MAJOR, what);
    if (found != DISK_SOUND)
        return found;
    memcpy(out->uuid, bytes + 16, sizeof out->uuid);
    out->epoch = segi_get_at(bytes + 32, 8);
    out->base_lsn = segi_get_at(bytes + 40, 8);
    out->file_size = segi_get_at(bytes + 48, 8);
    memcpy(out->salt, bytes + 56, sizeof out->salt);
    out->swept = segi_get_at(bytes + 8, 4) >= 2;
    *what = "reserved bytes of the log";
    if (segi_get_at(bytes + 12, 4) == FORMAT_MINOR &&
        !segi_disk_is_zero(bytes + 72, CHECKSUM_AT - 72))
        return DISK_DAMAGED;
    *what = NULL;
    return DISK_SOUND;
}

/* Records are chained: each checksum is seeded with that of the record before it, so that one out
 * of turn, or of an earlier life of the log, does not continue the chain. */
uint64_t segi_disk_chain_start(const unsigned char salt[16])
{
    return segi_xxh3(salt, 16, 0);
}

uint64_t segi_disk_record_chain(const unsigned char bytes[DISK_HEADER_SIZE], uint64_t chain,
                                const void *payload, size_t size)
{
    return segi_xxh3(payload, size, segi_xxh3(bytes, 48, chain));
}

/* With this number a record that was written whole is told from one that lacks sectors. */
static uint64_t record_blank(const unsigned char *payload, size_t size)
{
    uint64_t blank = 0;
    for (size_t at = DISK_SECTOR - DISK_HEADER_SIZE; at < size; at += DISK_SECTOR)
        blank += segi_disk_is_zero(payload + at, size - at < DISK_SECTOR ? size - at : DISK_SECTOR);
    return blank;
}

void segi_disk_record_encode(disk_record *record, const unsigned char salt[16], uint64_t chain,
                             const void *payload, unsigned char out[DISK_HEADER_SIZE])
{
    memset(out, 0, DISK_HEADER_SIZE);
    segi_put_at(out, RECORD_MAGIC, 4);
    segi_put_at(out + 8, record->size, 8);
    segi_put_at(out + 16, record->lsn, 8);
    segi_put_at(out + 24, record->epoch, 8);
    segi_put_at(out + 32, record->durable_lsn, 8);
    record->blank = record_blank(payload, (size_t)record->size);
    segi_put_at(out + 40, record->blank, 8);
    record->chain = segi_disk_record_chain(out, chain, payload, (size_t)record->size);
    segi_put_at(out + 48, record->chain, 8);
    segi_put_at(out + 56, segi_xxh3(out, 56, segi_get_at(salt, 8)), 8);
}

bool segi_disk_record_decode(const unsigned char bytes[DISK_HEADER_SIZE],
                             const unsigned char salt[16], disk_record *out)
{
    const uint64_t count_max = (uint64_t)1 << 62;
    *out = (disk_record){
        .size = segi_get_at(bytes + 8, 8),
        .lsn = segi_get_at(bytes + 16, 8),
        .epoch = segi_get_at(bytes + 24, 8),
        .durable_lsn = segi_get_at(bytes + 32, 8),
        .chain = segi_get_at(bytes + 48, 8),
        .blank = segi_get_at(bytes + 40, 8),
    };
    return segi_get_at(bytes, 4) == RECORD_MAGIC && segi_get_at(bytes + 4, 4) == 0 &&
           out->size <= SEGI_DISK_RECORD_MAX && out->lsn < count_max && out->epoch < count_max &&
           out->durable_lsn < out->lsn && out->blank <= out->size / DISK_SECTOR + 1 &&
           segi_get_at(bytes + 56, 8) == segi_xxh3(bytes, 56, segi_get_at(salt, 8));
}
