/* model_eval.c - what a predicate says about one user, the slow way.
 *
 * holds() and value_of() walk the tree for one user (and, inside of `where`, one of his events).
 * Every question about events goes over all events of the user again. */
#include "model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef __int128 wide;

typedef struct context {
    const model *data;
    const model_catalog *catalog;
    int64_t now;
    const model_segment *segment; /* the one under way, for its `using` */
    int week_start;
    uint64_t stamp; /* of this evaluation, for ranks */
    bool overflow;
} context;

/* Whom and what a question is about. */
typedef struct place {
    const model_user *user;
    const model_event *event; /* inside of where, else NULL */
    const model_zone *zone;   /* the condition's */
} place;

static bool holds(context *run, model_node *node, place at);
static model_value figure(context *run, const model_node *node, place at);
static model_value value_of(context *run, const model_node *node, place at);
static model_value score(context *run, const model_node *node, place at);
static void rfm_scores(context *run, const model_node *node, place at, int64_t *scores);
static void class_scores(context *run, const model_node *node, place at, int64_t *scores);

/* ---- windows and selectors ---- */

/* The zone of the user's attribute `timezone`; NULL where that says nothing. */
static const model_zone *user_zone(const context *run, const model_user *user)
{
    const model_schema *schema = run->data->schema;
    if (schema->timezone >= schema->attribute_count)
        return NULL;
    const model_value *name = &user->attrs[schema->timezone];
    return name->state == SEG_VALUE_SET ? model_zone_find(name->text.data, name->text.size) : NULL;
}

/* The zone where a condition says none: of the `using` line, else the store's (S-05). */
static const model_zone *default_zone(const context *run, const model_user *user)
{
    const model_zone *zone = NULL;
    const char *name = run->segment->zone;
    if (run->segment->zone_user)
        zone = user_zone(run, user);
    if (name == NULL)
        name = run->data->schema->zone;
    return zone != NULL ? zone : model_zone_find(name, strlen(name));
}

static const model_zone *window_zone(const context *run, const model_window *window, place at)
{
    if (window->zone_kind == MODEL_Z_NAMED)
        return model_zone_find(window->zone_name, strlen(window->zone_name));
    if (window->zone_kind == MODEL_Z_USER) {
        const model_zone *zone = user_zone(run, at.user);
        return zone != NULL ? zone : default_zone(run, at.user);
    }
    return at.zone;
}

static bool selects(context *run, const model_selector *selector, place at,
                    const model_event *event)
{
    if (event->time > run->now)
        return false;
    if (event->is_session) {
        at.event = event;
        return selector->where == NULL || holds(run, selector->where, at);
    }
    bool right_type = selector->any_event;
    for (size_t i = 0; i < selector->type_count; i++) {
        if (selector->types[i] == event->type)
            right_type = true;
    }
    if (!right_type)
        return false;
    at.event = event;
    return selector->where == NULL || holds(run, selector->where, at);
}

/* What a selector may select from, in order: the user's events, or his sessions, which are made
 * here and freed by the caller. */
static model_event *sessions_of(context *run, const model_selector *selector, place at,
                                const model_event **list, size_t *count)
{
    *list = at.user->events;
    *count = at.user->event_count;
    if (selector->session == NULL)
        return NULL;
    model_event *made = malloc((at.user->event_count + 1) * sizeof(*made));
    if (made == NULL)
        exit(2);
    int64_t gap = model_shift(0, selector->gap, 1, at.zone);
    size_t n = 0;
    for (size_t i = 0; i < at.user->event_count; i++) {
        const model_event *event = &at.user->events[i];
        if (event->expired || !selects(run, selector->session, at, event))
            continue;
        if (n == 0 || event->time - made[n - 1].end > gap) {
            memset(&made[n], 0, sizeof(made[n]));
            made[n].is_session = true;
            made[n++].time = event->time;
        }
        made[n - 1].end = event->time;
        made[n - 1].events++;
    }
    *list = made;
    *count = n;
    return made;
}

/* The first, last or nth occurrence ever; NULL if there is none. A session is only a time. */
static model_value occurrence(context *run, const model_node *node, place at)
{
    model_value found = model_undefined();
    int64_t seen = 0;
    const model_event *all;
    size_t count;
    model_event *made = sessions_of(run, &node->selector, at, &all, &count);
    for (size_t i = 0; i < count; i++) {
        if (all[i].expired && node->which != MODEL_FIRST)
            continue;
        if (!selects(run, &node->selector, at, &all[i]))
            continue;
        seen++;
        if ((node->which == MODEL_FIRST && seen == 1) || node->which == MODEL_LAST ||
            (node->which == MODEL_NTH && seen == node->nth))
            found = model_instant(all[i].time);
    }
    free(made);
    return found;
}

static void bounds_of(context *run, const model_window *window, place at, bool events,
                      int64_t *begin, int64_t *end)
{
    int64_t anchor = 0;
    if (window->kind == MODEL_W_ANCHOR) {
        model_value value = value_of(run, window->anchor, at);
        if (value.state != SEG_VALUE_SET) {
            *begin = *end = 0;
            return;
        }
        anchor = value.i;
    }
    model_window_instants(window, at.zone, run->week_start, run->now, anchor, events, begin, end);
}

/* Of a window that is an occasion: does its date, in the zone, say so too? */
static bool in_occasion(const model_window *window, place at, int64_t instant)
{
    return window->kind != MODEL_W_OCCASION ||
           model_in_occasion(window->occasion, model_zone_date(at.zone, instant));
}

/* The selected events of the window, in event order; within a session, those of it. Freed by the
 * caller with unselect(). */
