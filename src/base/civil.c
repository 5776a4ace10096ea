/* civil.c - dates of the proleptic Gregorian calendar and their text forms.
 *
 * The conversions between days and dates follow Howard Hinnant, "chrono-Compatible Low-Level
 * Date Algorithms": years begin in March, so that the leap day is the last one, and 400-year eras
 * repeat exactly. Results beyond int32_t days are clamped to its ends. */
#include "base/civil.h"

#define DAYS_PER_ERA 146097
#define DAYS_TO_EPOCH 719468 /* from 0000-03-01 to 1970-01-01 */

/* The door speaks of int32_t days; what lies outside is some six million years away. */
static int32_t clamp_days(int64_t days)
{
    return days > INT32_MAX ? INT32_MAX : days < INT32_MIN ? INT32_MIN : (int32_t)days;
}

static int64_t days_from_civil(int64_t year, int32_t month, int32_t day)
{
    year -= month <= 2;
    int64_t era = segi_floor_div(year, 400);
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * DAYS_PER_ERA + day_of_era - DAYS_TO_EPOCH;
}

static int32_t month_length(int64_t year, int32_t month)
{
    static const int8_t lengths[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return lengths[month - 1] + (month == 2 && leap);
}

int32_t segi_civil_days(int32_t year, int32_t month, int32_t day)
{
    return clamp_days(days_from_civil(year, month, day));
}

void segi_civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day)
{
    int64_t shifted = (int64_t)days + DAYS_TO_EPOCH;
    int64_t era = segi_floor_div(shifted, DAYS_PER_ERA);
    int32_t day_of_era = (int32_t)(shifted - era * DAYS_PER_ERA);
    int32_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int32_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int32_t month_from_march = (5 * day_of_year + 2) / 153;
    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march + (month_from_march < 10 ? 3 : -9);
    *year = (int32_t)(year_of_era + era * 400) + (*month <= 2);
}

int32_t segi_civil_month_length(int32_t year, int32_t month)
{
    return month < 1 || month > 12 ? 0 : month_length(year, month);
}

int32_t segi_civil_weekday(int32_t days)
{
    /* Day 0 was a Thursday, the fourth day of its week. */
    int32_t remainder = (int32_t)(((int64_t)days + 3) % 7);
    return (remainder < 0 ? remainder + 7 : remainder) + 1;
}

/* Months are counted from year 0; the day is clamped to the end of the month it lands in. */
static int64_t add_months(int32_t days, int64_t months)
{
    int32_t year, month, day;
    segi_civil_from_days(days, &year, &month, &day);
    int64_t month_count = (int64_t)year * 12 + (month - 1) + months;
    int64_t new_year = segi_floor_div(month_count, 12);
    int32_t new_month = (int32_t)(month_count - new_year * 12) + 1;
    int32_t length = month_length(new_year, new_month);
    return days_from_civil(new_year, new_month, day < length ? day : length);
}

int32_t segi_civil_add_months(int32_t days, int32_t months)
{
    return clamp_days(add_months(days, months));
}

/* Quarters begin in January, April, July and October. */
int32_t segi_civil_period_start(segi_period period, int32_t days, int32_t week_start)
{
    int32_t year, month, day;
    if (period == SEGI_PERIOD_DAY)
        return days;
    if (period == SEGI_PERIOD_WEEK) {
        int32_t since = (segi_civil_weekday(days) - week_start + 7) % 7;
        return clamp_days((int64_t)days - since);
    }
    segi_civil_from_days(days, &year, &month, &day);
    if (period == SEGI_PERIOD_QUARTER)
        month = (month - 1) / 3 * 3 + 1;
    else if (period == SEGI_PERIOD_YEAR)
        month = 1;
    return clamp_days(days_from_civil(year, month, 1));
}

int32_t segi_civil_period_add(segi_period period, int32_t start, int32_t count)
{
    switch (period) {
    case SEGI_PERIOD_WEEK: return clamp_days(start + (int64_t)count * 7);
    case SEGI_PERIOD_MONTH: return clamp_days(add_months(start, count));
    case SEGI_PERIOD_QUARTER: return clamp_days(add_months(start, (int64_t)count * 3));
    case SEGI_PERIOD_YEAR: return clamp_days(add_months(start, (int64_t)count * 12));
    case SEGI_PERIOD_DAY:
    default: return clamp_days(start + (int64_t)count);
    }
}

int64_t segi_floor_div(int64_t a, int64_t b)
{
    int64_t quotient = a / b;
    return quotient - (a % b != 0 && (a < 0) != (b < 0));
}

/* ---- reading ---- */

static bool is_digit(const char *text, size_t size, size_t at)
{
    return at < size && text[at] >= '0' && text[at] <= '9';
}

/* Exactly `count` digits at `at`; -1 if there are fewer. */
static int32_t read_digits(const char *text, size_t size, size_t at, size_t count)
{
    int32_t value = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_digit(text, size, at + i))
            return -1;
        value = value * 10 + (text[at + i] - '0');
    }
    return value;
}

/* Whether c stands at `at`; also answers "no" beyond the end. */
static bool has_char(const char *text, size_t size, size_t at, char c)
{
    return at < size && text[at] == c;
}

