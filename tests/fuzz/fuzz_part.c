/* fuzz/fuzz_part.c - bytes of a file as a run and its columns.
 *
 * Four bytes say how long the run is; its columns follow. Whatever is accepted can be read from
 * end to end: each user finds rows within the chunk, rows have values within the bounds of the
 * column, and writing a column again and reading that gives the same one. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/part_code.h"

#define USERS 200000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(int condition)
{
    if (!condition)
        abort();
}

static void walk_users(const segi_part *part)
{
    uint16_t *lows = malloc(SEGI_CHUNK_USERS * sizeof *lows);
    demand(lows != NULL);
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        const segi_part_chunk *pc = &part->chunks[i];
        uint32_t row = pc->row_begin;
        demand(segi_part_find(part, pc->chunk) == pc);
        segi_part_users(pc, lows);
        for (uint32_t u = 0; u < pc->user_count; u++) {
            uint32_t begin, end;
            demand(u == 0 || lows[u] > lows[u - 1]);
            demand((pc->chunk << SEGI_CHUNK_BITS) + lows[u] < USERS);
            demand(segi_part_user_rows(part, pc, lows[u], &begin, &end));
            demand(begin == row && end > begin);
            for (; part->row_users && begin < end; begin++)
                demand(part->row_users[begin] == lows[u]);
            row = end;
        }
        demand(row == pc->row_begin + pc->row_count);
    }
    free(lows);
}

static void walk_rows(const segi_part *part, const segi_col *col)
{
    for (uint32_t row = 0; col->type != 0 && row < part->row_count; row++) {
        demand(!segi_col_is_set(col, row) || !segi_col_is_null(col, row));
        if (!segi_col_is_set(col, row))
            continue;
        int64_t slot = segi_col_slot(col, row);
        if (col->type != SEG_TYPE_FLOAT64)
            demand(slot >= col->min && slot <= col->max);
        else
            demand(segi_slot_float(slot) - segi_slot_float(slot) == 0);
    }
}

/* The column as it is written now, read again. */
static void walk_again(segi_part *part, uint32_t column)
{
    segi_buf bytes;
    segi_arrays again, first;
    segi_buf_init(&bytes, segi_mem_default());
    segi_column_encode(part, column, &bytes);
    demand(!bytes.failed);
    first = segi_part_take(part, column);
    if (bytes.size > 0) {
        demand(segi_column_decode(segi_mem_default(), part, column, USERS,
                                  (const uint8_t *)bytes.data, bytes.size, &again, NULL) == SEG_OK);
        segi_part_put(part, column, &again);
        size_t size = bytes.size;
        char *copy = malloc(size);
        demand(copy != NULL);
        memcpy(copy, bytes.data, size);
        segi_buf_reset(&bytes);
        segi_column_encode(part, column, &bytes);
        demand(bytes.size == size && memcmp(copy, bytes.data, size) == 0);
        free(copy);
        again = segi_part_take(part, column);
        segi_arrays_free(segi_mem_default(), &again);
    }
    segi_part_put(part, column, &first);
    segi_buf_deinit(&bytes);
}

static void walk_page(segi_run *run, const segi_page *page, const uint8_t *bytes)
{
    segi_part *part = run->parts[page->part];
    segi_arrays arrays;
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        segi_column_decode(run->mem, part, page->column, USERS, bytes, page->size, &arrays, &err);
    demand(status == SEG_OK || status == SEG_E_CORRUPT || status == SEG_E_NOMEM);
    if (status != SEG_OK)
        return;
    segi_part_put(part, page->column, &arrays);
    if (page->column == SEGI_COLUMN_USERS)
        walk_users(part);
    else
        walk_rows(part, segi_part_col(part, page->column));
    walk_again(part, page->column);
    arrays = segi_part_take(part, page->column);
    segi_arrays_free(run->mem, &arrays);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    segi_run *run = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (size < 4)
        return 0;
    uint32_t head = data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16;
    data += 4;
    size -= 4;
    head = head < size ? head : (uint32_t)size;
    seg_status status = segi_run_decode(segi_mem_default(), data, head, &run, &err);
    demand(status == SEG_OK || status == SEG_E_CORRUPT || status == SEG_E_NOMEM);
    demand((status == SEG_OK) == (run != NULL));
    for (uint32_t i = 0; run && i < run->file->page_count; i++) {
        const segi_page *page = &run->file->pages[i];
        if (page->size > 0 && page->size <= size - head) {
            walk_page(run, page, data + head);
            head += page->size;
        }
    }
    segi_run_release(run);
    return 0;
}
