/* bitmap.c - the only file that knows CRoaring.
 *
 * A segi_bitmap is a roaring_bitmap_t under another name, so that a bitmap costs no second
 * allocation. Only functions of the public interface and the published portable format are used,
 * because a host may bring another version of CRoaring than the one we were built with. CRoaring
 * allocates with the allocator of the process; what it reports as NULL becomes SEG_E_NOMEM. It does
 * not report every failure: version 4.6 crashes where memory runs out inside an algebra, a range, a
 * 64-bit bitmap or a build from ordinals. Builders, and bytes of the 32-bit format, are safe.
 * Bitmaps never change once made, so any thread may use one. */
#include "base/bitmap.h"

#include <roaring/roaring.h>
#include <roaring/roaring64.h>
#include <seg/set.h>
#include <string.h>

#include "base/buf.h"
#include "base/error.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the portable format is little-endian and written here as it lies in memory");

/* https://github.com/RoaringBitmap/RoaringFormatSpec */
#define COOKIE_NO_RUNS 12346u
#define COOKIE_RUNS 12347u
#define ARRAY_CARDINALITY_MAX 4096u
#define BITSET_SIZE ((size_t)8192)
#define HEADER_SIZE ((size_t)8)
#define HEAD_SIZE ((size_t)8) /* key and cardinality - 1, and the offset, of one container */

static roaring_bitmap_t *raw(segi_bitmap *bitmap)
{
    return (roaring_bitmap_t *)bitmap;
}

static const roaring_bitmap_t *raw_const(const segi_bitmap *bitmap)
{
    return (const roaring_bitmap_t *)bitmap;
}

/* Hands a bitmap just made to the caller. */
static seg_status bitmap_hand_out(roaring_bitmap_t *bitmap, segi_bitmap **out, seg_error *err)
{
    *out = (segi_bitmap *)bitmap;
    return bitmap == NULL ? segi_fail_nomem(err) : SEG_OK;
}

/* ---- building ---- */

static size_t payload_size(uint32_t cardinality)
{
    return cardinality > ARRAY_CARDINALITY_MAX ? BITSET_SIZE : cardinality * sizeof(uint16_t);
}

/* Cookie, container count, then keys and offsets; `out` has room for it. */
static void write_heads(const segi_bitmap_builder *builders, size_t count, uint32_t head_count,
                        char *out)
{
    uint32_t header[2] = {COOKIE_NO_RUNS, head_count};
    memcpy(out, header, sizeof header);
    char *keys = out + HEADER_SIZE;
    char *offsets = keys + head_count * sizeof(uint32_t);
    size_t offset = HEADER_SIZE + head_count * HEAD_SIZE;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < builders[i].head_count; j++) {
            uint32_t head = builders[i].heads[j];
            uint16_t key[2] = {(uint16_t)(head >> 16), (uint16_t)head};
            uint32_t offset_32 = (uint32_t)offset;
            memcpy(keys, key, sizeof key);
            memcpy(offsets, &offset_32, sizeof offset_32);
            keys += sizeof key;
            offsets += sizeof offset_32;
            offset += payload_size((head & 0xffff) + 1);
        }
    }
}

void segi_bitmap_builder_init(segi_bitmap_builder *b, const segi_mem *mem)
{
    memset(b, 0, sizeof *b);
    b->mem = mem;
}

void segi_bitmap_builder_deinit(segi_bitmap_builder *b)
{
    segi_free(b->mem, b->bytes);
    segi_free(b->mem, b->heads);
    segi_bitmap_builder_init(b, b->mem);
}

