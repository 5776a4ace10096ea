/* unit/base/test_alloc.c - base/alloc.h through the host's allocator and the default one. */
#include <stdint.h>
#include <string.h>

#include "base/alloc.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

START_TEST(test_alloc__default_gives_aligned_memory)
{
    const segi_mem *mem = segi_mem_default();
    for (size_t size = 0; size < 300; size++) {
        char *block = segi_alloc(mem, size);
        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 16, 0);
        memset(block, 1, size);
        segi_free(mem, block);
    }
    segi_free(mem, NULL);
}
END_TEST

START_TEST(test_alloc__host_gets_sized_calls)
{
    /* The allocator of the test ends the process where a size does not fit its block. */
    mem_fault fault;
    mem_fault_init(&fault);
    segi_mem mem;
    check_fast(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL) == SEG_OK);
    char *block = segi_alloc(&mem, 5);
    memcpy(block, "hello", 5);
    block = segi_resize(&mem, block, 50000);
    ck_assert_mem_eq(block, "hello", 5);
    block = segi_resize(&mem, block, 3);
    ck_assert_mem_eq(block, "hel", 3);
    char *nothing = segi_resize(&mem, NULL, 0);
    check_fast(nothing != NULL);
    char *zeroed = segi_alloc_zero(&mem, 1000);
    for (size_t i = 0; i < 1000; i++)
        check_fast(zeroed[i] == 0);
    check_fast(mem_fault_live_blocks(&fault) == 3);
    segi_free(&mem, block);
    segi_free(&mem, nothing);
    segi_free(&mem, zeroed);
    check_fast(mem_fault_live_bytes(&fault) == 0);
}
END_TEST

START_TEST(test_alloc__refuses_sizes_that_overflow)
{
    const segi_mem *mem = segi_mem_default();
    ck_assert_ptr_null(segi_alloc(mem, SIZE_MAX));
    ck_assert_ptr_null(segi_alloc(mem, SIZE_MAX - 15));
    ck_assert_ptr_null(segi_alloc_array(mem, SIZE_MAX / 2, 3));
    ck_assert_ptr_null(segi_alloc_array(mem, 3, SIZE_MAX / 2));
    char *block = segi_alloc(mem, 4);
    memcpy(block, "abc", 4);
    ck_assert_ptr_null(segi_resize(mem, block, SIZE_MAX - 3));
    ck_assert_str_eq(block, "abc");
    segi_free(mem, block);
}
END_TEST

START_TEST(test_alloc__checks_the_struct_of_the_host)
{
    mem_fault fault;
    mem_fault_init(&fault);
    segi_mem mem;
    seg_error err = SEG_ERROR_INIT;
    struct {
        seg_allocator known;
        uint64_t later;
    } newer;
    memset(&newer, 0, sizeof newer);

    seg_allocator broken = fault.allocator;
    broken.resize = NULL;
    ck_assert_int_eq(segi_mem_init(&mem, &broken, &err), SEG_E_ARG);
    broken = fault.allocator;
    broken.struct_size = 8;
    ck_assert_int_eq(segi_mem_init(&mem, &broken, &err), SEG_E_ARG);
    broken = fault.allocator;
    broken.reserved = 1;
    ck_assert_int_eq(segi_mem_init(&mem, &broken, &err), SEG_E_VERSION);

    newer.known = fault.allocator;
    newer.known.struct_size = (uint32_t)sizeof newer;
    ck_assert_int_eq(segi_mem_init(&mem, &newer.known, &err), SEG_OK);
    newer.later = 1;
    ck_assert_int_eq(segi_mem_init(&mem, &newer.known, &err), SEG_E_VERSION);
    ck_assert_int_eq(segi_mem_init(&mem, NULL, &err), SEG_OK);
    ck_assert_ptr_eq(mem.user, segi_mem_default()->user);
}
END_TEST

START_TEST(test_alloc__grow_doubles_and_survives_failure)
{
    mem_fault fault;
    mem_fault_init(&fault);
    segi_mem mem;
    check_fast(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL) == SEG_OK);
    void *array = NULL;
    size_t capacity = 0;
    for (size_t need = 1; need <= 10000; need++)
        check_fast(segi_grow(&mem, &array, &capacity, need, 4));
    check_fast(capacity == 16384);
    check_fast(mem_fault_calls(&fault) < 15);

    void *before = array;
    mem_fault_fail_at(&fault, 1);
    check_fast(!segi_grow(&mem, &array, &capacity, capacity + 1, 4));
    check_fast(array == before);
    check_fast(capacity == 16384);
    mem_fault_fail_at(&fault, 0);
    check_fast(!segi_grow(&mem, &array, &capacity, SIZE_MAX / 2, 4));
    check_fast(!segi_grow(&mem, &array, &capacity, SIZE_MAX, 1));
    check_fast(array == before);
    segi_free(&mem, array);
    check_fast(mem_fault_live_bytes(&fault) == 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/alloc");
    TCase *tc = tcase_create("alloc");
    tcase_add_test(tc, test_alloc__default_gives_aligned_memory);
    tcase_add_test(tc, test_alloc__host_gets_sized_calls);
    tcase_add_test(tc, test_alloc__refuses_sizes_that_overflow);
    tcase_add_test(tc, test_alloc__checks_the_struct_of_the_host);
    tcase_add_test(tc, test_alloc__grow_doubles_and_survives_failure);
    suite_add_tcase(s, tc);
    return s;
}
