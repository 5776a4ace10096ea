/* Gathers single rows into batches.
 *
 * Rows of events, of attributes, and of attributes with a time are kept apart, each kind as dense
 * columns over all its rows; a list of runs remembers how the kinds alternate. A column is filled
 * up to its last given row only and padded with absent values when it is needed, so that a row
 * costs what it brings. Dropping the row under way means cutting every column back to the rows
 * before it.
 *
 * A name may have different types under different event types: then there are several columns of
 * that name. A batch takes one of them at most, so runs are cut where the rows change from one to
 * another; the order of rows stays.
 *
 * A row costs O(columns it has) and one comparison per event type known so far; looking a column
 * up by name walks over the columns of its kind, which is quick for the tens that a store has. */
#include "ingest/rows_int.h"

#include <string.h>

#include "base/error.h"

/* ---- columns --------------------------------------------------------------------------------- */

/* FNV-1a, as in check.c. */
static uint32_t rows_hash(const char *name, size_t size)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash;
}

/* The code of the event type of the row under way; rows of attributes have one "type". */
static uint32_t rows_code(const rows_kind *kind)
{
    return kind->codes.count > 0 ? ((const uint32_t *)kind->codes.data)[kind->count - 1] : 0;
}

static bool rows_column_used_by(const rows_column *column, uint32_t code)
{
    return code < column->events.count && ((const uint8_t *)column->events.data)[code] != 0;
}

/* Rows of this event type have the column from now on, unless the row under way is dropped. */
static bool rows_column_use(segi_rows *rows, const rows_kind *kind, rows_column *column,
                            uint32_t code)
{
    uint8_t no = 0;
    while (column->events.count <= code)
        if (!segi_rows_push(rows->mem, &column->events, &no, 1))
            return false;
    ((uint8_t *)column->events.data)[code] = 1;
    column->fresh = kind->count;
    return true;
}

/* The row under way goes, and with it the types that it alone gave to names. */
static void rows_unuse(rows_kind *kind)
{
    rows_column *columns = kind->columns.data;
    uint32_t code = rows_code(kind);
    for (size_t i = 0; i < kind->columns.count; i++) {
        if (columns[i].fresh != kind->count)
            continue;
        ((uint8_t *)columns[i].events.data)[code] = 0;
        columns[i].fresh = 0;
    }
}

/* The next column of the name from place `at` on, or NULL. */
static rows_column *rows_column_next(const rows_kind *kind, const char *name, size_t size,
                                     size_t at)
{
    rows_column *columns = kind->columns.data;
    uint32_t hash = rows_hash(name, size);
    for (; at < kind->columns.count; at++)
        if (columns[at].hash == hash && columns[at].name_size == size &&
            memcmp(columns[at].name, name, size) == 0)
            return &columns[at];
    return NULL;
}

static size_t rows_column_place(const rows_kind *kind, const rows_column *column)
{
    return (size_t)(column - (const rows_column *)kind->columns.data);
}

/* The column of this name that rows of this event type have used; NULL if there is none. */
static rows_column *rows_column_of(const rows_kind *kind, const char *name, size_t size,
                                   uint32_t code)
{
    rows_column *column = rows_column_next(kind, name, size, 0);
    while (column && !rows_column_used_by(column, code))
        column = rows_column_next(kind, name, size, rows_column_place(kind, column) + 1);
    return column;
}

/* A column of no rows. Pointers to other columns end here: the array may move. */
static seg_status rows_column_add(segi_rows *rows, rows_kind *kind, const char *name, size_t size,
                                  seg_type type, int32_t scale, rows_column **out, seg_error *err)
{
    rows_column *namesake = rows_column_next(kind, name, size, 0);
    size_t place = kind->columns.count;
    rows_column column = {.name_size = size,
                          .hash = rows_hash(name, size),
                          .type = type,
                          .scale = scale,
                          .shared = namesake != NULL,
                          .namesake = namesake ? rows_column_place(kind, namesake) : place};
    column.name = segi_alloc(rows->mem, size);
    if (!column.name)
        return segi_fail_nomem(err);
    memcpy(column.name, name, size);
    if (!segi_rows_push(rows->mem, &kind->columns, &column, sizeof column)) {
        segi_free(rows->mem, column.name);
        return segi_fail_nomem(err);
    }
    *out = (rows_column *)kind->columns.data + place;
    ((rows_column *)kind->columns.data)[column.namesake].shared = column.shared;
    return SEG_OK;
}

