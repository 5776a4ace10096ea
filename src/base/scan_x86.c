/* Scans with AVX2 and AVX-512, chosen at run time by what the processor has. Each loop makes the
 * same bits as the plain one; a test compares them. Loads of the last, partial word are masked
 * (AVX-512) or left to the plain loop (AVX2), so nothing past the column is read. */
#include "base/scan_int.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

int segi_scan_level(void)
{
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return __builtin_cpu_supports("avx512vbmi2") ? SEGI_SCAN_VBMI2 : SEGI_SCAN_AVX512;
    return __builtin_cpu_supports("avx2") ? SEGI_SCAN_AVX2 : SEGI_SCAN_PLAIN;
}

/* gcc 12 at -O1 with the undefined-behaviour sanitizer compiles the 32-bit masks wrongly. */
#define TARGET_512                                                                                 \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,popcnt"), no_sanitize("undefined")))
#define TARGET_VBMI2                                                                               \
    __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,popcnt"),                \
                   no_sanitize("undefined")))
#define TARGET_AVX2 __attribute__((target("avx2")))

/* The low `lanes` bits set. */
static inline uint64_t lanes_mask(size_t lanes)
{
    return lanes >= 64 ? UINT64_MAX : ((uint64_t)1 << lanes) - 1;
}

/* ---- AVX-512: the compare gives the bits ----
 * One loop per width. Whole words first, then the last, partial one with masked loads. */

#define LOOP_512(T, LANES, WORD)                                                                   \
    do {                                                                                           \
        const T *v = data;                                                                         \
        size_t i = 0;                                                                              \
        for (; i + 64 <= count; i += 64) {                                                         \
            uint64_t word = 0;                                                                     \
            for (unsigned k = 0; k < 64 / LANES; k++) {                                            \
                __m512i x = _mm512_loadu_si512(v + i + LANES * k);                                 \
                uint64_t part = WORD(UINT64_MAX, x);                                               \
                word |= part << (LANES * k);                                                       \
            }                                                                                      \
            bits[i / 64] = word;                                                                   \
        }                                                                                          \
        if (i < count) {                                                                           \
            uint64_t word = 0;                                                                     \
            for (unsigned k = 0; LANES * k < count - i; k++) {                                     \
                size_t left = count - i - LANES * k;                                               \
                uint64_t mask = lanes_mask(left < LANES ? left : LANES);                           \
                __m512i x = LOAD_##LANES(mask, v + i + LANES * k);                                 \
                uint64_t part = WORD(mask, x);                                                     \
                word |= part << (LANES * k);                                                       \
            }                                                                                      \
            bits[i / 64] = word;                                                                   \
        }                                                                                          \
    } while (0)

#define LOAD_64(mask, p) _mm512_maskz_loadu_epi8(mask, p)
#define LOAD_32(mask, p) _mm512_maskz_loadu_epi16((__mmask32)(mask), p)
#define LOAD_16(mask, p) _mm512_maskz_loadu_epi32((__mmask16)(mask), p)
#define LOAD_8(mask, p) _mm512_maskz_loadu_epi64((__mmask8)(mask), p)

/* The four widths differ in the instructions alone; `l` and `s` hold low and span in every lane. */
TARGET_512 static void range512(uint32_t width, const void *data, size_t count, uint64_t low,
                                uint64_t span, uint64_t *bits)
{
    if (width == 1) {
        __m512i l = _mm512_set1_epi8((char)low), s = _mm512_set1_epi8((char)span);
#define IN_RANGE(m, x) _mm512_mask_cmple_epu8_mask(m, _mm512_sub_epi8(x, l), s)
        LOOP_512(uint8_t, 64, IN_RANGE);
#undef IN_RANGE
    } else if (width == 2) {
        __m512i l = _mm512_set1_epi16((short)low), s = _mm512_set1_epi16((short)span);
#define IN_RANGE(m, x) _mm512_mask_cmple_epu16_mask((__mmask32)(m), _mm512_sub_epi16(x, l), s)
        LOOP_512(uint16_t, 32, IN_RANGE);
#undef IN_RANGE
    } else if (width == 4) {
        __m512i l = _mm512_set1_epi32((int)low), s = _mm512_set1_epi32((int)span);
#define IN_RANGE(m, x) _mm512_mask_cmple_epu32_mask((__mmask16)(m), _mm512_sub_epi32(x, l), s)
        LOOP_512(uint32_t, 16, IN_RANGE);
#undef IN_RANGE
    } else {
        __m512i l = _mm512_set1_epi64((long long)low), s = _mm512_set1_epi64((long long)span);
#define IN_RANGE(m, x) _mm512_mask_cmple_epu64_mask((__mmask8)(m), _mm512_sub_epi64(x, l), s)
        LOOP_512(uint64_t, 8, IN_RANGE);
#undef IN_RANGE
    }
}

