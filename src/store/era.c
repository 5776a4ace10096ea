/* Eras: see era.h. */
#include "store/era.h"

segi_era *segi_era_create(const segi_mem *mem, atomic_uint *open)
{
    segi_era *era = segi_alloc_zero(mem, sizeof *era);
    if (!era)
        return NULL;
    atomic_init(&era->refs, 1);
    era->mem = mem;
    era->open = open;
    atomic_fetch_add_explicit(open, 1, memory_order_relaxed);
    return era;
}

void segi_era_retain(segi_era *era)
{
    atomic_fetch_add_explicit(&era->refs, 1, memory_order_relaxed);
}

/* A loop and no recursion: the end of an era lets go of the next one, and there may be many in a
 * row. */
void segi_era_release(segi_era *era)
{
    while (era && atomic_fetch_sub_explicit(&era->refs, 1, memory_order_acq_rel) == 1) {
        segi_era *next = era->next;
        for (size_t i = 0; i < era->string_count; i++)
            segi_strings_destroy(era->strings[i]);
        segi_ids_destroy(era->ids);
        segi_free(era->mem, era->strings);
        atomic_fetch_sub_explicit(era->open, 1, memory_order_release);
        segi_free(era->mem, era);
        era = next;
    }
}

/* The old era takes what its snapshots still read, and ends with the last of them. */
void segi_era_end(segi_era **era, segi_era *next, segi_strings **strings, size_t string_count,
                  segi_ids *ids)
{
    segi_era *old = *era;
    old->strings = strings;
    old->string_count = string_count;
    old->ids = ids;
    old->next = next;
    segi_era_retain(next);
    *era = next;
    segi_era_release(old);
}
