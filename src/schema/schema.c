/* The table of names and types.
 *
 * Schemas share their entries: a field is one reference-counted object that every schema which
 * contains it holds, so making the next schema copies pointers only, and a schema that never gets
 * published leaves nothing behind. An event type is rebuilt when it gets a property; its name is
 * a shared field of type 0. Each list has an order by name beside it for binary search; that of the
 * event types leaves out those that keep the history of an attribute.
 *
 * Only the writer of a store makes schemas, one after the other under the store's mutex; readers
 * hold the one of their snapshot and never see a change. A definition costs O(entries) pointers,
 * which happens as often as a store gets a new column. */
#include "schema/schema.h"

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"
#include "base/name.h"
#include "base/text.h"

#define SCHEMA_SCALE_MAX 18
#define NO_PLACE SIZE_MAX /* in an order: nothing is put in */

/* An attribute, a property or the name of an event type. */
typedef struct schema_field {
    segi_field pub; /* first, so that pointers convert */
    atomic_uint refs;
    char name[];
} schema_field;

/* Rebuilt with each property: those who hold the old one see the old properties. */
typedef struct schema_event {
    segi_event_type pub;
    atomic_uint refs;
    schema_field *name; /* retained */
    uint32_t *order;    /* owned: property indices by name */
} schema_event;

/* One for all schemas of a store. */
typedef struct schema_zone {
    atomic_uint refs;
    segi_zone *zone; /* owned */
} schema_zone;

/* The public part comes first, so that a pointer to it is a pointer to this. */
typedef struct schema_full {
    segi_schema pub;
    atomic_uint refs;
    const segi_mem *mem;
    schema_zone *zone;         /* retained */
    uint32_t *attribute_order; /* owned */
    uint32_t *event_order;     /* owned: event_count - history_count of them */
} schema_full;

/* The reference counts are the only parts of published objects that change. */
static void *schema_mutable(const void *object)
{
    return (void *)(uintptr_t)object;
}

/* Whoever retains holds a reference already, so no order is needed; a release must see all that
 * others did before theirs. */
static void schema_retain_count(atomic_uint *refs)
{
    atomic_fetch_add_explicit(refs, 1, memory_order_relaxed);
}

static bool schema_release_count(atomic_uint *refs)
{
    return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Controls are C0, DEL and, as two bytes of UTF-8, C1. */
static bool schema_has_control(const char *name, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)name[i];
        if (c < 0x20 || c == 0x7f)
            return true;
        if (c == 0xc2 && i + 1 < size && (unsigned char)name[i + 1] < 0xa0)
            return true;
    }
    return false;
}

bool segi_name_valid(const char *name, size_t size)
{
    return name && size > 0 && size <= SEG_NAME_SIZE_MAX && segi_utf8_valid(name, size) &&
           !schema_has_control(name, size);
}

static seg_status schema_check_name(const char *name, size_t size, const char *what, seg_error *err)
{
    if (segi_name_valid(name, size))
        return SEG_OK;
    return segi_fail(err, SEG_E_ARG,
                     "%s name must be 1 to %d bytes of UTF-8 without control characters", what,
                     SEG_NAME_SIZE_MAX);
}

/* ---- fields and event types ------------------------------------------------------------------ */

/* One block with the name at its end, hence free() ends both. The first reference is the
 * caller's. */
static schema_field *schema_field_create(const segi_mem *mem, const char *name, size_t size,
                                         seg_type type, int32_t scale, uint32_t index)
{
    schema_field *field = segi_alloc(mem, sizeof *field + size + 1);
    if (!field)
        return NULL;
    memcpy(field->name, name, size);
    field->name[size] = 0;
    field->pub = (segi_field){field->name, size, type, scale, index, SEGI_NO_HISTORY};
    atomic_init(&field->refs, 1);
    return field;
}

/* NULL is allowed. */
static void schema_field_release(const segi_mem *mem, const segi_field *pub)
{
    schema_field *field = schema_mutable(pub);
    if (field && schema_release_count(&field->refs))
        segi_free(mem, field);
}

