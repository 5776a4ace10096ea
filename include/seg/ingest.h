/* seg/ingest.h - bring events and attributes into a store.
 *
 * A seg_batch is a set of columns that the caller owns: the fast way in, laid out as Apache Arrow
 * does. A seg_appender builds such a batch row by row. Either way a commit checks everything
 * first and then applies all of it or nothing. */
#ifndef SEG_INGEST_H
#define SEG_INGEST_H

#include <seg/base.h>
#include <seg/schema.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

/* ---- columnar batches ------------------------------------------------------------------- */

/* State of one value, where a column has `states`. */
#define SEG_VALUE_SET 0u
#define SEG_VALUE_NULL 1u   /* explicitly empty: `is null` holds */
#define SEG_VALUE_ABSENT 2u /* not given: an attribute keeps what it was */

/* A column of values, one per row of the batch. Everything is borrowed until the commit returns.
 *
 *   type              values points to                         also
 *   SEG_TYPE_BOOL     uint8_t[rows], 0 or 1
 *   SEG_TYPE_INT64    int64_t[rows]
 *   SEG_TYPE_FLOAT64  double[rows]
 *   SEG_TYPE_DECIMAL  int64_t[rows], times 10^-scale            scale
 *   SEG_TYPE_TIMESTAMP int64_t[rows]
 *   SEG_TYPE_DATE     int32_t[rows]
 *   SEG_TYPE_GEO      double[2 * rows]: latitude, longitude
 *   SEG_TYPE_STRING   the bytes of all strings                  offsets[rows + 1]
 *     with codes      the bytes of the dictionary's strings     offsets[dictionary_count + 1],
 *                                                               codes[rows]
 *   SEG_TYPE_STRING_SET as SEG_TYPE_STRING, over the elements   lists[rows + 1] into the elements
 */
typedef struct seg_column {
    uint32_t struct_size;
    seg_type type;
    int32_t scale;     /* SEG_TYPE_DECIMAL only */
    uint32_t reserved; /* 0 */
    const char *name;
    uint64_t name_size;
    const void *values;
    const uint64_t *offsets;   /* byte offsets, rising; else NULL */
    const uint32_t *codes;     /* dictionary form of strings and string sets; else NULL */
    uint64_t dictionary_count; /* entries of the dictionary, with codes */
    const uint64_t *lists;     /* SEG_TYPE_STRING_SET: first element of each row */
    const uint8_t *states;     /* SEG_VALUE_* per row; NULL: all set */
} seg_column;

#define SEG_COLUMN_INIT                                                                            \
    {                                                                                              \
        (uint32_t)sizeof(seg_column), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                              \
    }

/* One batch: all events of one type or of several, or attributes. In an array of batches or
 * columns every element has the same struct_size, which is also the distance between them. */
#define SEG_BATCH_ATTRIBUTES 1u /* attributes also where times are given */
typedef struct seg_batch {
    uint32_t struct_size;
    uint32_t flags; /* SEG_BATCH_* */
    uint64_t row_count;
    /* Who. Stores of SEG_ID_U64 take user_ids; stores of SEG_ID_BYTES take user_bytes with
     * user_offsets[row_count + 1]. */
    const uint64_t *user_ids;
    const char *user_bytes;
    const uint64_t *user_offsets;
    /* When: times[row_count]. Needed for events; NULL makes this a batch of attributes. With
     * SEG_BATCH_ATTRIBUTES the instant from which on the row's values hold, and the user exists:
     * attributes with a history (seg_store_define_history) need it, in any order; the others take
     * the value of the row that came last, whatever its time. */
    const int64_t *times;
    /* What, for events: either one type for all rows (event, event_size) or a dictionary column
     * without states (event_types, which then has codes). */
    const char *event;
    uint64_t event_size;
    const seg_column *event_types;
    /* Event ids for de-duplication: a string column without codes, or NULL. Rows whose state is
     * not SEG_VALUE_SET have none and are always taken. */
    const seg_column *event_ids;
    /* Properties of the events, or attributes of the users. With event_types, a property is
     * defined for every type of the batch that has a set or null value in it. */
    const seg_column *columns;
    uint64_t column_count;
} seg_batch;

