/* csv.c - the reader of delimited text. See csv.h.
 *
 * A record is scanned twice: first for where it and its fields end, without changing a byte, so
 * that a quote which is never closed costs one line and not the rest of the file; then the few
 * fields with doubled quotes are copied. */
#include "csv.h"

#include <stdlib.h>
#include <string.h>

typedef enum scan_result {
    SCAN_RECORD,
    SCAN_MORE,
    SCAN_FAULT
} scan_result;

typedef struct scan {
    const char *data;
    size_t size;
    bool final; /* no bytes follow */
    size_t at;
    const char *fault;
} scan;

void csv_init(csv_reader *csv, cli_reader *input, char delimiter)
{
    *csv = (csv_reader){.input = input, .delimiter = delimiter, .line = 1};
}

void csv_deinit(csv_reader *csv)
{
    free(csv->spans);
    buf_deinit(&csv->plain);
    *csv = (csv_reader){0};
}

static csv_span *add_span(csv_reader *csv)
{
    csv->spans = xgrow(csv->spans, &csv->span_capacity, csv->span_count + 1, sizeof *csv->spans);
    csv->spans[csv->span_count] = (csv_span){0};
    return &csv->spans[csv->span_count++];
}

/* A line end at `at`: its size, or 0. A CR counts only before LF or at the very end. */
static size_t line_end(const scan *s, size_t at)
{
    if (s->data[at] == '\n') {
        return 1;
    }
    if (s->data[at] == '\r') {
        if (at + 1 < s->size) {
            return s->data[at + 1] == '\n' ? 2 : 0;
        }
        return s->final ? 1 : 0;
    }
    return 0;
}

/* The field that begins with the quote at s->at. Leaves s->at after its closing quote. */
static scan_result scan_quoted(scan *s, csv_span *span)
{
    size_t begin = s->at + 1;
    size_t at = begin;
    for (;;) {
        const char *quote = memchr(s->data + at, '"', s->size - at);
        if (!quote) {
            if (!s->final) {
                return SCAN_MORE;
            }
            s->fault = "a quote is never closed";
            return SCAN_FAULT;
        }
        at = (size_t)(quote - s->data) + 1;
        if (at == s->size && !s->final) {
            return SCAN_MORE;
        }
        if (at == s->size || s->data[at] != '"') {
            break;
        }
        span->doubled = true;
        at++;
    }
    *span = (csv_span){begin, at - 1 - begin, true, span->doubled};
    s->at = at;
    return SCAN_RECORD;
}

/* One record of delimited text from s->at = 0; s->at is then where the next one begins. */
static scan_result scan_delimited(csv_reader *csv, scan *s)
{
    for (;;) {
        csv_span *span = add_span(csv);
        span->begin = s->at;
        if (s->at < s->size && s->data[s->at] == '"') {
            scan_result result = scan_quoted(s, span);
            if (result != SCAN_RECORD) {
                return result;
            }
        } else {
            while (s->at < s->size && s->data[s->at] != csv->delimiter && !line_end(s, s->at)) {
                s->at++;
            }
            span->size = s->at - span->begin;
        }
        if (s->at == s->size) {
            return s->final ? SCAN_RECORD : SCAN_MORE;
        }
        if (s->data[s->at] == csv->delimiter) {
            s->at++;
            continue;
        }
        if (s->data[s->at] == '\r' && s->at + 1 == s->size && !s->final) {
            return SCAN_MORE;
        }
        size_t end = line_end(s, s->at);
        if (end) {
            s->at += end;
            return SCAN_RECORD;
        }
        s->fault = "there is text after a closing quote";
        return SCAN_FAULT;
    }
}

/* One line of columns separated by blanks. */
static scan_result scan_blank(csv_reader *csv, scan *s)
{
    const char *newline = memchr(s->data, '\n', s->size);
    if (!newline && !s->final) {
        return SCAN_MORE;
    }
    size_t end = newline ? (size_t)(newline - s->data) : s->size;
    size_t stop = end > 0 && s->data[end - 1] == '\r' ? end - 1 : end;
    while (s->at < stop) {
        while (s->at < stop && (s->data[s->at] == ' ' || s->data[s->at] == '\t')) {
            s->at++;
        }
        if (s->at == stop) {
            break;
        }
        csv_span *span = add_span(csv);
        span->begin = s->at;
        while (s->at < stop && s->data[s->at] != ' ' && s->data[s->at] != '\t') {
            s->at++;
        }
        span->size = s->at - span->begin;
    }
    s->at = newline ? end + 1 : end;
    return SCAN_RECORD;
}

static uint64_t count_lines(const char *data, size_t size)
{
    uint64_t lines = 0;
    for (const char *at = data; (at = memchr(at, '\n', (size_t)(data + size - at))); at++) {
        lines++;
    }
    return lines;
}

/* The record's first line becomes a row with a fault; the next record begins after it. Of a line
 * that does not end in the window nothing is kept: it may be any size. */
static void take_fault(csv_reader *csv, cli_row *row, const char *fault)
{
    row->fault = fault;
    row->line = csv->line++;
    for (;;) {
        text_view window = reader_window(csv->input);
        const char *newline = memchr(window.data, '\n', window.size);
        if (newline || csv->input->at_end) {
            size_t size = newline ? (size_t)(newline - window.data) : window.size;
            row->raw = (text_view){window.data, size};
            reader_skip(csv->input, newline ? size + 1 : size);
            return;
        }
        reader_skip(csv->input, window.size);
        reader_more(csv->input);
    }
}

