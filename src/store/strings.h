/* Strings that got numbers in the order of their first appearance: user ids and dictionaries.
 *
 * A record holds a string and its number. The table leads from a string's tag straight to its
 * record, so that a look-up costs two cache misses.
 *
 * One writer interns; readers find and get through a table that they hold a reference on, up to
 * a count that they learned under the store's lock. Strings that are to be forgotten go by way of
 * a second object without them, which takes the first one's place (see era.h). */
#ifndef SEGI_STRINGS_H
#define SEGI_STRINGS_H

#include <seg/schema.h>

#include "base/buf.h"
#include "store/sheets.h"
#include "store/table.h"

/* Strings are interned and found in blocks, so that the misses of one block overlap. */
#define SEGI_STRINGS_BLOCK 128

typedef struct segi_text_block segi_text_block;

typedef struct segi_strings {
    const segi_mem *mem;
    uint64_t key[2];
    segi_table *table;       /* retained; its values are places of records */
    segi_seq records;        /* addresses of records, by ordinal; 0: forgotten */
    segi_seq blocks;         /* addresses of blocks, by number; all retained */
    segi_text_block *newest; /* the last of them */
    uint32_t block_count;
    uint32_t record_count; /* in the table; more than numbered ones where commits failed */
    uint32_t count;        /* all, also forgotten ones and those of a commit under way */
    uint32_t forgotten;    /* of them */
    uint32_t count_max;
    size_t text_bytes;
    segi_sheets sheets;
    bool absent;        /* in the file alone: nothing but count and sheets is there */
    segi_table *loaded; /* retained: the table of the moment at which they were loaded */
} segi_strings;

bool segi_strings_init(segi_strings *strings, const segi_mem *mem, const uint64_t key[2],
                       uint32_t count_max);
void segi_strings_deinit(segi_strings *strings);
/* For one that lies in a block of its own. */
void segi_strings_destroy(segi_strings *strings);
size_t segi_strings_bytes(const segi_strings *strings);

/* Forget the records, but not count and sheets: a load that failed begins anew. */
void segi_strings_clear(segi_strings *strings);
/* Strings from a file, whose count is known before: they are put in one after the other, and none
 * is looked for. SEG_E_NOMEM or SEG_E_LIMIT. Afterwards segi_strings_index() puts them into the
 * table: SEG_E_NOMEM, or SEG_E_CORRUPT where two are equal. */
seg_status segi_strings_append(segi_strings *strings, const char *text, uint32_t size);
/* A number whose string was forgotten. */
seg_status segi_strings_append_nothing(segi_strings *strings);
seg_status segi_strings_index(segi_strings *strings);

/* Numbers of at most SEGI_STRINGS_BLOCK strings of up to 65,535 bytes. SEG_E_NOMEM or
 * SEG_E_LIMIT. */
seg_status segi_strings_intern(segi_strings *strings, const char *const *texts,
                               const uint32_t *sizes, size_t count, uint32_t *out);
/* Take the numbers from `count` on back. No reader may have learned of them. The strings stay,
 * without a number, and get a new one when they come again. */
void segi_strings_undo(segi_strings *strings, uint32_t count);

/* For readers: entries below `count` of `table`; UINT32_MAX where there is none. */
void segi_strings_find(const segi_strings *strings, const segi_table *table, uint32_t count,
                       const char *const *texts, const uint32_t *sizes, size_t text_count,
                       uint32_t *out);
/* Size 0 for a string that was forgotten. */
const char *segi_strings_get(const segi_strings *strings, uint32_t ordinal, size_t *out_size);
/* Many, appended to `bytes`; out_ends[i] is the size of `bytes` behind string i. Where memory ran
 * out, bytes->failed. */
void segi_strings_list(const segi_strings *strings, const uint32_t *ordinals, size_t count,
                       segi_buf *bytes, uint64_t *out_ends);
static inline bool segi_strings_forgot(const segi_strings *strings, uint32_t ordinal)
{
    return segi_seq_get(&strings->records, ordinal) == 0;
}

/* The same strings under the same numbers without those whose bit is set in `dead`
 * [(count + 63) / 64 words], and without those that a failed commit left behind. Blocks that hold
 * none of them are shared; the others are copied and the bytes to forget overwritten in the copy.
 * So are sheets on disk without any of them; the others are to be written again. The old object
 * stays as it was, for its readers, and must not be written to any more. NULL when out of memory.
 * *out_forgotten counts the numbered ones. */
segi_strings *segi_strings_without(const segi_strings *strings, const uint64_t *dead,
                                   uint64_t *out_forgotten);
/* Whether a failed commit has left strings without a number behind. */
bool segi_strings_has_strays(const segi_strings *strings);

#endif
