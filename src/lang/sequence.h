/* sequence.h - ordered steps (S-19, S-20): what `sequence` and `funnel` say. Part of the door
 * lang.h, which includes it.
 *
 * A chain is one row per step, in order. Whether a customer has one, how many of them, how deep a
 * funnel goes and how long it took are figures of the same description, so that all data of it
 * stands in one struct. src/exec/sequence.c says exactly what a chain is. */
#ifndef SEGI_SEQUENCE_H
#define SEGI_SEQUENCE_H

/* Steps of one sequence, and steps with their repeats: `at least 3 times` counts three. */
#define SEGI_STEPS_MAX 32
#define SEGI_PLACES_MAX 64
/* Values that steps share with earlier ones. */
#define SEGI_HELD_MAX 8

typedef enum segi_figure {
    SEGI_FIGURE_MATCHES, /* int: chains that do not overlap, the one that ends first first */
    SEGI_FIGURE_DEPTH,   /* int: the deepest step that some chain reaches, from 0 */
    SEGI_FIGURE_TIME     /* duration: of the quickest whole chain; else undefined */
} segi_figure;

typedef enum segi_entry {
    SEGI_ENTRY_ANY,   /* a chain may begin at each row of the first step */
    SEGI_ENTRY_FIRST, /* ... only at the first one in the window */
    SEGI_ENTRY_LATEST
} segi_entry;

/* What may lie between the rows of two neighbouring steps. Rows of steps that the chain has
 * reached, or is about to, are repeats. */
typedef enum segi_between {
    SEGI_BETWEEN_ANYTHING,
    SEGI_BETWEEN_NO_OTHER_STEP, /* no row of a later step alone */
    SEGI_BETWEEN_NOTHING        /* nor any row of no step */
} segi_between;

typedef enum segi_repeat {
    SEGI_REPEAT_IGNORE,
    SEGI_REPEAT_BREAK,  /* no row between is a repeat */
    SEGI_REPEAT_RESTART /* no row between is one of the first step */
} segi_repeat;

typedef enum segi_tie {
    SEGI_TIE_INGESTED, /* the total order of S-08 */
    SEGI_TIE_STRICT,   /* later in time */
    SEGI_TIE_TOLERANT  /* later in time, or earlier by at most `tolerance` */
} segi_tie;

/* Scans of ClickHouse's windowFunnel that no chain describes (sequence_scan.c). */
typedef enum segi_scan {
    SEGI_SCAN_NONE,
    SEGI_SCAN_DEDUPLICATION,
    SEGI_SCAN_ORDER,
    SEGI_SCAN_REENTRY, /* strict_order with allow_reentry */
    SEGI_SCAN_INCREASE,
    SEGI_SCAN_ONCE
} segi_scan;

/* A value that rows of a chain share. */
typedef struct segi_held {
    uint32_t step;  /* whose row binds it; the others compare */
    segi_text name; /* the property there */
    bool same;      /* said by same(name) about all events of the sequence */
    segi_value_type type;
} segi_held;

/* Rows of a step, or of what must not happen. */
typedef struct segi_step_events {
    const segi_selector *selector;
    const segi_node *held[SEGI_HELD_MAX]; /* PROPERTY of these events by index of the held value,
                                             NULL where they have nothing to do with it */
} segi_step_events;

typedef struct segi_step {
    segi_text name; /* by which later steps speak of it; text NULL: none does */
    uint32_t choice_count;
    const segi_step_events *choices; /* one of them; several hold nothing but same(...) */
    segi_bound repeat; /* rows of it; with an upper bound, all that there are up to the next step */
    bool has_within, has_after;
    segi_duration within, after;     /* from the step before: at most, at least */
    const segi_step_events *without; /* since the step before; NULL: none */
} segi_step;

typedef struct segi_sequence {
    bool funnel;
    uint32_t step_count;
    const segi_step *steps;
    const segi_step_events *absence; /* does not follow the last step for ...; NULL: none */
    segi_duration absence_for;
    bool has_within;
    segi_duration within; /* from the first step to each other one */
    uint32_t held_count;
    const segi_held *held;
    segi_entry entry;
    segi_between between;
    segi_repeat repeat;
    segi_tie tie;
    segi_duration tolerance; /* TOLERANT */
    bool row_many;           /* one row may serve several steps */
    segi_scan scan;
} segi_sequence;

#endif
