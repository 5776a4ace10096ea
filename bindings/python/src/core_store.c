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
void core_store_return(core_store *store)
{
    store->uses--;
    if (store->uses > 0 || !store->closing || store->store == NULL)
        return;
    seg_store *handle = store->store;
    store->store = NULL;
    PyThreadState *state = PyEval_SaveThread();
    (void)seg_store_close(handle, NULL);
    PyEval_RestoreThread(state);
}

/* ---- Store: begin and end -------------------------------------------------------------------- */

typedef struct open_job {
    seg_store_options options;
    seg_store *store;
} open_job;

/* Opening may read the zone's file, so it happens without the interpreter's lock. */
static seg_status open_run(void *argument, seg_error *err)
{
    open_job *job = argument;
    return seg_store_open(":memory:", 8, &job->options, &job->store, err);
}

/* Store._open(cls, path, timezone, ids, week_start, threads, dedup_us) */
static PyObject *store_open(PyObject *cls, PyObject *args)
{
    const char *path, *timezone;
    Py_ssize_t path_size, timezone_size;
    int ids;
    unsigned week_start, threads;
    unsigned long long dedup_us;
    open_job job = {.options = SEG_STORE_OPTIONS_INIT};
    if (!PyArg_ParseTuple(args, "s#s#iIIK", &path, &path_size, &timezone, &timezone_size, &ids,
                          &week_start, &threads, &dedup_us))
        return NULL;
    if (strcmp(path, ":memory:") != 0) {
        PyErr_SetString(PyExc_ValueError, "the path of a store is \":memory:\" in this version");
        return NULL;
    }
    job.options.timezone = timezone;
    job.options.timezone_size = (uint64_t)timezone_size;
    job.options.id_kind = ids == CORE_IDS_INT ? SEG_ID_U64 : SEG_ID_BYTES;
    job.options.week_start = week_start;
    job.options.threads_max = threads;
    job.options.dedup_window_us = dedup_us;
    core_store *self = core_new(cls, core_store_type);
    if (self == NULL)
        return NULL;
    self->ids = ids;
    if (core_run(open_run, &job, NULL, 0, NULL) != 0) {
        Py_DECREF(self);
        return NULL;
    }
    self->store = job.store;
    return (PyObject *)self;
}

