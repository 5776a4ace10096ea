/* unit/store/test_store_threads.c - a store in a file with everybody at work at once: a writer who
 * commits and erases, readers, checkpoints, upkeep, backups, and a file that is made shorter.
 * Nearly nothing of it is kept in memory.
 *
 * Commit n sets `v` to n for each of a few customers and gives each one an event more; so of every
 * snapshot one knows what it must show.
 *
 * SEG_TEST_SOAK in the environment: fifty times as long. */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

#define USERS 7u
#define READERS 4u
#define DAY ((int64_t)86400 * 1000000)
#define NOW ((int64_t)1769817600 * 1000000)
#define BULK 20000u /* bytes of text in each commit, for a customer who is erased now and then */

typedef struct work {
    seg_store *store;
    const segi_vfs *vfs;
    uint64_t commits;
    atomic_bool done;
    atomic_bool tidy; /* the writer waits for upkeep to have nothing left to do */
    atomic_uint_least64_t snapshots, backups, cuts;
} work;

static void demand(seg_status status, const seg_error *err)
{
    if (status != SEG_OK)
        ck_abort_msg("%s: %s", seg_status_name(status), err->message);
}

static seg_store *open_file(const segi_vfs *vfs, const char *path, uint32_t flags)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = flags;
    options.threads_max = 2;
    options.memory_limit = 4096;
    options.log_bytes_max = 8192;
    demand(segi_api_store_open(vfs, path, strlen(path), &options, &store, &err), &err);
    return store;
}

static void commit(seg_store *store, uint64_t n)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    char bulk[BULK];
    memset(bulk, 'b', sizeof bulk);
    (void)snprintf(bulk, sizeof bulk, "%llu", (unsigned long long)n);
    demand(seg_appender_create(store, &appender, &err), &err);
    for (unsigned i = 0; i < USERS; i++) {
        char user[16];
        size_t size = (size_t)snprintf(user, sizeof user, "user %u", i);
        int64_t time = NOW - (int64_t)(n * 7 % 60) * DAY - (int64_t)n;
        demand(seg_appender_user(appender, user, size, &err), &err);
        demand(seg_appender_set_int64(appender, "v", 1, (int64_t)n, &err), &err);
        demand(seg_appender_event(appender, user, size, "tick", 4, time, &err), &err);
        demand(seg_appender_set_int64(appender, "n", 1, (int64_t)n, &err), &err);
    }
    demand(seg_appender_user(appender, "bulk", 4, &err), &err);
    demand(seg_appender_set_string(appender, "bulk", 4, bulk, sizeof bulk, &err), &err);
    demand(seg_appender_commit(appender, NULL, NULL, &err), &err);
    seg_appender_destroy(appender);
}

static void erase_bulk(seg_store *store)
{
    const uint64_t offsets[] = {0, 4};
    seg_error err = SEG_ERROR_INIT;
    demand(seg_store_erase_users(store, "bulk", offsets, 1, NULL, NULL, &err), &err);
}

static uint64_t count_of(seg_store *store, seg_snapshot *snapshot, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    uint64_t count = 0;
    demand(seg_segment_compile(store, text, strlen(text), 0, &segment, &err), &err);
    demand(seg_segment_count(segment, snapshot, NOW + DAY, NULL, &count, &err), &err);
    seg_segment_release(segment);
    return count;
}

/* All of commit n and nothing of a later one; n. */
static uint64_t check_snapshot(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    seg_snapshot_info info = {.struct_size = sizeof info};
    char text[80];
    demand(seg_snapshot_create(store, &snapshot, &err), &err);
    demand(seg_snapshot_get_info(snapshot, &info, &err), &err);
    unsigned long long n = info.event_count / USERS; /* erasing counts as a commit, too */
    check_fast(info.event_count == n * USERS && info.commit_sequence >= n);
    snprintf(text, sizeof text, "v = %llu", n);
    check_fast(count_of(store, snapshot, text) == USERS);
    snprintf(text, sizeof text, "did \"tick\" exactly %llu times", n);
    check_fast(count_of(store, snapshot, text) == USERS);
    snprintf(text, sizeof text, "max(n) of \"tick\" = %llu", n);
    check_fast(count_of(store, snapshot, text) == USERS);
    seg_snapshot_release(snapshot);
    return n;
}

