/* Door of the room `lang`: predicate text becomes a checked tree.
 *
 * segi_compile() parses, resolves names against a schema and checks types; what it returns is
 * immutable, and every name in it is an index or pointer, every literal a value of the type that
 * its place wants. A tree lives in one segi_predicate together with the trees of the saved
 * segments it refers to. Times stay relative (a window) until `now` is known. */
#ifndef SEGI_LANG_H
#define SEGI_LANG_H

#include <seg/class.h>
#include <seg/segment.h>
#include <seg/sql.h>

#include "base/arena.h"
#include "base/buf.h"
#include "schema/schema.h"

/* ---- types of values ---- */

/* seg_type, and one more that columns cannot have: */
#define SEGI_TYPE_DURATION 100 /* int64 microseconds */

/* The type of an expression. `type` is a SEG_TYPE_*, SEGI_TYPE_DURATION, or 0 for an unknown name
 * of an open compile until its place says what it has to be. `scale` counts digits behind the
 * point and is 0 for all other types. */
typedef struct segi_value_type {
    seg_type type;
    int32_t scale; /* decimals */
} segi_value_type;

/* A literal. `slot` as in schema.h, but decimals carry their own scale, strings their text, and
 * durations are microseconds. */
typedef struct segi_literal {
    segi_value_type type;
    int64_t slot;
    const char *text; /* strings */
    size_t text_size;
} segi_literal;

/* Of a type that has neither scale nor text. */
static inline segi_literal segi_literal_of(seg_type type, int64_t slot)
{
    return (segi_literal){{type, 0}, slot, NULL, 0};
}

/* ---- time ---- */

/* From the shortest to the longest: units are compared with < and >=, DAY is the first one with a
 * calendar form, MONTH the first one without a fixed length. */
typedef enum segi_unit {
    SEGI_UNIT_SECOND,
    SEGI_UNIT_MINUTE,
    SEGI_UNIT_HOUR,
    SEGI_UNIT_DAY,
    SEGI_UNIT_WEEK,
    SEGI_UNIT_MONTH,
    SEGI_UNIT_QUARTER,
    SEGI_UNIT_YEAR
} segi_unit;

/* Up to weeks it is exact elapsed time; from months on calendar arithmetic in the zone (S-06). */
typedef struct segi_duration {
    int64_t count;
    segi_unit unit;
} segi_duration;

/* A local day has 23, 24 or 25 hours (S-05), so everything that speaks of days asks for a zone. */
typedef enum segi_zone_kind {
    SEGI_ZONE_FIXED, /* zone: the store's, the `using` line's or the window's own */
    SEGI_ZONE_USER   /* the user's string attribute `timezone`, else `zone` */
} segi_zone_kind;

typedef struct segi_zone_ref {
    segi_zone_kind kind;
    const segi_zone *zone;       /* lives with the predicate */
    const segi_field *attribute; /* SEGI_ZONE_USER */
} segi_zone_ref;

/* A point in time written in the text. */
typedef enum segi_moment_kind {
    SEGI_MOMENT_INSTANT, /* with Z or offset: `value` is the instant */
    SEGI_MOMENT_LOCAL,   /* without: `value` is microseconds of local time in the zone */
    SEGI_MOMENT_DATE     /* a date alone: `value` is the day number */
} segi_moment_kind;
typedef struct segi_moment {
    segi_moment_kind kind;
    int64_t value;
} segi_moment;

/* Which span of time is meant (S-02, S-03, S-04). Rolling spans look back from now and so are
 * open below and closed above; written ones are closed below and open above, so that neighbouring
 * months tile. */
typedef enum segi_window_kind {
    SEGI_WINDOW_EVER,          /* everything up to now */
    SEGI_WINDOW_LAST,          /* (now - length, now] */
    SEGI_WINDOW_NEXT,          /* (now, now + length]; attributes only */
    SEGI_WINDOW_LAST_CALENDAR, /* length.count periods of length.unit, see `complete` */
    SEGI_WINDOW_THIS,          /* the period that holds now, up to now */
    SEGI_WINDOW_PREVIOUS,      /* the period before it */
    SEGI_WINDOW_SINCE,         /* [from, now] */
    SEGI_WINDOW_BEFORE,        /* before from */
    SEGI_WINDOW_BETWEEN,       /* [from, to); a date alone as `to` means through that day */
    SEGI_WINDOW_AGO,           /* (now - length, now - length_to]; length_to.count 0: to now */
    SEGI_WINDOW_OLDER,         /* up to and with now - length */
    SEGI_WINDOW_AS_OF,         /* up to and with from; a date alone means through that day. Of
                                  histories alone */
    SEGI_WINDOW_ANCHOR         /* relative to something of each user */
} segi_window_kind;

