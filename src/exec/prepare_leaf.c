/* Tests and leaves bound to a snapshot and to `now`, and the order of operands.
 *
 * One thread, the caller's, before any worker starts; everything lives in the run's arena until the
 * evaluation ends. Functions return NULL or false after a failure, which is in p->status, and
 * segi_prep_alloc() gives nothing more from then on, so that it is enough to look at the last of
 * several results.
 *
 * A leaf first becomes a test of values, which always works; leaf_shortcut() then finds the forms
 * that have a cheaper road. The roads must agree, and tests/unit/exec/test_answers.c holds them
 * against each other. */
#include <string.h>

#include "exec/rank.h"

/* ---- tests ---- */

static segi_prep_filter *test_new(segi_prep *p, segi_test_form form)
{
    segi_prep_filter *out = SEGI_PREP_NEW(p, segi_prep_filter);
    if (out)
        out->form = form;
    return out;
}

/* Logic over tests. */
static const segi_prep_filter *test_children(segi_prep *p, segi_test_form form,
                                             const segi_node *node, segi_place place)
{
    segi_prep_filter *out = test_new(p, form);
    const segi_prep_filter **children = segi_prep_alloc(p, node->child_count, sizeof *children);
    if (!out || !children)
        return NULL;
    for (uint32_t i = 0; i < node->child_count; i++) {
        children[i] = segi_prep_test(p, node->children[i], place);
        if (!children[i])
            return NULL;
    }
    out->children = children;
    out->child_count = node->child_count;
    if (form == SEGI_TEST_AT_LEAST) {
        if (node->count <= 0)
            out->form = SEGI_TEST_ALL;
        else if (node->count > node->child_count)
            out->form = SEGI_TEST_NONE;
        out->need = (uint32_t)node->count;
    }
    return out;
}

/* A value against constants. */
static const segi_prep_filter *test_match(segi_prep *p, const segi_prep_value *value,
                                          const segi_match *match)
{
    segi_prep_filter *out = test_new(p, SEGI_TEST_MATCH);
    if (!out)
        return NULL;
    out->values[0] = value;
    out->match = match;
    return out;
}

/* low <= value <= high, of slots. */
static const segi_prep_filter *test_range(segi_prep *p, const segi_prep_value *value, int64_t low,
                                          int64_t high)
{
    segi_match *m = SEGI_PREP_NEW(p, segi_match);
    if (!m)
        return NULL;
    *m = (segi_match){.kind = SEGI_MATCH_RANGE, .low = low, .high = high};
    return test_match(p, value, m);
}

/* `mode(..., ties all)` and `top` ask whether any of several values passes: the value becomes
 * that answer, and the test asks for yes. */
static const segi_prep_filter *test_mode_all(segi_prep *p, const segi_prep_value *value,
                                             const segi_match *match)
{
    segi_prep_value *answer = SEGI_PREP_NEW(p, segi_prep_value);
    if (!answer)
        return NULL;
    *answer = *value;
    answer->match = match;
    answer->type = (segi_value_type){SEG_TYPE_BOOL, 0};
    answer->strings = NULL;
    return test_range(p, answer, 1, 1);
}

/* A mode by a cheaper road never has all of its ties. */
static bool test_is_mode_all(const segi_prep_value *value)
{
    bool over_rows = value->form == SEGI_VALUE_BAG || value->form == SEGI_VALUE_GATHER ||
                     value->form == SEGI_VALUE_SESSIONS || value->form == SEGI_VALUE_OF_SESSION;
    return over_rows && value->node->kind == SEGI_NODE_AGGREGATE &&
           (value->node->aggregate == SEGI_AGG_TOP ||
            (value->node->aggregate == SEGI_AGG_MODE && value->node->ties == SEGI_TIES_ALL));
}

/* A span whose bounds differ from user to user. */
static const segi_prep_filter *test_window(segi_prep *p, const segi_prep_value *value,
                                           const segi_node *node)
{
    segi_prep_filter *out = test_new(p, SEGI_TEST_WINDOW);
    if (!out)
        return NULL;
    out->values[0] = value;
    out->window = segi_prep_window_of(p, &node->window, false, value->type.type == SEG_TYPE_DATE);
    return out->window ? out : NULL;
}

/* Operand i of a comparison as a value; NULL where the node has none. */
static bool test_operands(segi_prep *p, const segi_node *node, segi_place place,
                          const segi_prep_value *values[3])
{
    for (uint32_t i = 0; i < 3; i++)
        values[i] = NULL;
    for (uint32_t i = 0; i < node->child_count && i < 3; i++) {
        values[i] = segi_prep_value_of(p, node->children[i], place);
        if (!values[i])
            return false;
    }
    return true;
}

