/* Which key is the n-th smallest? Found without sorting: keys are counted by their upper bits, up
 * to 65,536 bins at a time. Where keys spread over fewer values than that a bin is a key and one
 * pass answers; otherwise the keys of the bins that were hit, a small part, are looked at again. */
#include <string.h>

#include "exec/rank.h"

#define SELECT_BITS 16
/* So few bins are counted in four tables: a value that most users share would wait for itself. */
#define SELECT_FEW 1024

/* Keys low + keys[i]. */
typedef struct select_piece {
    const void *keys;
    uint32_t count, width;
    uint64_t low;
    uint32_t blanks; /* places with key 0 that do not count */
} select_piece;

typedef struct select_work {
    const segi_mem *mem;
    const select_piece *pieces;
    uint32_t piece_count;
    uint64_t low;
    int shift;
    uint32_t bins;
    uint32_t *counts; /* owned: [bins], or four times that */
} select_work;

static int select_width(uint64_t range)
{
    int bits = 0;
    for (; bits < 64 && range >> bits; bits++)
        ;
    return bits;
}

#define SELECT_COUNT_LOOP(TYPE)                                                                    \
    do {                                                                                           \
        const TYPE *keys = piece->keys;                                                            \
        for (uint32_t i = 0; i < piece->count; i++)                                                \
            work->counts[(i & tables) * work->bins + ((base + keys[i]) >> work->shift)]++;         \
    } while (0)

static void select_count(select_work *work, const select_piece *piece, uint32_t tables)
{
    uint64_t base = piece->low - work->low;
    switch (piece->width) {
    case 1: SELECT_COUNT_LOOP(uint8_t); break;
    case 2: SELECT_COUNT_LOOP(uint16_t); break;
    case 4: SELECT_COUNT_LOOP(uint32_t); break;
    default: SELECT_COUNT_LOOP(uint64_t); break;
    }
    /* The blanks fell into any of the tables: one may wrap, their sum is right. */
    if (piece->blanks)
        work->counts[base >> work->shift] -= piece->blanks;
}

static bool select_histogram(select_work *work)
{
    uint32_t tables = work->bins <= SELECT_FEW ? 4 : 1;
    work->counts = segi_alloc_zero(work->mem, (size_t)work->bins * tables * sizeof *work->counts);
    if (!work->counts)
        return false;
    for (uint32_t i = 0; i < work->piece_count; i++)
        select_count(work, &work->pieces[i], tables - 1);
    for (uint32_t t = 1; t < tables; t++) {
        for (uint32_t bin = 0; bin < work->bins; bin++)
            work->counts[bin] += work->counts[t * work->bins + bin];
    }
    return true;
}

static uint64_t piece_key(const select_piece *piece, uint32_t i)
{
    switch (piece->width) {
    case 1: return ((const uint8_t *)piece->keys)[i];
    case 2: return ((const uint16_t *)piece->keys)[i];
    case 4: return ((const uint32_t *)piece->keys)[i];
    default: return ((const uint64_t *)piece->keys)[i];
    }
}

/* The keys of one bin, as offsets from its first key; blanks are told by how many there are. */
static void select_gather(const select_work *work, uint64_t bin, uint64_t *out)
{
    uint64_t size = 0, first = bin << work->shift;
    for (uint32_t p = 0; p < work->piece_count; p++) {
        const select_piece *piece = &work->pieces[p];
        uint64_t base = piece->low - work->low;
        uint32_t blanks = piece->blanks;
        for (uint32_t i = 0; i < piece->count; i++) {
            uint64_t key = piece_key(piece, i);
            if ((base + key) >> work->shift != bin)
                continue;
            if (key == 0 && blanks) {
                blanks--;
                continue;
            }
            out[size++] = base + key - first;
        }
    }
}

static bool select_run(const segi_mem *mem, const select_piece *pieces, uint32_t piece_count,
                       uint64_t low, uint64_t high, const uint64_t *wanted, uint32_t count,
                       uint64_t *out);

/* The wanted places [begin, end) all lie in this bin, `before` keys are below it. */
static bool select_bin(const select_work *work, uint64_t bin, uint64_t before,
                       const uint64_t *wanted, uint32_t count, uint64_t *out)
{
    uint32_t size = work->counts[bin];
    uint64_t first = work->low + (bin << work->shift), low = UINT64_MAX, high = 0;
    uint64_t *keys = segi_alloc_array(work->mem, size, sizeof *keys);
    uint64_t *inside = segi_alloc_array(work->mem, count, sizeof *inside);
    bool good = keys && inside;
    if (good) {
        select_gather(work, bin, keys);
        for (uint32_t i = 0; i < size; i++) {
            low = keys[i] < low ? keys[i] : low;
            high = keys[i] > high ? keys[i] : high;
        }
        for (uint32_t i = 0; i < count; i++)
            inside[i] = wanted[i] - before;
        select_piece piece = {keys, size, 8, first, 0};
        good = select_run(work->mem, &piece, 1, first + low, first + high, inside, count, out);
    }
    segi_free(work->mem, keys);
    segi_free(work->mem, inside);
    return good;
}

/* Bins shrink by 2^16 from call to call, so there are four at most inside each other. */
static bool select_run(const segi_mem *mem, const select_piece *pieces, uint32_t piece_count,
                       uint64_t low, uint64_t high, const uint64_t *wanted, uint32_t count,
                       uint64_t *out)
{
    int width = select_width(high - low);
    select_work work = {mem, pieces, piece_count, low, 0, 0, NULL};
    work.shift = width > SELECT_BITS ? width - SELECT_BITS : 0;
    work.bins = (uint32_t)((high - low) >> work.shift) + 1;
    bool good = select_histogram(&work);
    uint64_t before = 0, bin = 0;
    for (uint32_t i = 0; good && i < count;) {
        while (wanted[i] - before >= work.counts[bin])
            before += work.counts[bin++];
        uint32_t end = i + 1;
        while (end < count && wanted[end] - before < work.counts[bin])
            end++;
        if (work.shift > 0)
            good = select_bin(&work, bin, before, wanted + i, end - i, out + i);
        for (; work.shift == 0 && i < end; i++)
            out[i] = low + bin;
        i = end;
    }
    segi_free(mem, work.counts);
    return good;
}

seg_status segi_rank_select(const segi_mem *mem, const segi_ranking *ranking,
                            const uint64_t *wanted, uint32_t count, uint64_t *out, seg_error *err)
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
            pieces[used++] = (select_piece){chunk->keys, chunk->users, chunk->width, chunk->low,
                                            chunk->users - chunk->count};
    }
    bool good = select_run(mem, pieces, used, ranking->low, ranking->high, wanted, count, out);
    segi_free(mem, pieces);
    return good ? SEG_OK : segi_fail_nomem(err);
}
