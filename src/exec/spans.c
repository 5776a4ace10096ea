/* Walking the rows of a chunk: part by part, with the users they belong to and the rows that the
 * window and the filter select.
 *
 * Rows of a part are sorted by user, so users and their counts describe a run of rows completely:
 * a span is that, plus one bit per row where not all are selected. The list is made on demand: rows
 * of parts with few per user carry their users (row_users), and a filter that leaves few rows goes
 * by those. A part may hold more rows of one
 * chunk than 65,536, so bits are sized by rows, not by users. The lists of the span lie in the
 * worker (w->lows, w->counts): spans do not nest, and a filter walks no spans of its own.
 *
 * Cost: a part without rows of the chunk, or outside the window, is passed over by a look at its
 * header; one that needs neither cut nor filter has none of its rows read here. */
#include <string.h>

#include "exec/exec_int.h"

static uint32_t span_count_of(const segi_part *part, uint32_t user_index)
{
    return (uint32_t)segi_col_slot(&part->counts, user_index);
}

/* First row of a distinct user of the part. */
static uint32_t span_row_of(const segi_part *part, uint32_t user_index)
{
    uint32_t row = part->marks[user_index / 64];
    for (uint32_t i = user_index / 64 * 64; i < user_index; i++)
        row += span_count_of(part, i);
    return row;
}

/* Counts of users as 32 bits, whatever their width; a part has fewer than 2^32 rows. */
SEGI_HOT static void span_widen_counts(const segi_col *counts, uint32_t first, uint32_t n,
                                       uint32_t *out)
{
    uint32_t base = (uint32_t)counts->base, unit = (uint32_t)counts->unit;
    switch (counts->width) {
    case 0:
        for (uint32_t i = 0; i < n; i++)
            out[i] = base;
        break;
    case 1: {
        const uint8_t *v = (const uint8_t *)counts->data + first;
        for (uint32_t i = 0; i < n; i++)
            out[i] = base + unit * v[i];
        break;
    }
    case 2: {
        const uint16_t *v = (const uint16_t *)counts->data + first;
        for (uint32_t i = 0; i < n; i++)
            out[i] = base + unit * v[i];
        break;
    }
    default: {
        const uint32_t *v = (const uint32_t *)counts->data + first;
        for (uint32_t i = 0; i < n; i++)
            out[i] = base + unit * v[i];
        break;
    }
    }
}

