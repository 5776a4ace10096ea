/* test_cases.c - the conformance cases of tests/api/cases, through the public header.
 *
 * The same files are run by the program seg (tests/cli/test_cases.py) and by the bindings, so that
 * none of them can drift. tests/api/cases/README.md describes their form. */
#include <inttypes.h>
#include <math.h>
#include <yyjson.h>

#include "api_fixture.h"

/* yyjson's loops want a value; what a case leaves out is an empty one here. */
#define each_member(object, ...)                                                                   \
    if ((object) != NULL)                                                                          \
    yyjson_obj_foreach(object, __VA_ARGS__)
#define each_element(array, ...)                                                                   \
    if ((array) != NULL)                                                                           \
    yyjson_arr_foreach(array, __VA_ARGS__)

typedef struct cases {
    yyjson_doc *doc;
    yyjson_val *root;
    seg_store *store;
    bool numbers; /* users are uint64_t */
    int64_t now;
} cases;

/* ---- reading --------------------------------------------------------------------------------- */

static const char *text_of(yyjson_val *object, const char *key)
{
    return yyjson_get_str(yyjson_obj_get(object, key));
}

/* Digits at *text, which is moved behind them. */
static int64_t digits(const char **text, size_t count)
{
    int64_t number = 0;
    for (size_t i = 0; i < count; i++, (*text)++) {
        ck_assert_msg(**text >= '0' && **text <= '9', "not a digit: %s", *text);
        number = number * 10 + (**text - '0');
    }
    return number;
}

/* "2026-01-31" as days since 1970-01-01. */
static int64_t days_of(const char **text)
{
    int64_t year = digits(text, 4);
    (*text)++;
    int64_t month = digits(text, 2);
    (*text)++;
    int64_t day = digits(text, 2);
    /* Years that begin in March put the odd day at their end. */
    year -= month <= 2;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719468;
}

/* "2026-01-31T10:00:00Z" */
static int64_t instant_of(const char *text)
{
    int64_t seconds = days_of(&text) * 86400;
    text++;
    seconds += digits(&text, 2) * 3600;
    text++;
    seconds += digits(&text, 2) * 60;
    text++;
    seconds += digits(&text, 2);
    ck_assert_str_eq(text, "Z");
    return seconds * 1000000;
}

/* "-3.00" as -300 */
static int64_t decimal_of(const char *text)
{
    bool negative = *text == '-';
    int64_t mantissa = 0;
    for (text += negative; *text; text++)
        if (*text != '.')
            mantissa = mantissa * 10 + (*text - '0');
    return negative ? -mantissa : mantissa;
}

static seg_type type_of(const char *name, int32_t *out_scale)
{
    static const char *const names[] = {"",       "bool",      "int64", "float64", "decimal(",
                                        "string", "timestamp", "date",  "geo",     "set"};
    *out_scale = 0;
    for (seg_type type = SEG_TYPE_BOOL; type <= SEG_TYPE_STRING_SET; type++) {
        size_t size = strlen(names[type]);
        if (type == SEG_TYPE_DECIMAL && strncmp(name, names[type], size) == 0) {
            name += size;
            *out_scale = (int32_t)digits(&name, 1);
            return type;
        }
        if (strcmp(name, names[type]) == 0)
            return type;
    }
    ck_abort_msg("no type %s", name);
    return 0;
}

/* ---- data ------------------------------------------------------------------------------------ */

static void set_strings(seg_appender *in, yyjson_val *key, yyjson_val *value)
{
    const char *elements[16];
    size_t sizes[16];
    size_t i, count = 0;
    yyjson_val *element;
    ck_assert_uint_le(yyjson_arr_size(value), 16);
    each_element(value, i, count, element)
    {
        elements[i] = yyjson_get_str(element);
        sizes[i] = yyjson_get_len(element);
    }
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_set_strings(in, yyjson_get_str(key), yyjson_get_len(key), elements, sizes,
                                   count, &err),
          err);
}

