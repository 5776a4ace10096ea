/* Event ids that were seen: see dedup.h.
 *
 * An id is compared byte by byte; the content that came with it (user, type, time and every
 * property that is set or null) is kept as a keyed 128-bit hash, which tells an event sent again
 * from another event under the same id. The hash of the properties is a sum over them, so the
 * order of the columns does not matter. */
#include "store/dedup.h"

#include <string.h>

#include "base/error.h"
#include "base/hash.h"
#include "store/bucket.h"
#include "store/suppress.h"

#define DEDUP_BITS_MIN 6
#define DEDUP_BITS_MAX 32
#define DEDUP_BLOCK_MIN ((size_t)1 << 8)
#define DEDUP_BLOCK_MAX ((size_t)1 << 18)
#define DEDUP_PERIODS 16 /* groups per window */
#define DEDUP_PERIOD_MIN_US ((uint64_t)60 * 1000000)
#define DEDUP_FAR_PERIOD_US ((uint64_t)2048 * 86400 * 1000000)

struct segi_dedup_record {
    uint64_t body[2];
    uint64_t user; /* hash of the user's id: the record goes when the user is erased */
    uint32_t tag;
    uint32_t size; /* of id; DEDUP_FORGOTTEN: it was overwritten */
    char id[];
};
#define DEDUP_FORGOTTEN 0x80000000u
#define DEDUP_HEAD_BYTES 26u /* of a record on disk, before its id */

typedef struct dedup_block {
    struct dedup_block *next;
    size_t used, pending, capacity;
    unsigned char bytes[];
} dedup_block;

/* ---- hashing --------------------------------------------------------------------------------- */

/* One keyed hash per half. */
static uint64_t dedup_hash(const segi_dedup *dedup, int half, const void *data, size_t size)
{
    uint64_t key[2] = {dedup->key[0] + (uint64_t)half + 1, dedup->key[1]};
    return segi_siphash(key, data, size);
}

static void dedup_add_words(const segi_dedup *dedup, uint64_t tag, uint64_t a, uint64_t b,
                            uint64_t body[2])
{
    uint64_t words[3] = {tag, a, b};
    for (int half = 0; half < 2; half++)
        body[half] += dedup_hash(dedup, half, words, sizeof words);
}

static void dedup_add_bytes(const segi_dedup *dedup, uint64_t tag, const void *bytes, size_t size,
                            uint64_t body[2])
{
    for (int half = 0; half < 2; half++) {
        uint64_t words[3] = {tag, size, dedup_hash(dedup, half, bytes, size)};
        body[half] += dedup_hash(dedup, half, words, sizeof words);
    }
}

/* Equal decimals are equal whatever their scale. */
static void dedup_add_decimal(const segi_dedup *dedup, uint64_t tag, int64_t mantissa,
                              int32_t scale, uint64_t body[2])
{
    for (; scale > 0 && mantissa % 10 == 0; scale--)
        mantissa /= 10;
    dedup_add_words(dedup, tag, (uint64_t)mantissa, (uint64_t)scale, body);
}

/* By the bytes, whether or not they came through a dictionary. */
static void dedup_add_text(const segi_dedup *dedup, const seg_column *column, uint64_t row,
                           uint64_t tag, uint64_t body[2])
{
    uint64_t item = column->codes ? column->codes[row] : row;
    uint64_t begin = column->offsets[item], size = column->offsets[item + 1] - begin;
    const char *bytes = size > 0 ? (const char *)column->values + begin : "";
    dedup_add_bytes(dedup, tag, bytes, (size_t)size, body);
}

/* In the slot form, so that a value counts as the store keeps it: -0.0 is 0.0, a place is
 * rounded. */
static void dedup_add_value(const segi_dedup *dedup, const seg_column *column, uint64_t row,
                            uint64_t tag, uint64_t body[2])
{
    const void *values = column->values;
    int64_t slot = 0;
    switch (column->type) {
    case SEG_TYPE_STRING: dedup_add_text(dedup, column, row, tag, body); return;
    case SEG_TYPE_DECIMAL:
        dedup_add_decimal(dedup, tag, ((const int64_t *)values)[row], column->scale, body);
        return;
    case SEG_TYPE_BOOL: slot = ((const uint8_t *)values)[row]; break;
    case SEG_TYPE_DATE: slot = ((const int32_t *)values)[row]; break;
    case SEG_TYPE_FLOAT64: slot = segi_slot_of_float(((const double *)values)[row]); break;
    case SEG_TYPE_GEO:
        (void)segi_slot_of_geo(((const double *)values)[2 * row],
                               ((const double *)values)[2 * row + 1], &slot);
        break;
    default: slot = ((const int64_t *)values)[row]; break;
    }
    dedup_add_words(dedup, tag, (uint64_t)slot, 0, body);
}

