/* A naive twin of a store: plain arrays of what was committed, and the comparison of everything
 * that a snapshot shows with them. */
#ifndef SEG_TEST_STORE_TWIN_H
#define SEG_TEST_STORE_TWIN_H

#include "store_case.h"

#define TWIN_TYPES 3
#define TWIN_PROPS 4
#define TWIN_ATTRS 5
#define TWIN_WORDS 100 /* elements of the string set */

typedef struct twin_field {
    const char *name;
    seg_type type;
    int32_t scale;
} twin_field;

static const char *const twin_events[TWIN_TYPES] = {"buy", "view", "ping"};
static const twin_field twin_props[TWIN_TYPES][TWIN_PROPS] = {
    {{"amount", SEG_TYPE_DECIMAL, 2}, {"category", SEG_TYPE_STRING, 0}, {0}, {0}},
    {{"page", SEG_TYPE_STRING, 0}, {"n", SEG_TYPE_INT64, 0}, {"where", SEG_TYPE_GEO, 0}, {0}},
    {{"f", SEG_TYPE_FLOAT64, 0},
     {"ok", SEG_TYPE_BOOL, 0},
     {"at", SEG_TYPE_TIMESTAMP, 0},
     {"day", SEG_TYPE_DATE, 0}}};
static const twin_field twin_attrs[TWIN_ATTRS] = {{"plan", SEG_TYPE_STRING, 0},
                                                  {"tags", SEG_TYPE_STRING_SET, 0},
                                                  {"age", SEG_TYPE_INT64, 0},
                                                  {"score", SEG_TYPE_FLOAT64, 0},
                                                  {"since", SEG_TYPE_TIMESTAMP, 0}};

/* Strings are numbers of words; sets lie beside. */
typedef struct twin_value {
    uint8_t state;
    int64_t slot;
} twin_value;

typedef struct twin_event {
    uint32_t user, type;
    int64_t time;
    twin_value props[TWIN_PROPS];
} twin_event;

typedef struct twin_user {
    bool known, always;
    int64_t first;
    twin_value attrs[TWIN_ATTRS];
    uint8_t tags[TWIN_WORDS];
} twin_user;

typedef struct twin {
    uint32_t user_max;
    twin_user *users;
    twin_event *events; /* in order of arrival */
    size_t event_count, event_capacity;
} twin;

static inline void twin_init(twin *t, uint32_t user_max)
{
    *t = (twin){.user_max = user_max};
    t->users = calloc(user_max, sizeof *t->users);
    ck_assert_ptr_nonnull(t->users);
    for (uint32_t u = 0; u < user_max; u++)
        for (int a = 0; a < TWIN_ATTRS; a++)
            t->users[u].attrs[a].state = SEG_VALUE_ABSENT;
}

static inline void twin_deinit(twin *t)
{
    free(t->users);
    free(t->events);
}

static inline void twin_add(twin *t, const twin_event *event)
{
    if (t->event_count == t->event_capacity) {
        t->event_capacity = t->event_capacity * 2 + 64;
        t->events = realloc(t->events, t->event_capacity * sizeof *t->events);
        ck_assert_ptr_nonnull(t->events);
    }
    t->events[t->event_count++] = *event;
    twin_user *user = &t->users[event->user];
    if (!user->known || event->time < user->first)
        user->first = event->time;
    user->known = true;
}

/* ---- random rows, into an appender and the twin alike -------------------------------------- */

static inline int64_t twin_random_slot(case_rng *rng, const twin_field *field)
{
    int64_t slot;
    switch (field->type) {
    case SEG_TYPE_BOOL: return (int64_t)case_below(rng, 2);
    case SEG_TYPE_STRING: return (int64_t)case_below(rng, 30);
    case SEG_TYPE_DECIMAL: return (int64_t)case_below(rng, 100000) * 5 - 1000;
    case SEG_TYPE_DATE: return 20000 + (int64_t)case_below(rng, 400);
    case SEG_TYPE_TIMESTAMP: return CASE_NOW + (int64_t)case_below(rng, 1000) * 3600000000;
    case SEG_TYPE_FLOAT64: return segi_slot_of_float((double)case_below(rng, 1000) / 8 - 20);
    case SEG_TYPE_GEO:
        ck_assert(segi_slot_of_geo((double)case_below(rng, 180) - 90.0 + 0.5,
                                   (double)case_below(rng, 300) - 150.25, &slot));
        return slot;
    default:
        return case_below(rng, 50) == 0 ? (int64_t)case_next(rng)
                                        : (int64_t)case_below(rng, 300) - 100;
    }
}

