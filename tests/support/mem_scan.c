/* support/mem_scan.c - see mem_scan.h. Needles lie in a hash table by their first 8 bytes, and each
 * place of each block is looked up there. */
#include "support/mem_scan.h"

#include <stdlib.h>
#include <string.h>

/* The scan reads gaps in structures as well, which nobody wrote and valgrind would rightly name. */
#if HAVE_MEMCHECK_H
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_DEFINED(address, size) ((void)(address), (void)(size))
#endif

#define PREFIX 8

static void *scan_alloc(void *user, size_t size)
{
    mem_scan *scan = user;
    if (++scan->calls == scan->fail_at)
        return NULL;
    mem_scan_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return NULL;
    block->next = scan->blocks;
    block->size = size;
    block->freed = false;
    memset(block->bytes, 0, size);
    scan->blocks = block;
    return block->bytes;
}

static mem_scan_block *block_of(void *pointer)
{
    return (mem_scan_block *)((char *)pointer - offsetof(mem_scan_block, bytes));
}

static void scan_release(void *user, void *pointer, size_t size)
{
    (void)user;
    mem_scan_block *block = block_of(pointer);
    if (block->freed || block->size != size)
        abort();
    block->freed = true;
}

static void *scan_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    void *moved = scan_alloc(user, new_size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    scan_release(user, pointer, old_size);
    return moved;
}

void mem_scan_init(mem_scan *scan)
{
    memset(scan, 0, sizeof *scan);
    scan->allocator.struct_size = (uint32_t)sizeof scan->allocator;
    scan->allocator.user = scan;
    scan->allocator.alloc = scan_alloc;
    scan->allocator.resize = scan_resize;
    scan->allocator.release = scan_release;
}

void mem_scan_deinit(mem_scan *scan)
{
    while (scan->blocks != NULL) {
        mem_scan_block *block = scan->blocks;
        scan->blocks = block->next;
        free(block);
    }
}

/* ---- looking ------------------------------------------------------------------------------- */

typedef struct index_slot {
    uint64_t prefix;
    size_t needle; /* plus one; 0: empty */
} index_slot;

static uint64_t prefix_at(const void *bytes)
{
    uint64_t prefix;
    memcpy(&prefix, bytes, sizeof prefix);
    return prefix;
}

static size_t place_of(uint64_t prefix, size_t mask)
{
    return (size_t)((prefix * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & mask;
}

struct mem_scan_index {
    const mem_scan_needle *needles;
    index_slot *slots;
    size_t mask;
};

mem_scan_index *mem_scan_index_create(const mem_scan_needle *needles, size_t count)
{
    mem_scan_index *index = malloc(sizeof *index);
    size_t mask = 1023;
    while (mask < 8 * count)
        mask = 2 * mask + 1;
    index_slot *slots = calloc(mask + 1, sizeof *slots);
    if (index == NULL || slots == NULL)
        abort();
    for (size_t n = 0; n < count; n++) {
        uint64_t prefix = prefix_at(needles[n].bytes);
        size_t at = place_of(prefix, mask);
        while (slots[at].needle != 0)
            at = (at + 1) & mask;
        slots[at] = (index_slot){prefix, n + 1};
    }
    *index = (mem_scan_index){needles, slots, mask};
    return index;
}

void mem_scan_index_destroy(mem_scan_index *index)
{
    free(index->slots);
    free(index);
}

void mem_scan_index_look(const mem_scan_index *index, const void *bytes, size_t size,
                         unsigned char *found)
{
    const unsigned char *from = bytes;
    const index_slot *slots = index->slots;
    for (size_t at = 0; at + PREFIX <= size; at++) {
        uint64_t prefix = prefix_at(from + at);
        for (size_t i = place_of(prefix, index->mask); slots[i].needle != 0;
             i = (i + 1) & index->mask) {
            const mem_scan_needle *needle = &index->needles[slots[i].needle - 1];
            if (slots[i].prefix == prefix && at + needle->size <= size &&
                memcmp(from + at, needle->bytes, needle->size) == 0)
                found[slots[i].needle - 1] = 1;
        }
    }
}

void mem_scan_find(const mem_scan *scan, const mem_scan_needle *needles, size_t count,
                   size_t *out_live, size_t *out_freed)
{
    mem_scan_index *index = mem_scan_index_create(needles, count);
    unsigned char *found = calloc(2 * count + 1, 1);
    if (found == NULL)
        abort();
    for (mem_scan_block *block = scan->blocks; block != NULL; block = block->next) {
        VALGRIND_MAKE_MEM_DEFINED(block->bytes, block->size);
        mem_scan_index_look(index, block->bytes, block->size, found + (block->freed ? count : 0));
    }
    *out_live = *out_freed = 0;
    for (size_t n = 0; n < count; n++) {
        *out_live += found[n];
        *out_freed += found[count + n];
    }
    mem_scan_index_destroy(index);
    free(found);
}
