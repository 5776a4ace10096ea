/* Everything that needs the rows of a user together and in order: first, last and nth values,
 * distinct, mode, median, share, windows of one's own. Rows are gathered for a block of
 * neighbouring users at a time, so that they stay in cache; each user's rows are put into the
 * total order of S-08 and reduced to one value.
 *
 * A row of a list takes 40 bytes, so a block of some ten thousand rows stays in the second-level
 * cache, and so do the counters of the distribution by user. Where candidates are
 * few, each is a block of its own. Cost: O(rows) to collect, and O(n log n) for the n rows of a
 * user only where parts overlap in time or the figure needs values in order.
 *
 * Anchored windows, whose bounds are values of users themselves, are settled for all users of the
 * list before the first row is collected; that evaluation may use the same arrays of the worker. */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "exec/exec_int.h"

/* Rows of a block otherwise, about. */
#define GATHER_ROWS 16384u

/* What gather_span() is told about the block under way. */
typedef struct gather {
    const segi_prep_value *value;
    const uint64_t *wanted;     /* candidates; NULL: all */
    const int64_t *begin, *end; /* windows by low bits, or NULL */
} gather;

/* ---- collecting ---- */

/* Values of the argument, or marks of a share, for a slice of a span. */
static bool gather_slice(segi_worker *w, const gather *g, const segi_span *span, uint32_t done,
                         uint32_t count, const uint16_t *row_lows, segi_vector *values,
                         uint64_t *marks)
{
    uint32_t position = span->type->position, row = span->row_begin + done;
    const uint16_t *lows = row_lows ? row_lows + done : NULL;
    if (g->value->argument)
        segi_filter_row_values(w, g->value->argument, span->part, position, row, count, lows,
                               values);
    if (g->value->share) {
        uint32_t at = (uint32_t)(span->type - g->value->source->types);
        segi_filter_rows(w, g->value->share[at], span->part, position, row, count, lows, marks);
    }
    return w->status == SEG_OK;
}

/* Appends one row with what breaks ties among equal times. */
static void gather_put(segi_worker *w, const gather *g, const segi_span *span, uint32_t row,
                       uint32_t low, uint32_t in_slice, const segi_vector *values,
                       const uint64_t *marks)
{
    const segi_part *part = span->part;
    uint32_t at = span->row_begin + row;
    int64_t time = segi_col_slot(&part->time, at);
    if (g->begin && (time < g->begin[low] || time >= g->end[low]))
        return;
    segi_list_row *out = &w->rows[w->row_count++];
    *out = (segi_list_row){.time = time,
                           .order = part->generation,
                           .row = at,
                           .low = (uint16_t)low,
                           .event = part->event,
                           .tie = (uint32_t)segi_col_slot(&part->tie, at)};
    if (g->value->argument) {
        out->slot = values->slots[in_slice];
        out->state = segi_bit_get(values->set, in_slice)    ? SEG_VALUE_SET
                     : segi_bit_get(values->null, in_slice) ? SEG_VALUE_NULL
                                                            : SEG_VALUE_ABSENT;
    }
    if (g->value->share)
        out->flag = segi_bit_get(marks, in_slice);
}

/* Rows of a span, in slices as long as a vector; user and slice borders do not meet, so the place
 * among the users goes on from slice to slice. */
static void gather_rows(segi_worker *w, const gather *g, const segi_span *span,
                        const uint16_t *row_lows, segi_vector *values, uint64_t *marks)
{
    uint32_t user = 0, user_end = span->counts[0];
    for (uint32_t done = 0; done < span->row_count; done += SEGI_CHUNK_USERS) {
        uint32_t left = span->row_count - done;
        uint32_t count = left < SEGI_CHUNK_USERS ? left : SEGI_CHUNK_USERS;
        if (!gather_slice(w, g, span, done, count, row_lows, values, marks))
            return;
        for (uint32_t i = 0; i < count; i++) {
            uint32_t row = done + i;
            while (row >= user_end)
                user_end += span->counts[++user];
            uint32_t low = span->lows[user];
            if (span->bits && !segi_bit_get(span->bits, row))
                continue;
            if (!g->wanted || segi_bit_get(g->wanted, low))
                gather_put(w, g, span, row, low, i, values, marks);
        }
    }
}

