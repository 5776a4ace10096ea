/* Malformed batches are refused whole, whatever the mode; wrong values mark their rows. */
#include <seg/store.h>
#include <string.h>

#include "ingest/ingest.h"
#include "support/check_main.h"

#define ROWS 4

typedef struct fixture {
    const segi_schema *schema;
    segi_arena arena;
    segi_checked_batch checked;
    seg_error err;
    seg_batch batch;
    seg_column column, types, ids;
    uint64_t user_offsets[ROWS + 1], offsets[ROWS + 1], lists[ROWS + 1];
    int64_t times[ROWS], values[2 * ROWS];
    uint32_t codes[ROWS], type_codes[ROWS];
    uint8_t states[ROWS];
} fixture;

static void setup(fixture *f)
{
    static const uint64_t type_offsets[3] = {0, 1, 2};
    segi_zone *zone = NULL;
    memset(f, 0, sizeof *f);
    f->err = (seg_error)SEG_ERROR_INIT;
    ck_assert_int_eq(segi_zone_load(segi_mem_default(), "UTC", 3, &zone, &f->err), SEG_OK);
    ck_assert_int_eq(
        segi_schema_create(segi_mem_default(), SEG_ID_BYTES, 1, zone, &f->schema, &f->err), SEG_OK);
    segi_arena_init(&f->arena, segi_mem_default());
    for (uint64_t i = 0; i <= ROWS; i++)
        f->user_offsets[i] = f->offsets[i] = f->lists[i] = i;
    f->batch = (seg_batch)SEG_BATCH_INIT;
    f->column = f->types = f->ids = (seg_column)SEG_COLUMN_INIT;
    f->batch.row_count = ROWS;
    f->batch.user_bytes = "abcd";
    f->batch.user_offsets = f->user_offsets;
    f->batch.times = f->times;
    f->batch.event_types = &f->types;
    f->batch.event_ids = &f->ids;
    f->batch.columns = &f->column;
    f->batch.column_count = 1;
    f->types.type = f->ids.type = f->column.type = SEG_TYPE_STRING;
    f->types.values = "xy";
    f->types.offsets = type_offsets;
    f->types.codes = f->type_codes;
    f->types.dictionary_count = 2;
    f->ids.values = f->column.values = "wxyz";
    f->ids.offsets = f->column.offsets = f->offsets;
    f->column.name = "c";
    f->column.name_size = 1;
    f->column.states = f->states;
}

static seg_status check(fixture *f, bool quarantine)
{
    return segi_batch_check(f->schema, &f->batch, 10, quarantine, &f->arena, &f->checked, &f->err);
}

static void teardown(fixture *f)
{
    segi_arena_deinit(&f->arena);
    segi_schema_release(f->schema);
}

/* Each break is tried in both modes. */
enum {
    GOOD,
    BATCH_SIZE,
    BATCH_FLAGS,
    NO_USERS,
    USERS_AS_NUMBERS,
    USERS_FALL,
    TWO_KINDS_OF_TYPE,
    NO_TYPE,
    TYPES_WITHOUT_CODES,
    TYPE_CODE_BEYOND,
    TYPES_WITH_STATES,
    EVENT_IDS_WITH_CODES,
    EVENT_IDS_FALL,
    COLUMN_SIZE,
    COLUMN_NAME,
    COLUMN_TYPE,
    COLUMN_SCALE,
    COLUMN_RESERVED,
    COLUMN_SET_IN_EVENT,
    NO_VALUES,
    NO_OFFSETS,
    OFFSETS_FALL,
    CODE_BEYOND,
    DICTIONARY_WITHOUT_CODES,
    STATE_UNKNOWN,
    TWICE_THE_NAME,
    NO_COLUMNS,
    ATTRIBUTES_WITH_EVENT,
    BREAK_COUNT
};

