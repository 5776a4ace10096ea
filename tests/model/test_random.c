/* test_random.c - random data and random predicates: the store against its naive twin.
 *
 *   test_random [--seed N] [--pairs N] [--seconds N] [--threads N] [--data-set N] [--keep-going N]
 *               [--files FOLDER] [--only CLASS]
 *
 * A pair is one predicate over one data set (R8). Ends after --pairs pairs or --seconds seconds,
 * whatever comes first. --data-set starts with that one, to repeat a failure. After a failure the
 * run ends, unless --keep-going allows more of them. --files keeps the stores in files of a folder
 * that exists, and opens them again between commits. --only asks for predicates of one class, for
 * example "sequence", alone. With 40,000 pairs or more, the spread of
 * what was generated is checked as well.
 *
 * SEG_TEST_SAMPLE in the environment: a third of the pairs. */
#include "shrink.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PER_SET_MAX 128

typedef struct settings {
    uint64_t seed, pairs, data_set, keep_going;
    int64_t seconds;
    uint32_t threads;
    const char *folder;
    gen_class only; /* GEN_CLASS_COUNT: all */
} settings;

typedef struct tally {
    uint64_t pairs, values, sets, failures, empty, overflows, boundary, triples;
    uint64_t cells, empty_cells;
    uint64_t bins[10];
    uint64_t joined[2][GEN_CLASS_COUNT][GEN_CLASS_COUNT];
    uint64_t next_pair; /* which pair of operands comes next */
    uint64_t why[5];    /* by SEG_WHY_NEXT_* */
} tally;

/* One data set with its predicates. */
typedef struct session {
    const settings *options;
    tally *tally;
    uint64_t index, seed;
    rng r;
    feed_data feed;
    model_catalog catalog;
    model_arena arena; /* predicates */
    world world;
    world_probe probes[PER_SET_MAX];
    seg_segment *segments[PER_SET_MAX]; /* of the probes that were answered */
    seg_set *sets[PER_SET_MAX];
    size_t probe_count;
} session;

/* ---- counting what was generated ---- */

static gen_class class_of(const model_node *node)
{
    const model_node *asked = node->kind == MODEL_COMPARE ? node->children[0] : node;
    if (asked->selector.session != NULL && node->kind < MODEL_DORMANT)
        return GEN_SESSION;
    switch (node->kind) {
    case MODEL_EVERYONE:
    case MODEL_NOBODY: return GEN_CONSTANT;
    case MODEL_COMPARE:
        if (node->children[0]->kind == MODEL_SCORE)
            return GEN_SCORE;
        if (node->children[0]->kind == MODEL_RFM || node->children[0]->kind == MODEL_CLASS_RFM)
            return GEN_RFM;
        if (node->children[0]->kind == MODEL_AGGREGATE)
            return GEN_AGGREGATE;
        if (node->children[0]->kind == MODEL_FIGURE)
            return GEN_SEQUENCE;
        if (node->children[0]->kind != MODEL_ATTRIBUTE)
            return GEN_ARITH;
        return node->children[1]->kind == MODEL_LITERAL &&
                       model_is_number(node->children[1]->literal.type)
                   ? GEN_COMPARE_NUMBER
                   : GEN_COMPARE_OTHER;
    case MODEL_BETWEEN: return GEN_BETWEEN;
    case MODEL_IN:
        if (node->children[0]->kind == MODEL_SCORE)
            return GEN_SCORE;
        return node->children[0]->kind == MODEL_AGGREGATE ? GEN_AGGREGATE : GEN_IN;
    case MODEL_TRUTH: return GEN_TRUTH;
    case MODEL_STATE: return GEN_STATE;
    case MODEL_HAS: return GEN_HAS;
    case MODEL_TEXT: return GEN_TEXT;
    case MODEL_RADIUS:
    case MODEL_POLYGON: return GEN_GEO;
    case MODEL_ANNIVERSARY:
    case MODEL_SEASON:
    case MODEL_TIME: return GEN_TIME;
    case MODEL_DID:
        return !node->bound.given ? GEN_DID : node->bound.periods ? GEN_DID_PERIODS : GEN_DID_COUNT;
    case MODEL_EDGE: return GEN_EDGE;
    case MODEL_LABEL:
    case MODEL_SEGMENT: return GEN_SEGMENT;
    case MODEL_SEQUENCE: return GEN_SEQUENCE;
    case MODEL_RANK: return GEN_RANK;
    case MODEL_GROUP: return GEN_RFM;
    case MODEL_DORMANT:
    case MODEL_RESURRECTED:
    case MODEL_STAGE: return GEN_LIFE;
    case MODEL_SPLIT: return GEN_SPLIT;
    case MODEL_HELD:
    case MODEL_CHANGED: return GEN_HISTORY;
    case MODEL_NOT: return GEN_NOT;
    case MODEL_AT_LEAST: return GEN_AT_LEAST;
    default: return GEN_CLASS_COUNT;
    }
}

