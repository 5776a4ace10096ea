/* model_sequence.c - ordered steps, the slow way: for each row that a chain may begin with, all
 * rows that each next step can end at, every pair of rows looked at with everything between them.
 *
 * What a chain is, is said in README.md. With its first row fixed, a chain under way is its last
 * row and the rows that the steps began with, with which others compare themselves. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

typedef struct chain {
    size_t row;
    size_t steps[MODEL_STEPS_MAX]; /* the row that each step began with */
} chain;

typedef struct chains {
    chain *items;
    size_t count, capacity;
} chains;

typedef struct search {
    const model_sequence *sequence;
    const model_trace *trace;
    size_t start;
    bool compared[MODEL_STEPS_MAX]; /* others compare themselves with the step */
} search;

static bool same_chain(const search *s, const chain *a, const chain *b)
{
    bool same = a->row == b->row;
    for (size_t i = 0; i < s->sequence->step_count; i++)
        same = same && a->steps[i] == b->steps[i];
    return same;
}

static void chains_add(const search *s, chains *list, const chain *item)
{
    for (size_t i = 0; i < list->count; i++) {
        if (same_chain(s, &list->items[i], item))
            return;
    }
    if (list->count == list->capacity) {
        list->capacity = list->capacity * 2 + 16;
        list->items = realloc(list->items, list->capacity * sizeof(*list->items));
        if (list->items == NULL)
            exit(2);
    }
    list->items[list->count++] = *item;
}

static void compared_by(search *s, const model_events *events)
{
    for (size_t i = 0; i < events->link_count; i++)
        s->compared[events->links[i].step] = true;
}

static void find_compared(search *s)
{
    const model_sequence *q = s->sequence;
    for (size_t i = 0; i < q->step_count; i++) {
        for (size_t c = 0; c < q->steps[i].choice_count; c++)
            compared_by(s, &q->steps[i].choices[c]);
        if (q->steps[i].has_without)
            compared_by(s, &q->steps[i].without);
    }
    if (q->has_absence)
        compared_by(s, &q->absence);
}

/* ---- rows ---- */

static int64_t time_of(const search *s, size_t row)
{
    return s->trace->events[row]->time;
}

static bool is_step(const search *s, size_t step, size_t row)
{
    bool result = false;
    for (size_t c = 0; c < s->sequence->steps[step].choice_count; c++)
        result = result || s->trace->steps[step][c][row];
    return result;
}

static bool is_any_step(const search *s, size_t first, size_t end, size_t row)
{
    bool result = false;
    for (size_t i = first; i < end; i++)
        result = result || is_step(s, i, row);
    return result;
}

static bool equal(const search *s, size_t a, size_t a_column, size_t b, size_t b_column)
{
    const model_value *x = &s->trace->events[a]->props[a_column];
    const model_value *y = &s->trace->events[b]->props[b_column];
    return x->state == SEG_VALUE_SET && y->state == SEG_VALUE_SET && model_compare(x, y) == 0;
}

/* The row agrees with the chain in what its events are compared by. */
static bool agrees(const search *s, const model_events *events, const chain *at, size_t row)
{
    bool result = true;
    for (size_t i = 0; i < events->link_count; i++)
        result = result && equal(s, row, events->links[i].own, at->steps[events->links[i].step],
                                 events->links[i].theirs);
    if (s->sequence->same_count > 0)
        result = result && equal(s, row, s->sequence->same, s->start, s->sequence->same);
    return result;
}

/* Repeats of a step agree with its first row in all that others compare themselves with. */
static bool repeats(const search *s, const model_events *events, size_t step, const chain *at,
                    size_t row)
{
    bool result = true;
    for (size_t i = 0; i < events->link_count; i++) {
        if (events->links[i].step == step)
            result = result && equal(s, row, events->links[i].theirs, at->steps[step],
                                     events->links[i].theirs);
    }
    return result;
}

