/* Running a program: the chunk loop, threads over runs of chunks, and the assembly of results.
 *
 * An evaluation has two phases. Preparing is done by the calling thread alone and fills the run's
 * arena, which is not safe for more. Then workers take groups of neighbouring chunks; they read the
 * run and the snapshot and write only into their own segi_worker and into the slots of the group
 * they hold, so they need no lock. The calling thread joins them before it looks at a result, also
 * after a failure, so that nothing they read is freed under them.
 *
 * Where a failure or an interrupt is noticed, the first worker to meet it stops the others at
 * their next chunk; the status of the worker with the lowest index is the one reported. */
#include <string.h>

#include "base/os.h"
#include "exec/exec_int.h"

/* ---- chunks and threads ---- */

/* Candidates of the request in a chunk, into w->base; false if there are none. */
static bool run_enter(segi_worker *w, uint32_t chunk, segi_mask *base)
{
    const segi_exec_run *run = w->run;
    uint32_t first = chunk << SEGI_CHUNK_BITS;
    uint32_t left = run->snapshot->user_count - first;
    w->chunk = chunk;
    w->user_limit = left < SEGI_CHUNK_USERS ? left : SEGI_CHUNK_USERS;
    w->base = base;
    if (run->everyone) {
        segi_mask_prefix(base, w->user_limit);
        w->base_count = w->user_limit;
    } else {
        w->base_count = segi_snapshot_universe(run->snapshot, chunk, run->now, base);
    }
    if (run->among && w->base_count) {
        segi_mask *among = segi_worker_mask_push(w);
        if (!among)
            return false;
        segi_bitmap_chunk(run->among, chunk, among);
        segi_mask_and(base, among);
        segi_worker_mask_pop(w);
        w->base_count = segi_mask_count(base);
    }
    return w->base_count > 0;
}

/* One pass over the chunks, shared by its workers. */
typedef struct chunk_work {
    segi_exec_run *run;
    segi_worker **workers;
    segi_chunk_function *function;
    void *context;
    uint32_t group_count;
    atomic_uint next_group; /* the first that nobody has taken */
    atomic_int failed;      /* some worker has a status; the others stop */
} chunk_work;

/* The chunks of a group, from first to last. Groups differ by one chunk at most in size; the
 * product needs 64 bits. */
static void chunk_group(segi_worker *w, chunk_work *work, uint32_t group, segi_mask *base)
{
    segi_exec_run *run = work->run;
    uint64_t chunks = run->chunk_count, groups = work->group_count;
    uint32_t begin = (uint32_t)(chunks * group / groups);
    uint32_t end = (uint32_t)(chunks * (group + 1) / groups);
    for (uint32_t chunk = begin; chunk < end; chunk++) {
        if (run_enter(w, chunk, base))
            work->function(w, work->context, group);
        if (segi_worker_stop(w)) {
            atomic_store(&work->failed, 1);
            return;
        }
        if (run->progress)
            atomic_fetch_add_explicit(&run->progress->done, 1, memory_order_relaxed);
    }
}

static void chunk_worker(void *context, uint32_t index)
{
    chunk_work *work = context;
    segi_worker *w = work->workers[index];
    segi_mask *base = segi_worker_mask_push(w);
    if (!base) {
        atomic_store(&work->failed, 1);
        return;
    }
    while (!atomic_load(&work->failed)) {
        uint32_t group = atomic_fetch_add(&work->next_group, 1);
        if (group >= work->group_count)
            break;
        chunk_group(w, work, group, base);
    }
    segi_worker_mask_pop(w);
}

static void actual_add(segi_op_actual *to, const segi_op_actual *from, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to[i].calls += from[i].calls;
        to[i].users_in += from[i].users_in;
        to[i].users_out += from[i].users_out;
        to[i].rows += from[i].rows;
        to[i].nanoseconds += from[i].nanoseconds;
    }
}

