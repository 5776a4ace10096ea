/* Ranks and scores: they need the whole population before they can say anything about one user.
 *
 * One pass gathers the value of every member of the population that has one, as a key of the same
 * order in as few bytes as the chunk's values need. Cut points are found by counting (select.c).
 * The pass over the candidates then compares the keys with the cut points, as if they were a
 * column; ties at a cut are on its upper side, for `bottom` on its lower one.
 *
 * The population is the universe at `now`, or those of `among (...)`, never the candidates of the
 * request: who is in the top ten must not depend on who is asked about. Ranks within a population
 * of another rank are settled first, as operations of a lower index. Memory: 1 to 8 bytes per user
 * who is ranked, and a mask per chunk, until the evaluation ends. */
#include <string.h>

#include "base/os.h"
#include "exec/rank.h"

typedef struct rank_work {
    segi_ranking *ranking;
    uint32_t index; /* of the operation */
} rank_work;

uint64_t segi_rank_key(segi_value_type type, int64_t slot)
{
    return (uint64_t)segi_slot_key(type, slot) ^ ((uint64_t)1 << 63);
}

/* ---- the pass over the population ---- */

/* Slots become keys in place, segi_rank_key() without its calls. */
SEGI_HOT static void rank_keys(bool floats, uint64_t *slots, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t below = floats ? (uint64_t)((int64_t)slots[i] >> 63) >> 1 : 0;
        slots[i] = (slots[i] ^ below) ^ ((uint64_t)1 << 63);
    }
}

SEGI_HOT static void rank_bounds(const uint64_t *keys, uint32_t count, uint64_t *out_low,
                                 uint64_t *out_high)
{
    uint64_t low = UINT64_MAX, high = 0;
    for (uint32_t i = 0; i < count; i++) {
        low = keys[i] < low ? keys[i] : low;
        high = keys[i] > high ? keys[i] : high;
    }
    *out_low = low;
    *out_high = high;
}

#define RANK_STORE(TYPE)                                                                           \
    for (uint32_t i = 0; i < chunk->count; i++)                                                    \
        ((TYPE *)chunk->keys)[i] = (TYPE)(keys[i] - low);                                          \
    break

SEGI_HOT static void rank_store(segi_rank_chunk *chunk, const uint64_t *keys)
{
    uint64_t low = chunk->low;
    switch (chunk->width) {
    case 1: RANK_STORE(uint8_t);
    case 2: RANK_STORE(uint16_t);
    case 4: RANK_STORE(uint32_t);
    default: RANK_STORE(uint64_t);
    }
}

/* Bits by position in the list become users. */
static void rank_users(segi_users users, const uint64_t *bits, segi_mask *out)
{
    if (users.lows[users.count - 1] == users.count - 1) { /* without a gap */
        memcpy(out->words, bits, ((size_t)users.count + 63) / 64 * sizeof *bits);
        return;
    }
    for (uint32_t i = 0; i * 64 < users.count; i++) {
        for (uint64_t word = bits[i]; word; word &= word - 1)
            segi_bit_set(out->words, users.lows[i * 64 + (uint32_t)segi_ctz(word)]);
    }
}

/* Those whose value is 0 go to a mask of their own. */
static void rank_take_zeros(segi_worker *w, segi_users users, segi_vector *v,
                            segi_rank_chunk *chunk)
{
    uint64_t *zeros = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    if (!zeros)
        return;
    segi_scan_signed(v->slots, 0, users.count, 0, 0, zeros);
    for (uint32_t i = 0; i * 64 < users.count; i++) {
        zeros[i] &= v->set[i];
        v->set[i] &= ~zeros[i];
    }
    rank_users(users, zeros, chunk->zeros);
    segi_worker_bits_pop(w);
}

/* Keys of those with a value move together. */
static void rank_close_up(uint64_t *keys, const uint64_t *set, uint32_t count)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i * 64 < count; i++) {
        for (uint64_t word = set[i]; word; word &= word - 1)
            keys[n++] = keys[i * 64 + (uint32_t)segi_ctz(word)];
    }
}

