/* diag.c - messages on stderr. See diag.h. */
#include "diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLOR_ERROR "\x1b[1;31m"
#define COLOR_WARNING "\x1b[1;33m"
#define COLOR_HINT "\x1b[36m"
#define COLOR_END "\x1b[0m"

/* Columns of a statement's line that are shown around a fault. */
#define LINE_COLUMNS_MAX 96

void diag_init(cli_diag *diag, diag_color color, bool json, bool quiet)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    diag->color = color == DIAG_COLOR_ALWAYS;
    if (color == DIAG_COLOR_AUTO) {
        diag->color = isatty(STDERR_FILENO) && !(no_color && *no_color) &&
                      !(term && strcmp(term, "dumb") == 0);
    }
    diag->json = json;
    diag->quiet = quiet;
    diag->terminal =
        isatty(STDERR_FILENO) && !json && !quiet && !(term && strcmp(term, "dumb") == 0);
    diag->color = diag->color && !json;
}

static void put(text_buf *out)
{
    /* What was printed so far should stand before the message where both go to one terminal. */
    fflush(stdout);
    fwrite(out->data, 1, out->size, stderr);
    buf_deinit(out);
}

static void colored(const cli_diag *diag, text_buf *out, const char *color, const char *text)
{
    if (diag->color) {
        buf_text(out, color);
    }
    buf_text(out, text);
    if (diag->color) {
        buf_text(out, COLOR_END);
    }
}

/* ---- where in the statement ------------------------------------------------------------------ */

typedef struct diag_place {
    size_t line;         /* 1-based */
    size_t column;       /* 1-based, in code points */
    text_view text;      /* the line */
    size_t offset, size; /* the fault in it, in bytes */
} diag_place;

static diag_place place_find(text_view statement, size_t offset, size_t length)
{
    diag_place found = {.line = 1};
    if (offset > statement.size) {
        offset = statement.size;
    }
    size_t begin = 0;
    for (size_t i = 0; i < offset; i++) {
        if (statement.data[i] == '\n') {
            begin = i + 1;
            found.line++;
        }
    }
    size_t end = begin;
    while (end < statement.size && statement.data[end] != '\n') {
        end++;
    }
    found.text = (text_view){statement.data + begin, end - begin};
    found.offset = offset - begin;
    found.column = utf8_count(found.text.data, found.offset) + 1;
    found.size = length;
    if (found.size > found.text.size - found.offset) {
        found.size = found.text.size - found.offset;
    }
    return found;
}

/* Shift the start forward and cut the end, so that a long line shows what matters. */
static void place_narrow(diag_place *found, bool *out_cut_left, bool *out_cut_right)
{
    *out_cut_left = false;
    *out_cut_right = false;
    if (found->text.size <= LINE_COLUMNS_MAX) {
        return;
    }
    if (found->offset > LINE_COLUMNS_MAX / 2) {
        size_t skip = found->offset - LINE_COLUMNS_MAX / 2;
        while (skip < found->offset && ((unsigned char)found->text.data[skip] & 0xc0) == 0x80) {
            skip++;
        }
        found->text.data += skip;
        found->text.size -= skip;
        found->offset -= skip;
        *out_cut_left = true;
    }
    if (found->text.size > LINE_COLUMNS_MAX) {
        size_t cut = LINE_COLUMNS_MAX;
        while (cut > 0 && ((unsigned char)found->text.data[cut] & 0xc0) == 0x80) {
            cut--;
        }
        found->text.size = cut;
        *out_cut_right = true;
        if (found->size > cut - found->offset) {
            found->size = cut - found->offset;
        }
    }
}

static void show_place(const cli_diag *diag, text_buf *out, diag_place found, const char *color,
                       const char *hint)
{
    bool left, right;
    place_narrow(&found, &left, &right);
    text_buf line = {0};
    text_buf before = {0};
    text_buf under = {0};
    buf_shown(&before, found.text.data, found.offset, SIZE_MAX);
    buf_shown(&under, found.text.data + found.offset, found.size, SIZE_MAX);
    buf_text(&line, left ? "..." : "");
    buf_shown(&line, found.text.data, found.text.size, SIZE_MAX);
    buf_text(&line, right ? "..." : "");
    buf_text(out, "  | ");
    buf_bytes(out, line.data ? line.data : "", line.size);
    buf_text(out, "\n  | ");
    size_t indent = utf8_count(before.data, before.size) + (left ? 3 : 0);
    for (size_t i = 0; i < indent; i++) {
        buf_char(out, ' ');
    }
    size_t carets = utf8_count(under.data, under.size);
    text_buf mark = {0};
    for (size_t i = 0; i < (carets ? carets : 1); i++) {
        buf_char(&mark, '^');
    }
    colored(diag, out, color, mark.data);
    if (hint && *hint) {
        buf_char(out, ' ');
        colored(diag, out, COLOR_HINT, hint);
    }
    buf_char(out, '\n');
    buf_deinit(&mark);
    buf_deinit(&line);
    buf_deinit(&before);
    buf_deinit(&under);
}

