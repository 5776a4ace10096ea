/* unit/disk/test_crash.c - power fails at every call; what is left must fit what was promised.
 *
 * SEG_TEST_SOAK in the environment: more workloads and far more images of each point. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_model.h"
#include "support/check_main.h"
#include "support/disk_image.h"

#define STEPS 40

static uint64_t points, images;

static segi_disk_options options_of(uint64_t seed)
{
    return (segi_disk_options){
        .create = true,
        .keep_freed = seed % 4 == 3,
        .log_step = seed % 2 == 0 ? 1024 : 4096,
        .log_keep = 4096,
        .durability = seed % 3 == 2 ? SEGI_DISK_NORMAL : SEGI_DISK_FULL,
        .sync_bytes = 3000,
    };
}

/* Power fails again while the first crash is recovered from, or a little later. */
static void crash_again(const model *before, const sim_vfs *left, const segi_disk_options *options,
                        uint64_t seed, const char *where)
{
    model m = *before;
    m.random = seed * 0x9e3779b97f4a7c15u + 77;
    sim_vfs *sim = sim_vfs_copy(left);
    sim_vfs_fail(sim, 1 + seed * 7 % 60, EIO, true);
    model_run(&m, sim, options, (int)(seed % 4));
    sim_vfs *image = sim_vfs_power_loss(sim, seed + 2);
    model_check(&m, image, options, where);
    images++;
    sim_vfs_destroy(image);
    sim_vfs_destroy(sim);
}

static void crash_image(const model *before, const sim_vfs *sim, const segi_disk_options *options,
                        uint64_t seed, const char *where)
{
    model m = *before;
    sim_vfs *image = sim_vfs_power_loss(sim, seed);
    if (seed % 2 == 0)
        crash_again(&m, image, options, seed, where);
    model_check(&m, image, options, where);
    images++;
    sim_vfs_destroy(image);
}

/* The process ends without power loss, which leaves what was never synced in the page cache; then
 * a new life begins on it, and that one ends with power loss. */
static void crash_process(const model *before, sim_vfs *sim, const segi_disk_options *options,
                          uint64_t seed, const char *where)
{
    model m = *before;
    sim_vfs_fail(sim, 0, 0, false);
    model_check(&m, sim, options, where);
    sim_vfs_fail(sim, 1 + seed % 50, EIO, true);
    model_run(&m, sim, options, 8);
    if (seed % 2 == 0)
        sim_vfs_evict(sim);
    sim_vfs *image = sim_vfs_power_loss(sim, seed);
    model_check(&m, image, options, where);
    images += 2;
    sim_vfs_destroy(image);
}

/* One point of one workload; false when the workload ended before it. */
static bool crash_at(uint64_t workload, uint64_t point, uint64_t image_count)
{
    static model m;
    char where[100];
    segi_disk_options options = options_of(workload);
    sim_vfs *sim = sim_vfs_create(workload);
    model_init(&m, workload);
    sim_vfs_fail(sim, point, EIO, true);
    model_run(&m, sim, &options, STEPS);
    bool reached = sim_vfs_failed(sim);
    ck_assert_uint_eq(sim_vfs_open_files(sim), 0);
    check_fast(!sim_vfs_sync_repeated(sim));
    for (uint64_t i = 0; reached && i < image_count; i++) {
        uint64_t seed = i < 2 ? i : i + point * 1000;
        snprintf(where, sizeof where, "workload %llu point %llu image %llu",
                 (unsigned long long)workload, (unsigned long long)point, (unsigned long long)seed);
        crash_image(&m, sim, &options, seed, where);
    }
    snprintf(where, sizeof where, "workload %llu point %llu process", (unsigned long long)workload,
             (unsigned long long)point);
    if (reached)
        crash_process(&m, sim, &options, point + workload, where);
    sim_vfs_destroy(sim);
    return reached;
}

START_TEST(test_crash__power_fails_at_every_call)
{
    bool soak = getenv("SEG_TEST_SOAK") != NULL;
    bool slow = getenv("SEG_TEST_SLOW") != NULL;
    uint64_t step = slow ? 31 : 1;
    uint64_t workloads = soak ? 40 : 8, image_count = soak ? 200 : slow ? 4 : 46;
    for (uint64_t workload = 0; workload < workloads; workload++)
        for (uint64_t point = 1; crash_at(workload, point, image_count); point += step)
            points++;
    printf("%llu points, %llu images\n", (unsigned long long)points, (unsigned long long)images);
    ck_assert_uint_gt(points * step, 500);
}
END_TEST