static bool is_row_of(const search *s, size_t step, bool again, const chain *at, size_t row)
{
    const model_sequence *q = s->sequence;
    bool fits = false;
    for (size_t c = 0; c < q->steps[step].choice_count; c++)
        fits = fits ||
               (s->trace->steps[step][c][row] && agrees(s, &q->steps[step].choices[c], at, row));
    for (size_t i = step + 1; again && fits && i < q->step_count; i++) {
        for (size_t c = 0; c < q->steps[i].choice_count; c++)
            fits = fits && repeats(s, &q->steps[i].choices[c], step, at, row);
        if (q->steps[i].has_without)
            fits = fits && repeats(s, &q->steps[i].without, step, at, row);
    }
    if (again && q->has_absence)
        fits = fits && repeats(s, &q->absence, step, at, row);
    return fits;
}

/* ---- from row to row ---- */

static bool is_bounded(const search *s, size_t step)
{
    return s->sequence->steps[step].repeat.max != INT64_MAX;
}

/* Does the row between two of a chain's break it? */
static bool breaks(const search *s, size_t step, bool again, const chain *at, size_t row)
{
    const model_sequence *q = s->sequence;
    const model_step *to = &q->steps[step];
    if (q->repeat == 1 && is_any_step(s, 0, step + 1, row))
        return true;
    if (q->repeat == 2 && is_step(s, 0, row))
        return true;
    if (is_bounded(s, step) && is_step(s, step, row))
        return true;
    if (!again && is_bounded(s, step - 1) && is_step(s, step - 1, row))
        return true;
    if (q->between >= 1 && !is_any_step(s, 0, step + 1, row) &&
        is_any_step(s, step + 1, q->step_count, row))
        return true;
    if (q->between == 2 && !is_any_step(s, 0, q->step_count, row))
        return true;
    return !again && to->has_without && s->trace->without[step][row] &&
           agrees(s, &to->without, at, row);
}

static int64_t length(model_span span)
{
    return model_shift(0, span, 1, NULL);
}

static bool in_order(const search *s, bool again, size_t from, size_t to)
{
    const model_sequence *q = s->sequence;
    int64_t gap = time_of(s, to) - time_of(s, from);
    if (q->tie == 1)
        return gap > 0;
    if (again)
        return to > from;
    if (from == to)
        return q->row_many;
    return q->tie == 2 ? gap >= -length(q->tolerance) : to > from;
}

static bool follows(const search *s, size_t step, bool again, const chain *at, size_t row)
{
    const model_sequence *q = s->sequence;
    const model_step *to = &q->steps[step];
    int64_t gap = time_of(s, row) - time_of(s, at->row);
    if (!in_order(s, again, at->row, row))
        return false;
    if (!again && ((to->has_within && gap > length(to->within)) ||
                   (to->has_after && gap < length(to->after))))
        return false;
    if (q->has_within && time_of(s, row) - time_of(s, s->start) > length(q->within))
        return false;
    for (size_t i = at->row + 1; i < row; i++) {
        if (breaks(s, step, again, at, i))
            return false;
    }
    return true;
}

static chains extend(const search *s, size_t step, bool again, const chains *from)
{
    chains result = {NULL, 0, 0};
    for (size_t i = 0; i < from->count; i++) {
        for (size_t row = 0; row < s->trace->count; row++) {
            chain at = from->items[i];
            if (!in_order(s, again, at.row, row) || !is_row_of(s, step, again, &at, row) ||
                !follows(s, step, again, &at, row))
                continue;
            at.row = row;
            if (!again && s->compared[step])
                at.steps[step] = row;
            chains_add(s, &result, &at);
        }
    }
    return result;
}

/* All allowed numbers of repeats behind the chains that took the step once. */
static chains with_repeats(const search *s, size_t step, chains once)
{
    const model_bound *bound = &s->sequence->steps[step].repeat;
    int64_t last = bound->max == INT64_MAX ? bound->min : bound->max;
    chains result = {NULL, 0, 0}, at = once;
    for (int64_t n = 1;; n++) {
        for (size_t i = 0; n >= bound->min && i < at.count; i++)
            chains_add(s, &result, &at.items[i]);
        if (n == last)
            break;
        chains next = extend(s, step, true, &at);
        free(at.items);
        at = next;
    }
    free(at.items);
    return result;
}

