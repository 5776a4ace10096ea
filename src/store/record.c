/* Writing and reading the records of the log: see record.h.
 *
 * A record holds what a commit applies and nothing else: rows that were refused or are duplicates
 * are left out, and so are values that no row has. Reading gives batches in the public form
 * again, which go through the same steps as when they came from a caller (segi_commit_replay()). */
#include "store/record.h"

#include <string.h>

#include "base/error.h"

/* What a batch has. */
#define RECORD_TIMES 1u
#define RECORD_EVENT 2u
#define RECORD_EVENT_TYPES 4u
#define RECORD_EVENT_IDS 8u
#define RECORD_NUMBERS 16u
#define RECORD_ATTRIBUTES 32u /* with times: values of attributes, and since when they hold */
#define RECORD_BATCH_BITS 63u
/* What a column has. */
#define RECORD_STATES 1u
#define RECORD_DICTIONARY 2u
#define RECORD_COLUMN_BITS 3u

#define RECORD_BLOCK 1024
#define RECORD_STATES_PER_BYTE 4

/* Rows of a batch, by number. */
typedef struct record_rows {
    const uint32_t *rows; /* NULL: the first `count` */
    size_t count;
} record_rows;

/* The number of the index-th row. */
static size_t record_row(const record_rows *rows, size_t index)
{
    return rows->rows ? rows->rows[index] : index;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Values of `width` bytes each, in the order of the rows. */
static void write_values(segi_buf *buf, const void *values, const record_rows *rows, size_t width)
{
    const char *bytes = values;
    if (!rows->rows) {
        segi_put_array(buf, values, rows->count, width);
        return;
    }
    for (size_t i = 0; i < rows->count; i++)
        segi_put_array(buf, bytes + record_row(rows, i) * width, 1, width);
}

/* Sizes of two bytes each, then the bytes. A dictionary may have entries that are too long for a
 * row to use; those become empty. */
static void write_texts(segi_buf *buf, const char *bytes, const uint64_t *offsets,
                        const record_rows *items)
{
    uint16_t sizes[RECORD_BLOCK];
    bool plain = !items->rows;
    for (size_t done = 0; done < items->count;) {
        size_t block = items->count - done < RECORD_BLOCK ? items->count - done : RECORD_BLOCK;
        for (size_t i = 0; i < block; i++) {
            size_t item = record_row(items, done + i);
            uint64_t size = offsets[item + 1] - offsets[item];
            bool good = size <= SEG_STRING_SIZE_MAX;
            sizes[i] = (uint16_t)(good ? size : 0);
            plain &= good;
        }
        segi_put_array(buf, sizes, block, sizeof *sizes);
        done += block;
    }
    if (plain) {
        if (items->count > 0)
            segi_buf_add(buf, bytes + offsets[0], (size_t)(offsets[items->count] - offsets[0]));
        return;
    }
    for (size_t i = 0; i < items->count; i++) {
        size_t item = record_row(items, i);
        uint64_t size = offsets[item + 1] - offsets[item];
        if (size > 0 && size <= SEG_STRING_SIZE_MAX)
            segi_buf_add(buf, bytes + offsets[item], (size_t)size);
    }
}

/* Two bits per row. */
static void write_states(segi_buf *buf, const uint8_t *states, const record_rows *rows)
{
    unsigned char block[RECORD_BLOCK];
    size_t used = 0;
    for (size_t i = 0; i < rows->count; i += RECORD_STATES_PER_BYTE) {
        unsigned packed = 0;
        for (size_t k = 0; k < RECORD_STATES_PER_BYTE && i + k < rows->count; k++)
            packed |= (unsigned)states[record_row(rows, i + k)] << 2 * k;
        block[used++] = (unsigned char)packed;
        if (used == RECORD_BLOCK || i + RECORD_STATES_PER_BYTE >= rows->count) {
            segi_buf_add(buf, block, used);
            used = 0;
        }
    }
}

/* The rows that have a value; the values of the others are not looked at. */
static bool record_set_rows(segi_commit *c, const uint8_t *states, const record_rows *rows,
                            record_rows *out)
{
    *out = *rows;
    if (!states)
        return true;
    uint32_t *set = segi_arena_array(&c->arena, rows->count + 1, sizeof *set);
    size_t count = 0;
    for (size_t i = 0; set && i < rows->count; i++) {
        size_t row = record_row(rows, i);
        if (states[row] == SEG_VALUE_SET)
            set[count++] = (uint32_t)row;
    }
    *out = (record_rows){set, count};
    return set != NULL;
}

/* Texts of the items, by the dictionary only where it is not larger than what is asked of it. */
static void write_items(segi_commit *c, segi_buf *buf, const seg_column *column,
                        const record_rows *items, bool dictionary)
{
    if (!column->codes) {
        write_texts(buf, column->values, column->offsets, items);
        return;
    }
    if (dictionary) {
        record_rows entries = {NULL, (size_t)column->dictionary_count};
        segi_put_u32(buf, (uint32_t)entries.count);
        write_texts(buf, column->values, column->offsets, &entries);
        write_values(buf, column->codes, items, sizeof *column->codes);
        return;
    }
    uint32_t *entries = segi_arena_array(&c->arena, items->count + 1, sizeof *entries);
    if (!entries) {
        buf->failed = true;
        return;
    }
    for (size_t i = 0; i < items->count; i++)
        entries[i] = column->codes[record_row(items, i)];
    write_texts(buf, column->values, column->offsets, &(record_rows){entries, items->count});
}

/* Elements of the sets of these rows. */
static bool record_elements(segi_commit *c, const seg_column *column, const record_rows *set,
                            record_rows *out)
{
    size_t count = 0, total = 0;
    for (size_t i = 0; i < set->count; i++) {
        size_t row = record_row(set, i);
        total += (size_t)(column->lists[row + 1] - column->lists[row]);
    }
    uint32_t *items = segi_arena_array(&c->arena, total + 1, sizeof *items);
    for (size_t i = 0; items && i < set->count; i++) {
        size_t row = record_row(set, i);
        for (uint64_t k = column->lists[row]; k < column->lists[row + 1]; k++)
            items[count++] = (uint32_t)k;
    }
    *out = (record_rows){items, count};
    return items != NULL;
}

/* How many elements the set of each row has. */
static void write_lists(segi_buf *buf, const seg_column *column, const record_rows *set)
{
    for (size_t i = 0; i < set->count; i++) {
        size_t row = record_row(set, i);
        segi_put_u32(buf, (uint32_t)(column->lists[row + 1] - column->lists[row]));
    }
}

/* Bytes of a value in the public form; texts do not come here. */
static size_t record_width(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return 1;
    case SEG_TYPE_DATE: return 4;
    case SEG_TYPE_GEO: return 16;
    default: return 8;
    }
}