/* Values of users against each other. */
static const segi_prep_filter *test_pair(segi_prep *p, const segi_node *node,
                                         const segi_prep_value *values[3])
{
    segi_prep_filter *out =
        test_new(p, node->kind == SEGI_NODE_BETWEEN           ? SEGI_TEST_BETWEEN
                    : values[0]->type.type == SEG_TYPE_STRING ? SEGI_TEST_TEXT_COMPARE
                                                              : SEGI_TEST_COMPARE);
    if (!out)
        return NULL;
    out->op = node->op;
    memcpy(out->values, values, sizeof out->values);
    return out;
}

/* Values that no dictionary-free or float comparison with constants can say: x in (1.5e0) with
 * x an integer is an `or` of comparisons. */
static const segi_prep_filter *test_list(segi_prep *p, const segi_node *node,
                                         const segi_prep_value *value)
{
    segi_prep_filter *any = test_new(p, node->negated ? SEGI_TEST_AND : SEGI_TEST_OR);
    const segi_prep_filter **children = segi_prep_alloc(p, node->list_count, sizeof *children);
    if (!any || !children)
        return NULL;
    for (uint32_t i = 0; i < node->list_count; i++) {
        segi_prep_filter *one = test_new(p, SEGI_TEST_COMPARE);
        segi_prep_value *constant = SEGI_PREP_NEW(p, segi_prep_value);
        if (!one || !constant)
            return NULL;
        *constant = (segi_prep_value){
            .form = SEGI_VALUE_CONSTANT, .type = node->list[i].type, .slot = node->list[i].slot};
        one->op = node->negated ? SEGI_NE : SEGI_EQ;
        one->values[0] = value;
        one->values[1] = constant;
        children[i] = one;
    }
    any->children = children;
    any->child_count = node->list_count;
    return any;
}

/* A comparison with the constant on the left is the flipped one. */
static const segi_node *test_flipped(segi_prep *p, const segi_node *node)
{
    segi_node *out = SEGI_PREP_NEW(p, segi_node);
    if (!out)
        return NULL;
    *out = *node;
    out->op = segi_compare_flip(node->op);
    return out;
}

/* Texts have no order among their codes: `between` of them is two comparisons, unless both bounds
 * are constants that the dictionary can be asked about at once. */
static bool test_splits_between(const segi_node *node, const segi_prep_value *values[3])
{
    return node->kind == SEGI_NODE_BETWEEN && values[0]->type.type == SEG_TYPE_STRING &&
           (!values[0]->strings || values[1]->form != SEGI_VALUE_CONSTANT ||
            values[2]->form != SEGI_VALUE_CONSTANT);
}

/* value >= low and value <= high, as two nodes in the arena. */
static const segi_prep_filter *test_between_texts(segi_prep *p, const segi_node *node,
                                                  segi_place place)
{
    segi_prep_filter *both = test_new(p, SEGI_TEST_AND);
    const segi_prep_filter **children = segi_prep_alloc(p, 2, sizeof *children);
    segi_node *sides = segi_prep_alloc(p, 2, sizeof *sides);
    const segi_node **operands = segi_prep_alloc(p, 4, sizeof *operands);
    if (!operands)
        return NULL;
    for (uint32_t i = 0; i < 2; i++) {
        operands[2 * i] = node->children[0];
        operands[2 * i + 1] = node->children[1 + i];
        sides[i] = (segi_node){.kind = SEGI_NODE_COMPARE,
                               .op = i ? SEGI_LE : SEGI_GE,
                               .child_count = 2,
                               .children = operands + 2 * i};
        children[i] = segi_prep_test(p, &sides[i], place);
        if (!children[i])
            return NULL;
    }
    both->children = children;
    both->child_count = 2;
    return both;
}

/* Two constant texts have no dictionary: the answer is the same for all. */
static const segi_prep_filter *test_literals(segi_prep *p, const segi_node *node,
                                             const segi_prep_value *values[3])
{
    const segi_literal *a = values[0]->literal, *b = values[1]->literal;
    bool holds = segi_text_compare(node->op, a->text, a->text_size, b->text, b->text_size);
    return test_new(p, holds ? SEGI_TEST_ALL : SEGI_TEST_NONE);
}

/* The cheapest form that says it: constants turned into a match, else values compared with
 * values. */
