/* check_test.c - tests on values: do the types fit, and what do they come down to?
 *
 * The general shape: check both sides, let unknown types settle by the other side, refuse what
 * does not go together with a hint, fit literals to the type of the column so that exec compares
 * stored values as they lie. Comparisons: check_compare.c. */
#include <string.h>

#include "lang/checker.h"

/* ---- spans of time ---- */

/* TIME over an instant or a date, its window still to be set. */
static segi_node *time_node(segi_check *k, const segi_syn *syn, segi_node *value)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_TIME, syn);
    segi_check_settle(value, segi_type_of(SEG_TYPE_TIMESTAMP));
    if (node == NULL || !segi_check_single(k, value) ||
        !segi_check_children(k, node, value, NULL, NULL))
        return NULL;
    if (value->type.type == SEG_TYPE_TIMESTAMP || value->type.type == SEG_TYPE_DATE)
        return node;
    return segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                           "a span of time is asked of an instant or a date, and this is %s",
                           segi_value_type_name(value->type));
}

/* A date knows no hours (S-07). */
bool segi_check_date_window(segi_check *k, const segi_syn *syn, const segi_window *window)
{
    const char *fault = NULL;
    if (window->kind == SEGI_WINDOW_ANCHOR)
        fault = "a span around an instant cannot be asked of a date";
    else if ((window->kind == SEGI_WINDOW_LAST || window->kind == SEGI_WINDOW_NEXT ||
              window->kind == SEGI_WINDOW_OLDER || window->kind == SEGI_WINDOW_AGO) &&
             (window->length.unit < SEGI_UNIT_DAY || window->length_to.unit < SEGI_UNIT_DAY))
        fault = "a date has no time of day: ask in days or longer units";
    else if (window->kind == SEGI_WINDOW_SINCE || window->kind == SEGI_WINDOW_BEFORE ||
             window->kind == SEGI_WINDOW_BETWEEN) {
        bool from = window->from.kind == SEGI_MOMENT_DATE || segi_is_gap(window->from.value);
        bool to = window->kind != SEGI_WINDOW_BETWEEN || window->to.kind == SEGI_MOMENT_DATE ||
                  segi_is_gap(window->to.value);
        if (!from || !to)
            fault = "a date is compared with dates, not with instants";
    }
    if (fault == NULL)
        return true;
    segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "%s", fault);
    return false;
}

/* Only AGO has a second length; the unit of the missing one is set to pass the check on dates and
 * put back. */
static segi_node *check_time(segi_check *k, const segi_syn *syn)
{
    segi_value_type want = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_node *value = segi_check_value(k, syn->kids, &want);
    segi_node *node = value == NULL ? NULL : time_node(k, syn, value);
    if (node == NULL)
        return NULL;
    if (syn->u.window->occasion != NULL)
        return segi_check_occasion(k, syn, syn->u.window, value);
    if (!segi_check_window(k, syn->u.window, false, &node->window))
        return NULL;
    if (value->type.type == SEG_TYPE_DATE) {
        if (node->window.kind != SEGI_WINDOW_AGO)
            node->window.length_to.unit = SEGI_UNIT_DAY;
        if (!segi_check_date_window(k, syn, &node->window))
            return NULL;
        if (node->window.kind != SEGI_WINDOW_AGO)
            node->window.length_to.unit = SEGI_UNIT_SECOND;
    }
    return node;
}

/* `between` with parameters, which turns out to be about time once the left side is known. */
static segi_node *check_between_time(segi_check *k, const segi_syn *syn, segi_node *value)
{
    const segi_syn *sides[2] = {syn->kids->next, syn->kids->next->next};
    segi_syn_window window;
    memset(&window, 0, sizeof window);
    window.kind = SEGI_WINDOW_BETWEEN;
    window.begin = syn->begin;
    window.size = syn->size;
    for (int i = 0; i < 2; i++) {
        segi_syn_moment *moment = i == 0 ? &window.from : &window.to;
        if (sides[i]->kind == SEGI_SYN_PARAM) {
            moment->param = sides[i];
        } else if (sides[i]->kind == SEGI_SYN_MOMENT) {
            moment->moment = sides[i]->u.moment;
        } else {
            segi_check_fail(k, sides[i]->begin, sides[i]->size, SEG_E_TYPE,
                            "\"between\" of an instant needs dates or instants");
            segi_check_hint(k,
                            "use >= and <, or a span such as \"from 60 days ago to 30 days ago\"");
            return NULL;
        }
        moment->begin = sides[i]->begin;
        moment->size = sides[i]->size;
    }
    segi_node *node = time_node(k, syn, value);
    if (node == NULL || !segi_check_window(k, &window, false, &node->window))
        return NULL;
    if (value->type.type == SEG_TYPE_DATE && !segi_check_date_window(k, syn, &node->window))
        return NULL;
    return node;
}

