/* unit/lang/lang_support.h - the example store of docs/language.md, and trees compared node by
 * node. No Check in here: the fuzz target uses it too. */
#ifndef SEG_TEST_LANG_SUPPORT_H
#define SEG_TEST_LANG_SUPPORT_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "lang/lang.h"

typedef struct lang_column {
    const char *event; /* NULL: an attribute */
    const char *name;  /* NULL: an event type without properties */
    seg_type type;
    int32_t scale;
    bool history;
} lang_column;

static const lang_column lang_columns[] = {
    {NULL, "email", SEG_TYPE_STRING, 0, false},
    {NULL, "country", SEG_TYPE_STRING, 0, false},
    {NULL, "plan", SEG_TYPE_STRING, 0, true},
    {NULL, "timezone", SEG_TYPE_STRING, 0, false},
    {NULL, "seats", SEG_TYPE_INT64, 0, false},
    {NULL, "score", SEG_TYPE_FLOAT64, 0, false},
    {NULL, "balance", SEG_TYPE_DECIMAL, 2, false},
    {NULL, "vip", SEG_TYPE_BOOL, 0, false},
    {NULL, "signed_up", SEG_TYPE_TIMESTAMP, 0, false},
    {NULL, "trial_end", SEG_TYPE_TIMESTAMP, 0, false},
    {NULL, "birthday", SEG_TYPE_DATE, 0, false},
    {NULL, "home", SEG_TYPE_GEO, 0, false},
    {NULL, "last_location", SEG_TYPE_GEO, 0, false},
    {NULL, "tags", SEG_TYPE_STRING_SET, 0, false},
    {NULL, "class.value_tier", SEG_TYPE_STRING, 0, false},
    {NULL, "odd name", SEG_TYPE_STRING, 0, false},
    {NULL, "first", SEG_TYPE_INT64, 0, false},
    {"Signed Up", "utm_source", SEG_TYPE_STRING, 0, false},
    {"Order Completed", "total", SEG_TYPE_DECIMAL, 2, false},
    {"Order Completed", "currency", SEG_TYPE_STRING, 0, false},
    {"Order Completed", "category", SEG_TYPE_STRING, 0, false},
    {"Order Completed", "coupon", SEG_TYPE_STRING, 0, false},
    {"Order Completed", "items", SEG_TYPE_INT64, 0, false},
    {"Order Completed", "gift", SEG_TYPE_BOOL, 0, false},
    {"Order Completed", "deliver_on", SEG_TYPE_DATE, 0, false},
    {"Order Completed", "paid_at", SEG_TYPE_TIMESTAMP, 0, false},
    {"Order Completed", "shop", SEG_TYPE_GEO, 0, false},
    {"Product Viewed", "sku", SEG_TYPE_STRING, 0, false},
    {"Product Viewed", "category", SEG_TYPE_STRING, 0, false},
    {"Product Viewed", "total", SEG_TYPE_FLOAT64, 0, false},
    {"Session Started", "utm_source", SEG_TYPE_STRING, 0, false},
    {"Session Started", "seconds", SEG_TYPE_FLOAT64, 0, false},
    {"Plan Changed", "plan", SEG_TYPE_STRING, 0, false},
    {"Project Created", NULL, 0, 0, false},
    {"Password Reset", NULL, 0, 0, false},
    {"App Opened", NULL, 0, 0, false},
    {"login", NULL, 0, 0, false}};

static inline void lang_need(seg_status status)
{
    if (status != SEG_OK)
        abort();
}

/* The caller releases it. The store's zone is UTC, its week starts on Monday. */
static inline const segi_schema *lang_schema(const segi_mem *mem)
{
    segi_zone *zone;
    const segi_schema *schema, *next;
    uint32_t event, index;
    lang_need(segi_zone_load(mem, "UTC", 3, &zone, NULL));
    lang_need(segi_schema_create(mem, 1, 1, zone, &schema, NULL));
    for (size_t i = 0; i < sizeof lang_columns / sizeof *lang_columns; i++) {
        const lang_column *c = &lang_columns[i];
        if (c->event == NULL) {
            size_t size = strlen(c->name);
            lang_need(c->history ? segi_schema_add_history(schema, c->name, size, c->type, c->scale,
                                                           &next, NULL)
                                 : segi_schema_add_attribute(schema, c->name, size, c->type,
                                                             c->scale, &next, &index, NULL));
            segi_schema_release(schema);
            schema = next;
            continue;
        }
        lang_need(segi_schema_add_event(schema, c->event, strlen(c->event), &next, &event, NULL));
        segi_schema_release(schema);
        schema = next;
        if (c->name == NULL)
            continue;
        lang_need(segi_schema_add_property(schema, event, c->name, strlen(c->name), c->type,
                                           c->scale, &next, &index, NULL));
        segi_schema_release(schema);
        schema = next;
    }
    return schema;
}

