/* write.c - batches become text. See write.h. */
#include "write.h"

#include "times.h"

#include <errno.h>
#include <string.h>

#define FLUSH_SIZE ((size_t)1 << 18)

int writer_open(batch_writer *writer, const char *path, const char *const *columns,
                size_t column_count)
{
    size_t size = strlen(path);
    *writer = (batch_writer){.columns = columns, .column_count = column_count};
    writer->json = size > 6 && strcmp(path + size - 6, ".jsonl") == 0;
    writer->file = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    return writer->file ? 0 : errno;
}

static text_view text_at(const seg_column *column, uint64_t element)
{
    if (column->codes) {
        element = column->codes[element];
    }
    uint64_t begin = column->offsets[element];
    return (text_view){(const char *)column->values + begin,
                       (size_t)(column->offsets[element + 1] - begin)};
}

static uint32_t state_at(const seg_column *column, uint64_t row)
{
    return column->states ? column->states[row] : SEG_VALUE_SET;
}

static void put_user(text_buf *out, const seg_batch *batch, uint64_t row, bool json)
{
    if (batch->user_ids) {
        buf_uint(out, batch->user_ids[row]);
        return;
    }
    const char *id = batch->user_bytes + batch->user_offsets[row];
    size_t size = (size_t)(batch->user_offsets[row + 1] - batch->user_offsets[row]);
    if (json) {
        buf_json(out, id, size);
    } else {
        buf_csv(out, id, size, ',');
    }
}

