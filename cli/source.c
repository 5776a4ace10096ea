/* source.c - one interface to CSV and JSON Lines. See source.h. */
#include "source.h"

#include "lexer.h"

#include <stdlib.h>
#include <string.h>

#define SNIFF_SIZE ((size_t)64 << 10)

/* ---- opening --------------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *ending)
{
    size_t size = strlen(path);
    size_t tail = strlen(ending);
    return size >= tail && text_equals_fold((text_view){path + size - tail, tail}, ending);
}

static file_format guess_format(const char *path, text_view head)
{
    if (ends_with(path, ".csv") || ends_with(path, ".tsv")) {
        return FORMAT_CSV;
    }
    if (ends_with(path, ".jsonl") || ends_with(path, ".ndjson") || ends_with(path, ".json")) {
        return FORMAT_JSONL;
    }
    head = text_trim(head);
    return head.size && (head.data[0] == '{' || head.data[0] == '[') ? FORMAT_JSONL : FORMAT_CSV;
}

static void add_name(cli_source *source, text_view name)
{
    text_buf made = {0};
    if (name.size) {
        buf_bytes(&made, name.data, name.size);
    } else {
        buf_printf(&made, "column_%zu", source->name_count + 1);
    }
    source->names =
        xgrow(source->names, &source->name_capacity, source->name_count + 1, sizeof *source->names);
    source->names[source->name_count++] = made.data;
}

static bool names_differ(const cli_source *source)
{
    for (size_t i = 0; i < source->name_count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (strcmp(source->names[i], source->names[k]) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* A cell that no header would have: a number, a time, or nothing at all. */
static bool is_data(text_view text)
{
    double number;
    int64_t instant;
    time_format iso = {TIME_ISO, NULL};
    text = text_trim(text);
    return text.size == 0 || parse_float(text, &number) || time_parse(text, &iso, &instant);
}

static bool looks_like_header(const cli_row *row)
{
    for (size_t i = 0; i < row->cell_count; i++) {
        if (is_data(row->cells[i].text) ||
            !utf8_valid(row->cells[i].text.data, row->cells[i].text.size)) {
            return false;
        }
    }
    return true;
}

static const char *open_csv(cli_source *source, const import_options *options)
{
    char delimiter = options->delimiter;
    if (!delimiter) {
        delimiter =
            ends_with(source->path, ".tsv") ? '\t' : csv_sniff(reader_window(&source->input));
    }
    csv_init(&source->csv, &source->input, delimiter);
    if (options->columns) {
        text_view names[256];
        size_t count = lex_commas(text_of(options->columns), names, 256);
        if (count > 256) {
            return "--columns names more than 256 columns";
        }
        for (size_t i = 0; i < count; i++) {
            add_name(source, names[i]);
        }
    }
    if (!options->columns || options->header == HEADER_YES) {
        if (!csv_next(&source->csv, &source->current)) {
            return "the file is empty";
        }
        const cli_row *head = &source->current;
        if (head->fault) {
            return head->fault;
        }
        if (options->header == HEADER_NO ||
            (options->header == HEADER_AUTO && !looks_like_header(head))) {
            return "the first line does not look like a header; name the columns with "
                   "--columns a,b,c or say --header";
        }
        for (size_t i = 0; i < head->cell_count && !options->columns; i++) {
            add_name(source, text_trim(head->cells[i].text));
        }
    }
    return names_differ(source) ? NULL : "two columns have the same name; use --columns";
}

static void read_sample(cli_source *source, uint64_t rows)
{
    while (source->sample_count < rows) {
        bool found = source->format == FORMAT_CSV ? csv_next(&source->csv, &source->current)
                                                  : jsonl_next(&source->jsonl, &source->current);
        if (!found) {
            break;
        }
        source->sample = xgrow(source->sample, &source->sample_capacity, source->sample_count + 1,
                               sizeof *source->sample);
        row_copy(&source->sample[source->sample_count++], &source->current);
    }
}

bool source_open(cli_source *source, const char *path, const import_options *options,
                 const char **out_message, int *out_errno)
{
    *source = (cli_source){.path = xstrdup(path)};
    *out_errno = reader_open(&source->input, path);
    *out_message = "cannot be opened";
    if (*out_errno == 0) {
        while (reader_window(&source->input).size < SNIFF_SIZE && reader_more(&source->input)) {
        }
        *out_errno = source->input.failure;
        *out_message = "cannot be read";
    }
    if (*out_errno) {
        source_close(source);
        return false;
    }
    text_view head = reader_window(&source->input);
    if (head.size >= 3 && memcmp(head.data, "\xef\xbb\xbf", 3) == 0) {
        reader_skip(&source->input, 3);
        head = reader_window(&source->input);
    }
    source->format = options->format ? options->format : guess_format(path, head);
    *out_message = NULL;
    if (source->format == FORMAT_CSV) {
        *out_message = open_csv(source, options);
    } else {
        jsonl_init(&source->jsonl, &source->input);
    }
    if (*out_message) {
        source_close(source);
        return false;
    }
    read_sample(source, options->sample);
    return true;
}

void source_close(cli_source *source)
{
    for (size_t i = 0; i < source->name_count; i++) {
        free(source->names[i]);
    }
    free(source->names);
    for (size_t i = 0; i < source->sample_count; i++) {
        row_deinit(&source->sample[i]);
    }
    free(source->sample);
    row_deinit(&source->current);
    csv_deinit(&source->csv);
    jsonl_deinit(&source->jsonl);
    reader_close(&source->input);
    free(source->path);
    *source = (cli_source){.input = {.fd = -1}};
}

/* ---- reading --------------------------------------------------------------------------------- */

size_t source_column_count(const cli_source *source)
{
    return source->format == FORMAT_CSV ? source->name_count : source->jsonl.name_count;
}

const char *source_column_name(const cli_source *source, size_t column)
{
    return source->format == FORMAT_CSV ? source->names[column] : source->jsonl.names[column];
}

/* CSV: as many cells as there are columns. */
static void check_width(const cli_source *source, cli_row *row)
{
    if (source->format == FORMAT_CSV && !row->fault && row->cell_count != source->name_count) {
        row->fault = "the number of fields is wrong";
        buf_printf(&row->detail, "%zu instead of %zu", row->cell_count, source->name_count);
    }
}

const cli_row *source_next(cli_source *source)
{
    cli_row *row = &source->current;
    if (source->sample_at < source->sample_count) {
        row = &source->sample[source->sample_at++];
    } else {
        bool found = source->format == FORMAT_CSV ? csv_next(&source->csv, row)
                                                  : jsonl_next(&source->jsonl, row);
        if (!found) {
            return NULL;
        }
    }
    check_width(source, row);
    return row;
}
