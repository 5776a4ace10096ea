/* os_vfs.c - the table of segi_vfs for Linux: one system call per function, as raw as it is.
 *
 * What a failure means and whether it is tried again is decided in vfs.c; here is nothing but the
 * call and its errno. Tests put a table of their own in this place, with a disk that fails as
 * told. */
#define _GNU_SOURCE
#include "base/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* One transfer is at most this; the caller goes on. */
#define TRANSFER_MAX ((size_t)1 << 30)

static bool os_offset_fits(uint64_t offset, uint64_t size)
{
    return offset <= INT64_MAX && size <= INT64_MAX - offset;
}

/* Numbers 0 to 2 are where programs believe their terminal to be: a message printed there must
 * not land in a store. */
static int os_move_up(int *file)
{
    if (*file > 2)
        return 0;
    int moved = fcntl(*file, F_DUPFD_CLOEXEC, 3);
    int result = moved < 0 ? errno : 0;
    close(*file);
    *file = moved;
    return result;
}

/* Looked at after opening, so that nothing can change between. */
static int os_acceptable(int file)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return errno;
    if (!S_ISREG(status.st_mode))
        return S_ISDIR(status.st_mode) ? EISDIR : ENODEV;
    return status.st_nlink > 1 ? EMLINK : 0;
}

static int os_open(void *user, const char *path, uint32_t flags, int64_t *out_file)
{
    (void)user;
    /* O_NONBLOCK keeps a FIFO of that name from blocking the open. */
    int how = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK;
    how |= (flags & SEGI_VFS_WRITE) != 0 ? O_RDWR : O_RDONLY;
    how |= (flags & SEGI_VFS_CREATE) != 0 ? O_CREAT : 0;
    int file = open(path, how, S_IRUSR | S_IWUSR);
    if (file < 0)
        return errno;
    int result = os_move_up(&file);
    if (result != 0)
        return result;
    result = os_acceptable(file);
    if (result != 0) {
        close(file);
        return result;
    }
    *out_file = file;
    return 0;
}

static void os_close(void *user, int64_t file)
{
    (void)user;
    /* What had to be safe was synced, so close has nothing to report. */
    close((int)file);
}

/* One call, which may read less than asked. */
static int os_read(void *user, int64_t file, uint64_t offset, void *out, size_t size,
                   size_t *out_done)
{
    (void)user;
    *out_done = 0;
    if (!os_offset_fits(offset, size))
        return EINVAL;
    ssize_t got = pread((int)file, out, size < TRANSFER_MAX ? size : TRANSFER_MAX, (off_t)offset);
    if (got < 0)
        return errno;
    *out_done = (size_t)got;
    return 0;
}

/* As os_read(). pwrite keeps no position, so threads may share the file. */
static int os_write(void *user, int64_t file, uint64_t offset, const void *bytes, size_t size,
                    size_t *out_done)
{
    (void)user;
    *out_done = 0;
    if (!os_offset_fits(offset, size))
        return EFBIG;
    ssize_t put =
        pwrite((int)file, bytes, size < TRANSFER_MAX ? size : TRANSFER_MAX, (off_t)offset);
    if (put < 0)
        return errno;
    *out_done = (size_t)put;
    return 0;
}

/* The data and the size of the file; times of access may be lost. */
static int os_sync(void *user, int64_t file)
{
    (void)user;
    return fdatasync((int)file) == 0 ? 0 : errno;
}

static int os_truncate(void *user, int64_t file, uint64_t size)
{
    (void)user;
    if (size > INT64_MAX)
        return EFBIG;
    return ftruncate((int)file, (off_t)size) == 0 ? 0 : errno;
}

/* Where the file system cannot reserve, glibc writes a byte per block, which serves as well. */
static int os_allocate(void *user, int64_t file, uint64_t offset, uint64_t size)
{
    (void)user;
    if (!os_offset_fits(offset, size))
        return EFBIG;
    return posix_fallocate((int)file, (off_t)offset, (off_t)size);
}

static int os_size(void *user, int64_t file, uint64_t *out_size)
{
    (void)user;
    struct stat status;
    if (fstat((int)file, &status) != 0)
        return errno;
    *out_size = (uint64_t)status.st_size;
    return 0;
}

/* Open file description locks (Linux 3.15): unlike POSIX locks they are not dropped when anything
 * else in the process closes the same file. */
static int os_lock(void *user, int64_t file, uint32_t lock)
{
    (void)user;
    struct flock region;
    memset(&region, 0, sizeof region);
    region.l_type = lock == SEGI_VFS_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK;
    region.l_whence = SEEK_SET;
    if (fcntl((int)file, F_OFD_SETLK, &region) == 0)
        return 0;
    return errno == EACCES ? EAGAIN : errno;
}

static int os_rename(void *user, const char *from, const char *to)
{
    (void)user;
    return rename(from, to) == 0 ? 0 : errno;
}

static int os_unlink(void *user, const char *path)
{
    (void)user;
    return unlink(path) == 0 ? 0 : errno;
}

/* The folder is the path up to the last slash; a path without one lies in the working directory. */
static int os_sync_directory(void *user, const char *path)
{
    (void)user;
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t size = slash == NULL ? 0 : (size_t)(slash - path);
    if (size >= sizeof folder)
        return ENAMETOOLONG;
    memcpy(folder, path, size);
    folder[size] = '\0';
    if (size == 0)
        memcpy(folder, slash == NULL ? "." : "/", 2);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return errno;
    int result = fsync(file) == 0 ? 0 : errno;
    close(file);
    return result;
}

static int os_now(void *user, int64_t *out_instant)
{
    (void)user;
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        return errno;
    *out_instant = (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
    return 0;
}

static int os_random(void *user, void *out, size_t size)
{
    (void)user;
    char *bytes = out;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0)
            return errno;
        bytes += got;
        size -= (size_t)got;
    }
    return 0;
}

static uint64_t os_process(void *user)
{
    (void)user;
    return (uint64_t)getpid();
}

const segi_vfs *segi_vfs_os(void)
{
    static const segi_vfs vfs = {
        .user = NULL,
        .open = os_open,
        .close = os_close,
        .read = os_read,
        .write = os_write,
        .sync = os_sync,
        .truncate = os_truncate,
        .allocate = os_allocate,
        .size = os_size,
        .lock = os_lock,
        .rename = os_rename,
        .unlink = os_unlink,
        .sync_directory = os_sync_directory,
        .now = os_now,
        .random = os_random,
        .process = os_process,
    };
    return &vfs;
}
