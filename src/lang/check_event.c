/* check_event.c - selectors, windows, did, first/last and aggregates.
 *
 * A selector says which events, a window when, a bound how many; did, first/last and aggregates
 * are made of these three. The zone of the window is also that of the conditions in where, as "in
 * which local day" is meant the same in both. */
#include <stdlib.h>
#include <string.h>

#include "lang/checker.h"

/* ---- windows ---- */

void segi_check_window_default(const segi_check *k, segi_window *out)
{
    memset(out, 0, sizeof *out);
    out->kind = SEGI_WINDOW_EVER;
    out->zone = k->zone;
    out->week_start = k->week_start;
}

/* N units; the number may be a gap. */
static bool check_length(segi_check *k, const segi_syn_duration *syn, segi_duration *out)
{
    out->unit = syn->unit;
    return segi_check_number(k, syn->count, &out->count);
}

/* from > to is a slip of the pen; the same instant is an empty span (S-04). */
static bool check_order(segi_check *k, const segi_syn_window *syn, const segi_window *window)
{
    segi_moment from = window->from, to = window->to;
    if (window->kind != SEGI_WINDOW_BETWEEN || segi_is_gap(from.value) || segi_is_gap(to.value))
        return true;
    bool reversed = from.value > to.value;
    if (from.kind != to.kind) {
        /* A date counts to its end here, so it is late only if the whole day is. */
        if (to.kind == SEGI_MOMENT_DATE)
            to.value++;
        reversed = segi_moment_instant(from, window->zone.zone) >
                   segi_moment_instant(to, window->zone.zone);
    }
    if (reversed)
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "the span ends before it begins");
    return !reversed;
}

/* Whoever knows what to do with an occasion does not come here with it. */
static bool fail_occasion(segi_check *k, const segi_syn_window *syn)
{
    segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                    "an occasion is no span that this can be asked for");
    segi_check_hint(k, "ask dates or events: where (@date during occasion \"...\")");
    return false;
}

static segi_node *check_anchor(segi_check *k, const segi_syn_window *syn);

/* `events` false: the span is asked of an attribute, which may lie in the future. The anchor is
 * checked in the window's own zone. */
bool segi_check_window(segi_check *k, const segi_syn_window *syn, bool events, segi_window *out)
{
    segi_check_window_default(k, out);
    if (!segi_check_zone(k, &syn->zone, &out->zone))
        return false;
    if (syn->occasion != NULL)
        return fail_occasion(k, syn);
    out->kind = syn->kind;
    out->complete = syn->complete;
    out->side = syn->side;
    if (events && syn->kind == SEGI_WINDOW_NEXT) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "events lie in the past: \"in next\" is for attributes");
        return false;
    }
    if (!check_length(k, &syn->length, &out->length) ||
        !check_length(k, &syn->length_to, &out->length_to) ||
        !segi_check_moment(k, &syn->from, &out->from) || !segi_check_moment(k, &syn->to, &out->to))
        return false;
    if (!check_order(k, syn, out))
        return false;
    if (syn->kind == SEGI_WINDOW_ANCHOR) {
        segi_zone_ref zone = k->zone;
        k->zone = out->zone;
        out->anchor = check_anchor(k, syn);
        k->zone = zone;
        return out->anchor != NULL;
    }
    return true;
}

/* ---- selectors ---- */

