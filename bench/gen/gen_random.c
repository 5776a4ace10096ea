/* gen_random.c - numbers from counters. See gen_random.h. */
#include "gen_random.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

uint64_t gen_mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

gen_random gen_stream(uint64_t seed, uint64_t kind, uint64_t index)
{
    return (gen_random){gen_mix(gen_mix(seed + kind * GOLDEN) + index * GOLDEN)};
}

uint64_t gen_next(gen_random *random)
{
    random->state += GOLDEN;
    return gen_mix(random->state);
}

uint64_t gen_below(gen_random *random, uint64_t bound)
{
    return ((gen_next(random) >> 32) * bound) >> 32;
}

uint64_t gen_quantile(gen_random *random, const uint32_t *borders)
{
    uint64_t number = gen_next(random);
    uint64_t share = number >> 58;
    uint64_t inside = (number >> 26) & UINT32_MAX;
    uint64_t low = borders[share];
    uint64_t high = borders[share + 1];
    return low + (((high - low) * inside) >> 32);
}

uint32_t gen_pick(const uint64_t *sums, uint32_t count, uint64_t number)
{
    uint32_t low = 0;
    uint32_t high = count - 1;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (number < sums[middle]) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}
