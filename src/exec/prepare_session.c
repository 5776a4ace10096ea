/* Binding sessions: the events that they are made of, their window, and what their `where` and the
 * aggregates over them read.
 *
 * The events reach further than the window: one gap before it, so that a session that began earlier
 * is not taken for one that begins in it, and up to now, where those that began in it may end. */
#include "exec/exec_int.h"

/* Without its where, which needs the session to be bound to. */
static const segi_prep_session *session_of(segi_prep *p, const segi_node *node)
{
    const segi_session *what = node->selector->session;
    segi_prep_session *out = SEGI_PREP_NEW(p, segi_prep_session);
    if (!out)
        return NULL;
    bool each = segi_prep_window_each(&node->window, false);
    segi_prep_window_span(p, &node->window, &out->begin, &out->end);
    if (each && !(out->each = segi_prep_window_of(p, &node->window, true, false)))
        return NULL;
    out->gap = segi_duration_length(what->gap);
    int64_t begin;
    if (segi_sub_overflow(out->begin, out->gap, &begin) || begin < SEG_TIME_MIN)
        begin = SEG_TIME_MIN;
    out->events = segi_prep_source_of(p, what->of, begin, p->run->now + 1, false);
    return out->events && segi_prep_pin_times(p, out->events) ? out : NULL;
}

/* What aggregates and `where` say of sessions, which come as a list of "users". */
static const segi_prep_filter *session_test(segi_prep *p, const segi_node *node,
                                            const segi_prep_session *session)
{
    return segi_prep_test(p, node, (segi_place){.session = session});
}

/* The least duration of sessions that pass, as far as the test says so by itself or as one of those
 * that all have to hold. */
static int64_t session_least(const segi_prep_filter *where)
{
    int64_t least = 0;
    for (uint32_t i = 0; where->form == SEGI_TEST_AND && i < where->child_count; i++) {
        int64_t of_child = session_least(where->children[i]);
        least = of_child > least ? of_child : least;
    }
    if (where->form != SEGI_TEST_MATCH || where->match->kind != SEGI_MATCH_RANGE ||
        where->match->negated)
        return least;
    const segi_prep_value *value = where->values[0];
    bool duration = value->form == SEGI_VALUE_OF_SESSION &&
                    value->node->kind == SEGI_NODE_BUILTIN &&
                    value->node->builtin == SEGI_BUILTIN_DURATION;
    return duration && where->match->low > 0 ? where->match->low : 0;
}

/* Sessions are not tallied: they have to be cut first, which takes rows in order. */
const segi_prep_value *segi_prep_sessions(segi_prep *p, const segi_node *node)
{
    const segi_selector *selector = node->selector;
    const segi_prep_session *session = session_of(p, node);
    segi_prep_session *own = SEGI_PREP_NEW(p, segi_prep_session);
    if (!session || !own)
        return NULL;
    *own = *session;
    if (selector->where) {
        if (!(own->where = session_test(p, selector->where, session)))
            return NULL;
        own->least = session_least(own->where);
    }
    if (node->share && !(own->share = session_test(p, node->share, session)))
        return NULL;
    const segi_prep_value *argument = NULL;
    if (node->argument &&
        !(argument = segi_prep_value_of(p, node->argument, (segi_place){.session = session})))
        return NULL;
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_SESSIONS;
    out->node = node;
    out->type = node->type;
    if (node->kind == SEGI_NODE_DID)
        out->type = (segi_value_type){SEG_TYPE_INT64, 0};
    out->source = session->events;
    out->argument = argument;
    out->session = own;
    out->zones = segi_prep_zones(p, &node->window.zone);
    return out->zones ? out : NULL;
}

/* Something of the session itself. */
static const segi_prep_value *session_builtin(segi_prep *p, const segi_node *node)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_OF_SESSION;
    out->node = node;
    out->type = node->type;
    out->zones = segi_prep_zones(p, &node->window.zone);
    return out->zones ? out : NULL;
}

/* An aggregate within a session reads the rows of its own selector, over the same span of time. */
const segi_prep_value *segi_prep_of_session(segi_prep *p, const segi_node *node,
                                            const segi_prep_session *session)
{
    if (node->kind == SEGI_NODE_BUILTIN)
        return session_builtin(p, node);
    const segi_prep_source *source =
        segi_prep_source_of(p, node->selector, session->events->begin, p->run->now + 1, false);
    const segi_prep_value *value = source ? segi_prep_aggregate_over(p, node, source) : NULL;
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!value || !out)
        return NULL;
    *out = *value;
    /* Its rows in order, cut at the sessions' ends. */
    if (!segi_prep_pin_order(p, source))
        return NULL;
    out->form = SEGI_VALUE_OF_SESSION;
    out->periods = NULL;
    return out;
}
