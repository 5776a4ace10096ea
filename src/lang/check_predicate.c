/* check_predicate.c - the tree of what was written becomes the checked tree: logic and segments.
 *
 * Rewrites that keep the meaning happen here: nested and/or become one list, a double not falls
 * away, constants are folded. Recursion is bounded by SEGI_LEVELS_MAX.
 *
 * The road of a compile leads through here: segi_check_text() parses one text and checks what
 * came out from its root; a reference to a saved segment comes back to it with that segment's
 * text, so that the depth of references is depth of the C stack, and bounded as such. With
 * `findings` (linting) a failure in the predicate's own text is noted and the check goes on, with
 * everyone in place of the condition. */
#include "lang/checker.h"

#include <string.h>

/* ---- logic ---- */

/* NULL in, NULL out. In two-valued logic a not is the complement within the universe (S-12,
 * S-13), so double ones cancel without a second look. */
segi_node *segi_check_not(segi_check *k, const segi_syn *syn, const segi_node *inner)
{
    if (inner == NULL)
        return NULL;
    if (inner->kind == SEGI_NODE_EVERYONE || inner->kind == SEGI_NODE_NOBODY)
        return segi_check_node(
            k, inner->kind == SEGI_NODE_EVERYONE ? SEGI_NODE_NOBODY : SEGI_NODE_EVERYONE, syn);
    if (inner->kind == SEGI_NODE_NOT) {
        segi_node *copy = segi_check_alloc(k, 1, sizeof *copy);
        if (copy != NULL)
            *copy = *inner->children[0];
        return copy;
    }
    segi_node *node = segi_check_node(k, SEGI_NODE_NOT, syn);
    return node != NULL && segi_check_children(k, node, inner, NULL, NULL) ? node : NULL;
}

/* The nodes themselves may be shared: a nested list of the same kind is copied out of its node,
 * never taken apart. The result is a node of its own even if only one operand is left. */
segi_node *segi_check_join(segi_check *k, const segi_syn *syn, segi_node_kind kind,
                           const segi_node *const *nodes, size_t count)
{
    /* What changes nothing, and what decides alone. */
    bool all = kind == SEGI_NODE_AND;
    segi_node_kind neutral = all ? SEGI_NODE_EVERYONE : SEGI_NODE_NOBODY;
    segi_node_kind decisive = all ? SEGI_NODE_NOBODY : SEGI_NODE_EVERYONE;
    size_t total = 0;
    for (size_t i = 0; i < count; i++) {
        if (nodes[i]->kind == decisive)
            return segi_check_node(k, decisive, syn);
        if (nodes[i]->kind != neutral)
            total += nodes[i]->kind == kind ? nodes[i]->child_count : 1;
    }
    if (total == 0)
        return segi_check_node(k, neutral, syn);
    segi_node *node = segi_check_node(k, kind, syn);
    const segi_node **children = segi_check_alloc(k, total, sizeof *children);
    if (node == NULL || children == NULL)
        return NULL;
    node->children = children;
    for (size_t i = 0; i < count; i++) {
        if (nodes[i]->kind == neutral)
            continue;
        uint32_t own = nodes[i]->kind == kind ? nodes[i]->child_count : 1;
        memcpy(children + node->child_count,
               nodes[i]->kind == kind ? nodes[i]->children : &nodes[i], own * sizeof *children);
        node->child_count += own;
    }
    if (total == 1)
        *node = *children[0];
    return node;
}

/* The kids of a node, checked, in the scratch arena. */
static const segi_node **check_kids(segi_check *k, const segi_syn *syn)
{
    const segi_node **nodes = segi_arena_array(&k->c->scratch, syn->kid_count, sizeof *nodes);
    if (nodes == NULL)
        return segi_check_nomem(k);
    size_t i = 0;
    for (const segi_syn *kid = syn->kids; kid != NULL; kid = kid->next) {
        nodes[i] = segi_check_predicate(k, kid);
        if (nodes[i++] == NULL)
            return NULL;
    }
    return nodes;
}

/* Halves upon halves: a long row stays shallow, and xor does not mind the order. */
static segi_node *xor_tree(segi_check *k, const segi_syn *syn, const segi_node *const *nodes,
                           size_t count)
{
    if (count == 1) {
        segi_node *copy = segi_check_alloc(k, 1, sizeof *copy);
        if (copy != NULL)
            *copy = *nodes[0];
        return copy;
    }
    segi_node *node = segi_check_node(k, SEGI_NODE_XOR, syn);
    const segi_node *left = xor_tree(k, syn, nodes, count - count / 2);
    const segi_node *right = xor_tree(k, syn, nodes + (count - count / 2), count / 2);
    if (node == NULL || left == NULL || right == NULL)
        return NULL;
    return segi_check_children(k, node, left, right, NULL) ? node : NULL;
}

