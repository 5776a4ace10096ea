/* workload.h - the customer base that the benchmarks ask about.
 *
 * It is the one of gen/gen.h with its times cut to whole seconds, the narrowest that the peers
 * can keep a time in, and with stored segments added. User u (from 0) has the number u + 1. */
#ifndef BENCH_WORKLOAD_H
#define BENCH_WORKLOAD_H

#include "gen/gen.h"

#include <stdint.h>

/* Stored segments: segment k holds each user with the chance 0.5 x 0.96^k, independently. */
#define WORKLOAD_SEGMENTS 200

/* As gen_users() and gen_events(). */
int workload_users(const gen_options *options, gen_sink sink, void *user);
int workload_events(const gen_options *options, gen_sink sink, void *user);

/* Is the user (from 0) in the stored segment? */
int workload_member(uint64_t seed, uint64_t user, uint32_t segment);

/* Nanoseconds of a clock that only goes forward. */
uint64_t workload_clock(void);
/* Nanoseconds that the processors spent on this process, all threads together. */
uint64_t workload_processor_clock(void);

#endif /* BENCH_WORKLOAD_H */
