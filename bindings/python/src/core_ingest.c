/* core_ingest.c - what comes in: Arrow streams, and rows by the type Appender. */
#include "core.h"

/* ---- capsules -------------------------------------------------------------------------------- */

#define STREAM_NAME "arrow_array_stream"

struct ArrowArrayStream *core_capsule_stream(PyObject *capsule)
{
    if (!PyCapsule_IsValid(capsule, STREAM_NAME)) {
        PyErr_SetString(PyExc_TypeError, "__arrow_c_stream__ gave no stream");
        return NULL;
    }
    return PyCapsule_GetPointer(capsule, STREAM_NAME);
}

/* A stream that nobody took ends with its capsule. */
static void capsule_end(PyObject *capsule)
{
    struct ArrowArrayStream *stream = PyCapsule_GetPointer(capsule, STREAM_NAME);
    if (stream != NULL && stream->release != NULL)
        stream->release(stream);
    PyMem_Free(stream);
}

PyObject *core_stream_capsule(struct ArrowArrayStream *stream)
{
    struct ArrowArrayStream *copy = PyMem_Malloc(sizeof *copy);
    PyObject *capsule = NULL;
    if (copy == NULL)
        PyErr_NoMemory();
    else
        capsule = PyCapsule_New(copy, STREAM_NAME, capsule_end);
    if (capsule == NULL) {
        stream->release(stream);
        PyMem_Free(copy);
        return NULL;
    }
    *copy = *stream;
    stream->release = NULL;
    return capsule;
}

/* ---- reports --------------------------------------------------------------------------------- */

/* seg.CommitReport is made of it; no row is None there. */
static PyObject *report_tuple(const seg_commit_report *report)
{
    PyObject *row = report->rejected_row == UINT64_MAX
                        ? Py_NewRef(Py_None)
                        : PyLong_FromUnsignedLongLong(report->rejected_row);
    if (row == NULL)
        return NULL;
    return Py_BuildValue(
        "KKKKKNKO", (unsigned long long)report->commit_sequence,
        (unsigned long long)report->rows_applied, (unsigned long long)report->rows_duplicate,
        (unsigned long long)report->rows_rejected, (unsigned long long)report->users_added, row,
        (unsigned long long)report->rows_refused,
        report->flags & SEG_COMMIT_REPEATED ? Py_True : Py_False);
}

/* How to commit; the token is borrowed from its object. */
static int commit_options(int quarantine, PyObject *token, seg_commit_options *out)
{
    size_t size = 0;
    out->flags = quarantine ? SEG_COMMIT_QUARANTINE : 0;
    if (token != Py_None && core_text(token, 1, &out->token, &size) != 0)
        return -1;
    out->token_size = size;
    return 0;
}

/* ---- Arrow streams --------------------------------------------------------------------------- */

typedef struct arrow_job {
    seg_store *store;
    struct ArrowArrayStream *stream;
    seg_arrow_options options;
    seg_commit_options commit;
    seg_commit_report report;
} arrow_job;

/* Streams of pyarrow and others take the interpreter's lock themselves where they need it. */
static seg_status arrow_run(void *argument, seg_error *err)
{
    arrow_job *j = argument;
    return seg_store_ingest_arrow(j->store, j->stream, &j->options, &j->commit, &j->report, err);
}

/* Arguments into options; the sizes of the names follow them. */
static int arrow_parse(PyObject *args, arrow_job *job, PyObject **progress)
{
    PyObject *capsule, *token;
    unsigned kind, flags;
    unsigned long long commit_rows;
    int quarantine;
    Py_ssize_t sizes[6];
    seg_arrow_options *o = &job->options;
    if (!PyArg_ParseTuple(args, "OIIKpOz#z#z#z#z#z#O", &capsule, &kind, &flags, &commit_rows,
                          &quarantine, &token, &o->user_column, &sizes[0], &o->time_column,
                          &sizes[1], &o->event_column, &sizes[2], &o->event, &sizes[3],
                          &o->event_id_column, &sizes[4], &o->timezone, &sizes[5], progress) ||
        commit_options(quarantine, token, &job->commit) != 0)
        return -1;
    o->kind = kind;
    o->flags = flags;
    o->commit_rows = commit_rows;
    o->user_column_size = (uint64_t)sizes[0];
    o->time_column_size = (uint64_t)sizes[1];
    o->event_column_size = (uint64_t)sizes[2];
    o->event_size = (uint64_t)sizes[3];
    o->event_id_column_size = (uint64_t)sizes[4];
    o->timezone_size = (uint64_t)sizes[5];
    job->stream = core_capsule_stream(capsule);
    return job->stream != NULL ? 0 : -1;
}

