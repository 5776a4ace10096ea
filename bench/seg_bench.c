/* seg_bench.c - libseg under the clock: loads the workload, then does what it is told.
 *
 *   seg_bench USERS EVENTS SEED [strings]
 *
 * Users have numbers, or with `strings` text ids. Commands come by standard input, one a line,
 * words apart by tabs; each is answered by one line of JSON, "ok" false where it failed:
 *
 *   compile NAME PREDICATE           time of one compile
 *   clock wall|processor             what count, set, ids and together measure by (wall)
 *   count NAME THREADS RUNS          members; nanoseconds of each run
 *   set NAME THREADS RUNS            the same with the set built
 *   ids NAME THREADS RUNS            the same with all ids read out of it
 *   write NAME THREADS FILE          ids as rising uint32 into a file (numbers only)
 *   explain NAME THREADS             the plan with its times
 *   one NAME RUNS                    nanoseconds of one membership test of one user
 *   together THREADS RUNS NAME...    segments in one pass, against one by one
 *   stored                           the stored segments become sets
 *   algebra RUNS NUMBER|OP...        postfix over stored segments: and or xor andnot; against
 *                                    bare CRoaring; count and set
 *   pairs RUNS COUNT                 members in common of each pair of the first COUNT segments
 *   members RUNS USERS               membership of so many users in all stored segments, from
 *                                    rows of bits that are made first
 *   contains RUNS USERS NUMBER       is each in this stored segment: one by one, then in bulk
 *   info                             snapshot and memory
 *   quit */
#include "workload.h"

#include <seg/seg.h>

#include <roaring/roaring.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAMES_MAX 1024
#define WORDS_MAX 1024
#define RUNS_MAX 100000

typedef struct named {
    char *name; /* owned */
    seg_segment *segment;
} named;

static gen_options options = {.ids_u64 = true};
static seg_store *store;
static seg_snapshot *snapshot;
static named names[NAMES_MAX];
static size_t name_count;
static seg_set *stored[WORKLOAD_SEGMENTS];
static roaring_bitmap_t *bare[WORKLOAD_SEGMENTS];
static uint64_t times[RUNS_MAX];
static seg_error err = SEG_ERROR_INIT;

static void die(const char *what)
{
    fprintf(stderr, "seg_bench: %s: %s\n", what, err.message);
    exit(1);
}

static void *need(void *block)
{
    if (!block) {
        die("out of memory");
    }
    return block;
}

/* ---- answers ------------------------------------------------------------------------------- */

static void put_text(const char *text)
{
    putchar('"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            printf("\\%c", c);
        } else if (c < 32) {
            printf("\\u%04x", c);
        } else {
            putchar(c);
        }
    }
    putchar('"');
}

static bool fail(const char *format, ...)
{
    char text[600];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    printf("{\"ok\": false, \"error\": ");
    put_text(text);
    printf("}\n");
    return false;
}

static bool fail_status(seg_status status)
{
    return fail("%s at %" PRId64 ": %s; %s", seg_status_name(status), err.offset, err.message,
                err.hint);
}

static void put_times(const char *label, uint32_t runs)
{
    printf(", \"%s\": [", label);
    for (uint32_t i = 0; i < runs; i++) {
        printf("%s%" PRIu64, i ? ", " : "", times[i]);
    }
    printf("]");
}

/* ---- loading ------------------------------------------------------------------------------- */

typedef struct load {
    uint64_t nanoseconds, worst, rows;
} load;

static int load_batch(void *user, const seg_batch *batch)
{
    load *timed = user;
    uint64_t start = workload_clock();
    seg_status status = seg_store_commit(store, batch, 1, NULL, NULL, &err);
    uint64_t took = workload_clock() - start;
    timed->nanoseconds += took;
    timed->worst = took > timed->worst ? took : timed->worst;
    timed->rows += batch->row_count;
    return (int)status;
}

/* A figure of /proc/self/status in kilobytes: VmRSS now, VmHWM at the most. Not getrusage(), whose
 * peak is inherited from the process that started this one. */
