/* Growing byte buffer, and text building. A failed append sets `failed` and later ones do
 * nothing, so a writer checks once at its end. */
#ifndef SEGI_BUF_H
#define SEGI_BUF_H

#include "base/alloc.h"

typedef struct segi_buf {
    const segi_mem *mem;
    char *data; /* owned */
    size_t size, capacity;
    bool failed; /* out of memory */
} segi_buf;

void segi_buf_init(segi_buf *buf, const segi_mem *mem);
void segi_buf_deinit(segi_buf *buf);
void segi_buf_reset(segi_buf *buf);
bool segi_buf_reserve(segi_buf *buf, size_t more);
void segi_buf_add(segi_buf *buf, const void *data, size_t size);
void segi_buf_text(segi_buf *buf, const char *text); /* NUL-terminated */
void segi_buf_char(segi_buf *buf, char c);
void segi_buf_int(segi_buf *buf, int64_t value);
void segi_buf_uint(segi_buf *buf, uint64_t value);
/* Shortest text that reads back as the same double. */
void segi_buf_float(segi_buf *buf, double value);
/* mantissa x 10^-scale, all `scale` digits after the point. */
void segi_buf_decimal(segi_buf *buf, int64_t mantissa, int scale);
/* printf into the buffer, C locale forms only: %s %.*s %d %u %lld %llu %zu %c %x. */
void segi_buf_format(segi_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "..." with \" \\ \n \t \r and \u00XX escaped: the form of the predicate language and JSON. */
void segi_buf_quoted(segi_buf *buf, const char *text, size_t size);

/* The public handle; takes the content of buf (which is then empty). SEG_E_NOMEM also where an
 * append has failed. */
seg_status segi_buffer_take(segi_buf *buf, seg_buffer **out, seg_error *err);

#endif
