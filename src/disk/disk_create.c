/* disk_create.c - a store comes into being: whole, or not at all.
 *
 * The log is safe before the file of blocks gets its name, so that a store never lacks it. The
 * file is built under another name. The lock on it keeps a second builder away; whoever gets the
 * lock later, when the file already has its name, sees that name and touches nothing. */
#include <string.h>

#include "disk_int.h"

#define FIRST_EPOCH 16u

seg_status segi_disk_build_begin(segi_disk *disk, seg_error *err)
{
    disk->new_path = segi_vfs_path(&disk->mem, disk->path, "-new");
    if (disk->new_path == NULL)
        return segi_fail_nomem(err);
    SEGI_TRY(segi_vfs_absent(disk->vfs, disk->path, err));
    seg_status status = segi_file_open(&disk->file, disk->vfs, disk->new_path,
                                       SEGI_VFS_WRITE | SEGI_VFS_CREATE, err);
    if (status == SEG_E_NOT_FOUND)
        return segi_fail(err, status, "there is no folder for %s", disk->path);
    SEGI_TRY(status);
    SEGI_TRY(segi_file_lock(&disk->file, SEGI_VFS_LOCK_EXCLUSIVE, err));
    SEGI_TRY(segi_vfs_absent(disk->vfs, disk->path, err));
    SEGI_TRY(segi_file_truncate(&disk->file, 0, err));
    SEGI_TRY(segi_vfs_random(disk->vfs, disk->super.uuid, sizeof disk->super.uuid, err));
    disk->uuid_low = segi_disk_uuid_low(disk->super.uuid);
    disk->epoch = FIRST_EPOCH;
    return SEG_OK;
}

seg_status segi_disk_build_end(segi_disk *disk, seg_error *err)
{
    SEGI_TRY(segi_vfs_rename(disk->vfs, disk->new_path, disk->path, err));
    /* From here on there is a store, whatever follows. */
    segi_free(&disk->mem, disk->new_path);
    disk->new_path = NULL;
    disk->file.path = disk->path;
    return segi_vfs_sync_directory(disk->vfs, disk->path, err);
}

/* Only what was made here goes: a log that was there before has a size of zero here. */
void segi_disk_build_abandon(segi_disk *disk)
{
    if (disk->new_path == NULL)
        return;
    if (segi_file_is_open(&disk->file) && segi_vfs_absent(disk->vfs, disk->path, NULL) == SEG_OK)
        (void)segi_vfs_unlink(disk->vfs, disk->new_path, NULL);
    if (disk->log.size > 0)
        (void)segi_vfs_unlink(disk->vfs, disk->log_path, NULL);
}

static seg_status create(segi_disk *disk, seg_error *err)
{
    SEGI_TRY(segi_disk_build_begin(disk, err));
    SEGI_TRY(segi_disk_log_create(disk, disk->epoch, 0, err));
    SEGI_TRY(segi_disk_publish(disk, NULL, 0, DISK_FLAG_TIDY, err));
    return segi_disk_build_end(disk, err);
}

seg_status segi_disk_create(const segi_vfs *vfs, const segi_mem *mem, const char *path,
                            const segi_disk_options *options, seg_error *err)
{
    segi_disk *disk = NULL;
    SEGI_TRY(segi_disk_new(vfs, mem, path, options, &disk, err));
    seg_status status = create(disk, err);
    if (status != SEG_OK)
        segi_disk_build_abandon(disk);
    segi_disk_free(disk);
    return status;
}
