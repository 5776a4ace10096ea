/* arrow_text.c - texts and binaries: plain, as views, with dictionaries, in lists.
 *
 * A text whose row is null may have any offset or view under it; offsets are checked for all rows
 * (they must rise whatever is null), views for those that are set. */
#include <string.h>

#include "arrow/arrow_int.h"
#include "base/hash.h"

static const uint64_t no_offsets[1];

/* Rows that are null are not looked at: what lies under them may be anything. */
static bool is_set(const uint8_t *states, size_t i)
{
    return states == NULL || states[i] == SEG_VALUE_SET;
}

/* ---- offsets --------------------------------------------------------------------------------- */

/* The library's offsets have 64 bits, so those of utf8 are copied; the bytes stay where they are.
 * The check is a loop of its own because that one compiles to vector code. */
static seg_status widen_offsets(const arrow_batch *b, const int32_t *narrow, size_t count,
                                const uint64_t **out)
{
    uint64_t *offsets;
    SEGI_TRY(segi_arrow_array_new(b, count + 1, sizeof *offsets, &offsets));
    int32_t bad = narrow[0] < 0;
    for (size_t i = 0; i < count; i++)
        bad |= narrow[i + 1] < narrow[i];
    if (bad)
        return segi_arrow_fail(b, SEG_E_DATA, "offsets fall or are negative");
    for (size_t i = 0; i <= count; i++)
        offsets[i] = (uint64_t)narrow[i];
    *out = offsets;
    return SEG_OK;
}

/* int64 offsets serve as they are: rising from zero or above, they mean the same unsigned. */
static seg_status check_offsets(const arrow_batch *b, const int64_t *wide, size_t count,
                                const uint64_t **out)
{
    int64_t bad = wide[0] < 0;
    for (size_t i = 0; i < count; i++)
        bad |= wide[i + 1] < wide[i];
    if (bad)
        return segi_arrow_fail(b, SEG_E_DATA, "offsets fall or are negative");
    *out = (const uint64_t *)wide;
    return SEG_OK;
}

/* An empty array may come without any buffer, not even the one offset that the layout wants. */
static seg_status read_offsets(const arrow_batch *b, bool wide, const arrow_span *span,
                               const uint64_t **out)
{
    const void *values;
    *out = no_offsets;
    if (span->count == 0)
        return SEG_OK;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, wide ? 8 : 4, 1, &values));
    return wide ? check_offsets(b, values, span->count, out)
                : widen_offsets(b, values, span->count, out);
}

/* ---- views ----------------------------------------------------------------------------------- */

#define VIEW_INLINE_MAX 12

/* size; then the bytes if they fit, else 4 of them, the buffer and the offset in it. */
typedef struct view {
    int32_t size;
    int32_t words[3];
} view;

/* Buffers of bytes follow the validity and the views; the last one has their sizes. */
static bool view_bytes(const struct ArrowArray *array, const view *v, const char **out)
{
    *out = (const char *)v->words;
    if (v->size < 0 || v->size <= VIEW_INLINE_MAX)
        return v->size >= 0;
    const int64_t *sizes = array->buffers[array->n_buffers - 1];
    int64_t count = array->n_buffers - 3, buffer = v->words[1], offset = v->words[2], size;
    if (buffer < 0 || buffer >= count || offset < 0 || sizes == NULL)
        return false;
    memcpy(&size, sizes + buffer, sizeof size);
    const char *bytes = array->buffers[2 + buffer];
    if (bytes == NULL || offset > size || v->size > size - offset)
        return false;
    *out = bytes + offset;
    return true;
}

/* Views are the one layout that has to be copied: their bytes lie in no order. Once for the sizes,
 * once for the bytes, so that the copy is allocated at its size. */
