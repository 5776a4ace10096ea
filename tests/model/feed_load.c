/* feed_load.c - a feed goes into a store, by columns or row by row, through the public door. */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct loader {
    const feed_data *feed;
    feed_store *out;
    model_arena arena; /* of one commit */
    rng r;
    model_text *why;
    seg_error err;
} loader;

static bool fail(loader *l, const char *what, seg_status status)
{
    model_addf(l->why, "%s: %s: %.200s (row %" PRIu64 ")", what, seg_status_name(status),
               l->err.message, l->err.line);
    return false;
}

/* ---- schema ---- */

/* An attribute has a history from its beginning on. */
static bool define_histories(loader *l)
{
    const model_schema *schema = &l->feed->schema;
    seg_status status = SEG_OK;
    for (size_t i = 0; i < schema->attribute_count && status == SEG_OK; i++) {
        const model_column *c = &schema->attributes[i];
        if (c->history)
            status = seg_store_define_history(l->out->store, c->name, strlen(c->name), c->type,
                                              c->scale, &l->err);
    }
    return status == SEG_OK || fail(l, "define histories", status);
}

static bool define_all(loader *l)
{
    const model_schema *schema = &l->feed->schema;
    seg_store *store = l->out->store;
    seg_status status = SEG_OK;
    for (size_t i = 0; i < schema->attribute_count && status == SEG_OK; i++) {
        const model_column *c = &schema->attributes[i];
        status =
            seg_store_define_attribute(store, c->name, strlen(c->name), c->type, c->scale, &l->err);
    }
    for (size_t t = 0; t < schema->type_count && status == SEG_OK; t++) {
        const char *event = schema->types[t].name;
        status = seg_store_define_event(store, event, strlen(event), &l->err);
        for (size_t i = 0; i < schema->property_count && status == SEG_OK; i++) {
            const model_column *c = &schema->properties[i];
            if (schema->types[t].has[i])
                status = seg_store_define_property(store, event, strlen(event), c->name,
                                                   strlen(c->name), c->type, c->scale, &l->err);
        }
    }
    return status == SEG_OK || fail(l, "define", status);
}

/* ---- columns ---- */

/* The rows of a batch that are left. */
typedef struct row_list {
    const feed_row **list;
    size_t count;
} row_list;

static row_list rows_left(loader *l, const feed_batch *batch)
{
    row_list result = {model_alloc(&l->arena, (batch->row_count + 1) * sizeof(feed_row *)), 0};
    for (size_t i = 0; i < batch->row_count; i++) {
        if (!batch->rows[i].dropped)
            result.list[result.count++] = &batch->rows[i];
    }
    return result;
}

/* Strings one after the other, with or without a dictionary. */
static void strings_column(loader *l, const model_string *strings, size_t count, bool dictionary,
                           seg_column *out)
{
    model_arena *arena = &l->arena;
    uint32_t *codes = model_alloc(arena, (count + 1) * sizeof(*codes));
    const model_string **unique = model_alloc(arena, (count + 1) * sizeof(*unique));
    size_t unique_count = 0, bytes = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = dictionary ? 0 : unique_count;
        while (k < unique_count && model_string_compare(*unique[k], strings[i]) != 0)
            k++;
        codes[i] = (uint32_t)k;
        if (k == unique_count) {
            unique[unique_count++] = &strings[i];
            bytes += strings[i].size;
        }
    }
    char *data = model_alloc(arena, bytes + 1);
    uint64_t *offsets = model_alloc(arena, (unique_count + 1) * sizeof(*offsets));
    for (size_t k = 0; k < unique_count; k++) {
        if (unique[k]->size > 0)
            memcpy(data + offsets[k], unique[k]->data, unique[k]->size);
        offsets[k + 1] = offsets[k] + unique[k]->size;
    }
    out->values = data;
    out->offsets = offsets;
    out->codes = dictionary ? codes : NULL;
    out->dictionary_count = dictionary ? unique_count : 0;
}

