/* Running figures of a property per user: sum, average, least and greatest value, the value in the
 * first or last event, and the share of events that pass a test. Parts add to arrays indexed by
 * the user's low bits, as in tally.c; what needs all rows in order is gather.c.
 *
 * Sums are exact (S-16): 64 bits where the statistics of the parts prove that no sum can leave
 * them, else 128; a result that does not fit 64 bits is SEG_E_OVERFLOW, never a wrapped number.
 * Floats are summed in double-double, so that the rounded result does not depend on which part
 * came first. */
#include <string.h>

#include "base/text.h"
#include "exec/exec_int.h"

/* ---- sums and extremes ---- */

/* One aggregate over one chunk; which arrays are used depends on kind and type. */
typedef struct tally_values {
    const segi_prep_value *value;
    bool wide; /* sums may not fit 64 bits on the way */
    bool is_float;
    uint32_t *counts; /* rows with a value; NULL for sums, which need none */
    int64_t *figures;
    segi_sum *sums;
    segi_float_sum *floats;
} tally_values;

/* One value of a user. Where sums stay narrow they may wrap on the way, as base and unit do in
 * tally_sum_dense(): the total is right because it fits. */
static void tally_put(tally_values *t, uint32_t low, int64_t slot)
{
    bool first = t->counts && t->counts[low]++ == 0;
    switch (t->value->node->aggregate) {
    case SEGI_AGG_SUM:
    case SEGI_AGG_AVG:
        if (t->is_float)
            segi_float_sum_add(&t->floats[low], segi_slot_float(slot));
        else if (t->wide)
            segi_sum_add(&t->sums[low], slot);
        else
            t->figures[low] += slot;
        break;
    default: {
        bool greatest = t->value->node->aggregate == SEGI_AGG_MAX;
        int64_t old = t->figures[low];
        bool less = t->is_float ? segi_slot_float(slot) < segi_slot_float(old) : slot < old;
        bool more = t->is_float ? segi_slot_float(slot) > segi_slot_float(old) : slot > old;
        if (first || (greatest ? more : less))
            t->figures[low] = slot;
        break;
    }
    }
}

/* 64-bit sums of a narrow column with all rows: the loop that revenue questions run. */
static void tally_sum_dense(tally_values *t, const segi_span *span, const segi_col *col)
{
    uint32_t row = span->row_begin;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t low = span->lows[i], end = row + span->counts[i];
        uint64_t stored = 0;
        switch (col->width) {
        case 1:
            for (uint32_t r = row; r < end; r++)
                stored += ((const uint8_t *)col->data)[r];
            break;
        case 2:
            for (uint32_t r = row; r < end; r++)
                stored += ((const uint16_t *)col->data)[r];
            break;
        case 4:
            for (uint32_t r = row; r < end; r++)
                stored += ((const uint32_t *)col->data)[r];
            break;
        case 8:
            for (uint32_t r = row; r < end; r++)
                stored += ((const uint64_t *)col->data)[r];
            break;
        default: break;
        }
        uint64_t sum = (uint64_t)col->base * span->counts[i] + (uint64_t)col->unit * stored;
        t->figures[low] += (int64_t)sum;
        if (t->counts)
            t->counts[low] += span->counts[i];
        row = end;
    }
}

/* Rows that carry their users: all of them, or those selected. */
static void values_by_rows(tally_values *t, const segi_span *span, const segi_col *col)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        uint32_t left = span->row_count - i * 64;
        uint64_t all = left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX;
        for (uint64_t word = span->bits ? span->bits[i] : all; word; word &= word - 1) {
            uint32_t row = i * 64 + (uint32_t)segi_ctz(word), at = span->row_begin + row;
            if (segi_col_is_set(col, at))
                tally_put(t, span->row_users[row], segi_col_slot(col, at));
        }
    }
}

/* Four ways through a span: by rows that carry users, densely, and by users with or without
 * bits. */
static void tally_values_span(segi_worker *w, void *context, segi_span *span)
{
    tally_values *t = context;
    const segi_col *col = segi_tally_column(t->value->argument, span->part, span->type->position);
    if (!col)
        return;
    if (span->row_users) {
        values_by_rows(t, span, col);
        return;
    }
    segi_span_list(w, span);
    bool sums =
        t->value->node->aggregate == SEGI_AGG_SUM || t->value->node->aggregate == SEGI_AGG_AVG;
    if (!span->bits && !col->set && sums && !t->wide && !t->is_float) {
        tally_sum_dense(t, span, col);
        return;
    }
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        for (uint32_t j = 0; j < span->counts[i]; j++, row++) {
            if (span->bits && !segi_bit_get(span->bits, row))
                continue;
            if (segi_col_is_set(col, span->row_begin + row))
                tally_put(t, span->lows[i], segi_col_slot(col, span->row_begin + row));
        }
    }
}

