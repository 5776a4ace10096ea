/* api_eval.c - running segments: sets, counts, single users, explanations.
 *
 * Every function here has the same shape: outputs to nothing, arguments checked, a request put
 * together (segi_api_request()), one call of exec, and its result wrapped in a handle. */
#include <string.h>

#include "api/api_int.h"

/* ---- requests ---------------------------------------------------------------------------- */

void seg_eval_options_init(seg_eval_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* An interrupt that came before the call ends it, however short it would have been. */
static seg_status task_begin(seg_task *task, seg_error *err)
{
    if (task == NULL)
        return SEG_OK;
    atomic_store_explicit(&task->progress.done, 0, memory_order_relaxed);
    atomic_store_explicit(&task->progress.total, 0, memory_order_relaxed);
    if (atomic_load_explicit(&task->progress.interrupted, memory_order_relaxed) != 0)
        return segi_fail(err, SEG_E_INTERRUPTED, "the task was interrupted");
    return SEG_OK;
}

/* More threads than the store has are cut down and no error: the host may not know how many there
 * are. */
seg_status segi_api_request(seg_snapshot *snapshot, int64_t now, const seg_eval_options *options,
                            segi_request *request, seg_error *err)
{
    memset(request, 0, sizeof *request);
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    SEGI_TRY(segi_api_check_now(now, err));
    seg_eval_options known;
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_eval_options", err));
    SEGI_CHECK_ARG(known.flags == 0, err, "the evaluation options have unknown flags");
    SEGI_CHECK_ARG(known.reserved == 0, err,
                   "the reserved field of the evaluation options is not 0");
    request->scratch = snapshot->store->scratch;
    request->snapshot = snapshot->snapshot;
    request->now = now;
    request->threads = known.threads != 0 ? known.threads : 1;
    uint32_t threads_max = segi_store_threads_max(snapshot->store->store);
    if (request->threads > threads_max)
        request->threads = threads_max;
    if (known.among != NULL) {
        SEGI_CHECK_ARG(known.among->snapshot->store == snapshot->store, err,
                       "among is a set of another store");
        request->among = known.among->bitmap;
    }
    request->progress = known.task != NULL ? &known.task->progress : NULL;
    return task_begin(known.task, err);
}

/* The segment can run, and runs on this snapshot. */
static seg_status segment_check(const seg_segment *segment, const seg_snapshot *snapshot,
                                seg_error *err)
{
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    SEGI_CHECK_ARG(segment->store == snapshot->store, err,
                   "the segment and the snapshot are of different stores");
    if (segment->program == NULL)
        return segi_api_fail_open(segment->predicate, err);
    return SEG_OK;
}

seg_status segi_api_segment_request(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                                    const seg_eval_options *options, segi_request *request,
                                    seg_error *err)
{
    SEGI_TRY(segment_check(segment, snapshot, err));
    SEGI_TRY(segi_api_request(snapshot, now, options, request, err));
    request->program = segment->program;
    return SEG_OK;
}

/* ---- one segment ------------------------------------------------------------------------- */

seg_status seg_segment_evaluate(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                                const seg_eval_options *options, seg_set **out_set, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    segi_request request;
    SEGI_TRY(segi_api_segment_request(segment, snapshot, now, options, &request, err));
    segi_bitmap *bitmap = NULL;
    SEGI_TRY(segi_exec_sets(&request, &bitmap, err));
    return segi_api_set_create(snapshot, bitmap, now, out_set, err);
}

seg_status seg_segment_count(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                             const seg_eval_options *options, uint64_t *out_count, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_count != NULL, err, "out_count is NULL");
    *out_count = 0;
    segi_request request;
    SEGI_TRY(segi_api_segment_request(segment, snapshot, now, options, &request, err));
    uint64_t count = 0;
    SEGI_TRY(segi_exec_counts(&request, &count, err));
    *out_count = count;
    return SEG_OK;
}

/* ---- many segments ----------------------------------------------------------------------- */

/* Before any work: one bad segment among hundreds must not show after minutes. */
static seg_status many_check(const seg_segment *const *segments, size_t segment_count,
                             const seg_snapshot *snapshot, seg_error *err)
{
    SEGI_CHECK_ARG(segments != NULL, err, "segments is NULL");
    SEGI_CHECK_ARG(segment_count <= UINT32_MAX, err, "there are too many segments");
    for (size_t i = 0; i < segment_count; i++)
        SEGI_TRY(segment_check(segments[i], snapshot, err));
    return SEG_OK;
}

/* `made` counts the bitmaps that a set has taken, also the one that failed. */
seg_status segi_api_sets_create(seg_snapshot *snapshot, int64_t now, segi_bitmap **bitmaps,
                                size_t count, seg_set **out_sets, seg_error *err)
{
    size_t made = 0;
    seg_status status = SEG_OK;
    for (; status == SEG_OK && made < count; made++)
        status = segi_api_set_create(snapshot, bitmaps[made], now, &out_sets[made], err);
    if (status == SEG_OK)
        return SEG_OK;
    for (size_t i = made; i < count; i++)
        segi_bitmap_destroy(bitmaps[i]);
    for (size_t i = 0; i < count; i++) {
        seg_set_release(out_sets[i]);
        out_sets[i] = NULL;
    }
    return status;
}

