/* unit/store/test_store_erase.c - the proof of erasure for a store in a file: every customer
 * carries bytes of his own in his id, in attributes, old values of attributes, sets, properties
 * and ids of events. Some are erased, in several calls, and events expire; power fails at any call
 * of the system meanwhile. What the medium then holds has nothing of anybody whose erasing was
 * acknowledged; the store is as before the call under way or as after it; and in the end it answers
 * as one that never had them (docs/testing.md, I7 and I10).
 *
 * SEG_TEST_SOAK in the environment: more stores, every call, more images. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "base/hash.h"
#include "store_story.h"
#include "support/check_main.h"
#include "support/mem_scan.h"
#include "support/sim_vfs.h"

#define TEXT(literal) (literal), (sizeof(literal) - 1)
#define DAY ((int64_t)86400 * 1000000)
#define NOW ((int64_t)1769817600 * 1000000) /* 2026-01-31 */
#define CUSTOMERS_MAX 1000u
#define BATCHES 4u /* calls that erase, each a part of half of the customers */
#define TEXTS 7u   /* of one customer, */
#define WORD 32u   /* bytes each; */
#define FORMS 8u   /* and a float, which columns keep as it is */

enum form {
    ID,
    NAME,
    OLD_NAME,
    TAG,
    NOTE,
    OLD_NOTE,
    EVENT_ID,
    WEIGHT
};

typedef struct world {
    uint64_t seed;
    uint32_t customers;
    bool numbers; /* ids are numbers */
    char words[CUSTOMERS_MAX][TEXTS][WORD];
    double weights[CUSTOMERS_MAX];
    uint64_t ids[CUSTOMERS_MAX]; /* where ids are numbers */
    mem_scan_needle needles[CUSTOMERS_MAX * FORMS];
    mem_scan_index *index;
    uint64_t digests[2]; /* of a store without the erased, before and after the expiry */
} world;

static uint64_t points, images;

static void demand(seg_status status, const seg_error *err)
{
    if (status != SEG_OK)
        ck_abort_msg("%s: %s", seg_status_name(status), err->message);
}

static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

/* Even customers are erased, in BATCHES calls; the others stay. */
static bool is_erased(uint32_t customer)
{
    return customer % 2 == 0;
}

static uint32_t batch_of(uint32_t customer)
{
    return customer / 2 % BATCHES;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void row_attributes(const world *w, seg_appender *to, uint32_t i, enum form name)
{
    seg_error err = SEG_ERROR_INIT;
    const char *tags[] = {w->words[i][TAG], "common", i % 3 ? "red" : "blue"};
    const size_t sizes[] = {WORD, 6, i % 3 ? 3 : 4};
    demand(w->numbers ? seg_appender_user_u64(to, w->ids[i], &err)
                      : seg_appender_user(to, w->words[i][ID], WORD, &err),
           &err);
    demand(seg_appender_set_string(to, TEXT("name"), w->words[i][name], WORD, &err), &err);
    demand(seg_appender_set_strings(to, TEXT("tags"), tags, sizes, 3, &err), &err);
    demand(seg_appender_set_int64(to, TEXT("seats"), i % 17, &err), &err);
}

static void row_event(const world *w, seg_appender *to, uint32_t i, enum form note, int64_t age)
{
    seg_error err = SEG_ERROR_INIT;
    demand(w->numbers ? seg_appender_event_u64(to, w->ids[i], TEXT("visit"), NOW - age * DAY, &err)
                      : seg_appender_event(to, w->words[i][ID], WORD, TEXT("visit"),
                                           NOW - age * DAY, &err),
           &err);
    demand(seg_appender_set_string(to, TEXT("note"), w->words[i][note], WORD, &err), &err);
    demand(seg_appender_set_int64(to, TEXT("pages"), i % 11, &err), &err);
    demand(seg_appender_set_float64(to, TEXT("weight"), w->weights[i], &err), &err);
    if (note == NOTE)
        demand(seg_appender_set_event_id(to, w->words[i][EVENT_ID], WORD, &err), &err);
}

/* One customer's rows; `again`: what comes later than the first of everybody. */
static void row_customer(const world *w, seg_appender *to, uint32_t i, bool again)
{
    uint64_t state = w->seed + i;
    if (again) {
        row_attributes(w, to, i, NAME);
        return;
    }
    row_attributes(w, to, i, OLD_NAME);
    row_event(w, to, i, OLD_NOTE, 210 + (int64_t)(draw(&state) % 300));
    row_event(w, to, i, NOTE, (int64_t)(draw(&state) % 20));
}

static void fill_part(const world *w, seg_store *store, uint32_t from, uint32_t until, bool again,
                      bool all)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *to = NULL;
    demand(seg_appender_create(store, &to, &err), &err);
    for (uint32_t i = from; i < until; i++)
        if (all || !is_erased(i))
            row_customer(w, to, i, again);
    demand(seg_appender_commit(to, NULL, NULL, &err), &err);
    seg_appender_destroy(to);
}

