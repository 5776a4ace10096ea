/* unit/base/test_bitmap.c - base/bitmap.h against masks, and with hostile bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <seg/set.h>

#include "base/bitmap.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

#define CHUNKS 12

static mem_fault fault;
static segi_mem mem;
static seg_error err = SEG_ERROR_INIT;
static uint64_t state = 0x9e3779b97f4a7c15u;

static void setup(void)
{
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
}

static void teardown(void)
{
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}

static uint64_t random_word(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* `count` members, or the complement of -count members. */
static void fill_mask(segi_mask *mask, int32_t count)
{
    segi_mask_zero(mask);
    uint32_t wanted = (uint32_t)(count < 0 ? -count : count);
    while (segi_mask_count(mask) < wanted)
        segi_bit_set(mask->words, random_word() % SEGI_CHUNK_USERS);
    if (count < 0) {
        for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
            mask->words[i] = ~mask->words[i];
    }
}

/* Every form of container, the borders between them, and clustered members. */
static void fill_masks(segi_mask masks[CHUNKS])
{
    static const int32_t counts[CHUNKS] = {1,    0,    37,   511,  512,   2000,
                                           4095, 4096, 4097, 9000, -3000, -1};
    for (size_t i = 0; i < CHUNKS; i++)
        fill_mask(&masks[i], counts[i]);
    segi_mask_zero(&masks[1]);
    for (size_t run = 0; run < 40; run++)
        segi_bits_set_range(masks[1].words, run * 1500, run * 1500 + 90);
    /* More members in one word than any step of the extraction takes at once. */
    masks[2].words[500] = UINT64_MAX;
    masks[5].words[7] = UINT64_MAX;
    masks[5].words[1023] = UINT64_MAX;
    masks[5].words[9] = UINT64_MAX >> 20;
}

/* Chunk i of the tests lies at i * i, so that there are gaps. */
static uint32_t chunk_at(size_t i)
{
    return (uint32_t)(i * i);
}

static segi_bitmap *build(const segi_mask masks[CHUNKS])
{
    segi_bitmap_builder builder;
    segi_bitmap_builder_init(&builder, &mem);
    for (size_t i = 0; i < CHUNKS; i++)
        ck_assert_int_eq(segi_bitmap_builder_add(&builder, chunk_at(i), &masks[i]), SEG_OK);
    segi_bitmap *bitmap;
    ck_assert_int_eq(segi_bitmap_builders_finish(&builder, 1, &bitmap, &err), SEG_OK);
    ck_assert_uint_eq(segi_bitmap_count(bitmap), builder.cardinality);
    segi_bitmap_builder_deinit(&builder);
    return bitmap;
}

static void assert_holds(const segi_bitmap *bitmap, const segi_mask masks[CHUNKS])
{
    static segi_mask chunk;
    uint64_t total = 0;
    for (size_t i = 0; i < CHUNKS; i++) {
        uint32_t count = segi_bitmap_chunk(bitmap, chunk_at(i), &chunk);
        check_fast(count == segi_mask_count(&masks[i]));
        ck_assert_mem_eq(&chunk, &masks[i], sizeof chunk);
        total += count;
    }
    check_fast(segi_bitmap_count(bitmap) == total);
}

/* All ordinals of the masks in rising order; owned by the caller: free(). */
static uint32_t *list_of(const segi_mask masks[CHUNKS], size_t *count)
{
    uint32_t *list = malloc(sizeof *list * CHUNKS * SEGI_CHUNK_USERS);
    ck_assert_ptr_nonnull(list);
    *count = 0;
    for (size_t i = 0; i < CHUNKS; i++) {
        for (size_t bit = 0; bit < SEGI_CHUNK_USERS; bit++) {
            if (segi_bit_get(masks[i].words, bit))
                list[(*count)++] = chunk_at(i) << SEGI_CHUNK_BITS | (uint32_t)bit;
        }
    }
    return list;
}

START_TEST(test_bitmap__builder_keeps_every_member)
{
    static segi_mask masks[CHUNKS];
    for (int round = 0; round < 10; round++) {
        fill_masks(masks);
        segi_bitmap *bitmap = build(masks);
        assert_holds(bitmap, masks);
        static segi_mask empty;
        ck_assert_uint_eq(segi_bitmap_chunk(bitmap, 2, &empty), 0);
        ck_assert(segi_mask_empty(&empty));
        ck_assert_uint_eq(segi_bitmap_chunk(bitmap, 65536, &empty), 0);
        segi_bitmap_destroy(bitmap);
    }
}
END_TEST

