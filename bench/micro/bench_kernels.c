/* bench_kernels.c - the innermost loops of an evaluation, each beside what memory allows.
 *
 *   bench_kernels [json]
 *
 * A kernel runs over data that lies in the second-level cache, as in an evaluation that goes
 * chunk by chunk, and over data far larger than the last level. The floor is the fastest plain
 * read of as many bytes from the same place. One thread; the best of several runs. */
#include "../workload.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "base/bitmap.h"
#include "base/hash.h"
#include "base/scan.h"

#define NEAR_VALUES 65536u /* a chunk */
#define FAR_BYTES ((size_t)256 << 20)
#define RUNS 7

static bool as_json;
static double near_floor, far_floor; /* bytes per nanosecond */
static volatile uint64_t sink;

static void die(const char *what)
{
    fprintf(stderr, "bench_kernels: %s\n", what);
    exit(1);
}

static void *need(void *block)
{
    if (!block) {
        die("out of memory");
    }
    return block;
}

static uint64_t random_next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    uint64_t x = *state ^ (*state >> 29);
    return x * UINT64_C(0x9e3779b97f4a7c15);
}

/* ---- reporting ---- */

static void report(const char *kernel, const char *unit, double nanoseconds, double bytes,
                   double floor)
{
    double least = floor > 0 ? bytes / floor : 0;
    if (as_json) {
        printf("{\"kernel\": \"%s\", \"unit\": \"%s\", \"ns\": %.4f, \"bytes\": %.3f, "
               "\"floor_ns\": %.4f}\n",
               kernel, unit, nanoseconds, bytes, least);
    } else if (least > 0) {
        printf("%-44s %10.3f ns per %-9s %7.1f GB/s, floor %8.3f ns, %5.1f x\n", kernel,
               nanoseconds, unit, bytes / nanoseconds, least, nanoseconds / least);
    } else {
        printf("%-44s %10.3f ns per %s\n", kernel, nanoseconds, unit);
    }
    fflush(stdout);
}

/* ---- memory ---- */

typedef uint64_t vector __attribute__((vector_size(64), aligned(8)));

/* Four sums of eight words, so that the loads do not wait for each other. */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
__attribute__((target_clones("avx512f", "avx2", "default")))
#endif
static uint64_t
read_words(const uint64_t *words, size_t count)
{
    const vector *from = (const vector *)(const void *)words;
    vector sums[4] = {{0}, {0}, {0}, {0}};
    for (size_t i = 0; i + 4 <= count / 8; i += 4) {
        sums[0] += from[i];
        sums[1] += from[i + 1];
        sums[2] += from[i + 2];
        sums[3] += from[i + 3];
    }
    vector all = sums[0] + sums[1] + sums[2] + sums[3];
    return all[0] + all[1] + all[2] + all[3] + all[4] + all[5] + all[6] + all[7];
}

static double best_of(uint64_t (*run)(void *), void *context, size_t repeat)
{
    double best = 0;
    for (int i = 0; i < RUNS; i++) {
        uint64_t start = workload_clock();
        for (size_t k = 0; k < repeat; k++) {
            sink += run(context);
        }
        double took = (double)(workload_clock() - start) / (double)repeat;
        best = i == 0 || took < best ? took : best;
    }
    return best;
}

typedef struct read_work {
    const uint64_t *words;
    size_t count;
} read_work;

static uint64_t run_read(void *context)
{
    read_work *work = context;
    return read_words(work->words, work->count);
}

static void measure_floors(const uint8_t *far)
{
    read_work work = {(const uint64_t *)(const void *)far, (size_t)(256 << 10) / 8};
    near_floor = (double)(256 << 10) / best_of(run_read, &work, 200);
    work.count = FAR_BYTES / 8;
    far_floor = (double)FAR_BYTES / best_of(run_read, &work, 1);
    report("plain read, 256 KiB again and again", "byte", 1 / near_floor, 1, near_floor);
    report("plain read, 256 MiB", "byte", 1 / far_floor, 1, far_floor);
}

