/* Decimals need products beyond 64 bits: this file may use the compiler's 128-bit integer. */
#include "base/number.h"

#include "base/text.h"

__extension__ typedef __int128 number_wide;

/* The coarser one is brought to the finer scale: 2^63 x 10^18 stays below 2^123. */
int segi_decimal_compare(int64_t a, int32_t a_scale, int64_t b, int32_t b_scale)
{
    number_wide x = a, y = b;
    if (a_scale < b_scale)
        x *= segi_pow10(b_scale - a_scale);
    else
        y *= segi_pow10(a_scale - b_scale);
    return x < y ? -1 : x > y;
}

/* Division in C rounds towards zero, so negative quotients with a rest go one down. */
int segi_decimal_floor(int64_t mantissa, int32_t from, int32_t to, int64_t *out, bool *out_exact)
{
    *out_exact = true;
    if (to >= from) {
        number_wide x = (number_wide)mantissa * segi_pow10(to - from);
        if (x > INT64_MAX || x < INT64_MIN)
            return x > 0 ? 1 : -1;
        *out = (int64_t)x;
        return 0;
    }
    int64_t divisor = segi_pow10(from - to);
    int64_t quotient = mantissa / divisor, rest = mantissa % divisor;
    if (rest != 0) {
        *out_exact = false;
        if (rest < 0)
            quotient--;
    }
    *out = quotient;
    return 0;
}

double segi_decimal_float(int64_t mantissa, int32_t scale)
{
    return scale ? (double)mantissa / (double)segi_pow10(scale) : (double)mantissa;
}

/* `error` is what the addition lost, exactly (Knuth, The Art of Computer Programming, 4.2.2). */
void segi_float_sum_add(segi_float_sum *sum, double value)
{
    double s = sum->high + value;
    double bb = s - sum->high;
    double error = (sum->high - (s - bb)) + (value - bb);
    sum->low += error;
    /* Renormalise so that low stays below half a unit of high's last place. */
    double high = s + sum->low;
    sum->low = sum->low - (high - s);
    sum->high = high;
}

double segi_float_sum_get(const segi_float_sum *sum)
{
    return sum->high + sum->low;
}
