/* test_order.c - the order and the batches in which rows arrive do not change an answer (R17).
 *
 *   test_order [--seed N] [--permutations N]
 *
 * The rows of a small random feed are put into another order and cut into other batches and
 * commits, row by row or by columns. What has a meaning is kept: the order of attribute rows of
 * one user, and of events of one user at one instant. Store and twin must agree on each
 * arrangement, and the twin on all of them. */
#include "shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROBES 10
#define ARRANGEMENTS 25

typedef struct bare_row {
    feed_row row;
    feed_kind kind; /* ATTRIBUTES, SINCE or MANY_TYPES */
} bare_row;

/* ---- arranging ---- */

static bare_row *rows_of(const feed_data *feed, model_arena *arena, size_t *count)
{
    size_t total = 0;
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t b = 0; b < feed->commits[c].batch_count; b++)
            total += feed->commits[c].batches[b].row_count;
    }
    bare_row *rows = model_alloc(arena, (total + 1) * sizeof(*rows));
    *count = 0;
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t b = 0; b < feed->commits[c].batch_count; b++) {
            const feed_batch *batch = &feed->commits[c].batches[b];
            for (size_t i = 0; i < batch->row_count; i++) {
                if (batch->rows[i].time > SEG_TIME_MAX)
                    continue;
                rows[*count].row = batch->rows[i];
                rows[(*count)++].kind =
                    feed_has_events(batch->kind) ? FEED_MANY_TYPES : batch->kind;
            }
        }
    }
    return rows;
}

/* Rows whose order among themselves means something. */
static bool bound_together(const bare_row *a, const bare_row *b)
{
    return a->row.user == b->row.user && a->row.attributes == b->row.attributes &&
           (a->row.attributes || a->row.time == b->row.time);
}

/* A random order; rows that belong together keep theirs on the places that they got. */
static void permute(rng *r, const bare_row *rows, size_t count, model_arena *arena, bare_row *out)
{
    size_t *order = model_alloc(arena, (count + 1) * sizeof(*order));
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    for (size_t i = count; i > 1; i--) {
        size_t k = rng_below(r, i), kept = order[i - 1];
        order[i - 1] = order[k];
        order[k] = kept;
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = i + 1; k < count; k++) {
            if (order[k] < order[i] && bound_together(&rows[order[i]], &rows[order[k]])) {
                size_t kept = order[i];
                order[i] = order[k];
                order[k] = kept;
            }
        }
    }
    for (size_t i = 0; i < count; i++)
        out[i] = rows[order[i]];
}

/* One batch of the rows from `at` on that go together; how many it took. */
static size_t cut_batch(rng *r, const bare_row *rows, size_t count, model_arena *arena,
                        feed_batch *batch)
{
    size_t most = 1 + rng_below(r, 40), n = 1;
    bool one_type = rng_chance(r, 40);
    while (n < count && n < most && rows[n].kind == rows[0].kind &&
           (!one_type || rows[n].row.type == rows[0].row.type))
        n++;
    batch->kind = rows[0].kind == FEED_MANY_TYPES && one_type ? FEED_ONE_TYPE : rows[0].kind;
    batch->type = rows[0].row.type;
    batch->row_count = n;
    batch->rows = model_alloc(arena, n * sizeof(*batch->rows));
    for (size_t i = 0; i < n; i++)
        batch->rows[i] = rows[i].row;
    return n;
}

static void arrange(const feed_data *feed, rng *r, const bare_row *rows, size_t count,
                    feed_data *out)
{
    memcpy(out, feed, sizeof(*out));
    out->arena.head = NULL;
    bare_row *mixed = model_alloc(&out->arena, (count + 1) * sizeof(*mixed));
    permute(r, rows, count, &out->arena, mixed);
    feed_batch *batches = model_alloc(&out->arena, (count + 1) * sizeof(*batches));
    size_t batch_count = 0;
    for (size_t at = 0; at < count;)
        at += cut_batch(r, mixed + at, count - at, &out->arena, &batches[batch_count++]);
    out->commit_count = 1 + rng_below(r, FEED_COMMITS_MAX - 1);
    for (size_t c = 0, at = 0; c < out->commit_count; c++) {
        size_t end =
            c + 1 == out->commit_count ? batch_count : at + rng_below(r, batch_count - at + 1);
        out->commits[c].batches = batches + at;
        out->commits[c].batch_count = end - at;
        out->commits[c].by_rows = rng_chance(r, 30);
        out->commits[c].quarantine = false;
        at = end;
    }
    out->define_first = true;
    out->column_rng.state = rng_next(r);
}

