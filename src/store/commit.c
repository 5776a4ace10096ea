/* A commit: check everything, then intern, then write behind the accepted rows, then log, then
 * accept.
 *
 * Until the last step, all that a failing commit leaves behind is invisible: columns are defined
 * in a schema of its own, new users are taken back, rows and values lie behind the accepted
 * counts, event ids wait in the de-duplication's list. Strings stay in dictionaries, where no row
 * uses them. The last step allocates nothing, so what is in the log takes effect. */
#include <string.h>

#include "base/error.h"
#include "store/commit.h"
#include "store/keep.h"
#include "store/record.h"
#include "store/sort.h"

/* ---- checking and defining ------------------------------------------------------------------- */

/* No results: every row is good. */
static bool commit_row_good(const segi_checked_batch *checked, uint64_t row)
{
    return !checked->results || checked->results[row] == SEG_ROW_OK;
}

/* Take the schema that a definition made. */
static void commit_take_schema(segi_commit *c, const segi_schema *next)
{
    segi_schema_release(c->schema);
    c->schema = next;
}

/* Columns that are new. Batches are looked at in their order, so a type is what the first one
 * says. */
static seg_status commit_define_attributes(segi_commit *c, const segi_checked_batch *checked)
{
    for (uint64_t i = 0; i < checked->batch.column_count; i++) {
        const seg_column *column = &checked->columns[i];
        const segi_schema *next;
        uint32_t index;
        if (segi_schema_attribute(c->schema, column->name, (size_t)column->name_size))
            continue;
        SEGI_TRY(segi_schema_add_attribute(c->schema, column->name, (size_t)column->name_size,
                                           column->type, column->scale, &next, &index, c->err));
        commit_take_schema(c, next);
    }
    return SEG_OK;
}

/* Also gives the index where the event type is there already. */
static seg_status commit_define_event(segi_commit *c, const char *name, size_t size,
                                      uint32_t *out_index)
{
    const segi_schema *next;
    SEGI_TRY(segi_schema_add_event(c->schema, name, size, &next, out_index, c->err));
    commit_take_schema(c, next);
    return SEG_OK;
}

static seg_status commit_define_property(segi_commit *c, uint32_t event, const seg_column *column)
{
    const segi_schema *next;
    uint32_t index;
    if (segi_event_property(c->schema->events[event], column->name, (size_t)column->name_size))
        return SEG_OK;
    SEGI_TRY(segi_schema_add_property(c->schema, event, column->name, (size_t)column->name_size,
                                      column->type, column->scale, &next, &index, c->err));
    commit_take_schema(c, next);
    return SEG_OK;
}

/* Which entries of the event types' dictionary have a good row. */
static void commit_mark_used(const segi_checked_batch *checked, uint8_t *marks)
{
    const uint32_t *codes = checked->event_types.codes;
    memset(marks, 0, (size_t)checked->event_types.dictionary_count);
    for (uint64_t row = 0; row < checked->batch.row_count; row++)
        if (commit_row_good(checked, row))
            marks[codes[row]] = 1;
}

/* Which of them have one with a set or null value in the column. Most columns are absent in most
 * rows, so eight rows are looked at in one go. */
static void commit_mark_column(const segi_checked_batch *checked, const uint8_t *states,
                               uint8_t *marks)
{
    static const uint8_t absent[8] = {SEG_VALUE_ABSENT, SEG_VALUE_ABSENT, SEG_VALUE_ABSENT,
                                      SEG_VALUE_ABSENT, SEG_VALUE_ABSENT, SEG_VALUE_ABSENT,
                                      SEG_VALUE_ABSENT, SEG_VALUE_ABSENT};
    const uint32_t *codes = checked->event_types.codes;
    uint64_t rows = checked->batch.row_count;
    memset(marks, 0, (size_t)checked->event_types.dictionary_count);
    for (uint64_t row = 0; row < rows;) {
        uint64_t end = row + 8 < rows ? row + 8 : rows;
        if (end == row + 8 && memcmp(states + row, absent, sizeof absent) == 0) {
            row = end;
            continue;
        }
        for (; row < end; row++)
            if (states[row] != SEG_VALUE_ABSENT && commit_row_good(checked, row))
                marks[codes[row]] = 1;
    }
}