static void gather_span(segi_worker *w, void *context, segi_span *span)
{
    gather *g = context;
    if (!segi_grow(w->mem, (void **)&w->rows, &w->rows_capacity, w->row_count + span->row_count,
                   sizeof *w->rows)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return;
    }
    const uint16_t *row_lows = NULL;
    segi_span_list(w, span);
    if (g->value->needs_users && !(row_lows = segi_span_row_lows(w, span)))
        return;
    segi_vector *values = segi_worker_vector_push(w);
    if (!values)
        return;
    uint64_t *marks = segi_worker_bits_push(w, SEGI_MASK_WORDS);
    if (marks) {
        gather_rows(w, g, span, row_lows, values, marks);
        segi_worker_bits_pop(w);
    }
    segi_worker_vector_pop(w);
}

/* ---- order ---- */

/* a comes before b. */
typedef bool gather_before(const segi_list_row *a, const segi_list_row *b);

static bool gather_in_order(const segi_list_row *a, const segi_list_row *b)
{
    if (a->time != b->time)
        return a->time < b->time;
    if (a->order != b->order)
        return a->order < b->order;
    if (a->tie != b->tie)
        return a->tie < b->tie;
    if (a->event != b->event)
        return a->event < b->event;
    return a->row < b->row;
}

/* Orders of values; whole numbers, codes and instants as slots, doubles as such. */
static bool gather_by_slot(const segi_list_row *a, const segi_list_row *b)
{
    return a->slot < b->slot;
}

static bool gather_by_float(const segi_list_row *a, const segi_list_row *b)
{
    return segi_slot_float(a->slot) < segi_slot_float(b->slot);
}

/* Stable merge sort, bottom up; `spare` has room for n. Sorted input costs one pass. */
static void gather_sort(segi_list_row *rows, segi_list_row *spare, size_t n, gather_before *before)
{
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = !before(&rows[i], &rows[i - 1]);
    if (sorted)
        return;
    segi_list_row *from = rows, *to = spare;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            size_t middle = begin + width < n ? begin + width : n;
            size_t end = begin + 2 * width < n ? begin + 2 * width : n;
            size_t a = begin, b = middle;
            for (size_t k = begin; k < end; k++) {
                bool right = a == middle || (b < end && before(&from[b], &from[a]));
                to[k] = right ? from[b++] : from[a++];
            }
        }
        segi_list_row *swap = from;
        from = to;
        to = swap;
    }
    if (from != rows)
        memcpy(rows, from, n * sizeof *rows);
}

/* Parts come in order of time, so most users' rows are in order as they are. */
static bool gather_rises(const segi_list_row *rows, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        if (rows[i].time <= rows[i - 1].time)
            return false;
    }
    return true;
}

/* w->rows -> w->rows_sorted, by user (from low_begin on) and in order within each. Afterwards
 * w->rows is free for use as spare room. */
static bool gather_group(segi_worker *w, uint32_t low_begin, uint32_t low_end)
{
    uint32_t users = low_end - low_begin;
    if (!segi_worker_array(w, (void **)&w->starts, SEGI_CHUNK_USERS + 1, sizeof *w->starts))
        return false;
    if (!segi_grow(w->mem, (void **)&w->rows_sorted, &w->rows_sorted_capacity, w->row_count,
                   sizeof *w->rows_sorted)) {
        segi_worker_fail(w, SEG_E_NOMEM, "out of memory");
        return false;
    }
    memset(w->starts, 0, (users + 1) * sizeof *w->starts);
    for (size_t i = 0; i < w->row_count; i++)
        w->starts[w->rows[i].low - low_begin + 1]++;
    for (uint32_t u = 0; u < users; u++)
        w->starts[u + 1] += w->starts[u];
    for (size_t i = 0; i < w->row_count; i++)
        w->rows_sorted[w->starts[w->rows[i].low - low_begin]++] = w->rows[i];
    /* Each start has moved to its end, which is the next user's start. */
    memmove(w->starts + 1, w->starts, users * sizeof *w->starts);
    w->starts[0] = 0;
    for (uint32_t u = 0; u < users; u++) {
        uint32_t begin = w->starts[u], count = w->starts[u + 1] - begin;
        if (count > 1 && !gather_rises(w->rows_sorted + begin, count))
            gather_sort(w->rows_sorted + begin, w->rows, count, gather_in_order);
    }
    return true;
}

/* ---- reducing ---- */

/* A value with its state, as a vector takes it apart. */
typedef struct gather_result {
    int64_t slot;
    uint8_t state;
} gather_result;

