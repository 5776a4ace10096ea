/* Checks a public batch, column by column.
 *
 * Structural faults (arrays that are missing, offsets that fall, codes out of range) make the
 * batch unreadable and fail the call. Faults of single values mark their row; in strict mode the
 * lowest marked row fails the call once all columns were looked at, so that the row named does
 * not depend on the order of the columns. Messages name rows and columns, never values.
 *
 * Loops over rows come in two shapes. Where nearly all values are good, a first loop without
 * exits gathers one bit for all rows, which compilers turn into vector code, and only a hit is
 * looked for row by row. Where a value has to be decoded anyway, there is the second loop alone.
 * A value whose state is not SET is never read: its bytes are whatever the caller left there. */
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "ingest/check_types.h"

/* Civil dates of SEG_TIME_MIN and SEG_TIME_MAX. */
#define CHECK_DATE_MIN (-719162)
#define CHECK_DATE_MAX 2932896

typedef struct check {
    const segi_schema *schema;
    segi_arena *arena;
    segi_checked_batch *out;
    seg_error *err;
    const seg_column *column; /* under way */
    const char *fault;        /* of the lowest bad row so far */
    const char *fault_column;
    uint64_t fault_column_size;
    bool nomem;
} check;

/* Says what belongs to a name in a message; names that are not printable are left out.
 * `out` is not terminated: print it with its size. */
static void check_name_for_message(const char *name, uint64_t size, const char **out, int *out_size)
{
    bool good = segi_name_valid(name, size);
    *out = good ? name : "?";
    *out_size = good ? (int)size : 1;
}

/* A fault of the column under way as a whole. */
static seg_status check_fail_column(check *c, seg_status code, const char *what)
{
    const char *name;
    int size;
    check_name_for_message(c->column->name, c->column->name_size, &name, &size);
    return segi_fail(c->err, code, "column \"%.*s\": %s", size, name, what);
}

/* Notes the fault of one row of the column under way. The first result of a row stays, while the
 * fault that is reported is that of the lowest row, whichever column it was found in. The array
 * of results is made with the first fault: good batches never pay for it. */
static void check_mark(check *c, uint64_t row, uint8_t result, const char *fault)
{
    segi_checked_batch *out = c->out;
    if (!out->results) {
        out->results = segi_arena_alloc(c->arena, (size_t)out->batch.row_count);
        if (!out->results) {
            c->nomem = true;
            return;
        }
    }
    if (out->results[row] == SEG_ROW_OK) {
        out->results[row] = result;
        out->rejected++;
    }
    if (out->rejected_row == UINT64_MAX || row < out->rejected_row - out->first_row) {
        out->rejected_row = out->first_row + row;
        c->fault = fault;
        c->fault_column = c->column ? c->column->name : NULL;
        c->fault_column_size = c->column ? c->column->name_size : 0;
    }
}

/* No states: every row has a value. */
static bool check_is_set(const seg_column *column, uint64_t row)
{
    return !column->states || column->states[row] == SEG_VALUE_SET;
}

/* ---- strings --------------------------------------------------------------------------------- */

/* Offsets [0, count], which is one more than there are strings. No exit from the loop: it runs as
 * vector code, and a fault ends the call anyway. */
static bool check_offsets_rise(const uint64_t *offsets, uint64_t count)
{
    uint64_t falls = 0;
    for (uint64_t i = 0; i < count; i++)
        falls |= offsets[i + 1] < offsets[i];
    return falls == 0;
}

/* Whether strings [0, count) are all valid, seen at once: the bytes are valid together, no string
 * begins inside a character and none is too long. False says nothing about single ones. */
static bool check_strings_at_once(const char *bytes, const uint64_t *offsets, uint64_t count)
{
    uint64_t begin = offsets[0], end = offsets[count];
    uint64_t bad = 0;
    if (begin == end)
        return true;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t at = offsets[i];
        bad |= offsets[i + 1] - at > SEG_STRING_SIZE_MAX;
        bad |= at < end && ((unsigned char)bytes[at] & 0xc0) == 0x80;
    }
    return !bad && segi_utf8_valid(bytes + begin, (size_t)(end - begin));
}

