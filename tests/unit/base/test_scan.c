/* Scans against one-by-one tests, and every instruction level against the plain one. */
#include "base/scan_int.h"

#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "support/check_main.h"

static uint64_t scan_seed = 88172645463325252u;

static uint64_t next_random(void)
{
    scan_seed ^= scan_seed << 13;
    scan_seed ^= scan_seed >> 7;
    scan_seed ^= scan_seed << 17;
    return scan_seed;
}

static uint64_t stored_at(uint32_t width, const unsigned char *data, size_t i)
{
    uint64_t value = 0;
    memcpy(&value, data + i * width, width); /* little-endian */
    return value;
}

/* Bounds near values that occur, and the extremes. */
static uint64_t pick_bound(uint32_t width, const unsigned char *data, size_t n)
{
    uint64_t top = width == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * width)) - 1;
    switch (next_random() % 6) {
    case 0: return 0;
    case 1: return top;
    case 2: return UINT64_MAX;
    case 3: return next_random() & top;
    default: return (stored_at(width, data, next_random() % n) + next_random() % 3 - 1) & top;
    }
}

START_TEST(test_scan__range_equals_one_by_one_at_every_level)
{
    enum {
        N = 1000
    };
    unsigned char *data = malloc(N * 8 + 64);
    uint64_t bits[N / 64 + 2];
    static const uint32_t widths[] = {1, 2, 4, 8};
    for (int round = 0; round < 4000; round++) {
        uint32_t width = widths[next_random() % 4];
        uint64_t spread = next_random() % 3;
        for (size_t i = 0; i < N * 8 + 64; i++)
            data[i] = (unsigned char)(spread ? next_random() >> 20 : next_random() % 3);
        uint64_t low = pick_bound(width, data, N), high = pick_bound(width, data, N);
        size_t begin = next_random() % 200, count = next_random() % (N - 200) + 1;
        for (int level = 0; level <= segi_scan_level(); level++) {
            memset(bits, 0xA5, sizeof bits);
            segi_scan_range_at(level, width, data, begin, count, low, high, bits);
            for (size_t i = 0; i < count; i++) {
                uint64_t v = stored_at(width, data, begin + i);
                if (segi_bit_get(bits, i) != (low <= v && v <= high))
                    ck_abort_msg("level %d width %u row %zu of %zu", level, width, i, count);
            }
            for (size_t i = count; i < (count + 63) / 64 * 64; i++)
                check_fast(!segi_bit_get(bits, i));
        }
    }
    free(data);
}
END_TEST

START_TEST(test_scan__table_any_all_equal_one_by_one)
{
    enum {
        N = 500
    };
    uint16_t data[N + 32];
    uint64_t table[4], bits[N / 64 + 1];
    for (int round = 0; round < 500; round++) {
        for (size_t i = 0; i < N; i++)
            data[i] = (uint16_t)(next_random() % 300);
        for (size_t i = 0; i < 4; i++)
            table[i] = next_random();
        uint64_t mask = next_random() & 511;
        segi_scan_table(2, data, 3, N - 3, table, 256, bits);
        for (size_t i = 3; i < N; i++)
            check_fast(segi_bit_get(bits, i - 3) ==
                       (data[i] < 256 && segi_bit_get(table, data[i])));
        segi_scan_any(2, data, 3, N - 3, mask, bits);
        for (size_t i = 3; i < N; i++)
            check_fast(segi_bit_get(bits, i - 3) == ((data[i] & mask) != 0));
        segi_scan_all(2, data, 3, N - 3, mask, bits);
        for (size_t i = 3; i < N; i++)
            check_fast(segi_bit_get(bits, i - 3) == ((data[i] & mask) == mask));
    }
}
END_TEST

START_TEST(test_scan__extract_moves_bits_to_zero)
{
    uint64_t source[9], out[9];
    for (int round = 0; round < 2000; round++) {
        for (size_t i = 0; i < 9; i++)
            source[i] = next_random();
        size_t begin = next_random() % 300, count = next_random() % (9 * 64 - 300) + 1;
        segi_bits_extract(source, begin, count, out);
        for (size_t i = 0; i < count; i++)
            check_fast(segi_bit_get(out, i) == segi_bit_get(source, begin + i));
        for (size_t i = count; i < (count + 63) / 64 * 64; i++)
            check_fast(!segi_bit_get(out, i));
        segi_bits_fill(out, count);
        segi_bits_andnot_extract(source, begin, count, out);
        for (size_t i = 0; i < count; i++)
            check_fast(segi_bit_get(out, i) != segi_bit_get(source, begin + i));
    }
}
END_TEST

