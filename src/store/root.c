/* The root: what a checkpoint's root says. docs/format.md has the bytes.
 *
 * Reading it brings back all that is small, and only the places of the rest. It is hostile until
 * checked: counts are bounded by the bytes that are there, names go through the schema's own
 * checks, and what refers to other things is compared with them. */
#include <seg/segment.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "store/keep.h"
#include "store/part_file.h"
#include "store/record.h"

/* 3: there may be histories of attributes. */
#define ROOT_VERSION 3u
#define ROOT_VERSION_OLDEST 2u
/* Instead of the number of an event type's properties: it keeps the history of the attribute of
 * its name. */
#define ROOT_HISTORY UINT32_MAX
/* A column of the schema; a group of event ids; a token: bytes at least. */
#define ROOT_FIELD_BYTES 6
#define ROOT_GROUP_BYTES 24
#define ROOT_TOKEN_BYTES 61
#define ROOT_STRIDE_MAX ((uint64_t)1 << 52)

/* ---- writing --------------------------------------------------------------------------------- */

/* `names` collects the blocks that the root refers to, for the disk to keep. */
typedef struct root_writer {
    const segi_store *store;
    segi_buf *buf, *names;
} root_writer;

/* 0 stands for nothing, and is no name. */
static void put_block(root_writer *w, uint64_t block)
{
    segi_put_u64(w->buf, block);
    if (block != 0)
        segi_buf_add(w->names, &block, sizeof block);
}

/* Sheets of strings or numbers: how many entries, and where. */
static void put_sheets(root_writer *w, const segi_sheets *sheets)
{
    segi_put_u32(w->buf, (uint32_t)sheets->count);
    for (size_t i = 0; i < sheets->count; i++) {
        segi_put_u32(w->buf, sheets->items[i].count);
        put_block(w, sheets->items[i].block);
    }
}

/* What segi_root_read_head() reads before there is a store. */
static void put_head(root_writer *w)
{
    const segi_store *store = w->store;
    const segi_schema *schema = store->schema;
    const char *zone = segi_zone_name(schema->zone);
    segi_put_u32(w->buf, ROOT_VERSION);
    segi_put_u32(w->buf, schema->id_kind);
    segi_put_u32(w->buf, (uint32_t)schema->week_start);
    segi_put_bytes(w->buf, zone, strlen(zone));
    segi_put_u64(w->buf, store->dedup.window_us);
    segi_put_array(w->buf, store->dedup.key, 2, sizeof store->dedup.key[0]);
}

/* Figures of the store, and the samples of its clock. */
static void put_counters(root_writer *w)
{
    const segi_store *store = w->store;
    const segi_clock *clock = &store->clock;
    segi_put_u64(w->buf, store->commit_sequence);
    segi_put_u64(w->buf, store->event_count);
    segi_put_u64(w->buf, store->generation);
    segi_put_u64(w->buf, (uint64_t)store->time_min);
    segi_put_u64(w->buf, (uint64_t)store->time_max);
    segi_put_u32(w->buf, store->user_count);
    segi_put_u32(w->buf, clock->count);
    segi_put_u64(w->buf, clock->stride);
    segi_put_u64(w->buf, clock->skip);
    segi_put_array(w->buf, clock->samples, clock->count, sizeof clock->samples[0]);
}

/* A column of the schema. */
static void put_field(root_writer *w, const segi_field *field)
{
    segi_put_bytes(w->buf, field->name, field->name_size);
    segi_put_u8(w->buf, (uint8_t)field->type);
    segi_put_u8(w->buf, (uint8_t)field->scale);
}

/* In the order of the indices, which are part of what other bytes refer to. */
static void put_schema(root_writer *w)
{
    const segi_schema *schema = w->store->schema;
    segi_put_u32(w->buf, schema->attribute_count);
    for (uint32_t i = 0; i < schema->attribute_count; i++)
        put_field(w, schema->attributes[i]);
    segi_put_u32(w->buf, schema->event_count);
    for (uint32_t i = 0; i < schema->event_count; i++) {
        const segi_event_type *event = schema->events[i];
        segi_put_bytes(w->buf, event->name, event->name_size);
        segi_put_u32(w->buf, event->history ? ROOT_HISTORY : event->field_count);
        for (uint32_t k = 0; !event->history && k < event->field_count; k++)
            put_field(w, event->fields[k]);
    }
}