typedef enum segi_anchor_side {
    SEGI_ANCHOR_AFTER,  /* (a, a + length]: after it and within */
    SEGI_ANCHOR_BEFORE, /* [a - length, a) */
    SEGI_ANCHOR_OF      /* [a - length, a + length] */
} segi_anchor_side;

typedef struct segi_node segi_node;

/* A span of time as it was written, still relative to the `now` of an evaluation. Which of the
 * fields count is said by `kind`; the others are zero. */
typedef struct segi_window {
    segi_window_kind kind;
    segi_duration length, length_to;
    bool complete; /* LAST_CALENDAR: whole periods before the one that holds now;
                              otherwise the last of them is the one that holds now */
    segi_moment from, to;
    segi_anchor_side side;
    const segi_node *anchor; /* ANCHOR: a value node of type timestamp (first/last occurrence,
                                or an attribute) */
    segi_zone_ref zone;
    int32_t week_start; /* 1 Monday, 7 Sunday */
} segi_window;

/* The instants of a window as [*out_begin, *out_end), already cut to what is not later than now
 * (except NEXT, and except BETWEEN/BEFORE on attributes, which pass events = false). anchor is
 * the anchor's instant for ANCHOR, else ignored. zone is the zone to use (the caller resolves
 * SEGI_ZONE_USER). Empty windows give begin == end. All arithmetic saturates at SEG_TIME_MIN and
 * SEG_TIME_MAX + 1. */
void segi_window_bounds(const segi_window *window, const segi_zone *zone, int64_t now,
                        int64_t anchor, bool events, int64_t *out_begin, int64_t *out_end);
/* The same for civil dates (S-07): day numbers [*out_begin, *out_end). */
void segi_window_dates(const segi_window *window, const segi_zone *zone, int64_t now,
                       int32_t *out_begin, int32_t *out_end);
/* instant + sign * duration in the zone (S-06). */
int64_t segi_duration_add(int64_t instant, segi_duration duration, int sign, const segi_zone *zone);
/* Microseconds of a duration of at most weeks. */
int64_t segi_duration_length(segi_duration duration);
int64_t segi_moment_instant(segi_moment moment, const segi_zone *zone);

/* ---- the tree ---- */