static void set_column(loader *l, row_list rows, size_t index, seg_column *out)
{
    uint64_t *lists = model_alloc(&l->arena, (rows.count + 1) * sizeof(*lists));
    size_t total = 0;
    for (size_t i = 0; i < rows.count; i++) {
        lists[i] = total;
        total += rows.list[i]->values[index].element_count;
        lists[i + 1] = total;
    }
    model_string *elements = model_alloc(&l->arena, (total + 1) * sizeof(*elements));
    for (size_t i = 0, at = 0; i < rows.count; i++) {
        const model_value *value = &rows.list[i]->values[index];
        for (size_t k = 0; k < value->element_count; k++)
            elements[at++] = value->elements[k];
    }
    strings_column(l, elements, total, rng_chance(&l->r, 50), out);
    out->lists = lists;
}

static void fixed_column(loader *l, row_list rows, size_t index, seg_column *out)
{
    size_t n = rows.count + 1;
    uint8_t *bools = model_alloc(&l->arena, n);
    int64_t *ints = model_alloc(&l->arena, n * sizeof(*ints));
    int32_t *dates = model_alloc(&l->arena, n * sizeof(*dates));
    double *doubles = model_alloc(&l->arena, 2 * n * sizeof(*doubles));
    for (size_t i = 0; i < rows.count; i++) {
        const model_value *value = &rows.list[i]->values[index];
        bools[i] = value->i == 1;
        ints[i] = value->i;
        dates[i] = (int32_t)value->i;
        if (out->type == SEG_TYPE_GEO) {
            doubles[2 * i] = (double)value->i / 1e7;
            doubles[2 * i + 1] = (double)value->j / 1e7;
        } else {
            doubles[i] = value->f;
        }
    }
    out->values = out->type == SEG_TYPE_BOOL                                   ? (void *)bools
                  : out->type == SEG_TYPE_DATE                                 ? (void *)dates
                  : out->type == SEG_TYPE_FLOAT64 || out->type == SEG_TYPE_GEO ? (void *)doubles
                                                                               : (void *)ints;
}

/* False: no row has anything in this column, and it is left out. */
static bool column_make(loader *l, row_list rows, const model_column *column, size_t index,
                        seg_column *out)
{
    seg_column init = SEG_COLUMN_INIT;
    bool any = false, all = true;
    uint8_t *states = model_alloc(&l->arena, rows.count + 1);
    for (size_t i = 0; i < rows.count; i++) {
        states[i] = rows.list[i]->values[index].state;
        any = any || states[i] != SEG_VALUE_ABSENT;
        all = all && states[i] == SEG_VALUE_SET;
    }
    if (!any)
        return false;
    *out = init;
    out->type = column->type;
    out->scale = column->type == SEG_TYPE_DECIMAL ? column->scale : 0;
    out->name = column->name;
    out->name_size = strlen(column->name);
    out->states = all && rng_chance(&l->r, 70) ? NULL : states;
    if (column->type == SEG_TYPE_STRING_SET) {
        set_column(l, rows, index, out);
    } else if (column->type == SEG_TYPE_STRING) {
        model_string *strings = model_alloc(&l->arena, (rows.count + 1) * sizeof(*strings));
        for (size_t i = 0; i < rows.count; i++)
            strings[i] = rows.list[i]->values[index].text;
        strings_column(l, strings, rows.count, rng_chance(&l->r, 60), out);
    } else {
        fixed_column(l, rows, index, out);
    }
    return true;
}

static void batch_users(loader *l, row_list rows, seg_batch *out)
{
    const feed_data *feed = l->feed;
    uint64_t *numbers = model_alloc(&l->arena, (rows.count + 1) * sizeof(*numbers));
    model_string *names = model_alloc(&l->arena, (rows.count + 1) * sizeof(*names));
    for (size_t i = 0; i < rows.count; i++) {
        numbers[i] = feed->user_numbers[rows.list[i]->user];
        names[i] = feed->user_names[rows.list[i]->user];
    }
    if (feed->id_kind == SEG_ID_U64) {
        out->user_ids = numbers;
        return;
    }
    seg_column column = SEG_COLUMN_INIT;
    strings_column(l, names, rows.count, false, &column);
    out->user_bytes = column.values;
    out->user_offsets = column.offsets;
}

