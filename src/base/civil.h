/* Civil dates in the proleptic Gregorian calendar, and text forms of instants.
 * A day number counts days since 1970-01-01. */
#ifndef SEGI_CIVIL_H
#define SEGI_CIVIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define SEGI_SECOND ((int64_t)1000000)
#define SEGI_MINUTE (60 * SEGI_SECOND)
#define SEGI_HOUR (60 * SEGI_MINUTE)
#define SEGI_DAY (24 * SEGI_HOUR)

int32_t segi_civil_days(int32_t year, int32_t month, int32_t day);
void segi_civil_from_days(int32_t days, int32_t *year, int32_t *month, int32_t *day);
int32_t segi_civil_month_length(int32_t year, int32_t month);
/* ISO: 1 Monday ... 7 Sunday. */
int32_t segi_civil_weekday(int32_t days);
/* Same day of the month `months` later (or earlier), clamped to the month's end. */
int32_t segi_civil_add_months(int32_t days, int32_t months);
/* First day of the period that holds `days`. week_start: 1 Monday, 7 Sunday. */
typedef enum segi_period {
    SEGI_PERIOD_DAY,
    SEGI_PERIOD_WEEK,
    SEGI_PERIOD_MONTH,
    SEGI_PERIOD_QUARTER,
    SEGI_PERIOD_YEAR
} segi_period;
int32_t segi_civil_period_start(segi_period period, int32_t days, int32_t week_start);
/* First day of the period `count` after (before) the one that starts at `start`. */
int32_t segi_civil_period_add(segi_period period, int32_t start, int32_t count);
/* Floor division of an instant: whole days since 1970-01-01. */
int64_t segi_floor_div(int64_t a, int64_t b);

/* Text that starts with a date or instant: YYYY-MM-DD, or YYYY-MM-DDTHH:MM[:SS[.ffffff]] with
 * an optional Z or +HH:MM; a blank serves for T. Returns bytes used, 0 if there is none or it is
 * not a real date, hour, ... (a leap second 60 is refused). */
typedef struct segi_civil_time {
    int32_t days;        /* day number */
    int64_t time_of_day; /* microseconds, 0 .. SEGI_DAY - 1 */
    bool has_time;
    bool has_offset;
    int32_t offset_seconds; /* east of UTC */
} segi_civil_time;
size_t segi_civil_parse(const char *text, size_t size, segi_civil_time *out);
/* 2026-01-31 */
void segi_civil_write_date(segi_buf *buf, int32_t days);
/* 2026-01-31T12:00:00Z, with .ffffff only where not 0 */
void segi_civil_write_instant(segi_buf *buf, int64_t instant);

#endif
