/* api_segment.c - compiled predicates: making them, and what they say about themselves.
 *
 * A segment is a predicate and, where no parameter is open, the program that it runs as.
 * Immutable once made; any thread. */
#include <string.h>

#include "api/api_int.h"

/* ---- making ------------------------------------------------------------------------------ */

/* Takes the predicate, also on failure. */
static seg_status segment_wrap(seg_store *store, uint32_t flags, segi_predicate *predicate,
                               seg_segment **out, seg_error *err)
{
    seg_segment *segment = segi_alloc_zero(&store->mem, sizeof *segment);
    if (segment == NULL) {
        segi_predicate_destroy(predicate);
        return segi_fail_nomem(err);
    }
    seg_status status = SEG_OK;
    if (predicate->param_count == 0) {
        const segi_node *root = predicate->root;
        status = segi_program_build(&store->mem, &root, 1, &segment->program, err);
    }
    if (status != SEG_OK) {
        segi_predicate_destroy(predicate);
        segi_free(&store->mem, segment);
        return status;
    }
    segi_api_refs_init(&segment->refs);
    segi_api_store_retain(store);
    segment->store = store;
    segment->flags = flags;
    segment->predicate = predicate;
    *out = segment;
    return SEG_OK;
}

seg_status segi_api_check_compile(const seg_store *store, const char **text, size_t text_size,
                                  uint32_t flags, seg_error *err)
{
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_TRY(segi_api_check_text(text, text_size, err));
    SEGI_CHECK_ARG((flags & ~SEG_COMPILE_OPEN) == 0, err, "unknown flags of a compile");
    return SEG_OK;
}

/* The catalogue lends the saved definitions that the text refers to. */
seg_status segi_api_compile(seg_store *store, segi_source *source, segi_predicate **out,
                            seg_error *err)
{
    source->schema = segi_store_schema(store->store);
    seg_status status = segi_catalog_compile(store->catalog, source, out, err);
    segi_schema_release(source->schema);
    return status;
}

seg_status segi_api_segment_create(seg_store *store, segi_source source, seg_segment **out,
                                   seg_error *err)
{
    segi_predicate *predicate = NULL;
    SEGI_TRY(segi_api_compile(store, &source, &predicate, err));
    return segment_wrap(store, source.flags, predicate, out, err);
}

seg_status seg_segment_compile(seg_store *store, const char *text, size_t text_size, uint32_t flags,
                               seg_segment **out_segment, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_segment != NULL, err, "out_segment is NULL");
    *out_segment = NULL;
    SEGI_TRY(segi_api_check_compile(store, &text, text_size, flags, err));
    const segi_source source = {.text = text, .text_size = text_size, .flags = flags};
    return segi_api_segment_create(store, source, out_segment, err);
}

/* What the compile says about the text of a document, said about the document. */
static seg_status compile_json(seg_store *store, segi_json *json, uint32_t flags,
                               seg_segment **out_segment, seg_error *err)
{
    seg_error inner = SEG_ERROR_INIT;
    segi_source source = {.flags = flags};
    source.text = segi_json_text(json, &source.text_size);
    seg_status status = segi_api_segment_create(store, source, out_segment, &inner);
    if (status != SEG_OK) {
        segi_json_place_error(json, &inner);
        segi_error_copy(err, &inner);
        return status;
    }
    segi_predicate *predicate = (*out_segment)->predicate;
    for (uint32_t i = 0; i < predicate->warning_count; i++)
        segi_json_place_error(json, &predicate->warnings[i]);
    return SEG_OK;
}

seg_status seg_segment_compile_json(seg_store *store, const char *json, size_t json_size,
                                    uint32_t flags, seg_segment **out_segment, seg_error *err)
{
    segi_json *document = NULL;
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_segment != NULL, err, "out_segment is NULL");
    *out_segment = NULL;
    SEGI_TRY(segi_api_check_compile(store, &json, json_size, flags, err));
    SEGI_TRY(segi_json_open(&store->mem, json, json_size, &document, err));
    seg_status status = compile_json(store, document, flags, out_segment, err);
    segi_json_close(document);
    return status;
}

