/* suggest.c - which name was meant, where one is unknown.
 *
 * First the name that is spelled nearly so; then one that contains it or lies in it, as "order"
 * does in "Order Completed"; then what the name is instead; and where nothing else is known, a
 * list of the names that there are. All of it looks at every name, once per failed compile. */
#include <string.h>

#include "base/text.h"
#include "lang/checker.h"

#define LIST_SIZE_MAX 200   /* bytes of a list of names, for the hint's 240 */
#define INSIDE_SIZE_MIN 4   /* bytes of a name that is looked for inside of others */
#define ALIKE_SIZE_MAX 1000 /* bytes of a name beyond which nobody looks inside */

/* Is one of them part of the other, without regard to the case of ASCII letters? */
static bool inside(const char *a, size_t a_size, const char *b, size_t b_size)
{
    if (a_size > b_size)
        return inside(b, b_size, a, a_size);
    if (a_size < INSIDE_SIZE_MIN || b_size > ALIKE_SIZE_MAX)
        return false;
    for (size_t at = 0; at + a_size <= b_size; at++) {
        size_t i = 0;
        while (i < a_size && segi_text_lower(a[i]) == segi_text_lower(b[at + i]))
            i++;
        if (i == a_size)
            return true;
    }
    return false;
}

/* The nearest name, the earlier one of equals; false if none is near. Near means an edit distance
 * of 1 for short names, a third of the length for longer ones. */
static bool nearest(const char *name, size_t size, segi_name_source source, const void *user,
                    const char **out, size_t *out_size, uint32_t *out_distance)
{
    uint32_t limit = size < 6 ? 1 : (uint32_t)(size / 3);
    bool found = false;
    const char *candidate;
    size_t candidate_size;
    for (size_t i = 0; source(user, i, &candidate, &candidate_size); i++) {
        uint32_t distance = segi_text_distance(name, size, candidate, candidate_size, limit);
        if (distance > limit)
            continue;
        found = true;
        *out = candidate;
        *out_size = candidate_size;
        *out_distance = distance;
        if (distance == 0)
            break;
        limit = distance - 1;
    }
    for (size_t i = 0; !found && source(user, i, &candidate, &candidate_size); i++) {
        found = inside(name, size, candidate, candidate_size);
        *out = candidate;
        *out_size = candidate_size;
        *out_distance = UINT32_MAX;
    }
    return found;
}

bool segi_check_suggest(segi_check *k, const char *name, size_t size, segi_name_source source,
                        const void *user)
{
    const char *near;
    size_t near_size;
    uint32_t distance;
    if (!nearest(name, size, source, user, &near, &near_size, &distance))
        return false;
    segi_check_hint(k, "did you mean \"%.*s\"?", (int)near_size, near);
    return true;
}

void segi_check_list(segi_check *k, const char *what, segi_name_source source, const void *user)
{
    char list[LIST_SIZE_MAX];
    size_t used = 0, listed = 0, count = 0, size;
    const char *name;
    for (; source(user, count, &name, &size); count++) {
        if (listed < count || used + size + 4 > sizeof list)
            continue; /* no room: the rest is counted */
        memcpy(list + used, listed == 0 ? "\"" : ", \"", listed == 0 ? 1 : 3);
        used += listed++ == 0 ? 1 : 3;
        memcpy(list + used, name, size);
        used += size;
        list[used++] = '"';
    }
    if (listed == count && count > 0)
        segi_check_hint(k, "%s: %.*s", what, (int)used, list);
    else if (listed > 0)
        segi_check_hint(k, "%s: %.*s and %zu more", what, (int)used, list, count - listed);
}

/* ---- sources ---- */

bool segi_attribute_name(const void *user, size_t i, const char **out, size_t *out_size)
{
    const segi_schema *schema = user;
    if (i >= schema->attribute_count)
        return false;
    *out = schema->attributes[i]->name;
    *out_size = schema->attributes[i]->name_size;
    return true;
}

