/* disk_scan.c - the log is read: which records count, and whether one that was safe is gone.
 *
 * Records count from the front, while each is whole and continues the chain of checksums. What
 * lies behind the first that does not is never applied, but it is looked at: what is there must be
 * what an interrupted write leaves, and no later record may know that the missing one was safe;
 * else the log is damaged, not merely cut off. */
#include <string.h>

#include "disk_int.h"

#define SCAN_STEP ((size_t)64 * 1024)

/* Before the first record. */
disk_cursor segi_disk_log_start(const segi_disk *disk)
{
    const disk_log_header *header = &disk->log.header;
    return (disk_cursor){
        .position = DISK_LOG_HEADER,
        .chain = segi_disk_chain_start(header->salt),
        .lsn = header->base_lsn,
        .epoch = header->epoch,
    };
}

/* A record that is torn, or not the next one, ends the log without an error; *got tells. */
seg_status segi_disk_log_next(const segi_disk *disk, disk_cursor *cursor, segi_buf *payload,
                              bool *got, seg_error *err)
{
    const disk_log *log = &disk->log;
    unsigned char bytes[DISK_HEADER_SIZE];
    disk_record record;
    size_t done = 0;
    *got = false;
    segi_buf_reset(payload);
    SEGI_TRY(segi_file_read(&log->file, cursor->position, bytes, sizeof bytes, &done, err));
    if (done < sizeof bytes || !segi_disk_record_decode(bytes, log->header.salt, &record) ||
        record.lsn != cursor->lsn + 1 || record.epoch < cursor->epoch)
        return SEG_OK;
    uint64_t behind = cursor->position + DISK_HEADER_SIZE;
    if (behind > log->size || record.size > log->size - behind)
        return SEG_OK;
    if (!segi_buf_reserve(payload, (size_t)record.size + 1))
        return segi_fail_nomem(err);
    SEGI_TRY(segi_file_read(&log->file, behind, payload->data, (size_t)record.size, &done, err));
    if (done < record.size ||
        record.chain != segi_disk_record_chain(bytes, cursor->chain, payload->data, done))
        return SEG_OK;
    payload->size = (size_t)record.size;
    cursor->position += segi_disk_round_up(DISK_HEADER_SIZE + record.size);
    cursor->chain = record.chain;
    cursor->lsn = record.lsn;
    cursor->epoch = record.epoch;
    *got = true;
    return SEG_OK;
}

/* One sector behind the last good record.
 * False: it says that a record which is gone was safe. `epoch` is raised to what is found. */
static bool tail_sector(const segi_disk *disk, const unsigned char *bytes, const disk_cursor *end,
                        uint64_t *epoch)
{
    disk_record record;
    if (!segi_disk_record_decode(bytes, disk->log.header.salt, &record))
        return true;
    if (record.epoch > *epoch)
        *epoch = record.epoch;
    return record.epoch < end->epoch || record.durable_lsn <= end->lsn;
}

/* `touched` becomes the end of what is not zero, which the next writer has to clear. */
static seg_status tail_scan(const segi_disk *disk, const disk_cursor *end, unsigned char *bytes,
                            uint64_t *epoch, uint64_t *touched, seg_error *err)
{
    const disk_log *log = &disk->log;
    for (uint64_t at = end->position; at < log->size; at += SCAN_STEP) {
        size_t got = 0;
        memset(bytes, 0, SCAN_STEP);
        SEGI_TRY(segi_file_read(&log->file, at, bytes, SCAN_STEP, &got, err));
        for (size_t i = 0; i < got; i += DISK_SECTOR) {
            if (segi_disk_is_zero(bytes + i, DISK_SECTOR))
                continue;
            *touched = at + i + DISK_SECTOR;
            if (!tail_sector(disk, bytes + i, end, epoch))
                return segi_disk_damaged(disk, disk->log_path, end->position,
                                         "a record that was safe is gone", err);
        }
    }
    return SEG_OK;
}

