/* What the tests of the room `store` share: making stores, and random numbers from a seed. */
#ifndef SEG_TEST_STORE_CASE_H
#define SEG_TEST_STORE_CASE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "ingest/ingest.h"
#include "store/store_int.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

#define CASE_DAY ((int64_t)86400 * 1000000)
#define CASE_NOW ((int64_t)1767225600 * 1000000) /* 2026-01-01 */

typedef struct case_rng {
    uint64_t state;
} case_rng;

static inline uint64_t case_next(case_rng *rng)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static inline uint64_t case_below(case_rng *rng, uint64_t limit)
{
    return case_next(rng) % limit;
}

/* The seed of SEG_TEST_SEED, else the given one; printed, so that a failure can be repeated. */
static inline uint64_t case_seed(uint64_t otherwise)
{
    const char *text = getenv("SEG_TEST_SEED");
    uint64_t seed = text ? strtoull(text, NULL, 10) : otherwise;
    printf("seed %llu\n", (unsigned long long)seed);
    return seed;
}

static inline seg_status case_create(const segi_mem *mem, uint32_t id_kind, uint64_t window,
                                     segi_store **out)
{
    segi_store_config config = {.mem = *mem,
                                .id_kind = id_kind,
                                .week_start = 1,
                                .dedup_window_us = window,
                                .threads_max = 1};
    seg_error err = SEG_ERROR_INIT;
    if (segi_zone_load(mem, "UTC", 3, &config.zone, &err) != SEG_OK)
        return err.code;
    return segi_store_create(&config, out, &err);
}

static inline segi_store *case_store(uint32_t id_kind)
{
    segi_store *store = NULL;
    ck_assert_int_eq(case_create(segi_mem_default(), id_kind, (uint64_t)(35 * CASE_DAY), &store),
                     SEG_OK);
    return store;
}

/* A segi_mem over a counting allocator. */
static inline segi_mem case_mem(mem_fault *fault)
{
    segi_mem mem;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(fault), &err), SEG_OK);
    return mem;
}

static inline seg_status case_commit_rows(segi_store *store, segi_rows *rows, uint32_t flags,
                                          uint8_t *results, uint64_t result_count,
                                          seg_commit_report *report, seg_error *err)
{
    const seg_batch *batches;
    size_t count;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    options.flags = flags;
    options.row_results = results;
    options.row_results_count = result_count;
    seg_status status = segi_rows_batches(rows, &batches, &count, err);
    if (status == SEG_OK)
        status = segi_store_commit(store, batches, count, &options, report, err);
    return status;
}

static inline segi_snapshot *case_snapshot(segi_store *store)
{
    segi_snapshot *snapshot = NULL;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_snapshot_create(store, &snapshot, &err), SEG_OK);
    return snapshot;
}

#endif /* SEG_TEST_STORE_CASE_H */
