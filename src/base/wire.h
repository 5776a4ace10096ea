/* Fixed-width little-endian fields: appended to a segi_buf, and read back from bytes that are
 * hostile until checked; or at a place that the caller knows. */
#ifndef SEGI_WIRE_H
#define SEGI_WIRE_H

#include "base/buf.h"

/* Up to eight bytes at a place, the least significant first; the caller knows that they are there.
 */
static inline void segi_put_at(unsigned char *to, uint64_t value, size_t width)
{
    for (size_t i = 0; i < width; i++)
        to[i] = (unsigned char)(value >> 8 * i);
}
static inline uint64_t segi_get_at(const unsigned char *from, size_t width)
{
    uint64_t value = 0;
    for (size_t i = 0; i < width; i++)
        value |= (uint64_t)from[i] << 8 * i;
    return value;
}

void segi_put_u8(segi_buf *buf, uint8_t value);
void segi_put_u16(segi_buf *buf, uint16_t value);
void segi_put_u32(segi_buf *buf, uint32_t value);
void segi_put_u64(segi_buf *buf, uint64_t value);
/* `count` integers of `width` bytes (1, 2, 4 or 8), one after the other. */
void segi_put_array(segi_buf *buf, const void *values, size_t count, size_t width);
/* size (at most 2^32 - 1) as four bytes, then the bytes. */
void segi_put_bytes(segi_buf *buf, const void *bytes, size_t size);

/* What is still to be read. A read beyond the end sets `failed`, gives 0 and reads nothing more,
 * so that a decoder may check once per step; before it allocates or counts on a value it checks
 * `failed`. */
typedef struct segi_wire {
    const unsigned char *at, *end;
    bool failed;
} segi_wire;

static inline segi_wire segi_wire_of(const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    return (segi_wire){at, at ? at + size : at, false};
}
static inline size_t segi_wire_left(const segi_wire *from)
{
    return (size_t)(from->end - from->at);
}
/* All was read and nothing is left. */
static inline bool segi_wire_done(const segi_wire *from)
{
    return !from->failed && from->at == from->end;
}
uint8_t segi_get_u8(segi_wire *from);
uint16_t segi_get_u16(segi_wire *from);
uint32_t segi_get_u32(segi_wire *from);
uint64_t segi_get_u64(segi_wire *from);
static inline int64_t segi_get_i64(segi_wire *from)
{
    return (int64_t)segi_get_u64(from);
}
/* A count of things that take at least item_size bytes each, so that what is allocated for them
 * is bounded by the bytes that are there; a larger one fails. */
uint32_t segi_get_count(segi_wire *from, size_t item_size);
/* The next `size` bytes, in place; NULL and failed where there are fewer. */
const void *segi_get_skip(segi_wire *from, size_t size);
bool segi_get_array(segi_wire *from, void *values, size_t count, size_t width);
/* What segi_put_bytes() wrote, in place. */
const char *segi_get_bytes(segi_wire *from, size_t *out_size);

#endif
