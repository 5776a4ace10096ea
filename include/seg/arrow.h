/* seg/arrow.h - Apache Arrow at both ends: tables in, results out.
 *
 * What speaks Arrow's C stream interface (pyarrow, polars, pandas, DuckDB, arrow-go, nanoarrow,
 * ...) meets the library here without a file or a text between them. The three structs below are
 * those of the Arrow specification; where another header has defined them, the guards of the
 * specification see to it that there is one definition.
 *
 * A stream is not trusted: counts, offsets, indices and pointers of its arrays are checked before
 * they are used, and what does not fit is refused with the column named. The sizes of buffers are
 * not part of the interface, so that a producer that lies about lengths cannot be found out. */
#ifndef SEG_ARROW_H
#define SEG_ARROW_H

#include <seg/base.h>
#include <seg/ingest.h>
#include <seg/set.h>
#include <seg/store.h>
#include <seg/value.h>

SEG_BEGIN_DECLS

/* ---- the structs of the specification -------------------------------------------------------- */

#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif /* ARROW_C_DATA_INTERFACE */

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif /* ARROW_C_STREAM_INTERFACE */

/* ---- in -------------------------------------------------------------------------------------- */

/* What a row of the stream is. */
#define SEG_ARROW_EVENTS 1u /* something that a user did: user, time and event type, properties */
#define SEG_ARROW_USERS 2u  /* what a user is: the user and attributes */

/* Flags. A null of a stream is SEG_VALUE_ABSENT in events and SEG_VALUE_NULL in users (a null
 * empties the attribute), unless one of the first two says otherwise. */
#define SEG_ARROW_NULL_IS_NULL 1u
#define SEG_ARROW_NULL_IS_ABSENT 2u
#define SEG_ARROW_SKIP_UNSUPPORTED 4u /* leave columns out whose type has no counterpart */

/* Roles of columns, by name. Where a name is NULL the first of the usual ones counts that is there:
 *   user      user_id, userId, distinct_id, customer_id, user
 *   time      time, timestamp, ts, event_time
 *   event     event, event_type, event_name
 *   event id  event_id, messageId, message_id; none: the events have no ids
 * All other columns are properties or attributes under their own names. */
typedef struct seg_arrow_options {
    uint32_t struct_size;
    uint32_t flags;    /* SEG_ARROW_* bits above */
    uint32_t kind;     /* SEG_ARROW_EVENTS or SEG_ARROW_USERS */
    uint32_t reserved; /* 0 */
    /* Commit as soon as so many rows are gathered, always whole record batches. 0: 1,048,576;
     * 1: each record batch by itself; UINT64_MAX: the stream as one commit, all or nothing. */
    uint64_t commit_rows;
    const char *user_column;
    uint64_t user_column_size;
    /* Events only: the columns of time, event type and event id; or, instead of a column, the one
     * event type of all rows. */
    const char *time_column;
    uint64_t time_column_size;
    const char *event_column;
    uint64_t event_column_size;
    const char *event;
    uint64_t event_size;
    const char *event_id_column;
    uint64_t event_id_column_size;
    /* Of timestamps without a zone, and of dates that serve as times; NULL: the store's zone. */
    const char *timezone;
    uint64_t timezone_size;
    /* Looked at between record batches. Its progress is the rows read so far, both done and
     * total: nobody knows how many will come. NULL: none. */
    seg_task *task;
} seg_arrow_options;

#define SEG_ARROW_OPTIONS_INIT                                                                     \
    {                                                                                              \
        (uint32_t)sizeof(seg_arrow_options), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0     \
    }
SEG_API void seg_arrow_options_init(seg_arrow_options *options, size_t options_size);

