/* Running a program: the chunk loop, threads over runs of chunks, and the assembly of results. */
#include <string.h>

#include "base/os.h"
#include "exec/exec_int.h"

/* ---- operations ---- */

static uint32_t op_and(segi_worker *w, uint32_t index, const segi_mask *candidates, uint32_t count,
                       segi_mask *out)
{
    const segi_op *op = &w->run->program->ops[index];
    const uint32_t *order = w->run->order[index];
    segi_mask *kept = segi_worker_mask_push(w);
    if (!kept)
        return 0;
    const segi_mask *from = candidates;
    for (uint32_t i = 0; i < op->child_count && count > 0; i++) {
        count = segi_op_evaluate(w, order[i], from, count, kept);
        memcpy(out, kept, sizeof *out);
        from = out;
    }
    if (count == 0)
        segi_mask_zero(out);
    segi_worker_mask_pop(w);
    return count;
}

static uint32_t op_or(segi_worker *w, uint32_t index, const segi_mask *candidates, uint32_t count,
                      segi_mask *out)
{
    const segi_op *op = &w->run->program->ops[index];
    const uint32_t *order = w->run->order[index];
    segi_mask *left = segi_worker_mask_push(w);
    segi_mask *found = left ? segi_worker_mask_push(w) : NULL;
    uint32_t total = 0;
    segi_mask_zero(out);
    if (found) {
        memcpy(left, candidates, sizeof *left);
        for (uint32_t i = 0; i < op->child_count && count > 0; i++) {
            uint32_t n = segi_op_evaluate(w, order[i], left, count, found);
            if (n == 0)
                continue;
            segi_mask_or(out, found);
            segi_mask_andnot(left, found);
            count -= n;
            total += n;
        }
        segi_worker_mask_pop(w);
    }
    if (left)
        segi_worker_mask_pop(w);
    return total;
}

static uint32_t op_xor(segi_worker *w, const segi_op *op, const segi_mask *candidates,
                       uint32_t count, segi_mask *out)
{
    segi_mask *other = segi_worker_mask_push(w);
    if (!other)
        return 0;
    segi_op_evaluate(w, op->children[0], candidates, count, out);
    segi_op_evaluate(w, op->children[1], candidates, count, other);
    segi_mask_xor(out, other);
    segi_worker_mask_pop(w);
    return segi_mask_count(out);
}

/* levels[k] holds the users for whom more than k of the operands so far hold. */
static uint32_t op_at_least(segi_worker *w, const segi_op *op, const segi_mask *candidates,
                            uint32_t count, segi_mask *out)
{
    uint64_t *levels = segi_worker_bits_push(w, (size_t)op->need * SEGI_MASK_WORDS);
    segi_mask *next = levels ? segi_worker_mask_push(w) : NULL;
    if (next) {
        memset(levels, 0, (size_t)op->need * sizeof *next);
        for (uint32_t c = 0; c < op->child_count; c++) {
            segi_op_evaluate(w, op->children[c], candidates, count, next);
            for (uint32_t k = op->need; k-- > 1;) {
                uint64_t *to = levels + (size_t)k * SEGI_MASK_WORDS;
                const uint64_t *from = to - SEGI_MASK_WORDS;
                for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++)
                    to[i] |= from[i] & next->words[i];
            }
            for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++)
                levels[i] |= next->words[i];
        }
        memcpy(out, levels + (size_t)(op->need - 1) * SEGI_MASK_WORDS, sizeof *out);
        segi_worker_mask_pop(w);
    }
    if (levels)
        segi_worker_bits_pop(w);
    return segi_mask_count(out);
}

static uint32_t op_not(segi_worker *w, const segi_op *op, const segi_mask *candidates,
                       uint32_t count, segi_mask *out)
{
    segi_mask *holds = segi_worker_mask_push(w);
    if (!holds)
        return 0;
    uint32_t n = segi_op_evaluate(w, op->children[0], candidates, count, holds);
    memcpy(out, candidates, sizeof *out);
    segi_mask_andnot(out, holds);
    segi_worker_mask_pop(w);
    return count - n;
}

