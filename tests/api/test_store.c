/* api/test_store.c - stores, snapshots, columns and saved segments as a user sees them. */
#include "api/api_fixture.h"

/* ---- opening ----------------------------------------------------------------------------- */

START_TEST(test_store__opens_and_closes)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    CK_OK(seg_store_close(store, &err), err);
    ck_assert_int_eq(seg_store_close(NULL, NULL), SEG_OK);
}
END_TEST

START_TEST(test_store__refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = (seg_store *)&err;
    CK_FAILS(seg_store_open(TEXT("no/such/file.seg"), NULL, &store, &err), SEG_E_NOT_FOUND, err);
    ck_assert_ptr_null(store);
    CK_FAILS(seg_store_open(TEXT("a\0b"), NULL, &store, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_open("", 0, NULL, &store, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_open(NULL, 8, NULL, &store, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_open(":memory:", 7, NULL, &store, &err), SEG_E_NOT_FOUND, err);
    CK_FAILS(seg_store_open(TEXT(":memory:"), NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS_NULL(seg_store_open(TEXT("no/such/file.seg"), NULL, &store, NULL), SEG_E_NOT_FOUND);
}
END_TEST

static void option_fails(const seg_store_options *options, seg_status wanted)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = (seg_store *)&err;
    CK_FAILS(seg_store_open(TEXT(":memory:"), options, &store, &err), wanted, err);
    ck_assert_ptr_null(store);
}

START_TEST(test_store__refuses_bad_options)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = 8;
    option_fails(&options, SEG_E_ARG);
    options.flags = SEG_STORE_READ_ONLY | SEG_STORE_CREATE;
    option_fails(&options, SEG_E_ARG);
    options.flags = SEG_STORE_EXCLUSIVE;
    option_fails(&options, SEG_E_ARG);
    options.flags = 0;
    options.durability = SEG_DURABILITY_OFF + 1;
    option_fails(&options, SEG_E_ARG);
    options.durability = SEG_DURABILITY_FULL;
    options.id_kind = 2;
    option_fails(&options, SEG_E_ARG);
    options.id_kind = SEG_ID_U64;
    options.week_start = 2;
    option_fails(&options, SEG_E_ARG);
    options.week_start = 7;
    options.threads_max = 1025;
    option_fails(&options, SEG_E_ARG);
    options.threads_max = 2;
    options.timezone_size = 3;
    option_fails(&options, SEG_E_ARG);
    options.timezone = "Nowhere/City";
    options.timezone_size = 12;
    option_fails(&options, SEG_E_UNKNOWN_NAME);
    options.timezone = "../../etc/passwd";
    options.timezone_size = 16;
    option_fails(&options, SEG_E_UNKNOWN_NAME);
    options.timezone = "UTC";
    options.timezone_size = 3;
    seg_store_close(store_open(&options), NULL);
}
END_TEST

static void *alloc_never(void *user, size_t size)
{
    (void)user;
    (void)size;
    return NULL;
}

START_TEST(test_store__checks_the_allocator)
{
    seg_allocator allocator;
    memset(&allocator, 0, sizeof allocator);
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = &allocator;
    option_fails(&options, SEG_E_ARG);
    allocator.struct_size = (uint32_t)sizeof allocator;
    allocator.alloc = alloc_never;
    option_fails(&options, SEG_E_ARG);
}
END_TEST

START_TEST(test_store__knows_time_zones_of_the_system)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.timezone = "Europe/Berlin";
    options.timezone_size = strlen(options.timezone);
    seg_store_close(store_open(&options), NULL);
}
END_TEST

/* ---- snapshots --------------------------------------------------------------------------- */

START_TEST(test_store__snapshot_shows_one_moment)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_snapshot *empty = snapshot_of(store);
    store_fill(store);
    seg_snapshot *full = snapshot_of(store);
    seg_snapshot_info info;
    memset(&info, 0xff, sizeof info);
    info.struct_size = sizeof info;
    CK_OK(seg_snapshot_get_info(empty, &info, &err), err);
    ck_assert_uint_eq(info.user_count, 0);
    ck_assert_uint_eq(info.event_count, 0);
    ck_assert_uint_eq(info.commit_sequence, 0);
    ck_assert_int_eq(info.time_min, 0);
    ck_assert_int_eq(info.time_max, 0);
    CK_OK(seg_snapshot_get_info(full, &info, &err), err);
    ck_assert_uint_eq(info.user_count, 5);
    ck_assert_uint_eq(info.event_count, 5);
    ck_assert_uint_eq(info.commit_sequence, 1);
    ck_assert_int_eq(info.time_min, JANUARY_1);
    ck_assert_int_eq(info.time_max, JANUARY_1 + 30 * DAY);
    ck_assert_uint_gt(info.memory_bytes, 0);
    ck_assert_uint_gt(info.part_count, 0);
    seg_snapshot_release(empty);
    seg_snapshot_release(full);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__snapshot_refuses_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    seg_snapshot *snapshot = (seg_snapshot *)&err;
    CK_FAILS(seg_snapshot_create(NULL, &snapshot, &err), SEG_E_ARG, err);
    ck_assert_ptr_null(snapshot);
    CK_FAILS(seg_snapshot_create(store, NULL, &err), SEG_E_ARG, err);
    snapshot = snapshot_of(store);
    seg_snapshot_info info;
    memset(&info, 0, sizeof info);
    CK_FAILS(seg_snapshot_get_info(snapshot, &info, &err), SEG_E_ARG, err);
    info.struct_size = sizeof info;
    info.user_count = 77;
    CK_FAILS(seg_snapshot_get_info(NULL, &info, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(info.user_count, 0);
    CK_FAILS(seg_snapshot_get_info(snapshot, NULL, &err), SEG_E_ARG, err);
    seg_snapshot_release(snapshot);
    seg_snapshot_release(NULL);
    seg_snapshot_retain(NULL);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- lifetimes --------------------------------------------------------------------------- */

enum {
    OBJECTS = 8
};

typedef struct objects {
    seg_store *store;
    seg_snapshot *snapshot;
    seg_segment *segment;
    seg_set *set;
    seg_set_cursor *cursor;
    seg_appender *appender;
    seg_value *value;
    seg_value_column *column;
} objects;

static void objects_make(objects *o)
{
    seg_error err = SEG_ERROR_INIT;
    memset(o, 0, sizeof *o);
    o->store = shop_open();
    o->snapshot = snapshot_of(o->store);
    o->segment = segment_of(o->store, "country = \"DE\"");
    CK_OK(seg_segment_evaluate(o->segment, o->snapshot, NOW, NULL, &o->set, &err), err);
    CK_OK(seg_set_cursor_create(o->set, &o->cursor, &err), err);
    CK_OK(seg_appender_create(o->store, &o->appender, &err), err);
    CK_OK(seg_appender_user(o->appender, TEXT("new"), &err), err);
    CK_OK(seg_value_compile(o->store, TEXT("country"), 0, &o->value, &err), err);
    CK_OK(seg_value_evaluate(o->value, o->set, NOW, NULL, &o->column, &err), err);
}

static void object_end(objects *o, int which)
{
    switch (which) {
    case 0: seg_store_close(o->store, NULL); break;
    case 1: seg_snapshot_release(o->snapshot); break;
    case 2: seg_segment_release(o->segment); break;
    case 3: seg_set_release(o->set); break;
    case 4: seg_set_cursor_destroy(o->cursor); break;
    case 5: seg_appender_destroy(o->appender); break;
    case 6: seg_value_release(o->value); break;
    default: seg_value_column_destroy(o->column); break;
    }
}

/* Whatever has not ended still works. */
static void objects_use(const objects *o, const bool *ended)
{
    seg_error err = SEG_ERROR_INIT;
    if (!ended[3]) {
        ck_assert_uint_eq(seg_set_count(o->set), 2);
        ck_assert_int_eq(seg_set_contains(o->set, TEXT("ben")), 1);
        check_set(o->set, "ann ben");
    }
    if (!ended[1] && !ended[2]) {
        uint64_t count = 0;
        CK_OK(seg_segment_count(o->segment, o->snapshot, NOW, NULL, &count, &err), err);
        ck_assert_uint_eq(count, 2);
    }
    if (!ended[5])
        ck_assert_uint_eq(seg_appender_row_count(o->appender), 1);
    if (!ended[7]) {
        seg_column view = SEG_COLUMN_INIT;
        uint64_t rows = 0;
        CK_OK(seg_value_column_get(o->column, &view, &rows, &err), err);
        ck_assert_uint_eq(rows, 2);
        ck_assert_mem_eq(view.values, "DEDE", 4);
    }
}

/* Each object ends first once and last once, and a walk over shuffled orders covers the rest. */
START_TEST(test_store__objects_end_in_any_order)
{
    uint32_t seed = (uint32_t)_i + 1;
    int order[OBJECTS];
    for (int i = 0; i < OBJECTS; i++)
        order[i] = (i + _i) % OBJECTS;
    for (int i = OBJECTS - 1; _i >= OBJECTS && i > 0; i--) {
        seed = seed * 1664525 + 1013904223;
        int other = (int)((seed >> 16) % (uint32_t)(i + 1));
        int swap = order[i];
        order[i] = order[other];
        order[other] = swap;
    }
    objects o;
    objects_make(&o);
    bool ended[OBJECTS] = {false};
    for (int i = 0; i < OBJECTS; i++) {
        objects_use(&o, ended);
        object_end(&o, order[i]);
        ended[order[i]] = true;
    }
}
END_TEST

START_TEST(test_store__references_are_counted)
{
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = set_of(store, snapshot, "country = \"FR\"");
    seg_segment *segment = segment_of(store, "everyone");
    seg_store_close(store, NULL);
    seg_snapshot_retain(snapshot);
    seg_snapshot_release(snapshot);
    seg_set_retain(set);
    seg_set_release(set);
    seg_segment_retain(segment);
    seg_segment_release(segment);
    seg_error err = SEG_ERROR_INIT;
    uint64_t count = 0;
    CK_OK(seg_segment_count(segment, snapshot, NOW, NULL, &count, &err), err);
    ck_assert_uint_eq(count, 5);
    check_set(set, "cat");
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_set_release(set);
}
END_TEST

/* ---- columns ----------------------------------------------------------------------------- */

START_TEST(test_store__defines_and_lists_columns)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    ck_assert_uint_eq(seg_store_column_count(store), 0);
    CK_OK(seg_store_define_attribute(store, TEXT("plan"), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_store_define_event(store, TEXT("login"), &err), err);
    CK_OK(seg_store_define_property(store, TEXT("buy"), TEXT("price"), SEG_TYPE_DECIMAL, 2, &err),
          err);
    /* Again with the same type: nothing happens. */
    CK_OK(seg_store_define_attribute(store, TEXT("plan"), SEG_TYPE_STRING, 0, &err), err);
    ck_assert_uint_eq(seg_store_column_count(store), 4);
    static const struct {
        const char *event, *name;
        seg_type type;
        int32_t scale;
    } wanted[] = {{NULL, "plan", SEG_TYPE_STRING, 0},
                  {"login", NULL, 0, 0},
                  {"buy", NULL, 0, 0},
                  {"buy", "price", SEG_TYPE_DECIMAL, 2}};
    for (uint64_t i = 0; i < 4; i++) {
        seg_column_info info;
        memset(&info, 0xff, sizeof info);
        info.struct_size = sizeof info;
        CK_OK(seg_store_column_at(store, i, &info, &err), err);
        ck_assert_int_eq(info.type, wanted[i].type);
        ck_assert_int_eq(info.scale, wanted[i].scale);
        ck_assert_uint_eq(info.flags, 0);
        ck_assert(wanted[i].event == NULL
                      ? info.event == NULL
                      : memcmp(info.event, wanted[i].event, info.event_size) == 0);
        ck_assert(wanted[i].name == NULL
                      ? info.name == NULL
                      : info.name_size == strlen(wanted[i].name) &&
                            memcmp(info.name, wanted[i].name, info.name_size) == 0);
    }
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__refuses_bad_columns)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    CK_OK(seg_store_define_attribute(store, TEXT("plan"), SEG_TYPE_STRING, 0, &err), err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("plan"), SEG_TYPE_INT64, 0, &err), SEG_E_SCHEMA,
             err);
    CK_FAILS(seg_store_define_attribute(NULL, TEXT("a"), SEG_TYPE_INT64, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, NULL, 1, SEG_TYPE_INT64, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, "", 0, SEG_TYPE_INT64, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("a"), 0, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("a"), 10, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("a"), SEG_TYPE_INT64, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("a"), SEG_TYPE_DECIMAL, 19, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("a\nb"), SEG_TYPE_INT64, 0, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_store_define_attribute(store, TEXT("\xff"), SEG_TYPE_INT64, 0, &err), SEG_E_ARG,
             err);
    CK_FAILS(
        seg_store_define_property(store, TEXT("e"), TEXT("tags"), SEG_TYPE_STRING_SET, 0, &err),
        SEG_E_ARG, err);
    CK_FAILS(seg_store_define_property(store, NULL, 0, TEXT("p"), SEG_TYPE_BOOL, 0, &err),
             SEG_E_ARG, err);
    CK_FAILS(seg_store_define_event(store, NULL, 0, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_event(NULL, TEXT("e"), &err), SEG_E_ARG, err);
    seg_column_info info;
    memset(&info, 0, sizeof info);
    info.struct_size = sizeof info;
    CK_FAILS(seg_store_column_at(store, seg_store_column_count(store), &info, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_store_column_at(store, 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_column_at(NULL, 0, &info, &err), SEG_E_ARG, err);
    ck_assert_uint_eq(seg_store_column_count(NULL), 0);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__names_have_a_limit)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    char name[SEG_NAME_SIZE_MAX + 1];
    memset(name, 'n', sizeof name);
    CK_OK(seg_store_define_attribute(store, name, SEG_NAME_SIZE_MAX, SEG_TYPE_BOOL, 0, &err), err);
    CK_FAILS(seg_store_define_attribute(store, name, sizeof name, SEG_TYPE_BOOL, 0, &err),
             SEG_E_ARG, err);
    CK_OK(seg_store_define_segment(store, name, SEG_NAME_SIZE_MAX, TEXT("everyone"), NULL, &err),
          err);
    CK_FAILS(seg_store_define_segment(store, name, sizeof name, TEXT("everyone"), NULL, &err),
             SEG_E_ARG, err);
    seg_store_close(store, NULL);
}
END_TEST

/* One rule for all names: what a file would be refused for cannot be put into it. */
START_TEST(test_store__names_have_no_control_characters)
{
    static const char *const bad[] = {"", "a\n", "\x7f", "a\xc2\x85", "\xff"};
    static const int32_t day[] = {0, 0};
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t size = strlen(bad[i]);
        CK_FAILS(seg_store_define_attribute(store, bad[i], size, SEG_TYPE_BOOL, 0, &err), SEG_E_ARG,
                 err);
        CK_FAILS(seg_store_define_segment(store, bad[i], size, TEXT("everyone"), NULL, &err),
                 SEG_E_ARG, err);
        CK_FAILS(seg_store_define_class(store, bad[i], size,
                                        TEXT("\"a\": everyone; otherwise \"b\""), NULL, &err),
                 SEG_E_ARG, err);
        CK_FAILS(seg_store_define_occasion(store, bad[i], size, day, 1, &err), SEG_E_ARG, err);
    }
    CK_OK(seg_store_define_segment(store, TEXT("a\xc2\xa0 \xc3\xa4"), TEXT("everyone"), NULL, &err),
          err);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- saved segments ---------------------------------------------------------------------- */

START_TEST(test_store__saves_and_replaces_segments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    uint64_t version = 77;
    CK_OK(
        seg_store_define_segment(store, TEXT("germans"), TEXT("country = \"DE\""), &version, &err),
        err);
    ck_assert_uint_eq(version, 1);
    define(store, "buyers", "did \"purchase\"");
    define(store, "german buyers", "in segment \"germans\" and in segment \"buyers\"");
    check_segment(store, "in segment \"german buyers\"", "ann ben");
    CK_OK(seg_store_define_segment(store, TEXT("germans"), TEXT("country in (\"DE\", \"FR\")"),
                                   &version, &err),
          err);
    ck_assert_uint_eq(version, 2);
    check_segment(store, "in segment \"germans\"", "ann ben cat");
    check_segment(store, "in segment \"german buyers\"", "ann ben");
    seg_segment *loaded = NULL;
    CK_OK(seg_segment_load(store, TEXT("germans"), &loaded, &err), err);
    seg_snapshot *snapshot = snapshot_of(store);
    uint64_t count = 0;
    CK_OK(seg_segment_count(loaded, snapshot, NOW, NULL, &count, &err), err);
    ck_assert_uint_eq(count, 3);
    seg_snapshot_release(snapshot);
    seg_segment_release(loaded);
    seg_store_close(store, NULL);
}
END_TEST

/* A compiled segment keeps what it was compiled from. */
START_TEST(test_store__compiled_segments_do_not_change)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    define(store, "chosen", "country = \"FR\"");
    seg_segment *segment = segment_of(store, "in segment \"chosen\"");
    define(store, "chosen", "country = \"ES\"");
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *set = NULL;
    CK_OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), err);
    check_set(set, "cat");
    check_segment(store, "in segment \"chosen\"", "dan");
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__refuses_circles_and_gives_the_path)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    uint64_t version = 77;
    CK_FAILS(seg_store_define_segment(store, TEXT("a"), TEXT("in segment \"a\""), &version, &err),
             SEG_E_CYCLE, err);
    ck_assert_uint_eq(version, 0);
    ck_assert_msg(strstr(err.message, "\"a\" -> \"a\"") != NULL, "%s", err.message);
    ck_assert_int_eq(err.offset, 0);
    define(store, "a", "everyone");
    define(store, "b", "in segment \"a\" and country = \"DE\"");
    define(store, "c", "not in segment \"b\"");
    CK_FAILS(seg_store_define_segment(store, TEXT("a"), TEXT("seats > 1 or in segment \"c\""),
                                      &version, &err),
             SEG_E_CYCLE, err);
    ck_assert_msg(strstr(err.message, "\"a\" -> \"c\" -> \"b\" -> \"a\"") != NULL, "%s",
                  err.message);
    ck_assert_int_eq(err.offset, 13);
    /* What was saved before is as it was. */
    check_segment(store, "in segment \"a\"", "ann ben cat dan eve");
    CK_FAILS(seg_store_define_segment(store, TEXT("a"), TEXT("in segment \"a\""), &version, &err),
             SEG_E_CYCLE, err);
    CK_FAILS(seg_store_define_segment(store, TEXT("b"), TEXT("in segment \"c\""), &version, &err),
             SEG_E_CYCLE, err);
    ck_assert_msg(strstr(err.message, "\"b\" -> \"c\" -> \"b\"") != NULL, "%s", err.message);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__refuses_bad_definitions)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    uint64_t version = 77;
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), TEXT("country ="), &version, &err),
             SEG_E_SYNTAX, err);
    ck_assert_uint_eq(version, 0);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), TEXT("contry = \"DE\""), NULL, &err),
             SEG_E_UNKNOWN_NAME, err);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), TEXT("in segment \"t\""), NULL, &err),
             SEG_E_UNKNOWN_NAME, err);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), TEXT("seats = \"DE\""), NULL, &err),
             SEG_E_TYPE, err);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), TEXT("seats = $x"), NULL, &err),
             SEG_E_BOUND, err);
    ck_assert_int_eq(err.offset, 8);
    CK_FAILS(seg_store_define_segment(store, "", 0, TEXT("everyone"), NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_segment(store, NULL, 3, TEXT("everyone"), NULL, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_store_define_segment(store, TEXT("a\tb"), TEXT("everyone"), NULL, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_store_define_segment(store, TEXT("s"), NULL, 3, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_define_segment(NULL, TEXT("s"), TEXT("everyone"), NULL, &err), SEG_E_ARG,
             err);
    seg_segment *segment = (seg_segment *)&err;
    CK_FAILS(seg_segment_load(store, TEXT("s"), &segment, &err), SEG_E_NOT_FOUND, err);
    ck_assert_ptr_null(segment);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__drops_segments_that_nobody_uses)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    define(store, "base", "everyone");
    define(store, "top", "in segment \"base\"");
    CK_FAILS(seg_store_drop_segment(store, TEXT("base"), &err), SEG_E_IN_USE, err);
    ck_assert_msg(strstr(err.message, "\"top\"") != NULL, "%s", err.message);
    CK_FAILS(seg_store_drop_segment(store, TEXT("bse"), &err), SEG_E_NOT_FOUND, err);
    CK_FAILS(seg_store_drop_segment(NULL, TEXT("base"), &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_drop_segment(store, NULL, 4, &err), SEG_E_ARG, err);
    /* A new definition lets go of what the old one used. */
    define(store, "top", "country = \"DE\"");
    CK_OK(seg_store_drop_segment(store, TEXT("base"), &err), err);
    CK_FAILS(seg_store_drop_segment(store, TEXT("base"), &err), SEG_E_NOT_FOUND, err);
    CK_OK(seg_store_drop_segment(store, TEXT("top"), &err), err);
    /* Versions begin again. */
    uint64_t version = 0;
    CK_OK(seg_store_define_segment(store, TEXT("top"), TEXT("everyone"), &version, &err), err);
    ck_assert_uint_eq(version, 1);
    seg_store_close(store, NULL);
}
END_TEST

/* The limit on nodes counts the saved segments that are used, so a definition that grows could
 * break what refers to it. */
START_TEST(test_store__a_definition_cannot_break_what_refers_to_it)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    size_t leaves = SEG_TEXT_NODES_MAX / 5;
    char *text = malloc(leaves * 16 + 16);
    ck_assert_ptr_nonnull(text);
    size_t used = 0;
    for (size_t i = 0; i < leaves; i++)
        used += (size_t)sprintf(text + used, "%sseats=%06u", i > 0 ? " or " : "", (unsigned)i);
    define(store, "part", "seats = 1");
    seg_status status = seg_store_define_segment(store, TEXT("large"), text, used, NULL, &err);
    ck_assert_msg(status == SEG_OK, "%s", err.message);
    define(store, "both", "in segment \"part\" and in segment \"large\"");
    memcpy(text, "seats=777777", 12);
    CK_FAILS(seg_store_define_segment(store, TEXT("part"), text, used, NULL, &err), SEG_E_LIMIT,
             err);
    ck_assert_msg(strstr(err.message, "\"both\"") != NULL, "%s", err.message);
    check_segment(store, "in segment \"part\"", "cat");
    free(text);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_store__keeps_many_segments_in_order)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    char name[20];
    for (int i = 0; i < 300; i++) {
        int size = snprintf(name, sizeof name, "s%d", (i * 7919) % 300);
        CK_OK(seg_store_define_segment(store, name, (size_t)size, TEXT("seats = 7"), NULL, &err),
              err);
    }
    for (int i = 0; i < 300; i += 2) {
        int size = snprintf(name, sizeof name, "s%d", i);
        CK_OK(seg_store_drop_segment(store, name, (size_t)size, &err), err);
    }
    for (int i = 0; i < 300; i++) {
        int size = snprintf(name, sizeof name, "s%d", i);
        seg_segment *segment = NULL;
        ck_assert_int_eq(seg_segment_load(store, name, (size_t)size, &segment, NULL),
                         i % 2 == 0 ? SEG_E_NOT_FOUND : SEG_OK);
        seg_segment_release(segment);
    }
    seg_store_close(store, NULL);
}
END_TEST

/* ---- version ----------------------------------------------------------------------------- */

START_TEST(test_store__tells_its_version)
{
    char wanted[40];
    snprintf(wanted, sizeof wanted, "%d.%d.%d", SEG_VERSION_MAJOR, SEG_VERSION_MINOR,
             SEG_VERSION_PATCH);
    ck_assert_str_eq(seg_version(), wanted);
    ck_assert_uint_eq(seg_abi_version(), SEG_ABI_MAJOR);
    ck_assert_str_eq(seg_status_name(SEG_E_CYCLE), "SEG_E_CYCLE");
    ck_assert_str_eq(seg_status_name(-4711), "SEG_E_UNKNOWN");
}
END_TEST

/* One seg_error serves many calls: success leaves no trace of an earlier failure. */
START_TEST(test_store__errors_are_reused)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    CK_FAILS(seg_store_drop_segment(store, TEXT("none"), &err), SEG_E_NOT_FOUND, err);
    CK_OK(seg_store_define_event(store, TEXT("login"), &err), err);
    ck_assert_int_eq(err.code, SEG_OK);
    ck_assert_str_eq(err.message, "");
    ck_assert_int_eq(err.offset, -1);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/store");
    TCase *opening = tcase_create("opening");
    tcase_add_test(opening, test_store__opens_and_closes);
    tcase_add_test(opening, test_store__refuses_bad_arguments);
    tcase_add_test(opening, test_store__refuses_bad_options);
    tcase_add_test(opening, test_store__checks_the_allocator);
    tcase_add_test(opening, test_store__knows_time_zones_of_the_system);
    tcase_add_test(opening, test_store__tells_its_version);
    tcase_add_test(opening, test_store__errors_are_reused);
    suite_add_tcase(s, opening);
    TCase *snapshots = tcase_create("snapshots");
    tcase_add_test(snapshots, test_store__snapshot_shows_one_moment);
    tcase_add_test(snapshots, test_store__snapshot_refuses_bad_arguments);
    suite_add_tcase(s, snapshots);
    TCase *lifetimes = tcase_create("lifetimes");
    tcase_add_loop_test(lifetimes, test_store__objects_end_in_any_order, 0, 40);
    tcase_add_test(lifetimes, test_store__references_are_counted);
    suite_add_tcase(s, lifetimes);
    TCase *columns = tcase_create("columns");
    tcase_add_test(columns, test_store__defines_and_lists_columns);
    tcase_add_test(columns, test_store__refuses_bad_columns);
    tcase_add_test(columns, test_store__names_have_a_limit);
    tcase_add_test(columns, test_store__names_have_no_control_characters);
    suite_add_tcase(s, columns);
    TCase *saved = tcase_create("saved segments");
    tcase_add_test(saved, test_store__saves_and_replaces_segments);
    tcase_add_test(saved, test_store__compiled_segments_do_not_change);
    tcase_add_test(saved, test_store__refuses_circles_and_gives_the_path);
    tcase_add_test(saved, test_store__refuses_bad_definitions);
    tcase_add_test(saved, test_store__drops_segments_that_nobody_uses);
    tcase_add_test(saved, test_store__a_definition_cannot_break_what_refers_to_it);
    tcase_add_test(saved, test_store__keeps_many_segments_in_order);
    suite_add_tcase(s, saved);
    return s;
}
