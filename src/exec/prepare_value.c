/* Binding values, windows and sources to a snapshot and to `now`.
 *
 * Indices come from the schema of the compile, data from the snapshot's, and either may be the
 * newer one: a field or type that the snapshot does not have yet is absent for all, and a type that
 * came after the compile is met through `any event` alone, without a position among the selector's
 * types (UINT32_MAX) and so without properties. Aggregates become running figures where those
 * suffice (aggregate_tallies), else gathered rows. */
#include <string.h>

#include "exec/exec_int.h"

/* In the run's arena, zeroed; never of size 0. NULL is a failure that p->status has. */
void *segi_prep_alloc(segi_prep *p, size_t count, size_t size)
{
    void *memory =
        p->status == SEG_OK ? segi_arena_array(&p->run->arena, count ? count : 1, size) : NULL;
    if (!memory && p->status == SEG_OK)
        p->status = segi_fail_nomem(p->err);
    return memory;
}

/* Loads what of the attribute is still on disk. Not called by workers. */
const segi_attr_view *segi_prep_attribute(segi_prep *p, uint32_t index)
{
    const segi_snapshot *s = p->run->snapshot;
    const segi_attr_view *view = &s->attributes[index];
    if (p->status == SEG_OK)
        p->status = segi_snapshot_need_attribute(s, index, p->err);
    if (p->status == SEG_OK)
        p->status = segi_snapshot_need_dict(s, view->dict, p->err);
    return p->status == SEG_OK ? view : NULL;
}

/* ---- zones and windows ---- */

/* One zone per text of the attribute, so that workers look a user's zone up by code. */
const segi_user_zones *segi_prep_zones(segi_prep *p, const segi_zone_ref *zone)
{
    segi_user_zones *out = SEGI_PREP_NEW(p, segi_user_zones);
    if (!out)
        return NULL;
    const segi_snapshot *s = p->run->snapshot;
    out->fallback = zone->zone ? zone->zone : s->schema->zone;
    if (zone->kind != SEGI_ZONE_USER || !zone->attribute ||
        zone->attribute->index >= s->schema->attribute_count)
        return out;
    const segi_attr_view *view = segi_prep_attribute(p, zone->attribute->index);
    if (!view)
        return NULL;
    uint32_t count = view->dict ? segi_dict_count(view->dict) : 0;
    const segi_zone **zones = segi_prep_alloc(p, count, sizeof *zones);
    if (!zones)
        return NULL;
    for (uint32_t code = 0; code < count; code++) {
        size_t size;
        const char *name = segi_dict_get(view->dict, code, &size);
        p->status = segi_scratch_zone(p->run->scratch, name, size, &zones[code], p->err);
        if (p->status != SEG_OK)
            return NULL;
        if (!zones[code])
            zones[code] = out->fallback;
    }
    out->view = view;
    out->count = count;
    out->zones = zones;
    return out;
}

/* Do the bounds depend on the zone? Exact elapsed time does not. */
static bool window_needs_zone(const segi_window *window)
{
    switch (window->kind) {
    case SEGI_WINDOW_EVER: return false;
    case SEGI_WINDOW_LAST:
    case SEGI_WINDOW_NEXT:
    case SEGI_WINDOW_OLDER: return window->length.unit >= SEGI_UNIT_MONTH;
    case SEGI_WINDOW_AGO:
        return window->length.unit >= SEGI_UNIT_MONTH || window->length_to.unit >= SEGI_UNIT_MONTH;
    default: return true;
    }
}

bool segi_prep_window_each(const segi_window *window, bool dates)
{
    if (window->kind == SEGI_WINDOW_ANCHOR)
        return true;
    /* Even exact days back from now end at another civil date elsewhere. */
    return window->zone.kind == SEGI_ZONE_USER &&
           (dates ? window->kind != SEGI_WINDOW_EVER : window_needs_zone(window));
}

