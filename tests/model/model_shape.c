/* model_shape.c - streaks, regularity and stages of the naive twin, by walking period after period
 * (S-22, S-23). */
#include "model.h"

#include <stdlib.h>
#include <string.h>

static void *must(void *pointer)
{
    if (pointer == NULL)
        exit(2);
    return pointer;
}

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y ? 1 : 0;
}

/* First days of the periods with at least `each` of the events, rising. Freed by the caller. */
static int64_t *active_starts(const model_event *const *list, size_t count, model_unit unit,
                              int64_t each, const model_zone *zone, int week_start, size_t *out)
{
    int64_t *all = must(malloc((count + 1) * sizeof(*all)));
    int64_t *kept = must(malloc((count + 1) * sizeof(*kept)));
    for (size_t i = 0; i < count; i++)
        all[i] = model_period_start(unit, model_zone_date(zone, list[i]->time), week_start);
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        int64_t times = 0;
        bool first = true;
        for (size_t k = 0; k < count; k++) {
            times += all[k] == all[i] ? 1 : 0;
            first = first && (k >= i || all[k] != all[i]);
        }
        if (first && times >= each)
            kept[(*out)++] = all[i];
    }
    qsort(kept, *out, sizeof(*kept), by_number);
    free(all);
    return kept;
}

int64_t model_active_periods(const model_event *const *list, size_t count, model_unit unit,
                             int64_t each, const model_zone *zone, int week_start)
{
    size_t n;
    free(active_starts(list, count, unit, each, zone, week_start, &n));
    return (int64_t)n;
}

/* ---- streaks ---- */

/* One streak, period by period from its first on; moves *at behind its active ones. */
typedef struct streak {
    int64_t length;
    bool broken;
    int64_t end; /* first day of the period missed that broke it */
} streak;

static streak walk(const model_node *node, const int64_t *starts, size_t n, size_t *at,
                   int64_t running)
{
    streak s = {0, false, 0};
    char *missed = NULL; /* by period of the streak */
    int64_t day = starts[*at];
    for (size_t k = 0;; k++, day = model_period_add(node->period, day, 1)) {
        bool active = *at < n && starts[*at] == day;
        missed = must(realloc(missed, k + 1));
        missed[k] = active ? 0 : 1;
        if (active) {
            s.length++;
            (*at)++;
            continue;
        }
        if (day >= running) /* not over yet, so not missed */
            break;
        int64_t misses = 0;
        for (size_t i = k + 1; i > 0 && (int64_t)(k + 1 - i) < node->per; i--)
            misses += missed[i - 1];
        if (misses > node->missed) {
            s.broken = true;
            s.end = day;
            break;
        }
    }
    free(missed);
    return s;
}

model_value model_streak(const model_node *node, const model_event *const *list, size_t count,
                         const model_zone *zone, int week_start, int64_t now)
{
    size_t n, at = 0;
    int64_t *starts =
        active_starts(list, count, node->period, node->min_events, zone, week_start, &n);
    int64_t running = model_period_start(node->period, model_zone_date(zone, now), week_start);
    int64_t longest = 0, current = 0;
    model_value broken = model_undefined();
    while (at < n) {
        streak s = walk(node, starts, n, &at, running);
        longest = s.length > longest ? s.length : longest;
        current = s.broken ? 0 : s.length;
        if (s.broken && s.length >= node->length) {
            model_moment end = {MODEL_M_DATE, model_period_add(node->period, s.end, 1)};
            broken = model_instant(model_moment_instant(end, zone));
        }
    }
    free(starts);
    if (node->aggregate == MODEL_A_STREAK)
        return model_int(longest);
    return node->aggregate == MODEL_A_CURRENT_STREAK ? model_int(current) : broken;
}

/* ---- recency ---- */

