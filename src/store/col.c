/* Narrow columns: base, unit and width are chosen from the data.
 *
 * The unit is the greatest common divisor of the differences to the base, and is used only where
 * it makes the column narrower. Both the test for divisibility and the division itself multiply
 * by the inverse of the divisor's odd part modulo 2^64, because a 64-bit division per row would
 * cost more than everything else here. */
#include "store/col.h"

#include <string.h>

/* Exact division by a constant: n / divisor == rotate(n * inverse, shift) for multiples, and the
 * rotated product is above `limit` for everything else (Granlund and Montgomery, 1994). */
typedef struct col_divisor {
    uint64_t divisor, inverse, limit;
    int shift;
} col_divisor;

static col_divisor col_divisor_of(uint64_t divisor)
{
    col_divisor d = {divisor, 0, UINT64_MAX / divisor, segi_ctz(divisor)};
    uint64_t odd = divisor >> d.shift;
    /* Newton's iteration doubles the correct bits: 3, 6, 12, 24, 48, 96. */
    uint64_t inverse = odd * 3 ^ 2;
    for (int i = 0; i < 5; i++)
        inverse *= 2 - odd * inverse;
    d.inverse = inverse;
    return d;
}

/* n / divisor for multiples; for anything else a number above `limit`. */
static inline uint64_t col_quotient(const col_divisor *d, uint64_t n)
{
    uint64_t product = n * d->inverse;
    return d->shift ? product >> d->shift | product << (64 - d->shift) : product;
}

