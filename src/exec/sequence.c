/* Figures of ordered steps, the general road: the rows of each user, of all events that the
 * sequence names, in the total order of S-08. Users whose figures times alone can tell are settled
 * before (sequence_plain.c).
 *
 * Rows are gathered for a block of neighbouring users at a time, as in gather.c, but a row takes 24
 * bytes and only those whose steps or values are asked for are read. A row that is an event of
 * several kinds (two steps, a step and something that must not lie between) is gathered once for
 * each and becomes one row with several entries. Only ties in time look at parts again.
 *
 * Cost: O(rows) to collect, O(n log n) in the n rows of a user where parts overlap in time, and
 * then that of sequence_chain.c. */
#include <string.h>

#include "exec/sequence_int.h"

/* Users of a block where candidates are many; divides the users of a chunk. */
#define SEQUENCE_BLOCK 2048u

/* What gather_span() is told; `events` goes through those of the sequence one after the other. */
typedef struct sequence_gather {
    const segi_prep_sequence *prep;
    segi_sequence_work *work;
    uint16_t events; /* under way */
    uint64_t wanted[SEGI_MASK_WORDS];
    const int64_t *begin, *end; /* windows by low bits, or NULL */
} sequence_gather;

bool segi_sequence_grow(segi_worker *w, void **pointer, size_t *capacity, size_t need, size_t size)
{
    if (segi_grow(w->mem, pointer, capacity, need, size))
        return true;
    segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
    return false;
}

#define SEQUENCE_GROW(w, array, capacity, need)                                                    \
    segi_sequence_grow((w), (void **)&(array), &(capacity), (need), sizeof *(array))

/* ---- collecting ---- */

/* Rows of wanted users within their windows. An absence reaches past the end of the window. */
static bool gather_times(segi_worker *w, const sequence_gather *g, const segi_span *span)
{
    segi_sequence_work *work = g->work;
    if (!SEQUENCE_GROW(w, work->rows, work->row_capacity, work->row_count + span->row_count) ||
        !SEQUENCE_GROW(w, work->parts, work->part_capacity, work->part_count + 1))
        return false;
    uint32_t part = (uint32_t)work->part_count;
    work->parts[work->part_count++] = span->part;
    bool ends = g->prep->events[g->events].role != SEGI_ROLE_ABSENCE;
    for (uint32_t user = 0, row = 0; user < span->user_count; user++) {
        uint32_t low = span->lows[user], end = row + span->counts[user];
        if (!segi_bit_get(g->wanted, low)) {
            row = end;
            continue;
        }
        for (; row < end; row++) {
            if (span->bits && !segi_bit_get(span->bits, row))
                continue;
            int64_t time = segi_col_slot(&span->part->time, span->row_begin + row);
            if (g->begin && (time < g->begin[low] || (ends && time >= g->end[low])))
                continue;
            work->rows[work->row_count++] =
                (segi_sequence_row){time, part, span->row_begin + row, 0, (uint16_t)low, g->events};
        }
    }
    return true;
}

/* One held value of the rows gathered from `first` on, which rise in the part. */
static void gather_held(segi_worker *w, const sequence_gather *g, const segi_span *span,
                        size_t first, uint32_t h, segi_vector *values)
{
    const segi_prep_events *events = &g->prep->events[g->events];
    segi_sequence_work *work = g->work;
    uint32_t held_count = g->prep->sequence->held_count;
    const uint32_t *codes = NULL;
    if (events->codes[h])
        codes = events->codes[h][span->type - events->source->types];
    uint32_t slice = 0, slice_end = 0;
    for (size_t i = first; i < work->row_count; i++) {
        uint32_t row = work->rows[i].row - span->row_begin;
        while (row >= slice_end) {
            slice = row / SEGI_CHUNK_USERS * SEGI_CHUNK_USERS;
            slice_end = slice + SEGI_CHUNK_USERS;
            if (slice_end > span->row_count)
                slice_end = span->row_count;
            segi_filter_row_values(w, events->values[h], span->part, span->type->position,
                                   span->row_begin + slice, slice_end - slice, NULL, values);
            if (w->status != SEG_OK)
                return;
        }
        size_t at = (size_t)work->rows[i].held * held_count + h;
        work->states[at] = SEG_VALUE_ABSENT;
        if (!segi_bit_get(values->set, row - slice))
            continue;
        int64_t slot = values->slots[row - slice];
        work->states[at] = SEG_VALUE_SET;
        work->slots[at] = codes ? codes[slot] : slot;
    }
}

