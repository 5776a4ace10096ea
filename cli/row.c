/* row.c - records. See row.h. */
#include "row.h"

#include <stdlib.h>
#include <string.h>

void row_reset(cli_row *row)
{
    row->line = 0;
    row->fault = NULL;
    buf_clear(&row->detail);
    row->raw = (text_view){"", 0};
    row->cell_count = 0;
    row->element_count = 0;
}

void row_deinit(cli_row *row)
{
    buf_deinit(&row->detail);
    free(row->cells);
    free(row->elements);
    free(row->copied);
    *row = (cli_row){0};
}

cli_cell *row_cell(cli_row *row, size_t column)
{
    if (column >= row->cell_count) {
        row->cells = xgrow(row->cells, &row->cell_capacity, column + 1, sizeof *row->cells);
        for (size_t i = row->cell_count; i <= column; i++) {
            row->cells[i] = (cli_cell){.kind = CELL_NONE, .text = {"", 0}};
        }
        row->cell_count = column + 1;
    }
    return &row->cells[column];
}

static text_view move_text(char **at, text_view text)
{
    char *begin = *at;
    if (text.size) {
        memcpy(begin, text.data, text.size);
    }
    *at += text.size;
    return (text_view){begin, text.size};
}

void row_copy(cli_row *out, const cli_row *from)
{
    size_t size = from->raw.size;
    for (size_t i = 0; i < from->cell_count; i++) {
        size += from->cells[i].text.size;
    }
    for (size_t i = 0; i < from->element_count; i++) {
        size += from->elements[i].size;
    }
    *out = (cli_row){.line = from->line, .fault = from->fault};
    buf_bytes(&out->detail, from->detail.data ? from->detail.data : "", from->detail.size);
    out->copied = xmalloc(size);
    char *at = out->copied;
    out->raw = move_text(&at, from->raw);
    out->cells = xcalloc(from->cell_count, sizeof *out->cells);
    out->cell_count = out->cell_capacity = from->cell_count;
    for (size_t i = 0; i < from->cell_count; i++) {
        out->cells[i] = from->cells[i];
        out->cells[i].text = move_text(&at, from->cells[i].text);
    }
    out->elements = xcalloc(from->element_count, sizeof *out->elements);
    out->element_count = out->element_capacity = from->element_count;
    for (size_t i = 0; i < from->element_count; i++) {
        out->elements[i] = move_text(&at, from->elements[i]);
    }
}
