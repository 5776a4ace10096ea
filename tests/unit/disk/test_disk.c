/* unit/disk/test_disk.c - the door of the room disk: what each call does when nothing fails. */
#include <stdio.h>
#include <stdlib.h>

#include "disk_fixture.h"

static sim_vfs *sim;
static segi_disk *disk;

static void setup(void)
{
    sim = sim_vfs_create(7);
    disk = fixture_open(sim);
}

static void teardown(void)
{
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    ck_assert_uint_eq(sim_vfs_open_files(sim), 0);
    sim_vfs_destroy(sim);
}

static void reopen(void)
{
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    disk = fixture_open(sim);
}

START_TEST(test_disk__a_new_store_is_empty)
{
    segi_disk_statistics stats;
    ck_assert(fixture_root_is(disk, ""));
    ck_assert(fixture_replays(disk, ""));
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.blocks, 0);
    ck_assert_uint_eq(stats.lsn, 0);
    ck_assert(!sim_vfs_exists(sim, "store-new"));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

START_TEST(test_disk__blocks_are_there_after_a_checkpoint)
{
    uint64_t a = fixture_write(disk, "first"), b = fixture_write(disk, "second");
    ck_assert_uint_eq(a, 1);
    ck_assert_uint_eq(b, 2);
    ck_assert(fixture_block_is(disk, a, "first"));
    fixture_checkpoint(disk, "root");
    reopen();
    ck_assert(fixture_root_is(disk, "root"));
    ck_assert(fixture_block_is(disk, a, "first"));
    ck_assert(fixture_block_is(disk, b, "second"));
    ck_assert_uint_eq(fixture_write(disk, "third"), 3);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

START_TEST(test_disk__blocks_are_gone_without_a_checkpoint)
{
    uint64_t a = fixture_write(disk, "first");
    fixture_checkpoint(disk, "1");
    uint64_t b = fixture_write(disk, "second");
    ck_assert_int_eq(segi_disk_drop(disk, a, NULL), SEG_OK);
    reopen();
    ck_assert(fixture_root_is(disk, "1"));
    ck_assert(fixture_block_is(disk, a, "first"));
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    ck_assert_int_eq(segi_disk_read(disk, b, 1, &buf, NULL), SEG_E_NOT_FOUND);
    ck_assert_uint_eq(buf.size, 0);
    segi_buf_deinit(&buf);
}
END_TEST

/* Sizes around sectors and around the payload that fits behind the header. */
START_TEST(test_disk__blocks_of_all_sizes)
{
    static const size_t sizes[] = {0,   1,   63,  64,  447,  448,  449,   511,   512,
                                   513, 959, 960, 961, 1024, 4096, 65535, 65536, 200000};
    uint64_t ids[sizeof sizes / sizeof *sizes];
    static unsigned char bytes[200000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        ck_assert_int_eq(segi_disk_write(disk, 2, bytes, sizes[i], &ids[i], NULL), SEG_OK);
    fixture_checkpoint(disk, "r");
    reopen();
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        ck_assert_int_eq(segi_disk_read(disk, ids[i], 2, &buf, NULL), SEG_OK);
        ck_assert_uint_eq(buf.size, sizes[i]);
        ck_assert(memcmp(buf.data, bytes, sizes[i]) == 0);
        for (size_t k = 0; k < SEGI_DISK_READ_SLACK; k++)
            check_fast(buf.data[sizes[i] + k] == 0);
    }
    segi_buf_deinit(&buf);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

START_TEST(test_disk__wrong_calls_are_refused)
{
    uint64_t id = fixture_write(disk, "x");
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    ck_assert_int_eq(segi_disk_read(disk, id, 2, &buf, NULL), SEG_E_CORRUPT);
    ck_assert_int_eq(segi_disk_read(disk, 99, 1, &buf, NULL), SEG_E_NOT_FOUND);
    segi_buf_deinit(&buf);
    ck_assert_int_eq(segi_disk_write(disk, 0, "x", 1, &id, NULL), SEG_E_ARG);
    ck_assert_int_eq(segi_disk_write(disk, 65536, "x", 1, &id, NULL), SEG_E_ARG);
    ck_assert_int_eq(segi_disk_write(disk, 1, "x", SEGI_DISK_BLOCK_MAX + 1, &id, NULL),
                     SEG_E_LIMIT);
    ck_assert_int_eq(segi_disk_drop(disk, 99, NULL), SEG_E_NOT_FOUND);
    ck_assert_int_eq(segi_disk_log(disk, "x", SEGI_DISK_RECORD_MAX + 1, NULL, NULL), SEG_E_LIMIT);
    ck_assert_int_eq(segi_disk_checkpoint(disk, "x", SEGI_DISK_ROOT_MAX + 1, NULL), SEG_E_LIMIT);
}
END_TEST

START_TEST(test_disk__records_are_replayed_in_order)
{
    uint64_t lsn = 0;
    fixture_log(disk, "a");
    fixture_log(disk, "");
    ck_assert_int_eq(segi_disk_log(disk, "c", 1, &lsn, NULL), SEG_OK);
    ck_assert_uint_eq(lsn, 3);
    reopen();
    ck_assert_int_eq(segi_disk_log(disk, "x", 1, NULL, NULL), SEG_E_MISUSE);
    ck_assert_int_eq(segi_disk_checkpoint(disk, "x", 1, NULL), SEG_E_MISUSE);
    ck_assert(fixture_replays(disk, "a;;c;"));
    fixture_log(disk, "d");
    reopen();
    ck_assert(fixture_replays(disk, "a;;c;d;"));
    fixture_checkpoint(disk, "all");
    fixture_log(disk, "e");
    reopen();
    ck_assert(fixture_replays(disk, "e;"));
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.lsn, 5);
    ck_assert_uint_eq(stats.checkpoint_lsn, 4);
    ck_assert_uint_eq(stats.durable_lsn, 5);
}
END_TEST

/* Far more than the log's first extent, so that it grows, and is cut again by the checkpoint. */
START_TEST(test_disk__the_log_grows_and_is_cut)
{
    static char text[3000];
    memset(text, 'x', sizeof text - 1);
    segi_disk_statistics stats;
    for (int i = 0; i < 20; i++)
        fixture_log(disk, text);
    segi_disk_stats(disk, &stats);
    ck_assert_uint_ge(stats.log_bytes, 60000);
    reopen();
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.records, 20);
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    ck_assert_int_eq(segi_disk_replay(disk, fixture_append, &buf, NULL), SEG_OK);
    ck_assert_uint_eq(buf.size, 20 * sizeof text);
    segi_buf_deinit(&buf);
    fixture_checkpoint(disk, "r");
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.log_bytes, 8192);
    ck_assert(!sim_vfs_contains(sim, "xxxxxxxx", 8));
}
END_TEST