static const model_event **selected(context *run, const model_node *node, place at, size_t *count)
{
    size_t total;
    const model_event *all;
    model_event *made = sessions_of(run, &node->selector, at, &all, &total);
    const model_event **list = malloc((total + 2) * sizeof(*list));
    if (list == NULL)
        exit(2);
    *list++ = made; /* kept in front of the list */
    int64_t begin, end;
    /* Within a session only what is there still counts. */
    bool first = node->kind == MODEL_AGGREGATE && node->aggregate == MODEL_A_FIRST;
    if (at.event != NULL) {
        first = false;
        begin = at.event->time;
        end = at.event->end + 1;
    } else {
        bounds_of(run, &node->window, at, true, &begin, &end);
    }
    *count = 0;
    for (size_t i = 0; i < total; i++) {
        if (all[i].expired && !first)
            continue;
        if (all[i].time >= begin && all[i].time < end &&
            in_occasion(&node->window, at, all[i].time) &&
            selects(run, &node->selector, at, &all[i]))
            list[(*count)++] = &all[i];
    }
    return list;
}

static void unselect(const model_event **list)
{
    union {
        const model_event *in;
        void *out;
    } made = {list[-1]};
    free(made.out);
    free(list - 1);
}

/* ---- aggregates ---- */

/* A sum of doubles kept as an unevaluated pair high + low. */
typedef struct pair {
    double high, low;
} pair;

static pair pair_add(pair sum, double x)
{
    double high = sum.high + x;
    double part = high - sum.high;
    double error = (sum.high - (high - part)) + (x - part) + sum.low;
    pair result;
    result.high = high + error;
    result.low = error - (result.high - high);
    return result;
}

static double float_sum(const model_value *values, size_t count)
{
    pair sum = {0, 0};
    for (size_t i = 0; i < count; i++)
        sum = pair_add(sum, values[i].f);
    return sum.high + sum.low;
}

/* Of ints or decimals. */
static model_value exact_sum(context *run, const model_value *values, size_t count)
{
    wide sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += values[i].i;
    if (sum < INT64_MIN || sum > INT64_MAX) {
        run->overflow = true;
        return model_undefined();
    }
    return model_decimal((int64_t)sum, values[0].scale);
}

static double plain_scale(int32_t scale)
{
    double result = 1;
    for (int32_t i = 0; i < scale; i++)
        result *= 10;
    return result;
}

static model_value sum_of(context *run, const model_node *node, const model_column *column,
                          const model_value *values, size_t count)
{
    (void)node;
    if (count == 0) {
        model_value zero = column->type == SEG_TYPE_FLOAT64 ? model_float(0) : model_int(0);
        if (column->type == SEG_TYPE_DECIMAL)
            zero = model_decimal(0, column->scale);
        return zero;
    }
    if (values[0].type == SEG_TYPE_FLOAT64)
        return model_float(float_sum(values, count));
    model_value sum = exact_sum(run, values, count);
    if (sum.state == SEG_VALUE_SET && values[0].type == SEG_TYPE_INT64)
        return model_int(sum.i);
    return sum;
}

static model_value avg_of(context *run, const model_value *values, size_t count)
{
    if (values[0].type == SEG_TYPE_FLOAT64)
        return model_float(float_sum(values, count) / (double)count);
    model_value sum = exact_sum(run, values, count);
    if (sum.state != SEG_VALUE_SET)
        return sum;
    return model_float((double)sum.i / ((double)count * plain_scale(values[0].scale)));
}

static int by_double(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

static model_value percentile_of(const model_value *values, size_t count, double fraction)
{
    double *sorted = malloc(count * sizeof(*sorted));
    if (sorted == NULL)
        exit(2);
    for (size_t i = 0; i < count; i++)
        sorted[i] = model_to_double(&values[i]);
    qsort(sorted, count, sizeof(*sorted), by_double);
    double rank = (double)(count - 1) * fraction;
    size_t below = (size_t)floor(rank);
    size_t above = below + 1 < count ? below + 1 : below;
    double part = rank - (double)below;
    double result = sorted[below] + (sorted[above] - sorted[below]) * part;
    free(sorted);
    return model_float(result);
}

static model_value stddev_of(context *run, const model_value *values, size_t count)
{
    if (count < 2)
        return model_undefined();
    model_value mean = avg_of(run, values, count);
    if (mean.state != SEG_VALUE_SET)
        return mean;
    double squares = 0;
    for (size_t i = 0; i < count; i++) {
        double d = model_to_double(&values[i]) - mean.f;
        squares += d * d;
    }
    return model_float(sqrt(squares / (double)(count - 1)));
}

static int64_t distinct_of(const model_value *values, size_t count)
{
    int64_t distinct = 0;
    for (size_t i = 0; i < count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && model_compare(&values[i], &values[k]) != 0;
        distinct += first ? 1 : 0;
    }
    return distinct;
}

/* The most frequent values into tied, in order of their last occurrence; how many. */
static size_t modes_of(const model_value *values, size_t count, model_value *tied)
{
    size_t best = 0, found = 0;
    for (size_t i = 0; i < count; i++) {
        size_t times = 0;
        bool last = true;
        for (size_t k = 0; k < count; k++) {
            if (model_compare(&values[i], &values[k]) == 0) {
                times++;
                last = last && k <= i;
            }
        }
        if (!last)
            continue; /* each value is looked at where it occurs last */
        if (times > best) {
            best = times;
            found = 0;
        }
        if (times == best)
            tied[found++] = values[i];
    }
    return found;
}

/* Is the value, seen at index i for the last time, among the most frequent? More frequent ones come
 * before it; the rule says which of those that are as frequent do (S-17). */
static bool among_top(const model_node *node, const model_value *values, size_t count, size_t i)
{
    size_t more = 0, equal = 0, later = 0, own = 0;
    for (size_t k = 0; k < count; k++)
        own += model_compare(&values[i], &values[k]) == 0 ? 1u : 0u;
    for (size_t k = 0; k < count; k++) {
        size_t times = 0;
        bool last = true;
        for (size_t j = 0; j < count; j++) {
            if (model_compare(&values[k], &values[j]) == 0) {
                times++;
                last = last && j <= k;
            }
        }
        more += last && times > own;
        equal += last && times == own;
        later += last && times == own && k > i;
    }
    size_t most = (size_t)node->nth;
    return node->ties == MODEL_TIES_ALL    ? more < most
           : node->ties == MODEL_TIES_NONE ? more + equal <= most
                                           : more + later < most;
}

static size_t top_of(const model_node *node, const model_value *values, size_t count,
                     model_value *top)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        bool last = true;
        for (size_t k = i + 1; k < count; k++)
            last = last && model_compare(&values[i], &values[k]) != 0;
        if (last && among_top(node, values, count, i))
            top[found++] = values[i];
    }
    return found;
}

