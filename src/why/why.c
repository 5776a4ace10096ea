/* why.c - the tree of a predicate with what each of its conditions says about one user.
 *
 * Each node is asked for its verdict, its value and the instant of its next change, one after the
 * other. That is many small evaluations, but of one user each; the cost is that of the nodes and
 * not of the store's size. */
#include <string.h>

#include "base/civil.h"
#include "why/why_int.h"

/* Of a condition with `where` no more events than these are looked at one by one. */
#define EVENTS_LOOKED_AT_MAX 1000

/* A tree under way; failures are kept by the asker. */
typedef struct why_builder {
    segi_asker asker;
    segi_why *why;
    segi_why_node *nodes; /* owned, grows; copied at the end */
    size_t count, capacity;
    segi_buf text;
} why_builder;

static bool good(const why_builder *b)
{
    return b->asker.status == SEG_OK;
}

/* NULL, so that callers may return it. */
static void *failed_alloc(why_builder *b)
{
    if (good(b))
        b->asker.status = segi_fail_nomem(b->asker.err);
    return NULL;
}

/* What is in b->text, kept. */
static const char *keep_text(why_builder *b)
{
    const char *copy =
        b->text.failed ? NULL : segi_arena_copy(&b->why->arena, b->text.data, b->text.size);
    return copy == NULL ? failed_alloc(b) : copy;
}

/* As the language writes it, in canonical form. */
static const char *node_text(why_builder *b, const segi_node *node)
{
    segi_buf_reset(&b->text);
    segi_node_print(b->asker.request->predicate->schema, node, &b->text);
    return keep_text(b);
}

/* ---- values ---- */

/* "3d 4h 5min", down to microseconds if it must be. */
static void write_length(segi_buf *out, int64_t length)
{
    static const struct {
        int64_t size;
        const char *name;
    } units[] = {{SEGI_DAY, "d"}, {SEGI_HOUR, "h"}, {SEGI_MINUTE, "min"}, {SEGI_SECOND, "s"}};
    if (length < 0)
        segi_buf_char(out, '-');
    uint64_t rest = length < 0 ? 0 - (uint64_t)length : (uint64_t)length;
    bool any = false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        uint64_t size = (uint64_t)units[i].size, count = rest / size;
        rest %= size;
        if (count == 0)
            continue;
        if (any)
            segi_buf_char(out, ' ');
        any = true;
        segi_buf_uint(out, count);
        segi_buf_text(out, units[i].name);
    }
    if (!any || rest != 0)
        segi_buf_format(out, "%s%lldus", any ? " " : "", (long long)rest);
}

static void write_strings(segi_buf *out, const segi_values *values)
{
    segi_buf_char(out, '(');
    for (uint64_t i = values->lists[0]; i < values->lists[1]; i++) {
        if (i != values->lists[0])
            segi_buf_text(out, ", ");
        segi_buf_quoted(out, values->text.data + values->offsets[i],
                        (size_t)(values->offsets[i + 1] - values->offsets[i]));
    }
    segi_buf_char(out, ')');
}

/* The first row of the values; a user who is not in the universe has none. Texts are quoted, as in
 * the language. */
static void write_value(segi_buf *out, const segi_values *values)
{
    if (values->count != 1 || values->states[0] != SEG_VALUE_SET) {
        bool null = values->count == 1 && values->states[0] == SEG_VALUE_NULL;
        segi_buf_text(out, null ? "null" : "no value");
        return;
    }
    int64_t slot = values->slots == NULL ? 0 : values->slots[0];
    switch (values->type.type) {
    case SEG_TYPE_BOOL: segi_buf_text(out, slot ? "true" : "false"); break;
    case SEG_TYPE_FLOAT64: segi_buf_float(out, segi_slot_float(slot)); break;
    case SEG_TYPE_DECIMAL: segi_buf_decimal(out, slot, values->type.scale); break;
    case SEG_TYPE_STRING:
        /* An empty text may have no bytes behind it at all. */
        segi_buf_quoted(out, values->text.data ? values->text.data + values->offsets[0] : "",
                        (size_t)(values->offsets[1] - values->offsets[0]));
        break;
    case SEG_TYPE_STRING_SET: write_strings(out, values); break;
    case SEG_TYPE_TIMESTAMP: segi_civil_write_instant(out, slot); break;
    case SEG_TYPE_DATE: segi_civil_write_date(out, (int32_t)slot); break;
    case SEG_TYPE_GEO:
        segi_buf_float(out, segi_slot_latitude(slot) / 1e7);
        segi_buf_char(out, ' ');
        segi_buf_float(out, segi_slot_longitude(slot) / 1e7);
        break;
    case SEGI_TYPE_DURATION: write_length(out, slot); break;
    default: segi_buf_int(out, slot); break;
    }
}

