/* disk_salvage.c - what is left of a damaged store. Everything found on the way is reported; what
 * can be read is read, and each block is still verified before it is handed out.
 *
 * Where superblocks or catalogue fail, the whole file is searched for blocks that are a catalogue
 * or the copy of one. A block says itself of which store and generation it is and where it lies,
 * so what only looks like one, or was moved, is not taken. */
#include <string.h>

#include "disk_int.h"

#define SCAN_STEP ((size_t)64 * 1024)

/* ---- catalogues that no superblock points to ---- */

typedef struct salvage_search {
    segi_disk *disk;
    uint64_t named; /* generation of the catalogue in the newest superblock; 0: nobody knows */
    bool has_log;
    disk_log_header log; /* of the log that is there */
    /* The best so far: its rank is 0 where there is none yet. */
    disk_entry entry;
    disk_super super; /* what a copy says of the log */
    uint64_t uuid_low;
    uint32_t rank;
} salvage_search;

/* Whether the log goes on where this copy ends. A store without a log gets one when it is opened
 * for writing, which makes no new copy. */
static bool search_has_log(const salvage_search *search, const disk_super *copy)
{
    return search->has_log && memcmp(search->log.uuid, copy->uuid, sizeof search->log.uuid) == 0 &&
           search->log.base_lsn == copy->checkpoint_lsn &&
           (search->log.epoch == copy->log_epoch || (copy->flags & DISK_FLAG_NO_LOG) != 0);
}

/* The one that the superblock names comes first; then one whose log is there, since a newer one
 * may never have been published; then the newest. Of catalogue and copy the latter knows more. */
static void search_offer(salvage_search *search, const disk_entry *entry, const disk_super *copy,
                         uint64_t uuid_low)
{
    uint32_t rank = copy->generation != 0 ? 3 : 2;
    rank += search_has_log(search, copy) ? 2 : 0;
    rank += entry->generation == search->named ? 4 : 0;
    bool better = entry->generation != search->entry.generation
                      ? entry->generation > search->entry.generation
                      : rank > search->rank;
    if (rank / 2 < search->rank / 2 || (rank / 2 == search->rank / 2 && !better))
        return;
    search->rank = rank;
    search->entry = *entry;
    search->super = *copy;
    search->uuid_low = uuid_low;
}

/* Read a catalogue or a copy and take it apart. `copy` gets what it says of the log, and a
 * generation if it is a copy. */
static seg_status candidate_read(segi_disk *disk, const disk_entry *entry, segi_buf *payload,
                                 disk_super *copy, disk_table *table, seg_error *err)
{
    const char *what = "copy of a catalogue";
    size_t head = entry->kind == DISK_COPY_KIND ? DISK_COPY_HEADER : 0;
    memset(copy, 0, sizeof *copy);
    SEGI_TRY(segi_disk_get(disk, entry, payload, err));
    if (head > 0 && !segi_disk_copy_decode(payload->data, payload->size, copy))
        return segi_disk_damaged(disk, disk->path, entry->offset, what, err);
    copy->generation = head > 0 ? entry->generation : 0;
    seg_status status = segi_disk_table_decode(&disk->mem, payload->data + head,
                                               payload->size - head, table, &what);
    if (status == SEG_E_CORRUPT)
        return segi_disk_damaged(disk, disk->path, entry->offset, what, err);
    return status == SEG_OK ? SEG_OK : segi_fail_nomem(err);
}

/* The sector at `offset`, if a catalogue begins there. */
static seg_status candidate_try(salvage_search *search, const unsigned char *bytes, uint64_t offset,
                                segi_buf *payload, seg_error *err)
{
    segi_disk *disk = search->disk;
    disk_entry entry;
    disk_table table;
    disk_super copy;
    uint64_t sum, uuid_low = segi_disk_uuid_low(bytes + 40), kept = disk->uuid_low;
    const char *what;
    if (!segi_disk_block_decode(bytes, uuid_low, &entry, &sum, &what) ||
        entry.kind < DISK_CATALOGUE_KIND || entry.offset != offset)
        return SEG_OK;
    disk->uuid_low = uuid_low;
    seg_status status = candidate_read(disk, &entry, payload, &copy, &table, err);
    disk->uuid_low = kept;
    if (status == SEG_E_NOMEM)
        return status;
    if (status != SEG_OK)
        return SEG_OK;
    segi_disk_table_deinit(&disk->mem, &table);
    search_offer(search, &entry, &copy, uuid_low);
    return SEG_OK;
}

