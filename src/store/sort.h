/* Sorting of events and of small things. */
#ifndef SEGI_SORT_H
#define SEGI_SORT_H

#include "store/part.h"

/* Sort keys of one chunk by (user, time), keeping the order of equal ones. swap: as large. */
void segi_keys_sort(segi_key *keys, segi_key *swap, size_t count);
/* Sort by the upper 32 bits, keeping the order of equal ones. Returns where the result is:
 * entries or swap. */
uint64_t *segi_sort_high(uint64_t *entries, uint64_t *swap, size_t count);
/* Sort, drop repeats; returns how many are left. */
size_t segi_sort_unique(uint32_t *values, size_t count);

#endif
