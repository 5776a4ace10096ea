/* Packing and unpacking lists of integers: see pack.h.
 *
 * The bytes of a list: one byte that says how, then
 *   0 .. 64   the number of bits of every value; their bits, lowest first, filled up to a byte
 *   255       codes: a 16-bit number of buckets, four bits of code length for each (0: not used),
 *             filled up to a byte; a 64-bit number of bits; the bits, filled up to a byte
 * Codes are canonical: shorter ones first, and by bucket among equals. They are written with their
 * first bit lowest, so that the reader finds the next one by a look at the lowest bits. */
#include "store/pack.h"

#include <string.h>

#include "base/bits.h"
#include "base/wire.h"

#define PACK_CODES 255
#define PACK_DIRECT 16 /* numbers below it are buckets of their own */
#define PACK_TABLE (1u << SEGI_PACK_CODE_BITS)
/* Bits that one look at eight bytes gives, whatever the bit it begins at. */
#define PACK_LOOK 57

/* ---- buckets --------------------------------------------------------------------------------- */

static inline uint32_t pack_bits_of(uint64_t value)
{
    return value ? 64 - (uint32_t)segi_clz(value) : 0;
}

/* The bits of a number that its bucket does not tell. */
static inline uint32_t bucket_rest(uint32_t bucket)
{
    return bucket < PACK_DIRECT ? 0 : (bucket - PACK_DIRECT) / 8 + 1;
}

static inline uint64_t bucket_base(uint32_t bucket)
{
    return bucket < PACK_DIRECT ? bucket : (uint64_t)(8 + bucket % 8) << bucket_rest(bucket);
}

static inline uint32_t bucket_of(uint64_t value)
{
    if (value < PACK_DIRECT)
        return (uint32_t)value;
    uint32_t rest = pack_bits_of(value) - 4;
    return PACK_DIRECT + (rest - 1) * 8 + (uint32_t)(value >> rest & 7);
}

/* ---- code lengths ---------------------------------------------------------------------------- */

typedef struct pack_codes {
    uint64_t frequency[SEGI_PACK_BUCKETS];
    uint8_t length[SEGI_PACK_BUCKETS];
    uint16_t code[SEGI_PACK_BUCKETS];    /* first bit lowest */
    uint16_t by_rank[SEGI_PACK_BUCKETS]; /* used buckets, rising by frequency */
    uint32_t used;
} pack_codes;

static void codes_rank(pack_codes *codes)
{
    codes->used = 0;
    for (uint32_t b = 0; b < SEGI_PACK_BUCKETS; b++) {
        if (codes->frequency[b] == 0)
            continue;
        uint32_t at = codes->used++;
        for (; at > 0 && codes->frequency[codes->by_rank[at - 1]] > codes->frequency[b]; at--)
            codes->by_rank[at] = codes->by_rank[at - 1];
        codes->by_rank[at] = (uint16_t)b;
    }
}

/* Depths of Huffman's tree: leaves in order of frequency and the nodes made of them are two rising
 * queues, and the two least of their heads are joined until one is left. */
static void codes_depths(pack_codes *codes)
{
    uint64_t weight[SEGI_PACK_BUCKETS];
    uint16_t leaf_parent[SEGI_PACK_BUCKETS], parent[SEGI_PACK_BUCKETS];
    uint32_t depth[SEGI_PACK_BUCKETS];
    uint32_t leaf = 0, node = 0, made = 0, used = codes->used;
    for (; made + 1 < used; made++) {
        weight[made] = 0;
        for (int side = 0; side < 2; side++) {
            uint64_t least = leaf < used ? codes->frequency[codes->by_rank[leaf]] : UINT64_MAX;
            if (node < made && weight[node] < least) {
                weight[made] += weight[node];
                parent[node++] = (uint16_t)made;
            } else {
                weight[made] += least;
                leaf_parent[leaf++] = (uint16_t)made;
            }
        }
    }
    depth[made - 1] = 0;
    for (uint32_t i = made - 1; i-- > 0;)
        depth[i] = depth[parent[i]] + 1;
    for (uint32_t i = 0; i < used; i++) {
        uint32_t length = depth[leaf_parent[i]] + 1;
        codes->length[codes->by_rank[i]] =
            (uint8_t)(length < SEGI_PACK_CODE_BITS ? length : SEGI_PACK_CODE_BITS);
    }
}

