/* check_value.c - values: literals and names get their types.
 *
 * Types flow both ways: a parameter or an unknown name takes the type of its place (`want`,
 * segi_check_settle()), everything else has one and the place has to accept it. */
#include <string.h>

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
double segi_literal_double(const segi_literal *literal)
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
        literal->slot = segi_slot_of_float(segi_literal_double(literal));
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
        double x = segi_literal_double(a), y = segi_literal_double(b);
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
    case SEGI_SYN_ARITH: return segi_check_arith(k, syn);
    case SEGI_SYN_NEGATE: return segi_check_negate(k, syn);
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
