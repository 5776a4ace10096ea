/* print.c - the one canonical text of a predicate.
 *
 * Brackets stand only where the levels of the grammar need them: or, xor, and, not, one test.
 * Compiling the text gives an equal tree. In sorted form operands whose order means nothing are
 * put in the order of their bytes. One thread per call.
 *
 * Who calls it: explain, the catalogue of saved segments, the JSON form (json_write.c parses this
 * text once more) and, sorted, the fingerprint. Failures for memory are in out->failed, so that
 * printing needs no status of its own. */
#include "lang/print.h"

#include <stdlib.h>
#include <string.h>

/* Levels of the grammar, from loose to tight. */
enum {
    PLACE_OR,
    PLACE_XOR,
    PLACE_AND,
    PLACE_NOT,
    PLACE_TEST
};

static void print_at(segi_printer *p, const segi_node *node, int place);

/* ---- rows of operands ---- */

/* One printed operand, borrowed from the buffer of its row. */
typedef struct row_item {
    const char *text;
    size_t size;
} row_item;

/* By bytes, shorter first; for qsort(). */
static int row_compare(const void *a, const void *b)
{
    const row_item *x = a, *y = b;
    size_t size = x->size < y->size ? x->size : y->size;
    int order = size == 0 ? 0 : memcmp(x->text, y->text, size);
    return order != 0 ? order : x->size < y->size ? -1 : x->size > y->size;
}

/* Prints element i of a row. */
typedef void (*row_print)(segi_printer *p, const void *row, size_t i, int place);

/* Sorted: all elements into one buffer, their order, and then the joined text. */
static void print_row_sorted(segi_printer *p, const void *row, size_t count, const char *between,
                             row_print print, int place, bool once)
{
    segi_buf *out = p->out;
    segi_buf texts;
    segi_buf_init(&texts, out->mem);
    row_item *items = segi_alloc_array(out->mem, count, sizeof *items);
    size_t *ends = segi_alloc_array(out->mem, count, sizeof *ends);
    p->out = &texts;
    for (size_t i = 0; items != NULL && ends != NULL && i < count; i++) {
        print(p, row, i, place);
        ends[i] = texts.size;
    }
    p->out = out;
    if (items == NULL || ends == NULL || texts.failed) {
        out->failed = true;
    } else {
        for (size_t i = 0; i < count; i++) {
            size_t begin = i == 0 ? 0 : ends[i - 1];
            items[i] = (row_item){texts.data + begin, ends[i] - begin};
        }
        qsort(items, count, sizeof *items, row_compare);
        for (size_t i = 0; i < count; i++) {
            if (once && i != 0 && row_compare(&items[i - 1], &items[i]) == 0)
                continue;
            if (i != 0)
                segi_buf_text(out, between);
            segi_buf_add(out, items[i].text, items[i].size);
        }
    }
    segi_free(out->mem, items);
    segi_free(out->mem, ends);
    segi_buf_deinit(&texts);
}

/* once: in sorted form equal elements stand once. */
static void print_row(segi_printer *p, const void *row, size_t count, const char *between,
                      row_print print, int place, bool once)
{
    if (p->sorted && count > 1) {
        print_row_sorted(p, row, count, between, print, place, once);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            segi_buf_text(p->out, between);
        print(p, row, i, place);
    }
}

/* The two kinds of elements: a predicate, and a literal of a list. */
static void print_child(segi_printer *p, const void *row, size_t i, int place)
{
    const segi_node *const *children = row;
    print_at(p, children[i], place);
}

static void print_element(segi_printer *p, const void *row, size_t i, int place)
{
    (void)place;
    const segi_node *node = row;
    segi_print_label(p, node->children[0], &node->list[i]);
}

/* ( a, b ) or $list */
static void print_list(segi_printer *p, const segi_node *node)
{
    if (node->list_count == 1 && node->list[0].type.type == SEGI_TYPE_PARAM &&
        node->list[0].type.scale == 1) {
        segi_print_literal(p, &node->list[0]);
        return;
    }
    segi_buf_char(p->out, '(');
    print_row(p, node, node->list_count, ", ", print_element, 0, true);
    segi_buf_char(p->out, ')');
}

