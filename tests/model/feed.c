/* feed.c - random schemas and rows, and the twin's view of them. */
#include "feed.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what values look like ---- */

static const char *const words[] = {"pro", "free", "team", "Pro", "shoes", "boots", "de", "vip"};
#define WORD_COUNT (sizeof(words) / sizeof(words[0]))

static const char *const free_texts[] = {
    "",        "a",           "A",        "aa",         "ab*c", "Gr\xc3\xbc\xc3\x9f",
    "x\"y\\z", "caf\xc3\xa9", "50% off",  "new line\n", "z",    "\xe4\xb8\xad\xe6\x96\x87",
    "Anna",    "anna@x.io",   "bob@x.io", "BOB@X.IO",   "a?b",  "tab\there",
};
#define FREE_COUNT (sizeof(free_texts) / sizeof(free_texts[0]))

static const int64_t big_ints[] = {INT64_MIN,
                                   INT64_MIN + 1,
                                   INT64_MAX,
                                   INT64_MAX - 1,
                                   0,
                                   -1,
                                   1,
                                   INT64_C(9007199254740993),
                                   INT64_C(-9007199254740993),
                                   INT64_C(4294967296),
                                   65536,
                                   -65536};
#define BIG_COUNT (sizeof(big_ints) / sizeof(big_ints[0]))

static const double floats[] = {0.0, -0.0, 0.1, 0.25, -0.5, 1.0, 1e10, -1e10, 3.3, 1e-9};
#define FLOAT_COUNT (sizeof(floats) / sizeof(floats[0]))

static const char *const odd_zones[] = {"Mars/Base", "", "europe/berlin", "UTC+1"};

static const model_span spans[] = {
    {1, MODEL_U_HOUR},  {6, MODEL_U_HOUR},    {1, MODEL_U_DAY},     {3, MODEL_U_DAY},
    {7, MODEL_U_DAY},   {2, MODEL_U_WEEK},    {30, MODEL_U_DAY},    {1, MODEL_U_MONTH},
    {3, MODEL_U_MONTH}, {1, MODEL_U_QUARTER}, {90, MODEL_U_DAY},    {1, MODEL_U_YEAR},
    {365, MODEL_U_DAY}, {90, MODEL_U_MINUTE}, {45, MODEL_U_SECOND}, {1, MODEL_U_WEEK},
};
#define SPAN_COUNT (sizeof(spans) / sizeof(spans[0]))

const model_span *feed_span(size_t i)
{
    return i < SPAN_COUNT ? &spans[i] : NULL;
}

/* ---- times ---- */

static int64_t floor_day(int64_t instant)
{
    return instant / MODEL_DAY - (instant % MODEL_DAY < 0 ? 1 : 0);
}

static const model_zone *some_zone(rng *r)
{
    size_t n = 0;
    while (model_zone_known(n) != NULL)
        n++;
    const char *name = model_zone_known(rng_below(r, n));
    return model_zone_find(name, strlen(name));
}

/* An instant that is near something: now, the far edge of a window, midnight somewhere. */
static int64_t feed_time(const feed_data *feed, rng *r)
{
    int64_t now = feed->nows[rng_below(r, feed->now_count)];
    int64_t nudge = rng_range(r, -1, 1);
    switch (rng_below(r, 10)) {
    case 0:
    case 1: return model_shift(now, spans[rng_below(r, SPAN_COUNT)], -1, some_zone(r)) + nudge;
    case 2: {
        int64_t day = floor_day(now) - rng_range(r, 0, 40);
        return model_zone_instant(some_zone(r), day * MODEL_DAY) + nudge;
    }
    case 3: return now - rng_range(r, 0, 72) * MODEL_HOUR;
    case 4: return rng_chance(r, 50) ? now + nudge : now + rng_range(r, 0, 20) * 12 * MODEL_HOUR;
    case 5: return now - (int64_t)rng_below(r, (uint64_t)(7 * MODEL_DAY));
    case 6: return now - (int64_t)rng_below(r, (uint64_t)(60 * MODEL_DAY));
    case 7:
        return rng_chance(r, 20) ? now - (int64_t)rng_below(r, (uint64_t)(9000 * MODEL_DAY))
                                 : now - rng_range(r, 0, 30) * MODEL_DAY;
    default: return now - (int64_t)rng_below(r, (uint64_t)(400 * MODEL_DAY));
    }
}

static int64_t interesting_now(rng *r)
{
    static const int64_t dates[][3] = {
        {2026, 3, 29},  {2026, 3, 31}, {2025, 10, 26}, {2024, 2, 29}, {2026, 1, 1},
        {2025, 12, 31}, {2026, 6, 15}, {2025, 11, 2},  {2026, 4, 5},  {2026, 5, 31},
    };
    const int64_t *d = dates[rng_below(r, sizeof(dates) / sizeof(dates[0]))];
    int64_t day = model_days(d[0], (int)d[1], (int)d[2]) * MODEL_DAY;
    if (rng_chance(r, 20))
        return day + rng_range(r, -1, 1);
    if (rng_chance(r, 20))
        return model_zone_instant(some_zone(r), day) + rng_range(r, -1, 1);
    return day + (int64_t)rng_below(r, (uint64_t)(2 * MODEL_DAY));
}

