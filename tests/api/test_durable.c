/* api/test_durable.c - a store in a file: what was committed is there when it is opened again. */
#include <unistd.h>

#include "api/api_fixture.h"

/* ---- files ---------------------------------------------------------------------------------- */

static char folder[256];

static void folder_make(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/seg-durable-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static const char *path_of(const char *name)
{
    static char paths[4][512];
    static int next;
    next = (next + 1) % 4;
    snprintf(paths[next], sizeof paths[next], "%s/%s", folder, name);
    return paths[next];
}

static void folder_remove(void)
{
    static const char *const names[] = {"a.seg", "a.seg-wal", "b.seg", "b.seg-wal"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_of(names[i]));
    ck_assert_int_eq(rmdir(folder), 0);
}

static void file_copy(const char *from, const char *to)
{
    char buffer[4096];
    size_t size;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    ck_assert(in != NULL && out != NULL);
    while ((size = fread(buffer, 1, sizeof buffer, in)) > 0)
        ck_assert_int_eq(fwrite(buffer, 1, size, out), size);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

static seg_status try_open(const char *path, uint32_t flags, seg_store **out, seg_error *err)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = flags;
    return seg_store_open(path, strlen(path), &options, out, err);
}

static seg_store *file_open(const char *path, uint32_t flags)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    CK_OK(try_open(path, flags, &store, &err), err);
    return store;
}

static void file_close(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_close(store, &err), err);
}

/* The shop of the fixture, as it is after store_fill(). */
static void shop_check(seg_store *store)
{
    static const struct {
        const char *text;
        uint64_t count;
    } answers[] = {{"country = \"DE\"", 2},
                   {"country in (\"FR\", \"ES\") and seats < 5", 1},
                   {"did \"purchase\"", 3},
                   {"did \"purchase\" in last 5 days", 2},
                   {"sum(amount) of \"purchase\" > 40", 2},
                   {"not did \"purchase\"", 2}};
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = snapshot_of(store);
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        seg_segment *segment = segment_of(store, answers[i].text);
        uint64_t count = 0;
        CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
        ck_assert_msg(count == answers[i].count, "%s: %llu", answers[i].text,
                      (unsigned long long)count);
        seg_segment_release(segment);
    }
    seg_snapshot_release(snapshot);
}

static uint64_t sequence_of(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = sizeof info};
    seg_snapshot *snapshot = snapshot_of(store);
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    seg_snapshot_release(snapshot);
    return info.commit_sequence;
}

static seg_store_stats stats_of(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_stats stats = {.struct_size = sizeof stats};
    CK_OK(seg_store_get_stats(store, &stats, &err), err);
    return stats;
}

/* ---- opening -------------------------------------------------------------------------------- */

START_TEST(test_durable__is_there_after_close)
{
    const char *path = path_of("a.seg");
    seg_store *store = file_open(path, SEG_STORE_CREATE);
    store_fill(store);
    shop_check(store);
    file_close(store);
    store = file_open(path, 0);
    shop_check(store);
    ck_assert_int_eq(stats_of(store).log_records, 0);
    file_close(store);
}
END_TEST

/* Ids come into memory when they are asked for: whatever asks first has to bring them. */
START_TEST(test_durable__whoever_asks_first_finds_ids)
{
    const char *path = path_of("a.seg");
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path, SEG_STORE_CREATE);
    store_fill(store);
    file_close(store);
    store = file_open(path, 0);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "did \"purchase\"");
    if (_i == 0) {
        int32_t member = 0;
        CK_OK(seg_segment_test(segment, snapshot, TEXT("ann"), NOW, &member, &err), err);
        ck_assert_int_eq(member, 1);
    } else {
        seg_why *why = NULL;
        CK_OK(seg_segment_why(segment, snapshot, TEXT("ann"), NOW, NULL, &why, &err), err);
        seg_why_destroy(why);
    }
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    file_close(store);
}
END_TEST

/* Where a test of the calendar becomes a table, nothing else asks for the rows' times. */
START_TEST(test_durable__a_calendar_test_loads_times)
{
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int i = 0; i < 20000; i++) {
        int64_t time = NOW - DAY / 2 + (i % 100) * (int64_t)1000000;
        CK_OK(seg_appender_event(appender, i % 2 ? "ann" : "ben", 3, TEXT("visit"), time, &err),
              err);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    file_close(store);
    store = file_open(path_of("a.seg"), 0);
    check_segment(store, "did visit where (@weekday = \"sat\") in last 20 hours", "ben ann");
    check_segment(store, "did visit where (@weekday = \"sun\") in last 20 hours", "");
    file_close(store);
}
END_TEST

