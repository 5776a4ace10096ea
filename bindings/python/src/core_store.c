/* core_store.c - the types Store and Snapshot. */
#include "core.h"

/* ---- borrowing the handle -------------------------------------------------------------------- */

seg_store *core_store_borrow(core_store *store)
{
    if (store->store == NULL || store->closing) {
        seg_error err = SEG_ERROR_INIT;
        err.code = SEG_E_MISUSE;
        memcpy(err.message, "the store is closed", sizeof "the store is closed");
        core_fail(&err);
        return NULL;
    }
    store->uses++;
    return store->store;
}

/* What closes is the last to go, whoever asked for it. */
static seg_status store_return(core_store *store, seg_error *err)
{
    store->uses--;
    if (store->uses > 0 || !store->closing || store->store == NULL)
        return SEG_OK;
    seg_store *handle = store->store;
    store->store = NULL;
    PyThreadState *state = PyEval_SaveThread();
    seg_status status = seg_store_close(handle, err);
    PyEval_RestoreThread(state);
    return status;
}

/* Whatever the end of the store said, the answer of the call that comes back here is no less
 * right, and what was committed is safe. */
void core_store_return(core_store *store)
{
    (void)store_return(store, NULL);
}

int core_store_run(core_store *store, core_job *job, void *argument, seg_store **slot)
{
    *slot = core_store_borrow(store);
    if (*slot == NULL)
        return -1;
    int result = core_run(job, argument, NULL, 0, NULL);
    core_store_return(store);
    return result;
}

/* ---- Store: begin and end -------------------------------------------------------------------- */

typedef struct open_job {
    const char *path;
    size_t path_size;
    seg_store_options options;
    seg_store *store;
    seg_store_stats stats;
} open_job;

/* Opening reads files and may repair after a crash, so it happens without the interpreter's
 * lock. The figures tell what a file has whose options were left open. */
static seg_status open_run(void *argument, seg_error *err)
{
    open_job *job = argument;
    seg_status status = seg_store_open(job->path, job->path_size, &job->options, &job->store, err);
    if (status == SEG_OK)
        status = seg_store_get_stats(job->store, &job->stats, err);
    return status;
}

/* Store._open(cls, path, timezone or None, ids or -1, week_start, threads, dedup_us, flags,
 * durability, memory_limit, log_bytes) */
static PyObject *store_open(PyObject *cls, PyObject *args)
{
    Py_ssize_t path_size, timezone_size;
    int ids;
    unsigned week_start, threads, flags, durability;
    unsigned long long dedup_us, memory_limit, log_bytes;
    open_job job = {.options = SEG_STORE_OPTIONS_INIT, .stats = {.struct_size = sizeof job.stats}};
    seg_store_options *o = &job.options;
    if (!PyArg_ParseTuple(args, "s#z#iIIKIIKK", &job.path, &path_size, &o->timezone, &timezone_size,
                          &ids, &week_start, &threads, &dedup_us, &flags, &durability,
                          &memory_limit, &log_bytes))
        return NULL;
    job.path_size = (size_t)path_size;
    o->timezone_size = (uint64_t)timezone_size;
    o->id_kind = ids == CORE_IDS_INT ? SEG_ID_U64 : SEG_ID_BYTES;
    o->week_start = week_start;
    o->threads_max = threads;
    o->dedup_window_us = dedup_us;
    o->flags = flags;
    o->durability = durability;
    o->memory_limit = memory_limit;
    o->log_bytes_max = log_bytes;
    core_store *self = core_new(cls, core_store_type);
    if (self == NULL)
        return NULL;
    int result = core_run(open_run, &job, NULL, 0, NULL);
    self->store = job.store;
    self->ids = ids >= 0 ? ids : job.stats.id_kind == SEG_ID_U64 ? CORE_IDS_INT : CORE_IDS_STR;
    if (result == 0 && (self->ids == CORE_IDS_INT) != (job.stats.id_kind == SEG_ID_U64)) {
        PyErr_SetString(PyExc_ValueError, "the ids of this store are integers: ids='int'");
        result = -1;
    }
    if (result != 0) {
        self->closing = 1; /* no warning: nobody has had it in hand */
        Py_CLEAR(self);
    }
    return (PyObject *)self;
}