/* ---- what a store says ----------------------------------------------------------------------- */

static const char *const predicates[] = {
    "everyone",
    "did visit in last 10 days",
    "did visit at least 2 times",
    "first visit in last 100 days",
    "first(note) of visit in last 30 days contains \"a\"",
    "tags has \"red\" and seats < 9",
    "name contains \"q\"",
    "name < \"m\" or did not visit in last 5 days",
    "sum(pages) of visit > 9",
    "distinct(note) of visit = 2",
    "count of visit where (note > \"n\") in last 400 days = 1",
    "seats in bottom 30%",
};

static uint64_t digest_set(const world *w, const seg_set *set, uint64_t digest)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[65], numbers[64], count = 0;
    const char *bytes = NULL;
    demand(seg_set_cursor_create(set, &cursor, &err), &err);
    do {
        demand(w->numbers ? seg_set_cursor_next_u64(cursor, 64, numbers, &count, &err)
                          : seg_set_cursor_next(cursor, 64, offsets, &bytes, &count, &err),
               &err);
        if (w->numbers)
            digest = segi_xxh3(numbers, count * sizeof *numbers, digest);
        for (uint64_t i = 0; !w->numbers && i < count; i++)
            digest = segi_xxh3(bytes + offsets[i], (size_t)(offsets[i + 1] - offsets[i]), digest);
    } while (count > 0);
    seg_set_cursor_destroy(cursor);
    return digest;
}

static uint64_t digest(const world *w, seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    seg_snapshot_info info = {.struct_size = sizeof info};
    demand(seg_snapshot_create(store, &snapshot, &err), &err);
    demand(seg_snapshot_get_info(snapshot, &info, &err), &err);
    uint64_t sum = info.user_count + (info.event_count << 32);
    for (size_t i = 0; i < sizeof predicates / sizeof *predicates; i++) {
        seg_segment *segment = NULL;
        seg_set *set = NULL;
        demand(seg_segment_compile(store, predicates[i], strlen(predicates[i]), 0, &segment, &err),
               &err);
        demand(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), &err);
        sum = digest_set(w, set, sum + seg_set_count(set));
        seg_set_release(set);
        seg_segment_release(segment);
    }
    seg_snapshot_release(snapshot);
    return sum;
}

static uint32_t present(const world *w, const seg_set *everyone, uint32_t batch)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < w->customers; i++)
        if (is_erased(i) && batch_of(i) == batch)
            count += w->numbers ? seg_set_contains_u64(everyone, w->ids[i]) == 1
                                : seg_set_contains(everyone, w->words[i][ID], WORD) == 1;
    return count;
}

/* ---- what the medium holds ------------------------------------------------------------------- */

static void visit(void *user, const unsigned char *bytes, size_t size)
{
    void **pair = user;
    mem_scan_index_look(pair[0], bytes, size, pair[1]);
}

/* How many words of the erased of the first `batches` calls are in the files; and, where old events
 * have expired, of the others their old notes. */
static uint32_t traces(const world *w, const sim_vfs *sim, uint32_t batches, bool expired)
{
    uint32_t count = 0;
    unsigned char *found = calloc(CUSTOMERS_MAX * FORMS, 1);
    ck_assert_ptr_nonnull(found);
    sim_vfs_each(sim, visit, (void *[]){w->index, found});
    for (uint32_t i = 0; i < w->customers; i++)
        for (uint32_t form = 0; form < FORMS; form++)
            if ((is_erased(i) && batch_of(i) < batches) || (expired && form == OLD_NOTE))
                count += found[i * FORMS + form];
    free(found);
    return count;
}

