/* Columns are defined, texts are saved: checked, logged, and then in effect.
 *
 * Each change goes the same way: may the store be changed (segi_keep_begin()), is it right (the
 * schema's own checks), is it in the log (segi_keep_log()), and only then does it take effect,
 * which cannot fail. Replay of the log calls the same functions, and logs nothing. */
#include "store/define.h"

#include <string.h>

#include "base/error.h"
#include "store/keep.h"

/* ---- columns --------------------------------------------------------------------------------- */

/* Takes the reference. The published version goes where the schema has changed: the next snapshot
 * makes a new one. */
void segi_store_take_schema(segi_store *store, const segi_schema *next)
{
    if (next != store->schema) {
        segi_version_release(store->version);
        store->version = NULL;
    }
    segi_schema_release(store->schema);
    store->schema = next;
}

/* Defines the event type where it is new. */
static seg_status define_property(const segi_schema *schema, const segi_record_define *define,
                                  const segi_schema **out, seg_error *err)
{
    const segi_schema *with_event;
    uint32_t event, index;
    SEGI_TRY(
        segi_schema_add_event(schema, define->event, define->event_size, &with_event, &event, err));
    seg_status status = segi_schema_add_property(with_event, event, define->name, define->name_size,
                                                 define->type, define->scale, out, &index, err);
    segi_schema_release(with_event);
    return status;
}

/* The schema with the definition. */
static seg_status define_next(const segi_schema *schema, uint8_t kind,
                              const segi_record_define *define, const segi_schema **out,
                              seg_error *err)
{
    uint32_t index;
    switch (kind) {
    case SEGI_RECORD_ATTRIBUTE:
        return segi_schema_add_attribute(schema, define->name, define->name_size, define->type,
                                         define->scale, out, &index, err);
    case SEGI_RECORD_HISTORY:
        return segi_schema_add_history(schema, define->name, define->name_size, define->type,
                                       define->scale, out, err);
    case SEGI_RECORD_EVENT:
        return segi_schema_add_event(schema, define->name, define->name_size, out, &index, err);
    default: return define_property(schema, define, out, err);
    }
}

/* A definition that says what holds already succeeds and is not logged. */
seg_status segi_store_define(segi_store *store, uint8_t kind, const segi_record_define *define,
                             seg_error *err)
{
    const segi_schema *next;
    seg_status status = SEG_OK;
    SEGI_TRY(segi_keep_begin(store, err));
    SEGI_TRY(define_next(store->schema, kind, define, &next, err));
    if (next != store->schema && segi_keep_logs(store)) {
        segi_buf record;
        segi_buf_init(&record, &store->mem);
        segi_record_define_write(kind, define, &record);
        status = segi_keep_log(store, &record, err);
        segi_buf_deinit(&record);
    }
    if (status != SEG_OK) {
        segi_schema_release(next);
        return status;
    }
    segi_store_take_schema(store, next);
    return SEG_OK;
}

/* The doors take the mutex; replay has the store for itself. */
static seg_status define_locked(segi_store *store, uint8_t kind, const segi_record_define *define,
                                seg_error *err)
{
    segi_mutex_lock(store->mutex);
    seg_status status = segi_store_define(store, kind, define, err);
    segi_mutex_unlock(store->mutex);
    return status;
}

seg_status segi_store_define_attribute(segi_store *store, const char *name, size_t name_size,
                                       seg_type type, int32_t scale, seg_error *err)
{
    const segi_record_define define = {
        .name = name, .name_size = name_size, .type = type, .scale = scale};
    return define_locked(store, SEGI_RECORD_ATTRIBUTE, &define, err);
}

seg_status segi_store_define_history(segi_store *store, const char *name, size_t name_size,
                                     seg_type type, int32_t scale, seg_error *err)
{
    const segi_record_define define = {
        .name = name, .name_size = name_size, .type = type, .scale = scale};
    return define_locked(store, SEGI_RECORD_HISTORY, &define, err);
}

seg_status segi_store_define_event(segi_store *store, const char *name, size_t name_size,
                                   seg_error *err)
{
    const segi_record_define define = {.name = name, .name_size = name_size};
    return define_locked(store, SEGI_RECORD_EVENT, &define, err);
}

