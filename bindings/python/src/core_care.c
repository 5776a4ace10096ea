/* core_care.c - methods of the store that keep its file in order, and those that forget. */
#include "core.h"

/* ---- care of the file ------------------------------------------------------------------------ */

typedef struct care_job {
    seg_store *store;
    seg_maintain_options maintain;
    int32_t more;
    const char *path;
    Py_ssize_t path_size;
    uint32_t level;
    PyObject *faults; /* list */
    seg_store_stats stats;
} care_job;

static seg_status checkpoint_run(void *argument, seg_error *err)
{
    return seg_store_checkpoint(((care_job *)argument)->store, err);
}

PyObject *core_store_checkpoint(PyObject *store, PyObject *ignored)
{
    care_job job = {.store = NULL};
    (void)ignored;
    if (core_store_run((core_store *)store, checkpoint_run, &job, &job.store) != 0)
        return NULL;
    Py_RETURN_NONE;
}

static seg_status maintain_run(void *argument, seg_error *err)
{
    care_job *j = argument;
    return seg_store_maintain(j->store, &j->maintain, &j->more, err);
}

/* Store._maintain(rows, bytes): whether there is more to do. */
PyObject *core_store_maintain(PyObject *store, PyObject *args)
{
    care_job job = {.maintain = SEG_MAINTAIN_OPTIONS_INIT};
    unsigned long long rows, bytes;
    if (!PyArg_ParseTuple(args, "KK", &rows, &bytes))
        return NULL;
    job.maintain.budget_rows = rows;
    job.maintain.budget_bytes = bytes;
    if (core_store_run((core_store *)store, maintain_run, &job, &job.store) != 0)
        return NULL;
    return PyBool_FromLong(job.more);
}

/* What a fault points to ends with this call, so Python's objects are made here, for which the
 * interpreter's lock is taken again. */
static void fault_add(void *user, const seg_fault *fault)
{
    care_job *j = user;
    PyGILState_STATE state = PyGILState_Ensure();
    core_list_add(&j->faults, Py_BuildValue("sKKs", fault->file, (unsigned long long)fault->offset,
                                            (unsigned long long)fault->block, fault->what));
    PyGILState_Release(state);
}

static seg_status check_run(void *argument, seg_error *err)
{
    care_job *j = argument;
    return seg_store_check(j->store, j->level, fault_add, j, NULL, err);
}

/* Store._check(level): [(file, offset, block, what)] */
PyObject *core_store_check(PyObject *store, PyObject *level)
{
    care_job job = {.level = (uint32_t)PyLong_AsUnsignedLong(level)};
    if (PyErr_Occurred() || (job.faults = PyList_New(0)) == NULL)
        return NULL;
    if (core_store_run((core_store *)store, check_run, &job, &job.store) != 0)
        Py_CLEAR(job.faults);
    return job.faults;
}

typedef struct salvage_job {
    care_job care; /* the faults */
    const char *from, *to;
    Py_ssize_t from_size, to_size;
    seg_salvage_options options;
    seg_salvage_report report;
} salvage_job;

static seg_status salvage_run(void *argument, seg_error *err)
{
    salvage_job *j = argument;
    return seg_store_salvage(j->from, (size_t)j->from_size, j->to, (size_t)j->to_size, &j->options,
                             &j->report, err);
}