static gather_result result_set(int64_t slot)
{
    return (gather_result){slot, SEG_VALUE_SET};
}

static gather_result result_float(double value)
{
    if (value - value != 0)
        return (gather_result){0, SEG_VALUE_ABSENT};
    return result_set(segi_slot_of_float(value));
}

static const gather_result result_none = {0, SEG_VALUE_ABSENT};

/* Keep the rows whose argument has a value, in place. */
static size_t reduce_keep_set(segi_list_row *rows, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        if (rows[i].state == SEG_VALUE_SET)
            rows[kept++] = rows[i];
    }
    return kept;
}

static double reduce_number(const segi_prep_value *argument, int64_t slot)
{
    return segi_slot_as_float(argument->type, slot);
}

/* Sum of the values; false on overflow, which is noted. */
static bool reduce_total(segi_worker *w, const segi_prep_value *argument, const segi_list_row *rows,
                         size_t n, int64_t *out_slot, double *out_float)
{
    if (argument->type.type == SEG_TYPE_FLOAT64) {
        segi_float_sum sum = {0};
        for (size_t i = 0; i < n; i++)
            segi_float_sum_add(&sum, segi_slot_float(rows[i].slot));
        *out_float = segi_float_sum_get(&sum);
        if (*out_float - *out_float == 0)
            return true;
        segi_worker_fail(w, SEG_E_OVERFLOW, "a sum is beyond the range of a float64");
        return false;
    }
    segi_sum sum = {0};
    for (size_t i = 0; i < n; i++)
        segi_sum_add(&sum, rows[i].slot);
    if (segi_sum_get(&sum, out_slot))
        return true;
    segi_worker_fail(w, SEG_E_OVERFLOW, "a sum does not fit 64 bits");
    return false;
}

/* Exact as in tally_value.c; without a value a sum is 0 and an average undefined. */
static gather_result reduce_sum(segi_worker *w, const segi_prep_value *value,
                                const segi_list_row *rows, size_t n)
{
    const segi_prep_value *argument = value->argument;
    bool average = value->node->aggregate == SEGI_AGG_AVG;
    bool is_float = argument->type.type == SEG_TYPE_FLOAT64;
    int64_t slot = 0;
    double total = 0;
    if ((average && n == 0) || !reduce_total(w, argument, rows, n, &slot, &total))
        return result_none;
    if (!average)
        return is_float ? result_float(total) : result_set(slot);
    if (is_float)
        return result_float(total / (double)n);
    return result_float((double)slot / ((double)n * (double)segi_pow10(argument->type.scale)));
}

/* The first of equal ones, which is the same value. */
static gather_result reduce_extreme(const segi_prep_value *value, const segi_list_row *rows,
                                    size_t n)
{
    bool greatest = value->node->aggregate == SEGI_AGG_MAX;
    bool is_float = value->argument->type.type == SEG_TYPE_FLOAT64;
    gather_before *before = is_float ? gather_by_float : gather_by_slot;
    if (n == 0)
        return result_none;
    size_t best = 0;
    for (size_t i = 1; i < n; i++) {
        if (greatest ? before(&rows[best], &rows[i]) : before(&rows[i], &rows[best]))
            best = i;
    }
    return result_set(rows[best].slot);
}

/* Linear interpolation between the closest ranks. */
static gather_result reduce_percentile(const segi_prep_value *value, segi_list_row *rows,
                                       segi_list_row *spare, size_t n)
{
    const segi_prep_value *argument = value->argument;
    if (n == 0)
        return result_none;
    bool is_float = argument->type.type == SEG_TYPE_FLOAT64;
    gather_sort(rows, spare, n, is_float ? gather_by_float : gather_by_slot);
    double fraction = value->node->aggregate == SEGI_AGG_MEDIAN ? 0.5 : value->node->fraction;
    double position = (double)(n - 1) * fraction;
    size_t below = (size_t)position;
    size_t above = below + 1 < n ? below + 1 : below;
    double low = reduce_number(argument, rows[below].slot);
    double high = reduce_number(argument, rows[above].slot);
    return result_float(low + (high - low) * (position - (double)below));
}

/* Of the sample. The mean is the one that avg gives; the squares are added as plain doubles in the
 * order of events. */
