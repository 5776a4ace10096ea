/* wire.c - see wire.h. Where the processor is little-endian arrays are copied as they lie.
 *
 * Everything that goes into a file passes here, so a file written on one machine reads on
 * another. Nothing in here allocates for what it reads: bytes are handed out in place. */
#include "base/wire.h"

#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define WIRE_AS_IT_LIES true
#else
#define WIRE_AS_IT_LIES false
#endif

/* Want of memory is left in buf->failed. */
static void wire_add(segi_buf *buf, uint64_t value, size_t width)
{
    unsigned char bytes[8];
    segi_put_at(bytes, value, width);
    segi_buf_add(buf, bytes, width);
}

void segi_put_u8(segi_buf *buf, uint8_t value)
{
    wire_add(buf, value, 1);
}

void segi_put_u16(segi_buf *buf, uint16_t value)
{
    wire_add(buf, value, 2);
}

void segi_put_u32(segi_buf *buf, uint32_t value)
{
    wire_add(buf, value, 4);
}

void segi_put_u64(segi_buf *buf, uint64_t value)
{
    wire_add(buf, value, 8);
}

/* An integer of the processor's own order. */
static uint64_t wire_native(const void *value, size_t width)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 1: return *(const unsigned char *)value;
    case 2: memcpy(&two, value, 2); return two;
    case 4: memcpy(&four, value, 4); return four;
    default: memcpy(&eight, value, 8); return eight;
    }
}

/* The other way: into an integer of the processor's own order. */
static void get_native(void *to, uint64_t value, size_t width)
{
    uint16_t two = (uint16_t)value;
    uint32_t four = (uint32_t)value;
    switch (width) {
    case 1: *(unsigned char *)to = (unsigned char)value; break;
    case 2: memcpy(to, &two, 2); break;
    case 4: memcpy(to, &four, 4); break;
    default: memcpy(to, &value, 8); break;
    }
}

/* One copy where the orders agree, which is nearly everywhere. */
void segi_put_array(segi_buf *buf, const void *values, size_t count, size_t width)
{
    size_t size;
    if (__builtin_mul_overflow(count, width, &size)) {
        buf->failed = true;
        return;
    }
    if (WIRE_AS_IT_LIES || width == 1) {
        segi_buf_add(buf, values, size);
        return;
    }
    const char *at = values;
    for (size_t i = 0; i < count; i++)
        wire_add(buf, wire_native(at + i * width, width), width);
}

void segi_put_bytes(segi_buf *buf, const void *bytes, size_t size)
{
    if (size > UINT32_MAX) {
        buf->failed = true;
        return;
    }
    segi_put_u32(buf, (uint32_t)size);
    segi_buf_add(buf, bytes, size);
}

/* ---- reading ------------------------------------------------------------------------------- */

/* The one place where the end is looked at: every read goes through it. A failure moves to the
 * end, so that all later reads fail as well. */
const void *segi_get_skip(segi_wire *from, size_t size)
{
    const unsigned char *at = from->at;
    if (from->failed || size > segi_wire_left(from)) {
        from->failed = true;
        from->at = from->end;
        return NULL;
    }
    from->at += size;
    return at;
}

static uint64_t get_fixed(segi_wire *from, size_t width)
{
    const unsigned char *at = segi_get_skip(from, width);
    return at ? segi_get_at(at, width) : 0;
}

uint8_t segi_get_u8(segi_wire *from)
{
    return (uint8_t)get_fixed(from, 1);
}

uint16_t segi_get_u16(segi_wire *from)
{
    return (uint16_t)get_fixed(from, 2);
}

uint32_t segi_get_u32(segi_wire *from)
{
    return (uint32_t)get_fixed(from, 4);
}

uint64_t segi_get_u64(segi_wire *from)
{
    return get_fixed(from, 8);
}

/* The division cannot overflow where a product of hostile numbers could. */
uint32_t segi_get_count(segi_wire *from, size_t item_size)
{
    uint32_t count = segi_get_u32(from);
    if (count > segi_wire_left(from) / item_size) {
        from->failed = true;
        from->at = from->end;
        return 0;
    }
    return count;
}

/* A size beyond size_t is more than there is, hence the failure of any read past the end. */
bool segi_get_array(segi_wire *from, void *values, size_t count, size_t width)
{
    size_t size;
    if (__builtin_mul_overflow(count, width, &size))
        size = SIZE_MAX;
    const unsigned char *at = segi_get_skip(from, size);
    if (!at)
        return false;
    if (size == 0)
        return true;
    if (WIRE_AS_IT_LIES || width == 1) {
        memcpy(values, at, size);
        return true;
    }
    for (size_t i = 0; i < count; i++)
        get_native((char *)values + i * width, segi_get_at(at + i * width, width), width);
    return true;
}

const char *segi_get_bytes(segi_wire *from, size_t *out_size)
{
    uint32_t size = segi_get_u32(from);
    const void *bytes = segi_get_skip(from, size);
    *out_size = bytes ? size : 0;
    return bytes;
}
