/* Values of a checked batch become slots: see commit.h.
 *
 * `rows` picks the rows of the batch that are meant, NULL the first ones. The batch has been
 * checked (ingest), so nothing here refuses a value; what can fail is memory, and the number of
 * different texts. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "base/unique.h"
#include "store/commit.h"

/* Row of the batch at a position among those picked. */
static size_t value_row(const uint32_t *rows, size_t index)
{
    return rows ? rows[index] : index;
}

/* Without an array of states all rows are set. */
static void value_states(const seg_column *column, const uint32_t *rows, size_t count,
                         uint8_t *states)
{
    if (!column->states)
        memset(states, SEG_VALUE_SET, count);
    else if (!rows)
        memcpy(states, column->states, count);
    else
        for (size_t i = 0; i < count; i++)
            states[i] = column->states[rows[i]];
}

/* To the scale of the field. */
static void value_decimals(const seg_column *column, const segi_field *field, const uint32_t *rows,
                           size_t count, int64_t *slots, const uint8_t *states)
{
    const int64_t *values = column->values;
    for (size_t i = 0; i < count; i++) {
        slots[i] = values[value_row(rows, i)];
        /* The check has refused values that do not fit. */
        if (column->scale != field->scale && states[i] == SEG_VALUE_SET)
            (void)segi_decimal_rescale(slots[i], column->scale, field->scale, &slots[i]);
    }
}

/* Latitude and longitude lie side by side. */
static void value_places(const seg_column *column, const uint32_t *rows, size_t count,
                         int64_t *slots, const uint8_t *states)
{
    const double *values = column->values;
    for (size_t i = 0; i < count; i++) {
        size_t row = value_row(rows, i);
        slots[i] = 0;
        if (states[i] == SEG_VALUE_SET)
            (void)segi_slot_of_geo(values[2 * row], values[2 * row + 1], &slots[i]);
    }
}

/* Negative zero becomes zero, so that equal values have equal slots. */
static void value_floats(const seg_column *column, const uint32_t *rows, size_t count,
                         int64_t *slots, const uint8_t *states)
{
    const double *values = column->values;
    for (size_t i = 0; i < count; i++)
        slots[i] = states[i] == SEG_VALUE_SET ? segi_slot_of_float(values[value_row(rows, i)]) : 0;
}

/* Columns whose values are slots already. */
static void value_words(const seg_column *column, const uint32_t *rows, size_t count,
                        int64_t *slots)
{
    const int64_t *values = column->values;
    if (!rows) {
        memcpy(slots, values, count * sizeof *slots);
        return;
    }
    for (size_t i = 0; i < count; i++)
        slots[i] = values[rows[i]];
}

/* ---- strings --------------------------------------------------------------------------------- */

static bool value_reserve(segi_commit *c, segi_commit_buffer *buffer, size_t count)
{
    return segi_grow(&c->store->mem, (void **)&buffer->data, &buffer->capacity, count,
                     sizeof *buffer->data);
}

static seg_status value_fail(segi_commit *c, seg_status status)
{
    if (status == SEG_E_LIMIT)
        return segi_fail(c->err, SEG_E_LIMIT, "too many different texts in one column");
    return status == SEG_OK ? SEG_OK : segi_fail_nomem(c->err);
}

/* Codes of c->items[0 .. count), strings of the column or entries of its dictionary, to
 * c->codes. A dictionary that is not much larger than what is asked of it is mapped entry by
 * entry, each once. */
static seg_status value_intern(segi_commit *c, const seg_column *column, segi_strings *dict,
                               size_t count)
{
    uint32_t *items = c->items.data;
    if (!value_reserve(c, &c->codes, count + 1))
        return segi_fail_nomem(c->err);
    if (!column->codes || column->dictionary_count / 4 > count)
        return value_fail(c, segi_dict_intern(dict, column->values, column->offsets, items, count,
                                              c->codes.data));
    size_t entries = (size_t)column->dictionary_count, used = 0;
    if (!value_reserve(c, &c->map, 3 * entries + 1))
        return segi_fail_nomem(c->err);
    uint32_t *map = c->map.data, *wanted = map + entries, *found = wanted + entries;
    memset(map, 0xff, entries * sizeof *map);
    for (size_t i = 0; i < count; i++) {
        if (map[items[i]] != UINT32_MAX)
            continue;
        map[items[i]] = (uint32_t)used;
        wanted[used++] = items[i];
    }
    SEGI_TRY(value_fail(
        c, segi_dict_intern(dict, column->values, column->offsets, wanted, used, found)));
    for (size_t i = 0; i < count; i++)
        c->codes.data[i] = found[map[items[i]]];
    return SEG_OK;
}

