/* disk_check.c - everything is looked at, and each fault is told. */
#include <string.h>

#include "disk_int.h"

#define LOOK_STEP ((size_t)64 * 1024)

typedef struct disk_check {
    const segi_disk *disk;
    uint32_t level;
    segi_disk_report *report;
    void *user;
    uint64_t faults;
    unsigned char *bytes; /* owned; LOOK_STEP of them */
} disk_check;

static void check_fault(disk_check *check, const char *file, uint64_t offset,
                        const disk_entry *entry, const char *what)
{
    segi_disk_fault fault = {
        .file = file,
        .offset = offset,
        .block = entry == NULL ? 0 : entry->id,
        .block_kind = entry == NULL ? 0 : entry->kind,
        .what = what,
    };
    check->faults++;
    if (check->report != NULL)
        check->report(check->user, &fault);
}

/* ---- the parts ---- */

static void check_zeros(disk_check *check, const segi_file *file, uint64_t offset, uint64_t size,
                        const disk_entry *entry, const char *what)
{
    while (size > 0) {
        size_t step = size < LOOK_STEP ? (size_t)size : LOOK_STEP, got = 0;
        if (segi_file_read(file, offset, check->bytes, step, &got, NULL) != SEG_OK) {
            check_fault(check, file->path, offset, entry, "unreadable bytes");
            return;
        }
        if (!segi_disk_is_zero(check->bytes, got)) {
            check_fault(check, file->path, offset, entry, what);
            return;
        }
        offset += step;
        size -= step;
    }
}

/* The newest slot must be what is in memory; the other may be older or lost.
 * A slot that was never written is blank and no fault. */
static void check_slots(disk_check *check)
{
    const segi_disk *disk = check->disk;
    for (uint32_t i = 0; i < 2; i++) {
        uint64_t offset = (uint64_t)i * DISK_SLOT_STRIDE;
        const char *what = "unreadable bytes";
        disk_super super;
        size_t got = 0;
        memset(check->bytes, 0, DISK_SLOT_SIZE);
        seg_status status =
            segi_file_read(&disk->file, offset, check->bytes, DISK_SLOT_SIZE, &got, NULL);
        disk_found found = DISK_ABSENT;
        if (status == SEG_OK)
            found = segi_disk_slot_decode(check->bytes, i, &super, &what);
        bool newest = disk->super.generation % 2 == i;
        bool blank = status == SEG_OK && segi_disk_is_zero(check->bytes, DISK_SLOT_SIZE);
        if (found == DISK_SOUND && newest && super.generation != disk->super.generation)
            check_fault(check, disk->path, offset, NULL, "another superblock than was written");
        else if (found != DISK_SOUND && (newest || !blank))
            check_fault(check, disk->path, offset, NULL, what);
        if (check->level >= SEGI_DISK_CHECK_FULL)
            check_zeros(check, &disk->file, offset + DISK_SLOT_SIZE,
                        DISK_SLOT_STRIDE - DISK_SLOT_SIZE, NULL, "bytes behind the superblock");
    }
}

/* The quick form: headers alone. */
static void check_header(disk_check *check, const disk_entry *entry)
{
    uint64_t sum;
    const char *what = NULL;
    seg_status status = segi_disk_get_header(check->disk, entry, &sum, &what, NULL);
    if (status != SEG_OK)
        check_fault(check, check->disk->path, entry->offset, entry,
                    what != NULL ? what : "unreadable bytes");
}

/* The whole block, and zeros up to its end. Only want of memory ends the check. */
static seg_status check_payload(disk_check *check, const disk_entry *entry, segi_buf *payload,
                                seg_error *err)
{
    const segi_disk *disk = check->disk;
    seg_error inner;
    seg_error_init(&inner, sizeof inner);
    seg_status status = segi_disk_get(disk, entry, payload, &inner);
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    uint64_t behind = (uint64_t)DISK_HEADER_SIZE + entry->stored;
    if (status != SEG_OK)
        check_fault(check, disk->path, entry->offset, entry, inner.message);
    else
        check_zeros(check, &disk->file, entry->offset + behind, segi_disk_extent_of(entry) - behind,
                    entry, "bytes behind a block");
    return SEG_OK;
}

static seg_status check_block(disk_check *check, const disk_entry *entry, segi_buf *payload,
                              seg_error *err)
{
    if (check->level >= SEGI_DISK_CHECK_FULL)
        return check_payload(check, entry, payload, err);
    check_header(check, entry);
    return SEG_OK;
}

/* The catalogue comes first, since it names the others. */
static seg_status check_blocks(disk_check *check, seg_error *err)
{
    const segi_disk *disk = check->disk;
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    seg_status status = check_payload(check, &disk->super.catalogue, &payload, err);
    if (status == SEG_OK && disk->super.copy.offset != 0)
        status = check_block(check, &disk->super.copy, &payload, err);
    for (size_t i = 0; status == SEG_OK && i < disk->block_count; i++)
        if (disk->blocks[i].entry.kind != DISK_MOVED_KIND)
            status = check_block(check, &disk->blocks[i].entry, &payload, err);
    segi_buf_deinit(&payload);
    return status;
}

/* All records again, up to where they ended when the last one was written or read. */
static seg_status check_log(disk_check *check, seg_error *err)
{
    const segi_disk *disk = check->disk;
    const disk_log *log = &disk->log;
    if (!segi_file_is_open(&log->file) || log->header.epoch != disk->super.log_epoch)
        return SEG_OK;
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    disk_cursor cursor = segi_disk_log_start(disk);
    bool got = true;
    seg_status status = SEG_OK;
    while (status == SEG_OK && got && cursor.lsn < log->end.lsn) {
        uint64_t begin = cursor.position;
        status = segi_disk_log_next(disk, &cursor, &payload, &got, err);
        uint64_t behind = begin + DISK_HEADER_SIZE + payload.size;
        if (status == SEG_OK && got && check->level >= SEGI_DISK_CHECK_FULL)
            check_zeros(check, &log->file, behind, cursor.position - behind, NULL,
                        "bytes behind a record");
    }
    segi_buf_deinit(&payload);
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    if (status != SEG_OK || cursor.lsn != log->end.lsn)
        check_fault(check, disk->log_path, cursor.position, NULL, "a record of the log");
    return SEG_OK;
}

/* What was freed must be zero, or erased values would lie there still (docs/privacy.md). */
static void check_free(disk_check *check)
{
    const segi_disk *disk = check->disk;
    for (size_t i = 0; i < disk->free.count; i++)
        check_zeros(check, &disk->file, disk->free.list[i].offset, disk->free.list[i].size, NULL,
                    "free space that is not zero");
}

/* Faults are counted and reported one by one; the status tells whether the check itself could be
 * done. */
seg_status segi_disk_check(segi_disk *disk, uint32_t level, segi_disk_report *report, void *user,
                           uint64_t *out_faults, seg_error *err)
{
    *out_faults = 0;
    SEGI_TRY(segi_disk_here(disk, err));
    disk_check check = {disk, level, report, user, 0, segi_alloc(&disk->mem, LOOK_STEP)};
    if (check.bytes == NULL)
        return segi_fail_nomem(err);
    check_slots(&check);
    seg_status status = check_blocks(&check, err);
    if (status == SEG_OK)
        status = check_log(&check, err);
    if (status == SEG_OK && level >= SEGI_DISK_CHECK_DEEP && !disk->options.keep_freed)
        check_free(&check);
    segi_free(&disk->mem, check.bytes);
    *out_faults = check.faults;
    return status;
}
