/* api_set.c - sets of customers: making, asking, combining, reading, roaring bytes.
 *
 * A set is a roaring bitmap over ordinals with the snapshot that they belong to. Sets of
 * different snapshots of one store combine, because ordinals are never given twice; the result
 * belongs to the later one. */
#include <string.h>

#include "api/api_int.h"

/* Ids that are looked up or read together: enough to overlap the memory accesses of the id map,
 * few enough for the stack. */
#define BLOCK 1024u

/* contains_many unpacks the set where at least this many ids fall on each of its chunks: that is
 * what unpacking one chunk costs in single lookups. */
#define UNPACK_IDS_PER_CHUNK 256u

/* Ids that a 64-bit bitmap may hold beyond the users of the snapshot. A few hostile bytes can
 * stand for billions, which are unpacked before they are looked up. */
#define ROARING_UNKNOWN_MAX ((uint64_t)1 << 24)

/* A place in a set. One thread. */
struct seg_set_cursor {
    seg_set *set;            /* retained */
    segi_buf bytes;          /* owned: what the last call handed out */
    uint64_t next;           /* the first ordinal behind the piece */
    uint32_t left;           /* members of the piece that were not handed out */
    uint32_t at;             /* the first of them in its list, or its word in the mask */
    segi_bitmap_piece piece; /* members of the mask are taken out as they are handed out */
};

/* ---- making ------------------------------------------------------------------------------ */

seg_status segi_api_set_create(seg_snapshot *snapshot, segi_bitmap *bitmap, int64_t now,
                               seg_set **out, seg_error *err)
{
    /* What asks a set about ids cannot fail, so they have to be there. */
    seg_status status = segi_snapshot_need_ids(snapshot->snapshot, err);
    seg_set *set = status == SEG_OK ? segi_alloc_zero(&snapshot->store->mem, sizeof *set) : NULL;
    if (set == NULL) {
        segi_bitmap_destroy(bitmap);
        return status == SEG_OK ? segi_fail_nomem(err) : status;
    }
    segi_api_refs_init(&set->refs);
    seg_snapshot_retain(snapshot);
    set->snapshot = snapshot;
    set->now = now;
    set->bitmap = bitmap;
    *out = set;
    return SEG_OK;
}

void seg_set_retain(seg_set *set)
{
    if (set != NULL)
        segi_api_refs_add(&set->refs);
}

void seg_set_release(seg_set *set)
{
    if (set == NULL || !segi_api_refs_drop(&set->refs))
        return;
    seg_snapshot *snapshot = set->snapshot;
    segi_bitmap_destroy(set->bitmap);
    segi_free(&snapshot->store->mem, set);
    seg_snapshot_release(snapshot);
}

/* All users of a snapshot but those who were erased. */
static seg_status everyone_create(const seg_snapshot *snapshot, segi_bitmap **out, seg_error *err)
{
    const segi_snapshot *inner = snapshot->snapshot;
    if (inner->erased_count == 0)
        return segi_bitmap_from_prefix(inner->user_count, out, err);
    SEGI_TRY(segi_snapshot_need_universe(inner, err));
    segi_bitmap_builder builder;
    segi_mask mask;
    segi_bitmap_builder_init(&builder, &snapshot->store->mem);
    seg_status status = SEG_OK;
    for (uint32_t first = 0; status == SEG_OK && first < inner->user_count;) {
        uint32_t chunk = first >> SEGI_CHUNK_BITS;
        if (segi_snapshot_universe(inner, chunk, SEG_TIME_MAX, &mask) > 0)
            status = segi_bitmap_builder_add(&builder, chunk, &mask);
        if (inner->user_count - first <= SEGI_CHUNK_USERS)
            break;
        first += SEGI_CHUNK_USERS;
    }
    if (status == SEG_OK)
        status = segi_bitmap_builders_finish(&builder, 1, out, err);
    else
        segi_fail_nomem(err);
    segi_bitmap_builder_deinit(&builder);
    return status;
}

seg_status seg_set_everyone(seg_snapshot *snapshot, seg_set **out_set, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    segi_bitmap *bitmap = NULL;
    SEGI_TRY(everyone_create(snapshot, &bitmap, err));
    return segi_api_set_create(snapshot, bitmap, 0, out_set, err);
}

