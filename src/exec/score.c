/* Scores: the class of a value by cut points, of a population (rank.c) or as written.
 *
 * A test of one score against numbers is a scan of the population's keys between two cut points;
 * everything else takes classes as a vector of whole numbers. */
#include <string.h>

#include "base/text.h"
#include "exec/rank.h"

/* ---- cut points ---- */

/* The least slot of the type that is not below the literal. False: there is none. */
static bool cut_slot(const segi_literal *point, segi_value_type type, int64_t *out)
{
    int32_t have = point->type.scale;
    int32_t want = type.type == SEG_TYPE_DECIMAL ? type.scale : 0;
    if (type.type == SEG_TYPE_FLOAT64) {
        *out = segi_slot_of_float(segi_slot_as_float(point->type, point->slot));
        return true;
    }
    if (have <= want) {
        if (segi_mul_overflow(point->slot, segi_pow10(want - have), out)) {
            *out = INT64_MIN;
            return point->slot < 0;
        }
        return true;
    }
    int64_t unit = segi_pow10(have - want);
    *out = point->slot / unit + (point->slot % unit > 0);
    return true;
}

/* A cut point above all slots is never reached, nor are those that follow it. */
static bool cuts_written(segi_prep *p, segi_prep_score *out, segi_value_type type)
{
    const segi_score *score = out->score;
    for (uint32_t i = 0; i < score->cut_count; i++) {
        const segi_literal *point = &score->points[i];
        int64_t slot;
        if (point->type.type == (seg_type)SEGI_TYPE_DURATION)
            slot = p->run->now - point->slot; /* so long ago */
        else if (!cut_slot(point, type, &slot))
            break;
        out->cuts[out->cut_count++] = segi_rank_key(type, slot);
    }
    return p->status == SEG_OK;
}

/* Of a ranking its cut points come later, in segi_score_cut(), when the population is known. */
segi_prep_score *segi_score_new(segi_prep *p, const segi_score *score, const segi_ranking *ranking)
{
    segi_prep_score *out = SEGI_PREP_NEW(p, segi_prep_score);
    uint64_t *cuts = segi_prep_alloc(p, score->cut_count, sizeof *cuts);
    if (!cuts)
        return NULL;
    out->score = score;
    out->ranking = ranking;
    out->cuts = cuts;
    return out;
}

/* Twice the place of cut j of q - 1, rounded up. */
static uint64_t cut_half(uint64_t n, uint64_t j, uint64_t q)
{
    return (2 * n * j + q - 1) / q;
}

/* Class j + 1 of q takes those with q x (2 x below + equal) >= 2 x n x j: equal values have the
 * class of the middle of their ranks (S-24).
 *
 * So a cut is the least key whose middle, counting those below it and half of its equals, is not
 * below so many halves, if any is: the key at that place, or the next greater one, whose middle
 * lies behind all of this one's places. The next ones are looked for together. */
static seg_status cut_middles(segi_prep *p, segi_prep_score *out)
{
    uint32_t count = out->score->cut_count, later_count = 0, later[SEGI_SCORE_CUTS_MAX];
    uint64_t n = out->ranking->total, q = (uint64_t)count + 1, wanted[SEGI_SCORE_CUTS_MAX];
    segi_rank_place places[SEGI_SCORE_CUTS_MAX];
    if (n == 0)
        return SEG_OK;
    for (uint32_t i = 0; i < count; i++) {
        uint64_t half = cut_half(n, i + 1, q);
        wanted[i] = half / 2 < n ? half / 2 : n - 1;
    }
    SEGI_TRY(segi_rank_select(p->run->mem, out->ranking, wanted, count, places, p->err));
    for (uint32_t i = 0; i < count; i++) {
        uint64_t at = places[i].below + places[i].equal;
        bool reached = places[i].below + at >= cut_half(n, i + 1, q);
        if (!reached && at == n)
            break; /* not by the greatest key, and so none of those that follow */
        out->cuts[out->cut_count++] = places[i].key;
        if (reached)
            continue;
        later[later_count] = i;
        wanted[later_count++] = at;
    }
    SEGI_TRY(segi_rank_select(p->run->mem, out->ranking, wanted, later_count, places, p->err));
    for (uint32_t i = 0; i < later_count; i++)
        out->cuts[later[i]] = places[i].key;
    return SEG_OK;
}