/* Tags tell apart what the values belong to: 1 the time, 2 the user, 3 the type, else the
 * column's name. Null and absent are different contents. */
static void dedup_body(const segi_dedup *dedup, const segi_checked_batch *checked,
                       const uint64_t *column_tags, uint64_t row, uint64_t body[2])
{
    const seg_batch *batch = &checked->batch;
    body[0] = body[1] = 0;
    dedup_add_words(dedup, 1, (uint64_t)batch->times[row], 0, body);
    if (batch->user_ids)
        dedup_add_words(dedup, 2, batch->user_ids[row], 0, body);
    else
        dedup_add_bytes(dedup, 2, batch->user_bytes + batch->user_offsets[row],
                        (size_t)(batch->user_offsets[row + 1] - batch->user_offsets[row]), body);
    if (batch->event)
        dedup_add_bytes(dedup, 3, batch->event, (size_t)batch->event_size, body);
    else
        dedup_add_text(dedup, &checked->event_types, row, 3, body);
    for (uint64_t i = 0; i < batch->column_count; i++) {
        const seg_column *column = &checked->columns[i];
        uint8_t state = column->states ? column->states[row] : SEG_VALUE_SET;
        if (state == SEG_VALUE_SET)
            dedup_add_value(dedup, column, row, column_tags[i], body);
        else if (state == SEG_VALUE_NULL)
            dedup_add_words(dedup, column_tags[i] + 1, 0, 0, body);
    }
}

/* Never 0. */
static uint64_t dedup_user_hash(const segi_dedup *dedup, const void *id, size_t size)
{
    uint64_t hash = dedup_hash(dedup, 3, id, size);
    return hash != 0 ? hash : 1;
}

/* Of a row's user. */
static uint64_t dedup_user(const segi_dedup *dedup, const seg_batch *batch, uint64_t row)
{
    if (!batch->user_ids) {
        uint64_t begin = batch->user_offsets[row];
        return dedup_user_hash(dedup, batch->user_bytes + begin,
                               (size_t)(batch->user_offsets[row + 1] - begin));
    }
    unsigned char bytes[8];
    segi_id_bytes(batch->user_ids[row], bytes);
    return dedup_user_hash(dedup, bytes, sizeof bytes);
}

/* ---- the table ------------------------------------------------------------------------------- */

/* Where the search for the tag begins: its upper bits. */
static size_t dedup_place(const segi_dedup *dedup, uint32_t tag)
{
    return (size_t)((uint64_t)tag >> (32 - dedup->bits));
}

static size_t dedup_next(const segi_dedup *dedup, size_t place)
{
    return (place + 1) & (((size_t)1 << dedup->bits) - 1);
}

/* Linear probing; the table is at most half full. */
static segi_dedup_record *dedup_find(const segi_dedup *dedup, uint32_t tag, const char *id,
                                     size_t size)
{
    size_t place = dedup_place(dedup, tag);
    for (; dedup->slots[place].record; place = dedup_next(dedup, place)) {
        segi_dedup_record *record = dedup->slots[place].record;
        if (dedup->slots[place].tag == tag && record->size == size &&
            memcmp(record->id, id, size) == 0)
            return record;
    }
    return NULL;
}

/* There is room. */
static void dedup_put(segi_dedup *dedup, segi_dedup_slot slot)
{
    size_t place = dedup_place(dedup, slot.tag);
    while (dedup->slots[place].record)
        place = dedup_next(dedup, place);
    dedup->slots[place] = slot;
}

/* Take a record out and close the gap, so that every run stays unbroken.
 * Knuth's algorithm R (The Art of Computer Programming, 6.4), by distances from home. */