/* Give the workers back; the figures and the first failure of all of them. */
static seg_status run_finish(segi_exec_run *run, segi_worker **workers, uint32_t count,
                             seg_error *err)
{
    seg_status status = SEG_OK;
    for (uint32_t i = 0; i < count; i++) {
        segi_worker *w = workers[i];
        if (!w)
            continue;
        if (run->actual && w->actual)
            actual_add(run->actual->ops, w->actual, run->program->op_count);
        if (w->status != SEG_OK && status == SEG_OK) {
            status = segi_fail(err, w->status, "%s", w->error.message);
        }
        segi_scratch_return(run->scratch, w);
    }
    return status;
}

/* From here on the run's time counts for another phase; what was under way before. */
static segi_phase run_phase(segi_exec_run *run, segi_phase next)
{
    segi_phase before = run->phase;
    if (run->actual) {
        uint64_t now = segi_os_nanoseconds();
        run->actual->nanoseconds[before] += now - run->since;
        run->since = now;
    }
    run->phase = next;
    return before;
}

/* Columns that were noted since the last pass. */
static seg_status run_hold(segi_exec_run *run, uint32_t threads, seg_error *err)
{
    segi_phase before = run_phase(run, SEGI_PHASE_LOAD);
    seg_status status = segi_snapshot_hold(run->snapshot, &run->pins,
                                           segi_store_pool(run->snapshot->store), threads, err);
    run_phase(run, before);
    return status;
}

seg_status segi_exec_run_chunks(segi_exec_run *run, uint32_t threads, segi_chunk_function *function,
                                void *context, uint32_t group_count, seg_error *err)
{
    SEGI_TRY(run_hold(run, threads, err));
    segi_worker **workers = segi_arena_array(&run->arena, threads, sizeof *workers);
    if (!workers)
        return segi_fail_nomem(err);
    for (uint32_t i = 0; i < threads; i++) {
        workers[i] = segi_scratch_take(run->scratch, run, err);
        if (!workers[i]) {
            run_finish(run, workers, i, NULL);
            return SEG_E_NOMEM;
        }
    }
    chunk_work work = {.run = run,
                       .workers = workers,
                       .function = function,
                       .context = context,
                       .group_count = group_count};
    atomic_init(&work.next_group, 0);
    atomic_init(&work.failed, 0);
    if (threads == 1)
        chunk_worker(&work, 0);
    else
        segi_pool_run(segi_store_pool(run->snapshot->store), threads, chunk_worker, &work);
    return run_finish(run, workers, threads, err);
}

/* ---- a run ---- */

/* More threads than chunks would find nothing to do. */
static uint32_t run_threads(const segi_exec_run *run, uint32_t asked)
{
    uint32_t threads = asked ? asked : 1;
    if (threads > run->chunk_count)
        threads = run->chunk_count ? run->chunk_count : 1;
    return threads;
}

/* Eight groups per thread: enough that a thread with cheap chunks takes over from one with dear
 * ones, few enough that each group's builder and counters cost nothing. */
static uint32_t run_groups(const segi_exec_run *run, uint32_t threads)
{
    uint32_t groups = threads == 1 ? 1 : threads * 8;
    if (groups > run->chunk_count)
        groups = run->chunk_count;
    return groups ? groups : 1;
}

void segi_exec_run_init(segi_exec_run *run, const segi_request *request)
{
    const segi_mem *mem = segi_store_mem(request->snapshot->store);
    *run = (segi_exec_run){.mem = mem,
                           .program = request->program,
                           .snapshot = request->snapshot,
                           .now = request->now,
                           .among = request->among,
                           .progress = request->progress,
                           .scratch = request->scratch,
                           .actual = request->actual};
    run->chunk_count = (run->snapshot->user_count + SEGI_CHUNK_USERS - 1) / SEGI_CHUNK_USERS;
    segi_arena_init(&run->arena, mem);
    segi_pins_init(&run->pins, mem);
    if (run->actual) {
        memset(run->actual->ops, 0, run->program->op_count * sizeof *run->actual->ops);
        memset(run->actual->nanoseconds, 0, sizeof run->actual->nanoseconds);
        run->since = segi_os_nanoseconds();
    }
}

