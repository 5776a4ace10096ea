/* unit/disk/test_kill.c - real files: a process that works on a store is killed, again and again,
 * with other options each time. What it acknowledged through a pipe must be there afterwards.
 *
 * SEG_TEST_SOAK in the environment: 20,000 kills. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "disk_fixture.h"
#include "support/check_main.h"
#include "support/work_folder.h"

#define RECORD_MAX 3000u

static work_folder folder;

static void setup(void)
{
    work_folder_make(&folder, true);
}

static void setup_medium(void)
{
    work_folder_make(&folder, false);
}

static void teardown(void)
{
    work_folder_remove(&folder);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

static size_t record_fill(uint64_t lsn, unsigned char bytes[RECORD_MAX])
{
    size_t size = lsn * 389 % RECORD_MAX;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(lsn + i * 5);
    return size;
}

static segi_disk_options options_of(uint64_t round)
{
    return (segi_disk_options){
        .create = true,
        .log_step = round % 3 == 0 ? 4096 : 65536,
        .log_keep = round % 5 == 0 ? 4096 : 0,
        .zstd_level = round % 2 == 0 ? 1 : 0,
        .keep_freed = round % 7 == 0,
    };
}

/* What is found: the root says how many records the blocks cover and which block has the newest of
 * them; the log has those behind. */
typedef struct found {
    uint64_t covered, block, last;
} found;

static seg_status found_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                               seg_error *err)
{
    found *f = user;
    unsigned char expected[RECORD_MAX];
    if (lsn != f->last + 1 || size != record_fill(lsn, expected) ||
        memcmp(bytes, expected, size) != 0)
        return segi_fail(err, SEG_E_INTERNAL, "a wrong record");
    f->last = lsn;
    return SEG_OK;
}

/* Open, compare, and say how far it goes; NULL where something is not as it should be. */
static segi_disk *open_found(uint64_t round, found *f, seg_error *err)
{
    segi_disk *disk = NULL;
    segi_disk_options options = options_of(round);
    unsigned char expected[RECORD_MAX];
    size_t size = 0;
    memset(f, 0, sizeof *f);
    if (segi_disk_open(NULL, segi_mem_default(), folder.store, &options, &disk, err) != SEG_OK)
        return NULL;
    const void *root = segi_disk_root(disk, &size);
    if (size == 2 * sizeof(uint64_t))
        memcpy(f, root, size);
    f->last = f->covered;
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    bool good = segi_disk_replay(disk, found_record, f, err) == SEG_OK;
    if (good && f->block != 0)
        good = segi_disk_read(disk, f->block, 1, &buf, err) == SEG_OK &&
               buf.size == record_fill(f->covered, expected) &&
               memcmp(buf.data, expected, buf.size) == 0;
    segi_buf_deinit(&buf);
    if (good)
        return disk;
    segi_disk_close(disk, NULL);
    return NULL;
}

static bool work_checkpoint(segi_disk *disk, found *f)
{
    unsigned char bytes[RECORD_MAX];
    uint64_t id = 0, root[2];
    size_t size = record_fill(f->last, bytes);
    if (segi_disk_write(disk, 1, bytes, size, &id, NULL) != SEG_OK ||
        (f->block != 0 && segi_disk_drop(disk, f->block, NULL) != SEG_OK))
        return false;
    root[0] = f->last;
    root[1] = id;
    if (segi_disk_checkpoint(disk, root, sizeof root, NULL) != SEG_OK)
        return false;
    f->covered = f->last;
    f->block = id;
    return segi_disk_reclaim(disk, 0, NULL, NULL) == SEG_OK;
}

/* The child: works until it is killed, and tells each record after it was acknowledged. */
static void work(uint64_t round, int tell)
{
    unsigned char bytes[RECORD_MAX];
    uint64_t random = round;
    found f;
    segi_disk *disk = open_found(round, &f, NULL);
    if (disk == NULL)
        _exit(3);
    for (;;) {
        uint64_t lsn = 0;
        if (next_random(&random) % 6 == 0 && f.last > 0 && !work_checkpoint(disk, &f))
            _exit(4);
        size_t size = record_fill(f.last + 1, bytes);
        if (segi_disk_log(disk, bytes, size, &lsn, NULL) != SEG_OK || lsn != f.last + 1)
            _exit(5);
        f.last = lsn;
        if (write(tell, &lsn, sizeof lsn) != (ssize_t)sizeof lsn)
            _exit(6);
    }
}

