/* check_value.c - values: literals, names and arithmetic get their types.
 *
 * Written numbers stay exact as long as they can: int64 or decimal, folded exactly where the
 * result is exact; only meeting a float64 makes one of them.
 *
 * Types flow both ways: a parameter or an unknown name takes the type of its place (`want`,
 * segi_check_settle()), everything else has one and the place has to accept it. Exactness is a
 * promise of the language: 0.1 + 0.2 = 0.3 holds for what is written. */
#include <string.h>

#include "base/bits.h"
#include "base/civil.h"
#include "base/text.h"
#include "lang/checker.h"

/* ---- literals ---- */

segi_node *segi_check_literal_node(segi_check *k, const segi_syn *syn, segi_literal literal)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_LITERAL, syn);
    if (node == NULL)
        return NULL;
    node->literal = literal;
    node->type = literal.type;
    return node;
}

/* The nearest double of a numeric literal. */
static double literal_double(const segi_literal *literal)
{
    if (literal->type.type == SEG_TYPE_FLOAT64)
        return segi_slot_float(literal->slot);
    if (literal->type.type == SEG_TYPE_INT64)
        return (double)literal->slot;
    /* Through text, because a division would round twice. */
    char digits[48];
    segi_buf text;
    double value = 0;
    segi_mem none = {0};
    segi_buf_init(&text, &none);
    text.data = digits;
    text.capacity = sizeof digits;
    segi_buf_decimal(&text, literal->slot, literal->type.scale);
    segi_parse_float(digits, text.size, &value);
    return value;
}

/* A number that does not fit exactly is left as it is: the comparison with it is decided by its
 * own scale, see SEGI_NODE_COMPARE. */
bool segi_literal_fit(segi_literal *literal, segi_value_type type)
{
    seg_type from = literal->type.type;
    if (from == SEGI_TYPE_PARAM || type.type == 0)
        return true;
    if (!segi_type_numeric(from) || !segi_type_numeric(type.type))
        return from == type.type;
    if (type.type == SEG_TYPE_FLOAT64) {
        literal->slot = segi_slot_of_float(literal_double(literal));
        literal->type = type;
    } else if (type.type == SEG_TYPE_DECIMAL && from != SEG_TYPE_FLOAT64) {
        int64_t mantissa;
        if (segi_decimal_rescale(literal->slot, literal->type.scale, type.scale, &mantissa)) {
            literal->slot = mantissa;
            literal->type = type;
        }
    }
    return true;
}

/* a x 10^-a_scale against b x 10^-b_scale. */
static int decimal_compare(int64_t a, int32_t a_scale, int64_t b, int32_t b_scale)
{
    if (a_scale > b_scale)
        return -decimal_compare(b, b_scale, a, a_scale);
    /* b has the finer scale: a times its factor, in two parts so that nothing overflows. */
    int64_t factor = segi_pow10(b_scale - a_scale);
    int64_t whole = b / factor, rest = b % factor;
    if (a != whole)
        return a < whole ? -1 : 1;
    return rest == 0 ? 0 : rest > 0 ? -1 : 1;
}

/* Texts compare by bytes, shorter ones first (S-15). */
int segi_literal_compare(const segi_literal *a, const segi_literal *b)
{
    if (a->type.type == SEG_TYPE_STRING) {
        size_t size = a->text_size < b->text_size ? a->text_size : b->text_size;
        int order = size == 0 ? 0 : memcmp(a->text, b->text, size);
        if (order != 0)
            return order < 0 ? -1 : 1;
        return a->text_size < b->text_size ? -1 : a->text_size > b->text_size;
    }
    if (a->type.type == SEG_TYPE_FLOAT64 || b->type.type == SEG_TYPE_FLOAT64) {
        double x = literal_double(a), y = literal_double(b);
        return x < y ? -1 : x > y;
    }
    return decimal_compare(a->slot, a->type.scale, b->slot, b->type.scale);
}

/* Copied, because the unquoted text lies in the scratch arena. */
static segi_node *check_string(segi_check *k, const segi_syn *syn)
{
    segi_literal literal = {segi_type_of(SEG_TYPE_STRING), 0, NULL, syn->u.name.text_size};
    literal.text = segi_arena_copy(k->c->arena, syn->u.name.text, syn->u.name.text_size);
    return literal.text == NULL ? segi_check_nomem(k) : segi_check_literal_node(k, syn, literal);
}

