/* check_sequence.c - ordered steps: from what was written to segi_sequence.
 *
 * `where (sku = v.sku and ...)` is taken apart: comparisons with an earlier step become held
 * values, the rest is a condition on the one event as everywhere. A held value is a property of the
 * step that first has it; same(name) is one that the first step binds and all others share. They
 * are put in order, so that equal meanings print alike. */
#include <string.h>

#include "lang/checker.h"

/* One sequence under way; what will be const in `out` is reached for writing by the other
 * pointers. */
typedef struct sequence_check {
    segi_check *k;
    const segi_syn_sequence *syn;
    segi_sequence *out;
    segi_step *steps;
    segi_step_events *absence;
    segi_held *held;
    segi_zone_ref zone;
} sequence_check;

/* ---- names of steps ---- */

bool segi_check_is_alias(const segi_syn_alias *alias, const char *name, size_t size)
{
    return alias->name != NULL && size > alias->name_size + 1 && name[alias->name_size] == '.' &&
           memcmp(alias->name, name, alias->name_size) == 0;
}

/* The earlier step that a name begins with; NULL: none. */
static const segi_syn_step *alias_step(const segi_check *k, const segi_syn *name, uint32_t *out)
{
    *out = 0;
    for (const segi_syn_step *step = k->steps; step != k->steps_end; step = step->next, ++*out) {
        segi_syn_alias alias = {step->name, step->name_size, NULL};
        if (segi_check_is_alias(&alias, name->u.name.text, name->u.name.text_size))
            return step;
    }
    return NULL;
}

/* O(steps squared), and there are at most SEGI_STEPS_MAX. */
static bool check_aliases(segi_check *k, const segi_syn_sequence *syn)
{
    for (const segi_syn_step *a = syn->steps; a != NULL; a = a->next) {
        for (const segi_syn_step *b = syn->steps; a->name != NULL && b != a; b = b->next) {
            if (b->name == NULL || b->name_size != a->name_size ||
                memcmp(a->name, b->name, a->name_size) != 0)
                continue;
            segi_check_fail(k, a->name_begin, (uint32_t)a->name_size, SEG_E_TYPE,
                            "two steps have the name \"%.*s\"", (int)a->name_size, a->name);
            return false;
        }
    }
    return true;
}

/* ---- held values ---- */

/* A property of the events of a selector. */
static segi_node *check_property_of(sequence_check *c, const segi_selector *selector,
                                    const segi_syn *name)
{
    segi_check *k = c->k;
    const segi_selector *outer = k->selector;
    k->selector = selector;
    segi_node *node = segi_check_name(k, name);
    k->selector = outer;
    return node;
}

/* Equality of held values compares stored bytes, so type and scale have to be the same. */
static bool check_held_type(sequence_check *c, const segi_syn *syn, const segi_node *node,
                            const segi_held *held)
{
    segi_value_type type = node->type;
    if (segi_type_unknown(node) || held->type.type == 0)
        return true;
    if (type.type != held->type.type || type.scale != held->type.scale)
        segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                        "steps share values of one type, and this is %s beside %s",
                        segi_value_type_name(type), segi_value_type_name(held->type));
    else if (type.type == SEG_TYPE_GEO || type.type == SEG_TYPE_STRING_SET)
        segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                        "places and sets are no values that steps can share");
    return c->k->c->status == SEG_OK;
}

/* The held value of that name and step, made where it is new. UINT32_MAX after a failure. */
static uint32_t held_index(sequence_check *c, const segi_syn *syn, uint32_t step, bool same,
                           const segi_node *value)
{
    for (uint32_t h = 0; h < c->out->held_count; h++) {
        const segi_held *held = &c->held[h];
        if (held->step == step && held->same == same && held->name.size == value->name_size &&
            memcmp(held->name.text, value->name, value->name_size) == 0)
            return h;
    }
    if (c->out->held_count == SEGI_HELD_MAX) {
        segi_check_fail(c->k, syn->begin, syn->size, SEG_E_LIMIT,
                        "a sequence holds at most %d values", SEGI_HELD_MAX);
        return UINT32_MAX;
    }
    c->held[c->out->held_count] =
        (segi_held){step, {value->name, value->name_size}, same, value->type};
    return c->out->held_count++;
}

/* own = alias.property
 * A link is entered on both sides: the earlier step binds the value, this one compares. The name
 * of the earlier step is kept, as the printer has to say it again. */
