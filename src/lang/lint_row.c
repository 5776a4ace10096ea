/* lint_row.c - warnings about the operands of an and or or together: one that stands twice, one
 * that another makes superfluous, and values that cannot be, or always are, as they are asked for.
 *
 * Everything goes by keys of canonical texts, so a row costs n log n. */
#include <stdlib.h>
#include <string.h>

#include "lang/checker.h"
#include "lang/lint.h"

/* An operand with the key of its text; sorted by key, equal ones in the order of the text. */
typedef struct row_operand {
    segi_lint_key key;
    const segi_node *node;
} row_operand;

/* One comparison of a value with a constant. */
typedef struct row_test {
    segi_lint_key value;
    const segi_node *node;
    segi_compare op;
    const segi_literal *literal;
} row_test;

static int operand_order(const void *a, const void *b)
{
    const row_operand *x = a, *y = b;
    int order = segi_lint_key_compare(&x->key, &y->key);
    if (order != 0)
        return order;
    return x->node->span_begin < y->node->span_begin ? -1
                                                     : x->node->span_begin > y->node->span_begin;
}

/* By value, and then in the order of the text. */
static int test_order(const void *a, const void *b)
{
    const row_test *x = a, *y = b;
    int order = segi_lint_key_compare(&x->value, &y->value);
    if (order != 0)
        return order;
    return x->node->span_begin < y->node->span_begin ? -1
                                                     : x->node->span_begin > y->node->span_begin;
}

/* Binary search. */
static const row_operand *find_operand(const row_operand *operands, size_t count, segi_lint_key key)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (segi_lint_key_compare(&operands[middle].key, &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && segi_lint_key_compare(&operands[low].key, &key) == 0 ? &operands[low]
                                                                               : NULL;
}

/* ---- operands against operands ---- */

/* The later one of two is told. */
static void lint_twice(segi_linter *l, const row_operand *operands, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (segi_lint_key_compare(&operands[i - 1].key, &operands[i].key) == 0)
            segi_linter_warn(l, operands[i].node, "redundant", NULL,
                             "this condition stands here twice");
    }
}

/* a or not a holds for everyone, a and not a for nobody. */
static void lint_opposite(segi_linter *l, const segi_node *row, const row_operand *operands,
                          size_t count)
{
    bool all = row->kind == SEGI_NODE_AND;
    for (uint32_t i = 0; i < row->child_count; i++) {
        const segi_node *node = row->children[i];
        if (node->kind != SEGI_NODE_NOT ||
            find_operand(operands, count, segi_linter_key(l, node->children[0])) == NULL)
            continue;
        segi_linter_warn(l, row, all ? "always-false" : "always-true", NULL,
                         "a condition and its opposite: this holds for %s",
                         all ? "nobody" : "everyone");
        return;
    }
}

/* a or (a and b) is a; a and (a or b) is a: the branch in brackets decides nothing. */
static void lint_absorbed(segi_linter *l, const segi_node *row, const row_operand *operands,
                          size_t count)
{
    segi_node_kind other = row->kind == SEGI_NODE_AND ? SEGI_NODE_OR : SEGI_NODE_AND;
    for (uint32_t i = 0; i < row->child_count; i++) {
        const segi_node *node = row->children[i];
        for (uint32_t j = 0; node->kind == other && j < node->child_count; j++) {
            if (find_operand(operands, count, segi_linter_key(l, node->children[j])) == NULL)
                continue;
            segi_linter_warn(l, node, "unreachable", NULL,
                             "this decides nothing: one of its conditions stands beside it alone");
            break;
        }
    }
}

/* ---- comparisons of one value ---- */

/* The values that pass, as an interval of literals; a missing end is open. */
typedef struct row_range {
    const segi_literal *low, *high;
    bool low_out, high_out; /* the end itself does not pass */
} row_range;

/* False for !=, which is no interval. */
static bool range_of(const row_test *test, row_range *out)
{
    *out = (row_range){NULL, NULL, false, false};
    switch (test->op) {
    case SEGI_EQ: out->low = out->high = test->literal; break;
    case SEGI_LT:
    case SEGI_LE:
        out->high = test->literal;
        out->high_out = test->op == SEGI_LT;
        break;
    case SEGI_GT:
    case SEGI_GE:
        out->low = test->literal;
        out->low_out = test->op == SEGI_GT;
        break;
    case SEGI_NE: return false;
    }
    return true;
}

/* Cuts the range down by another. */
static void range_cut(row_range *range, const row_range *by)
{
    int low = range->low == NULL || by->low == NULL ? 0 : segi_literal_compare(by->low, range->low);
    if (by->low != NULL && (range->low == NULL || low > 0 || (low == 0 && by->low_out))) {
        range->low = by->low;
        range->low_out = by->low_out;
    }
    int high =
        range->high == NULL || by->high == NULL ? 0 : segi_literal_compare(by->high, range->high);
    if (by->high != NULL && (range->high == NULL || high < 0 || (high == 0 && by->high_out))) {
        range->high = by->high;
        range->high_out = by->high_out;
    }
}