/* Up to weeks the bounds lie at fixed distances from the anchor. */
static void window_plain(const segi_window *window, int64_t now, segi_prep_window *out)
{
    int64_t length = segi_duration_length(window->length);
    out->plain = !out->dates && length >= 0 && length <= SEG_TIME_MAX - SEG_TIME_MIN;
    out->shift[0] = window->side == SEGI_ANCHOR_AFTER ? 1 : -length;
    out->shift[1] = window->side == SEGI_ANCHOR_BEFORE ? 0 : length + 1;
    out->last = now + 1;
}

/* `events`: cut at now. `dates`: bounds are day numbers. */
const segi_prep_window *segi_prep_window_of(segi_prep *p, const segi_window *window, bool events,
                                            bool dates)
{
    segi_prep_window *out = SEGI_PREP_NEW(p, segi_prep_window);
    if (!out)
        return NULL;
    out->window = window;
    out->events = events;
    out->dates = dates;
    out->zones = segi_prep_zones(p, &window->zone);
    if (window->kind == SEGI_WINDOW_ANCHOR) {
        out->anchor = segi_prep_value_of(p, window->anchor, (segi_place){0});
        if (window->length.unit <= SEGI_UNIT_WEEK)
            window_plain(window, p->run->now, out);
    }
    return p->status == SEG_OK ? out : NULL;
}

/* Bounds that no user's own bounds exceed. */
static void window_widest(const segi_window *window, const segi_zone *zone, int64_t now,
                          int64_t *begin, int64_t *end)
{
    *begin = SEG_TIME_MIN;
    *end = now + 1;
    if (window->kind == SEGI_WINDOW_ANCHOR)
        return;
    /* Local dates differ by at most a day from one zone to the next, but a day may be another
     * month or year: look at the window from two days before now to two days after. */
    int64_t margin = 2 * SEGI_DAY, first_begin, first_end, last_begin, last_end;
    segi_window_bounds(window, zone, now - margin, 0, true, &first_begin, &first_end);
    segi_window_bounds(window, zone, now + margin, 0, true, &last_begin, &last_end);
    int64_t least = first_begin < last_begin ? first_begin : last_begin;
    if (least > SEG_TIME_MIN + margin)
        *begin = least - margin;
    int64_t most = first_end > last_end ? first_end : last_end;
    if (most < now + 1 - margin)
        *end = most + margin;
}

/* ---- strings ---- */

const char *segi_texts_get(const segi_texts *strings, uint32_t code, size_t *out_size)
{
    if (strings->dict_count < 2)
        return segi_dict_get(strings->dicts[0], code, out_size);
    return segi_dict_get(strings->dicts[strings->from_dict[code]], strings->from_code[code],
                         out_size);
}

/* One dictionary, or none at all: codes are as they are stored. */
static const segi_texts *strings_of_dict(segi_prep *p, const segi_dict *dict)
{
    segi_texts *out = SEGI_PREP_NEW(p, segi_texts);
    const segi_dict **dicts = segi_prep_alloc(p, 1, sizeof *dicts);
    if (!out || !dicts)
        return NULL;
    dicts[0] = dict;
    out->dicts = dicts;
    out->dict_count = dict ? 1 : 0;
    out->count = dict ? segi_dict_count(dict) : 0;
    return out;
}

/* The common code that an earlier dictionary gave the text; UINT32_MAX if it is new. O(d) look-ups,
 * for as many dictionaries as the selector has types with the property. */
static uint32_t strings_common(const segi_texts *out, uint32_t **to_code, uint32_t d, uint32_t code)
{
    size_t size;
    const char *text = segi_dict_get(out->dicts[d], code, &size);
    for (uint32_t e = 0; e < d; e++) {
        uint32_t found;
        if (out->dicts[e] && segi_dict_find(out->dicts[e], text, size, &found))
            return to_code[e][found];
    }
    return UINT32_MAX;
}

/* Several dictionaries under common codes, so that equal texts of different event types are one
 * value. */
