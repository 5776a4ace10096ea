/* Private to exec: the prepared form of a program, and the working memory of one thread.
 * src/exec/README.md tells how they work together.
 *
 * prepare_value.c  binds values and windows to a snapshot and to `now`
 * prepare_match.c  turns tests against constants into slots, bounds and dictionary codes
 * prepare_session.c  sessions, and what is asked of them
 * prepare_leaf.c   tests and leaves on top of them
 * prepare_pins.c   notes which columns of parts will be read
 * worker.c   working memory, and its pool
 * match.c    tests one column, or one dense vector, against constants
 * vector.c   dense vectors of values: arithmetic and comparison
 * filter.c   `where`: rows of a part -> bits
 * spans.c    walks the rows of a chunk, part by part, with their users
 * tally.c    running figures per user over spans: count, sum, least, greatest
 * tally_value.c, tally_narrow.c, tally_time.c, tally_each.c  the same for properties, in 32 bits
 *            where sums fit them, for instants, and within windows of one's own
 * shortcut.c  cheaper roads to the same answer
 * streak.c   streaks, from periods
 * gather.c   all rows of each user in order: everything that needs the order
 * history.c  since when an attribute has its value, and how often it changed
 * session.c  times in order, cut into sessions
 * prepare_sequence.c, sequence*.c  ordered steps
 * occasion.c days of the year
 * value.c    values of candidates
 * leaf.c     leaves of the program -> mask
 * rank.c     top and bottom, over the whole population; select.c finds the n-th smallest
 * score.c    classes by cut points; cuts.c says which they are
 * split.c    shares of users drawn by lot
 * operate.c  operations of the program over one chunk
 * run.c      the chunk loop, threads, sets and counts
 * answer.c   values of the members of a set, as columns */
#ifndef SEGI_EXEC_INT_H
#define SEGI_EXEC_INT_H

#include "base/error.h"
#include "base/number.h"
#include "base/scan.h"
#include "exec/exec.h"

/* ---- tests against constants (match.c) ---- */

/* The tests of one column that need no second value. */
typedef enum segi_match_kind {
    SEGI_MATCH_NOTHING,
    SEGI_MATCH_SET,   /* every set value */
    SEGI_MATCH_RANGE, /* low <= slot <= high */
    SEGI_MATCH_FLOAT, /* doubles within bounds */
    SEGI_MATCH_SLOTS, /* slot is one of a rising list */
    SEGI_MATCH_CODES, /* bit of the dictionary code */
    SEGI_MATCH_RADIUS,
    SEGI_MATCH_POLYGON,
    SEGI_MATCH_IS_NULL,
    SEGI_MATCH_IS_ABSENT
} segi_match_kind;

/* More runs of codes than this, and the table of bits is as fast as that many ranges. */
#define SEGI_MATCH_RUNS_MAX 4

/* One test, ready to be scanned with. Bounds and lists are slots of the column's type, codes
 * those of its dictionary; which fields count is said by `kind`. */
typedef struct segi_match {
    segi_match_kind kind;
    bool negated; /* the others among the set values */
    int64_t low, high;
    double float_low, float_high;
    bool low_open, high_open;
    uint32_t slot_count;
    const int64_t *slots;
    const uint64_t *codes;
    uint64_t code_count;
    const segi_node *node; /* radius, polygon */
    int32_t north, south;  /* radius, polygon: latitudes that can pass, in 1e-7 degree */
    int32_t east, west;    /* longitudes; west > east: across the antimeridian */
    uint32_t run_count;    /* codes: runs of neighbouring codes, where they are few */
    int64_t runs[SEGI_MATCH_RUNS_MAX][2];
} segi_match;

/* bits[i] = row begin + i passes. Absent and null rows pass only the tests for them. col may be
 * NULL: all absent. Bits past count in the last word are clear.  Costly tests look only at the
 * rows whose bit is set in `among`, unless it is NULL; bits of others are then arbitrary. */
void segi_match_rows(const segi_match *match, const segi_col *col, size_t begin, size_t count,
                     const uint64_t *among, uint64_t *bits);
bool segi_match_slot(const segi_match *match, int64_t slot);
/* The same over a dense vector. */
struct segi_vector;
void segi_match_vector(const segi_match *match, const struct segi_vector *vector, uint32_t count,
                       uint64_t *bits);

/* ---- strings of several dictionaries under one set of codes (prepare_value.c) ----
 *
 * Each event type has a dictionary of its own per property, so equal texts have different codes.
 * Where values of several types meet (an aggregate's argument), they get common codes; inside
 * `where` a row is of one type, and its own dictionary serves. */

typedef struct segi_texts {
    uint32_t count;                 /* codes 0 .. count - 1 */
    uint32_t dict_count;            /* one per event type of the selector, or 1 */
    const segi_dict *const *dicts;  /* entries may be NULL: no strings */
    const uint32_t *const *to_code; /* per dictionary: its codes -> common codes; NULL with one */
    const uint32_t *from_dict, *from_code; /* by common code; NULL with one dictionary */
} segi_texts;
const char *segi_texts_get(const segi_texts *strings, uint32_t code, size_t *out_size);

/* ---- dense vectors (vector.c) ---- */

/* n values of one type; slots as in schema.h (float64 as IEEE bits). 65,536 places each. A place
 * has at most one of its two bits; with neither it is absent. Slots without `set` are arbitrary. */
