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

/* ---- recency, frequency, money ---- */

const model_group model_usual_groups[MODEL_GROUPS_MAX] = {{"champions", {4, 4, 4}},
                                                          {"loyal", {3, 4, 0}},
                                                          {"big spenders", {3, 0, 4}},
                                                          {"potential loyalists", {4, 2, 0}},
                                                          {"new", {4, 0, 0}},
                                                          {"need attention", {3, 0, 0}},
                                                          {"cannot lose", {0, 4, 4}},
                                                          {"at risk", {0, 3, 0}},
                                                          {"about to sleep", {2, 0, 0}},
                                                          {"lost", {0, 0, 0}}};

static const model_group *groups_of(const model_rfm *rfm)
{
    return rfm->group_count == 0 ? model_usual_groups : rfm->groups;
}

size_t model_rfm_label_count(const model_rfm *rfm)
{
    return 1 + (rfm->group_count == 0 ? MODEL_GROUPS_MAX : rfm->group_count);
}

const char *model_rfm_label(const model_rfm *rfm, size_t label)
{
    return label == 0 ? "none" : groups_of(rfm)[label - 1].name;
}

size_t model_rfm_group(const model_rfm *rfm, const int64_t *scores)
{
    size_t last = model_rfm_label_count(rfm) - 1;
    for (size_t i = 1; i < last && scores[0] != 0; i++) {
        const int64_t *least = groups_of(rfm)[i - 1].least;
        if (scores[0] >= least[0] && scores[1] >= least[1] && scores[2] >= least[2])
            return i;
    }
    return scores[0] == 0 ? 0 : last;
}

/* Those who tie stand at the middle of their places; at j parts of q score j ends (S-24). */
void model_rfm_cut(model_rfm *rfm, int measure, model_value *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    rfm->found_count[measure] = 0;
    for (int64_t j = 1; j < rfm->scale; j++) {
        size_t begin = 0, end = 0;
        for (; begin < count; begin = end) {
            for (end = begin; end < count && by_value(&values[begin], &values[end]) == 0;)
                end++;
            if ((int64_t)(begin + end) * rfm->scale >= 2 * j * (int64_t)count)
                break;
        }
        if (begin == count)
            return;
        rfm->found[measure][rfm->found_count[measure]++] = values[begin];
    }
}

int64_t model_rfm_score(const model_rfm *rfm, int measure, const model_value *value, int64_t now)
{
    int64_t score = 1;
    size_t count = rfm->fixed ? (size_t)rfm->scale - 1 : rfm->found_count[measure];
    for (size_t i = 0; i < count; i++) {
        const model_value *cut = rfm->fixed ? &rfm->cuts[measure][i] : &rfm->found[measure][i];
        if (rfm->fixed && measure == MODEL_R)
            score += now - value->i <= cut->i;
        else
            score += model_compare(value, cut) >= 0;
    }
    return score;
}

/* ---- lots ---- */

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