/* ---- values ---- */

static model_value text_value(feed_data *feed, rng *r)
{
    (void)feed;
    const char *text = free_texts[rng_below(r, FREE_COUNT)];
    return model_string_value(text, strlen(text));
}

static model_value word_value(rng *r)
{
    size_t i = (size_t)(rng_unit(r) * rng_unit(r) * (double)WORD_COUNT);
    return model_string_value(words[i], strlen(words[i]));
}

static model_value zone_value(rng *r)
{
    size_t n = 0;
    while (model_zone_known(n) != NULL)
        n++;
    const char *name =
        rng_chance(r, 15) ? odd_zones[rng_below(r, 4)] : model_zone_known(rng_below(r, n));
    return model_string_value(name, strlen(name));
}

static model_value set_value(feed_data *feed, rng *r)
{
    model_value value = model_string_value(NULL, 0);
    model_string *elements = model_alloc(&feed->arena, 6 * sizeof(*elements));
    size_t want = rng_below(r, 5);
    value.type = SEG_TYPE_STRING_SET;
    value.elements = elements;
    for (size_t i = 0; i < want; i++) {
        model_value one = rng_chance(r, 90) ? word_value(r) : text_value(feed, r);
        if (!model_in_set(&value, one.text))
            elements[value.element_count++] = one.text;
    }
    return value;
}

static model_value geo_value(rng *r)
{
    /* A coarse grid, so that points fall on borders, and some places far away. */
    if (rng_chance(r, 70))
        return model_geo(470000000 + rng_range(r, 0, 12) * 2500000,
                         100000000 + rng_range(r, 0, 12) * 2500000);
    if (rng_chance(r, 10))
        return model_geo(rng_chance(r, 50) ? 900000000 : -900000000,
                         rng_chance(r, 50) ? 1800000000 : -1800000000);
    return model_geo(rng_range(r, -900000000, 900000000), rng_range(r, -1800000000, 1800000000));
}

static model_value int_value(rng *r, const model_column *column)
{
    if (strstr(column->name, "big") != NULL)
        return model_int(rng_chance(r, 60) ? big_ints[rng_below(r, BIG_COUNT)]
                                           : (int64_t)rng_next(r));
    if (strstr(column->name, "score") != NULL)
        return model_int(rng_range(r, 0, 999));
    if (rng_chance(r, 3))
        return model_int(rng_range(r, -70000, 70000));
    return model_int(rng_range(r, -5, 20));
}

model_value feed_value(feed_data *feed, rng *r, const model_column *column)
{
    switch (column->type) {
    case SEG_TYPE_BOOL: return model_bool(rng_chance(r, 40));
    case SEG_TYPE_INT64: return int_value(r, column);
    case SEG_TYPE_FLOAT64:
        if (rng_chance(r, 40))
            return model_float(floats[rng_below(r, FLOAT_COUNT)]);
        return model_float(rng_chance(r, 50) ? (double)rng_range(r, -400, 4000) / 8
                                             : (rng_unit(r) - 0.3) * 1000);
    case SEG_TYPE_DECIMAL:
        return model_decimal(rng_chance(r, 30) ? rng_range(r, -2, 2) * 100
                                               : rng_range(r, -1000, 20000),
                             column->scale);
    case SEG_TYPE_STRING:
        if (strcmp(column->name, "timezone") == 0)
            return zone_value(r);
        return strstr(column->name, "free") != NULL ? text_value(feed, r) : word_value(r);
    case SEG_TYPE_TIMESTAMP:
        if (rng_chance(r, 2))
            return model_instant(rng_chance(r, 50) ? SEG_TIME_MIN : SEG_TIME_MAX);
        return model_instant(feed_time(feed, r));
    case SEG_TYPE_DATE:
        return model_date(floor_day(feed->nows[0]) +
                          (rng_chance(r, 60) ? rng_range(r, -8, 8) : rng_range(r, -400, 400)));
    case SEG_TYPE_GEO: return geo_value(r);
    default: return set_value(feed, r);
    }
}

/* A value of a row: often none, sometimes null. */
static model_value cell(feed_data *feed, rng *r, const model_column *column, uint32_t fill)
{
    model_value value = model_undefined();
    feed->value_count++;
    if (rng_chance(r, fill))
        return feed_value(feed, r, column);
    feed->empty_count++;
    if (rng_chance(r, 40))
        value.state = SEG_VALUE_NULL;
    return value;
}

/* ---- schema ---- */

