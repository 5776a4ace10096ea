/* api_saved.c - what is saved under names, behind its public handles: segments, classes, occasions
 * (named days), and the lists of them. */
#include <string.h>

#include "api/api_int.h"
#include "base/arena.h"

/* ---- segments and classes ---------------------------------------------------------------- */

/* Compiled before it is saved, against the schema and the definitions as they are now. */
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

/* Refused while another definition refers to it (S-30). */
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

/* ---- occasions --------------------------------------------------------------------------- */

/* Pairs of day numbers, first and last. */
seg_status seg_store_define_occasion(seg_store *store, const char *name, size_t name_size,
                                     const int32_t *days, uint64_t range_count, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(days != NULL && range_count > 0, err,
                   "an occasion has one range of days or more");
    if (range_count > SEG_OCCASION_RANGES_MAX)
        return segi_fail(err, SEG_E_LIMIT, "more than %d ranges in one occasion",
                         SEG_OCCASION_RANGES_MAX);
    segi_days *ranges = segi_alloc_array(&store->mem, (size_t)range_count, sizeof *ranges);
    if (ranges == NULL)
        return segi_fail_nomem(err);
    for (uint64_t i = 0; i < range_count; i++)
        ranges[i] = (segi_days){days[2 * i], days[2 * i + 1]};
    seg_status status = segi_catalog_define_occasion(store->catalog, name, name_size, ranges,
                                                     (size_t)range_count, err);
    segi_free(&store->mem, ranges);
    return status;
}

seg_status seg_store_drop_occasion(seg_store *store, const char *name, size_t name_size,
                                   seg_error *err)
{
    return drop(store, SEGI_DEFINE_OCCASION, name, name_size, err);
}

/* ---- lists ------------------------------------------------------------------------------- */

/* One thing that is saved, whatever its kind. */
typedef struct saved_entry {
    const char *name;
    size_t name_size;
    const void *content;  /* the text, or the days */
    size_t content_count; /* bytes of it, or ranges */
    uint64_t version;
} saved_entry;

/* Names and contents lie in the arena. */
typedef struct saved_list {
    segi_mem mem;
    segi_arena arena;
    saved_entry *items; /* owned */
    size_t count, capacity;
} saved_list;

/* The public handles are such a list under two names. */
struct seg_segment_list {
    saved_list saved;
};
struct seg_occasion_list {
    saved_list saved;
};

/* The days of an occasion as pairs of day numbers. */
static const int32_t *days_copy(segi_arena *arena, const segi_occasion *occasion)
{
    int32_t *days = segi_arena_array(arena, 2 * (size_t)occasion->count, sizeof *days);
    for (size_t i = 0; days != NULL && i < occasion->count; i++) {
        days[2 * i] = occasion->ranges[i].first;
        days[2 * i + 1] = occasion->ranges[i].last;
    }
    return days;
}

/* Called by the catalogue, under its lock, for each definition. */
static seg_status list_add(void *user, const segi_saved *saved, seg_error *err)
{
    saved_list *list = user;
    void *items = list->items;
    saved_entry entry = {.name = segi_arena_copy(&list->arena, saved->name, saved->name_size),
                         .name_size = saved->name_size,
                         .content_count = saved->text_size,
                         .version = saved->version};
    if (saved->days.count > 0) {
        entry.content = days_copy(&list->arena, &saved->days);
        entry.content_count = saved->days.count;
    } else {
        entry.content = segi_arena_copy(&list->arena, saved->text, saved->text_size);
    }
    if (entry.name == NULL || entry.content == NULL ||
        !segi_grow(&list->mem, &items, &list->capacity, list->count + 1, sizeof entry))
        return segi_fail_nomem(err);
    list->items = items;
    list->items[list->count++] = entry;
    return SEG_OK;
}

static void list_destroy(saved_list *list)
{
    if (list == NULL)
        return;
    segi_mem mem = list->mem;
    segi_arena_deinit(&list->arena);
    segi_free(&mem, list->items);
    segi_free(&mem, list);
}

/* A copy of what is there now, so that it can be read without a lock. */
static seg_status list_create(seg_store *store, segi_definition kind, saved_list **out_list,
                              seg_error *err)
{
    *out_list = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    saved_list *list = segi_alloc_zero(&store->mem, sizeof *list);
    if (list == NULL)
        return segi_fail_nomem(err);
    list->mem = store->mem;
    segi_arena_init(&list->arena, &list->mem);
    seg_status status = segi_catalog_each(store->catalog, kind, list_add, list, err);
    if (status != SEG_OK)
        list_destroy(list);
    else
        *out_list = list;
    return status;
}

/* The list is the first and only member of the public struct. */
static seg_status list_texts(seg_store *store, segi_definition kind, seg_segment_list **out_list,
                             seg_error *err)
{
    saved_list *list;
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_list != NULL, err, "out_list is NULL");
    seg_status status = list_create(store, kind, &list, err);
    *out_list = (seg_segment_list *)list;
    return status;
}

seg_status seg_store_list_segments(seg_store *store, seg_segment_list **out_list, seg_error *err)
{
    return list_texts(store, SEGI_DEFINE_SEGMENT, out_list, err);
}

seg_status seg_store_list_classes(seg_store *store, seg_segment_list **out_list, seg_error *err)
{
    return list_texts(store, SEGI_DEFINE_CLASS, out_list, err);
}

seg_status seg_store_list_occasions(seg_store *store, seg_occasion_list **out_list, seg_error *err)
{
    saved_list *list;
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_list != NULL, err, "out_list is NULL");
    seg_status status = list_create(store, SEGI_DEFINE_OCCASION, &list, err);
    *out_list = (seg_occasion_list *)list;
    return status;
}

uint64_t seg_segment_list_count(const seg_segment_list *list)
{
    return list != NULL ? list->saved.count : 0;
}

uint64_t seg_occasion_list_count(const seg_occasion_list *list)
{
    return list != NULL ? list->saved.count : 0;
}

seg_status seg_segment_list_at(const seg_segment_list *list, uint64_t index, seg_segment_info *info,
                               seg_error *err)
{
    segi_api_begin(err);
    seg_segment_info known = {.struct_size = 0};
    SEGI_TRY(segi_options_write(info, &known, sizeof known, "seg_segment_info", err));
    SEGI_CHECK_ARG(index < seg_segment_list_count(list), err, "the list has no such entry");
    const saved_entry *entry = &list->saved.items[index];
    known.name = entry->name;
    known.name_size = entry->name_size;
    known.text = entry->content;
    known.text_size = entry->content_count;
    known.version = entry->version;
    return segi_options_write(info, &known, sizeof known, "seg_segment_info", err);
}

seg_status seg_occasion_list_at(const seg_occasion_list *list, uint64_t index,
                                seg_occasion_info *info, seg_error *err)
{
    segi_api_begin(err);
    seg_occasion_info known = {.struct_size = 0};
    SEGI_TRY(segi_options_write(info, &known, sizeof known, "seg_occasion_info", err));
    SEGI_CHECK_ARG(index < seg_occasion_list_count(list), err, "the list has no such entry");
    const saved_entry *entry = &list->saved.items[index];
    known.name = entry->name;
    known.name_size = entry->name_size;
    known.days = entry->content;
    known.range_count = entry->content_count;
    return segi_options_write(info, &known, sizeof known, "seg_occasion_info", err);
}

void seg_segment_list_destroy(seg_segment_list *list)
{
    list_destroy((saved_list *)list);
}

void seg_occasion_list_destroy(seg_occasion_list *list)
{
    list_destroy((saved_list *)list);
}
