/* arrow_number.c - values of fixed size in the forms of seg_column. */
#include <math.h>
#include <string.h>

#include "arrow/arrow_int.h"
#include "base/bits.h"
#include "base/civil.h"

/* ---- integers -------------------------------------------------------------------------------- */

/* Element i of an aligned buffer. */
static int64_t signed_at(const void *values, uint32_t width, size_t i)
{
    switch (width) {
    case 1: return ((const int8_t *)values)[i];
    case 2: return ((const int16_t *)values)[i];
    case 4: return ((const int32_t *)values)[i];
    default: return ((const int64_t *)values)[i];
    }
}

static int64_t unsigned_at(const void *values, uint32_t width, size_t i)
{
    switch (width) {
    case 1: return ((const uint8_t *)values)[i];
    case 2: return ((const uint16_t *)values)[i];
    default: return ((const uint32_t *)values)[i];
    }
}

/* uint64 is read as int64; what that makes negative is beyond it. */
static seg_status mark_negative(arrow_batch *b, const int64_t *values, size_t count,
                                uint8_t **states)
{
    for (size_t i = 0; i < count; i++)
        if (values[i] < 0 && (*states == NULL || (*states)[i] == SEG_VALUE_SET))
            SEGI_TRY(segi_arrow_mark_bad(b, states, count, i));
    return SEG_OK;
}

seg_status segi_arrow_read_int64(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                 uint8_t **states, const void **out)
{
    const void *values;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, type->width, 0, &values));
    if (type->width == 8) {
        *out = values;
        return type->is_signed ? SEG_OK : mark_negative(b, values, span->count, states);
    }
    int64_t *wide;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *wide, &wide));
    for (size_t i = 0; i < span->count; i++)
        wide[i] = type->is_signed ? signed_at(values, type->width, i)
                                  : unsigned_at(values, type->width, i);
    *out = wide;
    return SEG_OK;
}

/* ---- other numbers --------------------------------------------------------------------------- */

seg_status segi_arrow_read_float64(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                   const void **out)
{
    const void *values;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, type->width, 0, &values));
    if (type->width == 8) {
        *out = values;
        return SEG_OK;
    }
    double *wide;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *wide, &wide));
    for (size_t i = 0; i < span->count; i++)
        wide[i] = (double)((const float *)values)[i];
    *out = wide;
    return SEG_OK;
}

/* Little-endian words; whether the upper ones only repeat the sign of the lowest. */
static bool decimal_fits(const int64_t *words, size_t count)
{
    int64_t sign = words[0] < 0 ? -1 : 0;
    for (size_t i = 1; i < count; i++)
        if (words[i] != sign)
            return false;
    return true;
}

seg_status segi_arrow_read_decimal(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                   uint8_t **states, const void **out)
{
    const void *values;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, type->width, 0, &values));
    if (type->width == 8) {
        *out = values;
        return SEG_OK;
    }
    int64_t *mantissas;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *mantissas, &mantissas));
    for (size_t i = 0; i < span->count; i++) {
        if (type->width == 4) {
            mantissas[i] = ((const int32_t *)values)[i];
            continue;
        }
        size_t words = type->width / 8;
        const int64_t *at = (const int64_t *)values + i * words;
        mantissas[i] = at[0];
        /* Under a null there may be anything. */
        if (!decimal_fits(at, words) && (*states == NULL || (*states)[i] == SEG_VALUE_SET))
            SEGI_TRY(segi_arrow_mark_bad(b, states, span->count, i));
    }
    *out = mantissas;
    return SEG_OK;
}

seg_status segi_arrow_read_bool(arrow_batch *b, const arrow_span *span, const void **out)
{
    uint8_t *bytes;
    SEGI_TRY(segi_arrow_array_new(b, span->count, 1, &bytes));
    const uint8_t *bits = span->array->buffers[1];
    if (bits == NULL && span->count > 0)
        return segi_arrow_fail(b, SEG_E_DATA, "a buffer of the array is NULL");
    for (size_t i = 0; i < span->count; i++) {
        size_t at = (size_t)span->begin + i;
        bytes[i] = bits[at >> 3] >> (at & 7) & 1;
    }
    *out = bytes;
    return SEG_OK;
}

/* ---- time ------------------------------------------------------------------------------------ */

/* Days that a date may have to be within the years 1 to 9999 and then some; others are bad. */
#define DAYS_BEYOND ((int64_t)INT32_MAX)

seg_status segi_arrow_read_dates(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                 const void **out)
{
    const void *values;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, type->width, 0, &values));
    if (type->form == ARROW_DATE32) {
        *out = values;
        return SEG_OK;
    }
    int32_t *days;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *days, &days));
    for (size_t i = 0; i < span->count; i++) {
        int64_t day = segi_floor_div(((const int64_t *)values)[i], 86400000);
        days[i] = (int32_t)(day > DAYS_BEYOND || day < -DAYS_BEYOND ? DAYS_BEYOND : day);
    }
    *out = days;
    return SEG_OK;
}

