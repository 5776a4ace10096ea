/* core_set.c - the type Set, walking over its ids, and ids that come from Python. */
#include "core.h"

#define IDS_BLOCK 1024

/* ---- ids from Python ------------------------------------------------------------------------- */

void core_ids_clear(core_ids_in *ids)
{
    PyMem_Free(ids->bytes);
    PyMem_Free(ids->offsets);
    if (ids->has_view)
        PyBuffer_Release(&ids->view);
    else
        PyMem_Free(ids->numbers);
    memset(ids, 0, sizeof *ids);
}

/* Buffers of 64-bit integers are used where they lie. Negative ones are above every id, because
 * they read as numbers that no store holds. 1: taken, 0: not such a buffer. */
static int numbers_from_buffer(PyObject *value, core_ids_in *out)
{
    if (!PyObject_CheckBuffer(value))
        return 0;
    if (PyObject_GetBuffer(value, &out->view, PyBUF_CONTIG_RO | PyBUF_FORMAT) != 0) {
        PyErr_Clear();
        return 0;
    }
    const char *format = out->view.format != NULL ? out->view.format : "B";
    format += *format == '@' || *format == '=' || *format == '<';
    int good = out->view.itemsize == 8 && strchr("qQlL", *format) != NULL && *format != '\0' &&
               (uintptr_t)out->view.buf % 8 == 0;
    if (!good) {
        PyBuffer_Release(&out->view);
        return 0;
    }
    out->has_view = 1;
    out->numbers = out->view.buf;
    out->count = out->view.len / 8;
    return 1;
}

/* Numbers that are no id of 64 bits become the one that no store holds. */
static uint64_t number_of(PyObject *item)
{
    uint64_t number = PyLong_AsUnsignedLongLong(item);
    if (number == UINT64_MAX && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_OverflowError))
        PyErr_Clear();
    return number;
}

/* A sequence of integers, element by element. */
static int read_numbers(PyObject *items, core_ids_in *out)
{
    out->numbers = PyMem_Calloc((size_t)out->count + 1, sizeof *out->numbers);
    if (out->numbers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < out->count; i++) {
        PyObject *item = PyList_GetItem(items, i);
        /* Scalars of numpy are no ints, but turn into one. */
        PyObject *number = item != NULL ? PyNumber_Index(item) : NULL;
        if (number == NULL)
            return -1;
        out->numbers[i] = number_of(number);
        Py_DECREF(number);
        if (PyErr_Occurred())
            return -1;
    }
    return 0;
}

/* Twice over the list: for the sizes, then for the bytes. The texts are held by the list. */
static int read_texts(PyObject *items, core_ids_in *out)
{
    size_t total = 0;
    out->offsets = PyMem_Calloc((size_t)out->count + 1, sizeof *out->offsets);
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            out->bytes = PyMem_Malloc(total + 1);
        if (out->offsets == NULL || (pass == 1 && out->bytes == NULL)) {
            PyErr_NoMemory();
            return -1;
        }
        total = 0;
        for (Py_ssize_t i = 0; i < out->count; i++) {
            const char *bytes;
            size_t size;
            PyObject *item = PyList_GetItem(items, i);
            if (item == NULL || core_text(item, 1, &bytes, &size) != 0)
                return -1;
            if (pass == 1)
                memcpy(out->bytes + total, bytes, size);
            total += size;
            out->offsets[i + 1] = total;
        }
    }
    return 0;
}

int core_ids_read(int ids, PyObject *value, core_ids_in *out)
{
    memset(out, 0, sizeof *out);
    if (PyUnicode_Check(value) || PyBytes_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "expected a collection of ids, not one text");
        return -1;
    }
    if (ids == CORE_IDS_INT && numbers_from_buffer(value, out))
        return 0;
    /* A list of our own, so that nobody changes it under our feet. */
    PyObject *items = PySequence_List(value);
    if (items == NULL)
        return -1;
    out->count = PyList_Size(items);
    int result = ids == CORE_IDS_INT ? read_numbers(items, out) : read_texts(items, out);
    Py_DECREF(items);
    if (result != 0)
        core_ids_clear(out);
    return result;
}