/* ---- a store under way ----------------------------------------------------------------------- */

static void world_init(world *w, uint64_t seed, uint32_t customers, bool numbers)
{
    uint64_t state = seed;
    memset(w, 0, sizeof *w);
    w->seed = seed;
    w->customers = customers;
    w->numbers = numbers;
    for (uint32_t i = 0; i < customers; i++) {
        w->ids[i] = draw(&state);
        w->weights[i] = (double)(int64_t)draw(&state) / 3;
        w->needles[i * FORMS + WEIGHT] = (mem_scan_needle){&w->weights[i], 8};
        for (uint32_t form = 0; form < TEXTS; form++) {
            for (uint32_t k = 0; k < WORD; k++)
                w->words[i][form][k] = "abcdefghijklmnopqrstuvwxyz234567"[draw(&state) >> 59];
            /* The second half, which no hash table keeps apart from the first. */
            w->needles[i * FORMS + form] = (mem_scan_needle){w->words[i][form] + 12, 16};
        }
        if (numbers)
            w->needles[i * FORMS + ID] = (mem_scan_needle){&w->ids[i], 8};
    }
    w->index = mem_scan_index_create(w->needles, (size_t)customers * FORMS);
}

static seg_status store_open(const world *w, sim_vfs *sim, bool reading, seg_store **out)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.threads_max = 1;
    options.id_kind = w->numbers ? SEG_ID_U64 : SEG_ID_BYTES;
    if (sim == NULL)
        return seg_store_open(TEXT(":memory:"), &options, out, &err);
    options.flags = reading ? SEG_STORE_READ_ONLY : SEG_STORE_CREATE;
    return segi_api_store_open(sim_vfs_table(sim), TEXT(STORY_FILE), &options, out, &err);
}

/* Some of it in the file, some in the log; values that replace others; texts in older sheets. */
static void fill(const world *w, sim_vfs *sim, bool all, seg_store **out)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    uint32_t n = w->customers;
    ck_assert_int_eq(store_open(w, sim, false, &store), SEG_OK);
    fill_part(w, store, 0, n / 2, false, all);
    demand(seg_store_checkpoint(store, &err), &err);
    fill_part(w, store, n / 2, n / 2 + n / 4, false, all);
    if (sim != NULL) {
        demand(seg_store_close(store, &err), &err);
        ck_assert_int_eq(store_open(w, sim, false, &store), SEG_OK);
    }
    fill_part(w, store, 0, n / 4, true, all);
    demand(seg_store_checkpoint(store, &err), &err);
    fill_part(w, store, n / 2 + n / 4, n, false, all);
    fill_part(w, store, n / 4, n, true, all);
    *out = store;
}

static seg_status erase_batch(const world *w, seg_store *store, uint32_t batch)
{
    /* The root grows by what is refused. */
    const seg_erase_options refuse = {.struct_size = sizeof refuse, .flags = SEG_ERASE_REFUSE};
    const seg_erase_options *options = w->seed % 2 == 0 ? &refuse : NULL;
    static char bytes[CUSTOMERS_MAX * WORD];
    static uint64_t offsets[CUSTOMERS_MAX + 1], numbers[CUSTOMERS_MAX];
    uint64_t count = 0;
    for (uint32_t i = 0; i < w->customers; i++) {
        if (!is_erased(i) || batch_of(i) != batch)
            continue;
        memcpy(bytes + count * WORD, w->words[i][ID], WORD);
        numbers[count++] = w->ids[i];
        offsets[count] = count * WORD;
    }
    if (w->numbers)
        return seg_store_erase_users_u64(store, numbers, count, options, NULL, NULL);
    return seg_store_erase_users(store, bytes, offsets, count, options, NULL, NULL);
}

static seg_status expire(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    SEGI_TRY(seg_store_set_retention(store, TEXT("visit"), 200 * (uint64_t)DAY, &err));
    return seg_store_expire(store, NOW, NULL, &err);
}

/* What a store is that never had them. */
static void world_expect(world *w)
{
    seg_store *store = NULL;
    fill(w, NULL, false, &store);
    w->digests[0] = digest(w, store);
    ck_assert_int_eq(expire(store), SEG_OK);
    w->digests[1] = digest(w, store);
    ck_assert_uint_ne(w->digests[0], w->digests[1]);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}