/* ---- ids to ordinals --------------------------------------------------------------------- */

uint32_t segi_api_find(const seg_snapshot *snapshot, const char *user, size_t user_size)
{
    if (user == NULL || user_size == 0 || user_size > SEG_ID_SIZE_MAX)
        return UINT32_MAX;
    return segi_snapshot_find(snapshot->snapshot, user, user_size);
}

/* Ids of this kind can be looked up. */
static seg_status ids_need(const seg_snapshot *snapshot, uint32_t id_kind, seg_error *err)
{
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    SEGI_TRY(segi_api_check_id_kind(segi_api_id_kind(snapshot), id_kind, err));
    return segi_snapshot_need_ids(snapshot->snapshot, err);
}

seg_status segi_api_ordinal(const seg_snapshot *snapshot, const char *user, size_t user_size,
                            uint32_t *out, seg_error *err)
{
    SEGI_CHECK_ARG(user != NULL || user_size == 0, err, "user is NULL");
    SEGI_TRY(ids_need(snapshot, SEG_ID_BYTES, err));
    *out = segi_api_find(snapshot, user, user_size);
    return SEG_OK;
}

seg_status segi_api_ordinal_u64(const seg_snapshot *snapshot, uint64_t user, uint32_t *out,
                                seg_error *err)
{
    SEGI_TRY(ids_need(snapshot, SEG_ID_U64, err));
    *out = segi_snapshot_find_u64(snapshot->snapshot, user);
    return SEG_OK;
}

/* Offsets that fall would make ids of absurd size. */
bool segi_api_ids_readable(const segi_api_ids *ids)
{
    if (ids->offsets == NULL)
        return ids->numbers != NULL || ids->count == 0;
    for (size_t i = 0; i < ids->count; i++) {
        if (ids->offsets[i] > ids->offsets[i + 1])
            return false;
    }
    return ids->bytes != NULL || ids->offsets[ids->count] == ids->offsets[0];
}

void segi_api_ids_find(const seg_snapshot *snapshot, const segi_api_ids *ids, size_t begin,
                       size_t count, uint32_t *out)
{
    if (ids->offsets != NULL)
        segi_snapshot_find_many(snapshot->snapshot, ids->bytes, ids->offsets + begin, count, out);
    else
        segi_snapshot_find_many_u64(snapshot->snapshot, ids->numbers + begin, count, out);
}

/* Ids that the snapshot does not know are counted and left out. */
static seg_status set_from_ids(seg_snapshot *snapshot, const segi_api_ids *ids, seg_set **out_set,
                               uint64_t *out_unknown, seg_error *err)
{
    const segi_mem *mem = &snapshot->store->mem;
    SEGI_TRY(segi_snapshot_need_ids(snapshot->snapshot, err));
    uint32_t *ordinals = segi_alloc_array(mem, ids->count, sizeof *ordinals);
    if (ordinals == NULL)
        return segi_fail_nomem(err);
    size_t known = 0;
    for (size_t begin = 0; begin < ids->count; begin += BLOCK) {
        uint32_t found[BLOCK];
        size_t count = ids->count - begin < BLOCK ? ids->count - begin : BLOCK;
        segi_api_ids_find(snapshot, ids, begin, count, found);
        for (size_t i = 0; i < count; i++) {
            ordinals[known] = found[i];
            known += found[i] != UINT32_MAX;
        }
    }
    segi_bitmap *bitmap = NULL;
    seg_status status = segi_bitmap_from_ordinals(ordinals, known, &bitmap, err);
    segi_free(mem, ordinals);
    if (status == SEG_OK)
        status = segi_api_set_create(snapshot, bitmap, 0, out_set, err);
    if (status == SEG_OK && out_unknown != NULL)
        *out_unknown = ids->count - known;
    return status;
}