/* Whether no value at all lies in it. */
static bool range_empty(const row_range *range)
{
    if (range->low == NULL || range->high == NULL)
        return false;
    int order = segi_literal_compare(range->low, range->high);
    if (order == 0)
        return range->low_out || range->high_out;
    /* Between a whole number and the next one there is none. */
    bool whole =
        range->low->type.type == SEG_TYPE_INT64 && range->high->type.type == SEG_TYPE_INT64;
    return order > 0 || (whole && range->low_out && range->high_out &&
                         range->high->slot - 1 == range->low->slot);
}

/* and: seats > 5 and seats < 3 */
static void lint_contradiction(segi_linter *l, const row_test *tests, size_t count)
{
    row_range range = {NULL, NULL, false, false}, own;
    for (size_t i = 0; i < count; i++) {
        if (!range_of(&tests[i], &own))
            continue;
        range_cut(&range, &own);
        if (range_empty(&range)) {
            segi_linter_warn(l, tests[i].node, "always-false", "or instead of and?",
                             "no value can be so and as the other conditions here ask for");
            return;
        }
    }
}

/* or: a != x or a != y, seats > 3 or seats < 5 */
static void lint_any_value(segi_linter *l, const row_test *tests, size_t count)
{
    const row_test *unequal = NULL;
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; tests[i].op != SEGI_NE && tests[i].op != SEGI_EQ && j < i; j++) {
            /* What both leave out together is nothing. */
            row_range a, b;
            static const segi_compare opposite[] = {SEGI_NE, SEGI_EQ, SEGI_GE,
                                                    SEGI_GT, SEGI_LE, SEGI_LT};
            row_test left = tests[i], right = tests[j];
            left.op = opposite[left.op];
            right.op = opposite[right.op];
            if (j + 8 < i || !range_of(&left, &a) || !range_of(&right, &b))
                continue;
            range_cut(&a, &b);
            if (!range_empty(&a))
                continue;
            segi_linter_warn(l, tests[i].node, "any-value", "and instead of or?",
                             "together with a condition before it this holds for everyone who has "
                             "a value");
            return;
        }
        if (tests[i].op != SEGI_NE)
            continue;
        if (unequal != NULL && segi_literal_compare(unequal->literal, tests[i].literal) != 0) {
            segi_linter_warn(l, tests[i].node, "any-value", "and instead of or? or: not in (...)",
                             "every value differs from one of two: this holds for everyone who has "
                             "a value");
            return;
        }
        unequal = &tests[i];
    }
}

/* A test whose value is one value, the same in every test of the row. */
static bool is_test(const segi_node *node)
{
    return node->kind == SEGI_NODE_COMPARE && segi_node_constant(node->children[1]) &&
           !(node->children[0]->kind == SEGI_NODE_AGGREGATE &&
             node->children[0]->ties == SEGI_TIES_ALL);
}

/* Comparisons of the same value lie together after sorting, and each such run is looked at
 * alone. */
static void lint_tests(segi_linter *l, const segi_node *row)
{
    size_t count = 0;
    row_test *tests = segi_alloc_array(l->mem, row->child_count, sizeof *tests);
    if (tests == NULL) {
        l->failed = true;
        return;
    }
    for (uint32_t i = 0; i < row->child_count; i++) {
        const segi_node *node = row->children[i];
        if (!is_test(node))
            continue;
        tests[count++] = (row_test){segi_linter_key(l, node->children[0]), node, node->op,
                                    &node->children[1]->literal};
    }
    qsort(tests, count, sizeof *tests, test_order);
    for (size_t begin = 0, end; begin < count; begin = end) {
        for (end = begin + 1;
             end < count && segi_lint_key_compare(&tests[begin].value, &tests[end].value) == 0;)
            end++;
        if (end - begin < 2)
            continue;
        if (row->kind == SEGI_NODE_AND)
            lint_contradiction(l, tests + begin, end - begin);
        else
            lint_any_value(l, tests + begin, end - begin);
    }
    segi_free(l->mem, tests);
}

/* The operands of one AND or OR. */
void segi_lint_row(segi_linter *l, const segi_node *row)
{
    row_operand *operands = segi_alloc_array(l->mem, row->child_count, sizeof *operands);
    if (operands == NULL) {
        l->failed = true;
        return;
    }
    for (uint32_t i = 0; i < row->child_count; i++)
        operands[i] = (row_operand){segi_linter_key(l, row->children[i]), row->children[i]};
    qsort(operands, row->child_count, sizeof *operands, operand_order);
    lint_twice(l, operands, row->child_count);
    lint_opposite(l, row, operands, row->child_count);
    lint_absorbed(l, row, operands, row->child_count);
    lint_tests(l, row);
    segi_free(l->mem, operands);
}