/* ---- scans ---- */

typedef enum scan_kind {
    SCAN_RANGE,
    SCAN_TABLE,
    SCAN_ANY,
    SCAN_FLOAT
} scan_kind;

typedef struct scan_work {
    scan_kind kind;
    uint32_t width;
    const uint8_t *data;
    size_t values; /* in all, a multiple of NEAR_VALUES */
    uint64_t *bits;
    uint64_t table[1024];
} scan_work;

static uint64_t run_scan(void *context)
{
    scan_work *work = context;
    uint64_t high = work->width == 8 ? UINT64_MAX / 2 : (UINT64_C(1) << (8 * work->width)) / 2;
    for (size_t at = 0; at < work->values; at += NEAR_VALUES) {
        switch (work->kind) {
        case SCAN_RANGE:
            segi_scan_range(work->width, work->data, at, NEAR_VALUES, high / 4, high, work->bits);
            break;
        case SCAN_TABLE:
            segi_scan_table(work->width, work->data, at, NEAR_VALUES, work->table, 65536,
                            work->bits);
            break;
        case SCAN_ANY:
            segi_scan_any(work->width, work->data, at, NEAR_VALUES, 6, work->bits);
            break;
        case SCAN_FLOAT:
            segi_scan_float((const double *)(const void *)work->data, at, NEAR_VALUES, 0.25, 0.75,
                            0, 0, work->bits);
            break;
        }
    }
    return work->bits[0];
}

static void measure_scans(const uint8_t *far)
{
    static const char *const names[] = {"scan range", "scan table", "scan any of a mask",
                                        "scan range of doubles"};
    static scan_work work;
    work.bits = need(malloc(NEAR_VALUES / 8));
    for (int i = 0; i < 1024; i++) {
        work.table[i] = UINT64_C(0x5555555555555555);
    }
    for (scan_kind kind = SCAN_RANGE; kind <= SCAN_FLOAT; kind++) {
        for (uint32_t width = kind == SCAN_FLOAT ? 8 : 1; width <= 8; width *= 2) {
            if (kind == SCAN_TABLE && width > 2) {
                continue;
            }
            char name[64];
            work.kind = kind;
            work.width = width;
            work.data = far;
            work.values = NEAR_VALUES;
            snprintf(name, sizeof name, "%s, u%u, chunk", names[kind], 8 * width);
            report(name, "value", best_of(run_scan, &work, 200) / NEAR_VALUES, width, near_floor);
            work.values = FAR_BYTES / width / NEAR_VALUES * NEAR_VALUES;
            snprintf(name, sizeof name, "%s, u%u, 256 MiB", names[kind], 8 * width);
            report(name, "value", best_of(run_scan, &work, 1) / (double)work.values, width,
                   far_floor);
        }
    }
    free(work.bits);
}

/* ---- masks and bitmaps ---- */

typedef struct mask_work {
    segi_mask a, b;
    uint32_t chunks;
} mask_work;

static uint64_t run_mask_and(void *context)
{
    mask_work *work = context;
    segi_mask_and(&work->a, &work->b);
    return work->a.words[0];
}

static uint64_t run_mask_count(void *context)
{
    mask_work *work = context;
    return segi_mask_count(&work->a);
}

static uint64_t run_assemble(void *context)
{
    mask_work *work = context;
    segi_bitmap_builder builder;
    segi_bitmap *bitmap;
    segi_bitmap_builder_init(&builder, segi_mem_default());
    for (uint32_t chunk = 0; chunk < work->chunks; chunk++) {
        if (segi_bitmap_builder_add(&builder, chunk, &work->a) != SEG_OK) {
            die("builder");
        }
    }
    if (segi_bitmap_builders_finish(&builder, 1, &bitmap, NULL) != SEG_OK) {
        die("builder");
    }
    uint64_t count = segi_bitmap_count(bitmap);
    segi_bitmap_destroy(bitmap);
    segi_bitmap_builder_deinit(&builder);
    return count;
}