/* ---- whole chains ---- */

static bool absent(const search *s, const chain *at, int64_t now)
{
    const model_sequence *q = s->sequence;
    if (!q->has_absence)
        return true;
    int64_t deadline = time_of(s, at->row) + length(q->absence_for);
    if (now < deadline)
        return false;
    for (size_t row = at->row + 1; row < s->trace->count; row++) {
        if (s->trace->absence[row] && time_of(s, row) <= deadline &&
            agrees(s, &q->absence, at, row))
            return false;
    }
    return true;
}

/* ends[row]: where the last beginning of whole chains that end there stands, plus one. Starts come
 * rising. */
static void from_start(search *s, int64_t now, size_t *ends, model_figures *out)
{
    const model_sequence *q = s->sequence;
    chain first;
    memset(&first, 0, sizeof(first));
    first.row = first.steps[0] = s->start;
    chains at = {NULL, 0, 0};
    chains_add(s, &at, &first);
    at = with_repeats(s, 0, at);
    for (size_t step = 0; at.count > 0; step++) {
        if (out->depth < (int64_t)step + 1)
            out->depth = (int64_t)step + 1;
        if (step + 1 == q->step_count)
            break;
        chains next = extend(s, step + 1, false, &at);
        free(at.items);
        at = with_repeats(s, step + 1, next);
    }
    for (size_t i = 0; i < at.count; i++) {
        if (!absent(s, &at.items[i], now))
            continue;
        int64_t time = time_of(s, at.items[i].row) - time_of(s, s->start);
        if (!out->converted || time < out->time)
            out->time = time;
        out->converted = true;
        ends[at.items[i].row] = s->start + 1;
    }
    free(at.items);
}

/* One after the other: the one that ends first, of those the one that begins last. */
static int64_t count_matches(const model_trace *trace, const size_t *ends)
{
    int64_t count = 0;
    size_t free_from = 0;
    for (size_t end = 0; end < trace->count; end++) {
        if (ends[end] == 0 || ends[end] - 1 < free_from)
            continue;
        count++;
        free_from = ends[end] - 1 > end ? ends[end] : end + 1;
    }
    return count;
}

static model_figures all_chains(const model_sequence *sequence, const model_trace *trace,
                                int64_t now)
{
    model_figures result = {0, 0, 0, false};
    search s = {sequence, trace, 0, {false}};
    find_compared(&s);
    size_t *ends = calloc(trace->count + 1, sizeof(*ends));
    if (ends == NULL)
        exit(2);
    size_t only = trace->count;
    for (size_t row = 0; row < trace->count; row++) {
        if (is_step(&s, 0, row) && (only == trace->count || sequence->entry == 2))
            only = row;
    }
    for (s.start = 0; s.start < trace->count; s.start++) {
        if (is_step(&s, 0, s.start) && (sequence->entry == 0 || s.start == only))
            from_start(&s, now, ends, &result);
    }
    result.matches = count_matches(trace, ends);
    free(ends);
    return result;
}

/* ---- scans ---- */

/* A row as one step, counted from 1; 0: as none. */
typedef struct mark {
    int64_t time;
    size_t step, row;
} mark;

static int by_time_and_step(const void *a, const void *b)
{
    const mark *x = a, *y = b;
    if (x->time != y->time)
        return x->time < y->time ? -1 : 1;
    if (x->step != y->step)
        return x->step < y->step ? -1 : 1;
    return x->row < y->row ? -1 : x->row > y->row;
}

static mark *all_marks(const search *s, size_t *count)
{
    size_t steps = s->sequence->step_count;
    mark *marks = malloc((s->trace->count * (steps + 1) + 1) * sizeof(*marks));
    if (marks == NULL)
        exit(2);
    *count = 0;
    for (size_t row = 0; row < s->trace->count; row++) {
        bool any = false;
        for (size_t step = 0; step < steps; step++) {
            if (!is_step(s, step, row))
                continue;
            marks[(*count)++] = (mark){time_of(s, row), step + 1, row};
            any = true;
        }
        if (!any && s->trace->inside[row])
            marks[(*count)++] = (mark){time_of(s, row), 0, row};
    }
    qsort(marks, *count, sizeof(*marks), by_time_and_step);
    return marks;
}

