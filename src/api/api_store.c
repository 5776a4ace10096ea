/* api_store.c - stores, snapshots and saved segments behind their public handles. */
#include <string.h>

#include "api/api_int.h"
#include "base/arena.h"

#define MEMORY_PATH ":memory:"
#define THREADS_MAX 1024u
#define PATH_SIZE_MAX 4096

/* ---- shared by the files of this room ---------------------------------------------------- */

void segi_api_store_retain(seg_store *store)
{
    segi_api_refs_add(&store->refs);
}

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
    if (options == NULL || options_size < SEGI_API_OPTIONS_MIN || options_size > UINT32_MAX)
        return;
    memset(options, 0, options_size);
    options->struct_size = (uint32_t)options_size;
}

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

/* ---- saved segments ---------------------------------------------------------------------- */

static seg_status define(seg_store *store, segi_definition kind, const char *name, size_t name_size,
                         const char *text, size_t text_size, uint64_t *out_version, seg_error *err)
{
    segi_api_begin(err);
    if (out_version != NULL)
        *out_version = 0;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_TRY(segi_api_check_text(&text, text_size, err));
    const segi_schema *schema = segi_store_schema(store->store);
    uint64_t version = 0;
    seg_status status = segi_catalog_define(store->catalog, schema, kind, name, name_size, text,
                                            text_size, &version, err);
    segi_schema_release(schema);
    if (out_version != NULL)
        *out_version = version;
    return status;
}

static seg_status drop(seg_store *store, segi_definition kind, const char *name, size_t name_size,
                       seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL || name_size == 0, err, "name is NULL");
    return segi_catalog_drop(store->catalog, kind, name, name_size, err);
}

seg_status seg_store_define_segment(seg_store *store, const char *name, size_t name_size,
                                    const char *text, size_t text_size, uint64_t *out_version,
                                    seg_error *err)
{
    return define(store, SEGI_DEFINE_SEGMENT, name, name_size, text, text_size, out_version, err);
}

seg_status seg_store_drop_segment(seg_store *store, const char *name, size_t name_size,
                                  seg_error *err)
{
    return drop(store, SEGI_DEFINE_SEGMENT, name, name_size, err);
}

seg_status seg_store_define_class(seg_store *store, const char *name, size_t name_size,
                                  const char *text, size_t text_size, uint64_t *out_version,
                                  seg_error *err)
{
    return define(store, SEGI_DEFINE_CLASS, name, name_size, text, text_size, out_version, err);
}

seg_status seg_store_drop_class(seg_store *store, const char *name, size_t name_size,
                                seg_error *err)
{
    return drop(store, SEGI_DEFINE_CLASS, name, name_size, err);
}

/* The texts lie behind the entries in one arena. */
struct seg_segment_list {
    segi_mem mem;
    segi_arena arena;
    seg_segment_info *items;
    size_t count, capacity;
};

static seg_status list_add(void *user, const char *name, size_t name_size, const char *text,
                           size_t text_size, uint64_t version, seg_error *err)
{
    seg_segment_list *list = user;
    seg_segment_info info = {.struct_size = (uint32_t)sizeof info, .version = version};
    info.name = segi_arena_copy(&list->arena, name, name_size);
    info.name_size = name_size;
    info.text = segi_arena_copy(&list->arena, text, text_size);
    info.text_size = text_size;
    void *items = list->items;
    if (info.name == NULL || info.text == NULL ||
        !segi_grow(&list->mem, &items, &list->capacity, list->count + 1, sizeof info))
        return segi_fail_nomem(err);
    list->items = items;
    list->items[list->count++] = info;
    return SEG_OK;
}

seg_status seg_store_list_segments(seg_store *store, seg_segment_list **out_list, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_list != NULL, err, "out_list is NULL");
    *out_list = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_segment_list *list = segi_alloc_zero(&store->mem, sizeof *list);
    if (list == NULL)
        return segi_fail_nomem(err);
    list->mem = store->mem;
    segi_arena_init(&list->arena, &list->mem);
    seg_status status = segi_catalog_each(store->catalog, list_add, list, err);
    if (status != SEG_OK) {
        seg_segment_list_destroy(list);
        return status;
    }
    *out_list = list;
    return SEG_OK;
}

uint64_t seg_segment_list_count(const seg_segment_list *list)
{
    return list != NULL ? list->count : 0;
}

seg_status seg_segment_list_at(const seg_segment_list *list, uint64_t index, seg_segment_info *info,
                               seg_error *err)
{
    segi_api_begin(err);
    seg_segment_info known;
    memset(&known, 0, sizeof known);
    SEGI_TRY(segi_options_write(info, &known, sizeof known, "seg_segment_info", err));
    SEGI_CHECK_ARG(list != NULL && index < list->count, err, "the list has no such entry");
    return segi_options_write(info, &list->items[index], sizeof known, "seg_segment_info", err);
}

void seg_segment_list_destroy(seg_segment_list *list)
{
    if (list == NULL)
        return;
    segi_mem mem = list->mem;
    segi_arena_deinit(&list->arena);
    segi_free(&mem, list->items);
    segi_free(&mem, list);
}
