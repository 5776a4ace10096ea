/* Commits: what is refused and how, what a report says, event ids (S-09, S-15). */
#include <math.h>

#include "store_case.h"
#include "support/check_main.h"

#define ROWS 6

/* A batch of ROWS events of "buy" by users a, b, a, b, a, b, to be changed by each test. */
typedef struct fixture {
    segi_store *store;
    seg_error err;
    seg_batch batch;
    seg_column columns[3], ids;
    char users[ROWS + 1];
    uint64_t user_offsets[ROWS + 1];
    int64_t times[ROWS];
    int64_t amounts[ROWS];
    double weights[ROWS];
    uint64_t text_offsets[ROWS + 1], id_offsets[ROWS + 1];
    char text[64], id_bytes[64];
    uint8_t results[ROWS];
    seg_commit_options options;
    seg_commit_report report;
} fixture;

static void set_strings(uint64_t *offsets, char *bytes, const char *const *strings)
{
    uint64_t at = 0;
    for (int i = 0; i < ROWS; i++) {
        offsets[i] = at;
        memcpy(bytes + at, strings[i], strlen(strings[i]));
        at += strlen(strings[i]);
    }
    offsets[ROWS] = at;
}

static void set_name(seg_column *column, const char *name, seg_type type, const void *values)
{
    column->name = name;
    column->name_size = strlen(name);
    column->type = type;
    column->values = values;
}

static void setup(fixture *f)
{
    static const char *const texts[ROWS] = {"x", "yy", "", "x", "zzz", "yy"};
    static const char *const ids[ROWS] = {"e0", "e1", "e2", "e3", "e4", "e5"};
    memset(f, 0, sizeof *f);
    f->store = case_store(SEG_ID_BYTES);
    f->err = (seg_error)SEG_ERROR_INIT;
    f->batch = (seg_batch)SEG_BATCH_INIT;
    f->options = (seg_commit_options)SEG_COMMIT_OPTIONS_INIT;
    for (int i = 0; i < 3; i++)
        f->columns[i] = (seg_column)SEG_COLUMN_INIT;
    f->ids = f->columns[0];
    memcpy(f->users, "ababab", ROWS);
    for (int i = 0; i < ROWS; i++) {
        f->user_offsets[i + 1] = (uint64_t)i + 1;
        f->times[i] = CASE_NOW + i;
        f->amounts[i] = 100 * i;
        f->weights[i] = i / 2.0;
    }
    set_strings(f->text_offsets, f->text, texts);
    set_strings(f->id_offsets, f->id_bytes, ids);
    set_name(&f->columns[0], "amount", SEG_TYPE_DECIMAL, f->amounts);
    f->columns[0].scale = 2;
    set_name(&f->columns[1], "weight", SEG_TYPE_FLOAT64, f->weights);
    set_name(&f->columns[2], "word", SEG_TYPE_STRING, f->text);
    f->columns[2].offsets = f->text_offsets;
    set_name(&f->ids, "id", SEG_TYPE_STRING, f->id_bytes);
    f->ids.offsets = f->id_offsets;
    f->batch.row_count = ROWS;
    f->batch.user_bytes = f->users;
    f->batch.user_offsets = f->user_offsets;
    f->batch.times = f->times;
    f->batch.event = "buy";
    f->batch.event_size = 3;
    f->batch.columns = f->columns;
    f->batch.column_count = 3;
    f->options.row_results = f->results;
    f->options.row_results_count = ROWS;
}

static seg_status commit(fixture *f, uint32_t flags)
{
    f->options.flags = flags;
    return segi_store_commit(f->store, &f->batch, 1, &f->options, &f->report, &f->err);
}

static uint64_t visible_events(fixture *f)
{
    segi_snapshot *snapshot = case_snapshot(f->store);
    uint64_t count = snapshot->event_count;
    segi_snapshot_release(snapshot);
    return count;
}

