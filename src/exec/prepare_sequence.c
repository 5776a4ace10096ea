/* Ordered steps bound to a snapshot and to `now`: one source of rows per selector, held texts under
 * common codes, lengths in microseconds.
 *
 * One thread, the caller's; everything lives in the run's arena. */
#include <string.h>

#include "exec/sequence_int.h"

/* One sequence under way; `events` and `written` have the same index. */
typedef struct sequence_prep {
    segi_prep *p;
    const segi_node *node;
    segi_prep_sequence *out;
    segi_prep_events *events;         /* out->events */
    const segi_step_events **written; /* by events: what it was made of; NULL for OTHER */
} sequence_prep;

/* ---- sources ---- */

/* Rows of the selector in the window of the node. */
static const segi_prep_source *events_source(segi_prep *p, const segi_node *node,
                                             const segi_selector *selector)
{
    segi_node *alone = SEGI_PREP_NEW(p, segi_node);
    if (!alone)
        return NULL;
    alone->selector = selector;
    alone->window = node->window;
    return segi_prep_source_window(p, alone, false);
}

/* Rows of one selector with the part that they play, and the columns of the values that they
 * hold. */
static bool add_events(sequence_prep *s, segi_role role, uint32_t step,
                       const segi_step_events *written)
{
    segi_prep_events *events = &s->events[s->out->events_count];
    s->written[s->out->events_count++] = written;
    events->role = role;
    events->step = step;
    events->source = events_source(s->p, s->node, written->selector);
    if (!events->source)
        return false;
    if (role == SEGI_ROLE_ABSENCE) /* what follows may lie behind the window */
        events->source = segi_prep_source_of(s->p, written->selector, events->source->begin,
                                             s->p->run->now + 1, false);
    else if (events->source->each)
        s->out->each = events->source->each;
    if (!events->source || !segi_prep_pin_order(s->p, events->source))
        return false;
    events->in_order = segi_source_in_order(events->source);
    const segi_sequence *sequence = s->node->sequence;
    for (uint32_t h = 0; h < sequence->held_count; h++) {
        if (!written->held[h])
            continue;
        segi_place place = {.rows = true, .selector = written->selector};
        events->held |= 1u << h;
        /* In an open compile a property may be one that no event has: it is absent. */
        if (!written->held[h]->fields)
            continue;
        events->values[h] = segi_prep_value_of(s->p, written->held[h], place);
        segi_prep_value row = {
            .form = SEGI_VALUE_GATHER, .source = events->source, .argument = events->values[h]};
        if (!events->values[h] || !segi_prep_pin_value(s->p, &row))
            return false;
    }
    return true;
}

/* Any event at all. */
static bool add_other(sequence_prep *s)
{
    segi_selector *any = SEGI_PREP_NEW(s->p, segi_selector);
    if (!any)
        return false;
    any->any_event = true;
    segi_prep_events *events = &s->events[s->out->events_count];
    s->written[s->out->events_count++] = NULL;
    events->role = SEGI_ROLE_OTHER;
    events->source = events_source(s->p, s->node, any);
    return events->source && segi_prep_pin_order(s->p, events->source);
}

/* Where rows of no step matter, all rows have to be seen. */
static bool wants_other(const segi_sequence *sequence)
{
    return sequence->between == SEGI_BETWEEN_NOTHING || sequence->scan == SEGI_SCAN_ORDER ||
           sequence->scan == SEGI_SCAN_REENTRY;
}

/* In the order of the steps; sequence.c gathers in this order too. */
static bool add_all(sequence_prep *s)
{
    const segi_sequence *sequence = s->node->sequence;
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        const segi_step *step = &sequence->steps[i];
        for (uint32_t c = 0; c < step->choice_count; c++) {
            if (!add_events(s, SEGI_ROLE_STEP, i, &step->choices[c]))
                return false;
        }
        if (step->without && !add_events(s, SEGI_ROLE_WITHOUT, i, step->without))
            return false;
    }
    if (sequence->absence && !add_events(s, SEGI_ROLE_ABSENCE, 0, sequence->absence))
        return false;
    return !wants_other(sequence) || add_other(s);
}

