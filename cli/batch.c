/* batch.c - columns of a batch. See batch.h. */
#include "batch.h"

#include <stdlib.h>
#include <string.h>

void batch_init(batch_builder *batch, bool events, bool u64, const char *event)
{
    *batch = (batch_builder){.events = events, .u64 = u64};
    batch->event = event ? xstrdup(event) : NULL;
    batch->ids.type.type = SEG_TYPE_STRING;
    batch->ids.name = xstrdup("id");
}

static void column_deinit(batch_column *column)
{
    free(column->name);
    free(column->states);
    free(column->values);
    free(column->offsets);
    free(column->lists);
    buf_deinit(&column->bytes);
}

void batch_deinit(batch_builder *batch)
{
    for (size_t i = 0; i < batch->column_count; i++) {
        column_deinit(&batch->columns[i]);
    }
    column_deinit(&batch->ids);
    free(batch->columns);
    free(batch->event);
    free(batch->lines);
    free(batch->users);
    free(batch->user_offsets);
    free(batch->times);
    free(batch->name_offsets);
    free(batch->codes);
    free(batch->views);
    buf_deinit(&batch->user_bytes);
    buf_deinit(&batch->names);
    *batch = (batch_builder){0};
}

static void column_reset(batch_column *column)
{
    column->rows = 0;
    column->states_needed = false;
    column->offset_count = 0;
    buf_clear(&column->bytes);
}

void batch_reset(batch_builder *batch)
{
    batch->rows = 0;
    batch->with_ids = false;
    buf_clear(&batch->user_bytes);
    column_reset(&batch->ids);
    for (size_t i = 0; i < batch->column_count; i++) {
        column_reset(&batch->columns[i]);
    }
}

size_t batch_add_column(batch_builder *batch, const char *name, value_type type)
{
    batch->columns = xgrow(batch->columns, &batch->columns_capacity, batch->column_count + 1,
                           sizeof *batch->columns);
    batch->columns[batch->column_count] = (batch_column){.name = xstrdup(name), .type = type};
    return batch->column_count++;
}

/* ---- values ---------------------------------------------------------------------------------- */

static size_t value_width(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return 1;
    case SEG_TYPE_DATE: return sizeof(int32_t);
    case SEG_TYPE_GEO: return 2 * sizeof(double);
    case SEG_TYPE_STRING:
    case SEG_TYPE_STRING_SET: return 0;
    default: return 8;
    }
}

static void push_offset(batch_column *column)
{
    column->offsets = xgrow(column->offsets, &column->offsets_capacity, column->offset_count + 1,
                            sizeof *column->offsets);
    column->offsets[column->offset_count++] = column->bytes.size;
}

static void push_text(batch_column *column, text_view text)
{
    if (column->offset_count == 0) {
        push_offset(column);
    }
    buf_bytes(&column->bytes, text.data, text.size);
    push_offset(column);
}

static void push_elements(batch_column *column, const cli_value *value)
{
    for (size_t i = 0; i < value->element_count; i++) {
        push_text(column, value->elements[i]);
    }
    if (value->elements || value->text.size == 0) {
        return;
    }
    text_view rest = value->text;
    for (;;) {
        const char *end = memchr(rest.data, column->type.delimiter, rest.size);
        size_t size = end ? (size_t)(end - rest.data) : rest.size;
        text_view element = text_trim((text_view){rest.data, size});
        if (element.size) {
            push_text(column, element);
        }
        if (!end) {
            return;
        }
        rest.data += size + 1;
        rest.size -= size + 1;
    }
}

static void push_fixed(batch_column *column, const cli_value *value)
{
    size_t width = value_width(column->type.type);
    column->values = xgrow(column->values, &column->values_capacity, column->rows + 1, width);
    char *at = column->values + column->rows * width;
    int32_t days = (int32_t)value->number;
    switch (column->type.type) {
    case SEG_TYPE_BOOL: *at = (char)value->number; break;
    case SEG_TYPE_DATE: memcpy(at, &days, sizeof days); break;
    case SEG_TYPE_FLOAT64:
    case SEG_TYPE_GEO: memcpy(at, value->real, width); break;
    default: memcpy(at, &value->number, sizeof value->number); break;
    }
}

static void column_push(batch_column *column, const cli_value *value)
{
    column->states =
        xgrow(column->states, &column->states_capacity, column->rows + 1, sizeof *column->states);
    column->states[column->rows] = (uint8_t)value->state;
    column->states_needed = column->states_needed || value->state != SEG_VALUE_SET;
    switch (column->type.type) {
    case SEG_TYPE_STRING: push_text(column, value->text); break;
    case SEG_TYPE_STRING_SET:
        column->lists =
            xgrow(column->lists, &column->lists_capacity, column->rows + 2, sizeof *column->lists);
        column->lists[column->rows] = column->offset_count ? column->offset_count - 1 : 0;
        push_elements(column, value);
        column->lists[column->rows + 1] = column->offset_count ? column->offset_count - 1 : 0;
        break;
    default: push_fixed(column, value); break;
    }
    column->rows++;
}

static void column_pad(batch_column *column, uint64_t rows)
{
    static const cli_value absent = {.state = SEG_VALUE_ABSENT, .text = {"", 0}};
    while (column->rows < rows) {
        column_push(column, &absent);
    }
}