START_TEST(test_commit__report)
{
    fixture f;
    setup(&f);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.commit_sequence, 1);
    ck_assert_int_eq(f.report.rows_applied, ROWS);
    ck_assert_int_eq(f.report.users_added, 2);
    ck_assert(f.report.rejected_row == UINT64_MAX);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.users_added, 0);
    ck_assert_int_eq(visible_events(&f), 2 * ROWS);
    /* Nothing at all is a commit as well; options and report may be left out. */
    ck_assert_int_eq(segi_store_commit(f.store, NULL, 0, NULL, NULL, &f.err), SEG_OK);
    segi_store_release(f.store);
}
END_TEST

/* One bad row of each kind: strict mode names it, quarantine leaves it out. */
START_TEST(test_commit__bad_rows)
{
    static const struct {
        const char *what, *column;
        uint8_t result;
    } cases[] = {{"empty id", "user", SEG_ROW_BAD_ID},
                 {"time", "time", SEG_ROW_BAD_TIME},
                 {"NaN", "\"weight\"", SEG_ROW_BAD_VALUE},
                 {"UTF-8", "\"word\"", SEG_ROW_BAD_VALUE},
                 {"scale", "\"amount\"", SEG_ROW_BAD_VALUE}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture f;
        setup(&f);
        ck_assert_int_eq(commit(&f, 0), SEG_OK);
        f.users[3] = 'c'; /* a user who must not appear */
        f.user_offsets[3] = i == 0 ? 4 : 3;
        f.times[3] = i == 1 ? SEG_TIME_MAX + 1 : f.times[3];
        f.weights[3] = i == 2 ? (double)NAN : f.weights[3];
        f.text[f.text_offsets[3]] = i == 3 ? (char)0xff : 'x';
        if (i == 4) {
            f.columns[0].scale = 3;
            for (int k = 0; k < ROWS; k++)
                f.amounts[k] = k == 3 ? 1001 : 1000 * k;
        }
        ck_assert_msg(commit(&f, 0) == SEG_E_DATA, "%s", cases[i].what);
        ck_assert_int_eq(f.err.line, 4);
        ck_assert_ptr_nonnull(strstr(f.err.message, cases[i].column));
        ck_assert_int_eq(visible_events(&f), ROWS);
        ck_assert_int_eq(commit(&f, SEG_COMMIT_QUARANTINE), SEG_OK);
        ck_assert_int_eq(f.report.rows_applied, ROWS - 1);
        ck_assert_int_eq(f.report.rows_rejected, 1);
        ck_assert_int_eq(f.report.rejected_row, 3);
        /* Making id 3 empty gave its byte to the row before. */
        ck_assert_int_eq(f.report.users_added, i == 0);
        for (int k = 0; k < ROWS; k++)
            ck_assert_int_eq(f.results[k], k == 3 ? cases[i].result : SEG_ROW_OK);
        ck_assert_int_eq(visible_events(&f), 2 * ROWS - 1);
        segi_store_release(f.store);
    }
}
END_TEST

/* Rows are numbered over all batches, and the lowest bad one is named. */
START_TEST(test_commit__row_numbers_run_over_batches)
{
    fixture f;
    setup(&f);
    seg_batch batches[2] = {f.batch, f.batch};
    batches[0].columns = NULL;
    batches[0].column_count = 0;
    f.weights[5] = (double)INFINITY;
    f.text[f.text_offsets[4]] = (char)0xc0;
    ck_assert_int_eq(segi_store_commit(f.store, batches, 2, NULL, NULL, &f.err), SEG_E_DATA);
    ck_assert_int_eq(f.err.line, ROWS + 5);
    ck_assert_ptr_nonnull(strstr(f.err.message, "word"));
    ck_assert_int_eq(visible_events(&f), 0);
    const segi_schema *schema = segi_store_schema(f.store);
    ck_assert_int_eq(schema->event_count, 0);
    segi_schema_release(schema);
    segi_store_release(f.store);
}
END_TEST

