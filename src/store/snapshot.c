/* Snapshots: immutable views of a store.
 *
 * A version is what a snapshot shows; it is built under the store's mutex when something has
 * changed, and kept for the next snapshots until something changes again. A snapshot is a version
 * and a reference on the store, and needs no lock.
 *
 * In a store with a file, parts of what a version shows may still lie on disk when it is made
 * (absent attributes, ids, dictionaries). Whoever needs them calls segi_snapshot_need_...()
 * first, which loads them once for all who look at the version: `ready` is set with release order
 * after the pointers are in place and read with acquire order before, so readers that find it set
 * need no lock. */
#include <string.h>

#include "base/error.h"
#include "base/scan.h"
#include "store/keep.h"

/* Snapshots of one moment share the version. */
typedef struct snapshot_full {
    segi_snapshot pub;     /* first, so that pointers convert */
    segi_version *version; /* retained */
} snapshot_full;

/* ---- versions -------------------------------------------------------------------------------- */

/* The version goes before its era, which may hold strings that the version's parts still refer
 * to. */
void segi_version_release(segi_version *version)
{
    if (!version || atomic_fetch_sub_explicit(&version->refs, 1, memory_order_acq_rel) != 1)
        return;
    if (version->disk)
        segi_disk_unpin(version->disk, &version->pin);
    for (size_t i = 0; i < version->run_count; i++)
        segi_run_release(version->runs[i]);
    for (size_t i = 0; i < version->state_count; i++) {
        segi_attr_state_release(version->states[i]);
        segi_attr_absent_release(version->absent[i]);
    }
    segi_attr_absent_release(version->exists_absent);
    for (size_t i = 0; i < version->table_count; i++)
        segi_table_release(version->tables[i]);
    segi_attr_state_release(version->exists);
    segi_run_release(version->firsts);
    segi_table_release(version->id_table);
    segi_schema_release(version->schema);
    segi_arena_deinit(&version->arena);
    segi_era *era = version->era;
    segi_free(version->mem, version);
    segi_era_release(era);
}

/* By time, so that walks over parts meet rows in their order; generations tell equal ones apart. */
static bool version_before(const segi_part *a, const segi_part *b)
{
    return a->time_min != b->time_min ? a->time_min < b->time_min : a->generation < b->generation;
}

/* Heap sort: runs come in no order that would help. */
static void version_sift(const segi_part **parts, size_t root, size_t count)
{
    for (size_t child; (child = 2 * root + 1) < count; root = child) {
        if (child + 1 < count && version_before(parts[child], parts[child + 1]))
            child++;
        if (!version_before(parts[root], parts[child]))
            return;
        const segi_part *part = parts[root];
        parts[root] = parts[child];
        parts[child] = part;
    }
}

static void version_sort(const segi_part **parts, size_t count)
{
    for (size_t i = count / 2; i-- > 0;)
        version_sift(parts, i, count);
    for (size_t end = count; end > 1; end--) {
        const segi_part *part = parts[0];
        parts[0] = parts[end - 1];
        parts[end - 1] = part;
        version_sift(parts, 0, end - 1);
    }
}

/* What readers see of a dictionary; its table is held by the version. NULL: out of memory. */
static const segi_dict *version_dict(segi_version *version, const segi_strings *strings)
{
    segi_dict *dict = segi_arena_alloc(&version->arena, sizeof *dict);
    if (!dict)
        return NULL;
    dict->strings = strings;
    dict->count = strings->count;
    atomic_init(&dict->ready, !strings->absent);
    if (strings->absent)
        return dict;
    dict->table = strings->table;
    segi_table_retain(strings->table);
    version->tables[version->table_count++] = strings->table;
    version->memory_bytes += segi_strings_bytes(strings);
    return dict;
}

/* Holds the runs: a merge may replace them in the store meanwhile. */
static bool version_runs(segi_version *version, const segi_store *store)
{
    version->runs = segi_arena_array(&version->arena, store->run_count + 1, sizeof *version->runs);
    if (!version->runs)
        return false;
    for (size_t i = 0; i < store->run_count; i++) {
        segi_run_retain(store->runs[i]);
        version->runs[version->run_count++] = store->runs[i];
        version->part_count += store->runs[i]->part_count;
        version->memory_bytes += store->runs[i]->bytes;
    }
    return true;
}

