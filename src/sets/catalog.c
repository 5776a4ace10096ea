/* catalog.c - saved segments and classes by name, and the references between them. What is saved
 * is kind, name and text: whoever keeps those and defines them again, each after those that it
 * refers to, has the catalog back.
 *
 * Invariants: `entries` is sorted by kind and name; the references of an entry are entries of the
 * same catalog, because a text is compiled before it is saved and an entry that others refer to is
 * neither dropped nor replaced by one that breaks them; the references form no circle. The lock
 * guards all of it and is held for the length of a compile, which borrows texts. Any thread.
 *
 * Data flow of a definition: the text is compiled as it would be with itself in place
 * (catalog_view), its references are read, a way back to itself is looked for, and whatever
 * refers to the old text is compiled against the new one. Only then is it saved and put in, so
 * that a refused definition changes nothing; a circle is refused with its whole path, a
 * drop while others refer to the entry (S-30). Searches are linear but for look-ups by name: a
 * store has hundreds of definitions. */
#include "sets/catalog_int.h"

#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/text.h"
#include "base/thread.h"

/* What a compile sees: the catalog, but for one name another text.
 * So a definition under test sees itself, before anything is saved. */
typedef struct catalog_view {
    const segi_catalog *catalog;
    segi_definition kind;
    const char *name; /* NULL: the catalog as it is */
    size_t name_size;
    const char *text;
    size_t text_size;
} catalog_view;

/* References gathered from a text.
 * Filled by refs_found(), which cannot fail: it notes a lack of memory in `failed`. */
typedef struct catalog_refs {
    const segi_catalog *catalog;
    catalog_entry *self; /* the entry being defined; a name equal to its own is this one */
    catalog_entry **items;
    size_t count, capacity;
    bool failed;
} catalog_refs;

/* ---- entries ----------------------------------------------------------------------------- */

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

static catalog_entry *entry_find(const segi_catalog *catalog, segi_definition kind,
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

static bool entry_refers(const catalog_entry *entry, const catalog_entry *other)
{
    for (size_t i = 0; i < entry->ref_count; i++) {
        if (entry->refs[i] == other)
            return true;
    }
    return false;
}

/* ---- what the compiler asks -------------------------------------------------------------- */

/* What these four lend is borrowed from the catalog, whose lock is held as long as they are
 * asked. */
static seg_status view_find(void *user, segi_definition kind, const char *name, size_t name_size,
                            const char **out_text, size_t *out_size)
{
    const catalog_view *view = user;
    if (view->name != NULL && view->kind == kind &&
        segi_name_compare(view->name, view->name_size, name, name_size) == 0) {
        *out_text = view->text;
        *out_size = view->text_size;
        return SEG_OK;
    }
    const catalog_entry *entry = entry_find(view->catalog, kind, name, name_size);
    if (entry == NULL)
        return SEG_E_NOT_FOUND;
    *out_text = entry->text;
    *out_size = entry->text_size;
    return SEG_OK;
}

static bool view_name_at(void *user, segi_definition kind, size_t i, const char **out_name,
                         size_t *out_size)
{
    const segi_catalog *catalog = ((const catalog_view *)user)->catalog;
    for (size_t at = 0; at < catalog->count; at++) {
        const catalog_entry *entry = catalog->entries[at];
        if (entry->kind != kind || i-- != 0)
            continue;
        *out_name = entry->name;
        *out_size = entry->name_size;
        return true;
    }
    return false;
}

static bool view_occasion(void *user, const char *name, size_t name_size, segi_occasion *out)
{
    const catalog_view *view = user;
    const segi_occasion_entry *entry =
        segi_occasions_find(&view->catalog->occasions, name, name_size);
    if (entry != NULL)
        *out = (segi_occasion){(uint32_t)entry->count, entry->ranges};
    return entry != NULL;
}

static bool view_occasion_at(void *user, size_t i, const char **out_name, size_t *out_size)
{
    const segi_occasions *occasions = &((const catalog_view *)user)->catalog->occasions;
    if (i >= occasions->count)
        return false;
    *out_name = occasions->entries[i].name;
    *out_size = occasions->entries[i].name_size;
    return true;
}

static segi_resolver view_resolver(catalog_view *view)
{
    segi_resolver resolver = {view, view_find, view_name_at, view_occasion, view_occasion_at};
    return resolver;
}

/* ---- references -------------------------------------------------------------------------- */

/* Called once for each name in the text. A name that nobody has is left out: whoever compiles the
 * text says so. */
static void refs_found(void *user, segi_definition kind, const char *name, size_t size)
{
    catalog_refs *refs = user;
    catalog_entry *entry = entry_compare(refs->self, kind, name, size) == 0
                               ? refs->self
                               : entry_find(refs->catalog, kind, name, size);
    if (refs->failed || entry == NULL || entry->seen)
        return;
    void *items = refs->items;
    if (!segi_grow(refs->catalog->mem, &items, &refs->capacity, refs->count + 1,
                   sizeof(catalog_entry *))) {
        refs->failed = true;
        return;
    }
    refs->items = items;
    refs->items[refs->count++] = entry;
    entry->seen = true; /* each once */
}

static void marks_clear(const segi_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        catalog->entries[i]->seen = false;
        catalog->entries[i]->from = NULL;
    }
}