/* One string; `fault` is set only where it is bad. */
static bool check_string(const char *bytes, const uint64_t *offsets, uint64_t index,
                         const char **fault)
{
    uint64_t size = offsets[index + 1] - offsets[index];
    if (size > SEG_STRING_SIZE_MAX) {
        *fault = "text is too long";
        return false;
    }
    if (size > 0 && !segi_utf8_valid(bytes + offsets[index], (size_t)size)) {
        *fault = "text is not valid UTF-8";
        return false;
    }
    return true;
}

/* What makes a text acceptable: check_string() for values, check_event_name() for event types. */
typedef bool check_entry(const char *bytes, const uint64_t *offsets, uint64_t index,
                         const char **fault);

static bool check_event_name(const char *bytes, const uint64_t *offsets, uint64_t index,
                             const char **fault)
{
    *fault = "the name of the event type is not acceptable";
    return segi_name_valid(bytes + offsets[index], (size_t)(offsets[index + 1] - offsets[index]));
}

/* The faults of the dictionary's entries, or NULL where all are good.
 * Looked at once per entry, however many rows use it. Whoever gets NULL asks c->nomem first. */
static const char **check_dictionary(check *c, const seg_column *column, check_entry *entry)
{
    const char **faults = NULL, *fault = NULL;
    uint64_t count = column->dictionary_count;
    if (entry == check_string && count > 0 &&
        check_strings_at_once(column->values, column->offsets, count))
        return NULL;
    for (uint64_t i = 0; i < count; i++) {
        if (entry(column->values, column->offsets, i, &fault))
            continue;
        if (!faults)
            faults = segi_arena_array(c->arena, (size_t)count, sizeof *faults);
        if (!faults) {
            c->nomem = true;
            return NULL;
        }
        faults[i] = fault;
    }
    return faults;
}

/* A dictionary larger than what the rows ask of it, `items` times, is not looked at as a whole: a
 * commit of few rows costs what its rows cost. */
static bool check_dictionary_is_large(const seg_column *column, uint64_t items)
{
    return column->codes && column->dictionary_count > items;
}

/* Whether the arrays are there and the offsets lead nowhere else, which for a large dictionary is
 * seen entry by entry. Strings [begin, end) are those of the rows where the column has no
 * dictionary. */
static seg_status check_text_shape(check *c, const seg_column *column, uint64_t begin, uint64_t end)
{
    uint64_t count = column->codes ? column->dictionary_count : end;
    if (!column->codes && column->dictionary_count != 0)
        return check_fail_column(c, SEG_E_ARG, "a dictionary without codes");
    if (column->codes && count == 0 && !column->offsets)
        return SEG_OK;
    if (!column->offsets)
        return check_fail_column(c, SEG_E_ARG, "text without offsets");
    if (!check_dictionary_is_large(column, end - begin) &&
        !check_offsets_rise(column->offsets, count))
        return check_fail_column(c, SEG_E_DATA, "offsets fall");
    if (!column->values && column->offsets[count] > 0)
        return check_fail_column(c, SEG_E_ARG, "offsets without bytes");
    return SEG_OK;
}

/* The same for one entry of a dictionary. */
static bool check_entry_rises(const seg_column *column, uint64_t item)
{
    return column->offsets[item] <= column->offsets[item + 1] &&
           column->offsets[item + 1] <= column->offsets[column->dictionary_count];
}

/* Whether the codes of all rows lie in the dictionary.
 * Rows without a value may have any code. */
static bool check_codes(const seg_column *column, uint64_t rows)
{
    uint32_t beyond = 0;
    for (uint64_t row = 0; !column->states && row < rows; row++)
        beyond |= column->codes[row] >= column->dictionary_count;
    for (uint64_t row = 0; column->states && row < rows; row++)
        beyond |= (column->codes[row] >= column->dictionary_count) &
                  (column->states[row] == SEG_VALUE_SET);
    return !beyond;
}

/* Rows of a string column, or elements where `lists` is given: row r has those from lists[r] up to
 * lists[r + 1].
 * The short ways out come first: a good dictionary and good codes, or strings that are good all
 * at once. What is left finds the rows by name. */
