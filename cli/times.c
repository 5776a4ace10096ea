/* times.c - notations of instants and dates. See times.h.
 *
 * The zone is libc's: a program of one thread at the time of an import may set TZ, a library may
 * not. That the zone exists is checked by the library when the store is opened. */
#include "times.h"

#include <seg/schema.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SECOND_US INT64_C(1000000)
#define DAY_S INT64_C(86400)

static char zone_name[128] = "UTC";
static bool zone_is_utc = true;

/* The offset that holds all through a local day, to spare most rows a look at the zone's rules. */
static int64_t cached_day = INT64_MIN;
static int64_t cached_offset;

void times_set_zone(const char *name)
{
    size_t size = strlen(name);
    if (size >= sizeof zone_name) {
        size = sizeof zone_name - 1;
    }
    memcpy(zone_name, name, size);
    zone_name[size] = '\0';
    zone_is_utc = strcmp(zone_name, "UTC") == 0;
    cached_day = INT64_MIN;
    setenv("TZ", zone_name, 1);
    tzset();
}

const char *times_zone(void)
{
    return zone_name;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t offset_at(int64_t second)
{
    struct tm parts;
    time_t when = (time_t)second;
    return localtime_r(&when, &parts) ? (int64_t)parts.tm_gmtoff : 0;
}

/* The first second at which the offset is no longer `before`, between two instants. */
static int64_t transition_between(int64_t low, int64_t high, int64_t before)
{
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (offset_at(middle) == before) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return high;
}

int64_t times_instant(int64_t local)
{
    if (zone_is_utc) {
        return local;
    }
    int64_t second = floor_div(local, SECOND_US);
    int64_t fraction = local - second * SECOND_US;
    int64_t day = floor_div(second, DAY_S);
    if (day == cached_day) {
        return local - cached_offset * SECOND_US;
    }
    /* Zones are at most 26 hours apart, so a day and a bit on each side sees every change. */
    int64_t low = day * DAY_S - 30 * 3600;
    int64_t high = (day + 1) * DAY_S + 30 * 3600;
    int64_t before = offset_at(low);
    int64_t after = offset_at(high);
    if (before == after) {
        cached_day = day;
        cached_offset = before;
        return local - before * SECOND_US;
    }
    int64_t change = transition_between(low, high, before);
    if (second - before < change) {
        return (second - before) * SECOND_US + fraction;
    }
    if (second - after >= change) {
        return (second - after) * SECOND_US + fraction;
    }
    return change * SECOND_US;
}

/* ---- civil dates ----------------------------------------------------------------------------- */

int64_t days_from_civil(int64_t year, unsigned month, unsigned day)
{
    /* Years that begin in March put the leap day at their end (Hinnant, public domain). */
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int64_t year_of_era = year - era * 400;
    int64_t shifted = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * shifted + 2) / 5 + (int64_t)day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}

static void civil_from_days(int64_t days, int64_t *out_year, unsigned *out_month, unsigned *out_day)
{
    days += 719468;
    int64_t era = floor_div(days, 146097);
    int64_t day_of_era = days - era * 146097;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * day_of_year + 2) / 153;
    *out_day = (unsigned)(day_of_year - (153 * shifted + 2) / 5 + 1);
    *out_month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *out_year = year_of_era + era * 400 + (*out_month <= 2);
}

static bool civil_valid(int64_t year, unsigned month, unsigned day)
{
    static const unsigned char lengths[12] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > lengths[month - 1]) {
        return false;
    }
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return month != 2 || day <= 28 || leap;
}

/* ---- reading --------------------------------------------------------------------------------- */

/* Exactly `count` digits at *at. */
static bool take_digits(text_view view, size_t *at, unsigned count, unsigned *out)
{
    unsigned value = 0;
    if (view.size - *at < count) {
        return false;
    }
    for (unsigned i = 0; i < count; i++) {
        unsigned digit = (unsigned)view.data[*at + i] - '0';
        if (digit > 9) {
            return false;
        }
        value = value * 10 + digit;
    }
    *at += count;
    *out = value;
    return true;
}

static bool take_char(text_view view, size_t *at, char c)
{
    if (*at < view.size && view.data[*at] == c) {
        ++*at;
        return true;
    }
    return false;
}

static bool take_date(text_view view, size_t *at, int64_t *out_days)
{
    unsigned year, month, day;
    if (!take_digits(view, at, 4, &year) || !take_char(view, at, '-') ||
        !take_digits(view, at, 2, &month) || !take_char(view, at, '-') ||
        !take_digits(view, at, 2, &day) || !civil_valid(year, month, day)) {
        return false;
    }
    *out_days = days_from_civil(year, month, day);
    return true;
}

