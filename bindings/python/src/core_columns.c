/* core_columns.c - columns of Python (buffers such as numpy arrays, or sequences) as an Arrow
 * stream of one record batch, so that data comes in without pyarrow, by the same way.
 *
 * The stream is for libseg alone: children are not moved out of their parents. Buffers are
 * borrowed from their owners until the last struct is released, which may happen in a thread that
 * does not hold the lock of the interpreter. */
#include "core.h"

/* What a sequence holds, found by looking at all its elements. */
enum kind {
    KIND_NONE, /* nothing but None */
    KIND_BOOL,
    KIND_INT,
    KIND_FLOAT,
    KIND_DECIMAL,
    KIND_TEXT,
    KIND_BYTES,
    KIND_TIME,
    KIND_DATE,
    KIND_TEXTS, /* a list or set of texts */
    KIND_PLACE, /* a tuple of latitude and longitude */
    KIND_MIXED
};

typedef struct column {
    char *name; /* owned */
    char format[16];
    void *owned[4]; /* what this file allocated */
    const void *buffers[3];
    const void *item_buffers[3];
    int64_t length, items;
    int buffer_count;
    const char *item_format; /* NULL: no child */
    int item_buffer_count;
    Py_buffer view;
    int has_view;
    struct ArrowSchema schema, item_schema, *schema_child;
    struct ArrowArray array, item_array, *array_child;
} column;

typedef struct columns {
    int refs; /* stream, schema, array */
    int done;
    size_t count;
    column *columns;
    struct ArrowSchema **schemas;
    struct ArrowArray **arrays;
    const void *no_nulls[1];
} columns;

/* ---- lives ----------------------------------------------------------------------------------- */

/* With the lock of the interpreter. */
static void columns_free(columns *all)
{
    for (size_t i = 0; all->columns != NULL && i < all->count; i++) {
        column *c = &all->columns[i];
        PyMem_Free(c->name);
        for (size_t k = 0; k < sizeof c->owned / sizeof c->owned[0]; k++)
            PyMem_Free(c->owned[k]);
        if (c->has_view)
            PyBuffer_Release(&c->view);
    }
    PyMem_Free(all->columns);
    PyMem_Free(all->schemas);
    PyMem_Free(all->arrays);
    PyMem_Free(all);
}

/* The last release may come from the thread of a long call, hence the lock. */
static void columns_release(columns *all)
{
    PyGILState_STATE state = PyGILState_Ensure();
    if (--all->refs == 0)
        columns_free(all);
    PyGILState_Release(state);
}

/* Children live and end with the block of their parent. */
static void child_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void child_array_release(struct ArrowArray *array)
{
    array->release = NULL;
}

static void root_schema_release(struct ArrowSchema *schema)
{
    schema->release = NULL;
    columns_release(schema->private_data);
}

static void root_array_release(struct ArrowArray *array)
{
    array->release = NULL;
    columns_release(array->private_data);
}

static void stream_release(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
    columns_release(stream->private_data);
}

/* ---- the stream ------------------------------------------------------------------------------ */

/* References are counted under the interpreter's lock, like everything here. */
static void columns_retain(columns *all)
{
    PyGILState_STATE state = PyGILState_Ensure();
    all->refs++;
    PyGILState_Release(state);
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    columns *all = stream->private_data;
    *out = (struct ArrowSchema){.format = "+s",
                                .name = "",
                                .n_children = (int64_t)all->count,
                                .children = all->schemas,
                                .release = root_schema_release,
                                .private_data = all};
    columns_retain(all);
    return 0;
}

/* One record batch, then the end. */
static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    columns *all = stream->private_data;
    memset(out, 0, sizeof *out);
    if (all->done || all->count == 0)
        return 0;
    all->done = 1;
    *out = (struct ArrowArray){.length = all->columns[0].length,
                               .n_buffers = 1,
                               .n_children = (int64_t)all->count,
                               .buffers = all->no_nulls,
                               .children = all->arrays,
                               .release = root_array_release,
                               .private_data = all};
    columns_retain(all);
    return 0;
}

/* Whatever can fail did so before the stream was made. */
static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
    (void)stream;
    return NULL;
}

