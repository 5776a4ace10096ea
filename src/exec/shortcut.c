/* Cheaper roads to the same answer, found while preparing a leaf.
 *
 * A test of an aggregate looks at every row of every candidate. Often a bitmap says enough: the
 * greatest amount is at least 300 exactly for those who did one of at least 300. And a test of a
 * score by written cut points is one of the figure that is scored: whoever has one of at least 4
 * was last there since the third cut point, did it so often, or spent so much. */
#include <float.h>

#include "exec/rank.h"

/* max >= c, max > c, min <= c, min < c: one row that passes is enough. */
static bool shortcut_extreme(const segi_prep_value *value, const segi_match *m)
{
    bool greatest = value->node->aggregate == SEGI_AGG_MAX;
    if (value->form != SEGI_VALUE_TALLY || m->negated ||
        (!greatest && value->node->aggregate != SEGI_AGG_MIN))
        return false;
    if (m->kind == SEGI_MATCH_RANGE)
        return greatest ? m->high == INT64_MAX : m->low == INT64_MIN;
    if (m->kind == SEGI_MATCH_FLOAT)
        return greatest ? m->float_high > DBL_MAX : m->float_low < -DBL_MAX;
    return false;
}

const segi_prep_source *segi_prep_source_passing(segi_prep *p, const segi_prep_value *value,
                                                 const segi_match *match)
{
    const segi_prep_source *source = value->source;
    segi_prep_source *out = SEGI_PREP_NEW(p, segi_prep_source);
    segi_prep_type *types = segi_prep_alloc(p, source->type_count, sizeof *types);
    if (!out || !types)
        return NULL;
    *out = *source;
    out->types = types;
    for (uint32_t t = 0; t < source->type_count; t++) {
        segi_prep_filter *test = SEGI_PREP_NEW(p, segi_prep_filter);
        segi_prep_filter *both = SEGI_PREP_NEW(p, segi_prep_filter);
        const segi_prep_filter **pair = segi_prep_alloc(p, 2, sizeof *pair);
        if (!test || !both || !pair)
            return NULL;
        test->form = SEGI_TEST_MATCH;
        test->values[0] = value->argument;
        test->match = match;
        pair[0] = source->types[t].filter;
        pair[1] = test;
        *both = (segi_prep_filter){.form = SEGI_TEST_AND, .child_count = 2, .children = pair};
        types[t] = source->types[t];
        types[t].filter = pair[0] ? both : test;
    }
    return out;
}

/* ---- scores by written cut points ---- */

/* Neighbouring classes from 1 on, as bounds of the figure that is scored. */
typedef struct shortcut_classes {
    int64_t low, high; /* low > high: nobody has them */
    bool others;       /* who passes are all others; class 0 is one of them */
} shortcut_classes;

/* The least slot that reaches so many cut points. */
static int64_t classes_from(const segi_prep_score *score, uint32_t cuts)
{
    return cuts == 0 ? INT64_MIN : (int64_t)(score->cuts[cuts - 1] ^ (uint64_t)1 << 63);
}

/* The classes on whose side class 0 is not. False: they are no neighbours. */
static bool shortcut_run(const segi_prep_score *score, const segi_match *match,
                         shortcut_classes *out)
{
    uint32_t count = score->cut_count + 1, first = 1, end;
    bool others = segi_match_slot(match, 0);
    while (first <= count && segi_match_slot(match, first) == others)
        first++;
    for (end = first; end <= count && segi_match_slot(match, end) != others;)
        end++;
    for (uint32_t class = end; class <= count; class ++) {
        if (segi_match_slot(match, class) != others)
            return false;
    }
    *out = (shortcut_classes){.low = 1, .others = others};
    if (first > count)
        return true;
    out->low = classes_from(score, first - 1);
    out->high = end > count ? INT64_MAX : classes_from(score, end - 1);
    if (end <= count && out->high-- == INT64_MIN) /* from there on the next class begins */
        *out = (shortcut_classes){.low = 1, .others = others};
    return true;
}

/* Rows of the source at [begin, end), or where its window ends earlier. */
static const segi_prep_source *shortcut_part(segi_prep *p, const segi_prep_source *source,
                                             int64_t begin, int64_t end)
{
    segi_prep_source *out = SEGI_PREP_NEW(p, segi_prep_source);
    if (!out)
        return NULL;
    *out = *source;
    out->begin = begin > source->begin ? begin : source->begin;
    out->end = end < source->end ? end : source->end;
    return segi_prep_pin_source(p, out) ? out : NULL;
}