const segi_texts *segi_prep_texts(segi_prep *p, const segi_dict *const *dicts, uint32_t dict_count)
{
    segi_texts *out = SEGI_PREP_NEW(p, segi_texts);
    uint32_t **to_code = segi_prep_alloc(p, dict_count, sizeof *to_code);
    size_t total = 0;
    for (uint32_t d = 0; d < dict_count; d++)
        total += dicts[d] ? segi_dict_count(dicts[d]) : 0;
    uint32_t *from_dict = segi_prep_alloc(p, total, sizeof *from_dict);
    uint32_t *from_code = segi_prep_alloc(p, total, sizeof *from_code);
    if (!from_code)
        return NULL;
    out->dict_count = dict_count;
    out->dicts = dicts;
    for (uint32_t d = 0; d < dict_count; d++) {
        uint32_t count = dicts[d] ? segi_dict_count(dicts[d]) : 0;
        to_code[d] = segi_prep_alloc(p, count, sizeof **to_code);
        if (!to_code[d])
            return NULL;
        for (uint32_t code = 0; code < count; code++) {
            uint32_t common = strings_common(out, to_code, d, code);
            if (common == UINT32_MAX) {
                common = out->count++;
                from_dict[common] = d;
                from_code[common] = code;
            }
            to_code[d][code] = common;
        }
    }
    out->to_code = (const uint32_t *const *)to_code;
    out->from_dict = from_dict;
    out->from_code = from_code;
    return out;
}

/* The dictionary of a property of one event type; NULL where it has none. */
const segi_dict *segi_prep_dict(segi_prep *p, const segi_selector *selector, const segi_node *node,
                                uint32_t position)
{
    const segi_snapshot *s = p->run->snapshot;
    if (position >= selector->event_count || !node->fields[position] ||
        selector->events[position] >= s->schema->event_count)
        return NULL;
    const segi_event_view *view = &s->events[selector->events[position]];
    uint32_t index = node->fields[position]->index;
    const segi_dict *dict = index < view->dict_count ? view->dicts[index] : NULL;
    if (p->status == SEG_OK)
        p->status = segi_snapshot_need_dict(s, dict, p->err);
    return p->status == SEG_OK ? dict : NULL;
}

/* Within where a row's own dictionary serves; the argument of an aggregate meets rows of all
 * types. */
static const segi_texts *property_strings(segi_prep *p, const segi_node *node, segi_place place)
{
    const segi_selector *selector = place.selector;
    if (!place.common)
        return strings_of_dict(p, segi_prep_dict(p, selector, node, place.position));
    uint32_t used = 0;
    const segi_dict *only = NULL;
    const segi_dict **dicts = segi_prep_alloc(p, selector->event_count, sizeof *dicts);
    if (!dicts)
        return NULL;
    for (uint32_t i = 0; i < selector->event_count; i++) {
        dicts[i] = segi_prep_dict(p, selector, node, i);
        used += dicts[i] != NULL;
        only = dicts[i] ? dicts[i] : only;
    }
    return used < 2 ? strings_of_dict(p, only) : segi_prep_texts(p, dicts, selector->event_count);
}

/* ---- sources ---- */

/* Does anything in it go by the zone of the row's user? Then rows are listed with their users,
 * which costs a pass over them. */
static bool filter_needs_users(const segi_prep_filter *filter);

/* Through arithmetic, down to the leaves. */
static bool value_needs_users(const segi_prep_value *value)
{
    if (!value)
        return false;
    if (value->zones && value->zones->view)
        return true;
    return value_needs_users(value->left) || value_needs_users(value->right);
}

static bool filter_needs_users(const segi_prep_filter *filter)
{
    for (uint32_t i = 0; i < filter->child_count; i++) {
        if (filter_needs_users(filter->children[i]))
            return true;
    }
    if (filter->window && filter->window->zones->view)
        return true;
    return value_needs_users(filter->values[0]) || value_needs_users(filter->values[1]) ||
           value_needs_users(filter->values[2]);
}