static gather_result reduce_stddev(segi_worker *w, const segi_prep_value *value,
                                   const segi_list_row *rows, size_t n)
{
    const segi_prep_value *argument = value->argument;
    int64_t slot = 0;
    double total = 0, squares = 0;
    if (n < 2 || !reduce_total(w, argument, rows, n, &slot, &total))
        return result_none;
    double mean = total / (double)n;
    if (argument->type.type != SEG_TYPE_FLOAT64)
        mean = (double)slot / ((double)n * (double)segi_pow10(argument->type.scale));
    for (size_t i = 0; i < n; i++) {
        double distance = reduce_number(argument, rows[i].slot) - mean;
        squares += distance * distance;
    }
    return result_float(sqrt(squares / (double)(n - 1)));
}

/* Sorted, and then counted where the value changes. */
static gather_result reduce_distinct(segi_list_row *rows, segi_list_row *spare, size_t n)
{
    gather_sort(rows, spare, n, gather_by_slot);
    int64_t distinct = 0;
    for (size_t i = 0; i < n; i++)
        distinct += i == 0 || rows[i].slot != rows[i - 1].slot;
    return result_set(distinct);
}

/* The first days of the rows' periods, rising, each of those with at least `each` rows once. */
static size_t reduce_starts(const segi_prep_value *value, const segi_zone *zone, segi_period period,
                            int64_t each, segi_list_row *rows, segi_list_row *spare, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int32_t days = segi_zone_date(zone, rows[i].time);
        rows[i].slot = segi_civil_period_start(period, days, value->node->window.week_start);
    }
    gather_sort(rows, spare, n, gather_by_slot);
    size_t kept = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = begin + 1;
        while (end < n && rows[end].slot == rows[begin].slot)
            end++;
        if ((int64_t)(end - begin) >= each)
            rows[kept++].slot = rows[begin].slot;
    }
    return kept;
}

/* Distinct periods with a row, or with at least bound.each rows. */
static gather_result reduce_periods(segi_worker *w, const segi_prep_value *value,
                                    segi_list_row *rows, segi_list_row *spare, size_t n)
{
    const segi_node *node = value->node;
    bool did = node->kind == SEGI_NODE_DID;
    if (n == 0)
        return result_set(0);
    const segi_zone *zone = segi_user_zone(w, value->zones, rows[0].low);
    segi_period period = segi_prep_period(did ? node->bound.period : node->period);
    return result_set(
        (int64_t)reduce_starts(value, zone, period, segi_period_least(node), rows, spare, n));
}

/* Periods as numbers that follow upon each other. */
static int64_t streak_number(segi_period period, int32_t start)
{
    int32_t year, month, day;
    if (period == SEGI_PERIOD_DAY)
        return start;
    if (period == SEGI_PERIOD_WEEK)
        return segi_floor_div(start, 7);
    segi_civil_from_days(start, &year, &month, &day);
    return period == SEGI_PERIOD_MONTH     ? (int64_t)year * 12 + month - 1
           : period == SEGI_PERIOD_QUARTER ? (int64_t)year * 4 + (month - 1) / 3
                                           : year;
}

/* Active periods in order go through the walk of streak.c; days of the user's own zone. */
static gather_result reduce_streak(segi_worker *w, const segi_prep_value *value,
                                   segi_list_row *rows, segi_list_row *spare, size_t n)
{
    const segi_node *node = value->node;
    segi_period period = segi_prep_period(node->period);
    segi_streak_walk walk;
    segi_streak_begin(&walk, node->streak);
    const segi_zone *zone = n ? segi_user_zone(w, value->zones, rows[0].low) : NULL;
    n = n ? reduce_starts(value, zone, period, segi_period_least(node), rows, spare, n) : 0;
    for (size_t i = 0; i < n; i++)
        segi_streak_active(&walk, streak_number(period, (int32_t)rows[i].slot));
    int64_t result, now = 0;
    int32_t start = 0;
    if (n) {
        start = segi_civil_period_start(period, segi_zone_date(zone, w->run->now),
                                        node->window.week_start);
        now = streak_number(period, start);
        segi_streak_end(&walk, now);
    }
    if (!segi_streak_result(&walk, node->aggregate, &result))
        return result_none;
    if (node->aggregate == SEGI_AGG_STREAK_BROKEN)
        result = segi_zone_day_start(
            zone, segi_civil_period_add(period, start, (int32_t)(result + 1 - now)));
    return result_set(result);
}

