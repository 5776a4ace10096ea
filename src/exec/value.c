/* Values of candidates: attributes, aggregates, and arithmetic over them.
 *
 * Place i of a vector is the i-th user of the list. A value is set, null or absent; only set slots
 * mean anything. After a failure (w->status) a vector holds what it held before: callers look at
 * the status before they take a slot for a code or an index. */
#include <string.h>

#include "exec/exec_int.h"

/* ---- attributes ---- */

/* NULL where the attribute has no value in the whole chunk. */
static const segi_attr_chunk *attr_chunk(const segi_attr_view *view, uint32_t chunk)
{
    return view && chunk < view->chunk_count ? view->chunks[chunk] : NULL;
}

/* Position of a row in the patch; patch_count if it is not there. */
static uint32_t attr_patch_find(const segi_attr_chunk *ac, uint32_t low)
{
    uint32_t begin = 0, end = ac->patch_count;
    while (begin < end) {
        uint32_t middle = (begin + end) / 2;
        if (ac->patch_rows[middle] < low)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin < ac->patch_count && ac->patch_rows[begin] == low ? begin : ac->patch_count;
}

/* Of the column below the patch. */
static uint8_t attr_base_state(const segi_attr_chunk *ac, uint32_t low)
{
    if (low >= ac->rows)
        return SEG_VALUE_ABSENT;
    if (segi_col_is_set(&ac->col, low))
        return SEG_VALUE_SET;
    return segi_col_is_null(&ac->col, low) ? SEG_VALUE_NULL : SEG_VALUE_ABSENT;
}

uint8_t segi_attr_slot(const segi_attr_view *view, uint32_t chunk, uint32_t low, int64_t *out)
{
    const segi_attr_chunk *ac = attr_chunk(view, chunk);
    *out = 0;
    if (!ac)
        return SEG_VALUE_ABSENT;
    uint32_t at = ac->patch_count ? attr_patch_find(ac, low) : 0;
    if (at < ac->patch_count) {
        if (ac->patch_states[at] == SEG_VALUE_SET && ac->patch_slots)
            *out = ac->patch_slots[at];
        return ac->patch_states[at];
    }
    uint8_t state = attr_base_state(ac, low);
    if (state == SEG_VALUE_SET)
        *out = segi_col_slot(&ac->col, low);
    return state;
}

/* Small dictionaries keep a set as bits by code, in as few bytes as they need. */
static uint64_t attr_mask(const segi_sets *sets, uint32_t row)
{
    switch (sets->mask_width) {
    case 1: return ((const uint8_t *)sets->masks)[row];
    case 2: return ((const uint16_t *)sets->masks)[row];
    case 4: return ((const uint32_t *)sets->masks)[row];
    default: return ((const uint64_t *)sets->masks)[row];
    }
}

/* `scratch` has room for the 64 codes of a mask; longer lists are borrowed as they lie. */
static uint32_t attr_set_of(const segi_sets *sets, uint32_t row, const uint32_t **out_codes,
                            uint32_t *scratch)
{
    if (sets->mask_width == 0) {
        *out_codes = sets->codes + sets->begins[row];
        return sets->begins[row + 1] - sets->begins[row];
    }
    uint32_t count = 0;
    for (uint64_t mask = attr_mask(sets, row); mask; mask &= mask - 1)
        scratch[count++] = (uint32_t)segi_ctz(mask);
    *out_codes = scratch;
    return count;
}

uint32_t segi_attr_set(const segi_attr_view *view, uint32_t chunk, uint32_t low,
                       const uint32_t **out_codes, uint32_t *scratch, uint8_t *out_state)
{
    const segi_attr_chunk *ac = attr_chunk(view, chunk);
    *out_codes = scratch;
    *out_state = SEG_VALUE_ABSENT;
    if (!ac)
        return 0;
    uint32_t at = ac->patch_count ? attr_patch_find(ac, low) : 0;
    if (at < ac->patch_count) {
        *out_state = ac->patch_states[at];
        return *out_state == SEG_VALUE_SET ? attr_set_of(&ac->patch_sets, at, out_codes, scratch)
                                           : 0;
    }
    *out_state = attr_base_state(ac, low);
    return *out_state == SEG_VALUE_SET ? attr_set_of(&ac->sets, low, out_codes, scratch) : 0;
}

/* Sets all three of slot, set and null: places may hold anything before. */
static void value_put(segi_vector *out, uint32_t i, uint8_t state, int64_t slot)
{
    out->slots[i] = slot;
    segi_bit_clear(out->set, i);
    segi_bit_clear(out->null, i);
    if (state == SEG_VALUE_SET)
        segi_bit_set(out->set, i);
    else if (state == SEG_VALUE_NULL)
        segi_bit_set(out->null, i);
}

#define VALUE_GATHER(TYPE)                                                                         \
    for (uint32_t i = 0; i < count; i++)                                                           \
        slots[i] = base + unit * ((const TYPE *)col->data)[lows[i]];                               \
    break

/* Slots of rows that the column has; of a row without a value anything. */
SEGI_HOT static void value_gather(const segi_col *col, const uint16_t *lows, uint32_t count,
                                  int64_t *out)
{
    uint64_t base = (uint64_t)col->base, unit = (uint64_t)col->unit, *slots = (uint64_t *)out;
    switch (col->width) {
    case 1: VALUE_GATHER(uint8_t);
    case 2: VALUE_GATHER(uint16_t);
    case 4: VALUE_GATHER(uint32_t);
    case 8: VALUE_GATHER(uint64_t);
    default:
        for (uint32_t i = 0; i < count; i++)
            slots[i] = base;
        break;
    }
}

/* A chunk without newer values over its base column, and whose rows are set or absent. */
static void value_base(const segi_attr_chunk *ac, segi_users users, segi_vector *out)
{
    uint32_t count = users.count; /* users rise, so those beyond the column come last */
    while (count > 0 && users.lows[count - 1] >= ac->rows)
        count--;
    size_t words = ((size_t)users.count + 63) / 64;
    memset(out->null, 0, words * sizeof *out->null);
    memset(out->set, 0, words * sizeof *out->set);
    if (ac->col.none_set)
        return;
    value_gather(&ac->col, users.lows, count, out->slots);
    for (uint32_t i = 0; ac->col.set && i < count; i++)
        out->set[i / 64] |= (uint64_t)segi_bit_get(ac->col.set, users.lows[i]) << (i & 63);
    if (!ac->col.set)
        segi_bits_fill(out->set, count);
}

/* In one go where the chunk is plain, else one by one. */
static void value_attribute(segi_worker *w, const segi_prep_value *value, segi_users users,
                            segi_vector *out)
{
    const segi_attr_chunk *ac = attr_chunk(value->attribute, w->chunk);
    if (ac && ac->patch_count == 0 && !ac->col.null) {
        value_base(ac, users, out);
        return;
    }
    for (uint32_t i = 0; i < users.count; i++) {
        int64_t slot;
        uint8_t state = segi_attr_slot(value->attribute, w->chunk, users.lows[i], &slot);
        value_put(out, i, state, slot);
    }
}

static void value_size(segi_worker *w, const segi_prep_value *value, segi_users users,
                       segi_vector *out)
{
    uint32_t scratch[64];
    for (uint32_t i = 0; i < users.count; i++) {
        const uint32_t *codes;
        uint8_t state;
        uint32_t n =
            segi_attr_set(value->attribute, w->chunk, users.lows[i], &codes, scratch, &state);
        value_put(out, i, state, n);
    }
}

/* ---- time ---- */

const segi_zone *segi_user_zone(segi_worker *w, const segi_user_zones *zones, uint32_t low)
{
    int64_t code;
    if (!zones->view || segi_attr_slot(zones->view, w->chunk, low, &code) != SEG_VALUE_SET)
        return zones->fallback;
    return (uint64_t)code < zones->count ? zones->zones[code] : zones->fallback;
}

/* Civil windows of dates are day numbers; everything else is instants. */
void segi_window_one(const segi_worker *w, const segi_prep_window *window, const segi_zone *zone,
                     int64_t anchor, int64_t *begin, int64_t *end)
{
    if (window->dates) {
        int32_t first, last;
        segi_window_dates(window->window, zone, w->run->now, &first, &last);
        *begin = first;
        *end = last;
    } else {
        segi_window_bounds(window->window, zone, w->run->now, anchor, window->events, begin, end);
    }
}

/* Users without an anchor have no window: it is empty. */
SEGI_HOT static void window_shift(const segi_prep_window *window, const segi_vector *anchors,
                                  uint32_t count, int64_t *begin, int64_t *end)
{
    for (uint32_t i = 0; i < count; i++) {
        bool set = segi_bit_get(anchors->set, i);
        int64_t from = set ? anchors->slots[i] + window->shift[0] : 0;
        int64_t to = set ? anchors->slots[i] + window->shift[1] : 0;
        from = from < SEG_TIME_MIN ? SEG_TIME_MIN : from;
        to = to > window->last && set ? window->last : to;
        begin[i] = from;
        end[i] = to < from ? from : to;
    }
}

void segi_window_users(segi_worker *w, const segi_prep_window *window, segi_users users,
                       int64_t *begin, int64_t *end)
{
    segi_vector *anchors = NULL;
    if (window->anchor) {
        anchors = segi_worker_vector_push(w);
        if (!anchors)
            return;
        segi_value_users(w, window->anchor, users, anchors);
    }
    bool plain = anchors && window->plain && w->status == SEG_OK;
    if (plain)
        window_shift(window, anchors, users.count, begin, end);
    for (uint32_t i = 0; !plain && w->status == SEG_OK && i < users.count; i++) {
        begin[i] = end[i] = 0; /* without an anchor there is no window */
        if (!anchors || segi_bit_get(anchors->set, i))
            segi_window_one(w, window, segi_user_zone(w, window->zones, users.lows[i]),
                            anchors ? anchors->slots[i] : 0, &begin[i], &end[i]);
    }
    if (anchors)
        segi_worker_vector_pop(w);
}

/* Months go by the local calendar, so the user's zone is asked for each (S-06). */
static void value_shift(segi_worker *w, const segi_prep_value *value, segi_users users,
                        segi_vector *out)
{
    segi_value_users(w, value->left, users, out);
    if (w->status != SEG_OK)
        return;
    int sign = value->node->arith == SEGI_MINUS ? -1 : 1;
    for (uint32_t i = 0; i < users.count; i++) {
        if (segi_bit_get(out->set, i))
            out->slots[i] = segi_duration_add(out->slots[i], value->node->shift, sign,
                                              segi_user_zone(w, value->zones, users.lows[i]));
    }
}

static void value_moment(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_vector *out)
{
    for (uint32_t i = 0; i < users.count; i++)
        value_put(out, i, SEG_VALUE_SET,
                  segi_moment_instant(value->node->moment,
                                      segi_user_zone(w, value->zones, users.lows[i])));
}

/* Two vectors are held per level of the expression, see WORKER_VECTORS_MAX. */
static void value_arith(segi_worker *w, const segi_prep_value *value, segi_users users,
                        segi_vector *out)
{
    segi_vector *left = segi_worker_vector_push(w);
    segi_vector *right = left ? segi_worker_vector_push(w) : NULL;
    if (right) {
        segi_value_users(w, value->left, users, left);
        segi_value_users(w, value->right, users, right);
        segi_vector_arith(value, left, right, users.count, out, w);
        segi_worker_vector_pop(w);
    }
    if (left)
        segi_worker_vector_pop(w);
}

/* The one door to values of users. Aggregates cost a walk over rows, the rest O(users). */
void segi_value_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out)
{
    switch (value->form) {
    case SEGI_VALUE_CONSTANT:
        for (uint32_t i = 0; i < users.count; i++)
            value_put(out, i, SEG_VALUE_SET, value->slot);
        break;
    case SEGI_VALUE_ATTRIBUTE: value_attribute(w, value, users, out); break;
    case SEGI_VALUE_SIZE: value_size(w, value, users, out); break;
    case SEGI_VALUE_TALLY: segi_tally_users(w, value, users, out); break;
    case SEGI_VALUE_BAG: segi_bag_users(w, value, users, out); break;
    case SEGI_VALUE_GATHER: segi_gather_users(w, value, users, out); break;
    case SEGI_VALUE_SEQUENCE: segi_sequence_users(w, value, users, out); break;
    case SEGI_VALUE_SESSIONS: segi_sessions_users(w, value, users, out); break;
    case SEGI_VALUE_OF_SESSION: segi_session_values(w, value, users, out); break;
    case SEGI_VALUE_ARITH: value_arith(w, value, users, out); break;
    case SEGI_VALUE_SHIFT: value_shift(w, value, users, out); break;
    case SEGI_VALUE_MOMENT: value_moment(w, value, users, out); break;
    case SEGI_VALUE_SCORE: segi_score_users(w, value, users, out); break;
    case SEGI_VALUE_COLUMN:
    case SEGI_VALUE_CIVIL:
        segi_worker_fail(w, SEG_E_INTERNAL, "a value of users holds a value of rows");
        break;
    }
}
