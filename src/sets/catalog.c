/* catalog.c - saved segments and classes by name: defined, dropped, read back. What is saved is
 * kind, name and text: whoever keeps those and defines them again, each after those that it
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
 * path, a drop while others refer to the entry (S-30). */
#include "sets/catalog_int.h"

#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/thread.h"

/* ---- entries ----------------------------------------------------------------------------- */

const char *segi_catalog_kind_name(segi_definition kind)
{
    return kind == SEGI_DEFINE_CLASS ? "class" : "segment";
}

/* Kinds apart, and names within them. */
static int entry_compare(const catalog_entry *entry, segi_definition kind, const char *name,
                         size_t name_size)
{
    if (entry->kind != kind)
        return entry->kind < kind ? -1 : 1;
    return segi_name_compare(entry->name, entry->name_size, name, name_size);
}

/* Position of the name, or the one at which it belongs; true if it is there. */
static bool entry_locate(const segi_catalog *catalog, segi_definition kind, const char *name,
                         size_t name_size, size_t *out_position)
{
    size_t low = 0;
    size_t high = catalog->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = entry_compare(catalog->entries[middle], kind, name, name_size);
        if (order == 0) {
            *out_position = middle;
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *out_position = low;
    return false;
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
    segi_free(mem, entry->name);
    segi_free(mem, entry->text);
    segi_free(mem, entry->refs);
    segi_free(mem, entry);
}

static char *bytes_copy(const segi_mem *mem, const char *bytes, size_t size)
{
    char *copy = segi_alloc(mem, size);
    if (copy != NULL && size > 0)
        memcpy(copy, bytes, size);
    return copy;
}

/* A copy of both texts; version, fingerprint and references come later. NULL: no memory. */
static catalog_entry *entry_create(const segi_mem *mem, segi_definition kind, const char *name,
                                   size_t name_size, const char *text, size_t text_size)
{
    catalog_entry *entry = segi_alloc_zero(mem, sizeof *entry);
    if (entry == NULL)
        return NULL;
    entry->kind = kind;
    entry->name = bytes_copy(mem, name, name_size);
    entry->name_size = name_size;
    entry->text = bytes_copy(mem, text, text_size);
    entry->text_size = text_size;
    if (entry->name == NULL || entry->text == NULL) {
        entry_destroy(mem, entry);
        return NULL;
    }
    return entry;
}

/* ---- defining ---------------------------------------------------------------------------- */

/* The rule of all names, which is also asked of those that a file holds: what is saved here can be
 * read back. */
seg_status segi_catalog_name_check(const char *what, const char *name, size_t name_size,
                                   seg_error *err)
{
    if (segi_name_valid(name, name_size))
        return SEG_OK;
    return segi_fail(err, SEG_E_ARG,
                     "the name of %s must be 1 to %d bytes of UTF-8 without control characters",
                     what, SEG_NAME_SIZE_MAX);
}

/* Where the store keeps them; names on different shelves have nothing to do with each other. */
static segi_shelf shelf_of(segi_definition kind)
{
    return kind == SEGI_DEFINE_CLASS ? SEGI_SHELF_CLASSES : SEGI_SHELF_SEGMENTS;
}

/* The store keeps the text from now on, in its file as well. */
static seg_status entry_save(const segi_catalog *catalog, const catalog_entry *entry,
                             uint64_t version, seg_error *err)
{
    if (catalog->store == NULL)
        return SEG_OK;
    return segi_store_save_text(catalog->store, shelf_of(entry->kind), entry->name,
                                entry->name_size, entry->text, entry->text_size, version, err);
}

/* Where its place is; there is room. */
static void entry_insert(segi_catalog *catalog, catalog_entry *entry)
{
    size_t position;
    entry_locate(catalog, entry->kind, entry->name, entry->name_size, &position);
    memmove(&catalog->entries[position + 1], &catalog->entries[position],
            (catalog->count - position) * sizeof(catalog_entry *));
    catalog->entries[position] = entry;
    catalog->count++;
}

/* Put the checked entry in, once it is saved. An entry that exists keeps its address, to which
 * others refer, and swaps its content with the new one, which then holds what has to be freed.
 * Takes the entry where it returns SEG_OK; else it stays the caller's. */
static seg_status entry_put(segi_catalog *catalog, catalog_entry *entry, catalog_entry *old,
                            uint64_t *out_version, seg_error *err)
{
    if (old != NULL) {
        SEGI_TRY(entry_save(catalog, entry, old->version + 1, err));
        catalog_entry content = *old;
        *old = *entry;
        *entry = content;
        old->version = entry->version + 1;
        *out_version = old->version;
        entry_destroy(catalog->mem, entry);
        return SEG_OK;
    }
    void *entries = catalog->entries;
    if (!segi_grow(catalog->mem, &entries, &catalog->capacity, catalog->count + 1,
                   sizeof(catalog_entry *)))
        return segi_fail_nomem(err);
    catalog->entries = entries;
    SEGI_TRY(entry_save(catalog, entry, 1, err));
    entry_insert(catalog, entry);
    entry->version = 1;
    *out_version = 1;
    return SEG_OK;
}

/* ---- door -------------------------------------------------------------------------------- */

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
    segi_catalog *catalog = restoring->catalog;
    void *entries = catalog->entries;
    catalog_entry *entry =
        entry_create(catalog->mem, restoring->kind, name, name_size, text, text_size);
    if (entry == NULL || !segi_grow(catalog->mem, &entries, &catalog->capacity, catalog->count + 1,
                                    sizeof(catalog_entry *))) {
        entry_destroy(catalog->mem, entry);
        return segi_fail_nomem(err);
    }
    catalog->entries = entries;
    entry_insert(catalog, entry);
    entry->version = version;
    return SEG_OK;
}

