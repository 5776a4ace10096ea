/* A store begins and ends; its attributes and dictionaries are made.
 *
 * Under the mutex but for creation and the constants (memory, pool, number of threads). A store
 * dies with its last reference, which may be a snapshot's: so snapshots outlive the handle of the
 * caller. */
#include <string.h>

#include "base/error.h"
#include "base/os.h"
#include "store/keep.h"

#define STORE_DEDUP_DAYS 35
#define STORE_DAY_US ((uint64_t)86400 * 1000000)

/* ---- begin and end --------------------------------------------------------------------------- */

/* Also of a store that was begun in part only: everything starts as zeros, and all that is called
 * here takes them. Runs go before the cache that counts their columns, strings and ids before the
 * era. */
static void store_destroy(segi_store *store)
{
    if (!store)
        return;
    const segi_mem mem = store->mem;
    segi_version_release(store->version);
    for (size_t i = 0; i < store->run_count; i++)
        segi_run_release(store->runs[i]);
    segi_free(&mem, store->runs);
    segi_run_release(store->firsts);
    for (segi_run *run = store->retired, *next; run; run = next) {
        next = run->file->next_retired;
        segi_run_release(run);
    }
    segi_cache_destroy(store->cache);
    segi_attr_deinit(&store->exists, &store->mem);
    segi_schema_release(store->schema);
    store->schema = NULL;
    segi_store_forget(store);
    segi_free(&mem, store->attrs);
    segi_free(&mem, store->dicts);
    segi_tail_deinit(&store->tail);
    segi_ids_destroy(store->ids);
    segi_era_release(store->era);
    segi_suppress_deinit(&store->suppress, &mem);
    segi_free(&mem, store->retention.own);
    segi_dedup_deinit(&store->dedup);
    for (int shelf = 0; shelf < SEGI_SHELF_COUNT; shelf++)
        segi_saved_texts_deinit(&store->texts[shelf], &store->mem);
    segi_commit_tokens_deinit(&store->tokens, &store->mem);
    (void)segi_keep_close(store, NULL);
    segi_scratch_trim(&store->scratch, 0);
    segi_pool_destroy(store->pool);
    segi_mutex_destroy(&store->mem, store->load_mutex);
    segi_mutex_destroy(&store->mem, store->mutex);
    segi_free(&mem, store);
}

/* The keys of the hash tables are drawn anew each time a store is opened, so that crafted ids
 * cannot know where they collide. */
seg_status segi_store_begin(segi_store *store, const segi_store_config *config,
                            const uint64_t dedup_key[2], seg_error *err)
{
    const segi_mem *mem = &store->mem;
    uint64_t drawn[2];
    store->threads_max = config->threads_max > 0 ? config->threads_max : 1;
    store->tail.mem = mem;
    store->scratch.mem = mem;
    store->exists.type = SEG_TYPE_TIMESTAMP;
    store->exists.earliest = true;
    store->tail_rows_max = SEGI_TAIL_ROWS_MAX;
    store->seal_rows_max = SEGI_SEAL_ROWS_MAX;
    store->merge_rows_max = SEGI_MERGE_ROWS_MAX;
    segi_clock_init(&store->clock);
    SEGI_TRY(segi_schema_create(mem, config->id_kind, config->week_start, config->zone,
                                &store->schema, err));
    SEGI_TRY(segi_os_random(store->key, sizeof store->key, err));
    SEGI_TRY(segi_os_random(drawn, sizeof drawn, err));
    SEGI_TRY(segi_os_random(store->suppress.key, sizeof store->suppress.key, err));
    store->retention.usual = SEG_KEEP_FOREVER;
    store->ids = segi_ids_create(mem, config->id_kind, store->key);
    store->era = segi_era_create(mem, &store->eras_open);
    if (!store->ids || !store->era ||
        !segi_dedup_init(&store->dedup, mem, dedup_key ? dedup_key : drawn,
                         config->dedup_window_us))
        return segi_fail_nomem(err);
    SEGI_TRY(segi_mutex_create(mem, &store->mutex, err));
    SEGI_TRY(segi_mutex_create(mem, &store->load_mutex, err));
    return segi_pool_create(mem, store->threads_max, &store->pool, err);
}

segi_store *segi_store_alloc(const segi_mem *mem)
{
    segi_store *store = segi_alloc_zero(mem, sizeof *store);
    if (!store)
        return NULL;
    store->mem = *mem;
    atomic_init(&store->refs, 1);
    return store;
}

seg_status segi_store_defaults(segi_store_config *config, seg_error *err)
{
    if (config->week_start == 0)
        config->week_start = 1;
    if (config->dedup_window_us == 0)
        config->dedup_window_us = STORE_DEDUP_DAYS * STORE_DAY_US;
    return config->zone ? SEG_OK : segi_zone_load(&config->mem, "UTC", 3, &config->zone, err);
}

/* The zone of config is taken at once, so it is destroyed on each way out that did not reach the
 * schema. */