/* HH:MM with both in range; -1 otherwise. Minutes. */
static int32_t read_hours_minutes(const char *text, size_t size, size_t at)
{
    int32_t hours = read_digits(text, size, at, 2);
    int32_t minutes = read_digits(text, size, at + 3, 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 ||
        !has_char(text, size, at + 2, ':'))
        return -1;
    return hours * 60 + minutes;
}

/* [:SS[.f{1,6}]] at *at, in microseconds; -1 if what stands there is no such thing. */
static int64_t read_seconds(const char *text, size_t size, size_t *at)
{
    if (!has_char(text, size, *at, ':'))
        return 0;
    int32_t seconds = read_digits(text, size, *at + 1, 2);
    if (seconds < 0 || seconds > 59)
        return -1;
    *at += 3;
    int64_t fraction = 0;
    if (has_char(text, size, *at, '.') && is_digit(text, size, *at + 1)) {
        int digits = 0;
        for (*at += 1; is_digit(text, size, *at); *at += 1) {
            if (++digits > 6)
                return -1;
            fraction = fraction * 10 + (text[*at] - '0');
        }
        for (; digits < 6; digits++)
            fraction *= 10;
    }
    return seconds * SEGI_SECOND + fraction;
}

/* Z or +HH:MM at *at. A sign that no such offset follows is left alone: in a predicate it may be
 * a minus. False for an offset that is out of range. */
static bool read_offset(const char *text, size_t size, size_t *at, segi_civil_time *out)
{
    if (has_char(text, size, *at, 'Z')) {
        out->has_offset = true;
        *at += 1;
        return true;
    }
    bool plus = has_char(text, size, *at, '+');
    if (!plus && !has_char(text, size, *at, '-'))
        return true;
    if (read_digits(text, size, *at + 1, 2) < 0 || !has_char(text, size, *at + 3, ':'))
        return true;
    int32_t minutes = read_hours_minutes(text, size, *at + 1);
    if (minutes < 0)
        return false;
    out->has_offset = true;
    out->offset_seconds = plus ? minutes * 60 : -minutes * 60;
    *at += 6;
    return true;
}

size_t segi_civil_parse(const char *text, size_t size, segi_civil_time *out)
{
    *out = (segi_civil_time){0};
    int32_t year = read_digits(text, size, 0, 4);
    int32_t month = read_digits(text, size, 5, 2);
    int32_t day = read_digits(text, size, 8, 2);
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > month_length(year, month) ||
        text[4] != '-' || text[7] != '-')
        return 0;
    size_t at = 10;
    segi_civil_time result = {0};
    result.days = segi_civil_days(year, month, day);
    /* After a blank only what looks like a time belongs to the date. */
    bool has_time = has_char(text, size, at, 'T') ||
                    (has_char(text, size, at, ' ') && read_digits(text, size, at + 1, 2) >= 0 &&
                     has_char(text, size, at + 3, ':'));
    if (has_time) {
        int32_t minutes = read_hours_minutes(text, size, at + 1);
        if (minutes < 0)
            return 0;
        at += 6;
        int64_t seconds = read_seconds(text, size, &at);
        if (seconds < 0 || !read_offset(text, size, &at, &result))
            return 0;
        result.has_time = true;
        result.time_of_day = minutes * SEGI_MINUTE + seconds;
    }
    /* A further digit would make another number of the last one. */
    if (is_digit(text, size, at))
        return 0;
    *out = result;
    return at;
}

/* ---- writing ---- */

/* At least `width` digits of a number that is not negative. */
static void write_padded(segi_buf *buf, int64_t value, int width)
{
    char digits[24];
    int at = (int)sizeof digits;
    for (; width > 0 || value != 0; width--) {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    }
    segi_buf_add(buf, digits + at, sizeof digits - (size_t)at);
}

void segi_civil_write_date(segi_buf *buf, int32_t days)
{
    int32_t year, month, day;
    segi_civil_from_days(days, &year, &month, &day);
    /* ISO 8601 marks years outside 0000 .. 9999 with a sign. */
    if (year < 0)
        segi_buf_char(buf, '-');
    else if (year > 9999)
        segi_buf_char(buf, '+');
    write_padded(buf, year < 0 ? -(int64_t)year : year, 4);
    segi_buf_char(buf, '-');
    write_padded(buf, month, 2);
    segi_buf_char(buf, '-');
    write_padded(buf, day, 2);
}

/* Always UTC, so that the text means the same everywhere. */
void segi_civil_write_instant(segi_buf *buf, int64_t instant)
{
    int64_t days = segi_floor_div(instant, SEGI_DAY);
    /* Not instant - days * SEGI_DAY: that product does not fit for the lowest instants. */
    int64_t rest = instant % SEGI_DAY;
    rest += rest < 0 ? SEGI_DAY : 0;
    segi_civil_write_date(buf, (int32_t)days);
    segi_buf_char(buf, 'T');
    write_padded(buf, rest / SEGI_HOUR, 2);
    segi_buf_char(buf, ':');
    write_padded(buf, rest / SEGI_MINUTE % 60, 2);
    segi_buf_char(buf, ':');
    write_padded(buf, rest / SEGI_SECOND % 60, 2);
    if (rest % SEGI_SECOND != 0) {
        segi_buf_char(buf, '.');
        write_padded(buf, rest % SEGI_SECOND, 6);
    }
    segi_buf_char(buf, 'Z');
}
