/* unit/disk/test_fault.c - every call of the system and every allocation fails, once and for ever.
 *
 * After a single failure the disk either refuses with the right status, leaves nothing behind and
 * is what it was, or it has done its work; and what is opened afterwards fits the model. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_fixture.h"
#include "disk_model.h"
#include "support/mem_fault.h"

#define STEPS 30

static const int errnos[] = {EIO, ENOSPC, EDQUOT, EROFS, EFBIG, ENOMEM};

static seg_status status_of(int os_errno)
{
    switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return SEG_E_FULL;
    case EROFS: return SEG_E_READ_ONLY;
    case ENOMEM: return SEG_E_NOMEM;
    default: return SEG_E_IO;
    }
}

/* ---- the random workload, whose model is checked afterwards ---- */

static bool fault_at(uint64_t workload, uint64_t point, int os_errno, bool for_ever)
{
    static model m;
    char where[100];
    segi_disk_options options = {.create = true, .log_step = 1024, .log_keep = 4096};
    sim_vfs *sim = sim_vfs_create(workload);
    model_init(&m, workload);
    sim_vfs_fail(sim, point, os_errno, for_ever);
    model_run(&m, sim, &options, STEPS);
    bool reached = sim_vfs_failed(sim);
    sim_vfs_fail(sim, 0, 0, false);
    snprintf(where, sizeof where, "workload %llu point %llu errno %d %s",
             (unsigned long long)workload, (unsigned long long)point, os_errno,
             for_ever ? "for ever" : "once");
    check_fast(sim_vfs_open_files(sim) == 0);
    check_fast(!sim_vfs_sync_repeated(sim));
    model_check(&m, sim, &options, where);
    check_fast(!sim_vfs_exists(sim, "store-new"));
    sim_vfs_destroy(sim);
    return reached;
}

START_TEST(test_fault__every_call_fails)
{
    bool soak = getenv("SEG_TEST_SOAK") != NULL;
    uint64_t workloads = soak ? 30 : 12, points = 0;
    uint64_t step = getenv("SEG_TEST_SLOW") != NULL ? 61 : 1;
    for (uint64_t workload = 0; workload < workloads; workload++)
        for (size_t e = 0; e < sizeof errnos / sizeof *errnos; e++)
            for (int for_ever = 0; for_ever < 2; for_ever++)
                for (uint64_t point = 1; fault_at(workload, point, errnos[e], for_ever);
                     point += step)
                    points++;
    printf("%llu points\n", (unsigned long long)points);
    ck_assert_uint_gt(points * step, 1000);
}
END_TEST

/* ---- one call after another, whose status is looked at ---- */

typedef struct story {
    segi_disk *disk;
    uint64_t kept, dropped;
    uint64_t logged;  /* records that were acknowledged */
    uint64_t failed;  /* calls that failed */
    seg_status first; /* the first failure */
    bool checkpointed, second;
} story;

static bool story_step(story *s, seg_status status)
{
    if (status == SEG_OK)
        return true;
    if (s->failed++ == 0)
        s->first = status;
    return false;
}

/* Goes on after a failure, as a host does that tries the next thing. */
static void story_run(story *s, const segi_vfs *vfs, const segi_mem *mem)
{
    segi_disk_options options = {.create = true, .log_step = 1024, .log_keep = 4096};
    if (!story_step(s, segi_disk_open(vfs, mem, STORE, &options, &s->disk, NULL)))
        return;
    static unsigned char bytes[1500] = "kept";
    uint64_t gain;
    story_step(s, segi_disk_write(s->disk, 1, bytes, sizeof bytes, &s->kept, NULL));
    story_step(s, segi_disk_write(s->disk, 1, bytes, 20, &s->dropped, NULL));
    s->logged += story_step(s, segi_disk_log(s->disk, "record 1", 8, NULL, NULL));
    s->checkpointed = story_step(s, segi_disk_checkpoint(s->disk, "one", 3, NULL));
    if (s->dropped != 0)
        story_step(s, segi_disk_drop(s->disk, s->dropped, NULL));
    s->logged += story_step(s, segi_disk_log(s->disk, bytes, sizeof bytes, NULL, NULL));
    s->second = story_step(s, segi_disk_checkpoint(s->disk, "two", 3, NULL));
    story_step(s, segi_disk_reclaim(s->disk, 0, NULL, NULL));
    story_step(s, segi_disk_compact(s->disk, UINT64_MAX, &gain, NULL));
    story_step(s, segi_disk_checkpoint(s->disk, "two", 3, NULL));
    story_step(s, segi_disk_reclaim(s->disk, 0, NULL, NULL));
    story_step(s, segi_disk_backup(s->disk, "copy", NULL));
    segi_buf buf;
    segi_buf_init(&buf, mem);
    if (s->kept != 0)
        story_step(s, segi_disk_read(s->disk, s->kept, 1, &buf, NULL));
    segi_buf_deinit(&buf);
    s->logged += story_step(s, segi_disk_log(s->disk, "record 3", 8, NULL, NULL));
    story_step(s, segi_disk_close(s->disk, NULL));
}