/* A point in time; a date alone is a date until it meets an instant. */
static segi_node *moment_node(segi_check *k, const segi_syn *syn, segi_moment moment)
{
    if (moment.kind == SEGI_MOMENT_DATE) {
        segi_literal literal = segi_literal_of(SEG_TYPE_DATE, moment.value);
        return segi_check_literal_node(k, syn, literal);
    }
    segi_node *node = segi_check_node(k, SEGI_NODE_MOMENT, syn);
    if (node == NULL)
        return NULL;
    node->moment = moment;
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_check_window_default(k, &node->window);
    return node;
}

/* `want` tells what the parameter is: where nothing does, as in $a = $b, nothing can be bound. */
static segi_node *check_param_value(segi_check *k, const segi_syn *syn, const segi_value_type *want)
{
    if (want == NULL || want->type == SEG_TYPE_GEO)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "what $%.*s is cannot be seen from here", (int)syn->u.name.text_size,
                               syn->u.name.text);
    segi_value_type type = want->type == 0 ? segi_type_of(SEG_TYPE_STRING) : *want;
    if (type.type == SEG_TYPE_TIMESTAMP) {
        segi_moment moment;
        return segi_check_param_moment(k, syn, &moment) ? moment_node(k, syn, moment) : NULL;
    }
    segi_literal literal;
    if (!segi_check_param(k, syn, type, &literal))
        return NULL;
    segi_node *node = segi_check_literal_node(k, syn, literal);
    if (node != NULL && literal.type.type == SEGI_TYPE_PARAM)
        node->type = type;
    return node;
}

/* Months have no length of their own; they stand beside an instant, in check_shift(). */
static segi_node *check_duration(segi_check *k, const segi_syn *syn)
{
    segi_duration duration = {0, syn->u.duration.unit};
    if (duration.unit >= SEGI_UNIT_MONTH) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "a %s has no fixed length",
                        segi_unit_name(duration.unit));
        segi_check_hint(k, "compare with days, or move an instant by it: created + 1 month");
        return NULL;
    }
    if (!segi_check_number(k, syn->u.duration.count, &duration.count))
        return NULL;
    segi_literal literal = segi_literal_of(SEGI_TYPE_DURATION, 0);
    bool gap = segi_is_gap(duration.count);
    if (gap)
        literal.type.type = SEGI_TYPE_PARAM;
    else
        literal.slot = segi_duration_length(duration);
    if (literal.slot == INT64_MAX || literal.slot == INT64_MIN)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_LIMIT,
                               "this length of time is too large");
    segi_node *node = segi_check_literal_node(k, syn, literal);
    if (node == NULL)
        return NULL;
    node->type = segi_type_of(SEGI_TYPE_DURATION);
    node->shift = duration; /* what the printer writes for a gap */
    return node;
}

/* ---- names and functions ---- */

void segi_check_settle(segi_node *node, segi_value_type type)
{
    if (!segi_type_unknown(node))
        return;
    node->type = type;
    /* The value of an unknown property in some event: the nodes are still ours to write. */
    if (node->kind == SEGI_NODE_AGGREGATE && node->argument != NULL)
        segi_check_settle((segi_node *)(uintptr_t)node->argument, type);
}

/* @time and so on, in the zone of the where around it. */
static segi_node *check_builtin(segi_check *k, const segi_syn *syn)
{
    if (k->selector == NULL)
        return segi_check_fail(
            k, syn->begin, syn->size, SEG_E_TYPE,
            "@ names belong to events: they stand inside where and in aggregates");
    if (syn->op >= SEGI_BUILTIN_DURATION && k->selector->session == NULL) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "%.*s belongs to sessions",
                        (int)syn->size, k->text + syn->begin);
        segi_check_hint(k, "did session(gap 30 minutes) where (@duration >= 5 minutes)");
        return NULL;
    }
    segi_node *node = segi_check_node(k, SEGI_NODE_BUILTIN, syn);
    if (node == NULL)
        return NULL;
    node->builtin = (segi_builtin)syn->op;
    node->type = segi_type_of(node->builtin == SEGI_BUILTIN_TIME       ? SEG_TYPE_TIMESTAMP
                              : node->builtin == SEGI_BUILTIN_DATE     ? SEG_TYPE_DATE
                              : node->builtin == SEGI_BUILTIN_DURATION ? SEGI_TYPE_DURATION
                                                                       : SEG_TYPE_INT64);
    segi_check_window_default(k, &node->window);
    return node;
}

