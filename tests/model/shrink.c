/* shrink.c - smaller failures: fewer parts of the predicate, fewer users, rows and values.
 *
 * Each attempt builds store and twin anew from what is left of the feed, and counts where
 * world_check() complains in the same way as at first. */
#include "shrink.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct shrinker {
    feed_data *feed;
    model_catalog catalog;
    world_probe probe;
    uint32_t threads;
    time_t deadline;
    model_arena arena; /* what the last attempt said of members */
    verdict last;
    model_text why;
    char kind[64]; /* how the first attempt failed, see same_kind() */
    size_t attempts;
} shrinker;

static bool is_late(const shrinker *s)
{
    return time(NULL) >= s->deadline;
}

/* What failed, without its figures: "compile: SEG_E_TYPE", "evaluate:". */
static void kind_of(const model_text *why, char *kind, size_t capacity)
{
    const char *text = why->size > 0 ? why->data : "";
    size_t size = strcspn(text, ":");
    if (strncmp(text + size, ": SEG_", 6) == 0)
        size += 2 + strcspn(text + size + 2, ":");
    snprintf(kind, capacity, "%.*s", (int)size, text);
}

static bool same_kind(shrinker *s)
{
    char kind[64];
    kind_of(&s->why, kind, sizeof(kind));
    if (s->kind[0] == '\0')
        memcpy(s->kind, kind, sizeof(kind));
    return strcmp(kind, s->kind) == 0;
}

/* Does it still fail in the same way? A feed that does not load any more does not count. */
static bool fails(shrinker *s)
{
    world w;
    s->attempts++;
    s->why.size = 0;
    model_arena_reset(&s->arena);
    bool good = true;
    if (world_open(&w, s->feed, &s->catalog, s->threads, &s->why)) {
        good = world_check(&w, &s->probe, &s->arena, &s->last, &s->why);
        seg_segment_release(s->last.segment);
        seg_set_release(s->last.set);
    }
    world_close(&w);
    return !good && same_kind(s);
}

/* ---- the predicate ---- */

/* Puts something simpler at *place; true if one of the attempts still fails. */
static bool try_node(shrinker *s, model_node **place)
{
    model_node *node = *place;
    for (size_t i = 0; i < node->child_count && node->kind < MODEL_DID; i++) {
        *place = node->children[i];
        if (fails(s))
            return true;
    }
    *place = node;
    if (node->child_count > 2 && node->kind < MODEL_DID) {
        for (size_t i = 0; i < node->child_count; i++) {
            model_node *gone = node->children[i];
            memmove(&node->children[i], &node->children[i + 1],
                    (node->child_count - i - 1) * sizeof(gone));
            node->child_count--;
            if (fails(s))
                return true;
            memmove(&node->children[i + 1], &node->children[i],
                    (node->child_count - i) * sizeof(gone));
            node->children[i] = gone;
            node->child_count++;
        }
    }
    return false;
}

static bool try_leaf(shrinker *s, model_node *node)
{
    model_node kept = *node;
    node->selector.where = NULL;
    if (kept.selector.where != NULL && fails(s))
        return true;
    *node = kept;
    node->window.zone_kind = MODEL_Z_DEFAULT;
    if (kept.window.zone_kind != MODEL_Z_DEFAULT && fails(s))
        return true;
    *node = kept;
    if (node->selector.type_count > 1) {
        for (size_t i = 0; i < kept.selector.type_count; i++) {
            node->selector.type_count = 1;
            node->selector.types[0] = kept.selector.types[i];
            if (fails(s))
                return true;
            *node = kept;
        }
    }
    memset(&node->window, 0, sizeof(node->window));
    bool needed = node->kind == MODEL_TIME || node->kind == MODEL_EDGE;
    if (kept.window.kind != MODEL_W_EVER && !needed && fails(s))
        return true;
    *node = kept;
    if (node->kind == MODEL_IN && node->list_count > 1) {
        node->list_count /= 2;
        if (fails(s))
            return true;
        *node = kept;
    }
    return false;
}

static bool shrink_place(shrinker *s, model_node **place)
{
    bool any = false;
    if (*place == NULL)
        return false;
    while (!is_late(s) && try_node(s, place))
        any = true;
    model_node *node = *place;
    while (!is_late(s) && try_leaf(s, node))
        any = true;
    for (size_t i = 0; i < node->child_count; i++)
        any = shrink_place(s, &node->children[i]) || any;
    any = shrink_place(s, &node->selector.where) || any;
    any = shrink_place(s, &node->share) || any;
    return any;
}

