/* arrow_writer.c - columns as a stream of record batches.
 *
 * Three lives: the source (shared by stream, schemas and arrays, ended with the last of them), one
 * block per schema or record batch, and the nodes in it. A consumer may move a child out and
 * release it after its parent, so every node holds a reference on its block, and every block one
 * on the source. References are counted atomically: arrays may be released by any thread. */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "arrow/arrow.h"
#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

typedef struct out_shared {
    atomic_uint_fast32_t refs;
    segi_arrow_source source;
} out_shared;

/* What get_schema or get_next made at once. */
typedef struct out_block {
    atomic_uint_fast32_t refs;
    out_shared *shared; /* retained */
    segi_arena arena;
} out_block;

/* Behind ArrowArrayStream.private_data. One thread at a time. */
typedef struct out_stream {
    out_shared *shared; /* retained */
    uint64_t row;       /* the first one not handed out */
    seg_error error;
} out_stream;

/* ---- lives ----------------------------------------------------------------------------------- */

/* True for the last one, who then sees what the others wrote. */
static bool refs_drop(atomic_uint_fast32_t *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

/* The source is copied out first: `end` may free the allocator that `shared` came from. */
static void shared_release(out_shared *shared)
{
    if (!refs_drop(&shared->refs))
        return;
    segi_arrow_source source = shared->source;
    segi_free(source.mem, shared);
    source.end(source.context);
}

/* The reference that this makes belongs to the builder and goes when the tree is built; from then
 * on the nodes keep the block. */
static out_block *block_create(out_shared *shared)
{
    out_block *block = segi_alloc_zero(shared->source.mem, sizeof *block);
    if (block == NULL)
        return NULL;
    atomic_init(&block->refs, 1);
    block->shared = shared;
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    segi_arena_init(&block->arena, shared->source.mem);
    return block;
}

static void block_release(out_block *block)
{
    if (!refs_drop(&block->refs))
        return;
    out_shared *shared = block->shared;
    segi_arena_deinit(&block->arena);
    segi_free(shared->source.mem, block);
    shared_release(shared);
}

/* As the specification wants it: children that are still there first, then the node. */
static void schema_release(struct ArrowSchema *schema)
{
    out_block *block = schema->private_data;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i]->release != NULL)
            schema->children[i]->release(schema->children[i]);
    schema->release = NULL;
    block_release(block);
}

static void array_release(struct ArrowArray *array)
{
    out_block *block = array->private_data;
    for (int64_t i = 0; i < array->n_children; i++)
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    array->release = NULL;
    block_release(block);
}

/* ---- schemas --------------------------------------------------------------------------------- */

/* Fill a node whose children are still empty; false when out of memory. */
static bool schema_fill(out_block *block, struct ArrowSchema *node, const char *format,
                        const char *name, size_t name_size, int64_t children)
{
    segi_arena *arena = &block->arena;
    memset(node, 0, sizeof *node);
    node->format = segi_arena_copy(arena, format, strlen(format));
    node->name = segi_arena_copy(arena, name, name_size);
    if (node->format == NULL || node->name == NULL)
        return false;
    if (children > 0) {
        struct ArrowSchema *nodes = segi_arena_array(arena, (size_t)children, sizeof *nodes);
        node->children = segi_arena_array(arena, (size_t)children, sizeof *node->children);
        if (nodes == NULL || node->children == NULL)
            return false;
        for (int64_t i = 0; i < children; i++)
            node->children[i] = &nodes[i];
    }
    node->n_children = children;
    node->flags = ARROW_FLAG_NULLABLE;
    node->private_data = block;
    node->release = schema_release;
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return true;
}

static bool schema_child(out_block *block, struct ArrowSchema *node, int64_t child,
                         const char *format, const char *name)
{
    return schema_fill(block, node->children[child], format, name, strlen(name), 0);
}

/* 19 digits are what 64 bits can have. */
static bool schema_decimal(out_block *block, struct ArrowSchema *node, const seg_column *column)
{
    char format[] = "d:19,00";
    format[5] = (char)('0' + column->scale / 10);
    format[6] = (char)('0' + column->scale % 10);
    /* One digit is written as one. */
    if (column->scale < 10) {
        format[5] = format[6];
        format[6] = '\0';
    }
    return schema_fill(block, node, format, column->name, (size_t)column->name_size, 0);
}

/* The formats are the ones that every Arrow reader knows: views and 64-bit decimals are younger
 * than many of them. */