static const segi_prep_filter *test_values(segi_prep *p, const segi_node *node, segi_place place)
{
    const segi_prep_value *values[3];
    if (!test_operands(p, node, place, values))
        return NULL;
    if (node->kind == SEGI_NODE_COMPARE && values[0]->form == SEGI_VALUE_CONSTANT &&
        values[1]->form != SEGI_VALUE_CONSTANT) {
        const segi_prep_value *swap = values[0];
        values[0] = values[1];
        values[1] = swap;
        node = test_flipped(p, node);
        if (!node)
            return NULL;
    }
    if (test_splits_between(node, values))
        return test_between_texts(p, node, place);
    if (node->kind == SEGI_NODE_COMPARE && values[0]->form == SEGI_VALUE_CONSTANT &&
        values[0]->type.type == SEG_TYPE_STRING)
        return test_literals(p, node, values);
    const segi_match *match = segi_prep_match(p, node, values[0], values[1], values[2]);
    if (p->status != SEG_OK)
        return NULL;
    if (match && test_is_mode_all(values[0]))
        return test_mode_all(p, values[0], match);
    if (match)
        return test_match(p, values[0], match);
    if (node->kind == SEGI_NODE_TIME)
        return test_window(p, values[0], node);
    if (node->kind == SEGI_NODE_IN)
        return test_list(p, node, values[0]);
    return test_pair(p, node, values);
}

/* Tests of the day of the year; the window lends its zones and, to anniversaries, its dates. */
static const segi_prep_filter *test_occasion(segi_prep *p, segi_test_form form,
                                             const segi_node *node, const segi_node *value,
                                             segi_place place)
{
    segi_prep_filter *out = test_new(p, form);
    if (!out)
        return NULL;
    out->node = node;
    out->values[0] = segi_prep_value_of(p, value, place);
    out->window = segi_prep_window_of(p, &node->window, false, true);
    return out->values[0] && out->window ? out : NULL;
}

const segi_prep_filter *segi_prep_test(segi_prep *p, const segi_node *node, segi_place place)
{
    if (node->kind == SEGI_NODE_TIME && node->children[0]->kind == SEGI_NODE_ANNIVERSARY)
        return test_occasion(p, SEGI_TEST_ANNIVERSARY, node, node->children[0]->children[0], place);
    switch (node->kind) {
    case SEGI_NODE_EVERYONE: return test_new(p, SEGI_TEST_ALL);
    case SEGI_NODE_NOBODY: return test_new(p, SEGI_TEST_NONE);
    case SEGI_NODE_NOT: return test_children(p, SEGI_TEST_NOT, node, place);
    case SEGI_NODE_AND: return test_children(p, SEGI_TEST_AND, node, place);
    case SEGI_NODE_OR: return test_children(p, SEGI_TEST_OR, node, place);
    case SEGI_NODE_XOR: return test_children(p, SEGI_TEST_XOR, node, place);
    case SEGI_NODE_AT_LEAST: return test_children(p, SEGI_TEST_AT_LEAST, node, place);
    case SEGI_NODE_OCCASION:
        return test_occasion(p, SEGI_TEST_OCCASION, node, node->children[0], place);
    case SEGI_NODE_SEASON:
        return test_occasion(p, SEGI_TEST_SEASON, node, node->children[0], place);
    default: return test_values(p, node, place);
    }
}

/* ---- leaves ---- */

/* Distinct codes of the strings asked for, rising. */
static bool leaf_set_list(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    const segi_dict *dict = out->attribute ? out->attribute->dict : NULL;
    uint32_t known = dict ? segi_dict_count(dict) : 0;
    uint64_t *asked = segi_prep_alloc(p, (size_t)known / 64 + 1, sizeof *asked);
    uint32_t *codes = segi_prep_alloc(p, node->list_count, sizeof *codes);
    if (!asked || !codes)
        return false;
    for (uint32_t i = 0; i < node->list_count; i++) {
        const segi_literal *literal = &node->list[i];
        uint32_t code;
        if (dict && segi_dict_find(dict, literal->text, literal->text_size, &code) && code < known)
            segi_bit_set(asked, code);
        else
            out->set_unknown = true;
    }
    for (uint32_t i = 0; i * 64 < known; i++) {
        for (uint64_t word = asked[i]; word; word &= word - 1)
            codes[out->set_count++] = i * 64 + (uint32_t)segi_ctz(word);
    }
    out->set_mask = asked[0];
    out->set_rest = out->set_count > (uint32_t)segi_popcount(asked[0]);
    out->set_codes = codes;
    return true;
}

