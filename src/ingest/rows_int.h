/* rows_int.h - what the files of the row appender share. rows_column.c keeps one column, rows.c
 * gathers rows into columns, rows_batch.c shows the columns as batches. */
#ifndef SEGI_ROWS_INT_H
#define SEGI_ROWS_INT_H

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

/* ---- arrays ---------------------------------------------------------------------------------- */

/* Room for so many elements more; `size` is that of one, always the same for an array. False here
 * and below: out of memory, and nothing has changed but for what is said. */
bool segi_rows_reserve(const segi_mem *mem, rows_array *array, size_t more, size_t size);
bool segi_rows_push(const segi_mem *mem, rows_array *array, const void *element, size_t size);
bool segi_rows_push_bytes(const segi_mem *mem, rows_array *array, const char *bytes, size_t size);
/* Push the end of what was pushed so far; the first call also pushes the beginning, 0. */
bool segi_rows_push_end(const segi_mem *mem, rows_array *offsets, uint64_t end);
/* Forget the content, also what lies behind the count. Overwritten and not only counted down, see
 * segi_rows_clear(); a large array gives its memory back. */
void segi_rows_wipe(const segi_mem *mem, rows_array *array, size_t size);

/* ---- columns --------------------------------------------------------------------------------- */

void segi_rows_column_deinit(const segi_mem *mem, rows_column *column);
void segi_rows_column_wipe(const segi_mem *mem, rows_column *column);
/* Forget the rows from `count` on. */
void segi_rows_column_cut(rows_column *column, size_t count);
/* Absent values up to row `count`. */
bool segi_rows_column_pad(const segi_mem *mem, rows_column *column, size_t count);
/* Make the column end before the row: the last value of a name counts, so one that an earlier call
 * gave to the row goes. Then its value is pushed and finished. */
bool segi_rows_column_ready(const segi_mem *mem, rows_column *column, size_t row);
/* Bytes and their end; also one element of a set, whose end follows behind the last one. */
bool segi_rows_column_text(const segi_mem *mem, rows_column *column, const char *text, size_t size);
bool segi_rows_column_set_end(const segi_mem *mem, rows_column *column);
/* From the slot back to the public form, which is what batches hold. */
bool segi_rows_column_fixed(const segi_mem *mem, rows_column *column, int64_t slot);
/* The last step of a value: with its state the row has it. `good` false passes a lack of memory
 * on; then what was pushed of the value is cut off again. */
bool segi_rows_column_finish(const segi_mem *mem, rows_column *column, uint8_t state, bool good);
/* The next row at once, with a value of zero bytes or an empty string. */
bool segi_rows_column_empty(const segi_mem *mem, rows_column *column, uint8_t state);
/* Rows [begin, ...) of a padded column. Borrowed: no value is copied. */
seg_column segi_rows_column_view(const rows_column *column, size_t begin);

#endif
