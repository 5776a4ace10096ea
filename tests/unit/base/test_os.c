/* unit/base/test_os.c - base/os.h with real files. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/os.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

static char directory[64];
static mem_fault fault;
static segi_mem mem;
static segi_buf buf;

static void setup(void)
{
    strcpy(directory, "/tmp/libseg-os-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(directory));
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
    segi_buf_init(&buf, &mem);
}

static const char *path_of(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static void teardown(void)
{
    unlink(path_of("file"));
    unlink(path_of("fifo"));
    rmdir(directory);
    segi_buf_deinit(&buf);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}

static void write_file(size_t size)
{
    FILE *file = fopen(path_of("file"), "wb");
    ck_assert_ptr_nonnull(file);
    for (size_t i = 0; i < size; i++)
        fputc((int)(i % 251), file);
    fclose(file);
}

START_TEST(test_os__reads_files_of_any_size)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 100000};
    seg_error err = SEG_ERROR_INIT;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        write_file(sizes[i]);
        segi_buf_reset(&buf);
        segi_buf_text(&buf, "before");
        check_fast(segi_os_read_file(path_of("file"), 100000, &buf, &err) == SEG_OK);
        check_fast(buf.size == sizes[i] + 6);
        ck_assert_mem_eq(buf.data, "before", 6);
        for (size_t j = 0; j < sizes[i]; j++)
            check_fast((unsigned char)buf.data[6 + j] == j % 251);
    }
}
END_TEST

START_TEST(test_os__refuses_what_is_no_small_file)
{
    seg_error err = SEG_ERROR_INIT;
    segi_buf_text(&buf, "before");
    ck_assert_int_eq(segi_os_read_file(path_of("none"), 10, &buf, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(segi_os_read_file(path_of("none/more"), 10, &buf, &err), SEG_E_NOT_FOUND);
    ck_assert_int_eq(segi_os_read_file(directory, 10, &buf, &err), SEG_E_NOT_FOUND);
    /* Nobody writes to the FIFO, and yet the call comes back. */
    ck_assert_int_eq(mkfifo(path_of("fifo"), 0600), 0);
    ck_assert_int_eq(segi_os_read_file(path_of("fifo"), 10, &buf, &err), SEG_E_NOT_FOUND);
    write_file(11);
    ck_assert_int_eq(segi_os_read_file(path_of("file"), 10, &buf, &err), SEG_E_LIMIT);
    ck_assert_int_eq(segi_os_read_file(path_of("file"), 11, &buf, &err), SEG_OK);
    ck_assert_uint_eq(buf.size, 17);
    /* Files of /proc have no size in advance: the limit must hold while reading. */
    segi_buf_reset(&buf);
    ck_assert_int_eq(segi_os_read_file("/proc/self/maps", 100, &buf, &err), SEG_E_LIMIT);
    ck_assert_uint_eq(buf.size, 0);
    ck_assert_int_eq(segi_os_read_file("/proc/self/maps", 1 << 20, &buf, &err), SEG_OK);
    ck_assert_uint_gt(buf.size, 100);
}
END_TEST

START_TEST(test_os__reading_survives_failing_memory)
{
    write_file(5000);
    seg_error err = SEG_ERROR_INIT;
    for (uint64_t n = 1;; n++) {
        segi_buf_deinit(&buf);
        mem_fault_fail_at(&fault, n);
        seg_status status = segi_os_read_file(path_of("file"), 5000, &buf, &err);
        if (!mem_fault_has_failed(&fault)) {
            ck_assert_int_eq(status, SEG_OK);
            break;
        }
        ck_assert_int_eq(status, SEG_E_NOMEM);
        ck_assert_uint_eq(buf.size, 0);
    }
    mem_fault_fail_at(&fault, 0);
}
END_TEST

START_TEST(test_os__leaves_no_descriptor_open)
{
    seg_error err = SEG_ERROR_INIT;
    int before = dup(0);
    close(before);
    write_file(10);
    for (int i = 0; i < 50; i++) {
        segi_os_read_file(path_of("file"), 5, &buf, &err);
        segi_os_read_file(path_of("file"), 50, &buf, &err);
        segi_os_read_file(directory, 50, &buf, &err);
    }
    int after = dup(0);
    close(after);
    ck_assert_int_eq(after, before);
}
END_TEST

START_TEST(test_os__random_and_clock)
{
    unsigned char a[300] = {0}, b[300] = {0};
    check_fast(segi_os_random(a, sizeof a, NULL) == SEG_OK);
    check_fast(segi_os_random(b, sizeof b, NULL) == SEG_OK);
    ck_assert_mem_ne(a, b, sizeof a);
    check_fast(segi_os_random(a, 0, NULL) == SEG_OK);
    uint64_t last = segi_os_nanoseconds();
    for (int i = 0; i < 10000; i++) {
        uint64_t now = segi_os_nanoseconds();
        check_fast(now >= last);
        last = now;
    }
    check_fast(segi_os_directory_exists(directory));
    check_fast(!segi_os_directory_exists(path_of("none")));
    write_file(1);
    check_fast(!segi_os_directory_exists(path_of("file")));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/os");
    TCase *tc = tcase_create("os");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_os__reads_files_of_any_size);
    tcase_add_test(tc, test_os__refuses_what_is_no_small_file);
    tcase_add_test(tc, test_os__reading_survives_failing_memory);
    tcase_add_test(tc, test_os__leaves_no_descriptor_open);
    tcase_add_test(tc, test_os__random_and_clock);
    suite_add_tcase(s, tc);
    return s;
}
