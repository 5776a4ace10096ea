/* Shares of users drawn by lot (S-34): a draw is XXH3-64 of the bytes of the split's name followed
 * by those of the external id, so it depends on nothing that the store knows of the user, and any
 * other system can compute it. Ids that are numbers count as their eight bytes, lowest first. */
#include <string.h>

#include "base/hash.h"
#include "exec/exec_int.h"

#define SPLIT_BYTES (SEG_NAME_SIZE_MAX + SEG_ID_SIZE_MAX)

/* floor(parts x 2^64 / 10^8), for parts below 10^8, in two steps of 32 bits. */
static uint64_t split_bound(int64_t parts)
{
    uint64_t whole = 100000000, left = (uint64_t)parts << 32;
    uint64_t high = left / whole, rest = left % whole;
    return high << 32 | (rest << 32) / whole;
}

bool segi_split_range(const segi_split *split, uint64_t *low, uint64_t *high)
{
    if (split->low >= split->high)
        return false;
    *low = split_bound(split->low);
    *high = split->high == 100000000 ? UINT64_MAX : split_bound(split->high) - 1;
    return true;
}

/* Draws at a time: their ids and hashes stay in cache. */
#define SPLIT_SLICE 1024

/* Numbers are hashed in rows where somebody is a candidate. */
static void split_numbers(segi_worker *w, const segi_split *split, uint64_t low, uint64_t high,
                          const segi_mask *candidates, segi_mask *out)
{
    uint64_t ids[SPLIT_SLICE], draws[SPLIT_SLICE];
    uint32_t first = w->chunk << SEGI_CHUNK_BITS;
    for (uint32_t begin = 0; begin < w->user_limit; begin += SPLIT_SLICE) {
        uint32_t left = w->user_limit - begin, n = left < SPLIT_SLICE ? left : SPLIT_SLICE;
        if (!segi_bits_any_range(candidates->words, begin, begin + n))
            continue;
        segi_snapshot_ids_u64(w->run->snapshot, first + begin, n, ids);
        segi_xxh3_u64s(split->seed.text, split->seed.size, ids, n, draws);
        for (uint32_t i = 0; i < n; i++) {
            uint64_t in = draws[i] >= low && draws[i] <= high;
            out->words[(begin + i) / 64] |= in << ((begin + i) & 63);
        }
    }
}

/* Texts have no fixed length, so each is hashed on its own, behind the seed. */
static void split_texts(segi_worker *w, const segi_split *split, uint64_t low, uint64_t high,
                        const segi_mask *candidates, segi_mask *out)
{
    unsigned char bytes[SPLIT_BYTES];
    uint32_t first = w->chunk << SEGI_CHUNK_BITS;
    size_t seed = split->seed.size;
    memcpy(bytes, split->seed.text, seed);
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        uint64_t found = 0;
        for (uint64_t word = candidates->words[i]; word; word &= word - 1) {
            uint32_t bit = (uint32_t)segi_ctz(word);
            size_t size;
            const char *id = segi_snapshot_id(w->run->snapshot, first + i * 64 + bit, &size);
            memcpy(bytes + seed, id, size);
            uint64_t draw = segi_xxh3(bytes, seed + size, 0);
            found |= (uint64_t)(draw >= low && draw <= high) << bit;
        }
        out->words[i] = found;
    }
}

void segi_split_users(segi_worker *w, const segi_split *split, uint64_t low, uint64_t high,
                      const segi_mask *candidates, segi_mask *out)
{
    bool numbers = w->run->snapshot->schema->id_kind == SEG_ID_U64;
    if (numbers)
        split_numbers(w, split, low, high, candidates, out);
    else
        split_texts(w, split, low, high, candidates, out);
}
