/* core_segment.c - the type Segment: parameters, evaluation, tests of one customer. */
#include "core.h"

static void segment_dealloc(PyObject *object)
{
    core_segment *self = (core_segment *)object;
    seg_segment_release(self->segment);
    Py_XDECREF((PyObject *)self->owner);
    core_free(object);
}

static PyObject *segment_store(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef((PyObject *)((core_segment *)object)->owner);
}

static PyObject *segment_text(PyObject *object, void *closure)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *text = NULL;
    (void)closure;
    if (seg_segment_text(((core_segment *)object)->segment, &text, &err) != SEG_OK)
        return core_fail(&err);
    return core_take_text(text);
}

/* 32 hexadecimal digits, the high half first. */
static PyObject *segment_fingerprint(PyObject *object, void *closure)
{
    uint64_t hash[2];
    char digits[33];
    (void)closure;
    seg_segment_fingerprint(((core_segment *)object)->segment, hash);
    for (int i = 0; i < 32; i++)
        digits[i] = "0123456789abcdef"[hash[1 - i / 16] >> (60 - i % 16 * 4) & 15];
    return PyUnicode_FromStringAndSize(digits, 32);
}

/* Segment._params(): [(name, type, is_list)] */
static PyObject *segment_params(PyObject *object, PyObject *ignored)
{
    const seg_segment *segment = ((core_segment *)object)->segment;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_segment_param_count(segment);
    (void)ignored;
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_param_info info = {.struct_size = sizeof info};
        core_noted(seg_segment_param_at(segment, i, &info, NULL));
        core_list_add(&list, Py_BuildValue("s#iO", info.name, (Py_ssize_t)info.name_size,
                                           (int)info.type, info.is_list ? Py_True : Py_False));
    }
    return list;
}

/* Segment._warnings(): [(message, offset, length)] */
static PyObject *segment_warnings(PyObject *object, PyObject *ignored)
{
    const seg_segment *segment = ((core_segment *)object)->segment;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_segment_warning_count(segment);
    (void)ignored;
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        seg_error warning = SEG_ERROR_INIT;
        core_noted(seg_segment_warning(segment, i, &warning));
        core_list_add(&list, Py_BuildValue("sLL", warning.message, (long long)warning.offset,
                                           (long long)warning.length));
    }
    return list;
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* Exact, unlike the float that a decimal would turn into. */
static int add_decimal(seg_params *params, const char *name, size_t size, PyObject *value,
                       seg_error *err)
{
    int64_t mantissa;
    int32_t scale;
    if (core_decimal(value, &mantissa, &scale) != 0)
        return -1;
    core_noted(seg_params_add_decimal(params, name, size, mantissa, scale, err));
    return 0;
}

/* One value; 0 with err->code set where the library refuses, -1 with an exception. */
static int add_value(seg_params *params, const char *name, size_t size, PyObject *value,
                     seg_error *err)
{
    if (PyBool_Check(value)) {
        core_noted(seg_params_add_bool(params, name, size, value == Py_True, err));
    } else if (PyLong_Check(value)) {
        long long number = PyLong_AsLongLong(value);
        if (number == -1 && PyErr_Occurred())
            return -1;
        core_noted(seg_params_add_int64(params, name, size, number, err));
    } else if (PyFloat_Check(value)) {
        core_noted(seg_params_add_float64(params, name, size, PyFloat_AsDouble(value), err));
    } else if (PyUnicode_Check(value)) {
        const char *text;
        size_t text_size;
        if (core_text(value, 0, &text, &text_size) != 0)
            return -1;
        core_noted(seg_params_add_string(params, name, size, text, text_size, err));
    } else if (PyObject_IsInstance(value, core_datetime_class) == 1) {
        int64_t time;
        if (core_time(value, &time) != 0)
            return -1;
        core_noted(seg_params_add_timestamp(params, name, size, time, err));
    } else if (PyObject_IsInstance(value, core_date_class) == 1) {
        /* As in a predicate: 2026-01-31. */
        PyObject *text = PyObject_CallMethod(value, "isoformat", NULL);
        int result = text != NULL ? add_value(params, name, size, text, err) : -1;
        Py_XDECREF(text);
        return result;
    } else if (PyObject_IsInstance(value, core_decimal_class) == 1) {
        return add_decimal(params, name, size, value, err);
    } else {
        PyErr_Format(PyExc_TypeError, "the parameter $%.200s has a value of an unknown type", name);
        return -1;
    }
    return 0;
}

