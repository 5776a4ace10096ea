/* support/real_data.c - see real_data.h. */
#include "support/real_data.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- files ----------------------------------------------------------------------------------- */

#define PATH_SIZE 1024

static bool find(const char *name, char path[PATH_SIZE])
{
    const char *folder = getenv("SEG_DATA_DIR");
    const char *root = getenv("SEG_SOURCE_ROOT");
    static const char *const places[] = {"../shared/data", "../../shared/data"};
    if (folder && *folder) {
        snprintf(path, PATH_SIZE, "%s/%s", folder, name);
        return access(path, R_OK) == 0;
    }
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, PATH_SIZE, "%s/%s/%s", root ? root : ".", places[i], name);
        if (access(path, R_OK) == 0) {
            return true;
        }
    }
    return false;
}

bool real_data_exists(const char *name)
{
    char path[PATH_SIZE];
    return find(name, path);
}

static bool is_packed(const char *name)
{
    size_t size = strlen(name);
    return size > 3 && strcmp(name + size - 3, ".gz") == 0;
}

FILE *real_data_open(const char *name)
{
    char path[PATH_SIZE];
    char command[PATH_SIZE + 32];
    ck_assert_msg(find(name, path), "%s is not there", name);
    ck_assert_msg(!strchr(path, '\''), "a quote in the path of the data");
    snprintf(command, sizeof command, "gzip -dc '%s'", path);
    FILE *file = is_packed(name) ? popen(command, "r") : fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    return file;
}

void real_data_close(FILE *file, const char *name)
{
    if (is_packed(name)) {
        ck_assert_int_eq(pclose(file), 0);
    } else {
        fclose(file);
    }
}

int64_t real_data_days(int year, int month, int day)
{
    /* Years that begin in March end with the leap day. */
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;
    return y * 365 + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719468;
}

/* ---- questions ------------------------------------------------------------------------------- */

static void must(seg_status status, const seg_error *err, const char *text)
{
    ck_assert_msg(status == SEG_OK, "%s: %s (%s) %s", text, err->message, seg_status_name(status),
                  err->hint);
}

static seg_segment *compile(seg_store *store, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = NULL;
    must(seg_segment_compile(store, predicate, strlen(predicate), 0, &segment, &err), &err,
         predicate);
    return segment;
}

uint64_t ask_count(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    uint64_t count = 0;
    seg_segment *segment = compile(store, predicate);
    must(seg_segment_count(segment, snapshot, now, NULL, &count, &err), &err, predicate);
    seg_segment_release(segment);
    return count;
}

seg_set *ask_set(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set *set = NULL;
    seg_segment *segment = compile(store, predicate);
    must(seg_segment_evaluate(segment, snapshot, now, NULL, &set, &err), &err, predicate);
    seg_segment_release(segment);
    return set;
}

int64_t *ask_values(seg_store *store, const seg_set *set, int64_t now, const char *text,
                    int32_t scale, int64_t missing)
{
    seg_error err = SEG_ERROR_INIT;
    seg_value *value = NULL;
    seg_value_column *column = NULL;
    seg_column view = SEG_COLUMN_INIT;
    uint64_t rows = 0;
    must(seg_value_compile(store, text, strlen(text), 0, &value, &err), &err, text);
    must(seg_value_evaluate(value, set, now, NULL, &column, &err), &err, text);
    must(seg_value_column_get(column, &view, &rows, &err), &err, text);
    ck_assert_uint_eq(rows, seg_set_count(set));
    ck_assert_msg(view.type == SEG_TYPE_INT64 || view.type == SEG_TYPE_TIMESTAMP ||
                      (view.type == SEG_TYPE_DECIMAL && view.scale == scale),
                  "%s has type %d, scale %d", text, (int)view.type, (int)view.scale);
    int64_t *out = calloc((size_t)rows + 1, sizeof *out);
    ck_assert_ptr_nonnull(out);
    for (uint64_t i = 0; i < rows; i++) {
        out[i] = view.states[i] == SEG_VALUE_SET ? ((const int64_t *)view.values)[i] : missing;
    }
    seg_value_column_destroy(column);
    seg_value_release(value);
    return out;
}

int64_t ask_total(seg_store *store, seg_snapshot *snapshot, int64_t now, const char *value,
                  int32_t scale)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set *everyone = NULL;
    int64_t total = 0;
    must(seg_set_everyone(snapshot, &everyone, &err), &err, "everyone");
    int64_t *values = ask_values(store, everyone, now, value, scale, 0);
    for (uint64_t i = 0; i < seg_set_count(everyone); i++) {
        total += values[i];
    }
    free(values);
    seg_set_release(everyone);
    return total;
}

uint64_t *ask_ids(const seg_set *set)
{
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    uint64_t count = seg_set_count(set);
    uint64_t done = 0;
    uint64_t got = 1;
    uint64_t *ids = calloc((size_t)count + 1, sizeof *ids);
    ck_assert_ptr_nonnull(ids);
    must(seg_set_cursor_create(set, &cursor, &err), &err, "cursor");
    while (got > 0) {
        uint64_t room = count - done < 1000 ? count - done + 1 : 1000;
        must(seg_set_cursor_next_u64(cursor, room, ids + done, &got, &err), &err, "cursor");
        done += got;
        ck_assert_uint_le(done, count);
    }
    ck_assert_uint_eq(done, count);
    seg_set_cursor_destroy(cursor);
    return ids;
}
