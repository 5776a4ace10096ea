/* Dense vectors of values: arithmetic and comparison of values with values.
 *
 * Whole numbers and decimals compare exactly, whatever their scales; beside a float both sides are
 * taken as the nearest doubles. Arithmetic on numbers gives floats, on instants and durations whole
 * microseconds. Loops run over all places, defined or not, because that is faster than to ask;
 * undefined places are masked at the end. */
#include <string.h>

#include "base/text.h"
#include "exec/exec_int.h"

/* Doubles below zero count down as their bits count up. There is one zero only, the store keeps no
 * negative one. */
int64_t segi_slot_key(segi_value_type type, int64_t slot)
{
    if (type.type != SEG_TYPE_FLOAT64 || slot >= 0)
        return slot;
    return (int64_t)(~(uint64_t)slot ^ ((uint64_t)1 << 63));
}

double segi_slot_as_float(segi_value_type type, int64_t slot)
{
    if (type.type == SEG_TYPE_FLOAT64)
        return segi_slot_float(slot);
    return segi_decimal_float(slot, type.type == SEG_TYPE_DECIMAL ? type.scale : 0);
}

/* ---- comparison ---- */

/* order: below, at or above zero as the left side is less, equal or greater. */
static bool compare_holds(segi_compare op, int order)
{
    switch (op) {
    case SEGI_EQ: return order == 0;
    case SEGI_NE: return order != 0;
    case SEGI_LT: return order < 0;
    case SEGI_LE: return order <= 0;
    case SEGI_GT: return order > 0;
    default: return order >= 0;
    }
}

bool segi_text_compare(segi_compare op, const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t least = a_size < b_size ? a_size : b_size;
    int order = least ? memcmp(a, b, least) : 0;
    if (order == 0)
        order = a_size < b_size ? -1 : a_size > b_size;
    return compare_holds(op, order);
}

/* Decimals of different scales: exact, one by one. */
static void compare_decimals(segi_compare op, int32_t left_scale, const segi_vector *left,
                             int32_t right_scale, const segi_vector *right, uint32_t count,
                             uint64_t *bits)
{
    for (uint32_t i = 0; i < count; i++) {
        int order = segi_decimal_compare(left->slots[i], left_scale, right->slots[i], right_scale);
        if (compare_holds(op, order))
            segi_bit_set(bits, i);
    }
}

#define COMPARE_LOOP(OPERATOR)                                                                     \
    for (uint32_t i = 0; i < count; i++)                                                           \
    bits[i >> 6] |= (uint64_t)(a[i] OPERATOR b[i]) << (i & 63)

SEGI_HOT static void compare_exact(segi_compare op, const int64_t *a, const int64_t *b,
                                   uint32_t count, uint64_t *bits)
{
    switch (op) {
    case SEGI_EQ: COMPARE_LOOP(==); break;
    case SEGI_NE: COMPARE_LOOP(!=); break;
    case SEGI_LT: COMPARE_LOOP(<); break;
    case SEGI_LE: COMPARE_LOOP(<=); break;
    case SEGI_GT: COMPARE_LOOP(>); break;
    default: COMPARE_LOOP(>=); break;
    }
}

SEGI_HOT static void compare_floats(segi_compare op, const double *a, const double *b,
                                    uint32_t count, uint64_t *bits)
{
    switch (op) {
    case SEGI_EQ: COMPARE_LOOP(==); break;
    case SEGI_NE: COMPARE_LOOP(!=); break;
    case SEGI_LT: COMPARE_LOOP(<); break;
    case SEGI_LE: COMPARE_LOOP(<=); break;
    case SEGI_GT: COMPARE_LOOP(>); break;
    default: COMPARE_LOOP(>=); break;
    }
}

/* Slots become doubles in slices that stay in cache. */
enum {
    VECTOR_SLICE = 1024
};

SEGI_HOT static void vector_floats(segi_value_type type, const int64_t *slots, uint32_t count,
                                   double *out)
{
    if (type.type == SEG_TYPE_FLOAT64) {
        memcpy(out, slots, count * sizeof *out);
    } else if (type.type == SEG_TYPE_DECIMAL && type.scale > 0) {
        double scale = (double)segi_pow10(type.scale);
        for (uint32_t i = 0; i < count; i++)
            out[i] = (double)slots[i] / scale;
    } else {
        for (uint32_t i = 0; i < count; i++)
            out[i] = (double)slots[i];
    }
}

