/* lint.c - warnings about single conditions: days against calendar days, what "not" takes in, spans
 * and bounds that nothing can meet. lint_row.c compares conditions with each other. One thread.
 *
 * Runs over the checked tree after a compile that went well; what it says are warnings, so it
 * errs on the side of silence. Each finding has an id for programs, listed in docs/language.md
 * where it is one that users see. */
#include "lang/lint.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/civil.h"
#include "base/hash.h"
#include "lang/checker.h"

/* ---- tools ---- */

/* 128 bits of a hash stand for the text: good enough for a remark, and it needs no memory per
 * node. */
segi_lint_key segi_linter_key(segi_linter *l, const segi_node *node)
{
    segi_lint_key key;
    segi_buf_reset(&l->text);
    segi_predicate_print_node(l->predicate, node, &l->text);
    l->failed |= l->text.failed;
    segi_xxh3_128(l->text.data, l->text.size, key.half);
    return key;
}

int segi_lint_key_compare(const segi_lint_key *a, const segi_lint_key *b)
{
    for (int i = 0; i < 2; i++) {
        if (a->half[i] != b->half[i])
            return a->half[i] < b->half[i] ? -1 : 1;
    }
    return 0;
}

void segi_linter_warn(segi_linter *l, const segi_node *node, const char *id, const char *hint,
                      const char *format, ...)
{
    char message[sizeof((seg_error *)0)->message];
    va_list arguments;
    seg_error *note = segi_findings_add(l->findings, SEGI_LEVEL_WARNING, id);
    if (note == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    segi_fail(note, SEG_E_ARG, "%s", message);
    segi_error_span(note, node->span_begin, node->span_size);
    segi_error_locate(note, l->predicate->text, l->predicate->text_size);
    if (hint != NULL)
        segi_error_hint(note, "%s", hint);
}

/* ---- spans ---- */

/* A span that counts hours, so that no zone has a say in it. */
static bool is_rolling(const segi_window *window)
{
    return (window->kind == SEGI_WINDOW_LAST || window->kind == SEGI_WINDOW_AGO) &&
           window->length.unit <= SEGI_UNIT_WEEK;
}

/* 7 x 24 hours touch 8 dates, unless they begin at midnight. */
static void lint_periods(segi_linter *l, const segi_node *node, segi_unit period)
{
    char hint[100];
    const segi_window *window = &node->window;
    if (window->kind != SEGI_WINDOW_LAST || segi_is_gap(window->length.count) ||
        window->length.unit != period)
        return;
    snprintf(hint, sizeof hint, "in last %lld calendar %ss", (long long)window->length.count,
             segi_unit_name(period));
    segi_linter_warn(l, node, "rolling-days", hint,
                     "%ss of the calendar are counted in a span that is not of the calendar: it "
                     "touches one more of them",
                     segi_unit_name(period));
}

/* Set to true by a value that depends on the zone. */
static void find_builtin(void *user, const segi_node *node, segi_aspect aspect)
{
    (void)aspect;
    bool *found = user;
    *found |= node->kind == SEGI_NODE_BUILTIN || node->kind == SEGI_NODE_MOMENT ||
              node->kind == SEGI_NODE_SHIFT || node->kind == SEGI_NODE_TIME ||
              node->kind == SEGI_NODE_OCCASION;
    segi_node_visit(node, find_builtin, user);
}

/* A zone at a span of hours or days of 24 hours: was a span of the calendar meant? */
static void lint_zone(segi_linter *l, const segi_node *node, bool periods)
{
    bool used = periods;
    const segi_zone_ref *own = &node->window.zone, *outer = &l->predicate->zone;
    segi_node_visit(node, find_builtin, &used);
    if (used || !is_rolling(&node->window) || own->kind != SEGI_ZONE_FIXED ||
        own->zone == outer->zone || outer->kind != SEGI_ZONE_FIXED)
        return;
    segi_linter_warn(l, node, "zone-unused",
                     "in last 7 calendar days tz ... goes by the zone's days",
                     "the time zone changes nothing here: the span counts hours back from now");
}

/* A span that reaches back beyond what the store keeps sees less than it says. */
static void lint_retention(segi_linter *l, const segi_node *node)
{
    const segi_window *window = &node->window;
    bool back = window->kind == SEGI_WINDOW_LAST || window->kind == SEGI_WINDOW_AGO ||
                window->kind == SEGI_WINDOW_OLDER || window->kind == SEGI_WINDOW_LAST_CALENDAR;
    if (l->retention <= 0 || !back || segi_is_gap(window->length.count))
        return;
    /* Months and longer at their shortest, so that nobody is warned for nothing. */
    static const int64_t days[] = {28, 90, 365};
    int64_t length;
    if (window->length.unit >= SEGI_UNIT_MONTH)
        length =
            window->length.count > 100000
                ? INT64_MAX
                : window->length.count * days[window->length.unit - SEGI_UNIT_MONTH] * SEGI_DAY;
    else
        length = segi_duration_length(window->length);
    if (length <= l->retention)
        return;
    segi_linter_warn(l, node, "beyond-retention", NULL,
                     "events are kept for %lld days, and this looks further back",
                     (long long)(l->retention / SEGI_DAY));
}

/* Absolute and relative spans in which nothing can lie. */
static void lint_empty(segi_linter *l, const segi_node *node)
{
    const segi_window *w = &node->window;
    bool same = w->kind == SEGI_WINDOW_BETWEEN && w->from.kind == w->to.kind &&
                w->from.kind != SEGI_MOMENT_DATE && !segi_is_gap(w->from.value) &&
                w->from.value == w->to.value;
    bool ago = w->kind == SEGI_WINDOW_AGO && w->length.unit == w->length_to.unit &&
               !segi_is_gap(w->length.count) && !segi_is_gap(w->length_to.count) &&
               w->length.count <= w->length_to.count;
    bool none =
        (w->kind == SEGI_WINDOW_LAST || w->kind == SEGI_WINDOW_NEXT) && w->length.count == 0;
    if (same || ago || none)
        segi_linter_warn(l, node, "empty-span",
                         ago ? "the longer time ago stands first: from 60 days ago to 30 days ago"
                             : NULL,
                         "nothing lies in this span");
}

/* All that can be said about a span, from whichever node has one. */
static void lint_window(segi_linter *l, const segi_node *node)
{
    bool periods = node->bound.given && node->bound.periods;
    if (periods)
        lint_periods(l, node, node->bound.period);
    if (node->kind == SEGI_NODE_AGGREGATE && node->aggregate == SEGI_AGG_DISTINCT_PERIOD) {
        periods = true;
        lint_periods(l, node, node->period);
    }
    lint_zone(l, node, periods || node->streak != NULL);
    lint_retention(l, node);
    lint_empty(l, node);
}

/* ---- single conditions ---- */

/* Bounds that hold for all, for none, or are a long word for "did not". */
static void lint_bound(segi_linter *l, const segi_node *node)
{
    const segi_bound *bound = &node->bound;
    if (!bound->given || segi_is_gap(bound->min) || segi_is_gap(bound->max))
        return;
    if (bound->min <= 0 && bound->max == INT64_MAX)
        segi_linter_warn(l, node, "always-true", NULL,
                         "everyone did this at least 0 times: this holds for everyone");
    else if (bound->max < bound->min || bound->max < 0)
        segi_linter_warn(l, node, "always-false", NULL, "no number lies within these bounds");
    else if (bound->max == 0 && bound->min <= 0)
        segi_linter_warn(l, node, "at-most-never", "did not \"event\"",
                         "this is another way to say: did not");
}

/* count of ... < 0 and its like: a count has no other side of zero. */
static void lint_count(segi_linter *l, const segi_node *node)
{
    const segi_node *value = node->children[0], *other = node->children[1];
    bool count = value->kind == SEGI_NODE_AGGREGATE &&
                 (value->aggregate == SEGI_AGG_COUNT || value->aggregate == SEGI_AGG_DISTINCT);
    segi_literal zero = segi_literal_of(SEG_TYPE_INT64, 0);
    if (!count || !segi_node_constant(other))
        return;
    int order = segi_literal_compare(&other->literal, &zero);
    bool never = (order < 0 && (node->op == SEGI_EQ || node->op == SEGI_LE)) ||
                 (order <= 0 && node->op == SEGI_LT);
    bool always = (order < 0 && (node->op == SEGI_NE || node->op == SEGI_GT)) ||
                  (order <= 0 && node->op == SEGI_GE);
    if (never || always)
        segi_linter_warn(l, node, always ? "always-true" : "always-false", NULL,
                         "a count is never below 0: this holds for %s",
                         always ? "everyone" : "nobody");
}

/* Scores go from 0 to their highest. */
static void lint_score(segi_linter *l, const segi_node *node)
{
    const segi_node *value = node->children[0], *other = node->children[1];
    if (value->kind != SEGI_NODE_SCORE || value->score->labels != NULL ||
        !segi_node_constant(other))
        return;
    segi_literal zero = segi_literal_of(SEG_TYPE_INT64, 0);
    segi_literal most = segi_literal_of(SEG_TYPE_INT64, (int64_t)value->score->cut_count + 1);
    int low = segi_literal_compare(&other->literal, &zero);
    int high = segi_literal_compare(&other->literal, &most);
    bool below = low < 0, never, always;
    bool above = high > 0;
    switch (node->op) {
    case SEGI_EQ: never = below || above, always = false; break;
    case SEGI_NE: never = false, always = below || above; break;
    case SEGI_LT: never = low <= 0, always = above; break;
    case SEGI_LE: never = below, always = high >= 0; break;
    case SEGI_GT: never = high >= 0, always = below; break;
    default: never = above, always = low <= 0; break;
    }
    if (never || always)
        segi_linter_warn(l, node, never ? "always-false" : "any-value", NULL,
                         "scores go from 0 to %d: this holds for %s", (int)most.slot,
                         never ? "nobody" : "everyone who has one");
}

/* Empty lists come from programs that write predicates. */
static void lint_list(segi_linter *l, const segi_node *node)
{
    bool has_all = node->kind == SEGI_NODE_HAS && node->has != SEGI_HAS_ANY;
    if (node->list_count != 0 || has_all)
        return;
    segi_linter_warn(l, node, node->negated ? "any-value" : "always-false", NULL,
                     node->negated
                         ? "no value is in an empty list: this holds for everyone who has "
                           "a value"
                         : "no value is in an empty list: this holds for nobody");
}

/* not a = v takes in those without a value, a != v does not (S-13). */
static void lint_not(segi_linter *l, const segi_node *node)
{
    const segi_node *inner = node->children[0];
    bool equal = inner->kind == SEGI_NODE_COMPARE && inner->op == SEGI_EQ;
    bool in = inner->kind == SEGI_NODE_IN && !inner->negated;
    if ((!equal && !in) ||
        (inner->children[0]->kind != SEGI_NODE_ATTRIBUTE && !segi_node_present(inner->children[0])))
        return;
    segi_linter_warn(
        l, node, "not-includes-missing",
        equal ? "a != v leaves them out; to say that they are meant, add: or a is not set"
              : "a not in (...) leaves them out",
        "this holds for those without a value too");
}

/* What looks at events has a span; TIME has one too. */
/* changed from "a" to "a" */
static void lint_written(segi_linter *l, const segi_node *node)
{
    const segi_node *from = node->written->from, *to = node->written->to;
    if (node->written->kind != SEGI_NODE_CHANGED || from == NULL || to == NULL ||
        from->kind != to->kind)
        return;
    bool null = from->kind == SEGI_NODE_STATE;
    if (!null && (!segi_node_constant(from->children[1]) || !segi_node_constant(to->children[1]) ||
                  segi_literal_compare(&from->children[1]->literal, &to->children[1]->literal)))
        return;
    segi_linter_warn(l, node, "always-false", NULL,
                     "what changed is another value than before: this holds for nobody");
}

static void lint_node(segi_linter *l, const segi_node *node)
{
    switch (node->kind) {
    case SEGI_NODE_AND:
    case SEGI_NODE_OR: segi_lint_row(l, node); break;
    case SEGI_NODE_NOT: lint_not(l, node); break;
    case SEGI_NODE_WRITTEN: lint_written(l, node); break;
    case SEGI_NODE_DID: lint_bound(l, node); break;
    case SEGI_NODE_COMPARE:
        lint_count(l, node);
        lint_score(l, node);
        break;
    case SEGI_NODE_IN:
    case SEGI_NODE_HAS: lint_list(l, node); break;
    default: break; /* nothing to say about it alone */
    }
    if (node->selector != NULL || node->sequence != NULL || node->kind == SEGI_NODE_TIME)
        lint_window(l, node);
}

/* Every node once, parents first. Depth is bounded by that of the tree. */
static void walk(void *user, const segi_node *node, segi_aspect aspect)
{
    segi_linter *l = user;
    (void)aspect;
    if (l->failed)
        return;
    lint_node(l, node);
    if (node->kind == SEGI_NODE_SCORE && node->score->rfm != NULL)
        walk(l, node->children[0], SEGI_ASPECT_VALUE); /* its other child is of the same events */
    else
        segi_node_visit(node, walk, l);
}

bool segi_lint_tree(const segi_predicate *predicate, int64_t retention, segi_findings *findings)
{
    segi_linter l = {.predicate = predicate,
                     .mem = predicate->mem,
                     .retention = retention,
                     .findings = findings};
    segi_buf_init(&l.text, predicate->mem);
    walk(&l, predicate->root, SEGI_ASPECT_OPERAND);
    segi_buf_deinit(&l.text);
    return !l.failed && !findings->failed;
}