/* Type, scale, name, flags, states, values: those of the rows that have one. */
static void write_column(segi_commit *c, segi_buf *buf, const seg_column *column,
                         const record_rows *rows)
{
    record_rows set, items;
    segi_put_u8(buf, (uint8_t)column->type);
    segi_put_u8(buf, (uint8_t)column->scale);
    segi_put_bytes(buf, column->name, (size_t)column->name_size);
    if (!record_set_rows(c, column->states, rows, &set)) {
        buf->failed = true;
        return;
    }
    items = set;
    if (column->type == SEG_TYPE_STRING_SET && !record_elements(c, column, &set, &items)) {
        buf->failed = true;
        return;
    }
    bool dictionary = column->codes && column->dictionary_count <= items.count;
    segi_put_u8(buf, (uint8_t)((column->states ? RECORD_STATES : 0u) |
                               (dictionary ? RECORD_DICTIONARY : 0u)));
    if (column->states)
        write_states(buf, column->states, rows);
    if (column->type == SEG_TYPE_STRING_SET)
        write_lists(buf, column, &set);
    if (column->type == SEG_TYPE_STRING || column->type == SEG_TYPE_STRING_SET)
        write_items(c, buf, column, &items, dictionary);
    else if (column->type == SEG_TYPE_GEO && !set.rows)
        segi_put_array(buf, column->values, 2 * set.count, 8);
    else if (column->type == SEG_TYPE_GEO)
        for (size_t i = 0; i < set.count; i++)
            segi_put_array(buf, (const double *)column->values + 2 * set.rows[i], 2, 8);
    else
        write_values(buf, column->values, &set, record_width(column->type));
}