/* What the user has. NULL after a failure. */
static const char *value_text(why_builder *b, const segi_node *value)
{
    segi_values *values = segi_asker_value(&b->asker, value);
    if (values == NULL)
        return NULL;
    segi_buf_reset(&b->text);
    write_value(&b->text, values);
    segi_values_destroy(values);
    return keep_text(b);
}

/* The class of a score is shown by its name where it has one. */
static const char *label_text(why_builder *b, const segi_node *value)
{
    segi_values *values = segi_asker_value(&b->asker, value);
    if (values == NULL)
        return NULL;
    segi_buf_reset(&b->text);
    const segi_score *score = value->score;
    bool named = score->labels != NULL && values->count == 1 && values->slots != NULL &&
                 values->states[0] == SEG_VALUE_SET && values->slots[0] >= 0 &&
                 values->slots[0] < (int64_t)score->cut_count + 2;
    if (named)
        segi_buf_quoted(&b->text, score->labels[values->slots[0]].text,
                        score->labels[values->slots[0]].size);
    else
        write_value(&b->text, values);
    segi_values_destroy(values);
    return keep_text(b);
}

/* The group of an rfm with the scores that made it: "loyal" (r 5, f 4, m 2) */
static const char *group_text(why_builder *b, const segi_parts *parts)
{
    static const char *const letters[] = {"(r", ", f", ", m"};
    int64_t now = b->asker.request->run.now;
    uint32_t label = 0, last = parts->label_count - 1;
    while (label < last && good(b) && !segi_asker_test_node(&b->asker, parts->holds[label], now))
        label++;
    segi_buf_reset(&b->text);
    segi_buf_quoted(&b->text, parts->labels[label].text, parts->labels[label].size);
    segi_buf_char(&b->text, ' ');
    for (uint32_t i = 0; i < SEGI_RFM_COUNT && good(b); i++) {
        segi_values *values = segi_asker_value(&b->asker, parts->rfm->scores[i]);
        segi_buf_format(&b->text, "%s ", letters[i]);
        if (values != NULL)
            write_value(&b->text, values);
        segi_values_destroy(values);
    }
    segi_buf_char(&b->text, ')');
    return keep_text(b);
}

/* ---- events ---- */

/* An aggregate over the same events as the node. */
static segi_node aggregate_like(const segi_node *node, segi_aggregate aggregate)
{
    segi_node like;
    memset(&like, 0, sizeof like);
    like.kind = SEGI_NODE_AGGREGATE;
    like.type.type = SEG_TYPE_INT64;
    like.aggregate = aggregate;
    like.selector = node->selector;
    like.window = node->window;
    return like;
}

/* Is the event type one of those that the selector names? */
static bool selects(const segi_selector *selector, uint32_t type)
{
    for (uint32_t i = 0; i < selector->event_count; i++) {
        if (selector->events[i] == type)
            return true;
    }
    return false;
}

/* Does an event of this instant pass where?
 * Asked as "did it happen in the microsecond at that instant", which cannot tell two events of
 * one instant apart: both are shown if one passes. */
static bool passes(why_builder *b, const segi_node *node, int64_t time)
{
    if (node->selector->where == NULL && node->selector->session == NULL)
        return true;
    segi_node did;
    memset(&did, 0, sizeof did);
    did.kind = SEGI_NODE_DID;
    did.selector = node->selector;
    did.bound = (segi_bound){false, 1, INT64_MAX, false, SEGI_UNIT_SECOND, 1};
    did.window = node->window;
    did.window.kind = SEGI_WINDOW_BETWEEN;
    did.window.from = (segi_moment){SEGI_MOMENT_INSTANT, time};
    did.window.to = (segi_moment){SEGI_MOMENT_INSTANT, time + 1};
    return segi_asker_test_node(&b->asker, &did, b->asker.request->run.now);
}

/* Is it among the events that the node's span holds? Anchored spans are not: their events are told
 * by the count alone. */