/* Dropped content stays while a pin holds it, and is then overwritten everywhere. */
START_TEST(test_disk__pins_hold_dropped_blocks)
{
    uint64_t a = fixture_write(disk, "canary-canary"), left = 0;
    fixture_checkpoint(disk, "1");
    segi_pin pin, later;
    segi_disk_pin(disk, &pin);
    ck_assert_int_eq(segi_disk_drop(disk, a, NULL), SEG_OK);
    segi_disk_pin(disk, &later);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_gt(left, 0); /* no checkpoint yet */
    fixture_checkpoint(disk, "2");
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_gt(left, 0); /* the first pin */
    ck_assert(fixture_block_is(disk, a, "canary-canary"));
    segi_disk_unpin(disk, &pin);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_eq(left, 0);
    ck_assert(!fixture_block_is(disk, a, "canary-canary"));
    ck_assert(!sim_vfs_contains(sim, "canary", 6));
    segi_disk_unpin(disk, &later);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

/* Room that is wanted is not held by a pin that is too old; one that holds nothing stays. */
START_TEST(test_disk__old_pins_end)
{
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    segi_disk_options options = fixture_options();
    options.pin_micros = 1000;
    sim_vfs_set_now(sim, 5000);
    disk = fixture_open_with(sim, &options);
    uint64_t a = fixture_write(disk, "canary-canary"), left = 0;
    segi_disk_statistics stats;
    segi_pin old, young, late;
    fixture_checkpoint(disk, "1");
    segi_disk_pin(disk, &old);
    sim_vfs_set_now(sim, 5500);
    segi_disk_pin(disk, &young);
    ck_assert_int_eq(segi_disk_drop(disk, a, NULL), SEG_OK);
    fixture_checkpoint(disk, "2");
    segi_disk_pin(disk, &late);
    sim_vfs_set_now(sim, 6001);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert(atomic_load(&old.expired) && !atomic_load(&young.expired));
    ck_assert_uint_gt(left, 0);
    ck_assert(fixture_block_is(disk, a, "canary-canary"));
    sim_vfs_set_now(sim, 60000);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert(atomic_load(&young.expired) && !atomic_load(&late.expired));
    ck_assert_uint_eq(left, 0);
    ck_assert(!fixture_block_is(disk, a, "canary-canary"));
    ck_assert(!sim_vfs_contains(sim, "canary", 6));
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.pins, 1);
    segi_disk_unpin(disk, &young);
    segi_disk_unpin(disk, &late);
    segi_disk_unpin(disk, &old);
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.pins, 0);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

