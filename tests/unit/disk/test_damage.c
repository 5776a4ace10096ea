/* unit/disk/test_damage.c - bytes changed, cut and exchanged: an error or the right bytes, never
 * others; and where all checksums were made to fit again, at least no harm.
 *
 * SEG_TEST_SOAK in the environment: every byte, every bit. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_fixture.h"
#include "support/disk_image.h"
#include "support/mem_fault.h"

#define LAST_RECORD (DISK_IMAGE_RECORDS + 1)

static bool soak;
static size_t stride; /* 1; under valgrind only some bytes are tried */
static sim_vfs *sim;

static void setup(void)
{
    soak = getenv("SEG_TEST_SOAK") != NULL;
    stride = getenv("SEG_TEST_SLOW") != NULL ? 97 : 1;
    sim = sim_vfs_create(11);
    disk_image_make(sim);
}

static void teardown(void)
{
    sim_vfs_destroy(sim);
}

/* ---- an error or the right bytes ---- */

typedef struct compared {
    segi_disk *disk;
    uint64_t same, bad, last;
} compared;

static bool compare_block(void *user, uint64_t id, uint32_t kind, size_t size)
{
    compared *c = user;
    unsigned char bytes[4096];
    segi_buf buf;
    (void)size;
    segi_buf_init(&buf, segi_mem_default());
    seg_status status = segi_disk_read(c->disk, id, kind, &buf, NULL);
    if (status == SEG_OK) {
        check_fast(kind == id && id != 2);
        check_fast(buf.size == disk_image_block(id, bytes));
        check_fast(memcmp(buf.data, bytes, buf.size) == 0);
        c->same++;
    } else {
        check_fast(status == SEG_E_CORRUPT);
        c->bad++;
    }
    segi_buf_deinit(&buf);
    return true;
}

static seg_status compare_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                                 seg_error *err)
{
    compared *c = user;
    unsigned char expected[1024];
    (void)err;
    check_fast(lsn == c->last + 1 && lsn <= LAST_RECORD);
    check_fast(size == disk_image_record(lsn, expected) && memcmp(bytes, expected, size) == 0);
    c->last = lsn;
    return SEG_OK;
}

/* Opens for reading and compares all; the status of opening. */
static seg_status compare_all(const segi_disk_options *options, compared *c)
{
    *c = (compared){.last = 1};
    seg_status status = segi_disk_open(sim_vfs_table(sim), segi_mem_default(), DISK_IMAGE_FILE,
                                       options, &c->disk, NULL);
    if (status != SEG_OK)
        return status;
    check_fast(fixture_root_is(c->disk, DISK_IMAGE_ROOT));
    segi_disk_each(c->disk, compare_block, c);
    check_fast(c->same + c->bad == DISK_IMAGE_BLOCKS - 1);
    check_fast(segi_disk_replay(c->disk, compare_record, c, NULL) == SEG_OK);
    segi_disk_close(c->disk, NULL);
    return SEG_OK;
}

static void flip_file(const char *path, bool is_log, unsigned char pattern, uint64_t *found,
                      uint64_t *harmless)
{
    segi_disk_options reading = {.read_only = true};
    size_t size;
    unsigned char *bytes = sim_vfs_edit(sim, path, &size);
    for (size_t at = 0; at < size; at += stride) {
        compared c;
        bool filler = !is_log && at % 32768 >= 4096 && at < 65536;
        if (filler && at % 512 != 0 && !soak)
            continue;
        bytes[at] ^= pattern;
        seg_status status = compare_all(&reading, &c);
        bytes[at] ^= pattern;
        check_fast(status == SEG_OK || status == SEG_E_CORRUPT);
        check_fast(status != SEG_OK || c.last == LAST_RECORD);
        *(status == SEG_OK && c.bad == 0 ? harmless : found) += 1;
    }
}

START_TEST(test_damage__a_changed_byte_gives_an_error_or_the_same_bytes)
{
    static const unsigned char patterns[] = {0x01, 0xff, 0x80, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40};
    uint64_t found = 0, harmless = 0;
    for (size_t p = 0; p < (soak ? sizeof patterns : 3); p++) {
        flip_file(DISK_IMAGE_FILE, false, patterns[p], &found, &harmless);
        flip_file(DISK_IMAGE_LOG, true, patterns[p], &found, &harmless);
    }
    printf("%llu changes found, %llu harmless\n", (unsigned long long)found,
           (unsigned long long)harmless);
    ck_assert_uint_gt(found * stride, 10000);
}
END_TEST

