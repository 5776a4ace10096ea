/* Narrow columns: every width, unit and state gives back what was put in. */
#include "store/col.h"
#include "store_case.h"
#include "support/check_main.h"

#define ROWS_MAX 300

static void check_column(seg_type type, const int64_t *slots, const uint8_t *states, size_t rows,
                         uint32_t width, int64_t unit)
{
    int64_t copy[ROWS_MAX], back[ROWS_MAX];
    uint8_t back_states[ROWS_MAX];
    segi_col col;
    memcpy(copy, slots, rows * sizeof *copy);
    ck_assert(segi_col_build(segi_mem_default(), type, copy, states, rows, &col));
    ck_assert_int_eq(col.width, width);
    if (unit != 0)
        ck_assert_int_eq(col.unit, unit);
    segi_col_decode(&col, 0, rows, back, back_states);
    for (size_t i = 0; i < rows; i++) {
        uint8_t state = states ? states[i] : SEG_VALUE_SET;
        ck_assert_int_eq(segi_col_is_set(&col, i), state == SEG_VALUE_SET);
        ck_assert_int_eq(segi_col_is_null(&col, i), state == SEG_VALUE_NULL);
        ck_assert_int_eq(back_states[i], state);
        if (state != SEG_VALUE_SET)
            continue;
        ck_assert_int_eq(segi_col_slot(&col, i), slots[i]);
        ck_assert_int_eq(back[i], slots[i]);
        if (type != SEG_TYPE_FLOAT64)
            ck_assert(col.min <= slots[i] && slots[i] <= col.max);
    }
    /* A part of the rows, and what lies behind the data may be read. */
    if (rows > 3) {
        segi_col_decode(&col, 2, rows - 3, back, back_states);
        ck_assert(back_states[0] != SEG_VALUE_SET || back[0] == slots[2]);
    }
    if (col.width > 0) {
        uint64_t beyond[SEGI_COL_PADDING / 8];
        memcpy(beyond, (const char *)col.data + col.width * rows, sizeof beyond);
        ck_assert_int_eq(beyond[0], 0);
    }
    segi_col_deinit(segi_mem_default(), &col);
}

START_TEST(test_col__widths_and_units)
{
    static const struct {
        int64_t base, step;
        uint64_t last; /* the highest stored value before the unit */
        uint32_t width;
        int64_t unit;
    } cases[] = {
        {5, 0, 0, 0, 1},
        {-7, 1, 255, 1, 1},
        {0, 1, 256, 2, 1},
        {INT64_MIN, 1, 65535, 2, 1},
        {0, 1, 65536, 4, 1},
        {1, 1, UINT32_MAX, 4, 1},
        {1, 1, (uint64_t)UINT32_MAX + 1, 8, 1},
        {-1000000, 1000000, 200, 1, 1000000},
        {0, 86400000000, 60000, 2, 86400000000},
        {17, 100000, 70000, 4, 100000},
        /* A unit that does not make the column narrower is not used. */
        {0, 2, 100, 1, 1},
        {0, 2, 40000, 2, 2},
        {0, 6, 20000, 2, 6},
        {0, 6, 10000, 2, 1},
    };
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        int64_t slots[ROWS_MAX];
        for (size_t i = 0; i < ROWS_MAX; i++) {
            uint64_t k = cases[c].last == 0 ? 0 : (i * 37) % (cases[c].last + 1);
            k = i == 100 ? cases[c].last : i == 101 ? 0 : i == 102 && k > 0 ? 1 : k;
            slots[i] = (int64_t)((uint64_t)cases[c].base + (uint64_t)cases[c].step * k);
        }
        if (cases[c].last > 0)
            slots[102] = cases[c].base + cases[c].step;
        check_column(SEG_TYPE_INT64, slots, NULL, ROWS_MAX, cases[c].width, cases[c].unit);
    }
}
END_TEST

START_TEST(test_col__extremes)
{
    const int64_t all[2] = {INT64_MIN, INT64_MAX}, three[3] = {INT64_MIN, 0, INT64_MAX};
    const int64_t far[2] = {INT64_MIN, INT64_MAX - 1};
    check_column(SEG_TYPE_INT64, all, NULL, 2, 8, 1);
    check_column(SEG_TYPE_INT64, three, NULL, 3, 8, 1);
    check_column(SEG_TYPE_INT64, far, NULL, 2, 8, 1);
    check_column(SEG_TYPE_INT64, all, NULL, 1, 0, 1);
    const int64_t half[2] = {0, INT64_MAX};
    check_column(SEG_TYPE_INT64, half, NULL, 2, 1, INT64_MAX);
}
END_TEST

