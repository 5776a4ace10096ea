/* jsonl.c - the reader of JSON Lines. See jsonl.h. */
#include "jsonl.h"

#include <stdlib.h>
#include <string.h>

void jsonl_init(jsonl_reader *jsonl, cli_reader *input)
{
    *jsonl = (jsonl_reader){.input = input, .line = 1};
}

void jsonl_deinit(jsonl_reader *jsonl)
{
    for (size_t i = 0; i < jsonl->name_count; i++) {
        free(jsonl->names[i]);
    }
    free(jsonl->names);
    free(jsonl->slots);
    free(jsonl->pool);
    buf_deinit(&jsonl->path);
    *jsonl = (jsonl_reader){0};
}

/* ---- columns --------------------------------------------------------------------------------- */

static uint64_t hash_bytes(const char *data, size_t size)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ (unsigned char)data[i]) * UINT64_C(1099511628211);
    }
    return hash ^ (hash >> 29);
}

static size_t find_slot(const jsonl_reader *jsonl, const char *name, size_t size)
{
    size_t mask = jsonl->slot_count - 1;
    size_t at = (size_t)hash_bytes(name, size) & mask;
    while (jsonl->slots[at]) {
        const char *known = jsonl->names[jsonl->slots[at] - 1];
        if (strlen(known) == size && memcmp(known, name, size) == 0) {
            break;
        }
        at = (at + 1) & mask;
    }
    return at;
}

static void grow_slots(jsonl_reader *jsonl)
{
    jsonl->slot_count = jsonl->slot_count ? jsonl->slot_count * 2 : 64;
    free(jsonl->slots);
    jsonl->slots = xcalloc(jsonl->slot_count, sizeof *jsonl->slots);
    for (size_t i = 0; i < jsonl->name_count; i++) {
        size_t at = find_slot(jsonl, jsonl->names[i], strlen(jsonl->names[i]));
        jsonl->slots[at] = (uint32_t)i + 1;
    }
}

/* The index of a column, new or known; false where there would be too many. */
static bool column_of(jsonl_reader *jsonl, const char *name, size_t size, size_t *out)
{
    if (jsonl->name_count * 2 >= jsonl->slot_count) {
        grow_slots(jsonl);
    }
    size_t at = find_slot(jsonl, name, size);
    if (!jsonl->slots[at]) {
        if (jsonl->name_count == JSONL_COLUMNS_MAX) {
            return false;
        }
        jsonl->names =
            xgrow(jsonl->names, &jsonl->name_capacity, jsonl->name_count + 1, sizeof *jsonl->names);
        jsonl->names[jsonl->name_count++] = xstrndup(name, size);
        jsonl->slots[at] = (uint32_t)jsonl->name_count;
    }
    *out = jsonl->slots[at] - 1;
    return true;
}

/* ---- flattening ------------------------------------------------------------------------------ */

static void take_list(cli_row *row, cli_cell *cell, yyjson_val *list)
{
    size_t index, max;
    yyjson_val *element;
    cell->kind = CELL_LIST;
    cell->first = row->element_count;
    yyjson_arr_foreach(list, index, max, element)
    {
        if (!yyjson_is_str(element)) {
            cell->kind = CELL_OTHER;
            return;
        }
        row->elements = xgrow(row->elements, &row->element_capacity, row->element_count + 1,
                              sizeof *row->elements);
        row->elements[row->element_count++] =
            (text_view){yyjson_get_str(element), yyjson_get_len(element)};
    }
    cell->count = row->element_count - cell->first;
}

static void take_value(cli_row *row, size_t column, yyjson_val *value)
{
    cli_cell *cell = row_cell(row, column);
    *cell = (cli_cell){.kind = CELL_OTHER, .text = {"", 0}};
    if (yyjson_is_null(value)) {
        cell->kind = CELL_NULL;
    } else if (yyjson_is_str(value)) {
        cell->kind = CELL_TEXT;
        cell->quoted = true;
        cell->text = (text_view){yyjson_get_str(value), yyjson_get_len(value)};
    } else if (yyjson_is_raw(value)) {
        cell->kind = CELL_NUMBER;
        cell->text = (text_view){yyjson_get_raw(value), yyjson_get_len(value)};
    } else if (yyjson_is_bool(value)) {
        cell->kind = CELL_BOOL;
        cell->text = text_of(yyjson_get_bool(value) ? "true" : "false");
    } else if (yyjson_is_arr(value)) {
        take_list(row, cell, value);
    }
}

