/* output.c - printing tables. See output.h. */
#include "output.h"

#include "times.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const mode_names[] = {"table",    "csv",  "json", "jsonl",
                                         "markdown", "line", "ids"};

bool output_mode_parse(const char *name, output_mode *out)
{
    for (size_t i = 0; i < sizeof mode_names / sizeof mode_names[0]; i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            *out = (output_mode)i;
            return true;
        }
    }
    return false;
}

/* ---- filling --------------------------------------------------------------------------------- */

void table_init(cli_table *table, const char *const *names, size_t column_count)
{
    *table = (cli_table){.names = xcalloc(column_count, sizeof *table->names),
                         .column_count = column_count};
    for (size_t i = 0; i < column_count; i++) {
        table->names[i] = xstrdup(names[i]);
    }
}

void table_deinit(cli_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->names[i]);
    }
    free(table->names);
    free(table->cells);
    buf_deinit(&table->text);
    *table = (cli_table){0};
}

static table_cell *add_cell(cli_table *table, cell_form form)
{
    table->cells =
        xgrow(table->cells, &table->cell_capacity, table->cell_count + 1, sizeof *table->cells);
    table_cell *cell = &table->cells[table->cell_count++];
    *cell = (table_cell){.form = form, .begin = table->text.size};
    return cell;
}

static void end_cell(cli_table *table)
{
    table_cell *cell = &table->cells[table->cell_count - 1];
    cell->size = table->text.size - cell->begin;
}

void table_text(cli_table *table, text_view text)
{
    add_cell(table, FORM_TEXT);
    buf_bytes(&table->text, text.data, text.size);
    end_cell(table);
}

void table_null(cli_table *table)
{
    add_cell(table, FORM_NULL);
}

void table_uint(cli_table *table, uint64_t number)
{
    add_cell(table, FORM_NUMBER);
    buf_uint(&table->text, number);
    end_cell(table);
}

void table_number(cli_table *table, const char *text)
{
    add_cell(table, FORM_NUMBER);
    buf_text(&table->text, text);
    end_cell(table);
}

static text_view element_at(const seg_column *column, uint64_t element)
{
    if (column->codes) {
        element = column->codes[element];
    }
    uint64_t begin = column->offsets[element];
    return (text_view){(const char *)column->values + begin,
                       (size_t)(column->offsets[element + 1] - begin)};
}

static void add_set(cli_table *table, const seg_column *column, uint64_t row)
{
    add_cell(table, FORM_RAW);
    uint64_t first = column->lists[row];
    uint64_t last = column->lists[row + 1];
    for (uint64_t i = first; i < last; i++) {
        text_view element = element_at(column, i);
        buf_text(&table->text, i > first ? "|" : "");
        buf_bytes(&table->text, element.data, element.size);
    }
    end_cell(table);
    table_cell *cell = &table->cells[table->cell_count - 1];
    cell->json_begin = table->text.size;
    buf_char(&table->text, '[');
    for (uint64_t i = first; i < last; i++) {
        text_view element = element_at(column, i);
        buf_text(&table->text, i > first ? "," : "");
        buf_json(&table->text, element.data, element.size);
    }
    buf_char(&table->text, ']');
    cell->json_size = table->text.size - cell->json_begin;
}

static void add_geo(cli_table *table, const seg_column *column, uint64_t row)
{
    const double *point = (const double *)column->values + 2 * row;
    add_cell(table, FORM_RAW);
    buf_float(&table->text, point[0]);
    buf_char(&table->text, ' ');
    buf_float(&table->text, point[1]);
    end_cell(table);
    table_cell *cell = &table->cells[table->cell_count - 1];
    cell->json_begin = table->text.size;
    buf_char(&table->text, '[');
    buf_float(&table->text, point[0]);
    buf_char(&table->text, ',');
    buf_float(&table->text, point[1]);
    buf_char(&table->text, ']');
    cell->json_size = table->text.size - cell->json_begin;
}

/* true and false are words of JSON too; everything else here is a number or a text. */
static void add_scalar(cli_table *table, const seg_column *column, uint64_t row)
{
    const int64_t *numbers = column->values;
    switch (column->type) {
    case SEG_TYPE_BOOL:
        add_cell(table, FORM_NUMBER);
        buf_text(&table->text, ((const uint8_t *)column->values)[row] ? "true" : "false");
        break;
    case SEG_TYPE_INT64:
        add_cell(table, FORM_NUMBER);
        buf_int(&table->text, numbers[row]);
        break;
    case SEG_TYPE_FLOAT64:
        add_cell(table, FORM_NUMBER);
        buf_float(&table->text, ((const double *)column->values)[row]);
        break;
    case SEG_TYPE_DECIMAL:
        add_cell(table, FORM_NUMBER);
        buf_decimal(&table->text, numbers[row], column->scale);
        break;
    case SEG_TYPE_TIMESTAMP:
        add_cell(table, FORM_TEXT);
        buf_instant(&table->text, numbers[row]);
        break;
    case SEG_TYPE_DATE:
        add_cell(table, FORM_TEXT);
        buf_date(&table->text, ((const int32_t *)column->values)[row]);
        break;
    default: add_cell(table, FORM_NULL); break;
    }
    end_cell(table);
}