static seg_status check_texts(check *c, const seg_column *column, const uint64_t *lists,
                              check_entry *entry)
{
    uint64_t rows = c->out->batch.row_count;
    uint64_t begin = lists ? lists[0] : 0, end = lists ? lists[rows] : rows;
    const char **faults = NULL, *fault = NULL;
    bool large = check_dictionary_is_large(column, end - begin);
    if (column->codes && !large) {
        faults = check_dictionary(c, column, entry);
        if (c->nomem)
            return segi_fail_nomem(c->err);
        if (!faults && !lists && check_codes(column, rows))
            return SEG_OK;
    } else if (!column->codes &&
               check_strings_at_once(column->values, column->offsets + begin, end - begin)) {
        return SEG_OK;
    }
    for (uint64_t row = 0; row < rows; row++) {
        if (!check_is_set(column, row))
            continue;
        begin = lists ? lists[row] : row;
        end = lists ? lists[row + 1] : row + 1;
        for (uint64_t i = begin; i < end; i++) {
            uint64_t item = column->codes ? column->codes[i] : i;
            if (column->codes && item >= column->dictionary_count)
                return check_fail_column(c, SEG_E_DATA, "a code is beyond the dictionary");
            if (large && !check_entry_rises(column, item))
                return check_fail_column(c, SEG_E_DATA, "offsets fall");
            if (column->codes && !large)
                fault = faults ? faults[item] : NULL;
            else if (entry(column->values, column->offsets, item, &fault))
                fault = NULL;
            if (fault)
                check_mark(c, row, SEG_ROW_BAD_VALUE, fault);
        }
    }
    return SEG_OK;
}

/* Texts and sets of texts; the shape comes before the values, because it makes them safe to
 * read. */
static seg_status check_text_column(check *c, const seg_column *column)
{
    const uint64_t *lists = NULL;
    uint64_t rows = c->out->batch.row_count;
    if (column->type == SEG_TYPE_STRING_SET) {
        lists = column->lists;
        if (!lists)
            return check_fail_column(c, SEG_E_ARG, "a set of texts without lists");
        if (!check_offsets_rise(lists, rows))
            return check_fail_column(c, SEG_E_DATA, "lists fall");
    }
    SEGI_TRY(check_text_shape(c, column, lists ? lists[0] : 0, lists ? lists[rows] : rows));
    return check_texts(c, column, lists, check_string);
}

/* ---- fixed-size values ----------------------------------------------------------------------- */

/* NaN and infinities have no place in an order, so no comparison would find them again. */
static void check_floats(check *c, const seg_column *column)
{
    const double *values = column->values;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if (!isfinite(values[row]) && check_is_set(column, row))
            check_mark(c, row, SEG_ROW_BAD_VALUE, "the number is not finite");
}

static void check_bools(check *c, const seg_column *column)
{
    const uint8_t *values = column->values;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if (values[row] > 1 && check_is_set(column, row))
            check_mark(c, row, SEG_ROW_BAD_VALUE, "a boolean is neither 0 nor 1");
}

static void check_instants(check *c, const seg_column *column)
{
    const int64_t *values = column->values;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if ((values[row] < SEG_TIME_MIN || values[row] > SEG_TIME_MAX) && check_is_set(column, row))
            check_mark(c, row, SEG_ROW_BAD_VALUE, "the instant is not within the years 1 to 9999");
}

static void check_dates(check *c, const seg_column *column)
{
    const int32_t *values = column->values;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if ((values[row] < CHECK_DATE_MIN || values[row] > CHECK_DATE_MAX) &&
            check_is_set(column, row))
            check_mark(c, row, SEG_ROW_BAD_VALUE, "the date is not within the years 1 to 9999");
}

/* Kept as whole ten-millionths of a degree, see segi_slot_of_geo(). */
static void check_places(check *c, const seg_column *column)
{
    const double *values = column->values;
    int64_t slot;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if (check_is_set(column, row) &&
            !segi_slot_of_geo(values[2 * row], values[2 * row + 1], &slot))
            check_mark(c, row, SEG_ROW_BAD_VALUE,
                       "the location is not within 90 degrees of latitude and 180 of longitude");
}

/* By type. Integers, decimals and durations can be anything that 64 bits can be. */
static seg_status check_values(check *c, const seg_column *column)
{
    if (c->out->batch.row_count == 0)
        return SEG_OK;
    if (column->type == SEG_TYPE_STRING || column->type == SEG_TYPE_STRING_SET)
        return check_text_column(c, column);
    if (!column->values)
        return check_fail_column(c, SEG_E_ARG, "values are missing");
    switch (column->type) {
    case SEG_TYPE_FLOAT64: check_floats(c, column); break;
    case SEG_TYPE_BOOL: check_bools(c, column); break;
    case SEG_TYPE_TIMESTAMP: check_instants(c, column); break;
    case SEG_TYPE_DATE: check_dates(c, column); break;
    case SEG_TYPE_GEO: check_places(c, column); break;
    default: break;
    }
    return SEG_OK;
}

