/* Door of the room `why`: why one user is in a segment or not, and until when (S-38).
 *
 * Every verdict and value comes from the one evaluator, asked about this user. The next instant of
 * a change is found by asking it again at each instant at which anything in the predicate can
 * change for the user's own data (next.c). */
#ifndef SEGI_WHY_H
#define SEGI_WHY_H

#include "base/arena.h"
#include "exec/exec.h"

/* ---- the next change ---- */

/* Nothing changes before the horizon. */
#define SEGI_NEXT_NEVER INT64_MAX
typedef enum segi_next_kind {
    SEGI_NEXT_KNOWN,      /* instant, or NEVER */
    SEGI_NEXT_POPULATION, /* depends on what others do: ranks, classes */
    SEGI_NEXT_OPEN        /* not worked out: moves with now in a way without edges, or too much */
} segi_next_kind;
/* `instant` means something with KNOWN alone. */
typedef struct segi_next {
    segi_next_kind kind;
    int64_t instant;
} segi_next;

/* ---- the tree ---- */

/* The name is borrowed from the schema of the snapshot. */
typedef struct segi_why_event {
    const char *type;
    size_t type_size;
    int64_t time;
} segi_why_event;

/* One condition. Texts lie in the arena of the tree, are terminated, and are meant for people. */
typedef struct segi_why_node {
    const segi_node *node; /* of the predicate */
    uint32_t depth;
    uint32_t parent; /* index, UINT32_MAX for the root */
    bool member;
    segi_next next;
    const char *text;      /* canonical */
    const char *value;     /* of this user, NULL: the node has none */
    const char *threshold; /* what it is compared with, NULL: nothing */
    uint64_t event_count;  /* that decide: in the span and passing where */
    uint32_t shown_count;  /* of them, the latest first */
    const segi_why_event *shown;
} segi_why_node;

typedef struct segi_why {
    segi_arena arena;
    uint32_t count;
    const segi_why_node *nodes; /* parents before children, as in the text */
    int64_t now, horizon;
} segi_why;

/* Nodes below the root; a tree with more is SEG_E_LIMIT. */
#define SEGI_WHY_NODES_MAX 10000

/* What to ask, and about whom; borrowed for the call. */
typedef struct segi_why_request {
    segi_request run; /* scratch, snapshot, now; the program is not used */
    const segi_predicate *predicate;
    uint32_t ordinal;
    int64_t horizon;     /* changes are looked for up to and with it */
    uint32_t events_max; /* shown per node */
    bool only_verdicts;  /* no next instants */
} segi_why_request;

/* *out is owned by the caller: segi_why_destroy(). Its nodes' `node` live with the predicate, all
 * else with the snapshot. */
seg_status segi_why_create(const segi_mem *mem, const segi_why_request *request, segi_why **out,
                           seg_error *err);
void segi_why_destroy(segi_why *why);

#endif
