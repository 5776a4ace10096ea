/* write.h - batches go to a file, as CSV or as JSON Lines, in the form that an import reads. */
#ifndef CLI_WRITE_H
#define CLI_WRITE_H

#include <seg/ingest.h>

#include "text.h"

#include <stdio.h>

typedef struct batch_writer {
    FILE *file; /* owned; stdout for "-" */
    bool json;
    const char *const *columns; /* CSV: names in their order; borrowed */
    size_t column_count;
    bool started; /* the header is written */
    text_buf out;
} batch_writer;

/* JSON lines where the path ends in .jsonl, else CSV with these columns. A geo point x takes two
 * fields, x_lat and x_lon. Returns 0 or errno. */
int writer_open(batch_writer *writer, const char *path, const char *const *columns,
                size_t column_count);
void writer_batch(batch_writer *writer, const seg_batch *batch);
/* False where something could not be written. */
bool writer_close(batch_writer *writer);

#endif /* CLI_WRITE_H */