/* A copy of `count` pointers with room for one more; never NULL but when out of memory.
 * References are not counted here: the caller does, once nothing can fail any more. */
static void *schema_copy_pointers(const segi_mem *mem, const void *from, uint32_t count)
{
    const void **copy = segi_alloc_array(mem, (size_t)count + 1, sizeof *copy);
    if (copy && count > 0)
        memcpy(copy, from, count * sizeof *copy);
    return copy;
}

/* A copy of an order with `entry` put in at `place`; NO_PLACE: unchanged. */
static uint32_t *schema_copy_order(const segi_mem *mem, const uint32_t *from, uint32_t count,
                                   size_t place, uint32_t entry)
{
    uint32_t *copy = segi_alloc_array(mem, (size_t)count + 1, sizeof *copy);
    if (!copy)
        return NULL;
    size_t head = place < count ? place : count;
    if (head > 0)
        memcpy(copy, from, head * sizeof *copy);
    if (place == NO_PLACE)
        return copy;
    copy[head] = entry;
    if (count > head)
        memcpy(copy + head + 1, from + head, (count - head) * sizeof *copy);
    return copy;
}

static void schema_event_release(const segi_mem *mem, const segi_event_type *pub)
{
    schema_event *event = schema_mutable(pub);
    if (!event || !schema_release_count(&event->refs))
        return;
    for (uint32_t i = 0; i < event->pub.field_count; i++)
        schema_field_release(mem, event->pub.fields[i]);
    segi_free(mem, schema_mutable(event->pub.fields));
    segi_free(mem, event->order);
    if (event->name)
        schema_field_release(mem, &event->name->pub);
    segi_free(mem, event);
}

/* An event type with the properties of `from` (NULL: none) and, if given, one more, which is
 * taken on success. */
static schema_event *schema_event_create(const segi_mem *mem, schema_field *name, uint32_t index,
                                         const schema_event *from, schema_field *more, size_t place)
{
    uint32_t count = from ? from->pub.field_count : 0;
    schema_event *event = segi_alloc_zero(mem, sizeof *event);
    const segi_field **fields =
        schema_copy_pointers(mem, from ? (const void *)from->pub.fields : NULL, count);
    uint32_t *order =
        schema_copy_order(mem, from ? from->order : NULL, count, more ? place : NO_PLACE, count);
    if (!event || !fields || !order) {
        segi_free(mem, event);
        segi_free(mem, fields);
        segi_free(mem, order);
        return NULL;
    }
    for (uint32_t i = 0; i < count; i++)
        schema_retain_count(&((schema_field *)schema_mutable(fields[i]))->refs);
    if (more)
        fields[count++] = &more->pub;
    schema_retain_count(&name->refs);
    event->pub = (segi_event_type){name->name, name->pub.name_size, index, count, fields, false};
    event->name = name;
    event->order = order;
    atomic_init(&event->refs, 1);
    return event;
}

/* ---- lookups --------------------------------------------------------------------------------- */

/* What is searched: entries, and their order by name. */
typedef struct schema_names {
    const void *entries; /* of segi_field or segi_event_type, pointers to them */
    const uint32_t *order;
} schema_names;

static const char *schema_field_name(const void *list, size_t i, size_t *out_size)
{
    const schema_names *names = list;
    const segi_field *field = ((const segi_field *const *)names->entries)[names->order[i]];
    *out_size = field->name_size;
    return field->name;
}

static const char *schema_event_name(const void *list, size_t i, size_t *out_size)
{
    const schema_names *names = list;
    const segi_event_type *event =
        ((const segi_event_type *const *)names->entries)[names->order[i]];
    *out_size = event->name_size;
    return event->name;
}

/* False where it is not there; *out_place is then its place in the order. */
static bool schema_search_fields(const segi_field *const *fields, const uint32_t *order,
                                 uint32_t count, const char *name, size_t size, size_t *out_place)
{
    const schema_names names = {fields, order};
    return segi_name_find(&names, count, schema_field_name, name, size, out_place);
}

