/* core_module.c - the module seg._core: its types, its errors, conversions of single values. */
#include "core.h"

PyTypeObject *core_store_type, *core_snapshot_type, *core_segment_type, *core_class_type,
    *core_set_type, *core_membership_type, *core_appender_type, *core_ids_type;
PyObject *core_datetime_class, *core_date_class, *core_decimal_class;

/* seg._errors.make_error, and what times are counted by. */
static PyObject *make_error, *epoch, *epoch_date, *timedelta_class, *microsecond;

/* ---- errors ---------------------------------------------------------------------------------- */

PyObject *core_fail(const seg_error *err)
{
    PyObject *message =
        PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
    PyObject *hint = PyUnicode_DecodeUTF8(err->hint, (Py_ssize_t)strlen(err->hint), "replace");
    if (message != NULL && hint != NULL) {
        PyObject *error = PyObject_CallFunction(
            make_error, "iOOLLKII", (int)err->code, message, hint, (long long)err->offset,
            (long long)err->length, (unsigned long long)err->line, (unsigned)err->column,
            (unsigned)err->os_errno);
        if (error != NULL)
            PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_XDECREF(error);
    }
    Py_XDECREF(message);
    Py_XDECREF(hint);
    return NULL;
}

/* ---- times and numbers ----------------------------------------------------------------------- */

/* (value - start) // unit as a number of 64 bits. */
static int difference(PyObject *value, PyObject *start, PyObject *unit, int64_t *out)
{
    PyObject *delta = PyNumber_Subtract(value, start);
    PyObject *count = delta != NULL && unit != NULL ? PyNumber_FloorDivide(delta, unit) : NULL;
    if (delta != NULL && unit == NULL)
        count = PyObject_GetAttrString(delta, "days");
    Py_XDECREF(delta);
    if (count == NULL)
        return -1;
    *out = PyLong_AsLongLong(count);
    Py_DECREF(count);
    return *out == -1 && PyErr_Occurred() ? -1 : 0;
}

int core_time(PyObject *value, int64_t *out)
{
    if (PyLong_Check(value) && !PyBool_Check(value)) {
        *out = PyLong_AsLongLong(value);
        return *out == -1 && PyErr_Occurred() ? -1 : 0;
    }
    int is_datetime = PyObject_IsInstance(value, core_datetime_class);
    if (is_datetime < 0)
        return -1;
    if (!is_datetime) {
        PyErr_SetString(PyExc_TypeError, "a time is a datetime with a time zone, or an int of "
                                         "microseconds since 1970-01-01T00:00:00Z");
        return -1;
    }
    PyObject *offset = PyObject_CallMethod(value, "utcoffset", NULL);
    if (offset == NULL)
        return -1;
    Py_DECREF(offset);
    if (offset == Py_None) {
        PyErr_SetString(PyExc_ValueError,
                        "a datetime without a time zone says nothing about when it was; give it "
                        "one, for example tzinfo=datetime.timezone.utc");
        return -1;
    }
    return difference(value, epoch, microsecond, out);
}

int core_days(PyObject *date, int32_t *out)
{
    int64_t days;
    if (difference(date, epoch_date, NULL, &days) != 0)
        return -1;
    *out = (int32_t)days; /* the years 1 to 9999 */
    return 0;
}

PyObject *core_date(int32_t days)
{
    PyObject *delta = PyObject_CallFunction(timedelta_class, "i", (int)days);
    PyObject *date = delta != NULL ? PyNumber_Add(epoch_date, delta) : NULL;
    Py_XDECREF(delta);
    return date;
}

/* Digits are added or, if they are zeros, taken away; nothing is rounded. */
int core_rescale(int64_t mantissa, int32_t from, int32_t to, int64_t *out)
{
    for (; from < to; from++) {
        if (mantissa > INT64_MAX / 10 || mantissa < INT64_MIN / 10) {
            PyErr_SetString(PyExc_OverflowError, "the decimal does not fit 64 bits at its scale");
            return -1;
        }
        mantissa *= 10;
    }
    for (; from > to; from--) {
        if (mantissa % 10 != 0) {
            PyErr_Format(PyExc_ValueError,
                         "the decimal has more than %d digits after the point; define the column "
                         "with a larger scale first",
                         (int)to);
            return -1;
        }
        mantissa /= 10;
    }
    *out = mantissa;
    return 0;
}

/* The digits of DecimalTuple.digits as one number; -1 with an exception. */
static int read_digits(PyObject *digits, int64_t *out)
{
    uint64_t sum = 0;
    Py_ssize_t count = PyTuple_Size(digits);
    for (Py_ssize_t i = 0; i < count; i++) {
        uint64_t digit = (uint64_t)PyLong_AsLong(PyTuple_GetItem(digits, i));
        if (sum > (INT64_MAX - digit) / 10) {
            PyErr_SetString(PyExc_OverflowError, "the decimal does not fit 64 bits");
            return -1;
        }
        sum = sum * 10 + digit;
    }
    *out = (int64_t)sum;
    return count < 0 ? -1 : 0;
}