/* The files of a process that ended before it closed the store. */
START_TEST(test_durable__is_there_after_a_crash)
{
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    ck_assert_int_gt(stats_of(store).log_records, 0);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    seg_store *other = file_open(path_of("b.seg"), 0);
    shop_check(other);
    ck_assert_int_eq(sequence_of(other), sequence_of(store));
    file_close(other);
    file_close(store);
}
END_TEST

static void add_plan(seg_store *store, int day, const char *plan)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    CK_OK(seg_appender_user_since(appender, TEXT("ann"), JANUARY_1 + day * DAY, &err), err);
    CK_OK(plan != NULL ? seg_appender_set_string(appender, TEXT("plan"), plan, strlen(plan), &err)
                       : seg_appender_set_null(appender, TEXT("plan"), &err),
          err);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
}

static void plans_check(seg_store *store)
{
    seg_column_info info = {.struct_size = sizeof info};
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_column_at(store, 0, &info, &err), err);
    ck_assert_uint_eq(info.flags, SEG_COLUMN_HISTORY);
    check_segment(store, "plan is null", "ann");
    check_segment(store, "plan changed from \"free\" to \"pro\" and plan changed to null", "ann");
    check_segment(store, "plan has been null for 10 days", "ann");
    check_segment(store, "plan as of 2026-01-05 = \"free\"", "ann");
}

/* From the log, from a checkpoint, and from both. */
START_TEST(test_durable__histories_stay)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    CK_OK(seg_store_define_history(store, TEXT("plan"), SEG_TYPE_STRING, 0, &err), err);
    add_plan(store, 20, NULL);
    add_plan(store, 0, "free");
    file_close(store);
    store = file_open(path_of("a.seg"), 0);
    add_plan(store, 10, "pro");
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    seg_store *other = file_open(path_of("b.seg"), 0);
    plans_check(other);
    file_close(other);
    plans_check(store);
    file_close(store);
    store = file_open(path_of("a.seg"), 0);
    plans_check(store);
    CK_FAILS(seg_store_define_history(store, TEXT("plan"), SEG_TYPE_INT64, 0, &err), SEG_E_SCHEMA,
             err);
    file_close(store);
}
END_TEST

START_TEST(test_durable__flags_of_opening)
{
    seg_error err = SEG_ERROR_INIT;
    const char *path = path_of("a.seg");
    seg_store *store, *second;
    CK_FAILS(try_open(path, 0, &store, &err), SEG_E_NOT_FOUND, err);
    CK_FAILS(try_open(path, SEG_STORE_READ_ONLY, &store, &err), SEG_E_NOT_FOUND, err);
    store = file_open(path, SEG_STORE_CREATE | SEG_STORE_EXCLUSIVE);
    CK_FAILS(try_open(path, 0, &second, &err), SEG_E_BUSY, err);
    CK_FAILS(try_open(path, SEG_STORE_READ_ONLY, &second, &err), SEG_E_BUSY, err);
    file_close(store);
    CK_FAILS(try_open(path, SEG_STORE_CREATE | SEG_STORE_EXCLUSIVE, &store, &err), SEG_E_EXISTS,
             err);
    store = file_open(path, SEG_STORE_CREATE);
    file_close(store);
}
END_TEST

START_TEST(test_durable__options_must_agree_with_the_file)
{
    seg_error err = SEG_ERROR_INIT;
    const char *path = path_of("a.seg");
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_store *store;
    options.flags = SEG_STORE_CREATE;
    options.id_kind = SEG_ID_U64;
    options.week_start = 7;
    options.dedup_window_us = 5 * DAY;
    CK_OK(seg_store_open(path, strlen(path), &options, &store, &err), err);
    file_close(store);
    CK_OK(seg_store_open(path, strlen(path), &options, &store, &err), err);
    file_close(store);
    store = file_open(path, 0);
    file_close(store);
    options.week_start = 1;
    CK_FAILS(seg_store_open(path, strlen(path), &options, &store, &err), SEG_E_ARG, err);
    options.week_start = 0;
    options.dedup_window_us = 6 * DAY;
    CK_FAILS(seg_store_open(path, strlen(path), &options, &store, &err), SEG_E_ARG, err);
    options.dedup_window_us = 0;
    options.timezone = "Europe/Berlin";
    options.timezone_size = 13;
    CK_FAILS(seg_store_open(path, strlen(path), &options, &store, &err), SEG_E_ARG, err);
    ck_assert_int_gt(strlen(err.hint), 0);
}
END_TEST

START_TEST(test_durable__kind_of_ids_must_agree)
{
    seg_error err = SEG_ERROR_INIT;
    const char *path = path_of("a.seg");
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_store *store = file_open(path, SEG_STORE_CREATE);
    file_close(store);
    options.id_kind = SEG_ID_U64;
    CK_FAILS(seg_store_open(path, strlen(path), &options, &store, &err), SEG_E_ARG, err);
}
END_TEST