static seg_status read_views(arrow_batch *b, const arrow_span *span, const uint8_t *states,
                             const char **out_bytes, const uint64_t **out_offsets)
{
    const void *buffer;
    SEGI_TRY(segi_arrow_fixed(b, span, 1, sizeof(view), 0, &buffer));
    const view *views = buffer;
    uint64_t *offsets;
    uint64_t total = 0;
    SEGI_TRY(segi_arrow_array_new(b, span->count + 1, sizeof *offsets, &offsets));
    for (size_t i = 0; i < span->count; i++) {
        const char *bytes;
        if (is_set(states, i)) {
            if (!view_bytes(span->array, &views[i], &bytes))
                return segi_arrow_fail(b, SEG_E_DATA, "a view points outside its buffers");
            total += (uint64_t)views[i].size;
        }
        offsets[i + 1] = total;
    }
    char *all;
    SEGI_TRY(segi_arrow_array_new(b, (size_t)total, 1, &all));
    for (size_t i = 0; i < span->count; i++) {
        const char *bytes;
        if (is_set(states, i) && view_bytes(span->array, &views[i], &bytes))
            memcpy(all + offsets[i], bytes, (size_t)views[i].size);
    }
    *out_bytes = all;
    *out_offsets = offsets;
    return SEG_OK;
}

/* ---- bytes of any form ----------------------------------------------------------------------- */

/* Binaries of one width (UUIDs, hashes) get the offsets that they do without. */
static seg_status read_fixed_bytes(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                                   const char **out_bytes, const uint64_t **out_offsets)
{
    uint64_t *offsets;
    SEGI_TRY(segi_arrow_array_new(b, span->count + 1, sizeof *offsets, &offsets));
    const char *bytes = span->array->buffers[1];
    if (bytes == NULL && span->count > 0 && type->width > 0)
        return segi_arrow_fail(b, SEG_E_DATA, "a buffer of the array is NULL");
    for (size_t i = 0; i <= span->count; i++)
        offsets[i] = ((uint64_t)span->begin + i) * type->width;
    *out_bytes = bytes != NULL ? bytes : "";
    *out_offsets = offsets;
    return SEG_OK;
}

/* Bytes of any form; states tell which elements need no look. */
static seg_status text_bytes(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                             const uint8_t *states, const char **out_bytes,
                             const uint64_t **out_offsets)
{
    if (type->form == ARROW_NULL) {
        uint64_t *zeros;
        SEGI_TRY(segi_arrow_array_new(b, span->count + 1, sizeof *zeros, &zeros));
        *out_bytes = "";
        *out_offsets = zeros;
        return SEG_OK;
    }
    if (type->form == ARROW_VIEW)
        return read_views(b, span, states, out_bytes, out_offsets);
    if (type->form == ARROW_FIXED)
        return read_fixed_bytes(b, type, span, out_bytes, out_offsets);
    SEGI_TRY(read_offsets(b, type->form == ARROW_BYTES64, span, out_offsets));
    *out_bytes = span->array->buffers[2];
    if (*out_bytes != NULL)
        return SEG_OK;
    *out_bytes = "";
    return (*out_offsets)[span->count] == 0
               ? SEG_OK
               : segi_arrow_fail(b, SEG_E_DATA, "a buffer of the array is NULL");
}

/* ---- dictionaries ---------------------------------------------------------------------------- */

/* Indices as uint32; those of rows that are set lie within the dictionary. Nulls become 0. */
static seg_status read_codes(arrow_batch *b, const arrow_type *type, const arrow_span *span,
                             uint64_t dictionary_count, uint8_t **states, const uint32_t **out)
{
    const void *narrow = NULL, *widened = NULL;
    bool same = type->width == 4;
    /* As signed: an absurd index of uint64 is beyond the dictionary, not a bad number. */
    arrow_type index = *type;
    index.is_signed |= type->width == 8;
    if (same)
        SEGI_TRY(segi_arrow_fixed(b, span, 1, 4, 0, &narrow));
    else
        SEGI_TRY(segi_arrow_read_int64(b, &index, span, states, &widened));
    const uint32_t *as_they_are = narrow;
    const int64_t *wide = widened;
    bool beyond = false;
    for (size_t i = 0; i < span->count; i++) {
        uint64_t code = same ? as_they_are[i] : (uint64_t)wide[i];
        beyond |= code >= dictionary_count && is_set(*states, i);
    }
    if (beyond || dictionary_count > UINT32_MAX)
        return segi_arrow_fail(b, SEG_E_DATA, "an index is beyond the dictionary");
    *out = as_they_are;
    if (same && *states == NULL)
        return SEG_OK;
    uint32_t *codes;
    SEGI_TRY(segi_arrow_array_new(b, span->count, sizeof *codes, &codes));
    for (size_t i = 0; i < span->count; i++) {
        if (is_set(*states, i))
            codes[i] = same ? as_they_are[i] : (uint32_t)wide[i];
    }
    *out = codes;
    return SEG_OK;
}