/* Sectors of zeros between two places in the log. */
static seg_status blank_count(const segi_disk *disk, uint64_t from, uint64_t until,
                              unsigned char *bytes, uint64_t *out, seg_error *err)
{
    *out = 0;
    for (uint64_t at = from; at < until; at += SCAN_STEP) {
        size_t step = until - at < SCAN_STEP ? (size_t)(until - at) : SCAN_STEP, got = 0;
        memset(bytes, 0, step);
        SEGI_TRY(segi_file_read(&disk->log.file, at, bytes, step, &got, err));
        for (size_t i = 0; i < step; i += DISK_SECTOR)
            *out += segi_disk_is_zero(bytes + i, DISK_SECTOR) ? 1 : 0;
    }
    return SEG_OK;
}

/* What stands behind the last good record: nothing, or a record that was being written. Its place
 * held zeros, and each sector of it is there wholly or not at all. So without its first sector
 * there are zeros in that place, and without another it has more sectors of zeros than it says;
 * anything else did not come from an interruption. Beyond the size in the header may be noise. */
static seg_status end_check(const segi_disk *disk, const disk_cursor *end, unsigned char *bytes,
                            seg_error *err)
{
    const disk_log *log = &disk->log;
    const char *what = "a record that was changed after it was written";
    disk_record record;
    uint64_t blank = 0;
    size_t got = 0;
    if (!log->header.swept || end->position + DISK_SECTOR > log->header.file_size)
        return SEG_OK;
    memset(bytes, 0, DISK_SECTOR);
    SEGI_TRY(segi_file_read(&log->file, end->position, bytes, DISK_SECTOR, &got, err));
    if (segi_disk_is_zero(bytes, DISK_SECTOR))
        return SEG_OK;
    if (!segi_disk_record_decode(bytes, log->header.salt, &record) || record.lsn != end->lsn + 1 ||
        record.epoch < end->epoch)
        return segi_disk_damaged(disk, disk->log_path, end->position, what, err);
    uint64_t behind = end->position + segi_disk_round_up(DISK_HEADER_SIZE + record.size);
    if (behind > log->header.file_size)
        return SEG_OK;
    SEGI_TRY(blank_count(disk, end->position + DISK_SECTOR, behind, bytes, &blank, err));
    if (blank > record.blank)
        return SEG_OK;
    return segi_disk_damaged(disk, disk->log_path, end->position, what, err);
}

/* Look through what lies behind the last good record: SEG_E_CORRUPT if a record that was safe is
 * gone, or one that was written whole is wrong. *epoch rises to the highest seen, *touched is the
 * end of what is not zero. */
static seg_status log_tail(const segi_disk *disk, const disk_cursor *end, uint64_t *epoch,
                           uint64_t *touched, seg_error *err)
{
    unsigned char *bytes = segi_alloc(&disk->mem, SCAN_STEP);
    *touched = end->position;
    if (bytes == NULL)
        return segi_fail_nomem(err);
    seg_status status = end_check(disk, end, bytes, err);
    if (status == SEG_OK)
        status = tail_scan(disk, end, bytes, epoch, touched, err);
    segi_free(&disk->mem, bytes);
    return status;
}

/* ---- opening ---- */

static seg_status log_header_read(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    unsigned char bytes[DISK_LOG_HEADER] = {0};
    const char *what = NULL;
    size_t got = 0;
    SEGI_TRY(segi_file_size(&log->file, &log->size, err));
    SEGI_TRY(segi_file_read(&log->file, 0, bytes, sizeof bytes, &got, err));
    disk_found found = segi_disk_log_decode(bytes, &log->header, &what);
    if (found == DISK_NEWER)
        return segi_fail(err, SEG_E_FORMAT_NEW, "%s was written by a later version",
                         disk->log_path);
    if (found != DISK_SOUND)
        return segi_disk_damaged(disk, disk->log_path, 0, what, err);
    if (memcmp(log->header.uuid, disk->super.uuid, sizeof log->header.uuid) != 0)
        return segi_disk_damaged(disk, disk->log_path, 16, "the log is that of another store", err);
    return SEG_OK;
}

