/* syntax.h - private to lang: tokens, and the tree of what was written.
 *
 * The parser knows no schema: names are names. the checker turns this tree into the checked one of
 * lang.h. Everything here lives in an arena that ends with the compile. */
#ifndef SEGI_SYNTAX_H
#define SEGI_SYNTAX_H

#include "base/error.h"
#include "lang/lang.h"

/* ---- tokens ---- */

typedef enum segi_token_kind {
    SEGI_TOKEN_END,
    SEGI_TOKEN_ERROR, /* the lexer has filled its error */
    SEGI_TOKEN_WORD,
    SEGI_TOKEN_STRING,  /* "text", with its quotes */
    SEGI_TOKEN_QUOTED,  /* `name`, with its quotes */
    SEGI_TOKEN_NUMBER,  /* no sign */
    SEGI_TOKEN_DATE,    /* date or instant */
    SEGI_TOKEN_PARAM,   /* $name */
    SEGI_TOKEN_BUILTIN, /* @name */
    SEGI_TOKEN_LEFT,
    SEGI_TOKEN_RIGHT,
    SEGI_TOKEN_COMMA,
    SEGI_TOKEN_COLON,
    SEGI_TOKEN_SEMICOLON,
    SEGI_TOKEN_EQ,
    SEGI_TOKEN_NE,
    SEGI_TOKEN_LT,
    SEGI_TOKEN_LE,
    SEGI_TOKEN_GT,
    SEGI_TOKEN_GE,
    SEGI_TOKEN_PLUS,
    SEGI_TOKEN_MINUS,
    SEGI_TOKEN_STAR,
    SEGI_TOKEN_SLASH,
    SEGI_TOKEN_PERCENT
} segi_token_kind;

/* A piece of the text; bytes are counted from its beginning. */
typedef struct segi_token {
    segi_token_kind kind;
    uint32_t begin, size;
} segi_token;

/* Where reading has got to. Small and without memory of its own, so that a copy with err NULL
 * looks ahead at no cost and without a trace. */
typedef struct segi_lexer {
    const char *text;
    uint32_t size, at;
    seg_error *err;
    seg_status status; /* of the first SEGI_TOKEN_ERROR */
} segi_lexer;

void segi_lexer_init(segi_lexer *lexer, const char *text, uint32_t size, seg_error *err);
segi_token segi_lexer_next(segi_lexer *lexer);
/* Size limit, NUL bytes and UTF-8 of a whole text. */
seg_status segi_text_check(const char *text, size_t size, seg_error *err);
/* The bytes that a quoted token stands for, in the arena or in the text. False: out of memory. */
bool segi_token_unquote(const segi_lexer *lexer, segi_token token, segi_arena *arena,
                        const char **out, size_t *out_size);
/* ASCII letters compared without case; `word` is lower case. */
bool segi_word_is(const char *text, size_t size, const char *word);
/* The unit of time that "h" or "mins" stands for elsewhere, for hints; NULL: none. */
const char *segi_unit_short(const char *text, size_t size);
/* Letters, digits, _ and inner dots: what can stand behind $. */
bool segi_word_plain(const char *text, size_t size);
/* A word of the language that cannot be a bare name. */
bool segi_word_reserved(const char *text, size_t size);
/* Any word of the language: the printer quotes names that are. */
bool segi_word_known(const char *text, size_t size);
bool segi_unit_of(const char *text, size_t size, segi_unit *out);
const char *segi_unit_name(segi_unit unit);
const char *segi_builtin_name(segi_builtin builtin); /* without the @ */

/* ---- the tree ---- */

/* What was written, before any name is known. Predicates come first, values from NUMBER on (see
 * segi_syn_is_value()); the remarks name the fields and the member of `u` that count. */