/* Operands of xor, nested ones spliced in; constants only flip the result. */
static void xor_collect(const segi_node *node, const segi_node **list, size_t *count, bool *flip)
{
    if (node->kind == SEGI_NODE_XOR) {
        xor_collect(node->children[0], list, count, flip);
        xor_collect(node->children[1], list, count, flip);
    } else if (node->kind == SEGI_NODE_EVERYONE) {
        *flip = !*flip;
    } else if (node->kind != SEGI_NODE_NOBODY) {
        if (list != NULL)
            list[*count] = node;
        ++*count;
    }
}

/* Counted first and filled then: nested ones make the list longer than the kids. */
static segi_node *check_xor(segi_check *k, const segi_syn *syn)
{
    const segi_node **nodes = check_kids(k, syn);
    if (nodes == NULL)
        return NULL;
    size_t count = 0, again = 0;
    bool flip = false, ignored = false;
    for (uint32_t i = 0; i < syn->kid_count; i++)
        xor_collect(nodes[i], NULL, &count, &flip);
    if (count == 0)
        return segi_check_node(k, flip ? SEGI_NODE_EVERYONE : SEGI_NODE_NOBODY, syn);
    const segi_node **list = segi_arena_array(&k->c->scratch, count, sizeof *list);
    if (list == NULL)
        return segi_check_nomem(k);
    for (uint32_t i = 0; i < syn->kid_count; i++)
        xor_collect(nodes[i], list, &again, &ignored);
    segi_node *node = xor_tree(k, syn, list, count);
    return flip ? segi_check_not(k, syn, node) : node;
}

/* Folded only where the number alone decides: none of them is everyone, too many are nobody. */
static segi_node *check_at_least(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_AT_LEAST, syn);
    const segi_node **children = node == NULL ? NULL : check_kids(k, syn);
    if (children == NULL || !segi_check_number(k, syn->u.number, &node->count))
        return NULL;
    if (node->count > (int64_t)syn->kid_count)
        segi_check_warn(k, syn->begin, syn->size, SEG_E_ARG,
                        "at least %lld of %u conditions never hold", (long long)node->count,
                        (unsigned)syn->kid_count);
    if (node->count > (int64_t)syn->kid_count || node->count == 0) {
        node->kind = node->count == 0 ? SEGI_NODE_EVERYONE : SEGI_NODE_NOBODY;
        node->count = 0;
        return node;
    }
    const segi_node **kept = segi_check_alloc(k, syn->kid_count, sizeof *kept);
    if (kept == NULL)
        return NULL;
    memcpy(kept, children, syn->kid_count * sizeof *kept);
    node->children = kept;
    node->child_count = syn->kid_count;
    return node;
}

/* ---- saved segments ---- */

/* What hints choose from. */
typedef struct saved_names {
    const segi_resolver *resolver;
    segi_definition kind;
} saved_names;

static bool saved_name(const void *user, size_t i, const char **out, size_t *out_size)
{
    const saved_names *names = user;
    const segi_saved *saved = names->resolver->at(names->resolver->user, names->kind, i);
    if (saved == NULL)
        return false;
    *out = saved->name;
    *out_size = saved->name_size;
    return true;
}

const segi_saved *segi_check_find_saved(const segi_check *k, segi_definition kind, const char *name,
                                        size_t size)
{
    const segi_resolver *resolver = k->c->resolver;
    return resolver == NULL ? NULL : resolver->find(resolver->user, kind, name, size);
}

void *segi_check_unknown_saved(segi_check *k, uint32_t begin, uint32_t span, segi_definition kind,
                               const char *name, size_t size)
{
    const saved_names names = {k->c->resolver, kind};
    segi_check_fail(k, begin, span, SEG_E_UNKNOWN_NAME, "unknown %s \"%.*s\"",
                    kind == SEGI_DEFINE_OCCASION ? "occasion" : "segment", (int)size, name);
    if (names.resolver != NULL)
        segi_check_suggest(k, name, size, saved_name, &names);
    return NULL;
}

