/* disk_space.c - which extents are free, and which hold what nobody needs any more. */
#include <string.h>

#include "disk_int.h"

/* ---- lists of extents ---- */

/* Room for so many more, so that what follows cannot fail. */
bool segi_extents_reserve(const segi_mem *mem, disk_extents *extents, size_t more)
{
    void *list = extents->list;
    if (!segi_grow(mem, &list, &extents->capacity, extents->count + more, sizeof *extents->list))
        return false;
    extents->list = list;
    return true;
}

void segi_extents_deinit(const segi_mem *mem, disk_extents *extents)
{
    segi_free(mem, extents->list);
    memset(extents, 0, sizeof *extents);
}

/* Index of the first extent that begins at or behind offset. */
static size_t extents_lower(const disk_extents *extents, uint64_t offset)
{
    size_t low = 0, high = extents->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (extents->list[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void extents_remove(disk_extents *extents, size_t index)
{
    memmove(&extents->list[index], &extents->list[index + 1],
            (extents->count - index - 1) * sizeof *extents->list);
    extents->count--;
}

void segi_extents_add(disk_extents *extents, uint64_t offset, uint64_t size)
{
    if (size == 0)
        return;
    size_t at = extents_lower(extents, offset);
    disk_extent *list = extents->list;
    extents->bytes += size;
    bool joins_previous = at > 0 && list[at - 1].offset + list[at - 1].size == offset;
    bool joins_next = at < extents->count && offset + size == list[at].offset;
    if (joins_previous) {
        list[at - 1].size += size;
        if (joins_next) {
            list[at - 1].size += list[at].size;
            extents_remove(extents, at);
        }
    } else if (joins_next) {
        list[at].offset = offset;
        list[at].size += size;
    } else {
        SEGI_ASSERT(extents->count < extents->capacity);
        memmove(&list[at + 1], &list[at], (extents->count - at) * sizeof *list);
        list[at] = (disk_extent){offset, size};
        extents->count++;
    }
}

/* First fit keeps the file short: its end is left alone while there is room in front. */
bool segi_extents_take(disk_extents *extents, uint64_t size, uint64_t *out_offset)
{
    for (size_t i = 0; i < extents->count; i++) {
        disk_extent *extent = &extents->list[i];
        if (extent->size < size)
            continue;
        *out_offset = extent->offset;
        extent->offset += size;
        extent->size -= size;
        extents->bytes -= size;
        if (extent->size == 0)
            extents_remove(extents, i);
        return true;
    }
    return false;
}

/* ---- extents of blocks ---- */

seg_status segi_disk_allocate(segi_disk *disk, uint64_t size, uint64_t *out_offset, seg_error *err)
{
    /* Each block that is written or dropped may one day become an extent of its own here. */
    if (!segi_extents_reserve(&disk->mem, &disk->dirty, 1))
        return segi_fail_nomem(err);
    if (segi_extents_take(&disk->free, size, out_offset))
        return SEG_OK;
    if (size > DISK_END_MAX - disk->end)
        return segi_fail(err, SEG_E_LIMIT, "%s would be larger than 2^56 bytes", disk->path);
    *out_offset = disk->end;
    disk->end += size;
    return SEG_OK;
}

/* What a failed write at the end of the file did not reach does not exist: a file must not be
 * shorter than its superblock says. */
void segi_disk_give_back(segi_disk *disk, uint64_t offset, uint64_t size)
{
    uint64_t actual = 0;
    bool last = offset + size == disk->end;
    if (last && segi_file_size(&disk->file, &actual, NULL) == SEG_OK && actual < disk->end) {
        uint64_t reached = actual / DISK_SECTOR * DISK_SECTOR;
        disk->end = reached > offset ? reached : offset;
        size = disk->end - offset;
    }
    segi_extents_add(&disk->dirty, offset, size);
    disk->untidy = true;
}

/* A file must not be shorter than its superblock says, nor end before its last extent. */
static void end_restore(segi_disk *disk)
{
    uint64_t end = disk->end > disk->super.end ? disk->end : disk->super.end, actual = 0;
    if (segi_file_size(&disk->file, &actual, NULL) == SEG_OK && actual > end)
        (void)segi_file_truncate(&disk->file, end, NULL);
}

/* In one piece at the end, so that whatever finds no room in front finds it here, down to the last
 * block. A checkpoint cuts off what is left free there only in its catalogue at first; the file
 * becomes shorter when all is written. */
seg_status segi_disk_make_room(segi_disk *disk, uint64_t blocks, uint64_t bytes, uint64_t root,
                               seg_error *err)
{
    SEGI_TRY(segi_disk_writable(disk, err));
    /* A block that is dropped takes less of the catalogue than it did; the last catalogue, its copy
     * and what a failure leaves of new ones become extents, too. */
    uint64_t catalogue = DISK_HEADER_SIZE + DISK_COPY_HEADER + DISK_TABLE_HEADER +
                         (disk->block_count + blocks) * DISK_ENTRY_SIZE +
                         (disk->dirty.count + 6) * DISK_EXTENT_SIZE + root;
    uint64_t size = segi_disk_round_up(bytes + blocks * (DISK_HEADER_SIZE + DISK_SECTOR)) +
                    2 * segi_disk_round_up(catalogue);
    if (!segi_extents_reserve(&disk->mem, &disk->free, 1))
        return segi_fail_nomem(err);
    seg_status status = segi_file_allocate(&disk->file, disk->end, size, err);
    if (status == SEG_OK)
        status = segi_file_zero(&disk->file, disk->end, size, err);
    if (status != SEG_OK) {
        end_restore(disk);
        return status;
    }
    segi_extents_add(&disk->free, disk->end, size);
    disk->end += size;
    return SEG_OK;
}

/* ---- the table as a partition of the file ---- */

typedef struct disk_used {
    uint64_t begin, end;
} disk_used;

/* Heap sort: no recursion and n log n, whatever a hostile table holds. */
static void used_sift(disk_used *list, size_t root, size_t count)
{
    disk_used moving = list[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= count)
            break;
        if (child + 1 < count && list[child + 1].begin > list[child].begin)
            child++;
        if (list[child].begin <= moving.begin)
            break;
        list[root] = list[child];
        root = child;
    }
    list[root] = moving;
}

static void used_sort(disk_used *list, size_t count)
{
    for (size_t i = count / 2; i > 0; i--)
        used_sift(list, i - 1, count);
    for (size_t i = count; i > 1; i--) {
        disk_used last = list[i - 1];
        list[i - 1] = list[0];
        list[0] = last;
        used_sift(list, 0, i - 1);
    }
}

static size_t used_collect(const segi_disk *disk, disk_used *list)
{
    size_t count = 0;
    for (size_t i = 0; i < disk->block_count; i++) {
        const disk_entry *entry = &disk->blocks[i].entry;
        list[count++] = (disk_used){entry->offset, entry->offset + segi_disk_extent_of(entry)};
    }
    for (size_t i = 0; i < disk->dirty.count; i++) {
        const disk_extent *extent = &disk->dirty.list[i];
        list[count++] = (disk_used){extent->offset, extent->offset + extent->size};
    }
    const disk_entry *catalogue = &disk->super.catalogue, *copy = &disk->super.copy;
    list[count++] =
        (disk_used){catalogue->offset, catalogue->offset + segi_disk_extent_of(catalogue)};
    if (copy->offset != 0)
        list[count++] = (disk_used){copy->offset, copy->offset + segi_disk_extent_of(copy)};
    return count;
}

seg_status segi_disk_partition(segi_disk *disk, uint64_t end, disk_extents *gaps, seg_error *err)
{
    size_t capacity = disk->block_count + disk->dirty.count + 2;
    disk_used *list = segi_alloc_array(&disk->mem, capacity, sizeof *list);
    if (list == NULL || !segi_extents_reserve(&disk->mem, gaps, capacity + 1)) {
        segi_free(&disk->mem, list);
        return segi_fail_nomem(err);
    }
    size_t count = used_collect(disk, list);
    used_sort(list, count);
    uint64_t at = DISK_DATA;
    seg_status status = SEG_OK;
    for (size_t i = 0; i < count && status == SEG_OK; i++) {
        if (list[i].begin < at)
            status = segi_disk_damaged(disk, disk->path, list[i].begin, "two blocks overlap", err);
        else if (list[i].end > end)
            status = segi_disk_damaged(disk, disk->path, list[i].begin,
                                       "a block beyond the end of the file", err);
        else
            segi_extents_add(gaps, at, list[i].begin - at);
        at = list[i].end;
    }
    if (status == SEG_OK)
        segi_extents_add(gaps, at, end - at);
    segi_free(&disk->mem, list);
    return status;
}
