/* Attributes: see attr.h.
 *
 * One int64_t slot and one state per user, by chunk. A chunk is an immutable base (a narrow
 * column) with a small patch on top; a change makes a new chunk that shares the base as long as
 * the patch stays small, so that a commit which touches a few users copies a few values and not
 * 65,536. Snapshots hold the states that they began with. */
#include "store/attr.h"

#include <string.h>

#include "base/error.h"
#include "store/sort.h"

/* A patch of more than this, and of more than a sixteenth of the chunk, goes into the base. */
#define ATTR_PATCH_MIN 16
#define ATTR_PATCH_SHARE 16

/* Chunks that differ in their patch only share the base. */
typedef struct attr_base {
    atomic_uint refs;
    uint32_t rows;
    segi_col col;   /* owned */
    segi_sets sets; /* owned */
} attr_base;

/* References are counted by states. `block` belongs to the writer and is no part of what readers
 * see. */
typedef struct attr_chunk {
    segi_attr_chunk pub; /* first, so that pointers convert; col and sets belong to the base */
    atomic_uint refs;
    attr_base *base; /* retained */
    uint64_t block;  /* in the store's file; the writer's alone */
} attr_chunk;

static bool attr_is_set_type(seg_type type)
{
    return type == SEG_TYPE_STRING_SET;
}

/* ---- chunks ---------------------------------------------------------------------------------- */

static void attr_base_release(const segi_mem *mem, attr_base *base)
{
    if (!base || atomic_fetch_sub_explicit(&base->refs, 1, memory_order_acq_rel) != 1)
        return;
    segi_col_deinit(mem, &base->col);
    segi_sets_deinit(mem, &base->sets);
    segi_free(mem, base);
}

/* The base stays: other chunks may share it. */
static void attr_patch_free(const segi_mem *mem, segi_attr_chunk *pub)
{
    segi_sets_deinit(mem, &pub->patch_sets);
    segi_free(mem, segi_unconst(pub->patch_rows));
    segi_free(mem, segi_unconst(pub->patch_states));
    segi_free(mem, segi_unconst(pub->patch_slots));
}

void segi_attr_chunk_release(const segi_mem *mem, const segi_attr_chunk *pub)
{
    attr_chunk *chunk = segi_unconst(pub);
    if (!chunk || atomic_fetch_sub_explicit(&chunk->refs, 1, memory_order_acq_rel) != 1)
        return;
    attr_base_release(mem, chunk->base);
    attr_patch_free(mem, &chunk->pub);
    segi_free(mem, chunk);
}

/* Takes the base, also on failure. */
static attr_chunk *attr_chunk_create(const segi_mem *mem, attr_base *base)
{
    attr_chunk *chunk = base ? segi_alloc_zero(mem, sizeof *chunk) : NULL;
    if (!chunk) {
        attr_base_release(mem, base);
        return NULL;
    }
    atomic_init(&chunk->refs, 1);
    chunk->base = base;
    chunk->pub.rows = base->rows;
    chunk->pub.col = base->col;
    chunk->pub.sets = base->sets;
    return chunk;
}

/* No rows and no values. */
static attr_base *attr_base_create(const segi_mem *mem, seg_type type)
{
    attr_base *base = segi_alloc_zero(mem, sizeof *base);
    if (!base)
        return NULL;
    atomic_init(&base->refs, 1);
    base->col.type = type;
    base->col.unit = 1;
    base->col.none_set = true;
    return base;
}

segi_attr_chunk *segi_attr_chunk_make(const segi_mem *mem, seg_type type,
                                      const segi_attr_chunk *content)
{
    segi_attr_chunk taken = *content;
    attr_base *base = attr_base_create(mem, type);
    if (!base) {
        segi_col_deinit(mem, &taken.col);
        segi_sets_deinit(mem, &taken.sets);
        attr_patch_free(mem, &taken);
        return NULL;
    }
    base->rows = taken.rows;
    base->col = taken.col;
    base->sets = taken.sets;
    attr_chunk *chunk = attr_chunk_create(mem, base);
    if (!chunk) {
        attr_patch_free(mem, &taken);
        return NULL;
    }
    chunk->pub = taken;
    return &chunk->pub;
}

uint64_t segi_attr_chunk_block(const segi_attr_chunk *chunk)
{
    return ((const attr_chunk *)chunk)->block;
}

void segi_attr_chunk_set_block(const segi_attr_chunk *chunk, uint64_t block)
{
    ((attr_chunk *)segi_unconst(chunk))->block = block;
}

