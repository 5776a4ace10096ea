/* text.c - memory, growing texts, escaping, numbers. See text.h. */
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void out_of_memory(void)
{
    fputs("seg: out of memory\n", stderr);
    exit(1);
}

void *xmalloc(size_t size)
{
    void *pointer = malloc(size ? size : 1);
    if (!pointer) {
        out_of_memory();
    }
    return pointer;
}

void *xcalloc(size_t count, size_t size)
{
    void *pointer = calloc(count ? count : 1, size ? size : 1);
    if (!pointer) {
        out_of_memory();
    }
    return pointer;
}

void *xrealloc(void *pointer, size_t size)
{
    void *moved = realloc(pointer, size ? size : 1);
    if (!moved) {
        out_of_memory();
    }
    return moved;
}

void *xgrow(void *array, size_t *capacity, size_t need, size_t element_size)
{
    if (need <= *capacity) {
        return array;
    }
    size_t grown = *capacity ? *capacity : 16;
    while (grown < need) {
        if (grown > SIZE_MAX / 2 / element_size) {
            out_of_memory();
        }
        grown *= 2;
    }
    *capacity = grown;
    return xrealloc(array, grown * element_size);
}

char *xstrndup(const char *text, size_t size)
{
    char *copy = xmalloc(size + 1);
    if (size) {
        memcpy(copy, text, size);
    }
    copy[size] = '\0';
    return copy;
}

char *xstrdup(const char *text)
{
    return xstrndup(text, strlen(text));
}

/* ---- views ----------------------------------------------------------------------------------- */

text_view text_of(const char *text)
{
    return (text_view){text, strlen(text)};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

text_view text_trim(text_view view)
{
    while (view.size && is_blank(view.data[0])) {
        view.data++;
        view.size--;
    }
    while (view.size && is_blank(view.data[view.size - 1])) {
        view.size--;
    }
    return view;
}

bool text_equals(text_view view, const char *text)
{
    return view.size == strlen(text) && memcmp(view.data, text, view.size) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

bool text_equals_fold(text_view view, const char *text)
{
    if (view.size != strlen(text)) {
        return false;
    }
    for (size_t i = 0; i < view.size; i++) {
        if (lower(view.data[i]) != lower(text[i])) {
            return false;
        }
    }
    return true;
}

/* ---- growing texts --------------------------------------------------------------------------- */

void buf_clear(text_buf *buf)
{
    buf->size = 0;
    if (buf->data) {
        buf->data[0] = '\0';
    }
}

void buf_deinit(text_buf *buf)
{
    free(buf->data);
    *buf = (text_buf){0};
}

void buf_char(text_buf *buf, char c)
{
    buf_bytes(buf, &c, 1);
}

void buf_bytes(text_buf *buf, const char *data, size_t size)
{
    buf->data = xgrow(buf->data, &buf->capacity, buf->size + size + 1, 1);
    if (size) {
        memcpy(buf->data + buf->size, data, size);
    }
    buf->size += size;
    buf->data[buf->size] = '\0';
}

void buf_text(text_buf *buf, const char *text)
{
    buf_bytes(buf, text, strlen(text));
}

void buf_uint(text_buf *buf, uint64_t value)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_bytes(buf, digits + at, sizeof digits - at);
}

void buf_int(text_buf *buf, int64_t value)
{
    if (value < 0) {
        buf_char(buf, '-');
        buf_uint(buf, 0 - (uint64_t)value);
    } else {
        buf_uint(buf, (uint64_t)value);
    }
}

void buf_printf(text_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int need = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (need < 0) {
        return;
    }
    buf->data = xgrow(buf->data, &buf->capacity, buf->size + (size_t)need + 1, 1);
    va_start(args, format);
    vsnprintf(buf->data + buf->size, (size_t)need + 1, format, args);
    va_end(args);
    buf->size += (size_t)need;
}

/* Control characters would let a file that is imported steer the terminal: C0, DEL, and C1, which
 * UTF-8 writes as C2 80 .. C2 9F. */
static bool is_control(const char *data, size_t size)
{
    unsigned char first = (unsigned char)data[0];
    return first < 0x20 || first == 0x7f ||
           (size == 2 && first == 0xc2 && (unsigned char)data[1] < 0xa0);
}

void buf_shown(text_buf *buf, const char *data, size_t size, size_t limit)
{
    size_t shown = 0;
    for (size_t i = 0; i < size; shown++) {
        if (shown == limit) {
            buf_text(buf, "...");
            return;
        }
        size_t step = utf8_size(data + i, size - i);
        if (step && !is_control(data + i, step)) {
            buf_bytes(buf, data + i, step);
            i += step;
        } else {
            size_t end = i + (step ? step : 1);
            for (; i < end; i++) {
                buf_printf(buf, "\\x%02x", (unsigned char)data[i]);
            }
        }
    }
}

void buf_json(text_buf *buf, const char *data, size_t size)
{
    buf_char(buf, '"');
    for (size_t i = 0; i < size;) {
        size_t step = utf8_size(data + i, size - i);
        char c = data[i];
        if (step == 0) {
            buf_text(buf, "\xef\xbf\xbd");
            step = 1;
        } else if (c == '"' || c == '\\') {
            buf_char(buf, '\\');
            buf_char(buf, c);
        } else if (c == '\n') {
            buf_text(buf, "\\n");
        } else if (is_control(data + i, step)) {
            unsigned code = step == 2 ? (unsigned char)data[i + 1] : (unsigned char)c;
            buf_printf(buf, "\\u%04x", code);
        } else {
            buf_bytes(buf, data + i, step);
        }
        i += step;
    }
    buf_char(buf, '"');
}

void buf_csv(text_buf *buf, const char *data, size_t size, char delimiter)
{
    bool quote = size == 0;
    for (size_t i = 0; i < size && !quote; i++) {
        quote = data[i] == delimiter || data[i] == '"' || data[i] == '\n' || data[i] == '\r';
    }
    if (!quote) {
        buf_bytes(buf, data, size);
        return;
    }
    buf_char(buf, '"');
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"') {
            buf_char(buf, '"');
        }
        buf_char(buf, data[i]);
    }
    buf_char(buf, '"');
}