/* Digits after the point as microseconds; finer ones are cut off. */
static bool take_fraction(text_view view, size_t *at, int64_t *out)
{
    int64_t value = 0;
    int64_t unit = SECOND_US;
    size_t first = *at;
    for (; *at < view.size && view.data[*at] >= '0' && view.data[*at] <= '9'; ++*at) {
        unit /= 10;
        value += (view.data[*at] - '0') * unit;
    }
    *out = value;
    return *at > first && *at - first <= 9;
}

/* HH:MM[:SS[.f]] as microseconds of the day. */
static bool take_clock(text_view view, size_t *at, int64_t *out)
{
    unsigned hour, minute, second = 0;
    int64_t fraction = 0;
    if (!take_digits(view, at, 2, &hour) || !take_char(view, at, ':') ||
        !take_digits(view, at, 2, &minute)) {
        return false;
    }
    if (take_char(view, at, ':')) {
        if (!take_digits(view, at, 2, &second)) {
            return false;
        }
        if ((take_char(view, at, '.') || take_char(view, at, ',')) &&
            !take_fraction(view, at, &fraction)) {
            return false;
        }
    }
    if (hour > 23 || minute > 59 || second > 59) {
        return false;
    }
    *out = (int64_t)(hour * 3600 + minute * 60 + second) * SECOND_US + fraction;
    return true;
}

/* Z, UTC, +HH, +HHMM or +HH:MM at the end; *out_local is true where there is none of them. */
static bool take_offset(text_view view, size_t *at, int64_t *out, bool *out_local)
{
    *out = 0;
    *out_local = false;
    if (*at == view.size) {
        *out_local = true;
        return true;
    }
    text_view rest = {view.data + *at, view.size - *at};
    if (text_equals_fold(rest, "Z") || text_equals_fold(rest, " UTC")) {
        *at = view.size;
        return true;
    }
    take_char(view, at, ' ');
    bool minus = take_char(view, at, '-');
    unsigned hours, minutes = 0;
    if ((!minus && !take_char(view, at, '+')) || !take_digits(view, at, 2, &hours)) {
        return false;
    }
    if (*at < view.size) {
        take_char(view, at, ':');
        if (!take_digits(view, at, 2, &minutes)) {
            return false;
        }
    }
    *out = (int64_t)(hours * 3600 + minutes * 60) * SECOND_US * (minus ? -1 : 1);
    return *at == view.size && hours < 24 && minutes < 60;
}

static bool in_range(int64_t instant, int64_t *out)
{
    if (instant < SEG_TIME_MIN || instant > SEG_TIME_MAX) {
        return false;
    }
    *out = instant;
    return true;
}

static bool iso_parse(text_view view, int64_t *out)
{
    size_t at = 0;
    int64_t days, clock = 0, offset;
    bool local = true;
    if (!take_date(view, &at, &days)) {
        return false;
    }
    if (at < view.size) {
        if ((!take_char(view, &at, 'T') && !take_char(view, &at, ' ') &&
             !take_char(view, &at, 't')) ||
            !take_clock(view, &at, &clock) || !take_offset(view, &at, &offset, &local)) {
            return false;
        }
    }
    int64_t written = days * DAY_S * SECOND_US + clock;
    return in_range(local ? times_instant(written) : written - offset, out);
}

static bool epoch_parse(text_view view, int32_t scale, int64_t *out)
{
    int64_t value;
    return parse_decimal(view, scale, &value) && in_range(value, out);
}

static bool yyyymmdd_parse(text_view view, int64_t *out_days)
{
    size_t at = 0;
    unsigned year, month, day;
    if (view.size != 8 || !take_digits(view, &at, 4, &year) || !take_digits(view, &at, 2, &month) ||
        !take_digits(view, &at, 2, &day) || !civil_valid(year, month, day)) {
        return false;
    }
    *out_days = days_from_civil(year, month, day);
    return true;
}

/* One or two digits. */
static bool take_short(text_view view, size_t *at, unsigned *out)
{
    return take_digits(view, at, 2, out) || take_digits(view, at, 1, out);
}

static bool pattern_parse(text_view view, const char *pattern, int64_t *out)
{
    unsigned year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0;
    size_t at = 0;
    for (const char *p = pattern; *p; p++) {
        bool fits;
        if (*p != '%') {
            fits = take_char(view, &at, *p);
        } else {
            switch (*++p) {
            case 'Y': fits = take_digits(view, &at, 4, &year); break;
            case 'y':
                fits = take_digits(view, &at, 2, &year);
                year += year < 70 ? 2000 : 1900;
                break;
            case 'm': fits = take_short(view, &at, &month); break;
            case 'd': fits = take_short(view, &at, &day); break;
            case 'H': fits = take_short(view, &at, &hour); break;
            case 'M': fits = take_short(view, &at, &minute); break;
            case 'S': fits = take_short(view, &at, &second); break;
            default: return false;
            }
        }
        if (!fits) {
            return false;
        }
    }
    if (at != view.size || !civil_valid(year, month, day) || hour > 23 || minute > 59 ||
        second > 59) {
        return false;
    }
    int64_t local = days_from_civil(year, month, day) * DAY_S + hour * 3600 + minute * 60 + second;
    return in_range(times_instant(local * SECOND_US), out);
}

