/* seg/value.h - values of customers: attributes and aggregates, one per member of a set.
 *
 * A seg_value is compiled from the value part of the predicate language, for example
 * `country`, `count of "purchase" in last 90 days` or `sum(amount) of "purchase" / 12`. Like a
 * segment it never changes and may be shared between threads. */
#ifndef SEG_VALUE_H
#define SEG_VALUE_H

#include <seg/base.h>
#include <seg/ingest.h>
#include <seg/schema.h>
#include <seg/segment.h>
#include <seg/set.h>

SEG_BEGIN_DECLS

typedef struct seg_value seg_value;
typedef struct seg_value_column seg_value_column;

/* As seg_segment_compile(), for a value; parameters are not allowed. out_value is owned by the
 * caller: seg_value_release(). Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_value_compile(seg_store *store, const char *text,
                                                  size_t text_size, uint32_t flags,
                                                  seg_value **out_value, seg_error *err);
SEG_API void seg_value_retain(seg_value *value);
SEG_API void seg_value_release(seg_value *value);

/* The value of each member of `set` at the instant `now`, in the order of seg_set_cursor, seen
 * in the set's snapshot. options->among is not used (SEG_E_ARG if set).
 * out_column is owned by the caller: seg_value_column_destroy(). */
SEG_API SEG_MUST_USE seg_status seg_value_evaluate(const seg_value *value, const seg_set *set,
                                                   int64_t now, const seg_eval_options *options,
                                                   seg_value_column **out_column, seg_error *err);

/* A view in the form of ingest.h, borrowed until the column is destroyed: strings come without
 * codes, and `states` is always there (SEG_VALUE_ABSENT also where an aggregate is undefined).
 * column->struct_size says how much the caller can take. *out_rows = members of the set. */
SEG_API SEG_MUST_USE seg_status seg_value_column_get(const seg_value_column *column,
                                                     seg_column *out_view, uint64_t *out_rows,
                                                     seg_error *err);
SEG_API void seg_value_column_destroy(seg_value_column *column);

SEG_END_DECLS
#endif /* SEG_VALUE_H */