/* Define the event types of a batch and, for each, the properties that it has. */
static seg_status commit_define_types(segi_commit *c, segi_commit_batch *batch)
{
    const segi_checked_batch *checked = &batch->checked;
    const seg_column *types = &checked->event_types;
    size_t count = checked->batch.row_count > 0 ? (size_t)types->dictionary_count : 0;
    batch->entry_events = segi_arena_array(&c->arena, count + 1, sizeof *batch->entry_events);
    uint8_t *used = segi_arena_alloc(&c->arena, count + 1);
    uint8_t *marks = segi_arena_alloc(&c->arena, count + 1);
    if (!batch->entry_events || !used || !marks)
        return segi_fail_nomem(c->err);
    if (count == 0)
        return SEG_OK;
    commit_mark_used(checked, used);
    for (size_t i = 0; i < count; i++)
        if (used[i])
            SEGI_TRY(commit_define_event(c, (const char *)types->values + types->offsets[i],
                                         (size_t)(types->offsets[i + 1] - types->offsets[i]),
                                         &batch->entry_events[i]));
    for (uint64_t k = 0; k < checked->batch.column_count; k++) {
        const seg_column *column = &checked->columns[k];
        if (column->states)
            commit_mark_column(checked, column->states, marks);
        const uint8_t *wanted = column->states ? marks : used;
        for (size_t i = 0; i < count; i++)
            if (wanted[i])
                SEGI_TRY(commit_define_property(c, batch->entry_events[i], column));
    }
    return SEG_OK;
}

/* A column is defined for the event types of those rows alone that have something to say in it. */
static seg_status commit_define(segi_commit *c, segi_commit_batch *batch)
{
    const segi_checked_batch *checked = &batch->checked;
    if (!checked->batch.times)
        return commit_define_attributes(c, checked);
    if (checked->batch.event_types)
        return commit_define_types(c, batch);
    SEGI_TRY(commit_define_event(c, checked->batch.event, (size_t)checked->batch.event_size,
                                 &batch->event));
    for (uint64_t k = 0; k < checked->batch.column_count; k++)
        SEGI_TRY(commit_define_property(c, batch->event, &checked->columns[k]));
    return SEG_OK;
}

/* Each batch is checked against the schema with the columns of the batches before it. */
static seg_status commit_check(segi_commit *c, const seg_batch *batches)
{
    for (size_t i = 0; i < c->batch_count; i++) {
        segi_commit_batch *batch = &c->batches[i];
        SEGI_TRY(segi_batch_check(c->schema, &batches[i], c->row_count, c->quarantine, &c->arena,
                                  &batch->checked, c->err));
        c->row_count += batch->checked.batch.row_count;
        SEGI_TRY(commit_define(c, batch));
    }
    return SEG_OK;
}

/* By the id and not by an ordinal: who was erased has none. */
static bool commit_row_refused(const segi_store *store, const seg_batch *batch, uint64_t row)
{
    if (!batch->user_ids) {
        uint64_t begin = batch->user_offsets[row];
        return segi_suppress_has(&store->suppress, batch->user_bytes + begin,
                                 (size_t)(batch->user_offsets[row + 1] - begin));
    }
    unsigned char bytes[8];
    segi_id_bytes(batch->user_ids[row], bytes);
    return segi_suppress_has(&store->suppress, bytes, sizeof bytes);
}

