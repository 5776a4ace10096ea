/* Bit masks of one chunk (65,536 users, 1,024 words) and overflow-checked arithmetic. */
#ifndef SEGI_BITS_H
#define SEGI_BITS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* A loop that is worth compiling for newer processors too; which of the forms runs is decided
 * when the library is loaded. The thread sanitizer starts too late for that: it gets the plain
 * one. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEGI_NO_CLONES 1
#endif
#endif
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__SANITIZE_THREAD__) &&                  \
    !defined(SEGI_NO_CLONES)
#define SEGI_HOT __attribute__((target_clones("default", "arch=x86-64-v3", "arch=x86-64-v4")))
#else
#define SEGI_HOT
#endif

#define SEGI_CHUNK_BITS 16
#define SEGI_CHUNK_USERS 65536u
#define SEGI_MASK_WORDS 1024u

typedef struct segi_mask {
    uint64_t words[SEGI_MASK_WORDS];
} segi_mask;

static inline int segi_popcount(uint64_t w)
{
    return __builtin_popcountll(w);
}
/* Index of the lowest set bit; w is not 0. */
static inline int segi_ctz(uint64_t w)
{
    return __builtin_ctzll(w);
}
/* Zeros above the highest set bit; w is not 0. */
static inline int segi_clz(uint64_t w)
{
    return __builtin_clzll(w);
}

/* Begin to bring the cache line of an address into the cache; it need not be one that can be read.
 * Nothing waits for it, so a loop of these has as many misses under way as the machine can. */
static inline void segi_prefetch(const volatile void *address)
{
    __builtin_prefetch((const void *)(uintptr_t)address);
}

static inline bool segi_bit_get(const uint64_t *words, size_t i)
{
    return (words[i >> 6] >> (i & 63)) & 1;
}
static inline void segi_bit_set(uint64_t *words, size_t i)
{
    words[i >> 6] |= (uint64_t)1 << (i & 63);
}
static inline void segi_bit_clear(uint64_t *words, size_t i)
{
    words[i >> 6] &= ~((uint64_t)1 << (i & 63));
}

static inline void segi_mask_zero(segi_mask *m)
{
    memset(m, 0, sizeof *m);
}
/* The first n bits set, the others clear. */
void segi_mask_prefix(segi_mask *m, uint32_t n);
uint32_t segi_mask_count(const segi_mask *m);
bool segi_mask_empty(const segi_mask *m);
void segi_mask_and(segi_mask *m, const segi_mask *other);
void segi_mask_or(segi_mask *m, const segi_mask *other);
void segi_mask_xor(segi_mask *m, const segi_mask *other);
void segi_mask_andnot(segi_mask *m, const segi_mask *other);

/* The set bits of a mask as numbers, rising; `count` is how many there are. Up to
 * SEGI_EXTRACT_SLACK numbers more may be written. */
#define SEGI_EXTRACT_SLACK ((size_t)32)
void segi_mask_extract(const segi_mask *mask, uint32_t count, uint16_t *out);

/* Set bits [begin, end) of words. */
void segi_bits_set_range(uint64_t *words, size_t begin, size_t end);
/* Set bits among [begin, end). */
size_t segi_bits_count_range(const uint64_t *words, size_t begin, size_t end);
bool segi_bits_any_range(const uint64_t *words, size_t begin, size_t end);

/* True on overflow, as the compiler's builtins. */
static inline bool segi_add_overflow(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_add_overflow(a, b, out);
}
static inline bool segi_sub_overflow(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_sub_overflow(a, b, out);
}
static inline bool segi_mul_overflow(int64_t a, int64_t b, int64_t *out)
{
    return __builtin_mul_overflow(a, b, out);
}

/* A 128-bit sum of 64-bit integers, exact for up to 2^62 of them. */
typedef struct segi_sum {
    int64_t high;
    uint64_t low;
} segi_sum;
static inline void segi_sum_add(segi_sum *s, int64_t v)
{
    uint64_t low = s->low + (uint64_t)v;
    s->high += (v < 0 ? -1 : 0) + (low < s->low ? 1 : 0);
    s->low = low;
}
/* False if the sum does not fit. */
static inline bool segi_sum_get(const segi_sum *s, int64_t *out)
{
    *out = (int64_t)s->low;
    return s->high == (*out < 0 ? -1 : 0);
}

#endif