START_TEST(test_commit__type_mismatch)
{
    fixture f;
    setup(&f);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    f.columns[1].type = SEG_TYPE_INT64;
    for (uint32_t flags = 0; flags < 2; flags++) {
        ck_assert_int_eq(commit(&f, flags * SEG_COMMIT_QUARANTINE), SEG_E_SCHEMA);
        ck_assert_ptr_nonnull(strstr(f.err.message, "weight"));
    }
    /* Two batches of one commit that do not agree. */
    f.columns[1].type = SEG_TYPE_FLOAT64;
    seg_column other[3] = {f.columns[0], f.columns[1], f.columns[2]};
    set_name(&f.columns[1], "new", SEG_TYPE_FLOAT64, f.weights);
    set_name(&other[1], "new", SEG_TYPE_INT64, f.amounts);
    seg_batch batches[2] = {f.batch, f.batch};
    batches[1].columns = other;
    ck_assert_int_eq(segi_store_commit(f.store, batches, 2, NULL, NULL, &f.err), SEG_E_SCHEMA);
    const segi_schema *schema = segi_store_schema(f.store);
    ck_assert_ptr_null(segi_event_property(schema->events[0], "new", 3));
    segi_schema_release(schema);
    segi_store_release(f.store);
}
END_TEST

/* Decimals come in any scale that loses nothing. */
START_TEST(test_commit__decimal_scales)
{
    fixture f;
    setup(&f);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    f.columns[0].scale = 0;
    f.amounts[1] = 7;
    f.amounts[2] = INT64_MAX / 10;
    ck_assert_int_eq(commit(&f, 0), SEG_E_DATA);
    ck_assert_int_eq(f.err.line, 3);
    f.amounts[2] = 0;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    segi_snapshot *snapshot = case_snapshot(f.store);
    const segi_event_view *view = &snapshot->events[0];
    bool found = false;
    for (uint32_t p = 0; p < view->part_count; p++)
        for (uint32_t row = 0; row < view->parts[p]->row_count; row++)
            found |= segi_col_slot(&view->parts[p]->columns[0], row) == 700;
    ck_assert(found);
    segi_snapshot_release(snapshot);
    segi_store_release(f.store);
}
END_TEST

START_TEST(test_commit__duplicates)
{
    fixture f;
    setup(&f);
    f.batch.event_ids = &f.ids;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, ROWS);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, 0);
    ck_assert_int_eq(f.report.rows_duplicate, ROWS);
    for (int k = 0; k < ROWS; k++)
        ck_assert_int_eq(f.results[k], SEG_ROW_DUPLICATE);
    /* The same content in another order of columns and another scale. */
    seg_column swap = f.columns[0];
    f.columns[0] = f.columns[2];
    f.columns[2] = swap;
    f.columns[2].scale = 1;
    for (int k = 0; k < ROWS; k++)
        f.amounts[k] /= 10;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_duplicate, ROWS);
    ck_assert_int_eq(visible_events(&f), ROWS);
    segi_store_release(f.store);
}
END_TEST

/* Each part of the content counts. */
START_TEST(test_commit__conflicts)
{
    for (int what = 0; what < 6; what++) {
        fixture f;
        uint8_t states[ROWS] = {0, 0, SEG_VALUE_NULL, 0, 0, 0};
        setup(&f);
        f.batch.event_ids = &f.ids;
        ck_assert_int_eq(commit(&f, 0), SEG_OK);
        f.users[2] = what == 0 ? 'c' : 'a';
        f.times[2] += what == 1;
        f.amounts[2] += what == 2;
        f.columns[1].states = what == 3 ? states : NULL;
        f.text_offsets[2] -= what == 4;
        f.batch.event = what == 5 ? "sell" : "buy";
        f.batch.event_size = what == 5 ? 4 : 3;
        ck_assert_int_eq(commit(&f, 0), SEG_E_CONFLICT);
        /* All rows are of the other type; and a moved offset also shortens the row before. */
        ck_assert_int_eq(f.err.line, what == 5 ? 1 : what == 4 ? 2 : 3);
        ck_assert_int_eq(commit(&f, SEG_COMMIT_QUARANTINE), SEG_OK);
        ck_assert_int_eq(f.report.rows_rejected, what == 5 ? 6 : what == 4 ? 2 : 1);
        ck_assert_int_eq(f.results[2], SEG_ROW_CONFLICT);
        ck_assert_int_eq(f.report.users_added, 0);
        ck_assert_int_eq(visible_events(&f), ROWS);
        segi_store_release(f.store);
    }
}
END_TEST