/* Position of an event type in the selector; past the end for a type that came later. */
static uint32_t source_position(const segi_selector *selector, uint32_t event)
{
    uint32_t low = 0, high = selector->event_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (selector->events[middle] < event)
            low = middle + 1;
        else
            high = middle;
    }
    return low < selector->event_count && selector->events[low] == event ? low : UINT32_MAX;
}

/* Types without a part are left out: they have no rows. Costs a bind of `where` per type, since
 * each has columns and dictionaries of its own. */
const segi_prep_source *segi_prep_source_of(segi_prep *p, const segi_selector *selector,
                                            int64_t begin, int64_t end, bool firsts)
{
    const segi_snapshot *s = p->run->snapshot;
    const segi_event_view *views = firsts ? s->first_events : s->events;
    uint32_t known = s->schema->event_count;
    segi_prep_source *out = SEGI_PREP_NEW(p, segi_prep_source);
    uint32_t limit = selector->any_event ? known : selector->event_count;
    segi_prep_type *types = segi_prep_alloc(p, limit, sizeof *types);
    if (!types)
        return NULL;
    out->begin = begin;
    out->end = end;
    out->types = types;
    for (uint32_t i = 0; i < limit; i++) {
        uint32_t event = selector->any_event ? i : selector->events[i];
        if (event >= known || views[event].part_count == 0 ||
            (selector->any_event && s->schema->events[event]->history))
            continue;
        segi_prep_type *type = &types[out->type_count++];
        type->view = &views[event];
        type->position = selector->any_event ? source_position(selector, event) : i;
        if (!selector->where)
            continue;
        segi_place place = {.rows = true, .position = type->position, .selector = selector};
        type->filter = segi_prep_test(p, selector->where, place);
        if (type->filter)
            type->filter = segi_prep_calendar(p, type->filter, type, out);
        if (!type->filter)
            return NULL;
        out->needs_users = out->needs_users || filter_needs_users(type->filter);
    }
    return segi_prep_pin_source(p, out) ? out : NULL;
}

void segi_prep_window_span(segi_prep *p, const segi_window *window, int64_t *begin, int64_t *end)
{
    const segi_zone *zone = window->zone.zone ? window->zone.zone : p->run->snapshot->schema->zone;
    if (segi_prep_window_each(window, false))
        window_widest(window, zone, p->run->now, begin, end);
    else
        segi_window_bounds(window, zone, p->run->now, 0, true, begin, end);
}

/* The source in the widest bounds, with `each` where users have bounds of their own. */
const segi_prep_source *segi_prep_source_window(segi_prep *p, const segi_node *node, bool firsts)
{
    int64_t begin, end;
    const segi_window *window = &node->window;
    bool each = segi_prep_window_each(window, false);
    segi_prep_window_span(p, window, &begin, &end);
    const segi_prep_source *source = segi_prep_source_of(p, node->selector, begin, end, firsts);
    if (!source || !each)
        return source;
    segi_prep_source *own = SEGI_PREP_NEW(p, segi_prep_source);
    if (!own)
        return NULL;
    *own = *source;
    own->each = segi_prep_window_of(p, window, true, false);
    return own->each ? own : NULL;
}

/* ---- values ---- */

/* The condition of a share is one more filter per type. */
static bool shares_by_type(segi_prep *p, const segi_node *node, segi_prep_value *out)
{
    const segi_prep_source *source = out->source;
    const segi_prep_filter **share = segi_prep_alloc(p, source->type_count, sizeof *share);
    for (uint32_t t = 0; share && t < source->type_count; t++) {
        segi_place place = {
            .rows = true, .position = source->types[t].position, .selector = node->selector};
        share[t] = segi_prep_test(p, node->share, place);
        if (!share[t])
            return false;
        out->needs_users = out->needs_users || filter_needs_users(share[t]);
    }
    out->share = share;
    return share != NULL;
}