typedef struct segi_vector {
    int64_t *slots;
    uint64_t *set;  /* bit per value: defined */
    uint64_t *null; /* bit per value: explicitly null */
} segi_vector;

/* ---- prepared values and filters (prepare_value.c, prepare_leaf.c) ----
 *
 * Bound to one snapshot and one `now`; in the run's arena; read by all workers, written by none. */

typedef struct segi_prep_value segi_prep_value;
typedef struct segi_prep_filter segi_prep_filter;
typedef struct segi_calendar segi_calendar;
typedef struct segi_ranking segi_ranking;       /* rank.h */
typedef struct segi_prep_score segi_prep_score; /* rank.h */

/* Zones of users, by code of the attribute `timezone`. */
typedef struct segi_user_zones {
    const segi_attr_view *view; /* NULL: everyone has `fallback` */
    uint32_t count;
    const segi_zone *const *zones; /* by code; never NULL */
    const segi_zone *fallback;
} segi_user_zones;

/* One event type of a source. */
typedef struct segi_prep_type {
    const segi_event_view *view;
    const segi_prep_filter *filter; /* NULL: all rows */
    uint32_t position;              /* in the selector: index of a property's fields */
} segi_prep_type;

/* A window whose bounds differ from user to user: by anchor, by zone, or both. */
typedef struct segi_prep_window {
    const segi_window *window;
    bool events;                   /* cut at now */
    bool dates;                    /* bounds are day numbers */
    const segi_prep_value *anchor; /* NULL: none */
    const segi_user_zones *zones;
    bool plain;             /* anchored, and of exact length: [anchor + shift[0], ... */
    int64_t shift[2], last; /* ... anchor + shift[1]), before `last` */
} segi_prep_window;

/* Which rows: selector and window, ready to be walked. */
typedef struct segi_prep_source {
    uint32_t type_count;
    const segi_prep_type *types;
    int64_t begin, end; /* instants; with `each` the widest bounds that any user may have */
    const segi_prep_window *each; /* NULL: the same bounds for all */
    bool needs_users;             /* some filter reads the user's zone */
} segi_prep_source;

/* Sessions: runs of rows of `events` (S-21). */
typedef struct segi_prep_session {
    const segi_prep_source *events; /* reaches beyond the window on both sides */
    int64_t gap;                    /* a longer one begins a new session */
    int64_t begin, end; /* when sessions begin; with `each` the widest bounds of any user */
    const segi_prep_window *each;
    const segi_prep_filter *where, *share; /* of sessions; NULL: all, none */
    int64_t least; /* shorter sessions do not pass `where`; 0: it does not say */
} segi_prep_session;

/* How a value is worked out, from the cheapest to the dearest: constants and columns are read, a
 * tally adds up without order, a bag keeps values, gathering keeps rows, the rest goes through
 * other values. */
typedef enum segi_value_form {
    SEGI_VALUE_CONSTANT,
    SEGI_VALUE_ATTRIBUTE,
    SEGI_VALUE_COLUMN,     /* a property, in a filter */
    SEGI_VALUE_CIVIL,      /* a builtin, in a filter */
    SEGI_VALUE_TALLY,      /* an aggregate by running figures */
    SEGI_VALUE_BAG,        /* an aggregate over all values of a property, by user */
    SEGI_VALUE_GATHER,     /* an aggregate over ordered rows */
    SEGI_VALUE_SEQUENCE,   /* a figure of ordered steps */
    SEGI_VALUE_SESSIONS,   /* an aggregate over sessions */
    SEGI_VALUE_OF_SESSION, /* in their `where`: a builtin, or an aggregate over what lies within */
    SEGI_VALUE_ARITH,
    SEGI_VALUE_SHIFT,
    SEGI_VALUE_SIZE,
    SEGI_VALUE_SCORE, /* a class, by cut points */
    SEGI_VALUE_MOMENT /* a local moment in the user's zone */
} segi_value_form;

/* A value of users, of rows or of sessions, bound to the snapshot. The remarks name the forms
 * that a field is for; what a form does not use is zero. */
struct segi_prep_value {
    segi_value_form form;
    const segi_node *node;
    segi_value_type type;
    int64_t slot; /* constant; the text of strings is in `literal` */
    const segi_literal *literal;
    const segi_attr_view *attribute; /* attribute, size */
    const segi_field *const *fields; /* column: by position */
    uint32_t field_count;
    const segi_texts *strings;                 /* string-typed values */
    const segi_prep_source *source;            /* aggregates */
    const segi_prep_value *argument;           /* aggregates */
    const segi_prep_filter *const *share;      /* share: by position in source->types */
    const segi_prep_session *session;          /* sessions */
    const struct segi_prep_sequence *sequence; /* sequence (sequence_int.h) */
    const segi_match *match;                   /* mode with ties all: what the value must pass */
    const segi_prep_window *window;      /* changes: when they count; rows are all there are */
    const segi_match *before, *behind;   /* changes: the values; NULL: any */
    const segi_prep_value *left, *right; /* arith; left: shift, score by written cut points */
    const segi_prep_score *score;        /* rfm by written ones: right counts the events */
    const segi_user_zones *zones;        /* civil, shift, moment, distinct periods */
    bool needs_users;                    /* gather: argument or share read the user's zone */
    const int64_t *periods;              /* tally of distinct periods: their first instants, and */
    uint32_t period_count;               /* ... at most 64 of them */
    double periods_per_us;
    bool periods_even; /* of one length */
    int64_t bag_low;   /* bag: the least slot, and how far above it the greatest can be */
    uint64_t bag_span;
};

