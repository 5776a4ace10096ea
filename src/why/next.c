/* next.c - the next instant at which a verdict changes if nothing else happens.
 *
 * What changes with time alone: events of the future come into sight, events and values pass the
 * ends of spans, days and longer periods of the calendar begin, and what is counted from `now`
 * grows. So the candidates are: every instant of the user's own data that lies ahead; for each
 * span and each such instant the moments at which the span's begin or end passes it; midnights of
 * each zone where something goes by the calendar. Between two neighbours nothing changes, but for
 * comparisons with now itself, which change at most once there; those are halved down to the
 * microsecond. At each candidate the evaluator is asked, so a candidate too many does no harm.
 *
 * An end of a span moves forward with now, but for lengths in months (31 March and 30 March may
 * both mean 28 February) and clocks that go back. There the time ahead is cut at midnights and
 * changes of the clock: within a piece it does. One thread. */
#include <stdlib.h>
#include <string.h>

#include "base/civil.h"
#include "why/why_int.h"

/* Ends of spans that shift an instant more often than this are left open. */
#define SHIFTS_MAX 4
#define WINDOWS_MAX 256
#define POOL_MAX 200000
#define CONTINUOUS_MAX 64

/* Instants in any order, sorted before they are used. */
typedef struct next_times {
    int64_t *list; /* owned */
    size_t count, capacity;
} next_times;

/* What gather() finds in one tree, and what is made of it. Whatever does not fit, or cannot be
 * worked out, sets `open`: no answer is better than a wrong one. */
typedef struct next_scan {
    segi_asker *a;
    const segi_window *windows[WINDOWS_MAX];
    bool events[WINDOWS_MAX]; /* the span is one of events */
    size_t window_count;
    const segi_node *shifts[SHIFTS_MAX];
    size_t shift_count;
    const segi_node *continuous[CONTINUOUS_MAX]; /* comparisons that move with now */
    size_t continuous_count;
    const segi_node *absences[SHIFTS_MAX]; /* sequences that end with what must not happen */
    size_t absence_count;
    bool calendar; /* something goes by days */
    bool population, open;
    bool inside; /* where, share: one event */
    next_times pool, candidates;
} next_scan;

/* Does nothing after a failure or where the answer is open already. */
static void times_add(next_scan *s, next_times *times, int64_t instant)
{
    void *list = times->list;
    if (s->a->status != SEG_OK || s->open)
        return;
    if (times->count == POOL_MAX) {
        s->open = true;
        return;
    }
    if (!segi_grow(s->a->mem, &list, &times->capacity, times->count + 1, sizeof *times->list)) {
        s->a->status = segi_fail_nomem(s->a->err);
        return;
    }
    times->list = list;
    times->list[times->count++] = instant;
}