/* Name of the event type of the row under way; NULL: a row of attributes. */
static const char *rows_event(const segi_rows *rows, const rows_kind *kind, size_t *out_size)
{
    if (kind != &rows->kinds[ROWS_OF_EVENTS])
        return NULL;
    const uint64_t *offsets = rows->event_names.offsets.data;
    uint32_t code = rows_code(kind);
    *out_size = (size_t)(offsets[code + 1] - offsets[code]);
    return (char *)rows->event_names.values.data + offsets[code];
}

/* A column that no row of the event type has used yet: may it have this type? */
static seg_status rows_judge(const segi_rows *rows, const rows_kind *kind, const char *name,
                             size_t size, seg_type type, seg_error *err)
{
    segi_rows_column column = {.name = name, .name_size = size, .type = type};
    if (rows->judge == NULL)
        return SEG_OK;
    column.event = rows_event(rows, kind, &column.event_size);
    column.since = kind != &rows->kinds[ROWS_OF_USERS];
    return rows->judge(rows->judge_user, &column, err);
}

/* The column for a value of the row under way.
 * The one that its event type has used, which must be of this type; else one of the name and type
 * that another event type has made; else a new one. */
static seg_status rows_column_get(segi_rows *rows, rows_kind *kind, const char *name, size_t size,
                                  seg_type type, int32_t scale, rows_column **out, seg_error *err)
{
    uint32_t code = rows_code(kind);
    if (!segi_name_valid(name, size))
        return segi_fail(err, SEG_E_ARG,
                         "a column's name must be 1 to %d bytes of UTF-8 without control "
                         "characters",
                         SEG_NAME_SIZE_MAX);
    *out = rows_column_of(kind, name, size, code);
    if (*out) {
        if ((*out)->type == type && (*out)->scale == scale)
            return SEG_OK;
        return segi_fail(err, SEG_E_SCHEMA,
                         "column \"%.*s\" is of type %s in an earlier row, "
                         "not %s",
                         (int)size, name, segi_type_name((*out)->type), segi_type_name(type));
    }
    SEGI_TRY(rows_judge(rows, kind, name, size, type, err));
    *out = rows_column_next(kind, name, size, 0);
    while (*out && ((*out)->type != type || (*out)->scale != scale))
        *out = rows_column_next(kind, name, size, rows_column_place(kind, *out) + 1);
    if (!*out)
        SEGI_TRY(rows_column_add(rows, kind, name, size, type, scale, out, err));
    return rows_column_use(rows, kind, *out, code) ? SEG_OK : segi_fail_nomem(err);
}

/* ---- rows ------------------------------------------------------------------------------------ */

/* NULL: no rows. */
static rows_run *rows_last_run(const segi_rows *rows)
{
    return rows->runs.count > 0 ? (rows_run *)rows->runs.data + rows->runs.count - 1 : NULL;
}

/* Forget the rows of the kind from `count` on, in all columns. */
static void rows_kind_cut(rows_kind *kind, size_t count)
{
    rows_column *columns = kind->columns.data;
    kind->count = count;
    for (size_t i = 0; i < kind->columns.count; i++)
        segi_rows_column_cut(&columns[i], count);
    segi_rows_column_cut(&kind->event_ids, count);
    if (kind->user_ids.count > count)
        kind->user_ids.count = count;
    if (kind->user_offsets.count > count + 1) {
        kind->user_offsets.count = count + 1;
        kind->user_bytes.count = (size_t)((uint64_t *)kind->user_offsets.data)[count];
    }
    if (kind->times.count > count)
        kind->times.count = count;
    if (kind->codes.count > count)
        kind->codes.count = count;
}

/* Drop the row under way. */
static void rows_drop(segi_rows *rows)
{
    rows_run *run = rows_last_run(rows);
    if (!rows->open || !run)
        return;
    rows->open = false;
    rows_unuse(&rows->kinds[run->kind]);
    rows_kind_cut(&rows->kinds[run->kind], rows->kinds[run->kind].count - 1);
    if (--run->count == 0)
        rows->runs.count--;
}

