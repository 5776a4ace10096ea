/* disk_open.c - a store is opened, brought to order after a crash, and closed.
 *
 * Reading comes first and changes nothing: lock, superblocks, catalogue, log. Only when all of it
 * is known to be sound does a writer touch the files (disk_settle). */
#include <string.h>

#include "disk_int.h"

#define LOG_STEP ((uint64_t)1 << 20)
#define LOG_KEEP ((uint64_t)4 << 20)
#define SYNC_BYTES ((uint64_t)1 << 20)
#define SYNC_MICROS ((int64_t)1000000)
#define OPTION_BYTES_MAX ((uint64_t)1 << 40)
#define COUNT_MAX ((uint64_t)1 << 61)
#define EPOCH_JUMP 16u
#define COPY_STEP ((size_t)64 * 1024)

/* ---- the handle ---- */

static seg_status options_fill(segi_disk_options *to, const segi_disk_options *from, seg_error *err)
{
    memset(to, 0, sizeof *to);
    if (from != NULL)
        *to = *from;
    SEGI_CHECK_ARG(to->durability <= SEGI_DISK_OFF, err, "unknown durability");
    SEGI_CHECK_ARG(to->zstd_level <= 19, err, "compression level above 19");
    SEGI_CHECK_ARG(to->log_step <= OPTION_BYTES_MAX && to->log_keep <= OPTION_BYTES_MAX &&
                       to->sync_micros >= 0 && to->pin_micros >= 0,
                   err, "sizes of a store out of range");
    to->read_only = to->read_only || to->salvage;
    SEGI_CHECK_ARG(!to->read_only || (!to->create && !to->must_create), err,
                   "a store cannot be made by opening it for reading");
    to->log_step = to->log_step == 0 ? LOG_STEP : to->log_step;
    to->log_keep = to->log_keep == 0 ? LOG_KEEP : to->log_keep;
    /* A log that is not cut below one step need not grow again at once. */
    to->log_step = to->log_step < 2 * DISK_SECTOR ? 2 * DISK_SECTOR : to->log_step;
    to->log_keep = to->log_keep < to->log_step ? to->log_step : to->log_keep;
    to->sync_bytes = to->sync_bytes == 0 ? SYNC_BYTES : to->sync_bytes;
    to->sync_micros = to->sync_micros == 0 ? SYNC_MICROS : to->sync_micros;
    return SEG_OK;
}

seg_status segi_disk_new(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                         const segi_disk_options *options, segi_disk **out, seg_error *err)
{
    *out = NULL;
    segi_disk *disk = segi_alloc_zero(mem, sizeof *disk);
    if (disk == NULL)
        return segi_fail_nomem(err);
    disk->mem = *mem;
    disk->vfs = vfs;
    disk->process = vfs->process(vfs->user);
    disk->pins.next = disk->pins.previous = &disk->pins;
    disk->next_id = 1;
    disk->end = DISK_DATA;
    segi_buf_init(&disk->root, &disk->mem);
    disk->path = segi_vfs_path(mem, path, "");
    disk->log_path = segi_vfs_path(mem, path, "-wal");
    seg_status status = options_fill(&disk->options, options, err);
    if (status == SEG_OK && (disk->path == NULL || disk->log_path == NULL))
        status = segi_fail_nomem(err);
    if (status == SEG_OK)
        status = segi_mutex_create(mem, &disk->mutex, err);
    if (status == SEG_OK)
        *out = disk;
    else
        segi_disk_free(disk);
    return status;
}

void segi_disk_free(segi_disk *disk)
{
    if (disk == NULL)
        return;
    segi_mem mem = disk->mem;
    segi_file_close(&disk->log.file);
    segi_file_close(&disk->file);
    segi_mutex_destroy(&mem, disk->mutex);
    segi_buf_deinit(&disk->root);
    segi_free(&mem, disk->blocks);
    segi_extents_deinit(&mem, &disk->free);
    segi_extents_deinit(&mem, &disk->dirty);
    segi_free(&mem, disk->new_path);
    segi_free(&mem, disk->path);
    segi_free(&mem, disk->log_path);
    segi_free(&mem, disk);
}

/* ---- the superblock ---- */

static seg_status slot_read(const segi_disk *disk, uint32_t index, disk_super *out,
                            disk_found *found, seg_error *err)
{
    unsigned char bytes[DISK_SLOT_SIZE] = {0};
    uint64_t offset = (uint64_t)index * DISK_SLOT_STRIDE;
    const char *what = NULL;
    size_t got = 0;
    SEGI_TRY(segi_file_read(&disk->file, offset, bytes, sizeof bytes, &got, err));
    *found = segi_disk_slot_decode(bytes, index, out, &what);
    if (*found == DISK_NEWER)
        return segi_fail(err, SEG_E_FORMAT_NEW, "%s was written by a later version", disk->path);
    return *found == DISK_DAMAGED ? segi_disk_damaged(disk, disk->path, offset, what, err) : SEG_OK;
}