static bool schema_column(out_block *block, struct ArrowSchema *node, const seg_column *column)
{
    static const char *const formats[] = {
        [SEG_TYPE_BOOL] = "b",   [SEG_TYPE_INT64] = "l",           [SEG_TYPE_FLOAT64] = "g",
        [SEG_TYPE_STRING] = "U", [SEG_TYPE_TIMESTAMP] = "tsu:UTC", [SEG_TYPE_DATE] = "tdD",
        [SEG_TYPE_GEO] = "+s",   [SEG_TYPE_STRING_SET] = "+L",     [SEG_TYPE_DECIMAL] = "",
    };
    if (column->type == SEG_TYPE_DECIMAL)
        return schema_decimal(block, node, column);
    int64_t children = column->type == SEG_TYPE_GEO ? 2 : column->type == SEG_TYPE_STRING_SET;
    if (!schema_fill(block, node, formats[column->type], column->name, (size_t)column->name_size,
                     children))
        return false;
    if (column->type == SEG_TYPE_GEO)
        return schema_child(block, node, 0, "g", "lat") && schema_child(block, node, 1, "g", "lon");
    return children == 0 || schema_child(block, node, 0, "U", "item");
}

static bool schema_build(out_block *block, struct ArrowSchema *out)
{
    const segi_arrow_source *source = &block->shared->source;
    const char *ids = source->ids_are_numbers ? "L" : source->ids_as_binary ? "z" : "u";
    if (!schema_fill(block, out, "+s", "", 0, (int64_t)source->column_count + 1) ||
        !schema_fill(block, out->children[0], ids, source->id_name, source->id_name_size, 0))
        return false;
    out->flags = 0;
    out->children[0]->flags = 0;
    for (size_t i = 0; i < source->column_count; i++)
        if (!schema_column(block, out->children[i + 1], &source->columns[i]))
            return false;
    return true;
}

/* ---- arrays ---------------------------------------------------------------------------------- */

static bool array_fill(out_block *block, struct ArrowArray *node, size_t length, int64_t buffers,
                       int64_t children)
{
    segi_arena *arena = &block->arena;
    memset(node, 0, sizeof *node);
    node->buffers = segi_arena_array(arena, (size_t)buffers, sizeof *node->buffers);
    if (node->buffers == NULL)
        return false;
    if (children > 0) {
        struct ArrowArray *nodes = segi_arena_array(arena, (size_t)children, sizeof *nodes);
        node->children = segi_arena_array(arena, (size_t)children, sizeof *node->children);
        if (nodes == NULL || node->children == NULL)
            return false;
        for (int64_t i = 0; i < children; i++)
            node->children[i] = &nodes[i];
    }
    node->length = (int64_t)length;
    node->n_buffers = buffers;
    node->n_children = children;
    node->private_data = block;
    node->release = array_release;
    atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return true;
}

