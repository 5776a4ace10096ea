/* Leaves of the program: candidates of one chunk in, those for whom the leaf holds out.
 *
 * The roads below may find more users than asked about (a column is scanned as it lies, a part
 * lists its users); segi_leaf_evaluate() cuts the result to the candidates once, at the end.
 * Absent and null are never a member of a test but of those for them (S-13): `not` is made of the
 * candidates, in operate.c, and so includes them. */
#include <string.h>

#include "exec/exec_int.h"

/* Up to this many candidates are looked up in an attribute instead of scanning the column. A scan
 * of a narrow chunk takes a few microseconds, about as long as some hundred look-ups. */
#define LEAF_FEW 256

static const segi_attr_chunk *leaf_chunk(const segi_worker *w, const segi_prep_leaf *leaf)
{
    const segi_attr_view *view = leaf->attribute;
    return view && w->chunk < view->chunk_count ? view->chunks[w->chunk] : NULL;
}

static void leaf_put(segi_mask *out, uint32_t low, bool holds)
{
    if (holds)
        segi_bit_set(out->words, low);
    else
        segi_bit_clear(out->words, low);
}

/* ---- scalar attributes ---- */

/* The test of one value; the scan in match.c must say the same of the base column. */
static bool leaf_state_holds(const segi_match *match, uint8_t state, int64_t slot)
{
    switch (match->kind) {
    case SEGI_MATCH_IS_NULL: return state == SEG_VALUE_NULL;
    case SEGI_MATCH_IS_ABSENT: return state == SEG_VALUE_ABSENT;
    case SEGI_MATCH_SET: return state == SEG_VALUE_SET && !match->negated;
    default: return state == SEG_VALUE_SET && segi_match_slot(match, slot);
    }
}

static void leaf_attribute_few(segi_worker *w, const segi_prep_leaf *leaf,
                               const segi_mask *candidates, segi_mask *out)
{
    segi_mask_zero(out);
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        for (uint64_t word = candidates->words[i]; word; word &= word - 1) {
            uint32_t low = i * 64 + (uint32_t)segi_ctz(word);
            int64_t slot;
            uint8_t state = segi_attr_slot(leaf->attribute, w->chunk, low, &slot);
            if (leaf_state_holds(leaf->match, state, slot))
                segi_bit_set(out->words, low);
        }
    }
}

/* Rows that the column does not reach are absent. */
static void leaf_absent_rest(const segi_match *match, uint32_t rows, uint32_t limit, segi_mask *out)
{
    if (match->kind == SEGI_MATCH_IS_ABSENT && rows < limit)
        segi_bits_set_range(out->words, rows, limit);
}

/* Scan of the base column, then the few newer values over it, which decide alone about their
 * users. */
static void leaf_attribute(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                           segi_mask *out)
{
    const segi_attr_chunk *ac = leaf_chunk(w, leaf);
    segi_mask_zero(out);
    if (!ac) {
        leaf_absent_rest(leaf->match, 0, w->user_limit, out);
        return;
    }
    segi_match_rows(leaf->match, &ac->col, 0, ac->rows, candidates->words, out->words);
    leaf_absent_rest(leaf->match, ac->rows, w->user_limit, out);
    for (uint32_t i = 0; i < ac->patch_count; i++) {
        int64_t slot = ac->patch_slots ? ac->patch_slots[i] : 0;
        leaf_put(out, ac->patch_rows[i], leaf_state_holds(leaf->match, ac->patch_states[i], slot));
    }
}

/* ---- string sets ---- */

/* Codes asked for that the row has; both rise. */
static uint32_t leaf_common(const uint32_t *a, uint32_t a_count, const uint32_t *b,
                            uint32_t b_count)
{
    uint32_t common = 0;
    for (uint32_t i = 0, j = 0; i < a_count && j < b_count;) {
        if (a[i] == b[j])
            common++, i++, j++;
        else if (a[i] < b[j])
            i++;
        else
            j++;
    }
    return common;
}

/* One set of codes against the list. A string that nobody has is in no set: `all` and `exactly`
 * cannot hold then, `any` and `none` are not touched by it. */
static bool leaf_set_holds(const segi_prep_leaf *leaf, const uint32_t *codes, uint32_t count)
{
    uint32_t common = leaf_common(leaf->set_codes, leaf->set_count, codes, count);
    switch (leaf->node->has) {
    case SEGI_HAS_ANY: return common > 0;
    case SEGI_HAS_NONE: return common == 0;
    case SEGI_HAS_ALL: /* of an empty set nothing holds for all (S-14) */
        return !leaf->set_unknown && common == leaf->set_count && count > 0;
    default: return !leaf->set_unknown && common == leaf->set_count && count == leaf->set_count;
    }
}

