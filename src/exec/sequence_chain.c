/* Chains: what S-19 and S-20 ask of one user's rows, by dynamic programming.
 *
 * A chain is one row per place, a place being a step or one of its repeats. From one place to the
 * next
 *   - the row comes later: in the total order of S-08, strictly in time, or at most a tolerance
 *     earlier; repeats of a step keep the total order; the same row again only where one may serve
 *     many steps;
 *   - its distance in time is at least and at most what the step says;
 *   - no row that blocks lies between the two, in the total order: one of `without`, a repeat where
 *     repeats break, a row of a later step or of no step where those must not intervene. Around a
 *     step with an upper bound on repeats its own rows block, so that the chain has all of them;
 *   - held values agree;
 * and no row is later than the first one by more than the total length.
 *
 * For each place there is a list of chains, at most one per (last row, held values): the one that
 * begins latest. That is enough. What can still follow depends on the last row and the held values
 * alone, and on the beginning only by the total length, for which later is better; the quickest
 * chain and the greatest number of chains that do not overlap also want the latest beginning.
 *
 * From list to list: rows of the next place come in order, and each wants the latest beginning
 * among the chains that end in a stretch of rows before it. Both ends of that stretch only move
 * forward, since order, distances and blocking rows do; so per tuple of held values ("lane") one
 * queue, from which what fell behind and what begins no later than a newer one is dropped, has the
 * answer at its front. Each chain enters and leaves the queue once.
 *
 * Cost: O(places x rows), where the rows of each place settle the held values; where a place says
 * nothing about a value that is being held, its rows look at every lane. Nothing is tried twice and
 * nothing is cut off. */
#include <string.h>

#include "base/hash.h"
#include "exec/sequence_int.h"

/* ---- lanes ---- */

/* Entries of an empty table; one customer with many values leaves room, but no work, for others. */
#define LANES_FEW 16

static void lanes_reset(segi_lanes *lanes, uint32_t held)
{
    lanes->held = held;
    lanes->count = 0;
    if (lanes->table_size > LANES_FEW)
        lanes->table_size = LANES_FEW;
    if (lanes->table_size)
        memset(lanes->table, 0, lanes->table_size * sizeof *lanes->table);
}

static uint32_t lanes_hash(uint32_t held, const int64_t *slots, const uint8_t *states)
{
    uint64_t hash = 0x9E3779B97F4A7C15u;
    for (uint32_t h = 0; held >> h; h++) {
        if (held >> h & 1u) {
            hash = (hash ^ (uint64_t)(states[h] == SEG_VALUE_SET ? slots[h] : -1)) *
                   0xD6E8FEB86659FD93u;
            hash ^= hash >> 32;
        }
    }
    return (uint32_t)hash;
}

/* Two values that are not set are alike as tuples, though no comparison holds for them. */
static bool lanes_equal(const segi_lanes *lanes, uint32_t lane, const int64_t *slots,
                        const uint8_t *states)
{
    const int64_t *own = lanes->slots + (size_t)lane * SEGI_HELD_MAX;
    const uint8_t *own_states = lanes->states + (size_t)lane * SEGI_HELD_MAX;
    for (uint32_t h = 0; lanes->held >> h; h++) {
        if (!(lanes->held >> h & 1u))
            continue;
        bool set = states[h] == SEG_VALUE_SET;
        if (set != (own_states[h] == SEG_VALUE_SET) || (set && slots[h] != own[h]))
            return false;
    }
    return true;
}

/* The lane of a tuple; UINT32_MAX where there is none. */
static uint32_t lanes_find(const segi_lanes *lanes, const int64_t *slots, const uint8_t *states)
{
    if (lanes->count == 0)
        return UINT32_MAX;
    if (lanes->held == 0)
        return 0;
    uint32_t at = lanes_hash(lanes->held, slots, states) & (uint32_t)(lanes->table_size - 1);
    for (; lanes->table[at]; at = (at + 1) & (uint32_t)(lanes->table_size - 1)) {
        if (lanes_equal(lanes, lanes->table[at] - 1, slots, states))
            return lanes->table[at] - 1;
    }
    return UINT32_MAX;
}