static void batch_event_ids(loader *l, row_list rows, seg_batch *out)
{
    seg_column init = SEG_COLUMN_INIT;
    seg_column *column = model_alloc(&l->arena, sizeof(*column));
    model_string *ids = model_alloc(&l->arena, (rows.count + 1) * sizeof(*ids));
    uint8_t *states = model_alloc(&l->arena, rows.count + 1);
    bool any = false;
    for (size_t i = 0; i < rows.count; i++) {
        char text[32];
        int size = snprintf(text, sizeof(text), "e%" PRId64, rows.list[i]->event_id);
        states[i] = rows.list[i]->event_id >= 0 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
        any = any || states[i] == SEG_VALUE_SET;
        ids[i].size = states[i] == SEG_VALUE_SET ? (size_t)size : 0;
        ids[i].data = model_copy(&l->arena, text, (size_t)size);
    }
    if (!any)
        return;
    *column = init;
    column->type = SEG_TYPE_STRING;
    strings_column(l, ids, rows.count, false, column);
    column->states = states;
    out->event_ids = column;
}

static void batch_types(loader *l, const feed_batch *batch, row_list rows, seg_batch *out)
{
    const model_schema *schema = &l->feed->schema;
    if (batch->kind == FEED_ONE_TYPE) {
        out->event = schema->types[batch->type].name;
        out->event_size = strlen(out->event);
        return;
    }
    seg_column init = SEG_COLUMN_INIT;
    seg_column *column = model_alloc(&l->arena, sizeof(*column));
    model_string *names = model_alloc(&l->arena, (rows.count + 1) * sizeof(*names));
    for (size_t i = 0; i < rows.count; i++) {
        names[i].data = schema->types[rows.list[i]->type].name;
        names[i].size = strlen(names[i].data);
    }
    *column = init;
    column->type = SEG_TYPE_STRING;
    strings_column(l, names, rows.count, true, column);
    out->event_types = column;
}

static void batch_columns(loader *l, const feed_batch *batch, seg_batch *out)
{
    const model_schema *schema = &l->feed->schema;
    bool events = feed_has_events(batch->kind);
    const model_column *columns = events ? schema->properties : schema->attributes;
    size_t count = events ? schema->property_count : schema->attribute_count;
    row_list rows = rows_left(l, batch);
    seg_batch init = SEG_BATCH_INIT;
    seg_column *made = model_alloc(&l->arena, count * sizeof(*made));
    *out = init;
    out->row_count = rows.count;
    out->columns = made;
    for (size_t i = 0; i < count; i++) {
        if (column_make(l, rows, &columns[i], i, &made[out->column_count]))
            out->column_count++;
    }
    batch_users(l, rows, out);
    if (batch->kind == FEED_ATTRIBUTES)
        return;
    int64_t *times = model_alloc(&l->arena, (rows.count + 1) * sizeof(*times));
    for (size_t i = 0; i < rows.count; i++)
        times[i] = rows.list[i]->time;
    out->times = times;
    if (!events) {
        out->flags = SEG_BATCH_ATTRIBUTES;
        return;
    }
    batch_types(l, batch, rows, out);
    batch_event_ids(l, rows, out);
}

/* ---- commits ---- */

static size_t rows_of(const feed_commit *commit)
{
    size_t count = 0;
    for (size_t i = 0; i < commit->batch_count; i++) {
        for (size_t k = 0; k < commit->batches[i].row_count; k++)
            count += commit->batches[i].rows[k].dropped ? 0 : 1;
    }
    return count;
}

