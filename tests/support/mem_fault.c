/* support/mem_fault.c - see mem_fault.h.
 *
 * Each block has a header of 16 bytes with its size and a mark, so that wrong sizes, double frees
 * and foreign pointers are seen. Blocks move on every resize: code that keeps an old pointer is
 * then caught by the address sanitizer. */
#include "support/mem_fault.h"

#include <stdlib.h>
#include <string.h>

#define MARK_LIVE 0x6c6976656d61726bu
#define MARK_DEAD 0x646561646d61726bu

typedef struct block_header {
    uint64_t size;
    uint64_t mark;
} block_header;

/* True if this call has to fail. */
static bool fault_hits(mem_fault *fault)
{
    uint64_t call = atomic_fetch_add(&fault->calls, 1) + 1;
    uint64_t fail_at = atomic_load(&fault->fail_at);
    if (fail_at == 0 || call < fail_at || (fault->fail_once && call > fail_at))
        return false;
    atomic_store(&fault->failed, true);
    return true;
}

static void fault_count(mem_fault *fault, size_t size)
{
    uint64_t live = atomic_fetch_add(&fault->live_bytes, size) + size;
    atomic_fetch_add(&fault->live_blocks, 1);
    uint64_t peak = atomic_load(&fault->peak_bytes);
    while (live > peak && !atomic_compare_exchange_weak(&fault->peak_bytes, &peak, live)) {
    }
}

static void *fault_alloc(void *user, size_t size)
{
    mem_fault *fault = user;
    if (size == 0)
        abort();
    if (fault_hits(fault) || size > SIZE_MAX - sizeof(block_header))
        return NULL;
    block_header *header = malloc(size + sizeof *header);
    if (header == NULL)
        return NULL;
    header->size = size;
    header->mark = MARK_LIVE;
    fault_count(fault, size);
    /* No caller may rely on fresh memory being zero. */
    return memset(header + 1, 0xa5, size);
}

static void fault_release(void *user, void *pointer, size_t size)
{
    mem_fault *fault = user;
    block_header *header = (block_header *)pointer - 1;
    if (pointer == NULL || header->mark != MARK_LIVE || header->size != size)
        abort();
    header->mark = MARK_DEAD;
    atomic_fetch_sub(&fault->live_bytes, size);
    atomic_fetch_sub(&fault->live_blocks, 1);
    free(header);
}

static void *fault_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    block_header *header = (block_header *)pointer - 1;
    if (pointer == NULL || header->mark != MARK_LIVE || header->size != old_size)
        abort();
    void *moved = fault_alloc(user, new_size);
    if (moved == NULL)
        return NULL;
    memcpy(moved, pointer, old_size < new_size ? old_size : new_size);
    fault_release(user, pointer, old_size);
    return moved;
}

static void fault_arm(mem_fault *fault, uint64_t nth, bool once)
{
    atomic_store(&fault->calls, 0);
    atomic_store(&fault->failed, false);
    atomic_store(&fault->fail_at, nth);
    fault->fail_once = once;
}

void mem_fault_init(mem_fault *fault)
{
    memset(fault, 0, sizeof *fault);
    fault->allocator.struct_size = (uint32_t)sizeof fault->allocator;
    fault->allocator.user = fault;
    fault->allocator.alloc = fault_alloc;
    fault->allocator.resize = fault_resize;
    fault->allocator.release = fault_release;
}

const seg_allocator *mem_fault_allocator(mem_fault *fault)
{
    return &fault->allocator;
}

void mem_fault_fail_at(mem_fault *fault, uint64_t nth)
{
    fault_arm(fault, nth, false);
}

void mem_fault_fail_once(mem_fault *fault, uint64_t nth)
{
    fault_arm(fault, nth, true);
}

bool mem_fault_has_failed(mem_fault *fault)
{
    return atomic_load(&fault->failed);
}

uint64_t mem_fault_live_bytes(mem_fault *fault)
{
    return atomic_load(&fault->live_bytes);
}

uint64_t mem_fault_live_blocks(mem_fault *fault)
{
    return atomic_load(&fault->live_blocks);
}

uint64_t mem_fault_peak_bytes(mem_fault *fault)
{
    return atomic_load(&fault->peak_bytes);
}

uint64_t mem_fault_calls(mem_fault *fault)
{
    return atomic_load(&fault->calls);
}
