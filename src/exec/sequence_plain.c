/* Plain sequences: steps of one row each, nothing held, nothing forbidden between two steps but
 * `without`.
 *
 * Chains are those of sequence_chain.c. Where nothing is held, two things follow:
 *   - instants are enough: which rows they belong to, and the order of rows of one instant, matters
 *     only where two of them are equal;
 *   - of the chains up to a step, a later one never begins before an earlier one, so that of those
 *     that a row may go on from, the last is the best, and where it does not fit, none does.
 * So for all users of a block at once the times of each step's rows are put into a table, user by
 * user; who has no row of a step needs none of the next ones. Then, one user after the other,
 * chains are pulled out of the last step: each step asks the one before for its next chain and goes
 * on to a row of its own. What is known of a chain is its end and its beginning, and as soon as the
 * figure is certain nobody asks on.
 *
 * Users for whom equal instants would decide are left to the general road, which looks at the rows.
 * Sequences that would leave nearly everybody, because one row can be two events of them, do not
 * come here (prepare_sequence.c).
 *
 * Cost: O(rows) of the steps, a nanosecond or two for each row of a user who dropped out, and
 * O(chains of one row x steps). */
#include <string.h>

#include "exec/sequence_int.h"

/* Rows of a step in a block, about: 8 bytes for each, and 14 for each of the step under way. */
#define PLAIN_ROWS (1u << 17)

/* Rising times of the user under way, from a table; those before `at` are behind. */
typedef struct plain_rows {
    const int64_t *begin, *at, *end;
    const uint32_t *starts; /* by user of the block, and where the last one's rows end */
} plain_rows;

typedef struct plain_chain {
    int64_t begin, end;
} plain_chain;

/* What the way into a step asks of a chain that ends at e and begins at b, for a row at t. */
typedef struct plain_way {
    int64_t least;  /* t - e is at least this */
    int64_t most;   /* ... and at most that */
    int64_t within; /* t - b is at most this */
    bool ordered;   /* rows of one instant have an order, in which they may follow each other */
    bool without;
    bool first; /* of chains with one beginning, the one that ends first will do from here on */
    segi_plain_own own;
} plain_way;

/* One step, of the user under way. */
typedef struct plain_step {
    plain_way way;
    uint32_t base;           /* this step or the one before it from which on all have way.first */
    plain_rows rows, others; /* others: of `without` */
    /* Of the chains of the step before: the last that a row can go on from, and the one after. */
    plain_chain from, next;
    bool has_from, has_next, no_next;
} plain_step;

typedef struct plain_run {
    segi_worker *w;
    const segi_prep_sequence *prep;
    segi_plain_work *work;
    segi_vector *out;
    uint64_t *left;                 /* by low bits: users for the general road */
    uint64_t live[SEGI_MASK_WORDS]; /* users who have rows of all steps so far */
    uint32_t live_count;
    uint32_t low_begin, low_end; /* the block */
    const uint16_t *lows;        /* its users, */
    uint32_t user_count;         /* ... so many */
    uint32_t picked;             /* rows collected so far */
    uint32_t *counts;            /* of them, by user of the block */
    /* one user */
    uint32_t step_count, depth;
    bool doubt; /* the order of rows of one instant decides */
    plain_rows absence;
    plain_step steps[SEGI_STEPS_MAX];
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
        !PLAIN_GROW(run, work->found, work->found_capacity, need))
        return;
    uint16_t *lows = work->lows + run->picked;
    uint32_t n = rows_pick(run->live, span, row_lows, work->at, lows);
    rows_times(&span->part->time, span->row_begin, work->at, n, work->found + run->picked);
    for (uint32_t i = 0; i < n; i++) {
        lows[i] = work->users[lows[i]];
        run->counts[lows[i]]++;
    }
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
    uint32_t sources = 0;
    *out_in_order = true;
    run->picked = 0;
    for (uint32_t e = 0; e < run->prep->events_count && run->live_count > 0; e++) {
        const segi_prep_events *events = &run->prep->events[e];
        if (events->role != role || events->step != step)
            continue;
        *out_in_order = events->in_order && sources == 0;
        sources++;
        if (!segi_spans_few(run->w, events->source, run->live_count)) {
            segi_spans_each(run->w, events->source, run->low_begin, run->low_end, rows_collect,
                            run);
            continue;
        }
        for (uint32_t i = 0; i < run->user_count; i++) {
            uint32_t low = run->lows[i];
            if (segi_bit_get(run->live, low))
                segi_spans_each(run->w, events->source, low, low + 1, rows_collect, run);
        }
    }
    return run->w->status == SEG_OK;
}

