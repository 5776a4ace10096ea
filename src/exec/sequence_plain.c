/* Plain sequences: steps of one row each, nothing held, nothing forbidden between two steps but
 * `without`. For all users of a block at once, a step at a time.
 *
 * Chains are those of sequence_chain.c. Where nothing is held, three things follow:
 *   - instants are enough: which rows they belong to, and the order of rows of one instant, matters
 *     only where two of them are equal;
 *   - of the chains up to a step, a later one never begins before an earlier one, so that of those
 *     that a row may go on from, the last is the best, and where it does not fit, none does;
 *   - who has no chain up to a step needs no rows of the next one.
 * So a step takes the times of its rows, of users who still have chains, user by user, and merges
 * them with the ends of the chains before. What is kept of a chain is its end and its beginning.
 *
 * Users for whom equal instants would decide are left to the general road, which looks at the rows.
 * Sequences that would leave nearly everybody, because one row can be two events of them, do not
 * come here (prepare_sequence.c).
 *
 * Cost: O(rows) of the steps; a nanosecond or two for each row of a user who dropped out. */
#include <string.h>

#include "exec/sequence_int.h"

/* Rows of a step in a block, about: 30 bytes for each, and 16 for each chain of the step before. */
#define PLAIN_ROWS (1u << 18)
/* In place of a number of chains: the order of rows of one instant decides. */
#define PLAIN_DOUBT UINT32_MAX

typedef struct plain_run {
    segi_worker *w;
    const segi_prep_sequence *prep;
    segi_plain_work *work;
    segi_vector *out;
    uint64_t *left;                 /* by low bits: users for the general road */
    uint64_t live[SEGI_MASK_WORDS]; /* users who may still have chains */
    uint32_t low_begin, low_end;    /* the block */
    uint32_t picked;                /* rows collected so far */
    uint32_t *counts;               /* of them, by low bits */
} plain_run;

#define PLAIN_GROW(run, array, capacity, need)                                                     \
    segi_sequence_grow((run)->w, (void **)&(array), &(capacity), (need), sizeof *(array))

/* ---- rows ---- */

/* Rows of live users, as places in the span; there is room for all rows. */
SEGI_HOT static uint32_t rows_pick(const uint64_t *live, const segi_span *span,
                                   const uint16_t *row_lows, uint32_t *at, uint16_t *lows)
{
    uint32_t n = 0;
    if (!span->bits) {
        for (uint32_t row = 0; row < span->row_count; row++) {
            at[n] = row;
            lows[n] = row_lows[row];
            n += segi_bit_get(live, row_lows[row]);
        }
        return n;
    }
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1) {
            uint32_t row = i * 64 + (uint32_t)segi_ctz(word);
            at[n] = row;
            lows[n] = row_lows[row];
            n += segi_bit_get(live, row_lows[row]);
        }
    }
    return n;
}

