/* Dictionaries as readers see them: the strings of a column up to the snapshot's count, through
 * the table of that moment. */
#include "store/dict.h"

#include "base/error.h"

uint32_t segi_dict_count(const segi_dict *dict)
{
    return dict->count;
}

const char *segi_dict_get(const segi_dict *dict, uint32_t code, size_t *out_size)
{
    SEGI_ASSERT(code < dict->count);
    return segi_strings_get(dict->strings, code, out_size);
}

bool segi_dict_find(const segi_dict *dict, const char *text, size_t size, uint32_t *out_code)
{
    uint32_t code = UINT32_MAX, size32 = (uint32_t)size;
    if (size <= SEG_STRING_SIZE_MAX)
        segi_strings_find(dict->strings, dict->table, dict->count, &text, &size32, 1, &code);
    *out_code = code == UINT32_MAX ? 0 : code;
    return code != UINT32_MAX;
}

seg_status segi_dict_intern(segi_strings *strings, const char *bytes, const uint64_t *offsets,
                            const uint32_t *items, size_t count, uint32_t *out)
{
    const char *texts[SEGI_STRINGS_BLOCK];
    uint32_t sizes[SEGI_STRINGS_BLOCK];
    for (size_t done = 0; done < count; done += SEGI_STRINGS_BLOCK) {
        size_t block = count - done < SEGI_STRINGS_BLOCK ? count - done : SEGI_STRINGS_BLOCK;
        for (size_t i = 0; i < block; i++) {
            uint32_t item = items[done + i];
            /* A column of empty strings only may come without bytes. */
            texts[i] = bytes ? bytes + offsets[item] : "";
            sizes[i] = (uint32_t)(offsets[item + 1] - offsets[item]);
        }
        seg_status status = segi_strings_intern(strings, texts, sizes, block, out + done);
        if (status != SEG_OK)
            return status;
    }
    return SEG_OK;
}
