/* test_semantics_history.c - the edges of the contract for what attributes were: S-39, and what
 * S-01, S-02, S-09, S-12 and S-13 say of them. As test_semantics.c. */
#include "support/check_main.h"
#include "support/shop.h"

#include <string.h>

#define NOW "2026-03-31T12:00:00Z"
#define DAY INT64_C(86400000000)

static shop with_plans(void)
{
    shop s = shop_open("UTC");
    shop_history(&s, "plan=''");
    return s;
}

/* ---- what holds at an instant ---- */

START_TEST(test_semantics__s39_the_value_is_that_of_now)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=free");
    shop_since(&s, "ann", "2026-02-01T00:00:00Z", "plan=pro");
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=null");
    int64_t january = shop_time("2026-01-01"), february = shop_time("2026-02-01"),
            march = shop_time("2026-03-01");
    shop_ask_at(&s, january, "plan = \"free\"", "ann");
    shop_ask_at(&s, february - 1, "plan = \"free\"", "ann");
    shop_ask_at(&s, february, "plan = \"free\"", "");
    shop_ask_at(&s, february, "plan = \"pro\"", "ann");
    shop_ask_at(&s, march - 1, "plan in (\"pro\", \"team\")", "ann");
    shop_ask_at(&s, march, "plan is null", "ann");
    shop_ask_at(&s, march, "plan is absent or plan is set", "");
    shop_ask_at(&s, march, "plan != \"pro\"", "");
    shop_ask_at(&s, march, "not plan = \"pro\"", "ann");
    shop_value(&s, "2026-02-10", "plan", "pro");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s12_values_bring_their_users_at_their_time)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-02-01T00:00:00Z", "plan=free");
    shop_since(&s, "ben", "2026-02-02T00:00:00Z", "age=3");
    shop_user(&s, "cat", "age=4");
    shop_ask_at(&s, shop_time("2026-02-01") - 1, "everyone", "cat");
    shop_ask_at(&s, shop_time("2026-02-01"), "everyone", "ann cat");
    shop_ask_at(&s, shop_time("2026-02-02"), "everyone", "ann ben cat");
    /* What has no history is as it was given last, whenever it is asked for. */
    shop_ask_at(&s, shop_time("2026-02-02"), "age = 3", "ben");
    shop_ask_at(&s, shop_time("2026-02-02"), "plan is absent", "ben cat");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s09_late_values_take_their_place)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=pro");
    shop_ask(&s, NOW, "plan = \"pro\" and plan as of 2026-02-15 is absent", "ann");
    shop_since(&s, "ann", "2026-02-01T00:00:00Z", "plan=free"); /* late */
    shop_ask(&s, NOW, "plan = \"pro\"", "ann");
    shop_ask(&s, NOW, "plan as of 2026-02-15 = \"free\"", "ann");
    shop_ask(&s, NOW, "plan changed from \"free\" to \"pro\"", "ann");
    shop_since(&s, "ann", "2026-06-01T00:00:00Z", "plan=team"); /* of the future */
    shop_ask(&s, NOW, "plan = \"pro\"", "ann");
    shop_ask(&s, "2026-06-01", "plan = \"team\"", "ann");
    /* Of one instant the last one counts: a value is corrected by giving it again. */
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=free");
    shop_ask(&s, NOW, "plan = \"free\"", "ann");
    shop_ask(&s, NOW, "plan changed", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s39_as_of)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-02-01T10:00:00Z", "plan=free");
    shop_since(&s, "ann", "2026-02-03T10:00:00Z", "plan=pro");
    /* A day is meant to its end, an instant is in. */
    shop_ask(&s, NOW, "plan as of 2026-01-31 is absent", "ann");
    shop_ask(&s, NOW, "plan as of 2026-02-01 = \"free\"", "ann");
    shop_ask(&s, NOW, "plan as of 2026-02-03 = \"pro\"", "ann");
    shop_ask(&s, NOW, "plan as of 2026-02-03T10:00:00Z = \"pro\"", "ann");
    shop_ask(&s, NOW, "plan as of 2026-02-03T09:59:59Z = \"free\"", "ann");
    int64_t day = shop_time("2026-03-05T10:00:00");
    shop_ask_at(&s, day, "plan as of 30 days ago = \"pro\"", "ann");
    shop_ask_at(&s, day - 1, "plan as of 30 days ago = \"pro\"", "");
    shop_ask_at(&s, day - 1, "plan as of 30 days ago = \"free\"", "ann");
    /* Nothing is known of the time after now. */
    shop_ask(&s, "2026-02-02", "plan as of 2026-02-28 = \"free\"", "ann");
    shop_ask(&s, NOW, "plan != plan as of 2026-02-01", "ann");
    shop_close(&s);
}
END_TEST