/* One shelf, by rising name. */
static void put_texts(root_writer *w, segi_shelf shelf)
{
    const segi_saved_texts *texts = &w->store->texts[shelf];
    segi_put_u32(w->buf, (uint32_t)texts->count);
    for (size_t i = 0; i < texts->count; i++) {
        const segi_saved_text *text = texts->items[i];
        segi_put_u64(w->buf, text->version);
        segi_put_bytes(w->buf, text->bytes, text->name_size);
        segi_put_bytes(w->buf, text->bytes + text->name_size, text->text_size);
    }
}

/* From the oldest on, so that reading them back gives the same ring. */
static void put_tokens(root_writer *w)
{
    const segi_commit_tokens *tokens = &w->store->tokens;
    segi_put_u32(w->buf, (uint32_t)tokens->count);
    for (size_t i = 0; i < tokens->count; i++) {
        const segi_commit_token *token = segi_commit_tokens_at(tokens, i);
        segi_put_bytes(w->buf, token->bytes, token->size);
        segi_record_report_write(&token->report, w->buf);
    }
}

/* Of an attribute that nobody has loaded the places stay what they were. */
static void put_chunks(root_writer *w, const segi_attr *attr)
{
    const segi_attr_state *state = attr->state;
    uint32_t count = attr->absent ? attr->absent->block_count : state ? state->chunk_count : 0;
    segi_put_u32(w->buf, count);
    for (uint32_t i = 0; i < count; i++) {
        const segi_attr_chunk *chunk = attr->absent ? NULL : state->chunks[i];
        put_block(w, attr->absent ? attr->absent->blocks[i]
                     : chunk      ? segi_attr_chunk_block(chunk)
                                  : 0);
    }
}

/* "exists" first, then attributes with their dictionaries, then dictionaries of properties. */
static void put_columns(root_writer *w)
{
    static const segi_sheets none;
    const segi_store *store = w->store;
    put_chunks(w, &store->exists);
    segi_put_u32(w->buf, (uint32_t)store->attr_count);
    for (size_t i = 0; i < store->attr_count; i++) {
        const segi_attr *attr = &store->attrs[i];
        put_sheets(w, attr->dict ? &attr->dict->sheets : &none);
        put_chunks(w, attr);
    }
    segi_put_u32(w->buf, (uint32_t)store->dict_count);
    for (size_t i = 0; i < store->dict_count; i++) {
        const segi_event_dicts *dicts = &store->dicts[i];
        segi_put_u32(w->buf, (uint32_t)dicts->count);
        for (size_t k = 0; k < dicts->count; k++)
            put_sheets(w, dicts->dicts[k] ? &dicts->dicts[k]->sheets : &none);
    }
}

/* Ids of events by period, and the runs. */
static void put_events(root_writer *w)
{
    const segi_store *store = w->store;
    uint32_t groups = 0;
    for (const segi_dedup_group *group = store->dedup.groups; group; group = group->next)
        groups += group->count > 0;
    segi_put_u32(w->buf, groups);
    for (const segi_dedup_group *group = store->dedup.groups; group; group = group->next) {
        if (group->count == 0)
            continue;
        segi_put_u64(w->buf, group->begin);
        segi_put_u64(w->buf, group->end);
        put_sheets(w, &group->sheets);
    }
    segi_put_u32(w->buf, (uint32_t)store->run_count);
    for (size_t i = 0; i < store->run_count; i++)
        segi_put_u64(w->buf, segi_run_id(store->runs[i]));
}

/* What erasing and retention leave behind. */
static void put_privacy(root_writer *w)
{
    const segi_store *store = w->store;
    const segi_retention *rules = &store->retention;
    const segi_suppress *refused = &store->suppress;
    segi_put_u32(w->buf, store->erased_count);
    segi_put_u64(w->buf, store->firsts ? segi_run_id(store->firsts) : 0);
    segi_put_u64(w->buf, rules->usual);
    segi_put_u32(w->buf, (uint32_t)rules->count);
    segi_put_array(w->buf, rules->own, rules->count, sizeof rules->own[0]);
    segi_put_array(w->buf, refused->key, 2, sizeof refused->key[0]);
    segi_put_u32(w->buf, (uint32_t)refused->count);
    for (size_t at = 0; at < segi_suppress_slots(refused); at++)
        if (!segi_suppress_is_empty(&refused->slots[at]))
            segi_put_array(w->buf, refused->slots[at].hash, 2, sizeof refused->slots[at].hash[0]);
}