/* As schema_search_fields(). */
static bool schema_search_events(const schema_full *full, const char *name, size_t size,
                                 size_t *out_place)
{
    const schema_names names = {full->pub.events, full->event_order};
    return segi_name_find(&names, full->pub.event_count - full->pub.history_count,
                          schema_event_name, name, size, out_place);
}

const segi_field *segi_schema_attribute(const segi_schema *schema, const char *name, size_t size)
{
    const schema_full *full = (const schema_full *)schema;
    size_t place;
    if (!schema_search_fields(schema->attributes, full->attribute_order, schema->attribute_count,
                              name, size, &place))
        return NULL;
    return schema->attributes[full->attribute_order[place]];
}

const segi_event_type *segi_schema_event(const segi_schema *schema, const char *name, size_t size)
{
    const schema_full *full = (const schema_full *)schema;
    size_t place;
    if (!schema_search_events(full, name, size, &place))
        return NULL;
    return schema->events[full->event_order[place]];
}

const segi_field *segi_event_property(const segi_event_type *event, const char *name, size_t size)
{
    const schema_event *full = (const schema_event *)event;
    size_t place;
    if (!schema_search_fields(event->fields, full->order, event->field_count, name, size, &place))
        return NULL;
    return event->fields[full->order[place]];
}

/* ---- schemas --------------------------------------------------------------------------------- */

static void schema_zone_release(const segi_mem *mem, schema_zone *zone)
{
    if (!zone || !schema_release_count(&zone->refs))
        return;
    segi_zone_destroy(zone->zone);
    segi_free(mem, zone);
}

/* The last reference is gone. */
static void schema_destroy(schema_full *full)
{
    const segi_mem *mem = full->mem;
    for (uint32_t i = 0; i < full->pub.attribute_count; i++)
        schema_field_release(mem, full->pub.attributes[i]);
    for (uint32_t i = 0; i < full->pub.event_count; i++)
        schema_event_release(mem, full->pub.events[i]);
    segi_free(mem, schema_mutable(full->pub.attributes));
    segi_free(mem, schema_mutable(full->pub.events));
    segi_free(mem, full->attribute_order);
    segi_free(mem, full->event_order);
    schema_zone_release(mem, full->zone);
    segi_free(mem, full);
}

seg_status segi_schema_create(const segi_mem *mem, uint32_t id_kind, int32_t week_start,
                              segi_zone *zone, const segi_schema **out, seg_error *err)
{
    *out = NULL;
    schema_zone *holder = segi_alloc(mem, sizeof *holder);
    if (!holder) {
        segi_zone_destroy(zone);
        return segi_fail_nomem(err);
    }
    atomic_init(&holder->refs, 1);
    holder->zone = zone;
    schema_full *full = segi_alloc_zero(mem, sizeof *full);
    if (!full) {
        schema_zone_release(mem, holder);
        return segi_fail_nomem(err);
    }
    atomic_init(&full->refs, 1);
    full->mem = mem;
    full->zone = holder;
    full->pub.id_kind = id_kind;
    full->pub.week_start = week_start;
    full->pub.zone = zone;
    *out = &full->pub;
    return SEG_OK;
}

void segi_schema_retain(const segi_schema *schema)
{
    schema_full *full = schema_mutable(schema);
    schema_retain_count(&full->refs);
}

void segi_schema_release(const segi_schema *schema)
{
    schema_full *full = schema_mutable(schema);
    if (full && schema_release_count(&full->refs))
        schema_destroy(full);
}

/* A copy of `from` with room for one more entry in each list. The orders get the new entry at
 * the given places. */