/* Fill entry->refs from its text. */
static seg_status entry_read_refs(const segi_catalog *catalog, catalog_entry *entry, seg_error *err)
{
    catalog_refs refs = {catalog, entry, NULL, 0, 0, false};
    marks_clear(catalog);
    entry->seen = false;
    seg_status status =
        segi_text_references(catalog->mem, entry->text, entry->text_size, refs_found, &refs, err);
    if (status == SEG_OK && refs.failed)
        status = segi_fail_nomem(err);
    if (status != SEG_OK) {
        segi_free(catalog->mem, refs.items);
        return status;
    }
    entry->refs = refs.items;
    entry->ref_count = refs.count;
    return SEG_OK;
}

/* Walk from `entry` along references until one leads to `target`, the name's entry before this
 * definition (or `entry` itself where the name is new). The shortest way is found first. Returns
 * the last entry of the way, its `from` fields lead back to `entry`; NULL if there is none.
 * Breadth first, in a queue with room for every entry and the new one: none is put in twice. */
static catalog_entry *walk_to(const segi_catalog *catalog, catalog_entry *entry,
                              const catalog_entry *target, catalog_entry **queue)
{
    size_t head = 0;
    size_t tail = 0;
    marks_clear(catalog);
    entry->seen = true;
    entry->from = NULL;
    queue[tail++] = entry;
    while (head < tail) {
        catalog_entry *at = queue[head++];
        for (size_t i = 0; i < at->ref_count; i++) {
            catalog_entry *next = at->refs[i];
            if (next == target || next == entry)
                return at;
            if (next->seen)
                continue;
            next->seen = true;
            next->from = at;
            queue[tail++] = next;
        }
    }
    return NULL;
}

/* Write the names on the way that ends at `last`, in the order of the way. The `from` fields run
 * backwards, so they are turned round on the way back and are dead afterwards. */
static void path_write(catalog_entry *last, const catalog_entry *entry, segi_buf *buf)
{
    catalog_entry *next = NULL;
    while (last != NULL) {
        catalog_entry *before = last->from;
        last->from = next;
        next = last;
        last = before;
    }
    for (const catalog_entry *at = next; at != NULL; at = at->from) {
        segi_buf_quoted(buf, at->name, at->name_size);
        segi_buf_text(buf, " -> ");
    }
    segi_buf_quoted(buf, entry->name, entry->name_size);
}

/* SEG_E_CYCLE with the whole path, or SEG_OK. An error that the compiler left in err keeps its
 * place in the text. */