static void leaf_sets_each(const segi_prep_leaf *leaf, const segi_attr_chunk *ac, segi_mask *out)
{
    const segi_sets *sets = &ac->sets;
    for (uint32_t row = 0; row < ac->rows; row++) {
        if (segi_col_is_set(&ac->col, row) &&
            leaf_set_holds(leaf, sets->codes + sets->begins[row],
                           sets->begins[row + 1] - sets->begins[row]))
            segi_bit_set(out->words, row);
    }
}

/* Masks: the whole chunk by one scan. */
static void leaf_sets_masks(const segi_prep_leaf *leaf, const segi_attr_chunk *ac, segi_mask *out)
{
    const segi_sets *sets = &ac->sets;
    uint32_t width = sets->mask_width, rows = ac->rows;
    uint64_t fits = width >= 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
    /* A code beyond the masks of this chunk is one that nobody here has. */
    bool beyond = leaf->set_unknown || leaf->set_rest || (leaf->set_mask & ~fits);
    uint64_t mask = leaf->set_mask & fits;
    switch (leaf->node->has) {
    case SEGI_HAS_ANY: segi_scan_any(width, sets->masks, 0, rows, mask, out->words); break;
    case SEGI_HAS_NONE:
        segi_scan_any(width, sets->masks, 0, rows, mask, out->words);
        for (uint32_t i = 0; i * 64 < rows; i++)
            out->words[i] = ~out->words[i];
        if (rows & 63)
            out->words[rows / 64] &= ((uint64_t)1 << (rows & 63)) - 1;
        break;
    case SEGI_HAS_ALL:
        if (!beyond && mask != 0)
            segi_scan_all(width, sets->masks, 0, rows, mask, out->words);
        else if (!beyond) /* nothing is asked for: every set but the empty one has it */
            segi_scan_any(width, sets->masks, 0, rows, UINT64_MAX, out->words);
        break;
    default:
        if (!beyond)
            segi_scan_range(width, sets->masks, 0, rows, mask, mask, out->words);
        break;
    }
    if (ac->col.set)
        segi_bits_and_extract(ac->col.set, 0, rows, out->words);
    else if (ac->col.none_set)
        segi_mask_zero(out);
}

static void leaf_sets(segi_worker *w, const segi_prep_leaf *leaf, segi_mask *out)
{
    const segi_attr_chunk *ac = leaf_chunk(w, leaf);
    segi_mask_zero(out);
    if (!ac)
        return;
    if (ac->sets.mask_width)
        leaf_sets_masks(leaf, ac, out);
    else if (ac->rows)
        leaf_sets_each(leaf, ac, out);
    for (uint32_t i = 0; i < ac->patch_count; i++) {
        const segi_sets *sets = &ac->patch_sets;
        bool holds = ac->patch_states[i] == SEG_VALUE_SET &&
                     leaf_set_holds(leaf, sets->codes + sets->begins[i],
                                    sets->begins[i + 1] - sets->begins[i]);
        leaf_put(out, ac->patch_rows[i], holds);
    }
}

/* ---- behaviour ---- */

/* The first or last lies in the window: a row in it, and none on the far side. The first ever is
 * meant (S-18), so the far side reaches to the beginning of time, or to now; no row is ordered.
 * That side goes first: it is the shorter one more often, and who is on it need not be asked. */
static void leaf_edge(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                      uint32_t count, segi_mask *out)
{
    segi_mask *other = segi_worker_mask_push(w);
    segi_mask *left = other ? segi_worker_mask_push(w) : NULL;
    if (left) {
        segi_mask_zero(other);
        segi_tally_did(w, leaf->other, candidates, count, other);
        memcpy(left, candidates, sizeof *left);
        segi_mask_andnot(left, other);
        segi_tally_did(w, leaf->source, left, segi_mask_count(left), out);
        segi_mask_andnot(out, other);
        segi_worker_mask_pop(w);
    }
    if (other)
        segi_worker_mask_pop(w);
}

/* The nth lies in the window: fewer than n before it, at least n through its end. */
static void leaf_nth(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                     uint32_t count, segi_mask *out)
{
    segi_mask *through = segi_worker_mask_push(w);
    if (!through)
        return;
    segi_tally_count(w, leaf->source, candidates, count, 0, leaf->min - 1, out);
    segi_mask_zero(through);
    segi_tally_count(w, leaf->other, candidates, count, leaf->min, INT64_MAX, through);
    segi_mask_and(out, through);
    segi_worker_mask_pop(w);
}

/* Everything without a road of its own: values of the candidates as a dense vector, then the test
 * of the vector, then back from places in the list to users. */
static void leaf_test_users(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                            uint32_t count, segi_mask *out)
{
    if (count == 0 || !segi_worker_list(w))
        return;
    uint64_t *bits = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    if (!bits)
        return;
    segi_mask_extract(candidates, count, w->candidates);
    segi_users users = {w->candidates, count};
    segi_filter_users(w, leaf->test, users, bits);
    for (uint32_t i = 0; w->status == SEG_OK && i * 64 < count; i++) {
        for (uint64_t word = bits[i]; word; word &= word - 1) {
            uint32_t at = i * 64 + (uint32_t)segi_ctz(word);
            if (at < count)
                segi_bit_set(out->words, users.lows[at]);
        }
    }
    segi_worker_bits_pop(w);
}