/* Cutting long codes off gives away more codes than there are: lengthen the rarest that are not at
 * the limit until they fit, then shorten the most frequent ones by what is left. */
static void codes_fit(pack_codes *codes)
{
    uint32_t total = 0, used = codes->used;
    for (uint32_t i = 0; i < used; i++)
        total += PACK_TABLE >> codes->length[codes->by_rank[i]];
    for (uint32_t i = 0; total > PACK_TABLE; i = (i + 1) % used) {
        uint8_t *length = &codes->length[codes->by_rank[i]];
        while (total > PACK_TABLE && *length < SEGI_PACK_CODE_BITS)
            total -= PACK_TABLE >> ++*length;
    }
    for (uint32_t i = used; i-- > 0;) {
        uint8_t *length = &codes->length[codes->by_rank[i]];
        while (*length > 1 && total + (PACK_TABLE >> *length) <= PACK_TABLE)
            total += PACK_TABLE >> (*length)--;
    }
}

/* Codes in the order of (length, bucket). False if the lengths leave codes over or do not suffice:
 * every look at the bits must find a bucket. */
static bool codes_assign(const uint8_t *length, uint32_t count, uint16_t *code)
{
    uint32_t next = 0;
    for (uint32_t bits = 1; bits <= SEGI_PACK_CODE_BITS; bits++) {
        for (uint32_t b = 0; b < count; b++) {
            if (length[b] != bits)
                continue;
            if (next >> bits)
                return false;
            uint32_t reversed = 0;
            for (uint32_t k = 0; k < bits; k++)
                reversed |= (next >> k & 1) << (bits - 1 - k);
            code[b] = (uint16_t)reversed;
            next++;
        }
        next <<= 1;
    }
    return next == PACK_TABLE << 1;
}

/* ---- packing --------------------------------------------------------------------------------- */

/* Bits on their way out; room for them and eight bytes more was reserved. */
typedef struct pack_bits {
    uint8_t *out;
    uint64_t word;
    uint32_t count; /* fewer than 8 between calls */
} pack_bits;

/* At most 56 bits, so that the word holds them and those that are left. */
static inline void bits_put_few(pack_bits *bits, uint64_t value, uint32_t count)
{
    bits->word |= value << bits->count;
    bits->count += count;
    for (uint32_t i = 0; i < 8; i++)
        bits->out[i] = (uint8_t)(bits->word >> 8 * i);
    bits->out += bits->count / 8;
    bits->word >>= bits->count / 8 * 8;
    bits->count %= 8;
}

static inline void bits_put(pack_bits *bits, uint64_t value, uint32_t count)
{
    if (count > 56) {
        bits_put_few(bits, value & UINT32_MAX, 32);
        value >>= 32;
        count -= 32;
    }
    bits_put_few(bits, value, count);
}

typedef struct pack_survey {
    uint64_t most; /* the greatest value */
    pack_codes codes;
} pack_survey;

static void pack_look(size_t count, segi_pack_fetch *fetch, void *context, pack_survey *out)
{
    uint64_t values[SEGI_PACK_BATCH];
    memset(out, 0, sizeof *out);
    for (size_t begin = 0; begin < count; begin += SEGI_PACK_BATCH) {
        size_t n = count - begin < SEGI_PACK_BATCH ? count - begin : SEGI_PACK_BATCH;
        fetch(context, begin, n, values);
        for (size_t i = 0; i < n; i++) {
            out->most = values[i] > out->most ? values[i] : out->most;
            out->codes.frequency[bucket_of(values[i])]++;
        }
    }
}

/* Bits of all values by codes. */
static uint64_t codes_cost(const pack_codes *codes)
{
    uint64_t bits = 0;
    for (uint32_t i = 0; i < codes->used; i++) {
        uint32_t b = codes->by_rank[i];
        bits += codes->frequency[b] * (codes->length[b] + bucket_rest(b));
    }
    return bits;
}

static void pack_values(pack_bits *bits, size_t count, segi_pack_fetch *fetch, void *context,
                        uint32_t width, const pack_codes *codes)
{
    uint64_t values[SEGI_PACK_BATCH];
    for (size_t begin = 0; begin < count; begin += SEGI_PACK_BATCH) {
        size_t n = count - begin < SEGI_PACK_BATCH ? count - begin : SEGI_PACK_BATCH;
        fetch(context, begin, n, values);
        for (size_t i = 0; i < n && !codes; i++)
            bits_put(bits, values[i], width);
        for (size_t i = 0; i < n && codes; i++) {
            uint32_t b = bucket_of(values[i]);
            bits_put(bits, codes->code[b], codes->length[b]);
            bits_put(bits, values[i] - bucket_base(b), bucket_rest(b));
        }
    }
}