typedef enum segi_syn_kind {
    SEGI_SYN_EVERYONE,
    SEGI_SYN_NOBODY,
    SEGI_SYN_NOT,
    SEGI_SYN_AND,
    SEGI_SYN_OR,
    SEGI_SYN_XOR,
    SEGI_SYN_AT_LEAST,  /* number, kids */
    SEGI_SYN_DID,       /* did: selector, bound, window; negated */
    SEGI_SYN_EDGE,      /* edge: which, number (nth), selector, window */
    SEGI_SYN_SEGMENT,   /* kids[0]: a STRING or PARAM */
    SEGI_SYN_LIFECYCLE, /* lifecycle */
    SEGI_SYN_SEQUENCE,  /* sequence */
    SEGI_SYN_COMPARE,   /* op, kids[0..1] */
    SEGI_SYN_BETWEEN,   /* kids[0..2] */
    SEGI_SYN_IN,        /* kids[0], then the list; negated; list_param */
    SEGI_SYN_RANK,      /* kids[0] [, population]; number, percent, bottom */
    SEGI_SYN_STATE,     /* kids[0]; op: segi_state; negated */
    SEGI_SYN_HAS,       /* kids[0], then the list; op: segi_has; list_param */
    SEGI_SYN_TEXT,      /* kids[0..1]; op: segi_text_test; fold */
    SEGI_SYN_RADIUS,    /* kids[0]; geo */
    SEGI_SYN_POLYGON,   /* kids[0]; geo */
    SEGI_SYN_TIME,      /* kids[0]; window */
    SEGI_SYN_HELD,      /* kids[0]; history */
    SEGI_SYN_CHANGED,   /* kids[0]; history */
    SEGI_SYN_SPLIT,     /* split */
    /* values */
    SEGI_SYN_NUMBER,   /* literal */
    SEGI_SYN_BOOL,     /* literal */
    SEGI_SYN_STRING,   /* text */
    SEGI_SYN_MOMENT,   /* moment */
    SEGI_SYN_DURATION, /* duration */
    SEGI_SYN_NOW,
    SEGI_SYN_PARAM,       /* text: the name */
    SEGI_SYN_NAME,        /* text; an attribute or a property, also an event in a source */
    SEGI_SYN_AS_OF,       /* kids[0]: a NAME; window, OLDER or AS_OF */
    SEGI_SYN_BUILTIN,     /* op: segi_builtin */
    SEGI_SYN_AGGREGATE,   /* aggregate */
    SEGI_SYN_ARITH,       /* op: segi_arith; kids[0..1] */
    SEGI_SYN_NEGATE,      /* kids[0] */
    SEGI_SYN_ANNIVERSARY, /* kids[0]; op: 1 for 28 February */
    SEGI_SYN_SIZE,        /* kids[0]: a NAME */
    SEGI_SYN_FIGURE,      /* sequence */
    SEGI_SYN_SCORE,       /* kids[0] [, population]; score */
    SEGI_SYN_RFM,         /* rfm */
    SEGI_SYN_CLASS        /* a STRING and a condition in turn, and a STRING */
} segi_syn_kind;

typedef struct segi_syn segi_syn;

/* A whole number, or a parameter for one. */
typedef struct segi_syn_number {
    int64_t value;
    const segi_syn *param;
} segi_syn_number;

/* N units, where N may be a parameter. */
typedef struct segi_syn_duration {
    segi_syn_number count;
    segi_unit unit;
} segi_syn_duration;

/* A date or instant, or a parameter for one, with its place in the text for messages. */
typedef struct segi_syn_moment {
    segi_moment moment;
    const segi_syn *param;
    uint32_t begin, size;
} segi_syn_moment;

struct segi_syn_selector;
/* session(gap 30 minutes of ...): see segi_session. */
typedef struct segi_syn_session {
    segi_syn_duration gap;
    const struct segi_syn_selector *of; /* NULL: any event */
} segi_syn_session;

/* any event, "event", any of ("a", "b") or session(...), each with an optional `where`. */
typedef struct segi_syn_selector {
    uint32_t begin, size;
    bool any;
    const segi_syn *events; /* NAMEs linked by next */
    uint32_t event_count;
    const segi_syn *where;
    const segi_syn_session *session;
} segi_syn_selector;

typedef enum segi_syn_tz {
    SEGI_TZ_NONE,
    SEGI_TZ_USER,
    SEGI_TZ_NAME
} segi_syn_tz;

/* tz "Europe/Berlin", or tz user; NONE where nothing is said. */
typedef struct segi_syn_zone {
    segi_syn_tz kind;
    const char *name;
    size_t name_size;
    uint32_t begin, size;
} segi_syn_zone;

/* A span of time as segi_window has it, with its numbers still open to parameters and the anchor
 * as a name or selector. */