static seg_status break_batch(fixture *f, int what)
{
    static seg_column twice[2];
    switch (what) {
    case GOOD: return SEG_OK;
    case BATCH_SIZE: f->batch.struct_size = 8; return SEG_E_VERSION;
    case BATCH_FLAGS: f->batch.flags = 2; return SEG_E_VERSION;
    case NO_USERS: f->batch.user_offsets = NULL; return SEG_E_ARG;
    case USERS_AS_NUMBERS: f->batch.user_ids = f->user_offsets; return SEG_E_ARG;
    case USERS_FALL: f->user_offsets[2] = 9; return SEG_E_DATA;
    case TWO_KINDS_OF_TYPE:
        f->batch.event = "e";
        f->batch.event_size = 1;
        return SEG_E_ARG;
    case NO_TYPE: f->batch.event_types = NULL; return SEG_E_ARG;
    case TYPES_WITHOUT_CODES: f->types.codes = NULL; return SEG_E_ARG;
    case TYPE_CODE_BEYOND: f->type_codes[3] = 2; return SEG_E_DATA;
    case TYPES_WITH_STATES: f->types.states = f->states; return SEG_E_ARG;
    case EVENT_IDS_WITH_CODES: f->ids.codes = f->codes; return SEG_E_ARG;
    case EVENT_IDS_FALL:
        f->ids.offsets = f->lists;
        f->lists[1] = 4;
        return SEG_E_DATA;
    case COLUMN_SIZE: f->column.struct_size += 8; return SEG_E_VERSION;
    case COLUMN_NAME: f->column.name = "\n"; return SEG_E_ARG;
    case COLUMN_TYPE: f->column.type = 10; return SEG_E_ARG;
    case COLUMN_SCALE: f->column.scale = 1; return SEG_E_ARG;
    case COLUMN_RESERVED: f->column.reserved = 1; return SEG_E_VERSION;
    case COLUMN_SET_IN_EVENT: f->column.type = SEG_TYPE_STRING_SET; return SEG_E_ARG;
    case NO_VALUES:
        f->column.type = SEG_TYPE_INT64;
        f->column.values = NULL;
        return SEG_E_ARG;
    case NO_OFFSETS: f->column.offsets = NULL; return SEG_E_ARG;
    case OFFSETS_FALL:
        f->column.offsets = f->lists;
        f->lists[1] = 4;
        return SEG_E_DATA;
    case CODE_BEYOND:
        f->column.codes = f->codes;
        f->column.dictionary_count = ROWS;
        f->codes[2] = ROWS;
        return SEG_E_DATA;
    case DICTIONARY_WITHOUT_CODES: f->column.dictionary_count = 1; return SEG_E_ARG;
    case STATE_UNKNOWN: f->states[0] = 3; return SEG_E_DATA;
    case TWICE_THE_NAME:
        twice[0] = twice[1] = f->column;
        f->batch.columns = twice;
        f->batch.column_count = 2;
        return SEG_E_ARG;
    case NO_COLUMNS: f->batch.columns = NULL; return SEG_E_ARG;
    default: f->batch.times = NULL; return SEG_E_ARG;
    }
}

START_TEST(test_check__malformed)
{
    for (int what = 0; what < BREAK_COUNT; what++)
        for (int quarantine = 0; quarantine < 2; quarantine++) {
            fixture f;
            setup(&f);
            seg_status expected = break_batch(&f, what);
            seg_status status = check(&f, quarantine);
            ck_assert_msg(status == expected, "break %d: %d, not %d: %s", what, (int)status,
                          (int)expected, f.err.message);
            teardown(&f);
        }
}
END_TEST

/* What is not set may hold anything. */
START_TEST(test_check__values_that_do_not_count)
{
    fixture f;
    setup(&f);
    f.column.codes = f.codes;
    f.column.dictionary_count = ROWS;
    f.codes[1] = UINT32_MAX;
    f.states[1] = SEG_VALUE_NULL;
    ck_assert_int_eq(check(&f, false), SEG_OK);
    ck_assert_ptr_null(f.checked.results);
    f.column.codes = NULL;
    f.column.dictionary_count = 0;
    f.column.values = "w\xffyz";
    ck_assert_int_eq(check(&f, false), SEG_OK);
    f.states[1] = SEG_VALUE_SET;
    ck_assert_int_eq(check(&f, false), SEG_E_DATA);
    ck_assert_int_eq(f.err.line, 12);
    teardown(&f);
}
END_TEST