static bool count_tree(tally *t, const model_node *node)
{
    bool triple = node->kind == MODEL_AND && node->child_count > 2;
    for (size_t i = 0; i < node->child_count && node->kind <= MODEL_AT_LEAST; i++) {
        triple = count_tree(t, node->children[i]) || triple;
        if (node->kind != MODEL_AND && node->kind != MODEL_OR)
            continue;
        gen_class a = class_of(node->children[i]);
        for (size_t k = i + 1; k < node->child_count; k++) {
            gen_class b = class_of(node->children[k]);
            if (a < GEN_CLASS_COUNT && b < GEN_CLASS_COUNT)
                t->joined[node->kind == MODEL_OR][a][b]++;
        }
    }
    return triple;
}

static void count_verdict(tally *t, const verdict *v)
{
    if (v->overflow) {
        t->overflows++;
        return;
    }
    t->empty += v->members == 0 ? 1 : 0;
    if (v->universe > 0) {
        size_t bin = v->members * 10 / v->universe;
        t->bins[bin < 10 ? bin : 9]++;
    }
}

/* ---- making predicates ---- */

/* Two operands of the next ordered pair under `and` or `or`, sometimes with a third one. */
static model_node *paired(session *s, gen *g)
{
    uint64_t n = s->tally->next_pair++;
    gen_class a = (gen_class)(n % GEN_CLASS_COUNT);
    gen_class b = (gen_class)(n / GEN_CLASS_COUNT % GEN_CLASS_COUNT);
    bool either = n / GEN_CLASS_COUNT / GEN_CLASS_COUNT % 2 == 1;
    model_node *children[3] = {gen_operand(g, a, 1), gen_operand(g, b, 1), NULL};
    size_t count = 2;
    if (rng_chance(&g->r, 45))
        children[count++] = gen_tree(g, 1);
    return gen_join(g, either ? MODEL_OR : MODEL_AND, count, children);
}

static model_node *some_root(session *s, gen *g)
{
    uint64_t pick = rng_below(&g->r, 100);
    model_node *pair[2];
    if (s->options->only < GEN_CLASS_COUNT)
        return gen_operand(g, s->options->only, 2);
    if (pick < 55) {
        pair[0] = paired(s, g);
    } else if (pick < 70) {
        pair[0] = gen_operand(g, (gen_class)rng_below(&g->r, GEN_CLASS_COUNT), 2);
    } else {
        pair[0] = gen_tree(g, 3);
    }
    if (rng_chance(&g->r, 35)) {
        /* Spread the sizes of the answers. */
        static const model_kind kinds[] = {MODEL_XOR, MODEL_OR, MODEL_AND, MODEL_XOR};
        pair[1] = gen_share(g, 5 + (uint32_t)rng_below(&g->r, 95));
        return gen_join(g, kinds[rng_below(&g->r, 4)], 2, pair);
    }
    if (rng_chance(&g->r, 3)) {
        pair[1] = gen_tree(g, 1);
        return gen_join(g, MODEL_EXCEPT, 2, pair);
    }
    return pair[0];
}

static void gen_start(session *s, gen *g)
{
    memset(g, 0, sizeof(*g));
    g->feed = &s->feed;
    g->arena = &s->arena;
    g->catalog = &s->catalog;
    g->r.state = rng_next(&s->r);
    g->now = s->feed.nows[rng_below(&s->r, s->feed.now_count)];
}

/* Ranges near what lies in the data, so that their ends are met. */
static void name_days(session *s)
{
    static const char *const names[] = {"sale", "holidays", "a \xc3\xa9 b"};
    for (size_t i = 0; i < MODEL_OCCASIONS; i++) {
        model_occasion *occasion = &s->catalog.occasions[i];
        occasion->name = names[i];
        occasion->count = 1 + rng_below(&s->r, MODEL_RANGES_MAX);
        for (size_t k = 0; k < occasion->count; k++) {
            int64_t now = s->feed.nows[rng_below(&s->r, s->feed.now_count)];
            occasion->first[k] = now / MODEL_DAY - rng_range(&s->r, -3, 40);
            occasion->last[k] = occasion->first[k] + (int64_t)rng_below(&s->r, 9);
        }
    }
}

