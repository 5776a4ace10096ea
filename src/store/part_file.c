/* Runs on disk: see part_file.h. */
#include "store/part_file.h"

#include "base/error.h"
#include "store/cache.h"
#include "store/part_code.h"

/* Columns that are small share a block, up to so many bytes: a block has a head and an extent of
 * its own, and reading one costs as much as some hundred kilobytes of another. */
#define BLOCK_BYTES ((size_t)64 << 10)

/* ---- writing --------------------------------------------------------------------------------- */

typedef struct run_writer {
    segi_run_file *file;
    const segi_run *run;
    segi_disk *disk;
    segi_buf block, page; /* the block under way, and the page that comes next */
    uint32_t first;       /* page of the block */
    size_t capacity;
} run_writer;

/* Write what has gathered, the pages before `end`. */
static seg_status writer_flush(run_writer *writer, uint32_t end, seg_error *err)
{
    segi_run_file *file = writer->file;
    if (!segi_grow(writer->run->mem, (void **)&file->blocks, &writer->capacity,
                   file->block_count + (size_t)1, sizeof *file->blocks))
        return segi_fail_nomem(err);
    segi_run_block *block = &file->blocks[file->block_count];
    *block = (segi_run_block){.size = (uint32_t)writer->block.size,
                              .page = writer->first,
                              .page_count = end - writer->first};
    SEGI_TRY(segi_disk_write(writer->disk, SEGI_BLOCK_ROWS, writer->block.data, writer->block.size,
                             &block->id, err));
    file->block_count++;
    writer->first = end;
    segi_buf_reset(&writer->block);
    return SEG_OK;
}

/* A page never spans blocks; one that is larger than BLOCK_BYTES has a block to itself. */
static seg_status writer_page(run_writer *writer, uint32_t index, seg_error *err)
{
    segi_page *page = &writer->file->pages[index];
    segi_buf_reset(&writer->page);
    segi_column_encode(writer->run->parts[page->part], page->column, &writer->page);
    if (writer->page.failed)
        return segi_fail_nomem(err);
    if (writer->block.size > 0 && writer->page.size > 0 &&
        writer->block.size + writer->page.size > BLOCK_BYTES)
        SEGI_TRY(writer_flush(writer, index, err));
    page->block = writer->file->block_count;
    page->offset = (uint32_t)writer->block.size;
    page->size = (uint32_t)writer->page.size;
    segi_buf_add(&writer->block, writer->page.data, writer->page.size);
    return writer->block.failed ? segi_fail_nomem(err) : SEG_OK;
}

/* Pages first, the description last: a run exists on disk once that is written. */
static seg_status writer_run(run_writer *writer, seg_error *err)
{
    segi_run_file *file = writer->file;
    for (uint32_t i = 0; i < file->page_count; i++)
        SEGI_TRY(writer_page(writer, i, err));
    SEGI_TRY(writer_flush(writer, file->page_count, err));
    segi_run_encode(writer->run, &writer->block);
    if (writer->block.failed)
        return segi_fail_nomem(err);
    return segi_disk_write(writer->disk, SEGI_BLOCK_RUN, writer->block.data, writer->block.size,
                           &file->id, err);
}

/* As it was: not written. */
static void file_unwrite(segi_run_file *file, const segi_mem *mem, segi_disk *disk)
{
    for (uint32_t i = 0; i < file->block_count; i++)
        segi_disk_drop(disk, file->blocks[i].id, NULL);
    segi_free(mem, file->blocks);
    file->blocks = NULL;
    file->block_count = 0;
    for (uint32_t i = 0; i < file->page_count; i++)
        file->pages[i].size = 0;
}

/* Under the store's mutex. On failure the blocks are dropped, the run goes on in memory. */
seg_status segi_run_write(segi_run *run, segi_disk *disk, seg_error *err)
{
    run_writer writer = {.file = run->file, .run = run, .disk = disk};
    SEGI_ASSERT(run->file->id == 0);
    segi_buf_init(&writer.block, run->mem);
    segi_buf_init(&writer.page, run->mem);
    seg_status status = writer_run(&writer, err);
    segi_buf_deinit(&writer.block);
    segi_buf_deinit(&writer.page);
    if (status == SEG_OK)
        run->file->disk = disk;
    else
        file_unwrite(run->file, run->mem, disk);
    return status;
}