/* A checkpoint was interrupted after its superblock: nothing in the log counts any more. */
static bool log_is_obsolete(const segi_disk *disk)
{
    return disk->log.header.epoch < disk->super.log_epoch;
}

/* What the header of the log and the superblock must agree on. */
static seg_status log_header_check(const segi_disk *disk, seg_error *err)
{
    const disk_log *log = &disk->log;
    if (log->header.epoch > disk->super.log_epoch)
        return segi_disk_damaged(disk, disk->path, 0,
                                 "the superblock that goes with the log is gone", err);
    if (log->header.base_lsn != disk->super.checkpoint_lsn)
        return segi_disk_damaged(disk, disk->log_path, 40, "first record of the log", err);
    if (log->size < log->header.file_size)
        return segi_disk_damaged(disk, disk->log_path, log->size, "the log is cut off", err);
    return SEG_OK;
}

/* Reads the log once to know where it ends; replay reads it again. */
static seg_status log_count(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    bool got = true;
    seg_status status = SEG_OK;
    log->end = segi_disk_log_start(disk);
    log->records = 0;
    while (status == SEG_OK && got) {
        status = segi_disk_log_next(disk, &log->end, &payload, &got, err);
        log->records += status == SEG_OK && got ? 1 : 0;
    }
    segi_buf_deinit(&payload);
    return status;
}

/* The order matters: header, then records, then what lies behind them. */
seg_status segi_disk_log_open(segi_disk *disk, seg_error *err)
{
    disk_log *log = &disk->log;
    seg_status status = segi_disk_open_file(disk, disk->log_path, &log->file, err);
    if (status == SEG_E_NOT_FOUND)
        return segi_disk_damaged(disk, disk->log_path, 0, "the log is missing", err);
    SEGI_TRY(status);
    SEGI_TRY(log_header_read(disk, err));
    log->grown = true;
    disk->epoch = disk->super.epoch_floor;
    if (log->header.epoch > disk->epoch)
        disk->epoch = log->header.epoch;
    if (log_is_obsolete(disk)) {
        log->touched = log->size;
        log->end = (disk_cursor){DISK_LOG_HEADER, 0, disk->super.checkpoint_lsn, 0};
        log->replayed = true;
        return SEG_OK;
    }
    SEGI_TRY(log_header_check(disk, err));
    SEGI_TRY(log_count(disk, err));
    if (log->end.epoch > disk->epoch)
        disk->epoch = log->end.epoch;
    SEGI_TRY(log_tail(disk, &log->end, &disk->epoch, &log->touched, err));
    log->durable_lsn = log->end.lsn;
    log->replayed = log->records == 0;
    return SEG_OK;
}

/* Each record once, in order. A failure of the callback ends it, and the log counts as not
 * replayed. */
seg_status segi_disk_replay(segi_disk *disk, segi_disk_record *record, void *user, seg_error *err)
{
    disk_log *log = &disk->log;
    SEGI_TRY(segi_disk_here(disk, err));
    if (log->records == 0 || log->replayed) {
        log->replayed = true;
        return SEG_OK;
    }
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    disk_cursor cursor = segi_disk_log_start(disk);
    seg_status status = SEG_OK;
    for (uint64_t i = 0; status == SEG_OK && i < log->records; i++) {
        bool got = false;
        status = segi_disk_log_next(disk, &cursor, &payload, &got, err);
        if (status == SEG_OK && !got)
            status = segi_disk_damaged(disk, disk->log_path, cursor.position,
                                       "a record changed since the log was opened", err);
        if (status == SEG_OK)
            status = record(user, cursor.lsn, payload.data, payload.size, err);
    }
    segi_buf_deinit(&payload);
    log->replayed = log->replayed || status == SEG_OK;
    return status;
}