static seg_status entry_check_circle(const segi_catalog *catalog, catalog_entry *entry,
                                     const catalog_entry *old, seg_error *err)
{
    catalog_entry **queue =
        segi_alloc_array(catalog->mem, catalog->count + 1, sizeof(catalog_entry *));
    if (queue == NULL)
        return segi_fail_nomem(err);
    seg_status status = SEG_OK;
    catalog_entry *last = walk_to(catalog, entry, old != NULL ? old : entry, queue);
    if (last != NULL) {
        segi_buf buf;
        segi_buf_init(&buf, catalog->mem);
        path_write(last, entry, &buf);
        if (buf.failed)
            status = segi_fail_nomem(err);
        else
            status = segi_fail(err, SEG_E_CYCLE, "the segment would refer to itself: %.*s",
                               (int)buf.size, buf.data);
        segi_buf_deinit(&buf);
    }
    segi_free(catalog->mem, queue);
    return status;
}

/* ---- defining ---------------------------------------------------------------------------- */

/* what: "a segment", "an occasion"
 * Names are printed in messages and files, hence no control characters; else anything goes. */
seg_status segi_catalog_name_check(const char *what, const char *name, size_t name_size,
                                   seg_error *err)
{
    if (name == NULL || name_size == 0)
        return segi_fail(err, SEG_E_ARG, "the name of %s is empty", what);
    if (name_size > SEG_NAME_SIZE_MAX)
        return segi_fail(err, SEG_E_ARG, "the name of %s is longer than 255 bytes", what);
    bool clean = segi_utf8_valid(name, name_size);
    for (size_t i = 0; clean && i < name_size; i++)
        clean = (unsigned char)name[i] >= 0x20 && name[i] != 0x7f;
    return clean ? SEG_OK
                 : segi_fail(err, SEG_E_ARG,
                             "the name of %s is not UTF-8 or contains a control character", what);
}

/* Compile the text of one entry as it would be with the view. Only its fingerprint is kept. */
static seg_status entry_compile(catalog_entry *entry, catalog_view *view, const segi_schema *schema,
                                seg_error *err)
{
    segi_resolver resolver = view_resolver(view);
    segi_predicate *predicate = NULL;
    const segi_mem *mem = view->catalog->mem;
    if (entry->kind == SEGI_DEFINE_CLASS)
        SEGI_TRY(segi_compile_class(mem, schema, &resolver, entry->text, entry->text_size, 0,
                                    &predicate, err));
    else
        SEGI_TRY(segi_compile(mem, schema, &resolver, entry->text, entry->text_size, 0, NULL, 0,
                              &predicate, err));
    seg_status status = SEG_OK;
    if (predicate->param_count > 0) {
        const segi_param *param = &predicate->params[0];
        status = segi_fail(err, SEG_E_BOUND, "a saved segment cannot have parameters, here $%.*s",
                           (int)param->name_size, param->name);
        segi_error_span(err, param->offset, param->name_size + 1);
        segi_error_locate(err, entry->text, entry->text_size);
    }
    memcpy(entry->fingerprint, predicate->fingerprint, sizeof entry->fingerprint);
    segi_predicate_destroy(predicate);
    return status;
}

/* The compiler finds circles too, but names the way from where it noticed. Give the way from the
 * segment that is being defined, and keep the place in the text. */
static seg_status entry_explain_circle(const segi_catalog *catalog, catalog_entry *entry,
                                       const catalog_entry *old, seg_error *err)
{
    seg_error place = SEG_ERROR_INIT;
    if (err != NULL && err->struct_size >= sizeof *err)
        place = *err;
    seg_status status = entry_read_refs(catalog, entry, err);
    if (status == SEG_OK)
        status = entry_check_circle(catalog, entry, old, err);
    if (status == SEG_OK) /* The walk and the compiler disagree. */
        return segi_fail(err, SEG_E_CYCLE, "the segment would refer to itself");
    if (status == SEG_E_CYCLE && place.offset >= 0 && place.length >= 0) {
        segi_error_span(err, (size_t)place.offset, (size_t)place.length);
        segi_error_locate(err, entry->text, entry->text_size);
    }
    return status;
}