/* Rows whose entry of the dictionary is null are null themselves. */
static seg_status pass_nulls(arrow_batch *b, const uint8_t *entry_states, const uint32_t *codes,
                             size_t count, uint8_t null_state, uint8_t **states)
{
    if (entry_states == NULL)
        return SEG_OK;
    if (*states == NULL)
        SEGI_TRY(segi_arrow_array_new(b, count, 1, states));
    for (size_t i = 0; i < count; i++)
        if (is_set(*states, i) && entry_states[codes[i]] != SEG_VALUE_SET)
            (*states)[i] = null_state;
    return SEG_OK;
}

seg_status segi_arrow_read_texts(arrow_batch *b, const arrow_type *type, const arrow_type *values,
                                 bool has_dictionary, const arrow_span *span, uint8_t null_state,
                                 arrow_texts *out)
{
    memset(out, 0, sizeof *out);
    out->offsets = no_offsets;
    SEGI_TRY(segi_arrow_states(b, type, span, null_state, &out->states));
    if (!has_dictionary)
        return text_bytes(b, type, span, out->states, &out->bytes, &out->offsets);
    const struct ArrowArray *dictionary = span->array->dictionary;
    arrow_span entries;
    uint8_t *entry_states;
    SEGI_TRY(segi_arrow_span_check(b, values, false, dictionary, 0, dictionary->length, &entries));
    SEGI_TRY(segi_arrow_states(b, values, &entries, SEG_VALUE_NULL, &entry_states));
    SEGI_TRY(text_bytes(b, values, &entries, entry_states, &out->bytes, &out->offsets));
    out->dictionary_count = entries.count;
    SEGI_TRY(read_codes(b, type, span, entries.count, &out->states, &out->codes));
    return pass_nulls(b, entry_states, out->codes, span->count, null_state, &out->states);
}

/* ---- ids ------------------------------------------------------------------------------------- */

/* Texts one after the other in their order: those that are set, the others empty. The outputs may
 * be the fields of `texts`. */
static seg_status copy_out(arrow_batch *b, const arrow_texts *texts, size_t count,
                           const char **out_bytes, const uint64_t **out_offsets)
{
    uint64_t *offsets, total = 0;
    char *bytes = NULL;
    SEGI_TRY(segi_arrow_array_new(b, count + 1, sizeof *offsets, &offsets));
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            SEGI_TRY(segi_arrow_array_new(b, (size_t)total, 1, &bytes));
        total = 0;
        for (size_t i = 0; i < count; i++) {
            size_t entry = texts->codes != NULL ? texts->codes[i] : i;
            if (is_set(texts->states, i)) {
                uint64_t begin = texts->offsets[entry];
                uint64_t size = texts->offsets[entry + 1] - begin;
                if (pass == 1 && size > 0)
                    memcpy(bytes + total, texts->bytes + begin, (size_t)size);
                total += size;
            }
            offsets[i + 1] = total;
        }
    }
    *out_bytes = bytes;
    *out_offsets = offsets;
    return SEG_OK;
}

/* Decimal digits of integers, for event ids. */
static seg_status write_numbers(arrow_batch *b, const int64_t *numbers, bool is_signed,
                                size_t count, const uint8_t *states, arrow_texts *out)
{
    uint64_t *offsets, total = 0;
    char *bytes;
    SEGI_TRY(segi_arrow_array_new(b, count + 1, sizeof *offsets, &offsets));
    SEGI_TRY(segi_arrow_array_new(b, count, 20, &bytes));
    for (size_t i = 0; i < count; i++) {
        char digits[20];
        size_t size = 0;
        bool negative = is_signed && numbers[i] < 0;
        uint64_t rest = (uint64_t)numbers[i];
        if (negative)
            rest = 0 - rest;
        do {
            digits[size++] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest > 0);
        if (negative)
            bytes[total++] = '-';
        while (is_set(states, i) && size > 0)
            bytes[total++] = digits[--size];
        offsets[i + 1] = total;
    }
    out->bytes = bytes;
    out->offsets = offsets;
    return SEG_OK;
}

