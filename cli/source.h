/* source.h - a file of records, of whichever format: its columns, its rows, its first rows twice.
 *
 * The first rows are read ahead, for guessing what the columns are, and come again when the rows
 * are read in earnest. */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "csv.h"
#include "jsonl.h"
#include "options.h"
#include "row.h"

typedef struct cli_source {
    char *path; /* owned */
    file_format format;
    cli_reader input;
    csv_reader csv;
    jsonl_reader jsonl;
    char **names; /* CSV: owned names of the columns */
    size_t name_count, name_capacity;
    cli_row *sample; /* owned copies of the first rows */
    size_t sample_count, sample_capacity;
    size_t sample_at; /* the next of them to come again */
    cli_row current;
} cli_source;

/* Opens the file and reads the sample. On failure a message in *out_message and, where the system
 * says more, errno in *out_errno. */
bool source_open(cli_source *source, const char *path, const import_options *options,
                 const char **out_message, int *out_errno);
void source_close(cli_source *source);

size_t source_column_count(const cli_source *source);
const char *source_column_name(const cli_source *source, size_t column);

/* The next row, borrowed until the next call; NULL at the end, also where reading failed:
 * source->input.failure says so. */
const cli_row *source_next(cli_source *source);

#endif /* CLI_SOURCE_H */
