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

static uint64_t split_draw(const segi_snapshot *s, uint32_t ordinal, const segi_split *split,
                           unsigned char *bytes)
{
    size_t seed = split->seed.size;
    if (s->schema->id_kind == SEG_ID_U64) {
        uint64_t id = segi_snapshot_id_u64(s, ordinal);
        for (int i = 0; i < 8; i++)
            bytes[seed + (size_t)i] = (unsigned char)(id >> (8 * i));
        return segi_xxh3(bytes, seed + 8, 0);
    }
    size_t size;
    const char *id = segi_snapshot_id(s, ordinal, &size);
    memcpy(bytes + seed, id, size);
    return segi_xxh3(bytes, seed + size, 0);
}

void segi_split_users(segi_worker *w, const segi_split *split, uint64_t low, uint64_t high,
                      const segi_mask *candidates, segi_mask *out)
{
    unsigned char bytes[SPLIT_BYTES];
    const segi_snapshot *s = w->run->snapshot;
    uint32_t first = w->chunk << SEGI_CHUNK_BITS;
    memcpy(bytes, split->seed.text, split->seed.size);
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        uint64_t found = 0;
        for (uint64_t word = candidates->words[i]; word; word &= word - 1) {
            uint32_t bit = (uint32_t)segi_ctz(word);
            uint64_t draw = split_draw(s, first + i * 64 + bit, split, bytes);
            found |= (uint64_t)(draw >= low && draw <= high) << bit;
        }
        out->words[i] = found;
    }
}
