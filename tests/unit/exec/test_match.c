/* Tests of columns against constants: each scan against the same test of one slot, at the ends of
 * every width, unit and base. */
#include "exec/exec_int.h"
#include "support/check_main.h"

enum {
    ROWS = 200,
    BEGIN = 3
};

typedef struct narrow {
    segi_col col;
    uint64_t data[ROWS + 16]; /* as wide as the widest form, and readable past the end */
    uint64_t set[ROWS / 64 + 2];
} narrow;

static void put_stored(narrow *n, size_t row, uint64_t stored)
{
    switch (n->col.width) {
    case 1: ((uint8_t *)n->data)[row] = (uint8_t)stored; break;
    case 2: ((uint16_t *)n->data)[row] = (uint16_t)stored; break;
    case 4: ((uint32_t *)n->data)[row] = (uint32_t)stored; break;
    case 8: n->data[row] = stored; break;
    default: break;
    }
}

/* Stored values at both ends of what the width holds and the slots of 64 bits can say. */
static void fill(narrow *n, uint32_t width, int64_t base, int64_t unit, bool holes)
{
    *n = (narrow){.col = {.type = SEG_TYPE_INT64, .width = width, .base = base, .unit = unit}};
    uint64_t top = width == 0 ? 0 : width == 8 ? UINT64_MAX : ((uint64_t)1 << 8 * width) - 1;
    uint64_t room = ((uint64_t)INT64_MAX - (uint64_t)base) / (uint64_t)unit;
    top = top < room ? top : room;
    n->col.data = width ? n->data : NULL;
    n->col.set = holes ? n->set : NULL;
    n->col.min = INT64_MAX;
    n->col.max = INT64_MIN;
    for (size_t row = 0; row < ROWS; row++) {
        uint64_t stored = row % 3 == 0 ? row % 7 : row % 3 == 1 ? top - row % 5 : top / 2 + row;
        stored = stored > top ? top : stored;
        put_stored(n, row, stored);
        if (holes && row % 4 == 0)
            continue;
        segi_bit_set(n->set, row);
        int64_t slot = segi_col_slot(&n->col, row);
        n->col.min = slot < n->col.min ? slot : n->col.min;
        n->col.max = slot > n->col.max ? slot : n->col.max;
    }
}

static void check_rows(const narrow *n, const segi_match *m)
{
    uint64_t bits[ROWS / 64 + 1];
    size_t count = ROWS - BEGIN;
    segi_match_rows(m, &n->col, BEGIN, count, NULL, bits);
    for (size_t i = 0; i < count; i++) {
        bool wanted = segi_col_is_set(&n->col, BEGIN + i) &&
                      segi_match_slot(m, segi_col_slot(&n->col, BEGIN + i));
        if (segi_bit_get(bits, i) != wanted)
            ck_abort_msg("width %u base %lld unit %lld: row %zu of [%lld, %lld]", n->col.width,
                         (long long)n->col.base, (long long)n->col.unit, i, (long long)m->low,
                         (long long)m->high);
    }
    ck_assert(bits[count / 64] >> (count & 63) == 0);
}

static const int64_t bounds[] = {
    INT64_MIN, INT64_MIN + 1, -4294967297, -256, -6,        -5,           -1, 0, 1, 254, 255, 256,
    65535,     65536,         4294967295,  1000, INT64_MAX, INT64_MAX - 1};
static const uint32_t widths[] = {0, 1, 2, 4, 8};
static const int64_t bases[] = {INT64_MIN, -4294967297, -5, 0, 254, INT64_MAX - 255, INT64_MAX};
static const int64_t units[] = {1, 3, 1000000, INT64_MAX};

#define EACH(i, array) for (size_t i = 0; i < sizeof(array) / sizeof *(array); i++)

