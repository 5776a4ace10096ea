/* gen_sequence.c - random ordered steps: all switches, distances, absences, repeats, choices and
 * held values, within what the language allows to be said together. */
#include "gen.h"

#include <string.h>

static uint64_t below(gen *g, uint64_t n)
{
    return rng_below(&g->r, n);
}

static bool chance(gen *g, uint32_t percent)
{
    return rng_chance(&g->r, percent);
}

/* Exact lengths only. */
static model_span some_length(gen *g)
{
    model_span span;
    do {
        span = gen_span(g);
    } while (span.unit >= MODEL_U_MONTH);
    return span;
}

static model_bound once(void)
{
    model_bound bound = {false, 1, INT64_MAX, false, MODEL_U_DAY, 1};
    return bound;
}

static model_bound some_repeat(gen *g)
{
    model_bound bound = {true, rng_range(&g->r, 1, 3), INT64_MAX, false, MODEL_U_DAY, 1};
    if (chance(g, 50))
        bound.max = bound.min + rng_range(&g->r, 0, 2);
    bound.given = bound.min > 1 || bound.max < INT64_MAX;
    return bound;
}

/* ---- held values ---- */

static bool can_hold(const model_column *column)
{
    return column->type != SEG_TYPE_GEO && column->type != SEG_TYPE_STRING_SET;
}

/* A property of the selector that steps can share; property_count if there is none. */
static size_t some_held(gen *g, const model_selector *selector, const model_column *like)
{
    const model_schema *schema = &g->feed->schema;
    size_t start = below(g, schema->property_count);
    for (size_t k = 0; k < schema->property_count; k++) {
        size_t i = (start + k) % schema->property_count;
        const model_column *column = &schema->properties[i];
        if (!can_hold(column) || !gen_selects(g, selector, i))
            continue;
        if (like == NULL || (like->type == column->type && like->scale == column->scale))
            return i;
    }
    return schema->property_count;
}

/* Compares the events with an earlier step, where both have something to compare. */
static void some_links(gen *g, const model_sequence *sequence, size_t before, model_events *events)
{
    const model_schema *schema = &g->feed->schema;
    size_t want = before > 0 && chance(g, 25) ? 1 + below(g, 2) : 0;
    for (size_t i = 0; i < want; i++) {
        size_t step = below(g, before);
        if (sequence->steps[step].choice_count > 1)
            continue;
        size_t theirs = some_held(g, &sequence->steps[step].choices[0].selector, NULL);
        if (theirs == schema->property_count)
            continue;
        const model_column *column = &schema->properties[theirs];
        size_t own = gen_selects(g, &events->selector, theirs)
                         ? theirs
                         : some_held(g, &events->selector, column);
        bool twice = own == schema->property_count;
        for (size_t k = 0; k < events->link_count; k++)
            twice = twice || (events->links[k].step == step && events->links[k].theirs == theirs);
        if (twice)
            continue;
        events->links[events->link_count].own = own;
        events->links[events->link_count].step = step;
        events->links[events->link_count++].theirs = theirs;
    }
}

static bool all_have(gen *g, const model_sequence *sequence, size_t column)
{
    bool all = !sequence->has_absence || gen_selects(g, &sequence->absence.selector, column);
    for (size_t i = 0; i < sequence->step_count; i++) {
        const model_step *step = &sequence->steps[i];
        for (size_t c = 0; c < step->choice_count; c++)
            all = all && gen_selects(g, &step->choices[c].selector, column);
        if (step->has_without)
            all = all && gen_selects(g, &step->without.selector, column);
    }
    return all;
}

static void some_same(gen *g, model_sequence *sequence)
{
    const model_schema *schema = &g->feed->schema;
    size_t start = below(g, schema->property_count);
    for (size_t k = 0; k < schema->property_count; k++) {
        size_t i = (start + k) % schema->property_count;
        if (can_hold(&schema->properties[i]) && all_have(g, sequence, i)) {
            sequence->same_count = 1;
            sequence->same = i;
            return;
        }
    }
}

/* ---- steps ---- */

static void some_step(gen *g, model_sequence *sequence, size_t index, bool plain)
{
    model_step *step = &sequence->steps[index];
    step->repeat = once();
    step->choice_count = chance(g, 15) ? 2 : 1;
    for (size_t c = 0; c < step->choice_count; c++)
        step->choices[c].selector = gen_selector(g);
    if (plain)
        return;
    if (step->choice_count == 1)
        some_links(g, sequence, index, &step->choices[0]);
    if (chance(g, 15))
        step->repeat = some_repeat(g);
    if (index == 0)
        return;
    step->has_within = chance(g, 25);
    step->within = some_length(g);
    step->has_after = chance(g, 15);
    step->after = some_length(g);
    if (chance(g, 20)) {
        step->has_without = true;
        step->without.selector = gen_selector(g);
        some_links(g, sequence, index, &step->without);
    }
}