static size_t attr_chunk_bytes(const segi_attr_chunk *pub)
{
    size_t entry = sizeof *pub->patch_rows + 1 + (pub->patch_slots ? sizeof(int64_t) : 0);
    return sizeof(attr_chunk) + segi_col_bytes(&pub->col, pub->rows) +
           segi_sets_bytes(&pub->sets, pub->rows) + pub->patch_count * entry +
           segi_sets_bytes(&pub->patch_sets, pub->patch_count);
}

/* Place of a row in the patch, or of the first one above it. */
static uint32_t attr_patch_place(const segi_attr_chunk *chunk, uint32_t row)
{
    uint32_t low = 0, high = chunk->patch_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (chunk->patch_rows[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The patch covers the base. */
uint8_t segi_attr_chunk_get(const segi_attr_chunk *chunk, uint32_t row, int64_t *out_slot)
{
    uint32_t place = attr_patch_place(chunk, row);
    if (place < chunk->patch_count && chunk->patch_rows[place] == row) {
        *out_slot = chunk->patch_slots[place];
        return chunk->patch_states[place];
    }
    if (row >= chunk->rows)
        return SEG_VALUE_ABSENT;
    if (segi_col_is_set(&chunk->col, row)) {
        *out_slot = segi_col_slot(&chunk->col, row);
        return SEG_VALUE_SET;
    }
    return segi_col_is_null(&chunk->col, row) ? SEG_VALUE_NULL : SEG_VALUE_ABSENT;
}

/* An upper bound: a value of the base that the patch covers counts too. */
int64_t segi_attr_chunk_max(const segi_attr_chunk *chunk)
{
    int64_t max = chunk->rows > 0 && !chunk->col.none_set ? chunk->col.max : INT64_MIN;
    for (uint32_t i = 0; i < chunk->patch_count; i++)
        if (chunk->patch_states[i] == SEG_VALUE_SET && chunk->patch_slots[i] > max)
            max = chunk->patch_slots[i];
    return max;
}

/* Whether the first `rows` users all have a value; false may also mean that it was not looked
 * into. */
bool segi_attr_chunk_full(const segi_attr_chunk *chunk, uint32_t rows)
{
    uint32_t known = chunk->rows;
    if (chunk->col.set || chunk->col.none_set)
        return false;
    /* The patch may continue where the base ends. */
    for (uint32_t place = attr_patch_place(chunk, known);
         place < chunk->patch_count && chunk->patch_rows[place] == known; place++)
        known++;
    return known >= rows;
}

/* ---- changing a chunk ------------------------------------------------------------------------ */

/* Base and patch of a chunk as wide values; *out_rows is one past the last row with a value. */
static bool attr_decode(segi_scratch *scratch, seg_type type, const segi_attr_chunk *chunk,
                        int64_t *slots, uint8_t *states, uint32_t *out_rows)
{
    uint32_t rows = chunk->rows, patch = chunk->patch_count;
    /* Sets decode the patch behind the base; the buffer has room for two chunks. */
    int64_t *patch_slots = slots + SEGI_CHUNK_USERS;
    if (rows > 0)
        segi_col_decode(&chunk->col, 0, rows, slots, states);
    if (attr_is_set_type(type)) {
        if (!segi_sets_decode(scratch, chunk, slots))
            return false;
        memmove(patch_slots, slots + rows, patch * sizeof *slots);
    } else if (patch > 0) {
        memcpy(patch_slots, chunk->patch_slots, patch * sizeof *slots);
    }
    memset(states + rows, SEG_VALUE_ABSENT, SEGI_CHUNK_USERS - rows);
    for (uint32_t i = 0; i < patch; i++) {
        slots[chunk->patch_rows[i]] = patch_slots[i];
        states[chunk->patch_rows[i]] = chunk->patch_states[i];
    }
    if (patch > 0 && chunk->patch_rows[patch - 1] >= rows)
        rows = chunk->patch_rows[patch - 1] + 1u;
    *out_rows = rows;
    return true;
}

/* The arrays of the base from wide values. */
static bool attr_fill_base(const segi_mem *mem, seg_type type, uint32_t dict_count, int64_t *slots,
                           const uint8_t *states, attr_base *base)
{
    if (!attr_is_set_type(type))
        return segi_col_build(mem, type, slots, states, base->rows, &base->col);
    base->col.none_set = false;
    return segi_col_build_states(mem, states, base->rows, &base->col) &&
           segi_sets_build(mem, slots, states, base->rows, dict_count, false, &base->sets);
}

/* A new base: the old one, its patch and the changes, in this order. */
static segi_attr_chunk *attr_rebase(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                    uint32_t dict_count, const segi_attr_chunk *old,
                                    const segi_attr_changes *changes)
{
    int64_t *slots =
        segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, 2 * SEGI_CHUNK_USERS, sizeof *slots);
    uint8_t *states = segi_scratch_get(scratch, SEGI_SCRATCH_STATES, SEGI_CHUNK_USERS, 1);
    uint32_t rows = 0;
    if (!slots || !states)
        return NULL;
    if (!old)
        memset(states, SEG_VALUE_ABSENT, SEGI_CHUNK_USERS);
    else if (!attr_decode(scratch, type, old, slots, states, &rows))
        return NULL;
    for (uint32_t i = 0; i < changes->count; i++) {
        slots[changes->rows[i]] = changes->slots[i];
        states[changes->rows[i]] = changes->states[i];
    }
    if (changes->count > 0 && changes->rows[changes->count - 1] >= rows)
        rows = changes->rows[changes->count - 1] + 1u;
    attr_base *base = attr_base_create(mem, type);
    if (base)
        base->rows = rows;
    if (base && !attr_fill_base(mem, type, dict_count, slots, states, base)) {
        attr_base_release(mem, base);
        base = NULL;
    }
    attr_chunk *chunk = attr_chunk_create(mem, base);
    return chunk ? &chunk->pub : NULL;
}

/* The entries of the patch and the changes, which win, as wide values. */
static uint32_t attr_join(const segi_attr_chunk *old, const int64_t *old_slots,
                          const segi_attr_changes *changes, uint16_t *rows, uint8_t *states,
                          int64_t *slots)
{
    uint32_t a = 0, b = 0, count = 0, patch = old ? old->patch_count : 0;
    while (a < patch || b < changes->count) {
        bool newer = a == patch || (b < changes->count && changes->rows[b] <= old->patch_rows[a]);
        if (newer) {
            a += a < patch && old->patch_rows[a] == changes->rows[b];
            rows[count] = changes->rows[b];
            states[count] = changes->states[b];
            slots[count++] = changes->slots[b++];
        } else {
            rows[count] = old->patch_rows[a];
            states[count] = old->patch_states[a];
            slots[count++] = old_slots[a++];
        }
    }
    return count;
}

/* The same base under a larger patch. */
static segi_attr_chunk *attr_extend(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                    const segi_attr_chunk *old, const segi_attr_changes *changes)
{
    bool sets = attr_is_set_type(type);
    uint32_t most = (old ? old->patch_count : 0) + changes->count;
    uint16_t *rows = segi_alloc_array(mem, most, sizeof *rows);
    uint8_t *states = segi_alloc(mem, most);
    int64_t *slots = segi_alloc_array(mem, most, sizeof *slots);
    const int64_t *old_slots = old ? old->patch_slots : NULL;
    attr_base *base = old ? ((const attr_chunk *)old)->base : attr_base_create(mem, type);
    if (base && old)
        atomic_fetch_add_explicit(&base->refs, 1, memory_order_relaxed);
    attr_chunk *chunk = attr_chunk_create(mem, base);
    bool good = rows && states && slots && chunk;
    if (good && sets && old) {
        int64_t *decoded =
            segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, 2 * SEGI_CHUNK_USERS, sizeof *decoded);
        good = decoded && segi_sets_decode(scratch, old, decoded);
        old_slots = good ? decoded + old->rows : NULL;
    }
    if (chunk) {
        chunk->pub.patch_rows = rows;
        chunk->pub.patch_states = states;
        chunk->pub.patch_slots = slots;
    } else {
        segi_free(mem, rows);
        segi_free(mem, states);
        segi_free(mem, slots);
        return NULL;
    }
    if (good)
        chunk->pub.patch_count = attr_join(old, old_slots, changes, rows, states, slots);
    if (good && sets) {
        good = segi_sets_build(mem, slots, states, chunk->pub.patch_count, 0, true,
                               &chunk->pub.patch_sets);
        segi_free(mem, slots);
        chunk->pub.patch_slots = NULL;
    }
    if (good)
        return &chunk->pub;
    segi_attr_chunk_release(mem, &chunk->pub);
    return NULL;
}

/* Extending costs O(patch), making a new base O(chunk), so over many commits a value is copied
 * O(1) times for each sixteenth of the chunk that changed. */
segi_attr_chunk *segi_attr_chunk_change(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                        uint32_t dict_count, const segi_attr_chunk *old,
                                        const segi_attr_changes *changes)
{
    uint32_t patch = (old ? old->patch_count : 0) + changes->count;
    if (patch > ATTR_PATCH_MIN + (old ? old->rows : 0) / ATTR_PATCH_SHARE)
        return attr_rebase(mem, scratch, type, dict_count, old, changes);
    return attr_extend(mem, scratch, type, old, changes);
}

/* ---- states ---------------------------------------------------------------------------------- */

void segi_attr_state_retain(segi_attr_state *state)
{
    atomic_fetch_add_explicit(&state->refs, 1, memory_order_relaxed);
}

void segi_attr_state_release(segi_attr_state *state)
{
    if (!state || atomic_fetch_sub_explicit(&state->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < state->chunk_count; i++)
        segi_attr_chunk_release(state->mem, state->chunks[i]);
    segi_free(state->mem, state);
}

/* Shares all chunks; those that are to change are replaced one by one. */
segi_attr_state *segi_attr_state_copy(const segi_mem *mem, const segi_attr_state *from,
                                      uint32_t chunk_count)
{
    if (from && from->chunk_count > chunk_count)
        chunk_count = from->chunk_count;
    segi_attr_state *state =
        segi_alloc_zero(mem, sizeof *state + chunk_count * sizeof state->chunks[0]);
    if (!state)
        return NULL;
    atomic_init(&state->refs, 1);
    state->mem = mem;
    state->chunk_count = chunk_count;
    state->bytes = from ? from->bytes : sizeof *state;
    for (uint32_t i = 0; from && i < from->chunk_count; i++) {
        state->chunks[i] = from->chunks[i];
        attr_chunk *chunk = segi_unconst(from->chunks[i]);
        if (chunk)
            atomic_fetch_add_explicit(&chunk->refs, 1, memory_order_relaxed);
    }
    return state;
}

/* Takes the chunk. The state is not published yet. */
void segi_attr_state_replace(segi_attr_state *state, uint32_t index, segi_attr_chunk *chunk)
{
    const segi_attr_chunk *old = state->chunks[index];
    state->bytes += attr_chunk_bytes(chunk);
    state->bytes -= old ? attr_chunk_bytes(old) : 0;
    state->chunks[index] = chunk;
    segi_attr_chunk_release(state->mem, old);
}

void segi_attr_absent_retain(segi_attr_absent *absent)
{
    atomic_fetch_add_explicit(&absent->refs, 1, memory_order_relaxed);
}

void segi_attr_absent_release(segi_attr_absent *absent)
{
    if (!absent || atomic_fetch_sub_explicit(&absent->refs, 1, memory_order_acq_rel) != 1)
        return;
    segi_attr_state_release(absent->state);
    segi_free(absent->mem, absent);
}

/* ---- taking users out ------------------------------------------------------------------------ */

/* Set or null, in the base or the patch. */
static bool attr_chunk_has(const segi_attr_chunk *chunk, uint32_t row)
{
    uint32_t place = attr_patch_place(chunk, row);
    if (place < chunk->patch_count && chunk->patch_rows[place] == row)
        return true;
    return row < chunk->rows &&
           (segi_col_is_set(&chunk->col, row) || segi_col_is_null(&chunk->col, row));
}

/* Take the users [begin, end), who are of one chunk, out of it. */
static bool attr_take_out(segi_attr_state *state, segi_scratch *scratch, seg_type type,
                          uint32_t dict_count, const uint32_t *users, size_t begin, size_t end,
                          uint64_t *io_removed)
{
    uint32_t index = users[begin] >> 16;
    const segi_attr_chunk *old = state->chunks[index];
    segi_attr_changes changes = {0};
    changes.rows =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_ROWS, SEGI_CHUNK_USERS, sizeof(uint16_t));
    changes.states = segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_STATES, SEGI_CHUNK_USERS, 1);
    changes.slots =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_SLOTS, SEGI_CHUNK_USERS, sizeof(int64_t));
    if (!changes.rows || !changes.states || !changes.slots)
        return false;
    for (size_t i = begin; old && i < end; i++) {
        if (!attr_chunk_has(old, users[i] & 0xffff))
            continue;
        changes.rows[changes.count] = (uint16_t)users[i];
        changes.states[changes.count] = SEG_VALUE_ABSENT;
        changes.slots[changes.count++] = 0;
    }
    if (changes.count == 0)
        return true;
    *io_removed += changes.count;
    /* A patch would cover the values, not remove them. */
    segi_attr_chunk *next = attr_rebase(state->mem, scratch, type, dict_count, old, &changes);
    if (next)
        segi_attr_state_replace(state, index, next);
    return next != NULL;
}

