/* core_class.c - the types Class and Membership: which label, and which of many sets. */
#include "core.h"

/* ---- Class ----------------------------------------------------------------------------------- */

typedef struct class_job {
    seg_store *store;
    const char *text;
    Py_ssize_t size;
    uint32_t flags;
    int is_name;
    seg_class *handle;
} class_job;

static seg_status class_run(void *argument, seg_error *err)
{
    class_job *j = argument;
    if (j->is_name)
        return seg_class_load(j->store, j->text, (size_t)j->size, &j->handle, err);
    return seg_class_compile(j->store, j->text, (size_t)j->size, j->flags, &j->handle, err);
}

PyObject *core_store_class(PyObject *object, PyObject *args)
{
    class_job job = {.store = NULL};
    PyObject *cls;
    unsigned flags;
    if (!PyArg_ParseTuple(args, "Os#Ip", &cls, &job.text, &job.size, &flags, &job.is_name))
        return NULL;
    job.flags = flags;
    core_class *made = core_new(cls, core_class_type);
    if (made == NULL || core_store_run((core_store *)object, class_run, &job, &job.store) != 0) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef(object);
    made->handle = job.handle;
    return (PyObject *)made;
}

static void class_dealloc(PyObject *object)
{
    core_class *self = (core_class *)object;
    seg_class_release(self->handle);
    Py_XDECREF((PyObject *)self->owner);
    core_free(object);
}

static PyObject *class_store(PyObject *object, void *closure)
{
    (void)closure;
    return Py_NewRef((PyObject *)((core_class *)object)->owner);
}

static PyObject *class_text(PyObject *object, void *closure)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *text = NULL;
    (void)closure;
    if (seg_class_text(((core_class *)object)->handle, &text, &err) != SEG_OK)
        return core_fail(&err);
    return core_take_text(text);
}

/* Class._labels(): [label] */
static PyObject *class_labels(PyObject *object, PyObject *ignored)
{
    const seg_class *handle = ((core_class *)object)->handle;
    PyObject *list = PyList_New(0);
    uint64_t count = seg_class_label_count(handle);
    (void)ignored;
    for (uint64_t i = 0; list != NULL && i < count; i++) {
        const char *label = NULL;
        uint64_t size = 0;
        core_noted(seg_class_label(handle, i, &label, &size, NULL));
        core_list_add(&list, PyUnicode_DecodeUTF8(label, (Py_ssize_t)size, "strict"));
    }
    return list;
}

/* Class._evaluate(set class, snapshot, now, threads, among, progress): a set per label */
static PyObject *class_evaluate(PyObject *object, PyObject *args)
{
    PyObject *cls, *snapshot, *now, *among, *progress;
    unsigned threads;
    seg_set *sets[SEG_CLASS_LABELS_MAX] = {NULL};
    if (!PyArg_ParseTuple(args, "OOOIOO", &cls, &snapshot, &now, &threads, &among, &progress))
        return NULL;
    const seg_class *handle = ((core_class *)object)->handle;
    core_evaluation job = {.want = CORE_WANT_LABELS,
                           .labels = handle,
                           .count = (size_t)seg_class_label_count(handle),
                           .sets = sets};
    int result = core_evaluate(&job, snapshot, now, threads, among, progress);
    if (result == 0)
        return core_evaluation_sets(cls, (core_snapshot *)snapshot, &job);
    for (size_t i = 0; i < job.count; i++)
        seg_set_release(sets[i]);
    return NULL;
}

