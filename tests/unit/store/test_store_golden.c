/* unit/store/test_store_golden.c - two whole stores, of which every byte is changed and every
 * length tried: an error or the same answers, all of them.
 *
 * Bytes that opening and answering read are changed one by one. Those that they do not read are
 * changed all at once, which shows that they do not count; of them a deep check has to find each,
 * but for dropped extents, which are to be overwritten anyway.
 *
 * SEG_TEST_SOAK in the environment: every bit of both stores. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_golden.h"
#include "support/check_main.h"

static bool soak;
static size_t stride; /* 1; with sanitizers and under valgrind only some bytes are tried */
static golden g;

static void setup(void)
{
    soak = getenv("SEG_TEST_SOAK") != NULL;
    stride = (size_t)check_amount(1, 7, 97, 1);
}

/* The ways in which a byte is changed. */
static const unsigned char patterns[] = {0x01, 0x80, 0xff, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40};

/* ---- bytes that are read ---- */

/* The next writer overwrites what lies behind the last record, so only there a change may be
 * unseen. */
static void change_one(golden_file *file, size_t at, unsigned char pattern, uint64_t verdicts[3])
{
    file->bytes[at] ^= pattern;
    golden_verdict verdict = golden_judge(&g, file->path, at);
    file->bytes[at] ^= pattern;
    if (verdict == GOLDEN_UNSEEN && (file != &g.files[1] || at < g.log_used))
        ck_abort_msg("%s %llu: nobody sees it", file->path, (unsigned long long)at);
    verdicts[verdict]++;
}

/* In a normal run the second store's bytes are changed in one of three ways each. */
static void change_read(golden_file *file, bool each_way, uint64_t verdicts[3])
{
    size_t ways = soak ? sizeof patterns : 3;
    for (size_t at = 0; at < file->size; at += stride)
        for (size_t p = 0; file->read[at] && p < ways; p++)
            if (each_way || p == at % 3)
                change_one(file, at, patterns[p], verdicts);
}

START_TEST(test_store_golden__a_changed_byte_gives_an_error_or_the_same_answers)
{
    for (uint32_t which = GOLDEN_TEXTS; which <= GOLDEN_NUMBERS; which++) {
        uint64_t verdicts[3] = {0};
        golden_make(&g, which);
        for (size_t i = 0; i < 2; i++)
            change_read(&g.files[i], soak || which == GOLDEN_TEXTS, verdicts);
        printf(
            "store %u: %llu changes are errors, %llu found by a check, %llu behind the log's end\n",
            (unsigned)which, (unsigned long long)verdicts[GOLDEN_REFUSED],
            (unsigned long long)verdicts[GOLDEN_REPORTED],
            (unsigned long long)verdicts[GOLDEN_UNSEEN]);
        ck_assert_uint_gt(verdicts[GOLDEN_REFUSED] * stride, 10000);
        golden_free(&g);
    }
}
END_TEST

/* ---- bytes that nobody reads ---- */

/* Other bytes than before wherever nothing is read. */
static uint64_t change_unread(uint64_t seed)
{
    uint64_t changed = 0;
    for (size_t i = 0; i < 2; i++) {
        golden_file *file = &g.files[i];
        for (size_t at = 0; at < file->size; at++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            if (file->read[at])
                continue;
            file->bytes[at] ^= (unsigned char)(1 + (seed >> 33) % 255);
            changed++;
        }
    }
    return changed;
}

START_TEST(test_store_golden__bytes_that_are_not_read_do_not_count)
{
    for (uint32_t which = GOLDEN_TEXTS; which <= GOLDEN_NUMBERS; which++) {
        uint64_t changed = 0;
        golden_make(&g, which);
        for (uint64_t seed = 1; seed <= (soak ? 1000 : 100); seed++) {
            changed = change_unread(seed);
            ck_assert_int_eq(golden_judge(&g, "unread, seed", seed), GOLDEN_REPORTED);
        }
        printf("store %u: %llu bytes are not read\n", (unsigned)which, (unsigned long long)changed);
        ck_assert_uint_gt(changed, 50000);
        golden_free(&g);
    }
}
END_TEST

