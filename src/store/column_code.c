/* Columns of parts as bytes: see part_code.h. */
#include <string.h>

#include "base/error.h"
#include "base/wire.h"
#include "store/pack.h"
#include "store/part_code.h"

#define COLUMN_SET 1u  /* a bitmap of the rows that are set follows */
#define COLUMN_NULL 2u /* ... of those that are null */

static uint64_t column_stored(const segi_col *col, size_t row)
{
    switch (col->width) {
    case 1: return ((const uint8_t *)col->data)[row];
    case 2: return ((const uint16_t *)col->data)[row];
    case 4: return ((const uint32_t *)col->data)[row];
    case 8: return ((const uint64_t *)col->data)[row];
    default: return 0;
    }
}

/* The greatest stored value that the head of a column allows. */
static uint64_t column_limit(const segi_col *col)
{
    if (col->type == SEG_TYPE_FLOAT64)
        return UINT64_MAX;
    return ((uint64_t)col->max - (uint64_t)col->min) / (uint64_t)col->unit;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Users of all chunks as gaps: how many ordinals lie between one and the next of the chunk. */
typedef struct users_writer {
    const segi_part *part;
    uint16_t *lows; /* owned; of the chunk under way */
    uint32_t chunk, user;
} users_writer;

/* Gaps between the users of a chunk, which are mostly small; each chunk begins anew. */
static void users_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    users_writer *writer = context;
    if (begin == 0)
        writer->chunk = writer->user = 0;
    for (size_t i = 0; i < count; i++) {
        const segi_part_chunk *pc = &writer->part->chunks[writer->chunk];
        if (writer->user == 0)
            segi_part_users(pc, writer->lows);
        uint32_t low = writer->lows[writer->user];
        out[i] = writer->user == 0 ? low : low - writer->lows[writer->user - 1] - 1u;
        if (++writer->user == pc->user_count) {
            writer->user = 0;
            writer->chunk++;
        }
    }
}

/* Stored values as they are. */
static void stored_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    const segi_col *col = context;
    for (size_t i = 0; i < count; i++)
        out[i] = column_stored(col, begin + i);
}

/* Who, then how many rows each has. */
static void users_encode(const segi_part *part, segi_buf *out)
{
    users_writer writer = {.part = part};
    writer.lows = segi_alloc_array(out->mem, SEGI_CHUNK_USERS, sizeof *writer.lows);
    if (!writer.lows) {
        out->failed = true;
        return;
    }
    segi_pack(out, part->user_count, users_fetch, &writer);
    if (part->counts.width > 0)
        segi_pack(out, part->user_count, stored_fetch, segi_unconst(&part->counts));
    segi_free(out->mem, writer.lows);
}

/* Times as steps from row to row, modulo their range: a user's later rows take small steps, and
 * the step back to the next user's first row is as good as its time. */
static void time_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    const segi_col *col = context;
    uint64_t range = column_limit(col) + 1;
    uint64_t before = begin > 0 ? column_stored(col, begin - 1) : 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t now = column_stored(col, begin + i);
        out[i] = now >= before ? now - before : now + (range - before);
        before = now;
    }
}

/* Rows that are not 0, which few ties are: gaps between them, and their values less 1. */
typedef struct tie_writer {
    const segi_col *col;
    size_t row;
    bool gaps;
} tie_writer;

/* Starts again when it is asked for the first value: lists are walked twice, to choose a form and
 * to write it. */
static void tie_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    tie_writer *writer = context;
    if (begin == 0)
        writer->row = 0;
    for (size_t i = 0; i < count; i++) {
        size_t from = writer->row;
        while (column_stored(writer->col, writer->row) == 0)
            writer->row++;
        out[i] = writer->gaps ? writer->row - from : column_stored(writer->col, writer->row) - 1;
        writer->row++;
    }
}

