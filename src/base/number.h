/* Exact comparison and scaling of decimals: mantissa x 10^-scale, scale 0 .. 18. */
#ifndef SEGI_NUMBER_H
#define SEGI_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* -1, 0 or 1 as a < b, a == b, a > b. */
int segi_decimal_compare(int64_t a, int32_t a_scale, int64_t b, int32_t b_scale);

/* Largest integer q with q x 10^-to <= mantissa x 10^-from. Returns 0, or the sign of q where it
 * lies beyond int64 (then *out is not set). *out_exact tells whether both sides are equal. */
int segi_decimal_floor(int64_t mantissa, int32_t from, int32_t to, int64_t *out, bool *out_exact);

/* The double nearest to mantissa / 10^scale, as one IEEE division. */
double segi_decimal_float(int64_t mantissa, int32_t scale);

/* ---- sums of doubles, rounded once ----
 * Double-double accumulation (Dekker and Knuth's exact two-sum): about 106 bits, so that the
 * rounded result does not depend on the order of everyday sums. */
typedef struct segi_float_sum {
    double high, low;
} segi_float_sum;
void segi_float_sum_add(segi_float_sum *sum, double value);
double segi_float_sum_get(const segi_float_sum *sum);

#endif
