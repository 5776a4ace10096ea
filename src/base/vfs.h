/* Files as a store needs them: a table of functions for the operating system, and the calls that
 * the library makes through it.
 *
 * The table is what a test replaces to let power fail, disks fill and calls be interrupted. Its
 * functions are as raw as the system's: they may read or write less than asked and may fail with
 * EINTR. The segi_file_* calls below it repeat such calls, and turn numbers into messages; they
 * are the only users of the table. */
#ifndef SEGI_VFS_H
#define SEGI_VFS_H

#include <seg/base.h>
#include <stdbool.h>

#include "base/alloc.h"

/* ---- what an operating system offers --------------------------------------------------------- */

#define SEGI_VFS_WRITE 1u  /* for reading and writing; otherwise for reading alone */
#define SEGI_VFS_CREATE 2u /* with WRITE: an absent file is made, empty */

#define SEGI_VFS_LOCK_SHARED 1u    /* any number of holders, none of them exclusive */
#define SEGI_VFS_LOCK_EXCLUSIVE 2u /* one holder */

/* Each function returns 0 or an errno and may be called from any thread, at once on one file. A
 * `file` is a number that open() chose, at least 0. */
typedef struct segi_vfs {
    void *user; /* handed to each function */
    /* Only regular files with one name: ELOOP for a symbolic link, EMLINK for a file with further
     * hard links, EISDIR for folders, ENODEV for devices and pipes. ENOENT without CREATE. */
    int (*open)(void *user, const char *path, uint32_t flags, int64_t *out_file);
    void (*close)(void *user, int64_t file); /* drops the lock */
    /* *out_done is 0 < n <= size, or 0 at the end of the file. */
    int (*read)(void *user, int64_t file, uint64_t offset, void *out, size_t size,
                size_t *out_done);
    /* *out_done is 0 < n <= size. Beyond the end the file grows; a gap reads as zeros. */
    int (*write)(void *user, int64_t file, uint64_t offset, const void *bytes, size_t size,
                 size_t *out_done);
    /* Content and size reach stable storage (fdatasync). */
    int (*sync)(void *user, int64_t file);
    int (*truncate)(void *user, int64_t file, uint64_t size);
    /* Reserve space for [offset, offset + size) and grow the file to it; what is there stays. */
    int (*allocate)(void *user, int64_t file, uint64_t offset, uint64_t size);
    int (*size)(void *user, int64_t file, uint64_t *out_size);
    /* Never waits: EAGAIN where another opening of the file holds a lock that excludes this one,
     * in this process or in another. Held until close(). */
    int (*lock)(void *user, int64_t file, uint32_t lock);
    /* Replaces `to`. Durable after sync_directory(). */
    int (*rename)(void *user, const char *from, const char *to);
    int (*unlink)(void *user, const char *path);
    /* The names in the folder that holds `path` reach stable storage. */
    int (*sync_directory)(void *user, const char *path);
    int (*now)(void *user, int64_t *out_instant); /* wall clock, microseconds since 1970 */
    int (*random)(void *user, void *out, size_t size);
    uint64_t (*process)(void *user); /* number of the calling process */
} segi_vfs;

/* The operating system. Static. Locks are those of an open file description, so that a second
 * opening in the same process is refused too, and closing another descriptor drops nothing. */
const segi_vfs *segi_vfs_os(void);

/* ---- how the library uses it ----------------------------------------------------------------- */

/* Failures of all calls below: SEG_E_FULL (no space, quota, file too large), SEG_E_BUSY (lock),
 * SEG_E_READ_ONLY (read-only medium), SEG_E_NOT_FOUND (no such file), SEG_E_NOMEM, else SEG_E_IO;
 * err->os_errno has the number. None of them repeats a failed call, EINTR apart. */

typedef struct segi_file {
    const segi_vfs *vfs; /* borrowed; NULL while not open */
    const char *path;    /* borrowed, for messages; NUL-terminated */
    int64_t number;
} segi_file;

/* *file is written in any case; after a failure it is closed. */
seg_status segi_file_open(segi_file *file, const segi_vfs *vfs, const char *path, uint32_t flags,
                          seg_error *err);
/* Harmless on a file that is not open. */
void segi_file_close(segi_file *file);
static inline bool segi_file_is_open(const segi_file *file)
{
    return file->vfs != NULL;
}
/* Reads until `size` bytes or the end of the file; *out_done says how many there were. */
seg_status segi_file_read(const segi_file *file, uint64_t offset, void *out, size_t size,
                          size_t *out_done, seg_error *err);
seg_status segi_file_write(const segi_file *file, uint64_t offset, const void *bytes, size_t size,
                           seg_error *err);
/* Overwrites with zero bytes: real writes, since no other way of freeing clears a medium. */
seg_status segi_file_zero(const segi_file *file, uint64_t offset, uint64_t size, seg_error *err);
/* After a failure the file must not be synced again: the system may have dropped what it could
 * not write and would report success (the caller poisons itself). */
seg_status segi_file_sync(const segi_file *file, seg_error *err);
seg_status segi_file_truncate(const segi_file *file, uint64_t size, seg_error *err);
seg_status segi_file_allocate(const segi_file *file, uint64_t offset, uint64_t size,
                              seg_error *err);
seg_status segi_file_size(const segi_file *file, uint64_t *out_size, seg_error *err);
seg_status segi_file_lock(const segi_file *file, uint32_t lock, seg_error *err);

/* SEG_E_EXISTS where there is a file of that name. */
seg_status segi_vfs_absent(const segi_vfs *vfs, const char *path, seg_error *err);
/* path and end in one, to be freed with segi_free(); NULL when out of memory. */
char *segi_vfs_path(const segi_mem *mem, const char *path, const char *end);
seg_status segi_vfs_rename(const segi_vfs *vfs, const char *from, const char *to, seg_error *err);
/* A file that is absent is no failure. */
seg_status segi_vfs_unlink(const segi_vfs *vfs, const char *path, seg_error *err);
seg_status segi_vfs_sync_directory(const segi_vfs *vfs, const char *path, seg_error *err);
seg_status segi_vfs_now(const segi_vfs *vfs, int64_t *out_instant, seg_error *err);
seg_status segi_vfs_random(const segi_vfs *vfs, void *out, size_t size, seg_error *err);

#endif
