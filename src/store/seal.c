/* Sealing: see seal.h.
 *
 * Chunk by chunk the keys are sorted by (user, time, arrival) with all event types together,
 * which is when ties between types are seen. Then each key goes to its part, that is, its bucket
 * and event type; the parts' extents are known from a count beforehand. Because chunks come in
 * order, each part's keys end up sorted, and its columns are made one after the other from that
 * order. */
#include "store/seal.h"

#include <string.h>

#include "base/error.h"
#include "store/sort.h"

/* Where a part-to-be lies among the sorted keys. */
typedef struct seal_slot {
    uint32_t bucket, event;
    size_t begin, cursor;
    size_t piece; /* its newest entry, SIZE_MAX if none */
    size_t piece_count;
} seal_slot;

/* One chunk of one slot. */
typedef struct seal_entry {
    uint32_t slot, chunk;
    size_t begin;
} seal_entry;

typedef struct seal_work {
    segi_seal *seal;
    uint32_t cell_min, cell_count;
    uint32_t bucket_count, event_count, slot_count;
    uint16_t *bucket_of_cell; /* by cell - cell_min; NULL: all rows are of the one bucket */
    segi_bucket *buckets;
    uint32_t *slot_of; /* by bucket * event_count + event */
    seal_slot *slots;
    seal_entry *entries;
    size_t entry_count;
    segi_key *sorted;
    uint32_t *ties; /* parallel to sorted; NULL while there are none */
    segi_piece *pieces;
} seal_work;

/* ---- buckets and slots ----------------------------------------------------------------------- */

static void seal_time_range(const segi_seal *seal, int64_t *out_min, int64_t *out_max)
{
    int64_t low = seal->keys[0].time, high = low;
    for (size_t i = 1; i < seal->key_count; i++) {
        int64_t time = seal->keys[i].time;
        low = time < low ? time : low;
        high = time > high ? time : high;
    }
    *out_min = low;
    *out_max = high;
}

/* Buckets of the cells in use; at most as many as there are cells, which fits 16 bits only
 * because wide buckets cover what is far away: about 120 narrow ones and 200 + 80 wide ones. */
static bool seal_find_buckets(seal_work *work)
{
    segi_seal *seal = work->seal;
    int64_t time_min, time_max;
    size_t capacity = 0;
    if (seal->fill) { /* which may be as wide as time */
        if (!segi_grow(seal->mem, (void **)&work->buckets, &capacity, 1, sizeof(segi_bucket)))
            return false;
        work->buckets[work->bucket_count++] = seal->bucket;
        return true;
    }
    seal_time_range(seal, &time_min, &time_max);
    work->cell_min = segi_cell_of(time_min);
    work->cell_count = segi_cell_of(time_max) - work->cell_min + 1;
    work->bucket_of_cell = segi_alloc_array(seal->mem, work->cell_count, sizeof(uint16_t));
    if (!work->bucket_of_cell)
        return false;
    for (uint32_t cell = 0; cell < work->cell_count;) {
        segi_bucket bucket = segi_bucket_of(work->cell_min + cell, seal->watermark);
        if (!segi_grow(seal->mem, (void **)&work->buckets, &capacity, work->bucket_count + 1,
                       sizeof bucket))
            return false;
        SEGI_ASSERT(work->bucket_count < UINT16_MAX);
        work->buckets[work->bucket_count] = bucket;
        for (; cell < work->cell_count && work->cell_min + cell < bucket.cell + bucket.cells;
             cell++)
            work->bucket_of_cell[cell] = (uint16_t)work->bucket_count;
        work->bucket_count++;
    }
    return true;
}

static inline uint32_t seal_place(const seal_work *work, const segi_key *key)
{
    if (!work->bucket_of_cell)
        return key->event;
    uint32_t cell = segi_cell_of(key->time) - work->cell_min;
    return work->bucket_of_cell[cell] * work->event_count + key->event;
}

/* Count the rows of each (bucket, event) and lay the slots out. */
static bool seal_find_slots(seal_work *work)
{
    segi_seal *seal = work->seal;
    work->event_count = seal->schema->event_count;
    size_t places = (size_t)work->bucket_count * work->event_count, begin = 0;
    work->slot_of = segi_scratch_get(seal->scratch, SEGI_SCRATCH_COUNTS, places, sizeof(uint32_t));
    if (!work->slot_of)
        return false;
    if (seal->fill)
        memcpy(work->slot_of, seal->type_rows, places * sizeof(uint32_t));
    else
        memset(work->slot_of, 0, places * sizeof(uint32_t));
    for (size_t i = 0; !seal->fill && i < seal->key_count; i++)
        work->slot_of[seal_place(work, &seal->keys[i])]++;
    for (size_t i = 0; i < places; i++)
        work->slot_count += work->slot_of[i] > 0;
    work->slots = segi_alloc_array(seal->mem, work->slot_count, sizeof *work->slots);
    if (!work->slots)
        return false;
    uint32_t slot = 0;
    for (size_t i = 0; i < places; i++) {
        uint32_t rows = work->slot_of[i];
        if (rows == 0)
            continue;
        work->slots[slot] = (seal_slot){.bucket = (uint32_t)(i / work->event_count),
                                        .event = (uint32_t)(i % work->event_count),
                                        .begin = begin,
                                        .cursor = begin,
                                        .piece = SIZE_MAX};
        work->slot_of[i] = slot++;
        begin += rows;
    }
    return true;
}

