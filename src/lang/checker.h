/* checker.h - private to lang: what the files of the checker share.
 *
 * One segi_compiling per call of segi_compile(), one segi_check per text in it: the predicate's
 * own and each saved segment's. Functions that make a node return NULL after a failure, which is
 * in compiling->err with its status in compiling->status; the first one stays. */
#ifndef SEGI_CHECKER_H
#define SEGI_CHECKER_H

#include "lang/syntax.h"

/* Trees inside trees, saved segments included, and segments inside segments: together they keep
 * the C stack below 128 KiB. One text alone reaches about 320 levels. */
#define SEGI_LEVELS_MAX 400
#define SEGI_CHAIN_MAX 64
#define SEGI_WARNINGS_MAX 100
#define SEGI_ZONES_MAX 64

/* ---- a map from names to pointers ---- */

typedef struct segi_name_entry {
    const void *scope; /* names are apart under different scopes */
    const char *text;
    size_t size;
    void *value; /* NULL: free entry */
} segi_name_entry;
/* Open addressing in an arena: it only grows, and ends with the arena. */
typedef struct segi_name_map {
    segi_name_entry *entries;
    size_t count, capacity;
} segi_name_map;
void *segi_name_map_get(const segi_name_map *map, const void *scope, const char *text, size_t size);
/* False when out of memory. The text is borrowed. */
bool segi_name_map_set(segi_name_map *map, segi_arena *arena, const void *scope, const char *text,
                       size_t size, void *value);

/* ---- one compile ---- */

/* A saved segment: under way while `root` is NULL. */
typedef struct segi_reference {
    segi_definition kind;
    const char *name;
    size_t name_size;
    const segi_node *root;
    uint32_t depth;               /* how many are outside of it */
    struct segi_reference *outer; /* the one whose text refers to this one, while under way */
} segi_reference;

/* What all texts of one compile share. It lives on the stack of the call. */
typedef struct segi_compiling {
    segi_predicate *predicate;
    const segi_mem *mem;
    const segi_schema *schema;
    const segi_resolver *resolver;
    uint32_t flags;
    segi_goal goal;     /* of the text itself; a value has no parameters */
    segi_arena scratch; /* ends with the compile */
    segi_arena *arena;  /* of the tree */
    seg_error *err;
    seg_status status;
    bool inside;     /* the failure is in a saved segment, which its message names */
    uint32_t nodes;  /* of all texts */
    uint32_t levels; /* open calls of segi_check_predicate and _value */
    uint32_t scores; /* of all texts */
    /* parameters */
    const segi_param_value *values;
    size_t value_count;
    bool binding; /* the second pass, with values in place */
    segi_param *params;
    size_t param_count, param_capacity;
    segi_name_map param_map;        /* index + 1 */
    const segi_param_value **bound; /* per parameter, when binding */
    /* caches */
    segi_name_map references, properties, zones;
    const uint32_t *all_events;
    /* what the predicate owns */
    segi_zone *loaded[SEGI_ZONES_MAX];
    uint32_t loaded_count;
    seg_error *warnings;
    uint32_t warning_count;
    segi_findings *findings; /* NULL: the first failure ends it. Else failures and constants of
                                the predicate's own text are noted there. */
} segi_compiling;

/* The check of one text. Fields below `week_start` are the place in the tree: they are set on the
 * way down and put back on the way up. */
typedef struct segi_check {
    segi_compiling *c;
    const char *text;
    size_t text_size;
    segi_reference *reference; /* NULL: the predicate's own text */
    segi_zone_ref zone;        /* where nothing else is said */
    int32_t week_start;
    const segi_selector *selector;  /* inside where, else NULL */
    bool right;                     /* the value being checked is the right side of a comparison */
    const segi_syn_alias *aliases;  /* names of steps, anywhere in the text */
    const segi_syn_step *steps;     /* inside a sequence: those before the one being checked, ... */
    const segi_syn_step *steps_end; /* ... which is this one */
    const segi_rfm *rfm;            /* inside its groups: r, f and m are its scores */
} segi_check;

/* ---- checker.c: failing ---- */

/* Each returns NULL, so that `return segi_check_fail(...)` reads well. */
#define segi_check_fail(k, begin, size, code, ...)                                                 \
    segi_check_failed((k), (begin), (size),                                                        \
                      (k)->c->status == SEG_OK ? segi_fail((k)->c->err, (code), __VA_ARGS__)       \
                                               : SEG_OK)
