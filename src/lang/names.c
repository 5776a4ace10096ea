/* names.c - names of events, attributes, properties and zones against the schema.
 *
 * A hit costs O(log n). Only a miss looks at every name, once, to find what was meant.
 *
 * Names are matched by their bytes. An open compile (SEG_COMPILE_OPEN) takes an unknown name for
 * one that nobody has a value of yet, with a warning, because segments are often written before
 * the data arrives. */
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "lang/checker.h"

/* ---- the map ---- */

/* The entry of that name, or the free one where it belongs; the map is at most half full, so
 * probing ends. */
static size_t map_slot(const segi_name_map *map, const void *scope, const char *text, size_t size)
{
    size_t i = segi_xxh3(text, size, (uint64_t)(uintptr_t)scope) & (map->capacity - 1);
    while (map->entries[i].value != NULL &&
           (map->entries[i].scope != scope || map->entries[i].size != size ||
            memcmp(map->entries[i].text, text, size) != 0))
        i = (i + 1) & (map->capacity - 1);
    return i;
}

void *segi_name_map_get(const segi_name_map *map, const void *scope, const char *text, size_t size)
{
    return map->count == 0 ? NULL : map->entries[map_slot(map, scope, text, size)].value;
}

bool segi_name_map_set(segi_name_map *map, segi_arena *arena, const void *scope, const char *text,
                       size_t size, void *value)
{
    if (map->count * 2 >= map->capacity) {
        segi_name_map larger = {NULL, map->count, map->capacity == 0 ? 16 : map->capacity * 2};
        larger.entries = segi_arena_array(arena, larger.capacity, sizeof *larger.entries);
        if (larger.entries == NULL)
            return false;
        for (size_t i = 0; i < map->capacity; i++) {
            const segi_name_entry *entry = &map->entries[i];
            if (entry->value != NULL)
                larger.entries[map_slot(&larger, entry->scope, entry->text, entry->size)] = *entry;
        }
        *map = larger;
    }
    size_t i = map_slot(map, scope, text, size);
    map->count += map->entries[i].value == NULL;
    map->entries[i] = (segi_name_entry){scope, text, size, value};
    return true;
}

/* ---- events ---- */

/* True with *found false only in an open compile. */
bool segi_check_event(segi_check *k, const segi_syn *syn, uint32_t *out, bool *found)
{
    const segi_schema *schema = k->c->schema;
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    const segi_event_type *event = segi_schema_event(schema, name, size);
    *found = event != NULL;
    if (event != NULL) {
        *out = event->index;
        return true;
    }
    if (k->c->flags & SEG_COMPILE_OPEN) {
        segi_check_warn(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME,
                        "no event \"%.*s\" yet: nobody did it", (int)size, name);
        return true;
    }
    segi_check_fail(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME, "unknown event \"%.*s\"",
                    (int)size, name);
    if (segi_check_suggest(k, name, size, segi_event_name, schema))
        return false;
    if (segi_schema_attribute(schema, name, size) != NULL)
        segi_check_hint(k, "\"%.*s\" is an attribute: test it as in %.*s = ..., without did",
                        (int)size, name, (int)size, name);
    else
        segi_check_list(k, "events here", segi_event_name, schema);
    return false;
}

/* ---- attributes and properties ---- */

/* A node that keeps its name for printing. */
static segi_node *named_node(segi_check *k, segi_node_kind kind, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, kind, syn);
    if (node == NULL)
        return NULL;
    node->name = segi_arena_copy(k->c->arena, syn->u.name.text, syn->u.name.text_size);
    node->name_size = syn->u.name.text_size;
    return node->name == NULL ? segi_check_nomem(k) : node;
}

/* An unknown name in an open compile: absent for everybody, of any type. */
static segi_node *unknown_name(segi_check *k, segi_node_kind kind, const segi_syn *syn)
{
    segi_check_warn(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME,
                    "no %s \"%.*s\" yet: it has no value",
                    kind == SEGI_NODE_ATTRIBUTE ? "attribute" : "property",
                    (int)syn->u.name.text_size, syn->u.name.text);
    return named_node(k, kind, syn);
}

/* alias.property where the alias means nothing. */
static bool fail_alias(segi_check *k, const segi_syn *syn)
{
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    for (const segi_syn_step *step = k->steps; step != k->steps_end; step = step->next) {
        segi_syn_alias alias = {step->name, step->name_size, NULL};
        if (!segi_check_is_alias(&alias, name, size))
            continue;
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "a step is compared with an earlier one by = alone");
        segi_check_hint(k, "where (sku = v.sku and ...)");
        return true;
    }
    for (const segi_syn_alias *alias = k->aliases; alias != NULL; alias = alias->next) {
        if (!segi_check_is_alias(alias, name, size))
            continue;
        segi_check_fail(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME,
                        "alias \"%.*s\" is only visible in later steps", (int)alias->name_size,
                        alias->name);
        return true;
    }
    return false;
}