/* Euclid; called again only where the divisor so far does not divide, which ends quickly. */
static uint64_t col_gcd(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* The common divisor of all slots - base, or 1 once it is clear that it does not help.
 * The range is the first guess: it is a difference itself, so the unit divides it. */
static uint64_t col_unit(const int64_t *slots, size_t rows, uint64_t base, uint64_t range)
{
    uint32_t width = segi_col_width(range);
    uint64_t unit = range;
    if (width <= 1)
        return 1;
    col_divisor divisor = col_divisor_of(unit);
    for (size_t i = 0; i < rows; i++) {
        uint64_t difference = (uint64_t)slots[i] - base;
        if (col_quotient(&divisor, difference) <= divisor.limit)
            continue;
        unit = col_gcd(unit, difference);
        if (segi_col_width(range / unit) == width)
            return 1;
        divisor = col_divisor_of(unit);
    }
    return unit <= INT64_MAX ? unit : 1;
}

/* `unit` divides every difference. The loops for unit 1, by far the most frequent, are simple
 * enough to vectorise. */
static void col_write(const int64_t *slots, size_t rows, uint64_t base, uint64_t unit,
                      uint32_t width, void *data)
{
    col_divisor d = col_divisor_of(unit);
    uint8_t *out1 = data;
    uint16_t *out2 = data;
    uint32_t *out4 = data;
    uint64_t *out8 = data;
    if (unit == 1) {
        switch (width) {
        case 1:
            for (size_t i = 0; i < rows; i++)
                out1[i] = (uint8_t)((uint64_t)slots[i] - base);
            break;
        case 2:
            for (size_t i = 0; i < rows; i++)
                out2[i] = (uint16_t)((uint64_t)slots[i] - base);
            break;
        case 4:
            for (size_t i = 0; i < rows; i++)
                out4[i] = (uint32_t)((uint64_t)slots[i] - base);
            break;
        default:
            for (size_t i = 0; i < rows; i++)
                out8[i] = (uint64_t)slots[i] - base;
            break;
        }
        return;
    }
    for (size_t i = 0; i < rows; i++) {
        uint64_t stored = col_quotient(&d, (uint64_t)slots[i] - base);
        switch (width) {
        case 1: out1[i] = (uint8_t)stored; break;
        case 2: out2[i] = (uint16_t)stored; break;
        case 4: out4[i] = (uint32_t)stored; break;
        default: out8[i] = stored; break;
        }
    }
}

/* One bit per row that has this state. */
static bool col_bitmap(const segi_mem *mem, const uint8_t *states, size_t rows, uint8_t state,
                       const uint64_t **out)
{
    size_t words = (rows + 63) / 64;
    uint64_t *bits = segi_alloc(mem, words * sizeof *bits);
    if (!bits)
        return false;
    for (size_t w = 0; w < words; w++) {
        uint64_t word = 0;
        size_t end = rows - w * 64 < 64 ? rows - w * 64 : 64;
        for (size_t k = 0; k < end; k++)
            word |= (uint64_t)(states[w * 64 + k] == state) << k;
        bits[w] = word;
    }
    *out = bits;
    return true;
}

bool segi_col_build_states(const segi_mem *mem, const uint8_t *states, size_t rows, segi_col *out)
{
    size_t set = 0, null = 0;
    for (size_t i = 0; i < rows; i++) {
        set += states[i] == SEG_VALUE_SET;
        null += states[i] == SEG_VALUE_NULL;
    }
    out->none_set = set == 0;
    if (set > 0 && set < rows && !col_bitmap(mem, states, rows, SEG_VALUE_SET, &out->set))
        return false;
    return null == 0 || col_bitmap(mem, states, rows, SEG_VALUE_NULL, &out->null);
}

/* Give rows that are not set the value of one that is, so that the loops need not ask. */
static void col_fill(int64_t *slots, const uint8_t *states, size_t rows)
{
    size_t first = 0;
    while (states[first] != SEG_VALUE_SET)
        first++;
    for (size_t i = 0; i < rows; i++)
        if (states[i] != SEG_VALUE_SET)
            slots[i] = slots[first];
}

static double col_double(int64_t slot)
{
    return segi_slot_float(slot);
}

/* As numbers: the order of their bits is another one. */
static void col_float_bounds(const int64_t *slots, size_t rows, segi_col *out)
{
    double low = col_double(slots[0]), high = low;
    for (size_t i = 1; i < rows; i++) {
        double value = col_double(slots[i]);
        low = value < low ? value : low;
        high = value > high ? value : high;
    }
    out->min = segi_slot_of_float(low);
    out->max = segi_slot_of_float(high);
}

/* Two comparisons per row without branches. */
static void col_int_bounds(const int64_t *slots, size_t rows, segi_col *out)
{
    int64_t low = slots[0], high = slots[0];
    for (size_t i = 1; i < rows; i++) {
        low = slots[i] < low ? slots[i] : low;
        high = slots[i] > high ? slots[i] : high;
    }
    out->min = low;
    out->max = high;
}

bool segi_col_build(const segi_mem *mem, seg_type type, int64_t *slots, const uint8_t *states,
                    size_t rows, segi_col *out)
{
    memset(out, 0, sizeof *out);
    out->type = type;
    out->unit = 1;
    if (states && !segi_col_build_states(mem, states, rows, out))
        goto nomem;
    if (rows == 0 || out->none_set) {
        out->none_set = true;
        return true;
    }
    if (out->set)
        col_fill(slots, states, rows);
    if (type == SEG_TYPE_FLOAT64) {
        col_float_bounds(slots, rows, out);
        /* Bits have no order: width 0 stands for all zero only. */
        out->width = out->min == 0 && out->max == 0 ? 0 : 8;
    } else {
        col_int_bounds(slots, rows, out);
        uint64_t range = (uint64_t)out->max - (uint64_t)out->min;
        out->base = out->min;
        out->unit = range == 0 ? 1 : (int64_t)col_unit(slots, rows, (uint64_t)out->base, range);
        out->width = segi_col_width(range / (uint64_t)out->unit);
    }
    if (out->width > 0) {
        char *data = segi_alloc(mem, out->width * rows + SEGI_COL_PADDING);
        if (!data)
            goto nomem;
        col_write(slots, rows, (uint64_t)out->base, (uint64_t)out->unit, out->width, data);
        memset(data + out->width * rows, 0, SEGI_COL_PADDING);
        out->data = data;
    }
    return true;
nomem:
    segi_col_deinit(mem, out);
    return false;
}

void segi_col_deinit(const segi_mem *mem, segi_col *col)
{
    segi_free(mem, segi_unconst(col->data));
    segi_free(mem, segi_unconst(col->set));
    segi_free(mem, segi_unconst(col->null));
    memset(col, 0, sizeof *col);
}

size_t segi_col_bytes(const segi_col *col, size_t rows)
{
    size_t bitmap = (rows + 63) / 64 * sizeof(uint64_t);
    size_t bytes = col->width > 0 ? col->width * rows + SEGI_COL_PADDING : 0;
    return bytes + (col->set ? bitmap : 0) + (col->null ? bitmap : 0);
}

/* One loop per width, so that the width is asked for once. */
static void col_decode_slots(const segi_col *col, size_t begin, size_t count, int64_t *slots)
{
    uint64_t base = (uint64_t)col->base, unit = (uint64_t)col->unit;
    const void *data = col->width > 0 ? (const char *)col->data + begin * col->width : NULL;
    switch (col->width) {
    case 0:
        for (size_t i = 0; i < count; i++)
            slots[i] = col->base;
        break;
    case 1:
        for (size_t i = 0; i < count; i++)
            slots[i] = (int64_t)(base + unit * ((const uint8_t *)data)[i]);
        break;
    case 2:
        for (size_t i = 0; i < count; i++)
            slots[i] = (int64_t)(base + unit * ((const uint16_t *)data)[i]);
        break;
    case 4:
        for (size_t i = 0; i < count; i++)
            slots[i] = (int64_t)(base + unit * ((const uint32_t *)data)[i]);
        break;
    default:
        for (size_t i = 0; i < count; i++)
            slots[i] = (int64_t)(base + unit * ((const uint64_t *)data)[i]);
        break;
    }
}

void segi_col_decode(const segi_col *col, size_t begin, size_t count, int64_t *slots,
                     uint8_t *states)
{
    bool any = col->type != 0;
    if (any)
        col_decode_slots(col, begin, count, slots);
    if (any && !col->set && !col->none_set && !col->null) {
        memset(states, SEG_VALUE_SET, count);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        states[i] = SEG_VALUE_ABSENT;
        if (any && segi_col_is_set(col, begin + i))
            states[i] = SEG_VALUE_SET;
        else if (any && segi_col_is_null(col, begin + i))
            states[i] = SEG_VALUE_NULL;
    }
}

void segi_col_codes(const segi_col *col, size_t rows, uint64_t *codes)
{
    if (col->type == 0 || col->none_set)
        return;
    if (col->width == 0) {
        segi_bit_set(codes, (size_t)col->base);
        return;
    }
    for (size_t row = 0; row < rows; row++)
        if (segi_col_is_set(col, row))
            segi_bit_set(codes, (size_t)segi_col_slot(col, row));
}
