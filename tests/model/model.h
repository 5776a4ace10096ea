/* model.h - the naive twin: what a predicate means, said as plainly as possible.
 *
 * Users, attribute values and events lie in plain arrays; a predicate is a tree of model_node;
 * model_evaluate() asks each user in turn and walks over all of his events for each question.
 * Nothing here is shared with the library: calendar, zones (through libc), sums and text tests
 * are written again. The meanings are those of the contract, S-01 to S-18, S-25, S-29, S-30,
 * S-34 and S-37;
 * README.md of this folder lists the choices made where the contract leaves one. */
#ifndef SEG_TEST_MODEL_H
#define SEG_TEST_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <seg/seg.h>

#define MODEL_COLUMNS_MAX 32
#define MODEL_TYPES_MAX 12
#define MODEL_SEGMENTS_MAX 8

/* ---- memory: everything of one data set or predicate ends together ------------------------- */

typedef struct model_arena {
    struct model_block *head;
} model_arena;

void *model_alloc(model_arena *arena, size_t size); /* zeroed; never NULL: ends the program */
char *model_copy(model_arena *arena, const char *text, size_t size); /* NUL-terminated */
void model_arena_reset(model_arena *arena);

/* A growing text. */
typedef struct model_text {
    char *data; /* owned; NUL-terminated once something was added */
    size_t size, capacity;
} model_text;