static model_value mode_of(const model_node *node, const model_value *tied, size_t count)
{
    if (count == 0 || (count > 1 && node->ties == MODEL_TIES_NONE))
        return model_undefined();
    return tied[count - 1];
}

/* The argument in each event, without null and absent. Freed by the caller. */
static model_value *inputs(context *run, const model_node *node, place at,
                           const model_event *const *list, size_t count, size_t *out_count)
{
    model_value *values = malloc((count + 1) * sizeof(*values));
    if (values == NULL)
        exit(2);
    *out_count = 0;
    for (size_t i = 0; i < count; i++) {
        at.event = list[i];
        model_value value = value_of(run, node->argument, at);
        if (value.state == SEG_VALUE_SET)
            values[(*out_count)++] = value;
    }
    return values;
}

static model_value extreme(const model_value *values, size_t count, int sign)
{
    model_value best = values[0];
    for (size_t i = 1; i < count; i++) {
        if (model_compare(&values[i], &best) * sign > 0)
            best = values[i];
    }
    return best;
}

/* All modes of a MODE aggregate. Freed by the caller. */
static model_value *mode_values(context *run, const model_node *node, place at, size_t *count)
{
    size_t events, n;
    at.zone = window_zone(run, &node->window, at);
    const model_event **list = selected(run, node, at, &events);
    model_value *values = inputs(run, node, at, list, events, &n);
    model_value *tied = malloc((n + 1) * sizeof(*tied));
    if (tied == NULL)
        exit(2);
    *count = (int64_t)n < node->min_events    ? 0
             : node->aggregate == MODEL_A_TOP ? top_of(node, values, n, tied)
                                              : modes_of(values, n, tied);
    free(values);
    unselect(list);
    return tied;
}

static model_value summary(context *run, const model_node *node, const model_value *values,
                           size_t n)
{
    const model_column *column = NULL;
    static const model_column whole = {"", SEG_TYPE_INT64, 0, false};
    if (node->argument != NULL)
        column = node->argument->kind == MODEL_PROPERTY
                     ? &run->data->schema->properties[node->argument->column]
                     : &whole;
    if (node->aggregate == MODEL_A_SUM)
        return sum_of(run, node, column, values, n);
    if (node->aggregate == MODEL_A_DISTINCT)
        return model_int(distinct_of(values, n));
    if (n == 0)
        return model_undefined();
    switch (node->aggregate) {
    case MODEL_A_AVG: return avg_of(run, values, n);
    case MODEL_A_MIN: return extreme(values, n, -1);
    case MODEL_A_MAX: return extreme(values, n, 1);
    case MODEL_A_MEDIAN: return percentile_of(values, n, 0.5);
    case MODEL_A_PERCENTILE: return percentile_of(values, n, (double)node->fraction / 1000.0);
    case MODEL_A_STDDEV: return stddev_of(run, values, n);
    default: return model_undefined();
    }
}

static model_value share_of(context *run, const model_node *node, place at,
                            const model_event *const *list, size_t count)
{
    if (count == 0)
        return model_undefined();
    int64_t matching = 0;
    for (size_t i = 0; i < count; i++) {
        at.event = list[i];
        matching += holds(run, node->share, at) ? 1 : 0;
    }
    return model_float((double)matching / (double)count);
}

/* first, last and nth take the argument of that very event. */
static model_value value_at(context *run, const model_node *node, place at,
                            const model_event *const *list, size_t count)
{
    size_t index = node->aggregate == MODEL_A_FIRST  ? 0
                   : node->aggregate == MODEL_A_LAST ? count - 1
                                                     : (size_t)(node->nth - 1);
    if (count == 0 || index >= count)
        return model_undefined();
    at.event = list[index];
    return value_of(run, node->argument, at);
}

/* Figures between lengths of time are whole microseconds. */
static model_value whole(const model_node *node, model_value value)
{
    bool length = node->argument != NULL && node->argument->kind == MODEL_BUILTIN &&
                  node->argument->builtin == MODEL_B_DURATION;
    if (length && value.state == SEG_VALUE_SET && value.type == SEG_TYPE_FLOAT64)
        return model_int((int64_t)value.f);
    return value;
}

