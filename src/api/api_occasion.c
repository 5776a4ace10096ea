/* api_occasion.c - named days behind their public handles. */
#include <string.h>

#include "api/api_int.h"

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

/* Names and ranges lie behind the entries in one arena. */
struct seg_occasion_list {
    segi_mem mem;
    segi_arena arena;
    seg_occasion_info *items;
    size_t count, capacity;
};

static seg_status list_add(void *user, const char *name, size_t name_size, const segi_days *ranges,
                           size_t count, seg_error *err)
{
    seg_occasion_list *list = user;
    seg_occasion_info info = {.struct_size = (uint32_t)sizeof info, .range_count = count};
    int32_t *copy = segi_arena_array(&list->arena, 2 * count, sizeof *copy);
    info.name = segi_arena_copy(&list->arena, name, name_size);
    info.name_size = name_size;
    info.days = copy;
    void *items = list->items;
    if (info.name == NULL || copy == NULL ||
        !segi_grow(&list->mem, &items, &list->capacity, list->count + 1, sizeof info))
        return segi_fail_nomem(err);
    for (size_t i = 0; i < count; i++) {
        copy[2 * i] = ranges[i].first;
        copy[2 * i + 1] = ranges[i].last;
    }
    list->items = items;
    list->items[list->count++] = info;
    return SEG_OK;
}

seg_status seg_store_list_occasions(seg_store *store, seg_occasion_list **out_list, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_list != NULL, err, "out_list is NULL");
    *out_list = NULL;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_occasion_list *list = segi_alloc_zero(&store->mem, sizeof *list);
    if (list == NULL)
        return segi_fail_nomem(err);
    list->mem = store->mem;
    segi_arena_init(&list->arena, &list->mem);
    seg_status status = segi_catalog_each_occasion(store->catalog, list_add, list, err);
    if (status != SEG_OK) {
        seg_occasion_list_destroy(list);
        return status;
    }
    *out_list = list;
    return SEG_OK;
}

uint64_t seg_occasion_list_count(const seg_occasion_list *list)
{
    return list != NULL ? list->count : 0;
}

seg_status seg_occasion_list_at(const seg_occasion_list *list, uint64_t index,
                                seg_occasion_info *info, seg_error *err)
{
    segi_api_begin(err);
    seg_occasion_info known;
    memset(&known, 0, sizeof known);
    SEGI_TRY(segi_options_write(info, &known, sizeof known, "seg_occasion_info", err));
    SEGI_CHECK_ARG(list != NULL && index < list->count, err, "the list has no such entry");
    return segi_options_write(info, &list->items[index], sizeof known, "seg_occasion_info", err);
}

void seg_occasion_list_destroy(seg_occasion_list *list)
{
    if (list == NULL)
        return;
    segi_mem mem = list->mem;
    segi_arena_deinit(&list->arena);
    segi_free(&mem, list->items);
    segi_free(&mem, list);
}
