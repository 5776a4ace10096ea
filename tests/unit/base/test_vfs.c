/* unit/base/test_vfs.c - the files of the operating system through segi_vfs_os(), and the loops
 * of segi_file_* over files that interrupt and cut each call. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vfs.h"
#include "support/check_main.h"
#include "support/sim_vfs.h"

static char folder[4096];
static char path[4200];

static void setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/seg-vfs-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
}

static void teardown(void)
{
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static segi_file open_file(uint32_t flags)
{
    segi_file file;
    seg_error err = SEG_ERROR_INIT;
    seg_status status = segi_file_open(&file, segi_vfs_os(), path, flags, &err);
    if (status != SEG_OK)
        ck_abort_msg("open: %s, errno %d", err.message, err.os_errno);
    return file;
}

START_TEST(test_vfs__a_file_keeps_what_is_written)
{
    char bytes[100];
    size_t got = 0;
    uint64_t size = 0;
    segi_file file = open_file(SEGI_VFS_WRITE | SEGI_VFS_CREATE);
    ck_assert_int_gt(file.number, 2);
    ck_assert_int_eq(segi_file_write(&file, 10, "hello", 5, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_sync(&file, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_read(&file, 8, bytes, sizeof bytes, &got, NULL), SEG_OK);
    ck_assert_uint_eq(got, 7);
    ck_assert(memcmp(bytes, "\0\0hello", 7) == 0);
    ck_assert_int_eq(segi_file_zero(&file, 11, 3, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_read(&file, 10, bytes, 5, &got, NULL), SEG_OK);
    ck_assert(memcmp(bytes, "h\0\0\0o", 5) == 0);
    ck_assert_int_eq(segi_file_allocate(&file, 10, 200000, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_size(&file, &size, NULL), SEG_OK);
    ck_assert_uint_eq(size, 200010);
    ck_assert_int_eq(segi_file_zero(&file, 0, 200010, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_truncate(&file, 3, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_size(&file, &size, NULL), SEG_OK);
    ck_assert_uint_eq(size, 3);
    ck_assert_int_eq(segi_vfs_sync_directory(segi_vfs_os(), path, NULL), SEG_OK);
    segi_file_close(&file);
    segi_file_close(&file);
}
END_TEST

/* Of a second opening in the same process, and without a third one's close dropping the lock. */
START_TEST(test_vfs__locks_exclude_each_other)
{
    seg_error err = SEG_ERROR_INIT;
    segi_file one = open_file(SEGI_VFS_WRITE | SEGI_VFS_CREATE), two = open_file(0);
    ck_assert_int_eq(segi_file_lock(&one, SEGI_VFS_LOCK_EXCLUSIVE, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_lock(&two, SEGI_VFS_LOCK_SHARED, &err), SEG_E_BUSY);
    ck_assert_str_ne(err.message, "");
    segi_file three = open_file(0);
    segi_file_close(&three);
    ck_assert_int_eq(segi_file_lock(&two, SEGI_VFS_LOCK_SHARED, NULL), SEG_E_BUSY);
    segi_file_close(&one);
    ck_assert_int_eq(segi_file_lock(&two, SEGI_VFS_LOCK_SHARED, NULL), SEG_OK);
    three = open_file(0);
    ck_assert_int_eq(segi_file_lock(&three, SEGI_VFS_LOCK_SHARED, NULL), SEG_OK);
    segi_file_close(&two);
    segi_file_close(&three);
}
END_TEST

START_TEST(test_vfs__only_plain_files_with_one_name_are_opened)
{
    char other[4300];
    segi_file file = open_file(SEGI_VFS_WRITE | SEGI_VFS_CREATE);
    segi_file_close(&file);
    snprintf(other, sizeof other, "%s-link", path);
    ck_assert_int_eq(symlink(path, other), 0);
    ck_assert_int_eq(segi_file_open(&file, segi_vfs_os(), other, 0, NULL), SEG_E_IO);
    unlink(other);
    ck_assert_int_eq(link(path, other), 0);
    ck_assert_int_eq(segi_file_open(&file, segi_vfs_os(), path, 0, NULL), SEG_E_IO);
    unlink(other);
    ck_assert_int_eq(mkfifo(other, 0600), 0);
    ck_assert_int_eq(segi_file_open(&file, segi_vfs_os(), other, 0, NULL), SEG_E_IO);
    unlink(other);
    ck_assert_int_eq(segi_file_open(&file, segi_vfs_os(), folder, 0, NULL), SEG_E_IO);
    ck_assert_int_eq(segi_file_open(&file, segi_vfs_os(), other, SEGI_VFS_WRITE, NULL),
                     SEG_E_NOT_FOUND);
    ck_assert(!segi_file_is_open(&file));
}
END_TEST

/* Where a program prints to must not be a store, even if it closed its own output before. */
START_TEST(test_vfs__a_store_is_never_standard_output)
{
    pid_t child = fork();
    if (child == 0) {
        segi_file file;
        close(0);
        close(1);
        close(2);
        seg_status status =
            segi_file_open(&file, segi_vfs_os(), path, SEGI_VFS_WRITE | SEGI_VFS_CREATE, NULL);
        _exit(status == SEG_OK && file.number > 2 && fcntl(1, F_GETFD) < 0 ? 0 : 1);
    }
    int result = -1;
    ck_assert_int_eq(waitpid(child, &result, 0), child);
    ck_assert_int_eq(result, 0);
}
END_TEST

START_TEST(test_vfs__names_are_changed)
{
    char other[4300];
    segi_file file = open_file(SEGI_VFS_WRITE | SEGI_VFS_CREATE);
    segi_file_close(&file);
    snprintf(other, sizeof other, "%s-2", path);
    ck_assert_int_eq(segi_vfs_rename(segi_vfs_os(), path, other, NULL), SEG_OK);
    ck_assert_int_eq(segi_vfs_rename(segi_vfs_os(), path, other, NULL), SEG_E_NOT_FOUND);
    ck_assert_int_eq(segi_vfs_unlink(segi_vfs_os(), other, NULL), SEG_OK);
    ck_assert_int_eq(segi_vfs_unlink(segi_vfs_os(), other, NULL), SEG_OK);
}
END_TEST

START_TEST(test_vfs__clock_randomness_and_process)
{
    int64_t now = 0;
    unsigned char a[32] = {0}, b[32] = {0};
    const segi_vfs *vfs = segi_vfs_os();
    ck_assert_int_eq(segi_vfs_now(vfs, &now, NULL), SEG_OK);
    ck_assert_int_gt(now, INT64_C(1700000000000000));
    ck_assert_int_eq(segi_vfs_random(vfs, a, sizeof a, NULL), SEG_OK);
    ck_assert_int_eq(segi_vfs_random(vfs, b, sizeof b, NULL), SEG_OK);
    ck_assert(memcmp(a, b, sizeof a) != 0);
    ck_assert_uint_eq(vfs->process(vfs->user), (uint64_t)getpid());
}
END_TEST

START_TEST(test_vfs__interrupted_and_short_calls_are_repeated)
{
    sim_vfs *sim = sim_vfs_create(5);
    static char bytes[5000], back[5000];
    size_t got = 0;
    segi_file file;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(i * 7);
    sim_vfs_disturb(sim, true);
    ck_assert_int_eq(
        segi_file_open(&file, sim_vfs_table(sim), "x", SEGI_VFS_WRITE | SEGI_VFS_CREATE, NULL),
        SEG_OK);
    ck_assert_int_eq(segi_file_write(&file, 3, bytes, sizeof bytes, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_sync(&file, NULL), SEG_OK);
    ck_assert_int_eq(segi_file_read(&file, 3, back, sizeof back, &got, NULL), SEG_OK);
    ck_assert_uint_eq(got, sizeof back);
    ck_assert(memcmp(bytes, back, sizeof back) == 0);
    segi_file_close(&file);
    sim_vfs_destroy(sim);
}
END_TEST

/* Each number of the system, as the caller sees it; and a signal that never ends is an error. */
START_TEST(test_vfs__numbers_become_statuses)
{
    static const struct {
        int os_errno;
        seg_status status;
    } cases[] = {{ENOSPC, SEG_E_FULL},     {EDQUOT, SEG_E_FULL},      {EFBIG, SEG_E_FULL},
                 {EROFS, SEG_E_READ_ONLY}, {ENOENT, SEG_E_NOT_FOUND}, {ENOMEM, SEG_E_NOMEM},
                 {EIO, SEG_E_IO},          {EACCES, SEG_E_IO},        {EINTR, SEG_E_IO}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        sim_vfs *sim = sim_vfs_create(5);
        segi_file file;
        seg_error err = SEG_ERROR_INIT;
        sim_vfs_fail(sim, 1, cases[i].os_errno, true);
        ck_assert_int_eq(segi_file_open(&file, sim_vfs_table(sim), "x", 0, &err), cases[i].status);
        ck_assert_int_eq(err.os_errno, cases[i].os_errno);
        ck_assert_int_eq(err.code, cases[i].status);
        sim_vfs_destroy(sim);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/vfs");
    TCase *tc = tcase_create("vfs");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_vfs__a_file_keeps_what_is_written);
    tcase_add_test(tc, test_vfs__locks_exclude_each_other);
    tcase_add_test(tc, test_vfs__only_plain_files_with_one_name_are_opened);
    tcase_add_test(tc, test_vfs__a_store_is_never_standard_output);
    tcase_add_test(tc, test_vfs__names_are_changed);
    tcase_add_test(tc, test_vfs__clock_randomness_and_process);
    tcase_add_test(tc, test_vfs__interrupted_and_short_calls_are_repeated);
    tcase_add_test(tc, test_vfs__numbers_become_statuses);
    suite_add_tcase(s, tc);
    return s;
}
