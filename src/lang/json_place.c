/* json_place.c - faults of a document, told with the JSON pointer and the bytes of what is wrong.
 *
 * yyjson keeps all values of a document in one array in the order of the text, keys among them;
 * so a value's index finds its bytes, by counting through the text, and its pointer, by asking
 * each object and array whether the index lies in it. Both happen only for a fault. One thread per
 * call. */
#include <stdarg.h>
#include <stdio.h>

#include "lang/json.h"

/* The end of a string whose first quote is at `at`. */
static size_t string_end(const char *json, size_t size, size_t at)
{
    for (at++; at < size && json[at] != '"'; at++)
        at += json[at] == '\\';
    return at + 1;
}

/* A byte of a number or of true, false, null. */
static bool is_plain(char c)
{
    return c != ',' && c != ':' && c != '{' && c != '}' && c != '[' && c != ']' && c != '"' &&
           (unsigned char)c > ' ';
}

/* The end of the value that begins at `at`. */
static size_t value_end(const char *json, size_t size, size_t at)
{
    size_t depth = 0;
    while (at < size) {
        char c = json[at];
        if (c == '"') {
            at = string_end(json, size, at);
        } else if (is_plain(c)) {
            while (at < size && is_plain(json[at]))
                at++;
        } else {
            depth += c == '{' || c == '[';
            depth -= c == '}' || c == ']';
            at++;
        }
        if (depth == 0)
            break;
    }
    return at < size ? at : size;
}

/* The bytes of the value of that index in a text that is JSON. */
static void locate(const char *json, size_t size, size_t index, size_t *out_begin, size_t *out_size)
{
    size_t at = 0;
    for (size_t seen = 0; at < size;) {
        char c = json[at];
        bool begins = c == '"' || c == '{' || c == '[' || is_plain(c);
        if (begins && seen++ == index)
            break;
        if (c == '"')
            at = string_end(json, size, at);
        else if (is_plain(c))
            while (at < size && is_plain(json[at]))
                at++;
        else
            at++;
    }
    *out_begin = at < size ? at : size;
    *out_size = at < size ? value_end(json, size, at) - at : 0;
}

/* "/" and a key with ~ and / escaped (RFC 6901). */
static void pointer_key(segi_buf *out, yyjson_val *key)
{
    const char *text = yyjson_get_str(key);
    segi_buf_char(out, '/');
    for (size_t i = 0; i < yyjson_get_len(key); i++) {
        if (text[i] == '~' || text[i] == '/')
            segi_buf_text(out, text[i] == '~' ? "~0" : "~1");
        else
            segi_buf_char(out, text[i]);
    }
}

/* Whether the value lies within `outer`, itself included; O(1) by the layout of yyjson. */
static bool holds(const yyjson_val *outer, const yyjson_val *value)
{
    return outer <= value && value < unsafe_yyjson_get_next((yyjson_val *)(uintptr_t)outer);
}

/* Goes one level down towards the value; NULL where it is reached. */
static yyjson_val *pointer_step(segi_buf *out, yyjson_val *outer, const yyjson_val *value)
{
    yyjson_val *inner;
    if (yyjson_is_arr(outer)) {
        yyjson_arr_iter items = yyjson_arr_iter_with(outer);
        for (size_t i = 0; (inner = yyjson_arr_iter_next(&items)) != NULL; i++) {
            if (holds(inner, value)) {
                segi_buf_char(out, '/');
                segi_buf_uint(out, i);
                return inner;
            }
        }
        return NULL;
    }
    yyjson_obj_iter members = yyjson_obj_iter_with(outer);
    while ((inner = yyjson_obj_iter_next(&members)) != NULL) {
        yyjson_val *content = yyjson_obj_iter_get_val(inner);
        if (inner == value || holds(content, value)) {
            pointer_key(out, inner);
            return inner == value ? NULL : content;
        }
    }
    return NULL;
}

/* The message, behind the pointer of the value at fault. */
static void tell(segi_json *j, const yyjson_val *value, seg_status code, const char *message)
{
    segi_buf pointer;
    size_t begin, size;
    segi_buf_init(&pointer, j->mem);
    for (yyjson_val *at = yyjson_doc_get_root(j->doc); at != NULL && at != value;)
        at = pointer_step(&pointer, at, value);
    /* The end of a long path says more than its beginning. */
    size_t shown = pointer.size > 90 ? 90 : pointer.size;
    if (pointer.failed || shown == 0)
        segi_fail(j->err, code, "%s", message);
    else
        segi_fail(j->err, code, "%s%.*s: %s", shown < pointer.size ? "..." : "", (int)shown,
                  pointer.data + (pointer.size - shown), message);
    segi_buf_deinit(&pointer);
    locate(j->json, j->json_size, (size_t)(value - yyjson_doc_get_root(j->doc)), &begin, &size);
    segi_error_span(j->err, begin, size);
    segi_error_locate(j->err, j->json, j->json_size);
}

/* The first failure stays. The message is made before the pointer is known, as both go into one
 * text. */
void segi_json_fail(segi_json *j, const yyjson_val *at, const char *hint, const char *format, ...)
{
    char message[sizeof((seg_error *)0)->message];
    va_list arguments;
    if (j->status != SEG_OK)
        return;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    j->status = SEG_E_SYNTAX;
    tell(j, at, SEG_E_SYNTAX, message);
    if (hint != NULL)
        segi_error_hint(j->err, "%s", hint);
}

/* A failure or remark about the text that was made of the document. */
void segi_json_place_error(segi_json *j, seg_error *err)
{
    if (err->offset < 0)
        return;
    /* The last origin at or before the fault. */
    size_t low = 0, high = j->origin_count;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (j->origins[middle].offset <= (size_t)err->offset)
            low = middle;
        else
            high = middle;
    }
    seg_error inner = *err;
    j->err = err;
    tell(j, j->origins[low].value, inner.code, inner.message);
    if (inner.hint[0] != '\0')
        segi_error_hint(err, "%s", inner.hint);
}