static void dedup_remove(segi_dedup *dedup, const segi_dedup_record *record)
{
    size_t mask = ((size_t)1 << dedup->bits) - 1, hole = dedup_place(dedup, record->tag);
    while (dedup->slots[hole].record != record)
        hole = dedup_next(dedup, hole);
    for (size_t at = dedup_next(dedup, hole); dedup->slots[at].record; at = dedup_next(dedup, at)) {
        size_t home = dedup_place(dedup, dedup->slots[at].tag);
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        dedup->slots[hole] = dedup->slots[at];
        hole = at;
    }
    dedup->slots[hole].record = NULL;
    dedup->count--;
}

/* At most half full with `more` entries more. */
static bool dedup_grow(segi_dedup *dedup, size_t more)
{
    uint32_t bits = dedup->bits;
    while (dedup->count + more > ((size_t)1 << bits) / 2)
        bits++;
    if (bits == dedup->bits)
        return true;
    if (bits > DEDUP_BITS_MAX)
        return false;
    segi_dedup_slot *slots = segi_alloc_zero(dedup->mem, ((size_t)1 << bits) * sizeof *slots);
    if (!slots)
        return false;
    segi_dedup_slot *old = dedup->slots;
    size_t old_count = (size_t)1 << dedup->bits;
    dedup->bytes += (((size_t)1 << bits) - old_count) * sizeof *slots;
    dedup->slots = slots;
    dedup->bits = bits;
    for (size_t i = 0; i < old_count; i++)
        if (old[i].record)
            dedup_put(dedup, old[i]);
    segi_free(dedup->mem, old);
    return true;
}

/* ---- scanning a batch ------------------------------------------------------------------------ */

/* The index finds ids that this commit brings twice; it ends with the next commit. */
bool segi_dedup_begin(segi_dedup *dedup, size_t rows)
{
    dedup->new_count = 0;
    dedup->index_bits = DEDUP_BITS_MIN;
    while (dedup->index_bits < DEDUP_BITS_MAX && rows > ((size_t)1 << dedup->index_bits) / 2)
        dedup->index_bits++;
    segi_free(dedup->mem, dedup->index);
    dedup->index = NULL;
    if (rows == 0)
        return true;
    dedup->index =
        segi_alloc_zero(dedup->mem, ((size_t)1 << dedup->index_bits) * sizeof *dedup->index);
    return dedup->index != NULL;
}

/* A new id of this commit, or the place in the index where it belongs. */
static segi_dedup_new *dedup_find_new(segi_dedup *dedup, const segi_dedup_new *row,
                                      size_t *out_place)
{
    size_t mask = ((size_t)1 << dedup->index_bits) - 1;
    size_t place = (size_t)((uint64_t)row->tag >> (32 - dedup->index_bits));
    for (; dedup->index[place] != 0; place = (place + 1) & mask) {
        segi_dedup_new *other = &dedup->news[dedup->index[place] - 1];
        if (other->tag == row->tag && other->size == row->size &&
            memcmp(other->id, row->id, row->size) == 0)
            return other;
    }
    *out_place = place;
    return NULL;
}

/* Events older than the window were forgotten, so nothing can be said about them: they pass. */
static bool dedup_in_window(const segi_dedup *dedup, int64_t time, int64_t watermark)
{
    return time >= watermark || (uint64_t)watermark - (uint64_t)time <= dedup->window_us;
}

/* A duplicate is no fault of the batch, so it does not become its lowest rejected row. */
static bool dedup_mark(segi_checked_batch *batch, segi_arena *arena, uint64_t row, uint8_t result)
{
    if (!batch->results)
        batch->results = segi_arena_alloc(arena, (size_t)batch->batch.row_count);
    if (!batch->results)
        return false;
    batch->results[row] = result;
    batch->rejected++;
    if (result == SEG_ROW_CONFLICT && batch->first_row + row < batch->rejected_row)
        batch->rejected_row = batch->first_row + row;
    return true;
}

/* SEG_ROW_OK, _DUPLICATE or _CONFLICT; new ids are remembered. False when out of memory. */
static bool dedup_judge(segi_dedup *dedup, segi_dedup_new *row, uint8_t *out)
{
    size_t place = 0;
    const uint64_t *body = NULL;
    const segi_dedup_record *record = dedup_find(dedup, row->tag, row->id, row->size);
    if (record) {
        body = record->body;
    } else {
        const segi_dedup_new *other = dedup_find_new(dedup, row, &place);
        body = other ? other->body : NULL;
    }
    *out = SEG_ROW_OK;
    if (body) {
        bool same = body[0] == row->body[0] && body[1] == row->body[1];
        *out = same ? SEG_ROW_DUPLICATE : SEG_ROW_CONFLICT;
        return true;
    }
    if (!segi_grow(dedup->mem, (void **)&dedup->news, &dedup->new_capacity, dedup->new_count + 1,
                   sizeof *dedup->news))
        return false;
    dedup->news[dedup->new_count++] = *row;
    dedup->index[place] = (uint32_t)dedup->new_count;
    return true;
}