static void schema_make(feed_data *feed, rng *r)
{
    static const model_column attributes[] = {
        {"score", SEG_TYPE_INT64, 0, false},       {"age", SEG_TYPE_INT64, 0, false},
        {"big", SEG_TYPE_INT64, 0, false},         {"weight", SEG_TYPE_FLOAT64, 0, false},
        {"credit", SEG_TYPE_DECIMAL, 2, false},    {"rate", SEG_TYPE_DECIMAL, 6, false},
        {"plan", SEG_TYPE_STRING, 0, false},       {"free_text", SEG_TYPE_STRING, 0, false},
        {"active", SEG_TYPE_BOOL, 0, false},       {"signup", SEG_TYPE_TIMESTAMP, 0, false},
        {"renewal", SEG_TYPE_TIMESTAMP, 0, false}, {"birthday", SEG_TYPE_DATE, 0, false},
        {"home", SEG_TYPE_GEO, 0, false},          {"tags", SEG_TYPE_STRING_SET, 0, false},
        {"likes", SEG_TYPE_STRING_SET, 0, false},  {"timezone", SEG_TYPE_STRING, 0, false},
        {"odd name", SEG_TYPE_INT64, 0, false},    {"last", SEG_TYPE_INT64, 0, false},
    };
    static const model_column properties[] = {
        {"qty", SEG_TYPE_INT64, 0, false},      {"big_value", SEG_TYPE_INT64, 0, false},
        {"ratio", SEG_TYPE_FLOAT64, 0, false},  {"amount", SEG_TYPE_DECIMAL, 2, false},
        {"item", SEG_TYPE_STRING, 0, false},    {"free_note", SEG_TYPE_STRING, 0, false},
        {"paid", SEG_TYPE_BOOL, 0, false},      {"due", SEG_TYPE_TIMESTAMP, 0, false},
        {"ship_date", SEG_TYPE_DATE, 0, false}, {"spot", SEG_TYPE_GEO, 0, false},
        {"price", SEG_TYPE_DECIMAL, 0, false},
    };
    static const char *const types[] = {"login",  "Order Completed", "view",       "cart_add",
                                        "refund", "count",           "caf\xc3\xa9"};
    model_schema *schema = &feed->schema;
    schema->attribute_count = sizeof(attributes) / sizeof(attributes[0]);
    memcpy(schema->attributes, attributes, sizeof(attributes));
    schema->property_count = sizeof(properties) / sizeof(properties[0]);
    memcpy(schema->properties, properties, sizeof(properties));
    schema->timezone = 15;
    for (size_t i = 1; i < schema->attribute_count; i++)
        schema->attributes[i].history =
            attributes[i].type != SEG_TYPE_STRING_SET && i != schema->timezone && rng_chance(r, 30);
    schema->type_count = 1 + rng_below(r, sizeof(types) / sizeof(types[0]));
    for (size_t t = 0; t < schema->type_count; t++) {
        schema->types[t].name = types[t];
        for (size_t i = 0; i < schema->property_count; i++)
            schema->types[t].has[i] = rng_chance(r, 75);
        schema->types[t].has[rng_below(r, schema->property_count)] = true;
    }
    schema->zone = rng_chance(r, 40) ? "UTC" : model_zone_known(rng_below(r, 12));
    schema->week_start = rng_chance(r, 25) ? 7 : 1;
}

static void users_make(feed_data *feed, rng *r, size_t count)
{
    feed->user_count = count;
    feed->id_kind = rng_chance(r, 50) ? SEG_ID_BYTES : SEG_ID_U64;
    model_string *names = model_alloc(&feed->arena, (count + 1) * sizeof(*names));
    uint64_t *numbers = model_alloc(&feed->arena, (count + 1) * sizeof(*numbers));
    uint64_t mask = rng_next(r);
    bool dense = rng_chance(r, 50);
    for (size_t i = 0; i < count; i++) {
        char name[64];
        int size = snprintf(name, sizeof(name), i % 7 == 3 ? "user %zu \xff\n" : "u%zu", i);
        names[i].data = model_copy(&feed->arena, name, (size_t)size);
        names[i].size = (size_t)size;
        /* Distinct: a product with an odd number, and dense ones around 0 and 65,536. */
        numbers[i] = dense ? (count > 100000 ? 0 : 65536 - count / 2) + i : i * (mask | 1);
    }
    if (count > 2 && !dense)
        numbers[2] = UINT64_MAX - 1;
    feed->user_names = names;
    feed->user_numbers = numbers;
}

/* ---- rows ---- */

static uint32_t some_user(const feed_data *feed, rng *r)
{
    double x = rng_unit(r);
    return (uint32_t)((double)feed->user_count * x * (rng_chance(r, 50) ? x : 1));
}

static void attribute_row(feed_data *feed, rng *r, feed_kind kind, feed_row *row,
                          const uint32_t *fill)
{
    const model_schema *schema = &feed->schema;
    model_value *values = model_alloc(&feed->arena, schema->attribute_count * sizeof(*values));
    for (size_t i = 0; i < schema->attribute_count; i++) {
        values[i] = model_undefined();
        if (kind == FEED_SINCE || !schema->attributes[i].history)
            values[i] = cell(feed, r, &schema->attributes[i], fill[i]);
    }
    row->user = some_user(feed, r);
    row->event_id = -1;
    row->attributes = true;
    row->values = values;
}