/* A change where nobody looks must be seen by a full check, unless it is in free space. */
START_TEST(test_damage__a_check_finds_every_changed_byte)
{
    segi_disk_options reading = {.read_only = true};
    size_t size;
    uint64_t missed = 0;
    unsigned char *bytes = sim_vfs_edit(sim, DISK_IMAGE_FILE, &size);
    for (size_t at = 0; at < size; at += soak ? 1 : (at < 65536 ? 61 : 3) * stride) {
        segi_disk *disk = NULL;
        uint64_t faults = 0;
        bytes[at] ^= 0x10;
        seg_status status = segi_disk_open(sim_vfs_table(sim), segi_mem_default(), DISK_IMAGE_FILE,
                                           &reading, &disk, NULL);
        if (status == SEG_OK)
            check_fast(segi_disk_check(disk, SEGI_DISK_CHECK_DEEP, NULL, NULL, &faults, NULL) ==
                       SEG_OK);
        missed += status == SEG_OK && faults == 0 ? 1 : 0;
        segi_disk_close(disk, NULL);
        bytes[at] ^= 0x10;
    }
    /* What is left is the content of dropped extents, which is to be overwritten anyway. */
    segi_disk *disk = fixture_open_with(sim, &reading);
    segi_disk_statistics stats;
    segi_disk_stats(disk, &stats);
    segi_disk_close(disk, NULL);
    ck_assert_uint_le(missed, soak ? stats.dropped_bytes : stats.dropped_bytes / 3 + 1);
}
END_TEST

/* ---- cut, extended, exchanged ---- */

START_TEST(test_damage__a_file_may_be_cut_anywhere)
{
    segi_disk_options reading = {.read_only = true};
    for (int which = 0; which < 2; which++) {
        const char *path = which == 0 ? DISK_IMAGE_FILE : DISK_IMAGE_LOG;
        size_t size;
        const unsigned char *bytes = sim_vfs_bytes(sim, path, &size);
        unsigned char *whole = malloc(size);
        memcpy(whole, bytes, size);
        for (size_t cut = 0; cut < size; cut += soak || which == 1 || cut >= 65536 ? stride : 509) {
            compared c;
            sim_vfs_put(sim, path, whole, cut);
            check_fast(compare_all(&reading, &c) == SEG_E_CORRUPT);
        }
        sim_vfs_put(sim, path, whole, size);
        free(whole);
    }
    sim_vfs_remove(sim, DISK_IMAGE_LOG);
    ck_assert_int_eq(fixture_try(sim, &reading), SEG_E_CORRUPT);
}
END_TEST