/* Leave out the rows of users who were erased and are refused. */
static seg_status commit_refuse(segi_commit *c)
{
    for (size_t i = 0; c->store->suppress.count > 0 && i < c->batch_count; i++) {
        segi_checked_batch *checked = &c->batches[i].checked;
        for (uint64_t row = 0; row < checked->batch.row_count; row++) {
            if (!commit_row_good(checked, row) ||
                !commit_row_refused(c->store, &checked->batch, row))
                continue;
            if (!checked->results)
                checked->results = segi_arena_alloc(&c->arena, (size_t)checked->batch.row_count);
            if (!checked->results)
                return segi_fail_nomem(c->err);
            checked->results[row] = SEG_ROW_REFUSED;
            checked->rejected++;
            c->refused++;
        }
    }
    return SEG_OK;
}

/* What is known already is marked in the batches' results, as if the check had refused it. */
static seg_status commit_dedup(segi_commit *c)
{
    segi_store *store = c->store;
    size_t rows = 0;
    for (size_t i = 0; i < c->batch_count; i++)
        if (c->batches[i].checked.batch.event_ids)
            rows += (size_t)c->batches[i].checked.batch.row_count;
    if (rows == 0)
        return SEG_OK;
    SEGI_TRY(segi_load_event_ids(store, c->err));
    int64_t watermark = segi_clock_watermark(&store->clock);
    if (!segi_dedup_begin(&store->dedup, rows))
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < c->batch_count; i++) {
        segi_checked_batch *checked = &c->batches[i].checked;
        uint64_t conflict;
        if (!checked->batch.event_ids)
            continue;
        if (!segi_dedup_scan(&store->dedup, checked, &c->arena, watermark, &c->duplicates,
                             &conflict))
            return segi_fail_nomem(c->err);
        if (conflict == UINT64_MAX || c->quarantine)
            continue;
        segi_fail(c->err, SEG_E_CONFLICT,
                  "row %llu: its event id was seen before with other content",
                  (unsigned long long)conflict + 1);
        segi_error_row(c->err, conflict + 1);
        return SEG_E_CONFLICT;
    }
    if (!segi_dedup_reserve(&store->dedup, watermark))
        return segi_fail_nomem(c->err);
    return SEG_OK;
}

/* ---- choosing rows --------------------------------------------------------------------------- */

/* The good rows of a batch, as a list unless all are good. */
static seg_status commit_select(segi_commit *c, segi_commit_batch *batch)
{
    const segi_checked_batch *checked = &batch->checked;
    size_t rows = (size_t)checked->batch.row_count;
    batch->row_count = rows - (size_t)checked->rejected;
    if (checked->rejected == 0)
        return SEG_OK;
    batch->rows = segi_arena_array(&c->arena, batch->row_count + 1, sizeof *batch->rows);
    if (!batch->rows)
        return segi_fail_nomem(c->err);
    size_t at = 0;
    for (size_t row = 0; row < rows; row++)
        if (commit_row_good(checked, row))
            batch->rows[at++] = (uint32_t)row;
    return SEG_OK;
}

/* NULL stands for all rows. */
static size_t commit_row(const uint32_t *rows, size_t index)
{
    return rows ? rows[index] : index;
}

/* The rows of each event type of a batch with several, by counting. */
static seg_status commit_split(segi_commit *c, segi_commit_batch *batch)
{
    const uint32_t *codes = batch->checked.event_types.codes;
    uint32_t event_count = c->schema->event_count;
    size_t *begins = segi_arena_array(&c->arena, (size_t)event_count + 1, sizeof *begins);
    uint32_t *rows = segi_arena_array(&c->arena, batch->row_count + 1, sizeof *rows);
    batch->types = segi_arena_array(&c->arena, event_count, sizeof *batch->types);
    if (!begins || !rows || !batch->types)
        return segi_fail_nomem(c->err);
    for (size_t i = 0; i < batch->row_count; i++)
        begins[batch->entry_events[codes[commit_row(batch->rows, i)]]]++;
    size_t at = 0;
    for (uint32_t event = 0; event < event_count; event++) {
        size_t count = begins[event];
        begins[event] = at;
        if (count > 0)
            batch->types[batch->type_count++] = (segi_commit_type){event, rows + at, count};
        at += count;
    }
    for (size_t i = 0; i < batch->row_count; i++) {
        uint32_t row = (uint32_t)commit_row(batch->rows, i);
        rows[begins[batch->entry_events[codes[row]]]++] = row;
    }
    return SEG_OK;
}