/* ---- Set: begin and end ---------------------------------------------------------------------- */

PyObject *core_set_wrap(PyObject *cls, core_snapshot *snapshot, seg_set *set, int64_t now)
{
    core_set *self = core_new(cls, core_set_type);
    if (self == NULL) {
        seg_set_release(set);
        return NULL;
    }
    self->snapshot = (core_snapshot *)Py_NewRef((PyObject *)snapshot);
    self->set = set;
    self->now = now;
    return (PyObject *)self;
}

/* Sets hold their snapshot and it holds the store: whatever ends first, nothing dangles. */
static void set_dealloc(PyObject *object)
{
    core_set *self = (core_set *)object;
    seg_set_release(self->set);
    Py_XDECREF((PyObject *)self->snapshot);
    core_free(object);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* At most 4,294,901,760, which a Py_ssize_t of 64 bits holds. */
static Py_ssize_t set_length(PyObject *object)
{
    return (Py_ssize_t)seg_set_count(((core_set *)object)->set);
}

/* The hot path: no lock is let go and nothing is allocated. An id of the wrong kind is a mistake
 * of the caller, not an absent member. */
static int set_contains(PyObject *object, PyObject *id)
{
    const core_set *self = (core_set *)object;
    if (self->snapshot->owner->ids == CORE_IDS_INT) {
        PyObject *number = PyNumber_Index(id);
        if (number == NULL)
            return -1;
        uint64_t value = number_of(number);
        Py_DECREF(number);
        return seg_set_contains_u64(self->set, value);
    }
    const char *bytes;
    size_t size;
    if (core_text(id, 1, &bytes, &size) != 0)
        return -1;
    return seg_set_contains(self->set, bytes, size);
}

typedef struct contains_job {
    const seg_set *set;
    const core_ids_in *ids;
    uint8_t *out;
} contains_job;

/* Never fails: an unknown id is in no set. */
static seg_status contains_run(void *argument, seg_error *err)
{
    contains_job *j = argument;
    uint64_t count = (uint64_t)j->ids->count;
    (void)err;
    if (j->ids->offsets != NULL)
        seg_set_contains_many(j->set, j->ids->bytes, j->ids->offsets, count, j->out);
    else
        seg_set_contains_many_u64(j->set, j->ids->numbers, count, j->out);
    return SEG_OK;
}

/* Set._contains_many(ids): a bytearray of 0 and 1. */
static PyObject *set_contains_many(PyObject *object, PyObject *value)
{
    const core_set *self = (core_set *)object;
    core_ids_in ids;
    if (core_ids_read(self->snapshot->owner->ids, value, &ids) != 0)
        return NULL;
    PyObject *answer = PyByteArray_FromStringAndSize(NULL, ids.count);
    if (answer != NULL) {
        contains_job job = {self->set, &ids, (uint8_t *)PyByteArray_AsString(answer)};
        if (core_run(contains_run, &job, NULL, 0, NULL) != 0)
            Py_CLEAR(answer);
    }
    core_ids_clear(&ids);
    return answer;
}

static PyObject *set_snapshot(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef((PyObject *)((core_set *)object)->snapshot);
}

/* 0 for sets that were not evaluated. */
static PyObject *set_now(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromLongLong(((core_set *)object)->now);
}

/* ---- algebra --------------------------------------------------------------------------------- */

typedef struct combine_job {
    uint32_t operation; /* SEG_SET_*, 0: the complement of left */
    const seg_set *left, *right;
    seg_set *result;
    uint64_t count;
    int only_count;
} combine_job;

/* Bitmaps of millions take milliseconds, worth letting other threads in. */
static seg_status combine_run(void *argument, seg_error *err)
{
    combine_job *j = argument;
    if (j->operation == 0)
        return seg_set_complement(j->left, &j->result, err);
    if (j->only_count)
        return seg_set_combine_count(j->operation, j->left, j->right, &j->count, err);
    return seg_set_combine(j->operation, j->left, j->right, &j->result, err);
}

/* The result belongs to the later snapshot, which only the library knows: of the two it is the
 * one with more commits. */
static core_snapshot *later(core_snapshot *one, core_snapshot *two)
{
    seg_snapshot_info a = {.struct_size = sizeof a}, b = {.struct_size = sizeof b};
    if (seg_snapshot_get_info(one->snapshot, &a, NULL) != SEG_OK ||
        seg_snapshot_get_info(two->snapshot, &b, NULL) != SEG_OK)
        return one;
    return b.commit_sequence > a.commit_sequence ? two : one;
}

/* NotImplemented lets Python say which two types do not go together. */
static PyObject *set_combine(PyObject *left, PyObject *right, uint32_t operation)
{
    if (!PyObject_TypeCheck(left, core_set_type) || !PyObject_TypeCheck(right, core_set_type))
        Py_RETURN_NOTIMPLEMENTED;
    const core_set *one = (core_set *)left, *two = (core_set *)right;
    combine_job job = {.operation = operation, .left = one->set, .right = two->set};
    if (core_run(combine_run, &job, NULL, 0, NULL) != 0)
        return NULL;
    return core_set_wrap((PyObject *)Py_TYPE(left), later(one->snapshot, two->snapshot), job.result,
                         one->now == two->now ? one->now : 0);
}

static PyObject *set_and(PyObject *left, PyObject *right)
{
    return set_combine(left, right, SEG_SET_AND);
}

static PyObject *set_or(PyObject *left, PyObject *right)
{
    return set_combine(left, right, SEG_SET_OR);
}

static PyObject *set_xor(PyObject *left, PyObject *right)
{
    return set_combine(left, right, SEG_SET_XOR);
}

static PyObject *set_subtract(PyObject *left, PyObject *right)
{
    return set_combine(left, right, SEG_SET_ANDNOT);
}

static PyObject *set_invert(PyObject *object)
{
    const core_set *self = (core_set *)object;
    combine_job job = {.left = self->set};
    if (core_run(combine_run, &job, NULL, 0, NULL) != 0)
        return NULL;
    return core_set_wrap((PyObject *)Py_TYPE(object), self->snapshot, job.result, self->now);
}

/* Set._combine_count(operation, other) */
static PyObject *set_combine_count(PyObject *object, PyObject *args)
{
    combine_job job = {.left = ((core_set *)object)->set, .only_count = 1};
    PyObject *other;
    unsigned operation;
    if (!PyArg_ParseTuple(args, "IO!", &operation, core_set_type, &other))
        return NULL;
    job.operation = operation;
    job.right = ((core_set *)other)->set;
    if (core_run(combine_run, &job, NULL, 0, NULL) != 0)
        return NULL;
    return PyLong_FromUnsignedLongLong(job.count);
}

/* Sets have no order here: < would have to mean the subset, which issubset() says in words. */
static PyObject *set_compare(PyObject *left, PyObject *right, int operation)
{
    if ((operation != Py_EQ && operation != Py_NE) || !PyObject_TypeCheck(left, core_set_type) ||
        !PyObject_TypeCheck(right, core_set_type))
        Py_RETURN_NOTIMPLEMENTED;
    int equal = seg_set_equals(((core_set *)left)->set, ((core_set *)right)->set);
    return PyBool_FromLong(operation == Py_EQ ? equal : !equal);
}

/* ---- roaring --------------------------------------------------------------------------------- */

/* Set._to_roaring(format) */
static PyObject *set_to_roaring(PyObject *object, PyObject *value)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *buffer = NULL;
    unsigned long format = PyLong_AsUnsignedLong(value);
    if (PyErr_Occurred())
        return NULL;
    PyThreadState *state = PyEval_SaveThread();
    seg_status status =
        seg_set_to_roaring(((core_set *)object)->set, (uint32_t)format, &buffer, &err);
    PyEval_RestoreThread(state);
    if (status != SEG_OK)
        return core_fail(&err);
    PyObject *bytes =
        PyBytes_FromStringAndSize(seg_buffer_data(buffer), (Py_ssize_t)seg_buffer_size(buffer));
    seg_buffer_destroy(buffer);
    return bytes;
}

