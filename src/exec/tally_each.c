/* Counting rows within windows that differ from user to user: "did X within 7 days after first
 * Y". Rows need no order for that, only their own user's bounds. */
#include <string.h>

#include "exec/exec_int.h"

typedef struct tally_each {
    const int64_t *begin, *end; /* by low bits */
    uint32_t *counts;
} tally_each;

/* Rows come user by user, so the bounds of a user are read once for all of them, and no time of a
 * row where they lie beside those of the part: most do. */
static void tally_each_span(segi_worker *w, void *context, segi_span *span)
{
    tally_each *t = context;
    const segi_part *part = span->part;
    segi_span_list(w, span);
    uint32_t row = 0;
    for (uint32_t i = 0; i < span->user_count; i++) {
        uint32_t low = span->lows[i], last = row + span->counts[i];
        int64_t begin = t->begin[low], end = t->end[low];
        if (end <= part->time_min || begin > part->time_max)
            row = last;
        for (; row < last; row++) {
            if (span->bits && !segi_bit_get(span->bits, row))
                continue;
            int64_t instant = segi_col_slot(&part->time, span->row_begin + row);
            t->counts[low] += instant >= begin && instant < end;
        }
    }
}

bool segi_tally_each_fits(const segi_prep_value *value)
{
    const segi_node *node = value->node;
    return value->source->each &&
           (node->kind == SEGI_NODE_DID ? !node->bound.periods : node->aggregate == SEGI_AGG_COUNT);
}

/* The source cut to the windows of these users. */
static segi_prep_source each_source(const segi_prep_source *source, segi_users users,
                                    const int64_t *begin, const int64_t *end)
{
    segi_prep_source out = *source;
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        bool some = begin[low] < end[low];
        first = some && begin[low] < first ? begin[low] : first;
        last = some && end[low] > last ? end[low] : last;
    }
    out.begin = first > out.begin ? first : out.begin;
    out.end = last < out.end ? last : out.end;
    return out;
}

/* Each user's bounds by low half. Whoever is not asked about has an end before all times, and so
 * an empty window whatever its begin. */
static bool each_bounds(segi_worker *w, const segi_prep_value *value, segi_users users, bool few)
{
    if (!segi_worker_array(w, (void **)&w->bound_end, SEGI_CHUNK_USERS, sizeof(int64_t)))
        return false;
    if (!few)
        memset(w->bound_end, 0x80, w->user_limit * sizeof(int64_t));
    return segi_gather_bounds(w, value->source->each, users);
}

void segi_tally_each_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                           segi_vector *out)
{
    bool few = segi_spans_few(w, value->source, users.count);
    if (!each_bounds(w, value, users, few) ||
        !segi_worker_array(w, (void **)&w->tally32, SEGI_CHUNK_USERS + 64, sizeof *w->tally32))
        return;
    tally_each t = {w->bound_begin, w->bound_end, w->tally32};
    segi_prep_source source = each_source(value->source, users, w->bound_begin, w->bound_end);
    memset(out->null, 0, ((size_t)users.count + 63) / 64 * sizeof *out->null);
    if (!few) {
        memset(t.counts, 0, w->user_limit * sizeof *t.counts);
        segi_spans_each(w, &source, 0, SEGI_CHUNK_USERS, tally_each_span, &t);
    }
    for (uint32_t i = 0; i < users.count; i++) {
        uint32_t low = users.lows[i];
        if (few) {
            t.counts[low] = 0;
            segi_spans_each(w, &source, low, low + 1, tally_each_span, &t);
        }
        out->slots[i] = t.counts[low];
    }
    segi_bits_fill(out->set, users.count);
}
