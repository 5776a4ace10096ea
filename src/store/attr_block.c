/* Chunks of attributes on disk: see attr_block.h.
 *
 * The base's column is written as it lies in memory, narrow; so are masks and lists of sets. */
#include "store/attr_block.h"

#include <string.h>

#include "base/error.h"

#define BLOCK_SET 1u      /* has the bitmap of rows with a value */
#define BLOCK_NULL 2u     /* has the bitmap of nulls */
#define BLOCK_NONE_SET 4u /* no row has a value */
#define BLOCK_COL_BITS 7u
/* Civil dates of SEG_TIME_MIN and SEG_TIME_MAX. */
#define BLOCK_DATE_MIN (-719162)
#define BLOCK_DATE_MAX 2932896

typedef struct block_reader {
    const segi_mem *mem;
    segi_wire *from;
    seg_type type;
    uint32_t dict_count;
    bool nomem;
} block_reader;

/* ---- writing --------------------------------------------------------------------------------- */

static size_t block_words(size_t rows)
{
    return (rows + 63) / 64;
}

static void write_col(const segi_col *col, size_t rows, segi_buf *buf)
{
    segi_put_u8(buf, (uint8_t)((col->set ? BLOCK_SET : 0u) | (col->null ? BLOCK_NULL : 0u) |
                               (col->none_set ? BLOCK_NONE_SET : 0u)));
    segi_put_u8(buf, (uint8_t)col->width);
    segi_put_u64(buf, (uint64_t)col->base);
    segi_put_u64(buf, (uint64_t)col->unit);
    if (col->set)
        segi_put_array(buf, col->set, block_words(rows), sizeof *col->set);
    if (col->null)
        segi_put_array(buf, col->null, block_words(rows), sizeof *col->null);
    if (col->width > 0)
        segi_put_array(buf, col->data, rows, col->width);
}

static void write_sets(const segi_sets *sets, size_t rows, segi_buf *buf)
{
    segi_put_u8(buf, (uint8_t)sets->mask_width);
    if (sets->mask_width > 0) {
        segi_put_array(buf, sets->masks, rows, sets->mask_width);
        return;
    }
    uint32_t none = 0;
    segi_put_array(buf, sets->begins ? sets->begins : &none, sets->begins ? rows + 1 : 1,
                   sizeof none);
    if (sets->begins)
        segi_put_array(buf, sets->codes, sets->begins[rows], sizeof *sets->codes);
}

