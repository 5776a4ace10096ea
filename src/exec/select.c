/* Which key is the n-th smallest? Found without sorting: keys are counted by their upper bits, in
 * 65,536 bins or more at a time, or in about as many as there are keys. Where keys spread over
 * fewer values than that a bin is a key and one pass answers; otherwise the keys of the bins that
 * were hit, a small part, are looked at again. */
#include <string.h>

#include "exec/rank.h"

#define SELECT_BITS_FEW 8
#define SELECT_BITS 16
#define SELECT_BITS_MANY 18 /* for a quarter of a million keys and more */
/* So few bins are counted in four tables: a value that most users share would wait for itself. */
#define SELECT_FEW 1024

/* Keys low + keys[i]. */
typedef struct select_piece {
    const void *keys;
    uint32_t count, width;
    uint64_t low;
} select_piece;

/* One of the bins that hold a wanted place. */
typedef struct select_hit {
    uint64_t bin, before; /* keys below it */
    uint64_t *keys;       /* owned: its keys, as offsets from its first one */
    uint64_t size;
} select_hit;

/* One pass over all keys: [low, low + (bins << shift)). */
typedef struct select_work {
    const segi_mem *mem;
    const select_piece *pieces;
    uint32_t piece_count;
    uint64_t low;
    int shift;
    uint32_t bins, tables;
    uint32_t *counts; /* owned: [bins] for each table */
    uint8_t *hit_of;  /* owned: [bins], 0 or one more than the index of a hit */
    select_hit *hits; /* owned */
    uint32_t hit_count;
} select_work;

static int select_width(uint64_t range)
{
    int bits = 0;
    for (; bits < 64 && range >> bits; bits++)
        ;
    return bits;
}

/* STATEMENT with `key`, a key's distance from the lowest of all, and `i`, its place. */
#define SELECT_EACH_TYPE(TYPE, STATEMENT)                                                          \
    for (uint32_t i = 0; i < piece->count; i++) {                                                  \
        uint64_t key = base + ((const TYPE *)piece->keys)[i];                                      \
        STATEMENT                                                                                  \
    }
#define SELECT_EACH(STATEMENT)                                                                     \
    switch (piece->width) {                                                                        \
    case 1: SELECT_EACH_TYPE(uint8_t, STATEMENT); break;                                           \
    case 2: SELECT_EACH_TYPE(uint16_t, STATEMENT); break;                                          \
    case 4: SELECT_EACH_TYPE(uint32_t, STATEMENT); break;                                          \
    default: SELECT_EACH_TYPE(uint64_t, STATEMENT); break;                                         \
    }

/* Counts the keys of one piece by their upper bits. */
static void select_count(const select_work *work, const select_piece *piece)
{
    uint64_t base = piece->low - work->low;
    uint32_t tables = work->tables - 1, bins = work->bins, *counts = work->counts;
    int shift = work->shift;
    SELECT_EACH(counts[(i & tables) * bins + (key >> shift)]++;)
}

static bool select_histogram(select_work *work)
{
    work->tables = work->bins <= SELECT_FEW ? 4 : 1;
    work->counts =
        segi_alloc_zero(work->mem, (size_t)work->bins * work->tables * sizeof *work->counts);
    if (!work->counts)
        return false;
    for (uint32_t i = 0; i < work->piece_count; i++)
        select_count(work, &work->pieces[i]);
    for (uint32_t t = 1; t < work->tables; t++) {
        for (uint32_t bin = 0; bin < work->bins; bin++)
            work->counts[bin] += work->counts[t * work->bins + bin];
    }
    return true;
}

/* Which bin each wanted place is in; each bin once. */
static bool select_hits(select_work *work, const uint64_t *wanted, uint32_t count)
{
    uint64_t before = 0, bin = 0;
    work->hits = segi_alloc_zero(work->mem, count * sizeof *work->hits);
    work->hit_of = segi_alloc_zero(work->mem, work->bins);
    if (!work->hits || !work->hit_of)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        while (wanted[i] - before >= work->counts[bin])
            before += work->counts[bin++];
        if (work->hit_of[bin])
            continue;
        work->hits[work->hit_count++] = (select_hit){.bin = bin, .before = before};
        work->hit_of[bin] = (uint8_t)work->hit_count;
    }
    return true;
}

static void select_gather_piece(const select_work *work, const select_piece *piece)
{
    uint64_t base = piece->low - work->low;
    int shift = work->shift;
    SELECT_EACH(uint8_t at = work->hit_of[key >> shift]; if (at) {
        select_hit *hit = &work->hits[at - 1];
        hit->keys[hit->size++] = key - (hit->bin << shift);
    })
}