/* Values whose text is the same in both formats, but for the quotes. */
static void put_plain(text_buf *out, const seg_column *column, uint64_t row, const char *quote)
{
    const int64_t *numbers = column->values;
    switch (column->type) {
    case SEG_TYPE_BOOL:
        buf_text(out, ((const uint8_t *)column->values)[row] ? "true" : "false");
        break;
    case SEG_TYPE_INT64: buf_int(out, numbers[row]); break;
    case SEG_TYPE_DECIMAL: buf_decimal(out, numbers[row], column->scale); break;
    case SEG_TYPE_FLOAT64: buf_float(out, ((const double *)column->values)[row]); break;
    case SEG_TYPE_TIMESTAMP:
        buf_text(out, quote);
        buf_instant(out, numbers[row]);
        buf_text(out, quote);
        break;
    case SEG_TYPE_DATE:
        buf_text(out, quote);
        buf_date(out, ((const int32_t *)column->values)[row]);
        buf_text(out, quote);
        break;
    default: break;
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void put_json(text_buf *out, const seg_column *column, uint64_t row)
{
    if (state_at(column, row) == SEG_VALUE_NULL) {
        buf_text(out, "null");
    } else if (column->type == SEG_TYPE_STRING) {
        text_view text = text_at(column, row);
        buf_json(out, text.data, text.size);
    } else if (column->type == SEG_TYPE_STRING_SET) {
        buf_char(out, '[');
        for (uint64_t i = column->lists[row]; i < column->lists[row + 1]; i++) {
            text_view text = text_at(column, i);
            buf_text(out, i > column->lists[row] ? "," : "");
            buf_json(out, text.data, text.size);
        }
        buf_char(out, ']');
    } else if (column->type == SEG_TYPE_GEO) {
        const double *point = (const double *)column->values + 2 * row;
        buf_text(out, "{\"lat\":");
        buf_float(out, point[0]);
        buf_text(out, ",\"lon\":");
        buf_float(out, point[1]);
        buf_char(out, '}');
    } else {
        put_plain(out, column, row, "\"");
    }
}

static void row_json(text_buf *out, const seg_batch *batch, uint64_t row)
{
    buf_text(out, "{\"user_id\":");
    put_user(out, batch, row, true);
    if (batch->times) {
        text_view event = batch->event_types ? text_at(batch->event_types, row)
                                             : (text_view){batch->event, batch->event_size};
        buf_text(out, ",\"event\":");
        buf_json(out, event.data, event.size);
        buf_text(out, ",\"time\":\"");
        buf_instant(out, batch->times[row]);
        buf_char(out, '"');
    }
    if (batch->event_ids && state_at(batch->event_ids, row) == SEG_VALUE_SET) {
        text_view id = text_at(batch->event_ids, row);
        buf_text(out, ",\"event_id\":");
        buf_json(out, id.data, id.size);
    }
    for (uint64_t i = 0; i < batch->column_count; i++) {
        const seg_column *column = &batch->columns[i];
        if (state_at(column, row) != SEG_VALUE_ABSENT) {
            buf_char(out, ',');
            buf_json(out, column->name, (size_t)column->name_size);
            buf_char(out, ':');
            put_json(out, column, row);
        }
    }
    buf_text(out, "}\n");
}

/* ---- CSV ------------------------------------------------------------------------------------- */

static void put_csv(text_buf *out, const seg_column *column, uint64_t row, int part)
{
    if (state_at(column, row) != SEG_VALUE_SET) {
        return; /* CSV here does not tell null from absent */
    }
    if (column->type == SEG_TYPE_STRING) {
        text_view text = text_at(column, row);
        buf_csv(out, text.data, text.size, ',');
    } else if (column->type == SEG_TYPE_STRING_SET) {
        text_buf list = {0};
        for (uint64_t i = column->lists[row]; i < column->lists[row + 1]; i++) {
            text_view text = text_at(column, i);
            buf_text(&list, i > column->lists[row] ? "|" : "");
            buf_bytes(&list, text.data, text.size);
        }
        buf_csv(out, list.data ? list.data : "", list.size, ',');
        buf_deinit(&list);
    } else if (column->type == SEG_TYPE_GEO) {
        buf_float(out, ((const double *)column->values)[2 * row + (uint64_t)part]);
    } else {
        put_plain(out, column, row, "");
    }
}

/* The column of the batch that belongs to a name of the file; NULL where this batch has none.
 * *out_part tells the latitude from the longitude. */
static const seg_column *find_column(const seg_batch *batch, const char *name, int *out_part)
{
    size_t size = strlen(name);
    *out_part = size > 4 && strcmp(name + size - 4, "_lon") == 0;
    for (uint64_t i = 0; i < batch->column_count; i++) {
        const seg_column *column = &batch->columns[i];
        size_t known = (size_t)column->name_size;
        size_t wanted = column->type == SEG_TYPE_GEO ? known + 4 : known;
        if (size == wanted && memcmp(column->name, name, known) == 0) {
            return column;
        }
    }
    return NULL;
}

#define COLUMNS_MAX 64

static void csv_header(batch_writer *writer, const seg_batch *batch)
{
    buf_text(&writer->out, "user_id");
    buf_text(&writer->out, batch->times ? ",event,time" : "");
    buf_text(&writer->out, batch->event_ids ? ",event_id" : "");
    for (size_t i = 0; i < writer->column_count; i++) {
        buf_char(&writer->out, ',');
        buf_text(&writer->out, writer->columns[i]);
    }
    buf_char(&writer->out, '\n');
    writer->started = true;
}

static void rows_csv(batch_writer *writer, const seg_batch *batch)
{
    const seg_column *columns[COLUMNS_MAX];
    int parts[COLUMNS_MAX];
    text_buf *out = &writer->out;
    if (!writer->started) {
        csv_header(writer, batch);
    }
    for (size_t i = 0; i < writer->column_count && i < COLUMNS_MAX; i++) {
        columns[i] = find_column(batch, writer->columns[i], &parts[i]);
    }
    for (uint64_t row = 0; row < batch->row_count; row++) {
        put_user(out, batch, row, false);
        if (batch->times) {
            text_view event = batch->event_types ? text_at(batch->event_types, row)
                                                 : (text_view){batch->event, batch->event_size};
            buf_char(out, ',');
            buf_csv(out, event.data, event.size, ',');
            buf_char(out, ',');
            buf_instant(out, batch->times[row]);
        }
        if (batch->event_ids) {
            text_view id = text_at(batch->event_ids, row);
            buf_char(out, ',');
            buf_csv(out, id.data, id.size, ',');
        }
        for (size_t i = 0; i < writer->column_count && i < COLUMNS_MAX; i++) {
            buf_char(out, ',');
            if (columns[i]) {
                put_csv(out, columns[i], row, parts[i]);
            }
        }
        buf_char(out, '\n');
        if (out->size > FLUSH_SIZE) {
            fwrite(out->data, 1, out->size, writer->file);
            buf_clear(out);
        }
    }
}

void writer_batch(batch_writer *writer, const seg_batch *batch)
{
    if (!writer->json) {
        rows_csv(writer, batch);
    } else {
        for (uint64_t row = 0; row < batch->row_count; row++) {
            row_json(&writer->out, batch, row);
            if (writer->out.size > FLUSH_SIZE) {
                fwrite(writer->out.data, 1, writer->out.size, writer->file);
                buf_clear(&writer->out);
            }
        }
    }
    fwrite(writer->out.data ? writer->out.data : "", 1, writer->out.size, writer->file);
    buf_clear(&writer->out);
}

bool writer_close(batch_writer *writer)
{
    bool written = !ferror(writer->file);
    if (writer->file == stdout) {
        written = fflush(stdout) == 0 && written;
    } else {
        written = fclose(writer->file) == 0 && written;
    }
    buf_deinit(&writer->out);
    return written;
}
