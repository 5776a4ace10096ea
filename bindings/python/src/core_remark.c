/* core_remark.c - what there is to say about a predicate: by itself (lint), and about one customer
 * (why). */
#include "core.h"

/* ---- lint ------------------------------------------------------------------------------------ */

typedef struct lint_job {
    seg_store *store;
    const char *text;
    Py_ssize_t size;
    seg_lint_options options;
    seg_lint *lint;
} lint_job;

static seg_status lint_run(void *argument, seg_error *err)
{
    lint_job *j = argument;
    return seg_segment_lint(j->store, j->text, (size_t)j->size, &j->options, &j->lint, err);
}

/* Store._lint(text, flags, retention): [(level, code, id, message, hint, offset, length, line,
 * column)] */
PyObject *core_store_lint(PyObject *store, PyObject *args)
{
    lint_job job = {.options = SEG_LINT_OPTIONS_INIT};
    unsigned flags;
    long long retention;
    if (!PyArg_ParseTuple(args, "s#IL", &job.text, &job.size, &flags, &retention))
        return NULL;
    job.options.flags = flags;
    job.options.retention_us = retention;
    if (core_store_run((core_store *)store, lint_run, &job, &job.store) != 0)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_lint_count(job.lint);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_finding f = {.struct_size = sizeof f};
        core_noted(seg_lint_at(job.lint, i, &f, NULL));
        core_list_add(&list,
                      Py_BuildValue("IisssLLKI", (unsigned)f.level, (int)f.code, f.id, f.message,
                                    f.hint, (long long)f.offset, (long long)f.length,
                                    (unsigned long long)f.line, (unsigned)f.column));
    }
    seg_lint_destroy(job.lint);
    return list;
}

/* ---- why ------------------------------------------------------------------------------------- */

typedef struct why_job {
    const seg_segment *segment;
    seg_snapshot *snapshot;
    core_user user;
    int64_t now;
    seg_why_options options;
    seg_why *why;
} why_job;

static seg_status why_run(void *argument, seg_error *err)
{
    why_job *j = argument;
    if (j->user.is_number)
        return seg_segment_why_u64(j->segment, j->snapshot, j->user.number, j->now, &j->options,
                                   &j->why, err);
    return seg_segment_why(j->segment, j->snapshot, j->user.bytes, j->user.size, j->now,
                           &j->options, &j->why, err);
}

/* [(time, event type)] */
static PyObject *why_events(const seg_why *why, uint64_t node, uint64_t count)
{
    PyObject *list = PyList_New(0);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_why_event event = {.struct_size = sizeof event};
        core_noted(seg_why_event_at(why, node, i, &event, NULL));
        core_list_add(&list, Py_BuildValue("Ls#", (long long)event.time, event.type,
                                           (Py_ssize_t)event.type_size));
    }
    return list;
}

/* Segment._why(snapshot, user, now, horizon, events, flags): (horizon, [(parent or -1, member,
 * next kind, next, text, value, threshold, event count, events)]), parents before children. */
PyObject *core_segment_why(PyObject *object, PyObject *args)
{
    const core_segment *self = (core_segment *)object;
    PyObject *snapshot, *user, *now;
    long long horizon;
    unsigned events, flags;
    why_job job = {.segment = self->segment, .options = SEG_WHY_OPTIONS_INIT};
    if (!PyArg_ParseTuple(args, "O!OOLII", core_snapshot_type, &snapshot, &user, &now, &horizon,
                          &events, &flags) ||
        core_time(now, &job.now) != 0 || core_user_read(self->owner->ids, user, &job.user) != 0)
        return NULL;
    job.snapshot = ((core_snapshot *)snapshot)->snapshot;
    job.options.horizon_us = horizon;
    job.options.events_max = events;
    job.options.flags = flags;
    if (core_run(why_run, &job, NULL, 0, NULL) != 0)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_why_node_count(job.why);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_why_node n = {.struct_size = sizeof n};
        core_noted(seg_why_node_at(job.why, i, &n, NULL));
        core_list_add(&list,
                      Py_BuildValue("LOILsssKN", (long long)n.parent, n.member ? Py_True : Py_False,
                                    (unsigned)n.next_kind, (long long)n.next, n.text, n.value,
                                    n.threshold, (unsigned long long)n.event_count,
                                    why_events(job.why, i, n.shown_count)));
    }
    PyObject *result =
        list != NULL ? Py_BuildValue("LN", (long long)seg_why_horizon(job.why), list) : NULL;
    seg_why_destroy(job.why);
    return result;
}