/* Calls that erase from the first to the last, then the expiry, then an end in order; how many were
 * acknowledged. The last one that counts is the expiry. */
static uint32_t go(const world *w, sim_vfs *sim, uint32_t from)
{
    seg_store *store = NULL;
    uint32_t done = from;
    if (store_open(w, sim, false, &store) != SEG_OK)
        return done;
    while (done < BATCHES && erase_batch(w, store, done) == SEG_OK)
        done++;
    if (done == BATCHES && expire(store) == SEG_OK)
        done++;
    (void)seg_store_close(store, NULL);
    return done;
}

/* ---- power fails ----------------------------------------------------------------------------- */

/* Each call was done wholly or not at all: those before `done` were, the next one may have been. */
static void look_whole(const world *w, seg_store *store, uint32_t done, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    seg_set *everyone = NULL;
    demand(seg_snapshot_create(store, &snapshot, &err), &err);
    demand(seg_set_everyone(snapshot, &everyone, &err), &err);
    for (uint32_t batch = 0; batch < BATCHES; batch++) {
        uint32_t there = present(w, everyone, batch), all = 0;
        for (uint32_t i = 0; i < w->customers; i++)
            all += is_erased(i) && batch_of(i) == batch;
        bool good = batch < done   ? there == 0
                    : batch > done ? there == all
                                   : there == 0 || there == all;
        ck_assert_msg(good, "%s: %u of %u customers of call %u are there after %u", where,
                      (unsigned)there, (unsigned)all, (unsigned)batch, (unsigned)done);
    }
    seg_set_release(everyone);
    seg_snapshot_release(snapshot);
}

static void look_end(const world *w, sim_vfs *sim, const char *where)
{
    seg_store *store = NULL;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(store_open(w, sim, false, &store), SEG_OK);
    ck_assert_msg(digest(w, store) == w->digests[1], "%s: other answers", where);
    ck_assert_msg(story_is_sound(store), "%s: damage", where);
    demand(seg_store_backup(store, TEXT("copy"), &err), &err);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    uint32_t left = traces(w, sim, BATCHES, true);
    ck_assert_msg(left == 0, "%s: %u traces at the end", where, (unsigned)left);
}

static void crash_image(const world *w, const sim_vfs *sim, uint64_t seed, uint32_t done,
                        const char *where)
{
    sim_vfs *image = sim_vfs_power_loss(sim, seed);
    seg_store *store = NULL;
    images++;
    uint32_t left = traces(w, image, done < BATCHES ? done : BATCHES, done > BATCHES);
    ck_assert_msg(left == 0, "%s: %u traces after call %u", where, (unsigned)left, (unsigned)done);
    if (store_open(w, image, false, &store) != SEG_OK)
        ck_abort_msg("%s: open", where);
    look_whole(w, store, done, where);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    ck_assert_uint_eq(go(w, image, done < BATCHES ? done : BATCHES), BATCHES + 1);
    look_end(w, image, where);
    sim_vfs_destroy(image);
}

/* False where all was done before this point. */
static bool crash_at(const world *w, const sim_vfs *base, uint64_t point, uint64_t image_count)
{
    char where[100];
    sim_vfs *sim = sim_vfs_copy(base);
    sim_vfs_fail(sim, point, EIO, true);
    uint32_t done = go(w, sim, 0);
    bool reached = sim_vfs_failed(sim);
    check_fast(reached || done == BATCHES + 1);
    for (uint64_t i = 0; reached && i < image_count; i++) {
        uint64_t seed = i < 2 ? 1 - i : i + point * 1000;
        snprintf(where, sizeof where, "store %llu point %llu image %llu",
                 (unsigned long long)w->seed, (unsigned long long)point, (unsigned long long)seed);
        crash_image(w, sim, seed, done, where);
    }
    sim_vfs_destroy(sim);
    return reached;
}

static world w;

/* A store whose process ended without closing it. */
static sim_vfs *world_base(uint64_t seed, uint32_t customers, bool numbers)
{
    seg_store *store = NULL;
    world_init(&w, seed, customers, numbers);
    world_expect(&w);
    sim_vfs *sim = sim_vfs_create(seed);
    fill(&w, sim, true, &store);
    sim_vfs *base = sim_vfs_copy(sim);
    (void)seg_store_close(store, NULL);
    sim_vfs_destroy(sim);
    /* They are there to be found, but ids of numbers, which columns pack. */
    uint32_t forms = FORMS - numbers, erased = customers / 2;
    ck_assert_uint_ge(traces(&w, base, BATCHES, false), erased * forms);
    return base;
}