static bool is_disputed(const feed_data *feed, int64_t event_id)
{
    for (size_t i = 0; i < feed->disputed_count; i++) {
        if (feed->disputed[i] == event_id)
            return true;
    }
    return false;
}

static void dispute(feed_data *feed, int64_t event_id)
{
    if (feed->disputed_count == feed->disputed_capacity) {
        size_t capacity = feed->disputed_capacity == 0 ? 16 : 2 * feed->disputed_capacity;
        int64_t *list = model_alloc(&feed->arena, capacity * sizeof(*list));
        if (feed->disputed_count > 0)
            memcpy(list, feed->disputed, feed->disputed_count * sizeof(*list));
        feed->disputed = list;
        feed->disputed_capacity = capacity;
    }
    feed->disputed[feed->disputed_count++] = event_id;
}

/* An earlier row of the type with an event id, to be sent again; NULL if none is at hand. */
static const feed_row *row_again(const feed_data *feed, rng *r, size_t commit, size_t type)
{
    if (commit == 0)
        return NULL;
    const feed_commit *source = &feed->commits[rng_below(r, commit)];
    for (int tries = 0; tries < 20 && source->batch_count > 0; tries++) {
        const feed_batch *batch = &source->batches[rng_below(r, source->batch_count)];
        if (!feed_has_events(batch->kind) || batch->row_count == 0)
            continue;
        const feed_row *row = &batch->rows[rng_below(r, batch->row_count)];
        if (row->event_id >= 0 && row->type == type && !row->altered &&
            !is_disputed(feed, row->event_id))
            return row;
    }
    return NULL;
}

static void event_row(feed_data *feed, rng *r, const feed_batch *batch, feed_row *row,
                      size_t commit, int64_t *next_id)
{
    const model_schema *schema = &feed->schema;
    double x = rng_unit(r);
    row->type =
        batch->kind == FEED_ONE_TYPE ? batch->type : (size_t)(x * x * (double)schema->type_count);
    const feed_row *again = rng_chance(r, 4) ? row_again(feed, r, commit, row->type) : NULL;
    if (again != NULL) {
        *row = *again;
        if (feed->commits[commit].quarantine && rng_chance(r, 30)) {
            row->time += MODEL_SECOND;
            row->altered = true;
            dispute(feed, row->event_id);
        }
        return;
    }
    model_value *values = model_alloc(&feed->arena, schema->property_count * sizeof(*values));
    for (size_t i = 0; i < schema->property_count; i++) {
        values[i] = model_undefined();
        if (schema->types[row->type].has[i])
            values[i] = cell(feed, r, &schema->properties[i], 80);
    }
    row->user = some_user(feed, r);
    row->values = values;
    row->event_id = rng_chance(r, 25) ? (*next_id)++ : -1;
    row->time = feed_time(feed, r);
    if (row > batch->rows && rng_chance(r, 15)) {
        /* The same user at the same instant. */
        const feed_row *before = row - 1 - rng_below(r, (uint64_t)(row - batch->rows));
        row->user = before->user;
        row->time = before->time;
    }
    if (feed->commits[commit].quarantine && rng_chance(r, 2))
        row->time = SEG_TIME_MAX + 1;
    row->altered = row->time > SEG_TIME_MAX; /* also where it was copied */
}

/* Often the same user again, at the same instant or near it. */
static void since_time(feed_data *feed, rng *r, const feed_batch *batch, feed_row *row,
                       size_t commit)
{
    row->time = feed_time(feed, r);
    if (row > batch->rows && rng_chance(r, 40)) {
        const feed_row *before = row - 1 - rng_below(r, (uint64_t)(row - batch->rows));
        row->user = before->user;
        if (before->time <= SEG_TIME_MAX && rng_chance(r, 40))
            row->time = before->time;
    }
    if (feed->commits[commit].quarantine && rng_chance(r, 2))
        row->time = SEG_TIME_MAX + 1;
}

static void batch_make(feed_data *feed, rng *r, feed_batch *batch, size_t rows, size_t commit,
                       int64_t *next_id, const uint32_t *fill)
{
    batch->kind = (feed_kind)rng_below(r, 4);
    batch->type = rng_below(r, feed->schema.type_count);
    batch->rows = model_alloc(&feed->arena, (rows + 1) * sizeof(*batch->rows));
    batch->row_count = rows;
    for (size_t i = 0; i < rows; i++) {
        feed_row *row = &batch->rows[i];
        if (feed_has_events(batch->kind)) {
            event_row(feed, r, batch, row, commit, next_id);
            continue;
        }
        attribute_row(feed, r, batch->kind, row, fill);
        if (batch->kind == FEED_SINCE)
            since_time(feed, r, batch, row, commit);
    }
}

