/* unit/disk/test_readers.c - readers and a backup at work while the writer writes, drops,
 * checkpoints and reclaims. Also run under the thread sanitizer. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "disk_fixture.h"

#define READERS 3
#define LIVE 6
#define ROUNDS 300
#define SIZE_MAX_OF_BLOCK 5000u

/* What the owner of a disk has: its snapshots. The lock stands for the store's publication. */
static struct {
    segi_disk *disk;
    pthread_mutex_t lock;
    uint64_t ids[LIVE];
    atomic_bool stop;
    atomic_uint_least64_t reads, failures; /* assertions are for the main thread alone */
} shared;

static size_t fill(uint64_t id, unsigned char *bytes)
{
    size_t size = id * 611 % SIZE_MAX_OF_BLOCK;
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)(id * 13 + i);
    return size;
}

static bool block_is_right(segi_disk *disk, uint64_t id, segi_buf *buf)
{
    unsigned char bytes[SIZE_MAX_OF_BLOCK];
    return segi_disk_read(disk, id, 1, buf, NULL) == SEG_OK && buf->size == fill(id, bytes) &&
           (buf->size == 0 || memcmp(buf->data, bytes, buf->size) == 0);
}

static void note_unless(bool good)
{
    if (!good)
        atomic_fetch_add(&shared.failures, 1);
}

static void *reader(void *unused)
{
    segi_buf buf;
    segi_buf_init(&buf, segi_mem_default());
    while (!atomic_load(&shared.stop)) {
        segi_pin pin;
        uint64_t ids[LIVE];
        pthread_mutex_lock(&shared.lock);
        segi_disk_pin(shared.disk, &pin);
        memcpy(ids, shared.ids, sizeof ids);
        pthread_mutex_unlock(&shared.lock);
        for (size_t i = 0; i < LIVE; i++) {
            note_unless(block_is_right(shared.disk, ids[i], &buf));
            atomic_fetch_add(&shared.reads, 1);
        }
        segi_disk_unpin(shared.disk, &pin);
    }
    segi_buf_deinit(&buf);
    return unused;
}

static void *copier(void *user)
{
    int *copies = user;
    char name[32];
    for (int i = 0; !atomic_load(&shared.stop) || i == 0; i++) {
        snprintf(name, sizeof name, "copy-%d", i);
        note_unless(segi_disk_backup(shared.disk, name, NULL) == SEG_OK);
        *copies = i + 1;
    }
    return NULL;
}

static uint64_t write_block(void)
{
    unsigned char bytes[SIZE_MAX_OF_BLOCK];
    /* The bytes depend on the id, which is one more than that of the block before. */
    uint64_t before = 0, id = 0;
    check_fast(segi_disk_write(shared.disk, 1, "", 0, &before, NULL) == SEG_OK);
    check_fast(segi_disk_drop(shared.disk, before, NULL) == SEG_OK);
    check_fast(segi_disk_write(shared.disk, 1, bytes, fill(before + 1, bytes), &id, NULL) ==
               SEG_OK);
    check_fast(id == before + 1);
    return id;
}

static void replace_block(size_t which)
{
    uint64_t id = write_block();
    pthread_mutex_lock(&shared.lock);
    uint64_t old = shared.ids[which];
    shared.ids[which] = id;
    pthread_mutex_unlock(&shared.lock);
    check_fast(segi_disk_drop(shared.disk, old, NULL) == SEG_OK);
}

/* Each copy is a whole generation: its root names its blocks. */
static void check_copy(sim_vfs *sim, int number)
{
    char name[32];
    segi_disk *disk = NULL;
    segi_buf buf;
    segi_disk_options reading = {.read_only = true};
    uint64_t ids[LIVE];
    size_t size = 0;
    snprintf(name, sizeof name, "copy-%d", number);
    check_fast(segi_disk_open(sim_vfs_table(sim), segi_mem_default(), name, &reading, &disk,
                              NULL) == SEG_OK);
    const void *root = segi_disk_root(disk, &size);
    check_fast(size == sizeof ids);
    memcpy(ids, root, sizeof ids);
    segi_buf_init(&buf, segi_mem_default());
    for (size_t i = 0; i < LIVE; i++)
        check_fast(block_is_right(disk, ids[i], &buf));
    segi_buf_deinit(&buf);
    check_fast(fixture_is_sound(disk, SEGI_DISK_CHECK_DEEP));
    segi_disk_close(disk, NULL);
}

START_TEST(test_readers__read_what_they_were_given)
{
    sim_vfs *sim = sim_vfs_create(9);
    uint64_t gain;
    pthread_t threads[READERS], copying;
    int copies = 0;
    int rounds = getenv("SEG_TEST_SOAK") != NULL ? 100 * ROUNDS : ROUNDS;
    shared.disk = fixture_open(sim);
    pthread_mutex_init(&shared.lock, NULL);
    for (size_t i = 0; i < LIVE; i++)
        shared.ids[i] = write_block();
    ck_assert_int_eq(segi_disk_checkpoint(shared.disk, shared.ids, sizeof shared.ids, NULL),
                     SEG_OK);
    for (int i = 0; i < READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, reader, NULL), 0);
    ck_assert_int_eq(pthread_create(&copying, NULL, copier, &copies), 0);
    /* As many rounds more as the readers need to get going. */
    for (int i = 0; i < rounds || atomic_load(&shared.reads) < 1000; i++) {
        replace_block((size_t)i % LIVE);
        fixture_log(shared.disk, "record");
        if (i % 5 == 0)
            check_fast(segi_disk_checkpoint(shared.disk, shared.ids, sizeof shared.ids, NULL) ==
                       SEG_OK);
        if (i % 3 == 0)
            check_fast(segi_disk_reclaim(shared.disk, 0, NULL, NULL) == SEG_OK);
        if (i % 2 == 0)
            check_fast(segi_disk_compact(shared.disk, UINT64_MAX, &gain, NULL) == SEG_OK);
    }
    atomic_store(&shared.stop, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    pthread_join(copying, NULL);
    ck_assert_uint_eq(atomic_load(&shared.failures), 0);
    ck_assert_int_gt(copies, 0);
    ck_assert_uint_gt(atomic_load(&shared.reads), 0);
    uint64_t left = 1;
    fixture_checkpoint(shared.disk, "end");
    ck_assert_int_eq(segi_disk_reclaim(shared.disk, 0, &left, NULL), SEG_OK);
    ck_assert_uint_eq(left, 0);
    ck_assert(fixture_is_sound(shared.disk, SEGI_DISK_CHECK_DEEP));
    ck_assert_int_eq(segi_disk_close(shared.disk, NULL), SEG_OK);
    for (int i = 0; i < copies && i < 50; i++)
        check_copy(sim, i);
    pthread_mutex_destroy(&shared.lock);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("disk/readers");
    TCase *tc = tcase_create("readers");
    tcase_set_timeout(tc, 600);
    tcase_add_test(tc, test_readers__read_what_they_were_given);
    suite_add_tcase(s, tc);
    return s;
}