/* One program over all trees, and one run of it. */
static seg_status many_run(const seg_segment *const *segments, size_t count, segi_request *request,
                           segi_bitmap **bitmaps, seg_error *err)
{
    const segi_mem *mem = &segments[0]->store->mem;
    const segi_node **trees = segi_alloc_array(mem, count, sizeof(const segi_node *));
    if (trees == NULL)
        return segi_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        trees[i] = segments[i]->predicate->root;
    segi_program *program = NULL;
    seg_status status = segi_program_build(mem, trees, count, &program, err);
    if (status == SEG_OK) {
        request->program = program;
        status = segi_exec_sets(request, bitmaps, err);
    }
    segi_program_destroy(program);
    segi_free(mem, trees);
    return status;
}

/* Leaves that segments share are computed once, see src/plan/README.md. */
seg_status seg_segments_evaluate(const seg_segment *const *segments, size_t segment_count,
                                 seg_snapshot *snapshot, int64_t now,
                                 const seg_eval_options *options, seg_set **out_sets,
                                 seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_sets != NULL || segment_count == 0, err, "out_sets is NULL");
    for (size_t i = 0; i < segment_count; i++)
        out_sets[i] = NULL;
    segi_request request;
    if (segment_count > 0)
        SEGI_TRY(many_check(segments, segment_count, snapshot, err));
    SEGI_TRY(segi_api_request(snapshot, now, options, &request, err));
    if (segment_count == 0)
        return SEG_OK;
    const segi_mem *mem = &snapshot->store->mem;
    segi_bitmap **bitmaps = segi_alloc_array(mem, segment_count, sizeof(segi_bitmap *));
    if (bitmaps == NULL)
        return segi_fail_nomem(err);
    seg_status status = many_run(segments, segment_count, &request, bitmaps, err);
    if (status == SEG_OK)
        status = segi_api_sets_create(snapshot, now, bitmaps, segment_count, out_sets, err);
    segi_free(mem, bitmaps);
    return status;
}

/* ---- one user ---------------------------------------------------------------------------- */

/* An id that the snapshot does not know is nobody, and no error. */
static seg_status segment_test(const seg_segment *segment, seg_snapshot *snapshot, uint32_t ordinal,
                               int64_t now, int32_t *out_member, seg_error *err)
{
    segi_request request;
    SEGI_TRY(segi_api_segment_request(segment, snapshot, now, NULL, &request, err));
    if (ordinal == UINT32_MAX)
        return SEG_OK;
    bool member = false;
    SEGI_TRY(segi_exec_test(&request, ordinal, &member, err));
    *out_member = member ? 1 : 0;
    return SEG_OK;
}

seg_status seg_segment_test(const seg_segment *segment, seg_snapshot *snapshot, const char *user,
                            size_t user_size, int64_t now, int32_t *out_member, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_member != NULL, err, "out_member is NULL");
    *out_member = 0;
    uint32_t ordinal;
    SEGI_TRY(segi_api_ordinal(snapshot, user, user_size, &ordinal, err));
    return segment_test(segment, snapshot, ordinal, now, out_member, err);
}

seg_status seg_segment_test_u64(const seg_segment *segment, seg_snapshot *snapshot, uint64_t user,
                                int64_t now, int32_t *out_member, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_member != NULL, err, "out_member is NULL");
    *out_member = 0;
    uint32_t ordinal;
    SEGI_TRY(segi_api_ordinal_u64(snapshot, user, &ordinal, err));
    return segment_test(segment, snapshot, ordinal, now, out_member, err);
}

/* ---- explain ----------------------------------------------------------------------------- */

/* Run for the figures alone; the set is made, since that takes time, too. */
static seg_status explain_run(segi_request *request, segi_actual *actual, seg_error *err)
{
    segi_bitmap *set;
    request->actual = actual;
    SEGI_TRY(segi_exec_sets(request, &set, err));
    segi_bitmap_destroy(set);
    return SEG_OK;
}

/* Estimates always; figures of a run where the flags ask for them. */
static seg_status explain_write(const seg_segment *segment, segi_request *request, uint32_t flags,
                                seg_buffer **out_text, seg_error *err)
{
    const segi_mem *mem = &segment->store->mem;
    const segi_program *program = segment->program;
    size_t count = program->op_count;
    bool analyze = (flags & SEG_EXPLAIN_ANALYZE) != 0;
    segi_estimate *estimates = segi_alloc_array(mem, count, sizeof *estimates);
    segi_actual actual = {.ops = segi_alloc_array(mem, count, sizeof *actual.ops)};
    segi_buf buf;
    segi_buf_init(&buf, mem);
    seg_status status = estimates == NULL || actual.ops == NULL ? segi_fail_nomem(err) : SEG_OK;
    if (status == SEG_OK) {
        memset(estimates, 0, count * sizeof *estimates);
        segi_program_estimate(program, request->snapshot, request->now, estimates);
        if (analyze)
            status = explain_run(request, &actual, err);
    }
    if (status == SEG_OK) {
        segi_program_explain(program, 0, request->snapshot->user_count, request->snapshot->schema,
                             estimates, analyze ? &actual : NULL, (flags & SEG_EXPLAIN_JSON) != 0,
                             &buf);
        status = segi_buffer_take(&buf, out_text, err);
    }
    segi_buf_deinit(&buf);
    segi_free(mem, actual.ops);
    segi_free(mem, estimates);
    return status;
}

seg_status seg_segment_explain(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                               uint32_t flags, const seg_eval_options *options,
                               seg_buffer **out_text, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_text != NULL, err, "out_text is NULL");
    *out_text = NULL;
    SEGI_CHECK_ARG((flags & ~(SEG_EXPLAIN_ANALYZE | SEG_EXPLAIN_JSON)) == 0, err,
                   "unknown flags of an explanation");
    segi_request request;
    SEGI_TRY(segi_api_segment_request(segment, snapshot, now, options, &request, err));
    return explain_write(segment, &request, flags, out_text, err);
}
