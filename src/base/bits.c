/* bits.c - masks of one chunk and ranges of bits.
 *
 * Plain loops that the compiler turns into vector code. Counting alone has other forms: the
 * portable x86-64 baseline has no popcount instruction, and asking the processor once per call
 * costs far less than counting 1,024 words without it. */
#include "base/bits.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

#if defined(__x86_64__)
#define COUNT_TARGET __attribute__((target("popcnt")))
#define COUNT_TARGET_512 __attribute__((target("avx512f,avx512vpopcntdq")))
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

/* A multiple of eight words. */
COUNT_TARGET_512 static size_t count_words_512(const uint64_t *words, size_t count)
{
    __m512i sums = _mm512_setzero_si512();
    for (size_t i = 0; i < count; i += 8)
        sums = _mm512_add_epi64(sums, _mm512_popcnt_epi64(_mm512_loadu_si512(words + i)));
    return (size_t)_mm512_reduce_add_epi64(sums);
}
#endif

/* The answer of the processor is kept by the compiler's runtime, so asking is one load. */
static size_t count_words(const uint64_t *words, size_t count)
{
#if defined(COUNT_TARGET)
    size_t eights = count & ~(size_t)7;
    if (eights >= 16 && __builtin_cpu_supports("avx512vpopcntdq"))
        return count_words_512(words, eights) + count_words_popcnt(words + eights, count - eights);
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

/* ---- masks to sorted 16-bit values ---- */

/* Fewer values than this leave most words of a mask empty. */
#define SPARSE_COUNT (SEGI_MASK_WORDS / 2)

/* The lowest set bit; any number where there is none. */
static inline __attribute__((always_inline)) uint16_t lowest(uint64_t word)
{
    return (uint16_t)__builtin_ctzll(word | (uint64_t)1 << 63);
}

/* Writes the set bits of a word, `step` at a time without asking whether there are so many:
 * stores are cheaper than branches that the processor cannot foresee. Returns how many there
 * were. */
static inline __attribute__((always_inline)) size_t extract_word(uint64_t word, uint16_t base,
                                                                 size_t step, uint16_t *out)
{
    size_t count = (size_t)__builtin_popcountll(word);
    size_t done = 0;
    do {
        for (size_t i = 0; i < step; i++) {
            out[done + i] = (uint16_t)(base + lowest(word));
            word &= word - 1;
        }
        done += step;
    } while (done < count);
    return count;
}

/* Below one value in two words it pays to look for the zero words. */
static inline __attribute__((always_inline)) void extract_words(const uint64_t *words,
                                                                uint32_t count, uint16_t *out)
{
    if (count < SPARSE_COUNT) {
        for (size_t i = 0; i < SEGI_MASK_WORDS; i += 4) {
            if ((words[i] | words[i + 1] | words[i + 2] | words[i + 3]) == 0)
                continue;
            for (size_t j = i; j < i + 4; j++)
                out += extract_word(words[j], (uint16_t)(j * 64), 2, out);
        }
    } else {
        for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
            out += extract_word(words[i], (uint16_t)(i * 64), 4, out);
    }
}

static void extract_portable(const uint64_t *words, uint32_t count, uint16_t *out)
{
    extract_words(words, count, out);
}

#if defined(__x86_64__)
__attribute__((target("popcnt,bmi"))) static void extract_bmi(const uint64_t *words, uint32_t count,
                                                              uint16_t *out)
{
    extract_words(words, count, out);
}

/* The numbers 0 .. 63 as bytes in a register, of which the set bits of the word keep theirs. Up
 * to 16 values, which is nearly every word, one widening and one store complete it. */
__attribute__((target("avx512f,avx512bw,avx512vl,avx512vbmi2,popcnt"))) static void extract_vbmi2(
    const uint64_t *words, uint16_t *out)
{
    static const uint8_t numbers[64] = {
        0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
        22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
        44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i all = _mm512_loadu_si512(numbers);
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++) {
        size_t count = (size_t)__builtin_popcountll(words[i]);
        __m256i base = _mm256_set1_epi16((short)(i * 64));
        __m512i kept = _mm512_maskz_compress_epi8(words[i], all);
        __m256i first = _mm256_cvtepu8_epi16(_mm512_castsi512_si128(kept));
        _mm256_storeu_si256((__m256i *)(void *)out, _mm256_add_epi16(first, base));
        if (count > 16) {
            __m256i next = _mm256_cvtepu8_epi16(_mm512_extracti32x4_epi32(kept, 1));
            _mm256_storeu_si256((__m256i *)(void *)(out + 16), _mm256_add_epi16(next, base));
        }
        if (count > 32) {
            __m512i rest = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(kept, 1));
            __m512i wide_base = _mm512_set1_epi16((short)(i * 64));
            _mm512_storeu_si512(out + 32, _mm512_add_epi16(rest, wide_base));
        }
        out += count;
    }
}
#endif

void segi_mask_extract(const segi_mask *mask, uint32_t count, uint16_t *out)
{
#if defined(__x86_64__)
    if (count >= SPARSE_COUNT && __builtin_cpu_supports("avx512vbmi2") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")) {
        extract_vbmi2(mask->words, out);
        return;
    }
    if (__builtin_cpu_supports("popcnt") && __builtin_cpu_supports("bmi")) {
        extract_bmi(mask->words, count, out);
        return;
    }
#endif
    extract_portable(mask->words, count, out);
}