static uint64_t status_kb(const char *name)
{
    char line[256];
    unsigned long found = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, strlen(name)) == 0) {
            found = strtoul(line + strlen(name) + 1, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return (uint64_t)found;
}

static void load_all(void)
{
    seg_store_options made = SEG_STORE_OPTIONS_INIT;
    load users = {0}, events = {0};
    made.id_kind = options.ids_u64 ? SEG_ID_U64 : SEG_ID_BYTES;
    if (seg_store_open(":memory:", 8, &made, &store, &err) != SEG_OK) {
        die("open");
    }
    uint64_t before_kb = status_kb("VmRSS");
    if (workload_users(&options, load_batch, &users) != 0 ||
        workload_events(&options, load_batch, &events) != 0) {
        die("load");
    }
    uint64_t start = workload_clock();
    if (seg_snapshot_create(store, &snapshot, &err) != SEG_OK) {
        die("snapshot");
    }
    uint64_t first = workload_clock() - start;
    printf("{\"ok\": true, \"users_ns\": %" PRIu64 ", \"events_ns\": %" PRIu64
           ", \"worst_commit_ns\": %" PRIu64 ", \"snapshot_ns\": %" PRIu64
           ", \"before_kb\": %" PRIu64 ", \"resident_kb\": %" PRIu64 ", \"peak_kb\": %" PRIu64
           "}\n",
           users.nanoseconds, events.nanoseconds, events.worst, first, before_kb,
           status_kb("VmRSS"), status_kb("VmHWM"));
}

/* ---- predicates ---------------------------------------------------------------------------- */

static seg_segment *find(const char *name)
{
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return names[i].segment;
        }
    }
    fail("no segment %s", name);
    return NULL;
}

static char *copy_text(const char *text)
{
    char *copy = need(malloc(strlen(text) + 1));
    memcpy(copy, text, strlen(text) + 1);
    return copy;
}

static bool do_compile(const char *name, const char *text)
{
    seg_segment *segment;
    if (name_count == NAMES_MAX) {
        return fail("too many segments");
    }
    for (size_t i = 0; i < name_count; i++) {
        if (strcmp(names[i].name, name) == 0) {
            return fail("the name %s is taken", name);
        }
    }
    uint64_t start = workload_clock();
    seg_status status = seg_segment_compile(store, text, strlen(text), 0, &segment, &err);
    uint64_t took = workload_clock() - start;
    if (status != SEG_OK) {
        return fail_status(status);
    }
    names[name_count++] = (named){copy_text(name), segment};
    printf("{\"ok\": true, \"ns\": [%" PRIu64 "]}\n", took);
    return true;
}

typedef enum run_kind {
    RUN_COUNT,
    RUN_SET,
    RUN_IDS
} run_kind;

static seg_status read_ids(const seg_set *set, FILE *file)
{
    static uint64_t ids[65536];
    static uint64_t offsets[65537];
    seg_set_cursor *cursor;
    seg_status status = seg_set_cursor_create(set, &cursor, &err);
    uint64_t count = 1;
    while (status == SEG_OK && count) {
        const char *bytes;
        status = options.ids_u64
                     ? seg_set_cursor_next_u64(cursor, 65536, ids, &count, &err)
                     : seg_set_cursor_next(cursor, 65536, offsets, &bytes, &count, &err);
        for (uint64_t i = 0; file && status == SEG_OK && i < count; i++) {
            uint32_t id = (uint32_t)ids[i];
            fwrite(&id, sizeof id, 1, file);
        }
    }
    seg_set_cursor_destroy(cursor);
    return status;
}

