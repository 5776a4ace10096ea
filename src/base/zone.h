/* Time zones from the system's tz database (TZif version 2 and later, RFC 9636).
 *
 * A zone is immutable after loading. libc's own zone functions are not used: their state belongs
 * to the whole process. */
#ifndef SEGI_ZONE_H
#define SEGI_ZONE_H

#include "base/alloc.h"
#include "base/civil.h"

typedef struct segi_zone segi_zone;

/* Always there, static: never released by anyone. */
const segi_zone *segi_zone_utc(void);

/* Load by IANA name, for example "Europe/Berlin", from the system's database. "UTC" needs no
 * file. The name is checked before any path is made of it. SEG_E_UNKNOWN_NAME, also where the
 * database is not installed (the message says so), SEG_E_CORRUPT, SEG_E_NOMEM.
 * Owned by the caller: segi_zone_destroy() (harmless on the UTC zone). */
seg_status segi_zone_load(const segi_mem *mem, const char *name, size_t name_size, segi_zone **out,
                          seg_error *err);
/* From the bytes of a TZif file; hostile until checked. */
seg_status segi_zone_parse(const segi_mem *mem, const char *name, size_t name_size,
                           const void *bytes, size_t size, segi_zone **out, seg_error *err);
void segi_zone_destroy(segi_zone *zone);
const char *segi_zone_name(const segi_zone *zone); /* NUL-terminated */

/* Seconds east of UTC at the instant; beyond the table the footer's rule. */
int32_t segi_zone_offset(const segi_zone *zone, int64_t instant);
/* The same, and the stretch begin <= t < end that has this offset without a break: what goes
 * through many instants asks once per stretch. */
int32_t segi_zone_span(const segi_zone *zone, int64_t instant, int64_t *begin, int64_t *end);
/* Civil time there, as microseconds since 1970-01-01T00:00:00 local. */
int64_t segi_zone_local(const segi_zone *zone, int64_t instant);
/* The civil date there. */
int32_t segi_zone_date(const segi_zone *zone, int64_t instant);
/* The instant of a local time. Where clocks went back and it occurs twice, the earlier instant;
 * where they went forward and it does not occur, the instant at which the gap begins. */
int64_t segi_zone_instant(const segi_zone *zone, int64_t local);
/* First instant of a civil day. */
int64_t segi_zone_day_start(const segi_zone *zone, int32_t days);

#endif
