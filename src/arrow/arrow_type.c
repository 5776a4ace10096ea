/* arrow_type.c - what an ArrowSchema says about a column. */
#include <string.h>

#include "arrow/arrow_int.h"

/* Children of the schema of a record batch or of a column; more are an attack, not a table. */
#define CHILDREN_MAX (SEG_COLUMNS_MAX + 16)

/* Names come from outside and end up in messages: what could not name a column is not repeated. */
static const char *printable_name(const char *name, size_t size)
{
    return name != NULL && segi_name_valid(name, size) ? name : "?";
}

seg_status segi_arrow_fail_field(const arrow_field *field, seg_status code, const char *what,
                                 seg_error *err)
{
    return segi_fail(err, code, "column \"%s\": %s", printable_name(field->name, field->name_size),
                     what);
}

/* ---- format strings -------------------------------------------------------------------------- */

/* Digits up to an end character or the end; false for none or for a number above `max`. */
static bool take_number(const char **text, uint32_t max, uint32_t *out)
{
    const char *at = *text;
    uint32_t value = 0;
    while (*at >= '0' && *at <= '9') {
        value = value * 10 + (uint32_t)(*at - '0');
        if (value > max)
            return false;
        at++;
    }
    bool some = at != *text;
    *text = at;
    *out = value;
    return some;
}

/* d:precision,scale[,bits] - a scale that decimals of the library do not have is not supported. */
static bool parse_decimal(const char *format, arrow_type *out)
{
    uint32_t precision = 0, scale = 0, bits = 128;
    const char *at = format + 2;
    if (!take_number(&at, 76, &precision) || *at++ != ',' || !take_number(&at, 18, &scale))
        return false;
    if (*at == ',') {
        at++;
        if (!take_number(&at, 256, &bits))
            return false;
    }
    if (*at != '\0' || (bits != 32 && bits != 64 && bits != 128 && bits != 256))
        return false;
    out->form = ARROW_DECIMAL;
    out->width = bits / 8;
    out->scale = (int32_t)scale;
    return true;
}

/* tss:ZONE - an empty zone is wall-clock time of nowhere. */
static bool parse_timestamp(const char *format, arrow_type *out)
{
    switch (format[2]) {
    case 's': out->per_second = 1; break;
    case 'm': out->per_second = 1000; break;
    case 'u': out->per_second = 1000000; break;
    case 'n': out->per_second = 1000000000; break;
    default: return false;
    }
    if (format[3] != ':')
        return false;
    out->form = ARROW_TIMESTAMP;
    out->width = 8;
    out->is_naive = format[4] == '\0';
    return true;
}

/* Forms whose format is one letter, or two after 'v', 't', '+'. */
static const struct simple_form {
    char format[4];
    arrow_type type;
} simple_forms[] = {
    {"n", {.form = ARROW_NULL}},
    {"b", {.form = ARROW_BOOL}},
    {"c", {.form = ARROW_INT, .width = 1, .is_signed = true}},
    {"C", {.form = ARROW_INT, .width = 1}},
    {"s", {.form = ARROW_INT, .width = 2, .is_signed = true}},
    {"S", {.form = ARROW_INT, .width = 2}},
    {"i", {.form = ARROW_INT, .width = 4, .is_signed = true}},
    {"I", {.form = ARROW_INT, .width = 4}},
    {"l", {.form = ARROW_INT, .width = 8, .is_signed = true}},
    {"L", {.form = ARROW_INT, .width = 8}},
    {"f", {.form = ARROW_FLOAT, .width = 4}},
    {"g", {.form = ARROW_FLOAT, .width = 8}},
    {"u", {.form = ARROW_BYTES32, .is_text = true}},
    {"U", {.form = ARROW_BYTES64, .is_text = true}},
    {"vu", {.form = ARROW_VIEW, .width = 16, .is_text = true}},
    {"z", {.form = ARROW_BYTES32}},
    {"Z", {.form = ARROW_BYTES64}},
    {"vz", {.form = ARROW_VIEW, .width = 16}},
    {"tdD", {.form = ARROW_DATE32, .width = 4}},
    {"tdm", {.form = ARROW_DATE64, .width = 8}},
    {"+l", {.form = ARROW_LIST32}},
    {"+L", {.form = ARROW_LIST64}},
    {"+s", {.form = ARROW_STRUCT}},
};

/* Formats are an open list: what is not known here is no fault of the producer, but a type without
 * counterpart, which the caller refuses by name or leaves out. */
static arrow_type type_parse(const char *format)
{
    arrow_type type = {.form = ARROW_OTHER};
    for (size_t i = 0; i < sizeof simple_forms / sizeof simple_forms[0]; i++)
        if (strcmp(format, simple_forms[i].format) == 0)
            return simple_forms[i].type;
    const char *at = format;
    bool good = true;
    if (strncmp(format, "d:", 2) == 0) {
        good = parse_decimal(format, &type);
    } else if (strncmp(format, "ts", 2) == 0) {
        good = parse_timestamp(format, &type);
    } else if (strncmp(format, "w:", 2) == 0) {
        at += 2;
        type.form = ARROW_FIXED;
        good = take_number(&at, SEG_STRING_SIZE_MAX, &type.width) && *at == '\0';
    } else if (strncmp(format, "+w:", 3) == 0) {
        at += 3;
        type.form = ARROW_FIXED_LIST;
        good = take_number(&at, UINT16_MAX, &type.width) && *at == '\0';
    }
    if (!good)
        type = (arrow_type){.form = ARROW_OTHER};
    return type;
}

/* ---- schemas --------------------------------------------------------------------------------- */