static void set_value(seg_appender *in, yyjson_val *key, const char *type_name, yyjson_val *value)
{
    const char *name = yyjson_get_str(key);
    size_t size = yyjson_get_len(key);
    const char *text = yyjson_get_str(value);
    seg_error err = SEG_ERROR_INIT;
    int32_t scale;
    seg_type type = type_of(type_name, &scale);
    seg_status status = SEG_OK;
    if (yyjson_is_null(value)) {
        CK_OK(seg_appender_set_null(in, name, size, &err), err);
        return;
    }
    switch (type) {
    case SEG_TYPE_BOOL:
        status = seg_appender_set_bool(in, name, size, yyjson_get_bool(value), &err);
        break;
    case SEG_TYPE_INT64:
        status = seg_appender_set_int64(in, name, size, yyjson_get_sint(value), &err);
        break;
    case SEG_TYPE_FLOAT64:
        status = seg_appender_set_float64(in, name, size, yyjson_get_num(value), &err);
        break;
    case SEG_TYPE_DECIMAL:
        status = seg_appender_set_decimal(in, name, size, decimal_of(text), scale, &err);
        break;
    case SEG_TYPE_STRING:
        status = seg_appender_set_string(in, name, size, text, yyjson_get_len(value), &err);
        break;
    case SEG_TYPE_TIMESTAMP:
        status = seg_appender_set_timestamp(in, name, size, instant_of(text), &err);
        break;
    case SEG_TYPE_DATE:
        status = seg_appender_set_date(in, name, size, (int32_t)days_of(&text), &err);
        break;
    case SEG_TYPE_GEO:
        status = seg_appender_set_geo(in, name, size, yyjson_get_num(yyjson_arr_get(value, 0)),
                                      yyjson_get_num(yyjson_arr_get(value, 1)), &err);
        break;
    default: set_strings(in, key, value); return;
    }
    CK_OK(status, err);
}

static void define_columns(cases *c)
{
    seg_error err = SEG_ERROR_INIT;
    size_t i, count = 0, j, more;
    yyjson_val *key, *value, *name, *type;
    int32_t scale;
    each_member(yyjson_obj_get(c->root, "attributes"), i, count, key, value)
    {
        seg_type kind = type_of(yyjson_get_str(value), &scale);
        CK_OK(seg_store_define_attribute(c->store, yyjson_get_str(key), yyjson_get_len(key), kind,
                                         scale, &err),
              err);
    }
    each_member(yyjson_obj_get(c->root, "event_types"), i, count, key, value)
    {
        CK_OK(seg_store_define_event(c->store, yyjson_get_str(key), yyjson_get_len(key), &err),
              err);
        each_member(value, j, more, name, type)
        {
            seg_type kind = type_of(yyjson_get_str(type), &scale);
            CK_OK(seg_store_define_property(c->store, yyjson_get_str(key), yyjson_get_len(key),
                                            yyjson_get_str(name), yyjson_get_len(name), kind, scale,
                                            &err),
                  err);
        }
    }
}

static void add_users(cases *c)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *in = NULL;
    size_t i, count = 0, j, more;
    yyjson_val *user, *key, *value;
    CK_OK(seg_appender_create(c->store, &in, &err), err);
    each_element(yyjson_obj_get(c->root, "users"), i, count, user)
    {
        yyjson_val *id = yyjson_obj_get(user, "id");
        if (c->numbers)
            CK_OK(seg_appender_user_u64(in, yyjson_get_uint(id), &err), err);
        else
            CK_OK(seg_appender_user(in, yyjson_get_str(id), yyjson_get_len(id), &err), err);
        each_member(user, j, more, key, value)
        {
            if (strcmp(yyjson_get_str(key), "id") != 0)
                set_value(in, key,
                          text_of(yyjson_obj_get(c->root, "attributes"), yyjson_get_str(key)),
                          value);
        }
    }
    CK_OK(seg_appender_commit(in, NULL, NULL, &err), err);
    seg_appender_destroy(in);
}

