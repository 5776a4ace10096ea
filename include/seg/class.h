/* seg/class.h - classes: every customer has exactly one label of several.
 *
 * A class is an ordered list of labels with predicates; a customer has the first label whose
 * predicate holds, or the last one if none does. seg_store_define_class() (seg/store.h) saves one
 * for class.NAME = "label" in predicates; this header gives all labels of all customers in one
 * pass. A class can also be an rfm(...) of docs/language.md; then its labels are "none" and the
 * groups, and it has scores. A seg_class never changes: share it between threads. */
#ifndef SEG_CLASS_H
#define SEG_CLASS_H

#include <seg/base.h>
#include <seg/segment.h>
#include <seg/set.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

#define SEG_CLASS_LABELS_MAX 100

typedef struct seg_class seg_class;

/* "label": predicate; ... otherwise "label", or an rfm(...), without parameters.
 *   flags      SEG_COMPILE_* or 0
 *   out_class  owned by the caller: seg_class_release().
 * Fails as seg_segment_compile() does. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_class_compile(seg_store *store, const char *text,
                                                  size_t text_size, uint32_t flags,
                                                  seg_class **out_class, seg_error *err);
/* The saved class of that name, compiled. SEG_E_NOT_FOUND if there is none. */
SEG_API SEG_MUST_USE seg_status seg_class_load(seg_store *store, const char *name, size_t name_size,
                                               seg_class **out_class, seg_error *err);
SEG_API void seg_class_retain(seg_class *handle);
SEG_API void seg_class_release(seg_class *handle);

/* Labels in the order of the text, 2 to SEG_CLASS_LABELS_MAX of them. */
SEG_API uint64_t seg_class_label_count(const seg_class *handle);
/* *out_label is borrowed until the class is released; it is not zero-terminated. SEG_E_ARG past
 * the last one. */
SEG_API SEG_MUST_USE seg_status seg_class_label(const seg_class *handle, uint64_t index,
                                                const char **out_label, uint64_t *out_label_size,
                                                seg_error *err);
/* The canonical text. out_text is owned by the caller: seg_buffer_destroy(). */
SEG_API SEG_MUST_USE seg_status seg_class_text(const seg_class *handle, seg_buffer **out_text,
                                               seg_error *err);

/* Who has which label at the instant `now`, in one pass over the data. The sets are disjoint, and
 * together they are everyone (of options->among).
 *   options   may be NULL
 *   out_sets  [seg_class_label_count()]: all owned by the caller, or all NULL on failure.
 * Fails as seg_segment_evaluate() does. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_class_evaluate(const seg_class *handle, seg_snapshot *snapshot,
                                                   int64_t now, const seg_eval_options *options,
                                                   seg_set **out_sets, seg_error *err);

/* ---- recency, frequency and money ------------------------------------------------------- */

#define SEG_RFM_RECENCY 0u
#define SEG_RFM_FREQUENCY 1u
#define SEG_RFM_MONEY 2u
#define SEG_RFM_SCALE_MAX 10

/* The highest score of a class that is an rfm, 2 to SEG_RFM_SCALE_MAX; 0 for other classes. */
SEG_API uint32_t seg_class_scale(const seg_class *handle);

/* How many customers have which score of one measure at the instant `now`, and where each score
 * begins.
 *   measure    SEG_RFM_...
 *   options    may be NULL; options->among limits whom out_users counts, never who is ranked
 *   out_users  [scale + 1]: by score, from 0, those who did not do it
 *   out_cuts   [scale - 1]: the least value that has score 2, 3, ...; of money in its own unit, of
 *              recency the longest time ago in microseconds (below 0: nobody has it). Decimals and
 *              large numbers are rounded. All NaN where floating scores have nobody to rank. May be
 *              NULL.
 * SEG_E_ARG for a class that is no rfm; fails as seg_segment_evaluate() does otherwise. Any thread.
 * Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_class_scores(const seg_class *handle, seg_snapshot *snapshot,
                                                 int64_t now, const seg_eval_options *options,
                                                 uint32_t measure, uint64_t *out_users,
                                                 double *out_cuts, seg_error *err);

/* A class with the cut points that the floating scores of an rfm have at the instant `now`: there
 * it gives everyone the same scores, and from then on they move by a customer's own behaviour and
 * by time, not by what others do. Its text (seg_class_text()) is what seg_store_define_class()
 * saves. Cut points of a class that has written ones already stay.
 *   options    may be NULL; options->among is not used (SEG_E_ARG if set)
 *   out_class  owned by the caller: seg_class_release().
 * SEG_E_ARG for a class that is no rfm, SEG_E_NOT_FOUND where nobody can be ranked; fails as
 * seg_segment_evaluate() does otherwise. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_class_freeze(const seg_class *handle, seg_snapshot *snapshot,
                                                 int64_t now, const seg_eval_options *options,
                                                 seg_class **out_class, seg_error *err);

SEG_END_DECLS
#endif /* SEG_CLASS_H */