static int time_order(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* Rising, each once. */
static void times_sort(next_times *times)
{
    size_t kept = 0;
    if (times->count != 0)
        qsort(times->list, times->count, sizeof *times->list, time_order);
    for (size_t i = 0; i < times->count; i++) {
        if (i == 0 || times->list[i] != times->list[i - 1])
            times->list[kept++] = times->list[i];
    }
    times->count = kept;
}

/* A candidate, where it lies ahead. */
static void candidate(next_scan *s, int64_t instant)
{
    if (instant > s->a->request->run.now && instant <= s->a->request->horizon)
        times_add(s, &s->candidates, instant);
}

/* ---- what is in the tree ---- */

static void gather(void *user, const segi_node *node, segi_aspect aspect);

/* Notes a span, and whether its ends go by days. */
static void add_window(next_scan *s, const segi_window *window, bool events)
{
    if (s->window_count == WINDOWS_MAX) {
        s->open = true;
        return;
    }
    s->windows[s->window_count] = window;
    s->events[s->window_count++] = events;
    switch (window->kind) {
    case SEGI_WINDOW_LAST_CALENDAR:
    case SEGI_WINDOW_THIS:
    case SEGI_WINDOW_PREVIOUS: s->calendar = true; break;
    case SEGI_WINDOW_LAST:
    case SEGI_WINDOW_NEXT:
    case SEGI_WINDOW_AGO:
    case SEGI_WINDOW_OLDER:
        s->calendar |=
            window->length.unit >= SEGI_UNIT_MONTH || window->length_to.unit >= SEGI_UNIT_MONTH;
        break;
    case SEGI_WINDOW_EVER:
    case SEGI_WINDOW_SINCE:
    case SEGI_WINDOW_BEFORE:
    case SEGI_WINDOW_BETWEEN:
    case SEGI_WINDOW_AS_OF:
    case SEGI_WINDOW_ANCHOR: break;
    }
}

/* How a value moves with now while the data rests. */
typedef enum motion {
    MOTION_NONE,
    MOTION_AFFINE, /* a + b x now */
    MOTION_OTHER
} motion;

static motion motion_of(const segi_node *node);

/* By written cut points: what moves is a value that does, or how long ago the last event was. */
static bool score_moves(const segi_node *node)
{
    const segi_score *score = node->score;
    return score->cuts == SEGI_CUTS_FIXED &&
           (motion_of(node->children[0]) != MOTION_NONE ||
            (score->rfm != NULL && score->measure == SEGI_RFM_RECENCY));
}

/* Sums and multiples of straight lines are straight lines; products of two, or something divided
 * by one, are not. What is counted since an event (overdue) grows with now as now itself does. */
static motion motion_of(const segi_node *node)
{
    if (node->kind == SEGI_NODE_NOW)
        return MOTION_AFFINE;
    if (node->kind == SEGI_NODE_AGGREGATE)
        return node->aggregate == SEGI_AGG_OVERDUE ? MOTION_AFFINE : MOTION_NONE;
    if (node->kind == SEGI_NODE_SHIFT)
        return motion_of(node->children[0]);
    if (node->kind == SEGI_NODE_SCORE)
        return score_moves(node) ? MOTION_OTHER : MOTION_NONE;
    if (node->kind != SEGI_NODE_ARITH)
        return MOTION_NONE;
    motion left = motion_of(node->children[0]), right = motion_of(node->children[1]);
    if (left == MOTION_NONE && right == MOTION_NONE)
        return MOTION_NONE;
    bool sum = node->arith == SEGI_PLUS || node->arith == SEGI_MINUS;
    bool scaled = (node->arith == SEGI_TIMES && (left == MOTION_NONE || right == MOTION_NONE)) ||
                  (node->arith == SEGI_DIVIDE && right == MOTION_NONE);
    return left != MOTION_OTHER && right != MOTION_OTHER && (sum || scaled) ? MOTION_AFFINE
                                                                            : MOTION_OTHER;
}

/* A straight line passes a bound once, so `<` and its like change at most once between two
 * candidates; `=` may be true for a single microsecond, which halving would miss, and is left
 * open. */
static void gather_motion(next_scan *s, const segi_node *node)
{
    bool moves = false, other = false;
    for (uint32_t i = 0; i < node->child_count; i++) {
        motion m = node->children[i] == NULL ? MOTION_NONE : motion_of(node->children[i]);
        moves |= m != MOTION_NONE;
        other |= m == MOTION_OTHER;
    }
    if (!moves)
        return;
    bool once = node->kind == SEGI_NODE_COMPARE && node->op != SEGI_EQ && node->op != SEGI_NE;
    if (other || !once || s->inside || s->continuous_count == CONTINUOUS_MAX)
        s->open = true;
    else
        s->continuous[s->continuous_count++] = node;
}

static void gather_value(next_scan *s, const segi_node *node)
{
    if (node->kind == SEGI_NODE_SHIFT) {
        s->calendar |= node->shift.unit >= SEGI_UNIT_MONTH;
        if (s->shift_count == SHIFTS_MAX)
            s->open = true;
        else
            s->shifts[s->shift_count++] = node;
    } else if (node->kind == SEGI_NODE_AGGREGATE) {
        add_window(s, &node->window, true);
        s->calendar |= node->streak != NULL;
    }
}

/* A sequence that ends with "and then nothing for 30 days" becomes true that long after its last
 * step. */
static void gather_sequence(next_scan *s, const segi_node *node)
{
    add_window(s, &node->window, true);
    if (node->sequence->absence == NULL)
        return;
    s->calendar |= node->sequence->absence_for.unit >= SEGI_UNIT_MONTH;
    if (s->absence_count == SHIFTS_MAX)
        s->open = true;
    else
        s->absences[s->absence_count++] = node;
}

/* A kind added later stops the compiler here until it is thought of.
 * Children are visited by segi_node_visit(); segments and classes have theirs behind a name and
 * are entered here. */
static void gather(void *user, const segi_node *node, segi_aspect aspect)
{
    next_scan *s = user;
    bool inside = s->inside;
    s->inside |= aspect == SEGI_ASPECT_EVENT;
    switch (node->kind) {
    case SEGI_NODE_RANK: s->population = true; break;
    case SEGI_NODE_SCORE: s->population |= node->score->cuts != SEGI_CUTS_FIXED; break;
    case SEGI_NODE_WRITTEN:
    case SEGI_NODE_SEGMENT:
        if (node->child_count != 0)
            gather(s, node->children[0], SEGI_ASPECT_OPERAND);
        break;
    case SEGI_NODE_DID:
    case SEGI_NODE_EDGE: add_window(s, &node->window, true); break;
    case SEGI_NODE_SEQUENCE:
    case SEGI_NODE_FIGURE: gather_sequence(s, node); break;
    case SEGI_NODE_TIME:
        add_window(s, &node->window, false);
        s->calendar |= node->children[0]->type.type == SEG_TYPE_DATE ||
                       node->children[0]->kind == SEGI_NODE_ANNIVERSARY;
        gather_motion(s, node);
        break;
    case SEGI_NODE_SEASON:
        s->calendar = true;
        s->open |= motion_of(node->children[0]) != MOTION_NONE;
        break;
    case SEGI_NODE_OCCASION: s->open |= motion_of(node->children[0]) != MOTION_NONE; break;
    case SEGI_NODE_COMPARE:
    case SEGI_NODE_BETWEEN:
    case SEGI_NODE_IN:
    case SEGI_NODE_TRUTH:
    case SEGI_NODE_STATE: gather_motion(s, node); break;
    case SEGI_NODE_SHIFT:
    case SEGI_NODE_AGGREGATE: gather_value(s, node); break;
    case SEGI_NODE_MOMENT:
        times_add(s, &s->pool, segi_moment_instant(node->moment, node->window.zone.zone));
        break;
    case SEGI_NODE_LITERAL:
        if (node->literal.type.type == SEG_TYPE_TIMESTAMP)
            times_add(s, &s->pool, node->literal.slot);
        break;
    case SEGI_NODE_EVERYONE:
    case SEGI_NODE_NOBODY:
    case SEGI_NODE_NOT:
    case SEGI_NODE_AND:
    case SEGI_NODE_OR:
    case SEGI_NODE_XOR:
    case SEGI_NODE_AT_LEAST:
    case SEGI_NODE_HAS:
    case SEGI_NODE_TEXT:
    case SEGI_NODE_RADIUS:
    case SEGI_NODE_POLYGON:
    case SEGI_NODE_HELD:
    case SEGI_NODE_CHANGED:
    case SEGI_NODE_SPLIT:
    case SEGI_NODE_NOW:
    case SEGI_NODE_ATTRIBUTE:
    case SEGI_NODE_PROPERTY:
    case SEGI_NODE_BUILTIN:
    case SEGI_NODE_ARITH:
    case SEGI_NODE_ANNIVERSARY:
    case SEGI_NODE_CLASS:
    case SEGI_NODE_SIZE: break;
    }
    segi_node_visit(node, gather, s);
    s->inside = inside;
}

/* ---- instants of the user's data ---- */

/* Values of attributes. */
static void pool_attributes(void *user, const segi_node *node, segi_aspect aspect)
{
    next_scan *s = user;
    (void)aspect;
    if (node->kind == SEGI_NODE_ATTRIBUTE && node->type.type == SEG_TYPE_TIMESTAMP) {
        segi_values *values = segi_asker_value(s->a, node);
        if (values != NULL && values->count == 1 && values->states[0] == SEG_VALUE_SET)
            times_add(s, &s->pool, values->slots[0]);
        segi_values_destroy(values);
    }
    if ((node->kind == SEGI_NODE_SEGMENT || node->kind == SEGI_NODE_WRITTEN) &&
        node->child_count != 0)
        pool_attributes(s, node->children[0], SEGI_ASPECT_OPERAND);
    segi_node_visit(node, pool_attributes, s);
}

/* The instant itself, or the one behind it: ends are in or out. */
static void candidate_at(next_scan *s, int64_t instant)
{
    candidate(s, instant);
    if (instant < SEG_TIME_MAX)
        candidate(s, instant + 1);
}

/* The instants of the user's events and of their properties, and what `shift` makes of them all.
 * Shifts are applied one after the other to all that is there so far, because one may stand
 * inside another; hence the pool may double with each of them, up to SHIFTS_MAX times. */
static void fill_pool(next_scan *s, const segi_node *node)
{
    pool_attributes(s, node, SEGI_ASPECT_OPERAND);
    for (size_t i = 0; i < s->a->instant_count; i++)
        times_add(s, &s->pool, s->a->instants[i]);
    for (size_t i = 0; i < s->shift_count; i++) {
        const segi_node *shift = s->shifts[i];
        const segi_zone *zone = segi_asker_zone(s->a, shift->window.zone);
        times_sort(&s->pool);
        for (size_t k = 0, count = s->pool.count; k < count && !s->open; k++)
            times_add(s, &s->pool,
                      segi_duration_add(s->pool.list[k], shift->shift,
                                        shift->arith == SEGI_PLUS ? 1 : -1, zone));
    }
    times_sort(&s->pool);
    for (size_t i = 0; i < s->pool.count; i++)
        candidate_at(s, s->pool.list[i]); /* what lies ahead comes into sight */
    for (size_t k = 0; k < s->absence_count; k++) {
        /* That nothing followed is known so much later. */
        const segi_zone *zone = segi_asker_zone(s->a, s->absences[k]->window.zone);
        for (size_t i = 0; i < s->pool.count; i++)
            candidate_at(s, segi_duration_add(s->pool.list[i],
                                              s->absences[k]->sequence->absence_for, 1, zone));
    }
}

/* ---- ends of spans ---- */

/* The begin of the span at the instant, or its end. */
static int64_t window_end(const segi_window *window, const segi_zone *zone, bool events, bool end,
                          int64_t now)
{
    int64_t a, b;
    segi_window_bounds(window, zone, now, 0, events, &a, &b);
    return end ? b : a;
}

/* The instants within [first, last] at which the end of the span passes one of the pool.
 * Within a piece the end only moves forward, so those of the pool that it passes are neighbours,
 * and the moment of each is found by halving: O(log pool + passed x 60) evaluations of the
 * window. */
static void pass_piece(next_scan *s, size_t w, bool end, int64_t first, int64_t last)
{
    const segi_window *window = s->windows[w];
    const segi_zone *zone = segi_asker_zone(s->a, window->zone);
    int64_t low = window_end(window, zone, s->events[w], end, first);
    int64_t high = window_end(window, zone, s->events[w], end, last);
    size_t at = 0, top = s->pool.count;
    while (at < top) {
        size_t middle = at + (top - at) / 2;
        if (s->pool.list[middle] < low)
            at = middle + 1;
        else
            top = middle;
    }
    for (; at < s->pool.count && s->pool.list[at] < high && !s->open; at++) {
        int64_t before = first, behind = last; /* not passed, passed */
        while (behind - before > 1) {
            int64_t middle = before + (behind - before) / 2;
            if (window_end(window, zone, s->events[w], end, middle) > s->pool.list[at])
                behind = middle;
            else
                before = middle;
        }
        candidate(s, behind);
    }
}

/* Midnights and changes of the clock in the zone.
 * Rising within each of the two loops; one zone at a time. */
static void add_days(next_scan *s, next_times *edges, const segi_zone *zone)
{
    int64_t now = s->a->request->run.now, horizon = s->a->request->horizon, begin, end;
    for (int32_t day = segi_zone_date(zone, now) + 1; !s->open; day++) {
        int64_t start = segi_zone_day_start(zone, day);
        if (start > horizon || s->a->status != SEG_OK)
            break;
        times_add(s, edges, start);
    }
    for (int64_t at = now; at <= horizon && s->a->status == SEG_OK && !s->open; at = end) {
        segi_zone_span(zone, at, &begin, &end);
        if (end <= at || end > horizon)
            break;
        times_add(s, edges, end);
    }
}

/* Each zone once: spans mostly share theirs. */
static void add_zone_days(next_scan *s, next_times *edges, const segi_zone **seen,
                          size_t *seen_count, segi_zone_ref ref)
{
    const segi_zone *zone = segi_asker_zone(s->a, ref);
    for (size_t i = 0; i < *seen_count; i++) {
        if (seen[i] == zone)
            return;
    }
    seen[(*seen_count)++] = zone;
    add_days(s, edges, zone);
}

/* now, the days ahead, and the horizon: between two of them the ends of spans only move forward. */
static void make_edges(next_scan *s, next_times *edges)
{
    const segi_zone *seen[WINDOWS_MAX + SHIFTS_MAX];
    size_t count = 0;
    times_add(s, edges, s->a->request->run.now);
    for (size_t i = 0; s->calendar && i < s->window_count; i++)
        add_zone_days(s, edges, seen, &count, s->windows[i]->zone);
    for (size_t i = 0; s->calendar && i < s->shift_count; i++)
        add_zone_days(s, edges, seen, &count, s->shifts[i]->window.zone);
    times_add(s, edges, s->a->request->horizon);
    times_sort(edges);
}

/* Every span against every piece, for both of its ends. The last piece includes the horizon, the
 * others end just before the next begins. */
static void find_candidates(next_scan *s, const segi_node *node)
{
    next_times edges = {NULL, 0, 0};
    /* Retention may have taken the event with which the customer came. */
    candidate(s, segi_snapshot_exists_since(s->a->request->run.snapshot, s->a->request->ordinal));
    fill_pool(s, node);
    make_edges(s, &edges);
    for (size_t w = 0; w < s->window_count; w++) {
        if (s->windows[w]->kind == SEGI_WINDOW_ANCHOR)
            continue; /* its ends do not move: what lies in it is in the pool */
        for (size_t i = 0; i + 1 < edges.count && s->a->status == SEG_OK && !s->open; i++) {
            int64_t last = i + 2 < edges.count ? edges.list[i + 1] - 1 : edges.list[i + 1];
            pass_piece(s, w, false, edges.list[i], last);
            pass_piece(s, w, true, edges.list[i], last);
        }
    }
    for (size_t i = 0; i < edges.count; i++)
        candidate(s, edges.list[i]);
    segi_free(s->a->mem, edges.list);
    times_sort(&s->candidates);
}

/* ---- asking ---- */

/* Where the comparison first differs from what it is at `from`, within (from, to]; 0: nowhere.
 * One change at most lies in between, so equal ends mean none. */
static int64_t halve(next_scan *s, const segi_program *program, int64_t from, int64_t to)
{
    bool at_from = segi_asker_test(s->a, program, from);
    if (to <= from || segi_asker_test(s->a, program, to) == at_from)
        return 0;
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (segi_asker_test(s->a, program, middle) == at_from)
            from = middle;
        else
            to = middle;
    }
    return to;
}

