/* bench_kernels.c - the innermost loops of an evaluation, each beside what memory allows.
 *
 *   bench_kernels [json]
 *
 * A kernel runs over data that lies in the second-level cache, as in an evaluation that goes
 * chunk by chunk, and over data far larger than the last level. The floor is the fastest plain
 * read of as many bytes from the same place. Whole questions that lean on one loop follow, beside
 * one reading of the columns they need, from the last level where they fit it. One thread; the
 * least processor time of several runs. */
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
#define MID_BYTES ((size_t)8 << 20) /* fits the last level of most machines */
#define RUNS_MIN 7
#define RUNS_MAX 100
#define RUNS_NS 100000000u /* more runs than the least only so long */

static bool as_json;
static double near_floor, mid_floor, far_floor; /* bytes per nanosecond */
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
    uint64_t begin = workload_processor_clock();
    for (int i = 0; i < RUNS_MAX; i++) {
        if (i >= RUNS_MIN && workload_processor_clock() - begin > RUNS_NS) {
            break;
        }
        uint64_t start = workload_processor_clock();
        for (size_t k = 0; k < repeat; k++) {
            sink += run(context);
        }
        double took = (double)(workload_processor_clock() - start) / (double)repeat;
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
    work.count = MID_BYTES / 8;
    mid_floor = (double)MID_BYTES / best_of(run_read, &work, 10);
    work.count = FAR_BYTES / 8;
    far_floor = (double)FAR_BYTES / best_of(run_read, &work, 1);
    report("plain read, 256 KiB again and again", "byte", 1 / near_floor, 1, near_floor);
    report("plain read, 8 MiB again and again", "byte", 1 / mid_floor, 1, mid_floor);
    report("plain read, 256 MiB", "byte", 1 / far_floor, 1, far_floor);
}

/* ---- scans ---- */