static model_value aggregate(context *run, const model_node *node, place at)
{
    if (node->aggregate == MODEL_A_MODE) {
        size_t n;
        model_value *tied = mode_values(run, node, at, &n);
        model_value result = mode_of(node, tied, n);
        free(tied);
        return result;
    }
    at.zone = window_zone(run, &node->window, at);
    size_t count, n;
    const model_event **list = selected(run, node, at, &count);
    model_value result;
    switch (node->aggregate) {
    case MODEL_A_COUNT: result = model_int((int64_t)count); break;
    case MODEL_A_DISTINCT_PERIOD:
        result =
            model_int(model_active_periods(list, count, node->period, 1, at.zone, run->week_start));
        break;
    case MODEL_A_STREAK:
    case MODEL_A_CURRENT_STREAK:
    case MODEL_A_STREAK_BROKEN:
        result = model_streak(node, list, count, at.zone, run->week_start, run->now);
        break;
    case MODEL_A_OVERDUE: result = model_overdue(list, count, run->now); break;
    case MODEL_A_SHARE: result = share_of(run, node, at, list, count); break;
    case MODEL_A_FIRST:
    case MODEL_A_LAST:
    case MODEL_A_NTH: result = value_at(run, node, at, list, count); break;
    default: {
        model_value *values = inputs(run, node, at, list, count, &n);
        result = whole(node, summary(run, node, values, n));
        free(values);
        break;
    }
    }
    unselect(list);
    return result;
}

/* ---- other values ---- */

static model_value builtin(const model_node *node, place at)
{
    int64_t local = model_zone_local(at.zone, at.event->time);
    int64_t date = model_zone_date(at.zone, at.event->time);
    int64_t year;
    int month, day;
    model_civil(date, &year, &month, &day);
    switch (node->builtin) {
    case MODEL_B_TIME: return model_instant(at.event->time);
    case MODEL_B_DATE: return model_date(date);
    case MODEL_B_HOUR: return model_int((local - date * MODEL_DAY) / MODEL_HOUR);
    case MODEL_B_WEEKDAY: return model_int(model_weekday(date));
    case MODEL_B_DAY: return model_int(day);
    case MODEL_B_MONTH: return model_int(month);
    case MODEL_B_YEAR: return model_int(year);
    case MODEL_B_DURATION: return model_int(at.event->end - at.event->time);
    case MODEL_B_COUNT: return model_int(at.event->events);
    }
    return model_undefined();
}

static model_value arithmetic(context *run, const model_node *node, place at)
{
    model_value a = value_of(run, node->children[0], at);
    model_value b = value_of(run, node->children[1], at);
    if (a.state != SEG_VALUE_SET || b.state != SEG_VALUE_SET)
        return model_undefined();
    double x = model_to_double(&a), y = model_to_double(&b);
    switch (node->arith) {
    case '+': return model_float(x + y);
    case '-': return model_float(x - y);
    case '*': return model_float(x * y);
    default: return y == 0 ? model_undefined() : model_float(x / y);
    }
}

static model_value value_of(context *run, const model_node *node, place at)
{
    model_value value;
    switch (node->kind) {
    case MODEL_LITERAL: return node->literal;
    case MODEL_PERCENT: return model_decimal(node->literal.i, 8);
    case MODEL_MOMENT: return model_instant(model_moment_instant(node->moment, at.zone));
    case MODEL_NOW: return model_instant(run->now);
    case MODEL_ATTRIBUTE:
        if (run->data->schema->attributes[node->column].history)
            return model_past_value(at.user, node->column,
                                    model_as_of(&node->window, at.zone, run->now));
        return at.user->attrs[node->column];
    case MODEL_PROPERTY: return at.event->props[node->column];
    case MODEL_BUILTIN: return builtin(node, at);
    case MODEL_AGGREGATE: return aggregate(run, node, at);
    case MODEL_FIGURE: return figure(run, node, at);
    case MODEL_ARITH: return arithmetic(run, node, at);
    case MODEL_SHIFT:
        value = value_of(run, node->children[0], at);
        if (value.state == SEG_VALUE_SET)
            value.i = model_shift(value.i, node->shift, node->arith == '+' ? 1 : -1, at.zone);
        return value;
    case MODEL_LENGTH: return model_int(model_shift(0, node->shift, 1, at.zone));
    case MODEL_DIFFERENCE: {
        model_value other = value_of(run, node->children[1], at);
        value = value_of(run, node->children[0], at);
        if (value.state != SEG_VALUE_SET || other.state != SEG_VALUE_SET)
            return model_undefined();
        return model_int(value.i - other.i);
    }
    case MODEL_SIZE:
        value = value_of(run, node->children[0], at);
        return value.state == SEG_VALUE_SET ? model_int((int64_t)value.element_count)
                                            : model_undefined();
    case MODEL_SCORE: return score(run, node, at);
    case MODEL_RFM:
    case MODEL_CLASS_RFM: {
        int64_t scores[MODEL_MEASURES];
        (node->kind == MODEL_RFM ? rfm_scores : class_scores)(run, node, at, scores);
        return model_int(scores[node->measure]);
    }
    case MODEL_EDGE_ANCHOR: return occurrence(run, node, at);
    default: exit(2);
    }
}

/* ---- ordered steps ---- */

/* Which of the events a selector takes; freed with the arena of the trace. */
static const bool *matched(context *run, const model_selector *selector, place at,
                           const model_event *const *events, const bool *inside, size_t count,
                           model_arena *arena)
{
    bool *result = model_alloc(arena, count + 1);
    for (size_t i = 0; i < count; i++)
        result[i] = (inside == NULL || inside[i]) && selects(run, selector, at, events[i]);
    return result;
}

