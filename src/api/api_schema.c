/* api_schema.c - defining columns, and listing them. */
#include <string.h>

#include "api/api_int.h"

/* Any thread; waits for a commit under way. */
seg_status seg_store_define_attribute(seg_store *store, const char *name, size_t name_size,
                                      seg_type type, int32_t scale, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL, err, "name is NULL");
    return segi_store_define_attribute(store->store, name, name_size, type, scale, err);
}

seg_status seg_store_define_history(seg_store *store, const char *name, size_t name_size,
                                    seg_type type, int32_t scale, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL, err, "name is NULL");
    return segi_store_define_history(store->store, name, name_size, type, scale, err);
}

seg_status seg_store_define_event(seg_store *store, const char *name, size_t name_size,
                                  seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL, err, "name is NULL");
    return segi_store_define_event(store->store, name, name_size, err);
}

seg_status seg_store_define_property(seg_store *store, const char *event, size_t event_size,
                                     const char *name, size_t name_size, seg_type type,
                                     int32_t scale, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(event != NULL, err, "event is NULL");
    SEGI_CHECK_ARG(name != NULL, err, "name is NULL");
    return segi_store_define_property(store->store, event, event_size, name, name_size, type, scale,
                                      err);
}

/* Entries of an event type in the listing; what keeps a history is not listed. */
static uint64_t event_entries(const segi_event_type *event)
{
    return event->history ? 0 : 1 + (uint64_t)event->field_count;
}

/* Attributes, then each event type followed by its properties: the order of info_at(). */
uint64_t seg_store_column_count(const seg_store *store)
{
    if (store == NULL)
        return 0;
    const segi_schema *schema = segi_store_schema(store->store);
    uint64_t count = schema->attribute_count;
    for (uint32_t i = 0; i < schema->event_count; i++)
        count += event_entries(schema->events[i]);
    segi_schema_release(schema);
    return count;
}

/* An attribute or a property. */
static void info_of_field(const segi_field *field, seg_column_info *info)
{
    info->type = field->type;
    info->scale = field->scale;
    info->flags = field->history != SEGI_NO_HISTORY ? SEG_COLUMN_HISTORY : 0;
    info->name = field->name;
    info->name_size = field->name_size;
}

/* False for an index out of range. Names live as long as the store, so they may leave here. */
static bool info_at(const segi_schema *schema, uint64_t index, seg_column_info *info)
{
    if (index < schema->attribute_count) {
        info_of_field(schema->attributes[index], info);
        return true;
    }
    index -= schema->attribute_count;
    for (uint32_t i = 0; i < schema->event_count; i++) {
        const segi_event_type *event = schema->events[i];
        if (index >= event_entries(event)) {
            index -= event_entries(event);
            continue;
        }
        info->event = event->name;
        info->event_size = event->name_size;
        if (index > 0)
            info_of_field(event->fields[index - 1], info);
        return true;
    }
    return false;
}

seg_status seg_store_column_at(const seg_store *store, uint64_t index, seg_column_info *out_info,
                               seg_error *err)
{
    segi_api_begin(err);
    seg_column_info info;
    memset(&info, 0, sizeof info);
    SEGI_TRY(segi_options_write(out_info, &info, sizeof info, "seg_column_info", err));
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    const segi_schema *schema = segi_store_schema(store->store);
    bool found = info_at(schema, index, &info);
    segi_schema_release(schema);
    SEGI_CHECK_ARG(found, err, "there is no column of that index");
    return segi_options_write(out_info, &info, sizeof info, "seg_column_info", err);
}
