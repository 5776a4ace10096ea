/* Who is worth a look: a test of values that come from rows alone says the same of everybody who
 * has no rows.
 *
 * "Spent more on shoes than on hats" is settled for all who bought neither by asking one of them.
 * So the users with rows are found first, by bitmaps of parts where that is possible; the test then
 * runs for those and for one representative of the rest, whose verdict is that of all the rest.
 * Nothing is assumed about what the test says of users without rows.
 *
 * The same goes for users whose rows cannot make the value pass: a median of 300 needs a row of at
 * least 300, a favourite category one of its rows. They differ from users without rows in their
 * value, not in the verdict. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "exec/exec_int.h"

/* ---- preparing ---- */

/* Rows that a user needs before the test can say anything else of him than of a user without
 * rows. */
static int64_t narrow_least(const segi_prep_value *value, const segi_match *match)
{
    const segi_node *node = value->node;
    bool counts = node->kind == SEGI_NODE_DID;
    int64_t each = 1, least;
    if (counts && node->bound.periods)
        each = segi_period_least(node);
    else if (value->form == SEGI_VALUE_SESSIONS && value->session->least > 0)
        each = 2; /* what lasts has a first row and a last one */
    if (node->kind == SEGI_NODE_AGGREGATE) {
        switch (node->aggregate) {
        case SEGI_AGG_TOP:
        case SEGI_AGG_MODE: return node->min_events > 1 ? node->min_events : 1;
        case SEGI_AGG_NTH: return node->nth;
        case SEGI_AGG_STDDEV: return 2;
        case SEGI_AGG_STREAK:
        case SEGI_AGG_CURRENT_STREAK:
            counts = true;
            each = segi_period_least(node);
            break;
        case SEGI_AGG_COUNT:
        case SEGI_AGG_DISTINCT:
        case SEGI_AGG_DISTINCT_PERIOD: counts = true; break;
        default: break;
        }
    }
    bool at_least = match && match->kind == SEGI_MATCH_RANGE && !match->negated && match->low >= 1;
    if (!counts || !at_least)
        return 1;
    return segi_mul_overflow(match->low, each, &least) ? INT64_MAX : least;
}

/* Bounds of floats hold for the results of an interpolation, which may round past its ends. */
#define WITNESS_MARGIN 1e-12

/* Rows that lie as far up (or down) as the bounds of a percentile ask: without one no percentile
 * gets there. NULL where nothing is asked. */
static const segi_match *witness_of_bounds(segi_prep *p, const segi_prep_value *value,
                                           const segi_match *match)
{
    segi_value_type type = value->argument->type;
    if (match->kind != SEGI_MATCH_FLOAT || match->negated)
        return NULL;
    bool above = match->float_low >= -DBL_MAX, below = match->float_high <= DBL_MAX;
    if (!above && !below)
        return NULL;
    double bound = above ? match->float_low : match->float_high;
    double margin = fabs(bound) * WITNESS_MARGIN + DBL_MIN;
    bound += above ? -margin : margin;
    segi_match *out = SEGI_PREP_NEW(p, segi_match);
    if (!out)
        return NULL;
    if (type.type == SEG_TYPE_FLOAT64) {
        *out = (segi_match){.kind = SEGI_MATCH_FLOAT,
                            .float_low = above ? bound : -INFINITY,
                            .float_high = above ? INFINITY : bound};
        return out;
    }
    double slot = bound * (double)segi_pow10(type.scale);
    if (fabs(slot) > 4e18)
        return NULL;
    *out = (segi_match){.kind = SEGI_MATCH_RANGE,
                        .low = above ? (int64_t)floor(slot) - 1 : INT64_MIN,
                        .high = above ? INT64_MAX : (int64_t)ceil(slot) + 1};
    return out;
}

/* What one row at least must pass for the value to pass; NULL where no row needs to. A value that
 * is one of the rows' own has to be there. */
static const segi_match *narrow_witness(segi_prep *p, const segi_prep_value *value,
                                        const segi_match *match)
{
    bool column = value->form != SEGI_VALUE_SESSIONS && value->argument &&
                  value->argument->form == SEGI_VALUE_COLUMN;
    if (!match || !column || value->node->kind != SEGI_NODE_AGGREGATE)
        return NULL;
    const segi_match *own = value->match ? value->match : match;
    bool of_values = own->kind != SEGI_MATCH_NOTHING && own->kind != SEGI_MATCH_IS_NULL &&
                     own->kind != SEGI_MATCH_IS_ABSENT;
    switch (value->node->aggregate) {
    case SEGI_AGG_MODE:
    case SEGI_AGG_TOP:
    case SEGI_AGG_FIRST:
    case SEGI_AGG_LAST:
    case SEGI_AGG_NTH: return of_values ? own : NULL;
    case SEGI_AGG_MEDIAN:
    case SEGI_AGG_PERCENTILE: return witness_of_bounds(p, value, match);
    default: return NULL;
    }
}