/* A property may have different types in different event types, but not in one appender. */
static void add_events(cases *c)
{
    seg_error err = SEG_ERROR_INIT;
    size_t i, count = 0, j, more;
    yyjson_val *event, *key, *value;
    each_element(yyjson_obj_get(c->root, "events"), i, count, event)
    {
        seg_appender *in = NULL;
        yyjson_val *user = yyjson_obj_get(event, "user");
        const char *name = text_of(event, "event");
        yyjson_val *types = yyjson_obj_get(yyjson_obj_get(c->root, "event_types"), name);
        int64_t time = instant_of(text_of(event, "time"));
        CK_OK(seg_appender_create(c->store, &in, &err), err);
        if (c->numbers)
            CK_OK(seg_appender_event_u64(in, yyjson_get_uint(user), name, strlen(name), time, &err),
                  err);
        else
            CK_OK(seg_appender_event(in, yyjson_get_str(user), yyjson_get_len(user), name,
                                     strlen(name), time, &err),
                  err);
        each_member(yyjson_obj_get(event, "properties"), j, more, key, value)
        {
            set_value(in, key, text_of(types, yyjson_get_str(key)), value);
        }
        CK_OK(seg_appender_commit(in, NULL, NULL, &err), err);
        seg_appender_destroy(in);
    }
}

/* Occasions, segments, classes: what comes later may refer to what came before. */
static void define_names(cases *c)
{
    seg_error err = SEG_ERROR_INIT;
    size_t i, j, count = 0, ranges = 0;
    yyjson_val *key, *value, *range;
    each_member(yyjson_obj_get(c->root, "occasions"), i, count, key, value)
    {
        int32_t days[16];
        ck_assert_uint_le(yyjson_arr_size(value), 8);
        each_element(value, j, ranges, range)
        {
            const char *first = yyjson_get_str(yyjson_arr_get(range, 0));
            const char *last = yyjson_get_str(yyjson_arr_get(range, 1));
            days[2 * j] = (int32_t)days_of(&first);
            days[2 * j + 1] = (int32_t)days_of(&last);
        }
        CK_OK(seg_store_define_occasion(c->store, yyjson_get_str(key), yyjson_get_len(key), days,
                                        ranges, &err),
              err);
    }
    each_member(yyjson_obj_get(c->root, "segments"), i, count, key, value)
    {
        define(c->store, yyjson_get_str(key), yyjson_get_str(value));
    }
    each_member(yyjson_obj_get(c->root, "classes"), i, count, key, value)
    {
        CK_OK(seg_store_define_class(c->store, yyjson_get_str(key), yyjson_get_len(key),
                                     yyjson_get_str(value), yyjson_get_len(value), NULL, &err),
              err);
    }
}

static cases cases_open(const char *name)
{
    char path[4096];
    const char *root = getenv("SEG_SOURCE_ROOT");
    ck_assert_ptr_nonnull(root);
    snprintf(path, sizeof path, "%s/tests/api/cases/%s", root, name);
    cases c = {.doc = yyjson_read_file(path, 0, NULL, NULL)};
    ck_assert_msg(c.doc != NULL, "%s cannot be read", path);
    c.root = yyjson_doc_get_root(c.doc);
    c.numbers = strcmp(text_of(c.root, "id_kind"), "u64") == 0;
    c.now = instant_of(text_of(c.root, "now"));
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.timezone = text_of(c.root, "timezone");
    options.timezone_size = strlen(options.timezone);
    options.week_start = strcmp(text_of(c.root, "week_start"), "sunday") == 0 ? 7 : 1;
    options.id_kind = c.numbers ? SEG_ID_U64 : SEG_ID_BYTES;
    c.store = store_open(&options);
    define_columns(&c);
    add_users(&c);
    add_events(&c);
    define_names(&c);
    return c;
}

static void cases_close(cases *c)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_store_close(c->store, &err), err);
    yyjson_doc_free(c->doc);
}

/* ---- checks ---------------------------------------------------------------------------------- */

static seg_status add_param(seg_params *params, yyjson_val *key, yyjson_val *value, seg_error *err)
{
    const char *name = yyjson_get_str(key);
    size_t size = yyjson_get_len(key);
    if (yyjson_is_bool(value))
        return seg_params_add_bool(params, name, size, yyjson_get_bool(value), err);
    if (yyjson_is_int(value))
        return seg_params_add_int64(params, name, size, yyjson_get_sint(value), err);
    if (yyjson_is_real(value))
        return seg_params_add_float64(params, name, size, yyjson_get_real(value), err);
    if (yyjson_is_arr(value)) {
        size_t i, count = 0;
        yyjson_val *element;
        if (yyjson_arr_size(value) == 0)
            return seg_params_add_empty(params, name, size, err);
        each_element(value, i, count, element)
        {
            seg_status status = add_param(params, key, element, err);
            if (status != SEG_OK)
                return status;
        }
        return SEG_OK;
    }
    return seg_params_add_string(params, name, size, yyjson_get_str(value), yyjson_get_len(value),
                                 err);
}

