/* The instant of each user's first or last event, for many users at once: the least or greatest
 * time of their rows, in whatever order the parts come. Which row it is does not matter, so none
 * is remembered (tally_edge.c does that, for values of that row).
 *
 * For first events times are negated, so that either way the greatest one is kept. */
#include <string.h>

#include "exec/exec_int.h"

/* Nobody's time: those of events are far above. */
#define TIME_NONE INT64_MIN

typedef struct tally_times {
    int64_t sign;   /* 1: last, -1: first */
    int64_t *times; /* by low bits, signed so */
} tally_times;

static inline void times_keep(int64_t *times, uint32_t low, int64_t time)
{
    times[low] = time > times[low] ? time : times[low];
}

#define TIMES_ROWS(TYPE)                                                                           \
    for (uint32_t row = 0; row < span->row_count; row++)                                           \
        times_keep(times, span->row_users[row],                                                    \
                   base + unit * ((const TYPE *)col->data)[at + row]);                             \
    break

/* All rows of a span that carry their users. */
SEGI_HOT static void times_rows(const tally_times *t, const segi_span *span)
{
    const segi_col *col = &span->part->time;
    int64_t base = t->sign * col->base, unit = t->sign * col->unit, *times = t->times;
    size_t at = span->row_begin;
    switch (col->width) {
    case 1: TIMES_ROWS(uint8_t);
    case 2: TIMES_ROWS(uint16_t);
    case 4: TIMES_ROWS(uint32_t);
    default:
        for (uint32_t row = 0; row < span->row_count; row++)
            times_keep(times, span->row_users[row],
                       t->sign * segi_col_slot(col, span->row_begin + row));
        break;
    }
}

static void times_row_users(const tally_times *t, const segi_span *span)
{
    for (uint32_t i = 0; i * 64 < span->row_count; i++) {
        for (uint64_t word = span->bits[i]; word; word &= word - 1) {
            uint32_t row = i * 64 + (uint32_t)segi_ctz(word);
            times_keep(t->times, span->row_users[row],
                       t->sign * segi_col_slot(&span->part->time, span->row_begin + row));
        }
    }
}

/* The rows of a user rise by time: of all of them only the outermost is looked at. */
static void times_users(const tally_times *t, const segi_span *span)
{
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t end = row + span->counts[i], first = row, last = end - 1;
        while (span->bits && first < end && !segi_bit_get(span->bits, first))
            first++;
        while (span->bits && last > first && !segi_bit_get(span->bits, last))
            last--;
        uint32_t at = span->row_begin + (t->sign > 0 ? last : first);
        if (first < end)
            times_keep(t->times, span->lows[i], t->sign * segi_col_slot(&span->part->time, at));
        row = end;
    }
}

static void tally_times_span(segi_worker *w, void *context, segi_span *span)
{
    const tally_times *t = context;
    if (span->row_users && span->bits) {
        times_row_users(t, span);
    } else if (span->row_users) {
        times_rows(t, span);
    } else {
        segi_span_list(w, span);
        times_users(t, span);
    }
}

void segi_tally_times_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                            segi_vector *out)
{
    if (!segi_worker_array(w, (void **)&w->tally64, SEGI_CHUNK_USERS + 64, sizeof *w->tally64))
        return;
    tally_times t = {value->node->aggregate == SEGI_AGG_LAST ? 1 : -1, w->tally64};
    for (uint32_t low = 0; low < w->user_limit; low++)
        t.times[low] = TIME_NONE;
    segi_spans_each(w, value->source, 0, SEGI_CHUNK_USERS, tally_times_span, &t);
    memset(out->set, 0, ((size_t)users.count + 63) / 64 * sizeof *out->set);
    for (uint32_t i = 0; i < users.count; i++) {
        int64_t time = t.times[users.lows[i]];
        bool any = time != TIME_NONE;
        out->slots[i] = any ? t.sign * time : 0;
        out->set[i / 64] |= (uint64_t)any << (i & 63);
    }
}
