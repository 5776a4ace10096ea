/* Plain loops: one word of 64 answers at a time, without branches, so that compilers turn them
 * into vector compares. Ranges, which most tests become, have loops of their own in scan_x86.c. */
#include "base/bits.h"
#include "base/scan_int.h"

#include <string.h>

/* 64 bytes that are 0 or 1 as the bits of a word: each multiplication gathers eight of them. */
static inline uint64_t scan_pack(const uint8_t *flags)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++) {
        uint64_t eight;
        memcpy(&eight, flags + 8 * k, sizeof eight);
        word |= (eight * UINT64_C(0x0102040810204080) >> 56) << (8 * k);
    }
    return word;
}

/* The loop of all scans: TEST is an expression of x that is 0 or 1. Whole words go by way of
 * bytes, which vectorise; the last, partial word bit by bit. */
#define SCAN_LOOP(T, TEST)                                                                         \
    do {                                                                                           \
        const T *v = (const T *)data + begin;                                                      \
        size_t i = 0;                                                                              \
        for (; i + 64 <= count; i += 64) {                                                         \
            uint8_t flags[64];                                                                     \
            for (unsigned j = 0; j < 64; j++) {                                                    \
                T x = v[i + j];                                                                    \
                flags[j] = (TEST);                                                                 \
            }                                                                                      \
            bits[i / 64] = scan_pack(flags);                                                       \
        }                                                                                          \
        if (i < count) {                                                                           \
            uint64_t word = 0;                                                                     \
            for (unsigned j = 0; i + j < count; j++) {                                             \
                T x = v[i + j];                                                                    \
                word |= (uint64_t)(TEST) << j;                                                     \
            }                                                                                      \
            bits[i / 64] = word;                                                                   \
        }                                                                                          \
    } while (0)

/* The widest stored value of a width. */
static uint64_t scan_top(uint32_t width)
{
    return width >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
}

/* low <= x <= high as one comparison: x - low wraps round for what lies below and is then too
 * large. */
SEGI_HOT static void scan_range_plain(uint32_t width, const void *data, size_t begin, size_t count,
                                      uint64_t low, uint64_t span, uint64_t *bits)
{
    switch (width) {
    case 1: {
        uint8_t l = (uint8_t)low, s = (uint8_t)span;
        SCAN_LOOP(uint8_t, (uint8_t)(x - l) <= s);
        break;
    }
    case 2: {
        uint16_t l = (uint16_t)low, s = (uint16_t)span;
        SCAN_LOOP(uint16_t, (uint16_t)(x - l) <= s);
        break;
    }
    case 4: {
        uint32_t l = (uint32_t)low, s = (uint32_t)span;
        SCAN_LOOP(uint32_t, x - l <= s);
        break;
    }
    default: SCAN_LOOP(uint64_t, x - low <= span); break;
    }
}

/* Bounds are cut to what the width can hold first, because the loops compare in the width. */
void segi_scan_range_at(int level, uint32_t width, const void *data, size_t begin, size_t count,
                        uint64_t low, uint64_t high, uint64_t *bits)
{
    uint64_t top = scan_top(width);
    if (low > high || low > top) {
        memset(bits, 0, (count + 63) / 64 * sizeof *bits);
        return;
    }
    if (high > top)
        high = top;
    const unsigned char *first = (const unsigned char *)data + begin * width;
    size_t done = segi_scan_range_x86(level, width, first, count, low, high - low, bits);
    if (done < count)
        scan_range_plain(width, data, begin + done, count - done, low, high - low,
                         bits + done / 64);
}

void segi_scan_range(uint32_t width, const void *data, size_t begin, size_t count, uint64_t low,
                     uint64_t high, uint64_t *bits)
{
    segi_scan_range_at(segi_scan_level(), width, data, begin, count, low, high, bits);
}

void segi_scan_signed(const int64_t *data, size_t begin, size_t count, int64_t low, int64_t high,
                      uint64_t *bits)
{
    if (low > high) {
        memset(bits, 0, (count + 63) / 64 * sizeof *bits);
        return;
    }
    /* x - low <= high - low holds for signed numbers too, all three modulo 2^64. */
    uint64_t first = (uint64_t)low, span = (uint64_t)high - (uint64_t)low;
    size_t done = segi_scan_range_x86(segi_scan_level(), 8, data + begin, count, first, span, bits);
    if (done < count)
        scan_range_plain(8, data, begin + done, count - done, first, span, bits + done / 64);
}