void *segi_check_failed(segi_check *k, uint32_t begin, uint32_t size, seg_status status);
/* A hint for the failure just made. */
#define segi_check_hint(k, ...) segi_error_hint((k)->c->err, __VA_ARGS__)
void *segi_check_nomem(segi_check *k);
/* A remark that is no failure. */
#define segi_check_warn(k, begin, size, code, ...)                                                 \
    do {                                                                                           \
        seg_error *segi_warning = segi_check_warning(k);                                           \
        if (segi_warning != NULL) {                                                                \
            segi_fail(segi_warning, (code), __VA_ARGS__);                                          \
            segi_check_warned((k), segi_warning, (begin), (size));                                 \
        }                                                                                          \
    } while (0)
seg_error *segi_check_warning(segi_check *k); /* NULL: there are too many */
void segi_check_warned(segi_check *k, seg_error *warning, uint32_t begin, uint32_t size);

/* ---- checker.c: nodes ---- */

segi_node *segi_check_node(segi_check *k, segi_node_kind kind, const segi_syn *syn);
void *segi_check_alloc(segi_check *k, size_t count, size_t size);
/* Children: up to three, the rest NULL. False when out of memory. */
bool segi_check_children(segi_check *k, segi_node *node, const segi_node *a, const segi_node *b,
                         const segi_node *c);
/* Counts a level in, SEG_E_LIMIT beyond SEGI_LEVELS_MAX; each enter that succeeds needs its
 * leave. */
bool segi_check_enter(segi_check *k, const segi_syn *syn);
void segi_check_leave(segi_check *k);

static inline bool segi_type_numeric(seg_type type)
{
    return type == SEG_TYPE_INT64 || type == SEG_TYPE_FLOAT64 || type == SEG_TYPE_DECIMAL;
}
/* Has an order from low to high that top, bottom and quantiles can go by. */
static inline bool segi_type_ranked(seg_type type)
{
    return segi_type_numeric(type) || type == SEGI_TYPE_DURATION;
}
/* For messages; knows durations too. */
const char *segi_value_type_name(segi_value_type type);
segi_value_type segi_type_of(seg_type type);

/* ---- names.c ---- */

/* An attribute, or inside where a property. */
segi_node *segi_check_name(segi_check *k, const segi_syn *syn);
/* One event type's index; *found false: unknown and allowed. False after a failure. */
bool segi_check_event(segi_check *k, const segi_syn *syn, uint32_t *out, bool *found);
bool segi_check_zone(segi_check *k, const segi_syn_zone *syn, segi_zone_ref *out);

/* ---- suggest.c ---- */

/* The i-th name of some kind; false behind the last. */
typedef bool (*segi_name_source)(const void *user, size_t i, const char **out, size_t *out_size);
bool segi_attribute_name(const void *schema, size_t i, const char **out, size_t *out_size);
bool segi_event_name(const void *schema, size_t i, const char **out, size_t *out_size);
bool segi_property_name(const void *event_type, size_t i, const char **out, size_t *out_size);
/* Adds a hint with the nearest of the names; false if none is near. */
bool segi_check_suggest(segi_check *k, const char *name, size_t size, segi_name_source source,
                        const void *user);
/* Adds a hint with all names that there is room for: `what`: "a", "b" and 7 more. */
void segi_check_list(segi_check *k, const char *what, segi_name_source source, const void *user);
/* Adds a hint to the failure of an unknown attribute. */
void segi_check_suggest_attribute(segi_check *k, const segi_syn *syn);

/* ---- params.c ---- */

/* Parameters without a value leave gaps in the tree: numbers below SEGI_GAP_END stand for
 * parameter (n - INT64_MIN) / 4, plus one or minus one by the remainder. */
#define SEGI_GAP_END (INT64_MIN + ((int64_t)1 << 40))
static inline bool segi_is_gap(int64_t n)
{
    return n < SEGI_GAP_END;
}
static inline uint32_t segi_gap_index(int64_t n)
{
    return (uint32_t)(((uint64_t)n - (uint64_t)INT64_MIN) / 4);
}
/* 0, 1: one more, 2: one less. */
static inline int segi_gap_shift(int64_t n)
{
    return (int)(((uint64_t)n - (uint64_t)INT64_MIN) % 4);
}

/* A literal where a value of that type is wanted: the bound one, or a gap, whose type is
 * SEGI_TYPE_PARAM and whose slot is the parameter's index. */
#define SEGI_TYPE_PARAM 101
bool segi_check_param(segi_check *k, const segi_syn *syn, segi_value_type want, segi_literal *out);
/* The list that a parameter stands for: *given its values, or NULL for a gap in *out. */
bool segi_check_param_list(segi_check *k, const segi_syn *syn, segi_value_type want,
                           const segi_param_value **given, segi_literal *out);
/* A given value as a literal of that kind. */
bool segi_check_convert(segi_check *k, const segi_syn *syn, const segi_literal *given,
                        segi_value_type want, segi_literal *out);
