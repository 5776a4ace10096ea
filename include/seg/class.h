/* seg/class.h - classes: every customer has exactly one label of several.
 *
 * A class is an ordered list of labels with predicates; a customer has the first label whose
 * predicate holds, or the last one if none does. seg_store_define_class() (seg/store.h) saves one
 * for class.NAME = "label" in predicates; this header gives all labels of all customers in one
 * pass. A seg_class never changes: share it between threads. */
#ifndef SEG_CLASS_H
#define SEG_CLASS_H

#include <seg/base.h>
#include <seg/segment.h>
#include <seg/set.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

#define SEG_CLASS_LABELS_MAX 100

typedef struct seg_class seg_class;

/* "label": predicate; ... otherwise "label", without parameters.
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

SEG_END_DECLS
#endif /* SEG_CLASS_H */