static void pack_put_lengths(segi_buf *out, const pack_codes *codes, uint32_t buckets)
{
    uint8_t head[3] = {PACK_CODES, (uint8_t)buckets, (uint8_t)(buckets >> 8)};
    segi_buf_add(out, head, sizeof head);
    for (uint32_t b = 0; b < buckets; b += 2) {
        uint32_t more = b + 1 < buckets ? codes->length[b + 1] : 0;
        segi_buf_char(out, (char)(codes->length[b] | more << 4));
    }
}

void segi_pack(segi_buf *out, size_t count, segi_pack_fetch *fetch, void *context)
{
    pack_survey survey;
    pack_codes *codes = &survey.codes;
    pack_look(count, fetch, context, &survey);
    uint32_t width = pack_bits_of(survey.most), buckets = bucket_of(survey.most) + 1;
    uint64_t plain = (uint64_t)count * width, coded = UINT64_MAX, head = 11 + (buckets + 1) / 2;
    codes_rank(codes);
    if (codes->used > 1) {
        codes_depths(codes);
        codes_fit(codes);
        coded = codes_cost(codes);
    }
    /* Codes take longer to read: they have to save something. */
    bool use_codes = coded < plain && coded + 8 * head < plain - plain / 32;
    uint64_t bits = use_codes ? coded : plain;
    if (use_codes) {
        codes_assign(codes->length, buckets, codes->code);
        pack_put_lengths(out, codes, buckets);
        segi_put_u64(out, bits);
    } else {
        segi_buf_char(out, (char)width);
    }
    size_t size = (size_t)((bits + 7) / 8);
    if (!segi_buf_reserve(out, size + 8))
        return;
    pack_bits writer = {.out = (uint8_t *)out->data + out->size};
    pack_values(&writer, count, fetch, context, width, use_codes ? codes : NULL);
    out->size += size;
}

/* ---- unpacking ------------------------------------------------------------------------------- */

static bool unpack_bits(segi_unpack *unpack, const uint8_t **bytes, const uint8_t *end,
                        uint64_t bits)
{
    if (bits > (uint64_t)(end - *bytes) * 8)
        return false;
    unpack->bytes = *bytes;
    unpack->end = bits;
    *bytes += (bits + 7) / 8;
    return true;
}

/* An entry of the table: bits that the value takes in all, bits of its rest, and the number above
 * the rest, which is below 16. */
static inline uint32_t code_entry(uint32_t bucket, uint32_t length)
{
    uint32_t rest = bucket_rest(bucket), top = (uint32_t)(bucket_base(bucket) >> rest);
    return (length + rest) | rest << 8 | top << 16;
}
static inline uint32_t code_bits(uint32_t entry)
{
    return entry & 255;
}
static inline uint32_t code_rest(uint32_t entry)
{
    return entry >> 8 & 255;
}

static void unpack_fill(segi_unpack *unpack, const uint8_t *length, const uint16_t *code,
                        uint32_t buckets)
{
    for (uint32_t b = 0; b < buckets; b++)
        for (uint32_t i = code[b]; length[b] > 0 && i < PACK_TABLE; i += 1u << length[b])
            unpack->codes[i] = code_entry(b, length[b]);
}

static bool unpack_codes(segi_unpack *unpack, const uint8_t **bytes, const uint8_t *end)
{
    uint8_t length[SEGI_PACK_BUCKETS + 1] = {0};
    uint16_t code[SEGI_PACK_BUCKETS];
    const uint8_t *at = *bytes;
    if (end - at < 2)
        return false;
    uint32_t buckets = at[0] | (uint32_t)at[1] << 8;
    at += 2;
    if (buckets > SEGI_PACK_BUCKETS || (size_t)(end - at) < (buckets + 1) / 2 + 8)
        return false;
    for (uint32_t b = 0; b < buckets; b += 2, at++) {
        length[b] = *at & 15;
        length[b + 1] = *at >> 4;
        if (length[b] > SEGI_PACK_CODE_BITS || length[b + 1] > SEGI_PACK_CODE_BITS)
            return false;
    }
    if (length[buckets] != 0 || !codes_assign(length, buckets, code))
        return false;
    unpack_fill(unpack, length, code, buckets);
    *bytes = at + 8;
    return unpack_bits(unpack, bytes, end, segi_get_at(at, 8));
}