/* Between two candidates only comparisons with now change: the instants, rising. */
static size_t moves_between(next_scan *s, segi_program *const *programs, int64_t from, int64_t to,
                            int64_t out[CONTINUOUS_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < s->continuous_count; i++) {
        int64_t at = halve(s, programs[i], from, to);
        if (at != 0)
            out[count++] = at;
    }
    if (count > 1)
        qsort(out, count, sizeof *out, time_order);
    return count;
}

/* Walks from now to the horizon and stops at the first change: most questions end after a few. */
static segi_next ask_all(next_scan *s, const segi_program *program, segi_program *const *programs)
{
    int64_t from = s->a->request->run.now, moves[CONTINUOUS_MAX];
    bool member = segi_asker_test(s->a, program, from);
    for (size_t i = 0; i <= s->candidates.count; i++) {
        bool end = i == s->candidates.count;
        int64_t at = end ? s->a->request->horizon : s->candidates.list[i];
        size_t count = moves_between(s, programs, from, end ? at : at - 1, moves);
        for (size_t k = 0; k < count; k++) {
            if (segi_asker_test(s->a, program, moves[k]) != member)
                return (segi_next){SEGI_NEXT_KNOWN, moves[k]};
        }
        if (s->a->status != SEG_OK || s->a->work > SEGI_WHY_WORK_MAX)
            return (segi_next){SEGI_NEXT_OPEN, SEGI_NEXT_NEVER};
        if (!end && segi_asker_test(s->a, program, at) != member)
            return (segi_next){SEGI_NEXT_KNOWN, at};
        from = at;
    }
    return (segi_next){SEGI_NEXT_KNOWN, SEGI_NEXT_NEVER};
}