/* The lowest user of a mask that has one. */
static uint32_t leaf_first(const segi_mask *mask)
{
    uint32_t i = 0;
    while (mask->words[i] == 0)
        i++;
    return i * 64 + (uint32_t)segi_ctz(mask->words[i]);
}

/* The test for those with rows and for one of the rest; the rest goes with him. */
static void leaf_test_narrowed(segi_worker *w, const segi_prep_leaf *leaf,
                               const segi_mask *candidates, uint32_t count, segi_mask *some,
                               segi_mask *rest, segi_mask *out)
{
    if (!segi_narrow_users(w, leaf, candidates, count, some, rest))
        return;
    bool any = !segi_mask_empty(rest);
    uint32_t one = any ? leaf_first(rest) : 0;
    if (any)
        segi_bit_set(some->words, one);
    leaf_test_users(w, leaf, some, segi_mask_count(some), out);
    if (any && segi_bit_get(out->words, one))
        segi_mask_or(out, rest);
}

/* Windows of one's own bound the rows that count to those near the anchors of these few; finding
 * out first who has rows at all would go over those of all times. */
#define LEAF_ANCHORED_FEW 2048

static bool leaf_narrow_pays(const segi_prep_leaf *leaf, uint32_t count)
{
    uint32_t few =
        leaf->narrow_count && leaf->narrow[0].source->each ? LEAF_ANCHORED_FEW : SEGI_ROWS_FEW;
    return leaf->narrow_count > 0 && count > few;
}

static void leaf_test(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                      uint32_t count, segi_mask *out)
{
    if (!leaf_narrow_pays(leaf, count)) {
        leaf_test_users(w, leaf, candidates, count, out);
        return;
    }
    segi_mask *some = segi_worker_mask_push(w);
    segi_mask *rest = some ? segi_worker_mask_push(w) : NULL;
    if (rest) {
        leaf_test_narrowed(w, leaf, candidates, count, some, rest, out);
        segi_worker_mask_pop(w);
    }
    if (some)
        segi_worker_mask_pop(w);
}

static void leaf_sum(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                     uint32_t count, segi_mask *out)
{
    const segi_match *match = leaf->test->match;
    if (!segi_tally_sum(w, leaf->test->values[0], count, match->low, match->high, out) &&
        w->status == SEG_OK)
        leaf_test(w, leaf, candidates, count, out);
    segi_mask *did = leaf->other ? segi_worker_mask_push(w) : NULL;
    if (!did)
        return;
    segi_mask_zero(did);
    segi_tally_did(w, leaf->other, candidates, count, did);
    segi_mask_and(out, did);
    segi_worker_mask_pop(w);
}

static void leaf_rows(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                      uint32_t count, segi_mask *out)
{
    segi_mask_zero(out);
    switch (leaf->form) {
    case SEGI_LEAF_DID: segi_tally_did(w, leaf->source, candidates, count, out); break;
    case SEGI_LEAF_COUNT:
        segi_tally_count(w, leaf->source, candidates, count, leaf->min, leaf->max, out);
        break;
    case SEGI_LEAF_EDGE: leaf_edge(w, leaf, candidates, count, out); break;
    case SEGI_LEAF_NTH: leaf_nth(w, leaf, candidates, count, out); break;
    case SEGI_LEAF_SUM: leaf_sum(w, leaf, candidates, count, out); break;
    case SEGI_LEAF_SCORE:
        segi_score_test(w, leaf->test->values[0]->score, leaf->test->match, out);
        break;
    case SEGI_LEAF_SPLIT:
        segi_split_users(w, leaf->node->split, (uint64_t)leaf->min, (uint64_t)leaf->max, candidates,
                         out);
        break;
    default: leaf_test(w, leaf, candidates, count, out); break;
    }
}

void segi_leaf_evaluate(segi_worker *w, const segi_prep_leaf *leaf, const segi_mask *candidates,
                        uint32_t candidate_count, segi_mask *out)
{
    if (leaf->form == SEGI_LEAF_ATTRIBUTE) {
        if (candidate_count <= LEAF_FEW)
            leaf_attribute_few(w, leaf, candidates, out);
        else
            leaf_attribute(w, leaf, candidates, out);
    } else if (leaf->form == SEGI_LEAF_SETS) {
        leaf_sets(w, leaf, out);
    } else {
        leaf_rows(w, leaf, candidates, candidate_count, out);
    }
    segi_mask_and(out, candidates);
    if (leaf->negated)
        segi_mask_xor(out, candidates);
}