/* NaN fails every comparison. `&` instead of `&&` keeps the loop free of branches. */
SEGI_HOT static void scan_float_plain(const double *data, size_t begin, size_t count, double low,
                                      double high, int low_open, int high_open, uint64_t *bits)
{
    if (low_open && high_open)
        SCAN_LOOP(double, (x > low) & (x < high));
    else if (low_open)
        SCAN_LOOP(double, (x > low) & (x <= high));
    else if (high_open)
        SCAN_LOOP(double, (x >= low) & (x < high));
    else
        SCAN_LOOP(double, (x >= low) & (x <= high));
}

void segi_scan_float(const double *data, size_t begin, size_t count, double low, double high,
                     int low_open, int high_open, uint64_t *bits)
{
    scan_float_plain(data, begin, count, low, high, low_open, high_open, bits);
}

/* Values past the table are those that came after it was made. */
SEGI_HOT static void scan_table_plain(uint32_t width, const void *data, size_t begin, size_t count,
                                      const uint64_t *table, uint64_t table_bits, uint64_t *bits)
{
#define SCAN_IN_TABLE (x < table_bits && ((table[x >> 6] >> (x & 63)) & 1))
    switch (width) {
    case 1: SCAN_LOOP(uint8_t, SCAN_IN_TABLE); break;
    case 2: SCAN_LOOP(uint16_t, SCAN_IN_TABLE); break;
    case 4: SCAN_LOOP(uint32_t, SCAN_IN_TABLE); break;
    default: SCAN_LOOP(uint64_t, SCAN_IN_TABLE); break;
    }
#undef SCAN_IN_TABLE
}

void segi_scan_table(uint32_t width, const void *data, size_t begin, size_t count,
                     const uint64_t *table, uint64_t table_bits, uint64_t *bits)
{
    scan_table_plain(width, data, begin, count, table, table_bits, bits);
}

SEGI_HOT static void scan_any_plain(uint32_t width, const void *data, size_t begin, size_t count,
                                    uint64_t mask, uint64_t *bits)
{
    switch (width) {
    case 1: SCAN_LOOP(uint8_t, (x & mask) != 0); break;
    case 2: SCAN_LOOP(uint16_t, (x & mask) != 0); break;
    case 4: SCAN_LOOP(uint32_t, (x & mask) != 0); break;
    default: SCAN_LOOP(uint64_t, (x & mask) != 0); break;
    }
}

void segi_scan_any(uint32_t width, const void *data, size_t begin, size_t count, uint64_t mask,
                   uint64_t *bits)
{
    const unsigned char *first = (const unsigned char *)data + begin * width;
    if (!segi_scan_any_x86(segi_scan_level(), width, first, count, mask, bits))
        scan_any_plain(width, data, begin, count, mask, bits);
}

SEGI_HOT static void scan_all_plain(uint32_t width, const void *data, size_t begin, size_t count,
                                    uint64_t mask, uint64_t *bits)
{
    switch (width) {
    case 1: SCAN_LOOP(uint8_t, (x & mask) == mask); break;
    case 2: SCAN_LOOP(uint16_t, (x & mask) == mask); break;
    case 4: SCAN_LOOP(uint32_t, (x & mask) == mask); break;
    default: SCAN_LOOP(uint64_t, (x & mask) == mask); break;
    }
}

void segi_scan_all(uint32_t width, const void *data, size_t begin, size_t count, uint64_t mask,
                   uint64_t *bits)
{
    scan_all_plain(width, data, begin, count, mask, bits);
}

SEGI_HOT static void scan_boxes_plain(const uint64_t *data, size_t begin, size_t count,
                                      const segi_scan_box *box, uint64_t *bits)
{
    const segi_scan_box b = *box;
    SCAN_LOOP(uint64_t, (x - b.low <= b.span) & ((x << 32) - b.lower_low <= b.lower_span));
}

void segi_scan_boxes_at(int level, const uint64_t *data, size_t begin, size_t count,
                        const segi_scan_box *box, uint64_t *bits)
{
    if (!segi_scan_boxes_x86(level, data + begin, count, box, bits))
        scan_boxes_plain(data, begin, count, box, bits);
}

void segi_scan_boxes(const uint64_t *data, size_t begin, size_t count, const segi_scan_box *box,
                     uint64_t *bits)
{
    segi_scan_boxes_at(segi_scan_level(), data, begin, count, box, bits);
}

/* The last word is written where it is a partial one. */
void segi_bits_fill(uint64_t *out, size_t count)
{
    memset(out, 0xFF, count / 64 * sizeof *out);
    if (count & 63)
        out[count / 64] = ((uint64_t)1 << (count & 63)) - 1;
}