/* Ids and times of all rows, then the columns. */
static void write_batch(segi_commit *c, segi_buf *buf, const segi_commit_batch *batch)
{
    const seg_batch *b = &batch->checked.batch;
    const record_rows rows = {batch->rows, batch->row_count};
    const int64_t *times = batch->checked.since ? batch->checked.since : b->times;
    bool numbers = c->store->ids->kind == SEG_ID_U64;
    segi_put_u8(buf, (uint8_t)((times ? RECORD_TIMES : 0u) | (b->event ? RECORD_EVENT : 0u) |
                               (batch->checked.since ? RECORD_ATTRIBUTES : 0u) |
                               (b->event_types ? RECORD_EVENT_TYPES : 0u) |
                               (b->event_ids ? RECORD_EVENT_IDS : 0u) |
                               (numbers ? RECORD_NUMBERS : 0u)));
    segi_put_u32(buf, (uint32_t)rows.count);
    if (numbers)
        write_values(buf, b->user_ids, &rows, sizeof *b->user_ids);
    else
        write_texts(buf, b->user_bytes, b->user_offsets, &rows);
    if (times)
        write_values(buf, times, &rows, sizeof *times);
    if (b->event)
        segi_put_bytes(buf, b->event, (size_t)b->event_size);
    if (b->event_types)
        write_column(c, buf, &batch->checked.event_types, &rows);
    if (b->event_ids) {
        seg_column ids = batch->checked.event_ids;
        ids.name_size = 0;
        write_column(c, buf, &ids, &rows);
    }
    segi_put_u32(buf, (uint32_t)b->column_count);
    for (uint64_t i = 0; i < b->column_count; i++)
        write_column(c, buf, &batch->checked.columns[i], &rows);
}

void segi_record_report_write(const seg_commit_report *report, segi_buf *buf)
{
    segi_put_u64(buf, report->commit_sequence);
    segi_put_u64(buf, report->rows_applied);
    segi_put_u64(buf, report->rows_duplicate);
    segi_put_u64(buf, report->rows_rejected);
    segi_put_u64(buf, report->users_added);
    segi_put_u64(buf, report->rejected_row);
    segi_put_u64(buf, report->rows_refused);
}

/* Want of memory is left in buf->failed. */
void segi_record_commit_write(segi_commit *c, const seg_commit_report *report, segi_buf *buf)
{
    segi_put_u8(buf, SEGI_RECORD_COMMIT);
    segi_put_u8(buf, (uint8_t)c->token_size);
    segi_buf_add(buf, c->token, c->token_size);
    segi_record_report_write(report, buf);
    segi_put_u32(buf, (uint32_t)c->batch_count);
    for (size_t i = 0; i < c->batch_count; i++)
        write_batch(c, buf, &c->batches[i]);
}

void segi_record_define_write(uint8_t kind, const segi_record_define *define, segi_buf *buf)
{
    segi_put_u8(buf, kind);
    segi_put_bytes(buf, define->event, define->event_size);
    segi_put_bytes(buf, define->name, define->name_size);
    segi_put_u32(buf, (uint32_t)define->type);
    segi_put_u32(buf, (uint32_t)define->scale);
}

/* ---- reading --------------------------------------------------------------------------------- */

seg_status segi_record_fail(seg_error *err, const char *what)
{
    return segi_fail(err, SEG_E_CORRUPT, "the store is damaged: %s", what);
}

void segi_record_report_read(segi_wire *from, seg_commit_report *out)
{
    memset(out, 0, sizeof *out);
    out->struct_size = sizeof *out;
    out->commit_sequence = segi_get_u64(from);
    out->rows_applied = segi_get_u64(from);
    out->rows_duplicate = segi_get_u64(from);
    out->rows_rejected = segi_get_u64(from);
    out->users_added = segi_get_u64(from);
    out->rejected_row = segi_get_u64(from);
    out->rows_refused = segi_get_u64(from);
}

void segi_record_define_read(segi_wire *from, segi_record_define *out)
{
    memset(out, 0, sizeof *out);
    out->event = segi_get_bytes(from, &out->event_size);
    out->name = segi_get_bytes(from, &out->name_size);
    out->type = (seg_type)segi_get_u32(from);
    out->scale = (int32_t)segi_get_u32(from);
}

/* A failure of any kind is in from->failed; `nomem` tells the two apart at the end. */
typedef struct record_reader {
    segi_wire *from;
    segi_arena *arena;
    bool nomem;
} record_reader;

/* An array of the arena. Every element stands for a quarter of a byte of the record at least, so
 * what a record can ask for is bounded by its size. NULL: damaged or out of memory. */
static void *read_room(record_reader *r, size_t count, size_t size)
{
    if (r->from->failed)
        return NULL;
    void *room = segi_arena_array(r->arena, count + 1, size);
    r->nomem |= !room;
    r->from->failed |= !room;
    return room;
}

