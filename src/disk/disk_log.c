/* disk_log.c - the log is written: records are appended, made safe, and forgotten.
 *
 * A record begins at a sector of its own, so that writing it touches no sector of a record that is
 * safe already. Behind the last record the file holds zeros, and they are on the medium before a
 * record is written over them: so a record that power loss interrupted lacks sectors, and one that
 * has all of them and is wrong is damaged (disk_scan.c). */
#include <string.h>

#include "disk_int.h"

/* ---- the file ---- */

static seg_status log_header_write(segi_disk *disk, const disk_log_header *header, seg_error *err)
{
    unsigned char bytes[DISK_LOG_HEADER];
    segi_disk_log_encode(header, bytes);
    return segi_file_write(&disk->log.file, 0, bytes, sizeof bytes, err);
}

/* The header is on the medium, and no records. */
static void log_begin(segi_disk *disk, const disk_log_header *header)
{
    disk_log *log = &disk->log;
    log->header = *header;
    log->end = segi_disk_log_start(disk);
    log->size = header->file_size;
    log->touched = DISK_LOG_HEADER;
    log->records = 0;
    log->unsynced = 0;
    log->durable_lsn = header->base_lsn;
    log->replayed = true;
}

/* Whether a file of this name holds a record, of whatever store: then it is not ours to replace.
 * Anything else may be what a crash left of a log that was being made. */
static seg_status log_refuse_records(const segi_file *file, seg_error *err)
{
    unsigned char bytes[DISK_LOG_HEADER + DISK_HEADER_SIZE] = {0};
    const char *what;
    disk_log_header header;
    disk_record record;
    size_t got = 0;
    SEGI_TRY(segi_file_read(file, 0, bytes, sizeof bytes, &got, err));
    if (segi_disk_log_decode(bytes, &header, &what) != DISK_SOUND ||
        !segi_disk_record_decode(bytes + DISK_LOG_HEADER, header.salt, &record))
        return SEG_OK;
    segi_fail(err, SEG_E_EXISTS, "there is a log %s, but not the store it belongs to", file->path);
    segi_error_hint(err, "put the store back beside it, or move it away");
    return SEG_E_EXISTS;
}

static seg_status log_fill(segi_disk *disk, disk_log_header *header, seg_error *err)
{
    const segi_file *file = &disk->log.file;
    SEGI_TRY(log_refuse_records(file, err));
    SEGI_TRY(segi_vfs_random(disk->vfs, header->salt, sizeof header->salt, err));
    SEGI_TRY(segi_file_truncate(file, 0, err));
    SEGI_TRY(segi_file_allocate(file, 0, header->file_size, err));
    SEGI_TRY(log_header_write(disk, header, err));
    SEGI_TRY(segi_file_zero(file, DISK_LOG_HEADER, header->file_size - DISK_LOG_HEADER, err));
    SEGI_TRY(segi_disk_sync_file(disk, file, err));
    return segi_vfs_sync_directory(disk->vfs, disk->log_path, err);
}

seg_status segi_disk_log_create(segi_disk *disk, uint64_t epoch, uint64_t base_lsn, seg_error *err)
{
    disk_log_header header = {
        .epoch = epoch,
        .base_lsn = base_lsn,
        .file_size = segi_disk_round_up(disk->options.log_step),
    };
    memcpy(header.uuid, disk->super.uuid, sizeof header.uuid);
    SEGI_TRY(segi_file_open(&disk->log.file, disk->vfs, disk->log_path,
                            SEGI_VFS_WRITE | SEGI_VFS_CREATE, err));
    SEGI_TRY(segi_file_lock(&disk->log.file, SEGI_VFS_LOCK_EXCLUSIVE, err));
    SEGI_TRY(log_fill(disk, &header, err));
    log_begin(disk, &header);
    return SEG_OK;
}

/* A header must not reach the medium before the size and the zeros that it promises; nor may the
 * file be cut before: a system that cuts first throws the zeros away, and the medium keeps what
 * they were to overwrite. */
static seg_status log_reset(segi_disk *disk, const disk_log_header *header, seg_error *err)
{
    disk_log *log = &disk->log;
    if (log->touched > DISK_LOG_HEADER)
        SEGI_TRY(segi_file_zero(&log->file, DISK_LOG_HEADER, log->touched - DISK_LOG_HEADER, err));
    if (log->grown || log->touched > DISK_LOG_HEADER)
        SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));
    log->grown = false;
    SEGI_TRY(log_header_write(disk, header, err));
    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));
    if (log->size <= header->file_size)
        return SEG_OK;
    SEGI_TRY(segi_file_truncate(&log->file, header->file_size, err));
    return segi_disk_sync_file(disk, &log->file, err);
}

/* The superblock says already that these records are covered: a log that may or may not be the
 * new one must take no more records. */
seg_status segi_disk_log_reset(segi_disk *disk, const unsigned char salt[16], seg_error *err)
{
    disk_log_header header = {
        .epoch = disk->super.log_epoch,
        .base_lsn = disk->super.checkpoint_lsn,
        .file_size = disk->log.size,
    };
    uint64_t keep = segi_disk_round_up(disk->options.log_keep);
    if (header.file_size > keep)
        header.file_size = keep;
    memcpy(header.uuid, disk->super.uuid, sizeof header.uuid);
    memcpy(header.salt, salt, sizeof header.salt);
    seg_status status = log_reset(disk, &header, err);
    if (status == SEG_OK)
        log_begin(disk, &header);
    else
        disk->poisoned = true;
    return status;
}

/* ---- records ---- */