static seg_status run_once(const seg_segment *segment, run_kind kind, uint32_t threads,
                           uint64_t *out_count)
{
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    how.threads = threads;
    if (kind == RUN_COUNT) {
        return seg_segment_count(segment, snapshot, GEN_NOW, &how, out_count, &err);
    }
    seg_set *set;
    seg_status status = seg_segment_evaluate(segment, snapshot, GEN_NOW, &how, &set, &err);
    if (status == SEG_OK) {
        *out_count = seg_set_count(set);
        if (kind == RUN_IDS) {
            status = read_ids(set, NULL);
        }
    }
    seg_set_release(set);
    return status;
}

/* Beside other work, time of the processor says what a run took; on the clock it also waits. */
static bool by_processor;

static uint64_t lap(void)
{
    return by_processor ? workload_processor_clock() : workload_clock();
}

static bool do_clock(const char *which)
{
    by_processor = strcmp(which, "processor") == 0;
    if (!by_processor && strcmp(which, "wall") != 0) {
        return fail("wall or processor");
    }
    printf("{\"ok\": true}\n");
    return true;
}

static bool do_run(run_kind kind, const char *name, uint32_t threads, uint32_t runs)
{
    seg_segment *segment = find(name);
    uint64_t count = 0;
    if (!segment || runs > RUNS_MAX) {
        return segment && fail("too many runs");
    }
    for (uint32_t i = 0; i < runs; i++) {
        uint64_t start = lap();
        seg_status status = run_once(segment, kind, threads, &count);
        times[i] = lap() - start;
        if (status != SEG_OK) {
            return fail_status(status);
        }
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, count);
    put_times("ns", runs);
    printf("}\n");
    return true;
}

static bool do_write(const char *name, uint32_t threads, const char *path)
{
    seg_segment *segment = find(name);
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    seg_set *set;
    how.threads = threads;
    if (!segment) {
        return false;
    }
    FILE *file = fopen(path, "wb");
    if (!file) {
        return fail("cannot write %s", path);
    }
    seg_status status = seg_segment_evaluate(segment, snapshot, GEN_NOW, &how, &set, &err);
    uint64_t count = status == SEG_OK ? seg_set_count(set) : 0;
    if (status == SEG_OK) {
        status = read_ids(set, file);
    }
    seg_set_release(set);
    fclose(file);
    if (status != SEG_OK) {
        return fail_status(status);
    }
    printf("{\"ok\": true, \"count\": %" PRIu64 "}\n", count);
    return true;
}

static bool do_explain(const char *name, uint32_t threads)
{
    seg_segment *segment = find(name);
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    seg_buffer *text;
    how.threads = threads;
    if (!segment) {
        return false;
    }
    seg_status status =
        seg_segment_explain(segment, snapshot, GEN_NOW, SEG_EXPLAIN_ANALYZE, &how, &text, &err);
    if (status != SEG_OK) {
        return fail_status(status);
    }
    printf("{\"ok\": true, \"text\": ");
    put_text(seg_buffer_data(text));
    printf("}\n");
    seg_buffer_destroy(text);
    return true;
}

/* One member in two is asked for, spread over all users. */
static bool do_one(const char *name, uint32_t runs)
{
    seg_segment *segment = find(name);
    uint64_t members = 0;
    if (!segment || runs > RUNS_MAX || !options.ids_u64) {
        return segment && fail("needs numbers, and fewer runs");
    }
    for (uint32_t i = 0; i < runs; i++) {
        int32_t member;
        uint64_t user = 1 + (uint64_t)i * 7919 % options.users;
        uint64_t start = workload_clock();
        seg_status status = seg_segment_test_u64(segment, snapshot, user, GEN_NOW, &member, &err);
        times[i] = workload_clock() - start;
        if (status != SEG_OK) {
            return fail_status(status);
        }
        members += (uint64_t)member;
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, members);
    put_times("ns", runs);
    printf("}\n");
    return true;
}

