/* Tests of the clock and the calendar (`@weekday in ("sat", "sun") and @hour between 18 and 22`) in
 * one zone say the same of all instants of a quarter of an hour, as long as offsets are whole
 * quarters. So the test is asked once per quarter (or hour) of the window. Where few runs of them
 * hold within a part, its times are compared with those; else rows look their answer up by time: a
 * multiplication and a byte instead of a civil date for each.
 *
 * A table is made where the window has many more rows than quarters; zones with odd offsets, as
 * before railway time, keep the long way. */
#include <string.h>

#include "exec/exec_int.h"

#define QUARTER ((int64_t)900 * 1000000)
/* A table this long covers thirty years by quarters. */
#define CALENDAR_MAX ((int64_t)1 << 20)
/* Rows per entry of the table, from which on it pays. */
#define CALENDAR_ROWS 2
/* So many comparisons of a narrow column cost less than looking its rows up. */
#define CALENDAR_RUNS 12

/* Neighbouring steps that hold: their first and last instant. */
typedef struct calendar_run {
    int64_t first, last;
} calendar_run;

struct segi_calendar {
    int64_t begin;        /* first instant of the first step */
    int64_t step;         /* in microseconds */
    uint32_t count;       /* steps */
    const uint8_t *holds; /* by step: 0 or 1 */
    uint32_t run_count;
    const calendar_run *runs; /* rising */
};

/* ---- preparing ---- */

/* The zone of a test that asks a row's time alone; NULL: it asks something else, or users have
 * zones of their own. */
static const segi_zone *calendar_zone(const segi_prep_filter *filter)
{
    bool occasion = filter->form == SEGI_TEST_OCCASION;
    const segi_prep_value *value = filter->values[0];
    if ((!occasion && filter->form != SEGI_TEST_MATCH) || value->form != SEGI_VALUE_CIVIL)
        return NULL;
    bool instant = value->node->builtin == SEGI_BUILTIN_TIME;
    if (instant && !occasion)
        return NULL;
    const segi_user_zones *zones = instant ? filter->window->zones : value->zones;
    return zones->view ? NULL : zones->fallback;
}

static bool calendar_only(const segi_prep_filter *filter)
{
    if (calendar_zone(filter))
        return true;
    bool logic = filter->form == SEGI_TEST_AND || filter->form == SEGI_TEST_OR ||
                 filter->form == SEGI_TEST_XOR || filter->form == SEGI_TEST_NOT ||
                 filter->form == SEGI_TEST_AT_LEAST;
    for (uint32_t i = 0; logic && i < filter->child_count; i++)
        logic = calendar_only(filter->children[i]);
    return logic;
}

/* Zones of the tests below may differ from each other: the finest step of all is taken. False
 * where an offset or a change of clocks is no whole quarter. */
static bool calendar_step(const segi_prep_filter *filter, int64_t begin, int64_t end, int64_t *step)
{
    for (uint32_t i = 0; i < filter->child_count; i++) {
        if (!calendar_step(filter->children[i], begin, end, step))
            return false;
    }
    const segi_zone *zone = calendar_zone(filter);
    if (!zone)
        return true;
    for (int64_t at = begin, from, to; at < end; at = to) {
        int64_t offset = segi_zone_span(zone, at, &from, &to) * SEGI_SECOND;
        bool inside = to < end;
        if (offset % SEGI_HOUR != 0 || (inside && to % SEGI_HOUR != 0))
            *step = QUARTER;
        if (offset % QUARTER != 0 || (inside && to % QUARTER != 0))
            return false;
    }
    return true;
}

static bool calendar_holds(const segi_prep_filter *filter, int64_t instant)
{
    const segi_zone *zone = calendar_zone(filter);
    if (zone) {
        int64_t local = instant + segi_zone_offset(zone, instant) * SEGI_SECOND;
        if (filter->form == SEGI_TEST_OCCASION)
            return segi_occasion_holds(&filter->node->occasion,
                                       (int32_t)segi_floor_div(local, SEGI_DAY));
        segi_builtin builtin = filter->values[0]->node->builtin;
        return segi_match_slot(filter->match, segi_civil_field(builtin, local));
    }
    uint32_t held = 0;
    for (uint32_t i = 0; i < filter->child_count; i++)
        held += calendar_holds(filter->children[i], instant);
    switch (filter->form) {
    case SEGI_TEST_AND: return held == filter->child_count;
    case SEGI_TEST_OR: return held > 0;
    case SEGI_TEST_XOR: return held % 2 == 1;
    case SEGI_TEST_NOT: return held == 0;
    default: return held >= filter->need;
    }
}