/* Replaces *segment by the one with the parameters of the check. */
static seg_status bind(yyjson_val *values, seg_segment **segment, seg_error *err)
{
    seg_params *params = NULL;
    size_t i, count = 0;
    yyjson_val *key, *value;
    CK_OK(seg_params_create(NULL, &params, err), *err);
    each_member(values, i, count, key, value)
    {
        CK_OK(add_param(params, key, value, err), *err);
    }
    seg_segment *bound = NULL;
    seg_status status = seg_segment_bind(*segment, params, &bound, err);
    seg_params_destroy(params);
    if (status == SEG_OK) {
        seg_segment_release(*segment);
        *segment = bound;
    }
    return status;
}

/* The ids of the set are those of the check, in their order. */
static void compare_ids(const cases *c, const seg_set *set, yyjson_val *ids, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    size_t i, count = 0;
    yyjson_val *id;
    ck_assert_msg(seg_set_count(set) == yyjson_arr_size(ids), "%s: %" PRIu64 " members", where,
                  seg_set_count(set));
    CK_OK(seg_set_cursor_create(set, &cursor, &err), err);
    each_element(ids, i, count, id)
    {
        uint64_t got = 0;
        if (c->numbers) {
            uint64_t number = 0;
            CK_OK(seg_set_cursor_next_u64(cursor, 1, &number, &got, &err), err);
            ck_assert_msg(got == 1 && number == yyjson_get_uint(id), "%s: %" PRIu64, where, number);
            continue;
        }
        uint64_t offsets[2] = {0, 0};
        const char *bytes = NULL;
        CK_OK(seg_set_cursor_next(cursor, 1, offsets, &bytes, &got, &err), err);
        ck_assert_uint_eq(got, 1);
        size_t size = (size_t)(offsets[1] - offsets[0]);
        ck_assert_msg(size == yyjson_get_len(id) &&
                          memcmp(bytes + offsets[0], yyjson_get_str(id), size) == 0,
                      "%s: %.*s", where, (int)size, bytes + offsets[0]);
    }
    seg_set_cursor_destroy(cursor);
}

/* The set, the count and the test of each user agree. */
static void compare_members(const cases *c, const seg_segment *segment, seg_snapshot *snapshot,
                            int64_t now, const seg_set *set, const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t number = 0;
    size_t i, count = 0;
    yyjson_val *user;
    CK_OK(seg_segment_count(segment, snapshot, now, NULL, &number, &err), err);
    ck_assert_msg(number == seg_set_count(set), "%s: counted %" PRIu64, where, number);
    each_element(yyjson_obj_get(c->root, "users"), i, count, user)
    {
        yyjson_val *id = yyjson_obj_get(user, "id");
        int32_t member = 0, wanted;
        if (c->numbers) {
            CK_OK(seg_segment_test_u64(segment, snapshot, yyjson_get_uint(id), now, &member, &err),
                  err);
            wanted = seg_set_contains_u64(set, yyjson_get_uint(id));
        } else {
            CK_OK(seg_segment_test(segment, snapshot, yyjson_get_str(id), yyjson_get_len(id), now,
                                   &member, &err),
                  err);
            wanted = seg_set_contains(set, yyjson_get_str(id), yyjson_get_len(id));
        }
        ck_assert_msg(member == wanted, "%s: the test of user %zu says %d", where, i, member);
    }
}

/* The JSON form is the same segment, and that of the case where there is one. The file that
 * SEG_JSON_SAMPLES names gets a line with it. */