static void shrink_spelling(shrinker *s)
{
    world_probe kept = s->probe;
    s->probe.param_percent = 0;
    if (!fails(s))
        s->probe = kept;
    kept = s->probe;
    s->probe.style = 0;
    if (!fails(s))
        s->probe = kept;
    for (uint32_t bit = 1; bit < CHECK_ALL; bit <<= 1) {
        kept = s->probe;
        s->probe.checks &= ~bit;
        if (!fails(s))
            s->probe = kept;
    }
    kept = s->probe;
    s->probe.segment.zone = NULL;
    s->probe.segment.zone_user = false;
    if (!fails(s))
        s->probe = kept;
    kept = s->probe;
    s->probe.segment.week_start = 0;
    if (!fails(s))
        s->probe = kept;
}

/* A reference is replaced by what it refers to, and saved segments that are not needed go. */
static void shrink_references(shrinker *s)
{
    if (s->probe.segment.root->kind == MODEL_SEGMENT) {
        world_probe kept = s->probe;
        s->probe.segment = s->catalog.segments[kept.segment.root->segment];
        if (!fails(s))
            s->probe = kept;
    }
    while (s->catalog.count > 0) {
        s->catalog.count--;
        if (!fails(s)) {
            s->catalog.count++;
            return;
        }
    }
}

/* ---- the data ---- */

typedef struct row_list {
    feed_row **rows;
    size_t count;
} row_list;

static row_list rows_left(const feed_data *feed)
{
    row_list list = {NULL, 0};
    size_t capacity = 0;
    for (size_t c = 0; c < feed->commit_count; c++) {
        for (size_t i = 0; i < feed->commits[c].batch_count; i++) {
            feed_batch *batch = &feed->commits[c].batches[i];
            for (size_t k = 0; k < batch->row_count; k++) {
                if (batch->rows[k].dropped)
                    continue;
                if (list.count == capacity) {
                    capacity = capacity * 2 + 64;
                    list.rows = realloc(list.rows, capacity * sizeof(*list.rows));
                    if (list.rows == NULL)
                        exit(2);
                }
                list.rows[list.count++] = &batch->rows[k];
            }
        }
    }
    return list;
}

/* Keeps the rows of users for whom keep[user]; undone if that heals it. */
static bool keep_users(shrinker *s, const uint8_t *keep)
{
    row_list list = rows_left(s->feed);
    for (size_t i = 0; i < list.count; i++)
        list.rows[i]->dropped = !keep[list.rows[i]->user];
    bool good = fails(s);
    for (size_t i = 0; i < list.count && !good; i++)
        list.rows[i]->dropped = false;
    free(list.rows);
    return good;
}

/* The users that were answered wrongly are mostly enough. */
static void shrink_to_wrong_users(shrinker *s)
{
    size_t n = s->feed->user_count;
    uint8_t *keep = calloc(n + 1, 1);
    if (keep == NULL || !fails(s))
        exit(2);
    size_t wrong = 0;
    for (size_t i = 0; i < n && s->last.actual != NULL; i++) {
        keep[i] = s->last.actual[i] != s->last.expected[i] && wrong == 0;
        wrong += keep[i];
    }
    if (wrong > 0)
        keep_users(s, keep);
    free(keep);
}

static void shrink_rows(shrinker *s)
{
    row_list list = rows_left(s->feed);
    for (size_t step = (list.count + 1) / 2; step > 0 && !is_late(s); step /= 2) {
        for (size_t at = 0; at < list.count && !is_late(s);) {
            size_t end = at + step < list.count ? at + step : list.count;
            for (size_t i = at; i < end; i++)
                list.rows[i]->dropped = true;
            if (fails(s)) {
                memmove(&list.rows[at], &list.rows[end], (list.count - end) * sizeof(*list.rows));
                list.count -= end - at;
                continue;
            }
            for (size_t i = at; i < end; i++)
                list.rows[i]->dropped = false;
            at = end;
        }
    }
    free(list.rows);
}