START_TEST(test_damage__a_longer_file_is_no_harm)
{
    segi_disk_options reading = {.read_only = true}, writing = {0};
    compared c;
    size_t size;
    const unsigned char *bytes = sim_vfs_bytes(sim, DISK_IMAGE_FILE, &size);
    unsigned char *longer = malloc(size + 1000);
    memcpy(longer, bytes, size);
    memset(longer + size, 'x', 1000);
    sim_vfs_put(sim, DISK_IMAGE_FILE, longer, size + 1000);
    free(longer);
    ck_assert_int_eq(compare_all(&reading, &c), SEG_OK);
    ck_assert_uint_eq(c.bad, 0);
    segi_disk *disk = fixture_open_with(sim, &writing);
    uint64_t left = 1;
    ck_assert_int_eq(segi_disk_reclaim(disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_eq(left, 0);
    ck_assert(!sim_vfs_contains(sim, "xxxx", 4));
    ck_assert(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
}
END_TEST

/* Parts of another store of the same shape, whose own checksums fit. */
START_TEST(test_damage__parts_of_another_store_are_refused)
{
    segi_disk_options reading = {.read_only = true};
    sim_vfs *other = sim_vfs_create(12);
    disk_image_make(other);
    size_t size, other_size, log_size, other_log_size;
    unsigned char *file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &size);
    unsigned char *log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size);
    const unsigned char *other_file = sim_vfs_bytes(other, DISK_IMAGE_FILE, &other_size);
    const unsigned char *other_log = sim_vfs_bytes(other, DISK_IMAGE_LOG, &other_log_size);
    ck_assert_uint_eq(size, other_size);
    ck_assert_uint_eq(log_size, other_log_size);
    disk_image_places places;
    compared c;
    ck_assert(disk_image_find(file, size, &places));
    struct {
        unsigned char *to;
        const unsigned char *from;
        size_t offset, size;
    } swaps[] = {
        {log, other_log, 0, log_size},
        {log, other_log, 0, 512},
        {log, other_log, 512, 512},
        {file, other_file, 0, 4096},
        {file, other_file, 32768, 4096},
        {file, other_file, places.catalogue, 64 + places.table_size},
        {file, other_file, places.catalogue, 64},
    };
    for (size_t i = 0; i < sizeof swaps / sizeof *swaps; i++) {
        unsigned char *kept = malloc(swaps[i].size);
        unsigned char *at = swaps[i].to + swaps[i].offset;
        memcpy(kept, at, swaps[i].size);
        memcpy(at, swaps[i].from + swaps[i].offset, swaps[i].size);
        ck_assert_int_eq(compare_all(&reading, &c), SEG_E_CORRUPT);
        memcpy(at, kept, swaps[i].size);
        free(kept);
    }
    /* Every sector of blocks in turn: opening may succeed, but no foreign byte is read. */
    for (size_t at = 65536; at < size; at += 512) {
        unsigned char kept[512];
        memcpy(kept, file + at, sizeof kept);
        memcpy(file + at, other_file + at, sizeof kept);
        seg_status status = compare_all(&reading, &c);
        check_fast(status == SEG_OK || status == SEG_E_CORRUPT);
        memcpy(file + at, kept, sizeof kept);
    }
    sim_vfs_destroy(other);
}
END_TEST

/* Two copies of one store that went different ways have blocks alike in all but their content,
 * each sound in itself, as a write that never reached the medium leaves an old block: only the
 * parent knows. */
START_TEST(test_damage__a_sound_block_in_the_wrong_life_is_refused)
{
    sim_vfs *twins[2] = {sim, sim_vfs_copy(sim)};
    segi_disk_options reading = {.read_only = true};
    unsigned char *files[2];
    uint64_t id = 0;
    size_t size;
    for (int i = 0; i < 2; i++) {
        segi_disk *disk = fixture_open(twins[i]);
        compared c = {.last = 1};
        ck_assert_int_eq(segi_disk_replay(disk, compare_record, &c, NULL), SEG_OK);
        id = fixture_write(disk, i == 0 ? "here it went one way" : "here it went the other");
        id = fixture_write(disk, i == 0 ? "first twin" : "other twin");
        fixture_checkpoint(disk, "r");
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
        files[i] = sim_vfs_edit(twins[i], DISK_IMAGE_FILE, &size);
    }
    for (size_t at = 65536; at + 512 <= size; at += 512)
        if (memcmp(files[0] + at + 64, "first twin", 10) == 0)
            memcpy(files[0] + at, files[1] + at, 512);
    segi_disk *disk = fixture_open_with(sim, &reading);
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    ck_assert_int_eq(segi_disk_read(disk, id, 1, &buf, NULL), SEG_E_CORRUPT);
    ck_assert_int_eq(segi_disk_read(disk, id - 1, 1, &buf, NULL), SEG_OK);
    segi_buf_deinit(&buf);
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    sim_vfs_destroy(twins[1]);
}
END_TEST

/* A superblock of the newest generation that rots after the log moved on must not make an older
 * state come back, even where the two differ in nothing but their blocks. */
START_TEST(test_damage__a_lost_superblock_is_not_replaced_by_an_older_one)
{
    segi_disk_options reading = {.read_only = true};
    segi_disk_statistics stats;
    segi_disk *disk = fixture_open(sim);
    compared c = {.last = 1};
    ck_assert_int_eq(segi_disk_replay(disk, compare_record, &c, NULL), SEG_OK);
    fixture_checkpoint(disk, "newer");
    fixture_checkpoint(disk, "newest");
    segi_disk_stats(disk, &stats);
    /* Without an orderly close, the other slot is the one before the checkpoint. */
    sim_vfs *copy = sim_vfs_copy(sim);
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    ck_assert_int_eq(fixture_try(copy, &reading), SEG_OK);
    size_t size;
    unsigned char *bytes = sim_vfs_edit(copy, DISK_IMAGE_FILE, &size);
    bytes[stats.generation % 2 * 32768 + 60] ^= 1;
    ck_assert_int_eq(fixture_try(copy, &reading), SEG_E_CORRUPT);
    sim_vfs_destroy(copy);
}
END_TEST

/* Of all records but the very last a later one knows that they were safe, also where that one is
 * of a later life; and the last has all of its sectors, so it was not interrupted. */
START_TEST(test_damage__a_record_of_an_earlier_life_is_missed)
{
    segi_disk_options reading = {.read_only = true};
    sim_vfs *other = sim_vfs_create(4);
    uint64_t places[5], count = 0;
    segi_disk_statistics stats;
    for (int life = 0; life < 2; life++) {
        segi_disk *disk = fixture_open(other);
        ck_assert(fixture_replays(disk, life == 0 ? "" : "one;two;"));
        segi_disk_stats(disk, &stats);
        places[count++] = stats.log_used;
        fixture_log(disk, life == 0 ? "one" : "three");
        segi_disk_stats(disk, &stats);
        places[count++] = stats.log_used;
        fixture_log(disk, life == 0 ? "two" : "four");
        ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    }
    for (uint64_t i = 0; i < count; i++) {
        size_t size;
        unsigned char *log = sim_vfs_edit(other, STORE_LOG, &size);
        log[places[i] + 65] ^= 1;
        ck_assert_int_eq(fixture_try(other, &reading), SEG_E_CORRUPT);
        log[places[i] + 65] ^= 1;
    }
    sim_vfs_destroy(other);
}
END_TEST

/* Of a record, each set of sectors that power loss may have kept leaves the records before it, and
 * only the whole set the record. One that has all of its sectors and is wrong is damage. Its second
 * and fourth sector are zeros by themselves, so of these a missing one makes no difference. */
START_TEST(test_damage__a_torn_record_is_told_from_a_damaged_one)
{
    enum {
        SECTORS = 5
    };
    segi_disk_options reading = {.read_only = true};
    unsigned char payload[SECTORS * 512 - 64], *log;
    sim_vfs *other = sim_vfs_create(4);
    segi_disk_statistics stats;
    size_t size, place;
    for (size_t i = 0; i < sizeof payload; i++)
        payload[i] = (i + 64) / 512 % 2 == 0;
    segi_disk *disk = fixture_open(other);
    fixture_log(disk, "before");
    segi_disk_stats(disk, &stats);
    place = (size_t)stats.log_used;
    ck_assert_int_eq(segi_disk_log(disk, payload, sizeof payload, NULL, NULL), SEG_OK);
    log = sim_vfs_edit(other, STORE_LOG, &size) + place;
    for (uint32_t kept = 0; kept < 1u << SECTORS; kept++) {
        sim_vfs *torn = sim_vfs_copy(other);
        unsigned char *at = sim_vfs_edit(torn, STORE_LOG, &size) + place;
        for (size_t i = 0; i < SECTORS; i++)
            if ((kept >> i & 1) == 0)
                memset(at + i * 512, 0, 512);
        bool whole = memcmp(at, log, SECTORS * 512) == 0;
        segi_disk *left = fixture_open_with(torn, &reading);
        segi_disk_stats(left, &stats);
        ck_assert_uint_eq(stats.records, whole ? 2 : 1);
        segi_disk_close(left, NULL);
        for (size_t i = 0; whole && i < SECTORS * 512; i++) {
            at[i] ^= 1;
            check_fast(fixture_try(torn, &reading) == SEG_E_CORRUPT);
            at[i] ^= 1;
        }
        sim_vfs_destroy(torn);
    }
    segi_disk_close(disk, NULL);
    sim_vfs_destroy(other);
}
END_TEST

/* Before the second version of the log nobody could rely on the zeros behind its last record, so
 * damage in that one looked like an interruption. It is read as it was then, and a writer makes it
 * one of this version. */
START_TEST(test_damage__a_log_of_the_first_version_is_read)
{
    segi_disk_options reading = {.read_only = true}, writing = {0};
    size_t file_size, log_size;
    compared c;
    unsigned char *file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &file_size);
    unsigned char *log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size);
    ck_assert_uint_eq(log[8], 2);
    log[8] = 1;
    disk_image_forge(file, file_size, log, log_size);
    ck_assert_int_eq(compare_all(&reading, &c), SEG_OK);
    ck_assert_uint_eq(c.last, LAST_RECORD);
    log[log_size - 512] ^= 1;
    ck_assert_int_eq(compare_all(&reading, &c), SEG_OK);
    ck_assert_uint_eq(c.last, LAST_RECORD - 1);
    ck_assert_int_eq(segi_disk_close(fixture_open_with(sim, &writing), NULL), SEG_OK);
    log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &log_size);
    ck_assert(log[8] == 2 && log[log_size - 512] == 0);
    ck_assert_int_eq(compare_all(&reading, &c), SEG_OK);
    ck_assert_uint_eq(c.last, LAST_RECORD - 1);
}
END_TEST