/* Pass a failure on after dropping the row under way. */
static seg_status rows_fail(segi_rows *rows, seg_status status)
{
    if (status != SEG_OK)
        rows_drop(rows);
    return status;
}

/* One or the other, by the kind of the store's ids. */
static bool rows_add_user(segi_rows *rows, rows_kind *kind, const char *user, size_t user_size)
{
    if (rows->id_kind == SEG_ID_U64)
        return segi_rows_push(rows->mem, &kind->user_ids, user, sizeof(uint64_t));
    return segi_rows_push_bytes(rows->mem, &kind->user_bytes, user, user_size) &&
           segi_rows_push_end(rows->mem, &kind->user_offsets, kind->user_bytes.count);
}

/* The code of an event type; neighbouring rows often have the same. */
static bool rows_event_code(segi_rows *rows, const char *event, size_t size, uint32_t *out)
{
    rows_column *names = &rows->event_names;
    const uint64_t *offsets = names->offsets.data;
    for (size_t i = 0; i < names->filled; i++)
        if (offsets[i + 1] - offsets[i] == size &&
            memcmp((char *)names->values.data + offsets[i], event, size) == 0) {
            *out = (uint32_t)i;
            return true;
        }
    uint8_t state = SEG_VALUE_SET;
    *out = (uint32_t)names->filled;
    size_t bytes = names->values.count, ends = names->offsets.count;
    if (segi_rows_push_bytes(rows->mem, &names->values, event, size) &&
        segi_rows_push_end(rows->mem, &names->offsets, names->values.count) &&
        segi_rows_push(rows->mem, &names->states, &state, 1)) {
        names->filled++;
        return true;
    }
    names->values.count = bytes;
    names->offsets.count = ends;
    return false;
}

/* One more row of the kind. */
static bool rows_add_run(segi_rows *rows, uint32_t kind)
{
    rows_run *run = rows_last_run(rows);
    if (!run || run->kind != kind) {
        rows_run next = {kind, rows->kinds[kind].count, 0};
        if (!segi_rows_push(rows->mem, &rows->runs, &next, sizeof next))
            return false;
        run = rows_last_run(rows);
    }
    run->count++;
    return true;
}

/* Whatever was pushed when something fails lies beyond kind->count and is cut off. */
static seg_status rows_begin(segi_rows *rows, uint32_t which, const char *user, size_t user_size,
                             const char *event, size_t event_size, int64_t time, seg_error *err)
{
    uint32_t code = 0;
    rows_kind *kind = &rows->kinds[which];
    rows->open = false;
    SEGI_CHECK_ARG(user, err, "the user id is NULL");
    if (rows->id_kind == SEG_ID_U64)
        SEGI_CHECK_ARG(user_size == sizeof(uint64_t), err, "this store has numbers as user ids");
    else if (user_size == 0 || user_size > SEG_ID_SIZE_MAX)
        return segi_fail(err, SEG_E_DATA, "the user id is empty or too long");
    if (event && !segi_name_valid(event, event_size))
        return segi_fail(err, SEG_E_ARG, "the name of the event type is not acceptable");
    if (which != ROWS_OF_USERS && (time < SEG_TIME_MIN || time > SEG_TIME_MAX))
        return segi_fail(err, SEG_E_DATA, "the time is not within the years 1 to 9999");
    bool good = rows_add_user(rows, kind, user, user_size);
    if (good && which != ROWS_OF_USERS)
        good = segi_rows_push(rows->mem, &kind->times, &time, sizeof time);
    if (good && event)
        good = rows_event_code(rows, event, event_size, &code) &&
               segi_rows_push(rows->mem, &kind->codes, &code, sizeof code);
    if (!good || !rows_add_run(rows, which)) {
        rows_kind_cut(kind, kind->count);
        return segi_fail_nomem(err);
    }
    kind->count++;
    rows->open = true;
    return SEG_OK;
}

seg_status segi_rows_begin(segi_rows *rows, const char *user, size_t user_size, const char *event,
                           size_t event_size, int64_t time, seg_error *err)
{
    return rows_begin(rows, event ? ROWS_OF_EVENTS : ROWS_OF_USERS, user, user_size, event,
                      event_size, time, err);
}