/* A budget bounds the work of one call, however large the extents are. */
START_TEST(test_disk__reclaiming_goes_in_steps)
{
    static char text[20000];
    memset(text, 'w', sizeof text - 1);
    uint64_t id = fixture_write(disk, text), left = 0, previous = UINT64_MAX;
    fixture_checkpoint(disk, "1");
    ck_assert_int_eq(segi_disk_drop(disk, id, NULL), SEG_OK);
    fixture_checkpoint(disk, "2");
    int calls = 0;
    do {
        ck_assert_int_eq(segi_disk_reclaim(disk, 5000, &left, NULL), SEG_OK);
        ck_assert_uint_lt(left, previous);
        ck_assert_uint_le(previous == UINT64_MAX ? 0 : previous - left, 5120);
        previous = left;
        calls++;
    } while (left > 0);
    ck_assert_int_ge(calls, 4);
    ck_assert(!sim_vfs_contains(sim, "wwww", 4));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

/* A store whose process ended without closing it: `gaps` free extents that do not touch, its last
 * extent in use, and behind that what was written and never published. */
static sim_vfs *image_with_gaps(size_t gaps)
{
    sim_vfs *own = sim_vfs_create(1);
    segi_disk *made = fixture_open(own);
    static char apart[20000]; /* no gap is so large: it keeps catalogues from touching */
    uint64_t ids[80];
    size_t size;
    memset(apart, 'a', sizeof apart - 1);
    for (size_t i = 0; i < gaps; i++) {
        ids[i] = fixture_write(made, "gone");
        (void)fixture_write(made, "kept");
    }
    fixture_checkpoint(made, "1");
    for (size_t i = 0; i < gaps; i++)
        ck_assert_int_eq(segi_disk_drop(made, ids[i], NULL), SEG_OK);
    (void)fixture_write(made, apart);
    fixture_checkpoint(made, "2");
    ck_assert_int_eq(segi_disk_reclaim(made, 0, NULL, NULL), SEG_OK);
    (void)fixture_write(made, apart);
    fixture_checkpoint(made, "3");
    sim_vfs *image = sim_vfs_copy(own);
    ck_assert_int_eq(segi_disk_close(made, NULL), SEG_OK);
    sim_vfs_destroy(own);
    const unsigned char *bytes = sim_vfs_bytes(image, STORE, &size);
    unsigned char *longer = calloc(1, size + 700);
    ck_assert_ptr_nonnull(longer);
    memcpy(longer, bytes, size);
    memset(longer + size, 'u', 700);
    sim_vfs_put(image, STORE, longer, size + 700);
    free(longer);
    return image;
}

/* Every number of gaps, so that the list of extents is once exactly full when what lies behind the
 * end comes last. */
START_TEST(test_disk__gaps_and_a_longer_file_are_overwritten)
{
    for (size_t gaps = 1; gaps <= 80; gaps++) {
        sim_vfs *image = image_with_gaps(gaps);
        uint64_t left = 1;
        segi_disk *again = fixture_open(image);
        ck_assert_int_eq(segi_disk_reclaim(again, 0, &left, NULL), SEG_OK);
        ck_assert_uint_eq(left, 0);
        ck_assert(!sim_vfs_contains(image, "uuuu", 4) && !sim_vfs_contains(image, "gone", 4));
        ck_assert(fixture_is_sound(again, SEGI_DISK_CHECK_DEEP));
        ck_assert_int_eq(segi_disk_close(again, NULL), SEG_OK);
        sim_vfs_destroy(image);
    }
}
END_TEST

/* Blocks at the end move to where others were, under their ids, and the file gets shorter. Who
 * looked a block up before still finds it. */
START_TEST(test_disk__a_file_is_made_shorter)
{
    static char text[20000];
    memset(text, 'x', sizeof text - 1);
    uint64_t large = fixture_write(disk, text), gain = 0, left = 0;
    uint64_t first = fixture_write(disk, "first"), last = fixture_write(disk, "last");
    segi_disk_statistics stats;
    segi_pin pin;
    fixture_checkpoint(disk, "1");
    ck_assert_int_eq(segi_disk_compact(disk, UINT64_MAX, &gain, NULL), SEG_OK);
    ck_assert_uint_eq(gain, 0);
    ck_assert_int_eq(segi_disk_drop(disk, large, NULL), SEG_OK);
    fixture_checkpoint(disk, "2");
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
    segi_disk_pin(disk, &pin);
    ck_assert_int_eq(segi_disk_compact(disk, UINT64_MAX, &gain, NULL), SEG_OK);
    ck_assert_uint_ge(gain, 1024);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_FULL));
    fixture_checkpoint(disk, "3");
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_ge(left, 1024); /* the pin */
    segi_disk_unpin(disk, &pin);
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_eq(left, 0);
    ck_assert(fixture_block_is(disk, first, "first"));
    fixture_checkpoint(disk, "4");
    reopen();
    segi_disk_stats(disk, &stats);
    ck_assert_uint_le(stats.file_bytes, 65536 + 4096);
    ck_assert(fixture_block_is(disk, first, "first"));
    ck_assert(fixture_block_is(disk, last, "last"));
    ck_assert(!fixture_block_is(disk, large, text));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

