/* import.c - rows of a file become commits. See import.h.
 *
 * Rows are converted wholly before they enter a batch, so that a refused one leaves nothing
 * behind. A batch is committed when it is full; with --strict all of them wait for the end and
 * are one commit. */
#include "import.h"

#include "interrupt.h"
#include "mapping.h"
#include "rejects.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct cli_import {
    cli_session *session;
    const import_options *options;
    const cli_diag *diag;
    cli_source source;
    cli_mapping mapping;
    cli_rejects rejects;
    batch_builder *events; /* owned */
    batch_builder *users;  /* owned */
    batch_builder **full;  /* --strict: owned batches that wait for the end */
    size_t full_count, full_capacity;
    cli_value *values; /* owned: by column of the file */
    size_t values_capacity;
    bool since; /* attributes hold from the row's time on */
    uint64_t rows;
    seg_commit_report sum;
    double begin, shown; /* seconds: of the import, of the progress last shown */
    bool failed;
} cli_import;

/* Why a row was refused, and the first words about it. */
typedef struct row_fault {
    text_buf reason;
    text_buf detail;
} row_fault;

/* ---- one row --------------------------------------------------------------------------------- */

static bool fault_set(row_fault *fault, const char *column, const char *reason, text_view value)
{
    buf_clear(&fault->reason);
    buf_clear(&fault->detail);
    if (column) {
        buf_text(&fault->reason, column);
        buf_text(&fault->reason, ": ");
    }
    buf_text(&fault->reason, reason);
    if (value.size) {
        buf_shown(&fault->detail, value.data, value.size, 40);
    }
    return false;
}

static const cli_cell *cell_at(const cli_row *row, size_t column)
{
    static const cli_cell none = {.kind = CELL_NONE, .text = {"", 0}};
    return column < row->cell_count ? &row->cells[column] : &none;
}

static bool has_text(const cli_cell *cell)
{
    return (cell->kind == CELL_TEXT || cell->kind == CELL_NUMBER) && cell->text.size > 0;
}

/* Which batch a row belongs to. */
static bool row_kind(const cli_import *import, const cli_row *row, bool *out_event,
                     text_view *out_name, row_fault *fault)
{
    const cli_mapping *mapping = &import->mapping;
    *out_name = (text_view){"", 0};
    *out_event = !mapping->users;
    if (!mapping->spec) {
        return true;
    }
    text_view kind = cell_at(row, mapping->kind)->text;
    if (text_equals(kind, "page") || text_equals(kind, "screen")) {
        *out_name = kind;
    }
    *out_event = !text_equals(kind, "identify");
    if (!*out_event || out_name->size || text_equals(kind, "track")) {
        return true;
    }
    return fault_set(fault, "type", "only track, identify, page and screen are imported", kind);
}

static bool take_user(const cli_import *import, const cli_row *row, batch_key *key,
                      row_fault *fault)
{
    const cli_mapping *mapping = &import->mapping;
    const cli_cell *cell = cell_at(row, mapping->user);
    if (!has_text(cell) && mapping->user_fallback != COLUMN_NONE) {
        cell = cell_at(row, mapping->user_fallback);
    }
    if (!has_text(cell)) {
        return fault_set(fault, NULL, "there is no user id", (text_view){"", 0});
    }
    key->user = cell->text;
    if (import->session->u64) {
        if (!parse_uint(cell->text, &key->user_u64) || key->user_u64 == UINT64_MAX) {
            return fault_set(fault, NULL, "the user id is not a number from 0 to 2^64-2",
                             cell->text);
        }
    } else if (cell->text.size > SEG_ID_SIZE_MAX) {
        return fault_set(fault, NULL, "the user id is longer than 1024 bytes", cell->text);
    }
    return true;
}

static bool take_time(const cli_import *import, const cli_row *row, batch_key *key,
                      row_fault *fault)
{
    const cli_mapping *mapping = &import->mapping;
    const cli_cell *time = cell_at(row, mapping->time);
    if (time->kind != CELL_TEXT && time->kind != CELL_NUMBER) {
        return fault_set(fault, NULL, "there is no time", (text_view){"", 0});
    }
    if (!time_parse(time->text, &mapping->times, &key->time)) {
        return fault_set(fault, source_column_name(&import->source, mapping->time),
                         time->text.size ? "it is not a time in the column's notation"
                                         : "there is no time",
                         time->text);
    }
    return true;
}

