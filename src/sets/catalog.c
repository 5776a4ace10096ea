/* catalog.c - segments, classes and occasions by name: defined, dropped, read back. What is saved
 * is kind, name and text: whoever keeps those and defines them again, each after those that it
 * refers to, has the catalog back.
 *
 * Invariants: `entries` is sorted by kind and name; the references of an entry are entries of the
 * same catalog, because a text is compiled before it is saved and an entry that others refer to is
 * neither dropped nor replaced by one that breaks them; the references form no circle. The lock
 * guards all of it and is held for the length of a compile, which borrows texts. Any thread.
 *
 * Data flow of a definition: the text is compiled as it would be with itself in place
 * (catalog_compile.c), its references are read, a way back to itself is looked for, and whatever
 * refers to the old text is compiled against the new one (catalog_refs.c). Only then is it saved
 * and put in, so that a refused definition changes nothing; a circle is refused with its whole
 * path, a drop while others refer to the entry (S-30). The days of an occasion break no text and
 * refer to nothing, so they are only checked themselves (days.c). */
#include "sets/catalog_int.h"

#include <string.h>

#include "base/error.h"
#include "sets/days.h"

/* ---- entries ----------------------------------------------------------------------------- */

const char *segi_catalog_kind_name(segi_definition kind)
{
    static const char *const names[SEGI_DEFINE_COUNT] = {"segment", "class", "occasion"};
    return names[kind];
}

/* The entries of one kind, to be searched. */
typedef struct catalog_kind {
    catalog_entry *const *entries;
    size_t begin;
} catalog_kind;

static const char *entry_name(const void *list, size_t i, size_t *out_size)
{
    const catalog_kind *kind = list;
    const segi_saved *saved = &kind->entries[kind->begin + i]->saved;
    *out_size = saved->name_size;
    return saved->name;
}

/* Position of the name, or the one at which it belongs; true if it is there. */
static bool entry_locate(const segi_catalog *catalog, segi_definition kind, const char *name,
                         size_t name_size, size_t *out_position)
{
    const catalog_kind list = {catalog->entries, catalog->begins[kind]};
    bool found = segi_name_find(&list, catalog->begins[kind + 1] - list.begin, entry_name, name,
                                name_size, out_position);
    *out_position += list.begin;
    return found;
}

catalog_entry *segi_catalog_find(const segi_catalog *catalog, segi_definition kind,
                                 const char *name, size_t name_size)
{
    size_t position;
    return entry_locate(catalog, kind, name, name_size, &position) ? catalog->entries[position]
                                                                   : NULL;
}

/* Also one that is half made; nobody may refer to it. */
static void entry_destroy(const segi_mem *mem, catalog_entry *entry)
{
    if (entry == NULL)
        return;
    segi_free(mem, entry->block);
    segi_free(mem, entry->refs);
    segi_free(mem, entry);
}

