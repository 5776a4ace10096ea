/* Refused user ids: see suppress.h.
 *
 * Hashes of 128 bits under a key of the store stand for the ids, so that the list does not keep
 * what was to be erased. */
#include "store/suppress.h"

#include "base/hash.h"

#define SUPPRESS_BITS_MIN 6
#define SUPPRESS_BITS_MAX 40

/* Two hashes of 64 bits under neighbouring keys. */
static segi_suppress_entry suppress_hash(const segi_suppress *list, const void *id, size_t size)
{
    segi_suppress_entry entry;
    for (int half = 0; half < 2; half++) {
        uint64_t key[2] = {list->key[0] + (uint64_t)half, list->key[1]};
        entry.hash[half] = segi_siphash(key, id, size);
    }
    /* Two zeros mean an empty slot. */
    entry.hash[1] |= (entry.hash[0] | entry.hash[1]) == 0;
    return entry;
}

/* Where the entry is, or the empty slot where it belongs. */
static segi_suppress_entry *suppress_slot(const segi_suppress *list, const segi_suppress_entry *e)
{
    size_t mask = ((size_t)1 << list->bits) - 1, at = (size_t)e->hash[0] & mask;
    for (;; at = (at + 1) & mask) {
        segi_suppress_entry *slot = &list->slots[at];
        if (segi_suppress_is_empty(slot) ||
            (slot->hash[0] == e->hash[0] && slot->hash[1] == e->hash[1]))
            return slot;
    }
}

/* At most half full, so that a look-up ends soon; doubled by copying. */
bool segi_suppress_reserve(segi_suppress *list, const segi_mem *mem, size_t more)
{
    uint32_t bits = list->bits > SUPPRESS_BITS_MIN ? list->bits : SUPPRESS_BITS_MIN;
    while (bits <= SUPPRESS_BITS_MAX && list->count + more > ((size_t)1 << bits) / 2)
        bits++;
    if (list->slots && bits == list->bits)
        return true;
    if (bits > SUPPRESS_BITS_MAX)
        return false;
    segi_suppress next = *list;
    next.bits = bits;
    next.slots = segi_alloc_zero(mem, ((size_t)1 << bits) * sizeof *next.slots);
    if (!next.slots)
        return false;
    for (size_t i = 0; i < segi_suppress_slots(list); i++)
        if (!segi_suppress_is_empty(&list->slots[i]))
            *suppress_slot(&next, &list->slots[i]) = list->slots[i];
    segi_free(mem, list->slots);
    *list = next;
    return true;
}

bool segi_suppress_put(segi_suppress *list, const segi_suppress_entry *entry)
{
    segi_suppress_entry *slot = suppress_slot(list, entry);
    if (!segi_suppress_is_empty(slot))
        return false;
    *slot = *entry;
    list->count++;
    return true;
}

/* False: it was there. Room was reserved before. */
bool segi_suppress_add(segi_suppress *list, const void *id, size_t size)
{
    segi_suppress_entry entry = suppress_hash(list, id, size);
    return segi_suppress_put(list, &entry);
}

bool segi_suppress_has(const segi_suppress *list, const void *id, size_t size)
{
    if (list->count == 0)
        return false;
    segi_suppress_entry entry = suppress_hash(list, id, size);
    const segi_suppress_entry *slot = suppress_slot(list, &entry);
    return !segi_suppress_is_empty(slot);
}

void segi_suppress_deinit(segi_suppress *list, const segi_mem *mem)
{
    segi_free(mem, list->slots);
    list->slots = NULL;
    list->bits = 0;
    list->count = 0;
}
