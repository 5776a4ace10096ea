/* Sets turned round: one row of bits per user, so that "which of these sets is the user in" is one
 * access to memory instead of one per set.
 *
 * Sets are taken 64 at a time, chunk by chunk: 64 masks of a chunk are 64 x 65,536 bits, which are
 * transposed in blocks of 64 x 64 and written as one word of 65,536 rows.
 *
 * The price is one pass over all sets when they are turned, and users x sets bits of memory; in
 * return a look-up touches one cache line for up to 512 sets, wherever the user's ordinal lies. */
#include <string.h>

#include "base/error.h"
#include "sets/sets.h"

#define ROWSET_BLOCK 64u

/* In place: bit c of row r becomes bit r of row c. Recursive halving over 64 words, as in Warren,
 * Hacker's Delight, section 7-3. */
SEGI_HOT static void rowset_transpose(uint64_t rows[ROWSET_BLOCK])
{
    uint64_t mask = UINT64_C(0x00000000FFFFFFFF);
    for (uint32_t j = 32; j != 0; j >>= 1, mask ^= mask << j) {
        for (uint32_t k = 0; k < ROWSET_BLOCK; k = (k + j + 1) & ~j) {
            uint64_t swap = ((rows[k] >> j) ^ rows[k + j]) & mask;
            rows[k] ^= swap << j;
            rows[k + j] ^= swap;
        }
    }
}

/* Word `word` of the rows of one chunk, from the masks of up to 64 sets. */
static void rowset_chunk(segi_rowset *rows, const segi_mask *masks, uint32_t mask_count,
                         uint32_t chunk, uint32_t word)
{
    uint32_t first = chunk << SEGI_CHUNK_BITS;
    uint32_t left = rows->user_count - first;
    uint32_t users = left < SEGI_CHUNK_USERS ? left : SEGI_CHUNK_USERS;
    for (uint32_t i = 0; i * 64 < users; i++) {
        uint64_t block[ROWSET_BLOCK] = {0};
        for (uint32_t m = 0; m < mask_count; m++)
            block[m] = masks[m].words[i];
        rowset_transpose(block);
        uint64_t *out = rows->words + ((size_t)first + i * 64) * rows->word_count + word;
        uint32_t n = users - i * 64 < 64 ? users - i * 64 : 64;
        for (uint32_t u = 0; u < n; u++)
            out[(size_t)u * rows->word_count] = block[u];
    }
}

/* Chunk by chunk in the outer loop, so that the 64 masks (512 KiB) stay in the second cache while
 * they are turned; the condition at the end keeps `first` from wrapping round. */
static void rowset_fill(segi_rowset *rows, const segi_bitmap *const *sets, size_t set_count,
                        segi_mask *masks)
{
    for (uint32_t first = 0; first < rows->user_count; first += SEGI_CHUNK_USERS) {
        uint32_t chunk = first >> SEGI_CHUNK_BITS;
        for (uint32_t word = 0; word < rows->word_count; word++) {
            size_t left = set_count - (size_t)word * ROWSET_BLOCK;
            uint32_t n = left < ROWSET_BLOCK ? (uint32_t)left : ROWSET_BLOCK;
            for (uint32_t m = 0; m < n; m++)
                segi_bitmap_chunk(sets[(size_t)word * ROWSET_BLOCK + m], chunk, &masks[m]);
            rowset_chunk(rows, masks, n, chunk, word);
        }
        if (rows->user_count - first <= SEGI_CHUNK_USERS)
            break;
    }
}

/* The bitmaps may go afterwards. Masks are working memory for one call. */
seg_status segi_rowset_create(const segi_mem *mem, const segi_bitmap *const *sets, size_t set_count,
                              uint32_t user_count, segi_rowset **out, seg_error *err)
{
    *out = NULL;
    segi_rowset *rows = segi_alloc_zero(mem, sizeof *rows);
    segi_mask *masks = segi_alloc_array(mem, ROWSET_BLOCK, sizeof *masks);
    if (rows) {
        rows->mem = mem;
        rows->user_count = user_count;
        rows->word_count = (uint32_t)((set_count + ROWSET_BLOCK - 1) / ROWSET_BLOCK);
        rows->words =
            segi_alloc_array(mem, (size_t)user_count * rows->word_count, sizeof *rows->words);
    }
    if (!rows || !masks || !rows->words) {
        segi_free(mem, masks);
        segi_rowset_destroy(rows);
        return segi_fail_nomem(err);
    }
    rowset_fill(rows, sets, set_count, masks);
    segi_free(mem, masks);
    *out = rows;
    return SEG_OK;
}

void segi_rowset_destroy(segi_rowset *rows)
{
    if (!rows)
        return;
    segi_free(rows->mem, rows->words);
    segi_free(rows->mem, rows);
}

/* Also for ordinals that came after the sets were turned: nobody was in a set then. */
void segi_rowset_read(const segi_rowset *rows, const uint32_t *ordinals, size_t count,
                      uint64_t *out)
{
    size_t bytes = rows->word_count * sizeof *out;
    for (size_t i = 0; i < count; i++, out += rows->word_count) {
        if (ordinals[i] < rows->user_count)
            memcpy(out, rows->words + (size_t)ordinals[i] * rows->word_count, bytes);
        else
            memset(out, 0, bytes);
    }
}
