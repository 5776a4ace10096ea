/* unit/store/test_store_damage.c - the files of a whole store, changed, cut and exchanged: an error
 * or the same answers. And with all checksums made to fit again: whatever comes, no harm.
 *
 * SEG_TEST_SOAK in the environment: every byte, every seventh length, far more forgeries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store_story.h"
#include "support/check_main.h"
#include "support/disk_image.h"
#include "support/mem_fault.h"

#define DATA_AT 65536u /* behind the superblocks */

static bool soak;
static uint64_t slow; /* a factor: under valgrind only some are tried */
static story s;
static sim_vfs *golden;  /* a store whose process ended before it closed it */
static uint64_t log_end; /* of the last record */

static uint64_t log_used(seg_store *store)
{
    seg_store_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(seg_store_get_stats(store, &stats, NULL), SEG_OK);
    return stats.log_used;
}

/* The first steps end in a checkpoint, the others are left in the log, the last one a commit. */
static void setup(void)
{
    seg_error err = SEG_ERROR_INIT;
    soak = getenv("SEG_TEST_SOAK") != NULL;
    slow = getenv("SEG_TEST_SLOW") != NULL ? 40 : 1;
    for (uint64_t seed = 1;; seed++) {
        sim_vfs *sim = sim_vfs_create(seed);
        story_init(&s, seed, 150, SEG_DURABILITY_FULL);
        story_run run = story_begin(&s, sim_vfs_table(sim));
        run.log_bytes_max = 1 << 20;
        ck_assert_int_eq(story_go(&run, s.steps - 1, &err), SEG_OK);
        uint64_t log_at = log_used(run.store);
        ck_assert_int_eq(story_go(&run, s.steps, &err), SEG_OK);
        log_end = log_used(run.store);
        golden = sim_vfs_copy(sim);
        (void)story_close(&run, NULL);
        sim_vfs_destroy(sim);
        if (log_at > 4096 && log_end > log_at && s.states[s.steps] != s.states[s.steps - 1])
            return;
        sim_vfs_destroy(golden);
    }
}

static void teardown(void)
{
    sim_vfs_destroy(golden);
}

/* Open for reading and read all; whether all is there. Else there is an error. */
static bool look(sim_vfs *sim, uint64_t life, seg_error *err)
{
    story_run run = story_begin(&s, sim_vfs_table(sim));
    uint64_t digest = 0;
    run.reading = true;
    run.life = life;
    seg_error_init(err, sizeof *err);
    seg_status status = story_open(&run, err);
    if (status == SEG_OK)
        status = story_digest(run.store, &digest, err);
    (void)story_close(&run, NULL);
    if (status == SEG_OK) {
        ck_assert_msg(digest == s.states[s.steps], "life %llu: another answer",
                      (unsigned long long)life);
        return true;
    }
    ck_assert_msg(
        status == SEG_E_CORRUPT || status == SEG_E_FORMAT_NEW || status == SEG_E_NOT_FOUND,
        "life %llu: %s: %s", (unsigned long long)life, seg_status_name(status), err->message);
    ck_assert_msg(err->message[0] != '\0', "no message");
    return false;
}

/* ---- changed --------------------------------------------------------------------------------- */

static uint64_t change_all(const char *path, uint64_t begin, uint64_t end, uint64_t step)
{
    static const unsigned char patterns[] = {0x01, 0x80, 0xff};
    seg_error err;
    size_t size;
    uint64_t found = 0;
    unsigned char *bytes = sim_vfs_edit(golden, path, &size);
    for (uint64_t at = begin; at < end && at < size; at += step)
        for (size_t p = 0; p < (soak ? sizeof patterns : 1); p++) {
            unsigned char was = bytes[at];
            bytes[at] ^= patterns[(p + at) % sizeof patterns];
            found += look(golden, at, &err) ? 0 : 1;
            bytes[at] = was;
        }
    return found;
}

START_TEST(test_store_damage__a_changed_byte_gives_an_error_or_the_same_answers)
{
    size_t size;
    seg_error err;
    sim_vfs_bytes(golden, STORY_FILE, &size);
    ck_assert_uint_ge(size, 2 * DATA_AT);
    ck_assert(look(golden, 0, &err));
    uint64_t found = change_all(STORY_FILE, 0, 512, soak ? 1 : 17 * slow);
    found += change_all(STORY_FILE, 32768, 32768 + 512, soak ? 1 : 17 * slow);
    found += change_all(STORY_FILE, DATA_AT, size, soak ? 1 : 211 * slow);
    found += change_all(STORY_LOG, 0, log_end + 4096, soak ? 1 : 41 * slow);
    printf("%llu of the changes were found\n", (unsigned long long)found);
    ck_assert_uint_gt(found * slow, 200);
}
END_TEST

/* ---- cut and exchanged ----------------------------------------------------------------------- */

static void cut_all(const char *path, uint64_t end, uint64_t step)
{
    seg_error err;
    size_t size;
    const unsigned char *bytes = sim_vfs_bytes(golden, path, &size);
    for (uint64_t length = 0; length < end && length < size; length += step) {
        sim_vfs *cut = sim_vfs_copy(golden);
        sim_vfs_put(cut, path, bytes, (size_t)length);
        ck_assert_msg(!look(cut, length, &err), "%s cut to %llu: nothing missed", path,
                      (unsigned long long)length);
        sim_vfs_destroy(cut);
    }
}