/* Time since the last row, in medians of the gaps between rows; there have to be three gaps. */
static gather_result reduce_overdue(segi_worker *w, segi_list_row *rows, segi_list_row *spare,
                                    size_t n)
{
    if (n < 4)
        return result_none;
    double since = (double)(w->run->now - rows[n - 1].time);
    for (size_t i = 0; i + 1 < n; i++)
        rows[i].slot = rows[i + 1].time - rows[i].time;
    size_t gaps = n - 1, middle = gaps / 2;
    gather_sort(rows, spare, gaps, gather_by_slot);
    double median = (double)rows[middle].slot;
    if (gaps % 2 == 0)
        median = ((double)rows[middle - 1].slot + median) / 2;
    return median > 0 ? result_float(since / median) : result_none;
}

/* One run of equal values in rows sorted by (slot, order): how often, and where its last is. */
typedef struct mode_run {
    size_t count;
    const segi_list_row *last;
} mode_run;

/* The end of the run of equal slots. */
static size_t mode_run_end(const segi_list_row *rows, size_t begin, size_t n)
{
    size_t end = begin + 1;
    while (end < n && rows[end].slot == rows[begin].slot)
        end++;
    return end;
}

/* The most frequent value. Sorting by value keeps the order of events within each, so the end of a
 * run is its latest event, which decides among tied values. Values are equal by slot: strings have
 * one common code, and floats no two forms of zero. */
static gather_result reduce_mode(const segi_prep_value *value, segi_list_row *rows,
                                 segi_list_row *spare, size_t n)
{
    const segi_node *node = value->node;
    if (n == 0 || (int64_t)n < node->min_events)
        return result_none;
    gather_sort(rows, spare, n, gather_by_slot); /* stable: within a value still in order */
    mode_run best = {0};
    bool tied = false, any_passes = false;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = mode_run_end(rows, begin, n);
        const segi_list_row *last = &rows[end - 1];
        size_t count = end - begin;
        bool passes = value->match && segi_match_slot(value->match, last->slot);
        if (count > best.count) {
            best = (mode_run){count, last};
            tied = false;
            any_passes = passes;
        } else if (count == best.count) {
            tied = true;
            any_passes = any_passes || passes;
            if (gather_in_order(best.last, last))
                best.last = last;
        }
    }
    if (node->ties == SEGI_TIES_ALL)
        return result_set(any_passes);
    if (node->ties == SEGI_TIES_NONE && tied)
        return result_none;
    return result_set(best.last->slot);
}

/* The count that the last of the `most` most frequent values has; 0 where there are fewer. */
static size_t top_least(const segi_list_row *rows, size_t n, size_t most)
{
    size_t counts[SEGI_TOP_MAX], used = 0;
    for (size_t begin = 0, end; begin < n; begin = end) {
        end = mode_run_end(rows, begin, n);
        size_t count = end - begin, at = used;
        if (used == most && count <= counts[most - 1])
            continue;
        at -= used == most;
        for (; at > 0 && counts[at - 1] < count; at--)
            counts[at] = counts[at - 1];
        counts[at] = count;
        used += used < most;
    }
    return used < most ? 0 : counts[most - 1];
}

/* Values that tie for the last places, the latest first. */
typedef struct top_latest {
    const segi_list_row *rows[SEGI_TOP_MAX];
    size_t count, places;
} top_latest;

static void top_add(top_latest *latest, const segi_list_row *row)
{
    size_t at = latest->count;
    if (at == latest->places && !gather_in_order(latest->rows[at - 1], row))
        return;
    at -= at == latest->places;
    for (; at > 0 && gather_in_order(latest->rows[at - 1], row); at--)
        latest->rows[at] = latest->rows[at - 1];
    latest->rows[at] = row;
    latest->count += latest->count < latest->places;
}

/* Does any of the most frequent values pass? Values with more events than the last place has are
 * in; of those that tie for it the rule decides. n x nth at worst. */