static schema_full *schema_copy(const schema_full *from, size_t attribute_place, size_t event_place)
{
    const segi_mem *mem = from->mem;
    uint32_t attributes = from->pub.attribute_count, events = from->pub.event_count;
    schema_full *full = segi_alloc_zero(mem, sizeof *full);
    if (!full)
        return NULL;
    full->mem = mem;
    full->pub = from->pub;
    full->pub.attributes = schema_copy_pointers(mem, from->pub.attributes, attributes);
    full->pub.events = schema_copy_pointers(mem, from->pub.events, events);
    full->attribute_order =
        schema_copy_order(mem, from->attribute_order, attributes, attribute_place, attributes);
    full->event_order = schema_copy_order(mem, from->event_order, events - from->pub.history_count,
                                          event_place, events);
    if (!full->pub.attributes || !full->pub.events || !full->attribute_order ||
        !full->event_order) {
        segi_free(mem, schema_mutable(full->pub.attributes));
        segi_free(mem, schema_mutable(full->pub.events));
        segi_free(mem, full->attribute_order);
        segi_free(mem, full->event_order);
        segi_free(mem, full);
        return NULL;
    }
    for (uint32_t i = 0; i < attributes; i++)
        schema_retain_count(&((schema_field *)schema_mutable(from->pub.attributes[i]))->refs);
    for (uint32_t i = 0; i < events; i++)
        schema_retain_count(&((schema_event *)schema_mutable(from->pub.events[i]))->refs);
    full->zone = from->zone;
    schema_retain_count(&full->zone->refs);
    atomic_init(&full->refs, 1);
    return full;
}

/* Only users can have sets of texts: events would need them per row. */
static seg_status schema_check_type(seg_type type, int32_t scale, bool property, seg_error *err)
{
    SEGI_CHECK_ARG(type >= SEG_TYPE_BOOL && type <= SEG_TYPE_STRING_SET, err,
                   "unknown column type");
    SEGI_CHECK_ARG(!property || type != SEG_TYPE_STRING_SET, err,
                   "string sets are for attributes only");
    if (type == SEG_TYPE_DECIMAL)
        SEGI_CHECK_ARG(scale >= 0 && scale <= SCHEMA_SCALE_MAX, err,
                       "the scale of a decimal must be 0 to 18");
    else
        SEGI_CHECK_ARG(scale == 0, err, "only decimals have a scale");
    return SEG_OK;
}

/* The entry is there already: the same type does nothing. Decimals of another scale are of the
 * same type for a batch, which converts, but a definition must repeat the scale. */
static seg_status schema_keep(const segi_schema *schema, const segi_field *field, seg_type type,
                              int32_t scale, const segi_schema **out, uint32_t *out_index,
                              seg_error *err)
{
    if (field->type != type)
        return segi_fail(err, SEG_E_SCHEMA, "column \"%s\" is of type %s, not %s", field->name,
                         segi_type_name(field->type), segi_type_name(type));
    if (field->scale != scale)
        return segi_fail(err, SEG_E_SCHEMA, "column \"%s\" has scale %d, not %d", field->name,
                         (int)field->scale, (int)scale);
    segi_schema_retain(schema);
    *out = schema;
    *out_index = field->index;
    return SEG_OK;
}

/* Checked, made, copied, put in: the last step cannot fail, and what was made before goes with a
 * failure. */