/* A character cut in two by an offset makes both strings wrong. */
START_TEST(test_check__text_cut_in_a_character)
{
    fixture f;
    setup(&f);
    f.column.values = "w\xc3\xbcz";
    ck_assert_int_eq(check(&f, true), SEG_OK);
    ck_assert_int_eq(f.checked.rejected, 2);
    ck_assert_int_eq(f.checked.rejected_row, 11);
    ck_assert_int_eq(f.checked.results[1], SEG_ROW_BAD_VALUE);
    ck_assert_int_eq(f.checked.results[2], SEG_ROW_BAD_VALUE);
    teardown(&f);
}
END_TEST

/* A dictionary entry that is wrong spoils the rows that use it; event names likewise. */
START_TEST(test_check__bad_dictionary_entries)
{
    fixture f;
    setup(&f);
    f.column.codes = f.codes;
    f.column.dictionary_count = ROWS;
    f.column.values = "w\xffyz";
    f.codes[0] = 1;
    f.codes[3] = 1;
    f.types.values = "x\n";
    f.type_codes[2] = 1;
    ck_assert_int_eq(check(&f, true), SEG_OK);
    ck_assert_int_eq(f.checked.rejected, 3);
    ck_assert_int_eq(f.checked.results[1], SEG_ROW_OK);
    ck_assert_int_eq(check(&f, false), SEG_E_DATA);
    ck_assert_int_eq(f.err.line, 11);
    teardown(&f);
}
END_TEST

/* A dictionary larger than its batch: only what the rows use is looked at, to the same end. */
START_TEST(test_check__large_dictionary)
{
    fixture f;
    setup(&f);
    f.batch.row_count = 2;
    f.column.codes = f.codes;
    f.column.dictionary_count = ROWS;
    f.column.values = "w\xffyz";
    f.codes[0] = 3;
    ck_assert_int_eq(check(&f, false), SEG_OK);
    ck_assert_int_eq(f.checked.rejected, 0);
    f.codes[1] = 1;
    ck_assert_int_eq(check(&f, true), SEG_OK);
    ck_assert_int_eq(f.checked.rejected, 1);
    ck_assert_int_eq(f.checked.results[1], SEG_ROW_BAD_VALUE);
    f.states[1] = SEG_VALUE_NULL;
    ck_assert_int_eq(check(&f, false), SEG_OK);
    f.codes[0] = ROWS;
    ck_assert_int_eq(check(&f, true), SEG_E_DATA);
    teardown(&f);
}
END_TEST

/* Offsets of entries that no row uses are not looked at, those of the others lead nowhere else. */
START_TEST(test_check__large_dictionary_offsets)
{
    fixture f;
    setup(&f);
    f.batch.row_count = 2;
    f.column.codes = f.codes;
    f.column.dictionary_count = ROWS;
    f.offsets[2] = 9;
    ck_assert_int_eq(check(&f, true), SEG_OK);
    ck_assert_int_eq(f.checked.rejected, 0);
    f.codes[0] = 1; /* ends beyond the bytes */
    ck_assert_int_eq(check(&f, true), SEG_E_DATA);
    f.codes[0] = 2; /* falls */
    ck_assert_int_eq(check(&f, true), SEG_E_DATA);
    teardown(&f);
}
END_TEST

#define ENTRIES 9

/* The event types of `rows` rows, whose codes are given, against the names they are to have. */
static void check_cut(fixture *f, uint64_t rows, const uint32_t *codes, uint64_t entries_left)
{
    const seg_column *types = &f->checked.event_types;
    f->batch.row_count = rows;
    f->batch.event_ids = NULL;
    f->batch.column_count = 0;
    memcpy(f->type_codes, codes, (size_t)rows * sizeof *codes);
    ck_assert_int_eq(check(f, false), SEG_OK);
    ck_assert_uint_eq(types->dictionary_count, entries_left);
    for (uint64_t row = 0; row < rows; row++) {
        uint32_t code = types->codes[row];
        ck_assert_uint_lt(code, entries_left);
        ck_assert_uint_eq(types->offsets[code + 1] - types->offsets[code], 1);
        ck_assert_int_eq(((const char *)types->values)[types->offsets[code]],
                         "abcdefghi"[codes[row]]);
    }
    for (uint64_t i = 0; i + 1 < entries_left; i++)
        ck_assert_int_lt(((const char *)types->values)[types->offsets[i]],
                         ((const char *)types->values)[types->offsets[i + 1]]);
}

