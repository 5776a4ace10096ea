/* salvage.c - the way of a salvage from one file to the other. See salvage.h. */
#include "store/salvage.h"

#include <string.h>

#include "base/error.h"
#include "store/tokens.h"

/* The new store gets its name when it is whole. Until then it is built in files that have no name,
 * so that nothing of them is left, whatever ends the process; only while they are made they have
 * this one. */
#define SALVAGE_SUFFIX "-salvage"
/* Its log stays empty. */
#define SALVAGE_LOG_BYTES 65536u

/* ---- what is told ---------------------------------------------------------------------------- */

/* Opening, searching and reading say what they met. */
static void salvage_fault(void *user, const segi_disk_fault *fault)
{
    segi_salvage *s = user;
    seg_fault out = {.struct_size = (uint32_t)sizeof out,
                     .file = fault->file,
                     .offset = fault->offset,
                     .block = fault->block,
                     .what = fault->what};
    if (s->blocks_told && fault->block_kind != 0 && fault->block_kind <= SEGI_DISK_KIND_MAX)
        return;
    s->out->faults++;
    if (s->report)
        s->report(s->report_user, &out);
}

/* ---- the damaged store ----------------------------------------------------------------------- */

static bool salvage_block(void *user, uint64_t id, uint32_t kind, size_t size)
{
    segi_salvage *s = user;
    seg_error ignored = SEG_ERROR_INIT;
    (void)size;
    seg_status status = segi_disk_read(s->from->keep->disk, id, kind, &s->buf, &ignored);
    s->out->blocks++;
    s->out->blocks_lost += segi_salvage_lost(status);
    s->failure = status == SEG_E_NOMEM ? status : SEG_OK;
    return s->failure == SEG_OK;
}

/* Only here does a damaged block count and is told, whoever needs it before or after. */
static seg_status salvage_look(segi_salvage *s)
{
    s->blocks_told = false;
    segi_disk_each(s->from->keep->disk, salvage_block, s);
    s->blocks_told = true;
    return s->failure == SEG_OK ? SEG_OK : segi_fail_nomem(s->err);
}

/* ---- the new store --------------------------------------------------------------------------- */

/* Take the names away, for good. A log without its store is in nobody's way, a store without its
 * log is. */
static seg_status salvage_hide(const segi_vfs *vfs, const char *path, const char *log,
                               seg_error *err)
{
    SEGI_TRY(segi_vfs_unlink(vfs, path, err));
    SEGI_TRY(segi_vfs_sync_directory(vfs, path, err));
    SEGI_TRY(segi_vfs_unlink(vfs, log, err));
    return segi_vfs_sync_directory(vfs, path, err);
}

/* What an interrupted salvage has left before its names were gone is a store in which nothing was
 * ever written. Anything else of that name is somebody's, and is looked at alone. */
static seg_status salvage_clear(segi_salvage *s, const segi_vfs *vfs, const char *path,
                                const char *log)
{
    segi_disk *disk = NULL;
    segi_disk_statistics figures;
    const segi_disk_options options = {.read_only = true};
    seg_status status = segi_disk_open(vfs, &s->from->mem, path, &options, &disk, s->err);
    if (status == SEG_E_NOT_FOUND) {
        segi_error_clear(s->err);
        return SEG_OK;
    }
    if (status != SEG_OK && status != SEG_E_CORRUPT && status != SEG_E_FORMAT_NEW)
        return status;
    bool blank = false;
    if (status == SEG_OK) {
        segi_disk_stats(disk, &figures);
        blank = figures.lsn == 0 && figures.blocks == 0;
    }
    status = blank ? salvage_hide(vfs, path, log, s->err)
                   : segi_fail(s->err, SEG_E_EXISTS, "there is a file %s already", path);
    (void)segi_disk_close(disk, NULL);
    return status;
}

static seg_status salvage_create(segi_salvage *s, const segi_store_place *like, const char *path)
{
    const segi_store *from = s->from;
    const char *zone = segi_zone_name(from->schema->zone);
    segi_store_config config = {.mem = from->mem,
                                .id_kind = from->schema->id_kind,
                                .week_start = from->schema->week_start,
                                .dedup_window_us = from->dedup.window_us,
                                .threads_max = 1};
    segi_store_place place = {.vfs = like->vfs,
                              .path = path,
                              .create = true,
                              .must_create = true,
                              .durability = SEGI_DISK_NORMAL,
                              .log_bytes_max = SALVAGE_LOG_BYTES,
                              .memory_limit = like->memory_limit};
    SEGI_TRY(segi_zone_load(&config.mem, zone, strlen(zone), &config.zone, s->err));
    SEGI_TRY(segi_store_open(&config, &place, &s->to, s->err));
    /* What is not a commit yet needs no log: half of a new store is worth nothing. */
    s->to->keep->replaying = true;
    return SEG_OK;
}