/* The dictionaries of the type's properties, NULL for those that are no texts. */
static bool version_event_dicts(segi_version *version, const segi_store *store, uint32_t event)
{
    segi_event_view *view = &version->events[event];
    if (event >= store->dict_count || store->dicts[event].count == 0)
        return true;
    const segi_event_dicts *from = &store->dicts[event];
    const segi_dict **dicts = segi_arena_array(&version->arena, from->count, sizeof *dicts);
    if (!dicts)
        return false;
    for (size_t i = 0; i < from->count; i++) {
        if (!from->dicts[i])
            continue;
        dicts[i] = version_dict(version, from->dicts[i]);
        if (!dicts[i])
            return false;
    }
    view->dicts = dicts;
    view->dict_count = (uint32_t)from->count;
    return true;
}

/* Parts by event type: counted, placed, sorted. */
static bool version_events(segi_version *version, const segi_store *store)
{
    uint32_t count = store->schema->event_count;
    version->events = segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->events);
    if (!version->events)
        return false;
    for (size_t r = 0; r < version->run_count; r++)
        for (uint32_t i = 0; i < version->runs[r]->part_count; i++)
            version->events[version->runs[r]->parts[i]->event].part_count++;
    for (uint32_t event = 0; event < count; event++) {
        segi_event_view *view = &version->events[event];
        view->parts =
            segi_arena_array(&version->arena, view->part_count + (size_t)1, sizeof *view->parts);
        if (!view->parts || !version_event_dicts(version, store, event))
            return false;
        view->part_count = 0;
    }
    for (size_t r = 0; r < version->run_count; r++)
        for (uint32_t i = 0; i < version->runs[r]->part_count; i++) {
            const segi_part *part = version->runs[r]->parts[i];
            segi_event_view *view = &version->events[part->event];
            ((const segi_part **)segi_unconst(view->parts))[view->part_count++] = part;
        }
    for (uint32_t event = 0; event < count; event++)
        version_sort(segi_unconst(version->events[event].parts), version->events[event].part_count);
    return true;
}

/* The events with the expired first ones among them: the same views where there are none. */
static bool version_firsts(segi_version *version, const segi_store *store)
{
    uint32_t count = store->schema->event_count;
    version->first_events = version->events;
    if (!store->firsts)
        return true;
    version->firsts = store->firsts;
    segi_run_retain(version->firsts);
    version->memory_bytes += version->firsts->bytes;
    version->first_events =
        segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->first_events);
    if (!version->first_events)
        return false;
    memcpy(version->first_events, version->events, count * sizeof *version->events);
    for (uint32_t i = 0; i < version->firsts->part_count; i++) {
        const segi_part *part = version->firsts->parts[i];
        segi_event_view *view = &version->first_events[part->event];
        const segi_part **parts =
            segi_arena_array(&version->arena, view->part_count + (size_t)1, sizeof *parts);
        if (!parts)
            return false;
        memcpy(parts, view->parts, view->part_count * sizeof *parts);
        parts[view->part_count++] = part;
        version_sort(parts, view->part_count);
        view->parts = parts;
    }
    return true;
}

/* States are shared and held; views point into them. */
static bool version_attributes(segi_version *version, const segi_store *store)
{
    uint32_t count = store->schema->attribute_count;
    version->attributes =
        segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->attributes);
    version->states = segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->states);
    version->absent = segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->absent);
    version->ready = segi_arena_array(&version->arena, count + (size_t)1, sizeof *version->ready);
    if (!version->attributes || !version->states || !version->absent || !version->ready)
        return false;
    for (uint32_t i = 0; i < count; i++)
        atomic_init(&version->ready[i], i >= store->attr_count || !store->attrs[i].absent);
    for (uint32_t i = 0; i < count && i < store->attr_count; i++) {
        const segi_attr *attr = &store->attrs[i];
        segi_attr_view *view = &version->attributes[i];
        if (attr->state) {
            segi_attr_state_retain(attr->state);
            version->states[i] = attr->state;
            view->chunk_count = attr->state->chunk_count;
            view->chunks = attr->state->chunks;
            version->memory_bytes += attr->state->bytes;
        }
        version->absent[i] = attr->absent;
        if (attr->absent)
            segi_attr_absent_retain(attr->absent);
        version->state_count = i + (size_t)1;
        if (attr->dict && !(view->dict = version_dict(version, attr->dict)))
            return false;
    }
    return true;
}