/* As range512(), with a test of bits in place of the comparison. */
TARGET_512 static void any512(uint32_t width, const void *data, size_t count, uint64_t mask_value,
                              uint64_t *bits)
{
    if (width == 1) {
        __m512i w = _mm512_set1_epi8((char)mask_value);
#define HAS_ANY(m, x) _mm512_mask_test_epi8_mask(m, x, w)
        LOOP_512(uint8_t, 64, HAS_ANY);
#undef HAS_ANY
    } else if (width == 2) {
        __m512i w = _mm512_set1_epi16((short)mask_value);
#define HAS_ANY(m, x) _mm512_mask_test_epi16_mask((__mmask32)(m), x, w)
        LOOP_512(uint16_t, 32, HAS_ANY);
#undef HAS_ANY
    } else if (width == 4) {
        __m512i w = _mm512_set1_epi32((int)mask_value);
#define HAS_ANY(m, x) _mm512_mask_test_epi32_mask((__mmask16)(m), x, w)
        LOOP_512(uint32_t, 16, HAS_ANY);
#undef HAS_ANY
    } else {
        __m512i w = _mm512_set1_epi64((long long)mask_value);
#define HAS_ANY(m, x) _mm512_mask_test_epi64_mask((__mmask8)(m), x, w)
        LOOP_512(uint64_t, 8, HAS_ANY);
#undef HAS_ANY
    }
}

/* AVX2 has no such test; the plain loop serves it well enough. */
bool segi_scan_any_x86(int level, uint32_t width, const void *data, size_t count, uint64_t mask,
                       uint64_t *bits)
{
    if (level < SEGI_SCAN_AVX512)
        return false;
    any512(width, data, count, mask, bits);
    return true;
}

TARGET_512 static void boxes512(const uint64_t *data, size_t count, const segi_scan_box *box,
                                uint64_t *bits)
{
    __m512i low = _mm512_set1_epi64((long long)box->low);
    __m512i span = _mm512_set1_epi64((long long)box->span);
    __m512i lower_low = _mm512_set1_epi64((long long)box->lower_low);
    __m512i lower_span = _mm512_set1_epi64((long long)box->lower_span);
#define IN_BOX(m, x)                                                                               \
    _mm512_mask_cmple_epu64_mask(                                                                  \
        _mm512_mask_cmple_epu64_mask((__mmask8)(m), _mm512_sub_epi64(x, low), span),               \
        _mm512_sub_epi64(_mm512_slli_epi64(x, 32), lower_low), lower_span)
    LOOP_512(uint64_t, 8, IN_BOX);
#undef IN_BOX
}

bool segi_scan_boxes_x86(int level, const uint64_t *data, size_t count, const segi_scan_box *box,
                         uint64_t *bits)
{
    if (level < SEGI_SCAN_AVX512)
        return false;
    boxes512(data, count, box, bits);
    return true;
}

/* ---- AVX2: x <= span as min(x, span) == x, then the lanes' signs ---- */

/* One word of answers from 64 values, as the two that follow. */
TARGET_AVX2 static uint64_t range256_u8(const uint8_t *v, __m256i low, __m256i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 2; k++) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(v + 32 * k));
        x = _mm256_sub_epi8(x, low);
        x = _mm256_cmpeq_epi8(_mm256_min_epu8(x, span), x);
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(x) << (32 * k);
    }
    return word;
}

/* Packing works within halves of a register and leaves the middle quarters swapped: 0xD8 puts
 * them right. */
TARGET_AVX2 static uint64_t range256_u16(const uint16_t *v, __m256i low, __m256i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 2; k++) {
        __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(v + 32 * k));
        __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(v + 32 * k + 16));
        a = _mm256_sub_epi16(a, low);
        b = _mm256_sub_epi16(b, low);
        a = _mm256_cmpeq_epi16(_mm256_min_epu16(a, span), a);
        b = _mm256_cmpeq_epi16(_mm256_min_epu16(b, span), b);
        __m256i packed = _mm256_permute4x64_epi64(_mm256_packs_epi16(a, b), 0xD8);
        word |= (uint64_t)(uint32_t)_mm256_movemask_epi8(packed) << (32 * k);
    }
    return word;
}

TARGET_AVX2 static uint64_t range256_u32(const uint32_t *v, __m256i low, __m256i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 8; k++) {
        __m256i x = _mm256_loadu_si256((const __m256i *)(const void *)(v + 8 * k));
        x = _mm256_sub_epi32(x, low);
        x = _mm256_cmpeq_epi32(_mm256_min_epu32(x, span), x);
        word |= (uint64_t)(uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(x)) << (8 * k);
    }
    return word;
}