/* The last event lies there: a row does, and none after it. */
static bool shortcut_recency(segi_prep *p, const segi_prep_source *source,
                             const shortcut_classes *c, segi_prep_leaf *leaf)
{
    int64_t end = c->high < source->end ? c->high + 1 : source->end;
    leaf->form = end < source->end ? SEGI_LEAF_EDGE : SEGI_LEAF_DID;
    leaf->source = shortcut_part(p, source, c->low, end);
    if (leaf->form == SEGI_LEAF_EDGE)
        leaf->other = shortcut_part(p, source, end, source->end);
    return true;
}

/* Who has no row has a sum of 0 as well, but no class where a count says so. */
static bool shortcut_money(segi_prep *p, const segi_prep_value *value, const shortcut_classes *c,
                           segi_prep_leaf *leaf)
{
    bool zero = c->low <= 0 && c->high >= 0;
    if (zero && !value->right)
        return false;
    segi_match *match = SEGI_PREP_NEW(p, segi_match);
    segi_prep_filter *test = SEGI_PREP_NEW(p, segi_prep_filter);
    if (!match || !test)
        return true;
    *match = (segi_match){.kind = SEGI_MATCH_RANGE, .low = c->low, .high = c->high};
    test->form = SEGI_TEST_MATCH;
    test->values[0] = value->left;
    test->match = match;
    leaf->form = SEGI_LEAF_SUM;
    leaf->test = test;
    leaf->other = zero ? value->right->source : NULL;
    return true;
}

static bool shortcut_figure(segi_prep *p, const segi_prep_value *value, const shortcut_classes *c,
                            segi_prep_leaf *leaf)
{
    const segi_prep_value *figure = value->left;
    bool count = figure->node->aggregate == SEGI_AGG_COUNT;
    bool sum = figure->node->aggregate == SEGI_AGG_SUM;
    /* Not everybody has a last value or the value of a history, and who has none has no class. */
    if (!value->right && !count && !sum)
        return false;
    if (count || c->low > c->high) {
        leaf->form = SEGI_LEAF_COUNT;
        leaf->source = figure->source;
        leaf->min = c->low > 1 ? c->low : 1;
        leaf->max = c->high;
        return true;
    }
    if (sum && figure->type.type != SEG_TYPE_FLOAT64)
        return shortcut_money(p, value, c, leaf);
    return figure->node->aggregate == SEGI_AGG_LAST && figure->type.type == SEG_TYPE_TIMESTAMP &&
           value->right && shortcut_recency(p, figure->source, c, leaf);
}

/* A test of a score as one of its figure. False: there is no such form. */
static bool shortcut_score(segi_prep *p, segi_prep_leaf *leaf)
{
    const segi_match *match = leaf->test->match;
    const segi_prep_value *value = leaf->test->values[0];
    shortcut_classes classes;
    if (value->form != SEGI_VALUE_SCORE || value->score->ranking ||
        (!value->right && value->score->score->zeros) || /* a class like any other has the zero */
        value->left->form != SEGI_VALUE_TALLY || match->kind == SEGI_MATCH_IS_NULL ||
        match->kind == SEGI_MATCH_IS_ABSENT || !shortcut_run(value->score, match, &classes) ||
        !shortcut_figure(p, value, &classes, leaf))
        return false;
    leaf->negated = classes.others;
    return true;
}

bool segi_prep_shortcut(segi_prep *p, segi_prep_leaf *leaf)
{
    const segi_prep_filter *test = leaf->test;
    if (leaf->form != SEGI_LEAF_TEST)
        return true;
    if (test->form != SEGI_TEST_MATCH)
        return segi_prep_narrow(p, leaf);
    const segi_prep_value *value = test->values[0];
    if (shortcut_score(p, leaf))
        return p->status == SEG_OK;
    if (!shortcut_extreme(value, test->match))
        return segi_prep_narrow(p, leaf);
    leaf->source = segi_prep_source_passing(p, value, test->match);
    leaf->form = SEGI_LEAF_DID;
    return leaf->source != NULL;
}

/* Looking a user up in a part costs about as much as going over this many rows. */
#define LOOKUP_ROWS 128u

bool segi_spans_few(const segi_worker *w, const segi_prep_source *source, uint32_t count)
{
    uint64_t rows = 0, lookups = 0;
    if (count <= SEGI_ROWS_FEW)
        return true;
    if (count > SEGI_CHUNK_USERS / 32)
        return false;
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_event_view *view = source->types[t].view;
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part_chunk *pc = segi_span_overlaps(view->parts[p], source)
                                            ? segi_part_find(view->parts[p], w->chunk)
                                            : NULL;
            if (!pc)
                continue;
            rows += pc->row_count;
            lookups += count;
        }
    }
    return lookups * LOOKUP_ROWS < rows;
}