START_TEST(test_durable__reading_writes_nothing)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    file_close(store);
    seg_store *reader = file_open(path_of("b.seg"), SEG_STORE_READ_ONLY);
    seg_store *second = file_open(path_of("b.seg"), SEG_STORE_READ_ONLY);
    uint64_t records = stats_of(reader).log_records;
    ck_assert_int_gt(records, 0);
    shop_check(reader);
    shop_check(second);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(reader, &appender, &err), err);
    add_user(appender, "fay", "IT", 2);
    CK_FAILS(seg_appender_commit(appender, NULL, NULL, &err), SEG_E_READ_ONLY, err);
    seg_appender_destroy(appender);
    CK_FAILS(seg_store_define_event(reader, TEXT("return"), &err), SEG_E_READ_ONLY, err);
    CK_FAILS(seg_store_define_segment(reader, TEXT("s"), TEXT("everyone"), NULL, &err),
             SEG_E_READ_ONLY, err);
    CK_FAILS(seg_store_checkpoint(reader, &err), SEG_E_READ_ONLY, err);
    CK_FAILS(seg_store_maintain(reader, NULL, NULL, &err), SEG_E_READ_ONLY, err);
    file_close(reader);
    file_close(second);
    reader = file_open(path_of("b.seg"), SEG_STORE_READ_ONLY);
    ck_assert_int_eq(stats_of(reader).log_records, records);
    file_close(reader);
}
END_TEST

/* ---- what a store has ----------------------------------------------------------------------- */

static void saved_check(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment_list *list = NULL;
    seg_segment_info info = {.struct_size = sizeof info};
    CK_OK(seg_store_list_segments(store, &list, &err), err);
    ck_assert_int_eq(seg_segment_list_count(list), 2);
    CK_OK(seg_segment_list_at(list, 0, &info, &err), err);
    ck_assert_int_eq(info.name_size, 3);
    ck_assert_mem_eq(info.name, "big", 3);
    ck_assert_int_eq(info.version, 2);
    CK_OK(seg_segment_list_at(list, 1, &info, &err), err);
    ck_assert_mem_eq(info.name, "german", 6);
    ck_assert_mem_eq(info.text, "country = \"DE\"", info.text_size);
    CK_FAILS(seg_segment_list_at(list, 2, &info, &err), SEG_E_ARG, err);
    seg_segment_list_destroy(list);
    seg_segment_list_destroy(NULL);
    seg_segment *segment = segment_of(store, "in segment \"big\" and in segment \"german\"");
    seg_lint *lint = NULL;
    CK_OK(seg_segment_lint(store, TEXT("country  =  \"DE\""), NULL, &lint, &err), err);
    ck_assert_uint_eq(seg_lint_count(lint), 1); /* the saved segment "german" says the same */
    seg_lint_destroy(lint);
    seg_snapshot *snapshot = snapshot_of(store);
    uint64_t count = 0;
    CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
    ck_assert_int_eq(count, 1);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    CK_FAILS(seg_store_drop_segment(store, TEXT("gone"), &err), SEG_E_NOT_FOUND, err);
}

START_TEST(test_durable__saved_segments_stay)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t version = 0;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    CK_OK(seg_store_define_segment(store, TEXT("german"), TEXT("country = \"DE\""), NULL, &err),
          err);
    CK_OK(seg_store_define_segment(store, TEXT("big"), TEXT("seats > 100"), NULL, &err), err);
    CK_OK(seg_store_define_segment(store, TEXT("gone"), TEXT("everyone"), NULL, &err), err);
    if (_i == 1)
        CK_OK(seg_store_checkpoint(store, &err), err);
    CK_OK(seg_store_define_segment(store, TEXT("big"), TEXT("seats > 5"), &version, &err), err);
    ck_assert_int_eq(version, 2);
    CK_OK(seg_store_drop_segment(store, TEXT("gone"), &err), err);
    saved_check(store);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    file_close(store);
    for (int i = 0; i < 2; i++) {
        store = file_open(path_of(i == 0 ? "a.seg" : "b.seg"), 0);
        saved_check(store);
        file_close(store);
    }
}
END_TEST

