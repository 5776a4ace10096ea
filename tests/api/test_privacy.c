/* api/test_privacy.c - erasing customers and letting events expire: what remains, what is told,
 * and what older snapshots and sets still say (S-12, S-18, S-37). In memory and in a file. */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "api/api_fixture.h"
#include "support/mem_fault.h"

/* ---- helpers ------------------------------------------------------------------------------- */

/* Ids as "ann ben" for one call. */
static seg_erase_receipt erase(seg_store *store, const char *ids, uint32_t flags)
{
    seg_error err = SEG_ERROR_INIT;
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    seg_erase_receipt receipt = {.struct_size = (uint32_t)sizeof receipt};
    char bytes[200];
    uint64_t offsets[32] = {0}, count = 0, size = 0;
    for (const char *at = ids; *at != '\0'; at++) {
        if (*at != ' ')
            bytes[size++] = *at;
        else
            offsets[++count] = size;
    }
    offsets[++count] = size;
    options.flags = flags;
    CK_OK(seg_store_erase_users(store, bytes, offsets, count, &options, &receipt, &err), err);
    return receipt;
}

static seg_expire_report expire(seg_store *store, int64_t now)
{
    seg_error err = SEG_ERROR_INIT;
    seg_expire_report report = {.struct_size = (uint32_t)sizeof report};
    CK_OK(seg_store_expire(store, now, &report, &err), err);
    return report;
}

static void keep(seg_store *store, const char *event, uint64_t us)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_set_retention(store, event, event ? strlen(event) : 0, us, &err), err);
}

static seg_snapshot_info info_of(const seg_snapshot *snapshot)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    CK_OK(seg_snapshot_get_info(snapshot, &info, &err), err);
    return info;
}

static void buy(seg_store *store, const char *user, int day, int64_t cents)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_purchase(appender, user, day, cents);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
}

/* ---- erasing -------------------------------------------------------------------------------- */

START_TEST(test_privacy__an_erased_customer_is_in_no_answer)
{
    seg_store *store = shop_open();
    seg_erase_receipt receipt = erase(store, "ann nobody ann", 0);
    ck_assert_uint_eq(receipt.users_erased, 1);
    ck_assert_uint_eq(receipt.ids_unknown, 1);
    ck_assert_uint_eq(receipt.ids_refused, 0);
    ck_assert_uint_eq(receipt.events_removed, 3);
    ck_assert_uint_eq(receipt.values_removed, 2);
    ck_assert_uint_eq(receipt.strings_removed, 0); /* ben is from DE as well */
    ck_assert_uint_eq(receipt.parts_rewritten, 3); /* one per time bucket */
    ck_assert_uint_eq(receipt.views_open, 0);
    check_segment(store, "everyone", "ben cat dan eve");
    check_segment(store, "not (country = \"FR\")", "ben dan eve");
    check_segment(store, "did \"purchase\"", "ben eve");
    check_segment(store, "count of \"purchase\" = 0", "cat dan");
    check_segment(store, "country = \"DE\"", "ben");
    seg_snapshot *snapshot = snapshot_of(store);
    seg_snapshot_info info = info_of(snapshot);
    ck_assert_uint_eq(info.user_count, 4);
    ck_assert_uint_eq(info.event_count, 2);
    ck_assert_int_eq(info.time_min, JANUARY_1 + 20 * DAY);
    ck_assert_uint_eq(info.commit_sequence, receipt.commit_sequence);
    seg_set *all = NULL, *none = NULL;
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_set_everyone(snapshot, &all, &err), err);
    check_set(all, "ben cat dan eve");
    ck_assert_uint_eq(seg_set_count(all), 4);
    ck_assert_int_eq(seg_set_contains(all, TEXT("ann")), 0);
    CK_OK(seg_set_complement(all, &none, &err), err);
    ck_assert_uint_eq(seg_set_count(none), 0);
    seg_set_release(none);
    seg_set_release(all);
    seg_snapshot_release(snapshot);
    /* Germany goes with its last customer. */
    ck_assert_uint_eq(erase(store, "ben", 0).strings_removed, 1);
    check_segment(store, "country = \"DE\"", "");
    check_segment(store, "country starts with \"\"", "cat dan");
    CK_OK(seg_store_close(store, &err), err);
}
END_TEST