static bool lanes_rehash(segi_worker *w, segi_lanes *lanes)
{
    size_t size = lanes->table_size ? lanes->table_size * 2 : LANES_FEW;
    if (!segi_sequence_grow(w, (void **)&lanes->table, &lanes->table_capacity, size,
                            sizeof *lanes->table))
        return false;
    lanes->table_size = size;
    memset(lanes->table, 0, size * sizeof *lanes->table);
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        size_t at = lanes->hashes[lane] & (size - 1);
        while (lanes->table[at])
            at = (at + 1) & (size - 1);
        lanes->table[at] = lane + 1;
    }
    return true;
}

/* The lane of a tuple, made where it is new; UINT32_MAX after a failure. */
static uint32_t lanes_make(segi_worker *w, segi_lanes *lanes, const int64_t *slots,
                           const uint8_t *states)
{
    uint32_t found = lanes_find(lanes, slots, states);
    if (found != UINT32_MAX)
        return found;
    if (lanes->count * 2u >= lanes->table_size && !lanes_rehash(w, lanes))
        return UINT32_MAX;
    uint32_t lane = lanes->count;
    size_t need = (size_t)(lane + 1) * SEGI_HELD_MAX;
    if (!segi_sequence_grow(w, (void **)&lanes->slots, &lanes->slot_capacity, need,
                            sizeof *lanes->slots) ||
        !segi_sequence_grow(w, (void **)&lanes->states, &lanes->state_capacity, need,
                            sizeof *lanes->states) ||
        !segi_sequence_grow(w, (void **)&lanes->marks, &lanes->mark_capacity, lane + 1u,
                            sizeof *lanes->marks) ||
        !segi_sequence_grow(w, (void **)&lanes->hashes, &lanes->hash_capacity, lane + 1u,
                            sizeof *lanes->hashes))
        return UINT32_MAX;
    memcpy(lanes->slots + (size_t)lane * SEGI_HELD_MAX, slots, SEGI_HELD_MAX * sizeof *slots);
    memcpy(lanes->states + (size_t)lane * SEGI_HELD_MAX, states, SEGI_HELD_MAX);
    lanes->marks[lane] = 0;
    lanes->hashes[lane] = lanes_hash(lanes->held, slots, states);
    size_t at = lanes->hashes[lane] & (lanes->table_size - 1);
    while (lanes->table[at])
        at = (at + 1) & (lanes->table_size - 1);
    lanes->table[at] = lane + 1;
    lanes->count++;
    return lane;
}

/* ---- lists ---- */

typedef struct chain_run {
    segi_worker *w;
    const segi_prep_sequence *prep;
    const segi_sequence_rows *rows;
    segi_sequence_work *work;
    uint32_t needed[SEGI_STEPS_MAX + 1]; /* held values that a step or a later one compares */
} chain_run;

/* Adds a chain to a list whose last ones end at the same row or before; of those with the same row
 * and lane, which marks tell, the one that begins latest stays. */
static bool list_put(chain_run *r, segi_chain_list *list, segi_lanes *lanes, uint32_t row,
                     uint32_t start, uint32_t lane)
{
    uint32_t mark = lanes->marks[lane];
    if (mark && list->items[mark - 1].row == row) {
        if (list->items[mark - 1].start < start)
            list->items[mark - 1].start = start;
        return true;
    }
    if (!segi_sequence_grow(r->w, (void **)&list->items, &list->capacity, list->count + 1,
                            sizeof *list->items))
        return false;
    list->items[list->count] = (segi_chain){row, start, lane};
    lanes->marks[lane] = (uint32_t)++list->count;
    return true;
}

static const int64_t *entry_slots(const chain_run *r, const segi_sequence_entry *entry)
{
    return r->rows->slots + (size_t)entry->held * r->prep->sequence->held_count;
}

static const uint8_t *entry_states(const chain_run *r, const segi_sequence_entry *entry)
{
    return r->rows->states + (size_t)entry->held * r->prep->sequence->held_count;
}

/* What a lane becomes behind an entry: the values still needed, the entry's own where it has
 * them. */
