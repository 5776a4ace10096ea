/* support/shop.c - the small store of the tests. Failures end the Check test that called. */
#include "support/shop.h"

#include <check.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IDS_MAX 64
#define TEXT_MAX 4096

static void must(seg_status status, const seg_error *err, const char *what)
{
    if (status != SEG_OK)
        ck_abort_msg("%s: %s: %s (%s)", what, seg_status_name(status), err->message, err->hint);
}

/* ---- time ---- */

static int64_t days_of(int year, int month, int day)
{
    static const int before[] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
    int64_t days = 0;
    for (int y = 1970; y < year; y++)
        days += y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
    for (int y = year; y < 1970; y++)
        days -= y % 4 == 0 && (y % 100 != 0 || y % 400 == 0) ? 366 : 365;
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    return days + before[month - 1] + (month > 2 && leap ? 1 : 0) + day - 1;
}

int64_t shop_time(const char *text)
{
    int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
    int64_t micros = 0;
    if (sscanf(text, "%d-%d-%dT%d:%d:%d", &year, &month, &day, &hour, &minute, &second) < 3)
        ck_abort_msg("no time: %s", text);
    const char *dot = strchr(text, '.');
    for (int digit = 0; dot != NULL && digit < 6; digit++) {
        bool more = dot[1] >= '0' && dot[1] <= '9';
        micros = micros * 10 + (more ? dot[1] - '0' : 0);
        dot += more ? 1 : 0;
    }
    int64_t seconds = days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second;
    return seconds * 1000000 + micros;
}

/* ---- the journal ---- */

static void put_text(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c < 0x20 || c == '"' || c == '\\')
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

/* ["call", "a", "b", ...]; NULL ends the texts. */
static void journal(const char *call, const char *const *texts)
{
    const char *path = getenv("SEG_SHOP_JOURNAL");
    FILE *file = path != NULL ? fopen(path, "ab") : NULL;
    if (file == NULL)
        return;
    fputc('[', file);
    put_text(file, call);
    for (; *texts != NULL; texts++) {
        fputc(',', file);
        put_text(file, *texts);
    }
    fputs("]\n", file);
    fclose(file);
}

#define JOURNAL(call, ...) journal(call, (const char *const[]){__VA_ARGS__, NULL})

/* ---- open and close ---- */

static shop open_quietly(const char *zone)
{
    shop s = {NULL, NULL};
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.timezone = zone;
    options.timezone_size = strlen(zone);
    options.threads_max = 2;
    must(seg_store_open(":memory:", 8, &options, &s.store, &err), &err, "open");
    return s;
}

shop shop_open(const char *zone)
{
    JOURNAL("open", zone);
    return open_quietly(zone);
}

void shop_close(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender_destroy(s->gathering);
    must(seg_store_close(s->store, &err), &err, "close");
    s->store = NULL;
    s->gathering = NULL;
}

/* ---- rows ---- */

static bool is_number(const char *value)
{
    value += *value == '-' ? 1 : 0;
    return *value >= '0' && *value <= '9';
}

static seg_status set_number(seg_appender *a, const char *name, const char *value, seg_error *err)
{
    size_t name_size = strlen(name), size = strlen(value);
    const char *dot = strchr(value, '.');
    char digits[64];
    size_t n = 0;
    if (value[size - 1] == 'f')
        return seg_appender_set_float64(a, name, name_size, strtod(value, NULL), err);
    if (dot == NULL)
        return seg_appender_set_int64(a, name, name_size, strtoll(value, NULL, 10), err);
    for (size_t i = 0; i < size && n + 1 < sizeof(digits); i++) {
        if (value[i] != '.')
            digits[n++] = value[i];
    }
    digits[n] = '\0';
    return seg_appender_set_decimal(a, name, name_size, strtoll(digits, NULL, 10),
                                    (int32_t)(value + size - dot - 1), err);
}

static seg_status set_set(seg_appender *a, const char *name, char *value, seg_error *err)
{
    const char *elements[16];
    size_t sizes[16], count = 0;
    char *at = value + 1;
    while (*at != ']') {
        size_t size = strcspn(at, ",]");
        elements[count] = at;
        sizes[count++] = size;
        at += size + (at[size] == ',' ? 1 : 0);
    }
    return seg_appender_set_strings(a, name, strlen(name), elements, sizes, count, err);
}

