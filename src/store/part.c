/* Parts: immutable rows of one event type, column by column.
 *
 * The distinct users of a chunk are an array of low halves while there are few, and a mask
 * otherwise. Behind a mask lies a table with the number of members before each group of eight
 * words, so that a user's index costs eight population counts at the most. */
#include "store/part.h"

#include <string.h>

#include "base/error.h"

#define PART_ARRAY_MAX 4096
#define PART_RANK_WORDS 8
#define PART_RANKS (SEGI_MASK_WORDS / PART_RANK_WORDS)
#define PART_MASK_BYTES (SEGI_MASK_WORDS * sizeof(uint64_t) + PART_RANKS * sizeof(uint16_t))
#define PART_MARK_USERS 64
/* Rows know their users where there are fewer rows per user than this. */
#define PART_ROW_USERS_MAX 6

typedef struct part_full {
    segi_part pub; /* first, so that pointers convert */
    void *users;   /* owned: what the chunks' users point into */
    size_t bytes;
} part_full;

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
        pc->is_bits = pc->user_count > PART_ARRAY_MAX;
    }
    part->user_count = users;
}

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

static bool part_make_users(const segi_mem *mem, part_full *full, segi_part_chunk *chunks,
                            const uint16_t *lows)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < full->pub.chunk_count; i++)
        bytes += part_users_bytes(&chunks[i]);
    char *users = segi_alloc(mem, bytes + SEGI_COL_PADDING);
    if (!users)
        return false;
    full->users = users;
    full->bytes += bytes;
    for (uint32_t i = 0; i < full->pub.chunk_count; i++) {
        segi_part_chunk *pc = &chunks[i];
        pc->users = users;
        if (pc->is_bits)
            part_write_mask(lows + pc->user_begin, pc->user_count, (uint64_t *)(void *)users);
        else
            memcpy(users, lows + pc->user_begin, pc->user_count * sizeof *lows);
        users += part_users_bytes(pc);
    }
    memset(users, 0, SEGI_COL_PADDING);
    return true;
}

static bool part_make_marks(const segi_mem *mem, part_full *full, const int64_t *counts)
{
    uint32_t users = full->pub.user_count, row = 0;
    uint32_t *marks = segi_alloc_array(mem, users / PART_MARK_USERS + 2, sizeof *marks);
    if (!marks)
        return false;
    full->pub.marks = marks;
    full->bytes += (users / PART_MARK_USERS + 2) * sizeof *marks;
    for (uint32_t i = 0; i < users; i++) {
        if (i % PART_MARK_USERS == 0)
            marks[i / PART_MARK_USERS] = row;
        row += (uint32_t)counts[i];
    }
    marks[(users + PART_MARK_USERS - 1) / PART_MARK_USERS] = row;
    return true;
}

/* Where runs are short, walking users to find a row's costs more than reading it. */
static bool part_make_row_users(const segi_mem *mem, const segi_part_source *source,
                                part_full *full)
{
    if (source->key_count >= (size_t)full->pub.user_count * PART_ROW_USERS_MAX)
        return true;
    uint16_t *users = segi_alloc_array(mem, source->key_count, sizeof *users);
    if (!users)
        return false;
    for (size_t i = 0; i < source->key_count; i++)
        users[i] = source->keys[i].low;
    full->pub.row_users = users;
    full->bytes += source->key_count * sizeof *users;
    return true;
}

static bool part_make_who(const segi_mem *mem, segi_scratch *scratch,
                          const segi_part_source *source, part_full *full)
{
    segi_part_chunk *chunks = segi_alloc_array(mem, source->piece_count, sizeof *chunks);
    uint16_t *lows = segi_scratch_get(scratch, SEGI_SCRATCH_LOWS, source->key_count, sizeof *lows);
    int64_t *counts =
        segi_scratch_get(scratch, SEGI_SCRATCH_SLOTS, source->key_count, sizeof *counts);
    full->pub.chunks = chunks;
    full->bytes += source->piece_count * sizeof *chunks;
    if (!chunks || !lows || !counts)
        return false;
    full->pub.chunk_count = (uint32_t)source->piece_count;
    part_count_users(source, &full->pub, chunks, lows, counts);
    if (!part_make_users(mem, full, chunks, lows) || !part_make_marks(mem, full, counts) ||
        !part_make_row_users(mem, source, full))
        return false;
    return segi_col_build(mem, SEG_TYPE_INT64, counts, NULL, full->pub.user_count,
                          &full->pub.counts);
}

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