/* ---- for how long ---- */

START_TEST(test_semantics__s02_has_been_for)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=free");
    int64_t since = shop_time("2026-01-01");
    const char *text = "plan has been \"free\" for 30 days";
    shop_ask_at(&s, since + 30 * DAY - 1, text, "");
    shop_ask_at(&s, since + 30 * DAY, text, "ann");
    /* The same again interrupts nothing, anything else does. */
    shop_since(&s, "ann", "2026-01-20T00:00:00Z", "plan=free");
    shop_ask_at(&s, since + 30 * DAY, text, "ann");
    shop_since(&s, "ann", "2026-01-10T00:00:00Z", "plan=pro");
    shop_since(&s, "ann", "2026-01-10T00:00:01Z", "plan=free");
    shop_ask_at(&s, since + 30 * DAY, text, "");
    shop_ask_at(&s, shop_time("2026-02-09T00:00:01"), text, "ann");
    /* Null is a value too. */
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=null");
    shop_ask_at(&s, shop_time("2026-03-31") - 1, "plan has been null for 30 days", "");
    shop_ask_at(&s, shop_time("2026-03-31"), "plan has been null for 30 days", "ann");
    shop_ask_at(&s, shop_time("2026-03-31"), text, "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s39_unknown_before_the_first_value)
{
    shop s = with_plans();
    shop_user(&s, "ben", "age=1");
    shop_since(&s, "ann", "2026-03-20T00:00:00Z", "plan=free");
    shop_ask(&s, NOW, "plan has been \"free\" for 30 days", "");
    shop_ask(&s, NOW, "plan has been \"free\" for 11 days", "ann");
    shop_ask(&s, NOW, "plan has been null for 1 second", "");
    shop_ask(&s, NOW, "not plan has been \"free\" for 30 days", "ann ben");
    /* And the first value is no change. */
    shop_ask(&s, NOW, "plan changed", "");
    shop_ask(&s, NOW, "plan changed to \"free\"", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s06_has_been_for_months)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-02-28T12:00:00Z", "plan=free");
    shop_ask(&s, "2026-03-31T11:59:59Z", "plan has been \"free\" for 1 month", "");
    shop_ask(&s, "2026-03-31T12:00:00Z", "plan has been \"free\" for 1 month", "ann");
    shop_close(&s);
}
END_TEST

/* ---- changes ---- */

START_TEST(test_semantics__s02_changed)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "ann", "2026-03-01T12:00:00Z", "plan=free");
    shop_since(&s, "ben", "2026-01-01T00:00:00Z", "plan=free");
    shop_since(&s, "ben", "2026-03-01T12:00:00Z", "plan=free");
    int64_t change = shop_time("2026-03-01T12:00:00");
    const char *text = "plan changed from \"pro\" to \"free\" in last 30 days";
    shop_ask_at(&s, change - 1, text, "");
    shop_ask_at(&s, change, text, "ann");
    shop_ask_at(&s, change + 30 * DAY - 1, text, "ann");
    shop_ask_at(&s, change + 30 * DAY, text, "");
    shop_ask(&s, NOW, "plan changed", "ann");
    shop_ask(&s, NOW, "plan changed from \"pro\"", "ann");
    shop_ask(&s, NOW, "plan changed to \"free\"", "ann");
    shop_ask(&s, NOW, "plan changed from \"free\"", "");
    shop_ask(&s, NOW, "plan changed to \"pro\"", "");
    shop_ask(&s, NOW, "plan changed from \"free\" to \"free\"", "");
    shop_ask(&s, NOW, "plan changed to \"never seen\"", "");
    shop_ask(&s, NOW, "plan changed between 2026-03-01 and 2026-03-01", "ann");
    shop_ask(&s, NOW, "plan changed before 2026-03-01", "");
    shop_ask(&s, NOW, "plan changed from 31 days ago to 30 days ago", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s13_changes_from_and_to_null)
{
    shop s = with_plans();
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "ann", "2026-02-01T00:00:00Z", "plan=null");
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=null");
    shop_since(&s, "ben", "2026-01-01T00:00:00Z", "plan=null");
    shop_since(&s, "ben", "2026-02-01T00:00:00Z", "plan=pro");
    shop_ask(&s, NOW, "plan changed to null", "ann");
    shop_ask(&s, NOW, "plan changed from null", "ben");
    shop_ask(&s, NOW, "plan changed from null to \"pro\"", "ben");
    shop_ask(&s, NOW, "plan changed from \"pro\" to null in last 60 days", "ann");
    shop_ask(&s, NOW, "plan changed in last 30 days", "");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s05_changed_around_and_in_zones)
{
    shop s = with_plans();
    shop_user(&s, "ann", "timezone='Asia/Seoul'");
    shop_event(&s, "ann", "signup", "2026-03-01T00:00:00Z", "");
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=free");
    shop_since(&s, "ann", "2026-03-05T16:00:00Z", "plan=pro");
    shop_ask(&s, NOW, "plan changed within 5 days after first \"signup\"", "ann");
    shop_ask(&s, NOW, "plan changed within 4 days after first \"signup\"", "");
    /* In Seoul it is the sixth already. */
    shop_ask(&s, NOW, "plan changed since 2026-03-06 tz user", "ann");
    shop_ask(&s, NOW, "plan changed since 2026-03-06", "");
    shop_ask(&s, "2026-03-05T18:00:00Z", "plan changed today tz \"Asia/Seoul\"", "ann");
    shop_close(&s);
}
END_TEST

