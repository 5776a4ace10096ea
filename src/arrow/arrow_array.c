/* arrow_array.c - the checks between an ArrowArray and whoever reads its buffers. */
#include <string.h>

#include "arrow/arrow_int.h"

seg_status segi_arrow_fail(const arrow_batch *b, seg_status code, const char *what)
{
    return segi_arrow_fail_field(b->field, code, what, b->err);
}

seg_status segi_arrow_array_new(const arrow_batch *b, size_t count, size_t size, void *out_pointer)
{
    void *array = segi_arena_array(b->arena, count, size);
    memcpy(out_pointer, &array, sizeof array);
    return array != NULL ? SEG_OK : segi_fail_nomem(b->err);
}

/* ---- shape ----------------------------------------------------------------------------------- */

/* How many buffers the specification gives each layout, the validity counted. Indexing `buffers`
 * is safe only after this was compared. */
static int64_t buffers_of(const arrow_type *type)
{
    switch (type->form) {
    case ARROW_NULL: return 0;
    case ARROW_STRUCT:
    case ARROW_FIXED_LIST: return 1;
    case ARROW_BYTES32:
    case ARROW_BYTES64: return 3;
    default: return 2;
    }
}

static int64_t children_of(const arrow_type *type)
{
    if (type->form == ARROW_STRUCT)
        return 2; /* places; the struct of the columns is not checked here */
    return type->form == ARROW_LIST32 || type->form == ARROW_LIST64 ||
                   type->form == ARROW_FIXED_LIST
               ? 1
               : 0;
}

/* The schema says what must be there; the array says what is there. Nothing is read before the
 * two agree. */
static seg_status shape_check(const arrow_batch *b, const arrow_type *type, bool has_dictionary,
                              const struct ArrowArray *array)
{
    int64_t buffers = buffers_of(type);
    if (array == NULL || array->release == NULL)
        return segi_arrow_fail(b, SEG_E_DATA, "the array is missing or was released");
    if (array->length < 0 || array->offset < 0 || array->length > ARROW_LENGTH_MAX ||
        array->offset > ARROW_LENGTH_MAX)
        return segi_arrow_fail(b, SEG_E_DATA, "length or offset is out of range");
    /* Views have buffers of bytes, any number of them, and one with their sizes. */
    if (type->form == ARROW_VIEW ? array->n_buffers < 3 || array->n_buffers > INT32_MAX
                                 : array->n_buffers != buffers)
        return segi_arrow_fail(b, SEG_E_DATA, "the array has a wrong number of buffers");
    if (array->buffers == NULL && array->n_buffers > 0)
        return segi_arrow_fail(b, SEG_E_DATA, "the buffers of the array are NULL");
    if (array->n_children != children_of(type))
        return segi_arrow_fail(b, SEG_E_DATA, "the array has a wrong number of children");
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children == NULL || array->children[i] == NULL)
            return segi_arrow_fail(b, SEG_E_DATA, "a child of the array is NULL");
    if (has_dictionary != (array->dictionary != NULL))
        return segi_arrow_fail(b, SEG_E_DATA, "the dictionary does not agree with the schema");
    return SEG_OK;
}

seg_status segi_arrow_span_check(const arrow_batch *b, const arrow_type *type, bool has_dictionary,
                                 const struct ArrowArray *array, int64_t begin, int64_t count,
                                 arrow_span *out)
{
    SEGI_TRY(shape_check(b, type, has_dictionary, array));
    if (begin < 0 || count < 0 || begin > array->length || count > array->length - begin)
        return segi_arrow_fail(b, SEG_E_DATA, "the array is too short");
    *out = (arrow_span){array, array->offset + begin, (size_t)count};
    return SEG_OK;
}

/* ---- buffers --------------------------------------------------------------------------------- */

/* Wide elements (views, decimals) are read as words of eight bytes. */
static size_t alignment_of(size_t width)
{
    return width > 8 ? 8 : width;
}

/* Producers should align their buffers, and need not. */
seg_status segi_arrow_fixed(const arrow_batch *b, const arrow_span *span, int64_t buffer,
                            size_t width, size_t extra, const void **out)
{
    static const int64_t nothing[4];
    *out = nothing;
    size_t count = span->count + extra;
    const char *bytes = span->array->buffers[buffer];
    /* Of an empty array there may be no buffer, not even one offset. */
    if (span->count == 0 && (bytes == NULL || extra == 0))
        return SEG_OK;
    if (bytes == NULL)
        return segi_arrow_fail(b, SEG_E_DATA, "a buffer of the array is NULL");
    bytes += (size_t)span->begin * width;
    *out = bytes;
    if ((uintptr_t)bytes % alignment_of(width) == 0)
        return SEG_OK;
    void *copy;
    SEGI_TRY(segi_arrow_array_new(b, count, width, &copy));
    memcpy(copy, bytes, count * width);
    *out = copy;
    return SEG_OK;
}

/* Rows with their bit clear get null_state; returns how many there are. */
static size_t spread_nulls(const uint8_t *bits, int64_t begin, size_t count, uint8_t null_state,
                           uint8_t *states)
{
    size_t nulls = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)begin + i;
        uint8_t null = !(bits[at >> 3] >> (at & 7) & 1);
        states[i] = null ? null_state : SEG_VALUE_SET;
        nulls += null;
    }
    return nulls;
}

/* Whether all bits are set; whole bytes at a time where they are. */
static bool all_set(const uint8_t *bits, int64_t begin, size_t count)
{
    size_t at = (size_t)begin, end = at + count;
    for (; at < end && (at & 7) != 0; at++)
        if (!(bits[at >> 3] >> (at & 7) & 1))
            return false;
    for (; at + 8 <= end; at += 8)
        if (bits[at >> 3] != 0xff)
            return false;
    for (; at < end; at++)
        if (!(bits[at >> 3] >> (at & 7) & 1))
            return false;
    return true;
}

seg_status segi_arrow_states(const arrow_batch *b, const arrow_type *type, const arrow_span *span,
                             uint8_t null_state, uint8_t **out)
{
    *out = NULL;
    if (span->count == 0)
        return SEG_OK;
    if (type->form == ARROW_NULL) {
        SEGI_TRY(segi_arrow_array_new(b, span->count, 1, out));
        memset(*out, null_state, span->count);
        return SEG_OK;
    }
    /* The count of nulls is a hint that may be wrong; the bits are what other readers go by. */
    const uint8_t *bits = span->array->buffers[0];
    if (bits == NULL) {
        if (span->array->null_count > 0)
            return segi_arrow_fail(b, SEG_E_DATA, "the array has nulls but no bits for them");
        return SEG_OK;
    }
    if (all_set(bits, span->begin, span->count))
        return SEG_OK;
    SEGI_TRY(segi_arrow_array_new(b, span->count, 1, out));
    spread_nulls(bits, span->begin, span->count, null_state, *out);
    return SEG_OK;
}

seg_status segi_arrow_mark_bad(arrow_batch *b, uint8_t **states, size_t count, size_t i)
{
    if (*states == NULL)
        SEGI_TRY(segi_arrow_array_new(b, count, 1, states));
    (*states)[i] = SEGI_VALUE_BAD;
    b->bad_states = true;
    return SEG_OK;
}