typedef enum scan_kind {
    SCAN_RANGE,
    SCAN_TABLE,
    SCAN_ANY,
    SCAN_ALL,
    SCAN_SIGNED,
    SCAN_FLOAT,
    SCAN_KINDS
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
        case SCAN_ALL:
            segi_scan_all(work->width, work->data, at, NEAR_VALUES, 6, work->bits);
            break;
        case SCAN_SIGNED:
            segi_scan_signed((const int64_t *)(const void *)work->data, at, NEAR_VALUES,
                             INT64_MIN / 4, INT64_MAX / 4, work->bits);
            break;
        case SCAN_KINDS:
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
    static const char *const names[] = {"scan range",           "scan table",
                                        "scan any of a mask",   "scan all of a mask",
                                        "scan range of signed", "scan range of doubles"};
    static scan_work work;
    work.bits = need(malloc(NEAR_VALUES / 8));
    for (int i = 0; i < 1024; i++) {
        work.table[i] = UINT64_C(0x5555555555555555);
    }
    for (scan_kind kind = SCAN_RANGE; kind < SCAN_KINDS; kind++) {
        for (uint32_t width = kind >= SCAN_SIGNED ? 8 : 1; width <= 8; width *= 2) {
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
    uint32_t chunks, count;
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

static uint64_t run_mask_list(void *context)
{
    static uint16_t lows[SEGI_CHUNK_USERS + SEGI_EXTRACT_SLACK];
    mask_work *work = context;
    segi_mask_extract(&work->a, work->count, lows);
    return lows[0];
}

static uint64_t run_bits_and(void *context)
{
    mask_work *work = context;
    segi_bits_and_extract(work->b.words, 13, SEGI_CHUNK_USERS - 64, work->a.words);
    return work->a.words[0];
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
    report("bits and bits from elsewhere", "chunk", best_of(run_bits_and, &work, 2000), 2 * 8192,
           near_floor);
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
        work.count = segi_mask_count(&work.a);
        snprintf(name, sizeof name, "mask to list of users, density %.3f", per_mille[i] / 1000.0);
        report(name, "chunk", best_of(run_mask_list, &work, 50), 8192 + 2.0 * work.count,
               near_floor);
        snprintf(name, sizeof name, "mask to roaring container, density %.3f",
                 per_mille[i] / 1000.0);
        report(name, "chunk", best_of(run_assemble, &work, 1) / work.chunks, 8192, near_floor);
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

/* What a question has to read, by columns. */
typedef struct leaf {
    const char *kernel, *text;
    const char *events;    /* names with blanks between them; NULL: none; "*": all */
    int days;              /* parts that reach into the last so many days; 0: all */
    bool counts, times;    /* of the parts */
    const char *property;  /* of the parts, or NULL */
    const char *attribute; /* of the users, or NULL */
} leaf;

static bool named(const char *list, const char *name, size_t size)
{
    for (const char *at = list; at && *at; at += strcspn(at, " "), at += *at == ' ') {
        if (*at == '*' || (strcspn(at, " ") == size && memcmp(at, name, size) == 0)) {
            return true;
        }
    }
    return false;
}

static void part_size(const leaf *l, const segi_event_type *type, const segi_part *part,
                      double *rows, double *bytes)
{
    *rows += part->row_count;
    *bytes += l->counts ? (double)part->user_count * part->counts.width : 0;
    *bytes += l->times ? (double)part->row_count * part->time.width : 0;
    for (uint32_t c = 0; c < part->chunk_count; c++) {
        *bytes += part->chunks[c].is_bits ? 8192 : 2.0 * part->chunks[c].user_count;
    }
    for (uint32_t c = 0; l->property && c < part->column_count; c++) {
        if (named(l->property, type->fields[c]->name, type->fields[c]->name_size)) {
            *bytes += (double)part->row_count * part->columns[c].width;
        }
    }
}

/* Rows that the question is about, or users where it is about attributes alone, and the bytes of
 * their columns: distinct users of each part, and what the leaf names. */
static void leaf_size(const leaf *l, double *rows, double *bytes)
{
    const segi_snapshot *inner = snapshot->snapshot;
    int64_t begin = l->days ? GEN_NOW - l->days * INT64_C(86400000000) : INT64_MIN;
    *rows = *bytes = 0;
    for (uint32_t e = 0; e < inner->schema->event_count; e++) {
        const segi_event_type *type = inner->schema->events[e];
        for (uint32_t p = 0; p < inner->events[e].part_count; p++) {
            const segi_part *part = inner->events[e].parts[p];
            if (named(l->events, type->name, type->name_size) && part->time_max > begin) {
                part_size(l, type, part, rows, bytes);
            }
        }
    }
    for (uint32_t a = 0; a < inner->schema->attribute_count; a++) {
        const segi_field *field = inner->schema->attributes[a];
        const segi_attr_view *view = &inner->attributes[a];
        if (!named(l->attribute, field->name, field->name_size)) {
            continue;
        }
        for (uint32_t c = 0; c < view->chunk_count; c++) {
            const segi_attr_chunk *chunk = view->chunks[c];
            uint32_t width = chunk ? chunk->col.width + chunk->sets.mask_width : 0;
            *bytes += chunk ? (double)chunk->rows * width : 0;
        }
    }
    *rows = l->events ? *rows : inner->user_count;
}

static uint64_t run_count(void *context)
{
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    uint64_t count = 0;
    how.threads = 1;
    if (seg_segment_count(context, snapshot, GEN_NOW, &how, &count, NULL) != SEG_OK) {
        die("count");
    }
    return count;
}

/* Loops that lie behind whole questions; each is named by what it leans on. */
static const leaf leaves[] = {
    {.kernel = "attribute in a range", .text = "age between 25 and 34", .attribute = "age"},
    {.kernel = "attribute in a list",
     .text = "country in (\"US\", \"CA\", \"GB\")",
     .attribute = "country"},
    {.kernel = "set attribute",
     .text = "interests has any (\"travel\", \"music\")",
     .attribute = "interests"},
    {.kernel = "polygon",
     .text = "home inside polygon(47.5 11.0, 47.7 12.2, 48.5 12.0, 48.4 10.8)",
     .attribute = "home"},
    {.kernel = "did, whole parts", .text = "did app_open", .events = "app_open"},
    {.kernel = "did, window cuts a part",
     .text = "did app_open in last 10 days",
     .events = "app_open",
     .days = 10,
     .times = true},
    {.kernel = "did with a filter",
     .text = "did video_watched where (seconds >= 120)",
     .events = "video_watched",
     .counts = true,
     .property = "seconds"},
    {.kernel = "count, many rows per user",
     .text = "did app_open at least 5 times",
     .events = "app_open",
     .counts = true},
    {.kernel = "count, few rows per user",
     .text = "did purchase at least 2 times",
     .events = "purchase",
     .counts = true},
    {.kernel = "sum",
     .text = "sum(amount) of purchase >= 200",
     .events = "purchase",
     .counts = true,
     .property = "amount"},
    {.kernel = "sum and count, compared",
     .text = "sum(amount) of purchase >= 50 * count of purchase",
     .events = "purchase",
     .counts = true,
     .property = "amount"},
    {.kernel = "hours of a week",
     .text = "did app_open where (@weekday in (\"sat\", \"sun\")) at least 4 times in last 30 days",
     .events = "app_open",
     .days = 30,
     .counts = true,
     .times = true},
    {.kernel = "days active",
     .text = "did any event on at least 10 days in last 30 days",
     .events = "*",
     .days = 30,
     .counts = true,
     .times = true},
    {.kernel = "regular weeks",
     .text = "did app_open at least 2 times in at least 6 of last 8 complete weeks",
     .events = "app_open",
     .days = 60,
     .counts = true,
     .times = true},
    {.kernel = "streak",
     .text = "streak(day) of app_open in last 60 days >= 7",
     .events = "app_open",
     .days = 60,
     .counts = true,
     .times = true},
    {.kernel = "last time",
     .text = "last any event older than 90 days",
     .events = "*",
     .counts = true,
     .times = true},
    {.kernel = "last value",
     .text = "last(stars) of review_submitted <= 2",
     .events = "review_submitted",
     .counts = true,
     .times = true,
     .property = "stars"},
    {.kernel = "distinct values",
     .text = "distinct(category) of purchase >= 4",
     .events = "purchase",
     .counts = true,
     .property = "category"},
    {.kernel = "bag: favourite",
     .text = "mode(category, min 3) of purchase = \"shoes\"",
     .events = "purchase",
     .counts = true,
     .property = "category"},
    {.kernel = "bag: median",
     .text = "median(amount) of purchase >= 50",
     .events = "purchase",
     .counts = true,
     .property = "amount"},
    {.kernel = "rank",
     .text = "count of app_open in last 90 days in top 20%",
     .events = "app_open",
     .days = 90,
     .counts = true,
     .times = true},
    {.kernel = "scores",
     .text = "rfm(amount, floating) of purchase = \"champions\"",
     .events = "purchase",
     .counts = true,
     .times = true,
     .property = "amount"},
    {.kernel = "sequence of 4",
     .text = "funnel (search then page_view then add_to_cart then purchase) within 7 days in last "
             "90 days reached 4",
     .events = "search page_view add_to_cart purchase",
     .days = 90,
     .counts = true,
     .times = true},
    {.kernel = "sequence with an absence",
     .text = "sequence (add_to_cart then no purchase for 24 hours) in last 30 days",
     .events = "add_to_cart purchase",
     .days = 30,
     .counts = true,
     .times = true},
    {.kernel = "sessions",
     .text = "did session(gap 30 minutes) at least 2 times in last 14 days",
     .events = "*",
     .days = 14,
     .counts = true,
     .times = true},
};

static void measure_leaves(void)
{
    for (size_t i = 0; i < sizeof leaves / sizeof *leaves; i++) {
        const leaf *l = &leaves[i];
        seg_segment *segment;
        double rows, bytes;
        leaf_size(l, &rows, &bytes);
        double floor = bytes <= (double)MID_BYTES ? mid_floor : far_floor;
        if (seg_segment_compile(store, l->text, strlen(l->text), 0, &segment, NULL) != SEG_OK) {
            die(l->text);
        }
        report(l->kernel, l->events ? "event" : "user", best_of(run_count, segment, 1) / rows,
               bytes / rows, floor);
        seg_segment_release(segment);
    }
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