/* Class._scores(snapshot, now, threads, among, measure): (users by score, cut points) */
static PyObject *class_scores(PyObject *object, PyObject *args)
{
    PyObject *snapshot, *now, *among;
    unsigned threads, measure;
    if (!PyArg_ParseTuple(args, "OOIOI", &snapshot, &now, &threads, &among, &measure))
        return NULL;
    const seg_class *handle = ((core_class *)object)->handle;
    core_evaluation job = {.want = CORE_WANT_SCORES, .labels = handle, .measure = measure};
    if (core_evaluate(&job, snapshot, now, threads, among, Py_None) != 0)
        return NULL;
    uint32_t scale = seg_class_scale(handle);
    PyObject *users = PyList_New(0), *cuts = PyList_New(0);
    for (uint32_t i = 0; users != NULL && i <= scale; i++)
        core_list_add(&users, PyLong_FromUnsignedLongLong(job.users[i]));
    for (uint32_t i = 0; cuts != NULL && i + 1 < scale; i++)
        core_list_add(&cuts, PyFloat_FromDouble(job.cuts[i]));
    if (users != NULL && cuts != NULL)
        return Py_BuildValue("NN", users, cuts);
    Py_XDECREF(users);
    Py_XDECREF(cuts);
    return NULL;
}

/* Class._freeze(cls, snapshot, now, threads) */
static PyObject *class_freeze(PyObject *object, PyObject *args)
{
    const core_class *self = (core_class *)object;
    PyObject *cls, *snapshot, *now;
    unsigned threads;
    if (!PyArg_ParseTuple(args, "OOOI", &cls, &snapshot, &now, &threads))
        return NULL;
    core_evaluation job = {.want = CORE_WANT_FROZEN, .labels = self->handle};
    core_class *made = core_new(cls, core_class_type);
    if (made == NULL || core_evaluate(&job, snapshot, now, threads, Py_None, Py_None) != 0) {
        Py_XDECREF((PyObject *)made);
        return NULL;
    }
    made->owner = (core_store *)Py_NewRef((PyObject *)self->owner);
    made->handle = job.frozen;
    return (PyObject *)made;
}

/* 0 for a class that is no rfm. */
static PyObject *class_scale(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLong(seg_class_scale(((core_class *)object)->handle));
}