static seg_status salvage_texts(segi_salvage *s, segi_shelf shelf)
{
    const segi_saved_texts *texts = &s->from->texts[shelf];
    for (size_t i = 0; i < texts->count; i++) {
        const segi_saved_text *text = texts->items[i];
        segi_saved_text *copy = segi_saved_texts_prepare(
            &s->to->texts[shelf], &s->to->mem, text->bytes, text->name_size,
            text->bytes + text->name_size, text->text_size, text->version);
        if (!copy)
            return segi_fail_nomem(s->err);
        segi_saved_texts_put(&s->to->texts[shelf], &s->to->mem, copy);
    }
    return SEG_OK;
}

/* Who is refused, and how long events are kept. */
static seg_status salvage_privacy(segi_salvage *s)
{
    const segi_suppress *refused = &s->from->suppress;
    const segi_retention *rules = &s->from->retention;
    segi_store *to = s->to;
    memcpy(to->suppress.key, refused->key, sizeof refused->key);
    if (refused->count > 0 && !segi_suppress_reserve(&to->suppress, &to->mem, refused->count))
        return segi_fail_nomem(s->err);
    for (size_t at = 0; at < segi_suppress_slots(refused); at++)
        if (!segi_suppress_is_empty(&refused->slots[at]))
            (void)segi_suppress_put(&to->suppress, &refused->slots[at]);
    to->retention.usual = rules->usual;
    if (rules->count == 0)
        return SEG_OK;
    if (!segi_grow(&to->mem, (void **)&to->retention.own, &to->retention.capacity, rules->count,
                   sizeof *rules->own))
        return segi_fail_nomem(s->err);
    memcpy(to->retention.own, rules->own, rules->count * sizeof *rules->own);
    to->retention.count = rules->count;
    return SEG_OK;
}

/* What the root itself holds. */
static seg_status salvage_root(segi_salvage *s)
{
    const segi_store *from = s->from;
    segi_store *to = s->to;
    segi_schema_retain(from->schema);
    segi_store_take_schema(to, from->schema);
    to->commit_sequence = from->commit_sequence;
    to->clock = from->clock;
    memcpy(to->dedup.key, from->dedup.key, sizeof to->dedup.key);
    for (int shelf = 0; shelf < SEGI_SHELF_COUNT; shelf++)
        SEGI_TRY(salvage_texts(s, (segi_shelf)shelf));
    for (size_t i = 0; i < from->tokens.count; i++) {
        const segi_commit_token *token = segi_commit_tokens_at(&from->tokens, i);
        if (!segi_commit_tokens_reserve(&to->tokens, &to->mem))
            return segi_fail_nomem(s->err);
        segi_commit_tokens_add(&to->tokens, token->bytes, token->size, &token->report);
    }
    return salvage_privacy(s);
}

seg_status segi_salvage_settle(segi_salvage *s)
{
    bool more;
    if (!segi_store_seal(s->to) || !segi_store_fold(s->to))
        return segi_fail_nomem(s->err);
    segi_store_maintain(s->to, UINT64_MAX, SEGI_MERGE_FANOUT);
    return segi_checkpoint_step(s->to, 0, &more, s->err);
}

/* ---- ids of events --------------------------------------------------------------------------- */

/* One sheet of a period. If it is not what it should be, the records of the period are gone. */
static seg_status salvage_sheet(segi_salvage *s, const segi_sheet *sheet, segi_dedup_group *to)
{
    seg_error ignored = SEG_ERROR_INIT;
    segi_dedup *dedup = &s->to->dedup;
    seg_status status =
        segi_disk_read(s->from->keep->disk, sheet->block, SEGI_BLOCK_EVENT_IDS, &s->buf, &ignored);
    uint32_t lost = sheet->count;
    if (status == SEG_OK) {
        segi_wire from = segi_wire_of(s->buf.data, s->buf.size);
        status = segi_dedup_read(dedup, to, sheet->count, &from);
        if (status == SEG_OK) {
            to->count += sheet->count;
            return SEG_OK;
        }
        lost += to->count;
        segi_dedup_unload(dedup, to);
        to->count = 0;
    }
    s->out->event_ids_lost += lost;
    return segi_salvage_lost(status) ? SEG_OK : segi_fail_nomem(s->err);
}

static seg_status salvage_event_ids(segi_salvage *s)
{
    const segi_dedup_group *from = s->from->dedup.groups;
    for (; from; from = from->next) {
        segi_dedup_group *to = segi_dedup_add_group(&s->to->dedup, from->begin, from->end);
        if (!to)
            return segi_fail_nomem(s->err);
        to->loaded = true;
        for (size_t i = 0; i < from->sheets.count; i++)
            SEGI_TRY(salvage_sheet(s, &from->sheets.items[i], to));
    }
    return SEG_OK;
}

