/* Strings that got numbers in the order of their first appearance: user ids and dictionaries.
 *
 * One writer interns; readers find and get through a table that they hold a reference on, up to
 * a count that they learned under the store's lock. */
#ifndef SEGI_STRINGS_H
#define SEGI_STRINGS_H

#include <seg/schema.h>

#include "store/table.h"

/* Strings are interned and found in blocks, so that the misses of one block overlap. */
#define SEGI_STRINGS_BLOCK 32

typedef struct segi_text_block segi_text_block;

typedef struct segi_strings {
    const segi_mem *mem;
    uint64_t key[2];
    segi_table *table;       /* retained */
    segi_seq records;        /* addresses of records: size as uint16_t, then the bytes */
    segi_text_block *blocks; /* owned, newest first */
    uint32_t count;          /* all, also those of a commit under way */
    uint32_t count_max;
    size_t text_bytes;
} segi_strings;

/* Where to go back to. */
typedef struct segi_strings_mark {
    segi_text_block *block;
    size_t used;
    uint32_t count;
} segi_strings_mark;

bool segi_strings_init(segi_strings *strings, const segi_mem *mem, const uint64_t key[2],
                       uint32_t count_max);
void segi_strings_deinit(segi_strings *strings);
size_t segi_strings_bytes(const segi_strings *strings);

/* Numbers of at most SEGI_STRINGS_BLOCK strings of up to 65,535 bytes. `settled`: entries from
 * there on may be undone later. SEG_E_NOMEM or SEG_E_LIMIT. */
seg_status segi_strings_intern(segi_strings *strings, const char *const *texts,
                               const uint32_t *sizes, size_t count, uint32_t settled,
                               uint32_t *out);
segi_strings_mark segi_strings_position(const segi_strings *strings);
/* Forget everything interned since. No reader may have learned of it. */
void segi_strings_undo(segi_strings *strings, segi_strings_mark mark);

/* For readers: entries below `count` of `table`; UINT32_MAX where there is none. */
void segi_strings_find(const segi_strings *strings, const segi_table *table, uint32_t count,
                       const char *const *texts, const uint32_t *sizes, size_t text_count,
                       uint32_t *out);
const char *segi_strings_get(const segi_strings *strings, uint32_t ordinal, size_t *out_size);

#endif