/* A backup that power loss interrupts is absent or whole; one that was reported is there. */
static void check_backup(const sim_vfs *sim, uint64_t seed, bool reported)
{
    segi_disk_options reading = {.read_only = true};
    segi_disk *copy = NULL;
    uint64_t faults = 1;
    size_t size = 0;
    sim_vfs *image = sim_vfs_power_loss(sim, seed);
    seg_status status =
        segi_disk_open(sim_vfs_table(image), segi_mem_default(), "copy", &reading, &copy, NULL);
    check_fast(status == SEG_OK || (status == SEG_E_NOT_FOUND && !reported));
    if (status == SEG_OK) {
        const void *root = segi_disk_root(copy, &size);
        check_fast(size == strlen(DISK_IMAGE_ROOT) && memcmp(root, DISK_IMAGE_ROOT, size) == 0);
        check_fast(segi_disk_check(copy, SEGI_DISK_CHECK_FULL, NULL, NULL, &faults, NULL) ==
                   SEG_OK);
        check_fast(faults == 0);
    }
    segi_disk_close(copy, NULL);
    sim_vfs_destroy(image);
}

START_TEST(test_crash__a_backup_is_whole_or_absent)
{
    segi_disk_options reading = {.read_only = true};
    bool reached = true;
    for (uint64_t point = 1; reached; point++) {
        sim_vfs *sim = sim_vfs_create(1);
        segi_disk *disk = NULL;
        disk_image_make(sim);
        check_fast(segi_disk_open(sim_vfs_table(sim), segi_mem_default(), DISK_IMAGE_FILE, &reading,
                                  &disk, NULL) == SEG_OK);
        sim_vfs_fail(sim, point, EIO, true);
        seg_status status = segi_disk_backup(disk, "copy", NULL);
        reached = sim_vfs_failed(sim);
        check_fast(reached == (status != SEG_OK));
        segi_disk_close(disk, NULL);
        for (uint64_t seed = 0; seed < 20; seed++)
            check_backup(sim, seed, status == SEG_OK);
        sim_vfs_destroy(sim);
    }
}
END_TEST

/* Records that nobody has synced made the log grow; the header that a checkpoint writes states the
 * new size, and must not be there without it. */
START_TEST(test_crash__a_log_is_as_long_as_its_header_says)
{
    segi_disk_options options = {
        .create = true, .log_step = 1024, .log_keep = 65536, .durability = SEGI_DISK_NORMAL};
    segi_disk_options reading = {.read_only = true};
    static const unsigned char record[900];
    bool reached = true;
    for (uint64_t point = 1; reached; point++) {
        sim_vfs *sim = sim_vfs_create(point);
        segi_disk *disk = NULL;
        check_fast(segi_disk_open(sim_vfs_table(sim), segi_mem_default(), "store", &options, &disk,
                                  NULL) == SEG_OK);
        for (int i = 0; i < 5; i++)
            check_fast(segi_disk_log(disk, record, sizeof record, NULL, NULL) == SEG_OK);
        sim_vfs_fail(sim, point, EIO, true);
        (void)segi_disk_checkpoint(disk, "root", 4, NULL);
        reached = sim_vfs_failed(sim);
        for (uint64_t seed = 0; seed < 40; seed++) {
            sim_vfs *image = sim_vfs_power_loss(sim, seed);
            segi_disk *left = NULL;
            check_fast(segi_disk_open(sim_vfs_table(image), segi_mem_default(), "store", &reading,
                                      &left, NULL) == SEG_OK);
            segi_disk_close(left, NULL);
            sim_vfs_destroy(image);
        }
        segi_disk_close(disk, NULL);
        sim_vfs_destroy(sim);
    }
}
END_TEST

/* A disk that lies about syncs may lose anything; but the store says so, or reads the right
 * bytes, and never others. */
START_TEST(test_crash__a_lying_disk_never_makes_wrong_answers)
{
    static model m;
    uint64_t opened = 0;
    for (uint64_t seed = 0; seed < 300; seed++) {
        segi_disk_options options = options_of(seed);
        sim_vfs *sim = sim_vfs_create(seed);
        model_init(&m, seed);
        model_run(&m, sim, &options, 10);
        sim_vfs_lie(sim, true);
        model_run(&m, sim, &options, 20);
        sim_vfs *image = sim_vfs_power_loss(sim, seed);
        segi_disk_options reading = {.read_only = true};
        segi_disk *disk = NULL;
        seg_status status = segi_disk_open(sim_vfs_table(image), segi_mem_default(), "store",
                                           &reading, &disk, NULL);
        check_fast(status == SEG_OK || status == SEG_E_CORRUPT || status == SEG_E_NOT_FOUND);
        opened += status == SEG_OK ? 1 : 0;
        segi_disk_close(disk, NULL);
        sim_vfs_destroy(image);
        sim_vfs_destroy(sim);
    }
    ck_assert_uint_gt(opened, 0);
    ck_assert_uint_lt(opened, 300);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk/crash");
    TCase *tc = tcase_create("crash");
    tcase_set_timeout(tc, 3600);
    tcase_add_test(tc, test_crash__power_fails_at_every_call);
    tcase_add_test(tc, test_crash__a_backup_is_whole_or_absent);
    tcase_add_test(tc, test_crash__a_log_is_as_long_as_its_header_says);
    tcase_add_test(tc, test_crash__a_lying_disk_never_makes_wrong_answers);
    suite_add_tcase(s, tc);
    return s;
}
