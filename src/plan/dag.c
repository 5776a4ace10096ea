/* Building the program: trees become a DAG in which equal things are one operation.
 *
 * Rewrites that need no data happen here: constants are folded, `and` and `or` are flattened
 * across saved segments, put in order and freed of repeats, and x with not x is decided.
 *
 * Operations are interned: the key of a leaf is what its node means (node_key.c), that of the
 * others their kind and the indices of their operands, so equality of whole subtrees is one look-up
 * and the work is linear in the nodes. Children are interned before parents and have lower indices,
 * which the estimates, the counting of uses and the order of ranks rely on. Interned operations
 * that a rewrite then dropped stay with uses == 0 and are neither prepared nor run. Recursion is as
 * deep as trees may be (SEGI_LEVELS_MAX in lang). */
#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "plan/node_key.h"
#include "plan/plan.h"

/* One slot of the table from key bytes to operation. */
typedef struct dag_slot {
    uint64_t hash;
    size_t key_begin, key_size; /* in dag.keys */
    uint32_t op_plus_one;       /* 0: empty */
} dag_slot;

/* Working state of one build. Functions here fail for want of memory alone; the message is made
 * at the end. */
typedef struct dag {
    const segi_mem *mem;
    segi_program *program;
    segi_op *ops; /* growing; copied into the arena at the end */
    size_t op_count, op_capacity;
    dag_slot *slots;
    size_t slot_count;         /* power of two */
    segi_buf keys, key;        /* all keys; the one being made */
    struct dag_shared *shared; /* owned: trees of saved segments that were built */
    size_t shared_count, shared_capacity;
    segi_score_op *scores; /* owned */
    size_t score_count, score_capacity;
} dag;

/* A saved segment's tree may be referred to from many places, and those again: each is built
 * once, or a chain of references would be walked once per path. */
typedef struct dag_shared {
    const segi_node *tree;
    uint32_t op;
} dag_shared;

/* Twice the slots; entries find their new places by the hash that they keep. */
static seg_status dag_grow_slots(dag *d)
{
    size_t count = d->slot_count ? d->slot_count * 2 : 64;
    dag_slot *slots = segi_alloc_zero(d->mem, count * sizeof *slots);
    if (!slots)
        return SEG_E_NOMEM;
    for (size_t i = 0; i < d->slot_count; i++) {
        if (!d->slots[i].op_plus_one)
            continue;
        size_t at = d->slots[i].hash & (count - 1);
        while (slots[at].op_plus_one)
            at = (at + 1) & (count - 1);
        slots[at] = d->slots[i];
    }
    segi_free(d->mem, d->slots);
    d->slots = slots;
    d->slot_count = count;
    return SEG_OK;
}

/* The operation with the key in d->key; where there is none, `op` is added as a new one.
 * Linear probing in a table that is at most half full. Whole keys are compared, so a hash that
 * two keys share does no harm. */
static seg_status dag_intern(dag *d, const segi_op *op, uint32_t *out)
{
    if (d->key.failed)
        return SEG_E_NOMEM;
    if (d->op_count * 2 >= d->slot_count)
        SEGI_TRY(dag_grow_slots(d));
    uint64_t hash = segi_xxh3(d->key.data, d->key.size, 0);
    size_t at = hash & (d->slot_count - 1);
    for (; d->slots[at].op_plus_one; at = (at + 1) & (d->slot_count - 1)) {
        const dag_slot *slot = &d->slots[at];
        if (slot->hash == hash && slot->key_size == d->key.size &&
            memcmp(d->keys.data + slot->key_begin, d->key.data, d->key.size) == 0) {
            *out = slot->op_plus_one - 1;
            return SEG_OK;
        }
    }
    if (!segi_grow(d->mem, (void **)&d->ops, &d->op_capacity, d->op_count + 1, sizeof *d->ops))
        return SEG_E_NOMEM;
    size_t key_begin = d->keys.size;
    segi_buf_add(&d->keys, d->key.data, d->key.size);
    if (d->keys.failed)
        return SEG_E_NOMEM;
    d->slots[at] = (dag_slot){hash, key_begin, d->key.size, (uint32_t)d->op_count + 1};
    d->ops[d->op_count] = *op;
    *out = (uint32_t)d->op_count++;
    return SEG_OK;
}