START_TEST(test_store_erase__power_fails_at_every_call)
{
    bool soak = getenv("SEG_TEST_SOAK") != NULL, slow = getenv("SEG_TEST_SLOW") != NULL;
    uint64_t stores = soak ? 6 : 2, step = soak ? 1 : slow ? 97 : 13;
    for (uint64_t seed = 0; seed < stores; seed++) {
        uint32_t customers = soak ? CUSTOMERS_MAX : slow ? 40 : seed == 0 ? CUSTOMERS_MAX : 200;
        sim_vfs *base = world_base(seed, customers, seed % 2 == 1);
        for (uint64_t point = 1 + seed % step; crash_at(&w, base, point, soak ? 8 : 2);
             point += step)
            points++;
        mem_scan_index_destroy(w.index);
        sim_vfs_destroy(base);
    }
    printf("%llu points, %llu images\n", (unsigned long long)points, (unsigned long long)images);
    ck_assert_uint_gt(points * step, 100);
}
END_TEST

/* What a snapshot of before shows stays in the file until it is gone and the store is tended. */
START_TEST(test_store_erase__is_finished_after_the_last_snapshot_of_before)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_snapshot *before = NULL;
    sim_vfs *sim = world_base(7, 60, false);
    ck_assert_int_eq(store_open(&w, sim, false, &store), SEG_OK);
    demand(seg_snapshot_create(store, &before, &err), &err);
    for (uint32_t batch = 0; batch < BATCHES; batch++)
        ck_assert_int_eq(erase_batch(&w, store, batch), SEG_OK);
    ck_assert_uint_eq(seg_store_views_open(store), BATCHES);
    ck_assert_uint_gt(traces(&w, sim, BATCHES, false), 0);
    /* It reads its columns from blocks that are dropped. */
    seg_segment *segment = NULL;
    seg_set *set = NULL;
    demand(seg_segment_compile(store, TEXT("distinct(note) of visit = 2"), 0, &segment, &err),
           &err);
    demand(seg_segment_evaluate(segment, before, NOW, NULL, &set, &err), &err);
    ck_assert_uint_eq(seg_set_count(set), 60);
    /* Ids, which nobody had loaded when it was made, are those of now. */
    ck_assert_int_eq(seg_set_contains(set, w.words[0][ID], WORD), 0);
    ck_assert_int_eq(seg_set_contains(set, w.words[1][ID], WORD), 1);
    seg_set_release(set);
    seg_segment_release(segment);
    seg_snapshot_release(before);
    ck_assert_uint_eq(seg_store_views_open(store), 0);
    int32_t more = 1;
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    while (more)
        demand(seg_store_maintain(store, &options, &more, &err), &err);
    ck_assert_uint_eq(traces(&w, sim, BATCHES, false), 0);
    ck_assert_uint_eq(digest(&w, store), w.digests[0]);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    mem_scan_index_destroy(w.index);
    sim_vfs_destroy(sim);
}
END_TEST

/* What is held back by a snapshot goes when the store is closed. */
START_TEST(test_store_erase__closing_overwrites_what_is_left)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_snapshot *before = NULL;
    sim_vfs *sim = world_base(8, 60, true);
    ck_assert_int_eq(store_open(&w, sim, false, &store), SEG_OK);
    demand(seg_snapshot_create(store, &before, &err), &err);
    for (uint32_t batch = 0; batch < BATCHES; batch++)
        ck_assert_int_eq(erase_batch(&w, store, batch), SEG_OK);
    seg_snapshot_release(before);
    ck_assert_uint_gt(traces(&w, sim, BATCHES, false), 0);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    ck_assert_uint_eq(traces(&w, sim, BATCHES, false), 0);
    mem_scan_index_destroy(w.index);
    sim_vfs_destroy(sim);
}
END_TEST

/* ---- the medium is full ---------------------------------------------------------------------- */

static uint64_t medium_used(const sim_vfs *sim)
{
    size_t file = 0, log = 0;
    (void)sim_vfs_bytes(sim, STORY_FILE, &file);
    (void)sim_vfs_bytes(sim, STORY_FILE "-wal", &log);
    return (uint64_t)file + log;
}