/* ---- against the schema ---------------------------------------------------------------------- */

/* NULL: the column is new and takes the type that it has here. */
static seg_status check_type_against(check *c, const segi_field *field)
{
    if (!field || field->type == c->column->type)
        return SEG_OK;
    return segi_fail(c->err, SEG_E_SCHEMA, "column \"%s\" is of type %s in the store, not %s",
                     field->name, segi_type_name(field->type), segi_type_name(c->column->type));
}

/* The value must survive the change to the scale of the store without losing a digit. */
static void check_decimal(check *c, const seg_column *column, const segi_field *field, uint64_t row)
{
    int64_t ignored;
    if (!segi_decimal_rescale(((const int64_t *)column->values)[row], column->scale, field->scale,
                              &ignored))
        check_mark(c, row, SEG_ROW_BAD_VALUE, "the decimal does not fit the scale of the column");
}

/* One known column for all rows. */
static seg_status check_field(check *c, const seg_column *column, const segi_field *field)
{
    SEGI_TRY(check_type_against(c, field));
    if (!field || column->type != SEG_TYPE_DECIMAL || column->scale == field->scale)
        return SEG_OK;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if (check_is_set(column, row))
            check_decimal(c, column, field, row);
    return SEG_OK;
}

/* A property under several event types: it counts for those types only that have it in a row.
 * The type of each row's event was checked before (check_event_types()), so codes are in range
 * here. One look-up per event type and column; the walk over the rows is needed only where one of
 * them differs. */
static seg_status check_fields_by_type(check *c, const seg_column *column)
{
    const seg_column *types = &c->out->event_types;
    bool differs = false;
    if (c->out->batch.row_count == 0)
        return SEG_OK;
    const segi_field **fields =
        segi_arena_array(c->arena, (size_t)types->dictionary_count, sizeof *fields);
    if (!fields)
        return segi_fail_nomem(c->err);
    for (uint64_t i = 0; i < types->dictionary_count; i++) {
        const char *name = (const char *)types->values + types->offsets[i];
        const segi_event_type *event =
            segi_schema_event(c->schema, name, (size_t)(types->offsets[i + 1] - types->offsets[i]));
        fields[i] =
            event ? segi_event_property(event, column->name, (size_t)column->name_size) : NULL;
        differs |=
            fields[i] && (fields[i]->type != column->type || fields[i]->scale != column->scale);
    }
    if (!differs)
        return SEG_OK;
    for (uint64_t row = 0; row < c->out->batch.row_count; row++) {
        const segi_field *field = fields[types->codes[row]];
        if (!field || (column->states && column->states[row] == SEG_VALUE_ABSENT))
            continue;
        SEGI_TRY(check_type_against(c, field));
        if (field->scale != column->scale && check_is_set(column, row))
            check_decimal(c, column, field, row);
    }
    return SEG_OK;
}

/* ---- the shape of columns and batches -------------------------------------------------------- */

/* What can be seen without a look at the values, so that all that follows may trust the struct. */
static seg_status check_column_shape(check *c, const seg_column *column, bool set_allowed)
{
    if (column->struct_size != sizeof *column)
        return segi_fail(c->err, SEG_E_VERSION, "a column of a size that is not known");
    if (!segi_name_valid(column->name, (size_t)column->name_size))
        return segi_fail(c->err, SEG_E_ARG,
                         "a column's name must be 1 to %d bytes of UTF-8 without control "
                         "characters",
                         SEG_NAME_SIZE_MAX);
    if (column->type < SEG_TYPE_BOOL || column->type > SEG_TYPE_STRING_SET)
        return check_fail_column(c, SEG_E_ARG, "unknown type");
    if (column->type == SEG_TYPE_STRING_SET && !set_allowed)
        return check_fail_column(c, SEG_E_ARG, "sets of texts are for attributes only");
    if (column->type == SEG_TYPE_DECIMAL ? column->scale < 0 || column->scale > 18
                                         : column->scale != 0)
        return check_fail_column(c, SEG_E_ARG, "scale is out of range");
    if (column->reserved != 0)
        return check_fail_column(c, SEG_E_VERSION, "a reserved field is not 0");
    return SEG_OK;
}

