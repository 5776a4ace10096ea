/* Hashes. XXH3 against accidents and for fingerprints; SipHash-1-3 with a secret key wherever an
 * outsider chooses the keys, because XXH3 has collisions that no seed hides. */
#ifndef SEGI_HASH_H
#define SEGI_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t segi_xxh3(const void *data, size_t size, uint64_t seed);
/* out[i] = XXH3 of the bytes of `head` followed by the 8 little-endian bytes of values[i]. */
#define SEGI_XXH3_HEAD_MAX 256
void segi_xxh3_u64s(const void *head, size_t head_size, const uint64_t *values, size_t count,
                    uint64_t *out);
void segi_xxh3_128(const void *data, size_t size, uint64_t out[2]); /* low half first */
/* CRC-32C (Castagnoli), for short headers: it finds every burst of up to 32 bits. */
uint32_t segi_crc32c(const void *data, size_t size);
uint64_t segi_siphash(const uint64_t key[2], const void *data, size_t size);
/* SipHash-1-3 of the 8 little-endian bytes of value. */
uint64_t segi_siphash_u64(const uint64_t key[2], uint64_t value);

#endif
