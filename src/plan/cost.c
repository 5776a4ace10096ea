/* What leaves cost and keep, from the statistics that a snapshot has anyway: rows and distinct
 * users per part. The numbers order operands; no answer depends on them.
 *
 * O(parts of the leaf's event types) for each leaf, no row is read. Shares of tests without
 * statistics are guesses; they only have to tell a country from everyone. */
#include "plan/plan.h"

/* Nanoseconds, measured on plain loops over narrow columns; only their ratios matter. */
#define COST_ATTRIBUTE 0.2   /* one user of an attribute column */
#define COST_USER 0.7        /* one distinct user of a part */
#define COST_ROW_TEST 0.5    /* one row tested against a column */
#define COST_ROW_GATHER 12.0 /* one row put into its user's list */
#define COST_VALUE 2.0       /* one user in a general comparison */
#define COST_DRAW 4.0        /* one external id hashed */
#define SHARE_DEFAULT 0.3

/* Longer lists of operands run as they are: sorting them would take longer than it saves. */
#define COST_ORDER_MAX 256

/* Sums over the parts that a question may touch. */
typedef struct cost_rows {
    uint64_t rows;     /* in parts that overlap the window */
    uint64_t users;    /* distinct users of those parts, with repeats over parts */
    uint64_t cut_rows; /* rows of parts that the window cuts */
} cost_rows;

/* A part within the window has nothing to be tested, one that the window cuts has its rows looked
 * at. */
static void cost_count_rows(const segi_snapshot *s, const segi_selector *selector, int64_t begin,
                            int64_t end, cost_rows *out)
{
    for (uint32_t i = 0; i < selector->event_count; i++) {
        if (selector->events[i] >= s->schema->event_count)
            continue;
        const segi_event_view *view = &s->events[selector->events[i]];
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part *part = view->parts[p];
            if (part->time_max < begin || part->time_min >= end)
                continue;
            out->rows += part->row_count;
            out->users += part->user_count;
            if (part->time_min < begin || part->time_max >= end)
                out->cut_rows += part->row_count;
        }
    }
}

/* A question about events. Distinct users of parts are added up, though one user may be in many
 * parts: the share is an upper bound, cut at everyone. Each further time that is asked for keeps
 * fewer, by a guessed factor; a bound that includes 0 holds for most. */
static void cost_events(const segi_snapshot *s, const segi_node *node, int64_t now, bool gathers,
                        segi_estimate *out)
{
    double users = s->user_count ? (double)s->user_count : 1;
    int64_t begin = SEG_TIME_MIN, end = SEG_TIME_MAX + 1;
    if (node->window.kind != SEGI_WINDOW_ANCHOR && node->window.zone.zone)
        segi_window_bounds(&node->window, node->window.zone.zone, now, 0, true, &begin, &end);
    cost_rows rows = {0};
    cost_count_rows(s, node->selector, begin, end, &rows);
    bool where = node->selector->where != NULL;
    double tested = where ? (double)rows.rows : (double)rows.cut_rows;
    double cost = (double)rows.users * COST_USER + tested * COST_ROW_TEST;
    if (gathers || node->selector->session)
        cost += (double)rows.rows * COST_ROW_GATHER;
    double share = (double)rows.users / users;
    if (share > 1)
        share = 1;
    if (where)
        share *= SHARE_DEFAULT;
    if (node->kind == SEGI_NODE_DID && node->bound.given) {
        for (int64_t k = 1; k < node->bound.min && k < 8; k++)
            share *= 0.6;
        if (node->bound.min == 0)
            share = 1 - share * 0.3;
    }
    out->rows += rows.rows;
    out->cost += cost / users;
    out->share = share;
}

/* Rows of all steps are gathered; who lacks one of them is not looked at, which the least common
 * step tells. */
static void cost_sequence(const segi_snapshot *s, const segi_node *node, int64_t now,
                          segi_estimate *out)
{
    const segi_sequence *sequence = node->sequence;
    double least = 1;
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        double share = 0;
        for (uint32_t c = 0; c < sequence->steps[i].choice_count; c++) {
            segi_node one = *node;
            one.kind = SEGI_NODE_EDGE; /* rows of a selector, without a bound */
            one.selector = sequence->steps[i].choices[c].selector;
            cost_events(s, &one, now, true, out);
            share += out->share;
        }
        least = share < least ? share : least;
    }
    out->share = least * SHARE_DEFAULT;
}

/* Aggregates that need every row of a user in order, not a running figure. */
static bool cost_gathers(const segi_node *node)
{
    switch (node->aggregate) {
    case SEGI_AGG_COUNT:
    case SEGI_AGG_SUM:
    case SEGI_AGG_AVG:
    case SEGI_AGG_MIN:
    case SEGI_AGG_MAX:
    case SEGI_AGG_SHARE: return false;
    default: return true;
    }
}

/* Adds up what stands in a value, at any depth. */
static void cost_value(const segi_snapshot *s, const segi_node *node, int64_t now,
                       segi_estimate *out)
{
    if (node->kind == SEGI_NODE_SCORE && node->score->cuts != SEGI_CUTS_FIXED) {
        out->cost += COST_ATTRIBUTE; /* settled before; now a byte per user */
        return;
    }
    if (node->kind == SEGI_NODE_AGGREGATE)
        cost_events(s, node, now, cost_gathers(node), out);
    else if (node->kind == SEGI_NODE_FIGURE)
        cost_sequence(s, node, now, out);
    else if (node->kind == SEGI_NODE_ATTRIBUTE)
        out->cost += COST_ATTRIBUTE;
    for (uint32_t i = 0; i < node->child_count; i++)
        cost_value(s, node->children[i], now, out);
}

