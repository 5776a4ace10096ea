/* disk_publish.c - generations: the catalogue and the superblock that make writes and drops the
 * state of the file, pins that hold back what was dropped, and what is done with it then.
 *
 * Three rules keep a crash harmless at any point. Nothing that the newest superblock points to is
 * written to. The superblock is written after all it points to is on the medium. What was dropped
 * is overwritten only after the superblock without it, and the log that goes with it, are there. */
#include <string.h>

#include "disk_int.h"

/* ---- pins ---- */

void segi_disk_pin_at(segi_disk *disk, segi_pin *pin, uint64_t stamp, int64_t since)
{
    pin->stamp = stamp;
    pin->since = since;
    atomic_init(&pin->expired, false);
    pin->next = &disk->pins;
    pin->previous = disk->pins.previous;
    pin->previous->next = pin;
    disk->pins.previous = pin;
}

void segi_disk_pin(segi_disk *disk, segi_pin *pin)
{
    int64_t since = INT64_MAX;
    if (disk->options.pin_micros > 0 && segi_vfs_now(disk->vfs, &since, NULL) != SEG_OK)
        since = INT64_MAX;
    segi_mutex_lock(disk->mutex);
    segi_disk_pin_at(disk, pin, disk->stamp, since);
    segi_mutex_unlock(disk->mutex);
}

static void pin_remove(segi_pin *pin)
{
    pin->previous->next = pin->next;
    pin->next->previous = pin->previous;
    pin->next = pin->previous = NULL;
}

void segi_disk_unpin(segi_disk *disk, segi_pin *pin)
{
    segi_mutex_lock(disk->mutex);
    if (pin->next != NULL)
        pin_remove(pin);
    segi_mutex_unlock(disk->mutex);
}

/* End the pins that are too old, where something was dropped since. They are told before the first
 * byte is overwritten. */
static void pins_expire(segi_disk *disk, int64_t now)
{
    segi_mutex_lock(disk->mutex);
    for (segi_pin *pin = disk->pins.next, *next; pin != &disk->pins; pin = next) {
        next = pin->next;
        if (pin->stamp >= disk->published_stamp || pin->since > now ||
            now - pin->since <= disk->options.pin_micros)
            continue;
        atomic_store_explicit(&pin->expired, true, memory_order_release);
        pin_remove(pin);
    }
    segi_mutex_unlock(disk->mutex);
}

/* What was dropped at a later stamp is held by some pin. */
static uint64_t pins_oldest(const segi_disk *disk)
{
    uint64_t oldest = UINT64_MAX;
    for (const segi_pin *pin = disk->pins.next; pin != &disk->pins; pin = pin->next)
        if (pin->stamp < oldest)
            oldest = pin->stamp;
    return oldest;
}

/* ---- the catalogue ---- */

/* Everything but live blocks that must not be taken for free space, sorted. */
static bool dropped_collect(const segi_disk *disk, disk_extents *out)
{
    if (!segi_extents_reserve(&disk->mem, out, disk->dirty.count + disk->block_count + 2))
        return false;
    for (size_t i = 0; i < disk->dirty.count; i++)
        segi_extents_add(out, disk->dirty.list[i].offset, disk->dirty.list[i].size);
    for (size_t i = 0; i < disk->block_count; i++)
        if (disk->blocks[i].dropped != 0)
            segi_extents_add(out, disk->blocks[i].entry.offset,
                             segi_disk_extent_of(&disk->blocks[i].entry));
    if (disk->super.generation != 0)
        segi_extents_add(out, disk->super.catalogue.offset,
                         segi_disk_extent_of(&disk->super.catalogue));
    if (disk->super.copy.offset != 0)
        segi_extents_add(out, disk->super.copy.offset, segi_disk_extent_of(&disk->super.copy));
    return true;
}

