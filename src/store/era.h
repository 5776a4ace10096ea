/* Eras: what a removal has replaced lives on until nobody can see it any more.
 *
 * Dictionaries and ids only grow and are read without locks. Where some of them are to be
 * forgotten, a second object without them takes the place of the first, and the first is retired:
 * it belongs to the era that ends with the replacement. Versions hold the era that they were made
 * in, each era holds the next one; so an era goes, and overwrites and frees what was retired in
 * it, with the last version that is as old or older. */
#ifndef SEGI_ERA_H
#define SEGI_ERA_H

#include <stdatomic.h>

#include "store/ids.h"

typedef struct segi_era {
    atomic_uint refs; /* versions, the era before, the store for the newest */
    const segi_mem *mem;
    atomic_uint *open;     /* of the store: eras that have not gone */
    struct segi_era *next; /* retained; NULL: the newest */
    /* Owned, once the era has ended. */
    segi_strings **strings;
    size_t string_count;
    segi_ids *ids;
} segi_era;

/* *open counts it until it goes. NULL when out of memory. */
segi_era *segi_era_create(const segi_mem *mem, atomic_uint *open);
void segi_era_retain(segi_era *era);
void segi_era_release(segi_era *era);
/* End the store's era with what it retires, which is taken, and begin `next`, which is taken as
 * well: *era becomes it. Cannot fail. */
void segi_era_end(segi_era **era, segi_era *next, segi_strings **strings, size_t string_count,
                  segi_ids *ids);

#endif
