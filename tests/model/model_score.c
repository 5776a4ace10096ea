/* model_score.c - classes of values and shares by lot, as the contract words them. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "model.h"

#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide;

static int by_value(const void *a, const void *b)
{
    return model_compare(a, b);
}

/* At p the values above the cut are the top (100 % - p) of all, rounded up to whole users; whoever
 * ties with the last of them is among them (S-25). */
void model_score_cut(model_score *score, model_value *values, size_t count)
{
    score->found_count = 0;
    if (score->fixed) {
        memcpy(score->found, score->cuts, sizeof score->found);
        score->found_count = score->cut_count;
        return;
    }
    qsort(values, count, sizeof *values, by_value);
    for (size_t i = 0; i < score->cut_count; i++) {
        wide above = ((wide)(100000000 - score->parts[i]) * count + 99999999) / 100000000;
        if (above > 0)
            score->found[score->found_count++] = values[count - (size_t)above];
    }
}

int64_t model_score_class(const model_score *score, const model_value *value)
{
    if (!score->zeros && model_to_double(value) == 0)
        return 0;
    int64_t class = 1;
    for (size_t i = 0; i < score->found_count; i++)
        class += model_compare(value, &score->found[i]) >= 0 ? 1 : 0;
    return class;
}

/* The draw is a point of [0, 2^64); a part is below it where part x 2^64 / 10^8, rounded down, is
 * not above it. */
bool model_split_holds(const model_split *split, const char *id, size_t id_size)
{
    char bytes[2048];
    size_t seed_size = strlen(split->seed);
    memcpy(bytes, split->seed, seed_size);
    memcpy(bytes + seed_size, id, id_size);
    wide draw = XXH3_64bits(bytes, seed_size + id_size);
    wide low = ((wide)split->low << 64) / 100000000, high = ((wide)split->high << 64) / 100000000;
    return low <= draw && draw < high;
}
