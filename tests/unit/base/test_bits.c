/* unit/base/test_bits.c - base/bits.h against bit by bit loops. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "support/check_main.h"

static uint64_t state = 0x2545f4914f6cdd1du;

static uint64_t random_word(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

static void random_mask(segi_mask *mask)
{
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        mask->words[i] = random_word();
}

START_TEST(test_bits__ranges_match_single_bits)
{
    enum {
        WORDS = 5
    };
    for (size_t begin = 0; begin <= WORDS * 64; begin++) {
        for (size_t end = 0; end <= WORDS * 64; end++) {
            uint64_t words[WORDS], expected[WORDS];
            for (size_t i = 0; i < WORDS; i++)
                words[i] = expected[i] = random_word() & random_word() & random_word();
            size_t count = 0;
            for (size_t i = begin; i < end; i++)
                count += segi_bit_get(words, i);
            check_fast(segi_bits_count_range(words, begin, end) == count);
            check_fast(segi_bits_any_range(words, begin, end) == (count != 0));
            for (size_t i = begin; i < end; i++)
                segi_bit_set(expected, i);
            segi_bits_set_range(words, begin, end);
            ck_assert_mem_eq(words, expected, sizeof words);
        }
    }
}
END_TEST

/* Long ranges, which are counted many words at a time. */
START_TEST(test_bits__counts_of_long_ranges_match_single_bits)
{
    static segi_mask mask;
    for (int round = 0; round < 200; round++) {
        random_mask(&mask);
        size_t begin = random_word() % SEGI_CHUNK_USERS;
        size_t end = begin + random_word() % (SEGI_CHUNK_USERS - begin + 1), count = 0;
        for (size_t i = begin; i < end; i++)
            count += segi_bit_get(mask.words, i);
        check_fast(segi_bits_count_range(mask.words, begin, end) == count);
    }
}
END_TEST

START_TEST(test_bits__any_range_sees_only_its_bits)
{
    uint64_t words[4] = {0};
    for (size_t bit = 0; bit < 256; bit++) {
        segi_bit_set(words, bit);
        check_fast(segi_bits_any_range(words, bit, bit + 1));
        check_fast(segi_bits_any_range(words, 0, 256));
        check_fast(!segi_bits_any_range(words, 0, bit));
        check_fast(!segi_bits_any_range(words, bit + 1, 256));
        segi_bit_clear(words, bit);
        check_fast(!segi_bits_any_range(words, 0, 256));
    }
}
END_TEST

START_TEST(test_bits__prefix_and_count)
{
    static const uint32_t sizes[] = {0, 1, 63, 64, 65, 1000, 65535, 65536, 70000};
    static segi_mask mask;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint32_t n = sizes[i] < SEGI_CHUNK_USERS ? sizes[i] : SEGI_CHUNK_USERS;
        memset(&mask, 0x5a, sizeof mask);
        segi_mask_prefix(&mask, sizes[i]);
        ck_assert_uint_eq(segi_mask_count(&mask), n);
        ck_assert_int_eq(segi_mask_empty(&mask), n == 0);
        if (n > 0)
            ck_assert(segi_bit_get(mask.words, n - 1));
        if (n < SEGI_CHUNK_USERS)
            ck_assert(!segi_bit_get(mask.words, n));
    }
    for (size_t bit = 0; bit < SEGI_CHUNK_USERS; bit += 61) {
        segi_mask_zero(&mask);
        segi_bit_set(mask.words, bit);
        ck_assert(!segi_mask_empty(&mask));
        ck_assert_uint_eq(segi_mask_count(&mask), 1);
    }
}
END_TEST

START_TEST(test_bits__mask_algebra)
{
    static segi_mask a, b, result;
    random_mask(&a);
    random_mask(&b);
    result = a;
    segi_mask_and(&result, &b);
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        check_fast(result.words[i] == (a.words[i] & b.words[i]));
    result = a;
    segi_mask_or(&result, &b);
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        check_fast(result.words[i] == (a.words[i] | b.words[i]));
    result = a;
    segi_mask_xor(&result, &b);
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        check_fast(result.words[i] == (a.words[i] ^ b.words[i]));
    result = a;
    segi_mask_andnot(&result, &b);
    for (size_t i = 0; i < SEGI_MASK_WORDS; i++)
        check_fast(result.words[i] == (a.words[i] & ~b.words[i]));
}
END_TEST

START_TEST(test_bits__sums_are_exact)
{
    static const struct {
        int64_t values[4];
        int64_t sum;
        bool fits;
    } cases[] = {
        {{1, 2, 3, 4}, 10, true},
        {{INT64_MAX, 1, -1, 0}, INT64_MAX, true},
        {{INT64_MAX, 1, 0, 0}, 0, false},
        {{INT64_MIN, -1, 0, 0}, 0, false},
        {{INT64_MIN, -1, 1, 0}, INT64_MIN, true},
        {{INT64_MIN, INT64_MIN, INT64_MAX, INT64_MAX}, -2, true},
        {{INT64_MIN, INT64_MIN, INT64_MIN, INT64_MIN}, 0, false},
        {{-1, -1, -1, -1}, -4, true},
        {{-1, 1, -1, 1}, 0, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        segi_sum sum = {0, 0};
        for (size_t j = 0; j < 4; j++)
            segi_sum_add(&sum, cases[i].values[j]);
        int64_t value;
        ck_assert_int_eq(segi_sum_get(&sum, &value), cases[i].fits);
        if (cases[i].fits)
            ck_assert_int_eq(value, cases[i].sum);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/bits");
    TCase *tc = tcase_create("bits");
    tcase_set_timeout(tc, 60);
    tcase_add_test(tc, test_bits__ranges_match_single_bits);
    tcase_add_test(tc, test_bits__counts_of_long_ranges_match_single_bits);
    tcase_add_test(tc, test_bits__any_range_sees_only_its_bits);
    tcase_add_test(tc, test_bits__prefix_and_count);
    tcase_add_test(tc, test_bits__mask_algebra);
    tcase_add_test(tc, test_bits__sums_are_exact);
    suite_add_tcase(s, tc);
    return s;
}
