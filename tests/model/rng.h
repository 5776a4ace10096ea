/* rng.h - small seeded random numbers (splitmix64). Equal seeds give equal runs everywhere. */
#ifndef SEG_TEST_RNG_H
#define SEG_TEST_RNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

static inline uint64_t rng_next(rng *r)
{
    uint64_t z = r->state += UINT64_C(0x9E3779B97F4A7C15);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* 0 .. n - 1; n > 0. */
static inline uint64_t rng_below(rng *r, uint64_t n)
{
    return rng_next(r) % n;
}

/* low .. high. */
static inline int64_t rng_range(rng *r, int64_t low, int64_t high)
{
    return low + (int64_t)rng_below(r, (uint64_t)(high - low) + 1);
}

static inline bool rng_chance(rng *r, uint32_t percent)
{
    return rng_below(r, 100) < percent;
}

/* 0 <= x < 1 */
static inline double rng_unit(rng *r)
{
    return (double)(rng_next(r) >> 11) / 9007199254740992.0;
}

#endif /* SEG_TEST_RNG_H */