static size_t part_columns_bytes(const segi_part *part)
{
    size_t bytes = segi_col_bytes(&part->counts, part->user_count) +
                   segi_col_bytes(&part->time, part->row_count) +
                   segi_col_bytes(&part->tie, part->row_count);
    for (uint32_t i = 0; i < part->column_count; i++)
        bytes += segi_col_bytes(&part->columns[i], part->row_count) + sizeof part->columns[i];
    return bytes;
}

segi_part *segi_part_create(const segi_mem *mem, segi_scratch *scratch,
                            const segi_part_source *source)
{
    part_full *full = segi_alloc_zero(mem, sizeof *full);
    if (!full)
        return NULL;
    full->bytes = sizeof *full;
    full->pub.event = source->event->index;
    full->pub.generation = source->generation;
    full->pub.row_count = (uint32_t)source->key_count;
    if (!part_make_who(mem, scratch, source, full) ||
        !part_make_when(mem, scratch, source, &full->pub) ||
        !part_make_columns(mem, scratch, source, &full->pub)) {
        segi_part_destroy(mem, &full->pub);
        return NULL;
    }
    full->bytes += part_columns_bytes(&full->pub);
    return &full->pub;
}

void segi_part_destroy(const segi_mem *mem, segi_part *part)
{
    part_full *full = (part_full *)part;
    if (!full)
        return;
    for (uint32_t i = 0; i < part->column_count; i++)
        segi_col_deinit(mem, segi_unconst(&part->columns[i]));
    segi_free(mem, segi_unconst(part->columns));
    segi_col_deinit(mem, &part->counts);
    segi_col_deinit(mem, &part->time);
    segi_col_deinit(mem, &part->tie);
    segi_free(mem, segi_unconst(part->marks));
    segi_free(mem, segi_unconst(part->row_users));
    segi_free(mem, segi_unconst(part->chunks));
    segi_free(mem, full->users);
    segi_free(mem, full);
}

size_t segi_part_bytes(const segi_part *part)
{
    return ((const part_full *)part)->bytes;
}

/* ---- runs ------------------------------------------------------------------------------------ */

segi_run *segi_run_create(const segi_mem *mem, segi_bucket bucket, uint64_t generation,
                          segi_part *const *parts, uint32_t part_count)
{
    segi_run *run = segi_alloc_zero(mem, sizeof *run + part_count * sizeof run->parts[0]);
    if (!run)
        return NULL;
    SEGI_ASSERT(part_count > 0);
    atomic_init(&run->refs, 1);
    run->mem = mem;
    run->generation = generation;
    run->bucket = bucket;
    run->part_count = part_count;
    run->time_min = parts[0]->time_min;
    run->time_max = parts[0]->time_max;
    run->bytes = sizeof *run + part_count * sizeof run->parts[0];
    for (uint32_t i = 0; i < part_count; i++) {
        const segi_part *part = parts[i];
        run->parts[i] = parts[i];
        run->row_count += part->row_count;
        run->bytes += segi_part_bytes(part);
        run->time_min = part->time_min < run->time_min ? part->time_min : run->time_min;
        run->time_max = part->time_max > run->time_max ? part->time_max : run->time_max;
        run->has_ties |= part->tie.width > 0 || part->tie.base != 0;
    }
    return run;
}

void segi_run_retain(segi_run *run)
{
    atomic_fetch_add_explicit(&run->refs, 1, memory_order_relaxed);
}

void segi_run_release(segi_run *run)
{
    if (!run || atomic_fetch_sub_explicit(&run->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (uint32_t i = 0; i < run->part_count; i++)
        segi_part_destroy(run->mem, run->parts[i]);
    segi_free(run->mem, run);
}