seg_status segi_rows_begin_since(segi_rows *rows, const char *user, size_t user_size, int64_t since,
                                 seg_error *err)
{
    return rows_begin(rows, ROWS_SINCE, user, user_size, NULL, 0, since, err);
}

/* The kind of the row under way. */
static seg_status rows_under_way(segi_rows *rows, rows_kind **out, seg_error *err)
{
    if (!rows->open)
        return segi_fail(err, SEG_E_MISUSE, "no row is under way");
    *out = &rows->kinds[rows_last_run(rows)->kind];
    return SEG_OK;
}

seg_status segi_rows_event_id(segi_rows *rows, const char *id, size_t id_size, seg_error *err)
{
    rows_kind *kind = NULL;
    SEGI_TRY(rows_under_way(rows, &kind, err));
    if (kind != &rows->kinds[ROWS_OF_EVENTS])
        return rows_fail(rows, segi_fail(err, SEG_E_MISUSE, "only events have event ids"));
    if (!id || id_size == 0 || id_size > SEG_ID_SIZE_MAX)
        return rows_fail(rows, segi_fail(err, SEG_E_DATA, "the event id is empty or too long"));
    rows_column *column = &kind->event_ids;
    if (!segi_rows_column_ready(rows->mem, column, kind->count - 1) ||
        !segi_rows_column_finish(rows->mem, column, SEG_VALUE_SET,
                                 segi_rows_column_text(rows->mem, column, id, id_size)))
        return rows_fail(rows, segi_fail_nomem(err));
    return SEG_OK;
}

seg_status segi_rows_set(segi_rows *rows, const char *name, size_t name_size, seg_type type,
                         int32_t scale, int64_t slot, const char *text, size_t text_size,
                         seg_error *err)
{
    rows_kind *kind = NULL;
    rows_column *column = NULL;
    SEGI_TRY(rows_under_way(rows, &kind, err));
    SEGI_TRY(
        rows_fail(rows, rows_column_get(rows, kind, name, name_size, type, scale, &column, err)));
    bool good = segi_rows_column_ready(rows->mem, column, kind->count - 1);
    if (good)
        good = type == SEG_TYPE_STRING ? segi_rows_column_text(rows->mem, column, text, text_size)
                                       : segi_rows_column_fixed(rows->mem, column, slot);
    if (!segi_rows_column_finish(rows->mem, column, SEG_VALUE_SET, good))
        return rows_fail(rows, segi_fail_nomem(err));
    return SEG_OK;
}

seg_status segi_rows_set_list(segi_rows *rows, const char *name, size_t name_size,
                              const char *const *elements, const size_t *sizes, size_t count,
                              seg_error *err)
{
    rows_kind *kind = NULL;
    rows_column *column = NULL;
    SEGI_TRY(rows_under_way(rows, &kind, err));
    if (kind == &rows->kinds[ROWS_OF_EVENTS])
        return rows_fail(rows, segi_fail(err, SEG_E_ARG, "sets of texts are for attributes only"));
    SEGI_TRY(rows_fail(
        rows, rows_column_get(rows, kind, name, name_size, SEG_TYPE_STRING_SET, 0, &column, err)));
    bool good = segi_rows_column_ready(rows->mem, column, kind->count - 1);
    for (size_t i = 0; good && i < count; i++)
        good = segi_rows_column_text(rows->mem, column, elements[i], sizes[i]);
    good = good && segi_rows_column_set_end(rows->mem, column);
    if (!segi_rows_column_finish(rows->mem, column, SEG_VALUE_SET, good))
        return rows_fail(rows, segi_fail_nomem(err));
    return SEG_OK;
}

/* The column of a null: the one of an earlier row of its event type, else as the schema has it,
 * else the one of any earlier row. */
static seg_status rows_null_column(segi_rows *rows, const segi_schema *schema, rows_kind *kind,
                                   const char *name, size_t name_size, rows_column **out,
                                   seg_error *err)
{
    const segi_field *field = NULL;
    *out = name ? rows_column_of(kind, name, name_size, rows_code(kind)) : NULL;
    if (*out)
        return SEG_OK;
    if (kind != &rows->kinds[ROWS_OF_EVENTS]) {
        field = segi_schema_attribute(schema, name, name_size);
    } else {
        size_t event_size = 0;
        const char *event_name = rows_event(rows, kind, &event_size);
        const segi_event_type *event = segi_schema_event(schema, event_name, event_size);
        field = event ? segi_event_property(event, name, name_size) : NULL;
    }
    const rows_column *other = name ? rows_column_next(kind, name, name_size, 0) : NULL;
    if (!field && !other)
        return segi_fail(err, SEG_E_ARG, "a null for a column that is not known");
    return rows_column_get(rows, kind, name, name_size, field ? field->type : other->type,
                           field ? field->scale : other->scale, out, err);
}