/* Room for the held values of the new rows, and then one value after the other. */
static bool gather_values(segi_worker *w, const sequence_gather *g, const segi_span *span,
                          size_t first)
{
    const segi_prep_events *events = &g->prep->events[g->events];
    segi_sequence_work *work = g->work;
    uint32_t held_count = g->prep->sequence->held_count;
    size_t need = (work->held_count + work->row_count - first) * held_count;
    if (!SEQUENCE_GROW(w, work->slots, work->slot_capacity, need) ||
        !SEQUENCE_GROW(w, work->states, work->state_capacity, need))
        return false;
    for (size_t i = first; i < work->row_count; i++) {
        work->rows[i].held = (uint32_t)work->held_count++;
        memset(work->states + (size_t)work->rows[i].held * held_count, SEG_VALUE_ABSENT,
               held_count);
    }
    segi_vector *values = segi_worker_vector_push(w);
    for (uint32_t h = 0; values && h < held_count && w->status == SEG_OK; h++) {
        if (events->values[h])
            gather_held(w, g, span, first, h, values);
    }
    if (values)
        segi_worker_vector_pop(w);
    return w->status == SEG_OK;
}

static void gather_span(segi_worker *w, void *context, segi_span *span)
{
    sequence_gather *g = context;
    size_t first = g->work->row_count;
    segi_span_list(w, span);
    if (w->status != SEG_OK)
        return;
    if (gather_times(w, g, span) && g->prep->events[g->events].held && g->work->row_count > first)
        gather_values(w, g, span, first);
}

/* ---- order ---- */

/* -1, 0 or 1: rows of one user in the order of S-08; 0 for the same row. */
static int row_order(const segi_sequence_work *work, const segi_sequence_row *a,
                     const segi_sequence_row *b)
{
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    const segi_part *x = work->parts[a->part], *y = work->parts[b->part];
    if (x != y) {
        if (x->generation != y->generation)
            return x->generation < y->generation ? -1 : 1;
        uint32_t tie_a = (uint32_t)segi_col_slot(&x->tie, a->row);
        uint32_t tie_b = (uint32_t)segi_col_slot(&y->tie, b->row);
        if (tie_a != tie_b)
            return tie_a < tie_b ? -1 : 1;
        if (x->event != y->event)
            return x->event < y->event ? -1 : 1;
    } else {
        uint32_t tie_a = (uint32_t)segi_col_slot(&x->tie, a->row);
        uint32_t tie_b = (uint32_t)segi_col_slot(&x->tie, b->row);
        if (tie_a != tie_b)
            return tie_a < tie_b ? -1 : 1;
    }
    return a->row < b->row ? -1 : a->row > b->row;
}

/* Stable merge sort, bottom up, over runs that are in order already: parts are. */
static void rows_sort(const segi_sequence_work *work, segi_sequence_row *rows,
                      segi_sequence_row *spare, size_t n)
{
    bool merged;
    do {
        merged = false;
        size_t begin = 0, kept = 0;
        while (begin < n) {
            size_t middle = begin + 1;
            while (middle < n && row_order(work, &rows[middle - 1], &rows[middle]) <= 0)
                middle++;
            size_t end = middle < n ? middle + 1 : n;
            while (end < n && row_order(work, &rows[end - 1], &rows[end]) <= 0)
                end++;
            size_t a = begin, b = middle;
            merged = merged || middle < n;
            while (a < middle || b < end) {
                bool right = a == middle || (b < end && row_order(work, &rows[b], &rows[a]) < 0);
                spare[kept++] = right ? rows[b++] : rows[a++];
            }
            begin = end;
        }
        if (merged)
            memcpy(rows, spare, n * sizeof *rows);
    } while (merged);
}