/* An operation over others: its key is its kind and its children. children is copied. */
static seg_status dag_add(dag *d, segi_op_kind kind, const segi_node *node, uint32_t need,
                          const uint32_t *children, uint32_t count, uint32_t *out)
{
    uint32_t head[3] = {(uint32_t)kind, need, count};
    segi_buf_reset(&d->key);
    segi_buf_add(&d->key, head, sizeof head);
    segi_buf_add(&d->key, children, count * sizeof *children);
    segi_op op = {.kind = kind, .child_count = count, .need = need, .node = node};
    if (count) {
        uint32_t *copy = segi_arena_array(&d->program->arena, count, sizeof *copy);
        if (!copy)
            return SEG_E_NOMEM;
        memcpy(copy, children, count * sizeof *copy);
        op.children = copy;
    }
    return dag_intern(d, &op, out);
}

/* Constants are interned as well: there is one of each in a program. */
static seg_status dag_constant(dag *d, bool all, const segi_node *node, uint32_t *out)
{
    return dag_add(d, all ? SEGI_OP_ALL : SEGI_OP_NONE, node, 0, NULL, 0, out);
}

/* Not not x is x: logic has two values. */
static seg_status dag_not(dag *d, const segi_node *node, uint32_t child, uint32_t *out)
{
    const segi_op *op = &d->ops[child];
    if (op->kind == SEGI_OP_NOT) {
        *out = op->children[0];
        return SEG_OK;
    }
    if (op->kind == SEGI_OP_ALL || op->kind == SEGI_OP_NONE)
        return dag_constant(d, op->kind == SEGI_OP_NONE, node, out);
    return dag_add(d, SEGI_OP_NOT, node, 0, &child, 1, out);
}

/* A growing list of operands. */
typedef struct dag_list {
    uint32_t *items; /* owned */
    size_t count, capacity;
} dag_list;

static seg_status dag_list_add(dag *d, dag_list *list, uint32_t item)
{
    if (!segi_grow(d->mem, (void **)&list->items, &list->capacity, list->count + 1,
                   sizeof *list->items))
        return SEG_E_NOMEM;
    list->items[list->count++] = item;
    return SEG_OK;
}

static void dag_list_sort(dag_list *list)
{
    /* Shell sort: short lists mostly, and no recursion for long ones. */
    for (size_t gap = list->count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < list->count; i++) {
            uint32_t item = list->items[i];
            size_t j = i;
            for (; j >= gap && list->items[j - gap] > item; j -= gap)
                list->items[j] = list->items[j - gap];
            list->items[j] = item;
        }
    }
}

/* Of a sorted list. */
static bool dag_list_has(const dag_list *list, uint32_t item)
{
    size_t low = 0, high = list->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (list->items[middle] < item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < list->count && list->items[low] == item;
}

/* Operands of and/or, in order, without repeats; operands of the same kind are opened up.
 * One level is enough: operands were collected themselves when they were made. */
static seg_status dag_collect(dag *d, segi_op_kind kind, const uint32_t *children, size_t count,
                              dag_list *list)
{
    for (size_t i = 0; i < count; i++) {
        const segi_op *op = &d->ops[children[i]];
        if (op->kind == kind) {
            for (uint32_t j = 0; j < op->child_count; j++)
                SEGI_TRY(dag_list_add(d, list, op->children[j]));
        } else {
            SEGI_TRY(dag_list_add(d, list, children[i]));
        }
    }
    dag_list_sort(list);
    size_t kept = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (i == 0 || list->items[i] != list->items[kept - 1])
            list->items[kept++] = list->items[i];
    }
    list->count = kept;
    return SEG_OK;
}

/* True where the operands decide the result alone: a constant, or x beside not x. */
static bool dag_decided(const dag *d, segi_op_kind absorbing, const dag_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        const segi_op *op = &d->ops[list->items[i]];
        if (op->kind == absorbing)
            return true;
        if (op->kind == SEGI_OP_NOT && dag_list_has(list, op->children[0]))
            return true;
    }
    return false;
}

/* The neutral constant is dropped and the absorbing one decides; what is left may be one operand,
 * which then is the result itself. */
