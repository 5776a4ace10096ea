/* Running figures per user over the rows of a chunk: did, count, sum, average, least, greatest,
 * share. Rows need no order here, so each part adds to arrays indexed by the user's low bits.
 *
 * With few candidates each one's rows are looked up; with many the whole chunk is scanned. The
 * figures are the same, since both roads add the same spans of the same parts in the same order.
 *
 * The arrays belong to the worker (tally8, tally32, tally64) and are shared by all aggregates of
 * this file and of tally_value.c: one aggregate is finished before the next begins, and what it
 * found is copied into a vector or a mask before that. */
#include <string.h>

#include "exec/exec_int.h"

/* Users of a span by their rows: call with the selected ones among rows [row, row + count) of the
 * span. At most 64 rows come in one word; longer runs go word by word. */
static inline uint64_t tally_window(const uint64_t *bits, uint32_t row, uint32_t count)
{
    uint32_t shift = row & 63;
    uint64_t word = bits[row >> 6] >> shift;
    if (shift + count > 64)
        word |= bits[(row >> 6) + 1] << (64 - shift);
    return count < 64 ? word & (((uint64_t)1 << count) - 1) : word;
}

static inline uint32_t tally_selected(const uint64_t *bits, uint32_t row, uint32_t count)
{
    if (count <= 64)
        return (uint32_t)segi_popcount(tally_window(bits, row, count));
    return (uint32_t)segi_bits_count_range(bits, row, row + count);
}

/* ---- did ----
 *
 * Who did is a bit of a mask. Setting the bits of neighbours one after the other waits for the
 * word each time, so that many rows first set bytes, which wait for nothing, and one scan of the
 * bytes makes bits of them. */

/* So many rows or users pay for clearing and scanning a chunk's bytes. */
#define DID_BYTES_FROM 16384u

typedef struct tally_did {
    segi_mask *out;
    uint8_t *bytes; /* 1: did, for the users of the chunk; NULL: not so many yet */
    uint64_t work;  /* rows and users so far */
} tally_did;

/* The bytes, once the work with these `more` pays for them. */
static uint8_t *did_bytes(segi_worker *w, tally_did *t, uint32_t more)
{
    t->work += more;
    if (t->bytes || t->work < DID_BYTES_FROM)
        return t->bytes;
    if (segi_worker_array(w, (void **)&w->tally8, SEGI_CHUNK_USERS + 64, sizeof *w->tally8)) {
        t->bytes = w->tally8;
        memset(t->bytes, 0, w->user_limit);
    }
    return t->bytes;
}

SEGI_HOT static void did_lows(uint64_t *words, const uint16_t *lows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        words[lows[i] >> 6] |= (uint64_t)1 << (lows[i] & 63);
}

SEGI_HOT static void did_lows_bytes(uint8_t *bytes, const uint16_t *lows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        bytes[lows[i]] = 1;
}

/* Selected rows of a span whose rows carry their users. */
SEGI_HOT static void did_row_users(uint64_t *words, const segi_span *span)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1) {
            uint32_t low = span->row_users[i * 64 + (uint32_t)segi_ctz(word)];
            words[low >> 6] |= (uint64_t)1 << (low & 63);
        }
    }
}

SEGI_HOT static void did_row_users_bytes(uint8_t *bytes, const segi_span *span)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1)
            bytes[span->row_users[i * 64 + (uint32_t)segi_ctz(word)]] = 1;
    }
}

SEGI_HOT static void did_rows(uint64_t *words, const segi_span *span)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t count = span->counts[i], low = span->lows[i];
        uint64_t any = count <= 64 ? tally_window(span->bits, row, count)
                                   : segi_bits_any_range(span->bits, row, row + count);
        words[low >> 6] |= (uint64_t)(any != 0) << (low & 63);
        row += count;
    }
}

static void did_users(segi_worker *w, tally_did *t, const uint16_t *lows, uint32_t count)
{
    uint8_t *bytes = did_bytes(w, t, count);
    if (bytes)
        did_lows_bytes(bytes, lows, count);
    else
        did_lows(t->out->words, lows, count);
}

/* The order of the branches is that of their cost. */
static void tally_did_span(segi_worker *w, void *context, segi_span *span)
{
    tally_did *t = context;
    if (span->bits && span->row_users) {
        uint8_t *bytes = did_bytes(w, t, span->row_count);
        if (bytes)
            did_row_users_bytes(bytes, span);
        else
            did_row_users(t->out->words, span);
        return;
    }
    segi_span_list(w, span);
    if (span->bits)
        did_rows(t->out->words, span);
    else
        did_users(w, t, span->lows, span->user_count);
}

