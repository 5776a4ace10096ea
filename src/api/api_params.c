/* api_params.c - values for the parameters of a predicate, and binding them.
 *
 * Names and texts are copied into an arena, values of one name lie in one growing array. Looking
 * a name up is linear: predicates have a handful of parameters. One thread per handle. */
#include <math.h>
#include <string.h>

#include "api/api_int.h"
#include "base/arena.h"
#include "base/text.h"

/* All values that were added under one name. */
typedef struct params_entry {
    const char *name; /* in the arena */
    size_t name_size;
    segi_literal *values; /* owned */
    size_t count, capacity;
    bool is_list; /* declared by seg_params_add_empty */
} params_entry;

struct seg_params {
    segi_mem mem;
    segi_arena arena;
    params_entry *entries; /* owned */
    size_t count, capacity;
};

seg_status seg_params_create(const seg_allocator *allocator, seg_params **out_params,
                             seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_params != NULL, err, "out_params is NULL");
    *out_params = NULL;
    segi_mem mem;
    SEGI_TRY(segi_mem_init(&mem, allocator, err));
    seg_params *params = segi_alloc_zero(&mem, sizeof *params);
    if (params == NULL)
        return segi_fail_nomem(err);
    params->mem = mem;
    segi_arena_init(&params->arena, &params->mem);
    *out_params = params;
    return SEG_OK;
}

void seg_params_destroy(seg_params *params)
{
    if (params == NULL)
        return;
    segi_mem mem = params->mem;
    for (size_t i = 0; i < params->count; i++)
        segi_free(&mem, params->entries[i].values);
    segi_free(&mem, params->entries);
    segi_arena_deinit(&params->arena);
    segi_free(&mem, params);
}

/* ---- adding ------------------------------------------------------------------------------ */

/* NULL where the name is new. */
static params_entry *entry_find(seg_params *params, const char *name, size_t name_size)
{
    for (size_t i = 0; i < params->count; i++) {
        params_entry *entry = &params->entries[i];
        if (entry->name_size == name_size && memcmp(entry->name, name, name_size) == 0)
            return entry;
    }
    return NULL;
}

/* The entry of the name, made where it is new. */
static seg_status entry_get(seg_params *params, const char *name, size_t name_size,
                            params_entry **out, seg_error *err)
{
    SEGI_CHECK_ARG(params != NULL, err, "params is NULL");
    SEGI_CHECK_ARG(name != NULL && name_size > 0, err, "the name of a parameter is empty");
    SEGI_CHECK_ARG(name_size <= SEG_NAME_SIZE_MAX, err,
                   "the name of a parameter is longer than 255 bytes");
    *out = entry_find(params, name, name_size);
    if (*out != NULL)
        return SEG_OK;
    void *entries = params->entries;
    if (!segi_grow(&params->mem, &entries, &params->capacity, params->count + 1,
                   sizeof *params->entries))
        return segi_fail_nomem(err);
    params->entries = entries;
    const char *copy = segi_arena_copy(&params->arena, name, name_size);
    if (copy == NULL)
        return segi_fail_nomem(err);
    params_entry *entry = &params->entries[params->count];
    memset(entry, 0, sizeof *entry);
    entry->name = copy;
    entry->name_size = name_size;
    *out = entry;
    return SEG_OK; /* counted by entry_keep */
}

/* Count a new entry in, now that nothing can fail any more. */
static void entry_keep(seg_params *params, const params_entry *entry)
{
    if (entry == &params->entries[params->count])
        params->count++;
}

