/* bench_budget.c - the hottest kernels under callgrind: instructions, not time.
 *
 *   valgrind --tool=callgrind --collect-atstart=no bench_budget
 *
 * Each kernel runs once to warm up and once between a toggle and a dump that carries its name.
 * budget.py reads the dumps and compares them with budget.json; instructions are the same in
 * every run of one build, which no time is. */
#include "../workload.h"

#include <seg/seg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/callgrind.h>

#define USERS 20000u
#define EVENTS 400000u
#define IDS 10000u

typedef struct kernel {
    const char *name;
    const char *predicate;
} kernel;

/* What each leans on: the loop that its instructions are spent in. */
static const kernel kernels[] = {
    {"scan_attribute", "age between 25 and 34"},
    {"scan_sets", "interests has \"travel\""},
    {"did_window", "did app_open in last 10 days"},
    {"did_filter", "did purchase where (amount >= 50) in last 90 days"},
    {"count_bytes", "did app_open at least 5 times in last 7 days"},
    {"sum_narrow", "sum(amount) of purchase in last 365 days >= 200"},
    {"periods", "did any event on at least 10 days in last 30 days"},
    {"bag_mode", "mode(category, min 3) of purchase = \"shoes\""},
    {"edge_value", "last(stars) of review_submitted <= 2"},
    {"rank", "count of app_open in last 90 days in top 20%"},
    {"scores", "rfm(amount, floating) of purchase = \"champions\""},
    {"bag_median", "median(amount) of purchase >= 50"},
    {"polygon", "home inside polygon(47.5 11.0, 47.7 12.2, 48.5 12.0, 48.4 10.8)"},
    {"regular", "did app_open at least 2 times in at least 6 of last 8 complete weeks"},
    {"streak", "streak(day) of app_open in last 60 days >= 7"},
    {"sessions", "did session(gap 30 minutes) at least 2 times in last 14 days"},
    {"sequence", "funnel (search then page_view then add_to_cart then purchase) within 7 days "
                 "in last 90 days reached 4"},
    {"absence", "sequence (add_to_cart then no purchase for 24 hours) in last 30 days"},
};

static seg_store *store;
static seg_snapshot *snapshot;
static seg_error err = SEG_ERROR_INIT;

static void die(const char *what)
{
    fprintf(stderr, "bench_budget: %s: %s\n", what, err.message);
    exit(1);
}

static int load_batch(void *user, const seg_batch *batch)
{
    (void)user;
    return (int)seg_store_commit(store, batch, 1, NULL, NULL, &err);
}

static void load(void)
{
    gen_options options = {.seed = 1, .users = USERS, .events = EVENTS, .ids_u64 = true};
    seg_store_options made = SEG_STORE_OPTIONS_INIT;
    made.id_kind = SEG_ID_U64;
    made.threads_max = 1;
    if (seg_store_open(":memory:", 8, &made, &store, &err) != SEG_OK ||
        workload_users(&options, load_batch, NULL) != 0 ||
        workload_events(&options, load_batch, NULL) != 0 ||
        seg_snapshot_create(store, &snapshot, &err) != SEG_OK) {
        die("load");
    }
}

static uint64_t count(const seg_segment *segment)
{
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = 1;
    uint64_t members = 0;
    if (seg_segment_count(segment, snapshot, GEN_NOW, &options, &members, &err) != SEG_OK) {
        die("count");
    }
    return members;
}

static void measure(const kernel *k)
{
    seg_segment *segment = NULL;
    if (seg_segment_compile(store, k->predicate, strlen(k->predicate), 0, &segment, &err) !=
        SEG_OK) {
        die(k->name);
    }
    uint64_t members = count(segment);
    CALLGRIND_TOGGLE_COLLECT;
    count(segment);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT(k->name);
    printf("%-16s %llu\n", k->name, (unsigned long long)members);
    seg_segment_release(segment);
}

/* Ids in no order, in bulk: hashing and the table of ids. */
static void measure_ids(void)
{
    static uint64_t ids[IDS];
    static uint8_t in[IDS];
    seg_segment *everyone = NULL;
    seg_set *set = NULL;
    if (seg_segment_compile(store, "everyone", 8, 0, &everyone, &err) != SEG_OK ||
        seg_segment_evaluate(everyone, snapshot, GEN_NOW, NULL, &set, &err) != SEG_OK) {
        die("everyone");
    }
    for (uint32_t i = 0; i < IDS; i++) {
        ids[i] = 1 + i * UINT64_C(7919) % USERS;
    }
    seg_set_contains_many_u64(set, ids, IDS, in);
    CALLGRIND_TOGGLE_COLLECT;
    uint64_t found = seg_set_contains_many_u64(set, ids, IDS, in);
    CALLGRIND_TOGGLE_COLLECT;
    CALLGRIND_DUMP_STATS_AT("find_ids");
    printf("%-16s %llu\n", "find_ids", (unsigned long long)found);
    seg_set_release(set);
    seg_segment_release(everyone);
}

int main(void)
{
    load();
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        measure(&kernels[i]);
    }
    measure_ids();
    seg_snapshot_release(snapshot);
    return seg_store_close(store, NULL) == SEG_OK ? 0 : 1;
}
