/* seg/why.h - why a customer is in a segment or not, and until when.
 *
 * The answer is a tree like that of the predicate: each condition with its verdict, the customer's
 * own value, what it is compared with, the events that decide, and the next instant at which its
 * verdict changes if nothing else happens. Everything is computed by the evaluator that makes sets,
 * so it cannot say something else. */
#ifndef SEG_WHY_H
#define SEG_WHY_H

#include <seg/base.h>
#include <seg/segment.h>
#include <seg/store.h>

SEG_BEGIN_DECLS

#define SEG_WHY_EVENTS_MAX 1000 /* of seg_why_options.events_max */

#define SEG_WHY_VERDICTS_ONLY 1u /* no next instants: faster */

typedef struct seg_why_options {
    uint32_t struct_size;
    uint32_t flags;      /* SEG_WHY_* or 0 */
    int64_t horizon_us;  /* how far ahead changes are looked for; 0: 400 days; at most 10 years */
    uint32_t events_max; /* shown per condition; 0: 5; at most SEG_WHY_EVENTS_MAX */
    uint32_t reserved;   /* 0 */
} seg_why_options;

#define SEG_WHY_OPTIONS_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(seg_why_options), 0, 0, 0, 0                                              \
    }
/* The function form of SEG_WHY_OPTIONS_INIT; options_size is sizeof(seg_why_options). */
SEG_API void seg_why_options_init(seg_why_options *options, size_t options_size);

/* What is known about the next change of a verdict. */
#define SEG_WHY_NEXT_AT 1u         /* it changes at `next`, and not before */
#define SEG_WHY_NEXT_NONE 2u       /* it does not change up to the horizon */
#define SEG_WHY_NEXT_POPULATION 3u /* not determined by this customer alone: ranks, tiers */
#define SEG_WHY_NEXT_OPEN                                                                          \
    4u /* not worked out: asked not to, too much data, or a condition
                                      that moves with now and has no edges (now = signed_up) */

/* One condition. Texts are NUL-terminated UTF-8 and live as long as their seg_why. */
typedef struct seg_why_node {
    uint32_t struct_size;
    uint32_t depth;        /* 0 for the whole predicate */
    uint64_t parent;       /* index; UINT64_MAX for the whole */
    int32_t member;        /* 1: the condition holds for the customer */
    uint32_t next_kind;    /* SEG_WHY_NEXT_* */
    int64_t next;          /* microseconds UTC; 0 but for SEG_WHY_NEXT_AT */
    const char *text;      /* the condition in the language */
    const char *value;     /* the customer's, "no value" without one; "" where there is no such */
    const char *threshold; /* what the value is compared with, or "" */
    uint64_t event_count;  /* events that the condition looks at and that pass its where */
    uint64_t shown_count;  /* of them seg_why_event_at() gives, the latest first */
} seg_why_node;

typedef struct seg_why_event {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t time;     /* microseconds UTC */
    const char *type; /* not NUL-terminated; lives as long as the seg_why */
    uint64_t type_size;
} seg_why_event;

typedef struct seg_why seg_why;

/* Why is this customer in the segment at `now`, or why not? About what happens later than `now`
 * the snapshot knows events dated in the future alone. A customer that the snapshot does not know
 * is in nothing: SEG_E_NOT_FOUND.
 *   options  may be NULL
 *   out_why  owned by the caller: seg_why_destroy(). It retains the snapshot.
 * Fails as an evaluation does, and with SEG_E_LIMIT beyond 10,000 conditions. Any thread.
 * Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_why(const seg_segment *segment, seg_snapshot *snapshot,
                                                const char *user, size_t user_size, int64_t now,
                                                const seg_why_options *options, seg_why **out_why,
                                                seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_segment_why_u64(const seg_segment *segment,
                                                    seg_snapshot *snapshot, uint64_t user,
                                                    int64_t now, const seg_why_options *options,
                                                    seg_why **out_why, seg_error *err);
SEG_API void seg_why_destroy(seg_why *why);

/* Up to and with this instant changes were looked for. */
SEG_API int64_t seg_why_horizon(const seg_why *why);
/* Conditions, parents before children; index 0 is the whole predicate. */
SEG_API uint64_t seg_why_node_count(const seg_why *why);
SEG_API SEG_MUST_USE seg_status seg_why_node_at(const seg_why *why, uint64_t index,
                                                seg_why_node *out_node, seg_error *err);
SEG_API SEG_MUST_USE seg_status seg_why_event_at(const seg_why *why, uint64_t node, uint64_t index,
                                                 seg_why_event *out_event, seg_error *err);

SEG_END_DECLS

#endif /* SEG_WHY_H */