typedef struct segi_syn_window {
    uint32_t begin, size;
    segi_window_kind kind;
    segi_syn_duration length, length_to;
    bool complete;
    segi_syn_moment from, to;
    segi_anchor_side side;
    segi_which anchor_which;
    const segi_syn_selector *anchor_selector; /* NULL: anchor_name */
    const segi_syn *anchor_name;
    /* during occasion "name": of kind EVER, and the checker makes a condition of it. */
    const char *occasion; /* NULL: none */
    size_t occasion_size;
    segi_syn_zone zone;
} segi_syn_window;

typedef enum segi_syn_bound_kind {
    SEGI_BOUND_AT_LEAST,
    SEGI_BOUND_AT_MOST,
    SEGI_BOUND_MORE,
    SEGI_BOUND_FEWER,
    SEGI_BOUND_EXACTLY,
    SEGI_BOUND_BETWEEN
} segi_syn_bound_kind;

/* at least 3 times, on between 2 and 4 days, ... */
typedef struct segi_syn_bound {
    uint32_t begin, size;
    segi_syn_bound_kind kind;
    segi_syn_number low, high; /* high: BETWEEN */
    bool periods;
    segi_unit period;
    const struct segi_syn_bound *each; /* periods: how often in each; NULL: once */
} segi_syn_bound;

/* DID, EDGE and AGGREGATE look at events. */
typedef struct segi_syn_behaviour {
    const segi_syn_selector *selector;
    const segi_syn_bound *bound;   /* NULL: none */
    const segi_syn_window *window; /* NULL: none */
    segi_which which;
    int64_t nth;
    segi_aggregate aggregate;
    const segi_syn *argument; /* NAME or BUILTIN, or the predicate of share */
    double fraction;
    segi_unit period;
    int64_t min_events;
    segi_ties ties;
    const segi_streak *streak;
} segi_syn_behaviour;

/* dormant, resurrected, stage: said in terms of did, first and last. */
typedef enum segi_lifecycle {
    SEGI_LIFE_DORMANT,
    SEGI_LIFE_RESURRECTED,
    SEGI_LIFE_STAGE
} segi_lifecycle;

/* Stages as bits of a set. */
#define SEGI_STAGE_NEW 1u
#define SEGI_STAGE_ACTIVE 2u
#define SEGI_STAGE_DORMANT 4u
#define SEGI_STAGE_RESURRECTED 8u
#define SEGI_STAGE_ALL 15u

typedef struct segi_syn_lifecycle {
    segi_lifecycle kind;
    const segi_syn_selector *selector;
    segi_syn_duration active, away; /* RESURRECTED: did in `active`, not in `away` before that */
    segi_unit unit;                 /* STAGE */
    uint32_t stages;                /* STAGE: those that pass */
    segi_syn_zone zone;
} segi_syn_lifecycle;

/* One step of a sequence, or the absence at its end. */
typedef struct segi_syn_choice {
    const segi_syn_selector *selector;
    const struct segi_syn_choice *next;
} segi_syn_choice;

typedef struct segi_syn_step {
    uint32_t begin, size;
    const segi_syn_choice *choices;
    uint32_t choice_count;
    const char *name; /* NULL: none */
    size_t name_size;
    uint32_t name_begin;
    const segi_syn_bound *repeat; /* NULL: once */
    bool has_within, has_after;
    segi_syn_duration within, after;
    const segi_syn_selector *without;
    struct segi_syn_step *next;
} segi_syn_step;

/* sequence ( ... ) or funnel ( ... ), as a condition or as a figure of itself. The switches are
 * those of segi_sequence. */
typedef struct segi_syn_sequence {
    bool funnel;
    segi_figure figure;
    segi_syn_step *steps, *last; /* linked by next */
    uint32_t step_count;
    const segi_syn_step *absence; /* NULL: none; `within` is how long */
    const segi_syn *same;         /* NAMEs linked by next */
    bool has_within;
    segi_syn_duration within;
    segi_entry entry;
    segi_between between;
    segi_repeat repeat;
    segi_tie tie;
    segi_syn_duration tolerance;
    bool row_many;
    segi_scan scan;
    const segi_syn_bound *bound; /* NULL: none */
    bool dropped;                /* funnel: after `reached` */
    bool has_reached;
    segi_syn_number reached;
    uint32_t reached_begin, reached_size;
    const segi_syn_window *window; /* NULL: none */
} segi_syn_sequence;

/* A name given to a step somewhere in the text. */
typedef struct segi_syn_alias {
    const char *name;
    size_t name_size;
    struct segi_syn_alias *next;
} segi_syn_alias;

