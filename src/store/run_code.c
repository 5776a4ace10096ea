/* Runs as bytes, without their rows: see part_code.h. All numbers are little-endian. */
#include <string.h>

#include "base/civil.h"
#include "base/error.h"
#include "base/wire.h"
#include "store/part_code.h"

#define RUN_VERSION 1u
#define RUN_HEAD_BYTES 40
#define RUN_BLOCK_BYTES 16
#define RUN_PART_BYTES 24
#define RUN_CHUNK_BYTES 12
#define RUN_COLUMN_BYTES 40
#define COLUMN_NONE_SET 1u

/* ---- writing --------------------------------------------------------------------------------- */

static void column_put(segi_buf *out, const segi_col *col, uint32_t size)
{
    segi_put_u32(out, (uint32_t)col->type | col->width << 8 |
                          (col->none_set ? COLUMN_NONE_SET : 0) << 16);
    segi_put_u32(out, size);
    segi_put_u64(out, (uint64_t)col->base);
    segi_put_u64(out, (uint64_t)col->unit);
    segi_put_u64(out, (uint64_t)col->min);
    segi_put_u64(out, (uint64_t)col->max);
}

static void part_put(segi_buf *out, const segi_part *part)
{
    segi_put_u32(out, part->event);
    segi_put_u32(out, part->row_count);
    segi_put_u32(out, part->user_count);
    segi_put_u32(out, part->chunk_count);
    segi_put_u32(out, part->column_count);
    segi_put_u32(out, 0);
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        segi_put_u32(out, part->chunks[i].chunk);
        segi_put_u32(out, part->chunks[i].row_count);
        segi_put_u32(out, part->chunks[i].user_count);
    }
    for (uint32_t i = 0; i < SEGI_COLUMN_PROPERTY + part->column_count; i++)
        column_put(out, segi_part_col(part, i), part->pages[i].size);
}

void segi_run_encode(const segi_run *run, segi_buf *out)
{
    const segi_run_file *file = run->file;
    segi_put_u32(out, RUN_VERSION);
    segi_put_u32(out, run->part_count);
    segi_put_u64(out, run->generation);
    segi_put_u32(out, run->bucket.cell);
    segi_put_u32(out, run->bucket.cells);
    segi_put_u64(out, run->row_count);
    segi_put_u32(out, file->block_count);
    segi_put_u32(out, 0);
    for (uint32_t i = 0; i < file->block_count; i++) {
        segi_put_u64(out, file->blocks[i].id);
        segi_put_u32(out, file->blocks[i].size);
        segi_put_u32(out, file->blocks[i].page_count);
    }
    for (uint32_t i = 0; i < run->part_count; i++)
        part_put(out, run->parts[i]);
}

/* ---- reading --------------------------------------------------------------------------------- */

typedef struct run_reader {
    const segi_mem *mem;
    const uint8_t *at, *end;
    uint32_t part_count, block_count, page_count;
    uint64_t generation, row_count;
    segi_bucket bucket;
    segi_part **parts;  /* owned */
    uint32_t part_made; /* of them */
    uint32_t *sizes;    /* owned; of the pages */
    size_t size_capacity;
    segi_run_block *blocks; /* owned */
    bool nomem;
} run_reader;

/* So many entries of so many bytes are there. */
static bool reader_has(const run_reader *reader, uint64_t count, uint32_t bytes)
{
    return count * bytes <= (uint64_t)(reader->end - reader->at);
}

/* The caller has seen that they are there. */
static uint32_t get32(run_reader *reader)
{
    uint32_t value = (uint32_t)segi_get_at(reader->at, 4);
    reader->at += 4;
    return value;
}

static uint64_t get64(run_reader *reader)
{
    uint64_t value = segi_get_at(reader->at, 8);
    reader->at += 8;
    return value;
}

static bool head_is_empty(const segi_col *col)
{
    return col->width == 0 && col->base == 0 && col->min == 0 && col->max == 0 && col->unit >= 0 &&
           col->unit <= 1;
}

/* Base, unit, width and bounds are those that segi_col_build() would choose. */
static bool head_is_narrow(const segi_col *col)
{
    if (col->type == SEG_TYPE_FLOAT64) {
        double low = segi_slot_float(col->min), high = segi_slot_float(col->max);
        bool zero = col->min == 0 && col->max == 0;
        return col->base == 0 && col->unit == 1 && col->width == (zero ? 0 : 8) && low <= high &&
               low - low == 0 && high - high == 0;
    }
    if (col->unit < 1 || col->max < col->min || col->base != col->min)
        return false;
    uint64_t range = (uint64_t)col->max - (uint64_t)col->min;
    return range % (uint64_t)col->unit == 0 &&
           col->width == segi_col_width(range / (uint64_t)col->unit);
}