static const segi_field *commit_field(const segi_commit *c, const seg_column *column)
{
    return segi_schema_attribute(c->schema, column->name, (size_t)column->name_size);
}

/* The values of an attribute with a history as events: those rows that have a value or null. */
static seg_status commit_history(segi_commit *c, const segi_commit_batch *batch, uint64_t k,
                                 segi_commit_batch *out)
{
    const seg_column *column = &batch->checked.columns[k];
    uint32_t *rows = segi_arena_array(&c->arena, batch->row_count + 1, sizeof *rows);
    out->types = segi_arena_alloc(&c->arena, sizeof *out->types);
    if (!rows || !out->types)
        return segi_fail_nomem(c->err);
    out->checked.batch = batch->checked.batch;
    out->checked.batch.times = batch->checked.since;
    out->checked.batch.column_count = 1;
    out->checked.columns = &batch->checked.columns[k];
    out->event = commit_field(c, column)->history;
    out->rows = rows;
    for (size_t i = 0; i < batch->row_count; i++) {
        size_t row = commit_row(batch->rows, i);
        if (!column->states || column->states[row] != SEG_VALUE_ABSENT)
            rows[out->row_count++] = (uint32_t)row;
    }
    out->types[0] = (segi_commit_type){out->event, rows, out->row_count};
    out->type_count = 1;
    return SEG_OK;
}

/* The check has seen to it that a batch with such attributes says since when they hold. */
static seg_status commit_histories(segi_commit *c, segi_commit_batch *batch)
{
    size_t columns = (size_t)batch->checked.batch.column_count;
    batch->histories = segi_arena_array(&c->arena, columns + 1, sizeof *batch->histories);
    if (!batch->histories)
        return segi_fail_nomem(c->err);
    for (size_t k = 0; k < columns; k++) {
        if (commit_field(c, &batch->checked.columns[k])->history == SEGI_NO_HISTORY)
            continue;
        segi_commit_batch *history = &batch->histories[batch->history_count];
        SEGI_TRY(commit_history(c, batch, k, history));
        batch->history_count += history->row_count > 0;
    }
    return SEG_OK;
}

/* Rows by event type, because that is how the tail keeps them. */
static seg_status commit_choose(segi_commit *c)
{
    for (size_t i = 0; i < c->batch_count; i++) {
        segi_commit_batch *batch = &c->batches[i];
        SEGI_TRY(commit_select(c, batch));
        if (batch->checked.since && batch->row_count > 0)
            SEGI_TRY(commit_histories(c, batch));
        if (!batch->checked.batch.times || batch->row_count == 0)
            continue;
        if (batch->checked.batch.event_types) {
            SEGI_TRY(commit_split(c, batch));
            continue;
        }
        batch->types = segi_arena_alloc(&c->arena, sizeof *batch->types);
        if (!batch->types)
            return segi_fail_nomem(c->err);
        batch->types[0] = (segi_commit_type){batch->event, batch->rows, batch->row_count};
        batch->type_count = 1;
    }
    return SEG_OK;
}

/* ---- writing behind the accepted rows -------------------------------------------------------- */

/* `what` names the limit. */
static seg_status commit_fail(segi_commit *c, seg_status status, const char *what)
{
    if (status == SEG_E_LIMIT)
        return segi_fail(c->err, SEG_E_LIMIT, "a store has at most %s", what);
    return segi_fail_nomem(c->err);
}

/* The ordinals of the batch's rows; ids that are new get theirs here and lose them with
 * commit_drop(). */
