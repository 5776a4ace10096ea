/* Bringing into memory what a root names: see keep.h.
 *
 * Two kinds of callers: the writer, under the store's mutex, before it changes something; and
 * readers of a snapshot, in any thread. Both come through the load_mutex and the first one does
 * the work. What fails to load is cleared, so that the next one tries again. */
#include <string.h>

#include "base/error.h"
#include "store/attr_block.h"
#include "store/keep.h"
#include "store/record.h"

/* Anything but want of memory is damage: the bytes had a checksum, so they were written so. */
static seg_status load_fail(seg_status status, const char *what, seg_error *err)
{
    if (status == SEG_OK)
        return SEG_OK;
    return status == SEG_E_NOMEM ? segi_fail_nomem(err) : segi_record_fail(err, what);
}

/* ---- strings and ids ------------------------------------------------------------------------- */

/* What follows the strings of a sheet: which of them are forgotten, where any is. A forgotten
 * string has no bytes, and bits beyond the last one are 0. */
static seg_status load_forgotten(const unsigned char *sizes, uint32_t count, segi_wire *from,
                                 const unsigned char **out)
{
    size_t bytes = ((size_t)count + 7) / 8;
    bool any = false;
    *out = segi_wire_left(from) > 0 ? segi_get_skip(from, bytes) : NULL;
    if (!*out)
        return segi_wire_done(from) ? SEG_OK : SEG_E_CORRUPT;
    for (size_t i = 0; i < 8 * bytes; i++) {
        if (!((*out)[i / 8] >> i % 8 & 1))
            continue;
        if (i >= count || sizes[2 * i] != 0 || sizes[2 * i + 1] != 0)
            return SEG_E_CORRUPT;
        any = true;
    }
    return any && segi_wire_done(from) ? SEG_OK : SEG_E_CORRUPT;
}

/* A sheet: all sizes first, then all bytes. user_ids: they must be such as a commit would take. */
static seg_status load_texts(segi_strings *strings, uint32_t count, bool user_ids, segi_wire *from)
{
    const unsigned char *sizes = segi_get_skip(from, 2 * (size_t)count), *forgotten;
    segi_wire lengths = segi_wire_of(sizes, sizes ? 2 * (size_t)count : 0);
    size_t total = 0;
    for (uint32_t i = 0; i < count; i++)
        total += segi_get_u16(&lengths);
    const char *text = segi_get_skip(from, total);
    if (!text || load_forgotten(sizes, count, from, &forgotten) != SEG_OK)
        return SEG_E_CORRUPT;
    lengths = segi_wire_of(sizes, 2 * (size_t)count);
    for (uint32_t i = 0; i < count; i++) {
        uint16_t size = segi_get_u16(&lengths);
        bool gone = forgotten && (forgotten[i / 8] >> i % 8 & 1);
        if (user_ids && !gone && (size == 0 || size > SEG_ID_SIZE_MAX))
            return SEG_E_CORRUPT;
        SEGI_TRY(gone ? segi_strings_append_nothing(strings)
                      : segi_strings_append(strings, text, size));
        text += size;
    }
    return SEG_OK;
}

/* UINT64_MAX is no id: it marks an erased one. */
static seg_status load_numbers(segi_ids *ids, uint32_t count, segi_wire *from)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t number = segi_get_u64(from);
        if (from->failed)
            return SEG_E_CORRUPT;
        SEGI_TRY(segi_ids_append_number(ids, number));
    }
    return segi_wire_done(from) ? SEG_OK : SEG_E_CORRUPT;
}

seg_status segi_load_sheet(segi_store *store, segi_strings *into, const segi_sheet *sheet,
                           bool user_ids, segi_buf *buf, seg_error *err)
{
    SEGI_TRY(segi_disk_read(store->keep->disk, sheet->block, SEGI_BLOCK_TEXTS, buf, err));
    segi_wire from = segi_wire_of(buf->data, buf->size);
    return load_fail(load_texts(into, sheet->count, user_ids, &from),
                     user_ids ? "user ids" : "a dictionary", err);
}

