/* output.h - tables on stdout, in the form that the user asked for. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include <seg/ingest.h>

#include "text.h"

typedef enum output_mode {
    OUTPUT_TABLE,
    OUTPUT_CSV,
    OUTPUT_JSON,  /* one array of objects per statement */
    OUTPUT_JSONL, /* one object per row */
    OUTPUT_MARKDOWN,
    OUTPUT_LINE, /* name = value, a blank line between rows */
    OUTPUT_IDS   /* the first column alone, one per line */
} output_mode;

bool output_mode_parse(const char *name, output_mode *out);

typedef enum cell_form {
    FORM_TEXT,
    FORM_NUMBER, /* written as it is in JSON, set to the right in tables */
    FORM_RAW,    /* JSON in JSON, text elsewhere */
    FORM_NULL
} cell_form;

typedef struct table_cell {
    cell_form form;
    size_t begin, size;           /* text for people and CSV */
    size_t json_begin, json_size; /* FORM_RAW */
} table_cell;

typedef struct cli_table {
    char **names; /* owned */
    size_t column_count;
    table_cell *cells; /* row by row */
    size_t cell_count, cell_capacity;
    text_buf text;
} cli_table;

void table_init(cli_table *table, const char *const *names, size_t column_count);
void table_deinit(cli_table *table);
/* Cells come row by row, column by column. */
void table_text(cli_table *table, text_view text);
void table_null(cli_table *table);
void table_uint(cli_table *table, uint64_t number);
/* A number that is already written. */
void table_number(cli_table *table, const char *text);
/* The value of a row of a column as ingest.h describes it. */
void table_value(cli_table *table, const seg_column *column, uint64_t row);
void table_print(const cli_table *table, output_mode mode);

#endif /* CLI_OUTPUT_H */