/* ---- later versions ---- */

START_TEST(test_damage__later_versions_are_named)
{
    static const struct {
        size_t at;
        bool in_log;
        seg_status reading, writing;
    } cases[] = {
        {8, false, SEG_E_FORMAT_NEW, SEG_E_FORMAT_NEW},  /* major version */
        {39, false, SEG_E_FORMAT_NEW, SEG_E_FORMAT_NEW}, /* a feature that nobody may ignore */
        {24, false, SEG_OK, SEG_E_FORMAT_NEW},           /* one that a reader may ignore */
        {16, false, SEG_OK, SEG_OK},                     /* one that all may ignore */
        {8, true, SEG_E_FORMAT_NEW, SEG_E_FORMAT_NEW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        segi_disk_options reading = {.read_only = true}, writing = {0};
        sim_vfs *copy = sim_vfs_copy(sim);
        size_t size, log_size;
        unsigned char *file = sim_vfs_edit(copy, DISK_IMAGE_FILE, &size);
        unsigned char *log = sim_vfs_edit(copy, DISK_IMAGE_LOG, &log_size);
        disk_image_places places;
        ck_assert(disk_image_find(file, size, &places));
        *(cases[i].in_log ? log + cases[i].at : file + places.slot + cases[i].at) += 4;
        disk_image_forge(file, size, log, log_size);
        ck_assert_int_eq(fixture_try(copy, &reading), cases[i].reading);
        ck_assert_int_eq(fixture_try(copy, &writing), cases[i].writing);
        sim_vfs_destroy(copy);
    }
}
END_TEST

/* ---- forged ---- */

static void forge_one(const sim_vfs *golden, const char *path, size_t at, unsigned char value,
                      mem_fault *fault, const segi_mem *mem)
{
    sim_vfs *copy = sim_vfs_copy(golden);
    size_t size, log_size, edit_size;
    unsigned char *file = sim_vfs_edit(copy, DISK_IMAGE_FILE, &size);
    unsigned char *log = sim_vfs_edit(copy, DISK_IMAGE_LOG, &log_size);
    sim_vfs_edit(copy, path, &edit_size)[at] = value;
    disk_image_forge(file, size, log, log_size);
    disk_image_exercise(copy, mem);
    check_fast(mem_fault_live_bytes(fault) == 0);
    check_fast(sim_vfs_open_files(copy) == 0);
    sim_vfs_destroy(copy);
}

/* How many it were. */
static uint64_t forge_range(const char *path, size_t begin, size_t end, size_t step,
                            mem_fault *fault, const segi_mem *mem)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff, 0x04};
    uint64_t count = 0;
    for (size_t at = begin; at < end; at += step * stride)
        for (size_t v = 0; v < (soak ? sizeof values : 2); v++, count++)
            forge_one(sim, path, at, values[soak ? v : (at + v * 3) % sizeof values], fault, mem);
    return count;
}

