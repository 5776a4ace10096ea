/* window.c - windows and durations become instants and dates once `now` is known.
 *
 * Instants are microseconds UTC. All windows come out half open, [begin, end), so a bound that
 * is open below or closed above is moved by one microsecond (S-02, S-04). Any thread.
 *
 * Everything saturates and nothing fails: a window that reaches beyond what can be an event's
 * time is cut there, which no event can tell from the true one. The executor asks once per
 * evaluation, or once per user where the zone or the anchor is the user's. */
#include "base/bits.h"
#include "base/civil.h"
#include "lang/lang.h"

/* Results stay within what can be an event's time; one more is the end of everything. */
#define TIME_END (SEG_TIME_MAX + 1)

/* ---- saturating arithmetic ---- */

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static int64_t time_clamp(int64_t instant)
{
    return clamp(instant, SEG_TIME_MIN, TIME_END);
}

/* a + b, kept within the range of instants. */
static int64_t time_add(int64_t a, int64_t b)
{
    int64_t sum;
    if (segi_add_overflow(a, b, &sum))
        return a < 0 ? SEG_TIME_MIN : TIME_END;
    return time_clamp(sum);
}

/* Day numbers of the first and the last day that instants can lie in. */
#define DAYS_MIN ((int32_t)(SEG_TIME_MIN / SEGI_DAY))
#define DAYS_MAX ((int32_t)(SEG_TIME_MAX / SEGI_DAY))

static int32_t days_clamp(int64_t days)
{
    return (int32_t)clamp(days, DAYS_MIN, DAYS_MAX + 1);
}

/* Microseconds of one unit; 0 for those without a fixed length. */
static int64_t unit_length(segi_unit unit)
{
    switch (unit) {
    case SEGI_UNIT_SECOND: return SEGI_SECOND;
    case SEGI_UNIT_MINUTE: return SEGI_MINUTE;
    case SEGI_UNIT_HOUR: return SEGI_HOUR;
    case SEGI_UNIT_DAY: return SEGI_DAY;
    case SEGI_UNIT_WEEK: return 7 * SEGI_DAY;
    case SEGI_UNIT_MONTH:
    case SEGI_UNIT_QUARTER:
    case SEGI_UNIT_YEAR: break;
    }
    return 0;
}

int64_t segi_duration_length(segi_duration duration)
{
    int64_t length;
    if (segi_mul_overflow(duration.count, unit_length(duration.unit), &length))
        return duration.count < 0 ? INT64_MIN : INT64_MAX;
    return length;
}

/* Months of a duration from months on; more than the calendar holds is as good as any more. */
static int32_t duration_months(segi_duration duration)
{
    int64_t months = clamp(duration.count, -200000, 200000);
    if (duration.unit == SEGI_UNIT_QUARTER)
        months *= 3;
    else if (duration.unit == SEGI_UNIT_YEAR)
        months *= 12;
    return (int32_t)clamp(months, -200000, 200000);
}

/* A date so many months away, within what dates can be. */
static int32_t days_add_months(int32_t days, int32_t months)
{
    int32_t year, month, day;
    segi_civil_from_days(days, &year, &month, &day);
    int64_t target = (int64_t)year * 12 + (month - 1) + months;
    if (target < 12)
        return DAYS_MIN;
    if (target >= 10000 * 12)
        return DAYS_MAX + 1;
    return segi_civil_add_months(days, months);
}

/* Calendar units move the local date and keep the local time of day: 31 March less a month is the
 * last of February (S-06). A local time that a change of clocks leaves out or has twice is
 * settled by segi_zone_instant(). */
int64_t segi_duration_add(int64_t instant, segi_duration duration, int sign, const segi_zone *zone)
{
    if (duration.unit < SEGI_UNIT_MONTH) {
        int64_t length = segi_duration_length(duration);
        if (sign < 0)
            length = length == INT64_MIN ? INT64_MAX : -length;
        return time_add(instant, length);
    }
    int64_t local = segi_zone_local(zone, time_clamp(instant));
    int64_t days = segi_floor_div(local, SEGI_DAY);
    int64_t time_of_day = local - days * SEGI_DAY;
    int32_t months = duration_months(duration);
    int32_t moved = days_add_months(days_clamp(days), sign < 0 ? -months : months);
    if (moved == DAYS_MIN)
        return SEG_TIME_MIN;
    if (moved > DAYS_MAX)
        return TIME_END;
    return time_clamp(segi_zone_instant(zone, moved * SEGI_DAY + time_of_day));
}

/* ---- moments and periods ---- */