static uint32_t lane_after(chain_run *r, const segi_lanes *from, uint32_t lane,
                           const segi_sequence_entry *entry, segi_lanes *to)
{
    int64_t slots[SEGI_HELD_MAX] = {0};
    uint8_t states[SEGI_HELD_MAX] = {0};
    uint32_t own = r->prep->events[entry->events].held;
    for (uint32_t h = 0; to->held >> h; h++) {
        states[h] = SEG_VALUE_ABSENT;
        if (!(to->held >> h & 1u))
            continue;
        if (own >> h & 1u) {
            slots[h] = entry_slots(r, entry)[h];
            states[h] = entry_states(r, entry)[h];
        } else if (from && (from->held >> h & 1u)) {
            slots[h] = from->slots[(size_t)lane * SEGI_HELD_MAX + h];
            states[h] = from->states[(size_t)lane * SEGI_HELD_MAX + h];
        }
    }
    return lanes_make(r->w, to, slots, states);
}

/* ---- what blocks ---- */

/* The way into one place. */
typedef struct chain_way {
    uint32_t step;
    bool again;        /* a repeat of the step */
    uint32_t any;      /* a row of one of these steps blocks */
    uint32_t reached;  /* a row of none of these steps blocks if ... */
    bool later, other; /* ... it is one of other steps; of none */
    bool without;
    uint32_t held;     /* values that `without` compares */
    uint32_t compared; /* values that the step's rows compare */
    bool strict_order; /* not the same row again */
    int64_t after, within;
} chain_way;

static chain_way way_into(const chain_run *r, uint32_t step, bool again)
{
    const segi_prep_sequence *prep = r->prep;
    const segi_sequence *sequence = prep->sequence;
    chain_way way = {.step = step, .again = again, .within = INT64_MAX, .after = INT64_MIN};
    way.reached = (uint32_t)(((uint64_t)2 << step) - 1);
    if (sequence->repeat == SEGI_REPEAT_BREAK)
        way.any = way.reached;
    else if (sequence->repeat == SEGI_REPEAT_RESTART)
        way.any = 1;
    uint32_t before = again ? step : step - 1;
    if (sequence->steps[before].repeat.max != INT64_MAX)
        way.any |= 1u << before;
    if (sequence->steps[step].repeat.max != INT64_MAX)
        way.any |= 1u << step;
    way.later = sequence->between != SEGI_BETWEEN_ANYTHING;
    way.other = sequence->between == SEGI_BETWEEN_NOTHING;
    way.compared = prep->compared[step];
    way.strict_order = again || !sequence->row_many;
    if (again) { /* shares what the first of the repeats bound */
        for (uint32_t h = 0; h < sequence->held_count; h++) {
            if (sequence->held[h].step == step && (r->needed[step + 1] >> h & 1u))
                way.compared |= 1u << h;
        }
        return way;
    }
    way.without = sequence->steps[step].without != NULL;
    way.held = way.without ? prep->without[step] : 0;
    way.within = prep->step_within[step];
    way.after = prep->step_after[step];
    return way;
}

static bool way_blocks(const chain_way *way, uint32_t steps)
{
    if (steps & way->any)
        return true;
    if (steps & way->reached)
        return false;
    return steps ? way->later : way->other;
}

/* Blocking rows before the one under way: the last one, and per tuple of held values. */
typedef struct chain_blocks {
    uint32_t entry, row; /* looked at so far */
    uint32_t last;       /* its place + 1; 0: none */
    segi_lanes *lanes;   /* marks: place + 1 of the last one with these values */
} chain_blocks;

static bool all_set(uint32_t held, const uint8_t *states)
{
    for (uint32_t h = 0; held >> h; h++) {
        if ((held >> h & 1u) && states[h] != SEG_VALUE_SET)
            return false;
    }
    return true;
}

/* Notes an entry that must not lie between, under its values. */
static bool blocks_note(chain_run *r, const segi_sequence_entry *entry, segi_lanes *lanes,
                        uint32_t mark)
{
    int64_t slots[SEGI_HELD_MAX] = {0};
    uint8_t states[SEGI_HELD_MAX] = {0};
    uint32_t count = r->prep->sequence->held_count;
    if (lanes->held != 0) {
        memcpy(slots, entry_slots(r, entry), count * sizeof *slots);
        memcpy(states, entry_states(r, entry), count);
        if (!all_set(lanes->held, states))
            return true;
    }
    uint32_t lane = lanes_make(r->w, lanes, slots, states);
    if (lane == UINT32_MAX)
        return false;
    lanes->marks[lane] = mark;
    return true;
}

