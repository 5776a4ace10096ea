/* Numbers in order, each once. */
#ifndef SEGI_UNIQUE_H
#define SEGI_UNIQUE_H

#include <stddef.h>
#include <stdint.h>

/* Sort, drop repeats; returns how many are left. */
size_t segi_sort_unique(uint32_t *values, size_t count);

#endif
