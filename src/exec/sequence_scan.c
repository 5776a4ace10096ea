/* Scans: what ClickHouse's windowFunnel finds in its strict modes, which no description of chains
 * gives, for those who bring such questions along (S-20).
 *
 * Rows are looked at once, in order of (time, step); a row of several steps counts as each, and in
 * the modes that keep an order a row of no step as well. Per step the scan keeps one (beginning,
 * last time) and overwrites it, so that it can lose a chain that is there. strict_once alone keeps
 * all: it finds a chain of different rows if there is one, rows of one instant in any order.
 *
 * Cost: O(rows x steps); strict_once a little more for rows of one instant. */
#include <string.h>

#include "exec/sequence_int.h"

/* ---- keeping one beginning per step ---- */

typedef struct scan_state {
    uint32_t steps;
    int64_t within;
    segi_scan scan;
    bool known[SEGI_STEPS_MAX];
    int64_t begin[SEGI_STEPS_MAX], last[SEGI_STEPS_MAX];
} scan_state;

static uint32_t scan_deepest(const scan_state *s)
{
    for (uint32_t i = s->steps; i > 0; i--) {
        if (s->known[i - 1])
            return i;
    }
    return 0;
}

/* The first step that is not known: where the order broke. */
static uint32_t scan_unknown(const scan_state *s)
{
    uint32_t i = 0;
    while (i < s->steps && s->known[i])
        i++;
    return i;
}

static bool scan_keeps_order(const scan_state *s)
{
    return s->scan == SEGI_SCAN_ORDER || s->scan == SEGI_SCAN_REENTRY;
}

/* One row as one step; true: the scan ends, with *depth. */
static bool scan_step(scan_state *s, uint32_t step, int64_t time, uint32_t *depth)
{
    if (step == 0) {
        s->known[0] = true;
        s->begin[0] = s->last[0] = time;
        *depth = 1;
        return s->steps == 1;
    }
    if (s->scan == SEGI_SCAN_DEDUPLICATION && s->known[step]) {
        *depth = scan_deepest(s);
        return true;
    }
    if (!s->known[step - 1]) {
        *depth = scan_unknown(s);
        return s->scan == SEGI_SCAN_ORDER && s->known[0];
    }
    bool fits = time - s->begin[step - 1] <= s->within;
    if (s->scan == SEGI_SCAN_INCREASE)
        fits = fits && s->last[step - 1] < time;
    if (!fits)
        return false;
    s->known[step] = true;
    s->begin[step] = s->begin[step - 1];
    s->last[step] = time;
    *depth = s->steps;
    return step + 1 == s->steps;
}

/* Rows [begin, end) have one time: they count in order of steps. */
static bool scan_instant(scan_state *s, const segi_sequence_rows *rows, uint32_t begin,
                         uint32_t end, uint32_t *depth)
{
    for (uint32_t row = begin; scan_keeps_order(s) && s->known[0] && row < end; row++) {
        if (rows->steps[row] == 0) {
            *depth = scan_deepest(s);
            return true;
        }
    }
    for (uint32_t step = 0; step < s->steps; step++) {
        for (uint32_t row = begin; row < end; row++) {
            if ((rows->steps[row] >> step & 1u) && scan_step(s, step, rows->times[row], depth))
                return true;
        }
    }
    return false;
}

/* ---- strict_once ---- */

/* Rows of one instant, and which of them serves which step. */
typedef struct once_instant {
    const uint32_t *steps; /* by row */
    uint32_t count;
    uint32_t *used; /* by row: step + 1, 0: free */
    uint32_t seen;  /* stamp of the search */
    uint32_t *stamps;
} once_instant;

/* Finds a row for the step, moving others where they can: an augmenting path. As deep as there are
 * steps. */
static bool once_assign(once_instant *o, uint32_t step)
{
    for (uint32_t row = 0; row < o->count; row++) {
        if (!(o->steps[row] >> step & 1u) || o->stamps[row] == o->seen)
            continue;
        o->stamps[row] = o->seen;
        if (o->used[row] == 0 || once_assign(o, o->used[row] - 1)) {
            o->used[row] = step + 1;
            return true;
        }
    }
    return false;
}

/* begin[k]: the latest beginning of a chain of k steps before this instant; known where set. */
static void once_rows(scan_state *s, once_instant *o, int64_t time)
{
    bool known[SEGI_STEPS_MAX];
    int64_t begin[SEGI_STEPS_MAX];
    memcpy(known, s->known, sizeof known);
    memcpy(begin, s->begin, sizeof begin);
    for (uint32_t from = 0; from < s->steps; from++) {
        if (from > 0 && (!known[from - 1] || time - begin[from - 1] > s->within))
            continue;
        int64_t start = from > 0 ? begin[from - 1] : time;
        memset(o->used, 0, o->count * sizeof *o->used);
        for (uint32_t step = from; step < s->steps; step++) {
            o->seen++;
            if (!once_assign(o, step))
                break;
            if (!s->known[step] || s->begin[step] < start)
                s->begin[step] = start;
            s->known[step] = true;
        }
    }
}

/* ---- the door ---- */

static uint32_t instant_end(const segi_sequence_rows *rows, uint32_t begin)
{
    uint32_t end = begin + 1;
    while (end < rows->row_count && rows->times[end] == rows->times[begin])
        end++;
    return end;
}

static bool scan_room(segi_worker *w, uint32_t rows)
{
    segi_sequence_work *work = w->sequence;
    if (!segi_sequence_grow(w, (void **)&work->scan, &work->scan_capacity, 2 * (size_t)rows,
                            sizeof *work->scan))
        return false;
    memset(work->scan, 0, 2 * (size_t)rows * sizeof *work->scan);
    return true;
}

bool segi_sequence_scan(segi_worker *w, const segi_prep_sequence *prep,
                        const segi_sequence_rows *rows, segi_sequence_figures *out)
{
    scan_state s = {
        .steps = prep->sequence->step_count, .within = prep->within, .scan = prep->sequence->scan};
    *out = (segi_sequence_figures){0};
    bool once = s.scan == SEGI_SCAN_ONCE, ended = false;
    if (once && !scan_room(w, rows->row_count))
        return false;
    uint32_t depth = 0, seen = 0;
    for (uint32_t begin = 0, end; begin < rows->row_count && !ended; begin = end) {
        end = instant_end(rows, begin);
        if (once) {
            once_instant o = {rows->steps + begin, end - begin, w->sequence->scan + begin, seen,
                              w->sequence->scan + rows->row_count + begin};
            once_rows(&s, &o, rows->times[begin]);
            seen = o.seen;
            ended = s.known[s.steps - 1];
            s.last[s.steps - 1] = rows->times[begin];
        } else {
            ended = scan_instant(&s, rows, begin, end, &depth);
        }
    }
    out->depth = ended && !once ? depth : scan_deepest(&s);
    out->converted = out->depth == s.steps;
    out->matches = out->converted;
    if (out->converted)
        out->time = s.last[s.steps - 1] - s.begin[s.steps - 1];
    return true;
}
