/* api_value.c - values of the members of a set.
 *
 * exec gives values as slots; users get the column forms of ingest.h. The conversion happens
 * once, in place where the sizes agree. */
#include <string.h>

#include "api/api_int.h"

struct seg_value_column {
    seg_store *store;    /* retained: its allocator */
    segi_values *values; /* owned */
    void *converted;     /* owned: forms that slots do not have, else NULL */
    seg_column view;
};

/* ---- compile ----------------------------------------------------------------------------- */

/* Takes the predicate, also on failure. */
static seg_status value_wrap(seg_store *store, segi_predicate *predicate, seg_value **out,
                             seg_error *err)
{
    SEGI_ASSERT(predicate->param_count == 0); /* the compiler refuses them */
    segi_program *program = NULL;
    seg_status status = segi_program_build_value(&store->mem, predicate->root, &program, err);
    seg_value *value = status == SEG_OK ? segi_alloc_zero(&store->mem, sizeof *value) : NULL;
    if (value == NULL) {
        segi_program_destroy(program);
        segi_predicate_destroy(predicate);
        return status != SEG_OK ? status : segi_fail_nomem(err);
    }
    segi_api_refs_init(&value->refs);
    segi_api_store_retain(store);
    value->store = store;
    value->predicate = predicate;
    value->program = program;
    *out = value;
    return SEG_OK;
}

seg_status seg_value_compile(seg_store *store, const char *text, size_t text_size, uint32_t flags,
                             seg_value **out_value, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_value != NULL, err, "out_value is NULL");
    *out_value = NULL;
    SEGI_TRY(segi_api_check_compile(store, &text, text_size, flags, err));
    segi_source source = {
        .text = text, .text_size = text_size, .goal = SEGI_GOAL_VALUE, .flags = flags};
    segi_predicate *predicate = NULL;
    SEGI_TRY(segi_api_compile(store, &source, &predicate, err));
    return value_wrap(store, predicate, out_value, err);
}

void seg_value_retain(seg_value *value)
{
    if (value != NULL)
        segi_api_refs_add(&value->refs);
}

void seg_value_release(seg_value *value)
{
    if (value == NULL || !segi_api_refs_drop(&value->refs))
        return;
    seg_store *store = value->store;
    segi_program_destroy(value->program);
    segi_predicate_destroy(value->predicate);
    segi_free(&store->mem, value);
    segi_api_store_release(store);
}

/* ---- evaluate ---------------------------------------------------------------------------- */

/* A row that is not set reads as zero, whatever lies in its slot. */
static int64_t slot_at(const segi_values *values, size_t i)
{
    return values->states[i] == SEG_VALUE_SET ? values->slots[i] : 0;
}

/* Doubles have the size of slots and replace them where they lie. */
static void convert_floats(segi_values *values)
{
    for (size_t i = 0; i < values->count; i++) {
        double number = segi_slot_float(slot_at(values, i));
        memcpy(&values->slots[i], &number, sizeof number);
    }
}

/* Also decimals, instants and durations, which are slots already. */
static void convert_integers(segi_values *values)
{
    for (size_t i = 0; i < values->count; i++)
        values->slots[i] = slot_at(values, i);
}

/* Forms of another size than a slot go into an array of their own. */
static void convert_bools(const segi_values *values, uint8_t *out)
{
    for (size_t i = 0; i < values->count; i++)
        out[i] = slot_at(values, i) != 0;
}

static void convert_dates(const segi_values *values, int32_t *out)
{
    for (size_t i = 0; i < values->count; i++)
        out[i] = (int32_t)slot_at(values, i);
}

static void convert_places(const segi_values *values, double *out)
{
    for (size_t i = 0; i < values->count; i++) {
        int64_t slot = slot_at(values, i);
        out[2 * i] = segi_slot_latitude(slot) / 1e7;
        out[2 * i + 1] = segi_slot_longitude(slot) / 1e7;
    }
}

/* Bytes per row of such a form; 0: slots do. */
static size_t converted_size(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return sizeof(uint8_t);
    case SEG_TYPE_DATE: return sizeof(int32_t);
    case SEG_TYPE_GEO: return 2 * sizeof(double);
    default: return 0;
    }
}