static bool check_link(sequence_check *c, const segi_syn *own, const segi_syn *theirs,
                       segi_step_events *events)
{
    uint32_t step;
    const segi_syn_step *alias = alias_step(c->k, theirs, &step);
    if (alias->choice_count > 1) {
        segi_check_fail(c->k, theirs->begin, theirs->size, SEG_E_TYPE,
                        "a step of several choices has no properties of its own");
        segi_check_hint(c->k, "any of (\"A\", \"B\") as %.*s", (int)alias->name_size, alias->name);
        return false;
    }
    segi_syn name = *theirs;
    name.u.name.text += alias->name_size + 1;
    name.u.name.text_size -= alias->name_size + 1;
    segi_step *binder = &c->steps[step];
    segi_step_events *bound = (segi_step_events *)(uintptr_t)binder->choices;
    const segi_node *value = check_property_of(c, bound->selector, &name);
    const segi_node *mine = value == NULL ? NULL : check_property_of(c, events->selector, own);
    if (mine == NULL)
        return false;
    uint32_t h = held_index(c, theirs, step, false, value);
    if (h == UINT32_MAX || !check_held_type(c, own, mine, &c->held[h]))
        return false;
    if (events->held[h] != NULL) {
        segi_check_fail(c->k, theirs->begin, theirs->size, SEG_E_TYPE,
                        "%.*s is compared with twice", (int)theirs->u.name.text_size,
                        theirs->u.name.text);
        return false;
    }
    bound->held[h] = value;
    events->held[h] = mine;
    binder->name.text = segi_arena_copy(c->k->c->arena, alias->name, alias->name_size);
    binder->name.size = alias->name_size;
    return binder->name.text != NULL || segi_check_nomem(c->k) != NULL;
}

/* name = alias.name, in either order; false: an ordinary condition. */
static bool is_link(const segi_check *k, const segi_syn *syn, const segi_syn **own,
                    const segi_syn **theirs)
{
    uint32_t step;
    if (syn->kind != SEGI_SYN_COMPARE || syn->op != SEGI_EQ || syn->kids->kind != SEGI_SYN_NAME ||
        syn->kids->next->kind != SEGI_SYN_NAME)
        return false;
    bool left = alias_step(k, syn->kids, &step) != NULL;
    bool right = alias_step(k, syn->kids->next, &step) != NULL;
    *own = left ? syn->kids->next : syn->kids;
    *theirs = left ? syn->kids : syn->kids->next;
    return left != right;
}

/* ---- events of a step ---- */

/* What is left of a where once its links are taken out. */
typedef struct condition_list {
    const segi_node **nodes;
    size_t count;
} condition_list;

static size_t count_conditions(const segi_syn *syn)
{
    size_t count = 0;
    if (syn->kind != SEGI_SYN_AND)
        return 1;
    for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next)
        count += count_conditions(kid);
    return count;
}

/* Only links that stand under nothing but `and` can be taken out. */
static bool check_conditions(sequence_check *c, const segi_syn *syn, segi_step_events *events,
                             condition_list *list)
{
    const segi_syn *own, *theirs;
    if (syn->kind == SEGI_SYN_AND) {
        for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next) {
            if (!check_conditions(c, kid, events, list))
                return false;
        }
        return true;
    }
    if (is_link(c->k, syn, &own, &theirs))
        return check_link(c, own, theirs, events);
    const segi_node *node = segi_check_where(c->k, events->selector, syn, c->zone);
    list->nodes[list->count++] = node;
    return node != NULL;
}

/* same (name, ...) asks it of all events. */
static bool check_same(sequence_check *c, segi_step_events *events)
{
    for (const segi_syn *name = c->syn->same; name != NULL; name = name->next) {
        const segi_node *node = check_property_of(c, events->selector, name);
        uint32_t h = node == NULL ? UINT32_MAX : held_index(c, name, 0, true, node);
        if (h == UINT32_MAX || !check_held_type(c, name, node, &c->held[h]))
            return false;
        events->held[h] = node;
    }
    return true;
}

/* The selector without its where, then same(...), then the where in its two parts. */
static bool check_events(sequence_check *c, const segi_syn_selector *syn, segi_step_events *events)
{
    if (syn->session != NULL) {
        segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                        "steps are events, and this is a session");
        return false;
    }
    segi_syn_selector plain = *syn;
    plain.where = NULL;
    segi_selector *selector = segi_check_selector(c->k, &plain, c->zone);
    events->selector = selector;
    if (selector == NULL || !check_same(c, events))
        return false;
    if (syn->where == NULL)
        return true;
    condition_list list = {segi_check_alloc(c->k, count_conditions(syn->where), sizeof *list.nodes),
                           0};
    if (list.nodes == NULL || !check_conditions(c, syn->where, events, &list))
        return false;
    if (list.count > 1)
        selector->where = segi_check_join(c->k, syn->where, SEGI_NODE_AND, list.nodes, list.count);
    else if (list.count == 1)
        selector->where = list.nodes[0];
    if (selector->where != NULL && selector->where->kind == SEGI_NODE_EVERYONE)
        selector->where = NULL;
    return c->k->c->status == SEG_OK;
}