/* Digits behind the point. */
static int32_t vector_scale(segi_value_type type)
{
    return type.type == SEG_TYPE_DECIMAL ? type.scale : 0;
}

void segi_vector_compare(segi_compare op, segi_value_type left_type, const segi_vector *left,
                         segi_value_type right_type, const segi_vector *right, uint32_t count,
                         uint64_t *bits)
{
    size_t words = ((size_t)count + 63) / 64;
    memset(bits, 0, words * sizeof *bits);
    if (left_type.type == SEG_TYPE_FLOAT64 || right_type.type == SEG_TYPE_FLOAT64) {
        double a[VECTOR_SLICE], b[VECTOR_SLICE];
        for (uint32_t done = 0; done < count; done += VECTOR_SLICE) {
            uint32_t n = count - done < VECTOR_SLICE ? count - done : VECTOR_SLICE;
            vector_floats(left_type, left->slots + done, n, a);
            vector_floats(right_type, right->slots + done, n, b);
            compare_floats(op, a, b, n, bits + done / 64);
        }
    } else if (vector_scale(left_type) == vector_scale(right_type)) {
        compare_exact(op, left->slots, right->slots, count, bits);
    } else {
        compare_decimals(op, vector_scale(left_type), left, vector_scale(right_type), right, count,
                         bits);
    }
    /* Undefined values hold arbitrary slots. */
    for (size_t i = 0; i < words; i++)
        bits[i] &= left->set[i] & right->set[i];
}

/* ---- arithmetic ---- */

#define ARITH_LOOP(OPERATOR)                                                                       \
    for (uint32_t i = 0; i < count; i++)                                                           \
    out[i] = a[i] OPERATOR b[i]

SEGI_HOT static void arith_floats(segi_arith op, const double *a, const double *b, uint32_t count,
                                  double *out)
{
    switch (op) {
    case SEGI_PLUS: ARITH_LOOP(+); break;
    case SEGI_MINUS: ARITH_LOOP(-); break;
    case SEGI_TIMES: ARITH_LOOP(*); break;
    default: ARITH_LOOP(/); break;
    }
}

/* Division by zero, and results beyond the doubles, are undefined values. -0.0 becomes 0.0. */
SEGI_HOT static void arith_results(const double *values, uint32_t count, int64_t *slots,
                                   uint64_t *set)
{
    for (uint32_t i = 0; i < count; i++) {
        double value = values[i] + 0.0;
        uint64_t finite = value - value == 0;
        memcpy(&slots[i], &value, sizeof value);
        set[i >> 6] |= finite << (i & 63);
    }
}

/* Whole microseconds; an overflow is an error and no wrapped value (S-16). */
static void arith_exact(segi_worker *w, segi_arith op, const segi_vector *left,
                        const segi_vector *right, uint32_t count, segi_vector *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!segi_bit_get(left->set, i) || !segi_bit_get(right->set, i))
            continue;
        int64_t a = left->slots[i], b = right->slots[i];
        if (op == SEGI_PLUS ? segi_add_overflow(a, b, &out->slots[i])
                            : segi_sub_overflow(a, b, &out->slots[i]))
            segi_worker_fail(w, SEG_E_OVERFLOW, "a duration does not fit 64 bits");
        segi_bit_set(out->set, i);
    }
}

/* `out` may be neither of the operands. */
void segi_vector_arith(const segi_prep_value *value, const segi_vector *left,
                       const segi_vector *right, uint32_t count, segi_vector *out, segi_worker *w)
{
    size_t words = ((size_t)count + 63) / 64;
    memset(out->null, 0, words * sizeof *out->null);
    memset(out->set, 0, words * sizeof *out->set);
    if (value->type.type != SEG_TYPE_FLOAT64) { /* instants and durations */
        arith_exact(w, value->node->arith, left, right, count, out);
        return;
    }
    double a[VECTOR_SLICE], b[VECTOR_SLICE];
    for (uint32_t done = 0; done < count; done += VECTOR_SLICE) {
        uint32_t n = count - done < VECTOR_SLICE ? count - done : VECTOR_SLICE;
        vector_floats(value->left->type, left->slots + done, n, a);
        vector_floats(value->right->type, right->slots + done, n, b);
        arith_floats(value->node->arith, a, b, n, a);
        arith_results(a, n, out->slots + done, out->set + done / 64);
    }
    for (size_t i = 0; i < words; i++)
        out->set[i] &= left->set[i] & right->set[i];
}