static void measure_masks(void)
{
    static mask_work work;
    static const uint32_t per_mille[] = {1, 10, 50, 100, 500};
    work.chunks = 77; /* five million users */
    memset(&work.b, 0xff, sizeof work.b);
    report("mask and mask", "chunk", best_of(run_mask_and, &work, 2000), 2 * 8192, near_floor);
    report("mask count", "chunk", best_of(run_mask_count, &work, 2000), 8192, near_floor);
    for (size_t i = 0; i < sizeof per_mille / sizeof per_mille[0]; i++) {
        char name[64];
        uint64_t state = 1;
        memset(&work.a, 0, sizeof work.a);
        for (uint32_t user = 0; user < SEGI_CHUNK_USERS; user++) {
            if (random_next(&state) % 1000 < per_mille[i]) {
                segi_bit_set(work.a.words, user);
            }
        }
        snprintf(name, sizeof name, "mask to roaring container, density %.3f",
                 per_mille[i] / 1000.0);
        report(name, "chunk", best_of(run_assemble, &work, 20) / work.chunks, 8192, near_floor);
    }
}

/* ---- a store ---- */

static seg_store *store;
static seg_snapshot *snapshot;
static gen_options options = {.seed = 1, .users = 1000000, .events = 20000000, .ids_u64 = true};

static int load_batch(void *user, const seg_batch *batch)
{
    (void)user;
    return (int)seg_store_commit(store, batch, 1, NULL, NULL, NULL);
}

static void load_store(void)
{
    seg_store_options made = SEG_STORE_OPTIONS_INIT;
    made.id_kind = SEG_ID_U64;
    if (seg_store_open(":memory:", 8, &made, &store, NULL) != SEG_OK ||
        workload_users(&options, load_batch, NULL) != 0 ||
        workload_events(&options, load_batch, NULL) != 0 ||
        seg_snapshot_create(store, &snapshot, NULL) != SEG_OK) {
        die("load");
    }
}

/* Rows and bytes that the parts of an event type hold: distinct users, rows per user, and one
 * property where it is named. */
static void part_sizes(const char *event, const char *property, double *rows, double *users,
                       double *count_bytes, double *property_bytes)
{
    const segi_snapshot *inner = snapshot->snapshot;
    *rows = *users = *count_bytes = *property_bytes = 0;
    for (uint32_t e = 0; e < inner->schema->event_count; e++) {
        const segi_event_type *type = inner->schema->events[e];
        if (type->name_size != strlen(event) || memcmp(type->name, event, type->name_size) != 0) {
            continue;
        }
        for (uint32_t p = 0; p < inner->events[e].part_count; p++) {
            const segi_part *part = inner->events[e].parts[p];
            *rows += part->row_count;
            *count_bytes += (double)part->user_count * part->counts.width;
            for (uint32_t c = 0; c < part->chunk_count; c++) {
                *users += part->chunks[c].is_bits ? 8192 : 2.0 * part->chunks[c].user_count;
            }
            for (uint32_t c = 0; property && c < part->column_count; c++) {
                const segi_field *field = type->fields[c];
                if (field->name_size == strlen(property) &&
                    memcmp(field->name, property, field->name_size) == 0) {
                    *property_bytes += (double)part->row_count * part->columns[c].width;
                }
            }
        }
    }
}

static uint64_t run_count(void *context)
{
    uint64_t count = 0;
    if (seg_segment_count(context, snapshot, GEN_NOW, NULL, &count, NULL) != SEG_OK) {
        die("count");
    }
    return count;
}

static void measure_leaf(const char *kernel, const char *text, const char *event,
                         const char *property, bool counts)
{
    seg_segment *segment;
    double rows, user_bytes, count_bytes, property_bytes;
    part_sizes(event, property, &rows, &user_bytes, &count_bytes, &property_bytes);
    if (seg_segment_compile(store, text, strlen(text), 0, &segment, NULL) != SEG_OK) {
        die(text);
    }
    double bytes = user_bytes + (counts ? count_bytes : 0) + property_bytes;
    report(kernel, "event", best_of(run_count, segment, 5) / rows, bytes / rows, far_floor);
    seg_segment_release(segment);
}