void batch_value(batch_builder *batch, size_t index, const cli_value *value)
{
    batch_column *column = &batch->columns[index];
    if (value->state != SEG_VALUE_ABSENT) {
        column_pad(column, batch->rows - 1);
        column_push(column, value);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static text_view event_name(const batch_builder *batch, size_t code)
{
    uint64_t begin = batch->name_offsets[code];
    return (text_view){batch->names.data + begin, (size_t)(batch->name_offsets[code + 1] - begin)};
}

/* Event types are few, and mostly the one of the row before comes again. */
static uint32_t event_code(batch_builder *batch, text_view event)
{
    size_t guess = batch->rows ? batch->codes[batch->rows - 1] : 0;
    for (size_t i = 0; i < batch->name_count; i++) {
        size_t code = (guess + i) % batch->name_count;
        text_view name = event_name(batch, code);
        if (name.size == event.size && memcmp(name.data, event.data, event.size) == 0) {
            return (uint32_t)code;
        }
    }
    buf_bytes(&batch->names, event.data, event.size);
    batch->name_offsets = xgrow(batch->name_offsets, &batch->name_offsets_capacity,
                                batch->name_count + 2, sizeof *batch->name_offsets);
    batch->name_offsets[0] = 0;
    batch->name_offsets[batch->name_count + 1] = batch->names.size;
    return (uint32_t)batch->name_count++;
}

static void push_user(batch_builder *batch, const batch_key *key, size_t row)
{
    if (batch->u64) {
        batch->users = xgrow(batch->users, &batch->users_capacity, row + 1, sizeof(uint64_t));
        batch->users[row] = key->user_u64;
        return;
    }
    batch->user_offsets = xgrow(batch->user_offsets, &batch->user_offsets_capacity, row + 2,
                                sizeof *batch->user_offsets);
    batch->user_offsets[row] = batch->user_bytes.size;
    buf_bytes(&batch->user_bytes, key->user.data, key->user.size);
    batch->user_offsets[row + 1] = batch->user_bytes.size;
}

void batch_row(batch_builder *batch, const batch_key *key)
{
    size_t row = (size_t)batch->rows;
    batch->lines = xgrow(batch->lines, &batch->lines_capacity, row + 1, sizeof *batch->lines);
    batch->lines[row] = key->line;
    push_user(batch, key, row);
    if (batch->events || batch->since) {
        batch->times = xgrow(batch->times, &batch->times_capacity, row + 1, sizeof *batch->times);
        batch->times[row] = key->time;
    }
    if (batch->events) {
        if (!batch->event) {
            batch->codes =
                xgrow(batch->codes, &batch->codes_capacity, row + 1, sizeof *batch->codes);
            batch->codes[row] = event_code(batch, key->event);
        }
        if (key->id.size) {
            cli_value id = {.state = SEG_VALUE_SET, .text = key->id};
            column_pad(&batch->ids, row);
            column_push(&batch->ids, &id);
            batch->with_ids = true;
        }
    }
    batch->rows++;
}

/* ---- the view -------------------------------------------------------------------------------- */

static void column_view(batch_column *column, uint64_t rows, seg_column *out)
{
    column_pad(column, rows);
    if (value_width(column->type.type) == 0 && column->offset_count == 0) {
        push_offset(column);
    }
    *out = (seg_column)SEG_COLUMN_INIT;
    out->type = column->type.type;
    out->scale = column->type.scale;
    out->name = column->name;
    out->name_size = strlen(column->name);
    out->values = column->values;
    if (value_width(column->type.type) == 0) {
        out->values = column->bytes.data ? column->bytes.data : "";
        out->offsets = column->offsets;
        out->lists = column->type.type == SEG_TYPE_STRING_SET ? column->lists : NULL;
    }
    out->states = column->states_needed ? column->states : NULL;
}

void batch_view(batch_builder *batch, seg_batch *out)
{
    batch->views =
        xgrow(batch->views, &batch->views_capacity, batch->column_count + 2, sizeof *batch->views);
    size_t used = 0;
    for (size_t i = 0; i < batch->column_count; i++) {
        /* Columns that these rows do not fill would only define properties that nobody has. */
        if (batch->columns[i].rows > 0) {
            column_view(&batch->columns[i], batch->rows, &batch->views[used++]);
        }
    }
    *out = (seg_batch)SEG_BATCH_INIT;
    out->row_count = batch->rows;
    out->user_ids = batch->u64 ? batch->users : NULL;
    out->user_bytes = batch->u64 ? NULL : batch->user_bytes.data;
    out->user_offsets = batch->u64 ? NULL : batch->user_offsets;
    out->columns = batch->views;
    out->column_count = used;
    out->times = batch->events || batch->since ? batch->times : NULL;
    if (!batch->events) {
        out->flags = batch->since ? SEG_BATCH_ATTRIBUTES : 0;
        return;
    }
    seg_column *extra = batch->views + batch->column_count;
    if (batch->event) {
        out->event = batch->event;
        out->event_size = strlen(batch->event);
    } else {
        *extra = (seg_column)SEG_COLUMN_INIT;
        extra->type = SEG_TYPE_STRING;
        extra->name = "event";
        extra->name_size = 5;
        extra->values = batch->names.data;
        extra->offsets = batch->name_offsets;
        extra->codes = batch->codes;
        extra->dictionary_count = batch->name_count;
        out->event_types = extra;
    }
    if (batch->with_ids) {
        column_view(&batch->ids, batch->rows, extra + 1);
        out->event_ids = extra + 1;
    }
}
