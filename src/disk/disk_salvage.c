/* disk_salvage.c - what is left of a damaged store. Everything found on the way is reported; what
 * can be read is read, and each block is still verified before it is handed out. */
#include <string.h>

#include "disk_int.h"

#define SCAN_STEP ((size_t)64 * 1024)

/* ---- catalogues that no superblock points to ---- */

/* The newest of which each byte is sound wins. */
static seg_status candidate_try(segi_disk *disk, const unsigned char *bytes, uint64_t offset,
                                segi_buf *payload, seg_error *err)
{
    disk_entry entry;
    disk_table table;
    uint64_t sum;
    const char *what;
    uint64_t uuid_low = segi_disk_uuid_low(bytes + 40);
    if (!segi_disk_block_decode(bytes, uuid_low, &entry, &sum, &what) ||
        entry.kind != DISK_CATALOGUE_KIND || entry.offset != offset ||
        entry.generation <= disk->super.generation)
        return SEG_OK;
    uint64_t kept = disk->uuid_low;
    disk->uuid_low = uuid_low;
    seg_status status = segi_disk_get(disk, &entry, payload, err);
    if (status == SEG_OK)
        status = segi_disk_table_decode(&disk->mem, payload->data, payload->size, &table, &what);
    if (status != SEG_OK) {
        disk->uuid_low = kept;
        return status == SEG_E_NOMEM ? segi_fail_nomem(err) : SEG_OK;
    }
    segi_disk_table_deinit(&disk->mem, &table);
    memcpy(disk->super.uuid, bytes + 40, 8);
    disk->super.generation = entry.generation;
    disk->super.catalogue = entry;
    return SEG_OK;
}

/* A sector at a time, where blocks begin. A part that cannot be read is passed over. */
static seg_status catalogue_search(segi_disk *disk, uint64_t end, unsigned char *bytes,
                                   seg_error *err)
{
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    seg_status status = SEG_OK;
    for (uint64_t at = DISK_DATA; status == SEG_OK && at < end; at += SCAN_STEP) {
        size_t got = 0;
        if (segi_file_read(&disk->file, at, bytes, SCAN_STEP, &got, NULL) != SEG_OK)
            segi_disk_tell(disk, disk->path, at, NULL, "unreadable bytes");
        for (size_t i = 0; status == SEG_OK && i + DISK_HEADER_SIZE <= got; i += DISK_SECTOR)
            status = candidate_try(disk, bytes + i, at + i, &payload, err);
    }
    segi_buf_deinit(&payload);
    return status;
}

static seg_status catalogue_find(segi_disk *disk, seg_error *err)
{
    uint64_t size = 0;
    SEGI_TRY(segi_file_size(&disk->file, &size, err));
    unsigned char *bytes = segi_alloc(&disk->mem, SCAN_STEP);
    if (bytes == NULL)
        return segi_fail_nomem(err);
    memset(&disk->super, 0, sizeof disk->super);
    seg_status status = catalogue_search(disk, size, bytes, err);
    segi_free(&disk->mem, bytes);
    if (status == SEG_OK && disk->super.generation == 0)
        return segi_disk_damaged(disk, disk->path, DISK_DATA, "no catalogue is left", err);
    return status;
}

/* ---- the log ---- */

/* Records up to the first damage count; after a search nobody knows which log goes with the
 * catalogue that was found. */
static seg_status log_salvage(segi_disk *disk, bool searched, seg_error *err)
{
    disk->log.replayed = true;
    disk->log.end.lsn = disk->super.checkpoint_lsn;
    if ((disk->super.flags & DISK_FLAG_NO_LOG) != 0)
        return SEG_OK;
    if (searched) {
        segi_disk_tell(disk, disk->log_path, 0, NULL, "the log has lost its superblock");
        return SEG_OK;
    }
    seg_status status = segi_disk_log_open(disk, err);
    disk->log.replayed = disk->log.records == 0;
    if (status == SEG_E_NOMEM)
        return status;
    if (status == SEG_E_IO)
        segi_disk_tell(disk, disk->log_path, 0, NULL, "unreadable bytes");
    return SEG_OK;
}

seg_status segi_disk_salvage(segi_disk *disk, seg_error *err)
{
    bool searched = false;
    seg_status status = segi_disk_choose(disk, err);
    if (status == SEG_OK)
        status = segi_disk_load(disk, err);
    if (status == SEG_E_CORRUPT || status == SEG_E_IO) {
        searched = true;
        SEGI_TRY(catalogue_find(disk, err));
        status = segi_disk_load(disk, err);
    }
    SEGI_TRY(status);
    SEGI_TRY(segi_file_size(&disk->file, &disk->end, err));
    SEGI_TRY(log_salvage(disk, searched, err));
    segi_error_clear(err);
    return SEG_OK;
}
