/* tests/data/test_online_retail.c - the Online Retail data set (Chen, Sain and Guo): published
 * figures of the raw rows, of the cleaned rows and of its customers.
 *
 * One row is one event "item" at the invoice's time, with its invoice, stock code, description,
 * country, quantity, unit price decimal(3) and line total decimal(3). A user of the store is the
 * customer; to count invoices, stock codes and countries over all rows, customerless ones too,
 * the same rows are also loaded with one of those as the user. */
#include <seg/seg.h>

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "support/real_data.h"

#define FILE_NAME "online-retail/online_retail.csv.gz"
#define ROWS 541909u
#define COLUMNS 8

enum {
    INVOICE,
    STOCK,
    DESCRIPTION,
    QUANTITY,
    DATE,
    PRICE,
    CUSTOMER,
    COUNTRY
};

/* ---- the rows -------------------------------------------------------------------------------- */

/* A column of texts. */
typedef struct texts {
    char *bytes;
    size_t size, capacity;
    uint64_t *offsets; /* ROWS + 1 */
    uint8_t *states;
} texts;

static texts fields[COLUMNS];
static texts lines; /* whole rows: equal ones are duplicates */
static int64_t *quantities, *prices, *totals, *times;
static uint64_t row_count;

static void texts_init(texts *t)
{
    t->capacity = (size_t)1 << 20;
    t->bytes = malloc(t->capacity);
    t->offsets = calloc(ROWS + 1, sizeof *t->offsets);
    t->states = calloc(ROWS, 1);
    ck_assert(t->bytes && t->offsets && t->states);
}

static void texts_add(texts *t, uint64_t row, const char *text, size_t size)
{
    if (t->size + size > t->capacity) {
        t->capacity = 2 * (t->size + size);
        t->bytes = realloc(t->bytes, t->capacity);
        ck_assert_ptr_nonnull(t->bytes);
    }
    memcpy(t->bytes + t->size, text, size);
    t->size += size;
    t->offsets[row + 1] = t->size;
    t->states[row] = size ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
}

/* Splits a line in place into fields without their quotes; the data has no quoted line ends. */
static int split(char *line, char *out[COLUMNS])
{
    int count = 0;
    char *write = line;
    char *read = line;
    while (count < COLUMNS) {
        out[count++] = write;
        bool quoted = *read == '"';
        read += quoted;
        for (; *read; read++) {
            if (quoted && *read == '"') {
                if (read[1] != '"') {
                    quoted = false;
                    continue;
                }
                read++;
            } else if (!quoted && *read == ',') {
                break;
            }
            *write++ = *read;
        }
        char end = *read++;
        *write++ = '\0';
        if (!end) {
            break;
        }
    }
    return count;
}

/* "-11062.06" as -11062060. */
static int64_t thousandths(const char *text)
{
    bool negative = *text == '-';
    int64_t value = 0;
    int decimals = -1;
    for (text += negative; *text; text++) {
        if (*text == '.') {
            decimals = 0;
            continue;
        }
        ck_assert(*text >= '0' && *text <= '9');
        value = value * 10 + (*text - '0');
        decimals += decimals >= 0;
    }
    ck_assert_int_le(decimals, 3);
    for (int i = decimals < 0 ? 0 : decimals; i < 3; i++) {
        value *= 10;
    }
    return negative ? -value : value;
}

/* `YYYY-MM-DD HH:MM:SS`, taken as UTC: the figures are in the shop's own time. */
static int64_t instant(const char *text)
{
    ck_assert_uint_eq(strlen(text), 19);
    int64_t days = real_data_days(atoi(text), atoi(text + 5), atoi(text + 8));
    int64_t second = atoi(text + 11) * 3600 + atoi(text + 14) * 60 + atoi(text + 17);
    return (days * 86400 + second) * 1000000;
}

static void take_row(char *line)
{
    char *parts[COLUMNS];
    uint64_t row = row_count++;
    ck_assert_uint_lt(row, ROWS);
    texts_add(&lines, row, line, strlen(line));
    ck_assert_int_eq(split(line, parts), COLUMNS);
    for (int i = 0; i < COLUMNS; i++) {
        texts_add(&fields[i], row, parts[i], strlen(parts[i]));
    }
    quantities[row] = strtoll(parts[QUANTITY], NULL, 10);
    prices[row] = thousandths(parts[PRICE]);
    totals[row] = quantities[row] * prices[row];
    times[row] = instant(parts[DATE]);
}

