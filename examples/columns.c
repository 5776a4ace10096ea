/* examples/columns.c - many events at once, as columns: the fast way in, and values out.
 *
 * The arrays are the caller's and are only read until the commit returns; nothing is copied
 * before. They are laid out as Apache Arrow lays them out. */
#include <seg/seg.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT(literal) (literal), (sizeof(literal) - 1)
#define ROWS 100000u
#define USERS 1000u
#define HOUR_US INT64_C(3600000000)
#define JANUARY_1 INT64_C(1767225600000000)

static uint64_t users[ROWS];
static int64_t times[ROWS];
static int64_t minutes[ROWS];
static uint32_t shows[ROWS];

/* A dictionary: its texts one after the other, where each begins, and a code per row. */
static const char show_names[] = "dramacomedysport";
static const uint64_t show_offsets[] = {0, 5, 11, 16};

static seg_status commit(seg_store *store, seg_error *err)
{
    for (uint32_t i = 0; i < ROWS; i++) {
        users[i] = i * 7919u % USERS + 1;
        times[i] = JANUARY_1 + (int64_t)i * HOUR_US / 200;
        minutes[i] = 5 + i * 31 % 90;
        shows[i] = (uint32_t)(users[i] * 13 + i % 5) % 3;
    }
    seg_column columns[2] = {SEG_COLUMN_INIT, SEG_COLUMN_INIT};
    columns[0].type = SEG_TYPE_INT64;
    columns[0].name = "minutes";
    columns[0].name_size = 7;
    columns[0].values = minutes;
    columns[1].type = SEG_TYPE_STRING;
    columns[1].name = "genre";
    columns[1].name_size = 5;
    columns[1].values = show_names;
    columns[1].offsets = show_offsets;
    columns[1].codes = shows;
    columns[1].dictionary_count = 3;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = ROWS;
    batch.user_ids = users; /* this store has numbers as ids */
    batch.times = times;
    batch.event = "watched";
    batch.event_size = 7;
    batch.columns = columns;
    batch.column_count = 2;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_status status = seg_store_commit(store, &batch, 1, NULL, &report, err);
    if (status == SEG_OK) {
        printf("%" PRIu64 " rows, %" PRIu64 " new users\n", report.rows_applied,
               report.users_added);
    }
    return status;
}

/* A value for each member of a set, in the order of the set's cursor. */
static seg_status print_values(seg_store *store, const seg_set *set, int64_t now, seg_error *err)
{
    static const char text[] = "sum(minutes) of \"watched\" in last 7 days";
    seg_value *value = NULL;
    seg_value_column *column = NULL;
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 0;
    seg_status status = seg_value_compile(store, text, sizeof text - 1, 0, &value, err);
    if (status == SEG_OK) {
        status = seg_value_evaluate(value, set, now, NULL, &column, err);
    }
    if (status == SEG_OK) {
        status = seg_value_column_get(column, &view, &rows, err);
    }
    int64_t most = 0;
    for (uint64_t i = 0; i < rows && status == SEG_OK; i++) {
        int64_t sum = ((const int64_t *)view.values)[i];
        most = view.states[i] == SEG_VALUE_SET && sum > most ? sum : most;
    }
    if (status == SEG_OK) {
        printf("the most minutes among them: %" PRId64 "\n", most);
    }
    seg_value_column_destroy(column);
    seg_value_release(value);
    return status;
}

static seg_status ask(seg_store *store, seg_error *err)
{
    static const char text[] = "mode(genre) of \"watched\" = \"drama\" and "
                               "count of \"watched\" in last 7 days >= 10";
    const int64_t now = JANUARY_1 + ROWS * HOUR_US / 200;
    seg_segment *segment = NULL;
    seg_snapshot *snapshot = NULL;
    seg_set *set = NULL;
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = 1;
    seg_status status = seg_segment_compile(store, text, sizeof text - 1, 0, &segment, err);
    if (status == SEG_OK) {
        status = seg_snapshot_create(store, &snapshot, err);
    }
    if (status == SEG_OK) {
        status = seg_segment_evaluate(segment, snapshot, now, &options, &set, err);
    }
    if (status == SEG_OK) {
        printf("%s: %" PRIu64 " users, user 42 is%s one\n", text, seg_set_count(set),
               seg_set_contains_u64(set, 42) ? "" : " not");
        status = print_values(store, set, now, err);
    }
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    return status;
}

int main(void)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_store *store = NULL;
    options.id_kind = SEG_ID_U64;
    seg_status status = seg_store_open(TEXT(":memory:"), &options, &store, &err);
    if (status == SEG_OK) {
        status = commit(store, &err);
    }
    if (status == SEG_OK) {
        status = ask(store, &err);
    }
    if (status != SEG_OK) {
        fprintf(stderr, "%s: %s %s\n", seg_status_name(status), err.message, err.hint);
    }
    seg_status closed = seg_store_close(store, NULL);
    return status == SEG_OK && closed == SEG_OK ? 0 : 1;
}
