/* core_run.c - long calls that Ctrl-C can end.
 *
 * Python runs the handlers of signals in its main thread, and only while that thread is in the
 * interpreter. So a long call gets a thread of its own, and the calling one waits for it in short
 * steps, looking at signals in between; an exception of a handler becomes an interrupt of the
 * task. The thread costs some ten microseconds, which is why short calls do without. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "core.h"

#define STEP_NS 50000000L /* between two looks at signals */

typedef struct run {
    core_job *job;
    void *argument;
    seg_error err;
    seg_status status;
    pthread_mutex_t mutex;
    pthread_cond_t ended_now;
    int ended;
} run;

static void *run_main(void *pointer)
{
    run *r = pointer;
    seg_status status = r->job(r->argument, &r->err);
    pthread_mutex_lock(&r->mutex);
    r->status = status;
    r->ended = 1;
    pthread_cond_signal(&r->ended_now);
    pthread_mutex_unlock(&r->mutex);
    return NULL;
}

/* Signals are for the threads of the interpreter. */
static int run_start(run *r, pthread_t *thread)
{
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int code = pthread_create(thread, NULL, run_main, r);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return code;
}

/* Until the job ends or a step has passed; whether it ended. Without the interpreter's lock. */
static int run_wait(run *r)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += STEP_NS;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    pthread_mutex_lock(&r->mutex);
    int code = 0;
    while (!r->ended && code != ETIMEDOUT)
        code = pthread_cond_timedwait(&r->ended_now, &r->mutex, &until);
    int ended = r->ended;
    pthread_mutex_unlock(&r->mutex);
    return ended;
}

/* With the interpreter's lock: -1 with an exception where the call is to end. */
static int run_look(seg_task *task, PyObject *progress)
{
    if (PyErr_CheckSignals() != 0)
        return -1;
    if (progress == NULL)
        return 0;
    uint64_t done, total;
    seg_task_progress(task, &done, &total);
    PyObject *answer =
        PyObject_CallFunction(progress, "KK", (unsigned long long)done, (unsigned long long)total);
    Py_XDECREF(answer);
    return answer != NULL ? 0 : -1;
}

/* Whether an exception of Python ended the job. */
static int run_watched(run *r, seg_task *task, PyObject *progress)
{
    pthread_t thread;
    int raised = 0;
    pthread_mutex_init(&r->mutex, NULL);
    pthread_cond_init(&r->ended_now, NULL);
    PyThreadState *state = PyEval_SaveThread();
    if (run_start(r, &thread) != 0) {
        r->status = r->job(r->argument, &r->err);
    } else {
        while (!run_wait(r)) {
            if (raised)
                continue;
            PyEval_RestoreThread(state);
            raised = run_look(task, progress) != 0;
            state = PyEval_SaveThread();
            if (raised)
                seg_task_interrupt(task);
        }
        pthread_join(thread, NULL);
    }
    PyEval_RestoreThread(state);
    pthread_cond_destroy(&r->ended_now);
    pthread_mutex_destroy(&r->mutex);
    return raised;
}

int core_run(core_job *job, void *argument, seg_task *task, int is_long, PyObject *progress)
{
    run r = {.job = job, .argument = argument, .err = SEG_ERROR_INIT};
    if (progress == Py_None)
        progress = NULL;
    if (task != NULL && (is_long || progress != NULL)) {
        if (run_watched(&r, task, progress))
            return -1;
        /* The last state of affairs, also of a job that ended before the first step. */
        if (r.status == SEG_OK && progress != NULL && run_look(task, progress) != 0)
            return -1;
    } else {
        PyThreadState *state = PyEval_SaveThread();
        r.status = job(argument, &r.err);
        PyEval_RestoreThread(state);
    }
    if (r.status == SEG_OK)
        return 0;
    core_fail(&r.err);
    return -1;
}