/* Their times. */
SEGI_HOT static void rows_times(const segi_col *col, uint32_t begin, const uint32_t *at, uint32_t n,
                                int64_t *out)
{
    if (col->width == 4) { /* most parts */
        const uint32_t *v = (const uint32_t *)col->data + begin;
        for (uint32_t i = 0; i < n; i++)
            out[i] = col->base + col->unit * (int64_t)v[at[i]];
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        out[i] = segi_col_slot(col, begin + (size_t)at[i]);
}

static void rows_collect(segi_worker *w, void *context, segi_span *span)
{
    plain_run *run = context;
    segi_plain_work *work = run->work;
    size_t need = (size_t)run->picked + span->row_count;
    const uint16_t *row_lows = segi_span_row_lows(w, span);
    if (!row_lows || !PLAIN_GROW(run, work->at, work->at_capacity, span->row_count) ||
        !PLAIN_GROW(run, work->lows, work->low_capacity, need) ||
        !PLAIN_GROW(run, work->times, work->time_capacity, need))
        return;
    uint16_t *lows = work->lows + run->picked;
    uint32_t n = rows_pick(run->live, span, row_lows, work->at, lows);
    rows_times(&span->part->time, span->row_begin, work->at, n, work->times + run->picked);
    for (uint32_t i = 0; i < n; i++)
        run->counts[lows[i]]++;
    run->picked += n;
}

/* Nearly always in order already, but where parts overlap. Shell's sort: no room, and no cost that
 * gets out of hand. */
static void times_sort(int64_t *times, uint32_t n)
{
    uint32_t gap = 1;
    while (gap < n / 9)
        gap = 3 * gap + 1;
    for (; gap > 0; gap /= 3) {
        for (uint32_t i = gap; i < n; i++) {
            int64_t time = times[i];
            uint32_t at = i;
            for (; at >= gap && times[at - gap] > time; at -= gap)
                times[at] = times[at - gap];
            times[at] = time;
        }
    }
}

/* Rows with this role in the sequence, of live users. */
static bool rows_find(plain_run *run, segi_role role, uint32_t step, bool *out_in_order)
{
    const segi_plain_work *work = run->work;
    uint32_t sources = 0;
    *out_in_order = true;
    run->picked = 0;
    for (uint32_t e = 0; e < run->prep->events_count; e++) {
        const segi_prep_events *events = &run->prep->events[e];
        if (events->role != role || events->step != step)
            continue;
        *out_in_order = events->in_order && sources == 0;
        sources++;
        bool few = segi_spans_few(run->w, events->source, work->user_count);
        for (uint32_t i = 0; few && i < work->user_count; i++)
            segi_spans_each(run->w, events->source, work->users[i].low, work->users[i].low + 1u,
                            rows_collect, run);
        if (!few)
            segi_spans_each(run->w, events->source, run->low_begin, run->low_end, rows_collect,
                            run);
    }
    return run->w->status == SEG_OK;
}

/* Times of these rows into the table, user by user. */
static bool rows_table(plain_run *run, segi_role role, uint32_t step, segi_plain_table *table)
{
    segi_plain_work *work = run->work;
    bool in_order;
    table->ends = role == SEGI_ROLE_STEP ? run->w->tally32 : run->w->tally32_more;
    run->counts = table->ends;
    for (uint32_t i = 0; i < work->user_count; i++)
        table->ends[work->users[i].low] = 0;
    if (!rows_find(run, role, step, &in_order) ||
        !PLAIN_GROW(run, table->times, table->time_capacity, (size_t)run->picked + 1) ||
        !PLAIN_GROW(run, table->begins, table->begin_capacity, (size_t)run->picked + 1))
        return false;
    uint32_t end = 0;
    for (uint32_t i = 0; i < work->user_count; i++) {
        uint32_t *count = &table->ends[work->users[i].low], begin = end;
        end += *count;
        *count = begin;
    }
    for (uint32_t i = 0; i < run->picked; i++)
        table->times[table->ends[work->lows[i]]++] = work->times[i];
    for (uint32_t i = 0, begin = 0; !in_order && i < work->user_count; i++) {
        end = table->ends[work->users[i].low];
        times_sort(table->times + begin, end - begin);
        begin = end;
    }
    return true;
}

/* ---- chains ---- */

/* What the way into a step asks of a chain that ends at e and begins at b, for a row at t. */
typedef struct plain_way {
    int64_t least;  /* t - e is at least this */
    int64_t most;   /* ... and at most that */
    int64_t within; /* t - b is at most this */
    bool ordered;   /* rows of one instant have an order, in which they may follow each other */
    bool without;
    bool first; /* of chains with one beginning, the one that ends first will do from here on */
    bool one;   /* a single chain will do */
} plain_way;

static plain_way way_into(const segi_prep_sequence *prep, uint32_t step)
{
    const segi_sequence *sequence = prep->sequence;
    const segi_step *next = step + 1 < sequence->step_count ? &sequence->steps[step + 1] : NULL;
    int64_t least = sequence->tie == SEGI_TIE_TOLERANT ? -prep->tolerance : 1;
    int64_t after = prep->step_after[step];
    return (plain_way){
        .least = after > least ? after : least,
        .most = prep->step_within[step],
        .within = prep->within,
        .ordered = sequence->tie == SEGI_TIE_INGESTED && after <= 0,
        .without = sequence->steps[step].without != NULL,
        .first = next ? !next->has_within && !next->without : !sequence->absence,
        .one = !next && prep->figure == SEGI_FIGURE_DEPTH,
    };
}

/* Times of one user, rising. */
typedef struct plain_times {
    const int64_t *times;
    uint32_t count;
} plain_times;

/* The chains of one user, from which others follow: where they end and begin. */
typedef struct plain_chains {
    const int64_t *ends, *begins;
    uint32_t count;
} plain_chains;

/* Chains that go on by one of the rows. `ends` may be the place of the rows, or before it. */
static uint32_t chains_follow(const plain_way *way, plain_chains from, plain_times rows,
                              plain_times without, int64_t *ends, int64_t *begins)
{
    uint32_t next = 0, blocks = 0, n = 0;
    for (uint32_t i = 0; i < rows.count; i++) {
        int64_t time = rows.times[i];
        while (next < from.count && time - from.ends[next] >= way->least)
            next++;
        if (way->ordered && next < from.count && from.ends[next] == time)
            return PLAIN_DOUBT;
        if (next == 0 || time - from.ends[next - 1] > way->most ||
            time - from.begins[next - 1] > way->within)
            continue;
        int64_t end = from.ends[next - 1];
        while (blocks < without.count && without.times[blocks] < time)
            blocks++;
        if (blocks > 0 && without.times[blocks - 1] > end)
            continue;
        if ((blocks > 0 && without.times[blocks - 1] == end) ||
            (blocks < without.count && without.times[blocks] == time))
            return PLAIN_DOUBT;
        ends[n] = time;
        begins[n++] = from.begins[next - 1];
    }
    return n;
}

/* The same, but of chains with one beginning the first; nothing must not lie between. */
static uint32_t chains_first(const plain_way *way, plain_chains from, plain_times rows,
                             int64_t *ends, int64_t *begins)
{
    uint32_t row = 0, n = 0;
    for (uint32_t i = 0; i < from.count; i++) {
        int64_t end = from.ends[i], begin = from.begins[i];
        while (row < rows.count && rows.times[row] - end < way->least)
            row++;
        if (way->ordered && row > 0 && rows.times[row - 1] == end)
            return PLAIN_DOUBT;
        if (row == rows.count)
            break;
        int64_t time = rows.times[row];
        n -= n > 0 && ends[n - 1] == time; /* this one begins later */
        ends[n] = time;
        begins[n] = begin;
        n += time - end <= way->most && time - begin <= way->within;
        if (n > 0 && way->one)
            break;
    }
    return n;
}

/* ---- steps ---- */

static void user_leave(plain_run *run, uint32_t low)
{
    segi_bit_set(run->left, low);
    segi_bit_clear(run->live, low);
}

/* Chains of one row each. */
static void steps_enter(plain_run *run)
{
    segi_plain_work *work = run->work;
    segi_plain_table *table = &work->rows;
    segi_entry entry = run->prep->sequence->entry;
    uint32_t kept = 0, n = 0;
    for (uint32_t i = 0, begin = 0; i < work->user_count; i++) {
        segi_plain_user user = work->users[i];
        uint32_t end = table->ends[user.low];
        uint32_t first = entry == SEGI_ENTRY_LATEST && begin < end ? end - 1 : begin;
        uint32_t last = entry == SEGI_ENTRY_FIRST && begin < end ? begin + 1 : end;
        for (uint32_t at = first; at < last; at++, n++)
            table->times[n] = table->begins[n] = table->times[at];
        user.chains_end = n;
        work->users[kept] = user;
        kept += begin < end;
        if (begin == end)
            segi_bit_clear(run->live, user.low);
        begin = end;
    }
    work->user_count = kept;
}

/* Chains that follow from those through the step before; users without any drop out. The rows' own
 * table takes the chains: there are no more of them than rows. */
static void steps_follow(plain_run *run, uint32_t step)
{
    segi_plain_work *work = run->work;
    segi_plain_table *table = &work->rows;
    plain_way way = way_into(run->prep, step);
    uint32_t kept = 0, total = 0, chain = 0, row = 0, other = 0;
    for (uint32_t i = 0; i < work->user_count; i++) {
        segi_plain_user user = work->users[i];
        uint32_t row_end = table->ends[user.low];
        plain_chains from = {work->chains.times + chain, work->chains.begins + chain,
                             user.chains_end - chain};
        plain_times rows = {table->times + row, row_end - row}, without = {NULL, 0};
        if (way.without) {
            without =
                (plain_times){work->others.times + other, work->others.ends[user.low] - other};
            other = work->others.ends[user.low];
        }
        int64_t *ends = table->times + total, *begins = table->begins + total;
        uint32_t n = way.first && !way.without
                         ? chains_first(&way, from, rows, ends, begins)
                         : chains_follow(&way, from, rows, without, ends, begins);
        chain = user.chains_end;
        row = row_end;
        if (n == 0) {
            segi_bit_clear(run->live, user.low);
        } else if (n == PLAIN_DOUBT) {
            user_leave(run, user.low);
        } else {
            user.chains_end = total += n;
            work->users[kept++] = user;
        }
    }
    work->user_count = kept;
}

static bool step_take(plain_run *run, uint32_t step)
{
    segi_plain_work *work = run->work;
    bool without = run->prep->sequence->steps[step].without != NULL;
    if (!rows_table(run, SEGI_ROLE_STEP, step, &work->rows) ||
        (without && !rows_table(run, SEGI_ROLE_WITHOUT, step, &work->others)))
        return false;
    if (step == 0)
        steps_enter(run);
    else
        steps_follow(run, step);
    for (uint32_t i = 0; run->prep->figure == SEGI_FIGURE_DEPTH && i < work->user_count; i++)
        run->out->slots[work->users[i].index] = step + 1;
    segi_plain_table swap = work->chains;
    work->chains = work->rows;
    work->rows = swap;
    return true;
}

/* ---- figures ---- */

/* Keeps the chains that nothing follows; PLAIN_DOUBT where something has the instant of an end. */
static uint32_t chains_last(const segi_prep_sequence *prep, int64_t *ends, int64_t *begins,
                            uint32_t count, plain_times absence)
{
    uint32_t next = 0, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        int64_t end = ends[i];
        while (next < absence.count && absence.times[next] < end)
            next++;
        if (next < absence.count && absence.times[next] == end)
            return PLAIN_DOUBT;
        bool over = prep->now - end >= prep->absence_for;
        if (over && (next == absence.count || absence.times[next] - end > prep->absence_for)) {
            ends[n] = end;
            begins[n++] = begins[i];
        }
    }
    return n;
}

