/* arrow_fixture.h - tables made by hand, handed out as Arrow streams.
 *
 * Everything lies in one struct, so that a test can spoil any field of it. Releases are counted:
 * whatever the library says, it must let go of each struct exactly once. */
#ifndef SEG_TEST_ARROW_FIXTURE_H
#define SEG_TEST_ARROW_FIXTURE_H

#include <errno.h>

#include "api/api_fixture.h"

#define NODES_MAX 24

/* A column or a part of one: its schema and its array. */
typedef struct node {
    struct ArrowSchema schema;
    struct ArrowArray array;
    struct ArrowSchema *schema_children[NODES_MAX];
    struct ArrowArray *array_children[NODES_MAX];
    const void *buffers[6];
} node;

typedef struct table {
    node root;
    node nodes[NODES_MAX];
    int node_count;
    int batches; /* how often the record comes */
    int batches_done;
    int schema_code;     /* what get_schema returns */
    int next_code;       /* what get_next returns after the last batch */
    const char *error;   /* of get_last_error */
    seg_task *interrupt; /* interrupted by the first get_next */
    int streams_open, schemas_open, arrays_open;
} table;

static inline void node_release_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static inline void node_release_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static inline void node_init(node *n, const char *format, const char *name, int64_t length,
                             int64_t buffers)
{
    n->schema.format = format;
    n->schema.name = name;
    n->schema.flags = ARROW_FLAG_NULLABLE;
    n->schema.children = n->schema_children;
    n->schema.release = node_release_schema;
    n->array.length = length;
    n->array.null_count = -1;
    n->array.n_buffers = buffers;
    n->array.buffers = n->buffers;
    n->array.children = n->array_children;
    n->array.release = node_release_array;
}

static inline void table_init(table *t, int64_t rows)
{
    memset(t, 0, sizeof *t);
    node_init(&t->root, "+s", "", rows, 1);
    t->batches = 1;
}

/* A part that belongs to nobody yet; as many buffers as are given. */
static inline node *part(table *t, const char *format, const char *name, int64_t length,
                         int64_t buffers, const void *validity, const void *one, const void *two)
{
    ck_assert_int_lt(t->node_count, NODES_MAX);
    node *n = &t->nodes[t->node_count++];
    node_init(n, format, name, length, buffers);
    n->buffers[0] = validity;
    n->buffers[1] = one;
    n->buffers[2] = two;
    return n;
}

static inline void give_child(node *parent, node *child)
{
    parent->schema_children[parent->schema.n_children++] = &child->schema;
    parent->array_children[parent->array.n_children++] = &child->array;
}

static inline void give_dictionary(node *indices, node *values)
{
    indices->schema.dictionary = &values->schema;
    indices->array.dictionary = &values->array;
}

/* A column of the table with as many rows as the table. */
static inline node *column(table *t, const char *format, const char *name, int64_t buffers,
                           const void *validity, const void *one, const void *two)
{
    node *n = part(t, format, name, t->root.array.length, buffers, validity, one, two);
    give_child(&t->root, n);
    return n;
}

/* ---- the stream ------------------------------------------------------------------------------ */

static inline void table_release_schema(struct ArrowSchema *schema)
{
    ((table *)schema->private_data)->schemas_open--;
    schema->release = NULL;
}

static inline void table_release_array(struct ArrowArray *array)
{
    ((table *)array->private_data)->arrays_open--;
    array->release = NULL;
}

static inline int table_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    table *t = stream->private_data;
    if (t->schema_code != 0)
        return t->schema_code;
    *out = t->root.schema;
    out->private_data = t;
    if (out->release != NULL) {
        out->release = table_release_schema;
        t->schemas_open++;
    }
    return 0;
}

static inline int table_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    table *t = stream->private_data;
    memset(out, 0, sizeof *out);
    if (t->interrupt != NULL)
        seg_task_interrupt(t->interrupt);
    if (t->batches_done == t->batches)
        return t->next_code;
    t->batches_done++;
    *out = t->root.array;
    out->private_data = t;
    out->release = table_release_array;
    t->arrays_open++;
    return 0;
}

static inline const char *table_get_last_error(struct ArrowArrayStream *stream)
{
    return ((table *)stream->private_data)->error;
}

static inline void table_release_stream(struct ArrowArrayStream *stream)
{
    ((table *)stream->private_data)->streams_open--;
    stream->release = NULL;
}

static inline void table_open(table *t, struct ArrowArrayStream *out)
{
    t->batches_done = 0;
    t->streams_open++;
    *out = (struct ArrowArrayStream){table_get_schema, table_get_next, table_get_last_error,
                                     table_release_stream, t};
}

/* Ingest the table; whatever comes of it, everything is released. */
static inline seg_status table_ingest(seg_store *store, table *t, const seg_arrow_options *options,
                                      const seg_commit_options *commit, seg_commit_report *report,
                                      seg_error *err)
{
    struct ArrowArrayStream stream;
    table_open(t, &stream);
    seg_status status = seg_store_ingest_arrow(store, &stream, options, commit, report, err);
    ck_assert(stream.release == NULL);
    ck_assert_int_eq(t->streams_open, 0);
    ck_assert_int_eq(t->schemas_open, 0);
    ck_assert_int_eq(t->arrays_open, 0);
    return status;
}

static inline seg_arrow_options options_of(uint32_t kind)
{
    seg_arrow_options options = SEG_ARROW_OPTIONS_INIT;
    options.kind = kind;
    return options;
}

/* Users u0 .. u3 as utf8. */
static inline node *user_column(table *t)
{
    static const int32_t offsets[] = {0, 2, 4, 6, 8};
    return column(t, "u", "user_id", 3, NULL, offsets, "u0u1u2u3");
}

#endif /* SEG_TEST_ARROW_FIXTURE_H */