/* The file does not grow for ever when blocks are replaced again and again. */
START_TEST(test_disk__space_is_used_again)
{
    static char text[5000];
    memset(text, 'y', sizeof text - 1);
    uint64_t id = fixture_write(disk, text);
    for (int i = 0; i < 50; i++) {
        ck_assert_int_eq(segi_disk_drop(disk, id, NULL), SEG_OK);
        id = fixture_write(disk, text);
        fixture_checkpoint(disk, "r");
        ck_assert_int_eq(segi_disk_reclaim(disk, 0, NULL, NULL), SEG_OK);
    }
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    ck_assert_uint_le(stats.file_bytes, 65536 + 3 * 5632);
    reopen();
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.blocks, 1);
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

START_TEST(test_disk__a_second_opening_is_refused)
{
    segi_disk_options options = fixture_options(), reading = {.read_only = true};
    ck_assert_int_eq(fixture_try(sim, &options), SEG_E_BUSY);
    ck_assert_int_eq(fixture_try(sim, &reading), SEG_E_BUSY);
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    segi_disk *one = fixture_open_with(sim, &reading), *two = fixture_open_with(sim, &reading);
    ck_assert_int_eq(fixture_try(sim, &options), SEG_E_BUSY);
    uint64_t id;
    ck_assert_int_eq(segi_disk_write(one, 1, "x", 1, &id, NULL), SEG_E_READ_ONLY);
    segi_disk_close(one, NULL);
    segi_disk_close(two, NULL);
    disk = fixture_open(sim);
    options = (segi_disk_options){.must_create = true};
    ck_assert_int_eq(fixture_try(sim, &options), SEG_E_EXISTS);
}
END_TEST

/* The file is taken away while somebody works on it: a new one of its name must not get the log. */
START_TEST(test_disk__the_log_of_a_store_in_use_is_nobodys_else)
{
    segi_disk_options options = fixture_options();
    ck_assert_int_eq(segi_vfs_unlink(sim_vfs_table(sim), STORE, NULL), SEG_OK);
    ck_assert_int_eq(fixture_try(sim, &options), SEG_E_BUSY);
    check_fast(!sim_vfs_exists(sim, STORE) && sim_vfs_exists(sim, STORE_LOG));
    fixture_log(disk, "still there");
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    ck_assert_int_eq(fixture_try(sim, &options), SEG_E_EXISTS);
    ck_assert_int_eq(segi_vfs_unlink(sim_vfs_table(sim), STORE_LOG, NULL), SEG_OK);
    disk = fixture_open(sim);
}
END_TEST