static bool report_right(loader *l, size_t index, const seg_commit_report *report,
                         const uint8_t *results)
{
    size_t count = rows_of(&l->feed->commits[index]);
    uint8_t *fates = model_alloc(&l->arena, count + 1);
    uint64_t tally[SEG_ROW_REFUSED + 1] = {0};
    feed_fates(l->feed, index, fates);
    for (size_t i = 0; i < count; i++) {
        tally[fates[i]]++;
        if (results != NULL && results[i] != fates[i]) {
            model_addf(l->why, "commit %zu row %zu: fate %u, should be %u", index, i,
                       (unsigned)results[i], (unsigned)fates[i]);
            return false;
        }
    }
    uint64_t rejected = tally[SEG_ROW_CONFLICT] + tally[SEG_ROW_BAD_TIME];
    if (report->rows_applied == tally[SEG_ROW_OK] &&
        report->rows_duplicate == tally[SEG_ROW_DUPLICATE] && report->rows_rejected == rejected &&
        report->rows_refused == tally[SEG_ROW_REFUSED])
        return true;
    model_addf(l->why,
               "commit %zu reports %" PRIu64 " applied, %" PRIu64 " duplicate, %" PRIu64
               " rejected, %" PRIu64 " refused; should be %" PRIu64 ", %" PRIu64 ", %" PRIu64
               ", %" PRIu64,
               index, report->rows_applied, report->rows_duplicate, report->rows_rejected,
               report->rows_refused, tally[SEG_ROW_OK], tally[SEG_ROW_DUPLICATE], rejected,
               tally[SEG_ROW_REFUSED]);
    return false;
}

static bool commit_columns(loader *l, size_t index)
{
    const feed_commit *commit = &l->feed->commits[index];
    size_t count = rows_of(commit);
    seg_batch *batches = model_alloc(&l->arena, commit->batch_count * sizeof(*batches));
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    seg_commit_report report;
    memset(&report, 0, sizeof(report));
    report.struct_size = (uint32_t)sizeof(report);
    for (size_t i = 0; i < commit->batch_count; i++)
        batch_columns(l, &commit->batches[i], &batches[i]);
    if (commit->quarantine) {
        options.flags = SEG_COMMIT_QUARANTINE;
        options.row_results = model_alloc(&l->arena, count + 1);
        options.row_results_count = count;
    }
    seg_status status =
        seg_store_commit(l->out->store, batches, commit->batch_count, &options, &report, &l->err);
    if (status != SEG_OK)
        return fail(l, "commit", status);
    return report_right(l, index, &report, options.row_results);
}

static seg_status append_value(seg_appender *a, const model_column *column,
                               const model_value *value, seg_error *err)
{
    const char *name = column->name;
    size_t size = strlen(name);
    if (value->state == SEG_VALUE_NULL)
        return seg_appender_set_null(a, name, size, err);
    switch (column->type) {
    case SEG_TYPE_BOOL: return seg_appender_set_bool(a, name, size, (int32_t)value->i, err);
    case SEG_TYPE_INT64: return seg_appender_set_int64(a, name, size, value->i, err);
    case SEG_TYPE_FLOAT64: return seg_appender_set_float64(a, name, size, value->f, err);
    case SEG_TYPE_DECIMAL:
        return seg_appender_set_decimal(a, name, size, value->i, value->scale, err);
    case SEG_TYPE_STRING:
        return seg_appender_set_string(a, name, size, value->text.data, value->text.size, err);
    case SEG_TYPE_TIMESTAMP: return seg_appender_set_timestamp(a, name, size, value->i, err);
    case SEG_TYPE_DATE: return seg_appender_set_date(a, name, size, (int32_t)value->i, err);
    case SEG_TYPE_GEO:
        return seg_appender_set_geo(a, name, size, (double)value->i / 1e7, (double)value->j / 1e7,
                                    err);
    default: {
        const char *elements[8];
        size_t sizes[8];
        for (size_t i = 0; i < value->element_count; i++) {
            elements[i] = value->elements[i].data;
            sizes[i] = value->elements[i].size;
        }
        return seg_appender_set_strings(a, name, size, elements, sizes, value->element_count, err);
    }
    }
}