void table_value(cli_table *table, const seg_column *column, uint64_t row)
{
    if (column->states && column->states[row] != SEG_VALUE_SET) {
        table_null(table);
    } else if (column->type == SEG_TYPE_STRING) {
        table_text(table, element_at(column, row));
    } else if (column->type == SEG_TYPE_STRING_SET) {
        add_set(table, column, row);
    } else if (column->type == SEG_TYPE_GEO) {
        add_geo(table, column, row);
    } else {
        add_scalar(table, column, row);
    }
}

/* ---- printing -------------------------------------------------------------------------------- */

#define FLUSH_SIZE ((size_t)1 << 16)

static void flush(text_buf *out)
{
    fwrite(out->data ? out->data : "", 1, out->size, stdout);
    buf_clear(out);
}

static const char *cell_text(const cli_table *table, const table_cell *cell)
{
    return table->text.data ? table->text.data + cell->begin : "";
}

static void print_csv(const cli_table *table, text_buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        buf_text(out, i ? "," : "");
        buf_csv(out, table->names[i], strlen(table->names[i]), ',');
    }
    buf_char(out, '\n');
    for (size_t i = 0; i < table->cell_count; i++) {
        const table_cell *cell = &table->cells[i];
        buf_text(out, i % table->column_count ? "," : "");
        if (cell->form != FORM_NULL) {
            buf_csv(out, cell_text(table, cell), cell->size, ',');
        }
        if ((i + 1) % table->column_count == 0) {
            buf_char(out, '\n');
            if (out->size > FLUSH_SIZE) {
                flush(out);
            }
        }
    }
}

static void json_cell(const cli_table *table, const table_cell *cell, text_buf *out)
{
    switch (cell->form) {
    case FORM_NULL: buf_text(out, "null"); break;
    case FORM_NUMBER: buf_bytes(out, cell_text(table, cell), cell->size); break;
    case FORM_RAW: buf_bytes(out, table->text.data + cell->json_begin, cell->json_size); break;
    case FORM_TEXT: buf_json(out, cell_text(table, cell), cell->size); break;
    }
}

static void print_json(const cli_table *table, bool lines, text_buf *out)
{
    buf_text(out, lines ? "" : "[");
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t column = i % table->column_count;
        if (column == 0) {
            buf_text(out, lines ? "{" : (i ? ",\n {" : "{"));
        } else {
            buf_char(out, ',');
        }
        buf_json(out, table->names[column], strlen(table->names[column]));
        buf_char(out, ':');
        json_cell(table, &table->cells[i], out);
        if (column + 1 == table->column_count) {
            buf_text(out, lines ? "}\n" : "}");
            if (out->size > FLUSH_SIZE) {
                flush(out);
            }
        }
    }
    buf_text(out, lines ? "" : "]\n");
}

static void print_lines(const cli_table *table, text_buf *out)
{
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t column = i % table->column_count;
        buf_text(out, column == 0 && i ? "\n" : "");
        buf_text(out, table->names[column]);
        buf_text(out, " = ");
        buf_shown(out, cell_text(table, &table->cells[i]), table->cells[i].size, SIZE_MAX);
        buf_char(out, '\n');
    }
}

static void print_ids(const cli_table *table, text_buf *out)
{
    for (size_t i = 0; i < table->cell_count; i += table->column_count) {
        buf_bytes(out, cell_text(table, &table->cells[i]), table->cells[i].size);
        buf_char(out, '\n');
        if (out->size > FLUSH_SIZE) {
            flush(out);
        }
    }
}

/* What a table shows of a cell: no control characters, and `|` must not end a column early. */
static void shown_cell(const cli_table *table, const table_cell *cell, bool markdown, text_buf *out)
{
    buf_clear(out);
    buf_bytes(out, "", 0);
    if (cell->form == FORM_NULL) {
        return;
    }
    if (!markdown) {
        buf_shown(out, cell_text(table, cell), cell->size, 120);
        return;
    }
    text_buf plain = {0};
    buf_shown(&plain, cell_text(table, cell), cell->size, SIZE_MAX);
    for (size_t i = 0; i < plain.size; i++) {
        buf_text(out, plain.data[i] == '|' ? "\\" : "");
        buf_char(out, plain.data[i]);
    }
    buf_deinit(&plain);
}

