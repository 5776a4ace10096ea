/* Private to the files of exec that deal with ordered steps (S-19, S-20).
 *
 * prepare_sequence.c  binds a segi_sequence to a snapshot: one source of rows per selector
 * sequence_plain.c    the figures of most sequences, from times of rows alone, many users at once
 * sequence.c          else: gathers the rows of users, puts them in order, and asks for the figure
 * sequence_chain.c    chains: the figures of one user, by dynamic programming over his rows
 * sequence_scan.c     the scans of other products' presets */
#ifndef SEGI_SEQUENCE_INT_H
#define SEGI_SEQUENCE_INT_H

#include "exec/exec_int.h"

/* What rows of a source are for. */
typedef enum segi_role {
    SEGI_ROLE_STEP,
    SEGI_ROLE_WITHOUT, /* must not lie between a step and the one before */
    SEGI_ROLE_ABSENCE, /* must not follow the last step */
    SEGI_ROLE_OTHER    /* any event: something lies between */
} segi_role;

/* Rows of one selector. */
typedef struct segi_prep_events {
    segi_role role;
    uint32_t step; /* STEP, WITHOUT */
    const segi_prep_source *source;
    bool in_order;                                /* its rows come in the order of their times */
    uint32_t held;                                /* bits of the held values that the rows have */
    const segi_prep_value *values[SEGI_HELD_MAX]; /* where the bit is set */
    /* By type of the source: its codes as those that all events of the sequence share; NULL where
     * they are shared already, or the value is no text. */
    const uint32_t *const *codes[SEGI_HELD_MAX];
} segi_prep_events;

/* Of a plain sequence: which rows of a step there are among others, so that one of the same instant
 * that is alone is the row itself. */
typedef struct segi_plain_own {
    bool step;           /* rows of the step before among those of the step */
    bool without;        /* rows of the step among those of its `without` */
    bool without_before; /* rows of the step before among those */
} segi_plain_own;

typedef struct segi_prep_sequence {
    const segi_sequence *sequence;
    bool plain;       /* sequence_plain.c has the figures, of nearly all users */
    bool own_absence; /* rows of the last step are among those of the absence */
    segi_plain_own own[SEGI_STEPS_MAX];
    int64_t enough; /* a greater figure than this need not be told from it */
    segi_figure figure;
    uint32_t events_count;
    const segi_prep_events *events;
    const segi_prep_window *each; /* NULL: the same window for all */
    int64_t now;
    /* Microseconds; INT64_MAX where nothing is said. */
    int64_t within, absence_for, tolerance;
    int64_t step_within[SEGI_STEPS_MAX];
    int64_t step_after[SEGI_STEPS_MAX]; /* INT64_MIN: nothing is said */
    uint32_t compared[SEGI_STEPS_MAX];  /* bits of the held values that rows of the step compare */
    uint32_t without[SEGI_STEPS_MAX];   /* ... that rows between compare */
    uint32_t absence;                   /* ... that rows of the absence compare */
} segi_prep_sequence;

/* A row as an event of the sequence; one row may be several. */
typedef struct segi_sequence_entry {
    uint32_t row;    /* place among the user's rows */
    uint32_t held;   /* where its held values stand in `slots`, times the number of held values */
    uint16_t events; /* index in segi_prep_sequence.events */
} segi_sequence_entry;

/* One user's rows, in order. */
typedef struct segi_sequence_rows {
    uint32_t row_count, entry_count;
    const int64_t *times;               /* by row */
    const uint32_t *steps;              /* by row: bit per step that it matches */
    const segi_sequence_entry *entries; /* by row, rising */
    const int64_t *slots;               /* held values of entries */
    const uint8_t *states;              /* SEG_VALUE_* of each */
} segi_sequence_rows;

typedef struct segi_sequence_figures {
    uint32_t depth;
    int64_t matches;
    bool converted;
    int64_t time; /* converted */
} segi_sequence_figures;

/* ---- working memory of one thread ---- */

/* A chain up to some place: its last row, its first, and which held values it carries. */
typedef struct segi_chain {
    uint32_t row, start, lane;
} segi_chain;

/* Chains in order of (row, lane), at most one for each of these pairs. */
typedef struct segi_chain_list {
    segi_chain *items;
    size_t count, capacity;
} segi_chain_list;

/* Tuples of held values, numbered; `held` says which. */
typedef struct segi_lanes {
    uint32_t held;
    uint32_t count;
    int64_t *slots; /* SEGI_HELD_MAX by lane */
    uint8_t *states;
    uint32_t *marks;  /* by lane: free for use */
    uint32_t *table;  /* lane + 1; 0: free */
    uint32_t *hashes; /* by lane */
    size_t slot_capacity, state_capacity, mark_capacity, table_capacity, table_size, hash_capacity;
} segi_lanes;

typedef struct segi_sequence_row {
    int64_t time;
    uint32_t part; /* in work->parts */
    uint32_t row;
    uint32_t held;
    uint16_t low;
    uint16_t events;
} segi_sequence_row;

/* Tables of times, one after the other; in each, rows stand user by user. */
typedef struct segi_plain_work {
    uint16_t *users; /* by low bits: the place among the users of the block */
    int64_t *times;
    uint32_t
        *starts; /* of each table: where each user's rows begin, and where the last one's end */
    size_t row_count, table_count, time_capacity, start_capacity;
    uint32_t *at;   /* rows of the span under way */
    uint16_t *lows; /* rows as they come: whose they are, by place, and their times */
    int64_t *found;
    size_t at_capacity, low_capacity, found_capacity;
} segi_plain_work;

typedef struct segi_sequence_work {
    segi_plain_work plain;
    segi_sequence_row *rows, *sorted;
    size_t row_count, row_capacity, sorted_capacity;
    const segi_part **parts;
    size_t part_count, part_capacity;
    int64_t *slots;
    uint8_t *states;
    size_t held_count, slot_capacity, state_capacity;
    /* of one user */
    int64_t *times;
    uint32_t *steps;
    segi_sequence_entry *entries;
    size_t time_capacity, step_capacity, entry_capacity;
    /* of sequence_chain.c */
    segi_chain_list lists[4];
    segi_lanes lanes[4];
    segi_chain *queue;
    uint32_t *queue_at; /* three by lane: front, end of the queue, first not admitted */
    size_t queue_capacity, queue_at_capacity;
    /* of sequence_scan.c */
    uint32_t *scan;
    size_t scan_capacity;
} segi_sequence_work;

/* Figures of the users, but of those whose bits by low half it sets in `left`: they take the
 * general road. The bits of `out` start clear. Failures are in w->status. */
void segi_sequence_plain(segi_worker *w, const segi_prep_sequence *prep, segi_users users,
                         segi_vector *out, uint64_t *left);
void segi_plain_work_deinit(const segi_mem *mem, segi_plain_work *work);
/* False after a failure, which is in w->status. */
bool segi_sequence_chains(segi_worker *w, const segi_prep_sequence *prep,
                          const segi_sequence_rows *rows, segi_sequence_figures *out);
bool segi_sequence_scan(segi_worker *w, const segi_prep_sequence *prep,
                        const segi_sequence_rows *rows, segi_sequence_figures *out);
/* Room for `need` elements of a growing array. */
bool segi_sequence_grow(segi_worker *w, void **pointer, size_t *capacity, size_t need, size_t size);

#endif