/* What is there afterwards, with all calls working again. */
static void story_check(const story *s, sim_vfs *sim)
{
    segi_disk *disk = fixture_open(sim);
    size_t size = 0;
    const char *root = segi_disk_root(disk, &size);
    check_fast(!s->second || (size == 3 && memcmp(root, "two", 3) == 0));
    check_fast(!s->checkpointed || size == 3);
    if (size == 3 && s->kept != 0) {
        segi_buf buf;
        segi_buf_init(&buf, segi_mem_default());
        check_fast(segi_disk_read(disk, s->kept, 1, &buf, NULL) == SEG_OK);
        check_fast(buf.size == 1500 && memcmp(buf.data, "kept", 5) == 0);
        segi_buf_deinit(&buf);
    }
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    check_fast(stats.lsn >= s->logged);
    check_fast(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
    check_fast(segi_disk_close(disk, NULL) == SEG_OK);
}

START_TEST(test_fault__a_failure_has_the_right_status)
{
    for (size_t e = 0; e < sizeof errnos / sizeof *errnos; e++) {
        for (uint64_t point = 1;; point++) {
            sim_vfs *sim = sim_vfs_create(point);
            story s = {0};
            sim_vfs_fail(sim, point, errnos[e], false);
            story_run(&s, sim_vfs_table(sim), segi_mem_default());
            bool reached = sim_vfs_failed(sim);
            check_fast(s.failed == 0 || s.first == status_of(errnos[e]));
            check_fast(!sim_vfs_sync_repeated(sim));
            check_fast(sim_vfs_open_files(sim) == 0);
            sim_vfs_fail(sim, 0, 0, false);
            story_check(&s, sim);
            sim_vfs_destroy(sim);
            if (!reached)
                break;
        }
    }
}
END_TEST

/* What is out of memory once goes on afterwards: nothing is poisoned, nothing leaks. */
START_TEST(test_fault__every_allocation_fails)
{
    for (int once = 0; once < 2; once++) {
        for (uint64_t n = 1;; n++) {
            mem_fault fault;
            segi_mem mem;
            mem_fault_init(&fault);
            ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
            if (once)
                mem_fault_fail_once(&fault, n);
            else
                mem_fault_fail_at(&fault, n);
            sim_vfs *sim = sim_vfs_create(n);
            story s = {0};
            story_run(&s, sim_vfs_table(sim), &mem);
            bool reached = mem_fault_has_failed(&fault);
            check_fast(s.failed == 0 || s.first == SEG_E_NOMEM);
            check_fast(reached == (s.failed > 0));
            check_fast(!once || !reached || s.disk == NULL || s.failed == 1);
            check_fast(mem_fault_live_bytes(&fault) == 0);
            check_fast(sim_vfs_open_files(sim) == 0);
            story_check(&s, sim);
            sim_vfs_destroy(sim);
            if (!reached)
                break;
        }
    }
}
END_TEST

START_TEST(test_fault__a_failed_sync_poisons)
{
    uint64_t poisoned = 0;
    for (uint64_t point = 1; point < 12; point++) {
        sim_vfs *sim = sim_vfs_create(point);
        segi_disk *disk = fixture_open(sim);
        uint64_t id = fixture_write(disk, "block");
        fixture_checkpoint(disk, "r");
        sim_vfs_fail(sim, point, EIO, false);
        seg_status status = segi_disk_log(disk, "x", 1, NULL, NULL);
        if (status == SEG_E_IO) {
            poisoned++;
            ck_assert_int_eq(segi_disk_log(disk, "x", 1, NULL, NULL), SEG_E_POISONED);
            ck_assert_int_eq(segi_disk_checkpoint(disk, "s", 1, NULL), SEG_E_POISONED);
            ck_assert_int_eq(segi_disk_write(disk, 1, "x", 1, &id, NULL), SEG_E_POISONED);
            ck_assert_int_eq(segi_disk_drop(disk, 1, NULL), SEG_E_POISONED);
            ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_E_POISONED);
            ck_assert_int_eq(segi_disk_sync(disk, NULL), SEG_E_POISONED);
            ck_assert(fixture_block_is(disk, 1, "block"));
        }
        sim_vfs_fail(sim, 0, 0, false);
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
        check_fast(!sim_vfs_sync_repeated(sim));
        sim_vfs_destroy(sim);
    }
    ck_assert_uint_eq(poisoned, 2); /* the write and the sync */
}
END_TEST