static seg_status features_check(const segi_disk *disk, seg_error *err)
{
    const disk_super *super = &disk->super;
    if ((super->features_all & ~(uint64_t)DISK_FEATURE_ZSTD) != 0)
        return segi_fail(err, SEG_E_FORMAT_NEW, "%s uses features of a later version", disk->path);
    if ((super->features_all & DISK_FEATURE_ZSTD) != 0 && !segi_disk_has_codec(DISK_CODEC_ZSTD))
        return segi_fail(err, SEG_E_FORMAT_NEW,
                         "%s is compressed with zstd, which this build does not have", disk->path);
    if ((super->features_read & ~(uint64_t)DISK_FEATURE_COPY) != 0 && !disk->options.read_only) {
        segi_fail(err, SEG_E_FORMAT_NEW, "%s can be read by this version, but not written",
                  disk->path);
        segi_error_hint(err, "open it for reading");
        return SEG_E_FORMAT_NEW;
    }
    return SEG_OK;
}

seg_status segi_disk_choose(segi_disk *disk, seg_error *err)
{
    disk_super slots[2];
    disk_found found[2] = {DISK_ABSENT, DISK_ABSENT};
    for (uint32_t i = 0; i < 2; i++)
        SEGI_TRY(slot_read(disk, i, &slots[i], &found[i], err));
    if (found[0] != DISK_SOUND && found[1] != DISK_SOUND)
        return segi_disk_damaged(disk, disk->path, 0,
                                 "no superblock; this is no store, or both are lost", err);
    if (found[0] == DISK_SOUND && found[1] == DISK_SOUND &&
        memcmp(slots[0].uuid, slots[1].uuid, sizeof slots[0].uuid) != 0)
        return segi_disk_damaged(disk, disk->path, DISK_SLOT_STRIDE, "superblocks of two stores",
                                 err);
    uint32_t newest = found[1] == DISK_SOUND &&
                      (found[0] != DISK_SOUND || slots[1].generation > slots[0].generation);
    disk->super = slots[newest];
    disk->lone = found[1 - newest] != DISK_SOUND && disk->super.generation > 1;
    disk->uuid_low = segi_disk_uuid_low(disk->super.uuid);
    return features_check(disk, err);
}

/* ---- the catalogue ---- */

seg_status segi_disk_adopt(segi_disk *disk, const disk_table *table, seg_error *err)
{
    size_t count = table->entry_count;
    disk->blocks = segi_alloc_array(&disk->mem, count + 1, sizeof *disk->blocks);
    segi_buf_add(&disk->root, table->root, table->root_size);
    if (disk->blocks == NULL || disk->root.failed ||
        !segi_extents_reserve(&disk->mem, &disk->dirty, table->dropped_count))
        return segi_fail_nomem(err);
    disk->block_count = count;
    disk->block_capacity = count + 1;
    for (size_t i = 0; i < count; i++)
        disk->blocks[i] = (disk_block){.entry = table->entries[i], .published = true};
    for (size_t i = 0; i < table->dropped_count; i++)
        segi_extents_add(&disk->dirty, table->dropped[i].offset, table->dropped[i].size);
    disk->next_id = table->next_id;
    return SEG_OK;
}

/* What the bytes of the catalogue alone could not show. */
static seg_status table_check(const segi_disk *disk, const disk_table *table, seg_error *err)
{
    const disk_entry *catalogue = &disk->super.catalogue;
    for (size_t i = 0; i < table->entry_count; i++) {
        const disk_entry *entry = &table->entries[i];
        if (entry->generation > catalogue->generation)
            return segi_disk_damaged(disk, disk->path, catalogue->offset,
                                     "a block newer than its catalogue", err);
        if (!segi_disk_has_codec(entry->codec))
            return segi_fail(err, SEG_E_FORMAT_NEW,
                             "%s is compressed with zstd, which this build does not have",
                             disk->path);
    }
    return SEG_OK;
}

seg_status segi_disk_load(segi_disk *disk, seg_error *err)
{
    const disk_entry *catalogue = &disk->super.catalogue;
    const char *what = NULL;
    disk_table table = {0};
    segi_buf bytes;
    segi_buf_init(&bytes, &disk->mem);
    seg_status status = segi_disk_get(disk, catalogue, &bytes, err);
    if (status == SEG_OK) {
        status = segi_disk_table_decode(&disk->mem, bytes.data, bytes.size, &table, &what);
        if (status == SEG_E_NOMEM)
            segi_fail_nomem(err);
        else if (status != SEG_OK)
            segi_disk_damaged(disk, disk->path, catalogue->offset, what, err);
    }
    if (status == SEG_OK)
        status = table_check(disk, &table, err);
    if (status == SEG_OK)
        status = segi_disk_adopt(disk, &table, err);
    segi_disk_table_deinit(&disk->mem, &table);
    segi_buf_deinit(&bytes);
    return status;
}