/* Both halves near their bounds, which may lie anywhere, also round the end of the range. */
START_TEST(test_scan__boxes_equal_one_by_one_at_every_level)
{
    enum {
        N = 700
    };
    uint64_t data[N], bits[N / 64 + 1];
    for (int round = 0; round < 2000; round++) {
        segi_scan_box box = {next_random(), next_random() >> (next_random() % 64),
                             next_random() << 32, next_random() >> (next_random() % 32) << 32};
        size_t begin = next_random() % 100, count = next_random() % (N - 100) + 1;
        for (size_t i = 0; i < N; i++) {
            uint64_t upper = box.low + next_random() % 4 * (box.span / 2) + next_random() % 3 - 1;
            uint64_t lower = (box.lower_low >> 32) + next_random() % 4 * (box.lower_span >> 33);
            data[i] = next_random() % 2 ? upper : (upper >> 32 << 32) | (uint32_t)lower;
        }
        for (int level = 0; level <= segi_scan_level(); level++) {
            memset(bits, 0xA5, sizeof bits);
            segi_scan_boxes_at(level, data, begin, count, &box, bits);
            for (size_t i = 0; i < (count + 63) / 64 * 64; i++) {
                uint64_t x = i < count ? data[begin + i] : 0;
                bool holds = x - box.low <= box.span;
                holds = holds && (x << 32) - box.lower_low <= box.lower_span;
                check_fast(segi_bit_get(bits, i) == (i < count && holds));
            }
        }
    }
}
END_TEST

/* Thin and full words, and what lies behind the last picked value stays as it was. */
START_TEST(test_scan__pick_equals_one_by_one_at_every_level)
{
    enum {
        WORDS = 20
    };
    uint64_t words[WORDS], values[WORDS * 64], expected[WORDS * 64 + 1], out[WORDS * 64 + 1];
    for (size_t i = 0; i < WORDS * 64; i++)
        values[i] = next_random();
    for (int round = 0; round < 3000; round++) {
        size_t word_count = next_random() % (WORDS + 1), count = 0;
        for (size_t i = 0; i < word_count; i++)
            words[i] = next_random() % 4 == 0   ? UINT64_MAX
                       : next_random() % 4 == 0 ? 0
                       : round % 2              ? next_random()
                                                : next_random() & next_random() & next_random();
        memset(expected, 0x5a, sizeof expected);
        for (size_t i = 0; i < word_count * 64; i++)
            if (segi_bit_get(words, i))
                expected[count++] = values[i];
        for (int level = 0; level <= segi_scan_level(); level++) {
            memset(out, 0x5a, sizeof out);
            check_fast(segi_bits_pick_at(level, words, word_count, values, out) == count);
            ck_assert_mem_eq(out, expected, sizeof out);
        }
    }
}
END_TEST

/* Sums stop at 255, and nothing but the users of set bits changes. */
START_TEST(test_scan__tally_equals_one_by_one_at_every_level)
{
    enum {
        WORDS = 20
    };
    uint64_t words[WORDS];
    uint8_t values[WORDS * 64 + 64], start[WORDS * 64], expected[WORDS * 64], out[WORDS * 64];
    for (int round = 0; round < 3000; round++) {
        size_t word_count = next_random() % (WORDS + 1), next = 0;
        uint8_t base = (uint8_t)(next_random() % (round % 3 ? 4 : 256));
        bool zeros = next_random() % 4 == 0;
        for (size_t i = 0; i < sizeof values; i++)
            values[i] = (uint8_t)(round % 2 ? next_random() : next_random() % 3);
        for (size_t i = 0; i < sizeof start; i++)
            start[i] = (uint8_t)(next_random() % 3 ? next_random() % 5 : next_random());
        memcpy(expected, start, sizeof start);
        for (size_t i = 0; i < word_count; i++)
            words[i] = next_random() % 4 == 0 ? UINT64_MAX : next_random() & next_random();
        for (size_t i = 0; i < word_count * 64; i++) {
            if (!segi_bit_get(words, i))
                continue;
            unsigned sum = start[i] + base + (zeros ? 0u : values[next++]);
            expected[i] = (uint8_t)(sum > 255 ? 255 : sum);
        }
        for (int level = 0; level <= segi_scan_level(); level++) {
            memcpy(out, start, sizeof out);
            segi_bits_tally_at(level, words, word_count, zeros ? NULL : values, base, out);
            ck_assert_mem_eq(out, expected, sizeof out);
        }
    }
}
END_TEST