static void save_some(session *s)
{
    static const char *const names[] = {"first one", "vip", "third", "caf\xc3\xa9"};
    size_t count = rng_below(&s->r, 5);
    for (size_t i = 0; i < count; i++) {
        gen g;
        model_segment segment = {NULL, 0, NULL, names[i], false};
        gen_start(s, &g);
        gen_using(&g, &segment);
        segment.root = gen_definition(&g, 2);
        s->catalog.segments[s->catalog.count++] = segment;
    }
}

static void probe_make(session *s, world_probe *probe)
{
    gen g;
    memset(probe, 0, sizeof(*probe));
    gen_start(s, &g);
    probe->now = g.now;
    probe->commit = s->feed.commit_count - 1;
    if (!rng_chance(&s->r, 80)) {
        size_t first = feed_first_commit(&s->feed);
        if (first < s->world.store.first)
            first = s->world.store.first;
        if (first < s->feed.commit_count)
            probe->commit = first + rng_below(&s->r, s->feed.commit_count - first);
    }
    gen_using(&g, &probe->segment);
    probe->segment.root = some_root(s, &g);
    probe->style = rng_next(&s->r) | 1;
    probe->param_percent = rng_chance(&s->r, 30) ? 50 : 0;
    probe->checks = CHECK_THREADS;
    for (uint32_t bit = CHECK_COUNT; bit <= CHECK_CURSOR; bit <<= 1)
        probe->checks |= rng_chance(&s->r, 35) ? bit : 0;
    probe->checks |= rng_chance(&s->r, 2) ? CHECK_WHY : 0;
    s->tally->boundary += g.boundary ? 1 : 0;
    s->tally->triples += count_tree(s->tally, probe->segment.root) ? 1 : 0;
}

/* ---- running ---- */

static void say_failure(session *s)
{
    s->tally->failures++;
    printf("\nFAILURE in data set %" PRIu64 " (--seed %" PRIu64 " --data-set %" PRIu64 ")\n",
           s->index, s->options->seed, s->index);
}

static void run_probe(session *s, world_probe *probe)
{
    model_arena arena = {NULL};
    model_text why = {NULL, 0, 0};
    verdict v;
    s->tally->pairs++;
    bool good = world_check(&s->world, probe, &arena, &v, &why);
    if (good) {
        count_verdict(s->tally, &v);
        if (v.set != NULL && !v.overflow) {
            s->segments[s->probe_count] = v.segment;
            s->sets[s->probe_count] = v.set;
            s->probes[s->probe_count++] = *probe;
            v.segment = NULL;
            v.set = NULL;
        }
    } else {
        say_failure(s);
        printf(" first seen as: %s\n", why.size > 0 ? why.data : "");
        fflush(stdout);
        /* The feed is about to lose rows: this data set ends here. */
        shrink_report(&s->feed, &s->catalog, probe, s->options->threads, 30);
    }
    seg_segment_release(v.segment);
    seg_set_release(v.set);
    model_text_free(&why);
    model_arena_reset(&arena);
}

/* All predicates of one snapshot and instant in one call give what they gave alone. */
static bool run_together(session *s, size_t commit, int64_t now)
{
    const seg_segment *segments[PER_SET_MAX];
    seg_set *sets[PER_SET_MAX];
    size_t which[PER_SET_MAX], count = 0;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options eval = SEG_EVAL_OPTIONS_INIT;
    eval.threads = rng_chance(&s->r, 50) ? 1 : s->options->threads;
    for (size_t i = 0; i < s->probe_count; i++) {
        if (s->probes[i].commit != commit || s->probes[i].now != now)
            continue;
        segments[count] = s->segments[i];
        which[count++] = i;
    }
    if (count == 0)
        return true;
    seg_status status = seg_segments_evaluate(segments, count, s->world.store.snapshots[commit],
                                              now, &eval, sets, &err);
    if (status != SEG_OK) {
        say_failure(s);
        printf(" together: %s: %s\n", seg_status_name(status), err.message);
        return false;
    }
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        bool same = seg_set_equals(sets[i], s->sets[which[i]]) == 1;
        seg_set_release(sets[i]);
        if (same || !good)
            continue;
        model_text text = {NULL, 0, 0};
        good = false;
        say_failure(s);
        world_print(&s->world, &s->probes[which[i]], &text);
        printf(" %zu segments together: another answer for number %zu: %s\n", count, i, text.data);
        model_text_free(&text);
    }
    return good;
}