/* ---- steps ---- */

/* Lengths are exact, so that later rows never reach less far back. */
static bool check_length(sequence_check *c, const segi_syn_step *at, const segi_syn_duration *syn,
                         segi_duration *out)
{
    out->unit = syn->unit;
    if (syn->unit >= SEGI_UNIT_MONTH) {
        const segi_syn_step *step = at == NULL ? c->syn->steps : at;
        segi_check_fail(c->k, step->begin, step->size, SEG_E_TYPE,
                        "lengths of time in a sequence are exact: weeks at most");
        segi_check_hint(c->k, "30 days");
        return false;
    }
    return segi_check_number(c->k, syn->count, &out->count);
}

/* A step without a bound is one row. */
static bool check_repeat(sequence_check *c, const segi_syn_bound *syn, segi_bound *out)
{
    *out = (segi_bound){.min = 1, .max = INT64_MAX};
    if (syn == NULL)
        return true;
    if (!segi_check_bound(c->k, syn, out))
        return false;
    if (syn->periods || (out->min < 1 && !segi_is_gap(out->min))) {
        segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE, "a step happens at least once");
        segi_check_hint(c->k, "at least 2 times, exactly 2 times, or: between 1 and 3 times");
    }
    return c->k->c->status == SEG_OK;
}

/* Nothing lies before the first step. */
static bool check_first(sequence_check *c, const segi_syn_step *syn)
{
    if (!syn->has_within && !syn->has_after && syn->without == NULL)
        return true;
    segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                    "\"within\", \"at least ... after\" and \"without\" speak of the way from the "
                    "step before, and this is the first");
    segi_check_hint(c->k, "the whole: sequence (\"A\" then \"B\") within 7 days");
    return false;
}

/* steps_end is this step: its conditions see the names of those before it only. */
static bool check_step(sequence_check *c, const segi_syn_step *syn, segi_step *out)
{
    segi_step_events *choices = segi_check_alloc(c->k, syn->choice_count, sizeof *choices);
    if (choices == NULL || (syn == c->syn->steps && !check_first(c, syn)))
        return false;
    memset(choices, 0, syn->choice_count * sizeof *choices);
    out->choices = choices;
    out->choice_count = syn->choice_count;
    for (const segi_syn_choice *choice = syn->choices; choice != NULL; choice = choice->next) {
        if (!check_events(c, choice->selector, choices++))
            return false;
    }
    out->has_within = syn->has_within;
    out->has_after = syn->has_after;
    if (!check_length(c, syn, &syn->within, &out->within) ||
        !check_length(c, syn, &syn->after, &out->after) ||
        !check_repeat(c, syn->repeat, &out->repeat))
        return false;
    if (syn->without == NULL)
        return true;
    segi_step_events *without = segi_check_alloc(c->k, 1, sizeof *without);
    if (without == NULL)
        return false;
    memset(without, 0, sizeof *without);
    out->without = without;
    return check_events(c, syn->without, without);
}

/* Several choices: which of them it was, later steps do not know. */
static bool check_choice_links(sequence_check *c, const segi_syn_step *syn, const segi_step *step)
{
    for (uint32_t i = 0; step->choice_count > 1 && i < step->choice_count; i++) {
        for (uint32_t h = 0; h < c->out->held_count; h++) {
            if (c->held[h].same || step->choices[i].held[h] == NULL)
                continue;
            segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                            "a choice of events cannot be compared with an earlier step");
            segi_check_hint(c->k, "any of (\"A\", \"B\") where (sku = v.sku)");
            return false;
        }
    }
    return true;
}

/* The steps are in sight of their own conditions only; what was in sight before is put back. */
static bool check_steps(sequence_check *c)
{
    segi_check *k = c->k;
    const segi_syn_step *steps = k->steps, *end = k->steps_end;
    bool ok = true;
    k->steps = c->syn->steps;
    uint32_t i = 0;
    for (const segi_syn_step *step = c->syn->steps; ok && step != NULL; step = step->next, i++) {
        k->steps_end = step;
        ok = check_step(c, step, &c->steps[i]) && check_choice_links(c, step, &c->steps[i]);
    }
    k->steps_end = NULL;
    if (ok && c->syn->absence != NULL) {
        memset(c->absence, 0, sizeof *c->absence);
        c->out->absence = c->absence;
        ok = check_length(c, c->syn->absence, &c->syn->absence->within, &c->out->absence_for) &&
             check_events(c, c->syn->absence->choices->selector, c->absence);
    }
    k->steps = steps;
    k->steps_end = end;
    return ok;
}