/* Figures of the users [low, low + count) back to nothing. */
static void tally_clear(tally_values *t, uint32_t low, uint32_t count)
{
    if (t->counts)
        memset(t->counts + low, 0, count * sizeof *t->counts);
    memset(t->figures + low, 0, count * sizeof *t->figures);
    if (t->sums)
        memset(t->sums + low, 0, count * sizeof *t->sums);
    if (t->floats)
        memset(t->floats + low, 0, count * sizeof *t->floats);
}

/* Settles how wide sums have to be, and takes the arrays for it. */
static bool tally_values_ready(segi_worker *w, tally_values *t)
{
    segi_aggregate aggregate = t->value->node->aggregate;
    bool sums = aggregate == SEGI_AGG_SUM || aggregate == SEGI_AGG_AVG;
    t->is_float = t->value->argument->type.type == SEG_TYPE_FLOAT64;
    t->wide = sums && !t->is_float && segi_tally_bounds_of(t->value).all > 4e18;
    bool ok =
        segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32) &&
        segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64);
    if (ok && t->wide) {
        ok = segi_worker_array(w, (void **)&w->tally_sum, SEGI_CHUNK_USERS, sizeof *w->tally_sum);
        t->sums = w->tally_sum;
    }
    if (ok && sums && t->is_float) {
        ok = segi_worker_array(w, (void **)&w->tally_float, SEGI_CHUNK_USERS,
                               sizeof *w->tally_float);
        t->floats = w->tally_float;
    }
    t->counts = aggregate == SEGI_AGG_SUM ? NULL : w->tally32;
    t->figures = w->tally64;
    return ok;
}

/* False: SEG_E_OVERFLOW, noted in the worker. */
static bool tally_total(segi_worker *w, const tally_values *t, uint32_t low, int64_t *out)
{
    if (!t->wide) {
        *out = t->figures[low];
        return true;
    }
    if (segi_sum_get(&t->sums[low], out))
        return true;
    segi_worker_fail(w, SEG_E_OVERFLOW, "a sum does not fit 64 bits");
    return false;
}

/* An infinity or NaN minus itself is no zero. */
static bool tally_float_total(segi_worker *w, const tally_values *t, uint32_t low, double *out)
{
    *out = segi_float_sum_get(&t->floats[low]);
    if (*out - *out == 0)
        return true;
    segi_worker_fail(w, SEG_E_OVERFLOW, "a sum is beyond the range of a float64");
    return false;
}

/* The figure of one user as a value. Averages of decimals are divided by the scale once, at the
 * end. */
static void tally_result(segi_worker *w, const tally_values *t, uint32_t low, uint32_t i,
                         segi_vector *out)
{
    uint32_t n = t->counts ? t->counts[low] : 0;
    int64_t slot = 0;
    double total = 0;
    bool defined = n > 0;
    switch (t->value->node->aggregate) {
    case SEGI_AGG_SUM:
        defined = true;
        if (!t->is_float)
            defined = tally_total(w, t, low, &slot);
        else if ((defined = tally_float_total(w, t, low, &total)))
            slot = segi_slot_of_float(total);
        break;
    case SEGI_AGG_AVG:
        if (!defined)
            break;
        if (t->is_float) {
            if ((defined = tally_float_total(w, t, low, &total)))
                slot = segi_slot_of_float(total / (double)n);
        } else if ((defined = tally_total(w, t, low, &slot))) {
            double scale = (double)segi_pow10(t->value->argument->type.scale);
            slot = segi_slot_of_float((double)slot / ((double)n * scale));
        }
        break;
    default: slot = t->figures[low]; break;
    }
    out->slots[i] = slot;
    if (defined)
        segi_bit_set(out->set, i);
    else
        segi_bit_clear(out->set, i);
}

/* Few candidates are looked up, many are worked out with the whole chunk. */
static void tally_values_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                               segi_vector *out)
{
    bool few = segi_spans_few(w, value->source, users.count);
    if (!few && segi_tally_narrow_fits(value)) {
        segi_tally_narrow_users(w, value, users, out);
        return;
    }
    tally_values t = {.value = value};
    if (!tally_values_ready(w, &t))
        return;
    if (!few) {
        tally_clear(&t, 0, w->user_limit);
        segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_values_span, &t);
    }
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        if (few) {
            tally_clear(&t, low, 1);
            segi_spans_each(w, value->source, low, low + 1, tally_values_span, &t);
        }
        tally_result(w, &t, low, i, out);
    }
}

