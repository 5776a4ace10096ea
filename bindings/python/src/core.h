/* core.h - shared by the files of the extension seg._core.
 *
 * The extension is thin: it owns the library's handles, releases the lock of the interpreter
 * around long work and turns statuses into exceptions. Whatever has defaults, keywords or taste
 * lives in the Python files of the package, so methods here take positional arguments only.
 *
 * Only the limited API of CPython 3.11 is used: one binary serves 3.11 and everything after it.
 *
 * Constructors are methods that take the Python class to be made, a subclass of the type here. */
#ifndef SEG_PYTHON_CORE_H
#define SEG_PYTHON_CORE_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <seg/seg.h>
#include <string.h>

/* How ids look in Python. */
#define CORE_IDS_STR 0
#define CORE_IDS_BYTES 1
#define CORE_IDS_INT 2

/* The store; `uses` counts calls under way without the lock of the interpreter, so that a close
 * in another thread waits for the last of them. */
typedef struct core_store {
    PyObject_HEAD seg_store *store; /* NULL once closed */
    int ids;                        /* CORE_IDS_* */
    int uses;
    int closing;
} core_store;

typedef struct core_snapshot {
    PyObject_HEAD core_store *owner; /* retained */
    seg_snapshot *snapshot;
} core_snapshot;

typedef struct core_segment {
    PyObject_HEAD core_store *owner; /* retained */
    seg_segment *segment;
} core_segment;

typedef struct core_class {
    PyObject_HEAD core_store *owner; /* retained */
    seg_class *handle;
} core_class;

typedef struct core_set {
    PyObject_HEAD core_snapshot *snapshot; /* retained */
    seg_set *set;
    int64_t now; /* of the evaluation, or of what it was combined from; 0: none */
} core_set;

typedef struct core_membership {
    PyObject_HEAD seg_membership *membership;
    int ids; /* CORE_IDS_* */
} core_membership;

typedef struct core_appender {
    PyObject_HEAD core_store *owner; /* retained */
    seg_appender *appender;
    PyObject *scales;  /* dict: name of a decimal -> its scale */
    PyObject *seen[2]; /* sets: names that have had a value in users, in events */
    int busy;          /* a call is under way in some thread */
} core_appender;

extern PyTypeObject *core_store_type, *core_snapshot_type, *core_segment_type, *core_class_type,
    *core_set_type, *core_membership_type, *core_appender_type, *core_ids_type;

/* Specs of the types, for the module's init. */
extern PyType_Spec core_store_spec, core_snapshot_spec, core_segment_spec, core_class_spec,
    core_set_spec, core_membership_spec, core_appender_spec, core_ids_spec;

/* ---- core_module.c -------------------------------------------------------------------------- */

/* Raise the exception of seg._errors that belongs to *err; returns NULL. */
PyObject *core_fail(const seg_error *err);
/* For calls whose status is looked up in err->code later, where several ways meet, and for those
 * that cannot fail. */
static inline void core_noted(seg_status status)
{
    (void)status;
}
/* Microseconds since 1970 of an int or a datetime with a zone; -1 with an exception set. */
int core_time(PyObject *value, int64_t *out);
/* Classes of the standard library that values are told apart by. */
extern PyObject *core_datetime_class, *core_date_class, *core_decimal_class;
/* Days since 1970 of a date. */
int core_days(PyObject *date, int32_t *out);
/* The date of such days, which lie in the years 1 to 9999. */
PyObject *core_date(int32_t days);
/* Mantissa and scale of a finite Decimal, not beyond 64 bits and 18 digits after the point. */
int core_decimal(PyObject *value, int64_t *mantissa, int32_t *scale);
/* mantissa x 10^(to - from); -1 with an exception. */
int core_rescale(int64_t mantissa, int32_t from, int32_t to, int64_t *out);

/* UTF-8 of a str, borrowed from it; bytes where allowed. */
int core_text(PyObject *value, int bytes_too, const char **out, size_t *size);
/* An external id as Python shows it. */
PyObject *core_id_object(int ids, const char *bytes, size_t size);
/* A buffer of the library as str; it is taken. */
PyObject *core_take_text(seg_buffer *buffer);
/* One external id; its bytes are borrowed from the object. */
typedef struct core_user {
    int is_number;
    uint64_t number;
    const char *bytes;
    size_t size;
} core_user;
int core_user_read(int ids, PyObject *value, core_user *out);
/* Appends an entry, which is taken. Where it is NULL, or there is no memory, an exception is set
 * and *list becomes NULL. */
int core_list_add(PyObject **list, PyObject *entry);
/* An instance of a subclass of `base`, its own fields zero. */
void *core_new(PyObject *cls, PyTypeObject *base);
/* The end of every instance of a heap type. */
void core_free(PyObject *self);

/* ---- core_run.c ----------------------------------------------------------------------------- */

typedef seg_status core_job(void *argument, seg_error *err);

/* Run a job without the lock of the interpreter. A long one (or one with `progress`, a callable
 * of done and total, else NULL) runs in a thread of its own while this one looks at signals, so
 * that Ctrl-C ends it by way of the task. Returns 0, or -1 with an exception set. */
int core_run(core_job *job, void *argument, seg_task *task, int is_long, PyObject *progress);

/* ---- core_store.c --------------------------------------------------------------------------- */