model_value model_overdue(const model_event *const *list, size_t count, int64_t now)
{
    if (count < 4)
        return model_undefined();
    size_t n = count - 1;
    int64_t *gaps = must(malloc(n * sizeof(*gaps)));
    for (size_t i = 0; i < n; i++)
        gaps[i] = list[i + 1]->time - list[i]->time;
    qsort(gaps, n, sizeof(*gaps), by_number);
    double median =
        n % 2 == 1 ? (double)gaps[n / 2] : ((double)gaps[n / 2 - 1] + (double)gaps[n / 2]) / 2;
    free(gaps);
    if (median == 0)
        return model_undefined();
    return model_float((double)(now - list[count - 1]->time) / median);
}

/* Is there an event with low < time <= high? */
static bool between(const model_event *const *list, size_t count, int64_t low, int64_t high)
{
    for (size_t i = 0; i < count; i++) {
        if (list[i]->time > low && list[i]->time <= high)
            return true;
    }
    return false;
}

/* Two spans as one, in seconds or in months. */
static model_span together(model_span a, model_span b)
{
    static const int64_t sizes[] = {1, 60, 3600, 86400, 7 * 86400, 1, 3, 12};
    model_span sum = {a.count * sizes[a.unit] + b.count * sizes[b.unit],
                      a.unit < MODEL_U_MONTH ? MODEL_U_SECOND : MODEL_U_MONTH};
    return sum;
}

static int stage(model_unit unit, const model_value *first, const model_event *const *list,
                 size_t count, const model_zone *zone, int week_start, int64_t now)
{
    int64_t period = model_period_start(unit, model_zone_date(zone, now), week_start);
    model_moment this_one = {MODEL_M_DATE, period};
    model_moment before = {MODEL_M_DATE, model_period_add(unit, period, -1)};
    int64_t begin = model_moment_instant(this_one, zone);
    int64_t earlier = model_moment_instant(before, zone);
    if (first->state == SEG_VALUE_SET && first->i >= begin)
        return 0;
    if (count == 0)
        return -1;
    if (!between(list, count, begin - 1, now))
        return 2;
    return between(list, count, earlier - 1, begin - 1) ? 1 : 3;
}

bool model_life(const model_node *node, const model_value *first, const model_event *const *list,
                size_t count, const model_zone *zone, int week_start, int64_t now)
{
    if (node->kind == MODEL_STAGE) {
        int found = stage(node->period, first, list, count, zone, week_start, now);
        return found >= 0 && (node->stages >> found & 1) != 0;
    }
    int64_t away = model_shift(now, node->shift, -1, zone);
    if (node->kind == MODEL_DORMANT)
        return count > 0 && !between(list, count, away, now);
    int64_t active = model_shift(now, node->active, -1, zone);
    int64_t both = model_shift(now, together(node->active, node->shift), -1, zone);
    return between(list, count, active, now) && !between(list, count, both, active) &&
           between(list, count, INT64_MIN, both);
}

/* ---- days of the year, and named days ---- */

bool model_is_anniversary(int64_t date, bool early, int64_t day)
{
    int64_t year, of_year;
    int month, of_month, d, of_day;
    model_civil(date, &of_year, &of_month, &of_day);
    model_civil(day, &year, &month, &d);
    if (month == of_month && d == of_day)
        return true;
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    if (of_month != 2 || of_day != 29 || leap)
        return false;
    return early ? month == 2 && d == 28 : month == 3 && d == 1;
}

bool model_in_season(const model_node *node, int64_t date)
{
    int64_t year;
    int month, day;
    model_civil(date, &year, &month, &day);
    /* From the first day on, day after day, until the last one. */
    for (int m = node->from / 100, d = node->from % 100;;) {
        if (m == month && d == day)
            return true;
        if (m * 100 + d == node->to)
            return false;
        if (++d > 31) {
            d = 1;
            m = m % 12 + 1;
        }
    }
}

bool model_in_occasion(const model_occasion *occasion, int64_t date)
{
    for (size_t i = 0; i < occasion->count; i++) {
        if (date >= occasion->first[i] && date <= occasion->last[i])
            return true;
    }
    return false;
}
