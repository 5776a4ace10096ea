/* Door of the room `ingest`: what callers hand in becomes a checked batch.
 *
 * segi_batch_check() looks at every row and column of a public seg_batch and says which rows are
 * acceptable; it changes nothing. segi_rows gathers single rows into seg_batch form.
 *
 * The way of a batch: seg_store_commit() or an appender hands it in, segi_batch_check() vouches
 * for it, and the store applies it without looking at its form again. Whoever adds a way in (a
 * file format, a stream) makes a seg_batch of it and takes the same door. */
#ifndef SEGI_INGEST_H
#define SEGI_INGEST_H

#include <seg/ingest.h>

#include "base/arena.h"
#include "schema/schema.h"

/* What only batches of our own making may say: a state for values that could not be brought into
 * the form of a column. Their row is a wrong one (SEG_ROW_BAD_VALUE). */
#define SEGI_BATCH_BAD_STATES 0x80000000u /* flag of the batch: it may have such states */
#define SEGI_VALUE_BAD 3u

/* A batch that is safe to read: offsets rise and stay in bounds, codes are in range, strings
 * are UTF-8 within the size limit, numbers are finite, names are good.
 * Rows that are not good are still there: whoever applies the batch skips them by `results`. */
typedef struct segi_checked_batch {
    seg_batch batch;      /* the caller's, copied; arrays still borrowed. Batches of attributes have
                        their times in `since`, so that those with times are batches of events. */
    const int64_t *since; /* attributes: from when on the values hold; NULL: not said */
    seg_column event_types; /* in a dictionary of those alone that its rows use */
    seg_column event_ids;
    seg_column *columns;   /* in the arena; [batch.column_count] */
    uint64_t first_row;    /* number of its first row over all batches of the commit */
    uint8_t *results;      /* SEG_ROW_* per row, in the arena; NULL: every row is good */
    uint64_t rejected;     /* rows whose result is not SEG_ROW_OK */
    uint64_t rejected_row; /* the first such row, over all batches; UINT64_MAX */
} segi_checked_batch;

/* With quarantine false, the first bad row fails the call (SEG_E_DATA, row and column named).
 * A malformed batch (missing arrays, offsets that fall, two columns of one name, ...) fails in
 * either mode with SEG_E_ARG or SEG_E_DATA.
 * `out` borrows from the caller's batch and from the arena; it ends with the first of them to go.
 * Any thread, as long as the schema does not change meanwhile: the store's mutex sees to it. */
seg_status segi_batch_check(const segi_schema *schema, const seg_batch *batch, uint64_t first_row,
                            bool quarantine, segi_arena *arena, segi_checked_batch *out,
                            seg_error *err);

/* ---- row appender ---------------------------------------------------------------------------- */

/* Rows that are added one by one, value by value. One thread. A function that fails drops the row
 * under way and keeps those before it; the next row begins as if it had never been there. */
typedef struct segi_rows segi_rows;

seg_status segi_rows_create(const segi_mem *mem, uint32_t id_kind, segi_rows **out, seg_error *err);
void segi_rows_destroy(segi_rows *rows);
/* A column as the row under way gives it. */
typedef struct segi_rows_column {
    const char *event; /* NULL: an attribute */
    size_t event_size;
    const char *name;
    size_t name_size;
    seg_type type;
    bool since; /* the value comes with the time from which it holds */
} segi_rows_column;
/* Asked before rows of an event type first use a column: a failure refuses the value, and with it
 * its row alone, where a commit would have to refuse all rows. */
typedef seg_status segi_rows_judge(void *user, const segi_rows_column *column, seg_error *err);
void segi_rows_judged(segi_rows *rows, segi_rows_judge *judge, void *user);
/* event NULL: a row of attributes. u64 stores pass the id's 8 bytes in native order.
 * Ends the row before it, if one is under way. */
seg_status segi_rows_begin(segi_rows *rows, const char *user, size_t user_size, const char *event,
                           size_t event_size, int64_t time, seg_error *err);
/* A row of attributes whose values hold from that instant on. */
seg_status segi_rows_begin_since(segi_rows *rows, const char *user, size_t user_size, int64_t since,
                                 seg_error *err);
/* Of the row under way, as all that follows. */
seg_status segi_rows_event_id(segi_rows *rows, const char *id, size_t id_size, seg_error *err);
/* type, scale and the value: `slot` for fixed types (see schema.h), text for strings. */
seg_status segi_rows_set(segi_rows *rows, const char *name, size_t name_size, seg_type type,
                         int32_t scale, int64_t slot, const char *text, size_t text_size,
                         seg_error *err);
/* A set of texts: attributes only. No elements at all is the empty set, which is not a null. */
seg_status segi_rows_set_list(segi_rows *rows, const char *name, size_t name_size,
                              const char *const *elements, const size_t *sizes, size_t count,
                              seg_error *err);
/* schema gives the type where no earlier row did. */
seg_status segi_rows_set_null(segi_rows *rows, const segi_schema *schema, const char *name,
                              size_t name_size, seg_error *err);
/* The row under way among them. */
uint64_t segi_rows_count(const segi_rows *rows);
/* Forgets the rows and what types they gave to names; memory of moderate size stays. */
void segi_rows_clear(segi_rows *rows);
/* The rows as batches in their order, one per run of rows of one kind (events or attributes);
 * borrowed until the rows change. */
seg_status segi_rows_batches(segi_rows *rows, const seg_batch **out_batches, size_t *out_count,
                             seg_error *err);

#endif
