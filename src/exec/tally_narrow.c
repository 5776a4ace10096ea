/* Sums and averages per user where each user's sum fits 32 bits, as the columns' statistics prove
 * for most money: half the memory of the wide road (tally_value.c) to clear, fill and scan, and
 * loops without a branch where rows carry their users. The figures are the same. */
#include <string.h>

#include "base/text.h"
#include "exec/exec_int.h"

/* ---- what the statistics of the parts prove ---- */

/* The column of the argument in a part; NULL where no row has a value. */
const segi_col *segi_tally_column(const segi_prep_value *argument, const segi_part *part,
                                  uint32_t position)
{
    const segi_field *field = position < argument->field_count ? argument->fields[position] : NULL;
    if (!field || field->index >= part->column_count)
        return NULL;
    const segi_col *col = &part->columns[field->index];
    return col->type == 0 || col->none_set ? NULL : col;
}

/* From the columns' least and greatest values and the largest count of a user per part: O(parts),
 * no row is read. Doubles are exact enough, since the limits they are held against keep a margin
 * (4e18 of 9.2e18, 4e9 of 4.29e9). */
segi_tally_bounds segi_tally_bounds_of(const segi_prep_value *value)
{
    segi_tally_bounds out = {0};
    const segi_prep_source *source = value->source;
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_prep_type *type = &source->types[t];
        for (uint32_t p = 0; p < type->view->part_count; p++) {
            const segi_part *part = type->view->parts[p];
            const segi_col *col = segi_span_overlaps(part, source)
                                      ? segi_tally_column(value->argument, part, type->position)
                                      : NULL;
            if (!col)
                continue;
            double least = (double)col->min, most = (double)col->max;
            double size = -least > most ? -least : most;
            out.negative = out.negative || least < 0;
            out.user += size * (double)part->counts.max;
            out.all += size * (double)part->row_count;
        }
    }
    return out;
}

/* ---- sums ---- */

static inline uint64_t narrow_stored(const segi_col *col, uint32_t row)
{
    switch (col->width) {
    case 1: return ((const uint8_t *)col->data)[row];
    case 2: return ((const uint16_t *)col->data)[row];
    case 4: return ((const uint32_t *)col->data)[row];
    case 8: return ((const uint64_t *)col->data)[row];
    default: return 0;
    }
}

/* Rows that carry their users: all of them, or those selected. */
SEGI_HOT static void sum32_row_users(uint32_t *sums, const segi_span *span, const segi_col *col)
{
    uint32_t base = (uint32_t)col->base, unit = (uint32_t)col->unit, begin = span->row_begin;
    if (!span->bits && !col->set && col->width == 4) {
        const uint32_t *data = (const uint32_t *)col->data + begin;
        for (uint32_t row = 0; row < span->row_count; row++)
            sums[span->row_users[row]] += base + unit * data[row];
        return;
    }
    if (!span->bits && !col->set && col->width == 2) {
        const uint16_t *data = (const uint16_t *)col->data + begin;
        for (uint32_t row = 0; row < span->row_count; row++)
            sums[span->row_users[row]] += base + unit * data[row];
        return;
    }
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        uint32_t left = span->row_count - i * 64;
        uint64_t all = left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX;
        for (uint64_t word = span->bits ? span->bits[i] : all; word; word &= word - 1) {
            uint32_t row = i * 64 + (uint32_t)segi_ctz(word);
            if (!col->set || segi_bit_get(col->set, begin + row))
                sums[span->row_users[row]] +=
                    base + unit * (uint32_t)narrow_stored(col, begin + row);
        }
    }
}

/* Sums of one user that fit 32 bits: half the memory to clear, fill and scan. */
SEGI_HOT static void sum32_rows(uint32_t *sums, const segi_span *span, const segi_col *col)
{
    uint32_t row = 0, base = (uint32_t)col->base, unit = (uint32_t)col->unit;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t sum = 0;
        for (uint32_t end = row + span->counts[i]; row < end; row++) {
            uint32_t at = span->row_begin + row;
            if (span->bits && !segi_bit_get(span->bits, row))
                continue;
            if (col->set && !segi_bit_get(col->set, at))
                continue;
            sum += base + unit * (uint32_t)narrow_stored(col, at);
        }
        sums[span->lows[i]] += sum;
    }
}

typedef struct tally_sum32 {
    const segi_prep_value *value;
    uint32_t *sums;
} tally_sum32;

static void tally_sum32_span(segi_worker *w, void *context, segi_span *span)
{
    tally_sum32 *t = context;
    const segi_col *col = segi_tally_column(t->value->argument, span->part, span->type->position);
    if (!col)
        return;
    if (span->row_users) {
        sum32_row_users(t->sums, span, col);
        return;
    }
    segi_span_list(w, span);
    sum32_rows(t->sums, span, col);
}

/* Sums of the whole chunk in w->tally32. */
static bool tally_sum32_chunk(segi_worker *w, const segi_prep_value *value)
{
    if (!segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32))
        return false;
    memset(w->tally32, 0, w->user_limit * sizeof *w->tally32);
    tally_sum32 t = {value, w->tally32};
    segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_sum32_span, &t);
    return true;
}

/* The whole chunk's sums compared at once, without a vector of values in between. */
bool segi_tally_narrow_sum(segi_worker *w, const segi_prep_value *value, int64_t low, int64_t high,
                           segi_mask *out)
{
    if (!tally_sum32_chunk(w, value))
        return false;
    if (high >= 0)
        segi_scan_range(4, w->tally32, 0, w->user_limit, low < 0 ? 0 : (uint64_t)low,
                        (uint64_t)high, out->words);
    return true;
}

