/* check_compare.c - a value compared with a value: =, !=, <, <=, > and >=.
 *
 * Comparisons of instants with bare dates are lowered here to windows and moments, so that
 * nothing downstream knows about them. A constant side ends up on the right. */
#include "base/civil.h"
#include "lang/checker.h"

#define DATE_MAX ((int64_t)(SEG_TIME_MAX / SEGI_DAY))

/* a op b as b op' a. */
static segi_compare mirrored(segi_compare op)
{
    static const segi_compare mirror[] = {SEGI_EQ, SEGI_NE, SEGI_GT, SEGI_GE, SEGI_LT, SEGI_LE};
    return mirror[op];
}

/* The same for all users at a given now. */
static bool is_fixed(const segi_node *node)
{
    return node->kind == SEGI_NODE_LITERAL || node->kind == SEGI_NODE_MOMENT ||
           node->kind == SEGI_NODE_NOW;
}

/* left op right, as they are. */
static segi_node *compare_node(segi_check *k, const segi_syn *syn, segi_compare op,
                               const segi_node *left, const segi_node *right)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_COMPARE, syn);
    if (node == NULL)
        return NULL;
    node->op = op;
    return segi_check_children(k, node, left, right, NULL) ? node : NULL;
}

/* The first instant of a day, in the zone of the check. */
static segi_node *moment_of_day(segi_check *k, const segi_syn *syn, int64_t day)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_MOMENT, syn);
    if (node == NULL)
        return NULL;
    node->moment = (segi_moment){SEGI_MOMENT_DATE, day};
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_check_window_default(k, &node->window);
    return node;
}

/* value op the first instant of the day. */
static segi_node *compare_with_day(segi_check *k, const segi_syn *syn, segi_compare op,
                                   const segi_node *value, int64_t day)
{
    const segi_node *moment = moment_of_day(k, syn, day);
    return moment == NULL ? NULL : compare_node(k, syn, op, value, moment);
}

/* value is set */
static segi_node *state_node(segi_check *k, const segi_syn *syn, const segi_node *value)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_STATE, syn);
    if (node == NULL)
        return NULL;
    node->state = SEGI_STATE_SET;
    return segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* An instant against a civil date in the zone (S-07). The last day of time has no next one. */
static segi_node *compare_date(segi_check *k, const segi_syn *syn, segi_compare op,
                               const segi_node *value, int64_t day)
{
    segi_node *node;
    bool last = day >= DATE_MAX;
    switch (op) {
    case SEGI_LT:
    case SEGI_GE: return compare_with_day(k, syn, op, value, day);
    case SEGI_LE:
        return last ? state_node(k, syn, value) : compare_with_day(k, syn, SEGI_LT, value, day + 1);
    case SEGI_GT:
        return last ? segi_check_node(k, SEGI_NODE_NOBODY, syn)
                    : compare_with_day(k, syn, SEGI_GE, value, day + 1);
    case SEGI_NE: {
        const segi_node *both[2];
        both[0] = compare_with_day(k, syn, SEGI_LT, value, day);
        both[1] =
            both[0] == NULL || last ? both[0] : compare_with_day(k, syn, SEGI_GE, value, day + 1);
        if (both[1] == NULL)
            return NULL;
        return segi_check_join(k, syn, SEGI_NODE_OR, both, last ? 1 : 2);
    }
    case SEGI_EQ: break;
    }
    node = segi_check_node(k, SEGI_NODE_TIME, syn);
    if (node == NULL)
        return NULL;
    segi_check_window_default(k, &node->window);
    node->window.kind = SEGI_WINDOW_BETWEEN;
    node->window.from = (segi_moment){SEGI_MOMENT_DATE, day};
    node->window.to = node->window.from;
    return segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* `order` as from segi_literal_compare(). */
static bool order_holds(segi_compare op, int order)
{
    switch (op) {
    case SEGI_EQ: return order == 0;
    case SEGI_NE: return order != 0;
    case SEGI_LT: return order < 0;
    case SEGI_LE: return order <= 0;
    case SEGI_GT: return order > 0;
    case SEGI_GE: return order >= 0;
    }
    return false;
}

/* "monday" and "mon" as 1 to "sunday" and "sun" as 7, in upper or lower case; 0 if it is something
 * else. */
static int weekday_of(const char *text, size_t size)
{
    static const char *const days[] = {"monday", "tuesday",  "wednesday", "thursday",
                                       "friday", "saturday", "sunday"};
    for (int i = 0; i < 7; i++) {
        char head[4] = {days[i][0], days[i][1], days[i][2], '\0'};
        if (segi_word_is(text, size, days[i]) || segi_word_is(text, size, head))
            return i + 1;
    }
    return 0;
}

bool segi_check_weekday(segi_check *k, const segi_node *beside, segi_node *literal)
{
    if (beside->kind != SEGI_NODE_BUILTIN || beside->builtin != SEGI_BUILTIN_WEEKDAY ||
        !segi_node_constant(literal) || literal->type.type != SEG_TYPE_STRING)
        return true;
    int day = weekday_of(literal->literal.text, literal->literal.text_size);
    if (day == 0) {
        segi_check_fail(k, literal->span_begin, literal->span_size, SEG_E_TYPE,
                        "\"%.*s\" is no day of the week", (int)literal->literal.text_size,
                        literal->literal.text);
        segi_check_hint(k, "mon, tue, wed, thu, fri, sat, sun or 1 (Monday) to 7 (Sunday)");
        return false;
    }
    literal->literal = segi_literal_of(SEG_TYPE_INT64, day);
    literal->type = literal->literal.type;
    return true;
}

/* A text that is compared with something else: what it says may be what was meant. */
static const char *quoted_hint(seg_type left, const char *text, uint32_t size)
{
    if (left == SEG_TYPE_BOOL)
        return "write true or false";
    bool number = size > 2 && (text[1] == '-' || (text[1] >= '0' && text[1] <= '9'));
    return number ? "remove the quotes" : "";
}

/* What the value at fault is called: its name, or its kind. */
void *segi_check_unlike(segi_check *k, const segi_syn *syn, const segi_node *left,
                        const segi_node *right)
{
    const char *text = k->text + right->span_begin;
    uint32_t size = right->span_size > 60 ? 60 : right->span_size;
    seg_type l = left->type.type, r = right->type.type;
    if (left->name != NULL && right->kind == SEGI_NODE_LITERAL) {
        segi_check_fail(k, right->span_begin, right->span_size, SEG_E_TYPE,
                        "\"%.*s\" is %s, and %.*s is not", (int)left->name_size, left->name,
                        segi_value_type_name(left->type), (int)size, text);
    } else {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "cannot compare %s with %s",
                        segi_value_type_name(left->type), segi_value_type_name(right->type));
    }
    if (l == SEG_TYPE_STRING_SET)
        segi_check_hint(k, "ask what is in the set: has %.*s", (int)size, text);
    else if (l == SEG_TYPE_GEO)
        segi_check_hint(k, "ask for the distance: within 25 km of point(52.52, 13.405)");
    else if (right->kind == SEGI_NODE_LITERAL && r == SEG_TYPE_STRING)
        segi_check_hint(k, "%s", quoted_hint(l, text, size));
    else if (right->kind == SEGI_NODE_LITERAL && l == SEG_TYPE_STRING)
        segi_check_hint(k, "put quotes around it: \"%.*s\"", (int)size, text);
    else if (l == SEG_TYPE_DATE && r == SEG_TYPE_TIMESTAMP)
        segi_check_hint(k, "a date has no time of day: compare with a date such as 2026-01-31");
    return NULL;
}