static bool seal_reserve(seal_work *work)
{
    segi_seal *seal = work->seal;
    size_t most = (size_t)work->slot_count * seal->piece_count;
    most = most < seal->key_count ? most : seal->key_count;
    work->sorted =
        segi_scratch_get(seal->scratch, SEGI_SCRATCH_SORTED, seal->key_count, sizeof *work->sorted);
    work->entries =
        segi_scratch_get(seal->scratch, SEGI_SCRATCH_ENTRIES, most, sizeof *work->entries);
    work->pieces = segi_alloc_array(seal->mem, most, sizeof *work->pieces);
    return work->sorted && work->entries && work->pieces;
}

/* ---- one chunk ------------------------------------------------------------------------------- */

/* End of the group of equal (user, time) that begins at `begin`; *out_mixed: of several types. */
static size_t seal_group(const segi_key *keys, size_t begin, size_t count, bool *out_mixed)
{
    size_t end = begin + 1;
    bool mixed = false;
    while (end < count && keys[end].time == keys[begin].time && keys[end].low == keys[begin].low)
        mixed |= keys[end++].event != keys[begin].event;
    *out_mixed = mixed;
    return end;
}

/* Rank the rows of groups of several types. *out is NULL where there are no such groups. */
static bool seal_find_ties(seal_work *work, const segi_key *keys, size_t count, uint32_t **out)
{
    segi_seal *seal = work->seal;
    *out = NULL;
    for (size_t i = 1; i < count; i++) {
        if (keys[i].time != keys[i - 1].time || keys[i].low != keys[i - 1].low)
            continue;
        bool mixed;
        size_t begin = i - 1;
        i = seal_group(keys, begin, count, &mixed);
        if (!mixed)
            continue;
        if (!*out) {
            *out = segi_scratch_get(seal->scratch, SEGI_SCRATCH_TIES, count, sizeof **out);
            if (!*out)
                return false;
            memset(*out, 0, count * sizeof **out);
        }
        for (size_t k = begin; k < i; k++)
            (*out)[k] = (uint32_t)(k - begin);
    }
    if (*out && !work->ties) {
        work->ties = segi_scratch_get(seal->scratch, SEGI_SCRATCH_RANKS, seal->key_count,
                                      sizeof *work->ties);
        if (!work->ties)
            return false;
        memset(work->ties, 0, seal->key_count * sizeof *work->ties);
    }
    return true;
}

static void seal_distribute(seal_work *work, const segi_piece *piece, const segi_key *keys,
                            const uint32_t *ties)
{
    size_t count = piece->end - piece->begin;
    size_t first_entry = work->entry_count;
    for (size_t i = 0; i < count; i++) {
        uint32_t index = work->slot_of[seal_place(work, &keys[i])];
        seal_slot *slot = &work->slots[index];
        /* SIZE_MAX + 1 is 0: no entry yet. */
        if (slot->piece + 1 <= first_entry) {
            slot->piece = work->entry_count;
            slot->piece_count++;
            work->entries[work->entry_count++] = (seal_entry){index, piece->chunk, slot->cursor};
        }
        if (ties)
            work->ties[slot->cursor] = ties[i];
        work->sorted[slot->cursor++] = keys[i];
    }
}

static bool seal_chunk(seal_work *work, const segi_piece *piece)
{
    segi_seal *seal = work->seal;
    size_t count = piece->end - piece->begin;
    uint32_t *ties;
    segi_key *keys = seal->fill
                         ? segi_scratch_get(seal->scratch, SEGI_SCRATCH_KEYS, count, sizeof *keys)
                         : seal->keys + piece->begin;
    if (!keys || (seal->fill && !seal->fill(seal->fill_context, piece, keys)))
        return false;
    segi_key *swap = segi_scratch_get(seal->scratch, SEGI_SCRATCH_SWAP, count, sizeof *swap);
    if (!swap)
        return false;
    segi_keys_sort(keys, swap, count);
    if (seal->users && !seal->users(seal->users_context, piece->chunk, keys, count))
        return false;
    if (!seal_find_ties(work, keys, count, &ties))
        return false;
    seal_distribute(work, piece, keys, ties);
    return true;
}