seg_status segi_arrow_read_ids(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                               arrow_texts *out)
{
    if (field->type.form == ARROW_INT && !field->has_dictionary) {
        memset(out, 0, sizeof *out);
        SEGI_TRY(segi_arrow_states(b, &field->type, span, SEG_VALUE_ABSENT, &out->states));
        /* As signed, so that no number of uint64 counts as bad; the digits take it as it is. */
        arrow_type type = field->type;
        type.is_signed |= type.width == 8;
        const void *numbers;
        SEGI_TRY(segi_arrow_read_int64(b, &type, span, &out->states, &numbers));
        return write_numbers(b, numbers, field->type.is_signed, span->count, out->states, out);
    }
    SEGI_TRY(segi_arrow_read_texts(b, &field->type, &field->values, field->has_dictionary, span,
                                   SEG_VALUE_ABSENT, out));
    if (out->codes == NULL && out->states == NULL)
        return SEG_OK;
    SEGI_TRY(copy_out(b, out, span->count, &out->bytes, &out->offsets));
    out->codes = NULL;
    return SEG_OK;
}

/* ---- event types ----------------------------------------------------------------------------- */

/* A small table of texts by their hash; twice as many places as entries at the most. */
#define TYPES_MAX ((uint32_t)SEG_COLUMNS_MAX + 1)
#define TYPE_PLACES 16384u

typedef struct type_table {
    uint32_t places[TYPE_PLACES]; /* entry + 1; 0: free */
    uint64_t hashes[TYPES_MAX];
    uint64_t rows[TYPES_MAX]; /* a row that has the text */
    uint32_t count;
} type_table;

/* Runs of equal texts are compared before anything is hashed. */
static bool same_text(const arrow_texts *texts, uint64_t one, uint64_t two)
{
    uint64_t size = texts->offsets[one + 1] - texts->offsets[one];
    return size == texts->offsets[two + 1] - texts->offsets[two] &&
           (size == 0 || memcmp(texts->bytes + texts->offsets[one],
                                texts->bytes + texts->offsets[two], (size_t)size) == 0);
}

/* Entry of the row's text; TYPES_MAX where the table is full. Texts that collide on purpose cost
 * a walk over at most TYPES_MAX places. */
static uint32_t type_entry(type_table *table, const arrow_texts *texts, uint64_t row)
{
    uint64_t begin = texts->offsets[row];
    uint64_t hash = segi_xxh3(texts->bytes + begin, (size_t)(texts->offsets[row + 1] - begin), 0);
    uint32_t place = (uint32_t)hash % TYPE_PLACES;
    for (; table->places[place] != 0; place = (place + 1) % TYPE_PLACES) {
        uint32_t entry = table->places[place] - 1;
        if (table->hashes[entry] == hash && same_text(texts, table->rows[entry], row))
            return entry;
    }
    if (table->count == TYPES_MAX)
        return TYPES_MAX;
    table->hashes[table->count] = hash;
    table->rows[table->count] = row;
    table->places[place] = ++table->count;
    return table->count - 1;
}

/* Give plain texts a dictionary. A null becomes an empty text first, which is no event type. */
static seg_status encode_types(arrow_batch *b, size_t count, arrow_texts *texts)
{
    type_table *table;
    uint32_t *codes;
    if (texts->states != NULL)
        SEGI_TRY(copy_out(b, texts, count, &texts->bytes, &texts->offsets));
    SEGI_TRY(segi_arrow_array_new(b, 1, sizeof *table, &table));
    SEGI_TRY(segi_arrow_array_new(b, count, sizeof *codes, &codes));
    for (size_t i = 0; i < count; i++) {
        /* Logs have runs of one type. */
        if (i > 0 && same_text(texts, i - 1, i))
            codes[i] = codes[i - 1];
        else
            codes[i] = type_entry(table, texts, i);
        if (codes[i] == TYPES_MAX)
            return segi_arrow_fail(b, SEG_E_LIMIT,
                                   "more than 4096 event types in one record batch");
    }
    arrow_texts plain = {.bytes = texts->bytes, .offsets = texts->offsets};
    uint32_t *rows;
    SEGI_TRY(segi_arrow_array_new(b, table->count, sizeof *rows, &rows));
    for (uint32_t i = 0; i < table->count; i++)
        rows[i] = (uint32_t)table->rows[i];
    plain.codes = rows;
    SEGI_TRY(copy_out(b, &plain, table->count, &texts->bytes, &texts->offsets));
    texts->codes = codes;
    texts->dictionary_count = table->count;
    return SEG_OK;
}