void buf_quoted(text_buf *buf, const char *data, size_t size)
{
    buf_char(buf, '"');
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"' || data[i] == '\\') {
            buf_char(buf, '\\');
        }
        buf_char(buf, data[i]);
    }
    buf_char(buf, '"');
}

/* ---- UTF-8 ----------------------------------------------------------------------------------- */

static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xc0) == 0x80;
}

size_t utf8_size(const char *data, size_t size)
{
    unsigned char a = (unsigned char)data[0];
    if (a < 0x80) {
        return 1;
    }
    size_t step = a >= 0xf0 ? 4 : a >= 0xe0 ? 3 : 2;
    if (a < 0xc2 || a > 0xf4 || step > size) {
        return 0;
    }
    for (size_t i = 1; i < step; i++) {
        if (!is_continuation(data[i])) {
            return 0;
        }
    }
    unsigned char b = (unsigned char)data[1];
    bool overlong = (a == 0xe0 && b < 0xa0) || (a == 0xf0 && b < 0x90);
    bool beyond = (a == 0xed && b > 0x9f) || (a == 0xf4 && b > 0x8f);
    return overlong || beyond ? 0 : step;
}

bool utf8_valid(const char *data, size_t size)
{
    for (size_t i = 0; i < size;) {
        size_t step = utf8_size(data + i, size - i);
        if (!step) {
            return false;
        }
        i += step;
    }
    return true;
}

size_t utf8_count(const char *data, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; count++) {
        size_t step = utf8_size(data + i, size - i);
        i += step ? step : 1;
    }
    return count;
}

/* ---- numbers --------------------------------------------------------------------------------- */