static seg_status commit_users(segi_commit *c, const segi_commit_batch *batch, uint32_t *out)
{
    segi_store *store = c->store;
    const seg_batch *b = &batch->checked.batch;
    seg_status status = store->ids->kind == SEG_ID_U64
                            ? segi_ids_intern_numbers(store->ids, b->user_ids, batch->rows,
                                                      batch->row_count, store->user_count, out)
                            : segi_ids_intern_bytes(store->ids, b->user_bytes, b->user_offsets,
                                                    batch->rows, batch->row_count, out);
    return status == SEG_OK ? SEG_OK : commit_fail(c, status, "4294901760 users");
}

/* A column without any value for the type is not touched, see tail.c. */
static bool commit_type_has(const seg_column *column, const segi_commit_type *type)
{
    if (!column->states)
        return true;
    for (size_t i = 0; i < type->count; i++)
        if (column->states[commit_row(type->rows, i)] != SEG_VALUE_ABSENT)
            return true;
    return false;
}

/* One column for the rows of one type. */
static seg_status commit_property(segi_commit *c, const seg_column *column,
                                  const segi_commit_type *type, size_t begin)
{
    segi_store *store = c->store;
    const segi_event_type *event = c->schema->events[type->event];
    const segi_field *field = segi_event_property(event, column->name, (size_t)column->name_size);
    if (!field || !commit_type_has(column, type))
        return SEG_OK;
    segi_strings *dict = NULL;
    if (field->type == SEG_TYPE_STRING) {
        dict = segi_store_dict(store, type->event, field->index);
        if (!dict)
            return segi_fail_nomem(c->err);
        SEGI_TRY(segi_load_strings(store, dict, c->err));
    }
    segi_tail_col *col = segi_tail_col_at(&store->tail, &store->tail.types[type->event],
                                          field->index, begin, begin + type->count);
    if (!col)
        return segi_fail_nomem(c->err);
    SEGI_TRY(segi_commit_slots(c, column, field, dict, type->rows, type->count, col->slots + begin,
                               col->states + begin));
    col->filled = begin + type->count;
    return SEG_OK;
}

/* Everything goes behind what is accepted: `pending` runs ahead of `count`. */
static seg_status commit_events(segi_commit *c, const segi_commit_batch *batch)
{
    segi_tail *tail = &c->store->tail;
    const seg_batch *b = &batch->checked.batch;
    if (!segi_tail_reserve(tail, batch->row_count))
        return segi_fail_nomem(c->err);
    SEGI_TRY(commit_users(c, batch, tail->ordinals + tail->pending));
    int64_t *times = tail->times + tail->pending;
    uint16_t *events = tail->events + tail->pending;
    for (size_t i = 0; i < batch->row_count; i++) {
        size_t row = commit_row(batch->rows, i);
        times[i] = b->times[row];
        events[i] =
            (uint16_t)(b->event_types ? batch->entry_events[batch->checked.event_types.codes[row]]
                                      : batch->event);
    }
    tail->pending += batch->row_count;
    for (size_t i = 0; i < batch->type_count; i++) {
        const segi_commit_type *type = &batch->types[i];
        segi_tail_type *rows = segi_tail_type_at(tail, type->event);
        if (!rows)
            return segi_fail_nomem(c->err);
        size_t begin = rows->pending;
        for (uint64_t k = 0; k < b->column_count; k++)
            SEGI_TRY(commit_property(c, &batch->checked.columns[k], type, begin));
        tail->types[type->event].pending = begin + type->count;
    }
    return SEG_OK;
}