START_TEST(test_bitmap__builders_of_runs_are_joined)
{
    static segi_mask masks[CHUNKS];
    fill_masks(masks);
    segi_bitmap *whole = build(masks);
    segi_bitmap_builder builders[4];
    for (size_t i = 0; i < 4; i++)
        segi_bitmap_builder_init(&builders[i], &mem);
    /* The third builder stays empty. */
    for (size_t i = 0; i < CHUNKS; i++) {
        segi_bitmap_builder *b = &builders[i < 3 ? 0 : i < 7 ? 1 : 3];
        ck_assert_int_eq(segi_bitmap_builder_add(b, chunk_at(i), &masks[i]), SEG_OK);
    }
    segi_bitmap *joined;
    ck_assert_int_eq(segi_bitmap_builders_finish(builders, 4, &joined, &err), SEG_OK);
    ck_assert(segi_bitmap_equals(whole, joined));
    for (size_t i = 0; i < 4; i++)
        segi_bitmap_builder_deinit(&builders[i]);
    segi_bitmap_destroy(joined);
    segi_bitmap_destroy(whole);
}
END_TEST

START_TEST(test_bitmap__empty_and_last_chunk)
{
    static segi_mask mask;
    segi_bitmap_builder builder;
    segi_bitmap *bitmap;
    segi_bitmap_builder_init(&builder, &mem);
    segi_mask_zero(&mask);
    ck_assert_int_eq(segi_bitmap_builder_add(&builder, 5, &mask), SEG_OK);
    ck_assert_int_eq(segi_bitmap_builders_finish(&builder, 1, &bitmap, &err), SEG_OK);
    ck_assert_uint_eq(segi_bitmap_count(bitmap), 0);
    ck_assert_uint_eq(segi_bitmap_max(bitmap), 0);
    ck_assert_uint_eq(segi_bitmap_chunk(bitmap, 0, &mask), 0);
    segi_bitmap_destroy(bitmap);
    ck_assert_int_eq(segi_bitmap_builders_finish(NULL, 0, &bitmap, &err), SEG_OK);
    segi_bitmap_destroy(bitmap);
    segi_bitmap_destroy(NULL);

    segi_mask_prefix(&mask, SEGI_CHUNK_USERS);
    ck_assert_int_eq(segi_bitmap_builder_add(&builder, 65535, &mask), SEG_OK);
    ck_assert_int_eq(segi_bitmap_builders_finish(&builder, 1, &bitmap, &err), SEG_OK);
    ck_assert_uint_eq(segi_bitmap_count(bitmap), SEGI_CHUNK_USERS);
    ck_assert_uint_eq(segi_bitmap_max(bitmap), UINT32_MAX);
    ck_assert(segi_bitmap_contains(bitmap, UINT32_MAX));
    ck_assert(!segi_bitmap_contains(bitmap, 0));
    static segi_mask chunk;
    ck_assert_uint_eq(segi_bitmap_chunk(bitmap, 65535, &chunk), SEGI_CHUNK_USERS);
    segi_bitmap_destroy(bitmap);
    segi_bitmap_builder_deinit(&builder);
}
END_TEST

START_TEST(test_bitmap__prefixes_and_ordinals)
{
    static const uint32_t counts[] = {0, 1, 65535, 65536, 65537, 1000003};
    static segi_mask chunk, expected;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        segi_bitmap *bitmap;
        ck_assert_int_eq(segi_bitmap_from_prefix(counts[i], &bitmap, &err), SEG_OK);
        ck_assert_uint_eq(segi_bitmap_count(bitmap), counts[i]);
        for (uint32_t c = 0; c < 20; c++) {
            uint32_t start = c << SEGI_CHUNK_BITS;
            segi_mask_prefix(&expected, counts[i] > start ? counts[i] - start : 0);
            segi_bitmap_chunk(bitmap, c, &chunk);
            ck_assert_mem_eq(&chunk, &expected, sizeof chunk);
        }
        segi_bitmap_destroy(bitmap);
    }
    static const uint32_t ordinals[] = {70000, 5, 5, 4000000000u, 0, 70000, 6};
    segi_bitmap *bitmap;
    ck_assert_int_eq(segi_bitmap_from_ordinals(ordinals, 7, &bitmap, &err), SEG_OK);
    static segi_bitmap_piece piece;
    segi_bitmap_read(bitmap, 0, &piece);
    ck_assert_uint_eq(piece.count, 5);
    ck_assert(!piece.dense);
    static const uint32_t sorted[] = {0, 5, 6, 70000, 4000000000u};
    ck_assert_mem_eq(piece.list, sorted, sizeof sorted);
    segi_bitmap_destroy(bitmap);
    ck_assert_int_eq(segi_bitmap_from_ordinals(NULL, 0, &bitmap, &err), SEG_OK);
    ck_assert_uint_eq(segi_bitmap_count(bitmap), 0);
    segi_bitmap_destroy(bitmap);
}
END_TEST