/* The instant at which a local day begins; DST can put that at 01:00. */
static int64_t day_start(const segi_zone *zone, int64_t days)
{
    if (days <= DAYS_MIN)
        return SEG_TIME_MIN;
    if (days > DAYS_MAX)
        return TIME_END;
    return time_clamp(segi_zone_day_start(zone, (int32_t)days));
}

int64_t segi_moment_instant(segi_moment moment, const segi_zone *zone)
{
    switch (moment.kind) {
    case SEGI_MOMENT_LOCAL: return time_clamp(segi_zone_instant(zone, time_clamp(moment.value)));
    case SEGI_MOMENT_DATE: return day_start(zone, moment.value);
    case SEGI_MOMENT_INSTANT: break;
    }
    return time_clamp(moment.value);
}

/* As base/civil.h names the calendar's periods; units below a day never get here. */
static segi_period period_of(segi_unit unit)
{
    switch (unit) {
    case SEGI_UNIT_WEEK: return SEGI_PERIOD_WEEK;
    case SEGI_UNIT_MONTH: return SEGI_PERIOD_MONTH;
    case SEGI_UNIT_QUARTER: return SEGI_PERIOD_QUARTER;
    case SEGI_UNIT_YEAR: return SEGI_PERIOD_YEAR;
    default: return SEGI_PERIOD_DAY;
    }
}

/* First day of the period `count` after the one that starts at `start`, saturating. */
static int32_t period_add(segi_unit unit, int32_t start, int64_t count)
{
    if (unit == SEGI_UNIT_DAY || unit == SEGI_UNIT_WEEK) {
        int64_t days = clamp(count, -10000000, 10000000) * (unit == SEGI_UNIT_WEEK ? 7 : 1);
        return days_clamp(start + days);
    }
    segi_duration duration = {clamp(count, -200000, 200000), unit};
    return days_add_months(start, duration_months(duration));
}

/* Days [*begin, *end) of a calendar window, for the day that now falls on. */
static void calendar_days(const segi_window *window, int32_t today, int32_t *begin, int32_t *end)
{
    segi_unit unit = window->length.unit;
    int32_t start = segi_civil_period_start(period_of(unit), today, window->week_start);
    switch (window->kind) {
    case SEGI_WINDOW_THIS:
        *begin = start;
        *end = period_add(unit, start, 1);
        break;
    case SEGI_WINDOW_PREVIOUS:
        *begin = period_add(unit, start, -1);
        *end = start;
        break;
    default:
        *begin = window->complete ? period_add(unit, start, -window->length.count)
                                  : period_add(unit, start, 1 - window->length.count);
        *end = window->complete ? start : period_add(unit, start, 1);
        if (window->length.count <= 0)
            *begin = *end;
        break;
    }
}

/* ---- instants ---- */

/* The anchor's own instant lies in OF alone: after and before it are strict. */
static void anchor_bounds(const segi_window *window, const segi_zone *zone, int64_t anchor,
                          int64_t *begin, int64_t *end)
{
    int64_t before = segi_duration_add(anchor, window->length, -1, zone);
    int64_t after = segi_duration_add(anchor, window->length, 1, zone);
    switch (window->side) {
    case SEGI_ANCHOR_AFTER:
        *begin = time_add(anchor, 1);
        *end = time_add(after, 1);
        break;
    case SEGI_ANCHOR_BEFORE:
        *begin = before;
        *end = anchor;
        break;
    case SEGI_ANCHOR_OF:
        *begin = before;
        *end = time_add(after, 1);
        break;
    }
}

/* [from, to) as written; nothing is cut to now here. */
static void between_bounds(const segi_window *window, const segi_zone *zone, int64_t *begin,
                           int64_t *end)
{
    segi_moment to = window->to;
    if (to.kind == SEGI_MOMENT_DATE)
        to.value++; /* a date alone means through that day (S-04) */
    *begin = segi_moment_instant(window->from, zone);
    *end = segi_moment_instant(to, zone);
}

/* Behind the moment. */
static int64_t moment_end(segi_moment moment, const segi_zone *zone)
{
    if (moment.kind != SEGI_MOMENT_DATE)
        return time_add(segi_moment_instant(moment, zone), 1);
    moment.value++;
    return segi_moment_instant(moment, zone);
}

/* `cut` tells whether the window ends at now at the latest: events later than now are not to be
 * seen (S-09), while an attribute may well hold an instant to come. */