/* Store._ingest_arrow(capsule, kind, flags, commit_rows, quarantine, token, user, time,
 * event_column, event, event_id, timezone, progress): the report. */
PyObject *core_store_ingest_arrow(PyObject *object, PyObject *args)
{
    core_store *self = (core_store *)object;
    PyObject *progress;
    seg_error err = SEG_ERROR_INIT;
    arrow_job job = {.options = SEG_ARROW_OPTIONS_INIT,
                     .commit = SEG_COMMIT_OPTIONS_INIT,
                     .report = {.struct_size = sizeof(seg_commit_report)}};
    if (arrow_parse(args, &job, &progress) != 0 || (job.store = core_store_borrow(self)) == NULL)
        return NULL;
    int result = -1;
    if (seg_task_create(NULL, &job.options.task, &err) != SEG_OK)
        core_fail(&err);
    else
        result = core_run(arrow_run, &job, job.options.task, 1, progress);
    seg_task_destroy(job.options.task);
    core_store_return(self);
    return result == 0 ? report_tuple(&job.report) : NULL;
}

/* ---- Appender: begin and end ----------------------------------------------------------------- */

/* Decimals of a store have one scale per name; what it knows already counts. */
static PyObject *known_scales(seg_store *store)
{
    PyObject *scales = PyDict_New();
    uint64_t count = seg_store_column_count(store);
    for (uint64_t i = 0; scales != NULL && i < count; i++) {
        seg_column_info info = {.struct_size = sizeof info};
        if (seg_store_column_at(store, i, &info, NULL) != SEG_OK || info.type != SEG_TYPE_DECIMAL)
            continue;
        PyObject *name = PyUnicode_FromStringAndSize(info.name, (Py_ssize_t)info.name_size);
        PyObject *scale = PyLong_FromLong(info.scale);
        if (name == NULL || scale == NULL || PyDict_SetItem(scales, name, scale) != 0)
            Py_CLEAR(scales);
        Py_XDECREF(name);
        Py_XDECREF(scale);
    }
    return scales;
}

/* Store._appender(cls) */
PyObject *core_store_appender(PyObject *object, PyObject *cls)
{
    core_store *self = (core_store *)object;
    seg_store *store = core_store_borrow(self);
    if (store == NULL)
        return NULL;
    seg_error err = SEG_ERROR_INIT;
    core_appender *made = core_new(cls, core_appender_type);
    if (made != NULL) {
        made->owner = (core_store *)Py_NewRef(object);
        made->scales = known_scales(store);
        made->seen[0] = PySet_New(NULL);
        made->seen[1] = PySet_New(NULL);
        if (made->scales == NULL || made->seen[0] == NULL || made->seen[1] == NULL) {
            Py_CLEAR(made);
        } else if (seg_appender_create(store, &made->appender, &err) != SEG_OK) {
            core_fail(&err);
            Py_CLEAR(made);
        }
    }
    core_store_return(self);
    return (PyObject *)made;
}

/* Rows that were not committed go with it, as the C appender says. */
static void appender_dealloc(PyObject *object)
{
    core_appender *self = (core_appender *)object;
    seg_appender_destroy(self->appender);
    Py_XDECREF((PyObject *)self->owner);
    Py_XDECREF(self->scales);
    Py_XDECREF(self->seen[0]);
    Py_XDECREF(self->seen[1]);
    core_free(object);
}

/* An appender serves one thread at a time; only a commit lets others in. */
static int appender_ready(const core_appender *self)
{
    if (!self->busy)
        return 0;
    PyErr_SetString(PyExc_RuntimeError, "the appender is in use by another thread");
    return -1;
}

/* ---- Appender: values ------------------------------------------------------------------------ */

/* The name of a value, and where it goes. */
typedef struct slot {
    core_appender *self;
    PyObject *key;
    const char *name;
    size_t size;
    const char *event; /* of events, else NULL */
    size_t event_size;
    seg_error err;
} slot;

