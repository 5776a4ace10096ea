/* Values of a property per user, for figures that need all of them but nothing else of their rows:
 * distinct values, percentiles, the most frequent value; and times, for sessions.
 *
 * gather.c could answer the same from rows of 40 bytes; a bag takes 10 per row, and none where the
 * values are so few that a user's distinct ones fit the bits of a word. The most frequent value
 * needs the order of events where values tie; a bag has it only where parts do not overlap in time,
 * so that values come in the order of events. Elsewhere, and where the values have too wide a range
 * to count them by value, rows are gathered. */
#include <string.h>

#include "exec/exec_int.h"

/* Rows of a block: 18 bytes for each, about what the second-level cache holds. */
#define BAG_ROWS 65536u
/* Values up to this far apart are counted by value. */
#define BAG_SPAN_MAX 4096u
#define BAG_WORD 64u

/* ---- preparing ---- */

/* The least slot and how far the greatest lies above it, from the columns' statistics. */
static void bag_range(const segi_prep_value *value, int64_t *out_low, uint64_t *out_span)
{
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (uint32_t t = 0; t < value->source->type_count; t++) {
        const segi_prep_type *type = &value->source->types[t];
        for (uint32_t p = 0; p < type->view->part_count; p++) {
            const segi_col *col =
                segi_tally_column(value->argument, type->view->parts[p], type->position);
            if (!col || !segi_span_overlaps(type->view->parts[p], value->source))
                continue;
            low = col->min < low ? col->min : low;
            high = col->max > high ? col->max : high;
        }
    }
    *out_low = low <= high ? low : 0;
    *out_span = low <= high ? (uint64_t)high - (uint64_t)low : 0;
    if (value->argument->strings) {
        *out_low = 0;
        *out_span = value->argument->strings->count;
    } else if (value->argument->type.type == SEG_TYPE_FLOAT64) {
        *out_span = UINT64_MAX;
    }
}

bool segi_bag_fits(segi_prep_value *value)
{
    if (value->source->each || !value->argument || value->argument->form != SEGI_VALUE_COLUMN)
        return false;
    bag_range(value, &value->bag_low, &value->bag_span);
    switch (value->node->aggregate) {
    case SEGI_AGG_DISTINCT:
    case SEGI_AGG_MEDIAN:
    case SEGI_AGG_PERCENTILE: return true;
    case SEGI_AGG_MODE:
        return value->bag_span < BAG_SPAN_MAX && segi_source_in_order(value->source);
    default: return false;
    }
}

/* ---- collecting ---- */

/* What bag_span() is told. */
typedef struct bag {
    const segi_prep_value *value; /* NULL: times */
    const uint64_t *wanted;       /* users who are asked about; NULL: all */
    const uint16_t *places;       /* their places in the block's list, by low half */
    uint32_t low_begin;           /* the block's first; its list has everybody if all are wanted */
} bag;

SEGI_HOT static void bag_decode(const segi_col *col, uint32_t begin, uint32_t count, int64_t *out)
{
    uint64_t base = (uint64_t)col->base, unit = (uint64_t)col->unit;
    switch (col->width) {
    case 0:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (int64_t)base;
        break;
    case 1:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (int64_t)(base + unit * ((const uint8_t *)col->data)[begin + i]);
        break;
    case 2:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (int64_t)(base + unit * ((const uint16_t *)col->data)[begin + i]);
        break;
    case 4:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (int64_t)(base + unit * ((const uint32_t *)col->data)[begin + i]);
        break;
    default:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (int64_t)(base + unit * ((const uint64_t *)col->data)[begin + i]);
        break;
    }
}

/* Keep the rows whose bit is set; returns how many. */
static uint32_t bag_keep(const uint64_t *bits, uint32_t count, int64_t *slots, uint16_t *lows)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i * 64 < count; i++) {
        for (uint64_t word = bits[i]; word; word &= word - 1) {
            uint32_t at = i * 64 + (uint32_t)segi_ctz(word);
            slots[kept] = slots[at];
            lows[kept++] = lows[at];
        }
    }
    return kept;
}

/* Keep the rows of users who are asked about, without a branch per row; from here on a row has the
 * user's place in their list. */
static uint32_t bag_keep_wanted(const bag *b, uint32_t count, int64_t *slots, uint16_t *lows)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        uint16_t low = lows[i];
        slots[kept] = slots[i];
        lows[kept] = b->places[low];
        kept += segi_bit_get(b->wanted, low);
    }
    return kept;
}

