/* unit/store/test_store_crash.c - power fails at every call of the system that a whole store
 * makes; what is left must be the store as it was after a commit that was acknowledged, or after
 * the one that was under way (docs/testing.md, I1 to I8).
 *
 * SEG_TEST_SOAK in the environment: more stories, every call, far more images. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_story.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

#define BLOCKS_MAX 160u /* of a story's store; half as many again as it takes */

static uint64_t points, images;

/* Open what is left, find the step at which it is, and say so. */
static uint32_t look(story_run *run, uint32_t from, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t digest = 0;
    images++;
    if (story_open(run, &err) != SEG_OK)
        ck_abort_msg("%s: open: %s", where, err.message);
    if (story_digest(run->store, &digest, &err) != SEG_OK)
        ck_abort_msg("%s: read: %s", where, err.message);
    uint32_t at = story_find(run->s, digest, from, run->done + 1);
    if (at == STORY_NONE)
        ck_abort_msg("%s: no state between steps %u and %u", where, (unsigned)from,
                     (unsigned)run->done + 1);
    if (!run->reading && !story_is_sound(run->store))
        ck_abort_msg("%s: damage", where);
    return at;
}

/* Steps that a crash may not take back. */
static uint32_t safe_steps(const story *s, uint32_t done)
{
    return s->durability == SEG_DURABILITY_FULL ? done : 0;
}

/* The story goes on after the crash as if nothing had been: what was under way is handed in again,
 * unless it is there and has no token. */
static void go_on(story_run *run, uint32_t at, uint32_t more, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t digest = 0;
    run->done = at;
    for (uint32_t step = at > 6 ? at - 6 : 0; step < at; step++)
        story_repeat(run, step);
    uint32_t until = at + more < run->s->steps ? at + more : run->s->steps;
    if (story_go(run, until, &err) != SEG_OK || story_close(run, &err) != SEG_OK ||
        story_open(run, &err) != SEG_OK || story_digest(run->store, &digest, &err) != SEG_OK)
        ck_abort_msg("%s: going on: %s", where, err.message);
    if (digest != run->s->states[until])
        ck_abort_msg("%s: another state after going on to step %u", where, (unsigned)until);
    if (!story_is_sound(run->store))
        ck_abort_msg("%s: damage after going on", where);
}

/* A second crash during recovery or a little later, and recovering from that. */
static void crash_again(const story_run *first, const sim_vfs *left, uint64_t seed,
                        const char *where)
{
    sim_vfs *sim = sim_vfs_copy(left);
    story_run run = *first;
    uint32_t safe = safe_steps(run.s, run.done);
    run.vfs = sim_vfs_table(sim);
    sim_vfs_fail(sim, 1 + seed * 7 % 90, EIO, true);
    uint64_t digest = 0;
    if (story_open(&run, NULL) == SEG_OK && story_digest(run.store, &digest, NULL) == SEG_OK) {
        uint32_t at = story_find(run.s, digest, safe, run.done + 1);
        ck_assert_msg(at != STORY_NONE, "%s: no state after the first crash", where);
        run.done = at;
        (void)story_go(&run, at + 3 < run.s->steps ? at + 3 : run.s->steps, NULL);
        safe = safe_steps(run.s, run.done);
    }
    (void)story_close(&run, NULL);
    sim_vfs *image = sim_vfs_power_loss(sim, seed + 2);
    run.vfs = sim_vfs_table(image);
    (void)look(&run, safe, where);
    (void)story_close(&run, NULL);
    sim_vfs_destroy(image);
    sim_vfs_destroy(sim);
}

