/* unit/disk/disk_fixture.h - a disk over files in memory, for the tests of the room disk. */
#ifndef SEG_TEST_DISK_FIXTURE_H
#define SEG_TEST_DISK_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "disk/disk.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

#define STORE "store"
#define STORE_LOG "store-wal"

/* A small log, so that it grows and so that thousands of stores can be made quickly. */
static inline segi_disk_options fixture_options(void)
{
    segi_disk_options options = {.create = true, .log_step = 4096, .log_keep = 8192};
    return options;
}

static inline segi_disk *fixture_open_with(sim_vfs *sim, const segi_disk_options *options)
{
    segi_disk *disk = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        segi_disk_open(sim_vfs_table(sim), segi_mem_default(), STORE, options, &disk, &err);
    if (status != SEG_OK)
        ck_abort_msg("open: %s: %s", seg_status_name(status), err.message);
    return disk;
}

static inline segi_disk *fixture_open(sim_vfs *sim)
{
    segi_disk_options options = fixture_options();
    return fixture_open_with(sim, &options);
}

/* Open for reading alone; the status. */
static inline seg_status fixture_try(sim_vfs *sim, const segi_disk_options *options)
{
    segi_disk *disk = NULL;
    seg_status status =
        segi_disk_open(sim_vfs_table(sim), segi_mem_default(), STORE, options, &disk, NULL);
    segi_disk_close(disk, NULL);
    return status;
}

static inline uint64_t fixture_write(segi_disk *disk, const char *text)
{
    uint64_t id = 0;
    seg_error err = SEG_ERROR_INIT;
    if (segi_disk_write(disk, 1, text, strlen(text), &id, &err) != SEG_OK)
        ck_abort_msg("write: %s", err.message);
    return id;
}

static inline bool fixture_block_is(segi_disk *disk, uint64_t id, const char *text)
{
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    seg_status status = segi_disk_read(disk, id, 1, &buf, NULL);
    bool same =
        status == SEG_OK && buf.size == strlen(text) && memcmp(buf.data, text, buf.size) == 0;
    segi_buf_deinit(&buf);
    return same;
}

static inline void fixture_log(segi_disk *disk, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    if (segi_disk_log(disk, text, strlen(text), NULL, &err) != SEG_OK)
        ck_abort_msg("log: %s", err.message);
}

static inline void fixture_checkpoint(segi_disk *disk, const char *root)
{
    seg_error err = SEG_ERROR_INIT;
    if (segi_disk_checkpoint(disk, root, strlen(root), &err) != SEG_OK)
        ck_abort_msg("checkpoint: %s", err.message);
}

static inline seg_status fixture_append(void *user, uint64_t lsn, const void *bytes, size_t size,
                                        seg_error *err)
{
    (void)lsn;
    (void)err;
    segi_buf_add(user, bytes, size);
    segi_buf_char(user, ';');
    return SEG_OK;
}

/* Replays the log: the records, each followed by a ';', are `text`. */
static inline bool fixture_replays(segi_disk *disk, const char *text)
{
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    bool same = segi_disk_replay(disk, fixture_append, &buf, NULL) == SEG_OK &&
                buf.size == strlen(text) &&
                (buf.size == 0 || memcmp(buf.data, text, buf.size) == 0);
    segi_buf_deinit(&buf);
    return same;
}

static inline bool fixture_root_is(const segi_disk *disk, const char *text)
{
    size_t size = 0;
    const void *root = segi_disk_root(disk, &size);
    return size == strlen(text) && (size == 0 || memcmp(root, text, size) == 0);
}

static inline void fixture_print_fault(void *user, const segi_disk_fault *fault)
{
    (void)user;
    printf("fault: %s byte %llu block %llu: %s\n", fault->file, (unsigned long long)fault->offset,
           (unsigned long long)fault->block, fault->what);
}

static inline bool fixture_is_sound(segi_disk *disk, uint32_t level)
{
    uint64_t faults = 0;
    seg_status status = segi_disk_check(disk, level, fixture_print_fault, NULL, &faults, NULL);
    return status == SEG_OK && faults == 0;
}

#endif