seg_status segi_bitmap_builder_add(segi_bitmap_builder *b, uint32_t chunk, const segi_mask *mask)
{
    uint32_t cardinality = segi_mask_count(mask);
    if (cardinality == 0)
        return SEG_OK;
    SEGI_ASSERT(chunk < SEGI_CHUNK_USERS);
    SEGI_ASSERT(b->head_count == 0 || b->heads[b->head_count - 1] >> 16 < chunk);
    void *bytes = b->bytes;
    void *heads = b->heads;
    size_t size = payload_size(cardinality);
    bool grown = segi_grow(b->mem, &bytes, &b->capacity,
                           b->size + size + SEGI_EXTRACT_SLACK * sizeof(uint16_t), 1);
    b->bytes = bytes;
    if (!grown ||
        !segi_grow(b->mem, &heads, &b->head_capacity, b->head_count + 1, sizeof *b->heads))
        return SEG_E_NOMEM;
    b->heads = heads;
    if (cardinality > ARRAY_CARDINALITY_MAX) {
        memcpy(b->bytes + b->size, mask->words, BITSET_SIZE);
    } else {
        /* Payload sizes are even and blocks aligned to 16, so this is aligned. */
        segi_mask_extract(mask, cardinality, (uint16_t *)(void *)(b->bytes + b->size));
    }
    b->size += size;
    b->heads[b->head_count++] = chunk << 16 | (cardinality - 1);
    b->cardinality += cardinality;
    return SEG_OK;
}

seg_status segi_bitmap_builders_finish(const segi_bitmap_builder *builders, size_t count,
                                       segi_bitmap **out, seg_error *err)
{
    *out = NULL;
    size_t head_count = 0, payload = 0;
    for (size_t i = 0; i < count; i++) {
        head_count += builders[i].head_count;
        payload += builders[i].size;
    }
    if (head_count == 0)
        return bitmap_hand_out(roaring_bitmap_create(), out, err);
    SEGI_ASSERT(head_count <= SEGI_CHUNK_USERS);
    const segi_mem *mem = builders[0].mem;
    size_t size = HEADER_SIZE + head_count * HEAD_SIZE + payload;
    char *bytes = segi_alloc(mem, size);
    if (bytes == NULL)
        return segi_fail_nomem(err);
    write_heads(builders, count, (uint32_t)head_count, bytes);
    char *at = bytes + HEADER_SIZE + head_count * HEAD_SIZE;
    for (size_t i = 0; i < count; i++) {
        if (builders[i].size != 0)
            memcpy(at, builders[i].bytes, builders[i].size);
        at += builders[i].size;
    }
    roaring_bitmap_t *bitmap = roaring_bitmap_portable_deserialize_safe(bytes, size);
    segi_free(mem, bytes);
    return bitmap_hand_out(bitmap, out, err);
}

seg_status segi_bitmap_from_ordinals(const uint32_t *ordinals, size_t count, segi_bitmap **out,
                                     seg_error *err)
{
    roaring_bitmap_t *bitmap =
        count == 0 ? roaring_bitmap_create() : roaring_bitmap_of_ptr(count, ordinals);
    return bitmap_hand_out(bitmap, out, err);
}

seg_status segi_bitmap_from_prefix(uint32_t count, segi_bitmap **out, seg_error *err)
{
    roaring_bitmap_t *bitmap =
        count == 0 ? roaring_bitmap_create() : roaring_bitmap_from_range(0, count, 1);
    return bitmap_hand_out(bitmap, out, err);
}

void segi_bitmap_destroy(segi_bitmap *bitmap)
{
    if (bitmap != NULL)
        roaring_bitmap_free(raw(bitmap));
}

/* ---- algebra ---- */

seg_status segi_bitmap_combine(uint32_t operation, const segi_bitmap *left,
                               const segi_bitmap *right, segi_bitmap **out, seg_error *err)
{
    *out = NULL;
    switch (operation) {
    case SEG_SET_AND:
        return bitmap_hand_out(roaring_bitmap_and(raw_const(left), raw_const(right)), out, err);
    case SEG_SET_OR:
        return bitmap_hand_out(roaring_bitmap_or(raw_const(left), raw_const(right)), out, err);
    case SEG_SET_XOR:
        return bitmap_hand_out(roaring_bitmap_xor(raw_const(left), raw_const(right)), out, err);
    case SEG_SET_ANDNOT:
        return bitmap_hand_out(roaring_bitmap_andnot(raw_const(left), raw_const(right)), out, err);
    default:
        return segi_fail(err, SEG_E_ARG, "%u is not an operation on sets", (unsigned)operation);
    }
}

