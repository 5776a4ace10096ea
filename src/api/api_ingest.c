/* api_ingest.c - commits of columnar batches, and the row appender.
 *
 * Batches and columns come as arrays of versioned structs: the caller's struct_size is the
 * distance between elements. Below this file they always have our own size. */
#include <math.h>
#include <string.h>

#include "api/api_int.h"
#include "base/arena.h"

/* Rows under way belong to it alone, until they are committed or cleared. */
struct seg_appender {
    seg_store *store; /* retained */
    uint32_t id_kind;
    segi_rows *rows;
};

/* ---- versioned arrays -------------------------------------------------------------------- */

/* Element i of an array whose elements have the size that the first one states. */
static const void *element_at(const void *array, size_t i)
{
    uint32_t stride;
    memcpy(&stride, array, sizeof stride);
    return (const char *)array + i * (size_t)stride;
}

/* One struct of a versioned array as ours. */
static seg_status element_read(void *target, size_t own_size, const void *array, size_t i,
                               const char *what, seg_error *err)
{
    /* The first element's size is checked by reading it, before it serves as the distance. */
    const void *element = i == 0 ? array : element_at(array, i);
    SEGI_CHECK_ARG(memcmp(element, array, sizeof(uint32_t)) == 0, err,
                   "the elements of an array differ in struct_size");
    return segi_options_read(target, own_size, element, own_size, what, err);
}

/* Copies of the structs; the arrays that they point to stay the caller's. */
static seg_status columns_read(const seg_column *columns, uint64_t count, segi_arena *arena,
                               const seg_column **out, seg_error *err)
{
    *out = NULL;
    if (count == 0)
        return SEG_OK;
    SEGI_CHECK_ARG(columns != NULL, err, "the columns of a batch are NULL");
    if (count > SEG_COLUMNS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a batch has more than %d columns", SEG_COLUMNS_MAX);
    seg_column *own = segi_arena_array(arena, (size_t)count, sizeof *own);
    if (own == NULL)
        return segi_fail_nomem(err);
    for (size_t i = 0; i < count; i++)
        SEGI_TRY(element_read(&own[i], sizeof *own, columns, i, "seg_column", err));
    *out = own;
    return SEG_OK;
}

/* In an arena that ends with the commit. */
static seg_status batches_read(const seg_batch *batches, size_t count, segi_arena *arena,
                               seg_batch **out, seg_error *err)
{
    seg_batch *own = segi_arena_array(arena, count, sizeof *own);
    *out = own;
    if (own == NULL)
        return segi_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        SEGI_TRY(element_read(&own[i], sizeof *own, batches, i, "seg_batch", err));
        SEGI_CHECK_ARG((own[i].flags & ~SEG_BATCH_ATTRIBUTES) == 0, err,
                       "a batch has unknown flags");
        SEGI_TRY(columns_read(own[i].columns, own[i].column_count, arena, &own[i].columns, err));
        if (own[i].event_types != NULL)
            SEGI_TRY(columns_read(own[i].event_types, 1, arena, &own[i].event_types, err));
        if (own[i].event_ids != NULL)
            SEGI_TRY(columns_read(own[i].event_ids, 1, arena, &own[i].event_ids, err));
    }
    return SEG_OK;
}

/* ---- commit ------------------------------------------------------------------------------ */