/* ---- tests ---- */

/* How often in each period. */
static void print_each(segi_printer *p, int64_t each)
{
    bool more = segi_is_gap(each) && segi_gap_shift(each) == 1;
    segi_buf_text(p->out, more ? " more than " : " at least ");
    segi_print_number(p, each);
    segi_buf_text(p->out, " times");
}

/* The form is found back from min and max; with gaps it is the gap's mark that tells "more than"
 * and "fewer than" from the plain ones. */
void segi_print_bound(segi_printer *p, const segi_bound *bound)
{
    if (!bound->given)
        return;
    int64_t shown = bound->min;
    if (bound->periods && bound->each != 1)
        print_each(p, bound->each);
    segi_buf_text(p->out, bound->periods ? " on " : " ");
    if (segi_is_gap(bound->min) && segi_gap_shift(bound->min) == 1) {
        segi_buf_text(p->out, "more than ");
    } else if (segi_is_gap(bound->max) && segi_gap_shift(bound->max) == 2) {
        segi_buf_text(p->out, "fewer than ");
        shown = bound->max;
    } else if (bound->max == INT64_MAX) {
        segi_buf_text(p->out, "at least ");
    } else if (bound->min == bound->max) {
        segi_buf_text(p->out, "exactly ");
    } else if (bound->min == 0) {
        segi_buf_text(p->out, "at most ");
        shown = bound->max;
    } else {
        segi_buf_text(p->out, "between ");
        segi_print_number(p, bound->min);
        segi_buf_text(p->out, " and ");
        shown = bound->max;
    }
    segi_print_number(p, shown);
    segi_buf_char(p->out, ' ');
    segi_buf_text(p->out, bound->periods ? segi_unit_name(bound->period) : "time");
    if (shown != 1)
        segi_buf_char(p->out, 's');
}

/* did [not] selector [bound] [window] */
static void print_did(segi_printer *p, const segi_node *node, bool negated)
{
    segi_buf_text(p->out, negated ? "did not " : "did ");
    segi_print_selector(p, node->selector, node->window.zone);
    segi_print_bound(p, &node->bound);
    segi_print_window(p, &node->window, false);
}

/* The window is never left out here, as without one it would read as the beginning of something
 * else. */
static void print_edge(segi_printer *p, const segi_node *node)
{
    if (node->which == SEGI_NTH) {
        segi_buf_text(p->out, "nth(");
        segi_buf_int(p->out, node->nth);
        segi_buf_text(p->out, ") ");
    } else {
        segi_buf_text(p->out, node->which == SEGI_FIRST ? "first " : "last ");
    }
    segi_print_selector(p, node->selector, node->window.zone);
    segi_print_window(p, &node->window, true);
}

/* A percentage is kept as percent x 10^6, see SEGI_NODE_RANK. */
static void print_rank(segi_printer *p, const segi_node *node)
{
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    segi_buf_text(p->out, node->bottom ? " in bottom " : " in top ");
    if (node->percent && !segi_is_gap(node->count)) {
        segi_print_millionths(p, node->count);
    } else {
        segi_print_number(p, node->count);
    }
    if (node->percent)
        segi_buf_char(p->out, '%');
    if (node->child_count < 2)
        return;
    segi_buf_text(p->out, " among (");
    print_at(p, node->children[1], PLACE_OR);
    segi_buf_char(p->out, ')');
}

/* In the order of segi_text_test. */
static void print_text_test(segi_printer *p, const segi_node *node)
{
    static const char *const words[] = {" contains ", " starts with ", " ends with ", " matches "};
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    segi_buf_text(p->out, words[node->text]);
    segi_print_literal(p, &node->list[0]);
    if (node->fold)
        segi_buf_text(p->out, " ignoring case");
}