void segi_window_bounds(const segi_window *window, const segi_zone *zone, int64_t now,
                        int64_t anchor, bool events, int64_t *out_begin, int64_t *out_end)
{
    int64_t begin = SEG_TIME_MIN, end = time_add(now, 1);
    int64_t now_end = end;
    bool cut = true;
    int32_t first_day, end_day;
    switch (window->kind) {
    case SEGI_WINDOW_EVER: break;
    case SEGI_WINDOW_LAST:
        begin = time_add(segi_duration_add(now, window->length, -1, zone), 1);
        break;
    case SEGI_WINDOW_NEXT:
        begin = now_end;
        end = time_add(segi_duration_add(now, window->length, 1, zone), 1);
        cut = false;
        break;
    case SEGI_WINDOW_LAST_CALENDAR:
    case SEGI_WINDOW_THIS:
    case SEGI_WINDOW_PREVIOUS:
        calendar_days(window, segi_zone_date(zone, now), &first_day, &end_day);
        begin = day_start(zone, first_day);
        end = day_start(zone, end_day);
        break;
    case SEGI_WINDOW_SINCE: begin = segi_moment_instant(window->from, zone); break;
    case SEGI_WINDOW_BEFORE:
        end = segi_moment_instant(window->from, zone);
        cut = events;
        break;
    case SEGI_WINDOW_BETWEEN:
        between_bounds(window, zone, &begin, &end);
        cut = events;
        break;
    case SEGI_WINDOW_AGO:
        begin = time_add(segi_duration_add(now, window->length, -1, zone), 1);
        end = time_add(segi_duration_add(now, window->length_to, -1, zone), 1);
        break;
    case SEGI_WINDOW_OLDER:
        end = time_add(segi_duration_add(now, window->length, -1, zone), 1);
        break;
    case SEGI_WINDOW_AS_OF: end = moment_end(window->from, zone); break;
    case SEGI_WINDOW_ANCHOR: anchor_bounds(window, zone, anchor, &begin, &end); break;
    }
    if (cut && end > now_end)
        end = now_end;
    *out_begin = begin;
    *out_end = end < begin ? begin : end;
}

/* ---- civil dates ---- */

/* A day number moved by a duration; units below a day are refused by the checker. */
static int32_t date_add(int32_t days, segi_duration duration, int sign)
{
    if (duration.unit >= SEGI_UNIT_MONTH) {
        int32_t months = duration_months(duration);
        return days_add_months(days, sign < 0 ? -months : months);
    }
    int64_t length = segi_duration_length(duration) / SEGI_DAY;
    return days_clamp(days + (sign < 0 ? -length : length));
}

/* The civil date of a moment; an instant's is that of its zone. */
static int32_t moment_date(segi_moment moment, const segi_zone *zone)
{
    if (moment.kind == SEGI_MOMENT_DATE)
        return days_clamp(moment.value);
    return segi_zone_date(zone, segi_moment_instant(moment, zone));
}

/* The counterpart of segi_window_bounds() in days: a date has no time, so "in last 7 days" are
 * the seven dates that end today (S-07), and windows that look back end with today. */
void segi_window_dates(const segi_window *window, const segi_zone *zone, int64_t now,
                       int32_t *out_begin, int32_t *out_end)
{
    int32_t today = segi_zone_date(zone, now);
    int32_t tomorrow = days_clamp((int64_t)today + 1);
    int32_t begin = DAYS_MIN, end = tomorrow;
    switch (window->kind) {
    case SEGI_WINDOW_EVER:
    case SEGI_WINDOW_AS_OF: /* of histories alone */
    case SEGI_WINDOW_ANCHOR: /* refused by the checker: an anchor is an instant */ break;
    case SEGI_WINDOW_LAST:
        begin = days_clamp((int64_t)date_add(today, window->length, -1) + 1);
        break;
    case SEGI_WINDOW_NEXT:
        /* As many dates as "in last" has, today among them in both (S-07). */
        begin = today;
        end = date_add(today, window->length, 1);
        break;
    case SEGI_WINDOW_LAST_CALENDAR:
    case SEGI_WINDOW_THIS:
    case SEGI_WINDOW_PREVIOUS:
        calendar_days(window, today, &begin, &end);
        if (end > tomorrow)
            end = tomorrow;
        break;
    case SEGI_WINDOW_SINCE: begin = moment_date(window->from, zone); break;
    case SEGI_WINDOW_BEFORE: end = moment_date(window->from, zone); break;
    case SEGI_WINDOW_BETWEEN:
        begin = moment_date(window->from, zone);
        end = days_clamp((int64_t)moment_date(window->to, zone) + 1);
        break;
    case SEGI_WINDOW_AGO:
        begin = days_clamp((int64_t)date_add(today, window->length, -1) + 1);
        end = days_clamp((int64_t)date_add(today, window->length_to, -1) + 1);
        break;
    case SEGI_WINDOW_OLDER:
        end = days_clamp((int64_t)date_add(today, window->length, -1) + 1);
        break;
    }
    *out_begin = begin;
    *out_end = end < begin ? begin : end;
}
