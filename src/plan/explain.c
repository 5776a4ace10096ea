/* The explanation of a program: its tree with estimates and, after a run, actual figures.
 *
 * A shared operation with operands is written out where it is first met and referred to after
 * that, or a chain of shared segments would be printed once per path. Operands come in the order
 * in which they run. Want of memory is noted in `out`, which the caller looks at. */
#include <string.h>

#include "base/text.h"
#include "plan/plan.h"

typedef struct explain {
    const segi_program *program;
    const segi_schema *schema;
    const segi_estimate *estimates;
    const segi_actual *actual; /* NULL: not run */
    double users;
    segi_buf *out;
    segi_buf line;  /* the figures' column is found by the width of this */
    uint64_t *seen; /* bit per operation that was printed before */
} explain;

#define EXPLAIN_COLUMN 64 /* where the figures start */
#define EXPLAIN_TEXT_MAX 400

/* What the operation is; leaves as the language writes them, cut where they are very long. */
static void explain_name(explain *e, const segi_op *op, segi_buf *out)
{
    switch (op->kind) {
    case SEGI_OP_ALL: segi_buf_text(out, "everyone"); break;
    case SEGI_OP_NONE: segi_buf_text(out, "nobody"); break;
    case SEGI_OP_NOT: segi_buf_text(out, "not"); break;
    case SEGI_OP_AND: segi_buf_text(out, "and"); break;
    case SEGI_OP_OR: segi_buf_text(out, "or"); break;
    case SEGI_OP_XOR: segi_buf_text(out, "xor"); break;
    case SEGI_OP_AT_LEAST:
        segi_buf_format(out, "at least %u of %u", op->need, op->child_count);
        break;
    case SEGI_OP_LEAF:
    case SEGI_OP_SCORE:
    case SEGI_OP_RANK: {
        size_t begin = out->size;
        segi_node_print(e->schema, op->node, out);
        if (!out->failed && out->size - begin > EXPLAIN_TEXT_MAX) {
            out->size = begin + EXPLAIN_TEXT_MAX;
            while (out->size > begin && ((unsigned char)out->data[out->size] & 0xC0) == 0x80)
                out->size--; /* not in the middle of a character */
            segi_buf_text(out, "...");
        }
        break;
    }
    }
}

/* To the microsecond; finer figures would change with every run. */
static void explain_time(segi_buf *out, uint64_t nanoseconds)
{
    uint64_t microseconds = (nanoseconds + 500) / 1000;
    segi_buf_format(out, "%llu.%03u ms", (unsigned long long)(microseconds / 1000),
                    (unsigned)(microseconds % 1000));
}

/* Estimate first, then what happened, so that the two can be compared along one line. */
static void explain_figures(explain *e, uint32_t index)
{
    const segi_estimate *estimate = &e->estimates[index];
    segi_buf *out = &e->line;
    size_t width = segi_utf8_length(out->data ? out->data : "", out->size);
    for (; width < EXPLAIN_COLUMN; width++)
        segi_buf_char(out, ' ');
    segi_buf_format(out, "  ~%llu users", (unsigned long long)(estimate->share * e->users + 0.5));
    if (estimate->rows)
        segi_buf_format(out, ", ~%llu rows", (unsigned long long)estimate->rows);
    if (!e->actual)
        return;
    const segi_op_actual *a = &e->actual->ops[index];
    bool ranks = segi_op_ranks(&e->program->ops[index]);
    segi_buf_text(out, "  | ");
    if (a->calls)
        segi_buf_format(out, "%llu of %llu users, %llu %s", (unsigned long long)a->users_out,
                        (unsigned long long)a->users_in, (unsigned long long)a->calls,
                        a->calls == 1 ? "chunk" : "chunks");
    else if (!ranks)
        segi_buf_text(out, "never asked");
    if (ranks) {
        segi_buf_format(out, "%s%llu ranked in ", a->calls ? ", " : "",
                        (unsigned long long)a->ranked);
        explain_time(out, a->ranking);
    }
    if (a->rows)
        segi_buf_format(out, ", %llu rows", (unsigned long long)a->rows);
    if (a->calls) {
        segi_buf_text(out, ", ");
        explain_time(out, a->nanoseconds);
    }
}

static const char *const phase_names[SEGI_PHASE_COUNT] = {"prepare", "load", "rank", "evaluate",
                                                          "assemble"};

/* The last line: what the whole run took, and how much of that each phase. */
static void explain_phases(const segi_actual *actual, segi_buf *out)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < SEGI_PHASE_COUNT; i++)
        total += actual->nanoseconds[i];
    explain_time(out, total);
    segi_buf_format(out, " with %u %s, %u %s:", actual->threads,
                    actual->threads == 1 ? "thread" : "threads", actual->chunks,
                    actual->chunks == 1 ? "chunk" : "chunks");
    for (uint32_t i = 0; i < SEGI_PHASE_COUNT; i++) {
        segi_buf_format(out, "%s %s ", i ? "," : "", phase_names[i]);
        explain_time(out, actual->nanoseconds[i]);
    }
    segi_buf_char(out, '\n');
}

/* Operands in the order in which they run; NULL out of memory, which is noted. */
static uint32_t *explain_order(explain *e, uint32_t index)
{
    uint32_t count = e->program->ops[index].child_count;
    uint32_t *order = segi_alloc_array(e->out->mem, count, sizeof *order);
    if (order)
        segi_program_order(e->program, index, e->estimates, order);
    else
        e->out->failed = true;
    return order;
}

