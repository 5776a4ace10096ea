/* arrow_reader.c - from a stream to batches: roles of the columns, record batches, their lives.
 *
 * Gathered batches point into the producer's arrays and into `arena`; both go together in
 * segi_arrow_reader_clear(). What describes the stream lives in `fields_arena` to the end. */
#include <errno.h>
#include <string.h>

#include "arrow/arrow_int.h"

/* Columns of a stream: the properties and one for each role. */
#define FIELDS_MAX (SEG_COLUMNS_MAX + 4)

struct segi_arrow_reader {
    const segi_mem *mem;
    struct ArrowArrayStream stream; /* owned */
    struct ArrowSchema schema;      /* owned: names of fields point into it */
    segi_arrow_config config;
    segi_arena fields_arena;
    arrow_field *fields;
    size_t field_count;
    arrow_field *user, *time, *event, *event_id; /* or NULL */
    segi_arena arena;                            /* of what is gathered */
    struct ArrowArray *arrays;                   /* owned, as their content */
    seg_batch *batches;                          /* owned */
    size_t count, arrays_capacity, batches_capacity;
    uint64_t rows;
};

/* ---- the stream ------------------------------------------------------------------------------ */

/* The stream's own words are the best explanation there is, also where they came from Python. */
static seg_status stream_fail(segi_arrow_reader *reader, int code, seg_error *err)
{
    struct ArrowArrayStream *stream = &reader->stream;
    if (code == ENOMEM)
        return segi_fail_nomem(err);
    const char *text = stream->get_last_error != NULL ? stream->get_last_error(stream) : NULL;
    if (text == NULL || text[0] == '\0')
        segi_fail(err, SEG_E_IO, "the Arrow stream failed with code %d", code);
    else
        segi_fail(err, SEG_E_IO, "the Arrow stream failed: %s", text);
    segi_error_errno(err, code);
    return SEG_E_IO;
}

/* Releasing twice would be the producer's crash. */
static void stream_release(struct ArrowArrayStream *stream)
{
    if (stream->release != NULL)
        stream->release(stream);
    stream->release = NULL;
}

/* Only a stream of structs is a stream of record batches. */
static seg_status schema_read(segi_arrow_reader *reader, seg_error *err)
{
    struct ArrowArrayStream *stream = &reader->stream;
    struct ArrowSchema *schema = &reader->schema;
    SEGI_CHECK_ARG(stream->get_schema != NULL && stream->get_next != NULL, err,
                   "the Arrow stream has no callbacks");
    int code = stream->get_schema(stream, schema);
    if (code != 0)
        return stream_fail(reader, code, err);
    if (schema->release == NULL || schema->format == NULL || strcmp(schema->format, "+s") != 0)
        return segi_fail(err, SEG_E_SCHEMA, "the Arrow stream is not one of record batches");
    if (schema->n_children < 0 || schema->n_children > FIELDS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "the Arrow stream has more than %d columns", FIELDS_MAX);
    if (schema->n_children > 0 && schema->children == NULL)
        return segi_fail(err, SEG_E_DATA, "the schema of the Arrow stream is broken");
    return SEG_OK;
}

/* All columns are described before any is read: what is wrong with a table is said before a row of
 * it is in the store. */
static seg_status fields_read(segi_arrow_reader *reader, seg_error *err)
{
    size_t count = (size_t)reader->schema.n_children;
    reader->fields = segi_arena_array(&reader->fields_arena, count, sizeof *reader->fields);
    if (reader->fields == NULL)
        return segi_fail_nomem(err);
    reader->field_count = count;
    for (size_t i = 0; i < count; i++) {
        const struct ArrowSchema *child = reader->schema.children[i];
        if (child == NULL)
            return segi_fail(err, SEG_E_DATA, "the schema of the Arrow stream is broken");
        SEGI_TRY(segi_arrow_field_parse(child, &reader->fields[i], err));
    }
    return SEG_OK;
}

/* ---- roles ----------------------------------------------------------------------------------- */

/* Tables have tens of columns and this runs once per stream: a walk is enough. */
static arrow_field *find_field(segi_arrow_reader *reader, const char *name, size_t size)
{
    for (size_t i = 0; i < reader->field_count; i++) {
        arrow_field *field = &reader->fields[i];
        if (field->name_size == size && memcmp(field->name, name, size) == 0)
            return field;
    }
    return NULL;
}

/* The column of a role: the one that the caller named, else the first of the usual names
 * (separated by blanks). Without `needed` there may be none. */