/* What both kinds of ids have in common. */
static seg_status set_from_ids_checked(seg_snapshot *snapshot, uint32_t id_kind,
                                       const segi_api_ids *ids, uint64_t id_count,
                                       seg_set **out_set, uint64_t *out_unknown, seg_error *err)
{
    segi_api_begin(err);
    if (out_unknown != NULL)
        *out_unknown = 0;
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    SEGI_TRY(segi_api_check_id_kind(segi_api_id_kind(snapshot), id_kind, err));
    SEGI_CHECK_ARG(id_count <= SIZE_MAX - 1, err, "id_count is too large");
    SEGI_CHECK_ARG(segi_api_ids_readable(ids), err, "ids or offsets are NULL, or the offsets fall");
    return set_from_ids(snapshot, ids, out_set, out_unknown, err);
}

seg_status seg_set_from_ids(seg_snapshot *snapshot, const char *bytes, const uint64_t *offsets,
                            uint64_t id_count, seg_set **out_set, uint64_t *out_unknown,
                            seg_error *err)
{
    segi_api_ids ids = {bytes, offsets, NULL, (size_t)id_count};
    return set_from_ids_checked(snapshot, SEG_ID_BYTES, &ids, id_count, out_set, out_unknown, err);
}

seg_status seg_set_from_ids_u64(seg_snapshot *snapshot, const uint64_t *ids, uint64_t id_count,
                                seg_set **out_set, uint64_t *out_unknown, seg_error *err)
{
    segi_api_ids list = {NULL, NULL, ids, (size_t)id_count};
    return set_from_ids_checked(snapshot, SEG_ID_U64, &list, id_count, out_set, out_unknown, err);
}

/* ---- asking ------------------------------------------------------------------------------ */

uint64_t seg_set_count(const seg_set *set)
{
    return set == NULL ? 0 : segi_bitmap_count(set->bitmap);
}

int64_t seg_set_now(const seg_set *set)
{
    return set == NULL ? 0 : set->now;
}

/* By ordinal. */
static int32_t set_has(const seg_set *set, uint32_t ordinal)
{
    return ordinal != UINT32_MAX && segi_bitmap_contains(set->bitmap, ordinal) ? 1 : 0;
}

int32_t seg_set_contains(const seg_set *set, const char *user, size_t user_size)
{
    if (set == NULL || segi_api_id_kind(set->snapshot) != SEG_ID_BYTES)
        return 0;
    return set_has(set, segi_api_find(set->snapshot, user, user_size));
}

int32_t seg_set_contains_u64(const seg_set *set, uint64_t user)
{
    if (set == NULL || segi_api_id_kind(set->snapshot) != SEG_ID_U64)
        return 0;
    return set_has(set, segi_snapshot_find_u64(set->snapshot->snapshot, user));
}

/* The whole set as masks, one per chunk of the snapshot, where so many ids are asked for that
 * this is cheaper than looking each of them up in the bitmap. NULL where it is not, or where
 * there is no memory for it. */
static segi_mask *set_unpack(const seg_set *set, size_t id_count)
{
    size_t users = set->snapshot->snapshot->user_count;
    size_t chunks = (users + SEGI_CHUNK_USERS - 1) / SEGI_CHUNK_USERS;
    if (chunks == 0 || id_count / UNPACK_IDS_PER_CHUNK < chunks)
        return NULL;
    segi_mask *masks = segi_alloc_array(&set->snapshot->store->mem, chunks, sizeof *masks);
    for (size_t i = 0; masks != NULL && i < chunks; i++)
        segi_bitmap_chunk(set->bitmap, (uint32_t)i, &masks[i]);
    return masks;
}

/* One block of ordinals, by masks where the set was unpacked. */
static uint64_t block_test(const seg_set *set, const segi_mask *masks, const uint32_t *ordinals,
                           size_t count, uint8_t *out)
{
    uint64_t members = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t at = ordinals[i];
        bool member = false;
        if (at == UINT32_MAX)
            member = false;
        else if (masks != NULL)
            member = segi_bit_get(masks[at >> SEGI_CHUNK_BITS].words, at & 0xffff);
        else
            member = segi_bitmap_contains(set->bitmap, at);
        out[i] = member ? 1 : 0;
        members += member;
    }
    return members;
}

/* As seg_set_contains() for each; there is nobody to tell an error, so bad arguments are members
 * of nothing. */