bool segi_check_number(segi_check *k, segi_syn_number number, int64_t *out);
bool segi_check_moment(segi_check *k, const segi_syn_moment *syn, segi_moment *out);
/* The moment that a parameter stands for; a gap is an instant whose value segi_is_gap(). */
bool segi_check_param_moment(segi_check *k, const segi_syn *syn, segi_moment *out);
/* Values against what is declared; SEG_E_BOUND. */
bool segi_check_bind(segi_check *k);

/* ---- check_value.c ---- */

/* want: the type that a parameter in this place has, or NULL where it cannot be known. */
segi_node *segi_check_value(segi_check *k, const segi_syn *syn, const segi_value_type *want);
/* An unknown name takes the type that its place asks for. */
void segi_check_settle(segi_node *node, segi_value_type type);
static inline bool segi_type_unknown(const segi_node *node)
{
    return node->type.type == 0;
}
/* A literal fitted to the type it meets. False: it does not fit, and nothing was said. */
bool segi_literal_fit(segi_literal *literal, segi_value_type type);
segi_node *segi_check_literal_node(segi_check *k, const segi_syn *syn, segi_literal literal);
/* A literal with a value: no gap. */
static inline bool segi_node_constant(const segi_node *node)
{
    return node->kind == SEGI_NODE_LITERAL && node->literal.type.type != SEGI_TYPE_PARAM;
}
/* The literal of one element of a list of such values. */
bool segi_check_element(segi_check *k, const segi_syn *syn, const segi_node *left,
                        segi_literal *out);
/* The most frequent values, which only `has` can take. */
static inline bool segi_node_top(const segi_node *node)
{
    return node->kind == SEGI_NODE_AGGREGATE && node->aggregate == SEGI_AGG_TOP;
}
/* A mode with all of its ties is a set of values, which only =, != and in can take. */
bool segi_check_single(segi_check *k, const segi_node *node);
/* The nearest double of a numeric literal. */
double segi_literal_double(const segi_literal *literal);
/* Compares two literals of comparable types: -1, 0, 1. */
int segi_literal_compare(const segi_literal *a, const segi_literal *b);

/* ---- check_arith.c ---- */

segi_node *segi_check_arith(segi_check *k, const segi_syn *syn);
/* 0 - value, so that nothing downstream knows a sign. */
segi_node *segi_check_negate(segi_check *k, const segi_syn *syn);

/* ---- check_score.c ---- */

segi_node *segi_check_score(segi_check *k, const segi_syn *syn);
/* So many more of them; false where that is too many. */
bool segi_check_scores(segi_check *k, const segi_syn *syn, uint32_t count);
segi_node *segi_check_split(segi_check *k, const segi_syn *syn);
/* A value whose classes have names: only = and != a name, and in a list of them, can be asked. */
static inline bool segi_node_labelled(const segi_node *node)
{
    return node->kind == SEGI_NODE_CLASS ||
           (node->kind == SEGI_NODE_SCORE && node->score->labels != NULL);
}
static inline const segi_text *segi_node_labels(const segi_node *node)
{
    return node->kind == SEGI_NODE_CLASS ? node->parts->labels : node->score->labels;
}
/* The name of a class, written there, becomes its number. False after a failure. */
bool segi_check_label(segi_check *k, uint32_t begin, uint32_t size, const segi_node *value,
                      segi_literal *literal);
/* A test of a class with numbers on its right: what it comes to. */
segi_node *segi_check_labels(segi_check *k, const segi_syn *syn, segi_node *test);
/* class.name, where such a class is saved; NULL without a failure where none is. */
segi_node *segi_check_class_name(segi_check *k, const segi_syn *syn);
segi_node *segi_check_class(segi_check *k, const segi_syn *syn);
/* A class of labels with conditions that hold in turn, the last one with none; parts->holds is
 * filled. False after a failure. */
bool segi_check_parts(segi_check *k, const segi_syn *syn, segi_parts *parts);
/* The label of a STRING beside those before it. */
bool segi_check_part_label(segi_check *k, const segi_syn *syn, segi_text *labels, uint32_t i);

/* ---- check_rfm.c ---- */

/* A SCORE; or a CLASS, whose labels are its groups. */
segi_node *segi_check_rfm(segi_check *k, const segi_syn *syn);
/* The text of a class that is an rfm. */
segi_node *segi_check_rfm_class(segi_check *k, const segi_syn *syn);
/* r, f or m inside of groups; NULL without a failure where the name is none of them. */
segi_node *segi_check_rfm_name(segi_check *k, const segi_syn *syn);

/* ---- check_compare.c ---- */