static void read_rows(void)
{
    char line[1024];
    char *parts[COLUMNS];
    FILE *file = real_data_open(FILE_NAME);
    quantities = calloc(ROWS, sizeof *quantities);
    prices = calloc(ROWS, sizeof *prices);
    totals = calloc(ROWS, sizeof *totals);
    times = calloc(ROWS, sizeof *times);
    ck_assert(quantities && prices && totals && times);
    texts_init(&lines);
    for (int i = 0; i < COLUMNS; i++) {
        texts_init(&fields[i]);
    }
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    line[strcspn(line, "\r\n")] = '\0';
    ck_assert_int_eq(split(line, parts), 8);
    while (fgets(line, sizeof line, file)) {
        line[strcspn(line, "\r\n")] = '\0';
        take_row(line);
    }
    real_data_close(file, FILE_NAME);
    ck_assert_uint_eq(row_count, ROWS);
}

static void free_rows(void)
{
    texts *all[COLUMNS + 1] = {&lines};
    for (int i = 0; i < COLUMNS; i++) {
        all[i + 1] = &fields[i];
    }
    for (int i = 0; i <= COLUMNS; i++) {
        free(all[i]->bytes);
        free(all[i]->offsets);
        free(all[i]->states);
    }
    free(quantities);
    free(prices);
    free(totals);
    free(times);
}

/* ---- stores ---------------------------------------------------------------------------------- */

static seg_store *store;
static seg_snapshot *snapshot;
static seg_commit_report report;
static const int64_t now = INT64_C(1325376000000000); /* 2012-01-01 */

static void must(seg_status status, const seg_error *err)
{
    ck_assert_msg(status == SEG_OK, "%s: %s", seg_status_name(status), err->message);
}

static seg_column text_column(const char *name, const texts *t)
{
    seg_column column = SEG_COLUMN_INIT;
    column.type = SEG_TYPE_STRING;
    column.name = name;
    column.name_size = strlen(name);
    column.values = t->bytes;
    column.offsets = t->offsets;
    column.states = t->states;
    return column;
}

static seg_column number_column(const char *name, seg_type type, const int64_t *values)
{
    seg_column column = SEG_COLUMN_INIT;
    column.type = type;
    column.scale = type == SEG_TYPE_DECIMAL ? 3 : 0;
    column.name = name;
    column.name_size = strlen(name);
    column.values = values;
    return column;
}

/* All rows as events of whoever stands in the field `user`. Rows without one are left out by the
 * quarantine; with `ids`, a row that equals an earlier one is a duplicate. */
static void load(int user, bool ids)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_commit_options commit = SEG_COMMIT_OPTIONS_INIT;
    seg_batch batch = SEG_BATCH_INIT;
    seg_column columns[] = {text_column("invoice", &fields[INVOICE]),
                            text_column("stock", &fields[STOCK]),
                            text_column("description", &fields[DESCRIPTION]),
                            text_column("country", &fields[COUNTRY]),
                            number_column("quantity", SEG_TYPE_INT64, quantities),
                            number_column("price", SEG_TYPE_DECIMAL, prices),
                            number_column("total", SEG_TYPE_DECIMAL, totals)};
    seg_column event_ids = text_column("id", &lines);
    options.dedup_window_us = UINT64_MAX;
    must(seg_store_open(":memory:", 8, &options, &store, &err), &err);
    batch.row_count = ROWS;
    batch.user_bytes = fields[user].bytes;
    batch.user_offsets = fields[user].offsets;
    batch.times = times;
    batch.event = "item";
    batch.event_size = 4;
    batch.event_ids = ids ? &event_ids : NULL;
    batch.columns = columns;
    batch.column_count = sizeof columns / sizeof columns[0];
    commit.flags = SEG_COMMIT_QUARANTINE;
    report = (seg_commit_report){.struct_size = (uint32_t)sizeof report};
    must(seg_store_commit(store, &batch, 1, &commit, &report, &err), &err);
    must(seg_snapshot_create(store, &snapshot, &err), &err);
}