/* The sums of some users out of the whole chunk's. */
static void tally_narrow_sums(segi_worker *w, const segi_prep_value *value, segi_users users,
                              segi_vector *out)
{
    if (!tally_sum32_chunk(w, value))
        return;
    for (uint32_t i = 0; i < users.count; i++)
        out->slots[i] = w->tally32[users.lows[i]];
    segi_bits_fill(out->set, users.count);
}

/* ---- averages ----
 *
 * The rows with a value in the upper half of 64 bits, their sum in the lower one. */

#define PAIR_ONE ((uint64_t)1 << 32)
#define PAIR_ROWS(TYPE)                                                                            \
    for (uint32_t row = 0; row < span->row_count; row++)                                           \
        pairs[span->row_users[row]] += base + unit * ((const TYPE *)col->data)[begin + row];       \
    break

/* All rows of a span that carry their users, each with a value. */
SEGI_HOT static void pair_rows(uint64_t *pairs, const segi_span *span, const segi_col *col)
{
    uint64_t base = (uint64_t)col->base + PAIR_ONE, unit = (uint64_t)col->unit;
    uint32_t begin = span->row_begin;
    switch (col->width) {
    case 1: PAIR_ROWS(uint8_t);
    case 2: PAIR_ROWS(uint16_t);
    case 4: PAIR_ROWS(uint32_t);
    case 8: PAIR_ROWS(uint64_t);
    default:
        for (uint32_t row = 0; row < span->row_count; row++)
            pairs[span->row_users[row]] += base;
        break;
    }
}

/* The same of those rows that are selected and have a value. */
SEGI_HOT static void pair_some_rows(uint64_t *pairs, const segi_span *span, const segi_col *col)
{
    uint64_t base = (uint64_t)col->base + PAIR_ONE, unit = (uint64_t)col->unit;
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        uint32_t left = span->row_count - i * 64;
        uint64_t all = left < 64 ? ((uint64_t)1 << left) - 1 : UINT64_MAX;
        for (uint64_t word = span->bits ? span->bits[i] : all; word; word &= word - 1) {
            uint32_t row = i * 64 + (uint32_t)segi_ctz(word), at = span->row_begin + row;
            if (segi_col_is_set(col, at))
                pairs[span->row_users[row]] += base + unit * narrow_stored(col, at);
        }
    }
}

/* Rows as listed by user. */
SEGI_HOT static void pair_listed(uint64_t *pairs, const segi_span *span, const segi_col *col)
{
    uint64_t base = (uint64_t)col->base + PAIR_ONE, unit = (uint64_t)col->unit;
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint64_t pair = 0;
        for (uint32_t end = row + span->counts[i]; row < end; row++) {
            uint32_t at = span->row_begin + row;
            if ((!span->bits || segi_bit_get(span->bits, row)) && segi_col_is_set(col, at))
                pair += base + unit * narrow_stored(col, at);
        }
        pairs[span->lows[i]] += pair;
    }
}

typedef struct tally_pairs {
    const segi_prep_value *value;
    uint64_t *pairs;
} tally_pairs;

static void tally_pairs_span(segi_worker *w, void *context, segi_span *span)
{
    tally_pairs *t = context;
    const segi_col *col = segi_tally_column(t->value->argument, span->part, span->type->position);
    if (!col)
        return;
    if (!span->row_users) {
        segi_span_list(w, span);
        pair_listed(t->pairs, span, col);
    } else if (span->bits || col->set) {
        pair_some_rows(t->pairs, span, col);
    } else {
        pair_rows(t->pairs, span, col);
    }
}

/* The averages of some users out of the whole chunk's. */
static void tally_narrow_averages(segi_worker *w, const segi_prep_value *value, segi_users users,
                                  segi_vector *out)
{
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64))
        return;
    memset(w->tally64, 0, w->user_limit * sizeof *w->tally64);
    tally_pairs t = {value, (uint64_t *)w->tally64};
    segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_pairs_span, &t);
    double scale = (double)segi_pow10(value->argument->type.scale);
    memset(out->set, 0, ((size_t)users.count + 63) / 64 * sizeof *out->set);
    for (uint32_t i = 0; i < users.count; i++) {
        uint64_t pair = t.pairs[users.lows[i]], n = pair >> 32;
        out->slots[i] = n ? segi_slot_of_float((double)(uint32_t)pair / ((double)n * scale)) : 0;
        out->set[i / 64] |= (uint64_t)(n > 0) << (i & 63);
    }
}

/* ---- doors ---- */

bool segi_tally_narrow_fits(const segi_prep_value *value)
{
    segi_aggregate aggregate = value->node->aggregate;
    if ((aggregate != SEGI_AGG_SUM && aggregate != SEGI_AGG_AVG) ||
        value->argument->type.type == SEG_TYPE_FLOAT64)
        return false;
    segi_tally_bounds bounds = segi_tally_bounds_of(value);
    return !bounds.negative && bounds.user < 4e9;
}

void segi_tally_narrow_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                             segi_vector *out)
{
    if (value->node->aggregate == SEGI_AGG_AVG)
        tally_narrow_averages(w, value, users, out);
    else
        tally_narrow_sums(w, value, users, out);
}