/* Users without rows of the step are out. */
static void users_drop(plain_run *run, const uint32_t *counts)
{
    run->live_count = 0;
    for (uint32_t i = 0; i < run->user_count; i++) {
        run->live_count += counts[i] > 0;
        if (counts[i] == 0)
            segi_bit_clear(run->live, run->lows[i]);
    }
}

/* Times of these rows into a new table, user by user. Its `starts` first count rows, two places
 * further on; then each is where the user's next row goes, one place further on, and so at last
 * where his rows begin. */
static bool rows_table(plain_run *run, segi_role role, uint32_t step)
{
    segi_plain_work *work = run->work;
    size_t size = (size_t)run->user_count + 2;
    bool in_order;
    if (!PLAIN_GROW(run, work->starts, work->start_capacity, (work->table_count + 1) * size))
        return false;
    uint32_t *starts = work->starts + work->table_count++ * size;
    memset(starts, 0, size * sizeof *starts);
    run->counts = starts + 2;
    if (!rows_find(run, role, step, &in_order) ||
        !PLAIN_GROW(run, work->times, work->time_capacity, work->row_count + run->picked + 1))
        return false;
    if (role == SEGI_ROLE_STEP)
        users_drop(run, run->counts);
    starts[0] = starts[1] = (uint32_t)work->row_count;
    for (uint32_t i = 0; i < run->user_count; i++)
        starts[i + 2] += starts[i + 1];
    for (uint32_t i = 0; i < run->picked; i++)
        work->times[starts[work->lows[i] + 1]++] = work->found[i];
    for (uint32_t i = 0; !in_order && i < run->user_count; i++)
        times_sort(work->times + starts[i], starts[i + 1] - starts[i]);
    work->row_count += run->picked;
    return true;
}

/* ---- chains ---- */

/* Is there another row of the instant of *at? */
static bool instant_shared(const plain_rows *rows, const int64_t *at)
{
    return (at > rows->begin && at[-1] == *at) || (at + 1 < rows->end && at[1] == *at);
}

static bool chain_doubt(plain_run *run)
{
    run->doubt = true;
    return false;
}

static bool chain_next(plain_run *run, uint32_t step, plain_chain *out);

/* Does a row of `without` lie between the chain and the row that goes on from it? */
static bool chain_blocked(plain_run *run, plain_step *s, int64_t time)
{
    plain_rows *others = &s->others;
    while (others->at < others->end && *others->at < time)
        others->at++;
    const int64_t *before = others->at > others->begin ? others->at - 1 : NULL;
    if (before && *before > s->from.end)
        return true;
    if ((before && *before == s->from.end &&
         (!s->way.own.without_before || instant_shared(others, before))) ||
        (others->at < others->end && *others->at == time &&
         (!s->way.own.without || instant_shared(others, others->at))))
        run->doubt = true;
    return run->doubt;
}

/* Is there a chain of the step before that has not been let in yet? */
static bool chain_waits(plain_run *run, uint32_t step)
{
    plain_step *s = &run->steps[step];
    if (!s->has_next && !s->no_next) {
        s->has_next = chain_next(run, step - 1, &s->next);
        s->no_next = !s->has_next;
    }
    return s->has_next;
}

/* To each row from the last chain of the step before that it can follow. */
static bool chain_follow(plain_run *run, uint32_t step, plain_chain *out)
{
    plain_step *s = &run->steps[step];
    while (s->rows.at < s->rows.end) {
        const int64_t *row = s->rows.at++;
        while (chain_waits(run, step) && *row - s->next.end >= s->way.least) {
            s->from = s->next;
            s->has_from = true;
            s->has_next = false;
        }
        if (run->doubt || (s->way.ordered && s->has_next && s->next.end == *row &&
                           (!s->way.own.step || instant_shared(&s->rows, row))))
            return chain_doubt(run);
        if (!s->has_from || *row - s->from.end > s->way.most ||
            *row - s->from.begin > s->way.within)
            continue;
        bool blocked = s->way.without && chain_blocked(run, s, *row);
        if (run->doubt)
            return false;
        if (!blocked) {
            *out = (plain_chain){s->from.begin, *row};
            return true;
        }
    }
    return false;
}

