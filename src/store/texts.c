/* Saved texts: see texts.h. */
#include "store/texts.h"

#include <string.h>

#include "base/name.h"

static const char *text_name(const void *list, size_t i, size_t *out_size)
{
    const segi_saved_text *entry = ((const segi_saved_texts *)list)->items[i];
    *out_size = entry->name_size;
    return entry->bytes;
}

/* The place of the name, or the one where it belongs. */
static bool text_locate(const segi_saved_texts *texts, const char *name, size_t name_size,
                        size_t *out)
{
    return segi_name_find(texts, texts->count, text_name, name, name_size, out);
}

void segi_saved_texts_deinit(segi_saved_texts *texts, const segi_mem *mem)
{
    for (size_t i = 0; i < texts->count; i++)
        segi_free(mem, texts->items[i]);
    segi_free(mem, texts->items);
    memset(texts, 0, sizeof *texts);
}

/* One block for the entry, its name and its text; room in the list comes with it, so that
 * segi_saved_texts_put() cannot fail. */
segi_saved_text *segi_saved_texts_prepare(segi_saved_texts *texts, const segi_mem *mem,
                                          const char *name, size_t name_size, const char *text,
                                          size_t text_size, uint64_t version)
{
    if (!segi_grow(mem, (void **)&texts->items, &texts->capacity, texts->count + 1,
                   sizeof(segi_saved_text *)))
        return NULL;
    segi_saved_text *entry = segi_alloc(mem, sizeof *entry + name_size + text_size);
    if (!entry)
        return NULL;
    *entry = (segi_saved_text){version, (uint32_t)name_size, (uint32_t)text_size};
    memcpy(entry->bytes, name, name_size);
    if (text_size > 0)
        memcpy(entry->bytes + name_size, text, text_size);
    return entry;
}

/* Takes the entry, which replaces one of the same name; cannot fail. */
void segi_saved_texts_put(segi_saved_texts *texts, const segi_mem *mem, segi_saved_text *entry)
{
    size_t place;
    if (text_locate(texts, entry->bytes, entry->name_size, &place)) {
        segi_free(mem, texts->items[place]);
        texts->items[place] = entry;
        return;
    }
    memmove(texts->items + place + 1, texts->items + place,
            (texts->count - place) * sizeof(segi_saved_text *));
    texts->items[place] = entry;
    texts->count++;
}

void segi_saved_texts_drop(segi_saved_texts *texts, const segi_mem *mem, const char *name,
                           size_t name_size)
{
    size_t place;
    if (!text_locate(texts, name, name_size, &place))
        return;
    segi_free(mem, texts->items[place]);
    texts->count--;
    memmove(texts->items + place, texts->items + place + 1,
            (texts->count - place) * sizeof(segi_saved_text *));
}