/* ---- equality ---- */

static inline bool lang_nodes_equal(const segi_node *a, const segi_node *b);

static inline bool lang_literal_equal(const segi_literal *a, const segi_literal *b)
{
    return a->type.type == b->type.type && a->type.scale == b->type.scale && a->slot == b->slot &&
           a->text_size == b->text_size &&
           (a->text_size == 0 || memcmp(a->text, b->text, a->text_size) == 0);
}

/* Zones of two compiles are two objects, so the name counts. */
static inline bool lang_zone_equal(segi_zone_ref a, segi_zone_ref b)
{
    if (a.kind != b.kind || a.attribute != b.attribute || (a.zone == NULL) != (b.zone == NULL))
        return false;
    return a.zone == NULL || strcmp(segi_zone_name(a.zone), segi_zone_name(b.zone)) == 0;
}

static inline bool lang_window_equal(const segi_window *a, const segi_window *b)
{
    return a->kind == b->kind && a->length.count == b->length.count &&
           a->length.unit == b->length.unit && a->length_to.count == b->length_to.count &&
           (a->length_to.count == 0 || a->length_to.unit == b->length_to.unit) &&
           a->complete == b->complete && a->from.kind == b->from.kind &&
           a->from.value == b->from.value && a->to.kind == b->to.kind &&
           a->to.value == b->to.value && a->side == b->side && a->week_start == b->week_start &&
           lang_zone_equal(a->zone, b->zone) && lang_nodes_equal(a->anchor, b->anchor);
}

static inline bool lang_selector_equal(const segi_selector *a, const segi_selector *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->event_count != b->event_count || a->any_event != b->any_event ||
        a->unknown_count != b->unknown_count)
        return false;
    for (uint32_t i = 0; i < a->event_count; i++) {
        if (a->events[i] != b->events[i])
            return false;
    }
    for (uint32_t i = 0; i < a->unknown_count; i++) {
        if (a->unknown[i].size != b->unknown[i].size ||
            memcmp(a->unknown[i].text, b->unknown[i].text, a->unknown[i].size) != 0)
            return false;
    }
    return lang_nodes_equal(a->where, b->where);
}

static inline bool lang_rings_equal(const segi_node *a, const segi_node *b)
{
    for (uint32_t i = 0; i < a->ring_count; i++) {
        if (a->rings[i].count != b->rings[i].count ||
            memcmp(a->rings[i].points, b->rings[i].points,
                   a->rings[i].count * sizeof *a->rings[i].points) != 0)
            return false;
    }
    return memcmp(&a->point, &b->point, sizeof a->point) == 0 && a->meters <= b->meters &&
           a->meters >= b->meters;
}

/* Everything but the spans. */
static inline bool lang_nodes_equal(const segi_node *a, const segi_node *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    if (a->kind != b->kind || a->type.type != b->type.type || a->type.scale != b->type.scale ||
        a->child_count != b->child_count || a->count != b->count || a->op != b->op ||
        a->negated != b->negated || a->percent != b->percent || a->bottom != b->bottom ||
        a->state != b->state || a->has != b->has || a->text != b->text || a->fold != b->fold ||
        a->list_count != b->list_count || a->ring_count != b->ring_count || a->which != b->which ||
        a->nth != b->nth || a->arith != b->arith || a->field != b->field ||
        a->builtin != b->builtin || a->aggregate != b->aggregate || a->period != b->period ||
        a->min_events != b->min_events || a->ties != b->ties || a->name_size != b->name_size)
        return false;
    if (a->name_size != 0 && memcmp(a->name, b->name, a->name_size) != 0)
        return false;
    if (a->bound.given != b->bound.given || a->bound.min != b->bound.min ||
        a->bound.max != b->bound.max || a->bound.periods != b->bound.periods ||
        (a->bound.periods && a->bound.period != b->bound.period))
        return false;
    if (a->moment.kind != b->moment.kind || a->moment.value != b->moment.value ||
        (a->kind == SEGI_NODE_SHIFT &&
         (a->shift.count != b->shift.count || a->shift.unit != b->shift.unit)) ||
        a->fraction < b->fraction || a->fraction > b->fraction)
        return false;
    if (!lang_literal_equal(&a->literal, &b->literal) || !lang_rings_equal(a, b) ||
        !lang_window_equal(&a->window, &b->window) ||
        !lang_selector_equal(a->selector, b->selector) ||
        !lang_nodes_equal(a->argument, b->argument) || !lang_nodes_equal(a->share, b->share) ||
        !lang_nodes_equal(a->from, b->from) || !lang_nodes_equal(a->to, b->to) ||
        !lang_nodes_equal(a->written, b->written))
        return false;
    for (uint32_t i = 0; i < a->list_count; i++) {
        if (!lang_literal_equal(&a->list[i], &b->list[i]))
            return false;
    }
    for (uint32_t i = 0; i < a->child_count; i++) {
        if (!lang_nodes_equal(a->children[i], b->children[i]))
            return false;
    }
    return true;
}