/* salvage(from, to, memory_limit): (faults, the figures in the order of seg.SalvageReport) */
PyObject *core_salvage(PyObject *module, PyObject *args)
{
    unsigned long long memory_limit;
    salvage_job job = {.options = SEG_SALVAGE_OPTIONS_INIT,
                       .report = {.struct_size = sizeof(seg_salvage_report)}};
    (void)module;
    if (!PyArg_ParseTuple(args, "s#s#K", &job.from, &job.from_size, &job.to, &job.to_size,
                          &memory_limit) ||
        (job.care.faults = PyList_New(0)) == NULL)
        return NULL;
    job.options.memory_limit = memory_limit;
    job.options.report = fault_add;
    job.options.report_user = &job.care;
    if (core_run(salvage_run, &job, NULL, 0, NULL) != 0)
        Py_CLEAR(job.care.faults);
    if (job.care.faults == NULL)
        return NULL;
    const seg_salvage_report *r = &job.report;
    return Py_BuildValue("N(OKKKKKKKKKKKO)", job.care.faults, r->complete ? Py_True : Py_False,
                         (unsigned long long)r->blocks, (unsigned long long)r->blocks_lost,
                         (unsigned long long)r->users, (unsigned long long)r->users_lost,
                         (unsigned long long)r->events, (unsigned long long)r->events_lost,
                         (unsigned long long)r->attributes_lost,
                         (unsigned long long)r->properties_lost,
                         (unsigned long long)r->strings_lost, (unsigned long long)r->event_ids_lost,
                         (unsigned long long)r->records, r->log_lost ? Py_True : Py_False);
}

static seg_status backup_run(void *argument, seg_error *err)
{
    care_job *j = argument;
    return seg_store_backup(j->store, j->path, (size_t)j->path_size, err);
}

/* Store._backup(path) */
PyObject *core_store_backup(PyObject *store, PyObject *args)
{
    care_job job = {.store = NULL};
    if (!PyArg_ParseTuple(args, "s#", &job.path, &job.path_size) ||
        core_store_run((core_store *)store, backup_run, &job, &job.store) != 0)
        return NULL;
    Py_RETURN_NONE;
}

static seg_status stats_run(void *argument, seg_error *err)
{
    care_job *j = argument;
    return seg_store_get_stats(j->store, &j->stats, err);
}

/* Store._stats(): the figures in the order of seg.StoreStats. The name of the zone ends with the
 * store, so the store is held a moment longer than the call. */
PyObject *core_store_stats(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    care_job job = {.stats = {.struct_size = sizeof job.stats}};
    PyObject *result = NULL;
    (void)ignored;
    if (core_store_borrow(self) == NULL)
        return NULL;
    const seg_store_stats *s = &job.stats;
    if (core_store_run(self, stats_run, &job, &job.store) == 0)
        result = Py_BuildValue(
            "sIOKKKKKKKKKKKKKKK", s->timezone, s->week_start, s->poisoned ? Py_True : Py_False,
            (unsigned long long)s->generation, (unsigned long long)s->file_bytes,
            (unsigned long long)s->block_bytes, (unsigned long long)s->block_count,
            (unsigned long long)s->free_bytes, (unsigned long long)s->dropped_bytes,
            (unsigned long long)s->log_bytes, (unsigned long long)s->log_used,
            (unsigned long long)s->log_records, (unsigned long long)s->pins,
            (unsigned long long)s->memory_bytes, (unsigned long long)s->event_bytes,
            (unsigned long long)s->attribute_bytes, (unsigned long long)s->id_bytes,
            (unsigned long long)s->event_id_bytes);
    core_store_return(self);
    return result;
}

/* ---- erasing customers ----------------------------------------------------------------------- */

typedef struct erase_job {
    seg_store *store;
    core_ids_in ids;
    seg_erase_options options;
    seg_erase_receipt receipt;
} erase_job;

static seg_status erase_run(void *argument, seg_error *err)
{
    erase_job *j = argument;
    uint64_t count = (uint64_t)j->ids.count;
    if (j->ids.offsets != NULL)
        return seg_store_erase_users(j->store, j->ids.bytes, j->ids.offsets, count, &j->options,
                                     &j->receipt, err);
    return seg_store_erase_users_u64(j->store, j->ids.numbers, count, &j->options, &j->receipt,
                                     err);
}

