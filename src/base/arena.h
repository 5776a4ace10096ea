/* Arena: many small allocations that end together (a syntax tree, a plan). One thread. */
#ifndef SEGI_ARENA_H
#define SEGI_ARENA_H

#include "base/alloc.h"

typedef struct segi_arena_block segi_arena_block;
typedef struct segi_arena {
    const segi_mem *mem;
    segi_arena_block *blocks; /* owned, newest first */
    size_t used, capacity;    /* of the newest block */
    size_t total;             /* bytes of all blocks */
} segi_arena;

void segi_arena_init(segi_arena *arena, const segi_mem *mem);
void segi_arena_deinit(segi_arena *arena);
/* Zeroed, aligned to 16. NULL when out of memory. */
void *segi_arena_alloc(segi_arena *arena, size_t size);
void *segi_arena_array(segi_arena *arena, size_t count, size_t size);
/* A copy followed by a NUL. */
char *segi_arena_copy(segi_arena *arena, const void *data, size_t size);

#endif