static bool selectors_meet(const model_selector *a, const model_selector *b)
{
    bool meet = a->any_event || b->any_event;
    for (size_t i = 0; i < a->type_count; i++) {
        for (size_t k = 0; k < b->type_count; k++)
            meet = meet || a->types[i] == b->types[k];
    }
    return meet;
}

static bool steps_meet(const model_sequence *sequence)
{
    bool meet = false;
    for (size_t i = 0; i < sequence->step_count; i++) {
        for (size_t k = 0; k < i; k++) {
            const model_step *a = &sequence->steps[i], *b = &sequence->steps[k];
            for (size_t c = 0; c < a->choice_count; c++) {
                for (size_t d = 0; d < b->choice_count; d++)
                    meet = meet || selectors_meet(&a->choices[c].selector, &b->choices[d].selector);
            }
        }
    }
    return meet;
}

static void some_switches(gen *g, model_sequence *sequence)
{
    if (chance(g, 25))
        sequence->entry = (int)below(g, 3);
    if (chance(g, 25))
        sequence->between = (int)below(g, 3);
    if (chance(g, 25))
        sequence->repeat = (int)below(g, 3);
    if (chance(g, 30)) {
        sequence->tie = (int)below(g, 3);
        sequence->tolerance = some_length(g);
        if (chance(g, 30))
            sequence->tolerance.count = 0;
    }
    sequence->row_many = chance(g, 15) || (sequence->tie == 2 && steps_meet(sequence));
}

static model_sequence *some_sequence(gen *g, bool funnel, bool scan)
{
    model_sequence *sequence = model_alloc(g->arena, sizeof(*sequence));
    sequence->funnel = funnel;
    sequence->step_count = 1 + below(g, scan ? 3 : 4);
    sequence->scan = scan ? 1 + (int)below(g, 5) : 0;
    for (size_t i = 0; i < sequence->step_count; i++)
        some_step(g, sequence, i, scan);
    sequence->has_within = chance(g, 40);
    sequence->within = some_length(g);
    g->boundary = true;
    if (scan) {
        if (!funnel && sequence->step_count == 1)
            some_step(g, sequence, sequence->step_count++, true);
        return sequence;
    }
    if (!funnel && (sequence->step_count == 1 || chance(g, 20))) {
        sequence->has_absence = true;
        sequence->absence.selector = gen_selector(g);
        sequence->absence_for = some_length(g);
        some_links(g, sequence, sequence->step_count, &sequence->absence);
    }
    if (chance(g, 15))
        some_same(g, sequence);
    some_switches(g, sequence);
    return sequence;
}

model_node *gen_figure(gen *g, model_figure figure)
{
    model_node *node = gen_node(g, MODEL_FIGURE);
    bool funnel = figure == MODEL_F_DEPTH || (figure == MODEL_F_TIME && chance(g, 50));
    node->figure = figure;
    node->sequence = some_sequence(g, funnel, chance(g, 15));
    node->window = gen_window(g);
    return node;
}

/* depth >= 2, convert_time < 3 days */
static model_node *compared(gen *g)
{
    model_figure figure = (model_figure)below(g, 3);
    model_node *pair[2] = {gen_figure(g, figure), NULL};
    pair[1] = gen_node(g, figure == MODEL_F_TIME ? MODEL_LENGTH : MODEL_LITERAL);
    if (figure == MODEL_F_TIME)
        pair[1]->shift = some_length(g);
    else
        pair[1]->literal = model_int((int64_t)below(g, 4));
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = (model_op)below(g, 6);
    return node;
}

model_node *gen_sequence(gen *g)
{
    if (chance(g, 25))
        return compared(g);
    model_node *node = gen_node(g, MODEL_SEQUENCE);
    bool funnel = chance(g, 40), scan = chance(g, 15);
    model_sequence *sequence = some_sequence(g, funnel, scan);
    node->sequence = sequence;
    node->figure = funnel ? MODEL_F_DEPTH : MODEL_F_MATCHES;
    node->window = gen_window(g);
    node->bound = once();
    if (!funnel && !scan && chance(g, 40))
        node->bound = gen_bound(g);
    if (!funnel)
        return node;
    node->bound.given = true;
    node->bound.min = 1 + (int64_t)below(g, sequence->step_count);
    if (node->bound.min < (int64_t)sequence->step_count && chance(g, 40))
        node->bound.max = node->bound.min;
    return node;
}