/* What blocks before the row. */
static bool blocks_until(chain_run *r, const chain_way *way, chain_blocks *blocks, uint32_t row)
{
    const segi_sequence_rows *rows = r->rows;
    for (; blocks->row < row; blocks->row++) {
        if (way_blocks(way, rows->steps[blocks->row]))
            blocks->last = blocks->row + 1;
    }
    for (; way->without && blocks->entry < rows->entry_count &&
           rows->entries[blocks->entry].row < row;
         blocks->entry++) {
        const segi_sequence_entry *entry = &rows->entries[blocks->entry];
        const segi_prep_events *events = &r->prep->events[entry->events];
        if (events->role == SEGI_ROLE_WITHOUT && events->step == way->step &&
            !blocks_note(r, entry, blocks->lanes, entry->row + 1))
            return false;
    }
    return true;
}

/* The mark that a lane's values have in another set of lanes; 0: none. */
static uint32_t mark_of(const segi_lanes *of, const segi_lanes *lanes, uint32_t lane)
{
    const uint8_t *states = lanes->states + (size_t)lane * SEGI_HELD_MAX;
    if (of->held && !all_set(of->held, states))
        return 0;
    uint32_t found = lanes_find(of, lanes->slots + (size_t)lane * SEGI_HELD_MAX, states);
    return found == UINT32_MAX ? 0 : of->marks[found];
}

/* ---- queues ---- */

/* Chains of the place before, by lane; three positions each: the queue is [front, back), what has
 * not been let in yet begins at `next`. */
static bool queues_fill(chain_run *r, const segi_chain_list *list, const segi_lanes *lanes)
{
    segi_sequence_work *work = r->work;
    if (!segi_sequence_grow(r->w, (void **)&work->queue, &work->queue_capacity, list->count + 1,
                            sizeof *work->queue) ||
        !segi_sequence_grow(r->w, (void **)&work->queue_at, &work->queue_at_capacity,
                            4 * ((size_t)lanes->count + 1), sizeof *work->queue_at))
        return false;
    uint32_t *at = work->queue_at;
    memset(at, 0, 4 * ((size_t)lanes->count + 1) * sizeof *at);
    for (size_t i = 0; i < list->count; i++)
        at[4 * list->items[i].lane + 3]++;
    uint32_t begin = 0;
    for (uint32_t lane = 0; lane < lanes->count; lane++) {
        uint32_t count = at[4 * lane + 3];
        at[4 * lane] = at[4 * lane + 1] = at[4 * lane + 2] = begin;
        at[4 * lane + 3] = begin;
        begin += count;
    }
    for (size_t i = 0; i < list->count; i++)
        work->queue[at[4 * list->items[i].lane + 3]++] = list->items[i];
    return true;
}

/* May a chain that ends at `before` go on at `row`, as far as order and the least distance go? */
static bool way_admits(const chain_run *r, const chain_way *way, uint32_t before, uint32_t row)
{
    const segi_sequence *sequence = r->prep->sequence;
    int64_t gap = r->rows->times[row] - r->rows->times[before];
    if (gap < way->after)
        return false;
    switch (sequence->tie) {
    case SEGI_TIE_STRICT: return gap > 0;
    case SEGI_TIE_TOLERANT:
        if (!way->again)
            return gap >= -r->prep->tolerance;
        break;
    case SEGI_TIE_INGESTED: break;
    }
    return way->strict_order ? before < row : before <= row;
}

/* The latest beginning of the lane's chains that can go on at `row`; UINT32_MAX: none can. */
static uint32_t queue_best(chain_run *r, const chain_way *way, uint32_t lane, uint32_t row,
                           uint32_t blocked)
{
    segi_chain *queue = r->work->queue;
    uint32_t *at = r->work->queue_at + 4 * (size_t)lane;
    while (at[2] < at[3] && way_admits(r, way, queue[at[2]].row, row)) {
        segi_chain chain = queue[at[2]++];
        while (at[1] > at[0] && queue[at[1] - 1].start <= chain.start)
            at[1]--;
        queue[at[1]++] = chain;
    }
    const int64_t *times = r->rows->times;
    while (at[0] < at[1] &&
           (queue[at[0]].row + 1 < blocked || times[row] - times[queue[at[0]].row] > way->within))
        at[0]++;
    if (at[0] == at[1])
        return UINT32_MAX;
    uint32_t start = queue[at[0]].start;
    return times[row] - times[start] <= r->prep->within ? start : UINT32_MAX;
}

