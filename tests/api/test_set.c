/* api/test_set.c - sets: making, asking, algebra, cursors, roaring bytes. */
#include "api/api_fixture.h"

#define MANY 200000u

/* A u64 store with MANY users 10, 20, 30, ...; every third one has the attribute `third`. */
static seg_store *numbers_open(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = store_open(&options);
    uint64_t *ids = malloc(MANY * sizeof *ids);
    uint8_t *flags = malloc(MANY);
    ck_assert(ids != NULL && flags != NULL);
    for (uint64_t i = 0; i < MANY; i++) {
        ids[i] = (i + 1) * 10;
        flags[i] = i % 3 == 0;
    }
    seg_column column = SEG_COLUMN_INIT;
    column.name = "third";
    column.name_size = 5;
    column.type = SEG_TYPE_BOOL;
    column.values = flags;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = MANY;
    batch.user_ids = ids;
    batch.columns = &column;
    batch.column_count = 1;
    CK_OK(seg_store_commit(store, &batch, 1, NULL, NULL, &err), err);
    free(ids);
    free(flags);
    return store;
}

/* ---- making ------------------------------------------------------------------------------ */

START_TEST(test_set__everyone_of_the_snapshot)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_snapshot *empty = snapshot_of(store);
    store_fill(store);
    seg_snapshot *full = snapshot_of(store);
    seg_set *none = NULL, *all = NULL;
    CK_OK(seg_set_everyone(empty, &none, &err), err);
    CK_OK(seg_set_everyone(full, &all, &err), err);
    check_set(none, "");
    check_set(all, "ann ben cat dan eve");
    ck_assert_uint_eq(seg_set_count(none), 0);
    ck_assert_int_eq(seg_set_now(all), 0);
    seg_set *bad = (seg_set *)&err;
    CK_FAILS(seg_set_everyone(NULL, &bad, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(bad);
    CK_FAILS(seg_set_everyone(full, NULL, &err), SEG_E_ARG, err);
    seg_set_release(none);
    seg_set_release(all);
    seg_set_release(NULL);
    seg_set_retain(NULL);
    seg_snapshot_release(empty);
    seg_snapshot_release(full);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_set__from_ids)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    static const uint64_t offsets[] = {0, 3, 6, 6, 9, 12};
    seg_set *set = NULL;
    uint64_t unknown = 77;
    CK_OK(seg_set_from_ids(snapshot, "eveannzoeeve", offsets, 5, &set, &unknown, &err), err);
    check_set(set, "ann eve");
    ck_assert_uint_eq(unknown, 2);
    ck_assert_int_eq(seg_set_now(set), 0);
    seg_set_release(set);
    CK_OK(seg_set_from_ids(snapshot, "eveannzoeeve", offsets + 1, 1, &set, NULL, &err), err);
    check_set(set, "ann");
    seg_set_release(set);
    CK_OK(seg_set_from_ids(snapshot, NULL, NULL, 0, &set, &unknown, &err), err);
    check_set(set, "");
    ck_assert_uint_eq(unknown, 0);
    seg_set_release(set);
    static const uint64_t falling[] = {0, 6, 3};
    set = (seg_set *)&err;
    CK_FAILS(seg_set_from_ids(snapshot, "eveann", falling, 2, &set, &unknown, &err), SEG_E_ARG,
             err);
    ck_assert_ptr_null(set);
    CK_FAILS(seg_set_from_ids(snapshot, NULL, offsets, 2, &set, &unknown, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_from_ids(snapshot, "eveann", NULL, 2, &set, &unknown, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_from_ids(NULL, "eveann", offsets, 2, &set, &unknown, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_from_ids(snapshot, "eveann", offsets, 2, NULL, &unknown, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_set_from_ids_u64(snapshot, offsets, 2, &set, &unknown, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_from_ids(snapshot, "eveann", offsets, UINT64_MAX, &set, &unknown, &err),
             SEG_E_ARG, err);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_set__from_many_numbers)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = numbers_open();
    seg_snapshot *snapshot = snapshot_of(store);
    /* Falling, with ids between the known ones, the reserved number, and repeats. */
    size_t count = MANY / 2;
    uint64_t *ids = malloc(count * sizeof *ids);
    ck_assert_ptr_nonnull(ids);
    for (size_t i = 0; i < count; i++)
        ids[i] = (MANY - i) * 5;
    ids[7] = UINT64_MAX;
    ids[9] = ids[8];
    uint64_t wanted = 0, odd = 0;
    for (size_t i = 0; i < count; i++) {
        odd += ids[i] % 10 != 0;
        wanted += ids[i] % 10 == 0 && (i == 0 || ids[i] != ids[i - 1]);
    }
    seg_set *set = NULL;
    uint64_t unknown = 0;
    CK_OK(seg_set_from_ids_u64(snapshot, ids, count, &set, &unknown, &err), err);
    ck_assert_uint_eq(unknown, odd);
    ck_assert_uint_eq(seg_set_count(set), wanted);
    seg_set_release(set);
    CK_FAILS(seg_set_from_ids_u64(snapshot, NULL, 1, &set, NULL, &err), SEG_E_ARG, err);
    static const uint64_t offsets[] = {0, 1};
    CK_FAILS(seg_set_from_ids(snapshot, "1", offsets, 1, &set, NULL, &err), SEG_E_ARG, err);
    free(ids);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- asking ------------------------------------------------------------------------------ */

START_TEST(test_set__contains)
{
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "country = \"DE\"");
    static char id[SEG_ID_SIZE_MAX + 1];
    ck_assert_int_eq(seg_set_contains(set, TEXT("ann")), 1);
    ck_assert_int_eq(seg_set_contains(set, TEXT("cat")), 0);
    ck_assert_int_eq(seg_set_contains(set, TEXT("zoe")), 0);
    ck_assert_int_eq(seg_set_contains(set, TEXT("an")), 0);
    ck_assert_int_eq(seg_set_contains(set, id, sizeof id), 0);
    ck_assert_int_eq(seg_set_contains(set, NULL, 0), 0);
    ck_assert_int_eq(seg_set_contains(NULL, TEXT("ann")), 0);
    ck_assert_int_eq(seg_set_contains_u64(set, 1), 0);
    ck_assert_uint_eq(seg_set_count(NULL), 0);
    ck_assert_int_eq(seg_set_now(NULL), 0);
    static const uint64_t offsets[] = {0, 3, 6, 9, 9};
    uint8_t members[4] = {9, 9, 9, 9};
    ck_assert_uint_eq(seg_set_contains_many(set, "catbenzoe", offsets, 4, members), 1);
    static const uint8_t wanted[] = {0, 1, 0, 0};
    ck_assert_mem_eq(members, wanted, 4);
    static const uint64_t falling[] = {0, 6, 3};
    ck_assert_uint_eq(seg_set_contains_many(set, "annann", falling, 2, members), 0);
    ck_assert_uint_eq(members[0], 0);
    ck_assert_uint_eq(seg_set_contains_many(set, NULL, offsets, 4, members), 0);
    ck_assert_uint_eq(seg_set_contains_many(set, "catbenzoe", offsets, 4, NULL), 0);
    ck_assert_uint_eq(seg_set_contains_many(NULL, "catbenzoe", offsets, 4, members), 0);
    static const uint64_t number = 1;
    ck_assert_uint_eq(seg_set_contains_many_u64(set, &number, 1, members), 0);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* Small and large batches take different ways; both agree with single questions. */
START_TEST(test_set__contains_many_numbers)
{
    seg_store *store = numbers_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "third");
    static const size_t counts[] = {1, 1023, 1024, 1025, MANY};
    uint64_t *ids = malloc(MANY * sizeof *ids);
    uint8_t *members = malloc(MANY);
    ck_assert(ids != NULL && members != NULL);
    uint32_t seed = 42;
    for (size_t i = 0; i < MANY; i++) {
        seed = seed * 1664525 + 1013904223;
        ids[i] = (uint64_t)(seed % (2 * MANY)) * 5;
    }
    ids[MANY - 1] = UINT64_MAX;
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
        memset(members, 9, MANY);
        uint64_t found = seg_set_contains_many_u64(set, ids, counts[c], members);
        uint64_t wanted = 0;
        for (size_t i = 0; i < counts[c]; i++) {
            int32_t member = seg_set_contains_u64(set, ids[i]);
            ck_assert_int_eq(members[i], member);
            ck_assert_int_eq(member, ids[i] % 10 == 0 && ids[i] != 0 && ids[i] / 10 <= MANY &&
                                         (ids[i] / 10 - 1) % 3 == 0);
            wanted += (uint64_t)member;
        }
        ck_assert_uint_eq(found, wanted);
    }
    free(ids);
    free(members);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- algebra ----------------------------------------------------------------------------- */

START_TEST(test_set__combines)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *germans = set_of(store, snapshot, "country = \"DE\"");
    seg_set *late = set_of(store, snapshot, "did \"purchase\" in last 5 days");
    static const struct {
        uint32_t operation;
        const char *wanted;
    } cases[] = {{SEG_SET_AND, "ann"},
                 {SEG_SET_OR, "ann ben eve"},
                 {SEG_SET_XOR, "ben eve"},
                 {SEG_SET_ANDNOT, "ben"}};
    for (size_t i = 0; i < 4; i++) {
        seg_set *set = NULL;
        CK_OK(seg_set_combine(cases[i].operation, germans, late, &set, &err), err);
        check_set(set, cases[i].wanted);
        ck_assert_int_eq(seg_set_now(set), 0);
        uint64_t count = 77;
        CK_OK(seg_set_combine_count(cases[i].operation, germans, late, &count, &err), err);
        ck_assert_uint_eq(count, seg_set_count(set));
        seg_set_release(set);
    }
    seg_set *rest = NULL, *again = NULL;
    CK_OK(seg_set_complement(germans, &rest, &err), err);
    check_set(rest, "cat dan eve");
    CK_OK(seg_set_complement(rest, &again, &err), err);
    ck_assert_int_eq(seg_set_equals(again, germans), 1);
    ck_assert_int_eq(seg_set_equals(rest, germans), 0);
    ck_assert_int_eq(seg_set_equals(germans, germans), 1);
    ck_assert_int_eq(seg_set_equals(NULL, germans), 0);
    ck_assert_int_eq(seg_set_equals(germans, NULL), 0);
    seg_set_release(rest);
    seg_set_release(again);
    seg_set_release(germans);
    seg_set_release(late);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_set__algebra_refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_store *other = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot *foreign = snapshot_of(other);
    seg_set *a = NULL, *b = NULL, *set = (seg_set *)&err;
    CK_OK(seg_set_everyone(snapshot, &a, &err), err);
    CK_OK(seg_set_everyone(foreign, &b, &err), err);
    uint64_t count = 77;
    CK_FAILS(seg_set_combine(SEG_SET_AND, a, b, &set, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(set);
    CK_FAILS(seg_set_combine(0, a, a, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine(5, a, a, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine(SEG_SET_AND, NULL, a, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine(SEG_SET_AND, a, NULL, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine(SEG_SET_AND, a, a, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine_count(SEG_SET_AND, a, b, &count, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(count, 0);
    CK_FAILS(seg_set_combine_count(9, a, a, &count, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_combine_count(SEG_SET_AND, a, a, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_complement(NULL, &set, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_complement(a, NULL, &err), SEG_E_ARG, err);
    ck_assert_int_eq(seg_set_equals(a, b), 0);
    seg_set_release(a);
    seg_set_release(b);
    seg_snapshot_release(snapshot);
    seg_snapshot_release(foreign);
    seg_store_close(store, NULL);
    seg_store_close(other, NULL);
}
END_TEST

/* What comes of two snapshots belongs to the later one, whichever side it is on. */
START_TEST(test_set__combines_across_snapshots)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *before = snapshot_of(store);
    seg_set *old = set_of(store, before, "country = \"DE\"");
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_user(appender, "fay", "DE", 1);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *after = snapshot_of(store);
    seg_set *later = set_of(store, after, "country = \"DE\"");
    ck_assert_int_eq(seg_set_contains(old, TEXT("fay")), 0);
    for (int side = 0; side < 2; side++) {
        seg_set *both = NULL, *rest = NULL;
        CK_OK(seg_set_combine(SEG_SET_OR, side ? old : later, side ? later : old, &both, &err),
              err);
        check_set(both, "ann ben fay");
        ck_assert_int_eq(seg_set_contains(both, TEXT("fay")), 1);
        CK_OK(seg_set_complement(both, &rest, &err), err);
        check_set(rest, "cat dan eve");
        seg_set_release(both);
        seg_set_release(rest);
    }
    seg_set_release(old);
    seg_set_release(later);
    seg_snapshot_release(before);
    seg_snapshot_release(after);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- cursors ----------------------------------------------------------------------------- */

START_TEST(test_set__cursor_reads_any_step)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = numbers_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "third");
    static const uint64_t steps[] = {1, 7, 1000, 1024, 1025, 4096, MANY};
    uint64_t *ids = malloc(MANY * sizeof *ids);
    ck_assert_ptr_nonnull(ids);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        seg_set_cursor *cursor = NULL;
        CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
        uint64_t next = 10, seen = 0, count = 0;
        do {
            CK_OK(seg_set_cursor_next_u64(cursor, steps[s], ids, &count, &err), err);
            for (uint64_t i = 0; i < count; i++, next += 30)
                ck_assert_uint_eq(ids[i], next);
            seen += count;
        } while (count > 0);
        ck_assert_uint_eq(seen, seg_set_count(set));
        /* The end stays the end. */
        CK_OK(seg_set_cursor_next_u64(cursor, 10, ids, &count, &err), err);
        ck_assert_uint_eq(count, 0);
        seg_set_cursor_destroy(cursor);
    }
    free(ids);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* Of MANY users with ids of either kind, number i being i + 7 and its text "u" and that number,
 * the numbers of those who have the attribute `chosen`: so many thousandths of each 65,536. */
static seg_store *either_open(uint32_t id_kind, const uint32_t *thousandths, uint64_t *out_wanted,
                              uint64_t *out_count)
{
    static uint64_t numbers[MANY], offsets[MANY + 1];
    static uint8_t flags[MANY];
    static char bytes[MANY * 8];
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = id_kind;
    seg_store *store = store_open(&options);
    uint32_t seed = thousandths[0];
    *out_count = 0;
    for (uint32_t i = 0; i < MANY; i++) {
        numbers[i] = i + 7;
        offsets[i + 1] = offsets[i] + (uint64_t)sprintf(bytes + offsets[i], "u%u", i + 7);
        seed = seed * 1664525u + 1013904223u;
        flags[i] = (seed >> 8) % 1000 < thousandths[i >> 16];
        if (flags[i])
            out_wanted[(*out_count)++] = numbers[i];
    }
    seg_column column = SEG_COLUMN_INIT;
    column.name = "chosen";
    column.name_size = 6;
    column.type = SEG_TYPE_BOOL;
    column.values = flags;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = MANY;
    batch.columns = &column;
    batch.column_count = 1;
    if (id_kind == SEG_ID_U64) {
        batch.user_ids = numbers;
    } else {
        batch.user_bytes = bytes;
        batch.user_offsets = offsets;
    }
    CK_OK(seg_store_commit(store, &batch, 1, NULL, NULL, &err), err);
    return store;
}

/* Reads `count` ids, at most `step` at a time, which are those of `numbers`. */
static void check_cursor(const seg_set *set, uint32_t id_kind, const uint64_t *numbers,
                         uint64_t count, uint64_t step)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    uint64_t *words = malloc((step + 1) * sizeof *words);
    const char *bytes = NULL;
    uint64_t seen = 0, got = 0;
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    do {
        if (id_kind == SEG_ID_U64)
            CK_OK(seg_set_cursor_next_u64(cursor, step, words, &got, &err), err);
        else
            CK_OK(seg_set_cursor_next(cursor, step, words, &bytes, &got, &err), err);
        ck_assert(got <= step && got <= count - seen);
        for (uint64_t i = 0; i < got; i++, seen++) {
            uint64_t number = id_kind == SEG_ID_U64 ? words[i] : 0;
            for (uint64_t at = words[i] + 1; id_kind != SEG_ID_U64 && at < words[i + 1]; at++)
                number = number * 10 + (uint64_t)(bytes[at] - '0');
            check_fast(number == numbers[seen]);
            check_fast(id_kind == SEG_ID_U64 || bytes[words[i]] == 'u');
        }
    } while (got > 0);
    ck_assert_uint_eq(seen, count);
    seg_set_cursor_destroy(cursor);
    free(words);
}

/* Few, nearly all, some, all: every form in which members are read. */
START_TEST(test_set__cursor_reads_any_density)
{
    static uint64_t wanted[MANY];
    static const uint64_t steps[] = {1000, 1, 4097, 65536, 63, MANY + 1};
    static const uint32_t thousandths[][4] = {{10, 950, 90, 1000}, {1000, 50, 990, 1}};
    for (uint32_t round = 0; round < 4; round++) {
        uint32_t id_kind = round % 2 ? SEG_ID_U64 : SEG_ID_BYTES;
        uint64_t count;
        seg_store *store = either_open(id_kind, thousandths[round / 2], wanted, &count);
        seg_snapshot *snapshot = snapshot_of(store);
        seg_set *set = set_of(store, snapshot, "chosen");
        for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
            check_cursor(set, id_kind, wanted, count, steps[i]);
        seg_set_release(set);
        seg_snapshot_release(snapshot);
        seg_store_close(store, NULL);
    }
}
END_TEST

START_TEST(test_set__cursor_edges)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "everyone");
    seg_set *none = set_of(store, snapshot, "nobody");
    seg_set_cursor *cursor = (seg_set_cursor *)&err;
    CK_FAILS(seg_set_cursor_create(NULL, &cursor, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(cursor);
    CK_FAILS(seg_set_cursor_create(set, NULL, &err), SEG_E_ARG, err);
    CK_OK(seg_set_cursor_create(none, &cursor, &err), err);
    uint64_t offsets[11], count = 77, id = 0;
    const char *bytes = NULL;
    CK_OK(seg_set_cursor_next(cursor, 10, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 0);
    ck_assert_ptr_nonnull(bytes);
    seg_set_cursor_destroy(cursor);
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    /* The cursor keeps the set alive. */
    seg_set_release(set);
    CK_FAILS(seg_set_cursor_next(cursor, 0, offsets, &bytes, &count, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_cursor_next(NULL, 1, offsets, &bytes, &count, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_cursor_next(cursor, 1, NULL, &bytes, &count, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_cursor_next(cursor, 1, offsets, NULL, &count, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_cursor_next(cursor, 1, offsets, &bytes, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_cursor_next_u64(cursor, 1, &id, &count, &err), SEG_E_ARG, err);
    /* Refused calls took nothing. */
    CK_OK(seg_set_cursor_next(cursor, 2, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(offsets[0], 0);
    ck_assert_uint_eq(offsets[2], 6);
    ck_assert_mem_eq(bytes, "annben", 6);
    CK_OK(seg_set_cursor_next(cursor, 10, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 3);
    ck_assert_mem_eq(bytes, "catdaneve", 9);
    CK_OK(seg_set_cursor_next(cursor, 10, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 0);
    seg_set_cursor_destroy(cursor);
    seg_set_cursor_destroy(NULL);
    seg_set_release(none);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- roaring ----------------------------------------------------------------------------- */

START_TEST(test_set__roaring_round_trips)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = numbers_open();
    seg_snapshot *snapshot = snapshot_of(store);
    static const char *const texts[] = {"third", "not third", "everyone", "nobody"};
    for (size_t t = 0; t < 4; t++) {
        seg_set *set = set_of(store, snapshot, texts[t]);
        for (uint32_t format = SEG_ROARING_ORDINALS; format <= SEG_ROARING_IDS; format++) {
            seg_buffer *bytes = NULL;
            CK_OK(seg_set_to_roaring(set, format, &bytes, &err), err);
            seg_set *back = NULL;
            uint64_t unknown = 77;
            CK_OK(seg_set_from_roaring(snapshot, format, seg_buffer_data(bytes),
                                       seg_buffer_size(bytes), &back, &unknown, &err),
                  err);
            ck_assert_uint_eq(unknown, 0);
            ck_assert_int_eq(seg_set_equals(set, back), 1);
            seg_set_release(back);
            seg_buffer_destroy(bytes);
        }
        seg_set_release(set);
    }
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* The bytes are those of the published format, so that other programs read them. */
START_TEST(test_set__roaring_is_the_portable_format)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "country = \"DE\" or country = \"ES\"");
    static const unsigned char wanted[] = {0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 2,
                                           0,    16,   0, 0, 0, 0, 0, 1, 0, 3, 0};
    seg_buffer *bytes = NULL;
    CK_OK(seg_set_to_roaring(set, SEG_ROARING_ORDINALS, &bytes, &err), err);
    ck_assert_uint_eq(seg_buffer_size(bytes), sizeof wanted);
    ck_assert_mem_eq(seg_buffer_data(bytes), wanted, sizeof wanted);
    seg_buffer_destroy(bytes);
    CK_FAILS(seg_set_to_roaring(set, SEG_ROARING_IDS, &bytes, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(bytes);
    CK_FAILS(seg_set_to_roaring(set, 3, &bytes, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_to_roaring(NULL, SEG_ROARING_ORDINALS, &bytes, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_to_roaring(set, SEG_ROARING_ORDINALS, NULL, &err), SEG_E_ARG, err);
    seg_set *back = NULL;
    CK_FAILS(
        seg_set_from_roaring(snapshot, SEG_ROARING_IDS, wanted, sizeof wanted, &back, NULL, &err),
        SEG_E_ARG, err);
    CK_FAILS(
        seg_set_from_roaring(NULL, SEG_ROARING_ORDINALS, wanted, sizeof wanted, &back, NULL, &err),
        SEG_E_ARG, err);
    CK_FAILS(seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, NULL, 5, &back, NULL, &err),
             SEG_E_ARG, err);
    CK_FAILS(seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, wanted, sizeof wanted, NULL, NULL,
                                  &err),
             SEG_E_ARG, err);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_set__roaring_refuses_hostile_bytes)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    static const unsigned char good[] = {0x3a, 0x30, 0, 0, 1, 0, 0, 0, 0, 0, 2,
                                         0,    16,   0, 0, 0, 0, 0, 1, 0, 3, 0};
    seg_set *set = NULL;
    CK_OK(seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, good, sizeof good, &set, NULL, &err),
          err);
    check_set(set, "ann ben dan");
    seg_set_release(set);
    /* Every prefix, and one byte too many. */
    for (size_t size = 0; size < sizeof good; size++) {
        set = (seg_set *)&err;
        CK_FAILS(seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, good, size, &set, NULL, &err),
                 SEG_E_ROARING, err);
        ck_assert_ptr_null(set);
    }
    unsigned char bytes[sizeof good + 1] = {0};
    memcpy(bytes, good, sizeof good);
    CK_FAILS(
        seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, bytes, sizeof bytes, &set, NULL, &err),
        SEG_E_ROARING, err);
    /* An ordinal beyond the users, members that fall, members twice. */
    static const unsigned char lows[3][3] = {{0, 1, 5}, {1, 0, 3}, {0, 1, 1}};
    for (int i = 0; i < 3; i++) {
        bytes[16] = lows[i][0];
        bytes[18] = lows[i][1];
        bytes[20] = lows[i][2];
        CK_FAILS(seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, bytes, sizeof good, &set,
                                      NULL, &err),
                 SEG_E_ROARING, err);
    }
    /* Every bit flipped once: refused, or a set of users that exist. */
    for (size_t bit = 0; bit < sizeof good * 8; bit++) {
        memcpy(bytes, good, sizeof good);
        bytes[bit / 8] ^= (unsigned char)(1 << bit % 8);
        if (seg_set_from_roaring(snapshot, SEG_ROARING_ORDINALS, bytes, sizeof good, &set, NULL,
                                 &err) == SEG_OK) {
            ck_assert_uint_le(seg_set_count(set), 5);
            seg_set_release(set);
        } else {
            ck_assert_int_eq(err.code, SEG_E_ROARING);
        }
    }
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_set__roaring_ids_may_be_unknown)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = numbers_open();
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *small = store_open(&options);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(small, &appender, &err), err);
    static const uint64_t ids[] = {40, 41, 10, UINT64_MAX - 1};
    for (int i = 0; i < 4; i++)
        CK_OK(seg_appender_user_u64(appender, ids[i], &err), err);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *from = snapshot_of(store);
    seg_snapshot *to = snapshot_of(small);
    seg_set *thirds = set_of(store, from, "third");
    seg_buffer *bytes = NULL;
    CK_OK(seg_set_to_roaring(thirds, SEG_ROARING_IDS, &bytes, &err), err);
    seg_set *set = NULL;
    uint64_t unknown = 0;
    CK_OK(seg_set_from_roaring(to, SEG_ROARING_IDS, seg_buffer_data(bytes), seg_buffer_size(bytes),
                               &set, &unknown, &err),
          err);
    ck_assert_uint_eq(seg_set_count(set), 2);
    ck_assert_uint_eq(unknown, seg_set_count(thirds) - 2);
    ck_assert_int_eq(seg_set_contains_u64(set, 10), 1);
    ck_assert_int_eq(seg_set_contains_u64(set, 40), 1);
    seg_set_release(set);
    seg_buffer_destroy(bytes);
    /* The largest id of a user goes there and back. */
    seg_set *all = NULL;
    CK_OK(seg_set_everyone(to, &all, &err), err);
    CK_OK(seg_set_to_roaring(all, SEG_ROARING_IDS, &bytes, &err), err);
    for (size_t size = 0; size < seg_buffer_size(bytes); size++)
        CK_FAILS(seg_set_from_roaring(to, SEG_ROARING_IDS, seg_buffer_data(bytes), size, &set,
                                      &unknown, &err),
                 SEG_E_ROARING, err);
    CK_OK(seg_set_from_roaring(to, SEG_ROARING_IDS, seg_buffer_data(bytes), seg_buffer_size(bytes),
                               &set, &unknown, &err),
          err);
    ck_assert_int_eq(seg_set_equals(set, all), 1);
    seg_set_release(set);
    seg_set_release(all);
    seg_buffer_destroy(bytes);
    seg_set_release(thirds);
    seg_snapshot_release(from);
    seg_snapshot_release(to);
    seg_store_close(store, NULL);
    seg_store_close(small, NULL);
}
END_TEST

/* Runs stand for billions of ids in a few bytes: refused before they are unpacked. */
START_TEST(test_set__roaring_ids_are_bounded)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = numbers_open();
    seg_snapshot *snapshot = snapshot_of(store);
    enum {
        CONTAINERS = 512
    };
    static unsigned char bytes[8 + 4 + 4 + CONTAINERS / 8 + CONTAINERS * (4 + 4 + 6)];
    unsigned char *at = bytes;
    memset(at, 0, sizeof bytes);
    *at = 1; /* one group of ids with the same upper half, 0 */
    at += 12;
    *at++ = 0x3b;
    *at++ = 0x30;
    *at++ = (CONTAINERS - 1) & 0xff;
    *at++ = (CONTAINERS - 1) >> 8;
    memset(at, 0xff, CONTAINERS / 8);
    at += CONTAINERS / 8;
    for (int i = 0; i < CONTAINERS; i++) {
        *at++ = (unsigned char)(i & 0xff);
        *at++ = (unsigned char)(i >> 8);
        *at++ = 0xff;
        *at++ = 0xff;
    }
    uint32_t begin = (uint32_t)(4 + CONTAINERS / 8 + CONTAINERS * 8);
    for (uint32_t i = 0; i < CONTAINERS; i++) {
        uint32_t offset = begin + i * 6;
        for (int b = 0; b < 4; b++)
            *at++ = (unsigned char)(offset >> (8 * b));
    }
    for (int i = 0; i < CONTAINERS; i++) {
        static const unsigned char whole[] = {1, 0, 0, 0, 0xff, 0xff};
        memcpy(at, whole, sizeof whole);
        at += sizeof whole;
    }
    seg_set *set = (seg_set *)&err;
    CK_FAILS(seg_set_from_roaring(snapshot, SEG_ROARING_IDS, bytes, (size_t)(at - bytes), &set,
                                  NULL, &err),
             SEG_E_LIMIT, err);
    ck_assert_ptr_null(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/set");
    TCase *making = tcase_create("making");
    tcase_add_test(making, test_set__everyone_of_the_snapshot);
    tcase_add_test(making, test_set__from_ids);
    tcase_add_test(making, test_set__from_many_numbers);
    suite_add_tcase(s, making);
    TCase *asking = tcase_create("asking");
    tcase_add_test(asking, test_set__contains);
    tcase_add_test(asking, test_set__contains_many_numbers);
    suite_add_tcase(s, asking);
    TCase *algebra = tcase_create("algebra");
    tcase_add_test(algebra, test_set__combines);
    tcase_add_test(algebra, test_set__algebra_refuses_bad_arguments);
    tcase_add_test(algebra, test_set__combines_across_snapshots);
    suite_add_tcase(s, algebra);
    TCase *cursors = tcase_create("cursors");
    tcase_set_timeout(cursors, 60);
    tcase_add_test(cursors, test_set__cursor_reads_any_step);
    tcase_add_test(cursors, test_set__cursor_reads_any_density);
    tcase_add_test(cursors, test_set__cursor_edges);
    suite_add_tcase(s, cursors);
    TCase *roaring = tcase_create("roaring");
    tcase_add_test(roaring, test_set__roaring_round_trips);
    tcase_add_test(roaring, test_set__roaring_is_the_portable_format);
    tcase_add_test(roaring, test_set__roaring_refuses_hostile_bytes);
    tcase_add_test(roaring, test_set__roaring_ids_may_be_unknown);
    tcase_add_test(roaring, test_set__roaring_ids_are_bounded);
    suite_add_tcase(s, roaring);
    return s;
}