static bool narrow_add(segi_prep *p, segi_prep_leaf *leaf, const segi_prep_value *value,
                       const segi_match *match)
{
    if (leaf->narrow_count == SEGI_NARROW_MAX)
        return false;
    const segi_prep_window *each = value->source->each;
    segi_narrow *narrow = &leaf->narrow[leaf->narrow_count++];
    *narrow = (segi_narrow){.source = value->source, .least = narrow_least(value, match)};
    /* Without an anchor there is no window, so no row counts. */
    if (each && each->anchor)
        narrow->anchor = each->anchor->source;
    const segi_match *witness = narrow_witness(p, value, match);
    if (witness) {
        narrow->source = segi_prep_source_passing(p, value, witness);
        narrow->least = 1;
    }
    return narrow->source != NULL;
}

/* False where the value may differ among users without rows. */
static bool narrow_value(segi_prep *p, segi_prep_leaf *leaf, const segi_prep_value *value,
                         const segi_match *match)
{
    switch (value->form) {
    case SEGI_VALUE_CONSTANT: return true;
    case SEGI_VALUE_TALLY:
    case SEGI_VALUE_BAG:
    case SEGI_VALUE_SESSIONS: /* no session without rows, and no more of them than rows */
    case SEGI_VALUE_GATHER: return narrow_add(p, leaf, value, match);
    case SEGI_VALUE_SEQUENCE: return segi_prep_sequence_differs(value, leaf);
    case SEGI_VALUE_ARITH:
        return narrow_value(p, leaf, value->left, NULL) &&
               narrow_value(p, leaf, value->right, NULL);
    case SEGI_VALUE_SHIFT: return narrow_value(p, leaf, value->left, NULL);
    case SEGI_VALUE_SCORE: /* who did not buy is of class 0 */
        return value->right && narrow_value(p, leaf, value->right, NULL);
    default: return false;
    }
}

static bool narrow_test(segi_prep *p, segi_prep_leaf *leaf, const segi_prep_filter *test)
{
    for (uint32_t i = 0; i < test->child_count; i++) {
        if (!narrow_test(p, leaf, test->children[i]))
            return false;
    }
    for (uint32_t i = 0; i < 3 && test->values[i]; i++) {
        if (!narrow_value(p, leaf, test->values[i], test->match))
            return false;
    }
    return true;
}

bool segi_prep_narrow(segi_prep *p, segi_prep_leaf *leaf)
{
    if (!narrow_test(p, leaf, leaf->test))
        leaf->narrow_count = 0;
    return p->status == SEG_OK;
}

/* ---- running ---- */

/* Candidates with rows enough, into `out`. */
static void narrow_did(segi_worker *w, const segi_narrow *narrow, const segi_mask *candidates,
                       uint32_t count, segi_mask *out)
{
    segi_mask_zero(out);
    if (narrow->least > 1)
        segi_tally_count(w, narrow->source, candidates, count, narrow->least, INT64_MAX, out);
    else
        segi_tally_did(w, narrow->source, candidates, count, out);
    segi_mask *anchored = narrow->anchor ? segi_worker_mask_push(w) : NULL;
    if (anchored) {
        segi_mask_zero(anchored);
        segi_tally_did(w, narrow->anchor, candidates, count, anchored);
        segi_mask_and(out, anchored);
        segi_worker_mask_pop(w);
    }
}

bool segi_narrow_users(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                       uint32_t count, segi_mask *out_some, segi_mask *out_rest)
{
    segi_mask *did = segi_worker_mask_push(w);
    if (!did)
        return false;
    segi_mask_zero(out_some);
    if (leaf->narrow_all)
        memcpy(out_some, candidates, sizeof *out_some);
    for (uint32_t i = 0; i < leaf->narrow_count && w->status == SEG_OK; i++) {
        if (leaf->narrow_all) { /* fewer and fewer are looked up */
            narrow_did(w, &leaf->narrow[i], out_some, count, did);
            segi_mask_and(out_some, did);
            count = segi_mask_count(out_some);
        } else {
            narrow_did(w, &leaf->narrow[i], candidates, count, did);
            segi_mask_or(out_some, did);
        }
    }
    segi_worker_mask_pop(w);
    segi_mask_and(out_some, candidates);
    memcpy(out_rest, candidates, sizeof *out_rest);
    segi_mask_andnot(out_rest, out_some);
    return w->status == SEG_OK;
}