typedef enum segi_node_kind {
    /* predicates */
    SEGI_NODE_EVERYONE,
    SEGI_NODE_NOBODY,
    SEGI_NODE_NOT,      /* children[0] */
    SEGI_NODE_AND,      /* children, two or more; flattened */
    SEGI_NODE_OR,       /* children, two or more; flattened */
    SEGI_NODE_XOR,      /* children, two */
    SEGI_NODE_AT_LEAST, /* `count` of children hold */
    SEGI_NODE_DID,      /* selector, bound, window */
    SEGI_NODE_EDGE,     /* which, nth, selector, window: the first/last/nth ever lies in window */
    SEGI_NODE_COMPARE,  /* op, children[0], children[1]; a constant side is the right one, of the
                           left one's type where that loses nothing, else a DECIMAL of its own
                           scale or a FLOAT64 */
    SEGI_NODE_BETWEEN,  /* children[0] between children[1] and children[2], both included */
    SEGI_NODE_IN,       /* children[0] in list; negated: strict, absent is false */
    SEGI_NODE_TRUTH,    /* children[0], a bool value, is true */
    SEGI_NODE_STATE,    /* children[0] is `state` */
    SEGI_NODE_HAS,      /* children[0], a string set, has `has` of list */
    SEGI_NODE_TEXT,     /* children[0], a string, text test with list[0] */
    SEGI_NODE_RADIUS,   /* children[0], a geo value, within meters of (latitude, longitude) */
    SEGI_NODE_POLYGON,  /* children[0], a geo value, inside rings */
    SEGI_NODE_TIME,     /* children[0], a timestamp, date or anniversary, lies in window */
    SEGI_NODE_SEASON,   /* the date of children[0], a timestamp or date, lies in season */
    SEGI_NODE_OCCASION, /* the date of children[0], a timestamp or date, lies in occasion; name */
    SEGI_NODE_SEGMENT,  /* name; children[0] is the saved segment's tree (shared) */
    SEGI_NODE_SEQUENCE, /* sequence, figure (MATCHES or DEPTH) within bound, window */
    SEGI_NODE_RANK,     /* children[0], a number, is in the top or bottom of children[1] (the
                           population; child_count 1 and NULL: everyone) */
    SEGI_NODE_SPLIT,    /* the user's draw under `split` lies in its range */
    SEGI_NODE_WRITTEN,  /* children[0] is what `written` comes to: a test of a CLASS, HELD or
                           CHANGED */
    SEGI_NODE_HELD,     /* children[0], with a history, has passed `to` for window.length. Under
                           WRITTEN alone, as CHANGED */
    SEGI_NODE_CHANGED,  /* children[0], with a history, changed in window; AGG_CHANGES counts */
    /* values */
    SEGI_NODE_LITERAL,     /* literal */
    SEGI_NODE_MOMENT,      /* moment, with window.zone: an instant */
    SEGI_NODE_NOW,         /* the evaluation's instant */
    SEGI_NODE_ATTRIBUTE,   /* field. With a history it is an AGGREGATE over that, and has `field`
                              still */
    SEGI_NODE_PROPERTY,    /* fields: inside where only */
    SEGI_NODE_BUILTIN,     /* builtin: inside where, or as the argument of an aggregate */
    SEGI_NODE_AGGREGATE,   /* aggregate, argument, selector, window, ... */
    SEGI_NODE_ARITH,       /* arith, children[0], children[1] */
    SEGI_NODE_SHIFT,       /* children[0], a timestamp, plus or minus `shift` in window.zone */
    SEGI_NODE_ANNIVERSARY, /* of children[0], a timestamp or date: under TIME only; early */
    SEGI_NODE_SIZE,        /* elements of children[0], a string set */
    SEGI_NODE_CLASS,       /* a label by `parts`; stands under WRITTEN alone, or is the root */
    SEGI_NODE_FIGURE,      /* sequence, figure, window */
    SEGI_NODE_SCORE /* the class of children[0], a number or an instant, by `score`; ranked among
                       children[1] (child_count 1: everyone) */
} segi_node_kind;

/* In the order of the tokens SEGI_TOKEN_EQ .. SEGI_TOKEN_GE, which the parser relies on. */
typedef enum segi_compare {
    SEGI_EQ,
    SEGI_NE,
    SEGI_LT,
    SEGI_LE,
    SEGI_GT,
    SEGI_GE
} segi_compare;
/* The quantifiers over a string set (S-14). An absent set has none of these, not even NONE. */
typedef enum segi_has {
    SEGI_HAS_ANY,
    SEGI_HAS_ALL,
    SEGI_HAS_NONE,
    SEGI_HAS_EXACTLY
} segi_has;
typedef enum segi_text_test {
    SEGI_TEXT_CONTAINS,
    SEGI_TEXT_STARTS,
    SEGI_TEXT_ENDS,
    SEGI_TEXT_MATCHES /* whole text against a glob: * any run, ? any one code point, \ quotes */
} segi_text_test;
/* The three states of an attribute (S-13): absent was never given, null was cleared, and an empty
 * text or a zero is a value. */
typedef enum segi_state {
    SEGI_STATE_SET,
    SEGI_STATE_NULL,
    SEGI_STATE_ABSENT
} segi_state;
/* Which occurrence, among all that are kept and not later than now (S-18). */
typedef enum segi_which {
    SEGI_FIRST,
    SEGI_LAST,
    SEGI_NTH
} segi_which;
typedef enum segi_arith {
    SEGI_PLUS,
    SEGI_MINUS,
    SEGI_TIMES,
    SEGI_DIVIDE
} segi_arith;
/* What an event has without a property: written @time, @date and so on. */
typedef enum segi_builtin {
    SEGI_BUILTIN_TIME,     /* timestamp: the event's instant */
    SEGI_BUILTIN_DATE,     /* date in the zone */
    SEGI_BUILTIN_HOUR,     /* int 0 .. 23 in the zone */
    SEGI_BUILTIN_WEEKDAY,  /* int 1 Monday .. 7 Sunday; compared with "mon" .. "sun" in text */
    SEGI_BUILTIN_DAY,      /* int 1 .. 31 */
    SEGI_BUILTIN_MONTH,    /* int 1 .. 12 */
    SEGI_BUILTIN_YEAR,     /* int */
    SEGI_BUILTIN_DURATION, /* duration: of a session, from its first event to its last */
    SEGI_BUILTIN_COUNT     /* int: events of a session */
} segi_builtin;
/* One figure of the selected events of one user (S-16, S-17). Without any event the counts, the
 * sum and the distinct ones are 0 and all others undefined, which makes a test of them false. */