/* Pairs of latitude and longitude, with commas between the pairs. */
static void print_ring(segi_printer *p, const segi_ring *ring)
{
    for (uint32_t i = 0; i < ring->count; i++) {
        if (i != 0)
            segi_buf_text(p->out, ", ");
        segi_print_float(p, ring->points[i].latitude);
        segi_buf_char(p->out, ' ');
        segi_print_float(p, ring->points[i].longitude);
    }
}

/* Always in metres: 25 km come out as 25000 m. */
static void print_geo(segi_printer *p, const segi_node *node)
{
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    if (node->kind == SEGI_NODE_RADIUS) {
        segi_buf_text(p->out, " within ");
        segi_print_float(p, node->meters);
        segi_buf_text(p->out, " m of point(");
        segi_print_float(p, node->point.latitude);
        segi_buf_text(p->out, ", ");
        segi_print_float(p, node->point.longitude);
        segi_buf_char(p->out, ')');
        return;
    }
    segi_buf_text(p->out, " inside polygon(");
    for (uint32_t i = 0; i < node->ring_count; i++) {
        if (node->ring_count > 1)
            segi_buf_text(p->out, i == 0 ? "(" : ", (");
        print_ring(p, &node->rings[i]);
        if (node->ring_count > 1)
            segi_buf_char(p->out, ')');
    }
    segi_buf_char(p->out, ')');
}

static void print_state(segi_printer *p, const segi_node *node, bool negated)
{
    static const char *const words[] = {"set", "null", "absent"};
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    segi_buf_text(p->out, negated ? " is not " : " is ");
    segi_buf_text(p->out, words[node->state]);
}

/* Also the shared trees of a class, which have a name of no bytes. */
static void print_segment(segi_printer *p, const segi_node *node)
{
    if (node->name != NULL && node->name_size == 0) { /* a condition of a class */
        segi_buf_char(p->out, '(');
        segi_print_predicate(p, node->children[0]);
        segi_buf_char(p->out, ')');
        return;
    }
    segi_buf_text(p->out, "in segment ");
    if (node->name != NULL) {
        segi_buf_quoted(p->out, node->name, node->name_size);
    } else {
        segi_literal gap = segi_literal_of(SEGI_TYPE_PARAM, node->count);
        segi_print_literal(p, &gap);
    }
}

/* As month x 100 + day: 1224 is 12-24. */
static void print_day_of_year(segi_printer *p, int32_t day)
{
    segi_buf_char(p->out, (char)('0' + day / 1000));
    segi_buf_char(p->out, (char)('0' + day / 100 % 10));
    segi_buf_char(p->out, '-');
    segi_buf_char(p->out, (char)('0' + day / 10 % 10));
    segi_buf_char(p->out, (char)('0' + day % 10));
}

static void print_season(segi_printer *p, const segi_season *season)
{
    segi_buf_text(p->out, " between ");
    print_day_of_year(p, season->from);
    segi_buf_text(p->out, " and ");
    print_day_of_year(p, season->to);
}

/* What asks something of a value. `tail` of segi_print_value() is set where a time span follows
 * the value. */