START_TEST(test_disk__reading_changes_nothing)
{
    fixture_write(disk, "x");
    fixture_checkpoint(disk, "r");
    fixture_log(disk, "a");
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    size_t size, log_size;
    const unsigned char *bytes = sim_vfs_bytes(sim, STORE, &size);
    const unsigned char *log = sim_vfs_bytes(sim, STORE_LOG, &log_size);
    unsigned char *before = malloc(size + log_size);
    memcpy(before, bytes, size);
    memcpy(before + size, log, log_size);
    segi_disk_options reading = {.read_only = true};
    disk = fixture_open_with(sim, &reading);
    ck_assert(fixture_replays(disk, "a;"));
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    size_t again, log_again;
    bytes = sim_vfs_bytes(sim, STORE, &again);
    log = sim_vfs_bytes(sim, STORE_LOG, &log_again);
    ck_assert_uint_eq(again, size);
    ck_assert_uint_eq(log_again, log_size);
    ck_assert(memcmp(before, bytes, size) == 0);
    ck_assert(memcmp(before + size, log, log_size) == 0);
    free(before);
    disk = fixture_open(sim);
}
END_TEST

START_TEST(test_disk__a_child_process_is_refused)
{
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    uint64_t id = fixture_write(disk, "x");
    sim_vfs_set_process(sim, 2);
    ck_assert_int_eq(segi_disk_log(disk, "x", 1, NULL, NULL), SEG_E_FORK);
    ck_assert_int_eq(segi_disk_read(disk, id, 1, &buf, NULL), SEG_E_FORK);
    ck_assert_int_eq(segi_disk_backup(disk, "copy", NULL), SEG_E_FORK);
    sim_vfs_set_process(sim, 1);
    ck_assert(fixture_block_is(disk, id, "x"));
    segi_buf_deinit(&buf);
}
END_TEST

START_TEST(test_disk__a_backup_is_a_store_of_its_own)
{
    uint64_t a = fixture_write(disk, "first"), b = fixture_write(disk, "second");
    fixture_log(disk, "covered");
    fixture_checkpoint(disk, "root");
    ck_assert_int_eq(segi_disk_drop(disk, a, NULL), SEG_OK);
    fixture_write(disk, "third");
    fixture_log(disk, "later");
    ck_assert_int_eq(segi_disk_backup(disk, "copy", NULL), SEG_OK);
    ck_assert_int_eq(segi_disk_backup(disk, "copy", NULL), SEG_E_EXISTS);
    ck_assert(!sim_vfs_exists(sim, "copy-new"));
    ck_assert(!sim_vfs_exists(sim, "copy-wal"));
    segi_disk *copy = NULL;
    for (int round = 0; round < 3; round++) {
        segi_disk_options options = {.read_only = round == 0, .log_step = 4096};
        ck_assert_int_eq(
            segi_disk_open(sim_vfs_table(sim), segi_mem_default(), "copy", &options, &copy, NULL),
            SEG_OK);
        ck_assert(fixture_root_is(copy, "root"));
        ck_assert(fixture_replays(copy, round == 2 ? "mine;" : ""));
        ck_assert(fixture_block_is(copy, a, "first"));
        ck_assert(fixture_block_is(copy, b, "second"));
        ck_assert(memcmp(segi_disk_uuid(copy), segi_disk_uuid(disk), 16) != 0);
        ck_assert(fixture_is_sound(copy, SEGI_DISK_CHECK_DEEP));
        if (round == 1) {
            uint64_t lsn = 0;
            ck_assert_int_eq(segi_disk_log(copy, "mine", 4, &lsn, NULL), SEG_OK);
            ck_assert_uint_eq(lsn, 2);
        }
        ck_assert_int_eq(segi_disk_close(copy, NULL), SEG_OK);
    }
}
END_TEST