/* What the table leaves is free. After a crash it may hold blocks that no generation knows, and so
 * may what is behind the end: then it has to be overwritten first. */
static seg_status space_divide(segi_disk *disk, const disk_extents *gaps, uint64_t actual,
                               seg_error *err)
{
    bool suspect = !disk->options.keep_freed && (disk->super.flags & DISK_FLAG_TIDY) == 0;
    disk_extents *to = suspect ? &disk->dirty : &disk->free;
    /* One more for what is behind the end. */
    if (!segi_extents_reserve(&disk->mem, to, gaps->count + 1) ||
        !segi_extents_reserve(&disk->mem, &disk->dirty, 1))
        return segi_fail_nomem(err);
    disk->untidy = disk->options.keep_freed || (suspect && gaps->count > 0);
    for (size_t i = 0; i < gaps->count; i++)
        segi_extents_add(to, gaps->list[i].offset, gaps->list[i].size);
    disk->end = disk->super.end;
    if (disk->options.read_only || actual == disk->end)
        return SEG_OK;
    uint64_t more = segi_disk_round_up(actual) - disk->end;
    segi_extents_add(&disk->dirty, disk->end, more);
    disk->end += more;
    disk->untidy = true;
    return SEG_OK;
}

/* Looked at first, since most that is lost with the end of a file would show as something else. */
static seg_status size_check(const segi_disk *disk, uint64_t *out_actual, seg_error *err)
{
    SEGI_TRY(segi_file_size(&disk->file, out_actual, err));
    if (*out_actual < disk->super.end)
        return segi_disk_damaged(disk, disk->path, *out_actual, "the file is cut off", err);
    if (*out_actual > DISK_END_MAX)
        return segi_disk_damaged(disk, disk->path, *out_actual, "size of the file", err);
    return SEG_OK;
}

static seg_status space_load(segi_disk *disk, uint64_t actual, seg_error *err)
{
    disk_extents gaps = {0};
    seg_status status = segi_disk_partition(disk, disk->super.end, &gaps, err);
    if (status == SEG_OK)
        status = space_divide(disk, &gaps, actual, err);
    segi_extents_deinit(&disk->mem, &gaps);
    return status;
}

/* ---- what a writer brings to order ---- */

/* Read the log's front and write it back. A sync that failed in a former life may have left pages
 * that look written and are not; written again, they are written at the next sync. */
static seg_status log_rewrite(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    char *bytes = segi_alloc(&disk->mem, COPY_STEP);
    seg_status status = bytes == NULL ? segi_fail_nomem(err) : SEG_OK;
    for (uint64_t at = 0; status == SEG_OK && at < log->end.position; at += COPY_STEP) {
        uint64_t left = log->end.position - at;
        size_t step = left < COPY_STEP ? (size_t)left : COPY_STEP, got = 0;
        status = segi_file_read(&log->file, at, bytes, step, &got, err);
        if (status == SEG_OK)
            status = segi_file_write(&log->file, at, bytes, got, err);
    }
    segi_free(&disk->mem, bytes);
    return status;
}

static seg_status log_settle(segi_disk *disk, bool tidy, seg_error *err)
{
    disk_log *log = &disk->log;
    unsigned char salt[16];
    if (log->header.epoch < disk->super.log_epoch) {
        SEGI_TRY(segi_vfs_random(disk->vfs, salt, sizeof salt, err));
        return segi_disk_log_reset(disk, salt, err);
    }
    SEGI_TRY(log_rewrite(disk, err));
    /* Zeros that are read there may be such pages too, unless the last life closed in order. */
    if (!tidy)
        log->touched = log->size;
    if (log->touched > log->end.position)
        SEGI_TRY(
            segi_file_zero(&log->file, log->end.position, log->touched - log->end.position, err));
    log->touched = log->end.position;
    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));
    log->grown = false;
    return segi_disk_log_claim(disk, log->size, err);
}

/* From here on files are written. First a superblock as the one that was chosen, which need not be
 * safe itself, with the new epoch; then the log may be changed in ways that rely on it. A store
 * without a log gets one before its superblock asks for it. */