static seg_status removal_step(seg_store *store, uint32_t step)
{
    return step < BATCHES ? erase_batch(&w, store, step) : expire(store);
}

/* All calls with so much room each, and where that is too little again with enough. Returns how
 * many had too little. */
static uint32_t full_medium(const sim_vfs *base, uint64_t room, const char *where)
{
    uint32_t refused = 0;
    seg_store *store = NULL;
    sim_vfs *sim = sim_vfs_copy(base);
    ck_assert_int_eq(store_open(&w, sim, false, &store), SEG_OK);
    for (uint32_t step = 0; step <= BATCHES; step++) {
        uint64_t before = digest(&w, store), used = medium_used(sim);
        sim_vfs_capacity(sim, used + room);
        seg_status status = removal_step(store, step);
        for (uint32_t again = 0; status != SEG_OK && again < 3; again++) {
            seg_store_stats stats = {.struct_size = sizeof stats};
            ck_assert_msg(status == SEG_E_FULL, "%s: call %u: %s", where, (unsigned)step,
                          seg_status_name(status));
            ck_assert_int_eq(seg_store_get_stats(store, &stats, NULL), SEG_OK);
            ck_assert_msg(!stats.poisoned && digest(&w, store) == before, "%s: changed", where);
            ck_assert_msg(story_is_sound(store), "%s: damage", where);
            refused += again == 0;
            if (again == 1) /* what the first has written has not used up the room for good */
                sim_vfs_capacity(sim, used + room + 4096);
            if (again == 2)
                sim_vfs_capacity(sim, 0);
            status = removal_step(store, step);
        }
        ck_assert_msg(status == SEG_OK, "%s: call %u", where, (unsigned)step);
    }
    sim_vfs_capacity(sim, 0);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    look_end(&w, sim, where);
    sim_vfs_destroy(sim);
    return refused;
}

/* Whatever room there is: a removal is done, or refused and nothing is lost. */
START_TEST(test_store_erase__a_full_medium_refuses_or_has_room_for_all)
{
    uint64_t step = getenv("SEG_TEST_SOAK") ? 512 : getenv("SEG_TEST_SLOW") ? 8192 : 2048;
    for (uint64_t seed = 10; seed < 12; seed++) {
        uint32_t refused = BATCHES + 1, most = 0;
        sim_vfs *base = world_base(seed, 60, seed % 2 == 1);
        for (uint64_t room = 0; refused > 0; room += step) {
            char where[60];
            snprintf(where, sizeof where, "store %llu, %llu bytes of room",
                     (unsigned long long)seed, (unsigned long long)room);
            refused = full_medium(base, room, where);
            most = refused > most ? refused : most;
        }
        ck_assert_uint_eq(most, BATCHES + 1);
        mem_scan_index_destroy(w.index);
        sim_vfs_destroy(base);
    }
}
END_TEST

START_TEST(test_store_erase__a_store_opened_for_reading_refuses)
{
    seg_store *store = NULL;
    sim_vfs *sim = world_base(9, 40, false);
    ck_assert_int_eq(store_open(&w, sim, true, &store), SEG_OK);
    ck_assert_int_eq(erase_batch(&w, store, 0), SEG_E_READ_ONLY);
    ck_assert_int_eq(expire(store), SEG_E_READ_ONLY);
    ck_assert_int_eq(seg_store_set_retention(store, NULL, 0, 5, NULL), SEG_E_READ_ONLY);
    ck_assert_int_eq(seg_store_expire(store, NOW, NULL, NULL), SEG_E_READ_ONLY);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    mem_scan_index_destroy(w.index);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_erase");
    TCase *tc = tcase_create("erase");
    tcase_set_timeout(tc, 36000);
    tcase_add_test(tc, test_store_erase__power_fails_at_every_call);
    tcase_add_test(tc, test_store_erase__is_finished_after_the_last_snapshot_of_before);
    tcase_add_test(tc, test_store_erase__closing_overwrites_what_is_left);
    tcase_add_test(tc, test_store_erase__a_full_medium_refuses_or_has_room_for_all);
    tcase_add_test(tc, test_store_erase__a_store_opened_for_reading_refuses);
    suite_add_tcase(s, tc);
    return s;
}
