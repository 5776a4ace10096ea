/* support/mem_fault.h - a seg_allocator that counts, checks sizes and can fail on purpose.
 *
 * Usage: mem_fault_init(&fault); hand mem_fault_allocator(&fault) to the library; at the end
 * mem_fault_live_bytes(&fault) must be 0. To walk through every failure of an operation:
 *
 *     for (uint64_t n = 1;; n++) {
 *         mem_fault_fail_at(&fault, n);
 *         ... run it; it must fail cleanly or succeed ...
 *         if (!mem_fault_has_failed(&fault))
 *             break;
 *     }
 *
 * Any thread. A block that is freed or resized with another size than it was asked for ends the
 * process: the library promises sized calls. */
#ifndef SEG_TEST_MEM_FAULT_H
#define SEG_TEST_MEM_FAULT_H

#include <seg/base.h>
#include <stdatomic.h>
#include <stdbool.h>

typedef struct mem_fault {
    seg_allocator allocator;
    atomic_uint_least64_t live_bytes;
    atomic_uint_least64_t live_blocks;
    atomic_uint_least64_t peak_bytes;
    atomic_uint_least64_t calls;   /* of alloc and resize since init or fail_at */
    atomic_uint_least64_t fail_at; /* 0: never */
    atomic_bool failed;
    bool fail_once; /* only the call fail_at fails, not those after it */
} mem_fault;

/* Counts and never fails. */
void mem_fault_init(mem_fault *fault);
/* Borrowed until the mem_fault ends. */
const seg_allocator *mem_fault_allocator(mem_fault *fault);
/* Fail the nth alloc or resize from now on (1 is the next) and all after it; 0: none. */
void mem_fault_fail_at(mem_fault *fault, uint64_t nth);
/* Fail the nth from now on alone, as a host does whose memory is short for a moment. */
void mem_fault_fail_once(mem_fault *fault, uint64_t nth);
/* Whether a call was failed since then. */
bool mem_fault_has_failed(mem_fault *fault);
uint64_t mem_fault_live_bytes(mem_fault *fault);
uint64_t mem_fault_live_blocks(mem_fault *fault);
uint64_t mem_fault_peak_bytes(mem_fault *fault);
/* Calls of alloc and resize since init or the last fail_at. */
uint64_t mem_fault_calls(mem_fault *fault);

#endif /* SEG_TEST_MEM_FAULT_H */