/* Room for one table per dictionary. */
static bool version_tables(segi_version *version, const segi_store *store)
{
    size_t count = store->attr_count + 1;
    for (size_t i = 0; i < store->dict_count; i++)
        count += store->dicts[i].count;
    version->tables = segi_arena_array(&version->arena, count, sizeof *version->tables);
    return version->tables != NULL;
}

/* Under the load_mutex, too: what is loaded meanwhile is not to be seen half. */
static segi_version *version_create(const segi_store *store)
{
    segi_version *version = segi_alloc_zero(&store->mem, sizeof *version);
    if (!version)
        return NULL;
    atomic_init(&version->refs, 1);
    version->mem = &store->mem;
    segi_arena_init(&version->arena, &store->mem);
    version->schema = store->schema;
    segi_schema_retain(version->schema);
    version->era = store->era;
    segi_era_retain(version->era);
    const segi_strings *ids = &store->ids->strings;
    atomic_init(&version->ids_ready, !ids->absent);
    version->id_table = ids->absent ? NULL : ids->table;
    if (version->id_table)
        segi_table_retain(version->id_table);
    version->exists = store->exists.state;
    if (version->exists)
        segi_attr_state_retain(version->exists);
    version->exists_absent = store->exists.absent;
    if (version->exists_absent)
        segi_attr_absent_retain(version->exists_absent);
    atomic_init(&version->exists_ready, !version->exists_absent);
    version->commit_sequence = store->commit_sequence;
    version->event_count = store->event_count;
    version->user_count = store->user_count;
    version->erased_count = store->erased_count;
    version->time_min = store->time_min;
    version->time_max = store->time_max;
    version->paged = store->cache != NULL;
    if (store->keep) {
        version->disk = store->keep->disk;
        segi_disk_pin(version->disk, &version->pin);
    }
    version->memory_bytes = (store->cache ? segi_cache_look(store->cache).bytes : 0) +
                            segi_ids_bytes(store->ids) + store->dedup.bytes +
                            (version->exists ? version->exists->bytes : 0);
    if (!version_tables(version, store) || !version_runs(version, store) ||
        !version_events(version, store) || !version_firsts(version, store) ||
        !version_attributes(version, store)) {
        segi_version_release(version);
        return NULL;
    }
    return version;
}

/* ---- snapshots ------------------------------------------------------------------------------- */

/* Make the store ready to be seen: everything sealed, folded and not too scattered. */
static segi_version *snapshot_version(segi_store *store)
{
    if (!store->version) {
        if (!segi_store_seal(store) || !segi_store_fold(store))
            return NULL;
        segi_store_maintain(store, UINT64_MAX, SEGI_MERGE_FANOUT);
        segi_tail_clear(&store->tail, SEGI_TAIL_KEPT);
        segi_scratch_trim(&store->scratch, SEGI_SCRATCH_KEPT);
        segi_mutex_lock(store->load_mutex);
        store->version = version_create(store);
        segi_mutex_unlock(store->load_mutex);
    }
    if (store->version)
        atomic_fetch_add_explicit(&store->version->refs, 1, memory_order_relaxed);
    return store->version;
}

