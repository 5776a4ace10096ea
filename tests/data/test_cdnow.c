/* tests/data/test_cdnow.c - the CDNOW purchases (Fader and Hardie): published figures of the whole
 * file, and per-customer statistics of the one-tenth sample against two files of others.
 *
 * One purchase is one event "purchase" at midnight of its day, with dollars decimal(2) and cds
 * int64; customers are numbers. The calibration period ends with 1997-09-30. */
#include <seg/seg.h>

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/real_data.h"

#define DAY_US INT64_C(86400000000)
#define SAMPLE_COUNT 2357u

static seg_store *store;
static seg_snapshot *snapshot;
static int64_t now; /* the end of the data */

/* ---- loading --------------------------------------------------------------------------------- */

static void must(seg_status status, const seg_error *err)
{
    ck_assert_msg(status == SEG_OK, "%s: %s", seg_status_name(status), err->message);
}

static void open_store(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    must(seg_store_open(":memory:", 8, &options, &store, &err), &err);
    now = (real_data_days(1998, 7, 1)) * DAY_US;
}

static void close_store(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_release(snapshot);
    must(seg_store_close(store, &err), &err);
    snapshot = NULL;
    store = NULL;
}

/* Takes "11.77" as 1177. */
static int64_t cents_of(const char *text)
{
    char *point;
    int64_t dollars = strtoll(text, &point, 10);
    ck_assert_int_eq(*point, '.');
    ck_assert(point[1] >= '0' && point[1] <= '9' && point[2] >= '0' && point[2] <= '9');
    return dollars * 100 + (point[1] - '0') * 10 + (point[2] - '0');
}

/* Rows of blank separated fields: user, date, cds, dollars are the last four of `fields`. */
static void load(const char *name, int fields, int headers, uint64_t rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    char line[256];
    FILE *file = real_data_open(name);
    open_store();
    must(seg_appender_create(store, &appender, &err), &err);
    while (fgets(line, sizeof line, file)) {
        char *words[8] = {0};
        int count = 0;
        for (char *word = strtok(line, " \r\n"); word; word = strtok(NULL, " \r\n")) {
            ck_assert_int_lt(count, 8);
            words[count++] = word;
        }
        if (headers-- > 0 || count == 0) {
            continue;
        }
        ck_assert_int_eq(count, fields);
        char **last = words + fields - 4;
        int date = atoi(last[1]);
        int64_t time = real_data_days(date / 10000, date / 100 % 100, date % 100) * DAY_US;
        must(seg_appender_event_u64(appender, strtoull(last[0], NULL, 10), "purchase", 8, time,
                                    &err),
             &err);
        must(seg_appender_set_int64(appender, "cds", 3, atoi(last[2]), &err), &err);
        must(seg_appender_set_decimal(appender, "dollars", 7, cents_of(last[3]), 2, &err), &err);
        if (fields == 5) {
            must(seg_appender_set_int64(appender, "master", 6, atoi(words[0]), &err), &err);
        }
    }
    real_data_close(file, name);
    ck_assert_uint_eq(seg_appender_row_count(appender), rows);
    must(seg_appender_commit(appender, NULL, &report, &err), &err);
    seg_appender_destroy(appender);
    ck_assert_uint_eq(report.rows_applied, rows);
    must(seg_snapshot_create(store, &snapshot, &err), &err);
}

static void load_master(void)
{
    load("cdnow/CDNOW_master.txt", 4, 1, 69659);
}

static void load_sample(void)
{
    load("cdnow/CDNOW_sample.txt", 5, 0, 6919);
}

/* ---- the whole file -------------------------------------------------------------------------- */

START_TEST(test_cdnow__master_totals)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    load_master();
    must(seg_snapshot_get_info(snapshot, &info, &err), &err);
    ck_assert_uint_eq(info.event_count, 69659);
    ck_assert_uint_eq(info.user_count, 23570);
    ck_assert_int_eq(info.time_min, real_data_days(1997, 1, 1) * DAY_US);
    ck_assert_int_eq(info.time_max, real_data_days(1998, 6, 30) * DAY_US);
    ck_assert_int_eq(ask_total(store, snapshot, now, "count of \"purchase\"", 0), 69659);
    ck_assert_int_eq(ask_total(store, snapshot, now, "sum(cds) of \"purchase\"", 0), 167881);
    ck_assert_uint_eq(ask_count(store, snapshot, now, "everyone"), 23570);
    close_store();
}
END_TEST