static void print_test(segi_printer *p, const segi_node *node)
{
    static const char *const signs[] = {" = ", " != ", " < ", " <= ", " > ", " >= "};
    static const char *const sets[] = {" has any ", " has all ", " has none ", " has exactly "};
    const segi_node *value = node->child_count == 0 ? NULL : node->children[0];
    switch (node->kind) {
    case SEGI_NODE_COMPARE:
        segi_print_value(p, value, SEGI_PRINT_SUM, false);
        segi_buf_text(p->out, signs[node->op]);
        if (segi_node_labelled(value))
            segi_print_label(p, value, &node->children[1]->literal);
        else
            segi_print_value(p, node->children[1], SEGI_PRINT_SUM, false);
        break;
    case SEGI_NODE_BETWEEN:
        segi_print_value(p, value, SEGI_PRINT_SUM, true);
        segi_buf_text(p->out, " between ");
        segi_print_value(p, node->children[1], SEGI_PRINT_SUM, false);
        segi_buf_text(p->out, " and ");
        segi_print_value(p, node->children[2], SEGI_PRINT_SUM, false);
        break;
    case SEGI_NODE_IN:
        segi_print_value(p, value, SEGI_PRINT_SUM, false);
        segi_buf_text(p->out, node->negated          ? " not in "
                              : segi_node_top(value) ? " has any "
                                                     : " in ");
        print_list(p, node);
        break;
    case SEGI_NODE_HAS:
        segi_print_value(p, value, SEGI_PRINT_SUM, false);
        segi_buf_text(p->out, sets[node->has]);
        print_list(p, node);
        break;
    case SEGI_NODE_SEASON:
        segi_print_value(p, value, SEGI_PRINT_SUM, true);
        print_season(p, &node->season);
        break;
    case SEGI_NODE_OCCASION:
        segi_print_value(p, value, SEGI_PRINT_SUM, true);
        segi_buf_text(p->out, " during occasion ");
        segi_buf_quoted(p->out, node->name, node->name_size);
        segi_print_zone(p, node->window.zone);
        break;
    case SEGI_NODE_TIME:
        segi_print_value(p, value, SEGI_PRINT_SUM, true);
        segi_print_window(p, &node->window, true);
        break;
    case SEGI_NODE_TRUTH: segi_print_value(p, value, SEGI_PRINT_SUM, false); break;
    case SEGI_NODE_TEXT: print_text_test(p, node); break;
    case SEGI_NODE_STATE: print_state(p, node, false); break;
    case SEGI_NODE_RANK: print_rank(p, node); break;
    case SEGI_NODE_WRITTEN: print_test(p, node->written); break;
    case SEGI_NODE_SPLIT: segi_print_split(p, node->split); break;
    case SEGI_NODE_HELD:
    case SEGI_NODE_CHANGED: segi_print_history_test(p, node); break;
    default: print_geo(p, node); break;
    }
}

/* ---- logic ---- */

/* "did not" of an anchored span means more than not, so there the word stands in front. */
static bool not_is_inside(const segi_node *inner)
{
    return inner->kind == SEGI_NODE_STATE ||
           (inner->kind == SEGI_NODE_DID && inner->window.kind != SEGI_WINDOW_ANCHOR);
}

/* The word stands inside where that reads better and means the same. */
static void print_not(segi_printer *p, const segi_node *node)
{
    const segi_node *inner = node->children[0];
    if (!not_is_inside(inner)) {
        segi_buf_text(p->out, "not ");
        print_at(p, inner, PLACE_TEST);
    } else if (inner->kind == SEGI_NODE_DID) {
        print_did(p, inner, true);
    } else {
        print_state(p, inner, true);
    }
}

/* A tree of xors prints as one row (check_predicate.c has made a balanced tree of it). */
static size_t xor_count(const segi_node *node)
{
    return node->kind != SEGI_NODE_XOR
               ? 1
               : xor_count(node->children[0]) + xor_count(node->children[1]);
}

static void xor_list(const segi_node *node, const segi_node **list, size_t *count)
{
    if (node->kind != SEGI_NODE_XOR) {
        list[(*count)++] = node;
        return;
    }
    xor_list(node->children[0], list, count);
    xor_list(node->children[1], list, count);
}

static void print_xor(segi_printer *p, const segi_node *node)
{
    const segi_node **list = segi_alloc_array(p->out->mem, xor_count(node), sizeof *list);
    if (list == NULL) {
        p->out->failed = true;
        return;
    }
    size_t count = 0;
    xor_list(node, list, &count);
    print_row(p, list, count, " xor ", print_child, PLACE_AND, false);
    segi_free(p->out->mem, list);
}

/* How tight a node binds. */
static int place_of(const segi_node *node)
{
    switch (node->kind) {
    case SEGI_NODE_OR: return PLACE_OR;
    case SEGI_NODE_XOR: return PLACE_XOR;
    case SEGI_NODE_AND: return PLACE_AND;
    case SEGI_NODE_NOT: return not_is_inside(node->children[0]) ? PLACE_TEST : PLACE_NOT;
    default: return PLACE_TEST;
    }
}