static bool in_span(why_builder *b, const segi_node *node, int64_t time)
{
    int64_t begin, end, now = b->asker.request->run.now;
    const segi_zone *zone = segi_asker_zone(&b->asker, node->window.zone);
    if (node->kind == SEGI_NODE_EDGE)
        return time <= now; /* the first of all time */
    segi_window_bounds(&node->window, zone, now, 0, true, &begin, &end);
    return begin <= time && time < end;
}

/* The latest first, but for `first`, which begins at the other end. Events that `where` refuses
 * count towards EVENTS_LOOKED_AT_MAX, so that a condition that hardly any event passes stays
 * quick. */
static void add_shown(why_builder *b, const segi_node *node, segi_why_node *out)
{
    const segi_asker *a = &b->asker;
    uint32_t most = a->request->events_max, looked = 0;
    const segi_schema *schema = a->request->run.snapshot->schema;
    if (most == 0 || node->window.kind == SEGI_WINDOW_ANCHOR || a->event_count == 0)
        return;
    segi_why_event *shown = segi_arena_array(&b->why->arena, most, sizeof *shown);
    if (shown == NULL) {
        failed_alloc(b);
        return;
    }
    out->shown = shown;
    bool first = node->kind == SEGI_NODE_EDGE && node->which == SEGI_FIRST;
    for (size_t i = 0; i < a->event_count && good(b); i++) {
        const segi_own_event *event = &a->events[first ? i : a->event_count - 1 - i];
        if (out->shown_count == most || looked == EVENTS_LOOKED_AT_MAX)
            return;
        if (!selects(node->selector, event->type) || !in_span(b, node, event->time))
            continue;
        looked++;
        if (!passes(b, node, event->time))
            continue;
        const segi_event_type *type = schema->events[event->type];
        shown[out->shown_count++] = (segi_why_event){type->name, type->name_size, event->time};
    }
}

/* The count comes from the evaluator and is exact, even where fewer are shown. */
static void add_events(why_builder *b, const segi_node *node, segi_why_node *out)
{
    segi_node count = aggregate_like(node, SEGI_AGG_COUNT);
    if (node->kind == SEGI_NODE_EDGE) {
        count.window.kind = SEGI_WINDOW_EVER;
        count.window.anchor = NULL;
    }
    segi_values *values = segi_asker_value(&b->asker, &count);
    if (values != NULL && values->count == 1 && values->states[0] == SEG_VALUE_SET)
        out->event_count = (uint64_t)values->slots[0];
    segi_values_destroy(values);
    if (good(b) && out->event_count != 0)
        add_shown(b, node, out);
}

/* ---- what a condition compares ---- */

/* The bound in words, as in "exactly 3". */
static const char *bound_text(why_builder *b, const segi_bound *bound)
{
    segi_buf_reset(&b->text);
    if (bound->max == INT64_MAX)
        segi_buf_format(&b->text, "at least %lld", (long long)bound->min);
    else if (bound->min == bound->max)
        segi_buf_format(&b->text, "exactly %lld", (long long)bound->min);
    else if (bound->min <= 0)
        segi_buf_format(&b->text, "at most %lld", (long long)bound->max);
    else
        segi_buf_format(&b->text, "between %lld and %lld", (long long)bound->min,
                        (long long)bound->max);
    return keep_text(b);
}

/* How many of them, or in how many periods. */
static void fill_did(why_builder *b, const segi_node *node, segi_why_node *out)
{
    segi_node count = aggregate_like(node, SEGI_AGG_COUNT);
    if (node->bound.periods && node->bound.each <= 1) {
        count.aggregate = SEGI_AGG_DISTINCT_PERIOD;
        count.period = node->bound.period;
    }
    if (!node->bound.periods || node->bound.each <= 1)
        out->value = value_text(b, &count);
    out->threshold = bound_text(b, &node->bound);
    add_events(b, node, out);
}

/* How often the steps were gone through, or how far. */
static void fill_sequence(why_builder *b, const segi_node *node, segi_why_node *out)
{
    segi_node figure = *node;
    figure.kind = SEGI_NODE_FIGURE;
    figure.type = (segi_value_type){SEG_TYPE_INT64, 0};
    out->value = value_text(b, &figure);
    out->threshold = bound_text(b, &node->bound);
}