/* ---- ranges and lists ---- */

/* Both bounds are included; of instants it is a span of time (S-04), of dates without a year a
 * season. */
static segi_node *check_between(segi_check *k, const segi_syn *syn)
{
    segi_node *value = segi_check_value(k, syn->kids, NULL);
    if (value == NULL || !segi_check_single(k, value))
        return NULL;
    if (value->type.type == SEG_TYPE_TIMESTAMP || value->type.type == SEG_TYPE_DATE)
        return segi_check_is_season(syn) ? segi_check_season(k, syn, value)
                                         : check_between_time(k, syn, value);
    segi_node *sides[2];
    const segi_syn *side = syn->kids->next;
    for (int i = 0; i < 2; i++, side = side->next) {
        k->right = true;
        sides[i] = segi_check_value(k, side, &value->type);
        k->right = false;
        if (sides[i] == NULL || !segi_check_single(k, sides[i]) ||
            !segi_check_weekday(k, value, sides[i]))
            return NULL;
        segi_check_settle(value, sides[i]->type);
        segi_check_settle(sides[i], value->type);
        seg_type l = value->type.type, r = sides[i]->type.type;
        bool fits = l == r || (segi_type_numeric(l) && segi_type_numeric(r));
        if (!fits || !(segi_type_numeric(l) || l == SEG_TYPE_STRING || l == SEGI_TYPE_DURATION))
            return segi_check_unlike(k, syn, value, sides[i]);
        if (segi_node_constant(sides[i])) {
            segi_literal_fit(&sides[i]->literal, value->type);
            sides[i]->type = sides[i]->literal.type;
        }
    }
    if (segi_node_constant(sides[0]) && segi_node_constant(sides[1]) &&
        segi_literal_compare(&sides[0]->literal, &sides[1]->literal) > 0)
        segi_check_warn(k, syn->begin, syn->size, SEG_E_ARG,
                        "the lower bound is above the upper one: nothing lies between");
    segi_node *node = segi_check_node(k, SEGI_NODE_BETWEEN, syn);
    if (node == NULL || !segi_check_children(k, node, value, sides[0], sides[1]))
        return NULL;
    return node;
}

/* Elements are literals: what needs now, the user's zone or an attribute has no place in a list. */
bool segi_check_element(segi_check *k, const segi_syn *syn, const segi_node *left,
                        segi_literal *out)
{
    segi_value_type want = left->type;
    if (want.type == SEG_TYPE_STRING_SET)
        want = segi_type_of(SEG_TYPE_STRING);
    if (syn->kind == SEGI_SYN_PARAM)
        return segi_check_param(k, syn, want, out);
    segi_node *node = segi_check_value(k, syn, &want);
    if (node == NULL || !segi_check_weekday(k, left, node))
        return false;
    if (node->kind == SEGI_NODE_MOMENT && want.type == SEG_TYPE_TIMESTAMP &&
        !(node->moment.kind == SEGI_MOMENT_LOCAL && node->window.zone.kind == SEGI_ZONE_USER)) {
        int64_t instant = segi_moment_instant(node->moment, node->window.zone.zone);
        *out = (segi_literal){want, instant, NULL, 0};
        return true;
    }
    seg_type l = want.type, r = node->type.type;
    if (l == SEG_TYPE_TIMESTAMP && (r == SEG_TYPE_DATE || node->kind == SEGI_NODE_MOMENT)) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "a list of instants needs instants");
        segi_check_hint(k, "with a date use =, or between two dates");
        return false;
    }
    if (left->type.type == SEG_TYPE_STRING_SET && r != SEG_TYPE_STRING) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "in the set are texts, and this is %s", segi_value_type_name(node->type));
        segi_check_hint(k, "put quotes around it: \"%.*s\"", syn->size > 60 ? 60 : (int)syn->size,
                        k->text + syn->begin);
        return false;
    }
    if (node->kind != SEGI_NODE_LITERAL || node->literal.type.type == SEGI_TYPE_PARAM ||
        !(l == r || l == 0 || (segi_type_numeric(l) && segi_type_numeric(r)))) {
        segi_check_unlike(k, syn, left, node);
        return false;
    }
    *out = node->literal;
    return true;
}