static void tie_encode(const segi_col *col, uint32_t rows, segi_buf *out)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < rows; i++)
        count += column_stored(col, i) != 0;
    segi_put_u32(out, count);
    tie_writer writer = {.col = col, .gaps = true};
    segi_pack(out, count, tie_fetch, &writer);
    writer.gaps = false;
    segi_pack(out, count, tie_fetch, &writer);
}

/* A bitmap byte by byte. */
static void bits_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    const uint64_t *words = context;
    for (size_t i = begin; i < begin + count; i++)
        *out++ = words[i / 8] >> 8 * (i % 8) & 255;
}

/* Stored values of the rows that are set. */
typedef struct set_writer {
    const segi_col *col;
    size_t row;
} set_writer;

static void set_fetch(void *context, size_t begin, size_t count, uint64_t *out)
{
    set_writer *writer = context;
    if (begin == 0)
        writer->row = 0;
    for (size_t i = 0; i < count; i++) {
        while (!segi_bit_get(writer->col->set, writer->row))
            writer->row++;
        out[i] = column_stored(writer->col, writer->row++);
    }
}

/* Two flags, the bitmaps that there are, then the values of the rows that are set. */
static void property_encode(const segi_col *col, uint32_t rows, segi_buf *out)
{
    size_t bytes = ((size_t)rows + 7) / 8;
    segi_buf_char(out, (char)((col->set ? COLUMN_SET : 0) | (col->null ? COLUMN_NULL : 0)));
    if (col->set)
        segi_pack(out, bytes, bits_fetch, segi_unconst(col->set));
    if (col->null)
        segi_pack(out, bytes, bits_fetch, segi_unconst(col->null));
    if (col->width > 0 && col->set) {
        set_writer writer = {.col = col};
        segi_pack(out, segi_bits_count_range(col->set, 0, rows), set_fetch, &writer);
    } else if (col->width > 0) {
        segi_pack(out, rows, stored_fetch, segi_unconst(col));
    }
}

