/* support/disk_image.c - a small store that is the same each time, and a forger. */
#include "support/disk_image.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

#define SLOT_STRIDE 32768u
#define CHECKSUM_AT 504u

static void demand(bool condition)
{
    if (!condition)
        abort();
}

/* ---- the store ---- */

size_t disk_image_block(uint64_t id, unsigned char bytes[4096])
{
    size_t size = id * 577 % 2000 + (id == 5 ? 2000 : 0);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(id == 5 ? 'r' : i * 31 + id * 7 + i / 97);
    return size;
}

size_t disk_image_record(uint64_t lsn, unsigned char bytes[1024])
{
    size_t size = lsn * 313 % 1000;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(i * 17 + lsn);
    return size;
}

static void image_log(segi_disk *disk, uint64_t lsn)
{
    unsigned char bytes[1024];
    uint64_t got = 0;
    demand(segi_disk_log(disk, bytes, disk_image_record(lsn, bytes), &got, NULL) == SEG_OK);
    demand(got == lsn);
}

void disk_image_make(sim_vfs *sim)
{
    segi_disk_options options = {
        .create = true,
        .log_step = DISK_IMAGE_LOG_KEPT,
        .log_keep = DISK_IMAGE_LOG_KEPT,
        .zstd_level = 3,
    };
    unsigned char bytes[4096];
    segi_disk *disk = NULL;
    uint64_t id = 0;
    demand(segi_disk_open(sim_vfs_table(sim), segi_mem_default(), DISK_IMAGE_FILE, &options, &disk,
                          NULL) == SEG_OK);
    image_log(disk, 1);
    for (uint64_t i = 1; i <= DISK_IMAGE_BLOCKS; i++) {
        size_t size = disk_image_block(i, bytes);
        demand(segi_disk_write(disk, (uint32_t)i, bytes, size, &id, NULL) == SEG_OK && id == i);
        if (i == 3)
            demand(segi_disk_checkpoint(disk, "old", 3, NULL) == SEG_OK);
    }
    demand(segi_disk_drop(disk, 2, NULL) == SEG_OK);
    demand(segi_disk_checkpoint(disk, DISK_IMAGE_ROOT, strlen(DISK_IMAGE_ROOT), NULL) == SEG_OK);
    for (uint64_t i = 2; i <= DISK_IMAGE_RECORDS + 1; i++)
        image_log(disk, i);
    demand(segi_disk_close(disk, NULL) == SEG_OK);
}

/* ---- the forger ---- */