/* A released child is one that somebody moved out; its pointers are dead. */
static bool schema_readable(const struct ArrowSchema *schema)
{
    if (schema == NULL || schema->release == NULL || schema->format == NULL)
        return false;
    if (schema->n_children < 0 || schema->n_children > CHILDREN_MAX)
        return false;
    if (schema->n_children > 0 && schema->children == NULL)
        return false;
    for (int64_t i = 0; i < schema->n_children; i++)
        if (schema->children[i] == NULL || schema->children[i]->release == NULL ||
            schema->children[i]->format == NULL)
            return false;
    return true;
}

/* Children of places go by their names, since nothing else tells latitude from longitude. */
static bool name_is(const struct ArrowSchema *schema, const char *one, const char *other)
{
    const char *name = schema->name != NULL ? schema->name : "";
    return strcmp(name, one) == 0 || strcmp(name, other) == 0;
}

/* Struct of two floats by their usual names, in the order of the type or turned. */
static bool parse_place(const struct ArrowSchema *schema, arrow_field *out)
{
    if (schema->n_children != 2)
        return false;
    const struct ArrowSchema *one = schema->children[0], *two = schema->children[1];
    out->items = type_parse(one->format);
    out->item_values = type_parse(two->format);
    if (out->items.form != ARROW_FLOAT || out->item_values.form != ARROW_FLOAT)
        return false;
    bool straight = name_is(one, "lat", "latitude") &&
                    (name_is(two, "lon", "longitude") || name_is(two, "lng", "long"));
    bool turned = name_is(two, "lat", "latitude") &&
                  (name_is(one, "lon", "longitude") || name_is(one, "lng", "long"));
    turned |= name_is(one, "x", "x") && name_is(two, "y", "y");
    out->longitude_first = turned;
    return straight || turned;
}

static bool is_list(const arrow_type *type)
{
    return type->form == ARROW_LIST32 || type->form == ARROW_LIST64;
}

/* The children of a column; false where the whole has no counterpart. */
static seg_status parse_children(const struct ArrowSchema *schema, arrow_field *out, bool *good,
                                 seg_error *err)
{
    int64_t wanted = is_list(&out->type) || out->type.form == ARROW_FIXED_LIST ? 1 : 0;
    if (out->type.form == ARROW_STRUCT) {
        *good = parse_place(schema, out);
        return SEG_OK;
    }
    if (schema->n_children != wanted)
        return segi_arrow_fail_field(out, SEG_E_DATA, "the schema has a wrong number of children",
                                     err);
    if (wanted == 0)
        return SEG_OK;
    const struct ArrowSchema *item = schema->children[0];
    out->items = type_parse(item->format);
    if (out->type.form == ARROW_FIXED_LIST) {
        *good = out->type.width == 2 && out->items.form == ARROW_FLOAT;
        out->longitude_first = name_is(item, "xy", "xy");
        return SEG_OK;
    }
    out->items_have_dictionary = item->dictionary != NULL;
    if (out->items_have_dictionary) {
        if (!schema_readable(item->dictionary))
            return segi_arrow_fail_field(out, SEG_E_DATA, "the schema of the dictionary is broken",
                                         err);
        out->item_values = type_parse(item->dictionary->format);
        *good = out->items.form == ARROW_INT && out->item_values.is_text;
    } else {
        *good = out->items.is_text;
    }
    return SEG_OK;
}

/* What a column of this type becomes; 0 where there is nothing for it. */
static seg_type target_of(const arrow_field *field)
{
    if (field->has_dictionary)
        return field->values.is_text ? SEG_TYPE_STRING : 0;
    switch (field->type.form) {
    case ARROW_BOOL: return SEG_TYPE_BOOL;
    case ARROW_INT: return SEG_TYPE_INT64;
    case ARROW_FLOAT: return SEG_TYPE_FLOAT64;
    case ARROW_DECIMAL: return SEG_TYPE_DECIMAL;
    case ARROW_TIMESTAMP: return SEG_TYPE_TIMESTAMP;
    case ARROW_DATE32:
    case ARROW_DATE64: return SEG_TYPE_DATE;
    case ARROW_LIST32:
    case ARROW_LIST64: return SEG_TYPE_STRING_SET;
    case ARROW_FIXED_LIST:
    case ARROW_STRUCT: return SEG_TYPE_GEO;
    default: return field->type.is_text ? SEG_TYPE_STRING : 0;
    }
}

seg_status segi_arrow_field_parse(const struct ArrowSchema *schema, arrow_field *out,
                                  seg_error *err)
{
    bool good = true;
    memset(out, 0, sizeof *out);
    out->name = schema->name != NULL ? schema->name : "";
    out->name_size = strlen(out->name);
    if (!schema_readable(schema))
        return segi_arrow_fail_field(out, SEG_E_DATA, "the schema of the column is broken", err);
    out->type = type_parse(schema->format);
    if (schema->dictionary != NULL) {
        if (!schema_readable(schema->dictionary))
            return segi_arrow_fail_field(out, SEG_E_DATA, "the schema of the dictionary is broken",
                                         err);
        out->has_dictionary = true;
        out->values = type_parse(schema->dictionary->format);
        good = out->type.form == ARROW_INT && arrow_is_bytes(&out->values);
    } else if (out->type.form != ARROW_OTHER) {
        SEGI_TRY(parse_children(schema, out, &good, err));
    }
    if (!good) {
        out->type = (arrow_type){.form = ARROW_OTHER};
        out->has_dictionary = false;
    }
    out->target = target_of(out);
    out->scale = out->target == SEG_TYPE_DECIMAL ? out->type.scale : 0;
    return SEG_OK;
}