static void check_json(const cases *c, const seg_segment *segment, yyjson_val *form,
                       const char *where)
{
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *json = NULL, *again = NULL;
    seg_segment *other = NULL;
    uint64_t hash[2], other_hash[2];
    CK_OK(seg_segment_to_json(segment, 0, &json, &err), err);
    ck_assert_msg(seg_segment_compile_json(c->store, seg_buffer_data(json), seg_buffer_size(json),
                                           0, &other, &err) == SEG_OK,
                  "%s: %s: %s", where, seg_buffer_data(json), err.message);
    CK_OK(seg_segment_to_json(other, 0, &again, &err), err);
    ck_assert_str_eq(seg_buffer_data(again), seg_buffer_data(json));
    if (form != NULL) {
        char *wanted = yyjson_val_write(form, 0, NULL);
        ck_assert_str_eq(seg_buffer_data(json), wanted);
        free(wanted);
    }
    seg_segment_fingerprint(segment, hash);
    seg_segment_fingerprint(other, other_hash);
    ck_assert_mem_eq(hash, other_hash, sizeof hash);
    const char *path = getenv("SEG_JSON_SAMPLES");
    FILE *file = path == NULL ? NULL : fopen(path, "ab");
    if (file != NULL) {
        fprintf(file, "%s\n", seg_buffer_data(json));
        fclose(file);
    }
    seg_segment_release(other);
    seg_buffer_destroy(json);
    seg_buffer_destroy(again);
}

static seg_status check_where(const cases *c, yyjson_val *check, int64_t now, seg_error *err)
{
    yyjson_val *where = yyjson_obj_get(check, "where");
    const char *text = yyjson_get_str(where);
    const char *canonical = text_of(check, "text");
    seg_segment *segment = NULL;
    seg_status status =
        seg_segment_compile(c->store, text, yyjson_get_len(where), 0, &segment, err);
    if (status != SEG_OK)
        return status;
    check_json(c, segment, yyjson_obj_get(check, "json"), text);
    if (canonical) {
        seg_buffer *buffer = NULL;
        CK_OK(seg_segment_text(segment, &buffer, err), *err);
        ck_assert_str_eq(seg_buffer_data(buffer), canonical);
        seg_buffer_destroy(buffer);
    }
    yyjson_val *params = yyjson_obj_get(check, "params");
    if (params)
        status = bind(params, &segment, err);
    seg_snapshot *snapshot = snapshot_of(c->store);
    seg_set *set = NULL;
    if (status == SEG_OK)
        status = seg_segment_evaluate(segment, snapshot, now, NULL, &set, err);
    yyjson_val *ids = yyjson_obj_get(check, "ids");
    if (status == SEG_OK && ids) {
        compare_ids(c, set, ids, text);
        compare_members(c, segment, snapshot, now, set, text);
    }
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_segment_release(segment);
    return status;
}

/* Every element of the row's set is one of the wanted, and there are as many. */
static void compare_strings(const seg_column *column, uint64_t row, yyjson_val *wanted,
                            const char *text)
{
    const char *bytes = column->values;
    uint64_t begin = column->lists[row], end = column->lists[row + 1];
    size_t i, count = 0;
    yyjson_val *element;
    ck_assert_msg(end - begin == yyjson_arr_size(wanted), "%s: %" PRIu64 " elements", text,
                  end - begin);
    each_element(wanted, i, count, element)
    {
        bool found = false;
        for (uint64_t at = begin; at < end; at++) {
            uint64_t size = column->offsets[at + 1] - column->offsets[at];
            found |= size == yyjson_get_len(element) &&
                     memcmp(bytes + column->offsets[at], yyjson_get_str(element), size) == 0;
        }
        ck_assert_msg(found, "%s: \"%s\" is missing", text, yyjson_get_str(element));
    }
}

static bool near(double value, yyjson_val *wanted, double allowed)
{
    return fabs(value - yyjson_get_num(wanted)) <= allowed;
}