/* ---- held texts ---- */

/* Dictionaries of one held value, each once. */
typedef struct dict_list {
    const segi_dict **dicts;
    uint32_t count;
} dict_list;

/* The dictionary of a held value in one event type of the events. */
static const segi_dict *events_dict(sequence_prep *s, uint32_t events, uint32_t h, uint32_t t)
{
    const segi_step_events *written = s->written[events];
    uint32_t position = s->events[events].source->types[t].position;
    return segi_prep_dict(s->p, written->selector, written->held[h], position);
}

/* The index of it, or count. O(n), and there are as many as event types with the property. */
static uint32_t dict_find(const dict_list *list, const segi_dict *dict)
{
    uint32_t at = 0;
    while (at < list->count && list->dicts[at] != dict)
        at++;
    return at;
}

/* The dictionaries that a held value's codes come from. */
static bool collect_dicts(sequence_prep *s, uint32_t h, dict_list *list)
{
    uint32_t limit = 0;
    for (uint32_t e = 0; e < s->out->events_count; e++)
        limit += s->events[e].source->type_count;
    list->dicts = segi_prep_alloc(s->p, limit + 1, sizeof *list->dicts);
    for (uint32_t e = 0; list->dicts && e < s->out->events_count; e++) {
        for (uint32_t t = 0; s->events[e].values[h] && t < s->events[e].source->type_count; t++) {
            const segi_dict *dict = events_dict(s, e, h, t);
            uint32_t at = dict ? dict_find(list, dict) : 0;
            if (dict && at == list->count)
                list->dicts[list->count++] = dict;
        }
    }
    return list->dicts != NULL;
}

/* Equal texts of different dictionaries get equal codes; one dictionary needs nothing. */
static bool share_codes(sequence_prep *s, uint32_t h)
{
    dict_list list = {0};
    if (!collect_dicts(s, h, &list))
        return false;
    const segi_texts *texts = list.count > 1 ? segi_prep_texts(s->p, list.dicts, list.count) : NULL;
    if (!texts)
        return list.count < 2;
    for (uint32_t e = 0; e < s->out->events_count; e++) {
        segi_prep_events *events = &s->events[e];
        if (!events->values[h])
            continue;
        const uint32_t **codes =
            segi_prep_alloc(s->p, events->source->type_count + 1, sizeof *codes);
        if (!codes)
            return false;
        for (uint32_t t = 0; t < events->source->type_count; t++) {
            const segi_dict *dict = events_dict(s, e, h, t);
            codes[t] = dict ? texts->to_code[dict_find(&list, dict)] : NULL;
        }
        events->codes[h] = codes;
    }
    return true;
}

/* ---- the whole ---- */

/* What is not said becomes a length that everything meets. */
static void prep_lengths(segi_prep_sequence *out)
{
    const segi_sequence *sequence = out->sequence;
    out->within = sequence->has_within ? segi_duration_length(sequence->within) : INT64_MAX;
    out->absence_for = segi_duration_length(sequence->absence_for);
    out->tolerance = segi_duration_length(sequence->tolerance);
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        const segi_step *step = &sequence->steps[i];
        out->step_within[i] = step->has_within ? segi_duration_length(step->within) : INT64_MAX;
        out->step_after[i] = step->has_after ? segi_duration_length(step->after) : INT64_MIN;
    }
}

/* Which held values each step compares with, as bits: the binder itself only sets them. */
static void prep_compared(segi_prep_sequence *out)
{
    const segi_sequence *sequence = out->sequence;
    for (uint32_t e = 0; e < out->events_count; e++) {
        const segi_prep_events *events = &out->events[e];
        uint32_t held = events->held;
        for (uint32_t h = 0; events->role == SEGI_ROLE_STEP && h < sequence->held_count; h++) {
            if (sequence->held[h].step == events->step)
                held &= ~(1u << h);
        }
        switch (events->role) {
        case SEGI_ROLE_STEP: out->compared[events->step] |= held; break;
        case SEGI_ROLE_WITHOUT: out->without[events->step] |= held; break;
        case SEGI_ROLE_ABSENCE: out->absence |= held; break;
        case SEGI_ROLE_OTHER: break;
        }
    }
}