/* The call counts as a use of its own, so that the last one to return does the closing. */
static PyObject *store_close(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    (void)ignored;
    if (self->store != NULL && !self->closing) {
        self->closing = 1;
        self->uses++;
        core_store_return(self);
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
    snapshot_job job = {.store = core_store_borrow(self)};
    if (job.store == NULL)
        return NULL;
    core_snapshot *made = core_new(cls, core_snapshot_type);
    int failed = made == NULL || core_run(snapshot_run, &job, NULL, 0, NULL) != 0;
    core_store_return(self);
    if (failed) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef(object);
    made->snapshot = job.snapshot;
    return (PyObject *)made;
}

/* Compile a text, or load by name. Compiling takes microseconds and the lock of the store, which
 * another thread may hold for a commit: the interpreter's is let go. */
typedef struct segment_job {
    seg_store *store;
    const char *text;
    size_t size;
    uint32_t flags;
    int load;
    seg_segment *segment;
} segment_job;

static seg_status segment_run(void *argument, seg_error *err)
{
    segment_job *job = argument;
    return job->load ? seg_segment_load(job->store, job->text, job->size, &job->segment, err)
                     : seg_segment_compile(job->store, job->text, job->size, job->flags,
                                           &job->segment, err);
}

/* The wrapper is made first: what the library made would otherwise have to be undone. */
static PyObject *store_segment(core_store *self, PyObject *cls, segment_job *job)
{
    job->store = core_store_borrow(self);
    if (job->store == NULL)
        return NULL;
    core_segment *made = core_new(cls, core_segment_type);
    int failed = made == NULL || core_run(segment_run, job, NULL, 0, NULL) != 0;
    core_store_return(self);
    if (failed) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef((PyObject *)self);
    made->segment = job->segment;
    return (PyObject *)made;
}

/* Store._compile(cls, text, flags) */
static PyObject *store_compile(PyObject *object, PyObject *args)
{
    PyObject *cls;
    Py_ssize_t size;
    unsigned flags;
    segment_job job = {.load = 0};
    if (!PyArg_ParseTuple(args, "Os#I", &cls, &job.text, &size, &flags))
        return NULL;
    job.size = (size_t)size;
    job.flags = flags;
    return store_segment((core_store *)object, cls, &job);
}

/* Store._load(cls, name) */
static PyObject *store_load(PyObject *object, PyObject *args)
{
    PyObject *cls;
    Py_ssize_t size;
    segment_job job = {.load = 1};
    if (!PyArg_ParseTuple(args, "Os#", &cls, &job.text, &size))
        return NULL;
    job.size = (size_t)size;
    return store_segment((core_store *)object, cls, &job);
}

/* ---- Store: definitions ---------------------------------------------------------------------- */

/* One call that defines something; which one is told by `what`. */
typedef struct define_job {
    seg_store *store;
    enum {
        DEFINE_SEGMENT,
        DROP_SEGMENT,
        DEFINE_ATTRIBUTE,
        DEFINE_EVENT,
        DEFINE_PROPERTY
    } what;
    const char *event, *name, *text;
    Py_ssize_t event_size, name_size, text_size;
    int type, scale;
    uint64_t version;
} define_job;

/* Definitions wait for a commit under way in another thread. */
static seg_status define_run(void *argument, seg_error *err)
{
    define_job *j = argument;
    size_t event_size = (size_t)j->event_size, name_size = (size_t)j->name_size;
    switch (j->what) {
    case DEFINE_SEGMENT:
        return seg_store_define_segment(j->store, j->name, name_size, j->text, (size_t)j->text_size,
                                        &j->version, err);
    case DROP_SEGMENT: return seg_store_drop_segment(j->store, j->name, name_size, err);
    case DEFINE_ATTRIBUTE:
        return seg_store_define_attribute(j->store, j->name, name_size, j->type, j->scale, err);
    case DEFINE_EVENT: return seg_store_define_event(j->store, j->name, name_size, err);
    default:
        return seg_store_define_property(j->store, j->event, event_size, j->name, name_size,
                                         j->type, j->scale, err);
    }
}

static int store_define(PyObject *object, define_job *job)
{
    core_store *self = (core_store *)object;
    job->store = core_store_borrow(self);
    if (job->store == NULL)
        return -1;
    int result = core_run(define_run, job, NULL, 0, NULL);
    core_store_return(self);
    return result;
}

/* Store._define_segment(name, text): the version. */
static PyObject *store_define_segment(PyObject *object, PyObject *args)
{
    define_job job = {.what = DEFINE_SEGMENT};
    if (!PyArg_ParseTuple(args, "s#s#", &job.name, &job.name_size, &job.text, &job.text_size) ||
        store_define(object, &job) != 0)
        return NULL;
    return PyLong_FromUnsignedLongLong(job.version);
}

static PyObject *store_drop_segment(PyObject *object, PyObject *args)
{
    define_job job = {.what = DROP_SEGMENT};
    if (!PyArg_ParseTuple(args, "s#", &job.name, &job.name_size) || store_define(object, &job) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Store._define_column(event or None, name or None, type, scale) */
static PyObject *store_define_column(PyObject *object, PyObject *args)
{
    define_job job = {.what = DEFINE_PROPERTY};
    if (!PyArg_ParseTuple(args, "z#z#ii", &job.event, &job.event_size, &job.name, &job.name_size,
                          &job.type, &job.scale))
        return NULL;
    if (job.event == NULL)
        job.what = DEFINE_ATTRIBUTE;
    if (job.name == NULL) {
        job.what = DEFINE_EVENT;
        job.name = job.event;
        job.name_size = job.event_size;
    }
    if (store_define(object, &job) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Store._columns(): [(event or None, name or None, type, scale)] */
static PyObject *store_columns(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    seg_store *store = core_store_borrow(self);
    (void)ignored;
    if (store == NULL)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_store_column_count(store);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_error err = SEG_ERROR_INIT;
        seg_column_info info = {.struct_size = sizeof info};
        PyObject *entry = NULL;
        if (seg_store_column_at(store, i, &info, &err) != SEG_OK)
            core_fail(&err);
        else
            entry = Py_BuildValue("z#z#ii", info.event, (Py_ssize_t)info.event_size, info.name,
                                  (Py_ssize_t)info.name_size, (int)info.type, (int)info.scale);
        if (entry == NULL || PyList_Append(list, entry) != 0)
            Py_CLEAR(list);
        Py_XDECREF(entry);
    }
    core_store_return(self);
    return list;
}

static PyMethodDef store_methods[] = {
    {"_open", store_open, METH_VARARGS | METH_CLASS, NULL},
    {"close", store_close, METH_NOARGS,
     "close($self, /)\n--\n\nClose the store. Snapshots and sets made from it stay valid."},
    {"_snapshot", store_snapshot, METH_O, NULL},
    {"_compile", store_compile, METH_VARARGS, NULL},
    {"_load", store_load, METH_VARARGS, NULL},
    {"_define_segment", store_define_segment, METH_VARARGS, NULL},
    {"_drop_segment", store_drop_segment, METH_VARARGS, NULL},
    {"_define_column", store_define_column, METH_VARARGS, NULL},
    {"_columns", store_columns, METH_NOARGS, NULL},
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