/* Read a stream of record batches to its end and commit what it brings.
 *
 *   Arrow                                             becomes
 *   bool                                              SEG_TYPE_BOOL
 *   int8 .. int64, uint8 .. uint64                    SEG_TYPE_INT64
 *   float32, float64                                  SEG_TYPE_FLOAT64
 *   decimal32 .. decimal256, scale 0 .. 18            SEG_TYPE_DECIMAL
 *   utf8, large_utf8, utf8_view, dictionaries of them SEG_TYPE_STRING
 *   timestamp of any unit, with or without zone       SEG_TYPE_TIMESTAMP, rounded down
 *   date32, date64                                    SEG_TYPE_DATE
 *   list, large_list of the texts above               SEG_TYPE_STRING_SET, attributes only
 *   struct of lat, lon (or latitude, longitude; or    SEG_TYPE_GEO
 *     x, y: longitude is x), fixed_size_list[2] of
 *     latitude, longitude (of x, y where the child is
 *     named "xy", as GeoArrow does)
 *   null                                              nulls of a column that the store knows;
 *                                                     else left out
 *
 * User ids may be texts or binaries of any form in a SEG_ID_BYTES store and integers in a
 * SEG_ID_U64 store; event ids texts, binaries or integers, which are written as decimals. Times
 * are timestamps, dates (their first instant) or int64 (microseconds since 1970, as everywhere
 * here). Numbers beyond 64 bits and nulls inside a list make their row a wrong one
 * (SEG_ROW_BAD_VALUE). int64, float64, dates, timestamps in microseconds with a zone, geo as
 * fixed_size_list and the bytes of texts are read where they lie.
 *
 *   stream   taken, also on failure: it is read, its arrays are released, then itself
 *   options  kind must be set
 *   commit   may be NULL; row_results count over the whole stream
 *   report   may be NULL; sums over all commits. Also filled on failure: it tells what was
 *            committed before
 *   err      err->line is the 1-based row of the stream
 * Fails as seg_store_commit() does, and with SEG_E_ARG, SEG_E_NOT_FOUND (a column), SEG_E_SCHEMA
 * (a type without counterpart), SEG_E_DATA (a malformed array), SEG_E_IO (the stream failed,
 * err->os_errno is its code) and SEG_E_INTERRUPTED. Record batches that were committed before a
 * failure stay; commit_rows = UINT64_MAX makes it all or nothing. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_ingest_arrow(seg_store *store,
                                                       struct ArrowArrayStream *stream,
                                                       const seg_arrow_options *options,
                                                       const seg_commit_options *commit,
                                                       seg_commit_report *report, seg_error *err);

/* ---- out ------------------------------------------------------------------------------------- */

#define SEG_ARROW_IDS_BINARY                                                                       \
    1u /* ids of bytes as binary; without it as utf8, and an id that is
                                   not UTF-8 ends the stream with EINVAL */

typedef struct seg_arrow_output {
    uint32_t struct_size;
    uint32_t flags;      /* SEG_ARROW_IDS_BINARY */
    uint32_t threads;    /* for the values, as in seg_eval_options */
    uint32_t reserved;   /* 0 */
    uint64_t batch_rows; /* rows of a record batch; 0: 65,536; at most 16,777,216 */
    const char *id_name; /* of the column of ids; NULL: "user_id" */
    uint64_t id_name_size;
    seg_task *task; /* for the values; NULL: none */
} seg_arrow_output;

#define SEG_ARROW_OUTPUT_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(seg_arrow_output), 0, 0, 0, 0, 0, 0, 0                                    \
    }
SEG_API void seg_arrow_output_init(seg_arrow_output *output, size_t output_size);

/* The members of a set as a stream: their ids, and for each of them the values at `now`. Values
 * are computed before the call returns; columns share their memory where the forms agree.
 *
 *   ids of bytes utf8 (or binary), numbers uint64; SEG_TYPE_STRING large_utf8; INT64 int64;
 *   FLOAT64 float64; BOOL bool; DECIMAL decimal128(19, scale); TIMESTAMP timestamp[us, UTC];
 *   DATE date32; GEO struct<lat: float64, lon: float64>; STRING_SET large_list<large_utf8>.
 *   A value that is null, absent or undefined is null.
 *
 *   values, names, name_sizes  value_count entries; a name that is NULL, and all of them where
 *                              names is NULL, is the text that the value was compiled from
 *   output      may be NULL
 *   out_stream  the caller's struct, filled in; ended by its release callback. It retains the set.
 *               Its callbacks: one thread at a time; the arrays: any thread.
 * Fails with SEG_E_ARG, SEG_E_OVERFLOW, SEG_E_INTERRUPTED, SEG_E_NOMEM; out_stream->release is
 * then NULL. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_set_to_arrow(const seg_set *set, int64_t now,
                                                 const seg_value *const *values,
                                                 const char *const *names, const size_t *name_sizes,
                                                 size_t value_count, const seg_arrow_output *output,
                                                 struct ArrowArrayStream *out_stream,
                                                 seg_error *err);

SEG_END_DECLS
#endif /* SEG_ARROW_H */