/* ---- what is saved ---- */

static inline const segi_saved *lang_saved_at(void *user, segi_definition kind, size_t i)
{
    static const segi_days ranges[] = {{20419, 20422}, {20783, 20786}};
    static const segi_saved friday = {.name = "black_friday", .name_size = 12, .days = {2, ranges}};
    (void)user;
    return kind == SEGI_DEFINE_OCCASION && i == 0 ? &friday : NULL;
}

static inline const segi_saved *lang_saved_find(void *user, segi_definition kind, const char *name,
                                                size_t size)
{
    const segi_saved *saved = lang_saved_at(user, kind, 0);
    return saved != NULL && size == 12 && memcmp(name, saved->name, size) == 0 ? saved : NULL;
}

/* No segments, and one occasion. */
static const segi_resolver lang_resolver = {NULL, lang_saved_find, lang_saved_at};

/* A predicate. resolver may be NULL. */
static inline seg_status lang_compile_with(const segi_resolver *resolver, const segi_schema *schema,
                                           const char *text, size_t text_size, uint32_t flags,
                                           segi_predicate **out, seg_error *err)
{
    const segi_source source = {
        .schema = schema, .text = text, .text_size = text_size, .flags = flags};
    return segi_compile(segi_mem_default(), &source, resolver, out, err);
}

/* ---- the JSON form ---- */

/* JSON read back: a predicate from the text that the document stands for. NULL with *err. */
static inline segi_predicate *lang_compile_json(const segi_schema *schema, const char *json,
                                                size_t size, uint32_t flags, seg_error *err)
{
    segi_json *document;
    segi_predicate *p = NULL;
    seg_error_init(err, sizeof *err);
    if (segi_json_open(segi_mem_default(), json, size, &document, err) != SEG_OK)
        return NULL;
    size_t text_size;
    const char *text = segi_json_text(document, &text_size);
    if (lang_compile_with(&lang_resolver, schema, text, text_size, flags, &p, err) != SEG_OK)
        segi_json_place_error(document, err);
    segi_json_close(document);
    return p;
}

/* The file that SEG_JSON_SAMPLES names gets a line for each document that a test makes. */
static inline void lang_json_sample(const segi_buf *json)
{
    const char *path = getenv("SEG_JSON_SAMPLES");
    FILE *file = path == NULL ? NULL : fopen(path, "ab");
    if (file == NULL)
        return;
    fwrite(json->data, 1, json->size, file);
    fputc('\n', file);
    fclose(file);
}

/* Predicate, JSON, predicate: texts, trees, documents and fingerprints are equal. NULL, or what
 * is not. A document may be too long or deep as text where the predicate was at the limits. */
static inline const char *lang_json_round(const segi_schema *schema, const segi_predicate *p,
                                          uint32_t flags)
{
    static char message[4096];
    const char *fault = NULL;
    seg_error err;
    segi_buf buffers[4];
    for (size_t i = 0; i < 4; i++)
        segi_buf_init(&buffers[i], segi_mem_default());
    segi_predicate_json(p, false, &buffers[0]);
    segi_predicate_print(p, false, &buffers[1]);
    lang_json_sample(&buffers[0]);
    segi_predicate *q = lang_compile_json(schema, buffers[0].data, buffers[0].size, flags, &err);
    if (q == NULL) {
        if (err.code != SEG_E_LIMIT)
            fault = err.message;
    } else {
        segi_predicate_json(q, false, &buffers[2]);
        segi_predicate_print(q, false, &buffers[3]);
        for (size_t i = 0; i < 2 && fault == NULL; i++) {
            if (buffers[i].size != buffers[i + 2].size ||
                memcmp(buffers[i].data, buffers[i + 2].data, buffers[i].size) != 0)
                fault = i == 0 ? "another document" : "another text";
        }
        if (fault == NULL && !lang_nodes_equal(p->root, q->root))
            fault = "another tree";
        if (fault == NULL && memcmp(p->fingerprint, q->fingerprint, sizeof p->fingerprint) != 0)
            fault = "another fingerprint";
    }
    if (fault != NULL) {
        snprintf(message, sizeof message, "%s\n%.*s\n%.*s", fault,
                 (int)(buffers[1].size > 1500 ? 1500 : buffers[1].size), buffers[1].data,
                 (int)(buffers[0].size > 2000 ? 2000 : buffers[0].size), buffers[0].data);
        fault = message;
    }
    segi_predicate_destroy(q);
    for (size_t i = 0; i < 4; i++)
        segi_buf_deinit(&buffers[i]);
    return fault;
}

#endif
