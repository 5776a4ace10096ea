/* csv.h - records of delimited text: RFC 4180, and columns separated by blanks.
 *
 * Fields may be quoted; a quoted field may hold delimiters, line ends and doubled quotes. Lines
 * end in LF or CRLF. A quote inside an unquoted field is an ordinary character. Empty lines are
 * no records. What cannot be read as a record comes back as a row with a fault; reading goes on
 * with the line after the one where that record began. */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include "reader.h"
#include "row.h"

#define CSV_BLANK ' '                         /* runs of blanks and tabs, without quoting */
#define CSV_RECORD_SIZE_MAX ((size_t)1 << 20) /* bytes of one record */

typedef struct csv_span {
    size_t begin, size; /* of the field's text, without its quotes */
    bool quoted, doubled;
} csv_span;

typedef struct csv_reader {
    cli_reader *input; /* borrowed */
    char delimiter;
    uint64_t line; /* of the next record */
    csv_span *spans;
    size_t span_count, span_capacity;
    text_buf plain; /* fields whose doubled quotes were undone */
} csv_reader;

/* Guesses the delimiter from the first lines: , ; tab | or blanks. */
char csv_sniff(text_view head);
void csv_init(csv_reader *csv, cli_reader *input, char delimiter);
void csv_deinit(csv_reader *csv);
/* The next record, borrowed until the next call; false at the end. */
bool csv_next(csv_reader *csv, cli_row *row);

#endif /* CLI_CSV_H */
