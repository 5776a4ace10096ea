/* vfs.c - the calls of the library on files: EINTR and short transfers are repeated here and
 * nowhere else, and numbers of the system become statuses and messages. */
#include "base/vfs.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"

#define ZERO_STEP ((size_t)64 * 1024)
/* A signal may interrupt a call again and again, but not for ever. */
#define INTERRUPTS_MAX 100000u

/* What the caller can do about it decides the status: make room, wait, look for the file. */
static seg_status vfs_status(int os_errno)
{
    switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return SEG_E_FULL;
    case EROFS: return SEG_E_READ_ONLY;
    case ENOENT:
    case ENOTDIR: return SEG_E_NOT_FOUND;
    case EAGAIN: return SEG_E_BUSY;
    case ENOMEM: return SEG_E_NOMEM;
    default: return SEG_E_IO;
    }
}

/* `verb` is what could not be done, as in "cannot read FILE". */
static seg_status vfs_fail(seg_error *err, int os_errno, const char *path, const char *verb)
{
    seg_status status = vfs_status(os_errno);
    switch (os_errno) {
    case ENOENT:
    case ENOTDIR: segi_fail(err, status, "there is no file %s", path); break;
    case EAGAIN: segi_fail(err, status, "%s is open elsewhere", path); break;
    case ELOOP: segi_fail(err, status, "%s is a symbolic link", path); break;
    case EMLINK: segi_fail(err, status, "%s has further hard links", path); break;
    case EISDIR: segi_fail(err, status, "%s is a folder", path); break;
    case ENODEV: segi_fail(err, status, "%s is a device or a pipe", path); break;
    case ENAMETOOLONG: segi_fail(err, status, "the name is too long: %s", path); break;
    case EACCES:
    case EPERM: segi_fail(err, status, "no permission to %s %s", verb, path); break;
    case EMFILE:
    case ENFILE: segi_fail(err, status, "too many open files to %s %s", verb, path); break;
    case ENOSPC: segi_fail(err, status, "no space on the medium to %s %s", verb, path); break;
    case EDQUOT: segi_fail(err, status, "no space within the quota to %s %s", verb, path); break;
    default: segi_fail(err, status, "cannot %s %s", verb, path); break;
    }
    segi_error_errno(err, os_errno);
    return status;
}

/* Whether a call that ended with *os_errno is to be repeated. */
static bool vfs_again(int os_errno, uint32_t *interrupts)
{
    return os_errno == EINTR && ++*interrupts < INTERRUPTS_MAX;
}

/* result = call, repeated while it is interrupted. */
#define VFS_CALL(result, call)                                                                     \
    do {                                                                                           \
        uint32_t vfs_interrupts = 0;                                                               \
        do                                                                                         \
            (result) = (call);                                                                     \
        while (vfs_again((result), &vfs_interrupts));                                              \
    } while (0)

/* ---- one file ---- */

/* The path is borrowed for messages and has to live as long as the file is open. */
seg_status segi_file_open(segi_file *file, const segi_vfs *vfs, const char *path, uint32_t flags,
                          seg_error *err)
{
    memset(file, 0, sizeof *file);
    int64_t number = 0;
    int result;
    VFS_CALL(result, vfs->open(vfs->user, path, flags, &number));
    if (result != 0)
        return vfs_fail(err, result, path, "open");
    file->vfs = vfs;
    file->path = path;
    file->number = number;
    return SEG_OK;
}

void segi_file_close(segi_file *file)
{
    if (file->vfs != NULL)
        file->vfs->close(file->vfs->user, file->number);
    memset(file, 0, sizeof *file);
}

/* A short count is the end of the file and no failure. */
seg_status segi_file_read(const segi_file *file, uint64_t offset, void *out, size_t size,
                          size_t *out_done, seg_error *err)
{
    char *bytes = out;
    size_t done = 0;
    *out_done = 0;
    while (done < size) {
        size_t step = 0;
        int result;
        VFS_CALL(result, file->vfs->read(file->vfs->user, file->number, offset + done, bytes + done,
                                         size - done, &step));
        if (result != 0) {
            vfs_fail(err, result, file->path, "read");
            segi_error_span(err, (size_t)(offset + done), 0);
            return vfs_status(result);
        }
        if (step == 0 || step > size - done)
            break;
        done += step;
    }
    *out_done = done;
    return SEG_OK;
}

/* All or a failure. A system that writes nothing and reports no error would loop for ever, hence
 * EIO. */