START_TEST(test_store_damage__a_file_may_be_cut_anywhere)
{
    size_t size;
    sim_vfs_bytes(golden, STORY_FILE, &size);
    cut_all(STORY_FILE, size, soak ? 7 : 2039 * slow);
    cut_all(STORY_LOG, log_end + 1000, soak ? 7 : 509 * slow);
}
END_TEST

START_TEST(test_store_damage__a_file_of_another_store_is_refused)
{
    seg_error err;
    size_t size;
    static const char *const paths[] = {STORY_FILE, STORY_LOG};
    sim_vfs *other = sim_vfs_create(99);
    story_run run = story_begin(&s, sim_vfs_table(other));
    run.log_bytes_max = 1 << 20;
    ck_assert_int_eq(story_go(&run, 20, NULL), SEG_OK);
    for (size_t i = 0; i < 2; i++) {
        sim_vfs *mixed = sim_vfs_copy(golden);
        const void *bytes = sim_vfs_bytes(other, paths[i], &size);
        sim_vfs_put(mixed, paths[i], bytes, size);
        ck_assert(!look(mixed, i, &err));
        sim_vfs_remove(mixed, paths[i]);
        ck_assert(!look(mixed, i, &err));
        sim_vfs_destroy(mixed);
    }
    (void)story_close(&run, NULL);
    sim_vfs_destroy(other);
}
END_TEST

/* ---- forged ---------------------------------------------------------------------------------- */

/* What the call says does not matter here, only that it comes back. */
static void may_fail(seg_status status)
{
    (void)status;
}

static void change(seg_store *store)
{
    seg_appender *appender = NULL;
    int32_t more = 0;
    may_fail(seg_store_define_attribute(store, "new", 3, SEG_TYPE_INT64, 0, NULL));
    if (seg_appender_create(store, &appender, NULL) == SEG_OK) {
        may_fail(seg_appender_event(appender, "customer 3", 10, "purchase", 8, 0, NULL));
        may_fail(seg_appender_set_event_id(appender, "event 1", 7, NULL));
        may_fail(seg_appender_user(appender, "customer 4", 10, NULL));
        may_fail(seg_appender_set_string(appender, "country", 7, "DE", 2, NULL));
        may_fail(seg_appender_commit(appender, NULL, NULL, NULL));
        seg_appender_destroy(appender);
    }
    may_fail(seg_store_maintain(store, NULL, &more, NULL));
    may_fail(seg_store_checkpoint(store, NULL));
}

/* All that a host may do with a store whose bytes may mean anything. */
static void use(sim_vfs *sim, const seg_allocator *allocator, uint64_t life)
{
    for (int reading = 1; reading >= 0; reading--) {
        uint64_t digest = 0, faults = 0;
        story_run run = story_begin(&s, sim_vfs_table(sim));
        run.allocator = allocator;
        run.reading = reading;
        run.life = life;
        if (story_open(&run, NULL) != SEG_OK)
            continue;
        (void)story_digest(run.store, &digest, NULL);
        may_fail(seg_store_check(run.store, SEG_CHECK_DEEP, NULL, NULL, &faults, NULL));
        if (!reading)
            change(run.store);
        (void)story_digest(run.store, &digest, NULL);
        (void)story_close(&run, NULL);
    }
}

START_TEST(test_store_damage__forged_checksums_do_no_harm)
{
    mem_fault fault;
    size_t size, log_size, used;
    disk_image_places places;
    uint64_t random = 1, count = (soak ? 100000 : 400) / slow;
    mem_fault_init(&fault);
    const uint8_t *bytes = sim_vfs_bytes(golden, STORY_FILE, &used);
    ck_assert(disk_image_find(bytes, used, &places));
    for (uint64_t i = 0; i < count; i++) {
        sim_vfs *copy = sim_vfs_copy(golden);
        unsigned char *file = sim_vfs_edit(copy, STORY_FILE, &size);
        unsigned char *log = sim_vfs_edit(copy, STORY_LOG, &log_size);
        for (uint64_t edits = 1 + i % 3; edits > 0; edits--) {
            random = random * 6364136223846793005u + 1442695040888963407u;
            uint64_t where = random >> 24, value = random >> 16 & 0xff;
            if (i % 4 == 0)
                log[where % log_end] = (unsigned char)value;
            else if (i % 4 == 1)
                file[places.catalogue + where % (64 + places.table_size)] = (unsigned char)value;
            else
                file[DATA_AT + where % (size - DATA_AT)] = (unsigned char)value;
        }
        disk_image_forge(file, size, log, log_size);
        use(copy, mem_fault_allocator(&fault), i);
        ck_assert_msg(mem_fault_live_bytes(&fault) == 0, "forgery %llu: bytes are left",
                      (unsigned long long)i);
        ck_assert_msg(sim_vfs_open_files(copy) == 0, "forgery %llu: files are left",
                      (unsigned long long)i);
        sim_vfs_destroy(copy);
    }
    ck_assert_uint_le(mem_fault_peak_bytes(&fault), 64u << 20);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("store/store_damage");
    TCase *tc = tcase_create("damage");
    tcase_set_timeout(tc, 36000);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_store_damage__a_changed_byte_gives_an_error_or_the_same_answers);
    tcase_add_test(tc, test_store_damage__a_file_may_be_cut_anywhere);
    tcase_add_test(tc, test_store_damage__a_file_of_another_store_is_refused);
    tcase_add_test(tc, test_store_damage__forged_checksums_do_no_harm);
    suite_add_tcase(suite, tc);
    return suite;
}
