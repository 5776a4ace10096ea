/* unit/store/test_store_fault.c - every call of the system and every allocation of a whole store
 * fails, once and for ever.
 *
 * The call that fails says so with the right status and has changed nothing that the store shows.
 * Then the store can be used as before, or it is poisoned and opening it again helps; and the
 * story goes on to its end as if nothing had been. Only a step that removes something may show as
 * done what has failed, in a store that it has poisoned.
 *
 * SEG_TEST_SOAK in the environment: every call and every allocation, all errnos, more stories. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_story.h"
#include "support/check_main.h"
#include "support/mem_fault.h"
#include "support/sim_vfs.h"

static const struct {
    int os_errno;
    seg_status status;
} failures[] = {
    {EIO, SEG_E_IO},     {ENOSPC, SEG_E_FULL},     {EDQUOT, SEG_E_FULL},
    {EFBIG, SEG_E_FULL}, {EROFS, SEG_E_READ_ONLY}, {ENOMEM, SEG_E_NOMEM},
};

#define FIRST_LOG 65536u /* what the log takes when a store is made */

static bool soak;

static void setup(void)
{
    soak = getenv("SEG_TEST_SOAK") != NULL;
}

static uint64_t stride(uint64_t usual)
{
    return soak ? 1 : getenv("SEG_TEST_SLOW") != NULL ? usual * 20 : usual;
}

static bool is_poisoned(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(seg_store_get_stats(store, &stats, NULL), SEG_OK);
    return stats.poisoned != 0;
}

/* The step at which the open store is. */
static uint32_t place(story_run *run, uint32_t until, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t digest = 0;
    if (story_digest(run->store, &digest, &err) != SEG_OK)
        ck_abort_msg("%s: read: %s", where, err.message);
    uint32_t at = story_find(run->s, digest, run->done, until);
    if (at == STORY_NONE)
        ck_abort_msg("%s: not the state after step %u", where, (unsigned)run->done);
    return at;
}

static void open_again(story_run *run, uint32_t until, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    if (run->store != NULL)
        (void)story_close(run, NULL);
    if (story_open(run, &err) != SEG_OK)
        ck_abort_msg("%s: open: %s", where, err.message);
    run->done = place(run, until, where);
    if (!story_is_sound(run->store))
        ck_abort_msg("%s: damage", where);
}

/* Nothing fails any more. */
static void finish(story_run *run, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    if (story_go(run, run->s->steps, &err) != SEG_OK)
        ck_abort_msg("%s: going on at step %u: %s", where, (unsigned)run->done, err.message);
    open_again(run, run->s->steps, where);
    ck_assert_msg(run->done == run->s->steps, "%s: the end is missing", where);
    if (story_close(run, &err) != SEG_OK)
        ck_abort_msg("%s: close: %s", where, err.message);
}

/* ---- calls of the system --------------------------------------------------------------------- */

/* A write that failed midway may be found when the store is opened again, never before. */
static void after_call(story_run *run, seg_status status, seg_status wanted, const char *where)
{
    bool poisoned = run->store != NULL && is_poisoned(run->store);
    if (status != wanted && !(status == SEG_E_POISONED && (poisoned || run->store == NULL)))
        ck_abort_msg("%s: %s instead of %s", where, seg_status_name(status),
                     seg_status_name(wanted));
    if (run->store != NULL)
        (void)place(run, run->done + (poisoned && story_removes(run)), where);
    if (!poisoned)
        return;
    ck_assert_int_eq(seg_store_checkpoint(run->store, NULL), SEG_E_POISONED);
    open_again(run, run->done + 1, where);
}

/* False when the story ended before the call. */
static bool call_fails(const story *s, uint64_t point, size_t failure, bool for_ever)
{
    char where[100];
    snprintf(where, sizeof where, "story %llu call %llu errno %d %s", (unsigned long long)s->seed,
             (unsigned long long)point, failures[failure].os_errno, for_ever ? "for ever" : "once");
    sim_vfs *sim = sim_vfs_create(s->seed);
    story_run run = story_begin(s, sim_vfs_table(sim));
    sim_vfs_fail(sim, point, failures[failure].os_errno, for_ever);
    seg_status status = story_go(&run, s->steps, NULL);
    bool reached = sim_vfs_failed(sim);
    ck_assert_msg(reached || status == SEG_OK, "%s: %s", where, seg_status_name(status));
    sim_vfs_fail(sim, 0, 0, false);
    if (status != SEG_OK)
        after_call(&run, status, failures[failure].status, where);
    if (for_ever)
        open_again(&run, run.done + 1, where);
    /* What failed unseen, such as a checkpoint that a commit made, may show later. */
    if (run.store != NULL && is_poisoned(run.store))
        open_again(&run, run.done, where);
    finish(&run, where);
    check_fast(sim_vfs_open_files(sim) == 0);
    check_fast(!sim_vfs_sync_repeated(sim));
    sim_vfs_destroy(sim);
    return reached;
}

