/* Door of the room `exec`: program + snapshot + candidates + now -> set.
 *
 * There is one evaluator. It runs the whole program for one chunk of 65,536 users before it goes
 * to the next; threads take runs of chunks; an operation is given candidates and keeps some of
 * them, so what is already ruled out costs nothing. */
#ifndef SEGI_EXEC_H
#define SEGI_EXEC_H

#include <stdatomic.h>

#include "base/bitmap.h"
#include "plan/plan.h"
#include "store/store.h"

/* Interrupt and progress, shared with the public seg_task. */
typedef struct segi_progress {
    atomic_int interrupted;
    atomic_uint_fast64_t done, total;
} segi_progress;

/* Working memory that evaluations leave for the next one, and the zones that users named. One per
 * store; any thread. */
typedef struct segi_scratch segi_scratch;
seg_status segi_scratch_create(const segi_mem *mem, segi_scratch **out, seg_error *err);
void segi_scratch_destroy(segi_scratch *scratch);
/* Overwrite and free what evaluations have left there, once they have ended. Any thread. */
void segi_scratch_clear(segi_scratch *scratch);

typedef struct segi_request {
    segi_scratch *scratch;
    const segi_program *program;
    segi_snapshot *snapshot;
    int64_t now;
    uint32_t threads;         /* at least 1, at most the store's */
    const segi_bitmap *among; /* NULL: the universe */
    segi_progress *progress;  /* NULL: none */
    segi_actual *actual;      /* to be filled, with op_count entries; or NULL */
    bool first_wins;          /* sets: a user is in the first root that has him alone */
} segi_request;

/* One bitmap per root; all owned by the caller, or all NULL. */
seg_status segi_exec_sets(const segi_request *request, segi_bitmap **out, seg_error *err);
/* Members per root, without building sets. */
seg_status segi_exec_counts(const segi_request *request, uint64_t *out, seg_error *err);
/* Is the user in roots[0]? request->among and threads are not used. */
seg_status segi_exec_test(const segi_request *request, uint32_t ordinal, bool *out, seg_error *err);

/* Values of the members of a bitmap, in rising order of ordinal. */
typedef struct segi_values {
    const segi_mem *mem;
    segi_value_type type;
    uint64_t count;
    uint8_t *states;   /* owned: SEG_VALUE_* */
    int64_t *slots;    /* owned; not for strings and string sets */
    segi_buf text;     /* owned: bytes of strings */
    uint64_t *offsets; /* owned: count + 1, of strings; of the elements of string sets */
    uint64_t *lists;   /* owned: count + 1 first elements; string sets */
} segi_values;
/* node is a value; program settles its scores (segi_program_build_value), NULL: it has none. */
seg_status segi_exec_values(const segi_request *request, const segi_node *node,
                            const segi_bitmap *members, segi_values **out, seg_error *err);
void segi_values_destroy(segi_values *values);

/* The cut points of a score of an rfm at request->now, as written ones: out[cut_count], of a
 * recency for how long ago. request->program settles it (segi_program_build_value). *out_any: false
 * where nobody has a score, so there are none. */
seg_status segi_exec_cuts(const segi_request *request, const segi_node *score, segi_literal *out,
                          bool *out_any, seg_error *err);
/* How many users have each score, from 0 on: out[score->score->cut_count + 2]. request->program is
 * not used. */
seg_status segi_exec_scores(const segi_request *request, const segi_node *score, uint64_t *out,
                            seg_error *err);

#endif
