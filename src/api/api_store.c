/* api_store.c - stores and snapshots behind their public handles.
 *
 * A seg_store is the inner store with its catalogue of saved definitions and the working memory
 * of evaluations. It ends with the last handle that holds it, not with seg_store_close(). */
#include <string.h>

#include "api/api_int.h"

#define MEMORY_PATH ":memory:"
#define THREADS_MAX 1024u
#define PATH_SIZE_MAX 4096

/* ---- shared by the files of this room ---------------------------------------------------- */

void segi_api_store_retain(seg_store *store)
{
    segi_api_refs_add(&store->refs);
}

/* The allocator is copied out first: the struct itself is the last block to be given back. */
void segi_api_store_release(seg_store *store)
{
    if (store == NULL || !segi_api_refs_drop(&store->refs))
        return;
    segi_scratch_destroy(store->scratch);
    segi_catalog_destroy(store->catalog);
    segi_store_release(store->store);
    segi_mem mem = store->mem;
    segi_free(&mem, store);
}

/* The hint names the twin of the function. */
seg_status segi_api_check_id_kind(uint32_t has, uint32_t wants, seg_error *err)
{
    if (has == wants)
        return SEG_OK;
    bool bytes = has == SEG_ID_BYTES;
    segi_fail(err, SEG_E_ARG, "the user ids of this store are %s",
              bytes ? "bytes" : "64-bit integers");
    segi_error_hint(err, "use the form of the call %s _u64", bytes ? "without" : "with");
    return SEG_E_ARG;
}

seg_status segi_api_check_text(const char **text, size_t text_size, seg_error *err)
{
    SEGI_CHECK_ARG(*text != NULL || text_size == 0, err, "the text is NULL");
    if (*text == NULL)
        *text = "";
    if (text_size > SEG_TEXT_SIZE_MAX)
        return segi_fail(err, SEG_E_LIMIT, "the text has %zu bytes, at most %d are allowed",
                         text_size, SEG_TEXT_SIZE_MAX);
    return SEG_OK;
}

seg_status segi_api_check_now(int64_t now, seg_error *err)
{
    SEGI_CHECK_ARG(now >= SEG_TIME_MIN && now <= SEG_TIME_MAX, err,
                   "now lies outside the years 1 to 9999");
    return SEG_OK;
}

/* ---- store ------------------------------------------------------------------------------- */

void seg_store_options_init(seg_store_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

/* What can be seen without the file. */
static seg_status options_check(const seg_store_options *options, seg_error *err)
{
    const uint32_t flags = SEG_STORE_READ_ONLY | SEG_STORE_CREATE | SEG_STORE_EXCLUSIVE;
    SEGI_CHECK_ARG((options->flags & ~flags) == 0, err, "the store options have unknown flags");
    SEGI_CHECK_ARG((options->flags & SEG_STORE_READ_ONLY) == 0 ||
                       options->flags == SEG_STORE_READ_ONLY,
                   err, "a store opened for reading cannot be created");
    SEGI_CHECK_ARG((options->flags & SEG_STORE_EXCLUSIVE) == 0 ||
                       (options->flags & SEG_STORE_CREATE) != 0,
                   err, "SEG_STORE_EXCLUSIVE goes with SEG_STORE_CREATE");
    SEGI_CHECK_ARG(options->durability <= SEG_DURABILITY_OFF, err,
                   "durability is not one of SEG_DURABILITY_*");
    SEGI_CHECK_ARG(options->id_kind <= SEG_ID_U64, err, "id_kind is not one of SEG_ID_*");
    SEGI_CHECK_ARG(options->week_start <= 1 || options->week_start == 7, err,
                   "week_start is neither 0, 1 (Monday) nor 7 (Sunday)");
    SEGI_CHECK_ARG(options->threads_max <= THREADS_MAX, err, "threads_max is above 1024");
    SEGI_CHECK_ARG(options->snapshot_age_max_us <= INT64_MAX, err,
                   "snapshot_age_max_us is above 2^63 - 1");
    SEGI_CHECK_ARG(options->timezone != NULL || options->timezone_size == 0, err,
                   "timezone is NULL");
    SEGI_CHECK_ARG(options->timezone_size <= SEG_NAME_SIZE_MAX, err,
                   "the name of the time zone is longer than 255 bytes");
    return SEG_OK;
}

/* What the options leave open stays so: the store knows its file and the defaults. */
static seg_status store_config(const segi_mem *mem, const seg_store_options *options,
                               segi_store_config *config, seg_error *err)
{
    memset(config, 0, sizeof *config);
    config->mem = *mem;
    config->id_kind = options->id_kind;
    config->week_start = (int32_t)options->week_start;
    config->dedup_window_us = options->dedup_window_us;
    config->threads_max = options->threads_max != 0 ? options->threads_max : segi_processor_count();
    if (options->timezone == NULL)
        return SEG_OK;
    return segi_zone_load(mem, options->timezone, (size_t)options->timezone_size, &config->zone,
                          err);
}

/* The zone of config is taken by segi_store_open(), or ended here. */
static seg_status store_open_file(seg_store *store, const segi_store_config *config,
                                  const seg_store_options *options, const char *path,
                                  size_t path_size, const segi_vfs *vfs, seg_error *err)
{
    char *terminated = segi_api_path(&store->mem, path, path_size);
    if (terminated == NULL) {
        segi_zone_destroy(config->zone);
        return segi_fail_nomem(err);
    }
    const segi_store_place place = {.vfs = vfs,
                                    .path = terminated,
                                    .read_only = (options->flags & SEG_STORE_READ_ONLY) != 0,
                                    .create = (options->flags & SEG_STORE_CREATE) != 0,
                                    .must_create = (options->flags & SEG_STORE_EXCLUSIVE) != 0,
                                    .durability = options->durability,
                                    .log_bytes_max = options->log_bytes_max,
                                    .memory_limit = options->memory_limit,
                                    .snapshot_age_max_us = (int64_t)options->snapshot_age_max_us};
    seg_status status = segi_store_open(config, &place, &store->store, err);
    segi_free(&store->mem, terminated);
    return status;
}

/* On failure the caller releases what there is. */
static seg_status store_fill(seg_store *store, const seg_store_options *options, const char *path,
                             size_t path_size, const segi_vfs *vfs, seg_error *err)
{
    segi_store_config config;
    SEGI_TRY(store_config(&store->mem, options, &config, err));
    if (path_size == strlen(MEMORY_PATH) && memcmp(path, MEMORY_PATH, path_size) == 0)
        SEGI_TRY(segi_store_create(&config, &store->store, err));
    else
        SEGI_TRY(store_open_file(store, &config, options, path, path_size, vfs, err));
    SEGI_TRY(segi_scratch_create(&store->mem, &store->scratch, err));
    return segi_catalog_create(&store->mem, store->store, &store->catalog, err);
}

char *segi_api_path(const segi_mem *mem, const char *path, size_t path_size)
{
    char *terminated = segi_alloc(mem, path_size + 1);
    if (terminated != NULL) {
        memcpy(terminated, path, path_size);
        terminated[path_size] = 0;
    }
    return terminated;
}

seg_status segi_api_check_path(const char *path, size_t path_size, seg_error *err)
{
    SEGI_CHECK_ARG(path != NULL && path_size > 0, err, "the path is empty");
    SEGI_CHECK_ARG(path_size <= PATH_SIZE_MAX, err, "the path is longer than 4096 bytes");
    SEGI_CHECK_ARG(memchr(path, 0, path_size) == NULL, err, "the path contains a zero byte");
    return SEG_OK;
}

/* `vfs` NULL: files of the operating system. */
seg_status segi_api_store_open(const segi_vfs *vfs, const char *path, size_t path_size,
                               const seg_store_options *options, seg_store **out_store,
                               seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_store != NULL, err, "out_store is NULL");
    *out_store = NULL;
    SEGI_TRY(segi_api_check_path(path, path_size, err));
    seg_store_options known;
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_store_options", err));
    SEGI_TRY(options_check(&known, err));
    segi_mem mem;
    SEGI_TRY(segi_mem_init(&mem, known.allocator, err));
    seg_store *store = segi_alloc_zero(&mem, sizeof *store);
    if (store == NULL)
        return segi_fail_nomem(err);
    segi_api_refs_init(&store->refs);
    store->mem = mem;
    seg_status status = store_fill(store, &known, path, path_size, vfs, err);
    if (status != SEG_OK) {
        segi_api_store_release(store);
        return status;
    }
    *out_store = store;
    return SEG_OK;
}