/* ---- from place to place ---- */

/* Chains of a place, and their lanes. */
typedef struct chain_place {
    segi_chain_list *list;
    segi_lanes *lanes;
} chain_place;

static bool compared_agree(const chain_run *r, uint32_t compared, const segi_lanes *lanes,
                           uint32_t lane, const segi_sequence_entry *entry)
{
    for (uint32_t h = 0; compared >> h; h++) {
        if (!(compared >> h & 1u))
            continue;
        size_t at = (size_t)lane * SEGI_HELD_MAX + h;
        if (lanes->states[at] != SEG_VALUE_SET || entry_states(r, entry)[h] != SEG_VALUE_SET ||
            lanes->slots[at] != entry_slots(r, entry)[h])
            return false;
    }
    return true;
}

static bool way_extend(chain_run *r, const chain_way *way, const chain_blocks *blocks,
                       const segi_sequence_entry *entry, const segi_lanes *lanes, uint32_t lane,
                       const chain_place *to)
{
    uint32_t blocked = blocks->last;
    if (way->without) {
        uint32_t mark = mark_of(blocks->lanes, lanes, lane);
        blocked = mark > blocked ? mark : blocked;
    }
    uint32_t start = queue_best(r, way, lane, entry->row, blocked);
    if (start == UINT32_MAX)
        return true;
    uint32_t target = lane_after(r, lanes, lane, entry, to->lanes);
    return target != UINT32_MAX && list_put(r, to->list, to->lanes, entry->row, start, target);
}

/* One entry of the place: its lane where the entry settles all values that are held, else each. */
static bool way_entry(chain_run *r, const chain_way *way, const chain_blocks *blocks,
                      const segi_sequence_entry *entry, const segi_lanes *from,
                      const chain_place *to)
{
    uint32_t compared = way->compared & r->prep->events[entry->events].held;
    if (compared && !all_set(compared, entry_states(r, entry)))
        return true;
    if ((from->held & ~compared) == 0) {
        uint32_t lane = 0;
        if (from->held) {
            int64_t slots[SEGI_HELD_MAX] = {0};
            uint8_t states[SEGI_HELD_MAX] = {0};
            memcpy(slots, entry_slots(r, entry), r->prep->sequence->held_count * sizeof *slots);
            memcpy(states, entry_states(r, entry), r->prep->sequence->held_count);
            lane = lanes_find(from, slots, states);
        }
        return lane == UINT32_MAX || way_extend(r, way, blocks, entry, from, lane, to);
    }
    for (uint32_t lane = 0; lane < from->count; lane++) {
        if (compared_agree(r, compared, from, lane, entry) &&
            !way_extend(r, way, blocks, entry, from, lane, to))
            return false;
    }
    return true;
}

static bool is_step(const chain_run *r, const segi_sequence_entry *entry, uint32_t step)
{
    const segi_prep_events *events = &r->prep->events[entry->events];
    return events->role == SEGI_ROLE_STEP && events->step == step;
}

/* Chains that go on by one row of the step. */
static bool place_follow(chain_run *r, uint32_t step, bool again, const chain_place *from,
                         const chain_place *to, segi_lanes *spare)
{
    chain_way way = way_into(r, step, again);
    chain_blocks blocks = {.lanes = spare};
    lanes_reset(spare, way.held);
    if (from->list->count == 0)
        return true;
    if (!queues_fill(r, from->list, from->lanes))
        return false;
    uint32_t first = from->list->items[0].row;
    for (uint32_t i = 0; i < r->rows->entry_count; i++) {
        const segi_sequence_entry *entry = &r->rows->entries[i];
        if (!is_step(r, entry, step) ||
            (entry->row < first && r->prep->sequence->tie != SEGI_TIE_TOLERANT))
            continue;
        if (!blocks_until(r, &way, &blocks, entry->row) ||
            !way_entry(r, &way, &blocks, entry, from->lanes, to))
            return false;
    }
    return true;
}