/* within 25 km of point(...): metres and a point; inside polygon(...): rings. */
typedef struct segi_syn_geo {
    double meters;
    segi_point point;
    uint32_t ring_count;
    const segi_ring *rings;
} segi_syn_geo;

/* A value that a history had: a literal, or null. */
typedef struct segi_syn_state {
    bool given, null;
    const segi_syn *literal; /* unless null */
} segi_syn_state;

/* has been TO for LENGTH; changed from FROM to TO in WINDOW. */
typedef struct segi_syn_history {
    segi_syn_state from, to;
    segi_syn_duration length;
    const segi_syn_window *window; /* NULL: ever */
} segi_syn_history;

/* quartile, quintile, decile and tier: as it will be, but for the types of cut points. */
typedef struct segi_syn_score {
    segi_score score;
    const segi_syn *label_list; /* STRINGs linked by next */
    uint32_t label_count;
} segi_syn_score;

/* rfm, rfm.r, rfm.f and rfm.m. */
#define SEGI_RFM_GROUP SEGI_RFM_COUNT
typedef struct segi_syn_rfm {
    uint32_t measure;                         /* SEGI_RFM_..., also _GROUP */
    const segi_syn *class_name;               /* of class.name, a NAME; then nothing below is set */
    const segi_syn *property;                 /* of the money */
    const segi_syn *bought;                   /* DID */
    const segi_syn *values[SEGI_RFM_COUNT];   /* AGGREGATEs */
    bool floating;                            /* else `cuts` */
    const segi_literal *cuts[SEGI_RFM_COUNT]; /* [scale - 1]; of the recency durations */
    uint32_t scale;
    const segi_syn *groups; /* a CLASS; NULL: none written */
} segi_syn_rfm;

/* One node as written. `kids` are a list, in the order of the text; `begin` and `size` are what a
 * message about it points at; `op` is an enumerator that the kind names. */
struct segi_syn {
    segi_syn_kind kind;
    uint32_t begin, size;
    int32_t op;
    bool negated, percent, bottom, fold;
    const segi_syn *list_param;
    uint32_t height; /* 1 more than the highest kid's */
    uint32_t kid_count;
    segi_syn *kids, *kids_last; /* linked by next */
    segi_syn *next;
    union {
        segi_syn_number number;
        segi_literal literal;
        struct {
            const char *text;
            size_t text_size;
        } name;
        segi_moment moment;
        segi_syn_duration duration;
        const segi_syn_behaviour *behaviour;
        const segi_syn_window *window;
        const segi_syn_geo *geo;
        const segi_syn_sequence *sequence;
        const segi_syn_score *score;
        const segi_syn_rfm *rfm;
        const segi_split *split;
        const segi_syn_lifecycle *lifecycle;
        const segi_syn_history *history;
    } u;
};

static inline bool segi_syn_is_value(const segi_syn *syn)
{
    return syn->kind >= SEGI_SYN_NUMBER;
}

/* ---- parsing ---- */

/* A whole text: the `using` line, and what follows it. */
typedef struct segi_syn_root {
    segi_syn *root;
    bool zone_given, week_given;
    segi_syn_zone zone;
    int32_t week_start;
    const segi_syn_alias *aliases; /* of all sequences of the text */
} segi_syn_root;

/* *nodes counts up across texts; more than SEG_TEXT_NODES_MAX is SEG_E_LIMIT. err has the span.
 * findings NULL: the first failure ends it. Else each condition that fails is noted there and
 * stands as everyone, as long as the text goes on; err is then of our own size. */
seg_status segi_parse(segi_arena *arena, const char *text, size_t size, segi_goal goal,
                      uint32_t *nodes, segi_findings *findings, segi_syn_root *out, seg_error *err);
/* A text that the printer made: it may be longer than what was written, so no limit of size,
 * depth or nodes holds. Fails for memory only. */
seg_status segi_parse_canonical(segi_arena *arena, const char *text, size_t size,
                                segi_syn_root *out);

/* ---- parser.c: shared by the files of the parser ---- */

/* The state of one parse, on the stack of segi_parse(). One token is current; whatever looks
 * further copies the lexer. */
typedef struct segi_parser {
    segi_lexer lexer;
    segi_token token;  /* the current one */
    uint32_t prev_end; /* where the token before it ends */
    segi_arena *arena;
    seg_error *err;
    seg_status status;
    uint32_t depth;
    uint32_t *nodes;
    segi_findings *findings; /* NULL: the first failure ends it */
    segi_syn_alias *aliases;
    bool in_session; /* inside the where of a session */
    bool canonical;  /* printed by ourselves: no limits */
} segi_parser;