segi_attr_state *segi_attr_state_without(const segi_mem *mem, segi_scratch *scratch, seg_type type,
                                         uint32_t dict_count, segi_attr_state *state,
                                         const uint32_t *users, size_t count, uint64_t *io_removed)
{
    uint64_t removed = 0;
    segi_attr_state *next = segi_attr_state_copy(mem, state, 0);
    for (size_t begin = 0, end; next && begin < count; begin = end) {
        uint32_t index = users[begin] >> 16;
        for (end = begin; end < count && users[end] >> 16 == index;)
            end++;
        if (index < next->chunk_count &&
            !attr_take_out(next, scratch, type, dict_count, users, begin, end, &removed)) {
            segi_attr_state_release(next);
            next = NULL;
        }
    }
    if (next && removed == 0) {
        segi_attr_state_release(next);
        segi_attr_state_retain(state);
        next = state;
    }
    *io_removed += removed;
    return next;
}

/* Which strings of the dictionary are in use; the others may be forgotten. */
void segi_attr_state_codes(const segi_attr_state *state, seg_type type, uint64_t *codes)
{
    for (uint32_t i = 0; i < state->chunk_count; i++) {
        const segi_attr_chunk *chunk = state->chunks[i];
        if (!chunk)
            continue;
        if (attr_is_set_type(type)) {
            segi_sets_codes(&chunk->sets, chunk->rows, codes);
            segi_sets_codes(&chunk->patch_sets, chunk->patch_count, codes);
            continue;
        }
        segi_col_codes(&chunk->col, chunk->rows, codes);
        for (uint32_t k = 0; k < chunk->patch_count; k++)
            if (chunk->patch_states[k] == SEG_VALUE_SET)
                segi_bit_set(codes, (size_t)chunk->patch_slots[k]);
    }
}

