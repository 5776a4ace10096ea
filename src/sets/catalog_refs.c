/* catalog_refs.c - references between saved texts: read from a text, looked through for circles,
 * and followed backwards to whatever a new text would break.
 *
 * Walks mark the entries (`seen`, `from`); the marks mean nothing between two walks. Under the lock
 * of the catalog. Searches are linear but for look-ups by name: a store has hundreds of
 * definitions. */
#include "base/error.h"
#include "sets/catalog_int.h"

/* References gathered from a text.
 * Filled by refs_found(), which cannot fail: it notes a lack of memory in `failed`. */
typedef struct catalog_refs {
    const segi_catalog *catalog;
    catalog_entry *self; /* the entry being defined; a name equal to its own is this one */
    catalog_entry **items;
    size_t count, capacity;
    bool failed;
} catalog_refs;

/* Called once for each name in the text. A name that nobody has is left out: whoever compiles the
 * text says so. */
static void refs_found(void *user, segi_definition kind, const char *name, size_t size)
{
    catalog_refs *refs = user;
    catalog_entry *entry = segi_catalog_is(refs->self, kind, name, size)
                               ? refs->self
                               : segi_catalog_find(refs->catalog, kind, name, size);
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

seg_status segi_catalog_read_refs(const segi_catalog *catalog, catalog_entry *entry, seg_error *err)
{
    catalog_refs refs = {catalog, entry, NULL, 0, 0, false};
    marks_clear(catalog);
    entry->seen = false;
    seg_status status = segi_text_references(catalog->mem, entry->saved.text,
                                             entry->saved.text_size, refs_found, &refs, err);
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
        segi_buf_quoted(buf, at->saved.name, at->saved.name_size);
        segi_buf_text(buf, " -> ");
    }
    segi_buf_quoted(buf, entry->saved.name, entry->saved.name_size);
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
            status = segi_fail(err, SEG_E_CYCLE, "the %s would refer to itself: %.*s",
                               segi_catalog_kind_name(entry->kind), (int)buf.size, buf.data);
        segi_buf_deinit(&buf);
    }
    segi_free(catalog->mem, queue);
    return status;
}

bool segi_catalog_refers(const catalog_entry *entry, const catalog_entry *other)
{
    for (size_t i = 0; i < entry->ref_count; i++) {
        if (entry->refs[i] == other)
            return true;
    }
    return false;
}

/* ---- checking a definition ---- */

/* The compiler finds circles too, but names the way from where it noticed. Give the way from the
 * segment that is being defined, and keep the place in the text. */
static seg_status entry_explain_circle(const segi_catalog *catalog, catalog_entry *entry,
                                       const catalog_entry *old, seg_error *err)
{
    seg_error place = SEG_ERROR_INIT;
    if (err != NULL && err->struct_size >= sizeof *err)
        place = *err;
    seg_status status = segi_catalog_read_refs(catalog, entry, err);
    if (status == SEG_OK)
        status = entry_check_circle(catalog, entry, old, err);
    if (status == SEG_OK) /* The walk and the compiler disagree. */
        return segi_fail(err, SEG_E_CYCLE, "the %s would refer to itself",
                         segi_catalog_kind_name(entry->kind));
    if (status == SEG_E_CYCLE && place.offset >= 0 && place.length >= 0) {
        segi_error_span(err, (size_t)place.offset, (size_t)place.length);
        segi_error_locate(err, entry->saved.text, entry->saved.text_size);
    }
    return status;
}

/* Say which saved segment a new definition of another one would break, and how. */
static seg_status dependent_fail(const catalog_entry *entry, const catalog_entry *dependent,
                                 seg_status status, const seg_error *cause, seg_error *err)
{
    if (status == SEG_E_NOMEM)
        return segi_fail_nomem(err);
    segi_fail(err, status, "%s \"%.*s\", which refers to \"%.*s\", would not compile: %s",
              segi_catalog_kind_name(dependent->kind), (int)dependent->saved.name_size,
              dependent->saved.name, (int)entry->saved.name_size, entry->saved.name,
              cause->message);
    segi_error_hint(err, "change or drop \"%.*s\" first", (int)dependent->saved.name_size,
                    dependent->saved.name);
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
            if (other->seen || !segi_catalog_refers(other, at))
                continue;
            other->seen = true;
            queue[tail++] = other;
            seg_error cause = SEG_ERROR_INIT;
            status = segi_catalog_entry_compile(other, view, schema, &cause);
            if (status != SEG_OK)
                status = dependent_fail(entry, other, status, &cause, err);
        }
    }
    segi_free(catalog->mem, queue);
    return status;
}

seg_status segi_catalog_entry_check(const segi_catalog *catalog, catalog_entry *entry,
                                    catalog_entry *old, const segi_schema *schema, seg_error *err)
{
    catalog_view view = {catalog, entry};
    seg_status status = segi_catalog_entry_compile(entry, &view, schema, err);
    if (status == SEG_E_CYCLE)
        return entry_explain_circle(catalog, entry, old, err);
    SEGI_TRY(status);
    SEGI_TRY(segi_catalog_read_refs(catalog, entry, err));
    SEGI_TRY(entry_check_circle(catalog, entry, old, err));
    return old == NULL ? SEG_OK : dependents_check(entry, old, &view, schema, err);
}