START_TEST(test_privacy__an_id_that_comes_again_is_someone_new)
{
    seg_store *store = shop_open();
    erase(store, "ann", 0);
    buy(store, "ann", 5, 100);
    check_segment(store, "everyone", "ben cat dan eve ann"); /* the last that was seen */
    check_segment(store, "count of \"purchase\" = 1", "ben eve ann");
    check_segment(store, "country is absent", "eve ann");
    ck_assert_uint_eq(erase(store, "ann", 0).users_erased, 1);
    check_segment(store, "everyone", "ben cat dan eve");
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__a_refused_id_is_left_out_and_counted)
{
    seg_store *store = shop_open();
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_appender *appender = NULL;
    seg_erase_receipt receipt = erase(store, "ann stranger", SEG_ERASE_REFUSE);
    ck_assert_uint_eq(receipt.ids_refused, 2);
    ck_assert_uint_eq(receipt.ids_unknown, 1);
    ck_assert_uint_eq(erase(store, "ann", SEG_ERASE_REFUSE).ids_refused, 0);
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_purchase(appender, "ann", 1, 100);
    add_purchase(appender, "ben", 2, 100);
    add_user(appender, "stranger", "IT", 2);
    CK_OK(seg_appender_commit(appender, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 1);
    ck_assert_uint_eq(report.rows_refused, 2);
    ck_assert_uint_eq(report.rows_rejected, 0);
    ck_assert_uint_eq(report.users_added, 0);
    seg_appender_destroy(appender);
    check_segment(store, "everyone", "ben cat dan eve");
    check_segment(store, "country = \"IT\"", "");

    int64_t times[2] = {JANUARY_1, JANUARY_1};
    uint64_t offsets[3] = {0, 3, 6};
    uint8_t results[2] = {9, 9};
    seg_batch batch = SEG_BATCH_INIT;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    batch.row_count = 2;
    batch.user_bytes = "annzoe";
    batch.user_offsets = offsets;
    batch.times = times;
    batch.event = "login";
    batch.event_size = 5;
    options.flags = SEG_COMMIT_QUARANTINE;
    options.row_results = results;
    options.row_results_count = 2;
    CK_OK(seg_store_commit(store, &batch, 1, &options, &report, &err), err);
    ck_assert_uint_eq(report.rows_refused, 1);
    ck_assert_uint_eq(results[0], SEG_ROW_REFUSED);
    ck_assert_uint_eq(results[1], SEG_ROW_OK);
    ck_assert_uint_eq(report.rejected_row, UINT64_MAX);
    check_segment(store, "did login", "zoe");
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__event_ids_of_the_erased_are_forgotten)
{
    seg_store *store = store_open(NULL);
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int round = 0; round < 3; round++) {
        add_purchase(appender, "ann", 1, 100);
        CK_OK(seg_appender_set_event_id(appender, TEXT("order 1"), &err), err);
        add_purchase(appender, "ben", 1, 100);
        CK_OK(seg_appender_set_event_id(appender, TEXT("order 2"), &err), err);
        CK_OK(seg_appender_commit(appender, NULL, &report, &err), err);
        ck_assert_uint_eq(report.rows_duplicate, round == 0 ? 0 : round == 1 ? 2 : 1);
        if (round == 1) {
            ck_assert_uint_eq(erase(store, "ann", 0).event_ids_removed, 1);
            ck_assert_uint_eq(erase(store, "ann", 0).event_ids_removed, 0);
        }
    }
    seg_appender_destroy(appender);
    check_segment(store, "count of \"purchase\" = 1", "ben ann");
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__older_sets_keep_the_place_but_not_the_id)
{
    seg_store *store = shop_open();
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *before = snapshot_of(store);
    seg_set *set = set_of(store, before, "country = \"DE\"");
    seg_membership *membership = NULL;
    const seg_set *sets[] = {set};
    uint64_t word = 0;
    CK_OK(seg_membership_create(sets, 1, &membership, &err), err);
    ck_assert_int_eq(seg_membership_get(membership, TEXT("ann"), &word), 1);
    seg_erase_receipt receipt = erase(store, "ann", 0);
    ck_assert_uint_eq(receipt.views_open, 1);
    ck_assert_uint_eq(seg_store_views_open(store), 1);
    ck_assert_uint_eq(seg_set_count(set), 2);
    ck_assert_int_eq(seg_set_contains(set, TEXT("ann")), 0);
    ck_assert_int_eq(seg_set_contains(set, TEXT("ben")), 1);
    ck_assert_int_eq(seg_membership_get(membership, TEXT("ann"), &word), 0);
    ck_assert_uint_eq(word, 0);
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[9], count = 0;
    const char *bytes = NULL;
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    CK_OK(seg_set_cursor_next(cursor, 8, offsets, &bytes, &count, &err), err);
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_eq(offsets[1] - offsets[0], 0);
    ck_assert_uint_eq(offsets[2] - offsets[1], 3);
    ck_assert_mem_eq(bytes, "ben", 3);
    seg_set_cursor_destroy(cursor);
    /* Whoever comes back is not whom the set meant. */
    buy(store, "ann", 5, 100);
    ck_assert_int_eq(seg_set_contains(set, TEXT("ann")), 0);
    /* The older snapshot still answers as it did, but for ids. */
    seg_set *again = set_of(store, before, "country = \"DE\"");
    ck_assert_int_eq(seg_set_equals(set, again), 1);
    seg_set_release(again);
    seg_snapshot *after = snapshot_of(store);
    seg_set *all = NULL, *both = NULL;
    CK_OK(seg_set_everyone(after, &all, &err), err);
    CK_OK(seg_set_combine(SEG_SET_AND, all, set, &both, &err), err);
    check_set(both, "ben");
    seg_set_release(both);
    seg_set_release(all);
    seg_snapshot_release(after);
    seg_membership_destroy(membership);
    seg_snapshot_release(before);
    ck_assert_uint_eq(seg_store_views_open(store), 1);
    seg_set_release(set);
    ck_assert_uint_eq(seg_store_views_open(store), 0);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__stores_of_numbers)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_error err = SEG_ERROR_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = store_open(&options);
    seg_appender *appender = NULL;
    seg_erase_receipt receipt = {.struct_size = (uint32_t)sizeof receipt};
    uint64_t ids[200], back[200], count = 0;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (uint64_t i = 0; i < 200; i++) {
        ids[i] = i * i * 977 + 1;
        CK_OK(seg_appender_user_u64(appender, ids[i], &err), err);
        CK_OK(seg_appender_set_int64(appender, TEXT("seats"), (int64_t)i, &err), err);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    seg_snapshot *before = snapshot_of(store);
    seg_set *set = set_of(store, before, "seats >= 100");
    CK_OK(seg_store_erase_users_u64(store, ids, 150, NULL, &receipt, &err), err);
    ck_assert_uint_eq(receipt.users_erased, 150);
    ck_assert_uint_eq(receipt.values_removed, 150);
    seg_set_cursor *cursor = NULL;
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    CK_OK(seg_set_cursor_next_u64(cursor, 200, back, &count, &err), err);
    ck_assert_uint_eq(count, 100);
    for (uint64_t i = 0; i < 100; i++)
        ck_assert_uint_eq(back[i], i < 50 ? UINT64_MAX : ids[100 + i]);
    seg_set_cursor_destroy(cursor);
    ck_assert_int_eq(seg_set_contains_u64(set, ids[120]), 0);
    ck_assert_int_eq(seg_set_contains_u64(set, ids[160]), 1);
    ck_assert_int_eq(seg_set_contains_u64(set, UINT64_MAX), 0);
    seg_buffer *bytes = NULL;
    seg_set *read = NULL;
    uint64_t unknown = 9;
    CK_OK(seg_set_to_roaring(set, SEG_ROARING_IDS, &bytes, &err), err);
    CK_OK(seg_set_from_roaring(before, SEG_ROARING_IDS, seg_buffer_data(bytes),
                               seg_buffer_size(bytes), &read, &unknown, &err),
          err);
    ck_assert_uint_eq(seg_set_count(read), 50);
    ck_assert_uint_eq(unknown, 0);
    seg_set_release(read);
    seg_buffer_destroy(bytes);
    seg_set_release(set);
    seg_snapshot_release(before);
    CK_FAILS(seg_store_erase_users(store, "a", (uint64_t[]){0, 1}, 1, NULL, NULL, &err), SEG_E_ARG,
             err);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

/* ---- retention ------------------------------------------------------------------------------ */

START_TEST(test_privacy__events_expire_at_the_edge_of_their_window)
{
    seg_store *store = shop_open();
    keep(store, "purchase", 21 * (uint64_t)DAY);
    seg_snapshot *before = snapshot_of(store);
    seg_set *ever = set_of(store, before, "did \"purchase\"");
    /* S-01: `in last 21 days` is open below, so the event at now - 21 days goes. */
    seg_expire_report report = expire(store, NOW);
    ck_assert_uint_eq(report.events_removed, 2);
    ck_assert_uint_eq(report.parts_rewritten, 2);
    ck_assert_uint_eq(report.views_open, 1);
    check_segment(store, "count of \"purchase\" = 1", "ann ben eve");
    check_segment(store, "did \"purchase\" in last 21 days", "ann ben eve");
    ck_assert_uint_eq(expire(store, NOW).events_removed, 0);
    ck_assert_uint_eq(expire(store, NOW - DAY).events_removed, 0);
    ck_assert_uint_eq(expire(store, NOW + 10 * DAY).events_removed, 1);
    check_segment(store, "did \"purchase\"", "ann eve");
    /* Customers stay, with and without events. */
    ck_assert_uint_eq(expire(store, SEG_TIME_MAX).events_removed, 2);
    check_segment(store, "did \"purchase\"", "");
    check_segment(store, "everyone", "ann ben cat dan eve");
    /* What was seen before is seen still. */
    check_set(ever, "ann ben eve");
    seg_set *again = set_of(store, before, "sum(amount) of \"purchase\" >= 100");
    check_set(again, "ben");
    seg_set_release(again);
    seg_set_release(ever);
    seg_snapshot_release(before);
    ck_assert_uint_eq(seg_store_views_open(store), 0);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__the_first_outlives_its_event)
{
    seg_store *store = shop_open();
    keep(store, NULL, 15 * (uint64_t)DAY);
    ck_assert_uint_eq(expire(store, NOW).events_removed, 2); /* days 0 and 10, of ann */
    /* S-18: ann's first purchase was on day 0, though the first one left is on day 30. */
    check_segment(store, "first \"purchase\" in last 15 days", "ben eve");
    check_segment(store, "first \"purchase\" older than 30 days", "ann");
    check_segment(store, "first(@time) of \"purchase\" < 2026-01-02T00:00:00Z", "ann");
    check_segment(store, "first(amount) of \"purchase\" > 0", "ben eve");
    check_segment(store, "first \"purchase\" where (amount > 0) in last 15 days", "ann ben eve");
    check_segment(store, "did \"purchase\" within 30 days after first \"purchase\"", "ann");
    check_segment(store, "nth(1) \"purchase\" in last 15 days", "ann ben eve");
    check_segment(store, "count of \"purchase\" = 1", "ann ben eve");
    /* Older events still come: they count until the next call, and may be the first. */
    buy(store, "ben", -100, 500);
    check_segment(store, "first(amount) of \"purchase\" = 5", "ben");
    check_segment(store, "first \"purchase\" older than 100 days", "ben");
    ck_assert_uint_eq(expire(store, NOW).events_removed, 1);
    check_segment(store, "first \"purchase\" older than 100 days", "ben");
    check_segment(store, "first(amount) of \"purchase\" > 0", "eve");
    /* Erased with the rest. */
    erase(store, "ben", 0);
    check_segment(store, "first \"purchase\" older than 1 days", "ann eve");
    erase(store, "ann eve", 0);
    check_segment(store, "first \"purchase\" in last 1000 days", "");
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

/* S-18: so many rows that weekdays are looked up in a table of times, and first events that are
 * older than all that is left. 2026-01-01 was a Thursday, the 31st a Saturday. */
START_TEST(test_privacy__weekdays_of_first_events_that_have_gone)
{
    enum {
        USERS = 2000
    };
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int i = 0; i < USERS; i++) {
        char id[16];
        snprintf(id, sizeof id, "u%d", i);
        add_purchase(appender, id, 0, 100);
        add_purchase(appender, id, 30, 100);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    keep(store, NULL, 15 * (uint64_t)DAY);
    ck_assert_uint_gt(expire(store, NOW).events_removed, USERS - 1);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_set *thursday =
        set_of(store, snapshot, "first \"purchase\" where (@weekday = \"thu\") in last 1000 days");
    seg_set *saturday =
        set_of(store, snapshot, "first \"purchase\" where (@weekday = \"sat\") in last 1000 days");
    ck_assert_uint_eq(seg_set_count(thursday), USERS + 1); /* and ann */
    ck_assert_uint_eq(seg_set_count(saturday), USERS + 1); /* the first of that test */
    seg_set_release(thursday);
    seg_set_release(saturday);
    seg_snapshot_release(snapshot);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__rules_of_types_and_of_all)
{
    seg_store *store = shop_open();
    seg_error err = SEG_ERROR_INIT;
    uint64_t us = 7;
    CK_OK(seg_store_get_retention(store, TEXT("purchase"), &us, &err), err);
    ck_assert_uint_eq(us, SEG_KEEP_FOREVER);
    ck_assert_uint_eq(expire(store, SEG_TIME_MAX).events_removed, 0);
    keep(store, NULL, 10);
    keep(store, "purchase", SEG_KEEP_FOREVER);
    keep(store, "later", 30);
    ck_assert_uint_eq(expire(store, SEG_TIME_MAX).events_removed, 0);
    CK_OK(seg_store_get_retention(store, TEXT("later"), &us, &err), err);
    ck_assert_uint_eq(us, 30);
    keep(store, "later", SEG_KEEP_USUAL);
    CK_OK(seg_store_get_retention(store, TEXT("later"), &us, &err), err);
    ck_assert_uint_eq(us, 10);
    CK_FAILS(seg_store_get_retention(store, TEXT("never"), &us, &err), SEG_E_NOT_FOUND, err);
    keep(store, NULL, SEG_KEEP_USUAL);
    CK_OK(seg_store_get_retention(store, NULL, 0, &us, &err), err);
    ck_assert_uint_eq(us, SEG_KEEP_FOREVER);
    /* More than there is time. */
    keep(store, "purchase", SEG_KEEP_FOREVER - 1);
    ck_assert_uint_eq(expire(store, SEG_TIME_MAX).events_removed, 0);
    CK_FAILS(seg_store_expire(store, SEG_TIME_MAX + 1, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_expire(NULL, 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_set_retention(store, TEXT(""), 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_set_retention(store, NULL, 3, 1, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_erase_users(store, NULL, NULL, 1, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_store_erase_users_u64(store, &us, 1, NULL, NULL, &err), SEG_E_ARG, err);
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    options.flags = 2;
    CK_FAILS(seg_store_erase_users(store, "a", (uint64_t[]){0, 1}, 1, &options, NULL, &err),
             SEG_E_ARG, err);
    CK_OK(seg_store_erase_users(store, NULL, NULL, 0, NULL, NULL, &err), err);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

/* ---- memory --------------------------------------------------------------------------------- */

/* What a store answers, as one text. */
static void fingerprint(seg_store *store, char *out, size_t capacity)
{
    static const char *const asked[] = {"everyone",
                                        "did \"purchase\"",
                                        "country = \"DE\"",
                                        "count of \"purchase\" >= 2",
                                        "first \"purchase\" in last 25 days",
                                        "first(amount) of \"purchase\" > 0"};
    size_t used = 0;
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++) {
        char ids[200];
        seg_snapshot *snapshot = snapshot_of(store);
        seg_set *set = set_of(store, snapshot, asked[i]);
        set_ids(set, ids, sizeof ids);
        used += (size_t)snprintf(out + used, capacity - used, "%s: %s; ", asked[i], ids);
        seg_set_release(set);
        seg_snapshot_release(snapshot);
    }
}

/* Run `removal` with the nth allocation failing, for every n: done, or as before. */
static void walk(seg_status (*removal)(seg_store *, seg_error *))
{
    char before[1000], wanted[1000], after[1000];
    seg_status status = SEG_E_NOMEM;
    for (uint64_t n = 1; status != SEG_OK; n++) {
        mem_fault fault;
        mem_fault_init(&fault);
        seg_store_options options = SEG_STORE_OPTIONS_INIT;
        seg_error err = SEG_ERROR_INIT;
        options.allocator = mem_fault_allocator(&fault);
        options.threads_max = 1;
        seg_store *store = store_open(&options);
        store_fill(store);
        keep(store, NULL, 15 * (uint64_t)DAY);
        /* Half of the walks meet rows that are sealed already. */
        if (n % 2 == 0 || n == 1)
            fingerprint(store, before, sizeof before);
        mem_fault_fail_once(&fault, n);
        status = removal(store, &err);
        bool failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        ck_assert(status == SEG_OK || (failed && status == SEG_E_NOMEM));
        fingerprint(store, after, sizeof after);
        if (status == SEG_OK)
            memcpy(wanted, after, sizeof wanted);
        else
            ck_assert_str_eq(after, before);
        CK_OK(removal(store, &err), err);
        if (status != SEG_OK)
            ck_assert_uint_eq(seg_store_views_open(store), 0);
        fingerprint(store, after, sizeof after);
        ck_assert_str_ne(after, before);
        ck_assert(status != SEG_OK || strcmp(after, wanted) == 0);
        ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
        ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
    }
}

static seg_status walk_erase(seg_store *store, seg_error *err)
{
    static const uint64_t offsets[] = {0, 3, 6, 9};
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    options.flags = SEG_ERASE_REFUSE;
    return seg_store_erase_users(store, "annevebob", offsets, 3, &options, NULL, err);
}

static seg_status walk_expire(seg_store *store, seg_error *err)
{
    return seg_store_expire(store, NOW, NULL, err);
}

START_TEST(test_privacy__short_memory_leaves_it_done_or_not_begun)
{
    walk(walk_erase);
    walk(walk_expire);
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------- */

typedef struct traffic {
    seg_store *store;
    atomic_bool stop;
    atomic_uint_fast64_t rounds;
} traffic;

/* Readers look at whatever there is: every id that is given is one of the shop's. */
static void *traffic_read(void *context)
{
    traffic *t = context;
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = segment_of(t->store, "country = \"DE\" or first \"purchase\" in last "
                                                "25 days or did \"purchase\"");
    while (!atomic_load(&t->stop)) {
        seg_snapshot *snapshot = snapshot_of(t->store);
        for (int i = 0; i < 3; i++) {
            seg_set *set = NULL;
            char ids[400];
            CK_OK(seg_segment_evaluate(segment, snapshot, NOW, NULL, &set, &err), err);
            set_ids(set, ids, sizeof ids);
            (void)seg_set_contains(set, TEXT("ann"));
            for (const char *id = strtok(ids, " "); id != NULL; id = strtok(NULL, " "))
                ck_assert_uint_eq(strlen(id), 3);
            seg_set_release(set);
        }
        seg_snapshot_release(snapshot);
        atomic_fetch_add(&t->rounds, 1);
    }
    seg_segment_release(segment);
    return NULL;
}

START_TEST(test_privacy__readers_go_on_while_customers_are_erased)
{
    traffic t = {.store = shop_open()};
    pthread_t thread;
    keep(t.store, NULL, 15 * (uint64_t)DAY);
    ck_assert_int_eq(pthread_create(&thread, NULL, traffic_read, &t), 0);
    for (int i = 0; i < 150 || atomic_load(&t.rounds) < 20; i++) {
        erase(t.store, i % 2 == 0 ? "ann eve" : "ben cat dan", 0);
        store_fill(t.store);
        if (i % 5 == 0)
            expire(t.store, NOW);
    }
    atomic_store(&t.stop, true);
    pthread_join(thread, NULL);
    ck_assert_uint_eq(seg_store_views_open(t.store), 0);
    check_segment(t.store, "country = \"FR\"", "cat");
    ck_assert_int_eq(seg_store_close(t.store, NULL), SEG_OK);
}
END_TEST

/* ---- in a file ------------------------------------------------------------------------------ */

static char folder[200], file[216], file_log[224];

static void file_setup(void)
{
    const char *base = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/seg-privacy-XXXXXX", base != NULL ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/a.seg", folder);
    snprintf(file_log, sizeof file_log, "%s-wal", file);
    store_path = file;
}

static void file_teardown(void)
{
    unlink(file);
    unlink(file_log);
    ck_assert_int_eq(rmdir(folder), 0);
    store_path = NULL;
}

static seg_store *open_again(seg_store *store)
{
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    return store_open(NULL);
}

START_TEST(test_privacy__a_file_remembers_what_is_refused_and_kept)
{
    seg_store *store = shop_open();
    seg_error err = SEG_ERROR_INIT;
    uint64_t keep_us = 0;
    erase(store, "ann stranger", SEG_ERASE_REFUSE);
    keep(store, NULL, 40 * (uint64_t)DAY);
    keep(store, "purchase", 15 * (uint64_t)DAY);
    keep(store, "visit", SEG_KEEP_FOREVER);
    ck_assert_uint_eq(expire(store, NOW).events_removed, 0);
    for (int round = 0; round < 3; round++) {
        store = open_again(store);
        CK_OK(seg_store_get_retention(store, NULL, 0, &keep_us, &err), err);
        ck_assert_uint_eq(keep_us, 40 * (uint64_t)DAY);
        CK_OK(seg_store_get_retention(store, TEXT("purchase"), &keep_us, &err), err);
        ck_assert_uint_eq(keep_us, 15 * (uint64_t)DAY);
        CK_OK(seg_store_get_retention(store, TEXT("visit"), &keep_us, &err), err);
        ck_assert_uint_eq(keep_us, SEG_KEEP_FOREVER);
        buy(store, "ann", 5, 100);
        buy(store, "stranger", 5, 100);
        check_segment(store, "everyone", "ben cat dan eve");
        if (round == 0)
            ck_assert_uint_eq(expire(store, JANUARY_1 + 36 * DAY).events_removed, 1);
        check_segment(store, "did \"purchase\"", "eve");
        check_segment(store, "first \"purchase\" in last 25 days", "ben eve");
        ck_assert_uint_eq(expire(store, NOW).events_removed, 0);
    }
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

START_TEST(test_privacy__a_repeated_report_counts_what_was_refused)
{
    seg_store *store = shop_open();
    seg_error err = SEG_ERROR_INIT;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_appender *appender = NULL;
    erase(store, "ann", SEG_ERASE_REFUSE);
    options.token = "t";
    options.token_size = 1;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_purchase(appender, "ann", 1, 100);
    add_purchase(appender, "ben", 2, 100);
    CK_OK(seg_appender_commit(appender, &options, &report, &err), err);
    ck_assert_uint_eq(report.rows_refused, 1);
    seg_appender_destroy(appender);
    store = open_again(store);
    CK_OK(seg_appender_create(store, &appender, &err), err);
    add_purchase(appender, "ben", 2, 100);
    CK_OK(seg_appender_commit(appender, &options, &report, &err), err);
    ck_assert_uint_eq(report.flags, SEG_COMMIT_REPEATED);
    ck_assert_uint_eq(report.rows_refused, 1);
    seg_appender_destroy(appender);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
}
END_TEST

static void add_themes(Suite *s, bool in_file)
{
    TCase *erasing = tcase_create(in_file ? "erasing in a file" : "erasing");
    TCase *retention = tcase_create(in_file ? "retention in a file" : "retention");
    TCase *hardship = tcase_create(in_file ? "hardship in a file" : "hardship");
    TCase *const all[] = {erasing, retention, hardship};
    tcase_set_timeout(hardship, 60);
    for (size_t i = 0; i < 3; i++) {
        if (in_file)
            tcase_add_checked_fixture(all[i], file_setup, file_teardown);
        suite_add_tcase(s, all[i]);
    }
    tcase_add_test(erasing, test_privacy__an_erased_customer_is_in_no_answer);
    tcase_add_test(erasing, test_privacy__an_id_that_comes_again_is_someone_new);
    tcase_add_test(erasing, test_privacy__a_refused_id_is_left_out_and_counted);
    tcase_add_test(erasing, test_privacy__event_ids_of_the_erased_are_forgotten);
    tcase_add_test(erasing, test_privacy__older_sets_keep_the_place_but_not_the_id);
    tcase_add_test(erasing, test_privacy__stores_of_numbers);
    tcase_add_test(retention, test_privacy__events_expire_at_the_edge_of_their_window);
    tcase_add_test(retention, test_privacy__the_first_outlives_its_event);
    tcase_add_test(retention, test_privacy__weekdays_of_first_events_that_have_gone);
    tcase_add_test(retention, test_privacy__rules_of_types_and_of_all);
    tcase_add_test(hardship, test_privacy__readers_go_on_while_customers_are_erased);
    if (!in_file)
        tcase_add_test(hardship, test_privacy__short_memory_leaves_it_done_or_not_begun);
    if (!in_file)
        return;
    tcase_add_test(erasing, test_privacy__a_file_remembers_what_is_refused_and_kept);
    tcase_add_test(erasing, test_privacy__a_repeated_report_counts_what_was_refused);
}

Suite *suite(void)
{
    Suite *s = suite_create("api/privacy");
    add_themes(s, false);
    add_themes(s, true);
    return s;
}