/* O(parts) where something has changed since the last one, else O(1). */
seg_status segi_snapshot_create(segi_store *store, segi_snapshot **out, seg_error *err)
{
    *out = NULL;
    snapshot_full *full = segi_alloc_zero(&store->mem, sizeof *full);
    if (!full)
        return segi_fail_nomem(err);
    segi_mutex_lock(store->mutex);
    segi_version *version = snapshot_version(store);
    segi_mutex_unlock(store->mutex);
    if (!version) {
        segi_free(&store->mem, full);
        return segi_fail_nomem(err);
    }
    segi_store_retain(store);
    full->version = version;
    full->pub = (segi_snapshot){.store = store,
                                .schema = version->schema,
                                .commit_sequence = version->commit_sequence,
                                .user_count = version->user_count,
                                .erased_count = version->erased_count,
                                .event_count = version->event_count,
                                .events = version->events,
                                .first_events = version->first_events,
                                .attributes = version->attributes,
                                .time_min = version->time_min,
                                .time_max = version->time_max,
                                .part_count = version->part_count,
                                .memory_bytes = version->memory_bytes,
                                .paged = version->paged};
    *out = &full->pub;
    return SEG_OK;
}

void segi_snapshot_release(segi_snapshot *snapshot)
{
    snapshot_full *full = (snapshot_full *)snapshot;
    if (!full)
        return;
    segi_store *store = full->pub.store;
    segi_version_release(full->version);
    segi_free(&store->mem, full);
    segi_store_release(store);
}

static const segi_version *snapshot_of(const segi_snapshot *snapshot)
{
    return ((const snapshot_full *)snapshot)->version;
}

/* ---- age ------------------------------------------------------------------------------------- */

seg_status segi_snapshot_alive(const segi_snapshot *snapshot, seg_error *err)
{
    const segi_version *version = snapshot_of(snapshot);
    if (!version->disk || !atomic_load_explicit(&version->pin.expired, memory_order_acquire))
        return SEG_OK;
    segi_fail(err, SEG_E_EXPIRED, "the snapshot is older than the store lets it hold room");
    segi_error_hint(err, "make a new one, or raise snapshot_age_max_us");
    return SEG_E_EXPIRED;
}

seg_status segi_snapshot_hold(const segi_snapshot *snapshot, segi_pins *pins, segi_pool *pool,
                              uint32_t threads, seg_error *err)
{
    seg_status status = segi_pins_hold(pins, pool, threads, err);
    /* It may have ended meanwhile, and then that is the reason. */
    if (status == SEG_E_CORRUPT || status == SEG_E_NOT_FOUND || status == SEG_E_IO)
        SEGI_TRY(segi_snapshot_alive(snapshot, err));
    return status;
}

/* ---- what is in the file alone --------------------------------------------------------------- */

/* The fields that are filled late are the only ones of a version that change. */
static segi_version *snapshot_change(const segi_snapshot *snapshot)
{
    return ((snapshot_full *)segi_unconst(snapshot))->version;
}

seg_status segi_snapshot_need_ids(const segi_snapshot *snapshot, seg_error *err)
{
    segi_version *version = snapshot_change(snapshot);
    segi_store *store = snapshot->store;
    if (atomic_load_explicit(&version->ids_ready, memory_order_acquire))
        return SEG_OK;
    SEGI_TRY(segi_load_users(store, err));
    segi_mutex_lock(store->load_mutex);
    if (!version->id_table) {
        const segi_ids *ids = store->ids;
        version->id_table = ids->strings.loaded;
        segi_table_retain(version->id_table);
    }
    atomic_store_explicit(&version->ids_ready, true, memory_order_release);
    segi_mutex_unlock(store->load_mutex);
    return SEG_OK;
}

seg_status segi_snapshot_need_dict(const segi_snapshot *snapshot, const segi_dict *dict,
                                   seg_error *err)
{
    segi_dict *own = segi_unconst(dict);
    segi_store *store = snapshot->store;
    if (!dict || atomic_load_explicit(&own->ready, memory_order_acquire))
        return SEG_OK;
    segi_strings *strings = segi_unconst(dict->strings);
    SEGI_TRY(segi_load_strings(store, strings, err));
    segi_mutex_lock(store->load_mutex);
    own->table = strings->loaded;
    atomic_store_explicit(&own->ready, true, memory_order_release);
    segi_mutex_unlock(store->load_mutex);
    return SEG_OK;
}

