/* A store in a file that loses power, runs full or meets failing calls: whatever was acknowledged
 * is there afterwards, and what is there is what some prefix of the calls has made.
 *
 * The files are simulated; the store is the whole library, behind its public handles. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

#define PATH "store.seg"
#define DAY ((int64_t)86400 * 1000000)
#define START ((int64_t)1767225600 * 1000000)
#define STEPS 14

static const char *const questions[] = {
    "everyone",
    "country = \"C1\"",
    "score > 40 and not country = \"C2\"",
    "tags has \"t1\"",
    "did \"buy\"",
    "did \"buy\" where (shop = \"s3\") at least 2 times",
    "sum(amount) of \"buy\" > 5000",
    "first \"visit\" in last 20 days",
};
#define QUESTIONS (sizeof questions / sizeof *questions)

/* ---- a script of calls, the same each time --------------------------------------------------- */

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

static seg_status add_user(seg_appender *in, uint64_t r, const char *user, seg_error *err)
{
    char text[8];
    SEGI_TRY(seg_appender_user(in, user, strlen(user), err));
    snprintf(text, sizeof text, "C%u", (unsigned)(r % 4));
    SEGI_TRY(seg_appender_set_string(in, "country", 7, text, strlen(text), err));
    SEGI_TRY(seg_appender_set_int64(in, "score", 5, (int64_t)(r >> 8) % 100, err));
    const char *tags[] = {"t0", "t1", "t2"};
    const size_t sizes[] = {2, 2, 2};
    return seg_appender_set_strings(in, "tags", 4, tags, sizes, (r >> 20) % 4, err);
}

static seg_status add_event(seg_appender *in, uint64_t r, const char *user, seg_error *err)
{
    char text[24];
    int64_t time = START + (int64_t)(r >> 30) % (20 * DAY);
    if (r % 3 == 0)
        return seg_appender_event(in, user, strlen(user), "visit", 5, time, err);
    SEGI_TRY(seg_appender_event(in, user, strlen(user), "buy", 3, time, err));
    SEGI_TRY(seg_appender_set_decimal(in, "amount", 6, (int64_t)(r >> 12) % 400000, 2, err));
    snprintf(text, sizeof text, "s%u", (unsigned)(r >> 9) % 6);
    SEGI_TRY(seg_appender_set_string(in, "shop", 4, text, strlen(text), err));
    snprintf(text, sizeof text, "id%llu", (unsigned long long)r);
    return seg_appender_set_event_id(in, text, strlen(text), err);
}

static seg_status fill(seg_appender *in, uint64_t step, seg_error *err)
{
    for (uint64_t i = 0; i < 12; i++) {
        char user[16];
        uint64_t r = mix(step * 1000 + i);
        snprintf(user, sizeof user, "user-%u", (unsigned)(r >> 40) % 30);
        SEGI_TRY(r % 4 == 0 ? add_user(in, r, user, err) : add_event(in, r, user, err));
    }
    return SEG_OK;
}

static seg_status commit(seg_store *store, uint64_t step, seg_error *err)
{
    char token[24];
    seg_appender *in = NULL;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    snprintf(token, sizeof token, "step %u", (unsigned)step);
    options.token = token;
    options.token_size = strlen(token);
    SEGI_TRY(seg_appender_create(store, &in, err));
    seg_status status = fill(in, step, err);
    if (status == SEG_OK)
        status = seg_appender_commit(in, &options, NULL, err);
    seg_appender_destroy(in);
    return status;
}

/* Between the commits: what must not change any answer. */
static seg_status tend(seg_store *store, uint64_t step, seg_error *err)
{
    int32_t more;
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    options.budget_bytes = 600;
    options.budget_rows = 50;
    switch (mix(step) % 4) {
    case 0: return seg_store_checkpoint(store, err);
    case 1: return seg_store_maintain(store, &options, &more, err);
    case 2:
        return seg_store_define_segment(store, "saved", 5, questions[step % QUESTIONS],
                                        strlen(questions[step % QUESTIONS]), NULL, err);
    default: return SEG_OK;
    }
}

