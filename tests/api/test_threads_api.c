/* api/test_threads_api.c - many readers beside a writer; tasks watched and stopped from another
 * thread. Runs under the thread sanitizer (suite threads). */
#include <pthread.h>
#include <stdatomic.h>

#include "api/api_fixture.h"

#define READERS 3
#define ROUNDS 40
#define ROWS 200

/* ---- readers and a writer ---------------------------------------------------------------- */

typedef struct traffic {
    seg_store *store;
    const seg_segment *segment; /* shared by all readers */
    atomic_int stop;
} traffic;

/* Every commit brings ROWS logins of one user each and as many flags, all or nothing: whatever
 * snapshot a reader takes, the number of users is a multiple of ROWS, and all of them logged in. */
static void *reader_run(void *context)
{
    traffic *t = context;
    uint64_t last = 0;
    do {
        seg_error err = SEG_ERROR_INIT;
        seg_snapshot *snapshot = snapshot_of(t->store);
        seg_snapshot_info info = {.struct_size = sizeof info};
        CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
        ck_assert_uint_ge(info.commit_sequence, last);
        last = info.commit_sequence;
        ck_assert_uint_eq(info.user_count % ROWS, 0);
        seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
        options.threads = 2;
        seg_set *set = NULL;
        CK_OK(seg_segment_evaluate(t->segment, snapshot, NOW, &options, &set, &err), err);
        ck_assert_uint_eq(seg_set_count(set), info.user_count);
        seg_segment *own = segment_of(t->store, "in segment \"active\" and flag");
        uint64_t count = 0;
        CK_OK(seg_segment_count(own, snapshot, NOW, NULL, &count, &err), err);
        ck_assert_uint_eq(count, info.user_count);
        seg_segment_release(own);
        if (info.user_count > 0) {
            int32_t member = 0;
            CK_OK(seg_segment_test(t->segment, snapshot, TEXT("u0-0"), NOW, &member, &err), err);
            ck_assert_int_eq(member, 1);
            ck_assert_int_eq(seg_set_contains(set, TEXT("u0-1")), 1);
        }
        ck_assert_uint_gt(seg_store_column_count(t->store), 0);
        seg_set_release(set);
        seg_snapshot_release(snapshot);
    } while (!atomic_load(&t->stop));
    return NULL;
}

static void writer_commit(seg_store *store, seg_appender *appender, int round)
{
    seg_error err = SEG_ERROR_INIT;
    for (int i = 0; i < ROWS; i++) {
        char user[40];
        size_t size = (size_t)snprintf(user, sizeof user, "u%d-%d", round, i);
        CK_OK(seg_appender_user(appender, user, size, &err), err);
        CK_OK(seg_appender_set_bool(appender, TEXT("flag"), 1, &err), err);
        CK_OK(
            seg_appender_event(appender, user, size, TEXT("login"), JANUARY_1 + i * DAY / 10, &err),
            err);
        CK_OK(seg_appender_set_string(appender, TEXT("from"), user, size, &err), err);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    char name[40];
    size_t size = (size_t)snprintf(name, sizeof name, "new%d", round);
    CK_OK(seg_store_define_attribute(store, name, size, SEG_TYPE_INT64, 0, &err), err);
    define(store, "active", round % 2 ? "did \"login\"" : "did \"login\" at least 1 times");
}

START_TEST(test_threads_api__readers_beside_a_writer)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.threads_max = 2;
    traffic t;
    t.store = store_open(&options);
    atomic_init(&t.stop, 0);
    CK_OK(seg_store_define_event(t.store, TEXT("login"), &err), err);
    CK_OK(seg_store_define_attribute(t.store, TEXT("flag"), SEG_TYPE_BOOL, 0, &err), err);
    define(t.store, "active", "did \"login\"");
    seg_segment *segment = segment_of(t.store, "did \"login\" in last 60 days and flag");
    t.segment = segment;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(t.store, &appender, &err), err);
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader_run, &t), 0);
    for (int round = 0; round < ROUNDS; round++)
        writer_commit(t.store, appender, round);
    atomic_store(&t.stop, 1);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    seg_appender_destroy(appender);
    seg_segment_release(segment);
    seg_store_close(t.store, NULL);
}
END_TEST

/* ---- several writers --------------------------------------------------------------------- */

typedef struct writer {
    seg_store *store;
    int number;
} writer;

static void *writer_run(void *context)
{
    const writer *w = context;
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(w->store, &appender, &err), err);
    for (int i = 0; i < ROUNDS; i++) {
        char user[40];
        size_t size = (size_t)snprintf(user, sizeof user, "w%d-%d", w->number, i);
        CK_OK(seg_appender_user(appender, user, size, &err), err);
        CK_OK(seg_appender_set_int64(appender, TEXT("round"), i, &err), err);
        CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    }
    seg_appender_destroy(appender);
    return NULL;
}

START_TEST(test_threads_api__writers_wait_for_each_other)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    pthread_t threads[READERS];
    writer writers[READERS];
    for (int i = 0; i < READERS; i++) {
        writers[i] = (writer){store, i};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, writer_run, &writers[i]), 0);
    }
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot_info info = {.struct_size = sizeof info};
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    ck_assert_uint_eq(info.user_count, READERS * ROUNDS);
    ck_assert_uint_eq(info.commit_sequence, READERS * ROUNDS);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- references from many threads -------------------------------------------------------- */