/* Constant columns need no bytes: base and width are in the run's description. */
void segi_column_encode(const segi_part *part, uint32_t column, segi_buf *out)
{
    const segi_col *col = segi_part_col(part, column);
    if (column == SEGI_COLUMN_USERS)
        users_encode(part, out);
    else if (col->width == 0 && !col->set && !col->null)
        return;
    else if (column == SEGI_COLUMN_TIME)
        segi_pack(out, part->row_count, time_fetch, segi_unconst(col));
    else if (column == SEGI_COLUMN_TIE)
        tie_encode(col, part->row_count, out);
    else
        property_encode(col, part->row_count, out);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* A column being read. The list under way is in `list`; it is large, so it lies on the heap. */
typedef struct column_reader {
    const segi_mem *mem;
    const segi_part *part;
    const segi_col *col;
    const uint8_t *at, *end;
    segi_unpack *list;
    segi_arrays *out;
    bool nomem;
} column_reader;

/* Zeroed, with room behind for scans. */
static bool reader_array(column_reader *reader, void **slot, size_t size)
{
    *slot = segi_alloc_zero(reader->mem, size + SEGI_COL_PADDING);
    reader->nomem |= !*slot;
    return *slot != NULL;
}

static bool reader_list(column_reader *reader, size_t count)
{
    return segi_unpack_open(reader->list, &reader->at, reader->end, count);
}

static void stored_put(void *data, uint32_t width, size_t at, const uint64_t *values, size_t count)
{
    for (size_t i = 0; i < count && width == 1; i++)
        ((uint8_t *)data)[at + i] = (uint8_t)values[i];
    for (size_t i = 0; i < count && width == 2; i++)
        ((uint16_t *)data)[at + i] = (uint16_t)values[i];
    for (size_t i = 0; i < count && width == 4; i++)
        ((uint32_t *)data)[at + i] = (uint32_t)values[i];
    for (size_t i = 0; i < count && width == 8; i++)
        ((uint64_t *)data)[at + i] = values[i];
}

/* What is to be done with each batch of a list; false if it cannot be. */
typedef bool reader_take(column_reader *reader, size_t at, uint64_t *values, size_t count);

/* The list of `count` values that comes next, batch by batch. */
static bool reader_each(column_reader *reader, size_t count, reader_take *take)
{
    uint64_t values[SEGI_PACK_BATCH];
    if (!reader_list(reader, count))
        return false;
    for (size_t at = 0; at < count; at += SEGI_PACK_BATCH) {
        size_t n = count - at < SEGI_PACK_BATCH ? count - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        if (!take(reader, at, values, n))
            return false;
    }
    return segi_unpack_close(reader->list);
}

/* One comparison for the batch, so that the loop vectorises. */
static bool values_within(const uint64_t *values, size_t count, uint64_t limit)
{
    uint64_t most = 0;
    for (size_t i = 0; i < count; i++)
        most = values[i] > most ? values[i] : most;
    return most <= limit;
}

/* Floats are finite, and there is one zero. */
static bool floats_good(const uint64_t *values, size_t count)
{
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good &= (values[i] >> 52 & 2047) != 2047 && values[i] != (uint64_t)1 << 63;
    return good;
}

/* Values beyond what the column says of itself are damage: statistics of parts decide what is
 * skipped. */
static bool take_stored(column_reader *reader, size_t at, uint64_t *values, size_t count)
{
    const segi_col *col = reader->col;
    if (!values_within(values, count, column_limit(col)) ||
        (col->type == SEG_TYPE_FLOAT64 && !floats_good(values, count)))
        return false;
    stored_put(reader->out->data, col->width, at, values, count);
    return true;
}

/* Gaps to low halves, into out->users, which is room for that until the real form is made. */
typedef struct users_place {
    uint32_t chunk, user;
    uint32_t low; /* the one before */
} users_place;

/* False where the user lies outside the chunk or is not known to the store. */
static bool users_next(const segi_part *part, users_place *place, uint64_t gap, uint32_t user_count,
                       uint16_t *out)
{
    const segi_part_chunk *pc = &part->chunks[place->chunk];
    uint64_t low = place->user == 0 ? gap : place->low + 1 + gap;
    if (gap >= SEGI_CHUNK_USERS || low >= SEGI_CHUNK_USERS ||
        ((uint64_t)pc->chunk << SEGI_CHUNK_BITS) + low >= user_count)
        return false;
    *out = (uint16_t)low;
    place->low = (uint32_t)low;
    if (++place->user == pc->user_count)
        *place = (users_place){.chunk = place->chunk + 1};
    return true;
}

static bool users_lows(column_reader *reader, uint32_t user_count, uint16_t *lows)
{
    uint64_t values[SEGI_PACK_BATCH];
    users_place place = {0};
    uint32_t users = reader->part->user_count;
    if (!reader_list(reader, users))
        return false;
    for (uint32_t at = 0; at < users; at += SEGI_PACK_BATCH) {
        uint32_t n = users - at < SEGI_PACK_BATCH ? users - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        for (uint32_t i = 0; i < n; i++)
            if (!users_next(reader->part, &place, values[i], user_count, &lows[at + i]))
                return false;
    }
    return segi_unpack_close(reader->list);
}

/* The users of each chunk have the chunk's rows. */
static bool users_rows_fit(const segi_part *part, const segi_col *counts)
{
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        const segi_part_chunk *pc = &part->chunks[i];
        uint64_t rows = 0;
        for (uint32_t u = 0; u < pc->user_count; u++)
            rows += (uint64_t)segi_col_slot(counts, pc->user_begin + u);
        if (rows != pc->row_count)
            return false;
    }
    return true;
}

/* Marks and users by row are made again; they are not in the file. */
static bool users_read(column_reader *reader, uint32_t user_count)
{
    const segi_part *part = reader->part;
    segi_col counts = part->counts;
    void *lows;
    bool good = reader_array(reader, &lows, part->user_count * sizeof(uint16_t)) &&
                users_lows(reader, user_count, lows);
    if (good && counts.width > 0)
        good = reader_array(reader, &reader->out->data, (size_t)counts.width * part->user_count) &&
               reader_each(reader, part->user_count, take_stored);
    counts.data = reader->out->data;
    good = good && users_rows_fit(part, &counts);
    if (good && !segi_arrays_users(reader->mem, part, lows, &counts, reader->out)) {
        reader->nomem = true;
        good = false;
    }
    segi_free(reader->mem, lows);
    return good;
}

