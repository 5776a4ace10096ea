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
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(name != NULL || name_size == 0, err, "name is NULL");
    return segi_catalog_drop_occasion(store->catalog, name, name_size, err);
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

/* Takes an entry whose content is copied already; NULL where there was no memory for it. */
static seg_status list_add(saved_list *list, const char *name, saved_entry entry, seg_error *err)
{
    void *items = list->items;
    entry.name = segi_arena_copy(&list->arena, name, entry.name_size);
    if (entry.name == NULL || entry.content == NULL ||
        !segi_grow(&list->mem, &items, &list->capacity, list->count + 1, sizeof entry))
        return segi_fail_nomem(err);
    list->items = items;
    list->items[list->count++] = entry;
    return SEG_OK;
}

/* Called by the catalogue, under its lock, for each definition. */
static seg_status add_text(void *user, const char *name, size_t name_size, const char *text,
                           size_t text_size, uint64_t version, seg_error *err)
{
    saved_list *list = user;
    const saved_entry entry = {.name_size = name_size,
                               .content = segi_arena_copy(&list->arena, text, text_size),
                               .content_count = text_size,
                               .version = version};
    return list_add(list, name, entry, err);
}

/* As add_text(), for occasions. */
static seg_status add_days(void *user, const char *name, size_t name_size, const segi_days *ranges,
                           size_t count, seg_error *err)
{
    saved_list *list = user;
    int32_t *days = segi_arena_array(&list->arena, 2 * count, sizeof *days);
    for (size_t i = 0; days != NULL && i < count; i++) {
        days[2 * i] = ranges[i].first;
        days[2 * i + 1] = ranges[i].last;
    }
    const saved_entry entry = {.name_size = name_size, .content = days, .content_count = count};
    return list_add(list, name, entry, err);
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
    seg_status status = kind == SEGI_DEFINE_OCCASION
                            ? segi_catalog_each_occasion(store->catalog, add_days, list, err)
                            : segi_catalog_each(store->catalog, kind, add_text, list, err);
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