static text_view span_text(csv_reader *csv, const char *data, const csv_span *span)
{
    if (!span->doubled) {
        return (text_view){data + span->begin, span->size};
    }
    size_t begin = csv->plain.size;
    for (size_t i = 0; i < span->size; i++) {
        char c = data[span->begin + i];
        csv->plain.data[csv->plain.size++] = c;
        i += c == '"'; /* the second one of the pair */
    }
    return (text_view){csv->plain.data + begin, csv->plain.size - begin};
}

static void take_record(csv_reader *csv, cli_row *row, const scan *s)
{
    /* Room for the whole record at once: the texts must not move while they are collected. */
    buf_clear(&csv->plain);
    csv->plain.data = xgrow(csv->plain.data, &csv->plain.capacity, s->at + 1, 1);
    for (size_t i = 0; i < csv->span_count; i++) {
        cli_cell *cell = row_cell(row, i);
        cell->kind = CELL_TEXT;
        cell->quoted = csv->spans[i].quoted;
        cell->text = span_text(csv, s->data, &csv->spans[i]);
    }
    row->line = csv->line;
    row->raw = (text_view){s->data, s->at};
    while (row->raw.size &&
           (row->raw.data[row->raw.size - 1] == '\n' || row->raw.data[row->raw.size - 1] == '\r')) {
        row->raw.size--;
    }
    csv->line += count_lines(s->data, s->at);
    reader_skip(csv->input, s->at);
}

static bool is_empty_line(const csv_reader *csv)
{
    return csv->span_count == 0 ||
           (csv->span_count == 1 && csv->spans[0].size == 0 && !csv->spans[0].quoted);
}

bool csv_next(csv_reader *csv, cli_row *row)
{
    row_reset(row);
    for (;;) {
        text_view window = reader_window(csv->input);
        if (window.size == 0 && !reader_more(csv->input)) {
            return false;
        }
        window = reader_window(csv->input);
        scan s = {.data = window.data, .size = window.size, .final = csv->input->at_end};
        csv->span_count = 0;
        scan_result result =
            csv->delimiter == CSV_BLANK ? scan_blank(csv, &s) : scan_delimited(csv, &s);
        bool too_long =
            result == SCAN_RECORD ? s.at > CSV_RECORD_SIZE_MAX : window.size > CSV_RECORD_SIZE_MAX;
        if (result == SCAN_FAULT) {
            take_fault(csv, row, s.fault);
            return true;
        }
        if (too_long) {
            bool open =
                csv->span_count > 0 && window.data[csv->spans[csv->span_count - 1].begin] == '"';
            take_fault(csv, row,
                       open ? "a quote is not closed within 1 MiB"
                            : "a record is longer than 1 MiB");
            return true;
        }
        if (result == SCAN_MORE) {
            reader_more(csv->input);
            continue;
        }
        if (is_empty_line(csv)) {
            csv->line += count_lines(s.data, s.at);
            reader_skip(csv->input, s.at);
            continue;
        }
        take_record(csv, row, &s);
        return true;
    }
}

/* ---- guessing the delimiter ------------------------------------------------------------------ */

#define SNIFF_LINES_MAX 20

/* Fields per record with this delimiter: the number that all records share, or 0. */
static size_t consistent_fields(text_view head, char delimiter)
{
    csv_reader csv = {.delimiter = delimiter};
    size_t fields = 0;
    for (int lines = 0; lines < SNIFF_LINES_MAX && head.size; lines++) {
        scan s = {.data = head.data, .size = head.size};
        csv.span_count = 0;
        scan_result result =
            delimiter == CSV_BLANK ? scan_blank(&csv, &s) : scan_delimited(&csv, &s);
        if (result != SCAN_RECORD) {
            break; /* what is cut off at the end of the head says nothing */
        }
        if (!is_empty_line(&csv)) {
            if (fields && csv.span_count != fields) {
                fields = 0;
                break;
            }
            fields = csv.span_count;
        }
        head.data += s.at;
        head.size -= s.at;
    }
    csv_deinit(&csv);
    return fields;
}

/* Where the records differ in length, the delimiter that is most frequent in the first line. */
static char frequent_delimiter(text_view head)
{
    static const char candidates[] = ",;\t|";
    char best = ',';
    size_t most = 0;
    const char *newline = memchr(head.data, '\n', head.size);
    size_t size = newline ? (size_t)(newline - head.data) : head.size;
    for (const char *c = candidates; *c; c++) {
        size_t count = 0;
        for (size_t i = 0; i < size; i++) {
            count += head.data[i] == *c;
        }
        if (count > most) {
            most = count;
            best = *c;
        }
    }
    return best;
}

char csv_sniff(text_view head)
{
    static const char candidates[] = ",;\t|";
    char best = 0;
    size_t most = 1;
    for (const char *c = candidates; *c; c++) {
        size_t fields = consistent_fields(head, *c);
        if (fields > most) {
            most = fields;
            best = *c;
        }
    }
    if (best) {
        return best;
    }
    if (!memchr(head.data, ',', head.size) && !memchr(head.data, ';', head.size) &&
        consistent_fields(head, CSV_BLANK) >= 3) {
        return CSV_BLANK;
    }
    return frequent_delimiter(head);
}