/* ---- plain ones ---- */

static bool sources_meet(const segi_prep_source *a, const segi_prep_source *b)
{
    for (uint32_t i = 0; i < a->type_count; i++) {
        for (uint32_t k = 0; k < b->type_count; k++) {
            if (a->types[i].view == b->types[k].view)
                return true;
        }
    }
    return false;
}

/* Has `all` every row of `some`? False where that takes a look at their filters. */
static bool source_covers(const segi_prep_source *all, const segi_prep_source *some)
{
    for (uint32_t i = 0; i < some->type_count; i++) {
        bool covered = false;
        for (uint32_t k = 0; k < all->type_count && !covered; k++)
            covered = some->types[i].view == all->types[k].view && !all->types[k].filter;
        if (!covered)
            return false;
    }
    return true;
}

static bool events_are(const segi_prep_events *events, segi_role role, uint32_t step)
{
    return events->role == role && events->step == step;
}

/* Of rows that may be both, those of the step (*own) and those of the role: does the one with the
 * role tell all? Otherwise nothing is plain. */
static bool rows_told(const segi_prep_sequence *prep, uint32_t step, segi_role role,
                      uint32_t role_step, bool *own)
{
    bool meet = false, covered = true;
    for (uint32_t e = 0; e < prep->events_count; e++) {
        bool some = false;
        if (!events_are(&prep->events[e], SEGI_ROLE_STEP, step))
            continue;
        for (uint32_t f = 0; f < prep->events_count; f++) {
            const segi_prep_source *source = prep->events[f].source;
            if (!events_are(&prep->events[f], role, role_step))
                continue;
            meet = meet || sources_meet(source, prep->events[e].source);
            some = some || source_covers(source, prep->events[e].source);
        }
        covered = covered && some;
    }
    *own = covered;
    return covered || !meet;
}

/* Where one row can be two events that follow upon each other, can it be told from two rows of one
 * instant? Steps that go by time alone need not know. */
static bool events_told(segi_prep_sequence *prep)
{
    const segi_sequence *sequence = prep->sequence;
    uint32_t count = sequence->step_count;
    for (uint32_t i = 0; i < count; i++) {
        segi_plain_own *own = &prep->own[i];
        if (i > 0 && sequence->tie == SEGI_TIE_INGESTED &&
            (!rows_told(prep, i - 1, SEGI_ROLE_STEP, i, &own->step) ||
             (own->step && sequence->row_many)))
            return false;
        if (sequence->steps[i].without &&
            (!rows_told(prep, i - 1, SEGI_ROLE_WITHOUT, i, &own->without_before) ||
             !rows_told(prep, i, SEGI_ROLE_WITHOUT, i, &own->without)))
            return false;
    }
    return !sequence->absence ||
           rows_told(prep, count - 1, SEGI_ROLE_ABSENCE, 0, &prep->own_absence);
}

/* What sequence_plain.c can do. */
static bool prep_plain(segi_prep_sequence *prep)
{
    const segi_sequence *sequence = prep->sequence;
    if (sequence->scan != SEGI_SCAN_NONE || sequence->held_count > 0 || prep->each ||
        sequence->between != SEGI_BETWEEN_ANYTHING || sequence->repeat != SEGI_REPEAT_IGNORE)
        return false;
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        const segi_bound *repeat = &sequence->steps[i].repeat;
        if (repeat->min != 1 || repeat->max != INT64_MAX)
            return false;
    }
    return events_told(prep);
}

/* As a predicate it asks whether the figure lies within bounds, and no more. */
static int64_t figure_enough(const segi_node *node)
{
    const segi_bound *bound = &node->bound;
    if (node->kind != SEGI_NODE_SEQUENCE)
        return INT64_MAX;
    if (bound->max != INT64_MAX)
        return bound->max + 1;
    return bound->min > 1 ? bound->min : 1;
}