/* A hash of each column's name. */
static uint64_t *dedup_column_tags(const segi_dedup *dedup, const segi_checked_batch *batch,
                                   segi_arena *arena)
{
    size_t count = (size_t)batch->batch.column_count;
    uint64_t *tags = segi_arena_array(arena, count + 1, sizeof *tags);
    for (size_t i = 0; tags && i < count; i++)
        tags[i] = dedup_hash(dedup, 2, batch->columns[i].name, (size_t)batch->columns[i].name_size);
    return tags;
}

bool segi_dedup_scan(segi_dedup *dedup, segi_checked_batch *batch, segi_arena *arena,
                     int64_t watermark, uint64_t *io_duplicates, uint64_t *out_conflict)
{
    const seg_column *ids = &batch->event_ids;
    uint64_t *tags = dedup_column_tags(dedup, batch, arena);
    *out_conflict = UINT64_MAX;
    if (!tags)
        return false;
    for (uint64_t row = 0; row < batch->batch.row_count; row++) {
        uint8_t result;
        if (batch->results && batch->results[row] != SEG_ROW_OK)
            continue;
        if ((ids->states && ids->states[row] != SEG_VALUE_SET) ||
            !dedup_in_window(dedup, batch->batch.times[row], watermark))
            continue;
        segi_dedup_new next = {.id = (const char *)ids->values + ids->offsets[row],
                               .size = (uint32_t)(ids->offsets[row + 1] - ids->offsets[row]),
                               .time = batch->batch.times[row]};
        next.tag = (uint32_t)(segi_siphash(dedup->key, next.id, next.size) >> 32);
        dedup_body(dedup, batch, tags, row, next.body);
        next.user = dedup_user(dedup, &batch->batch, row);
        if (!dedup_judge(dedup, &next, &result))
            return false;
        if (result == SEG_ROW_OK)
            continue;
        if (!dedup_mark(batch, arena, row, result))
            return false;
        *io_duplicates += result == SEG_ROW_DUPLICATE;
        if (result == SEG_ROW_CONFLICT && *out_conflict == UINT64_MAX)
            *out_conflict = batch->first_row + row;
    }
    return true;
}

/* ---- groups ---------------------------------------------------------------------------------- */

/* Times of one period share a group. Far beyond the watermark periods are long, so that wild times
 * do not make many groups; what lies before the window shares one that ends with the commit. */
static void dedup_period(const segi_dedup *dedup, int64_t time, int64_t watermark,
                         uint64_t *out_begin, uint64_t *out_end)
{
    uint64_t at = (uint64_t)time - (uint64_t)SEG_TIME_MIN;
    uint64_t now = (uint64_t)watermark - (uint64_t)SEG_TIME_MIN;
    uint64_t period = dedup->window_us / DEDUP_PERIODS;
    *out_begin = 0;
    *out_end = UINT64_MAX;
    if (dedup->window_us == UINT64_MAX)
        return;
    if (at < now && now - at > dedup->window_us) {
        *out_end = now - dedup->window_us - 1;
        return;
    }
    period = period < DEDUP_PERIOD_MIN_US ? DEDUP_PERIOD_MIN_US : period;
    if (at > now && at - now > dedup->window_us && period < DEDUP_FAR_PERIOD_US)
        period = DEDUP_FAR_PERIOD_US;
    *out_begin = at / period * period;
    *out_end = *out_begin + period - 1;
}

segi_dedup_group *segi_dedup_add_group(segi_dedup *dedup, uint64_t begin, uint64_t end)
{
    segi_dedup_group *group = segi_alloc_zero(dedup->mem, sizeof *group);
    if (!group)
        return NULL;
    group->next = dedup->groups;
    group->begin = begin;
    group->end = end;
    dedup->groups = group;
    dedup->bytes += sizeof *group;
    return group;
}

