/* Distinct periods of a short window, and streaks of them: the days (weeks, months) on which a user
 * did something are bits of one word, whatever the order of rows.
 *
 * Where a period counts from several rows on, further words count them: bit i of the planes of a
 * user is the number of rows of period i, written across them. Counting begins so high that the row
 * that makes it enough carries out of the last plane, into the word.
 *
 * Periods of equal length, which all are but months and days on which clocks change, are found by
 * one multiplication for a run of rows at a time; the rest by a guess that is put right. */
#include <string.h>

#include "exec/exec_int.h"

/* Rows whose periods are found at once. */
#define PERIOD_ROWS 4096u

typedef struct tally_periods {
    const segi_prep_value *value;
    uint64_t *words;        /* by low bits: periods with rows enough */
    uint64_t *planes;       /* plane_count for each user, by low bits */
    uint32_t plane_count;   /* 0: one row is enough */
    const uint64_t *wanted; /* users to look at; NULL: all */
} tally_periods;

/* One row more in the period of the bit (0: none); returns the bit where that makes it enough. */
static inline uint64_t period_add(const tally_periods *t, uint32_t low, uint64_t bit)
{
    uint64_t *planes = t->planes + (size_t)low * t->plane_count;
    for (uint32_t i = 0; i < t->plane_count; i++) {
        uint64_t carry = planes[i] & bit;
        planes[i] ^= bit;
        bit = carry;
    }
    return bit;
}

int64_t segi_period_least(const segi_node *node)
{
    if (node->kind == SEGI_NODE_DID)
        return node->bound.each > 1 ? node->bound.each : 1;
    return node->streak && node->streak->min_events > 1 ? node->streak->min_events : 1;
}

uint32_t segi_period_planes(int64_t least)
{
    return least > 1 ? 64 - (uint32_t)segi_clz((uint64_t)least - 1) : 0;
}

/* No rows yet: planes at 2^plane_count - least, from where `least` rows carry out. */
static void periods_begin(tally_periods *t, uint32_t low_begin, uint32_t low_end)
{
    uint64_t begin = (uint64_t)-segi_period_least(t->value->node);
    memset(t->words + low_begin, 0, (low_end - low_begin) * sizeof *t->words);
    uint64_t *plane = t->planes + (size_t)low_begin * t->plane_count;
    uint64_t *end = plane + (size_t)(low_end - low_begin) * t->plane_count;
    while (plane < end) {
        for (uint32_t i = 0; i < t->plane_count; i++)
            *plane++ = begin >> i & 1 ? UINT64_MAX : 0;
    }
}

/* The period that holds an instant: a guess by the periods' mean length, put right by at most a
 * step or two where clocks change or months differ. */
static uint32_t period_of(const segi_prep_value *value, int64_t time)
{
    int64_t guess = (int64_t)((double)(time - value->periods[0]) * value->periods_per_us);
    int64_t last = (int64_t)value->period_count - 1;
    uint32_t at = (uint32_t)(guess < 0 ? 0 : guess > last ? last : guess);
    while (at > 0 && time < value->periods[at])
        at--;
    while (at < last && time >= value->periods[at + 1])
        at++;
    return at;
}

/* floor((stored + shift) / length) of rows, by doubles: half a unit more in the dividend keeps a
 * whole quotient from falling short, and both fit 53 bits. Rows outside of the window come out as
 * any period; they are not selected. */
SEGI_HOT static void period_of_rows(const segi_col *time, uint32_t begin, uint32_t count,
                                    int64_t first, double per_us, uint8_t *out)
{
    double shift = (double)(time->base - first) + 0.5, unit = (double)time->unit;
    const char *data = time->data;
    switch (time->width) {
    case 1:
        for (uint32_t i = 0; i < count; i++)
            out[i] =
                (uint8_t)(int32_t)((((const uint8_t *)data)[begin + i] * unit + shift) * per_us);
        break;
    case 2:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint8_t)(int32_t)((((const uint16_t *)(const void *)data)[begin + i] * unit +
                                         shift) *
                                        per_us);
        break;
    case 4:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint8_t)(int32_t)((((const uint32_t *)(const void *)data)[begin + i] * unit +
                                         shift) *
                                        per_us);
        break;
    default:
        for (uint32_t i = 0; i < count; i++)
            out[i] = (uint8_t)(int32_t)(((double)segi_col_slot(time, begin + i) -
                                         (double)time->base + shift) *
                                        per_us);
        break;
    }
}