static seg_status open_store(const segi_vfs *vfs, const char *path, seg_store **out, seg_error *err)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = vfs ? SEG_STORE_CREATE : 0;
    options.threads_max = 1;
    return segi_api_store_open(vfs, path, strlen(path), &options, out, err);
}

/* Runs until a call fails. Returns how many commits were acknowledged. */
static uint64_t run(const segi_vfs *vfs)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    uint64_t acknowledged = 0;
    if (open_store(vfs, PATH, &store, &err) != SEG_OK)
        return 0;
    for (uint64_t step = 0; step < STEPS; step++) {
        if (commit(store, step, &err) != SEG_OK)
            break;
        acknowledged = step + 1;
        if (tend(store, step, &err) != SEG_OK)
            break;
    }
    (void)seg_store_close(store, &err);
    return acknowledged;
}

/* ---- what is there ---------------------------------------------------------------------- */

static void answers(seg_store *store, uint64_t out[QUESTIONS], uint64_t *out_sequence)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    seg_snapshot_info info = {.struct_size = sizeof info};
    ck_assert_int_eq(seg_snapshot_create(store, &snapshot, &err), SEG_OK);
    ck_assert_int_eq(seg_snapshot_get_info(snapshot, &info, &err), SEG_OK);
    *out_sequence = info.commit_sequence;
    for (size_t i = 0; i < QUESTIONS; i++) {
        seg_segment *segment = NULL;
        seg_status status = seg_segment_compile(store, questions[i], strlen(questions[i]),
                                                SEG_COMPILE_OPEN, &segment, &err);
        ck_assert_msg(status == SEG_OK, "%s: %s", questions[i], err.message);
        status = seg_segment_count(segment, snapshot, START + 30 * DAY, NULL, &out[i], &err);
        ck_assert_msg(status == SEG_OK, "%s: %s", questions[i], err.message);
        seg_segment_release(segment);
    }
    seg_snapshot_release(snapshot);
}

/* Answers after each number of commits, from a store in memory. */
static uint64_t expected[STEPS + 1][QUESTIONS];

static void expect(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    uint64_t sequence;
    ck_assert_int_eq(open_store(NULL, ":memory:", &store, &err), SEG_OK);
    for (uint64_t step = 0; step <= STEPS; step++) {
        answers(store, expected[step], &sequence);
        ck_assert_int_eq(sequence, step);
        if (step < STEPS)
            ck_assert_msg(commit(store, step, &err) == SEG_OK, "%s", err.message);
    }
    ck_assert_int_eq(seg_store_close(store, &err), SEG_OK);
}

/* Open what is left, compare, then send the last commits again and go on to the end. */
static void examine(sim_vfs *sim, uint64_t acknowledged, const char *what, uint64_t point,
                    uint64_t seed)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    uint64_t found[QUESTIONS], sequence, faults;
    seg_status status = open_store(sim_vfs_table(sim), PATH, &store, &err);
    ck_assert_msg(status == SEG_OK, "%s %llu, image %llu: %s", what, (unsigned long long)point,
                  (unsigned long long)seed, err.message);
    answers(store, found, &sequence);
    ck_assert_msg(sequence == acknowledged || sequence == acknowledged + 1,
                  "%s %llu, image %llu: %llu commits, %llu acknowledged", what,
                  (unsigned long long)point, (unsigned long long)seed, (unsigned long long)sequence,
                  (unsigned long long)acknowledged);
    for (size_t i = 0; i < QUESTIONS; i++)
        ck_assert_msg(found[i] == expected[sequence][i], "%s %llu, image %llu: %s", what,
                      (unsigned long long)point, (unsigned long long)seed, questions[i]);
    status = seg_store_check(store, SEG_CHECK_FULL, NULL, NULL, &faults, &err);
    ck_assert_msg(status == SEG_OK && faults == 0, "%s %llu, image %llu: %llu faults", what,
                  (unsigned long long)point, (unsigned long long)seed, (unsigned long long)faults);
    for (uint64_t step = acknowledged > 0 ? acknowledged - 1 : 0; step < STEPS; step++)
        ck_assert_msg(commit(store, step, &err) == SEG_OK, "%s", err.message);
    answers(store, found, &sequence);
    ck_assert_int_eq(sequence, STEPS);
    ck_assert_mem_eq(found, expected[STEPS], sizeof found);
    ck_assert_msg(seg_store_close(store, &err) == SEG_OK, "%s", err.message);
    ck_assert_int_eq(sim_vfs_open_files(sim), 0);
}