static void unload(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_release(snapshot);
    must(seg_store_close(store, &err), &err);
}

static uint64_t users(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    must(seg_snapshot_get_info(snapshot, &info, &err), &err);
    return info.user_count;
}

static int64_t total(const char *value)
{
    return ask_total(store, snapshot, now, value, 3);
}

static uint64_t count(const char *predicate)
{
    return ask_count(store, snapshot, now, predicate);
}

/* ---- figures --------------------------------------------------------------------------------- */

START_TEST(test_online_retail__raw_rows)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    load(INVOICE, false);
    ck_assert_uint_eq(report.rows_applied, 541909);
    ck_assert_uint_eq(users(), 25900);
    must(seg_snapshot_get_info(snapshot, &info, &err), &err);
    ck_assert_uint_eq(info.event_count, 541909);
    ck_assert_int_eq(info.time_min, instant("2010-12-01 08:26:00"));
    ck_assert_int_eq(info.time_max, instant("2011-12-09 12:50:00"));
    ck_assert_int_eq(total("count of \"item\" where (not description is set)"), 1454);
    ck_assert_int_eq(total("sum(total) of \"item\""), INT64_C(9747747934));
    ck_assert_int_eq(total("count of \"item\" where (invoice starts with \"C\")"), 9288);
    ck_assert_uint_eq(count("did \"item\" where (invoice starts with \"C\")"), 3836);
    ck_assert_int_eq(total("count of \"item\" where (country = \"United Kingdom\")"), 495478);
    unload();
}
END_TEST

START_TEST(test_online_retail__stock_codes)
{
    load(STOCK, false);
    ck_assert_uint_eq(users(), 4070);
    unload();
}
END_TEST

START_TEST(test_online_retail__countries)
{
    load(COUNTRY, false);
    ck_assert_uint_eq(users(), 38);
    ck_assert_uint_eq(count("everyone"), 38);
    ck_assert_uint_eq(count("did \"item\""), 38);
    unload();
}
END_TEST

START_TEST(test_online_retail__duplicates)
{
    load(INVOICE, true);
    ck_assert_uint_eq(report.rows_duplicate, 5268);
    ck_assert_uint_eq(report.rows_applied, 541909 - 5268);
    ck_assert_uint_eq(report.rows_rejected, 0);
    ck_assert_uint_eq(users(), 25900);
    unload();
}
END_TEST

#define KEPT "not invoice starts with \"C\""
#define CLEAN KEPT " and quantity > 0 and price > 0"

START_TEST(test_online_retail__customers)
{
    seg_error err = SEG_ERROR_INIT;
    load(CUSTOMER, false);
    ck_assert_uint_eq(report.rows_rejected, 135080);
    ck_assert_uint_eq(report.rows_applied, 406829);
    ck_assert_uint_eq(users(), 4372);

    ck_assert_int_eq(total("count of \"item\" where (" KEPT ")"), 397924);
    ck_assert_uint_eq(count("did \"item\" where (" KEPT ")"), 4339);
    ck_assert_int_eq(total("distinct(invoice) of \"item\" where (" KEPT ")"), 18536);

    ck_assert_int_eq(total("count of \"item\" where (" CLEAN ")"), 397884);
    ck_assert_uint_eq(count("did \"item\" where (" CLEAN ")"), 4338);
    ck_assert_int_eq(total("distinct(invoice) of \"item\" where (" CLEAN ")"), 18532);
    ck_assert_int_eq(total("sum(total) of \"item\" where (" CLEAN ")"), INT64_C(8911407904));

    ck_assert_uint_eq(count("did \"item\" where (country = \"United Kingdom\")"), 3950);
    seg_set *home =
        ask_set(store, snapshot, now, "did \"item\" where (country = \"United Kingdom\")");
    seg_set *abroad =
        ask_set(store, snapshot, now, "did \"item\" where (country != \"United Kingdom\")");
    uint64_t both = 0, either = 0;
    must(seg_set_combine_count(SEG_SET_AND, home, abroad, &both, &err), &err);
    must(seg_set_combine_count(SEG_SET_OR, home, abroad, &either, &err), &err);
    ck_assert_uint_eq(either, 4372);
    ck_assert_uint_eq(seg_set_count(home) + seg_set_count(abroad) - both, 4372);
    seg_set_release(home);
    seg_set_release(abroad);
    unload();
}
END_TEST