/* The rows of parts that reach into the window, and the times in it that they have. First events
 * that have expired are older than all of the snapshot's own, so it is the parts that count. */
static uint64_t calendar_rows(const segi_prep_type *type, const segi_prep_source *source,
                              int64_t *begin, int64_t *end)
{
    uint64_t rows = 0;
    int64_t first = INT64_MAX, last = INT64_MIN;
    for (uint32_t p = 0; p < type->view->part_count; p++) {
        const segi_part *part = type->view->parts[p];
        if (!segi_span_overlaps(part, source))
            continue;
        rows += part->row_count;
        first = part->time_min < first ? part->time_min : first;
        last = part->time_max > last ? part->time_max : last;
    }
    *begin = source->begin > first ? source->begin : first;
    *end = source->end <= last ? source->end : last + 1;
    return rows;
}

/* The runs of a table whose steps are known. */
static bool calendar_find_runs(segi_prep *p, segi_calendar *table)
{
    calendar_run *runs = segi_prep_alloc(p, table->count / 2 + 1, sizeof *runs);
    if (!runs)
        return false;
    for (uint32_t i = 0; i < table->count; i++) {
        if (!table->holds[i])
            continue;
        int64_t first = table->begin + i * table->step, last = first + table->step - 1;
        if (i > 0 && table->holds[i - 1])
            runs[table->run_count - 1].last = last;
        else
            runs[table->run_count++] = (calendar_run){first, last};
    }
    table->runs = runs;
    return true;
}

/* The test as a table over the window's times; the test itself where that does not pay. */
static const segi_prep_filter *calendar_table(segi_prep *p, const segi_prep_filter *filter,
                                              int64_t begin, int64_t end, uint64_t rows)
{
    int64_t step = SEGI_HOUR;
    if (begin >= end || !calendar_step(filter, begin, end, &step))
        return filter;
    begin = segi_floor_div(begin, step) * step;
    int64_t count = (end - begin + step - 1) / step;
    if (count > CALENDAR_MAX || rows / CALENDAR_ROWS < (uint64_t)count)
        return filter;
    segi_prep_filter *out = SEGI_PREP_NEW(p, segi_prep_filter);
    segi_calendar *table = SEGI_PREP_NEW(p, segi_calendar);
    uint8_t *holds = segi_prep_alloc(p, (size_t)count, 1);
    if (!out || !table || !holds)
        return NULL;
    for (int64_t i = 0; i < count; i++)
        holds[i] = calendar_holds(filter, begin + i * step);
    *table = (segi_calendar){begin, step, (uint32_t)count, holds, 0, NULL};
    if (!calendar_find_runs(p, table))
        return NULL;
    *out = (segi_prep_filter){.form = SEGI_TEST_CALENDAR, .calendar = table};
    return out;
}

/* A conjunction: those of its children that ask the calendar alone become one table. */
static const segi_prep_filter *calendar_among(segi_prep *p, const segi_prep_filter *filter,
                                              int64_t begin, int64_t end, uint64_t rows)
{
    segi_prep_filter *both = SEGI_PREP_NEW(p, segi_prep_filter);
    segi_prep_filter *those = SEGI_PREP_NEW(p, segi_prep_filter);
    const segi_prep_filter **mine = segi_prep_alloc(p, filter->child_count, sizeof *mine);
    const segi_prep_filter **rest = segi_prep_alloc(p, filter->child_count, sizeof *rest);
    if (!both || !those || !mine || !rest)
        return NULL;
    uint32_t mine_count = 0, rest_count = 0;
    for (uint32_t i = 0; i < filter->child_count; i++) {
        const segi_prep_filter *child = filter->children[i];
        if (calendar_only(child))
            mine[mine_count++] = child;
        else
            rest[rest_count++] = child;
    }
    if (mine_count == 0)
        return filter;
    *those = (segi_prep_filter){.form = SEGI_TEST_AND, .child_count = mine_count, .children = mine};
    const segi_prep_filter *table = calendar_table(p, those, begin, end, rows);
    if (!table || table == those)
        return table ? filter : NULL;
    rest[rest_count++] = table;
    *both = (segi_prep_filter){.form = SEGI_TEST_AND, .child_count = rest_count, .children = rest};
    return both;
}