static inline void twin_set(segi_rows *rows, const twin_field *field, twin_value value)
{
    seg_error err = SEG_ERROR_INIT;
    char word[16] = "";
    int size = 0;
    if (field->type == SEG_TYPE_STRING)
        size = snprintf(word, sizeof word, "w%d", (int)value.slot);
    ck_assert_int_eq(segi_rows_set(rows, field->name, strlen(field->name), field->type,
                                   field->scale, value.slot, word, (size_t)size, &err),
                     SEG_OK);
}

static inline void twin_set_null(segi_rows *rows, const segi_schema *schema,
                                 const twin_field *field, twin_value *value)
{
    seg_error err = SEG_ERROR_INIT;
    value->state = SEG_VALUE_SET;
    if (segi_rows_set_null(rows, schema, field->name, strlen(field->name), &err) == SEG_OK)
        value->state = SEG_VALUE_NULL;
}

static inline void twin_user_id(uint32_t user, char id[32], size_t *out_size)
{
    *out_size = (size_t)snprintf(id, 32, "user-%u", user);
}

static inline void twin_random_event(twin *t, case_rng *rng, segi_rows *rows,
                                     const segi_schema *schema, uint32_t user, int64_t time)
{
    twin_event event = {.user = user, .type = (uint32_t)case_below(rng, TWIN_TYPES), .time = time};
    seg_error err = SEG_ERROR_INIT;
    char id[32];
    size_t size;
    twin_user_id(user, id, &size);
    const char *name = twin_events[event.type];
    ck_assert_int_eq(segi_rows_begin(rows, id, size, name, strlen(name), time, &err), SEG_OK);
    for (int p = 0; p < TWIN_PROPS; p++) {
        const twin_field *field = &twin_props[event.type][p];
        twin_value *value = &event.props[p];
        value->state = SEG_VALUE_ABSENT;
        uint64_t dice = case_below(rng, 8);
        if (!field->name || dice == 0)
            continue;
        value->state = SEG_VALUE_SET;
        value->slot = twin_random_slot(rng, field);
        twin_set(rows, field, *value);
        /* A null after a value: the last one counts. */
        if (dice == 1)
            twin_set_null(rows, schema, field, value);
    }
    twin_add(t, &event);
}

static inline void twin_random_tags(case_rng *rng, segi_rows *rows, uint32_t words, twin_user *user)
{
    char bytes[12][8];
    const char *elements[12];
    size_t sizes[12], count = (size_t)case_below(rng, 12);
    seg_error err = SEG_ERROR_INIT;
    memset(user->tags, 0, sizeof user->tags);
    for (size_t i = 0; i < count; i++) {
        uint32_t word = (uint32_t)case_below(rng, words);
        user->tags[word] = 1;
        sizes[i] = (size_t)snprintf(bytes[i], sizeof bytes[i], "t%u", word);
        elements[i] = bytes[i];
    }
    ck_assert_int_eq(segi_rows_set_list(rows, "tags", 4, elements, sizes, count, &err), SEG_OK);
}

