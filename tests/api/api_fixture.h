/* api_fixture.h - what the tests of the public interface have in common: a small shop.
 *
 * Users ann, ben, cat, dan and eve of three countries, with purchases and logins in January 2026.
 * Everything here is static, so that a test program takes what it needs. */
#ifndef SEG_TEST_API_FIXTURE_H
#define SEG_TEST_API_FIXTURE_H

#include <check.h>
#include <seg/seg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check_main.h"

#define DAY ((int64_t)86400 * 1000000)
#define JANUARY_1 ((int64_t)1767225600 * 1000000) /* 2026-01-01T00:00:00Z */
#define NOW (JANUARY_1 + 31 * DAY)
#define TEXT(literal) (literal), (sizeof(literal) - 1)

/* The call succeeds; otherwise the test shows what the library said. `e` is a seg_error. */
#define CK_OK(call, e)                                                                             \
    do {                                                                                           \
        seg_status ck_status = (call);                                                             \
        ck_assert_msg(ck_status == SEG_OK, "%s: %s: %s", #call, seg_status_name(ck_status),        \
                      (e).message);                                                                \
    } while (0)

/* The call fails with the status, err carries it and a message. */
#define CK_FAILS(call, wanted, e)                                                                  \
    do {                                                                                           \
        seg_error_init(&(e), sizeof(e));                                                           \
        seg_status ck_status = (call);                                                             \
        ck_assert_msg(ck_status == (wanted), "%s: %s instead of %s: %s", #call,                    \
                      seg_status_name(ck_status), seg_status_name(wanted), (e).message);           \
        ck_assert_int_eq((e).code, (wanted));                                                      \
        ck_assert_msg((e).message[0] != '\0', "%s: no message", #call);                            \
    } while (0)

/* The same call again without a seg_error. */
#define CK_FAILS_NULL(call, wanted) ck_assert_int_eq((call), (wanted))

/* Where store_open() makes its stores: a file that is not there yet, or NULL: in memory. */
static const char *store_path;

static inline seg_store *store_open(const seg_store_options *options)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    const char *path = store_path != NULL ? store_path : ":memory:";
    seg_store_options own = SEG_STORE_OPTIONS_INIT;
    if (options != NULL)
        own = *options;
    if (store_path != NULL)
        own.flags |= SEG_STORE_CREATE;
    CK_OK(seg_store_open(path, strlen(path), &own, &store, &err), err);
    ck_assert_ptr_nonnull(store);
    return store;
}

static inline void add_purchase(seg_appender *appender, const char *user, int day, int64_t cents)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_event(appender, user, strlen(user), TEXT("purchase"), JANUARY_1 + day * DAY,
                             &err),
          err);
    CK_OK(seg_appender_set_decimal(appender, TEXT("amount"), cents, 2, &err), err);
}

static inline void add_user(seg_appender *appender, const char *user, const char *country,
                            int64_t seats)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_user(appender, user, strlen(user), &err), err);
    CK_OK(seg_appender_set_string(appender, TEXT("country"), country, strlen(country), &err), err);
    CK_OK(seg_appender_set_int64(appender, TEXT("seats"), seats, &err), err);
}

/* ann and ben are German, cat is French, dan Spanish; eve has no attributes. Purchases: ann on
 * days 0, 10 and 30, ben on day 20, eve on day 29. */
static inline void store_fill(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_user(appender, "ann", "DE", 3);
    add_user(appender, "ben", "DE", 12);
    add_user(appender, "cat", "FR", 1);
    add_user(appender, "dan", "ES", 7);
    add_purchase(appender, "ann", 0, 1050);
    add_purchase(appender, "ann", 10, 2000);
    add_purchase(appender, "ann", 30, 995);
    add_purchase(appender, "ben", 20, 12000);
    add_purchase(appender, "eve", 29, 100);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
}

static inline seg_store *shop_open(void)
{
    seg_store *store = store_open(NULL);
    store_fill(store);
    return store;
}

static inline seg_snapshot *snapshot_of(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    CK_OK(seg_snapshot_create(store, &snapshot, &err), err);
    return snapshot;
}

static inline seg_segment *segment_of(seg_store *store, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    CK_OK(seg_segment_compile(store, text, strlen(text), 0, &segment, &err), err);
    return segment;
}

static inline seg_set *set_of(seg_store *store, seg_snapshot *snapshot, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = segment_of(store, text);
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), err);
    seg_segment_release(segment);
    return set;
}

/* The ids of a set as "ann ben", in the order of the cursor. */
static inline void set_ids(const seg_set *set, char *out, size_t capacity)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    size_t used = 0;
    out[0] = '\0';
    for (;;) {
        uint64_t offsets[4];
        const char *bytes = NULL;
        uint64_t count = 0;
        CK_OK(seg_set_cursor_next(cursor, 3, offsets, &bytes, &count, &err), err);
        if (count == 0)
            break;
        for (uint64_t i = 0; i < count; i++) {
            int size = (int)(offsets[i + 1] - offsets[i]);
            used += (size_t)snprintf(out + used, capacity - used, "%s%.*s", used > 0 ? " " : "",
                                     size, bytes + offsets[i]);
            ck_assert_uint_lt(used, capacity);
        }
    }
    seg_set_cursor_destroy(cursor);
}

static inline void check_set(const seg_set *set, const char *wanted)
{
    char ids[1000];
    set_ids(set, ids, sizeof ids);
    ck_assert_str_eq(ids, wanted);
}

/* Who is in the predicate at NOW. */
static inline void check_segment(seg_store *store, const char *text, const char *wanted)
{
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, text);
    char ids[1000];
    set_ids(set, ids, sizeof ids);
    ck_assert_msg(strcmp(ids, wanted) == 0, "%s: \"%s\" instead of \"%s\"", text, ids, wanted);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
}

static inline void define(seg_store *store, const char *name, const char *text)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_define_segment(store, name, strlen(name), text, strlen(text), NULL, &err), err);
}

#endif /* SEG_TEST_API_FIXTURE_H */