/* "sale" with two ranges, the later one of two definitions; "fair". */
static void occasions_check(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_occasion_list *list = NULL;
    seg_occasion_info info = {.struct_size = sizeof info};
    CK_OK(seg_store_list_occasions(store, &list, &err), err);
    ck_assert_uint_eq(seg_occasion_list_count(list), 2);
    CK_OK(seg_occasion_list_at(list, 0, &info, &err), err);
    ck_assert(info.name_size == 4 && memcmp(info.name, "fair", 4) == 0);
    ck_assert_uint_eq(info.range_count, 1);
    ck_assert(info.days[0] == -719162 && info.days[1] == 2932896);
    CK_OK(seg_occasion_list_at(list, 1, &info, &err), err);
    ck_assert(info.name_size == 4 && memcmp(info.name, "sale", 4) == 0);
    ck_assert_uint_eq(info.range_count, 2);
    ck_assert(info.days[0] == 5 && info.days[1] == 9);
    ck_assert(info.days[2] == 20 && info.days[3] == 20);
    CK_FAILS(seg_occasion_list_at(list, 2, &info, &err), SEG_E_ARG, err);
    seg_occasion_list_destroy(list);
    CK_FAILS(seg_store_drop_occasion(store, TEXT("gone"), &err), SEG_E_NOT_FOUND, err);
    CK_FAILS(seg_store_drop_occasion(store, TEXT("sale"), &err), SEG_E_IN_USE, err);
}

START_TEST(test_durable__occasions_stay)
{
    static const int32_t always[] = {-719162, 2932896}, some[] = {1, 2},
                         sale[] = {20, 20, 7, 9, 5, 6, 6, 7};
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    CK_OK(seg_store_define_occasion(store, TEXT("sale"), some, 1, &err), err);
    CK_OK(seg_store_define_occasion(store, TEXT("gone"), some, 1, &err), err);
    CK_OK(seg_store_define_occasion(store, TEXT("fair"), always, 1, &err), err);
    /* The same name on the other shelf. */
    CK_OK(seg_store_define_segment(store, TEXT("sale"),
                                   TEXT("did \"purchase\" during occasion \"sale\""), NULL, &err),
          err);
    if (_i == 1)
        CK_OK(seg_store_checkpoint(store, &err), err);
    CK_OK(seg_store_define_occasion(store, TEXT("sale"), sale, 4, &err), err);
    CK_OK(seg_store_drop_occasion(store, TEXT("gone"), &err), err);
    occasions_check(store);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    file_close(store);
    for (int i = 0; i < 2; i++) {
        store = file_open(path_of(i == 0 ? "a.seg" : "b.seg"), 0);
        occasions_check(store);
        file_close(store);
    }
}
END_TEST

/* "tier" in its second version, and "vip", which reads it, a segment and an occasion. */
static void classes_check(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment_list *list = NULL;
    seg_segment_info info = {.struct_size = sizeof info};
    CK_OK(seg_store_list_classes(store, &list, &err), err);
    ck_assert_uint_eq(seg_segment_list_count(list), 2);
    CK_OK(seg_segment_list_at(list, 0, &info, &err), err);
    ck_assert(info.name_size == 4 && memcmp(info.name, "tier", 4) == 0);
    ck_assert_uint_eq(info.version, 2);
    ck_assert_mem_eq(info.text, "\"big\": seats > 5; otherwise \"small\"", info.text_size);
    CK_OK(seg_segment_list_at(list, 1, &info, &err), err);
    ck_assert(info.name_size == 3 && memcmp(info.name, "vip", 3) == 0);
    seg_segment_list_destroy(list);
    CK_OK(seg_store_list_segments(store, &list, &err), err);
    ck_assert_uint_eq(seg_segment_list_count(list), 1);
    seg_segment_list_destroy(list);

    char ids[64];
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "class.tier = \"big\"");
    set_ids(set, ids, sizeof ids);
    ck_assert_str_eq(ids, "ben dan");
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    CK_FAILS(seg_store_drop_class(store, TEXT("gone"), &err), SEG_E_NOT_FOUND, err);
    CK_FAILS(seg_store_drop_class(store, TEXT("tier"), &err), SEG_E_IN_USE, err);
    CK_FAILS(seg_store_drop_segment(store, TEXT("tier"), &err), SEG_E_IN_USE, err);
    CK_FAILS(seg_store_drop_occasion(store, TEXT("sale"), &err), SEG_E_IN_USE, err);
    ck_assert_ptr_nonnull(strstr(err.message, "class \"vip\""));
}

START_TEST(test_durable__classes_stay)
{
    static const int32_t sale[] = {5, 9};
    static const char vip[] = "\"yes\": class.tier = \"big\" and in segment \"tier\"; "
                              "\"sale\": did \"purchase\" during occasion \"sale\"; "
                              "otherwise \"no\"";
    seg_error err = SEG_ERROR_INIT;
    uint64_t version = 0;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    CK_OK(seg_store_define_occasion(store, TEXT("sale"), sale, 1, &err), err);
    CK_OK(seg_store_define_segment(store, TEXT("tier"), TEXT("seats > 1"), NULL, &err), err);
    CK_OK(seg_store_define_class(store, TEXT("tier"), TEXT("\"big\": seats > 9; otherwise \"x\""),
                                 NULL, &err),
          err);
    CK_OK(seg_store_define_class(store, TEXT("gone"), TEXT("\"a\": everyone; otherwise \"b\""),
                                 NULL, &err),
          err);
    if (_i == 1)
        CK_OK(seg_store_checkpoint(store, &err), err);
    CK_OK(seg_store_define_class(store, TEXT("tier"),
                                 TEXT("\"big\": seats > 5; otherwise \"small\""), &version, &err),
          err);
    ck_assert_uint_eq(version, 2);
    CK_OK(seg_store_define_class(store, TEXT("vip"), TEXT(vip), NULL, &err), err);
    CK_OK(seg_store_drop_class(store, TEXT("gone"), &err), err);
    classes_check(store);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    file_close(store);
    for (int i = 0; i < 2; i++) {
        store = file_open(path_of(i == 0 ? "a.seg" : "b.seg"), 0);
        classes_check(store);
        file_close(store);
    }
}
END_TEST

