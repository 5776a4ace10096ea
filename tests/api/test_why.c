/* test_why.c - seg/why.h: verdicts, values, deciding events, and the next change to the microsecond
 * (S-38). tests/model asks the same of random predicates and compares with the naive twin. */
#include "api_fixture.h"

static seg_why *why_of(seg_store *store, const char *text, const char *user, int64_t now)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = segment_of(store, text);
    seg_snapshot *snapshot = snapshot_of(store);
    seg_why *why = NULL;
    CK_OK(seg_segment_why(segment, snapshot, user, strlen(user), now, NULL, &why, &err), err);
    /* It stands on its own. */
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    return why;
}

static seg_why_node node_at(const seg_why *why, uint64_t index)
{
    seg_error err = SEG_ERROR_INIT;
    seg_why_node node = {.struct_size = sizeof node};
    CK_OK(seg_why_node_at(why, index, &node, &err), err);
    return node;
}

/* The verdict and the next change of the whole; and that the change is there. */
static void changes(seg_store *store, const char *text, const char *user, int64_t now, int member,
                    int64_t next)
{
    seg_error err = SEG_ERROR_INIT;
    seg_why *why = why_of(store, text, user, now);
    seg_why_node root = node_at(why, 0);
    ck_assert_msg(root.member == member, "%s: %s is %d", text, user, (int)root.member);
    ck_assert_msg(root.next_kind == SEG_WHY_NEXT_AT, "%s: %u", text, (unsigned)root.next_kind);
    ck_assert_msg(root.next == next, "%s: %lld us later than it should", text,
                  (long long)(root.next - next));
    seg_segment *segment = segment_of(store, text);
    seg_snapshot *snapshot = snapshot_of(store);
    int32_t before = -1, then = -1;
    CK_OK(seg_segment_test(segment, snapshot, user, strlen(user), next - 1, &before, &err), err);
    CK_OK(seg_segment_test(segment, snapshot, user, strlen(user), next, &then, &err), err);
    ck_assert_int_eq(before, member);
    ck_assert_int_eq(then, !member);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_why_destroy(why);
}

static void says(seg_store *store, const char *text, const char *user, int64_t now, uint32_t kind)
{
    seg_why *why = why_of(store, text, user, now);
    ck_assert_msg(node_at(why, 0).next_kind == kind, "%s: %u", text,
                  (unsigned)node_at(why, 0).next_kind);
    seg_why_destroy(why);
}

#define AT(day) (JANUARY_1 + (int64_t)(day)*DAY)

