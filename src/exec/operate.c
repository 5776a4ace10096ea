/* Operations of a program over one chunk: candidates in, members out.
 *
 * The rule that makes plans cheap: an operation looks at nobody but its candidates. `and` hands
 * what is left to its next operand, `or` what is still missing; an operation with several users
 * in the program is computed once per chunk for all of the chunk's candidates and remembered.
 *
 * Every function writes the whole of `out`, which holds nobody outside of `candidates`, and returns
 * how many are in it. After a failure `out` is arbitrary and w->status tells. Masks come from the
 * worker's stack and go back on each path, so that depth, not the size of the program, decides how
 * many there are; recursion is bounded by the depth that the language allows. */
#include <string.h>

#include "base/os.h"
#include "exec/exec_int.h"

/* Operands in the order of the plan, each among the survivors of those before it. `kept` and `out`
 * are two masks because an operand may not write over its own candidates. */
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

/* `left` are those not found yet; an operand can only find among them, so the sum of what each
 * finds is the count. */
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

/* Both sides decide about everyone: nobody is ruled out by one of them. */
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

/* levels[k] holds the users for whom more than k of the operands so far hold. From the highest
 * level down, so that one operand lifts nobody by two. Costs need x child_count passes over a
 * mask. */
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
    case SEGI_OP_RANK: return segi_rank_evaluate(w, index, candidates, out);
    case SEGI_OP_SCORE: /* read by leaves alone */
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

/* An operation with several users is computed once per chunk, for all candidates of the chunk: its
 * users ask about different ones, and what is remembered must serve each of them. The mark is
 * chunk + 1, so that 0 means never; taking a worker clears the marks (worker.c). */
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