/* Whole words alone; the caller does the rest. */
TARGET_AVX2 static size_t scan256(uint32_t width, const void *data, size_t count, uint64_t low,
                                  uint64_t span, uint64_t *bits)
{
    size_t i = 0;
    for (; i + 64 <= count; i += 64) {
        if (width == 1)
            bits[i / 64] = range256_u8((const uint8_t *)data + i, _mm256_set1_epi8((char)low),
                                       _mm256_set1_epi8((char)span));
        else if (width == 2)
            bits[i / 64] = range256_u16((const uint16_t *)data + i, _mm256_set1_epi16((short)low),
                                        _mm256_set1_epi16((short)span));
        else
            bits[i / 64] = range256_u32((const uint32_t *)data + i, _mm256_set1_epi32((int)low),
                                        _mm256_set1_epi32((int)span));
    }
    return i;
}

/* Without an unsigned minimum of 64 bits AVX2 gains nothing for width 8. */
size_t segi_scan_range_x86(int level, uint32_t width, const void *data, size_t count, uint64_t low,
                           uint64_t span, uint64_t *bits)
{
    if (level >= SEGI_SCAN_AVX512) {
        range512(width, data, count, low, span, bits);
        return count;
    }
    if (level == SEGI_SCAN_AVX2 && width <= 4)
        return scan256(width, data, count, low, span, bits);
    return 0;
}

/* ---- picking: AVX-512 moves the chosen lanes of eight together ---- */

/* Each step writes eight values, of which later ones overwrite what is too many: fewer than
 * PICK_SLACK values left are the caller's. */
#define PICK_SLACK 72u

TARGET_512 static size_t pick512(const uint64_t *words, size_t word_count, size_t total,
                                 const uint64_t *values, uint64_t *out, size_t *out_count)
{
    size_t i = 0, done = 0;
    for (; i < word_count && total - done >= PICK_SLACK; i++) {
        for (unsigned k = 0; k < 8; k++) {
            __mmask8 lanes = (__mmask8)(words[i] >> (8 * k));
            __m512i x = _mm512_loadu_si512(values + i * 64 + 8 * k);
            _mm512_storeu_si512(out + done, _mm512_maskz_compress_epi64(lanes, x));
            done += (size_t)__builtin_popcount(lanes);
        }
    }
    *out_count = done;
    return i;
}

size_t segi_bits_pick_x86(int level, const uint64_t *words, size_t word_count, size_t total,
                          const uint64_t *values, uint64_t *out, size_t *out_count)
{
    *out_count = 0;
    return level >= SEGI_SCAN_AVX512 ? pick512(words, word_count, total, values, out, out_count)
                                     : 0;
}

/* ---- tallies: the values of 64 users are spread to where their bits are ---- */

TARGET_VBMI2 static void tally512(const uint64_t *words, size_t word_count, const uint8_t *values,
                                  uint8_t base, uint8_t *tally)
{
    __m512i bases = _mm512_set1_epi8((char)base);
    for (size_t i = 0; i < word_count; i++) {
        __m512i add = _mm512_maskz_mov_epi8(words[i], bases);
        if (values) {
            add = _mm512_maskz_expand_epi8(words[i], _mm512_loadu_si512(values));
            add = _mm512_maskz_adds_epu8(words[i], add, bases);
            values += __builtin_popcountll(words[i]);
        }
        __m512i sums = _mm512_loadu_si512(tally + i * 64);
        _mm512_storeu_si512(tally + i * 64, _mm512_adds_epu8(sums, add));
    }
}

bool segi_bits_tally_x86(int level, const uint64_t *words, size_t word_count, const uint8_t *values,
                         uint8_t base, uint8_t *tally)
{
    if (level < SEGI_SCAN_VBMI2)
        return false;
    tally512(words, word_count, values, base, tally);
    return true;
}

/* ---- runs: counts of 64 users are added up at once ---- */

/* The sum of the first `lanes` bytes. */
TARGET_512 static uint32_t sum512(__m512i bytes, size_t lanes)
{
    __m512i some = _mm512_maskz_mov_epi8(lanes_mask(lanes), bytes);
    return (uint32_t)_mm512_reduce_add_epi64(_mm512_sad_epu8(some, _mm512_setzero_si512()));
}