/* Goes on to the first row that can follow. Nothing must not lie between. */
static bool chain_lead(plain_run *run, plain_step *s, plain_chain *chain)
{
    const int64_t *at = s->rows.at, *end = s->rows.end;
    while (at < end && *at - chain->end < s->way.least)
        at++;
    s->rows.at = at;
    if (s->way.ordered && at > s->rows.begin && at[-1] == chain->end &&
        (!s->way.own.step || instant_shared(&s->rows, at - 1)))
        return chain_doubt(run);
    if (at == end || *at - chain->end > s->way.most || *at - chain->begin > s->way.within)
        return false;
    chain->end = *at;
    return true;
}

/* The next chain of one row. */
static bool chain_enter(plain_run *run, plain_chain *out)
{
    plain_rows *rows = &run->steps[0].rows;
    if (rows->at == rows->end)
        return false;
    out->begin = out->end = *rows->at++;
    run->depth = run->depth > 1 ? run->depth : 1;
    return true;
}

/* Of a step that is not the first one. */
static bool chain_later(plain_run *run, uint32_t step, plain_chain *out)
{
    uint32_t base = run->steps[step].base;
    while (base > 0 ? chain_follow(run, base, out) : chain_enter(run, out)) {
        uint32_t next = base + 1;
        while (next <= step && chain_lead(run, &run->steps[next], out))
            next++;
        run->depth = next > run->depth ? next : run->depth;
        if (next > step)
            return true;
        if (run->doubt || run->steps[next].rows.at == run->steps[next].rows.end)
            return false;
    }
    return false;
}

/* The next chain up to the step, in order of ends; false where there is none, or a doubt. */
static bool chain_next(plain_run *run, uint32_t step, plain_chain *out)
{
    return step > 0 ? chain_later(run, step, out) : chain_enter(run, out);
}

/* ---- figures ---- */

/* Is there nothing after the chain that must not follow it? */
static bool chain_quiet(plain_run *run, const plain_chain *chain)
{
    plain_rows *rows = &run->absence;
    while (rows->at < rows->end && *rows->at < chain->end)
        rows->at++;
    const int64_t *after = rows->at;
    if (after < rows->end && *after == chain->end) {
        if (!run->prep->own_absence || instant_shared(rows, after))
            return chain_doubt(run);
        after++; /* the row itself */
    }
    return run->prep->now - chain->end >= run->prep->absence_for &&
           (after == rows->end || *after - chain->end > run->prep->absence_for);
}

/* The next whole chain. */
static bool chain_whole(plain_run *run, plain_chain *out)
{
    bool absence = run->prep->sequence->absence != NULL;
    while (chain_next(run, run->step_count - 1, out)) {
        if (!absence || chain_quiet(run, out))
            return true;
        if (run->doubt)
            return false;
    }
    return false;
}

/* How many chains there are, one after the other, as far as that matters. */
static int64_t user_matches(plain_run *run)
{
    int64_t matches = 0, last = 0;
    plain_chain chain;
    while (matches < run->prep->enough && chain_whole(run, &chain)) {
        if (matches > 0 && chain.begin == last)
            chain_doubt(run);
        if (run->doubt)
            break;
        if (matches == 0 || chain.begin > last) {
            matches++;
            last = chain.end > chain.begin ? chain.end : chain.begin;
        }
    }
    return matches;
}

static void user_figure(plain_run *run, uint32_t index)
{
    plain_chain chain;
    int64_t *slot = &run->out->slots[index], quickest = INT64_MAX;
    switch (run->prep->figure) {
    case SEGI_FIGURE_MATCHES: *slot = user_matches(run); break;
    case SEGI_FIGURE_DEPTH:
        for (uint32_t step = run->step_count; step > run->depth && !run->doubt; step--)
            chain_next(run, step - 1, &chain);
        *slot = run->depth;
        break;
    case SEGI_FIGURE_TIME:
        while (chain_whole(run, &chain))
            quickest = chain.end - chain.begin < quickest ? chain.end - chain.begin : quickest;
        *slot = quickest;
        if (quickest < INT64_MAX && !run->doubt)
            segi_bit_set(run->out->set, index);
        break;
    }
}

/* The user's rows, all of them ahead. */
static void user_rows(const plain_run *run, plain_rows *rows, uint32_t i)
{
    rows->begin = rows->at = run->work->times + rows->starts[i];
    rows->end = run->work->times + rows->starts[i + 1];
}