seg_status seg_store_open(const char *path, size_t path_size, const seg_store_options *options,
                          seg_store **out_store, seg_error *err)
{
    return segi_api_store_open(NULL, path, path_size, options, out_store, err);
}

/* The handle is gone either way; snapshots and sets that hold the store stay readable. */
seg_status seg_store_close(seg_store *store, seg_error *err)
{
    segi_api_begin(err);
    if (store == NULL)
        return SEG_OK;
    seg_status status = segi_store_close(store->store, err);
    segi_api_store_release(store);
    return status;
}

/* ---- snapshots --------------------------------------------------------------------------- */

seg_status seg_snapshot_create(seg_store *store, seg_snapshot **out_snapshot, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_snapshot != NULL, err, "out_snapshot is NULL");
    *out_snapshot = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_snapshot *snapshot = segi_alloc_zero(&store->mem, sizeof *snapshot);
    if (snapshot == NULL)
        return segi_fail_nomem(err);
    seg_status status = segi_snapshot_create(store->store, &snapshot->snapshot, err);
    if (status != SEG_OK) {
        segi_free(&store->mem, snapshot);
        return status;
    }
    segi_api_refs_init(&snapshot->refs);
    segi_api_store_retain(store);
    snapshot->store = store;
    *out_snapshot = snapshot;
    return SEG_OK;
}

void seg_snapshot_retain(seg_snapshot *snapshot)
{
    if (snapshot != NULL)
        segi_api_refs_add(&snapshot->refs);
}

void seg_snapshot_release(seg_snapshot *snapshot)
{
    if (snapshot == NULL || !segi_api_refs_drop(&snapshot->refs))
        return;
    seg_store *store = snapshot->store;
    segi_snapshot_release(snapshot->snapshot);
    segi_free(&store->mem, snapshot);
    segi_api_store_release(store);
}

/* Erased users are no users. */
seg_status seg_snapshot_get_info(const seg_snapshot *snapshot, seg_snapshot_info *info,
                                 seg_error *err)
{
    segi_api_begin(err);
    seg_snapshot_info known;
    memset(&known, 0, sizeof known);
    SEGI_TRY(segi_options_write(info, &known, sizeof known, "seg_snapshot_info", err));
    SEGI_CHECK_ARG(snapshot != NULL, err, "snapshot is NULL");
    const segi_snapshot *inner = snapshot->snapshot;
    known.commit_sequence = inner->commit_sequence;
    known.user_count = inner->user_count - inner->erased_count;
    known.event_count = inner->event_count;
    known.part_count = inner->part_count;
    known.memory_bytes = inner->memory_bytes;
    known.time_min = inner->time_min;
    known.time_max = inner->time_max;
    return segi_options_write(info, &known, sizeof known, "seg_snapshot_info", err);
}