/* A place to come back to. */
typedef struct segi_parser_mark {
    uint32_t at, prev_end;
    segi_token token;
} segi_parser_mark;

/* All of these return false or NULL after a failure, whose details are in parser->err.
 * Two habits run through all files: `..._starts` looks without taking anything, and a function
 * whose name does not end so may be called only where its construct begins. */
void segi_parser_next(segi_parser *p);
segi_parser_mark segi_parser_save(const segi_parser *p);
void segi_parser_restore(segi_parser *p, segi_parser_mark mark);
bool segi_parser_is(const segi_parser *p, const char *word);   /* the current token is this word */
bool segi_parser_then(const segi_parser *p, const char *word); /* and the next one this */
/* The n-th token after the current one. It is lexed again when it is reached, which is cheap: n is
 * small, and tokens hold no memory. */
segi_token segi_parser_peek(const segi_parser *p, uint32_t n);
/* A word of the language, in upper or lower case. */
bool segi_token_is(const segi_parser *p, segi_token token, const char *word);
bool segi_parser_take(segi_parser *p, const char *word);
bool segi_parser_take2(segi_parser *p, const char *first, const char *second);
bool segi_parser_take_kind(segi_parser *p, segi_token_kind kind);
bool segi_parser_expect(segi_parser *p, segi_token_kind kind, const char *what);
/* The closing bracket; without it the message names `what`, or at the end of the text points
 * back at the opening one. */
bool segi_parser_close_bracket(segi_parser *p, segi_token open, const char *what);
bool segi_parser_enter(segi_parser *p, segi_token at);
void segi_parser_leave(segi_parser *p);
/* Fails at a token, with a message in printf form; the hint may be NULL. The first failure
 * stays. */
#define segi_parser_fail(p, at, hint, ...)                                                         \
    segi_parser_failed(                                                                            \
        (p), (at), (hint),                                                                         \
        segi_parser_may_fail((p), (at)) ? segi_fail((p)->err, SEG_E_SYNTAX, __VA_ARGS__) : SEG_OK)
bool segi_parser_may_fail(segi_parser *p, segi_token at);
void *segi_parser_failed(segi_parser *p, segi_token at, const char *hint, seg_status status);
void *segi_parser_nomem(segi_parser *p);
/* "expected ..." with the current token named. */
void *segi_parser_expected(segi_parser *p, const char *what, const char *hint);
segi_syn *segi_parser_node(segi_parser *p, segi_syn_kind kind, uint32_t begin);
void segi_syn_add(segi_syn *parent, segi_syn *kid);
void segi_parser_close(segi_parser *p, segi_syn *syn); /* sets the size: up to the last token */
void *segi_parser_alloc(segi_parser *p, size_t size);
#define SEGI_TOKEN_TEXT(p, t) (int)(t).size, (p)->lexer.text + (t).begin
/* Its beginning, for hints that go on behind it. */
#define SEGI_TOKEN_HEAD(p, t) (int)((t).size > 80 ? 80 : (t).size), (p)->lexer.text + (t).begin

/* parse_value.c */
segi_syn *segi_parse_value(segi_parser *p);
/* What follows an operand in parentheses that turned out to be a value. */
segi_syn *segi_parse_value_rest(segi_parser *p, segi_syn *left);
segi_syn *segi_parse_literal(segi_parser *p);
segi_syn *segi_parse_param(segi_parser *p);
/* digits[.digits][e..] as an int64 or decimal; false where it does not fit exactly. */
bool segi_number_exact(const char *text, size_t size, bool negative, segi_literal *out);
bool segi_parse_number(segi_parser *p, segi_syn_number *out, const char *what);
bool segi_parse_signed_float(segi_parser *p, double *out, const char *what);
bool segi_token_unit(const segi_parser *p, segi_token token, segi_unit *out);
/* `begin` is where the phrase starts that needs the unit, for the hint. */
bool segi_parse_unit(segi_parser *p, uint32_t begin, segi_unit *out);
/* N unit */
bool segi_parse_duration(segi_parser *p, uint32_t begin, segi_syn_duration *out);