START_TEST(test_bitmap__algebra_matches_masks)
{
    static segi_mask a[CHUNKS], b[CHUNKS], expected[CHUNKS];
    typedef void mask_function(segi_mask *, const segi_mask *);
    static const struct {
        uint32_t operation;
        mask_function *function;
    } operations[] = {{SEG_SET_AND, segi_mask_and},
                      {SEG_SET_OR, segi_mask_or},
                      {SEG_SET_XOR, segi_mask_xor},
                      {SEG_SET_ANDNOT, segi_mask_andnot}};
    fill_masks(a);
    fill_masks(b);
    /* Neighbours swapped, so that all forms of containers meet. */
    for (size_t i = 0; i + 1 < CHUNKS; i += 2) {
        segi_mask swap = b[i];
        b[i] = b[i + 1];
        b[i + 1] = swap;
    }
    segi_bitmap *left = build(a);
    segi_bitmap *right = build(b);
    for (size_t o = 0; o < 4; o++) {
        memcpy(expected, a, sizeof expected);
        for (size_t i = 0; i < CHUNKS; i++)
            operations[o].function(&expected[i], &b[i]);
        segi_bitmap *result;
        uint32_t operation = operations[o].operation;
        ck_assert_int_eq(segi_bitmap_combine(operation, left, right, &result, &err), SEG_OK);
        assert_holds(result, expected);
        ck_assert_uint_eq(segi_bitmap_combine_count(operation, left, right),
                          segi_bitmap_count(result));
        ck_assert(!segi_bitmap_equals(result, left));
        segi_bitmap_destroy(result);
    }
    segi_bitmap *none;
    ck_assert_int_eq(segi_bitmap_combine(99, left, right, &none, &err), SEG_E_ARG);
    ck_assert_ptr_null(none);
    ck_assert_uint_eq(segi_bitmap_combine_count(99, left, right), 0);
    segi_bitmap_destroy(left);
    segi_bitmap_destroy(right);
}
END_TEST

/* The piece holds the members of list[*at ..], which it moves on; false at the end. */
static bool piece_matches(const segi_bitmap *bitmap, const uint32_t *list, size_t count, size_t *at)
{
    static segi_bitmap_piece piece;
    uint32_t first = *at == 0 ? 0 : list[*at - 1] + 1;
    segi_bitmap_read(bitmap, first, &piece);
    check_fast(piece.count <= count - *at);
    if (!piece.dense) {
        ck_assert_mem_eq(piece.list, list + *at, piece.count * sizeof *list);
        *at += piece.count;
        return piece.count > 0;
    }
    check_fast(segi_mask_count(&piece.mask) == piece.count);
    for (uint32_t i = 0; i < piece.count; i++, ++*at) {
        check_fast(list[*at] >> SEGI_CHUNK_BITS == piece.chunk);
        check_fast(segi_bit_get(piece.mask.words, list[*at] & 0xffff));
    }
    return true;
}

START_TEST(test_bitmap__reads_piece_by_piece)
{
    static segi_mask masks[CHUNKS];
    fill_masks(masks);
    segi_bitmap *bitmap = build(masks);
    size_t count;
    uint32_t *list = list_of(masks, &count);
    size_t at = 0;
    while (piece_matches(bitmap, list, count, &at))
        ;
    ck_assert_uint_eq(at, count);
    for (int i = 0; i < 300; i++) {
        at = random_word() % count;
        check_fast(piece_matches(bitmap, list, count, &at));
    }
    check_fast(segi_bitmap_max(bitmap) == list[count - 1]);
    for (size_t i = 0; i < count; i += 97)
        check_fast(segi_bitmap_contains(bitmap, list[i]));
    free(list);
    segi_bitmap_destroy(bitmap);
}
END_TEST

