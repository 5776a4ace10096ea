/* Parts: immutable rows of one event type, column by column.
 *
 * The distinct users of a chunk are an array of low halves while there are few, and a mask
 * otherwise. Behind a mask lies a table with the number of members before each group of eight
 * words, so that a user's index costs eight population counts at the most. */
#include "store/part.h"

#include <string.h>

#include "base/error.h"

#define PART_RANK_WORDS 8
#define PART_RANKS (SEGI_MASK_WORDS / PART_RANK_WORDS)
#define PART_MASK_BYTES (SEGI_MASK_WORDS * sizeof(uint64_t) + PART_RANKS * sizeof(uint16_t))
#define PART_MARK_USERS 64
/* Rows know their users where there are fewer rows per user than this. */
#define PART_ROW_USERS_MAX 6

/* ---- reading --------------------------------------------------------------------------------- */

const segi_part_chunk *segi_part_find(const segi_part *part, uint32_t chunk)
{
    uint32_t low = 0, high = part->chunk_count;
    if (high == 0 || chunk < part->chunks[0].chunk)
        return NULL;
    /* Chunks without a gap lie at their distance from the first. */
    uint32_t guess = chunk - part->chunks[0].chunk;
    if (guess < high && part->chunks[guess].chunk == chunk)
        return &part->chunks[guess];
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (part->chunks[middle].chunk < chunk)
            low = middle + 1;
        else
            high = middle;
    }
    return low < part->chunk_count && part->chunks[low].chunk == chunk ? &part->chunks[low] : NULL;
}

/* The place of the user among those of the chunk. */
static bool part_user_in_array(const segi_part_chunk *pc, uint32_t low, uint32_t *out_index)
{
    const uint16_t *users = pc->users;
    uint32_t begin = 0, end = pc->user_count;
    while (begin < end) {
        uint32_t middle = begin + (end - begin) / 2;
        if (users[middle] < low)
            begin = middle + 1;
        else
            end = middle;
    }
    *out_index = begin;
    return begin < pc->user_count && users[begin] == low;
}

/* The same by counting members before it, with a head start every eight words. */
static bool part_user_in_mask(const segi_part_chunk *pc, uint32_t low, uint32_t *out_index)
{
    const uint64_t *words = pc->users;
    const uint16_t *ranks = (const uint16_t *)(words + SEGI_MASK_WORDS);
    if (!segi_bit_get(words, low))
        return false;
    uint32_t word = low >> 6, index = ranks[word / PART_RANK_WORDS];
    for (uint32_t w = word / PART_RANK_WORDS * PART_RANK_WORDS; w < word; w++)
        index += (uint32_t)segi_popcount(words[w]);
    *out_index = index + (uint32_t)segi_popcount(words[word] & (((uint64_t)1 << (low & 63)) - 1));
    return true;
}

/* Rows of one user are neighbours. The first is found by adding up the counts since the last
 * mark, at most PART_MARK_USERS of them. */
bool segi_part_user_rows(const segi_part *part, const segi_part_chunk *pc, uint32_t low,
                         uint32_t *out_begin, uint32_t *out_end)
{
    uint32_t index;
    if (!(pc->is_bits ? part_user_in_mask(pc, low, &index) : part_user_in_array(pc, low, &index)))
        return false;
    index += pc->user_begin;
    uint32_t user = index / PART_MARK_USERS * PART_MARK_USERS;
    uint64_t row = part->marks[index / PART_MARK_USERS];
    for (; user < index; user++)
        row += (uint64_t)segi_col_slot(&part->counts, user);
    *out_begin = (uint32_t)row;
    *out_end = (uint32_t)row + (uint32_t)segi_col_slot(&part->counts, index);
    return true;
}

void segi_part_users(const segi_part_chunk *pc, uint16_t *out)
{
    if (!pc->is_bits) {
        memcpy(out, pc->users, pc->user_count * sizeof *out);
        return;
    }
    const uint64_t *words = pc->users;
    for (uint32_t w = 0; w < SEGI_MASK_WORDS; w++)
        for (uint64_t word = words[w]; word != 0; word &= word - 1)
            *out++ = (uint16_t)(w * 64 + (uint32_t)segi_ctz(word));
}

/* ---- making ---------------------------------------------------------------------------------- */