/* From sign, digits and exponent: arithmetic of decimals would round by the current context. */
static int read_decimal(PyObject *sign, PyObject *digits, PyObject *exponent, int64_t *mantissa,
                        int32_t *scale)
{
    /* The exponent of NaN and the infinities is a letter. */
    long e = PyLong_Check(exponent) ? PyLong_AsLong(exponent) : LONG_MAX;
    if (e > 18 || e < -18) {
        PyErr_Clear();
        PyErr_SetString(PyExc_ValueError,
                        "a decimal is finite and has at most 18 digits after the point");
        return -1;
    }
    if (read_digits(digits, mantissa) != 0)
        return -1;
    if (PyObject_IsTrue(sign))
        *mantissa = -*mantissa;
    *scale = e < 0 ? (int32_t)-e : 0;
    return e > 0 ? core_rescale(*mantissa, 0, (int32_t)e, mantissa) : 0;
}

int core_decimal(PyObject *value, int64_t *mantissa, int32_t *scale)
{
    PyObject *parts = PyObject_CallMethod(value, "as_tuple", NULL);
    if (parts == NULL)
        return -1;
    PyObject *sign = PyObject_GetAttrString(parts, "sign");
    PyObject *digits = PyObject_GetAttrString(parts, "digits");
    PyObject *exponent = PyObject_GetAttrString(parts, "exponent");
    int result = -1;
    if (sign != NULL && digits != NULL && exponent != NULL)
        result = read_decimal(sign, digits, exponent, mantissa, scale);
    Py_XDECREF(sign);
    Py_XDECREF(digits);
    Py_XDECREF(exponent);
    Py_DECREF(parts);
    return result;
}

/* ---- texts and ids --------------------------------------------------------------------------- */

/* The bytes belong to the object, which the caller holds. */
int core_text(PyObject *value, int bytes_too, const char **out, size_t *size)
{
    Py_ssize_t length = 0;
    if (PyUnicode_Check(value)) {
        *out = PyUnicode_AsUTF8AndSize(value, &length);
        *size = (size_t)length;
        return *out != NULL ? 0 : -1;
    }
    if (bytes_too && PyBytes_Check(value)) {
        char *bytes;
        if (PyBytes_AsStringAndSize(value, &bytes, &length) != 0)
            return -1;
        *out = bytes;
        *size = (size_t)length;
        return 0;
    }
    PyErr_SetString(PyExc_TypeError, bytes_too ? "expected a str or bytes" : "expected a str");
    return -1;
}

/* Ids are bytes to the library; a store of texts was asked for texts and says where one is none. */
PyObject *core_id_object(int ids, const char *bytes, size_t size)
{
    if (ids == CORE_IDS_BYTES)
        return PyBytes_FromStringAndSize(bytes, (Py_ssize_t)size);
    return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)size, "strict");
}

int core_list_add(PyObject **list, PyObject *entry)
{
    if (entry == NULL || (*list != NULL && PyList_Append(*list, entry) != 0))
        Py_CLEAR(*list);
    Py_XDECREF(entry);
    return *list != NULL ? 0 : -1;
}

PyObject *core_take_text(seg_buffer *buffer)
{
    PyObject *text = PyUnicode_DecodeUTF8(seg_buffer_data(buffer),
                                          (Py_ssize_t)seg_buffer_size(buffer), "strict");
    seg_buffer_destroy(buffer);
    return text;
}

int core_user_read(int ids, PyObject *value, core_user *out)
{
    memset(out, 0, sizeof *out);
    if (ids != CORE_IDS_INT)
        return core_text(value, 1, &out->bytes, &out->size);
    out->is_number = 1;
    out->number = PyLong_AsUnsignedLongLong(value);
    return out->number == UINT64_MAX && PyErr_Occurred() ? -1 : 0;
}

/* ---- instances ------------------------------------------------------------------------------- */

/* Only subclasses of our own types have the fields that are about to be filled. */
void *core_new(PyObject *cls, PyTypeObject *base)
{
    if (!PyType_Check(cls) || !PyType_IsSubtype((PyTypeObject *)cls, base)) {
        PyErr_SetString(PyExc_TypeError, "the class to be made is not one of this module's");
        return NULL;
    }
    return PyType_GenericAlloc((PyTypeObject *)cls, 0);
}