/* `population` has the users as a mask. */
static void rank_gather(segi_worker *w, const segi_ranking *ranking, const segi_mask *population,
                        segi_users users, segi_vector *v)
{
    segi_rank_chunk *chunk = &ranking->chunks[w->chunk];
    uint64_t *keys = (uint64_t *)v->slots;
    if (users.count & 63)
        v->set[users.count / 64] &= ((uint64_t)1 << (users.count & 63)) - 1;
    if (!ranking->zeros)
        rank_take_zeros(w, users, v, chunk);
    chunk->count = (uint32_t)segi_bits_count_range(v->set, 0, users.count);
    if (chunk->count == 0 || w->status != SEG_OK)
        return;
    if (chunk->count == users.count) {
        memcpy(chunk->ranked, population, sizeof *population);
    } else {
        rank_users(users, v->set, chunk->ranked);
        rank_close_up(keys, v->set, users.count);
    }
    rank_keys(ranking->value->type.type == SEG_TYPE_FLOAT64, keys, chunk->count);
    rank_bounds(keys, chunk->count, &chunk->low, &chunk->high);
    uint64_t range = chunk->high - chunk->low;
    uint32_t width = range < 256 ? 1 : range < 65536 ? 2 : range <= UINT32_MAX ? 4 : 8;
    chunk->keys = segi_alloc(w->mem, (size_t)chunk->count * width + 64);
    if (!chunk->keys) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return;
    }
    chunk->width = width;
    chunk->prefix = chunk->count == (uint32_t)users.lows[users.count - 1] + 1;
    rank_store(chunk, keys);
}

static void rank_chunk_values(segi_worker *w, void *context, uint32_t group)
{
    rank_work *work = context;
    const segi_ranking *ranking = work->ranking;
    const segi_op *op = ranking->op;
    (void)group;
    segi_mask *population = segi_worker_mask_push(w);
    if (!population)
        return;
    uint32_t count = w->base_count;
    if (segi_op_has_population(op))
        count = segi_op_evaluate(w, op->children[0], w->base, count, population);
    else
        memcpy(population, w->base, sizeof *population);
    bool ready = count > 0 && w->status == SEG_OK && segi_worker_list(w);
    segi_vector *v = ready ? segi_worker_vector_push(w) : NULL;
    if (v) {
        segi_mask_extract(population, count, w->candidates);
        segi_users users = {w->candidates, count};
        w->op = work->index; /* rows looked at count as the rank's */
        segi_value_users(w, ranking->value, users, v);
        if (w->status == SEG_OK)
            rank_gather(w, ranking, population, users, v);
        segi_worker_vector_pop(w);
    }
    segi_worker_mask_pop(w);
}

static void rank_total(segi_ranking *ranking)
{
    ranking->low = UINT64_MAX;
    ranking->high = 0;
    for (uint32_t c = 0; c < ranking->chunk_count; c++) {
        const segi_rank_chunk *chunk = &ranking->chunks[c];
        if (chunk->count == 0)
            continue;
        ranking->total += chunk->count;
        ranking->low = chunk->low < ranking->low ? chunk->low : ranking->low;
        ranking->high = chunk->high > ranking->high ? chunk->high : ranking->high;
    }
}

/* ---- ranks ---- */

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

static seg_status rank_cut(const segi_mem *mem, segi_ranking *ranking, seg_error *err)
{
    const segi_node *node = ranking->op->node;
    uint64_t n = ranking->total, wanted = rank_wanted(node, n);
    segi_rank_place cut;
    if (wanted == 0)
        return SEG_OK;
    uint64_t at = node->bottom ? wanted - 1 : n - wanted;
    SEGI_TRY(segi_rank_select(mem, ranking, &at, 1, &cut, err));
    ranking->any = true;
    if (node->bottom)
        ranking->high = cut.key;
    else
        ranking->low = cut.key;
    return SEG_OK;
}