static void *write_all(void *user)
{
    work *w = user;
    for (uint64_t n = 2; n <= w->commits; n++) {
        commit(w->store, n);
        if (n % 100 != 0)
            continue;
        /* Only a store that nobody writes to is made shorter; readers go on. */
        erase_bulk(w->store);
        atomic_store(&w->tidy, true);
        while (atomic_load(&w->tidy))
            sched_yield();
    }
    atomic_store(&w->done, true);
    return NULL;
}

/* What one reader sees never goes back. */
static void *read_all(void *user)
{
    work *w = user;
    uint64_t last = 0;
    while (!atomic_load(&w->done)) {
        uint64_t n = check_snapshot(w->store);
        check_fast(n >= last);
        last = n;
        atomic_fetch_add(&w->snapshots, 1);
    }
    return NULL;
}

static uint64_t file_bytes(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    seg_error err = SEG_ERROR_INIT;
    demand(seg_store_get_stats(store, &stats, &err), &err);
    return stats.file_bytes;
}

/* While the writer waits, until the file is shorter: as soon as readers have let go of what was
 * there before. */
static void upkeep(work *w)
{
    seg_error err = SEG_ERROR_INIT;
    int32_t more = 0;
    uint64_t before = file_bytes(w->store);
    bool tidy = atomic_load(&w->tidy);
    for (int tries = 0; tries < (tidy ? 1000 : 1) && file_bytes(w->store) >= before; tries++) {
        do
            demand(seg_store_maintain(w->store, NULL, &more, &err), &err);
        while (tidy && more != 0);
        sched_yield();
    }
    if (!tidy)
        return;
    atomic_fetch_add(&w->cuts, file_bytes(w->store) < before);
    atomic_store(&w->tidy, false);
}

static void *care(void *user)
{
    work *w = user;
    seg_error err = SEG_ERROR_INIT;
    for (uint64_t i = 0; !atomic_load(&w->done); i++) {
        uint64_t faults = 0;
        char name[32];
        upkeep(w);
        if (i % 4 == 1)
            demand(seg_store_checkpoint(w->store, &err), &err);
        if (i % 8 != 3)
            continue;
        demand(seg_store_check(w->store, SEG_CHECK_FULL, NULL, NULL, &faults, &err), &err);
        check_fast(faults == 0);
        size_t size = (size_t)snprintf(name, sizeof name, "copy %llu", (unsigned long long)i);
        demand(seg_store_backup(w->store, name, size, &err), &err);
        seg_store *copy = open_file(w->vfs, name, SEG_STORE_READ_ONLY);
        check_fast(check_snapshot(copy) > 0);
        demand(seg_store_close(copy, &err), &err);
        atomic_fetch_add(&w->backups, 1);
    }
    return NULL;
}

START_TEST(test_store_threads__everybody_sees_whole_commits)
{
    seg_error err = SEG_ERROR_INIT;
    pthread_t threads[READERS + 2];
    sim_vfs *sim = sim_vfs_create(1);
    work w = {.vfs = sim_vfs_table(sim), .commits = getenv("SEG_TEST_SOAK") != NULL ? 50000 : 1000};
    w.store = open_file(w.vfs, "store", SEG_STORE_CREATE);
    commit(w.store, 1);
    for (size_t i = 0; i < READERS + 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                        i == 0   ? write_all
                                        : i == 1 ? care
                                                 : read_all,
                                        &w),
                         0);
    for (size_t i = 0; i < READERS + 2; i++)
        pthread_join(threads[i], NULL);
    check_fast(check_snapshot(w.store) == w.commits);
    demand(seg_store_close(w.store, &err), &err);
    w.store = open_file(w.vfs, "store", 0);
    check_fast(check_snapshot(w.store) == w.commits);
    demand(seg_store_close(w.store, &err), &err);
    printf("%llu snapshots, %llu backups, %llu times shorter\n",
           (unsigned long long)atomic_load(&w.snapshots),
           (unsigned long long)atomic_load(&w.backups), (unsigned long long)atomic_load(&w.cuts));
    ck_assert_uint_gt(atomic_load(&w.snapshots), 0);
    ck_assert_uint_gt(atomic_load(&w.cuts), 0);
    check_fast(sim_vfs_open_files(sim) == 0);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_threads");
    TCase *tc = tcase_create("threads");
    tcase_set_timeout(tc, 36000);
    tcase_add_test(tc, test_store_threads__everybody_sees_whole_commits);
    suite_add_tcase(s, tc);
    return s;
}
