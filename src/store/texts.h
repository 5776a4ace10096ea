/* Saved texts by name: what the catalogue of saved segments puts into the store's file. The store
 * keeps them and knows nothing of what they mean. */
#ifndef SEGI_TEXTS_H
#define SEGI_TEXTS_H

#include "base/alloc.h"

typedef struct segi_saved_text {
    uint64_t version;
    uint32_t name_size, text_size;
    char bytes[]; /* the name, then the text */
} segi_saved_text;

typedef struct segi_saved_texts {
    segi_saved_text **items; /* owned, rising by name */
    size_t count, capacity;
} segi_saved_texts;

void segi_saved_texts_deinit(segi_saved_texts *texts, const segi_mem *mem);
/* An entry to be put in, and room for it. NULL: out of memory. */
segi_saved_text *segi_saved_texts_prepare(segi_saved_texts *texts, const segi_mem *mem,
                                          const char *name, size_t name_size, const char *text,
                                          size_t text_size, uint64_t version);
/* Takes the entry; one of the same name goes. */
void segi_saved_texts_put(segi_saved_texts *texts, const segi_mem *mem, segi_saved_text *entry);
void segi_saved_texts_drop(segi_saved_texts *texts, const segi_mem *mem, const char *name,
                           size_t name_size);

#endif