/* For qsort(). */
static int compare_indices(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

/* The list of all types is made once per compile. Its address is also the key under which names.c
 * keeps the properties that it has found, so sharing it saves the search too. */
static bool select_all(segi_check *k, segi_selector *selector)
{
    segi_compiling *c = k->c;
    selector->any_event = true;
    selector->event_count = c->schema->event_count - c->schema->history_count;
    if (c->all_events == NULL) {
        uint32_t *all = segi_check_alloc(k, c->schema->event_count + 1u, sizeof *all);
        if (all == NULL)
            return false;
        for (uint32_t i = 0, count = 0; i < c->schema->event_count; i++) {
            if (!c->schema->events[i]->history)
                all[count++] = i;
        }
        c->all_events = all;
    }
    selector->events = c->all_events;
    return true;
}

/* An open compile keeps the name for printing, and for the day on which it is defined. */
static bool add_unknown(segi_check *k, segi_selector *selector, segi_text *unknown,
                        const segi_syn *syn)
{
    const char *text = segi_arena_copy(k->c->arena, syn->u.name.text, syn->u.name.text_size);
    if (text == NULL)
        return segi_check_nomem(k) != NULL;
    unknown[selector->unknown_count++] = (segi_text){text, syn->u.name.text_size};
    return true;
}

/* Sorted and without repeats: the order in which events are listed means nothing. */
static bool select_listed(segi_check *k, const segi_syn_selector *syn, segi_selector *selector)
{
    uint32_t *events = segi_check_alloc(k, syn->event_count, sizeof *events);
    segi_text *unknown = NULL;
    if (events == NULL)
        return false;
    uint32_t count = 0;
    for (const segi_syn *event = syn->events; event != NULL; event = event->next) {
        bool found;
        if (!segi_check_event(k, event, &events[count], &found))
            return false;
        count += found;
        if (found)
            continue;
        if (unknown == NULL) {
            unknown = segi_check_alloc(k, syn->event_count, sizeof *unknown);
            selector->unknown = unknown;
        }
        if (unknown == NULL || !add_unknown(k, selector, unknown, event))
            return false;
    }
    qsort(events, count, sizeof *events, compare_indices);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || events[i] != events[i - 1])
            events[kept++] = events[i];
    }
    selector->events = events;
    selector->event_count = kept;
    return true;
}

/* The condition in where is about one event; its zone is the window's. */
const segi_node *segi_check_where(segi_check *k, const segi_selector *selector,
                                  const segi_syn *where, segi_zone_ref zone)
{
    const segi_selector *outer = k->selector;
    segi_zone_ref outer_zone = k->zone;
    k->selector = selector;
    k->zone = zone;
    const segi_node *node = segi_check_predicate(k, where);
    k->selector = outer;
    k->zone = outer_zone;
    return node;
}

/* A where that always holds is dropped, so that equal selectors look equal. */
segi_selector *segi_check_selector(segi_check *k, const segi_syn_selector *syn, segi_zone_ref zone)
{
    segi_selector *selector = segi_check_alloc(k, 1, sizeof *selector);
    if (selector == NULL)
        return NULL;
    if (!(syn->session != NULL ? segi_check_session(k, syn, zone, selector)
          : syn->any           ? select_all(k, selector)
                               : select_listed(k, syn, selector)))
        return NULL;
    if (syn->where != NULL) {
        selector->where = segi_check_where(k, selector, syn->where, zone);
        if (selector->where == NULL)
            return NULL;
        if (selector->where->kind == SEGI_NODE_EVERYONE)
            selector->where = NULL;
    }
    return selector;
}

/* The instant of an event. */
segi_node *segi_check_event_time(segi_check *k, const segi_syn *at)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_BUILTIN, at);
    if (node == NULL)
        return NULL;
    node->builtin = SEGI_BUILTIN_TIME;
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_check_window_default(k, &node->window);
    return node;
}

/* An attribute, or first(@time) / last(@time) of a selector. */
static segi_node *check_anchor(segi_check *k, const segi_syn_window *syn)
{
    if (syn->anchor_name != NULL) {
        segi_node *node = segi_check_value(k, syn->anchor_name, NULL);
        if (node == NULL)
            return NULL;
        segi_check_settle(node, segi_type_of(SEG_TYPE_TIMESTAMP));
        if (node->type.type == SEG_TYPE_TIMESTAMP)
            return node;
        return segi_check_fail(k, syn->anchor_name->begin, syn->anchor_name->size, SEG_E_TYPE,
                               "the span needs an instant to stand at, and this is %s",
                               segi_value_type_name(node->type));
    }
    segi_syn at;
    memset(&at, 0, sizeof at);
    at.begin = syn->anchor_selector->begin;
    at.size = syn->anchor_selector->size;
    if (k->selector != NULL)
        return segi_check_fail(k, at.begin, at.size, SEG_E_TYPE,
                               "other events cannot be asked for inside where");
    segi_node *node = segi_check_node(k, SEGI_NODE_AGGREGATE, &at);
    if (node == NULL)
        return NULL;
    node->aggregate = syn->anchor_which == SEGI_FIRST ? SEGI_AGG_FIRST : SEGI_AGG_LAST;
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_check_window_default(k, &node->window);
    node->argument = segi_check_event_time(k, &at);
    node->selector = segi_check_selector(k, syn->anchor_selector, k->zone);
    return node->argument != NULL && node->selector != NULL ? node : NULL;
}

