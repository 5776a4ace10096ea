/* support/mem_scan.h - a seg_allocator that keeps every block that it ever gave out, so that a
 * test can look for bytes that should be gone: in blocks in use, and in blocks given back.
 *
 * One thread. The kept blocks are freed by mem_scan_deinit(). */
#ifndef SEG_TEST_MEM_SCAN_H
#define SEG_TEST_MEM_SCAN_H

#include <seg/base.h>
#include <stdbool.h>

typedef struct mem_scan_block {
    struct mem_scan_block *next;
    size_t size;
    bool freed;
    _Alignas(16) unsigned char bytes[]; /* as malloc aligns */
} mem_scan_block;

typedef struct mem_scan {
    seg_allocator allocator;
    mem_scan_block *blocks;
    uint64_t calls;   /* of alloc and resize */
    uint64_t fail_at; /* the call that fails, 0: none */
} mem_scan;

/* Some bytes to look for, at least 8 of them. */
typedef struct mem_scan_needle {
    const void *bytes;
    size_t size;
} mem_scan_needle;

/* Needles to be looked for in bytes of any kind; the needles are borrowed. found[i] is set to 1
 * where needle i is in the bytes, else it stays. */
typedef struct mem_scan_index mem_scan_index;
mem_scan_index *mem_scan_index_create(const mem_scan_needle *needles, size_t count);
void mem_scan_index_destroy(mem_scan_index *index);
void mem_scan_index_look(const mem_scan_index *index, const void *bytes, size_t size,
                         unsigned char *found);

void mem_scan_init(mem_scan *scan);
void mem_scan_deinit(mem_scan *scan);
/* out_live and out_freed: how many of the needles are in some block of that kind. */
void mem_scan_find(const mem_scan *scan, const mem_scan_needle *needles, size_t count,
                   size_t *out_live, size_t *out_freed);

#endif /* SEG_TEST_MEM_SCAN_H */