static uint64_t count_faults(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t faults = 0;
    seg_status status = seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, &err);
    if (status != SEG_OK)
        ck_abort_msg("check: %s: %s", seg_status_name(status), err.message);
    return faults;
}

/* Changes each byte that neither opening nor an answer reads, and counts those that a check does
 * not read either. */
static uint64_t check_finds(seg_store *store, golden_file *file)
{
    unsigned char *checked = calloc(1, file->size);
    uint64_t found = 0, unseen = 0;
    ck_assert_ptr_nonnull(checked);
    sim_vfs_watch(g.sim, file->path, checked, file->size);
    check_fast(count_faults(store) == 0);
    sim_vfs_watch(g.sim, file->path, NULL, 0);
    for (size_t at = 0; at < file->size; at++) {
        bool unread = !file->read[at];
        unseen += unread && !checked[at];
        if (!unread || !checked[at] || at % stride != 0)
            continue;
        file->bytes[at] ^= patterns[at % 3];
        if (count_faults(store) == 0)
            ck_abort_msg("%s %llu: a check does not see it", file->path, (unsigned long long)at);
        file->bytes[at] ^= patterns[at % 3];
        found++;
    }
    printf("%s: %llu bytes that a check alone reads\n", file->path, (unsigned long long)found);
    free(checked);
    return unseen;
}

START_TEST(test_store_golden__a_check_finds_what_nobody_reads)
{
    seg_error err = SEG_ERROR_INIT;
    for (uint32_t which = GOLDEN_TEXTS; which <= GOLDEN_NUMBERS; which++) {
        seg_store *store = NULL;
        seg_store_stats stats = {.struct_size = sizeof stats};
        golden_make(&g, which);
        ck_assert_int_eq(golden_open(g.sim, SEG_STORE_READ_ONLY, NULL, &store, &err), SEG_OK);
        ck_assert_int_eq(seg_store_get_stats(store, &stats, &err), SEG_OK);
        ck_assert_uint_eq(check_finds(store, &g.files[0]), stats.dropped_bytes);
        ck_assert_uint_eq(check_finds(store, &g.files[1]), 0);
        ck_assert_int_eq(seg_store_close(store, &err), SEG_OK);
        golden_free(&g);
    }
}
END_TEST

/* ---- lengths ---- */

/* From the whole file down, since what was cut off is needed again. */
static uint64_t cut_each(golden_file *file)
{
    uint64_t refused = 0;
    for (size_t size = file->size; size-- > 0;) {
        if (size % stride != 0)
            continue;
        sim_vfs_cut(g.sim, file->path, size);
        refused += golden_judge(&g, file->path, size) == GOLDEN_REFUSED;
    }
    sim_vfs_cut(g.sim, file->path, file->size);
    return refused;
}

START_TEST(test_store_golden__a_file_of_any_other_length_is_refused)
{
    for (uint32_t which = GOLDEN_TEXTS; which <= GOLDEN_NUMBERS; which++) {
        golden_make(&g, which);
        for (size_t i = 0; i < 2; i++) {
            uint64_t refused = cut_each(&g.files[i]);
            printf("%s: %llu lengths are refused\n", g.files[i].path, (unsigned long long)refused);
            ck_assert_uint_eq(refused, (g.files[i].size + stride - 1) / stride);
        }
        ck_assert_int_eq(golden_judge(&g, "whole again", 0), GOLDEN_UNSEEN);
        golden_free(&g);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_golden");
    TCase *tc = tcase_create("golden");
    tcase_set_timeout(tc, 36000);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_store_golden__a_changed_byte_gives_an_error_or_the_same_answers);
    tcase_add_test(tc, test_store_golden__bytes_that_are_not_read_do_not_count);
    tcase_add_test(tc, test_store_golden__a_check_finds_what_nobody_reads);
    tcase_add_test(tc, test_store_golden__a_file_of_any_other_length_is_refused);
    suite_add_tcase(s, tc);
    return s;
}
