/* core_saved.c - methods of the store about what is defined: segments, classes and occasions under
 * their names, and columns. */
#include "core.h"

/* What a name stands for. */
enum {
    KIND_SEGMENT,
    KIND_CLASS,
    KIND_OCCASION
};

/* ---- defining and dropping ------------------------------------------------------------------- */

typedef struct define_job {
    seg_store *store;
    int kind, is_drop;
    const char *name, *text;
    Py_ssize_t name_size, text_size;
    const int32_t *days;
    uint64_t range_count;
    uint64_t version;
} define_job;

static seg_status drop_one(const define_job *j, seg_error *err)
{
    size_t name_size = (size_t)j->name_size;
    switch (j->kind) {
    case KIND_SEGMENT: return seg_store_drop_segment(j->store, j->name, name_size, err);
    case KIND_CLASS: return seg_store_drop_class(j->store, j->name, name_size, err);
    default: return seg_store_drop_occasion(j->store, j->name, name_size, err);
    }
}

/* Definitions wait for a commit under way in another thread. */
static seg_status define_run(void *argument, seg_error *err)
{
    define_job *j = argument;
    size_t name_size = (size_t)j->name_size, text_size = (size_t)j->text_size;
    if (j->is_drop)
        return drop_one(j, err);
    switch (j->kind) {
    case KIND_SEGMENT:
        return seg_store_define_segment(j->store, j->name, name_size, j->text, text_size,
                                        &j->version, err);
    case KIND_CLASS:
        return seg_store_define_class(j->store, j->name, name_size, j->text, text_size, &j->version,
                                      err);
    default:
        return seg_store_define_occasion(j->store, j->name, name_size, j->days, j->range_count,
                                         err);
    }
}

static int define(PyObject *store, define_job *job)
{
    return core_store_run((core_store *)store, define_run, job, &job->store);
}

/* Store._define_text(kind, name, text): the version. */
PyObject *core_store_define_text(PyObject *store, PyObject *args)
{
    define_job job = {.kind = KIND_SEGMENT};
    if (!PyArg_ParseTuple(args, "is#s#", &job.kind, &job.name, &job.name_size, &job.text,
                          &job.text_size) ||
        define(store, &job) != 0)
        return NULL;
    return PyLong_FromUnsignedLongLong(job.version);
}