/* ---- parts and runs -------------------------------------------------------------------------- */

/* Entries of all slots, slot by slot, as pieces relative to the slot's begin. */
static void seal_order_pieces(seal_work *work)
{
    size_t at = 0;
    for (uint32_t i = 0; i < work->slot_count; i++) {
        seal_slot *slot = &work->slots[i];
        slot->piece = at;
        at += slot->piece_count;
        slot->piece_count = 0;
    }
    for (size_t i = 0; i < work->entry_count; i++) {
        const seal_entry *entry = &work->entries[i];
        seal_slot *slot = &work->slots[entry->slot];
        segi_piece *piece = &work->pieces[slot->piece + slot->piece_count++];
        *piece = (segi_piece){entry->chunk, entry->begin - slot->begin, slot->cursor - slot->begin};
        if (slot->piece_count > 1)
            piece[-1].end = piece->begin;
    }
}

static bool seal_has_ties(const uint32_t *ties, size_t count)
{
    uint32_t any = 0;
    for (size_t i = 0; i < count; i++)
        any |= ties[i];
    return any != 0;
}

static segi_part *seal_part(seal_work *work, const seal_slot *slot)
{
    segi_seal *seal = work->seal;
    size_t count = slot->cursor - slot->begin;
    const uint32_t *ties = work->ties ? work->ties + slot->begin : NULL;
    segi_part_source source = {
        .event = seal->schema->events[slot->event],
        .generation = seal->generation,
        .keys = work->sorted + slot->begin,
        .ties = ties && seal_has_ties(ties, count) ? ties : NULL,
        .pieces = work->pieces + slot->piece,
        .key_count = count,
        .piece_count = slot->piece_count,
        .fetch = seal->fetch,
        .context = seal->fetch_context,
    };
    return segi_part_create(seal->mem, seal->scratch, &source);
}

/* The run of the slots [begin, end), which are of one bucket. */
static segi_run *seal_bucket(seal_work *work, uint32_t begin, uint32_t end, segi_part **parts)
{
    segi_seal *seal = work->seal;
    uint32_t count = 0;
    segi_run *run = NULL;
    for (uint32_t i = begin; i < end; i++) {
        parts[count] = seal_part(work, &work->slots[i]);
        if (!parts[count])
            break;
        count++;
    }
    if (count == end - begin)
        run = segi_run_create(seal->mem, seal->cache != NULL,
                              work->buckets[work->slots[begin].bucket], seal->generation, parts,
                              count);
    if (run && seal->cache)
        segi_cache_adopt(seal->cache, run, true);
    for (uint32_t i = 0; !run && i < count; i++)
        segi_part_destroy(seal->mem, parts[i]);
    return run;
}

static bool seal_make_runs(seal_work *work)
{
    segi_seal *seal = work->seal;
    segi_part **parts = segi_alloc_array(seal->mem, work->slot_count, sizeof *parts);
    bool good = parts != NULL;
    seal->runs = segi_alloc_array(seal->mem, work->bucket_count, sizeof *seal->runs);
    good = good && seal->runs;
    for (uint32_t begin = 0, end; good && begin < work->slot_count; begin = end) {
        for (end = begin;
             end < work->slot_count && work->slots[end].bucket == work->slots[begin].bucket;)
            end++;
        segi_run *run = seal_bucket(work, begin, end, parts);
        good = run != NULL;
        if (good)
            seal->runs[seal->run_count++] = run;
    }
    segi_free(seal->mem, parts);
    return good;
}

static bool seal_steps(seal_work *work)
{
    segi_seal *seal = work->seal;
    if (!seal_find_buckets(work) || !seal_find_slots(work) || !seal_reserve(work))
        return false;
    for (size_t i = 0; i < seal->piece_count; i++)
        if (!seal_chunk(work, &seal->pieces[i]))
            return false;
    seal_order_pieces(work);
    return seal_make_runs(work);
}

bool segi_seal_run(segi_seal *seal)
{
    seal_work work = {.seal = seal};
    seal->runs = NULL;
    seal->run_count = 0;
    if (seal->key_count == 0)
        return true;
    SEGI_ASSERT(seal->key_count < UINT32_MAX);
    bool good = seal_steps(&work);
    segi_free(seal->mem, work.bucket_of_cell);
    segi_free(seal->mem, work.buckets);
    segi_free(seal->mem, work.slots);
    segi_free(seal->mem, work.pieces);
    if (!good) {
        for (size_t i = 0; i < seal->run_count; i++)
            segi_run_release(seal->runs[i]);
        segi_free(seal->mem, seal->runs);
        seal->runs = NULL;
        seal->run_count = 0;
    }
    return good;
}