static model_figures figures_of(context *run, const model_node *node, place at)
{
    const model_sequence *sequence = node->sequence;
    model_arena arena = {NULL};
    model_trace trace;
    memset(&trace, 0, sizeof(trace));
    at.zone = window_zone(run, &node->window, at);
    int64_t begin, end;
    bounds_of(run, &node->window, at, true, &begin, &end);
    const model_event **events = model_alloc(&arena, (at.user->event_count + 1) * sizeof(*events));
    bool *inside = model_alloc(&arena, at.user->event_count + 1);
    for (size_t i = 0; i < at.user->event_count; i++) {
        const model_event *event = &at.user->events[i];
        if (event->expired)
            continue;
        if (event->time > run->now)
            continue;
        inside[trace.count] = event->time >= begin && event->time < end;
        events[trace.count++] = event;
    }
    trace.events = events;
    trace.inside = inside;
    for (size_t s = 0; s < sequence->step_count; s++) {
        const model_step *step = &sequence->steps[s];
        for (size_t c = 0; c < step->choice_count; c++)
            trace.steps[s][c] =
                matched(run, &step->choices[c].selector, at, events, inside, trace.count, &arena);
        if (step->has_without)
            trace.without[s] =
                matched(run, &step->without.selector, at, events, inside, trace.count, &arena);
    }
    if (sequence->has_absence)
        trace.absence =
            matched(run, &sequence->absence.selector, at, events, NULL, trace.count, &arena);
    model_figures result = model_sequence_figures(sequence, &trace, run->now);
    model_arena_reset(&arena);
    return result;
}

static model_value figure(context *run, const model_node *node, place at)
{
    model_figures figures = figures_of(run, node, at);
    if (node->figure == MODEL_F_MATCHES)
        return model_int(figures.matches);
    if (node->figure == MODEL_F_DEPTH)
        return model_int(figures.depth);
    return figures.converted ? model_int(figures.time) : model_undefined();
}

static bool sequence_holds(context *run, const model_node *node, place at)
{
    int64_t n = figure(run, node, at).i;
    return node->bound.given ? node->bound.min <= n && n <= node->bound.max : n >= 1;
}

/* ---- predicates ---- */

static bool compare_holds(model_op op, const model_value *a, const model_value *b)
{
    if (a->state != SEG_VALUE_SET || b->state != SEG_VALUE_SET)
        return false;
    int order = model_compare(a, b);
    switch (op) {
    case MODEL_EQ: return order == 0;
    case MODEL_NE: return order != 0;
    case MODEL_LT: return order < 0;
    case MODEL_LE: return order <= 0;
    case MODEL_GT: return order > 0;
    case MODEL_GE: return order >= 0;
    }
    return false;
}

static bool is_every_mode(const model_node *node)
{
    return node->kind == MODEL_AGGREGATE &&
           (node->aggregate == MODEL_A_TOP ||
            (node->aggregate == MODEL_A_MODE && node->ties == MODEL_TIES_ALL));
}

static bool in_list(const model_node *node, const model_value *value)
{
    if (value->state != SEG_VALUE_SET)
        return false;
    bool found = false;
    for (size_t i = 0; i < node->list_count; i++)
        found = found || model_compare(value, &node->list[i]) == 0;
    return found != node->negated;
}

/* An instant beside a bare date is compared by its own date in the zone (S-07). */
static bool one_value_test(const model_node *node, model_value left, model_value right, place at)
{
    const model_node *other = node->kind == MODEL_COMPARE ? node->children[1] : NULL;
    if (other == NULL)
        return in_list(node, &left);
    if (other->kind == MODEL_MOMENT && other->moment.kind == MODEL_M_DATE) {
        if (left.state == SEG_VALUE_SET)
            left = model_date(model_zone_date(at.zone, left.i));
        right = model_date(other->moment.value);
    }
    return compare_holds(node->op, &left, &right);
}

/* COMPARE and IN: with `ties all` any of the tied values may do. */
static bool value_test(context *run, const model_node *node, place at)
{
    model_value right = model_undefined();
    if (node->kind == MODEL_COMPARE)
        right = value_of(run, node->children[1], at);
    if (!is_every_mode(node->children[0]))
        return one_value_test(node, value_of(run, node->children[0], at), right, at);
    size_t count;
    model_value *tied = mode_values(run, node->children[0], at, &count);
    bool found = false;
    for (size_t i = 0; i < count; i++)
        found = found || one_value_test(node, tied[i], right, at);
    free(tied);
    return found;
}

/* `did not ... within D after A` holds only for those whose A was at least D ago. */
static bool span_is_over(context *run, const model_window *window, place at)
{
    model_value anchor = value_of(run, window->anchor, at);
    if (anchor.state != SEG_VALUE_SET)
        return false;
    if (window->side == MODEL_BEFORE)
        return anchor.i <= run->now;
    return anchor.i <= model_shift(run->now, window->length, -1, at.zone);
}

static bool did(context *run, const model_node *node, place at)
{
    at.zone = window_zone(run, &node->window, at);
    size_t count;
    const model_event **list = selected(run, node, at, &count);
    int64_t n = (int64_t)count;
    if (node->bound.periods)
        n = model_active_periods(list, count, node->bound.period, node->bound.each, at.zone,
                                 run->week_start);
    unselect(list);
    bool result = node->bound.given ? node->bound.min <= n && n <= node->bound.max : n >= 1;
    if (node->negated && node->window.kind == MODEL_W_ANCHOR)
        return !result && span_is_over(run, &node->window, at);
    return result != node->negated;
}

static bool day_of_year(context *run, const model_node *node, place at)
{
    model_value value = value_of(run, node->children[0], at);
    if (value.state != SEG_VALUE_SET)
        return false;
    at.zone = window_zone(run, &node->window, at);
    int64_t date = value.type == SEG_TYPE_DATE ? value.i : model_zone_date(at.zone, value.i);
    if (node->kind == MODEL_SEASON)
        return model_in_season(node, date);
    int64_t begin, end;
    model_window_dates(&node->window, at.zone, run->week_start, run->now, &begin, &end);
    if (end - begin > 1500)
        begin = end - 1500; /* every day of the year is in it */
    for (int64_t day = begin; day < end; day++) {
        if (model_is_anniversary(date, node->early, day))
            return true;
    }
    return false;
}

