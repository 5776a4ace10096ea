/* Ids and their numbers: growth, tags that collide, taking back, forgetting, and files. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bits.h"
#include "base/hash.h"
#include "store/ids.h"
#include "support/check_main.h"

/* So many that some have the same tag of 32 bits under this key: n * n / 2^33 pairs. */
#define COUNT 200000u
#define SIZE_MAX_OF_ID 24

static const uint64_t key[2] = {11, 22};

/* Ids of either kind: texts "id-0" to "id-199999" and the numbers of their places times 7. */
typedef struct fixture {
    segi_ids *ids;
    char *bytes;
    uint64_t *offsets, *numbers;
    uint32_t *found;
} fixture;

static void setup(fixture *f, uint32_t kind)
{
    f->ids = segi_ids_create(segi_mem_default(), kind, key);
    f->bytes = malloc(COUNT * SIZE_MAX_OF_ID);
    f->offsets = malloc((COUNT + 1) * sizeof *f->offsets);
    f->numbers = malloc(COUNT * sizeof *f->numbers);
    f->found = malloc(COUNT * sizeof *f->found);
    ck_assert_ptr_nonnull(f->ids);
    ck_assert(f->bytes && f->offsets && f->numbers && f->found);
    f->offsets[0] = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        int size = snprintf(f->bytes + f->offsets[i], SIZE_MAX_OF_ID, "id-%u", i);
        f->offsets[i + 1] = f->offsets[i] + (uint64_t)size;
        f->numbers[i] = (uint64_t)i * 7;
    }
}

static void teardown(fixture *f)
{
    segi_ids_destroy(f->ids);
    free(f->bytes);
    free(f->offsets);
    free(f->numbers);
    free(f->found);
}

static seg_status intern(fixture *f, uint32_t first, uint32_t count, uint32_t settled)
{
    return f->ids->kind == SEG_ID_BYTES
               ? segi_ids_intern_bytes(f->ids, f->bytes, f->offsets + first, NULL, count, f->found)
               : segi_ids_intern_numbers(f->ids, f->numbers + first, NULL, count, settled,
                                         f->found);
}

static void find(fixture *f, const segi_ids *ids, const segi_table *table, uint32_t limit)
{
    if (ids->kind == SEG_ID_BYTES)
        segi_ids_find_bytes(ids, table, limit, f->bytes, f->offsets, COUNT, f->found);
    else
        segi_ids_find_numbers(ids, table, limit, f->numbers, COUNT, f->found);
}

/* Those below `limit` have their place as number, but for every `gap`-th (0: none), and the rest
 * has none. Counted, as an assertion for each would take longer than all else. */
static void check_found(const fixture *f, uint32_t limit, uint32_t gap)
{
    size_t wrong = 0;
    for (uint32_t i = 0; i < COUNT; i++) {
        bool there = i < limit && (gap == 0 || i % gap != 0);
        wrong += f->found[i] != (there ? i : UINT32_MAX);
    }
    ck_assert_uint_eq(wrong, 0);
}