/* Puts the steps before their first chains. */
static void user_begin(plain_run *run, uint32_t i)
{
    for (uint32_t step = 0; step < run->step_count; step++) {
        plain_step *s = &run->steps[step];
        user_rows(run, &s->rows, i);
        if (s->way.without)
            user_rows(run, &s->others, i);
        s->has_from = s->has_next = s->no_next = false;
    }
    if (run->absence.starts)
        user_rows(run, &run->absence, i);
    plain_rows *rows = &run->steps[0].rows;
    segi_entry entry = run->prep->sequence->entry;
    if (entry == SEGI_ENTRY_FIRST && rows->at < rows->end)
        rows->end = rows->at + 1;
    else if (entry == SEGI_ENTRY_LATEST && rows->at < rows->end)
        rows->at = rows->end - 1;
    run->depth = 0;
    run->doubt = false;
}

/* ---- blocks ---- */

/* All tables, and then where they are: they move as they grow. */
static bool plain_tables(plain_run *run)
{
    segi_plain_work *work = run->work;
    bool absence = run->prep->sequence->absence && run->prep->figure != SEGI_FIGURE_DEPTH;
    for (uint32_t step = 0; step < run->step_count; step++) {
        if (!rows_table(run, SEGI_ROLE_STEP, step) ||
            (run->steps[step].way.without && !rows_table(run, SEGI_ROLE_WITHOUT, step)))
            return false;
    }
    if (absence && !rows_table(run, SEGI_ROLE_ABSENCE, 0))
        return false;
    const uint32_t *starts = work->starts;
    size_t size = (size_t)run->user_count + 2;
    for (uint32_t step = 0; step < run->step_count; step++, starts += size) {
        run->steps[step].rows.starts = starts;
        if (run->steps[step].way.without)
            run->steps[step].others.starts = starts += size;
    }
    run->absence.starts = absence ? starts : NULL;
    return true;
}

/* Users [first, last) of the list. */
static bool plain_block(plain_run *run, segi_users users, uint32_t first, uint32_t last)
{
    run->lows = users.lows + first;
    run->user_count = run->live_count = last - first;
    run->work->row_count = run->work->table_count = 0;
    memset(run->live, 0, sizeof run->live);
    for (uint32_t i = 0; i < run->user_count; i++) {
        segi_bit_set(run->live, run->lows[i]);
        run->work->users[run->lows[i]] = (uint16_t)i;
    }
    if (!plain_tables(run))
        return false;
    for (uint32_t i = 0; i < run->user_count; i++) {
        user_begin(run, i);
        user_figure(run, first + i);
        if (run->doubt)
            segi_bit_set(run->left, run->lows[i]);
    }
    return true;
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

static plain_way way_into(const segi_prep_sequence *prep, uint32_t step)
{
    const segi_sequence *sequence = prep->sequence;
    const segi_step *next = step + 1 < sequence->step_count ? &sequence->steps[step + 1] : NULL;
    int64_t least = sequence->tie == SEGI_TIE_TOLERANT ? -prep->tolerance : 1;
    int64_t after = prep->step_after[step];
    bool without = sequence->steps[step].without != NULL;
    least = after > least ? after : least;
    /* Chains that are counted need rows of their own, and an end may come before its beginning. */
    bool last = !sequence->absence && (prep->figure != SEGI_FIGURE_MATCHES || least > 0);
    return (plain_way){
        .least = least,
        .most = prep->step_within[step],
        .within = prep->within,
        .ordered = sequence->tie == SEGI_TIE_INGESTED && after <= 0,
        .without = without,
        .first = !without && (next ? !next->has_within && !next->without : last),
        .own = prep->own[step],
    };
}

void segi_sequence_plain(segi_worker *w, const segi_prep_sequence *prep, segi_users users,
                         segi_vector *out, uint64_t *left)
{
    segi_plain_work *work = &w->sequence->plain;
    if (!segi_worker_array(w, (void **)&work->users, SEGI_CHUNK_USERS, sizeof *work->users))
        return;
    plain_run run;
    run.w = w;
    run.prep = prep;
    run.work = work;
    run.out = out;
    run.left = left;
    run.step_count = prep->sequence->step_count;
    if (prep->figure == SEGI_FIGURE_DEPTH && prep->enough < run.step_count)
        run.step_count = (uint32_t)prep->enough;
    for (uint32_t step = 0; step < run.step_count; step++) {
        plain_step *s = &run.steps[step];
        s->way = way_into(prep, step);
        s->base = step > 0 && s->way.first ? s[-1].base : step;
    }
    if (prep->figure != SEGI_FIGURE_TIME)
        segi_bits_fill(out->set, users.count);
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
    segi_free(mem, work->users);
    segi_free(mem, work->times);
    segi_free(mem, work->starts);
    segi_free(mem, work->at);
    segi_free(mem, work->lows);
    segi_free(mem, work->found);
}