typedef struct shared {
    seg_set *set;
    seg_segment *segment;
    seg_snapshot *snapshot;
} shared;

static void *sharer_run(void *context)
{
    shared s = *(const shared *)context;
    for (int i = 0; i < 200; i++) {
        seg_set_retain(s.set);
        seg_segment_retain(s.segment);
        seg_snapshot_retain(s.snapshot);
        ck_assert_uint_eq(seg_set_count(s.set), 2);
        seg_set *rest = NULL;
        ck_assert_int_eq(seg_set_complement(s.set, &rest, NULL), SEG_OK);
        ck_assert_uint_eq(seg_set_count(rest), 3);
        seg_set_release(rest);
        seg_snapshot_release(s.snapshot);
        seg_segment_release(s.segment);
        seg_set_release(s.set);
    }
    /* The reference that was handed to this thread. */
    seg_snapshot_release(s.snapshot);
    seg_segment_release(s.segment);
    seg_set_release(s.set);
    return NULL;
}

/* Whichever thread lets go last ends the objects, the store among them. */
START_TEST(test_threads_api__objects_are_shared)
{
    seg_store *store = shop_open();
    shared s;
    s.snapshot = snapshot_of(store);
    s.segment = segment_of(store, "country = \"DE\"");
    s.set = set_of(store, s.snapshot, "country = \"DE\"");
    pthread_t threads[READERS];
    for (int i = 0; i < READERS; i++) {
        seg_set_retain(s.set);
        seg_segment_retain(s.segment);
        seg_snapshot_retain(s.snapshot);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, sharer_run, &s), 0);
    }
    seg_store_close(store, NULL);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    seg_snapshot_release(s.snapshot);
    seg_segment_release(s.segment);
    seg_set_release(s.set);
}
END_TEST

/* ---- tasks ------------------------------------------------------------------------------- */

#define CROWD 400000u

/* A store with so many users that an evaluation takes a while. */
static seg_store *crowd_open(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    options.threads_max = 2;
    seg_store *store = store_open(&options);
    uint64_t *ids = malloc(CROWD * sizeof *ids);
    int64_t *times = malloc(CROWD * sizeof *times);
    ck_assert(ids != NULL && times != NULL);
    for (uint32_t i = 0; i < CROWD; i++) {
        ids[i] = i;
        times[i] = JANUARY_1 + i % 1000;
    }
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = CROWD;
    batch.user_ids = ids;
    batch.times = times;
    batch.event = "login";
    batch.event_size = 5;
    CK_OK(seg_store_commit(store, &batch, 1, NULL, NULL, &err), err);
    free(ids);
    free(times);
    return store;
}

typedef struct runner {
    seg_segment *segment;
    seg_snapshot *snapshot;
    seg_task *task;
    atomic_int runs; /* that ended */
    seg_status status;
} runner;

/* Evaluates again and again until it is stopped. */
static void *runner_run(void *context)
{
    runner *r = context;
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.task = r->task;
    options.threads = 2;
    do {
        seg_set *set = NULL;
        seg_error err = SEG_ERROR_INIT;
        r->status = seg_segment_evaluate(r->segment, r->snapshot, NOW, &options, &set, &err);
        ck_assert((set != NULL) == (r->status == SEG_OK));
        ck_assert_int_eq(err.code, r->status);
        seg_set_release(set);
        atomic_fetch_add(&r->runs, 1);
    } while (r->status == SEG_OK);
    return NULL;
}

START_TEST(test_threads_api__tasks_are_watched_and_stopped)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = crowd_open();
    runner r;
    memset(&r, 0, sizeof r);
    r.snapshot = snapshot_of(store);
    r.segment =
        segment_of(store, "did \"login\" where (@hour >= 1) or did \"login\" exactly 2 times");
    CK_OK(seg_task_create(NULL, &r.task, &err), err);
    for (int round = 0; round < 5; round++) {
        atomic_store(&r.runs, 0);
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, runner_run, &r), 0);
        uint64_t done = 0, total = 0;
        do {
            seg_task_progress(r.task, &done, &total);
            ck_assert_uint_le(done, total);
        } while (total == 0 || atomic_load(&r.runs) < round);
        seg_task_interrupt(r.task);
        pthread_join(thread, NULL);
        ck_assert_int_eq(r.status, SEG_E_INTERRUPTED);
        seg_task_reset(r.task);
        seg_task_progress(r.task, &done, &total);
        ck_assert_uint_eq(done, 0);
        ck_assert_uint_eq(total, 0);
    }
    seg_task_destroy(r.task);
    seg_segment_release(r.segment);
    seg_snapshot_release(r.snapshot);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/threads");
    TCase *threads = tcase_create("threads");
    tcase_set_timeout(threads, 100);
    tcase_add_test(threads, test_threads_api__readers_beside_a_writer);
    tcase_add_test(threads, test_threads_api__writers_wait_for_each_other);
    tcase_add_test(threads, test_threads_api__objects_are_shared);
    tcase_add_test(threads, test_threads_api__tasks_are_watched_and_stopped);
    suite_add_tcase(s, threads);
    return s;
}
