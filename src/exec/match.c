/* Tests of one column against constants: a test is turned into the terms of the stored values
 * once per part, then the column is scanned as it lies.
 *
 * Slots are signed 64 bits, stored values unsigned and narrow (slot = base + unit x stored), and
 * slots of a column may span more than 63 bits: distances are therefore taken as unsigned. Stored
 * values of rows that are not set are arbitrary; scans look at them all the same, and the bits of
 * `set` remove them at the end, after a negation. segi_match_slot() says the same of one slot and
 * is what the scans are tested against. Any thread; nothing here allocates. */
#include <string.h>

#include "exec/exec_int.h"

static size_t match_words(size_t count)
{
    return (count + 63) / 64;
}

static void match_none(size_t count, uint64_t *bits)
{
    memset(bits, 0, match_words(count) * sizeof *bits);
}

/* Smallest stored value whose slot is at least `slot`; false if there is none. */
static bool match_stored_low(const segi_col *col, int64_t slot, uint64_t *out)
{
    if (slot <= col->base) {
        *out = 0;
        return true;
    }
    uint64_t distance = (uint64_t)slot - (uint64_t)col->base;
    uint64_t unit = (uint64_t)col->unit;
    *out = distance / unit + (distance % unit != 0);
    return true;
}

/* Largest stored value whose slot is at most `slot`; false if there is none. */
static bool match_stored_high(const segi_col *col, int64_t slot, uint64_t *out)
{
    if (slot < col->base)
        return false;
    *out = ((uint64_t)slot - (uint64_t)col->base) / (uint64_t)col->unit;
    return true;
}

/* The bounds of the part rule out, or in, all of its rows most of the time; only else is a row
 * looked at. */
static void match_range(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                        uint64_t *bits)
{
    if (m->low > m->high || m->high < col->min || m->low > col->max) {
        match_none(count, bits);
        return;
    }
    if (m->low <= col->min && m->high >= col->max) {
        segi_bits_fill(bits, count);
        return;
    }
    uint64_t low, high;
    if (!match_stored_low(col, m->low, &low) || !match_stored_high(col, m->high, &high))
        match_none(count, bits);
    else
        segi_scan_range(col->width, col->data, begin, count, low, high, bits);
}

/* Nearly all places of the world are ruled out by four comparisons. */
static bool match_place(const segi_match *m, int64_t slot)
{
    int32_t latitude = segi_slot_latitude(slot), longitude = segi_slot_longitude(slot);
    if (latitude > m->north || latitude < m->south)
        return false;
    bool across = m->west > m->east;
    if (across ? longitude > m->east && longitude < m->west
               : longitude > m->east || longitude < m->west)
        return false;
    segi_point point = {(double)latitude / 1e7, (double)longitude / 1e7};
    if (m->kind == SEGI_MATCH_POLYGON)
        return segi_geo_inside(m->node->rings, m->node->ring_count, point);
    return segi_geo_distance(point, m->node->point) <= m->node->meters;
}

/* Rows one by one, for the tests that have no scan of their own. */
static void match_each(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                       uint64_t *bits)
{
    segi_match plain = *m;
    plain.negated = false; /* the caller negates */
    match_none(count, bits);
    for (size_t i = 0; i < count; i++) {
        if (segi_col_is_set(col, begin + i) &&
            segi_match_slot(&plain, segi_col_slot(col, begin + i)))
            segi_bit_set(bits, i);
    }
}

/* The rows worth a look: those of the box, or, as slots order by latitude first, of its band.
 * Longitudes round the antimeridian are a range modulo 2^32 like any other. */
static void match_box(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                      uint64_t *bits)
{
    segi_match band = {.kind = SEGI_MATCH_RANGE,
                       .low = segi_slot_geo(m->south, 0),
                       .high = segi_slot_geo(m->north, -1)};
    /* A band beside all of the column has a short answer there. */
    if (col->width != sizeof(uint64_t) || col->unit != 1 || band.high < col->min ||
        band.low > col->max) {
        match_range(&band, col, begin, count, bits);
        return;
    }
    uint64_t base = (uint64_t)col->base;
    segi_scan_box box = {(uint64_t)band.low - base, (uint64_t)band.high - (uint64_t)band.low,
                         ((uint64_t)(uint32_t)m->west - base) << 32,
                         (uint64_t)((uint32_t)m->east - (uint32_t)m->west) << 32};
    segi_scan_boxes(col->data, begin, count, &box, bits);
}