typedef enum segi_aggregate {
    SEGI_AGG_COUNT,
    SEGI_AGG_SUM,
    SEGI_AGG_AVG,
    SEGI_AGG_MIN,
    SEGI_AGG_MAX,
    SEGI_AGG_MEDIAN,
    SEGI_AGG_PERCENTILE,
    SEGI_AGG_STDDEV,
    SEGI_AGG_DISTINCT,        /* of argument's values */
    SEGI_AGG_DISTINCT_PERIOD, /* distinct days, weeks, ...: `period` in window.zone */
    SEGI_AGG_MODE,
    SEGI_AGG_TOP, /* the `nth` most frequent values: under IN alone */
    SEGI_AGG_FIRST,
    SEGI_AGG_LAST,
    SEGI_AGG_NTH,            /* argument's value in that event */
    SEGI_AGG_SHARE,          /* of the selected events, those for which `share` holds */
    SEGI_AGG_STREAK,         /* active periods of the longest streak: `period`, `streak` */
    SEGI_AGG_CURRENT_STREAK, /* of the one that is alive */
    SEGI_AGG_STREAK_BROKEN,  /* when the latest broken one broke */
    SEGI_AGG_OVERDUE,        /* time since the last event, in median gaps between events */
    SEGI_AGG_SINCE,          /* of a history: since when it has its last value */
    SEGI_AGG_CHANGES         /* of a history: how often it changed in window, `from`, `to` */
} segi_aggregate;
/* What a mode is when several values are equally frequent (S-17): the one seen last, undefined,
 * or all of them at once. */
typedef enum segi_ties {
    SEGI_TIES_LATEST,
    SEGI_TIES_NONE,
    SEGI_TIES_ALL
} segi_ties;

/* Bytes that end with their size; borrowed, from the predicate's arena or the source. */
typedef struct segi_text {
    const char *text;
    size_t size;
} segi_text;

/* Sessions are runs of events: a gap above `gap` ends one (S-21). */
typedef struct segi_session {
    segi_duration gap; /* of a fixed length */
    const struct segi_selector *of;
} segi_session;

/* How a value becomes a class (S-25): 0 for the value 0 unless `zeros`, else one more than the
 * number of cut points that are not above it. Who has no value, or is outside of the population,
 * has no class. */
typedef enum segi_cuts {
    SEGI_CUTS_PARTS,  /* at part p of n ranked values the value at index floor(p x n) */
    SEGI_CUTS_FIXED,  /* as written */
    SEGI_CUTS_MIDDLES /* cut j of q - 1: the least of n ranked values with at least j x n / q of
                         them below it, of its equals half: ties have the class of their middle */
} segi_cuts;
typedef struct segi_rfm segi_rfm;
typedef struct segi_score {
    segi_cuts cuts;
    uint32_t cut_count;
    bool zeros;                 /* values of 0 are ranked too */
    const int64_t *parts;       /* PARTS: rising, in 10^-8 of the whole */
    const segi_literal *points; /* FIXED: rising; numbers. Of an instant: falling lengths of time,
                                   for how long ago it may be */
    const segi_text *labels; /* [cut_count + 2], of the classes from 0 on; NULL: they are numbers.
                                   Tests compare with whole numbers either way. */
    uint32_t quantile;       /* as which it was written: 4, 5, 10; 0: a tier */
    const segi_rfm *rfm; /* what it is a score of: class 0 is then who did not buy, in FIXED told by
                            children[1], a count. NULL: a tier or quantile */
    uint32_t measure;    /* SEGI_RFM_... */
} segi_score;
#define SEGI_SCORE_CUTS_MAX 99

/* Most frequent values that can be asked for. */
#define SEGI_TOP_MAX 100

/* Recency, frequency and money (S-24): three scores from 1 to `scale` of those who did some event
 * in a span, 0 of all others, and groups by them. Floating scores rank the customers among each
 * other; otherwise cut points are written. */