seg_status segi_load_numbers(segi_store *store, segi_ids *into, const segi_sheet *sheet,
                             segi_buf *buf, seg_error *err)
{
    SEGI_TRY(segi_disk_read(store->keep->disk, sheet->block, SEGI_BLOCK_NUMBERS, buf, err));
    segi_wire from = segi_wire_of(buf->data, buf->size);
    return load_fail(load_numbers(into, sheet->count, &from), "user ids", err);
}

/* ids: NULL for a dictionary.
 * Sheet by sheet, through one buffer. */
static seg_status load_sheets(segi_store *store, segi_strings *strings, segi_ids *ids,
                              seg_error *err)
{
    bool numbers = ids && ids->kind == SEG_ID_U64;
    seg_status status = SEG_OK;
    segi_buf buf;
    segi_buf_init(&buf, &store->mem);
    for (size_t i = 0; status == SEG_OK && i < strings->sheets.count; i++) {
        const segi_sheet *sheet = &strings->sheets.items[i];
        status = numbers ? segi_load_numbers(store, ids, sheet, &buf, err)
                         : segi_load_sheet(store, strings, sheet, ids != NULL, &buf, err);
    }
    segi_buf_deinit(&buf);
    return status;
}

/* Under the load_mutex. ids: NULL for a dictionary. */
static seg_status load_once(segi_store *store, segi_strings *strings, segi_ids *ids, seg_error *err)
{
    if (!strings->absent)
        return SEG_OK;
    seg_status status = load_sheets(store, strings, ids, err);
    if (status == SEG_OK)
        status = load_fail(ids ? segi_ids_index(ids) : segi_strings_index(strings),
                           ids ? "user ids" : "a dictionary", err);
    if (status != SEG_OK) {
        segi_strings_clear(strings);
        return status;
    }
    strings->loaded = strings->table;
    segi_table_retain(strings->loaded);
    strings->absent = false;
    return SEG_OK;
}

static seg_status load_locked(segi_store *store, segi_strings *strings, segi_ids *ids,
                              seg_error *err)
{
    if (!store->keep)
        return SEG_OK;
    segi_mutex_lock(store->load_mutex);
    seg_status status = load_once(store, strings, ids, err);
    segi_mutex_unlock(store->load_mutex);
    return status;
}

seg_status segi_load_strings(segi_store *store, segi_strings *strings, seg_error *err)
{
    return load_locked(store, strings, NULL, err);
}

seg_status segi_load_users(segi_store *store, seg_error *err)
{
    segi_ids *ids = store->ids;
    return load_locked(store, &ids->strings, ids, err);
}

/* ---- attributes ------------------------------------------------------------------------------ */

/* One past the highest row with an entry. */
static uint32_t load_rows(const segi_attr_chunk *chunk)
{
    uint32_t rows = chunk->rows;
    if (chunk->patch_count > 0 && chunk->patch_rows[chunk->patch_count - 1] >= rows)
        rows = chunk->patch_rows[chunk->patch_count - 1] + 1u;
    return rows;
}

/* `like` says what the chunk has to be. Rows of users who were not there are damage. */
seg_status segi_load_chunk(segi_store *store, const segi_attr_absent *like, uint32_t index,
                           uint64_t block, segi_buf *buf, segi_attr_chunk **out, seg_error *err)
{
    uint32_t users = like->user_count - (index << SEGI_CHUNK_BITS);
    SEGI_TRY(segi_disk_read(store->keep->disk, block, SEGI_BLOCK_ATTRIBUTE, buf, err));
    segi_wire from = segi_wire_of(buf->data, buf->size);
    SEGI_TRY(segi_attr_block_read(&store->mem, like->type, like->dict_count, &from, out, err));
    if (users < SEGI_CHUNK_USERS && load_rows(*out) > users) {
        segi_attr_chunk_release(&store->mem, *out);
        return segi_record_fail(err, "a chunk of an attribute");
    }
    segi_attr_chunk_set_block(*out, block);
    return SEG_OK;
}

