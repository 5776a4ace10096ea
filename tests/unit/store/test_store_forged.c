/* unit/store/test_store_forged.c - two whole stores, of which every byte that means something is
 * changed and all checksums are made to fit again: whatever comes, no harm, little memory, an end.
 *
 * SEG_TEST_SOAK in the environment: in six ways each instead of one, and each is written to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "store_golden.h"
#include "support/check_main.h"
#include "support/disk_image.h"
#include "support/mem_fault.h"

#define MEMORY_MAX (64u << 20)
#define SECONDS_MAX 1

static bool soak;
static size_t stride; /* 1; with sanitizers and under valgrind only some bytes are tried */
static golden g;
static mem_fault fault;
static segi_buf scratch;

static void setup(void)
{
    soak = getenv("SEG_TEST_SOAK") != NULL;
    stride = (size_t)check_amount(1, 7, 97, 1);
    mem_fault_init(&fault);
    segi_buf_init(&scratch, segi_mem_default());
}

static void teardown(void)
{
    segi_buf_deinit(&scratch);
}

/* What the call says does not matter here, only that it comes back. */
static void may_fail(seg_status status)
{
    (void)status;
}

static void read_all(sim_vfs *sim)
{
    seg_store *store = NULL;
    uint64_t faults = 0;
    if (golden_open(sim, SEG_STORE_READ_ONLY, mem_fault_allocator(&fault), &store, NULL) != SEG_OK)
        return;
    may_fail(golden_ask(store, &scratch, NULL));
    may_fail(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, NULL));
    may_fail(seg_store_close(store, NULL));
}

static void append(seg_store *store)
{
    seg_appender *to = NULL;
    if (seg_appender_create(store, &to, NULL) != SEG_OK)
        return;
    may_fail(seg_appender_event(to, "ann", 3, "buy", 3, 1769817600000000, NULL));
    may_fail(seg_appender_set_event_id(to, "event-4", 7, NULL));
    may_fail(seg_appender_event_u64(to, 3, "buy", 3, 1769817600000000, NULL));
    may_fail(seg_appender_set_event_id(to, "event 003", 9, NULL));
    may_fail(seg_appender_commit(to, NULL, NULL, NULL));
    seg_appender_destroy(to);
}

static void write_all(const sim_vfs *image)
{
    static const uint64_t offsets[] = {0, 3}, number = 5;
    sim_vfs *sim = sim_vfs_copy(image);
    seg_store *store = NULL;
    int32_t more = 0;
    if (golden_open(sim, 0, mem_fault_allocator(&fault), &store, NULL) == SEG_OK) {
        append(store);
        may_fail(seg_store_expire(store, 1771000000000000, NULL, NULL));
        may_fail(seg_store_erase_users(store, "bob", offsets, 1, NULL, NULL, NULL));
        may_fail(seg_store_erase_users_u64(store, &number, 1, NULL, NULL, NULL));
        may_fail(seg_store_maintain(store, NULL, &more, NULL));
        may_fail(golden_ask(store, &scratch, NULL));
        may_fail(seg_store_close(store, NULL));
    }
    ck_assert_uint_eq(sim_vfs_open_files(sim), 0);
    sim_vfs_destroy(sim);
}

static void use(const char *path, uint64_t at, bool writes)
{
    clock_t start = clock();
    read_all(g.sim);
    if (writes)
        write_all(g.sim);
    if (mem_fault_live_bytes(&fault) != 0 || sim_vfs_open_files(g.sim) != 0)
        ck_abort_msg("%s %llu: something is left", path, (unsigned long long)at);
    if (stride == 1 && (clock() - start) / CLOCKS_PER_SEC >= SECONDS_MAX)
        ck_abort_msg("%s %llu: it takes too long", path, (unsigned long long)at);
}

/* Bytes that opening and answering read, and every so manieth of the others, the copy of the
 * catalogue and ids of events among them. */
static uint64_t forge_file(golden_file *file, size_t step)
{
    static const unsigned char values[] = {0xff, 0x01, 0x80, 0x00, 0x7f, 0x04};
    unsigned char *kept[2];
    uint64_t count = 0;
    for (size_t i = 0; i < 2; i++) {
        kept[i] = malloc(g.files[i].size);
        ck_assert_ptr_nonnull(kept[i]);
        memcpy(kept[i], g.files[i].bytes, g.files[i].size);
    }
    for (size_t at = 0; at < file->size; at += file->read[at] ? step : 16 * step)
        for (size_t v = 0; v < (soak ? sizeof values : 1); v++, count++) {
            file->bytes[at] = soak ? values[v] : file->bytes[at] ^ values[at % 3];
            disk_image_forge(g.files[0].bytes, g.files[0].size, g.files[1].bytes, g.files[1].size);
            use(file->path, at, soak || at % 8 == 0);
            for (size_t i = 0; i < 2; i++)
                memcpy(g.files[i].bytes, kept[i], g.files[i].size);
        }
    for (size_t i = 0; i < 2; i++)
        free(kept[i]);
    return count;
}

START_TEST(test_store_forged__no_byte_does_harm)
{
    uint64_t forged = 0;
    for (uint32_t which = GOLDEN_TEXTS; which <= GOLDEN_NUMBERS; which++) {
        size_t step = (soak ? 1 : which == GOLDEN_TEXTS ? 2 : 7) * stride;
        golden_make(&g, which);
        for (size_t i = 0; i < 2; i++)
            forged += forge_file(&g.files[i], step);
        golden_free(&g);
    }
    printf("%llu changes forged, at most %llu bytes of memory\n", (unsigned long long)forged,
           (unsigned long long)mem_fault_peak_bytes(&fault));
    ck_assert_uint_le(mem_fault_peak_bytes(&fault), MEMORY_MAX);
    ck_assert_uint_gt(forged * stride, 10000);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/store_forged");
    TCase *tc = tcase_create("forged");
    tcase_set_timeout(tc, 36000);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_store_forged__no_byte_does_harm);
    suite_add_tcase(s, tc);
    return s;
}