START_TEST(test_cdnow__master_cohort)
{
    load_master();
    /* Everybody bought first in the first quarter, the last of them on its 84th day. */
    ck_assert_uint_eq(
        ask_count(store, snapshot, now, "first \"purchase\" between 1997-01-01 and 1997-03-25"),
        23570);
    ck_assert_uint_gt(
        ask_count(store, snapshot, now, "first \"purchase\" between 1997-03-25 and 1997-03-25"), 0);
    ck_assert_uint_eq(ask_count(store, snapshot, now, "first \"purchase\" since 1997-03-26"), 0);
    close_store();
}
END_TEST

/* The sample is one tenth of the master file, row for row. */
START_TEST(test_cdnow__sample_is_part_of_master)
{
    load_sample();
    seg_error err = SEG_ERROR_INIT;
    seg_set *everyone = NULL;
    seg_set *same = NULL;
    uint64_t unknown = 1;
    must(seg_set_everyone(snapshot, &everyone, &err), &err);
    int64_t *numbers = ask_values(store, everyone, now, "max(master) of \"purchase\"", 0, -1);
    int64_t *spent = ask_values(store, everyone, now, "sum(dollars) of \"purchase\"", 2, -1);
    uint64_t ids[SAMPLE_COUNT];
    int64_t total = 0;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        ids[i] = (uint64_t)numbers[i];
        total += spent[i];
    }
    seg_set_release(everyone);
    free(numbers);
    free(spent);
    close_store();

    load_master();
    must(seg_set_from_ids_u64(snapshot, ids, SAMPLE_COUNT, &same, &unknown, &err), &err);
    ck_assert_uint_eq(unknown, 0);
    ck_assert_uint_eq(seg_set_count(same), SAMPLE_COUNT);
    int64_t *counts = ask_values(store, same, now, "count of \"purchase\"", 0, -1);
    int64_t *dollars = ask_values(store, same, now, "sum(dollars) of \"purchase\"", 2, -1);
    int64_t rows = 0;
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        rows += counts[i];
        total -= dollars[i];
    }
    ck_assert_int_eq(rows, 6919);
    ck_assert_int_eq(total, 0);
    free(counts);
    free(dollars);
    seg_set_release(same);
    close_store();
}
END_TEST

/* ---- the sample ------------------------------------------------------------------------------ */

/* What is known of each customer by the end of the calibration period. */
typedef struct customer {
    int64_t days;         /* on which something was bought */
    int64_t first, last;  /* instants */
    int64_t repeat_cents; /* without the first day */
    int64_t later_days;   /* after the period */
} customer;

static customer customers[SAMPLE_COUNT + 1]; /* by id */

static void ask_customers(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set *everyone = NULL;
    must(seg_set_everyone(snapshot, &everyone, &err), &err);
    ck_assert_uint_eq(seg_set_count(everyone), SAMPLE_COUNT);
    uint64_t *ids = ask_ids(everyone);
    int64_t *days =
        ask_values(store, everyone, now, "distinct(day) of \"purchase\" before 1997-10-01", 0, -1);
    int64_t *first =
        ask_values(store, everyone, now, "first(@time) of \"purchase\" before 1997-10-01", 0, -1);
    int64_t *last =
        ask_values(store, everyone, now, "last(@time) of \"purchase\" before 1997-10-01", 0, -1);
    int64_t *spent =
        ask_values(store, everyone, now, "sum(dollars) of \"purchase\" before 1997-10-01", 2, -1);
    int64_t *spent_first =
        ask_values(store, everyone, now,
                   "sum(dollars) of \"purchase\" within 1 second of first \"purchase\"", 2, -1);
    int64_t *later =
        ask_values(store, everyone, now, "distinct(day) of \"purchase\" since 1997-10-01", 0, -1);
    for (size_t i = 0; i < SAMPLE_COUNT; i++) {
        ck_assert_uint_ge(ids[i], 1);
        ck_assert_uint_le(ids[i], SAMPLE_COUNT);
        customers[ids[i]] =
            (customer){days[i], first[i], last[i], spent[i] - spent_first[i], later[i]};
    }
    free(ids);
    free(days);
    free(first);
    free(last);
    free(spent);
    free(spent_first);
    free(later);
    seg_set_release(everyone);
}

