/* Keys of sub-predicates, so that equal leaves of one or many segments become one operation.
 *
 * Every part of a node that decides its meaning is written with its size in front, so that two
 * different nodes cannot give the same bytes. A field that lang adds to segi_node, and that decides
 * what a node means, has to be added here too, or two leaves that differ in it become one. Keys
 * are compared within one process only: numbers are written as they lie in memory. */
#include "plan/node_key.h"

#include <string.h>

static void key_int(segi_buf *key, int64_t value)
{
    segi_buf_add(key, &value, sizeof value);
}

/* By its bits: two forms of one number would cost a shared operation, no more. */
static void key_float(segi_buf *key, double value)
{
    segi_buf_add(key, &value, sizeof value);
}

static void key_text(segi_buf *key, const char *text, size_t size)
{
    key_int(key, (int64_t)size);
    segi_buf_add(key, text, size);
}

/* The type belongs to it: 1 as a number is not 1 as a day. */
static void key_literal(segi_buf *key, const segi_literal *literal)
{
    key_int(key, literal->type.type);
    key_int(key, literal->type.scale);
    if (literal->type.type == SEG_TYPE_STRING)
        key_text(key, literal->text, literal->text_size);
    else
        key_int(key, literal->slot);
}

/* By name, because two compiles load a zone each. */
static void key_zone(segi_buf *key, const segi_zone_ref *zone)
{
    key_int(key, zone->kind);
    const char *name = zone->zone ? segi_zone_name(zone->zone) : "";
    key_text(key, name, strlen(name));
    key_int(key, zone->attribute ? (int64_t)zone->attribute->index : -1);
}

static void key_duration(segi_buf *key, segi_duration duration)
{
    key_int(key, duration.count);
    key_int(key, duration.unit);
}

/* event_count: of the selector around the node, the length of a property's `fields`. */
static void key_node(const segi_node *node, uint32_t event_count, segi_buf *key);

/* That there is nothing is written too. */
static void key_optional(segi_buf *key, const segi_node *node, uint32_t event_count)
{
    key_int(key, node != NULL);
    if (node)
        key_node(node, event_count, key);
}

static void key_window(segi_buf *key, const segi_window *window)
{
    key_int(key, window->kind);
    key_duration(key, window->length);
    key_duration(key, window->length_to);
    key_int(key, window->complete);
    key_int(key, window->from.kind);
    key_int(key, window->from.value);
    key_int(key, window->to.kind);
    key_int(key, window->to.value);
    key_int(key, window->side);
    key_int(key, window->week_start);
    key_optional(key, window->anchor, 0);
    key_zone(key, &window->zone);
}

/* Event types in their order: lang has sorted them. */
static void key_selector(segi_buf *key, const segi_selector *selector)
{
    key_int(key, selector != NULL);
    if (!selector)
        return;
    key_int(key, selector->any_event);
    key_int(key, selector->event_count);
    for (uint32_t i = 0; i < selector->event_count; i++)
        key_int(key, selector->events[i]);
    key_optional(key, selector->where, selector->event_count);
    key_int(key, selector->session != NULL);
    if (selector->session) {
        key_duration(key, selector->session->gap);
        key_selector(key, selector->session->of);
    }
}

static void key_streak(segi_buf *key, const segi_streak *streak)
{
    key_int(key, streak != NULL);
    if (!streak)
        return;
    key_int(key, streak->min_events);
    key_int(key, streak->length);
    key_int(key, streak->missed);
    key_int(key, streak->per);
}

static void key_bound(segi_buf *key, const segi_bound *bound)
{
    key_int(key, bound->given);
    key_int(key, bound->min);
    key_int(key, bound->max);
    key_int(key, bound->periods);
    key_int(key, bound->period);
    key_int(key, bound->each);
}

/* Rows of a step: the held values by index, and which property has them here. */
static void key_events(segi_buf *key, const segi_step_events *events)
{
    key_int(key, events != NULL);
    if (!events)
        return;
    key_selector(key, events->selector);
    for (uint32_t h = 0; h < SEGI_HELD_MAX; h++) {
        bool known = events->held[h] && events->held[h]->fields;
        key_int(key, events->held[h] ? 1 + known : 0);
        if (known)
            key_node(events->held[h], events->selector->event_count, key);
    }
}

static void key_step(segi_buf *key, const segi_step *step)
{
    key_int(key, step->choice_count);
    for (uint32_t i = 0; i < step->choice_count; i++)
        key_events(key, &step->choices[i]);
    key_bound(key, &step->repeat);
    key_int(key, step->has_within);
    key_duration(key, step->within);
    key_int(key, step->has_after);
    key_duration(key, step->after);
    key_events(key, step->without);
}

/* Names of steps mean nothing; which step binds a held value does. */
static void key_sequence(segi_buf *key, const segi_sequence *sequence)
{
    key_int(key, sequence->step_count);
    for (uint32_t i = 0; i < sequence->step_count; i++)
        key_step(key, &sequence->steps[i]);
    key_events(key, sequence->absence);
    key_duration(key, sequence->absence_for);
    key_int(key, sequence->has_within);
    key_duration(key, sequence->within);
    key_int(key, sequence->held_count);
    for (uint32_t h = 0; h < sequence->held_count; h++) {
        key_int(key, sequence->held[h].step);
        key_int(key, sequence->held[h].same);
    }
    key_int(key, sequence->entry);
    key_int(key, sequence->between);
    key_int(key, sequence->repeat);
    key_int(key, sequence->tie);
    key_duration(key, sequence->tolerance);
    key_int(key, sequence->row_many);
    key_int(key, sequence->scan);
}