/* Logic over tests, and tests over values. All of a tree of them is asked at once for many
 * places. */
typedef enum segi_test_form {
    SEGI_TEST_ALL,
    SEGI_TEST_NONE,
    SEGI_TEST_AND,
    SEGI_TEST_OR,
    SEGI_TEST_XOR,
    SEGI_TEST_NOT,
    SEGI_TEST_AT_LEAST,
    SEGI_TEST_MATCH,        /* value against constants */
    SEGI_TEST_WINDOW,       /* a timestamp or date lies in its user's window */
    SEGI_TEST_COMPARE,      /* value against value: op */
    SEGI_TEST_BETWEEN,      /* value between two values */
    SEGI_TEST_TEXT_COMPARE, /* strings of two values: op */
    SEGI_TEST_ANNIVERSARY,  /* a day of the year of a date lies in its user's window */
    SEGI_TEST_SEASON,       /* ... between two days of the year */
    SEGI_TEST_OCCASION,     /* ... in named ranges of dates */
    SEGI_TEST_CALENDAR      /* of rows: what a table says of their times */
} segi_test_form;

/* A test of values: a filter of rows, or the value part of a leaf. */
struct segi_prep_filter {
    segi_test_form form;
    uint32_t child_count;
    const segi_prep_filter *const *children;
    uint32_t need;
    segi_compare op;
    const segi_prep_value *values[3];
    const segi_match *match;        /* MATCH */
    const segi_prep_window *window; /* WINDOW, ANNIVERSARY; SEASON, OCCASION: its zones */
    const segi_node *node;          /* ANNIVERSARY, SEASON, OCCASION */
    const segi_calendar *calendar;  /* CALENDAR */
};

/* The roads of leaf.c. TEST always works; the others are there because they are cheaper. */
typedef enum segi_leaf_form {
    SEGI_LEAF_ATTRIBUTE, /* match on an attribute's columns */
    SEGI_LEAF_SETS,      /* has any/all/none/exactly */
    SEGI_LEAF_DID,       /* at least one row */
    SEGI_LEAF_COUNT,     /* rows within bounds */
    SEGI_LEAF_EDGE,      /* a row in the source and none in `other`: first or last lies there */
    SEGI_LEAF_NTH,       /* fewer than `min` rows in the source, at least `min` in `other` */
    SEGI_LEAF_SUM,       /* an exact sum matches a range, of who has a row in `other`, if given */
    SEGI_LEAF_SCORE,     /* a class of a population matches */
    SEGI_LEAF_SPLIT,     /* the draw lies in a range */
    SEGI_LEAF_TEST       /* a test of values; SUM has it as well, for few candidates */
} segi_leaf_form;

/* Users with `least` rows of the source, and one of the anchor's where there is one, may differ
 * from users without any. */
#define SEGI_NARROW_MAX 4
typedef struct segi_narrow {
    const segi_prep_source *source, *anchor;
    int64_t least;
} segi_narrow;

/* A leaf of the program; the fields of its form are set. */
typedef struct segi_prep_leaf {
    segi_leaf_form form;
    const segi_node *node;
    const segi_attr_view *attribute;
    const segi_match *match;
    uint64_t set_mask;         /* has: the codes below 64 as a mask */
    bool set_rest;             /* ... and there are others */
    uint32_t set_count;        /* distinct codes asked for that exist */
    const uint32_t *set_codes; /* rising */
    bool set_unknown;          /* a string that nobody has was asked for */
    const segi_prep_source *source, *other;
    int64_t min, max; /* COUNT; NTH: n in min; SPLIT: draws, as uint64_t */
    const segi_prep_filter *test;
    bool negated;          /* the other candidates */
    uint32_t narrow_count; /* TEST: 0: anybody may differ from anybody */
    bool narrow_all;       /* only who has rows of all of them may differ; otherwise of any */
    segi_narrow narrow[SEGI_NARROW_MAX];
} segi_prep_leaf;

/* ---- one evaluation ----
 *
 * Lives on the stack of the calling thread. Written while it is prepared, by that thread alone (the
 * arena is not for several); read-only once workers run. */

typedef struct segi_exec_run {
    const segi_mem *mem;
    const segi_program *program;
    const segi_snapshot *snapshot;
    int64_t now;
    const segi_bitmap *among;
    segi_progress *progress;
    segi_arena arena;             /* everything prepared */
    segi_pins pins;               /* columns that are read; held once it is prepared */
    const uint32_t *const *order; /* by operation: children, cheapest and most telling first */
    const segi_prep_leaf *leaves; /* by operation */
    segi_ranking **rankings;      /* by operation: RANK and SCORE; settled in the order of them */
    segi_prep_score **scores;     /* by operation: SCORE */
    segi_scratch *scratch;
    uint32_t chunk_count;
    segi_actual *actual; /* figures wanted, or NULL */
    segi_phase phase;    /* with figures: what is under way, */
    uint64_t since;      /* and since when, of segi_os_nanoseconds() */
    bool everyone;       /* `among` alone says who: not cut to those who exist at now */
} segi_exec_run;