uint64_t segi_bitmap_combine_count(uint32_t operation, const segi_bitmap *left,
                                   const segi_bitmap *right)
{
    switch (operation) {
    case SEG_SET_AND: return roaring_bitmap_and_cardinality(raw_const(left), raw_const(right));
    case SEG_SET_OR: return roaring_bitmap_or_cardinality(raw_const(left), raw_const(right));
    case SEG_SET_XOR: return roaring_bitmap_xor_cardinality(raw_const(left), raw_const(right));
    case SEG_SET_ANDNOT:
        return roaring_bitmap_andnot_cardinality(raw_const(left), raw_const(right));
    default: return 0;
    }
}

bool segi_bitmap_equals(const segi_bitmap *left, const segi_bitmap *right)
{
    return roaring_bitmap_equals(raw_const(left), raw_const(right));
}

/* ---- asking ---- */

uint64_t segi_bitmap_count(const segi_bitmap *bitmap)
{
    return roaring_bitmap_get_cardinality(raw_const(bitmap));
}

bool segi_bitmap_contains(const segi_bitmap *bitmap, uint32_t ordinal)
{
    return roaring_bitmap_contains(raw_const(bitmap), ordinal);
}

uint32_t segi_bitmap_max(const segi_bitmap *bitmap)
{
    return roaring_bitmap_maximum(raw_const(bitmap));
}

/* The members of a chunk one by one: slow where there are many, but it allocates nothing. */
static uint32_t chunk_by_iterator(const roaring_bitmap_t *bitmap, uint32_t chunk, segi_mask *out)
{
    uint32_t values[256];
    uint32_t total = 0;
    roaring_uint32_iterator_t iterator;
    roaring_iterator_init(bitmap, &iterator);
    roaring_uint32_iterator_move_equalorlarger(&iterator, chunk << SEGI_CHUNK_BITS);
    while (iterator.has_value && iterator.current_value >> SEGI_CHUNK_BITS == chunk) {
        uint32_t count = roaring_uint32_iterator_read(&iterator, values, 256);
        for (uint32_t i = 0; i < count && values[i] >> SEGI_CHUNK_BITS == chunk; i++) {
            segi_bit_set(out->words, values[i] & 0xffff);
            total++;
        }
    }
    return total;
}