static void match_places(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                         const uint64_t *among, uint64_t *bits)
{
    match_box(m, col, begin, count, bits);
    for (size_t i = 0; i < match_words(count); i++) {
        if (among)
            bits[i] &= among[i];
        for (uint64_t word = bits[i]; word; word &= word - 1) {
            size_t at = i * 64 + (size_t)segi_ctz(word);
            if (!match_place(m, segi_col_slot(col, begin + at)))
                bits[i] &= ~(word & -word);
        }
    }
}

/* A few runs of codes are faster as ranges than by the table. */
static void match_runs(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                       uint64_t *bits)
{
    enum {
        SLICE = 4096
    };
    uint64_t more[SLICE / 64];
    segi_match run = {.kind = SEGI_MATCH_RANGE};
    for (size_t done = 0; done < count; done += SLICE) {
        size_t n = count - done < SLICE ? count - done : SLICE;
        uint64_t *out = bits + done / 64;
        for (uint32_t r = 0; r < m->run_count; r++) {
            run.low = m->runs[r][0];
            run.high = m->runs[r][1];
            match_range(&run, col, begin + done, n, r ? more : out);
            for (size_t i = 0; r && i < match_words(n); i++)
                out[i] |= more[i];
        }
    }
}

/* The table needs the stored value to be the code; other columns of codes are rare and go one by
 * one. */
static void match_codes(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                        uint64_t *bits)
{
    if (m->run_count) {
        match_runs(m, col, begin, count, bits);
    } else if (col->width == 0) {
        match_each(m, col, begin, count, bits);
    } else if (col->base == 0 && col->unit == 1) {
        segi_scan_table(col->width, col->data, begin, count, m->codes, m->code_count, bits);
    } else {
        match_each(m, col, begin, count, bits);
    }
}

/* Tests that only rows with a value can pass. A column of width 0 has one answer for all. */
static void match_set_rows(const segi_match *m, const segi_col *col, size_t begin, size_t count,
                           const uint64_t *among, uint64_t *bits)
{
    bool constant = col->width == 0 && m->kind != SEGI_MATCH_SET;
    if (constant) {
        segi_match plain = *m;
        plain.negated = false;
        if (segi_match_slot(&plain, col->base))
            segi_bits_fill(bits, count);
        else
            match_none(count, bits);
    } else {
        switch (m->kind) {
        case SEGI_MATCH_SET: segi_bits_fill(bits, count); break;
        case SEGI_MATCH_RANGE: match_range(m, col, begin, count, bits); break;
        case SEGI_MATCH_FLOAT:
            segi_scan_float(col->data, begin, count, m->float_low, m->float_high, m->low_open,
                            m->high_open, bits);
            break;
        case SEGI_MATCH_CODES: match_codes(m, col, begin, count, bits); break;
        case SEGI_MATCH_RADIUS:
        case SEGI_MATCH_POLYGON: match_places(m, col, begin, count, among, bits); break;
        default: match_each(m, col, begin, count, bits); break;
        }
    }
    if (m->negated) {
        for (size_t i = 0; i < match_words(count); i++)
            bits[i] = ~bits[i];
        if (count & 63)
            bits[count / 64] &= ((uint64_t)1 << (count & 63)) - 1;
    }
    if (col->set)
        segi_bits_and_extract(col->set, begin, count, bits);
}