static bool life(context *run, const model_node *node, place at)
{
    at.zone = window_zone(run, &node->window, at);
    size_t count;
    const model_event **list = selected(run, node, at, &count);
    model_node ever = *node;
    ever.which = MODEL_FIRST;
    model_value first = occurrence(run, &ever, at);
    bool result = model_life(node, &first, list, count, at.zone, run->week_start, run->now);
    unselect(list);
    return result;
}

static bool edge(context *run, const model_node *node, place at)
{
    at.zone = window_zone(run, &node->window, at);
    model_value when = occurrence(run, node, at);
    int64_t begin, end;
    bounds_of(run, &node->window, at, true, &begin, &end);
    return when.state == SEG_VALUE_SET && when.i >= begin && when.i < end &&
           in_occasion(&node->window, at, when.i);
}

static bool in_time(context *run, const model_node *node, place at)
{
    model_value value = value_of(run, node->children[0], at);
    if (value.state != SEG_VALUE_SET)
        return false;
    at.zone = window_zone(run, &node->window, at);
    int64_t begin, end;
    if (node->window.kind == MODEL_W_OCCASION) /* whenever: what lies ahead is not cut off */
        return value.type == SEG_TYPE_DATE ? model_in_occasion(node->window.occasion, value.i)
                                           : in_occasion(&node->window, at, value.i);
    if (value.type == SEG_TYPE_DATE)
        model_window_dates(&node->window, at.zone, run->week_start, run->now, &begin, &end);
    else
        bounds_of(run, &node->window, at, false, &begin, &end);
    return value.i >= begin && value.i < end;
}

static bool has(context *run, const model_node *node, place at)
{
    model_value set = value_of(run, node->children[0], at);
    if (set.state != SEG_VALUE_SET)
        return false;
    size_t found = 0, distinct = 0; /* elements of the list */
    for (size_t i = 0; i < node->list_count; i++) {
        bool first = true;
        for (size_t k = 0; k < i; k++)
            first = first && model_string_compare(node->list[i].text, node->list[k].text) != 0;
        if (first) {
            distinct++;
            found += model_in_set(&set, node->list[i].text) ? 1 : 0;
        }
    }
    switch (node->has) {
    case MODEL_ANY: return found > 0;
    case MODEL_ALL: return found == distinct && set.element_count > 0;
    case MODEL_NONE: return found == 0;
    case MODEL_EXACTLY: return found == distinct && set.element_count == distinct;
    }
    return false;
}

/* Exact in units of 10^-7 degree. *inside is turned for each edge that the ray from p to larger
 * longitudes crosses; true: p lies on the ring. */
static bool on_ring(const model_point *points, size_t count, const model_value *p, bool *inside)
{
    for (size_t i = 0; i < count; i++) {
        model_point a = points[i], b = points[(i + 1) % count];
        wide cross = (wide)(b.longitude - a.longitude) * (p->i - a.latitude) -
                     (wide)(b.latitude - a.latitude) * (p->j - a.longitude);
        int64_t low_lat = a.latitude < b.latitude ? a.latitude : b.latitude;
        int64_t high_lat = a.latitude < b.latitude ? b.latitude : a.latitude;
        int64_t low_lon = a.longitude < b.longitude ? a.longitude : b.longitude;
        int64_t high_lon = a.longitude < b.longitude ? b.longitude : a.longitude;
        if (cross == 0 && p->i >= low_lat && p->i <= high_lat && p->j >= low_lon &&
            p->j <= high_lon)
            return true;
        if ((a.latitude > p->i) != (b.latitude > p->i)) {
            bool left = b.latitude > a.latitude ? cross > 0 : cross < 0;
            *inside = *inside != left;
        }
    }
    return false;
}

/* Even-odd over the rings; the boundary is inside. */
static bool in_polygon(const model_node *node, const model_value *p)
{
    size_t first = node->first_ring > 0 ? node->first_ring : node->point_count;
    bool inside = false;
    if (on_ring(node->points, first, p, &inside))
        return true;
    if (first < node->point_count &&
        on_ring(node->points + first, node->point_count - first, p, &inside))
        return true;
    return inside;
}

static bool place_test(context *run, const model_node *node, place at)
{
    model_value value = value_of(run, node->children[0], at);
    if (value.state != SEG_VALUE_SET)
        return false;
    if (node->kind == MODEL_POLYGON)
        return in_polygon(node, &value);
    return model_distance((double)value.i / 1e7, (double)value.j / 1e7,
                          (double)node->points[0].latitude / 1e7,
                          (double)node->points[0].longitude / 1e7) <= (double)node->meters;
}

/* ---- ranks ---- */

static int rank_sign; /* qsort has no argument of its own */

static int by_rank(const void *a, const void *b)
{
    return model_compare(a, b) * rank_sign;
}

static void rank_prepare(context *run, model_node *node)
{
    model_value *values = malloc((run->data->user_count + 1) * sizeof(*values));
    if (values == NULL)
        exit(2);
    size_t count = 0;
    node->rank_stamp = run->stamp;
    for (size_t i = 0; i < run->data->user_count; i++) {
        place at = {&run->data->users[i], NULL, NULL};
        if (!model_exists(run->data, i, run->now))
            continue;
        at.zone = default_zone(run, at.user);
        if (node->child_count > 1 && !holds(run, node->children[1], at))
            continue;
        model_value value = value_of(run, node->children[0], at);
        if (value.state == SEG_VALUE_SET)
            values[count++] = value;
    }
    rank_sign = node->bottom ? 1 : -1;
    qsort(values, count, sizeof(*values), by_rank);
    wide k = node->count;
    if (node->percent)
        k = ((wide)count * node->count + 99999999) / 100000000;
    if (k > (wide)count)
        k = (wide)count;
    node->rank_any = k > 0;
    if (node->rank_any)
        node->rank_cut = values[(size_t)k - 1];
    free(values);
}