/* All users of a part that lies in the window and needs no filter: no row is touched. */
static void tally_did_users(segi_worker *w, const segi_part_chunk *pc, tally_did *t)
{
    if (pc->is_bits)
        segi_mask_or(t->out, pc->users);
    else
        did_users(w, t, pc->users, pc->user_count);
}

/* The whole chunk: parts within the window without a look at rows, the others row by row. */
static void tally_did_chunk(segi_worker *w, const segi_prep_source *source, tally_did *did)
{
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_prep_type *type = &source->types[t];
        for (uint32_t p = 0; p < type->view->part_count && !segi_worker_stop(w); p++) {
            const segi_part *part = type->view->parts[p];
            if (!segi_span_overlaps(part, source))
                continue;
            bool whole = part->time_min >= source->begin && part->time_max < source->end;
            if (!whole || type->filter) {
                segi_span_part(w, source, type, part, 0, SEGI_CHUNK_USERS, tally_did_span, did);
                continue;
            }
            const segi_part_chunk *pc = segi_part_find(part, w->chunk);
            if (pc)
                tally_did_users(w, pc, did);
        }
    }
}

/* Spans have selected rows. */
static void did_one_span(segi_worker *w, void *context, segi_span *span)
{
    (void)w;
    (void)span;
    *(bool *)context = true;
}

/* One user: the first part with a row of his is enough. */
static bool did_one(segi_worker *w, const segi_prep_source *source, uint32_t low)
{
    bool found = false;
    for (uint32_t t = 0; t < source->type_count; t++) {
        const segi_prep_type *type = &source->types[t];
        for (uint32_t p = 0; !found && p < type->view->part_count && !segi_worker_stop(w); p++) {
            const segi_part *part = type->view->parts[p];
            if (segi_span_overlaps(part, source))
                segi_span_part(w, source, type, part, low, low + 1, did_one_span, &found);
        }
    }
    return found;
}

/* Candidates one by one, where they are few. */
static void tally_did_few(segi_worker *w, const segi_prep_source *source,
                          const segi_mask *candidates, segi_mask *out)
{
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        for (uint64_t word = candidates->words[i]; word; word &= word - 1) {
            if (did_one(w, source, i * 64 + (uint32_t)segi_ctz(word)))
                out->words[i] |= word & -word;
        }
    }
}

void segi_tally_did(segi_worker *w, const segi_prep_source *source, const segi_mask *candidates,
                    uint32_t count, segi_mask *out)
{
    if (segi_spans_few(w, source, count)) {
        tally_did_few(w, source, candidates, out);
        return;
    }
    tally_did did = {.out = out};
    tally_did_chunk(w, source, &did);
    segi_mask *found = did.bytes ? segi_worker_mask_push(w) : NULL;
    if (!found)
        return;
    segi_mask_zero(found);
    segi_scan_range(1, did.bytes, 0, w->user_limit, 1, 1, found->words);
    segi_mask_or(out, found);
    segi_worker_mask_pop(w);
}

/* ---- count ----
 *
 * Counters of one byte stop at 255 instead of turning over; they serve bounds below 255 and lower
 * bounds up to 255. Everything else counts in 32 bits. */

SEGI_HOT static void count8_users(uint8_t *tally, const uint16_t *lows, const uint32_t *counts,
                                  uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t sum = tally[lows[i]] + counts[i];
        tally[lows[i]] = (uint8_t)(sum > 255 ? 255 : sum);
    }
}

SEGI_HOT static void count8_rows(uint8_t *tally, const segi_span *span)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t count = span->counts[i];
        uint32_t sum = tally[span->lows[i]] + tally_selected(span->bits, row, count);
        tally[span->lows[i]] = (uint8_t)(sum > 255 ? 255 : sum);
        row += count;
    }
}

/* One row at a time; the addition stops at 255 without a branch. */
SEGI_HOT static void count8_row_users(uint8_t *tally, const segi_span *span)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1) {
            uint8_t *count = &tally[span->row_users[i * 64 + (uint32_t)segi_ctz(word)]];
            *count = (uint8_t)(*count + (*count < 255));
        }
    }
}

/* All rows of a chunk whose users are a mask; false for others. */
static bool count8_mask(uint8_t *tally, const segi_span *span)
{
    const uint8_t *values;
    uint8_t base;
    if (span->bits || !segi_span_mask(span, &values, &base))
        return false;
    segi_bits_tally(span->pc->users, SEGI_MASK_WORDS, values, base, tally);
    return true;
}