typedef struct level {
    bool there;
    int64_t first, last;
} level;

/* The scan of the strict modes; levels[k] is step k + 1. The depth where it ends early, else 0. */
static size_t run_scan(const model_sequence *q, const mark *marks, size_t count, level *levels,
                       int64_t within)
{
    bool ordered = q->scan == 2 || q->scan == 3;
    for (size_t i = 0; i < count; i++) {
        size_t step = marks[i].step;
        int64_t time = marks[i].time;
        if (step == 0) {
            if (ordered && levels[0].there)
                break;
        } else if (step == 1) {
            levels[0] = (level){true, time, time};
        } else if (q->scan == 1 && levels[step - 1].there) {
            break;
        } else if (!levels[step - 2].there) {
            size_t depth = 0;
            while (levels[depth].there)
                depth++;
            if (q->scan == 2 && levels[0].there)
                return depth;
        } else if (time - levels[step - 2].first <= within &&
                   (q->scan != 4 || time > levels[step - 2].last)) {
            levels[step - 1] = (level){true, levels[step - 2].first, time};
            if (step == q->step_count)
                return step;
        }
    }
    return 0;
}

/* strict_once: different rows, times that do not fall; the greatest beginning of a chain through
 * `step` whose last row is `row`. used: rows of the chain. */
static void once_from(const search *s, size_t step, size_t row, bool *used, model_figures *out,
                      int64_t within)
{
    if (out->depth < (int64_t)step + 1)
        out->depth = (int64_t)step + 1;
    if (step + 1 == s->sequence->step_count) {
        int64_t time = time_of(s, row) - time_of(s, s->start);
        if (!out->converted || time_of(s, row) < out->matches ||
            (time_of(s, row) == out->matches && time < out->time)) {
            out->time = time;
            out->matches = time_of(s, row);
        }
        out->converted = true;
        return;
    }
    for (size_t next = 0; next < s->trace->count; next++) {
        if (used[next] || !is_step(s, step + 1, next) || time_of(s, next) < time_of(s, row) ||
            time_of(s, next) - time_of(s, s->start) > within)
            continue;
        used[next] = true;
        once_from(s, step + 1, next, used, out, within);
        used[next] = false;
    }
}

static model_figures scan(const model_sequence *sequence, const model_trace *trace)
{
    model_figures result = {0, 0, 0, false};
    search s = {sequence, trace, 0, {false}};
    int64_t within = sequence->has_within ? length(sequence->within) : INT64_MAX;
    if (sequence->scan == 5) {
        bool *used = calloc(trace->count + 1, 1);
        if (used == NULL)
            exit(2);
        for (s.start = 0; s.start < trace->count; s.start++) {
            if (!is_step(&s, 0, s.start))
                continue;
            used[s.start] = true;
            once_from(&s, 0, s.start, used, &result, within);
            used[s.start] = false;
        }
        free(used);
    } else {
        level levels[MODEL_STEPS_MAX + 1];
        memset(levels, 0, sizeof(levels));
        size_t count;
        mark *marks = all_marks(&s, &count);
        size_t depth = run_scan(sequence, marks, count, levels, within);
        for (size_t i = 0; depth == 0 && i < sequence->step_count; i++)
            result.depth = levels[i].there ? (int64_t)i + 1 : result.depth;
        if (depth > 0)
            result.depth = (int64_t)depth;
        result.converted = result.depth == (int64_t)sequence->step_count;
        if (result.converted)
            result.time =
                levels[sequence->step_count - 1].last - levels[sequence->step_count - 1].first;
        free(marks);
    }
    result.matches = result.converted ? 1 : 0;
    return result;
}

model_figures model_sequence_figures(const model_sequence *sequence, const model_trace *trace,
                                     int64_t now)
{
    return sequence->scan > 0 ? scan(sequence, trace) : all_chains(sequence, trace, now);
}