/* ---- types ---- */

START_TEST(test_semantics__s15_histories_of_every_type)
{
    shop s = shop_open("UTC");
    shop_history(&s, "n=0 f=0.5f d=0.00 b=true t=@2026-01-01T00:00:00Z c=@2026-01-01 g=(0,0)");
    shop_since(&s, "ann", "2026-01-01T00:00:00Z",
               "n=5 f=1.5f d=12.50 b=true t=@2026-04-01T00:00:00Z c=@2026-03-01 g=(52.5,13.4)");
    shop_since(&s, "ann", "2026-03-01T00:00:00Z",
               "n=7 f=2.5f d=12.51 b=false t=@2026-05-01T00:00:00Z c=@2026-03-02 g=(48.1,11.5)");
    shop_ask(&s, NOW, "n as of 2026-02-01 + 2 = n", "ann");
    shop_ask(&s, NOW, "n changed from 5 to 7 and not n changed from 5 to 6", "ann");
    shop_ask(&s, NOW, "n changed from 5.5", "");
    shop_ask(&s, NOW, "f changed to 2.5 and d changed from 12.5 to 12.51", "ann");
    shop_ask(&s, NOW, "d changed to 12.505", "");
    shop_ask(&s, NOW, "b changed from true to false and not b", "ann");
    shop_ask(&s, NOW, "b has been false for 30 days and n has been 7 for 4 weeks", "ann");
    shop_ask(&s, NOW, "t changed to 2026-05-01T00:00:00Z and t in next 60 days", "ann");
    shop_ask(&s, NOW, "t as of 60 days ago in next 1 day", "ann");
    shop_ask(&s, NOW, "c has been 2026-03-02 for 30 days", "ann");
    shop_ask(&s, NOW, "g changed and g within 1 km of point(48.1, 11.5)", "ann");
    shop_ask(&s, NOW, "g as of 2026-02-01 within 1 km of point(52.5, 13.4)", "ann");
    shop_ask(&s, NOW, "did any event", ""); /* a history is none */
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s15_what_has_no_history)
{
    shop s = with_plans();
    seg_error err = SEG_ERROR_INIT;
    shop_user(&s, "ann", "age=31 tags=[a]");
    shop_event(&s, "ann", "order", "2026-03-01T00:00:00Z", "total=1");
    ck_assert_int_eq(shop_compile(&s, "age changed"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "age has been 31 for 3 days"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "age as of 2026-01-01 = 3"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "did \"order\" where (total changed)"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "count of \"order\" changed"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "plan has been 3 for 3 days"), SEG_E_TYPE);
    ck_assert_int_eq(shop_compile(&s, "did plan"), SEG_E_UNKNOWN_NAME);
    ck_assert_int_eq(seg_store_define_history(s.store, "age", 3, SEG_TYPE_INT64, 0, &err),
                     SEG_E_SCHEMA);
    ck_assert_int_eq(seg_store_define_history(s.store, "t", 1, SEG_TYPE_STRING_SET, 0, &err),
                     SEG_E_SCHEMA);
    ck_assert_int_eq(seg_store_define_history(s.store, "plan", 4, SEG_TYPE_INT64, 0, &err),
                     SEG_E_SCHEMA);
    ck_assert_int_eq(seg_store_define_history(s.store, "plan", 4, SEG_TYPE_STRING, 0, &err),
                     SEG_OK);
    ck_assert_int_eq(seg_store_define_attribute(s.store, "plan", 4, SEG_TYPE_STRING, 0, &err),
                     SEG_OK);
    /* A value without its time is refused: with its row by an appender, with its commit in a
     * batch. */
    seg_appender *a = NULL;
    ck_assert_int_eq(seg_appender_create(s.store, &a, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_user(a, "ben", 3, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_set_string(a, "plan", 4, "pro", 3, &err), SEG_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.message, "history"));
    ck_assert_uint_eq(seg_appender_row_count(a), 0);
    seg_appender_destroy(a);
    const uint64_t ends[] = {0, 3};
    seg_column plan = SEG_COLUMN_INIT;
    plan.type = SEG_TYPE_STRING;
    plan.name = "plan";
    plan.name_size = 4;
    plan.values = "pro";
    plan.offsets = ends;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = 1;
    batch.user_bytes = "ben";
    batch.user_offsets = ends;
    batch.columns = &plan;
    batch.column_count = 1;
    ck_assert_int_eq(seg_store_commit(s.store, &batch, 1, NULL, NULL, &err), SEG_E_DATA);
    ck_assert_ptr_nonnull(strstr(err.message, "history"));
    shop_ask(&s, NOW, "everyone", "ann");
    shop_close(&s);
}
END_TEST

/* ---- what goes, and what stays ---- */

START_TEST(test_semantics__s37_an_erased_history_is_gone)
{
    shop s = with_plans();
    seg_error err = SEG_ERROR_INIT;
    const uint64_t offsets[] = {0, 3};
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=pro");
    shop_since(&s, "ann", "2026-02-01T00:00:00Z", "plan=free");
    shop_since(&s, "ben", "2026-01-01T00:00:00Z", "plan=pro");
    ck_assert_int_eq(seg_store_erase_users(s.store, "ann", offsets, 1, NULL, NULL, &err), SEG_OK);
    shop_ask(&s, NOW, "everyone", "ben");
    shop_ask(&s, NOW, "plan changed or plan = \"free\"", "");
    /* Who comes again begins anew. */
    shop_since(&s, "ann", "2026-03-01T00:00:00Z", "plan=free");
    shop_ask(&s, NOW, "plan changed or plan as of 2026-02-10 is set", "ben");
    shop_ask(&s, NOW, "plan has been \"free\" for 30 days", "ann");
    shop_close(&s);
}
END_TEST

START_TEST(test_semantics__s37_retention_leaves_histories)
{
    shop s = with_plans();
    seg_error err = SEG_ERROR_INIT;
    seg_expire_report report = {.struct_size = (uint32_t)sizeof report};
    shop_event(&s, "ann", "login", "2026-01-01T00:00:00Z", "");
    shop_since(&s, "ann", "2026-01-01T00:00:00Z", "plan=free");
    ck_assert_int_eq(seg_store_set_retention(s.store, NULL, 0, (uint64_t)DAY, &err), SEG_OK);
    ck_assert_int_eq(seg_store_expire(s.store, shop_time("2026-03-01"), &report, &err), SEG_OK);
    ck_assert_uint_eq(report.events_removed, 1);
    shop_ask(&s, NOW, "plan = \"free\" and not did login", "ann");
    shop_close(&s);
}
END_TEST

Suite *suite(void)
{
    Suite *all = suite_create("semantics_history");
    TCase *instants = tcase_create("instants");
    tcase_add_test(instants, test_semantics__s39_the_value_is_that_of_now);
    tcase_add_test(instants, test_semantics__s12_values_bring_their_users_at_their_time);
    tcase_add_test(instants, test_semantics__s09_late_values_take_their_place);
    tcase_add_test(instants, test_semantics__s39_as_of);
    suite_add_tcase(all, instants);
    TCase *lengths = tcase_create("lengths");
    tcase_add_test(lengths, test_semantics__s02_has_been_for);
    tcase_add_test(lengths, test_semantics__s39_unknown_before_the_first_value);
    tcase_add_test(lengths, test_semantics__s06_has_been_for_months);
    suite_add_tcase(all, lengths);
    TCase *changes = tcase_create("changes");
    tcase_add_test(changes, test_semantics__s02_changed);
    tcase_add_test(changes, test_semantics__s13_changes_from_and_to_null);
    tcase_add_test(changes, test_semantics__s05_changed_around_and_in_zones);
    suite_add_tcase(all, changes);
    TCase *types = tcase_create("types");
    tcase_add_test(types, test_semantics__s15_histories_of_every_type);
    tcase_add_test(types, test_semantics__s15_what_has_no_history);
    suite_add_tcase(all, types);
    TCase *removal = tcase_create("removal");
    tcase_add_test(removal, test_semantics__s37_an_erased_history_is_gone);
    tcase_add_test(removal, test_semantics__s37_retention_leaves_histories);
    suite_add_tcase(all, removal);
    return all;
}