static segi_node *fail_attribute(segi_check *k, const segi_syn *syn)
{
    if (fail_alias(k, syn))
        return NULL;
    segi_check_fail(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME, "unknown attribute \"%.*s\"",
                    (int)syn->u.name.text_size, syn->u.name.text);
    segi_check_suggest_attribute(k, syn);
    return NULL;
}

/* Also class.name, which looks like an attribute. */
static segi_node *check_attribute(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_rfm_name(k, syn);
    if (node == NULL && k->c->status == SEG_OK)
        node = segi_check_class_name(k, syn);
    if (node != NULL || k->c->status != SEG_OK)
        return node;
    const segi_field *field =
        segi_schema_attribute(k->c->schema, syn->u.name.text, syn->u.name.text_size);
    if (field == NULL && (k->c->flags & SEG_COMPILE_OPEN) && !fail_alias(k, syn))
        return unknown_name(k, SEGI_NODE_ATTRIBUTE, syn);
    if (field == NULL)
        return k->c->status == SEG_OK ? fail_attribute(k, syn) : NULL;
    node = named_node(k, SEGI_NODE_ATTRIBUTE, syn);
    if (node == NULL)
        return NULL;
    node->field = field;
    node->type = (segi_value_type){field->type, field->scale};
    if (field->history != SEGI_NO_HISTORY && !segi_check_history_value(k, node))
        return NULL;
    return node;
}

/* As fail_attribute(), with the properties of the selected events. */
static segi_node *fail_property(segi_check *k, const segi_syn *syn)
{
    if (fail_alias(k, syn))
        return NULL;
    const segi_schema *schema = k->c->schema;
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    const segi_selector *selector = k->selector;
    if (selector->event_count == 1 && !selector->any_event) {
        const segi_event_type *event = schema->events[selector->events[0]];
        segi_check_fail(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME,
                        "event \"%.*s\" has no property \"%.*s\"", (int)event->name_size,
                        event->name, (int)size, name);
    } else {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_UNKNOWN_NAME,
                        "none of these events has a property \"%.*s\"", (int)size, name);
    }
    const segi_field *attribute = segi_schema_attribute(schema, name, size);
    if (attribute == NULL && k->right) {
        segi_check_hint(k, "did you mean the text \"%.*s\"?", (int)size, name);
        return NULL;
    }
    for (uint32_t i = 0; i < selector->event_count; i++) {
        if (segi_check_suggest(k, name, size, segi_property_name,
                               schema->events[selector->events[i]]))
            return NULL;
    }
    if (attribute != NULL)
        segi_check_hint(k, "\"%.*s\" is an attribute of users: test it outside of where", (int)size,
                        name);
    else if (selector->event_count == 1)
        segi_check_list(k, "properties of it", segi_property_name,
                        schema->events[selector->events[0]]);
    return NULL;
}

/* The exact type, where "a number" would not tell two apart. */
static const char *field_kind(const segi_field *field, char out[16])
{
    if (field->type == SEG_TYPE_FLOAT64)
        return "a float";
    if (field->type != SEG_TYPE_DECIMAL)
        return segi_value_type_name((segi_value_type){field->type, field->scale});
    memcpy(out, "a decimal(00)", 14);
    out[10] = (char)('0' + field->scale / 10);
    out[11] = (char)('0' + field->scale % 10);
    if (field->scale < 10)
        memmove(out + 10, out + 11, 3);
    return out;
}

/* The property in each event type of the selector; all must agree on its type. NULL with no
 * failure: none of them has it. */