/* Selector and window of did, first/last and aggregates. */
static bool check_what_and_when(segi_check *k, const segi_syn_behaviour *syn, segi_node *node)
{
    const segi_syn_window *window = syn->window;
    bool occasion = window != NULL && window->occasion != NULL && syn->streak == NULL;
    segi_check_window_default(k, &node->window);
    if (occasion && !segi_check_zone(k, &window->zone, &node->window.zone))
        return false;
    if (window != NULL && !occasion && !segi_check_window(k, window, true, &node->window))
        return false;
    segi_selector *selector = segi_check_selector(k, syn->selector, node->window.zone);
    node->selector = selector;
    return selector != NULL &&
           (!occasion || segi_check_occasion_events(k, window, node->window.zone, selector));
}

/* ---- did ---- */

/* One more, or one less; for a gap its mark. */
static int64_t number_step(int64_t n, int step)
{
    if (segi_is_gap(n))
        return n + (step > 0 ? 1 : 2);
    return step > 0 && n == INT64_MAX ? n : n + step;
}

/* How often in each period. One without any event cannot be told from one that never was, so
 * there is a lower bound only. */
static bool check_each(segi_check *k, const segi_syn_bound *syn, int64_t *out)
{
    if (syn->kind != SEGI_BOUND_AT_LEAST && syn->kind != SEGI_BOUND_MORE) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "a period counts from so many events on: say at least how many");
        segi_check_hint(k, "did login at least 3 times on at least 6 weeks");
        return false;
    }
    if (!segi_check_number(k, syn->low, out))
        return false;
    if (syn->kind == SEGI_BOUND_MORE)
        *out = number_step(*out, 1);
    if (!segi_is_gap(*out) && *out < 1)
        *out = 1; /* a period with no event at all is none */
    return true;
}

/* Every form comes down to min and max. "At least once" is the form without a bound, which exec
 * answers from sets of users. */
bool segi_check_bound(segi_check *k, const segi_syn_bound *syn, segi_bound *out)
{
    int64_t low, high = 0;
    if (!segi_check_number(k, syn->low, &low) || !segi_check_number(k, syn->high, &high))
        return false;
    *out = (segi_bound){true, 0, INT64_MAX, syn->periods, syn->period, 1};
    switch (syn->kind) {
    case SEGI_BOUND_AT_LEAST: out->min = low; break;
    case SEGI_BOUND_AT_MOST: out->max = low; break;
    case SEGI_BOUND_MORE: out->min = number_step(low, 1); break;
    case SEGI_BOUND_FEWER:
        if (low == 0) {
            segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                            "nothing happens fewer than 0 times");
            return false;
        }
        out->max = number_step(low, -1);
        break;
    case SEGI_BOUND_EXACTLY: out->min = out->max = low; break;
    case SEGI_BOUND_BETWEEN:
        out->min = low;
        out->max = high;
        if (!segi_is_gap(low) && !segi_is_gap(high) && low > high) {
            segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                            "the lower bound is above the upper one");
            return false;
        }
        break;
    }
    if (!syn->periods && out->min == 1 && out->max == INT64_MAX)
        *out = (segi_bound){false, 1, INT64_MAX, false, SEGI_UNIT_SECOND, 1};
    return syn->each == NULL || check_each(k, syn->each, &out->each);
}

/* When the span around an anchor is over for a user: the anchor was, and its end has come. Counted
 * back from now, as every "older than": for months that can be some days after the end of the
 * span, never before it. */
static segi_node *window_closed(segi_check *k, const segi_syn *syn, const segi_window *window)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_TIME, syn);
    if (node == NULL || !segi_check_children(k, node, window->anchor, NULL, NULL))
        return NULL;
    segi_check_window_default(k, &node->window);
    node->window.zone = window->zone;
    if (window->side != SEGI_ANCHOR_BEFORE) {
        node->window.kind = SEGI_WINDOW_OLDER;
        node->window.length = window->length;
    }
    return node;
}

/* Without a bound, exactly S-10's "at least one"; negated it is the complement (S-11), so "did
 * fewer than 3 times" has those in it who never did. */