seg_status segi_schema_add_attribute(const segi_schema *schema, const char *name, size_t name_size,
                                     seg_type type, int32_t scale, const segi_schema **out,
                                     uint32_t *out_index, seg_error *err)
{
    const schema_full *from = (const schema_full *)schema;
    size_t place;
    uint32_t count = schema->attribute_count;
    *out = NULL;
    *out_index = 0;
    SEGI_TRY(schema_check_name(name, name_size, "attribute", err));
    SEGI_TRY(schema_check_type(type, scale, false, err));
    if (schema_search_fields(schema->attributes, from->attribute_order, count, name, name_size,
                             &place))
        return schema_keep(schema, schema->attributes[from->attribute_order[place]], type, scale,
                           out, out_index, err);
    if (count >= SEG_COLUMNS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a store has at most %d attributes", SEG_COLUMNS_MAX);
    schema_field *field = schema_field_create(from->mem, name, name_size, type, scale, count);
    schema_full *full = field ? schema_copy(from, place, NO_PLACE) : NULL;
    if (!full) {
        segi_free(from->mem, field);
        return segi_fail_nomem(err);
    }
    ((const segi_field **)schema_mutable(full->pub.attributes))[count] = &field->pub;
    full->pub.attribute_count++;
    *out = &full->pub;
    *out_index = count;
    return SEG_OK;
}

seg_status segi_schema_add_event(const segi_schema *schema, const char *name, size_t name_size,
                                 const segi_schema **out, uint32_t *out_index, seg_error *err)
{
    const schema_full *from = (const schema_full *)schema;
    size_t place;
    uint32_t count = schema->event_count;
    *out = NULL;
    *out_index = 0;
    SEGI_TRY(schema_check_name(name, name_size, "event type", err));
    if (schema_search_events(from, name, name_size, &place)) {
        segi_schema_retain(schema);
        *out = schema;
        *out_index = from->event_order[place];
        return SEG_OK;
    }
    if (count >= SEG_COLUMNS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a store has at most %d event types", SEG_COLUMNS_MAX);
    schema_field *holder = schema_field_create(from->mem, name, name_size, 0, 0, count);
    if (!holder)
        return segi_fail_nomem(err);
    schema_event *event = schema_event_create(from->mem, holder, count, NULL, NULL, 0);
    schema_field_release(from->mem, &holder->pub);
    if (!event)
        return segi_fail_nomem(err);
    schema_full *full = schema_copy(from, NO_PLACE, place);
    if (!full) {
        schema_event_release(from->mem, &event->pub);
        return segi_fail_nomem(err);
    }
    ((const segi_event_type **)schema_mutable(full->pub.events))[count] = &event->pub;
    full->pub.event_count++;
    *out = &full->pub;
    *out_index = count;
    return SEG_OK;
}

/* The field that an attribute becomes when its history is kept. */
static schema_field *schema_field_with_history(const segi_mem *mem, const segi_field *field,
                                               uint32_t event)
{
    schema_field *own = schema_field_create(mem, field->name, field->name_size, field->type,
                                            field->scale, field->index);
    if (own)
        own->pub.history = event;
    return own;
}

/* The event type for it: of the same name, with the value as its property. */
static schema_event *schema_history_create(const segi_mem *mem, const segi_field *field,
                                           uint32_t event)
{
    schema_field *value =
        schema_field_create(mem, field->name, field->name_size, field->type, field->scale, 0);
    schema_field *holder =
        value ? schema_field_create(mem, field->name, field->name_size, 0, 0, event) : NULL;
    schema_event *own = holder ? schema_event_create(mem, holder, event, NULL, value, 0) : NULL;
    if (holder)
        schema_field_release(mem, &holder->pub);
    if (!own)
        segi_free(mem, value);
    else
        own->pub.history = true;
    return own;
}

seg_status segi_schema_attach_history(const segi_schema *schema, uint32_t attribute,
                                      const segi_schema **out, uint32_t *out_event, seg_error *err)
{
    const schema_full *from = (const schema_full *)schema;
    const segi_mem *mem = from->mem;
    uint32_t event = schema->event_count;
    *out = NULL;
    SEGI_ASSERT(attribute < schema->attribute_count);
    const segi_field *old = schema->attributes[attribute];
    if (old->history != SEGI_NO_HISTORY || old->type == SEG_TYPE_STRING_SET)
        return segi_fail(err, SEG_E_SCHEMA, "attribute \"%s\" cannot get a history", old->name);
    if (event >= SEG_COLUMNS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "a store has at most %d event types and histories",
                         SEG_COLUMNS_MAX);
    schema_field *field = schema_field_with_history(mem, old, event);
    schema_event *history = field ? schema_history_create(mem, old, event) : NULL;
    schema_full *full = history ? schema_copy(from, NO_PLACE, NO_PLACE) : NULL;
    if (!full) {
        segi_free(mem, field);
        if (history)
            schema_event_release(mem, &history->pub);
        return segi_fail_nomem(err);
    }
    schema_field_release(mem, full->pub.attributes[attribute]);
    ((const segi_field **)schema_mutable(full->pub.attributes))[attribute] = &field->pub;
    ((const segi_event_type **)schema_mutable(full->pub.events))[event] = &history->pub;
    full->pub.event_count++;
    full->pub.history_count++;
    *out = &full->pub;
    *out_event = event;
    return SEG_OK;
}

seg_status segi_schema_add_history(const segi_schema *schema, const char *name, size_t name_size,
                                   seg_type type, int32_t scale, const segi_schema **out,
                                   seg_error *err)
{
    const segi_schema *with_attribute;
    uint32_t index, event, known = schema->attribute_count;
    *out = NULL;
    if (type == SEG_TYPE_STRING_SET)
        return segi_fail(err, SEG_E_SCHEMA,
                         "sets of texts have no history: use an attribute of "
                         "texts, or events");
    SEGI_TRY(segi_schema_add_attribute(schema, name, name_size, type, scale, &with_attribute,
                                       &index, err));
    if (with_attribute->attributes[index]->history != SEGI_NO_HISTORY) {
        *out = with_attribute;
        return SEG_OK;
    }
    seg_status status =
        index < known ? segi_fail(err, SEG_E_SCHEMA,
                                  "attribute \"%s\" is there without a history: it is unknown "
                                  "since when its values hold",
                                  with_attribute->attributes[index]->name)
                      : segi_schema_attach_history(with_attribute, index, out, &event, err);
    segi_schema_release(with_attribute);
    return status;
}

/* The event type is rebuilt with the property and takes the old one's place in the copy. */
seg_status segi_schema_add_property(const segi_schema *schema, uint32_t event, const char *name,
                                    size_t name_size, seg_type type, int32_t scale,
                                    const segi_schema **out, uint32_t *out_index, seg_error *err)
{
    const schema_full *from = (const schema_full *)schema;
    size_t place;
    *out = NULL;
    *out_index = 0;
    SEGI_ASSERT(event < schema->event_count);
    SEGI_TRY(schema_check_name(name, name_size, "property", err));
    SEGI_TRY(schema_check_type(type, scale, true, err));
    const schema_event *old = (const schema_event *)schema->events[event];
    uint32_t count = old->pub.field_count;
    if (schema_search_fields(old->pub.fields, old->order, count, name, name_size, &place))
        return schema_keep(schema, old->pub.fields[old->order[place]], type, scale, out, out_index,
                           err);
    if (count >= SEG_COLUMNS_MAX)
        return segi_fail(err, SEG_E_LIMIT, "an event type has at most %d properties",
                         SEG_COLUMNS_MAX);
    schema_field *field = schema_field_create(from->mem, name, name_size, type, scale, count);
    if (!field)
        return segi_fail_nomem(err);
    schema_event *next = schema_event_create(from->mem, old->name, event, old, field, place);
    if (!next) {
        segi_free(from->mem, field);
        return segi_fail_nomem(err);
    }
    schema_full *full = schema_copy(from, NO_PLACE, NO_PLACE);
    if (!full) {
        schema_event_release(from->mem, &next->pub);
        return segi_fail_nomem(err);
    }
    schema_event_release(from->mem, full->pub.events[event]);
    ((const segi_event_type **)schema_mutable(full->pub.events))[event] = &next->pub;
    *out = &full->pub;
    *out_index = count;
    return SEG_OK;
}

/* By the numbers of SEG_TYPE_*; both kinds of numbers are "number" to a reader. */
const char *segi_type_name(seg_type type)
{
    static const char *const names[] = {"none",     "boolean",     "whole number", "float",
                                        "decimal",  "text",        "instant",      "date",
                                        "location", "set of texts"};
    return type >= 0 && type <= SEG_TYPE_STRING_SET ? names[type] : "unknown";
}