/* Say which saved segment a new definition of another one would break, and how. */
static seg_status dependent_fail(const catalog_entry *entry, const catalog_entry *dependent,
                                 seg_status status, const seg_error *cause, seg_error *err)
{
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    segi_fail(err, status, "segment \"%.*s\", which refers to \"%.*s\", would not compile: %s",
              (int)dependent->name_size, dependent->name, (int)entry->name_size, entry->name,
              cause->message);
    segi_error_hint(err, "change or drop \"%.*s\" first", (int)dependent->name_size,
                    dependent->name);
    return status;
}

/* Compile whatever refers to `old`, directly or through others, against the new text.
 * Breadth first again, this time against the direction of references. */
static seg_status dependents_check(const catalog_entry *entry, catalog_entry *old,
                                   catalog_view *view, const segi_schema *schema, seg_error *err)
{
    const segi_catalog *catalog = view->catalog;
    catalog_entry **queue = segi_alloc_array(catalog->mem, catalog->count, sizeof(catalog_entry *));
    if (queue == NULL)
        return segi_fail_nomem(err);
    size_t head = 0;
    size_t tail = 0;
    seg_status status = SEG_OK;
    marks_clear(catalog);
    old->seen = true;
    queue[tail++] = old;
    while (status == SEG_OK && head < tail) {
        const catalog_entry *at = queue[head++];
        for (size_t i = 0; status == SEG_OK && i < catalog->count; i++) {
            catalog_entry *other = catalog->entries[i];
            if (other->seen || !entry_refers(other, at))
                continue;
            other->seen = true;
            queue[tail++] = other;
            seg_error cause = SEG_ERROR_INIT;
            status = entry_compile(other, view, schema, &cause);
            if (status != SEG_OK)
                status = dependent_fail(entry, other, status, &cause, err);
        }
    }
    segi_free(catalog->mem, queue);
    return status;
}

