/* hash.c - XXH3, CRC-32C and SipHash-1-3.
 *
 * CRC-32C uses the reflected polynomial 0x82f63b78, four bits at a time: headers are short, and a
 * table of 16 is checked by eye.
 *
 * SipHash follows Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012), with one
 * round per word and three at the end. Both read little-endian words on every machine. */
#define XXH_INLINE_ALL /* no symbol of xxHash leaves this file, so two copies cannot clash */
#include <xxhash.h>

#include "base/hash.h"

#include <string.h>

typedef struct sip_state {
    uint64_t v0, v1, v2, v3;
} sip_state;

static inline uint64_t sip_load(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

static inline uint64_t sip_rotate(uint64_t word, int bits)
{
    return (word << bits) | (word >> (64 - bits));
}

static inline void sip_round(sip_state *s)
{
    s->v0 += s->v1;
    s->v1 = sip_rotate(s->v1, 13) ^ s->v0;
    s->v0 = sip_rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = sip_rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = sip_rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = sip_rotate(s->v1, 17) ^ s->v2;
    s->v2 = sip_rotate(s->v2, 32);
}

/* "somepseudorandomlygeneratedbytes", as the paper says. */
static inline sip_state sip_start(const uint64_t key[2])
{
    sip_state s = {
        key[0] ^ 0x736f6d6570736575u,
        key[1] ^ 0x646f72616e646f6du,
        key[0] ^ 0x6c7967656e657261u,
        key[1] ^ 0x7465646279746573u,
    };
    return s;
}

static inline void sip_word(sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

static inline uint64_t sip_finish(sip_state *s)
{
    s->v2 ^= 0xff;
    sip_round(s);
    sip_round(s);
    sip_round(s);
    return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

uint64_t segi_xxh3(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

void segi_xxh3_u64s(const void *head, size_t head_size, const uint64_t *values, size_t count,
                    uint64_t *out)
{
    unsigned char bytes[SEGI_XXH3_HEAD_MAX + 8];
    memcpy(bytes, head, head_size);
    for (size_t i = 0; i < count; i++) {
        uint64_t value = values[i];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
        value = __builtin_bswap64(value);
#endif
        memcpy(bytes + head_size, &value, sizeof value);
        out[i] = XXH3_64bits(bytes, head_size + sizeof value);
    }
}

void segi_xxh3_128(const void *data, size_t size, uint64_t out[2])
{
    XXH128_hash_t hash = XXH3_128bits(data, size);
    out[0] = hash.low64;
    out[1] = hash.high64;
}

uint32_t segi_crc32c(const void *data, size_t size)
{
    static const uint32_t table[16] = {
        0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1, 0x417b1dbc, 0x5125dad3,
        0x61c69362, 0x7198540d, 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
        0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75,
    };
    const unsigned char *bytes = data;
    uint32_t crc = 0xffffffffu;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        crc = (crc >> 4) ^ table[crc & 15];
        crc = (crc >> 4) ^ table[crc & 15];
    }
    return ~crc;
}

uint64_t segi_siphash(const uint64_t key[2], const void *data, size_t size)
{
    const unsigned char *bytes = data;
    sip_state s = sip_start(key);
    size_t whole = size & ~(size_t)7;
    for (size_t i = 0; i < whole; i += 8)
        sip_word(&s, sip_load(bytes + i));
    /* The last word: the remaining bytes and, on top, the size modulo 256. */
    uint64_t last = (uint64_t)size << 56;
    if (whole > 0 && size > whole)
        /* They are the upper bytes of the last eight, which reach back into the word before. */
        last |= sip_load(bytes + size - 8) >> (8 * (8 - (size - whole)));
    for (size_t i = whole; whole == 0 && i < size; i++)
        last |= (uint64_t)bytes[i] << (8 * i);
    sip_word(&s, last);
    return sip_finish(&s);
}

/* The general form with its loops gone: ids that are numbers go through here one by one. */
uint64_t segi_siphash_u64(const uint64_t key[2], uint64_t value)
{
    sip_state s = sip_start(key);
    sip_word(&s, value);
    sip_word(&s, (uint64_t)8 << 56);
    return sip_finish(&s);
}
