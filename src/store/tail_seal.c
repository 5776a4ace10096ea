/* The tail becomes runs: rows are brought together by chunk, then sealed.
 *
 * Sealing is also when users learn since when they exist: the first event of each user in a
 * chunk is compared with what is known. New chunks of "exists from" are collected beside the runs
 * and everything is put in place at the end, so that a failure leaves the store as it was. */
#include <string.h>

#include "base/error.h"
#include "store/seal.h"
#include "store/store_int.h"

typedef struct tail_seal {
    segi_store *store;
    segi_attr_state *exists; /* new, not yet shared */
    segi_run **runs;         /* new */
    size_t run_count, run_capacity;
    size_t *type_rows; /* by event type: rows of the tail before the slice */
} tail_seal;

/* Rows of the tail come from its wide columns. */
static int tail_fetch(void *context, uint32_t event, uint32_t property, const segi_key *keys,
                      size_t count, int64_t *slots, uint8_t *states)
{
    const segi_tail *tail = context;
    const segi_tail_type *type = &tail->types[event];
    const segi_tail_col *col = property < type->col_count ? &type->cols[property] : NULL;
    if (!col || col->filled == 0)
        return SEGI_FETCH_NOTHING;
    if (col->filled == type->count) {
        for (size_t i = 0; i < count; i++) {
            slots[i] = col->slots[keys[i].row];
            states[i] = col->states[keys[i].row];
        }
        return SEGI_FETCH_SOME;
    }
    for (size_t i = 0; i < count; i++) {
        bool known = keys[i].row < col->filled;
        slots[i] = known ? col->slots[keys[i].row] : 0;
        states[i] = known ? col->states[keys[i].row] : SEG_VALUE_ABSENT;
    }
    return SEGI_FETCH_SOME;
}

/* Keys are sorted by user and time, so the first key of a user is its earliest event; it counts
 * where the user is new or exists only since later. A chunk whose users all exist since before an
 * event needs no look at that user. */
static void tail_find_earlier(const segi_attr_chunk *old, uint32_t users, const segi_key *keys,
                              size_t count, segi_attr_changes *changes)
{
    bool full = old && segi_attr_chunk_full(old, users);
    int64_t max = full ? segi_attr_chunk_max(old) : INT64_MAX, known;
    changes->count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && keys[i].low == keys[i - 1].low)
            continue;
        if (full && keys[i].time >= max)
            continue;
        if (old && segi_attr_chunk_get(old, keys[i].low, &known) == SEG_VALUE_SET &&
            known <= keys[i].time)
            continue;
        changes->rows[changes->count] = keys[i].low;
        changes->states[changes->count] = SEG_VALUE_SET;
        changes->slots[changes->count++] = keys[i].time;
    }
}

/* Called by the seal once per chunk, with its sorted keys. */
static bool tail_users(void *context, uint32_t chunk, const segi_key *keys, size_t count)
{
    tail_seal *work = context;
    segi_store *store = work->store;
    segi_scratch *scratch = &store->scratch;
    const segi_attr_chunk *old = work->exists->chunks[chunk];
    uint32_t users = store->user_count - (chunk << SEGI_CHUNK_BITS);
    segi_attr_changes changes;
    changes.rows =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_ROWS, SEGI_CHUNK_USERS, sizeof(uint16_t));
    changes.states = segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_STATES, SEGI_CHUNK_USERS, 1);
    changes.slots =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_SLOTS, SEGI_CHUNK_USERS, sizeof(int64_t));
    if (!changes.rows || !changes.states || !changes.slots)
        return false;
    tail_find_earlier(old, users < SEGI_CHUNK_USERS ? users : SEGI_CHUNK_USERS, keys, count,
                      &changes);
    if (changes.count == 0)
        return true;
    segi_attr_chunk *next =
        segi_attr_chunk_change(&store->mem, scratch, SEG_TYPE_TIMESTAMP, 0, old, &changes);
    if (next)
        segi_attr_state_replace(work->exists, chunk, next);
    return next != NULL;
}

/* Rows [begin, end) of the tail by chunk, in order of arrival within each.
 * A counting sort by chunk: once to count, once to place. Keys know the row of their event type,
 * by which the tail's columns are found. */