/* Chains of one row. */
static bool place_enter(chain_run *r, const chain_place *to)
{
    const segi_sequence *sequence = r->prep->sequence;
    uint32_t only = UINT32_MAX;
    for (uint32_t row = 0; row < r->rows->row_count; row++) {
        if (!(r->rows->steps[row] & 1u))
            continue;
        if (only == UINT32_MAX || sequence->entry == SEGI_ENTRY_LATEST)
            only = row;
    }
    for (uint32_t i = 0; i < r->rows->entry_count; i++) {
        const segi_sequence_entry *entry = &r->rows->entries[i];
        if (!is_step(r, entry, 0) || (sequence->entry != SEGI_ENTRY_ANY && entry->row != only))
            continue;
        uint32_t lane = lane_after(r, NULL, 0, entry, to->lanes);
        if (lane == UINT32_MAX || !list_put(r, to->list, to->lanes, entry->row, entry->row, lane))
            return false;
    }
    return true;
}

/* `more` into `all`, which share their lanes; `out` is room for the result. */
static bool list_merge(chain_run *r, segi_chain_list *all, const segi_chain_list *more,
                       segi_lanes *lanes, segi_chain_list *out)
{
    out->count = 0;
    for (uint32_t lane = 0; lane < lanes->count; lane++)
        lanes->marks[lane] = 0;
    for (size_t a = 0, b = 0; a < all->count || b < more->count;) {
        bool left = b == more->count || (a < all->count && all->items[a].row <= more->items[b].row);
        const segi_chain *chain = left ? &all->items[a++] : &more->items[b++];
        if (!list_put(r, out, lanes, chain->row, chain->start, chain->lane))
            return false;
    }
    segi_chain_list swap = *all;
    *all = *out;
    *out = swap;
    return true;
}

/* ---- steps ---- */

typedef struct chain_turn {
    chain_place done;   /* whole steps */
    chain_place repeat; /* repeats of the step under way */
    chain_place next;
    segi_lanes *spare_lanes;
    segi_chain_list *spare_list;
} chain_turn;

static void place_reset(const chain_place *place, uint32_t held)
{
    place->list->count = 0;
    lanes_reset(place->lanes, held);
}

static void place_swap(chain_place *a, chain_place *b)
{
    chain_place swap = *a;
    *a = *b;
    *b = swap;
}

/* The values that rows of the step and all before it can have bound. */
static uint32_t held_through(const chain_run *r, uint32_t step)
{
    const segi_sequence *sequence = r->prep->sequence;
    uint32_t held = 0;
    for (uint32_t h = 0; h < sequence->held_count; h++)
        held |= sequence->held[h].step <= step ? 1u << h : 0;
    return held;
}

/* Chains of so many repeats become chains through the step, whose lanes hold less. */
static bool step_join(chain_run *r, chain_turn *turn)
{
    segi_chain_list *list = turn->repeat.list, *out = turn->next.list;
    if (!segi_sequence_grow(r->w, (void **)&out->items, &out->capacity, list->count,
                            sizeof *out->items))
        return false;
    for (size_t i = 0; i < list->count; i++) {
        size_t at = (size_t)list->items[i].lane * SEGI_HELD_MAX;
        out->items[i] = list->items[i];
        out->items[i].lane = lanes_make(r->w, turn->done.lanes, turn->repeat.lanes->slots + at,
                                        turn->repeat.lanes->states + at);
        if (out->items[i].lane == UINT32_MAX)
            return false;
    }
    out->count = list->count;
    return list_merge(r, turn->done.list, out, turn->done.lanes, turn->spare_list);
}

/* From chains through the step before to chains through this one: its first row, then repeats.
 * Where their number has an upper bound, chains that stop at each allowed number are joined. */
static bool step_take(chain_run *r, uint32_t step, chain_turn *turn)
{
    const segi_bound *repeat = &r->prep->sequence->steps[step].repeat;
    int64_t last = repeat->max == INT64_MAX ? repeat->min : repeat->max;
    uint32_t held = held_through(r, step) & r->needed[step + 1];
    uint32_t held_repeat = held;
    if (last > 1) /* repeats compare what the first row compared */
        held_repeat = held_through(r, step) & r->needed[step];
    place_reset(&turn->next, held_repeat);
    bool ok = step == 0 ? place_enter(r, &turn->next)
                        : place_follow(r, step, false, &turn->done, &turn->next, turn->spare_lanes);
    if (!ok)
        return false;
    if (last == 1) {
        place_swap(&turn->done, &turn->next);
        return true;
    }
    place_swap(&turn->repeat, &turn->next);
    place_reset(&turn->done, held);
    for (int64_t n = 1;; n++) {
        if (n >= repeat->min && !step_join(r, turn))
            return false;
        if (n == last)
            return true;
        place_reset(&turn->next, held_repeat);
        if (!place_follow(r, step, true, &turn->repeat, &turn->next, turn->spare_lanes))
            return false;
        place_swap(&turn->repeat, &turn->next);
    }
}