START_TEST(test_damage__forged_checksums_do_no_harm)
{
    mem_fault fault;
    segi_mem mem;
    size_t size, log_size;
    disk_image_places places;
    mem_fault_init(&fault);
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
    const unsigned char *file = sim_vfs_bytes(sim, DISK_IMAGE_FILE, &size);
    sim_vfs_bytes(sim, DISK_IMAGE_LOG, &log_size);
    ck_assert(disk_image_find(file, size, &places));
    const struct {
        const char *path;
        size_t begin, end, step;
    } ranges[] = {
        {DISK_IMAGE_FILE, places.slot, places.slot + 176, 1},
        {DISK_IMAGE_FILE, places.catalogue, places.table + places.table_size, 1},
        {DISK_IMAGE_FILE, places.copy, places.copy + 64 + 96, 1},
        {DISK_IMAGE_FILE, 65536, size, soak ? 1 : 3},
        {DISK_IMAGE_LOG, 0, log_size, 1},
    };
    uint64_t forged = 0;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        forged += forge_range(ranges[i].path, ranges[i].begin, ranges[i].end, ranges[i].step,
                              &fault, &mem);
    printf("%llu changes forged\n", (unsigned long long)forged);
    ck_assert_uint_le(mem_fault_peak_bytes(&fault), 64u << 20);
}
END_TEST