static void tally_count8_span(segi_worker *w, void *context, segi_span *span)
{
    if (span->bits && span->row_users) {
        count8_row_users(context, span);
        return;
    }
    if (count8_mask(context, span))
        return;
    segi_span_list(w, span);
    if (span->bits)
        count8_rows(context, span);
    else
        count8_users(context, span->lows, span->counts, span->user_count);
}

SEGI_HOT static void count32_users(uint32_t *tally, const uint16_t *lows, const uint32_t *counts,
                                   uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        tally[lows[i]] += counts[i];
}

SEGI_HOT static void count32_rows(uint32_t *tally, const segi_span *span)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        tally[span->lows[i]] += tally_selected(span->bits, row, span->counts[i]);
        row += span->counts[i];
    }
}

SEGI_HOT static void count32_row_users(uint32_t *tally, const segi_span *span)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1)
            tally[span->row_users[i * 64 + (uint32_t)segi_ctz(word)]]++;
    }
}

static void tally_count32_span(segi_worker *w, void *context, segi_span *span)
{
    if (span->bits && span->row_users) {
        count32_row_users(context, span);
        return;
    }
    segi_span_list(w, span);
    if (span->bits)
        count32_rows(context, span);
    else
        count32_users(context, span->lows, span->counts, span->user_count);
}

/* Counters for the whole chunk in w->tally32. Here, and in the arrays of tally_value.c, 64 elements
 * more than users are allocated because scans may read up to 64 bytes past the end. */
static bool tally_count_chunk(segi_worker *w, const segi_prep_source *source)
{
    if (!segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32))
        return false;
    memset(w->tally32, 0, w->user_limit * sizeof *w->tally32);
    segi_spans_each(w, source, 0, SEGI_CHUNK_USERS, tally_count32_span, w->tally32);
    return true;
}

/* The count of one user, through the same spans as all. */
static uint32_t tally_count_one(segi_worker *w, const segi_prep_source *source, uint32_t low)
{
    if (!segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32))
        return 0;
    w->tally32[low] = 0;
    segi_spans_each(w, source, low, low + 1, tally_count32_span, w->tally32);
    return w->tally32[low];
}

/* Candidates one by one. */
static void tally_count_few(segi_worker *w, const segi_prep_source *source,
                            const segi_mask *candidates, int64_t min, int64_t max, segi_mask *out)
{
    for (uint32_t i = 0; i < SEGI_MASK_WORDS; i++) {
        for (uint64_t word = candidates->words[i]; word; word &= word - 1) {
            uint32_t low = i * 64 + (uint32_t)segi_ctz(word);
            int64_t count = tally_count_one(w, source, low);
            if (count >= min && count <= max)
                segi_bit_set(out->words, low);
        }
    }
}

void segi_tally_count(segi_worker *w, const segi_prep_source *source, const segi_mask *candidates,
                      uint32_t count, int64_t min, int64_t max, segi_mask *out)
{
    if (min > max || max < 0)
        return;
    if (segi_spans_few(w, source, count)) {
        tally_count_few(w, source, candidates, min, max, out);
        return;
    }
    uint64_t low = min < 0 ? 0 : (uint64_t)min;
    /* One byte per user is enough where counts from 255 on need not be told apart. */
    if (low <= 255 && (max < 255 || max > UINT32_MAX)) {
        if (!segi_worker_array(w, (void **)&w->tally8, SEGI_CHUNK_USERS + 64, sizeof *w->tally8))
            return;
        memset(w->tally8, 0, w->user_limit);
        segi_spans_each(w, source, 0, SEGI_CHUNK_USERS, tally_count8_span, w->tally8);
        segi_scan_range(1, w->tally8, 0, w->user_limit, low, max < 255 ? (uint64_t)max : 255,
                        out->words);
    } else if (tally_count_chunk(w, source)) {
        segi_scan_range(4, w->tally32, 0, w->user_limit, low, (uint64_t)max, out->words);
    }
}

void segi_tally_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                      segi_vector *out)
{
    memset(out->null, 0, ((size_t)users.count + 63) / 64 * sizeof *out->null);
    if (value->periods) {
        segi_tally_period_users(w, value, users, out);
        return;
    }
    if (value->node->aggregate != SEGI_AGG_COUNT) {
        segi_tally_value_users(w, value, users, out);
        return;
    }
    bool few = segi_spans_few(w, value->source, users.count);
    if (!few && !tally_count_chunk(w, value->source))
        return;
    for (uint32_t i = 0; i < users.count; i++)
        out->slots[i] =
            few ? tally_count_one(w, value->source, users.lows[i]) : w->tally32[users.lows[i]];
    segi_bits_fill(out->set, users.count);
}