/* Fill column->view from column->values. */
static seg_status column_convert(seg_value_column *column, seg_error *err)
{
    segi_values *values = column->values;
    seg_column *view = &column->view;
    seg_type type = values->type.type;
    size_t size = converted_size(type);
    if (size > 0) {
        column->converted = segi_alloc_array(&column->store->mem, (size_t)values->count, size);
        if (column->converted == NULL)
            return segi_fail_nomem(err);
    }
    view->struct_size = (uint32_t)sizeof *view;
    /* There is no public type of durations; they are whole microseconds. */
    view->type = type == SEGI_TYPE_DURATION ? SEG_TYPE_INT64 : type;
    view->scale = type == SEG_TYPE_DECIMAL ? values->type.scale : 0;
    view->states = values->states;
    view->values = size > 0 ? column->converted : values->slots;
    if (type == SEG_TYPE_STRING || type == SEG_TYPE_STRING_SET) {
        view->values = values->text.data != NULL ? values->text.data : "";
        view->offsets = values->offsets;
        view->lists = type == SEG_TYPE_STRING_SET ? values->lists : NULL;
    } else if (type == SEG_TYPE_BOOL) {
        convert_bools(values, column->converted);
    } else if (type == SEG_TYPE_DATE) {
        convert_dates(values, column->converted);
    } else if (type == SEG_TYPE_GEO) {
        convert_places(values, column->converted);
    } else if (type == SEG_TYPE_FLOAT64) {
        convert_floats(values);
    } else {
        convert_integers(values);
    }
    return SEG_OK;
}

/* Takes the values, also on failure. */
static seg_status column_create(seg_store *store, segi_values *values, seg_value_column **out,
                                seg_error *err)
{
    seg_value_column *column = segi_alloc_zero(&store->mem, sizeof *column);
    if (column == NULL) {
        segi_values_destroy(values);
        return segi_fail_nomem(err);
    }
    segi_api_store_retain(store);
    column->store = store;
    column->values = values;
    seg_status status = column_convert(column, err);
    if (status != SEG_OK) {
        seg_value_column_destroy(column);
        return status;
    }
    *out = column;
    return SEG_OK;
}

/* The rows are the members of the set, in rising order of ordinal. */
seg_status seg_value_evaluate(const seg_value *value, const seg_set *set, int64_t now,
                              const seg_eval_options *options, seg_value_column **out_column,
                              seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_column != NULL, err, "out_column is NULL");
    *out_column = NULL;
    SEGI_CHECK_ARG(value != NULL, err, "value is NULL");
    SEGI_CHECK_ARG(set != NULL, err, "set is NULL");
    SEGI_CHECK_ARG(set->snapshot->store == value->store, err,
                   "the value and the set are of different stores");
    segi_request request;
    SEGI_TRY(segi_api_request(set->snapshot, now, options, &request, err));
    SEGI_CHECK_ARG(request.among == NULL, err, "among is not for values, the set says for whom");
    request.program = value->program;
    segi_values *values = NULL;
    SEGI_TRY(segi_exec_values(&request, value->predicate->root, set->bitmap, &values, err));
    return column_create(value->store, values, out_column, err);
}

/* Arrays are borrowed from the handle. */
seg_status seg_value_column_get(const seg_value_column *column, seg_column *out_view,
                                uint64_t *out_rows, seg_error *err)
{
    segi_api_begin(err);
    if (out_rows != NULL)
        *out_rows = 0;
    seg_column none = SEG_COLUMN_INIT;
    SEGI_TRY(segi_options_write(out_view, &none, sizeof none, "seg_column", err));
    SEGI_CHECK_ARG(out_rows != NULL, err, "out_rows is NULL");
    SEGI_CHECK_ARG(column != NULL, err, "column is NULL");
    SEGI_TRY(segi_options_write(out_view, &column->view, sizeof column->view, "seg_column", err));
    *out_rows = column->values->count;
    return SEG_OK;
}

void seg_value_column_destroy(seg_value_column *column)
{
    if (column == NULL)
        return;
    seg_store *store = column->store;
    segi_values_destroy(column->values);
    segi_free(&store->mem, column->converted);
    segi_free(&store->mem, column);
    segi_api_store_release(store);
}