static void compare_value(const seg_column *column, uint64_t row, yyjson_val *wanted,
                          const char *text)
{
    const int64_t *numbers = column->values;
    const double *floats = column->values;
    const char *string = yyjson_get_str(wanted);
    bool same = false;
    ck_assert_msg((column->states[row] != SEG_VALUE_SET) == yyjson_is_null(wanted),
                  "%s: state %d of row %" PRIu64, text, column->states[row], row);
    if (yyjson_is_null(wanted))
        return;
    switch (column->type) {
    case SEG_TYPE_BOOL:
        same = ((const uint8_t *)column->values)[row] == yyjson_get_bool(wanted);
        break;
    case SEG_TYPE_INT64: same = numbers[row] == yyjson_get_sint(wanted); break;
    case SEG_TYPE_FLOAT64:
        same = near(floats[row], wanted, 1e-12 * fabs(yyjson_get_num(wanted)));
        break;
    case SEG_TYPE_DECIMAL: same = numbers[row] == decimal_of(string); break;
    case SEG_TYPE_STRING: {
        uint64_t size = column->offsets[row + 1] - column->offsets[row];
        same = size == yyjson_get_len(wanted) &&
               memcmp((const char *)column->values + column->offsets[row], string, size) == 0;
        break;
    }
    case SEG_TYPE_TIMESTAMP: same = numbers[row] == instant_of(string); break;
    case SEG_TYPE_DATE:
        same = ((const int32_t *)column->values)[row] == (int32_t)days_of(&string);
        break;
    case SEG_TYPE_GEO:
        same = near(floats[2 * row], yyjson_arr_get(wanted, 0), 1e-7) &&
               near(floats[2 * row + 1], yyjson_arr_get(wanted, 1), 1e-7);
        break;
    default: compare_strings(column, row, wanted, text); return;
    }
    ck_assert_msg(same, "%s: row %" PRIu64 " differs", text, row);
}

static seg_status check_value(const cases *c, yyjson_val *check, int64_t now, seg_error *err)
{
    const char *text = text_of(check, "value");
    const char *of = text_of(check, "of");
    seg_value *value = NULL;
    seg_status status = seg_value_compile(c->store, text, strlen(text), 0, &value, err);
    if (status != SEG_OK)
        return status;
    seg_snapshot *snapshot = snapshot_of(c->store);
    seg_segment *segment = segment_of(c->store, of ? of : "everyone");
    seg_set *set = NULL;
    seg_value_column *column = NULL;
    CK_OK(seg_segment_evaluate(segment, snapshot, now, NULL, &set, err), *err);
    status = seg_value_evaluate(value, set, now, NULL, &column, err);
    if (status == SEG_OK) {
        seg_column view = SEG_COLUMN_INIT;
        uint64_t rows = 0;
        int32_t scale;
        size_t i, count = 0;
        yyjson_val *wanted;
        CK_OK(seg_value_column_get(column, &view, &rows, err), *err);
        seg_type type = type_of(text_of(check, "type"), &scale);
        ck_assert_msg(view.type == type && view.scale == scale, "%s: type %d(%d)", text, view.type,
                      view.scale);
        ck_assert_uint_eq(rows, yyjson_arr_size(yyjson_obj_get(check, "values")));
        each_element(yyjson_obj_get(check, "values"), i, count, wanted)
        {
            compare_value(&view, i, wanted, text);
        }
    }
    seg_value_column_destroy(column);
    seg_set_release(set);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_value_release(value);
    return status;
}

/* The sets of all labels, in order. */
static seg_status check_class(const cases *c, yyjson_val *check, int64_t now, seg_error *err)
{
    const char *name = text_of(check, "class");
    yyjson_val *labels = yyjson_obj_get(check, "labels");
    seg_class *handle = NULL;
    seg_set *sets[SEG_CLASS_LABELS_MAX] = {NULL};
    size_t i, count = 0;
    yyjson_val *label, *ids;
    seg_status status = seg_class_load(c->store, name, strlen(name), &handle, err);
    if (status != SEG_OK)
        return status;
    seg_snapshot *snapshot = snapshot_of(c->store);
    CK_OK(seg_class_evaluate(handle, snapshot, now, NULL, sets, err), *err);
    ck_assert_uint_eq(seg_class_label_count(handle), yyjson_obj_size(labels));
    each_member(labels, i, count, label, ids)
    {
        const char *got = NULL;
        uint64_t size = 0;
        CK_OK(seg_class_label(handle, i, &got, &size, err), *err);
        ck_assert_msg(size == yyjson_get_len(label) &&
                          memcmp(got, yyjson_get_str(label), (size_t)size) == 0,
                      "%s: label %.*s", name, (int)size, got);
        compare_ids(c, sets[i], ids, yyjson_get_str(label));
        seg_set_release(sets[i]);
    }
    seg_snapshot_release(snapshot);
    seg_class_release(handle);
    return SEG_OK;
}