static seg_status append_head(loader *l, seg_appender *a, const feed_batch *batch,
                              const feed_row *row)
{
    const feed_data *feed = l->feed;
    model_string name = feed->user_names[row->user];
    uint64_t number = feed->user_numbers[row->user];
    bool by_number = feed->id_kind == SEG_ID_U64;
    if (batch->kind == FEED_ATTRIBUTES)
        return by_number ? seg_appender_user_u64(a, number, &l->err)
                         : seg_appender_user(a, name.data, name.size, &l->err);
    if (batch->kind == FEED_SINCE)
        return by_number ? seg_appender_user_since_u64(a, number, row->time, &l->err)
                         : seg_appender_user_since(a, name.data, name.size, row->time, &l->err);
    const char *event = feed->schema.types[row->type].name;
    size_t size = strlen(event);
    seg_status status =
        by_number ? seg_appender_event_u64(a, number, event, size, row->time, &l->err)
                  : seg_appender_event(a, name.data, name.size, event, size, row->time, &l->err);
    if (status == SEG_OK && row->event_id >= 0) {
        char text[32];
        int length = snprintf(text, sizeof(text), "e%" PRId64, row->event_id);
        status = seg_appender_set_event_id(a, text, (size_t)length, &l->err);
    }
    return status;
}

static seg_status append_row(loader *l, seg_appender *a, const feed_batch *batch,
                             const feed_row *row)
{
    const model_schema *schema = &l->feed->schema;
    bool events = feed_has_events(batch->kind);
    const model_column *columns = events ? schema->properties : schema->attributes;
    size_t count = events ? schema->property_count : schema->attribute_count;
    seg_status status = append_head(l, a, batch, row);
    for (size_t i = 0; i < count && status == SEG_OK; i++) {
        if (row->values[i].state != SEG_VALUE_ABSENT)
            status = append_value(a, &columns[i], &row->values[i], &l->err);
    }
    return status;
}

static bool commit_rows(loader *l, size_t index)
{
    const feed_commit *commit = &l->feed->commits[index];
    seg_appender *appender = NULL;
    seg_commit_report report;
    memset(&report, 0, sizeof(report));
    report.struct_size = (uint32_t)sizeof(report);
    seg_status status = seg_appender_create(l->out->store, &appender, &l->err);
    for (size_t i = 0; i < commit->batch_count && status == SEG_OK; i++) {
        const feed_batch *batch = &commit->batches[i];
        for (size_t k = 0; k < batch->row_count && status == SEG_OK; k++) {
            if (!batch->rows[k].dropped)
                status = append_row(l, appender, batch, &batch->rows[k]);
        }
    }
    if (status == SEG_OK)
        status = seg_appender_commit(appender, NULL, &report, &l->err);
    seg_appender_destroy(appender);
    if (status != SEG_OK)
        return fail(l, "commit by rows", status);
    return report_right(l, index, &report, NULL);
}

/* ---- removals ---- */
static bool set_rules(loader *l)
{
    const feed_data *feed = l->feed;
    seg_status status = seg_store_set_retention(l->out->store, NULL, 0, feed->keep_usual, &l->err);
    for (size_t i = 0; i < feed->schema.type_count && status == SEG_OK; i++) {
        const char *name = feed->schema.types[i].name;
        /* The rule of an event type would define it before its time. */
        if (feed->keep[i] != SEG_KEEP_USUAL)
            status =
                seg_store_set_retention(l->out->store, name, strlen(name), feed->keep[i], &l->err);
    }
    return status == SEG_OK || fail(l, "retention", status);
}