static seg_status dag_and_or(dag *d, segi_op_kind kind, const segi_node *node,
                             const uint32_t *children, size_t count, uint32_t *out)
{
    segi_op_kind neutral = kind == SEGI_OP_AND ? SEGI_OP_ALL : SEGI_OP_NONE;
    segi_op_kind absorbing = kind == SEGI_OP_AND ? SEGI_OP_NONE : SEGI_OP_ALL;
    dag_list list = {0};
    seg_status status = dag_collect(d, kind, children, count, &list);
    if (status == SEG_OK && dag_decided(d, absorbing, &list)) {
        status = dag_constant(d, absorbing == SEGI_OP_ALL, node, out);
    } else if (status == SEG_OK) {
        size_t kept = 0;
        for (size_t i = 0; i < list.count; i++) {
            if (d->ops[list.items[i]].kind != neutral)
                list.items[kept++] = list.items[i];
        }
        if (kept == 0)
            status = dag_constant(d, neutral == SEGI_OP_ALL, node, out);
        else if (kept == 1)
            *out = list.items[0];
        else
            status = dag_add(d, kind, node, 0, list.items, (uint32_t)kept, out);
    }
    segi_free(d->mem, list.items);
    return status;
}

/* xor of equals is nobody; a constant side leaves the other one, or its complement. */
static seg_status dag_xor(dag *d, const segi_node *node, const uint32_t *children, uint32_t *out)
{
    uint32_t a = children[0], b = children[1];
    if (a == b)
        return dag_constant(d, false, node, out);
    for (int i = 0; i < 2; i++) {
        uint32_t one = i ? b : a, other = i ? a : b;
        if (d->ops[one].kind == SEGI_OP_NONE) {
            *out = other;
            return SEG_OK;
        }
        if (d->ops[one].kind == SEGI_OP_ALL)
            return dag_not(d, node, other, out);
    }
    uint32_t ordered[2] = {a < b ? a : b, a < b ? b : a};
    return dag_add(d, SEGI_OP_XOR, node, 0, ordered, 2, out);
}

static seg_status dag_build(dag *d, const segi_node *node, uint32_t *out);

/* At least one is `or`, all is `and`. In between, operands keep their repeats: one that is named
 * twice counts twice. */
static seg_status dag_at_least(dag *d, const segi_node *node, const uint32_t *children,
                               uint32_t *out)
{
    uint32_t count = node->child_count;
    if (node->count <= 0)
        return dag_constant(d, true, node, out);
    if (node->count > count)
        return dag_constant(d, false, node, out);
    if (node->count == 1)
        return dag_and_or(d, SEGI_OP_OR, node, children, count, out);
    if (node->count == count)
        return dag_and_or(d, SEGI_OP_AND, node, children, count, out);
    dag_list list = {0};
    seg_status status = SEG_OK;
    for (uint32_t i = 0; i < count && status == SEG_OK; i++)
        status = dag_list_add(d, &list, children[i]);
    if (status == SEG_OK) {
        dag_list_sort(&list); /* order does not matter, repeats do */
        status = dag_add(d, SEGI_OP_AT_LEAST, node, (uint32_t)node->count, list.items, count, out);
    }
    segi_free(d->mem, list.items);
    return status;
}

/* The children are operations already. */
static seg_status dag_combine(dag *d, const segi_node *node, const uint32_t *children,
                              uint32_t *out)
{
    switch (node->kind) {
    case SEGI_NODE_NOT: return dag_not(d, node, children[0], out);
    case SEGI_NODE_AND: return dag_and_or(d, SEGI_OP_AND, node, children, node->child_count, out);
    case SEGI_NODE_OR: return dag_and_or(d, SEGI_OP_OR, node, children, node->child_count, out);
    case SEGI_NODE_XOR: return dag_xor(d, node, children, out);
    default: return dag_at_least(d, node, children, out);
    }
}

/* The scores in a value become operations of their own, whose indices go to `list`. */
static seg_status dag_scores(dag *d, const segi_node *value, dag_list *list);

/* A leaf, a rank or a score: its children are the population, if it has one, and the scores that it
 * reads. It is told apart by its kind, its children and what its node means without the population,
 * which counts by its operation and not by its text. */