START_TEST(test_durable__definitions_stay)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    CK_OK(seg_store_define_attribute(store, TEXT("age"), SEG_TYPE_INT64, 0, &err), err);
    CK_OK(seg_store_define_event(store, TEXT("visit"), &err), err);
    CK_OK(seg_store_define_property(store, TEXT("visit"), TEXT("price"), SEG_TYPE_DECIMAL, 3, &err),
          err);
    file_copy(path_of("a.seg"), path_of("b.seg"));
    file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
    file_close(store);
    for (int i = 0; i < 2; i++) {
        store = file_open(path_of(i == 0 ? "a.seg" : "b.seg"), 0);
        CK_FAILS(seg_store_define_attribute(store, TEXT("age"), SEG_TYPE_BOOL, 0, &err),
                 SEG_E_SCHEMA, err);
        CK_FAILS(seg_store_define_property(store, TEXT("visit"), TEXT("price"), SEG_TYPE_DECIMAL, 2,
                                           &err),
                 SEG_E_SCHEMA, err);
        seg_segment_release(segment_of(store, "did \"visit\" where (price > 1.5) or age > 3"));
        file_close(store);
    }
}
END_TEST

/* ---- tokens --------------------------------------------------------------------------------- */

static seg_commit_report commit_with(seg_store *store, const char *token, const char *user)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    seg_commit_report report = {.struct_size = sizeof report};
    options.token = token;
    options.token_size = strlen(token);
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_purchase(appender, user, 3, 500);
    CK_OK(seg_appender_commit(appender, &options, &report, &err), err);
    seg_appender_destroy(appender);
    return report;
}

START_TEST(test_durable__a_token_is_applied_once)
{
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    seg_commit_report first = commit_with(store, "one", "zoe");
    ck_assert_int_eq(first.flags, 0);
    ck_assert_int_eq(first.users_added, 1);
    for (int i = 0; i < 4; i++) {
        seg_commit_report again = commit_with(store, "one", "zoe");
        ck_assert_int_eq(again.flags, SEG_COMMIT_REPEATED);
        ck_assert_int_eq(again.commit_sequence, first.commit_sequence);
        ck_assert_int_eq(again.rows_applied, 1);
        ck_assert_int_eq(again.users_added, 1);
        ck_assert_int_eq(sequence_of(store), first.commit_sequence);
        file_copy(path_of("a.seg"), path_of("b.seg"));
        file_copy(path_of("a.seg-wal"), path_of("b.seg-wal"));
        file_close(store);
        /* After a crash, after a close, ... */
        if (i % 2 == 0) {
            rename(path_of("b.seg"), path_of("a.seg"));
            rename(path_of("b.seg-wal"), path_of("a.seg-wal"));
        }
        store = file_open(path_of("a.seg"), 0);
    }
    ck_assert_int_eq(commit_with(store, "two", "zoe").flags, 0);
    file_close(store);
}
END_TEST

START_TEST(test_durable__the_newest_tokens_are_kept)
{
    char token[SEG_TOKEN_SIZE_MAX];
    seg_store *store = store_open(NULL);
    for (int i = 0; i <= SEG_TOKENS_KEPT; i++) {
        snprintf(token, sizeof token, "token %d", i);
        ck_assert_int_eq(commit_with(store, token, "ann").flags, 0);
    }
    ck_assert_int_eq(commit_with(store, "token 1", "ann").flags, SEG_COMMIT_REPEATED);
    ck_assert_int_eq(commit_with(store, "token 0", "ann").flags, 0);
    ck_assert_int_eq(commit_with(store, "token 1", "ann").flags, 0);
    ck_assert_int_eq(commit_with(store, "token 3", "ann").flags, SEG_COMMIT_REPEATED);
    file_close(store);
}
END_TEST

