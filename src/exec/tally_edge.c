/* The value in each user's first or last event: the best row so far, and where it is.
 *
 * Where the parts of one event type follow each other in time, as they do unless events came late,
 * they are met from the wanted end, each user is done with the first row found, and the walk ends
 * when all are. Otherwise every part is met, and rows are compared in the order of S-08. */
#include <string.h>

#include "exec/exec_int.h"

/* The best row of each user so far: its time, and where it is. */
typedef struct tally_edge {
    const segi_prep_value *value;
    bool last;
    int64_t *times;  /* where parts overlap in time */
    uint32_t *spans; /* index into w->seen; UINT32_MAX: none yet */
    uint32_t *rows;
    segi_mask *left;     /* parts in order: users to be found yet, */
    uint32_t left_count; /* ... so many */
} tally_edge;

/* Is row `row` of `a` after row `other` of `b` in the order of events that share an instant? */
static bool edge_after(const segi_part *a, uint32_t row, const segi_part *b, uint32_t other)
{
    if (a->generation != b->generation)
        return a->generation > b->generation;
    int64_t tie = segi_col_slot(&a->tie, row), other_tie = segi_col_slot(&b->tie, other);
    if (tie != other_tie)
        return tie > other_tie;
    return a->event != b->event ? a->event > b->event : row > other;
}

/* Keep the row if it is before (for `last`: after) the best so far in the order of S-08. */
static void edge_offer(segi_worker *w, tally_edge *t, uint32_t low, uint32_t seen, uint32_t row)
{
    const segi_part *part = w->seen[seen].part;
    int64_t time = segi_col_slot(&part->time, row);
    if (t->spans[low] != UINT32_MAX) {
        if (time == t->times[low]) {
            const segi_part *best = w->seen[t->spans[low]].part;
            if (edge_after(part, row, best, t->rows[low]) != t->last)
                return;
        } else if ((time > t->times[low]) != t->last) {
            return;
        }
    }
    t->times[low] = time;
    t->spans[low] = seen;
    t->rows[low] = row;
}

/* First or last selected row among [row, end) of a span. */
static bool edge_row(const segi_span *span, bool last, uint32_t row, uint32_t end, uint32_t *out)
{
    if (!span->bits) {
        *out = last ? end - 1 : row;
        return true;
    }
    for (uint32_t i = 0; i < end - row; i++) {
        uint32_t at = last ? end - 1 - i : row + i;
        if (segi_bit_get(span->bits, at)) {
            *out = at;
            return true;
        }
    }
    return false;
}

/* Notes the part, so that a row needs two numbers only. */
static bool edge_seen(segi_worker *w, const segi_span *span, uint32_t *out)
{
    if (!segi_grow(w->mem, (void **)&w->seen, &w->seen_capacity, w->seen_count + 1,
                   sizeof *w->seen)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    *out = (uint32_t)w->seen_count++;
    w->seen[*out] = (segi_seen_part){span->part, span->type->position};
    return true;
}

static void edge_any_span(segi_worker *w, void *context, segi_span *span)
{
    tally_edge *t = context;
    uint32_t seen, row = 0, at;
    if (!edge_seen(w, span, &seen))
        return;
    segi_span_list(w, span);
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t end = row + span->counts[i];
        if (edge_row(span, t->last, row, end, &at))
            edge_offer(w, t, span->lows[i], seen, span->row_begin + at);
        row = end;
    }
}

/* ---- parts in order ---- */

/* Looking users up in a mask, one by one among the rest, pays for up to so many. */
#define EDGE_SOUGHT (SEGI_CHUNK_USERS / 8)

/* A user with rows [row, end) of the span: the first selected one met is his, and he is struck
 * off. */
static void edge_take(tally_edge *t, const segi_span *span, uint32_t seen, uint32_t low,
                      uint32_t row, uint32_t end)
{
    uint32_t at;
    if (!edge_row(span, t->last, row, end, &at))
        return;
    t->spans[low] = seen;
    t->rows[low] = span->row_begin + at;
    segi_bit_clear(t->left->words, low);
    t->left_count--;
}

/* The users of a mask who are still looked for; false where that is no shorter way. */
static bool edge_next_mask(segi_worker *w, tally_edge *t, const segi_span *span, uint32_t seen)
{
    const uint8_t *values;
    uint8_t base;
    if (t->left_count > EDGE_SOUGHT || !segi_span_mask(span, &values, &base))
        return false;
    if (!segi_grow(w->mem, (void **)&w->runs, &w->runs_capacity, t->left_count, sizeof *w->runs)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return true;
    }
    size_t count =
        segi_bits_runs(span->pc->users, t->left->words, SEGI_MASK_WORDS, values, base, w->runs);
    for (size_t i = 0; i < count; i++)
        edge_take(t, span, seen, w->runs[i].bit, w->runs[i].row, w->runs[i].row + w->runs[i].count);
    return true;
}

