/* One writer and several readers at once; meant for the thread sanitizer. */
#include <pthread.h>

#include "store_case.h"
#include "support/check_main.h"

#define READERS 3
#define COMMITS 120
#define USERS_PER_COMMIT 60

typedef struct shared {
    segi_store *store;
    atomic_bool done;
    atomic_uint failures;
} shared;

static void note_if(shared *s, bool bad)
{
    if (bad)
        atomic_fetch_add(&s->failures, 1);
}

static void *write_commits(void *argument)
{
    shared *s = argument;
    seg_error err = SEG_ERROR_INIT;
    segi_rows *rows = NULL;
    note_if(s, segi_rows_create(segi_mem_default(), SEG_ID_BYTES, &rows, &err) != SEG_OK);
    for (int commit = 0; commit < COMMITS; commit++) {
        segi_rows_clear(rows);
        for (int i = 0; i < USERS_PER_COMMIT; i++) {
            char id[16], text[16];
            int size = snprintf(id, sizeof id, "u%d", commit * USERS_PER_COMMIT + i);
            int text_size = snprintf(text, sizeof text, "t%d", commit * 7 + i);
            bool event = i % 2;
            note_if(s, segi_rows_begin(rows, id, (size_t)size, event ? "e" : NULL, event,
                                       CASE_NOW + commit, &err) != SEG_OK);
            note_if(s, segi_rows_set(rows, "text", 4, SEG_TYPE_STRING, 0, 0, text,
                                     (size_t)text_size, &err) != SEG_OK);
        }
        note_if(s, case_commit_rows(s->store, rows, 0, NULL, 0, NULL, &err) != SEG_OK);
    }
    segi_rows_destroy(rows);
    atomic_store(&s->done, true);
    return NULL;
}

static void read_snapshot(shared *s, const segi_snapshot *snapshot)
{
    uint32_t known = 0, expected = (uint32_t)snapshot->commit_sequence * USERS_PER_COMMIT;
    segi_mask mask;
    for (uint32_t i = 0; i < expected + 200; i++) {
        char id[16];
        int size = snprintf(id, sizeof id, "u%u", i);
        uint32_t ordinal = segi_snapshot_find(snapshot, id, (size_t)size);
        known += ordinal != UINT32_MAX;
        size_t got_size;
        if (ordinal != UINT32_MAX)
            note_if(s,
                    memcmp(segi_snapshot_id(snapshot, ordinal, &got_size), id, (size_t)size) != 0);
    }
    note_if(s, known != expected || snapshot->user_count != expected);
    note_if(s, snapshot->event_count != expected / 2);
    if (expected > 0)
        note_if(s, segi_snapshot_universe(snapshot, 0, SEG_TIME_MAX, &mask) != expected);
    for (uint32_t e = 0; e < snapshot->schema->event_count; e++) {
        const segi_event_view *view = &snapshot->events[e];
        uint64_t rows = 0;
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part *part = view->parts[p];
            rows += part->row_count;
            for (uint32_t row = 0; row < part->row_count; row++) {
                size_t size;
                uint32_t code = (uint32_t)segi_col_slot(&part->columns[0], row), found;
                const char *text = segi_dict_get(view->dicts[0], code, &size);
                note_if(s, !segi_dict_find(view->dicts[0], text, size, &found) || found != code);
            }
        }
        note_if(s, rows != snapshot->event_count);
    }
    if (snapshot->schema->attribute_count > 0) {
        const segi_dict *dict = snapshot->attributes[0].dict;
        uint32_t code;
        note_if(s, segi_dict_find(dict, "not there", 9, &code));
        note_if(s, !segi_dict_find(dict, "t0", 2, &code));
    }
}

static void *read_snapshots(void *argument)
{
    shared *s = argument;
    seg_error err = SEG_ERROR_INIT;
    uint64_t last = 0;
    bool done;
    do {
        done = atomic_load(&s->done);
        segi_snapshot *snapshot = NULL;
        note_if(s, segi_snapshot_create(s->store, &snapshot, &err) != SEG_OK);
        note_if(s, snapshot->commit_sequence < last);
        last = snapshot->commit_sequence;
        read_snapshot(s, snapshot);
        segi_snapshot_release(snapshot);
    } while (!done);
    return NULL;
}

START_TEST(test_readers__beside_a_writer)
{
    shared s = {.store = case_store(SEG_ID_BYTES)};
    pthread_t threads[READERS + 1];
    ck_assert_int_eq(pthread_create(&threads[0], NULL, write_commits, &s), 0);
    for (int i = 1; i <= READERS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_snapshots, &s), 0);
    for (int i = 0; i <= READERS; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(atomic_load(&s.failures), 0);
    segi_store_release(s.store);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/readers");
    TCase *c = tcase_create("readers");
    tcase_set_timeout(c, 120);
    tcase_add_test(c, test_readers__beside_a_writer);
    suite_add_tcase(s, c);
    return s;
}
