/* check_arith.c - sums, differences, products and quotients get their types; constants are folded.
 *
 * Written numbers stay exact as long as they can: int64 or decimal, folded exactly where the
 * result is exact; only meeting a float64 makes one of them. Exactness is a promise of the
 * language: 0.1 + 0.2 = 0.3 holds for what is written. */
#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "lang/checker.h"

/* a op b without loss; false where there is none. */
static bool fold_exact(segi_arith op, segi_literal a, segi_literal b, segi_literal *out)
{
    int32_t scale = a.type.scale > b.type.scale ? a.type.scale : b.type.scale;
    if (op == SEGI_TIMES) {
        scale = a.type.scale + b.type.scale;
        if (scale > 18 || segi_mul_overflow(a.slot, b.slot, &out->slot))
            return false;
    } else if (op == SEGI_DIVIDE) {
        if (!segi_decimal_rescale(a.slot, a.type.scale, scale, &a.slot) ||
            !segi_decimal_rescale(b.slot, b.type.scale, scale, &b.slot) || b.slot == -1)
            return false;
        for (scale = 0; a.slot % b.slot != 0; scale++) {
            if (scale == 18 || segi_mul_overflow(a.slot, 10, &a.slot))
                return false;
        }
        out->slot = a.slot / b.slot;
    } else if (!segi_decimal_rescale(a.slot, a.type.scale, scale, &a.slot) ||
               !segi_decimal_rescale(b.slot, b.type.scale, scale, &b.slot) ||
               (op == SEGI_PLUS ? segi_add_overflow(a.slot, b.slot, &out->slot)
                                : segi_sub_overflow(a.slot, b.slot, &out->slot))) {
        return false;
    }
    while (scale > 0 && out->slot % 10 == 0) {
        out->slot /= 10;
        scale--;
    }
    out->type = (segi_value_type){scale == 0 ? SEG_TYPE_INT64 : SEG_TYPE_DECIMAL, scale};
    return true;
}

/* Where the exact result does not fit, the operands are taken as floats, and as those they are
 * again exact numbers: the ones that they print as. So a constant folds the same when its printed
 * text is compiled. */
static bool fold_rounded(segi_arith op, const segi_literal *a, const segi_literal *b,
                         segi_literal *out)
{
    const segi_literal *both[2] = {a, b};
    segi_literal rounded[2];
    memset(rounded, 0, sizeof rounded);
    for (int i = 0; i < 2; i++) {
        char text[SEGI_FLOAT_TEXT_MAX];
        size_t size = segi_text_write_float(segi_literal_double(both[i]), text);
        bool negative = text[0] == '-';
        if (!segi_number_exact(text + negative, size - negative, negative, &rounded[i]))
            return false;
    }
    if (op == SEGI_DIVIDE && rounded[1].slot == 0)
        return false;
    return fold_exact(op, rounded[0], rounded[1], out);
}

/* A literal that fold_exact() may take. */
static bool is_exact(const segi_node *node)
{
    return segi_node_constant(node) &&
           (node->type.type == SEG_TYPE_INT64 || node->type.type == SEG_TYPE_DECIMAL);
}

/* The operation stays for run time. */
static segi_node *arith_node(segi_check *k, const segi_syn *syn, seg_type type, segi_node *left,
                             segi_node *right)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_ARITH, syn);
    if (node == NULL)
        return NULL;
    node->arith = syn->kind == SEGI_SYN_NEGATE ? SEGI_MINUS : (segi_arith)syn->op;
    node->type = segi_type_of(type);
    return segi_check_children(k, node, left, right, NULL) ? node : NULL;
}

/* Numbers compute as doubles at run time, so a literal that is not folded away becomes one here. */
static segi_node *arith_numbers(segi_check *k, const segi_syn *syn, segi_node *left,
                                segi_node *right)
{
    segi_arith op = syn->kind == SEGI_SYN_NEGATE ? SEGI_MINUS : (segi_arith)syn->op;
    segi_literal folded = segi_literal_of(0, 0);
    if (op == SEGI_DIVIDE && is_exact(right) && right->literal.slot == 0)
        return segi_check_fail(k, right->span_begin, right->span_size, SEG_E_TYPE,
                               "a division by zero");
    if (is_exact(left) && is_exact(right) &&
        (fold_exact(op, left->literal, right->literal, &folded) ||
         fold_rounded(op, &left->literal, &right->literal, &folded)))
        return segi_check_literal_node(k, syn, folded);
    segi_node *both[2] = {left, right};
    for (int i = 0; i < 2; i++) {
        if (!segi_node_constant(both[i]))
            continue;
        segi_literal_fit(&both[i]->literal, segi_type_of(SEG_TYPE_FLOAT64));
        both[i]->type = both[i]->literal.type;
    }
    return arith_node(k, syn, SEG_TYPE_FLOAT64, left, right);
}

/* A sum that overflows is left to run time, where it is SEG_E_OVERFLOW as every other one
 * (S-16). */
static segi_node *arith_durations(segi_check *k, const segi_syn *syn, segi_node *left,
                                  segi_node *right)
{
    segi_literal sum = left->literal;
    if (segi_node_constant(left) && segi_node_constant(right)) {
        bool overflow = syn->op == SEGI_PLUS
                            ? segi_add_overflow(left->literal.slot, right->literal.slot, &sum.slot)
                            : segi_sub_overflow(left->literal.slot, right->literal.slot, &sum.slot);
        if (!overflow)
            return segi_check_literal_node(k, syn, sum);
    }
    return arith_node(k, syn, SEGI_TYPE_DURATION, left, right);
}