START_TEST(test_bitmap__bytes_come_back)
{
    static segi_mask masks[CHUNKS];
    fill_masks(masks);
    segi_bitmap *bitmap = build(masks);
    seg_buffer *bytes;
    segi_bitmap *back;
    ck_assert_int_eq(segi_bitmap_write(bitmap, &bytes, &mem, &err), SEG_OK);
    ck_assert_int_eq(
        segi_bitmap_read_bytes(seg_buffer_data(bytes), seg_buffer_size(bytes), &back, &err),
        SEG_OK);
    ck_assert(segi_bitmap_equals(bitmap, back));
    segi_bitmap_destroy(back);
    segi_bitmap_destroy(bitmap);
    seg_buffer_destroy(bytes);
}
END_TEST

/* Uses a bitmap made of hostile bytes in all ways there are. */
static void exercise(const segi_bitmap *bitmap)
{
    static segi_mask chunk;
    static segi_bitmap_piece piece;
    uint64_t count = segi_bitmap_count(bitmap);
    uint64_t seen = 0;
    for (uint32_t c = 0; c < 8; c++)
        seen += segi_bitmap_chunk(bitmap, c, &chunk);
    check_fast(seen <= count);
    segi_bitmap_read(bitmap, 0, &piece);
    check_fast(piece.count <= count && (piece.count > 0) == (count > 0));
    for (size_t i = 1; !piece.dense && i < piece.count; i++)
        check_fast(piece.list[i] > piece.list[i - 1]);
    segi_bitmap *result;
    for (uint32_t operation = SEG_SET_AND; operation <= SEG_SET_ANDNOT; operation++) {
        check_fast(segi_bitmap_combine(operation, bitmap, bitmap, &result, &err) == SEG_OK);
        segi_bitmap_destroy(result);
    }
}

/* A small bitmap with an array, a bitset and runs. */
static segi_bitmap *small_bitmap(void)
{
    static segi_mask mask;
    segi_bitmap *prefix, *built, *both;
    segi_bitmap_builder builder;
    segi_bitmap_builder_init(&builder, &mem);
    fill_mask(&mask, 60);
    ck_assert_int_eq(segi_bitmap_builder_add(&builder, 3, &mask), SEG_OK);
    fill_mask(&mask, 5000);
    ck_assert_int_eq(segi_bitmap_builder_add(&builder, 5, &mask), SEG_OK);
    ck_assert_int_eq(segi_bitmap_builders_finish(&builder, 1, &built, &err), SEG_OK);
    segi_bitmap_builder_deinit(&builder);
    ck_assert_int_eq(segi_bitmap_from_prefix(100000, &prefix, &err), SEG_OK);
    ck_assert_int_eq(segi_bitmap_combine(SEG_SET_OR, prefix, built, &both, &err), SEG_OK);
    segi_bitmap_destroy(prefix);
    segi_bitmap_destroy(built);
    return both;
}

/* Copies the bytes into a block of exactly their size, so that reading beyond is seen. */
static seg_status read_exactly(const void *bytes, size_t size, segi_bitmap **out)
{
    void *copy = segi_alloc(&mem, size);
    check_fast(copy != NULL);
    if (size > 0)
        memcpy(copy, bytes, size);
    seg_status status = segi_bitmap_read_bytes(copy, size, out, &err);
    segi_free(&mem, copy);
    return status;
}

START_TEST(test_bitmap__refuses_every_truncation)
{
    segi_bitmap *bitmap = small_bitmap();
    seg_buffer *bytes;
    check_fast(segi_bitmap_write(bitmap, &bytes, &mem, &err) == SEG_OK);
    const char *data = seg_buffer_data(bytes);
    size_t size = seg_buffer_size(bytes);
    segi_bitmap *back;
    for (size_t cut = 0; cut < size; cut++) {
        check_fast(read_exactly(data, cut, &back) == SEG_E_ROARING);
        check_fast(back == NULL);
    }
    /* Neither may anything follow. */
    char *longer = segi_alloc_zero(&mem, size + 1);
    memcpy(longer, data, size);
    check_fast(read_exactly(longer, size + 1, &back) == SEG_E_ROARING);
    segi_free(&mem, longer);
    check_fast(read_exactly(data, size, &back) == SEG_OK);
    segi_bitmap_destroy(back);
    seg_buffer_destroy(bytes);
    segi_bitmap_destroy(bitmap);
}
END_TEST