static seg_status set_value(seg_appender *a, const char *name, char *value, seg_error *err)
{
    size_t name_size = strlen(name), size = strlen(value);
    double latitude = 0, longitude = 0;
    if (strcmp(value, "null") == 0)
        return seg_appender_set_null(a, name, name_size, err);
    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return seg_appender_set_bool(a, name, name_size, value[0] == 't', err);
    if (value[0] == '@' && strchr(value, 'T') != NULL)
        return seg_appender_set_timestamp(a, name, name_size, shop_time(value + 1), err);
    if (value[0] == '@')
        return seg_appender_set_date(a, name, name_size,
                                     (int32_t)(shop_time(value + 1) / INT64_C(86400000000)), err);
    if (value[0] == '(' && sscanf(value, "(%lf,%lf)", &latitude, &longitude) == 2)
        return seg_appender_set_geo(a, name, name_size, latitude, longitude, err);
    if (value[0] == '[')
        return set_set(a, name, value, err);
    if (value[0] == '\'')
        return seg_appender_set_string(a, name, name_size, value + 1, size - 2, err);
    if (is_number(value))
        return set_number(a, name, value, err);
    return seg_appender_set_string(a, name, name_size, value, size, err);
}

/* "a=1 b='x y' ..." */
static void set_values(seg_appender *a, const char *values)
{
    char text[TEXT_MAX];
    seg_error err = SEG_ERROR_INIT;
    snprintf(text, sizeof(text), "%s", values);
    char *at = text;
    while (*(at += strspn(at, " ")) != '\0') {
        char *equals = strchr(at, '=');
        if (equals == NULL)
            ck_abort_msg("no value: %s", at);
        char *value = equals + 1, *end;
        end = *value == '\'' ? strchr(value + 1, '\'') + 1 : value + strcspn(value, " ");
        char *next = *end == '\0' ? end : end + 1;
        *equals = *end = '\0';
        must(set_value(a, at, value, &err), &err, at);
        at = next;
    }
}

static seg_appender *row_begin(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = s->gathering;
    if (a == NULL)
        must(seg_appender_create(s->store, &a, &err), &err, "appender");
    return a;
}

static seg_status row_end(shop *s, seg_appender *a, seg_error *err)
{
    if (a == s->gathering)
        return SEG_OK;
    seg_status status = seg_appender_commit(a, NULL, NULL, err);
    seg_appender_destroy(a);
    return status;
}

void shop_user(shop *s, const char *user, const char *values)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = row_begin(s);
    must(seg_appender_user(a, user, strlen(user), &err), &err, user);
    set_values(a, values);
    must(row_end(s, a, &err), &err, user);
    JOURNAL("user", user, values);
}

static void add_since(shop *s, const char *user, const char *since, const char *values)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = row_begin(s);
    must(seg_appender_user_since(a, user, strlen(user), shop_time(since), &err), &err, user);
    set_values(a, values);
    must(row_end(s, a, &err), &err, user);
}

void shop_since(shop *s, const char *user, const char *since, const char *values)
{
    add_since(s, user, since, values);
    JOURNAL("since", user, since, values);
}

/* What is defined so in another store says the types. */
void shop_history(shop *s, const char *values)
{
    shop example = open_quietly("UTC");
    add_since(&example, "x", "2026-01-01", values);
    uint64_t count = seg_store_column_count(example.store);
    for (uint64_t i = 0; i < count; i++) {
        seg_error err = SEG_ERROR_INIT;
        seg_column_info info = {.struct_size = sizeof info};
        must(seg_store_column_at(example.store, i, &info, &err), &err, values);
        must(seg_store_define_history(s->store, info.name, (size_t)info.name_size, info.type,
                                      info.scale, &err),
             &err, values);
    }
    shop_close(&example);
    JOURNAL("history", values);
}

seg_status shop_event_id(shop *s, const char *user, const char *event, const char *time,
                         const char *values, const char *event_id)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = row_begin(s);
    must(seg_appender_event(a, user, strlen(user), event, strlen(event), shop_time(time), &err),
         &err, event);
    if (event_id != NULL)
        must(seg_appender_set_event_id(a, event_id, strlen(event_id), &err), &err, event_id);
    set_values(a, values);
    JOURNAL("event", user, event, time, values);
    return row_end(s, a, &err);
}