/* Do civil dates rise with the instants of [begin, end)? Where clocks went back across midnight
 * (St. John's did so at 00:01 until 2011) a day resumes after the next one has begun, and then no
 * list of first instants tells the days apart. */
static bool dates_rise(const segi_zone *zone, int64_t begin, int64_t end)
{
    for (int64_t at = begin, from, to; at < end; at = to) {
        segi_zone_span(zone, at, &from, &to);
        if (to < end && segi_zone_date(zone, to) < segi_zone_date(zone, to - 1))
            return false;
    }
    return true;
}

/* Distinct periods of a short window are bits of a word: their first instants, if there are at
 * most 64 of them and all users share a zone. */
static bool prep_periods(segi_prep *p, const segi_node *node, segi_prep_value *out)
{
    const segi_prep_source *source = out->source;
    bool bound = node->kind == SEGI_NODE_DID;
    if (source->each || out->zones->view || source->begin >= source->end ||
        source->begin == SEG_TIME_MIN)
        return true;
    /* Streaks look at the running period. */
    if (segi_period_planes(segi_period_least(node)) > SEGI_PERIOD_PLANES_MAX ||
        (!bound && node->streak && source->end != p->run->now + 1))
        return true;
    segi_period period = segi_prep_period(bound ? node->bound.period : node->period);
    const segi_zone *zone = out->zones->fallback;
    int64_t *periods = segi_prep_alloc(p, 65, sizeof *periods);
    if (!periods)
        return false;
    int32_t day = segi_civil_period_start(period, segi_zone_date(zone, source->begin),
                                          node->window.week_start);
    uint32_t count = 0;
    while (count < 65) {
        periods[count] = segi_zone_day_start(zone, day);
        if (periods[count] >= source->end)
            break;
        count++;
        day = segi_civil_period_add(period, day, 1);
    }
    if (count == 0 || count > 64 || !dates_rise(zone, source->begin, source->end))
        return true;
    out->periods = periods;
    out->period_count = count;
    out->periods_even = true;
    for (uint32_t i = 1; i < count; i++)
        out->periods_even &= periods[i + 1] - periods[i] == periods[1] - periods[0];
    out->periods_per_us = (double)count / (double)(periods[count] - periods[0]);
    out->form = SEGI_VALUE_TALLY;
    return true;
}

/* Units below a day never ask. */
segi_period segi_prep_period(segi_unit unit)
{
    switch (unit) {
    case SEGI_UNIT_WEEK: return SEGI_PERIOD_WEEK;
    case SEGI_UNIT_MONTH: return SEGI_PERIOD_MONTH;
    case SEGI_UNIT_QUARTER: return SEGI_PERIOD_QUARTER;
    case SEGI_UNIT_YEAR: return SEGI_PERIOD_YEAR;
    default: return SEGI_PERIOD_DAY;
    }
}

/* Starts as gathered rows, which can say everything; the callers look for something cheaper. */
static segi_prep_value *prep_gather(segi_prep *p, const segi_node *node,
                                    const segi_prep_source *source, const segi_prep_value *argument)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out || !source)
        return NULL;
    out->form = SEGI_VALUE_GATHER;
    out->node = node;
    out->type = node->type;
    out->source = source;
    out->argument = argument;
    if (node->type.type == SEG_TYPE_STRING && argument)
        out->strings = argument->strings;
    out->needs_users = value_needs_users(argument);
    if (node->kind == SEGI_NODE_DID)
        out->type = (segi_value_type){SEG_TYPE_INT64, 0};
    out->zones = segi_prep_zones(p, &node->window.zone);
    if (!out->zones)
        return NULL;
    bool periods = node->kind == SEGI_NODE_DID
                       ? node->bound.periods
                       : node->aggregate == SEGI_AGG_DISTINCT_PERIOD || node->streak;
    return !periods || prep_periods(p, node, out) ? out : NULL;
}