/* Any byte beyond the known states fails the batch; SEGI_VALUE_BAD marks its row. */
static seg_status check_states(check *c, const seg_column *column)
{
    uint64_t rows = c->out->batch.row_count;
    bool own = (c->out->batch.flags & SEGI_BATCH_BAD_STATES) != 0;
    uint8_t state_max = own ? SEGI_VALUE_BAD : SEG_VALUE_ABSENT, bad = 0;
    if (!column->states)
        return SEG_OK;
    for (uint64_t row = 0; row < rows; row++)
        bad |= column->states[row] > state_max;
    for (uint64_t row = 0; own && row < rows; row++)
        if (column->states[row] == SEGI_VALUE_BAD)
            check_mark(c, row, SEG_ROW_BAD_VALUE,
                       "a number beyond 64 bits, or a null within a list");
    return bad ? check_fail_column(c, SEG_E_DATA, "a state is unknown") : SEG_OK;
}

/* `attributes`: of a batch without times. `event` is the one type of all rows, NULL where it is
 * new or differs by row. */
static seg_status check_column(check *c, const seg_column *column, bool attributes,
                               const segi_event_type *event)
{
    c->column = column;
    SEGI_TRY(check_column_shape(c, column, attributes));
    SEGI_TRY(check_states(c, column));
    SEGI_TRY(check_values(c, column));
    const char *name = column->name;
    size_t size = (size_t)column->name_size;
    if (attributes) {
        const segi_field *field = segi_schema_attribute(c->schema, name, size);
        if (field && field->history != SEGI_NO_HISTORY && !c->out->since)
            return check_fail_column(c, SEG_E_DATA,
                                     "the attribute has a history: give the times from which its "
                                     "values hold");
        return check_field(c, column, field);
    }
    if (c->out->batch.event_types)
        return check_fields_by_type(c, column);
    return check_field(c, column, event ? segi_event_property(event, name, size) : NULL);
}

/* FNV-1a, so that names are compared byte by byte only where they are likely to be equal. */
static uint32_t check_name_hash(const seg_column *column)
{
    uint32_t hash = 2166136261u;
    for (uint64_t i = 0; i < column->name_size; i++)
        hash = (hash ^ (unsigned char)column->name[i]) * 16777619u;
    return hash;
}

/* Names must differ. Runs after the shape checks, so names are readable and at most 255 bytes.
 * Quadratic in the number of columns, which is SEG_COLUMNS_MAX at most, but in four bytes per
 * step. */
static seg_status check_names_differ(check *c)
{
    const seg_column *columns = c->out->columns;
    size_t count = (size_t)c->out->batch.column_count;
    uint32_t *hashes = segi_arena_array(c->arena, count, sizeof *hashes);
    if (!hashes && count > 0)
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < count; i++) {
        hashes[i] = check_name_hash(&columns[i]);
        for (size_t k = 0; k < i; k++) {
            if (hashes[k] != hashes[i] || columns[k].name_size != columns[i].name_size ||
                memcmp(columns[k].name, columns[i].name, (size_t)columns[i].name_size) != 0)
                continue;
            c->column = &columns[i];
            return check_fail_column(c, SEG_E_ARG, "two columns of one name");
        }
    }
    return SEG_OK;
}

/* Sizes of 1 to SEG_ID_SIZE_MAX pass: an empty id wraps round to the largest number, so that one
 * comparison refuses both ends. */