/* Everything that can refuse a definition. Afterwards entry->refs is filled. */
static seg_status entry_check(const segi_catalog *catalog, catalog_entry *entry, catalog_entry *old,
                              const segi_schema *schema, seg_error *err)
{
    catalog_view view = {catalog,          entry->kind, entry->name,
                         entry->name_size, entry->text, entry->text_size};
    seg_status status = entry_compile(entry, &view, schema, err);
    if (status == SEG_E_CYCLE)
        return entry_explain_circle(catalog, entry, old, err);
    SEGI_TRY(status);
    SEGI_TRY(entry_read_refs(catalog, entry, err));
    SEGI_TRY(entry_check_circle(catalog, entry, old, err));
    return old == NULL ? SEG_OK : dependents_check(entry, old, &view, schema, err);
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
        if (entry_read_refs(catalog, catalog->entries[i], NULL) == SEG_E_NOMEM)
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

/* The predicate owns copies of all that it needs: it outlives the lock and even the catalog. */
seg_status segi_catalog_compile(segi_catalog *catalog, const segi_mem *mem,
                                const segi_schema *schema, const char *text, size_t text_size,
                                uint32_t flags, const segi_param_value *params, size_t param_count,
                                segi_predicate **out, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_mutex_lock(catalog->lock);
    seg_status status =
        segi_compile(mem, schema, &resolver, text, text_size, flags, params, param_count, out, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

seg_status segi_catalog_compile_class(segi_catalog *catalog, const segi_mem *mem,
                                      const segi_schema *schema, const char *text, size_t text_size,
                                      uint32_t flags, segi_predicate **out, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_mutex_lock(catalog->lock);
    seg_status status =
        segi_compile_class(mem, schema, &resolver, text, text_size, flags, out, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

seg_status segi_catalog_compile_value(segi_catalog *catalog, const segi_mem *mem,
                                      const segi_schema *schema, const char *text, size_t text_size,
                                      uint32_t flags, segi_predicate **out, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_mutex_lock(catalog->lock);
    seg_status status =
        segi_compile_value(mem, schema, &resolver, text, text_size, flags, out, err);
    segi_mutex_unlock(catalog->lock);
    return status;
}

/* Texts from the store's file get their fingerprints when somebody first asks. One that does not
 * compile any more says the same as nothing. */
static seg_status fingerprints_fill(const segi_catalog *catalog, const segi_schema *schema,
                                    seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    for (size_t i = 0; i < catalog->count; i++) {
        catalog_entry *entry = catalog->entries[i];
        if (entry->kind == SEGI_DEFINE_SEGMENT &&
            (entry->fingerprint[0] | entry->fingerprint[1]) == 0 &&
            entry_compile(entry, &view, schema, NULL) == SEG_E_NOMEM)
            return segi_fail_nomem(err);
    }
    return SEG_OK;
}

/* A saved segment that says the same. */
static void note_duplicate(const segi_catalog *catalog, const segi_predicate *predicate,
                           segi_findings *findings)
{
    if (predicate->root->kind == SEGI_NODE_SEGMENT)
        return; /* it is that one by name */
    for (size_t i = 0; i < catalog->count; i++) {
        const catalog_entry *entry = catalog->entries[i];
        if (entry->kind != SEGI_DEFINE_SEGMENT ||
            memcmp(entry->fingerprint, predicate->fingerprint, sizeof entry->fingerprint) != 0)
            continue;
        seg_error *note = segi_findings_add(findings, SEGI_LEVEL_WARNING, "duplicate-segment");
        if (note == NULL)
            return;
        segi_fail(note, SEG_E_ARG, "the saved segment \"%.*s\" says the same",
                  (int)entry->name_size, entry->name);
        segi_error_span(note, 0, predicate->text_size);
        segi_error_locate(note, predicate->text, predicate->text_size);
        segi_error_hint(note, "in segment \"%.*s\"", (int)entry->name_size, entry->name);
        return;
    }
}

/* Findings are kept also where the text does not compile: the fault is one of them. */
seg_status segi_catalog_lint(segi_catalog *catalog, const segi_mem *mem, const segi_schema *schema,
                             const char *text, size_t text_size, uint32_t flags, int64_t retention,
                             segi_findings *findings, seg_error *err)
{
    catalog_view view = {.catalog = catalog};
    segi_resolver resolver = view_resolver(&view);
    segi_predicate *predicate = NULL;
    segi_mutex_lock(catalog->lock);
    seg_status status = segi_lint(mem, schema, &resolver, text, text_size, flags, retention,
                                  findings, &predicate, err);
    if (predicate != NULL)
        status = fingerprints_fill(catalog, schema, err);
    if (predicate != NULL && status == SEG_OK)
        note_duplicate(catalog, predicate, findings);
    segi_mutex_unlock(catalog->lock);
    segi_predicate_destroy(predicate);
    return status == SEG_OK && findings->failed ? segi_fail_nomem(err) : status;
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
    catalog_entry *old = entry_find(catalog, kind, name, name_size);
    seg_status status = entry_check(catalog, entry, old, schema, err);
    if (status == SEG_OK)
        status = entry_put(catalog, entry, old, out_version, err);
    segi_mutex_unlock(catalog->lock);
    if (status != SEG_OK)
        entry_destroy(catalog->mem, entry);
    return status;
}

const char *segi_catalog_kind_name(segi_definition kind)
{
    return kind == SEGI_DEFINE_CLASS ? "class" : "segment";
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
        if (entry_refers(other, entry)) {
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
    const catalog_entry *entry = entry_find(catalog, kind, name, name_size);
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