static uint64_t set_contains_many(const seg_set *set, uint32_t id_kind, const segi_api_ids *ids,
                                  uint8_t *out)
{
    if (out == NULL)
        return 0;
    memset(out, 0, ids->count);
    if (set == NULL || segi_api_id_kind(set->snapshot) != id_kind || !segi_api_ids_readable(ids))
        return 0;
    segi_mask *masks = set_unpack(set, ids->count);
    uint64_t members = 0;
    for (size_t begin = 0; begin < ids->count; begin += BLOCK) {
        uint32_t found[BLOCK];
        size_t count = ids->count - begin < BLOCK ? ids->count - begin : BLOCK;
        segi_api_ids_find(set->snapshot, ids, begin, count, found);
        members += block_test(set, masks, found, count, out + begin);
    }
    segi_free(&set->snapshot->store->mem, masks);
    return members;
}

uint64_t seg_set_contains_many(const seg_set *set, const char *bytes, const uint64_t *offsets,
                               uint64_t id_count, uint8_t *out_members)
{
    segi_api_ids ids = {bytes, offsets, NULL, (size_t)id_count};
    return set_contains_many(set, SEG_ID_BYTES, &ids, out_members);
}

uint64_t seg_set_contains_many_u64(const seg_set *set, const uint64_t *ids, uint64_t id_count,
                                   uint8_t *out_members)
{
    segi_api_ids list = {NULL, NULL, ids, (size_t)id_count};
    return set_contains_many(set, SEG_ID_U64, &list, out_members);
}

/* ---- algebra ----------------------------------------------------------------------------- */

/* Ordinals of different stores have nothing to do with each other. */
static seg_status combine_check(uint32_t operation, const seg_set *left, const seg_set *right,
                                seg_error *err)
{
    SEGI_CHECK_ARG(operation >= SEG_SET_AND && operation <= SEG_SET_ANDNOT, err,
                   "the operation is not one of SEG_SET_*");
    SEGI_CHECK_ARG(left != NULL && right != NULL, err, "a set is NULL");
    SEGI_CHECK_ARG(left->snapshot->store == right->snapshot->store, err,
                   "the sets are of different stores");
    return SEG_OK;
}

seg_status seg_set_combine(uint32_t operation, const seg_set *left, const seg_set *right,
                           seg_set **out_set, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    SEGI_TRY(combine_check(operation, left, right, err));
    segi_bitmap *bitmap = NULL;
    SEGI_TRY(segi_bitmap_combine(operation, left->bitmap, right->bitmap, &bitmap, err));
    const segi_snapshot *a = left->snapshot->snapshot;
    const segi_snapshot *b = right->snapshot->snapshot;
    seg_snapshot *later =
        b->commit_sequence > a->commit_sequence ? right->snapshot : left->snapshot;
    return segi_api_set_create(later, bitmap, 0, out_set, err);
}

seg_status seg_set_combine_count(uint32_t operation, const seg_set *left, const seg_set *right,
                                 uint64_t *out_count, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_count != NULL, err, "out_count is NULL");
    *out_count = 0;
    SEGI_TRY(combine_check(operation, left, right, err));
    *out_count = segi_bitmap_combine_count(operation, left->bitmap, right->bitmap);
    return SEG_OK;
}

/* Among the users of its snapshot who have not been erased. */
seg_status seg_set_complement(const seg_set *set, seg_set **out_set, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    SEGI_CHECK_ARG(set != NULL, err, "set is NULL");
    segi_bitmap *everyone = NULL;
    segi_bitmap *bitmap = NULL;
    SEGI_TRY(everyone_create(set->snapshot, &everyone, err));
    seg_status status = segi_bitmap_combine(SEG_SET_ANDNOT, everyone, set->bitmap, &bitmap, err);
    segi_bitmap_destroy(everyone);
    if (status != SEG_OK)
        return status;
    return segi_api_set_create(set->snapshot, bitmap, 0, out_set, err);
}

int32_t seg_set_equals(const seg_set *left, const seg_set *right)
{
    if (left == NULL || right == NULL || left->snapshot->store != right->snapshot->store)
        return 0;
    return segi_bitmap_equals(left->bitmap, right->bitmap) ? 1 : 0;
}

/* ---- reading out ------------------------------------------------------------------------- */