START_TEST(test_durable__bad_tokens)
{
    seg_error err = SEG_ERROR_INIT;
    char token[SEG_TOKEN_SIZE_MAX + 1] = {0};
    seg_store *store = store_open(NULL);
    seg_batch batch = SEG_BATCH_INIT;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    options.token = token;
    CK_FAILS(seg_store_commit(store, &batch, 0, &options, NULL, &err), SEG_E_ARG, err);
    options.token_size = sizeof token;
    CK_FAILS(seg_store_commit(store, &batch, 0, &options, NULL, &err), SEG_E_ARG, err);
    options.token = NULL;
    options.token_size = 3;
    CK_FAILS(seg_store_commit(store, &batch, 0, &options, NULL, &err), SEG_E_ARG, err);
    options.token = token;
    options.token_size = SEG_TOKEN_SIZE_MAX;
    CK_OK(seg_store_commit(store, &batch, 0, &options, NULL, &err), err);
    file_close(store);
}
END_TEST

/* Event ids that were seen before a restart still count once. */
START_TEST(test_durable__event_ids_stay)
{
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report = {.struct_size = sizeof report};
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    for (int round = 0; round < 4; round++) {
        seg_appender *appender = NULL;
        CK_OK(seg_appender_create(store, &appender, &err), err);
        for (int i = 0; i < 3 + round; i++) {
            char id[8];
            snprintf(id, sizeof id, "e%d", i);
            add_purchase(appender, "ann", i, 100);
            CK_OK(seg_appender_set_event_id(appender, id, strlen(id), &err), err);
        }
        CK_OK(seg_appender_commit(appender, NULL, &report, &err), err);
        ck_assert_int_eq(report.rows_applied, round == 0 ? 3 : 1);
        ck_assert_int_eq(report.rows_duplicate, round == 0 ? 0 : 2 + round);
        seg_appender_destroy(appender);
        if (round == 1)
            CK_OK(seg_store_checkpoint(store, &err), err);
        file_close(store);
        store = file_open(path_of("a.seg"), 0);
    }
    file_close(store);
}
END_TEST

/* ---- care ----------------------------------------------------------------------------------- */

START_TEST(test_durable__checkpoint_empties_the_log)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    seg_snapshot *before = snapshot_of(store);
    seg_store_stats stats = stats_of(store);
    ck_assert_int_gt(stats.log_used, 0);
    CK_OK(seg_store_checkpoint(store, &err), err);
    stats = stats_of(store);
    ck_assert_int_eq(stats.log_records, 0);
    ck_assert_int_gt(stats.block_count, 3);
    ck_assert_int_gt(stats.event_bytes, 0);
    ck_assert_int_gt(stats.attribute_bytes, 0);
    ck_assert_int_gt(stats.id_bytes, 0);
    ck_assert_int_le(stats.event_bytes + stats.attribute_bytes + stats.id_bytes, stats.block_bytes);
    shop_check(store);
    /* A snapshot of before lives on, past the store. */
    file_close(store);
    seg_snapshot_info info = {.struct_size = sizeof info};
    CK_OK(seg_snapshot_get_info(before, &info, &err), err);
    ck_assert_int_eq(info.event_count, 5);
    seg_snapshot_release(before);
    store = file_open(path_of("a.seg"), 0);
    shop_check(store);
    file_close(store);
}
END_TEST

START_TEST(test_durable__a_large_log_makes_a_checkpoint)
{
    seg_error err = SEG_ERROR_INIT;
    const char *path = path_of("a.seg");
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_store *store = NULL;
    options.flags = SEG_STORE_CREATE;
    options.log_bytes_max = 1;
    CK_OK(seg_store_open(path, strlen(path), &options, &store, &err), err);
    store_fill(store);
    ck_assert_int_eq(stats_of(store).log_records, 0);
    shop_check(store);
    file_close(store);
}
END_TEST

START_TEST(test_durable__maintenance_comes_to_an_end)
{
    seg_error err = SEG_ERROR_INIT;
    int32_t more = 1;
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    options.budget_bytes = 1;
    options.budget_rows = 1;
    for (int i = 0; i < 100 && more; i++) {
        CK_OK(seg_store_maintain(store, &options, &more, &err), err);
        shop_check(store);
    }
    ck_assert_int_eq(more, 0);
    ck_assert_int_eq(stats_of(store).log_records, 0);
    options.flags = 1;
    CK_FAILS(seg_store_maintain(store, &options, &more, &err), SEG_E_ARG, err);
    file_close(store);
}
END_TEST