static seg_status catalogue_build(const segi_disk *disk, const void *root, size_t size,
                                  uint64_t *out_features, segi_buf *out, seg_error *err)
{
    disk_extents dropped = {0};
    uint64_t live = 0;
    *out_features = 0;
    if (!dropped_collect(disk, &dropped))
        return segi_fail_nomem(err);
    for (size_t i = 0; i < disk->block_count; i++)
        live += disk->blocks[i].dropped == 0 ? 1 : 0;
    segi_disk_table_begin(out, disk->next_id, live, dropped.count, size);
    for (size_t i = 0; i < disk->block_count; i++) {
        const disk_entry *entry = &disk->blocks[i].entry;
        if (disk->blocks[i].dropped != 0)
            continue;
        *out_features |= entry->codec == DISK_CODEC_ZSTD ? DISK_FEATURE_ZSTD : 0;
        segi_disk_table_entry(out, entry);
    }
    for (size_t i = 0; i < dropped.count; i++)
        segi_disk_table_extent(out, &dropped.list[i]);
    segi_buf_add(out, root, size);
    bool too_many = dropped.count > DISK_COUNT_MAX || out->size > DISK_STORED_MAX;
    segi_extents_deinit(&disk->mem, &dropped);
    if (out->failed)
        return segi_fail_nomem(err);
    if (too_many)
        return segi_fail(err, SEG_E_LIMIT, "the catalogue of %s would be too large", disk->path);
    return SEG_OK;
}

/* ---- the superblock ---- */

static seg_status super_write(segi_disk *disk, const disk_super *next, seg_error *err)
{
    unsigned char bytes[DISK_SLOT_SIZE];
    segi_disk_slot_encode(next, bytes);
    seg_status status = segi_file_write(&disk->file, next->generation % 2 * DISK_SLOT_STRIDE, bytes,
                                        sizeof bytes, err);
    /* A superblock that may be there or not makes two states of the store possible; only a new
     * opening can tell which one it is. */
    if (status != SEG_OK) {
        disk->poisoned = true;
        return status;
    }
    return segi_disk_sync_file(disk, &disk->file, err);
}

seg_status segi_disk_publish_super(segi_disk *disk, const disk_super *next, seg_error *err)
{
    SEGI_TRY(super_write(disk, next, err));
    segi_mutex_lock(disk->mutex);
    disk->super = *next;
    segi_mutex_unlock(disk->mutex);
    return SEG_OK;
}

/* Free room at the end of the file is given back: the catalogue to be written knows of no extent
 * there. */
static void end_trim(segi_disk *disk)
{
    disk_extents *free = &disk->free;
    if (free->count == 0)
        return;
    const disk_extent *last = &free->list[free->count - 1];
    if (last->offset + last->size != disk->end)
        return;
    disk->end = last->offset;
    free->bytes -= last->size;
    free->count--;
}

/* A file that is longer than its superblock says is sound, so this may fail. */
static void end_cut(segi_disk *disk)
{
    uint64_t actual = 0;
    if (segi_file_size(&disk->file, &actual, NULL) == SEG_OK && actual > disk->super.end)
        (void)segi_file_truncate(&disk->file, disk->super.end, NULL);
}

/* A file must be as long as its superblock says, even if its last extents were never written. */
static seg_status file_reaches_end(segi_disk *disk, seg_error *err)
{
    uint64_t actual = 0;
    SEGI_TRY(segi_file_size(&disk->file, &actual, err));
    return actual >= disk->end ? SEG_OK : segi_file_truncate(&disk->file, disk->end, err);
}

/* Put a catalogue, or its copy. */
static seg_status catalogue_put(segi_disk *disk, uint32_t kind, const segi_buf *bytes,
                                const disk_super *next, disk_entry *out, seg_error *err)
{
    *out = (disk_entry){.id = disk->next_id, .generation = next->generation, .kind = kind};
    return segi_disk_put(disk, out, bytes->data, bytes->size, err);
}

/* The same bytes once more, behind what only the superblock says else: with it a store can be read
 * whose catalogue or superblocks are damaged (disk_salvage.c). */
static seg_status copy_write(segi_disk *disk, const segi_buf *bytes, disk_super *next,
                             seg_error *err)
{
    segi_buf copy;
    segi_buf_init(&copy, &disk->mem);
    segi_disk_copy_begin(&copy, next);
    segi_buf_add(&copy, bytes->data, bytes->size);
    seg_status status = copy.failed
                            ? segi_fail_nomem(err)
                            : catalogue_put(disk, DISK_COPY_KIND, &copy, next, &next->copy, err);
    segi_buf_deinit(&copy);
    return status;
}