/* Prepare, and settle the ranks that the program asks for: each is an evaluation of its own over
 * its whole population, before the pass over the candidates. */
seg_status segi_exec_run_start(segi_exec_run *run, uint32_t threads, seg_error *err)
{
    uint32_t passes = 1;
    for (uint32_t i = 0; i < run->program->op_count; i++)
        passes += segi_op_ranks(&run->program->ops[i]) && run->program->ops[i].uses > 0;
    if (run->progress) {
        atomic_store(&run->progress->done, 0);
        atomic_store(&run->progress->total, (uint64_t)passes * run->chunk_count);
    }
    SEGI_TRY(segi_snapshot_alive(run->snapshot, err));
    SEGI_TRY(segi_snapshot_need_universe(run->snapshot, err));
    SEGI_TRY(segi_exec_run_prepare(run, err));
    if (run->actual) {
        run->actual->chunks = run->chunk_count;
        run->actual->threads = threads;
    }
    run_phase(run, SEGI_PHASE_RANK);
    for (uint32_t i = 0; i < run->program->op_count; i++) {
        if (segi_op_ranks(&run->program->ops[i]) && run->program->ops[i].uses > 0)
            SEGI_TRY(segi_rank_prepare(run, threads, i, err));
    }
    run_phase(run, SEGI_PHASE_EVALUATE);
    return SEG_OK;
}

void segi_exec_run_deinit(segi_exec_run *run)
{
    segi_rank_free(run);
    segi_pins_release(&run->pins);
    segi_arena_deinit(&run->arena);
}

/* ---- sets ---- */

/* Results go by group, not by thread: the groups of a root put one after the other are in the order
 * of users, whoever computed them. */
typedef struct sets_work {
    segi_bitmap_builder *builders; /* [root][group] */
    uint64_t *counts;              /* [group][root]; NULL: sets are wanted */
    uint32_t group_count;
    bool first_wins;
} sets_work;

static void sets_add(segi_worker *w, sets_work *work, uint32_t group, uint32_t root,
                     const segi_mask *result, uint32_t n)
{
    if (work->counts)
        work->counts[(size_t)group * w->run->program->root_count + root] += n;
    else if (segi_bitmap_builder_add(&work->builders[(size_t)root * work->group_count + group],
                                     w->chunk, result) != SEG_OK)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
}

static void sets_chunk(segi_worker *w, void *context, uint32_t group)
{
    sets_work *work = context;
    uint32_t roots = w->run->program->root_count, count = w->base_count;
    segi_mask *left = segi_worker_mask_push(w); /* with first_wins those in no root so far */
    segi_mask *result = left ? segi_worker_mask_push(w) : NULL;
    if (left)
        memcpy(left, w->base, sizeof *left);
    for (uint32_t r = 0; result && r < roots && w->status == SEG_OK; r++) {
        uint32_t n = segi_op_evaluate(w, w->run->program->roots[r], left, count, result);
        if (n == 0 || w->status != SEG_OK)
            continue;
        sets_add(w, work, group, r, result, n);
        if (work->first_wins) {
            segi_mask_andnot(left, result);
            count -= n;
        }
    }
    if (result)
        segi_worker_mask_pop(w);
    if (left)
        segi_worker_mask_pop(w);
}

static seg_status sets_finish(segi_exec_run *run, const sets_work *work, segi_bitmap **out,
                              seg_error *err)
{
    uint32_t roots = run->program->root_count;
    seg_status status = SEG_OK;
    run_phase(run, SEGI_PHASE_ASSEMBLE);
    for (uint32_t r = 0; r < roots && status == SEG_OK; r++)
        status = segi_bitmap_builders_finish(&work->builders[(size_t)r * work->group_count],
                                             work->group_count, &out[r], err);
    for (uint32_t r = 0; status != SEG_OK && r < roots; r++) {
        segi_bitmap_destroy(out[r]);
        out[r] = NULL;
    }
    run_phase(run, SEGI_PHASE_ASSEMBLE);
    return status;
}

