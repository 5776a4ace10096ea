/* Rows of many sets per customer, against asking each set. */
#include <seg/seg.h>

#include <stdio.h>
#include <string.h>

#include "support/check_main.h"

#define USERS 70000u /* more than one chunk */
#define NOW INT64_C(1767225600000000)

static seg_error err = SEG_ERROR_INIT;

#define OK(call) ck_assert_msg((call) == SEG_OK, "%s: %s", #call, err.message)

static seg_store *open_numbers(void)
{
    static uint64_t ids[USERS];
    static int64_t ages[USERS];
    for (uint64_t i = 0; i < USERS; i++) {
        ids[i] = i * 7 + 1;
        ages[i] = (int64_t)(i % 97);
    }
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = NULL;
    OK(seg_store_open(":memory:", 8, &options, &store, &err));
    seg_column age = SEG_COLUMN_INIT;
    age.type = SEG_TYPE_INT64;
    age.name = "age";
    age.name_size = 3;
    age.values = ages;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = USERS;
    batch.user_ids = ids;
    batch.columns = &age;
    batch.column_count = 1;
    OK(seg_store_commit(store, &batch, 1, NULL, NULL, &err));
    return store;
}

static seg_set *older_than(seg_store *store, seg_snapshot *snapshot, int years)
{
    char text[64];
    int size = snprintf(text, sizeof text, "age >= %d", years);
    seg_segment *segment = NULL;
    seg_set *set = NULL;
    OK(seg_segment_compile(store, text, (size_t)size, 0, &segment, &err));
    OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err));
    seg_segment_release(segment);
    return set;
}

START_TEST(test_membership__rows_equal_the_sets)
{
    enum {
        SETS = 130,
        ASKED = 600
    };
    seg_store *store = open_numbers();
    seg_snapshot *snapshot = NULL;
    OK(seg_snapshot_create(store, &snapshot, &err));
    seg_set *sets[SETS];
    for (int i = 0; i < SETS; i++)
        sets[i] = older_than(store, snapshot, i);
    seg_membership *membership = NULL;
    OK(seg_membership_create((const seg_set *const *)sets, SETS, &membership, &err));
    ck_assert_uint_eq(seg_membership_word_count(membership), 3);
    static uint64_t ids[ASKED], rows[ASKED * 3];
    uint64_t known = 0;
    for (uint64_t i = 0; i < ASKED; i++) {
        ids[i] = i * 997;
        known += ids[i] % 7 == 1 && ids[i] / 7 < USERS;
    }
    memset(rows, 0xA5, sizeof rows);
    ck_assert_uint_eq(seg_membership_get_many_u64(membership, ids, ASKED, rows), known);
    for (int i = 0; i < ASKED; i++) {
        uint64_t row[3];
        seg_membership_get_u64(membership, ids[i], row);
        check_fast(memcmp(row, rows + i * 3, sizeof row) == 0);
        for (int s = 0; s < SETS; s++)
            check_fast(((row[s / 64] >> (s % 64)) & 1) ==
                       (uint64_t)seg_set_contains_u64(sets[s], ids[i]));
        check_fast(row[2] >> (SETS - 128) == 0);
    }
    /* The last user of the last, partial chunk. */
    uint64_t row[3];
    ck_assert_int_eq(seg_membership_get_u64(membership, (USERS - 1) * 7 + 1, row), 1);
    ck_assert_uint_eq(row[0] & 1, 1);
    for (int i = 0; i < SETS; i++)
        seg_set_release(sets[i]);
    seg_snapshot_release(snapshot);
    OK(seg_store_close(store, &err));
    /* The membership outlives all it was made from. */
    ck_assert_int_eq(seg_membership_get_u64(membership, 1, row), 1);
    seg_membership_destroy(membership);
}
END_TEST

START_TEST(test_membership__texts_as_ids)
{
    seg_store *store = NULL;
    OK(seg_store_open(":memory:", 8, NULL, &store, &err));
    seg_appender *rows = NULL;
    OK(seg_appender_create(store, &rows, &err));
    OK(seg_appender_user(rows, "ann", 3, &err));
    OK(seg_appender_set_int64(rows, "age", 3, 30, &err));
    OK(seg_appender_user(rows, "bob", 3, &err));
    OK(seg_appender_commit(rows, NULL, NULL, &err));
    seg_snapshot *snapshot = NULL;
    OK(seg_snapshot_create(store, &snapshot, &err));
    const seg_set *sets[1] = {older_than(store, snapshot, 20)};
    seg_membership *membership = NULL;
    OK(seg_membership_create(sets, 1, &membership, &err));
    uint64_t words[3] = {9, 9, 9};
    ck_assert_int_eq(seg_membership_get(membership, "ann", 3, words), 1);
    ck_assert_uint_eq(words[0], 1);
    ck_assert_int_eq(seg_membership_get(membership, "bob", 3, words), 1);
    ck_assert_uint_eq(words[0], 0);
    ck_assert_int_eq(seg_membership_get(membership, "eve", 3, words), 0);
    static const uint64_t offsets[4] = {0, 3, 6, 9};
    ck_assert_uint_eq(seg_membership_get_many(membership, "bobanneve", offsets, 3, words), 2);
    ck_assert_uint_eq(words[0], 0);
    ck_assert_uint_eq(words[1], 1);
    ck_assert_uint_eq(words[2], 0);
    /* The wrong kind of id knows nobody. */
    ck_assert_int_eq(seg_membership_get_u64(membership, 1, words), 0);
    seg_membership_destroy(membership);
    seg_set_release((seg_set *)(uintptr_t)sets[0]);
    seg_snapshot_release(snapshot);
    seg_appender_destroy(rows);
    OK(seg_store_close(store, &err));
}
END_TEST

START_TEST(test_membership__refuses_bad_arguments)
{
    seg_store *one = open_numbers(), *other = open_numbers();
    seg_snapshot *a = NULL, *b = NULL;
    OK(seg_snapshot_create(one, &a, &err));
    OK(seg_snapshot_create(other, &b, &err));
    const seg_set *sets[2] = {older_than(one, a, 1), older_than(other, b, 1)};
    seg_membership *membership = (seg_membership *)(uintptr_t)1;
    ck_assert_int_eq(seg_membership_create(sets, 0, &membership, &err), SEG_E_ARG);
    ck_assert_ptr_null(membership);
    ck_assert_int_eq(seg_membership_create(NULL, 1, &membership, &err), SEG_E_ARG);
    ck_assert_int_eq(seg_membership_create(sets, 2, &membership, &err), SEG_E_ARG);
    ck_assert_int_eq(seg_membership_create(sets, SEG_MEMBERSHIP_SETS_MAX + 1, &membership, &err),
                     SEG_E_LIMIT);
    ck_assert_int_eq(seg_membership_create(sets, 1, NULL, &err), SEG_E_ARG);
    seg_membership_destroy(NULL);
    ck_assert_uint_eq(seg_membership_word_count(NULL), 0);
    for (int i = 0; i < 2; i++)
        seg_set_release((seg_set *)(uintptr_t)sets[i]);
    seg_snapshot_release(a);
    seg_snapshot_release(b);
    OK(seg_store_close(one, &err));
    OK(seg_store_close(other, &err));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("membership");
    TCase *t = tcase_create("membership");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_membership__rows_equal_the_sets);
    tcase_add_test(t, test_membership__texts_as_ids);
    tcase_add_test(t, test_membership__refuses_bad_arguments);
    suite_add_tcase(s, t);
    return s;
}