bool time_parse(text_view view, const time_format *format, int64_t *out_instant)
{
    int64_t days;
    view = text_trim(view);
    switch (format->form) {
    case TIME_ISO: return iso_parse(view, out_instant);
    case TIME_EPOCH_S: return epoch_parse(view, 6, out_instant);
    case TIME_EPOCH_MS: return epoch_parse(view, 3, out_instant);
    case TIME_EPOCH_US: return epoch_parse(view, 0, out_instant);
    case TIME_YYYYMMDD:
        return yyyymmdd_parse(view, &days) &&
               in_range(times_instant(days * DAY_S * SECOND_US), out_instant);
    case TIME_PATTERN: return pattern_parse(view, format->pattern, out_instant);
    case TIME_NONE: break;
    }
    return false;
}

bool date_parse(text_view view, int32_t *out_days)
{
    size_t at = 0;
    int64_t days;
    view = text_trim(view);
    if (!(take_date(view, &at, &days) && at == view.size) && !yyyymmdd_parse(view, &days)) {
        return false;
    }
    *out_days = (int32_t)days;
    return true;
}

bool time_has_clock(text_view view)
{
    return text_trim(view).size > 10;
}

/* A pattern needs at least one known field, and no unknown one. */
static bool pattern_valid(const char *pattern)
{
    bool field = false;
    for (const char *p = pattern; *p; p++) {
        if (*p == '%') {
            p++;
            if (!*p || !strchr("YymdHMS", *p)) {
                return false;
            }
            field = true;
        }
    }
    return field;
}

static const struct {
    const char *name;
    time_form form;
} forms[] = {{"iso", TIME_ISO},         {"s", TIME_EPOCH_S},        {"ms", TIME_EPOCH_MS},
             {"us", TIME_EPOCH_US},     {"seconds", TIME_EPOCH_S},  {"millis", TIME_EPOCH_MS},
             {"micros", TIME_EPOCH_US}, {"yyyymmdd", TIME_YYYYMMDD}};

bool time_format_parse(const char *text, time_format *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (text_equals_fold(text_of(text), forms[i].name)) {
            *out = (time_format){forms[i].form, NULL};
            return true;
        }
    }
    *out = (time_format){TIME_PATTERN, text};
    return pattern_valid(text);
}

const char *time_format_name(const time_format *format)
{
    switch (format->form) {
    case TIME_ISO: return "ISO 8601";
    case TIME_EPOCH_S: return "seconds since 1970";
    case TIME_EPOCH_MS: return "milliseconds since 1970";
    case TIME_EPOCH_US: return "microseconds since 1970";
    case TIME_YYYYMMDD: return "YYYYMMDD";
    case TIME_PATTERN: return format->pattern;
    case TIME_NONE: break;
    }
    return "unknown";
}

/* ---- writing --------------------------------------------------------------------------------- */

static void buf_padded(text_buf *buf, int64_t value, unsigned width)
{
    char digits[20];
    for (unsigned i = width; i-- > 0; value /= 10) {
        digits[i] = (char)('0' + value % 10);
    }
    buf_bytes(buf, digits, width);
}

void buf_date(text_buf *buf, int32_t days)
{
    int64_t year;
    unsigned month, day;
    civil_from_days(days, &year, &month, &day);
    if (year < 0) {
        buf_char(buf, '-');
        year = -year;
    }
    buf_padded(buf, year, year > 9999 ? 7 : 4);
    buf_char(buf, '-');
    buf_padded(buf, month, 2);
    buf_char(buf, '-');
    buf_padded(buf, day, 2);
}

void buf_instant(text_buf *buf, int64_t instant)
{
    int64_t second = floor_div(instant, SECOND_US);
    int64_t fraction = instant - second * SECOND_US;
    int64_t day = floor_div(second, DAY_S);
    int64_t rest = second - day * DAY_S;
    buf_date(buf, (int32_t)day);
    buf_char(buf, 'T');
    buf_padded(buf, rest / 3600, 2);
    buf_char(buf, ':');
    buf_padded(buf, rest / 60 % 60, 2);
    buf_char(buf, ':');
    buf_padded(buf, rest % 60, 2);
    if (fraction) {
        buf_char(buf, '.');
        if (fraction % 1000 == 0) {
            buf_padded(buf, fraction / 1000, 3);
        } else {
            buf_padded(buf, fraction, 6);
        }
    }
    buf_char(buf, 'Z');
}