/* "a" -> "b" -> "a", from the segment that comes round again. */
static void *fail_cycle(segi_check *k, const segi_syn *syn, const segi_reference *again)
{
    segi_buf path, turned;
    segi_buf_init(&path, k->c->mem);
    segi_buf_init(&turned, k->c->mem);
    /* The chain is linked inside out, so each name goes in front. */
    segi_buf_quoted(&path, again->name, again->name_size);
    for (const segi_reference *at = k->reference; at != NULL; at = at->outer) {
        segi_buf_reset(&turned);
        segi_buf_quoted(&turned, at->name, at->name_size);
        segi_buf_text(&turned, " -> ");
        segi_buf_add(&turned, path.data, path.size);
        segi_buf_reset(&path);
        segi_buf_add(&path, turned.data, turned.size);
        if (at == again || path.size > 200)
            break;
    }
    bool failed = path.failed || turned.failed;
    if (failed)
        segi_check_nomem(k);
    else
        segi_check_fail(k, syn->begin, syn->size, SEG_E_CYCLE, "segments refer to each other: %.*s",
                        (int)path.size, path.data);
    segi_buf_deinit(&path);
    segi_buf_deinit(&turned);
    return NULL;
}

/* A failure inside a saved segment is told where the segment is named. */
static void *fail_inside(segi_check *k, const segi_syn *syn, const segi_reference *reference)
{
    seg_error *err = k->c->err;
    /* The innermost segment is the one at fault; those around it only refer to it. */
    if (err->code != SEG_E_NOMEM && err->code != SEG_E_CYCLE && !k->c->inside) {
        /* A new message clears the hint. */
        const char *hint = segi_arena_copy(&k->c->scratch, err->hint, strlen(err->hint));
        segi_fail(err, err->code, "%s \"%.*s\": %s",
                  reference->kind == SEGI_DEFINE_CLASS ? "class" : "segment",
                  (int)reference->name_size, reference->name, err->message);
        if (hint != NULL)
            segi_error_hint(err, "%s", hint);
    }
    k->c->inside = true;
    segi_error_span(err, syn->begin, syn->size);
    return NULL;
}

/* Each kind of definition has a scope of its own in the map of names. */
static const void *reference_scope(const segi_compiling *c, segi_definition kind)
{
    return kind == SEGI_DEFINE_SEGMENT ? NULL : (const void *)&c->references;
}

/* Entered in the map before its text is compiled: a reference found without a root is one that is
 * under way, which makes a cycle (S-30). */
static const segi_node *compile_saved(segi_check *k, const segi_syn *syn, segi_definition kind,
                                      segi_text name, segi_text text)
{
    segi_compiling *c = k->c;
    segi_reference *reference = segi_arena_alloc(&c->scratch, sizeof *reference);
    if (reference == NULL)
        return segi_check_nomem(k);
    uint32_t depth = k->reference == NULL ? 0 : k->reference->depth + 1;
    *reference = (segi_reference){kind, name.text, name.size, NULL, depth, k->reference};
    if (depth == SEGI_CHAIN_MAX)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_LIMIT,
                               "more than %d saved segments inside each other", SEGI_CHAIN_MAX);
    if (!segi_name_map_set(&c->references, &c->scratch, reference_scope(c, kind), name.text,
                           name.size, reference))
        return segi_check_nomem(k);
    reference->root = segi_check_text(c, text.text, text.size, reference);
    return reference->root != NULL ? reference->root : fail_inside(k, syn, reference);
}

const segi_node *segi_check_saved(segi_check *k, const segi_syn *syn, segi_definition kind,
                                  const char *name, size_t size)
{
    segi_compiling *c = k->c;
    segi_reference *reference =
        segi_name_map_get(&c->references, reference_scope(c, kind), name, size);
    if (reference != NULL)
        return reference->root != NULL ? reference->root : fail_cycle(k, syn, reference);
    const segi_saved *saved = segi_check_find_saved(k, kind, name, size);
    if (saved == NULL)
        return NULL;
    return compile_saved(k, syn, kind, (segi_text){name, size},
                         (segi_text){saved->text, saved->text_size});
}

/* As segi_check_saved(), where not being there is a failure. */
static const segi_node *resolve(segi_check *k, const segi_syn *syn, const char *name, size_t size)
{
    const segi_node *root = segi_check_saved(k, syn, SEGI_DEFINE_SEGMENT, name, size);
    if (root != NULL || k->c->status != SEG_OK)
        return root;
    return segi_check_unknown_saved(k, syn->begin, syn->size, SEGI_DEFINE_SEGMENT, name, size);
}

