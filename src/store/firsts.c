/* First events that retention has taken away: a run of its own, with one row of user and time, and
 * no property, for each user and event type that has lost rows.
 *
 * `first purchase in last 30 days` asks for the first purchase ever (S-18). Its time outlives the
 * row, so that whoever bought long ago does not turn into a new customer. Only what says "first"
 * sees these rows. Among events of one instant they come last: what still has its properties is
 * preferred. */
#include "store/removal.h"

#include <string.h>

#include "base/error.h"
#include "store/seal.h"

typedef struct firsts_work {
    segi_store *store;
    const segi_row_filter *filter;
    int64_t *times; /* earliest of each user of a chunk, for one event type */
    segi_mask *users;
    uint32_t *type_rows; /* by event type */
    segi_piece *pieces;
    size_t piece_count, piece_capacity, row_count;
} firsts_work;

/* The first row of each user of a part's chunk, where it is not after `until`. */
static bool firsts_add_part(firsts_work *work, const segi_part *part, uint32_t chunk, int64_t until)
{
    const segi_part_chunk *pc = segi_part_find(part, chunk);
    if (!pc || part->time_min > until)
        return true;
    uint16_t *lows =
        segi_scratch_get(&work->store->scratch, SEGI_SCRATCH_LOWS, SEGI_CHUNK_USERS, sizeof *lows);
    if (!lows)
        return false;
    segi_part_users(pc, lows);
    uint64_t row = pc->row_begin;
    for (uint32_t i = 0; i < pc->user_count; i++) {
        int64_t time = segi_col_slot(&part->time, (size_t)row);
        row += (uint64_t)segi_col_slot(&part->counts, pc->user_begin + i);
        if (time > until ||
            (segi_bit_get(work->users->words, lows[i]) && work->times[lows[i]] <= time))
            continue;
        segi_bit_set(work->users->words, lows[i]);
        work->times[lows[i]] = time;
    }
    return true;
}

/* Who of the chunk has a first event of this type that is gone or goes, and when. */
static bool firsts_collect(firsts_work *work, uint32_t chunk, uint32_t event)
{
    const segi_store *store = work->store;
    segi_mask_zero(work->users);
    for (size_t r = 0; r <= store->run_count; r++) {
        const segi_run *run = r < store->run_count ? store->runs[r] : store->firsts;
        int64_t until = r < store->run_count ? work->filter->until[event] : SEG_TIME_MAX;
        for (uint32_t i = 0; run && i < run->part_count; i++)
            if (run->parts[i]->event == event &&
                !firsts_add_part(work, run->parts[i], chunk, until))
                return false;
    }
    return true;
}

/* Counts rows by chunk and event type, so that the seal knows what it will get. firsts_fill()
 * then collects again, chunk by chunk: twice the time in return for the memory of one chunk. */
static bool firsts_survey(firsts_work *work)
{
    segi_store *store = work->store;
    uint32_t chunks = store->user_count / SEGI_CHUNK_USERS + 1;
    for (uint32_t chunk = 0; chunk < chunks; chunk++) {
        size_t begin = work->row_count;
        for (uint32_t event = 0; event < store->schema->event_count; event++) {
            if (!firsts_collect(work, chunk, event))
                return false;
            uint32_t users = segi_mask_count(work->users);
            work->type_rows[event] += users;
            work->row_count += users;
        }
        if (work->row_count == begin)
            continue;
        if (!segi_grow(&store->mem, (void **)&work->pieces, &work->piece_capacity,
                       work->piece_count + 1, sizeof *work->pieces))
            return false;
        work->pieces[work->piece_count++] = (segi_piece){chunk, begin, work->row_count};
    }
    return true;
}

/* The keys of one piece, by event type and then by user. */
static bool firsts_fill(void *context, const segi_piece *piece, segi_key *keys)
{
    firsts_work *work = context;
    uint32_t event_count = work->store->schema->event_count;
    for (uint32_t event = 0; event < event_count; event++) {
        if (!firsts_collect(work, piece->chunk, event))
            return false;
        for (uint32_t low = 0; low < SEGI_CHUNK_USERS; low++)
            if (segi_bit_get(work->users->words, low))
                *keys++ = (segi_key){work->times[low], 0, (uint16_t)low, (uint16_t)event};
    }
    return true;
}

/* No property is kept. */
static int firsts_fetch(void *context, uint32_t event, uint32_t property, const segi_key *keys,
                        size_t count, int64_t *slots, uint8_t *states)
{
    (void)context, (void)event, (void)property, (void)keys, (void)count, (void)slots, (void)states;
    return SEGI_FETCH_NOTHING;
}

/* One bucket over all time and the latest of all generations, so that they sort behind every
 * other row of their instant. */
static bool firsts_seal(firsts_work *work, segi_run **out)
{
    segi_store *store = work->store;
    segi_seal seal = {.mem = &store->mem,
                      .scratch = &store->scratch,
                      .schema = store->schema,
                      .pieces = work->pieces,
                      .key_count = work->row_count,
                      .piece_count = work->piece_count,
                      .generation = UINT64_MAX,
                      .fill = firsts_fill,
                      .fill_context = work,
                      .type_rows = work->type_rows,
                      .bucket = segi_bucket_all(),
                      .cache = store->cache,
                      .fetch = firsts_fetch};
    if (!segi_seal_run(&seal))
        return false;
    *out = seal.run_count > 0 ? seal.runs[0] : NULL;
    segi_free(&store->mem, seal.runs);
    return true;
}

/* Users and times of the parts that are looked at. */
static seg_status firsts_hold(const firsts_work *work, segi_pins *pins, seg_error *err)
{
    const segi_store *store = work->store;
    for (size_t r = 0; r <= store->run_count; r++) {
        const segi_run *run = r < store->run_count ? store->runs[r] : store->firsts;
        for (uint32_t i = 0; run && i < run->part_count; i++) {
            const segi_part *part = run->parts[i];
            if (run != store->firsts && part->time_min > work->filter->until[part->event])
                continue;
            if (!segi_pins_want(pins, part, SEGI_COLUMN_USERS) ||
                !segi_pins_want(pins, part, SEGI_COLUMN_TIME))
                return segi_fail_nomem(err);
        }
    }
    return segi_pins_hold(pins, NULL, 1, err);
}

seg_status segi_firsts_create(segi_store *store, const segi_row_filter *filter, segi_run **out,
                              seg_error *err)
{
    const segi_mem *mem = &store->mem;
    firsts_work work = {.store = store, .filter = filter};
    *out = NULL;
    segi_pins pins;
    segi_pins_init(&pins, mem);
    work.times = segi_alloc_array(mem, SEGI_CHUNK_USERS, sizeof *work.times);
    work.users = segi_alloc(mem, sizeof *work.users);
    work.type_rows = segi_alloc_zero(mem, store->schema->event_count * sizeof *work.type_rows);
    seg_status status = firsts_hold(&work, &pins, err);
    bool good = status == SEG_OK && work.times && work.users && work.type_rows &&
                firsts_survey(&work) && firsts_seal(&work, out);
    segi_pins_release(&pins);
    segi_free(mem, work.times);
    segi_free(mem, work.users);
    segi_free(mem, work.type_rows);
    segi_free(mem, work.pieces);
    if (status != SEG_OK)
        return status;
    return good ? SEG_OK : segi_fail_nomem(err);
}
