/* api_class.c - classes: the labels of all customers in one pass.
 *
 * A class runs as one program with a root per label. exec is told that the first label wins
 * (first_wins), so conditions are written as they stand in the definition and nobody is in two
 * sets. */
#include "api/api_int.h"

/* ---- making ------------------------------------------------------------------------------ */

/* Labels and conditions, in their order. */
static const segi_parts *class_parts(const seg_class *handle)
{
    return handle->predicate->root->parts;
}

/* One root per label; the last one takes whoever is left. */
static seg_status class_program(seg_store *store, const segi_parts *parts, segi_program **out,
                                seg_error *err)
{
    static const segi_node everyone = {.kind = SEGI_NODE_EVERYONE};
    uint32_t count = parts->label_count;
    const segi_node **trees = segi_alloc_array(&store->mem, count, sizeof *trees);
    if (trees == NULL)
        return segi_fail_nomem(err);
    for (uint32_t i = 0; i + 1 < count; i++)
        trees[i] = parts->conditions[i];
    trees[count - 1] = &everyone;
    seg_status status = segi_program_build(&store->mem, trees, count, out, err);
    segi_free(&store->mem, trees);
    return status;
}

/* Takes the predicate, also on failure. */
static seg_status class_wrap(seg_store *store, segi_predicate *predicate, seg_class **out,
                             seg_error *err)
{
    seg_class *handle = segi_alloc_zero(&store->mem, sizeof *handle);
    seg_status status = handle == NULL
                            ? segi_fail_nomem(err)
                            : class_program(store, predicate->root->parts, &handle->program, err);
    if (status != SEG_OK) {
        segi_predicate_destroy(predicate);
        segi_free(&store->mem, handle);
        return status;
    }
    segi_api_refs_init(&handle->refs);
    segi_api_store_retain(store);
    handle->store = store;
    handle->predicate = predicate;
    *out = handle;
    return SEG_OK;
}

seg_status segi_api_class_create(seg_store *store, segi_source source, seg_class **out,
                                 seg_error *err)
{
    segi_predicate *predicate = NULL;
    source.goal = SEGI_GOAL_CLASS;
    SEGI_TRY(segi_api_compile(store, &source, &predicate, err));
    return class_wrap(store, predicate, out, err);
}

seg_status seg_class_compile(seg_store *store, const char *text, size_t text_size, uint32_t flags,
                             seg_class **out_class, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_class != NULL, err, "out_class is NULL");
    *out_class = NULL;
    SEGI_TRY(segi_api_check_compile(store, &text, text_size, flags, err));
    const segi_source source = {.text = text, .text_size = text_size, .flags = flags};
    return segi_api_class_create(store, source, out_class, err);
}

/* Compiled from its text: what is saved are definitions, never programs. */
seg_status seg_class_load(seg_store *store, const char *name, size_t name_size,
                          seg_class **out_class, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_class != NULL, err, "out_class is NULL");
    *out_class = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL || name_size == 0, err, "name is NULL");
    segi_buf text;
    segi_buf_init(&text, &store->mem);
    seg_status status =
        segi_catalog_text(store->catalog, SEGI_DEFINE_CLASS, name, name_size, &text, err);
    if (status == SEG_OK)
        status = segi_api_class_create(
            store, (segi_source){.text = text.data, .text_size = text.size}, out_class, err);
    segi_buf_deinit(&text);
    return status;
}

void seg_class_retain(seg_class *handle)
{
    if (handle != NULL)
        segi_api_refs_add(&handle->refs);
}

void seg_class_release(seg_class *handle)
{
    if (handle == NULL || !segi_api_refs_drop(&handle->refs))
        return;
    seg_store *store = handle->store;
    segi_program_destroy(handle->program);
    segi_predicate_destroy(handle->predicate);
    segi_free(&store->mem, handle);
    segi_api_store_release(store);
}

/* ---- asking ------------------------------------------------------------------------------ */

uint64_t seg_class_label_count(const seg_class *handle)
{
    return handle == NULL ? 0 : class_parts(handle)->label_count;
}

seg_status seg_class_label(const seg_class *handle, uint64_t index, const char **out_label,
                           uint64_t *out_label_size, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_label != NULL && out_label_size != NULL, err, "out_label is NULL");
    *out_label = NULL;
    *out_label_size = 0;
    SEGI_CHECK_ARG(handle != NULL, err, "class is NULL");
    SEGI_CHECK_ARG(index < class_parts(handle)->label_count, err,
                   "there is no label of that index");
    *out_label = class_parts(handle)->labels[index].text;
    *out_label_size = class_parts(handle)->labels[index].size;
    return SEG_OK;
}

seg_status seg_class_text(const seg_class *handle, seg_buffer **out_text, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_text != NULL, err, "out_text is NULL");
    *out_text = NULL;
    SEGI_CHECK_ARG(handle != NULL, err, "class is NULL");
    segi_buf buf;
    segi_buf_init(&buf, &handle->store->mem);
    segi_predicate_print(handle->predicate, false, &buf);
    seg_status status = segi_buffer_take(&buf, out_text, err);
    segi_buf_deinit(&buf);
    return status;
}

/* All sets or none. */
seg_status seg_class_evaluate(const seg_class *handle, seg_snapshot *snapshot, int64_t now,
                              const seg_eval_options *options, seg_set **out_sets, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_sets != NULL, err, "out_sets is NULL");
    SEGI_CHECK_ARG(handle != NULL, err, "class is NULL");
    uint32_t count = class_parts(handle)->label_count;
    for (uint32_t i = 0; i < count; i++)
        out_sets[i] = NULL;
    segi_request request;
    SEGI_TRY(segi_api_request(snapshot, now, options, &request, err));
    SEGI_CHECK_ARG(snapshot->store == handle->store, err,
                   "the class and the snapshot are of different stores");
    request.program = handle->program;
    request.first_wins = true;
    segi_bitmap *bitmaps[SEG_CLASS_LABELS_MAX];
    SEGI_TRY(segi_exec_sets(&request, bitmaps, err));
    return segi_api_sets_create(snapshot, now, bitmaps, count, out_sets, err);
}