/* An attribute of users, which events do not have. */
static segi_node *check_size(segi_check *k, const segi_syn *syn)
{
    if (k->selector != NULL)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "\"size\" is of an attribute and cannot stand inside where");
    segi_node *node = segi_check_node(k, SEGI_NODE_SIZE, syn);
    segi_node *set = node == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (set == NULL)
        return NULL;
    segi_check_settle(set, segi_type_of(SEG_TYPE_STRING_SET));
    if (set->kind != SEGI_NODE_ATTRIBUTE || set->type.type != SEG_TYPE_STRING_SET)
        return segi_check_fail(k, syn->kids->begin, syn->kids->size, SEG_E_TYPE,
                               "\"size\" counts the texts of a set, and this is %s",
                               segi_value_type_name(set->type));
    node->type = segi_type_of(SEG_TYPE_INT64);
    return segi_check_children(k, node, set, NULL, NULL) ? node : NULL;
}

/* ---- arithmetic ---- */

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
        size_t size = segi_text_write_float(literal_double(both[i]), text);
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
static segi_node *check_arith(segi_check *k, const segi_syn *syn)
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

/* 0 - value, so that nothing downstream knows a sign. */
static segi_node *check_negate(segi_check *k, const segi_syn *syn)
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

bool segi_check_single(segi_check *k, const segi_node *node)
{
    if (segi_node_labelled(node)) {
        segi_check_fail(k, node->span_begin, node->span_size, SEG_E_TYPE,
                        "the label of a class goes with =, != and in only");
        return false;
    }
    if (segi_node_top(node)) {
        segi_check_fail(k, node->span_begin, node->span_size, SEG_E_TYPE,
                        "of the most frequent values is asked what is among them");
        segi_check_hint(k, "top(category, 3) of \"event\" has \"shoes\"");
        return false;
    }
    if (node->kind != SEGI_NODE_AGGREGATE || node->aggregate != SEGI_AGG_MODE ||
        node->ties != SEGI_TIES_ALL)
        return true;
    segi_check_fail(k, node->span_begin, node->span_size, SEG_E_TYPE,
                    "a mode with all of its ties goes with =, != and in only");
    return false;
}

/* ---- the dispatcher ---- */

/* One case per kind of value that can be written. */
static segi_node *check_by_kind(segi_check *k, const segi_syn *syn, const segi_value_type *want)
{
    segi_node *node;
    switch (syn->kind) {
    case SEGI_SYN_NUMBER:
    case SEGI_SYN_BOOL: return segi_check_literal_node(k, syn, syn->u.literal);
    case SEGI_SYN_STRING: return check_string(k, syn);
    case SEGI_SYN_MOMENT: return moment_node(k, syn, syn->u.moment);
    case SEGI_SYN_DURATION: return check_duration(k, syn);
    case SEGI_SYN_NOW:
        node = segi_check_node(k, SEGI_NODE_NOW, syn);
        if (node != NULL)
            node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
        return node;
    case SEGI_SYN_PARAM: return check_param_value(k, syn, want);
    case SEGI_SYN_NAME: return segi_check_name(k, syn);
    case SEGI_SYN_AS_OF: return segi_check_as_of(k, syn);
    case SEGI_SYN_BUILTIN: return check_builtin(k, syn);
    case SEGI_SYN_AGGREGATE: return segi_check_aggregate(k, syn);
    case SEGI_SYN_FIGURE: return segi_check_sequence(k, syn);
    case SEGI_SYN_ARITH: return check_arith(k, syn);
    case SEGI_SYN_NEGATE: return check_negate(k, syn);
    case SEGI_SYN_SIZE: return check_size(k, syn);
    case SEGI_SYN_ANNIVERSARY:
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "of an anniversary can be asked whether it lies in a span of time");
        segi_check_hint(k, "anniversary(birthday) in next 7 days");
        return NULL;
    case SEGI_SYN_SCORE: return segi_check_score(k, syn);
    case SEGI_SYN_RFM: return segi_check_rfm(k, syn);
    default:
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "a value is wanted here, and this is a condition");
    }
}

/* `right` is for the hint of a bare name on the right side of a comparison, and holds for that
 * name alone, not for what lies within an expression there. */
segi_node *segi_check_value(segi_check *k, const segi_syn *syn, const segi_value_type *want)
{
    bool right = k->right;
    if (!segi_check_enter(k, syn))
        return NULL;
    k->right = right && syn->kind == SEGI_SYN_NAME;
    segi_node *node = check_by_kind(k, syn, want);
    k->right = false;
    segi_check_leave(k);
    return k->c->status == SEG_OK ? node : NULL;
}