segi_node *segi_check_did(segi_check *k, const segi_syn *syn)
{
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    segi_node *node = segi_check_node(k, SEGI_NODE_DID, syn);
    if (node == NULL || !check_what_and_when(k, behaviour, node))
        return NULL;
    node->bound = (segi_bound){false, 1, INT64_MAX, false, SEGI_UNIT_SECOND, 1};
    if (behaviour->bound != NULL && !segi_check_bound(k, behaviour->bound, &node->bound))
        return NULL;
    if (!syn->negated)
        return node;
    if (node->window.kind != SEGI_WINDOW_ANCHOR)
        return segi_check_not(k, syn, node);
    /* "did not ... within 14 days after first ..." is known once those days are over. */
    const segi_node *both[2] = {segi_check_not(k, syn, node), NULL};
    both[1] = both[0] == NULL ? NULL : window_closed(k, syn, &node->window);
    return both[1] == NULL ? NULL : segi_check_join(k, syn, SEGI_NODE_AND, both, 2);
}

/* first "event" during occasion "name": the same as first(@time) of "event" ever during ... */
static segi_node *check_edge_occasion(segi_check *k, const segi_syn *syn)
{
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    segi_node *node = segi_check_node(k, SEGI_NODE_AGGREGATE, syn);
    if (node == NULL)
        return NULL;
    segi_check_window_default(k, &node->window);
    if (!segi_check_zone(k, &behaviour->window->zone, &node->window.zone))
        return NULL;
    node->aggregate = behaviour->which == SEGI_FIRST  ? SEGI_AGG_FIRST
                      : behaviour->which == SEGI_LAST ? SEGI_AGG_LAST
                                                      : SEGI_AGG_NTH;
    node->nth = behaviour->which == SEGI_NTH ? behaviour->nth : 0;
    node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    segi_node *time = segi_check_event_time(k, syn);
    node->argument = time;
    node->selector = segi_check_selector(k, behaviour->selector, node->window.zone);
    if (time == NULL || node->selector == NULL)
        return NULL;
    time->window.zone = node->window.zone;
    return segi_check_occasion(k, syn, behaviour->window, node);
}

/* The first ever (S-18) lies in the window, which is not the first within the window. */
segi_node *segi_check_edge(segi_check *k, const segi_syn *syn)
{
    if (syn->u.behaviour->window->occasion != NULL)
        return check_edge_occasion(k, syn);
    segi_node *node = segi_check_node(k, SEGI_NODE_EDGE, syn);
    if (node == NULL || !check_what_and_when(k, syn->u.behaviour, node))
        return NULL;
    node->which = syn->u.behaviour->which;
    node->nth = syn->u.behaviour->nth;
    return node;
}

/* ---- aggregates ---- */

/* The property that is aggregated. */
static segi_node *check_argument(segi_check *k, const segi_syn_behaviour *syn,
                                 const segi_node *aggregate)
{
    const segi_selector *outer = k->selector;
    segi_zone_ref zone = k->zone;
    k->selector = aggregate->selector;
    k->zone = aggregate->window.zone;
    segi_node *node = segi_check_value(k, syn->argument, NULL);
    k->selector = outer;
    k->zone = zone;
    return node;
}

/* `what` with its article. */
static bool fail_argument(segi_check *k, const segi_syn_behaviour *syn, const segi_node *argument,
                          const char *what)
{
    segi_check_fail(k, syn->argument->begin, syn->argument->size, SEG_E_TYPE,
                    "%s is asked of numbers, and this is %s", what,
                    segi_value_type_name(argument->type));
    return false;
}

/* The type of the result, from that of the argument. */
static bool aggregate_type(segi_check *k, const segi_syn_behaviour *syn, segi_node *node,
                           segi_node *argument)
{
    seg_type type = argument->type.type;
    if (type == SEGI_TYPE_DURATION && node->aggregate != SEGI_AGG_DISTINCT) {
        node->type = argument->type; /* figures of lengths of time are such */
        return true;
    }
    switch (node->aggregate) {
    case SEGI_AGG_SUM:
        segi_check_settle(argument, segi_type_of(SEG_TYPE_FLOAT64));
        node->type = argument->type;
        return segi_type_numeric(argument->type.type) || fail_argument(k, syn, argument, "a sum");
    case SEGI_AGG_AVG:
    case SEGI_AGG_MEDIAN:
    case SEGI_AGG_PERCENTILE:
    case SEGI_AGG_STDDEV:
        segi_check_settle(argument, segi_type_of(SEG_TYPE_FLOAT64));
        node->type = segi_type_of(SEG_TYPE_FLOAT64);
        return segi_type_numeric(argument->type.type) ||
               fail_argument(k, syn, argument, "an average, percentile or deviation");
    case SEGI_AGG_MIN:
    case SEGI_AGG_MAX:
        segi_check_settle(argument, segi_type_of(SEG_TYPE_FLOAT64));
        type = argument->type.type;
        node->type = argument->type;
        return segi_type_numeric(type) || type == SEG_TYPE_TIMESTAMP || type == SEG_TYPE_DATE ||
               fail_argument(k, syn, argument, "a minimum or maximum");
    case SEGI_AGG_DISTINCT:
        segi_check_settle(argument, segi_type_of(SEG_TYPE_STRING));
        node->type = segi_type_of(SEG_TYPE_INT64);
        return true;
    default:
        /* Of an unknown property the place of the aggregate decides. */
        node->type = argument->type;
        return true;
    }
}

