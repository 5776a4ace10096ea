/* gen.h - random predicates and values over the columns of a feed. */
#ifndef SEG_TEST_GEN_H
#define SEG_TEST_GEN_H

#include "feed.h"

/* Kinds of operands, for the count of pairs under `and` and `or`. */
typedef enum gen_class {
    GEN_CONSTANT,
    GEN_COMPARE_NUMBER,
    GEN_COMPARE_OTHER,
    GEN_BETWEEN,
    GEN_IN,
    GEN_TRUTH,
    GEN_STATE,
    GEN_HAS,
    GEN_TEXT,
    GEN_GEO,
    GEN_TIME,
    GEN_DID,
    GEN_DID_COUNT,
    GEN_DID_PERIODS,
    GEN_EDGE,
    GEN_AGGREGATE,
    GEN_ARITH,
    GEN_SEGMENT,
    GEN_SEQUENCE,
    GEN_RANK,
    GEN_SCORE,
    GEN_RFM,
    GEN_SPLIT,
    GEN_LIFE,
    GEN_SESSION,
    GEN_HISTORY,
    GEN_NOT,
    GEN_AT_LEAST,
    GEN_CLASS_COUNT
} gen_class;

typedef struct gen {
    feed_data *feed;
    model_arena *arena;
    const model_catalog *catalog;
    int64_t now;
    rng r;
    const model_selector *where; /* inside of its where; NULL: outside */
    bool boundary;               /* set where a literal lies exactly on an edge */
} gen;

const char *gen_class_name(gen_class class);
model_node *gen_node(gen *g, model_kind kind);
model_node *gen_join(gen *g, model_kind kind, size_t count, model_node *const *children);
/* An operand of that kind. */
model_node *gen_operand(gen *g, gen_class class, int depth);
/* Any predicate. */
model_node *gen_tree(gen *g, int depth);
/* What can be saved under a name: a predicate, or a class. */
model_node *gen_definition(gen *g, int depth);
/* `score` below such a bound that about `percent` of the users are in. */
model_node *gen_share(gen *g, uint32_t percent);
/* A value expression. */
model_node *gen_value(gen *g);
/* What gen_sequence.c is made of. */
model_selector gen_selector(gen *g);
model_window gen_window(gen *g); /* for events */
model_span gen_span(gen *g);
model_bound gen_bound(gen *g);
bool gen_selects(gen *g, const model_selector *selector, size_t property);
model_moment gen_moment(gen *g);
model_value gen_number(gen *g, const model_column *column);
/* What an attribute was, to be asked of one with a history: NULL where no attribute has one. */
model_node *gen_history(gen *g);
/* Sometimes the attribute as of then. */
void gen_as_of(gen *g, model_node *attribute);
/* Ordered steps as a predicate, or a figure of them; exact: weeks at most. */
model_node *gen_sequence(gen *g);
model_node *gen_figure(gen *g, model_figure figure);
/* A `using` line, often none. */
void gen_using(gen *g, model_segment *segment);

#endif /* SEG_TEST_GEN_H */