/* How many users of the chunk lie below `low`. */
static uint32_t span_rank(const segi_part_chunk *pc, uint32_t low)
{
    if (pc->is_bits)
        return (uint32_t)segi_bits_count_range(pc->users, 0, low);
    const uint16_t *users = pc->users;
    uint32_t begin = 0, end = pc->user_count;
    while (begin < end) {
        uint32_t middle = (begin + end) / 2;
        if (users[middle] < low)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin;
}

/* The set bits of [low_begin, low_end), rising. */
static void span_list_bits(const uint64_t *words, uint32_t low_begin, uint32_t low_end,
                           uint16_t *out)
{
    uint32_t n = 0;
    for (uint32_t i = low_begin / 64; i * 64 < low_end; i++) {
        uint64_t word = words[i];
        if (i == low_begin / 64)
            word &= UINT64_MAX << (low_begin & 63);
        if ((i + 1) * 64 > low_end)
            word &= ((uint64_t)1 << (low_end & 63)) - 1;
        for (; word; word &= word - 1)
            out[n++] = (uint16_t)(i * 64 + (uint32_t)segi_ctz(word));
    }
}

/* Users and rows of the part in [low_begin, low_end); false if there are none. */
static bool span_locate(segi_worker *w, const segi_part *part, const segi_part_chunk *pc,
                        uint32_t low_begin, uint32_t low_end, segi_span *span)
{
    if (low_end == low_begin + 1) { /* one user: no need to count ranks */
        uint32_t begin, end;
        if (!segi_part_user_rows(part, pc, low_begin, &begin, &end))
            return false;
        w->lows[0] = (uint16_t)low_begin;
        w->counts[0] = end - begin;
        span->row_begin = begin;
        span->row_count = end - begin;
        span->user_count = 1;
        span->lows = w->lows;
        span->counts = w->counts;
        return true;
    }
    if (low_begin == 0 && low_end == SEGI_CHUNK_USERS) {
        span->row_begin = pc->row_begin;
        span->row_count = pc->row_count;
        return true; /* listed when somebody asks */
    }
    uint32_t first = span_rank(pc, low_begin), last = span_rank(pc, low_end);
    if (first == last)
        return false;
    uint32_t index = pc->user_begin + first;
    span->user_count = last - first;
    span_widen_counts(&part->counts, index, span->user_count, w->counts);
    span->counts = w->counts;
    if (pc->is_bits) {
        span_list_bits(pc->users, low_begin, low_end, w->lows);
        span->lows = w->lows;
    } else {
        span->lows = (const uint16_t *)pc->users + first;
    }
    span->row_begin = span_row_of(part, index);
    span->row_count = 0;
    for (uint32_t i = 0; i < span->user_count; i++)
        span->row_count += w->counts[i];
    return true;
}

void segi_span_list(segi_worker *w, segi_span *span)
{
    if (span->lows)
        return;
    const segi_part_chunk *pc = span->pc; /* all of its users, or they were listed at once */
    span->user_count = pc->user_count;
    span_widen_counts(&span->part->counts, pc->user_begin, pc->user_count, w->counts);
    span->counts = w->counts;
    if (pc->is_bits)
        segi_mask_extract(pc->users, pc->user_count, w->lows);
    span->lows = pc->is_bits ? w->lows : pc->users;
}

bool segi_span_mask(const segi_span *span, const uint8_t **out_values, uint8_t *out_base)
{
    const segi_col *counts = &span->part->counts;
    bool bytes = counts->width == 0 || (counts->width == 1 && counts->unit == 1);
    if (span->lows || !span->pc->is_bits || !bytes || counts->base > 255)
        return false;
    const uint8_t *values = counts->width ? counts->data : NULL;
    *out_values = values ? values + span->pc->user_begin : NULL;
    *out_base = (uint8_t)counts->base;
    return true;
}

const uint16_t *segi_span_row_lows(segi_worker *w, segi_span *span)
{
    if (span->row_users)
        return span->row_users;
    segi_span_list(w, span);
    if (!segi_grow(w->mem, (void **)&w->row_lows, &w->row_lows_capacity, span->row_count,
                   sizeof *w->row_lows)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return NULL;
    }
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        for (uint32_t j = 0; j < span->counts[i]; j++)
            w->row_lows[row++] = span->lows[i];
    }
    return w->row_lows;
}

/* Is any bit set? */
static bool span_any(const uint64_t *bits, size_t count)
{
    uint64_t any = 0;
    for (size_t i = 0; i * 64 < count; i++)
        any |= bits[i];
    return any != 0;
}

/* Rows in the window that pass the filter; false if there are none. The window comes first: it is
 * the cheaper one, and where it leaves nothing the filter is not asked. */
static bool span_select(segi_worker *w, const segi_prep_source *source, segi_span *span,
                        uint64_t *bits, uint64_t *more)
{
    const segi_part *part = span->part;
    const segi_prep_filter *filter = span->type->filter;
    bool cut = part->time_min < source->begin || part->time_max >= source->end;
    if (!cut && !filter) {
        span->bits = NULL;
        return true;
    }
    if (cut) {
        segi_match window = {
            .kind = SEGI_MATCH_RANGE, .low = source->begin, .high = source->end - 1};
        segi_match_rows(&window, &part->time, span->row_begin, span->row_count, NULL, bits);
        if (!span_any(bits, span->row_count))
            return false;
    }
    if (filter) {
        const uint16_t *row_lows = NULL;
        if (source->needs_users && !(row_lows = segi_span_row_lows(w, span)))
            return false;
        uint64_t *target = cut ? more : bits;
        segi_filter_rows(w, filter, part, span->type->position, span->row_begin, span->row_count,
                         row_lows, target);
        if (w->status != SEG_OK)
            return false;
        if (cut) {
            for (size_t i = 0; i * 64 < span->row_count; i++)
                bits[i] &= more[i];
        }
        if (!span_any(bits, span->row_count))
            return false;
    }
    span->bits = bits;
    return true;
}