static gather_result reduce_top(const segi_prep_value *value, segi_list_row *rows,
                                segi_list_row *spare, size_t n)
{
    const segi_node *node = value->node;
    if (n == 0 || (int64_t)n < node->min_events || !value->match)
        return result_none;
    gather_sort(rows, spare, n, gather_by_slot);
    size_t least = top_least(rows, n, (size_t)node->nth), above = 0, tied = 0;
    bool passes = false, tied_passes = false;
    top_latest latest = {.count = 0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t begin = 0, end; begin < n; begin = end) {
            end = mode_run_end(rows, begin, n);
            const segi_list_row *last = &rows[end - 1];
            if (end - begin > least) {
                above += pass == 0;
                passes = passes || segi_match_slot(value->match, last->slot);
            } else if (end - begin == least && pass == 0) {
                tied++;
                tied_passes = tied_passes || segi_match_slot(value->match, last->slot);
            } else if (end - begin == least) {
                top_add(&latest, last);
            }
        }
        latest.places = least == 0 ? 0 : (size_t)node->nth - above;
        if (passes || !tied_passes || node->ties != SEGI_TIES_LATEST)
            break; /* nobody asks which of them came last */
    }
    if (node->ties == SEGI_TIES_ALL || tied <= latest.places)
        return result_set(passes || tied_passes);
    for (size_t i = 0; i < latest.count; i++)
        passes = passes || segi_match_slot(value->match, latest.rows[i]->slot);
    return result_set(passes);
}

/* A row without a value still is the one asked for: its state is the result's. */
static gather_result reduce_nth(const segi_prep_value *value, const segi_list_row *rows, size_t n)
{
    size_t index = 0;
    if (value->node->aggregate == SEGI_AGG_LAST)
        index = n - 1;
    else if (value->node->aggregate == SEGI_AGG_NTH)
        index = (size_t)(value->node->nth - 1);
    if (n == 0 || index >= n)
        return result_none;
    return (gather_result){rows[index].slot, rows[index].state};
}

static gather_result reduce_share(const segi_list_row *rows, size_t n)
{
    size_t marked = 0;
    for (size_t i = 0; i < n; i++)
        marked += rows[i].flag;
    return n ? result_float((double)marked / (double)n) : result_none;
}

static gather_result reduce_since(const segi_list_row *rows, size_t n)
{
    int64_t since;
    return segi_history_since(rows, n, &since) ? result_set(since) : result_none;
}

/* Figures between lengths of time are whole microseconds. */
static gather_result reduce_whole(const segi_prep_value *value, gather_result result)
{
    if (value->type.type == SEGI_TYPE_DURATION && result.state == SEG_VALUE_SET)
        result.slot = (int64_t)segi_slot_float(result.slot);
    return result;
}

/* By what is asked. Figures of values drop the rows without one first (S-16), those of rows do
 * not. */
static gather_result reduce(segi_worker *w, const segi_prep_value *value, segi_list_row *rows,
                            size_t n)
{
    const segi_node *node = value->node;
    if (node->kind == SEGI_NODE_DID) /* how many times, or on how many periods */
        return node->bound.periods ? reduce_periods(w, value, rows, w->rows, n)
                                   : result_set((int64_t)n);
    switch (node->aggregate) {
    case SEGI_AGG_COUNT: return result_set((int64_t)n);
    case SEGI_AGG_FIRST:
    case SEGI_AGG_LAST:
    case SEGI_AGG_NTH: return reduce_nth(value, rows, n);
    case SEGI_AGG_SHARE: return reduce_share(rows, n);
    case SEGI_AGG_DISTINCT_PERIOD: return reduce_periods(w, value, rows, w->rows, n);
    case SEGI_AGG_STREAK:
    case SEGI_AGG_CURRENT_STREAK:
    case SEGI_AGG_STREAK_BROKEN: return reduce_streak(w, value, rows, w->rows, n);
    case SEGI_AGG_OVERDUE: return reduce_overdue(w, rows, w->rows, n);
    case SEGI_AGG_SINCE: return reduce_since(rows, n);
    case SEGI_AGG_CHANGES: return result_set(segi_history_changes(w, value, rows, n));
    default: break;
    }
    n = reduce_keep_set(rows, n);
    switch (node->aggregate) {
    case SEGI_AGG_SUM: return reduce_sum(w, value, rows, n);
    case SEGI_AGG_AVG: return reduce_whole(value, reduce_sum(w, value, rows, n));
    case SEGI_AGG_MIN:
    case SEGI_AGG_MAX: return reduce_extreme(value, rows, n);
    case SEGI_AGG_MEDIAN:
    case SEGI_AGG_PERCENTILE:
        return reduce_whole(value, reduce_percentile(value, rows, w->rows, n));
    case SEGI_AGG_STDDEV: return reduce_whole(value, reduce_stddev(w, value, rows, n));
    case SEGI_AGG_MODE: return reduce_mode(value, rows, w->rows, n);
    case SEGI_AGG_TOP: return reduce_top(value, rows, w->rows, n);
    default: return reduce_distinct(rows, w->rows, n);
    }
}