static uint16_t load_u16(const char *bytes)
{
    uint16_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

static uint32_t load_u32(const char *bytes)
{
    uint32_t value;
    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Reads the portable form of a bitmap with exactly one container into a zeroed mask; false if it
 * is not one. */
static bool chunk_from_portable(const char *bytes, size_t size, segi_mask *out)
{
    if (size < 12)
        return false;
    uint32_t cookie = load_u32(bytes);
    if (cookie == COOKIE_RUNS) {
        /* Cookie with count - 1 = 0 above it, one byte of run flags, key and cardinality, no
         * offset, the count of runs, the runs as start and length - 1. */
        uint32_t run_count = load_u16(bytes + 9);
        if ((bytes[4] & 1) == 0 || size != 11 + (size_t)run_count * 4)
            return false;
        for (const char *run = bytes + 11; run < bytes + size; run += 4) {
            size_t start = load_u16(run);
            size_t end = start + load_u16(run + 2) + 1;
            if (end > SEGI_CHUNK_USERS)
                return false;
            segi_bits_set_range(out->words, start, end);
        }
        return true;
    }
    if (cookie != COOKIE_NO_RUNS || load_u32(bytes + 4) != 1)
        return false;
    uint32_t cardinality = load_u16(bytes + 10) + 1u;
    if (size != HEADER_SIZE + HEAD_SIZE + payload_size(cardinality))
        return false;
    const char *payload = bytes + HEADER_SIZE + HEAD_SIZE;
    if (cardinality > ARRAY_CARDINALITY_MAX) {
        memcpy(out->words, payload, BITSET_SIZE);
    } else {
        for (uint32_t i = 0; i < cardinality; i++)
            segi_bit_set(out->words, load_u16(payload + 2 * (size_t)i));
    }
    return true;
}

/* CRoaring has no call that hands out one container. Cutting the chunk out with an intersection
 * and writing it in the portable form copies at most 8 KiB twice, far less than asking for each
 * member. The iterator serves where memory is short. */
uint32_t segi_bitmap_chunk(const segi_bitmap *bitmap, uint32_t chunk, segi_mask *out)
{
    segi_mask_zero(out);
    if (chunk >= SEGI_CHUNK_USERS)
        return 0;
    char bytes[HEADER_SIZE + HEAD_SIZE + BITSET_SIZE];
    uint64_t begin = (uint64_t)chunk << SEGI_CHUNK_BITS;
    uint32_t count = 0;
    bool done = false;
    roaring_bitmap_t *range = roaring_bitmap_from_range(begin, begin + SEGI_CHUNK_USERS, 1);
    roaring_bitmap_t *part = range == NULL ? NULL : roaring_bitmap_and(raw_const(bitmap), range);
    if (part != NULL) {
        count = (uint32_t)roaring_bitmap_get_cardinality(part);
        size_t size = roaring_bitmap_portable_size_in_bytes(part);
        done = count == 0 ||
               (size <= sizeof bytes && roaring_bitmap_portable_serialize(part, bytes) == size &&
                chunk_from_portable(bytes, size, out));
        roaring_bitmap_free(part);
    }
    if (range != NULL)
        roaring_bitmap_free(range);
    if (!done) {
        segi_mask_zero(out);
        count = chunk_by_iterator(raw_const(bitmap), chunk, out);
    }
    return count;
}

/* The iterator copies lists as they lie, but takes bitsets member by member. */
void segi_bitmap_read(const segi_bitmap *bitmap, uint32_t first, segi_bitmap_piece *out)
{
    roaring_uint32_iterator_t iterator;
    out->count = 0;
    out->dense = false;
    roaring_iterator_init(raw_const(bitmap), &iterator);
    roaring_uint32_iterator_move_equalorlarger(&iterator, first);
    if (!iterator.has_value)
        return;
    first = iterator.current_value;
    out->chunk = first >> SEGI_CHUNK_BITS;
    uint64_t end = ((uint64_t)out->chunk + 1) << SEGI_CHUNK_BITS;
    uint64_t rest = roaring_bitmap_range_cardinality(raw_const(bitmap), first, end);
    if (rest <= SEGI_PIECE_LIST) {
        out->count = roaring_uint32_iterator_read(&iterator, out->list, SEGI_PIECE_LIST);
        return;
    }
    out->count = (uint32_t)rest;
    out->dense = true;
    segi_bitmap_chunk(bitmap, out->chunk, &out->mask);
    uint32_t low = first & 0xffff;
    memset(out->mask.words, 0, low / 64 * sizeof(uint64_t));
    out->mask.words[low / 64] &= UINT64_MAX << (low % 64);
}

/* ---- bytes ---- */

seg_status segi_bitmap_write(const segi_bitmap *bitmap, seg_buffer **out, const segi_mem *mem,
                             seg_error *err)
{
    *out = NULL;
    segi_buf buf;
    segi_buf_init(&buf, mem);
    size_t size = roaring_bitmap_portable_size_in_bytes(raw_const(bitmap));
    if (segi_buf_reserve(&buf, size + 1))
        buf.size = roaring_bitmap_portable_serialize(raw_const(bitmap), buf.data);
    seg_status status = segi_buffer_take(&buf, out, err);
    segi_buf_deinit(&buf);
    return status;
}

seg_status segi_bitmap_read_bytes(const void *bytes, size_t size, segi_bitmap **out, seg_error *err)
{
    *out = NULL;
    if (size == 0 || roaring_bitmap_portable_deserialize_size(bytes, size) != size)
        return segi_fail(err, SEG_E_ROARING,
                         "the %zu bytes are not exactly one roaring bitmap in the portable "
                         "32-bit format",
                         size);
    roaring_bitmap_t *bitmap = roaring_bitmap_portable_deserialize_safe(bytes, size);
    if (bitmap == NULL)
        return segi_fail(err, SEG_E_ROARING, "the roaring bitmap cannot be read");
    /* The safe reader only stays inside the bytes: order, counts and keys are checked here. */
    const char *reason = NULL;
    if (!roaring_bitmap_internal_validate(bitmap, &reason)) {
        roaring_bitmap_free(bitmap);
        return segi_fail(err, SEG_E_ROARING, "the roaring bitmap is not valid: %s",
                         reason == NULL ? "no reason given" : reason);
    }
    *out = (segi_bitmap *)bitmap;
    return SEG_OK;
}

seg_status segi_bitmap64_write(const uint64_t *ids, size_t count, seg_buffer **out,
                               const segi_mem *mem, seg_error *err)
{
    *out = NULL;
    roaring64_bitmap_t *bitmap =
        count == 0 ? roaring64_bitmap_create() : roaring64_bitmap_of_ptr(count, ids);
    if (bitmap == NULL)
        return segi_fail_nomem(err);
    segi_buf buf;
    segi_buf_init(&buf, mem);
    size_t size = roaring64_bitmap_portable_size_in_bytes(bitmap);
    if (segi_buf_reserve(&buf, size + 1))
        buf.size = roaring64_bitmap_portable_serialize(bitmap, buf.data);
    roaring64_bitmap_free(bitmap);
    seg_status status = segi_buffer_take(&buf, out, err);
    segi_buf_deinit(&buf);
    return status;
}

/* Reads and validates; NULL with *err filled where the bytes are not acceptable. */
static roaring64_bitmap_t *bitmap64_load(const void *bytes, size_t size, seg_error *err)
{
    if (size == 0 || roaring64_bitmap_portable_deserialize_size(bytes, size) != size) {
        segi_fail(err, SEG_E_ROARING,
                  "the %zu bytes are not exactly one roaring bitmap in the portable 64-bit format",
                  size);
        return NULL;
    }
    roaring64_bitmap_t *bitmap = roaring64_bitmap_portable_deserialize_safe(bytes, size);
    if (bitmap == NULL) {
        segi_fail(err, SEG_E_ROARING, "the 64-bit roaring bitmap cannot be read");
        return NULL;
    }
    const char *reason = NULL;
    if (!roaring64_bitmap_internal_validate(bitmap, &reason)) {
        roaring64_bitmap_free(bitmap);
        segi_fail(err, SEG_E_ROARING, "the 64-bit roaring bitmap is not valid: %s",
                  reason == NULL ? "no reason given" : reason);
        return NULL;
    }
    return bitmap;
}

seg_status segi_bitmap64_read_bytes(const void *bytes, size_t size, uint64_t count_max,
                                    const segi_mem *mem, uint64_t **out_ids, size_t *out_count,
                                    seg_error *err)
{
    *out_ids = NULL;
    *out_count = 0;
    roaring64_bitmap_t *bitmap = bitmap64_load(bytes, size, err);
    if (bitmap == NULL)
        return SEG_E_ROARING;
    /* A few bytes of runs can stand for billions of ids: count before allocating. */
    uint64_t count = roaring64_bitmap_get_cardinality(bitmap);
    if (count > count_max) {
        roaring64_bitmap_free(bitmap);
        return segi_fail(err, SEG_E_LIMIT, "the roaring bitmap holds %llu ids, more than %llu",
                         (unsigned long long)count, (unsigned long long)count_max);
    }
    uint64_t *ids = segi_alloc_array(mem, (size_t)count, sizeof *ids);
    if (ids == NULL) {
        roaring64_bitmap_free(bitmap);
        return segi_fail_nomem(err);
    }
    roaring64_bitmap_to_uint64_array(bitmap, ids);
    roaring64_bitmap_free(bitmap);
    *out_ids = ids;
    *out_count = (size_t)count;
    return SEG_OK;
}