/* Days as weeks, times 100 and rounded: sevenths are never halfway between two hundredths. */
static int64_t weeks_x100(int64_t span_us)
{
    int64_t days = span_us / DAY_US;
    return (days * 200 + 7) / 14;
}

/* "22.35", "0.0" or "7" as hundredths. */
static int64_t hundredths(const char *text)
{
    return llround(strtod(text, NULL) * 100);
}

static void check_customer(char *const *fields, bool with_spend)
{
    long id = strtol(fields[0], NULL, 10);
    ck_assert_int_ge(id, 1);
    ck_assert_int_le(id, SAMPLE_COUNT);
    const customer *c = &customers[id];
    int64_t end = real_data_days(1997, 9, 30) * DAY_US;
    int64_t x = c->days - 1;
    ck_assert_int_eq(x, strtoll(fields[1], NULL, 10));
    ck_assert_int_eq(weeks_x100(x ? c->last - c->first : 0), hundredths(fields[2]));
    ck_assert_int_eq(weeks_x100(end - c->first), hundredths(fields[3]));
    if (!with_spend) {
        return;
    }
    int64_t zbar = hundredths(fields[4]);
    if (x == 0) {
        ck_assert_int_eq(zbar, 0);
        ck_assert_int_eq(c->repeat_cents, 0);
    } else {
        /* Rounded either way at exactly half a cent. */
        ck_assert_int_le(llabs(2 * (zbar * x - c->repeat_cents)), x);
    }
}

static void check_summary(const char *name, int fields)
{
    char line[256];
    FILE *file = real_data_open(name);
    uint64_t rows = 0;
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file)); /* the header */
    while (fgets(line, sizeof line, file)) {
        char *words[5] = {0};
        int count = 0;
        for (char *word = strtok(line, ",\r\n"); word && count < 5; word = strtok(NULL, ",\r\n")) {
            words[count++] = word;
        }
        ck_assert_int_eq(count, fields);
        check_customer(words, fields == 5);
        rows++;
    }
    ck_assert_uint_eq(rows, SAMPLE_COUNT);
    real_data_close(file, name);
}

START_TEST(test_cdnow__sample_summaries)
{
    load_sample();
    ask_customers();
    ck_assert_int_eq(ask_total(store, snapshot, now, "count of \"purchase\"", 0), 6919);
    ck_assert_int_eq(ask_total(store, snapshot, now, "distinct(day) of \"purchase\"", 0), 6696);
    check_summary("cdnow/cdnow_customers_summary.csv", 4);
    check_summary("cdnow/cdnow_customers_summary_with_transactions.csv", 5);
    close_store();
}
END_TEST

/* Customers by x, the number of purchase days after the first; the last class is seven or more. */
static const uint64_t class_sizes[8] = {1411, 439, 214, 100, 62, 38, 29, 64};

static void class_predicate(int x, char out[128])
{
    snprintf(out, 128, "distinct(day) of \"purchase\" before 1997-10-01 %s %d",
             x < 7 ? "=" : ">=", x + 1);
}