/* The parts that only some kinds of predicates have. */
static void key_predicate_part(const segi_node *node, segi_buf *key)
{
    switch (node->kind) {
    case SEGI_NODE_DID: key_bound(key, &node->bound); break;
    case SEGI_NODE_SEQUENCE:
        key_bound(key, &node->bound);
        key_int(key, node->figure);
        key_sequence(key, node->sequence);
        break;
    case SEGI_NODE_EDGE:
        key_int(key, node->which);
        key_int(key, node->nth);
        break;
    case SEGI_NODE_COMPARE: key_int(key, node->op); break;
    case SEGI_NODE_IN: key_int(key, node->negated); break;
    case SEGI_NODE_STATE: key_int(key, node->state); break;
    case SEGI_NODE_HAS: key_int(key, node->has); break;
    case SEGI_NODE_TEXT:
        key_int(key, node->text);
        key_int(key, node->fold);
        break;
    case SEGI_NODE_ANNIVERSARY: key_int(key, node->early); break;
    case SEGI_NODE_SEASON:
        key_int(key, node->season.from);
        key_int(key, node->season.to);
        break;
    case SEGI_NODE_OCCASION:
        key_int(key, node->occasion.count);
        for (uint32_t i = 0; i < node->occasion.count; i++) {
            key_int(key, node->occasion.ranges[i].first);
            key_int(key, node->occasion.ranges[i].last);
        }
        break;
    case SEGI_NODE_RADIUS:
        key_float(key, node->meters);
        key_float(key, node->point.latitude);
        key_float(key, node->point.longitude);
        break;
    case SEGI_NODE_POLYGON:
        key_int(key, node->ring_count);
        for (uint32_t i = 0; i < node->ring_count; i++) {
            key_int(key, node->rings[i].count);
            for (uint32_t j = 0; j < node->rings[i].count; j++) {
                key_float(key, node->rings[i].points[j].latitude);
                key_float(key, node->rings[i].points[j].longitude);
            }
        }
        break;
    case SEGI_NODE_AT_LEAST: key_int(key, node->count); break;
    case SEGI_NODE_RANK:
        key_int(key, node->count);
        key_int(key, node->percent);
        key_int(key, node->bottom);
        break;
    case SEGI_NODE_SPLIT:
        key_text(key, node->split->seed.text, node->split->seed.size);
        key_int(key, node->split->low);
        key_int(key, node->split->high);
        break;
    default: break;
    }
}

/* Names of classes do not matter: tests compare with numbers. */
static void key_score(const segi_score *score, segi_buf *key)
{
    key_int(key, score->cuts);
    key_int(key, score->zeros);
    key_int(key, score->rfm != NULL);
    key_int(key, score->cut_count);
    for (uint32_t i = 0; i < score->cut_count; i++) {
        if (score->cuts == SEGI_CUTS_PARTS)
            key_int(key, score->parts[i]);
        else if (score->cuts == SEGI_CUTS_FIXED)
            key_literal(key, &score->points[i]);
    }
}

/* The parts that only some kinds of values have. */
static void key_value_part(const segi_node *node, uint32_t event_count, segi_buf *key)
{
    switch (node->kind) {
    case SEGI_NODE_LITERAL: key_literal(key, &node->literal); break;
    case SEGI_NODE_MOMENT:
        key_int(key, node->moment.kind);
        key_int(key, node->moment.value);
        break;
    case SEGI_NODE_ATTRIBUTE: key_int(key, node->field ? (int64_t)node->field->index : -1); break;
    case SEGI_NODE_PROPERTY:
        for (uint32_t i = 0; i < event_count; i++)
            key_int(key, node->fields[i] ? (int64_t)node->fields[i]->index : -1);
        break;
    case SEGI_NODE_BUILTIN: key_int(key, node->builtin); break;
    case SEGI_NODE_SHIFT:
        key_duration(key, node->shift);
        key_int(key, node->arith);
        break;
    case SEGI_NODE_ARITH: key_int(key, node->arith); break;
    case SEGI_NODE_FIGURE:
        key_int(key, node->figure);
        key_sequence(key, node->sequence);
        break;
    case SEGI_NODE_SCORE: key_score(node->score, key); break;
    case SEGI_NODE_AGGREGATE:
        key_int(key, node->aggregate);
        key_int(key, node->nth);
        key_int(key, node->period);
        key_int(key, node->min_events);
        key_int(key, node->ties);
        key_float(key, node->fraction);
        key_optional(key, node->argument, event_count);
        key_optional(key, node->share, event_count);
        key_optional(key, node->from, event_count);
        key_optional(key, node->to, event_count);
        key_streak(key, node->streak);
        break;
    default: break;
    }
}

/* Saved segments and labels are looked through: what counts is what they stand for. */
static void key_node(const segi_node *node, uint32_t event_count, segi_buf *key)
{
    if (node->kind == SEGI_NODE_SEGMENT || node->kind == SEGI_NODE_WRITTEN) {
        key_node(node->children[0], event_count, key);
        return;
    }
    if (node->selector)
        event_count = node->selector->event_count;
    key_int(key, node->kind);
    key_int(key, node->type.type);
    key_int(key, node->type.scale);
    key_predicate_part(node, key);
    key_value_part(node, event_count, key);
    key_selector(key, node->selector);
    key_window(key, &node->window);
    key_int(key, node->list_count);
    for (uint32_t i = 0; i < node->list_count; i++)
        key_literal(key, &node->list[i]);
    key_int(key, node->child_count);
    for (uint32_t i = 0; i < node->child_count; i++) {
        key_int(key, node->children[i] != NULL);
        if (node->children[i])
            key_node(node->children[i], event_count, key);
    }
}

void segi_plan_node_key(const segi_node *node, segi_buf *key)
{
    key_node(node, 0, key);
}