/* parse_window.c */
bool segi_parse_window_starts(const segi_parser *p);
segi_syn_window *segi_parse_window(segi_parser *p);
bool segi_parse_moment(segi_parser *p, segi_syn_moment *out);
bool segi_parse_zone(segi_parser *p, segi_syn_zone *out);

/* parse_meant.c: for a text that is wrong already. Each fails with what was meant and returns true,
 * or knows nothing and returns false. */
bool segi_parse_meant(segi_parser *p);       /* at a word that cannot stand here */
bool segi_parse_meant_often(segi_parser *p); /* behind an event: > 3 times */
bool segi_parse_meant_span(segi_parser *p);  /* at first or last of a condition: last 30 days */
/* At "more than 30 days ago" (`older`) or "less than 30 days ago": always fails. */
void *segi_parse_meant_ago(segi_parser *p, segi_token phrase, int64_t count, segi_unit unit,
                           bool older);
/* Something is left over behind the whole: always fails. */
void segi_parse_trailing(segi_parser *p);

/* parse_event.c */
segi_syn_selector *segi_parse_selector(segi_parser *p);
segi_syn *segi_parse_did(segi_parser *p);
segi_syn *segi_parse_edge(segi_parser *p);
bool segi_parse_aggregate_starts(const segi_parser *p);
segi_syn *segi_parse_aggregate(segi_parser *p);
bool segi_parse_edge_starts(const segi_parser *p);

/* parse_score.c */
bool segi_parse_score_starts(const segi_parser *p);
segi_syn *segi_parse_score(segi_parser *p);
bool segi_parse_split_starts(const segi_parser *p);
segi_syn *segi_parse_split(segi_parser *p);
/* "label": condition; ... otherwise "label", with `between` for the semicolons. */
segi_syn *segi_parse_class(segi_parser *p, segi_token_kind between);
/* The text of a class: that, or an rfm. */
segi_syn *segi_parse_definition(segi_parser *p);
/* A percentage such as 12.5%, in 10^-8 of the whole, from 0 to 100 %. */
bool segi_parse_percent(segi_parser *p, int64_t *out);
/* at least N, between N and M, ... */
bool segi_parse_bound_limit(segi_parser *p, segi_syn_bound *bound, const char *what);

/* parse_rfm.c */
bool segi_parse_rfm_starts(const segi_parser *p);
segi_syn *segi_parse_rfm(segi_parser *p);

/* parse_shape.c: shapes over time. */
/* ( unit {, option} ) of a streak */
bool segi_parse_streak_head(segi_parser *p, segi_syn_behaviour *behaviour);
bool segi_parse_session_starts(const segi_parser *p);
bool segi_parse_session(segi_parser *p, segi_syn_selector *selector);
/* in at least K of last N complete weeks */
bool segi_parse_regular_starts(const segi_parser *p);
bool segi_parse_regular(segi_parser *p, segi_syn_behaviour *behaviour);
bool segi_parse_lifecycle_starts(const segi_parser *p);
segi_syn *segi_parse_lifecycle(segi_parser *p);

/* at least N times, ... */
bool segi_parse_bound_starts(segi_parser *p);
segi_syn_bound *segi_parse_bound(segi_parser *p);

/* parse_sequence.c */
bool segi_parse_sequence_starts(const segi_parser *p);
segi_syn *segi_parse_sequence(segi_parser *p);
bool segi_parse_figure_starts(const segi_parser *p);
segi_syn *segi_parse_figure(segi_parser *p);

/* parse_history.c: what an attribute was. */
/* as of ..., behind a name; else the name as it is. */
segi_syn *segi_parse_as_of(segi_parser *p, segi_syn *name);
segi_syn *segi_parse_held(segi_parser *p, segi_syn *value);
segi_syn *segi_parse_changed(segi_parser *p, segi_syn *value);

/* parse_test.c: what follows a value. */
segi_syn *segi_parse_test(segi_parser *p, segi_syn *value);

/* recover.c: after a failure in the condition that began at `start` goes on behind it, with a node
 * for everyone in its place. NULL where the failure is the end. */
segi_syn *segi_parser_recover(segi_parser *p, segi_token start);

/* parse_predicate.c */
bool segi_parse_later(segi_parser *p); /* true: failed, this is not in the language yet */
segi_syn *segi_parse_expr(segi_parser *p);
/* "(" expr ")" after a word that asks for it. */
segi_syn *segi_parse_bracketed(segi_parser *p, const char *after);

#endif