/* Only rows with a text ask the dictionary. */
static seg_status value_texts(segi_commit *c, const seg_column *column, segi_strings *dict,
                              const uint32_t *rows, size_t count, int64_t *slots,
                              const uint8_t *states)
{
    size_t used = 0;
    if (!value_reserve(c, &c->items, count + 1))
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < count; i++) {
        size_t row = value_row(rows, i);
        if (states[i] == SEG_VALUE_SET)
            c->items.data[used++] = column->codes ? column->codes[row] : (uint32_t)row;
    }
    SEGI_TRY(value_intern(c, column, dict, used));
    used = 0;
    for (size_t i = 0; i < count; i++)
        slots[i] = states[i] == SEG_VALUE_SET ? c->codes.data[used++] : 0;
    return SEG_OK;
}

/* By type of the column; the caller has seen to it that it is the field's. */
seg_status segi_commit_slots(segi_commit *c, const seg_column *column, const segi_field *field,
                             segi_strings *dict, const uint32_t *rows, size_t count, int64_t *slots,
                             uint8_t *states)
{
    value_states(column, rows, count, states);
    switch (column->type) {
    case SEG_TYPE_STRING: return value_texts(c, column, dict, rows, count, slots, states);
    case SEG_TYPE_DECIMAL: value_decimals(column, field, rows, count, slots, states); break;
    case SEG_TYPE_FLOAT64: value_floats(column, rows, count, slots, states); break;
    case SEG_TYPE_GEO: value_places(column, rows, count, slots, states); break;
    case SEG_TYPE_BOOL:
        for (size_t i = 0; i < count; i++)
            slots[i] = ((const uint8_t *)column->values)[value_row(rows, i)];
        break;
    case SEG_TYPE_DATE:
        for (size_t i = 0; i < count; i++)
            slots[i] = ((const int32_t *)column->values)[value_row(rows, i)];
        break;
    default: value_words(column, rows, count, slots); break;
    }
    return SEG_OK;
}

/* ---- string sets ----------------------------------------------------------------------------- */

/* Elements of all set rows to c->items. */
static seg_status value_elements(segi_commit *c, const seg_column *column, const uint32_t *rows,
                                 size_t count, const uint8_t *states, size_t *out_count)
{
    size_t total = 0, used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t row = value_row(rows, i);
        if (states[i] == SEG_VALUE_SET)
            total += (size_t)(column->lists[row + 1] - column->lists[row]);
    }
    if (total > UINT32_MAX)
        return segi_fail(c->err, SEG_E_LIMIT, "too many elements of sets in one batch");
    if (!value_reserve(c, &c->items, total + 1))
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < count; i++) {
        size_t row = value_row(rows, i);
        if (states[i] != SEG_VALUE_SET)
            continue;
        for (uint64_t k = column->lists[row]; k < column->lists[row + 1]; k++)
            c->items.data[used++] = column->codes ? column->codes[k] : (uint32_t)k;
    }
    *out_count = used;
    return SEG_OK;
}

/* Each set is appended to the pending codes, sorted and without repeats, behind its count. */
seg_status segi_commit_sets(segi_commit *c, const seg_column *column, segi_attr *attr,
                            const uint32_t *rows, size_t count, int64_t *slots, uint8_t *states)
{
    segi_attr_pending *p = &attr->pending;
    size_t elements = 0, at = 0;
    value_states(column, rows, count, states);
    SEGI_TRY(value_elements(c, column, rows, count, states, &elements));
    SEGI_TRY(value_intern(c, column, attr->dict, elements));
    if (!segi_grow(&c->store->mem, (void **)&p->codes, &p->code_capacity,
                   p->code_count + elements + count, sizeof *p->codes))
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < count; i++) {
        size_t row = value_row(rows, i);
        slots[i] = 0;
        if (states[i] != SEG_VALUE_SET)
            continue;
        size_t size = (size_t)(column->lists[row + 1] - column->lists[row]);
        uint32_t *set = p->codes + p->code_count + 1;
        if (size > 0)
            memcpy(set, c->codes.data + at, size * sizeof *set);
        at += size;
        size = segi_sort_unique(set, size);
        set[-1] = (uint32_t)size;
        slots[i] = (int64_t)p->code_count;
        p->code_count += size + 1;
    }
    return SEG_OK;
}

void segi_commit_buffers_free(segi_commit *c)
{
    segi_free(&c->store->mem, c->items.data);
    segi_free(&c->store->mem, c->codes.data);
    segi_free(&c->store->mem, c->map.data);
}
