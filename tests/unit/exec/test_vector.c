/* Dense vectors: comparison of values of different scales, of floats and of texts. */
#include "exec/exec_int.h"
#include "support/check_main.h"

static const int64_t extremes[] = {
    INT64_MIN, INT64_MIN + 1, -1000000000000000000, -101,     -100, -1, 0, 1, 9, 10,
    100,       101,           922337203685477580,   INT64_MAX};
enum {
    COUNT = sizeof extremes / sizeof *extremes
};

static bool holds(segi_compare op, int order)
{
    static const bool table[][3] = {
        [SEGI_EQ] = {0, 1, 0}, [SEGI_NE] = {1, 0, 1}, [SEGI_LT] = {1, 0, 0},
        [SEGI_LE] = {1, 1, 0}, [SEGI_GT] = {0, 0, 1}, [SEGI_GE] = {0, 1, 1}};
    return table[op][order + 1];
}

/* Sign of a x 10^-a_scale - b x 10^-b_scale: 2^63 x 10^18 stays below 2^127. */
static int order_of(int64_t a, int a_scale, int64_t b, int b_scale)
{
    __extension__ __int128 x = a, y = b;
    for (; a_scale < b_scale; a_scale++)
        x *= 10;
    for (; b_scale < a_scale; b_scale++)
        y *= 10;
    return x < y ? -1 : x > y;
}

START_TEST(test_vector__decimals_of_all_scales)
{
    int64_t left_slots[COUNT], right_slots[COUNT];
    uint64_t all = ~(uint64_t)0, null = 0, bits;
    segi_vector left = {left_slots, &all, &null}, right = {right_slots, &all, &null};
    for (int32_t ls = 0; ls <= 18; ls++) {
        for (int32_t rs = 0; rs <= 18; rs++) {
            for (size_t shift = 0; shift < COUNT; shift++) {
                for (size_t i = 0; i < COUNT; i++) {
                    left_slots[i] = extremes[i];
                    right_slots[i] = extremes[(i + shift) % COUNT];
                }
                for (int op = SEGI_EQ; op <= SEGI_GE; op++) {
                    segi_vector_compare((segi_compare)op, (segi_value_type){SEG_TYPE_DECIMAL, ls},
                                        &left, (segi_value_type){SEG_TYPE_DECIMAL, rs}, &right,
                                        COUNT, &bits);
                    for (size_t i = 0; i < COUNT; i++)
                        check_fast(segi_bit_get(&bits, i) ==
                                   holds((segi_compare)op,
                                         order_of(left_slots[i], ls, right_slots[i], rs)));
                }
            }
        }
    }
}
END_TEST

/* Beside a float both sides are floats; undefined values pass no comparison, != included. */
START_TEST(test_vector__floats)
{
    const double values[] = {-1.7976931348623157e308, -1.5, 0, 5e-324, 2.5, 1.7976931348623157e308};
    const int64_t integers[] = {INT64_MIN, -1, 0, 1, 2, INT64_MAX};
    int64_t left_slots[6], right_slots[6];
    uint64_t left_set = 63, right_set = 63, null = 0, bits;
    segi_vector left = {left_slots, &left_set, &null}, right = {right_slots, &right_set, &null};
    for (size_t i = 0; i < 6; i++) {
        left_slots[i] = segi_slot_of_float(values[i]);
        right_slots[i] = integers[i];
    }
    segi_value_type is_float = {SEG_TYPE_FLOAT64, 0}, is_int = {SEG_TYPE_INT64, 0};
    segi_vector_compare(SEGI_LT, is_float, &left, is_int, &right, 6, &bits);
    ck_assert_uint_eq(bits, 1 | 2 | 8);
    segi_vector_compare(SEGI_GE, is_int, &right, is_float, &left, 6, &bits);
    ck_assert_uint_eq(bits, 1 | 2 | 4 | 8);
    left_set = 1 | 4, right_set = 1 | 2;
    segi_vector_compare(SEGI_NE, is_float, &left, is_int, &right, 6, &bits);
    ck_assert_uint_eq(bits, 1);
}
END_TEST

START_TEST(test_vector__texts_by_bytes)
{
    static const struct {
        const char *a;
        size_t a_size;
        const char *b;
        size_t b_size;
        int order;
    } cases[] = {{"", 0, "", 0, 0},          {NULL, 0, "a", 1, -1},    {"a", 1, NULL, 0, 1},
                 {"a", 1, "ab", 2, -1},      {"b", 1, "ab", 2, 1},     {"a\0b", 3, "a\0c", 3, -1},
                 {"\xc3\xa4", 2, "z", 1, 1}, {"same", 4, "same", 4, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        for (int op = SEGI_EQ; op <= SEGI_GE; op++)
            ck_assert_int_eq(segi_text_compare((segi_compare)op, cases[i].a, cases[i].a_size,
                                               cases[i].b, cases[i].b_size),
                             holds((segi_compare)op, cases[i].order));
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("exec/vector");
    TCase *c = tcase_create("vector");
    tcase_add_test(c, test_vector__decimals_of_all_scales);
    tcase_add_test(c, test_vector__floats);
    tcase_add_test(c, test_vector__texts_by_bytes);
    suite_add_tcase(s, c);
    return s;
}