/* When the first, last or nth one was. */
static void fill_edge(why_builder *b, const segi_node *node, segi_why_node *out)
{
    static const segi_aggregate edges[] = {SEGI_AGG_FIRST, SEGI_AGG_LAST, SEGI_AGG_NTH};
    segi_node time, when = aggregate_like(node, edges[node->which]);
    memset(&time, 0, sizeof time);
    time.kind = SEGI_NODE_BUILTIN;
    time.builtin = SEGI_BUILTIN_TIME;
    time.type.type = SEG_TYPE_TIMESTAMP;
    time.window = node->window;
    when.type.type = SEG_TYPE_TIMESTAMP;
    when.argument = &time;
    when.nth = node->nth;
    when.window.kind = SEGI_WINDOW_EVER;
    when.window.anchor = NULL;
    out->value = value_text(b, &when);
    add_events(b, node, out);
}

/* Several values at once, which only tests can ask. */
static bool is_several(const segi_node *value)
{
    return value->kind == SEGI_NODE_AGGREGATE &&
           (value->aggregate == SEGI_AGG_TOP ||
            (value->aggregate == SEGI_AGG_MODE && value->ties == SEGI_TIES_ALL));
}

/* The aggregate that the value is, if it is one. */
static void fill_subject(why_builder *b, const segi_node *value, segi_why_node *out)
{
    if (value->kind == SEGI_NODE_ANNIVERSARY)
        value = value->children[0]; /* of which day */
    if (value->kind == SEGI_NODE_SCORE)
        out->value = label_text(b, value);
    else if (!is_several(value))
        out->value = value_text(b, value);
    if (value->kind == SEGI_NODE_AGGREGATE)
        add_events(b, value, out);
}

/* A threshold that is no constant has a value of its own. */
static void fill_compare(why_builder *b, const segi_node *node, segi_why_node *out)
{
    const segi_node *other = node->children[1];
    fill_subject(b, node->children[0], out);
    bool constant = other->kind == SEGI_NODE_LITERAL || other->kind == SEGI_NODE_MOMENT;
    if (node->children[0]->kind != SEGI_NODE_SCORE || !constant)
        out->threshold = constant ? node_text(b, other) : value_text(b, other);
}

/* The group says it all: its conditions are about the scores beside it. */
static const segi_parts *groups_of(const segi_node *node)
{
    const segi_node *value = node->kind == SEGI_NODE_WRITTEN ? node->written->children[0] : NULL;
    return value != NULL && value->parts != NULL && value->parts->rfm != NULL ? value->parts : NULL;
}

/* Both ends may be values of the user. */
static void fill_between(why_builder *b, const segi_node *node, segi_why_node *out)
{
    fill_subject(b, node->children[0], out);
    const char *low = value_text(b, node->children[1]), *high = value_text(b, node->children[2]);
    if (low == NULL || high == NULL)
        return;
    segi_buf_reset(&b->text);
    segi_buf_format(&b->text, "%s and %s", low, high);
    out->threshold = keep_text(b);
}

/* A kind added later stops the compiler here until it is thought of. */
static void fill_leaf(why_builder *b, const segi_node *node, segi_why_node *out)
{
    switch (node->kind) {
    case SEGI_NODE_DID: fill_did(b, node, out); break;
    case SEGI_NODE_EDGE: fill_edge(b, node, out); break;
    case SEGI_NODE_SEQUENCE: fill_sequence(b, node, out); break;
    case SEGI_NODE_COMPARE: fill_compare(b, node, out); break;
    case SEGI_NODE_BETWEEN: fill_between(b, node, out); break;
    case SEGI_NODE_IN:
    case SEGI_NODE_TRUTH:
    case SEGI_NODE_STATE:
    case SEGI_NODE_HAS:
    case SEGI_NODE_TEXT:
    case SEGI_NODE_RADIUS:
    case SEGI_NODE_POLYGON:
    case SEGI_NODE_TIME:
    case SEGI_NODE_SEASON:
    case SEGI_NODE_OCCASION:
    case SEGI_NODE_RANK: fill_subject(b, node->children[0], out); break;
    case SEGI_NODE_SPLIT:
    case SEGI_NODE_EVERYONE:
    case SEGI_NODE_NOBODY: break; /* the text says it all */
    case SEGI_NODE_NOT:
    case SEGI_NODE_AND:
    case SEGI_NODE_OR:
    case SEGI_NODE_XOR:
    case SEGI_NODE_AT_LEAST:
    case SEGI_NODE_SEGMENT: break; /* their operands say it */
    case SEGI_NODE_WRITTEN:
        if (groups_of(node) != NULL)
            out->value = group_text(b, groups_of(node));
        break; /* otherwise the operands say it */
    case SEGI_NODE_HELD:
    case SEGI_NODE_CHANGED:
    case SEGI_NODE_LITERAL:
    case SEGI_NODE_MOMENT:
    case SEGI_NODE_NOW:
    case SEGI_NODE_ATTRIBUTE:
    case SEGI_NODE_PROPERTY:
    case SEGI_NODE_BUILTIN:
    case SEGI_NODE_AGGREGATE:
    case SEGI_NODE_ARITH:
    case SEGI_NODE_SHIFT:
    case SEGI_NODE_ANNIVERSARY:
    case SEGI_NODE_SIZE:
    case SEGI_NODE_FIGURE:
    case SEGI_NODE_CLASS:
    case SEGI_NODE_SCORE: break; /* values stand in conditions */
    }
}