/* ---- pending values -------------------------------------------------------------------------- */

/* On failure some arrays may be larger than the capacity says, which does no harm. */
bool segi_attr_reserve(segi_attr *attr, const segi_mem *mem, size_t more)
{
    segi_attr_pending *p = &attr->pending;
    size_t ordinals = p->capacity, slots = p->capacity, states = p->capacity;
    size_t need = p->count + more;
    if (need <= p->capacity)
        return true;
    if (!segi_grow(mem, (void **)&p->ordinals, &ordinals, need, sizeof *p->ordinals) ||
        !segi_grow(mem, (void **)&p->slots, &slots, need, sizeof *p->slots) ||
        !segi_grow(mem, (void **)&p->states, &states, need, 1))
        return false;
    p->capacity = ordinals < slots ? ordinals : slots;
    p->capacity = states < p->capacity ? states : p->capacity;
    return true;
}

void segi_attr_accept(segi_attr *attr)
{
    attr->pending.accepted = attr->pending.count;
    attr->pending.code_accepted = attr->pending.code_count;
}

void segi_attr_drop(segi_attr *attr)
{
    attr->pending.count = attr->pending.accepted;
    attr->pending.code_count = attr->pending.code_accepted;
}

/* With the memory: values of customers do not lie about. */
static void attr_pending_clear(segi_attr_pending *pending, const segi_mem *mem)
{
    segi_free(mem, pending->ordinals);
    segi_free(mem, pending->slots);
    segi_free(mem, pending->states);
    segi_free(mem, pending->codes);
    memset(pending, 0, sizeof *pending);
}