void model_add(model_text *text, const char *bytes, size_t size);
void model_addf(model_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void model_text_free(model_text *text);

/* ---- values -------------------------------------------------------------------------------- */

typedef struct model_string {
    const char *data;
    size_t size;
} model_string;

typedef struct model_value {
    uint8_t state; /* SEG_VALUE_SET, _NULL or _ABSENT; undefined is ABSENT */
    seg_type type;
    int32_t scale;                /* decimals */
    int64_t i;                    /* bool, int, decimal, timestamp, date; geo: latitude x 10^7 */
    int64_t j;                    /* geo: longitude x 10^7 */
    double f;                     /* float */
    model_string text;            /* string */
    const model_string *elements; /* string set, without repetitions */
    size_t element_count;
} model_value;

model_value model_int(int64_t value);
model_value model_float(double value);
model_value model_decimal(int64_t mantissa, int32_t scale);
model_value model_bool(bool value);
model_value model_string_value(const char *text, size_t size);
model_value model_instant(int64_t value);
model_value model_date(int64_t days);
model_value model_geo(int64_t latitude_e7, int64_t longitude_e7);
model_value model_undefined(void);

bool model_is_number(seg_type type);
double model_to_double(const model_value *value);
/* -1, 0 or 1. Both are set and comparable: two numbers, or two of one type. */
int model_compare(const model_value *a, const model_value *b);
int model_string_compare(model_string a, model_string b);
bool model_in_set(const model_value *set, model_string element);
double model_distance(double lat_a, double lon_a, double lat_b, double lon_b);

typedef enum model_text_test {
    MODEL_CONTAINS,
    MODEL_STARTS,
    MODEL_ENDS,
    MODEL_MATCHES
} model_text_test;
bool model_text_holds(model_text_test test, bool fold, model_string pattern, model_string text);

/* ---- time ---------------------------------------------------------------------------------- */

#define MODEL_SECOND ((int64_t)1000000)
#define MODEL_MINUTE (60 * MODEL_SECOND)
#define MODEL_HOUR (60 * MODEL_MINUTE)
#define MODEL_DAY (24 * MODEL_HOUR)

typedef struct model_zone model_zone;

typedef enum model_unit {
    MODEL_U_SECOND,
    MODEL_U_MINUTE,
    MODEL_U_HOUR,
    MODEL_U_DAY,
    MODEL_U_WEEK,
    MODEL_U_MONTH,
    MODEL_U_QUARTER,
    MODEL_U_YEAR
} model_unit;

typedef struct model_span {
    int64_t count;
    model_unit unit;
} model_span;

int64_t model_days(int64_t year, int month, int day);
void model_civil(int64_t days, int64_t *year, int *month, int *day);
int model_weekday(int64_t days); /* 1 Monday .. 7 Sunday */
int64_t model_add_months(int64_t days, int64_t months);
int64_t model_period_start(model_unit unit, int64_t days, int week_start);
int64_t model_period_add(model_unit unit, int64_t start, int64_t count);

/* NULL for a name that is not among those this program knows. Valid for the whole run. */
const model_zone *model_zone_find(const char *name, size_t size);
const char *model_zone_known(size_t i); /* NULL past the last; the first is UTC */
int64_t model_zone_local(const model_zone *zone, int64_t instant);
int64_t model_zone_instant(const model_zone *zone, int64_t local);
int64_t model_zone_date(const model_zone *zone, int64_t instant);
/* instant + sign x span (S-02, S-06). */
int64_t model_shift(int64_t instant, model_span span, int sign, const model_zone *zone);

typedef enum model_moment_kind {
    MODEL_M_INSTANT,
    MODEL_M_LOCAL,
    MODEL_M_DATE
} model_moment_kind;
typedef struct model_moment {
    model_moment_kind kind;
    int64_t value; /* instant; local microseconds; day number */
} model_moment;
int64_t model_moment_instant(model_moment moment, const model_zone *zone);

typedef enum model_window_kind {
    MODEL_W_EVER,
    MODEL_W_LAST,
    MODEL_W_NEXT,
    MODEL_W_LAST_CALENDAR,
    MODEL_W_THIS,
    MODEL_W_PREVIOUS,
    MODEL_W_SINCE,
    MODEL_W_BEFORE,
    MODEL_W_BETWEEN,
    MODEL_W_AGO,
    MODEL_W_OLDER,
    MODEL_W_ANCHOR,
    MODEL_W_OCCASION,
    MODEL_W_COUNT,
    MODEL_W_AS_OF = MODEL_W_COUNT /* of an attribute: as of `from`; OLDER: as of length ago */
} model_window_kind;

typedef enum model_side {
    MODEL_AFTER,
    MODEL_BEFORE,
    MODEL_OF
} model_side;
typedef enum model_zone_kind {
    MODEL_Z_DEFAULT,
    MODEL_Z_NAMED,
    MODEL_Z_USER
} model_zone_kind;

struct model_node;

/* Named days: ranges of day numbers, both ends included, in any order. */
#define MODEL_RANGES_MAX 6
typedef struct model_occasion {
    const char *name;
    size_t count;
    int64_t first[MODEL_RANGES_MAX], last[MODEL_RANGES_MAX];
} model_occasion;
bool model_in_occasion(const model_occasion *occasion, int64_t date);

typedef struct model_window {
    model_window_kind kind;
    model_span length, length_to; /* length_to.count 0: to now */
    bool complete;
    model_moment from, to;
    model_side side;
    struct model_node *anchor; /* MODEL_EDGE_ANCHOR or MODEL_ATTRIBUTE */
    const model_occasion *occasion;
    model_zone_kind zone_kind;
    const char *zone_name;
} model_window;

/* The instants of a window, [*begin, *end). */
void model_window_instants(const model_window *window, const model_zone *zone, int week_start,
                           int64_t now, int64_t anchor, bool events, int64_t *begin, int64_t *end);
/* The civil dates of a window, [*begin, *end) (S-07). */
void model_window_dates(const model_window *window, const model_zone *zone, int week_start,
                        int64_t now, int64_t *begin, int64_t *end);

/* ---- data ---------------------------------------------------------------------------------- */

typedef struct model_column {
    const char *name;
    seg_type type;
    int32_t scale;
    bool history; /* attributes */
} model_column;

typedef struct model_event_type {
    const char *name;
    bool has[MODEL_COLUMNS_MAX]; /* which properties it may have */
} model_event_type;

/* A property has the same type in every event type that has it. */
typedef struct model_schema {
    model_column attributes[MODEL_COLUMNS_MAX];
    size_t attribute_count;
    model_column properties[MODEL_COLUMNS_MAX];
    size_t property_count;
    model_event_type types[MODEL_TYPES_MAX];
    size_t type_count;
    size_t timezone; /* the attribute `timezone`; attribute_count if there is none */
    const char *zone;
    int week_start;
} model_schema;

typedef struct model_event {
    size_t type;
    int64_t time;
    uint64_t arrival;
    const model_value *props; /* property_count; all undefined where it has expired */
    bool expired;             /* only `first` still knows of it */
    /* A session stands for an event at its first instant. */
    bool is_session;
    int64_t end, events;
} model_event;

/* A value of an attribute with a history, from its time on. */
typedef struct model_past {
    size_t column;
    int64_t time;
    model_value value;
} model_past;

typedef struct model_user {
    bool known;       /* some row spoke of him */
    bool named;       /* a batch of attributes did; */
    int64_t since;    /* ... from then on he exists */
    model_past *past; /* by time, the later ones of an instant last */
    size_t past_count, past_capacity;
    model_value *attrs; /* attribute_count */
    const char *id;     /* external id as the bytes that a draw takes */
    size_t id_size;
    model_event *events; /* by (time, arrival) */
    size_t event_count, event_capacity;
} model_user;

typedef struct model {
    const model_schema *schema;
    model_user *users;
    size_t user_count;
    uint32_t *order; /* known users in the order in which they were first seen */
    size_t order_count;
    model_arena *arena;
} model;

/* ---- predicates ---------------------------------------------------------------------------- */

typedef enum model_kind {
    /* predicates */
    MODEL_EVERYONE,
    MODEL_NOBODY,
    MODEL_NOT,
    MODEL_AND,
    MODEL_OR,
    MODEL_XOR,
    MODEL_EXCEPT,
    MODEL_AT_LEAST,
    MODEL_DID,
    MODEL_EDGE,
    MODEL_COMPARE,
    MODEL_BETWEEN,
    MODEL_IN,
    MODEL_TRUTH,
    MODEL_STATE,
    MODEL_HAS,
    MODEL_TEXT,
    MODEL_RADIUS,
    MODEL_POLYGON,
    MODEL_TIME,
    MODEL_SEGMENT,
    MODEL_SEQUENCE,
    MODEL_RANK,
    MODEL_SPLIT,
    MODEL_LABEL, /* a saved class: `segment`, `labels` */
    MODEL_DORMANT,
    MODEL_RESURRECTED,
    MODEL_STAGE,
    MODEL_ANNIVERSARY,
    MODEL_SEASON,
    MODEL_HELD,    /* children[0] has been `past_to` for `shift` */
    MODEL_CHANGED, /* children[0] changed from past_from to past_to in window */
    MODEL_GROUP,   /* of an rfm: `labels` */
    MODEL_PREDICATE_COUNT,
    /* values */
    MODEL_LITERAL = MODEL_PREDICATE_COUNT,
    MODEL_PERCENT,
    MODEL_MOMENT,
    MODEL_NOW,
    MODEL_ATTRIBUTE,
    MODEL_PROPERTY,
    MODEL_BUILTIN,
    MODEL_AGGREGATE,
    MODEL_ARITH,
    MODEL_SHIFT,
    MODEL_SIZE,
    MODEL_FIGURE,
    MODEL_LENGTH,     /* a span of time, beside MODEL_DIFFERENCE */
    MODEL_DIFFERENCE, /* one instant minus another */
    MODEL_CLASS,      /* root of a saved class: children are conditions, labels are l0, l1, ...;
                         or with `rfm` its groups */
    MODEL_SCORE,      /* children[0], a number; children[1] is `among` */
    MODEL_RFM,        /* the score `measure` of an rfm; selector, window, argument as for a sum */
    MODEL_CLASS_RFM,  /* the same of `segment`, a saved class by rfm */
    MODEL_EDGE_ANCHOR /* first or last occurrence, as the anchor of a window */
} model_kind;

typedef enum model_op {
    MODEL_EQ,
    MODEL_NE,
    MODEL_LT,
    MODEL_LE,
    MODEL_GT,
    MODEL_GE
} model_op;
typedef enum model_has {
    MODEL_ANY,
    MODEL_ALL,
    MODEL_NONE,
    MODEL_EXACTLY
} model_has;
typedef enum model_which {
    MODEL_FIRST,
    MODEL_LAST,
    MODEL_NTH
} model_which;
typedef enum model_builtin {
    MODEL_B_TIME,
    MODEL_B_DATE,
    MODEL_B_HOUR,
    MODEL_B_WEEKDAY,
    MODEL_B_DAY,
    MODEL_B_MONTH,
    MODEL_B_YEAR,
    MODEL_B_DURATION,
    MODEL_B_COUNT
} model_builtin;
typedef enum model_aggregate {
    MODEL_A_COUNT,
    MODEL_A_SUM,
    MODEL_A_AVG,
    MODEL_A_MIN,
    MODEL_A_MAX,
    MODEL_A_MEDIAN,
    MODEL_A_PERCENTILE,
    MODEL_A_STDDEV,
    MODEL_A_DISTINCT,
    MODEL_A_DISTINCT_PERIOD,
    MODEL_A_MODE,
    MODEL_A_FIRST,
    MODEL_A_LAST,
    MODEL_A_NTH,
    MODEL_A_SHARE,
    MODEL_A_STREAK,
    MODEL_A_CURRENT_STREAK,
    MODEL_A_STREAK_BROKEN,
    MODEL_A_OVERDUE,
    MODEL_A_TOP, /* the `nth` most frequent values; under IN alone */
    MODEL_A_TOTAL
} model_aggregate;
typedef enum model_ties {
    MODEL_TIES_LATEST,
    MODEL_TIES_NONE,
    MODEL_TIES_ALL
} model_ties;

typedef struct model_selector {
    bool any_event;
    size_t types[MODEL_TYPES_MAX];
    size_t type_count;
    struct model_node *where;       /* NULL: all */
    struct model_selector *session; /* NULL: events; else sessions of these */
    model_span gap;
} model_selector;

#define MODEL_CUTS_MAX 9

/* Classes of a number (S-24, S-25): quantiles, or tiers by percentiles or written numbers. */
typedef struct model_score {
    int64_t quantile; /* 4, 5, 10; 0: a tier */
    bool fixed;       /* cuts are values, else parts in 10^-8 */
    bool zeros;       /* ranked as any other */
    size_t cut_count;
    model_value cuts[MODEL_CUTS_MAX];
    int64_t parts[MODEL_CUTS_MAX];
    const char *labels[MODEL_CUTS_MAX + 2]; /* tiers */
    /* what the last evaluation found */
    uint64_t stamp;
    size_t found_count;
    model_value found[MODEL_CUTS_MAX]; /* cut points that somebody reaches */
} model_score;

/* Recency, frequency and money (S-24). */
enum {
    MODEL_R,
    MODEL_F,
    MODEL_M,
    MODEL_MEASURES
};
#define MODEL_GROUPS_MAX 10

typedef struct model_group {
    const char *name;
    int64_t least[MODEL_MEASURES]; /* scores that it takes; 0: any. The last group takes all */
} model_group;

typedef struct model_rfm {
    int64_t scale;
    bool fixed;
    model_value cuts[MODEL_MEASURES][MODEL_CUTS_MAX]; /* of the recency: how long ago */
    size_t group_count;                               /* 0: the usual ones */
    model_group groups[MODEL_GROUPS_MAX];
    /* what the last evaluation found: the least value of each score from 2 on */
    uint64_t stamp;
    size_t found_count[MODEL_MEASURES];
    model_value found[MODEL_MEASURES][MODEL_CUTS_MAX];
} model_rfm;

extern const model_group model_usual_groups[MODEL_GROUPS_MAX];
/* 0 is "none", who did not buy. */
size_t model_rfm_label_count(const model_rfm *rfm);
const char *model_rfm_label(const model_rfm *rfm, size_t label);
size_t model_rfm_group(const model_rfm *rfm, const int64_t *scores);
/* From which value on each score is, of a population's values of one measure. */
void model_rfm_cut(model_rfm *rfm, int measure, model_value *values, size_t count);
int64_t model_rfm_score(const model_rfm *rfm, int measure, const model_value *value, int64_t now);

/* Members draw from [low, high) of 10^8 parts under that name (S-34). */
typedef struct model_split {
    const char *seed;
    int64_t low, high;
} model_split;

typedef struct model_bound {
    bool given;
    int64_t min, max; /* INT64_MAX: no upper bound */
    bool periods;
    model_unit period;
    int64_t each; /* periods: events in each */
} model_bound;

/* ---- ordered steps (S-19, S-20) ---- */

#define MODEL_STEPS_MAX 5
#define MODEL_LINKS_MAX 2

/* Rows of a step, or of what must not happen; own properties equal those of earlier steps. */
typedef struct model_events {
    model_selector selector;
    size_t link_count;
    struct {
        size_t own, step, theirs; /* columns; the step that has the other value */
    } links[MODEL_LINKS_MAX];
} model_events;

typedef struct model_step {
    size_t choice_count;
    model_events choices[2];
    model_bound repeat;
    bool has_within, has_after, has_without;
    model_span within, after;
    model_events without;
} model_step;

typedef enum model_figure {
    MODEL_F_MATCHES,
    MODEL_F_DEPTH,
    MODEL_F_TIME
} model_figure;

typedef struct model_sequence {
    bool funnel;
    size_t step_count;
    model_step steps[MODEL_STEPS_MAX];
    bool has_absence, has_within;
    model_events absence;
    model_span absence_for, within;
    size_t same_count, same; /* a column that all events share */
    int entry;               /* any, first, latest */
    int between;             /* anything, no other step, nothing */
    int repeat;              /* ignore, break, restart */
    int tie;                 /* ingested, strict, tolerant */
    model_span tolerance;
    bool row_many;
    int scan; /* none; clickhouse_strict_deduplication, _order, _allow_reentry, _increase, _once */
} model_sequence;

/* The user's events up to now as a sequence sees them; rows of other events match nothing. */
typedef struct model_trace {
    size_t count;
    const model_event *const *events;      /* in order */
    const bool *inside;                    /* in the window */
    const bool *steps[MODEL_STEPS_MAX][2]; /* by choice: matches its selector, in the window */
    const bool *without[MODEL_STEPS_MAX];
    const bool *absence;
} model_trace;

typedef struct model_figures {
    int64_t matches, depth, time;
    bool converted;
} model_figures;

model_figures model_sequence_figures(const model_sequence *sequence, const model_trace *trace,
                                     int64_t now);

typedef struct model_point {
    int64_t latitude, longitude; /* x 10^7 */
} model_point;

typedef struct model_node {
    model_kind kind;
    size_t child_count;
    struct model_node **children;
    int64_t count;        /* AT_LEAST; RANK: how many, or percent x 10^6 */
    bool percent, bottom; /* RANK; children[1] is `among` */
    model_op op;
    bool negated;  /* IN: strict. STATE, DID: complement */
    uint8_t state; /* STATE */
    model_has has;
    model_text_test text;
    bool fold;
    size_t list_count;
    model_value *list; /* IN, HAS, TEXT */
    model_bound bound;
    const model_sequence *sequence; /* SEQUENCE, FIGURE; bound also for reached and dropped */
    model_figure figure;
    int64_t meters; /* RADIUS */
    size_t point_count;
    model_point *points; /* RADIUS: one; POLYGON */
    size_t first_ring;   /* POLYGON: points of the first of two rings; 0: there is one ring */
    size_t segment;      /* SEGMENT */
    model_selector selector;
    model_window window;
    model_which which;
    int64_t nth;
    model_value literal; /* LITERAL; PERCENT: millionths in i */
    model_moment moment;
    model_span shift; /* DORMANT, RESURRECTED: how long away */
    model_span active;
    char arith;    /* + - * / ; SHIFT: + - */
    size_t column; /* ATTRIBUTE, PROPERTY */
    model_builtin builtin;
    model_aggregate aggregate;
    struct model_node *argument;
    struct model_node *share;
    int64_t fraction; /* PERCENTILE, x 1000 */
    model_unit period;
    int64_t min_events;          /* MODE, streaks */
    int64_t length, missed, per; /* streaks */
    int from, to;                /* SEASON: month x 100 + day */
    bool early;                  /* ANNIVERSARY: 29 February falls on the 28th in other years */
    unsigned stages;             /* STAGE: bits of new, active, dormant, resurrected */
    model_ties ties;
    model_score *score; /* SCORE */
    model_rfm *rfm;     /* RFM, GROUP; CLASS: NULL or not */
    int measure;        /* RFM, CLASS_RFM */
    model_split split;  /* SPLIT */
    bool has_from, has_to;
    model_value past_from, past_to; /* a value or null */
    unsigned labels;                /* LABEL, GROUP: bits */
    /* RANK: what the last evaluation found */
    uint64_t rank_stamp;
    bool rank_any;
    model_value rank_cut;
} model_node;

/* A predicate with its `using` line. */
typedef struct model_segment {
    const char *zone; /* NULL: the store's */
    int week_start;   /* 0: the store's */
    model_node *root;
    const char *name; /* saved segments */
    bool zone_user;   /* `using timezone user` */
} model_segment;

/* What the saved segments are; SEGMENT nodes index into it. */
#define MODEL_OCCASIONS 3
typedef struct model_catalog {
    model_occasion occasions[MODEL_OCCASIONS];
    model_segment segments[MODEL_SEGMENTS_MAX];
    size_t count;
} model_catalog;

/* ---- evaluation ---------------------------------------------------------------------------- */

/* Is the user part of the universe at `now`? (S-12) */
bool model_exists(const model *data, size_t user, int64_t now);

/* members[user] for each user of the model. *overflow: some sum did not fit. */
void model_evaluate(const model *data, const model_catalog *catalog, const model_segment *segment,
                    int64_t now, uint8_t *members, bool *overflow);

/* Is this one of them? *overflow: some sum of that user, or of a population that counts, did not
 * fit. */
bool model_evaluate_user(const model *data, const model_catalog *catalog,
                         const model_segment *segment, size_t user, int64_t now, bool *overflow);

/* The value for each user (also outside of the universe). */
void model_evaluate_value(const model *data, const model_catalog *catalog, const model_node *value,
                          int64_t now, model_value *values, bool *overflow);

/* Cut points of a population whose ranked values are given (they are put in order). */
void model_score_cut(model_score *score, model_value *values, size_t count);
/* The class of a value by the cut points found. */
int64_t model_score_class(const model_score *score, const model_value *value);
bool model_split_holds(const model_split *split, const char *id, size_t id_size);
/* model_history.c: what an attribute was. */
model_value model_past_value(const model_user *user, size_t column, int64_t instant);
/* The last instant that an attribute as of then looks at. */
int64_t model_as_of(const model_window *window, const model_zone *zone, int64_t now);
bool model_has_been(const model_user *user, const model_node *node, const model_zone *zone,
                    int64_t now);
bool model_changed(const model_user *user, const model_node *node, int64_t begin, int64_t end);
/* model_shape.c: shapes over time. A list holds a user's selected events in order. */
int64_t model_active_periods(const model_event *const *list, size_t count, model_unit unit,
                             int64_t each, const model_zone *zone, int week_start);
model_value model_streak(const model_node *node, const model_event *const *list, size_t count,
                         const model_zone *zone, int week_start, int64_t now);
model_value model_overdue(const model_event *const *list, size_t count, int64_t now);
/* Is the day an anniversary of the date? Does the date lie in the season? */
bool model_is_anniversary(int64_t date, bool early, int64_t day);
bool model_in_season(const model_node *node, int64_t date);
/* MODEL_DORMANT, _RESURRECTED, _STAGE; the list is of all time up to now; first: the instant of
 * the very first, which may have expired. */
bool model_life(const model_node *node, const model_value *first, const model_event *const *list,
                size_t count, const model_zone *zone, int week_start, int64_t now);

/* ---- text ---------------------------------------------------------------------------------- */

/* A literal that was printed as a parameter. */
typedef struct model_param {
    char name[16];
    bool is_list;
    bool as_text; /* dates and instants: bind what the predicate would say */
    const model_value *values;
    size_t count;
} model_param;

#define MODEL_PARAMS_MAX 64

/* How to print: which of several equal spellings, and which literals as parameters, is drawn
 * from `state`; 0 gives the plainest form. */
typedef struct model_style {
    uint64_t state;
    uint32_t param_percent;
    model_param *params; /* [MODEL_PARAMS_MAX]; NULL: none */
    size_t param_count;
    model_arena *arena; /* for parameter values */
} model_style;

void model_print_segment(const model_schema *schema, const model_catalog *catalog,
                         const model_segment *segment, model_style *style, model_text *out);
void model_print_value(const model_schema *schema, const model_node *value, model_style *style,
                       model_text *out);
void model_print_instant(model_text *out, int64_t instant);
void model_print_date(model_text *out, int64_t days);
void model_dump_value(model_text *out, const model_value *value); /* JSON-like */
void model_dump_string(model_text *out, model_string text);

#endif /* SEG_TEST_MODEL_H */