/* The keys of all bins that were hit, in one pass. */
static bool select_gather(select_work *work)
{
    for (uint32_t h = 0; h < work->hit_count; h++) {
        select_hit *hit = &work->hits[h];
        hit->keys = segi_alloc_array(work->mem, work->counts[hit->bin], sizeof *hit->keys);
        if (!hit->keys)
            return false;
    }
    for (uint32_t p = 0; p < work->piece_count; p++)
        select_gather_piece(work, &work->pieces[p]);
    return true;
}

static bool select_run(const segi_mem *mem, const select_piece *pieces, uint32_t piece_count,
                       uint64_t low, uint64_t high, uint64_t total, const uint64_t *wanted,
                       uint32_t count, segi_rank_place *out);

/* The wanted places that lie in one bin. */
static bool select_inside(const select_work *work, const select_hit *hit, const uint64_t *wanted,
                          uint32_t count, segi_rank_place *out)
{
    uint64_t inside[SEGI_SCORE_CUTS_MAX], low = UINT64_MAX, high = 0;
    for (uint64_t i = 0; i < hit->size; i++) {
        low = hit->keys[i] < low ? hit->keys[i] : low;
        high = hit->keys[i] > high ? hit->keys[i] : high;
    }
    for (uint32_t i = 0; i < count; i++)
        inside[i] = wanted[i] - hit->before;
    uint64_t first = work->low + (hit->bin << work->shift);
    select_piece piece = {hit->keys, (uint32_t)hit->size, 8, first};
    if (!select_run(work->mem, &piece, 1, first + low, first + high, hit->size, inside, count, out))
        return false;
    for (uint32_t i = 0; i < count; i++)
        out[i].below += hit->before;
    return true;
}

/* Where a bin is one key that is the answer, else the search goes on inside of it. */
static bool select_answers(select_work *work, const uint64_t *wanted, uint32_t count,
                           segi_rank_place *out)
{
    uint32_t done = 0;
    for (uint32_t h = 0; h < work->hit_count; h++) {
        const select_hit *hit = &work->hits[h];
        uint32_t end = done;
        for (; end < count && wanted[end] - hit->before < work->counts[hit->bin]; end++)
            out[end] = (segi_rank_place){work->low + hit->bin, hit->before, work->counts[hit->bin]};
        if (work->shift > 0 && !select_inside(work, hit, wanted + done, end - done, out + done))
            return false;
        done = end;
    }
    return true;
}

/* Bits of the number of bins: clearing many for few keys would cost more than another pass. */
static int select_bits(uint64_t total)
{
    if (total >> SELECT_BITS_MANY)
        return SELECT_BITS_MANY;
    int bits = select_width(total);
    return bits < SELECT_BITS_FEW ? SELECT_BITS_FEW : bits < SELECT_BITS ? bits : SELECT_BITS;
}

/* Ranges shrink by at least 2^SELECT_BITS_FEW from call to call, so there are eight at most inside
 * each other. */
static bool select_run(const segi_mem *mem, const select_piece *pieces, uint32_t piece_count,
                       uint64_t low, uint64_t high, uint64_t total, const uint64_t *wanted,
                       uint32_t count, segi_rank_place *out)
{
    int width = select_width(high - low);
    int bits = select_bits(total);
    select_work work = {.mem = mem, .pieces = pieces, .piece_count = piece_count, .low = low};
    work.shift = width > bits ? width - bits : 0;
    work.bins = (uint32_t)((high - low) >> work.shift) + 1;
    bool good = select_histogram(&work) && select_hits(&work, wanted, count) &&
                (work.shift == 0 || select_gather(&work)) &&
                select_answers(&work, wanted, count, out);
    for (uint32_t h = 0; h < work.hit_count; h++)
        segi_free(mem, work.hits[h].keys);
    segi_free(mem, work.hits);
    segi_free(mem, work.hit_of);
    segi_free(mem, work.counts);
    return good;
}

/* `wanted` rises. Cost: one or two passes over the keys of the population. */
seg_status segi_rank_select(const segi_mem *mem, const segi_ranking *ranking,
                            const uint64_t *wanted, uint32_t count, segi_rank_place *out,
                            seg_error *err)
{
    if (count == 0)
        return SEG_OK;
    select_piece *pieces = segi_alloc_array(mem, ranking->chunk_count, sizeof *pieces);
    if (!pieces)
        return segi_fail_nomem(err);
    uint32_t used = 0;
    for (uint32_t c = 0; c < ranking->chunk_count; c++) {
        const segi_rank_chunk *chunk = &ranking->chunks[c];
        if (chunk->width)
            pieces[used++] = (select_piece){chunk->keys, chunk->count, chunk->width, chunk->low};
    }
    bool good = select_run(mem, pieces, used, ranking->low, ranking->high, ranking->total, wanted,
                           count, out);
    segi_free(mem, pieces);
    return good ? SEG_OK : segi_fail_nomem(err);
}