/* Distinct users of all pieces: lows and rows per user; fills the chunks but for `users`. */
static void part_count_users(const segi_part_source *source, segi_part *part,
                             segi_part_chunk *chunks, uint16_t *lows, int64_t *counts)
{
    uint32_t users = 0;
    for (size_t p = 0; p < source->piece_count; p++) {
        const segi_piece *piece = &source->pieces[p];
        segi_part_chunk *pc = &chunks[p];
        *pc = (segi_part_chunk){.chunk = piece->chunk,
                                .row_begin = (uint32_t)piece->begin,
                                .row_count = (uint32_t)(piece->end - piece->begin),
                                .user_begin = users};
        for (size_t i = piece->begin; i < piece->end;) {
            size_t first = i;
            uint16_t low = source->keys[i].low;
            while (i < piece->end && source->keys[i].low == low)
                i++;
            lows[users] = low;
            counts[users++] = (int64_t)(i - first);
        }
        pc->user_count = users - pc->user_begin;
        pc->is_bits = segi_part_takes_mask(pc->user_count);
    }
    part->user_count = users;
}

/* Ranks fit 16 bits: the group that would begin at 65,536 does not exist. */
static void part_write_mask(const uint16_t *lows, uint32_t count, uint64_t *words)
{
    uint16_t *ranks = (uint16_t *)(words + SEGI_MASK_WORDS);
    uint32_t rank = 0;
    memset(words, 0, SEGI_MASK_WORDS * sizeof *words);
    for (uint32_t i = 0; i < count; i++)
        segi_bit_set(words, lows[i]);
    for (uint32_t w = 0; w < SEGI_MASK_WORDS; w++) {
        if (w % PART_RANK_WORDS == 0)
            ranks[w / PART_RANK_WORDS] = (uint16_t)rank;
        rank += (uint32_t)segi_popcount(words[w]);
    }
}

/* Sizes are multiples of 8, so that masks are aligned. */
static size_t part_users_bytes(const segi_part_chunk *pc)
{
    return pc->is_bits ? PART_MASK_BYTES : (pc->user_count * sizeof(uint16_t) + 7) / 8 * 8;
}

/* One array for all chunks: it is loaded and dropped as a whole. */
static bool arrays_make_users(const segi_mem *mem, const segi_part *part, const uint16_t *lows,
                              segi_arrays *arrays)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < part->chunk_count; i++)
        bytes += part_users_bytes(&part->chunks[i]);
    char *users = segi_alloc(mem, bytes + SEGI_COL_PADDING);
    if (!users)
        return false;
    arrays->users = users;
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        const segi_part_chunk *pc = &part->chunks[i];
        if (pc->is_bits)
            part_write_mask(lows + pc->user_begin, pc->user_count, (uint64_t *)(void *)users);
        else
            memcpy(users, lows + pc->user_begin, pc->user_count * sizeof *lows);
        users += part_users_bytes(pc);
    }
    memset(users, 0, SEGI_COL_PADDING);
    return true;
}

/* The row at which every 64th user begins, and the end. */
static bool arrays_make_marks(const segi_mem *mem, uint32_t users, const segi_col *counts,
                              segi_arrays *arrays)
{
    size_t count = users / PART_MARK_USERS + 2;
    uint32_t *marks = segi_alloc_array(mem, count, sizeof *marks), row = 0;
    if (!marks)
        return false;
    arrays->marks = marks;
    for (uint32_t i = 0; i < users; i++) {
        if (i % PART_MARK_USERS == 0)
            marks[i / PART_MARK_USERS] = row;
        row += (uint32_t)segi_col_slot(counts, i);
    }
    marks[(users + PART_MARK_USERS - 1) / PART_MARK_USERS] = row;
    return true;
}

/* Decided by figures that never change, so that a reader of the file decides alike. */
static bool part_has_row_users(const segi_part *part)
{
    return part->row_count < (uint64_t)part->user_count * PART_ROW_USERS_MAX;
}

/* Where runs are short, walking users to find a row's costs more than reading it. */
static bool arrays_make_row_users(const segi_mem *mem, const segi_part *part, const uint16_t *lows,
                                  const segi_col *counts, segi_arrays *arrays)
{
    if (!part_has_row_users(part))
        return true;
    uint16_t *users = segi_alloc_array(mem, part->row_count, sizeof *users);
    size_t row = 0;
    if (!users)
        return false;
    arrays->row_users = users;
    for (uint32_t i = 0; i < part->user_count; i++)
        for (int64_t left = segi_col_slot(counts, i); left > 0; left--)
            users[row++] = lows[i];
    return true;
}