seg_status segi_disk_log_claim(segi_disk *disk, uint64_t size, seg_error *err)
{
    disk_log_header header = disk->log.header;
    header.file_size = size;
    seg_status status = log_header_write(disk, &header, err);
    if (status == SEG_OK)
        disk->log.header = header;
    else if (status != SEG_E_FULL)
        disk->poisoned = true;
    return status;
}

/* Space is reserved and written to before a record needs it: a full medium shows here, and the
 * sync of a record finds no metadata to write. The header that claims the new size becomes safe
 * with the first record in it. */
static seg_status log_grow(segi_disk *disk, uint64_t need, seg_error *err)
{
    disk_log *log = &disk->log;
    if (need <= log->size)
        return SEG_OK;
    uint64_t step = segi_disk_round_up(disk->options.log_step);
    uint64_t more = (need - log->size + step - 1) / step * step;
    log->grown = true;
    SEGI_TRY(segi_file_allocate(&log->file, log->size, more, err));
    SEGI_TRY(segi_file_zero(&log->file, log->size, more, err));
    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));
    SEGI_TRY(segi_disk_log_claim(disk, log->size + more, err));
    log->grown = false;
    log->size += more;
    return SEG_OK;
}

/* Header, payload and padding in one piece: one call, one transfer. */
static bool record_build(const segi_disk *disk, disk_record *record, const void *bytes,
                         size_t total, segi_buf *out)
{
    unsigned char header[DISK_HEADER_SIZE];
    if (!segi_buf_reserve(out, total))
        return false;
    segi_disk_record_encode(record, disk->log.header.salt, disk->log.end.chain, bytes, header);
    memset(out->data, 0, total);
    memcpy(out->data, header, sizeof header);
    memcpy(out->data + sizeof header, bytes, (size_t)record->size);
    out->size = total;
    return true;
}

/* A write that ran out of space left the front of the record, which must not look like one, nor
 * like one that is damaged. Any other failure leaves nobody knowing what is there. */
static seg_status record_write(segi_disk *disk, const segi_buf *bytes, seg_error *err)
{
    disk_log *log = &disk->log;
    seg_status status =
        segi_file_write(&log->file, log->end.position, bytes->data, bytes->size, err);
    if (log->touched < log->end.position + bytes->size)
        log->touched = log->end.position + bytes->size;
    if (status == SEG_OK)
        return SEG_OK;
    if (status != SEG_E_FULL ||
        segi_file_zero(&log->file, log->end.position, bytes->size, NULL) != SEG_OK ||
        segi_disk_sync_file(disk, &log->file, NULL) != SEG_OK)
        disk->poisoned = true;
    return status;
}

static seg_status log_sync(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    SEGI_TRY(segi_disk_sync_file(disk, &log->file, err));
    log->durable_lsn = log->end.lsn;
    log->unsynced = 0;
    log->grown = false;
    return SEG_OK;
}

/* Called with the record written. */
static seg_status log_sync_if_due(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    int64_t now = 0;
    switch (disk->options.durability) {
    case SEGI_DISK_OFF: return SEG_OK;
    case SEGI_DISK_NORMAL: break;
    default: return log_sync(disk, err);
    }
    if (log->unsynced >= disk->options.sync_bytes || segi_vfs_now(disk->vfs, &now, NULL) != SEG_OK)
        return log_sync(disk, err);
    /* A clock that jumped back must not keep records unsafe for longer. */
    if (now < log->unsynced_since || now - log->unsynced_since >= disk->options.sync_micros)
        return log_sync(disk, err);
    return SEG_OK;
}

static seg_status log_append(segi_disk *disk, const void *bytes, size_t size, seg_error *err)
{
    disk_log *log = &disk->log;
    disk_record record = {
        .size = size,
        .lsn = log->end.lsn + 1,
        .epoch = disk->epoch,
        .durable_lsn = log->durable_lsn,
    };
    size_t total = (size_t)segi_disk_round_up((uint64_t)DISK_HEADER_SIZE + size);
    SEGI_TRY(log_grow(disk, log->end.position + total, err));
    segi_buf whole;
    segi_buf_init(&whole, &disk->mem);
    seg_status status = record_build(disk, &record, bytes, total, &whole)
                            ? record_write(disk, &whole, err)
                            : segi_fail_nomem(err);
    segi_buf_deinit(&whole);
    if (status != SEG_OK)
        return status;
    if (log->unsynced == 0)
        (void)segi_vfs_now(disk->vfs, &log->unsynced_since, NULL);
    log->end = (disk_cursor){log->end.position + total, record.chain, record.lsn, record.epoch};
    log->unsynced += total;
    log->records++;
    return SEG_OK;
}

seg_status segi_disk_log(segi_disk *disk, const void *bytes, size_t size, uint64_t *out_lsn,
                         seg_error *err)
{
    if (out_lsn != NULL)
        *out_lsn = 0;
    SEGI_TRY(segi_disk_writable(disk, err));
    if (!disk->log.replayed)
        return segi_fail(err, SEG_E_MISUSE, "a record before the log was replayed");
    if (size > SEGI_DISK_RECORD_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a record of more than 2^30 bytes");
    SEGI_TRY(log_append(disk, size == 0 ? "" : bytes, size, err));
    SEGI_TRY(log_sync_if_due(disk, err));
    if (out_lsn != NULL)
        *out_lsn = disk->log.end.lsn;
    return SEG_OK;
}

seg_status segi_disk_sync(segi_disk *disk, seg_error *err)
{
    SEGI_TRY(segi_disk_writable(disk, err));
    return disk->log.unsynced == 0 ? SEG_OK : log_sync(disk, err);
}