/* has any, all, none or exactly of a string set (S-14). */
static bool leaf_has(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    const segi_snapshot *s = p->run->snapshot;
    const segi_field *field = node->children[0]->field;
    out->form = SEGI_LEAF_SETS;
    if (field && field->index < s->schema->attribute_count)
        out->attribute = segi_prep_attribute(p, field->index);
    return p->status == SEG_OK && leaf_set_list(p, node, out);
}

/* By the number of rows, periods or sessions of each user. */
static bool leaf_did_value(segi_prep *p, const segi_prep_value *value, int64_t min, int64_t max,
                           segi_prep_leaf *out)
{
    out->form = SEGI_LEAF_TEST;
    out->test = value ? test_range(p, value, min, max) : NULL;
    return out->test && segi_prep_shortcut(p, out);
}

/* At least one row is a question to bitmaps, a number of rows one to counters; all else takes
 * values. */
static bool leaf_did(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    int64_t min = node->bound.given ? node->bound.min : 1;
    int64_t max = node->bound.given ? node->bound.max : INT64_MAX;
    if (node->selector->session)
        return leaf_did_value(p, segi_prep_sessions(p, node), min, max, out);
    const segi_prep_source *source = segi_prep_source_window(p, node, false);
    if (!source)
        return false;
    if (node->bound.periods || source->each)
        return leaf_did_value(p, segi_prep_gather(p, node, source, NULL), min, max, out);
    out->form = min == 1 && max == INT64_MAX ? SEGI_LEAF_DID : SEGI_LEAF_COUNT;
    out->source = source;
    out->min = min;
    out->max = max;
    return true;
}

/* A sequence is a figure within bounds; who has no row of a needed step need not be looked at. */
static bool leaf_sequence(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    const segi_prep_value *value = segi_prep_sequence_of(p, node);
    out->form = SEGI_LEAF_TEST;
    out->test = value ? test_range(p, value, node->bound.min, node->bound.max) : NULL;
    if (!out->test)
        return false;
    if (node->bound.min < 1)
        return segi_prep_narrow(p, out);
    segi_prep_sequence_narrow(value, node->bound.min, out);
    return true;
}

/* The instant of the first, last or nth event, tested against each user's own window. */
static bool leaf_edge_each(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    segi_node *when = SEGI_PREP_NEW(p, segi_node);
    segi_node *time = SEGI_PREP_NEW(p, segi_node);
    if (!when || !time)
        return false;
    *time = (segi_node){
        .kind = SEGI_NODE_BUILTIN, .builtin = SEGI_BUILTIN_TIME, .type = {SEG_TYPE_TIMESTAMP, 0}};
    time->window.zone = node->window.zone;
    *when = (segi_node){.kind = SEGI_NODE_AGGREGATE,
                        .type = {SEG_TYPE_TIMESTAMP, 0},
                        .selector = node->selector,
                        .argument = time,
                        .nth = node->nth};
    when->window.zone = node->window.zone;
    when->aggregate = node->which == SEGI_FIRST  ? SEGI_AGG_FIRST
                      : node->which == SEGI_LAST ? SEGI_AGG_LAST
                                                 : SEGI_AGG_NTH;
    const segi_prep_value *value = segi_prep_value_of(p, when, (segi_place){0});
    out->form = SEGI_LEAF_TEST;
    out->test = value ? test_window(p, value, node) : NULL;
    return out->test != NULL;
}

/* Without windows of one's own an edge is a matter of two sources: a row in the window, and none on
 * the side that would come first. */
static bool leaf_edge(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    if (node->selector->session || segi_prep_window_each(&node->window, false))
        return leaf_edge_each(p, node, out);
    bool first = node->which == SEGI_FIRST;
    const segi_prep_source *source = segi_prep_source_window(p, node, first);
    if (!source)
        return false;
    int64_t begin = source->begin, end = source->end;
    if (node->which == SEGI_NTH) {
        out->form = SEGI_LEAF_NTH;
        out->min = node->nth;
        out->source = segi_prep_source_of(p, node->selector, SEG_TIME_MIN, begin, false);
        out->other = segi_prep_source_of(p, node->selector, SEG_TIME_MIN, end, false);
    } else {
        out->form = SEGI_LEAF_EDGE;
        out->source = source;
        out->other = first ? segi_prep_source_of(p, node->selector, SEG_TIME_MIN, begin, true)
                           : segi_prep_source_of(p, node->selector, end, p->run->now + 1, false);
    }
    return out->source && out->other;
}