/* A day's events of one type in an order that has nothing to do with their time. */
static void load_batch(seg_store *store, uint64_t round)
{
    enum {
        ROWS = 40000
    };
    static uint64_t users[ROWS];
    static int64_t times[ROWS], values[ROWS];
    seg_error err = SEG_ERROR_INIT;
    seg_column column = SEG_COLUMN_INIT;
    seg_batch batch = SEG_BATCH_INIT;
    for (uint64_t i = 0; i < ROWS; i++) {
        uint64_t mixed = (round * ROWS + i + 1) * UINT64_C(0x9e3779b97f4a7c15);
        users[i] = mixed >> 48;
        times[i] = (int64_t)(mixed >> 20 & 0xffffffff) * 20;
        values[i] = (int64_t)(mixed >> 8);
    }
    column.type = SEG_TYPE_INT64;
    column.name = "value";
    column.name_size = 5;
    column.values = values;
    batch.row_count = ROWS;
    batch.user_ids = users;
    batch.times = times;
    batch.event = "e";
    batch.event_size = 1;
    batch.columns = &column;
    batch.column_count = 1;
    CK_OK(seg_store_commit(store, &batch, 1, NULL, NULL, &err), err);
    CK_OK(seg_store_checkpoint(store, &err), err);
}

/* What a load wrote and merged later leaves room in the file, which closing and maintenance give
 * back. */
START_TEST(test_durable__a_load_leaves_a_short_file)
{
    bool maintain = _i == 1;
    const char *path = path_of("a.seg");
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_store *store = NULL;
    uint64_t faults = 1, most = 0;
    options.flags = SEG_STORE_CREATE;
    options.id_kind = SEG_ID_U64;
    CK_OK(seg_store_open(path, strlen(path), &options, &store, &err), err);
    for (uint64_t round = 0; round < 8; round++)
        load_batch(store, round);
    int32_t more = maintain;
    for (int i = 0; i < 1000 && more; i++) {
        CK_OK(seg_store_maintain(store, NULL, &more, &err), err);
        seg_store_stats stats = stats_of(store);
        most = stats.file_bytes > most ? stats.file_bytes : most;
    }
    ck_assert_int_eq(more, 0);
    if (!maintain) {
        file_close(store);
        store = file_open(path, 0);
    }
    seg_store_stats stats = stats_of(store);
    ck_assert(!maintain || stats.file_bytes < most);
    ck_assert_uint_le(stats.file_bytes, stats.block_bytes + stats.block_bytes / 3 + (1 << 20));
    CK_OK(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, &err), err);
    ck_assert_uint_eq(faults, 0);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot_info info = {.struct_size = sizeof info};
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    ck_assert_uint_eq(info.event_count, 320000);
    seg_snapshot_release(snapshot);
    file_close(store);
}
END_TEST

static void count_fault(void *user, const seg_fault *fault)
{
    ck_assert_ptr_nonnull(fault->what);
    ck_assert_ptr_nonnull(fault->file);
    ++*(int *)user;
}

START_TEST(test_durable__check_finds_damage)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t faults = 1;
    int reported = 0;
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    CK_OK(seg_store_checkpoint(store, &err), err);
    for (uint32_t level = SEG_CHECK_QUICK; level <= SEG_CHECK_DEEP; level++) {
        CK_OK(seg_store_check(store, level, count_fault, &reported, &faults, &err), err);
        ck_assert_int_eq(faults, 0);
    }
    ck_assert_int_eq(reported, 0);
    CK_FAILS(seg_store_check(store, 3, NULL, NULL, &faults, &err), SEG_E_ARG, err);
    /* Every byte of the file in turn would take long; a test of its own does that. */
    FILE *file = fopen(path_of("a.seg"), "r+b");
    ck_assert_ptr_nonnull(file);
    for (long at = 66000; at < 66000 + 4096; at += 64) {
        fseek(file, at, SEEK_SET);
        int byte = fgetc(file);
        fseek(file, at, SEEK_SET);
        fputc(byte ^ 0x55, file);
    }
    fclose(file);
    CK_OK(seg_store_check(store, SEG_CHECK_FULL, count_fault, &reported, &faults, &err), err);
    ck_assert_int_gt(faults, 0);
    ck_assert_int_eq(reported, faults);
    file_close(store);
}
END_TEST

START_TEST(test_durable__backup_is_a_store_of_its_own)
{
    seg_error err = SEG_ERROR_INIT;
    const char *copy = path_of("b.seg");
    seg_store *store = file_open(path_of("a.seg"), SEG_STORE_CREATE);
    store_fill(store);
    CK_OK(seg_store_backup(store, copy, strlen(copy), &err), err);
    CK_FAILS(seg_store_backup(store, copy, strlen(copy), &err), SEG_E_EXISTS, err);
    seg_store *second = file_open(copy, 0);
    shop_check(second);
    commit_with(second, "x", "yan");
    ck_assert_int_eq(sequence_of(second), sequence_of(store) + 1);
    file_close(second);
    file_close(store);
    store = store_open(NULL);
    CK_FAILS(seg_store_backup(store, copy, strlen(copy), &err), SEG_E_ARG, err);
    CK_OK(seg_store_checkpoint(store, &err), err);
    file_close(store);
}
END_TEST