/* Store._drop(kind, name) */
PyObject *core_store_drop(PyObject *store, PyObject *args)
{
    define_job job = {.is_drop = 1};
    if (!PyArg_ParseTuple(args, "is#", &job.kind, &job.name, &job.name_size) ||
        define(store, &job) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Pairs of dates into days. */
static int read_ranges(PyObject *ranges, int32_t *days)
{
    Py_ssize_t count = PyList_Size(ranges);
    for (Py_ssize_t i = 0; i < count; i++) {
        PyObject *first, *last, *pair = PyList_GetItem(ranges, i);
        if (pair == NULL || !PyTuple_Check(pair)) {
            PyErr_SetString(PyExc_TypeError, "expected pairs of dates");
            return -1;
        }
        if (!PyArg_ParseTuple(pair, "OO", &first, &last) || core_days(first, &days[2 * i]) != 0 ||
            core_days(last, &days[2 * i + 1]) != 0)
            return -1;
    }
    return 0;
}

/* Store._define_occasion(name, [(first, last)]) */
PyObject *core_store_define_occasion(PyObject *store, PyObject *args)
{
    define_job job = {.kind = KIND_OCCASION};
    PyObject *ranges;
    if (!PyArg_ParseTuple(args, "s#O!", &job.name, &job.name_size, &PyList_Type, &ranges))
        return NULL;
    job.range_count = (uint64_t)PyList_Size(ranges);
    int32_t *days = PyMem_Calloc(2 * job.range_count + 1, sizeof *days);
    if (days == NULL)
        return PyErr_NoMemory();
    job.days = days;
    int result = read_ranges(ranges, days);
    if (result == 0)
        result = define(store, &job);
    PyMem_Free(days);
    return result == 0 ? Py_NewRef(Py_None) : NULL;
}

/* ---- listing --------------------------------------------------------------------------------- */

typedef struct list_job {
    seg_store *store;
    int kind;
    seg_segment_list *texts;
    seg_occasion_list *occasions;
} list_job;

static seg_status list_run(void *argument, seg_error *err)
{
    list_job *j = argument;
    switch (j->kind) {
    case KIND_SEGMENT: return seg_store_list_segments(j->store, &j->texts, err);
    case KIND_CLASS: return seg_store_list_classes(j->store, &j->texts, err);
    default: return seg_store_list_occasions(j->store, &j->occasions, err);
    }
}

/* Store._texts(kind): [(name, text, version)] of the segments or the classes. */
PyObject *core_store_texts(PyObject *store, PyObject *kind)
{
    list_job job = {.kind = (int)PyLong_AsLong(kind)};
    if (PyErr_Occurred() || core_store_run((core_store *)store, list_run, &job, &job.store) != 0)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_segment_list_count(job.texts);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_segment_info info = {.struct_size = sizeof info};
        core_noted(seg_segment_list_at(job.texts, i, &info, NULL));
        core_list_add(&list,
                      Py_BuildValue("s#s#K", info.name, (Py_ssize_t)info.name_size, info.text,
                                    (Py_ssize_t)info.text_size, (unsigned long long)info.version));
    }
    seg_segment_list_destroy(job.texts);
    return list;
}

static PyObject *ranges_list(const seg_occasion_info *info)
{
    PyObject *ranges = PyList_New(0);
    for (uint64_t i = 0; ranges != NULL && i < info->range_count; i++)
        core_list_add(&ranges, Py_BuildValue("NN", core_date(info->days[2 * i]),
                                             core_date(info->days[2 * i + 1])));
    return ranges;
}

/* Store._occasions(): [(name, [(first, last)])] */
PyObject *core_store_occasions(PyObject *store, PyObject *ignored)
{
    list_job job = {.kind = KIND_OCCASION};
    (void)ignored;
    if (core_store_run((core_store *)store, list_run, &job, &job.store) != 0)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_occasion_list_count(job.occasions);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_occasion_info info = {.struct_size = sizeof info};
        core_noted(seg_occasion_list_at(job.occasions, i, &info, NULL));
        core_list_add(
            &list, Py_BuildValue("s#N", info.name, (Py_ssize_t)info.name_size, ranges_list(&info)));
    }
    seg_occasion_list_destroy(job.occasions);
    return list;
}

/* ---- columns --------------------------------------------------------------------------------- */

typedef struct column_job {
    seg_store *store;
    const char *event, *name; /* an attribute has no event, an event type has no name */
    Py_ssize_t event_size, name_size;
    int type, scale, history;
} column_job;

static seg_status column_run(void *argument, seg_error *err)
{
    const column_job *j = argument;
    size_t event_size = (size_t)j->event_size, name_size = (size_t)j->name_size;
    if (j->event == NULL && j->history)
        return seg_store_define_history(j->store, j->name, name_size, j->type, j->scale, err);
    if (j->event == NULL)
        return seg_store_define_attribute(j->store, j->name, name_size, j->type, j->scale, err);
    if (j->name == NULL)
        return seg_store_define_event(j->store, j->event, event_size, err);
    return seg_store_define_property(j->store, j->event, event_size, j->name, name_size, j->type,
                                     j->scale, err);
}

/* Store._define_column(event or None, name or None, type, scale, history) */
PyObject *core_store_define_column(PyObject *store, PyObject *args)
{
    column_job job = {.store = NULL};
    if (!PyArg_ParseTuple(args, "z#z#iip", &job.event, &job.event_size, &job.name, &job.name_size,
                          &job.type, &job.scale, &job.history) ||
        core_store_run((core_store *)store, column_run, &job, &job.store) != 0)
        return NULL;
    Py_RETURN_NONE;
}

/* Store._columns(): [(event or None, name or None, type, scale, history)] */
PyObject *core_store_columns(PyObject *object, PyObject *ignored)
{
    core_store *self = (core_store *)object;
    seg_store *store = core_store_borrow(self);
    (void)ignored;
    if (store == NULL)
        return NULL;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_store_column_count(store);
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_column_info info = {.struct_size = sizeof info};
        core_noted(seg_store_column_at(store, i, &info, NULL));
        core_list_add(&list,
                      Py_BuildValue("z#z#iiO", info.event, (Py_ssize_t)info.event_size, info.name,
                                    (Py_ssize_t)info.name_size, (int)info.type, (int)info.scale,
                                    info.flags & SEG_COLUMN_HISTORY ? Py_True : Py_False));
    }
    core_store_return(self);
    return list;
}