/* in segment "name", or in segment $name, which is compiled once the name is bound. */
static segi_node *check_segment(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_SEGMENT, syn);
    if (node == NULL)
        return NULL;
    const segi_syn *name = syn->kids;
    node->name = name->u.name.text;
    node->name_size = name->u.name.text_size;
    if (name->kind == SEGI_SYN_PARAM) {
        segi_literal literal;
        if (!segi_check_param(k, name, segi_type_of(SEG_TYPE_STRING), &literal))
            return NULL;
        node->name = literal.text;
        node->name_size = literal.text_size;
        if (literal.type.type == SEGI_TYPE_PARAM) {
            node->count = literal.slot; /* a gap: no name, no child */
            return node;
        }
    }
    node->name = segi_arena_copy(k->c->arena, node->name, node->name_size);
    if (node->name == NULL)
        return segi_check_nomem(k);
    const segi_node *root = resolve(k, syn, node->name, node->name_size);
    return root != NULL && segi_check_children(k, node, root, NULL, NULL) ? node : NULL;
}

/* ---- the dispatcher ---- */

/* What looks at users cannot stand where an event is looked at. */
static bool fail_in_where(segi_check *k, const segi_syn *syn)
{
    const char *what = syn->kind == SEGI_SYN_SEGMENT ? "segments"
                       : syn->kind == SEGI_SYN_RANK  ? "ranks"
                       : syn->kind == SEGI_SYN_SPLIT ? "shares of customers"
                                                     : "other events";
    if (k->selector == NULL)
        return false;
    segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "%s cannot be asked for inside where",
                    what);
    segi_check_hint(k,
                    "inside where stand conditions on the properties of the one event; join this "
                    "with and outside of the parentheses");
    return true;
}

/* and, or */
static segi_node *check_logic(segi_check *k, const segi_syn *syn)
{
    const segi_node **nodes = check_kids(k, syn);
    if (nodes == NULL)
        return NULL;
    return segi_check_join(k, syn, syn->kind == SEGI_SYN_AND ? SEGI_NODE_AND : SEGI_NODE_OR, nodes,
                           syn->kid_count);
}

/* The parser has counted the nots: `negated` means that they cancel out. */
static segi_node *check_not(segi_check *k, const segi_syn *syn)
{
    segi_node *inner = segi_check_predicate(k, syn->kids);
    return syn->negated ? inner : segi_check_not(k, syn, inner);
}

/* What looks at other events or at users is refused inside where; all else is a test. */
static segi_node *check_by_kind(segi_check *k, const segi_syn *syn)
{
    switch (syn->kind) {
    case SEGI_SYN_EVERYONE: return segi_check_node(k, SEGI_NODE_EVERYONE, syn);
    case SEGI_SYN_NOBODY: return segi_check_node(k, SEGI_NODE_NOBODY, syn);
    case SEGI_SYN_NOT: return check_not(k, syn);
    case SEGI_SYN_AND:
    case SEGI_SYN_OR: return check_logic(k, syn);
    case SEGI_SYN_XOR: return check_xor(k, syn);
    case SEGI_SYN_AT_LEAST: return check_at_least(k, syn);
    case SEGI_SYN_DID: return fail_in_where(k, syn) ? NULL : segi_check_did(k, syn);
    case SEGI_SYN_EDGE: return fail_in_where(k, syn) ? NULL : segi_check_edge(k, syn);
    case SEGI_SYN_SEQUENCE: return fail_in_where(k, syn) ? NULL : segi_check_sequence(k, syn);
    case SEGI_SYN_SEGMENT: return fail_in_where(k, syn) ? NULL : check_segment(k, syn);
    case SEGI_SYN_LIFECYCLE: return fail_in_where(k, syn) ? NULL : segi_check_lifecycle(k, syn);
    case SEGI_SYN_RANK: return fail_in_where(k, syn) ? NULL : segi_check_test(k, syn);
    case SEGI_SYN_SPLIT: return fail_in_where(k, syn) ? NULL : segi_check_split(k, syn);
    default: return segi_check_test(k, syn);
    }
}

/* ---- linting: the check goes on behind a failure ---- */

