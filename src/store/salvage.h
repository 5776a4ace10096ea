/* A salvage under way: what is left of a damaged store is written to a new one.
 *
 * Of the damaged store only the root is opened (segi_store_open() with `salvage`). Its users,
 * values, rows and remembered event ids are read block by block, each block by the same loader
 * that an opening uses, and go into a new store as a commit would put them there. So the new store
 * is sound whatever the old one held, and users, codes and rows count from 0 again: of those that
 * are lost no gap stays. Last come the records of the log, as in any recovery. */
#ifndef SEGI_SALVAGE_H
#define SEGI_SALVAGE_H

#include "store/keep.h"

/* Numbers of the damaged store, and what they are in the new one. Only those that are left take
 * memory: a file may claim any number of users. */
typedef struct segi_salvage_range {
    uint32_t begin, count;
    size_t at; /* in `numbers` */
} segi_salvage_range;
typedef struct segi_salvage_map {
    segi_salvage_range *ranges; /* owned, rising */
    size_t range_count, range_capacity;
    uint32_t *numbers; /* owned */
    size_t number_count, number_capacity;
} segi_salvage_map;

typedef struct segi_salvage {
    segi_store *from, *to; /* owned */
    seg_salvage_report *out;
    segi_store_report *report; /* NULL: nobody listens */
    void *report_user;
    bool blocks_told; /* damage of blocks is told once, not wherever they are needed */
    segi_salvage_map users;
    segi_buf buf;
    seg_status failure; /* within a visit of blocks */
    seg_error *err;
} segi_salvage;

/* Whether a status says that something is lost; out of memory is the only other failure of reading
 * from the damaged store. */
static inline bool segi_salvage_lost(seg_status status)
{
    return status != SEG_OK && status != SEG_E_NOMEM;
}

/* Room for what `count` numbers from `begin` on become, which rise from call to call. NULL: out of
 * memory. */
uint32_t *segi_salvage_map_add(segi_salvage_map *map, const segi_mem *mem, uint32_t begin,
                               uint32_t count);
/* UINT32_MAX where it is lost. */
uint32_t segi_salvage_map_get(const segi_salvage_map *map, uint32_t number);
void segi_salvage_map_deinit(segi_salvage_map *map, const segi_mem *mem);

/* The strings of one dictionary into another, and how their codes change. */
seg_status segi_salvage_strings(segi_salvage *s, const segi_strings *from, segi_strings *to,
                                segi_salvage_map *codes);
/* Users and since when they exist; then the values of their attributes. */
seg_status segi_salvage_users(segi_salvage *s);
seg_status segi_salvage_attributes(segi_salvage *s);
/* The rows of all runs, in the order in which they arrived. */
seg_status segi_salvage_events(segi_salvage *s);
/* Write what has gathered, so that memory can be given back. */
seg_status segi_salvage_settle(segi_salvage *s);

#endif