/* A medium that is full for a while: refused without harm. */
START_TEST(test_fault__a_full_medium_takes_nothing_and_loses_nothing)
{
    sim_vfs *sim = sim_vfs_create(3);
    segi_disk_options options = fixture_options();
    segi_disk *disk = fixture_open_with(sim, &options);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
    static char text[4000];
    memset(text, 'f', sizeof text - 1);
    uint64_t first = fixture_write(disk, text), id = 0;
    fixture_checkpoint(disk, "1");
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
    sim_vfs_capacity(sim, 200000);
    seg_status status = SEG_OK;
    uint64_t blocks = 0;
    while ((status = segi_disk_write(disk, 1, text, sizeof text, &id, NULL)) == SEG_OK)
        blocks++;
    ck_assert_int_eq(status, SEG_E_FULL);
    ck_assert_uint_gt(blocks, 5);
    uint64_t records = 0;
    while ((status = segi_disk_log(disk, text, sizeof text, NULL, NULL)) == SEG_OK)
        records++;
    ck_assert_int_eq(status, SEG_E_FULL);
    static char large[20000];
    ck_assert_int_eq(segi_disk_checkpoint(disk, large, sizeof large, NULL), SEG_E_FULL);
    sim_vfs_capacity(sim, 0);
    ck_assert_int_eq(segi_disk_drop(disk, first, NULL), SEG_OK);
    ck_assert_int_eq(segi_disk_write(disk, 1, "instead", 7, &id, NULL), SEG_OK);
    fixture_checkpoint(disk, "2");
    uint64_t left = 1;
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_eq(left, 0);
    ck_assert_int_eq(segi_disk_log(disk, "again", 5, NULL, NULL), SEG_OK);
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.lsn, records + 1);
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    disk = fixture_open(sim);
    ck_assert(fixture_root_is(disk, "2"));
    ck_assert(fixture_replays(disk, "again;"));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    sim_vfs_destroy(sim);
}
END_TEST

/* Blocks of any sizes, some of them dropped, so that free and dropped extents lie between them. */
static uint64_t scatter(segi_disk *disk, uint64_t seed, const char *bytes)
{
    uint64_t id = 0, state = seed;
    for (uint64_t round = 0; round < 3; round++) {
        for (uint64_t i = 0; i < 20; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            ck_assert_int_eq(segi_disk_write(disk, 1, bytes, state >> 52, &id, NULL), SEG_OK);
            if (state >> 40 & 1)
                ck_assert_int_eq(segi_disk_drop(disk, id, NULL), SEG_OK);
        }
        if (round < 2)
            fixture_checkpoint(disk, "root");
        if (round == seed % 2)
            ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
    }
    return id;
}

/* The least capacity with which room can be made is enough for all that it was made for, and with
 * less nothing changes. */
START_TEST(test_fault__there_is_room_for_what_it_was_made_for)
{
    static char bytes[40000];
    memset(bytes, 'r', sizeof bytes);
    for (uint64_t seed = 0; seed < 24; seed++) {
        sim_vfs *sim = sim_vfs_create(seed);
        segi_disk *disk = fixture_open(sim);
        uint64_t last = scatter(disk, seed, bytes), id;
        uint64_t blocks = seed % 6, each = seed * 511, root = seed % 5 * 9000;
        uint64_t capacity = 512, refused = 0;
        segi_disk_statistics before, after;
        segi_disk_stats(disk, &before);
        for (;; capacity += 512, refused++) {
            sim_vfs_capacity(sim, capacity);
            seg_status status = segi_disk_make_room(disk, blocks, blocks * each, root, NULL);
            if (status == SEG_OK)
                break;
            ck_assert_int_eq(status, SEG_E_FULL);
            segi_disk_stats(disk, &after);
            check_fast(after.file_bytes == before.file_bytes && after.blocks == before.blocks);
            check_fast(after.free_bytes == before.free_bytes && !after.poisoned);
            check_fast(after.dropped_bytes == before.dropped_bytes);
        }
        ck_assert_uint_gt(refused, 3);
        for (uint64_t i = 0; i < blocks; i++)
            ck_assert_int_eq(segi_disk_write(disk, 1, bytes, (size_t)each, &id, NULL), SEG_OK);
        for (id = 1; id <= last; id += 1 + seed % 3)
            (void)segi_disk_drop(disk, id, NULL);
        ck_assert_int_eq(segi_disk_checkpoint(disk, bytes, (size_t)root, NULL), SEG_OK);
        ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
        ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
        disk = fixture_open(sim);
        ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
        sim_vfs_destroy(sim);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk/fault");
    TCase *tc = tcase_create("fault");
    tcase_set_timeout(tc, 3600);
    tcase_add_test(tc, test_fault__every_call_fails);
    tcase_add_test(tc, test_fault__a_failure_has_the_right_status);
    tcase_add_test(tc, test_fault__every_allocation_fails);
    tcase_add_test(tc, test_fault__a_failed_sync_poisons);
    tcase_add_test(tc, test_fault__a_full_medium_takes_nothing_and_loses_nothing);
    tcase_add_test(tc, test_fault__there_is_room_for_what_it_was_made_for);
    suite_add_tcase(s, tc);
    return s;
}