void segi_root_write(const segi_store *store, segi_buf *buf, segi_buf *names)
{
    root_writer w = {store, buf, names};
    put_head(&w);
    put_counters(&w);
    put_schema(&w);
    for (int shelf = 0; shelf < SEGI_SHELF_COUNT; shelf++)
        put_texts(&w, (segi_shelf)shelf);
    put_tokens(&w);
    put_sheets(&w, &store->ids->strings.sheets);
    put_columns(&w);
    put_events(&w);
    put_privacy(&w);
}

/* ---- reading --------------------------------------------------------------------------------- */

/* SEG_E_CORRUPT, whatever it was. */
static seg_status root_fail(seg_error *err)
{
    return segi_record_fail(err, "its root");
}

seg_status segi_root_read_head(segi_wire *from, segi_root_head *out, seg_error *err)
{
    memset(out, 0, sizeof *out);
    uint32_t version = segi_get_u32(from);
    if (!from->failed && version > ROOT_VERSION)
        return segi_fail(err, SEG_E_FORMAT_NEW, "a later version of the library wrote the store");
    if (!from->failed && version == 1) {
        segi_fail(err, SEG_E_CORRUPT, "a version of the library from before 0.1 wrote the store");
        segi_error_hint(err, "make it again from its sources");
        return SEG_E_CORRUPT;
    }
    out->id_kind = segi_get_u32(from);
    out->week_start = (int32_t)segi_get_u32(from);
    out->zone = segi_get_bytes(from, &out->zone_size);
    out->dedup_window_us = segi_get_u64(from);
    segi_get_array(from, out->dedup_key, 2, sizeof out->dedup_key[0]);
    bool good = !from->failed && version >= ROOT_VERSION_OLDEST && out->id_kind <= SEG_ID_U64 &&
                (out->week_start == 1 || out->week_start == 7) && out->dedup_window_us > 0;
    return good ? SEG_OK : root_fail(err);
}

/* False: out of memory. What is wrong is noted in `from` and looked at by the caller. */
static bool get_sheets(const segi_store *store, segi_wire *from, uint64_t entries_max,
                       segi_sheets *out)
{
    uint32_t count = segi_get_count(from, SEGI_ROOT_SHEET_BYTES);
    uint64_t entries = 0;
    for (uint32_t i = 0; i < count && !from->failed; i++) {
        segi_sheet sheet;
        sheet.count = segi_get_u32(from);
        sheet.block = segi_get_u64(from);
        entries += sheet.count;
        from->failed |= sheet.count == 0 || sheet.count > SEGI_SHEET_MAX || sheet.block == 0 ||
                        entries > entries_max;
        if (!segi_sheets_reserve(out, &store->mem))
            return false;
        out->items[out->count++] = sheet;
    }
    out->entries = (uint32_t)entries;
    return true;
}

/* Strings that stay in the file for now. */
static bool get_strings(const segi_store *store, segi_wire *from, segi_strings *strings)
{
    if (!get_sheets(store, from, strings->count_max, &strings->sheets))
        return false;
    strings->count = strings->sheets.entries;
    strings->absent = strings->count > 0;
    return true;
}

/* Each figure within its range, those that belong together in their order. */
static seg_status get_counters(segi_store *store, segi_wire *from, seg_error *err)
{
    segi_clock *clock = &store->clock;
    store->commit_sequence = segi_get_u64(from);
    store->event_count = segi_get_u64(from);
    store->generation = segi_get_u64(from);
    store->time_min = segi_get_i64(from);
    store->time_max = segi_get_i64(from);
    store->user_count = segi_get_u32(from);
    clock->count = segi_get_u32(from);
    clock->stride = segi_get_u64(from);
    clock->skip = segi_get_u64(from);
    if (from->failed || clock->count > SEGI_CLOCK_SAMPLES || clock->stride == 0 ||
        clock->stride > ROOT_STRIDE_MAX || clock->skip > clock->stride ||
        store->user_count > SEG_USERS_MAX || store->time_min > store->time_max ||
        store->time_min < SEG_TIME_MIN || store->time_max > SEG_TIME_MAX)
        return root_fail(err);
    segi_get_array(from, clock->samples, clock->count, sizeof clock->samples[0]);
    for (uint32_t i = 0; i < clock->count; i++)
        from->failed |= clock->samples[i] < SEG_TIME_MIN || clock->samples[i] > SEG_TIME_MAX;
    return from->failed ? root_fail(err) : SEG_OK;
}