/* One attribute of the batch's users, behind its pending values; absent ones are left out. */
static seg_status commit_attribute(segi_commit *c, const segi_commit_batch *batch,
                                   const seg_column *column, const uint32_t *ordinals)
{
    const segi_mem *mem = &c->store->mem;
    const segi_field *field = commit_field(c, column);
    if (field->history != SEGI_NO_HISTORY)
        return SEG_OK;
    segi_attr *attr = segi_store_attr(c->store, field);
    if (!attr || !segi_attr_reserve(attr, mem, batch->row_count))
        return segi_fail_nomem(c->err);
    SEGI_TRY(segi_load_attr(c->store, attr, c->err));
    if (attr->dict)
        SEGI_TRY(segi_load_strings(c->store, attr->dict, c->err));
    segi_attr_pending *p = &attr->pending;
    int64_t *slots = p->slots + p->count;
    uint8_t *states = p->states + p->count;
    if (field->type == SEG_TYPE_STRING_SET)
        SEGI_TRY(segi_commit_sets(c, column, attr, batch->rows, batch->row_count, slots, states));
    else
        SEGI_TRY(segi_commit_slots(c, column, field, attr->dict, batch->rows, batch->row_count,
                                   slots, states));
    size_t kept = 0;
    for (size_t i = 0; i < batch->row_count; i++) {
        if (states[i] == SEG_VALUE_ABSENT)
            continue;
        slots[kept] = slots[i];
        states[kept] = states[i];
        p->ordinals[p->count + kept++] = ordinals[i];
    }
    p->count += kept;
    return SEG_OK;
}

/* Whoever has a row of attributes exists from the beginning of time (S-12); a row of an event
 * says since when. */
static seg_status commit_attributes(segi_commit *c, const segi_commit_batch *batch)
{
    segi_store *store = c->store;
    segi_attr_pending *exists = &store->exists.pending;
    uint32_t *ordinals = segi_arena_array(&c->arena, batch->row_count + 1, sizeof *ordinals);
    if (!ordinals || !segi_attr_reserve(&store->exists, &store->mem, batch->row_count))
        return segi_fail_nomem(c->err);
    SEGI_TRY(commit_users(c, batch, ordinals));
    const int64_t *since = batch->checked.since;
    for (size_t i = 0; i < batch->row_count; i++) {
        exists->ordinals[exists->count + i] = ordinals[i];
        exists->slots[exists->count + i] = since ? since[commit_row(batch->rows, i)] : SEG_TIME_MIN;
        exists->states[exists->count + i] = SEG_VALUE_SET;
    }
    exists->count += batch->row_count;
    for (uint64_t k = 0; k < batch->checked.batch.column_count; k++)
        SEGI_TRY(commit_attribute(c, batch, &batch->checked.columns[k], ordinals));
    for (size_t i = 0; i < batch->history_count; i++)
        SEGI_TRY(commit_events(c, &batch->histories[i]));
    return SEG_OK;
}

/* What a store in a file has not loaded yet is loaded first, because interning needs it. */
static seg_status commit_write(segi_commit *c)
{
    SEGI_TRY(segi_load_users(c->store, c->err));
    SEGI_TRY(segi_load_attr(c->store, &c->store->exists, c->err));
    for (size_t i = 0; i < c->batch_count; i++) {
        const segi_commit_batch *batch = &c->batches[i];
        if (batch->row_count == 0)
            continue;
        if (batch->checked.batch.times)
            SEGI_TRY(commit_events(c, batch));
        else
            SEGI_TRY(commit_attributes(c, batch));
    }
    return SEG_OK;
}

/* ---- accepting ------------------------------------------------------------------------------- */

static void commit_note_times(segi_store *store, const int64_t *times, size_t count)
{
    if (store->event_count == 0)
        store->time_min = store->time_max = times[0];
    for (size_t i = 0; i < count; i++) {
        store->time_min = times[i] < store->time_min ? times[i] : store->time_min;
        store->time_max = times[i] > store->time_max ? times[i] : store->time_max;
    }
    segi_clock_add(&store->clock, times, count);
}