/* The structs of one column, once its buffers are there. */
static void column_publish(columns *all, size_t i)
{
    column *c = &all->columns[i];
    c->schema = (struct ArrowSchema){.format = c->format,
                                     .name = c->name,
                                     .flags = ARROW_FLAG_NULLABLE,
                                     .release = child_schema_release};
    c->array = (struct ArrowArray){.length = c->length,
                                   .null_count = -1,
                                   .n_buffers = c->buffer_count,
                                   .buffers = c->buffers,
                                   .release = child_array_release};
    all->schemas[i] = &c->schema;
    all->arrays[i] = &c->array;
    if (c->item_format == NULL)
        return;
    c->item_schema = (struct ArrowSchema){
        .format = c->item_format, .name = "item", .release = child_schema_release};
    c->item_array = (struct ArrowArray){.length = c->items,
                                        .n_buffers = c->item_buffer_count,
                                        .buffers = c->item_buffers,
                                        .release = child_array_release};
    c->schema_child = &c->item_schema;
    c->array_child = &c->item_array;
    c->schema.children = &c->schema_child;
    c->array.children = &c->array_child;
    c->schema.n_children = c->array.n_children = 1;
}

/* ---- memory and nulls ------------------------------------------------------------------------ */

/* Zeroed; freed with the column. */
static void *column_alloc(column *c, int place, size_t count, size_t size)
{
    c->owned[place] = PyMem_Calloc(count + 1, size);
    if (c->owned[place] == NULL)
        PyErr_NoMemory();
    return c->owned[place];
}

static void set_bit(uint8_t *bits, size_t i)
{
    bits[i / 8] |= (uint8_t)(1u << (i % 8));
}

/* Bits of the elements that are not None. */
static int column_nulls(column *c, PyObject *items)
{
    uint8_t *bits = column_alloc(c, 0, (size_t)c->length / 8 + 1, 1);
    if (bits == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < c->length; i++)
        if (PyList_GetItem(items, i) != Py_None)
            set_bit(bits, (size_t)i);
    c->buffers[0] = bits;
    return 0;
}

/* ---- buffers --------------------------------------------------------------------------------- */

/* The Arrow format of an element, or 0. Native and little-endian are the same where this runs. */
static char format_of(const Py_buffer *view)
{
    const char *format = view->format != NULL ? view->format : "B";
    format += *format == '@' || *format == '=' || *format == '<';
    if (strlen(format) != 1)
        return 0;
    if (*format == '?')
        return 'b';
    if (*format == 'f' || *format == 'd')
        return *format == 'f' ? 'f' : 'g';
    int is_signed = strchr("bhilq", *format) != NULL;
    if (!is_signed && strchr("BHILQ", *format) == NULL)
        return 0;
    switch (view->itemsize) {
    case 1: return is_signed ? 'c' : 'C';
    case 2: return is_signed ? 's' : 'S';
    case 4: return is_signed ? 'i' : 'I';
    case 8: return is_signed ? 'l' : 'L';
    default: return 0;
    }
}

/* Bytes of 0 and 1 into bits. */
static int pack_bools(column *c)
{
    const uint8_t *bytes = c->view.buf;
    uint8_t *bits = column_alloc(c, 1, (size_t)c->length / 8 + 1, 1);
    if (bits == NULL)
        return -1;
    for (size_t i = 0; i < (size_t)c->length; i++)
        if (bytes[i])
            set_bit(bits, i);
    c->buffers[1] = bits;
    return 0;
}

/* 1: taken, 0: nothing for this function, -1: an exception. */
static int column_from_buffer(column *c, PyObject *value)
{
    if (!PyObject_CheckBuffer(value))
        return 0;
    if (PyObject_GetBuffer(value, &c->view, PyBUF_ND | PyBUF_FORMAT) != 0) {
        PyErr_Clear(); /* strided, or of a kind that has no buffer: element by element then */
        return 0;
    }
    char format = format_of(&c->view);
    if (format == 0 || c->view.ndim != 1) {
        PyBuffer_Release(&c->view);
        return 0;
    }
    c->has_view = 1;
    c->length = c->view.shape[0];
    c->format[0] = format;
    c->buffer_count = 2;
    c->buffers[1] = c->view.buf;
    return format == 'b' && pack_bools(c) != 0 ? -1 : 1;
}

