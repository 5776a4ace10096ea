/* text.h - small tools for text and memory that every file of the program uses.
 *
 * A program may end when memory does: the x-functions print one line and exit with code 1, so
 * that callers need no path for it. Nothing here depends on the locale. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *pointer, size_t size);
/* Room for `need` elements; *capacity doubles. Returns the array, moved or not. */
void *xgrow(void *array, size_t *capacity, size_t need, size_t element_size);
char *xstrndup(const char *text, size_t size);
char *xstrdup(const char *text);

/* A piece of text that somebody else owns. */
typedef struct text_view {
    const char *data;
    size_t size;
} text_view;

text_view text_of(const char *text);
text_view text_trim(text_view view);
bool text_equals(text_view view, const char *text);
/* ASCII letters without regard to case. */
bool text_equals_fold(text_view view, const char *text);

/* A text that grows. Zero bytes are an empty one. `data` ends in a NUL that size does not count,
 * once something was added. */
typedef struct text_buf {
    char *data;
    size_t size;
    size_t capacity;
} text_buf;

void buf_clear(text_buf *buf);
void buf_deinit(text_buf *buf);
void buf_char(text_buf *buf, char c);
void buf_bytes(text_buf *buf, const char *data, size_t size);
void buf_text(text_buf *buf, const char *text);
void buf_int(text_buf *buf, int64_t value);
void buf_uint(text_buf *buf, uint64_t value);
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void buf_printf(text_buf *buf, const char *format, ...);
/* For people: control characters and bytes that are not UTF-8 as \xNN, cut after `limit` code
 * points with "...". */
void buf_shown(text_buf *buf, const char *data, size_t size, size_t limit);
/* As a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD. */
void buf_json(text_buf *buf, const char *data, size_t size);
/* As a field of a CSV file: quoted where the delimiter, quotes or line ends ask for it, and where
 * an empty text has to be told from a missing one. */
void buf_csv(text_buf *buf, const char *data, size_t size, char delimiter);
/* In double quotes, as the predicate language and the statements write texts. */
void buf_quoted(text_buf *buf, const char *data, size_t size);

/* Bytes of the UTF-8 sequence that begins at data, 0 if it is not valid. size is at least 1. */
size_t utf8_size(const char *data, size_t size);
bool utf8_valid(const char *data, size_t size);
/* Code points, each invalid byte counting as one. */
size_t utf8_count(const char *data, size_t size);

/* Numbers. Each takes the whole view and nothing else. */
bool parse_uint(text_view view, uint64_t *out);
bool parse_int(text_view view, int64_t *out);
/* A finite float64 in the usual notation. */
bool parse_float(text_view view, double *out);
/* Mantissa for a scale; false also where digits would be lost. *out_digits, if given, is the
 * number of digits after the point as written, without the zeros at the end beyond the scale. */
bool parse_decimal(text_view view, int32_t scale, int64_t *out);
/* Digits after the point, or -1 if this is no plain decimal number. *out_digits gets the number
 * of digits in all. */
int32_t decimal_scale(text_view view, int32_t *out_digits);
void buf_decimal(text_buf *buf, int64_t mantissa, int32_t scale);
/* The shortest notation that reads back as the same number. */
void buf_float(text_buf *buf, double value);

#endif /* CLI_TEXT_H */