/* Appends where it can be equal to a value of the left side at all. */
static void list_add(segi_node *node, segi_literal *list, segi_literal literal,
                     segi_value_type type)
{
    if (literal.type.type != SEGI_TYPE_PARAM) {
        segi_literal_fit(&literal, type);
        bool exact = type.type == SEG_TYPE_INT64 || type.type == SEG_TYPE_DECIMAL;
        if (exact && (literal.type.type != type.type || literal.type.scale != type.scale))
            return;
    }
    list[node->list_count++] = literal;
}

/* The elements of IN and HAS. */
static bool check_list(segi_check *k, const segi_syn *syn, segi_node *node, const segi_node *left)
{
    segi_value_type type = left->type;
    if (type.type == SEG_TYPE_STRING_SET)
        type = segi_type_of(SEG_TYPE_STRING);
    segi_literal literal;
    const segi_param_value *given = NULL;
    size_t count = syn->kid_count - 1;
    if (syn->list_param != NULL) {
        if (!segi_check_param_list(k, syn->list_param, type, &given, &literal))
            return false;
        count = given == NULL ? 1 : given->count;
    }
    segi_literal *list = segi_check_alloc(k, count, sizeof *list);
    if (list == NULL)
        return false;
    node->list = list;
    if (syn->list_param != NULL && given == NULL) {
        list[node->list_count++] = literal; /* a gap for the whole list */
        return true;
    }
    const segi_syn *kid = syn->kids->next;
    for (size_t i = 0; i < count; i++) {
        if (given != NULL
                ? !segi_check_convert(k, syn->list_param, &given->values[i], type, &literal)
                : !segi_check_element(k, kid, left, &literal))
            return false;
        if (segi_node_labelled(left)) {
            const segi_syn *at = kid == NULL ? syn->list_param : kid;
            if (!segi_check_label(k, at->begin, at->size, left, &literal))
                return false;
            list[node->list_count++] = literal;
        } else {
            list_add(node, list, literal, type);
        }
        kid = kid == NULL ? NULL : kid->next;
    }
    return true;
}

/* `not in` is strict: an absent value is in neither (S-13). */
static segi_node *check_in(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_IN, syn);
    segi_node *left = node == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (left == NULL || (segi_node_top(left) && !segi_check_single(k, left)))
        return NULL;
    /* A parameter does not say of what type an unknown name is, wherever it stands. */
    const segi_syn *first = syn->kids->next;
    while (first != NULL && first->kind == SEGI_SYN_PARAM)
        first = first->next;
    if (segi_type_unknown(left) && first != NULL && first->kind == SEGI_SYN_NUMBER)
        segi_check_settle(left, segi_type_of(SEG_TYPE_FLOAT64));
    segi_check_settle(left, segi_type_of(SEG_TYPE_STRING));
    if (left->type.type == SEG_TYPE_STRING_SET || left->type.type == SEG_TYPE_GEO) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "%s is in no list of values",
                        segi_value_type_name(left->type));
        if (left->type.type == SEG_TYPE_STRING_SET)
            segi_check_hint(k, "ask what is in the set: has any (\"a\", \"b\")");
        return NULL;
    }
    node->negated = syn->negated;
    if (!segi_check_children(k, node, left, NULL, NULL) || !check_list(k, syn, node, left))
        return NULL;
    return segi_node_labelled(left) ? segi_check_labels(k, syn, node) : node;
}

/* ---- one value and what it is ---- */

/* The value of a test that wants one type; `what` begins the message. */
static segi_node *check_typed(segi_check *k, const segi_syn *syn, segi_node_kind kind,
                              seg_type want, const char *what)
{
    segi_node *node = segi_check_node(k, kind, syn);
    segi_value_type type = segi_type_of(want);
    segi_node *value = node == NULL ? NULL : segi_check_value(k, syn->kids, &type);
    if (value == NULL || !segi_check_single(k, value))
        return NULL;
    segi_check_settle(value, type);
    if (value->type.type != want) {
        segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                        "\"%s\" is asked of %s, and this is %s", what, segi_value_type_name(type),
                        segi_value_type_name(value->type));
        if (kind == SEGI_NODE_HAS && value->type.type == SEG_TYPE_STRING)
            segi_check_hint(k, "for a text use = or in (...)");
        else if (kind == SEGI_NODE_TEXT && value->type.type == SEG_TYPE_STRING_SET)
            segi_check_hint(k, "ask what is in the set: has \"a\"");
        return NULL;
    }
    return segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* A number that only a float can hold equals no exact value, so no value is left out. */