static seg_status role_assign(segi_arrow_reader *reader, arrow_role role, const char *what,
                              const segi_arrow_name *given, const char *usual, bool needed,
                              arrow_field **out, seg_error *err)
{
    arrow_field *field = NULL;
    if (given->text != NULL) {
        field = find_field(reader, given->text, given->size);
        if (field == NULL)
            return segi_fail(err, SEG_E_NOT_FOUND, "the stream has no column \"%.*s\"",
                             (int)given->size, given->text);
    }
    for (const char *at = usual; field == NULL && *at != '\0';) {
        size_t size = strcspn(at, " ");
        field = find_field(reader, at, size);
        at += size + (at[size] == ' ');
    }
    if (field == NULL && needed) {
        segi_fail(err, SEG_E_NOT_FOUND, "the stream has no column for the %s", what);
        segi_error_hint(err, "name it in the options, or as one of: %s", usual);
        return SEG_E_NOT_FOUND;
    }
    if (field != NULL && field->role != ARROW_VALUE)
        return segi_arrow_fail_field(field, SEG_E_ARG, "it is named for two roles", err);
    if (field != NULL)
        field->role = role;
    *out = field;
    return SEG_OK;
}

/* Users first: a stream without a user has no meaning of either kind. */
static seg_status roles_assign(segi_arrow_reader *r, seg_error *err)
{
    const segi_arrow_config *c = &r->config;
    SEGI_TRY(role_assign(r, ARROW_USER, "user id", &c->user,
                         "user_id userId distinct_id customer_id user", true, &r->user, err));
    if (!c->events)
        return SEG_OK;
    SEGI_TRY(role_assign(r, ARROW_TIME, "time", &c->time, "time timestamp ts event_time", true,
                         &r->time, err));
    if (c->event.text == NULL)
        SEGI_TRY(role_assign(r, ARROW_EVENT, "event type", &c->event_column,
                             "event event_type event_name", true, &r->event, err));
    return role_assign(r, ARROW_EVENT_ID, "event id", &c->event_id, "event_id messageId message_id",
                       false, &r->event_id, err);
}

/* ---- what fits which role -------------------------------------------------------------------- */

static bool is_number(const arrow_field *field)
{
    return field->type.form == ARROW_INT && !field->has_dictionary;
}

/* A column of nulls alone fits every role: an empty table may not know better, and in any other
 * one each row is a wrong one. */
static bool is_null(const arrow_field *field)
{
    return field->type.form == ARROW_NULL;
}

static bool is_bytes(const arrow_field *field)
{
    return field->has_dictionary ? arrow_is_bytes(&field->values) : arrow_is_bytes(&field->type);
}

/* Ids are not converted: a store of texts and a table of integers are most often a mistake, and a
 * silent conversion would make every lookup by integer miss. */
static seg_status user_check(const segi_arrow_reader *r, seg_error *err)
{
    if (is_null(r->user))
        return SEG_OK;
    if (r->config.schema->id_kind == SEG_ID_U64)
        return is_number(r->user)
                   ? SEG_OK
                   : segi_arrow_fail_field(r->user, SEG_E_SCHEMA,
                                           "user ids of this store are 64-bit integers", err);
    if (is_bytes(r->user))
        return SEG_OK;
    segi_arrow_fail_field(r->user, SEG_E_SCHEMA, "user ids of this store are texts or binaries",
                          err);
    if (is_number(r->user))
        segi_error_hint(err, "create the store with integer ids, or cast the column to texts");
    return SEG_E_SCHEMA;
}

static seg_status time_check(const segi_arrow_reader *r, seg_error *err)
{
    const arrow_type *type = &r->time->type;
    bool good = !r->time->has_dictionary &&
                (is_null(r->time) || type->form == ARROW_TIMESTAMP || type->form == ARROW_DATE32 ||
                 type->form == ARROW_DATE64 ||
                 (type->form == ARROW_INT && type->width == 8 && type->is_signed));
    return good ? SEG_OK
                : segi_arrow_fail_field(r->time, SEG_E_SCHEMA,
                                        "a time is a timestamp, a date or int64 microseconds", err);
}

/* A column of nulls alone says nothing about its type: the store has to know it. */
static void null_field_resolve(const segi_arrow_config *config, arrow_field *field)
{
    const segi_field *known = NULL;
    if (!config->events && config->null_state == SEG_VALUE_NULL)
        known = segi_schema_attribute(config->schema, field->name, field->name_size);
    if (known == NULL) {
        field->role = ARROW_LEFT_OUT;
        return;
    }
    field->target = known->type;
    field->scale = known->type == SEG_TYPE_DECIMAL ? known->scale : 0;
}

