/* api_arrow.c - streams of Arrow in and out: options, commits in portions, lives.
 *
 * Both directions hand over lives by the C data interface: a stream that comes in is released
 * here whatever happens, a stream that goes out holds the store and all it needs until its
 * consumer releases the last array. The formats themselves are the business of the room `arrow`. */
#include <string.h>

#include "api/api_int.h"
#include "arrow/arrow.h"

#define COMMIT_ROWS_DEFAULT ((uint64_t)1 << 20)
#define BATCH_ROWS_DEFAULT ((uint64_t)65536)
#define BATCH_ROWS_MAX ((uint64_t)1 << 24)

/* ---- in -------------------------------------------------------------------------------------- */

void seg_arrow_options_init(seg_arrow_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* One ingest under way. */
typedef struct ingest {
    seg_store *store;
    segi_arrow_config config;
    segi_zone *zone; /* owned, or NULL: the store's */
    seg_commit_options commit;
    uint64_t commit_rows;
    segi_progress *progress;
    uint64_t rows_before; /* rows of the stream in earlier commits */
    seg_commit_report report;
} ingest;

/* A name and its size; a size without a name is a slip. */
static seg_status name_read(const char *text, uint64_t size, segi_arrow_name *out, seg_error *err)
{
    SEGI_CHECK_ARG(text != NULL || size == 0, err, "a name in the options is NULL, its size not 0");
    SEGI_CHECK_ARG(size <= SEG_NAME_SIZE_MAX, err, "a name in the options is beyond 255 bytes");
    *out = (segi_arrow_name){text, (size_t)size};
    return SEG_OK;
}

/* Names that cannot be meant together are refused, so that none is ignored. */
static seg_status names_read(const seg_arrow_options *o, segi_arrow_config *config, seg_error *err)
{
    SEGI_TRY(name_read(o->user_column, o->user_column_size, &config->user, err));
    SEGI_TRY(name_read(o->time_column, o->time_column_size, &config->time, err));
    SEGI_TRY(name_read(o->event_column, o->event_column_size, &config->event_column, err));
    SEGI_TRY(name_read(o->event, o->event_size, &config->event, err));
    SEGI_TRY(name_read(o->event_id_column, o->event_id_column_size, &config->event_id, err));
    bool event_names = config->time.text != NULL || config->event_column.text != NULL ||
                       config->event.text != NULL || config->event_id.text != NULL;
    SEGI_CHECK_ARG(config->events || !event_names, err,
                   "time, event and event id are not for users");
    SEGI_CHECK_ARG(config->event_column.text == NULL || config->event.text == NULL, err,
                   "either a column of event types or one type for all rows");
    return SEG_OK;
}

/* The defaults of nulls differ because the meanings do: a wide table of events has nulls where
 * other events have properties, a table of users has them where something was emptied. */
static seg_status options_read(ingest *in, const seg_arrow_options *o, seg_error *err)
{
    const uint32_t nulls = SEG_ARROW_NULL_IS_NULL | SEG_ARROW_NULL_IS_ABSENT;
    SEGI_CHECK_ARG((o->flags & ~(nulls | SEG_ARROW_SKIP_UNSUPPORTED)) == 0, err,
                   "the Arrow options have unknown flags");
    SEGI_CHECK_ARG((o->flags & nulls) != nulls, err, "a null is either null or absent");
    SEGI_CHECK_ARG(o->kind == SEG_ARROW_EVENTS || o->kind == SEG_ARROW_USERS, err,
                   "the kind is neither SEG_ARROW_EVENTS nor SEG_ARROW_USERS");
    SEGI_CHECK_ARG(o->reserved == 0, err, "the reserved field of the Arrow options is not 0");
    in->config.events = o->kind == SEG_ARROW_EVENTS;
    in->config.skip_unsupported = (o->flags & SEG_ARROW_SKIP_UNSUPPORTED) != 0;
    bool is_null =
        (o->flags & nulls) != 0 ? (o->flags & SEG_ARROW_NULL_IS_NULL) != 0 : !in->config.events;
    in->config.null_state = is_null ? SEG_VALUE_NULL : SEG_VALUE_ABSENT;
    in->commit_rows = o->commit_rows != 0 ? o->commit_rows : COMMIT_ROWS_DEFAULT;
    in->progress = o->task != NULL ? &o->task->progress : NULL;
    SEGI_TRY(names_read(o, &in->config, err));
    if (o->timezone == NULL)
        return SEG_OK;
    return segi_zone_load(&in->store->mem, o->timezone, (size_t)o->timezone_size, &in->zone, err);
}

/* Sums; the sequence is that of the last commit, the rejected row the first of all. */
static void report_add(seg_commit_report *sum, const seg_commit_report *one, uint64_t rows_before)
{
    sum->flags |= one->flags; /* a stream with a token is one commit */
    sum->commit_sequence = one->commit_sequence;
    sum->rows_applied += one->rows_applied;
    sum->rows_duplicate += one->rows_duplicate;
    sum->rows_rejected += one->rows_rejected;
    sum->rows_refused += one->rows_refused;
    sum->users_added += one->users_added;
    if (sum->rejected_row == UINT64_MAX && one->rejected_row != UINT64_MAX)
        sum->rejected_row = rows_before + one->rejected_row;
}

/* Commit what the reader gathered. */
static seg_status portion_commit(ingest *in, segi_arrow_reader *reader, seg_error *err)
{
    const seg_batch *batches;
    size_t count;
    uint64_t rows;
    segi_arrow_reader_batches(reader, &batches, &count, &rows);
    seg_commit_options options = in->commit;
    if (options.row_results != NULL) {
        SEGI_CHECK_ARG(rows <= options.row_results_count - in->rows_before, err,
                       "row_results has fewer entries than the stream has rows");
        options.row_results += in->rows_before;
        options.row_results_count = rows;
    }
    seg_commit_report report = {.struct_size = (uint32_t)sizeof report};
    seg_status status = segi_store_commit(in->store->store, batches, count, &options, &report, err);
    if (status != SEG_OK) {
        if (err != NULL && err->line > 0 && in->rows_before > 0) {
            segi_error_row(err, in->rows_before + err->line);
            segi_error_hint(err,
                            "rows are counted from row %llu of the stream, where this commit "
                            "begins",
                            (unsigned long long)in->rows_before + 1);
        }
        return status;
    }
    report_add(&in->report, &report, in->rows_before);
    in->rows_before += rows;
    segi_arrow_reader_clear(reader);
    return SEG_OK;
}

/* Between record batches, where nothing is half done. */
static seg_status progress_step(segi_progress *progress, uint64_t rows, seg_error *err)
{
    if (progress == NULL)
        return SEG_OK;
    /* What is done is never shown above the total. */
    atomic_store_explicit(&progress->total, rows, memory_order_relaxed);
    atomic_store_explicit(&progress->done, rows, memory_order_release);
    if (atomic_load_explicit(&progress->interrupted, memory_order_relaxed) != 0)
        return segi_fail(err, SEG_E_INTERRUPTED, "the call was interrupted");
    return SEG_OK;
}

/* Portions bound the memory that the producer's arrays hold; a commit of a million rows costs
 * little more per row than one of ten million. */
static seg_status stream_ingest(ingest *in, struct ArrowArrayStream *stream, seg_error *err)
{
    segi_arrow_reader *reader = NULL;
    SEGI_TRY(segi_arrow_reader_create(&in->store->mem, stream, &in->config, &reader, err));
    seg_status status = progress_step(in->progress, 0, err);
    for (bool end = false; status == SEG_OK && !end;) {
        const seg_batch *batches;
        size_t count;
        uint64_t rows;
        status = segi_arrow_reader_next(reader, &end, err);
        segi_arrow_reader_batches(reader, &batches, &count, &rows);
        if (status == SEG_OK)
            status = progress_step(in->progress, in->rows_before + rows, err);
        if (status == SEG_OK && rows > 0 && (end || rows >= in->commit_rows))
            status = portion_commit(in, reader, err);
        else if (rows == 0)
            segi_arrow_reader_clear(reader);
    }
    segi_arrow_reader_destroy(reader);
    return status;
}

/* The stream is taken in any case; here it is still whole. */
static seg_status ingest_run(ingest *in, struct ArrowArrayStream *stream,
                             const seg_arrow_options *options, const seg_commit_options *commit,
                             seg_error *err)
{
    seg_arrow_options known;
    SEGI_CHECK_ARG(in->store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(stream != NULL && stream->release != NULL, err,
                   "the Arrow stream is NULL or was released");
    SEGI_CHECK_ARG(options != NULL, err, "options is NULL: the kind must be said");
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_arrow_options", err));
    SEGI_TRY(segi_api_commit_options(commit, &in->commit, err));
    SEGI_TRY(options_read(in, &known, err));
    SEGI_CHECK_ARG(in->commit.token == NULL || in->commit_rows == UINT64_MAX, err,
                   "a token names one commit: it needs commit_rows UINT64_MAX");
    const segi_schema *schema = segi_store_schema(in->store->store);
    in->config.schema = schema;
    in->config.zone = in->zone != NULL ? in->zone : schema->zone;
    if (in->commit.row_results != NULL)
        memset(in->commit.row_results, SEG_ROW_OK, (size_t)in->commit.row_results_count);
    seg_status status = stream_ingest(in, stream, err);
    segi_schema_release(schema);
    return status;
}

/* The report is written on failure as well: portions that were committed stay. */
seg_status seg_store_ingest_arrow(seg_store *store, struct ArrowArrayStream *stream,
                                  const seg_arrow_options *options,
                                  const seg_commit_options *commit, seg_commit_report *report,
                                  seg_error *err)
{
    segi_api_begin(err);
    ingest in;
    memset(&in, 0, sizeof in);
    in.store = store;
    in.report.struct_size = (uint32_t)sizeof in.report;
    in.report.rejected_row = UINT64_MAX;
    seg_status status = SEG_OK;
    if (report != NULL)
        status = segi_options_write(report, &in.report, sizeof in.report, "seg_commit_report", err);
    bool report_usable = report != NULL && status == SEG_OK;
    if (status == SEG_OK)
        status = ingest_run(&in, stream, options, commit, err);
    if (stream != NULL && stream->release != NULL)
        stream->release(stream);
    if (store != NULL)
        segi_zone_destroy(in.zone);
    if (report_usable)
        (void)segi_options_write(report, &in.report, sizeof in.report, "seg_commit_report", NULL);
    return status;
}

/* ---- out ------------------------------------------------------------------------------------- */

/* What an exported stream lives on; ends with its last array. */
typedef struct export
{
    seg_store *store;           /* retained: its allocator */
    seg_set_cursor *cursor;     /* owned */
    seg_value_column **columns; /* owned */
    size_t column_count;
    seg_column *views;
    char *names; /* owned: bytes of the names of id and columns */
}
export;

void seg_arrow_output_init(seg_arrow_output *output, size_t output_size)
{
    segi_api_struct_init(output, output_size);
}

/* The last array may outlive the set and the store's handle, so this keeps the store. */
static void export_end(void *context)
{
    export *out = context;
    seg_store *store = out->store;
    seg_set_cursor_destroy(out->cursor);
    for (size_t i = 0; out->columns != NULL && i < out->column_count; i++)
        seg_value_column_destroy(out->columns[i]);
    segi_free(&store->mem, out->columns);
    segi_free(&store->mem, out->views);
    segi_free(&store->mem, out->names);
    segi_free(&store->mem, out);
    segi_api_store_release(store);
}

/* The cursor of the set, as a source for the stream; `numbers` or `offsets` by kind of id. */
static seg_status export_next_ids(void *context, uint64_t capacity, uint64_t *numbers,
                                  uint64_t *offsets, const char **bytes, uint64_t *count,
                                  seg_error *err)
{
    export *out = context;
    return numbers != NULL ? seg_set_cursor_next_u64(out->cursor, capacity, numbers, count, err)
                           : seg_set_cursor_next(out->cursor, capacity, offsets, bytes, count, err);
}

/* The name of value i: as given, else the text that it was compiled from. */
static segi_arrow_name name_of(const seg_value *const *values, const char *const *names,
                               const size_t *name_sizes, size_t i)
{
    if (names != NULL && names[i] != NULL)
        return (segi_arrow_name){names[i], name_sizes[i]};
    return (segi_arrow_name){values[i]->predicate->text, values[i]->predicate->text_size};
}

/* Names go into one block; the views of the columns point into it. */
static seg_status export_name(export *out, const seg_value *const *values, const char *const *names,
                              const size_t *name_sizes, segi_arrow_source *source, seg_error *err)
{
    size_t total = source->id_name_size;
    for (size_t i = 0; i < out->column_count; i++)
        total += name_of(values, names, name_sizes, i).size;
    out->names = segi_alloc(&out->store->mem, total);
    if (out->names == NULL)
        return segi_fail_nomem(err);
    char *at = out->names;
    memcpy(at, source->id_name, source->id_name_size);
    source->id_name = at;
    at += source->id_name_size;
    for (size_t i = 0; i < out->column_count; i++) {
        segi_arrow_name name = name_of(values, names, name_sizes, i);
        if (name.size > 0)
            memcpy(at, name.text, name.size);
        out->views[i].name = at;
        out->views[i].name_size = name.size;
        at += name.size;
    }
    return SEG_OK;
}

/* All values at once: the stream is read by somebody else, perhaps much later, and must not fail in
 * the middle for a reason of ours. */
static seg_status export_evaluate(export *out, const seg_set *set, int64_t now,
                                  const seg_value *const *values, const seg_arrow_output *known,
                                  seg_error *err)
{
    seg_eval_options options = SEG_EVAL_OPTIONS_INIT;
    options.threads = known->threads;
    options.task = known->task;
    SEGI_TRY(seg_set_cursor_create(set, &out->cursor, err));
    out->columns =
        segi_alloc_zero(&out->store->mem, out->column_count * sizeof(seg_value_column *));
    out->views = segi_alloc_zero(&out->store->mem, out->column_count * sizeof *out->views);
    if (out->columns == NULL || out->views == NULL)
        return segi_fail_nomem(err);
    for (size_t i = 0; i < out->column_count; i++) {
        uint64_t rows;
        out->views[i].struct_size = (uint32_t)sizeof out->views[i];
        SEGI_TRY(seg_value_evaluate(values[i], set, now, &options, &out->columns[i], err));
        SEGI_TRY(seg_value_column_get(out->columns[i], &out->views[i], &rows, err));
    }
    return SEG_OK;
}

/* All that the caller handed in, before anything is made. */
static seg_status export_check(const seg_set *set, const seg_value *const *values,
                               const char *const *names, const size_t *name_sizes,
                               size_t value_count, const seg_arrow_output *known, seg_error *err)
{
    SEGI_CHECK_ARG(set != NULL, err, "set is NULL");
    SEGI_CHECK_ARG(values != NULL || value_count == 0, err, "values is NULL");
    SEGI_CHECK_ARG(value_count <= SEG_COLUMNS_MAX, err, "more than 4096 values");
    SEGI_CHECK_ARG(names == NULL || name_sizes != NULL, err, "name_sizes is NULL");
    for (size_t i = 0; i < value_count; i++) {
        SEGI_CHECK_ARG(values[i] != NULL, err, "a value is NULL");
        SEGI_CHECK_ARG(names == NULL || names[i] == NULL ||
                           segi_name_valid(names[i], name_sizes[i]),
                       err, "the name of a column is not acceptable");
    }
    SEGI_CHECK_ARG((known->flags & ~SEG_ARROW_IDS_BINARY) == 0, err,
                   "the Arrow output has unknown flags");
    SEGI_CHECK_ARG(known->reserved == 0, err, "the reserved field of the Arrow output is not 0");
    SEGI_CHECK_ARG(known->batch_rows <= BATCH_ROWS_MAX, err, "batch_rows is above 16777216");
    SEGI_CHECK_ARG(known->id_name == NULL || segi_name_valid(known->id_name, known->id_name_size),
                   err, "the name of the column of ids is not acceptable");
    return SEG_OK;
}

/* `out` belongs to the stream from the last line on, which is why that is the last one. */
static seg_status export_fill(export *out, const seg_set *set, int64_t now,
                              const seg_value *const *values, const char *const *names,
                              const size_t *name_sizes, const seg_arrow_output *known,
                              struct ArrowArrayStream *out_stream, seg_error *err)
{
    SEGI_TRY(export_evaluate(out, set, now, values, known, err));
    segi_arrow_source source;
    memset(&source, 0, sizeof source);
    source.context = out;
    source.mem = &out->store->mem;
    source.next_ids = export_next_ids;
    source.end = export_end;
    source.ids_are_numbers = segi_api_id_kind(set->snapshot) == SEG_ID_U64;
    source.ids_as_binary = (known->flags & SEG_ARROW_IDS_BINARY) != 0;
    source.id_name = known->id_name != NULL ? known->id_name : "user_id";
    source.id_name_size = known->id_name != NULL ? (size_t)known->id_name_size : 7;
    source.row_count = seg_set_count(set);
    source.batch_rows = known->batch_rows != 0 ? known->batch_rows : BATCH_ROWS_DEFAULT;
    SEGI_TRY(export_name(out, values, names, name_sizes, &source, err));
    source.columns = out->views;
    source.column_count = out->column_count;
    return segi_arrow_stream_create(&source, out_stream, err);
}

seg_status seg_set_to_arrow(const seg_set *set, int64_t now, const seg_value *const *values,
                            const char *const *names, const size_t *name_sizes, size_t value_count,
                            const seg_arrow_output *output, struct ArrowArrayStream *out_stream,
                            seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_stream != NULL, err, "out_stream is NULL");
    memset(out_stream, 0, sizeof *out_stream);
    seg_arrow_output known;
    SEGI_TRY(segi_options_read(&known, sizeof known, output, SEGI_API_OPTIONS_MIN,
                               "seg_arrow_output", err));
    SEGI_TRY(export_check(set, values, names, name_sizes, value_count, &known, err));
    seg_store *store = set->snapshot->store;
    export *out = segi_alloc_zero(&store->mem, sizeof *out);
    if (out == NULL)
        return segi_fail_nomem(err);
    segi_api_store_retain(store);
    out->store = store;
    out->column_count = value_count;
    seg_status status =
        export_fill(out, set, now, values, names, name_sizes, &known, out_stream, err);
    if (status != SEG_OK)
        export_end(out);
    return status;
}
