/* seg/segment.h - compile a predicate once, evaluate it as often as you like.
 *
 * A seg_segment never changes: share it between threads. `now` is always an argument; the
 * library never reads a clock to decide who is in a segment, so the same snapshot and the same
 * `now` give the same set, bit for bit, on any number of threads. */
#ifndef SEG_SEGMENT_H
#define SEG_SEGMENT_H

#include <seg/base.h>
#include <seg/schema.h>
#include <seg/set.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

/* Limits of a predicate. */
#define SEG_TEXT_SIZE_MAX 1048576 /* bytes of predicate text */
#define SEG_JSON_SIZE_MAX 8388608 /* bytes of a predicate in the JSON form */
#define SEG_TEXT_DEPTH_MAX 64     /* nested brackets and nots */
#define SEG_TEXT_NODES_MAX                                                                         \
    100000 /* leaves, operators and literals, with the saved segments it uses */

typedef struct seg_segment seg_segment;

/* ---- compile ----------------------------------------------------------------------------- */

#define SEG_COMPILE_OPEN                                                                           \
    1u /* names that the store does not know yet are warnings: no event, no
                               value. Without it they are SEG_E_UNKNOWN_NAME. */

/* Parse and check `text` against what the store knows now, with the saved segments it refers to
 * as they are now.
 *   flags        SEG_COMPILE_* or 0
 *   out_segment  owned by the caller: seg_segment_release().
 * Fails with SEG_E_SYNTAX, SEG_E_UNKNOWN_NAME, SEG_E_TYPE, SEG_E_LIMIT, SEG_E_NOMEM; err points
 * at the offending token and hints at what was meant. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_compile(seg_store *store, const char *text,
                                                    size_t text_size, uint32_t flags,
                                                    seg_segment **out_segment, seg_error *err);
/* The same for a predicate in the JSON form, which docs/language.md describes and
 * docs/segment.schema.json defines. Fields and types that it does not know are SEG_E_SYNTAX.
 * Messages, warnings too, begin with the JSON pointer of the value at fault; offset, line and
 * column are places in the JSON. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_compile_json(seg_store *store, const char *json,
                                                         size_t json_size, uint32_t flags,
                                                         seg_segment **out_segment, seg_error *err);
/* The saved segment of that name, compiled. SEG_E_NOT_FOUND if there is none. */
SEG_API SEG_MUST_USE seg_status seg_segment_load(seg_store *store, const char *name,
                                                 size_t name_size, seg_segment **out_segment,
                                                 seg_error *err);
SEG_API void seg_segment_retain(seg_segment *segment);
SEG_API void seg_segment_release(seg_segment *segment);

/* The one canonical text of the predicate; compiling it gives an equal segment.
 * out_text is owned by the caller: seg_buffer_destroy(). */
SEG_API SEG_MUST_USE seg_status seg_segment_text(const seg_segment *segment, seg_buffer **out_text,
                                                 seg_error *err);

#define SEG_JSON_SORTED                                                                            \
    1u /* operands whose order means nothing stand in the order of their bytes */
/* The JSON form of the canonical text: keys in order, no blanks, nothing that is the default.
 *   flags     SEG_JSON_* or 0
 *   out_json  owned by the caller: seg_buffer_destroy(). Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_to_json(const seg_segment *segment, uint32_t flags,
                                                    seg_buffer **out_json, seg_error *err);
/* What a segment means as a number: 128-bit XXH3 of its JSON form with SEG_JSON_SORTED, low half
 * first. Predicates that say the same in another order or spelling have the same one, in every
 * store. A saved segment counts by its name, not by what it says at the moment. */
SEG_API void seg_segment_fingerprint(const seg_segment *segment, uint64_t out_hash[2]);

/* Remarks of the compiler that are not errors, index from 0. SEG_E_ARG past the last one. */
SEG_API uint64_t seg_segment_warning_count(const seg_segment *segment);
SEG_API SEG_MUST_USE seg_status seg_segment_warning(const seg_segment *segment, uint64_t index,
                                                    seg_error *out_warning);

/* ---- parameters -------------------------------------------------------------------------- */

/* Parameters ($name) stand for literals only, so a value from a form cannot change what a
 * predicate means. Types are inferred. */
typedef struct seg_param_info {
    uint32_t struct_size;
    seg_type type;    /* SEG_TYPE_*: what to bind */
    uint32_t is_list; /* 1: any number of values of that type */
    uint32_t reserved;
    const char *name; /* without the $; borrowed until the segment is released */
    uint64_t name_size;
} seg_param_info;

SEG_API uint64_t seg_segment_param_count(const seg_segment *segment);
SEG_API SEG_MUST_USE seg_status seg_segment_param_at(const seg_segment *segment, uint64_t index,
                                                     seg_param_info *out_info, seg_error *err);

/* Values for parameters. One thread per handle. */
typedef struct seg_params seg_params;
SEG_API SEG_MUST_USE seg_status seg_params_create(const seg_allocator *allocator,
                                                  seg_params **out_params, seg_error *err);