/* ---- blocks ---- */

/* Windows that differ by user, spread from the list to low bits. */
bool segi_gather_bounds(segi_worker *w, const segi_prep_window *each, segi_users users)
{
    if (!segi_worker_array(w, (void **)&w->bound_begin, SEGI_CHUNK_USERS, sizeof(int64_t)) ||
        !segi_worker_array(w, (void **)&w->bound_end, SEGI_CHUNK_USERS, sizeof(int64_t)))
        return false;
    segi_vector *bounds = segi_worker_vector_push(w);
    segi_vector *ends = bounds ? segi_worker_vector_push(w) : NULL;
    if (ends) {
        segi_window_users(w, each, users, bounds->slots, ends->slots);
        for (uint32_t i = 0; i < users.count; i++) {
            w->bound_begin[users.lows[i]] = bounds->slots[i];
            w->bound_end[users.lows[i]] = ends->slots[i];
        }
        segi_worker_vector_pop(w);
    }
    if (bounds)
        segi_worker_vector_pop(w);
    return w->status == SEG_OK;
}

bool segi_gather_collect(segi_worker *w, const segi_prep_value *value, segi_gather_block block)
{
    gather g = {.value = value, .wanted = block.wanted};
    if (value->source->each) {
        g.begin = w->bound_begin;
        g.end = w->bound_end;
    }
    w->row_count = 0;
    segi_spans_each(w, value->source, block.low_begin, block.low_end, gather_span, &g);
    return !segi_worker_stop(w) && gather_group(w, block.low_begin, block.low_end);
}

uint8_t segi_gather_reduce(segi_worker *w, const segi_prep_value *value, segi_list_row *rows,
                           size_t n, int64_t *out)
{
    gather_result result = reduce(w, value, rows, n);
    *out = result.slot;
    return result.state;
}

void segi_gather_blocks(segi_worker *w, const segi_prep_value *value, segi_users users,
                        uint32_t rows_max, segi_gather_function *function, segi_vector *out)
{
    uint64_t wanted[SEGI_MASK_WORDS] = {0};
    size_t bytes = ((size_t)users.count + 63) / 64 * sizeof *out->set;
    memset(out->set, 0, bytes);
    memset(out->null, 0, bytes);
    for (uint32_t i = 0; i < users.count; i++)
        segi_bit_set(wanted, users.lows[i]);
    bool few = segi_spans_few(w, value->source, users.count);
    uint32_t width = few ? 1 : segi_spans_block(w, value->source, rows_max);
    bool all = users.count == w->user_limit;
    for (uint32_t first = 0, last; first < users.count && w->status == SEG_OK; first = last) {
        uint32_t low_begin = users.lows[first] / width * width, low_end = low_begin + width;
        for (last = first + 1; last < users.count && users.lows[last] < low_end;)
            last++;
        segi_gather_block block = {first, last, low_begin, low_end, all ? NULL : wanted};
        function(w, value, users, block, out);
    }
}

/* The figure of each user of the block, from his rows. */
static void gather_block(segi_worker *w, const segi_prep_value *value, segi_users users,
                         segi_gather_block block, segi_vector *out)
{
    if (!segi_gather_collect(w, value, block))
        return;
    for (uint32_t i = block.first; i < block.last; i++) {
        uint32_t begin = w->starts[users.lows[i] - block.low_begin];
        uint32_t end = w->starts[users.lows[i] - block.low_begin + 1];
        segi_list_row *rows = end > begin ? w->rows_sorted + begin : NULL;
        uint8_t state = segi_gather_reduce(w, value, rows, end - begin, &out->slots[i]);
        if (state == SEG_VALUE_SET)
            segi_bit_set(out->set, i);
        else if (state == SEG_VALUE_NULL)
            segi_bit_set(out->null, i);
    }
}

void segi_gather_users(segi_worker *w, const segi_prep_value *value, segi_users users,
                       segi_vector *out)
{
    if (segi_tally_each_fits(value)) {
        segi_tally_each_users(w, value, users, out);
        return;
    }
    const segi_prep_window *each = value->window ? value->window : value->source->each;
    if (each && !segi_gather_bounds(w, each, users))
        return;
    segi_gather_blocks(w, value, users, GATHER_ROWS, gather_block, out);
}