/* In large feeds most users come by one batch of attributes, so that many chunks are filled. */
static void everyone_batch(feed_data *feed, rng *r, feed_batch *batch, const uint32_t *fill)
{
    batch->kind = FEED_ATTRIBUTES;
    batch->row_count = feed->user_count;
    batch->rows = model_alloc(&feed->arena, (feed->user_count + 1) * sizeof(*batch->rows));
    for (size_t i = 0; i < feed->user_count; i++) {
        attribute_row(feed, r, FEED_ATTRIBUTES, &batch->rows[i], fill);
        batch->rows[i].user = (uint32_t)i;
    }
}

/* The twin tries every chain of a customer's events, which costs their cube. */
#define FEED_EVENTS_MAX 300

static size_t most_events(const feed_data *feed)
{
    size_t *counts = calloc(feed->user_count + 1, sizeof(*counts)), most = 0;
    if (counts == NULL)
        exit(2);
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t b = 0; b < feed->commits[c].batch_count; b++) {
            const feed_batch *batch = &feed->commits[c].batches[b];
            for (size_t i = 0; feed_has_events(batch->kind) && i < batch->row_count; i++) {
                size_t *count = &counts[batch->rows[i].user];
                most = ++*count > most ? *count : most;
            }
        }
    }
    free(counts);
    return most;
}

static void commits_make(feed_data *feed, rng *r, feed_size size)
{
    uint32_t fill[MODEL_COLUMNS_MAX];
    int64_t next_id = 0;
    size_t per_commit = size.events / size.commits + 1;
    for (size_t i = 0; i < feed->schema.attribute_count; i++)
        fill[i] = i == 0 ? 95 : 20 + (uint32_t)rng_below(r, 75);
    feed->commit_count = size.commits;
    for (size_t c = 0; c < size.commits; c++) {
        feed_commit *commit = &feed->commits[c];
        commit->by_rows = rng_chance(r, 35);
        commit->quarantine = !commit->by_rows && rng_chance(r, 30);
        commit->batch_count = 1 + rng_below(r, 4);
        commit->batches = model_alloc(&feed->arena, commit->batch_count * sizeof(feed_batch));
        for (size_t b = 0; b < commit->batch_count; b++) {
            if (c == 0 && b == 0 && (size.users > 60000 || rng_chance(r, 40)))
                everyone_batch(feed, r, &commit->batches[b], fill);
            else
                batch_make(feed, r, &commit->batches[b],
                           rng_below(r, 2 * per_commit / commit->batch_count + 2), c, &next_id,
                           fill);
        }
    }
}

/* Some feeds erase users and let events expire. Of a random stream of its own, so that the rows
 * of a seed stay what they are. */
static void removals_make(feed_data *feed, rng *r)
{
    static const int64_t days[] = {1, 7, 30, 90, 365, 1000};
    feed->keep_usual = SEG_KEEP_FOREVER;
    if (!rng_chance(r, 35))
        return;
    if (rng_chance(r, 50))
        feed->keep_usual = (uint64_t)(days[rng_below(r, 6)] * MODEL_DAY);
    for (size_t i = 0; i < feed->schema.type_count; i++) {
        if (rng_chance(r, 30))
            feed->keep[i] = (uint64_t)(days[rng_below(r, 6)] * MODEL_DAY);
        else if (rng_chance(r, 10))
            feed->keep[i] = SEG_KEEP_FOREVER;
    }
    for (size_t c = 0; c < feed->commit_count; c++) {
        feed_commit *commit = &feed->commits[c];
        commit->expires = rng_chance(r, 50);
        commit->expire_now = rng_chance(r, 50) ? feed->nows[0] : feed_time(feed, r);
        commit->refuse = rng_chance(r, 30);
        if (!rng_chance(r, 50))
            continue;
        size_t most = feed->user_count < 200 ? feed->user_count / 4 : 50;
        commit->erased_count = 1 + rng_below(r, most + 1);
        commit->erased = model_alloc(&feed->arena, commit->erased_count * sizeof(uint32_t));
        for (size_t i = 0; i < commit->erased_count; i++)
            commit->erased[i] = some_user(feed, r);
    }
}

void feed_no_histories(feed_data *feed)
{
    for (size_t i = 0; i < feed->schema.attribute_count; i++)
        feed->schema.attributes[i].history = false;
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t i = 0; i < feed->commits[c].batch_count; i++) {
            feed_batch *batch = &feed->commits[c].batches[i];
            if (batch->kind != FEED_SINCE)
                continue;
            batch->kind = FEED_ATTRIBUTES;
            for (size_t k = 0; k < batch->row_count; k++)
                batch->rows[k].time = 0;
        }
    }
}

void feed_keep_all(feed_data *feed)
{
    for (size_t c = 0; c < feed->commit_count; c++) {
        feed->commits[c].erased_count = 0;
        feed->commits[c].expires = false;
    }
}

size_t feed_first_commit(const feed_data *feed)
{
    for (size_t c = feed->commit_count; c > 0; c--)
        if (feed->commits[c - 1].erased_count > 0)
            return c - 1;
    return 0;
}