/* Equality with one of n texts: as if all texts of the dictionary were equally frequent. */
static void cost_equality(const segi_snapshot *s, const segi_node *node, uint32_t values,
                          segi_estimate *out)
{
    const segi_node *left = node->children[0];
    if (left->kind != SEGI_NODE_ATTRIBUTE || !left->field ||
        left->field->index >= s->schema->attribute_count)
        return;
    const segi_dict *dict = s->attributes[left->field->index].dict;
    uint32_t distinct = dict ? segi_dict_count(dict) : 0;
    if (distinct > 0) {
        double share = (double)values / (double)distinct;
        out->share = share < 1 ? share : 1;
    }
}

/* One predicate that looks at data; `out` is zero before. */
static void cost_leaf(const segi_snapshot *s, const segi_node *node, int64_t now,
                      segi_estimate *out)
{
    if (node->kind == SEGI_NODE_DID || node->kind == SEGI_NODE_EDGE) {
        cost_events(s, node, now, node->kind == SEGI_NODE_DID && node->bound.periods, out);
        return;
    }
    if (node->kind == SEGI_NODE_SEQUENCE) {
        cost_sequence(s, node, now, out);
        return;
    }
    out->share = SHARE_DEFAULT;
    for (uint32_t i = 0; i < node->child_count; i++)
        if (node->children[i])
            cost_value(s, node->children[i], now, out);
    if (node->kind == SEGI_NODE_COMPARE && node->children[0]->kind != SEGI_NODE_ATTRIBUTE)
        out->cost += COST_VALUE;
    if (node->kind == SEGI_NODE_COMPARE && node->op == SEGI_EQ)
        cost_equality(s, node, 1, out);
    if (node->kind == SEGI_NODE_IN && !node->negated)
        cost_equality(s, node, node->list_count, out);
    if (node->kind == SEGI_NODE_SPLIT) {
        out->cost += COST_DRAW;
        out->share = (double)(node->split->high - node->split->low) / 1e8;
    }
    if (node->kind == SEGI_NODE_RADIUS || node->kind == SEGI_NODE_POLYGON) {
        out->cost += 5;
        out->share = 0.05;
    }
}

/* Operands shrink or grow the share as if they were independent of each other. */
static void cost_combine(const segi_op *op, segi_estimate *all, segi_estimate *out)
{
    double kept = 1, left_out = 1, most = 0;
    for (uint32_t i = 0; i < op->child_count; i++) {
        const segi_estimate *child = &all[op->children[i]];
        out->cost += child->cost;
        out->rows += child->rows;
        kept *= child->share;
        left_out *= 1 - child->share;
        most += child->share;
    }
    switch (op->kind) {
    case SEGI_OP_ALL: out->share = 1; break;
    case SEGI_OP_NONE: out->share = 0; break;
    case SEGI_OP_NOT: out->share = 1 - kept; break;
    case SEGI_OP_AND: out->share = kept; break;
    case SEGI_OP_OR: out->share = 1 - left_out; break;
    default: out->share = op->child_count ? most / op->child_count : SHARE_DEFAULT; break;
    }
}

void segi_program_estimate(const segi_program *program, const segi_snapshot *snapshot, int64_t now,
                           segi_estimate *out)
{
    for (uint32_t i = 0; i < program->op_count; i++) {
        const segi_op *op = &program->ops[i];
        out[i] = (segi_estimate){0};
        if (op->kind == SEGI_OP_LEAF) {
            cost_leaf(snapshot, op->node, now, &out[i]);
        } else if (op->kind == SEGI_OP_SCORE) {
            cost_value(snapshot, op->node->children[0], now, &out[i]);
            out[i].share = 1;
        } else if (op->kind == SEGI_OP_RANK) {
            cost_value(snapshot, op->node->children[0], now, &out[i]);
            out[i].share = op->node->percent ? (double)op->node->count / 1e8 : 0.01;
        } else {
            cost_combine(op, out, &out[i]);
        }
    }
}

/* Cost for what is ruled out: lower comes first. The small terms keep leaves that cost nothing, or
 * rule out nothing, comparable.
 * The classic order for filters that are independent: cost / (1 - share), rising (Hellerstein and
 * Stonebraker, Predicate Migration, 1993). */
static double cost_rank(const segi_estimate *e, bool narrows)
{
    double gone = narrows ? 1 - e->share : e->share;
    return (e->cost + 0.05) / (gone + 0.01);
}

/* By insertion, which keeps operands of equal rank in the order of their index: the same program
 * and figures always give the same order. Operands of other kinds than and/or stay as they are. */
void segi_program_order(const segi_program *program, uint32_t op, const segi_estimate *estimates,
                        uint32_t *out)
{
    const segi_op *parent = &program->ops[op];
    bool narrows = parent->kind == SEGI_OP_AND;
    bool free_order =
        parent->child_count <= COST_ORDER_MAX && (narrows || parent->kind == SEGI_OP_OR);
    for (uint32_t i = 0; i < parent->child_count; i++) {
        uint32_t child = parent->children[i], at = i;
        double rank = cost_rank(&estimates[child], narrows);
        while (free_order && at > 0 && cost_rank(&estimates[out[at - 1]], narrows) > rank) {
            out[at] = out[at - 1];
            at--;
        }
        out[at] = child;
    }
}
