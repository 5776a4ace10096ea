/* unit/base/test_thread.c - base/thread.h: the pool under one and under many callers. Also run
 * under the thread sanitizer. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "base/os.h"
#include "base/thread.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

#define WORKERS_MAX 8

static mem_fault fault;
static segi_mem mem;
static seg_error err = SEG_ERROR_INIT;

static void setup(void)
{
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
}

static void teardown(void)
{
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}

static segi_pool *new_pool(uint32_t threads_max)
{
    segi_pool *pool;
    ck_assert_int_eq(segi_pool_create(&mem, threads_max, &pool, &err), SEG_OK);
    return pool;
}

/* Not atomic on purpose: the pool promises that what the workers wrote is visible afterwards. */
typedef struct tally {
    uint32_t calls[WORKERS_MAX];
    pthread_t threads[WORKERS_MAX];
} tally;

static void count_call(void *context, uint32_t worker)
{
    tally *t = context;
    t->calls[worker]++;
    t->threads[worker] = pthread_self();
}

START_TEST(test_thread__each_worker_is_called_once)
{
    segi_pool *pool = new_pool(WORKERS_MAX);
    for (int round = 0; round < 3000; round++) {
        uint32_t count = (uint32_t)round % (WORKERS_MAX + 1);
        tally t;
        memset(&t, 0, sizeof t);
        segi_pool_run(pool, count, count_call, &t);
        for (uint32_t i = 0; i < WORKERS_MAX; i++)
            check_fast(t.calls[i] == (i < count));
        if (count > 0)
            check_fast(pthread_equal(t.threads[0], pthread_self()));
    }
    segi_pool_destroy(pool);
}
END_TEST

START_TEST(test_thread__pools_come_and_go)
{
    for (uint32_t round = 0; round < 100; round++) {
        segi_pool *pool = new_pool(round % 5);
        tally t;
        memset(&t, 0, sizeof t);
        uint32_t count = round % 5 == 0 ? 1 : round % 5;
        if (round % 3 != 0)
            segi_pool_run(pool, count, count_call, &t);
        segi_pool_destroy(pool);
    }
    segi_pool_destroy(NULL);
}
END_TEST

/* ---- many callers ---- */

typedef struct caller {
    segi_pool *pool;
    uint32_t seed;
    uint64_t sum, expected;
} caller;

typedef struct job {
    uint64_t parts[WORKERS_MAX];
    uint64_t base;
} job;

static void job_part(void *context, uint32_t worker)
{
    job *j = context;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < 50 + worker * 20; i++)
        sum += j->base + i;
    j->parts[worker] = sum;
}

static void *caller_main(void *argument)
{
    caller *c = argument;
    for (uint32_t round = 0; round < 600; round++) {
        uint32_t count = 1 + (round + c->seed) % WORKERS_MAX;
        job j = {{0}, round * 7 + c->seed};
        segi_pool_run(c->pool, count, job_part, &j);
        job alone = {{0}, j.base};
        for (uint32_t w = 0; w < count; w++)
            job_part(&alone, w);
        for (uint32_t w = 0; w < WORKERS_MAX; w++) {
            c->sum += j.parts[w];
            c->expected += alone.parts[w];
        }
        /* Now and then the workers fall asleep in between. */
        if (round % 100 == 99) {
            uint64_t end = segi_os_nanoseconds() + 200000;
            while (segi_os_nanoseconds() < end) {
            }
        }
    }
    return NULL;
}

START_TEST(test_thread__many_callers_share_one_pool)
{
    enum {
        CALLERS = 6
    };
    segi_pool *pool = new_pool(WORKERS_MAX);
    caller callers[CALLERS];
    pthread_t threads[CALLERS];
    memset(callers, 0, sizeof callers);
    for (uint32_t i = 0; i < CALLERS; i++) {
        callers[i].pool = pool;
        callers[i].seed = i * 13;
        ck_assert_int_eq(pthread_create(&threads[i], NULL, caller_main, &callers[i]), 0);
    }
    for (uint32_t i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_eq(callers[i].sum, callers[i].expected);
    }
    segi_pool_destroy(pool);
}
END_TEST

/* ---- a run inside a run ---- */

typedef struct nest {
    segi_pool *pool;
    atomic_uint leaves;
} nest;

static void nest_leaf(void *context, uint32_t worker)
{
    (void)worker;
    nest *n = context;
    atomic_fetch_add(&n->leaves, 1);
}

static void nest_branch(void *context, uint32_t worker)
{
    (void)worker;
    nest *n = context;
    segi_pool_run(n->pool, 3, nest_leaf, n);
}

START_TEST(test_thread__runs_nest_without_deadlock)
{
    nest n = {new_pool(4), 0};
    for (int round = 0; round < 500; round++)
        segi_pool_run(n.pool, 4, nest_branch, &n);
    ck_assert_uint_eq(atomic_load(&n.leaves), 500 * 4 * 3);
    segi_pool_destroy(n.pool);
}
END_TEST

/* ---- signals ---- */

typedef struct masks {
    pthread_t caller;
    atomic_uint others, good;
    atomic_uint arrived;
} masks;

static void look_at_mask(void *context, uint32_t worker)
{
    (void)worker;
    masks *m = context;
    /* Wait for a second one, so that not all of them run on the caller. */
    atomic_fetch_add(&m->arrived, 1);
    uint64_t end = segi_os_nanoseconds() + UINT64_C(10000000000);
    while (atomic_load(&m->arrived) < 2 && segi_os_nanoseconds() < end) {
    }
    if (pthread_equal(pthread_self(), m->caller))
        return;
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, NULL, &mask);
    atomic_fetch_add(&m->others, 1);
    if (sigismember(&mask, SIGTERM) && sigismember(&mask, SIGUSR1) && sigismember(&mask, SIGALRM) &&
        !sigismember(&mask, SIGSEGV) && !sigismember(&mask, SIGBUS))
        atomic_fetch_add(&m->good, 1);
}