/* Word i of the extract; the source has bits up to begin + count. */
static uint64_t extract_word(const uint64_t *source, size_t begin, size_t count, size_t i)
{
    size_t at = begin + i * 64;
    size_t left = count - i * 64;
    unsigned shift = at & 63;
    uint64_t word = source[at >> 6] >> shift;
    if (shift && left > 64 - shift)
        word |= source[(at >> 6) + 1] << (64 - shift);
    if (left < 64)
        word &= ((uint64_t)1 << left) - 1;
    return word;
}

void segi_bits_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out)
{
    for (size_t i = 0; i * 64 < count; i++)
        out[i] = extract_word(source, begin, count, i);
}

void segi_bits_and_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out)
{
    for (size_t i = 0; i * 64 < count; i++)
        out[i] &= extract_word(source, begin, count, i);
}

void segi_bits_andnot_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out)
{
    for (size_t i = 0; i * 64 < count; i++)
        out[i] &= ~extract_word(source, begin, count, i);
}

SEGI_HOT static size_t pick_plain(const uint64_t *words, size_t word_count, const uint64_t *values,
                                  uint64_t *out)
{
    size_t done = 0;
    for (size_t i = 0; i < word_count; i++)
        for (uint64_t word = words[i]; word; word &= word - 1)
            out[done++] = values[i * 64 + (size_t)segi_ctz(word)];
    return done;
}

size_t segi_bits_pick_at(int level, const uint64_t *words, size_t word_count,
                         const uint64_t *values, uint64_t *out)
{
    size_t total = segi_bits_count_range(words, 0, word_count * 64);
    size_t done = 0;
    size_t i = segi_bits_pick_x86(level, words, word_count, total, values, out, &done);
    return done + pick_plain(words + i, word_count - i, values + i * 64, out + done);
}

size_t segi_bits_pick(const uint64_t *words, size_t word_count, const uint64_t *values,
                      uint64_t *out)
{
    return segi_bits_pick_at(segi_scan_level(), words, word_count, values, out);
}

SEGI_HOT static void tally_plain(const uint64_t *words, size_t word_count, const uint8_t *values,
                                 uint8_t base, uint8_t *tally)
{
    for (size_t i = 0; i < word_count; i++) {
        for (uint64_t word = words[i]; word; word &= word - 1) {
            uint8_t *sum = &tally[i * 64 + (size_t)segi_ctz(word)];
            uint32_t more = *sum + (uint32_t)base + (values ? *values++ : 0);
            *sum = (uint8_t)(more > 255 ? 255 : more);
        }
    }
}

void segi_bits_tally_at(int level, const uint64_t *words, size_t word_count, const uint8_t *values,
                        uint8_t base, uint8_t *tally)
{
    if (!segi_bits_tally_x86(level, words, word_count, values, base, tally))
        tally_plain(words, word_count, values, base, tally);
}

void segi_bits_tally(const uint64_t *words, size_t word_count, const uint8_t *values, uint8_t base,
                     uint8_t *tally)
{
    segi_bits_tally_at(segi_scan_level(), words, word_count, values, base, tally);
}

static void sort_plain(int64_t *values, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        int64_t value = values[i];
        size_t k = i;
        for (; k > 0 && values[k - 1] > value; k--)
            values[k] = values[k - 1];
        values[k] = value;
    }
}

void segi_sort_few_at(int level, int64_t *values, size_t count)
{
    if (!segi_sort_few_x86(level, values, count))
        sort_plain(values, count);
}

void segi_sort_few(int64_t *values, size_t count)
{
    segi_sort_few_at(segi_scan_level(), values, count);
}

SEGI_HOT static size_t runs_plain(const uint64_t *words, const uint64_t *wanted, size_t word_count,
                                  const uint8_t *values, uint8_t base, segi_bits_run *out)
{
    size_t done = 0;
    uint32_t row = 0;
    for (size_t i = 0; i < word_count; i++) {
        for (uint64_t word = words[i]; word; word &= word - 1) {
            uint32_t bit = (uint32_t)segi_ctz(word), count = base + (values ? *values++ : 0u);
            if (wanted[i] >> bit & 1)
                out[done++] = (segi_bits_run){(uint32_t)(i * 64) + bit, row, count};
            row += count;
        }
    }
    return done;
}

size_t segi_bits_runs_at(int level, const uint64_t *words, const uint64_t *wanted,
                         size_t word_count, const uint8_t *values, uint8_t base, segi_bits_run *out)
{
    size_t done;
    if (segi_bits_runs_x86(level, words, wanted, word_count, values, base, out, &done))
        return done;
    return runs_plain(words, wanted, word_count, values, base, out);
}

size_t segi_bits_runs(const uint64_t *words, const uint64_t *wanted, size_t word_count,
                      const uint8_t *values, uint8_t base, segi_bits_run *out)
{
    return segi_bits_runs_at(segi_scan_level(), words, wanted, word_count, values, base, out);
}