void seg_commit_options_init(seg_commit_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* Also for api_arrow.c. */
seg_status segi_api_commit_options(const seg_commit_options *options, seg_commit_options *known,
                                   seg_error *err)
{
    SEGI_TRY(segi_options_read(known, sizeof *known, options, SEGI_API_OPTIONS_MIN,
                               "seg_commit_options", err));
    SEGI_CHECK_ARG((known->flags & ~SEG_COMMIT_QUARANTINE) == 0, err,
                   "the commit options have unknown flags");
    SEGI_CHECK_ARG(known->row_results != NULL || known->row_results_count == 0, err,
                   "row_results is NULL");
    SEGI_CHECK_ARG(known->token != NULL || known->token_size == 0, err, "token is NULL");
    SEGI_CHECK_ARG(known->token == NULL ||
                       (known->token_size > 0 && known->token_size <= SEG_TOKEN_SIZE_MAX),
                   err, "a token has 1 to 64 bytes");
    return SEG_OK;
}

/* One entry per row over all batches. */
static seg_status row_results_check(const seg_commit_options *options, const seg_batch *batches,
                                    size_t batch_count, seg_error *err)
{
    uint64_t room = options->row_results_count;
    for (size_t i = 0; options->row_results != NULL && i < batch_count; i++) {
        SEGI_CHECK_ARG(batches[i].row_count <= room, err,
                       "row_results has fewer entries than the batches have rows");
        room -= batches[i].row_count;
    }
    return SEG_OK;
}

/* Batches of our own size from here on.
 * Nothing was applied on failure, so no row has a result. */
static seg_status commit_own(seg_store *store, const seg_batch *batches, size_t batch_count,
                             const seg_commit_options *options, seg_commit_report *report,
                             seg_error *err)
{
    seg_commit_options known;
    SEGI_TRY(segi_api_commit_options(options, &known, err));
    SEGI_TRY(row_results_check(&known, batches, batch_count, err));
    seg_status status = segi_store_commit(store->store, batches, batch_count, &known, report, err);
    if (status != SEG_OK && known.row_results != NULL)
        memset(known.row_results, SEG_ROW_OK, (size_t)known.row_results_count);
    return status;
}

/* The report states its own size, which is checked before anything is applied. */
static seg_status report_begin(seg_commit_report *report, seg_commit_report *own, seg_error *err)
{
    memset(own, 0, sizeof *own);
    own->struct_size = (uint32_t)sizeof *own;
    if (report == NULL)
        return SEG_OK;
    return segi_options_write(report, own, sizeof *own, "seg_commit_report", err);
}

/* Cannot fail any more: the size was looked at in report_begin(). */
static void report_end(seg_commit_report *report, const seg_commit_report *own)
{
    if (report != NULL)
        (void)segi_options_write(report, own, sizeof *own, "seg_commit_report", NULL);
}

/* Under the store's mutex from segi_store_commit() on; what comes before touches the arguments
 * alone. */
seg_status seg_store_commit(seg_store *store, const seg_batch *batches, size_t batch_count,
                            const seg_commit_options *options, seg_commit_report *report,
                            seg_error *err)
{
    segi_api_begin(err);
    seg_commit_report own_report;
    SEGI_TRY(report_begin(report, &own_report, err));
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(batches != NULL || batch_count == 0, err, "batches is NULL");
    segi_arena arena;
    segi_arena_init(&arena, &store->mem);
    seg_batch *own = NULL;
    seg_status status = batches_read(batches, batch_count, &arena, &own, err);
    if (status == SEG_OK)
        status = commit_own(store, own, batch_count, options, &own_report, err);
    segi_arena_deinit(&arena);
    if (status == SEG_OK)
        report_end(report, &own_report);
    return status;
}

/* ---- appender: begin and end ------------------------------------------------------------- */

/* Against what the store knows now. What another commit defines before this one is found there. */
static seg_status appender_judge(void *user, const segi_rows_column *column, seg_error *err)
{
    const seg_appender *appender = user;
    const segi_schema *schema = segi_store_schema(appender->store->store);
    const segi_event_type *event =
        column->event ? segi_schema_event(schema, column->event, column->event_size) : NULL;
    const segi_field *field = event ? segi_event_property(event, column->name, column->name_size)
                              : column->event
                                  ? NULL
                                  : segi_schema_attribute(schema, column->name, column->name_size);
    seg_status status = SEG_OK;
    if (field != NULL && field->type != column->type)
        status = segi_fail(err, SEG_E_SCHEMA, "column \"%s\" is of type %s in the store, not %s",
                           field->name, segi_type_name(field->type), segi_type_name(column->type));
    else if (field != NULL && event == NULL && field->history != SEGI_NO_HISTORY && !column->since)
        status = segi_fail(err, SEG_E_DATA,
                           "attribute \"%s\" has a history: give the time from which its value "
                           "holds",
                           field->name);
    segi_schema_release(schema);
    return status;
}

/* The kind of ids cannot change, so it is asked for once. */
seg_status seg_appender_create(seg_store *store, seg_appender **out_appender, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_appender != NULL, err, "out_appender is NULL");
    *out_appender = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_appender *appender = segi_alloc_zero(&store->mem, sizeof *appender);
    if (appender == NULL)
        return segi_fail_nomem(err);
    const segi_schema *schema = segi_store_schema(store->store);
    appender->id_kind = schema->id_kind;
    segi_schema_release(schema);
    seg_status status = segi_rows_create(&store->mem, appender->id_kind, &appender->rows, err);
    if (status != SEG_OK) {
        segi_free(&store->mem, appender);
        return status;
    }
    segi_api_store_retain(store);
    appender->store = store;
    segi_rows_judged(appender->rows, appender_judge, appender);
    *out_appender = appender;
    return SEG_OK;
}

