/* The days of an occasion, and the text as which they are saved: a line "2026-11-27 2026-11-30"
 * for each range. Whoever looks into the file can read it. Private to the room. */
#ifndef SEGI_DAYS_H
#define SEGI_DAYS_H

#include "base/buf.h"
#include "lang/lang.h"

/* Fails where the ranges are not what the public function promises. Else puts them in order: they
 * then rise, with a day or more between two, and *count says how many are left. */
seg_status segi_days_settle(segi_days *ranges, size_t *count, seg_error *err);
void segi_days_write(const segi_days *ranges, size_t count, segi_buf *out);
/* How many ranges a text of this size has. */
size_t segi_days_count(size_t text_size);
/* Reads that many and puts them in order; *count is how many are left. False where the text is
 * something else. */
bool segi_days_read(const char *text, size_t text_size, segi_days *ranges, size_t *count);

#endif