void segi_rank_between(segi_worker *w, const segi_rank_chunk *chunk, uint64_t low, uint64_t high,
                       segi_mask *out)
{
    segi_mask_zero(out);
    if (chunk->width == 0 || high < chunk->low || low > chunk->high || !segi_worker_list(w))
        return;
    low = low < chunk->low ? 0 : low - chunk->low;
    high = (high > chunk->high ? chunk->high : high) - chunk->low;
    if (chunk->prefix) {
        segi_scan_range(chunk->width, chunk->keys, 0, chunk->count, low, high, out->words);
        return;
    }
    uint64_t *bits = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    if (!bits)
        return;
    segi_scan_range(chunk->width, chunk->keys, 0, chunk->count, low, high, bits);
    segi_mask_extract(chunk->ranked, chunk->count, w->candidates);
    rank_users((segi_users){w->candidates, chunk->count}, bits, out);
    segi_worker_bits_pop(w);
}

uint32_t segi_rank_evaluate(segi_worker *w, uint32_t op, const segi_mask *candidates,
                            segi_mask *out)
{
    const segi_ranking *ranking = w->run->rankings[op];
    if (!ranking->any) {
        segi_mask_zero(out);
        return 0;
    }
    segi_rank_between(w, &ranking->chunks[w->chunk], ranking->low, ranking->high, out);
    segi_mask_and(out, candidates);
    return segi_mask_count(out);
}

/* ---- doors ---- */

/* What leaves may point at while nothing is known of it yet. */
segi_ranking *segi_rank_new(segi_prep *p, const segi_op *op)
{
    segi_ranking *ranking = SEGI_PREP_NEW(p, segi_ranking);
    uint32_t count = p->run->chunk_count;
    segi_rank_chunk *chunks = segi_prep_alloc(p, count, sizeof *chunks);
    if (!chunks)
        return NULL;
    ranking->op = op;
    ranking->chunks = chunks;
    ranking->chunk_count = count;
    ranking->zeros = op->kind == SEGI_OP_RANK || op->node->score->zeros;
    for (uint32_t c = 0; c < count; c++) {
        chunks[c].ranked = SEGI_PREP_NEW(p, segi_mask);
        chunks[c].zeros = ranking->zeros ? NULL : SEGI_PREP_NEW(p, segi_mask);
    }
    return p->status == SEG_OK ? ranking : NULL;
}

void segi_rank_free(segi_exec_run *run)
{
    for (uint32_t i = 0; run->rankings && i < run->program->op_count; i++) {
        const segi_ranking *ranking = run->rankings[i];
        for (uint32_t c = 0; ranking && c < ranking->chunk_count; c++)
            segi_free(run->mem, ranking->chunks[c].keys);
    }
}

seg_status segi_rank_prepare(segi_exec_run *run, uint32_t threads, uint32_t op, seg_error *err)
{
    segi_prep p = {.run = run, .status = SEG_OK, .err = err};
    segi_ranking *ranking = run->rankings[op];
    rank_work work = {ranking, op};
    uint64_t started = run->actual ? segi_os_nanoseconds() : 0;
    ranking->value = segi_prep_value_of(&p, ranking->op->node->children[0], (segi_place){0});
    if (!ranking->value)
        return p.status;
    /* The population is everyone, whoever the evaluation is asked about. */
    const segi_bitmap *among = run->among;
    bool everyone = run->everyone;
    run->among = NULL;
    run->everyone = false;
    uint32_t groups = threads == 1 ? 1 : run->chunk_count;
    seg_status status =
        segi_exec_run_chunks(run, threads, rank_chunk_values, &work, groups ? groups : 1, err);
    run->among = among;
    run->everyone = everyone;
    if (status == SEG_OK) {
        rank_total(ranking);
        status = ranking->op->kind == SEGI_OP_RANK ? rank_cut(run->mem, ranking, err)
                                                   : segi_score_cut(&p, run->scores[op]);
    }
    if (run->actual) {
        run->actual->ops[op].ranked = ranking->total;
        run->actual->ops[op].ranking += segi_os_nanoseconds() - started;
    }
    return status;
}
