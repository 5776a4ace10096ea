/* unit/store/test_store_salvage.c - what is left of a damaged store is all of it that was not
 * damaged, as it was, in a store that is sound.
 *
 * Every value of the store follows from the number of its user or event, so that whatever subset a
 * salvage finds can be checked row by row: nothing is there that was not, or is other than it was.
 *
 * SEG_TEST_SOAK in the environment: far more damage, and every failure of calls and allocations. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "disk/disk.h"
#include "store/attr.h"
#include "store/part.h"
#include "store_story.h"
#include "support/check_main.h"
#include "support/disk_image.h"
#include "support/mem_fault.h"

#define FILE_NAME STORY_FILE
#define TO_NAME "left"
#define DATA_AT 65536u
#define USERS 160u
#define EVENTS 1200u
#define COMMITS 5u
#define DAY ((int64_t)86400 * 1000000)
#define NOW ((int64_t)1767225600 * 1000000) /* 2026-01-01 */
#define TIMES 20u /* different instants: many events of a user share one */

/* Kinds of blocks, as docs/format.md has them. */
#define KIND_RUN 16u
#define KIND_ROWS 17u
#define KIND_ATTRIBUTE 32u
#define KIND_TEXTS 33u
#define KIND_EVENT_IDS 35u

static bool soak;
static uint64_t slow; /* a factor: under valgrind only some are tried */

/* ---- a store in which everything follows from a number --------------------------------------- */

static const char *const event_names[] = {"buy", "view", "login"};