seg_status seg_set_cursor_create(const seg_set *set, seg_set_cursor **out_cursor, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_cursor != NULL, err, "out_cursor is NULL");
    *out_cursor = NULL;
    SEGI_CHECK_ARG(set != NULL, err, "set is NULL");
    const segi_mem *mem = &set->snapshot->store->mem;
    seg_set_cursor *cursor = segi_alloc(mem, sizeof *cursor);
    if (cursor == NULL)
        return segi_fail_nomem(err);
    /* Counting references does not change what the set is. */
    cursor->set = (seg_set *)(uintptr_t)set;
    seg_set_retain(cursor->set);
    segi_buf_init(&cursor->bytes, mem);
    cursor->next = 0;
    cursor->left = 0;
    *out_cursor = cursor;
    return SEG_OK;
}

void seg_set_cursor_destroy(seg_set_cursor *cursor)
{
    if (cursor == NULL)
        return;
    seg_set *set = cursor->set;
    segi_buf_deinit(&cursor->bytes);
    segi_free(&set->snapshot->store->mem, cursor);
    seg_set_release(set);
}

/* Members to hand out, at most `wanted`, that lie in the piece, which is the next one where
 * nothing was left of it. 0 at the end. */
static uint32_t cursor_fill(seg_set_cursor *cursor, uint64_t wanted)
{
    segi_bitmap_piece *piece = &cursor->piece;
    if (cursor->left == 0 && cursor->next <= UINT32_MAX) {
        segi_bitmap_read(cursor->set->bitmap, (uint32_t)cursor->next, piece);
        cursor->left = piece->count;
        cursor->at = 0;
        if (piece->count == 0)
            cursor->next = UINT64_MAX;
        else if (piece->dense)
            cursor->next = ((uint64_t)piece->chunk + 1) << SEGI_CHUNK_BITS;
        else
            cursor->next = (uint64_t)piece->list[piece->count - 1] + 1;
    }
    return cursor->left < wanted ? cursor->left : (uint32_t)wanted;
}

/* Go on with this ordinal. */
static void cursor_seek(seg_set_cursor *cursor, uint32_t ordinal)
{
    cursor->next = ordinal;
    cursor->left = 0;
}

/* The next members, at most BLOCK and `wanted`. */
static uint32_t cursor_ordinals(seg_set_cursor *cursor, uint64_t wanted, uint32_t *out)
{
    segi_bitmap_piece *piece = &cursor->piece;
    uint32_t count = cursor_fill(cursor, wanted < BLOCK ? wanted : BLOCK);
    cursor->left -= count;
    if (!piece->dense) {
        memcpy(out, piece->list + cursor->at, count * sizeof *out);
        cursor->at += count;
        return count;
    }
    for (uint32_t done = 0; done < count;) {
        uint64_t *word = &piece->mask.words[cursor->at];
        uint32_t first = piece->chunk << SEGI_CHUNK_BITS | cursor->at << 6;
        for (; *word != 0 && done < count; *word &= *word - 1)
            out[done++] = first | (uint32_t)segi_ctz(*word);
        cursor->at += *word == 0;
    }
    return count;
}

/* The next `count` members of a mask that has so many left: whole words, and of the last one the
 * lowest bits. */
static void cursor_pick_u64(seg_set_cursor *cursor, uint32_t count, uint64_t *out)
{
    uint64_t *words = cursor->piece.mask.words;
    uint32_t begin = cursor->at, end = SEGI_MASK_WORDS;
    uint64_t rest = 0;
    if (count < cursor->left) {
        uint32_t n, room = count;
        for (end = begin; (n = (uint32_t)segi_popcount(words[end])) <= room; end++)
            room -= n;
        rest = words[end];
        for (; room > 0; room--)
            rest &= rest - 1;
        words[end++] ^= rest;
    }
    segi_snapshot_pick_u64(cursor->set->snapshot->snapshot, cursor->piece.chunk,
                           &cursor->piece.mask, begin, end, out);
    cursor->at = end;
    if (rest != 0)
        words[--cursor->at] = rest;
}