/* Bounds of values that something indexes by, or computes civil dates from. */
static bool head_is_within(const segi_col *col)
{
    switch (col->type) {
    case SEG_TYPE_BOOL: return col->min >= 0 && col->max <= 1;
    case SEG_TYPE_STRING: return col->min >= 0 && col->max < UINT32_MAX;
    case SEG_TYPE_TIMESTAMP: return col->min >= SEG_TIME_MIN && col->max <= SEG_TIME_MAX;
    case SEG_TYPE_DATE:
        return col->min >= SEG_TIME_MIN / SEGI_DAY && col->max <= SEG_TIME_MAX / SEGI_DAY;
    case SEG_TYPE_INT64:
    case SEG_TYPE_FLOAT64:
    case SEG_TYPE_DECIMAL:
    case SEG_TYPE_GEO: return true;
    default: return false;
    }
}

static bool head_is_good(const segi_col *col)
{
    if (col->type == 0)
        return head_is_empty(col) && !col->none_set;
    if (col->none_set)
        return head_is_empty(col) && head_is_within(col);
    return head_is_narrow(col) && head_is_within(col);
}

/* Is there a page exactly where the head says that there are arrays? One that has no values in the
 * head may still have bitmaps, unless it is a column in which every row has a value. */
static bool size_is_good(const segi_col *col, uint32_t column, uint32_t size)
{
    if (column == SEGI_COLUMN_USERS || col->none_set || col->width > 0)
        return size > 0;
    return size == 0 || (column >= SEGI_COLUMN_PROPERTY && col->type != 0);
}

static bool column_get(run_reader *reader, segi_col *col, uint32_t *size)
{
    uint32_t word = get32(reader);
    *size = get32(reader);
    *col = (segi_col){.type = word & 255, .width = word >> 8 & 255, .none_set = word >> 16 == 1};
    col->base = (int64_t)get64(reader);
    col->unit = (int64_t)get64(reader);
    col->min = (int64_t)get64(reader);
    col->max = (int64_t)get64(reader);
    return word >> 16 <= COLUMN_NONE_SET && head_is_good(col);
}

static bool columns_get(run_reader *reader, segi_part *part)
{
    uint32_t count = SEGI_COLUMN_PROPERTY + part->column_count;
    if (!segi_grow(reader->mem, (void **)&reader->sizes, &reader->size_capacity,
                   (size_t)reader->page_count + count, sizeof *reader->sizes)) {
        reader->nomem = true;
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        segi_col *col = segi_unconst(segi_part_col(part, i));
        uint32_t *size = &reader->sizes[reader->page_count++];
        if (!column_get(reader, col, size) || !size_is_good(col, i, *size))
            return false;
    }
    const segi_col *counts = &part->counts, *time = &part->time, *tie = &part->tie;
    if (counts->type != SEG_TYPE_INT64 || counts->none_set || counts->min < 1 ||
        counts->max > (int64_t)part->row_count || time->type != SEG_TYPE_TIMESTAMP ||
        time->none_set || tie->type != SEG_TYPE_INT64 || tie->none_set || tie->min < 0 ||
        tie->max > UINT32_MAX)
        return false;
    part->time_min = time->min;
    part->time_max = time->max;
    return true;
}

/* Chunks rise, and their users and rows add up to the part's. */
static bool chunks_get(run_reader *reader, segi_part *part)
{
    segi_part_chunk *chunks = segi_unconst(part->chunks);
    uint64_t rows = 0, users = 0;
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        segi_part_chunk *pc = &chunks[i];
        *pc = (segi_part_chunk){.chunk = get32(reader),
                                .row_begin = (uint32_t)rows,
                                .row_count = get32(reader),
                                .user_begin = (uint32_t)users,
                                .user_count = get32(reader)};
        pc->is_bits = segi_part_takes_mask(pc->user_count);
        rows += pc->row_count;
        users += pc->user_count;
        if (pc->chunk >= SEGI_CHUNK_USERS || (i > 0 && pc->chunk <= chunks[i - 1].chunk) ||
            pc->user_count == 0 || pc->user_count > SEGI_CHUNK_USERS ||
            pc->user_count > pc->row_count || rows > part->row_count || users > part->user_count)
            return false;
    }
    return rows == part->row_count && users == part->user_count;
}

static bool part_is_good(const run_reader *reader, const segi_part *head)
{
    const segi_part *before = reader->part_made > 0 ? reader->parts[reader->part_made - 1] : NULL;
    uint32_t rows_max = segi_bucket_is_all(reader->bucket) ? SEG_USERS_MAX : SEGI_PART_ROWS_MAX;
    return head->row_count > 0 && head->row_count <= rows_max && head->chunk_count > 0 &&
           (!before || head->event > before->event);
}