/* One object with the path before it in jsonl->path. Returns a fault or NULL. The recursion is
 * bounded by JSONL_DEPTH_MAX. */
static const char *take_object(jsonl_reader *jsonl, cli_row *row, yyjson_val *object, int depth)
{
    size_t index, max;
    yyjson_val *key, *value;
    if (depth > JSONL_DEPTH_MAX) {
        return "objects are nested too deeply";
    }
    yyjson_obj_foreach(object, index, max, key, value)
    {
        size_t before = jsonl->path.size;
        if (before) {
            buf_char(&jsonl->path, '.');
        }
        buf_bytes(&jsonl->path, yyjson_get_str(key), yyjson_get_len(key));
        if (yyjson_is_obj(value)) {
            const char *fault = take_object(jsonl, row, value, depth + 1);
            if (fault) {
                return fault;
            }
        } else {
            size_t column;
            if (memchr(jsonl->path.data + before, '\0', jsonl->path.size - before)) {
                return "a name holds a NUL character";
            }
            if (!column_of(jsonl, jsonl->path.data, jsonl->path.size, &column)) {
                return "there are too many different columns";
            }
            take_value(row, column, value);
        }
        jsonl->path.size = before;
    }
    return NULL;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static void parse_line(jsonl_reader *jsonl, cli_row *row)
{
    yyjson_read_err err;
    yyjson_alc allocator;
    size_t need = yyjson_read_max_memory_usage(row->raw.size, YYJSON_READ_NUMBER_AS_RAW);
    if (need > jsonl->pool_size) {
        jsonl->pool_size = need + need / 2;
        free(jsonl->pool);
        jsonl->pool = xmalloc(jsonl->pool_size);
    }
    yyjson_alc_pool_init(&allocator, jsonl->pool, jsonl->pool_size);
    /* Without INSITU the text is copied into the pool; it is not written to. */
    jsonl->doc = yyjson_read_opts((char *)(uintptr_t)(const void *)row->raw.data, row->raw.size,
                                  YYJSON_READ_NUMBER_AS_RAW, &allocator, &err);
    if (!jsonl->doc) {
        row->fault = "the line is not valid JSON";
        buf_printf(&row->detail, "%s at byte %zu", err.msg ? err.msg : "it", err.pos + 1);
        return;
    }
    yyjson_val *root = yyjson_doc_get_root(jsonl->doc);
    if (!yyjson_is_obj(root)) {
        row->fault = "the line is not a JSON object";
        return;
    }
    jsonl->path.size = 0;
    row->fault = take_object(jsonl, row, root, 1);
}

/* Throws away what is left of a line that is too long. */
static void skip_line(jsonl_reader *jsonl)
{
    for (;;) {
        text_view window = reader_window(jsonl->input);
        const char *newline = memchr(window.data, '\n', window.size);
        if (newline) {
            reader_skip(jsonl->input, (size_t)(newline - window.data) + 1);
            return;
        }
        reader_skip(jsonl->input, window.size);
        if (!reader_more(jsonl->input)) {
            return;
        }
    }
}

bool jsonl_next(jsonl_reader *jsonl, cli_row *row)
{
    size_t searched = 0;
    row_reset(row);
    for (;;) {
        text_view window = reader_window(jsonl->input);
        const char *newline = window.size > searched
                                  ? memchr(window.data + searched, '\n', window.size - searched)
                                  : NULL;
        size_t size = newline ? (size_t)(newline - window.data) : window.size;
        if (size > JSONL_LINE_SIZE_MAX) {
            row->fault = "the line is longer than 16 MiB";
            row->line = jsonl->line++;
            skip_line(jsonl);
            return true;
        }
        if (!newline && reader_more(jsonl->input)) {
            searched = size;
            continue;
        }
        if (!newline && size == 0) {
            return false;
        }
        window = reader_window(jsonl->input);
        reader_skip(jsonl->input, newline ? size + 1 : size);
        searched = 0;
        row->line = jsonl->line++;
        row->raw = text_trim((text_view){window.data, size});
        if (row->raw.size) {
            parse_line(jsonl, row);
            return true;
        }
    }
}