static segi_prep_sequence *prep_sequence(segi_prep *p, const segi_node *node)
{
    const segi_sequence *sequence = node->sequence;
    sequence_prep s = {.p = p, .node = node};
    uint32_t count = 2; /* absence, anything */
    for (uint32_t i = 0; i < sequence->step_count; i++)
        count += sequence->steps[i].choice_count + 1;
    s.out = SEGI_PREP_NEW(p, segi_prep_sequence);
    s.events = segi_prep_alloc(p, count, sizeof *s.events);
    s.written = segi_prep_alloc(p, count, sizeof *s.written);
    if (!s.written)
        return NULL;
    s.out->sequence = sequence;
    s.out->figure = node->figure;
    s.out->events = s.events;
    s.out->now = p->run->now;
    s.out->enough = figure_enough(node);
    if (!add_all(&s))
        return NULL;
    for (uint32_t h = 0; h < sequence->held_count; h++) {
        if (sequence->held[h].type.type == SEG_TYPE_STRING && !share_codes(&s, h))
            return NULL;
    }
    prep_lengths(s.out);
    prep_compared(s.out);
    s.out->plain = prep_plain(s.out);
    return p->status == SEG_OK ? s.out : NULL;
}

const segi_prep_value *segi_prep_sequence_of(segi_prep *p, const segi_node *node)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_SEQUENCE;
    out->node = node;
    out->type = node->kind == SEGI_NODE_FIGURE ? node->type : (segi_value_type){SEG_TYPE_INT64, 0};
    out->sequence = prep_sequence(p, node);
    return out->sequence ? out : NULL;
}

/* ---- narrowing ---- */

/* An upper bound, from the headers of parts. */
static uint64_t source_rows(const segi_prep_source *source)
{
    uint64_t rows = 0;
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_event_view *view = source->types[t].view;
        for (uint32_t i = 0; i < view->part_count; i++) {
            if (segi_span_overlaps(view->parts[i], source))
                rows += view->parts[i]->row_count;
        }
    }
    return rows;
}

bool segi_prep_sequence_differs(const segi_prep_value *value, segi_prep_leaf *leaf)
{
    const segi_prep_sequence *prep = value->sequence;
    for (uint32_t e = 0; e < prep->events_count; e++) {
        const segi_prep_events *events = &prep->events[e];
        if (events->role != SEGI_ROLE_STEP || events->step != 0)
            continue;
        if (leaf->narrow_count == SEGI_NARROW_MAX)
            return false;
        leaf->narrow[leaf->narrow_count++] = (segi_narrow){.source = events->source, .least = 1};
    }
    return true;
}

/* Steps of one choice, those with the fewest rows first: the first one leaves few to look at for
 * the others. */
void segi_prep_sequence_narrow(const segi_prep_value *value, int64_t least, segi_prep_leaf *leaf)
{
    const segi_prep_sequence *prep = value->sequence;
    const segi_sequence *sequence = prep->sequence;
    int64_t steps = prep->figure == SEGI_FIGURE_DEPTH ? least : INT64_MAX;
    uint64_t rows[SEGI_NARROW_MAX];
    leaf->narrow_all = true;
    for (uint32_t e = 0; e < prep->events_count; e++) {
        const segi_prep_events *events = &prep->events[e];
        if (events->role != SEGI_ROLE_STEP || (int64_t)events->step >= steps ||
            sequence->steps[events->step].choice_count > 1)
            continue;
        uint64_t n = source_rows(events->source);
        uint32_t at = leaf->narrow_count;
        if (at < SEGI_NARROW_MAX)
            leaf->narrow_count++;
        else if (rows[--at] <= n)
            continue;
        for (; at > 0 && rows[at - 1] > n; at--) {
            rows[at] = rows[at - 1];
            leaf->narrow[at] = leaf->narrow[at - 1];
        }
        rows[at] = n;
        leaf->narrow[at] = (segi_narrow){.source = events->source, .least = 1};
    }
    if (prep->each && prep->each->anchor && leaf->narrow_count > 0)
        leaf->narrow[0].anchor = prep->each->anchor->source;
}