bool segi_arrays_users(const segi_mem *mem, const segi_part *part, const uint16_t *lows,
                       const segi_col *counts, segi_arrays *arrays)
{
    return arrays_make_users(mem, part, lows, arrays) &&
           arrays_make_marks(mem, part->user_count, counts, arrays) &&
           arrays_make_row_users(mem, part, lows, counts, arrays);
}

/* Keys are sorted by user, so users and their counts are found in one walk. */
static bool part_make_who(const segi_mem *mem, segi_scratch *scratch,
                          const segi_part_source *source, segi_part *part)
{
    segi_part_chunk *chunks = segi_alloc_array(mem, source->piece_count, sizeof *chunks);
    uint16_t *lows = segi_scratch_get(scratch, SEGI_SCRATCH_LOWS, source->key_count, sizeof *lows);
    int64_t *counts =
        segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, source->key_count, sizeof *counts);
    segi_arrays arrays = {0};
    part->chunks = chunks;
    if (!chunks || !lows || !counts)
        return false;
    part->chunk_count = (uint32_t)source->piece_count;
    part_count_users(source, part, chunks, lows, counts);
    if (!segi_col_build(mem, SEG_TYPE_INT64, counts, NULL, part->user_count, &part->counts))
        return false;
    bool good = segi_arrays_users(mem, part, lows, &part->counts, &arrays);
    arrays.data = segi_unconst(part->counts.data);
    segi_part_put(part, SEGI_COLUMN_USERS, &arrays);
    return good;
}

/* Ties tell equal times apart where merged runs need it; most parts have none. */
static bool part_make_when(const segi_mem *mem, segi_scratch *scratch,
                           const segi_part_source *source, segi_part *part)
{
    size_t rows = source->key_count;
    int64_t *slots = segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, rows, sizeof *slots);
    if (!slots)
        return false;
    for (size_t i = 0; i < rows; i++)
        slots[i] = source->keys[i].time;
    if (!segi_col_build(mem, SEG_TYPE_TIMESTAMP, slots, NULL, rows, &part->time))
        return false;
    part->time_min = part->time.min;
    part->time_max = part->time.max;
    if (!source->ties) {
        part->tie = (segi_col){.type = SEG_TYPE_INT64, .unit = 1};
        return true;
    }
    for (size_t i = 0; i < rows; i++)
        slots[i] = source->ties[i];
    return segi_col_build(mem, SEG_TYPE_INT64, slots, NULL, rows, &part->tie);
}

/* Property by property, so that one array of wide values is enough for all. */
static bool part_make_columns(const segi_mem *mem, segi_scratch *scratch,
                              const segi_part_source *source, segi_part *part)
{
    size_t rows = source->key_count;
    uint32_t count = source->event->field_count;
    segi_col *columns = segi_alloc_zero(mem, count * sizeof *columns);
    int64_t *slots = segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, rows, sizeof *slots);
    uint8_t *states = segi_scratch_get(scratch, SEGI_SCRATCH_STATES, rows, 1);
    part->columns = columns;
    if (!columns || !slots || !states)
        return false;
    part->column_count = count;
    for (uint32_t i = 0; i < count; i++) {
        int found = source->fetch(source->context, source->event->index, i, source->keys, rows,
                                  slots, states);
        if (found == SEGI_FETCH_NOMEM)
            return false;
        if (found == SEGI_FETCH_NOTHING)
            continue;
        if (!segi_col_build(mem, source->event->fields[i]->type, slots, states, rows, &columns[i]))
            return false;
        /* A column in which no row has anything to say is left out. */
        if (columns[i].none_set && !columns[i].null)
            segi_col_deinit(mem, &columns[i]);
    }
    return true;
}

segi_part *segi_part_create(const segi_mem *mem, segi_scratch *scratch,
                            const segi_part_source *source)
{
    segi_part *part = segi_alloc_zero(mem, sizeof *part);
    if (!part)
        return NULL;
    part->event = source->event->index;
    part->generation = source->generation;
    part->row_count = (uint32_t)source->key_count;
    if (!part_make_who(mem, scratch, source, part) || !part_make_when(mem, scratch, source, part) ||
        !part_make_columns(mem, scratch, source, part)) {
        segi_part_destroy(mem, part);
        return NULL;
    }
    return part;
}