/* ---- a stream of members and values ---------------------------------------------------------- */

typedef struct stream_job {
    seg_store *store;
    const seg_set *set;
    int64_t now;
    size_t count;
    const char **texts, **names;
    size_t *text_sizes, *name_sizes;
    seg_value **values;
    seg_arrow_output output;
    struct ArrowArrayStream stream;
} stream_job;

/* Compiled here and not before, because compiling takes the store's lock. */
static seg_status stream_run(void *argument, seg_error *err)
{
    stream_job *j = argument;
    for (size_t i = 0; i < j->count; i++) {
        seg_status status =
            seg_value_compile(j->store, j->texts[i], j->text_sizes[i], 0, &j->values[i], err);
        if (status != SEG_OK)
            return status;
    }
    return seg_set_to_arrow(j->set, j->now, (const seg_value *const *)j->values, j->names,
                            j->name_sizes, j->count, &j->output, &j->stream, err);
}

/* Names and texts out of a list of pairs of str, which holds them. */
static int stream_read(PyObject *pairs, stream_job *job)
{
    for (size_t i = 0; i < job->count; i++) {
        PyObject *pair = PyList_GetItem(pairs, (Py_ssize_t)i);
        if (pair == NULL || !PyTuple_Check(pair) || PyTuple_Size(pair) != 2) {
            PyErr_SetString(PyExc_TypeError, "expected pairs of a name and a text");
            return -1;
        }
        if (core_text(PyTuple_GetItem(pair, 0), 0, &job->names[i], &job->name_sizes[i]) != 0 ||
            core_text(PyTuple_GetItem(pair, 1), 0, &job->texts[i], &job->text_sizes[i]) != 0)
            return -1;
    }
    return 0;
}