seg_status segi_store_create(const segi_store_config *config, segi_store **out, seg_error *err)
{
    segi_store_config own = *config;
    *out = NULL;
    segi_store *store = segi_store_alloc(&own.mem);
    seg_status status = store ? segi_store_defaults(&own, err) : segi_fail_nomem(err);
    if (status != SEG_OK) {
        segi_zone_destroy(own.zone);
        store_destroy(store);
        return status;
    }
    status = segi_store_begin(store, &own, NULL, err);
    if (status != SEG_OK) {
        store_destroy(store);
        return status;
    }
    *out = store;
    return SEG_OK;
}

void segi_store_retain(segi_store *store)
{
    atomic_fetch_add_explicit(&store->refs, 1, memory_order_relaxed);
}

/* acq_rel: whoever frees has to see what other threads did before they let go. */
void segi_store_release(segi_store *store)
{
    if (store && atomic_fetch_sub_explicit(&store->refs, 1, memory_order_acq_rel) == 1)
        store_destroy(store);
}

const segi_mem *segi_store_mem(const segi_store *store)
{
    return &store->mem;
}

segi_pool *segi_store_pool(const segi_store *store)
{
    return store->pool;
}

uint32_t segi_store_threads_max(const segi_store *store)
{
    return store->threads_max;
}

const segi_schema *segi_store_schema(segi_store *store)
{
    segi_mutex_lock(store->mutex);
    const segi_schema *schema = store->schema;
    segi_schema_retain(schema);
    segi_mutex_unlock(store->mutex);
    return schema;
}

/* ---- attributes and dictionaries ------------------------------------------------------------- */

/* Empty, with the store's key. */
static segi_strings *store_new_dict(segi_store *store)
{
    segi_strings *strings = segi_alloc(&store->mem, sizeof *strings);
    if (strings && !segi_strings_init(strings, &store->mem, store->key, SEGI_DICT_COUNT_MAX)) {
        segi_free(&store->mem, strings);
        return NULL;
    }
    return strings;
}

/* The table grows to the attribute's index; those in between come into being when they get
 * values. */
segi_attr *segi_store_attr(segi_store *store, const segi_field *field)
{
    if (field->index >= store->attr_count) {
        if (!segi_grow(&store->mem, (void **)&store->attrs, &store->attr_capacity,
                       field->index + (size_t)1, sizeof *store->attrs))
            return NULL;
        memset(store->attrs + store->attr_count, 0,
               (field->index + (size_t)1 - store->attr_count) * sizeof *store->attrs);
        store->attr_count = field->index + (size_t)1;
    }
    segi_attr *attr = &store->attrs[field->index];
    bool texts = field->type == SEG_TYPE_STRING || field->type == SEG_TYPE_STRING_SET;
    attr->type = field->type;
    if (texts && !attr->dict)
        attr->dict = store_new_dict(store);
    return texts && !attr->dict ? NULL : attr;
}

segi_strings *segi_store_dict(segi_store *store, uint32_t event, uint32_t property)
{
    if (event >= store->dict_count) {
        if (!segi_grow(&store->mem, (void **)&store->dicts, &store->dict_capacity,
                       event + (size_t)1, sizeof *store->dicts))
            return NULL;
        memset(store->dicts + store->dict_count, 0,
               (event + (size_t)1 - store->dict_count) * sizeof *store->dicts);
        store->dict_count = event + (size_t)1;
    }
    segi_event_dicts *dicts = &store->dicts[event];
    if (property >= dicts->count) {
        if (!segi_grow(&store->mem, (void **)&dicts->dicts, &dicts->capacity, property + (size_t)1,
                       sizeof *dicts->dicts))
            return NULL;
        for (; dicts->count <= property; dicts->count++)
            dicts->dicts[dicts->count] = NULL;
    }
    if (!dicts->dicts[property])
        dicts->dicts[property] = store_new_dict(store);
    return dicts->dicts[property];
}

/* From the end down to `kept` of them. */
static void store_forget_dicts(segi_store *store, segi_event_dicts *dicts, size_t kept)
{
    while (dicts->count > kept) {
        segi_strings_destroy(dicts->dicts[dicts->count - 1]);
        dicts->count--;
    }
    if (kept == 0) {
        segi_free(&store->mem, dicts->dicts);
        memset(dicts, 0, sizeof *dicts);
    }
}

void segi_store_forget(segi_store *store)
{
    const segi_schema *schema = store->schema;
    size_t attributes = schema ? schema->attribute_count : 0;
    while (store->attr_count > attributes)
        segi_attr_deinit(&store->attrs[--store->attr_count], &store->mem);
    size_t events = schema ? schema->event_count : 0;
    for (; store->dict_count > events; store->dict_count--)
        store_forget_dicts(store, &store->dicts[store->dict_count - 1], 0);
    for (size_t i = 0; i < store->dict_count; i++)
        store_forget_dicts(store, &store->dicts[i], schema->events[i]->field_count);
}

/* Each attribute by itself: where memory ends in the middle some are folded, and all are whole. */
bool segi_store_fold(segi_store *store)
{
    if (!segi_attr_fold(&store->exists, &store->mem, &store->scratch))
        return false;
    for (size_t i = 0; i < store->attr_count; i++)
        if (!segi_attr_fold(&store->attrs[i], &store->mem, &store->scratch))
            return false;
    return true;
}