/* instant + duration, instant - duration */
static segi_node *check_shift(segi_check *k, const segi_syn *syn, segi_node *instant,
                              const segi_syn *duration)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_SHIFT, syn);
    if (node == NULL || !segi_check_number(k, duration->u.duration.count, &node->shift.count))
        return NULL;
    node->shift.unit = duration->u.duration.unit;
    node->arith = (segi_arith)syn->op;
    if (!segi_is_gap(node->shift.count) && node->shift.count < 0) {
        node->shift.count = -node->shift.count;
        node->arith = node->arith == SEGI_PLUS ? SEGI_MINUS : SEGI_PLUS;
    }
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_check_window_default(k, &node->window);
    return segi_check_children(k, node, instant, NULL, NULL) ? node : NULL;
}

/* Only + and - of something else than numbers have a meaning at all. */
static void *fail_arith(segi_check *k, const segi_syn *syn, const segi_node *left,
                        const segi_node *right)
{
    static const char *const words[] = {"add", "subtract", "multiply", "divide"};
    segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "cannot %s %s and %s", words[syn->op],
                    segi_value_type_name(left->type), segi_value_type_name(right->type));
    if (left->type.type == SEG_TYPE_TIMESTAMP && segi_type_numeric(right->type.type))
        segi_check_hint(k, "add a length of time: now - 30 days");
    return NULL;
}

/* A date literal beside an instant is its first instant in the zone. */
static segi_node *date_as_moment(segi_check *k, segi_node *node)
{
    if (node->kind != SEGI_NODE_LITERAL || node->type.type != SEG_TYPE_DATE ||
        node->literal.type.type == SEGI_TYPE_PARAM)
        return node;
    node->kind = SEGI_NODE_MOMENT;
    node->moment = (segi_moment){SEGI_MOMENT_DATE, node->literal.slot};
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    memset(&node->literal, 0, sizeof node->literal);
    segi_check_window_default(k, &node->window);
    return node;
}

/* Addition is turned round where a length of time stands first; all that follows may then expect
 * it on the right. */
segi_node *segi_check_arith(segi_check *k, const segi_syn *syn)
{
    const segi_syn *a = syn->kids, *b = syn->kids->next;
    bool sum = syn->op == SEGI_PLUS || syn->op == SEGI_MINUS;
    if (syn->op == SEGI_PLUS && a->kind == SEGI_SYN_DURATION && b->kind != SEGI_SYN_DURATION) {
        const segi_syn *swap = a;
        a = b;
        b = swap;
    }
    segi_value_type number = segi_type_of(SEG_TYPE_FLOAT64);
    segi_node *left = segi_check_value(k, a, &number);
    if (left == NULL || !segi_check_single(k, left))
        return NULL;
    if (sum && b->kind == SEGI_SYN_DURATION) {
        segi_check_settle(left, segi_type_of(SEG_TYPE_TIMESTAMP));
        if (left->type.type == SEG_TYPE_TIMESTAMP)
            return check_shift(k, syn, left, b);
    }
    segi_node *right = segi_check_value(k, b, &number);
    if (right == NULL || !segi_check_single(k, right))
        return NULL;
    if (left->type.type == SEG_TYPE_TIMESTAMP && !segi_type_unknown(right))
        right = date_as_moment(k, right);
    if (right->type.type == SEG_TYPE_TIMESTAMP && !segi_type_unknown(left))
        left = date_as_moment(k, left);
    /* What is unknown is as the other side; among numbers a float, as the result is. */
    seg_type other = segi_type_unknown(left) ? right->type.type : left->type.type;
    if (other == 0 || segi_type_numeric(other))
        other = SEG_TYPE_FLOAT64;
    segi_check_settle(left, segi_type_of(other));
    segi_check_settle(right, segi_type_of(other));
    seg_type l = left->type.type, r = right->type.type;
    if (segi_type_numeric(l) && segi_type_numeric(r))
        return arith_numbers(k, syn, left, right);
    if (sum && l == SEGI_TYPE_DURATION && r == SEGI_TYPE_DURATION)
        return arith_durations(k, syn, left, right);
    if (syn->op == SEGI_MINUS && l == SEG_TYPE_TIMESTAMP && r == SEG_TYPE_TIMESTAMP)
        return arith_node(k, syn, SEGI_TYPE_DURATION, left, right);
    if (sum && l == SEG_TYPE_TIMESTAMP && r == SEGI_TYPE_DURATION)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "an instant moves by a written length of time only: now - 30 days");
    return fail_arith(k, syn, left, right);
}

segi_node *segi_check_negate(segi_check *k, const segi_syn *syn)
{
    segi_value_type number = segi_type_of(SEG_TYPE_FLOAT64);
    segi_node *inner = segi_check_value(k, syn->kids, &number);
    if (inner == NULL || !segi_check_single(k, inner))
        return NULL;
    segi_check_settle(inner, number);
    bool duration = inner->type.type == SEGI_TYPE_DURATION;
    if (!duration && !segi_type_numeric(inner->type.type))
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "the negative of %s is nothing", segi_value_type_name(inner->type));
    segi_literal zero = segi_literal_of(duration ? SEGI_TYPE_DURATION : SEG_TYPE_INT64, 0);
    segi_node *left = segi_check_literal_node(k, syn, zero);
    if (left == NULL)
        return NULL;
    return duration ? arith_node(k, syn, SEGI_TYPE_DURATION, left, inner)
                    : arith_numbers(k, syn, left, inner);
}