/* ---- the working memory of one thread ----
 *
 * Arrays by a user's low bits are shared by all leaves and aggregates: each fills what it needs,
 * takes its result out, and is done with it before the next begins. The exceptions, which outlive
 * a call, are the stacks and the list of candidates of the leaf under way. */

typedef struct segi_list_row {
    int64_t time;
    int64_t slot;   /* argument's value, where set */
    uint64_t order; /* generation */
    uint32_t tie;
    uint32_t row; /* arrival within (user, part) */
    uint16_t low;
    uint8_t state;  /* SEG_VALUE_* of the argument */
    uint8_t flag;   /* share: the event counts */
    uint32_t event; /* breaks ties that generations leave: none do, it keeps the sort total */
} segi_list_row;

/* Users who are worked out together. */
typedef struct segi_gather_block {
    uint32_t first, last; /* of the list: users whose low bits lie in [low_begin, low_end) */
    uint32_t low_begin, low_end;
    const uint64_t *wanted; /* users of the list, by low bits; NULL: they are all of the chunk */
} segi_gather_block;

/* One session of one user. */
typedef struct segi_session_row {
    int64_t begin, end; /* its first and last instant */
    uint32_t events;
    uint16_t low;
} segi_session_row;

/* The sessions of a block, user by user. */
typedef struct segi_session_table {
    segi_session_row *rows;
    size_t count, capacity, kept;
    uint16_t *lows; /* users of the slice under way, 65,536 */
    size_t first;   /* where it begins */
    segi_gather_block block;
    segi_list_row *list; /* one row per session */
    size_t list_capacity;
} segi_session_table;

/* A part met during a tally of firsts and lasts. */
typedef struct segi_seen_part {
    const segi_part *part;
    uint32_t position;
} segi_seen_part;

/* All of it is kept from one evaluation to the next, so that a prepared segment costs no large
 * allocation; counts and statuses are set anew by segi_scratch_take(). */
typedef struct segi_worker {
    const segi_exec_run *run;
    const segi_mem *mem;
    uint64_t clears;   /* of the pool when the worker was made */
    seg_status status; /* the first failure; work goes on only while SEG_OK */
    seg_error error;
    uint32_t chunk;
    uint32_t user_limit;   /* users of the chunk */
    const segi_mask *base; /* candidates of the whole program in this chunk */
    uint32_t base_count;

    segi_mask **masks; /* stack of masks */
    uint32_t mask_count, mask_capacity;
    segi_mask **memo;     /* by operation, for shared ones */
    uint32_t *memo_chunk; /* chunk + 1 that the memo is of */
    uint32_t memo_count;

    segi_vector *vectors; /* stack of vectors of 65,536 */
    uint32_t vector_count, vector_capacity;

    uint64_t **bits; /* stack of row-bit buffers */
    size_t *bits_words;
    uint32_t bits_count, bits_capacity;

    uint16_t *lows;     /* users of a span, 65,536 */
    uint32_t *counts;   /* rows of each */
    uint16_t *row_lows; /* users of rows, for filters that need them */
    size_t row_lows_capacity;
    uint16_t *candidates; /* list of a leaf's candidates, 65,536 */
    segi_mask *wanted;    /* the same as a mask, for segi_worker_wanted() */
    uint8_t *tally8;      /* 65,536 counters */
    uint32_t *tally32;
    int64_t *tally64;
    uint32_t *tally32_more;
    struct segi_seen_part *seen; /* parts that offered a first or last row */
    size_t seen_count, seen_capacity;
    segi_bits_run *runs; /* users who are looked for in a part */
    size_t runs_capacity;
    segi_sum *tally_sum;
    segi_float_sum *tally_float;
    int64_t *bound_begin, *bound_end;  /* windows by user */
    segi_list_row *rows, *rows_sorted; /* as they come; by user and in order */
    size_t rows_capacity, rows_sorted_capacity, row_count;
    segi_session_table sessions;
    uint32_t *starts;                /* 65,537: where each user's rows begin */
    int64_t *bag_slots, *bag_sorted; /* values as they come; by user */
    uint16_t *bag_lows;              /* whose they are: places in the list of users */
    uint16_t *bag_places;            /* the place of each user who is asked about */
    size_t bag_capacity, bag_lows_capacity, bag_sorted_capacity, bag_count;
    uint32_t *bag_counts;                /* by value, for the most frequent one */
    struct segi_sequence_work *sequence; /* of sequence.c, made at first use */
    segi_op_actual *actual;              /* by operation */
    uint32_t op;                         /* operation under way, for `actual` */
} segi_worker;

void segi_worker_fail(segi_worker *w, seg_status status, const char *message);
/* Stacks; NULL after a failure, which is noted in w->status. */
segi_mask *segi_worker_mask_push(segi_worker *w);
void segi_worker_mask_pop(segi_worker *w);
segi_vector *segi_worker_vector_push(segi_worker *w);
void segi_worker_vector_pop(segi_worker *w);
uint64_t *segi_worker_bits_push(segi_worker *w, size_t words);
void segi_worker_bits_pop(segi_worker *w);
/* Allocated at first use and kept: *slot becomes an array of count elements of size bytes. */
bool segi_worker_array(segi_worker *w, void **slot, size_t count, size_t size);
/* Interrupted, or failed. */
bool segi_worker_stop(segi_worker *w);

