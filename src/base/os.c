/* os.c - randomness, the monotonic clock and small files. All functions: any thread. */
#define _GNU_SOURCE
#include "base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"

/* The number goes into the error, not into the text: strerror depends on the locale. */
static seg_status os_fail(seg_error *err, int os_errno, const char *path, const char *verb)
{
    segi_fail(err, SEG_E_IO, "cannot %s %s", verb, path);
    segi_error_errno(err, os_errno);
    return SEG_E_IO;
}

/* Reads to the end of file. One byte more than allowed is asked for, to see a file that grows. */
static seg_status file_read_all(int file, const char *path, size_t size_hint, size_t size_max,
                                segi_buf *buf, seg_error *err)
{
    size_t start = buf->size;
    size_t ask = size_hint + 1;
    for (;;) {
        if (!segi_buf_reserve(buf, ask))
            return segi_fail_nomem(err);
        ssize_t got = read(file, buf->data + buf->size, ask);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            return os_fail(err, errno, path, "read");
        }
        if (got == 0)
            return SEG_OK;
        buf->size += (size_t)got;
        if (buf->size - start > size_max)
            return segi_fail(err, SEG_E_LIMIT, "%s is larger than %zu bytes", path, size_max);
        ask = 4096;
    }
}

/* Devices, folders and FIFOs are refused after opening, so that nothing can change between. */
static seg_status file_read_regular(int file, const char *path, size_t size_max, segi_buf *buf,
                                    seg_error *err)
{
    struct stat status;
    if (fstat(file, &status) != 0)
        return os_fail(err, errno, path, "examine");
    if (!S_ISREG(status.st_mode))
        return segi_fail(err, SEG_E_NOT_FOUND, "%s is not a regular file", path);
    if (status.st_size < 0 || (uint64_t)status.st_size > size_max)
        return segi_fail(err, SEG_E_LIMIT, "%s is larger than %zu bytes", path, size_max);
    return file_read_all(file, path, (size_t)status.st_size, size_max, buf, err);
}

/* On failure no half-random key is left behind. */
seg_status segi_os_random(void *out, size_t size, seg_error *err)
{
    char *bytes = out;
    while (size > 0) {
        ssize_t got = getrandom(bytes, size, 0);
        if (got < 0) {
            if (errno == EINTR)
                continue;
            int os_errno = errno;
            memset(out, 0, (size_t)(bytes - (char *)out) + size);
            segi_fail(err, SEG_E_IO, "the operating system gives no random bytes");
            segi_error_errno(err, os_errno);
            return SEG_E_IO;
        }
        bytes += got;
        size -= (size_t)got;
    }
    return SEG_OK;
}

uint64_t segi_os_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

bool segi_os_directory_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

seg_status segi_os_read_file(const char *path, size_t size_max, segi_buf *buf, seg_error *err)
{
    int file;
    do {
        /* O_NONBLOCK keeps a FIFO of that name from blocking the open. */
        file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    } while (file < 0 && errno == EINTR);
    if (file < 0) {
        if (errno == ENOENT || errno == ENOTDIR)
            return segi_fail(err, SEG_E_NOT_FOUND, "there is no file %s", path);
        return os_fail(err, errno, path, "open");
    }
    size_t start = buf->size;
    seg_status status = file_read_regular(file, path, size_max, buf, err);
    if (status != SEG_OK)
        buf->size = start;
    /* Nothing was written, so close has nothing to report. */
    close(file);
    return status;
}