/* ---- kinds of sequences ---------------------------------------------------------------------- */

/* bool is an int in Python, and datetime a date: the narrower type is asked for first. */
static enum kind kind_of(PyObject *item)
{
    if (PyUnicode_Check(item))
        return KIND_TEXT;
    if (PyBool_Check(item))
        return KIND_BOOL;
    if (PyLong_Check(item) || PyIndex_Check(item))
        return KIND_INT;
    if (PyFloat_Check(item))
        return KIND_FLOAT;
    if (PyBytes_Check(item))
        return KIND_BYTES;
    if (PyTuple_Check(item))
        return KIND_PLACE;
    if (PyList_Check(item) || PyAnySet_Check(item))
        return KIND_TEXTS;
    if (PyObject_IsInstance(item, core_datetime_class) == 1)
        return KIND_TIME;
    if (PyObject_IsInstance(item, core_date_class) == 1)
        return KIND_DATE;
    if (PyObject_IsInstance(item, core_decimal_class) == 1)
        return KIND_DECIMAL;
    return KIND_MIXED;
}

/* One kind for all elements; integers among floats count as floats, as they do in arithmetic. */
static enum kind kind_of_all(PyObject *items, Py_ssize_t count)
{
    enum kind all = KIND_NONE;
    for (Py_ssize_t i = 0; i < count && all != KIND_MIXED; i++) {
        PyObject *item = PyList_GetItem(items, i);
        if (item == Py_None)
            continue;
        enum kind one = kind_of(item);
        int numbers =
            (all == KIND_INT && one == KIND_FLOAT) || (all == KIND_FLOAT && one == KIND_INT);
        if (all == KIND_NONE)
            all = one;
        else if (numbers)
            all = KIND_FLOAT;
        else if (all != one)
            all = KIND_MIXED;
    }
    return all;
}

/* ---- sequences of fixed-size values ---------------------------------------------------------- */

/* Through __index__, which scalars of numpy have. */
static int read_int(PyObject *item, void *out, size_t i)
{
    PyObject *number = PyNumber_Index(item);
    if (number == NULL)
        return -1;
    long long value = PyLong_AsLongLong(number);
    Py_DECREF(number);
    ((int64_t *)out)[i] = value;
    return value == -1 && PyErr_Occurred() ? -1 : 0;
}

static int read_float(PyObject *item, void *out, size_t i)
{
    double value = PyFloat_AsDouble(item);
    ((double *)out)[i] = value;
    return value == -1 && PyErr_Occurred() ? -1 : 0;
}

/* Bits, as Arrow keeps them. */
static int read_bool(PyObject *item, void *out, size_t i)
{
    if (item == Py_True)
        set_bit(out, i);
    return 0;
}

static int read_time(PyObject *item, void *out, size_t i)
{
    return core_time(item, (int64_t *)out + i);
}

static int read_date(PyObject *item, void *out, size_t i)
{
    return core_days(item, (int32_t *)out + i);
}

typedef int read_function(PyObject *item, void *out, size_t i);

/* Elements of None leave the zeros that the array was made of. */
static int column_fixed(column *c, PyObject *items, const char *format, size_t size,
                        read_function *read)
{
    void *values = column_alloc(c, 1, (size_t)c->length, size);
    if (values == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < c->length; i++) {
        PyObject *item = PyList_GetItem(items, i);
        if (item != Py_None && read(item, values, (size_t)i) != 0)
            return -1;
    }
    memcpy(c->format, format, strlen(format) + 1);
    c->buffer_count = 2;
    c->buffers[1] = values;
    return 0;
}

/* Decimals get the largest scale among them. */
static int column_decimals(column *c, PyObject *items)
{
    int64_t *mantissas = column_alloc(c, 1, (size_t)c->length, sizeof *mantissas);
    int32_t *scales = column_alloc(c, 2, (size_t)c->length, sizeof *scales), scale = 0;
    if (mantissas == NULL || scales == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < c->length; i++) {
        PyObject *item = PyList_GetItem(items, i);
        if (item != Py_None && core_decimal(item, &mantissas[i], &scales[i]) != 0)
            return -1;
        scale = scales[i] > scale ? scales[i] : scale;
    }
    for (Py_ssize_t i = 0; i < c->length; i++)
        if (core_rescale(mantissas[i], scales[i], scale, &mantissas[i]) != 0)
            return -1;
    PyOS_snprintf(c->format, sizeof c->format, "d:18,%d,64", (int)scale);
    c->buffer_count = 2;
    c->buffers[1] = mantissas;
    return 0;
}

