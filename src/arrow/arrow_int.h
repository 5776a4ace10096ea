/* arrow_int.h - shared by the files of this room that read.
 *
 * Nothing of a stream is believed. A field describes what the schema promised for one column; each
 * array is compared with its field before a buffer is touched. Arrays nest two levels at the most
 * (a list of dictionary texts), so nothing here recurses. */
#ifndef SEGI_ARROW_INT_H
#define SEGI_ARROW_INT_H

#include "arrow/arrow.h"
#include "base/arena.h"
#include "base/error.h"
#include "ingest/ingest.h"

/* Elements that an array may have, with its offset: far above what fits memory, and small enough
 * for no product of it with a width to overflow. */
#define ARROW_LENGTH_MAX ((int64_t)1 << 48)

/* How values lie in memory. */
typedef enum arrow_form {
    ARROW_NULL,
    ARROW_BOOL,
    ARROW_INT,       /* width, is_signed */
    ARROW_FLOAT,     /* width 4 or 8 */
    ARROW_DECIMAL,   /* width 4, 8, 16 or 32; scale */
    ARROW_BYTES32,   /* bytes with int32 offsets */
    ARROW_BYTES64,   /* bytes with int64 offsets */
    ARROW_VIEW,      /* 16 bytes each: size, and the bytes or where they are */
    ARROW_FIXED,     /* width bytes each */
    ARROW_TIMESTAMP, /* int64, unit */
    ARROW_DATE32,    /* days */
    ARROW_DATE64,    /* milliseconds */
    ARROW_LIST32,
    ARROW_LIST64,
    ARROW_FIXED_LIST, /* width elements each */
    ARROW_STRUCT,
    ARROW_OTHER /* anything without counterpart */
} arrow_form;

typedef struct arrow_type {
    arrow_form form;
    uint32_t width;
    int32_t scale;
    bool is_signed;
    bool is_text;       /* bytes forms: UTF-8 was promised */
    bool is_naive;      /* timestamps without zone */
    int64_t per_second; /* timestamps: units in a second */
} arrow_type;

typedef enum arrow_role {
    ARROW_VALUE,
    ARROW_USER,
    ARROW_TIME,
    ARROW_EVENT,
    ARROW_EVENT_ID,
    ARROW_LEFT_OUT
} arrow_role;

/* One column of the stream. */
typedef struct arrow_field {
    const char *name; /* as the schema gives it */
    size_t name_size;
    arrow_role role;
    arrow_type type; /* with a dictionary: of the indices */
    bool has_dictionary;
    arrow_type values; /* of the dictionary */
    arrow_type items;  /* lists: of the elements */
    bool items_have_dictionary;
    arrow_type item_values; /* of the elements' dictionary */
    bool longitude_first;   /* places */
    seg_type target;        /* values: the type of the column; 0: an all-null column */
    int32_t scale;
} arrow_field;

/* Working state of one record batch. */
typedef struct arrow_batch {
    segi_arena *arena;
    const segi_arrow_config *config;
    const arrow_field *field; /* under way, for messages */
    bool bad_states;          /* some column uses SEGI_VALUE_BAD */
    seg_error *err;
} arrow_batch;

/* A stretch of an array that was checked: [begin, begin + count) in elements of its buffers. */
typedef struct arrow_span {
    const struct ArrowArray *array;
    int64_t begin;
    size_t count;
} arrow_span;

/* Bytes in the form of seg_column. */
typedef struct arrow_texts {
    const char *bytes;
    const uint64_t *offsets; /* entries + 1 */
    const uint32_t *codes;   /* with a dictionary */
    uint64_t dictionary_count;
    uint8_t *states; /* NULL: all set */
} arrow_texts;

/* ---- arrow_type.c ---------------------------------------------------------------------------- */

/* "column "name": what", with the status. */
seg_status segi_arrow_fail_field(const arrow_field *field, seg_status code, const char *what,
                                 seg_error *err);
/* Describe the column; what has no counterpart gets the form ARROW_OTHER, a malformed schema
 * fails. The names point into the schema. */
seg_status segi_arrow_field_parse(const struct ArrowSchema *schema, arrow_field *out,
                                  seg_error *err);
static inline bool arrow_is_bytes(const arrow_type *type)
{
    return type->form >= ARROW_BYTES32 && type->form <= ARROW_FIXED;
}

/* ---- arrow_array.c --------------------------------------------------------------------------- */

seg_status segi_arrow_fail(const arrow_batch *b, seg_status code, const char *what);
/* Compare an array with its type and make a span of it: `begin` and `count` are relative to the
 * array's own offset. */
seg_status segi_arrow_span_check(const arrow_batch *b, const arrow_type *type, bool has_dictionary,
                                 const struct ArrowArray *array, int64_t begin, int64_t count,
                                 arrow_span *out);
/* Elements of `width` bytes of a buffer, from the span's begin on: where they lie if they are
 * aligned, else a copy. `extra` elements more than the span has (offsets). */
seg_status segi_arrow_fixed(const arrow_batch *b, const arrow_span *span, int64_t buffer,
                            size_t width, size_t extra, const void **out);
/* SEG_VALUE_* per element, or NULL where all are set. */
seg_status segi_arrow_states(const arrow_batch *b, const arrow_type *type, const arrow_span *span,
                             uint8_t null_state, uint8_t **out);
/* Mark element i as a value that cannot be had. */
seg_status segi_arrow_mark_bad(arrow_batch *b, uint8_t **states, size_t count, size_t i);
/* An array of the arena; SEG_E_NOMEM. */
seg_status segi_arrow_array_new(const arrow_batch *b, size_t count, size_t size, void *out_pointer);

/* ---- arrow_number.c -------------------------------------------------------------------------- */

/* Integers widened to 64 bits; beyond them is bad. */
seg_status segi_arrow_read_int64(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                 uint8_t **states, const void **out);
seg_status segi_arrow_read_float64(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                   const void **out);
seg_status segi_arrow_read_decimal(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                   uint8_t **states, const void **out);
seg_status segi_arrow_read_bool(arrow_batch *b, const arrow_span *span, const void **out);
seg_status segi_arrow_read_dates(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                 const void **out);
/* Timestamps, dates and (as times) int64 as instants. What no instant can be, and what is null
 * where `states` is given, becomes INT64_MIN. */
seg_status segi_arrow_read_instants(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                    const uint8_t *states, const void **out);
seg_status segi_arrow_read_places(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                                  const void **out);

/* ---- arrow_text.c ---------------------------------------------------------------------------- */

/* Texts, plain or with a dictionary. Nulls of the dictionary are nulls of the rows. */
seg_status segi_arrow_read_texts(arrow_batch *b, const arrow_type *type, const arrow_type *values,
                                 bool has_dictionary, const arrow_span *span, uint8_t null_state,
                                 arrow_texts *out);
/* The same without codes: dictionary entries are copied out, nulls are empty. */
seg_status segi_arrow_read_ids(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                               arrow_texts *out);
/* The same with codes: plain texts get a dictionary of at most SEG_COLUMNS_MAX entries, nulls the
 * code of an empty text. No states. */
seg_status segi_arrow_read_event_types(arrow_batch *b, const arrow_field *field,
                                       const arrow_span *span, arrow_texts *out);
/* Lists of texts: *out_lists as seg_column.lists. */
seg_status segi_arrow_read_lists(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                                 uint8_t **states, arrow_texts *out, const uint64_t **out_lists);

#endif