enum {
    SEGI_RFM_RECENCY,   /* last(@time) */
    SEGI_RFM_FREQUENCY, /* count */
    SEGI_RFM_MONEY,     /* sum of a property */
    SEGI_RFM_COUNT
};
#define SEGI_RFM_SCALE_MIN 2
#define SEGI_RFM_SCALE_MAX 10
#define SEGI_RFM_SCALE_USUAL 5
struct segi_rfm {
    uint32_t scale;
    bool floating;
    const segi_node *bought;                 /* DID: which event, in which span */
    const segi_node *scores[SEGI_RFM_COUNT]; /* SCORE */
    uint32_t group_count;                    /* 0: the usual ones, or none */
    const segi_text *groups;
    const segi_node *const *conditions; /* [group_count - 1] */
};

/* Disjoint and exhaustive (S-26): a user has the first label whose condition holds, the last label
 * if none does. */
typedef struct segi_parts {
    uint32_t label_count; /* at least 2 */
    const segi_text *labels;
    const segi_node *const *conditions; /* [label_count - 1]: as written */
    const segi_node *const *holds;      /* [label_count]: has the label; SEGMENT nodes */
    const segi_rfm *rfm; /* its groups, behind "none" for who did not buy; NULL: as written */
} segi_parts;

/* The half-open part of the 2^64 draws that a split takes, S-34: begin <= draw < end, or up to the
 * last one. The draw is XXH3-64 of the bytes of `seed` and of the user's external id. */
typedef struct segi_split {
    segi_text seed;
    bool holdout;      /* as which it was written */
    int64_t low, high; /* in 10^-8 of the whole */
} segi_split;

/* Which events, or which sessions of them. A session stands for an event at the instant of its
 * first one; its `where` holds builtins, and aggregates over what lies within it, both ends
 * included. */
typedef struct segi_selector {
    uint32_t event_count;   /* 0 with any_event false: an unknown event of an open compile */
    const uint32_t *events; /* indices of event types, rising */
    bool any_event;         /* every type, also those defined later; events is then every type of
                               the compile's schema */
    const segi_node *where; /* NULL: all of them */
    const segi_session *session; /* NULL: events; else events and any_event are those of `of` */
    uint32_t unknown_count; /* names that no event type has, in an open compile; for printing */
    const segi_text *unknown;
} segi_selector;

/* Bounds on a count: min <= count <= max. */
typedef struct segi_bound {
    bool given;       /* false: at least once */
    int64_t min, max; /* max INT64_MAX: no upper bound */
    bool periods;     /* count distinct periods instead of events ("on at least 5 days") */
    segi_unit period;
    int64_t each; /* periods: with at least so many events in each */
} segi_bound;

/* What keeps a streak going (S-22). A streak begins with an active period. Missed ones are passed
 * over while no `per` periods in a row, those of the streak, have more than `missed` of them; the
 * first one beyond that breaks it, once it is over. */
#define SEGI_STREAK_MISSED_MAX 31
#define SEGI_STREAK_PER_MAX 1000
typedef struct segi_streak {
    int64_t min_events; /* a period with fewer is missed; at least 1 */
    int64_t length;     /* STREAK_BROKEN: shorter ones do not count; at least 1 */
    int64_t missed;     /* 0 .. SEGI_STREAK_MISSED_MAX */
    int64_t per;        /* above `missed`, to SEGI_STREAK_PER_MAX */
} segi_streak;

/* Days of the year as month x 100 + day, both included; `to` below `from` is in the next year. */
typedef struct segi_season {
    int32_t from, to;
} segi_season;

/* Days on which an occasion falls, both ends included. */
typedef struct segi_days {
    int32_t first, last;
} segi_days;
/* Named days as they were at the compile: rising, and at least a day lies between two ranges. */
typedef struct segi_occasion {
    uint32_t count;
    const segi_days *ranges;
} segi_occasion;
bool segi_occasion_holds(const segi_occasion *occasion, int32_t date);

/* A place on the earth (S-28). */
typedef struct segi_point {
    double latitude, longitude; /* degrees */
} segi_point;
/* A closed line. Several of them bound one area by the even-odd rule, so a ring within a ring is
 * a hole. */
typedef struct segi_ring {
    uint32_t count; /* at least 3; not closed by repeating the first */
    const segi_point *points;
} segi_ring;