/* The inverse of time_fetch(): a running sum modulo the range. */
static bool time_read(column_reader *reader)
{
    uint64_t values[SEGI_PACK_BATCH], range = column_limit(reader->col) + 1, now = 0;
    uint32_t rows = reader->part->row_count, width = reader->col->width;
    if (!reader_array(reader, &reader->out->data, (size_t)width * rows) ||
        !reader_list(reader, rows))
        return false;
    for (uint32_t at = 0; at < rows; at += SEGI_PACK_BATCH) {
        uint32_t n = rows - at < SEGI_PACK_BATCH ? rows - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        if (!values_within(values, n, range - 1))
            return false;
        for (uint32_t i = 0; i < n; i++) {
            now += values[i];
            now -= now >= range ? range : 0;
            values[i] = now;
        }
        stored_put(reader->out->data, width, at, values, n);
    }
    return segi_unpack_close(reader->list);
}

/* Rows from gaps, 32 bits each, into a list that tie_read() gives room for. */
static bool tie_rows(column_reader *reader, uint32_t count, uint32_t *rows)
{
    uint64_t values[SEGI_PACK_BATCH], row = 0;
    if (!reader_list(reader, count))
        return false;
    for (uint32_t at = 0; at < count; at += SEGI_PACK_BATCH) {
        uint32_t n = count - at < SEGI_PACK_BATCH ? count - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        for (uint32_t i = 0; i < n; i++, row++) {
            if (values[i] >= reader->part->row_count - row)
                return false;
            row += values[i];
            rows[at + i] = (uint32_t)row;
        }
    }
    return segi_unpack_close(reader->list);
}

static bool tie_values(column_reader *reader, uint32_t count, const uint32_t *rows)
{
    uint64_t values[SEGI_PACK_BATCH], limit = column_limit(reader->col);
    if (!reader_list(reader, count))
        return false;
    for (uint32_t at = 0; at < count; at += SEGI_PACK_BATCH) {
        uint32_t n = count - at < SEGI_PACK_BATCH ? count - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        for (uint32_t i = 0; i < n; i++) {
            uint64_t value = values[i] + 1;
            if (values[i] >= limit)
                return false;
            stored_put(reader->out->data, reader->col->width, rows[at + i], &value, 1);
        }
    }
    return segi_unpack_close(reader->list);
}

static bool tie_read(column_reader *reader)
{
    uint32_t count, all = reader->part->row_count;
    void *rows = NULL;
    if (reader->end - reader->at < 4)
        return false;
    count = (uint32_t)segi_get_at(reader->at, 4);
    reader->at += 4;
    if (count > all)
        return false;
    bool good = reader_array(reader, &rows, count * sizeof(uint32_t)) &&
                reader_array(reader, &reader->out->data, (size_t)reader->col->width * all) &&
                tie_rows(reader, count, rows) && tie_values(reader, count, rows);
    segi_free(reader->mem, rows);
    return good;
}

/* Bits behind the last row must be clear, as everywhere. */
static bool bits_read(column_reader *reader, uint64_t **out)
{
    size_t rows = reader->part->row_count, bytes = (rows + 7) / 8;
    uint64_t values[SEGI_PACK_BATCH];
    void *words;
    if (!reader_array(reader, &words, (rows + 63) / 64 * 8))
        return false;
    *out = words;
    if (!reader_list(reader, bytes))
        return false;
    for (size_t at = 0; at < bytes; at += SEGI_PACK_BATCH) {
        size_t n = bytes - at < SEGI_PACK_BATCH ? bytes - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        if (!values_within(values, n, 255))
            return false;
        for (size_t i = 0; i < n; i++)
            (*out)[(at + i) / 8] |= values[i] << 8 * ((at + i) % 8);
    }
    bool rest = rows % 64 && (*out)[rows / 64] >> rows % 64;
    return !rest && segi_unpack_close(reader->list);
}