void seg_appender_destroy(seg_appender *appender)
{
    if (appender == NULL)
        return;
    seg_store *store = appender->store;
    segi_rows_destroy(appender->rows);
    segi_free(&store->mem, appender);
    segi_api_store_release(store);
}

uint64_t seg_appender_row_count(const seg_appender *appender)
{
    return appender == NULL ? 0 : segi_rows_count(appender->rows);
}

void seg_appender_clear(seg_appender *appender)
{
    if (appender != NULL)
        segi_rows_clear(appender->rows);
}

/* On failure the rows stay, so that the host may correct, clear or try again. */
seg_status seg_appender_commit(seg_appender *appender, const seg_commit_options *options,
                               seg_commit_report *report, seg_error *err)
{
    segi_api_begin(err);
    seg_commit_report own_report;
    SEGI_TRY(report_begin(report, &own_report, err));
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    const seg_batch *batches = NULL;
    size_t batch_count = 0;
    SEGI_TRY(segi_rows_batches(appender->rows, &batches, &batch_count, err));
    SEGI_TRY(commit_own(appender->store, batches, batch_count, options, &own_report, err));
    segi_rows_clear(appender->rows);
    report_end(report, &own_report);
    return SEG_OK;
}

/* ---- appender: rows ---------------------------------------------------------------------- */

/* Called once per row of a load: no lock is taken and nothing looked up here. */
seg_status seg_appender_event(seg_appender *appender, const char *user, size_t user_size,
                              const char *event, size_t event_size, int64_t time, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_BYTES, err));
    SEGI_CHECK_ARG(user != NULL, err, "user is NULL");
    SEGI_CHECK_ARG(event != NULL, err, "event is NULL");
    return segi_rows_begin(appender->rows, user, user_size, event, event_size, time, err);
}

seg_status seg_appender_event_u64(seg_appender *appender, uint64_t user, const char *event,
                                  size_t event_size, int64_t time, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_U64, err));
    SEGI_CHECK_ARG(event != NULL, err, "event is NULL");
    return segi_rows_begin(appender->rows, (const char *)&user, sizeof user, event, event_size,
                           time, err);
}

seg_status seg_appender_user(seg_appender *appender, const char *user, size_t user_size,
                             seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_BYTES, err));
    SEGI_CHECK_ARG(user != NULL, err, "user is NULL");
    return segi_rows_begin(appender->rows, user, user_size, NULL, 0, 0, err);
}

seg_status seg_appender_user_u64(seg_appender *appender, uint64_t user, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_U64, err));
    return segi_rows_begin(appender->rows, (const char *)&user, sizeof user, NULL, 0, 0, err);
}

seg_status seg_appender_user_since(seg_appender *appender, const char *user, size_t user_size,
                                   int64_t since, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_BYTES, err));
    SEGI_CHECK_ARG(user != NULL, err, "user is NULL");
    return segi_rows_begin_since(appender->rows, user, user_size, since, err);
}

seg_status seg_appender_user_since_u64(seg_appender *appender, uint64_t user, int64_t since,
                                       seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    SEGI_TRY(segi_api_check_id_kind(appender->id_kind, SEG_ID_U64, err));
    return segi_rows_begin_since(appender->rows, (const char *)&user, sizeof user, since, err);
}

seg_status seg_appender_set_event_id(seg_appender *appender, const char *id, size_t id_size,
                                     seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    return segi_rows_event_id(appender->rows, id, id_size, err);
}

/* ---- appender: values -------------------------------------------------------------------- */

/* A value that this file refuses drops the row under way like one that the rows refuse. They drop
 * it for an empty name, which no column has. */
static seg_status appender_refuse(seg_appender *appender, seg_status code, const char *what,
                                  seg_error *err)
{
    (void)segi_rows_set(appender->rows, "", 0, SEG_TYPE_BOOL, 0, 0, NULL, 0, NULL);
    return segi_fail(err, code, "%s", what);
}

/* The rows ask appender_judge() about a column that is new to them. */
static seg_status appender_set(seg_appender *appender, const char *name, size_t name_size,
                               seg_type type, int32_t scale, int64_t slot, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    if (name == NULL)
        return appender_refuse(appender, SEG_E_ARG, "name is NULL", err);
    return segi_rows_set(appender->rows, name, name_size, type, scale, slot, NULL, 0, err);
}

