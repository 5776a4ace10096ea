/* User ids that are refused since their users were erased.
 *
 * The list holds a keyed 128-bit hash of each id, never the id. With the key at hand it can be
 * tried out guess by guess, so key and list together still say something about a person. */
#ifndef SEGI_SUPPRESS_H
#define SEGI_SUPPRESS_H

#include "base/alloc.h"

typedef struct segi_suppress_entry {
    uint64_t hash[2]; /* both 0: empty */
} segi_suppress_entry;

typedef struct segi_suppress {
    uint64_t key[2];
    segi_suppress_entry *slots; /* owned; NULL while there are none */
    uint32_t bits;
    size_t count;
} segi_suppress;

/* A number as the eight bytes that are hashed for it. */
static inline void segi_id_bytes(uint64_t id, unsigned char out[8])
{
    for (int i = 0; i < 8; i++)
        out[i] = (unsigned char)(id >> 8 * i);
}

void segi_suppress_deinit(segi_suppress *list, const segi_mem *mem);
/* Room for `more` entries. False when out of memory; nothing has changed. */
bool segi_suppress_reserve(segi_suppress *list, const segi_mem *mem, size_t more);
/* Ids of number stores are their eight bytes, lowest first. There is room. False: it is there. */
bool segi_suppress_add(segi_suppress *list, const void *id, size_t size);
bool segi_suppress_has(const segi_suppress *list, const void *id, size_t size);
/* The same of a hash that comes from a file. */
bool segi_suppress_put(segi_suppress *list, const segi_suppress_entry *entry);
/* To walk through the list: slots[] has so many places, some of them empty. */
static inline size_t segi_suppress_slots(const segi_suppress *list)
{
    return list->slots ? (size_t)1 << list->bits : 0;
}
static inline bool segi_suppress_is_empty(const segi_suppress_entry *entry)
{
    return (entry->hash[0] | entry->hash[1]) == 0;
}

#endif