static bool take_event(const cli_import *import, const cli_row *row, text_view name, batch_key *key,
                       row_fault *fault)
{
    const cli_mapping *mapping = &import->mapping;
    if (!take_time(import, row, key, fault)) {
        return false;
    }
    const cli_cell *id = cell_at(row, mapping->id);
    key->id = has_text(id) ? id->text : (text_view){"", 0};
    if (key->id.size > SEG_ID_SIZE_MAX) {
        return fault_set(fault, NULL, "the event id is longer than 1024 bytes", key->id);
    }
    if (import->options->event) {
        return true;
    }
    key->event = name;
    if (!name.size) {
        const cli_cell *event = cell_at(row, mapping->event);
        key->event = event->kind == CELL_TEXT ? event->text : (text_view){"", 0};
    }
    if (key->event.size == 0 || key->event.size > SEG_NAME_SIZE_MAX ||
        !utf8_valid(key->event.data, key->event.size)) {
        return fault_set(fault, NULL, "the event's name is empty, too long or not UTF-8",
                         key->event);
    }
    return true;
}

static bool take_geo(const cli_import *import, const cli_row *row, size_t index, cli_value *out,
                     row_fault *fault)
{
    static const value_type real = {.type = SEG_TYPE_FLOAT64};
    const map_column *column = &import->mapping.columns[index];
    const char *name = source_column_name(&import->source, index);
    const char *null_text = import->options->null_text;
    const cli_cell *first = cell_at(row, index);
    const cli_cell *second = cell_at(row, column->partner);
    const char *reason;
    cli_value longitude;
    bool json = import->mapping.json;
    if (!value_convert(first, row, real, NULL, json, null_text, out, &reason)) {
        return fault_set(fault, name, reason, first->text);
    }
    if (!value_convert(second, row, real, NULL, json, null_text, &longitude, &reason)) {
        return fault_set(fault, name, reason, second->text);
    }
    if (out->state != longitude.state) {
        return fault_set(fault, name, "latitude and longitude do not come together",
                         (text_view){"", 0});
    }
    out->real[1] = longitude.real[0];
    if (out->state == SEG_VALUE_SET && !(out->real[0] >= -90 && out->real[0] <= 90 &&
                                         out->real[1] >= -180 && out->real[1] <= 180)) {
        return fault_set(fault, name, "it is not a point on earth", first->text);
    }
    return true;
}

static bool take_values(cli_import *import, const cli_row *row, bool event, row_fault *fault)
{
    import->values = xgrow(import->values, &import->values_capacity, row->cell_count + 1,
                           sizeof *import->values);
    for (size_t i = 0; i < row->cell_count; i++) {
        const map_column *column = mapping_column(&import->mapping, &import->source, i,
                                                  &row->cells[i], row->line, import->diag);
        cli_value *value = &import->values[i];
        *value = (cli_value){.state = SEG_VALUE_ABSENT, .text = {"", 0}};
        if (!(event ? column->for_events : column->for_users)) {
            continue;
        }
        if (column->role == ROLE_LATITUDE ||
            (column->role == ROLE_LONGITUDE && column->partner >= row->cell_count)) {
            size_t latitude = column->role == ROLE_LATITUDE ? i : column->partner;
            if (!take_geo(import, row, latitude, value, fault)) {
                return false;
            }
        } else if (column->role == ROLE_VALUE && column->type.type) {
            const char *reason;
            if (!value_convert(&row->cells[i], row, column->type, &column->times,
                               import->mapping.json, import->options->null_text, value, &reason)) {
                return fault_set(fault, source_column_name(&import->source, i), reason,
                                 row->cells[i].text);
            }
        }
    }
    return true;
}