/* References last, when all names are there. One text that cannot be read has none. */
static seg_status catalog_fill(segi_catalog *catalog, seg_error *err)
{
    if (catalog->store == NULL)
        return SEG_OK;
    SEGI_TRY(segi_occasions_load(&catalog->occasions, catalog->mem, catalog->store, err));
    const segi_definition kinds[] = {SEGI_DEFINE_SEGMENT, SEGI_DEFINE_CLASS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        catalog_restoring restoring = {catalog, kinds[i]};
        SEGI_TRY(segi_store_each_text(catalog->store, shelf_of(kinds[i]), catalog_restore,
                                      &restoring, err));
    }
    for (size_t i = 0; i < catalog->count; i++)
        if (segi_catalog_read_refs(catalog, catalog->entries[i], NULL) == SEG_E_NOMEM)
            return segi_fail_nomem(err);
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
    segi_occasions_deinit(&catalog->occasions, mem);
    segi_mutex_destroy(mem, catalog->lock);
    segi_free(mem, catalog);
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

/* The copies are made before the lock is taken: it is held for the checks and the swap alone. */
seg_status segi_catalog_define(segi_catalog *catalog, const segi_schema *schema,
                               segi_definition kind, const char *name, size_t name_size,
                               const char *text, size_t text_size, uint64_t *out_version,
                               seg_error *err)
{
    *out_version = 0;
    SEGI_TRY(segi_catalog_name_check(kind == SEGI_DEFINE_CLASS ? "a class" : "a segment", name,
                                     name_size, err));
    if (kind == SEGI_DEFINE_CLASS)
        SEGI_TRY(class_check(schema, name, name_size, err));
    catalog_entry *entry = entry_create(catalog->mem, kind, name, name_size, text, text_size);
    if (entry == NULL)
        return segi_fail_nomem(err);
    segi_mutex_lock(catalog->lock);
    catalog_entry *old = segi_catalog_find(catalog, kind, name, name_size);
    seg_status status = segi_catalog_entry_check(catalog, entry, old, schema, err);
    if (status == SEG_OK)
        status = entry_put(catalog, entry, old, out_version, err);
    segi_mutex_unlock(catalog->lock);
    if (status != SEG_OK)
        entry_destroy(catalog->mem, entry);
    return status;
}

/* Names come from outside and may be of any size: a message takes what fits. */
static seg_status fail_missing(segi_definition kind, const char *name, size_t name_size,
                               seg_error *err)
{
    return segi_fail(err, SEG_E_NOT_FOUND, "there is no saved %s \"%.*s\"",
                     segi_catalog_kind_name(kind),
                     (int)(name_size < SEG_NAME_SIZE_MAX ? name_size : SEG_NAME_SIZE_MAX),
                     name != NULL ? name : "");
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
    for (size_t i = 0; i < catalog->count; i++) {
        const catalog_entry *other = catalog->entries[i];
        if (segi_catalog_refers(other, entry)) {
            segi_fail(err, SEG_E_IN_USE, "%s \"%.*s\" refers to \"%.*s\"",
                      segi_catalog_kind_name(other->kind), (int)other->name_size, other->name,
                      (int)entry->name_size, entry->name);
            segi_error_hint(err, "drop or redefine \"%.*s\" first", (int)other->name_size,
                            other->name);
            return SEG_E_IN_USE;
        }
    }
    if (catalog->store != NULL)
        SEGI_TRY(segi_store_drop_text(catalog->store, shelf_of(kind), name, name_size, err));
    catalog->count--;
    memmove(&catalog->entries[position], &catalog->entries[position + 1],
            (catalog->count - position) * sizeof(catalog_entry *));
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

seg_status segi_catalog_text(segi_catalog *catalog, segi_definition kind, const char *name,
                             size_t name_size, segi_buf *buf, seg_error *err)
{
    segi_mutex_lock(catalog->lock);
    const catalog_entry *entry = segi_catalog_find(catalog, kind, name, name_size);
    if (entry != NULL)
        segi_buf_add(buf, entry->text, entry->text_size);
    segi_mutex_unlock(catalog->lock);
    if (entry == NULL)
        return fail_missing(kind, name, name_size, err);
    return buf->failed ? segi_fail_nomem(err) : SEG_OK;
}

seg_status segi_catalog_each(segi_catalog *catalog, segi_definition kind, segi_text_visit *visit,
                             void *user, seg_error *err)
{
    seg_status status = SEG_OK;
    segi_mutex_lock(catalog->lock);
    for (size_t i = 0; status == SEG_OK && i < catalog->count; i++) {
        const catalog_entry *entry = catalog->entries[i];
        if (entry->kind != kind)
            continue;
        status = visit(user, entry->name, entry->name_size, entry->text, entry->text_size,
                       entry->version, err);
    }
    segi_mutex_unlock(catalog->lock);
    return status;
}