/* ---- one message ----------------------------------------------------------------------------- */

typedef struct diag_report {
    const char *level; /* "error", "warning" */
    const char *name;  /* SEG_E_..., or NULL for the program's own */
    seg_status code;
    const char *message;
    const char *hint;
    bool placed;
    diag_place place;
    uint64_t row; /* row of a batch, 0 if none */
} diag_report;

static void report_json(const diag_report *report)
{
    text_buf out = {0};
    buf_printf(&out, "{\"level\":\"%s\"", report->level);
    if (report->name) {
        buf_printf(&out, ",\"code\":\"%s\",\"status\":%d", report->name, (int)report->code);
    }
    buf_text(&out, ",\"message\":");
    buf_json(&out, report->message, strlen(report->message));
    if (report->hint && *report->hint) {
        buf_text(&out, ",\"hint\":");
        buf_json(&out, report->hint, strlen(report->hint));
    }
    if (report->placed) {
        buf_printf(&out,
                   ",\"line\":%zu,\"column\":%zu,\"length\":%zu,\"text\":", report->place.line,
                   report->place.column, report->place.size);
        buf_json(&out, report->place.text.data, report->place.text.size);
    }
    if (report->row) {
        buf_text(&out, ",\"row\":");
        buf_uint(&out, report->row);
    }
    buf_text(&out, "}\n");
    put(&out);
}

static void report_text(const cli_diag *diag, const diag_report *report)
{
    text_buf out = {0};
    const char *color = strcmp(report->level, "error") == 0 ? COLOR_ERROR : COLOR_WARNING;
    text_buf head = {0};
    buf_text(&head, report->level);
    if (report->name) {
        buf_printf(&head, "[%s]", report->name);
    }
    colored(diag, &out, color, head.data);
    buf_deinit(&head);
    buf_text(&out, ": ");
    buf_shown(&out, report->message, strlen(report->message), SIZE_MAX);
    buf_char(&out, '\n');
    if (report->placed) {
        show_place(diag, &out, report->place, color, report->hint);
    } else if (report->hint && *report->hint) {
        buf_text(&out, "  ");
        colored(diag, &out, COLOR_HINT, report->hint);
        buf_char(&out, '\n');
    }
    put(&out);
}

static void report_show(const cli_diag *diag, const diag_report *report)
{
    if (diag->json) {
        report_json(report);
    } else {
        report_text(diag, report);
    }
}

static void show_status(const cli_diag *diag, const char *level, const seg_error *err,
                        text_view statement, text_view text)
{
    diag_report shown = {.level = level,
                         .name = err->code ? seg_status_name(err->code) : NULL,
                         .code = err->code,
                         .message = err->message[0] ? err->message : "no details were given",
                         .hint = err->hint};
    if (statement.data && err->offset >= 0) {
        size_t base = text.data ? (size_t)(text.data - statement.data) : 0;
        shown.placed = true;
        shown.place = place_find(statement, base + (size_t)err->offset,
                                 err->length > 0 ? (size_t)err->length : 0);
    } else {
        shown.row = err->line;
    }
    report_show(diag, &shown);
}

void diag_error(const cli_diag *diag, const seg_error *err, text_view statement, text_view text)
{
    show_status(diag, "error", err, statement, text);
}

void diag_warning(const cli_diag *diag, const seg_error *err, text_view statement, text_view text)
{
    show_status(diag, "warning", err, statement, text);
}

void diag_fail(const cli_diag *diag, const char *hint, const char *format, ...)
{
    text_buf message = {0};
    va_list args;
    va_start(args, format);
    char text[1024];
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    buf_text(&message, text);
    diag_report shown = {.level = "error", .message = message.data, .hint = hint};
    report_show(diag, &shown);
    buf_deinit(&message);
}

void diag_note(const cli_diag *diag, const char *format, ...)
{
    if (diag->quiet) {
        return;
    }
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_buf out = {0};
    if (diag->json) {
        buf_text(&out, "{\"level\":\"note\",\"message\":");
        buf_json(&out, text, strlen(text));
        buf_char(&out, '}');
    } else {
        buf_text(&out, text);
    }
    buf_char(&out, '\n');
    put(&out);
}

void diag_progress(const cli_diag *diag, const char *text)
{
    if (diag->terminal) {
        fprintf(stderr, "\r\x1b[K%s", text);
        fflush(stderr);
    }
}

void diag_at(const cli_diag *diag, text_view statement, size_t offset, size_t length,
             const char *message, const char *hint)
{
    diag_report shown = {.level = "error",
                         .message = message,
                         .hint = hint,
                         .placed = true,
                         .place = place_find(statement, offset, length)};
    report_show(diag, &shown);
}