bool segi_unpack_open(segi_unpack *unpack, const uint8_t **bytes, const uint8_t *end, size_t count)
{
    unpack->at = 0;
    unpack->failed = false;
    if (*bytes == end)
        return false;
    uint32_t how = *(*bytes)++;
    if (how == PACK_CODES) {
        unpack->width = UINT32_MAX;
        return unpack_codes(unpack, bytes, end);
    }
    unpack->width = how;
    return how <= 64 && unpack_bits(unpack, bytes, end, (uint64_t)count * how);
}

static inline uint64_t load64(const uint8_t *p)
{
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 |
           (uint64_t)p[4] << 32 | (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
           (uint64_t)p[7] << 56;
}

/* PACK_LOOK bits from bit `at` on; zeros past the end. */
static inline uint64_t unpack_look(const segi_unpack *unpack, uint64_t at)
{
    uint64_t first = at / 8, size = (unpack->end + 7) / 8, word = 0;
    if (first + 8 <= size)
        return load64(unpack->bytes + first) >> (at & 7);
    for (uint64_t i = first; i < size; i++)
        word |= (uint64_t)unpack->bytes[i] << 8 * (i - first);
    return word >> (at & 7);
}

static inline uint64_t low_bits(uint64_t word, uint32_t count)
{
    return word & (((uint64_t)1 << count) - 1);
}

static inline uint64_t unpack_take(segi_unpack *unpack, uint32_t count)
{
    uint64_t at = unpack->at;
    unpack->at += count;
    if (count <= PACK_LOOK)
        return low_bits(unpack_look(unpack, at), count);
    uint64_t high = low_bits(unpack_look(unpack, at + 32), count - 32);
    return (unpack_look(unpack, at) & UINT32_MAX) | high << 32;
}

static uint64_t unpack_one(segi_unpack *unpack)
{
    uint32_t entry = unpack->codes[low_bits(unpack_look(unpack, unpack->at), SEGI_PACK_CODE_BITS)];
    uint32_t rest = code_rest(entry);
    unpack->at += code_bits(entry) - rest;
    return ((uint64_t)(entry >> 16) << rest) + unpack_take(unpack, rest);
}

/* As many values as a look at eight bytes gives; none where the next one takes more, or where fewer
 * bytes are left. Bits that were not loaded look like zeros: then the entry found is one of a code
 * that is longer than what is left, or the right one. */
static inline size_t unpack_some(segi_unpack *unpack, size_t count, uint64_t *out)
{
    uint64_t first = unpack->at / 8;
    if (first + 8 > (unpack->end + 7) / 8)
        return 0;
    uint32_t shift = unpack->at & 7, left = 64 - shift;
    uint64_t word = load64(unpack->bytes + first) >> shift;
    size_t i = 0;
    for (; i < count; i++) {
        uint32_t entry = unpack->codes[word & (PACK_TABLE - 1)];
        uint32_t bits = code_bits(entry), rest = code_rest(entry);
        if (bits > left || bits > PACK_LOOK)
            break;
        out[i] = ((uint64_t)(entry >> 16) << rest) + low_bits(word >> (bits - rest), rest);
        word >>= bits;
        left -= bits;
    }
    unpack->at = first * 8 + 64 - left;
    return i;
}

void segi_unpack_next(segi_unpack *unpack, size_t count, uint64_t *out)
{
    if (unpack->width == 0 || unpack->failed) {
        memset(out, 0, count * sizeof *out);
    } else if (unpack->width == UINT32_MAX) {
        for (size_t i = 0; i < count;) {
            size_t some = unpack_some(unpack, count - i, out + i);
            if (some == 0)
                out[i] = unpack_one(unpack);
            i += some ? some : 1;
        }
    } else {
        for (size_t i = 0; i < count; i++)
            out[i] = unpack_take(unpack, unpack->width);
    }
    unpack->failed |= unpack->at > unpack->end;
}

bool segi_unpack_close(const segi_unpack *unpack)
{
    return !unpack->failed && unpack->at == unpack->end;
}