static void put_row(cli_import *import, const cli_row *row, bool event, const batch_key *key)
{
    batch_builder *batch = event ? import->events : import->users;
    batch_row(batch, key);
    for (size_t i = 0; i < row->cell_count; i++) {
        map_column *column = &import->mapping.columns[i];
        size_t *slot = event ? &column->event_slot : &column->user_slot;
        if (import->values[i].state == SEG_VALUE_ABSENT) {
            continue;
        }
        if (*slot == COLUMN_NONE) {
            *slot = batch_add_column(batch, column->name, column->type);
        }
        batch_value(batch, *slot, &import->values[i]);
    }
}

static bool convert_row(cli_import *import, const cli_row *row, row_fault *fault)
{
    bool event;
    text_view name;
    batch_key key = {.line = row->line};
    if (row->fault) {
        text_view detail = {row->detail.data ? row->detail.data : "", row->detail.size};
        return fault_set(fault, NULL, row->fault, detail);
    }
    if (!row_kind(import, row, &event, &name, fault) || !take_user(import, row, &key, fault) ||
        (event && !take_event(import, row, name, &key, fault)) ||
        (!event && import->since && !take_time(import, row, &key, fault)) ||
        !take_values(import, row, event, fault)) {
        return false;
    }
    put_row(import, row, event, &key);
    return true;
}

/* ---- commits --------------------------------------------------------------------------------- */

static void add_report(cli_import *import, const seg_commit_report *report)
{
    import->sum.rows_applied += report->rows_applied;
    import->sum.rows_duplicate += report->rows_duplicate;
    import->sum.rows_rejected += report->rows_rejected;
    import->sum.users_added += report->users_added;
}

/* Rows that only the store could see to be wrong. */
static void report_refused(cli_import *import, const batch_builder *batch, const uint8_t *results)
{
    static const char *const reasons[] = {
        [SEG_ROW_BAD_ID] = "the store refuses its user or event id",
        [SEG_ROW_BAD_TIME] = "its time is outside the years 1 to 9999",
        [SEG_ROW_BAD_VALUE] = "the store refuses one of its values",
        [SEG_ROW_CONFLICT] = "its event id was seen before with other content"};
    for (uint64_t i = 0; i < batch->rows; i++) {
        if (results[i] != SEG_ROW_OK && results[i] != SEG_ROW_DUPLICATE) {
            const char *reason = results[i] <= SEG_ROW_CONFLICT ? reasons[results[i]] : NULL;
            rejects_add(&import->rejects, batch->lines[i], reason ? reason : "the store refuses it",
                        "", (text_view){"", 0});
        }
    }
}

static bool commit_batches(cli_import *import, batch_builder *const *builders, size_t count,
                           bool quarantine)
{
    seg_batch *batches = xcalloc(count, sizeof *batches);
    uint64_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        batch_view(builders[i], &batches[i]);
        rows += builders[i]->rows;
    }
    uint8_t *results = xcalloc((size_t)rows, 1);
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    options.flags = quarantine ? SEG_COMMIT_QUARANTINE : 0;
    options.row_results = quarantine ? results : NULL;
    options.row_results_count = quarantine ? rows : 0;
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_error err = SEG_ERROR_INIT;
    seg_status status =
        seg_store_commit(import->session->store, batches, count, &options, &report, &err);
    free(batches);
    if (status == SEG_OK) {
        add_report(import, &report);
        uint64_t first = 0;
        for (size_t i = 0; i < count; first += builders[i++]->rows) {
            report_refused(import, builders[i], results + first);
        }
    } else {
        /* The library counts rows over all batches; people count lines. */
        uint64_t row = err.line;
        for (size_t i = 0; row && i < count; i++) {
            if (row <= builders[i]->rows) {
                err.line = builders[i]->lines[row - 1];
                break;
            }
            row -= builders[i]->rows;
        }
        diag_fail(import->diag, NULL, "%s: the rows up to line %llu could not be committed",
                  import->source.path,
                  (unsigned long long)builders[count - 1]->lines[builders[count - 1]->rows - 1]);
        diag_error(import->diag, &err, (text_view){NULL, 0}, (text_view){NULL, 0});
        import->failed = true;
    }
    free(results);
    session_changed(import->session);
    return status == SEG_OK;
}