/* What the version shows of a state that was loaded. Under the load_mutex. */
static const segi_attr_state *snapshot_state(const segi_attr_absent *absent,
                                             segi_attr_state **state)
{
    if (!*state) {
        *state = absent->state;
        segi_attr_state_retain(*state);
    }
    return *state;
}

seg_status segi_snapshot_need_attribute(const segi_snapshot *snapshot, uint32_t index,
                                        seg_error *err)
{
    segi_version *version = snapshot_change(snapshot);
    segi_store *store = snapshot->store;
    if (atomic_load_explicit(&version->ready[index], memory_order_acquire))
        return SEG_OK;
    segi_attr_absent *absent = version->absent[index];
    SEGI_TRY(segi_load_state(store, absent, err));
    segi_mutex_lock(store->load_mutex);
    const segi_attr_state *state = snapshot_state(absent, &version->states[index]);
    version->attributes[index].chunk_count = state->chunk_count;
    version->attributes[index].chunks = state->chunks;
    atomic_store_explicit(&version->ready[index], true, memory_order_release);
    segi_mutex_unlock(store->load_mutex);
    return SEG_OK;
}

seg_status segi_snapshot_need_universe(const segi_snapshot *snapshot, seg_error *err)
{
    segi_version *version = snapshot_change(snapshot);
    segi_store *store = snapshot->store;
    if (atomic_load_explicit(&version->exists_ready, memory_order_acquire))
        return SEG_OK;
    SEGI_TRY(segi_load_state(store, version->exists_absent, err));
    segi_mutex_lock(store->load_mutex);
    (void)snapshot_state(version->exists_absent, &version->exists);
    atomic_store_explicit(&version->exists_ready, true, memory_order_release);
    segi_mutex_unlock(store->load_mutex);
    return SEG_OK;
}

/* ---- the universe ---------------------------------------------------------------------------- */

/* Users of a chunk that have no entry do not exist: each got one when it was first seen, and lost
 * it if it was erased. */
static void snapshot_exists(const segi_attr_chunk *chunk, int64_t now, segi_mask *out)
{
    if (chunk->col.set && chunk->col.max <= now) {
        /* Erased users are the only ones missing. */
        memcpy(out->words, chunk->col.set, (chunk->rows + 63) / 64 * sizeof *out->words);
    } else {
        for (uint32_t row = 0; row < chunk->rows; row++)
            if (segi_col_is_set(&chunk->col, row) && segi_col_slot(&chunk->col, row) <= now)
                segi_bit_set(out->words, row);
    }
    for (uint32_t i = 0; i < chunk->patch_count; i++) {
        if (chunk->patch_slots[i] <= now)
            segi_bit_set(out->words, chunk->patch_rows[i]);
        else
            segi_bit_clear(out->words, chunk->patch_rows[i]);
    }
}

uint32_t segi_snapshot_universe(const segi_snapshot *snapshot, uint32_t chunk, int64_t now,
                                segi_mask *out)
{
    const segi_attr_state *exists = snapshot_of(snapshot)->exists;
    uint32_t first = chunk << SEGI_CHUNK_BITS;
    segi_mask_zero(out);
    if (!exists || chunk >= exists->chunk_count || !exists->chunks[chunk])
        return 0;
    const segi_attr_chunk *known = exists->chunks[chunk];
    uint32_t users = snapshot->user_count - first;
    users = users < SEGI_CHUNK_USERS ? users : SEGI_CHUNK_USERS;
    if (segi_attr_chunk_full(known, users) && segi_attr_chunk_max(known) <= now) {
        segi_mask_prefix(out, users);
        return users;
    }
    snapshot_exists(known, now, out);
    return segi_mask_count(out);
}