static bool erase_users(loader *l, const feed_commit *commit)
{
    const feed_data *feed = l->feed;
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    options.flags = commit->refuse ? SEG_ERASE_REFUSE : 0;
    seg_status status;
    if (feed->id_kind == SEG_ID_U64) {
        uint64_t *ids = model_alloc(&l->arena, (commit->erased_count + 1) * sizeof(*ids));
        for (size_t i = 0; i < commit->erased_count; i++)
            ids[i] = feed->user_numbers[commit->erased[i]];
        status = seg_store_erase_users_u64(l->out->store, ids, commit->erased_count, &options, NULL,
                                           &l->err);
    } else {
        model_text bytes = {NULL, 0, 0};
        uint64_t *offsets = model_alloc(&l->arena, (commit->erased_count + 1) * sizeof(*offsets));
        for (size_t i = 0; i < commit->erased_count; i++) {
            model_string name = feed->user_names[commit->erased[i]];
            model_add(&bytes, name.data, name.size);
            offsets[i + 1] = bytes.size;
        }
        status = seg_store_erase_users(l->out->store, bytes.data, offsets, commit->erased_count,
                                       &options, NULL, &l->err);
        model_text_free(&bytes);
    }
    return status == SEG_OK || fail(l, "erase", status);
}

static bool apply_removals(loader *l, const feed_commit *commit)
{
    if (commit->erased_count > 0 && !erase_users(l, commit))
        return false;
    if (!commit->expires)
        return true;
    if (!set_rules(l))
        return false;
    seg_status status = seg_store_expire(l->out->store, commit->expire_now, NULL, &l->err);
    return status == SEG_OK || fail(l, "expire", status);
}
/* ---- files ---- */

static void remove_files(const feed_store *store)
{
    for (int i = 0; i < 2 && store->paths[i][0] != '\0'; i++) {
        char log[600];
        snprintf(log, sizeof(log), "%s-wal", store->paths[i]);
        remove(store->paths[i]);
        remove(log);
    }
}

/* Several stores may be open at once: each has names of its own. */
static void name_files(const feed_data *feed, feed_store *store)
{
    static unsigned count;
    unsigned number = count++;
    for (int i = 0; i < 2 && feed->folder != NULL; i++)
        snprintf(store->paths[i], sizeof(store->paths[i]), "%s/model-%u-%d.seg", feed->folder,
                 number, i);
    remove_files(store);
}

static bool file_copy(const char *from, const char *to)
{
    char buffer[1 << 16];
    size_t size;
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    bool good = in != NULL && out != NULL;
    while (good && (size = fread(buffer, 1, sizeof(buffer), in)) > 0)
        good = fwrite(buffer, 1, size, out) == size;
    if (in != NULL)
        fclose(in);
    return out != NULL && fclose(out) == 0 && good;
}

/* What a process leaves that ends here and now. */
static bool copy_files(const feed_store *store)
{
    char from[600], to[600];
    snprintf(from, sizeof(from), "%s-wal", store->paths[0]);
    snprintf(to, sizeof(to), "%s-wal", store->paths[1]);
    return file_copy(store->paths[0], store->paths[1]) && file_copy(from, to);
}

static bool store_open(loader *l, const char *path)
{
    const feed_data *feed = l->feed;
    static const uint64_t log_sizes[] = {1, 4096, 0}, limits[] = {0, 1, 1 << 16};
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.timezone = feed->schema.zone;
    options.timezone_size = strlen(feed->schema.zone);
    options.week_start = (uint32_t)feed->schema.week_start;
    options.id_kind = feed->id_kind;
    options.dedup_window_us = UINT64_MAX;
    options.threads_max = 4;
    if (feed->folder != NULL) {
        options.flags = SEG_STORE_CREATE;
        options.durability = SEG_DURABILITY_OFF;
        options.log_bytes_max = log_sizes[rng_below(&l->r, 3)];
        options.memory_limit = limits[rng_below(&l->r, 3)];
    }
    seg_status status = seg_store_open(path, strlen(path), &options, &l->out->store, &l->err);
    return status == SEG_OK || fail(l, "open", status);
}

static bool store_close(loader *l)
{
    for (size_t i = 0; i < FEED_COMMITS_MAX; i++) {
        seg_snapshot_release(l->out->snapshots[i]);
        l->out->snapshots[i] = NULL;
    }
    seg_status status = seg_store_close(l->out->store, &l->err);
    l->out->store = NULL;
    return status == SEG_OK || fail(l, "close", status);
}