seg_status segi_store_define_property(segi_store *store, const char *event, size_t event_size,
                                      const char *name, size_t name_size, seg_type type,
                                      int32_t scale, seg_error *err)
{
    const segi_record_define define = {event, name, event_size, name_size, type, scale};
    return define_locked(store, SEGI_RECORD_PROPERTY, &define, err);
}

/* ---- saved texts ----------------------------------------------------------------------------- */

/* text NULL: it is dropped. */
static seg_status define_log_text(segi_store *store, uint8_t kind, segi_shelf shelf,
                                  const char *name, size_t name_size, const segi_saved_text *text,
                                  seg_error *err)
{
    segi_buf record;
    if (!segi_keep_logs(store))
        return SEG_OK;
    segi_buf_init(&record, &store->mem);
    segi_put_u8(&record, kind);
    segi_put_u8(&record, (uint8_t)shelf);
    segi_put_bytes(&record, name, name_size);
    if (text) {
        segi_put_u64(&record, text->version);
        segi_put_bytes(&record, text->bytes + text->name_size, text->text_size);
    }
    seg_status status = segi_keep_log(store, &record, err);
    segi_buf_deinit(&record);
    return status;
}

/* Memory first, then the log, then the change. */
seg_status segi_store_put_text(segi_store *store, segi_shelf shelf, const char *name,
                               size_t name_size, const char *text, size_t text_size,
                               uint64_t version, seg_error *err)
{
    SEGI_TRY(segi_keep_begin(store, err));
    segi_saved_texts *texts = &store->texts[shelf];
    segi_saved_text *entry =
        segi_saved_texts_prepare(texts, &store->mem, name, name_size, text, text_size, version);
    if (!entry)
        return segi_fail_nomem(err);
    seg_status status =
        define_log_text(store, SEGI_RECORD_SAVE_TEXT, shelf, name, name_size, entry, err);
    if (status != SEG_OK) {
        segi_free(&store->mem, entry);
        return status;
    }
    segi_saved_texts_put(texts, &store->mem, entry);
    return SEG_OK;
}

/* A name that is not there is dropped without a word: whoever calls knows what there is. */
seg_status segi_store_remove_text(segi_store *store, segi_shelf shelf, const char *name,
                                  size_t name_size, seg_error *err)
{
    SEGI_TRY(segi_keep_begin(store, err));
    SEGI_TRY(define_log_text(store, SEGI_RECORD_DROP_TEXT, shelf, name, name_size, NULL, err));
    segi_saved_texts_drop(&store->texts[shelf], &store->mem, name, name_size);
    return SEG_OK;
}

seg_status segi_store_save_text(segi_store *store, segi_shelf shelf, const char *name,
                                size_t name_size, const char *text, size_t text_size,
                                uint64_t version, seg_error *err)
{
    segi_mutex_lock(store->mutex);
    seg_status status =
        segi_store_put_text(store, shelf, name, name_size, text, text_size, version, err);
    segi_mutex_unlock(store->mutex);
    return status;
}

seg_status segi_store_drop_text(segi_store *store, segi_shelf shelf, const char *name,
                                size_t name_size, seg_error *err)
{
    segi_mutex_lock(store->mutex);
    seg_status status = segi_store_remove_text(store, shelf, name, name_size, err);
    segi_mutex_unlock(store->mutex);
    return status;
}

/* Under the mutex: the visit must not come back to the store. */
seg_status segi_store_each_text(segi_store *store, segi_shelf shelf, segi_text_visit *visit,
                                void *user, seg_error *err)
{
    const segi_saved_texts *texts = &store->texts[shelf];
    seg_status status = SEG_OK;
    segi_mutex_lock(store->mutex);
    for (size_t i = 0; status == SEG_OK && i < texts->count; i++) {
        const segi_saved_text *text = texts->items[i];
        status = visit(user, text->bytes, text->name_size, text->bytes + text->name_size,
                       text->text_size, text->version, err);
    }
    segi_mutex_unlock(store->mutex);
    return status;
}