/* The days come first in the block: they are the part that has to be aligned. */
static catalog_entry *entry_alloc(const segi_mem *mem, size_t day_count, size_t text_size)
{
    catalog_entry *entry = segi_alloc_zero(mem, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->block = segi_alloc(mem, day_count * sizeof(segi_days) + text_size);
    if (entry->block != NULL)
        return entry;
    segi_free(mem, entry);
    return NULL;
}

/* Copies what is saved; its version and references come later. SEG_E_CORRUPT where the text of an
 * occasion says no days. */
static seg_status entry_create(const segi_mem *mem, segi_definition kind, const segi_saved *saved,
                               catalog_entry **out, seg_error *err)
{
    size_t days = kind == SEGI_DEFINE_OCCASION ? segi_days_count(saved->text_size) : 0;
    catalog_entry *entry = entry_alloc(mem, days, saved->name_size + saved->text_size);
    *out = entry;
    if (entry == NULL)
        return segi_fail_nomem(err);
    segi_days *ranges = entry->block;
    char *name = (char *)(ranges + days);
    char *text = name + saved->name_size;
    memcpy(name, saved->name, saved->name_size);
    if (saved->text_size > 0)
        memcpy(text, saved->text, saved->text_size);
    entry->kind = kind;
    entry->saved = *saved;
    entry->saved.name = name;
    entry->saved.text = text;
    if (kind != SEGI_DEFINE_OCCASION || segi_days_read(text, saved->text_size, ranges, &days)) {
        entry->saved.days = (segi_occasion){(uint32_t)days, ranges};
        return SEG_OK;
    }
    *out = NULL;
    segi_fail(err, SEG_E_CORRUPT, "the days of occasion \"%.*s\" cannot be read",
              (int)saved->name_size, name);
    entry_destroy(mem, entry);
    return SEG_E_CORRUPT;
}

/* ---- defining ---------------------------------------------------------------------------- */

/* The rule of all names, which is also asked of those that a file holds: what is saved here can be
 * read back. */
static seg_status name_check(segi_definition kind, const char *name, size_t name_size,
                             seg_error *err)
{
    if (segi_name_valid(name, name_size))
        return SEG_OK;
    return segi_fail(err, SEG_E_ARG,
                     "the name of the %s must be 1 to %d bytes of UTF-8 without control characters",
                     segi_catalog_kind_name(kind), SEG_NAME_SIZE_MAX);
}

/* Where the store keeps them; names on different shelves have nothing to do with each other. */
static segi_shelf shelf_of(segi_definition kind)
{
    static const segi_shelf shelves[SEGI_DEFINE_COUNT] = {SEGI_SHELF_SEGMENTS, SEGI_SHELF_CLASSES,
                                                          SEGI_SHELF_OCCASIONS};
    return shelves[kind];
}

/* The store keeps the text from now on, in its file as well. */
static seg_status entry_save(const segi_catalog *catalog, const catalog_entry *entry,
                             uint64_t version, seg_error *err)
{
    const segi_saved *saved = &entry->saved;
    if (catalog->store == NULL)
        return SEG_OK;
    return segi_store_save_text(catalog->store, shelf_of(entry->kind), saved->name,
                                saved->name_size, saved->text, saved->text_size, version, err);
}

static bool catalog_reserve(segi_catalog *catalog)
{
    void *entries = catalog->entries;
    if (!segi_grow(catalog->mem, &entries, &catalog->capacity, catalog->count + 1,
                   sizeof(catalog_entry *)))
        return false;
    catalog->entries = entries;
    return true;
}

/* Later kinds begin one place later, or with -1 earlier. */
static void begins_move(segi_catalog *catalog, segi_definition kind, int places)
{
    for (size_t k = (size_t)kind + 1; k <= SEGI_DEFINE_COUNT; k++)
        catalog->begins[k] += (size_t)places;
    catalog->count = catalog->begins[SEGI_DEFINE_COUNT];
}

/* Where its place is; there is room. */
static void entry_insert(segi_catalog *catalog, catalog_entry *entry, uint64_t version)
{
    size_t position;
    entry_locate(catalog, entry->kind, entry->saved.name, entry->saved.name_size, &position);
    memmove(&catalog->entries[position + 1], &catalog->entries[position],
            (catalog->count - position) * sizeof(catalog_entry *));
    catalog->entries[position] = entry;
    entry->saved.version = version;
    begins_move(catalog, entry->kind, 1);
}

/* Put the checked entry in, once it is saved. An entry that exists keeps its address, to which
 * others refer, and swaps its content with the new one, which then holds what has to be freed.
 * Takes the entry where it returns SEG_OK; else it stays the caller's. */
static seg_status entry_put(segi_catalog *catalog, catalog_entry *entry, catalog_entry *old,
                            uint64_t *out_version, seg_error *err)
{
    uint64_t version = old != NULL ? old->saved.version + 1 : 1;
    if (old == NULL && !catalog_reserve(catalog))
        return segi_fail_nomem(err);
    SEGI_TRY(entry_save(catalog, entry, version, err));
    *out_version = version;
    if (old == NULL) {
        entry_insert(catalog, entry, version);
        return SEG_OK;
    }
    catalog_entry content = *old;
    *old = *entry;
    *entry = content;
    old->saved.version = version;
    entry_destroy(catalog->mem, entry);
    return SEG_OK;
}

/* Takes the entry, which was made before the lock is: that is held for the checks and the swap
 * alone. */
static seg_status entry_define(segi_catalog *catalog, catalog_entry *entry,
                               const segi_schema *schema, uint64_t *out_version, seg_error *err)
{
    seg_status status = SEG_OK;
    segi_mutex_lock(catalog->lock);
    catalog_entry *old =
        segi_catalog_find(catalog, entry->kind, entry->saved.name, entry->saved.name_size);
    if (entry->kind != SEGI_DEFINE_OCCASION)
        status = segi_catalog_entry_check(catalog, entry, old, schema, err);
    if (status == SEG_OK)
        status = entry_put(catalog, entry, old, out_version, err);
    segi_mutex_unlock(catalog->lock);
    if (status != SEG_OK)
        entry_destroy(catalog->mem, entry);
    return status;
}

/* class.name is read as the class from now on.
 * Classes share the names of attributes that begin with "class.", so one of them must give way. */
static seg_status class_check(const segi_schema *schema, const char *name, size_t name_size,
                              seg_error *err)
{
    char attribute[6 + SEG_NAME_SIZE_MAX];
    memcpy(attribute, "class.", 6);
    memcpy(attribute + 6, name, name_size);
    if (segi_schema_attribute(schema, attribute, 6 + name_size) != NULL)
        return segi_fail(err, SEG_E_IN_USE, "there is an attribute \"class.%.*s\" already",
                         (int)name_size, name);
    return SEG_OK;
}

seg_status segi_catalog_define(segi_catalog *catalog, const segi_schema *schema,
                               segi_definition kind, const char *name, size_t name_size,
                               const char *text, size_t text_size, uint64_t *out_version,
                               seg_error *err)
{
    const segi_saved saved = {
        .name = name, .text = text, .name_size = name_size, .text_size = text_size};
    catalog_entry *entry;
    *out_version = 0;
    SEGI_TRY(name_check(kind, name, name_size, err));
    if (kind == SEGI_DEFINE_CLASS)
        SEGI_TRY(class_check(schema, name, name_size, err));
    SEGI_TRY(entry_create(catalog->mem, kind, &saved, &entry, err));
    return entry_define(catalog, entry, schema, out_version, err);
}

seg_status segi_catalog_define_occasion(segi_catalog *catalog, const char *name, size_t name_size,
                                        segi_days *ranges, size_t count, seg_error *err)
{
    SEGI_TRY(name_check(SEGI_DEFINE_OCCASION, name, name_size, err));
    SEGI_TRY(segi_days_settle(ranges, &count, err));
    catalog_entry *entry = NULL;
    uint64_t version;
    segi_buf text;
    segi_buf_init(&text, catalog->mem);
    segi_days_write(ranges, count, &text);
    const segi_saved saved = {
        .name = name, .text = text.data, .name_size = name_size, .text_size = text.size};
    seg_status status = text.failed
                            ? segi_fail_nomem(err)
                            : entry_create(catalog->mem, SEGI_DEFINE_OCCASION, &saved, &entry, err);
    segi_buf_deinit(&text);
    return status == SEG_OK ? entry_define(catalog, entry, NULL, &version, err) : status;
}

/* ---- dropping ---------------------------------------------------------------------------- */

/* Names come from outside and may be of any size: a message takes what fits. */
static seg_status fail_missing(segi_definition kind, const char *name, size_t name_size,
                               seg_error *err)
{
    return segi_fail(err, SEG_E_NOT_FOUND, "there is no saved %s \"%.*s\"",
                     segi_catalog_kind_name(kind),
                     (int)(name_size < SEG_NAME_SIZE_MAX ? name_size : SEG_NAME_SIZE_MAX),
                     name != NULL ? name : "");
}

/* SEG_E_IN_USE while a saved text names the entry. */
static seg_status entry_check_unused(const segi_catalog *catalog, const catalog_entry *entry,
                                     seg_error *err)
{
    for (size_t i = 0; i < catalog->count; i++) {
        const catalog_entry *other = catalog->entries[i];
        if (!segi_catalog_refers(other, entry))
            continue;
        segi_fail(err, SEG_E_IN_USE, "%s \"%.*s\" refers to %s \"%.*s\"",
                  segi_catalog_kind_name(other->kind), (int)other->saved.name_size,
                  other->saved.name, segi_catalog_kind_name(entry->kind),
                  (int)entry->saved.name_size, entry->saved.name);
        segi_error_hint(err, "drop or redefine \"%.*s\" first", (int)other->saved.name_size,
                        other->saved.name);
        return SEG_E_IN_USE;
    }
    return SEG_OK;
}

/* Under the lock.
 * The entry is out of the catalog afterwards and belongs to the caller. */
static seg_status entry_drop(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, catalog_entry **out, seg_error *err)
{
    size_t position;
    if (name == NULL || !entry_locate(catalog, kind, name, name_size, &position))
        return fail_missing(kind, name, name_size, err);
    catalog_entry *entry = catalog->entries[position];
    SEGI_TRY(entry_check_unused(catalog, entry, err));
    if (catalog->store != NULL)
        SEGI_TRY(segi_store_drop_text(catalog->store, shelf_of(kind), name, name_size, err));
    memmove(&catalog->entries[position], &catalog->entries[position + 1],
            (catalog->count - position - 1) * sizeof(catalog_entry *));
    begins_move(catalog, kind, -1);
    *out = entry;
    return SEG_OK;
}

seg_status segi_catalog_drop(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, seg_error *err)
{
    catalog_entry *entry = NULL;
    segi_mutex_lock(catalog->lock);
    seg_status status = entry_drop(catalog, kind, name, name_size, &entry, err);
    segi_mutex_unlock(catalog->lock);
    entry_destroy(catalog->mem, entry);
    return status;
}

/* ---- reading ----------------------------------------------------------------------------- */

seg_status segi_catalog_text(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, segi_buf *buf, seg_error *err)
{
    segi_mutex_lock(catalog->lock);
    const catalog_entry *entry = segi_catalog_find(catalog, kind, name, name_size);
    if (entry != NULL)
        segi_buf_add(buf, entry->saved.text, entry->saved.text_size);
    segi_mutex_unlock(catalog->lock);
    if (entry == NULL)
        return fail_missing(kind, name, name_size, err);
    return buf->failed ? segi_fail_nomem(err) : SEG_OK;
}

seg_status segi_catalog_each(segi_catalog *catalog, segi_definition kind, segi_saved_visit *visit,
                             void *user, seg_error *err)
{
    seg_status status = SEG_OK;
    segi_mutex_lock(catalog->lock);
    for (size_t i = catalog->begins[kind]; status == SEG_OK && i < catalog->begins[kind + 1]; i++)
        status = visit(user, &catalog->entries[i]->saved, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

/* ---- the catalog itself ------------------------------------------------------------------ */

typedef struct catalog_restoring {
    segi_catalog *catalog;
    segi_definition kind;
} catalog_restoring;

/* What the store's file holds was checked when it was saved. A text that this version of the
 * library does not read any more stays as it is: whoever uses it learns why. */
static seg_status catalog_restore(void *user, const char *name, size_t name_size, const char *text,
                                  size_t text_size, uint64_t version, seg_error *err)
{
    const catalog_restoring *restoring = user;
    const segi_saved saved = {
        .name = name, .text = text, .name_size = name_size, .text_size = text_size};
    catalog_entry *entry;
    if (!catalog_reserve(restoring->catalog))
        return segi_fail_nomem(err);
    SEGI_TRY(entry_create(restoring->catalog->mem, restoring->kind, &saved, &entry, err));
    entry_insert(restoring->catalog, entry, version);
    return SEG_OK;
}

/* References last, when all names are there. One text that cannot be read has none. */
static seg_status catalog_fill(segi_catalog *catalog, seg_error *err)
{
    if (catalog->store == NULL)
        return SEG_OK;
    for (int kind = 0; kind < SEGI_DEFINE_COUNT; kind++) {
        catalog_restoring restoring = {catalog, (segi_definition)kind};
        SEGI_TRY(segi_store_each_text(catalog->store, shelf_of(restoring.kind), catalog_restore,
                                      &restoring, err));
    }
    for (size_t i = 0; i < catalog->count; i++) {
        catalog_entry *entry = catalog->entries[i];
        if (entry->kind != SEGI_DEFINE_OCCASION &&
            segi_catalog_read_refs(catalog, entry, NULL) == SEG_E_NOMEM)
            return segi_fail_nomem(err);
    }
    return SEG_OK;
}

seg_status segi_catalog_create(const segi_mem *mem, segi_store *store, segi_catalog **out,
                               seg_error *err)
{
    *out = NULL;
    segi_catalog *catalog = segi_alloc_zero(mem, sizeof *catalog);
    if (catalog == NULL)
        return segi_fail_nomem(err);
    catalog->mem = mem;
    catalog->store = store;
    seg_status status = segi_mutex_create(mem, &catalog->lock, err);
    if (status == SEG_OK)
        status = catalog_fill(catalog, err);
    if (status != SEG_OK) {
        segi_catalog_destroy(catalog);
        return status;
    }
    *out = catalog;
    return SEG_OK;
}

void segi_catalog_destroy(segi_catalog *catalog)
{
    if (catalog == NULL)
        return;
    const segi_mem *mem = catalog->mem;
    for (size_t i = 0; i < catalog->count; i++)
        entry_destroy(mem, catalog->entries[i]);
    segi_free(mem, catalog->entries);
    segi_mutex_destroy(mem, catalog->lock);
    segi_free(mem, catalog);
}