/* How many points to go on at a time. */
static uint64_t stride(void)
{
    return getenv("SEG_TEST_SLOW") ? 11 : 1;
}

/* ---- tests ------------------------------------------------------------------------------ */

START_TEST(test_keep__without_faults)
{
    sim_vfs *sim = sim_vfs_create(1);
    expect();
    sim_vfs_disturb(sim, _i == 1);
    ck_assert_int_eq(run(sim_vfs_table(sim)), STEPS);
    examine(sim, STEPS, "no fault", 0, 0);
    sim_vfs_destroy(sim);
}
END_TEST

/* Power fails at each call, and the files are what any image of the medium may be. */
START_TEST(test_keep__power_loss)
{
    bool reached = true;
    uint64_t images = 0, point = 1;
    expect();
    for (; reached; point += stride()) {
        sim_vfs *sim = sim_vfs_create(1);
        sim_vfs_fail(sim, point, EIO, true);
        uint64_t acknowledged = run(sim_vfs_table(sim));
        reached = sim_vfs_failed(sim);
        for (uint64_t seed = 0; seed < 4; seed++, images++) {
            sim_vfs *image = sim_vfs_power_loss(sim, seed + (seed > 1 ? point * 2 : 0));
            if (acknowledged > 0 || sim_vfs_exists(image, PATH))
                examine(image, acknowledged, "power loss at call", point, seed);
            sim_vfs_destroy(image);
        }
        sim_vfs_destroy(sim);
    }
    printf("%llu images of %llu points\n", (unsigned long long)images, (unsigned long long)point);
}
END_TEST

/* One call fails, once; the store goes on, or says that it must be opened again. */
static void one_failure(int number, const char *what)
{
    bool reached = true;
    for (uint64_t point = 1; reached; point += stride()) {
        sim_vfs *sim = sim_vfs_create(1);
        sim_vfs_fail(sim, point, number, false);
        uint64_t acknowledged = run(sim_vfs_table(sim));
        reached = sim_vfs_failed(sim);
        sim_vfs_fail(sim, 0, 0, false);
        ck_assert(!sim_vfs_sync_repeated(sim));
        ck_assert_int_eq(sim_vfs_open_files(sim), 0);
        if (acknowledged > 0 || sim_vfs_exists(sim, PATH))
            examine(sim, acknowledged, what, point, 0);
        sim_vfs_destroy(sim);
    }
}

START_TEST(test_keep__each_call_fails_once)
{
    static const struct {
        int number;
        const char *what;
    } kinds[] = {{EIO, "EIO at call"}, {ENOSPC, "ENOSPC at call"}};
    expect();
    one_failure(kinds[_i].number, kinds[_i].what);
}
END_TEST

/* ---- age ------------------------------------------------------------------------------------- */

static seg_status count_in(seg_store *store, seg_snapshot *snapshot, uint64_t *out)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    ck_assert_int_eq(
        seg_segment_compile(store, questions[4], strlen(questions[4]), 0, &segment, &err), SEG_OK);
    seg_status status = seg_segment_count(segment, snapshot, START + 30 * DAY, NULL, out, &err);
    seg_segment_release(segment);
    return status;
}

static uint64_t pins_of(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(seg_store_get_stats(store, &stats, NULL), SEG_OK);
    return stats.pins;
}