TARGET_512 static size_t runs512(const uint64_t *words, const uint64_t *wanted, size_t word_count,
                                 const uint8_t *values, uint32_t base, segi_bits_run *out)
{
    size_t done = 0;
    uint32_t row = 0;
    __m512i bytes = _mm512_setzero_si512();
    for (size_t i = 0; i < word_count; i++) {
        uint32_t users = (uint32_t)__builtin_popcountll(words[i]);
        if (values)
            bytes = _mm512_loadu_si512(values);
        for (uint64_t word = words[i] & wanted[i]; word; word &= word - 1) {
            uint64_t below = words[i] & ((word & (0 - word)) - 1);
            uint32_t at = (uint32_t)__builtin_popcountll(below);
            out[done++] = (segi_bits_run){(uint32_t)(i * 64) + (uint32_t)__builtin_ctzll(word),
                                          row + base * at + sum512(bytes, at),
                                          base + (values ? values[at] : 0)};
        }
        row += base * users + sum512(bytes, users);
        values = values ? values + users : NULL;
    }
    return done;
}

bool segi_bits_runs_x86(int level, const uint64_t *words, const uint64_t *wanted, size_t word_count,
                        const uint8_t *values, uint8_t base, segi_bits_run *out, size_t *out_count)
{
    if (level < SEGI_SCAN_AVX512)
        return false;
    *out_count = runs512(words, wanted, word_count, values, base, out);
    return true;
}

/* ---- sorting a few: where each belongs is how many are less, which takes no branch ---- */

/* How many come before each of the eight `own` ones, the first of which is values[at]. Of equal
 * ones the earlier comes first. */
TARGET_512 static __m512i ranks512(const int64_t *values, size_t count, size_t at, __m512i own)
{
    const __m512i one = _mm512_set1_epi64(1);
    __m512i ranks = _mm512_setzero_si512();
    for (size_t j = 0; j < count; j++) {
        __m512i other = _mm512_set1_epi64(values[j]);
        unsigned later = j < at ? 0xFFu : j >= at + 8 ? 0u : 0xFEu << (j - at);
        __mmask8 before = _mm512_cmplt_epi64_mask(other, own);
        before |= _mm512_mask_cmpeq_epi64_mask((__mmask8)later, other, own);
        ranks = _mm512_mask_add_epi64(ranks, before, ranks, one);
    }
    return ranks;
}

TARGET_512 static void sort512(int64_t *values, size_t count)
{
    __m512i own[SEGI_SORT_FEW / 8], ranks[SEGI_SORT_FEW / 8];
    for (size_t at = 0; at < count; at += 8) {
        own[at / 8] = _mm512_maskz_loadu_epi64((__mmask8)lanes_mask(count - at), values + at);
        ranks[at / 8] = ranks512(values, count, at, own[at / 8]);
    }
    for (size_t at = 0; at < count; at += 8)
        _mm512_mask_i64scatter_epi64(values, (__mmask8)lanes_mask(count - at), ranks[at / 8],
                                     own[at / 8], 8);
}

bool segi_sort_few_x86(int level, int64_t *values, size_t count)
{
    if (level < SEGI_SCAN_AVX512)
        return false;
    sort512(values, count);
    return true;
}

#else

int segi_scan_level(void)
{
    return SEGI_SCAN_PLAIN;
}

size_t segi_scan_range_x86(int level, uint32_t width, const void *data, size_t count, uint64_t low,
                           uint64_t span, uint64_t *bits)
{
    (void)level, (void)width, (void)data, (void)count, (void)low, (void)span, (void)bits;
    return 0;
}

bool segi_scan_any_x86(int level, uint32_t width, const void *data, size_t count, uint64_t mask,
                       uint64_t *bits)
{
    (void)level, (void)width, (void)data, (void)count, (void)mask, (void)bits;
    return false;
}

bool segi_scan_boxes_x86(int level, const uint64_t *data, size_t count, const segi_scan_box *box,
                         uint64_t *bits)
{
    (void)level, (void)data, (void)count, (void)box, (void)bits;
    return false;
}

size_t segi_bits_pick_x86(int level, const uint64_t *words, size_t word_count, size_t total,
                          const uint64_t *values, uint64_t *out, size_t *out_count)
{
    (void)level, (void)words, (void)word_count, (void)total, (void)values, (void)out;
    *out_count = 0;
    return 0;
}

bool segi_bits_tally_x86(int level, const uint64_t *words, size_t word_count, const uint8_t *values,
                         uint8_t base, uint8_t *tally)
{
    (void)level, (void)words, (void)word_count, (void)values, (void)base, (void)tally;
    return false;
}

bool segi_sort_few_x86(int level, int64_t *values, size_t count)
{
    (void)level, (void)values, (void)count;
    return false;
}

bool segi_bits_runs_x86(int level, const uint64_t *words, const uint64_t *wanted, size_t word_count,
                        const uint8_t *values, uint8_t base, segi_bits_run *out, size_t *out_count)
{
    (void)level, (void)words, (void)wanted, (void)word_count, (void)values, (void)base, (void)out;
    *out_count = 0;
    return false;
}

#endif
