/* core_evaluate.c - evaluations of segments and classes, which Ctrl-C can end. */
#include "core.h"

/* Rows (users and events) of a snapshot from which on an evaluation may take long enough for
 * somebody to press Ctrl-C: below it, it takes a tenth of a second at the very worst. */
#define LONG_ROWS 1000000u

/* One segment goes the direct way, which needs no common program. */
static seg_status evaluate_run(void *argument, seg_error *err)
{
    core_evaluation *j = argument;
    switch (j->want) {
    case CORE_WANT_COUNT:
        return seg_segment_count(j->segments[0], j->snapshot, j->now, &j->options, &j->members,
                                 err);
    case CORE_WANT_TEXT:
        return seg_segment_explain(j->segments[0], j->snapshot, j->now, j->explain, &j->options,
                                   &j->text, err);
    case CORE_WANT_LABELS:
        return seg_class_evaluate(j->labels, j->snapshot, j->now, &j->options, j->sets, err);
    case CORE_WANT_SCORES:
        return seg_class_scores(j->labels, j->snapshot, j->now, &j->options, j->measure, j->users,
                                j->cuts, err);
    case CORE_WANT_FROZEN:
        return seg_class_freeze(j->labels, j->snapshot, j->now, &j->options, &j->frozen, err);
    default: break;
    }
    if (j->count == 1)
        return seg_segment_evaluate(j->segments[0], j->snapshot, j->now, &j->options, &j->sets[0],
                                    err);
    return seg_segments_evaluate(j->segments, j->count, j->snapshot, j->now, &j->options, j->sets,
                                 err);
}

/* Counted in rows, because time depends on the machine and the predicate; in doubt it is long. */
static int is_long(const core_evaluation *job)
{
    seg_snapshot_info info = {.struct_size = sizeof info};
    if (seg_snapshot_get_info(job->snapshot, &info, NULL) != SEG_OK)
        return 1;
    return (info.user_count + info.event_count) * (job->count > 0 ? job->count : 1) > LONG_ROWS;
}

int core_evaluate(core_evaluation *job, PyObject *snapshot, PyObject *now, unsigned threads,
                  PyObject *among, PyObject *progress)
{
    seg_error err = SEG_ERROR_INIT;
    if (!PyObject_TypeCheck(snapshot, core_snapshot_type) ||
        (among != Py_None && !PyObject_TypeCheck(among, core_set_type))) {
        PyErr_SetString(PyExc_TypeError, "expected a Snapshot, and a Set or None");
        return -1;
    }
    if (core_time(now, &job->now) != 0)
        return -1;
    job->snapshot = ((core_snapshot *)snapshot)->snapshot;
    job->options = (seg_eval_options)SEG_EVAL_OPTIONS_INIT;
    job->options.threads = threads;
    if (among != Py_None)
        job->options.among = ((core_set *)among)->set;
    seg_task *task = NULL;
    if (seg_task_create(NULL, &task, &err) != SEG_OK) {
        core_fail(&err);
        return -1;
    }
    job->options.task = task;
    int result = core_run(evaluate_run, job, task, is_long(job), progress);
    seg_task_destroy(task);
    return result;
}

PyObject *core_evaluation_sets(PyObject *cls, core_snapshot *snapshot, core_evaluation *job)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; i < job->count; i++) {
        PyObject *set = NULL;
        if (list != NULL)
            set = core_set_wrap(cls, snapshot, job->sets[i], job->now);
        else
            seg_set_release(job->sets[i]);
        job->sets[i] = NULL;
        if (list != NULL)
            core_list_add(&list, set);
    }
    return list;
}