static inline void twin_random_attributes(twin *t, case_rng *rng, segi_rows *rows,
                                          const segi_schema *schema, uint32_t number,
                                          uint32_t words)
{
    twin_user *user = &t->users[number];
    seg_error err = SEG_ERROR_INIT;
    char id[32];
    size_t size;
    twin_user_id(number, id, &size);
    ck_assert_int_eq(segi_rows_begin(rows, id, size, NULL, 0, 0, &err), SEG_OK);
    user->known = user->always = true;
    for (int a = 0; a < TWIN_ATTRS; a++) {
        const twin_field *field = &twin_attrs[a];
        uint64_t dice = case_below(rng, 4);
        if (dice == 0)
            continue;
        user->attrs[a].state = SEG_VALUE_SET;
        if (field->type == SEG_TYPE_STRING_SET) {
            twin_random_tags(rng, rows, words, user);
        } else {
            user->attrs[a].slot = twin_random_slot(rng, field);
            twin_set(rows, field, user->attrs[a]);
        }
        if (dice == 1)
            twin_set_null(rows, schema, field, &user->attrs[a]);
    }
}

/* ---- comparing with a snapshot ------------------------------------------------------------- */

typedef struct twin_row {
    int64_t time;
    uint64_t generation, tie;
    const segi_part *part;
    uint32_t row;
    size_t arrival; /* of the twin's own rows */
} twin_row;

static int twin_compare(const void *left, const void *right)
{
    const twin_row *a = left, *b = right;
    if (a->time != b->time)
        return a->time < b->time ? -1 : 1;
    if (a->generation != b->generation)
        return a->generation < b->generation ? -1 : 1;
    if (a->tie != b->tie)
        return a->tie < b->tie ? -1 : 1;
    if (a->row != b->row)
        return a->row < b->row ? -1 : 1;
    return (a->arrival > b->arrival) - (a->arrival < b->arrival);
}

static inline void twin_check_text(const segi_dict *dict, int64_t code, const char *prefix,
                                   int64_t word)
{
    char expected[16];
    size_t size;
    uint32_t found;
    check_fast(dict != NULL);
    check_fast(code < (int64_t)segi_dict_count(dict));
    const char *text = segi_dict_get(dict, (uint32_t)code, &size);
    int expected_size = snprintf(expected, sizeof expected, "%s%d", prefix, (int)word);
    check_fast_eq((int)size, expected_size);
    check_fast(memcmp(text, expected, size) == 0);
    check_fast(segi_dict_find(dict, expected, size, &found));
    check_fast_eq(found, code);
}

static inline void twin_check_event(const segi_snapshot *snapshot, const twin_row *row,
                                    const twin_event *event)
{
    const segi_event_type *type = snapshot->schema->events[row->part->event];
    ck_assert_str_eq(type->name, twin_events[event->type]);
    for (int p = 0; p < TWIN_PROPS; p++) {
        const twin_field *field = &twin_props[event->type][p];
        const segi_field *known =
            field->name ? segi_event_property(type, field->name, strlen(field->name)) : NULL;
        if (!field->name)
            continue;
        uint8_t state = event->props[p].state;
        if (!known || known->index >= row->part->column_count) {
            check_fast_eq(state, SEG_VALUE_ABSENT);
            continue;
        }
        const segi_col *col = &row->part->columns[known->index];
        if (col->type == 0) {
            check_fast_eq(state, SEG_VALUE_ABSENT);
            continue;
        }
        check_fast_eq(segi_col_is_set(col, row->row), state == SEG_VALUE_SET);
        check_fast_eq(segi_col_is_null(col, row->row), state == SEG_VALUE_NULL);
        if (state != SEG_VALUE_SET)
            continue;
        int64_t slot = segi_col_slot(col, row->row);
        if (field->type == SEG_TYPE_STRING)
            twin_check_text(snapshot->events[type->index].dicts[known->index], slot, "w",
                            event->props[p].slot);
        else
            check_fast_eq(slot, event->props[p].slot);
    }
}

/* Rows of one user in all parts, in the total order. */
static inline size_t twin_collect(const segi_snapshot *snapshot, uint32_t ordinal, twin_row *out)
{
    size_t count = 0;
    for (uint32_t e = 0; e < snapshot->schema->event_count; e++) {
        const segi_event_view *view = &snapshot->events[e];
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part *part = view->parts[p];
            const segi_part_chunk *pc = segi_part_find(part, ordinal >> 16);
            uint32_t begin, end;
            if (!pc || !segi_part_user_rows(part, pc, ordinal & 0xffff, &begin, &end))
                continue;
            for (uint32_t row = begin; row < end; row++)
                out[count++] = (twin_row){.time = segi_col_slot(&part->time, row),
                                          .generation = part->generation,
                                          .tie = (uint64_t)segi_col_slot(&part->tie, row),
                                          .part = part,
                                          .row = row};
        }
    }
    qsort(out, count, sizeof *out, twin_compare);
    return count;
}