static void crash_image(const story_run *first, const sim_vfs *sim, uint64_t seed,
                        const char *where)
{
    sim_vfs *image = sim_vfs_power_loss(sim, seed);
    story_run run = *first;
    run.vfs = sim_vfs_table(image);
    if (seed % 3 == 0)
        crash_again(first, image, seed, where);
    uint32_t at = STORY_NONE;
    if (seed % 4 == 1 && sim_vfs_exists(image, STORY_FILE)) {
        run.reading = true;
        at = look(&run, safe_steps(run.s, run.done), where);
        (void)story_close(&run, NULL);
        run.reading = false;
    }
    uint32_t again = look(&run, safe_steps(run.s, run.done), where);
    ck_assert_msg(at == STORY_NONE || at == again, "%s: recovering found another state", where);
    if (seed % 2 == 0)
        go_on(&run, again, 4, where);
    (void)story_close(&run, NULL);
    sim_vfs_destroy(image);
}

/* One point of one story; false when the story ended before it. */
static bool crash_at(const story *s, uint64_t point, uint64_t image_count)
{
    char where[100];
    sim_vfs *sim = sim_vfs_create(s->seed);
    story_run run = story_begin(s, sim_vfs_table(sim));
    sim_vfs_fail(sim, point, EIO, true);
    if (story_go(&run, s->steps, NULL) == SEG_OK)
        (void)story_close(&run, NULL);
    bool reached = sim_vfs_failed(sim);
    if (run.store != NULL)
        (void)story_close(&run, NULL);
    check_fast(sim_vfs_open_files(sim) == 0);
    check_fast(!sim_vfs_sync_repeated(sim));
    for (uint64_t i = 0; reached && i < image_count; i++) {
        uint64_t seed = i < 2 ? i : i + point * 1000;
        snprintf(where, sizeof where, "story %llu point %llu image %llu",
                 (unsigned long long)s->seed, (unsigned long long)point, (unsigned long long)seed);
        crash_image(&run, sim, seed, where);
    }
    sim_vfs_destroy(sim);
    return reached;
}

START_TEST(test_store_crash__power_fails_at_every_call)
{
    static story s;
    bool soak = getenv("SEG_TEST_SOAK") != NULL;
    uint64_t step = soak ? 1 : getenv("SEG_TEST_SLOW") != NULL ? 211 : 11;
    uint64_t stories = soak ? 10 : 4, image_count = soak ? 20 : 3;
    for (uint64_t seed = 0; seed < stories; seed++) {
        story_init(&s, seed, soak ? 60 : 40,
                   seed % 4 == 3 ? SEG_DURABILITY_NORMAL : SEG_DURABILITY_FULL);
        for (uint64_t point = 1 + seed % step; crash_at(&s, point, image_count); point += step)
            points++;
    }
    printf("%llu points, %llu images\n", (unsigned long long)points, (unsigned long long)images);
    ck_assert_uint_gt(points * step, 500);
}
END_TEST

/* What is written anew leaves its old blocks: the file has as many as its content takes. */
START_TEST(test_store_crash__blocks_out_of_use_are_dropped)
{
    static story s;
    story_init(&s, 2, STORY_STEPS_MAX, SEG_DURABILITY_FULL);
    sim_vfs *sim = sim_vfs_create(2);
    story_run run = story_begin(&s, sim_vfs_table(sim));
    seg_store_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(story_go(&run, s.steps, NULL), SEG_OK);
    ck_assert_int_eq(story_close(&run, NULL), SEG_OK);
    ck_assert_int_eq(story_open(&run, NULL), SEG_OK);
    ck_assert_int_eq(seg_store_get_stats(run.store, &stats, NULL), SEG_OK);
    printf("%llu blocks\n", (unsigned long long)stats.block_count);
    ck_assert_uint_lt(stats.block_count, BLOCKS_MAX);
    ck_assert_int_eq(story_close(&run, NULL), SEG_OK);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_crash");
    TCase *tc = tcase_create("crash");
    tcase_set_timeout(tc, 36000);
    tcase_add_test(tc, test_store_crash__power_fails_at_every_call);
    tcase_add_test(tc, test_store_crash__blocks_out_of_use_are_dropped);
    suite_add_tcase(s, tc);
    return s;
}