/* The call counts as a use of its own, so that the last one to return does the closing. */
static PyObject *store_close(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    seg_error err = SEG_ERROR_INIT;
    (void)ignored;
    if (self->store != NULL && !self->closing) {
        self->closing = 1;
        self->uses++;
        if (store_return(self, &err) != SEG_OK)
            return core_fail(&err);
    }
    Py_RETURN_NONE;
}

/* The destructor may run while an exception is on its way, which the warning must not disturb.
 * Sets keep their store object, so nothing of it is in use any more here. */
static void store_dealloc(PyObject *object)
{
    core_store *self = (core_store *)object;
    if (self->store != NULL && !self->closing) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        if (PyErr_ResourceWarning(NULL, 1, "a seg.Store was not closed; use `with` or close()"))
            PyErr_WriteUnraisable(NULL);
        PyErr_Restore(type, value, traceback);
    }
    if (self->store != NULL)
        (void)seg_store_close(self->store, NULL);
    core_free(object);
}

/* Closed also while others are still under way: nothing new begins. */
static PyObject *store_closed(PyObject *object, void *closure)
{
    const core_store *self = (core_store *)object;
    (void)closure;
    return PyBool_FromLong(self->store == NULL || self->closing);
}

static PyObject *store_ids(PyObject *object, void *closure)
{
    static const char *const names[] = {"str", "bytes", "int"};
    (void)closure;
    return PyUnicode_FromString(names[((core_store *)object)->ids]);
}

/* ---- Store: snapshots and segments ----------------------------------------------------------- */

typedef struct snapshot_job {
    seg_store *store;
    seg_snapshot *snapshot;
} snapshot_job;

/* A snapshot may seal what the last commits brought, which is work. */
static seg_status snapshot_run(void *argument, seg_error *err)
{
    snapshot_job *job = argument;
    return seg_snapshot_create(job->store, &job->snapshot, err);
}

/* Store._snapshot(cls) */
static PyObject *store_snapshot(PyObject *object, PyObject *cls)
{
    core_store *self = (core_store *)object;
    snapshot_job job = {.store = NULL};
    core_snapshot *made = core_new(cls, core_snapshot_type);
    if (made == NULL || core_store_run(self, snapshot_run, &job, &job.store) != 0) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef(object);
    made->snapshot = job.snapshot;
    return (PyObject *)made;
}

/* What a segment is made from. */
enum {
    FROM_TEXT,
    FROM_JSON,
    FROM_NAME
};

/* Compiling takes microseconds and the lock of the store, which another thread may hold for a
 * commit: the interpreter's is let go. */
typedef struct segment_job {
    seg_store *store;
    const char *text;
    size_t size;
    uint32_t flags;
    int from; /* FROM_* */
    seg_segment *segment;
} segment_job;

static seg_status segment_run(void *argument, seg_error *err)
{
    segment_job *job = argument;
    switch (job->from) {
    case FROM_JSON:
        return seg_segment_compile_json(job->store, job->text, job->size, job->flags, &job->segment,
                                        err);
    case FROM_NAME: return seg_segment_load(job->store, job->text, job->size, &job->segment, err);
    default:
        return seg_segment_compile(job->store, job->text, job->size, job->flags, &job->segment,
                                   err);
    }
}

/* The wrapper is made first: what the library made would otherwise have to be undone. */
static PyObject *store_segment(core_store *self, PyObject *cls, segment_job *job)
{
    core_segment *made = core_new(cls, core_segment_type);
    if (made == NULL || core_store_run(self, segment_run, job, &job->store) != 0) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef((PyObject *)self);
    made->segment = job->segment;
    return (PyObject *)made;
}