const segi_prep_value *segi_prep_gather(segi_prep *p, const segi_node *node,
                                        const segi_prep_source *source,
                                        const segi_prep_value *argument)
{
    const segi_prep_value *out = prep_gather(p, node, source, argument);
    return out && segi_prep_pin_value(p, out) ? out : NULL;
}

/* Aggregates that need no order among a user's rows, or only know of the best one so far. Sums of a
 * builtin (an hour, a weekday) have no column and are gathered. */
static bool aggregate_tallies(const segi_node *node, const segi_prep_value *argument)
{
    switch (node->aggregate) {
    case SEGI_AGG_COUNT: return true;
    case SEGI_AGG_SUM:
    case SEGI_AGG_AVG:
    case SEGI_AGG_MIN:
    case SEGI_AGG_MAX: return argument && argument->form == SEGI_VALUE_COLUMN;
    case SEGI_AGG_FIRST:
    case SEGI_AGG_LAST:
        return argument->form == SEGI_VALUE_COLUMN ||
               (argument->form == SEGI_VALUE_CIVIL && argument->node->builtin == SEGI_BUILTIN_TIME);
    case SEGI_AGG_SHARE: return true;
    default: return false;
    }
}

const segi_prep_value *segi_prep_aggregate_over(segi_prep *p, const segi_node *node,
                                                const segi_prep_source *source)
{
    const segi_prep_value *argument = NULL;
    if (node->argument) {
        segi_place place = {.rows = true, .common = true, .selector = node->selector};
        argument = segi_prep_value_of(p, node->argument, place);
        if (!argument)
            return NULL;
    }
    segi_prep_value *out = prep_gather(p, node, source, argument);
    if (!out || (node->share && !shares_by_type(p, node, out)))
        return NULL;
    if (!source->each && aggregate_tallies(node, argument))
        out->form = SEGI_VALUE_TALLY;
    else if (segi_bag_fits(out))
        out->form = SEGI_VALUE_BAG;
    return segi_prep_pin_value(p, out) ? out : NULL;
}

/* FIRST asks the events with those that have expired among them (S-18). */
static const segi_prep_value *prep_aggregate(segi_prep *p, const segi_node *node)
{
    if (node->selector->session)
        return segi_prep_sessions(p, node);
    if (node->aggregate == SEGI_AGG_SINCE || node->aggregate == SEGI_AGG_CHANGES)
        return segi_prep_history(p, node);
    const segi_prep_source *source =
        segi_prep_source_window(p, node, node->aggregate == SEGI_AGG_FIRST);
    return source ? segi_prep_aggregate_over(p, node, source) : NULL;
}

/* The same for all users. */
static const segi_prep_value *prep_constant(segi_prep *p, const segi_node *node, int64_t slot)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_CONSTANT;
    out->node = node;
    out->type = node->type;
    out->slot = slot;
    if (node->kind == SEGI_NODE_LITERAL) {
        out->literal = &node->literal;
        out->type = node->literal.type;
    }
    return out;
}

/* A constant, but for local times in zones of users. */
static const segi_prep_value *prep_moment(segi_prep *p, const segi_node *node)
{
    const segi_zone_ref *zone = &node->window.zone;
    const segi_user_zones *zones = segi_prep_zones(p, zone);
    if (!zones)
        return NULL;
    int64_t instant = segi_moment_instant(node->moment, zones->fallback);
    const segi_prep_value *constant = prep_constant(p, node, instant);
    if (!constant || !zones->view || node->moment.kind == SEGI_MOMENT_INSTANT)
        return constant;
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    *out = *constant;
    out->form = SEGI_VALUE_MOMENT;
    out->zones = zones;
    return out;
}