/* ---- salvage ---- */

static void count_fault(void *user, const segi_disk_fault *fault)
{
    (void)fault;
    ++*(uint64_t *)user;
}

/* What a salvage gives, of the image as it is now. */
static seg_status salvage_all(compared *c, uint64_t *told)
{
    segi_disk_options salvage = {.salvage = true, .report = count_fault, .report_user = told};
    *told = 0;
    return compare_all(&salvage, c);
}

/* Whatever single sector is lost: the rest is there, and something is said. */
START_TEST(test_damage__salvage_reads_all_but_what_was_damaged)
{
    uint64_t told = 0, blocks = 0;
    compared c;
    size_t size;
    unsigned char *file = sim_vfs_edit(sim, DISK_IMAGE_FILE, &size), kept[512];
    ck_assert_int_eq(salvage_all(&c, &told), SEG_OK);
    ck_assert(told == 0 && c.bad == 0);
    for (size_t at = 0; at < size; at += 512) {
        memcpy(kept, file + at, sizeof kept);
        memset(file + at, 0xee, sizeof kept);
        check_fast(salvage_all(&c, &told) == SEG_OK);
        check_fast(c.bad <= 1 && c.last == LAST_RECORD);
        check_fast(c.bad == 0 || told > 0);
        blocks += c.bad;
        memcpy(file + at, kept, sizeof kept);
    }
    ck_assert_uint_ge(blocks, DISK_IMAGE_BLOCKS - 1);
}
END_TEST

static void spoil(size_t at, size_t bytes)
{
    size_t size;
    memset(sim_vfs_edit(sim, DISK_IMAGE_FILE, &size) + at, 0xee, bytes);
}

/* Catalogue and its copy: one that is left is enough for the blocks, and for the log where that is
 * the copy or a superblock is left. With neither, what an older generation has left is taken. */
START_TEST(test_damage__salvage_needs_one_of_catalogue_and_copy)
{
    for (uint32_t lost = 0; lost < 8; lost++) {
        sim_vfs *whole = sim;
        uint64_t told = 0;
        compared c;
        size_t size;
        disk_image_places places;
        sim = sim_vfs_copy(whole);
        const unsigned char *file = sim_vfs_bytes(sim, DISK_IMAGE_FILE, &size);
        ck_assert(disk_image_find(file, size, &places));
        for (size_t slot = 0; (lost & 1) != 0 && slot <= 32768; slot += 32768)
            spoil(slot, 4096);
        if ((lost & 2) != 0)
            spoil(places.catalogue, 64);
        if ((lost & 4) != 0)
            spoil(places.copy, 64);
        if ((lost & 6) == 6) {
            segi_disk_options salvage = {.salvage = true};
            c.disk = fixture_open_with(sim, &salvage);
            ck_assert(fixture_root_is(c.disk, "old"));
            segi_disk_close(c.disk, NULL);
        } else {
            ck_assert_int_eq(salvage_all(&c, &told), SEG_OK);
            ck_assert_uint_eq(c.bad, 0);
            ck_assert_uint_eq(c.last, lost == 5 ? 1 : LAST_RECORD);
            ck_assert(lost == 4 || (told > 0) == (lost != 0));
        }
        sim_vfs_destroy(sim);
        sim = whole;
    }
}
END_TEST

/* A checkpoint that was interrupted leaves a newer copy, which no superblock ever named: the log
 * says that it does not count. */