/* Open the store again: after it was closed, from a backup, or from what a crash would leave. */
static bool store_move(loader *l, size_t next_commit)
{
    feed_store *out = l->out;
    seg_status status = SEG_OK;
    uint64_t way = rng_below(&l->r, 3);
    char path[512];
    if (way == 1) {
        status = seg_store_backup(out->store, out->paths[1], strlen(out->paths[1]), &l->err);
        if (status != SEG_OK)
            return fail(l, "backup", status);
    }
    if (way == 2 && !copy_files(out))
        return fail(l, "copy", SEG_E_IO);
    if (!store_close(l))
        return false;
    out->first = next_commit;
    if (way != 0) {
        char log[600];
        snprintf(log, sizeof(log), "%s-wal", out->paths[0]);
        remove(out->paths[0]);
        remove(log);
        memcpy(path, out->paths[0], sizeof(path));
        memcpy(out->paths[0], out->paths[1], sizeof(path));
        memcpy(out->paths[1], path, sizeof(path));
    }
    return store_open(l, out->paths[0]);
}

/* What else may happen to a store between commits. */
static bool store_tend(loader *l)
{
    int32_t more = 1;
    uint64_t faults = 0;
    seg_status status = SEG_OK;
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    options.budget_bytes = 1 + rng_below(&l->r, 2000);
    options.budget_rows = 1 + rng_below(&l->r, 2000);
    if (rng_chance(&l->r, 30))
        status = seg_store_checkpoint(l->out->store, &l->err);
    for (int i = 0; i < 5 && more && status == SEG_OK && rng_chance(&l->r, 60); i++)
        status = seg_store_maintain(l->out->store, &options, &more, &l->err);
    if (status == SEG_OK && rng_chance(&l->r, 10))
        status = seg_store_check(l->out->store, SEG_CHECK_DEEP, NULL, NULL, &faults, &l->err);
    if (faults > 0)
        return fail(l, "a check found faults", SEG_E_CORRUPT);
    return status == SEG_OK || fail(l, "upkeep", status);
}

static bool load_commit(loader *l, size_t c)
{
    const feed_data *feed = l->feed;
    bool all_defined = feed->define_first || c > 0;
    if (feed->folder != NULL && rng_chance(&l->r, 30) && !store_move(l, c))
        return false;
    /* The appender takes null only for columns that are known. */
    if (feed->commits[c].by_rows && !all_defined && !define_all(l))
        return false;
    bool good = feed->commits[c].by_rows ? commit_rows(l, c) : commit_columns(l, c);
    good = good && apply_removals(l, &feed->commits[c]);
    if (good && feed->folder != NULL)
        good = store_tend(l);
    if (good && feed->folder != NULL && c + 1 == feed->commit_count && rng_chance(&l->r, 50))
        good = store_move(l, c);
    if (!good)
        return false;
    seg_status status = seg_snapshot_create(l->out->store, &l->out->snapshots[c], &l->err);
    return status == SEG_OK || fail(l, "snapshot", status);
}

bool feed_load(const feed_data *feed, feed_store *out, model_text *why)
{
    loader l = {feed, out, {NULL}, feed->column_rng, why, SEG_ERROR_INIT};
    memset(out, 0, sizeof(*out));
    name_files(feed, out);
    if (!store_open(&l, feed->folder != NULL ? out->paths[0] : ":memory:"))
        return false;
    bool good = define_histories(&l) && (!feed->define_first || define_all(&l));
    for (size_t c = 0; c < feed->commit_count && good; c++) {
        good = load_commit(&l, c);
        model_arena_reset(&l.arena);
        if (c == 0)
            good = good && define_all(&l);
    }
    model_arena_reset(&l.arena);
    return good;
}

void feed_unload(feed_store *store)
{
    for (size_t i = 0; i < FEED_COMMITS_MAX; i++)
        seg_snapshot_release(store->snapshots[i]);
    seg_error err = SEG_ERROR_INIT;
    if (store->store != NULL && seg_store_close(store->store, &err) != SEG_OK)
        fprintf(stderr, "close: %s\n", err.message);
    remove_files(store);
    memset(store, 0, sizeof(*store));
}