#include "lang/sequence.h"

/* One node of the checked tree, immutable once segi_compile() has returned. The kind says which
 * of the fields count; all others are zero. Nodes, and whatever they point to, lie in the arena
 * of the predicate; the trees of saved segments are compiled once and shared, so this is a DAG
 * and no tree in the narrow sense. */
struct segi_node {
    segi_node_kind kind;
    uint32_t span_begin, span_size; /* bytes of the text (of the saved segment, inside one) */
    segi_value_type type;           /* value nodes */
    uint32_t child_count;
    const segi_node *const *children;

    /* predicates */
    int64_t count;            /* AT_LEAST, RANK (how many, or percent x 10^6) */
    segi_compare op;          /* COMPARE */
    bool negated;             /* IN */
    bool percent, bottom;     /* RANK */
    segi_state state;         /* STATE */
    segi_has has;             /* HAS */
    segi_text_test text;      /* TEXT */
    bool fold;                /* TEXT: ASCII letters without regard to case */
    uint32_t list_count;      /* IN, HAS, TEXT */
    const segi_literal *list; /* of the type of children[0]; decimals rescaled where lossless */
    segi_bound bound;         /* DID, SEQUENCE */
    double meters;            /* RADIUS */
    segi_point point;         /* RADIUS */
    uint32_t ring_count;      /* POLYGON: even-odd over all rings */
    const segi_ring *rings;
    const char *name; /* SEGMENT, OCCASION; names of unknown things in an open compile */
    size_t name_size;

    /* shared */
    const segi_selector *selector; /* DID, EDGE, AGGREGATE */
    segi_window window;            /* DID, EDGE, TIME, AGGREGATE; the zone for BUILTIN, MOMENT,
                                      SHIFT */
    const segi_sequence *sequence; /* SEQUENCE, FIGURE */
    segi_figure figure;            /* SEQUENCE, FIGURE */
    segi_which which;              /* EDGE */
    int64_t nth;                   /* EDGE, AGG_NTH: from 1. AGG_TOP: how many */
    segi_season season;            /* SEASON */
    segi_occasion occasion;        /* OCCASION */
    bool early; /* ANNIVERSARY: 29 February falls on the 28th where there is none, not on 1 March */

    /* values */
    segi_literal literal;
    segi_moment moment;
    segi_duration shift;     /* SHIFT */
    segi_arith arith;        /* ARITH; SHIFT: PLUS or MINUS */
    const segi_field *field; /* ATTRIBUTE; NULL: unknown in an open compile, absent for all */
    const segi_field *const *fields; /* PROPERTY: per selector->events entry, NULL where the type
                                        has no such property */
    segi_builtin builtin;
    segi_aggregate aggregate;
    const segi_node *argument;  /* AGGREGATE: a PROPERTY or BUILTIN; NULL for count and share */
    const segi_node *share;     /* AGG_SHARE: a predicate over properties */
    const segi_score *score;    /* SCORE */
    const segi_split *split;    /* SPLIT */
    const segi_parts *parts;    /* CLASS */
    const segi_node *written;   /* WRITTEN: a COMPARE or IN of a CLASS, HELD, CHANGED */
    const segi_node *from, *to; /* HELD, CHANGED, AGG_CHANGES: COMPARE or STATE of the value before
                                   and behind; NULL: any */
    double fraction;            /* AGG_PERCENTILE: 0 .. 1 */
    segi_unit period;           /* AGG_DISTINCT_PERIOD, AGG_STREAK...: day .. year */
    const segi_streak *streak;  /* AGG_STREAK, AGG_CURRENT_STREAK, AGG_STREAK_BROKEN */
    int64_t min_events;         /* AGG_MODE, AGG_TOP: undefined below */
    segi_ties ties;             /* AGG_MODE, ALL only under COMPARE =, != and IN; AGG_TOP */
};

/* The present value of an attribute with a history. */
static inline bool segi_node_present(const segi_node *node)
{
    return node->kind == SEGI_NODE_AGGREGATE && node->field != NULL &&
           node->aggregate == SEGI_AGG_LAST && node->window.kind == SEGI_WINDOW_EVER;
}

/* ---- compiling ---- */