START_TEST(test_cdnow__sample_classes)
{
    /* Mean purchase days in the 39 weeks after, as published. */
    static const double means[8] = {0.2367116, 0.6970387, 1.3925234, 1.56,
                                    2.5322581, 2.9473684, 3.8620690, 6.3593750};
    seg_error err = SEG_ERROR_INIT;
    seg_set *all = NULL;
    seg_set *everyone = NULL;
    load_sample();
    for (int x = 0; x < 8; x++) {
        char predicate[128];
        class_predicate(x, predicate);
        seg_set *members = ask_set(store, snapshot, now, predicate);
        ck_assert_uint_eq(seg_set_count(members), class_sizes[x]);
        ck_assert_uint_eq(ask_count(store, snapshot, now, predicate), class_sizes[x]);
        int64_t *later = ask_values(store, members, now,
                                    "distinct(day) of \"purchase\" between 1997-10-01 and "
                                    "1998-06-30",
                                    0, -1);
        int64_t sum = 0;
        for (uint64_t i = 0; i < class_sizes[x]; i++) {
            sum += later[i];
        }
        free(later);
        ck_assert_double_le(fabs((double)sum / (double)class_sizes[x] - means[x]), 5.0001e-8);
        if (!all) {
            all = members;
            continue;
        }
        /* The classes are disjoint. */
        uint64_t common = 1;
        seg_set *joined = NULL;
        must(seg_set_combine_count(SEG_SET_AND, all, members, &common, &err), &err);
        ck_assert_uint_eq(common, 0);
        must(seg_set_combine(SEG_SET_OR, all, members, &joined, &err), &err);
        seg_set_release(all);
        seg_set_release(members);
        all = joined;
    }
    must(seg_set_everyone(snapshot, &everyone, &err), &err);
    ck_assert_int_eq(seg_set_equals(all, everyone), 1);
    seg_set_release(all);
    seg_set_release(everyone);
    close_store();
}
END_TEST

START_TEST(test_cdnow__sample_spend)
{
    double sum = 0, squares = 0, least = INFINITY, most = 0;
    double means[SAMPLE_COUNT];
    size_t count = 0;
    load_sample();
    ask_customers();
    seg_set *repeat =
        ask_set(store, snapshot, now, "distinct(day) of \"purchase\" before 1997-10-01 >= 2");
    ck_assert_uint_eq(seg_set_count(repeat), 946);
    uint64_t *ids = ask_ids(repeat);
    for (uint64_t i = 0; i < seg_set_count(repeat); i++) {
        const customer *c = &customers[ids[i]];
        double zbar = (double)c->repeat_cents / 100 / (double)(c->days - 1);
        sum += zbar;
        squares += zbar * zbar;
        least = fmin(least, zbar);
        most = fmax(most, zbar);
        means[count++] = zbar;
    }
    free(ids);
    /* Insertion sort: fewer than a thousand, once. */
    for (size_t i = 1; i < count; i++) {
        double moving = means[i];
        size_t at = i;
        for (; at > 0 && means[at - 1] > moving; at--) {
            means[at] = means[at - 1];
        }
        means[at] = moving;
    }
    double n = (double)count;
    double mean = sum / n;
    ck_assert_int_eq(lround(mean), 35);
    ck_assert_int_eq(lround(sqrt((squares - n * mean * mean) / (n - 1))), 30);
    ck_assert_int_eq(lround(least), 3);
    ck_assert_int_eq(lround((means[count / 2 - 1] + means[count / 2]) / 2), 27);
    ck_assert_int_eq(lround(most), 300);
    seg_set_release(repeat);
    close_store();
}
END_TEST

/* ---- recency, frequency, money --------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

/* The fifth in which the mean of the ranks of those who tie lies; ranks count from one. */
static int64_t *fifths_of(const int64_t *values, size_t count)
{
    int64_t *sorted = malloc(count * sizeof *sorted), *fifths = malloc(count * sizeof *fifths);
    ck_assert(sorted && fifths);
    memcpy(sorted, values, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_number);
    for (size_t i = 0; i < count; i++) {
        const int64_t *at = bsearch(&values[i], sorted, count, sizeof *sorted, by_number);
        const int64_t *first = at, *last = at;
        while (first > sorted && first[-1] == *at)
            first--;
        while (last < sorted + count - 1 && last[1] == *at)
            last++;
        double mean = (double)((first - sorted) + (last - sorted)) / 2 + 1;
        fifths[i] = 1 + (int64_t)floor((mean - 0.5) * 5 / (double)count);
    }
    free(sorted);
    return fifths;
}

static const char *group_of(int64_t r, int64_t f, int64_t m)
{
    if (r >= 3) {
        if (f >= 4)
            return r >= 4 && m >= 4 ? "champions" : "loyal";
        if (m >= 4)
            return "big spenders";
        return r < 4 ? "need attention" : f >= 2 ? "potential loyalists" : "new";
    }
    if (f >= 3)
        return f >= 4 && m >= 4 ? "cannot lose" : "at risk";
    return r == 2 ? "about to sleep" : "lost";
}