/* Rows of the span that are selected and have a value, as bits; NULL: all. False on failure. */
static bool bag_rows(segi_worker *w, const segi_span *span, const segi_col *col, uint64_t *room,
                     const uint64_t **out)
{
    *out = span->bits;
    if (!col->set)
        return true;
    segi_bits_extract(col->set, span->row_begin, span->row_count, room);
    for (size_t i = 0; span->bits && i * 64 < span->row_count; i++)
        room[i] &= span->bits[i];
    *out = room;
    return w->status == SEG_OK;
}

/* Both arrays grow alike, but each remembers its own size, as either may fail. */
static bool bag_room(segi_worker *w, size_t count)
{
    size_t slots = w->bag_capacity, lows = w->bag_lows_capacity;
    bool ok = segi_grow(w->mem, (void **)&w->bag_slots, &slots, count, sizeof *w->bag_slots) &&
              segi_grow(w->mem, (void **)&w->bag_lows, &lows, count, sizeof *w->bag_lows);
    w->bag_capacity = slots;
    w->bag_lows_capacity = lows;
    if (!ok)
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
    return ok;
}

/* The user of each row of the span. */
static void bag_lows(segi_worker *w, segi_span *span, uint16_t *lows)
{
    uint32_t row = 0;
    segi_span_list(w, span);
    for (uint32_t i = 0; i < span->user_count; i++) {
        for (uint32_t end = row + span->counts[i]; row < end; row++)
            lows[row] = span->lows[i];
    }
}

/* Decode the whole span, then drop what is not wanted: cheaper than to ask row by row. */
static void bag_span(segi_worker *w, void *context, segi_span *span)
{
    const bag *b = context;
    const segi_prep_value *value = b->value;
    const segi_col *col = &span->part->time;
    if (value)
        col = segi_tally_column(value->argument, span->part, span->type->position);
    if (!col || !bag_room(w, w->bag_count + span->row_count))
        return;
    int64_t *slots = w->bag_slots + w->bag_count;
    uint16_t *lows = w->bag_lows + w->bag_count;
    uint32_t count = span->row_count;
    bag_decode(col, span->row_begin, count, slots);
    if (span->row_users)
        memcpy(lows, span->row_users, count * sizeof *lows);
    else
        bag_lows(w, span, lows);
    uint64_t *room = segi_worker_bits_push(w, (size_t)count / 64 + 1);
    if (!room)
        return;
    const uint64_t *bits;
    if (bag_rows(w, span, col, room, &bits) && bits)
        count = bag_keep(bits, count, slots, lows);
    segi_worker_bits_pop(w);
    if (b->wanted)
        count = bag_keep_wanted(b, count, slots, lows);
    for (uint32_t i = 0; b->low_begin && !b->wanted && i < count; i++)
        lows[i] = (uint16_t)(lows[i] - b->low_begin);
    const segi_texts *strings = value ? value->argument->strings : NULL;
    if (strings && strings->dict_count > 1 && span->type->position < strings->dict_count) {
        const uint32_t *to_code = strings->to_code[span->type->position];
        for (uint32_t i = 0; i < count; i++)
            slots[i] = to_code[slots[i]];
    }
    w->bag_count += count;
}

/* Room for the values of the block by user, and where those of each begin. */
static bool bag_group_room(segi_worker *w)
{
    if (!segi_worker_array(w, (void **)&w->starts, SEGI_CHUNK_USERS + 1, sizeof *w->starts))
        return false;
    if (!segi_grow(w->mem, (void **)&w->bag_sorted, &w->bag_sorted_capacity, w->bag_count,
                   sizeof *w->bag_sorted)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    return true;
}

/* w->bag_slots -> w->bag_sorted, by place in the list of users, in each in the order of coming.
 * Places and not lows: where few users are asked about, going over all of a chunk costs more than
 * their values. */
static bool bag_group(segi_worker *w, uint32_t users)
{
    if (!bag_group_room(w))
        return false;
    memset(w->starts, 0, (users + 1) * sizeof *w->starts);
    for (size_t i = 0; i < w->bag_count; i++)
        w->starts[w->bag_lows[i] + 1]++;
    for (uint32_t u = 0; u < users; u++)
        w->starts[u + 1] += w->starts[u];
    for (size_t i = 0; i < w->bag_count; i++)
        w->bag_sorted[w->starts[w->bag_lows[i]]++] = w->bag_slots[i];
    /* Each start has moved to its end, which is the next user's start. */
    memmove(w->starts + 1, w->starts, users * sizeof *w->starts);
    w->starts[0] = 0;
    return true;
}

/* Values (NULL: times) of the source's rows, as bag_group() leaves them. */
static bool bag_collect(segi_worker *w, const segi_prep_source *source,
                        const segi_prep_value *value, segi_users users, segi_gather_block block)
{
    if (!segi_worker_array(w, (void **)&w->bag_places, SEGI_CHUNK_USERS, sizeof *w->bag_places))
        return false;
    bag b = {value, block.wanted, w->bag_places, block.low_begin};
    for (uint32_t i = block.first; i < block.last; i++)
        w->bag_places[users.lows[i]] = (uint16_t)(i - block.first);
    w->bag_count = 0;
    segi_spans_each(w, source, block.low_begin, block.low_end, bag_span, &b);
    return !segi_worker_stop(w) && bag_group(w, block.last - block.first);
}

/* ---- order ---- */

/* A few at a time, then bottom-up merges through `spare`. Floats are sorted by keys of
 * their order (segi_slot_key). */
static void bag_sort(int64_t *values, int64_t *spare, size_t n)
{
    size_t width = SEGI_SORT_FEW;
    for (size_t begin = 0; begin + 1 < n; begin += width)
        segi_sort_few(values + begin, begin + width < n ? width : n - begin);
    int64_t *from = values, *to = spare;
    for (; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = begin + 2 * width < n ? begin + 2 * width : n;
            size_t a = begin, b = middle;
            for (size_t k = begin; k < end; k++)
                to[k] = a == middle || (b < end && from[b] < from[a]) ? from[b++] : from[a++];
        }
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != values)
        memcpy(values, from, n * sizeof *values);
}