/* Of a cursor of ids of this kind. */
static seg_status cursor_check(const seg_set_cursor *cursor, uint32_t id_kind, uint64_t id_capacity,
                               seg_error *err)
{
    SEGI_CHECK_ARG(cursor != NULL, err, "cursor is NULL");
    SEGI_TRY(segi_api_check_id_kind(segi_api_id_kind(cursor->set->snapshot), id_kind, err));
    SEGI_CHECK_ARG(id_capacity > 0, err, "id_capacity is 0, which would look like the end");
    return SEG_OK;
}

/* Either all that was asked for, or nothing and the cursor stands where it stood. */
seg_status seg_set_cursor_next(seg_set_cursor *cursor, uint64_t id_capacity, uint64_t *out_offsets,
                               const char **out_bytes, uint64_t *out_count, seg_error *err)
{
    segi_api_begin(err);
    if (out_bytes != NULL)
        *out_bytes = NULL;
    SEGI_CHECK_ARG(out_count != NULL, err, "out_count is NULL");
    *out_count = 0;
    SEGI_CHECK_ARG(out_bytes != NULL, err, "out_bytes is NULL");
    SEGI_CHECK_ARG(out_offsets != NULL, err, "out_offsets is NULL");
    SEGI_TRY(cursor_check(cursor, SEG_ID_BYTES, id_capacity, err));
    const segi_snapshot *snapshot = cursor->set->snapshot->snapshot;
    uint32_t ordinals[BLOCK], start = 0;
    uint64_t done = 0;
    segi_buf_reset(&cursor->bytes);
    out_offsets[0] = 0;
    while (done < id_capacity) {
        uint32_t count = cursor_ordinals(cursor, id_capacity - done, ordinals);
        if (done == 0 && count > 0)
            start = ordinals[0];
        segi_snapshot_list(snapshot, ordinals, count, &cursor->bytes, out_offsets + done + 1);
        done += count;
        if (count == 0 || cursor->bytes.failed)
            break;
    }
    if (cursor->bytes.failed) {
        cursor_seek(cursor, start);
        return segi_fail_nomem(err);
    }
    *out_bytes = cursor->bytes.data != NULL ? cursor->bytes.data : "";
    *out_count = done;
    return SEG_OK;
}

/* out_ids has room; returns how many there were. */
static uint64_t cursor_read_u64(seg_set_cursor *cursor, uint64_t id_capacity, uint64_t *out_ids)
{
    const segi_snapshot *snapshot = cursor->set->snapshot->snapshot;
    uint64_t done = 0;
    uint32_t count;
    for (; (count = cursor_fill(cursor, id_capacity - done)) > 0; done += count) {
        if (cursor->piece.dense) {
            cursor_pick_u64(cursor, count, out_ids + done);
        } else {
            segi_snapshot_list_u64(snapshot, cursor->piece.list + cursor->at, count,
                                   out_ids + done);
            cursor->at += count;
        }
        cursor->left -= count;
    }
    return done;
}

seg_status seg_set_cursor_next_u64(seg_set_cursor *cursor, uint64_t id_capacity, uint64_t *out_ids,
                                   uint64_t *out_count, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_count != NULL, err, "out_count is NULL");
    *out_count = 0;
    SEGI_CHECK_ARG(out_ids != NULL, err, "out_ids is NULL");
    SEGI_TRY(cursor_check(cursor, SEG_ID_U64, id_capacity, err));
    *out_count = cursor_read_u64(cursor, id_capacity, out_ids);
    return SEG_OK;
}

/* ---- roaring ----------------------------------------------------------------------------- */

/* Ordinals mean something to this store alone; ids can go elsewhere. */
static seg_status format_check(uint32_t format, const seg_snapshot *snapshot, seg_error *err)
{
    SEGI_CHECK_ARG(format == SEG_ROARING_ORDINALS || format == SEG_ROARING_IDS, err,
                   "the format is not one of SEG_ROARING_*");
    SEGI_CHECK_ARG(format == SEG_ROARING_ORDINALS || segi_api_id_kind(snapshot) == SEG_ID_U64, err,
                   "SEG_ROARING_IDS needs a store of SEG_ID_U64");
    return SEG_OK;
}

/* The external ids of all members, owned by the caller; *out_count is 0 before. Erased ones have
 * none. */
