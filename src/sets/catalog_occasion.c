/* catalog_occasion.c - the catalog's occasions: the lock around occasions.c, and what keeps an
 * occasion that a saved text names from being dropped. Any thread. */
#include "base/error.h"
#include "base/name.h"
#include "base/thread.h"
#include "sets/catalog_int.h"

seg_status segi_catalog_define_occasion(segi_catalog *catalog, const char *name, size_t name_size,
                                        const segi_days *ranges, size_t count, seg_error *err)
{
    SEGI_TRY(segi_catalog_name_check("an occasion", name, name_size, err));
    segi_mutex_lock(catalog->lock);
    seg_status status = segi_occasions_define(&catalog->occasions, catalog->mem, catalog->store,
                                              name, name_size, ranges, count, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

/* Whether a text names an occasion. */
typedef struct occasion_use {
    const segi_occasion_entry *occasion;
    bool found;
} occasion_use;

static void occasion_named(void *user, segi_definition kind, const char *name, size_t size)
{
    occasion_use *use = user;
    const segi_occasion_entry *occasion = use->occasion;
    use->found |= kind == SEGI_DEFINE_OCCASION &&
                  segi_name_compare(occasion->name, occasion->name_size, name, size) == 0;
}

/* SEG_E_IN_USE while a saved segment or class names it.
 * Texts are read again instead of keeping references to occasions: dropping one is rare. */
static seg_status occasion_check_unused(const segi_catalog *catalog,
                                        const segi_occasion_entry *occasion, seg_error *err)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const catalog_entry *entry = catalog->entries[i];
        occasion_use use = {occasion, false};
        /* A text that cannot be read any more names nothing. */
        if (segi_text_references(catalog->mem, entry->text, entry->text_size, occasion_named, &use,
                                 NULL) == SEG_E_NOMEM)
            return segi_fail_nomem(err);
        if (!use.found)
            continue;
        segi_fail(err, SEG_E_IN_USE, "%s \"%.*s\" refers to occasion \"%.*s\"",
                  segi_catalog_kind_name(entry->kind), (int)entry->name_size, entry->name,
                  (int)occasion->name_size, occasion->name);
        segi_error_hint(err, "drop or redefine the %s first", segi_catalog_kind_name(entry->kind));
        return SEG_E_IN_USE;
    }
    return SEG_OK;
}

/* Under the lock. */
static seg_status occasion_drop(segi_catalog *catalog, const char *name, size_t name_size,
                                seg_error *err)
{
    const segi_occasion_entry *occasion = segi_occasions_find(&catalog->occasions, name, name_size);
    if (occasion == NULL)
        return segi_fail(err, SEG_E_NOT_FOUND, "there is no occasion \"%.*s\"",
                         (int)(name_size < SEG_NAME_SIZE_MAX ? name_size : SEG_NAME_SIZE_MAX),
                         name != NULL ? name : "");
    SEGI_TRY(occasion_check_unused(catalog, occasion, err));
    return segi_occasions_drop(&catalog->occasions, catalog->mem, catalog->store, occasion, err);
}

seg_status segi_catalog_drop_occasion(segi_catalog *catalog, const char *name, size_t name_size,
                                      seg_error *err)
{
    segi_mutex_lock(catalog->lock);
    seg_status status = occasion_drop(catalog, name, name_size, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

seg_status segi_catalog_each_occasion(segi_catalog *catalog, segi_occasion_visit *visit, void *user,
                                      seg_error *err)
{
    seg_status status = SEG_OK;
    segi_mutex_lock(catalog->lock);
    for (size_t i = 0; status == SEG_OK && i < catalog->occasions.count; i++) {
        const segi_occasion_entry *entry = &catalog->occasions.entries[i];
        status = visit(user, entry->name, entry->name_size, entry->ranges, entry->count, err);
    }
    segi_mutex_unlock(catalog->lock);
    return status;
}