/* Thin and full words, counts up to 510; what lies behind the last run stays as it was. */
START_TEST(test_scan__runs_equal_one_by_one_at_every_level)
{
    enum {
        WORDS = 20
    };
    uint64_t words[WORDS], wanted[WORDS];
    uint8_t values[WORDS * 64 + 64];
    segi_bits_run expected[WORDS * 64 + 1], out[WORDS * 64 + 1];
    for (int round = 0; round < 3000; round++) {
        size_t word_count = next_random() % (WORDS + 1), next = 0, count = 0;
        uint8_t base = (uint8_t)(next_random() % (round % 3 ? 4 : 256));
        bool zeros = next_random() % 4 == 0;
        uint32_t row = 0;
        for (size_t i = 0; i < sizeof values; i++)
            values[i] = (uint8_t)(round % 2 ? next_random() : next_random() % 3);
        for (size_t i = 0; i < word_count; i++) {
            words[i] = next_random() % 4 == 0 ? UINT64_MAX : next_random() & next_random();
            wanted[i] = round % 5 == 0 ? UINT64_MAX : next_random() & next_random();
        }
        memset(expected, 0x5a, sizeof expected);
        memset(out, 0x5a, sizeof out);
        for (uint32_t i = 0; i < word_count * 64; i++) {
            if (!segi_bit_get(words, i))
                continue;
            uint32_t rows = base + (zeros ? 0u : values[next++]);
            if (segi_bit_get(wanted, i))
                expected[count++] = (segi_bits_run){i, row, rows};
            row += rows;
        }
        for (int level = 0; level <= segi_scan_level(); level++) {
            check_fast(segi_bits_runs_at(level, words, wanted, word_count, zeros ? NULL : values,
                                         base, out) == count);
            ck_assert_mem_eq(out, expected, sizeof out);
        }
    }
}
END_TEST

static int compare_int64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Equal values and extremes among them; what lies behind stays as it was. */
START_TEST(test_scan__sort_few_equals_qsort_at_every_level)
{
    int64_t start[SEGI_SORT_FEW + 1], expected[SEGI_SORT_FEW + 1], out[SEGI_SORT_FEW + 1];
    for (int round = 0; round < 4000; round++) {
        size_t count = (size_t)round % (SEGI_SORT_FEW + 1);
        for (size_t i = 0; i <= SEGI_SORT_FEW; i++) {
            uint64_t r = next_random();
            start[i] = round % 3 == 0 ? (int64_t)(r % 5)
                       : r % 16 == 0  ? INT64_MIN
                       : r % 16 == 1  ? INT64_MAX
                                      : (int64_t)next_random();
        }
        memcpy(expected, start, sizeof start);
        qsort(expected, count, sizeof *expected, compare_int64);
        for (int level = 0; level <= segi_scan_level(); level++) {
            memcpy(out, start, sizeof out);
            segi_sort_few_at(level, out, count);
            ck_assert_mem_eq(out, expected, sizeof out);
        }
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("scan");
    TCase *t = tcase_create("scan");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_scan__range_equals_one_by_one_at_every_level);
    tcase_add_test(t, test_scan__table_any_all_equal_one_by_one);
    tcase_add_test(t, test_scan__extract_moves_bits_to_zero);
    tcase_add_test(t, test_scan__boxes_equal_one_by_one_at_every_level);
    tcase_add_test(t, test_scan__pick_equals_one_by_one_at_every_level);
    tcase_add_test(t, test_scan__tally_equals_one_by_one_at_every_level);
    tcase_add_test(t, test_scan__runs_equal_one_by_one_at_every_level);
    tcase_add_test(t, test_scan__sort_few_equals_qsort_at_every_level);
    suite_add_tcase(s, t);
    return s;
}