/* Times of parts that follow upon each other came in order; those of several types did not. */
bool segi_bag_times(segi_worker *w, const segi_prep_source *source, segi_users users,
                    segi_gather_block block)
{
    if (!bag_collect(w, source, NULL, users, block))
        return false;
    bool sorted = segi_source_in_order(source);
    for (uint32_t i = 0; i < block.last - block.first && !sorted; i++) {
        uint32_t count = w->starts[i + 1] - w->starts[i];
        if (count > 1)
            bag_sort(w->bag_sorted + w->starts[i], w->bag_slots, count);
    }
    return true;
}

/* ---- reducing ---- */

/* Sorted, and then counted where the value changes. */
static int64_t bag_distinct(segi_worker *w, int64_t *values, size_t n)
{
    int64_t distinct = 0;
    bag_sort(values, w->bag_slots, n);
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || values[i] != values[i - 1];
    return distinct;
}

/* Linear interpolation between the closest ranks, as in gather.c. */
static double bag_percentile(segi_worker *w, const segi_prep_value *value, int64_t *values,
                             size_t n)
{
    segi_value_type type = value->argument->type;
    bool is_float = type.type == SEG_TYPE_FLOAT64;
    for (size_t i = 0; is_float && i < n; i++)
        values[i] = segi_slot_key(type, values[i]);
    bag_sort(values, w->bag_slots, n);
    double fraction = value->node->aggregate == SEGI_AGG_MEDIAN ? 0.5 : value->node->fraction;
    double position = (double)(n - 1) * fraction;
    size_t below = (size_t)position;
    size_t above = below + 1 < n ? below + 1 : below;
    /* The key of a key is the slot again. */
    double low = segi_slot_as_float(type, segi_slot_key(type, values[below]));
    double high = segi_slot_as_float(type, segi_slot_key(type, values[above]));
    return low + (high - low) * (position - (double)below);
}

/* The most frequent value; false where there is none. Among values tied at the top the one whose
 * last event is the latest: the first that is met from the end. */
static bool bag_mode(segi_worker *w, const segi_prep_value *value, const int64_t *values, size_t n,
                     int64_t *out)
{
    const segi_node *node = value->node;
    uint32_t *counts = w->bag_counts, most = 0;
    if (n == 0 || (int64_t)n < node->min_events)
        return false;
    for (size_t i = 0; i < n; i++) {
        uint32_t count = ++counts[values[i] - value->bag_low];
        most = count > most ? count : most;
    }
    bool found = false, tied = false, any_passes = false;
    int64_t best = 0;
    for (size_t i = n; i-- > 0;) {
        uint32_t *count = &counts[values[i] - value->bag_low];
        if (*count == most) {
            tied = tied || found;
            best = found ? best : values[i];
            found = true;
            any_passes = any_passes || (value->match && segi_match_slot(value->match, values[i]));
        }
        *count = 0; /* each value is looked at once; the table is left clear */
    }
    *out = node->ties == SEGI_TIES_ALL ? any_passes : best;
    return node->ties != SEGI_TIES_NONE || !tied;
}