static bool do_together(uint32_t threads, uint32_t runs, char **wanted, size_t count)
{
    const seg_segment *segments[WORDS_MAX];
    seg_set *sets[WORDS_MAX];
    seg_eval_options how = SEG_EVAL_OPTIONS_INIT;
    uint64_t members = 0;
    how.threads = threads;
    for (size_t i = 0; i < count; i++) {
        segments[i] = find(wanted[i]);
        if (!segments[i]) {
            return false;
        }
    }
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = lap();
        seg_status status =
            seg_segments_evaluate(segments, count, snapshot, GEN_NOW, &how, sets, &err);
        times[run] = lap() - start;
        if (status != SEG_OK) {
            return fail_status(status);
        }
        members = 0;
        for (size_t i = 0; i < count; i++) {
            members += seg_set_count(sets[i]);
            seg_set_release(sets[i]);
        }
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, members);
    put_times("together_ns", runs);
    members = 0;
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = lap();
        for (size_t i = 0; i < count; i++) {
            uint64_t got = 0;
            if (run_once(segments[i], RUN_SET, threads, &got) != SEG_OK) {
                die("evaluate");
            }
            members += run ? 0 : got;
        }
        times[run] = lap() - start;
    }
    printf(", \"single_count\": %" PRIu64, members);
    put_times("single_ns", runs);
    printf("}\n");
    return true;
}

/* ---- stored segments ----------------------------------------------------------------------- */

static bool do_stored(void)
{
    uint64_t *ids = need(malloc((size_t)options.users * sizeof *ids));
    uint64_t total = 0, took = 0;
    if (!options.ids_u64) {
        free(ids);
        return fail("needs numbers");
    }
    for (uint32_t segment = 0; segment < WORKLOAD_SEGMENTS; segment++) {
        uint64_t count = 0;
        roaring_bitmap_t *ordinals = need(roaring_bitmap_create());
        for (uint64_t user = 0; user < options.users; user++) {
            if (workload_member(options.seed, user, segment)) {
                ids[count++] = user + 1;
                roaring_bitmap_add(ordinals, (uint32_t)user);
            }
        }
        roaring_bitmap_run_optimize(ordinals);
        roaring_bitmap_shrink_to_fit(ordinals);
        bare[segment] = ordinals;
        uint64_t start = workload_clock();
        if (seg_set_from_ids_u64(snapshot, ids, count, &stored[segment], NULL, &err) != SEG_OK) {
            die("stored");
        }
        took += workload_clock() - start;
        total += count;
    }
    free(ids);
    printf("{\"ok\": true, \"count\": %" PRIu64 ", \"ns\": [%" PRIu64 "]}\n", total, took);
    return true;
}

static uint32_t operation_of(const char *word)
{
    static const char *const words[] = {"and", "or", "xor", "andnot"};
    for (uint32_t i = 0; i < 4; i++) {
        if (strcmp(word, words[i]) == 0) {
            return SEG_SET_AND + i;
        }
    }
    return 0;
}

/* The value of a postfix expression, whose last operation may be left to a count. */
static seg_set *algebra_set(char **words, size_t count)
{
    seg_set *stack[WORDS_MAX];
    size_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t operation = operation_of(words[i]);
        if (!operation) {
            stack[depth] = stored[strtoul(words[i], NULL, 10) % WORKLOAD_SEGMENTS];
            seg_set_retain(stack[depth++]);
            continue;
        }
        seg_set *made;
        if (depth < 2 ||
            seg_set_combine(operation, stack[depth - 2], stack[depth - 1], &made, &err) != SEG_OK) {
            die("algebra");
        }
        seg_set_release(stack[--depth]);
        seg_set_release(stack[--depth]);
        stack[depth++] = made;
    }
    return stack[0];
}