/* The group of the time, made where it is new. NULL: no memory. */
static segi_dedup_group *dedup_group(segi_dedup *dedup, int64_t time, int64_t watermark)
{
    uint64_t begin, end;
    dedup_period(dedup, time, watermark, &begin, &end);
    segi_dedup_group **link = &dedup->groups;
    for (; *link; link = &(*link)->next) {
        segi_dedup_group *group = *link;
        if (group->begin != begin || group->end != end)
            continue;
        /* To the front: the next row mostly wants the same. */
        *link = group->next;
        group->next = dedup->groups;
        dedup->groups = group;
        return group;
    }
    segi_dedup_group *group = segi_dedup_add_group(dedup, begin, end);
    if (group)
        group->loaded = true;
    return group;
}

/* Multiples of eight, for the alignment of the next one. */
static size_t dedup_record_bytes(size_t id_size)
{
    return (sizeof(segi_dedup_record) + id_size + 7) / 8 * 8;
}

static segi_dedup_record *dedup_record_alloc(segi_dedup *dedup, segi_dedup_group *group,
                                             size_t id_size)
{
    size_t bytes = dedup_record_bytes(id_size);
    dedup_block *block = group->blocks;
    if (!block || block->capacity - block->pending < bytes) {
        size_t capacity = block ? block->capacity * 2 : DEDUP_BLOCK_MIN;
        capacity = capacity < DEDUP_BLOCK_MAX ? capacity : DEDUP_BLOCK_MAX;
        capacity = capacity < bytes ? bytes : capacity;
        block = segi_alloc(dedup->mem, sizeof *block + capacity);
        if (!block)
            return NULL;
        block->next = group->blocks;
        block->used = block->pending = 0;
        block->capacity = capacity;
        group->blocks = block;
        dedup->bytes += sizeof *block + capacity;
    }
    void *record = block->bytes + block->pending;
    block->pending += bytes;
    return record;
}

/* Before the first events the store has no watermark; theirs will be it. */
static int64_t dedup_first_watermark(const segi_dedup *dedup)
{
    segi_clock clock;
    segi_clock_init(&clock);
    for (size_t i = 0; i < dedup->new_count; i++)
        segi_clock_add(&clock, &dedup->news[i].time, 1);
    return segi_clock_watermark(&clock);
}

bool segi_dedup_reserve(segi_dedup *dedup, int64_t watermark)
{
    if (!dedup_grow(dedup, dedup->new_count))
        return false;
    if (watermark == SEG_TIME_MIN)
        watermark = dedup_first_watermark(dedup);
    for (size_t i = 0; i < dedup->new_count; i++) {
        segi_dedup_new *row = &dedup->news[i];
        row->group = dedup_group(dedup, row->time, watermark);
        if (!row->group)
            return false;
        row->record = dedup_record_alloc(dedup, row->group, row->size);
        if (!row->record)
            return false;
    }
    return true;
}

static void dedup_end(segi_dedup *dedup)
{
    segi_free(dedup->mem, dedup->index);
    segi_free(dedup->mem, dedup->news);
    dedup->index = NULL;
    dedup->news = NULL;
    dedup->new_count = dedup->new_capacity = 0;
}

void segi_dedup_drop(segi_dedup *dedup)
{
    for (segi_dedup_group *group = dedup->new_count > 0 ? dedup->groups : NULL; group;
         group = group->next)
        for (dedup_block *block = group->blocks; block && block->pending != block->used;
             block = block->next)
            block->pending = block->used;
    dedup_end(dedup);
}

void segi_dedup_apply(segi_dedup *dedup)
{
    for (size_t i = 0; i < dedup->new_count; i++) {
        const segi_dedup_new *row = &dedup->news[i];
        row->record->body[0] = row->body[0];
        row->record->body[1] = row->body[1];
        row->record->user = row->user;
        row->record->tag = row->tag;
        row->record->size = row->size;
        memcpy(row->record->id, row->id, row->size);
        dedup_put(dedup, (segi_dedup_slot){row->record, row->tag});
        dedup->count++;
        row->group->count++;
        for (dedup_block *block = row->group->blocks; block && block->used != block->pending;
             block = block->next)
            block->used = block->pending;
    }
    dedup_end(dedup);
}

