/* days.c - ranges of days, in order and as text.
 *
 * Occasions are the named calendars of S-27: holidays that follow the moon are data. Ranges are
 * kept rising and apart, so that "is this day one of them" is a binary search for whoever
 * compiles them. The text of a file comes from outside: reading checks all that defining does. */
#include "sets/days.h"

#include <stdlib.h>

#include "base/civil.h"
#include "base/error.h"

#define DAY_MIN (SEG_TIME_MIN / SEGI_DAY)
#define DAY_MAX (SEG_TIME_MAX / SEGI_DAY)
#define DATE_SIZE 10 /* 2026-01-31 */
#define LINE_SIZE (2 * DATE_SIZE + 2)

static int range_compare(const void *a, const void *b)
{
    const segi_days *x = a, *y = b;
    return x->first < y->first ? -1 : x->first > y->first;
}

/* Ranges that touch become one. Returns how many are left. */
static size_t ranges_merge(segi_days *ranges, size_t count)
{
    size_t kept = 0;
    qsort(ranges, count, sizeof *ranges, range_compare);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && ranges[i].first <= ranges[kept - 1].last + 1) {
            if (ranges[i].last > ranges[kept - 1].last)
                ranges[kept - 1].last = ranges[i].last;
        } else {
            ranges[kept++] = ranges[i];
        }
    }
    return kept;
}

seg_status segi_days_settle(segi_days *ranges, size_t *count, seg_error *err)
{
    SEGI_CHECK_ARG(*count > 0, err, "an occasion has one range of days or more");
    if (*count > SEG_OCCASION_RANGES_MAX)
        return segi_fail(err, SEG_E_LIMIT, "more than %d ranges in one occasion",
                         SEG_OCCASION_RANGES_MAX);
    for (size_t i = 0; i < *count; i++) {
        if (ranges[i].first > ranges[i].last)
            return segi_fail(err, SEG_E_ARG, "range %zu of the occasion ends before it begins", i);
        if (ranges[i].first < DAY_MIN || ranges[i].last > DAY_MAX)
            return segi_fail(err, SEG_E_ARG, "range %zu of the occasion is outside of the calendar",
                             i);
    }
    *count = ranges_merge(ranges, *count);
    return SEG_OK;
}

/* Every line has LINE_SIZE bytes: years have four digits, see DAY_MIN and DAY_MAX. */
void segi_days_write(const segi_days *ranges, size_t count, segi_buf *out)
{
    for (size_t i = 0; i < count; i++) {
        segi_civil_write_date(out, ranges[i].first);
        segi_buf_char(out, ' ');
        segi_civil_write_date(out, ranges[i].last);
        segi_buf_char(out, '\n');
    }
}

size_t segi_days_count(size_t text_size)
{
    return text_size / LINE_SIZE;
}

/* Exactly DATE_SIZE bytes must be a date. */
static bool date_read(const char *text, int32_t *out)
{
    segi_civil_time time;
    if (segi_civil_parse(text, DATE_SIZE, &time) != DATE_SIZE)
        return false;
    *out = time.days;
    return true;
}

static bool range_read(const char *line, segi_days *out)
{
    return line[DATE_SIZE] == ' ' && line[LINE_SIZE - 1] == '\n' && date_read(line, &out->first) &&
           date_read(line + DATE_SIZE + 1, &out->last);
}

bool segi_days_read(const char *text, size_t text_size, segi_days *ranges, size_t *count)
{
    *count = segi_days_count(text_size);
    if (text_size != *count * LINE_SIZE)
        return false;
    for (size_t i = 0; i < *count; i++) {
        if (!range_read(text + i * LINE_SIZE, &ranges[i]))
            return false;
    }
    return segi_days_settle(ranges, count, NULL) == SEG_OK;
}
