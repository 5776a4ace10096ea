/* row.h - one record of a file, whatever its format: cells by source column. */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include "text.h"

typedef enum cell_kind {
    CELL_NONE,   /* not there */
    CELL_NULL,   /* JSON null */
    CELL_TEXT,   /* CSV: everything; JSON: a string */
    CELL_NUMBER, /* JSON: a number as written */
    CELL_BOOL,   /* JSON: true or false as text */
    CELL_LIST,   /* JSON: a list of strings, row->elements[first .. first + count) */
    CELL_OTHER   /* JSON: a list with something else in it */
} cell_kind;

typedef struct cli_cell {
    cell_kind kind;
    bool quoted; /* CSV: it stood in quotes, so that "" is a text and not nothing */
    text_view text;
    size_t first, count;
} cli_cell;

typedef struct cli_row {
    uint64_t line;     /* where it begins, 1-based */
    const char *fault; /* why the record cannot be read, or NULL; static text */
    text_buf detail;   /* more about the fault */
    text_view raw;     /* the record as it stands in the file, perhaps cut */
    cli_cell *cells;
    size_t cell_count, cell_capacity;
    text_view *elements;
    size_t element_count, element_capacity;
    char *copied; /* owned: the texts of a copy made by row_copy() */
} cli_row;

/* Make it a record without cells. Capacity is kept. */
void row_reset(cli_row *row);
void row_deinit(cli_row *row);
/* The cell of a column; cells between are CELL_NONE. */
cli_cell *row_cell(cli_row *row, size_t column);
/* A copy that owns its texts. */
void row_copy(cli_row *out, const cli_row *from);

#endif /* CLI_ROW_H */
