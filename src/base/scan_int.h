/* Private to the scans: which instructions to use. */
#ifndef SEGI_SCAN_INT_H
#define SEGI_SCAN_INT_H

#include <stdbool.h>

#include "base/scan.h"

#define SEGI_SCAN_PLAIN 0
#define SEGI_SCAN_AVX2 1
#define SEGI_SCAN_AVX512 2
#define SEGI_SCAN_VBMI2 3 /* AVX-512 that spreads bytes, too */

/* The best level of this processor. */
int segi_scan_level(void);
/* bits of x - low <= span for the first values; how many were done, a multiple of 64 or all. */
size_t segi_scan_range_x86(int level, uint32_t width, const void *data, size_t count, uint64_t low,
                           uint64_t span, uint64_t *bits);
/* All of segi_scan_any(), or false where the level has no form of it. */
bool segi_scan_any_x86(int level, uint32_t width, const void *data, size_t count, uint64_t mask,
                       uint64_t *bits);
/* All of segi_scan_boxes(), or false. */
bool segi_scan_boxes_x86(int level, const uint64_t *data, size_t count, const segi_scan_box *box,
                         uint64_t *bits);
/* segi_bits_pick() of the first words; how many of them were done, their values in *out_count.
 * `total` is the number of all set bits. */
size_t segi_bits_pick_x86(int level, const uint64_t *words, size_t word_count, size_t total,
                          const uint64_t *values, uint64_t *out, size_t *out_count);
/* All of segi_bits_tally(), or false. */
bool segi_bits_tally_x86(int level, const uint64_t *words, size_t word_count, const uint8_t *values,
                         uint8_t base, uint8_t *tally);
/* All of segi_bits_runs(), or false. */
bool segi_bits_runs_x86(int level, const uint64_t *words, const uint64_t *wanted, size_t word_count,
                        const uint8_t *values, uint8_t base, segi_bits_run *out, size_t *out_count);
/* All of segi_sort_few(), or false. */
bool segi_sort_few_x86(int level, int64_t *values, size_t count);
/* Some at a chosen level, for the tests that compare them. */
void segi_scan_range_at(int level, uint32_t width, const void *data, size_t begin, size_t count,
                        uint64_t low, uint64_t high, uint64_t *bits);
void segi_scan_boxes_at(int level, const uint64_t *data, size_t begin, size_t count,
                        const segi_scan_box *box, uint64_t *bits);
size_t segi_bits_pick_at(int level, const uint64_t *words, size_t word_count,
                         const uint64_t *values, uint64_t *out);
void segi_bits_tally_at(int level, const uint64_t *words, size_t word_count, const uint8_t *values,
                        uint8_t base, uint8_t *tally);
size_t segi_bits_runs_at(int level, const uint64_t *words, const uint64_t *wanted,
                         size_t word_count, const uint8_t *values, uint8_t base,
                         segi_bits_run *out);
void segi_sort_few_at(int level, int64_t *values, size_t count);

#endif
