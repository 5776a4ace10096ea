/* thread.c - locks and a pool of worker threads.
 *
 * Invariants of the pool: `lock` guards all of it but the three atomics. A run lives on its
 * caller's stack; it is in the queue exactly as long as it has worker indices that nobody took.
 * The caller takes indices of its own run too, so that a run ends even if no thread could be
 * started. The last touch of a worker on a run is the decrement of its `unfinished`; afterwards
 * the caller may return and the run is gone. */
#define _GNU_SOURCE
#include "base/thread.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/os.h"

/* Waking a sleeping thread costs some 5 us and up to 50 us in a virtual machine; an evaluation
 * has several runs close together. */
#define SPIN_NANOSECONDS 20000u
#define WORKER_STACK_SIZE ((size_t)2 * 1024 * 1024)

struct segi_mutex {
    pthread_mutex_t mutex;
};

/* One thread of the pool. */
typedef struct pool_worker {
    segi_pool *pool;
    pthread_t thread;
    int cpu;        /* where it last held the lock, first its maker's; if moved, what it leaves */
    bool moved;     /* it has `mask` to put back, and has not run since */
    cpu_set_t mask; /* the processors it may use, from before it was moved */
} pool_worker;

typedef struct pool_run pool_run;
struct pool_run {
    pool_run *next; /* in the queue */
    segi_pool_function *function;
    void *context;
    uint32_t count;
    uint32_t taken;                  /* indices given out, from 0 */
    atomic_uint_fast32_t unfinished; /* indices 1 .. count - 1 that have not returned */
};

struct segi_pool {
    segi_mem mem;
    uint32_t threads_max;
    pthread_mutex_t lock;
    pthread_cond_t work; /* there are tickets, or the pool stops */
    pthread_cond_t done; /* some run has ended */
    pool_run *first, *last;
    uint32_t sleepers;     /* workers waiting for `work` */
    uint32_t done_waiters; /* callers waiting for `done` */
    uint32_t demand;       /* threads that the runs under way would like to have */
    uint32_t started;
    pool_worker *workers;         /* owned; threads_max - 1 entries */
    atomic_uint_fast32_t tickets; /* indices of queued runs that nobody took; a hint to spinners */
    atomic_bool stop;
};

/* ---- mutex ---- */

seg_status segi_mutex_create(const segi_mem *mem, segi_mutex **out, seg_error *err)
{
    *out = NULL;
    segi_mutex *mutex = segi_alloc(mem, sizeof *mutex);
    if (mutex == NULL)
        return segi_fail_nomem(err);
    if (pthread_mutex_init(&mutex->mutex, NULL) != 0) {
        segi_free(mem, mutex);
        return segi_fail_nomem(err);
    }
    *out = mutex;
    return SEG_OK;
}

void segi_mutex_destroy(const segi_mem *mem, segi_mutex *mutex)
{
    if (mutex == NULL)
        return;
    pthread_mutex_destroy(&mutex->mutex);
    segi_free(mem, mutex);
}

void segi_mutex_lock(segi_mutex *mutex)
{
    pthread_mutex_lock(&mutex->mutex);
}

void segi_mutex_unlock(segi_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->mutex);
}

/* ---- processors ---- */

/* The affinity mask knows taskset and cpusets, which the count of processors online does not. */
uint32_t segi_processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        int count = CPU_COUNT(&set);
        if (count > 0)
            return (uint32_t)count;
    }
    /* More processors than cpu_set_t has bits make the call above fail. */
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

/* ---- pool ---- */

/* Tells the processor that this is a spin, which spares the neighbour on the same core. */
static void spin_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/* Takes the next index of a queued run; the lock is held and the run has one. */
static uint32_t run_take(segi_pool *pool, pool_run *run)
{
    uint32_t index = run->taken++;
    atomic_fetch_sub_explicit(&pool->tickets, 1, memory_order_relaxed);
    if (run->taken < run->count)
        return index;
    /* Exhausted: out of the queue. It is nearly always the first one. */
    pool_run **link = &pool->first;
    pool_run *before = NULL;
    while (*link != run) {
        before = *link;
        link = &before->next;
    }
    *link = run->next;
    if (pool->last == run)
        pool->last = before;
    return index;
}

