/* durable_bench.c - stores in files under the clock. bench/durable.py drives it; each call answers
 * with one line of JSON.
 *
 *   durable_bench load FILE USERS EVENTS SEED       a new store in batches of 65,536, closed
 *   durable_bench commit FILE USERS SEED BATCH N    a new store of users, then N commits of BATCH
 *                                                   events under full durability
 *   durable_bench crash FILE USERS SEED BYTES       more events until the log holds so many bytes,
 *                                                   then the process ends without closing
 *   durable_bench open FILE                         open, snapshot, compile, the first count
 *   durable_bench sync FILE BYTES N                 N writes of BYTES into a file that is there,
 *                                                   each with fdatasync */
#define _POSIX_C_SOURCE 200809L
#include "workload.h"

#include <seg/seg.h>

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BATCH_ROWS 65536
#define QUESTION "did \"video_watched\" in last 30 days"

static seg_error err = SEG_ERROR_INIT;

static void die(const char *what)
{
    fprintf(stderr, "durable_bench: %s: %s\n", what, err.message);
    exit(1);
}

static int by_time(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* Percentiles of the times, which get sorted. */
static void put_times(uint64_t *times, uint64_t count)
{
    uint64_t sum = 0;
    qsort(times, count, sizeof *times, by_time);
    for (uint64_t i = 0; i < count; i++) {
        sum += times[i];
    }
    printf("\"count\": %" PRIu64 ", \"wall_ns\": %" PRIu64 ", \"p50_ns\": %" PRIu64
           ", \"p99_ns\": %" PRIu64 ", \"most_ns\": %" PRIu64,
           count, sum, times[count / 2], times[count * 99 / 100], times[count - 1]);
}

static seg_store *open_store(const char *path, uint32_t flags)
{
    seg_store_options how = SEG_STORE_OPTIONS_INIT;
    seg_store *store;
    how.flags = flags;
    how.id_kind = SEG_ID_U64;
    how.durability = SEG_DURABILITY_FULL;
    if (seg_store_open(path, strlen(path), &how, &store, &err) != SEG_OK) {
        die("open");
    }
    return store;
}

static void put_stats(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    if (seg_store_get_stats(store, &stats, &err) != SEG_OK) {
        die("stats");
    }
    printf(", \"file_bytes\": %" PRIu64 ", \"block_bytes\": %" PRIu64 ", \"event_bytes\": %" PRIu64
           ", \"attribute_bytes\": %" PRIu64 ", \"id_bytes\": %" PRIu64 ", \"log_used\": %" PRIu64,
           stats.file_bytes, stats.block_bytes, stats.event_bytes, stats.attribute_bytes,
           stats.id_bytes, stats.log_used);
}

/* ---- commits ------------------------------------------------------------------------------- */

typedef struct commits {
    seg_store *store;
    uint64_t *times; /* NULL: only the sums */
    uint64_t count, count_max, rows, log_bytes_max;
    uint64_t wall, cpu;
} commits;

static int commit_batch(void *user, const seg_batch *batch)
{
    commits *c = user;
    uint64_t cpu = workload_processor_clock(), start = workload_clock();
    seg_status status = seg_store_commit(c->store, batch, 1, NULL, NULL, &err);
    uint64_t took = workload_clock() - start;
    if (status != SEG_OK) {
        die("commit");
    }
    c->cpu += workload_processor_clock() - cpu;
    c->wall += took;
    c->rows += batch->row_count;
    if (c->times) {
        c->times[c->count] = took;
    }
    c->count++;
    if (c->log_bytes_max > 0) {
        seg_store_stats stats = {.struct_size = sizeof stats};
        if (seg_store_get_stats(c->store, &stats, &err) != SEG_OK) {
            die("stats");
        }
        return stats.log_used >= c->log_bytes_max;
    }
    return c->count_max > 0 && c->count == c->count_max;
}

static uint64_t number(const char *word)
{
    return strtoull(word, NULL, 10);
}

static void do_load(char **words)
{
    gen_options options = {.users = number(words[1]),
                           .events = number(words[2]),
                           .seed = number(words[3]),
                           .batch_rows = BATCH_ROWS,
                           .ids_u64 = true};
    commits c = {.store = open_store(words[0], SEG_STORE_CREATE)};
    uint64_t cpu = workload_processor_clock();
    if (workload_users(&options, commit_batch, &c) != 0) {
        die("users");
    }
    uint64_t users = c.wall;
    if (workload_events(&options, commit_batch, &c) != 0) {
        die("events");
    }
    uint64_t start = workload_clock();
    if (seg_store_close(c.store, &err) != SEG_OK) {
        die("close");
    }
    uint64_t close_ns = workload_clock() - start;
    cpu = workload_processor_clock() - cpu;
    start = workload_clock();
    seg_store *store = open_store(words[0], 0);
    printf("{\"users_ns\": %" PRIu64 ", \"events_ns\": %" PRIu64 ", \"close_ns\": %" PRIu64
           ", \"commit_cpu_ns\": %" PRIu64,
           users, c.wall - users, close_ns, c.cpu);
    put_stats(store);
    printf("}\n");
    if (seg_store_close(store, &err) != SEG_OK) {
        die("close");
    }
}

static void do_commit(char **words)
{
    uint64_t batch = number(words[3]), count = number(words[4]);
    gen_options options = {.users = number(words[1]),
                           .events = batch * count,
                           .seed = number(words[2]),
                           .batch_rows = BATCH_ROWS,
                           .ids_u64 = true};
    commits c = {.store = open_store(words[0], SEG_STORE_CREATE), .count_max = 0};
    if (workload_users(&options, commit_batch, &c) != 0 ||
        seg_store_checkpoint(c.store, &err) != SEG_OK) {
        die("users");
    }
    seg_store *store = c.store;
    c = (commits){.store = store, .count_max = count};
    c.times = malloc((size_t)count * sizeof *c.times);
    if (!c.times) {
        die("out of memory");
    }
    options.batch_rows = (uint32_t)batch;
    workload_events(&options, commit_batch, &c);
    printf("{\"rows\": %" PRIu64 ", \"cpu_ns\": %" PRIu64 ", ", c.rows, c.cpu);
    put_times(c.times, c.count);
    put_stats(store);
    printf("}\n");
    free(c.times);
    if (seg_store_close(store, &err) != SEG_OK) {
        die("close");
    }
}

static void do_crash(char **words)
{
    gen_options options = {.users = number(words[1]),
                           .events = 100000000,
                           .seed = number(words[2]),
                           .batch_rows = 1000,
                           .ids_u64 = true};
    commits c = {.store = open_store(words[0], 0), .log_bytes_max = number(words[3])};
    workload_events(&options, commit_batch, &c);
    printf("{\"rows\": %" PRIu64, c.rows);
    put_stats(c.store);
    printf("}\n");
    fflush(stdout);
    _exit(0);
}

/* ---- opening ------------------------------------------------------------------------------- */

static void do_open(char **words)
{
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    seg_snapshot *snapshot;
    seg_segment *segment;
    uint64_t times[6], cpu[6], members = 0;
    int at = 0;
    cpu[at] = workload_processor_clock();
    times[at++] = workload_clock();
    seg_store *store = open_store(words[0], 0);
    cpu[at] = workload_processor_clock();
    times[at++] = workload_clock();
    if (seg_snapshot_create(store, &snapshot, &err) != SEG_OK ||
        seg_segment_compile(store, QUESTION, strlen(QUESTION), 0, &segment, &err) != SEG_OK) {
        die("compile");
    }
    for (int i = 0; i < 2; i++) {
        if (seg_segment_count(segment, snapshot, GEN_NOW, &how, &members, &err) != SEG_OK) {
            die("count");
        }
        cpu[at] = workload_processor_clock();
        times[at++] = workload_clock();
    }
    int32_t member;
    if (seg_segment_test_u64(segment, snapshot, 1, GEN_NOW, &member, &err) != SEG_OK) {
        die("test");
    }
    cpu[at] = workload_processor_clock();
    times[at++] = workload_clock();
    static const char *const labels[] = {"open", "first", "again", "id"};
    printf("{\"members\": %" PRIu64, members);
    for (int i = 0; i < 4; i++) {
        printf(", \"%s_ns\": %" PRIu64 ", \"%s_cpu_ns\": %" PRIu64, labels[i],
               times[i + 1] - times[i], labels[i], cpu[i + 1] - cpu[i]);
    }
    put_stats(store);
    printf("}\n");
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    if (seg_store_close(store, &err) != SEG_OK) {
        die("close");
    }
}

/* ---- the medium ---------------------------------------------------------------------------- */

static void do_sync(char **words)
{
    size_t size = (size_t)number(words[1]);
    uint64_t count = number(words[2]);
    char *bytes = calloc(1, size);
    uint64_t *times = malloc((size_t)count * sizeof *times);
    int file = open(words[0], O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (!bytes || !times || file < 0) {
        die("sync");
    }
    for (uint64_t i = 0; i < count; i++) {
        if (pwrite(file, bytes, size, (off_t)(i * size)) != (ssize_t)size) {
            die("write");
        }
    }
    fsync(file);
    memset(bytes, 1, size);
    for (uint64_t i = 0; i < count; i++) {
        uint64_t start = workload_clock();
        if (pwrite(file, bytes, size, (off_t)(i * size)) != (ssize_t)size || fdatasync(file) != 0) {
            die("write");
        }
        times[i] = workload_clock() - start;
    }
    printf("{");
    put_times(times, count);
    printf("}\n");
    close(file);
    free(bytes);
    free(times);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int words;
        void (*run)(char **words);
    } verbs[] = {{"load", 4, do_load},
                 {"commit", 5, do_commit},
                 {"crash", 4, do_crash},
                 {"open", 1, do_open},
                 {"sync", 3, do_sync}};
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++) {
        if (strcmp(argv[1], verbs[i].name) == 0 && argc == verbs[i].words + 2) {
            verbs[i].run(argv + 2);
            return 0;
        }
    }
    fprintf(stderr, "usage: durable_bench load|commit|crash|open|sync FILE ...\n");
    return 2;
}