static const segi_field *const *find_fields(segi_check *k, const segi_syn *syn)
{
    segi_compiling *c = k->c;
    const segi_selector *selector = k->selector;
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    const segi_field *const *known =
        segi_name_map_get(&c->properties, selector->events, name, size);
    if (known != NULL)
        return known;
    const segi_field **fields = segi_check_alloc(k, selector->event_count + 1u, sizeof *fields);
    if (fields == NULL)
        return NULL;
    const segi_field *first = NULL;
    uint32_t first_event = 0;
    for (uint32_t i = 0; i < selector->event_count; i++) {
        const segi_event_type *event = c->schema->events[selector->events[i]];
        const segi_field *field = segi_event_property(event, name, size);
        fields[i] = field;
        if (field != NULL && first == NULL) {
            first = field;
            first_event = i;
        }
        if (field != NULL && (field->type != first->type || field->scale != first->scale)) {
            const segi_event_type *other = c->schema->events[selector->events[first_event]];
            char kinds[2][16];
            segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                            "\"%.*s\" is %s in \"%.*s\" and %s in \"%.*s\"", (int)size, name,
                            field_kind(first, kinds[0]), (int)other->name_size, other->name,
                            field_kind(field, kinds[1]), (int)event->name_size, event->name);
            segi_check_hint(k, "test the two events on their own, joined with or");
            return NULL;
        }
    }
    if (first == NULL)
        return NULL;
    if (!segi_name_map_set(&c->properties, &c->scratch, selector->events, name, size,
                           (void *)(uintptr_t)fields))
        return segi_check_nomem(k);
    return fields;
}

/* The type is that of the first event type that has it; all others agree. */
static segi_node *check_property(segi_check *k, const segi_syn *syn)
{
    const segi_field *const *fields = find_fields(k, syn);
    if (k->c->status != SEG_OK)
        return NULL;
    if (fields == NULL && (k->c->flags & SEG_COMPILE_OPEN) && !fail_alias(k, syn))
        return unknown_name(k, SEGI_NODE_PROPERTY, syn);
    if (fields == NULL)
        return k->c->status == SEG_OK ? fail_property(k, syn) : NULL;
    segi_node *node = named_node(k, SEGI_NODE_PROPERTY, syn);
    if (node == NULL)
        return NULL;
    node->fields = fields;
    uint32_t i = 0;
    while (fields[i] == NULL)
        i++;
    node->type = (segi_value_type){fields[i]->type, fields[i]->scale};
    return node;
}

/* What a bare name means depends on where it stands: within where it is the event's. */
segi_node *segi_check_name(segi_check *k, const segi_syn *syn)
{
    if (k->selector != NULL && k->selector->session != NULL) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "a session has @duration, @count and its events, but no properties");
        segi_check_hint(k, "ask its events: max(%.*s) of \"event\"", (int)syn->u.name.text_size,
                        syn->u.name.text);
        return NULL;
    }
    return k->selector != NULL ? check_property(k, syn) : check_attribute(k, syn);
}

/* ---- zones ---- */

/* Each zone is read from the system once per compile; the predicate owns it from then on. */
static const segi_zone *load_zone(segi_check *k, const segi_syn_zone *syn)
{
    segi_compiling *c = k->c;
    const segi_zone *known = segi_name_map_get(&c->zones, NULL, syn->name, syn->name_size);
    if (known != NULL)
        return known;
    if (c->loaded_count == SEGI_ZONES_MAX)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_LIMIT,
                               "more than %d different time zones", SEGI_ZONES_MAX);
    segi_zone *zone;
    seg_status status = segi_zone_load(c->mem, syn->name, syn->name_size, &zone, c->err);
    if (status != SEG_OK)
        return segi_check_failed(k, syn->begin, syn->size, status);
    c->loaded[c->loaded_count++] = zone;
    if (!segi_name_map_set(&c->zones, &c->scratch, NULL, syn->name, syn->name_size, zone))
        return segi_check_nomem(k);
    return zone;
}

/* Nothing said: the zone around it. `user` keeps the zone around as what is used for users
 * without a time zone (S-05). */
bool segi_check_zone(segi_check *k, const segi_syn_zone *syn, segi_zone_ref *out)
{
    *out = k->zone;
    if (syn->kind == SEGI_TZ_NONE)
        return true;
    if (syn->kind == SEGI_TZ_NAME) {
        out->kind = SEGI_ZONE_FIXED;
        out->attribute = NULL;
        out->zone = load_zone(k, syn);
        return out->zone != NULL;
    }
    const segi_field *field = segi_schema_attribute(k->c->schema, "timezone", 8);
    if (field == NULL || field->type != SEG_TYPE_STRING) {
        segi_check_fail(k, syn->begin, syn->size, field == NULL ? SEG_E_UNKNOWN_NAME : SEG_E_TYPE,
                        "users have no text attribute \"timezone\"");
        segi_check_hint(k,
                        "\"tz user\" reads zone names such as Europe/Berlin from it; name a zone "
                        "instead, or add the attribute");
        return false;
    }
    if (field->history != SEGI_NO_HISTORY) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "the zones of users are read from a \"timezone\" without a history");
        return false;
    }
    out->kind = SEGI_ZONE_USER;
    out->attribute = field;
    return true;
}