static void edge_next_span(segi_worker *w, void *context, segi_span *span)
{
    tally_edge *t = context;
    uint32_t seen, row = 0;
    if (!edge_seen(w, span, &seen) || edge_next_mask(w, t, span, seen))
        return;
    segi_span_list(w, span);
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t low = span->lows[i], end = row + span->counts[i];
        if (segi_bit_get(t->left->words, low))
            edge_take(t, span, seen, low, row, end);
        row = end;
    }
}

/* From the wanted end, until nobody is left. */
static void edge_walk(segi_worker *w, tally_edge *t, uint32_t low_begin, uint32_t low_end)
{
    const segi_prep_source *source = t->value->source;
    const segi_prep_type *type = &source->types[0];
    uint32_t count = type->view->part_count;
    for (uint32_t p = 0; p < count && t->left_count > 0 && !segi_worker_stop(w); p++) {
        const segi_part *part = type->view->parts[t->last ? count - 1 - p : p];
        if (segi_span_overlaps(part, source))
            segi_span_part(w, source, type, part, low_begin, low_end, edge_next_span, t);
    }
}

/* Few candidates walk one by one, each until he is found. */
static void edge_in_order(segi_worker *w, tally_edge *t, segi_users users, bool few)
{
    t->left = segi_worker_mask_push(w);
    if (!t->left)
        return;
    segi_mask_zero(t->left);
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        segi_bit_set(t->left->words, low);
        t->spans[low] = UINT32_MAX;
        t->left_count = few ? 1 : i + 1;
        if (few)
            edge_walk(w, t, low, low + 1);
    }
    if (!few)
        edge_walk(w, t, 0, SEGI_CHUNK_USERS);
    segi_worker_mask_pop(w);
}

/* ---- parts in any order ---- */

static void edge_in_any_order(segi_worker *w, tally_edge *t, segi_users users, bool few)
{
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        t->spans[low] = UINT32_MAX;
        if (few)
            segi_spans_each(w, t->value->source, low, low + 1, edge_any_span, t);
    }
    if (!few) {
        memset(t->spans, 0xFF, w->user_limit * sizeof *t->spans);
        segi_spans_each(w, t->value->source, 0, SEGI_CHUNK_USERS, edge_any_span, t);
    }
}

/* ---- results ---- */

/* The value of the argument in the best row. A row without a value still is the first or last: the
 * result is then absent, or null. */
static void edge_result(segi_worker *w, const tally_edge *t, uint32_t low, uint32_t i,
                        segi_vector *out)
{
    out->slots[i] = 0;
    segi_bit_clear(out->set, i);
    if (t->spans[low] == UINT32_MAX)
        return;
    const segi_prep_value *argument = t->value->argument;
    segi_seen_part seen = w->seen[t->spans[low]];
    uint32_t row = t->rows[low];
    if (argument->form == SEGI_VALUE_CIVIL) {
        out->slots[i] = segi_col_slot(&seen.part->time, row);
        segi_bit_set(out->set, i);
        return;
    }
    const segi_field *field =
        seen.position < argument->field_count ? argument->fields[seen.position] : NULL;
    if (!field || field->index >= seen.part->column_count)
        return;
    const segi_col *col = &seen.part->columns[field->index];
    if (col->type != 0 && segi_col_is_set(col, row)) {
        const segi_texts *texts = argument->strings;
        int64_t slot = segi_col_slot(col, row);
        bool common = texts && texts->dict_count > 1;
        out->slots[i] = common ? texts->to_code[seen.position][slot] : slot;
        segi_bit_set(out->set, i);
    } else if (col->type != 0 && segi_col_is_null(col, row)) {
        segi_bit_set(out->null, i);
    }
}

/* O(rows) at worst; in order, O(users) where recent parts have them all. */
void segi_tally_edge_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out)
{
    bool few = segi_spans_few(w, value->source, users.count);
    /* A walk from the wanted end soon has a few of the chunk; one over all times does not stop. */
    bool walk = users.count <= w->user_limit / 8 && segi_source_in_order(value->source);
    if (!few && !walk && value->argument->form == SEGI_VALUE_CIVIL) {
        segi_tally_times_users(w, value, users, out);
        return;
    }
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64) ||
        !segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32) ||
        !segi_worker_array(w, (void **)&w->tally32_more, SEGI_CHUNK_USERS + 64,
                           sizeof *w->tally32_more))
        return;
    tally_edge t = {.value = value,
                    .last = value->node->aggregate == SEGI_AGG_LAST,
                    .times = w->tally64,
                    .spans = w->tally32,
                    .rows = w->tally32_more};
    w->seen_count = 0;
    if (segi_source_in_order(value->source))
        edge_in_order(w, &t, users, few);
    else
        edge_in_any_order(w, &t, users, few);
    for (uint32_t i = 0; w->status == SEG_OK && i < users.count; i++)
        edge_result(w, &t, users.lows[i], i, out);
}