static bool rank(context *run, model_node *node, place at)
{
    if (node->rank_stamp != run->stamp)
        rank_prepare(run, node);
    if (!node->rank_any || (node->child_count > 1 && !holds(run, node->children[1], at)))
        return false;
    model_value value = value_of(run, node->children[0], at);
    if (value.state != SEG_VALUE_SET)
        return false;
    int order = model_compare(&value, &node->rank_cut);
    return node->bottom ? order <= 0 : order >= 0;
}

/* ---- classes ---- */

/* The number of a user that has a class; undefined outside of the population. */
static model_value scored(context *run, const model_node *node, place at)
{
    if (node->child_count > 1 && !holds(run, node->children[1], at))
        return model_undefined();
    return value_of(run, node->children[0], at);
}

static void score_prepare(context *run, const model_node *node)
{
    model_value *values = malloc((run->data->user_count + 1) * sizeof(*values));
    if (values == NULL)
        exit(2);
    size_t count = 0;
    node->score->stamp = run->stamp;
    for (size_t i = 0; i < run->data->user_count && !node->score->fixed; i++) {
        place at = {&run->data->users[i], NULL, NULL};
        if (!model_exists(run->data, i, run->now))
            continue;
        at.zone = default_zone(run, at.user);
        model_value value = scored(run, node, at);
        if (value.state == SEG_VALUE_SET && (node->score->zeros || model_to_double(&value) != 0))
            values[count++] = value;
    }
    model_score_cut(node->score, values, count);
    free(values);
}

static model_value score(context *run, const model_node *node, place at)
{
    if (node->score->stamp != run->stamp)
        score_prepare(run, node);
    if (!node->score->fixed &&
        !model_exists(run->data, (size_t)(at.user - run->data->users), run->now))
        return model_undefined();
    model_value value = scored(run, node, at);
    if (value.state != SEG_VALUE_SET)
        return model_undefined();
    return model_int(model_score_class(node->score, &value));
}

/* ---- recency, frequency, money ---- */

/* When was the last, how many are there, what do they sum up to? False: there is none. */
static bool measures(context *run, const model_node *node, place at, model_value *values)
{
    static const model_aggregate aggregates[] = {MODEL_A_LAST, MODEL_A_COUNT, MODEL_A_SUM};
    model_node time, asked = *node;
    memset(&time, 0, sizeof(time));
    time.kind = MODEL_BUILTIN;
    time.builtin = MODEL_B_TIME;
    asked.kind = MODEL_AGGREGATE;
    for (int i = 0; i < MODEL_MEASURES; i++) {
        asked.aggregate = aggregates[i];
        asked.argument = i == MODEL_R ? &time : node->argument;
        values[i] = value_of(run, &asked, at);
    }
    return values[MODEL_F].i > 0;
}

static void rfm_prepare(context *run, const model_node *node)
{
    size_t room = run->data->user_count + 1, count = 0;
    model_value *values[MODEL_MEASURES], own[MODEL_MEASURES];
    node->rfm->stamp = run->stamp;
    for (int k = 0; k < MODEL_MEASURES; k++) {
        values[k] = malloc(room * sizeof(model_value));
        if (values[k] == NULL)
            exit(2);
    }
    for (size_t i = 0; i < run->data->user_count && !node->rfm->fixed; i++) {
        place at = {&run->data->users[i], NULL, NULL};
        if (!model_exists(run->data, i, run->now))
            continue;
        at.zone = default_zone(run, at.user);
        if (!measures(run, node, at, own))
            continue;
        for (int k = 0; k < MODEL_MEASURES; k++)
            values[k][count] = own[k];
        count++;
    }
    for (int k = 0; k < MODEL_MEASURES; k++) {
        model_rfm_cut(node->rfm, k, values[k], count);
        free(values[k]);
    }
}

/* Who did not buy has 0. */
static void rfm_scores(context *run, const model_node *node, place at, int64_t *scores)
{
    model_value values[MODEL_MEASURES];
    memset(scores, 0, MODEL_MEASURES * sizeof(*scores));
    if (node->rfm->stamp != run->stamp)
        rfm_prepare(run, node);
    if (!node->rfm->fixed &&
        !model_exists(run->data, (size_t)(at.user - run->data->users), run->now))
        return;
    if (!measures(run, node, at, values))
        return;
    for (int k = 0; k < MODEL_MEASURES; k++)
        scores[k] = model_rfm_score(node->rfm, k, &values[k], run->now);
}

static size_t group_of(context *run, const model_node *node, place at)
{
    int64_t scores[MODEL_MEASURES];
    rfm_scores(run, node, at, scores);
    return model_rfm_group(node->rfm, scores);
}

/* ---- the tree ---- */

/* What a saved text means, in its own zone and weeks. */
static context inside(const context *outer, const model_segment *segment, place *at)
{
    const model_schema *schema = outer->data->schema;
    context inner = *outer;
    inner.segment = segment;
    inner.week_start = segment->week_start != 0 ? segment->week_start : schema->week_start;
    at->zone = default_zone(&inner, at->user);
    return inner;
}

static void class_scores(context *outer, const model_node *node, place at, int64_t *scores)
{
    const model_segment *class = &outer->catalog->segments[node->segment];
    context inner = inside(outer, class, &at);
    rfm_scores(&inner, class->root, at, scores);
    outer->overflow = outer->overflow || inner.overflow;
}

static bool other_segment(context *outer, const model_segment *segment, place at)
{
    context inner = inside(outer, segment, &at);
    bool result = holds(&inner, segment->root, at);
    outer->overflow = outer->overflow || inner.overflow;
    return result;
}

/* The label of a user: of the first condition that holds, else the last one (S-26). */
static size_t label_of(context *outer, const model_segment *class, place at)
{
    context inner = inside(outer, class, &at);
    size_t label = 0;
    if (class->root->rfm != NULL)
        label = group_of(&inner, class->root, at);
    while (label < class->root->child_count && !holds(&inner, class->root->children[label], at))
        label++;
    outer->overflow = outer->overflow || inner.overflow;
    return label;
}