static roaring_bitmap_t *algebra_bare(char **words, size_t count)
{
    roaring_bitmap_t *stack[WORDS_MAX];
    bool owned[WORDS_MAX];
    size_t depth = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t operation = operation_of(words[i]);
        if (!operation) {
            owned[depth] = false;
            stack[depth++] = bare[strtoul(words[i], NULL, 10) % WORKLOAD_SEGMENTS];
            continue;
        }
        roaring_bitmap_t *a = stack[depth - 2], *b = stack[depth - 1];
        roaring_bitmap_t *made = operation == SEG_SET_AND   ? roaring_bitmap_and(a, b)
                                 : operation == SEG_SET_OR  ? roaring_bitmap_or(a, b)
                                 : operation == SEG_SET_XOR ? roaring_bitmap_xor(a, b)
                                                            : roaring_bitmap_andnot(a, b);
        for (size_t k = depth - 2; k < depth; k++) {
            if (owned[k]) {
                roaring_bitmap_free(stack[k]);
            }
        }
        depth -= 2;
        owned[depth] = true;
        stack[depth++] = need(made);
    }
    return stack[0];
}

/* The two sides of the last operation; count of their combination alone. */
static uint64_t algebra_count(char **words, size_t count)
{
    uint32_t operation = operation_of(words[count - 1]);
    uint64_t members = 0;
    seg_set *right = stored[strtoul(words[count - 2], NULL, 10) % WORKLOAD_SEGMENTS];
    seg_set *left = algebra_set(words, count - 2);
    if (seg_set_combine_count(operation, left, right, &members, &err) != SEG_OK) {
        die("algebra");
    }
    seg_set_release(left);
    return members;
}

static uint64_t bare_count(char **words, size_t count)
{
    uint32_t operation = operation_of(words[count - 1]);
    roaring_bitmap_t *right = bare[strtoul(words[count - 2], NULL, 10) % WORKLOAD_SEGMENTS];
    roaring_bitmap_t *left = algebra_bare(words, count - 2);
    uint64_t members = operation == SEG_SET_AND   ? roaring_bitmap_and_cardinality(left, right)
                       : operation == SEG_SET_OR  ? roaring_bitmap_or_cardinality(left, right)
                       : operation == SEG_SET_XOR ? roaring_bitmap_xor_cardinality(left, right)
                                                  : roaring_bitmap_andnot_cardinality(left, right);
    roaring_bitmap_free(left);
    return members;
}

/* The expression must have at least two operations, the last one on a plain stored segment. */
static bool do_algebra(uint32_t runs, char **words, size_t count)
{
    if (!stored[0] || count < 5 || operation_of(words[count - 2]) ||
        !operation_of(words[count - 1])) {
        return fail("say stored first, then an expression of two operations or more");
    }
    uint64_t members = 0, got = 0;
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        members = algebra_count(words, count);
        times[run] = workload_clock() - start;
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, members);
    put_times("ns", runs);
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        got = bare_count(words, count);
        times[run] = workload_clock() - start;
    }
    put_times("bare_ns", runs);
    printf(", \"bare_count\": %" PRIu64, got);
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        seg_set_release(algebra_set(words, count));
        times[run] = workload_clock() - start;
    }
    put_times("set_ns", runs);
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        roaring_bitmap_free(algebra_bare(words, count));
        times[run] = workload_clock() - start;
    }
    put_times("bare_set_ns", runs);
    printf("}\n");
    return true;
}

static bool do_algebra_write(const char *path, char **words, size_t count)
{
    FILE *file = fopen(path, "wb");
    if (!file || !stored[0]) {
        return fail("cannot write %s", path);
    }
    seg_set *set = algebra_set(words, count);
    seg_status status = read_ids(set, file);
    seg_set_release(set);
    fclose(file);
    if (status != SEG_OK) {
        return fail_status(status);
    }
    printf("{\"ok\": true}\n");
    return true;
}

static bool do_pairs(uint32_t runs, uint32_t count)
{
    uint64_t total = 0, bare_total = 0;
    if (!stored[0] || count > WORKLOAD_SEGMENTS) {
        return fail("say stored first");
    }
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        total = 0;
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t k = i + 1; k < count; k++) {
                uint64_t common = 0;
                if (seg_set_combine_count(SEG_SET_AND, stored[i], stored[k], &common, &err) !=
                    SEG_OK) {
                    die("pairs");
                }
                total += common;
            }
        }
        times[run] = workload_clock() - start;
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, total);
    put_times("ns", runs);
    for (uint32_t run = 0; run < runs; run++) {
        uint64_t start = workload_clock();
        bare_total = 0;
        for (uint32_t i = 0; i < count; i++) {
            for (uint32_t k = i + 1; k < count; k++) {
                bare_total += roaring_bitmap_and_cardinality(bare[i], bare[k]);
            }
        }
        times[run] = workload_clock() - start;
    }
    printf(", \"bare_count\": %" PRIu64, bare_total);
    put_times("bare_ns", runs);
    printf("}\n");
    return true;
}