/* One column of the schema, which must be the next one. */
static seg_status get_field(segi_store *store, segi_wire *from, const uint32_t *event,
                            uint32_t expected, seg_error *err)
{
    size_t size;
    const segi_schema *next;
    uint32_t index;
    const char *name = segi_get_bytes(from, &size);
    seg_type type = segi_get_u8(from);
    int32_t scale = (int8_t)segi_get_u8(from);
    if (from->failed)
        return root_fail(err);
    seg_status status = event ? segi_schema_add_property(store->schema, *event, name, size, type,
                                                         scale, &next, &index, err)
                              : segi_schema_add_attribute(store->schema, name, size, type, scale,
                                                          &next, &index, err);
    if (status != SEG_OK)
        return status == SEG_E_NOMEM ? status : root_fail(err);
    segi_store_take_schema(store, next);
    return index == expected ? SEG_OK : root_fail(err);
}

/* The history of an attribute that was read before. */
static seg_status get_history(const segi_store *store, const char *name, size_t size,
                              const segi_schema **out, uint32_t *out_index, seg_error *err)
{
    const segi_field *field = segi_schema_attribute(store->schema, name, size);
    if (!field)
        return root_fail(err);
    return segi_schema_attach_history(store->schema, field->index, out, out_index, err);
}

/* An event type, and its properties in their order. */
static seg_status get_event(segi_store *store, segi_wire *from, uint32_t expected, seg_error *err)
{
    size_t size;
    const segi_schema *next;
    uint32_t index;
    const char *name = segi_get_bytes(from, &size);
    segi_wire behind = *from;
    bool history = segi_get_u32(&behind) == ROOT_HISTORY;
    if (from->failed)
        return root_fail(err);
    seg_status status = history
                            ? get_history(store, name, size, &next, &index, err)
                            : segi_schema_add_event(store->schema, name, size, &next, &index, err);
    if (status != SEG_OK)
        return status == SEG_E_NOMEM ? status : root_fail(err);
    segi_store_take_schema(store, next);
    if (index != expected)
        return root_fail(err);
    if (history) {
        *from = behind;
        return SEG_OK;
    }
    uint32_t fields = segi_get_count(from, ROOT_FIELD_BYTES);
    for (uint32_t i = 0; i < fields; i++)
        SEGI_TRY(get_field(store, from, &index, i, err));
    return SEG_OK;
}

/* Built up by the same calls that defined it once. */
static seg_status get_schema(segi_store *store, segi_wire *from, seg_error *err)
{
    uint32_t attributes = segi_get_count(from, ROOT_FIELD_BYTES);
    for (uint32_t i = 0; i < attributes; i++)
        SEGI_TRY(get_field(store, from, NULL, i, err));
    uint32_t events = segi_get_count(from, ROOT_FIELD_BYTES);
    for (uint32_t i = 0; i < events; i++)
        SEGI_TRY(get_event(store, from, i, err));
    return SEG_OK;
}

/* Names that repeat make fewer entries than were counted. */
static seg_status get_texts(segi_store *store, segi_wire *from, segi_shelf shelf, seg_error *err)
{
    segi_saved_texts *texts = &store->texts[shelf];
    uint32_t count = segi_get_count(from, 16);
    for (uint32_t i = 0; i < count; i++) {
        size_t name_size, text_size;
        uint64_t version = segi_get_u64(from);
        const char *name = segi_get_bytes(from, &name_size);
        const char *text = segi_get_bytes(from, &text_size);
        if (from->failed || !segi_name_valid(name, name_size) || text_size > SEG_TEXT_SIZE_MAX)
            return root_fail(err);
        segi_saved_text *entry =
            segi_saved_texts_prepare(texts, &store->mem, name, name_size, text, text_size, version);
        if (!entry)
            return segi_fail_nomem(err);
        segi_saved_texts_put(texts, &store->mem, entry);
    }
    return texts->count == count ? SEG_OK : root_fail(err);
}

/* 53 bytes at least: a token of one byte with its size, and the report. */
static seg_status get_tokens(segi_store *store, segi_wire *from, seg_error *err)
{
    uint32_t count = segi_get_count(from, ROOT_TOKEN_BYTES);
    if (count > SEG_TOKENS_KEPT)
        return root_fail(err);
    for (uint32_t i = 0; i < count; i++) {
        size_t size;
        seg_commit_report report;
        const char *bytes = segi_get_bytes(from, &size);
        segi_record_report_read(from, &report);
        if (from->failed || size == 0 || size > SEG_TOKEN_SIZE_MAX)
            return root_fail(err);
        if (!segi_commit_tokens_reserve(&store->tokens, &store->mem))
            return segi_fail_nomem(err);
        segi_commit_tokens_add(&store->tokens, bytes, size, &report);
    }
    return SEG_OK;
}