/* At part p of n values the one at index floor(p x n): those above the cut are the top (1 - p) x n,
 * rounded up, with all who tie with the last of them (S-25). p x n < 2^59. */
seg_status segi_score_cut(segi_prep *p, segi_prep_score *out)
{
    const segi_score *score = out->score;
    if (score->cuts == SEGI_CUTS_MIDDLES)
        return cut_middles(p, out);
    uint64_t n = out->ranking->total;
    uint64_t wanted[SEGI_SCORE_CUTS_MAX];
    segi_rank_place places[SEGI_SCORE_CUTS_MAX];
    for (uint32_t i = 0; i < score->cut_count; i++) {
        wanted[i] = (uint64_t)score->parts[i] * n / 100000000;
        if (wanted[i] < n)
            out->cut_count = i + 1;
    }
    SEGI_TRY(segi_rank_select(p->run->mem, out->ranking, wanted, out->cut_count, places, p->err));
    for (uint32_t i = 0; i < out->cut_count; i++)
        out->cuts[i] = places[i].key;
    return SEG_OK;
}

/* ---- values ---- */

/* One more than the cut points that are not above the key. */
static int64_t score_class(const segi_prep_score *score, uint64_t key)
{
    uint32_t class = 1;
    for (uint32_t i = 0; i < score->cut_count; i++)
        class += score->cuts[i] <= key;
    return class;
}

static uint64_t chunk_key(const segi_rank_chunk *chunk, uint32_t at)
{
    switch (chunk->width) {
    case 1: return chunk->low + ((const uint8_t *)chunk->keys)[at];
    case 2: return chunk->low + ((const uint16_t *)chunk->keys)[at];
    case 4: return chunk->low + ((const uint32_t *)chunk->keys)[at];
    default: return chunk->low + ((const uint64_t *)chunk->keys)[at];
    }
}

/* Who did not buy is of class 0. */
static void score_buyers(segi_worker *w, const segi_prep_value *count, segi_users users,
                         segi_vector *out)
{
    segi_vector *counts = segi_worker_vector_push(w);
    if (!counts)
        return;
    segi_value_users(w, count, users, counts);
    for (uint32_t i = 0; w->status == SEG_OK && i < users.count; i++) {
        if (segi_bit_get(counts->set, i) && counts->slots[i] != 0)
            continue;
        out->slots[i] = 0;
        segi_bit_set(out->set, i);
    }
    segi_worker_vector_pop(w);
}

/* Of a value as it comes: cut points are written. */
static void score_value_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                              segi_vector *out)
{
    segi_value_users(w, value->left, users, out);
    memset(out->null, 0, ((size_t)users.count + 63) / 64 * sizeof *out->null);
    for (uint32_t i = 0; w->status == SEG_OK && i < users.count; i++) {
        int64_t slot = out->slots[i];
        bool zero = slot == 0 && !value->score->score->zeros;
        out->slots[i] =
            zero ? 0 : score_class(value->score, segi_rank_key(value->left->type, slot));
    }
    if (value->right && w->status == SEG_OK)
        score_buyers(w, value->right, users, out);
}