START_TEST(test_commit__ids_within_one_batch)
{
    static const char *const ids[ROWS] = {"e", "f", "e", "f", "g", "h"};
    uint8_t states[ROWS] = {0, 0, 0, 0, 0, SEG_VALUE_ABSENT};
    fixture f;
    setup(&f);
    set_strings(f.id_offsets, f.id_bytes, ids);
    f.ids.states = states;
    f.batch.event_ids = &f.ids;
    f.times[2] = f.times[0];
    f.amounts[2] = f.amounts[0];
    f.weights[2] = f.weights[0];
    f.batch.column_count = 2;
    ck_assert_int_eq(commit(&f, 0), SEG_E_CONFLICT);
    ck_assert_int_eq(f.err.line, 4);
    /* A refused commit remembers no ids. */
    ck_assert_int_eq(commit(&f, SEG_COMMIT_QUARANTINE), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, 4);
    ck_assert_int_eq(f.report.rows_duplicate, 1);
    ck_assert_int_eq(f.report.rows_rejected, 1);
    ck_assert_int_eq(f.results[2], SEG_ROW_DUPLICATE);
    ck_assert_int_eq(f.results[3], SEG_ROW_CONFLICT);
    /* The row without an id is taken each time. */
    ck_assert_int_eq(commit(&f, SEG_COMMIT_QUARANTINE), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, 1);
    segi_store_release(f.store);
}
END_TEST

/* Ids are remembered back from the newest event; what is older is taken without a look. */
START_TEST(test_commit__ids_expire)
{
    fixture f;
    setup(&f);
    f.batch.event_ids = &f.ids;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    size_t bytes = f.store->dedup.bytes;
    static const char *const later[ROWS] = {"l0", "l1", "l2", "l3", "l4", "l5"};
    set_strings(f.id_offsets, f.id_bytes, later);
    for (int k = 0; k < ROWS; k++)
        f.times[k] = CASE_NOW + 40 * CASE_DAY + k;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, ROWS);
    ck_assert_int_le(f.store->dedup.bytes, bytes);
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_duplicate, ROWS);
    for (int k = 0; k < ROWS; k++)
        f.times[k] = CASE_NOW + k;
    ck_assert_int_eq(commit(&f, 0), SEG_OK);
    ck_assert_int_eq(f.report.rows_applied, ROWS);
    segi_store_release(f.store);
}
END_TEST

/* Many ids and periods, against a plain list. */
START_TEST(test_commit__ids_many)
{
    case_rng rng = {case_seed(11)};
    seg_error err = SEG_ERROR_INIT;
    segi_store *store = case_store(SEG_ID_BYTES);
    segi_rows *rows;
    static uint8_t seen[4000];
    memset(seen, 0, sizeof seen);
    ck_assert_int_eq(segi_rows_create(segi_mem_default(), SEG_ID_BYTES, &rows, &err), SEG_OK);
    for (int round = 0; round < 40; round++) {
        uint64_t fresh = 0, known = 0;
        seg_commit_report report;
        segi_rows_clear(rows);
        for (int i = 0; i < 300; i++) {
            uint32_t number = (uint32_t)case_below(&rng, 4000);
            char id[16];
            int size = snprintf(id, sizeof id, "id-%u", number);
            ck_assert_int_eq(
                segi_rows_begin(rows, "u", 1, "e", 1, CASE_NOW + (int64_t)number * 600000000, &err),
                SEG_OK);
            ck_assert_int_eq(segi_rows_event_id(rows, id, (size_t)size, &err), SEG_OK);
            known += seen[number];
            fresh += !seen[number];
            seen[number] = 1;
        }
        ck_assert_int_eq(case_commit_rows(store, rows, 0, NULL, 0, &report, &err), SEG_OK);
        ck_assert_int_eq(report.rows_applied, fresh);
        ck_assert_int_eq(report.rows_duplicate, known);
    }
    segi_rows_destroy(rows);
    segi_store_release(store);
}
END_TEST

