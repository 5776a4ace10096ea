/* seg/lint.h - all that there is to say about a predicate: every error that can be found in one
 * reading, and warnings about what is allowed and perhaps not meant.
 *
 * docs/language.md lists the warnings. Nothing here changes what a predicate means. */
#ifndef SEG_LINT_H
#define SEG_LINT_H

#include <seg/base.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

#define SEG_LINT_OPEN 1u /* as SEG_COMPILE_OPEN: unknown names are warnings */
#define SEG_LINT_JSON 2u /* the text is a predicate in the JSON form */

typedef struct seg_lint_options {
    uint32_t struct_size;
    uint32_t flags;       /* SEG_LINT_* */
    int64_t retention_us; /* how long events are kept; 0: for ever, or not known */
} seg_lint_options;

#define SEG_LINT_OPTIONS_INIT                                                                      \
    {                                                                                              \
        (uint32_t)sizeof(seg_lint_options), 0, 0                                                   \
    }
/* The function form of SEG_LINT_OPTIONS_INIT; options_size is sizeof(seg_lint_options). */
SEG_API void seg_lint_options_init(seg_lint_options *options, size_t options_size);

#define SEG_LINT_ERROR 1u   /* the predicate does not compile because of this */
#define SEG_LINT_WARNING 2u /* it compiles, and says something that may not be meant */

/* One remark. The texts are NUL-terminated UTF-8 and live as long as their seg_lint. */
typedef struct seg_finding {
    uint32_t struct_size;
    uint32_t level;  /* SEG_LINT_ERROR or SEG_LINT_WARNING */
    seg_status code; /* of an error: what a compile returns for it; of a warning 0 */
    uint32_t column; /* 1-based, in code points; 0 if there is no place */
    uint64_t line;   /* 1-based; 0 if there is no place */
    int64_t offset;  /* of the first byte of the text, or of the JSON; -1 if there is no place */
    int64_t length;  /* in bytes */
    const char *id;  /* what kind it is, for programs: "always-false", "syntax" */
    const char *message; /* one sentence, no full stop */
    const char *hint;    /* what to do about it, or "" */
} seg_finding;

typedef struct seg_lint seg_lint;

/* Read a predicate to its end, and further where a condition of it cannot be read: what follows
 * the next and, or, or closing bracket is looked at too. At most 100 findings, errors first.
 *   options   may be NULL
 *   out_lint  owned by the caller: seg_lint_destroy(). It is made also where the predicate has
 *             errors; that is no failure of this call.
 * Fails with SEG_E_ARG, SEG_E_VERSION, SEG_E_NOMEM. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_lint(seg_store *store, const char *text,
                                                 size_t text_size, const seg_lint_options *options,
                                                 seg_lint **out_lint, seg_error *err);
SEG_API void seg_lint_destroy(seg_lint *lint);
SEG_API uint64_t seg_lint_count(const seg_lint *lint);
/* index from 0, in the order of the text. SEG_E_ARG past the last one. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_lint_at(const seg_lint *lint, uint64_t index,
                                            seg_finding *out_finding, seg_error *err);

SEG_END_DECLS

#endif /* SEG_LINT_H */