/* One life of the child; the newest record that it acknowledged. */
static uint64_t live_and_die(uint64_t round, uint64_t acks)
{
    int ends[2], status = 0;
    uint64_t acked = 0, lsn;
    ck_assert_int_eq(pipe(ends), 0);
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        close(ends[0]);
        work(round, ends[1]);
    }
    close(ends[1]);
    for (uint64_t i = 0; i < acks && read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn; i++)
        acked = lsn;
    kill(child, SIGKILL);
    while (read(ends[0], &lsn, sizeof lsn) == (ssize_t)sizeof lsn)
        acked = lsn;
    close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    return acked;
}

static void kill_often(uint64_t kills)
{
    uint64_t random = 1, acked = 0;
    for (uint64_t round = 0; round < kills; round++) {
        uint64_t now = live_and_die(round, next_random(&random) % 30);
        acked = now > acked ? now : acked;
        found f;
        seg_error err = SEG_ERROR_INIT;
        segi_disk *disk = open_found(round + 1, &f, &err);
        if (disk == NULL)
            ck_abort_msg("round %d: %s", (int)round, err.message);
        ck_assert_uint_ge(f.last, acked);
        if (options_of(round).keep_freed || options_of(round + 1).keep_freed)
            ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_FULL));
        else
            ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    }
    printf("%llu kills, %llu records\n", (unsigned long long)kills, (unsigned long long)acked);
    ck_assert_uint_gt(acked, kills);
}

START_TEST(test_kill__what_was_acknowledged_is_there)
{
    kill_often(check_amount(1950, 300, 40, 19900));
}
END_TEST

START_TEST(test_kill__on_a_medium_as_well)
{
    kill_often(check_amount(50, 10, 10, 100));
}
END_TEST

/* The lock ends with its holder, and only then. */
START_TEST(test_kill__locks_hold_between_processes)
{
    segi_disk_options options = options_of(1);
    segi_disk *disk = NULL;
    int status = 0;
    ck_assert_int_eq(segi_disk_open(NULL, segi_mem_default(), folder.store, &options, &disk, NULL),
                     SEG_OK);
    pid_t child = fork();
    if (child == 0) {
        segi_disk *second = NULL;
        seg_status busy =
            segi_disk_open(NULL, segi_mem_default(), folder.store, &options, &second, NULL);
        seg_status inherited = segi_disk_log(disk, "x", 1, NULL, NULL);
        seg_status closed = segi_disk_close(disk, NULL);
        _exit(busy == SEG_E_BUSY && inherited == SEG_E_FORK && closed == SEG_OK ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    fixture_log(disk, "still mine");
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
}
END_TEST

START_TEST(test_kill__no_folder_no_store)
{
    segi_disk_options options = options_of(1);
    segi_disk *disk = NULL;
    seg_error err = SEG_ERROR_INIT;
    char other[4300];
    snprintf(other, sizeof other, "%s/nowhere/store", folder.path);
    ck_assert_int_eq(segi_disk_open(NULL, segi_mem_default(), other, &options, &disk, &err),
                     SEG_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "folder"));
    options.create = false;
    ck_assert_int_eq(segi_disk_open(NULL, segi_mem_default(), folder.store, &options, &disk, &err),
                     SEG_E_NOT_FOUND);
    ck_assert_ptr_null(disk);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk/kill");
    TCase *tc = tcase_create("kill"), *medium = tcase_create("medium");
    tcase_set_timeout(tc, 3600);
    tcase_set_timeout(medium, 3600);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_checked_fixture(medium, setup_medium, teardown);
    tcase_add_test(tc, test_kill__what_was_acknowledged_is_there);
    tcase_add_test(medium, test_kill__on_a_medium_as_well);
    tcase_add_test(tc, test_kill__locks_hold_between_processes);
    tcase_add_test(tc, test_kill__no_folder_no_store);
    suite_add_tcase(s, tc);
    suite_add_tcase(s, medium);
    return s;
}