/* Without brackets around the whole. */
static void print_plain(segi_printer *p, const segi_node *node)
{
    switch (node->kind) {
    case SEGI_NODE_EVERYONE: segi_buf_text(p->out, "everyone"); break;
    case SEGI_NODE_NOBODY: segi_buf_text(p->out, "nobody"); break;
    case SEGI_NODE_OR:
        print_row(p, node->children, node->child_count, " or ", print_child, PLACE_XOR, false);
        break;
    case SEGI_NODE_XOR: print_xor(p, node); break;
    case SEGI_NODE_AND:
        print_row(p, node->children, node->child_count, " and ", print_child, PLACE_NOT, false);
        break;
    case SEGI_NODE_NOT: print_not(p, node); break;
    case SEGI_NODE_AT_LEAST:
        segi_buf_text(p->out, "at least ");
        segi_print_number(p, node->count);
        segi_buf_text(p->out, " of (");
        print_row(p, node->children, node->child_count, ", ", print_child, PLACE_OR, false);
        segi_buf_char(p->out, ')');
        break;
    case SEGI_NODE_DID: print_did(p, node, false); break;
    case SEGI_NODE_EDGE: print_edge(p, node); break;
    case SEGI_NODE_SEQUENCE: segi_print_sequence(p, node, false); break;
    case SEGI_NODE_SEGMENT: print_segment(p, node); break;
    default: print_test(p, node); break;
    }
}

/* With brackets where the place asks for something that binds tighter. */
static void print_at(segi_printer *p, const segi_node *node, int place)
{
    bool brackets = place_of(node) < place;
    if (brackets)
        segi_buf_char(p->out, '(');
    print_plain(p, node);
    if (brackets)
        segi_buf_char(p->out, ')');
}

void segi_print_conjunct(segi_printer *p, const segi_node *node)
{
    print_at(p, node, PLACE_AND);
}

void segi_print_predicate(segi_printer *p, const segi_node *node)
{
    print_at(p, node, PLACE_OR);
}

/* ---- doors ---- */

/* A predicate, a value or a class, see segi_goal. */
static void print_root(segi_printer *p, const segi_node *node)
{
    if (node->kind >= SEGI_NODE_LITERAL)
        segi_print_value(p, node, SEGI_PRINT_SUM, false);
    else
        print_at(p, node, PLACE_OR);
}

static void print_predicate(const segi_predicate *predicate, bool sorted,
                            const segi_literal *const *frozen, segi_buf *out)
{
    segi_printer p = {out,   predicate->schema, predicate->params, sorted, predicate->zone, NULL,
                      frozen};
    if (predicate->zone_given || predicate->week_given) {
        segi_buf_text(out, "using ");
        if (predicate->zone_given) {
            segi_buf_text(out, "timezone ");
            const char *name = segi_zone_name(predicate->zone.zone);
            if (predicate->zone.kind == SEGI_ZONE_USER)
                segi_buf_text(out, "user");
            else
                segi_buf_quoted(out, name, strlen(name));
        }
        if (predicate->week_given) {
            segi_buf_text(out, predicate->zone_given ? ", week " : "week ");
            segi_buf_text(out, predicate->week_start == 1 ? "monday" : "sunday");
        }
        segi_buf_text(out, ": ");
    }
    print_root(&p, predicate->root);
}

void segi_predicate_print(const segi_predicate *predicate, bool sorted, segi_buf *out)
{
    print_predicate(predicate, sorted, NULL, out);
}

void segi_predicate_print_frozen(const segi_predicate *predicate, const segi_literal *const *points,
                                 segi_buf *out)
{
    print_predicate(predicate, false, points, out);
}

void segi_predicate_print_node(const segi_predicate *predicate, const segi_node *node,
                               segi_buf *out)
{
    segi_printer p = {out, predicate->schema, predicate->params, true, predicate->zone, NULL, NULL};
    print_root(&p, node);
}

void segi_node_print(const segi_schema *schema, const segi_node *node, segi_buf *out)
{
    segi_printer p = {out, schema, NULL, false, {SEGI_ZONE_FIXED, schema->zone, NULL}, NULL, NULL};
    print_root(&p, node);
}
