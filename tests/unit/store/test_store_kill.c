/* unit/store/test_store_kill.c - real files: a process that plays a story is killed, again and
 * again, with other options each time. What it acknowledged through a pipe must be there
 * afterwards, and the next process goes on from it.
 *
 * SEG_TEST_SOAK in the environment: 20,000 kills. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store_story.h"
#include "support/check_main.h"
#include "support/work_folder.h"

static work_folder folder;

static void setup(void)
{
    work_folder_make(&folder, true);
}

static void setup_medium(void)
{
    work_folder_make(&folder, false);
}

static void teardown(void)
{
    work_folder_remove(&folder);
}

static story_run begin(const story *s, uint64_t life)
{
    story_run run = story_begin(s, NULL);
    run.path = folder.store;
    run.life = life;
    return run;
}

/* The child: plays on until it is killed or the story ends, and tells each step. */
static void work(const story *s, uint64_t life, uint32_t from, int tell)
{
    story_run run = begin(s, life);
    run.done = from;
    while (run.done < s->steps) {
        if (story_go(&run, run.done + 1, NULL) != SEG_OK)
            _exit(3);
        if (write(tell, &run.done, sizeof run.done) != (ssize_t)sizeof run.done)
            _exit(4);
    }
    for (;;)
        pause();
}

/* One life of the child from that step; the last step that it told. */
static uint32_t live_and_die(const story *s, uint64_t life, uint32_t from, uint32_t acks)
{
    int ends[2], status = 0;
    uint32_t acked = from, told;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        work(s, life, from, ends[1]);
    }
    close(ends[1]);
    while (acked < from + acks && acked < s->steps &&
           read(ends[0], &told, sizeof told) == (ssize_t)sizeof told)
        acked = told;
    kill(child, SIGKILL);
    while (read(ends[0], &told, sizeof told) == (ssize_t)sizeof told)
        acked = told;
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    return acked;
}

/* The step at which the store is after a life. */
static uint32_t look(const story *s, uint64_t life, uint32_t acked)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t digest = 0;
    story_run run = begin(s, life);
    if (story_open(&run, &err) != SEG_OK || story_digest(run.store, &digest, &err) != SEG_OK)
        ck_abort_msg("life %llu: %s", (unsigned long long)life, err.message);
    uint32_t at = story_find(s, digest, acked, acked + 1);
    ck_assert_msg(at != STORY_NONE, "life %llu: not the state after step %u",
                  (unsigned long long)life, (unsigned)acked);
    ck_assert_msg(story_is_sound(run.store), "life %llu: damage", (unsigned long long)life);
    ck_assert_int_eq(story_close(&run, NULL), SEG_OK);
    return at;
}

/* Without power loss nothing that was acknowledged is lost, however little is synced. A child lives
 * for a few steps, so that a story, which is played once to know its states, serves many kills. */
static void kill_often(uint64_t kills)
{
    static const uint32_t durabilities[] = {SEG_DURABILITY_FULL, SEG_DURABILITY_NORMAL,
                                            SEG_DURABILITY_OFF};
    static story s;
    uint64_t stories = 0;
    uint32_t at = 0;
    for (uint64_t life = 0; life < kills; life++) {
        if (life == 0 || at == s.steps) {
            work_folder_clear(&folder);
            story_init(&s, 1000 + stories, STORY_STEPS_MAX, durabilities[stories % 3]);
            stories++;
            at = 0;
        }
        at = look(&s, life + 7, live_and_die(&s, life, at, (uint32_t)(life * 3 % 7)));
    }
    printf("%llu kills, %llu stories\n", (unsigned long long)kills, (unsigned long long)stories);
    ck_assert(stories > 1 || kills < 100);
}

START_TEST(test_store_kill__what_was_acknowledged_is_there)
{
    kill_often(check_amount(1950, 300, 40, 19900));
}
END_TEST

START_TEST(test_store_kill__on_a_medium_as_well)
{
    kill_often(check_amount(50, 10, 10, 100));
}
END_TEST

/* ---- what the process has left --------------------------------------------------------------- */

static size_t descriptors(void)
{
    size_t count = 0;
    DIR *open = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(open);
    while (readdir(open) != NULL)
        count++;
    closedir(open);
    return count;
}

START_TEST(test_store_kill__a_thousand_openings_leave_nothing_open)
{
    static story s;
    seg_error err = SEG_ERROR_INIT;
    story_init(&s, 5, 10, SEG_DURABILITY_OFF);
    story_run run = begin(&s, 0);
    ck_assert_int_eq(story_go(&run, s.steps, &err), SEG_OK);
    ck_assert_int_eq(story_close(&run, &err), SEG_OK);
    size_t before = descriptors();
    uint64_t count = check_amount(1000, 1000, 20, 10000);
    for (uint64_t i = 0; i < count; i++) {
        seg_store *second = NULL;
        run.reading = i % 2 == 1;
        ck_assert_int_eq(story_open(&run, &err), SEG_OK);
        if (!run.reading)
            ck_assert_int_eq(
                seg_store_open(folder.store, strlen(folder.store), NULL, &second, NULL),
                SEG_E_BUSY);
        ck_assert_int_eq(story_close(&run, &err), SEG_OK);
    }
    ck_assert_uint_eq(descriptors(), before);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_kill");
    TCase *tc = tcase_create("kill"), *medium = tcase_create("medium");
    tcase_set_timeout(tc, 36000);
    tcase_set_timeout(medium, 36000);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_checked_fixture(medium, setup_medium, teardown);
    tcase_add_test(tc, test_store_kill__what_was_acknowledged_is_there);
    tcase_add_test(medium, test_store_kill__on_a_medium_as_well);
    tcase_add_test(tc, test_store_kill__a_thousand_openings_leave_nothing_open);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, medium);
    return s;
}
