/* gen_random.h - private to the generator: numbers that depend on a seed and a counter only. */
#ifndef BENCH_GEN_RANDOM_H
#define BENCH_GEN_RANDOM_H

#include <stdint.h>

/* A stream of numbers. */
typedef struct gen_random {
    uint64_t state;
} gen_random;

/* The finaliser of splitmix64. */
uint64_t gen_mix(uint64_t x);
/* The stream that belongs to the index-th thing of a kind. */
gen_random gen_stream(uint64_t seed, uint64_t kind, uint64_t index);
uint64_t gen_next(gen_random *random);
/* 0 .. bound - 1, bound at most 2^32. */
uint64_t gen_below(gen_random *random, uint64_t bound);
/* A value of a distribution given by its quantiles at the borders of 64 equal shares. */
uint64_t gen_quantile(gen_random *random, const uint32_t *borders);
/* The index that a number below sums[count - 1] falls to; sums are running totals. */
uint32_t gen_pick(const uint64_t *sums, uint32_t count, uint64_t number);

#endif /* BENCH_GEN_RANDOM_H */