/* Instances of heap types keep their type alive, which has to be let go by hand. */
void core_free(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    freefunc release = (freefunc)PyType_GetSlot(type, Py_tp_free);
    release(self);
    Py_DECREF(type);
}

/* ---- the module ------------------------------------------------------------------------------ */

static PyObject *module_version(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyUnicode_FromString(seg_version());
}

static PyObject *module_time(PyObject *module, PyObject *value)
{
    int64_t time;
    (void)module;
    return core_time(value, &time) == 0 ? PyLong_FromLongLong(time) : NULL;
}

static PyObject *module_status_name(PyObject *module, PyObject *value)
{
    long code = PyLong_AsLong(value);
    (void)module;
    if (code == -1 && PyErr_Occurred())
        return NULL;
    return PyUnicode_FromString(seg_status_name((seg_status)code));
}

static PyMethodDef module_methods[] = {
    {"version", module_version, METH_NOARGS,
     "version($module, /)\n--\n\nThe version of libseg at run time."},
    {"to_micros", module_time, METH_O,
     "to_micros($module, time, /)\n--\n\nMicroseconds since 1970 of an int or aware datetime."},
    {"status_name", module_status_name, METH_O,
     "status_name($module, code, /)\n--\n\nThe name of a status, such as SEG_E_SYNTAX."},
    {"salvage", core_salvage, METH_VARARGS,
     "salvage($module, source, target, memory_limit, /)\n--\n\n"
     "Write what is left of a damaged store to a new file."},
    {"columns_stream", core_columns_stream, METH_O,
     "columns_stream($module, columns, /)\n--\n\nA mapping of columns as an Arrow stream capsule."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "seg._core",
    .m_doc = "The extension below the package seg; not for direct use.",
    .m_size = -1,
    .m_methods = module_methods,
};

static PyObject *attribute_of(const char *module_name, const char *name)
{
    PyObject *module = PyImport_ImportModule(module_name);
    PyObject *attribute = module != NULL ? PyObject_GetAttrString(module, name) : NULL;
    Py_XDECREF(module);
    return attribute;
}

/* datetime.datetime(1970, 1, 1, tzinfo=utc), datetime.date(1970, 1, 1), timedelta(0, 0, 1). */
static int times_init(void)
{
    PyObject *zone = attribute_of("datetime", "timezone");
    PyObject *utc = zone != NULL ? PyObject_GetAttrString(zone, "utc") : NULL;
    timedelta_class = attribute_of("datetime", "timedelta");
    core_datetime_class = attribute_of("datetime", "datetime");
    core_date_class = attribute_of("datetime", "date");
    core_decimal_class = attribute_of("decimal", "Decimal");
    if (utc != NULL && core_datetime_class != NULL)
        epoch = PyObject_CallFunction(core_datetime_class, "iiiiiiiO", 1970, 1, 1, 0, 0, 0, 0, utc);
    if (core_date_class != NULL)
        epoch_date = PyObject_CallFunction(core_date_class, "iii", 1970, 1, 1);
    if (timedelta_class != NULL)
        microsecond = PyObject_CallFunction(timedelta_class, "iii", 0, 0, 1);
    Py_XDECREF(zone);
    Py_XDECREF(utc);
    return epoch != NULL && epoch_date != NULL && microsecond != NULL && core_decimal_class != NULL
               ? 0
               : -1;
}

/* The types are made once and live as long as the process. */
static int types_init(PyObject *module)
{
    struct {
        PyTypeObject **type;
        PyType_Spec *spec;
        const char *name;
    } types[] = {
        {&core_store_type, &core_store_spec, "Store"},
        {&core_snapshot_type, &core_snapshot_spec, "Snapshot"},
        {&core_segment_type, &core_segment_spec, "Segment"},
        {&core_class_type, &core_class_spec, "Class"},
        {&core_set_type, &core_set_spec, "Set"},
        {&core_membership_type, &core_membership_spec, "Membership"},
        {&core_appender_type, &core_appender_spec, "Appender"},
        {&core_ids_type, &core_ids_spec, "IdIterator"},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        *types[i].type = (PyTypeObject *)PyType_FromSpec(types[i].spec);
        if (*types[i].type == NULL ||
            PyModule_AddObjectRef(module, types[i].name, (PyObject *)*types[i].type) != 0)
            return -1;
    }
    return 0;
}

/* One phase, on purpose: the types are static, so the module is refused to interpreters with a
 * lock of their own. */
PyMODINIT_FUNC PyInit__core(void)
{
    PyObject *module = PyModule_Create(&module_def);
    make_error = attribute_of("seg._errors", "make_error");
    if (module == NULL || make_error == NULL || times_init() != 0 || types_init(module) != 0) {
        Py_XDECREF(module);
        return NULL;
    }
    return module;
}
