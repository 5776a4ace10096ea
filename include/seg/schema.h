/* seg/schema.h - what a store knows about its columns.
 *
 * A store has attributes (what a user is), event types (what a user does) and, for each event
 * type, properties. A column's type is fixed when it is defined, either by the calls below or by
 * the first batch that brings it; a value of another type is refused, never converted. */
#ifndef SEG_SCHEMA_H
#define SEG_SCHEMA_H

#include <seg/base.h>

SEG_BEGIN_DECLS

typedef struct seg_store seg_store;

/* Types of columns and parameters. */
typedef int32_t seg_type;
#define SEG_TYPE_BOOL 1
#define SEG_TYPE_INT64 2
#define SEG_TYPE_FLOAT64 3    /* finite; NaN and infinities are refused */
#define SEG_TYPE_DECIMAL 4    /* int64 x 10^-scale, scale 0 .. 18, exact sums: use it for money */
#define SEG_TYPE_STRING 5     /* UTF-8, compared byte by byte */
#define SEG_TYPE_TIMESTAMP 6  /* an instant */
#define SEG_TYPE_DATE 7       /* a civil date: int32 days since 1970-01-01, in no time zone */
#define SEG_TYPE_GEO 8        /* latitude and longitude in degrees, kept to 1e-7 degree */
#define SEG_TYPE_STRING_SET 9 /* a set of strings; attributes only */

/* Limits, each with a test at the limit and one past it. */
#define SEG_NAME_SIZE_MAX 255     /* bytes of a column, event or segment name */
#define SEG_ID_SIZE_MAX 1024      /* bytes of a user id or event id */
#define SEG_STRING_SIZE_MAX 65535 /* bytes of a string value */
#define SEG_COLUMNS_MAX 4096      /* attributes in a store; event types; properties of a type */
#define SEG_USERS_MAX 4294901760u /* users in a store: 65,535 chunks of 65,536 */
#define SEG_TIME_MIN (-62135596800000000) /* 0001-01-01T00:00:00Z */
#define SEG_TIME_MAX 253402300799999999   /* 9999-12-31T23:59:59.999999Z */

/* Define a column ahead of the data. Defining it again with the same type does nothing; with
 * another type it fails with SEG_E_SCHEMA. scale counts for SEG_TYPE_DECIMAL only, else 0.
 * Names are non-empty UTF-8 without control characters.
 * Fails with SEG_E_ARG, SEG_E_SCHEMA, SEG_E_LIMIT, SEG_E_NOMEM. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_define_attribute(seg_store *store, const char *name,
                                                           size_t name_size, seg_type type,
                                                           int32_t scale, seg_error *err);
/* Define an attribute with a history: every value that is set is remembered with the instant from
 * which it holds (SEG_BATCH_ATTRIBUTES, seg_appender_user_since), null too. The attribute's value
 * is then that of the instant of the evaluation, and predicates can ask what it was before: `plan
 * has been "free" for 30 days`, `plan changed to "free" in last 7 days`, `plan as of 2026-01-01`.
 * An attribute has a history from its definition on or never: SEG_E_SCHEMA where it is there
 * without one, and for SEG_TYPE_STRING_SET. Values of a history count as events in statistics,
 * but retention leaves them; erasing a user erases them. A store has at most SEG_COLUMNS_MAX
 * event types and histories together. Otherwise as seg_store_define_attribute, which accepts such
 * an attribute as it is. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_store_define_history(seg_store *store, const char *name,
                                                         size_t name_size, seg_type type,
                                                         int32_t scale, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_store_define_event(seg_store *store, const char *name,
                                                       size_t name_size, seg_error *err);
/* Defines the event type as well where it is new. */
SEG_API SEG_MUST_USE seg_status seg_store_define_property(seg_store *store, const char *event,
                                                          size_t event_size, const char *name,
                                                          size_t name_size, seg_type type,
                                                          int32_t scale, seg_error *err);

#define SEG_COLUMN_HISTORY 1u /* an attribute with a history */

/* One entry of the listing. Pointers are borrowed until the store is closed. */
typedef struct seg_column_info {
    uint32_t struct_size;
    seg_type type; /* 0 for an event type's own entry */
    int32_t scale;
    uint32_t flags;    /* SEG_COLUMN_* */
    const char *event; /* NULL for an attribute */
    uint64_t event_size;
    const char *name; /* NULL for an event type's own entry */
    uint64_t name_size;
} seg_column_info;

/* How many entries: attributes, then each event type followed by its properties. The order is
 * that of definition, entries are never removed, so an index stays valid while the count of
 * attributes does not change. Any thread. */
SEG_API uint64_t seg_store_column_count(const seg_store *store);
/* Fails with SEG_E_ARG for an index out of range. */
SEG_API SEG_MUST_USE seg_status seg_store_column_at(const seg_store *store, uint64_t index,
                                                    seg_column_info *out_info, seg_error *err);

SEG_END_DECLS
#endif /* SEG_SCHEMA_H */