int64_t segi_snapshot_exists_since(const segi_snapshot *snapshot, uint32_t ordinal)
{
    const segi_attr_state *exists = snapshot_of(snapshot)->exists;
    uint32_t chunk = ordinal >> SEGI_CHUNK_BITS;
    int64_t since;
    if (!exists || ordinal >= snapshot->user_count || chunk >= exists->chunk_count ||
        !exists->chunks[chunk] ||
        segi_attr_chunk_get(exists->chunks[chunk], ordinal & (SEGI_CHUNK_USERS - 1), &since) !=
            SEG_VALUE_SET)
        return INT64_MAX;
    return since;
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* As the find_many functions: UINT32_MAX where the snapshot does not know the id. Ids must be
 * loaded (segi_snapshot_need_ids()). */
uint32_t segi_snapshot_find(const segi_snapshot *snapshot, const char *id, size_t id_size)
{
    uint64_t offsets[2] = {0, id_size};
    uint32_t ordinal;
    segi_snapshot_find_many(snapshot, id, offsets, 1, &ordinal);
    return ordinal;
}

uint32_t segi_snapshot_find_u64(const segi_snapshot *snapshot, uint64_t id)
{
    uint32_t ordinal;
    segi_snapshot_find_many_u64(snapshot, &id, 1, &ordinal);
    return ordinal;
}

void segi_snapshot_find_many(const segi_snapshot *snapshot, const char *bytes,
                             const uint64_t *offsets, size_t count, uint32_t *out)
{
    const segi_version *version = snapshot_of(snapshot);
    const segi_ids *map = snapshot->store->ids;
    SEGI_ASSERT(map->kind == SEG_ID_BYTES);
    segi_ids_find_bytes(map, version->id_table, version->user_count, bytes, offsets, count, out);
}

void segi_snapshot_find_many_u64(const segi_snapshot *snapshot, const uint64_t *ids, size_t count,
                                 uint32_t *out)
{
    const segi_version *version = snapshot_of(snapshot);
    const segi_ids *map = snapshot->store->ids;
    SEGI_ASSERT(map->kind == SEG_ID_U64);
    segi_ids_find_numbers(map, version->id_table, version->user_count, ids, count, out);
}

const char *segi_snapshot_id(const segi_snapshot *snapshot, uint32_t ordinal, size_t *out_size)
{
    SEGI_ASSERT(ordinal < snapshot->user_count);
    const segi_ids *map = snapshot->store->ids;
    return segi_strings_get(&map->strings, ordinal, out_size);
}

void segi_snapshot_list(const segi_snapshot *snapshot, const uint32_t *ordinals, size_t count,
                        segi_buf *bytes, uint64_t *out_ends)
{
    SEGI_ASSERT(count == 0 || ordinals[count - 1] < snapshot->user_count);
    segi_strings_list(&snapshot->store->ids->strings, ordinals, count, bytes, out_ends);
}

void segi_snapshot_ids_u64(const segi_snapshot *snapshot, uint32_t first, uint32_t count,
                           uint64_t *out)
{
    SEGI_ASSERT(first <= snapshot->user_count && count <= snapshot->user_count - first);
    segi_seq_copy(&snapshot->store->ids->numbers, first, count, out);
}

void segi_snapshot_list_u64(const segi_snapshot *snapshot, const uint32_t *ordinals, size_t count,
                            uint64_t *out)
{
    const segi_seq *ids = &snapshot->store->ids->numbers;
    SEGI_ASSERT(count == 0 || ordinals[count - 1] < snapshot->user_count);
    for (size_t i = 0; i < count;) {
        uint64_t n;
        uint32_t first = ordinals[i];
        const uint64_t *numbers = segi_seq_run(ids, first, &n);
        for (; i < count && ordinals[i] - first < n; i++)
            out[i] = numbers[ordinals[i] - first];
    }
}

size_t segi_snapshot_pick_u64(const segi_snapshot *snapshot, uint32_t chunk, const segi_mask *mask,
                              uint32_t word_begin, uint32_t word_end, uint64_t *out)
{
    const segi_seq *ids = &snapshot->store->ids->numbers;
    size_t done = 0;
    for (uint32_t word = word_begin; word < word_end;) {
        uint32_t first = chunk << SEGI_CHUNK_BITS | word << 6;
        if (first >= snapshot->user_count)
            break;
        uint64_t n;
        const uint64_t *numbers = segi_seq_run(ids, first, &n);
        uint32_t words = n / 64 < word_end - word ? (uint32_t)(n / 64) : word_end - word;
        done += segi_bits_pick(mask->words + word, words, numbers, out + done);
        word += words;
    }
    return done;
}