void feed_make(feed_data *feed, uint64_t seed, feed_size size)
{
    rng r = {seed};
    memset(feed, 0, sizeof(*feed));
    feed->now_count = 1 + rng_below(&r, FEED_NOWS_MAX);
    feed->nows[0] = interesting_now(&r);
    for (size_t i = 1; i < feed->now_count; i++) {
        static const int64_t steps[] = {
            1, -1, MODEL_DAY, -MODEL_DAY, 30 * MODEL_DAY, -30 * MODEL_DAY, -200 * MODEL_DAY};
        feed->nows[i] = feed->nows[0] + steps[rng_below(&r, 7)];
    }
    schema_make(feed, &r);
    users_make(feed, &r, size.users);
    commits_make(feed, &r, size);
    feed->crowded = most_events(feed) > FEED_EVENTS_MAX;
    feed->define_first = rng_chance(&r, 50);
    feed->column_rng.state = rng_next(&r);
    rng removals = {seed ^ UINT64_C(0xE7A5E)};
    removals_make(feed, &removals);
}

void feed_free(feed_data *feed)
{
    model_arena_reset(&feed->arena);
}

/* ---- the twin of a feed ---- */

static bool same_value(const model_value *a, const model_value *b)
{
    if (a->state != b->state || a->state != SEG_VALUE_SET)
        return a->state == b->state;
    if (a->type == SEG_TYPE_FLOAT64)
        return a->f == b->f;
    return model_compare(a, b) == 0;
}

static bool same_event(const model_schema *schema, const feed_row *a, const feed_row *b)
{
    if (a->user != b->user || a->type != b->type || a->time != b->time)
        return false;
    for (size_t i = 0; i < schema->property_count; i++) {
        if (!same_value(&a->values[i], &b->values[i]))
            return false;
    }
    return true;
}

typedef struct builder {
    const feed_data *feed;
    model *out;
    model_arena *arena;
    const feed_row **seen; /* by event id */
    int64_t seen_count;
    bool *refused; /* by user */
    uint64_t arrival;
} builder;

static model_user *know(builder *b, uint32_t index)
{
    model_user *user = &b->out->users[index];
    if (!user->known) {
        user->known = true;
        b->out->order[b->out->order_count++] = index;
        user->attrs = model_alloc(b->arena, b->feed->schema.attribute_count * sizeof(model_value));
        for (size_t i = 0; i < b->feed->schema.attribute_count; i++)
            user->attrs[i] = model_undefined();
    }
    return user;
}

/* Behind what is as old or older. */
static void add_past(builder *b, model_user *user, model_past past)
{
    if (user->past_count == user->past_capacity) {
        size_t capacity = user->past_capacity == 0 ? 4 : user->past_capacity * 2;
        model_past *list = model_alloc(b->arena, capacity * sizeof(*list));
        if (user->past_count > 0)
            memcpy(list, user->past, user->past_count * sizeof(*list));
        user->past = list;
        user->past_capacity = capacity;
    }
    size_t at = user->past_count++;
    for (; at > 0 && user->past[at - 1].time > past.time; at--)
        user->past[at] = user->past[at - 1];
    user->past[at] = past;
}

static void apply_attributes(builder *b, const feed_row *row, bool timed)
{
    model_user *user = know(b, row->user);
    if (!user->named || (timed && row->time < user->since))
        user->since = timed ? row->time : INT64_MIN;
    else if (!timed)
        user->since = INT64_MIN;
    user->named = true;
    for (size_t i = 0; i < b->feed->schema.attribute_count; i++) {
        if (row->values[i].state == SEG_VALUE_ABSENT)
            continue;
        if (b->feed->schema.attributes[i].history)
            add_past(b, user, (model_past){i, row->time, row->values[i]});
        else
            user->attrs[i] = row->values[i];
    }
}

/* Events of one instant keep the order of their arrival, expired ones behind the others. */
static bool comes_before(const model_event *a, const model_event *b)
{
    return a->time != b->time ? a->time < b->time : !a->expired && b->expired;
}

static void apply_event(builder *b, const feed_row *row)
{
    model_user *user = know(b, row->user);
    if (user->event_count == user->event_capacity) {
        size_t capacity = user->event_capacity == 0 ? 4 : user->event_capacity * 2;
        model_event *events = model_alloc(b->arena, capacity * sizeof(*events));
        if (user->event_count > 0)
            memcpy(events, user->events, user->event_count * sizeof(*events));
        user->events = events;
        user->event_capacity = capacity;
    }
    model_event event = {
        .type = row->type, .time = row->time, .arrival = b->arrival++, .props = row->values};
    size_t at = user->event_count++;
    for (; at > 0 && comes_before(&event, &user->events[at - 1]); at--)
        user->events[at] = user->events[at - 1];
    user->events[at] = event;
}