/* ---- doors between the files ----
 *
 * What takes a worker notes failures in w->status and returns; results are then arbitrary. `out`
 * of a leaf may hold users beyond the candidates until segi_leaf_evaluate() cuts it. */

segi_worker *segi_scratch_take(segi_scratch *scratch, const segi_exec_run *run, seg_error *err);
void segi_scratch_return(segi_scratch *scratch, segi_worker *worker);
/* The zone of that name, or NULL where there is none; kept as long as the scratch. Fails only for
 * want of memory: no zone may be mistaken for a name that nobody has. */
seg_status segi_scratch_zone(segi_scratch *scratch, const char *name, size_t size,
                             const segi_zone **out, seg_error *err);

/* Preparing. Functions that return a pointer return NULL after a failure, noted in p->status. */
typedef struct segi_prep {
    segi_exec_run *run;
    seg_status status;
    seg_error *err;
} segi_prep;
/* Zeroed, in the run's arena. */
void *segi_prep_alloc(segi_prep *p, size_t count, size_t size);
#define SEGI_PREP_NEW(p, type) ((type *)segi_prep_alloc((p), 1, sizeof(type)))

/* Where a value stands: among users, or in the rows of the selector's event type `position`. */
typedef struct segi_place {
    bool rows;
    bool common; /* rows: strings of all types under common codes (an aggregate's argument) */
    uint32_t position;
    const segi_selector *selector;
    const segi_prep_session *session; /* among sessions */
} segi_place;
const segi_prep_value *segi_prep_value_of(segi_prep *p, const segi_node *node, segi_place place);
/* Rows of the selector in [begin, end), or in the window of `node` with begin and end as bounds.
 * firsts: with first events that have expired, for what asks for the first. */
const segi_prep_source *segi_prep_source_of(segi_prep *p, const segi_selector *selector,
                                            int64_t begin, int64_t end, bool firsts);
const segi_prep_source *segi_prep_source_window(segi_prep *p, const segi_node *node, bool firsts);
/* Strings of several dictionaries under common codes. */
const segi_texts *segi_prep_texts(segi_prep *p, const segi_dict *const *dicts, uint32_t dict_count);
/* The dictionary of a property in the selector's event type at `position`; NULL: no strings. */
const segi_dict *segi_prep_dict(segi_prep *p, const segi_selector *selector, const segi_node *node,
                                uint32_t position);
/* The figure of a SEQUENCE or FIGURE node (prepare_sequence.c). */
const segi_prep_value *segi_prep_sequence_of(segi_prep *p, const segi_node *node);
/* Only users with rows of the steps without which the figure is below `least` may differ from
 * others; at least 1. */
void segi_prep_sequence_narrow(const segi_prep_value *value, int64_t least, segi_prep_leaf *leaf);
/* The same for any test of the figure; false where there is no room. */
bool segi_prep_sequence_differs(const segi_prep_value *value, segi_prep_leaf *leaf);
/* True where the bounds differ from user to user. */
bool segi_prep_window_each(const segi_window *window, bool dates);
const segi_prep_window *segi_prep_window_of(segi_prep *p, const segi_window *window, bool events,
                                            bool dates);
/* An attribute that is to be read, with its dictionary, in memory. NULL: p->status says why not. */
const segi_attr_view *segi_prep_attribute(segi_prep *p, uint32_t index);
const segi_user_zones *segi_prep_zones(segi_prep *p, const segi_zone_ref *zone);
segi_period segi_prep_period(segi_unit unit);
/* The instants of a window, or the widest ones where they differ from user to user. */
void segi_prep_window_span(segi_prep *p, const segi_window *window, int64_t *begin, int64_t *end);
/* An AGGREGATE node over that source; did, or an aggregate, over sessions; and in the `where` of
 * sessions a builtin or an aggregate (prepare_session.c). */
const segi_prep_value *segi_prep_aggregate_over(segi_prep *p, const segi_node *node,
                                                const segi_prep_source *source);
const segi_prep_value *segi_prep_sessions(segi_prep *p, const segi_node *node);
const segi_prep_value *segi_prep_of_session(segi_prep *p, const segi_node *node,
                                            const segi_prep_session *session);
/* Note the columns that will be read: what walking a source takes, which segi_prep_source_of() has
 * done; times, and times and ties, of all its rows; what an aggregate reads beside its source, done
 * by segi_prep_gather() (prepare_pins.c). */
bool segi_prep_pin_source(segi_prep *p, const segi_prep_source *source);
bool segi_prep_pin_times(segi_prep *p, const segi_prep_source *source);
bool segi_prep_pin_order(segi_prep *p, const segi_prep_source *source);
bool segi_prep_pin_value(segi_prep *p, const segi_prep_value *value);
/* An aggregate value over a source; argument may be NULL. */
const segi_prep_value *segi_prep_gather(segi_prep *p, const segi_node *node,
                                        const segi_prep_source *source,
                                        const segi_prep_value *argument);
const segi_prep_filter *segi_prep_test(segi_prep *p, const segi_node *node, segi_place place);
/* A filter of the type's rows with its tests of clock and calendar as a table, where that pays
 * (calendar.c). */