/* A snapshot that was forgotten answers until its room is wanted and it is too old; then it says
 * so, the room is free, and everything else goes on. */
START_TEST(test_keep__an_old_snapshot_ends)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_snapshot *old = NULL, *young = NULL;
    uint64_t first = 0, count = 0;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    sim_vfs *sim = sim_vfs_create(1);
    sim_vfs_set_now(sim, START);
    options.flags = SEG_STORE_CREATE;
    options.threads_max = 1;
    options.memory_limit = 1;
    options.snapshot_age_max_us = (uint64_t)DAY;
    ck_assert_int_eq(
        segi_api_store_open(sim_vfs_table(sim), PATH, strlen(PATH), &options, &store, &err),
        SEG_OK);
    for (uint64_t step = 0; step < 12; step++) {
        ck_assert_int_eq(commit(store, step, &err), SEG_OK);
        ck_assert_int_eq(seg_store_checkpoint(store, &err), SEG_OK);
        if (step == 1) {
            ck_assert_int_eq(seg_snapshot_create(store, &old, &err), SEG_OK);
            ck_assert_int_eq(count_in(store, old, &first), SEG_OK);
        }
        /* Runs are merged, so that what the snapshot shows lies in blocks of its own. */
        for (int32_t more = 1; more != 0;)
            ck_assert_int_eq(seg_store_maintain(store, NULL, &more, &err), SEG_OK);
        sim_vfs_set_now(sim, START + (int64_t)step * (DAY / 12));
    }
    ck_assert_uint_ge(pins_of(store), 1);
    ck_assert_int_eq(count_in(store, old, &count), SEG_OK);
    ck_assert_uint_eq(count, first);
    ck_assert_int_eq(seg_snapshot_create(store, &young, &err), SEG_OK);
    sim_vfs_set_now(sim, START + 2 * DAY);
    ck_assert_int_eq(commit(store, 20, &err), SEG_OK);
    ck_assert_int_eq(seg_store_checkpoint(store, &err), SEG_OK);
    for (int32_t more = 1; more != 0;)
        ck_assert_int_eq(seg_store_maintain(store, NULL, &more, &err), SEG_OK);
    ck_assert_int_eq(count_in(store, old, &count), SEG_E_EXPIRED);
    seg_snapshot_release(young);
    ck_assert_int_eq(seg_snapshot_create(store, &young, &err), SEG_OK);
    ck_assert_int_eq(count_in(store, young, &count), SEG_OK);
    ck_assert_uint_gt(count, first);
    seg_snapshot_release(young);
    seg_snapshot_release(old);
    ck_assert_uint_eq(pins_of(store), 1); /* the one kept for the next snapshot */
    ck_assert_int_eq(seg_store_close(store, &err), SEG_OK);
    sim_vfs_destroy(sim);
}
END_TEST

/* The medium is full: commits are refused, what was there stays, and with more room it goes on. */
START_TEST(test_keep__full_medium)
{
    expect();
    for (uint64_t capacity = 1200000; capacity < 1800000; capacity += 20000) {
        sim_vfs *sim = sim_vfs_create(1);
        sim_vfs_capacity(sim, capacity);
        uint64_t acknowledged = run(sim_vfs_table(sim));
        sim_vfs_capacity(sim, 0);
        if (acknowledged > 0 || sim_vfs_exists(sim, PATH))
            examine(sim, acknowledged, "capacity", capacity, 0);
        sim_vfs_destroy(sim);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("keep");
    TCase *tc = tcase_create("keep");
    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_keep__without_faults, 0, 2);
    tcase_add_test(tc, test_keep__power_loss);
    tcase_add_loop_test(tc, test_keep__each_call_fails_once, 0, 2);
    tcase_add_test(tc, test_keep__full_medium);
    tcase_add_test(tc, test_keep__an_old_snapshot_ends);
    suite_add_tcase(s, tc);
    return s;
}