void segi_attr_block_write(const segi_attr_chunk *chunk, segi_buf *buf)
{
    bool sets = chunk->col.type == SEG_TYPE_STRING_SET;
    segi_put_u32(buf, chunk->rows);
    segi_put_u32(buf, chunk->patch_count);
    write_col(&chunk->col, chunk->rows, buf);
    if (sets)
        write_sets(&chunk->sets, chunk->rows, buf);
    segi_put_array(buf, chunk->patch_rows, chunk->patch_count, sizeof *chunk->patch_rows);
    segi_put_array(buf, chunk->patch_states, chunk->patch_count, 1);
    if (sets)
        write_sets(&chunk->patch_sets, chunk->patch_count, buf);
    else
        segi_put_array(buf, chunk->patch_slots, chunk->patch_count, sizeof *chunk->patch_slots);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* `count` elements followed by padding that reads as zeros. NULL: damaged or out of memory. */
static void *read_array(block_reader *r, size_t count, size_t width)
{
    if (r->from->failed || count > segi_wire_left(r->from) / width) {
        r->from->failed = true;
        return NULL;
    }
    char *array = segi_alloc(r->mem, count * width + SEGI_COL_PADDING);
    if (!array) {
        r->nomem = r->from->failed = true;
        return NULL;
    }
    memset(array + count * width, 0, SEGI_COL_PADDING);
    (void)segi_get_array(r->from, array, count, width);
    return array;
}

/* Nothing may be said about rows that are not there. */
static const uint64_t *read_bitmap(block_reader *r, size_t rows)
{
    const uint64_t *bits = read_array(r, block_words(rows), sizeof *bits);
    if (bits && rows % 64 != 0 && bits[rows / 64] >> rows % 64 != 0)
        r->from->failed = true;
    return bits;
}

/* Whether a slot is a value of the type. */
static bool slot_good(const block_reader *r, int64_t slot)
{
    int64_t ignored;
    switch (r->type) {
    case SEG_TYPE_BOOL: return slot == 0 || slot == 1;
    case SEG_TYPE_TIMESTAMP: return slot >= SEG_TIME_MIN && slot <= SEG_TIME_MAX;
    case SEG_TYPE_DATE: return slot >= BLOCK_DATE_MIN && slot <= BLOCK_DATE_MAX;
    case SEG_TYPE_STRING: return slot >= 0 && slot < (int64_t)r->dict_count;
    case SEG_TYPE_FLOAT64: {
        double value = segi_slot_float(slot);
        return value - value == 0 && segi_slot_of_float(value) == slot;
    }
    case SEG_TYPE_GEO:
        return segi_slot_of_geo(segi_slot_latitude(slot) / 1e7, segi_slot_longitude(slot) / 1e7,
                                &ignored);
    default: return true;
    }
}

/* Types whose good slots are an interval are checked by their bounds alone. */
static bool slots_by_bounds(seg_type type)
{
    return type != SEG_TYPE_FLOAT64 && type != SEG_TYPE_GEO;
}

static void stored_bounds(const segi_col *col, size_t rows, uint64_t *out_low, uint64_t *out_high)
{
    uint64_t low = col->width > 0 ? UINT64_MAX : 0, high = 0;
    for (size_t i = 0; col->width > 0 && i < rows; i++) {
        uint64_t stored;
        switch (col->width) {
        case 1: stored = ((const uint8_t *)col->data)[i]; break;
        case 2: stored = ((const uint16_t *)col->data)[i]; break;
        case 4: stored = ((const uint32_t *)col->data)[i]; break;
        default: stored = ((const uint64_t *)col->data)[i]; break;
        }
        low = stored < low ? stored : low;
        high = stored > high ? stored : high;
    }
    *out_low = low;
    *out_high = high;
}

/* base + unit * stored without leaving 64 bits. */
static bool slot_of(const segi_col *col, uint64_t stored, int64_t *out)
{
    int64_t product;
    if (stored > INT64_MAX) {
        /* Only where the base is below zero and the unit 1. */
        *out = (int64_t)((uint64_t)col->base + stored);
        return col->unit == 1 && col->base < 0 && *out >= col->base;
    }
    return !segi_mul_overflow((int64_t)stored, col->unit, &product) &&
           !segi_add_overflow(col->base, product, out);
}

/* Bounds and validity of all rows: those that are not set repeat values of others. */
static bool col_good_floats(const block_reader *r, segi_col *col, size_t rows)
{
    double low = 0, high = 0;
    if (col->base != 0 || col->unit != 1 || (col->width != 0 && col->width != 8))
        return false;
    for (size_t i = 0; i < rows; i++) {
        int64_t slot = segi_col_slot(col, i);
        double value = segi_slot_float(slot);
        if (!slot_good(r, slot))
            return false;
        low = i == 0 || value < low ? value : low;
        high = i == 0 || value > high ? value : high;
    }
    col->min = segi_slot_of_float(low);
    col->max = segi_slot_of_float(high);
    return true;
}

static bool col_good(const block_reader *r, segi_col *col, size_t rows)
{
    uint64_t low, high;
    if (rows == 0 || col->none_set)
        return col->none_set && col->width == 0 && !col->set;
    if (r->type == SEG_TYPE_FLOAT64)
        return col_good_floats(r, col, rows);
    if (col->unit < 1)
        return false;
    stored_bounds(col, rows, &low, &high);
    if (!slot_of(col, low, &col->min) || !slot_of(col, high, &col->max))
        return false;
    if (slots_by_bounds(r->type))
        return slot_good(r, col->min) && slot_good(r, col->max);
    for (size_t i = 0; i < rows; i++)
        if (!slot_good(r, segi_col_slot(col, i)))
            return false;
    return true;
}

/* No row is both, and some row has a value where the bitmap is there. */
static bool col_states_good(const segi_col *col, size_t rows)
{
    uint64_t both = 0, any = 0, not_all = 0;
    for (size_t i = 0; i < block_words(rows); i++) {
        uint64_t set = col->set ? col->set[i] : 0, null = col->null ? col->null[i] : 0;
        both |= set & null;
        any |= set;
        not_all |= null;
    }
    if (col->set)
        return both == 0 && any != 0 && !col->none_set;
    /* All rows are set, or none. */
    return not_all == 0 || col->none_set;
}

static void read_col(block_reader *r, size_t rows, segi_col *col)
{
    uint8_t bits = segi_get_u8(r->from);
    col->type = r->type;
    col->none_set = (bits & BLOCK_NONE_SET) != 0;
    uint32_t width = segi_get_u8(r->from);
    col->base = segi_get_i64(r->from);
    col->unit = segi_get_i64(r->from);
    r->from->failed |=
        (bits & ~BLOCK_COL_BITS) != 0 || width == 3 || width > 8 || (width > 4 && width < 8);
    if ((bits & BLOCK_SET) != 0)
        col->set = read_bitmap(r, rows);
    if ((bits & BLOCK_NULL) != 0)
        col->null = read_bitmap(r, rows);
    if (width > 0 && !r->from->failed) {
        col->data = read_array(r, rows, width);
        col->width = col->data ? width : 0;
    }
    if (r->from->failed)
        return;
    bool sets = r->type == SEG_TYPE_STRING_SET;
    r->from->failed = !col_states_good(col, rows) ||
                      (sets ? width != 0 || col->unit != 1 : !col_good(r, col, rows));
}

static bool masks_good(const block_reader *r, const segi_sets *sets, size_t rows)
{
    uint64_t all = 0;
    for (size_t i = 0; i < rows; i++) {
        switch (sets->mask_width) {
        case 1: all |= ((const uint8_t *)sets->masks)[i]; break;
        case 2: all |= ((const uint16_t *)sets->masks)[i]; break;
        case 4: all |= ((const uint32_t *)sets->masks)[i]; break;
        default: all |= ((const uint64_t *)sets->masks)[i]; break;
        }
    }
    return r->dict_count >= 64 || all >> r->dict_count == 0;
}

static bool lists_good(const block_reader *r, const segi_sets *sets, size_t rows)
{
    for (size_t row = 0; row < rows; row++)
        for (uint32_t i = sets->begins[row]; i < sets->begins[row + 1]; i++)
            if (sets->codes[i] >= r->dict_count ||
                (i > sets->begins[row] && sets->codes[i] <= sets->codes[i - 1]))
                return false;
    return true;
}

static bool begins_good(const uint32_t *begins, size_t rows)
{
    bool good = begins[0] == 0;
    for (size_t row = 0; row < rows; row++)
        good &= begins[row] <= begins[row + 1];
    return good;
}

static void read_sets(block_reader *r, size_t rows, bool lists, segi_sets *sets)
{
    uint32_t width = segi_get_u8(r->from);
    bool known = width == 0 || width == 1 || width == 2 || width == 4 || width == 8;
    r->from->failed |= !known || (lists && width != 0);
    if (r->from->failed)
        return;
    if (width > 0) {
        sets->masks = read_array(r, rows, width);
        sets->mask_width = sets->masks ? width : 0;
        r->from->failed |= sets->masks && !masks_good(r, sets, rows);
        return;
    }
    uint32_t *begins = read_array(r, rows + 1, sizeof *begins);
    sets->begins = begins;
    if (r->from->failed || !begins_good(begins, rows)) {
        r->from->failed = true;
        return;
    }
    sets->codes = read_array(r, begins[rows], sizeof *sets->codes);
    r->from->failed |= sets->codes && !lists_good(r, sets, rows);
}

static void read_patch(block_reader *r, segi_attr_chunk *chunk, uint32_t count)
{
    const uint16_t *rows = read_array(r, count, sizeof *rows);
    const uint8_t *states = read_array(r, count, 1);
    chunk->patch_rows = rows;
    chunk->patch_states = states;
    for (uint32_t i = 0; !r->from->failed && i < count; i++)
        r->from->failed = states[i] > SEG_VALUE_NULL || (i > 0 && rows[i] <= rows[i - 1]);
    if (r->type == SEG_TYPE_STRING_SET) {
        read_sets(r, count, true, &chunk->patch_sets);
    } else {
        chunk->patch_slots = read_array(r, count, sizeof *chunk->patch_slots);
        for (uint32_t i = 0; !r->from->failed && i < count; i++)
            r->from->failed = states[i] == SEG_VALUE_SET && !slot_good(r, chunk->patch_slots[i]);
    }
    chunk->patch_count = r->from->failed ? 0 : count;
}

seg_status segi_attr_block_read(const segi_mem *mem, seg_type type, uint32_t dict_count,
                                segi_wire *from, segi_attr_chunk **out, seg_error *err)
{
    block_reader r = {mem, from, type, dict_count, false};
    segi_attr_chunk content;
    memset(&content, 0, sizeof content);
    uint32_t rows = segi_get_u32(from), patch = segi_get_u32(from);
    *out = NULL;
    from->failed |= rows > SEGI_CHUNK_USERS || patch > SEGI_CHUNK_USERS;
    content.rows = from->failed ? 0 : rows;
    read_col(&r, content.rows, &content.col);
    if (type == SEG_TYPE_STRING_SET)
        read_sets(&r, content.rows, false, &content.sets);
    if (!from->failed)
        read_patch(&r, &content, patch);
    bool good = segi_wire_done(from);
    segi_attr_chunk *chunk = segi_attr_chunk_make(mem, type, &content);
    if (!chunk || r.nomem || !good) {
        if (chunk)
            segi_attr_chunk_release(mem, chunk);
        if (!chunk || r.nomem)
            return segi_fail_nomem(err);
        return segi_fail(err, SEG_E_CORRUPT, "the store is damaged: a chunk of an attribute");
    }
    *out = chunk;
    return SEG_OK;
}