const segi_prep_filter *segi_prep_calendar(segi_prep *p, const segi_prep_filter *filter,
                                           const segi_prep_type *type,
                                           const segi_prep_source *source);
void segi_calendar_rows(const segi_calendar *table, const segi_col *time, uint32_t begin,
                        uint32_t count, uint64_t *bits);
/* What a builtin says at a local time, in microseconds. */
int64_t segi_civil_field(segi_builtin builtin, int64_t local);
/* Test of `value` by a node whose other operands are constants; NULL with p->status SEG_OK where
 * there is no such form. */
const segi_match *segi_prep_match(segi_prep *p, const segi_node *node, const segi_prep_value *value,
                                  const segi_prep_value *right, const segi_prep_value *upper);
/* op as seen from the other side: a < b is b > a. */
segi_compare segi_compare_flip(segi_compare op);
/* A cheaper form of a test, where there is one; false after a failure (shortcut.c). */
bool segi_prep_shortcut(segi_prep *p, segi_prep_leaf *leaf);
/* The source of an aggregate, with the test of its argument as one more of its rows. */
const segi_prep_source *segi_prep_source_passing(segi_prep *p, const segi_prep_value *value,
                                                 const segi_match *match);
/* Who is worth a look in a test (narrow.c); false after a failure. */
bool segi_prep_narrow(segi_prep *p, segi_prep_leaf *leaf);
/* Candidates who have rows, and the rest, of whom a test says one and the same. False on
 * failure. */
bool segi_narrow_users(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                       uint32_t count, segi_mask *out_some, segi_mask *out_rest);
seg_status segi_exec_run_prepare(segi_exec_run *run, seg_error *err);

/* Which users a piece of work is about: low bits, rising. */
typedef struct segi_users {
    const uint16_t *lows;
    uint32_t count;
} segi_users;
/* Room for a list of candidates in w->candidates. */
bool segi_worker_list(segi_worker *w);
/* The users as bits by low half, for work over spans that is better skipped for others; NULL where
 * they are most of the chunk, or for want of memory. Lives until the next call. */
const uint64_t *segi_worker_wanted(segi_worker *w, segi_users users);

/* Up to this many candidates always have their rows looked up one by one, a search in each part;
 * for more of them segi_spans_few() compares with a walk over all users of the chunk. Both roads
 * give the same figures, so the number is a matter of speed alone and need not be exact. */
#define SEGI_ROWS_FEW 4

/* Rows of one part for the users [low_begin, low_end) of the chunk. */
typedef struct segi_span {
    const segi_part *part;
    const segi_part_chunk *pc;
    const segi_prep_type *type;
    uint32_t row_begin, row_count; /* rows of the part */
    const uint64_t *bits;          /* selected rows, from row_begin on; NULL: all */
    const uint16_t *row_users;     /* user of each row, from row_begin on; NULL: not kept */
    uint32_t user_count;           /* once segi_span_list() was called: */
    const uint16_t *lows;          /* users in order */
    const uint32_t *counts;        /* rows of each */
} segi_span;
typedef void segi_span_function(segi_worker *w, void *context, segi_span *span);
/* Users and counts of the span. Who goes by row_users can do without. */
void segi_span_list(segi_worker *w, segi_span *span);
/* Call function for each span that has selected rows. Parts come in order of (time_min,
 * generation) within a type; types one after the other. */
void segi_spans_each(segi_worker *w, const segi_prep_source *source, uint32_t low_begin,
                     uint32_t low_end, segi_span_function *function, void *context);
/* True where some row of the part may lie in the source's window. */
bool segi_span_overlaps(const segi_part *part, const segi_prep_source *source);
/* Do rows come in the order of events, part after part? */
bool segi_source_in_order(const segi_prep_source *source);
/* Neighbouring users, a power of two of them, that have about rows_max rows together: the block in
 * which a chunk is worked off where rows are kept for a while. */
uint32_t segi_spans_block(const segi_worker *w, const segi_prep_source *source, uint32_t rows_max);
/* Is it cheaper to look so many candidates up one by one than to go over the chunk? */
bool segi_spans_few(const segi_worker *w, const segi_prep_source *source, uint32_t count);
/* The span of one part. */
void segi_span_part(segi_worker *w, const segi_prep_source *source, const segi_prep_type *type,
                    const segi_part *part, uint32_t low_begin, uint32_t low_end,
                    segi_span_function *function, void *context);

/* Filter over rows [row_begin, row_begin + count) of a part: bits. row_lows: user of each row, or
 * NULL where the filter does not need it. */
void segi_filter_rows(segi_worker *w, const segi_prep_filter *filter, const segi_part *part,
                      uint32_t position, uint32_t row_begin, uint32_t count,
                      const uint16_t *row_lows, uint64_t *bits);
/* Values of rows, at most 65,536. */
void segi_filter_row_values(segi_worker *w, const segi_prep_value *value, const segi_part *part,
                            uint32_t position, uint32_t row_begin, uint32_t count,
                            const uint16_t *row_lows, segi_vector *out);
/* Tests of days of the year over values (occasion.c). lows: users of the places, or NULL where they
 * do not matter. bits start clear. */