/* Either the value is added or nothing has changed. */
static seg_status params_add(seg_params *params, const char *name, size_t name_size,
                             const segi_literal *value, seg_error *err)
{
    params_entry *entry = NULL;
    SEGI_TRY(entry_get(params, name, name_size, &entry, err));
    if (entry->count >= UINT32_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a parameter has too many values");
    void *values = entry->values;
    if (!segi_grow(&params->mem, &values, &entry->capacity, entry->count + 1,
                   sizeof *entry->values))
        return segi_fail_nomem(err);
    entry->values = values;
    segi_literal own = *value;
    if (own.type.type == SEG_TYPE_STRING) {
        own.text = segi_arena_copy(&params->arena, value->text, value->text_size);
        if (own.text == NULL) {
            /* An entry that was not counted must not keep an array that nobody would free. */
            if (entry == &params->entries[params->count])
                segi_free(&params->mem, entry->values);
            return segi_fail_nomem(err);
        }
    }
    entry->values[entry->count++] = own;
    entry_keep(params, entry);
    return SEG_OK;
}

/* A value of a fixed size. */
static segi_literal literal_make(seg_type type, int32_t scale, int64_t slot)
{
    segi_literal literal;
    memset(&literal, 0, sizeof literal);
    literal.type.type = type;
    literal.type.scale = scale;
    literal.slot = slot;
    return literal;
}

seg_status seg_params_add_bool(seg_params *params, const char *name, size_t name_size,
                               int32_t value, seg_error *err)
{
    segi_api_begin(err);
    segi_literal literal = literal_make(SEG_TYPE_BOOL, 0, value != 0);
    return params_add(params, name, name_size, &literal, err);
}

seg_status seg_params_add_int64(seg_params *params, const char *name, size_t name_size,
                                int64_t value, seg_error *err)
{
    segi_api_begin(err);
    segi_literal literal = literal_make(SEG_TYPE_INT64, 0, value);
    return params_add(params, name, name_size, &literal, err);
}

seg_status seg_params_add_float64(seg_params *params, const char *name, size_t name_size,
                                  double value, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(isfinite(value), err, "the number is not finite");
    segi_literal literal = literal_make(SEG_TYPE_FLOAT64, 0, segi_slot_of_float(value));
    return params_add(params, name, name_size, &literal, err);
}

seg_status seg_params_add_decimal(seg_params *params, const char *name, size_t name_size,
                                  int64_t mantissa, int32_t scale, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(scale >= 0 && scale <= 18, err, "the scale is not 0 to 18");
    segi_literal literal = literal_make(SEG_TYPE_DECIMAL, scale, mantissa);
    return params_add(params, name, name_size, &literal, err);
}

/* Also dates, instants and durations, as text. */
seg_status seg_params_add_string(seg_params *params, const char *name, size_t name_size,
                                 const char *value, size_t value_size, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(value != NULL || value_size == 0, err, "value is NULL");
    SEGI_CHECK_ARG(value_size <= SEG_STRING_SIZE_MAX, err, "the text is longer than 65535 bytes");
    SEGI_CHECK_ARG(segi_utf8_valid(value, value_size), err, "the text is not UTF-8");
    SEGI_CHECK_ARG(value_size == 0 || memchr(value, '\0', value_size) == NULL, err,
                   "the text has a NUL, which no predicate can say");
    segi_literal literal = literal_make(SEG_TYPE_STRING, 0, 0);
    literal.text = value_size > 0 ? value : "";
    literal.text_size = value_size;
    return params_add(params, name, name_size, &literal, err);
}

seg_status seg_params_add_timestamp(seg_params *params, const char *name, size_t name_size,
                                    int64_t value, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(value >= SEG_TIME_MIN && value <= SEG_TIME_MAX, err,
                   "the instant lies outside the years 1 to 9999");
    segi_literal literal = literal_make(SEG_TYPE_TIMESTAMP, 0, value);
    return params_add(params, name, name_size, &literal, err);
}

seg_status seg_params_add_empty(seg_params *params, const char *name, size_t name_size,
                                seg_error *err)
{
    segi_api_begin(err);
    params_entry *entry = NULL;
    SEGI_TRY(entry_get(params, name, name_size, &entry, err));
    entry->is_list = true;
    entry_keep(params, entry);
    return SEG_OK;
}

/* ---- binding ----------------------------------------------------------------------------- */

seg_status segi_api_fail_open(const segi_predicate *predicate, seg_error *err)
{
    segi_buf buf;
    segi_buf_init(&buf, predicate->mem);
    for (uint32_t i = 0; i < predicate->param_count; i++) {
        segi_buf_text(&buf, i == 0 ? "$" : ", $");
        segi_buf_add(&buf, predicate->params[i].name, predicate->params[i].name_size);
    }
    segi_fail(err, SEG_E_BOUND, "the segment has parameters without a value: %.*s", (int)buf.size,
              buf.size > 0 ? buf.data : "");
    segi_error_hint(err, "bind a value to each of them");
    segi_buf_deinit(&buf);
    return SEG_E_BOUND;
}

/* A compile of its own with the values in place; the segment itself stays open and may be bound
 * again. */
seg_status seg_segment_bind(const seg_segment *segment, const seg_params *params,
                            seg_segment **out_segment, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_segment != NULL, err, "out_segment is NULL");
    *out_segment = NULL;
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    SEGI_CHECK_ARG(params != NULL, err, "params is NULL");
    const segi_mem *mem = &segment->store->mem;
    /* One entry more than needed, because NULL would mean that parameters stay open. */
    segi_param_value *values = segi_alloc_array(mem, params->count + 1, sizeof *values);
    if (values == NULL)
        return segi_fail_nomem(err);
    memset(values, 0, (params->count + 1) * sizeof *values);
    for (size_t i = 0; i < params->count; i++) {
        const params_entry *entry = &params->entries[i];
        values[i].name = entry->name;
        values[i].name_size = entry->name_size;
        values[i].count = (uint32_t)entry->count;
        values[i].is_list = entry->is_list || entry->count != 1;
        values[i].values = entry->values;
    }
    const segi_predicate *predicate = segment->predicate;
    const segi_source source = {.text = predicate->text,
                                .text_size = predicate->text_size,
                                .flags = segment->flags,
                                .params = values,
                                .param_count = params->count};
    seg_status status = segi_api_segment_create(segment->store, source, out_segment, err);
    segi_free(mem, values);
    return status;
}