/* The bytes of both are on their way to the medium when this returns. */
static seg_status catalogue_write(segi_disk *disk, const segi_buf *bytes, disk_super *next,
                                  seg_error *err)
{
    disk_entry *catalogue = &next->catalogue;
    SEGI_TRY(catalogue_put(disk, DISK_CATALOGUE_KIND, bytes, next, catalogue, err));
    seg_status put = copy_write(disk, bytes, next, err);
    if (put != SEG_OK) {
        segi_extents_add(&disk->dirty, catalogue->offset, segi_disk_extent_of(catalogue));
        return put;
    }
    seg_status status = file_reaches_end(disk, err);
    if (status == SEG_OK)
        status = segi_disk_sync_file(disk, &disk->file, err);
    if (status != SEG_OK) {
        segi_extents_add(&disk->dirty, catalogue->offset, segi_disk_extent_of(catalogue));
        segi_extents_add(&disk->dirty, next->copy.offset, segi_disk_extent_of(&next->copy));
    }
    next->end = disk->end;
    return status;
}

/* The new superblock is on the medium: in one step it is what a backup sees, too. */
static void publish_done(segi_disk *disk, const disk_super *next, segi_buf *root)
{
    disk_entry old_catalogue = disk->super.catalogue, old_copy = disk->super.copy;
    segi_mutex_lock(disk->mutex);
    segi_buf old_root = disk->root;
    disk->root = *root;
    *root = old_root;
    disk->super = *next;
    disk->published_stamp = disk->stamp;
    for (size_t i = 0; i < disk->block_count; i++)
        disk->blocks[i].published = disk->blocks[i].dropped == 0;
    segi_mutex_unlock(disk->mutex);
    if (old_catalogue.id != 0)
        segi_extents_add(&disk->dirty, old_catalogue.offset, segi_disk_extent_of(&old_catalogue));
    if (old_copy.offset != 0)
        segi_extents_add(&disk->dirty, old_copy.offset, segi_disk_extent_of(&old_copy));
    disk->untidy = disk->options.keep_freed;
}

static seg_status publish(segi_disk *disk, const segi_buf *bytes, segi_buf *root, disk_super *next,
                          seg_error *err)
{
    /* For the old catalogue and its copy, for the new ones should they fail, and one for each
     * segi_disk_put(). */
    if (!segi_extents_reserve(&disk->mem, &disk->dirty, 6))
        return segi_fail_nomem(err);
    SEGI_TRY(catalogue_write(disk, bytes, next, err));
    SEGI_TRY(super_write(disk, next, err));
    publish_done(disk, next, root);
    end_cut(disk);
    return SEG_OK;
}

seg_status segi_disk_publish(segi_disk *disk, const void *root, size_t size, uint64_t flags,
                             seg_error *err)
{
    segi_buf bytes, copy;
    disk_super next = disk->super;
    segi_buf_init(&bytes, &disk->mem);
    segi_buf_init(&copy, &disk->mem);
    segi_buf_add(&copy, root, size);
    end_trim(disk);
    next.generation++;
    next.flags = flags;
    next.log_epoch = disk->epoch;
    next.epoch_floor = disk->epoch;
    next.checkpoint_lsn = disk->log.end.lsn;
    next.features_read |= DISK_FEATURE_COPY;
    seg_status status = copy.failed ? segi_fail_nomem(err) : SEG_OK;
    if (status == SEG_OK)
        status = catalogue_build(disk, root, size, &next.features_all, &bytes, err);
    if (status == SEG_OK)
        status = publish(disk, &bytes, &copy, &next, err);
    segi_buf_deinit(&bytes);
    segi_buf_deinit(&copy);
    return status;
}