/* What can be saved under a name; each kind has names of its own. */
typedef enum segi_definition {
    SEGI_DEFINE_SEGMENT,  /* a predicate: in segment "name" */
    SEGI_DEFINE_CLASS,    /* "label": predicate; ... otherwise "label". Read as class.name */
    SEGI_DEFINE_OCCASION, /* ranges of days: during occasion "name" */
    SEGI_DEFINE_COUNT
} segi_definition;

/* One of them. */
typedef struct segi_saved {
    const char *name, *text;
    size_t name_size, text_size;
    segi_occasion days; /* what the text of an occasion says */
    uint64_t version;   /* how often the name was defined since it was new or last dropped */
} segi_saved;

/* Shows a compile what is saved, which it borrows until it returns. */
typedef struct segi_resolver {
    void *user;
    /* NULL if there is none of that name. */
    const segi_saved *(*find)(void *user, segi_definition kind, const char *name, size_t name_size);
    /* For hints: the i-th by rising name, NULL past the last. */
    const segi_saved *(*at)(void *user, segi_definition kind, size_t i);
} segi_resolver;

/* Values for parameters, from seg_params. */
typedef struct segi_param_value {
    const char *name;
    size_t name_size;
    uint32_t count;             /* values given; a literal has one */
    bool is_list;               /* given as a list, which may be empty */
    const segi_literal *values; /* strings also stand for dates, instants and durations */
} segi_param_value;

/* A parameter that a text leaves open, with what its first place asks for. */
typedef struct segi_param {
    const char *name;
    size_t name_size;
    segi_value_type type; /* DURATION: given as a string, "5 minutes" */
    bool is_list;
    uint32_t offset; /* first use */
} segi_param;

/* What a compile hands out: the tree with everything it lives on. Immutable, so threads share it
 * freely; destroyed as a whole. */
typedef struct segi_predicate {
    segi_arena arena;
    const segi_mem *mem;
    const segi_schema *schema; /* retained */
    const segi_node *root;     /* as segi_source.goal asked */
    const char *text;          /* the source, copied */
    size_t text_size;
    uint32_t param_count; /* parameters without a value; with any, the tree has gaps (marked
                                  as checker.h says) and only text, fingerprint and these may be
                                  used */
    const segi_param *params;
    uint32_t warning_count;
    seg_error *warnings;
    uint64_t fingerprint[2];
    /* What `using` says; without it the store's. */
    segi_zone_ref zone;
    int32_t week_start;
    bool zone_given, week_given;
    uint32_t zone_count;
    segi_zone *const *zones; /* owned: zones that the text names */
} segi_predicate;

/* What a text is to be read as. */
typedef enum segi_goal {
    SEGI_GOAL_PREDICATE,
    SEGI_GOAL_VALUE,
    SEGI_GOAL_CLASS /* a definition; the root is a CLASS */
} segi_goal;

/* What is to be compiled, and against which names; borrowed for the call. */
typedef struct segi_source {
    const segi_schema *schema;
    const char *text;
    size_t text_size;
    segi_goal goal;
    uint32_t flags;                 /* SEG_COMPILE_* */
    const segi_param_value *params; /* of a predicate; NULL: parameters stay open */
    size_t param_count;
} segi_source;

/* resolver may be NULL: nothing is saved. err is as the public functions document it. *out is owned
 * by the caller: segi_predicate_destroy(). mem must outlive it. */
seg_status segi_compile(const segi_mem *mem, const segi_source *source,
                        const segi_resolver *resolver, segi_predicate **out, seg_error *err);
void segi_predicate_destroy(segi_predicate *predicate);

/* Canonical text. With `sorted`, operands of and, or, xor, at-least and lists are put in order,
 * so that equal meanings give equal bytes; the fingerprint hashes the JSON form of that. */
void segi_predicate_print(const segi_predicate *predicate, bool sorted, segi_buf *out);
/* The text of a class that is an rfm, with these cut points in place of floating scores:
 * points[measure][scale - 1]. */
void segi_predicate_print_frozen(const segi_predicate *predicate, const segi_literal *const *points,
                                 segi_buf *out);
/* The JSON form of that text (docs/language.md).
 * The sorted form of it is what the fingerprint hashes. */
void segi_predicate_json(const segi_predicate *predicate, bool sorted, segi_buf *out);
/* Sorted text of one node of it. */
void segi_predicate_print_node(const segi_predicate *predicate, const segi_node *node,
                               segi_buf *out);
/* The statement of SQL that include/seg/sql.h promises, for a predicate without open parameters.
 * SEG_E_DIALECT, SEG_E_LIMIT, SEG_E_NOMEM. */
