/* Saved texts by name: what the catalogue of saved segments puts into the store's file. The store
 * keeps them and knows nothing of what they mean. */
#ifndef SEGI_TEXTS_H
#define SEGI_TEXTS_H

#include "base/alloc.h"

typedef struct segi_text {
    uint64_t version;
    uint32_t name_size, text_size;
    char bytes[]; /* the name, then the text */
} segi_text;

typedef struct segi_texts {
    segi_text **items; /* owned, rising by name */
    size_t count, capacity;
} segi_texts;

void segi_texts_deinit(segi_texts *texts, const segi_mem *mem);
/* An entry to be put in, and room for it. NULL: out of memory. */
segi_text *segi_texts_prepare(segi_texts *texts, const segi_mem *mem, const char *name,
                              size_t name_size, const char *text, size_t text_size,
                              uint64_t version);
/* Takes the entry; one of the same name goes. */
void segi_texts_put(segi_texts *texts, const segi_mem *mem, segi_text *entry);
void segi_texts_drop(segi_texts *texts, const segi_mem *mem, const char *name, size_t name_size);

#endif