/* Places of an attribute's chunks. */
static seg_status get_chunks(const segi_store *store, segi_wire *from, segi_attr *attr,
                             seg_error *err)
{
    uint32_t count = segi_get_count(from, sizeof(uint64_t));
    uint32_t chunks =
        (uint32_t)(((uint64_t)store->user_count + SEGI_CHUNK_USERS - 1) >> SEGI_CHUNK_BITS);
    if (from->failed || count > chunks)
        return root_fail(err);
    if (count == 0)
        return SEG_OK;
    segi_attr_absent *absent =
        segi_alloc_zero(&store->mem, sizeof *absent + count * sizeof absent->blocks[0]);
    if (!absent)
        return segi_fail_nomem(err);
    atomic_init(&absent->refs, 1);
    absent->mem = &store->mem;
    absent->type = attr->type;
    absent->dict_count = attr->dict ? attr->dict->count : 0;
    absent->user_count = store->user_count;
    absent->block_count = count;
    attr->absent = absent;
    return segi_get_array(from, absent->blocks, count, sizeof absent->blocks[0]) ? SEG_OK
                                                                                 : root_fail(err);
}

/* An attribute that is no string must not have sheets of strings. */
static seg_status get_attributes(segi_store *store, segi_wire *from, seg_error *err)
{
    SEGI_TRY(get_chunks(store, from, &store->exists, err));
    uint32_t count = segi_get_u32(from);
    if (from->failed || count > store->schema->attribute_count)
        return root_fail(err);
    for (uint32_t i = 0; i < count; i++) {
        segi_sheets none = {0};
        segi_attr *attr = segi_store_attr(store, store->schema->attributes[i]);
        if (!attr)
            return segi_fail_nomem(err);
        bool good =
            attr->dict ? get_strings(store, from, attr->dict) : get_sheets(store, from, 0, &none);
        segi_sheets_deinit(&none, &store->mem);
        if (!good)
            return segi_fail_nomem(err);
        SEGI_TRY(get_chunks(store, from, attr, err));
    }
    return SEG_OK;
}

/* As get_attributes() does for one property. */
static seg_status get_dict(segi_store *store, segi_wire *from, uint32_t event, uint32_t property,
                           seg_error *err)
{
    segi_sheets none = {0};
    segi_strings *dict = NULL;
    bool good;
    if (store->schema->events[event]->fields[property]->type == SEG_TYPE_STRING) {
        dict = segi_store_dict(store, event, property);
        good = dict && get_strings(store, from, dict);
    } else {
        good = get_sheets(store, from, 0, &none);
        segi_sheets_deinit(&none, &store->mem);
    }
    return good ? SEG_OK : segi_fail_nomem(err);
}

static seg_status get_dicts(segi_store *store, segi_wire *from, seg_error *err)
{
    uint32_t events = segi_get_count(from, 4);
    if (from->failed || events > store->schema->event_count)
        return root_fail(err);
    for (uint32_t i = 0; i < events; i++) {
        uint32_t count = segi_get_count(from, 4);
        if (from->failed || count > store->schema->events[i]->field_count)
            return root_fail(err);
        for (uint32_t k = 0; k < count; k++)
            SEGI_TRY(get_dict(store, from, i, k, err));
    }
    return SEG_OK;
}

/* Periods with their pages, which are loaded when a commit asks for them. */
static seg_status get_event_ids(segi_store *store, segi_wire *from, seg_error *err)
{
    uint32_t groups = segi_get_count(from, ROOT_GROUP_BYTES);
    for (uint32_t i = 0; i < groups; i++) {
        uint64_t begin = segi_get_u64(from), end = segi_get_u64(from);
        segi_dedup_group *group = segi_dedup_add_group(&store->dedup, begin, end);
        if (!group || !get_sheets(store, from, UINT32_MAX, &group->sheets))
            return segi_fail_nomem(err);
        group->count = group->sheets.entries;
        from->failed |= begin > end || group->count == 0;
    }
    return from->failed ? root_fail(err) : SEG_OK;
}