static PyMethodDef class_methods[] = {
    {"_scores", class_scores, METH_VARARGS, NULL},
    {"_freeze", class_freeze, METH_VARARGS, NULL},
    {"_labels", class_labels, METH_NOARGS, NULL},
    {"_evaluate", class_evaluate, METH_VARARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef class_getset[] = {
    {"text", class_text, NULL, "The one canonical text of the class.", NULL},
    {"_store", class_store, NULL, NULL, NULL},
    {"_scale", class_scale, NULL, NULL, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot class_slots[] = {
    {Py_tp_dealloc, class_dealloc},
    {Py_tp_methods, class_methods},
    {Py_tp_getset, class_getset},
    {0, NULL},
};

PyType_Spec core_class_spec = {
    .name = "seg._core.Class",
    .basicsize = sizeof(core_class),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = class_slots,
};

/* ---- Membership ------------------------------------------------------------------------------ */

typedef struct membership_job {
    const seg_set **sets;
    size_t count;
    seg_membership *membership;
    const core_ids_in *ids;
    uint64_t *words;
} membership_job;

static seg_status membership_run(void *argument, seg_error *err)
{
    membership_job *j = argument;
    return seg_membership_create(j->sets, j->count, &j->membership, err);
}

/* Membership._make(cls, sets), a class method. The list holds the sets during the call: it was made
 * for it and is in nobody else's hands. */
static PyObject *membership_make(PyObject *own, PyObject *args)
{
    PyObject *cls, *list;
    membership_job job = {.sets = NULL};
    int ids = CORE_IDS_STR;
    (void)own;
    if (!PyArg_ParseTuple(args, "OO!", &cls, &PyList_Type, &list))
        return NULL;
    job.count = (size_t)PyList_Size(list);
    job.sets = PyMem_Calloc(job.count + 1, sizeof *job.sets);
    if (job.sets == NULL)
        return PyErr_NoMemory();
    int good = 1;
    for (size_t i = 0; good && i < job.count; i++) {
        PyObject *item = PyList_GetItem(list, (Py_ssize_t)i);
        good = item != NULL && PyObject_TypeCheck(item, core_set_type);
        if (good) {
            job.sets[i] = ((core_set *)item)->set;
            ids = ((core_set *)item)->snapshot->owner->ids;
        } else if (item != NULL) {
            PyErr_SetString(PyExc_TypeError, "expected a list of sets");
        }
    }
    core_membership *made = good ? core_new(cls, core_membership_type) : NULL;
    if (made != NULL && core_run(membership_run, &job, NULL, 0, NULL) != 0)
        Py_CLEAR(made);
    PyMem_Free(job.sets);
    if (made == NULL)
        return NULL;
    made->membership = job.membership;
    made->ids = ids;
    return (PyObject *)made;
}

static void membership_dealloc(PyObject *object)
{
    seg_membership_destroy(((core_membership *)object)->membership);
    core_free(object);
}

/* Never fails: the row of an unknown id is all 0. */
static seg_status rows_run(void *argument, seg_error *err)
{
    membership_job *j = argument;
    uint64_t count = (uint64_t)j->ids->count;
    (void)err;
    if (j->ids->offsets != NULL)
        seg_membership_get_many(j->membership, j->ids->bytes, j->ids->offsets, count, j->words);
    else
        seg_membership_get_many_u64(j->membership, j->ids->numbers, count, j->words);
    return SEG_OK;
}

/* Membership._rows(ids): a bytearray of words, row after row. The memory of a bytearray is aligned
 * for words, and nobody else has it yet. */
static PyObject *membership_rows(PyObject *object, PyObject *value)
{
    const core_membership *self = (core_membership *)object;
    core_ids_in ids;
    if (core_ids_read(self->ids, value, &ids) != 0)
        return NULL;
    size_t row = (size_t)seg_membership_word_count(self->membership) * sizeof(uint64_t);
    PyObject *answer = NULL;
    if ((size_t)ids.count > (size_t)PY_SSIZE_T_MAX / row)
        PyErr_NoMemory();
    else
        answer = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)row * ids.count);
    if (answer != NULL) {
        membership_job job = {.membership = self->membership,
                              .ids = &ids,
                              .words = (uint64_t *)(void *)PyByteArray_AsString(answer)};
        if (core_run(rows_run, &job, NULL, 0, NULL) != 0)
            Py_CLEAR(answer);
    }
    core_ids_clear(&ids);
    return answer;
}

/* Membership._row(id): its words as bytes. One customer takes less than letting the lock go. */
static PyObject *membership_row(PyObject *object, PyObject *value)
{
    const core_membership *self = (core_membership *)object;
    core_user user;
    if (core_user_read(self->ids, value, &user) != 0)
        return NULL;
    uint64_t count = seg_membership_word_count(self->membership);
    PyObject *answer = PyByteArray_FromStringAndSize(NULL, (Py_ssize_t)(count * sizeof(uint64_t)));
    if (answer == NULL)
        return NULL;
    uint64_t *words = (uint64_t *)(void *)PyByteArray_AsString(answer);
    if (user.is_number)
        seg_membership_get_u64(self->membership, user.number, words);
    else
        seg_membership_get(self->membership, user.bytes, user.size, words);
    return answer;
}

static PyObject *membership_words(PyObject *object, void *closure)
{
    (void)closure;
    return PyLong_FromUnsignedLongLong(
        seg_membership_word_count(((core_membership *)object)->membership));
}

static PyMethodDef membership_methods[] = {
    {"_make", membership_make, METH_VARARGS | METH_CLASS, NULL},
    {"_rows", membership_rows, METH_O, NULL},
    {"_row", membership_row, METH_O, NULL},
    {NULL, NULL, 0, NULL},
};

static PyGetSetDef membership_getset[] = {
    {"word_count", membership_words, NULL, "Words of 64 bits in a row.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyType_Slot membership_slots[] = {
    {Py_tp_dealloc, membership_dealloc},
    {Py_tp_methods, membership_methods},
    {Py_tp_getset, membership_getset},
    {0, NULL},
};

PyType_Spec core_membership_spec = {
    .name = "seg._core.Membership",
    .basicsize = sizeof(core_membership),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = membership_slots,
};