START_TEST(test_thread__workers_leave_signals_to_the_host)
{
    segi_pool *pool = new_pool(3);
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    masks m = {.caller = pthread_self()};
    segi_pool_run(pool, 3, look_at_mask, &m);
    ck_assert_uint_ge(atomic_load(&m.others), 1);
    ck_assert_uint_eq(atomic_load(&m.good), atomic_load(&m.others));
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int signal = 1; signal < 32; signal++)
        ck_assert_int_eq(sigismember(&after, signal), sigismember(&before, signal));
    segi_pool_destroy(pool);
}
END_TEST

/* ---- no threads to be had ---- */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ADDRESS_LIMIT_WORKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define ADDRESS_LIMIT_WORKS 0
#endif
#endif
#ifndef ADDRESS_LIMIT_WORKS
#define ADDRESS_LIMIT_WORKS 1
#endif

/* Without address space no stack can be mapped, and thus no thread started; the sanitizers need
 * that space themselves. */
START_TEST(test_thread__work_is_done_without_threads)
{
    segi_pool *pool = new_pool(4);
    struct rlimit limit, before;
    ck_assert_int_eq(getrlimit(RLIMIT_AS, &before), 0);
    limit = before;
    limit.rlim_cur = 1 << 20;
    if (ADDRESS_LIMIT_WORKS)
        ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    tally t;
    memset(&t, 0, sizeof t);
    for (int round = 0; round < 100; round++)
        segi_pool_run(pool, 4, count_call, &t);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &before), 0);
    for (uint32_t i = 0; i < 4; i++) {
        ck_assert_uint_eq(t.calls[i], 100);
        if (ADDRESS_LIMIT_WORKS)
            ck_assert(pthread_equal(t.threads[i], pthread_self()));
    }
    segi_pool_destroy(pool);
}
END_TEST

START_TEST(test_thread__creation_survives_failing_memory)
{
    for (uint64_t n = 1;; n++) {
        segi_pool *pool;
        segi_mutex *mutex = NULL;
        mem_fault_fail_at(&fault, n);
        seg_status status = segi_pool_create(&mem, 4, &pool, &err);
        if (status == SEG_OK)
            status = segi_mutex_create(&mem, &mutex, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        ck_assert_int_eq(status, failed ? SEG_E_NOMEM : SEG_OK);
        segi_mutex_destroy(&mem, mutex);
        segi_pool_destroy(pool);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
        if (!failed)
            break;
    }
}
END_TEST

/* ---- mutex ---- */

typedef struct guarded {
    segi_mutex *mutex;
    uint64_t value;
} guarded;

static void guarded_add(void *context, uint32_t worker)
{
    (void)worker;
    guarded *g = context;
    for (int i = 0; i < 5000; i++) {
        segi_mutex_lock(g->mutex);
        g->value++;
        segi_mutex_unlock(g->mutex);
    }
}

START_TEST(test_thread__mutex_excludes)
{
    guarded g = {NULL, 0};
    ck_assert_int_eq(segi_mutex_create(&mem, &g.mutex, &err), SEG_OK);
    segi_pool *pool = new_pool(4);
    segi_pool_run(pool, 4, guarded_add, &g);
    ck_assert_uint_eq(g.value, 20000);
    segi_pool_destroy(pool);
    segi_mutex_destroy(&mem, g.mutex);
    segi_mutex_destroy(&mem, NULL);
    ck_assert_uint_ge(segi_processor_count(), 1);
}
END_TEST

/* The processors that each index's thread may use. */
typedef struct processors {
    cpu_set_t set[WORKERS_MAX];
} processors;

static void note_mask(void *context, uint32_t worker)
{
    processors *m = context;
    CPU_ZERO(&m->set[worker]);
    sched_getaffinity(0, sizeof m->set[worker], &m->set[worker]);
}

/* Workers are moved away from their caller's processor, for which their mask is narrowed. */
START_TEST(test_thread__workers_may_use_all_processors_of_the_caller)
{
    cpu_set_t mine;
    CPU_ZERO(&mine);
    ck_assert_int_eq(sched_getaffinity(0, sizeof mine, &mine), 0);
    segi_pool *pool = new_pool(WORKERS_MAX);
    for (int round = 0; round < 3000; round++) {
        processors m;
        segi_pool_run(pool, WORKERS_MAX, note_mask, &m);
        for (uint32_t i = 0; i < WORKERS_MAX; i++)
            check_fast(CPU_EQUAL(&m.set[i], &mine));
    }
    segi_pool_destroy(pool);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/thread");
    TCase *tc = tcase_create("thread");
    tcase_set_timeout(tc, 100);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_thread__each_worker_is_called_once);
    tcase_add_test(tc, test_thread__pools_come_and_go);
    tcase_add_test(tc, test_thread__many_callers_share_one_pool);
    tcase_add_test(tc, test_thread__runs_nest_without_deadlock);
    tcase_add_test(tc, test_thread__workers_leave_signals_to_the_host);
    tcase_add_test(tc, test_thread__work_is_done_without_threads);
    tcase_add_test(tc, test_thread__creation_survives_failing_memory);
    tcase_add_test(tc, test_thread__mutex_excludes);
    tcase_add_test(tc, test_thread__workers_may_use_all_processors_of_the_caller);
    suite_add_tcase(s, tc);
    return s;
}