static bool run_values(session *s, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        gen g;
        world_probe probe;
        model_text why = {NULL, 0, 0};
        memset(&probe, 0, sizeof(probe));
        gen_start(s, &g);
        probe.now = g.now;
        probe.commit = s->feed.commit_count - 1;
        probe.style = rng_next(&s->r);
        s->tally->values++;
        good = world_check_value(&s->world, gen_value(&g), &probe, &why);
        if (!good) {
            say_failure(s);
            model_text now = {NULL, 0, 0};
            model_print_instant(&now, probe.now);
            printf(" now %s, zone %s, week %d: %s\n", now.data, s->feed.schema.zone,
                   s->feed.schema.week_start, why.data);
            model_text_free(&now);
        }
        model_text_free(&why);
    }
    return good;
}

static void release_all(session *s)
{
    for (size_t i = 0; i < s->probe_count; i++) {
        seg_segment_release(s->segments[i]);
        seg_set_release(s->sets[i]);
    }
}

static void run_world(session *s, size_t pairs, size_t values, time_t deadline)
{
    uint64_t before = s->tally->failures;
    for (size_t i = 0; i < pairs && s->tally->failures == before && time(NULL) < deadline; i++) {
        world_probe probe;
        probe_make(s, &probe);
        run_probe(s, &probe);
    }
    bool good = s->tally->failures == before;
    for (size_t n = 0; n < s->feed.now_count && good; n++) {
        for (size_t c = s->world.store.first; c < s->feed.commit_count && good; c++)
            good = run_together(s, c, s->feed.nows[n]);
    }
    if (good)
        run_values(s, values);
}

static void run_set(const settings *options, tally *t, uint64_t index, time_t deadline)
{
    session *s = calloc(1, sizeof(*s));
    model_text why = {NULL, 0, 0};
    feed_size size = {0, 0, 0};
    size_t pairs = 80;
    if (s == NULL)
        exit(2);
    s->options = options;
    s->tally = t;
    s->index = index;
    s->seed = options->seed * UINT64_C(1000003) + index;
    s->r.state = s->seed ^ UINT64_C(0x5E65E6);
    uint64_t kind = rng_below(&s->r, 100);
    size.commits = 1 + rng_below(&s->r, 5);
    size.users = kind < 45 ? 1 + rng_below(&s->r, 60) : 60 + rng_below(&s->r, 600);
    size.events = size.users * (2 + rng_below(&s->r, 12));
    if (index % 90 == 7) {
        size.users = 66000 + rng_below(&s->r, 90000);
        size.events = 60000;
        pairs = 40;
    }
    if (index % 90 == 47) {
        /* Few users with many events over many commits: parts are sealed and merged. */
        size.users = 40 + rng_below(&s->r, 300);
        size.events = 200000;
        size.commits = FEED_COMMITS_MAX;
        pairs = 30;
    }
    t->next_pair = index * 47; /* so that a single data set can be repeated */
    feed_make(&s->feed, s->seed, size);
    s->feed.folder = options->folder;
    t->cells += s->feed.value_count;
    t->empty_cells += s->feed.empty_count;
    name_days(s);
    save_some(s);
    t->sets++;
    if (world_open(&s->world, &s->feed, &s->catalog, options->threads, &why)) {
        run_world(s, pairs, pairs / 4, deadline);
    } else {
        say_failure(s);
        printf(" load: %s\n", why.data);
    }
    release_all(s);
    for (int k = 0; k < 5; k++)
        s->tally->why[k] += s->world.why_kinds[k];
    world_close(&s->world);
    feed_free(&s->feed);
    model_arena_reset(&s->arena);
    model_text_free(&why);
    free(s);
}

/* ---- the end ---- */

static int expect(bool holds, const char *what)
{
    if (!holds)
        printf("COVERAGE: %s\n", what);
    return holds ? 0 : 1;
}