void shop_event(shop *s, const char *user, const char *event, const char *time, const char *values)
{
    ck_assert_int_eq(shop_event_id(s, user, event, time, values, NULL), SEG_OK);
}

void shop_events(shop *s, const char *user, const char *event, int count, const char *day,
                 const char *values)
{
    for (int i = 0; i < count; i++) {
        char time[32];
        snprintf(time, sizeof(time), "%sT10:%02d:00Z", day, i);
        shop_event(s, user, event, time, values);
    }
}

void shop_begin(shop *s)
{
    s->gathering = row_begin(s);
}

void shop_commit(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = s->gathering;
    s->gathering = NULL;
    must(row_end(s, a, &err), &err, "commit");
}

void shop_define(shop *s, const char *name, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_define_segment(s->store, name, strlen(name), predicate, strlen(predicate), NULL,
                                  &err),
         &err, predicate);
    JOURNAL("define", name, predicate);
}

void shop_class(shop *s, const char *name, const char *labels)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_define_class(s->store, name, strlen(name), labels, strlen(labels), NULL, &err),
         &err, labels);
    JOURNAL("classify", name, labels);
}

void shop_occasion(shop *s, const char *name, const int32_t *days, size_t count)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_define_occasion(s->store, name, strlen(name), days, count, &err), &err, name);
    for (size_t i = 0; i < count; i++) {
        char from[16], to[16];
        snprintf(from, sizeof(from), "%" PRId32, days[2 * i]);
        snprintf(to, sizeof(to), "%" PRId32, days[2 * i + 1]);
        JOURNAL("occasion", name, from, to);
    }
}

seg_snapshot *shop_snapshot(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = NULL;
    must(seg_snapshot_create(s->store, &snapshot, &err), &err, "snapshot");
    return snapshot;
}

/* ---- asking ---- */

typedef struct id_list {
    char text[IDS_MAX][64];
    size_t count;
} id_list;

static void read_ids(const seg_set *set, id_list *out)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[8], count = 1;
    const char *bytes = NULL;
    out->count = 0;
    must(seg_set_cursor_create(set, &cursor, &err), &err, "cursor");
    while (count > 0) {
        must(seg_set_cursor_next(cursor, 7, offsets, &bytes, &count, &err), &err, "next");
        for (uint64_t i = 0; i < count; i++) {
            ck_assert_uint_lt(out->count, IDS_MAX);
            snprintf(out->text[out->count++], sizeof(out->text[0]), "%.*s",
                     (int)(offsets[i + 1] - offsets[i]), bytes + offsets[i]);
        }
    }
    seg_set_cursor_destroy(cursor);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void join(id_list *ids, char *out, size_t capacity)
{
    size_t at = 0;
    out[0] = '\0';
    qsort(ids->text, ids->count, sizeof(ids->text[0]), by_text);
    for (size_t i = 0; i < ids->count; i++)
        at += (size_t)snprintf(out + at, capacity - at, "%s%s", i > 0 ? " " : "", ids->text[i]);
}

static seg_segment *compile(shop *s, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    seg_status status =
        seg_segment_compile(s->store, predicate, strlen(predicate), 0, &segment, &err);
    if (status != SEG_OK)
        ck_abort_msg("%s\n  %s at %" PRId64 ": %s (%s)", predicate, seg_status_name(status),
                     err.offset, err.message, err.hint);
    return segment;
}

/* Each user alone, and how many, agree with the set. */
static void same_answers(const seg_segment *segment, seg_snapshot *snapshot, int64_t now,
                         const seg_set *set, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set *everyone = NULL;
    id_list ids;
    uint64_t count = 0;
    must(seg_set_everyone(snapshot, &everyone, &err), &err, "everyone");
    read_ids(everyone, &ids);
    seg_set_release(everyone);
    for (size_t i = 0; i < ids.count; i++) {
        int32_t member = -1;
        must(seg_segment_test(segment, snapshot, ids.text[i], strlen(ids.text[i]), now, &member,
                              &err),
             &err, predicate);
        ck_assert_msg(member == seg_set_contains(set, ids.text[i], strlen(ids.text[i])),
                      "%s: alone, %s is %d", predicate, ids.text[i], (int)member);
    }
    must(seg_segment_count(segment, snapshot, now, NULL, &count, &err), &err, predicate);
    ck_assert_msg(count == seg_set_count(set), "%s: the count is %" PRIu64, predicate, count);
}