bool segi_tally_sum(segi_worker *w, const segi_prep_value *value, uint32_t count, int64_t low,
                    int64_t high, segi_mask *out)
{
    tally_values t = {.value = value};
    if (segi_spans_few(w, value->source, count))
        return false;
    if (segi_tally_narrow_fits(value))
        return segi_tally_narrow_sum(w, value, low, high, out);
    if (!tally_values_ready(w, &t) || t.wide)
        return false;
    tally_clear(&t, 0, w->user_limit);
    segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_values_span, &t);
    segi_scan_signed(t.figures, 0, w->user_limit, low, high, out->words);
    return true;
}

/* ---- share ---- */

/* Events in the upper half of 64 bits, those of them for which the condition holds in the lower
 * one. */
#define SHARE_EVENT ((uint64_t)1 << 32)

typedef struct tally_share {
    const segi_prep_value *value;
    uint64_t *pairs;
} tally_share;

/* Rows that carry their users: all of them, or those selected. */
static void share_by_rows(uint64_t *pairs, const segi_span *span, const uint64_t *marks)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        const uint16_t *users = span->row_users + (size_t)i * 64;
        uint32_t left = span->row_count - i * 64;
        uint64_t all = left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX;
        uint64_t word = span->bits ? span->bits[i] : all;
        for (uint32_t j = 0; word == UINT64_MAX && j < 64; j++)
            pairs[users[j]] += SHARE_EVENT + (marks[i] >> j & 1);
        for (; word && word != UINT64_MAX; word &= word - 1) {
            uint32_t j = (uint32_t)segi_ctz(word);
            pairs[users[j]] += SHARE_EVENT + (marks[i] >> j & 1);
        }
    }
}

/* Rows as listed by user. */
static void share_listed(uint64_t *pairs, const segi_span *span, const uint64_t *marks)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        for (uint32_t end = row + span->counts[i]; row < end; row++) {
            if (!span->bits || segi_bit_get(span->bits, row))
                pairs[span->lows[i]] += SHARE_EVENT + segi_bit_get(marks, row);
        }
    }
}

static void tally_share_span(segi_worker *w, void *context, segi_span *span)
{
    tally_share *t = context;
    size_t words = (size_t)span->row_count / 64 + 1;
    const uint16_t *row_lows = NULL;
    if (t->value->needs_users && !(row_lows = segi_span_row_lows(w, span)))
        return;
    uint64_t *marks = segi_worker_bits_push(w, words);
    if (!marks)
        return;
    uint32_t type = (uint32_t)(span->type - t->value->source->types);
    segi_filter_rows(w, t->value->share[type], span->part, span->type->position, span->row_begin,
                     span->row_count, row_lows, marks);
    if (w->status == SEG_OK && span->row_users) {
        share_by_rows(t->pairs, span, marks);
    } else if (w->status == SEG_OK) {
        segi_span_list(w, span);
        share_listed(t->pairs, span, marks);
    }
    segi_worker_bits_pop(w);
}

/* Undefined for users without an event (S-16). */
static void tally_share_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                              segi_vector *out)
{
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64))
        return;
    tally_share t = {value, (uint64_t *)w->tally64};
    bool few = segi_spans_few(w, value->source, users.count);
    if (!few) {
        memset(t.pairs, 0, w->user_limit * sizeof *t.pairs);
        segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_share_span, &t);
    }
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        if (few) {
            t.pairs[low] = 0;
            segi_spans_each(w, value->source, low, low + 1, tally_share_span, &t);
        }
        segi_bit_clear(out->set, i);
        if (t.pairs[low] == 0)
            continue;
        double marked = (double)(uint32_t)t.pairs[low], all = (double)(t.pairs[low] >> 32);
        out->slots[i] = segi_slot_of_float(marked / all);
        segi_bit_set(out->set, i);
    }
}

void segi_tally_value_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                            segi_vector *out)
{
    switch (value->node->aggregate) {
    case SEGI_AGG_FIRST:
    case SEGI_AGG_LAST: segi_tally_edge_users(w, value, users, out); break;
    case SEGI_AGG_SHARE: tally_share_users(w, value, users, out); break;
    default: tally_values_users(w, value, users, out); break;
    }
}