/* Cannot fail. The published version goes: the next snapshot makes one that shows the commit. */
static void commit_accept(segi_commit *c)
{
    segi_store *store = c->store;
    segi_tail *tail = &store->tail;
    size_t more = tail->pending - tail->count;
    if (more > 0)
        commit_note_times(store, tail->times + tail->count, more);
    store->event_count += more;
    segi_tail_accept(tail);
    segi_attr_accept(&store->exists);
    for (size_t i = 0; i < store->attr_count; i++)
        segi_attr_accept(&store->attrs[i]);
    segi_dedup_apply(&store->dedup);
    if (store->dedup.groups)
        segi_dedup_expire(&store->dedup, segi_clock_watermark(&store->clock));
    segi_schema_release(store->schema);
    store->schema = c->schema;
    store->user_count = store->ids->strings.count;
    store->commit_sequence++;
    segi_version_release(store->version);
    store->version = NULL;
}

/* After a failure. Strings and ids that were interned stay as strays, which the next erasure
 * takes out. */
static void commit_drop(segi_commit *c)
{
    segi_store *store = c->store;
    segi_ids_undo(store->ids, store->user_count);
    segi_tail_drop(&store->tail);
    segi_attr_drop(&store->exists);
    for (size_t i = 0; i < store->attr_count; i++)
        segi_attr_drop(&store->attrs[i]);
    segi_dedup_drop(&store->dedup);
    segi_schema_release(c->schema);
    segi_store_forget(store);
    store->strays = true;
}

/* What the commit does once it is accepted. */
static void commit_report(const segi_commit *c, seg_commit_report *report)
{
    uint64_t applied = 0;
    *report = (seg_commit_report){.struct_size = (uint32_t)sizeof *report};
    report->commit_sequence = c->store->commit_sequence + 1;
    report->rejected_row = UINT64_MAX;
    for (size_t i = 0; i < c->batch_count; i++) {
        const segi_checked_batch *checked = &c->batches[i].checked;
        applied += c->batches[i].row_count;
        if (checked->rejected_row < report->rejected_row)
            report->rejected_row = checked->rejected_row;
    }
    report->rows_applied = applied;
    report->rows_duplicate = c->duplicates;
    report->rows_refused = c->refused;
    report->rows_rejected = c->row_count - applied - c->duplicates - c->refused;
    report->users_added = c->store->ids->strings.count - c->store->user_count;
    if (c->recorded)
        *report = *c->recorded;
}

/* The caller's array lists the rows of all batches one after the other. */
static void commit_results(const segi_commit *c)
{
    for (size_t i = 0; i < c->batch_count; i++) {
        const segi_checked_batch *checked = &c->batches[i].checked;
        uint8_t *to = c->results + checked->first_row;
        size_t rows = (size_t)checked->batch.row_count;
        if (checked->results)
            memcpy(to, checked->results, rows);
        else if (rows > 0)
            memset(to, SEG_ROW_OK, rows);
    }
}

/* Keep the tail and the waiting values small. Where memory is short they wait on. */
static void commit_tidy(segi_store *store)
{
    size_t waiting = store->exists.pending.count;
    for (size_t i = 0; i < store->attr_count; i++)
        waiting += store->attrs[i].pending.count;
    if (waiting >= SEGI_PENDING_MAX)
        (void)segi_store_fold(store);
    if (store->tail.count < store->tail_rows_max &&
        (store->tail.count < store->tail_rows_max / 64 ||
         segi_tail_bytes(&store->tail) < SEGI_TAIL_BYTES_MAX))
        return;
    if (segi_store_seal(store))
        segi_store_maintain(store, store->merge_rows_max, SEGI_MERGE_FANOUT_LOAD);
}

/* Nothing of this is visible, whatever happens: see the head of the file. */
static seg_status commit_steps(segi_commit *c, const seg_batch *batches)
{
    c->batches = segi_arena_array(&c->arena, c->batch_count + 1, sizeof *c->batches);
    if (!c->batches)
        return segi_fail_nomem(c->err);
    SEGI_TRY(commit_check(c, batches));
    if (c->results && c->results_count < c->row_count)
        return segi_fail(c->err, SEG_E_ARG, "row_results is too short for the rows");
    SEGI_TRY(commit_refuse(c));
    SEGI_TRY(commit_dedup(c));
    SEGI_TRY(commit_choose(c));
    return commit_write(c);
}

