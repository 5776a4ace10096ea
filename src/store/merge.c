/* Merging runs: fewer and larger parts, wider buckets as time passes.
 *
 * Runs that belong to one bucket under the present watermark are merged when enough of similar
 * size have come together, newest first, so that each row is rewritten a logarithmic number of
 * times; and all at once when the bucket has become wider than theirs. The rows of the runs go
 * through sealing again in the order of their generations and come out as one run with the
 * highest generation. That keeps the order of all rows as long as no run that stays outside lies
 * between in generation and overlaps in time: such merges are not done.
 *
 * The same road takes rows out: a single run is sealed again without those that a filter names. */
#include <string.h>

#include "base/error.h"
#include "store/part_file.h"
#include "store/seal.h"
#include "store/sort.h"
#include "store/store_int.h"

/* ---- the rows of runs as keys ---------------------------------------------------------------- */

typedef struct merge_work {
    segi_store *store;
    segi_run **runs; /* rising by generation */
    size_t run_count;
    const segi_row_filter *filter; /* NULL: all rows stay */
    uint32_t *cursors;             /* next chunk of each part, run after run */
    uint32_t *bases;               /* of each part: rows of its type in earlier runs */
    uint32_t *source_rows;         /* by event type */
    uint32_t *type_rows;           /* of them: those that stay */
    segi_piece *pieces;
    size_t piece_count, piece_capacity, row_count;
    segi_key *keys; /* of the chunk under way */
    size_t key_count;
    segi_mask out; /* its users that the filter leaves out */
} merge_work;

/* The filter's users of one chunk: places in filter->users. */
static void merge_filter_users(const segi_row_filter *filter, uint32_t chunk, size_t *out_begin,
                               size_t *out_end)
{
    const uint32_t edges[2] = {chunk << SEGI_CHUNK_BITS, (chunk << SEGI_CHUNK_BITS) | 0xffff};
    size_t places[2];
    for (int i = 0; i < 2; i++) {
        size_t low = 0, high = filter->user_count;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            if (filter->users[middle] < edges[i] || (i == 1 && filter->users[middle] == edges[i]))
                low = middle + 1;
            else
                high = middle;
        }
        places[i] = low;
    }
    *out_begin = places[0];
    *out_end = places[1];
}

/* Rows of one chunk of a part that the filter leaves out. */
static uint32_t merge_count_out(const segi_part *part, const segi_part_chunk *pc,
                                const segi_row_filter *filter)
{
    uint32_t out = 0;
    if (!filter)
        return 0;
    if (filter->users) {
        size_t at, end;
        for (merge_filter_users(filter, pc->chunk, &at, &end); at < end; at++) {
            uint32_t first, past;
            if (segi_part_user_rows(part, pc, filter->users[at] & 0xffff, &first, &past))
                out += past - first;
        }
        return out;
    }
    int64_t until = filter->until[part->event];
    if (part->time_min > until)
        return 0;
    if (part->time_max <= until)
        return pc->row_count;
    for (uint32_t row = pc->row_begin; row < pc->row_begin + pc->row_count; row++)
        out += segi_col_slot(&part->time, row) <= until;
    return out;
}

uint64_t segi_part_count_out(const segi_part *part, const segi_row_filter *filter)
{
    uint64_t out = 0;
    for (uint32_t i = 0; i < part->chunk_count; i++)
        out += merge_count_out(part, &part->chunks[i], filter);
    return out;
}

/* The filter's users of a chunk as a mask. */
static void merge_filter_mask(const segi_row_filter *filter, uint32_t chunk, segi_mask *out)
{
    segi_mask_zero(out);
    if (!filter || !filter->users)
        return;
    size_t at, end;
    for (merge_filter_users(filter, chunk, &at, &end); at < end; at++)
        segi_bit_set(out->words, filter->users[at] & 0xffff);
}

