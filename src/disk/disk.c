/* disk.c - what all calls of the room share: who may call, what a failure does, and numbers. */
#include "disk.h"

#include <string.h>

#include "disk_int.h"

/* ---- failures ---- */

void segi_disk_tell(const segi_disk *disk, const char *file, uint64_t offset,
                    const disk_entry *entry, const char *what)
{
    if (disk->options.report == NULL)
        return;
    segi_disk_fault fault = {
        .file = file,
        .offset = offset,
        .block = entry == NULL ? 0 : entry->id,
        .block_kind = entry == NULL ? 0 : entry->kind,
        .what = what,
    };
    disk->options.report(disk->options.report_user, &fault);
}

static seg_status damaged(const segi_disk *disk, const char *file, uint64_t offset,
                          const disk_entry *entry, const char *what, seg_error *err)
{
    if (disk->options.salvage)
        segi_disk_tell(disk, file, offset, entry, what);
    segi_fail(err, SEG_E_CORRUPT, "%s is damaged at byte %llu: %s", file,
              (unsigned long long)offset, what);
    segi_error_span(err, (size_t)offset, 0);
    segi_error_hint(err, "restore the store from a backup");
    return SEG_E_CORRUPT;
}

seg_status segi_disk_damaged(const segi_disk *disk, const char *file, uint64_t offset,
                             const char *what, seg_error *err)
{
    return damaged(disk, file, offset, NULL, what, err);
}

seg_status segi_disk_damaged_block(const segi_disk *disk, const disk_entry *entry, const char *what,
                                   seg_error *err)
{
    return damaged(disk, disk->path, entry->offset, entry, what, err);
}

seg_status segi_disk_here(const segi_disk *disk, seg_error *err)
{
    if (disk->vfs->process(disk->vfs->user) == disk->process)
        return SEG_OK;
    return segi_fail(err, SEG_E_FORK, "%s was opened by another process; open it again",
                     disk->path);
}

seg_status segi_disk_writable(const segi_disk *disk, seg_error *err)
{
    SEGI_TRY(segi_disk_here(disk, err));
    if (disk->options.read_only)
        return segi_fail(err, SEG_E_READ_ONLY, "%s is open for reading", disk->path);
    if (!disk->poisoned)
        return SEG_OK;
    segi_fail(err, SEG_E_POISONED, "an earlier write to %s failed midway", disk->path);
    segi_error_hint(err, "close the store and open it again");
    return SEG_E_POISONED;
}

void segi_disk_poison(segi_disk *disk)
{
    disk->poisoned = true;
}

seg_status segi_disk_sync_file(segi_disk *disk, const segi_file *file, seg_error *err)
{
    if (disk->options.durability == SEGI_DISK_OFF)
        return SEG_OK;
    seg_status status = segi_file_sync(file, err);
    if (status != SEG_OK)
        disk->poisoned = true;
    return status;
}

/* ---- numbers ---- */

const unsigned char *segi_disk_uuid(const segi_disk *disk)
{
    return disk->super.uuid;
}

const char *segi_disk_name(const segi_disk *disk)
{
    return disk->path;
}

const void *segi_disk_root(const segi_disk *disk, size_t *out_size)
{
    *out_size = disk->root.size;
    return disk->root.data;
}

void segi_disk_stats(segi_disk *disk, segi_disk_statistics *out)
{
    *out = (segi_disk_statistics){
        .generation = disk->super.generation,
        .file_bytes = disk->end,
        .free_bytes = disk->free.bytes,
        .dropped_bytes = disk->dirty.bytes,
        .log_bytes = disk->log.size,
        .log_used = disk->log.end.position,
        .records = disk->log.records,
        .lsn = disk->log.end.lsn,
        .durable_lsn = disk->log.durable_lsn,
        .checkpoint_lsn = disk->super.checkpoint_lsn,
        .epoch = disk->epoch,
        .poisoned = disk->poisoned,
        .log_lost = disk->log_lost,
    };
    segi_mutex_lock(disk->mutex);
    for (size_t i = 0; i < disk->block_count; i++) {
        const disk_block *block = &disk->blocks[i];
        uint64_t bytes = segi_disk_extent_of(&block->entry);
        out->blocks += block->dropped == 0 ? 1 : 0;
        *(block->dropped == 0 ? &out->block_bytes : &out->dropped_bytes) += bytes;
    }
    for (const segi_pin *pin = disk->pins.next; pin != &disk->pins; pin = pin->next)
        out->pins++;
    segi_mutex_unlock(disk->mutex);
}