seg_status seg_appender_set_bool(seg_appender *appender, const char *name, size_t name_size,
                                 int32_t value, seg_error *err)
{
    return appender_set(appender, name, name_size, SEG_TYPE_BOOL, 0, value != 0, err);
}

seg_status seg_appender_set_int64(seg_appender *appender, const char *name, size_t name_size,
                                  int64_t value, seg_error *err)
{
    return appender_set(appender, name, name_size, SEG_TYPE_INT64, 0, value, err);
}

seg_status seg_appender_set_float64(seg_appender *appender, const char *name, size_t name_size,
                                    double value, seg_error *err)
{
    if (appender != NULL && !isfinite(value))
        return appender_refuse(appender, SEG_E_DATA, "the number is not finite", err);
    return appender_set(appender, name, name_size, SEG_TYPE_FLOAT64, 0, segi_slot_of_float(value),
                        err);
}

seg_status seg_appender_set_decimal(seg_appender *appender, const char *name, size_t name_size,
                                    int64_t mantissa, int32_t scale, seg_error *err)
{
    if (appender != NULL && (scale < 0 || scale > 18))
        return appender_refuse(appender, SEG_E_ARG, "the scale is not 0 to 18", err);
    return appender_set(appender, name, name_size, SEG_TYPE_DECIMAL, scale, mantissa, err);
}

seg_status seg_appender_set_string(seg_appender *appender, const char *name, size_t name_size,
                                   const char *value, size_t value_size, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    if (name == NULL || (value == NULL && value_size > 0))
        return appender_refuse(appender, SEG_E_ARG, "name or value is NULL", err);
    if (value_size > SEG_STRING_SIZE_MAX)
        return appender_refuse(appender, SEG_E_DATA, "the text is longer than 65535 bytes", err);
    return segi_rows_set(appender->rows, name, name_size, SEG_TYPE_STRING, 0, 0, value, value_size,
                         err);
}

seg_status seg_appender_set_timestamp(seg_appender *appender, const char *name, size_t name_size,
                                      int64_t value, seg_error *err)
{
    return appender_set(appender, name, name_size, SEG_TYPE_TIMESTAMP, 0, value, err);
}

seg_status seg_appender_set_date(seg_appender *appender, const char *name, size_t name_size,
                                 int32_t days, seg_error *err)
{
    return appender_set(appender, name, name_size, SEG_TYPE_DATE, 0, days, err);
}

seg_status seg_appender_set_geo(seg_appender *appender, const char *name, size_t name_size,
                                double latitude, double longitude, seg_error *err)
{
    int64_t slot = 0;
    if (appender != NULL && !segi_slot_of_geo(latitude, longitude, &slot))
        return appender_refuse(appender, SEG_E_DATA, "the place is not within 90 and 180 degrees",
                               err);
    return appender_set(appender, name, name_size, SEG_TYPE_GEO, 0, slot, err);
}

seg_status seg_appender_set_strings(seg_appender *appender, const char *name, size_t name_size,
                                    const char *const *elements, const size_t *element_sizes,
                                    size_t element_count, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    if (name == NULL || (element_count > 0 && (elements == NULL || element_sizes == NULL)))
        return appender_refuse(appender, SEG_E_ARG, "name or elements are NULL", err);
    for (size_t i = 0; i < element_count; i++) {
        if (elements[i] == NULL && element_sizes[i] > 0)
            return appender_refuse(appender, SEG_E_ARG, "an element is NULL", err);
        if (element_sizes[i] > SEG_STRING_SIZE_MAX)
            return appender_refuse(appender, SEG_E_DATA, "an element is longer than 65535 bytes",
                                   err);
    }
    return segi_rows_set_list(appender->rows, name, name_size, elements, element_sizes,
                              element_count, err);
}

/* The type of a null comes from the schema; it is the one value that does not say its own. */
seg_status seg_appender_set_null(seg_appender *appender, const char *name, size_t name_size,
                                 seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(appender != NULL, err, "appender is NULL");
    if (name == NULL)
        return appender_refuse(appender, SEG_E_ARG, "name is NULL", err);
    const segi_schema *schema = segi_store_schema(appender->store->store);
    seg_status status = segi_rows_set_null(appender->rows, schema, name, name_size, err);
    segi_schema_release(schema);
    return status;
}