START_TEST(test_disk__compressed_blocks_are_the_same)
{
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    segi_disk_options options = fixture_options();
    options.zstd_level = 3;
    disk = fixture_open_with(sim, &options);
    static char text[100000];
    memset(text, 'z', sizeof text - 1);
    uint64_t a = fixture_write(disk, text), b = fixture_write(disk, "short");
    fixture_checkpoint(disk, "r");
    reopen();
    ck_assert(fixture_block_is(disk, a, text));
    ck_assert(fixture_block_is(disk, b, "short"));
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
#ifdef SEGI_HAVE_ZSTD
    ck_assert_uint_lt(stats.block_bytes, 4096);
#else
    ck_assert_uint_gt(stats.block_bytes, 100000);
#endif
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
}
END_TEST

/* Normal durability: records are safe after so many bytes, or so much time. */
START_TEST(test_disk__normal_durability_syncs_by_bytes_and_by_time)
{
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    segi_disk_options options = fixture_options();
    options.durability = SEGI_DISK_NORMAL;
    options.sync_bytes = 2048;
    options.sync_micros = 1000;
    sim_vfs_set_now(sim, 5000);
    disk = fixture_open_with(sim, &options);
    segi_disk_statistics stats;
    for (uint64_t i = 1; i <= 8; i++) {
        fixture_log(disk, "a");
        segi_disk_stats(disk, &stats);
        ck_assert_uint_eq(stats.durable_lsn, i / 4 * 4);
    }
    fixture_log(disk, "a");
    sim_vfs_set_now(sim, 6000);
    fixture_log(disk, "a");
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.durable_lsn, 10);
    fixture_log(disk, "a");
    sim_vfs_set_now(sim, 10);
    fixture_log(disk, "a");
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.durable_lsn, 12);
    fixture_log(disk, "a");
    ck_assert_int_eq(segi_disk_sync(disk, NULL), SEG_OK);
    segi_disk_stats(disk, &stats);
    ck_assert_uint_eq(stats.durable_lsn, 13);
}
END_TEST

START_TEST(test_disk__short_transfers_and_signals_change_nothing)
{
    sim_vfs_disturb(sim, true);
    static char text[30000];
    memset(text, 'd', sizeof text - 1);
    uint64_t a = fixture_write(disk, text);
    fixture_checkpoint(disk, "root");
    fixture_log(disk, text);
    reopen();
    ck_assert(fixture_block_is(disk, a, text));
    ck_assert(fixture_root_is(disk, "root"));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
    sim_vfs_disturb(sim, false);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk");
    TCase *tc = tcase_create("disk");
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_disk__a_new_store_is_empty);
    tcase_add_test(tc, test_disk__blocks_are_there_after_a_checkpoint);
    tcase_add_test(tc, test_disk__blocks_are_gone_without_a_checkpoint);
    tcase_add_test(tc, test_disk__blocks_of_all_sizes);
    tcase_add_test(tc, test_disk__wrong_calls_are_refused);
    tcase_add_test(tc, test_disk__records_are_replayed_in_order);
    tcase_add_test(tc, test_disk__the_log_grows_and_is_cut);
    tcase_add_test(tc, test_disk__pins_hold_dropped_blocks);
    tcase_add_test(tc, test_disk__old_pins_end);
    tcase_add_test(tc, test_disk__reclaiming_goes_in_steps);
    tcase_add_test(tc, test_disk__gaps_and_a_longer_file_are_overwritten);
    tcase_add_test(tc, test_disk__a_file_is_made_shorter);
    tcase_add_test(tc, test_disk__space_is_used_again);
    tcase_add_test(tc, test_disk__a_second_opening_is_refused);
    tcase_add_test(tc, test_disk__the_log_of_a_store_in_use_is_nobodys_else);
    tcase_add_test(tc, test_disk__reading_changes_nothing);
    tcase_add_test(tc, test_disk__a_child_process_is_refused);
    tcase_add_test(tc, test_disk__a_backup_is_a_store_of_its_own);
    tcase_add_test(tc, test_disk__compressed_blocks_are_the_same);
    tcase_add_test(tc, test_disk__normal_durability_syncs_by_bytes_and_by_time);
    tcase_add_test(tc, test_disk__short_transfers_and_signals_change_nothing);
    suite_add_tcase(s, tc);
    return s;
}
