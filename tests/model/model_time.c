/* model_time.c - calendar, zones and windows of the naive twin.
 *
 * Zones are asked of libc: for each zone the instants at which its offset changes are searched
 * once, from 1800 to 2150. Before and after, the offset next to that range is taken. */
#include "model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

__extension__ typedef __int128 wide;

#define NONE ((int64_t)SEG_TIME_MIN)
#define BEYOND ((int64_t)SEG_TIME_MAX + 1)

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

/* ---- calendar: one table of the first day of each year ---- */

#define YEAR_MIN (-10)
#define YEAR_MAX 10010

static int64_t year_first[YEAR_MAX - YEAR_MIN + 2];

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int month_length(int64_t year, int month)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : lengths[month - 1];
}

static void calendar_fill(void)
{
    if (year_first[2000 - YEAR_MIN] != 0)
        return;
    int64_t day = 0;
    for (int64_t year = 1970; year <= YEAR_MAX; year++) {
        year_first[year - YEAR_MIN] = day;
        day += is_leap(year) ? 366 : 365;
    }
    year_first[YEAR_MAX + 1 - YEAR_MIN] = day;
    day = 0;
    for (int64_t year = 1969; year >= YEAR_MIN; year--) {
        day -= is_leap(year) ? 366 : 365;
        year_first[year - YEAR_MIN] = day;
    }
}

int64_t model_days(int64_t year, int month, int day)
{
    calendar_fill();
    int64_t days = year_first[year - YEAR_MIN];
    for (int m = 1; m < month; m++)
        days += month_length(year, m);
    return days + day - 1;
}

void model_civil(int64_t days, int64_t *year, int *month, int *day)
{
    calendar_fill();
    int64_t y = 1970 + floor_div(days, 366);
    if (y < YEAR_MIN)
        y = YEAR_MIN;
    while (year_first[y + 1 - YEAR_MIN] <= days)
        y++;
    while (year_first[y - YEAR_MIN] > days)
        y--;
    int64_t rest = days - year_first[y - YEAR_MIN];
    int m = 1;
    while (rest >= month_length(y, m))
        rest -= month_length(y, m++);
    *year = y;
    *month = m;
    *day = (int)rest + 1;
}

int model_weekday(int64_t days)
{
    /* 1970-01-01 was a Thursday. */
    return (int)(((days % 7) + 7 + 3) % 7) + 1;
}

int64_t model_add_months(int64_t days, int64_t months)
{
    int64_t year;
    int month, day;
    model_civil(days, &year, &month, &day);
    int64_t count = year * 12 + (month - 1) + months;
    year = floor_div(count, 12);
    month = (int)(count - year * 12) + 1;
    if (year < 0)
        return INT32_MIN;
    if (year > 10000)
        return INT32_MAX;
    int length = month_length(year, month);
    return model_days(year, month, day < length ? day : length);
}

int64_t model_period_start(model_unit unit, int64_t days, int week_start)
{
    int64_t year;
    int month, day;
    model_civil(days, &year, &month, &day);
    switch (unit) {
    case MODEL_U_WEEK:
        while (model_weekday(days) != week_start)
            days--;
        return days;
    case MODEL_U_MONTH: return model_days(year, month, 1);
    case MODEL_U_QUARTER: return model_days(year, (month - 1) / 3 * 3 + 1, 1);
    case MODEL_U_YEAR: return model_days(year, 1, 1);
    default: return days;
    }
}

static int64_t unit_months(model_unit unit)
{
    return unit == MODEL_U_MONTH ? 1 : unit == MODEL_U_QUARTER ? 3 : unit == MODEL_U_YEAR ? 12 : 0;
}

int64_t model_period_add(model_unit unit, int64_t start, int64_t count)
{
    if (unit == MODEL_U_DAY)
        return start + count;
    if (unit == MODEL_U_WEEK)
        return start + 7 * count;
    return model_add_months(start, unit_months(unit) * count);
}

/* ---- zones ---- */

