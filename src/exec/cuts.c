/* What is to be told of scores: their cut points, and how many users have each.
 *
 * A cut that nobody reaches lies just above the greatest value: what is greater than all that was
 * seen has the highest score then. */
#include <string.h>

#include "exec/rank.h"

static segi_literal cut_literal(const segi_exec_run *run, segi_value_type type, uint64_t key)
{
    segi_literal out;
    memset(&out, 0, sizeof out);
    out.type = type;
    out.slot = segi_slot_key(type, (int64_t)(key ^ ((uint64_t)1 << 63))); /* its own inverse */
    if (type.type == SEG_TYPE_TIMESTAMP) {
        out.type = (segi_value_type){(seg_type)SEGI_TYPE_DURATION, 0};
        out.slot = run->now - out.slot;
    }
    return out;
}

static seg_status cuts_found(segi_exec_run *run, const segi_node *score, segi_literal *out,
                             bool *out_any, seg_error *err)
{
    const segi_program *program = run->program;
    const segi_prep_score *found = NULL;
    for (uint32_t i = 0; i < program->score_count; i++) {
        if (program->scores[i].node == score)
            found = run->scores[program->scores[i].op];
    }
    if (!found)
        return segi_fail(err, SEG_E_INTERNAL, "a score that the program does not know");
    uint64_t high = found->ranking->high;
    uint64_t above = high + (high != UINT64_MAX);
    *out_any = found->ranking->total != 0;
    for (uint32_t i = 0; *out_any && i < score->score->cut_count; i++)
        out[i] = cut_literal(run, score->children[0]->type,
                             i < found->cut_count ? found->cuts[i] : above);
    return SEG_OK;
}

seg_status segi_exec_cuts(const segi_request *request, const segi_node *score, segi_literal *out,
                          bool *out_any, seg_error *err)
{
    *out_any = true;
    if (score->score->cuts == SEGI_CUTS_FIXED) {
        memcpy(out, score->score->points, score->score->cut_count * sizeof *out);
        return SEG_OK;
    }
    segi_exec_run run;
    segi_exec_run_init(&run, request);
    seg_status status = segi_exec_run_start(&run, request->threads, err);
    if (status == SEG_OK)
        status = cuts_found(&run, score, out, out_any, err);
    segi_exec_run_deinit(&run);
    return status;
}

seg_status segi_exec_scores(const segi_request *request, const segi_node *score, uint64_t *out,
                            seg_error *err)
{
    segi_node tests[SEGI_SCORE_CUTS_MAX + 2], numbers[SEGI_SCORE_CUTS_MAX + 2];
    const segi_node *pairs[SEGI_SCORE_CUTS_MAX + 2][2], *trees[SEGI_SCORE_CUTS_MAX + 2];
    uint32_t count = score->score->cut_count + 2;
    memset(tests, 0, sizeof tests);
    memset(numbers, 0, sizeof numbers);
    for (uint32_t i = 0; i < count; i++) {
        numbers[i].kind = SEGI_NODE_LITERAL;
        numbers[i].type.type = numbers[i].literal.type.type = SEG_TYPE_INT64;
        numbers[i].literal.slot = i;
        pairs[i][0] = score;
        pairs[i][1] = &numbers[i];
        tests[i].kind = SEGI_NODE_COMPARE;
        tests[i].op = SEGI_EQ;
        tests[i].child_count = 2;
        tests[i].children = pairs[i];
        trees[i] = &tests[i];
    }
    segi_request own = *request;
    segi_program *program = NULL;
    const segi_mem *mem = segi_store_mem(request->snapshot->store);
    SEGI_TRY(segi_program_build(mem, trees, count, &program, err));
    own.program = program;
    seg_status status = segi_exec_counts(&own, out, err);
    segi_program_destroy(program);
    return status;
}