static inline void twin_check_sets(const segi_sets *sets, uint32_t row, const segi_dict *dict,
                                   const twin_user *user)
{
    uint8_t seen[TWIN_WORDS] = {0};
    size_t size;
    uint64_t mask = 0;
    uint32_t begin = 0, count = 64;
    switch (sets->mask_width) {
    case 1: mask = ((const uint8_t *)sets->masks)[row]; break;
    case 2: mask = ((const uint16_t *)sets->masks)[row]; break;
    case 4: mask = ((const uint32_t *)sets->masks)[row]; break;
    case 8: mask = ((const uint64_t *)sets->masks)[row]; break;
    default:
        begin = sets->begins[row];
        count = sets->begins[row + 1] - begin;
        break;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (sets->mask_width > 0 && !(mask >> i & 1))
            continue;
        uint32_t code = sets->mask_width > 0 ? i : sets->codes[begin + i];
        const char *text = segi_dict_get(dict, code, &size);
        char copy[16] = "";
        memcpy(copy, text, size);
        uint32_t word = (uint32_t)strtoul(copy + 1, NULL, 10);
        check_fast_eq(seen[word], 0);
        seen[word] = 1;
    }
    check_fast(memcmp(seen, user->tags, sizeof seen) == 0);
}

static inline void twin_check_attribute(const segi_snapshot *snapshot, uint32_t ordinal,
                                        const twin_field *field, const twin_value *value,
                                        const twin_user *user)
{
    const segi_field *known =
        segi_schema_attribute(snapshot->schema, field->name, strlen(field->name));
    const segi_attr_view *view = known ? &snapshot->attributes[known->index] : NULL;
    uint32_t chunk = ordinal >> 16, row = ordinal & 0xffff;
    const segi_attr_chunk *c = view && chunk < view->chunk_count ? view->chunks[chunk] : NULL;
    uint8_t state = SEG_VALUE_ABSENT;
    int64_t slot = 0;
    uint32_t at = UINT32_MAX;
    for (uint32_t i = 0; c && i < c->patch_count; i++)
        if (c->patch_rows[i] == row)
            at = i;
    bool sets = field->type == SEG_TYPE_STRING_SET;
    if (at != UINT32_MAX) {
        state = c->patch_states[at];
        slot = sets ? 0 : c->patch_slots[at];
    } else if (c && row < c->rows) {
        state = segi_col_is_set(&c->col, row)    ? SEG_VALUE_SET
                : segi_col_is_null(&c->col, row) ? SEG_VALUE_NULL
                                                 : SEG_VALUE_ABSENT;
        slot = sets || state != SEG_VALUE_SET ? 0 : segi_col_slot(&c->col, row);
    }
    check_fast_eq(state, value->state);
    if (state != SEG_VALUE_SET)
        return;
    if (sets)
        twin_check_sets(at != UINT32_MAX ? &c->patch_sets : &c->sets, at != UINT32_MAX ? at : row,
                        view->dict, user);
    else if (field->type == SEG_TYPE_STRING)
        twin_check_text(view->dict, slot, "w", value->slot);
    else
        check_fast_eq(slot, value->slot);
}

static inline void twin_check_universe(const twin *t, const segi_snapshot *snapshot,
                                       const uint32_t *ordinals, int64_t now)
{
    static segi_mask masks[4];
    uint32_t chunks = (snapshot->user_count + 65535) / 65536, count = 0, expected = 0;
    ck_assert_int_le(chunks, 4);
    for (uint32_t i = 0; i < chunks; i++)
        count += segi_snapshot_universe(snapshot, i, now, &masks[i]);
    for (uint32_t u = 0; u < t->user_max; u++) {
        const twin_user *user = &t->users[u];
        bool there = user->known && (user->always || user->first <= now);
        expected += there;
        if (user->known)
            check_fast_eq(segi_bit_get(masks[ordinals[u] >> 16].words, ordinals[u] & 0xffff),
                          there);
    }
    check_fast_eq(count, expected);
}