/* Rows without a type get the code of an empty text behind the others. */
static seg_status append_empty(arrow_batch *b, size_t count, arrow_texts *texts)
{
    uint64_t *offsets;
    uint32_t *codes;
    size_t entries = (size_t)texts->dictionary_count;
    SEGI_TRY(segi_arrow_array_new(b, entries + 2, sizeof *offsets, &offsets));
    memcpy(offsets, texts->offsets, (entries + 1) * sizeof *offsets);
    offsets[entries + 1] = offsets[entries];
    SEGI_TRY(segi_arrow_array_new(b, count, sizeof *codes, &codes));
    for (size_t i = 0; i < count; i++)
        codes[i] = is_set(texts->states, i) ? texts->codes[i] : (uint32_t)entries;
    texts->offsets = offsets;
    texts->codes = codes;
    texts->dictionary_count = entries + 1;
    return SEG_OK;
}

seg_status segi_arrow_read_event_types(arrow_batch *b, const arrow_field *field,
                                       const arrow_span *span, arrow_texts *out)
{
    SEGI_TRY(segi_arrow_read_texts(b, &field->type, &field->values, field->has_dictionary, span,
                                   SEG_VALUE_NULL, out));
    if (out->codes == NULL)
        SEGI_TRY(encode_types(b, span->count, out));
    else if (out->states != NULL)
        SEGI_TRY(append_empty(b, span->count, out));
    out->states = NULL;
    return SEG_OK;
}

/* ---- lists ----------------------------------------------------------------------------------- */

/* Rows that hold a null among their elements. */
static seg_status mark_lists(arrow_batch *b, const uint64_t *lists, size_t count,
                             const uint8_t *item_states, uint8_t **states)
{
    for (size_t row = 0; item_states != NULL && row < count; row++) {
        bool bad = false;
        for (uint64_t i = lists[row]; i < lists[row + 1]; i++)
            bad |= item_states[i] != SEG_VALUE_SET;
        if (bad && is_set(*states, row))
            SEGI_TRY(segi_arrow_mark_bad(b, states, count, row));
    }
    return SEG_OK;
}

seg_status segi_arrow_read_lists(arrow_batch *b, const arrow_field *field, const arrow_span *span,
                                 uint8_t **states, arrow_texts *out, const uint64_t **out_lists)
{
    const uint64_t *begins;
    uint64_t *lists;
    SEGI_TRY(read_offsets(b, field->type.form == ARROW_LIST64, span, &begins));
    uint64_t first = begins[0], items = begins[span->count] - first;
    if (begins[span->count] > (uint64_t)ARROW_LENGTH_MAX)
        return segi_arrow_fail(b, SEG_E_DATA, "an offset is out of range");
    SEGI_TRY(segi_arrow_array_new(b, span->count + 1, sizeof *lists, &lists));
    for (size_t i = 0; i <= span->count; i++)
        lists[i] = begins[i] - first;
    arrow_span item_span;
    SEGI_TRY(segi_arrow_span_check(b, &field->items, field->items_have_dictionary,
                                   span->array->children[0], (int64_t)first, (int64_t)items,
                                   &item_span));
    SEGI_TRY(segi_arrow_read_texts(b, &field->items, &field->item_values,
                                   field->items_have_dictionary, &item_span, SEG_VALUE_NULL, out));
    *out_lists = lists;
    return mark_lists(b, lists, span->count, out->states, states);
}