/* A sector at a time, where blocks begin. A part that cannot be read is passed over. */
static seg_status search_file(salvage_search *search, uint64_t end, unsigned char *bytes,
                              seg_error *err)
{
    segi_disk *disk = search->disk;
    segi_buf payload;
    segi_buf_init(&payload, &disk->mem);
    seg_status status = SEG_OK;
    for (uint64_t at = DISK_DATA; status == SEG_OK && at < end; at += SCAN_STEP) {
        size_t got = 0;
        if (segi_file_read(&disk->file, at, bytes, SCAN_STEP, &got, NULL) != SEG_OK)
            segi_disk_tell(disk, disk->path, at, NULL, "unreadable bytes");
        for (size_t i = 0; status == SEG_OK && i + DISK_HEADER_SIZE <= got; i += DISK_SECTOR)
            status = candidate_try(search, bytes + i, at + i, &payload, err);
    }
    segi_buf_deinit(&payload);
    return status;
}

static void search_log(salvage_search *search)
{
    const segi_disk *disk = search->disk;
    unsigned char bytes[DISK_LOG_HEADER] = {0};
    const char *what;
    segi_file file;
    size_t got = 0;
    if (segi_file_open(&file, disk->vfs, disk->log_path, 0, NULL) == SEG_OK &&
        segi_file_read(&file, 0, bytes, sizeof bytes, &got, NULL) == SEG_OK)
        search->has_log = segi_disk_log_decode(bytes, &search->log, &what) == DISK_SOUND;
    segi_file_close(&file);
}

/* Take over the best that was found. */
static seg_status search_adopt(salvage_search *search, seg_error *err)
{
    segi_disk *disk = search->disk;
    disk_table table;
    segi_buf payload;
    if (search->rank == 0)
        return segi_disk_damaged(disk, disk->path, DISK_DATA, "no catalogue is left", err);
    disk->uuid_low = search->uuid_low;
    disk->super = search->super;
    segi_buf_init(&payload, &disk->mem);
    seg_status status = candidate_read(disk, &search->entry, &payload, &search->super, &table, err);
    if (status == SEG_OK) {
        status = segi_disk_adopt(disk, &table, err);
        segi_disk_table_deinit(&disk->mem, &table);
    }
    segi_buf_deinit(&payload);
    disk->super.generation = search->entry.generation;
    disk->super.catalogue = search->entry;
    return status;
}

static seg_status catalogue_find(salvage_search *search, seg_error *err)
{
    segi_disk *disk = search->disk;
    uint64_t size = 0;
    SEGI_TRY(segi_file_size(&disk->file, &size, err));
    unsigned char *bytes = segi_alloc(&disk->mem, SCAN_STEP);
    if (bytes == NULL)
        return segi_fail_nomem(err);
    search_log(search);
    seg_status status = search_file(search, size, bytes, err);
    segi_free(&disk->mem, bytes);
    return status == SEG_OK ? search_adopt(search, err) : status;
}

/* ---- the log ---- */

/* Records up to the first damage count. */
static seg_status log_read(segi_disk *disk, seg_error *err)
{
    seg_status status = segi_disk_log_open(disk, err);
    disk->log.replayed = disk->log.records == 0;
    if (status == SEG_E_NOMEM)
        return status;
    disk->log_lost = status != SEG_OK;
    if (status == SEG_E_IO)
        segi_disk_tell(disk, disk->log_path, 0, NULL, "unreadable bytes");
    return SEG_OK;
}

/* A catalogue that came without its superblock, and without a copy, does not say which log is its
 * own. */
static seg_status log_salvage(segi_disk *disk, const salvage_search *search, seg_error *err)
{
    disk->log.replayed = true;
    disk->log.end.lsn = disk->super.checkpoint_lsn;
    if (search->rank > 0 && search_has_log(search, &search->super)) {
        disk->super.log_epoch = search->log.epoch;
        return log_read(disk, err);
    }
    if ((disk->super.flags & DISK_FLAG_NO_LOG) != 0)
        return SEG_OK;
    if (search->rank > 0 && search->super.generation == 0) {
        disk->log_lost = true;
        segi_disk_tell(disk, disk->log_path, 0, NULL, "the log has lost its superblock");
        return SEG_OK;
    }
    return log_read(disk, err);
}

seg_status segi_disk_salvage(segi_disk *disk, seg_error *err)
{
    salvage_search search = {.disk = disk};
    seg_status status = segi_disk_choose(disk, err);
    bool trusted = status == SEG_OK && !disk->lone;
    if (status == SEG_OK && !trusted)
        segi_disk_tell(disk, disk->path, disk->super.generation % 2 == 0 ? DISK_SLOT_STRIDE : 0,
                       NULL, "a superblock is lost");
    if (trusted) {
        search.named = disk->super.catalogue.generation;
        status = segi_disk_load(disk, err);
    }
    if (status == SEG_E_CORRUPT || status == SEG_E_IO || (status == SEG_OK && !trusted))
        status = catalogue_find(&search, err);
    SEGI_TRY(status);
    SEGI_TRY(segi_file_size(&disk->file, &disk->end, err));
    SEGI_TRY(log_salvage(disk, &search, err));
    segi_error_clear(err);
    return SEG_OK;
}