/* Whole chains: how many, one after the other, and the quickest. False where it depends on which
 * row of an instant comes first. */
static bool chains_figure(plain_run *run, uint32_t index, plain_chains chains)
{
    int64_t matches = 0, last = 0, quickest = INT64_MAX;
    for (uint32_t i = 0; i < chains.count; i++) {
        int64_t begin = chains.begins[i], end = chains.ends[i], time = end - begin;
        quickest = time < quickest ? time : quickest;
        if (run->prep->figure != SEGI_FIGURE_MATCHES)
            continue;
        if (matches > 0 && begin == last)
            return false;
        if (matches == 0 || begin > last) {
            matches++;
            last = end > begin ? end : begin;
        }
    }
    bool quick = run->prep->figure == SEGI_FIGURE_TIME;
    run->out->slots[index] = quick ? quickest : matches;
    if (quick && chains.count > 0)
        segi_bit_set(run->out->set, index);
    return true;
}

static bool plain_figures(plain_run *run)
{
    segi_plain_work *work = run->work;
    bool absence = run->prep->sequence->absence != NULL;
    if (run->prep->figure == SEGI_FIGURE_DEPTH)
        return true;
    if (absence && !rows_table(run, SEGI_ROLE_ABSENCE, 0, &work->others))
        return false;
    uint32_t chain = 0, other = 0;
    for (uint32_t i = 0; i < work->user_count; i++) {
        const segi_plain_user *user = &work->users[i];
        int64_t *ends = work->chains.times + chain, *begins = work->chains.begins + chain;
        uint32_t n = user->chains_end - chain;
        chain = user->chains_end;
        if (absence) {
            uint32_t other_end = work->others.ends[user->low];
            plain_times rows = {work->others.times + other, other_end - other};
            n = chains_last(run->prep, ends, begins, n, rows);
            other = other_end;
        }
        if (n == PLAIN_DOUBT || !chains_figure(run, user->index, (plain_chains){ends, begins, n}))
            user_leave(run, user->low);
    }
    return true;
}