/* Which columns can be what they are wanted for. */
static seg_status fields_check(segi_arrow_reader *r, seg_error *err)
{
    SEGI_TRY(user_check(r, err));
    if (r->time != NULL)
        SEGI_TRY(time_check(r, err));
    if (r->event != NULL && !is_null(r->event) && r->event->target != SEG_TYPE_STRING)
        return segi_arrow_fail_field(r->event, SEG_E_SCHEMA, "an event type is a text", err);
    if (r->event_id != NULL && is_null(r->event_id))
        r->event_id->role = ARROW_LEFT_OUT;
    else if (r->event_id != NULL && !is_number(r->event_id) && !is_bytes(r->event_id))
        return segi_arrow_fail_field(r->event_id, SEG_E_SCHEMA,
                                     "an event id is a text, a binary or an integer", err);
    for (size_t i = 0; i < r->field_count; i++) {
        arrow_field *field = &r->fields[i];
        if (field->role != ARROW_VALUE)
            continue;
        if (is_null(field))
            null_field_resolve(&r->config, field);
        else if (field->target == 0 && r->config.skip_unsupported)
            field->role = ARROW_LEFT_OUT;
        else if (field->target == 0)
            return segi_arrow_fail_field(field, SEG_E_SCHEMA,
                                         "its Arrow type has no counterpart here", err);
    }
    return SEG_OK;
}

/* ---- one column ------------------------------------------------------------------------------ */

/* The values of a column that is all null: there are none, but a place for them must be. */
static seg_status null_values(arrow_batch *b, size_t count, seg_column *out)
{
    void *zeros;
    SEGI_TRY(segi_arrow_array_new(b, count + 1, 2 * sizeof(double), &zeros));
    out->values = zeros;
    if (out->type == SEG_TYPE_STRING || out->type == SEG_TYPE_STRING_SET)
        out->offsets = zeros;
    if (out->type == SEG_TYPE_STRING_SET)
        out->lists = zeros;
    return SEG_OK;
}

/* Sets and texts share everything but the lists. */
static seg_status texts_to_column(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                                  uint8_t **states, seg_column *out)
{
    arrow_texts texts;
    if (field->target == SEG_TYPE_STRING_SET) {
        SEGI_TRY(segi_arrow_read_lists(b, field, span, states, &texts, &out->lists));
    } else {
        SEGI_TRY(segi_arrow_read_texts(b, &field->type, &field->values, field->has_dictionary, span,
                                       b->config->null_state, &texts));
        *states = texts.states;
    }
    out->values = texts.bytes;
    out->offsets = texts.offsets;
    out->codes = texts.codes;
    out->dictionary_count = texts.dictionary_count;
    return SEG_OK;
}

/* The states may change on the way: a value may turn out to be beyond what the column holds. */
static seg_status values_read(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                              uint8_t **states, seg_column *out)
{
    const arrow_type *type = &field->type;
    switch (field->target) {
    case SEG_TYPE_BOOL: return segi_arrow_read_bool(b, span, &out->values);
    case SEG_TYPE_INT64: return segi_arrow_read_int64(b, type, span, states, &out->values);
    case SEG_TYPE_FLOAT64: return segi_arrow_read_float64(b, type, span, &out->values);
    case SEG_TYPE_DECIMAL: return segi_arrow_read_decimal(b, type, span, states, &out->values);
    case SEG_TYPE_TIMESTAMP: return segi_arrow_read_instants(b, type, span, NULL, &out->values);
    case SEG_TYPE_DATE: return segi_arrow_read_dates(b, type, span, &out->values);
    case SEG_TYPE_GEO: return segi_arrow_read_places(b, field, span, &out->values);
    default: return texts_to_column(b, field, span, states, out);
    }
}

static seg_status column_read(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                              seg_column *out)
{
    uint8_t *states = NULL;
    *out = (seg_column)SEG_COLUMN_INIT;
    out->type = field->target;
    out->scale = field->scale;
    out->name = field->name;
    out->name_size = field->name_size;
    /* Texts find their nulls themselves: a dictionary may have some too. */
    if (is_null(field) || field->target != SEG_TYPE_STRING)
        SEGI_TRY(segi_arrow_states(b, &field->type, span, b->config->null_state, &states));
    if (is_null(field))
        SEGI_TRY(null_values(b, span->count, out));
    else
        SEGI_TRY(values_read(b, field, span, &states, out));
    out->states = states;
    return SEG_OK;
}

