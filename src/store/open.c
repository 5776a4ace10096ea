/* Opening a store's file: the disk, the root of its last checkpoint, the log since then. */
#include <string.h>

#include "base/error.h"
#include "store/keep.h"

#define OPEN_LOG_BYTES_MAX ((uint64_t)64 << 20)
/* What the log grows by. */
#define OPEN_LOG_STEP_MIN ((uint64_t)64 << 10)
#define OPEN_LOG_STEP_MAX ((uint64_t)1 << 20)

/* ---- what a store is -------------------- */

static seg_status open_differs(const char *what, seg_error *err)
{
    segi_fail(err, SEG_E_ARG, "the store was created with another %s", what);
    segi_error_hint(err, "leave the option out to take what the store has");
    return SEG_E_ARG;
}

/* What the options leave open comes from the file; what they state must be there.
 * A file decides what a store is; an option that says something else is most likely the wrong
 * file. */
static seg_status open_settle(segi_store_config *config, const segi_root_head *head, seg_error *err)
{
    const char *zone = config->zone ? segi_zone_name(config->zone) : NULL;
    if (config->id_kind != 0 && config->id_kind != head->id_kind)
        return open_differs("kind of user ids", err);
    if (config->week_start != 0 && config->week_start != head->week_start)
        return open_differs("first day of the week", err);
    if (config->dedup_window_us != 0 && config->dedup_window_us != head->dedup_window_us)
        return open_differs("time for which event ids are kept", err);
    if (zone && (strlen(zone) != head->zone_size || memcmp(zone, head->zone, head->zone_size) != 0))
        return open_differs("time zone", err);
    config->id_kind = head->id_kind;
    config->week_start = head->week_start;
    config->dedup_window_us = head->dedup_window_us;
    if (zone)
        return SEG_OK;
    return segi_zone_load(&config->mem, head->zone, head->zone_size, &config->zone, err);
}

/* ---- steps -------------------- */

/* A log that has to stay small takes no more room than that. */
static uint64_t log_step(uint64_t log_bytes_max)
{
    if (log_bytes_max == 0 || log_bytes_max > OPEN_LOG_STEP_MAX)
        return OPEN_LOG_STEP_MAX;
    return log_bytes_max < OPEN_LOG_STEP_MIN ? OPEN_LOG_STEP_MIN : log_bytes_max;
}

/* From here on store->keep exists, and what releases the store closes the disk. */
static seg_status open_disk(segi_store *store, const segi_store_place *place, seg_error *err)
{
    const segi_disk_options options = {.read_only = place->read_only,
                                       .create = place->create,
                                       .must_create = place->must_create,
                                       .salvage = place->salvage,
                                       .log_step = log_step(place->log_bytes_max),
                                       .report = place->fault,
                                       .report_user = place->fault_user,
                                       .durability = place->durability,
                                       .pin_micros = place->snapshot_age_max_us};
    segi_keep *keep = segi_alloc_zero(&store->mem, sizeof *keep);
    if (!keep)
        return segi_fail_nomem(err);
    store->keep = keep;
    keep->read_only = place->read_only || place->salvage;
    keep->replaying = true;
    keep->salvaging = place->salvage;
    keep->log_bytes_max = place->log_bytes_max > 0 ? place->log_bytes_max : OPEN_LOG_BYTES_MAX;
    keep->checkpoint_due = keep->log_bytes_max;
    SEGI_TRY(segi_cache_create(&store->mem, place->memory_limit, &store->cache, err));
    return segi_disk_open(place->vfs, &store->mem, place->path, &options, &keep->disk, err);
}

/* Takes the zone of config in any case. */
static seg_status open_content(segi_store *store, segi_store_config *config, seg_error *err)
{
    size_t size;
    const void *root = segi_disk_root(store->keep->disk, &size);
    segi_wire from = segi_wire_of(root, size);
    segi_root_head head;
    seg_status status =
        size > 0 ? segi_root_read_head(&from, &head, err) : segi_store_defaults(config, err);
    if (status == SEG_OK && size > 0)
        status = open_settle(config, &head, err);
    if (status != SEG_OK) {
        segi_zone_destroy(config->zone);
        return status;
    }
    SEGI_TRY(segi_store_begin(store, config, size > 0 ? head.dedup_key : NULL, err));
    return size > 0 ? segi_root_read(store, &from, err) : SEG_OK;
}

/* Called by the disk for each record of the log, in the order in which they were written. */
static seg_status open_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                              seg_error *err)
{
    (void)lsn;
    return segi_replay_record(user, bytes, size, err);
}

/* A new store's file says from the beginning what the store is: the log would not. */
static seg_status open_finish(segi_store *store, seg_error *err)
{
    segi_keep *keep = store->keep;
    size_t size;
    bool more;
    SEGI_TRY(segi_disk_replay(keep->disk, open_record, store, err));
    keep->replaying = false;
    (void)segi_disk_root(keep->disk, &size);
    if (size == 0 && !keep->read_only)
        return segi_checkpoint_step(store, 0, &more, err);
    return SEG_OK;
}

/* Takes the zone of config, also on failure. */
seg_status segi_store_open(const segi_store_config *config, const segi_store_place *place,
                           segi_store **out, seg_error *err)
{
    segi_store_config own = *config;
    *out = NULL;
    segi_store *store = segi_store_alloc(&own.mem);
    seg_status status = store ? open_disk(store, place, err) : segi_fail_nomem(err);
    if (status != SEG_OK)
        segi_zone_destroy(own.zone);
    else
        status = open_content(store, &own, err);
    if (status == SEG_OK && !place->salvage)
        status = open_finish(store, err);
    if (status != SEG_OK) {
        segi_store_release(store);
        return status;
    }
    *out = store;
    return SEG_OK;
}

/* Runs of a load are merged before they are written: else the next opening would do it, and again
 * each that only reads. */
static seg_status close_checkpoint(segi_store *store, seg_error *err)
{
    bool more;
    if (!segi_store_seal(store))
        return segi_fail_nomem(err);
    segi_store_maintain(store, UINT64_MAX, SEGI_MERGE_FANOUT);
    SEGI_TRY(segi_checkpoint_step(store, 0, &more, err));
    do
        SEGI_TRY(segi_checkpoint_compact(store, 0, &more, err));
    while (more);
    return SEG_OK;
}

/* The store lives on in memory for whoever still reads it; nothing is written where nothing has
 * changed. */
seg_status segi_store_close(segi_store *store, seg_error *err)
{
    seg_status status = SEG_OK;
    segi_disk_statistics figures;
    if (!store->keep || store->keep->read_only)
        return SEG_OK;
    segi_mutex_lock(store->mutex);
    segi_version_release(store->version);
    store->version = NULL;
    segi_disk_stats(store->keep->disk, &figures);
    if (figures.poisoned)
        status = segi_fail(err, SEG_E_POISONED, "an earlier write of the store's file failed");
    else if (figures.records > 0 || segi_keep_unwritten(store))
        status = close_checkpoint(store, err);
    else if (figures.dropped_bytes > 0) /* What a snapshot held back is overwritten now. */
        status = segi_disk_reclaim(store->keep->disk, 0, NULL, err);
    segi_mutex_unlock(store->mutex);
    return status;
}
