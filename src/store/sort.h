/* Sorting of events. */
#ifndef SEGI_SORT_H
#define SEGI_SORT_H

#include "store/part.h"

/* Sort keys of one chunk by (user, time), keeping the order of equal ones. swap: as large. */
void segi_keys_sort(segi_key *keys, segi_key *swap, size_t count);
/* Sort by the upper 32 bits, keeping the order of equal ones. Returns where the result is:
 * entries or swap. */
uint64_t *segi_sort_high(uint64_t *entries, uint64_t *swap, size_t count);

#endif
