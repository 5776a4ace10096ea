/* Cheaper roads to the same answer, found while preparing a leaf.
 *
 * A test of an aggregate looks at every row of every candidate. Often a bitmap says enough: the
 * greatest amount is at least 300 exactly for those who did one of at least 300. */
#include <float.h>

#include "exec/exec_int.h"

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

bool segi_prep_shortcut(segi_prep *p, segi_prep_leaf *leaf)
{
    const segi_prep_filter *test = leaf->test;
    if (leaf->form != SEGI_LEAF_TEST)
        return true;
    if (test->form != SEGI_TEST_MATCH) {
        return segi_prep_narrow(p, leaf);
    }
    const segi_prep_value *value = test->values[0];
    if (!shortcut_extreme(value, test->match)) {
        return segi_prep_narrow(p, leaf);
    }
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
