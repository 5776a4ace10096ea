/* ingest/rows_int.h - what rows.c gathers and rows_batches.c hands out. For these two alone. */
#ifndef SEGI_INGEST_ROWS_INT_H
#define SEGI_INGEST_ROWS_INT_H

#include "ingest/ingest.h"

#define ROWS_OF_EVENTS 0
#define ROWS_OF_USERS 1
#define ROWS_SINCE 2 /* of users, with the instant from which they hold */
#define ROWS_KINDS 3

/* A growing array of elements of one size. */
typedef struct rows_array {
    void *data; /* owned */
    size_t count, capacity;
} rows_array;

/* All rows of one kind in one column; rows from `filled` on are absent. */
typedef struct rows_column {
    char *name; /* owned */
    size_t name_size;
    uint32_t hash;
    seg_type type;
    int32_t scale;
    size_t namesake;    /* place of the first column of this name */
    bool shared;        /* there are others of this name */
    size_t active;      /* of the first one: which of them the batch under way uses */
    rows_array events;  /* uint8_t by event type's code: a row of it has used the column */
    size_t fresh;       /* number of the row that was the first of its type to use it; 0: none */
    size_t filled;      /* rows that have a state */
    rows_array states;  /* uint8_t */
    rows_array values;  /* of the type's public form; strings: bytes */
    rows_array offsets; /* uint64_t, strings and sets: elements + 1 */
    rows_array lists;   /* uint64_t, sets: rows + 1 */
} rows_column;

/* Rows of events, or rows of attributes. Every array has an element per row, but for what is
 * said. */
typedef struct rows_kind {
    size_t count;
    rows_array user_ids; /* uint64_t */
    rows_array user_bytes;
    rows_array user_offsets; /* uint64_t, rows + 1 */
    rows_array times;        /* int64_t; not of ROWS_OF_USERS */
    rows_array codes;        /* uint32_t, the event type */
    rows_column event_ids;
    rows_array columns; /* rows_column */
} rows_kind;

/* Neighbouring rows of one kind; the runs in their order are the rows in theirs. */
typedef struct rows_run {
    uint32_t kind;
    size_t begin, count; /* rows of the kind */
} rows_run;

struct segi_rows {
    const segi_mem *mem;
    uint32_t id_kind;
    bool open; /* a row is under way: the last of the last run */
    rows_kind kinds[ROWS_KINDS];
    rows_column event_names; /* dictionary of event types */
    rows_array runs;         /* rows_run */
    rows_array batches;      /* seg_batch, as handed out */
    rows_array views;        /* seg_column, as handed out */
    segi_rows_judge *judge;  /* NULL: none */
    void *judge_user;
};

/* Room for so many elements more; `size` is that of one, always the same for an array. */
static inline bool rows_reserve(segi_rows *rows, rows_array *array, size_t more, size_t size)
{
    return segi_grow(rows->mem, &array->data, &array->capacity, array->count + more, size);
}

/* Bytes of a value in its public form; 0: texts, which have offsets. */
static inline size_t rows_value_size(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return 1;
    case SEG_TYPE_DATE: return sizeof(int32_t);
    case SEG_TYPE_GEO: return 2 * sizeof(double);
    case SEG_TYPE_STRING:
    case SEG_TYPE_STRING_SET: return 0;
    default: return sizeof(int64_t);
    }
}

/* Every column as long as its kind, so that views can be cut anywhere; false: no memory. */
bool segi_rows_pad(segi_rows *rows);

#endif /* SEGI_INGEST_ROWS_INT_H */