static void periods_slice(const segi_prep_value *value, const segi_col *time, uint32_t begin,
                          uint32_t count, uint8_t *out)
{
    if (value->periods_even && time->width <= 4) {
        period_of_rows(time, begin, count, value->periods[0], value->periods_per_us, out);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        out[i] = (uint8_t)period_of(value, segi_col_slot(time, begin + i));
}

/* Rows that carry their users need no walk over those, which would stumble at every short run.
 * One row is enough for most questions; the test for that stays out of the loop's memory. */
static void periods_by_rows(tally_periods *t, const segi_span *span)
{
    uint8_t periods[PERIOD_ROWS];
    for (uint32_t begin = 0; begin < span->row_count; begin += PERIOD_ROWS) {
        uint32_t left = span->row_count - begin, count = left < PERIOD_ROWS ? left : PERIOD_ROWS;
        const uint16_t *users = span->row_users + begin;
        uint64_t *words = t->words;
        bool plain = t->plane_count == 0;
        periods_slice(t->value, &span->part->time, span->row_begin + begin, count, periods);
        for (uint32_t i = 0; i < count; i++) {
            uint64_t selected = !span->bits || segi_bit_get(span->bits, begin + i);
            uint64_t bit = selected << (periods[i] & 63);
            words[users[i]] |= plain ? bit : period_add(t, users[i], bit);
        }
    }
}

static void tally_periods_span(segi_worker *w, void *context, segi_span *span)
{
    tally_periods *t = context;
    uint8_t periods[PERIOD_ROWS];
    if (span->row_users) {
        periods_by_rows(t, span);
        return;
    }
    bool plain = t->plane_count == 0;
    uint32_t row = 0, begin = 0, end = 0; /* rows [begin, end) are in periods */
    segi_span_list(w, span);
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t last = row + span->counts[i], low = span->lows[i];
        if (t->wanted && !segi_bit_get(t->wanted, low)) {
            row = last;
            continue;
        }
        uint64_t seen = 0;
        for (; row < last; row++) {
            if (row >= end) {
                uint32_t left = span->row_count - row;
                begin = row;
                end = row + (left < PERIOD_ROWS ? left : PERIOD_ROWS);
                periods_slice(t->value, &span->part->time, span->row_begin + row, end - row,
                              periods);
            }
            uint64_t selected = !span->bits || segi_bit_get(span->bits, row);
            uint64_t bit = selected << (periods[row - begin] & 63);
            seen |= plain ? bit : period_add(t, low, bit);
        }
        t->words[low] |= seen;
    }
}

SEGI_HOT static void periods_count(const uint64_t *words, segi_users users, int64_t *out)
{
    for (uint32_t i = 0; i < users.count; i++)
        out[i] = segi_popcount(words[users.lows[i]]);
}

/* A break is the end of the period missed. */
static void periods_streaks(const segi_prep_value *value, const uint64_t *words, segi_users users,
                            segi_vector *out)
{
    uint32_t now = value->period_count - 1;
    memset(out->set, 0, ((size_t)users.count + 63) / 64 * sizeof *out->set);
    for (uint32_t i = 0; i < users.count; i++) {
        int64_t *slot = &out->slots[i];
        if (!segi_streak_word(value->node, words[users.lows[i]], now, slot))
            continue;
        if (value->node->aggregate == SEGI_AGG_STREAK_BROKEN)
            *slot = value->periods[*slot + 1];
        segi_bit_set(out->set, i);
    }
}

/* The rows of the chunk, or of the users alone where they are few. */
static void periods_walk(segi_worker *w, tally_periods *t, segi_users users)
{
    const segi_prep_source *source = t->value->source;
    if (!segi_spans_few(w, source, users.count)) {
        periods_begin(t, 0, w->user_limit);
        t->wanted = segi_worker_wanted(w, users);
        segi_spans_each(w, source, 0, SEGI_CHUNK_USERS, tally_periods_span, t);
        return;
    }
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        periods_begin(t, low, low + 1);
        segi_spans_each(w, source, low, low + 1, tally_periods_span, t);
    }
}

void segi_tally_period_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                             segi_vector *out)
{
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64))
        return;
    tally_periods t = {.value = value, .words = (uint64_t *)w->tally64};
    t.plane_count = segi_period_planes(segi_period_least(value->node));
    t.planes = segi_worker_bits_push(w, (size_t)SEGI_CHUNK_USERS * t.plane_count + 1);
    if (!t.planes)
        return;
    periods_walk(w, &t, users);
    segi_worker_bits_pop(w);
    if (value->node->kind == SEGI_NODE_AGGREGATE && value->node->streak) {
        periods_streaks(value, t.words, users, out);
        return;
    }
    periods_count(t.words, users, out->slots);
    segi_bits_fill(out->set, users.count);
}