/* Two numbers a row, one after the other. */
static int column_places(column *c, PyObject *items)
{
    double *parts = column_alloc(c, 1, (size_t)c->length, 2 * sizeof *parts);
    if (parts == NULL)
        return -1;
    for (Py_ssize_t i = 0; i < c->length; i++) {
        PyObject *item = PyList_GetItem(items, i);
        if (item == Py_None)
            continue;
        if (PyTuple_Size(item) != 2) {
            PyErr_SetString(PyExc_ValueError, "a place is a tuple of latitude and longitude");
            return -1;
        }
        for (Py_ssize_t k = 0; k < 2; k++)
            if (read_float(PyTuple_GetItem(item, k), parts, (size_t)(2 * i + k)) != 0)
                return -1;
    }
    memcpy(c->format, "+w:2", 5);
    c->buffer_count = 1;
    c->item_format = "g";
    c->items = 2 * c->length;
    c->item_buffer_count = 2;
    c->item_buffers[1] = parts;
    return 0;
}

/* ---- sequences of texts ---------------------------------------------------------------------- */

/* Offsets and bytes of texts into the places 1 and 2 of what the column owns. */
static int gather_texts(column *c, PyObject *items, Py_ssize_t count, const void **buffers)
{
    int64_t *offsets = column_alloc(c, 1, (size_t)count + 1, sizeof *offsets);
    char *bytes = NULL;
    size_t total = 0;
    for (int pass = 0; offsets != NULL && pass < 2; pass++) {
        if (pass == 1 && (bytes = column_alloc(c, 2, total, 1)) == NULL)
            return -1;
        total = 0;
        for (Py_ssize_t i = 0; i < count; i++) {
            const char *text;
            size_t size = 0;
            PyObject *item = PyList_GetItem(items, i);
            if (item != Py_None && core_text(item, 1, &text, &size) != 0)
                return -1;
            if (pass == 1 && size > 0)
                memcpy(bytes + total, text, size);
            total += size;
            offsets[i + 1] = (int64_t)total;
        }
    }
    buffers[1] = offsets;
    buffers[2] = bytes;
    return offsets != NULL ? 0 : -1;
}

/* Large offsets throughout: nothing is gained from narrow ones on the way to the library. */
static int column_texts(column *c, PyObject *items, const char *format)
{
    c->format[0] = *format;
    c->buffer_count = 3;
    return gather_texts(c, items, (Py_ssize_t)c->length, c->buffers);
}

/* Lists or sets of texts: all elements in one list first. */
static int column_lists(column *c, PyObject *items)
{
    int64_t *lists = column_alloc(c, 3, (size_t)c->length + 1, sizeof *lists);
    PyObject *all = PyList_New(0);
    int result = lists != NULL && all != NULL ? 0 : -1;
    for (Py_ssize_t i = 0; result == 0 && i < c->length; i++) {
        PyObject *item = PyList_GetItem(items, i);
        PyObject *part = item != Py_None ? PySequence_List(item) : PyList_New(0);
        Py_ssize_t count = part != NULL ? PyList_Size(part) : -1;
        result = count < 0 ? -1 : 0;
        for (Py_ssize_t k = 0; result == 0 && k < count; k++)
            result = PyList_Append(all, PyList_GetItem(part, k));
        Py_XDECREF(part);
        lists[i + 1] = lists[i] + (count > 0 ? count : 0);
    }
    if (result == 0) {
        memcpy(c->format, "+L", 3);
        c->buffer_count = 2;
        c->buffers[1] = lists;
        c->items = lists[c->length];
        c->item_format = "U";
        c->item_buffer_count = 3;
        result = gather_texts(c, all, (Py_ssize_t)c->items, c->item_buffers);
    }
    Py_XDECREF(all);
    return result;
}

/* ---- one column ------------------------------------------------------------------------------ */

