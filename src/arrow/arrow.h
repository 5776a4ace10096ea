/* Door of the room `arrow`: streams of Apache Arrow become batches, columns become streams.
 *
 * Both directions share memory where the layouts agree, so that a reader holds the arrays of the
 * producer until its batches are dropped, and an exported array holds the columns it shows. */
#ifndef SEGI_ARROW_H
#define SEGI_ARROW_H

#include <seg/arrow.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/zone.h"
#include "schema/schema.h"

/* ---- in -------------------------------------------------------------------------------------- */

/* A name that a caller gave, or NULL for the usual ones. */
typedef struct segi_arrow_name {
    const char *text;
    size_t size;
} segi_arrow_name;

/* How a stream is to be read. Everything is borrowed until the reader is destroyed. */
typedef struct segi_arrow_config {
    bool events; /* else users */
    bool skip_unsupported;
    uint8_t null_state; /* SEG_VALUE_NULL or SEG_VALUE_ABSENT */
    segi_arrow_name user, time, event_column, event, event_id;
    const segi_zone *zone;     /* of timestamps that have none */
    const segi_schema *schema; /* id kind, and the types of columns that are all null */
} segi_arrow_config;

typedef struct segi_arrow_reader segi_arrow_reader;

/* Takes the stream, also on failure: *stream is released or emptied. */
seg_status segi_arrow_reader_create(const segi_mem *mem, struct ArrowArrayStream *stream,
                                    const segi_arrow_config *config, segi_arrow_reader **out,
                                    seg_error *err);
void segi_arrow_reader_destroy(segi_arrow_reader *reader);
/* Read the next record batch and gather it as a seg_batch. *out_end: there was none left. */
seg_status segi_arrow_reader_next(segi_arrow_reader *reader, bool *out_end, seg_error *err);
/* What is gathered; borrowed until the next call on the reader. *out_rows is the sum. */
void segi_arrow_reader_batches(const segi_arrow_reader *reader, const seg_batch **out_batches,
                               size_t *out_count, uint64_t *out_rows);
/* Drop what is gathered, and let the producer's arrays go. */
void segi_arrow_reader_clear(segi_arrow_reader *reader);

/* ---- out ------------------------------------------------------------------------------------- */

/* Where the rows of a stream come from. `end` is called once, when stream, schemas and arrays are
 * all released; it ends the columns too. `mem` must live until it is called. */
typedef struct segi_arrow_source {
    void *context;
    const segi_mem *mem;
    /* Ids of the next rows, at most capacity: numbers[*count], or offsets[*count + 1] into *bytes,
     * which stay until the next call. */
    seg_status (*next_ids)(void *context, uint64_t capacity, uint64_t *numbers, uint64_t *offsets,
                           const char **bytes, uint64_t *count, seg_error *err);
    void (*end)(void *context);
    bool ids_are_numbers, ids_as_binary;
    const char *id_name; /* borrowed until `end`, as all names and columns */
    size_t id_name_size;
    uint64_t row_count;
    uint64_t batch_rows;
    const seg_column *columns; /* of row_count rows, in the form of seg_value_column_get() */
    size_t column_count;
} segi_arrow_source;

/* The source is copied. On failure `end` is not called and out->release is NULL. */
seg_status segi_arrow_stream_create(const segi_arrow_source *source, struct ArrowArrayStream *out,
                                    seg_error *err);

#endif