/* Users far apart, another choice in each run. */
static void choose_users(uint64_t *ids, uint64_t count, uint32_t run)
{
    uint64_t state = run * UINT64_C(0x9e3779b97f4a7c15) + 1;
    for (uint64_t i = 0; i < count; i++) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        ids[i] = 1 + (state >> 33) % options.users;
    }
}

/* By rows of a bit per segment, which are made from the sets first. */
static bool do_members(uint32_t runs, uint64_t count)
{
    if (!stored[0]) {
        return fail("say stored first");
    }
    seg_membership *rows = NULL;
    uint64_t build = workload_clock();
    if (seg_membership_create((const seg_set *const *)stored, WORKLOAD_SEGMENTS, &rows, &err) !=
        SEG_OK) {
        return fail(err.message);
    }
    build = workload_clock() - build;
    size_t words = (size_t)count * seg_membership_word_count(rows);
    uint64_t *ids = need(malloc((size_t)count * sizeof *ids));
    uint64_t *out = need(malloc(words * sizeof *out));
    uint64_t members = 0;
    for (uint32_t run = 0; run < runs; run++) {
        choose_users(ids, count, run);
        uint64_t start = workload_clock();
        seg_membership_get_many_u64(rows, ids, count, out);
        times[run] = workload_clock() - start;
        members = 0;
        for (size_t i = 0; i < words; i++) {
            for (uint64_t word = out[i]; word; word &= word - 1) {
                members++;
            }
        }
    }
    free(ids);
    free(out);
    seg_membership_destroy(rows);
    printf("{\"ok\": true, \"count\": %" PRIu64 ", \"build_ns\": %" PRIu64, members, build);
    put_times("ns", runs);
    printf("}\n");
    return true;
}

static bool do_contains(uint32_t runs, uint64_t count, uint32_t segment)
{
    if (!stored[0] || segment >= WORKLOAD_SEGMENTS) {
        return fail("say stored first");
    }
    uint64_t *ids = need(malloc((size_t)count * sizeof *ids));
    uint8_t *out = need(malloc((size_t)count));
    uint64_t single = 0, bulk = 0;
    for (uint32_t run = 0; run < runs; run++) {
        choose_users(ids, count, run);
        uint64_t start = workload_clock();
        for (uint64_t i = 0; i < count; i++) {
            single += (uint64_t)seg_set_contains_u64(stored[segment], ids[i]);
        }
        times[run] = workload_clock() - start;
    }
    printf("{\"ok\": true, \"count\": %" PRIu64, single);
    put_times("single_ns", runs);
    for (uint32_t run = 0; run < runs; run++) {
        choose_users(ids, count, run);
        uint64_t start = workload_clock();
        bulk += seg_set_contains_many_u64(stored[segment], ids, count, out);
        times[run] = workload_clock() - start;
    }
    printf(", \"bulk_count\": %" PRIu64, bulk);
    put_times("bulk_ns", runs);
    printf("}\n");
    free(ids);
    free(out);
    return true;
}

static bool do_info(void)
{
    seg_snapshot_info info = {.struct_size = sizeof info};
    if (seg_snapshot_get_info(snapshot, &info, &err) != SEG_OK) {
        return fail_status(err.code);
    }
    printf("{\"ok\": true, \"version\": \"%s\", \"users\": %" PRIu64 ", \"events\": %" PRIu64
           ", \"parts\": %" PRIu64 ", \"memory_bytes\": %" PRIu64 ", \"resident_kb\": %" PRIu64
           ", \"peak_kb\": %" PRIu64 "}\n",
           seg_version(), info.user_count, info.event_count, info.part_count, info.memory_bytes,
           status_kb("VmRSS"), status_kb("VmHWM"));
    return true;
}