struct model_zone {
    const char *name;
    size_t count;    /* pieces */
    int64_t *begin;  /* first second of each piece; the first one is INT64_MIN */
    int64_t *offset; /* seconds east of UTC */
};

static const char *const zone_names[] = {
    "UTC",           "Europe/Berlin",       "America/New_York", "Asia/Kolkata",
    "Asia/Seoul",    "Australia/Lord_Howe", "Pacific/Apia",     "America/Sao_Paulo",
    "Europe/London", "Pacific/Chatham",     "America/St_Johns", "Africa/Casablanca",
};
#define ZONE_COUNT (sizeof(zone_names) / sizeof(zone_names[0]))
static model_zone zones[ZONE_COUNT];

static int64_t libc_offset(int64_t second)
{
    time_t when = (time_t)second;
    struct tm local;
    if (localtime_r(&when, &local) == NULL) {
        fprintf(stderr, "localtime_r failed\n");
        exit(2);
    }
    return local.tm_gmtoff;
}

static void zone_piece(model_zone *zone, int64_t begin, int64_t offset)
{
    zone->begin = realloc(zone->begin, (zone->count + 1) * sizeof(int64_t));
    zone->offset = realloc(zone->offset, (zone->count + 1) * sizeof(int64_t));
    if (zone->begin == NULL || zone->offset == NULL)
        exit(2);
    zone->begin[zone->count] = begin;
    zone->offset[zone->count++] = offset;
}

static void zone_fill(model_zone *zone, const char *name)
{
    setenv("TZ", name, 1);
    tzset();
    int64_t low = model_days(1800, 1, 1) * 86400, end = model_days(2150, 1, 1) * 86400;
    zone_piece(zone, INT64_MIN, libc_offset(low));
    for (; low < end; low += 4 * 86400) {
        int64_t a = low, b = low + 4 * 86400, before = libc_offset(a), after = libc_offset(b);
        if (before == after)
            continue;
        while (b - a > 1) {
            int64_t middle = a + (b - a) / 2;
            if (libc_offset(middle) == before)
                a = middle;
            else
                b = middle;
        }
        zone_piece(zone, b, libc_offset(b));
    }
    zone->name = name;
    setenv("TZ", "UTC", 1);
    tzset();
}

const char *model_zone_known(size_t i)
{
    return i < ZONE_COUNT ? zone_names[i] : NULL;
}

const model_zone *model_zone_find(const char *name, size_t size)
{
    for (size_t i = 0; i < ZONE_COUNT; i++) {
        if (strlen(zone_names[i]) == size && memcmp(zone_names[i], name, size) == 0) {
            if (zones[i].name == NULL)
                zone_fill(&zones[i], zone_names[i]);
            return &zones[i];
        }
    }
    return NULL;
}