/* ---- columns with a role --------------------------------------------------------------------- */

/* Integers as ids: the reserved number stands for what no id can be. */
static seg_status user_numbers_read(arrow_batch *b, const arrow_span *span, seg_batch *out)
{
    const arrow_type *type = &b->field->type;
    const void *read;
    uint8_t *nulls, *states;
    SEGI_TRY(segi_arrow_states(b, type, span, SEG_VALUE_NULL, &nulls));
    states = nulls;
    arrow_type as_signed = *type;
    as_signed.is_signed |= type->width == 8;
    if (is_null(b->field))
        SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof(int64_t), &read));
    else
        SEGI_TRY(segi_arrow_read_int64(b, &as_signed, span, &states, &read));
    const int64_t *values = read;
    bool wrong = nulls != NULL;
    for (size_t i = 0; type->is_signed && i < span->count; i++)
        wrong |= values[i] < 0;
    out->user_ids = (const uint64_t *)values;
    if (!wrong)
        return SEG_OK;
    uint64_t *ids;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *ids, &ids));
    for (size_t i = 0; i < span->count; i++) {
        bool good =
            (nulls == NULL || nulls[i] == SEG_VALUE_SET) && !(type->is_signed && values[i] < 0);
        ids[i] = good ? (uint64_t)values[i] : UINT64_MAX;
    }
    out->user_ids = ids;
    return SEG_OK;
}

/* Event types and event ids are columns that a batch points to. */
static seg_status text_column_new(arrow_batch *b, const arrow_texts *texts, const seg_column **out)
{
    seg_column *column;
    SEGI_TRY(segi_arrow_array_new(b, 1, sizeof *column, &column));
    *column = (seg_column)SEG_COLUMN_INIT;
    column->type = SEG_TYPE_STRING;
    column->name = b->field->name;
    column->name_size = b->field->name_size;
    column->values = texts->bytes;
    column->offsets = texts->offsets;
    column->codes = texts->codes;
    column->dictionary_count = texts->dictionary_count;
    column->states = texts->states;
    *out = column;
    return SEG_OK;
}

static seg_status role_read(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                            seg_batch *out)
{
    arrow_texts texts;
    const void *times;
    uint8_t *states;
    switch (field->role) {
    case ARROW_USER:
        if (b->config->schema->id_kind == SEG_ID_U64)
            return user_numbers_read(b, span, out);
        SEGI_TRY(segi_arrow_read_ids(b, field, span, &texts));
        out->user_bytes = texts.bytes;
        out->user_offsets = texts.offsets;
        return SEG_OK;
    case ARROW_TIME:
        SEGI_TRY(segi_arrow_states(b, &field->type, span, SEG_VALUE_NULL, &states));
        SEGI_TRY(segi_arrow_read_instants(b, &field->type, span, states, &times));
        out->times = times;
        return SEG_OK;
    case ARROW_EVENT:
        SEGI_TRY(segi_arrow_read_event_types(b, field, span, &texts));
        return text_column_new(b, &texts, &out->event_types);
    default:
        SEGI_TRY(segi_arrow_read_ids(b, field, span, &texts));
        return text_column_new(b, &texts, &out->event_ids);
    }
}

/* ---- one record batch ------------------------------------------------------------------------ */