/* Runs one index of somebody's run; the lock is held on entry and on return. */
static void worker_serve(segi_pool *pool, pool_run *run)
{
    uint32_t index = run_take(pool, run);
    pthread_mutex_unlock(&pool->lock);
    run->function(run->context, index);
    bool last = atomic_fetch_sub_explicit(&run->unfinished, 1, memory_order_acq_rel) == 1;
    pthread_mutex_lock(&pool->lock);
    if (last && pool->done_waiters > 0)
        pthread_cond_broadcast(&pool->done);
}

/* Looks for tickets for a while without the lock. What it reads is a hint: the lock decides. */
static void worker_spin(segi_pool *pool)
{
    uint64_t end = segi_os_nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&pool->tickets, memory_order_relaxed) != 0 ||
                atomic_load_explicit(&pool->stop, memory_order_relaxed))
                return;
            spin_pause();
        }
    } while (segi_os_nanoseconds() < end);
}

/* Notes where the worker is, and opens all its processors again once it has moved. The lock is
 * held. */
static void worker_settle(pool_worker *worker)
{
    worker->cpu = sched_getcpu();
    if (!worker->moved)
        return;
    worker->moved = false;
    pthread_setaffinity_np(worker->thread, sizeof worker->mask, &worker->mask);
}

/* Serves runs until the pool stops; the oldest run first, so that none starves. */
static void *worker_main(void *argument)
{
    pool_worker *worker = argument;
    segi_pool *pool = worker->pool;
    pthread_mutex_lock(&pool->lock);
    while (!atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
        worker_settle(worker);
        if (pool->first != NULL) {
            worker_serve(pool, pool->first);
            continue;
        }
        pthread_mutex_unlock(&pool->lock);
        worker_spin(pool);
        pthread_mutex_lock(&pool->lock);
        while (pool->first == NULL && !atomic_load_explicit(&pool->stop, memory_order_relaxed)) {
            pool->sleepers++;
            pthread_cond_wait(&pool->work, &pool->lock);
            pool->sleepers--;
            worker_settle(worker);
        }
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

/* Starts threads up to the demand; the lock is held. A thread that cannot be had is no error:
 * callers do the work themselves. */
static void pool_start_threads(segi_pool *pool)
{
    uint32_t wanted = pool->demand < pool->threads_max - 1 ? pool->demand : pool->threads_max - 1;
    if (pool->started >= wanted)
        return;
    pthread_attr_t attributes;
    if (pthread_attr_init(&attributes) != 0)
        return;
    pthread_attr_setstacksize(&attributes, WORKER_STACK_SIZE);
    /* New threads inherit the mask: the host's signals go to the host's threads. Faults stay
     * open, or a crash reporter of the host would never see ours. */
    sigset_t blocked, before;
    sigfillset(&blocked);
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
        sigdelset(&blocked, faults[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    while (pool->started < wanted) {
        pool_worker *worker = &pool->workers[pool->started];
        *worker = (pool_worker){.pool = pool, .cpu = sched_getcpu()};
        if (pthread_create(&worker->thread, &attributes, worker_main, worker) != 0)
            break;
        pool->started++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
}

/* Moves workers away from the caller's processor; the lock is held. A guest of a virtual machine
 * takes an idle processor for one that the host has taken away (vcpu_is_preempted in Linux), and so
 * wakes a thread on the processor of whoever wakes it. There it waits for the caller whom it should
 * help, until some milliseconds later the scheduler spreads the two. Each worker that moved puts
 * its mask back as soon as it runs. */
static void pool_spread(segi_pool *pool)
{
    int cpu = sched_getcpu();
    if (cpu < 0 || cpu >= CPU_SETSIZE)
        return;
    for (uint32_t i = 0; i < pool->started; i++) {
        pool_worker *worker = &pool->workers[i];
        /* Is it elsewhere, or told already to leave? */
        if ((worker->cpu == cpu) == worker->moved)
            continue;
        if (!worker->moved &&
            pthread_getaffinity_np(worker->thread, sizeof worker->mask, &worker->mask) != 0)
            continue;
        cpu_set_t others = worker->mask;
        CPU_CLR(cpu, &others);
        if (CPU_COUNT(&others) == 0 ||
            pthread_setaffinity_np(worker->thread, sizeof others, &others) != 0)
            continue;
        worker->moved = true;
        worker->cpu = cpu;
    }
}

/* Waits until all indices of the run that workers took have returned. */
static void run_wait(segi_pool *pool, pool_run *run)
{
    if (atomic_load_explicit(&run->unfinished, memory_order_acquire) == 0)
        return;
    uint64_t end = segi_os_nanoseconds() + SPIN_NANOSECONDS;
    do {
        for (int i = 0; i < 64; i++) {
            if (atomic_load_explicit(&run->unfinished, memory_order_acquire) == 0)
                return;
            spin_pause();
        }
    } while (segi_os_nanoseconds() < end);
    pthread_mutex_lock(&pool->lock);
    pool->done_waiters++;
    while (atomic_load_explicit(&run->unfinished, memory_order_acquire) != 0)
        pthread_cond_wait(&pool->done, &pool->lock);
    pool->done_waiters--;
    pthread_mutex_unlock(&pool->lock);
}

/* All three or none. */
static seg_status pool_init_locks(segi_pool *pool)
{
    if (pthread_mutex_init(&pool->lock, NULL) != 0)
        return SEG_E_NOMEM;
    if (pthread_cond_init(&pool->work, NULL) != 0) {
        pthread_mutex_destroy(&pool->lock);
        return SEG_E_NOMEM;
    }
    if (pthread_cond_init(&pool->done, NULL) != 0) {
        pthread_cond_destroy(&pool->work);
        pthread_mutex_destroy(&pool->lock);
        return SEG_E_NOMEM;
    }
    return SEG_OK;
}

seg_status segi_pool_create(const segi_mem *mem, uint32_t threads_max, segi_pool **out,
                            seg_error *err)
{
    *out = NULL;
    if (threads_max == 0)
        threads_max = 1;
    segi_pool *pool = segi_alloc_zero(mem, sizeof *pool);
    if (pool == NULL)
        return segi_fail_nomem(err);
    pool->mem = *mem;
    pool->threads_max = threads_max;
    pool->workers = segi_alloc_array(mem, threads_max - 1, sizeof *pool->workers);
    if (pool->workers == NULL || pool_init_locks(pool) != SEG_OK) {
        segi_free(mem, pool->workers);
        segi_free(mem, pool);
        return segi_fail_nomem(err);
    }
    atomic_init(&pool->tickets, 0);
    atomic_init(&pool->stop, false);
    *out = pool;
    return SEG_OK;
}

void segi_pool_destroy(segi_pool *pool)
{
    if (pool == NULL)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store_explicit(&pool->stop, true, memory_order_relaxed);
    pthread_cond_broadcast(&pool->work);
    pthread_mutex_unlock(&pool->lock);
    for (uint32_t i = 0; i < pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->work);
    pthread_mutex_destroy(&pool->lock);
    segi_mem mem = pool->mem;
    segi_free(&mem, pool->workers);
    segi_free(&mem, pool);
}

void segi_pool_run(segi_pool *pool, uint32_t count, segi_pool_function *function, void *context)
{
    if (count <= 1) {
        if (count == 1)
            function(context, 0);
        return;
    }
    pool_run run = {.function = function, .context = context, .count = count, .taken = 1};
    uint32_t others = count - 1;
    atomic_init(&run.unfinished, others);

    pthread_mutex_lock(&pool->lock);
    if (pool->last == NULL || pool->first == NULL)
        pool->first = &run;
    else
        pool->last->next = &run;
    pool->last = &run;
    atomic_fetch_add_explicit(&pool->tickets, others, memory_order_relaxed);
    /* Demand is summed over runs, so that two callers at once get threads for both. */
    pool->demand += others;
    pool_start_threads(pool);
    pool_spread(pool);
    uint32_t wake = pool->sleepers < others ? pool->sleepers : others;
    pthread_mutex_unlock(&pool->lock);
    /* Signalled without the lock: a woken thread would only run into it. */
    for (uint32_t i = 0; i < wake; i++)
        pthread_cond_signal(&pool->work);

    function(context, 0);

    /* What no worker took by now is done here. */
    pthread_mutex_lock(&pool->lock);
    while (run.taken < run.count) {
        uint32_t index = run_take(pool, &run);
        pthread_mutex_unlock(&pool->lock);
        function(context, index);
        atomic_fetch_sub_explicit(&run.unfinished, 1, memory_order_relaxed);
        pthread_mutex_lock(&pool->lock);
    }
    pool->demand -= others;
    pthread_mutex_unlock(&pool->lock);
    run_wait(pool, &run);
}