/* The first value of a name settles its scale; later ones are brought to it exactly or refused. */
static int set_decimal(slot *s, PyObject *value)
{
    int64_t mantissa;
    int32_t scale;
    if (core_decimal(value, &mantissa, &scale) != 0)
        return -1;
    PyObject *known = PyDict_GetItemWithError(s->self->scales, s->key);
    if (known == NULL) {
        PyObject *number = PyErr_Occurred() ? NULL : PyLong_FromLong(scale);
        int result = number != NULL ? PyDict_SetItem(s->self->scales, s->key, number) : -1;
        Py_XDECREF(number);
        if (result != 0)
            return -1;
    } else {
        int32_t wanted = (int32_t)PyLong_AsLong(known);
        if (core_rescale(mantissa, scale, wanted, &mantissa) != 0)
            return -1;
        scale = wanted;
    }
    core_noted(
        seg_appender_set_decimal(s->self->appender, s->name, s->size, mantissa, scale, &s->err));
    return 0;
}

/* Two numbers; whether they lie on the globe is for the library to say. */
static int set_place(slot *s, PyObject *value)
{
    double parts[2];
    if (PyTuple_Size(value) != 2) {
        PyErr_SetString(PyExc_ValueError, "a place is a tuple of latitude and longitude; texts of "
                                          "an attribute go into a list or set");
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        parts[i] = PyFloat_AsDouble(PyTuple_GetItem(value, i));
        if (parts[i] == -1 && PyErr_Occurred())
            return -1;
    }
    core_noted(
        seg_appender_set_geo(s->self->appender, s->name, s->size, parts[0], parts[1], &s->err));
    return 0;
}

/* Texts of a list or set. `items` is ours. */
static int set_texts(slot *s, PyObject *items)
{
    size_t count = (size_t)PyList_Size(items);
    const char **texts = PyMem_Calloc(count + 1, sizeof *texts);
    size_t *sizes = PyMem_Calloc(count + 1, sizeof *sizes);
    int result = texts != NULL && sizes != NULL ? 0 : -1;
    if (result != 0)
        PyErr_NoMemory();
    for (size_t i = 0; result == 0 && i < count; i++)
        result = core_text(PyList_GetItem(items, (Py_ssize_t)i), 0, &texts[i], &sizes[i]);
    if (result == 0)
        core_noted(seg_appender_set_strings(s->self->appender, s->name, s->size, texts, sizes,
                                            count, &s->err));
    PyMem_Free(texts);
    PyMem_Free(sizes);
    return result;
}

/* The classes of the standard library, after the plain types. */
static int set_object(slot *s, PyObject *value)
{
    int64_t time;
    int32_t days;
    if (PyObject_IsInstance(value, core_decimal_class) == 1)
        return set_decimal(s, value);
    if (PyObject_IsInstance(value, core_datetime_class) == 1) {
        if (core_time(value, &time) != 0)
            return -1;
        core_noted(seg_appender_set_timestamp(s->self->appender, s->name, s->size, time, &s->err));
        return 0;
    }
    if (PyObject_IsInstance(value, core_date_class) == 1) {
        if (core_days(value, &days) != 0)
            return -1;
        core_noted(seg_appender_set_date(s->self->appender, s->name, s->size, days, &s->err));
        return 0;
    }
    if (PyTuple_Check(value))
        return set_place(s, value);
    if (PyList_Check(value) || PyAnySet_Check(value)) {
        PyObject *items = PySequence_List(value);
        int result = items != NULL ? set_texts(s, items) : -1;
        Py_XDECREF(items);
        return result;
    }
    PyErr_Format(PyExc_TypeError, "the value of \"%.200s\" is of a type that no column has",
                 s->name);
    return -1;
}

/* Whether the store has the column, as an attribute or as a property of the event type. */
static int store_knows(const slot *s)
{
    seg_store *store = core_store_borrow(s->self->owner);
    if (store == NULL)
        return -1;
    int known = 0;
    uint64_t count = seg_store_column_count(store);
    for (uint64_t i = 0; i < count && !known; i++) {
        seg_column_info info = {.struct_size = sizeof info};
        if (seg_store_column_at(store, i, &info, NULL) != SEG_OK || info.name == NULL ||
            (info.event != NULL) != (s->event != NULL))
            continue;
        known = info.name_size == s->size && memcmp(info.name, s->name, s->size) == 0;
        if (known && s->event != NULL)
            known = info.event_size == s->event_size &&
                    memcmp(info.event, s->event, s->event_size) == 0;
    }
    core_store_return(s->self->owner);
    return known;
}

/* None is an explicit null. Of a column that has no type yet it says nothing, and the library
 * would refuse it. */
static int set_none(slot *s)
{
    int known = PySet_Contains(s->self->seen[s->event != NULL], s->key);
    if (known == 0)
        known = store_knows(s);
    if (known > 0)
        core_noted(seg_appender_set_null(s->self->appender, s->name, s->size, &s->err));
    return known < 0 ? -1 : 0;
}

