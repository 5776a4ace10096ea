/* Lists of unsigned integers in few bytes: the form of everything long in the blocks of a store.
 *
 * A list is written in the cheaper of two ways: all values with the same number of bits; or each
 * as the Huffman code of its bucket and the rest of its bits. Buckets are single numbers below 16
 * and eight per power of two above, so that a skew is seen at every size. docs/format.md has the
 * bytes. */
#ifndef SEGI_PACK_H
#define SEGI_PACK_H

#include "base/buf.h"

/* Buckets of all 64-bit numbers, and bits of the longest code. */
#define SEGI_PACK_BUCKETS 496
#define SEGI_PACK_CODE_BITS 11
/* Values that go through the hands of the packer at a time. */
#define SEGI_PACK_BATCH 1024

/* Gives values [begin, begin + count), count at most SEGI_PACK_BATCH. */
typedef void segi_pack_fetch(void *context, size_t begin, size_t count, uint64_t *out);

/* Append a list; `fetch` is asked for all of it twice. Failures are noted in out. */
void segi_pack(segi_buf *out, size_t count, segi_pack_fetch *fetch, void *context);

/* A list being read. */
typedef struct segi_unpack {
    const uint8_t *bytes; /* of the list, borrowed */
    uint64_t at, end;     /* bits */
    uint32_t width;       /* bits of each value; UINT32_MAX: codes */
    bool failed;          /* read past the end */
    /* By the next bits: what a value that begins with them takes and is made of (pack.c). */
    uint32_t codes[1 << SEGI_PACK_CODE_BITS];
} segi_unpack;

/* Take the list of `count` values that begins at *bytes, and move *bytes past it. False if the
 * bytes are no such list. */
bool segi_unpack_open(segi_unpack *unpack, const uint8_t **bytes, const uint8_t *end, size_t count);
/* The next values. After all of them segi_unpack_close() says whether the list was good; values of
 * a bad one are arbitrary. */
void segi_unpack_next(segi_unpack *unpack, size_t count, uint64_t *out);
bool segi_unpack_close(const segi_unpack *unpack);

#endif