/* Two constants: the same answer for everyone. */
static segi_node *compare_fixed(segi_check *k, const segi_syn *syn, segi_compare op,
                                const segi_node *left, const segi_node *right)
{
    bool holds = order_holds(op, segi_literal_compare(&left->literal, &right->literal));
    return segi_check_node(k, holds ? SEGI_NODE_EVERYONE : SEGI_NODE_NOBODY, syn);
}

/* A class beside its name, which becomes its number. */
static segi_node *compare_label(segi_check *k, const segi_syn *syn, segi_compare op,
                                const segi_node *left, segi_node *right)
{
    if (right->kind != SEGI_NODE_LITERAL)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "a class is compared with one of its labels");
    if (!segi_check_label(k, right->span_begin, right->span_size, left, &right->literal))
        return NULL;
    segi_node *node = compare_node(k, syn, op, left, right);
    return node == NULL ? NULL : segi_check_labels(k, syn, node);
}

/* Both sides have been checked; where one is constant it is `right`. Settling goes left, right,
 * and then to text, which two unknown names are compared as. */
static segi_node *compare_checked(segi_check *k, const segi_syn *syn, segi_compare op,
                                  segi_node *left, segi_node *right)
{
    if (!segi_check_weekday(k, left, right))
        return NULL;
    segi_check_settle(left, right->type);
    segi_check_settle(right, left->type);
    segi_check_settle(left, segi_type_of(SEG_TYPE_STRING));
    segi_check_settle(right, segi_type_of(SEG_TYPE_STRING));
    bool several = op == SEGI_EQ || op == SEGI_NE;
    if ((!(several && !segi_node_top(left)) && !segi_check_single(k, left)) ||
        (!(several && !segi_node_top(right)) && !segi_check_single(k, right)))
        return NULL;
    seg_type l = left->type.type, r = right->type.type;
    if (l == SEG_TYPE_TIMESTAMP && r == SEG_TYPE_DATE && segi_node_constant(right))
        return compare_date(k, syn, op, left, right->literal.slot);
    bool fits = l == r || (segi_type_numeric(l) && segi_type_numeric(r));
    if (!fits || l == SEG_TYPE_GEO || l == SEG_TYPE_STRING_SET)
        return segi_check_unlike(k, syn, left, right);
    if (segi_node_labelled(left) || segi_node_labelled(right))
        return compare_label(k, syn, op, left, right);
    if (l == SEG_TYPE_BOOL && op != SEGI_EQ && op != SEGI_NE)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "true and false have no order: use = or !=");
    if (segi_node_constant(left) && segi_node_constant(right))
        return compare_fixed(k, syn, op, left, right);
    if (segi_node_constant(right)) {
        segi_literal_fit(&right->literal, left->type);
        right->type = right->literal.type;
    }
    return compare_node(k, syn, op, left, right);
}

/* A parameter takes its type from the other side, so that side is checked first. */
segi_node *segi_check_compare(segi_check *k, const segi_syn *syn)
{
    const segi_syn *a = syn->kids, *b = syn->kids->next;
    segi_compare op = (segi_compare)syn->op;
    segi_node *left, *right;
    if (a->kind == SEGI_SYN_PARAM && b->kind != SEGI_SYN_PARAM) {
        right = segi_check_value(k, b, NULL);
        left = right == NULL ? NULL : segi_check_value(k, a, &right->type);
    } else {
        left = segi_check_value(k, a, NULL);
        k->right = true;
        right = left == NULL ? NULL : segi_check_value(k, b, &left->type);
        k->right = false;
    }
    if (left == NULL || right == NULL)
        return NULL;
    if (is_fixed(left) && !is_fixed(right))
        return compare_checked(k, syn, mirrored(op), right, left);
    return compare_checked(k, syn, op, left, right);
}