/* The handle, safe from a close in another thread until core_store_return(). NULL with an
 * exception where the store is closed. */
seg_store *core_store_borrow(core_store *store);
void core_store_return(core_store *store);
/* Run a job without the interpreter's lock, with the handle in *slot. As core_run(). */
int core_store_run(core_store *store, core_job *job, void *argument, seg_store **slot);

/* ---- core_evaluate.c ------------------------------------------------------------------------ */

/* What to evaluate, and what comes out. */
typedef struct core_evaluation {
    enum {
        CORE_WANT_SETS,
        CORE_WANT_LABELS, /* sets of a class, one per label */
        CORE_WANT_SCORES, /* of a class that is an rfm: users and cuts */
        CORE_WANT_FROZEN, /* of such a class another one */
        CORE_WANT_COUNT,
        CORE_WANT_TEXT
    } want;
    const seg_segment **segments;
    const seg_class *labels;
    size_t count; /* of sets */
    seg_snapshot *snapshot;
    int64_t now;
    seg_eval_options options;
    uint32_t explain; /* SEG_EXPLAIN_* */
    seg_set **sets;
    uint64_t members;
    seg_buffer *text;
    uint32_t measure; /* SEG_RFM_* */
    uint64_t users[SEG_RFM_SCALE_MAX + 1];
    double cuts[SEG_RFM_SCALE_MAX];
    seg_class *frozen;
} core_evaluation;

/* Fill the common part of a job, and run it with a task of its own: 0, or -1 with an exception. */
int core_evaluate(core_evaluation *job, PyObject *snapshot, PyObject *now, unsigned threads,
                  PyObject *among, PyObject *progress);
/* A list of the sets of a job, wrapped; all of them are taken. */
PyObject *core_evaluation_sets(PyObject *cls, core_snapshot *snapshot, core_evaluation *job);

/* ---- core_remark.c -------------------------------------------------------------------------- */

/* Store._lint(text, flags, retention): what there is to say about a predicate. */
PyObject *core_store_lint(PyObject *store, PyObject *args);
/* Segment._why(snapshot, user, now, horizon, events, flags) */
PyObject *core_segment_why(PyObject *segment, PyObject *args);

/* ---- core_class.c --------------------------------------------------------------------------- */

/* Store._class(cls, text, flags, is_name): compiled, or loaded by its name. */
PyObject *core_store_class(PyObject *store, PyObject *args);

/* ---- methods of the store, by file; see there ------------------------------------------------ */

/* core_saved.c: what is defined, and under which names. */
PyObject *core_store_define_text(PyObject *store, PyObject *args);
PyObject *core_store_define_occasion(PyObject *store, PyObject *args);
PyObject *core_store_define_column(PyObject *store, PyObject *args);
PyObject *core_store_drop(PyObject *store, PyObject *args);
PyObject *core_store_texts(PyObject *store, PyObject *kind);
PyObject *core_store_occasions(PyObject *store, PyObject *ignored);
PyObject *core_store_columns(PyObject *store, PyObject *ignored);
/* core_care.c: the care of the file, and what is forgotten; salvage() is of the module. */
PyObject *core_salvage(PyObject *module, PyObject *args);
PyObject *core_store_checkpoint(PyObject *store, PyObject *ignored);
PyObject *core_store_maintain(PyObject *store, PyObject *args);
PyObject *core_store_check(PyObject *store, PyObject *level);
PyObject *core_store_backup(PyObject *store, PyObject *args);
PyObject *core_store_stats(PyObject *store, PyObject *ignored);
PyObject *core_store_erase(PyObject *store, PyObject *args);
PyObject *core_store_expire(PyObject *store, PyObject *now);
PyObject *core_store_set_retention(PyObject *store, PyObject *args);
PyObject *core_store_retention(PyObject *store, PyObject *args);
PyObject *core_store_views_open(PyObject *store, PyObject *ignored);

/* ---- core_set.c ----------------------------------------------------------------------------- */

/* Wraps a set, which is taken, also on failure. */
PyObject *core_set_wrap(PyObject *cls, core_snapshot *snapshot, seg_set *set, int64_t now);

/* Ids that came as a sequence of str or bytes, or as a buffer or sequence of integers. */
typedef struct core_ids_in {
    char *bytes;       /* owned */
    uint64_t *offsets; /* owned; text ids */
    uint64_t *numbers; /* owned unless `view` holds them */
    Py_buffer view;
    int has_view;
    Py_ssize_t count;
} core_ids_in;
int core_ids_read(int ids, PyObject *value, core_ids_in *out);
void core_ids_clear(core_ids_in *ids);

/* ---- core_columns.c ------------------------------------------------------------------------- */

/* columns_stream(mapping of name to buffer or sequence): a capsule with an ArrowArrayStream. */
PyObject *core_columns_stream(PyObject *module, PyObject *mapping);

/* ---- core_ingest.c -------------------------------------------------------------------------- */

/* The stream behind a capsule "arrow_array_stream"; NULL with an exception. */
struct ArrowArrayStream *core_capsule_stream(PyObject *capsule);
/* A capsule that owns a copy of *stream, which is taken, also on failure. */
PyObject *core_stream_capsule(struct ArrowArrayStream *stream);
PyObject *core_store_ingest_arrow(PyObject *self, PyObject *args);
PyObject *core_store_appender(PyObject *self, PyObject *cls);

#endif