/* What becomes of a row: SEG_ROW_*. */
static uint8_t row_fate(builder *b, const feed_batch *batch, const feed_row *row)
{
    bool event = feed_has_events(batch->kind);
    if (batch->kind != FEED_ATTRIBUTES && (row->time > SEG_TIME_MAX || row->time < SEG_TIME_MIN))
        return SEG_ROW_BAD_TIME;
    if (b->refused[row->user])
        return SEG_ROW_REFUSED;
    if (!event)
        return SEG_ROW_OK;
    if (row->event_id < 0)
        return SEG_ROW_OK;
    const feed_row *first = b->seen[row->event_id];
    if (first == NULL) {
        b->seen[row->event_id] = row;
        return SEG_ROW_OK;
    }
    return same_event(&b->feed->schema, first, row) ? SEG_ROW_DUPLICATE : SEG_ROW_CONFLICT;
}

static int64_t ids_in(const feed_data *feed)
{
    int64_t most = 0;
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t i = 0; i < feed->commits[c].batch_count; i++) {
            const feed_batch *batch = &feed->commits[c].batches[i];
            for (size_t k = 0; k < batch->row_count; k++)
                most = batch->rows[k].event_id >= most ? batch->rows[k].event_id + 1 : most;
        }
    }
    return most;
}

static void builder_start(builder *b, const feed_data *feed, model_arena *arena, model *out)
{
    memset(out, 0, sizeof(*out));
    memset(b, 0, sizeof(*b));
    b->feed = feed;
    b->out = out;
    b->arena = arena;
    b->seen_count = ids_in(feed);
    b->seen = model_alloc(arena, (size_t)(b->seen_count + 1) * sizeof(*b->seen));
    b->refused = model_alloc(arena, feed->user_count + 1);
    out->schema = &feed->schema;
    out->arena = arena;
    out->user_count = feed->user_count;
    out->users = model_alloc(arena, (feed->user_count + 1) * sizeof(*out->users));
    out->order = model_alloc(arena, (feed->user_count + 1) * sizeof(*out->order));
    for (size_t i = 0; i < feed->user_count; i++) {
        model_user *user = &out->users[i];
        if (feed->id_kind == SEG_ID_BYTES) {
            user->id = feed->user_names[i].data;
            user->id_size = feed->user_names[i].size;
            continue;
        }
        char bytes[8]; /* lowest first, on any machine */
        for (int k = 0; k < 8; k++)
            bytes[k] = (char)(unsigned char)(feed->user_numbers[i] >> (8 * k));
        user->id = model_copy(arena, bytes, 8);
        user->id_size = 8;
    }
}

/* ---- removals ---- */

static void apply_erase(builder *b, uint32_t index, bool refuse)
{
    model_user *user = &b->out->users[index];
    b->refused[index] = b->refused[index] || refuse;
    for (int64_t i = 0; i < b->seen_count; i++) {
        if (b->seen[i] != NULL && b->seen[i]->user == index)
            b->seen[i] = NULL;
    }
    if (!user->known)
        return;
    *user = (model_user){.id = user->id, .id_size = user->id_size};
    size_t kept = 0;
    for (size_t i = 0; i < b->out->order_count; i++) {
        if (b->out->order[i] != index)
            b->out->order[kept++] = b->out->order[i];
    }
    b->out->order_count = kept;
}

static bool too_old(const builder *b, const model_event *event, int64_t now)
{
    uint64_t keep = b->feed->keep[event->type];
    if (keep == SEG_KEEP_USUAL)
        keep = b->feed->keep_usual;
    return keep != SEG_KEEP_FOREVER && event->time <= now - (int64_t)keep;
}

/* Of what expires, the first of each type stays as an instant. */
static void apply_expire(builder *b, model_user *user, int64_t now)
{
    bool seen[MODEL_TYPES_MAX] = {false};
    size_t kept = 0;
    for (size_t i = 0; i < user->event_count; i++) {
        model_event event = user->events[i];
        if (!event.expired && too_old(b, &event, now)) {
            model_value *none =
                model_alloc(b->arena, (b->feed->schema.property_count + 1) * sizeof(*none));
            for (size_t k = 0; k < b->feed->schema.property_count; k++)
                none[k] = model_undefined();
            event.expired = true;
            event.props = none;
        }
        if (event.expired && seen[event.type])
            continue;
        seen[event.type] |= event.expired;
        size_t at = kept++;
        for (; at > 0 && comes_before(&event, &user->events[at - 1]); at--)
            user->events[at] = user->events[at - 1];
        user->events[at] = event;
    }
    user->event_count = kept;
}

static void builder_removals(builder *b, const feed_commit *commit)
{
    for (size_t i = 0; i < commit->erased_count; i++)
        apply_erase(b, commit->erased[i], commit->refuse);
    for (size_t i = 0; commit->expires && i < b->out->user_count; i++)
        apply_expire(b, &b->out->users[i], commit->expire_now);
}