/* The usual form for customer-base models: one invoice of one customer is one purchase. Invoices
 * that are not cancelled have numbers, which index what is gathered of them here. */
#define INVOICES_MAX 600000

START_TEST(test_online_retail__purchases)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *appender = NULL;
    const texts *customer = &fields[CUSTOMER];
    int64_t *amounts = calloc(INVOICES_MAX, sizeof *amounts);
    uint32_t *first_rows = calloc(INVOICES_MAX, sizeof *first_rows); /* row + 1 */
    uint64_t purchases = 0;
    ck_assert(amounts && first_rows);
    for (uint32_t row = 0; row < ROWS; row++) {
        const char *invoice = fields[INVOICE].bytes + fields[INVOICE].offsets[row];
        if (customer->states[row] != SEG_VALUE_SET || invoice[0] == 'C' || quantities[row] <= 0 ||
            prices[row] <= 0) {
            continue;
        }
        uint32_t number = 0;
        for (const char *c = invoice; c < invoice + 6; c++) {
            ck_assert(*c >= '0' && *c <= '9');
            number = number * 10 + (uint32_t)(*c - '0');
        }
        ck_assert_uint_lt(number, INVOICES_MAX);
        amounts[number] += totals[row];
        first_rows[number] = first_rows[number] ? first_rows[number] : row + 1;
    }
    must(seg_store_open(":memory:", 8, NULL, &store, &err), &err);
    must(seg_appender_create(store, &appender, &err), &err);
    for (uint32_t number = 0; number < INVOICES_MAX; number++) {
        if (!first_rows[number]) {
            continue;
        }
        char id[16];
        uint32_t row = first_rows[number] - 1;
        must(seg_appender_event(appender, customer->bytes + customer->offsets[row],
                                (size_t)(customer->offsets[row + 1] - customer->offsets[row]),
                                "purchase", 8, times[row], &err),
             &err);
        int size = snprintf(id, sizeof id, "%u", (unsigned)number);
        must(seg_appender_set_event_id(appender, id, (size_t)size, &err), &err);
        must(seg_appender_set_decimal(appender, "amount", 6, amounts[number], 3, &err), &err);
        purchases++;
    }
    free(amounts);
    free(first_rows);
    ck_assert_uint_eq(purchases, 18532);
    report = (seg_commit_report){.struct_size = (uint32_t)sizeof report};
    must(seg_appender_commit(appender, NULL, &report, &err), &err);
    seg_appender_destroy(appender);
    ck_assert_uint_eq(report.rows_applied, 18532);
    must(seg_snapshot_create(store, &snapshot, &err), &err);
    ck_assert_uint_eq(users(), 4338);
    ck_assert_int_eq(total("count of \"purchase\""), 18532);
    ck_assert_int_eq(total("sum(amount) of \"purchase\""), INT64_C(8911407904));
    unload();
}
END_TEST

int main(void)
{
    if (!real_data_exists(FILE_NAME)) {
        puts("the Online Retail data is not there (SEG_DATA_DIR): skipped");
        return REAL_DATA_SKIP;
    }
    Suite *suite = suite_create("online_retail");
    TCase *tcase = tcase_create("figures");
    tcase_set_timeout(tcase, 300);
    /* Read once, before the tests' processes are forked. */
    tcase_add_unchecked_fixture(tcase, read_rows, free_rows);
    tcase_add_test(tcase, test_online_retail__raw_rows);
    tcase_add_test(tcase, test_online_retail__stock_codes);
    tcase_add_test(tcase, test_online_retail__countries);
    tcase_add_test(tcase, test_online_retail__duplicates);
    tcase_add_test(tcase, test_online_retail__customers);
    tcase_add_test(tcase, test_online_retail__purchases);
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
