/* jsonl.h - records of JSON Lines: one object per line.
 *
 * Nested objects are flattened: {"a":{"b":1}} has the column `a.b`. Columns are numbered in the
 * order in which they are first seen, and new ones may come with any line. Numbers stay as they
 * are written, so that decimals lose nothing. */
#ifndef CLI_JSONL_H
#define CLI_JSONL_H

#include "reader.h"
#include "row.h"

#include <yyjson.h>

#define JSONL_LINE_SIZE_MAX ((size_t)16 << 20) /* bytes of one line */
#define JSONL_DEPTH_MAX 32                     /* nested objects */
#define JSONL_COLUMNS_MAX 4096                 /* columns of one file */

typedef struct jsonl_reader {
    cli_reader *input; /* borrowed */
    uint64_t line;     /* of the next record */
    char **names;      /* owned: columns in the order of first appearance */
    size_t name_count, name_capacity;
    uint32_t *slots; /* hash table: 1 + index of a name, 0 empty */
    size_t slot_count;
    text_buf path; /* of the value under way */
    char *pool;    /* memory of the document, kept between lines */
    size_t pool_size;
    yyjson_doc *doc; /* of the row given out; lives in pool */
} jsonl_reader;

void jsonl_init(jsonl_reader *jsonl, cli_reader *input);
void jsonl_deinit(jsonl_reader *jsonl);
/* The next record, borrowed until the next call; false at the end. */
bool jsonl_next(jsonl_reader *jsonl, cli_row *row);

#endif /* CLI_JSONL_H */