static seg_status dag_data(dag *d, segi_op_kind kind, const segi_node *node, uint32_t *out)
{
    dag_list list = {0};
    seg_status status = SEG_OK;
    segi_node alone = *node;
    if (kind != SEGI_OP_LEAF) {
        if (node->child_count > 1 && node->children[1]) {
            uint32_t population = 0;
            status = dag_build(d, node->children[1], &population);
            if (status == SEG_OK)
                status = dag_list_add(d, &list, population);
        }
        alone.child_count = 1;
    }
    for (uint32_t i = 0; status == SEG_OK && i < alone.child_count; i++)
        status = dag_scores(d, node->children[i], &list);
    segi_op op = {.kind = kind, .child_count = (uint32_t)list.count, .node = node};
    if (status == SEG_OK && list.count) {
        uint32_t *copy = segi_arena_array(&d->program->arena, list.count, sizeof *copy);
        if (copy)
            memcpy(copy, list.items, list.count * sizeof *copy);
        else
            status = SEG_E_NOMEM;
        op.children = copy;
    }
    if (status == SEG_OK) {
        uint32_t head[2] = {(uint32_t)kind, op.child_count};
        segi_buf_reset(&d->key);
        segi_buf_add(&d->key, head, sizeof head);
        segi_buf_add(&d->key, list.items, list.count * sizeof *list.items);
        segi_plan_node_key(&alone, &d->key);
        status = dag_intern(d, &op, out);
    }
    segi_free(d->mem, list.items);
    return status;
}

static seg_status dag_scores(dag *d, const segi_node *value, dag_list *list)
{
    if (value->kind != SEGI_NODE_SCORE || value->score->cuts == SEGI_CUTS_FIXED) {
        for (uint32_t i = 0; i < value->child_count; i++)
            SEGI_TRY(dag_scores(d, value->children[i], list));
        return SEG_OK;
    }
    uint32_t op;
    SEGI_TRY(dag_data(d, SEGI_OP_SCORE, value, &op));
    if (!segi_grow(d->mem, (void **)&d->scores, &d->score_capacity, d->score_count + 1,
                   sizeof *d->scores))
        return SEG_E_NOMEM;
    d->scores[d->score_count++] = (segi_score_op){value, op};
    return dag_list_add(d, list, op);
}

/* A linear search: programs have tens of saved segments at most. */
static seg_status dag_segment(dag *d, const segi_node *tree, uint32_t *out)
{
    for (size_t i = 0; i < d->shared_count; i++) {
        if (d->shared[i].tree == tree) {
            *out = d->shared[i].op;
            return SEG_OK;
        }
    }
    SEGI_TRY(dag_build(d, tree, out));
    if (!segi_grow(d->mem, (void **)&d->shared, &d->shared_capacity, d->shared_count + 1,
                   sizeof *d->shared))
        return SEG_E_NOMEM;
    d->shared[d->shared_count++] = (dag_shared){tree, *out};
    return SEG_OK;
}

static seg_status dag_build(dag *d, const segi_node *node, uint32_t *out)
{
    switch (node->kind) {
    case SEGI_NODE_EVERYONE: return dag_constant(d, true, node, out);
    case SEGI_NODE_NOBODY: return dag_constant(d, false, node, out);
    case SEGI_NODE_SEGMENT: return dag_segment(d, node->children[0], out);
    case SEGI_NODE_WRITTEN: return dag_build(d, node->children[0], out);
    case SEGI_NODE_RANK: return dag_data(d, SEGI_OP_RANK, node, out);
    case SEGI_NODE_NOT:
    case SEGI_NODE_AND:
    case SEGI_NODE_OR:
    case SEGI_NODE_XOR:
    case SEGI_NODE_AT_LEAST: break;
    default: return dag_data(d, SEGI_OP_LEAF, node, out);
    }
    uint32_t *children = segi_alloc_array(d->mem, node->child_count, sizeof *children);
    if (!children)
        return SEG_E_NOMEM;
    seg_status status = SEG_OK;
    for (uint32_t i = 0; i < node->child_count && status == SEG_OK; i++)
        status = dag_build(d, node->children[i], &children[i]);
    if (status == SEG_OK)
        status = dag_combine(d, node, children, out);
    segi_free(d->mem, children);
    return status;
}

