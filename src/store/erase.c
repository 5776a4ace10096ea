/* Erasing users: what seg/privacy.h promises, on the structures of the store.
 *
 * The ordinal stays behind as nobody's: without an id, without an entry in "exists from", never
 * given again. So whatever still holds it, an older set or a mask of a worker, leads nowhere. */
#include <string.h>

#include "base/error.h"
#include "base/unique.h"
#include "store/removal.h"

/* Everything that is made before anything changes. */
typedef struct erase_work {
    segi_store *store;
    const segi_erase_ids *ids;
    segi_removal removal;
    uint32_t *users; /* owned: ordinals, rising */
    size_t user_count;
    uint64_t unknown;
    segi_dedup_users dedup;
} erase_work;

/* The bytes of an id; numbers become bytes in `number`. */
static const char *erase_id(const erase_work *work, size_t index, unsigned char number[8],
                            size_t *out_size)
{
    const segi_erase_ids *ids = work->ids;
    if (!ids->numbers) {
        *out_size = (size_t)(ids->offsets[index + 1] - ids->offsets[index]);
        return ids->bytes + ids->offsets[index];
    }
    segi_id_bytes(ids->numbers[index], number);
    *out_size = 8;
    return (const char *)number;
}

/* Ids that nobody has are counted and otherwise do no harm; ids that are named twice count once. */
static bool erase_find(erase_work *work)
{
    const segi_store *store = work->store;
    const segi_ids *map = store->ids;
    const segi_erase_ids *ids = work->ids;
    work->users = segi_alloc_array(&store->mem, ids->count, sizeof *work->users);
    if (!work->users)
        return false;
    if (ids->numbers)
        segi_ids_find_numbers(map, map->strings.table, store->user_count, ids->numbers, ids->count,
                              work->users);
    else
        segi_ids_find_bytes(map, map->strings.table, store->user_count, ids->bytes, ids->offsets,
                            ids->count, work->users);
    for (size_t i = 0; i < ids->count; i++)
        if (work->users[i] != UINT32_MAX)
            work->users[work->user_count++] = work->users[i];
    work->unknown = ids->count - work->user_count;
    work->user_count = segi_sort_unique(work->users, work->user_count);
    return true;
}

/* The id map without the users, and without ids that failed commits left behind. */
static bool erase_ids(erase_work *work)
{
    segi_store *store = work->store;
    const segi_ids *ids = store->ids;
    if (work->user_count == 0 && !store->strays)
        return true;
    size_t words = store->user_count / 64 + (size_t)1;
    uint64_t *dead = segi_alloc_zero(&store->mem, words * sizeof *dead);
    if (!dead)
        return false;
    for (size_t i = 0; i < work->user_count; i++)
        segi_bit_set(dead, work->users[i]);
    work->removal.ids = segi_ids_without(ids, dead);
    segi_free(&store->mem, dead);
    return work->removal.ids != NULL;
}

/* By the ids themselves, since that is what the records are kept by; ids that nobody has find
 * none. */
static bool erase_event_ids(erase_work *work)
{
    segi_store *store = work->store;
    if (!segi_dedup_users_init(&work->dedup, &store->mem, work->ids->count))
        return false;
    for (size_t i = 0; i < work->ids->count; i++) {
        unsigned char number[8];
        size_t size;
        const char *id = erase_id(work, i, number, &size);
        segi_dedup_users_add(&store->dedup, &work->dedup, id, size);
    }
    return true;
}

/* All that can fail, in memory beside the store: afterwards there are two of each structure that
 * is to change. */
static seg_status erase_prepare(erase_work *work, bool refuse, seg_error *err)
{
    segi_store *store = work->store;
    SEGI_TRY(segi_removal_init(&work->removal, store, err));
    if (!erase_find(work))
        return segi_fail_nomem(err);
    segi_row_filter filter = {.users = work->users, .user_count = work->user_count};
    SEGI_TRY(segi_removal_rows(&work->removal, &filter));
    SEGI_TRY(segi_removal_values(&work->removal, &filter));
    SEGI_TRY(segi_removal_strings(&work->removal));
    if (!erase_ids(work) || !erase_event_ids(work) ||
        (refuse && !segi_suppress_reserve(&store->suppress, &store->mem, work->ids->count)))
        return segi_fail_nomem(err);
    return segi_removal_write(&work->removal, &work->dedup, refuse ? work->ids->count : 0);
}

/* Cannot fail. The receipt says what was there to be removed. */
static void erase_apply(erase_work *work, bool refuse, seg_erase_receipt *receipt)
{
    segi_store *store = work->store;
    const segi_removal *removal = &work->removal;
    segi_removal_apply(&work->removal);
    store->erased_count += (uint32_t)work->user_count;
    receipt->event_ids_removed = segi_dedup_forget(&store->dedup, &work->dedup);
    for (size_t i = 0; refuse && i < work->ids->count; i++) {
        unsigned char number[8];
        size_t size;
        const char *id = erase_id(work, i, number, &size);
        receipt->ids_refused += segi_suppress_add(&store->suppress, id, size);
    }
    receipt->commit_sequence = store->commit_sequence;
    receipt->users_erased = work->user_count;
    receipt->ids_unknown = work->unknown;
    receipt->events_removed = removal->rows;
    receipt->values_removed = removal->values;
    receipt->strings_removed = removal->strings;
    receipt->parts_rewritten = removal->parts;
    receipt->views_open = segi_store_views_open(store);
}

/* Under the mutex for its whole length: commits wait, evaluations do not. */
seg_status segi_store_erase(segi_store *store, const segi_erase_ids *ids, bool refuse,
                            seg_erase_receipt *receipt, seg_error *err)
{
    erase_work work = {.store = store, .ids = ids, .removal = {.store = store}};
    segi_mutex_lock(store->mutex);
    seg_status status = erase_prepare(&work, refuse, err);
    if (status == SEG_OK) {
        erase_apply(&work, refuse, receipt);
        status = segi_removal_finish(store, true, err);
    }
    segi_removal_deinit(&work.removal);
    segi_dedup_users_deinit(&work.dedup, &store->mem);
    segi_free(&store->mem, work.users);
    segi_mutex_unlock(store->mutex);
    return status;
}

uint32_t segi_store_views_open(const segi_store *store)
{
    return atomic_load_explicit(&store->eras_open, memory_order_acquire) - 1;
}
