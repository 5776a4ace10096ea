/* Top and bottom: a rank needs the whole population before it can say anything about one user.
 *
 * One pass gathers the value of every member of the population that has one; the cut is found by
 * a radix search over order-preserving keys; members on the right side of the cut, ties at it
 * included, become masks that the pass over the candidates reads like any other leaf.
 *
 * The population is the universe at `now`, or those of `among (...)`, never the candidates of the
 * request: who is in the top ten must not depend on who is asked about. Ranks within a population
 * of another rank are settled first, as operations of a lower index. Memory: 10 bytes per member of
 * the population until the masks are made, and one mask per chunk after that. */
#include <string.h>

#include "base/os.h"
#include "exec/exec_int.h"

typedef struct rank_chunk {
    uint32_t count;
    int64_t *keys;  /* owned */
    uint16_t *lows; /* owned */
} rank_chunk;

typedef struct rank_work {
    const segi_prep_value *value;
    const segi_op *op;
    uint32_t index;     /* of op */
    rank_chunk *chunks; /* by chunk */
} rank_work;

static void rank_gather(segi_worker *w, rank_work *work, segi_users users, const segi_vector *v)
{
    rank_chunk *rc = &work->chunks[w->chunk];
    rc->keys = segi_alloc_array(w->mem, users.count, sizeof *rc->keys);
    rc->lows = segi_alloc_array(w->mem, users.count, sizeof *rc->lows);
    if (!rc->keys || !rc->lows) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return;
    }
    for (uint32_t i = 0; i < users.count; i++) {
        if (!segi_bit_get(v->set, i))
            continue;
        rc->keys[rc->count] = segi_slot_key(work->value->type, v->slots[i]);
        rc->lows[rc->count++] = users.lows[i];
    }
}

static void rank_chunk_values(segi_worker *w, void *context, uint32_t group)
{
    rank_work *work = context;
    (void)group;
    segi_mask *population = segi_worker_mask_push(w);
    if (!population)
        return;
    uint32_t count = w->base_count;
    if (work->op->child_count)
        count = segi_op_evaluate(w, work->op->children[0], w->base, count, population);
    else
        memcpy(population, w->base, sizeof *population);
    bool ready = count > 0 && w->status == SEG_OK && segi_worker_list(w);
    segi_vector *v = ready ? segi_worker_vector_push(w) : NULL;
    if (v) {
        segi_mask_extract(population, count, w->candidates);
        segi_users users = {w->candidates, count};
        w->op = work->index; /* rows looked at count as the rank's */
        segi_value_users(w, work->value, users, v);
        if (w->status == SEG_OK)
            rank_gather(w, work, users, v);
        segi_worker_vector_pop(w);
    }
    segi_worker_mask_pop(w);
}

/* Members ranked in all, and the bounds of their keys. */
static uint64_t rank_total(const rank_work *work, uint32_t chunk_count, uint64_t *out_low,
                           uint64_t *out_high)
{
    uint64_t total = 0;
    *out_low = UINT64_MAX;
    *out_high = 0;
    for (uint32_t c = 0; c < chunk_count; c++) {
        const rank_chunk *rc = &work->chunks[c];
        total += rc->count;
        for (uint32_t i = 0; i < rc->count; i++) {
            uint64_t key = (uint64_t)rc->keys[i] ^ ((uint64_t)1 << 63);
            *out_low = key < *out_low ? key : *out_low;
            *out_high = key > *out_high ? key : *out_high;
        }
    }
    return total;
}

/* The n-th smallest key (n from 0), byte by byte from the highest one in which keys differ: at most
 * eight passes that count, none that moves a key. */
static uint64_t rank_select(const rank_work *work, uint32_t chunk_count, uint64_t low,
                            uint64_t high, uint64_t n)
{
    int shift = 56;
    while (shift > 0 && (low >> shift) == (high >> shift))
        shift -= 8;
    uint64_t prefix = shift == 56 ? 0 : low >> (shift + 8);
    for (; shift >= 0; shift -= 8) {
        uint64_t bins[256] = {0};
        for (uint32_t c = 0; c < chunk_count; c++) {
            const rank_chunk *rc = &work->chunks[c];
            for (uint32_t i = 0; i < rc->count; i++) {
                uint64_t key = (uint64_t)rc->keys[i] ^ ((uint64_t)1 << 63);
                if (shift == 56 || key >> (shift + 8) == prefix)
                    bins[(key >> shift) & 255]++;
            }
        }
        uint64_t bin = 0;
        while (n >= bins[bin])
            n -= bins[bin++];
        prefix = prefix << 8 | bin;
    }
    return prefix;
}

/* How many are wanted of n, at least none and at most all. Percentages are in millionths and round
 * up, so that the top 1 % of ten people is one of them; n < 2^32 keeps the product in 64 bits. */
static uint64_t rank_wanted(const segi_node *node, uint64_t n)
{
    if (node->count <= 0)
        return 0;
    uint64_t wanted = (uint64_t)node->count;
    if (node->percent)
        wanted = wanted >= 100000000 ? n : (n * wanted + 99999999) / 100000000;
    return wanted < n ? wanted : n;
}

static void rank_masks(const rank_work *work, uint32_t chunk_count, segi_mask *masks)
{
    const segi_node *node = work->op->node;
    uint64_t low, high;
    uint64_t n = rank_total(work, chunk_count, &low, &high);
    uint64_t wanted = rank_wanted(node, n);
    if (wanted == 0)
        return;
    uint64_t at = node->bottom ? wanted - 1 : n - wanted;
    uint64_t cut = rank_select(work, chunk_count, low, high, at);
    for (uint32_t c = 0; c < chunk_count; c++) {
        const rank_chunk *rc = &work->chunks[c];
        for (uint32_t i = 0; i < rc->count; i++) {
            uint64_t key = (uint64_t)rc->keys[i] ^ ((uint64_t)1 << 63);
            if (node->bottom ? key <= cut : key >= cut)
                segi_bit_set(masks[c].words, rc->lows[i]);
        }
    }
}

seg_status segi_rank_prepare(segi_run *run, uint32_t threads, uint32_t op, seg_error *err)
{
    segi_prep p = {.run = run, .status = SEG_OK, .err = err};
    rank_work work = {.op = &run->program->ops[op], .index = op};
    uint64_t started = run->actual ? segi_os_nanoseconds() : 0;
    work.value = segi_prep_value_of(&p, work.op->node->children[0], (segi_place){0});
    segi_mask *masks = segi_prep_alloc(&p, run->chunk_count, sizeof *masks);
    work.chunks = segi_prep_alloc(&p, run->chunk_count, sizeof *work.chunks);
    if (!work.value || !work.chunks)
        return p.status;
    SEGI_TRY(segi_run_hold(run, threads, err));
    /* The population is everyone, whoever the evaluation is asked about. */
    const segi_bitmap *among = run->among;
    run->among = NULL;
    uint32_t groups = threads == 1 ? 1 : run->chunk_count;
    seg_status status =
        segi_run_chunks(run, threads, rank_chunk_values, &work, groups ? groups : 1, err);
    run->among = among;
    if (status == SEG_OK)
        rank_masks(&work, run->chunk_count, masks);
    for (uint32_t c = 0; c < run->chunk_count; c++) {
        segi_free(run->mem, work.chunks[c].keys);
        segi_free(run->mem, work.chunks[c].lows);
    }
    if (run->actual)
        run->actual[op].nanoseconds += segi_os_nanoseconds() - started;
    run->ranks[op] = masks;
    return status;
}