seg_status segi_exec_sets(const segi_request *request, segi_bitmap **out, seg_error *err)
{
    segi_exec_run run;
    segi_exec_run_init(&run, request);
    uint32_t threads = run_threads(&run, request->threads);
    sets_work work = {.group_count = run_groups(&run, threads), .first_wins = request->first_wins};
    size_t builder_count = (size_t)run.program->root_count * work.group_count;
    for (uint32_t r = 0; r < run.program->root_count; r++)
        out[r] = NULL;
    work.builders = segi_arena_array(&run.arena, builder_count, sizeof *work.builders);
    seg_status status = work.builders ? SEG_OK : segi_fail_nomem(err);
    for (size_t i = 0; status == SEG_OK && i < builder_count; i++)
        segi_bitmap_builder_init(&work.builders[i], run.mem);
    if (status == SEG_OK)
        status = segi_exec_run_start(&run, threads, err);
    if (status == SEG_OK)
        status = segi_exec_run_chunks(&run, threads, sets_chunk, &work, work.group_count, err);
    if (status == SEG_OK)
        status = sets_finish(&run, &work, out, err);
    for (size_t i = 0; work.builders && i < builder_count; i++)
        segi_bitmap_builder_deinit(&work.builders[i]);
    segi_exec_run_deinit(&run);
    return status;
}

seg_status segi_exec_counts(const segi_request *request, uint64_t *out, seg_error *err)
{
    segi_exec_run run;
    segi_exec_run_init(&run, request);
    uint32_t threads = run_threads(&run, request->threads), roots = run.program->root_count;
    sets_work work = {.group_count = run_groups(&run, threads)};
    memset(out, 0, roots * sizeof *out);
    work.counts =
        segi_arena_array(&run.arena, (size_t)roots * work.group_count, sizeof *work.counts);
    seg_status status =
        work.counts ? segi_exec_run_start(&run, threads, err) : segi_fail_nomem(err);
    if (status == SEG_OK)
        status = segi_exec_run_chunks(&run, threads, sets_chunk, &work, work.group_count, err);
    for (uint32_t g = 0; status == SEG_OK && g < work.group_count; g++) {
        for (uint32_t r = 0; r < roots; r++)
            out[r] += work.counts[(size_t)g * roots + r];
    }
    segi_exec_run_deinit(&run);
    return status;
}

/* ---- one user ---- */

seg_status segi_exec_test(const segi_request *request, uint32_t ordinal, bool *out, seg_error *err)
{
    *out = false;
    segi_exec_run run;
    segi_exec_run_init(&run, request);
    seg_status status = segi_exec_run_start(&run, 1, err);
    if (status == SEG_OK)
        status = run_hold(&run, 1, err);
    segi_worker *w = status == SEG_OK ? segi_scratch_take(run.scratch, &run, err) : NULL;
    if (status == SEG_OK && !w)
        status = SEG_E_NOMEM;
    if (w) {
        segi_mask *base = segi_worker_mask_push(w);
        segi_mask *result = base ? segi_worker_mask_push(w) : NULL;
        uint32_t low = ordinal & (SEGI_CHUNK_USERS - 1);
        if (result && run_enter(w, ordinal >> SEGI_CHUNK_BITS, base) &&
            segi_bit_get(base->words, low)) {
            /* The user exists: from here on nobody else is a candidate. Ranks were settled over
             * their whole populations before. */
            segi_mask_zero(base);
            segi_bit_set(base->words, low);
            w->base_count = 1;
            *out = segi_op_evaluate(w, run.program->roots[0], base, 1, result) == 1;
        }
        status = run_finish(&run, &w, 1, err);
    }
    if (status != SEG_OK)
        *out = false;
    segi_exec_run_deinit(&run);
    return status;
}