static bool part_get(run_reader *reader)
{
    segi_part head = {.generation = reader->generation};
    if (!reader_has(reader, 1, RUN_PART_BYTES))
        return false;
    head.event = get32(reader);
    head.row_count = get32(reader);
    head.user_count = get32(reader);
    head.chunk_count = get32(reader);
    head.column_count = get32(reader);
    bool zero = get32(reader) == 0;
    if (!zero || !part_is_good(reader, &head) ||
        !reader_has(reader, head.chunk_count, RUN_CHUNK_BYTES))
        return false;
    const uint8_t *columns = reader->at + (size_t)head.chunk_count * RUN_CHUNK_BYTES;
    if (((uint64_t)head.column_count + SEGI_COLUMN_PROPERTY) * RUN_COLUMN_BYTES >
        (uint64_t)(reader->end - columns))
        return false;
    segi_part *part = segi_part_create_bare(reader->mem, &head);
    if (!part) {
        reader->nomem = true;
        return false;
    }
    reader->parts[reader->part_made++] = part;
    return chunks_get(reader, part) && columns_get(reader, part) &&
           segi_cell_of(part->time_min) >= reader->bucket.cell &&
           segi_cell_of(part->time_max) - reader->bucket.cell < reader->bucket.cells;
}

static bool head_get(run_reader *reader)
{
    if (!reader_has(reader, 1, RUN_HEAD_BYTES) || get32(reader) != RUN_VERSION)
        return false;
    reader->part_count = get32(reader);
    reader->generation = get64(reader);
    reader->bucket.cell = get32(reader);
    reader->bucket.cells = get32(reader);
    reader->row_count = get64(reader);
    reader->block_count = get32(reader);
    return get32(reader) == 0 && reader->part_count > 0 &&
           (segi_bucket_is_good(reader->bucket) || segi_bucket_is_all(reader->bucket)) &&
           reader_has(reader, reader->block_count, RUN_BLOCK_BYTES) &&
           reader_has(reader, reader->part_count, RUN_PART_BYTES);
}

static bool blocks_get(run_reader *reader)
{
    uint64_t pages = 0;
    reader->blocks = segi_alloc_array(reader->mem, reader->block_count, sizeof *reader->blocks);
    reader->parts = segi_alloc_array(reader->mem, reader->part_count, sizeof(segi_part *));
    reader->nomem = !reader->blocks || !reader->parts;
    for (uint32_t i = 0; i < reader->block_count && !reader->nomem; i++) {
        segi_run_block *block = &reader->blocks[i];
        block->id = get64(reader);
        block->size = get32(reader);
        block->page = (uint32_t)pages;
        block->page_count = get32(reader);
        pages += block->page_count;
        if (block->id == 0 || block->page_count == 0 || pages > UINT32_MAX)
            return false;
    }
    return !reader->nomem;
}

/* The blocks hold all pages, and each block exactly its own. */
static bool pages_fit(const run_reader *reader)
{
    uint64_t page = 0;
    for (uint32_t i = 0; i < reader->block_count; i++) {
        const segi_run_block *block = &reader->blocks[i];
        uint64_t size = 0, end = page + block->page_count;
        if (end > reader->page_count)
            return false;
        for (; page < end; page++)
            size += reader->sizes[page];
        if (size != block->size)
            return false;
    }
    return page == reader->page_count;
}

static bool run_get(run_reader *reader)
{
    uint64_t rows = 0;
    if (!head_get(reader) || !blocks_get(reader))
        return false;
    for (uint32_t i = 0; i < reader->part_count; i++) {
        if (!part_get(reader))
            return false;
        rows += reader->parts[i]->row_count;
    }
    return rows == reader->row_count && reader->at == reader->end && pages_fit(reader);
}

/* Where each page lies. */
static void file_place(segi_run_file *file, const uint32_t *sizes)
{
    for (uint32_t b = 0; b < file->block_count; b++) {
        const segi_run_block *block = &file->blocks[b];
        uint32_t offset = 0;
        for (uint32_t i = block->page; i < block->page + block->page_count; i++) {
            file->pages[i].block = b;
            file->pages[i].offset = offset;
            file->pages[i].size = sizes[i];
            offset += sizes[i];
        }
    }
}

static segi_run *run_make(run_reader *reader)
{
    segi_run *run = segi_run_create(reader->mem, true, reader->bucket, reader->generation,
                                    reader->parts, reader->part_count);
    if (!run)
        return NULL;
    reader->part_made = 0;
    run->file->blocks = reader->blocks;
    run->file->block_count = reader->block_count;
    reader->blocks = NULL;
    file_place(run->file, reader->sizes);
    return run;
}

seg_status segi_run_decode(const segi_mem *mem, const uint8_t *bytes, size_t size, segi_run **out,
                           seg_error *err)
{
    run_reader reader = {.mem = mem, .at = bytes, .end = bytes + size};
    bool good = run_get(&reader);
    *out = good ? run_make(&reader) : NULL;
    for (uint32_t i = 0; i < reader.part_made; i++)
        segi_part_destroy(mem, reader.parts[i]);
    segi_free(mem, reader.parts);
    segi_free(mem, reader.sizes);
    segi_free(mem, reader.blocks);
    if (*out)
        return SEG_OK;
    if (good || reader.nomem)
        return segi_fail_nomem(err);
    return segi_fail(err, SEG_E_CORRUPT, "a run is not what docs/format.md describes");
}