/* ---- the tree ---- */

/* Whether the children are conditions of their own. Else they are values, and the node tells
 * about them. */
static bool is_inner(const segi_node *node)
{
    return node->kind == SEGI_NODE_NOT || node->kind == SEGI_NODE_AND ||
           node->kind == SEGI_NODE_OR || node->kind == SEGI_NODE_XOR ||
           node->kind == SEGI_NODE_AT_LEAST || node->kind == SEGI_NODE_SEGMENT ||
           (node->kind == SEGI_NODE_WRITTEN && groups_of(node) == NULL);
}

/* Depth first, so parents come before children and siblings stay in the order of the text. The
 * entry is written by index after its texts were made, since the list may move; its children need
 * the index. */
static void add_node(why_builder *b, const segi_node *node, uint32_t depth, uint32_t parent)
{
    void *list = b->nodes;
    if (!good(b))
        return;
    if (b->count == SEGI_WHY_NODES_MAX) {
        b->asker.status = segi_fail(b->asker.err, SEG_E_LIMIT,
                                    "more than %d conditions to tell about", SEGI_WHY_NODES_MAX);
        return;
    }
    if (!segi_grow(b->asker.mem, &list, &b->capacity, b->count + 1, sizeof *b->nodes)) {
        failed_alloc(b);
        return;
    }
    b->nodes = list;
    uint32_t index = (uint32_t)b->count++;
    segi_why_node out;
    memset(&out, 0, sizeof out);
    out.node = node;
    out.depth = depth;
    out.parent = parent;
    out.text = node_text(b, node);
    out.member = segi_asker_test_node(&b->asker, node, b->asker.request->run.now);
    out.next = (segi_next){SEGI_NEXT_OPEN, SEGI_NEXT_NEVER};
    if (!b->asker.request->only_verdicts)
        out.next = segi_why_next(&b->asker, node);
    fill_leaf(b, node, &out);
    b->nodes[index] = out;
    for (uint32_t i = 0; is_inner(node) && i < node->child_count; i++)
        add_node(b, node->children[i], depth + 1, index);
}

/* All or nothing: a tree with a gap would explain the wrong thing. */
seg_status segi_why_create(const segi_mem *mem, const segi_why_request *request, segi_why **out,
                           seg_error *err)
{
    why_builder b;
    memset(&b, 0, sizeof b);
    *out = NULL;
    b.asker.mem = mem;
    b.asker.request = request;
    b.asker.err = err;
    b.why = segi_alloc_zero(mem, sizeof *b.why);
    if (b.why == NULL)
        return segi_fail_nomem(err);
    segi_arena_init(&b.why->arena, mem);
    segi_buf_init(&b.text, mem);
    segi_asker_open(&b.asker);
    add_node(&b, request->predicate->root, 0, UINT32_MAX);
    segi_why_node *nodes = NULL;
    if (good(&b)) {
        nodes = segi_arena_array(&b.why->arena, b.count, sizeof *nodes);
        if (nodes == NULL)
            failed_alloc(&b);
    }
    if (good(&b)) {
        memcpy(nodes, b.nodes, b.count * sizeof *nodes);
        b.why->nodes = nodes;
        b.why->count = (uint32_t)b.count;
        b.why->now = request->run.now;
        b.why->horizon = request->horizon;
        *out = b.why;
    } else {
        segi_why_destroy(b.why);
    }
    segi_asker_close(&b.asker);
    segi_free(mem, b.nodes);
    segi_buf_deinit(&b.text);
    return b.asker.status;
}

void segi_why_destroy(segi_why *why)
{
    if (why == NULL)
        return;
    const segi_mem *mem = why->arena.mem;
    segi_arena_deinit(&why->arena);
    segi_free(mem, why);
}