/* ---- figures ---- */

/* Drops chains that the absence rules out: something follows in time, or the time is not over.
 * Chains are looked at from the last row on, so that what follows is known. */
static bool absence_filter(chain_run *r, const chain_place *place, segi_lanes *spare)
{
    const segi_prep_sequence *prep = r->prep;
    const segi_sequence_rows *rows = r->rows;
    uint32_t entry = rows->entry_count;
    lanes_reset(spare, prep->absence);
    size_t kept = place->list->count;
    for (size_t i = place->list->count; i-- > 0;) {
        segi_chain chain = place->list->items[i];
        for (; entry > 0 && rows->entries[entry - 1].row > chain.row; entry--) {
            const segi_sequence_entry *e = &rows->entries[entry - 1];
            if (prep->events[e->events].role == SEGI_ROLE_ABSENCE &&
                !blocks_note(r, e, spare, e->row + 1))
                return false;
        }
        int64_t at = rows->times[chain.row];
        uint32_t mark = mark_of(spare, place->lanes, chain.lane);
        bool over = prep->now - at >= prep->absence_for;
        if (over && (mark == 0 || rows->times[mark - 1] - at > prep->absence_for))
            place->list->items[--kept] = chain;
    }
    place->list->count -= kept;
    memmove(place->list->items, place->list->items + kept,
            place->list->count * sizeof *place->list->items);
    return true;
}

/* Whole chains: how many, one after the other, and the quickest. */
static void count_matches(const chain_run *r, const segi_chain_list *list,
                          segi_sequence_figures *out)
{
    const int64_t *times = r->rows->times;
    int64_t end = -1;
    for (size_t i = 0; i < list->count;) {
        uint32_t row = list->items[i].row, start = list->items[i].start;
        for (i++; i < list->count && list->items[i].row == row; i++)
            start = list->items[i].start > start ? list->items[i].start : start;
        int64_t time = times[row] - times[start];
        if (!out->converted || time < out->time)
            out->time = time;
        out->converted = true;
        if ((int64_t)start > end) {
            out->matches++;
            end = row > start ? row : start;
        }
    }
}

static void chain_needed(chain_run *r)
{
    const segi_prep_sequence *prep = r->prep;
    uint32_t steps = prep->sequence->step_count;
    uint32_t same = 0;
    for (uint32_t h = 0; h < prep->sequence->held_count; h++)
        same |= prep->sequence->held[h].same ? 1u << h : 0;
    r->needed[steps] = prep->absence;
    for (uint32_t i = steps; i-- > 0;) {
        /* same(...) holds among repeats of the first step even where nothing follows. */
        r->needed[i + 1] |= i == 0 ? same : 0;
        r->needed[i] = r->needed[i + 1] | prep->compared[i] | prep->without[i];
    }
}

bool segi_sequence_chains(segi_worker *w, const segi_prep_sequence *prep,
                          const segi_sequence_rows *rows, segi_sequence_figures *out)
{
    segi_sequence_work *work = w->sequence;
    uint32_t steps = prep->sequence->step_count;
    chain_run r = {.w = w, .prep = prep, .rows = rows, .work = work};
    chain_needed(&r);
    chain_turn turn = {{&work->lists[0], &work->lanes[0]},
                       {&work->lists[1], &work->lanes[1]},
                       {&work->lists[2], &work->lanes[2]},
                       &work->lanes[3],
                       &work->lists[3]};
    *out = (segi_sequence_figures){0};
    for (uint32_t step = 0; step < steps; step++) {
        if (!step_take(&r, step, &turn))
            return false;
        if (turn.done.list->count == 0)
            return true;
        out->depth = step + 1;
    }
    if (prep->sequence->absence && !absence_filter(&r, &turn.done, turn.spare_lanes))
        return false;
    count_matches(&r, turn.done.list, out);
    return true;
}