/* work->rows -> work->sorted, by user from low_begin on; w->starts says where each begins. */
static bool rows_group(segi_worker *w, segi_sequence_work *work, uint32_t low_begin,
                       uint32_t low_end)
{
    uint32_t users = low_end - low_begin;
    if (!segi_worker_array(w, (void **)&w->starts, SEGI_CHUNK_USERS + 1, sizeof *w->starts) ||
        !SEQUENCE_GROW(w, work->sorted, work->sorted_capacity, work->row_count + 1))
        return false;
    memset(w->starts, 0, (users + 1) * sizeof *w->starts);
    for (size_t i = 0; i < work->row_count; i++)
        w->starts[work->rows[i].low - low_begin + 1]++;
    for (uint32_t u = 0; u < users; u++)
        w->starts[u + 1] += w->starts[u];
    for (size_t i = 0; i < work->row_count; i++)
        work->sorted[w->starts[work->rows[i].low - low_begin]++] = work->rows[i];
    /* Each start has moved to its end, which is the next user's start. */
    memmove(w->starts + 1, w->starts, users * sizeof *w->starts);
    w->starts[0] = 0;
    return true;
}

/* ---- one user ---- */

/* Entries and rows of a user from gathered rows in order. */
static bool user_rows(segi_worker *w, segi_sequence_work *work, const segi_prep_sequence *prep,
                      segi_sequence_row *sorted, uint32_t n, segi_sequence_rows *out)
{
    if (!SEQUENCE_GROW(w, work->times, work->time_capacity, n) ||
        !SEQUENCE_GROW(w, work->steps, work->step_capacity, n) ||
        !SEQUENCE_GROW(w, work->entries, work->entry_capacity, n))
        return false;
    rows_sort(work, sorted, work->rows, n);
    uint32_t rows = 0;
    for (uint32_t i = 0; i < n; i++) {
        const segi_sequence_row *row = &sorted[i];
        const segi_prep_events *events = &prep->events[row->events];
        if (i == 0 || row_order(work, &sorted[i - 1], row) != 0) {
            work->times[rows] = row->time;
            work->steps[rows++] = 0;
        }
        if (events->role == SEGI_ROLE_STEP)
            work->steps[rows - 1] |= 1u << events->step;
        work->entries[i] = (segi_sequence_entry){rows - 1, row->held, row->events};
    }
    *out = (segi_sequence_rows){rows,          n,           work->times, work->steps,
                                work->entries, work->slots, work->states};
    return true;
}

/* A time without a chain is undefined. */
static void put_figure(const segi_prep_sequence *prep, const segi_sequence_figures *figures,
                       uint32_t i, segi_vector *out)
{
    switch (prep->figure) {
    case SEGI_FIGURE_MATCHES: out->slots[i] = figures->matches; break;
    case SEGI_FIGURE_DEPTH: out->slots[i] = figures->depth; break;
    case SEGI_FIGURE_TIME: out->slots[i] = figures->time; break;
    }
    if (prep->figure != SEGI_FIGURE_TIME || figures->converted)
        segi_bit_set(out->set, i);
}

/* ---- blocks ---- */