static bool drop_floats(segi_check *k, segi_node *node, segi_value_type type)
{
    segi_literal *list = segi_check_alloc(k, node->list_count, sizeof *list);
    uint32_t count = 0;
    if (list == NULL)
        return false;
    for (uint32_t i = 0; i < node->list_count; i++) {
        if (node->list[i].type.type != SEG_TYPE_FLOAT64 || type.type == SEG_TYPE_FLOAT64)
            list[count++] = node->list[i];
    }
    node->list = list;
    node->list_count = count;
    return true;
}

/* The most frequent values of a property have any of a list (S-17). */
static segi_node *check_top(segi_check *k, const segi_syn *syn)
{
    if (syn->op != SEGI_HAS_ANY) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "of the most frequent values is asked whether they have any of a list");
        segi_check_hint(k, "has any (\"a\", \"b\"), joined by and, or, not");
        return NULL;
    }
    segi_node *node = segi_check_node(k, SEGI_NODE_IN, syn);
    segi_node *value = node == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (value == NULL)
        return NULL;
    bool numbers = syn->kids->next != NULL && syn->kids->next->kind == SEGI_SYN_NUMBER;
    segi_check_settle(value, segi_type_of(numbers ? SEG_TYPE_FLOAT64 : SEG_TYPE_STRING));
    if (value->type.type == SEG_TYPE_STRING_SET || value->type.type == SEG_TYPE_GEO)
        return segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                               "%s is in no list of values", segi_value_type_name(value->type));
    return check_list(k, syn, node, value) && drop_floats(k, node, value->type) &&
                   segi_check_children(k, node, value, NULL, NULL)
               ? node
               : NULL;
}

/* Of a set attribute, with a list of texts (S-14). */
static segi_node *check_has(segi_check *k, const segi_syn *syn)
{
    if (syn->kids->kind == SEGI_SYN_AGGREGATE && syn->kids->u.behaviour->aggregate == SEGI_AGG_TOP)
        return check_top(k, syn);
    segi_node *node = check_typed(k, syn, SEGI_NODE_HAS, SEG_TYPE_STRING_SET, "has");
    if (node == NULL)
        return NULL;
    node->has = (segi_has)syn->op;
    return check_list(k, syn, node, node->children[0]) ? node : NULL;
}

/* The pattern is one constant text or parameter. */
static segi_node *check_text(segi_check *k, const segi_syn *syn)
{
    static const char *const words[] = {"contains", "starts with", "ends with", "matches"};
    segi_node *node = check_typed(k, syn, SEGI_NODE_TEXT, SEG_TYPE_STRING, words[syn->op]);
    segi_literal *pattern = segi_check_alloc(k, 1, sizeof *pattern);
    if (node == NULL || pattern == NULL ||
        !segi_check_element(k, syn->kids->next, node->children[0], pattern))
        return NULL;
    node->text = (segi_text_test)syn->op;
    node->fold = syn->fold;
    node->list = pattern;
    node->list_count = 1;
    return node;
}

/* Copied from the scratch arena into the tree's; the parser has checked the places. */
static segi_node *check_geo(segi_check *k, const segi_syn *syn)
{
    bool radius = syn->kind == SEGI_SYN_RADIUS;
    segi_node *node = check_typed(k, syn, radius ? SEGI_NODE_RADIUS : SEGI_NODE_POLYGON,
                                  SEG_TYPE_GEO, radius ? "within" : "inside");
    if (node == NULL)
        return NULL;
    const segi_syn_geo *geo = syn->u.geo;
    node->meters = geo->meters;
    node->point = geo->point;
    segi_ring *rings = segi_check_alloc(k, geo->ring_count, sizeof *rings);
    if (rings == NULL)
        return NULL;
    for (uint32_t i = 0; i < geo->ring_count; i++) {
        segi_point *points = segi_check_alloc(k, geo->rings[i].count, sizeof *points);
        if (points == NULL)
            return NULL;
        memcpy(points, geo->rings[i].points, geo->rings[i].count * sizeof *points);
        rings[i] = (segi_ring){geo->rings[i].count, points};
    }
    node->rings = rings;
    node->ring_count = geo->ring_count;
    return node;
}