SEG_API void seg_params_destroy(seg_params *params);
/* Add a value to the parameter `name`: once for a literal, once per element for a list. Values
 * are copied. An int64 serves where a float64 or a decimal is wanted; a string serves for an
 * instant, date or duration, written as in a predicate. */
SEG_API SEG_MUST_USE seg_status seg_params_add_bool(seg_params *params, const char *name,
                                                    size_t name_size, int32_t value,
                                                    seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_params_add_int64(seg_params *params, const char *name,
                                                     size_t name_size, int64_t value,
                                                     seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_params_add_float64(seg_params *params, const char *name,
                                                       size_t name_size, double value,
                                                       seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_params_add_decimal(seg_params *params, const char *name,
                                                       size_t name_size, int64_t mantissa,
                                                       int32_t scale, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_params_add_string(seg_params *params, const char *name,
                                                      size_t name_size, const char *value,
                                                      size_t value_size, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_params_add_timestamp(seg_params *params, const char *name,
                                                         size_t name_size, int64_t value,
                                                         seg_error *err);
/* An empty list. */
SEG_API SEG_MUST_USE seg_status seg_params_add_empty(seg_params *params, const char *name,
                                                     size_t name_size, seg_error *err);

/* A segment with every parameter replaced by its value. Compiles again: columns and saved
 * segments count as they are now. Fails with SEG_E_BOUND where a parameter is missing, unknown,
 * given twice or of the wrong type; the message lists what is declared.
 * out_segment is owned by the caller. Any thread. */
SEG_API SEG_MUST_USE seg_status seg_segment_bind(const seg_segment *segment,
                                                 const seg_params *params,
                                                 seg_segment **out_segment, seg_error *err);

/* ---- evaluate ---------------------------------------------------------------------------- */

typedef struct seg_eval_options {
    uint32_t struct_size;
    uint32_t flags;       /* 0 */
    uint32_t threads;     /* 0: 1; more than threads_max are not used */
    uint32_t reserved;    /* 0 */
    const seg_set *among; /* only these users; NULL: everyone. Of the same store. */
    seg_task *task;       /* interrupt and progress; NULL: none */
} seg_eval_options;

#define SEG_EVAL_OPTIONS_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(seg_eval_options), 0, 0, 0, 0, 0                                          \
    }
SEG_API void seg_eval_options_init(seg_eval_options *options, size_t options_size);

/* Who is in the segment at the instant `now`. Events later than `now` do not count.
 *   options  may be NULL
 *   out_set  owned by the caller: seg_set_release(). It retains the snapshot.
 * Fails with SEG_E_BOUND (parameters left), SEG_E_ARG (another store), SEG_E_OVERFLOW,
 * SEG_E_INTERRUPTED, SEG_E_NOMEM. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_evaluate(const seg_segment *segment,
                                                     seg_snapshot *snapshot, int64_t now,
                                                     const seg_eval_options *options,
                                                     seg_set **out_set, seg_error *err);

/* How many are in it; cheaper than the set. */
SEG_API SEG_MUST_USE seg_status seg_segment_count(const seg_segment *segment,
                                                  seg_snapshot *snapshot, int64_t now,
                                                  const seg_eval_options *options,
                                                  uint64_t *out_count, seg_error *err);

/* Many segments in one pass over the data; what they have in common is computed once.
 * out_sets[segment_count]: all owned by the caller, or all NULL on failure. */
SEG_API SEG_MUST_USE seg_status seg_segments_evaluate(const seg_segment *const *segments,
                                                      size_t segment_count, seg_snapshot *snapshot,
                                                      int64_t now, const seg_eval_options *options,
                                                      seg_set **out_sets, seg_error *err);

/* Is this one customer in the segment? Looks at nobody else, except for ranks ("top 10 %").
 * An id that the snapshot does not know is in no segment: *out_member = 0 and SEG_OK. */
SEG_API SEG_MUST_USE seg_status seg_segment_test(const seg_segment *segment, seg_snapshot *snapshot,
                                                 const char *user, size_t user_size, int64_t now,
                                                 int32_t *out_member, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_segment_test_u64(const seg_segment *segment,
                                                     seg_snapshot *snapshot, uint64_t user,
                                                     int64_t now, int32_t *out_member,
                                                     seg_error *err);

/* How the segment runs: its conditions in their order, with estimates. */
#define SEG_EXPLAIN_ANALYZE 1u /* run it; add users, chunks, rows, time by node and by phase */
#define SEG_EXPLAIN_JSON 2u    /* JSON instead of a tree of text */

/* out_text is owned by the caller: seg_buffer_destroy(). options may be NULL. */
SEG_API SEG_MUST_USE seg_status seg_segment_explain(const seg_segment *segment,
                                                    seg_snapshot *snapshot, int64_t now,
                                                    uint32_t flags, const seg_eval_options *options,
                                                    seg_buffer **out_text, seg_error *err);

SEG_END_DECLS
#endif /* SEG_SEGMENT_H */