static seg_status disk_settle(segi_disk *disk, seg_error *err)
{
    disk_super next = disk->super;
    /* Half of what a reader accepts: only a forger gets there, and no life counts that far. */
    if (disk->epoch >= COUNT_MAX || next.generation >= COUNT_MAX || disk->next_id >= COUNT_MAX ||
        disk->log.end.lsn >= COUNT_MAX)
        return segi_disk_damaged(disk, disk->path, 0, "numbers that nobody counts to", err);
    bool no_log = (disk->super.flags & DISK_FLAG_NO_LOG) != 0;
    bool tidy = (disk->super.flags & DISK_FLAG_TIDY) != 0;
    disk->epoch += EPOCH_JUMP;
    next.generation++;
    next.epoch_floor = disk->epoch;
    next.flags = 0;
    if (no_log) {
        SEGI_TRY(segi_disk_log_create(disk, disk->epoch, disk->super.checkpoint_lsn, err));
        next.log_epoch = disk->epoch;
    }
    SEGI_TRY(segi_disk_publish_super(disk, &next, err));
    /* Whoever made the store may have ended between giving it its name and making that safe. */
    SEGI_TRY(segi_vfs_sync_directory(disk->vfs, disk->path, err));
    return no_log ? SEG_OK : log_settle(disk, tidy, err);
}

/* ---- opening and closing ---- */

static seg_status disk_open_sound(segi_disk *disk, seg_error *err)
{
    uint64_t actual = 0;
    SEGI_TRY(segi_disk_choose(disk, err));
    SEGI_TRY(size_check(disk, &actual, err));
    SEGI_TRY(segi_disk_load(disk, err));
    SEGI_TRY(space_load(disk, actual, err));
    if ((disk->super.flags & DISK_FLAG_NO_LOG) == 0)
        return segi_disk_log_open(disk, err);
    disk->epoch = disk->super.epoch_floor;
    disk->log.end.lsn = disk->log.durable_lsn = disk->super.checkpoint_lsn;
    disk->log.replayed = true;
    return SEG_OK;
}

seg_status segi_disk_open_file(const segi_disk *disk, const char *path, segi_file *file,
                               seg_error *err)
{
    bool reads = disk->options.read_only;
    SEGI_TRY(segi_file_open(file, disk->vfs, path, reads ? 0 : SEGI_VFS_WRITE, err));
    return segi_file_lock(file, reads ? SEGI_VFS_LOCK_SHARED : SEGI_VFS_LOCK_EXCLUSIVE, err);
}

static seg_status disk_open(segi_disk *disk, seg_error *err)
{
    const segi_disk_options *options = &disk->options;
    SEGI_TRY(segi_disk_open_file(disk, disk->path, &disk->file, err));
    if (options->salvage)
        return segi_disk_salvage(disk, err);
    SEGI_TRY(disk_open_sound(disk, err));
    return options->read_only ? SEG_OK : disk_settle(disk, err);
}

static seg_status disk_open_existing(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                                     const segi_disk_options *options, segi_disk **out,
                                     seg_error *err)
{
    segi_disk *disk = NULL;
    SEGI_TRY(segi_disk_new(vfs, mem, path, options, &disk, err));
    seg_status status = disk_open(disk, err);
    if (status == SEG_OK)
        *out = disk;
    else
        segi_disk_free(disk);
    return status;
}

seg_status segi_disk_open(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                          const segi_disk_options *options, segi_disk **out, seg_error *err)
{
    *out = NULL;
    SEGI_CHECK_ARG(path != NULL && path[0] != '\0', err, "a store on disk needs a path");
    if (vfs == NULL)
        vfs = segi_vfs_os();
    bool create = options != NULL && (options->create || options->must_create);
    if (options == NULL || !options->must_create) {
        seg_status status = disk_open_existing(vfs, mem, path, options, out, err);
        if (status != SEG_E_NOT_FOUND || !create)
            return status;
        segi_error_clear(err);
    }
    SEGI_TRY(segi_disk_create(vfs, mem, path, options, err));
    return disk_open_existing(vfs, mem, path, options, out, err);
}

/* No block was written that no generation knows. */
static bool disk_is_tidy(const segi_disk *disk)
{
    return !disk->untidy && !disk->options.keep_freed;
}

seg_status segi_disk_close(segi_disk *disk, seg_error *err)
{
    if (disk == NULL)
        return SEG_OK;
    seg_status status = SEG_OK;
    bool writes =
        !disk->options.read_only && !disk->poisoned && segi_disk_here(disk, NULL) == SEG_OK;
    if (writes)
        status = segi_disk_sync(disk, err);
    if (writes && status == SEG_OK && disk_is_tidy(disk)) {
        disk_super next = disk->super;
        next.generation++;
        next.flags |= DISK_FLAG_TIDY;
        status = segi_disk_publish_super(disk, &next, err);
    }
    segi_disk_free(disk);
    return status;
}