static bool has_label(context *run, const model_node *node, place at)
{
    size_t label = label_of(run, &run->catalog->segments[node->segment], at);
    return (node->labels >> label & 1) != (node->negated ? 1u : 0u);
}

/* How many of the operands hold. All of them are asked, so that every overflow is seen. */
static size_t operands(context *run, const model_node *node, place at)
{
    size_t count = 0;
    for (size_t i = 0; i < node->child_count; i++)
        count += holds(run, node->children[i], at) ? 1 : 0;
    return count;
}

static bool changed(context *run, const model_node *node, place at)
{
    int64_t begin, end;
    at.zone = window_zone(run, &node->window, at);
    bounds_of(run, &node->window, at, true, &begin, &end);
    return model_changed(at.user, node, begin, end);
}

static bool leaf_holds(context *run, model_node *node, place at)
{
    model_value a, b, c;
    switch (node->kind) {
    case MODEL_DID: return did(run, node, at);
    case MODEL_SEQUENCE: return sequence_holds(run, node, at);
    case MODEL_EDGE: return edge(run, node, at);
    case MODEL_COMPARE:
    case MODEL_IN: return value_test(run, node, at);
    case MODEL_BETWEEN:
        a = value_of(run, node->children[0], at);
        b = value_of(run, node->children[1], at);
        c = value_of(run, node->children[2], at);
        return compare_holds(MODEL_GE, &a, &b) && compare_holds(MODEL_LE, &a, &c);
    case MODEL_TRUTH:
        a = value_of(run, node->children[0], at);
        return a.state == SEG_VALUE_SET && a.i == 1;
    case MODEL_STATE:
        a = value_of(run, node->children[0], at);
        return (a.state == node->state) != node->negated;
    case MODEL_HAS: return has(run, node, at);
    case MODEL_TEXT:
        a = value_of(run, node->children[0], at);
        return a.state == SEG_VALUE_SET &&
               model_text_holds(node->text, node->fold, node->list[0].text, a.text);
    case MODEL_RADIUS:
    case MODEL_POLYGON: return place_test(run, node, at);
    case MODEL_TIME: return in_time(run, node, at);
    case MODEL_SEGMENT: return other_segment(run, &run->catalog->segments[node->segment], at);
    case MODEL_RANK: return rank(run, node, at);
    case MODEL_LABEL: return has_label(run, node, at);
    case MODEL_GROUP:
        return (node->labels >> group_of(run, node, at) & 1) != (node->negated ? 1u : 0u);
    case MODEL_SPLIT: return model_split_holds(&node->split, at.user->id, at.user->id_size);
    case MODEL_DORMANT:
    case MODEL_RESURRECTED:
    case MODEL_STAGE: return life(run, node, at);
    case MODEL_ANNIVERSARY:
    case MODEL_SEASON: return day_of_year(run, node, at);
    case MODEL_HELD: return model_has_been(at.user, node, at.zone, run->now);
    case MODEL_CHANGED: return changed(run, node, at);
    default: exit(2);
    }
}

static bool holds(context *run, model_node *node, place at)
{
    switch (node->kind) {
    case MODEL_EVERYONE: return true;
    case MODEL_NOBODY: return false;
    case MODEL_NOT: return !holds(run, node->children[0], at);
    case MODEL_AND: return operands(run, node, at) == node->child_count;
    case MODEL_OR: return operands(run, node, at) > 0;
    case MODEL_XOR: return operands(run, node, at) % 2 == 1;
    case MODEL_EXCEPT: {
        bool left = holds(run, node->children[0], at);
        return !holds(run, node->children[1], at) && left;
    }
    case MODEL_AT_LEAST: return (int64_t)operands(run, node, at) >= node->count;
    default: return leaf_holds(run, node, at);
    }
}

/* ---- doors ---- */

static uint64_t stamps;

bool model_exists(const model *data, size_t user, int64_t now)
{
    const model_user *who = &data->users[user];
    return who->known && ((who->named && who->since <= now) ||
                          (who->event_count > 0 && who->events[0].time <= now));
}

void model_evaluate(const model *data, const model_catalog *catalog, const model_segment *segment,
                    int64_t now, uint8_t *members, bool *overflow)
{
    context run = {data, catalog, now, NULL, 0, ++stamps, false};
    for (size_t i = 0; i < data->user_count; i++) {
        place at = {&data->users[i], NULL, NULL};
        members[i] = model_exists(data, i, now) && other_segment(&run, segment, at) ? 1 : 0;
    }
    *overflow = run.overflow;
}

bool model_evaluate_user(const model *data, const model_catalog *catalog,
                         const model_segment *segment, size_t user, int64_t now, bool *overflow)
{
    context run = {data, catalog, now, NULL, 0, ++stamps, false};
    place at = {&data->users[user], NULL, NULL};
    bool member = model_exists(data, user, now) && other_segment(&run, segment, at);
    *overflow = run.overflow;
    return member;
}

void model_evaluate_value(const model *data, const model_catalog *catalog, const model_node *value,
                          int64_t now, model_value *values, bool *overflow)
{
    static const model_segment plain = {NULL, 0, NULL, NULL, false};
    context run = {data, catalog, now, &plain, data->schema->week_start, ++stamps, false};
    for (size_t i = 0; i < data->user_count; i++) {
        place at = {&data->users[i], NULL, NULL};
        values[i] = model_undefined();
        if (!data->users[i].known)
            continue;
        at.zone = default_zone(&run, at.user);
        values[i] = value_of(&run, value, at);
    }
    *overflow = run.overflow;
}