START_TEST(test_damage__salvage_takes_no_copy_that_was_never_published)
{
    sim_vfs *other = sim_vfs_create(5);
    segi_disk_options writing = {.create = true}, salvage = {.salvage = true};
    segi_disk *disk = fixture_open_with(other, &writing);
    fixture_log(disk, "one");
    ck_assert_int_eq(segi_disk_checkpoint(disk, "old", 3, NULL), SEG_OK);
    fixture_log(disk, "two");
    uint64_t calls = 1;
    for (bool written = false; !written; calls++) {
        sim_vfs *copy = sim_vfs_copy(other);
        segi_disk *again = fixture_open(copy);
        ck_assert(fixture_replays(again, "two;"));
        sim_vfs_fail(copy, calls, EIO, true);
        written = segi_disk_checkpoint(again, "new", 3, NULL) == SEG_OK;
        (void)segi_disk_close(again, NULL);
        sim_vfs_fail(copy, 0, 0, false);
        /* Work goes on, on what was published. */
        again = fixture_open(copy);
        bool is_new = fixture_root_is(again, "new");
        ck_assert(fixture_replays(again, is_new ? "" : "two;"));
        fixture_log(again, "three");
        ck_assert_int_eq(segi_disk_close(again, NULL), SEG_OK);
        sim_vfs *found = sim_vfs_copy(copy);
        size_t size;
        unsigned char *file = sim_vfs_edit(found, STORE, &size);
        memset(file, 0xee, 4096);
        memset(file + 32768, 0xee, 4096);
        segi_disk *left = fixture_open_with(found, &salvage);
        ck_assert(fixture_root_is(left, is_new ? "new" : "old"));
        ck_assert(fixture_replays(left, is_new ? "three;" : "two;three;"));
        segi_disk_close(left, NULL);
        sim_vfs_destroy(found);
        sim_vfs_destroy(copy);
    }
    ck_assert_uint_gt(calls, 5);
    segi_disk_close(disk, NULL);
    sim_vfs_destroy(other);
}
END_TEST

/* Records behind a hole are never applied, but those before it are worth having. */
START_TEST(test_damage__salvage_reads_the_log_up_to_the_hole)
{
    uint64_t told = 0;
    segi_disk_options reading = {.read_only = true};
    segi_disk_options salvage = {.salvage = true, .report = count_fault, .report_user = &told};
    compared c;
    size_t size;
    unsigned char *log = sim_vfs_edit(sim, DISK_IMAGE_LOG, &size);
    unsigned char bytes[1024];
    size_t second = 512 + (64 + disk_image_record(2, bytes) + 511) / 512 * 512;
    log[second + 70] ^= 1;
    ck_assert_int_eq(fixture_try(sim, &reading), SEG_E_CORRUPT);
    ck_assert_int_eq(compare_all(&salvage, &c), SEG_OK);
    ck_assert_uint_eq(c.last, 2);
    ck_assert_uint_eq(told, 1);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk/damage");
    TCase *tc = tcase_create("damage");
    tcase_set_timeout(tc, 3600);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, test_damage__a_changed_byte_gives_an_error_or_the_same_bytes);
    tcase_add_test(tc, test_damage__a_check_finds_every_changed_byte);
    tcase_add_test(tc, test_damage__a_file_may_be_cut_anywhere);
    tcase_add_test(tc, test_damage__a_longer_file_is_no_harm);
    tcase_add_test(tc, test_damage__parts_of_another_store_are_refused);
    tcase_add_test(tc, test_damage__a_sound_block_in_the_wrong_life_is_refused);
    tcase_add_test(tc, test_damage__a_lost_superblock_is_not_replaced_by_an_older_one);
    tcase_add_test(tc, test_damage__a_record_of_an_earlier_life_is_missed);
    tcase_add_test(tc, test_damage__a_torn_record_is_told_from_a_damaged_one);
    tcase_add_test(tc, test_damage__a_log_of_the_first_version_is_read);
    tcase_add_test(tc, test_damage__later_versions_are_named);
    tcase_add_test(tc, test_damage__forged_checksums_do_no_harm);
    tcase_add_test(tc, test_damage__salvage_reads_all_but_what_was_damaged);
    tcase_add_test(tc, test_damage__salvage_needs_one_of_catalogue_and_copy);
    tcase_add_test(tc, test_damage__salvage_takes_no_copy_that_was_never_published);
    tcase_add_test(tc, test_damage__salvage_reads_the_log_up_to_the_hole);
    suite_add_tcase(s, tc);
    return s;
}