static void padded(text_buf *out, const text_buf *cell, size_t width, bool right, bool last)
{
    size_t used = utf8_count(cell->data, cell->size);
    size_t blanks = width > used ? width - used : 0;
    for (size_t i = 0; right && i < blanks; i++) {
        buf_char(out, ' ');
    }
    buf_bytes(out, cell->data, cell->size);
    for (size_t i = 0; !right && !last && i < blanks; i++) {
        buf_char(out, ' ');
    }
}

typedef struct table_layout {
    size_t *widths;
    bool *numbers; /* columns of numbers alone */
} table_layout;

static void measure(const cli_table *table, bool markdown, table_layout *layout)
{
    text_buf cell = {0};
    layout->widths = xcalloc(table->column_count, sizeof *layout->widths);
    layout->numbers = xcalloc(table->column_count, sizeof *layout->numbers);
    for (size_t i = 0; i < table->column_count; i++) {
        size_t least = markdown ? 3 : 1;
        layout->widths[i] = utf8_count(table->names[i], strlen(table->names[i]));
        layout->widths[i] = layout->widths[i] < least ? least : layout->widths[i];
        layout->numbers[i] = table->cell_count > 0;
    }
    for (size_t i = 0; i < table->cell_count; i++) {
        size_t column = i % table->column_count;
        shown_cell(table, &table->cells[i], markdown, &cell);
        size_t width = utf8_count(cell.data, cell.size);
        if (width > layout->widths[column]) {
            layout->widths[column] = width;
        }
        if (table->cells[i].form == FORM_TEXT || table->cells[i].form == FORM_RAW) {
            layout->numbers[column] = false;
        }
    }
    buf_deinit(&cell);
}

static void print_rule(const cli_table *table, const table_layout *layout, bool markdown,
                       text_buf *out)
{
    buf_text(out, markdown ? "|" : "");
    for (size_t i = 0; i < table->column_count; i++) {
        size_t width = layout->widths[i] + (markdown ? 1 : (i ? 2 : 1));
        if (i && !markdown) {
            buf_char(out, '+');
        }
        if (i + 1 == table->column_count && !markdown) {
            width--;
        }
        buf_text(out, markdown ? "-" : "");
        for (size_t k = 0; k < width; k++) {
            bool colon = markdown && layout->numbers[i] && k + 1 == width;
            buf_char(out, colon ? ':' : '-');
        }
        buf_text(out, markdown ? "|" : "");
    }
    buf_char(out, '\n');
}

static void print_table(const cli_table *table, bool markdown, text_buf *out)
{
    table_layout layout;
    text_buf cell = {0};
    measure(table, markdown, &layout);
    size_t rows = table->column_count ? table->cell_count / table->column_count : 0;
    for (size_t row = 0; row <= rows; row++) {
        buf_text(out, markdown ? "| " : "");
        for (size_t i = 0; i < table->column_count; i++) {
            bool last = i + 1 == table->column_count;
            if (row == 0) {
                buf_clear(&cell);
                buf_text(&cell, table->names[i]);
            } else {
                shown_cell(table, &table->cells[(row - 1) * table->column_count + i], markdown,
                           &cell);
            }
            buf_text(out, i ? " | " : "");
            padded(out, &cell, layout.widths[i], layout.numbers[i], last && !markdown);
        }
        while (!markdown && out->size && out->data[out->size - 1] == ' ') {
            out->size--; /* an empty last cell */
        }
        buf_text(out, markdown ? " |\n" : "\n");
        if (row == 0) {
            print_rule(table, &layout, markdown, out);
        }
        if (out->size > FLUSH_SIZE) {
            flush(out);
        }
    }
    buf_deinit(&cell);
    free(layout.widths);
    free(layout.numbers);
}

void table_print(const cli_table *table, output_mode mode)
{
    text_buf out = {0};
    switch (mode) {
    case OUTPUT_TABLE:
    case OUTPUT_MARKDOWN: print_table(table, mode == OUTPUT_MARKDOWN, &out); break;
    case OUTPUT_CSV: print_csv(table, &out); break;
    case OUTPUT_JSON:
    case OUTPUT_JSONL: print_json(table, mode == OUTPUT_JSONL, &out); break;
    case OUTPUT_LINE: print_lines(table, &out); break;
    case OUTPUT_IDS: print_ids(table, &out); break;
    }
    flush(&out);
    buf_deinit(&out);
}