static int coverage(const tally *t, const settings *o)
{
    uint64_t answered = t->pairs - t->overflows, least = UINT64_MAX;
    int missing = 0;
    printf("sizes of answers, tenths of the universe:");
    for (int i = 0; i < 10; i++)
        printf(" %.1f%%", 100.0 * (double)t->bins[i] / (double)answered);
    for (int j = 0; j < 2; j++) {
        for (int a = 0; a < GEN_CLASS_COUNT; a++) {
            for (int b = 0; b < GEN_CLASS_COUNT; b++)
                least = t->joined[j][a][b] < least ? t->joined[j][a][b] : least;
        }
    }
    printf("\nempty %.1f%%, null or absent %.1f%%, boundary literals %.1f%%, three under and "
           "%.1f%%, overflow %.2f%%, rarest pair %" PRIu64 " times\n",
           100.0 * (double)t->empty / (double)answered,
           100.0 * (double)t->empty_cells / (double)t->cells,
           100.0 * (double)t->boundary / (double)t->pairs,
           100.0 * (double)t->triples / (double)t->pairs,
           100.0 * (double)t->overflows / (double)t->pairs, least);
    if (t->pairs < 40000 || o->only < GEN_CLASS_COUNT)
        return 0;
    for (int i = 0; i < 10; i++)
        missing += expect(t->bins[i] * 100 >= answered * 3, "a tenth of sizes has below 3%");
    missing += expect(t->empty * 100 <= answered * 40, "more than 40% empty answers");
    missing += expect(t->empty_cells * 100 >= t->cells * 15, "below 15% null or absent");
    missing += expect(t->boundary * 100 >= t->pairs * 10, "below 10% boundary values");
    missing += expect(t->triples * 100 >= t->pairs * 10, "below 10% three-way intersections");
    /* There are more than a thousand such pairs, and the rarest of them come by chance. */
    missing += expect(least >= t->pairs / 6000, "a pair of operands under and/or is rare");
    return missing;
}

/* Says what was asked when the library crashed, and lets the crash happen. */
static void on_crash(int number)
{
    const char *text = world_current;
    static const char head[] = "\nCRASH while asking: ";
    signal(number, SIG_DFL);
    if (text != NULL) {
        ssize_t ignored = write(STDOUT_FILENO, head, sizeof(head) - 1);
        ignored = write(STDOUT_FILENO, text, strlen(text));
        ignored = write(STDOUT_FILENO, "\n", 1);
        (void)ignored;
    }
    raise(number);
}

static bool read_class(const char *name, settings *o)
{
    o->only = (gen_class)0;
    while (o->only < GEN_CLASS_COUNT && strcmp(name, gen_class_name(o->only)) != 0)
        o->only = (gen_class)(o->only + 1);
    return o->only < GEN_CLASS_COUNT;
}

static bool read_options(int argc, char **argv, settings *o)
{
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--only") == 0) {
            if (!read_class(argv[i + 1], o))
                return false;
            continue;
        }
        uint64_t n = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            o->seed = n;
        else if (strcmp(argv[i], "--pairs") == 0)
            o->pairs = n;
        else if (strcmp(argv[i], "--seconds") == 0)
            o->seconds = (int64_t)n;
        else if (strcmp(argv[i], "--threads") == 0)
            o->threads = (uint32_t)n;
        else if (strcmp(argv[i], "--data-set") == 0)
            o->data_set = n;
        else if (strcmp(argv[i], "--keep-going") == 0)
            o->keep_going = n;
        else if (strcmp(argv[i], "--files") == 0)
            o->folder = argv[i + 1];
        else
            return false;
    }
    return argc % 2 == 1;
}

int main(int argc, char **argv)
{
    settings o = {1, 20000, 0, 0, 600, 2, NULL, GEN_CLASS_COUNT};
    tally *t = calloc(1, sizeof(*t));
    if (t == NULL || !read_options(argc, argv, &o)) {
        fprintf(stderr, "usage: test_random [--seed N] [--pairs N] [--seconds N] [--threads N] "
                        "[--data-set N] [--keep-going N] [--files FOLDER] [--only CLASS]\n");
        free(t);
        return 2;
    }
    if (getenv("SEG_TEST_SAMPLE") != NULL)
        o.pairs = o.pairs / 3 + 1;
    time_t deadline = time(NULL) + (time_t)o.seconds;
    signal(SIGSEGV, on_crash);
    signal(SIGABRT, on_crash);
    signal(SIGFPE, on_crash);
    for (uint64_t i = o.data_set; t->pairs < o.pairs && time(NULL) < deadline; i++) {
        run_set(&o, t, i, deadline);
        if (t->failures > o.keep_going)
            break;
    }
    printf("seed %" PRIu64 ": %" PRIu64 " pairs and %" PRIu64 " values over %" PRIu64
           " data sets\n",
           o.seed, t->pairs, t->values, t->sets);
    printf("next changes: %" PRIu64 " at an instant, %" PRIu64 " none, %" PRIu64
           " of a population, %" PRIu64 " open\n",
           t->why[SEG_WHY_NEXT_AT], t->why[SEG_WHY_NEXT_NONE], t->why[SEG_WHY_NEXT_POPULATION],
           t->why[SEG_WHY_NEXT_OPEN]);
    int missing = t->failures == 0 && t->pairs > 0 ? coverage(t, &o) : 0;
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", t->pairs + t->values - t->failures,
           t->failures + (uint64_t)missing);
    bool good = t->failures == 0 && missing == 0;
    free(t);
    return good ? 0 : 1;
}