START_TEST(test_store_fault__every_call_fails)
{
    static story s;
    uint64_t points = 0, step = stride(37);
    size_t count = sizeof failures / sizeof *failures;
    for (uint64_t seed = 0; seed < (soak ? 6 : 1); seed++) {
        story_init(&s, seed, 40, SEG_DURABILITY_FULL);
        for (size_t i = 0; i < 2 * count; i++)
            for (uint64_t point = 1 + i * 7 % step; call_fails(&s, point, i / 2, i % 2);
                 point += step)
                points++;
    }
    printf("%llu calls\n", (unsigned long long)points);
    ck_assert_uint_gt(points * step, 2000);
}
END_TEST

/* Interrupted calls and short transfers are no failures at all. */
START_TEST(test_store_fault__interruptions_change_nothing)
{
    static story s;
    for (uint64_t seed = 0; seed < (soak ? 100 : 4); seed++) {
        story_init(&s, seed, 60, SEG_DURABILITY_NORMAL);
        sim_vfs *sim = sim_vfs_create(seed);
        sim_vfs_disturb(sim, true);
        story_run run = story_begin(&s, sim_vfs_table(sim));
        finish(&run, "disturbed");
        sim_vfs_destroy(sim);
    }
}
END_TEST

/* A full medium refuses what it has no room for, and takes it when it has. */
START_TEST(test_store_fault__a_full_medium_loses_nothing)
{
    static story s;
    uint64_t refused = 0;
    story_init(&s, 3, 60, SEG_DURABILITY_FULL);
    for (uint64_t room = 4096; room < 400000; room += soak ? 512 : 24571) {
        char where[40];
        snprintf(where, sizeof where, "room %llu", (unsigned long long)room);
        sim_vfs *sim = sim_vfs_create(room);
        sim_vfs_capacity(sim, room + FIRST_LOG);
        story_run run = story_begin(&s, sim_vfs_table(sim));
        run.log_bytes_max = FIRST_LOG;
        seg_status status = story_go(&run, s.steps, NULL);
        refused += status != SEG_OK;
        if (status != SEG_OK)
            after_call(&run, status, SEG_E_FULL, where);
        sim_vfs_capacity(sim, 0);
        finish(&run, where);
        check_fast(sim_vfs_open_files(sim) == 0);
        sim_vfs_destroy(sim);
    }
    ck_assert_uint_gt(refused, 2);
}
END_TEST

/* ---- allocations ----------------------------------------------------------------------------- */

static bool allocation_fails(const story *s, uint64_t nth, bool for_ever)
{
    char where[100];
    mem_fault fault;
    snprintf(where, sizeof where, "story %llu allocation %llu %s", (unsigned long long)s->seed,
             (unsigned long long)nth, for_ever ? "for ever" : "once");
    sim_vfs *sim = sim_vfs_create(s->seed);
    story_run run = story_begin(s, sim_vfs_table(sim));
    mem_fault_init(&fault);
    run.allocator = mem_fault_allocator(&fault);
    if (for_ever)
        mem_fault_fail_at(&fault, nth);
    else
        mem_fault_fail_once(&fault, nth);
    seg_status status = story_go(&run, s->steps, NULL);
    bool reached = mem_fault_has_failed(&fault);
    mem_fault_fail_at(&fault, 0);
    /* A lack of memory poisons only what is being removed; else the store goes on from where it
     * was. */
    bool poisoned = run.store != NULL && is_poisoned(run.store);
    seg_status wanted = poisoned ? SEG_E_POISONED : SEG_E_NOMEM;
    ck_assert_msg(status == SEG_OK || (reached && status == wanted), "%s: %s", where,
                  seg_status_name(status));
    if (poisoned) {
        ck_assert_msg(story_removes(&run), "%s: poisoned", where);
        open_again(&run, run.done + 1, where);
    } else if (run.store != NULL) {
        (void)place(&run, run.done, where);
    }
    if (for_ever && !poisoned)
        open_again(&run, run.done, where);
    finish(&run, where);
    if (mem_fault_live_bytes(&fault) != 0)
        ck_abort_msg("%s: %llu bytes are left", where,
                     (unsigned long long)mem_fault_live_bytes(&fault));
    check_fast(sim_vfs_open_files(sim) == 0);
    sim_vfs_destroy(sim);
    return reached;
}

START_TEST(test_store_fault__every_allocation_fails)
{
    static story s;
    uint64_t points = 0, step = stride(61);
    for (uint64_t seed = 0; seed < (soak ? 3 : 1); seed++) {
        story_init(&s, seed + 1, 40, SEG_DURABILITY_FULL);
        for (int for_ever = 0; for_ever < 2; for_ever++)
            for (uint64_t n = 1 + (uint64_t)for_ever; allocation_fails(&s, n, for_ever); n += step)
                points++;
    }
    printf("%llu allocations\n", (unsigned long long)points);
    ck_assert_uint_gt(points * step, 2000);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_fault");
    TCase *tc = tcase_create("fault");
    tcase_set_timeout(tc, 36000);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_store_fault__every_call_fails);
    tcase_add_test(tc, test_store_fault__interruptions_change_nothing);
    tcase_add_test(tc, test_store_fault__a_full_medium_loses_nothing);
    tcase_add_test(tc, test_store_fault__every_allocation_fails);
    suite_add_tcase(s, tc);
    return s;
}