/* Checked against what is left before room is made. */
static void *read_values(record_reader *r, size_t count, size_t width)
{
    if (count > segi_wire_left(r->from) / width)
        r->from->failed = true;
    void *values = read_room(r, count, width);
    return values && segi_get_array(r->from, values, count, width) ? values : NULL;
}

/* offsets[count + 1] and the bytes, in place. */
static const char *read_texts(record_reader *r, size_t count, uint64_t **out_offsets)
{
    const uint16_t *sizes = read_values(r, count, sizeof *sizes);
    uint64_t *offsets = read_room(r, count, sizeof *offsets);
    *out_offsets = offsets;
    if (!sizes || !offsets)
        return NULL;
    for (size_t i = 0; i < count; i++)
        offsets[i + 1] = offsets[i] + sizes[i];
    return segi_get_skip(r->from, (size_t)offsets[count]);
}

/* Four rows per byte, the first in the lowest bits. */
static uint8_t *read_states(record_reader *r, size_t rows)
{
    size_t bytes = (rows + RECORD_STATES_PER_BYTE - 1) / RECORD_STATES_PER_BYTE;
    const unsigned char *packed = segi_get_skip(r->from, bytes);
    uint8_t *states = read_room(r, rows, 1);
    for (size_t i = 0; packed && states && i < rows; i++)
        states[i] = packed[i / RECORD_STATES_PER_BYTE] >> 2 * (i % RECORD_STATES_PER_BYTE) & 3;
    return states;
}

/* How many values follow. */
static size_t states_set(const uint8_t *states, size_t rows)
{
    size_t count = 0;
    for (size_t i = 0; i < rows; i++)
        count += states[i] == SEG_VALUE_SET;
    return count;
}

/* Values of the set rows, moved apart so that each lies in its row; the others read as 0. */
static void *spread(record_reader *r, void *dense, const uint8_t *states, size_t rows, size_t width)
{
    if (!states || !dense)
        return dense;
    char *values = read_room(r, rows, width);
    const char *at = dense;
    for (size_t i = 0; values && i < rows; i++) {
        if (states[i] != SEG_VALUE_SET)
            continue;
        memcpy(values + i * width, at, width);
        at += width;
    }
    return values;
}

/* The same for offsets: rows without a value are empty. */
static uint64_t *spread_offsets(record_reader *r, uint64_t *dense, const uint8_t *states,
                                size_t rows)
{
    if (!states || !dense)
        return dense;
    uint64_t *offsets = read_room(r, rows, sizeof *offsets);
    size_t at = 0;
    for (size_t i = 0; offsets && i < rows; i++) {
        offsets[i] = dense[at];
        at += states[i] == SEG_VALUE_SET;
    }
    if (offsets)
        offsets[rows] = dense[at];
    return offsets;
}

/* Texts of `count` items. states: of the rows, where items and rows are the same. */
static void read_items(record_reader *r, seg_column *column, size_t count, const uint8_t *states,
                       size_t rows, bool dictionary)
{
    uint64_t *offsets = NULL;
    size_t texts = dictionary ? segi_get_count(r->from, sizeof(uint16_t)) : count;
    column->values = read_texts(r, texts, &offsets);
    if (!dictionary) {
        column->offsets = spread_offsets(r, offsets, states, rows);
        return;
    }
    column->offsets = offsets;
    column->dictionary_count = texts;
    column->codes = spread(r, read_values(r, count, sizeof *column->codes), states, rows,
                           sizeof *column->codes);
}

/* How many elements the sets of the rows have. */
static size_t read_lists(record_reader *r, seg_column *column, size_t set, size_t rows)
{
    const uint32_t *sizes = read_values(r, set, sizeof *sizes);
    uint64_t *lists = read_room(r, set, sizeof *lists);
    if (!sizes || !lists)
        return 0;
    for (size_t i = 0; i < set; i++)
        lists[i + 1] = lists[i] + sizes[i];
    size_t count = (size_t)lists[set];
    column->lists = spread_offsets(r, lists, column->states, rows);
    return count;
}