/* Its records in memory; entries: also those of the table. */
static void dedup_group_clear(segi_dedup *dedup, segi_dedup_group *group, bool entries)
{
    while (group->blocks) {
        dedup_block *block = group->blocks;
        for (size_t at = 0; entries && at < block->used;) {
            const segi_dedup_record *record =
                (const segi_dedup_record *)(const void *)(block->bytes + at);
            at += dedup_record_bytes(record->size & ~DEDUP_FORGOTTEN);
            if (!(record->size & DEDUP_FORGOTTEN))
                dedup_remove(dedup, record);
        }
        group->blocks = block->next;
        dedup->bytes -= sizeof *block + block->capacity;
        segi_free(dedup->mem, block);
    }
}

void segi_dedup_unload(segi_dedup *dedup, segi_dedup_group *group)
{
    dedup_group_clear(dedup, group, true);
}

static void dedup_group_free(segi_dedup *dedup, segi_dedup_group *group, bool entries)
{
    dedup_group_clear(dedup, group, entries);
    dedup->bytes -= sizeof *group;
    segi_sheets_deinit(&group->sheets, dedup->mem);
    segi_free(dedup->mem, group);
}

void segi_dedup_expire(segi_dedup *dedup, int64_t watermark)
{
    uint64_t now = (uint64_t)watermark - (uint64_t)SEG_TIME_MIN;
    for (segi_dedup_group **link = &dedup->groups; *link;) {
        segi_dedup_group *group = *link;
        if (group->end >= now || now - group->end <= dedup->window_us) {
            link = &group->next;
            continue;
        }
        *link = group->next;
        dedup_group_free(dedup, group, true);
    }
}

/* ---- forgetting users ------------------------------------------------------------------------ */

bool segi_dedup_users_init(segi_dedup_users *users, const segi_mem *mem, size_t count)
{
    *users = (segi_dedup_users){.bits = 3};
    while (users->bits < DEDUP_BITS_MAX && count > ((size_t)1 << users->bits) / 2)
        users->bits++;
    users->slots = segi_alloc_zero(mem, ((size_t)1 << users->bits) * sizeof *users->slots);
    return users->slots != NULL;
}

void segi_dedup_users_deinit(segi_dedup_users *users, const segi_mem *mem)
{
    segi_free(mem, users->slots);
    *users = (segi_dedup_users){0};
}

/* Where the hash is, or the empty slot where it belongs. */
static uint64_t *dedup_users_slot(const segi_dedup_users *users, uint64_t hash)
{
    size_t mask = ((size_t)1 << users->bits) - 1, at = (size_t)hash & mask;
    while (users->slots[at] != 0 && users->slots[at] != hash)
        at = (at + 1) & mask;
    return &users->slots[at];
}

void segi_dedup_users_add(const segi_dedup *dedup, segi_dedup_users *users, const void *id,
                          size_t size)
{
    uint64_t hash = dedup_user_hash(dedup, id, size);
    uint64_t *slot = dedup_users_slot(users, hash);
    users->count += *slot == 0;
    *slot = hash;
}

static bool dedup_is_named(const segi_dedup_record *record, const segi_dedup_users *users)
{
    return !(record->size & DEDUP_FORGOTTEN) && *dedup_users_slot(users, record->user) != 0;
}

segi_dedup_rewrite segi_dedup_forget_cost(const segi_dedup *dedup, const segi_dedup_users *users)
{
    segi_dedup_rewrite all = {0};
    for (const segi_dedup_group *group = dedup->groups; group; group = group->next) {
        bool named = false;
        uint64_t bytes = 0;
        for (const dedup_block *block = group->blocks; block; block = block->next)
            for (size_t at = 0; at < block->used;) {
                const segi_dedup_record *record =
                    (const segi_dedup_record *)(const void *)(block->bytes + at);
                size_t size = record->size & ~DEDUP_FORGOTTEN;
                at += dedup_record_bytes(size);
                named |= dedup_is_named(record, users);
                bytes += DEDUP_HEAD_BYTES + size;
            }
        all.sheets += named ? group->count / SEGI_SHEET_MAX + 1 : 0;
        all.bytes += named ? bytes : 0;
    }
    return all;
}

static uint64_t dedup_forget_block(segi_dedup *dedup, dedup_block *block,
                                   const segi_dedup_users *users)
{
    uint64_t forgotten = 0;
    for (size_t at = 0; at < block->used;) {
        segi_dedup_record *record = (segi_dedup_record *)(void *)(block->bytes + at);
        size_t size = record->size & ~DEDUP_FORGOTTEN;
        at += dedup_record_bytes(size);
        if (!dedup_is_named(record, users))
            continue;
        dedup_remove(dedup, record);
        memset(record, 0, sizeof *record + size);
        record->size = (uint32_t)size | DEDUP_FORGOTTEN;
        forgotten++;
    }
    return forgotten;
}

