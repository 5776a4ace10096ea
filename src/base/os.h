/* The operating system: randomness, the monotonic clock (for measuring only) and small files. */
#ifndef SEGI_OS_H
#define SEGI_OS_H

#include "base/buf.h"

seg_status segi_os_random(void *out, size_t size, seg_error *err);
/* Nanoseconds of a clock that never goes back. */
uint64_t segi_os_nanoseconds(void);
bool segi_os_directory_exists(const char *path);
/* Append a whole regular file of at most size_max bytes to buf. SEG_E_NOT_FOUND (also for what is
 * not a regular file), SEG_E_LIMIT, SEG_E_IO; buf is then as before. path is NUL-terminated. */
seg_status segi_os_read_file(const char *path, size_t size_max, segi_buf *buf, seg_error *err);

#endif
