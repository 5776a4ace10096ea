/* Lists of integers in few bytes: what is packed comes back, and nothing else is believed. */
#include "store/pack.h"
#include "store_case.h"
#include "support/check_main.h"

typedef struct list {
    uint64_t *values;
    size_t count;
} list;

static void list_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    const list *l = context;
    ck_assert(begin + count <= l->count && count <= SEGI_PACK_BATCH);
    memcpy(out, l->values + begin, count * sizeof *out);
}

/* Numbers of many sizes: skewed by `kind`. */
static list list_make(case_rng *rng, size_t count, uint32_t kind)
{
    list l = {malloc((count + 1) * sizeof *l.values), count};
    ck_assert_ptr_nonnull(l.values);
    for (size_t i = 0; i < count; i++) {
        uint64_t wide = case_next(rng);
        switch (kind % 8) {
        case 0: l.values[i] = 0; break;
        case 1: l.values[i] = wide; break;
        case 2: l.values[i] = wide % 200; break;
        case 3: l.values[i] = wide >> case_below(rng, 64); break;
        case 4: l.values[i] = case_below(rng, 100) ? 0 : wide; break;
        case 5: l.values[i] = case_below(rng, 4) ? wide % 10 : 1000000 + wide % 4096; break;
        case 6: l.values[i] = i; break;
        default: l.values[i] = (uint64_t)1 << case_below(rng, 64); break;
        }
    }
    return l;
}

/* The values of the bytes; false if they are not accepted. Allocates exactly the bytes, so that
 * the address sanitizer sees a read beyond them. */
static bool list_read(const void *bytes, size_t size, size_t count, uint64_t *out, bool *all)
{
    static segi_unpack unpack;
    uint8_t *copy = malloc(size ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    const uint8_t *at = copy;
    bool good = segi_unpack_open(&unpack, &at, copy + size, count);
    for (size_t begin = 0; good && begin < count; begin += 100)
        segi_unpack_next(&unpack, count - begin < 100 ? count - begin : 100, out + begin);
    good = good && segi_unpack_close(&unpack);
    *all = good && at == copy + size;
    free(copy);
    return good;
}

START_TEST(test_pack__comes_back)
{
    case_rng rng = {case_seed(1)};
    const size_t counts[] = {0, 1, 2, 63, 64, 1023, 1024, 1025, 5000};
    for (uint32_t kind = 0; kind < 8; kind++)
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            list l = list_make(&rng, counts[c], kind);
            uint64_t *back = malloc((l.count + 1) * sizeof *back);
            segi_buf buf;
            bool all;
            segi_buf_init(&buf, segi_mem_default());
            segi_pack(&buf, l.count, list_fetch, &l);
            ck_assert(!buf.failed);
            ck_assert(list_read(buf.data, buf.size, l.count, back, &all) && all);
            ck_assert_int_eq(memcmp(back, l.values, l.count * sizeof *back), 0);
            segi_buf_deinit(&buf);
            free(back);
            free(l.values);
        }
}
END_TEST

/* A skew costs less than equal widths, and no list costs more than them and a byte. */
START_TEST(test_pack__size)
{
    case_rng rng = {case_seed(2)};
    list skewed = list_make(&rng, 20000, 5), even = list_make(&rng, 20000, 1);
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    segi_pack(&buf, skewed.count, list_fetch, &skewed);
    /* 15,000 of ten and 5,000 of 4,096 values: about 8.5 bits where equal widths take 20. */
    ck_assert_int_le(buf.size, 20000 * 9 / 8);
    segi_buf_reset(&buf);
    segi_pack(&buf, even.count, list_fetch, &even);
    ck_assert_int_eq(buf.size, 1 + 20000 * 8);
    segi_buf_deinit(&buf);
    free(skewed.values);
    free(even.values);
}
END_TEST

/* Frequencies like Fibonacci's numbers would make codes as long as there are buckets. */
START_TEST(test_pack__codes_have_a_limit)
{
    list l = {malloc(200000 * sizeof *l.values), 0};
    uint64_t *back = malloc(200000 * sizeof *back);
    for (uint64_t a = 1, b = 1, value = 0; value < 24; value++, b += a, a = b - a)
        for (uint64_t i = 0; i < a && l.count < 200000; i++)
            l.values[l.count++] = value;
    segi_buf buf;
    bool all;
    segi_buf_init(&buf, segi_mem_default());
    segi_pack(&buf, l.count, list_fetch, &l);
    ck_assert_int_eq((uint8_t)buf.data[0], 255);
    ck_assert(list_read(buf.data, buf.size, l.count, back, &all) && all);
    ck_assert_int_eq(memcmp(back, l.values, l.count * sizeof *back), 0);
    segi_buf_deinit(&buf);
    free(back);
    free(l.values);
}
END_TEST

/* Cut anywhere, changed anywhere: refused, or other values; never a read outside. */
START_TEST(test_pack__hostile)
{
    case_rng rng = {case_seed(3)};
    for (uint32_t kind = 0; kind < 8; kind++) {
        list l = list_make(&rng, 300, kind);
        uint64_t back[400];
        segi_buf buf;
        bool all;
        segi_buf_init(&buf, segi_mem_default());
        segi_pack(&buf, l.count, list_fetch, &l);
        for (size_t size = 0; size < buf.size; size++)
            ck_assert(!list_read(buf.data, size, l.count, back, &all));
        for (size_t i = 0; i < buf.size; i++)
            for (int bit = 0; bit < 8; bit++) {
                buf.data[i] = (char)(buf.data[i] ^ 1 << bit);
                list_read(buf.data, buf.size, l.count, back, &all);
                buf.data[i] = (char)(buf.data[i] ^ 1 << bit);
            }
        list_read(buf.data, buf.size, 400, back, &all);
        segi_buf_deinit(&buf);
        free(l.values);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/pack");
    TCase *c = tcase_create("pack");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_pack__comes_back);
    tcase_add_test(c, test_pack__size);
    tcase_add_test(c, test_pack__codes_have_a_limit);
    tcase_add_test(c, test_pack__hostile);
    suite_add_tcase(s, c);
    return s;
}