/* Runs the job and hands its stream over. */
static PyObject *stream_make(const core_set *self, PyObject *pairs, stream_job *job,
                             PyObject *progress)
{
    core_store *owner = self->snapshot->owner;
    seg_error err = SEG_ERROR_INIT;
    if (stream_read(pairs, job) != 0)
        return NULL;
    /* Only compiling needs the store itself: the ids of a set can be read after its end. */
    if (job->count > 0 && (job->store = core_store_borrow(owner)) == NULL)
        return NULL;
    int result = -1;
    if (seg_task_create(NULL, &job->output.task, &err) != SEG_OK)
        core_fail(&err);
    else
        result = core_run(stream_run, job, job->output.task, job->count > 0, progress);
    seg_task_destroy(job->output.task);
    if (job->store != NULL)
        core_store_return(owner);
    if (result == 0)
        return core_stream_capsule(&job->stream);
    /* It was made, and a callback of Python refused it afterwards. */
    if (job->stream.release != NULL)
        job->stream.release(&job->stream);
    return NULL;
}

/* Set._stream(pairs, now, threads, id_name, binary, batch_rows, progress): a capsule */
static PyObject *set_stream(PyObject *object, PyObject *args)
{
    const core_set *self = (core_set *)object;
    PyObject *pairs, *now, *progress, *result = NULL;
    Py_ssize_t name_size;
    unsigned threads;
    int binary;
    unsigned long long batch_rows;
    stream_job job = {.output = SEG_ARROW_OUTPUT_INIT};
    if (!PyArg_ParseTuple(args, "O!OIs#pKO", &PyList_Type, &pairs, &now, &threads,
                          &job.output.id_name, &name_size, &binary, &batch_rows, &progress) ||
        core_time(now, &job.now) != 0)
        return NULL;
    job.output.id_name_size = (uint64_t)name_size;
    job.output.threads = threads;
    job.output.flags = binary ? SEG_ARROW_IDS_BINARY : 0;
    job.output.batch_rows = batch_rows;
    job.set = self->set;
    job.count = (size_t)PyList_Size(pairs);
    /* Five arrays of words, one after the other. */
    void **words = PyMem_Calloc(5 * job.count + 1, sizeof *words);
    if (words == NULL)
        return PyErr_NoMemory();
    job.texts = (const char **)words;
    job.names = (const char **)(words + job.count);
    job.values = (seg_value **)(words + 2 * job.count);
    job.text_sizes = (size_t *)(words + 3 * job.count);
    job.name_sizes = (size_t *)(words + 4 * job.count);
    result = stream_make(self, pairs, &job, progress);
    for (size_t i = 0; i < job.count; i++)
        seg_value_release(job.values[i]);
    PyMem_Free(words);
    return result;
}