#define RFM "(dollars, floating) of \"purchase\""

/* Saves the cut points of now. */
static void freeze_rfm(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_class *floating = NULL, *kept = NULL;
    seg_buffer *text = NULL;
    uint64_t version = 0;
    must(seg_class_compile(store, "rfm" RFM, strlen("rfm" RFM), 0, &floating, &err), &err);
    must(seg_class_freeze(floating, snapshot, now, NULL, &kept, &err), &err);
    must(seg_class_text(kept, &text, &err), &err);
    must(seg_store_define_class(store, "kept", 4, seg_buffer_data(text), seg_buffer_size(text),
                                &version, &err),
         &err);
    seg_buffer_destroy(text);
    seg_class_release(kept);
    seg_class_release(floating);
}

/* Most bought once, and many on the same day: nothing but ties. */
START_TEST(test_cdnow__master_rfm)
{
    static const char *const groups[] = {
        "none", "champions",      "loyal",       "big spenders", "potential loyalists",
        "new",  "need attention", "cannot lose", "at risk",      "about to sleep",
        "lost"};
    seg_error err = SEG_ERROR_INIT;
    seg_set *everyone = NULL;
    load_master();
    must(seg_set_everyone(snapshot, &everyone, &err), &err);
    size_t count = seg_set_count(everyone);
    const char *const values[] = {"last(@time) of \"purchase\"", "count of \"purchase\"",
                                  "sum(dollars) of \"purchase\""};
    const char *const scores[] = {"rfm.r" RFM, "rfm.f" RFM, "rfm.m" RFM};
    const char *const frozen[] = {"rfm.r of class.kept", "rfm.f of class.kept",
                                  "rfm.m of class.kept"};
    int64_t *fifths[3];
    for (int k = 0; k < 3; k++) {
        int64_t *measured = ask_values(store, everyone, now, values[k], k == 2 ? 2 : 0, -1);
        int64_t *asked = ask_values(store, everyone, now, scores[k], 0, -1);
        fifths[k] = fifths_of(measured, count);
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(asked[i], fifths[k][i]);
        free(measured);
        free(asked);
    }
    freeze_rfm();
    for (int k = 0; k < 3; k++) {
        int64_t *asked = ask_values(store, everyone, now, frozen[k], 0, -1);
        for (size_t i = 0; i < count; i++)
            ck_assert_int_eq(asked[i], fifths[k][i]);
        free(asked);
    }
    uint64_t all = 0;
    for (size_t g = 0; g < 11; g++) {
        char predicate[128];
        uint64_t expected = 0;
        for (size_t i = 0; i < count; i++)
            expected += strcmp(group_of(fifths[0][i], fifths[1][i], fifths[2][i]), groups[g]) == 0;
        snprintf(predicate, sizeof predicate, "rfm" RFM " = \"%s\"", groups[g]);
        ck_assert_uint_eq(ask_count(store, snapshot, now, predicate), expected);
        all += expected;
    }
    ck_assert_uint_eq(all, 23570);
    for (int k = 0; k < 3; k++)
        free(fifths[k]);
    seg_set_release(everyone);
    close_store();
}
END_TEST

int main(void)
{
    if (!real_data_exists("cdnow/CDNOW_master.txt")) {
        puts("the CDNOW data is not there (SEG_DATA_DIR): skipped");
        return REAL_DATA_SKIP;
    }
    Suite *suite = suite_create("cdnow");
    TCase *tcase = tcase_create("figures");
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, test_cdnow__master_totals);
    tcase_add_test(tcase, test_cdnow__master_cohort);
    tcase_add_test(tcase, test_cdnow__sample_is_part_of_master);
    tcase_add_test(tcase, test_cdnow__sample_summaries);
    tcase_add_test(tcase, test_cdnow__sample_classes);
    tcase_add_test(tcase, test_cdnow__sample_spend);
    tcase_add_test(tcase, test_cdnow__master_rfm);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