static seg_status check_ids(check *c)
{
    const seg_batch *batch = &c->out->batch;
    uint64_t rows = batch->row_count;
    c->column = NULL;
    if (rows == 0)
        return SEG_OK;
    if (c->schema->id_kind == SEG_ID_U64) {
        SEGI_CHECK_ARG(batch->user_ids, c->err, "the batch has no user_ids");
        SEGI_CHECK_ARG(!batch->user_offsets, c->err, "this store has numbers as user ids");
        for (uint64_t row = 0; row < rows; row++)
            if (batch->user_ids[row] == UINT64_MAX)
                check_mark(c, row, SEG_ROW_BAD_ID, "the user id is the reserved number");
        return SEG_OK;
    }
    SEGI_CHECK_ARG(batch->user_offsets, c->err, "the batch has no user_offsets");
    SEGI_CHECK_ARG(!batch->user_ids, c->err, "this store has bytes as user ids");
    if (!check_offsets_rise(batch->user_offsets, rows))
        return segi_fail(c->err, SEG_E_DATA, "the offsets of the user ids fall");
    SEGI_CHECK_ARG(batch->user_bytes || batch->user_offsets[rows] == 0, c->err,
                   "the batch has no user_bytes");
    for (uint64_t row = 0; row < rows; row++)
        if (batch->user_offsets[row + 1] - batch->user_offsets[row] - 1 >= SEG_ID_SIZE_MAX)
            check_mark(c, row, SEG_ROW_BAD_ID, "the user id is empty or too long");
    return SEG_OK;
}

/* Event ids of a file may be missing (null or absent), but never empty. */
static seg_status check_event_ids(check *c)
{
    const seg_column *column = &c->out->event_ids;
    c->column = NULL;
    SEGI_CHECK_ARG(column->struct_size == sizeof *column && column->type == SEG_TYPE_STRING &&
                       !column->codes,
                   c->err, "event ids must be a text column without codes");
    uint64_t rows = c->out->batch.row_count;
    if (rows == 0)
        return SEG_OK;
    SEGI_CHECK_ARG(column->offsets, c->err, "event ids without offsets");
    if (!check_offsets_rise(column->offsets, rows))
        return segi_fail(c->err, SEG_E_DATA, "the offsets of the event ids fall");
    SEGI_CHECK_ARG(column->values || column->offsets[rows] == 0, c->err, "event ids without bytes");
    for (uint64_t row = 0; column->states && row < rows; row++)
        if (column->states[row] > SEG_VALUE_ABSENT)
            return segi_fail(c->err, SEG_E_DATA, "a state of the event ids is unknown");
    for (uint64_t row = 0; row < rows; row++)
        if (check_is_set(column, row) &&
            column->offsets[row + 1] - column->offsets[row] - 1 >= SEG_ID_SIZE_MAX)
            check_mark(c, row, SEG_ROW_BAD_ID, "the event id is empty or too long");
    return SEG_OK;
}

/* The column that names the event of each row. It needs a dictionary, because the store wants one
 * look-up per type and not per row. */
static seg_status check_event_types(check *c)
{
    static const char name[] = "event type";
    seg_column *column = &c->out->event_types;
    SEGI_CHECK_ARG(column->struct_size == sizeof *column && column->type == SEG_TYPE_STRING, c->err,
                   "event types must be a text column");
    SEGI_CHECK_ARG(column->codes || c->out->batch.row_count == 0, c->err,
                   "event types must be in dictionary form");
    SEGI_CHECK_ARG(!column->states, c->err, "event types must not have states");
    /* The column of the caller need not have a name; messages want one. */
    column->name = name;
    column->name_size = sizeof name - 1;
    c->column = column;
    if (c->out->batch.row_count == 0)
        return SEG_OK;
    SEGI_TRY(check_text_shape(c, column, 0, c->out->batch.row_count));
    SEGI_CHECK_ARG(column->dictionary_count <= UINT32_MAX, c->err, "too many event types");
    SEGI_TRY(check_texts(c, column, NULL, check_event_name));
    return segi_check_cut_types(c->arena, c->out->batch.row_count, column)
               ? SEG_OK
               : segi_fail_nomem(c->err);
}

static void check_times(check *c, const int64_t *times)
{
    for (uint64_t row = 0; row < c->out->batch.row_count; row++)
        if (times[row] < SEG_TIME_MIN || times[row] > SEG_TIME_MAX)
            check_mark(c, row, SEG_ROW_BAD_TIME, "the time is not within the years 1 to 9999");
}