/* The bits of rows [first, first + count) that have a value; none where all have. */
static bool array_validity(out_block *block, struct ArrowArray *node, const seg_column *column,
                           size_t first, size_t count)
{
    size_t nulls = 0;
    for (size_t i = 0; column->states != NULL && i < count; i++)
        nulls += column->states[first + i] != SEG_VALUE_SET;
    node->null_count = (int64_t)nulls;
    if (nulls == 0)
        return true;
    uint8_t *bits = segi_arena_alloc(&block->arena, count / 8 + 1);
    if (bits == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        bits[i / 8] |= (uint8_t)((uint32_t)(column->states[first + i] == SEG_VALUE_SET) << (i % 8));
    node->buffers[0] = bits;
    return true;
}

/* Booleans are bits in Arrow and bytes here. */
static bool array_bools(out_block *block, struct ArrowArray *node, const uint8_t *values,
                        size_t count)
{
    uint8_t *bits = segi_arena_alloc(&block->arena, count / 8 + 1);
    if (bits == NULL)
        return false;
    for (size_t i = 0; i < count; i++)
        bits[i / 8] |= (uint8_t)((uint32_t)(values[i] != 0) << (i % 8));
    node->buffers[1] = bits;
    return true;
}

/* 128 bits, little-endian words: the upper one repeats the sign. */
static bool array_decimals(out_block *block, struct ArrowArray *node, const int64_t *values,
                           size_t count)
{
    int64_t *words = segi_arena_array(&block->arena, count, 2 * sizeof *words);
    if (words == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        words[2 * i] = values[i];
        words[2 * i + 1] = values[i] < 0 ? -1 : 0;
    }
    node->buffers[1] = words;
    return true;
}

/* A struct of two arrays, because that is what data frames show as named fields. */
static bool array_places(out_block *block, struct ArrowArray *node, const double *values,
                         size_t count)
{
    for (int k = 0; k < 2; k++) {
        struct ArrowArray *child = node->children[k];
        double *part = segi_arena_array(&block->arena, count, sizeof *part);
        if (part == NULL || !array_fill(block, child, count, 2, 0))
            return false;
        for (size_t i = 0; i < count; i++)
            part[i] = values[2 * i + (size_t)k];
        child->buffers[1] = part;
    }
    return true;
}

/* Offsets of an empty column may be missing. */
static const void *offsets_at(const uint64_t *offsets, size_t first)
{
    static const uint64_t zero[1];
    return offsets != NULL ? offsets + first : zero;
}

static bool array_values(out_block *block, struct ArrowArray *node, const seg_column *column,
                         size_t first, size_t count)
{
    switch (column->type) {
    case SEG_TYPE_BOOL:
        return array_bools(block, node, (const uint8_t *)column->values + first, count);
    case SEG_TYPE_DATE: node->buffers[1] = (const int32_t *)column->values + first; return true;
    case SEG_TYPE_DECIMAL:
        return array_decimals(block, node, (const int64_t *)column->values + first, count);
    case SEG_TYPE_GEO:
        return array_places(block, node, (const double *)column->values + 2 * first, count);
    case SEG_TYPE_STRING:
        node->buffers[1] = offsets_at(column->offsets, first);
        node->buffers[2] = column->values;
        return true;
    case SEG_TYPE_STRING_SET: {
        /* All elements of the column, whatever the rows: lists point into them. */
        const uint64_t *lists = offsets_at(column->lists, first);
        struct ArrowArray *child = node->children[0];
        node->buffers[1] = lists;
        if (!array_fill(block, child, (size_t)lists[count], 3, 0))
            return false;
        child->buffers[1] = offsets_at(column->offsets, 0);
        child->buffers[2] = column->values;
        return true;
    }
    default: /* int64, float64, timestamps: eight bytes each */
        node->buffers[1] = (const int64_t *)column->values + first;
        return true;
    }
}

/* Rows [first, first + count) of a column. */
static bool array_column(out_block *block, struct ArrowArray *node, const seg_column *column,
                         size_t first, size_t count)
{
    int64_t buffers = 2, children = 0;
    if (column->type == SEG_TYPE_STRING)
        buffers = 3;
    if (column->type == SEG_TYPE_STRING_SET)
        children = 1;
    if (column->type == SEG_TYPE_GEO) {
        buffers = 1;
        children = 2;
    }
    return array_fill(block, node, count, buffers, children) &&
           array_validity(block, node, column, first, count) &&
           array_values(block, node, column, first, count);
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* Ids of bytes may be anything; as utf8 they must be what they claim to be. */
static seg_status ids_text(out_block *block, struct ArrowArray *node, const uint64_t *offsets,
                           const char *bytes, size_t count, seg_error *err)
{
    bool as_text = !block->shared->source.ids_as_binary;
    if (as_text && !segi_utf8_valid(bytes, (size_t)offsets[count])) {
        segi_fail(err, SEG_E_DATA, "an id is not UTF-8");
        segi_error_hint(err, "ask for the ids as binary (SEG_ARROW_IDS_BINARY)");
        return SEG_E_DATA;
    }
    int32_t *narrow = segi_arena_array(&block->arena, count + 1, sizeof *narrow);
    char *copy = segi_arena_copy(&block->arena, bytes, (size_t)offsets[count]);
    if (narrow == NULL || copy == NULL)
        return segi_fail_nomem(err);
    for (size_t i = 0; i <= count; i++) {
        /* Valid together and each from a character's first byte: valid one by one. */
        bool inside = i < count && offsets[i] < offsets[count] &&
                      ((unsigned char)bytes[offsets[i]] & 0xc0) == 0x80;
        if (as_text && inside)
            return segi_fail(err, SEG_E_DATA, "an id is not UTF-8");
        narrow[i] = (int32_t)offsets[i];
    }
    node->buffers[1] = narrow;
    node->buffers[2] = copy;
    return SEG_OK;
}

/* *count comes with the rows that are wanted and goes with those that there are. */
static seg_status ids_read(out_block *block, struct ArrowArray *node, size_t *count, seg_error *err)
{
    const segi_arrow_source *source = &block->shared->source;
    bool numbers = source->ids_are_numbers;
    uint64_t *ids = segi_arena_array(&block->arena, *count + 1, sizeof *ids);
    uint64_t got = 0;
    const char *bytes = NULL;
    if (ids == NULL || !array_fill(block, node, 0, numbers ? 2 : 3, 0))
        return segi_fail_nomem(err);
    SEGI_TRY(source->next_ids(source->context, *count, numbers ? ids : NULL, numbers ? NULL : ids,
                              &bytes, &got, err));
    *count = (size_t)got;
    node->length = (int64_t)got;
    if (!numbers)
        return ids_text(block, node, ids, bytes, *count, err);
    node->buffers[1] = ids;
    return SEG_OK;
}

/* ---- the callbacks --------------------------------------------------------------------------- */

/* Streams speak the errno of C. */
static int code_of(seg_status status)
{
    return status == SEG_OK ? 0 : status == SEG_E_NOMEM ? ENOMEM : EINVAL;
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    out_stream *own = stream->private_data;
    memset(out, 0, sizeof *out);
    out_block *block = block_create(own->shared);
    struct ArrowSchema root;
    memset(&root, 0, sizeof root);
    bool good = block != NULL && schema_build(block, &root);
    if (!good && root.release != NULL)
        root.release(&root);
    if (block != NULL)
        block_release(block);
    if (!good)
        return code_of(segi_fail_nomem(&own->error));
    *out = root;
    return 0;
}

/* The ids say how many rows there are; the values follow the same order. */
static seg_status batch_build(out_stream *own, out_block *block, struct ArrowArray *root)
{
    const segi_arrow_source *source = &own->shared->source;
    uint64_t left = source->row_count - own->row;
    size_t count = (size_t)(left < source->batch_rows ? left : source->batch_rows);
    if (!array_fill(block, root, 0, 1, (int64_t)source->column_count + 1))
        return segi_fail_nomem(&own->error);
    SEGI_TRY(ids_read(block, root->children[0], &count, &own->error));
    root->length = (int64_t)count;
    for (size_t i = 0; i < source->column_count; i++)
        if (!array_column(block, root->children[i + 1], &source->columns[i], (size_t)own->row,
                          count))
            return segi_fail_nomem(&own->error);
    own->row += count;
    return SEG_OK;
}

/* A failure ends the stream: ids that were read are not to be had again. */
static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    out_stream *own = stream->private_data;
    memset(out, 0, sizeof *out);
    if (own->error.code != SEG_OK)
        return code_of(own->error.code);
    if (own->row >= own->shared->source.row_count)
        return 0;
    out_block *block = block_create(own->shared);
    if (block == NULL)
        return code_of(segi_fail_nomem(&own->error));
    struct ArrowArray root;
    memset(&root, 0, sizeof root);
    seg_status status = batch_build(own, block, &root);
    if (status != SEG_OK && root.release != NULL)
        root.release(&root);
    block_release(block);
    if (status == SEG_OK)
        *out = root;
    return code_of(status);
}

static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
    const out_stream *own = stream->private_data;
    return own->error.code == SEG_OK ? NULL : own->error.message;
}

static void stream_release(struct ArrowArrayStream *stream)
{
    out_stream *own = stream->private_data;
    out_shared *shared = own->shared;
    stream->release = NULL;
    segi_free(shared->source.mem, own);
    shared_release(shared);
}

seg_status segi_arrow_stream_create(const segi_arrow_source *source, struct ArrowArrayStream *out,
                                    seg_error *err)
{
    memset(out, 0, sizeof *out);
    out_stream *own = segi_alloc_zero(source->mem, sizeof *own);
    out_shared *shared = segi_alloc_zero(source->mem, sizeof *shared);
    if (own == NULL || shared == NULL) {
        segi_free(source->mem, own);
        segi_free(source->mem, shared);
        return segi_fail_nomem(err);
    }
    atomic_init(&shared->refs, 1);
    shared->source = *source;
    own->shared = shared;
    own->error = (seg_error)SEG_ERROR_INIT;
    out->get_schema = stream_get_schema;
    out->get_next = stream_get_next;
    out->get_last_error = stream_get_last_error;
    out->release = stream_release;
    out->private_data = own;
    return SEG_OK;
}
