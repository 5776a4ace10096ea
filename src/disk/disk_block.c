/* disk_block.c - blocks in and out. A block is entered in the table only after its bytes were
 * written, so that whoever finds it there can read it. */
#include <string.h>

#include "base/hash.h"
#include "disk_int.h"

#define FIRST_PAYLOAD (DISK_SECTOR - DISK_HEADER_SIZE) /* payload bytes in the first sector */

/* ---- the table ---- */

/* NULL if there is none of that id. Under the mutex, or by the writer. */
static disk_block *block_find(const segi_disk *disk, uint64_t id)
{
    size_t low = 0, high = disk->block_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (disk->blocks[middle].entry.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < disk->block_count && disk->blocks[low].entry.id == id;
    return found ? &disk->blocks[low] : NULL;
}

/* Doubling moves the table, hence the mutex. */
seg_status segi_disk_reserve_block(segi_disk *disk, seg_error *err)
{
    if (disk->block_count >= DISK_COUNT_MAX)
        return segi_fail(err, SEG_E_LIMIT, "%s has 2^24 blocks already", disk->path);
    segi_mutex_lock(disk->mutex);
    void *blocks = disk->blocks;
    bool grown = segi_grow(&disk->mem, &blocks, &disk->block_capacity, disk->block_count + 1,
                           sizeof *disk->blocks);
    disk->blocks = blocks;
    segi_mutex_unlock(disk->mutex);
    return grown ? SEG_OK : segi_fail_nomem(err);
}

void segi_disk_enter(segi_disk *disk, const disk_entry *entry)
{
    segi_mutex_lock(disk->mutex);
    disk->blocks[disk->block_count++] = (disk_block){.entry = *entry};
    segi_mutex_unlock(disk->mutex);
}

/* The entry of an id that the owner names, copied out of the table. */
static seg_status block_lookup(segi_disk *disk, uint64_t id, uint32_t kind, disk_entry *out,
                               seg_error *err)
{
    SEGI_TRY(segi_disk_here(disk, err));
    segi_mutex_lock(disk->mutex);
    const disk_block *block = block_find(disk, id);
    if (block != NULL)
        *out = block->entry;
    segi_mutex_unlock(disk->mutex);
    if (block == NULL)
        return segi_fail(err, SEG_E_NOT_FOUND, "%s has no block %llu", disk->path,
                         (unsigned long long)id);
    if (out->kind != kind)
        return segi_disk_damaged(disk, disk->path, out->offset, "block of another kind", err);
    return SEG_OK;
}

/* ---- writing ---- */

/* Whole sectors: the first with the header, those in the middle as they are, the last padded. */
static seg_status block_write(const segi_disk *disk, const disk_entry *entry,
                              const unsigned char header[DISK_HEADER_SIZE],
                              const unsigned char *stored, seg_error *err)
{
    unsigned char sector[DISK_SECTOR] = {0};
    size_t size = entry->stored;
    size_t first = size < FIRST_PAYLOAD ? size : FIRST_PAYLOAD;
    memcpy(sector, header, DISK_HEADER_SIZE);
    if (first > 0)
        memcpy(sector + DISK_HEADER_SIZE, stored, first);
    SEGI_TRY(segi_file_write(&disk->file, entry->offset, sector, sizeof sector, err));
    size_t middle = (size - first) / DISK_SECTOR * DISK_SECTOR;
    if (middle > 0)
        SEGI_TRY(
            segi_file_write(&disk->file, entry->offset + DISK_SECTOR, stored + first, middle, err));
    size_t last = size - first - middle;
    if (last == 0)
        return SEG_OK;
    memset(sector, 0, sizeof sector);
    memcpy(sector, stored + first + middle, last);
    return segi_file_write(&disk->file, entry->offset + DISK_SECTOR + middle, sector, sizeof sector,
                           err);
}

static seg_status block_put(segi_disk *disk, disk_entry *entry, const void *stored, seg_error *err)
{
    unsigned char header[DISK_HEADER_SIZE];
    uint64_t extent = segi_disk_extent_of(entry);
    SEGI_TRY(segi_disk_allocate(disk, extent, &entry->offset, err));
    disk->untidy = true;
    segi_disk_block_encode(entry, disk->uuid_low, stored, header);
    seg_status status = block_write(disk, entry, header, stored, err);
    if (status != SEG_OK)
        segi_disk_give_back(disk, entry->offset, extent);
    return status;
}

seg_status segi_disk_put(segi_disk *disk, disk_entry *entry, const void *bytes, size_t size,
                         seg_error *err)
{
    segi_buf packed;
    segi_buf_init(&packed, &disk->mem);
    uint32_t level = entry->kind >= DISK_CATALOGUE_KIND ? 0 : disk->options.zstd_level;
    seg_status status = SEG_E_NOMEM;
    entry->size = (uint32_t)size;
    if (segi_disk_compress(level, bytes, size, &packed)) {
        bool smaller = packed.size > 0;
        entry->codec = smaller ? DISK_CODEC_ZSTD : DISK_CODEC_RAW;
        entry->stored = smaller ? (uint32_t)packed.size : (uint32_t)size;
        status = block_put(disk, entry, smaller ? packed.data : bytes, err);
    } else {
        segi_fail_nomem(err);
    }
    segi_buf_deinit(&packed);
    return status;
}

seg_status segi_disk_write(segi_disk *disk, uint32_t kind, const void *bytes, size_t size,
                           uint64_t *out_id, seg_error *err)
{
    *out_id = 0;
    SEGI_TRY(segi_disk_writable(disk, err));
    SEGI_CHECK_ARG(kind > 0 && kind < DISK_CATALOGUE_KIND, err, "kind of a block out of range");
    if (size > SEGI_DISK_BLOCK_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a block of more than 2^30 bytes");
    SEGI_TRY(segi_disk_reserve_block(disk, err));
    disk_entry entry = {
        .id = disk->next_id, .generation = disk->super.generation + 1, .kind = kind};
    SEGI_TRY(segi_disk_put(disk, &entry, size == 0 ? "" : bytes, size, err));
    segi_disk_enter(disk, &entry);
    disk->next_id++;
    *out_id = entry.id;
    return SEG_OK;
}

seg_status segi_disk_drop(segi_disk *disk, uint64_t id, seg_error *err)
{
    SEGI_TRY(segi_disk_writable(disk, err));
    disk_block *block = block_find(disk, id);
    if (block == NULL || block->dropped != 0)
        return segi_fail(err, SEG_E_NOT_FOUND, "%s has no block %llu", disk->path,
                         (unsigned long long)id);
    segi_mutex_lock(disk->mutex);
    block->dropped = ++disk->stamp;
    segi_mutex_unlock(disk->mutex);
    return SEG_OK;
}

void segi_disk_each(segi_disk *disk, segi_disk_visit *visit, void *user)
{
    for (size_t i = 0; i < disk->block_count; i++) {
        const disk_block *block = &disk->blocks[i];
        if (block->dropped == 0 &&
            !visit(user, block->entry.id, block->entry.kind, block->entry.size))
            return;
    }
}

/* ---- reading ---- */

seg_status segi_disk_get_header(const segi_disk *disk, const disk_entry *entry,
                                uint64_t *out_payload, const char **what, seg_error *err)
{
    unsigned char bytes[DISK_HEADER_SIZE] = {0};
    size_t got = 0;
    disk_entry found;
    *what = NULL;
    SEGI_TRY(segi_file_read(&disk->file, entry->offset, bytes, sizeof bytes, &got, err));
    if (!segi_disk_block_decode(bytes, disk->uuid_low, &found, out_payload, what))
        return SEG_E_CORRUPT;
    if (found.offset != entry->offset)
        *what = "block that belongs elsewhere";
    else if (found.generation != entry->generation || found.id != entry->id)
        *what = "older block where a newer one should be";
    else if (found.sum != entry->sum || found.kind != entry->kind ||
             found.stored != entry->stored || found.size != entry->size ||
             found.codec != entry->codec)
        *what = "block that its catalogue does not know";
    return *what == NULL ? SEG_OK : SEG_E_CORRUPT;
}

/* Read the stored bytes to `out` and compare them with their checksum. */
static seg_status block_payload(const segi_disk *disk, const disk_entry *entry, uint64_t sum,
                                void *out, const char **what, seg_error *err)
{
    size_t got = 0;
    SEGI_TRY(segi_file_read(&disk->file, entry->offset + DISK_HEADER_SIZE, out, entry->stored, &got,
                            err));
    *what = got < entry->stored ? "the file ends within a block" : "checksum of a block";
    if (got < entry->stored || segi_disk_payload_sum(entry, disk->uuid_low, out) != sum)
        return SEG_E_CORRUPT;
    *what = NULL;
    return SEG_OK;
}

/* Before memory is taken for it: a raw block is as large as its extent, which lies in the file; a
 * compressed one may claim anything, but the densest form of zstd is 128 KiB in four bytes. */
static bool block_size_is_possible(const disk_entry *entry)
{
    return entry->codec == DISK_CODEC_RAW || entry->size / 32768 <= entry->stored;
}

static seg_status block_unpack(const segi_disk *disk, const disk_entry *entry, uint64_t sum,
                               segi_buf *buf, const char **what, seg_error *err)
{
    if (entry->codec == DISK_CODEC_RAW)
        return block_payload(disk, entry, sum, buf->data, what, err);
    segi_buf stored;
    segi_buf_init(&stored, &disk->mem);
    seg_status status = segi_buf_reserve(&stored, (size_t)entry->stored + 1)
                            ? block_payload(disk, entry, sum, stored.data, what, err)
                            : segi_fail_nomem(err);
    if (status == SEG_OK &&
        !segi_disk_decompress(stored.data, entry->stored, buf->data, entry->size)) {
        *what = "compressed bytes of a block";
        status = SEG_E_CORRUPT;
    }
    segi_buf_deinit(&stored);
    return status;
}

static seg_status block_get(const segi_disk *disk, const disk_entry *entry, segi_buf *buf,
                            const char **what, seg_error *err)
{
    uint64_t sum = 0;
    SEGI_TRY(segi_disk_get_header(disk, entry, &sum, what, err));
    if (!segi_disk_has_codec(entry->codec) || !block_size_is_possible(entry)) {
        *what = "codec of a block";
        return SEG_E_CORRUPT;
    }
    if (!segi_buf_reserve(buf, (size_t)entry->size + SEGI_DISK_READ_SLACK))
        return segi_fail_nomem(err);
    SEGI_TRY(block_unpack(disk, entry, sum, buf, what, err));
    memset(buf->data + entry->size, 0, SEGI_DISK_READ_SLACK);
    buf->size = entry->size;
    return SEG_OK;
}

seg_status segi_disk_get(const segi_disk *disk, const disk_entry *entry, segi_buf *buf,
                         seg_error *err)
{
    const char *what = NULL;
    segi_buf_reset(buf);
    seg_status status = block_get(disk, entry, buf, &what, err);
    if (status != SEG_OK)
        segi_buf_reset(buf);
    return what == NULL ? status : segi_disk_damaged_block(disk, entry, what, err);
}

seg_status segi_disk_read(segi_disk *disk, uint64_t id, uint32_t kind, segi_buf *buf,
                          seg_error *err)
{
    disk_entry entry;
    segi_buf_reset(buf);
    SEGI_TRY(block_lookup(disk, id, kind, &entry, err));
    return segi_disk_get(disk, &entry, buf, err);
}

/* ---- moving ---- */

seg_status segi_disk_copy(segi_disk *disk, const disk_entry *from, disk_entry *to, segi_buf *buf,
                          seg_error *err)
{
    uint64_t sum = 0;
    const char *what;
    *to = *from;
    to->generation = disk->super.generation + 1;
    SEGI_TRY(segi_disk_get_header(disk, from, &sum, &what, err));
    if (!segi_buf_reserve(buf, (size_t)from->stored + 1))
        return segi_fail_nomem(err);
    SEGI_TRY(block_payload(disk, from, sum, buf->data, &what, err));
    return block_put(disk, to, buf->data, err);
}