seg_status segi_file_write(const segi_file *file, uint64_t offset, const void *bytes, size_t size,
                           seg_error *err)
{
    const char *from = bytes;
    size_t done = 0;
    while (done < size) {
        size_t step = 0;
        int result;
        VFS_CALL(result, file->vfs->write(file->vfs->user, file->number, offset + done, from + done,
                                          size - done, &step));
        if (result == 0 && (step == 0 || step > size - done))
            result = EIO;
        if (result != 0) {
            vfs_fail(err, result, file->path, "write");
            segi_error_span(err, (size_t)(offset + done), 0);
            return vfs_status(result);
        }
        done += step;
    }
    return SEG_OK;
}

seg_status segi_file_zero(const segi_file *file, uint64_t offset, uint64_t size, seg_error *err)
{
    static const char zeros[ZERO_STEP];
    while (size > 0) {
        size_t step = size < sizeof zeros ? (size_t)size : sizeof zeros;
        SEGI_TRY(segi_file_write(file, offset, zeros, step, err));
        offset += step;
        size -= step;
    }
    return SEG_OK;
}

/* The one call that is not repeated, EINTR included: what an interrupted sync has done to the
 * pages that it could not write is as unknown as after any other failure. */
seg_status segi_file_sync(const segi_file *file, seg_error *err)
{
    int result = file->vfs->sync(file->vfs->user, file->number);
    return result == 0 ? SEG_OK : vfs_fail(err, result, file->path, "sync");
}

seg_status segi_file_truncate(const segi_file *file, uint64_t size, seg_error *err)
{
    int result;
    VFS_CALL(result, file->vfs->truncate(file->vfs->user, file->number, size));
    return result == 0 ? SEG_OK : vfs_fail(err, result, file->path, "truncate");
}

seg_status segi_file_allocate(const segi_file *file, uint64_t offset, uint64_t size, seg_error *err)
{
    int result;
    VFS_CALL(result, file->vfs->allocate(file->vfs->user, file->number, offset, size));
    return result == 0 ? SEG_OK : vfs_fail(err, result, file->path, "reserve space for");
}

seg_status segi_file_size(const segi_file *file, uint64_t *out_size, seg_error *err)
{
    *out_size = 0;
    int result;
    VFS_CALL(result, file->vfs->size(file->vfs->user, file->number, out_size));
    return result == 0 ? SEG_OK : vfs_fail(err, result, file->path, "examine");
}

seg_status segi_file_lock(const segi_file *file, uint32_t lock, seg_error *err)
{
    int result;
    VFS_CALL(result, file->vfs->lock(file->vfs->user, file->number, lock));
    return result == 0 ? SEG_OK : vfs_fail(err, result, file->path, "lock");
}

/* ---- names, clock, randomness ---- */

seg_status segi_vfs_absent(const segi_vfs *vfs, const char *path, seg_error *err)
{
    segi_file file;
    seg_status status = segi_file_open(&file, vfs, path, 0, err);
    segi_file_close(&file);
    if (status == SEG_OK)
        return segi_fail(err, SEG_E_EXISTS, "there is a file %s already", path);
    if (status != SEG_E_NOT_FOUND)
        return status;
    segi_error_clear(err);
    return SEG_OK;
}

char *segi_vfs_path(const segi_mem *mem, const char *path, const char *end)
{
    size_t size = strlen(path), more = strlen(end) + 1;
    char *joined = segi_alloc(mem, size + more);
    if (joined == NULL)
        return NULL;
    memcpy(joined, path, size);
    memcpy(joined + size, end, more);
    return joined;
}

seg_status segi_vfs_rename(const segi_vfs *vfs, const char *from, const char *to, seg_error *err)
{
    int result;
    VFS_CALL(result, vfs->rename(vfs->user, from, to));
    return result == 0 ? SEG_OK : vfs_fail(err, result, from, "rename");
}

seg_status segi_vfs_unlink(const segi_vfs *vfs, const char *path, seg_error *err)
{
    int result;
    VFS_CALL(result, vfs->unlink(vfs->user, path));
    return result == 0 || result == ENOENT ? SEG_OK : vfs_fail(err, result, path, "remove");
}

seg_status segi_vfs_sync_directory(const segi_vfs *vfs, const char *path, seg_error *err)
{
    int result = vfs->sync_directory(vfs->user, path);
    return result == 0 ? SEG_OK : vfs_fail(err, result, path, "sync the folder of");
}

seg_status segi_vfs_now(const segi_vfs *vfs, int64_t *out_instant, seg_error *err)
{
    int result = vfs->now(vfs->user, out_instant);
    return result == 0 ? SEG_OK : vfs_fail(err, result, "the clock", "read");
}

/* On failure no half-random key is left behind. */
seg_status segi_vfs_random(const segi_vfs *vfs, void *out, size_t size, seg_error *err)
{
    int result;
    VFS_CALL(result, vfs->random(vfs->user, out, size));
    if (result == 0)
        return SEG_OK;
    memset(out, 0, size);
    return vfs_fail(err, result, "the source of random bytes", "read");
}