START_TEST(test_why__s38_events_leave_rolling_windows)
{
    seg_store *store = shop_open();
    changes(store, "did purchase in last 30 days", "ben", AT(25), 1, AT(50));
    changes(store, "did purchase in last 30 days", "ben", AT(20), 1, AT(50));
    changes(store, "did not purchase in last 30 days", "ben", AT(25), 0, AT(50));
    changes(store, "did purchase at least 2 times in last 30 days", "ann", AT(31), 1, AT(40));
    changes(store, "sum(amount) of purchase in last 1 hour > 0", "ben", AT(20), 1,
            AT(20) + DAY / 24);
    changes(store, "last purchase older than 2 weeks", "ben", AT(25), 0, AT(34));
    changes(store, "did purchase from 20 days ago to 10 days ago", "ben", AT(25), 0, AT(30));
    changes(store, "did purchase from 20 days ago to 10 days ago", "ben", AT(30), 1, AT(40));
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__s38_calendar_rolls_over)
{
    seg_store *store = shop_open();
    /* Day 20 is 21 January 2026 in UTC. */
    changes(store, "did purchase this month", "ben", AT(25), 1, AT(31));
    changes(store, "did purchase previous month", "ben", AT(25), 0, AT(31));
    changes(store, "did purchase previous month", "ben", AT(31), 1, AT(59));
    changes(store, "did purchase today tz \"Asia/Seoul\"", "ben", AT(20), 1,
            AT(20) + 15 * (DAY / 24));
    /* One month after 21 January, 00:00. */
    changes(store, "did purchase in last 1 month", "ben", AT(25), 1, AT(51));
    changes(store, "current_streak(day) of purchase >= 1", "ben", AT(20), 1, AT(22));
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__s38_the_future_comes_into_sight)
{
    seg_store *store = shop_open();
    changes(store, "did purchase", "ben", AT(5), 0, AT(20));
    changes(store, "first purchase this year", "ben", AT(5), 0, AT(20));
    /* eve has no attributes: she exists from her first event on. */
    changes(store, "everyone", "eve", AT(5), 0, AT(29));
    changes(store, "count of purchase = 2", "ann", AT(5), 0, AT(10));
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__s38_now_itself_moves)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    CK_OK(seg_appender_user(appender, "ann", 3, &err), err);
    CK_OK(seg_appender_set_timestamp(appender, TEXT("signed_up"), AT(-3), &err), err);
    CK_OK(seg_appender_set_timestamp(appender, TEXT("trial_end"), AT(40), &err), err);
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    changes(store, "now - signed_up > 10 days", "ann", AT(0), 0, AT(7) + 1);
    changes(store, "now - signed_up >= 10 days", "ann", AT(0), 0, AT(7));
    changes(store, "trial_end in next 7 days", "ann", AT(0), 0, AT(33));
    changes(store, "trial_end in next 7 days", "ann", AT(33), 1, AT(40));
    changes(store, "trial_end < now", "ann", AT(0), 0, AT(40) + 1);
    changes(store, "signed_up + 1 month < now", "ann", AT(0), 0, AT(28) + 1);
    changes(store, "trial_end - now < 5 days and country = \"FR\" or trial_end - now < 3 days",
            "ann", AT(0), 0, AT(37) + 1);
    says(store, "now = trial_end", "ann", AT(0), SEG_WHY_NEXT_OPEN);
    changes(store, "signed_up in last 1 week", "ann", AT(0), 1, AT(4));
    changes(store, "overdue of purchase > 1000 or now > signed_up + 6 days", "ann", AT(0), 0,
            AT(3) + 1);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__s38_histories)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_appender *appender = NULL;
    static const char *const plans[] = {"pro", "free"};
    CK_OK(seg_store_define_history(store, TEXT("plan"), SEG_TYPE_STRING, 0, &err), err);
    CK_OK(seg_appender_create(store, &appender, &err), err);
    for (int i = 0; i < 2; i++) {
        CK_OK(seg_appender_user_since(appender, TEXT("ann"), AT(10 * i), &err), err);
        CK_OK(seg_appender_set_string(appender, TEXT("plan"), plans[i], strlen(plans[i]), &err),
              err);
    }
    CK_OK(seg_appender_commit(appender, NULL, NULL, &err), err);
    seg_appender_destroy(appender);
    changes(store, "plan has been \"free\" for 30 days", "ann", AT(20), 0, AT(40));
    changes(store, "plan has been \"pro\" for 5 days", "ann", AT(7), 1, AT(10));
    changes(store, "plan changed from \"pro\" in last 7 days", "ann", AT(12), 1, AT(17));
    changes(store, "plan changed from \"pro\" in last 7 days", "ann", AT(5), 0, AT(10));
    changes(store, "plan = \"pro\"", "ann", AT(5), 1, AT(10));
    changes(store, "plan as of 3 days ago = \"pro\"", "ann", AT(11), 1, AT(13));
    says(store, "plan as of 2026-01-05 = \"pro\"", "ann", AT(20), SEG_WHY_NEXT_NONE);
    /* Its two conditions tell the value and since when it holds. */
    seg_why *why = why_of(store, "plan has been \"free\" for 30 days", "ann", AT(20));
    ck_assert_uint_eq(seg_why_node_count(why), 4);
    ck_assert_str_eq(node_at(why, 0).text, "plan has been \"free\" for 30 days");
    ck_assert_str_eq(node_at(why, 2).value, "\"free\"");
    ck_assert_str_eq(node_at(why, 3).text, "since(plan) older than 30 days");
    ck_assert_str_eq(node_at(why, 3).value, "2026-01-11T00:00:00Z");
    seg_why_destroy(why);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__s38_sequences_are_decided_later)
{
    seg_store *store = shop_open();
    changes(store, "sequence(purchase then no purchase for 3 days)", "ben", AT(21), 0, AT(23));
    changes(store, "sequence(purchase then purchase) in last 25 days", "ann", AT(30), 1, AT(35));
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__what_does_not_change_or_depends_on_others)
{
    seg_store *store = shop_open();
    says(store, "country = \"DE\"", "ann", AT(5), SEG_WHY_NEXT_NONE);
    says(store, "everyone", "ann", AT(5), SEG_WHY_NEXT_NONE);
    says(store, "did purchase", "ben", AT(25), SEG_WHY_NEXT_NONE);
    says(store, "count of purchase in top 10%", "ann", AT(31), SEG_WHY_NEXT_POPULATION);
    says(store, "did purchase in last 3 days and seats in top 1", "ann", AT(31),
         SEG_WHY_NEXT_POPULATION);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__tells_each_condition)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    CK_OK(seg_store_define_segment(store, TEXT("german"), TEXT("country = \"DE\""), NULL, &err),
          err);
    seg_why *why = why_of(store,
                          "in segment \"german\" and (did purchase at least 4 times in last 60 "
                          "days or sum(amount) of purchase > 1)",
                          "ann", AT(31));
    static const struct {
        uint32_t depth;
        uint64_t parent;
        int32_t member;
        const char *text, *value, *threshold;
        uint64_t events;
    } wanted[] = {
        {0, UINT64_MAX, 1, NULL, "", "", 0},
        {1, 0, 1, "in segment \"german\"", "", "", 0},
        {2, 1, 1, "country = \"DE\"", "\"DE\"", "\"DE\"", 0},
        {1, 0, 1, NULL, "", "", 0},
        {2, 3, 0, "did \"purchase\" at least 4 times in last 60 days", "3", "at least 4", 3},
        {2, 3, 1, "sum(amount) of \"purchase\" > 1", NULL, "1", 3}};
    ck_assert_uint_eq(seg_why_node_count(why), sizeof wanted / sizeof *wanted);
    for (uint64_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        seg_why_node node = node_at(why, i);
        ck_assert_uint_eq(node.depth, wanted[i].depth);
        ck_assert_uint_eq(node.parent, wanted[i].parent);
        ck_assert_int_eq(node.member, wanted[i].member);
        if (wanted[i].text != NULL)
            ck_assert_str_eq(node.text, wanted[i].text);
        if (wanted[i].value != NULL)
            ck_assert_str_eq(node.value, wanted[i].value);
        ck_assert_str_eq(node.threshold, wanted[i].threshold);
        ck_assert_uint_eq(node.event_count, wanted[i].events);
        ck_assert_uint_eq(node.shown_count, wanted[i].events);
    }
    seg_why_event event = {.struct_size = sizeof event};
    CK_OK(seg_why_event_at(why, 4, 0, &event, &err), err);
    ck_assert_int_eq(event.time, AT(30)); /* the latest first */
    ck_assert_uint_eq(event.type_size, strlen("purchase"));
    ck_assert_mem_eq(event.type, "purchase", event.type_size);
    CK_OK(seg_why_event_at(why, 4, 2, &event, &err), err);
    ck_assert_int_eq(event.time, AT(0));
    CK_FAILS(seg_why_event_at(why, 4, 3, &event, &err), SEG_E_ARG, err);
    CK_FAILS(seg_why_event_at(why, 6, 0, &event, &err), SEG_E_ARG, err);
    ck_assert_int_eq(seg_why_horizon(why), AT(431));
    seg_why_destroy(why);
    seg_store_close(store, NULL);
}
END_TEST

