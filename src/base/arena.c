/* arena.c - blocks of memory handed out from their front and freed together.
 *
 * Invariant: `used` and `capacity` describe the newest block, the head of the list; a request too
 * large to share a block gets its own, linked behind the head so that the head stays in use. */
#include "base/arena.h"

#include <string.h>

#define ALIGNMENT ((size_t)16)
#define BLOCK_SIZE_FIRST ((size_t)4096)
#define BLOCK_SIZE_MAX ((size_t)256 * 1024)

struct segi_arena_block {
    segi_arena_block *next;
    size_t size; /* bytes after this header */
};

/* The header padded, so that the bytes behind it keep the alignment. */
#define HEADER_SIZE ((sizeof(segi_arena_block) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT)

/* The first byte that the arena hands out of a block. */
static char *block_bytes(segi_arena_block *block)
{
    return (char *)block + HEADER_SIZE;
}

/* A block that is not linked yet. `total` counts headers too: budgets are about memory. */
static segi_arena_block *arena_new_block(segi_arena *arena, size_t size)
{
    if (size > SIZE_MAX - HEADER_SIZE)
        return NULL;
    segi_arena_block *block = segi_alloc(arena->mem, size + HEADER_SIZE);
    if (block == NULL)
        return NULL;
    block->size = size;
    arena->total += size + HEADER_SIZE;
    return block;
}

/* A block for one large request alone. */
static void *arena_alloc_large(segi_arena *arena, size_t size)
{
    segi_arena_block *block = arena_new_block(arena, size);
    if (block == NULL)
        return NULL;
    if (arena->blocks == NULL) {
        block->next = NULL;
        arena->blocks = block;
        arena->used = arena->capacity = size;
    } else {
        block->next = arena->blocks->next;
        arena->blocks->next = block;
    }
    return memset(block_bytes(block), 0, size);
}

void segi_arena_init(segi_arena *arena, const segi_mem *mem)
{
    memset(arena, 0, sizeof *arena);
    arena->mem = mem;
}

/* Linear in the number of blocks, not of allocations. */
void segi_arena_deinit(segi_arena *arena)
{
    segi_arena_block *block = arena->blocks;
    while (block != NULL) {
        segi_arena_block *next = block->next;
        segi_free(arena->mem, block);
        block = next;
    }
    segi_arena_init(arena, arena->mem);
}

void *segi_arena_alloc(segi_arena *arena, size_t size)
{
    if (size > SIZE_MAX - ALIGNMENT)
        return NULL;
    /* A request of nothing still gets an address of its own. */
    size_t rounded = size == 0 ? ALIGNMENT : (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (rounded > arena->capacity - arena->used) {
        /* Blocks double, so that the number of blocks stays logarithmic in the arena's size. */
        size_t block_size = arena->capacity == 0 ? BLOCK_SIZE_FIRST : arena->capacity * 2;
        if (block_size > BLOCK_SIZE_MAX)
            block_size = BLOCK_SIZE_MAX;
        if (rounded > block_size / 4)
            return arena_alloc_large(arena, rounded);
        segi_arena_block *block = arena_new_block(arena, block_size);
        if (block == NULL)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        arena->used = 0;
        arena->capacity = block_size;
    }
    void *pointer = block_bytes(arena->blocks) + arena->used;
    arena->used += rounded;
    return memset(pointer, 0, rounded);
}

void *segi_arena_array(segi_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    return segi_arena_alloc(arena, bytes);
}

char *segi_arena_copy(segi_arena *arena, const void *data, size_t size)
{
    if (size == SIZE_MAX)
        return NULL;
    /* The arena's bytes are zero, so the NUL is already there. */
    char *copy = segi_arena_alloc(arena, size + 1);
    if (copy != NULL && size != 0)
        memcpy(copy, data, size);
    return copy;
}