static uint64_t get(const unsigned char *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

static void put(unsigned char *to, uint64_t value, size_t size)
{
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(value >> (8 * i));
}

static bool fits(uint64_t offset, uint64_t size, size_t file_size)
{
    return offset <= file_size && size <= file_size - offset;
}

bool disk_image_find(const unsigned char *file, size_t size, disk_image_places *out)
{
    if (size < SLOT_STRIDE + 4096)
        return false;
    uint64_t older = get(file + 56, 8), newer = get(file + SLOT_STRIDE + 56, 8);
    out->slot = newer > older ? SLOT_STRIDE : 0;
    uint64_t offset = get(file + out->slot + 104, 8);
    uint64_t stored = get(file + out->slot + 136, 4);
    if (!fits(offset, 64 + stored, size))
        return false;
    out->catalogue = (size_t)offset;
    out->table = out->catalogue + 64;
    out->table_size = (size_t)stored;
    offset = get(file + out->slot + 152, 8);
    stored = get(file + out->slot + 168, 4);
    bool there = fits(offset, 64 + stored, size);
    out->copy = there ? (size_t)offset : 0;
    out->copy_size = there ? (size_t)stored : 0;
    return true;
}

/* Checksums of one block; the one that its parent keeps. */
static uint64_t forge_block(unsigned char *file, size_t size, uint64_t offset, uint64_t stored,
                            uint64_t uuid_low)
{
    if (!fits(offset, 64 + stored, size))
        return 0;
    unsigned char *header = file + offset;
    uint64_t id = get(header + 16, 8);
    put(header + 40, uuid_low, 8);
    put(header + 56, segi_xxh3(header + 64, (size_t)stored, uuid_low ^ id ^ get(header + 32, 8)),
        8);
    put(header + 4, segi_crc32c(header + 8, 56), 4);
    return segi_xxh3(header, 64, uuid_low ^ id);
}

static void forge_table(unsigned char *file, size_t size, const disk_image_places *places,
                        uint64_t uuid_low)
{
    if (places->table_size < 32)
        return;
    uint64_t count = get(file + places->table + 8, 8);
    for (uint64_t i = 0; i < count && 32 + (i + 1) * 48 <= places->table_size; i++) {
        unsigned char *entry = file + places->table + 32 + i * 48;
        put(entry + 24, forge_block(file, size, get(entry + 8, 8), get(entry + 32, 4), uuid_low),
            8);
    }
}

static void forge_log(unsigned char *log, size_t size)
{
    if (size < 512)
        return;
    put(log + CHECKSUM_AT, segi_xxh3(log, CHECKSUM_AT, 0), 8);
    uint64_t chain = segi_xxh3(log + 56, 16, 0);
    for (size_t at = 512; fits(at, 64, size);) {
        uint64_t payload = get(log + at + 8, 8);
        if (get(log + at, 4) == 0 || !fits(at + 64, payload, size))
            return;
        chain = segi_xxh3(log + at + 64, (size_t)payload, segi_xxh3(log + at, 48, chain));
        put(log + at + 48, chain, 8);
        put(log + at + 56, segi_xxh3(log + at, 56, get(log + 56, 8)), 8);
        at += (64 + (size_t)payload + 511) / 512 * 512;
    }
}

void disk_image_forge(unsigned char *file, size_t size, unsigned char *log, size_t log_size)
{
    disk_image_places places;
    if (disk_image_find(file, size, &places)) {
        uint64_t uuid_low = get(file + places.slot + 40, 8);
        forge_table(file, size, &places, uuid_low);
        put(file + places.slot + 128,
            forge_block(file, size, places.catalogue, places.table_size, uuid_low), 8);
        put(file + places.slot + 160,
            forge_block(file, size, places.copy, places.copy_size, uuid_low), 8);
    }
    for (size_t slot = 0; slot <= SLOT_STRIDE && fits(slot, 512, size); slot += SLOT_STRIDE)
        put(file + slot + CHECKSUM_AT, segi_xxh3(file + slot, CHECKSUM_AT, 0), 8);
    forge_log(log, log_size);
}

/* ---- everything that a host may do ---- */

static bool read_block(void *user, uint64_t id, uint32_t kind, size_t size)
{
    segi_disk *disk = user;
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    seg_status status = segi_disk_read(disk, id, kind, &buf, NULL);
    demand(status == SEG_OK || status == SEG_E_CORRUPT || status == SEG_E_NOMEM);
    demand(buf.size == (status == SEG_OK ? size : 0));
    segi_buf_deinit(&buf);
    return true;
}

static seg_status read_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                              seg_error *err)
{
    volatile unsigned char last = size > 0 ? ((const unsigned char *)bytes)[size - 1] : 0;
    uint64_t *previous = user;
    (void)last;
    (void)err;
    demand(lsn > *previous);
    *previous = lsn;
    return SEG_OK;
}

static void read_all(segi_disk *disk)
{
    uint64_t faults = 0, lsn = 0;
    segi_disk_statistics stats;
    segi_disk_each(disk, read_block, disk);
    (void)segi_disk_check(disk, SEGI_DISK_CHECK_DEEP, NULL, NULL, &faults, NULL);
    (void)segi_disk_replay(disk, read_record, &lsn, NULL);
    segi_disk_stats(disk, &stats);
}

static void change_all(segi_disk *disk)
{
    uint64_t id = 0;
    (void)segi_disk_write(disk, 1, "new", 3, &id, NULL);
    (void)segi_disk_drop(disk, 1, NULL);
    (void)segi_disk_log(disk, "new", 3, NULL, NULL);
    (void)segi_disk_checkpoint(disk, "new", 3, NULL);
    (void)segi_disk_reclaim(disk, (uint64_t)1 << 20, NULL, NULL);
    (void)segi_disk_log(disk, "newer", 5, NULL, NULL);
}

static seg_status open_once(sim_vfs *sim, const segi_mem *mem, const segi_disk_options *options)
{
    segi_disk *disk = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        segi_disk_open(sim_vfs_table(sim), mem, DISK_IMAGE_FILE, options, &disk, &err);
    demand((status == SEG_OK) == (disk != NULL));
    if (status != SEG_OK) {
        demand(err.code == status && err.message[0] != '\0');
        return status;
    }
    read_all(disk);
    if (!options->read_only && !options->salvage)
        change_all(disk);
    return segi_disk_close(disk, NULL);
}

void disk_image_exercise(sim_vfs *sim, const segi_mem *mem)
{
    segi_disk_options reading = {.read_only = true}, salvage = {.salvage = true}, writing = {0};
    writing.log_step = 4096;
    seg_status read = open_once(sim, mem, &reading);
    (void)open_once(sim, mem, &salvage);
    seg_status written = open_once(sim, mem, &writing);
    /* What can be written can be read; and what was closed in order can be opened again. */
    demand(written != SEG_OK || read == SEG_OK);
    if (written == SEG_OK)
        demand(open_once(sim, mem, &reading) == SEG_OK);
}