/* Microseconds, or INT64_MIN where they do not fit. */
static int64_t to_microseconds(int64_t value, int64_t per_second)
{
    int64_t micros;
    if (per_second > 1000000)
        return segi_floor_div(value, per_second / 1000000);
    return segi_mul_overflow(value, 1000000 / per_second, &micros) ? INT64_MIN : micros;
}

/* Wall-clock time of the zone; far outside its tables INT64_MIN. */
static int64_t from_wall_clock(const segi_zone *zone, int64_t local)
{
    if (local < SEG_TIME_MIN || local > SEG_TIME_MAX)
        return INT64_MIN;
    return zone == segi_zone_utc() ? local : segi_zone_instant(zone, local);
}

/* One value as an instant. */
static int64_t instant_of(const arrow_batch *b, const arrow_type *type, const void *values,
                          size_t i)
{
    int64_t value = type->width == 4 ? ((const int32_t *)values)[i] : ((const int64_t *)values)[i];
    switch (type->form) {
    case ARROW_DATE64:
    case ARROW_DATE32:
        if (type->form == ARROW_DATE64)
            value = segi_floor_div(value, 86400000);
        if (value > INT32_MAX / 2 || value < INT32_MIN / 2)
            return INT64_MIN;
        return from_wall_clock(b->config->zone, value * SEGI_DAY);
    case ARROW_TIMESTAMP:
        value = to_microseconds(value, type->per_second);
        return type->is_naive ? from_wall_clock(b->config->zone, value) : value;
    default: return value;
    }
}

seg_status segi_arrow_read_instants(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                    const uint8_t *states, const void **out)
{
    const void *values = NULL;
    if (type->form != ARROW_NULL)
        SEGI_TRY(segi_arrow_fixed(b, span, 1, type->width, 0, &values));
    bool as_they_are =
        type->form == ARROW_INT || (type->form == ARROW_TIMESTAMP && type->per_second == 1000000 &&
                                    (!type->is_naive || b->config->zone == segi_zone_utc()));
    if (as_they_are && states == NULL) {
        *out = values;
        return SEG_OK;
    }
    int64_t *instants;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *instants, &instants));
    for (size_t i = 0; i < span->count; i++)
        instants[i] = states == NULL || states[i] == SEG_VALUE_SET ? instant_of(b, type, values, i)
                                                                   : INT64_MIN;
    *out = instants;
    return SEG_OK;
}

/* ---- places ---------------------------------------------------------------------------------- */

/* A float of a child, NaN (which no place has) where it is null. */
static seg_status read_part(arrow_batch *b, const arrow_type *type, const struct ArrowArray *child,
                            int64_t begin, size_t count, const double **out, uint8_t **out_states)
{
    arrow_span span;
    SEGI_TRY(segi_arrow_span_check(b, type, false, child, begin, (int64_t)count, &span));
    SEGI_TRY(segi_arrow_states(b, type, &span, SEG_VALUE_NULL, out_states));
    const void *values;
    SEGI_TRY(segi_arrow_read_float64(b, type, &span, &values));
    *out = values;
    return SEG_OK;
}

static double part_at(const double *values, const uint8_t *states, size_t i)
{
    return states == NULL || states[i] == SEG_VALUE_SET ? values[i] : (double)NAN;
}

/* The children of a struct have offsets of their own on top of the parent's, which is why the
 * span's begin goes down to them. */
static seg_status read_struct(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                              double *out)
{
    const double *parts[2];
    uint8_t *states[2];
    for (int k = 0; k < 2; k++)
        SEGI_TRY(read_part(b, k == 0 ? &field->items : &field->item_values,
                           span->array->children[k], span->begin, span->count, &parts[k],
                           &states[k]));
    int latitude = field->longitude_first ? 1 : 0;
    for (size_t i = 0; i < span->count; i++) {
        out[2 * i] = part_at(parts[latitude], states[latitude], i);
        out[2 * i + 1] = part_at(parts[1 - latitude], states[1 - latitude], i);
    }
    return SEG_OK;
}

seg_status segi_arrow_read_places(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                                  const void **out)
{
    double *places;
    if (field->type.form == ARROW_STRUCT) {
        SEGI_TRY(segi_arrow_array_new(b, span->count, 2 * sizeof *places, &places));
        *out = places;
        return read_struct(b, field, span, places);
    }
    const double *values;
    uint8_t *states;
    SEGI_TRY(read_part(b, &field->items, span->array->children[0], 2 * span->begin, 2 * span->count,
                       &values, &states));
    *out = values;
    if (states == NULL && !field->longitude_first)
        return SEG_OK;
    SEGI_TRY(segi_arrow_array_new(b, span->count, 2 * sizeof *places, &places));
    size_t latitude = field->longitude_first ? 1 : 0;
    for (size_t i = 0; i < span->count; i++) {
        places[2 * i] = part_at(values, states, 2 * i + latitude);
        places[2 * i + 1] = part_at(values, states, 2 * i + 1 - latitude);
    }
    *out = places;
    return SEG_OK;
}