/* Users [first, last) of the list, whose low bits lie in [low_begin, low_end). */
static void sequence_block(segi_worker *w, sequence_gather *g, segi_users users, uint32_t first,
                           uint32_t last, uint32_t low_begin, uint32_t low_end, segi_vector *out)
{
    const segi_prep_sequence *prep = g->prep;
    segi_sequence_work *work = g->work;
    work->row_count = work->part_count = work->held_count = 0;
    for (uint32_t e = 0; e < prep->events_count; e++) {
        g->events = (uint16_t)e;
        segi_spans_each(w, prep->events[e].source, low_begin, low_end, gather_span, g);
        if (segi_worker_stop(w))
            return;
    }
    if (!rows_group(w, work, low_begin, low_end))
        return;
    for (uint32_t i = first; i < last; i++) {
        if (!segi_bit_get(g->wanted, users.lows[i]))
            continue;
        uint32_t begin = w->starts[users.lows[i] - low_begin];
        uint32_t n = w->starts[users.lows[i] - low_begin + 1] - begin;
        segi_sequence_figures figures = {0};
        segi_sequence_rows rows;
        if (n > 0) {
            if (!user_rows(w, work, prep, work->sorted + begin, n, &rows))
                return;
            bool ok = prep->sequence->scan == SEGI_SCAN_NONE
                          ? segi_sequence_chains(w, prep, &rows, &figures)
                          : segi_sequence_scan(w, prep, &rows, &figures);
            if (!ok)
                return;
        }
        put_figure(prep, &figures, i, out);
    }
}

/* Few enough for each step to be looked up one by one. */
static bool sequence_few(const segi_worker *w, const segi_prep_sequence *prep, uint32_t count)
{
    bool few = true;
    for (uint32_t e = 0; e < prep->events_count; e++)
        few = few && segi_spans_few(w, prep->events[e].source, count);
    return few;
}

void segi_sequence_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out)
{
    if (!w->sequence) {
        w->sequence = segi_alloc_zero(w->mem, sizeof *w->sequence);
        if (!w->sequence) {
            segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
            return;
        }
    }
    sequence_gather g = {.prep = value->sequence, .work = w->sequence};
    size_t bytes = ((size_t)users.count + 63) / 64 * sizeof *out->set;
    memset(out->set, 0, bytes);
    memset(out->null, 0, bytes);
    if (g.prep->each) {
        if (!segi_gather_bounds(w, g.prep->each, users))
            return;
        g.begin = w->bound_begin;
        g.end = w->bound_end;
    }
    uint32_t wanted = users.count;
    if (g.prep->plain) {
        segi_sequence_plain(w, g.prep, users, out, g.wanted);
        wanted = (uint32_t)segi_bits_count_range(g.wanted, 0, SEGI_CHUNK_USERS);
    } else {
        for (uint32_t i = 0; i < users.count; i++)
            segi_bit_set(g.wanted, users.lows[i]);
    }
    if (wanted == 0)
        return;
    bool few = sequence_few(w, g.prep, wanted);
    for (uint32_t first = 0, last; first < users.count && w->status == SEG_OK; first = last) {
        uint32_t low_begin = users.lows[first], low_end = low_begin + 1;
        last = first + 1;
        if (!segi_bit_get(g.wanted, users.lows[first]))
            continue;
        if (!few) {
            low_begin = low_begin / SEQUENCE_BLOCK * SEQUENCE_BLOCK;
            low_end = low_begin + SEQUENCE_BLOCK;
            while (last < users.count && users.lows[last] < low_end)
                last++;
        }
        sequence_block(w, &g, users, first, last, low_begin, low_end, out);
    }
}

void segi_sequence_work_destroy(const segi_mem *mem, segi_sequence_work *work)
{
    if (!work)
        return;
    for (uint32_t i = 0; i < 4; i++) {
        segi_free(mem, work->lists[i].items);
        segi_free(mem, work->lanes[i].slots);
        segi_free(mem, work->lanes[i].states);
        segi_free(mem, work->lanes[i].marks);
        segi_free(mem, work->lanes[i].table);
        segi_free(mem, work->lanes[i].hashes);
    }
    segi_plain_work_deinit(mem, &work->plain);
    void *arrays[] = {work->rows,   work->sorted,   (void *)work->parts, work->slots,
                      work->states, work->times,    work->steps,         work->entries,
                      work->queue,  work->queue_at, work->scan};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        segi_free(mem, arrays[i]);
    segi_free(mem, work);
}