/* Rows of one chunk of a part that stay, behind the keys that are there. ties: their ranks, beside
 * their places behind `begin`; NULL where the run has none. */
static bool merge_add_part(merge_work *work, const segi_part *part, const segi_part_chunk *pc,
                           uint32_t base, size_t begin, uint64_t *ties)
{
    segi_scratch *scratch = &work->store->scratch;
    uint16_t *lows = segi_scratch_get(scratch, SEGI_SCRATCH_LOWS, SEGI_CHUNK_USERS, sizeof *lows);
    int64_t *times = segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, pc->row_count, sizeof *times);
    uint8_t *states = segi_scratch_get(scratch, SEGI_SCRATCH_STATES, pc->row_count, 1);
    if (!lows || !times || !states)
        return false;
    segi_part_users(pc, lows);
    segi_col_decode(&part->time, pc->row_begin, pc->row_count, times, states);
    const segi_row_filter *filter = work->filter;
    int64_t until = filter && filter->until ? filter->until[part->event] : SEG_TIME_MIN - 1;
    size_t at = work->key_count;
    uint32_t row = 0;
    for (uint32_t i = 0; i < pc->user_count; i++) {
        int64_t rows = segi_col_slot(&part->counts, pc->user_begin + i);
        bool out = segi_bit_get(work->out.words, lows[i]);
        for (; rows > 0; rows--, row++) {
            if (out || times[row] <= until)
                continue;
            if (ties)
                ties[at - begin] =
                    (uint64_t)segi_col_slot(&part->tie, pc->row_begin + row) << 32 | (at - begin);
            work->keys[at++] =
                (segi_key){times[row], base + pc->row_begin + row, lows[i], (uint16_t)part->event};
        }
    }
    SEGI_ASSERT(row == pc->row_count);
    work->key_count = at;
    return true;
}

/* Keys of a run whose types are tied: bring them into the order of their ties. Sorting by user
 * and time keeps that order. */
static bool merge_order_ties(merge_work *work, uint64_t *ties, size_t begin)
{
    segi_scratch *scratch = &work->store->scratch;
    size_t count = work->key_count - begin;
    uint64_t *order = segi_scratch_get(scratch, SEGI_SCRATCH_ORDER_SWAP, count, sizeof *order);
    segi_key *swap = segi_scratch_get(scratch, SEGI_SCRATCH_SWAP, count, sizeof *swap);
    if (!order || !swap)
        return false;
    const uint64_t *entries = segi_sort_high(ties, order, count);
    for (size_t i = 0; i < count; i++)
        swap[i] = work->keys[begin + (uint32_t)entries[i]];
    memcpy(work->keys + begin, swap, count * sizeof *swap);
    return true;
}

/* The keys of one chunk: run after run, as they arrived. */
static bool merge_fill(void *context, const segi_piece *piece, segi_key *keys)
{
    merge_work *work = context;
    size_t parts = 0, rows = piece->end - piece->begin;
    work->keys = keys;
    work->key_count = 0;
    merge_filter_mask(work->filter, piece->chunk, &work->out);
    for (size_t r = 0; r < work->run_count; r++) {
        const segi_run *run = work->runs[r];
        size_t begin = work->key_count;
        uint64_t *ties = NULL;
        if (run->has_ties) {
            ties = segi_scratch_get(&work->store->scratch, SEGI_SCRATCH_ORDER, rows, sizeof *ties);
            if (!ties)
                return false;
        }
        for (uint32_t i = 0; i < run->part_count; i++, parts++) {
            const segi_part_chunk *pc = segi_part_find(run->parts[i], piece->chunk);
            if (pc && !merge_add_part(work, run->parts[i], pc, work->bases[parts], begin, ties))
                return false;
        }
        if (ties && !merge_order_ties(work, ties, begin))
            return false;
    }
    SEGI_ASSERT(work->key_count == piece->end - piece->begin);
    return true;
}