void segi_occasion_test(segi_worker *w, const segi_prep_filter *filter, const segi_vector *dates,
                        uint32_t count, const uint16_t *lows, uint64_t *bits);
/* Is the span all of a chunk whose users are a mask, with counts of one byte? Each then has
 * base + the next of `values` rows (NULL: zeros). */
bool segi_span_mask(const segi_span *span, const uint8_t **out_values, uint8_t *out_base);
/* The user of each row of a span; NULL after a failure. */
const uint16_t *segi_span_row_lows(segi_worker *w, segi_span *span);
/* The same test over values of users. */
void segi_filter_users(segi_worker *w, const segi_prep_filter *filter, segi_users users,
                       uint64_t *bits);

void segi_vector_arith(const segi_prep_value *value, const segi_vector *left,
                       const segi_vector *right, uint32_t count, segi_vector *out, segi_worker *w);
void segi_vector_compare(segi_compare op, segi_value_type left_type, const segi_vector *left,
                         segi_value_type right_type, const segi_vector *right, uint32_t count,
                         uint64_t *bits);
/* a op b, byte by byte (S-15). */
bool segi_text_compare(segi_compare op, const char *a, size_t a_size, const char *b, size_t b_size);
double segi_slot_as_float(segi_value_type type, int64_t slot);
/* Slots as integers of the order of their values. Its own inverse. */
int64_t segi_slot_key(segi_value_type type, int64_t slot);

void segi_value_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out);
/* Bounds of a window for each of `users` (by position in the list), as instants. */
void segi_window_users(segi_worker *w, const segi_prep_window *window, segi_users users,
                       int64_t *begin, int64_t *end);
/* Bounds in one zone: instants, or day numbers where the window is of dates. */
void segi_window_one(const segi_worker *w, const segi_prep_window *window, const segi_zone *zone,
                     int64_t anchor, int64_t *begin, int64_t *end);
/* The zone of a user. */
const segi_zone *segi_user_zone(segi_worker *w, const segi_user_zones *zones, uint32_t low);
/* Slot and state of an attribute for one user. */
uint8_t segi_attr_slot(const segi_attr_view *view, uint32_t chunk, uint32_t low, int64_t *out);
/* Elements of a string set: codes into out (65,536 at most), count returned; state in *state. */
uint32_t segi_attr_set(const segi_attr_view *view, uint32_t chunk, uint32_t low,
                       const uint32_t **out_codes, uint32_t *scratch, uint8_t *out_state);

void segi_tally_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out);
/* Its part for distinct periods and streaks: events that a period needs to count, and the planes
 * that it takes to count so far, at most SEGI_PERIOD_PLANES_MAX for this road. */
#define SEGI_PERIOD_PLANES_MAX 8
int64_t segi_period_least(const segi_node *node);
uint32_t segi_period_planes(int64_t least);
void segi_tally_period_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                             segi_vector *out);
/* Its part for the value in the first or last event. */
void segi_tally_edge_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out);
/* The instants of first or last events, of many users (tally_time.c). */
void segi_tally_times_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                            segi_vector *out);
/* What sums over the source can come to: of one user, and of all rows; and whether any value is
 * below zero. */
typedef struct segi_tally_bounds {
    double user, all;
    bool negative;
} segi_tally_bounds;
segi_tally_bounds segi_tally_bounds_of(const segi_prep_value *value);
/* The column of the argument in a part; NULL where no row has a value. */
const segi_col *segi_tally_column(const segi_prep_value *argument, const segi_part *part,
                                  uint32_t position);
/* Sums and averages of the whole chunk where a user's sum is not below zero and fits 32 bits
 * (tally_narrow.c): compared with bounds at once, or as values of some users. */
bool segi_tally_narrow_fits(const segi_prep_value *value);
bool segi_tally_narrow_sum(segi_worker *w, const segi_prep_value *value, int64_t low, int64_t high,
                           segi_mask *out);
void segi_tally_narrow_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                             segi_vector *out);
/* Its part for properties and shares. */
void segi_tally_value_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                            segi_vector *out);
/* Counts within windows of one's own (tally_each.c). */
bool segi_tally_each_fits(const segi_prep_value *value);
void segi_tally_each_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out);
void segi_gather_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                       segi_vector *out);
/* Its parts, for what makes something else of the rows (session.c). */
typedef void segi_gather_function(segi_worker *w, const segi_prep_value *value, segi_users users,
                                  segi_gather_block block, segi_vector *out);
/* All users, a block of about rows_max rows at a time; `out` starts absent. */
void segi_gather_blocks(segi_worker *w, const segi_prep_value *value, segi_users users,
                        uint32_t rows_max, segi_gather_function *function, segi_vector *out);
/* w->bound_begin and w->bound_end of the users. */
bool segi_gather_bounds(segi_worker *w, const segi_prep_window *each, segi_users users);
/* Rows of value->source into w->rows_sorted, those of low_begin + u from w->starts[u] on, within
 * w->bound_... where the source has windows by user. */
bool segi_gather_collect(segi_worker *w, const segi_prep_value *value, segi_gather_block block);
/* The aggregate over rows in order, which it may rearrange; returns its state. w->rows has room
 * for as many. */
uint8_t segi_gather_reduce(segi_worker *w, const segi_prep_value *value, segi_list_row *rows,
                           size_t n, int64_t *out);