START_TEST(test_col__states)
{
    int64_t slots[ROWS_MAX];
    uint8_t states[ROWS_MAX];
    for (int what = 0; what < 5; what++) {
        for (size_t i = 0; i < ROWS_MAX; i++) {
            slots[i] = i % 3 == 0 ? 1000 + (int64_t)i % 7 : INT64_MIN + (int64_t)i;
            states[i] = i % 3 == 0 ? SEG_VALUE_SET : i % 3 == 1 ? SEG_VALUE_NULL : SEG_VALUE_ABSENT;
            if (what == 1)
                states[i] = SEG_VALUE_ABSENT;
            if (what == 2)
                states[i] = SEG_VALUE_NULL;
            if (what == 3)
                states[i] = i == 299 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
            if (what == 4)
                states[i] = SEG_VALUE_SET;
        }
        /* Values of rows that are not set do not make the column wider. */
        uint32_t width = what == 0 ? 1 : what == 4 ? 8 : 0;
        check_column(SEG_TYPE_INT64, slots, states, ROWS_MAX, width, 0);
    }
    segi_col col;
    ck_assert(segi_col_build(segi_mem_default(), SEG_TYPE_INT64, slots, states, 0, &col));
    ck_assert(col.none_set);
    segi_col_deinit(segi_mem_default(), &col);
}
END_TEST

START_TEST(test_col__floats)
{
    int64_t slots[4] = {segi_slot_of_float(-1.5), segi_slot_of_float(2e300),
                        segi_slot_of_float(-0.0), segi_slot_of_float(7)};
    int64_t copy[4];
    segi_col col;
    check_column(SEG_TYPE_FLOAT64, slots, NULL, 4, 8, 1);
    memcpy(copy, slots, sizeof copy);
    ck_assert(segi_col_build(segi_mem_default(), SEG_TYPE_FLOAT64, copy, NULL, 4, &col));
    ck_assert(segi_slot_float(col.min) == -1.5 && segi_slot_float(col.max) == 2e300);
    ck_assert_int_eq(slots[2], 0);
    segi_col_deinit(segi_mem_default(), &col);
    const int64_t zeros[2] = {0, 0};
    check_column(SEG_TYPE_FLOAT64, zeros, NULL, 2, 0, 1);
    check_column(SEG_TYPE_FLOAT64, slots, NULL, 1, 8, 1);
}
END_TEST

START_TEST(test_col__random)
{
    case_rng rng = {case_seed(21)};
    for (int round = 0; round < 400; round++) {
        int64_t slots[ROWS_MAX];
        uint8_t states[ROWS_MAX];
        size_t rows = 1 + (size_t)case_below(&rng, ROWS_MAX);
        uint64_t unit = 1 + (case_next(&rng) >> case_below(&rng, 64));
        uint64_t range = case_next(&rng) >> case_below(&rng, 64);
        uint64_t base = case_next(&rng), low = UINT64_MAX, high = 0;
        for (size_t i = 0; i < rows; i++) {
            uint64_t k = range ? case_below(&rng, range) / unit * unit : 0;
            slots[i] = (int64_t)(base + k);
            states[i] = case_below(&rng, 5) ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
        }
        bool any = false;
        for (size_t i = 0; i < rows; i++)
            if (states[i] == SEG_VALUE_SET) {
                uint64_t biased = (uint64_t)slots[i] ^ (uint64_t)1 << 63;
                low = biased < low ? biased : low;
                high = biased > high ? biased : high;
                any = true;
            }
        int64_t copy[ROWS_MAX];
        segi_col col;
        memcpy(copy, slots, sizeof copy);
        ck_assert(segi_col_build(segi_mem_default(), SEG_TYPE_INT64, copy, states, rows, &col));
        uint32_t width = col.width;
        segi_col_deinit(segi_mem_default(), &col);
        if (any)
            ck_assert(width == 8 || (high - low) / (uint64_t)unit >> 8 * width == 0 || width > 0);
        check_column(SEG_TYPE_INT64, slots, states, rows, width, 0);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/col");
    TCase *c = tcase_create("col");
    tcase_set_timeout(c, 30);
    tcase_add_test(c, test_col__widths_and_units);
    tcase_add_test(c, test_col__extremes);
    tcase_add_test(c, test_col__states);
    tcase_add_test(c, test_col__floats);
    tcase_add_test(c, test_col__random);
    suite_add_tcase(s, c);
    return s;
}
