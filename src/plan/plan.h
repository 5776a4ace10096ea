/* Door of the room `plan`: predicates become one program.
 *
 * A program is a DAG of operations in which equal sub-predicates are one operation, within a
 * segment and across all segments of the program. It depends on neither data nor `now`; what an
 * evaluation needs beyond it (instants, dictionary codes, order of operands) is prepared by exec.
 * Immutable; the predicates it was built from must outlive it. */
#ifndef SEGI_PLAN_H
#define SEGI_PLAN_H

#include "base/buf.h"
#include "lang/lang.h"
#include "store/store.h"

typedef enum segi_op_kind {
    SEGI_OP_ALL,
    SEGI_OP_NONE,
    SEGI_OP_NOT, /* children[0] */
    SEGI_OP_AND,
    SEGI_OP_OR,
    SEGI_OP_XOR,
    SEGI_OP_AT_LEAST, /* need */
    SEGI_OP_LEAF,     /* node: looks at data */
    SEGI_OP_RANK,     /* node; children[0] is the population where the node has one */
    SEGI_OP_SCORE     /* node, a value: the classes of a population, children as for RANK. No
                         predicate: leaves, ranks and scores that read it have it as a child. */
} segi_op_kind;

/* An operation of the DAG. Children come before parents, so one pass over `ops` from the front
 * meets every operand before what is made of it. */
typedef struct segi_op {
    segi_op_kind kind;
    uint32_t child_count;
    const uint32_t *children; /* indices of operations, each lower than this one's */
    uint32_t need;
    uint32_t uses;         /* parents and roots that refer to it */
    const segi_node *node; /* the predicate it came from (for messages); a leaf's content */
} segi_op;

/* The operation that settles a score of some tree. */
typedef struct segi_score_op {
    const segi_node *node;
    uint32_t op;
} segi_score_op;

/* Everything lies in the arena but the nodes, which are the predicates'. Any thread. */
typedef struct segi_program {
    segi_arena arena;
    uint32_t score_count;
    const segi_score_op *scores; /* every score of the trees; equal ones have one operation */
    uint32_t op_count;
    const segi_op *ops;
    uint32_t root_count;
    const uint32_t *roots; /* by predicate */
} segi_program;

/* One root per predicate tree. *out is owned by the caller: segi_program_destroy().
 * Saved segments must have been resolved: their trees are walked like any other. */
seg_status segi_program_build(const segi_mem *mem, const segi_node *const *trees, size_t tree_count,
                              segi_program **out, seg_error *err);
/* The scores that a value needs: a program without roots. */
seg_status segi_program_build_value(const segi_mem *mem, const segi_node *value, segi_program **out,
                                    seg_error *err);
void segi_program_destroy(segi_program *program);
/* Does it take a pass over its population before the candidates are looked at? */
static inline bool segi_op_ranks(const segi_op *op)
{
    return op->kind == SEGI_OP_RANK || op->kind == SEGI_OP_SCORE;
}
/* Does the operation have a population, as children[0]? */
static inline bool segi_op_has_population(const segi_op *op)
{
    return op->node->child_count > 1 && op->node->children[1] != NULL;
}

/* What a leaf will cost and keep, from the snapshot's statistics; used to order operands. */
typedef struct segi_estimate {
    double cost;   /* nanoseconds per user of the universe, about */
    double share;  /* of the users it is asked about, 0 .. 1 */
    uint64_t rows; /* of events that it may touch */
} segi_estimate;
/* out[program->op_count].
 * No row is read, whatever the size of the store; asked once per evaluation. */
void segi_program_estimate(const segi_program *program, const segi_snapshot *snapshot, int64_t now,
                           segi_estimate *out);

/* The operands of an operation in the order in which they run: those first that rule out most
 * (for `or`: find most) per nanosecond. out[child_count]. */
void segi_program_order(const segi_program *program, uint32_t op, const segi_estimate *estimates,
                        uint32_t *out);

/* What happened to an operation in a run. */
typedef struct segi_op_actual {
    uint64_t calls;       /* chunks it was asked about */
    uint64_t users_in;    /* candidates given */
    uint64_t users_out;   /* candidates kept */
    uint64_t rows;        /* event rows looked at */
    uint64_t nanoseconds; /* with its operands; of all threads together */
    uint64_t ranked;      /* RANK and SCORE: users of the population that have a place */
    uint64_t ranking;     /* RANK and SCORE: nanoseconds of the pass over the population */
} segi_op_actual;

/* What a run does, in this order. */
typedef enum segi_phase {
    SEGI_PHASE_PREPARE,  /* windows, dictionaries, the order of operands */
    SEGI_PHASE_LOAD,     /* columns that are not in memory */
    SEGI_PHASE_RANK,     /* the passes over the populations of ranks and scores */
    SEGI_PHASE_EVALUATE, /* the pass over the candidates */
    SEGI_PHASE_ASSEMBLE, /* the set */
    SEGI_PHASE_COUNT
} segi_phase;

/* What happened in a run. */
typedef struct segi_actual {
    segi_op_actual *ops;                    /* by operation; the caller's */
    uint64_t nanoseconds[SEGI_PHASE_COUNT]; /* on the clock */
    uint32_t chunks, threads;
} segi_actual;

/* The tree below roots[root], as text or JSON, for a store of user_count users. actual: NULL
 * without a run. */
void segi_program_explain(const segi_program *program, uint32_t root, uint64_t user_count,
                          const segi_schema *schema, const segi_estimate *estimates,
                          const segi_actual *actual, bool json, segi_buf *out);

#endif
