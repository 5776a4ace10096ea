/* workload.c - see workload.h. */
#include "workload.h"

#include <stdlib.h>
#include <time.h>

typedef struct cut_times {
    gen_sink sink;
    void *user;
    int64_t *times; /* owned */
    uint64_t capacity;
} cut_times;

static int cut_batch(void *user, const seg_batch *batch)
{
    cut_times *cut = user;
    if (batch->row_count > cut->capacity) {
        free(cut->times);
        cut->capacity = batch->row_count;
        cut->times = malloc((size_t)cut->capacity * sizeof *cut->times);
        if (!cut->times) {
            cut->capacity = 0;
            return GEN_E_NOMEM;
        }
    }
    for (uint64_t i = 0; i < batch->row_count; i++) {
        cut->times[i] = batch->times[i] - batch->times[i] % 1000000;
    }
    seg_batch whole = *batch;
    whole.times = cut->times;
    return cut->sink(cut->user, &whole);
}

int workload_users(const gen_options *options, gen_sink sink, void *user)
{
    return gen_users(options, sink, user);
}

int workload_events(const gen_options *options, gen_sink sink, void *user)
{
    cut_times cut = {.sink = sink, .user = user};
    int result = gen_events(options, cut_batch, &cut);
    free(cut.times);
    return result;
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

int workload_member(uint64_t seed, uint64_t user, uint32_t segment)
{
    static uint64_t bounds[WORKLOAD_SEGMENTS];
    if (bounds[0] == 0) {
        uint64_t bound = UINT64_C(1) << 31;
        for (uint32_t i = 0; i < WORKLOAD_SEGMENTS; i++) {
            bounds[i] = bound;
            bound = bound * 96 / 100;
        }
    }
    uint64_t key = mix(seed + UINT64_C(0x9e3779b97f4a7c15) * (segment + 1)) ^ user;
    return (mix(key + UINT64_C(0x9e3779b97f4a7c15)) >> 32) < bounds[segment];
}

static uint64_t nanoseconds(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

uint64_t workload_clock(void)
{
    return nanoseconds(CLOCK_MONOTONIC);
}

uint64_t workload_processor_clock(void)
{
    return nanoseconds(CLOCK_PROCESS_CPUTIME_ID);
}