/* Written cut points depend on nobody else, and the group is told with its scores. */
START_TEST(test_why__groups_and_scores)
{
    seg_store *store = shop_open();
    changes(store, "rfm.f(amount, cuts r (9 days) f (2) m (5)) of purchase in last 30 days >= 1",
            "ben", AT(25), 1, AT(50));
    says(store, "rfm.r(amount, cuts r (9 days) f (2) m (5)) of purchase = 2", "ben", AT(25),
         SEG_WHY_NEXT_OPEN);
    says(store, "rfm.f(amount, floating) of purchase >= 3", "ben", AT(25), SEG_WHY_NEXT_POPULATION);
    seg_why *why = why_of(store,
                          "rfm(amount, cuts r (9 days) f (3) m (1), groups (\"up\": r = 2 and "
                          "f = 2, otherwise \"down\")) of purchase = \"up\"",
                          "ann", AT(31));
    ck_assert_uint_eq(seg_why_node_count(why), 1);
    ck_assert_int_eq(node_at(why, 0).member, 1);
    ck_assert_str_eq(node_at(why, 0).value, "\"up\" (r 2, f 2, m 2)");
    seg_why_destroy(why);
    why = why_of(store, "top(amount, 2) of purchase has 1", "ann", AT(31));
    ck_assert_str_eq(node_at(why, 0).value, ""); /* several at once are no value */
    ck_assert_uint_eq(node_at(why, 0).event_count, 3);
    seg_why_destroy(why);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__where_decides_which_events)
{
    seg_store *store = shop_open();
    seg_why *why = why_of(store, "did purchase where (@day > 5) in last 60 days", "ann", AT(31));
    seg_why_node root = node_at(why, 0);
    ck_assert_uint_eq(root.event_count, 2); /* 11 and 31 January */
    ck_assert_uint_eq(root.shown_count, 2);
    ck_assert_int_eq(root.next, AT(90));
    seg_why_destroy(why);
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_why__options_and_bad_arguments)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = segment_of(store, "did purchase in last 30 days");
    seg_snapshot *snapshot = snapshot_of(store);
    seg_why *why = NULL;
    seg_why_options options = SEG_WHY_OPTIONS_INIT;
    seg_why_node node = {.struct_size = sizeof node};
