/* disk_backup.c - the last checkpoint copied to a store of its own, while the writer goes on. */
#include <string.h>

#include "disk_int.h"

/* What is to be copied: a catalogue of its own, taken in one instant. */
typedef struct backup_plan {
    disk_entry *entries; /* owned */
    size_t count;
    uint64_t next_id, checkpoint_lsn;
    segi_buf root;
} backup_plan;

/* The pin is older than now: blocks dropped since the last checkpoint are still to be copied. */
static seg_status plan_make(segi_disk *disk, backup_plan *plan, segi_pin *pin, seg_error *err)
{
    seg_status status = SEG_OK;
    segi_mutex_lock(disk->mutex);
    segi_disk_pin_at(disk, pin, disk->published_stamp, INT64_MAX);
    plan->entries = segi_alloc_array(&disk->mem, disk->block_count, sizeof *plan->entries);
    segi_buf_add(&plan->root, disk->root.data, disk->root.size);
    plan->next_id = disk->super.catalogue.id;
    plan->checkpoint_lsn = disk->super.checkpoint_lsn;
    if (plan->entries == NULL || plan->root.failed)
        status = segi_fail_nomem(err);
    for (size_t i = 0; status == SEG_OK && i < disk->block_count; i++)
        if (disk->blocks[i].published && disk->blocks[i].entry.kind != DISK_MOVED_KIND)
            plan->entries[plan->count++] = disk->blocks[i].entry;
    segi_mutex_unlock(disk->mutex);
    return status;
}

/* The same ids, since the root names them; a header of its own, since it names the store. */
static seg_status copy_block(const segi_disk *disk, segi_disk *to, const disk_entry *entry,
                             segi_buf *bytes, seg_error *err)
{
    disk_entry copy = {.id = entry->id, .generation = 1, .kind = entry->kind};
    SEGI_TRY(segi_disk_get(disk, entry, bytes, err));
    SEGI_TRY(segi_disk_reserve_block(to, err));
    SEGI_TRY(segi_disk_put(to, &copy, bytes->data, bytes->size, err));
    segi_disk_enter(to, &copy);
    return SEG_OK;
}

static seg_status copy_blocks(const segi_disk *disk, segi_disk *to, const backup_plan *plan,
                              seg_error *err)
{
    segi_buf bytes;
    segi_buf_init(&bytes, &to->mem);
    seg_status status = SEG_OK;
    for (size_t i = 0; status == SEG_OK && i < plan->count; i++)
        status = copy_block(disk, to, &plan->entries[i], &bytes, err);
    segi_buf_deinit(&bytes);
    return status;
}

static seg_status backup_write(const segi_disk *disk, segi_disk *to, const backup_plan *plan,
                               seg_error *err)
{
    SEGI_TRY(segi_disk_build_begin(to, err));
    SEGI_TRY(copy_blocks(disk, to, plan, err));
    to->next_id = plan->next_id;
    to->log.end.lsn = plan->checkpoint_lsn;
    SEGI_TRY(segi_disk_publish(to, plan->root.data, plan->root.size,
                               DISK_FLAG_TIDY | DISK_FLAG_NO_LOG, err));
    return segi_disk_build_end(to, err);
}

static seg_status backup(segi_disk *disk, const char *path, const backup_plan *plan, seg_error *err)
{
    segi_disk *to = NULL;
    segi_disk_options options = {.zstd_level = disk->options.zstd_level};
    SEGI_TRY(segi_disk_new(disk->vfs, &disk->mem, path, &options, &to, err));
    seg_status status = backup_write(disk, to, plan, err);
    if (status != SEG_OK)
        segi_disk_build_abandon(to);
    segi_disk_free(to);
    return status;
}

seg_status segi_disk_backup(segi_disk *disk, const char *path, seg_error *err)
{
    SEGI_TRY(segi_disk_here(disk, err));
    SEGI_CHECK_ARG(path != NULL && path[0] != '\0', err, "a backup needs a path");
    segi_pin pin;
    backup_plan plan = {0};
    segi_buf_init(&plan.root, &disk->mem);
    seg_status status = plan_make(disk, &plan, &pin, err);
    if (status == SEG_OK)
        status = backup(disk, path, &plan, err);
    segi_disk_unpin(disk, &pin);
    segi_buf_deinit(&plan.root);
    segi_free(&disk->mem, plan.entries);
    return status;
}