/* The types that come most often first: a row costs as many comparisons as it has values. */
static int set_value(slot *s, PyObject *value)
{
    seg_appender *appender = s->self->appender;
    const char *text;
    size_t size;
    if (PyUnicode_Check(value)) {
        if (core_text(value, 0, &text, &size) != 0)
            return -1;
        core_noted(seg_appender_set_string(appender, s->name, s->size, text, size, &s->err));
    } else if (value == Py_None) {
        return set_none(s);
    } else if (PyBool_Check(value)) {
        core_noted(seg_appender_set_bool(appender, s->name, s->size, value == Py_True, &s->err));
    } else if (PyLong_Check(value)) {
        long long number = PyLong_AsLongLong(value);
        if (number == -1 && PyErr_Occurred())
            return -1;
        core_noted(seg_appender_set_int64(appender, s->name, s->size, number, &s->err));
    } else if (PyFloat_Check(value)) {
        core_noted(
            seg_appender_set_float64(appender, s->name, s->size, PyFloat_AsDouble(value), &s->err));
    } else {
        return set_object(s, value);
    }
    return 0;
}

/* What the library refuses drops the row by itself; what this file refuses has to do the same. An
 * empty name, which no column has, makes it so. */
static PyObject *drop_row(slot *s)
{
    if (PyErr_Occurred()) {
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        core_noted(seg_appender_set_bool(s->self->appender, "", 0, 0, NULL));
        PyErr_Restore(type, value, traceback);
        return NULL;
    }
    return core_fail(&s->err);
}

/* Values by keyword, of the row that was begun. */
static PyObject *set_values(slot *s, PyObject *names, PyObject *const *values)
{
    PyObject *seen = s->self->seen[s->event != NULL];
    Py_ssize_t count = names != NULL ? PyTuple_Size(names) : 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        s->key = PyTuple_GetItem(names, i);
        if (core_text(s->key, 0, &s->name, &s->size) != 0 || set_value(s, values[i]) != 0 ||
            s->err.code != SEG_OK)
            return drop_row(s);
        if (values[i] != Py_None && PySet_Add(seen, s->key) != 0)
            return NULL;
    }
    Py_RETURN_NONE;
}

/* ---- Appender: rows -------------------------------------------------------------------------- */

/* Begin a row of a user, or of an event where `event` is given. */
static int begin_row(core_appender *self, PyObject *user, const char *event, size_t event_size,
                     const int64_t *time, seg_error *err)
{
    seg_appender *appender = self->appender;
    core_user who;
    if (core_user_read(self->owner->ids, user, &who) != 0)
        return -1;
    if (event != NULL && who.is_number)
        core_noted(seg_appender_event_u64(appender, who.number, event, event_size, *time, err));
    else if (event != NULL)
        core_noted(
            seg_appender_event(appender, who.bytes, who.size, event, event_size, *time, err));
    else if (time != NULL && who.is_number)
        core_noted(seg_appender_user_since_u64(appender, who.number, *time, err));
    else if (time != NULL)
        core_noted(seg_appender_user_since(appender, who.bytes, who.size, *time, err));
    else if (who.is_number)
        core_noted(seg_appender_user_u64(appender, who.number, err));
    else
        core_noted(seg_appender_user(appender, who.bytes, who.size, err));
    return 0;
}

/* event(user, event, time, event_id=None, /, **properties) */
static PyObject *appender_event(PyObject *object, PyObject *const *args, Py_ssize_t count,
                                PyObject *names)
{
    core_appender *self = (core_appender *)object;
    slot s = {.self = self, .err = SEG_ERROR_INIT};
    const char *id = NULL;
    size_t id_size = 0;
    int64_t time;
    if (count != 3 && count != 4) {
        PyErr_SetString(PyExc_TypeError, "event() takes user, event, time and perhaps event_id");
        return NULL;
    }
    if (appender_ready(self) != 0 || core_text(args[1], 0, &s.event, &s.event_size) != 0 ||
        core_time(args[2], &time) != 0)
        return NULL;
    if (count == 4 && args[3] != Py_None && core_text(args[3], 1, &id, &id_size) != 0)
        return NULL;
    if (begin_row(self, args[0], s.event, s.event_size, &time, &s.err) != 0)
        return NULL;
    if (s.err.code == SEG_OK && id != NULL)
        core_noted(seg_appender_set_event_id(self->appender, id, id_size, &s.err));
    return s.err.code != SEG_OK ? core_fail(&s.err) : set_values(&s, names, args + count);
}