static size_t zone_piece_of(const model_zone *zone, int64_t second)
{
    size_t low = 0, high = zone->count; /* begin[low] <= second < begin[high] */
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (zone->begin[middle] <= second)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int64_t model_zone_local(const model_zone *zone, int64_t instant)
{
    size_t piece = zone_piece_of(zone, floor_div(instant, MODEL_SECOND));
    return instant + zone->offset[piece] * MODEL_SECOND;
}

/* The earliest instant whose local time is `local`; where there is none, the clocks jumped over
 * it, and the instant of that jump is the answer. */
int64_t model_zone_instant(const model_zone *zone, int64_t local)
{
    size_t first = zone_piece_of(zone, floor_div(local - 2 * MODEL_DAY, MODEL_SECOND));
    size_t last = zone_piece_of(zone, floor_div(local + 2 * MODEL_DAY, MODEL_SECOND));
    for (size_t piece = first; piece <= last; piece++) {
        int64_t instant = local - zone->offset[piece] * MODEL_SECOND;
        if (zone_piece_of(zone, floor_div(instant, MODEL_SECOND)) == piece)
            return instant;
    }
    for (size_t piece = first + 1; piece <= last; piece++) {
        int64_t jump = zone->begin[piece] * MODEL_SECOND;
        if (jump + zone->offset[piece - 1] * MODEL_SECOND <= local &&
            local < jump + zone->offset[piece] * MODEL_SECOND)
            return jump;
    }
    fprintf(stderr, "a local time is nowhere\n");
    exit(2);
}

int64_t model_zone_date(const model_zone *zone, int64_t instant)
{
    return floor_div(model_zone_local(zone, instant), MODEL_DAY);
}

static int64_t day_start(const model_zone *zone, int64_t days)
{
    return model_zone_instant(zone, days * MODEL_DAY);
}

static int64_t saturate(wide instant)
{
    return instant < NONE ? NONE : instant > BEYOND ? BEYOND : (int64_t)instant;
}

int64_t model_shift(int64_t instant, model_span span, int sign, const model_zone *zone)
{
    static const int64_t lengths[] = {MODEL_SECOND, MODEL_MINUTE, MODEL_HOUR, MODEL_DAY,
                                      7 * MODEL_DAY};
    if (span.unit <= MODEL_U_WEEK)
        return saturate((wide)instant + (wide)sign * span.count * lengths[span.unit]);
    wide months = (wide)span.count * unit_months(span.unit) * sign;
    if (months < -200000)
        return NONE;
    if (months > 200000)
        return BEYOND;
    int64_t local = model_zone_local(zone, instant);
    int64_t days = floor_div(local, MODEL_DAY), rest = local - days * MODEL_DAY;
    days = model_add_months(days, (int64_t)months);
    if (days == INT32_MIN)
        return NONE;
    if (days == INT32_MAX)
        return BEYOND;
    return saturate(model_zone_instant(zone, days * MODEL_DAY + rest));
}

int64_t model_moment_instant(model_moment moment, const model_zone *zone)
{
    if (moment.kind == MODEL_M_DATE)
        return day_start(zone, moment.value);
    if (moment.kind == MODEL_M_LOCAL)
        return model_zone_instant(zone, moment.value);
    return moment.value;
}

/* ---- windows ---- */

static void anchor_window(const model_window *window, const model_zone *zone, int64_t anchor,
                          int64_t *begin, int64_t *end)
{
    int64_t before = model_shift(anchor, window->length, -1, zone);
    int64_t after = model_shift(anchor, window->length, 1, zone);
    if (window->side == MODEL_AFTER) {
        *begin = anchor + 1;
        *end = after + 1;
    } else if (window->side == MODEL_BEFORE) {
        *begin = before;
        *end = anchor;
    } else {
        *begin = before;
        *end = after + 1;
    }
}

static void calendar_window(const model_window *window, const model_zone *zone, int week_start,
                            int64_t now, int64_t *begin, int64_t *end)
{
    model_unit unit = window->length.unit;
    int64_t current = model_period_start(unit, model_zone_date(zone, now), week_start);
    int64_t n = window->length.count;
    *end = now + 1;
    if (window->kind == MODEL_W_THIS) {
        *begin = day_start(zone, current);
    } else if (window->kind == MODEL_W_PREVIOUS) {
        *begin = day_start(zone, model_period_add(unit, current, -1));
        *end = day_start(zone, current);
    } else if (window->complete) {
        *begin = day_start(zone, model_period_add(unit, current, -n));
        *end = day_start(zone, current);
    } else {
        *begin = day_start(zone, model_period_add(unit, current, -(n - 1)));
    }
}

void model_window_instants(const model_window *window, const model_zone *zone, int week_start,
                           int64_t now, int64_t anchor, bool events, int64_t *begin, int64_t *end)
{
    bool future = false; /* may the window reach beyond now? */
    *begin = NONE;
    *end = now + 1;
    switch (window->kind) {
    case MODEL_W_EVER:
    case MODEL_W_OCCASION:
    case MODEL_W_COUNT: break;
    case MODEL_W_LAST: *begin = model_shift(now, window->length, -1, zone) + 1; break;
    case MODEL_W_NEXT:
        *begin = now + 1;
        *end = model_shift(now, window->length, 1, zone) + 1;
        future = true;
        break;
    case MODEL_W_LAST_CALENDAR:
    case MODEL_W_THIS:
    case MODEL_W_PREVIOUS: calendar_window(window, zone, week_start, now, begin, end); break;
    case MODEL_W_SINCE: *begin = model_moment_instant(window->from, zone); break;
    case MODEL_W_BEFORE:
        *end = model_moment_instant(window->from, zone);
        future = !events;
        break;
    case MODEL_W_BETWEEN:
        *begin = model_moment_instant(window->from, zone);
        *end = window->to.kind == MODEL_M_DATE ? day_start(zone, window->to.value + 1)
                                               : model_moment_instant(window->to, zone);
        future = !events;
        break;
    case MODEL_W_AGO:
        *begin = model_shift(now, window->length, -1, zone) + 1;
        *end = model_shift(now, window->length_to, -1, zone) + 1;
        break;
    case MODEL_W_OLDER: *end = model_shift(now, window->length, -1, zone) + 1; break;
    case MODEL_W_ANCHOR: anchor_window(window, zone, anchor, begin, end); break;
    }
    if (!future && *end > now + 1)
        *end = now + 1;
    if (*end < *begin)
        *end = *begin;
}

/* days + sign x span, for spans of whole days. */
static int64_t date_shift(int64_t days, model_span span, int sign)
{
    if (span.unit == MODEL_U_DAY)
        return days + sign * span.count;
    if (span.unit == MODEL_U_WEEK)
        return days + sign * 7 * span.count;
    return model_add_months(days, sign * span.count * unit_months(span.unit));
}

static int64_t moment_date(model_moment moment, const model_zone *zone)
{
    if (moment.kind == MODEL_M_DATE)
        return moment.value;
    if (moment.kind == MODEL_M_LOCAL)
        return floor_div(moment.value, MODEL_DAY);
    return model_zone_date(zone, moment.value);
}

void model_window_dates(const model_window *window, const model_zone *zone, int week_start,
                        int64_t now, int64_t *begin, int64_t *end)
{
    int64_t today = model_zone_date(zone, now);
    int64_t current = model_period_start(window->length.unit, today, week_start);
    model_unit unit = window->length.unit;
    *begin = INT32_MIN;
    *end = today + 1;
    switch (window->kind) {
    case MODEL_W_EVER:
    case MODEL_W_ANCHOR:
    case MODEL_W_OCCASION:
    case MODEL_W_COUNT: break;
    case MODEL_W_LAST: /* as many dates as the span has, today the last */
        *begin = date_shift(today, window->length, -1) + 1;
        break;
    case MODEL_W_NEXT: /* as many dates as the span has, today the first (S-07) */
        *begin = today;
        *end = date_shift(today, window->length, 1);
        break;
    case MODEL_W_LAST_CALENDAR:
        if (window->complete) {
            *begin = model_period_add(unit, current, -window->length.count);
            *end = current;
        } else {
            *begin = model_period_add(unit, current, -(window->length.count - 1));
        }
        break;
    case MODEL_W_THIS: *begin = current; break;
    case MODEL_W_PREVIOUS:
        *begin = model_period_add(unit, current, -1);
        *end = current;
        break;
    case MODEL_W_SINCE: *begin = moment_date(window->from, zone); break;
    case MODEL_W_BEFORE: *end = moment_date(window->from, zone); break;
    case MODEL_W_BETWEEN:
        *begin = moment_date(window->from, zone);
        *end = moment_date(window->to, zone) + (window->to.kind == MODEL_M_DATE ? 1 : 0);
        break;
    case MODEL_W_AGO:
        *begin = date_shift(today, window->length, -1) + 1;
        *end = date_shift(today, window->length_to, -1) + 1;
        break;
    case MODEL_W_OLDER: *end = date_shift(today, window->length, -1) + 1; break;
    }
    if (*end < *begin)
        *end = *begin;
}