/* Applies one commit; fates (may be NULL) gets one SEG_ROW_* per row that is not dropped. */
static void builder_commit(builder *b, const feed_commit *commit, uint8_t *fates)
{
    for (size_t i = 0; i < commit->batch_count; i++) {
        const feed_batch *batch = &commit->batches[i];
        for (size_t k = 0; k < batch->row_count; k++) {
            const feed_row *row = &batch->rows[k];
            if (row->dropped)
                continue;
            uint8_t fate = row_fate(b, batch, row);
            if (fates != NULL)
                *fates++ = fate;
            if (fate != SEG_ROW_OK)
                continue;
            if (feed_has_events(batch->kind))
                apply_event(b, row);
            else
                apply_attributes(b, row, batch->kind == FEED_SINCE);
        }
    }
}

void feed_model(const feed_data *feed, size_t commits, model_arena *arena, model *out)
{
    builder b;
    builder_start(&b, feed, arena, out);
    for (size_t c = 0; c < commits && c < feed->commit_count; c++) {
        builder_commit(&b, &feed->commits[c], NULL);
        builder_removals(&b, &feed->commits[c]);
    }
}

void feed_fates(const feed_data *feed, size_t commit, uint8_t *fates)
{
    builder b;
    model_arena arena = {NULL};
    model out;
    builder_start(&b, feed, &arena, &out);
    for (size_t c = 0; c < commit; c++) {
        builder_commit(&b, &feed->commits[c], NULL);
        builder_removals(&b, &feed->commits[c]);
    }
    builder_commit(&b, &feed->commits[commit], fates);
    model_arena_reset(&arena);
}

/* ---- reports ---- */

static void dump_row(const feed_data *feed, const feed_batch *batch, const feed_row *row,
                     model_text *out)
{
    bool event = feed_has_events(batch->kind);
    const model_column *columns = event ? feed->schema.properties : feed->schema.attributes;
    size_t count = event ? feed->schema.property_count : feed->schema.attribute_count;
    model_addf(out, "  {\"user\": ");
    if (feed->id_kind == SEG_ID_BYTES)
        model_dump_string(out, feed->user_names[row->user]);
    else
        model_addf(out, "%" PRIu64, feed->user_numbers[row->user]);
    if (event)
        model_addf(out, ", \"event\": \"%s\"", feed->schema.types[row->type].name);
    if (batch->kind != FEED_ATTRIBUTES) {
        model_addf(out, ", \"time\": \"");
        if (row->time <= SEG_TIME_MAX)
            model_print_instant(out, row->time);
        model_addf(out, "\"");
        if (row->event_id >= 0)
            model_addf(out, ", \"event_id\": \"e%" PRId64 "\"", row->event_id);
    }
    for (size_t i = 0; i < count; i++) {
        if (row->values[i].state == SEG_VALUE_ABSENT)
            continue;
        model_addf(out, ", \"%s\": ", columns[i].name);
        model_dump_value(out, &row->values[i]);
    }
    model_addf(out, "}\n");
}

static void dump_removals(const feed_data *feed, const feed_commit *commit, size_t user,
                          model_text *out)
{
    for (size_t i = 0; i < commit->erased_count; i++) {
        uint32_t index = commit->erased[i];
        if (user != SIZE_MAX && index != user)
            continue;
        model_addf(out, "  erase%s ", commit->refuse ? " and refuse" : "");
        if (feed->id_kind == SEG_ID_BYTES)
            model_dump_string(out, feed->user_names[index]);
        else
            model_addf(out, "%" PRIu64, feed->user_numbers[index]);
        model_addf(out, "\n");
    }
    if (!commit->expires)
        return;
    model_addf(out, "  expire at ");
    model_print_instant(out, commit->expire_now);
    for (size_t i = 0; i < feed->schema.type_count; i++)
        model_addf(out, ", %s keeps %" PRId64, feed->schema.types[i].name, (int64_t)feed->keep[i]);
    model_addf(out, ", usually %" PRId64 " us\n", (int64_t)feed->keep_usual);
}

static void dump_rows(const feed_data *feed, size_t user, model_text *out)
{
    for (size_t c = 0; c < feed->commit_count; c++) {
        const feed_commit *commit = &feed->commits[c];
        model_addf(out, " commit %zu%s%s\n", c, commit->by_rows ? " by rows" : "",
                   commit->quarantine ? " with quarantine" : "");
        for (size_t i = 0; i < commit->batch_count; i++) {
            const feed_batch *batch = &commit->batches[i];
            for (size_t k = 0; k < batch->row_count; k++) {
                const feed_row *row = &batch->rows[k];
                if (!row->dropped && (user == SIZE_MAX || row->user == user))
                    dump_row(feed, batch, row, out);
            }
        }
        dump_removals(feed, commit, user, out);
    }
}

void feed_dump(const feed_data *feed, model_text *out)
{
    dump_rows(feed, SIZE_MAX, out);
}

void feed_dump_user(const feed_data *feed, size_t user, model_text *out)
{
    dump_rows(feed, user, out);
}