/* Aggregates over the history of an attribute (history.c). */
const segi_prep_value *segi_prep_history(segi_prep *p, const segi_node *node);
bool segi_history_since(const segi_list_row *rows, size_t n, int64_t *out);
int64_t segi_history_changes(segi_worker *w, const segi_prep_value *value,
                             const segi_list_row *rows, size_t n);
/* Aggregates over sessions, and values of sessions (session.c). */
void segi_sessions_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out);
void segi_session_values(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out);
/* Streaks of one user (streak.c): active periods by rising number, then the running one. */
typedef struct segi_streak_walk {
    const segi_streak *rule;
    bool alive, any;
    int64_t length; /* active periods of the streak under way */
    int64_t longest, latest;
    int64_t missed;    /* of the streak under way */
    int64_t broken_at; /* the period whose end broke the latest streak; INT64_MIN: none did */
    int64_t misses[SEGI_STREAK_MISSED_MAX]; /* the last ones, in a ring of rule->missed */
} segi_streak_walk;
void segi_streak_begin(segi_streak_walk *s, const segi_streak *rule);
void segi_streak_active(segi_streak_walk *s, int64_t period);
void segi_streak_end(segi_streak_walk *s, int64_t now);
/* False: undefined, where no streak ever broke. A break is told as the period missed. */
bool segi_streak_result(const segi_streak_walk *s, segi_aggregate aggregate, int64_t *out);
/* The same for periods 0 .. 63 as bits, of which `now` is the running one. */
bool segi_streak_word(const segi_node *node, uint64_t word, uint32_t now, int64_t *out);
/* Times of the source's rows into w->bag_sorted, rising by user, those of the u-th of the block
 * from w->starts[u] on (bag.c). */
bool segi_bag_times(segi_worker *w, const segi_prep_source *source, segi_users users,
                    segi_gather_block block);
/* Figures of a bag of values. fits: settles the range of the values as well. */
bool segi_bag_fits(segi_prep_value *value);
void segi_bag_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                    segi_vector *out);
/* Figures of sequences (sequence.c). */
void segi_sequence_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out);
void segi_sequence_work_destroy(const segi_mem *mem, struct segi_sequence_work *work);
/* Users with at least one selected row, into `out`, which starts clear: all candidates who have
 * one, and maybe others. */
void segi_tally_did(segi_worker *w, const segi_prep_source *source, const segi_mask *candidates,
                    uint32_t count, segi_mask *out);
/* The same for users whose number of rows lies in [min, max]. */
void segi_tally_count(segi_worker *w, const segi_prep_source *source, const segi_mask *candidates,
                      uint32_t count, int64_t min, int64_t max, segi_mask *out);
/* The same for users whose exact sum lies in [low, high]; false where that takes the road over
 * values: few candidates, or sums that may not fit 64 bits on the way. */
bool segi_tally_sum(segi_worker *w, const segi_prep_value *value, uint32_t count, int64_t low,
                    int64_t high, segi_mask *out);

/* out = users of `candidates` for whom the leaf holds. */
void segi_leaf_evaluate(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                        uint32_t candidate_count, segi_mask *out);
/* out = members of the operation among candidates; returns how many. */
uint32_t segi_op_evaluate(segi_worker *w, uint32_t op, const segi_mask *candidates,
                          uint32_t candidate_count, segi_mask *out);

/* Fill a run from a request; segi_exec_run_deinit() ends it, also after a failure. */
void segi_exec_run_init(segi_exec_run *run, const segi_request *request);
void segi_exec_run_deinit(segi_exec_run *run);
/* Prepare the program, and settle its ranks and scores. */
seg_status segi_exec_run_start(segi_exec_run *run, uint32_t threads, seg_error *err);
/* Work over all chunks by the run's threads, with the columns held that were noted before. */
typedef void segi_chunk_function(segi_worker *w, void *context, uint32_t group);
seg_status segi_exec_run_chunks(segi_exec_run *run, uint32_t threads, segi_chunk_function *function,
                                void *context, uint32_t group_count, seg_error *err);
/* The pass over the population of a rank or a score, and its cut points. */
segi_ranking *segi_rank_new(segi_prep *p, const segi_op *op);
seg_status segi_rank_prepare(segi_exec_run *run, uint32_t threads, uint32_t op, seg_error *err);
void segi_rank_free(segi_exec_run *run);
uint32_t segi_rank_evaluate(segi_worker *w, uint32_t op, const segi_mask *candidates,
                            segi_mask *out);
segi_prep_score *segi_score_new(segi_prep *p, const segi_score *score, const segi_ranking *ranking);
seg_status segi_score_cut(segi_prep *p, segi_prep_score *score);
const segi_prep_value *segi_score_value(segi_prep *p, const segi_node *node);
void segi_score_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out);
/* Users of the chunk whose class passes, added to `out`. */
void segi_score_test(segi_worker *w, const segi_prep_score *score, const segi_match *match,
                     segi_mask *out);
/* The draws that a split takes, as a range; false: none. */
bool segi_split_range(const segi_split *split, uint64_t *low, uint64_t *high);
/* Candidates whose draw lies in the range, into `out`. */
void segi_split_users(segi_worker *w, const segi_split *split, uint64_t low, uint64_t high,
                      const segi_mask *candidates, segi_mask *out);

#endif
