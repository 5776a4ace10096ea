/* batch.h - rows gathered into the columns of a seg_batch. */
#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include <seg/ingest.h>

#include "values.h"

#define BATCH_ROWS_MAX 65536u

typedef struct batch_column {
    char *name; /* owned */
    value_type type;
    uint64_t rows;      /* rows filled; fewer than the batch's: the rest is absent */
    bool states_needed; /* some row is not set */
    uint8_t *states;
    size_t states_capacity;
    char *values;           /* fixed-width values */
    size_t values_capacity; /* in elements */
    text_buf bytes;         /* strings, and elements of sets */
    uint64_t *offsets;
    size_t offset_count, offsets_capacity;
    uint64_t *lists; /* sets */
    size_t lists_capacity;
} batch_column;

typedef struct batch_builder {
    bool events; /* else attributes */
    bool since;  /* attributes with the time from which they hold */
    bool u64;    /* kind of the user ids */
    char *event; /* owned: the one event type, or NULL: a dictionary */
    uint64_t rows;
    uint64_t *lines; /* where each row stands in the file */
    size_t lines_capacity;
    uint64_t *users;
    size_t users_capacity;
    text_buf user_bytes;
    uint64_t *user_offsets;
    size_t user_offsets_capacity;
    int64_t *times;
    size_t times_capacity;
    text_buf names; /* dictionary of event types */
    uint64_t *name_offsets;
    size_t name_count, name_offsets_capacity;
    uint32_t *codes;
    size_t codes_capacity;
    bool with_ids; /* some row has an event id */
    batch_column ids;
    batch_column *columns;
    size_t column_count, columns_capacity;
    /* What batch_view() hands out. */
    seg_column *views; /* the columns, then the event types, then the event ids */
    size_t views_capacity;
} batch_builder;

/* Who, when and what of a row. */
typedef struct batch_key {
    uint64_t line;
    text_view user;
    uint64_t user_u64;
    int64_t time;
    text_view event;
    text_view id; /* size 0: none */
} batch_key;

void batch_init(batch_builder *batch, bool events, bool u64, const char *event);
void batch_deinit(batch_builder *batch);
/* Without rows; columns and dictionaries stay. */
void batch_reset(batch_builder *batch);
/* A new column, and its index. */
size_t batch_add_column(batch_builder *batch, const char *name, value_type type);
/* Begin a row, then give it values, at most one per column. */
void batch_row(batch_builder *batch, const batch_key *key);
void batch_value(batch_builder *batch, size_t column, const cli_value *value);
/* The rows as the library takes them; borrowed until the builder changes. */
void batch_view(batch_builder *batch, seg_batch *out);

#endif /* CLI_BATCH_H */