/* ---- the log --------------------------------------------------------------------------------- */

/* A record that the new store does not take is no more than lost. */
static seg_status salvage_record(void *user, uint64_t lsn, const void *bytes, size_t size,
                                 seg_error *err)
{
    segi_salvage *s = user;
    seg_error ignored = SEG_ERROR_INIT;
    (void)lsn;
    seg_status status = segi_replay_record(s->to, bytes, size, &ignored);
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    s->out->records += status == SEG_OK;
    s->out->log_lost |= status != SEG_OK;
    return SEG_OK;
}

static seg_status salvage_log(segi_salvage *s)
{
    segi_disk_statistics figures;
    segi_disk *disk = s->from->keep->disk;
    segi_disk_stats(disk, &figures);
    s->out->log_lost = figures.log_lost;
    seg_status status = segi_disk_replay(disk, salvage_record, s, s->err);
    if (status == SEG_E_NOMEM)
        return status;
    s->out->log_lost |= status != SEG_OK;
    return SEG_OK;
}

/* ---- all of it ------------------------------------------------------------------------------- */

static seg_status salvage_content(segi_salvage *s)
{
    SEGI_TRY(salvage_root(s));
    SEGI_TRY(segi_salvage_users(s));
    SEGI_TRY(segi_salvage_attributes(s));
    SEGI_TRY(segi_salvage_events(s));
    SEGI_TRY(salvage_event_ids(s));
    SEGI_TRY(salvage_log(s));
    s->out->users = s->to->user_count;
    s->out->events = s->to->event_count;
    return segi_salvage_settle(s);
}

static void salvage_conclude(seg_salvage_report *out)
{
    uint64_t lost = out->blocks_lost | out->users_lost | out->events_lost | out->attributes_lost |
                    out->properties_lost | out->strings_lost | out->event_ids_lost |
                    out->firsts_lost | out->log_lost;
    out->complete = lost == 0;
}

/* A file that comes there under the name meanwhile is touched by its owner alone. */
static seg_status salvage_begin(segi_salvage *s, const segi_store_place *place, const char *path)
{
    seg_error ignored = SEG_ERROR_INIT;
    char *log = segi_vfs_path(&s->from->mem, path, "-wal");
    if (!log)
        return segi_fail_nomem(s->err);
    seg_status status = salvage_clear(s, place->vfs, path, log);
    if (status == SEG_OK) {
        status = salvage_create(s, place, path);
        if (status == SEG_OK)
            status = salvage_hide(place->vfs, path, log, s->err);
        else if (status != SEG_E_EXISTS && status != SEG_E_BUSY)
            (void)salvage_hide(place->vfs, path, log, &ignored);
    }
    segi_free(&s->from->mem, log);
    return status;
}

/* Build the new store, then copy it to where it belongs. */
static seg_status salvage_build(segi_salvage *s, const segi_store_place *place, const char *path,
                                const char *to)
{
    seg_status status = salvage_begin(s, place, path);
    if (status == SEG_OK)
        status = salvage_look(s);
    if (status == SEG_OK)
        status = salvage_content(s);
    if (status == SEG_OK)
        status = segi_disk_backup(s->to->keep->disk, to, s->err);
    segi_store_release(s->to);
    s->to = NULL;
    return status;
}

static seg_status salvage_run(segi_salvage *s, const segi_store_config *config,
                              const segi_store_place *place, const char *to)
{
    segi_store_place own = *place;
    own.vfs = own.vfs ? own.vfs : segi_vfs_os();
    own.salvage = true;
    own.fault = salvage_fault;
    own.fault_user = s;
    SEGI_TRY(segi_vfs_absent(own.vfs, to, s->err));
    SEGI_TRY(segi_store_open(config, &own, &s->from, s->err));
    char *path = segi_vfs_path(&s->from->mem, to, SALVAGE_SUFFIX);
    seg_status status = path ? salvage_build(s, &own, path, to) : segi_fail_nomem(s->err);
    segi_free(&s->from->mem, path);
    salvage_conclude(s->out);
    return status;
}

seg_status segi_store_salvage(const segi_mem *mem, const segi_store_place *from, const char *to,
                              segi_store_report *report, void *user, seg_salvage_report *out,
                              seg_error *err)
{
    segi_salvage s = {.out = out, .report = report, .report_user = user, .err = err};
    segi_store_config config = {.mem = *mem, .threads_max = 1};
    segi_mem own = *mem;
    segi_buf_init(&s.buf, &own);
    s.blocks_told = true;
    seg_status status = salvage_run(&s, &config, from, to);
    segi_buf_deinit(&s.buf);
    segi_salvage_map_deinit(&s.users, &own);
    segi_store_release(s.from);
    return status;
}