/* splitmix64, so that neighbouring numbers have nothing in common. */
static uint64_t mix(uint64_t number)
{
    uint64_t z = number + 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t below(uint64_t *state, uint64_t limit)
{
    *state += 0x9e3779b97f4a7c15u;
    return mix(*state) % limit;
}

static uint32_t user_of(uint64_t event)
{
    return (uint32_t)(mix(event) % USERS);
}

static int64_t time_of(uint64_t event)
{
    return NOW - (int64_t)(mix(event * 3 + 1) % TIMES) * 9 * DAY;
}

static int text(char *out, const char *what, uint64_t number)
{
    return snprintf(out, 32, "%s-%llu", what, (unsigned long long)number);
}

static bool attribute_is_null(uint32_t user)
{
    return user % 10 == 3;
}

static void add_user(seg_appender *to, uint32_t kind, uint32_t user)
{
    char id[32], name[32];
    const char *tags[2];
    char tag[2][32];
    size_t sizes[2];
    seg_error err = SEG_ERROR_INIT;
    int size = text(id, "user", user), name_size = text(name, "name", user);
    for (uint64_t i = 0; i < 2; i++) {
        sizes[i] = (size_t)text(tag[i], "tag", i == 0 ? user % 5 : 5 + user % 70);
        tags[i] = tag[i];
    }
    seg_status status = kind == SEG_ID_U64 ? seg_appender_user_u64(to, user + 7, &err)
                                           : seg_appender_user(to, id, (size_t)size, &err);
    ck_assert_int_eq(status, SEG_OK);
    ck_assert_int_eq(seg_appender_set_int64(to, "n", 1, user, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_set_float64(to, "score", 5, user / 8.0, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_set_strings(to, "tags", 4, tags, sizes, 2, &err), SEG_OK);
    if (attribute_is_null(user))
        ck_assert_int_eq(seg_appender_set_null(to, "name", 4, &err), SEG_OK);
    else
        ck_assert_int_eq(seg_appender_set_string(to, "name", 4, name, (size_t)name_size, &err),
                         SEG_OK);
}

static void add_event(seg_appender *to, uint32_t kind, uint64_t event)
{
    char id[32], item[32];
    seg_error err = SEG_ERROR_INIT;
    const char *name = event_names[event % 3];
    uint32_t user = user_of(event);
    int size = text(id, "user", user), item_size = text(item, "item", mix(event) % 50);
    seg_status status =
        kind == SEG_ID_U64
            ? seg_appender_event_u64(to, user + 7, name, strlen(name), time_of(event), &err)
            : seg_appender_event(to, id, (size_t)size, name, strlen(name), time_of(event), &err);
    ck_assert_int_eq(status, SEG_OK);
    ck_assert_int_eq(seg_appender_set_int64(to, "seq", 3, (int64_t)event, &err), SEG_OK);
    ck_assert_int_eq(seg_appender_set_string(to, "item", 4, item, (size_t)item_size, &err), SEG_OK);
    size = text(id, "event", event);
    ck_assert_int_eq(seg_appender_set_event_id(to, id, (size_t)size, &err), SEG_OK);
}

/* The commits before the last one are in checkpoints, the last one is in the log. */
static sim_vfs *tale(uint32_t kind)
{
    sim_vfs *sim = sim_vfs_create(3);
    seg_store *store = NULL;
    seg_appender *to = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = SEG_STORE_CREATE;
    options.id_kind = kind;
    options.threads_max = 1;
    options.dedup_window_us = UINT64_MAX;
    ck_assert_int_eq(segi_api_store_open(sim_vfs_table(sim), FILE_NAME, strlen(FILE_NAME), &options,
                                         &store, &err),
                     SEG_OK);
    ck_assert_int_eq(seg_appender_create(store, &to, &err), SEG_OK);
    for (uint64_t c = 0; c < COMMITS; c++) {
        /* Half of the users are known by events alone. */
        for (uint64_t i = c * USERS / COMMITS; i < (c + 1) * USERS / COMMITS; i += 2)
            add_user(to, kind, (uint32_t)i);
        for (uint64_t i = c * EVENTS / COMMITS; i < (c + 1) * EVENTS / COMMITS; i++)
            add_event(to, kind, i);
        seg_commit_options token = SEG_COMMIT_OPTIONS_INIT;
        token.token = &"abcdefghijkl"[c];
        token.token_size = 1;
        ck_assert_int_eq(seg_appender_commit(to, &token, NULL, &err), SEG_OK);
        if (c + 1 < COMMITS)
            ck_assert_int_eq(seg_store_checkpoint(store, &err), SEG_OK);
        if (c == 2)
            ck_assert_int_eq(
                seg_store_define_segment(store, "buyers", 6, "did \"buy\"", 9, NULL, &err), SEG_OK);
    }
    sim_vfs *golden = sim_vfs_copy(sim);
    seg_appender_destroy(to);
    ck_assert_int_eq(seg_store_close(store, &err), SEG_OK);
    sim_vfs_destroy(sim);
    return golden;
}

/* ---- what a salvage leaves ------------------------------------------------------------------- */

typedef struct seen_row {
    uint32_t user, tie, row, event;
    int64_t time, seq; /* seq -1: lost */
    uint64_t generation;
} seen_row;

typedef struct seen {
    const segi_snapshot *snapshot;
    seen_row rows[EVENTS + 1];
    size_t row_count;
    bool events[EVENTS];   /* there, by number */
    uint32_t users[USERS]; /* of the model, by ordinal */
    uint64_t values, items;
} seen;

static const segi_field *property_of(const segi_snapshot *snapshot, uint32_t event,
                                     const char *name)
{
    return segi_event_property(snapshot->schema->events[event], name, strlen(name));
}

static bool text_is(const segi_dict *dict, int64_t code, const char *what, uint64_t number)
{
    char expected[32];
    size_t size, wanted = (size_t)text(expected, what, number);
    const char *found = segi_dict_get(dict, (uint32_t)code, &size);
    return size == wanted && memcmp(found, expected, size) == 0;
}

static void see_users(seen *s, uint32_t kind)
{
    char id[64];
    bool known[USERS] = {false};
    ck_assert_int_eq(segi_snapshot_need_ids(s->snapshot, NULL), SEG_OK);
    ck_assert_uint_le(s->snapshot->user_count, USERS);
    for (uint32_t i = 0; i < s->snapshot->user_count; i++) {
        size_t size = 0;
        uint64_t user;
        if (kind == SEG_ID_U64) {
            segi_snapshot_ids_u64(s->snapshot, i, 1, &user);
            user -= 7;
        } else {
            const char *bytes = segi_snapshot_id(s->snapshot, i, &size);
            ck_assert(size > 5 && size < sizeof id && memcmp(bytes, "user-", 5) == 0);
            memcpy(id, bytes, size);
            id[size] = 0;
            user = strtoull(id + 5, NULL, 10);
        }
        check_fast(user < USERS && !known[user]);
        known[user] = true;
        s->users[i] = (uint32_t)user;
    }
}

/* A row is that event of the model, whose number it has; without the number, some such event. */
static void see_row(seen *s, const segi_part *part, const seen_row *row, uint32_t at)
{
    const segi_event_view *view = &s->snapshot->events[part->event];
    const segi_field *field = property_of(s->snapshot, part->event, "item");
    const segi_col *col =
        field && field->index < part->column_count ? &part->columns[field->index] : NULL;
    bool item = col && col->type != 0 && segi_col_is_set(col, at), good = false;
    const segi_dict *dict = item ? view->dicts[field->index] : NULL;
    s->items += item;
    for (uint64_t event = 0; event < EVENTS && !good; event++) {
        if (row->seq >= 0 && event != (uint64_t)row->seq)
            continue;
        good =
            user_of(event) == s->users[row->user] && time_of(event) == row->time &&
            strcmp(event_names[event % 3], s->snapshot->schema->events[part->event]->name) == 0 &&
            (!item || text_is(dict, segi_col_slot(col, at), "item", mix(event) % 50));
    }
    check_fast(good);
    if (row->seq >= 0) {
        check_fast(!s->events[row->seq]);
        s->events[row->seq] = true;
    }
}

static void see_part(seen *s, const segi_part *part)
{
    const segi_field *field = property_of(s->snapshot, part->event, "seq");
    const segi_col *seq =
        field && field->index < part->column_count ? &part->columns[field->index] : NULL;
    uint16_t lows[USERS];
    uint32_t at = 0;
    ck_assert_uint_eq(part->chunk_count, 1);
    segi_part_users(&part->chunks[0], lows);
    for (uint32_t i = 0; i < part->chunks[0].user_count; i++)
        for (int64_t k = segi_col_slot(&part->counts, i); k > 0; k--, at++) {
            seen_row *row = &s->rows[s->row_count++];
            ck_assert_uint_le(s->row_count, EVENTS);
            *row = (seen_row){.user = lows[i],
                              .tie = (uint32_t)segi_col_slot(&part->tie, at),
                              .row = at,
                              .event = part->event,
                              .time = segi_col_slot(&part->time, at),
                              .seq = seq && seq->type != 0 && segi_col_is_set(seq, at)
                                         ? segi_col_slot(seq, at)
                                         : -1,
                              .generation = part->generation};
            see_row(s, part, row, at);
        }
}

static void see_events(seen *s)
{
    for (uint32_t e = 0; e < s->snapshot->schema->event_count; e++) {
        const segi_event_view *view = &s->snapshot->events[e];
        for (uint32_t d = 0; d < view->dict_count; d++)
            ck_assert_int_eq(segi_snapshot_need_dict(s->snapshot, view->dicts[d], NULL), SEG_OK);
        for (uint32_t i = 0; i < view->part_count; i++) {
            segi_pins pins;
            segi_pins_init(&pins, segi_mem_default());
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + view->parts[i]->column_count; c++)
                ck_assert(segi_pins_want(&pins, view->parts[i], c));
            ck_assert_int_eq(segi_pins_hold(&pins, NULL, 1, NULL), SEG_OK);
            see_part(s, view->parts[i]);
            segi_pins_release(&pins);
        }
    }
}

static int row_order(const void *a, const void *b)
{
    const seen_row *x = a, *y = b;
#define ROW_BY(field)                                                                              \
    if (x->field != y->field)                                                                      \
    return x->field < y->field ? -1 : 1
    ROW_BY(user);
    ROW_BY(time);
    ROW_BY(generation);
    ROW_BY(tie);
    ROW_BY(row);
    return 0;
}

/* Events of one user and instant are in the order in which they came. */
static void see_order(seen *s)
{
    qsort(s->rows, s->row_count, sizeof s->rows[0], row_order);
    for (size_t i = 1; i < s->row_count; i++) {
        const seen_row *a = &s->rows[i - 1], *b = &s->rows[i];
        if (a->user == b->user && a->time == b->time && a->seq >= 0 && b->seq >= 0)
            check_fast(a->seq < b->seq);
    }
}

static bool tags_fit(const segi_attr_view *view, const segi_attr_chunk *chunk, uint32_t row,
                     uint32_t user)
{
    segi_scratch scratch = {.mem = segi_mem_default()};
    int64_t slots[2 * USERS];
    ck_assert(segi_sets_decode(&scratch, chunk, slots));
    const uint32_t *set = (const uint32_t *)(uintptr_t)slots[row];
    for (uint32_t i = 0; i < chunk->patch_count; i++)
        if (chunk->patch_rows[i] == row)
            set = (const uint32_t *)(uintptr_t)slots[chunk->rows + i];
    bool good = set[0] <= 2;
    for (uint32_t i = 0; i < set[0]; i++)
        good &= text_is(view->dict, set[1 + i], "tag", user % 5) ||
                text_is(view->dict, set[1 + i], "tag", 5 + user % 70);
    segi_scratch_trim(&scratch, 0);
    return good;
}

static uint8_t value_of(const segi_attr_chunk *chunk, seg_type type, uint32_t row, int64_t *slot)
{
    uint8_t state = SEG_VALUE_ABSENT;
    if (type != SEG_TYPE_STRING_SET)
        return segi_attr_chunk_get(chunk, row, slot);
    if (row < chunk->rows && segi_col_is_set(&chunk->col, row))
        state = SEG_VALUE_SET;
    for (uint32_t i = 0; i < chunk->patch_count; i++)
        if (chunk->patch_rows[i] == row)
            state = chunk->patch_states[i];
    return state;
}

static void see_attribute(seen *s, uint32_t index)
{
    const segi_field *field = s->snapshot->schema->attributes[index];
    const segi_attr_view *view = &s->snapshot->attributes[index];
    ck_assert_int_eq(segi_snapshot_need_attribute(s->snapshot, index, NULL), SEG_OK);
    ck_assert_int_eq(segi_snapshot_need_dict(s->snapshot, view->dict, NULL), SEG_OK);
    for (uint32_t i = 0; i < s->snapshot->user_count; i++) {
        uint32_t user = s->users[i];
        int64_t slot = 0;
        const segi_attr_chunk *chunk = view->chunk_count > 0 ? view->chunks[0] : NULL;
        uint8_t state = chunk ? value_of(chunk, field->type, i, &slot) : SEG_VALUE_ABSENT;
        if (state == SEG_VALUE_ABSENT)
            continue;
        s->values++;
        check_fast(user % 2 == 0);
        if (strcmp(field->name, "name") == 0)
            check_fast(attribute_is_null(user) ? state == SEG_VALUE_NULL
                                               : text_is(view->dict, slot, "name", user));
        else if (strcmp(field->name, "n") == 0)
            check_fast(slot == (int64_t)user);
        else if (strcmp(field->name, "score") == 0)
            check_fast(segi_slot_float(slot) == user / 8.0);
        else
            check_fast(tags_fit(view, chunk, i, user));
    }
}

/* The new store is sound, and holds what the report says and the model knows. */
static void look(sim_vfs *sim, uint32_t kind, const seg_salvage_report *report, seen *s)
{
    seg_store *store = NULL;
    seg_snapshot *snapshot = NULL;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    seg_error err = SEG_ERROR_INIT;
    memset(s, 0, sizeof *s);
    ck_assert_msg(segi_api_store_open(sim_vfs_table(sim), TO_NAME, strlen(TO_NAME), &options,
                                      &store, &err) == SEG_OK,
                  "%s", err.message);
    check_fast(story_is_sound(store));
    ck_assert_int_eq(seg_snapshot_create(store, &snapshot, &err), SEG_OK);
    s->snapshot = snapshot->snapshot;
    check_fast(s->snapshot->user_count == report->users);
    check_fast(s->snapshot->event_count == report->events);
    see_users(s, kind);
    see_events(s);
    see_order(s);
    check_fast(s->row_count == report->events);
    for (uint32_t i = 0; i < s->snapshot->schema->attribute_count; i++)
        see_attribute(s, i);
    seg_snapshot_release(snapshot);
    ck_assert_int_eq(seg_store_close(store, &err), SEG_OK);
    sim_vfs_remove(sim, TO_NAME);
    sim_vfs_remove(sim, TO_NAME "-wal");
}

static seg_status salvage(sim_vfs *sim, const seg_allocator *allocator, seg_salvage_report *out)
{
    segi_mem mem;
    seg_error err = SEG_ERROR_INIT;
    segi_store_place from = {.vfs = sim_vfs_table(sim), .path = FILE_NAME, .memory_limit = 1 << 20};
    memset(out, 0, sizeof *out);
    ck_assert_int_eq(segi_mem_init(&mem, allocator, &err), SEG_OK);
    seg_status status = segi_store_salvage(&mem, &from, TO_NAME, NULL, NULL, out, &err);
    ck_assert(status == SEG_OK || err.message[0] != 0);
    /* Where calls fail, so may those that clear away. */
    bool failing = sim_vfs_failed(sim);
    ck_assert_msg(failing || !sim_vfs_exists(sim, TO_NAME "-salvage"), "%s is left: %s",
                  TO_NAME "-salvage", status == SEG_OK ? "" : err.message);
    check_fast(failing || sim_vfs_exists(sim, TO_NAME) == (status == SEG_OK));
    check_fast(sim_vfs_open_files(sim) == 0);
    return status;
}

/* ---- nothing is damaged ---------------------------------------------------------------------- */

static void all_is_there(uint32_t kind)
{
    seg_salvage_report report;
    static seen s;
    sim_vfs *sim = tale(kind);
    size_t size, log_size;
    const unsigned char *file = sim_vfs_bytes(sim, FILE_NAME, &size);
    unsigned char *before = malloc(size);
    memcpy(before, file, size);
    ck_assert_int_eq(salvage(sim, NULL, &report), SEG_OK);
    ck_assert_uint_eq(report.complete, 1);
    ck_assert_uint_eq(report.faults, 0);
    ck_assert_uint_eq(report.users, USERS);
    ck_assert_uint_eq(report.events, EVENTS);
    ck_assert_uint_gt(report.records, 0);
    look(sim, kind, &report, &s);
    ck_assert_uint_eq(s.values, 4 * USERS / 2);
    ck_assert_uint_eq(s.items, EVENTS);
    /* What was read is as it was. */
    file = sim_vfs_bytes(sim, FILE_NAME, &log_size);
    ck_assert(log_size == size && memcmp(file, before, size) == 0);
    free(before);
    sim_vfs_destroy(sim);
}

START_TEST(test_store_salvage__a_sound_store_comes_out_whole)
{
    all_is_there(SEG_ID_BYTES);
    all_is_there(SEG_ID_U64);
}
END_TEST

/* Random scripts: the answers of all predicates, tokens, definitions and saved texts. */
START_TEST(test_store_salvage__answers_are_the_same)
{
    for (uint64_t seed = 1; seed <= (soak ? 200 : 10); seed++) {
        story s;
        seg_salvage_report report;
        sim_vfs *sim = sim_vfs_create(seed);
        uint64_t digest = 0;
        seg_error err = SEG_ERROR_INIT;
        story_init(&s, seed, 60, SEG_DURABILITY_FULL);
        story_run run = story_begin(&s, sim_vfs_table(sim));
        ck_assert_int_eq(story_go(&run, s.steps, &err), SEG_OK);
        sim_vfs *image = sim_vfs_copy(sim);
        (void)story_close(&run, NULL);
        if (seed % 2 == 0) { /* The copy of the catalogue does without superblocks. */
            size_t size;
            unsigned char *bytes = sim_vfs_edit(image, FILE_NAME, &size);
            memset(bytes, 0xee, 512);
            memset(bytes + 32768, 0xee, 512);
        }
        ck_assert_int_eq(salvage(image, NULL, &report), SEG_OK);
        ck_assert_uint_eq(report.complete, 1);
        story_run left = story_begin(&s, sim_vfs_table(image));
        left.path = TO_NAME;
        left.done = s.steps;
        ck_assert_int_eq(story_open(&left, &err), SEG_OK);
        ck_assert_int_eq(story_digest(left.store, &digest, &err), SEG_OK);
        ck_assert_uint_eq(digest, s.states[s.steps]);
        for (uint32_t step = 0; step < s.steps; step++)
            story_repeat(&left, step);
        ck_assert_int_eq(story_close(&left, &err), SEG_OK);
        sim_vfs_destroy(image);
        sim_vfs_destroy(sim);
    }
}
END_TEST

/* ---- one block ------------------------------------------------------------------------------- */

typedef struct place {
    uint64_t id;
    uint32_t kind;
    size_t offset, size;
} place;

typedef struct places {
    place list[512];
    size_t count;
} places;

static bool places_add(void *user, uint64_t id, uint32_t kind, size_t size)
{
    places *p = user;
    ck_assert_uint_lt(p->count, 512);
    p->list[p->count++] = (place){.id = id, .kind = kind, .size = size};
    return true;
}

static uint64_t get(const unsigned char *from, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value |= (uint64_t)from[i] << (8 * i);
    return value;
}

/* Where the blocks are that count. */
static void places_find(sim_vfs *sim, places *p)
{
    segi_disk *disk = NULL;
    segi_disk_options reading = {.read_only = true};
    size_t size;
    const unsigned char *bytes = sim_vfs_bytes(sim, FILE_NAME, &size);
    p->count = 0;
    ck_assert_int_eq(
        segi_disk_open(sim_vfs_table(sim), segi_mem_default(), FILE_NAME, &reading, &disk, NULL),
        SEG_OK);
    segi_disk_each(disk, places_add, p);
    ck_assert_int_eq(segi_disk_close(disk, NULL), SEG_OK);
    for (size_t i = 0; i < p->count; i++) {
        uint64_t newest = 0;
        for (size_t at = DATA_AT; at + 512 <= size; at += 512)
            if (memcmp(bytes + at, "SEGB", 4) == 0 && get(bytes + at + 16, 8) == p->list[i].id &&
                get(bytes + at + 12, 4) == p->list[i].kind && get(bytes + at + 32, 8) > newest) {
                newest = get(bytes + at + 32, 8);
                p->list[i].offset = at;
            }
        ck_assert_uint_ne(newest, 0);
    }
}

/* What one block costs, by its kind; nothing else may be missing. */
static void one_block(const place *block, const seg_salvage_report *r, const seen *s)
{
    uint64_t rows = r->events_lost, others;
    ck_assert_uint_eq(r->blocks_lost, 1);
    ck_assert_uint_eq(r->faults, 1);
    ck_assert_uint_eq(r->complete, 0);
    ck_assert_uint_eq(r->log_lost, 0);
    others = r->users_lost + r->attributes_lost + r->properties_lost + r->strings_lost +
             r->event_ids_lost;
    switch (block->kind) {
    case KIND_RUN: ck_assert(rows > 0 && others == 0); break;
    case KIND_ROWS: ck_assert(rows + r->properties_lost > 0 && others == r->properties_lost); break;
    case KIND_ATTRIBUTE: ck_assert(r->attributes_lost == 1 && others == 1 && rows == 0); break;
    case KIND_EVENT_IDS:
        ck_assert(r->event_ids_lost > 0 && others == r->event_ids_lost && rows == 0);
        break;
    case KIND_TEXTS:
        ck_assert((r->strings_lost > 0) != (r->users_lost > 0));
        ck_assert(others == r->strings_lost + r->users_lost);
        break;
    default: ck_assert(r->users_lost > 0 && others == r->users_lost); break;
    }
    ck_assert_uint_eq(rows > 0 || r->users_lost > 0 ? 1 : 0, r->events < EVENTS ? 1 : 0);
    ck_assert(r->attributes_lost + r->users_lost + r->strings_lost > 0 ||
              s->values == 4 * USERS / 2);
    ck_assert(r->properties_lost + r->strings_lost > 0 || s->items == r->events);
}

static void each_block(uint32_t kind)
{
    static seen s;
    static places p;
    seg_salvage_report report;
    uint32_t kinds = 0;
    size_t size;
    sim_vfs *sim = tale(kind);
    places_find(sim, &p);
    for (size_t i = 0; i < p.count; i += slow) {
        /* In its header, then in its payload. */
        for (size_t part = 0; part < 2; part++) {
            size_t at = p.list[i].offset + (part == 0 ? 20 : 64 + p.list[i].size / 2);
            sim_vfs_edit(sim, FILE_NAME, &size)[at] ^= 0x10;
            ck_assert_int_eq(salvage(sim, NULL, &report), SEG_OK);
            look(sim, kind, &report, &s);
            one_block(&p.list[i], &report, &s);
            sim_vfs_edit(sim, FILE_NAME, &size)[at] ^= 0x10;
        }
        kinds |= 1u << (p.list[i].kind % 32);
    }
    printf("%u blocks\n", (unsigned)p.count);
    ck_assert(slow > 1 || kinds == (1u << 16 | 1u << 17 | 1u | 2u | 8u | (kind ? 4u : 0)));
    sim_vfs_destroy(sim);
}

START_TEST(test_store_salvage__one_block_costs_what_it_held)
{
    each_block(SEG_ID_BYTES);
    each_block(SEG_ID_U64);
}
END_TEST

/* ---- much is damaged ------------------------------------------------------------------------- */

START_TEST(test_store_salvage__whatever_is_damaged_the_rest_is_true)
{
    static seen s;
    uint64_t count = (soak ? 20000 : 250) / slow, whole = 0, nothing = 0;
    uint64_t rng = 7;
    sim_vfs *golden = tale(SEG_ID_BYTES);
    for (uint64_t i = 0; i < count; i++) {
        seg_salvage_report report;
        sim_vfs *sim = sim_vfs_copy(golden);
        size_t size, log_size;
        unsigned char *file = sim_vfs_edit(sim, FILE_NAME, &size);
        unsigned char *log = sim_vfs_edit(sim, STORY_LOG, &log_size);
        for (uint64_t k = below(&rng, 12); k > 0; k--) {
            size_t at = DATA_AT + below(&rng, size - DATA_AT), bytes = below(&rng, 900);
            bytes = bytes < size - at ? bytes : size - at;
            memset(file + at, (int)below(&rng, 256), bytes);
        }
        if (below(&rng, 3) == 0)
            file[below(&rng, 2) * 32768 + below(&rng, 512)] ^= 0x20;
        if (below(&rng, 4) == 0)
            log[below(&rng, 40000)] ^= 0x20;
        if (below(&rng, 8) == 0)
            sim_vfs_put(sim, FILE_NAME, file, DATA_AT + below(&rng, size - DATA_AT));
        seg_status status = salvage(sim, NULL, &report);
        check_fast(status == SEG_OK || status == SEG_E_CORRUPT);
        if (status == SEG_OK) {
            look(sim, SEG_ID_BYTES, &report, &s);
            whole += report.complete;
        }
        nothing += status != SEG_OK;
        sim_vfs_destroy(sim);
    }
    printf("%llu of %llu whole, %llu beyond help\n", (unsigned long long)whole,
           (unsigned long long)count, (unsigned long long)nothing);
    sim_vfs_destroy(golden);
}
END_TEST

START_TEST(test_store_salvage__forged_checksums_do_no_harm)
{
    mem_fault fault;
    uint64_t count = (soak ? 50000 : 250) / slow;
    uint64_t rng = 11;
    sim_vfs *golden = tale(SEG_ID_BYTES);
    disk_image_places found;
    size_t size, log_size;
    mem_fault_init(&fault);
    const unsigned char *whole = sim_vfs_bytes(golden, FILE_NAME, &size);
    ck_assert(disk_image_find(whole, size, &found));
    for (uint64_t i = 0; i < count; i++) {
        seg_salvage_report report;
        uint64_t faults = 0;
        sim_vfs *sim = sim_vfs_copy(golden);
        unsigned char *file = sim_vfs_edit(sim, FILE_NAME, &size);
        unsigned char *log = sim_vfs_edit(sim, STORY_LOG, &log_size);
        for (uint64_t k = 1 + i % 3; k > 0; k--) {
            unsigned char value = (unsigned char)below(&rng, 256);
            if (i % 4 == 0)
                file[found.catalogue + below(&rng, 64 + found.table_size)] = value;
            else if (i % 4 == 1)
                log[below(&rng, 40000)] = value;
            else
                file[DATA_AT + below(&rng, size - DATA_AT)] = value;
        }
        disk_image_forge(file, size, log, log_size);
        if (i % 5 == 0)
            memset(file, 0xee, 512);
        if (salvage(sim, mem_fault_allocator(&fault), &report) == SEG_OK) {
            seg_store *store = NULL;
            seg_store_options options = SEG_STORE_OPTIONS_INIT;
            ck_assert_int_eq(segi_api_store_open(sim_vfs_table(sim), TO_NAME, strlen(TO_NAME),
                                                 &options, &store, NULL),
                             SEG_OK);
            ck_assert_int_eq(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, NULL),
                             SEG_OK);
            check_fast(faults == 0);
            (void)seg_store_close(store, NULL);
        }
        check_fast(mem_fault_live_bytes(&fault) == 0);
        sim_vfs_destroy(sim);
    }
    ck_assert_uint_le(mem_fault_peak_bytes(&fault), 64u << 20);
    sim_vfs_destroy(golden);
}
END_TEST

/* ---- calls and allocations that fail --------------------------------------------------------- */

/* Whatever an earlier one has left, nothing of it is in the way of the next, or stays. */
static void again(sim_vfs *sim)
{
    seg_salvage_report report;
    sim_vfs_fail(sim, 0, 0, false);
    if (sim_vfs_exists(sim, TO_NAME))
        sim_vfs_remove(sim, TO_NAME);
    seg_status status = salvage(sim, NULL, &report);
    ck_assert_int_eq(status, SEG_OK);
    check_fast(report.complete == 1);
    check_fast(!sim_vfs_exists(sim, TO_NAME "-salvage"));
    check_fast(!sim_vfs_exists(sim, TO_NAME "-salvage-wal"));
    check_fast(!sim_vfs_exists(sim, TO_NAME "-new"));
}

START_TEST(test_store_salvage__a_crash_is_not_in_the_way)
{
    sim_vfs *golden = tale(SEG_ID_BYTES);
    seg_salvage_report report;
    uint64_t step = (soak ? 1 : 13) * slow, images = 0;
    for (uint64_t nth = 1, failed = 1; failed != 0; nth += step) {
        sim_vfs *sim = sim_vfs_copy(golden);
        sim_vfs_fail(sim, nth, EIO, true);
        (void)salvage(sim, NULL, &report);
        failed = sim_vfs_failed(sim);
        for (uint64_t seed = 0; failed && seed < (soak ? 20 : 2); seed++, images++) {
            sim_vfs *image = sim_vfs_power_loss(sim, seed);
            again(image);
            sim_vfs_destroy(image);
        }
        sim_vfs_destroy(sim);
    }
    printf("%llu images\n", (unsigned long long)images);
    sim_vfs_destroy(golden);
}
END_TEST

START_TEST(test_store_salvage__every_failure_leaves_nothing_behind)
{
    sim_vfs *golden = tale(SEG_ID_BYTES);
    seg_salvage_report report;
    mem_fault fault;
    mem_fault_init(&fault);
    uint64_t step = (soak ? 1 : 11) * slow, points = 0;
    for (uint64_t nth = 1, failed = 1; failed != 0; nth += step, points++) {
        sim_vfs *sim = sim_vfs_copy(golden);
        mem_fault_fail_at(&fault, nth);
        seg_status status = salvage(sim, mem_fault_allocator(&fault), &report);
        failed = mem_fault_has_failed(&fault);
        check_fast(status == (failed ? SEG_E_NOMEM : SEG_OK));
        mem_fault_fail_at(&fault, 0);
        check_fast(mem_fault_live_bytes(&fault) == 0);
        sim_vfs_destroy(sim);
    }
    for (uint64_t nth = 1, failed = 1; failed != 0; nth += step, points++) {
        sim_vfs *sim = sim_vfs_copy(golden);
        sim_vfs_fail(sim, nth, nth % 2 == 0 ? EIO : ENOSPC, nth % 3 == 0);
        seg_status status = salvage(sim, NULL, &report);
        failed = sim_vfs_failed(sim);
        check_fast(failed || status == SEG_OK);
        check_fast(status != SEG_E_INTERNAL && status != SEG_E_MISUSE);
        again(sim);
        sim_vfs_destroy(sim);
    }
    printf("%llu failures\n", (unsigned long long)points);
    sim_vfs_destroy(golden);
}
END_TEST

START_TEST(test_store_salvage__refuses_what_it_must_not_touch)
{
    seg_salvage_report report;
    seg_store *store = NULL;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    sim_vfs *sim = tale(SEG_ID_BYTES);
    sim_vfs_put(sim, TO_NAME, "mine", 4);
    segi_store_place from = {.vfs = sim_vfs_table(sim), .path = FILE_NAME};
    ck_assert_int_eq(
        segi_store_salvage(segi_mem_default(), &from, TO_NAME, NULL, NULL, &report, NULL),
        SEG_E_EXISTS);
    sim_vfs_remove(sim, TO_NAME);
    ck_assert_int_eq(segi_api_store_open(sim_vfs_table(sim), FILE_NAME, strlen(FILE_NAME), &options,
                                         &store, NULL),
                     SEG_OK);
    ck_assert_int_eq(
        segi_store_salvage(segi_mem_default(), &from, TO_NAME, NULL, NULL, &report, NULL),
        SEG_E_BUSY);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    from.path = "nowhere";
    ck_assert_int_eq(
        segi_store_salvage(segi_mem_default(), &from, TO_NAME, NULL, NULL, &report, NULL),
        SEG_E_NOT_FOUND);
    sim_vfs_destroy(sim);
}
END_TEST

static void refuse(const segi_vfs *vfs, seg_status expected)
{
    seg_salvage_report report;
    segi_store_place from = {.vfs = vfs, .path = FILE_NAME};
    ck_assert_int_eq(
        segi_store_salvage(segi_mem_default(), &from, TO_NAME, NULL, NULL, &report, NULL),
        expected);
}

/* It happens to have the name of the one that a salvage builds, but somebody has used it, or it is
 * no store at all: not a byte of it changes. */
START_TEST(test_store_salvage__leaves_the_store_of_somebody_else_alone)
{
    static const char path[] = TO_NAME "-salvage", log[] = TO_NAME "-salvage-wal";
    seg_store *store = NULL;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = SEG_STORE_CREATE;
    sim_vfs *sim = tale(SEG_ID_BYTES);
    const segi_vfs *vfs = sim_vfs_table(sim);
    ck_assert_int_eq(segi_api_store_open(vfs, path, sizeof path - 1, &options, &store, NULL),
                     SEG_OK);
    ck_assert_int_eq(seg_store_define_event(store, "mine", 4, NULL), SEG_OK);
    refuse(vfs, SEG_E_BUSY);
    ck_assert_int_eq(seg_store_close(store, NULL), SEG_OK);
    sim_vfs *before = sim_vfs_copy(sim);
    refuse(vfs, SEG_E_EXISTS);
    const char *const files[] = {path, log};
    for (size_t i = 0; i < 2; i++) {
        size_t size, now;
        const unsigned char *bytes = sim_vfs_bytes(before, files[i], &size);
        const unsigned char *found = sim_vfs_bytes(sim, files[i], &now);
        ck_assert(found != NULL && now == size && memcmp(found, bytes, size) == 0);
    }
    sim_vfs_put(sim, path, "mine", 4);
    refuse(vfs, SEG_E_EXISTS);
    size_t size;
    ck_assert(memcmp(sim_vfs_bytes(sim, path, &size), "mine", 4) == 0 && size == 4);
    sim_vfs_destroy(before);
    sim_vfs_destroy(sim);
}
END_TEST

Suite *suite(void)
{
    Suite *suite = suite_create("store/store_salvage");
    TCase *tc = tcase_create("salvage");
    soak = getenv("SEG_TEST_SOAK") != NULL;
    slow = getenv("SEG_TEST_SLOW") != NULL ? 40 : 1;
    tcase_set_timeout(tc, 36000);
    tcase_add_test(tc, test_store_salvage__a_sound_store_comes_out_whole);
    tcase_add_test(tc, test_store_salvage__answers_are_the_same);
    tcase_add_test(tc, test_store_salvage__one_block_costs_what_it_held);
    tcase_add_test(tc, test_store_salvage__whatever_is_damaged_the_rest_is_true);
    tcase_add_test(tc, test_store_salvage__forged_checksums_do_no_harm);
    tcase_add_test(tc, test_store_salvage__a_crash_is_not_in_the_way);
    tcase_add_test(tc, test_store_salvage__every_failure_leaves_nothing_behind);
    tcase_add_test(tc, test_store_salvage__refuses_what_it_must_not_touch);
    tcase_add_test(tc, test_store_salvage__leaves_the_store_of_somebody_else_alone);
    suite_add_tcase(suite, tc);
    return suite;
}