void segi_attr_deinit(segi_attr *attr, const segi_mem *mem)
{
    segi_attr_state_release(attr->state);
    attr_pending_clear(&attr->pending, mem);
    segi_attr_absent_release(attr->absent);
    segi_strings_destroy(attr->dict);
    memset(attr, 0, sizeof *attr);
}

/* Pending values by user, then arrival. NULL when out of memory. */
static const uint64_t *attr_order(const segi_attr_pending *p, segi_scratch *scratch)
{
    uint64_t *entries = segi_scratch_get(scratch, SEGI_SCRATCH_ORDER, p->count, sizeof *entries);
    if (!entries)
        return NULL;
    bool rising = true;
    for (size_t i = 0; i < p->count; i++) {
        entries[i] = (uint64_t)p->ordinals[i] << 32 | i;
        rising &= i == 0 || p->ordinals[i] >= p->ordinals[i - 1];
    }
    if (rising)
        return entries;
    uint64_t *swap = segi_scratch_get(scratch, SEGI_SCRATCH_ORDER_SWAP, p->count, sizeof *swap);
    return swap ? segi_sort_high(entries, swap, p->count) : NULL;
}

/* Whether a value changes nothing, where the earliest counts. */
static bool attr_is_later(const segi_attr *attr, const segi_attr_chunk *chunk, uint32_t row,
                          int64_t slot)
{
    int64_t known;
    return attr->earliest && chunk && segi_attr_chunk_get(chunk, row, &known) == SEG_VALUE_SET &&
           known <= slot;
}