const segi_prep_filter *segi_prep_calendar(segi_prep *p, const segi_prep_filter *filter,
                                           const segi_prep_type *type,
                                           const segi_prep_source *source)
{
    int64_t begin, end;
    uint64_t rows = calendar_rows(type, source, &begin, &end);
    if (rows == 0)
        return filter;
    if (calendar_only(filter))
        return calendar_table(p, filter, begin, end, rows);
    return filter->form == SEGI_TEST_AND ? calendar_among(p, filter, begin, end, rows) : filter;
}

/* ---- running ---- */

/* Rows outside of the table's times are outside of the window as well: what they get is not used,
 * they only may not lead out of the table. Half a unit more in the dividend keeps a whole quotient
 * from falling short. */
SEGI_HOT static void calendar_look(const segi_calendar *table, const segi_col *time, uint32_t begin,
                                   uint32_t count, uint64_t *bits)
{
    double shift = (double)(time->base - table->begin) + 0.5, unit = (double)time->unit;
    double steps = 1.0 / (double)table->step;
    int32_t last = (int32_t)table->count - 1;
    for (uint32_t i = 0; i * 64 < count; i++) {
        uint32_t n = count - i * 64 < 64 ? count - i * 64 : 64;
        int32_t at[64];
        if (time->width == 4) {
            const uint32_t *data = (const uint32_t *)time->data + begin + i * 64;
            for (uint32_t j = 0; j < n; j++)
                at[j] = (int32_t)((data[j] * unit + shift) * steps);
        } else {
            for (uint32_t j = 0; j < n; j++) {
                double slot = (double)(segi_col_slot(time, begin + i * 64 + j) - table->begin);
                at[j] = (int32_t)((slot + 0.5) * steps);
            }
        }
        for (uint32_t j = 0; j < n; j++)
            at[j] = at[j] < 0 ? 0 : at[j] > last ? last : at[j];
        uint64_t word = 0;
        for (uint32_t j = 0; j < n; j++)
            word |= (uint64_t)table->holds[at[j]] << j;
        bits[i] = word;
    }
}

/* The first run that ends at `instant` or later. */
static uint32_t calendar_run_at(const segi_calendar *table, int64_t instant)
{
    uint32_t low = 0, high = table->run_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (table->runs[middle].last < instant)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The rows within any of the runs, in slices that stay in the cache. */
static void calendar_scan(const calendar_run *runs, uint32_t run_count, const segi_col *time,
                          uint32_t begin, uint32_t count, uint64_t *bits)
{
    enum {
        SLICE = 4096
    };
    uint64_t more[SLICE / 64];
    segi_match match = {.kind = SEGI_MATCH_RANGE};
    memset(bits, 0, ((size_t)count + 63) / 64 * sizeof *bits);
    for (uint32_t done = 0; done < count; done += SLICE) {
        uint32_t n = count - done < SLICE ? count - done : SLICE;
        for (uint32_t r = 0; r < run_count; r++) {
            match.low = runs[r].first;
            match.high = runs[r].last;
            segi_match_rows(&match, time, begin + done, n, NULL, more);
            for (uint32_t i = 0; i * 64 < n; i++)
                bits[done / 64 + i] |= more[i];
        }
    }
}

void segi_calendar_rows(const segi_calendar *table, const segi_col *time, uint32_t begin,
                        uint32_t count, uint64_t *bits)
{
    uint32_t first = calendar_run_at(table, time->min), end = first;
    while (end < table->run_count && end - first <= CALENDAR_RUNS &&
           table->runs[end].first <= time->max)
        end++;
    if (end - first <= CALENDAR_RUNS)
        calendar_scan(table->runs + first, end - first, time, begin, count, bits);
    else
        calendar_look(table, time, begin, count, bits);
}