static batch_builder *new_batch(const cli_import *import, bool events)
{
    batch_builder *batch = xcalloc(1, sizeof *batch);
    batch_init(batch, events, import->session->u64, events ? import->options->event : NULL);
    batch->since = !events && import->since;
    return batch;
}

/* A fresh batch knows no columns yet. */
static void forget_slots(cli_import *import, bool events)
{
    for (size_t i = 0; i < import->mapping.count; i++) {
        map_column *column = &import->mapping.columns[i];
        *(events ? &column->event_slot : &column->user_slot) = COLUMN_NONE;
    }
}

static bool flush_batch(cli_import *import, batch_builder **batch, uint64_t threshold)
{
    if ((*batch)->rows < threshold) {
        return true;
    }
    if (import->options->strict) {
        bool events = (*batch)->events;
        import->full = xgrow(import->full, &import->full_capacity, import->full_count + 1,
                             sizeof *import->full);
        import->full[import->full_count++] = *batch;
        *batch = new_batch(import, events);
        forget_slots(import, events);
        return true;
    }
    bool done = commit_batches(import, batch, 1, true);
    batch_reset(*batch);
    return done;
}

static bool flush_all(cli_import *import)
{
    if (!flush_batch(import, &import->users, 1) || !flush_batch(import, &import->events, 1)) {
        return false;
    }
    return import->full_count == 0 ||
           commit_batches(import, import->full, import->full_count, false);
}

/* ---- the whole file -------------------------------------------------------------------------- */

static double now_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* On a terminal, after half a second, about ten times a second. */
static void show_progress(cli_import *import)
{
    double now = now_seconds();
    if (now - import->begin < 0.5 || now - import->shown < 0.1) {
        return;
    }
    text_buf text = {0};
    import->shown = now;
    buf_text(&text, "  ");
    buf_uint(&text, import->rows);
    buf_text(&text, " rows, ");
    buf_uint(&text, import->source.input.consumed >> 20);
    buf_text(&text, " MiB");
    diag_progress(import->diag, text.data);
    buf_deinit(&text);
}

static bool take_rows(cli_import *import)
{
    row_fault fault = {0};
    const cli_row *row;
    bool going = true;
    while (going && (row = source_next(&import->source))) {
        import->rows++;
        if (import->rows % 4096 == 0) {
            show_progress(import);
        }
        if (interrupt_pending()) {
            import->session->interrupted = true;
            going = false;
        } else if (!convert_row(import, row, &fault)) {
            rejects_add(&import->rejects, row->line, fault.reason.data,
                        fault.detail.data ? fault.detail.data : "", row->raw);
            going = !import->options->strict;
        } else {
            going = flush_batch(import, &import->events, BATCH_ROWS_MAX) &&
                    flush_batch(import, &import->users, BATCH_ROWS_MAX);
        }
    }
    diag_progress(import->diag, "");
    buf_deinit(&fault.reason);
    buf_deinit(&fault.detail);
    if (import->source.input.failure) {
        diag_fail(import->diag, NULL, "%s: cannot be read: %s", import->source.path,
                  strerror(import->source.input.failure));
        return false;
    }
    return going;
}

static void summarise(const cli_import *import, double seconds)
{
    text_buf text = {0};
    buf_shown(&text, import->source.path, strlen(import->source.path), 200);
    buf_text(&text, ": ");
    buf_uint(&text, import->sum.rows_applied);
    buf_text(&text, import->sum.rows_applied == 1 ? " row taken, " : " rows taken, ");
    if (import->sum.rows_duplicate) {
        buf_uint(&text, import->sum.rows_duplicate);
        buf_text(&text, " duplicates, ");
    }
    buf_uint(&text, import->rejects.count);
    buf_text(&text, " rejected; ");
    buf_uint(&text, import->sum.users_added);
    buf_text(&text, " new users");
    if (import->session->timer) {
        buf_printf(&text, "; %.2f s", seconds);
    }
    diag_note(import->diag, "%s", text.data);
    buf_deinit(&text);
}