/* The streak as parsed, copied into the tree's arena. */
static bool check_streak(segi_check *k, const segi_syn_behaviour *syn, segi_node *node)
{
    segi_streak *streak = segi_check_alloc(k, 1, sizeof *streak);
    if (streak == NULL)
        return false;
    *streak = *syn->streak;
    if (streak->missed == 0)
        streak->per = 1; /* however many: one meaning, one form */
    node->streak = streak;
    if (node->aggregate == SEGI_AGG_STREAK_BROKEN)
        node->type = segi_type_of(SEG_TYPE_TIMESTAMP);
    return true;
}

static segi_node *check_aggregate_of(segi_check *k, const segi_syn *syn);

/* Over what lies within a session: that is the span. */
static segi_node *check_within_session(segi_check *k, const segi_syn *syn)
{
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    const segi_syn_window *window = behaviour->window;
    const segi_selector *outer = k->selector;
    if (window != NULL && (window->kind != SEGI_WINDOW_EVER || window->occasion != NULL ||
                           window->zone.kind != SEGI_TZ_NONE)) {
        segi_check_fail(k, window->begin, window->size, SEG_E_TYPE,
                        "inside a session the span is the session itself");
        segi_check_hint(k, "the span of the sessions stands after their where");
        return NULL;
    }
    k->selector = NULL;
    segi_node *node = check_aggregate_of(k, syn);
    k->selector = outer;
    return node;
}

/* Aggregates stand outside of where, or inside that of a session, over the events that lie in
 * it. */
segi_node *segi_check_aggregate(segi_check *k, const segi_syn *syn)
{
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    if (k->selector != NULL && k->selector->session != NULL) {
        if (behaviour->selector->session == NULL && behaviour->streak == NULL &&
            behaviour->aggregate != SEGI_AGG_OVERDUE)
            return check_within_session(k, syn);
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "a session is made of events: count, sum and the like are asked of "
                               "those");
    }
    if (k->selector != NULL) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "counts, sums and the like cannot stand inside where");
        segi_check_hint(k, "inside where stand conditions on the properties of the one event");
        return NULL;
    }
    return check_aggregate_of(k, syn);
}

/* The type is int64 unless the kind or the argument says otherwise. */
static segi_node *check_aggregate_of(segi_check *k, const segi_syn *syn)
{
    const segi_syn_behaviour *behaviour = syn->u.behaviour;
    segi_node *node = segi_check_node(k, SEGI_NODE_AGGREGATE, syn);
    if (node == NULL || !check_what_and_when(k, behaviour, node))
        return NULL;
    node->aggregate = behaviour->aggregate;
    node->fraction = behaviour->fraction;
    node->period = behaviour->period;
    node->min_events = behaviour->min_events;
    node->ties = behaviour->ties;
    node->nth = behaviour->nth;
    node->type = segi_type_of(SEG_TYPE_INT64);
    if (behaviour->streak != NULL && !check_streak(k, behaviour, node))
        return NULL;
    if (node->aggregate == SEGI_AGG_OVERDUE)
        node->type = segi_type_of(SEG_TYPE_FLOAT64);
    if (behaviour->argument == NULL)
        return node;
    if (node->aggregate == SEGI_AGG_SHARE) {
        node->type = segi_type_of(SEG_TYPE_FLOAT64);
        node->share = segi_check_where(k, node->selector, behaviour->argument, node->window.zone);
        return node->share == NULL ? NULL : node;
    }
    segi_node *argument = check_argument(k, behaviour, node);
    if (argument == NULL || !aggregate_type(k, behaviour, node, argument))
        return NULL;
    node->argument = argument;
    return node;
}