/* Compiled from its text, with the schema of now. */
seg_status seg_segment_load(seg_store *store, const char *name, size_t name_size,
                            seg_segment **out_segment, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_segment != NULL, err, "out_segment is NULL");
    *out_segment = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL || name_size == 0, err, "name is NULL");
    segi_buf text;
    segi_buf_init(&text, &store->mem);
    seg_status status =
        segi_catalog_text(store->catalog, SEGI_DEFINE_SEGMENT, name, name_size, &text, err);
    if (status == SEG_OK)
        status = segi_api_segment_create(
            store, (segi_source){.text = text.data, .text_size = text.size}, out_segment, err);
    segi_buf_deinit(&text);
    return status;
}

void seg_segment_retain(seg_segment *segment)
{
    if (segment != NULL)
        segi_api_refs_add(&segment->refs);
}

void seg_segment_release(seg_segment *segment)
{
    if (segment == NULL || !segi_api_refs_drop(&segment->refs))
        return;
    seg_store *store = segment->store;
    segi_program_destroy(segment->program);
    segi_predicate_destroy(segment->predicate);
    segi_free(&store->mem, segment);
    segi_api_store_release(store);
}

/* ---- asking ------------------------------------------------------------------------------ */

seg_status seg_segment_text(const seg_segment *segment, seg_buffer **out_text, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_text != NULL, err, "out_text is NULL");
    *out_text = NULL;
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    segi_buf buf;
    segi_buf_init(&buf, &segment->store->mem);
    segi_predicate_print(segment->predicate, false, &buf);
    seg_status status = segi_buffer_take(&buf, out_text, err);
    segi_buf_deinit(&buf);
    return status;
}

seg_status seg_segment_to_json(const seg_segment *segment, uint32_t flags, seg_buffer **out_json,
                               seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_json != NULL, err, "out_json is NULL");
    *out_json = NULL;
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    SEGI_CHECK_ARG((flags & ~SEG_JSON_SORTED) == 0, err, "unknown flags of a JSON form");
    segi_buf buf;
    segi_buf_init(&buf, &segment->store->mem);
    segi_predicate_json(segment->predicate, (flags & SEG_JSON_SORTED) != 0, &buf);
    seg_status status = segi_buffer_take(&buf, out_json, err);
    segi_buf_deinit(&buf);
    return status;
}

/* Zeros for none: it is 128 bits of a hash, so nobody has them by chance. */
void seg_segment_fingerprint(const seg_segment *segment, uint64_t out_hash[2])
{
    if (out_hash == NULL)
        return;
    out_hash[0] = segment != NULL ? segment->predicate->fingerprint[0] : 0;
    out_hash[1] = segment != NULL ? segment->predicate->fingerprint[1] : 0;
}

uint64_t seg_segment_warning_count(const seg_segment *segment)
{
    return segment == NULL ? 0 : segment->predicate->warning_count;
}

/* The one function that fills a seg_error as its result, and therefore reports no details. */
seg_status seg_segment_warning(const seg_segment *segment, uint64_t index, seg_error *out_warning)
{
    if (out_warning == NULL)
        return SEG_E_ARG;
    if (segment == NULL || index >= segment->predicate->warning_count) {
        segi_error_clear(out_warning);
        return SEG_E_ARG;
    }
    const seg_error *warning = &segment->predicate->warnings[index];
    SEGI_TRY(segi_options_write(out_warning, warning, sizeof *warning, "seg_error", NULL));
    /* The caller's struct may end inside one of the texts. */
    size_t size = out_warning->struct_size;
    if (size > offsetof(seg_error, message) && size < sizeof *warning)
        ((char *)out_warning)[size - 1] = '\0';
    return SEG_OK;
}

uint64_t seg_segment_param_count(const seg_segment *segment)
{
    return segment == NULL ? 0 : segment->predicate->param_count;
}

seg_status seg_segment_param_at(const seg_segment *segment, uint64_t index,
                                seg_param_info *out_info, seg_error *err)
{
    segi_api_begin(err);
    seg_param_info info;
    memset(&info, 0, sizeof info);
    SEGI_TRY(segi_options_write(out_info, &info, sizeof info, "seg_param_info", err));
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    SEGI_CHECK_ARG(index < segment->predicate->param_count, err,
                   "there is no parameter of that index");
    const segi_param *param = &segment->predicate->params[index];
    /* Durations are written as text, there is no other public form of them. */
    info.type = param->type.type == SEGI_TYPE_DURATION ? SEG_TYPE_STRING : param->type.type;
    info.is_list = param->is_list ? 1 : 0;
    info.name = param->name;
    info.name_size = param->name_size;
    return segi_options_write(out_info, &info, sizeof info, "seg_param_info", err);
}