/* The last value of each user of one chunk among entries [begin, end), or the earliest. */
static void attr_changes(const segi_attr *attr, const segi_attr_chunk *chunk,
                         const uint64_t *entries, size_t begin, size_t end, segi_attr_changes *out)
{
    const segi_attr_pending *p = &attr->pending;
    int64_t least = INT64_MAX;
    out->count = 0;
    for (size_t i = begin; i < end; i++) {
        uint32_t place = (uint32_t)entries[i], row = (uint32_t)(entries[i] >> 32) & 0xffff;
        int64_t slot = p->slots[place];
        least = slot < least ? slot : least;
        if (i + 1 < end && entries[i + 1] >> 32 == entries[i] >> 32)
            continue;
        slot = attr->earliest ? least : slot;
        least = INT64_MAX;
        if (attr_is_later(attr, chunk, row, slot))
            continue;
        if (attr_is_set_type(attr->type) && p->states[place] == SEG_VALUE_SET)
            slot = (int64_t)(uintptr_t)(p->codes + slot);
        out->rows[out->count] = (uint16_t)row;
        out->states[out->count] = p->states[place];
        out->slots[out->count++] = slot;
    }
}

/* Room for one change per user of a chunk. */
static bool attr_changes_init(segi_scratch *scratch, segi_attr_changes *out)
{
    out->rows =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_ROWS, SEGI_CHUNK_USERS, sizeof *out->rows);
    out->states = segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_STATES, SEGI_CHUNK_USERS, 1);
    out->slots =
        segi_scratch_get(scratch, SEGI_SCRATCH_CHANGE_SLOTS, SEGI_CHUNK_USERS, sizeof *out->slots);
    return out->rows && out->states && out->slots;
}

/* Pending values become part of the state, chunk by chunk; the last one of each user counts. All
 * or nothing. Called before a snapshot is made, and when much is pending. */
bool segi_attr_fold(segi_attr *attr, const segi_mem *mem, segi_scratch *scratch)
{
    segi_attr_pending *p = &attr->pending;
    if (p->count == 0)
        return true;
    SEGI_ASSERT(p->count == p->accepted && p->count <= UINT32_MAX);
    const uint64_t *entries = attr_order(p, scratch);
    segi_attr_changes changes;
    if (!entries || !attr_changes_init(scratch, &changes))
        return false;
    uint32_t chunks = (uint32_t)(entries[p->count - 1] >> 48) + 1;
    segi_attr_state *state = segi_attr_state_copy(mem, attr->state, chunks);
    uint32_t dict_count = attr->dict ? attr->dict->count : 0;
    bool good = state != NULL;
    for (size_t begin = 0, end; good && begin < p->count; begin = end) {
        uint32_t index = (uint32_t)(entries[begin] >> 48);
        for (end = begin; end < p->count && entries[end] >> 48 == index;)
            end++;
        const segi_attr_chunk *old = state->chunks[index];
        attr_changes(attr, old, entries, begin, end, &changes);
        if (changes.count == 0)
            continue;
        segi_attr_chunk *chunk =
            segi_attr_chunk_change(mem, scratch, attr->type, dict_count, old, &changes);
        good = chunk != NULL;
        if (good)
            segi_attr_state_replace(state, index, chunk);
    }
    if (!good) {
        segi_attr_state_release(state);
        return false;
    }
    segi_attr_state_release(attr->state);
    attr->state = state;
    attr_pending_clear(p, mem);
    return true;
}
