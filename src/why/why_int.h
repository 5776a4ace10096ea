/* why_int.h - private to why: the evaluator asked about one user. */
#ifndef SEGI_WHY_INT_H
#define SEGI_WHY_INT_H

#include "base/error.h"
#include "why/why.h"

/* Evaluations of one call; behind it the next instant is open.
 * An evaluation for one user takes microseconds, so a call ends within a second or two. */
#define SEGI_WHY_WORK_MAX 200000

/* One user, one call, one thread. The first failure stays in `status`, and everything after it
 * does nothing: callers look once at the end of a step. */
typedef struct segi_asker {
    const segi_mem *mem;
    const segi_why_request *request;
    segi_bitmap *self; /* owned: the user alone */
    /* The user's events, by time: gathered once. */
    struct segi_own_event *events; /* owned */
    size_t event_count, event_capacity;
    /* Those instants, and the ones among the events' properties. */
    int64_t *instants; /* owned */
    size_t instant_count, instant_capacity;
    segi_zone *zone; /* owned: the user's own, NULL: none that is known */
    uint64_t work;   /* evaluations so far */
    seg_status status;
    seg_error *err;
} segi_asker;

/* `type` as an index of the schema. */
typedef struct segi_own_event {
    uint32_t type;
    int64_t time;
} segi_own_event;

/* Fills an asker that is all zero but for mem, request and err. */
void segi_asker_open(segi_asker *a);
void segi_asker_close(segi_asker *a);
/* Is the user in it at the instant? False also after a failure, which is in asker->status. */
bool segi_asker_test(segi_asker *a, const segi_program *program, int64_t now);
/* The same for a node, whose program lives for this one question. */
bool segi_asker_test_node(segi_asker *a, const segi_node *node, int64_t now);
/* The value of a value node at the request's now: one entry. NULL after a failure. */
segi_values *segi_asker_value(segi_asker *a, const segi_node *node);

/* The zone that a reference stands for, for this user. */
const segi_zone *segi_asker_zone(const segi_asker *a, segi_zone_ref ref);

/* next.c: the first instant after now, up to the horizon, at which the verdict of the node changes
 * while the data stays as it is. */
segi_next segi_why_next(segi_asker *a, const segi_node *node);

#endif