/* A value, or a sequence of them for a list. */
static int add_param(seg_params *params, PyObject *key, PyObject *value, seg_error *err)
{
    const char *name;
    size_t size;
    if (core_text(key, 0, &name, &size) != 0)
        return -1;
    if (!PyList_Check(value) && !PyTuple_Check(value) && !PyAnySet_Check(value))
        return add_value(params, name, size, value, err);
    PyObject *items = PySequence_List(value);
    Py_ssize_t count = items != NULL ? PyList_Size(items) : -1;
    int result = count < 0 ? -1 : 0;
    if (count == 0)
        core_noted(seg_params_add_empty(params, name, size, err));
    for (Py_ssize_t i = 0; result == 0 && err->code == 0 && i < count; i++)
        result = add_value(params, name, size, PyList_GetItem(items, i), err);
    Py_XDECREF(items);
    return result;
}

/* All parameters of a dict; 0 with err->code set, or -1 with an exception. */
static int add_params(seg_params *params, PyObject *values, seg_error *err)
{
    PyObject *key, *value;
    Py_ssize_t position = 0;
    while (PyDict_Next(values, &position, &key, &value))
        if (add_param(params, key, value, err) != 0)
            return -1;
        else if (err->code != 0)
            return 0;
    return 0;
}

/* Segment._bind(cls, dict) */
static PyObject *segment_bind(PyObject *object, PyObject *args)
{
    core_segment *self = (core_segment *)object;
    PyObject *cls, *values;
    if (!PyArg_ParseTuple(args, "OO!", &cls, &PyDict_Type, &values))
        return NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_params *params = NULL;
    seg_segment *bound = NULL;
    core_segment *made = core_new(cls, core_segment_type);
    if (made == NULL)
        return NULL;
    if (seg_params_create(NULL, &params, &err) == SEG_OK && add_params(params, values, &err) == 0 &&
        err.code == 0)
        core_noted(seg_segment_bind(self->segment, params, &bound, &err));
    seg_params_destroy(params);
    if (bound == NULL) {
        Py_DECREF(made);
        return PyErr_Occurred() ? NULL : core_fail(&err);
    }
    made->owner = (core_store *)Py_NewRef((PyObject *)self->owner);
    made->segment = bound;
    return (PyObject *)made;
}

/* ---- evaluation ------------------------------------------------------------------------------ */

/* Segment._evaluate(cls, snapshot, now, threads, among, progress) */
static PyObject *segment_evaluate(PyObject *object, PyObject *args)
{
    PyObject *cls, *snapshot, *now, *among, *progress;
    unsigned threads;
    if (!PyArg_ParseTuple(args, "OOOIOO", &cls, &snapshot, &now, &threads, &among, &progress))
        return NULL;
    const seg_segment *segment = ((core_segment *)object)->segment;
    seg_set *set = NULL;
    core_evaluation job = {.want = CORE_WANT_SETS, .segments = &segment, .count = 1, .sets = &set};
    if (core_evaluate(&job, snapshot, now, threads, among, progress) != 0) {
        seg_set_release(set);
        return NULL;
    }
    return core_set_wrap(cls, (core_snapshot *)snapshot, set, job.now);
}

/* Segment._count(snapshot, now, threads, among, progress) */
static PyObject *segment_count(PyObject *object, PyObject *args)
{
    PyObject *snapshot, *now, *among, *progress;
    unsigned threads;
    if (!PyArg_ParseTuple(args, "OOIOO", &snapshot, &now, &threads, &among, &progress))
        return NULL;
    const seg_segment *segment = ((core_segment *)object)->segment;
    core_evaluation job = {.want = CORE_WANT_COUNT, .segments = &segment, .count = 1};
    if (core_evaluate(&job, snapshot, now, threads, among, progress) != 0)
        return NULL;
    return PyLong_FromUnsignedLongLong(job.members);
}

/* Segment._explain(snapshot, now, threads, flags): text or JSON as str. */
static PyObject *segment_explain(PyObject *object, PyObject *args)
{
    PyObject *snapshot, *now;
    unsigned threads, flags;
    if (!PyArg_ParseTuple(args, "OOII", &snapshot, &now, &threads, &flags))
        return NULL;
    const seg_segment *segment = ((core_segment *)object)->segment;
    core_evaluation job = {
        .want = CORE_WANT_TEXT, .segments = &segment, .count = 1, .explain = flags};
    if (core_evaluate(&job, snapshot, now, threads, Py_None, Py_None) != 0) {
        seg_buffer_destroy(job.text);
        return NULL;
    }
    return core_take_text(job.text);
}