/* Whatever is accepted must be usable; most changes are refused. */
START_TEST(test_bitmap__survives_every_changed_byte)
{
    segi_bitmap *bitmap = small_bitmap();
    seg_buffer *bytes;
    check_fast(segi_bitmap_write(bitmap, &bytes, &mem, &err) == SEG_OK);
    size_t size = seg_buffer_size(bytes);
    char *copy = segi_alloc(&mem, size);
    memcpy(copy, seg_buffer_data(bytes), size);
    for (size_t i = 0; i < size; i++) {
        /* The middle of the bitset is 8 KiB of the same kind. */
        if (i > 600 && i + 300 < size && i % 64 != 0)
            continue;
        static const unsigned char changes[] = {0x01, 0x10, 0x80, 0xff};
        for (size_t c = 0; c < sizeof changes; c++) {
            segi_bitmap *back;
            copy[i] = (char)(copy[i] ^ changes[c]);
            seg_status status = read_exactly(copy, size, &back);
            if (status == SEG_OK) {
                exercise(back);
                segi_bitmap_destroy(back);
            } else {
                check_fast(status == SEG_E_ROARING);
            }
            copy[i] = (char)(copy[i] ^ changes[c]);
        }
    }
    segi_free(&mem, copy);
    seg_buffer_destroy(bytes);
    segi_bitmap_destroy(bitmap);
}
END_TEST

START_TEST(test_bitmap__ids_of_64_bits_come_back)
{
    uint64_t ids[5000];
    for (size_t i = 0; i < 5000; i++)
        ids[i] = i < 1000 ? i * 3 : random_word() >> (i % 50);
    ids[4999] = UINT64_MAX;
    ids[4998] = 0;
    seg_buffer *bytes;
    check_fast(segi_bitmap64_write(ids, 5000, &bytes, &mem, &err) == SEG_OK);
    uint64_t *back;
    size_t count;
    check_fast(segi_bitmap64_read_bytes(seg_buffer_data(bytes), seg_buffer_size(bytes), 5000, &mem,
                                        &back, &count, &err) == SEG_OK);
    check_fast(count <= 5000);
    for (size_t i = 1; i < count; i++)
        check_fast(back[i] > back[i - 1]);
    for (size_t i = 0; i < 5000; i++) {
        size_t low = 0, high = count;
        while (high - low > 1) {
            size_t middle = low + (high - low) / 2;
            if (back[middle] <= ids[i])
                low = middle;
            else
                high = middle;
        }
        check_fast(back[low] == ids[i]);
    }
    check_fast(back[count - 1] == UINT64_MAX);
    /* One id too many for the bound. */
    uint64_t *none;
    size_t none_count;
    check_fast(segi_bitmap64_read_bytes(seg_buffer_data(bytes), seg_buffer_size(bytes), count - 1,
                                        &mem, &none, &none_count, &err) == SEG_E_LIMIT);
    check_fast(none == NULL);
    segi_free(&mem, back);
    seg_buffer_destroy(bytes);

    check_fast(segi_bitmap64_write(NULL, 0, &bytes, &mem, &err) == SEG_OK);
    check_fast(segi_bitmap64_read_bytes(seg_buffer_data(bytes), seg_buffer_size(bytes), 0, &mem,
                                        &back, &count, &err) == SEG_OK);
    check_fast(count == 0);
    segi_free(&mem, back);
    seg_buffer_destroy(bytes);
}
END_TEST

START_TEST(test_bitmap__survives_hostile_64_bit_bytes)
{
    uint64_t ids[300];
    for (size_t i = 0; i < 300; i++)
        ids[i] = i < 100 ? i * 5 : i < 200 ? (uint64_t)7 << 33 | i : random_word();
    seg_buffer *bytes;
    check_fast(segi_bitmap64_write(ids, 300, &bytes, &mem, &err) == SEG_OK);
    size_t size = seg_buffer_size(bytes);
    uint64_t *back;
    size_t count;
    for (size_t cut = 0; cut < size; cut++) {
        void *copy = segi_alloc(&mem, cut);
        memcpy(copy, seg_buffer_data(bytes), cut);
        check_fast(segi_bitmap64_read_bytes(copy, cut, 1000, &mem, &back, &count, &err) ==
                   SEG_E_ROARING);
        segi_free(&mem, copy);
    }
    unsigned char *copy = segi_alloc(&mem, size);
    memcpy(copy, seg_buffer_data(bytes), size);
    for (size_t i = 0; i < size; i++) {
        for (int bit = 0; bit < 8; bit++) {
            copy[i] ^= (unsigned char)(1 << bit);
            seg_status status =
                segi_bitmap64_read_bytes(copy, size, 100000, &mem, &back, &count, &err);
            if (status == SEG_OK) {
                for (size_t j = 1; j < count; j++)
                    check_fast(back[j] > back[j - 1]);
                segi_free(&mem, back);
            } else {
                check_fast(status == SEG_E_ROARING || status == SEG_E_LIMIT);
                check_fast(back == NULL);
                check_fast(count == 0);
            }
            copy[i] ^= (unsigned char)(1 << bit);
        }
    }
    segi_free(&mem, copy);
    seg_buffer_destroy(bytes);
}
END_TEST

