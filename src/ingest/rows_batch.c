/* The gathered rows as batches: one per run of rows of one kind, and where a run changes from one
 * column of a name to another, one more. */
#include "ingest/rows_int.h"

#include "base/error.h"

/* Every column as long as its kind, so that views can be cut anywhere. */
static bool rows_pad_all(segi_rows *rows)
{
    for (int k = 0; k < ROWS_KINDS; k++) {
        rows_kind *kind = &rows->kinds[k];
        rows_column *columns = kind->columns.data;
        for (size_t i = 0; i < kind->columns.count; i++)
            if (!segi_rows_column_pad(rows->mem, &columns[i], kind->count))
                return false;
        if (kind->event_ids.filled > 0 &&
            !segi_rows_column_pad(rows->mem, &kind->event_ids, kind->count))
            return false;
    }
    return true;
}

/* Columns that have something to say about rows [begin, begin + count).
 * The others are left out: a column of nothing but absent values costs the commit and says
 * nothing. */
static size_t rows_views(const rows_kind *kind, const rows_run *run, seg_column *out)
{
    const rows_column *columns = kind->columns.data;
    size_t count = 0;
    for (size_t i = 0; i < kind->columns.count; i++) {
        const uint8_t *states = (const uint8_t *)columns[i].states.data + run->begin;
        size_t row = 0;
        while (row < run->count && states[row] == SEG_VALUE_ABSENT)
            row++;
        if (row < run->count)
            out[count++] = segi_rows_column_view(&columns[i], run->begin);
    }
    return count;
}

/* views[0] and views[1] are those of event types and event ids; the columns follow. */
static void rows_batch(segi_rows *rows, const rows_run *run, seg_column *views, seg_batch *out)
{
    static const seg_batch empty = SEG_BATCH_INIT;
    rows_kind *kind = &rows->kinds[run->kind];
    *out = empty;
    out->row_count = run->count;
    if (rows->id_kind == SEG_ID_U64) {
        out->user_ids = (uint64_t *)kind->user_ids.data + run->begin;
    } else {
        out->user_bytes = kind->user_bytes.data;
        out->user_offsets = (uint64_t *)kind->user_offsets.data + run->begin;
    }
    if (run->kind != ROWS_OF_USERS)
        out->times = (int64_t *)kind->times.data + run->begin;
    if (run->kind == ROWS_SINCE)
        out->flags = SEG_BATCH_ATTRIBUTES;
    if (run->kind == ROWS_OF_EVENTS) {
        views[0] = segi_rows_column_view(&rows->event_names, 0);
        views[0].type = SEG_TYPE_STRING;
        views[0].states = NULL;
        views[0].codes = (uint32_t *)kind->codes.data + run->begin;
        views[0].dictionary_count = rows->event_names.filled;
        out->event_types = &views[0];
        if (kind->event_ids.filled > 0) {
            views[1] = segi_rows_column_view(&kind->event_ids, run->begin);
            out->event_ids = &views[1];
        }
    }
    out->columns = views + 2;
    out->column_count = rows_views(kind, run, views + 2);
}

/* How many rows of a run fit one batch: up to where a row uses another column of a name. */
static size_t rows_batch_length(rows_kind *kind, const rows_run *run)
{
    rows_column *columns = kind->columns.data;
    size_t count = kind->columns.count;
    for (size_t i = 0; i < count; i++)
        columns[i].active = SIZE_MAX;
    for (size_t row = 0; row < run->count; row++)
        for (size_t i = 0; i < count; i++) {
            const uint8_t *states = columns[i].states.data;
            if (!columns[i].shared || states[run->begin + row] == SEG_VALUE_ABSENT)
                continue;
            size_t *active = &columns[columns[i].namesake].active;
            if (*active != SIZE_MAX && *active != i)
                return row;
            *active = i;
        }
    return run->count;
}

/* Rare: only names with different types under different event types. */
static bool rows_kind_shares(const rows_kind *kind)
{
    const rows_column *columns = kind->columns.data;
    for (size_t i = 0; i < kind->columns.count; i++)
        if (columns[i].shared)
            return true;
    return false;
}

/* The first rows of `left` as a run of their own, which go from it.
 * At least one row: one row never uses two columns of a name. */
static rows_run rows_take(segi_rows *rows, rows_run *left)
{
    rows_kind *kind = &rows->kinds[left->kind];
    rows_run run = *left;
    if (rows_kind_shares(kind))
        run.count = rows_batch_length(kind, left);
    left->begin += run.count;
    left->count -= run.count;
    return run;
}

/* Counted first, filled second: batches point into the array of views, which must not move
 * between. */
seg_status segi_rows_batches(segi_rows *rows, const seg_batch **out_batches, size_t *out_count,
                             seg_error *err)
{
    const rows_run *runs = rows->runs.data;
    size_t view_count = 0, batch_count = 0;
    *out_batches = NULL;
    *out_count = 0;
    rows->batches.count = rows->views.count = 0;
    if (!rows_pad_all(rows))
        return segi_fail_nomem(err);
    for (size_t i = 0; i < rows->runs.count; i++)
        for (rows_run left = runs[i]; left.count > 0; batch_count++) {
            (void)rows_take(rows, &left);
            view_count += 2 + rows->kinds[runs[i].kind].columns.count;
        }
    if (!segi_rows_reserve(rows->mem, &rows->batches, batch_count + 1, sizeof(seg_batch)) ||
        !segi_rows_reserve(rows->mem, &rows->views, view_count + 1, sizeof(seg_column)))
        return segi_fail_nomem(err);
    seg_column *views = rows->views.data;
    seg_batch *batches = rows->batches.data;
    for (size_t i = 0; i < rows->runs.count; i++)
        for (rows_run left = runs[i]; left.count > 0;) {
            rows_run run = rows_take(rows, &left);
            rows_batch(rows, &run, views, batches++);
            views += 2 + rows->kinds[run.kind].columns.count;
        }
    *out_batches = rows->batches.data;
    *out_count = batch_count;
    return SEG_OK;
}