void segi_match_rows(const segi_match *match, const segi_col *col, size_t begin, size_t count,
                     const uint64_t *among, uint64_t *bits)
{
    bool unknown = col == NULL || col->type == 0;
    switch (match->kind) {
    case SEGI_MATCH_NOTHING: match_none(count, bits); return;
    case SEGI_MATCH_IS_NULL:
        if (unknown || !col->null)
            match_none(count, bits);
        else
            segi_bits_extract(col->null, begin, count, bits);
        return;
    case SEGI_MATCH_IS_ABSENT:
        segi_bits_fill(bits, count);
        if (unknown)
            return;
        if (col->set)
            segi_bits_andnot_extract(col->set, begin, count, bits);
        else if (!col->none_set)
            match_none(count, bits);
        if (col->null)
            segi_bits_andnot_extract(col->null, begin, count, bits);
        return;
    default:
        if (unknown || col->none_set)
            match_none(count, bits);
        else
            match_set_rows(match, col, begin, count, among, bits);
        return;
    }
}

static bool match_float(const segi_match *m, double value)
{
    bool low = m->low_open ? value > m->float_low : value >= m->float_low;
    bool high = m->high_open ? value < m->float_high : value <= m->float_high;
    return low && high;
}

/* Binary search in the list. */
static bool match_in_slots(const segi_match *m, int64_t slot)
{
    uint32_t low = 0, high = m->slot_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (m->slots[middle] < slot)
            low = middle + 1;
        else
            high = middle;
    }
    return low < m->slot_count && m->slots[low] == slot;
}

bool segi_match_slot(const segi_match *m, int64_t slot)
{
    bool holds = false;
    switch (m->kind) {
    case SEGI_MATCH_SET: holds = true; break;
    case SEGI_MATCH_RANGE: holds = slot >= m->low && slot <= m->high; break;
    case SEGI_MATCH_FLOAT: holds = match_float(m, segi_slot_float(slot)); break;
    case SEGI_MATCH_SLOTS: holds = match_in_slots(m, slot); break;
    case SEGI_MATCH_CODES:
        holds = (uint64_t)slot < m->code_count && segi_bit_get(m->codes, (size_t)slot);
        break;
    case SEGI_MATCH_RADIUS:
    case SEGI_MATCH_POLYGON: holds = match_place(m, slot); break;
    default: return false;
    }
    return holds != m->negated;
}

/* Slots hold the bits of doubles: copied in slices that stay in cache, then scanned as such. */
static void match_vector_floats(const segi_match *m, const segi_vector *vector, uint32_t count,
                                uint64_t *bits)
{
    enum {
        SLICE = 1024
    };
    double values[SLICE];
    for (uint32_t done = 0; done < count; done += SLICE) {
        uint32_t n = count - done < SLICE ? count - done : SLICE;
        memcpy(values, vector->slots + done, n * sizeof *values);
        segi_scan_float(values, 0, n, m->float_low, m->float_high, m->low_open, m->high_open,
                        bits + done / 64);
    }
    for (size_t i = 0; i < match_words(count); i++)
        bits[i] &= vector->set[i];
}

/* As segi_match_rows(), for values that were worked out. */
void segi_match_vector(const segi_match *match, const segi_vector *vector, uint32_t count,
                       uint64_t *bits)
{
    size_t words = match_words(count);
    if (match->kind == SEGI_MATCH_IS_NULL) {
        memcpy(bits, vector->null, words * sizeof *bits);
        return;
    }
    if (match->kind == SEGI_MATCH_IS_ABSENT) {
        segi_bits_fill(bits, count);
        for (size_t i = 0; i < words; i++)
            bits[i] &= ~(vector->set[i] | vector->null[i]);
        return;
    }
    if (match->kind == SEGI_MATCH_RANGE && !match->negated) {
        segi_scan_signed(vector->slots, 0, count, match->low, match->high, bits);
        for (size_t i = 0; i < words; i++)
            bits[i] &= vector->set[i];
        return;
    }
    if (match->kind == SEGI_MATCH_FLOAT && !match->negated) {
        match_vector_floats(match, vector, count, bits);
        return;
    }
    match_none(count, bits);
    for (uint32_t i = 0; i < count; i++) {
        if (segi_bit_get(vector->set, i) && segi_match_slot(match, vector->slots[i]))
            segi_bit_set(bits, i);
    }
}