uint64_t segi_dedup_forget(segi_dedup *dedup, const segi_dedup_users *users)
{
    uint64_t forgotten = 0;
    if (users->count == 0)
        return 0;
    for (segi_dedup_group *group = dedup->groups; group; group = group->next) {
        uint64_t lost = 0;
        for (dedup_block *block = group->blocks; block; block = block->next)
            lost += dedup_forget_block(dedup, block, users);
        group->count -= (uint32_t)lost;
        forgotten += lost;
        if (lost > 0)
            segi_sheets_clear(&group->sheets);
    }
    return forgotten;
}

/* ---- begin and end --------------------------------------------------------------------------- */

bool segi_dedup_init(segi_dedup *dedup, const segi_mem *mem, const uint64_t key[2],
                     uint64_t window_us)
{
    memset(dedup, 0, sizeof *dedup);
    dedup->mem = mem;
    dedup->key[0] = key[0];
    dedup->key[1] = key[1];
    dedup->window_us = window_us;
    dedup->bits = DEDUP_BITS_MIN;
    dedup->bytes = ((size_t)1 << dedup->bits) * sizeof *dedup->slots;
    dedup->slots = segi_alloc_zero(mem, dedup->bytes);
    return dedup->slots != NULL;
}

void segi_dedup_deinit(segi_dedup *dedup)
{
    while (dedup->groups) {
        segi_dedup_group *group = dedup->groups;
        dedup->groups = group->next;
        dedup_group_free(dedup, group, false);
    }
    dedup_end(dedup);
    segi_free(dedup->mem, dedup->slots);
    dedup->slots = NULL;
}

/* ---- on disk --------------------------------------------------------------------------------- */

/* Blocks are linked from the newest to the oldest. */
static dedup_block *dedup_reverse(dedup_block *blocks)
{
    dedup_block *first = NULL;
    while (blocks) {
        dedup_block *next = blocks->next;
        blocks->next = first;
        first = blocks;
        blocks = next;
    }
    return first;
}

void segi_dedup_write(segi_dedup_group *group, uint32_t begin, uint32_t count, segi_buf *buf)
{
    uint32_t index = 0;
    dedup_block *first = dedup_reverse(group->blocks);
    for (const dedup_block *block = first; block; block = block->next)
        for (size_t at = 0; at < block->used && index < begin + count;) {
            const segi_dedup_record *record =
                (const segi_dedup_record *)(const void *)(block->bytes + at);
            at += dedup_record_bytes(record->size & ~DEDUP_FORGOTTEN);
            if (record->size & DEDUP_FORGOTTEN || index++ < begin)
                continue;
            segi_put_u16(buf, (uint16_t)record->size);
            segi_put_u64(buf, record->body[0]);
            segi_put_u64(buf, record->body[1]);
            segi_put_u64(buf, record->user);
            segi_buf_add(buf, record->id, record->size);
        }
    group->blocks = dedup_reverse(first);
}

seg_status segi_dedup_read(segi_dedup *dedup, segi_dedup_group *group, uint32_t count,
                           segi_wire *from)
{
    if (!dedup_grow(dedup, count))
        return SEG_E_NOMEM;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t size = segi_get_u16(from);
        uint64_t first = segi_get_u64(from), second = segi_get_u64(from);
        uint64_t user = segi_get_u64(from);
        const char *id = segi_get_skip(from, size);
        if (!id || size == 0 || size > SEG_ID_SIZE_MAX || user == 0)
            return SEG_E_CORRUPT;
        uint32_t tag = (uint32_t)(segi_siphash(dedup->key, id, size) >> 32);
        if (dedup_find(dedup, tag, id, size))
            return SEG_E_CORRUPT;
        segi_dedup_record *record = dedup_record_alloc(dedup, group, size);
        if (!record)
            return SEG_E_NOMEM;
        record->body[0] = first;
        record->body[1] = second;
        record->user = user;
        record->tag = tag;
        record->size = size;
        memcpy(record->id, id, size);
        group->blocks->used = group->blocks->pending;
        dedup_put(dedup, (segi_dedup_slot){record, tag});
        dedup->count++;
    }
    return segi_wire_done(from) ? SEG_OK : SEG_E_CORRUPT;
}