#define ASK(user, options)                                                                         \
    seg_segment_why(segment, snapshot, (user), strlen(user), AT(25), (options), &why, &err)
    options.horizon_us = 10 * DAY;
    CK_OK(ASK("ben", &options), err);
    ck_assert_uint_eq(node_at(why, 0).next_kind, SEG_WHY_NEXT_NONE);
    seg_why_destroy(why);
    options.horizon_us = 25 * DAY; /* up to and with */
    CK_OK(ASK("ben", &options), err);
    ck_assert_int_eq(node_at(why, 0).next, AT(50));
    seg_why_destroy(why);
    options.flags = SEG_WHY_VERDICTS_ONLY;
    CK_OK(ASK("ben", &options), err);
    ck_assert_uint_eq(node_at(why, 0).next_kind, SEG_WHY_NEXT_OPEN);
    CK_FAILS(seg_why_node_at(why, 1, &node, &err), SEG_E_ARG, err);
    CK_FAILS(seg_why_node_at(why, 0, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_why_node_at(NULL, 0, &node, &err), SEG_E_ARG, err);
    seg_why_destroy(why);
    CK_FAILS(ASK("nobody", NULL), SEG_E_NOT_FOUND, err);
    ck_assert_ptr_null(why);
    options.flags = 2;
    CK_FAILS(ASK("ben", &options), SEG_E_ARG, err);
    seg_why_options_init(&options, sizeof options);
    options.horizon_us = 4000 * DAY;
    CK_FAILS(ASK("ben", &options), SEG_E_ARG, err);
    options.horizon_us = 0;
    options.events_max = SEG_WHY_EVENTS_MAX + 1;
    CK_FAILS(ASK("ben", &options), SEG_E_ARG, err);
    CK_FAILS(seg_segment_why_u64(segment, snapshot, 1, AT(25), NULL, &why, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_why(NULL, snapshot, "ben", 3, 0, NULL, &why, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_why(segment, NULL, "ben", 3, 0, NULL, &why, &err), SEG_E_ARG, err);
    CK_FAILS(seg_segment_why(segment, snapshot, "ben", 3, 0, NULL, NULL, &err), SEG_E_ARG, err);
    seg_segment *open = segment_of(store, "seats > $n");
    CK_FAILS(seg_segment_why(open, snapshot, "ben", 3, 0, NULL, &why, &err), SEG_E_BOUND, err);
    seg_why_destroy(NULL);
    ck_assert_uint_eq(seg_why_node_count(NULL), 0);
    seg_segment_release(open);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/why");
    TCase *t = tcase_create("why");
    tcase_set_timeout(t, 60);
    tcase_add_test(t, test_why__s38_events_leave_rolling_windows);
    tcase_add_test(t, test_why__s38_calendar_rolls_over);
    tcase_add_test(t, test_why__s38_the_future_comes_into_sight);
    tcase_add_test(t, test_why__s38_now_itself_moves);
    tcase_add_test(t, test_why__s38_histories);
    tcase_add_test(t, test_why__s38_sequences_are_decided_later);
    tcase_add_test(t, test_why__what_does_not_change_or_depends_on_others);
    tcase_add_test(t, test_why__tells_each_condition);
    tcase_add_test(t, test_why__groups_and_scores);
    tcase_add_test(t, test_why__where_decides_which_events);
    tcase_add_test(t, test_why__options_and_bad_arguments);
    suite_add_tcase(s, t);
    return s;
}
