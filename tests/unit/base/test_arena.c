/* unit/base/test_arena.c - base/arena.h. */
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "support/check_main.h"
#include "support/mem_fault.h"

static mem_fault fault;
static segi_mem mem;

static void setup(void)
{
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
}

START_TEST(test_arena__memory_is_zeroed_aligned_and_apart)
{
    segi_arena arena;
    segi_arena_init(&arena, &mem);
    enum {
        COUNT = 3000
    };
    static unsigned char *blocks[COUNT];
    for (size_t i = 0; i < COUNT; i++) {
        /* Small ones, and now and then one that gets a block of its own. */
        size_t size = i % 97 == 0 ? 20000 + i : i % 61;
        blocks[i] = segi_arena_alloc(&arena, size);
        check_fast(blocks[i] != NULL);
        check_fast((uintptr_t)blocks[i] % 16 == 0);
        for (size_t j = 0; j < size; j++)
            check_fast(blocks[i][j] == 0);
        memset(blocks[i], (int)(i % 255) + 1, size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i % 97 == 0 ? 20000 + i : i % 61;
        for (size_t j = 0; j < size; j++)
            check_fast(blocks[i][j] == i % 255 + 1);
        if (i > 0)
            check_fast(blocks[i] != blocks[i - 1]);
    }
    check_fast(arena.total >= (size_t)COUNT * 16);
    check_fast(arena.total <= mem_fault_live_bytes(&fault));
    segi_arena_deinit(&arena);
    check_fast(mem_fault_live_bytes(&fault) == 0);
    check_fast(arena.total == 0);
}
END_TEST

START_TEST(test_arena__copy_ends_with_nul)
{
    segi_arena arena;
    segi_arena_init(&arena, &mem);
    char *copy = segi_arena_copy(&arena, "sixteen bytes!!!", 16);
    ck_assert_str_eq(copy, "sixteen bytes!!!");
    ck_assert_str_eq(segi_arena_copy(&arena, NULL, 0), "");
    ck_assert_str_eq(copy, "sixteen bytes!!!");
    segi_arena_deinit(&arena);
}
END_TEST

START_TEST(test_arena__refuses_overflow_and_stays_usable)
{
    segi_arena arena;
    segi_arena_init(&arena, &mem);
    ck_assert_ptr_null(segi_arena_array(&arena, SIZE_MAX / 4, 8));
    ck_assert_ptr_null(segi_arena_alloc(&arena, SIZE_MAX));
    ck_assert_ptr_null(segi_arena_alloc(&arena, SIZE_MAX - 20));
    mem_fault_fail_at(&fault, 1);
    ck_assert_ptr_null(segi_arena_alloc(&arena, 10));
    ck_assert_ptr_null(segi_arena_alloc(&arena, 100000));
    mem_fault_fail_at(&fault, 0);
    ck_assert_ptr_nonnull(segi_arena_array(&arena, 10, 10));
    segi_arena_deinit(&arena);
    segi_arena_deinit(&arena);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("base/arena");
    TCase *tc = tcase_create("arena");
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, test_arena__memory_is_zeroed_aligned_and_apart);
    tcase_add_test(tc, test_arena__copy_ends_with_nul);
    tcase_add_test(tc, test_arena__refuses_overflow_and_stays_usable);
    suite_add_tcase(s, tc);
    return s;
}