static bool tail_collect(tail_seal *work, size_t begin, size_t end, segi_seal *seal)
{
    segi_store *store = work->store;
    const segi_tail *tail = &store->tail;
    size_t chunks = (store->user_count - 1) / SEGI_CHUNK_USERS + (size_t)1;
    segi_key *keys =
        segi_scratch_get(&store->scratch, SEGI_SCRATCH_KEYS, end - begin, sizeof *keys);
    segi_piece *pieces =
        segi_scratch_get(&store->scratch, SEGI_SCRATCH_PIECES, chunks, sizeof *pieces);
    if (!keys || !pieces)
        return false;
    memset(pieces, 0, chunks * sizeof *pieces);
    for (size_t i = begin; i < end; i++)
        pieces[tail->ordinals[i] >> SEGI_CHUNK_BITS].end++;
    size_t at = 0;
    for (size_t i = 0; i < chunks; i++) {
        size_t rows = pieces[i].end;
        pieces[i] = (segi_piece){(uint32_t)i, at, at};
        at += rows;
    }
    for (size_t i = begin; i < end; i++) {
        segi_piece *piece = &pieces[tail->ordinals[i] >> SEGI_CHUNK_BITS];
        uint16_t event = tail->events[i];
        keys[piece->end++] = (segi_key){tail->times[i], (uint32_t)work->type_rows[event]++,
                                        (uint16_t)tail->ordinals[i], event};
    }
    size_t used = 0;
    for (size_t i = 0; i < chunks; i++)
        if (pieces[i].end > pieces[i].begin)
            pieces[used++] = pieces[i];
    seal->keys = keys;
    seal->pieces = pieces;
    seal->key_count = end - begin;
    seal->piece_count = used;
    return true;
}

/* Seals at most seal_rows_max rows, so that working memory has a bound whatever the tail holds. */
static bool tail_seal_slice(tail_seal *work, size_t begin, size_t end, int64_t watermark,
                            uint64_t generation)
{
    segi_store *store = work->store;
    segi_seal seal = {.mem = &store->mem,
                      .scratch = &store->scratch,
                      .schema = store->schema,
                      .generation = generation,
                      .watermark = watermark,
                      .cache = store->cache,
                      .fetch = tail_fetch,
                      .fetch_context = &store->tail,
                      .users = tail_users,
                      .users_context = work};
    if (!tail_collect(work, begin, end, &seal) || !segi_seal_run(&seal))
        return false;
    bool good = segi_grow(&store->mem, (void **)&work->runs, &work->run_capacity,
                          work->run_count + seal.run_count, sizeof *work->runs);
    for (size_t i = 0; i < seal.run_count; i++) {
        if (good)
            work->runs[work->run_count++] = seal.runs[i];
        else
            segi_run_release(seal.runs[i]);
    }
    segi_free(&store->mem, seal.runs);
    return good;
}

/* Nothing of the store changes but for room in the list of runs. */
static bool tail_seal_all(tail_seal *work)
{
    segi_store *store = work->store;
    const segi_mem *mem = &store->mem;
    uint32_t chunks = (store->user_count - 1) / SEGI_CHUNK_USERS + 1;
    int64_t watermark = segi_clock_watermark(&store->clock);
    uint64_t generation = store->generation;
    work->exists = segi_attr_state_copy(mem, store->exists.state, chunks);
    work->type_rows = segi_alloc_zero(mem, store->tail.type_count * sizeof *work->type_rows);
    if (!work->exists || !work->type_rows)
        return false;
    for (size_t begin = 0, end; begin < store->tail.count; begin = end) {
        end = begin + store->seal_rows_max;
        end = end < store->tail.count ? end : store->tail.count;
        if (!tail_seal_slice(work, begin, end, watermark, ++generation))
            return false;
    }
    if (!segi_grow(mem, (void **)&store->runs, &store->run_capacity,
                   store->run_count + work->run_count, sizeof *store->runs))
        return false;
    store->generation = generation;
    return true;
}

/* Under the store's mutex. */
bool segi_store_seal(segi_store *store)
{
    tail_seal work = {.store = store};
    if (store->tail.count == 0)
        return true;
    bool good = tail_seal_all(&work);
    if (good) {
        memcpy(store->runs + store->run_count, work.runs, work.run_count * sizeof *work.runs);
        store->run_count += work.run_count;
        segi_attr_state_release(store->exists.state);
        store->exists.state = work.exists;
        segi_tail_clear(&store->tail, SEGI_TAIL_BYTES_MAX);
    } else {
        for (size_t i = 0; i < work.run_count; i++)
            segi_run_release(work.runs[i]);
        segi_attr_state_release(work.exists);
    }
    segi_free(&store->mem, work.runs);
    segi_free(&store->mem, work.type_rows);
    return good;
}
