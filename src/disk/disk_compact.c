/* disk_compact.c - blocks move from the end of the file to free room in front of it, so that the
 * end can be cut off.
 *
 * A block that moves keeps its id, so nobody has to be told. Where it was is an entry of its own,
 * dropped: the newest generation needs it until the next one is there, and readers that looked
 * the block up before hold it by their pins. */
#include "disk_int.h"

/* Whether a block of this size would move forward: first fit would find it room there. */
static bool compact_has_room(const segi_disk *disk, uint64_t size, uint64_t offset)
{
    for (size_t i = 0; i < disk->free.count; i++)
        if (disk->free.list[i].size >= size)
            return disk->free.list[i].offset < offset;
    return false;
}

static seg_status compact_block(segi_disk *disk, size_t index, segi_buf *buf, seg_error *err)
{
    disk_entry to;
    SEGI_TRY(segi_disk_reserve_block(disk, err));
    disk_block was = disk->blocks[index];
    SEGI_TRY(segi_disk_copy(disk, &was.entry, &to, buf, err));
    was.entry.id = disk->next_id++;
    was.entry.kind = DISK_MOVED_KIND;
    segi_mutex_lock(disk->mutex);
    was.dropped = ++disk->stamp;
    disk->blocks[index].entry = to;
    disk->blocks[disk->block_count++] = was;
    segi_mutex_unlock(disk->mutex);
    return SEG_OK;
}

/* Were there no free room in it, the file would end at this line: what lies behind it moves. */
static seg_status compact_blocks(segi_disk *disk, uint64_t budget, uint64_t *gain, segi_buf *buf,
                                 seg_error *err)
{
    uint64_t line = disk->end - disk->free.bytes;
    size_t count = disk->block_count;
    for (size_t i = 0; i < count && *gain < budget; i++) {
        const disk_block *block = &disk->blocks[i];
        uint64_t size = segi_disk_extent_of(&block->entry);
        if (block->dropped != 0 || block->entry.offset < line ||
            !compact_has_room(disk, size, block->entry.offset))
            continue;
        seg_status status = compact_block(disk, i, buf, err);
        if (status == SEG_E_CORRUPT)
            continue;
        if (status != SEG_OK)
            return status;
        *gain += size;
    }
    return SEG_OK;
}

seg_status segi_disk_compact(segi_disk *disk, uint64_t budget, uint64_t *out_gain, seg_error *err)
{
    segi_buf buf;
    *out_gain = 0;
    SEGI_TRY(segi_disk_writable(disk, err));
    segi_buf_init(&buf, &disk->mem);
    seg_status status = compact_blocks(disk, budget, out_gain, &buf, err);
    segi_buf_deinit(&buf);
    const disk_extents *free = &disk->free;
    if (free->count > 0) {
        const disk_extent *last = &free->list[free->count - 1];
        *out_gain += last->offset + last->size == disk->end ? last->size : 0;
    }
    return status;
}
