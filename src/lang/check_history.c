/* check_history.c - attributes with a history: what they are, were, have been, and changed to.
 *
 * A history is a type of events with the value as their property (schema.h). So the value at an
 * instant is that of the last event up to then, "has been" asks for it and for the instant since
 * when it holds, and "changed" counts events whose value differs from the one before. */
#include <string.h>

#include "lang/checker.h"

/* ---- values ---- */

bool segi_check_history_value(segi_check *k, segi_node *node)
{
    const segi_event_type *history = k->c->schema->events[node->field->history];
    segi_node *argument = segi_check_alloc(k, 1, sizeof *argument);
    segi_selector *selector = segi_check_alloc(k, 1, sizeof *selector);
    const segi_field **fields = segi_check_alloc(k, 1, sizeof *fields);
    uint32_t *events = segi_check_alloc(k, 1, sizeof *events);
    if (argument == NULL || selector == NULL || fields == NULL || events == NULL)
        return false;
    *argument = *node;
    argument->kind = SEGI_NODE_PROPERTY;
    argument->field = NULL;
    argument->fields = fields;
    fields[0] = history->fields[0];
    events[0] = history->index;
    selector->event_count = 1;
    selector->events = events;
    node->kind = SEGI_NODE_AGGREGATE;
    node->aggregate = SEGI_AGG_LAST;
    node->selector = selector;
    node->argument = argument;
    segi_check_window_default(k, &node->window);
    return true;
}

/* An attribute whose history can be asked; one that an open compile does not know has none, and
 * that is no failure. */
static segi_node *check_subject(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_value(k, syn, NULL);
    if (node == NULL)
        return NULL;
    bool attribute = syn->kind == SEGI_SYN_NAME && k->selector == NULL &&
                     (node->kind == SEGI_NODE_ATTRIBUTE || node->kind == SEGI_NODE_AGGREGATE);
    if (!attribute)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "only an attribute has a history");
    if (node->kind == SEGI_NODE_AGGREGATE || node->field == NULL)
        return node;
    segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                    "attribute \"%.*s\" has no history: only its present value is known",
                    (int)node->name_size, node->name);
    segi_check_hint(k, "an attribute keeps its history if it was defined so");
    return NULL;
}

segi_node *segi_check_as_of(segi_check *k, const segi_syn *syn)
{
    segi_node *node = check_subject(k, syn->kids);
    if (node == NULL || !segi_check_window(k, syn->u.window, true, &node->window))
        return NULL;
    node->span_begin = syn->begin;
    node->span_size = syn->size;
    return node;
}

/* ---- tests ---- */

/* The test that a value is the one written. */
static const segi_node *check_state(segi_check *k, const segi_syn *syn, const segi_syn_state *state,
                                    const segi_node *value)
{
    segi_node *test = segi_check_node(k, state->null ? SEGI_NODE_STATE : SEGI_NODE_COMPARE, syn);
    if (test == NULL)
        return NULL;
    if (state->null) {
        test->state = SEGI_STATE_NULL;
        return segi_check_children(k, test, value, NULL, NULL) ? test : NULL;
    }
    segi_literal literal;
    if (!segi_check_element(k, state->literal, value, &literal))
        return NULL;
    if (literal.type.type != SEGI_TYPE_PARAM)
        segi_literal_fit(&literal, value->type);
    if (literal.type.type == SEG_TYPE_FLOAT64 && value->type.type != SEG_TYPE_FLOAT64 &&
        !segi_type_unknown(value))
        return segi_check_fail(k, state->literal->begin, state->literal->size, SEG_E_TYPE,
                               "a history of exact numbers is asked for an exact one");
    const segi_node *right = segi_check_literal_node(k, state->literal, literal);
    test->op = SEGI_EQ;
    return right != NULL && segi_check_children(k, test, value, right, NULL) ? test : NULL;
}

/* What is written, and what it comes to: nobody, where the attribute is not known yet. */
static segi_node *written_node(segi_check *k, const segi_syn *syn, const segi_node *written,
                               const segi_node *comes_to)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_WRITTEN, syn);
    if (written->children[0]->field == NULL)
        comes_to = segi_check_node(k, SEGI_NODE_NOBODY, syn);
    if (node == NULL || comes_to == NULL)
        return NULL;
    node->written = written;
    return segi_check_children(k, node, comes_to, NULL, NULL) ? node : NULL;
}

/* An aggregate over the same history. */
static segi_node *history_like(segi_check *k, const segi_syn *syn, const segi_node *value,
                               segi_aggregate aggregate, seg_type type)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_AGGREGATE, syn);
    if (node == NULL)
        return NULL;
    *node = *value;
    node->aggregate = aggregate;
    node->type = segi_type_of(type);
    return node;
}

segi_node *segi_check_held(segi_check *k, const segi_syn *syn)
{
    const segi_syn_history *history = syn->u.history;
    segi_node *written = segi_check_node(k, SEGI_NODE_HELD, syn);
    segi_node *value = written == NULL ? NULL : check_subject(k, syn->kids);
    if (value == NULL || !segi_check_children(k, written, value, NULL, NULL))
        return NULL;
    const segi_node *both[2];
    segi_check_window_default(k, &written->window);
    written->window.kind = SEGI_WINDOW_OLDER;
    written->window.length.unit = history->length.unit;
    written->to = both[0] = check_state(k, syn, &history->to, value);
    if (both[0] == NULL ||
        !segi_check_number(k, history->length.count, &written->window.length.count))
        return NULL;
    segi_node *since = history_like(k, syn, value, SEGI_AGG_SINCE, SEG_TYPE_TIMESTAMP);
    segi_node *time = since == NULL ? NULL : segi_check_node(k, SEGI_NODE_TIME, syn);
    if (time == NULL || !segi_check_children(k, time, since, NULL, NULL))
        return NULL;
    time->window = written->window;
    both[1] = time;
    return written_node(k, syn, written, segi_check_join(k, syn, SEGI_NODE_AND, both, 2));
}

segi_node *segi_check_changed(segi_check *k, const segi_syn *syn)
{
    const segi_syn_history *history = syn->u.history;
    segi_node *written = segi_check_node(k, SEGI_NODE_CHANGED, syn);
    segi_node *value = written == NULL ? NULL : check_subject(k, syn->kids);
    if (value == NULL || !segi_check_children(k, written, value, NULL, NULL))
        return NULL;
    const segi_node *tested = value->argument != NULL ? value->argument : value;
    segi_check_window_default(k, &written->window);
    if (history->from.given)
        written->from = check_state(k, syn, &history->from, tested);
    if (history->to.given)
        written->to = check_state(k, syn, &history->to, tested);
    if (k->c->status != SEG_OK ||
        (history->window != NULL && !segi_check_window(k, history->window, true, &written->window)))
        return NULL;
    segi_node *count = history_like(k, syn, value, SEGI_AGG_CHANGES, SEG_TYPE_INT64);
    segi_node *some = count == NULL ? NULL : segi_check_node(k, SEGI_NODE_COMPARE, syn);
    const segi_node *one =
        some == NULL ? NULL
                     : segi_check_literal_node(k, syn, (segi_literal){count->type, 1, NULL, 0});
    if (one == NULL || !segi_check_children(k, some, count, one, NULL))
        return NULL;
    count->window = written->window;
    count->from = written->from;
    count->to = written->to;
    some->op = SEGI_GE;
    return written_node(k, syn, written, some);
}