bool segi_source_in_order(const segi_prep_source *source)
{
    if (source->type_count != 1)
        return false;
    const segi_event_view *view = source->types[0].view;
    for (uint32_t p = 1; p < view->part_count; p++) {
        if (view->parts[p]->time_min <= view->parts[p - 1]->time_max)
            return false;
    }
    return true;
}

bool segi_span_overlaps(const segi_part *part, const segi_prep_source *source)
{
    return source->begin < source->end && part->time_max >= source->begin &&
           part->time_min < source->end;
}

uint32_t segi_spans_block(const segi_worker *w, const segi_prep_source *source, uint32_t rows_max)
{
    uint64_t rows = 0;
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_event_view *view = source->types[t].view;
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part_chunk *pc = segi_span_overlaps(view->parts[p], source)
                                            ? segi_part_find(view->parts[p], w->chunk)
                                            : NULL;
            rows += pc ? pc->row_count : 0;
        }
    }
    uint32_t block = SEGI_CHUNK_USERS;
    for (; block > 256 && rows > rows_max; block /= 2)
        rows /= 2;
    return block;
}

/* Room for bits, the selection, and the call. */
static void spans_of_part(segi_worker *w, const segi_prep_source *source, segi_span *span,
                          segi_span_function *function, void *context)
{
    size_t words = (size_t)span->row_count / 64 + 1;
    uint64_t *bits = segi_worker_bits_push(w, words);
    if (!bits)
        return;
    uint64_t *more = segi_worker_bits_push(w, words);
    if (more) {
        if (w->actual)
            w->actual[w->op].rows += span->row_count;
        if (span_select(w, source, span, bits, more))
            function(w, context, span);
        segi_worker_bits_pop(w);
    }
    segi_worker_bits_pop(w);
}

/* The lists of a span, at first use. */
static bool spans_ready(segi_worker *w)
{
    return segi_worker_array(w, (void **)&w->lows, SEGI_CHUNK_USERS + SEGI_EXTRACT_SLACK,
                             sizeof *w->lows) &&
           segi_worker_array(w, (void **)&w->counts, SEGI_CHUNK_USERS, sizeof *w->counts);
}

void segi_span_part(segi_worker *w, const segi_prep_source *source, const segi_prep_type *type,
                    const segi_part *part, uint32_t low_begin, uint32_t low_end,
                    segi_span_function *function, void *context)
{
    const segi_part_chunk *pc = segi_part_find(part, w->chunk);
    segi_span span = {.part = part, .pc = pc, .type = type};
    if (!pc || !spans_ready(w) || !span_locate(w, part, pc, low_begin, low_end, &span))
        return;
    span.row_users = part->row_users ? part->row_users + span.row_begin : NULL;
    spans_of_part(w, source, &span, function, context);
}

void segi_spans_each(segi_worker *w, const segi_prep_source *source, uint32_t low_begin,
                     uint32_t low_end, segi_span_function *function, void *context)
{
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_prep_type *type = &source->types[t];
        for (uint32_t p = 0; p < type->view->part_count && !segi_worker_stop(w); p++) {
            const segi_part *part = type->view->parts[p];
            if (segi_span_overlaps(part, source))
                segi_span_part(w, source, type, part, low_begin, low_end, function, context);
        }
    }
}
