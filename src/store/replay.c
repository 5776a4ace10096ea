/* Applying the records of the log: each one makes the call again that it was written for.
 *
 * Bytes of the log have passed their checksum, and are still not trusted: sizes, names and kinds
 * are checked again. One thread, before anybody else has the store. */
#include <seg/segment.h>
#include <string.h>

#include "base/error.h"
#include "store/define.h"
#include "store/keep.h"
#include "store/record.h"

/* The batches live in an arena as long as the commit runs. */
static seg_status replay_commit(segi_store *store, segi_wire *from, seg_error *err)
{
    segi_arena arena;
    segi_record_commit record;
    segi_arena_init(&arena, &store->mem);
    seg_status status = segi_record_commit_read(from, &arena, &record, err);
    if (status == SEG_OK)
        status = segi_commit_replay(store, &record, err);
    segi_arena_deinit(&arena);
    return status;
}

static seg_status replay_define(segi_store *store, uint8_t kind, segi_wire *from, seg_error *err)
{
    segi_record_define define;
    segi_record_define_read(from, &define);
    if (!segi_wire_done(from))
        return segi_record_fail(err, "a definition in its log");
    return segi_store_define(store, kind, &define, err);
}

/* A text that was saved or dropped. */
static seg_status replay_text(segi_store *store, uint8_t kind, segi_wire *from, seg_error *err)
{
    size_t name_size, text_size = 0;
    const char *text = NULL;
    uint64_t version = 0;
    segi_shelf shelf = (segi_shelf)segi_get_u8(from);
    const char *name = segi_get_bytes(from, &name_size);
    if (kind == SEGI_RECORD_SAVE_TEXT) {
        version = segi_get_u64(from);
        text = segi_get_bytes(from, &text_size);
    }
    if (!segi_wire_done(from) || shelf >= SEGI_SHELF_COUNT || !segi_name_valid(name, name_size) ||
        text_size > SEG_TEXT_SIZE_MAX)
        return segi_record_fail(err, "a saved text in its log");
    if (kind == SEGI_RECORD_SAVE_TEXT)
        return segi_store_put_text(store, shelf, name, name_size, text, text_size, version, err);
    return segi_store_remove_text(store, shelf, name, name_size, err);
}

static seg_status replay_rule(segi_store *store, segi_wire *from, seg_error *err)
{
    size_t size;
    const char *event = segi_get_bytes(from, &size);
    uint64_t keep_us = segi_get_u64(from);
    if (!segi_wire_done(from))
        return segi_record_fail(err, "a rule of retention in its log");
    return segi_store_put_rule(store, size > 0 ? event : NULL, size, keep_us, err);
}

/* The first byte says what it is; one that is not known is from a later version. */
static seg_status replay_any(segi_store *store, segi_wire *from, seg_error *err)
{
    uint8_t kind = segi_get_u8(from);
    switch (kind) {
    case SEGI_RECORD_COMMIT: return replay_commit(store, from, err);
    case SEGI_RECORD_ATTRIBUTE:
    case SEGI_RECORD_EVENT:
    case SEGI_RECORD_PROPERTY:
    case SEGI_RECORD_HISTORY: return replay_define(store, kind, from, err);
    case SEGI_RECORD_SAVE_TEXT:
    case SEGI_RECORD_DROP_TEXT: return replay_text(store, kind, from, err);
    case SEGI_RECORD_RETENTION: return replay_rule(store, from, err);
    default:
        return segi_fail(err, SEG_E_FORMAT_NEW, "a later version of the library wrote the log");
    }
}

seg_status segi_replay_record(segi_store *store, const void *bytes, size_t size, seg_error *err)
{
    segi_wire from = segi_wire_of(bytes, size);
    seg_status status = replay_any(store, &from, err);
    switch (status) {
    case SEG_OK:
    case SEG_E_NOMEM:
    case SEG_E_IO:
    case SEG_E_FULL: /* these two also from the system, when something in the file is read */
    case SEG_E_READ_ONLY:
    case SEG_E_CORRUPT:
    case SEG_E_FORMAT_NEW: return status;
    /* What the store accepted once, it must accept again. */
    default: return segi_record_fail(err, "a record of its log cannot be applied");
    }
}