#define SEG_BATCH_INIT                                                                             \
    {                                                                                              \
        (uint32_t)sizeof(seg_batch), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0                            \
    }

/* ---- commit ------------------------------------------------------------------------------ */

/* Why a row was refused. */
#define SEG_ROW_OK 0u
#define SEG_ROW_DUPLICATE 1u /* its event id was seen before with the same content: not an error */
#define SEG_ROW_BAD_ID 2u    /* empty or too long user or event id */
#define SEG_ROW_BAD_TIME 3u  /* outside SEG_TIME_MIN .. SEG_TIME_MAX */
#define SEG_ROW_BAD_VALUE 4u /* NaN, infinity, not UTF-8, too long, latitude beyond 90, ... */
#define SEG_ROW_CONFLICT 5u  /* its event id was seen before with other content */
#define SEG_ROW_REFUSED                                                                            \
    6u /* its user was erased and is refused (SEG_ERASE_REFUSE): left out in
                                either mode, not an error */

#define SEG_COMMIT_QUARANTINE                                                                      \
    1u /* leave out wrong rows and count them; without it one wrong
                                    row refuses the commit */

/* A token names a commit. The store remembers the tokens of its newest SEG_TOKENS_KEPT commits
 * that had one, in the file as well: the same token again is the same commit sent again. Nothing
 * is applied then, whatever the batches are, and the report is that of the first time with
 * SEG_COMMIT_REPEATED in its flags. So a caller that does not know whether a commit succeeded,
 * because the process or the machine went down meanwhile, simply repeats it. */
#define SEG_TOKEN_SIZE_MAX 64
#define SEG_TOKENS_KEPT 1024

typedef struct seg_commit_options {
    uint32_t struct_size;
    uint32_t flags; /* SEG_COMMIT_* */
    /* Optional, for the quarantine: one SEG_ROW_* per row, over all batches in their order. Of a
     * repeated commit all are SEG_ROW_OK. */
    uint8_t *row_results;
    uint64_t row_results_count;
    const char *token; /* any bytes, 1 .. SEG_TOKEN_SIZE_MAX of them; NULL: none */
    uint64_t token_size;
} seg_commit_options;

#define SEG_COMMIT_OPTIONS_INIT                                                                    \
    {                                                                                              \
        (uint32_t)sizeof(seg_commit_options), 0, 0, 0, 0, 0                                        \
    }
SEG_API void seg_commit_options_init(seg_commit_options *options, size_t options_size);

#define SEG_COMMIT_REPEATED 1u /* its token was seen before: this is what it did then */

/* What a commit did. Rows in = applied + duplicates + rejected + refused. */
typedef struct seg_commit_report {
    uint32_t struct_size;
    uint32_t flags;           /* SEG_COMMIT_REPEATED */
    uint64_t commit_sequence; /* of this commit */
    uint64_t rows_applied;
    uint64_t rows_duplicate;
    uint64_t rows_rejected;
    uint64_t users_added;
    uint64_t rejected_row; /* the first one, 0-based over all batches; UINT64_MAX if none */
    uint64_t rows_refused; /* of users who were erased with SEG_ERASE_REFUSE */
} seg_commit_report;

/* Apply batches as one commit: all or nothing. Columns that the store does not know are defined.
 * A column whose type differs from the store's fails with SEG_E_SCHEMA in either mode.
 * options and report may be NULL. A batch has at most 4,294,967,294 rows (SEG_E_LIMIT).
 * Fails with SEG_E_ARG, SEG_E_SCHEMA, SEG_E_DATA, SEG_E_CONFLICT, SEG_E_LIMIT, SEG_E_NOMEM;
 * err->line is the 1-based row over all batches. Any thread; commits wait for each other.
 * Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_commit(seg_store *store, const seg_batch *batches,
                                                 size_t batch_count,
                                                 const seg_commit_options *options,
                                                 seg_commit_report *report, seg_error *err);

/* ---- row appender ------------------------------------------------------------------------ */

/* Gathers rows of events and attributes, then commits them together. A call that fails leaves
 * the rows before it as they were and drops the row under way. One thread per handle. */