/* The values of the rows that are set come without gaps: spread them. */
static bool set_read(column_reader *reader, size_t count)
{
    uint64_t values[SEGI_PACK_BATCH];
    const uint64_t *set = reader->out->set;
    uint32_t width = reader->col->width;
    size_t row = 0;
    if (!reader_list(reader, count))
        return false;
    for (size_t at = 0; at < count; at += SEGI_PACK_BATCH) {
        size_t n = count - at < SEGI_PACK_BATCH ? count - at : SEGI_PACK_BATCH;
        segi_unpack_next(reader->list, n, values);
        if (!values_within(values, n, column_limit(reader->col)) ||
            (reader->col->type == SEG_TYPE_FLOAT64 && !floats_good(values, n)))
            return false;
        for (size_t i = 0; i < n; i++, row++) {
            while (!segi_bit_get(set, row))
                row++;
            stored_put(reader->out->data, width, row, &values[i], 1);
        }
    }
    return segi_unpack_close(reader->list);
}

/* The two bitmaps fit the head and each other. */
static bool states_read(column_reader *reader, uint32_t flags)
{
    segi_arrays *out = reader->out;
    size_t rows = reader->part->row_count;
    if (flags > (COLUMN_SET | COLUMN_NULL) || (flags & COLUMN_SET && reader->col->none_set) ||
        (reader->col->none_set && !(flags & COLUMN_NULL)))
        return false;
    if ((flags & COLUMN_SET && !bits_read(reader, &out->set)) ||
        (flags & COLUMN_NULL && !bits_read(reader, &out->null)))
        return false;
    if (flags & COLUMN_NULL && !(flags & COLUMN_SET) && !reader->col->none_set)
        return false;
    for (size_t i = 0; i < (rows + 63) / 64 && flags == (COLUMN_SET | COLUMN_NULL); i++)
        if (out->set[i] & out->null[i])
            return false;
    return true;
}

static bool property_read(column_reader *reader)
{
    size_t rows = reader->part->row_count;
    if (reader->at == reader->end || !states_read(reader, *reader->at++))
        return false;
    uint32_t width = reader->col->width;
    if (width == 0)
        return true;
    if (!reader_array(reader, &reader->out->data, width * rows))
        return false;
    if (!reader->out->set)
        return reader_each(reader, rows, take_stored);
    return set_read(reader, segi_bits_count_range(reader->out->set, 0, rows));
}

static bool column_read(column_reader *reader, uint32_t column, uint32_t user_count)
{
    switch (column) {
    case SEGI_COLUMN_USERS: return users_read(reader, user_count);
    case SEGI_COLUMN_TIME: return time_read(reader);
    case SEGI_COLUMN_TIE: return tie_read(reader);
    default: return property_read(reader);
    }
}

seg_status segi_column_decode(const segi_mem *mem, const segi_part *part, uint32_t column,
                              uint32_t user_count, const uint8_t *bytes, size_t size,
                              segi_arrays *out, seg_error *err)
{
    column_reader reader = {.mem = mem,
                            .part = part,
                            .col = segi_part_col(part, column),
                            .at = bytes,
                            .end = bytes + size,
                            .list = segi_alloc(mem, sizeof(segi_unpack)),
                            .out = out};
    *out = (segi_arrays){0};
    if (!reader.list)
        return segi_fail_nomem(err);
    bool good = column_read(&reader, column, user_count) && reader.at == reader.end;
    segi_free(mem, reader.list);
    if (good)
        return SEG_OK;
    segi_arrays_free(mem, out);
    if (reader.nomem)
        return segi_fail_nomem(err);
    return segi_fail(err, SEG_E_CORRUPT,
                     "column %u of a part of event type %u does not hold what its run says", column,
                     part->event);
}