/* Who is neither ranked nor zero is outside of the population and has no class. */
void segi_score_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out)
{
    const segi_prep_score *score = value->score;
    if (!score->ranking) {
        score_value_users(w, value, users, out);
        return;
    }
    const segi_rank_chunk *chunk = &score->ranking->chunks[w->chunk];
    size_t words = ((size_t)users.count + 63) / 64;
    memset(out->set, 0, words * sizeof *out->set);
    memset(out->null, 0, words * sizeof *out->null);
    uint32_t word = 0, before = 0; /* those ranked in words before it: keys have their order */
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        while (word < low / 64)
            before += (uint32_t)segi_popcount(chunk->ranked->words[word++]);
        uint64_t below = chunk->ranked->words[word] & (((uint64_t)1 << (low & 63)) - 1);
        uint32_t at = before + (uint32_t)segi_popcount(below);
        bool ranked = segi_bit_get(chunk->ranked->words, low);
        bool zero = chunk->zeros && segi_bit_get(chunk->zeros->words, low);
        out->slots[i] = ranked ? score_class(score, chunk_key(chunk, at)) : 0;
        if (ranked || zero || score->score->rfm)
            segi_bit_set(out->set, i);
    }
}

/* ---- tests of one score ---- */

/* Neighbouring classes that pass are one scan: from the cut point under the first of them up to the
 * one over the last. */
static void score_run(segi_worker *w, const segi_prep_score *score, uint32_t first, uint32_t last,
                      segi_mask *found)
{
    uint64_t low = first > 1 ? score->cuts[first - 2] : 0;
    uint64_t high = last <= score->cut_count ? score->cuts[last - 1] : UINT64_MAX;
    /* Classes between equal cut points are empty. */
    if (last <= score->cut_count && high-- == 0)
        segi_mask_zero(found);
    else if (low > high)
        segi_mask_zero(found);
    else
        segi_rank_between(w, &score->ranking->chunks[w->chunk], low, high, found);
}

void segi_score_test(segi_worker *w, const segi_prep_score *score, const segi_match *match,
                     segi_mask *out)
{
    const segi_rank_chunk *chunk = &score->ranking->chunks[w->chunk];
    segi_mask *found = segi_worker_mask_push(w);
    if (!found)
        return;
    for (uint32_t first = 1; first <= score->cut_count + 1; first++) {
        if (!segi_match_slot(match, first))
            continue;
        uint32_t last = first;
        while (last <= score->cut_count && segi_match_slot(match, (int64_t)last + 1))
            last++;
        score_run(w, score, first, last, found);
        segi_mask_or(out, found);
        first = last;
    }
    if (chunk->zeros && segi_match_slot(match, 0))
        segi_mask_or(out, chunk->zeros);
    if (score->score->rfm && segi_match_slot(match, 0)) {
        memcpy(found, w->base, sizeof *found); /* all who did not buy */
        segi_mask_andnot(found, chunk->ranked);
        segi_mask_or(out, found);
    }
    segi_worker_mask_pop(w);
}

/* ---- preparing ---- */

const segi_prep_value *segi_score_value(segi_prep *p, const segi_node *node)
{
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    out->form = SEGI_VALUE_SCORE;
    out->node = node;
    out->type = (segi_value_type){SEG_TYPE_INT64, 0}; /* a name is its number by now */
    if (node->score->cuts == SEGI_CUTS_FIXED) {
        segi_prep_score *score = segi_score_new(p, node->score, NULL);
        out->left = score ? segi_prep_value_of(p, node->children[0], (segi_place){0}) : NULL;
        if (out->left && node->child_count > 1)
            out->right = segi_prep_value_of(p, node->children[1], (segi_place){0});
        if (!out->left || p->status != SEG_OK || !cuts_written(p, score, out->left->type))
            return NULL;
        out->score = score;
        return out;
    }
    const segi_program *program = p->run->program;
    for (uint32_t i = 0; i < program->score_count && !out->score; i++) {
        if (program->scores[i].node == node)
            out->score = p->run->scores[program->scores[i].op];
    }
    if (out->score)
        return out;
    p->status = segi_fail(p->err, SEG_E_INTERNAL, "a score that the program does not know");
    return NULL;
}