/* Parts are what their door says, whatever rows they hold. */
static inline void twin_check_parts(const segi_snapshot *snapshot)
{
    uint64_t rows = 0, parts = 0;
    for (uint32_t e = 0; e < snapshot->schema->event_count; e++) {
        const segi_event_view *view = &snapshot->events[e];
        for (uint32_t p = 0; p < view->part_count; p++) {
            const segi_part *part = view->parts[p];
            uint32_t row = 0, user = 0;
            for (uint32_t i = 0; i < part->chunk_count; i++) {
                const segi_part_chunk *pc = &part->chunks[i];
                check_fast_eq(pc->row_begin, row);
                check_fast_eq(pc->user_begin, user);
                check_fast(i == 0 || part->chunks[i - 1].chunk < pc->chunk);
                for (uint32_t k = 0; k < pc->user_count; k++, user++) {
                    if (user % 64 == 0)
                        check_fast_eq(part->marks[user / 64], row);
                    row += (uint32_t)segi_col_slot(&part->counts, user);
                }
                check_fast_eq(row, pc->row_begin + pc->row_count);
            }
            check_fast_eq(row, part->row_count);
            check_fast_eq(user, part->user_count);
            if (p > 0) {
                const segi_part *before = view->parts[p - 1];
                check_fast(
                    before->time_min < part->time_min ||
                    (before->time_min == part->time_min && before->generation < part->generation));
            }
            rows += part->row_count;
            parts++;
        }
    }
    check_fast_eq(rows, snapshot->event_count);
    check_fast_eq(parts, snapshot->part_count);
}

static inline void twin_check(const twin *t, const segi_snapshot *snapshot)
{
    twin_row *rows = malloc((t->event_count + 1) * 2 * sizeof *rows);
    twin_row *own = rows + t->event_count + 1;
    uint32_t *ordinals = calloc(t->user_max, sizeof *ordinals);
    uint32_t known = 0;
    check_fast_eq(snapshot->event_count, t->event_count);
    twin_check_parts(snapshot);
    for (uint32_t u = 0; u < t->user_max; u++) {
        char id[32];
        size_t size, got_size, count = 0;
        twin_user_id(u, id, &size);
        ordinals[u] = segi_snapshot_find(snapshot, id, size);
        check_fast_eq(ordinals[u] != UINT32_MAX, t->users[u].known);
        if (ordinals[u] == UINT32_MAX)
            continue;
        known++;
        const char *got = segi_snapshot_id(snapshot, ordinals[u], &got_size);
        check_fast(got_size == size && memcmp(got, id, size) == 0);
        for (size_t i = 0; i < t->event_count; i++)
            if (t->events[i].user == u)
                own[count++] = (twin_row){.time = t->events[i].time, .arrival = i};
        qsort(own, count, sizeof *own, twin_compare);
        check_fast_eq(twin_collect(snapshot, ordinals[u], rows), count);
        for (size_t i = 0; i < count; i++) {
            check_fast_eq(rows[i].time, own[i].time);
            twin_check_event(snapshot, &rows[i], &t->events[own[i].arrival]);
        }
        for (int a = 0; a < TWIN_ATTRS; a++)
            twin_check_attribute(snapshot, ordinals[u], &twin_attrs[a], &t->users[u].attrs[a],
                                 &t->users[u]);
    }
    check_fast_eq(known, snapshot->user_count);
    twin_check_universe(t, snapshot, ordinals, CASE_NOW);
    twin_check_universe(t, snapshot, ordinals, CASE_NOW - 300 * CASE_DAY);
    twin_check_universe(t, snapshot, ordinals, SEG_TIME_MIN);
    twin_check_universe(t, snapshot, ordinals, SEG_TIME_MAX);
    free(rows);
    free(ordinals);
}

#endif /* SEG_TEST_STORE_TWIN_H */