START_TEST(test_durable__salvage_is_a_store_of_its_own)
{
    seg_error err = SEG_ERROR_INIT;
    const char *from = path_of("a.seg"), *left = path_of("b.seg");
    seg_salvage_report report = {.struct_size = sizeof report};
    seg_salvage_options options = SEG_SALVAGE_OPTIONS_INIT;
    seg_store *store = file_open(from, SEG_STORE_CREATE);
    store_fill(store);
    uint64_t sequence = sequence_of(store);
    CK_FAILS(seg_store_salvage(from, strlen(from), TEXT("x"), NULL, NULL, &err), SEG_E_BUSY, err);
    file_close(store);
    CK_OK(seg_store_salvage(from, strlen(from), left, strlen(left), NULL, &report, &err), err);
    ck_assert_uint_eq(report.complete, 1);
    CK_FAILS(seg_store_salvage(from, strlen(from), left, strlen(left), &options, NULL, &err),
             SEG_E_EXISTS, err);
    store = file_open(left, 0);
    shop_check(store);
    ck_assert_uint_eq(sequence_of(store), sequence);
    file_close(store);
    options.flags = 1;
    CK_FAILS(seg_store_salvage(from, strlen(from), left, strlen(left), &options, NULL, &err),
             SEG_E_ARG, err);
    CK_FAILS(seg_store_salvage(NULL, 0, left, strlen(left), NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_salvage(from, strlen(from), NULL, 0, NULL, NULL, &err), SEG_E_ARG, err);
    seg_salvage_options_init(&options, sizeof options);
    ck_assert(options.struct_size == sizeof options && options.flags == 0);
}
END_TEST

START_TEST(test_durable__no_store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store;
    uint64_t faults;
    FILE *file = fopen(path_of("a.seg"), "wb");
    ck_assert_ptr_nonnull(file);
    fputs("this is no store, but a text that is long enough to hold a header", file);
    fclose(file);
    CK_FAILS(try_open(path_of("a.seg"), SEG_STORE_CREATE, &store, &err), SEG_E_CORRUPT, err);
    ck_assert_ptr_null(store);
    CK_FAILS(seg_store_checkpoint(NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_maintain(NULL, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_check(NULL, 0, NULL, NULL, &faults, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_backup(NULL, TEXT("x"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_list_segments(NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_list_classes(NULL, NULL, &err), SEG_E_ARG, err);
    seg_store_stats stats = {.struct_size = sizeof stats};
    CK_FAILS(seg_store_get_stats(NULL, &stats, &err), SEG_E_ARG, err);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("durable");
    TCase *opening = tcase_create("opening");
    tcase_add_checked_fixture(opening, folder_make, folder_remove);
    tcase_add_test(opening, test_durable__is_there_after_close);
    tcase_add_loop_test(opening, test_durable__whoever_asks_first_finds_ids, 0, 2);
    tcase_add_test(opening, test_durable__a_calendar_test_loads_times);
    tcase_add_test(opening, test_durable__is_there_after_a_crash);
    tcase_add_test(opening, test_durable__histories_stay);
    tcase_add_test(opening, test_durable__flags_of_opening);
    tcase_add_test(opening, test_durable__options_must_agree_with_the_file);
    tcase_add_test(opening, test_durable__kind_of_ids_must_agree);
    tcase_add_test(opening, test_durable__reading_writes_nothing);
    tcase_add_test(opening, test_durable__no_store);
    suite_add_tcase(s, opening);
    TCase *content = tcase_create("content");
    tcase_add_checked_fixture(content, folder_make, folder_remove);
    tcase_add_loop_test(content, test_durable__saved_segments_stay, 0, 2);
    tcase_add_loop_test(content, test_durable__occasions_stay, 0, 2);
    tcase_add_loop_test(content, test_durable__classes_stay, 0, 2);
    tcase_add_test(content, test_durable__definitions_stay);
    tcase_add_test(content, test_durable__a_token_is_applied_once);
    tcase_add_test(content, test_durable__the_newest_tokens_are_kept);
    tcase_add_test(content, test_durable__bad_tokens);
    tcase_add_test(content, test_durable__event_ids_stay);
    suite_add_tcase(s, content);
    TCase *care = tcase_create("care");
    tcase_add_checked_fixture(care, folder_make, folder_remove);
    tcase_add_test(care, test_durable__checkpoint_empties_the_log);
    tcase_add_test(care, test_durable__a_large_log_makes_a_checkpoint);
    tcase_add_test(care, test_durable__maintenance_comes_to_an_end);
    tcase_add_loop_test(care, test_durable__a_load_leaves_a_short_file, 0, 2);
    tcase_add_test(care, test_durable__check_finds_damage);
    tcase_add_test(care, test_durable__backup_is_a_store_of_its_own);
    tcase_add_test(care, test_durable__salvage_is_a_store_of_its_own);
    suite_add_tcase(s, care);
    return s;
}