/* ---- blocks ---- */

/* Users [first, last) of the list. */
static bool plain_block(plain_run *run, segi_users users, uint32_t first, uint32_t last)
{
    segi_plain_work *work = run->work;
    if (!PLAIN_GROW(run, work->users, work->user_capacity, last - first))
        return false;
    work->user_count = last - first;
    memset(run->live, 0, sizeof run->live);
    for (uint32_t i = first; i < last; i++) {
        segi_bit_set(run->live, users.lows[i]);
        work->users[i - first] = (segi_plain_user){.index = i, .low = users.lows[i]};
    }
    for (uint32_t step = 0; step < run->prep->sequence->step_count; step++) {
        if (work->user_count == 0)
            return true;
        if (!step_take(run, step))
            return false;
    }
    return plain_figures(run);
}

/* Neighbouring users whose rows of any one step fit. */
static uint32_t plain_width(const segi_worker *w, const segi_prep_sequence *prep)
{
    uint32_t width = SEGI_CHUNK_USERS;
    for (uint32_t e = 0; e < prep->events_count; e++) {
        uint32_t own = segi_spans_block(w, prep->events[e].source, PLAIN_ROWS);
        width = own < width ? own : width;
    }
    return width;
}

void segi_sequence_plain(segi_worker *w, const segi_prep_sequence *prep, segi_users users,
                         segi_vector *out, uint64_t *left)
{
    if (!segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32) ||
        !segi_worker_array(w, (void **)&w->tally32_more, SEGI_CHUNK_USERS + 64,
                           sizeof *w->tally32_more))
        return;
    plain_run run = {.w = w, .prep = prep, .work = &w->sequence->plain, .out = out, .left = left};
    if (prep->figure != SEGI_FIGURE_TIME) { /* who has no chain has 0 of them */
        memset(out->slots, 0, users.count * sizeof *out->slots);
        segi_bits_fill(out->set, users.count);
    }
    uint32_t width = plain_width(w, prep);
    for (uint32_t first = 0, last; first < users.count; first = last) {
        run.low_begin = users.lows[first] / width * width;
        run.low_end = run.low_begin + width;
        last = first + 1;
        while (last < users.count && users.lows[last] < run.low_end)
            last++;
        if (!plain_block(&run, users, first, last))
            return;
    }
}

void segi_plain_work_deinit(const segi_mem *mem, segi_plain_work *work)
{
    segi_plain_table *tables[] = {&work->chains, &work->rows, &work->others};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        segi_free(mem, tables[i]->times);
        segi_free(mem, tables[i]->begins);
    }
    segi_free(mem, work->users);
    segi_free(mem, work->at);
    segi_free(mem, work->lows);
    segi_free(mem, work->times);
}