static void read_column(record_reader *r, size_t rows, seg_column *column)
{
    size_t name_size;
    *column = (seg_column)SEG_COLUMN_INIT;
    column->type = segi_get_u8(r->from);
    column->scale = (int8_t)segi_get_u8(r->from);
    column->name = segi_get_bytes(r->from, &name_size);
    column->name_size = name_size;
    uint8_t bits = segi_get_u8(r->from);
    bool dictionary = (bits & RECORD_DICTIONARY) != 0;
    bool texts = column->type == SEG_TYPE_STRING || column->type == SEG_TYPE_STRING_SET;
    r->from->failed |= (bits & ~RECORD_COLUMN_BITS) != 0 || column->type < SEG_TYPE_BOOL ||
                       column->type > SEG_TYPE_STRING_SET || (dictionary && !texts);
    if ((bits & RECORD_STATES) != 0 && !r->from->failed)
        column->states = read_states(r, rows);
    if (r->from->failed)
        return;
    size_t set = column->states ? states_set(column->states, rows) : rows;
    if (column->type == SEG_TYPE_STRING_SET) {
        size_t elements = read_lists(r, column, set, rows);
        read_items(r, column, elements, NULL, 0, dictionary);
    } else if (column->type == SEG_TYPE_STRING) {
        read_items(r, column, set, column->states, rows, dictionary);
    } else if (column->type == SEG_TYPE_GEO) {
        column->values = spread(r, read_values(r, 2 * set, 8), column->states, rows, 16);
    } else {
        size_t width = record_width(column->type);
        column->values = spread(r, read_values(r, set, width), column->states, rows, width);
    }
}

/* Event types come as a dictionary in any case. */
static void read_event_types(record_reader *r, seg_batch *batch, size_t rows)
{
    seg_column *types = read_room(r, 1, sizeof *types);
    if (!types)
        return;
    read_column(r, rows, types);
    batch->event_types = types;
    if (types->codes || r->from->failed || types->type != SEG_TYPE_STRING)
        return;
    uint32_t *codes = read_room(r, rows, sizeof *codes);
    for (size_t i = 0; codes && i < rows; i++)
        codes[i] = (uint32_t)i;
    types->codes = codes;
    types->dictionary_count = rows;
}

static void read_batch_columns(record_reader *r, seg_batch *batch, size_t rows)
{
    size_t count = segi_get_count(r->from, 7);
    seg_column *columns = read_room(r, count, sizeof *columns);
    for (size_t i = 0; columns && i < count && !r->from->failed; i++)
        read_column(r, rows, &columns[i]);
    batch->columns = columns;
    batch->column_count = count;
}

static void read_batch(record_reader *r, seg_batch *batch)
{
    *batch = (seg_batch)SEG_BATCH_INIT;
    uint8_t bits = segi_get_u8(r->from);
    size_t rows = segi_get_count(r->from, sizeof(uint16_t));
    uint64_t *offsets = NULL;
    r->from->failed |= (bits & ~RECORD_BATCH_BITS) != 0;
    batch->row_count = rows;
    if ((bits & RECORD_NUMBERS) != 0) {
        batch->user_ids = read_values(r, rows, sizeof *batch->user_ids);
    } else {
        batch->user_bytes = read_texts(r, rows, &offsets);
        batch->user_offsets = offsets;
    }
    if ((bits & RECORD_ATTRIBUTES) != 0)
        batch->flags |= SEG_BATCH_ATTRIBUTES;
    if ((bits & RECORD_TIMES) != 0)
        batch->times = read_values(r, rows, sizeof *batch->times);
    if ((bits & RECORD_EVENT) != 0) {
        size_t size;
        batch->event = segi_get_bytes(r->from, &size);
        batch->event_size = size;
    }
    if ((bits & RECORD_EVENT_TYPES) != 0)
        read_event_types(r, batch, rows);
    if ((bits & RECORD_EVENT_IDS) != 0) {
        seg_column *ids = read_room(r, 1, sizeof *ids);
        if (ids)
            read_column(r, rows, ids);
        batch->event_ids = ids;
    }
    read_batch_columns(r, batch, rows);
}

seg_status segi_record_commit_read(segi_wire *from, segi_arena *arena, segi_record_commit *out,
                                   seg_error *err)
{
    record_reader r = {.from = from, .arena = arena};
    memset(out, 0, sizeof *out);
    out->token_size = segi_get_u8(from);
    from->failed |= out->token_size > SEG_TOKEN_SIZE_MAX;
    if (out->token_size > 0)
        out->token = segi_get_skip(from, out->token_size);
    segi_record_report_read(from, &out->report);
    /* An empty batch takes nine bytes. */
    out->batch_count = segi_get_count(from, 9);
    seg_batch *batches = read_room(&r, out->batch_count, sizeof *batches);
    for (size_t i = 0; batches && i < out->batch_count && !from->failed; i++)
        read_batch(&r, &batches[i]);
    out->batches = batches;
    if (r.nomem)
        return segi_fail_nomem(err);
    return segi_wire_done(from) ? SEG_OK : segi_record_fail(err, "a commit in its log");
}