START_TEST(test_commit__numbers_as_ids)
{
    seg_error err = SEG_ERROR_INIT;
    segi_store *store = case_store(SEG_ID_U64);
    enum {
        COUNT = 5000
    };
    static uint64_t ids[COUNT], back[COUNT];
    static uint32_t found[COUNT];
    seg_batch batch = SEG_BATCH_INIT;
    for (uint64_t i = 0; i < COUNT; i++)
        ids[i] = i % 2 ? i * i * 977 : UINT64_MAX - 1 - i;
    batch.row_count = COUNT;
    batch.user_ids = ids;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_OK);
    segi_snapshot *snapshot = case_snapshot(store);
    ck_assert_int_eq(snapshot->user_count, COUNT);
    segi_snapshot_find_many_u64(snapshot, ids, COUNT, found);
    segi_snapshot_list_u64(snapshot, found, COUNT, back);
    for (uint32_t i = 0; i < COUNT; i++) {
        ck_assert_int_eq(found[i], i);
        ck_assert(back[i] == ids[i]);
    }
    ck_assert(segi_snapshot_find_u64(snapshot, 5) == UINT32_MAX);
    ids[7] = UINT64_MAX;
    ck_assert_int_eq(segi_store_commit(store, &batch, 1, NULL, NULL, &err), SEG_E_DATA);
    ck_assert_int_eq(err.line, 8);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
}
END_TEST

/* Users of later commits are not in an earlier snapshot, though the table is shared. */
START_TEST(test_commit__snapshots_know_their_users)
{
    seg_error err = SEG_ERROR_INIT;
    segi_store *store = case_store(SEG_ID_BYTES);
    segi_rows *rows;
    segi_snapshot *snapshots[8];
    char id[16];
    ck_assert_int_eq(segi_rows_create(segi_mem_default(), SEG_ID_BYTES, &rows, &err), SEG_OK);
    for (int s = 0; s < 8; s++) {
        segi_rows_clear(rows);
        for (int i = 0; i < 100; i++) {
            int size = snprintf(id, sizeof id, "u%d", s * 100 + i);
            ck_assert_int_eq(segi_rows_begin(rows, id, (size_t)size, NULL, 0, 0, &err), SEG_OK);
        }
        ck_assert_int_eq(case_commit_rows(store, rows, 0, NULL, 0, NULL, &err), SEG_OK);
        snapshots[s] = case_snapshot(store);
    }
    for (int s = 0; s < 8; s++) {
        for (int i = 0; i < 800; i++) {
            int size = snprintf(id, sizeof id, "u%d", i);
            uint32_t found = segi_snapshot_find(snapshots[s], id, (size_t)size);
            ck_assert_int_eq(found, i < (s + 1) * 100 ? (uint32_t)i : UINT32_MAX);
        }
        segi_snapshot_release(snapshots[s]);
    }
    segi_rows_destroy(rows);
    segi_store_release(store);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("store/commit");
    TCase *c = tcase_create("commit");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_commit__report);
    tcase_add_test(c, test_commit__bad_rows);
    tcase_add_test(c, test_commit__row_numbers_run_over_batches);
    tcase_add_test(c, test_commit__type_mismatch);
    tcase_add_test(c, test_commit__decimal_scales);
    tcase_add_test(c, test_commit__duplicates);
    tcase_add_test(c, test_commit__conflicts);
    tcase_add_test(c, test_commit__ids_within_one_batch);
    tcase_add_test(c, test_commit__ids_expire);
    tcase_add_test(c, test_commit__ids_many);
    tcase_add_test(c, test_commit__numbers_as_ids);
    tcase_add_test(c, test_commit__snapshots_know_their_users);
    suite_add_tcase(s, c);
    return s;
}