uint64_t segi_run_id(const segi_run *run)
{
    return run->file ? run->file->id : 0;
}

uint64_t segi_run_disk_bytes(const segi_run *run)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; run->file && i < run->file->block_count; i++)
        bytes += run->file->blocks[i].size;
    return bytes;
}

/* After the checkpoint: the pages may be dropped from memory, because they can be read again. */
void segi_run_settle(segi_run *run)
{
    segi_cache_settle(run);
}

/* The run's blocks, where it has any; after a failure the next call goes on where this one stopped.
 * Its columns are not to be loaded after the space has been used again, which the disk's pins
 * prevent while readers hold the run. */
static seg_status run_drop(segi_run *run, segi_disk *disk, seg_error *err)
{
    segi_run_file *file = run->file;
    if (!file || file->id == 0)
        return SEG_OK;
    for (; file->dropped < file->block_count; file->dropped++)
        SEGI_TRY(segi_disk_drop(disk, file->blocks[file->dropped].id, err));
    return segi_disk_drop(disk, file->id, err);
}

/* ---- opening --------------------------------------------------------------------------------- */

/* Codes of texts must lie in the dictionary, or look-ups would read behind it. */
static bool column_fits(const segi_store *store, const segi_part *part, uint32_t property)
{
    const segi_col *col = &part->columns[property];
    const segi_field *field = store->schema->events[part->event]->fields[property];
    if (col->type == 0)
        return true;
    if (col->type != field->type)
        return false;
    if (col->type != SEG_TYPE_STRING || col->none_set)
        return true;
    const segi_event_dicts *dicts =
        part->event < store->dict_count ? &store->dicts[part->event] : NULL;
    const segi_strings *dict = dicts && property < dicts->count ? dicts->dicts[property] : NULL;
    return dict && col->max < (int64_t)dict->count;
}

/* Event types, properties, codes and users of the run are those that the store has. */
static bool run_fits(const segi_store *store, const segi_run *run)
{
    for (uint32_t i = 0; i < run->part_count; i++) {
        const segi_part *part = run->parts[i];
        uint32_t last = part->chunks[part->chunk_count - 1].chunk;
        if (part->event >= store->schema->event_count ||
            part->column_count > store->schema->events[part->event]->field_count ||
            (uint64_t)last << SEGI_CHUNK_BITS >= store->user_count)
            return false;
        for (uint32_t c = 0; c < part->column_count; c++)
            if (!column_fits(store, part, c))
                return false;
    }
    return true;
}

/* What the description says is checked against the store here; pages are checked when they are
 * read. */
seg_status segi_run_open(segi_store *store, segi_disk *disk, uint64_t id, segi_run **out,
                         seg_error *err)
{
    segi_buf bytes;
    segi_buf_init(&bytes, &store->mem);
    *out = NULL;
    seg_status status = segi_disk_read(disk, id, SEGI_BLOCK_RUN, &bytes, err);
    if (status == SEG_OK)
        status = segi_run_decode(&store->mem, (const uint8_t *)bytes.data, bytes.size, out, err);
    segi_buf_deinit(&bytes);
    if (status != SEG_OK)
        return status;
    segi_run *run = *out;
    if (!run_fits(store, run)) {
        segi_run_release(run);
        *out = NULL;
        return segi_fail(err, SEG_E_CORRUPT, "run %llu is not of this store's types and users",
                         (unsigned long long)id);
    }
    run->file->disk = disk;
    run->file->id = id;
    run->file->user_count = store->user_count;
    segi_cache_adopt(store->cache, run, false);
    return SEG_OK;
}

/* ---- retiring -------------------------------------------------------------------------------- */

/* A run that is on disk stays there until the next checkpoint no longer names it. */
void segi_store_retire(segi_store *store, segi_run *run)
{
    if (segi_run_id(run) == 0) {
        segi_run_release(run);
        return;
    }
    run->file->next_retired = store->retired;
    store->retired = run;
}

seg_status segi_store_drop_retired(segi_store *store, segi_disk *disk, seg_error *err)
{
    while (store->retired) {
        segi_run *run = store->retired;
        SEGI_TRY(run_drop(run, disk, err));
        store->retired = run->file->next_retired;
        segi_run_release(run);
    }
    return SEG_OK;
}