/* The figure of one user; `values` may be rearranged. */
static void bag_reduce(segi_worker *w, const segi_prep_value *value, int64_t *values, size_t n,
                       uint32_t i, segi_vector *out)
{
    bool set = true;
    if (value->node->aggregate == SEGI_AGG_DISTINCT) {
        out->slots[i] = bag_distinct(w, values, n);
    } else if (value->node->aggregate == SEGI_AGG_MODE) {
        set = bag_mode(w, value, values, n, &out->slots[i]);
    } else if (n > 0) {
        double result = bag_percentile(w, value, values, n);
        set = result - result == 0;
        out->slots[i] = segi_slot_of_float(result);
    } else {
        set = false;
    }
    if (set)
        segi_bit_set(out->set, i);
}

/* ---- distinct values as bits of a word ---- */

#define BAG_BITS_ROWS(TYPE)                                                                        \
    for (uint32_t i = 0; i < span->row_count; i++)                                                 \
        seen[span->row_users[i]] |= (uint64_t)1                                                    \
                                    << (first + unit * ((const TYPE *)col->data)[begin + i]);      \
    break

/* All rows of a span that carry their users, each with a value: from bit `first` on. */
SEGI_HOT static void bag_bits_rows(uint64_t *seen, const segi_span *span, const segi_col *col,
                                   uint64_t first)
{
    uint64_t unit = (uint64_t)col->unit;
    uint32_t begin = span->row_begin;
    switch (col->width) {
    case 1: BAG_BITS_ROWS(uint8_t);
    case 2: BAG_BITS_ROWS(uint16_t);
    case 4: BAG_BITS_ROWS(uint32_t);
    case 8: BAG_BITS_ROWS(uint64_t);
    default:
        for (uint32_t i = 0; i < span->row_count; i++)
            seen[span->row_users[i]] |= (uint64_t)1 << first;
        break;
    }
}

/* Codes and small numbers as bits of tally64, by user. */
static void bag_bits_span(segi_worker *w, void *context, segi_span *span)
{
    const bag *b = context;
    const segi_col *col = segi_tally_column(b->value->argument, span->part, span->type->position);
    const segi_texts *strings = b->value->argument->strings;
    const uint32_t *to_code = strings && strings->dict_count > 1 ? strings->to_code[0] : NULL;
    if (!col)
        return;
    if (to_code)
        to_code = strings->to_code[span->type->position];
    if (span->row_users && !span->bits && !col->set && !to_code) {
        bag_bits_rows((uint64_t *)w->tally64, span, col,
                      (uint64_t)col->base - (uint64_t)b->value->bag_low);
        return;
    }
    segi_span_list(w, span);
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint64_t seen = 0;
        for (uint32_t end = row + span->counts[i]; row < end; row++) {
            uint32_t at = span->row_begin + row;
            if ((span->bits && !segi_bit_get(span->bits, row)) || !segi_col_is_set(col, at))
                continue;
            int64_t slot = segi_col_slot(col, at);
            seen |= (uint64_t)1 << (to_code ? to_code[slot] : slot - b->value->bag_low);
        }
        w->tally64[span->lows[i]] |= (int64_t)seen;
    }
}

/* The number of distinct values is the number of bits. */
static void bag_bits_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out)
{
    bag b = {.value = value};
    bool few = segi_spans_few(w, value->source, users.count);
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64))
        return;
    if (!few) {
        memset(w->tally64, 0, w->user_limit * sizeof *w->tally64);
        segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, bag_bits_span, &b);
    }
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        if (few) {
            w->tally64[low] = 0;
            segi_spans_each(w, value->source, low, low + 1, bag_bits_span, &b);
        }
        out->slots[i] = segi_popcount((uint64_t)w->tally64[low]);
    }
    segi_bits_fill(out->set, users.count);
    memset(out->null, 0, ((size_t)users.count + 63) / 64 * sizeof *out->null);
}

/* ---- blocks ---- */

static void bag_block(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_gather_block block, segi_vector *out)
{
    if (!bag_collect(w, value->source, value, users, block))
        return;
    for (uint32_t i = block.first; i < block.last; i++) {
        const uint32_t *start = &w->starts[i - block.first];
        uint32_t count = start[1] - start[0];
        bag_reduce(w, value, count ? w->bag_sorted + start[0] : NULL, count, i, out);
    }
}

void segi_bag_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                    segi_vector *out)
{
    if (value->node->aggregate == SEGI_AGG_DISTINCT && value->bag_span < BAG_WORD) {
        bag_bits_users(w, value, users, out);
        return;
    }
    if (!segi_worker_array(w, (void **)&w->bag_counts, BAG_SPAN_MAX, sizeof *w->bag_counts))
        return;
    memset(w->bag_counts, 0, BAG_SPAN_MAX * sizeof *w->bag_counts);
    segi_gather_blocks(w, value, users, BAG_ROWS, bag_block, out);
}