static int by_tag(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* How many ids share their tag with another one. */
static size_t same_tags(const fixture *f)
{
    size_t same = 0;
    uint32_t *tags = malloc(COUNT * sizeof *tags);
    ck_assert_ptr_nonnull(tags);
    for (uint32_t i = 0; i < COUNT; i++) {
        uint64_t hash = f->ids->kind == SEG_ID_BYTES
                            ? segi_siphash(key, f->bytes + f->offsets[i],
                                           (size_t)(f->offsets[i + 1] - f->offsets[i]))
                            : segi_siphash_u64(key, f->numbers[i]);
        tags[i] = (uint32_t)(hash >> 32);
    }
    qsort(tags, COUNT, sizeof *tags, by_tag);
    for (uint32_t i = 1; i < COUNT; i++)
        same += tags[i] == tags[i - 1];
    free(tags);
    return same;
}

/* Growth moves nobody, equal tags are told apart, and a table from before knows those of before. */
static void test_growth(uint32_t kind)
{
    fixture f;
    setup(&f, kind);
    ck_assert_uint_gt(same_tags(&f), 0);
    ck_assert_int_eq(intern(&f, 0, 30, 0), SEG_OK);
    segi_table *early = f.ids->strings.table;
    segi_table_retain(early);
    ck_assert_int_eq(intern(&f, 0, COUNT, 30), SEG_OK);
    ck_assert_ptr_ne(f.ids->strings.table, early);
    check_found(&f, COUNT, 0);
    ck_assert_uint_eq(f.ids->strings.count, COUNT);
    find(&f, f.ids, f.ids->strings.table, COUNT);
    check_found(&f, COUNT, 0);
    find(&f, f.ids, early, 30);
    check_found(&f, 30, 0);
    segi_table_release(early);
    teardown(&f);
}

/* What a failed commit gave is not found, and given again in the order of the next one. */
static void test_undo(uint32_t kind)
{
    fixture f;
    setup(&f, kind);
    ck_assert_int_eq(intern(&f, 0, 1000, 0), SEG_OK);
    ck_assert_int_eq(intern(&f, 1000, 5000, 1000), SEG_OK);
    segi_ids_undo(f.ids, 1000);
    ck_assert_uint_eq(f.ids->strings.count, 1000);
    find(&f, f.ids, f.ids->strings.table, 1000);
    check_found(&f, 1000, 0);
    ck_assert_int_eq(intern(&f, 3000, 3000, 1000), SEG_OK);
    ck_assert_uint_eq(f.found[0], 1000);
    ck_assert_uint_eq(f.found[2999], 3999);
    teardown(&f);
}

/* Every third one is forgotten; the others keep their numbers, in a copy. */
static void test_without(uint32_t kind)
{
    fixture f;
    setup(&f, kind);
    uint64_t *dead = calloc(COUNT / 64 + 1, sizeof *dead);
    ck_assert_ptr_nonnull(dead);
    ck_assert_int_eq(intern(&f, 0, COUNT, 0), SEG_OK);
    for (uint32_t i = 0; i < COUNT; i += 3)
        segi_bit_set(dead, i);
    segi_ids *next = segi_ids_without(f.ids, dead);
    ck_assert_ptr_nonnull(next);
    find(&f, next, next->strings.table, COUNT);
    check_found(&f, COUNT, 3);
    find(&f, f.ids, f.ids->strings.table, COUNT);
    check_found(&f, COUNT, 0);
    segi_ids_destroy(next);
    free(dead);
    teardown(&f);
}

static seg_status append(fixture *f, uint32_t i)
{
    return f->ids->kind == SEG_ID_BYTES
               ? segi_strings_append(&f->ids->strings, f->bytes + f->offsets[i],
                                     (uint32_t)(f->offsets[i + 1] - f->offsets[i]))
               : segi_ids_append_number(f->ids, f->numbers[i]);
}

/* A file's ids are found after they were read; one that stands there twice is damage. */
static void test_file(uint32_t kind, bool twice)
{
    fixture f;
    setup(&f, kind);
    uint32_t count = COUNT / 4;
    seg_status status = SEG_OK;
    for (uint32_t i = 0; status == SEG_OK && i < count; i++)
        status = append(&f, twice && i == count - 1 ? 5 : i);
    ck_assert_int_eq(status, SEG_OK);
    f.ids->strings.count = count;
    ck_assert_int_eq(segi_ids_index(f.ids), twice ? SEG_E_CORRUPT : SEG_OK);
    if (!twice) {
        find(&f, f.ids, f.ids->strings.table, count);
        check_found(&f, count, 0);
    }
    teardown(&f);
}

static const uint32_t kinds[2] = {SEG_ID_BYTES, SEG_ID_U64};

START_TEST(test_ids__growth)
{
    test_growth(kinds[_i]);
}
END_TEST

START_TEST(test_ids__undo)
{
    test_undo(kinds[_i]);
}
END_TEST

START_TEST(test_ids__without)
{
    test_without(kinds[_i]);
}
END_TEST

START_TEST(test_ids__file)
{
    test_file(kinds[_i], false);
    test_file(kinds[_i], true);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/ids");
    TCase *c = tcase_create("ids");
    tcase_add_loop_test(c, test_ids__growth, 0, 2);
    tcase_add_loop_test(c, test_ids__undo, 0, 2);
    tcase_add_loop_test(c, test_ids__without, 0, 2);
    tcase_add_loop_test(c, test_ids__file, 0, 2);
    suite_add_tcase(s, c);
    return s;
}