/* user(user, /, **attributes) */
static PyObject *appender_user(PyObject *object, PyObject *const *args, Py_ssize_t count,
                               PyObject *names)
{
    core_appender *self = (core_appender *)object;
    slot s = {.self = self, .err = SEG_ERROR_INIT};
    if (count != 1) {
        PyErr_SetString(PyExc_TypeError, "user() takes one id; attributes are keywords");
        return NULL;
    }
    if (appender_ready(self) != 0 || begin_row(self, args[0], NULL, 0, NULL, &s.err) != 0)
        return NULL;
    return s.err.code != SEG_OK ? core_fail(&s.err) : set_values(&s, names, args + count);
}

/* user_since(user, since, /, **attributes) */
static PyObject *appender_user_since(PyObject *object, PyObject *const *args, Py_ssize_t count,
                                     PyObject *names)
{
    core_appender *self = (core_appender *)object;
    slot s = {.self = self, .err = SEG_ERROR_INIT};
    int64_t since;
    if (count != 2) {
        PyErr_SetString(PyExc_TypeError, "user_since() takes an id and a time; attributes are "
                                         "keywords");
        return NULL;
    }
    if (appender_ready(self) != 0 || core_time(args[1], &since) != 0 ||
        begin_row(self, args[0], NULL, 0, &since, &s.err) != 0)
        return NULL;
    return s.err.code != SEG_OK ? core_fail(&s.err) : set_values(&s, names, args + count);
}

typedef struct commit_job {
    seg_appender *appender;
    seg_commit_options options;
    seg_commit_report report;
} commit_job;

/* A commit cannot be interrupted half-way: it is all or nothing, and soon done. */
static seg_status commit_run(void *argument, seg_error *err)
{
    commit_job *j = argument;
    return seg_appender_commit(j->appender, &j->options, &j->report, err);
}

/* Appender._commit(quarantine, token): the report. */
static PyObject *appender_commit(PyObject *object, PyObject *args)
{
    core_appender *self = (core_appender *)object;
    commit_job job = {.appender = self->appender,
                      .options = SEG_COMMIT_OPTIONS_INIT,
                      .report = {.struct_size = sizeof(seg_commit_report)}};
    PyObject *token;
    int quarantine;
    if (!PyArg_ParseTuple(args, "pO", &quarantine, &token) ||
        commit_options(quarantine, token, &job.options) != 0 || appender_ready(self) != 0)
        return NULL;
    if (core_store_borrow(self->owner) == NULL)
        return NULL;
    self->busy = 1;
    int result = core_run(commit_run, &job, NULL, 0, NULL);
    self->busy = 0;
    core_store_return(self->owner);
    return result == 0 ? report_tuple(&job.report) : NULL;
}

/* Names and scales that were seen stay: they tell the types of columns. */
static PyObject *appender_clear(PyObject *object, PyObject *ignored)
{
    core_appender *self = (core_appender *)object;
    (void)ignored;
    if (appender_ready(self) != 0)
        return NULL;
    seg_appender_clear(self->appender);
    Py_RETURN_NONE;
}

static Py_ssize_t appender_length(PyObject *object)
{
    const core_appender *self = (core_appender *)object;
    return appender_ready(self) != 0 ? -1 : (Py_ssize_t)seg_appender_row_count(self->appender);
}

static PyMethodDef appender_methods[] = {
    {"event", (PyCFunction)(void (*)(void))appender_event, METH_FASTCALL | METH_KEYWORDS,
     "event($self, user, event, time, event_id=None, /, **properties)\n--\n\n"
     "Add something that a user did."},
    {"user", (PyCFunction)(void (*)(void))appender_user, METH_FASTCALL | METH_KEYWORDS,
     "user($self, user, /, **attributes)\n--\n\nAdd what a user is; None empties an attribute."},
    {"user_since", (PyCFunction)(void (*)(void))appender_user_since, METH_FASTCALL | METH_KEYWORDS,
     "user_since($self, user, since, /, **attributes)\n--\n\n"
     "Add what a user is from an instant on, for attributes with a history."},
    {"_commit", appender_commit, METH_VARARGS, NULL},
    {"clear", appender_clear, METH_NOARGS, "clear($self, /)\n--\n\nDrop the rows gathered."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot appender_slots[] = {
    {Py_tp_dealloc, appender_dealloc},
    {Py_tp_methods, appender_methods},
    {Py_sq_length, appender_length},
    {0, NULL},
};

PyType_Spec core_appender_spec = {
    .name = "seg._core.Appender",
    .basicsize = sizeof(core_appender),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = appender_slots,
};
