/* The appender: rows become batches; a failing call drops the row under way. */
#include <seg/store.h>
#include <string.h>

#include "ingest/ingest.h"
#include "support/check_main.h"

static segi_rows *make(uint32_t id_kind)
{
    segi_rows *rows = NULL;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_rows_create(segi_mem_default(), id_kind, &rows, &err), SEG_OK);
    return rows;
}

static void begin(segi_rows *rows, const char *user, const char *event)
{
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(
        segi_rows_begin(rows, user, strlen(user), event, event ? strlen(event) : 0, 5, &err),
        SEG_OK);
}

static seg_status set_int(segi_rows *rows, const char *name, int64_t value)
{
    return segi_rows_set(rows, name, strlen(name), SEG_TYPE_INT64, 0, value, NULL, 0, NULL);
}

static seg_status set_text(segi_rows *rows, const char *name, const char *text)
{
    return segi_rows_set(rows, name, strlen(name), SEG_TYPE_STRING, 0, 0, text, strlen(text), NULL);
}

START_TEST(test_rows__runs_of_kinds)
{
    segi_rows *rows = make(SEG_ID_BYTES);
    const seg_batch *batches;
    size_t count;
    begin(rows, "a", "buy");
    ck_assert_int_eq(set_int(rows, "n", 1), SEG_OK);
    begin(rows, "bb", "view");
    ck_assert_int_eq(set_text(rows, "page", "first"), SEG_OK);
    ck_assert_int_eq(set_text(rows, "page", "second, which counts"), SEG_OK);
    begin(rows, "a", NULL);
    ck_assert_int_eq(set_text(rows, "n", "an attribute may have the name of a property"), SEG_OK);
    begin(rows, "ccc", "buy");
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 3);
    ck_assert_int_eq(batches[0].row_count, 2);
    ck_assert_int_eq(batches[0].column_count, 2);
    ck_assert_int_eq(batches[0].columns[0].states[1], SEG_VALUE_ABSENT);
    const seg_column *page = &batches[0].columns[1];
    ck_assert_int_eq(page->states[0], SEG_VALUE_ABSENT);
    ck_assert_int_eq(page->offsets[2] - page->offsets[1], 20);
    ck_assert_mem_eq((const char *)page->values + page->offsets[1], "second", 6);
    ck_assert(!batches[1].times && batches[1].row_count == 1);
    /* No column has anything to say about the last row. */
    ck_assert_int_eq(batches[2].column_count, 0);
    ck_assert_int_eq(batches[2].event_types->codes[0], 0);
    ck_assert_mem_eq(batches[2].user_bytes + batches[2].user_offsets[0], "ccc", 3);
    segi_rows_clear(rows);
    ck_assert_int_eq(segi_rows_count(rows), 0);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 0);
    segi_rows_destroy(rows);
}
END_TEST

START_TEST(test_rows__a_failure_drops_the_row)
{
    segi_rows *rows = make(SEG_ID_BYTES);
    begin(rows, "a", "buy");
    ck_assert_int_eq(set_int(rows, "n", 1), SEG_OK);
    begin(rows, "b", "buy");
    ck_assert_int_eq(set_text(rows, "s", "x"), SEG_OK);
    ck_assert_int_eq(set_text(rows, "n", "x"), SEG_E_SCHEMA);
    ck_assert_int_eq(segi_rows_count(rows), 1);
    ck_assert_int_eq(set_int(rows, "n", 2), SEG_E_MISUSE);
    begin(rows, "c", NULL);
    ck_assert_int_eq(segi_rows_event_id(rows, "id", 2, NULL), SEG_E_MISUSE);
    ck_assert_int_eq(segi_rows_count(rows), 1);
    ck_assert_int_eq(segi_rows_begin(rows, "", 0, NULL, 0, 0, NULL), SEG_E_DATA);
    ck_assert_int_eq(segi_rows_begin(rows, "u", 1, "e", 1, SEG_TIME_MAX + 1, NULL), SEG_E_DATA);
    ck_assert_int_eq(segi_rows_begin(rows, "u", 1, "", 0, 0, NULL), SEG_E_ARG);
    const seg_batch *batches;
    size_t count;
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(batches[0].row_count, 1);
    segi_rows_destroy(rows);
}
END_TEST

/* What a dropped row alone said about types binds nobody. */
START_TEST(test_rows__a_dropped_row_gives_no_types)
{
    segi_rows *rows = make(SEG_ID_BYTES);
    const seg_batch *batches;
    size_t count;
    begin(rows, "a", "buy");
    ck_assert_int_eq(set_int(rows, "n", 1), SEG_OK);
    for (int round = 0; round < 2; round++) {
        begin(rows, "b", "view");
        ck_assert_int_eq(set_text(rows, "s", "x"), SEG_OK);
        ck_assert_int_eq(set_text(rows, "n", "x"), SEG_OK);
        ck_assert_int_eq(set_int(rows, "n", 2), SEG_E_SCHEMA); /* drops the row */
        begin(rows, "c", "buy");
        ck_assert_int_eq(set_int(rows, "n", 3), SEG_OK);
        ck_assert_int_eq(set_text(rows, "n", "x"), SEG_E_SCHEMA);
    }
    begin(rows, "d", "view");
    ck_assert_int_eq(set_int(rows, "n", 4), SEG_OK);
    ck_assert_int_eq(set_int(rows, "s", 5), SEG_OK);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(batches[0].row_count, 2);
    ck_assert_int_eq(batches[0].column_count, 2);
    segi_rows_clear(rows);
    begin(rows, "e", "view");
    ck_assert_int_eq(set_text(rows, "n", "x"), SEG_OK);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(batches[0].columns[0].type, SEG_TYPE_STRING);
    segi_rows_destroy(rows);
}
END_TEST

