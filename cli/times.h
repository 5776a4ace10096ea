/* times.h - instants and dates in files: reading them in several notations, writing them in one.
 *
 * Local times (without Z or an offset) are read in one zone for the whole program, the store's.
 * Where clocks went back and a local time occurs twice it is the earlier instant; where they went
 * forward and it does not occur, the instant at which the gap begins. That is the library's rule
 * too. */
#ifndef CLI_TIMES_H
#define CLI_TIMES_H

#include "text.h"

typedef enum time_form {
    TIME_NONE,
    TIME_ISO,     /* 2026-01-31, 2026-01-31T12:30[:05[.25]][Z|+02:00], blank instead of T */
    TIME_EPOCH_S, /* seconds since 1970, also with a fraction */
    TIME_EPOCH_MS,
    TIME_EPOCH_US,
    TIME_YYYYMMDD, /* 20260131 */
    TIME_PATTERN   /* %Y %m %d %H %M %S %y and literal characters */
} time_form;

typedef struct time_format {
    time_form form;
    const char *pattern; /* TIME_PATTERN; borrowed */
} time_format;

/* Sets the zone of local times; name is an IANA name that the store has accepted. */
void times_set_zone(const char *name);
/* The name given, "UTC" at first. */
const char *times_zone(void);
/* Instant of a local time, both in microseconds. */
int64_t times_instant(int64_t local);

/* Reads `iso`, `s`, `ms`, `us`, `yyyymmdd` or a pattern with %. */
bool time_format_parse(const char *text, time_format *out);
const char *time_format_name(const time_format *format);

bool time_parse(text_view view, const time_format *format, int64_t *out_instant);
/* A civil date, YYYY-MM-DD or YYYYMMDD, as days since 1970-01-01. */
bool date_parse(text_view view, int32_t *out_days);
/* True for an ISO date and time, false for a date alone. */
bool time_has_clock(text_view view);

int64_t days_from_civil(int64_t year, unsigned month, unsigned day);
/* 2026-01-31T12:30:05Z, with a fraction only where there is one. */
void buf_instant(text_buf *buf, int64_t instant);
void buf_date(text_buf *buf, int32_t days);

#endif /* CLI_TIMES_H */