/* A part whose columns are to be loaded or put in later. */
segi_part *segi_part_create_bare(const segi_mem *mem, const segi_part *like)
{
    segi_part *part = segi_alloc_zero(mem, sizeof *part);
    if (!part)
        return NULL;
    *part = (segi_part){.event = like->event,
                        .row_count = like->row_count,
                        .user_count = like->user_count,
                        .generation = like->generation};
    part->chunks = segi_alloc_zero(mem, like->chunk_count * sizeof *part->chunks);
    part->columns = segi_alloc_zero(mem, like->column_count * sizeof *part->columns);
    if (!part->chunks || !part->columns) {
        segi_part_destroy(mem, part);
        return NULL;
    }
    part->chunk_count = like->chunk_count;
    part->column_count = like->column_count;
    return part;
}

void segi_part_destroy(const segi_mem *mem, segi_part *part)
{
    if (!part)
        return;
    for (uint32_t i = 0; i < SEGI_COLUMN_PROPERTY + part->column_count; i++) {
        segi_arrays arrays = segi_part_take(part, i);
        segi_arrays_free(mem, &arrays);
    }
    segi_free(mem, segi_unconst(part->columns));
    segi_free(mem, segi_unconst(part->chunks));
    segi_free(mem, part);
}

/* ---- columns come and go --------------------------------------------------------------------- */

/* Of what is there. */
static size_t part_who_bytes(const segi_part *part)
{
    size_t bytes = part->marks ? (part->user_count / PART_MARK_USERS + 2) * sizeof *part->marks : 0;
    for (uint32_t i = 0; i < part->chunk_count; i++)
        bytes += part->chunks[i].users ? part_users_bytes(&part->chunks[i]) : 0;
    return bytes + (part->row_users ? part->row_count * sizeof *part->row_users : 0);
}

size_t segi_part_column_bytes(const segi_part *part, uint32_t column)
{
    const segi_col *col = segi_part_col(part, column);
    size_t rows = column == SEGI_COLUMN_USERS ? part->user_count : part->row_count;
    return (column == SEGI_COLUMN_USERS ? part_who_bytes(part) : 0) +
           (col->data || col->width == 0 ? segi_col_bytes(col, rows) : 0);
}

void segi_arrays_free(const segi_mem *mem, segi_arrays *arrays)
{
    segi_free(mem, arrays->data);
    segi_free(mem, arrays->set);
    segi_free(mem, arrays->null);
    segi_free(mem, arrays->users);
    segi_free(mem, arrays->marks);
    segi_free(mem, arrays->row_users);
    *arrays = (segi_arrays){0};
}

/* Chunks show their users at their places in the one array. */
static void part_show_users(segi_part *part, char *users)
{
    segi_part_chunk *chunks = segi_unconst(part->chunks);
    size_t at = 0;
    for (uint32_t i = 0; i < part->chunk_count; i++) {
        chunks[i].users = users ? users + at : NULL;
        at += part_users_bytes(&chunks[i]);
    }
}

void segi_part_put(segi_part *part, uint32_t column, const segi_arrays *arrays)
{
    segi_col *col = segi_unconst(segi_part_col(part, column));
    col->data = arrays->data;
    col->set = arrays->set;
    col->null = arrays->null;
    if (column != SEGI_COLUMN_USERS)
        return;
    part->marks = arrays->marks;
    part->row_users = arrays->row_users;
    part_show_users(part, arrays->users);
}

segi_arrays segi_part_take(segi_part *part, uint32_t column)
{
    const segi_col *col = segi_part_col(part, column);
    segi_arrays arrays = {.data = segi_unconst(col->data),
                          .set = segi_unconst(col->set),
                          .null = segi_unconst(col->null)};
    if (column == SEGI_COLUMN_USERS) {
        arrays.users = part->chunk_count > 0 ? segi_unconst(part->chunks[0].users) : NULL;
        arrays.marks = segi_unconst(part->marks);
        arrays.row_users = segi_unconst(part->row_users);
    }
    segi_part_put(part, column, &(segi_arrays){0});
    return arrays;
}

size_t segi_part_bytes(const segi_part *part)
{
    size_t bytes = sizeof *part + part->chunk_count * sizeof *part->chunks +
                   part->column_count * sizeof *part->columns;
    for (uint32_t i = 0; i < SEGI_COLUMN_PROPERTY + part->column_count; i++)
        bytes += segi_part_column_bytes(part, i);
    return bytes;
}