/* Tests of one value that have a cheaper road than a vector of values. */
static void leaf_shortcut(segi_prep_leaf *out)
{
    const segi_prep_filter *test = out->test;
    if (test->form != SEGI_TEST_MATCH)
        return;
    const segi_prep_value *value = test->values[0];
    if (value->form == SEGI_VALUE_ATTRIBUTE) {
        out->form = SEGI_LEAF_ATTRIBUTE;
        out->attribute = value->attribute;
        out->match = test->match;
    } else if (value->form == SEGI_VALUE_TALLY && value->node->aggregate == SEGI_AGG_COUNT &&
               test->match->kind == SEGI_MATCH_RANGE && !test->match->negated) {
        out->form = SEGI_LEAF_COUNT;
        out->source = value->source;
        out->min = test->match->low;
        out->max = test->match->high;
    } else if (value->form == SEGI_VALUE_TALLY && value->node->aggregate == SEGI_AGG_SUM &&
               value->type.type != SEG_TYPE_FLOAT64 && test->match->kind == SEGI_MATCH_RANGE &&
               !test->match->negated) {
        out->form = SEGI_LEAF_SUM;
    } else if (value->form == SEGI_VALUE_SCORE && value->score->ranking &&
               test->match->kind != SEGI_MATCH_IS_NULL &&
               test->match->kind != SEGI_MATCH_IS_ABSENT) {
        out->form = SEGI_LEAF_SCORE;
    }
}

/* A draw of no width is nobody's. */
static bool leaf_split(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    uint64_t low, high;
    if (!segi_split_range(node->split, &low, &high)) {
        out->form = SEGI_LEAF_TEST;
        out->test = test_new(p, SEGI_TEST_NONE);
        return out->test != NULL;
    }
    p->status = segi_snapshot_need_ids(p->run->snapshot, p->err);
    out->form = SEGI_LEAF_SPLIT;
    out->min = (int64_t)low;
    out->max = (int64_t)high;
    return p->status == SEG_OK;
}

static bool leaf_prepare(segi_prep *p, const segi_node *node, segi_prep_leaf *out)
{
    *out = (segi_prep_leaf){.node = node};
    switch (node->kind) {
    case SEGI_NODE_DID: return leaf_did(p, node, out);
    case SEGI_NODE_EDGE: return leaf_edge(p, node, out);
    case SEGI_NODE_SEQUENCE: return leaf_sequence(p, node, out);
    case SEGI_NODE_HAS: return leaf_has(p, node, out);
    case SEGI_NODE_SPLIT: return leaf_split(p, node, out);
    default: break;
    }
    out->form = SEGI_LEAF_TEST;
    out->test = segi_prep_test(p, node, (segi_place){0});
    if (!out->test)
        return false;
    leaf_shortcut(out);
    return segi_prep_shortcut(p, out);
}

/* ---- the program ---- */

/* One pass over the program, children before parents. Operations that rewrites have dropped (uses
 * 0) are passed over; estimates are made of all, since they decide the order of operands. */
seg_status segi_exec_run_prepare(segi_exec_run *run, seg_error *err)
{
    segi_prep p = {.run = run, .status = SEG_OK, .err = err};
    uint32_t count = run->program->op_count;
    segi_estimate *estimates = segi_prep_alloc(&p, count, sizeof *estimates);
    segi_prep_leaf *leaves = segi_prep_alloc(&p, count, sizeof *leaves);
    const uint32_t **order = segi_prep_alloc(&p, count, sizeof *order);
    run->scores = segi_prep_alloc(&p, count, sizeof *run->scores);
    run->rankings = segi_prep_alloc(&p, count, sizeof *run->rankings);
    if (!run->rankings)
        return p.status;
    segi_program_estimate(run->program, run->snapshot, run->now, estimates);
    for (uint32_t i = 0; i < count; i++) {
        const segi_op *op = &run->program->ops[i];
        if (op->uses == 0)
            continue;
        if (segi_op_ranks(op))
            run->rankings[i] = segi_rank_new(&p, op);
        if (op->kind == SEGI_OP_SCORE)
            run->scores[i] = segi_score_new(&p, op->node->score, run->rankings[i]);
        if (op->kind == SEGI_OP_LEAF && !leaf_prepare(&p, op->node, &leaves[i]))
            return p.status;
        uint32_t *operands = segi_prep_alloc(&p, op->child_count, sizeof *operands);
        if (!operands)
            return p.status;
        segi_program_order(run->program, i, estimates, operands);
        order[i] = operands;
    }
    run->leaves = leaves;
    run->order = order;
    return p.status;
}