/* Only entries that rows use are left, in their order, whether they are more or fewer than the
 * rows. */
START_TEST(test_check__event_types_cut)
{
    static const uint64_t offsets[ENTRIES + 1] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    static const uint32_t one[] = {8}, some[] = {7, 0, 7, 3}, few[] = {2, 0, 0, 2},
                          all[] = {3, 1, 0, 2};
    fixture f;
    setup(&f);
    f.types.values = "abcdefghi";
    f.types.offsets = offsets;
    f.types.dictionary_count = ENTRIES;
    check_cut(&f, 1, one, 1);
    check_cut(&f, ROWS, some, 3);
    f.types.dictionary_count = 3;
    check_cut(&f, ROWS, few, 2);
    f.types.dictionary_count = ROWS;
    check_cut(&f, ROWS, all, ROWS);
    ck_assert_ptr_eq(f.checked.event_types.codes, f.type_codes);
    teardown(&f);
}
END_TEST

/* A name without end is refused with its row and not copied. */
START_TEST(test_check__event_types_cut_long)
{
    static char names[SEG_NAME_SIZE_MAX + 3];
    static const uint64_t offsets[4] = {0, 1, SEG_NAME_SIZE_MAX + 2, SEG_NAME_SIZE_MAX + 3};
    fixture f;
    setup(&f);
    memset(names, 'x', sizeof names);
    f.batch.column_count = 0;
    f.batch.event_ids = NULL;
    f.types.values = names;
    f.types.offsets = offsets;
    f.types.dictionary_count = 3;
    f.type_codes[1] = f.type_codes[2] = 1;
    ck_assert_int_eq(check(&f, true), SEG_OK);
    ck_assert_uint_eq(f.checked.rejected, 2);
    ck_assert_int_eq(f.checked.results[1], SEG_ROW_BAD_VALUE);
    ck_assert_int_eq(f.checked.results[3], SEG_ROW_OK);
    ck_assert_uint_eq(f.checked.event_types.dictionary_count, 2);
    ck_assert_uint_eq(f.checked.event_types.offsets[2], 1);
    teardown(&f);
}
END_TEST

START_TEST(test_check__limits)
{
    fixture f;
    static char long_text[2 * SEG_STRING_SIZE_MAX];
    memset(long_text, 'x', sizeof long_text);
    for (int over = 0; over < 2; over++) {
        setup(&f);
        f.batch.user_bytes = f.ids.values = f.column.values = long_text;
        for (int i = 2; i <= ROWS; i++) {
            f.user_offsets[i] += SEG_ID_SIZE_MAX - 1 + (uint64_t)over;
            f.lists[i] += SEG_ID_SIZE_MAX - 1 + (uint64_t)over;
            f.offsets[i] += SEG_STRING_SIZE_MAX - 1 + (uint64_t)over;
        }
        f.ids.offsets = f.lists;
        ck_assert_int_eq(check(&f, true), SEG_OK);
        ck_assert_int_eq(f.checked.rejected, over);
        teardown(&f);
    }
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("ingest/check");
    TCase *c = tcase_create("check");
    tcase_add_test(c, test_check__malformed);
    tcase_add_test(c, test_check__values_that_do_not_count);
    tcase_add_test(c, test_check__text_cut_in_a_character);
    tcase_add_test(c, test_check__bad_dictionary_entries);
    tcase_add_test(c, test_check__large_dictionary);
    tcase_add_test(c, test_check__large_dictionary_offsets);
    tcase_add_test(c, test_check__event_types_cut);
    tcase_add_test(c, test_check__event_types_cut_long);
    tcase_add_test(c, test_check__limits);
    suite_add_tcase(s, c);
    return s;
}