/* The struct around the columns: its rows are the record batch's. */
static seg_status record_check(const segi_arrow_reader *r, const struct ArrowArray *record,
                               seg_error *err)
{
    const uint8_t *bits =
        record->n_buffers == 1 && record->buffers != NULL ? record->buffers[0] : NULL;
    if (record->length < 0 || record->offset < 0 || record->offset > ARROW_LENGTH_MAX ||
        record->n_buffers != 1 || record->n_children != r->schema.n_children ||
        (record->n_children > 0 && record->children == NULL) || record->dictionary != NULL)
        return segi_fail(err, SEG_E_DATA, "a record batch of the Arrow stream is malformed");
    if (record->length >= UINT32_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a record batch has more than 4294967294 rows");
    for (int64_t i = 0; bits != NULL && i < record->length; i++) {
        int64_t at = record->offset + i;
        if (!(bits[at >> 3] >> (at & 7) & 1))
            return segi_fail(err, SEG_E_DATA, "a row of a record batch is null as a whole");
    }
    return SEG_OK;
}

/* All columns of the record into *out. */
static seg_status record_read(segi_arrow_reader *r, const struct ArrowArray *record, seg_batch *out,
                              seg_error *err)
{
    arrow_batch b = {.arena = &r->arena, .config = &r->config, .err = err};
    seg_column *columns;
    SEGI_TRY(record_check(r, record, err));
    SEGI_TRY(segi_arrow_array_new(&b, r->field_count, sizeof *columns, &columns));
    *out = (seg_batch)SEG_BATCH_INIT;
    out->row_count = (uint64_t)record->length;
    out->event = r->config.events ? r->config.event.text : NULL;
    out->event_size = out->event != NULL ? r->config.event.size : 0;
    for (size_t i = 0; i < r->field_count; i++) {
        const arrow_field *field = &r->fields[i];
        arrow_span span;
        b.field = field;
        if (field->role == ARROW_LEFT_OUT)
            continue;
        SEGI_TRY(segi_arrow_span_check(&b, &field->type, field->has_dictionary, record->children[i],
                                       record->offset, record->length, &span));
        if (field->role == ARROW_VALUE)
            SEGI_TRY(column_read(&b, field, &span, &columns[out->column_count++]));
        else
            SEGI_TRY(role_read(&b, field, &span, out));
    }
    out->columns = out->column_count > 0 ? columns : NULL;
    out->flags = b.bad_states ? SEGI_BATCH_BAD_STATES : 0;
    return SEG_OK;
}

/* ---- the door -------------------------------------------------------------------------------- */

seg_status segi_arrow_reader_create(const segi_mem *mem, struct ArrowArrayStream *stream,
                                    const segi_arrow_config *config, segi_arrow_reader **out,
                                    seg_error *err)
{
    *out = NULL;
    segi_arrow_reader *reader = segi_alloc_zero(mem, sizeof *reader);
    if (reader == NULL) {
        stream_release(stream);
        return segi_fail_nomem(err);
    }
    reader->mem = mem;
    reader->config = *config;
    /* A move, as the specification says: the struct of the producer is empty afterwards. */
    reader->stream = *stream;
    stream->release = NULL;
    segi_arena_init(&reader->fields_arena, mem);
    segi_arena_init(&reader->arena, mem);
    seg_status status = schema_read(reader, err);
    if (status == SEG_OK)
        status = fields_read(reader, err);
    if (status == SEG_OK)
        status = roles_assign(reader, err);
    if (status == SEG_OK)
        status = fields_check(reader, err);
    if (status != SEG_OK) {
        segi_arrow_reader_destroy(reader);
        return status;
    }
    *out = reader;
    return SEG_OK;
}

void segi_arrow_reader_destroy(segi_arrow_reader *reader)
{
    if (reader == NULL)
        return;
    segi_arrow_reader_clear(reader);
    if (reader->schema.release != NULL)
        reader->schema.release(&reader->schema);
    stream_release(&reader->stream);
    segi_arena_deinit(&reader->fields_arena);
    segi_free(reader->mem, reader->arrays);
    segi_free(reader->mem, reader->batches);
    segi_free(reader->mem, reader);
}

seg_status segi_arrow_reader_next(segi_arrow_reader *reader, bool *out_end, seg_error *err)
{
    *out_end = false;
    size_t need = reader->count + 1;
    if (!segi_grow(reader->mem, (void **)&reader->arrays, &reader->arrays_capacity, need,
                   sizeof *reader->arrays) ||
        !segi_grow(reader->mem, (void **)&reader->batches, &reader->batches_capacity, need,
                   sizeof *reader->batches))
        return segi_fail_nomem(err);
    struct ArrowArray *record = &reader->arrays[reader->count];
    memset(record, 0, sizeof *record);
    int code = reader->stream.get_next(&reader->stream, record);
    if (code != 0)
        return stream_fail(reader, code, err);
    if (record->release == NULL) {
        *out_end = true;
        return SEG_OK;
    }
    seg_status status = record_read(reader, record, &reader->batches[reader->count], err);
    if (status != SEG_OK) {
        record->release(record);
        return status;
    }
    reader->rows += reader->batches[reader->count].row_count;
    reader->count++;
    return SEG_OK;
}

void segi_arrow_reader_batches(const segi_arrow_reader *reader, const seg_batch **out_batches,
                               size_t *out_count, uint64_t *out_rows)
{
    *out_batches = reader->batches;
    *out_count = reader->count;
    *out_rows = reader->rows;
}

void segi_arrow_reader_clear(segi_arrow_reader *reader)
{
    for (size_t i = 0; i < reader->count; i++)
        reader->arrays[i].release(&reader->arrays[i]);
    segi_arena_deinit(&reader->arena);
    reader->count = 0;
    reader->rows = 0;
}
