/* Scans of narrow columns into bits: the innermost loops of every attribute and property test. */
#ifndef SEGI_SCAN_H
#define SEGI_SCAN_H

#include <stddef.h>
#include <stdint.h>

/* bits[i] = low <= data[begin + i] <= high for i < count, unsigned values of `width` bytes (1, 2,
 * 4, 8). Writes (count + 63) / 64 words; bits past count are clear. Arrays have 64
 * bytes behind the last value that a loop may read; today none does. */
void segi_scan_range(uint32_t width, const void *data, size_t begin, size_t count, uint64_t low,
                     uint64_t high, uint64_t *bits);
/* The same for signed 64-bit values. */
void segi_scan_signed(const int64_t *data, size_t begin, size_t count, int64_t low, int64_t high,
                      uint64_t *bits);
/* The same for doubles; bounds are included unless open. */
void segi_scan_float(const double *data, size_t begin, size_t count, double low, double high,
                     int low_open, int high_open, uint64_t *bits);
/* bits[i] = table bit of data[begin + i], which is below table_bits, else 0. */
void segi_scan_table(uint32_t width, const void *data, size_t begin, size_t count,
                     const uint64_t *table, uint64_t table_bits, uint64_t *bits);
/* bits[i] = (data[begin + i] & mask) != 0, and == mask. */
void segi_scan_any(uint32_t width, const void *data, size_t begin, size_t count, uint64_t mask,
                   uint64_t *bits);
void segi_scan_all(uint32_t width, const void *data, size_t begin, size_t count, uint64_t mask,
                   uint64_t *bits);

/* A box over values that are two numbers of 32 bits: bits[i] = (x - low <= span) and
 * ((x << 32) - lower_low <= lower_span), where x is data[begin + i], all modulo 2^64. */
typedef struct segi_scan_box {
    uint64_t low, span;             /* of the whole value, which orders by its upper half */
    uint64_t lower_low, lower_span; /* of the lower half, shifted up by 32 */
} segi_scan_box;
void segi_scan_boxes(const uint64_t *data, size_t begin, size_t count, const segi_scan_box *box,
                     uint64_t *bits);

/* Words of bits [begin, begin + count) of source, moved to bit 0. */
void segi_bits_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out);
/* out &= that, out &= ~that. */
void segi_bits_and_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out);
void segi_bits_andnot_extract(const uint64_t *source, size_t begin, size_t count, uint64_t *out);
/* The first count bits set, the rest of the last word clear. */
void segi_bits_fill(uint64_t *out, size_t count);

/* values[i] of each bit i that is set in `words`, in order; returns how many. There are 64 values
 * for each word, and all of them may be read. */
size_t segi_bits_pick(const uint64_t *words, size_t word_count, const uint64_t *values,
                      uint64_t *out);

/* tally[i] += base + the next of `values`, for each bit i that is set in `words`, stopping at 255.
 * values may be NULL, for zeros; else 64 bytes past the last one can be read. */
void segi_bits_tally(const uint64_t *words, size_t word_count, const uint8_t *values, uint8_t base,
                     uint8_t *tally);

/* The users of `words` have base + the next of `values` rows each, one after the other. Of those
 * who are in `wanted` too: their bits, where their rows begin and how many they are; returns how
 * many users. values may be NULL, for zeros; else 64 bytes past the last one can be read. */
typedef struct segi_bits_run {
    uint32_t bit, row, count;
} segi_bits_run;
size_t segi_bits_runs(const uint64_t *words, const uint64_t *wanted, size_t word_count,
                      const uint8_t *values, uint8_t base, segi_bits_run *out);

/* Up to SEGI_SORT_FEW values put in rising order. */
#define SEGI_SORT_FEW ((size_t)32)
void segi_sort_few(int64_t *values, size_t count);

#endif