/* The failure is noted, and its condition stands as everyone. */
static segi_node *go_on(segi_check *k, const segi_syn *syn, const segi_check *before,
                        uint32_t levels)
{
    segi_compiling *c = k->c;
    bool ours = c->status == SEG_E_SYNTAX || c->status == SEG_E_UNKNOWN_NAME ||
                c->status == SEG_E_TYPE || c->status == SEG_E_CYCLE;
    seg_error *place =
        ours ? segi_findings_add(c->findings, SEGI_LEVEL_ERROR, segi_finding_id(c->status)) : NULL;
    if (place == NULL)
        return NULL;
    *place = *c->err;
    c->status = SEG_OK;
    c->inside = false;
    c->levels = levels;
    *k = *before;
    return segi_check_node(k, SEGI_NODE_EVERYONE, syn);
}

/* A condition that was folded away: it says the same about everybody. Around one that was noted
 * more would follow from it. */
static void note_constant(segi_check *k, const segi_syn *syn, const segi_node *node)
{
    bool always = node->kind == SEGI_NODE_EVERYONE;
    segi_findings *findings = k->c->findings;
    if ((!always && node->kind != SEGI_NODE_NOBODY) || syn->kind == SEGI_SYN_EVERYONE ||
        syn->kind == SEGI_SYN_NOBODY)
        return;
    for (size_t i = 0; i < findings->count; i++) {
        int64_t at = findings->list[i].error.offset;
        if (at >= (int64_t)syn->begin && at < (int64_t)syn->begin + syn->size)
            return;
    }
    seg_error *note =
        segi_findings_add(findings, SEGI_LEVEL_WARNING, always ? "always-true" : "always-false");
    if (note == NULL)
        return;
    segi_fail(note, SEG_E_ARG, always ? "this holds for everyone" : "this holds for nobody");
    segi_error_span(note, syn->begin, syn->size);
}

/* `before` is the place in the tree, so that go_on() can come back to it from whatever depth the
 * failure was at. */
segi_node *segi_check_predicate(segi_check *k, const segi_syn *syn)
{
    segi_check before = *k;
    uint32_t levels = k->c->levels;
    if (!segi_check_enter(k, syn))
        return NULL;
    k->right = false;
    segi_node *node = check_by_kind(k, syn);
    bool noting = k->c->findings != NULL && k->reference == NULL;
    if (noting && k->c->status != SEG_OK)
        return go_on(k, syn, &before, levels);
    segi_check_leave(k);
    if (noting && node != NULL)
        note_constant(k, syn, node);
    return k->c->status == SEG_OK ? node : NULL;
}

/* A saved segment has the zone and the week of its own `using` line, else the store's, never
 * those of the text that refers to it: its meaning is the same wherever it stands. */
const segi_node *segi_check_text(segi_compiling *c, const char *text, size_t size,
                                 segi_reference *reference)
{
    segi_check k;
    memset(&k, 0, sizeof k);
    k.c = c;
    k.text = text;
    k.text_size = size;
    k.reference = reference;
    k.zone = (segi_zone_ref){SEGI_ZONE_FIXED, c->schema->zone, NULL};
    k.week_start = c->schema->week_start;
    segi_syn_root root;
    segi_goal goal = reference == NULL                      ? c->goal
                     : reference->kind == SEGI_DEFINE_CLASS ? SEGI_GOAL_CLASS
                                                            : SEGI_GOAL_PREDICATE;
    c->status = segi_parse(&c->scratch, text, size, goal, &c->nodes,
                           reference == NULL ? c->findings : NULL, &root, c->err);
    if (c->status != SEG_OK)
        return NULL;
    k.aliases = root.aliases;
    if (root.zone_given && !segi_check_zone(&k, &root.zone, &k.zone))
        return NULL;
    if (root.week_given)
        k.week_start = root.week_start;
    if (reference == NULL) {
        c->predicate->zone = k.zone;
        c->predicate->zone_given = root.zone_given;
        c->predicate->week_start = k.week_start;
        c->predicate->week_given = root.week_given;
    }
    segi_node *node = goal == SEGI_GOAL_VALUE   ? segi_check_value(&k, root.root, NULL)
                      : goal == SEGI_GOAL_CLASS ? segi_check_class(&k, root.root)
                                                : segi_check_predicate(&k, root.root);
    if (goal == SEGI_GOAL_VALUE && node != NULL) {
        segi_check_settle(node, segi_type_of(SEG_TYPE_STRING));
        if (!segi_check_single(&k, node))
            return NULL;
    }
    return c->status == SEG_OK ? node : NULL;
}