/* Store._erase(ids, refuse): the figures in the order of seg.EraseReceipt. */
PyObject *core_store_erase(PyObject *object, PyObject *args)
{
    core_store *self = (core_store *)object;
    erase_job job = {.options = SEG_ERASE_OPTIONS_INIT,
                     .receipt = {.struct_size = sizeof(seg_erase_receipt)}};
    PyObject *value;
    int refuse;
    if (!PyArg_ParseTuple(args, "Op", &value, &refuse) ||
        core_ids_read(self->ids, value, &job.ids) != 0)
        return NULL;
    job.options.flags = refuse ? SEG_ERASE_REFUSE : 0;
    int result = core_store_run(self, erase_run, &job, &job.store);
    core_ids_clear(&job.ids);
    const seg_erase_receipt *r = &job.receipt;
    if (result != 0)
        return NULL;
    return Py_BuildValue(
        "KKKKKKKKKK", (unsigned long long)r->commit_sequence, (unsigned long long)r->users_erased,
        (unsigned long long)r->ids_unknown, (unsigned long long)r->ids_refused,
        (unsigned long long)r->events_removed, (unsigned long long)r->values_removed,
        (unsigned long long)r->event_ids_removed, (unsigned long long)r->strings_removed,
        (unsigned long long)r->parts_rewritten, (unsigned long long)r->views_open);
}

/* Store._views_open() */
PyObject *core_store_views_open(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    seg_store *store = core_store_borrow(self);
    (void)ignored;
    if (store == NULL)
        return NULL;
    PyThreadState *state = PyEval_SaveThread();
    uint64_t count = seg_store_views_open(store);
    PyEval_RestoreThread(state);
    core_store_return(self);
    return PyLong_FromUnsignedLongLong(count);
}

/* ---- retention ------------------------------------------------------------------------------- */

typedef struct keep_job {
    seg_store *store;
    const char *event; /* NULL: all without a rule of their own */
    Py_ssize_t event_size;
    uint64_t keep_us;
    int64_t now;
    seg_expire_report report;
} keep_job;

static seg_status set_retention_run(void *argument, seg_error *err)
{
    keep_job *j = argument;
    return seg_store_set_retention(j->store, j->event, (size_t)j->event_size, j->keep_us, err);
}

/* Store._set_retention(event or None, microseconds) */
PyObject *core_store_set_retention(PyObject *store, PyObject *args)
{
    keep_job job = {.store = NULL};
    unsigned long long keep_us;
    if (!PyArg_ParseTuple(args, "z#K", &job.event, &job.event_size, &keep_us))
        return NULL;
    job.keep_us = keep_us;
    if (core_store_run((core_store *)store, set_retention_run, &job, &job.store) != 0)
        return NULL;
    Py_RETURN_NONE;
}

static seg_status retention_run(void *argument, seg_error *err)
{
    keep_job *j = argument;
    return seg_store_get_retention(j->store, j->event, (size_t)j->event_size, &j->keep_us, err);
}

/* Store._retention(event or None): microseconds */
PyObject *core_store_retention(PyObject *store, PyObject *args)
{
    keep_job job = {.store = NULL};
    if (!PyArg_ParseTuple(args, "z#", &job.event, &job.event_size) ||
        core_store_run((core_store *)store, retention_run, &job, &job.store) != 0)
        return NULL;
    return PyLong_FromUnsignedLongLong(job.keep_us);
}

static seg_status expire_run(void *argument, seg_error *err)
{
    keep_job *j = argument;
    return seg_store_expire(j->store, j->now, &j->report, err);
}

/* Store._expire(now): the figures in the order of seg.ExpireReport. */
PyObject *core_store_expire(PyObject *store, PyObject *now)
{
    keep_job job = {.report = {.struct_size = sizeof job.report}};
    if (core_time(now, &job.now) != 0 ||
        core_store_run((core_store *)store, expire_run, &job, &job.store) != 0)
        return NULL;
    const seg_expire_report *r = &job.report;
    return Py_BuildValue("KKKKK", (unsigned long long)r->commit_sequence,
                         (unsigned long long)r->events_removed,
                         (unsigned long long)r->strings_removed,
                         (unsigned long long)r->parts_rewritten, (unsigned long long)r->views_open);
}