/* One run stands for 65,536 ids: the bound must hold before memory is taken. */
START_TEST(test_bitmap__bounds_ids_before_allocating)
{
    static const unsigned char bytes[] = {
        1,    0,    0,    0,    0,    0,   0, 0, /* one 32-bit bitmap */
        9,    0,    0,    0,                     /* high half of its ids */
        0x3b, 0x30, 0,    0,                     /* cookie with runs, one container */
        1,                                       /* which is a run container */
        0,    0,    0xff, 0xff,                  /* key, cardinality - 1 */
        1,    0,    0,    0,    0xff, 0xff       /* one run over all */
    };
    uint64_t *ids;
    size_t count;
    uint64_t before = mem_fault_calls(&fault);
    ck_assert_int_eq(segi_bitmap64_read_bytes(bytes, sizeof bytes, 65535, &mem, &ids, &count, &err),
                     SEG_E_LIMIT);
    ck_assert_uint_eq(mem_fault_calls(&fault), before);
    ck_assert_int_eq(segi_bitmap64_read_bytes(bytes, sizeof bytes, 65536, &mem, &ids, &count, &err),
                     SEG_OK);
    ck_assert_uint_eq(count, 65536);
    ck_assert_uint_eq(ids[65535], (uint64_t)9 << 32 | 65535);
    segi_free(&mem, ids);
}
END_TEST

START_TEST(test_bitmap__builder_survives_failing_memory)
{
    static segi_mask masks[CHUNKS];
    fill_masks(masks);
    for (uint64_t n = 1;; n++) {
        segi_bitmap_builder builder;
        segi_bitmap_builder_init(&builder, &mem);
        mem_fault_fail_at(&fault, n);
        seg_status status = SEG_OK;
        size_t heads = 0;
        for (size_t i = 0; i < CHUNKS && status == SEG_OK; i++) {
            heads = builder.head_count;
            status = segi_bitmap_builder_add(&builder, chunk_at(i), &masks[i]);
        }
        segi_bitmap *bitmap = NULL;
        seg_buffer *bytes = NULL;
        if (status == SEG_OK)
            status = segi_bitmap_builders_finish(&builder, 1, &bitmap, &err);
        else
            ck_assert_uint_eq(builder.head_count, heads);
        if (status == SEG_OK)
            status = segi_bitmap_write(bitmap, &bytes, &mem, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        ck_assert_int_eq(status, failed ? SEG_E_NOMEM : SEG_OK);
        if (!failed)
            assert_holds(bitmap, masks);
        seg_buffer_destroy(bytes);
        segi_bitmap_destroy(bitmap);
        segi_bitmap_builder_deinit(&builder);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
        if (!failed)
            break;
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/bitmap");
    TCase *tc = tcase_create("bitmap");
    tcase_set_timeout(tc, 100);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_bitmap__builder_keeps_every_member);
    tcase_add_test(tc, test_bitmap__builders_of_runs_are_joined);
    tcase_add_test(tc, test_bitmap__empty_and_last_chunk);
    tcase_add_test(tc, test_bitmap__prefixes_and_ordinals);
    tcase_add_test(tc, test_bitmap__algebra_matches_masks);
    tcase_add_test(tc, test_bitmap__reads_piece_by_piece);
    tcase_add_test(tc, test_bitmap__bytes_come_back);
    tcase_add_test(tc, test_bitmap__refuses_every_truncation);
    tcase_add_test(tc, test_bitmap__survives_every_changed_byte);
    tcase_add_test(tc, test_bitmap__ids_of_64_bits_come_back);
    tcase_add_test(tc, test_bitmap__survives_hostile_64_bit_bytes);
    tcase_add_test(tc, test_bitmap__bounds_ids_before_allocating);
    tcase_add_test(tc, test_bitmap__builder_survives_failing_memory);
    suite_add_tcase(s, tc);
    return s;
}