static uint32_t op_plain(segi_worker *w, uint32_t index, const segi_mask *candidates,
                         uint32_t count, segi_mask *out)
{
    const segi_op *op = &w->run->program->ops[index];
    switch (op->kind) {
    case SEGI_OP_ALL: memcpy(out, candidates, sizeof *out); return count;
    case SEGI_OP_NONE: segi_mask_zero(out); return 0;
    case SEGI_OP_NOT: return op_not(w, op, candidates, count, out);
    case SEGI_OP_AND: return op_and(w, index, candidates, count, out);
    case SEGI_OP_OR: return op_or(w, index, candidates, count, out);
    case SEGI_OP_XOR: return op_xor(w, op, candidates, count, out);
    case SEGI_OP_AT_LEAST: return op_at_least(w, op, candidates, count, out);
    case SEGI_OP_RANK:
        memcpy(out, &w->run->ranks[index][w->chunk], sizeof *out);
        segi_mask_and(out, candidates);
        return segi_mask_count(out);
    case SEGI_OP_LEAF: break;
    }
    uint32_t before = w->op;
    w->op = index;
    segi_leaf_evaluate(w, &w->run->leaves[index], candidates, count, out);
    w->op = before;
    return segi_mask_count(out);
}

/* With figures for explain, where they are wanted. */
static uint32_t op_timed(segi_worker *w, uint32_t index, const segi_mask *candidates,
                         uint32_t count, segi_mask *out)
{
    if (!w->actual)
        return op_plain(w, index, candidates, count, out);
    uint64_t begin = segi_os_nanoseconds();
    uint32_t kept = op_plain(w, index, candidates, count, out);
    segi_op_actual *a = &w->actual[index];
    a->calls++;
    a->users_in += count;
    a->users_out += kept;
    a->nanoseconds += segi_os_nanoseconds() - begin;
    return kept;
}

/* An operation with several users is computed once per chunk, for all candidates of the chunk. */
static const segi_mask *op_shared(segi_worker *w, uint32_t index)
{
    segi_mask **memo = &w->memo[index];
    if (w->memo_chunk[index] == w->chunk + 1)
        return *memo;
    if (!*memo)
        *memo = segi_alloc(w->mem, sizeof **memo);
    if (!*memo) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return NULL;
    }
    op_timed(w, index, w->base, w->base_count, *memo);
    w->memo_chunk[index] = w->chunk + 1;
    return *memo;
}

uint32_t segi_op_evaluate(segi_worker *w, uint32_t index, const segi_mask *candidates,
                          uint32_t count, segi_mask *out)
{
    const segi_op *op = &w->run->program->ops[index];
    if (count == 0 || segi_worker_stop(w)) {
        segi_mask_zero(out);
        return 0;
    }
    bool shared = op->uses > 1 && op->kind != SEGI_OP_ALL && op->kind != SEGI_OP_NONE;
    if (!shared)
        return op_timed(w, index, candidates, count, out);
    const segi_mask *all = op_shared(w, index);
    if (!all) {
        segi_mask_zero(out);
        return 0;
    }
    memcpy(out, all, sizeof *out);
    segi_mask_and(out, candidates);
    return segi_mask_count(out);
}

/* ---- chunks and threads ---- */