static int column_of_kind(column *c, PyObject *items, enum kind kind)
{
    switch (kind) {
    case KIND_NONE:
        c->format[0] = 'n';
        c->buffers[0] = NULL;
        return 0;
    case KIND_BOOL: return column_fixed(c, items, "b", 1, read_bool);
    case KIND_INT: return column_fixed(c, items, "l", 8, read_int);
    case KIND_FLOAT: return column_fixed(c, items, "g", 8, read_float);
    case KIND_TIME: return column_fixed(c, items, "tsu:UTC", 8, read_time);
    case KIND_DATE: return column_fixed(c, items, "tdD", 4, read_date);
    case KIND_DECIMAL: return column_decimals(c, items);
    case KIND_TEXT: return column_texts(c, items, "U");
    case KIND_BYTES: return column_texts(c, items, "Z");
    case KIND_TEXTS: return column_lists(c, items);
    case KIND_PLACE: return column_places(c, items);
    default:
        PyErr_Format(PyExc_TypeError,
                     "column \"%.200s\": its values are of several types, or of one that no "
                     "column has",
                     c->name);
        return -1;
    }
}

/* A list of our own again, against changes under our feet. */
static int column_from_sequence(column *c, PyObject *value)
{
    PyObject *items = PySequence_List(value);
    if (items == NULL)
        return -1;
    c->length = PyList_Size(items);
    int result = column_nulls(c, items);
    if (result == 0)
        result = column_of_kind(c, items, kind_of_all(items, (Py_ssize_t)c->length));
    Py_DECREF(items);
    return result;
}

static int column_read(column *c, PyObject *name, PyObject *value)
{
    const char *text;
    size_t size;
    if (core_text(name, 0, &text, &size) != 0)
        return -1;
    c->name = PyMem_Calloc(size + 1, 1);
    if (c->name == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(c->name, text, size);
    if (PyUnicode_Check(value) || PyBytes_Check(value) || PyByteArray_Check(value)) {
        PyErr_Format(PyExc_TypeError, "column \"%.200s\": expected a column, not one text",
                     c->name);
        return -1;
    }
    int taken = column_from_buffer(c, value);
    return taken != 0 ? (taken < 0 ? -1 : 0) : column_from_sequence(c, value);
}

/* ---- the mapping ----------------------------------------------------------------------------- */

/* Columns of different lengths are a mistake that Arrow would show as an odd row. */
static int columns_read(columns *all, PyObject *items)
{
    all->columns = PyMem_Calloc(all->count + 1, sizeof *all->columns);
    all->schemas = PyMem_Calloc(all->count + 1, sizeof *all->schemas);
    all->arrays = PyMem_Calloc(all->count + 1, sizeof *all->arrays);
    if (all->columns == NULL || all->schemas == NULL || all->arrays == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (size_t i = 0; i < all->count; i++) {
        PyObject *pair = PyList_GetItem(items, (Py_ssize_t)i);
        column *c = &all->columns[i];
        if (column_read(c, PyTuple_GetItem(pair, 0), PyTuple_GetItem(pair, 1)) != 0)
            return -1;
        if (c->length != all->columns[0].length) {
            PyErr_Format(PyExc_ValueError, "column \"%.200s\" has %lld rows, \"%.200s\" has %lld",
                         c->name, (long long)c->length, all->columns[0].name,
                         (long long)all->columns[0].length);
            return -1;
        }
        column_publish(all, i);
    }
    return 0;
}

PyObject *core_columns_stream(PyObject *module, PyObject *mapping)
{
    (void)module;
    PyObject *items = PyMapping_Items(mapping);
    columns *all = items != NULL ? PyMem_Calloc(1, sizeof *all) : NULL;
    if (all == NULL) {
        Py_XDECREF(items);
        return PyErr_Occurred() ? NULL : PyErr_NoMemory();
    }
    all->refs = 1;
    all->count = (size_t)PyList_Size(items);
    int result = columns_read(all, items);
    Py_DECREF(items);
    if (result != 0) {
        columns_free(all);
        return NULL;
    }
    struct ArrowArrayStream stream = {.get_schema = stream_get_schema,
                                      .get_next = stream_get_next,
                                      .get_last_error = stream_get_last_error,
                                      .release = stream_release,
                                      .private_data = all};
    return core_stream_capsule(&stream);
}
