/* Growing arrays and columns: see rows_int.h. A column is changed at its end only. */
#include "ingest/rows_int.h"

#include <string.h>

/* Arrays up to this size are kept for the next rows. */
#define ROWS_KEPT ((size_t)64 << 10)

bool segi_rows_reserve(const segi_mem *mem, rows_array *array, size_t more, size_t size)
{
    return segi_grow(mem, &array->data, &array->capacity, array->count + more, size);
}

bool segi_rows_push(const segi_mem *mem, rows_array *array, const void *element, size_t size)
{
    if (!segi_rows_reserve(mem, array, 1, size))
        return false;
    memcpy((char *)array->data + array->count * size, element, size);
    array->count++;
    return true;
}

bool segi_rows_push_bytes(const segi_mem *mem, rows_array *array, const char *bytes, size_t size)
{
    if (!segi_rows_reserve(mem, array, size, 1))
        return false;
    if (size > 0)
        memcpy((char *)array->data + array->count, bytes, size);
    array->count += size;
    return true;
}

bool segi_rows_push_end(const segi_mem *mem, rows_array *offsets, uint64_t end)
{
    uint64_t zero = 0;
    if (offsets->count == 0 && !segi_rows_push(mem, offsets, &zero, sizeof zero))
        return false;
    return segi_rows_push(mem, offsets, &end, sizeof end);
}

void segi_rows_wipe(const segi_mem *mem, rows_array *array, size_t size)
{
    array->count = 0;
    if (array->capacity * size <= ROWS_KEPT) {
        if (array->data)
            memset(array->data, 0, array->capacity * size);
        return;
    }
    segi_free(mem, array->data);
    *array = (rows_array){0};
}

/* ---- columns --------------------------------------------------------------------------------- */

/* Bytes of a value in its public form; 0: texts, which have offsets. */
static size_t rows_value_size(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return 1;
    case SEG_TYPE_DATE: return sizeof(int32_t);
    case SEG_TYPE_GEO: return 2 * sizeof(double);
    case SEG_TYPE_STRING:
    case SEG_TYPE_STRING_SET: return 0;
    default: return sizeof(int64_t);
    }
}

/* Offsets always have their first element, so that an empty column has one string end fewer. */
static size_t rows_offset_count(const rows_array *offsets)
{
    return offsets->count > 0 ? offsets->count - 1 : 0;
}

/* The only way back, for a value that is given again as for a row that is dropped. Strings are cut
 * by their offsets, sets by their lists first. */
void segi_rows_column_cut(rows_column *column, size_t count)
{
    if (column->filled <= count)
        return;
    column->filled = count;
    column->states.count = count;
    size_t size = rows_value_size(column->type);
    if (size > 0) {
        column->values.count = count;
        return;
    }
    size_t elements = count;
    if (column->type == SEG_TYPE_STRING_SET) {
        if (column->lists.count > count + 1)
            column->lists.count = count + 1;
        elements = column->lists.count > 0
                       ? (size_t)((uint64_t *)column->lists.data)[column->lists.count - 1]
                       : 0;
    }
    if (column->offsets.count > elements + 1)
        column->offsets.count = elements + 1;
    column->values.count =
        column->offsets.count > 0
            ? (size_t)((uint64_t *)column->offsets.data)[column->offsets.count - 1]
            : 0;
}

/* What a failed push left behind the last complete row. */
static void rows_column_tidy(rows_column *column)
{
    size_t filled = column->filled;
    column->filled = filled + 1;
    segi_rows_column_cut(column, filled);
}

bool segi_rows_column_finish(const segi_mem *mem, rows_column *column, uint8_t state, bool good)
{
    if (good && segi_rows_push(mem, &column->states, &state, 1)) {
        column->filled++;
        return true;
    }
    rows_column_tidy(column);
    return false;
}

bool segi_rows_column_set_end(const segi_mem *mem, rows_column *column)
{
    return segi_rows_push_end(mem, &column->lists, rows_offset_count(&column->offsets));
}

bool segi_rows_column_empty(const segi_mem *mem, rows_column *column, uint8_t state)
{
    static const double zero[2] = {0, 0};
    size_t size = rows_value_size(column->type);
    bool good;
    if (size > 0)
        good = segi_rows_push(mem, &column->values, zero, size);
    else if (column->type == SEG_TYPE_STRING_SET)
        good = segi_rows_column_set_end(mem, column);
    else
        good = segi_rows_push_end(mem, &column->offsets, column->values.count);
    return segi_rows_column_finish(mem, column, state, good);
}

bool segi_rows_column_pad(const segi_mem *mem, rows_column *column, size_t count)
{
    while (column->filled < count)
        if (!segi_rows_column_empty(mem, column, SEG_VALUE_ABSENT))
            return false;
    return true;
}

bool segi_rows_column_ready(const segi_mem *mem, rows_column *column, size_t row)
{
    segi_rows_column_cut(column, row);
    return segi_rows_column_pad(mem, column, row);
}

bool segi_rows_column_text(const segi_mem *mem, rows_column *column, const char *text, size_t size)
{
    return segi_rows_push_bytes(mem, &column->values, text, size) &&
           segi_rows_push_end(mem, &column->offsets, column->values.count);
}

bool segi_rows_column_fixed(const segi_mem *mem, rows_column *column, int64_t slot)
{
    size_t size = rows_value_size(column->type);
    uint8_t truth = slot != 0;
    int32_t days = (int32_t)slot;
    double place[2] = {segi_slot_latitude(slot) / 1e7, segi_slot_longitude(slot) / 1e7};
    switch (column->type) {
    case SEG_TYPE_BOOL: return segi_rows_push(mem, &column->values, &truth, size);
    case SEG_TYPE_DATE: return segi_rows_push(mem, &column->values, &days, size);
    case SEG_TYPE_GEO: return segi_rows_push(mem, &column->values, place, size);
    default: return segi_rows_push(mem, &column->values, &slot, size);
    }
}

seg_column segi_rows_column_view(const rows_column *column, size_t begin)
{
    static const uint64_t no_offsets[1] = {0};
    seg_column view = SEG_COLUMN_INIT;
    size_t size = rows_value_size(column->type);
    view.type = column->type;
    view.scale = column->scale;
    view.name = column->name;
    view.name_size = column->name_size;
    view.states = (uint8_t *)column->states.data + begin;
    view.values = column->values.data;
    if (size > 0) {
        view.values = (char *)column->values.data + begin * size;
    } else if (column->type == SEG_TYPE_STRING) {
        view.offsets = (uint64_t *)column->offsets.data + begin;
    } else {
        /* Sets without any element have no offsets yet. */
        view.offsets = column->offsets.count > 0 ? column->offsets.data : no_offsets;
        view.lists = (uint64_t *)column->lists.data + begin;
    }
    return view;
}

void segi_rows_column_wipe(const segi_mem *mem, rows_column *column)
{
    size_t size = rows_value_size(column->type);
    column->filled = column->fresh = 0;
    segi_rows_wipe(mem, &column->events, 1);
    segi_rows_wipe(mem, &column->states, 1);
    segi_rows_wipe(mem, &column->values, size > 0 ? size : 1);
    segi_rows_wipe(mem, &column->offsets, sizeof(uint64_t));
    segi_rows_wipe(mem, &column->lists, sizeof(uint64_t));
}

void segi_rows_column_deinit(const segi_mem *mem, rows_column *column)
{
    segi_free(mem, column->name);
    segi_free(mem, column->events.data);
    segi_free(mem, column->states.data);
    segi_free(mem, column->values.data);
    segi_free(mem, column->offsets.data);
    segi_free(mem, column->lists.data);
}