bool segi_run_enter(segi_worker *w, uint32_t chunk, segi_mask *base)
{
    const segi_run *run = w->run;
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

typedef struct chunk_work {
    segi_run *run;
    segi_worker **workers;
    segi_chunk_function *function;
    void *context;
    uint32_t group_count;
    atomic_uint next_group;
    atomic_int failed;
} chunk_work;

static void chunk_group(segi_worker *w, chunk_work *work, uint32_t group, segi_mask *base)
{
    segi_run *run = work->run;
    uint64_t chunks = run->chunk_count, groups = work->group_count;
    uint32_t begin = (uint32_t)(chunks * group / groups);
    uint32_t end = (uint32_t)(chunks * (group + 1) / groups);
    for (uint32_t chunk = begin; chunk < end; chunk++) {
        if (segi_run_enter(w, chunk, base))
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

static seg_status chunk_finish(segi_run *run, segi_worker **workers, uint32_t count,
                               seg_error *err)
{
    seg_status status = SEG_OK;
    for (uint32_t i = 0; i < count; i++) {
        segi_worker *w = workers[i];
        if (!w)
            continue;
        if (run->actual && w->actual)
            actual_add(run->actual, w->actual, run->program->op_count);
        if (w->status != SEG_OK && status == SEG_OK) {
            status = segi_fail(err, w->status, "%s", w->error.message);
        }
        segi_scratch_return(run->scratch, w);
    }
    return status;
}

seg_status segi_run_chunks(segi_run *run, uint32_t threads, segi_chunk_function *function,
                           void *context, uint32_t group_count, seg_error *err)
{
    segi_worker **workers = segi_arena_array(&run->arena, threads, sizeof *workers);
    if (!workers)
        return segi_fail_nomem(err);
    for (uint32_t i = 0; i < threads; i++) {
        workers[i] = segi_scratch_take(run->scratch, run, err);
        if (!workers[i]) {
            chunk_finish(run, workers, i, NULL);
            return SEG_E_NOMEM;
        }
    }
    chunk_work work = {.run = run, .workers = workers, .function = function,
                       .context = context, .group_count = group_count};
    atomic_init(&work.next_group, 0);
    atomic_init(&work.failed, 0);
    if (threads == 1)
        chunk_worker(&work, 0);
    else
        segi_pool_run(segi_store_pool(run->snapshot->store), threads, chunk_worker, &work);
    return chunk_finish(run, workers, threads, err);
}

/* ---- a run ---- */

static uint32_t run_threads(const segi_run *run, uint32_t asked)
{
    uint32_t threads = asked ? asked : 1;
    if (threads > run->chunk_count)
        threads = run->chunk_count ? run->chunk_count : 1;
    return threads;
}

static uint32_t run_groups(const segi_run *run, uint32_t threads)
{
    uint32_t groups = threads == 1 ? 1 : threads * 8;
    if (groups > run->chunk_count)
        groups = run->chunk_count;
    return groups ? groups : 1;
}

static void run_init(segi_run *run, const segi_request *request)
{
    const segi_mem *mem = segi_store_mem(request->snapshot->store);
    *run = (segi_run){.mem = mem, .program = request->program, .snapshot = request->snapshot,
                      .now = request->now, .among = request->among,
                      .progress = request->progress, .scratch = request->scratch,
                      .actual = request->actual, .timed = request->actual != NULL};
    run->chunk_count = (run->snapshot->user_count + SEGI_CHUNK_USERS - 1) / SEGI_CHUNK_USERS;
    segi_arena_init(&run->arena, mem);
    if (run->actual)
        memset(run->actual, 0, run->program->op_count * sizeof *run->actual);
}

/* Prepare, and settle the ranks that the program asks for: each is an evaluation of its own over
 * its whole population, before the pass over the candidates. */
static seg_status run_start(segi_run *run, uint32_t threads, seg_error *err)
{
    uint32_t passes = 1;
    for (uint32_t i = 0; i < run->program->op_count; i++)
        passes += run->program->ops[i].kind == SEGI_OP_RANK && run->program->ops[i].uses > 0;
    if (run->progress) {
        atomic_store(&run->progress->done, 0);
        atomic_store(&run->progress->total, (uint64_t)passes * run->chunk_count);
    }
    SEGI_TRY(segi_run_prepare(run, err));
    for (uint32_t i = 0; i < run->program->op_count; i++) {
        if (run->program->ops[i].kind == SEGI_OP_RANK && run->program->ops[i].uses > 0)
            SEGI_TRY(segi_rank_prepare(run, threads, i, err));
    }
    return SEG_OK;
}

/* ---- sets ---- */

typedef struct sets_work {
    segi_bitmap_builder *builders; /* [root][group] */
    uint64_t *counts;              /* [group][root]; NULL: sets are wanted */
    uint32_t group_count;
} sets_work;

static void sets_chunk(segi_worker *w, void *context, uint32_t group)
{
    sets_work *work = context;
    const segi_program *program = w->run->program;
    segi_mask *result = segi_worker_mask_push(w);
    if (!result)
        return;
    for (uint32_t r = 0; r < program->root_count && w->status == SEG_OK; r++) {
        uint32_t n = segi_op_evaluate(w, program->roots[r], w->base, w->base_count, result);
        if (n == 0 || w->status != SEG_OK)
            continue;
        if (work->counts) {
            work->counts[(size_t)group * program->root_count + r] += n;
        } else if (segi_bitmap_builder_add(
                       &work->builders[(size_t)r * work->group_count + group], w->chunk,
                       result) != SEG_OK) {
            segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        }
    }
    segi_worker_mask_pop(w);
}

static seg_status sets_finish(segi_run *run, const sets_work *work, segi_bitmap **out,
                              seg_error *err)
{
    uint32_t roots = run->program->root_count;
    seg_status status = SEG_OK;
    for (uint32_t r = 0; r < roots && status == SEG_OK; r++)
        status = segi_bitmap_builders_finish(&work->builders[(size_t)r * work->group_count],
                                             work->group_count, &out[r], err);
    for (uint32_t r = 0; status != SEG_OK && r < roots; r++) {
        segi_bitmap_destroy(out[r]);
        out[r] = NULL;
    }
    return status;
}

seg_status segi_exec_sets(const segi_request *request, segi_bitmap **out, seg_error *err)
{
    segi_run run;
    run_init(&run, request);
    uint32_t threads = run_threads(&run, request->threads);
    sets_work work = {.group_count = run_groups(&run, threads)};
    size_t builder_count = (size_t)run.program->root_count * work.group_count;
    for (uint32_t r = 0; r < run.program->root_count; r++)
        out[r] = NULL;
    work.builders = segi_arena_array(&run.arena, builder_count, sizeof *work.builders);
    seg_status status = work.builders ? SEG_OK : segi_fail_nomem(err);
    for (size_t i = 0; status == SEG_OK && i < builder_count; i++)
        segi_bitmap_builder_init(&work.builders[i], run.mem);
    if (status == SEG_OK)
        status = run_start(&run, threads, err);
    if (status == SEG_OK)
        status = segi_run_chunks(&run, threads, sets_chunk, &work, work.group_count, err);
    if (status == SEG_OK)
        status = sets_finish(&run, &work, out, err);
    for (size_t i = 0; work.builders && i < builder_count; i++)
        segi_bitmap_builder_deinit(&work.builders[i]);
    segi_arena_deinit(&run.arena);
    return status;
}

seg_status segi_exec_counts(const segi_request *request, uint64_t *out, seg_error *err)
{
    segi_run run;
    run_init(&run, request);
    uint32_t threads = run_threads(&run, request->threads), roots = run.program->root_count;
    sets_work work = {.group_count = run_groups(&run, threads)};
    memset(out, 0, roots * sizeof *out);
    work.counts = segi_arena_array(&run.arena, (size_t)roots * work.group_count,
                                   sizeof *work.counts);
    seg_status status = work.counts ? run_start(&run, threads, err) : segi_fail_nomem(err);
    if (status == SEG_OK)
        status = segi_run_chunks(&run, threads, sets_chunk, &work, work.group_count, err);
    for (uint32_t g = 0; status == SEG_OK && g < work.group_count; g++) {
        for (uint32_t r = 0; r < roots; r++)
            out[r] += work.counts[(size_t)g * roots + r];
    }
    segi_arena_deinit(&run.arena);
    return status;
}

/* ---- one user ---- */

seg_status segi_exec_test(const segi_request *request, uint32_t ordinal, bool *out,
                          seg_error *err)
{
    *out = false;
    segi_run run;
    run_init(&run, request);
    seg_status status = run_start(&run, 1, err);
    segi_worker *w = status == SEG_OK ? segi_scratch_take(run.scratch, &run, err) : NULL;
    if (status == SEG_OK && !w)
        status = SEG_E_NOMEM;
    if (w) {
        segi_mask *base = segi_worker_mask_push(w);
        segi_mask *result = base ? segi_worker_mask_push(w) : NULL;
        uint32_t low = ordinal & (SEGI_CHUNK_USERS - 1);
        if (result && segi_run_enter(w, ordinal >> SEGI_CHUNK_BITS, base) &&
            segi_bit_get(base->words, low)) {
            segi_mask_zero(base);
            segi_bit_set(base->words, low);
            w->base_count = 1;
            *out = segi_op_evaluate(w, run.program->roots[0], base, 1, result) == 1;
        }
        status = chunk_finish(&run, &w, 1, err);
    }
    if (status != SEG_OK)
        *out = false;
    segi_arena_deinit(&run.arena);
    return status;
}

/* ---- values ---- */

typedef struct values_work {
    const segi_prep_value *value; /* NULL: a string set */
    const segi_attr_view *sets;
    segi_values *out;
    segi_buf elements;   /* string sets: codes, 4 bytes each */
    uint64_t row;
} values_work;

static void values_set_chunk(segi_worker *w, values_work *work, segi_users users)
{
    uint32_t scratch[64];
    for (uint32_t i = 0; i < users.count; i++, work->row++) {
        const uint32_t *codes;
        uint32_t n = segi_attr_set(work->sets, w->chunk, users.lows[i], &codes, scratch,
                                   &work->out->states[work->row]);
        work->out->lists[work->row + 1] = work->out->lists[work->row] + n;
        segi_buf_add(&work->elements, codes, n * sizeof *codes);
    }
    if (work->elements.failed)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
}

static void values_text(values_work *work, const segi_vector *v, uint32_t count)
{
    segi_values *out = work->out;
    for (uint32_t i = 0; i < count; i++) {
        if (segi_bit_get(v->set, i)) {
            size_t size;
            const char *text =
                segi_texts_get(work->value->strings, (uint32_t)v->slots[i], &size);
            segi_buf_add(&out->text, text, size);
        }
        out->offsets[work->row + i + 1] = out->text.size;
    }
}

static void values_chunk(segi_worker *w, void *context, uint32_t group)
{
    values_work *work = context;
    (void)group;
    if (!segi_worker_array(w, (void **)&w->candidates, SEGI_CHUNK_USERS, sizeof *w->candidates))
        return;
    segi_users users = {w->candidates, segi_mask_list(w->base, w->candidates)};
    if (!work->value) {
        values_set_chunk(w, work, users);
        return;
    }
    segi_vector *v = segi_worker_vector_push(w);
    if (!v)
        return;
    segi_value_users(w, work->value, users, v);
    if (w->status == SEG_OK) {
        for (uint32_t i = 0; i < users.count; i++)
            work->out->states[work->row + i] = segi_bit_get(v->set, i)    ? SEG_VALUE_SET
                                               : segi_bit_get(v->null, i) ? SEG_VALUE_NULL
                                                                          : SEG_VALUE_ABSENT;
        if (work->value->strings)
            values_text(work, v, users.count);
        else
            memcpy(work->out->slots + work->row, v->slots, users.count * sizeof *v->slots);
        work->row += users.count;
    }
    if (work->out->text.failed)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
    segi_worker_vector_pop(w);
}

static seg_status values_elements(values_work *work, const segi_dict *dict)
{
    segi_values *out = work->out;
    uint64_t n = out->lists[out->count];
    out->offsets = segi_alloc_array(out->mem, n + 1, sizeof *out->offsets);
    if (!out->offsets)
        return SEG_E_NOMEM;
    out->offsets[0] = 0;
    for (uint64_t i = 0; i < n; i++) {
        uint32_t code;
        size_t size;
        memcpy(&code, work->elements.data + i * sizeof code, sizeof code);
        const char *text = segi_dict_get(dict, code, &size);
        segi_buf_add(&out->text, text, size);
        out->offsets[i + 1] = out->text.size;
    }
    return out->text.failed ? SEG_E_NOMEM : SEG_OK;
}

static seg_status values_prepare(segi_run *run, const segi_node *node, values_work *work,
                                 seg_error *err)
{
    segi_prep p = {.run = run, .status = SEG_OK, .err = err};
    segi_values *out = work->out;
    size_t n = out->count + 1;
    out->states = segi_alloc_zero(run->mem, n);
    if (node->type.type == SEG_TYPE_STRING_SET) {
        uint32_t known = run->snapshot->schema->attribute_count;
        if (node->field && node->field->index < known)
            work->sets = &run->snapshot->attributes[node->field->index];
        out->lists = segi_alloc_zero(run->mem, n * sizeof *out->lists);
        return out->states && out->lists ? SEG_OK : segi_fail_nomem(err);
    }
    work->value = segi_prep_value_of(&p, node, (segi_place){0});
    if (!work->value)
        return p.status;
    out->type = work->value->type;
    if (work->value->strings)
        out->offsets = segi_alloc_zero(run->mem, n * sizeof *out->offsets);
    else
        out->slots = segi_alloc_zero(run->mem, n * sizeof *out->slots);
    return out->states && (out->offsets || out->slots) ? SEG_OK : segi_fail_nomem(err);
}

seg_status segi_exec_values(const segi_request *request, const segi_node *node,
                            const segi_bitmap *members, segi_values **out, seg_error *err)
{
    static const segi_program nothing = {0};
    segi_request own = *request;
    own.program = &nothing;
    own.among = members;
    own.actual = NULL;
    segi_run run;
    run_init(&run, &own);
    *out = NULL;
    segi_values *values = segi_alloc_zero(run.mem, sizeof *values);
    if (!values)
        return segi_fail_nomem(err);
    values->mem = run.mem;
    values->type = node->type;
    values->count = segi_bitmap_count(members);
    segi_buf_init(&values->text, run.mem);
    values_work work = {.out = values};
    segi_buf_init(&work.elements, run.mem);
    run.everyone = true;
    seg_status status = values_prepare(&run, node, &work, err);
    if (status == SEG_OK)
        status = segi_run_chunks(&run, 1, values_chunk, &work, 1, err);
    if (status == SEG_OK && values->lists &&
        values_elements(&work, work.sets ? work.sets->dict : NULL) != SEG_OK)
        status = segi_fail_nomem(err);
    segi_buf_deinit(&work.elements);
    segi_arena_deinit(&run.arena);
    if (status != SEG_OK) {
        segi_values_destroy(values);
        return status;
    }
    *out = values;
    return SEG_OK;
}

void segi_values_destroy(segi_values *values)
{
    if (!values)
        return;
    segi_free(values->mem, values->states);
    segi_free(values->mem, values->slots);
    segi_free(values->mem, values->offsets);
    segi_free(values->mem, values->lists);
    segi_buf_deinit(&values->text);
    segi_free(values->mem, values);
}