/* A batch is one of events if it has times, else one of attributes. */
static seg_status check_events(check *c)
{
    const seg_batch *batch = &c->out->batch;
    c->column = NULL;
    if (!batch->times) {
        SEGI_CHECK_ARG(!batch->event && batch->event_size == 0 && !batch->event_types &&
                           !batch->event_ids,
                       c->err,
                       (batch->flags & SEG_BATCH_ATTRIBUTES) != 0
                           ? "a batch of attributes has no event types and no event ids"
                           : "a batch of events needs times");
        if (c->out->since)
            check_times(c, c->out->since);
        return SEG_OK;
    }
    SEGI_CHECK_ARG(!batch->event != !batch->event_types, c->err,
                   "a batch of events needs either one event type or a column of them");
    check_times(c, batch->times);
    if (batch->event_types)
        SEGI_TRY(check_event_types(c));
    else
        SEGI_CHECK_ARG(segi_name_valid(batch->event, (size_t)batch->event_size), c->err,
                       "the name of the event type is not acceptable");
    return batch->event_ids ? check_event_ids(c) : SEG_OK;
}

static seg_status check_columns(check *c)
{
    const seg_batch *batch = &c->out->batch;
    const segi_event_type *event = NULL;
    c->column = NULL;
    SEGI_CHECK_ARG(batch->columns || batch->column_count == 0, c->err, "columns are missing");
    SEGI_CHECK_ARG(batch->column_count <= SEG_COLUMNS_MAX, c->err, "too many columns");
    if (batch->event)
        event = segi_schema_event(c->schema, batch->event, (size_t)batch->event_size);
    for (uint64_t i = 0; i < batch->column_count; i++)
        SEGI_TRY(check_column(c, &c->out->columns[i], !batch->times, event));
    return check_names_differ(c);
}

/* The structs are copied before anything is trusted, so that a caller who changes them meanwhile
 * cannot get past the checks; the arrays stay his. */
static seg_status check_copy(check *c, const seg_batch *batch)
{
    segi_checked_batch *out = c->out;
    SEGI_CHECK_ARG(batch, c->err, "the batch is NULL");
    if (batch->struct_size != sizeof *batch)
        return segi_fail(c->err, SEG_E_VERSION, "a batch of a size that is not known");
    if ((batch->flags & ~(SEGI_BATCH_BAD_STATES | SEG_BATCH_ATTRIBUTES)) != 0)
        return segi_fail(c->err, SEG_E_VERSION, "the batch has unknown flags");
    if (batch->row_count > UINT32_MAX - 1)
        return segi_fail(c->err, SEG_E_LIMIT, "a batch has at most 4294967294 rows");
    out->batch = *batch;
    if ((batch->flags & SEG_BATCH_ATTRIBUTES) != 0) {
        out->since = batch->times;
        out->batch.times = NULL;
    }
    if (batch->event_types)
        out->event_types = *batch->event_types;
    if (batch->event_ids)
        out->event_ids = *batch->event_ids;
    if (!batch->columns || batch->column_count == 0 || batch->column_count > SEG_COLUMNS_MAX)
        return SEG_OK;
    size_t count = (size_t)batch->column_count;
    out->columns = segi_arena_array(c->arena, count, sizeof *out->columns);
    if (!out->columns)
        return segi_fail_nomem(c->err);
    memcpy(out->columns, batch->columns, count * sizeof *out->columns);
    return SEG_OK;
}

/* Rows are counted from 1 and over all batches of the commit, as in the row results. */
static seg_status check_report(const check *c)
{
    uint64_t row = c->out->rejected_row + 1;
    const char *name;
    int size;
    if (c->fault_column) {
        check_name_for_message(c->fault_column, c->fault_column_size, &name, &size);
        segi_fail(c->err, SEG_E_DATA, "row %llu, column \"%.*s\": %s", (unsigned long long)row,
                  size, name, c->fault);
    } else {
        segi_fail(c->err, SEG_E_DATA, "row %llu: %s", (unsigned long long)row, c->fault);
    }
    segi_error_row(c->err, row);
    return SEG_E_DATA;
}

seg_status segi_batch_check(const segi_schema *schema, const seg_batch *batch, uint64_t first_row,
                            bool quarantine, segi_arena *arena, segi_checked_batch *out,
                            seg_error *err)
{
    check c = {.schema = schema, .arena = arena, .out = out, .err = err};
    memset(out, 0, sizeof *out);
    out->first_row = first_row;
    out->rejected_row = UINT64_MAX;
    SEGI_TRY(check_copy(&c, batch));
    SEGI_TRY(check_ids(&c));
    SEGI_TRY(check_events(&c));
    SEGI_TRY(check_columns(&c));
    if (c.nomem)
        return segi_fail_nomem(err);
    if (!quarantine && out->rejected > 0)
        return check_report(&c);
    return SEG_OK;
}