START_TEST(test_match__ranges_at_every_end)
{
    static narrow n;
    EACH(w, widths) EACH(b, bases) EACH(u, units) EACH(x, bounds) EACH(y, bounds)
    {
        if (x == 0 && y == 0)
            fill(&n, widths[w], bases[b], units[u], (w + b + u) % 2);
        segi_match m = {.kind = SEGI_MATCH_RANGE, .low = bounds[x], .high = bounds[y]};
        check_rows(&n, &m);
        m.negated = true;
        check_rows(&n, &m);
    }
}
END_TEST

START_TEST(test_match__lists_at_every_end)
{
    static narrow n;
    static const int64_t slots[] = {INT64_MIN, -5, 0, 254, 255, 65535, 4294967295, INT64_MAX};
    EACH(w, widths) EACH(b, bases) EACH(u, units)
    {
        fill(&n, widths[w], bases[b], units[u], (w + b + u) % 2);
        segi_match m = {.kind = SEGI_MATCH_SLOTS, .slots = slots, .slot_count = 8};
        check_rows(&n, &m);
        m.negated = true;
        check_rows(&n, &m);
    }
}
END_TEST

/* Codes: as runs, and as a table where there are too many runs. */
START_TEST(test_match__codes)
{
    static narrow n;
    static uint64_t codes[65536 / 64];
    for (size_t i = 0; i < 65536; i += 2)
        segi_bit_set(codes, i);
    for (int runs = 0; runs < 2; runs++) {
        EACH(w, widths)
        {
            fill(&n, widths[w], 0, 1, w % 2);
            segi_match m = {.kind = SEGI_MATCH_CODES, .codes = codes, .code_count = 65536};
            if (runs) {
                memset(codes, 0, sizeof codes);
                segi_bits_set_range(codes, 2, 6);
                segi_bits_set_range(codes, 100, 256);
                m.run_count = 2;
                m.runs[0][0] = 2, m.runs[0][1] = 5;
                m.runs[1][0] = 100, m.runs[1][1] = 255;
            }
            check_rows(&n, &m);
            m.negated = true;
            check_rows(&n, &m);
        }
    }
}
END_TEST

/* The three states of a row, and columns that know of no value at all. */
START_TEST(test_match__states)
{
    uint64_t set[1] = {1}, null[1] = {2}, bits[1];
    uint8_t data[80] = {0};
    segi_col col = {
        .type = SEG_TYPE_INT64, .width = 1, .unit = 1, .data = data, .set = set, .null = null};
    segi_match is_set = {.kind = SEGI_MATCH_SET}, is_null = {.kind = SEGI_MATCH_IS_NULL};
    segi_match is_absent = {.kind = SEGI_MATCH_IS_ABSENT},
               other = {.kind = SEGI_MATCH_RANGE, .low = 5, .high = 5, .negated = true};
    segi_match_rows(&is_set, &col, 0, 3, NULL, bits);
    ck_assert_uint_eq(bits[0], 1);
    segi_match_rows(&is_null, &col, 0, 3, NULL, bits);
    ck_assert_uint_eq(bits[0], 2);
    segi_match_rows(&is_absent, &col, 0, 3, NULL, bits);
    ck_assert_uint_eq(bits[0], 4);
    segi_match_rows(&other, &col, 0, 3, NULL, bits);
    ck_assert_uint_eq(bits[0], 1); /* strict: neither null nor absent is unequal (S-13) */
    segi_col none = {0};
    const segi_col *unknown[] = {NULL, &none};
    EACH(i, unknown)
    {
        segi_match_rows(&is_absent, unknown[i], 0, 3, NULL, bits);
        ck_assert_uint_eq(bits[0], 7);
        segi_match_rows(&is_null, unknown[i], 0, 3, NULL, bits);
        ck_assert_uint_eq(bits[0], 0);
        segi_match_rows(&other, unknown[i], 0, 3, NULL, bits);
        ck_assert_uint_eq(bits[0], 0);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("exec/match");
    TCase *c = tcase_create("match");
    tcase_add_test(c, test_match__ranges_at_every_end);
    tcase_add_test(c, test_match__lists_at_every_end);
    tcase_add_test(c, test_match__codes);
    tcase_add_test(c, test_match__states);
    suite_add_tcase(s, c);
    return s;
}
