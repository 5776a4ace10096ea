/* buf.c - a growing byte buffer, the text forms of numbers, and the public seg_buffer.
 *
 * Invariant: after a failed append `failed` stays set and the content no longer changes, so that
 * writers check once. One thread per buffer. */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"

/* The handle may outlive the object whose allocator it came from, so it keeps its own copy of
 * the functions. */
struct seg_buffer {
    segi_mem mem;
    char *data; /* owned; size bytes and a NUL */
    size_t size;
};

void segi_buf_init(segi_buf *buf, const segi_mem *mem)
{
    memset(buf, 0, sizeof *buf);
    buf->mem = mem;
}

void segi_buf_deinit(segi_buf *buf)
{
    segi_free(buf->mem, buf->data);
    segi_buf_init(buf, buf->mem);
}

void segi_buf_reset(segi_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

/* Doubling through segi_grow: n appended bytes cost O(n) in all. */
bool segi_buf_reserve(segi_buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    size_t need;
    void *data = buf->data;
    if (__builtin_add_overflow(buf->size, more, &need) ||
        !segi_grow(buf->mem, &data, &buf->capacity, need, 1)) {
        buf->failed = true;
        return false;
    }
    buf->data = data;
    return true;
}

void segi_buf_add(segi_buf *buf, const void *data, size_t size)
{
    if (size == 0 || !segi_buf_reserve(buf, size))
        return;
    memcpy(buf->data + buf->size, data, size);
    buf->size += size;
}

void segi_buf_text(segi_buf *buf, const char *text)
{
    segi_buf_add(buf, text, strlen(text));
}

void segi_buf_char(segi_buf *buf, char c)
{
    segi_buf_add(buf, &c, 1);
}

/* Writes the digits of value backwards, ending at `end`; returns their start. */
static char *write_digits(char *end, uint64_t value)
{
    do {
        *--end = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    return end;
}

/* The absolute value, which for INT64_MIN fits only the unsigned type. */
static uint64_t magnitude(int64_t value)
{
    /* Negating as unsigned is defined for INT64_MIN too. */
    return value < 0 ? (uint64_t)0 - (uint64_t)value : (uint64_t)value;
}

void segi_buf_int(segi_buf *buf, int64_t value)
{
    char digits[24];
    char *end = digits + sizeof digits;
    char *start = write_digits(end, magnitude(value));
    if (value < 0)
        *--start = '-';
    segi_buf_add(buf, start, (size_t)(end - start));
}

void segi_buf_uint(segi_buf *buf, uint64_t value)
{
    char digits[24];
    char *end = digits + sizeof digits;
    char *start = write_digits(end, value);
    segi_buf_add(buf, start, (size_t)(end - start));
}

/* printf would follow the locale and not be the shortest. */
void segi_buf_float(segi_buf *buf, double value)
{
    char text[SEGI_FLOAT_TEXT_MAX];
    segi_buf_add(buf, text, segi_text_write_float(value, text));
}

void segi_buf_decimal(segi_buf *buf, int64_t mantissa, int scale)
{
    char digits[64];
    char *end = digits + sizeof digits;
    if (scale < 0 || scale > 18)
        scale = 0;
    char *start = write_digits(end, magnitude(mantissa));
    if (scale > 0) {
        /* At least one digit stands before the point. */
        while (end - start <= scale)
            *--start = '0';
        size_t whole = (size_t)(end - start) - (size_t)scale;
        start--;
        for (size_t i = 0; i < whole; i++)
            start[i] = start[i + 1];
        start[whole] = '.';
    }
    if (mantissa < 0)
        *--start = '-';
    segi_buf_add(buf, start, (size_t)(end - start));
}

void segi_buf_format(segi_buf *buf, const char *format, ...)
{
    /* Most pieces fit the stack; the rare long one is printed a second time into the buffer. */
    char text[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0) {
        buf->failed = true;
        return;
    }
    if ((size_t)length < sizeof text) {
        segi_buf_add(buf, text, (size_t)length);
        return;
    }
    if (!segi_buf_reserve(buf, (size_t)length + 1))
        return;
    va_start(arguments, format);
    vsnprintf(buf->data + buf->size, (size_t)length + 1, format, arguments);
    va_end(arguments);
    buf->size += (size_t)length;
}

/* One byte in its escaped form. Only bytes below 0x80 come here, so text stays UTF-8. */
static void add_escaped(segi_buf *buf, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char escape[6] = {'\\', 0, 0, 0, 0, 0};
    switch (c) {
    case '"':
    case '\\': escape[1] = (char)c; break;
    case '\n': escape[1] = 'n'; break;
    case '\t': escape[1] = 't'; break;
    case '\r': escape[1] = 'r'; break;
    default:
        memcpy(escape + 1, "u00", 3);
        escape[4] = hex[c >> 4];
        escape[5] = hex[c & 15];
        segi_buf_add(buf, escape, 6);
        return;
    }
    segi_buf_add(buf, escape, 2);
}

void segi_buf_quoted(segi_buf *buf, const char *text, size_t size)
{
    segi_buf_char(buf, '"');
    size_t start = 0; /* of the run that needs no escape */
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7f)
            continue;
        segi_buf_add(buf, text + start, i - start);
        add_escaped(buf, c);
        start = i + 1;
    }
    if (size != 0)
        segi_buf_add(buf, text + start, size - start);
    segi_buf_char(buf, '"');
}

seg_status segi_buffer_take(segi_buf *buf, seg_buffer **out, seg_error *err)
{
    *out = NULL;
    /* The NUL that seg_buffer_data() promises. */
    if (!segi_buf_reserve(buf, 1))
        return segi_fail_nomem(err);
    seg_buffer *buffer = segi_alloc(buf->mem, sizeof *buffer);
    if (buffer == NULL)
        return segi_fail_nomem(err);
    buf->data[buf->size] = '\0';
    buffer->mem = *buf->mem;
    buffer->data = buf->data;
    buffer->size = buf->size;
    segi_buf_init(buf, buf->mem);
    *out = buffer;
    return SEG_OK;
}

const char *seg_buffer_data(const seg_buffer *buffer)
{
    return buffer == NULL ? "" : buffer->data;
}

size_t seg_buffer_size(const seg_buffer *buffer)
{
    return buffer == NULL ? 0 : buffer->size;
}

/* The functions are copied out first: they lie in the block that is freed last. */
void seg_buffer_destroy(seg_buffer *buffer)
{
    if (buffer == NULL)
        return;
    segi_mem mem = buffer->mem;
    segi_free(&mem, buffer->data);
    segi_free(&mem, buffer);
}
