/* bits.c - masks of one chunk and ranges of bits.
 *
 * Plain loops that the compiler turns into vector code. Counting alone has a second form: the
 * portable x86-64 baseline has no popcount instruction, and asking the processor once per call
 * costs far less than counting 1,024 words without it. */
#include "base/bits.h"

#if defined(__x86_64__)
#define COUNT_TARGET __attribute__((target("popcnt")))
#endif

static size_t count_words_portable(const uint64_t *words, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += (size_t)segi_popcount(words[i]);
    return total;
}

#if defined(COUNT_TARGET)
COUNT_TARGET static size_t count_words_popcnt(const uint64_t *words, size_t count)
{
    size_t total = 0;
    for (size_t i = 0; i < count; i++)
        total += (size_t)__builtin_popcountll(words[i]);
    return total;
}
#endif

/* The answer of the processor is kept by the compiler's runtime, so asking is one load. */
static size_t count_words(const uint64_t *words, size_t count)
{
#if defined(COUNT_TARGET)
    if (__builtin_cpu_supports("popcnt"))
        return count_words_popcnt(words, count);
#endif
    return count_words_portable(words, count);
}

/* The bits of the first and of the last word of [begin, end), which is not empty. */
static uint64_t first_bits(size_t begin)
{
    return ~(uint64_t)0 << (begin & 63);
}

static uint64_t last_bits(size_t end)
{
    return ~(uint64_t)0 >> ((0 - end) & 63);
}

void segi_mask_prefix(segi_mask *m, uint32_t n)
{
    segi_mask_zero(m);
    segi_bits_set_range(m->words, 0, n < SEGI_CHUNK_USERS ? n : SEGI_CHUNK_USERS);
}

uint32_t segi_mask_count(const segi_mask *m)
{
    return (uint32_t)count_words(m->words, SEGI_MASK_WORDS);
}

bool segi_mask_empty(const segi_mask *m)
{
    /* Steps of 16 words vectorise, and a full mask ends at the first one. */
    for (size_t i = 0; i < SEGI_MASK_WORDS; i += 16) {
        uint64_t any = 0;
        for (size_t j = 0; j < 16; j++)
            any |= m->words[i + j];
        if (any != 0)
            return false;
    }
    return true;
}

void segi_mask_and(segi_mask *m, const segi_mask *other)
{
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        m->words[i] &= other->words[i];
}

void segi_mask_or(segi_mask *m, const segi_mask *other)
{
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        m->words[i] |= other->words[i];
}

void segi_mask_xor(segi_mask *m, const segi_mask *other)
{
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        m->words[i] ^= other->words[i];
}

void segi_mask_andnot(segi_mask *m, const segi_mask *other)
{
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        m->words[i] &= ~other->words[i];
}

/* Ranges are cut into a first word, whole words and a last word; first and last may be one. */
void segi_bits_set_range(uint64_t *words, size_t begin, size_t end)
{
    if (begin >= end)
        return;
    size_t first = begin >> 6;
    size_t last = (end - 1) >> 6;
    if (first == last) {
        words[first] |= first_bits(begin) & last_bits(end);
        return;
    }
    words[first] |= first_bits(begin);
    memset(words + first + 1, 0xff, (last - first - 1) * sizeof *words);
    words[last] |= last_bits(end);
}

size_t segi_bits_count_range(const uint64_t *words, size_t begin, size_t end)
{
    if (begin >= end)
        return 0;
    size_t first = begin >> 6;
    size_t last = (end - 1) >> 6;
    if (first == last)
        return (size_t)segi_popcount(words[first] & first_bits(begin) & last_bits(end));
    return (size_t)segi_popcount(words[first] & first_bits(begin)) +
           count_words(words + first + 1, last - first - 1) +
           (size_t)segi_popcount(words[last] & last_bits(end));
}

bool segi_bits_any_range(const uint64_t *words, size_t begin, size_t end)
{
    if (begin >= end)
        return false;
    size_t first = begin >> 6;
    size_t last = (end - 1) >> 6;
    if (first == last)
        return (words[first] & first_bits(begin) & last_bits(end)) != 0;
    if ((words[first] & first_bits(begin)) != 0 || (words[last] & last_bits(end)) != 0)
        return true;
    for (size_t i = first + 1; i < last; i++) {
        if (words[i] != 0)
            return true;
    }
    return false;
}