/* ---- the order of held values ---- */

/* same(...) first, then by step and name. */
static bool held_before(const segi_held *a, const segi_held *b)
{
    if (a->same != b->same)
        return a->same;
    if (a->step != b->step)
        return a->step < b->step;
    size_t size = a->name.size < b->name.size ? a->name.size : b->name.size;
    int order = memcmp(a->name.text, b->name.text, size);
    return order != 0 ? order < 0 : a->name.size < b->name.size;
}

static void swap_in_events(const segi_step_events *events, uint32_t a, uint32_t b)
{
    segi_step_events *own = (segi_step_events *)(uintptr_t)events;
    if (own == NULL)
        return;
    const segi_node *node = own->held[a];
    own->held[a] = own->held[b];
    own->held[b] = node;
}

/* The held values of all events are indexed alike, so they move together. */
static void swap_held(sequence_check *c, uint32_t a, uint32_t b)
{
    segi_held held = c->held[a];
    c->held[a] = c->held[b];
    c->held[b] = held;
    for (uint32_t s = 0; s < c->out->step_count; s++) {
        for (uint32_t i = 0; i < c->steps[s].choice_count; i++)
            swap_in_events(&c->steps[s].choices[i], a, b);
        swap_in_events(c->steps[s].without, a, b);
    }
    swap_in_events(c->out->absence, a, b);
}

/* Insertion sort of at most SEGI_HELD_MAX. */
static void sort_held(sequence_check *c)
{
    for (uint32_t i = 1; i < c->out->held_count; i++) {
        for (uint32_t j = i; j > 0 && held_before(&c->held[j], &c->held[j - 1]); j--)
            swap_held(c, j, j - 1);
    }
}

/* ---- limits ---- */

/* A step that repeats takes as many places as it has rows, and exec keeps state per place. */
static bool check_places(sequence_check *c)
{
    int64_t places = 0;
    for (uint32_t i = 0; i < c->out->step_count; i++) {
        const segi_bound *repeat = &c->steps[i].repeat;
        int64_t rows = repeat->max == INT64_MAX ? repeat->min : repeat->max;
        if (segi_is_gap(rows))
            rows = 1;
        if (rows > SEGI_PLACES_MAX || (places += rows) > SEGI_PLACES_MAX) {
            segi_check_fail(c->k, c->syn->steps->begin, 0, SEG_E_LIMIT,
                            "a sequence has at most %d steps, repeats counted", SEGI_PLACES_MAX);
            return false;
        }
    }
    return true;
}

/* Whether a row could be selected by both; their where is not looked at. Event lists are sorted. */
static bool selectors_meet(const segi_selector *a, const segi_selector *b)
{
    if ((a->any_event && (b->any_event || b->event_count > 0)) ||
        (b->any_event && a->event_count > 0))
        return true;
    for (uint32_t i = 0, j = 0; i < a->event_count && j < b->event_count;) {
        if (a->events[i] == b->events[j])
            return true;
        if (a->events[i] < b->events[j])
            i++;
        else
            j++;
    }
    return false;
}

static bool steps_meet(const segi_step *a, const segi_step *b)
{
    for (uint32_t i = 0; i < a->choice_count; i++) {
        for (uint32_t j = 0; j < b->choice_count; j++) {
            if (selectors_meet(a->choices[i].selector, b->choices[j].selector))
                return true;
        }
    }
    return false;
}

/* Where steps may come in either order, which rows a chain has used is not told by its last one:
 * steps of different events cannot want the same row. */
static bool check_tolerant(sequence_check *c)
{
    if (c->out->tie != SEGI_TIE_TOLERANT || c->out->row_many)
        return true;
    const segi_syn_step *syn = c->syn->steps;
    for (uint32_t i = 0; i < c->out->step_count; i++, syn = syn->next) {
        for (uint32_t j = 0; j < i; j++) {
            if (!steps_meet(&c->steps[i], &c->steps[j]))
                continue;
            segi_check_fail(c->k, syn->begin, syn->size, SEG_E_TYPE,
                            "with tolerant ties each step is about other events");
            segi_check_hint(c->k, "ties ingested, or: row matches many steps");
            return false;
        }
    }
    return true;
}