void shop_ask_in(shop *s, seg_snapshot *snapshot, int64_t now, const char *predicate,
                 const char *expected)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = compile(s, predicate);
    seg_set *set = NULL;
    id_list ids;
    char text[TEXT_MAX];
    seg_status status = seg_segment_evaluate(segment, snapshot, now, NULL, &set, &err);
    must(status, &err, predicate);
    read_ids(set, &ids);
    join(&ids, text, sizeof(text));
    ck_assert_msg(strcmp(text, expected) == 0, "%s\n  gives \"%s\", should give \"%s\"", predicate,
                  text, expected);
    same_answers(segment, snapshot, now, set, predicate);
    seg_set_release(set);
    seg_segment_release(segment);
}

void shop_ask_at(shop *s, int64_t now, const char *predicate, const char *expected)
{
    seg_snapshot *snapshot = shop_snapshot(s);
    shop_ask_in(s, snapshot, now, predicate, expected);
    seg_snapshot_release(snapshot);
}

void shop_ask(shop *s, const char *now, const char *predicate, const char *expected)
{
    shop_ask_at(s, shop_time(now), predicate, expected);
    JOURNAL("ask", now, predicate, expected);
}

static size_t write_value(const seg_column *view, uint64_t row, char *out, size_t capacity)
{
    const char *bytes = view->values;
    int size = 0;
    if (view->states[row] == SEG_VALUE_NULL)
        size = snprintf(out, capacity, "null");
    else if (view->states[row] == SEG_VALUE_ABSENT)
        size = snprintf(out, capacity, "-");
    else if (view->type == SEG_TYPE_FLOAT64)
        size = snprintf(out, capacity, "%.15g", ((const double *)view->values)[row]);
    else if (view->type == SEG_TYPE_STRING)
        size = snprintf(out, capacity, "%.*s", (int)(view->offsets[row + 1] - view->offsets[row]),
                        bytes + view->offsets[row]);
    else if (view->type == SEG_TYPE_BOOL)
        size =
            snprintf(out, capacity, "%s", ((const uint8_t *)view->values)[row] ? "true" : "false");
    else if (view->type == SEG_TYPE_DATE)
        size = snprintf(out, capacity, "%" PRId32, ((const int32_t *)view->values)[row]);
    else
        size = snprintf(out, capacity, "%" PRId64, ((const int64_t *)view->values)[row]);
    if (view->states[row] == SEG_VALUE_SET && view->type == SEG_TYPE_DECIMAL)
        size += snprintf(out + size, capacity - (size_t)size, "e-%" PRId32, view->scale);
    return (size_t)size;
}

void shop_value(shop *s, const char *now, const char *value, const char *expected)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = shop_snapshot(s);
    seg_set *everyone = NULL;
    seg_value *compiled = NULL;
    seg_value_column *column = NULL;
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 0;
    char text[TEXT_MAX] = "";
    size_t at = 0;
    must(seg_set_everyone(snapshot, &everyone, &err), &err, "everyone");
    must(seg_value_compile(s->store, value, strlen(value), 0, &compiled, &err), &err, value);
    must(seg_value_evaluate(compiled, everyone, shop_time(now), NULL, &column, &err), &err, value);
    must(seg_value_column_get(column, &view, &rows, &err), &err, value);
    for (uint64_t i = 0; i < rows; i++) {
        at += i > 0 ? (size_t)snprintf(text + at, sizeof(text) - at, " ") : 0;
        at += write_value(&view, i, text + at, sizeof(text) - at);
    }
    ck_assert_msg(strcmp(text, expected) == 0, "%s\n  gives \"%s\", should give \"%s\"", value,
                  text, expected);
    seg_value_column_destroy(column);
    seg_value_release(compiled);
    seg_set_release(everyone);
    seg_snapshot_release(snapshot);
}

seg_status shop_compile(shop *s, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    seg_status status =
        seg_segment_compile(s->store, predicate, strlen(predicate), 0, &segment, &err);
    seg_segment_release(segment);
    return status;
}

seg_status shop_evaluate(shop *s, const char *now, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = shop_snapshot(s);
    seg_segment *segment = compile(s, predicate);
    seg_set *set = NULL;
    seg_status status = seg_segment_evaluate(segment, snapshot, shop_time(now), NULL, &set, &err);
    seg_set_release(set);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    return status;
}