/* Operations that the roots reach, and how often each is used. Children come before parents, so
 * one pass from the end sees every user of an operation before the operation. */
static void dag_count_uses(dag *d, const uint32_t *roots, size_t root_count)
{
    for (size_t i = 0; i < root_count; i++)
        d->ops[roots[i]].uses++;
    for (size_t i = d->op_count; i-- > 0;) {
        const segi_op *op = &d->ops[i];
        if (op->uses == 0)
            continue;
        for (uint32_t j = 0; j < op->child_count; j++)
            d->ops[op->children[j]].uses++;
    }
}

/* Copies what grew into the arena, where it stays. */
static seg_status dag_finish(dag *d, const uint32_t *roots, size_t root_count)
{
    segi_program *program = d->program;
    dag_count_uses(d, roots, root_count);
    segi_op *ops = segi_arena_array(&program->arena, d->op_count, sizeof *ops);
    segi_score_op *scores = segi_arena_array(&program->arena, d->score_count, sizeof *scores);
    if (!ops || !scores)
        return SEG_E_NOMEM;
    if (d->op_count)
        memcpy(ops, d->ops, d->op_count * sizeof *ops);
    if (d->score_count)
        memcpy(scores, d->scores, d->score_count * sizeof *scores);
    program->ops = ops;
    program->op_count = (uint32_t)d->op_count;
    program->scores = scores;
    program->score_count = (uint32_t)d->score_count;
    program->roots = roots;
    program->root_count = (uint32_t)root_count;
    return SEG_OK;
}

/* One root per tree; equal trees have the same one. */
static seg_status dag_run(dag *d, const segi_node *const *trees, size_t tree_count)
{
    segi_program *program = d->program;
    uint32_t *roots = segi_arena_array(&program->arena, tree_count, sizeof *roots);
    if (!roots)
        return SEG_E_NOMEM;
    for (size_t i = 0; i < tree_count; i++)
        SEGI_TRY(dag_build(d, trees[i], &roots[i]));
    return dag_finish(d, roots, tree_count);
}

/* The scores of a value are what is asked for; there is no predicate. */
static seg_status dag_run_value(dag *d, const segi_node *value)
{
    dag_list list = {0};
    seg_status status = dag_scores(d, value, &list);
    if (status == SEG_OK)
        status = dag_finish(d, list.items, list.count);
    d->program->root_count = 0;
    segi_free(d->mem, list.items);
    return status;
}
/* Over the trees, or over the scores of one value. */
static seg_status program_build(const segi_mem *mem, const segi_node *const *trees,
                                size_t tree_count, const segi_node *value, segi_program **out,
                                seg_error *err)
{
    *out = NULL;
    segi_program *program = segi_alloc_zero(mem, sizeof *program);
    if (!program)
        return segi_fail_nomem(err);
    segi_arena_init(&program->arena, mem);
    dag d = {.mem = mem, .program = program};
    segi_buf_init(&d.keys, mem);
    segi_buf_init(&d.key, mem);
    seg_status status = value ? dag_run_value(&d, value) : dag_run(&d, trees, tree_count);
    segi_buf_deinit(&d.keys);
    segi_buf_deinit(&d.key);
    segi_free(mem, d.slots);
    segi_free(mem, d.ops);
    segi_free(mem, d.shared);
    segi_free(mem, d.scores);
    if (status != SEG_OK) {
        segi_program_destroy(program);
        return segi_fail_nomem(err);
    }
    *out = program;
    return SEG_OK;
}

seg_status segi_program_build(const segi_mem *mem, const segi_node *const *trees, size_t tree_count,
                              segi_program **out, seg_error *err)
{
    return program_build(mem, trees, tree_count, NULL, out, err);
}

seg_status segi_program_build_value(const segi_mem *mem, const segi_node *value, segi_program **out,
                                    seg_error *err)
{
    return program_build(mem, NULL, 0, value, out, err);
}

void segi_program_destroy(segi_program *program)
{
    if (!program)
        return;
    const segi_mem *mem = program->arena.mem;
    segi_arena_deinit(&program->arena);
    segi_free(mem, program);
}