/* The commit in the log, or in a store without a file nothing. */
static seg_status commit_log(segi_commit *c, const seg_commit_report *report)
{
    segi_buf record;
    if (c->token_size > 0 && !segi_commit_tokens_reserve(&c->store->tokens, &c->store->mem))
        return segi_fail_nomem(c->err);
    if (!segi_keep_logs(c->store))
        return SEG_OK;
    segi_buf_init(&record, &c->store->mem);
    segi_record_commit_write(c, report, &record);
    seg_status status = segi_keep_log(c->store, &record, c->err);
    segi_buf_deinit(&record);
    return status;
}

/* A commit whose token is known was applied before. */
static bool commit_repeated(segi_commit *c, seg_commit_report *report)
{
    const segi_commit_token *token =
        c->token_size > 0 ? segi_commit_tokens_find(&c->store->tokens, c->token, c->token_size)
                          : NULL;
    if (token) {
        *report = token->report;
        report->flags |= SEG_COMMIT_REPEATED;
    }
    return token != NULL;
}

/* Steps, report, log, acceptance: the log comes last of all that can fail. */
static seg_status commit_run(segi_commit *c, const seg_batch *batches, seg_commit_report *report)
{
    segi_store *store = c->store;
    c->schema = store->schema;
    segi_schema_retain(c->schema);
    seg_status status = commit_steps(c, batches);
    if (status == SEG_OK) {
        commit_report(c, report);
        status = commit_log(c, report);
    }
    if (status != SEG_OK) {
        commit_drop(c);
        return status;
    }
    commit_accept(c);
    if (c->token_size > 0)
        segi_commit_tokens_add(&store->tokens, c->token, c->token_size, report);
    return SEG_OK;
}

/* Under the mutex. */
static seg_status commit_locked(segi_commit *c, const seg_batch *batches, seg_commit_report *report)
{
    segi_store *store = c->store;
    SEGI_TRY(segi_keep_begin(store, c->err));
    if (commit_repeated(c, report)) {
        if (c->results)
            memset(c->results, SEG_ROW_OK, (size_t)c->results_count);
        return SEG_OK;
    }
    segi_arena_init(&c->arena, &store->mem);
    seg_status status = commit_run(c, batches, report);
    if (status == SEG_OK) {
        if (c->results)
            commit_results(c);
        commit_tidy(store);
        segi_keep_end(store);
    }
    segi_commit_buffers_free(c);
    segi_arena_deinit(&c->arena);
    return status;
}

/* Waits for the store's mutex; evaluations go on meanwhile. */
seg_status segi_store_commit(segi_store *store, const seg_batch *batches, size_t batch_count,
                             const seg_commit_options *options, seg_commit_report *report,
                             seg_error *err)
{
    segi_commit c = {.store = store, .err = err, .batch_count = batch_count};
    seg_commit_report own;
    if (options) {
        c.quarantine = (options->flags & SEG_COMMIT_QUARANTINE) != 0;
        c.results = options->row_results;
        c.results_count = options->row_results_count;
        c.token = options->token;
        c.token_size = (size_t)options->token_size;
    }
    SEGI_CHECK_ARG(batches || batch_count == 0, err, "batches are missing");
    segi_mutex_lock(store->mutex);
    seg_status status = commit_locked(&c, batches, report ? report : &own);
    segi_mutex_unlock(store->mutex);
    return status;
}

/* The same steps with the report that was given then, so that a repeated token still gets it. */
seg_status segi_commit_replay(segi_store *store, const segi_record_commit *record, seg_error *err)
{
    segi_commit c = {.store = store,
                     .err = err,
                     .batch_count = record->batch_count,
                     .token = record->token,
                     .token_size = record->token_size,
                     .recorded = &record->report};
    seg_commit_report report;
    return commit_locked(&c, record->batches, &report);
}