seg_status segi_disk_checkpoint(segi_disk *disk, const void *root, size_t size, seg_error *err)
{
    unsigned char salt[16];
    SEGI_TRY(segi_disk_writable(disk, err));
    if (!disk->log.replayed)
        return segi_fail(err, SEG_E_MISUSE, "a checkpoint before the log was replayed");
    if (size > SEGI_DISK_ROOT_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a root of more than 2^29 bytes");
    /* Whatever can fail without harm comes before the superblock. */
    SEGI_TRY(segi_vfs_random(disk->vfs, salt, sizeof salt, err));
    disk->epoch++;
    seg_status status = segi_disk_publish(disk, root, size, 0, err);
    if (status != SEG_OK) {
        disk->epoch--;
        return status;
    }
    return segi_disk_log_reset(disk, salt, err);
}

/* ---- reclaiming ---- */

/* Blocks that nobody will read again leave the table; their extents are dirty. */
static seg_status blocks_retire(segi_disk *disk, seg_error *err)
{
    if (!segi_extents_reserve(&disk->mem, &disk->dirty, disk->block_count))
        return segi_fail_nomem(err);
    segi_mutex_lock(disk->mutex);
    uint64_t oldest = pins_oldest(disk);
    size_t kept = 0;
    for (size_t i = 0; i < disk->block_count; i++) {
        const disk_block *block = &disk->blocks[i];
        if (block->dropped != 0 && !block->published && block->dropped <= oldest)
            segi_extents_add(&disk->dirty, block->entry.offset, segi_disk_extent_of(&block->entry));
        else
            disk->blocks[kept++] = *block;
    }
    disk->block_count = kept;
    segi_mutex_unlock(disk->mutex);
    return SEG_OK;
}

/* Overwrite dirty extents from the front of the list; *out_done bytes are, `budget` rounded up to
 * a sector. Not even what reads as zeros is left out: pages that a failed sync has left look so and
 * are not. */
static seg_status zero_extents(segi_disk *disk, uint64_t budget, uint64_t *out_done, seg_error *err)
{
    const disk_extents *dirty = &disk->dirty;
    *out_done = budget < dirty->bytes ? segi_disk_round_up(budget) : dirty->bytes;
    uint64_t left = disk->options.keep_freed ? 0 : *out_done;
    for (size_t i = 0; left > 0; i++) {
        uint64_t size = dirty->list[i].size < left ? dirty->list[i].size : left;
        SEGI_TRY(segi_file_zero(&disk->file, dirty->list[i].offset, size, err));
        left -= size;
    }
    return disk->options.keep_freed ? SEG_OK : segi_disk_sync_file(disk, &disk->file, err);
}

/* The first `size` dirty bytes are free from now on. */
static void dirty_to_free(segi_disk *disk, uint64_t size)
{
    disk_extents *dirty = &disk->dirty;
    size_t gone = 0;
    dirty->bytes -= size;
    while (size > 0) {
        disk_extent *extent = &dirty->list[gone];
        uint64_t part = extent->size < size ? extent->size : size;
        segi_extents_add(&disk->free, extent->offset, part);
        extent->offset += part;
        extent->size -= part;
        size -= part;
        gone += extent->size == 0 ? 1 : 0;
    }
    memmove(dirty->list, dirty->list + gone, (dirty->count - gone) * sizeof *dirty->list);
    dirty->count -= gone;
}

static seg_status reclaim(segi_disk *disk, uint64_t budget, seg_error *err)
{
    uint64_t done = 0;
    int64_t now;
    if (disk->options.pin_micros > 0 && segi_vfs_now(disk->vfs, &now, NULL) == SEG_OK)
        pins_expire(disk, now);
    SEGI_TRY(blocks_retire(disk, err));
    if (disk->dirty.count == 0)
        return SEG_OK;
    if (!segi_extents_reserve(&disk->mem, &disk->free, disk->dirty.count))
        return segi_fail_nomem(err);
    SEGI_TRY(zero_extents(disk, budget, &done, err));
    dirty_to_free(disk, done);
    return SEG_OK;
}

seg_status segi_disk_reclaim(segi_disk *disk, uint64_t budget, uint64_t *out_left, seg_error *err)
{
    if (out_left != NULL)
        *out_left = 0;
    SEGI_TRY(segi_disk_writable(disk, err));
    SEGI_TRY(reclaim(disk, budget == 0 ? UINT64_MAX : budget, err));
    for (size_t i = 0; out_left != NULL && i < disk->block_count; i++)
        if (disk->blocks[i].dropped != 0)
            *out_left += segi_disk_extent_of(&disk->blocks[i].entry);
    if (out_left != NULL)
        *out_left += disk->dirty.bytes;
    return SEG_OK;
}