/* Opens each run, which reads its head and no column. */
static seg_status get_runs(segi_store *store, segi_wire *from, seg_error *err)
{
    uint32_t count = segi_get_count(from, sizeof(uint64_t));
    if (!segi_grow(&store->mem, (void **)&store->runs, &store->run_capacity, count + (size_t)1,
                   sizeof(segi_run *)))
        return segi_fail_nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        uint64_t id = segi_get_u64(from);
        segi_run **run = &store->runs[store->run_count];
        seg_status status = segi_run_open(store, store->keep->disk, id, run, err);
        if (store->keep->salvaging && status != SEG_OK && status != SEG_E_NOMEM)
            continue;
        SEGI_TRY(status);
        store->run_count++;
        if (segi_bucket_is_all((*run)->bucket))
            return root_fail(err);
    }
    return from->failed ? root_fail(err) : SEG_OK;
}

/* One row for each of its users, and nothing but the time. */
static bool firsts_good(const segi_run *run)
{
    if (!segi_bucket_is_all(run->bucket))
        return false;
    for (uint32_t i = 0; i < run->part_count; i++) {
        const segi_part *part = run->parts[i];
        if (part->row_count != part->user_count)
            return false;
        for (uint32_t k = 0; k < part->column_count; k++)
            if (part->columns[k].type != 0)
                return false;
    }
    return true;
}

static seg_status get_firsts(segi_store *store, segi_wire *from, seg_error *err)
{
    uint64_t id = segi_get_u64(from);
    if (id == 0)
        return SEG_OK;
    seg_status status = segi_run_open(store, store->keep->disk, id, &store->firsts, err);
    if (store->keep->salvaging && status != SEG_OK && status != SEG_E_NOMEM) {
        store->keep->firsts_lost = true;
        return SEG_OK;
    }
    SEGI_TRY(status);
    return firsts_good(store->firsts) ? SEG_OK : root_fail(err);
}

static seg_status get_rules(segi_store *store, segi_wire *from, seg_error *err)
{
    segi_retention *rules = &store->retention;
    rules->usual = segi_get_u64(from);
    uint32_t count = segi_get_count(from, sizeof rules->own[0]);
    if (from->failed || rules->usual == SEG_KEEP_USUAL || count > store->schema->event_count)
        return root_fail(err);
    if (count == 0)
        return SEG_OK;
    if (!segi_grow(&store->mem, (void **)&rules->own, &rules->capacity, count, sizeof *rules->own))
        return segi_fail_nomem(err);
    rules->count = count;
    return segi_get_array(from, rules->own, count, sizeof rules->own[0]) ? SEG_OK : root_fail(err);
}

static seg_status get_refused(segi_store *store, segi_wire *from, seg_error *err)
{
    segi_suppress *refused = &store->suppress;
    segi_get_array(from, refused->key, 2, sizeof refused->key[0]);
    uint32_t count = segi_get_count(from, SEGI_ROOT_REFUSED_BYTES);
    if (from->failed)
        return root_fail(err);
    if (count > 0 && !segi_suppress_reserve(refused, &store->mem, count))
        return segi_fail_nomem(err);
    for (uint32_t i = 0; i < count; i++) {
        segi_suppress_entry entry = {{0, 0}};
        segi_get_array(from, entry.hash, 2, sizeof entry.hash[0]);
        if (segi_suppress_is_empty(&entry) || !segi_suppress_put(refused, &entry))
            return root_fail(err);
    }
    return SEG_OK;
}

static seg_status get_privacy(segi_store *store, segi_wire *from, seg_error *err)
{
    store->erased_count = segi_get_u32(from);
    if (from->failed || store->erased_count > store->user_count)
        return root_fail(err);
    SEGI_TRY(get_firsts(store, from, err));
    SEGI_TRY(get_rules(store, from, err));
    return get_refused(store, from, err);
}

/* In the order of segi_root_write(). On failure the store is half filled and only fit to be
 * released. */
seg_status segi_root_read(segi_store *store, segi_wire *from, seg_error *err)
{
    SEGI_TRY(get_counters(store, from, err));
    SEGI_TRY(get_schema(store, from, err));
    for (int shelf = 0; shelf < SEGI_SHELF_COUNT; shelf++)
        SEGI_TRY(get_texts(store, from, (segi_shelf)shelf, err));
    SEGI_TRY(get_tokens(store, from, err));
    if (!get_strings(store, from, &store->ids->strings))
        return segi_fail_nomem(err);
    if (from->failed || store->ids->strings.count != store->user_count)
        return root_fail(err);
    SEGI_TRY(get_attributes(store, from, err));
    SEGI_TRY(get_dicts(store, from, err));
    SEGI_TRY(get_event_ids(store, from, err));
    SEGI_TRY(get_runs(store, from, err));
    SEGI_TRY(get_privacy(store, from, err));
    return segi_wire_done(from) ? SEG_OK : root_fail(err);
}
