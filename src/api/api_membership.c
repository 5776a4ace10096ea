/* The functions of seg/membership.h.
 *
 * Built for the request path of a host: a row of words per customer with one bit per set, so that
 * one look-up answers for all sets. Immutable, any thread. */
#include <string.h>

#include "api/api_int.h"

/* Ids that are looked up together. */
#define BLOCK 256u

struct seg_membership {
    seg_snapshot *snapshot; /* retained: the latest of the sets' snapshots */
    segi_rowset *rows;
};

/* Sets of one store; their snapshots may differ. */
static seg_status sets_check(const seg_set *const *sets, size_t set_count, seg_error *err)
{
    SEGI_CHECK_ARG(sets != NULL && set_count > 0, err, "there are no sets");
    if (set_count > SEG_MEMBERSHIP_SETS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a membership takes at most %u sets",
                         SEG_MEMBERSHIP_SETS_MAX);
    for (size_t i = 0; i < set_count; i++) {
        SEGI_CHECK_ARG(sets[i] != NULL, err, "a set is NULL");
        SEGI_CHECK_ARG(sets[i]->snapshot->store == sets[0]->snapshot->store, err,
                       "the sets are of different stores");
    }
    return SEG_OK;
}

/* It knows every id that one of the sets can have. */
static seg_snapshot *latest_snapshot(const seg_set *const *sets, size_t set_count)
{
    seg_snapshot *latest = sets[0]->snapshot;
    for (size_t i = 1; i < set_count; i++) {
        const segi_snapshot *other = sets[i]->snapshot->snapshot;
        if (other->commit_sequence > latest->snapshot->commit_sequence)
            latest = sets[i]->snapshot;
    }
    return latest;
}

seg_status seg_membership_create(const seg_set *const *sets, size_t set_count,
                                 seg_membership **out_membership, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_membership != NULL, err, "out_membership is NULL");
    *out_membership = NULL;
    SEGI_TRY(sets_check(sets, set_count, err));
    seg_snapshot *snapshot = latest_snapshot(sets, set_count);
    const segi_mem *mem = &snapshot->store->mem;
    seg_membership *membership = segi_alloc_zero(mem, sizeof *membership);
    const segi_bitmap **bitmaps = segi_alloc_array(mem, set_count, sizeof(const segi_bitmap *));
    seg_status status = membership && bitmaps ? SEG_OK : segi_fail_nomem(err);
    for (size_t i = 0; status == SEG_OK && i < set_count; i++)
        bitmaps[i] = sets[i]->bitmap;
    if (status == SEG_OK)
        status = segi_rowset_create(mem, bitmaps, set_count, snapshot->snapshot->user_count,
                                    &membership->rows, err);
    segi_free(mem, bitmaps);
    if (status != SEG_OK) {
        segi_free(mem, membership);
        return status;
    }
    seg_snapshot_retain(snapshot);
    membership->snapshot = snapshot;
    *out_membership = membership;
    return SEG_OK;
}

void seg_membership_destroy(seg_membership *membership)
{
    if (membership == NULL)
        return;
    segi_rowset_destroy(membership->rows);
    seg_snapshot *snapshot = membership->snapshot;
    segi_free(&snapshot->store->mem, membership);
    seg_snapshot_release(snapshot);
}

uint64_t seg_membership_word_count(const seg_membership *membership)
{
    return membership == NULL ? 0 : membership->rows->word_count;
}

/* Reads the rows of ordinals already found and counts those that are known. */
static uint64_t rows_read(const seg_membership *membership, const uint32_t *found, size_t count,
                          uint64_t *out)
{
    uint64_t known = 0;
    for (size_t i = 0; i < count; i++)
        known += found[i] != UINT32_MAX;
    segi_rowset_read(membership->rows, found, count, out);
    return known;
}

/* In blocks, so that the misses of many look-ups overlap. */
static uint64_t rows_read_many(const seg_membership *membership, uint32_t id_kind,
                               const segi_api_ids *ids, uint64_t *out)
{
    if (membership == NULL || out == NULL)
        return 0;
    uint32_t width = membership->rows->word_count;
    uint64_t known = 0;
    memset(out, 0, ids->count * width * sizeof *out);
    if (segi_api_id_kind(membership->snapshot) != id_kind || !segi_api_ids_readable(ids))
        return 0;
    for (size_t begin = 0; begin < ids->count; begin += BLOCK) {
        uint32_t found[BLOCK];
        size_t count = ids->count - begin < BLOCK ? ids->count - begin : BLOCK;
        segi_api_ids_find(membership->snapshot, ids, begin, count, found);
        known += rows_read(membership, found, count, out + begin * width);
    }
    return known;
}

/* No errors to tell: an id that is none is in no set. */
int32_t seg_membership_get(const seg_membership *membership, const char *user, size_t user_size,
                           uint64_t *out_words)
{
    if (membership == NULL || out_words == NULL)
        return 0;
    uint32_t found = UINT32_MAX;
    if (segi_api_id_kind(membership->snapshot) == SEG_ID_BYTES)
        found = segi_api_find(membership->snapshot, user, user_size);
    return rows_read(membership, &found, 1, out_words) != 0;
}

int32_t seg_membership_get_u64(const seg_membership *membership, uint64_t user, uint64_t *out_words)
{
    return seg_membership_get_many_u64(membership, &user, 1, out_words) != 0;
}

uint64_t seg_membership_get_many(const seg_membership *membership, const char *bytes,
                                 const uint64_t *offsets, uint64_t id_count, uint64_t *out_words)
{
    segi_api_ids ids = {bytes, offsets, NULL, offsets == NULL ? 0 : (size_t)id_count};
    return rows_read_many(membership, SEG_ID_BYTES, &ids, out_words);
}

uint64_t seg_membership_get_many_u64(const seg_membership *membership, const uint64_t *ids,
                                     uint64_t id_count, uint64_t *out_words)
{
    segi_api_ids list = {NULL, NULL, ids, (size_t)id_count};
    return rows_read_many(membership, SEG_ID_U64, &list, out_words);
}