static void measure_leaves(void)
{
    measure_leaf("did, whole history, app_open", "did \"app_open\"", "app_open", NULL, false);
    measure_leaf("count, whole history, app_open", "did \"app_open\" at least 5 times", "app_open",
                 NULL, true);
    measure_leaf("count, whole history, purchase", "did \"purchase\" at least 2 times", "purchase",
                 NULL, true);
    measure_leaf("sum, whole history, purchase", "sum(amount) of \"purchase\" >= 200", "purchase",
                 "amount", true);
    measure_leaf("did with filter, video_watched", "did \"video_watched\" where (seconds >= 120)",
                 "video_watched", "seconds", true);
    measure_leaf("distinct by gathering, purchase", "distinct(category) of \"purchase\" >= 4",
                 "purchase", "category", true);
    measure_leaf("last value by gathering, review", "last(stars) of \"review_submitted\" <= 2",
                 "review_submitted", "stars", true);
}

/* ---- ids and the universe ---- */

typedef struct find_work {
    uint64_t *ids;
    uint32_t *out;
    size_t count;
} find_work;

static uint64_t run_find_many(void *context)
{
    find_work *work = context;
    segi_snapshot_find_many_u64(snapshot->snapshot, work->ids, work->count, work->out);
    return work->out[0];
}

static uint64_t run_find_each(void *context)
{
    find_work *work = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < work->count; i++) {
        sum += segi_snapshot_find_u64(snapshot->snapshot, work->ids[i]);
    }
    return sum;
}

static uint64_t run_universe(void *context)
{
    segi_mask *mask = context;
    uint64_t count = 0;
    for (uint32_t chunk = 0; chunk <= (options.users - 1) >> SEGI_CHUNK_BITS; chunk++) {
        count += segi_snapshot_universe(snapshot->snapshot, chunk, GEN_NOW, mask);
    }
    return count;
}

static uint64_t run_hash(void *context)
{
    find_work *work = context;
    uint64_t sum = 0;
    for (size_t i = 0; i < work->count; i++) {
        sum += segi_xxh3(&work->ids[i], 8, 1);
    }
    return sum;
}

static void measure_ids(void)
{
    static segi_mask mask;
    find_work work = {.count = 1000000};
    uint64_t state = 7;
    work.ids = need(malloc(work.count * sizeof *work.ids));
    work.out = need(malloc(work.count * sizeof *work.out));
    for (size_t i = 0; i < work.count; i++) {
        work.ids[i] = 1 + (random_next(&state) >> 20) % options.users;
    }
    report("xxh3 of 8 bytes", "id", best_of(run_hash, &work, 1) / (double)work.count, 8, 0);
    report("id lookup, one by one, 1 million users", "id",
           best_of(run_find_each, &work, 1) / (double)work.count, 8, 0);
    report("id lookup, in bulk, 1 million users", "id",
           best_of(run_find_many, &work, 1) / (double)work.count, 8, 0);
    double chunks = (double)(((options.users - 1) >> SEGI_CHUNK_BITS) + 1);
    report("universe", "chunk", best_of(run_universe, &mask, 20) / chunks, 8192, near_floor);
    free(work.ids);
    free(work.out);
}

int main(int argc, char **argv)
{
    as_json = argc > 1 && strcmp(argv[1], "json") == 0;
    uint8_t *far = need(malloc(FAR_BYTES + 64));
    uint64_t state = 3;
    for (size_t i = 0; i < FAR_BYTES / 8; i++) {
        uint64_t value = random_next(&state);
        memcpy(far + 8 * i, &value, 8);
    }
    measure_floors(far);
    measure_scans(far);
    measure_masks();
    load_store();
    measure_leaves();
    measure_ids();
    seg_snapshot_release(snapshot);
    free(far);
    return seg_store_close(store, NULL) == SEG_OK ? 0 : 1;
}