/* Folded where the zone has no say. */
static const segi_prep_value *prep_shift(segi_prep *p, const segi_node *node, segi_place place)
{
    const segi_prep_value *left = segi_prep_value_of(p, node->children[0], place);
    const segi_user_zones *zones = segi_prep_zones(p, &node->window.zone);
    if (!left || !zones)
        return NULL;
    int sign = node->arith == SEGI_MINUS ? -1 : 1;
    bool exact = node->shift.unit < SEGI_UNIT_MONTH;
    if (left->form == SEGI_VALUE_CONSTANT && (exact || !zones->view))
        return prep_constant(p, node,
                             segi_duration_add(left->slot, node->shift, sign, zones->fallback));
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_SHIFT;
    out->node = node;
    out->type = node->type;
    out->left = left;
    out->zones = zones;
    return out;
}

static const segi_prep_value *prep_arith(segi_prep *p, const segi_node *node, segi_place place)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_ARITH;
    out->node = node;
    out->type = node->type;
    out->left = segi_prep_value_of(p, node->children[0], place);
    out->right = segi_prep_value_of(p, node->children[1], place);
    return out->left && out->right ? out : NULL;
}

/* An attribute, or the size of a set. One that the snapshot does not have is absent for all. */
static const segi_prep_value *prep_attribute(segi_prep *p, const segi_node *node)
{
    const segi_snapshot *s = p->run->snapshot;
    const segi_node *attribute = node->kind == SEGI_NODE_SIZE ? node->children[0] : node;
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = node->kind == SEGI_NODE_SIZE ? SEGI_VALUE_SIZE : SEGI_VALUE_ATTRIBUTE;
    out->node = node;
    out->type = node->type;
    if (attribute->field && attribute->field->index < s->schema->attribute_count)
        out->attribute = segi_prep_attribute(p, attribute->field->index);
    if (p->status == SEG_OK && node->type.type == SEG_TYPE_STRING)
        out->strings = strings_of_dict(p, out->attribute ? out->attribute->dict : NULL);
    return p->status == SEG_OK ? out : NULL;
}

/* A property or a builtin of the rows of one type. */
static const segi_prep_value *prep_row_value(segi_prep *p, const segi_node *node, segi_place place)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->node = node;
    out->type = node->type;
    if (node->kind == SEGI_NODE_BUILTIN) {
        out->form = SEGI_VALUE_CIVIL;
        out->zones = segi_prep_zones(p, &node->window.zone);
    } else {
        out->form = SEGI_VALUE_COLUMN;
        out->fields = node->fields;
        out->field_count = place.selector->event_count;
        if (node->type.type == SEG_TYPE_STRING)
            out->strings = property_strings(p, node, place);
    }
    return p->status == SEG_OK ? out : NULL;
}

/* Recursion is bounded by the depth that the language allows. */
const segi_prep_value *segi_prep_value_of(segi_prep *p, const segi_node *node, segi_place place)
{
    if (place.session && (node->kind == SEGI_NODE_AGGREGATE || node->kind == SEGI_NODE_BUILTIN))
        return segi_prep_of_session(p, node, place.session);
    switch (node->kind) {
    case SEGI_NODE_LITERAL: return prep_constant(p, node, node->literal.slot);
    case SEGI_NODE_NOW: return prep_constant(p, node, p->run->now);
    case SEGI_NODE_MOMENT: return prep_moment(p, node);
    case SEGI_NODE_SHIFT: return prep_shift(p, node, place);
    case SEGI_NODE_ARITH: return prep_arith(p, node, place);
    case SEGI_NODE_AGGREGATE: return prep_aggregate(p, node);
    case SEGI_NODE_SCORE: return segi_score_value(p, node);
    case SEGI_NODE_FIGURE: return segi_prep_sequence_of(p, node);
    case SEGI_NODE_ATTRIBUTE:
    case SEGI_NODE_SIZE: return prep_attribute(p, node);
    case SEGI_NODE_PROPERTY:
    case SEGI_NODE_BUILTIN:
        if (place.rows)
            return prep_row_value(p, node, place);
        break;
    default: break;
    }
    p->status = segi_fail(p->err, SEG_E_INTERNAL, "a node that is no value stands for one");
    return NULL;
}