/* prefix: what stands before the children's own branch marks.
 * `mark` is the branch of this line, `below` what its children's lines have in its place. */
static void explain_text(explain *e, uint32_t index, segi_buf *prefix, const char *mark,
                         const char *below)
{
    const segi_op *op = &e->program->ops[index];
    segi_buf_reset(&e->line);
    segi_buf_add(&e->line, prefix->data, prefix->size);
    segi_buf_text(&e->line, mark);
    explain_name(e, op, &e->line);
    bool again = op->uses > 1 && op->child_count > 0 && segi_bit_get(e->seen, index);
    if (again)
        segi_buf_text(&e->line, " (as above)");
    explain_figures(e, index);
    segi_buf_add(e->out, e->line.data, e->line.size);
    if (e->line.failed)
        e->out->failed = true;
    segi_buf_char(e->out, '\n');
    if (again)
        return;
    segi_bit_set(e->seen, index);
    size_t size = prefix->size;
    segi_buf_text(prefix, below);
    uint32_t *order = explain_order(e, index);
    for (uint32_t i = 0; order && i < op->child_count; i++) {
        bool last = i + 1 == op->child_count;
        explain_text(e, order[i], prefix, last ? "`- " : "|- ", last ? "   " : "|  ");
    }
    segi_free(e->out->mem, order);
    prefix->size = size;
}

/* The same tree, without the brace at its end; `id` lets a reader recognise an operation that is
 * shared. */
static void explain_json(explain *e, uint32_t index)
{
    static const char *const kinds[] = {"everyone", "nobody",   "not",  "and",  "or",
                                        "xor",      "at_least", "leaf", "rank", "score"};
    const segi_op *op = &e->program->ops[index];
    const segi_estimate *estimate = &e->estimates[index];
    segi_buf *out = e->out;
    segi_buf_format(out, "{\"id\":%u,\"kind\":\"%s\",\"text\":", index, kinds[op->kind]);
    segi_buf_reset(&e->line);
    explain_name(e, op, &e->line);
    segi_buf_quoted(out, e->line.data ? e->line.data : "", e->line.size);
    segi_buf_format(out, ",\"estimate\":{\"users\":%llu,\"rows\":%llu}",
                    (unsigned long long)(estimate->share * e->users + 0.5),
                    (unsigned long long)estimate->rows);
    if (e->actual) {
        const segi_op_actual *a = &e->actual->ops[index];
        segi_buf_format(out,
                        ",\"actual\":{\"chunks\":%llu,\"users_in\":%llu,\"users_out\":%llu,"
                        "\"rows\":%llu,\"nanoseconds\":%llu",
                        (unsigned long long)a->calls, (unsigned long long)a->users_in,
                        (unsigned long long)a->users_out, (unsigned long long)a->rows,
                        (unsigned long long)a->nanoseconds);
        if (segi_op_ranks(op))
            segi_buf_format(out, ",\"ranked\":%llu,\"ranking_nanoseconds\":%llu",
                            (unsigned long long)a->ranked, (unsigned long long)a->ranking);
        segi_buf_char(out, '}');
    }
    bool again = op->uses > 1 && op->child_count > 0 && segi_bit_get(e->seen, index);
    if (op->child_count && !again) {
        segi_bit_set(e->seen, index);
        segi_buf_text(out, ",\"children\":[");
        uint32_t *order = explain_order(e, index);
        for (uint32_t i = 0; order && i < op->child_count; i++) {
            if (i)
                segi_buf_char(out, ',');
            explain_json(e, order[i]);
            segi_buf_char(out, '}');
        }
        segi_free(e->out->mem, order);
        segi_buf_char(out, ']');
    }
}

/* The run belongs to the whole, so it stands in the object of the root. */
static void explain_json_root(explain *e, uint32_t index)
{
    segi_buf *out = e->out;
    explain_json(e, index);
    if (e->actual) {
        segi_buf_format(out, ",\"run\":{\"threads\":%u,\"chunks\":%u", e->actual->threads,
                        e->actual->chunks);
        for (uint32_t i = 0; i < SEGI_PHASE_COUNT; i++)
            segi_buf_format(out, ",\"%s_nanoseconds\":%llu", phase_names[i],
                            (unsigned long long)e->actual->nanoseconds[i]);
        segi_buf_char(out, '}');
    }
    segi_buf_text(out, "}\n");
}

void segi_program_explain(const segi_program *program, uint32_t root, uint64_t user_count,
                          const segi_schema *schema, const segi_estimate *estimates,
                          const segi_actual *actual, bool json, segi_buf *out)
{
    explain e = {.program = program,
                 .schema = schema,
                 .estimates = estimates,
                 .actual = actual,
                 .users = (double)user_count,
                 .out = out};
    segi_buf_init(&e.line, out->mem);
    e.seen = segi_alloc_zero(out->mem, (program->op_count / 64 + 1) * sizeof *e.seen);
    if (!e.seen) {
        out->failed = true;
    } else if (json) {
        explain_json_root(&e, program->roots[root]);
    } else {
        segi_buf prefix;
        segi_buf_init(&prefix, out->mem);
        explain_text(&e, program->roots[root], &prefix, "", "");
        if (actual)
            explain_phases(actual, out);
        segi_buf_deinit(&prefix);
    }
    segi_free(out->mem, e.seen);
    segi_buf_deinit(&e.line);
}