/* Builds what is asked, and asks. */
static segi_next ask(next_scan *s, const segi_node *node)
{
    segi_program *programs[CONTINUOUS_MAX] = {NULL}, *program = NULL;
    segi_next next = {SEGI_NEXT_OPEN, SEGI_NEXT_NEVER};
    segi_asker *a = s->a;
    a->status = segi_program_build(a->mem, &node, 1, &program, a->err);
    for (size_t i = 0; i < s->continuous_count && a->status == SEG_OK; i++)
        a->status = segi_program_build(a->mem, &s->continuous[i], 1, &programs[i], a->err);
    if (a->status == SEG_OK)
        next = ask_all(s, program, programs);
    for (size_t i = 0; i < s->continuous_count; i++)
        segi_program_destroy(programs[i]);
    segi_program_destroy(program);
    return next;
}

/* The scan is large (arrays of fixed size), so it lies on the heap. */
segi_next segi_why_next(segi_asker *a, const segi_node *node)
{
    segi_next next = {SEGI_NEXT_OPEN, SEGI_NEXT_NEVER};
    next_scan *s = segi_alloc_zero(a->mem, sizeof *s);
    if (s == NULL) {
        a->status = segi_fail_nomem(a->err);
        return next;
    }
    s->a = a;
    gather(s, node, SEGI_ASPECT_OPERAND);
    if (s->population) {
        next.kind = SEGI_NEXT_POPULATION;
    } else if (!s->open && a->status == SEG_OK && a->work <= SEGI_WHY_WORK_MAX) {
        find_candidates(s, node);
        if (!s->open && a->status == SEG_OK)
            next = ask(s, node);
    }
    segi_free(a->mem, s->pool.list);
    segi_free(a->mem, s->candidates.list);
    segi_free(a->mem, s);
    return next;
}