/* ---- walking --------------------------------------------------------------------------------- */

/* An iterator over external ids, a block at a time. */
typedef struct core_ids {
    PyObject_HEAD seg_set_cursor *cursor;
    int ids;
    int ended;
    uint64_t at, count;
    const char *bytes;             /* of the cursor, until its next call */
    uint64_t words[IDS_BLOCK + 1]; /* offsets, or the ids themselves */
} core_ids;

/* The cursor retains the set, so the iterator needs no Python object but itself. */
static PyObject *set_iterate(PyObject *object)
{
    const core_set *self = (core_set *)object;
    seg_error err = SEG_ERROR_INIT;
    core_ids *walk = (core_ids *)PyType_GenericAlloc(core_ids_type, 0);
    if (walk == NULL)
        return NULL;
    walk->ids = self->snapshot->owner->ids;
    if (seg_set_cursor_create(self->set, &walk->cursor, &err) != SEG_OK) {
        Py_DECREF(walk);
        return core_fail(&err);
    }
    return (PyObject *)walk;
}

static void ids_dealloc(PyObject *object)
{
    seg_set_cursor_destroy(((core_ids *)object)->cursor);
    core_free(object);
}

/* The next block; 0 at the end. */
static int ids_fill(core_ids *walk)
{
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        walk->ids == CORE_IDS_INT
            ? seg_set_cursor_next_u64(walk->cursor, IDS_BLOCK, walk->words, &walk->count, &err)
            : seg_set_cursor_next(walk->cursor, IDS_BLOCK, walk->words, &walk->bytes, &walk->count,
                                  &err);
    walk->at = 0;
    walk->ended = walk->count == 0;
    if (status == SEG_OK)
        return walk->count > 0;
    core_fail(&err);
    return -1;
}

/* NULL without an exception is the end, as the protocol wants it. Customers who were erased since
 * the set was made have no id any more and are passed over. */
static PyObject *ids_next(PyObject *object)
{
    core_ids *walk = (core_ids *)object;
    for (;;) {
        if (walk->at == walk->count && (walk->ended || ids_fill(walk) <= 0))
            return NULL;
        uint64_t i = walk->at++, word = walk->words[i];
        if (walk->ids == CORE_IDS_INT && word != UINT64_MAX)
            return PyLong_FromUnsignedLongLong(word);
        if (walk->ids != CORE_IDS_INT && walk->words[i + 1] > word)
            return core_id_object(walk->ids, walk->bytes + word,
                                  (size_t)(walk->words[i + 1] - word));
    }
}

static PyType_Slot ids_slots[] = {
    {Py_tp_dealloc, ids_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, ids_next},
    {0, NULL},
};

PyType_Spec core_ids_spec = {
    .name = "seg._core.IdIterator",
    .basicsize = sizeof(core_ids),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = ids_slots,
};

/* ---- the type -------------------------------------------------------------------------------- */

static PyMethodDef set_methods[] = {
    {"_contains_many", set_contains_many, METH_O, NULL},
    {"_combine_count", set_combine_count, METH_VARARGS, NULL},
    {"_to_roaring", set_to_roaring, METH_O, NULL},
    {"_stream", set_stream, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef set_getset[] = {
    {"_snapshot", set_snapshot, NULL, NULL, NULL},
    {"_now", set_now, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot set_slots[] = {
    {Py_tp_dealloc, set_dealloc},
    {Py_tp_methods, set_methods},
    {Py_tp_getset, set_getset},
    {Py_tp_iter, set_iterate},
    {Py_tp_richcompare, set_compare},
    {Py_tp_hash, PyObject_HashNotImplemented},
    {Py_sq_length, set_length},
    {Py_sq_contains, set_contains},
    {Py_nb_and, set_and},
    {Py_nb_or, set_or},
    {Py_nb_xor, set_xor},
    {Py_nb_subtract, set_subtract},
    {Py_nb_invert, set_invert},
    {0, NULL},
};

PyType_Spec core_set_spec = {
    .name = "seg._core.Set",
    .basicsize = sizeof(core_set),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = set_slots,
};