/* Histories of attributes lie among the events and are passed over. */
bool segi_event_name(const void *user, size_t i, const char **out, size_t *out_size)
{
    const segi_schema *schema = user;
    for (uint32_t event = 0; event < schema->event_count; event++) {
        if (schema->events[event]->history || i-- > 0)
            continue;
        *out = schema->events[event]->name;
        *out_size = schema->events[event]->name_size;
        return true;
    }
    return false;
}

bool segi_property_name(const void *user, size_t i, const char **out, size_t *out_size)
{
    const segi_event_type *event = user;
    if (i >= event->field_count)
        return false;
    *out = event->fields[i]->name;
    *out_size = event->fields[i]->name_size;
    return true;
}

/* ---- attributes ---- */

/* A property that was taken for an attribute: "amount", or "purchase.amount". */
static bool suggest_property(segi_check *k, const char *name, size_t size)
{
    const segi_schema *schema = k->c->schema;
    for (uint32_t i = 0; i < schema->event_count; i++) {
        const segi_event_type *event = schema->events[i];
        size_t skip = event->name_size + 1;
        if (event->history)
            continue;
        if (size <= skip || name[skip - 1] != '.' || memcmp(name, event->name, skip - 1) != 0)
            skip = 0;
        for (uint32_t f = 0; f < event->field_count; f++) {
            const segi_field *field = event->fields[f];
            if (field->name_size != size - skip || memcmp(field->name, name + skip, size - skip))
                continue;
            segi_check_hint(
                k, "a property of events: did \"%.*s\" where (%.*s ...), or: %s(%.*s) of \"%.*s\"",
                (int)event->name_size, event->name, (int)field->name_size, field->name,
                segi_type_numeric(field->type) ? "sum" : "last", (int)field->name_size, field->name,
                (int)event->name_size, event->name);
            return true;
        }
    }
    return false;
}

/* The words with which a span of time can begin, alone. */
static bool is_span(const char *name, size_t size)
{
    return segi_word_is(name, size, "today") || segi_word_is(name, size, "yesterday");
}

/* Is the name to the right of a comparison what other languages call a missing value? */
static bool is_null(const segi_check *k, const char *name, size_t size)
{
    return k->right && (segi_word_is(name, size, "null") || segi_word_is(name, size, "none"));
}

/* In order of likelihood: a text without its quotes where the name stands to the right of a
 * comparison, another attribute, an event, a property. */
void segi_check_suggest_attribute(segi_check *k, const segi_syn *syn)
{
    const segi_schema *schema = k->c->schema;
    const char *name = syn->u.name.text, *near;
    size_t size = syn->u.name.text_size, near_size;
    uint32_t distance = 0;
    bool found = nearest(name, size, segi_attribute_name, schema, &near, &near_size, &distance);
    if (k->right && (segi_word_is(name, size, "yes") || segi_word_is(name, size, "no")))
        segi_check_hint(k, "true or false, or the text \"%.*s\"", (int)size, name);
    else if (is_null(k, name, size))
        segi_check_hint(k, "is null, is not set, or is set");
    else if (k->right && !(found && distance == 0))
        segi_check_hint(k, "did you mean the text \"%.*s\"?", (int)size, name);
    else if (is_span(name, size))
        segi_check_hint(k, "a span of time stands behind what it limits: did \"event\" %.*s",
                        (int)size, name);
    else if (found && distance != UINT32_MAX)
        segi_check_hint(k, "did you mean \"%.*s\"?", (int)near_size, near);
    else if (segi_schema_event(schema, name, size) != NULL)
        segi_check_hint(k, "\"%.*s\" is an event: did \"%.*s\"", (int)size, name, (int)size, name);
    else if (suggest_property(k, name, size))
        return;
    else if (found)
        segi_check_hint(k, "did you mean \"%.*s\"?", (int)near_size, near);
    else if (nearest(name, size, segi_event_name, schema, &near, &near_size, &distance))
        segi_check_hint(k, "did you mean the event: did \"%.*s\"?", (int)near_size, near);
    else
        segi_check_list(k, "attributes here", segi_attribute_name, schema);
}