/* ---- comparing ---- */

typedef struct study {
    feed_data feed;
    model_arena arena;
    model_catalog catalog;
    world_probe probes[PROBES];
    uint8_t *first[PROBES]; /* what the twin said of the first arrangement */
} study;

static void make_probes(study *s, rng *r)
{
    for (size_t i = 0; i < PROBES; i++) {
        gen g;
        memset(&g, 0, sizeof(g));
        g.feed = &s->feed;
        g.arena = &s->arena;
        g.catalog = &s->catalog;
        g.now = s->feed.nows[rng_below(r, s->feed.now_count)];
        g.r.state = rng_next(r);
        s->probes[i].now = g.now;
        gen_using(&g, &s->probes[i].segment);
        s->probes[i].segment.root = gen_tree(&g, 2);
        s->probes[i].checks = CHECK_COUNT;
    }
}

static bool check_arrangement(study *s, feed_data *feed)
{
    world w;
    model_text why = {NULL, 0, 0};
    bool good = world_open(&w, feed, &s->catalog, 2, &why);
    size_t failed = PROBES;
    for (size_t i = 0; i < PROBES && good; i++) {
        model_arena arena = {NULL};
        verdict v;
        s->probes[i].commit = feed->commit_count - 1;
        good = world_check(&w, &s->probes[i], &arena, &v, &why);
        if (!good)
            failed = i;
        if (good && s->first[i] == NULL) {
            s->first[i] = model_alloc(&s->arena, feed->user_count + 1);
            memcpy(s->first[i], v.expected, feed->user_count);
        } else if (good && memcmp(s->first[i], v.expected, feed->user_count) != 0) {
            model_addf(&why, "the twin itself depends on the order");
            good = false;
        }
        seg_segment_release(v.segment);
        seg_set_release(v.set);
        model_arena_reset(&arena);
    }
    world_close(&w);
    if (!good)
        printf("FAILURE: %s\n", why.data);
    model_text_free(&why);
    if (failed < PROBES)
        shrink_report(feed, &s->catalog, &s->probes[failed], 2, 30);
    return good;
}

static bool run_study(uint64_t seed, uint64_t arrangements)
{
    study *s = calloc(1, sizeof(*s));
    rng r = {seed};
    feed_size size = {1 + rng_below(&r, 12), 60, 3};
    size_t count;
    bool good = true;
    if (s == NULL)
        exit(2);
    size.events = size.users * 8;
    feed_make(&s->feed, seed, size);
    feed_keep_all(&s->feed); /* what goes depends on what has come by then */
    bare_row *rows = rows_of(&s->feed, &s->arena, &count);
    /* Rows that contradict an earlier one of the same event id are no part of this. */
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < i; k++) {
            if (rows[k].row.event_id >= 0 && rows[k].row.event_id == rows[i].row.event_id)
                rows[i].row = rows[k].row;
        }
    }
    make_probes(s, &r);
    for (uint64_t i = 0; i < arrangements && good; i++) {
        feed_data *other = calloc(1, sizeof(*other));
        if (other == NULL)
            exit(2);
        arrange(&s->feed, &r, rows, count, other);
        good = check_arrangement(s, other);
        feed_free(other);
        free(other);
    }
    feed_free(&s->feed);
    model_arena_reset(&s->arena);
    free(s);
    return good;
}

int main(int argc, char **argv)
{
    uint64_t seed = 1, permutations = 2500, done = 0;
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t n = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            seed = n;
        else if (strcmp(argv[i], "--permutations") == 0)
            permutations = n;
    }
    bool good = true;
    for (uint64_t i = 0; done < permutations && good; i++) {
        good = run_study(seed * UINT64_C(1000003) + i, ARRANGEMENTS);
        if (!good)
            printf("--seed %" PRIu64 ", study %" PRIu64 "\n", seed, i);
        done += ARRANGEMENTS;
    }
    printf("%" PRIu64 " passed, %d failed\n", good ? done : done - ARRANGEMENTS, good ? 0 : 1);
    return good ? 0 : 1;
}