typedef struct segi_sql_target {
    uint32_t dialect; /* SEG_SQL_*, checked */
    int64_t now;
    const char *users, *events; /* names of tables */
} segi_sql_target;
seg_status segi_predicate_sql(const segi_predicate *predicate, const segi_mem *mem,
                              const segi_sql_target *target, segi_buf *out, seg_error *err);
/* What a node is made of, each with the part that it plays: operands, the sides of a comparison,
 * the condition of `where`, and so on. Saved segments are closed: their trees belong to others.
 * Whoever asks a tree for something walks it by this. */
typedef enum segi_aspect {
    SEGI_ASPECT_OPERAND,    /* a child that is a predicate of the same users */
    SEGI_ASPECT_VALUE,      /* a child that is a value */
    SEGI_ASPECT_POPULATION, /* of a rank or score */
    SEGI_ASPECT_EVENT,      /* where, share, argument: looks at one event */
    SEGI_ASPECT_ANCHOR      /* of a window */
} segi_aspect;
typedef void (*segi_visit)(void *user, const segi_node *node, segi_aspect aspect);
void segi_node_visit(const segi_node *node, segi_visit visit, void *user);
/* Canonical text of one node, for explain. */
void segi_node_print(const segi_schema *schema, const segi_node *node, segi_buf *out);

/* What is to be said about a text: failures and remarks, in the order of their discovery. */
typedef enum segi_level {
    SEGI_LEVEL_ERROR,
    SEGI_LEVEL_WARNING
} segi_level;
typedef struct segi_finding {
    segi_level level;
    const char *id;  /* static: what kind of remark, for programs */
    seg_error error; /* message, hint and place */
} segi_finding;
#define SEGI_FINDINGS_MAX 100
typedef struct segi_findings {
    const segi_mem *mem;
    segi_finding *list; /* owned */
    size_t count, capacity, error_count;
    bool failed; /* out of memory */
} segi_findings;
void segi_findings_init(segi_findings *findings, const segi_mem *mem);
void segi_findings_deinit(segi_findings *findings);
/* A place for one more; NULL where there are too many, or no memory. */
seg_error *segi_findings_add(segi_findings *findings, segi_level level, const char *id);

const char *segi_finding_id(seg_status status);

/* Compiles and says all that there is to say about the text, as far as it can be read. `out` is
 * NULL where anything is an error; the return value is then still SEG_OK. Fails for memory.
 *   retention  how long events are kept, in microseconds; 0: not known */
seg_status segi_lint(const segi_mem *mem, const segi_source *source, const segi_resolver *resolver,
                     int64_t retention, segi_findings *findings, segi_predicate **out,
                     seg_error *err);

/* A document in the JSON form. It is read as text of the language, which the other doors take;
 * err is as the public functions document it. json is borrowed until segi_json_close(). */
typedef struct segi_json segi_json;
seg_status segi_json_open(const segi_mem *mem, const char *json, size_t json_size, segi_json **out,
                          seg_error *err);
void segi_json_close(segi_json *json);
const char *segi_json_text(const segi_json *json, size_t *out_size);
/* Makes a failure or warning about that text one about the document: the JSON pointer in front of
 * the message, the place in its bytes. err is of our own size. */
void segi_json_place_error(segi_json *json, seg_error *err);

/* Names of the segments, classes and occasions that a text refers to directly: calls found for
 * each, also repeatedly; what it takes for a class may be an attribute. For checking what dropping
 * one would break. */
seg_status segi_text_references(const segi_mem *mem, const char *text, size_t text_size,
                                void (*found)(void *user, segi_definition kind, const char *name,
                                              size_t size),
                                void *user, seg_error *err);

/* ---- what tests mean, shared with plan and exec ---- */

/* The text tests of SEGI_NODE_TEXT, linear in the text (globs: in text x pattern at worst). */
bool segi_text_matches(segi_text_test test, bool fold, const char *pattern, size_t pattern_size,
                       const char *text, size_t text_size);
/* Great-circle distance on a sphere of radius 6,371,008.8 m (haversine). */
double segi_geo_distance(segi_point a, segi_point b);
/* Even-odd over the rings, edges straight in latitude/longitude, boundary inside. */
bool segi_geo_inside(const segi_ring *rings, uint32_t ring_count, segi_point p);

#endif
