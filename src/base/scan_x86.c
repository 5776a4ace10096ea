/* Scans with AVX2 and AVX-512, chosen at run time by what the processor has. Each loop makes the
 * same bits as the plain one; a test compares them. Loads of the last, partial word are masked
 * (AVX-512) or left to the plain loop (AVX2), so nothing past the column is read. */
#include "base/scan_int.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

int segi_scan_level(void)
{
    if (__builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"))
        return SEGI_SCAN_AVX512;
    return __builtin_cpu_supports("avx2") ? SEGI_SCAN_AVX2 : SEGI_SCAN_PLAIN;
}

#define TARGET_512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define TARGET_AVX2 __attribute__((target("avx2")))

/* The low `lanes` bits set. */
static inline uint64_t lanes_mask(size_t lanes)
{
    return lanes >= 64 ? UINT64_MAX : ((uint64_t)1 << lanes) - 1;
}

/* ---- AVX-512: the compare gives the bits ---- */

TARGET_512 static uint64_t range512_u8(const uint8_t *v, size_t n, __m512i low, __m512i span)
{
    uint64_t mask = lanes_mask(n);
    __m512i x = _mm512_sub_epi8(_mm512_maskz_loadu_epi8(mask, v), low);
    return _mm512_mask_cmple_epu8_mask(mask, x, span);
}

TARGET_512 static uint64_t range512_u16(const uint16_t *v, size_t n, __m512i low, __m512i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 2 && n > 32 * k; k++) {
        __mmask32 mask = (__mmask32)lanes_mask(n - 32 * k < 32 ? n - 32 * k : 32);
        __m512i x = _mm512_sub_epi16(_mm512_maskz_loadu_epi16(mask, v + 32 * k), low);
        word |= (uint64_t)_mm512_mask_cmple_epu16_mask(mask, x, span) << (32 * k);
    }
    return word;
}

TARGET_512 static uint64_t range512_u32(const uint32_t *v, size_t n, __m512i low, __m512i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 4 && n > 16 * k; k++) {
        __mmask16 mask = (__mmask16)lanes_mask(n - 16 * k < 16 ? n - 16 * k : 16);
        __m512i x = _mm512_sub_epi32(_mm512_maskz_loadu_epi32(mask, v + 16 * k), low);
        word |= (uint64_t)_mm512_mask_cmple_epu32_mask(mask, x, span) << (16 * k);
    }
    return word;
}

TARGET_512 static uint64_t range512_u64(const uint64_t *v, size_t n, __m512i low, __m512i span)
{
    uint64_t word = 0;
    for (unsigned k = 0; k < 8 && n > 8 * k; k++) {
        __mmask8 mask = (__mmask8)lanes_mask(n - 8 * k < 8 ? n - 8 * k : 8);
        __m512i x = _mm512_sub_epi64(_mm512_maskz_loadu_epi64(mask, v + 8 * k), low);
        word |= (uint64_t)_mm512_mask_cmple_epu64_mask(mask, x, span) << (8 * k);
    }
    return word;
}

TARGET_512 static void scan512(uint32_t width, const void *data, size_t count, uint64_t low,
                               uint64_t span, uint64_t *bits)
{
    for (size_t i = 0; i < count; i += 64) {
        size_t n = count - i;
        switch (width) {
        case 1:
            bits[i / 64] = range512_u8((const uint8_t *)data + i, n, _mm512_set1_epi8((char)low),
                                       _mm512_set1_epi8((char)span));
            break;
        case 2:
            bits[i / 64] =
                range512_u16((const uint16_t *)data + i, n, _mm512_set1_epi16((short)low),
                             _mm512_set1_epi16((short)span));
            break;
        case 4:
            bits[i / 64] = range512_u32((const uint32_t *)data + i, n, _mm512_set1_epi32((int)low),
                                        _mm512_set1_epi32((int)span));
            break;
        default:
            bits[i / 64] =
                range512_u64((const uint64_t *)data + i, n, _mm512_set1_epi64((long long)low),
                             _mm512_set1_epi64((long long)span));
            break;
        }
    }
}

/* ---- AVX2: x <= span as min(x, span) == x, then the lanes' signs ---- */

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

size_t segi_scan_range_x86(int level, uint32_t width, const void *data, size_t count, uint64_t low,
                           uint64_t span, uint64_t *bits)
{
    if (level == SEGI_SCAN_AVX512) {
        scan512(width, data, count, low, span, bits);
        return count;
    }
    if (level == SEGI_SCAN_AVX2 && width <= 4)
        return scan256(width, data, count, low, span, bits);
    return 0;
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

#endif