typedef struct seg_appender seg_appender;

/* The appender retains the store. out_appender is owned by the caller: seg_appender_destroy(),
 * which drops rows that were not committed. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_appender_create(seg_store *store, seg_appender **out_appender,
                                                    seg_error *err);
SEG_API void seg_appender_destroy(seg_appender *appender);

/* Begin a row; the one before it, if any, is finished. The id is copied. For SEG_ID_U64 stores,
 * the _u64 forms. */
SEG_API SEG_MUST_USE seg_status seg_appender_event(seg_appender *appender, const char *user,
                                                   size_t user_size, const char *event,
                                                   size_t event_size, int64_t time, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_event_u64(seg_appender *appender, uint64_t user,
                                                       const char *event, size_t event_size,
                                                       int64_t time, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_user(seg_appender *appender, const char *user,
                                                  size_t user_size, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_user_u64(seg_appender *appender, uint64_t user,
                                                      seg_error *err);

/* Attributes whose values hold from `since` on, as SEG_BATCH_ATTRIBUTES says. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_appender_user_since(seg_appender *appender, const char *user,
                                                        size_t user_size, int64_t since,
                                                        seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_user_since_u64(seg_appender *appender, uint64_t user,
                                                            int64_t since, seg_error *err);

/* Give the row under way its event id (events only). */
SEG_API SEG_MUST_USE seg_status seg_appender_set_event_id(seg_appender *appender, const char *id,
                                                          size_t id_size, seg_error *err);

/* Give the row under way a property or an attribute. The last value of a name counts. A value whose
 * type is not that of the store's column or of an earlier row is SEG_E_SCHEMA, one of a history in
 * a row without a time SEG_E_DATA: either drops this row alone. */
SEG_API SEG_MUST_USE seg_status seg_appender_set_bool(seg_appender *appender, const char *name,
                                                      size_t name_size, int32_t value,
                                                      seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_int64(seg_appender *appender, const char *name,
                                                       size_t name_size, int64_t value,
                                                       seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_float64(seg_appender *appender, const char *name,
                                                         size_t name_size, double value,
                                                         seg_error *err);
/* The value is mantissa x 10^-scale. */
SEG_API SEG_MUST_USE seg_status seg_appender_set_decimal(seg_appender *appender, const char *name,
                                                         size_t name_size, int64_t mantissa,
                                                         int32_t scale, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_string(seg_appender *appender, const char *name,
                                                        size_t name_size, const char *value,
                                                        size_t value_size, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_timestamp(seg_appender *appender, const char *name,
                                                           size_t name_size, int64_t value,
                                                           seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_date(seg_appender *appender, const char *name,
                                                      size_t name_size, int32_t days,
                                                      seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_appender_set_geo(seg_appender *appender, const char *name,
                                                     size_t name_size, double latitude,
                                                     double longitude, seg_error *err);
/* The elements are elements[0 .. element_count), their sizes in element_sizes. */
SEG_API SEG_MUST_USE seg_status seg_appender_set_strings(seg_appender *appender, const char *name,
                                                         size_t name_size,
                                                         const char *const *elements,
                                                         const size_t *element_sizes,
                                                         size_t element_count, seg_error *err);
/* Explicitly empty. The column must be known: to the store or from an earlier row. */
SEG_API SEG_MUST_USE seg_status seg_appender_set_null(seg_appender *appender, const char *name,
                                                      size_t name_size, seg_error *err);

/* Rows gathered and not yet committed. */
SEG_API uint64_t seg_appender_row_count(const seg_appender *appender);

/* Commit what was gathered, in one commit, in the order of the rows; afterwards the appender is
 * empty. On failure it keeps its rows. As seg_store_commit(). */
SEG_API SEG_MUST_USE seg_status seg_appender_commit(seg_appender *appender,
                                                    const seg_commit_options *options,
                                                    seg_commit_report *report, seg_error *err);
/* Drop what was gathered. */
SEG_API void seg_appender_clear(seg_appender *appender);

SEG_END_DECLS
#endif /* SEG_INGEST_H */