/* ClickHouse's scans know nothing of what our steps can say beyond their events. */
static bool check_scan(sequence_check *c)
{
    const segi_sequence *out = c->out;
    if (out->scan == SEGI_SCAN_NONE)
        return true;
    bool plain = out->absence == NULL && out->held_count == 0 && c->syn->bound == NULL;
    for (uint32_t i = 0; i < out->step_count; i++) {
        const segi_step *step = &c->steps[i];
        plain = plain && !step->has_within && !step->has_after && step->without == NULL &&
                !step->repeat.given;
    }
    if (!plain)
        segi_check_fail(c->k, c->syn->steps->begin, 0, SEG_E_TYPE,
                        "this preset knows plain steps and one length of time for all of them");
    return plain;
}

/* ---- the whole ---- */

/* Everything but the window and the bound around it. */
static bool check_body(sequence_check *c)
{
    const segi_syn_sequence *syn = c->syn;
    segi_sequence *out = c->out;
    memset(out, 0, sizeof *out);
    out->funnel = syn->funnel;
    out->step_count = syn->step_count;
    out->steps = c->steps;
    out->held = c->held;
    out->has_within = syn->has_within;
    out->entry = syn->entry;
    out->between = syn->between;
    out->repeat = syn->repeat;
    out->tie = syn->tie;
    out->row_many = syn->row_many;
    out->scan = syn->scan;
    memset(c->steps, 0, syn->step_count * sizeof *c->steps);
    if (!check_aliases(c->k, syn) || !check_length(c, NULL, &syn->within, &out->within) ||
        !check_length(c, NULL, &syn->tolerance, &out->tolerance) || !check_steps(c))
        return false;
    sort_held(c);
    return check_places(c) && check_tolerant(c) && check_scan(c);
}

/* reached K, dropped after K */
static bool check_reached(sequence_check *c, segi_bound *out)
{
    const segi_syn_sequence *syn = c->syn;
    int64_t step;
    if (!segi_check_number(c->k, syn->reached, &step))
        return false;
    *out = (segi_bound){.given = true, .min = step, .max = syn->dropped ? step : INT64_MAX};
    if (segi_is_gap(step))
        return true;
    int64_t last = (int64_t)syn->step_count - syn->dropped;
    if (step >= 1 && step <= last)
        return true;
    segi_check_fail(c->k, syn->reached_begin, syn->reached_size, SEG_E_TYPE,
                    syn->dropped ? "this funnel can be left after step 1 to %lld"
                                 : "this funnel has steps 1 to %lld",
                    (long long)last);
    return false;
}

/* How many chains (sequence), or how deep (funnel). */
static bool check_figure_bound(sequence_check *c, segi_node *node)
{
    if (c->syn->has_reached)
        return check_reached(c, &node->bound);
    node->bound = (segi_bound){.min = 1, .max = INT64_MAX};
    if (c->syn->bound == NULL)
        return true;
    if (c->syn->bound->periods) {
        segi_check_fail(c->k, c->syn->bound->begin, c->syn->bound->size, SEG_E_TYPE,
                        "a sequence happens a number of times");
        return false;
    }
    return segi_check_bound(c->k, c->syn->bound, &node->bound);
}

/* Both as a condition (SEQUENCE) and as a value (FIGURE). */
segi_node *segi_check_sequence(segi_check *k, const segi_syn *syn)
{
    bool value = syn->kind == SEGI_SYN_FIGURE;
    if (k->selector != NULL)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "other events cannot be asked for inside where");
    segi_node *node = segi_check_node(k, value ? SEGI_NODE_FIGURE : SEGI_NODE_SEQUENCE, syn);
    sequence_check c = {.k = k, .syn = syn->u.sequence};
    c.out = segi_check_alloc(k, 1, sizeof *c.out);
    c.steps = segi_check_alloc(k, c.syn->step_count, sizeof *c.steps);
    c.held = segi_check_alloc(k, SEGI_HELD_MAX, sizeof *c.held);
    c.absence = segi_check_alloc(k, 1, sizeof *c.absence);
    if (node == NULL || c.absence == NULL)
        return NULL;
    segi_check_window_default(k, &node->window);
    if (c.syn->window != NULL && !segi_check_window(k, c.syn->window, true, &node->window))
        return NULL;
    c.zone = node->window.zone;
    node->sequence = c.out;
    node->figure = c.syn->figure;
    if (!check_body(&c))
        return NULL;
    if (value)
        node->type = node->figure == SEGI_FIGURE_TIME ? (segi_value_type){SEGI_TYPE_DURATION, 0}
                                                      : segi_type_of(SEG_TYPE_INT64);
    else if (!check_figure_bound(&c, node))
        return NULL;
    return node;
}