START_TEST(test_rows__a_name_has_a_type_for_each_event_type)
{
    segi_rows *rows = make(SEG_ID_BYTES);
    const seg_batch *batches;
    size_t count;
    for (int round = 0; round < 2; round++) {
        begin(rows, "a", "buy");
        ck_assert_int_eq(set_int(rows, "value", 1), SEG_OK);
        begin(rows, "b", "login");
        begin(rows, "c", "search");
        ck_assert_int_eq(set_text(rows, "value", "shoes"), SEG_OK);
        ck_assert_int_eq(set_text(rows, "other", "x"), SEG_OK);
        begin(rows, "d", "buy");
        ck_assert_int_eq(segi_rows_set_null(rows, NULL, "value", 5, NULL), SEG_OK);
        begin(rows, "e", "search");
        ck_assert_int_eq(set_int(rows, "value", 3), SEG_E_SCHEMA);
        begin(rows, "e", "login");
        ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
        /* Cut where the column of the name changes, and only there. */
        ck_assert_int_eq(count, 3);
        ck_assert_int_eq(batches[0].row_count, 2);
        ck_assert_int_eq(batches[0].column_count, 1);
        ck_assert_int_eq(batches[0].columns[0].type, SEG_TYPE_INT64);
        ck_assert_int_eq(batches[1].row_count, 1);
        ck_assert_int_eq(batches[1].column_count, 2);
        ck_assert_int_eq(batches[1].columns[0].type, SEG_TYPE_STRING);
        ck_assert_int_eq(batches[2].row_count, 2);
        ck_assert_int_eq(batches[2].column_count, 1);
        ck_assert_int_eq(batches[2].columns[0].type, SEG_TYPE_INT64);
        ck_assert_int_eq(batches[2].columns[0].states[0], SEG_VALUE_NULL);
        segi_rows_clear(rows);
    }
    /* Rows that are gone bind no type. */
    begin(rows, "a", "buy");
    ck_assert_int_eq(set_text(rows, "value", "x"), SEG_OK);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(batches[0].column_count, 1);
    segi_rows_destroy(rows);
}
END_TEST

START_TEST(test_rows__lists_and_event_ids)
{
    segi_rows *rows = make(SEG_ID_BYTES);
    const char *const elements[3] = {"x", "", "zz"};
    const size_t sizes[3] = {1, 0, 2};
    const seg_batch *batches;
    size_t count;
    begin(rows, "a", NULL);
    begin(rows, "b", NULL);
    ck_assert_int_eq(segi_rows_set_list(rows, "l", 1, elements, sizes, 3, NULL), SEG_OK);
    ck_assert_int_eq(segi_rows_set_list(rows, "l", 1, elements + 2, sizes + 2, 1, NULL), SEG_OK);
    begin(rows, "c", NULL);
    ck_assert_int_eq(segi_rows_set_list(rows, "l", 1, NULL, NULL, 0, NULL), SEG_OK);
    begin(rows, "c", "e");
    begin(rows, "c", "e");
    ck_assert_int_eq(segi_rows_event_id(rows, "id", 2, NULL), SEG_OK);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert_int_eq(count, 2);
    const seg_column *list = &batches[0].columns[0];
    ck_assert_int_eq(list->states[0], SEG_VALUE_ABSENT);
    ck_assert_int_eq(list->lists[1] - list->lists[0], 0);
    ck_assert_int_eq(list->lists[2] - list->lists[1], 1);
    ck_assert_int_eq(list->lists[3] - list->lists[2], 0);
    ck_assert_int_eq(list->offsets[1], 2);
    ck_assert_int_eq(batches[1].event_ids->states[0], SEG_VALUE_ABSENT);
    ck_assert_int_eq(batches[1].event_ids->states[1], SEG_VALUE_SET);
    segi_rows_destroy(rows);
}
END_TEST

START_TEST(test_rows__numbers_as_ids)
{
    segi_rows *rows = make(SEG_ID_U64);
    uint64_t id = 77;
    const seg_batch *batches;
    size_t count;
    ck_assert_int_eq(segi_rows_begin(rows, "u", 1, NULL, 0, 0, NULL), SEG_E_ARG);
    ck_assert_int_eq(segi_rows_begin(rows, (const char *)&id, sizeof id, NULL, 0, 0, NULL), SEG_OK);
    ck_assert_int_eq(segi_rows_batches(rows, &batches, &count, NULL), SEG_OK);
    ck_assert(count == 1 && batches[0].user_ids[0] == 77 && !batches[0].user_offsets);
    segi_rows_destroy(rows);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ingest/rows");
    TCase *c = tcase_create("rows");
    tcase_add_test(c, test_rows__runs_of_kinds);
    tcase_add_test(c, test_rows__a_failure_drops_the_row);
    tcase_add_test(c, test_rows__a_dropped_row_gives_no_types);
    tcase_add_test(c, test_rows__a_name_has_a_type_for_each_event_type);
    tcase_add_test(c, test_rows__lists_and_event_ids);
    tcase_add_test(c, test_rows__numbers_as_ids);
    suite_add_tcase(s, c);
    return s;
}