static run_result import_rows(cli_import *import)
{
    import->begin = now_seconds();
    bool done = take_rows(import);
    bool refused = import->options->strict && import->rejects.count > 0;
    if (import->options->strict && (!done || refused)) {
        diag_fail(import->diag, NULL, "%s: nothing was imported (--strict)", import->source.path);
        import->failed = true;
    } else if (!import->failed) {
        done = flush_all(import) && done;
    }
    summarise(import, now_seconds() - import->begin);
    if (import->session->interrupted) {
        diag_fail(import->diag, NULL, "%s: interrupted; the rows counted above stay",
                  import->source.path);
    }
    if (import->rows > 0 && import->rejects.count == import->rows) {
        diag_fail(import->diag, "see the mapping above; --map, --type and --time-format change it",
                  "%s: every row was rejected", import->source.path);
        import->failed = true;
    }
    return done && !import->failed ? RUN_OK : RUN_FAILED;
}

static void import_deinit(cli_import *import)
{
    batch_builder *open[] = {import->events, import->users};
    for (size_t i = 0; i < 2; i++) {
        if (open[i]) {
            batch_deinit(open[i]);
            free(open[i]);
        }
    }
    for (size_t i = 0; i < import->full_count; i++) {
        batch_deinit(import->full[i]);
        free(import->full[i]);
    }
    free(import->full);
    free(import->values);
    mapping_deinit(&import->mapping);
    source_close(&import->source);
}

/* One attribute that is to remember its values, before it has any. */
static bool define_history(const cli_import *import, const char *source_name)
{
    seg_error err = SEG_ERROR_INIT;
    const map_column *column = NULL;
    for (size_t i = 0; i < import->mapping.count && !column; i++) {
        if (strcmp(source_column_name(&import->source, i), source_name) == 0) {
            column = &import->mapping.columns[i];
        }
    }
    if (!column || !column->name || !column->for_users || !column->type.type) {
        diag_fail(import->diag, "--type COLUMN=TYPE says it",
                  "%s: column \"%s\" is no attribute with a known type (--history)",
                  import->source.path, source_name);
        return false;
    }
    if (seg_store_define_history(import->session->store, column->name, strlen(column->name),
                                 column->type.type, column->type.scale, &err) != SEG_OK) {
        diag_fail(import->diag, NULL, "%s: --history %s: %s", import->source.path, source_name,
                  err.message);
        return false;
    }
    return true;
}

/* Values of users hold from a time on where a column is said to be that time. */
static bool define_histories(cli_import *import)
{
    const option_pairs *histories = &import->options->histories;
    bool users = import->mapping.users && !import->mapping.spec;
    import->since = import->mapping.time != COLUMN_NONE && (users || histories->count > 0);
    if (histories->count > 0 && !import->since) {
        diag_fail(import->diag, "say which column says since when: --map time=COLUMN",
                  "%s: values with a history need a time", import->source.path);
        return false;
    }
    for (size_t i = 0; i < histories->count; i++) {
        if (!define_history(import, histories->items[i].name)) {
            return false;
        }
    }
    return true;
}

run_result import_run(cli_session *session, bool users, const char *path,
                      const import_options *options)
{
    cli_import import = {.session = session, .options = options, .diag = &session->diag};
    const char *message;
    int system;
    if (!source_open(&import.source, path, options, &message, &system)) {
        diag_fail(import.diag, NULL, "%s: %s%s%s", path, message, system ? ": " : "",
                  system ? strerror(system) : "");
        return RUN_FAILED;
    }
    run_result result = RUN_FAILED;
    if (mapping_infer(&import.mapping, &import.source, users, options, session->store,
                      import.diag)) {
        mapping_print(&import.mapping, &import.source, import.diag);
        if (options->dry_run) {
            result = RUN_OK;
        } else if (define_histories(&import) &&
                   rejects_open(&import.rejects, import.diag, path, options->rejects)) {
            import.events = new_batch(&import, true);
            import.users = new_batch(&import, false);
            result = import_rows(&import);
            if (!rejects_close(&import.rejects)) {
                diag_fail(import.diag, NULL, "%s: could not be written", options->rejects);
                result = RUN_FAILED;
            }
        }
    }
    import_deinit(&import);
    return result;
}