/* The lowest chunk that has not been taken yet; UINT32_MAX when all were. */
static uint32_t merge_next_chunk(const merge_work *work)
{
    uint32_t chunk = UINT32_MAX;
    size_t at = 0;
    for (size_t r = 0; r < work->run_count; r++)
        for (uint32_t i = 0; i < work->runs[r]->part_count; i++, at++) {
            const segi_part *part = work->runs[r]->parts[i];
            if (work->cursors[at] < part->chunk_count &&
                part->chunks[work->cursors[at]].chunk < chunk)
                chunk = part->chunks[work->cursors[at]].chunk;
        }
    return chunk;
}

static bool merge_add_piece(merge_work *work, uint32_t chunk)
{
    size_t begin = work->row_count, at = 0;
    if (!segi_grow(&work->store->mem, (void **)&work->pieces, &work->piece_capacity,
                   work->piece_count + 1, sizeof *work->pieces))
        return false;
    for (size_t r = 0; r < work->run_count; r++)
        for (uint32_t i = 0; i < work->runs[r]->part_count; i++, at++) {
            const segi_part *part = work->runs[r]->parts[i];
            uint32_t *cursor = &work->cursors[at];
            if (*cursor >= part->chunk_count || part->chunks[*cursor].chunk != chunk)
                continue;
            const segi_part_chunk *pc = &part->chunks[(*cursor)++];
            uint32_t rows = pc->row_count - merge_count_out(part, pc, work->filter);
            work->type_rows[part->event] += rows;
            work->row_count += rows;
        }
    if (work->row_count > begin)
        work->pieces[work->piece_count++] = (segi_piece){chunk, begin, work->row_count};
    return true;
}

/* Which chunks there are, and how many rows of each type. */
static bool merge_survey(merge_work *work)
{
    segi_store *store = work->store;
    const segi_mem *mem = &store->mem;
    size_t parts = 0, at = 0;
    for (size_t r = 0; r < work->run_count; r++)
        parts += work->runs[r]->part_count;
    work->cursors = segi_alloc_zero(mem, parts * sizeof *work->cursors);
    work->bases = segi_alloc_zero(mem, parts * sizeof *work->bases);
    work->source_rows = segi_alloc_zero(mem, store->schema->event_count * sizeof(uint32_t));
    work->type_rows = segi_alloc_zero(mem, store->schema->event_count * sizeof(uint32_t));
    if (!work->cursors || !work->bases || !work->source_rows || !work->type_rows)
        return false;
    for (size_t r = 0; r < work->run_count; r++)
        for (uint32_t i = 0; i < work->runs[r]->part_count; i++) {
            const segi_part *part = work->runs[r]->parts[i];
            work->bases[at++] = work->source_rows[part->event];
            work->source_rows[part->event] += part->row_count;
        }
    for (uint32_t chunk; (chunk = merge_next_chunk(work)) != UINT32_MAX;)
        if (!merge_add_piece(work, chunk))
            return false;
    return true;
}

/* ---- their properties ------------------------------------------------------------------------ */

static const segi_part *merge_part_of(const segi_run *run, uint32_t event)
{
    for (uint32_t i = 0; i < run->part_count; i++)
        if (run->parts[i]->event == event)
            return run->parts[i];
    return NULL;
}