static void shrink_values(shrinker *s)
{
    row_list list = rows_left(s->feed);
    for (size_t i = 0; i < list.count && i < 12; i++) {
        feed_row *row = list.rows[i];
        for (size_t k = 0; k < MODEL_COLUMNS_MAX && !is_late(s); k++) {
            const model_value *kept = row->values;
            size_t count = s->feed->schema.property_count;
            if (s->feed->schema.attribute_count > count)
                count = s->feed->schema.attribute_count;
            bool event = !row->attributes;
            size_t columns =
                event ? s->feed->schema.property_count : s->feed->schema.attribute_count;
            if (k >= columns || kept[k].state == SEG_VALUE_ABSENT)
                continue;
            model_value *copy = model_alloc(&s->feed->arena, count * sizeof(*copy));
            memcpy(copy, kept, columns * sizeof(*copy));
            copy[k] = model_undefined();
            row->values = copy;
            if (!fails(s))
                row->values = kept;
        }
    }
    free(list.rows);
}

/* ---- the report ---- */

static void print_name(const feed_data *feed, size_t user)
{
    model_text text = {NULL, 0, 0};
    if (feed->id_kind == SEG_ID_BYTES)
        model_dump_string(&text, feed->user_names[user]);
    else
        model_addf(&text, "%" PRIu64, feed->user_numbers[user]);
    printf(" %s", text.data);
    model_text_free(&text);
}

static void print_report(shrinker *s)
{
    model_text text = {NULL, 0, 0};
    const model_schema *schema = &s->feed->schema;
    bool still = fails(s);
    printf("REPRO%s after %zu attempts\n", still ? "" : " (does not fail any more)", s->attempts);
    printf(" why: %s\n", s->why.size > 0 ? s->why.data : "");
    printf(" store: zone %s, week starts %d, %s ids, %s\n", schema->zone, schema->week_start,
           s->feed->id_kind == SEG_ID_BYTES ? "byte" : "number",
           s->feed->define_first ? "columns defined first" : "columns defined after commit 0");
    for (size_t i = 0; i < MODEL_OCCASIONS; i++) {
        const model_occasion *occasion = &s->catalog.occasions[i];
        printf(" occasion \"%s\":", occasion->name);
        for (size_t k = 0; k < occasion->count; k++)
            printf(" %lld..%lld", (long long)occasion->first[k], (long long)occasion->last[k]);
        printf(" (days since 1970)\n");
    }
    for (size_t i = 0; i < s->catalog.count; i++) {
        text.size = 0;
        model_print_segment(schema, &s->catalog, &s->catalog.segments[i], NULL, &text);
        printf(" saved \"%s\": %s\n", s->catalog.segments[i].name, text.data);
    }
    text.size = 0;
    model_print_instant(&text, s->probe.now);
    printf(" now: %s, snapshot after commit %zu, checks %u\n", text.data, s->probe.commit,
           s->probe.checks);
    world w;
    memset(&w, 0, sizeof(w));
    w.feed = s->feed;
    w.catalog = &s->catalog;
    text.size = 0;
    world_print(&w, &s->probe, &text);
    printf(" predicate: %s\n", text.data);
    text.size = 0;
    feed_dump(s->feed, &text);
    printf("%.*s%s", text.size > 8000 ? 8000 : (int)text.size, text.data,
           text.size > 8000 ? "\n  ...\n" : "");
    model_text_free(&text);
    if (!still || s->last.actual == NULL)
        return;
    for (int side = 0; side < 2; side++) {
        const uint8_t *members = side == 0 ? s->last.expected : s->last.actual;
        printf(" %s:", side == 0 ? "expected" : "actual");
        for (size_t i = 0, shown = 0; i < s->feed->user_count && shown < 20; i++) {
            if (members[i] && ++shown)
                print_name(s->feed, i);
        }
        printf("\n");
    }
    fflush(stdout);
}

void shrink_report(feed_data *feed, const model_catalog *catalog, const world_probe *probe,
                   uint32_t threads, int64_t seconds)
{
    shrinker *s = calloc(1, sizeof(*s));
    if (s == NULL)
        exit(2);
    s->feed = feed;
    s->catalog = *catalog;
    s->probe = *probe;
    s->threads = threads;
    s->deadline = time(NULL) + (time_t)seconds;
    if (fails(s)) {
        shrink_to_wrong_users(s);
        shrink_spelling(s);
        while (!is_late(s) && shrink_place(s, &s->probe.segment.root))
            continue;
        shrink_references(s);
        while (!is_late(s) && shrink_place(s, &s->probe.segment.root))
            continue;
        shrink_rows(s);
        shrink_values(s);
        while (!is_late(s) && shrink_place(s, &s->probe.segment.root))
            continue;
        shrink_spelling(s);
        shrink_references(s);
    }
    print_report(s);
    model_text_free(&s->why);
    model_arena_reset(&s->arena);
    free(s);
}