static seg_status check_lint(const cases *c, yyjson_val *check, seg_error *err)
{
    const char *text = text_of(check, "lint");
    yyjson_val *findings = yyjson_obj_get(check, "findings");
    seg_lint *lint = NULL;
    size_t i, count = 0;
    yyjson_val *wanted;
    CK_OK(seg_segment_lint(c->store, text, strlen(text), NULL, &lint, err), *err);
    ck_assert_msg(seg_lint_count(lint) == yyjson_arr_size(findings), "%s: %" PRIu64 " findings",
                  text, seg_lint_count(lint));
    each_element(findings, i, count, wanted)
    {
        seg_finding got = {.struct_size = sizeof got};
        CK_OK(seg_lint_at(lint, i, &got, err), *err);
        ck_assert_str_eq(got.id, text_of(wanted, "id"));
        ck_assert_str_eq(got.level == SEG_LINT_ERROR ? "error" : "warning",
                         text_of(wanted, "level"));
        ck_assert_msg(got.offset == yyjson_get_sint(yyjson_obj_get(wanted, "offset")) &&
                          got.length == yyjson_get_sint(yyjson_obj_get(wanted, "length")),
                      "%s: %s: %" PRId64 " bytes at %" PRId64, text, got.id, got.length,
                      got.offset);
    }
    seg_lint_destroy(lint);
    return SEG_OK;
}

static void check_one(const cases *c, yyjson_val *check)
{
    seg_error err = SEG_ERROR_INIT;
    const char *name = text_of(check, "define");
    const char *dropped = text_of(check, "drop");
    const char *where = text_of(check, "where");
    const char *now_text = text_of(check, "now");
    const char *wanted = text_of(check, "error");
    int64_t now = now_text ? instant_of(now_text) : c->now;
    seg_status status;
    if (dropped)
        status = seg_store_drop_segment(c->store, dropped, strlen(dropped), &err);
    else if (name)
        status = seg_store_define_segment(c->store, name, strlen(name), where, strlen(where), NULL,
                                          &err);
    else if (text_of(check, "value"))
        status = check_value(c, check, now, &err);
    else if (text_of(check, "class"))
        status = check_class(c, check, now, &err);
    else if (text_of(check, "lint"))
        status = check_lint(c, check, &err);
    else
        status = check_where(c, check, now, &err);
    char *shown = yyjson_val_write(check, 0, NULL);
    ck_assert_msg(strcmp(status == SEG_OK ? "" : seg_status_name(status), wanted ? wanted : "") ==
                      0,
                  "%s: %s %s", shown, seg_status_name(status), err.message);
    yyjson_val *offset = yyjson_obj_get(check, "offset");
    if (offset)
        ck_assert_msg(err.offset == yyjson_get_sint(offset) &&
                          err.length == yyjson_get_sint(yyjson_obj_get(check, "length")),
                      "%s: %" PRId64 " bytes at %" PRId64, shown, err.length, err.offset);
    free(shown);
}

static void check_file(const char *name)
{
    cases c = cases_open(name);
    size_t i, count = 0;
    yyjson_val *check;
    each_element(yyjson_obj_get(c.root, "checks"), i, count, check)
    {
        check_one(&c, check);
    }
    ck_assert_uint_gt(count, 0);
    cases_close(&c);
}

START_TEST(test_cases__shop)
{
    check_file("shop.json");
}
END_TEST

START_TEST(test_cases__numbers)
{
    check_file("numbers.json");
}
END_TEST

START_TEST(test_cases__saved)
{
    check_file("saved.json");
}
END_TEST

Suite *suite(void)
{
    Suite *made = suite_create("cases");
    TCase *tcase = tcase_create("files");
    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_cases__shop);
    tcase_add_test(tcase, test_cases__numbers);
    tcase_add_test(tcase, test_cases__saved);
    suite_add_tcase(made, tcase);
    return made;
}