/* One property of all source rows of a type, wide, then picked by key. */
static int merge_fetch(void *context, uint32_t event, uint32_t property, const segi_key *keys,
                       size_t count, int64_t *slots, uint8_t *states)
{
    merge_work *work = context;
    segi_scratch *scratch = &work->store->scratch;
    size_t rows = work->source_rows[event], at = 0;
    bool any = false;
    int64_t *from = segi_scratch_get(scratch, SEGI_SCRATCH_SOURCE_SLOTS, rows, sizeof *from);
    uint8_t *from_states = segi_scratch_get(scratch, SEGI_SCRATCH_SOURCE_STATES, rows, 1);
    if (!from || !from_states)
        return SEGI_FETCH_NOMEM;
    for (size_t r = 0; r < work->run_count; r++) {
        const segi_part *part = merge_part_of(work->runs[r], event);
        if (!part)
            continue;
        bool known = property < part->column_count && part->columns[property].type != 0;
        if (known) {
            segi_col_decode(&part->columns[property], 0, part->row_count, from + at,
                            from_states + at);
        } else {
            memset(from + at, 0, part->row_count * sizeof *from);
            memset(from_states + at, SEG_VALUE_ABSENT, part->row_count);
        }
        any |= known;
        at += part->row_count;
    }
    if (!any)
        return SEGI_FETCH_NOTHING;
    for (size_t i = 0; i < count; i++) {
        slots[i] = from[keys[i].row];
        states[i] = from_states[keys[i].row];
    }
    return SEGI_FETCH_SOME;
}

/* ---- which runs ------------------------------------------------------------------------------ */

/* The bucket a run belongs to now: never narrower than it is. */
static segi_bucket merge_target(const segi_run *run, int64_t watermark)
{
    segi_bucket bucket = segi_bucket_of(run->bucket.cell, watermark);
    return bucket.cells > run->bucket.cells ? bucket : run->bucket;
}

/* Runs by target, then generation. */
static void merge_sort_runs(segi_store *store, int64_t watermark)
{
    for (size_t i = 1; i < store->run_count; i++) {
        segi_run *run = store->runs[i];
        segi_bucket target = merge_target(run, watermark);
        size_t at = i;
        for (; at > 0; at--) {
            const segi_run *other = store->runs[at - 1];
            segi_bucket there = merge_target(other, watermark);
            bool before = target.cell != there.cell     ? target.cell < there.cell
                          : target.cells != there.cells ? target.cells < there.cells
                                                        : run->generation < other->generation;
            if (!before)
                break;
            store->runs[at] = store->runs[at - 1];
        }
        store->runs[at] = run;
    }
}

/* Whether a run outside [begin, end) lies between them in generation and overlaps the bucket. */
static bool merge_is_blocked(const segi_store *store, size_t begin, size_t end, segi_bucket bucket)
{
    uint64_t low = store->runs[begin]->generation, high = store->runs[end - 1]->generation;
    for (size_t i = 0; i < store->run_count; i++) {
        const segi_run *run = store->runs[i];
        if ((i < begin || i >= end) && run->generation > low && run->generation < high &&
            segi_bucket_overlap(run->bucket, bucket))
            return true;
    }
    return false;
}

/* The runs to merge among those of one target, [begin, end): *out_begin up to end. Newer ones
 * first; an older one joins while it is at most twice as large as all that joined before. */
static bool merge_choose(const segi_store *store, size_t begin, size_t end, segi_bucket target,
                         uint64_t rows_max, uint32_t fanout, size_t *out_begin)
{
    bool aged = false;
    uint64_t rows = 0, total = 0;
    for (size_t i = begin; i < end; i++) {
        aged |= store->runs[i]->bucket.cells < target.cells;
        total += store->runs[i]->row_count;
    }
    if (rows_max > store->merge_rows_max)
        rows_max = store->merge_rows_max;
    if (aged && end - begin >= 2 && total <= rows_max &&
        !merge_is_blocked(store, begin, end, target)) {
        *out_begin = begin;
        return true;
    }
    size_t first = end;
    for (; first > begin; first--) {
        uint64_t more = store->runs[first - 1]->row_count;
        if (rows + more > rows_max || (rows > 0 && more > 2 * rows))
            break;
        rows += more;
    }
    *out_begin = first;
    return end - first >= fanout && !merge_is_blocked(store, first, end, target);
}

/* ---- merging --------------------------------------------------------------------------------- */