seg_status segi_rows_set_null(segi_rows *rows, const segi_schema *schema, const char *name,
                              size_t name_size, seg_error *err)
{
    rows_kind *kind = NULL;
    rows_column *column = NULL;
    SEGI_TRY(rows_under_way(rows, &kind, err));
    SEGI_TRY(rows_fail(rows, rows_null_column(rows, schema, kind, name, name_size, &column, err)));
    if (segi_rows_column_ready(rows->mem, column, kind->count - 1) &&
        segi_rows_column_empty(rows->mem, column, SEG_VALUE_NULL))
        return SEG_OK;
    return rows_fail(rows, segi_fail_nomem(err));
}

uint64_t segi_rows_count(const segi_rows *rows)
{
    uint64_t count = 0;
    for (int k = 0; k < ROWS_KINDS; k++)
        count += rows->kinds[k].count;
    return count;
}

/* Rows that were committed may be those of a user who is erased later.
 * Hence nothing of them is left in memory that is kept. */
void segi_rows_clear(segi_rows *rows)
{
    rows->open = false;
    rows->runs.count = 0;
    for (int i = 0; i < ROWS_KINDS; i++) {
        rows_kind *kind = &rows->kinds[i];
        rows_column *columns = kind->columns.data;
        kind->count = 0;
        for (size_t k = 0; k < kind->columns.count; k++)
            segi_rows_column_wipe(rows->mem, &columns[k]);
        segi_rows_column_wipe(rows->mem, &kind->event_ids);
        segi_rows_wipe(rows->mem, &kind->user_ids, sizeof(uint64_t));
        segi_rows_wipe(rows->mem, &kind->user_bytes, 1);
        segi_rows_wipe(rows->mem, &kind->user_offsets, sizeof(uint64_t));
        segi_rows_wipe(rows->mem, &kind->times, sizeof(int64_t));
        segi_rows_wipe(rows->mem, &kind->codes, sizeof(uint32_t));
    }
}

/* ---- begin and end --------------------------------------------------------------------------- */

seg_status segi_rows_create(const segi_mem *mem, uint32_t id_kind, segi_rows **out, seg_error *err)
{
    *out = segi_alloc_zero(mem, sizeof **out);
    if (!*out)
        return segi_fail_nomem(err);
    (*out)->mem = mem;
    (*out)->id_kind = id_kind;
    (*out)->event_names.type = SEG_TYPE_STRING;
    for (int k = 0; k < ROWS_KINDS; k++)
        (*out)->kinds[k].event_ids.type = SEG_TYPE_STRING;
    return SEG_OK;
}

void segi_rows_judged(segi_rows *rows, segi_rows_judge *judge, void *user)
{
    rows->judge = judge;
    rows->judge_user = user;
}

void segi_rows_destroy(segi_rows *rows)
{
    if (!rows)
        return;
    for (int k = 0; k < ROWS_KINDS; k++) {
        rows_kind *kind = &rows->kinds[k];
        rows_column *columns = kind->columns.data;
        for (size_t i = 0; i < kind->columns.count; i++)
            segi_rows_column_deinit(rows->mem, &columns[i]);
        segi_rows_column_deinit(rows->mem, &kind->event_ids);
        segi_free(rows->mem, kind->columns.data);
        segi_free(rows->mem, kind->user_ids.data);
        segi_free(rows->mem, kind->user_bytes.data);
        segi_free(rows->mem, kind->user_offsets.data);
        segi_free(rows->mem, kind->times.data);
        segi_free(rows->mem, kind->codes.data);
    }
    segi_rows_column_deinit(rows->mem, &rows->event_names);
    segi_free(rows->mem, rows->runs.data);
    segi_free(rows->mem, rows->batches.data);
    segi_free(rows->mem, rows->views.data);
    segi_free(rows->mem, rows);
}