/* in top N, in top P % (S-25). A percentage that is bound is whole and is scaled here; a written
 * one has come scaled from the parser. */
static segi_node *check_rank(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_RANK, syn);
    segi_node *value = node == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (value == NULL || !segi_check_single(k, value) ||
        !segi_check_number(k, syn->u.number, &node->count))
        return NULL;
    segi_check_settle(value, segi_type_of(SEG_TYPE_FLOAT64));
    if (!segi_type_ranked(value->type.type))
        return segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                               "only numbers have a top and a bottom, and this is %s",
                               segi_value_type_name(value->type));
    node->percent = syn->percent;
    node->bottom = syn->bottom;
    if (syn->percent && syn->u.number.param != NULL && !segi_is_gap(node->count)) {
        if (node->count > 100)
            return segi_check_fail(k, syn->begin, syn->size, SEG_E_BOUND,
                                   "%lld is no percentage from 0 to 100", (long long)node->count);
        node->count *= 1000000;
    }
    const segi_node *population = NULL;
    if (syn->kids->next != NULL) {
        population = segi_check_predicate(k, syn->kids->next);
        if (population == NULL)
            return NULL;
        if (population->kind == SEGI_NODE_EVERYONE)
            population = NULL;
    }
    return segi_check_children(k, node, value, population, NULL) ? node : NULL;
}

/* Any value can be asked for: an aggregate is set where it is defined. */
static segi_node *check_state(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_STATE, syn);
    segi_node *value = node == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (value == NULL || !segi_check_single(k, value))
        return NULL;
    segi_check_settle(value, segi_type_of(SEG_TYPE_INT64));
    node->state = (segi_state)syn->op;
    if (!segi_check_children(k, node, value, NULL, NULL))
        return NULL;
    return syn->negated ? segi_check_not(k, syn, node) : node;
}

/* A value that stands alone is a condition where it is true or false. */
static segi_node *check_truth(segi_check *k, const segi_syn *syn)
{
    segi_value_type want = segi_type_of(SEG_TYPE_BOOL);
    segi_node *value = segi_check_value(k, syn, &want);
    if (value == NULL)
        return NULL;
    segi_check_settle(value, want);
    if (value->type.type != SEG_TYPE_BOOL || !segi_check_single(k, value)) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "a condition is wanted here, and this is %s",
                        segi_value_type_name(value->type));
        if (value->name != NULL)
            segi_check_hint(k, "compare it, or ask: %.*s is set", (int)value->name_size,
                            value->name);
        return NULL;
    }
    if (segi_node_constant(value))
        return segi_check_node(k, value->literal.slot ? SEGI_NODE_EVERYONE : SEGI_NODE_NOBODY, syn);
    segi_node *node = segi_check_node(k, SEGI_NODE_TRUTH, syn);
    return node != NULL && segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* Entry for everything that asks something of a value. */
segi_node *segi_check_test(segi_check *k, const segi_syn *syn)
{
    switch (syn->kind) {
    case SEGI_SYN_COMPARE: return segi_check_compare(k, syn);
    case SEGI_SYN_BETWEEN: return check_between(k, syn);
    case SEGI_SYN_IN: return check_in(k, syn);
    case SEGI_SYN_RANK: return check_rank(k, syn);
    case SEGI_SYN_STATE: return check_state(k, syn);
    case SEGI_SYN_HAS: return check_has(k, syn);
    case SEGI_SYN_TEXT: return check_text(k, syn);
    case SEGI_SYN_RADIUS:
    case SEGI_SYN_POLYGON: return check_geo(k, syn);
    case SEGI_SYN_HELD: return segi_check_held(k, syn);
    case SEGI_SYN_CHANGED: return segi_check_changed(k, syn);
    case SEGI_SYN_TIME:
        return syn->kids->kind == SEGI_SYN_ANNIVERSARY ? segi_check_anniversary(k, syn)
                                                       : check_time(k, syn);
    default: return check_truth(k, syn);
    }
}
