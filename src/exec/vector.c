/* Dense vectors of values: arithmetic and comparison of values with values. */
#include <string.h>

#include "exec/exec_int.h"

double segi_slot_as_float(segi_value_type type, int64_t slot)
{
    if (type.type == SEG_TYPE_FLOAT64)
        return segi_slot_float(slot);
    return segi_decimal_float(slot, type.type == SEG_TYPE_DECIMAL ? type.scale : 0);
}

static bool arith_float(segi_arith op, double a, double b, double *out)
{
    switch (op) {
    case SEGI_PLUS: *out = a + b; break;
    case SEGI_MINUS: *out = a - b; break;
    case SEGI_TIMES: *out = a * b; break;
    default: *out = a / b; break;
    }
    /* Division by zero, and results beyond the doubles, are undefined values. */
    return *out - *out == 0;
}

/* Differences of instants and sums of durations are exact; what does not fit is an error. */
static bool arith_exact(segi_arith op, int64_t a, int64_t b, int64_t *out)
{
    return !(op == SEGI_PLUS ? segi_add_overflow(a, b, out) : segi_sub_overflow(a, b, out));
}

static bool arith_exact_slot(segi_worker *w, const segi_prep_value *value, int64_t left,
                             int64_t right, int64_t *out)
{
    *out = 0;
    if (arith_exact(value->node->arith, left, right, out))
        return true;
    segi_worker_fail(w, SEG_E_OVERFLOW, "a duration does not fit 64 bits");
    return false;
}

static bool arith_float_slot(const segi_prep_value *value, int64_t left, int64_t right,
                             int64_t *out)
{
    double result;
    *out = 0;
    if (!arith_float(value->node->arith, segi_slot_as_float(value->left->type, left),
                     segi_slot_as_float(value->right->type, right), &result))
        return false;
    *out = segi_slot_of_float(result);
    return true;
}

void segi_vector_arith(const segi_prep_value *value, const segi_vector *left,
                       const segi_vector *right, uint32_t count, segi_vector *out, segi_worker *w)
{
    bool exact = value->type.type != SEG_TYPE_FLOAT64;
    memset(out->null, 0, (count + 63) / 64 * sizeof *out->null);
    for (uint32_t word = 0; word * 64 < count; word++) {
        uint64_t both = left->set[word] & right->set[word], defined = 0;
        for (; both; both &= both - 1) {
            uint32_t i = word * 64 + (uint32_t)segi_ctz(both);
            if (i >= count)
                break;
            bool ok =
                exact ? arith_exact_slot(w, value, left->slots[i], right->slots[i], &out->slots[i])
                      : arith_float_slot(value, left->slots[i], right->slots[i], &out->slots[i]);
            defined |= (uint64_t)ok << (i & 63);
        }
        out->set[word] = defined;
    }
}

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

static int compare_slots(segi_value_type a_type, int64_t a, segi_value_type b_type, int64_t b)
{
    if (a_type.type == SEG_TYPE_FLOAT64 || b_type.type == SEG_TYPE_FLOAT64) {
        double x = segi_slot_as_float(a_type, a), y = segi_slot_as_float(b_type, b);
        return x < y ? -1 : x > y;
    }
    if (a_type.type == SEG_TYPE_DECIMAL || b_type.type == SEG_TYPE_DECIMAL) {
        int32_t a_scale = a_type.type == SEG_TYPE_DECIMAL ? a_type.scale : 0;
        int32_t b_scale = b_type.type == SEG_TYPE_DECIMAL ? b_type.scale : 0;
        return segi_decimal_compare(a, a_scale, b, b_scale);
    }
    return a < b ? -1 : a > b;
}

void segi_vector_compare(segi_compare op, segi_value_type left_type, const segi_vector *left,
                         segi_value_type right_type, const segi_vector *right, uint32_t count,
                         uint64_t *bits)
{
    for (uint32_t word = 0; word * 64 < count; word++) {
        uint64_t both = left->set[word] & right->set[word], result = 0;
        for (; both; both &= both - 1) {
            uint32_t i = word * 64 + (uint32_t)segi_ctz(both);
            if (i >= count)
                break;
            if (compare_holds(
                    op, compare_slots(left_type, left->slots[i], right_type, right->slots[i])))
                result |= (uint64_t)1 << (i & 63);
        }
        bits[word] = result;
    }
}