/* Bring all columns of the runs into memory. */
static seg_status merge_hold(const merge_work *work, segi_pins *pins, seg_error *err)
{
    for (size_t r = 0; r < work->run_count; r++)
        if (!segi_run_want(work->runs[r], pins))
            return segi_fail_nomem(err);
    return segi_pins_hold(pins, NULL, 1, err);
}

/* The rows of the runs that stay, as one run: NULL if there are none. */
static seg_status merge_seal(merge_work *work, segi_bucket target, segi_run **out, seg_error *err)
{
    segi_store *store = work->store;
    segi_pins pins;
    segi_pins_init(&pins, &store->mem);
    *out = NULL;
    seg_status status = merge_hold(work, &pins, err);
    bool good = status == SEG_OK && merge_survey(work);
    segi_seal seal = {.mem = &store->mem,
                      .scratch = &store->scratch,
                      .schema = store->schema,
                      .pieces = work->pieces,
                      .key_count = work->row_count,
                      .piece_count = work->piece_count,
                      .generation = work->runs[work->run_count - 1]->generation,
                      .fill = merge_fill,
                      .fill_context = work,
                      .type_rows = work->type_rows,
                      .bucket = target,
                      .cache = store->cache,
                      .fetch = merge_fetch,
                      .fetch_context = work};
    good = good && segi_seal_run(&seal);
    segi_pins_release(&pins);
    segi_free(&store->mem, work->cursors);
    segi_free(&store->mem, work->bases);
    segi_free(&store->mem, work->source_rows);
    segi_free(&store->mem, work->type_rows);
    segi_free(&store->mem, work->pieces);
    SEGI_ASSERT(!good || seal.run_count <= 1);
    if (good && seal.run_count > 0)
        *out = seal.runs[0];
    segi_free(&store->mem, seal.runs);
    if (status != SEG_OK)
        return status;
    return good ? SEG_OK : segi_fail_nomem(err);
}

seg_status segi_run_rewrite(segi_store *store, segi_run *run, const segi_row_filter *filter,
                            segi_run **out, seg_error *err)
{
    merge_work work = {.store = store, .runs = &run, .run_count = 1, .filter = filter};
    return merge_seal(&work, run->bucket, out, err);
}

/* Replace runs [begin, end) by one. False on failure; nothing has changed. */
static bool merge_runs(segi_store *store, size_t begin, size_t end, segi_bucket target)
{
    merge_work work = {.store = store, .runs = store->runs + begin, .run_count = end - begin};
    segi_run *merged;
    /* A block that is damaged ends the merging and nothing else: who asks for its rows is told. */
    if (merge_seal(&work, target, &merged, NULL) != SEG_OK)
        return false;
    for (size_t i = begin; i < end; i++)
        segi_store_retire(store, store->runs[i]);
    store->runs[begin] = merged;
    memmove(store->runs + begin + 1, store->runs + end,
            (store->run_count - end) * sizeof *store->runs);
    store->run_count -= end - begin - 1;
    return true;
}

void segi_store_maintain(segi_store *store, uint64_t budget_rows, uint32_t fanout)
{
    int64_t watermark = segi_clock_watermark(&store->clock);
    merge_sort_runs(store, watermark);
    for (size_t begin = 0, end; begin < store->run_count; begin = end) {
        segi_bucket target = merge_target(store->runs[begin], watermark);
        size_t first;
        for (end = begin + 1; end < store->run_count; end++) {
            segi_bucket next = merge_target(store->runs[end], watermark);
            if (next.cell != target.cell || next.cells != target.cells)
                break;
        }
        if (!merge_choose(store, begin, end, target, budget_rows, fanout, &first))
            continue;
        uint64_t rows = 0;
        for (size_t i = first; i < end; i++)
            rows += store->runs[i]->row_count;
        if (!merge_runs(store, first, end, target))
            return;
        budget_rows -= rows;
        /* The merged run may now join others of the same bucket. */
        end = begin;
    }
}