/* ---- commands ------------------------------------------------------------------------------ */

static uint32_t number(const char *word)
{
    return (uint32_t)strtoul(word, NULL, 10);
}

static void obey(char **words, size_t count)
{
    const char *verb = words[0];
    if (strcmp(verb, "compile") == 0 && count == 3) {
        do_compile(words[1], words[2]);
    } else if (strcmp(verb, "clock") == 0 && count == 2) {
        do_clock(words[1]);
    } else if (strcmp(verb, "count") == 0 && count == 4) {
        do_run(RUN_COUNT, words[1], number(words[2]), number(words[3]));
    } else if (strcmp(verb, "set") == 0 && count == 4) {
        do_run(RUN_SET, words[1], number(words[2]), number(words[3]));
    } else if (strcmp(verb, "ids") == 0 && count == 4) {
        do_run(RUN_IDS, words[1], number(words[2]), number(words[3]));
    } else if (strcmp(verb, "write") == 0 && count == 4) {
        do_write(words[1], number(words[2]), words[3]);
    } else if (strcmp(verb, "explain") == 0 && count == 3) {
        do_explain(words[1], number(words[2]));
    } else if (strcmp(verb, "one") == 0 && count == 3) {
        do_one(words[1], number(words[2]));
    } else if (strcmp(verb, "together") == 0 && count > 3) {
        do_together(number(words[1]), number(words[2]), words + 3, count - 3);
    } else if (strcmp(verb, "stored") == 0) {
        do_stored();
    } else if (strcmp(verb, "algebra") == 0 && count > 2) {
        do_algebra(number(words[1]), words + 2, count - 2);
    } else if (strcmp(verb, "algebra_write") == 0 && count > 2) {
        do_algebra_write(words[1], words + 2, count - 2);
    } else if (strcmp(verb, "pairs") == 0 && count == 3) {
        do_pairs(number(words[1]), number(words[2]));
    } else if (strcmp(verb, "members") == 0 && count == 3) {
        do_members(number(words[1]), number(words[2]));
    } else if (strcmp(verb, "contains") == 0 && count == 4) {
        do_contains(number(words[1]), number(words[2]), number(words[3]));
    } else if (strcmp(verb, "info") == 0) {
        do_info();
    } else {
        fail("unknown command %s", verb);
    }
}

static size_t split(char *line, char **words)
{
    size_t count = 0;
    line[strcspn(line, "\n")] = 0;
    while (count < WORDS_MAX) {
        words[count++] = line;
        line = strchr(line, '\t');
        if (!line) {
            break;
        }
        *line++ = 0;
    }
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: seg_bench USERS EVENTS SEED [strings]\n");
        return 2;
    }
    options.users = strtoull(argv[1], NULL, 10);
    options.events = strtoull(argv[2], NULL, 10);
    options.seed = strtoull(argv[3], NULL, 10);
    options.ids_u64 = argc < 5 || strcmp(argv[4], "strings") != 0;
    load_all();
    fflush(stdout);
    static char line[1 << 20];
    static char *words[WORDS_MAX];
    while (fgets(line, sizeof line, stdin) && strcmp(line, "quit\n") != 0) {
        obey(words, split(line, words));
        fflush(stdout);
    }
    for (size_t i = 0; i < name_count; i++) {
        free(names[i].name);
        seg_segment_release(names[i].segment);
    }
    for (uint32_t i = 0; i < WORKLOAD_SEGMENTS; i++) {
        seg_set_release(stored[i]);
        if (bare[i]) {
            roaring_bitmap_free(bare[i]);
        }
    }
    seg_snapshot_release(snapshot);
    return seg_store_close(store, &err) == SEG_OK ? 0 : 1;
}