/* Store._compile(cls, from, text, flags) */
static PyObject *store_compile(PyObject *object, PyObject *args)
{
    PyObject *cls;
    Py_ssize_t size;
    unsigned flags;
    segment_job job = {.from = FROM_TEXT};
    if (!PyArg_ParseTuple(args, "Ois#I", &cls, &job.from, &job.text, &size, &flags))
        return NULL;
    job.size = (size_t)size;
    job.flags = flags;
    return store_segment((core_store *)object, cls, &job);
}

static PyMethodDef store_methods[] = {
    {"_open", store_open, METH_VARARGS | METH_CLASS, NULL},
    {"close", store_close, METH_NOARGS,
     "close($self, /)\n--\n\nClose the store. Snapshots and sets made from it stay valid."},
    {"_snapshot", store_snapshot, METH_O, NULL},
    {"_compile", store_compile, METH_VARARGS, NULL},
    {"_class", core_store_class, METH_VARARGS, NULL},
    {"_lint", core_store_lint, METH_VARARGS, NULL},
    {"_define_text", core_store_define_text, METH_VARARGS, NULL},
    {"_define_occasion", core_store_define_occasion, METH_VARARGS, NULL},
    {"_define_column", core_store_define_column, METH_VARARGS, NULL},
    {"_drop", core_store_drop, METH_VARARGS, NULL},
    {"_texts", core_store_texts, METH_O, NULL},
    {"_occasions", core_store_occasions, METH_NOARGS, NULL},
    {"_columns", core_store_columns, METH_NOARGS, NULL},
    {"checkpoint", core_store_checkpoint, METH_NOARGS,
     "checkpoint($self, /)\n--\n\nWrite what the log holds into the file and empty the log. "
     "Commits do this by\nthemselves when the log has grown, and close() does."},
    {"_maintain", core_store_maintain, METH_VARARGS, NULL},
    {"_check", core_store_check, METH_O, NULL},
    {"_backup", core_store_backup, METH_VARARGS, NULL},
    {"_stats", core_store_stats, METH_NOARGS, NULL},
    {"_erase", core_store_erase, METH_VARARGS, NULL},
    {"_expire", core_store_expire, METH_O, NULL},
    {"_set_retention", core_store_set_retention, METH_VARARGS, NULL},
    {"_retention", core_store_retention, METH_VARARGS, NULL},
    {"_views_open", core_store_views_open, METH_NOARGS, NULL},
    {"_ingest_arrow", core_store_ingest_arrow, METH_VARARGS, NULL},
    {"_appender", core_store_appender, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef store_getset[] = {
    {"closed", store_closed, NULL, "Whether close() was called.", NULL},
    {"ids", store_ids, NULL, "How ids look in Python: 'str', 'bytes' or 'int'.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot store_slots[] = {
    {Py_tp_dealloc, store_dealloc},
    {Py_tp_methods, store_methods},
    {Py_tp_getset, store_getset},
    {0, NULL},
};

PyType_Spec core_store_spec = {
    .name = "seg._core.Store",
    .basicsize = sizeof(core_store),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = store_slots,
};

/* ---- Snapshot -------------------------------------------------------------------------------- */

/* The handle goes before the store object, though the library would not mind another order. */
static void snapshot_dealloc(PyObject *object)
{
    core_snapshot *self = (core_snapshot *)object;
    seg_snapshot_release(self->snapshot);
    Py_XDECREF((PyObject *)self->owner);
    core_free(object);
}

static PyObject *snapshot_store(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef((PyObject *)((core_snapshot *)object)->owner);
}

/* Snapshot._info(): (commit_sequence, users, events, parts, memory, time_min, time_max) */
static PyObject *snapshot_info(PyObject *object, PyObject *ignored)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = sizeof info};
    (void)ignored;
    if (seg_snapshot_get_info(((core_snapshot *)object)->snapshot, &info, &err) != SEG_OK)
        return core_fail(&err);
    return Py_BuildValue("KKKKKLL", (unsigned long long)info.commit_sequence,
                         (unsigned long long)info.user_count, (unsigned long long)info.event_count,
                         (unsigned long long)info.part_count, (unsigned long long)info.memory_bytes,
                         (long long)info.time_min, (long long)info.time_max);
}

/* Sets that are made from a snapshot alone. */
typedef struct make_job {
    seg_snapshot *snapshot;
    const core_ids_in *ids;
    uint32_t format; /* SEG_ROARING_*, with data */
    const void *data;
    size_t size;
    seg_set *set;
    uint64_t unknown;
} make_job;

/* The one of four calls that the job describes. */
static seg_status make_run(void *argument, seg_error *err)
{
    make_job *j = argument;
    if (j->format != 0)
        return seg_set_from_roaring(j->snapshot, j->format, j->data, j->size, &j->set, &j->unknown,
                                    err);
    if (j->ids == NULL)
        return seg_set_everyone(j->snapshot, &j->set, err);
    uint64_t count = (uint64_t)j->ids->count;
    return j->ids->offsets != NULL ? seg_set_from_ids(j->snapshot, j->ids->bytes, j->ids->offsets,
                                                      count, &j->set, &j->unknown, err)
                                   : seg_set_from_ids_u64(j->snapshot, j->ids->numbers, count,
                                                          &j->set, &j->unknown, err);
}

/* (set, ids that the snapshot does not know) */
static PyObject *snapshot_make(core_snapshot *self, PyObject *cls, make_job *job)
{
    job->snapshot = self->snapshot;
    if (core_run(make_run, job, NULL, 0, NULL) != 0)
        return NULL;
    PyObject *set = core_set_wrap(cls, self, job->set, 0);
    if (set == NULL)
        return NULL;
    return Py_BuildValue("NK", set, (unsigned long long)job->unknown);
}

/* Snapshot._everyone(cls) */
static PyObject *snapshot_everyone(PyObject *object, PyObject *cls)
{
    make_job job = {.ids = NULL};
    return snapshot_make((core_snapshot *)object, cls, &job);
}

/* Snapshot._from_ids(cls, ids) */
static PyObject *snapshot_from_ids(PyObject *object, PyObject *args)
{
    core_snapshot *self = (core_snapshot *)object;
    PyObject *cls, *value;
    core_ids_in ids;
    if (!PyArg_ParseTuple(args, "OO", &cls, &value) ||
        core_ids_read(self->owner->ids, value, &ids) != 0)
        return NULL;
    make_job job = {.ids = &ids};
    PyObject *result = snapshot_make(self, cls, &job);
    core_ids_clear(&ids);
    return result;
}

/* Snapshot._from_roaring(cls, format, data) */
static PyObject *snapshot_from_roaring(PyObject *object, PyObject *args)
{
    PyObject *cls;
    unsigned format;
    Py_buffer data;
    if (!PyArg_ParseTuple(args, "OIy*", &cls, &format, &data))
        return NULL;
    make_job job = {.format = format, .data = data.buf, .size = (size_t)data.len};
    PyObject *result = snapshot_make((core_snapshot *)object, cls, &job);
    PyBuffer_Release(&data);
    return result;
}

static PyMethodDef snapshot_methods[] = {
    {"_info", snapshot_info, METH_NOARGS, NULL},
    {"_everyone", snapshot_everyone, METH_O, NULL},
    {"_from_ids", snapshot_from_ids, METH_VARARGS, NULL},
    {"_from_roaring", snapshot_from_roaring, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef snapshot_getset[] = {
    {"_store", snapshot_store, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot snapshot_slots[] = {
    {Py_tp_dealloc, snapshot_dealloc},
    {Py_tp_methods, snapshot_methods},
    {Py_tp_getset, snapshot_getset},
    {0, NULL},
};

PyType_Spec core_snapshot_spec = {
    .name = "seg._core.Snapshot",
    .basicsize = sizeof(core_snapshot),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = snapshot_slots,
};