static seg_status set_ids_u64(const seg_set *set, uint64_t **out_ids, size_t *out_count,
                              seg_error *err)
{
    seg_set_cursor *cursor = NULL;
    SEGI_TRY(seg_set_cursor_create(set, &cursor, err));
    uint64_t count = segi_bitmap_count(set->bitmap);
    *out_ids = segi_alloc_array(&set->snapshot->store->mem, (size_t)count, sizeof(uint64_t));
    if (*out_ids != NULL)
        count = cursor_read_u64(cursor, count, *out_ids);
    for (uint64_t i = 0; *out_ids != NULL && i < count; i++) {
        (*out_ids)[*out_count] = (*out_ids)[i];
        *out_count += (*out_ids)[i] != UINT64_MAX;
    }
    seg_set_cursor_destroy(cursor);
    return *out_ids == NULL ? segi_fail_nomem(err) : SEG_OK;
}

seg_status seg_set_to_roaring(const seg_set *set, uint32_t format, seg_buffer **out_bytes,
                              seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_bytes != NULL, err, "out_bytes is NULL");
    *out_bytes = NULL;
    SEGI_CHECK_ARG(set != NULL, err, "set is NULL");
    SEGI_TRY(format_check(format, set->snapshot, err));
    const segi_mem *mem = &set->snapshot->store->mem;
    if (format == SEG_ROARING_ORDINALS)
        return segi_bitmap_write(set->bitmap, out_bytes, mem, err);
    uint64_t *ids = NULL;
    size_t count = 0;
    SEGI_TRY(set_ids_u64(set, &ids, &count, err));
    seg_status status = segi_bitmap64_write(ids, count, out_bytes, mem, err);
    segi_free(mem, ids);
    return status;
}

/* Bytes from outside: read with bounds and checked by CRoaring, then held against the users. */
static seg_status from_ordinals(seg_snapshot *snapshot, const void *bytes, size_t bytes_size,
                                seg_set **out_set, seg_error *err)
{
    segi_bitmap *bitmap = NULL;
    SEGI_TRY(segi_bitmap_read_bytes(bytes, bytes_size, &bitmap, err));
    if (segi_bitmap_count(bitmap) > 0 &&
        segi_bitmap_max(bitmap) >= snapshot->snapshot->user_count) {
        segi_bitmap_destroy(bitmap);
        return segi_fail(err, SEG_E_ROARING,
                         "the bitmap has an ordinal beyond the users of the snapshot");
    }
    return segi_api_set_create(snapshot, bitmap, 0, out_set, err);
}

/* The limit comes before the bytes are unpacked, see ROARING_UNKNOWN_MAX. */
static seg_status from_roaring_ids(seg_snapshot *snapshot, const void *bytes, size_t bytes_size,
                                   seg_set **out_set, uint64_t *out_unknown, seg_error *err)
{
    const segi_mem *mem = &snapshot->store->mem;
    uint64_t count_max = snapshot->snapshot->user_count + ROARING_UNKNOWN_MAX;
    uint64_t *numbers = NULL;
    size_t count = 0;
    SEGI_TRY(segi_bitmap64_read_bytes(bytes, bytes_size, count_max, mem, &numbers, &count, err));
    segi_api_ids ids = {NULL, NULL, numbers, count};
    seg_status status = set_from_ids(snapshot, &ids, out_set, out_unknown, err);
    segi_free(mem, numbers);
    return status;
}

seg_status seg_set_from_roaring(seg_snapshot *snapshot, uint32_t format, const void *bytes,
                                size_t bytes_size, seg_set **out_set, uint64_t *out_unknown,
                                seg_error *err)
{
    segi_api_begin(err);
    if (out_unknown != NULL)
        *out_unknown = 0;
    SEGI_CHECK_ARG(out_set != NULL, err, "out_set is NULL");
    *out_set = NULL;
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    SEGI_CHECK_ARG(bytes != NULL || bytes_size == 0, err, "bytes is NULL");
    SEGI_TRY(format_check(format, snapshot, err));
    if (format == SEG_ROARING_ORDINALS)
        return from_ordinals(snapshot, bytes, bytes_size, out_set, err);
    return from_roaring_ids(snapshot, bytes, bytes_size, out_set, out_unknown, err);
}
