/* api_rfm.c - scores of classes that are an rfm: how many have each, and freezing them. */
#include <math.h>

#include "api/api_int.h"

/* NULL after a failure: the class has no scores. */
static const segi_rfm *rfm_of(const seg_class *handle, seg_error *err)
{
    const segi_rfm *rfm = handle == NULL ? NULL : handle->predicate->root->parts->rfm;
    if (handle == NULL)
        segi_fail(err, SEG_E_ARG, "class is NULL");
    else if (rfm == NULL)
        segi_fail(err, SEG_E_ARG, "the class is no rfm: it has no scores");
    return rfm;
}

static seg_status rfm_request(const seg_class *handle, seg_snapshot *snapshot, int64_t now,
                              const seg_eval_options *options, segi_request *request,
                              seg_error *err)
{
    SEGI_TRY(segi_api_request(snapshot, now, options, request, err));
    SEGI_CHECK_ARG(snapshot->store == handle->store, err,
                   "the class and the snapshot are of different stores");
    return SEG_OK;
}

/* out[scale - 1] */
static seg_status rfm_cuts(const segi_mem *mem, const segi_request *request, const segi_node *score,
                           segi_literal *out, bool *out_any, seg_error *err)
{
    segi_request own = *request;
    segi_program *program = NULL;
    SEGI_TRY(segi_program_build_value(mem, score, &program, err));
    own.program = program;
    seg_status status = segi_exec_cuts(&own, score, out, out_any, err);
    segi_program_destroy(program);
    return status;
}

/* ---- counting ---------------------------------------------------------------------------- */

uint32_t seg_class_scale(const seg_class *handle)
{
    const segi_parts *parts = handle == NULL ? NULL : handle->predicate->root->parts;
    return parts == NULL || parts->rfm == NULL ? 0 : parts->rfm->scale;
}

static double number_of(const segi_literal *literal)
{
    return literal->type.type == SEG_TYPE_FLOAT64
               ? segi_slot_float(literal->slot)
               : (double)literal->slot / pow(10, literal->type.scale);
}

seg_status seg_class_scores(const seg_class *handle, seg_snapshot *snapshot, int64_t now,
                            const seg_eval_options *options, uint32_t measure, uint64_t *out_users,
                            double *out_cuts, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_users != NULL, err, "out_users is NULL");
    SEGI_CHECK_ARG(measure < SEGI_RFM_COUNT, err, "there is no such measure");
    const segi_rfm *rfm = rfm_of(handle, err);
    if (rfm == NULL)
        return SEG_E_ARG;
    segi_request request;
    SEGI_TRY(rfm_request(handle, snapshot, now, options, &request, err));
    const segi_node *score = rfm->scores[measure];
    segi_literal points[SEGI_RFM_SCALE_MAX - 1];
    bool any = false;
    if (out_cuts != NULL)
        SEGI_TRY(rfm_cuts(&handle->store->mem, &request, score, points, &any, err));
    SEGI_TRY(segi_exec_scores(&request, score, out_users, err));
    for (uint32_t i = 0; out_cuts != NULL && i + 1 < rfm->scale; i++)
        out_cuts[i] = any ? number_of(&points[i]) : (double)NAN;
    return SEG_OK;
}

/* ---- freezing ---------------------------------------------------------------------------- */

static seg_status frozen_text(const seg_class *handle, const segi_request *request,
                              const segi_rfm *rfm, segi_buf *text, seg_error *err)
{
    segi_literal points[SEGI_RFM_COUNT][SEGI_RFM_SCALE_MAX - 1];
    const segi_literal *lists[SEGI_RFM_COUNT];
    for (uint32_t i = 0; i < SEGI_RFM_COUNT; i++) {
        bool any;
        lists[i] = points[i];
        SEGI_TRY(rfm_cuts(&handle->store->mem, request, rfm->scores[i], points[i], &any, err));
        if (!any)
            return segi_fail(err, SEG_E_NOT_FOUND,
                             "nobody did this in the span: there are no cut points to freeze");
    }
    segi_predicate_print_frozen(handle->predicate, lists, text);
    return text->failed ? segi_fail_nomem(err) : SEG_OK;
}

seg_status seg_class_freeze(const seg_class *handle, seg_snapshot *snapshot, int64_t now,
                            const seg_eval_options *options, seg_class **out_class, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_class != NULL, err, "out_class is NULL");
    *out_class = NULL;
    const segi_rfm *rfm = rfm_of(handle, err);
    if (rfm == NULL)
        return SEG_E_ARG;
    segi_request request;
    SEGI_TRY(rfm_request(handle, snapshot, now, options, &request, err));
    SEGI_CHECK_ARG(request.among == NULL, err, "options->among is not used for cut points");
    segi_buf text;
    segi_buf_init(&text, &handle->store->mem);
    seg_status status = frozen_text(handle, &request, rfm, &text, err);
    if (status == SEG_OK) /* open, as the class itself may have been */
        status = segi_api_class_create(
            handle->store,
            (segi_source){.text = text.data, .text_size = text.size, .flags = SEG_COMPILE_OPEN},
            out_class, err);
    segi_buf_deinit(&text);
    return status;
}