bool parse_uint(text_view view, uint64_t *out)
{
    uint64_t value = 0;
    if (view.size == 0) {
        return false;
    }
    for (size_t i = 0; i < view.size; i++) {
        unsigned digit = (unsigned)view.data[i] - '0';
        if (digit > 9 || value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    *out = value;
    return true;
}

bool parse_int(text_view view, int64_t *out)
{
    bool negative = view.size > 0 && view.data[0] == '-';
    if (view.size > 0 && (negative || view.data[0] == '+')) {
        view.data++;
        view.size--;
    }
    uint64_t value;
    if (!parse_uint(view, &value) || value > (uint64_t)INT64_MAX + negative) {
        return false;
    }
    *out = negative ? (int64_t)(0 - value) : (int64_t)value;
    return true;
}

bool parse_float(text_view view, double *out)
{
    char copy[64];
    bool digit = false;
    if (view.size == 0 || view.size >= sizeof copy) {
        return false;
    }
    for (size_t i = 0; i < view.size; i++) {
        char c = view.data[i];
        digit = digit || (c >= '0' && c <= '9');
        if (!((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E')) {
            return false;
        }
        copy[i] = c;
    }
    copy[view.size] = '\0';
    /* The program never calls setlocale(), so the point is a point. */
    char *end;
    errno = 0;
    double value = strtod(copy, &end);
    if (!digit || *end || !isfinite(value)) {
        return false;
    }
    *out = value;
    return true;
}

int32_t decimal_scale(text_view view, int32_t *out_digits)
{
    size_t i = view.size > 0 && (view.data[0] == '-' || view.data[0] == '+') ? 1 : 0;
    int32_t whole = 0;
    int32_t fraction = -1;
    for (; i < view.size; i++) {
        char c = view.data[i];
        if (c == '.' && fraction < 0) {
            fraction = 0;
        } else if (c < '0' || c > '9' || whole + fraction > 40) {
            return -1;
        } else if (fraction >= 0) {
            fraction++;
        } else {
            whole++;
        }
    }
    if (whole + (fraction > 0 ? fraction : 0) == 0) {
        return -1;
    }
    fraction = fraction < 0 ? 0 : fraction;
    if (out_digits) {
        *out_digits = whole + fraction;
    }
    return fraction;
}

bool parse_decimal(text_view view, int32_t scale, int64_t *out)
{
    int32_t written = decimal_scale(view, NULL);
    if (written < 0) {
        return false;
    }
    /* Zeros at the end carry nothing: 2.500 fits a scale of 1. */
    while (written > scale && view.data[view.size - 1] == '0') {
        view.size--;
        written--;
    }
    if (written > scale) {
        return false;
    }
    bool negative = view.data[0] == '-';
    uint64_t value = 0;
    for (size_t i = 0; i < view.size; i++) {
        unsigned digit = (unsigned)view.data[i] - '0';
        if (digit > 9) {
            continue; /* the sign and the point */
        }
        if (value > (UINT64_MAX - digit) / 10) {
            return false;
        }
        value = value * 10 + digit;
    }
    for (; written < scale; written++) {
        if (value > UINT64_MAX / 10) {
            return false;
        }
        value *= 10;
    }
    if (value > (uint64_t)INT64_MAX) {
        return false;
    }
    *out = negative ? -(int64_t)value : (int64_t)value;
    return true;
}

void buf_decimal(text_buf *buf, int64_t mantissa, int32_t scale)
{
    uint64_t value = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
    uint64_t power = 1;
    for (int32_t i = 0; i < scale && i < 19; i++) {
        power *= 10;
    }
    if (mantissa < 0) {
        buf_char(buf, '-');
    }
    buf_uint(buf, value / power);
    if (scale > 0) {
        buf_char(buf, '.');
        uint64_t rest = value % power;
        for (power /= 10; power; power /= 10) {
            buf_char(buf, (char)('0' + rest / power % 10));
        }
    }
}

void buf_float(text_buf *buf, double value)
{
    char text[40];
    for (int precision = 15; precision <= 17; precision++) {
        snprintf(text, sizeof text, "%.*g", precision, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    buf_text(buf, text);
}