segi_node *segi_check_compare(segi_check *k, const segi_syn *syn);
/* "mon" beside @weekday becomes 1; anything else stays. False after a failure. */
bool segi_check_weekday(segi_check *k, const segi_node *beside, segi_node *literal);
/* Fails: the two cannot be compared. Returns NULL. */
void *segi_check_unlike(segi_check *k, const segi_syn *syn, const segi_node *left,
                        const segi_node *right);

/* ---- check_test.c ---- */

segi_node *segi_check_test(segi_check *k, const segi_syn *syn);

/* False: these days cannot be asked of a date. */
bool segi_check_date_window(segi_check *k, const segi_syn *syn, const segi_window *window);

/* ---- check_event.c ---- */

segi_node *segi_check_did(segi_check *k, const segi_syn *syn);
segi_node *segi_check_edge(segi_check *k, const segi_syn *syn);
segi_node *segi_check_aggregate(segi_check *k, const segi_syn *syn);
/* For events: the rest only if `events`. */
bool segi_check_window(segi_check *k, const segi_syn_window *syn, bool events, segi_window *out);
/* @time of the event that is looked at. */
segi_node *segi_check_event_time(segi_check *k, const segi_syn *at);
/* The window of one who says nothing: ever. */
void segi_check_window_default(const segi_check *k, segi_window *out);

/* A selector in that zone. */
const segi_node *segi_check_where(segi_check *k, const segi_selector *selector,
                                  const segi_syn *where, segi_zone_ref zone);
bool segi_check_bound(segi_check *k, const segi_syn_bound *syn, segi_bound *out);
segi_selector *segi_check_selector(segi_check *k, const segi_syn_selector *syn, segi_zone_ref zone);

/* ---- check_history.c ---- */

/* An ATTRIBUTE whose field has a history becomes the value that it has now. False: no memory. */
bool segi_check_history_value(segi_check *k, segi_node *node);
segi_node *segi_check_as_of(segi_check *k, const segi_syn *syn);
segi_node *segi_check_held(segi_check *k, const segi_syn *syn);
segi_node *segi_check_changed(segi_check *k, const segi_syn *syn);

/* ---- check_shape.c ---- */

/* What a selector of sessions selects from. */
bool segi_check_session(segi_check *k, const segi_syn_selector *syn, segi_zone_ref zone,
                        segi_selector *out);
/* TIME of an anniversary; BETWEEN of a date and two days of the year. */
segi_node *segi_check_anniversary(segi_check *k, const segi_syn *syn);
bool segi_check_is_season(const segi_syn *syn);
segi_node *segi_check_season(segi_check *k, const segi_syn *syn, segi_node *value);
segi_node *segi_check_lifecycle(segi_check *k, const segi_syn *syn);

/* ---- check_occasion.c ---- */

/* OCCASION: the value, an instant or a date, lies in the occasion of the window. */
segi_node *segi_check_occasion(segi_check *k, const segi_syn *syn, const segi_syn_window *window,
                               segi_node *value);
/* Only events in the occasion of the window, whose zone that is, are selected. */
bool segi_check_occasion_events(segi_check *k, const segi_syn_window *syn, segi_zone_ref zone,
                                segi_selector *selector);

/* ---- check_sequence.c ---- */

segi_node *segi_check_sequence(segi_check *k, const segi_syn *syn);
/* The name begins with that of a step. */
bool segi_check_is_alias(const segi_syn_alias *alias, const char *name, size_t size);

/* ---- check_predicate.c ---- */

segi_node *segi_check_predicate(segi_check *k, const segi_syn *syn);
/* What is saved under the name; NULL with no failure where there is nothing. */
const segi_saved *segi_check_find_saved(const segi_check *k, segi_definition kind, const char *name,
                                        size_t size);
/* Fails for the want of it, with the nearest name as a hint. */
void *segi_check_unknown_saved(segi_check *k, uint32_t begin, uint32_t span, segi_definition kind,
                               const char *name, size_t size);
/* The tree of a saved definition, compiled once; NULL with no failure where there is none. */
const segi_node *segi_check_saved(segi_check *k, const segi_syn *syn, segi_definition kind,
                                  const char *name, size_t size);
/* One text, from parsing to the root node. */
const segi_node *segi_check_text(segi_compiling *c, const char *text, size_t size,
                                 segi_reference *reference);
/* not node; a double not falls away. */
segi_node *segi_check_not(segi_check *k, const segi_syn *syn, const segi_node *inner);
/* and / or of nodes, flattened, constants folded. */
segi_node *segi_check_join(segi_check *k, const segi_syn *syn, segi_node_kind kind,
                           const segi_node *const *nodes, size_t count);

#endif