/* Segment._evaluate_many(cls, segments, snapshot, now, threads, among, progress), a class method */
static PyObject *segment_evaluate_many(PyObject *segment_class, PyObject *args)
{
    PyObject *cls, *segments, *snapshot, *now, *among, *progress, *list = NULL;
    unsigned threads;
    (void)segment_class;
    if (!PyArg_ParseTuple(args, "OO!OOIOO", &cls, &PyList_Type, &segments, &snapshot, &now,
                          &threads, &among, &progress))
        return NULL;
    size_t count = (size_t)PyList_Size(segments);
    core_evaluation job = {.want = CORE_WANT_SETS, .count = count};
    /* The list may change while the lock is let go: the handles are retained for the call. */
    job.segments = PyMem_Calloc(count + 1, sizeof *job.segments);
    job.sets = PyMem_Calloc(count + 1, sizeof *job.sets);
    size_t held = 0;
    int good = job.segments != NULL && job.sets != NULL;
    if (!good)
        PyErr_NoMemory();
    for (; good && held < count; held++) {
        PyObject *item = PyList_GetItem(segments, (Py_ssize_t)held);
        if (item == NULL || !PyObject_TypeCheck(item, core_segment_type)) {
            PyErr_SetString(PyExc_TypeError, "expected a list of segments");
            good = 0;
            break;
        }
        seg_segment_retain(((core_segment *)item)->segment);
        job.segments[held] = ((core_segment *)item)->segment;
    }
    if (good && core_evaluate(&job, snapshot, now, threads, among, progress) == 0)
        list = core_evaluation_sets(cls, (core_snapshot *)snapshot, &job);
    for (size_t i = 0; job.sets != NULL && i < count; i++)
        seg_set_release(job.sets[i]);
    while (held > 0)
        seg_segment_release((seg_segment *)(uintptr_t)job.segments[--held]);
    PyMem_Free(job.segments);
    PyMem_Free(job.sets);
    return list;
}

/* Segment._test(snapshot, user, now): a single customer takes microseconds, except for ranks. */
static PyObject *segment_test(PyObject *object, PyObject *args)
{
    const core_segment *self = (core_segment *)object;
    PyObject *snapshot, *user, *now;
    int64_t time;
    if (!PyArg_ParseTuple(args, "O!OO", core_snapshot_type, &snapshot, &user, &now) ||
        core_time(now, &time) != 0)
        return NULL;
    seg_snapshot *seen = ((core_snapshot *)snapshot)->snapshot;
    seg_error err = SEG_ERROR_INIT;
    seg_status status;
    int32_t member = 0;
    core_user who;
    if (core_user_read(self->owner->ids, user, &who) != 0)
        return NULL;
    PyThreadState *state = PyEval_SaveThread();
    status = who.is_number
                 ? seg_segment_test_u64(self->segment, seen, who.number, time, &member, &err)
                 : seg_segment_test(self->segment, seen, who.bytes, who.size, time, &member, &err);
    PyEval_RestoreThread(state);
    return status == SEG_OK ? PyBool_FromLong(member) : core_fail(&err);
}

/* Segment._to_json(flags) */
static PyObject *segment_to_json(PyObject *object, PyObject *value)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *json = NULL;
    unsigned long flags = PyLong_AsUnsignedLong(value);
    if (PyErr_Occurred())
        return NULL;
    if (seg_segment_to_json(((core_segment *)object)->segment, (uint32_t)flags, &json, &err) !=
        SEG_OK)
        return core_fail(&err);
    return core_take_text(json);
}

/* Segment._to_sql(dialect, now, users, events) */
static PyObject *segment_to_sql(PyObject *object, PyObject *args)
{
    seg_error err = SEG_ERROR_INIT;
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    seg_buffer *sql = NULL;
    PyObject *now;
    unsigned dialect;
    if (!PyArg_ParseTuple(args, "IOss", &dialect, &now, &options.users, &options.events) ||
        core_time(now, &options.now) != 0)
        return NULL;
    options.dialect = dialect;
    if (seg_segment_to_sql(((core_segment *)object)->segment, &options, &sql, &err) != SEG_OK)
        return core_fail(&err);
    return core_take_text(sql);
}

static PyMethodDef segment_methods[] = {
    {"_params", segment_params, METH_NOARGS, NULL},
    {"_warnings", segment_warnings, METH_NOARGS, NULL},
    {"_bind", segment_bind, METH_VARARGS, NULL},
    {"_evaluate", segment_evaluate, METH_VARARGS, NULL},
    {"_evaluate_many", segment_evaluate_many, METH_VARARGS | METH_CLASS, NULL},
    {"_count", segment_count, METH_VARARGS, NULL},
    {"_explain", segment_explain, METH_VARARGS, NULL},
    {"_test", segment_test, METH_VARARGS, NULL},
    {"_to_json", segment_to_json, METH_O, NULL},
    {"_to_sql", segment_to_sql, METH_VARARGS, NULL},
    {"_why", core_segment_why, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef segment_getset[] = {
    {"text", segment_text, NULL, "The one canonical text of the predicate.", NULL},
    {"fingerprint", segment_fingerprint, NULL, "Equal for equal segments: 32 digits.", NULL},
    {"_store", segment_store, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot segment_slots[] = {
    {Py_tp_dealloc, segment_dealloc},
    {Py_tp_methods, segment_methods},
    {Py_tp_getset, segment_getset},
    {0, NULL},
};

PyType_Spec core_segment_spec = {
    .name = "seg._core.Segment",
    .basicsize = sizeof(core_segment),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = segment_slots,
};