/* Under the load_mutex. */
static seg_status load_chunks(segi_store *store, segi_attr_absent *absent, seg_error *err)
{
    seg_status status = SEG_OK;
    if (absent->state)
        return SEG_OK;
    segi_attr_state *state = segi_attr_state_copy(&store->mem, NULL, absent->block_count);
    if (!state)
        return segi_fail_nomem(err);
    segi_buf buf;
    segi_buf_init(&buf, &store->mem);
    for (uint32_t i = 0; status == SEG_OK && i < absent->block_count; i++) {
        segi_attr_chunk *chunk;
        if (absent->blocks[i] == 0)
            continue;
        status = segi_load_chunk(store, absent, i, absent->blocks[i], &buf, &chunk, err);
        if (status == SEG_OK)
            segi_attr_state_replace(state, i, chunk);
    }
    segi_buf_deinit(&buf);
    if (status == SEG_OK)
        absent->state = state;
    else
        segi_attr_state_release(state);
    return status;
}

seg_status segi_load_state(segi_store *store, segi_attr_absent *absent, seg_error *err)
{
    segi_mutex_lock(store->load_mutex);
    seg_status status = load_chunks(store, absent, err);
    segi_mutex_unlock(store->load_mutex);
    return status;
}

/* For the writer, who goes on with the state as his own. */
seg_status segi_load_attr(segi_store *store, segi_attr *attr, seg_error *err)
{
    if (!attr->absent)
        return SEG_OK;
    SEGI_TRY(segi_load_state(store, attr->absent, err));
    attr->state = attr->absent->state;
    segi_attr_state_retain(attr->state);
    segi_attr_absent_release(attr->absent);
    attr->absent = NULL;
    return SEG_OK;
}

/* ---- event ids ------------------------------------------------------------------------------- */

/* Ids of one period, sheet by sheet. */
seg_status segi_load_group(segi_store *store, segi_dedup *dedup, segi_dedup_group *into,
                           const segi_sheets *sheets, segi_buf *buf, seg_error *err)
{
    for (size_t i = 0; i < sheets->count; i++) {
        const segi_sheet *sheet = &sheets->items[i];
        SEGI_TRY(segi_disk_read(store->keep->disk, sheet->block, SEGI_BLOCK_EVENT_IDS, buf, err));
        segi_wire from = segi_wire_of(buf->data, buf->size);
        SEGI_TRY(
            load_fail(segi_dedup_read(dedup, into, sheet->count, &from), "ids of events", err));
    }
    return SEG_OK;
}

seg_status segi_load_event_ids(segi_store *store, seg_error *err)
{
    segi_buf buf;
    seg_status status = SEG_OK;
    segi_buf_init(&buf, &store->mem);
    for (segi_dedup_group *group = store->dedup.groups; status == SEG_OK && group;
         group = group->next) {
        if (group->loaded)
            continue;
        status = segi_load_group(store, &store->dedup, group, &group->sheets, &buf, err);
        if (status == SEG_OK)
            group->loaded = true;
        else
            segi_dedup_unload(&store->dedup, group);
    }
    segi_buf_deinit(&buf);
    return status;
}

/* Everything that a root names, but runs. */
seg_status segi_load_all(segi_store *store, seg_error *err)
{
    SEGI_TRY(segi_load_users(store, err));
    SEGI_TRY(segi_load_attr(store, &store->exists, err));
    for (size_t i = 0; i < store->attr_count; i++) {
        if (store->attrs[i].dict)
            SEGI_TRY(segi_load_strings(store, store->attrs[i].dict, err));
        SEGI_TRY(segi_load_attr(store, &store->attrs[i], err));
    }
    for (size_t i = 0; i < store->dict_count; i++)
        for (size_t k = 0; k < store->dicts[i].count; k++)
            if (store->dicts[i].dicts[k])
                SEGI_TRY(segi_load_strings(store, store->dicts[i].dicts[k], err));
    return segi_load_event_ids(store, err);
}
