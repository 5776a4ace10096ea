/* Door of the room `schema`: names and types of attributes, event types and properties, and the
 * forms in which values are kept. What ingest, store and lang must agree on.
 *
 * A segi_schema is immutable and reference-counted; defining something makes the next one.
 * Entries are never removed and keep their index, so an index from one schema is valid in every
 * later one of the same store. */
#ifndef SEGI_SCHEMA_H
#define SEGI_SCHEMA_H

#include <seg/schema.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/zone.h"

typedef struct segi_field {
    const char *name; /* NUL-terminated for convenience; lives as long as any schema of the store */
    size_t name_size;
    seg_type type;
    int32_t scale;    /* decimals */
    uint32_t index;   /* among the attributes, or among the properties of its event type */
    uint32_t history; /* attributes: the event type that keeps the history; SEGI_NO_HISTORY */
} segi_field;

#define SEGI_NO_HISTORY UINT32_MAX

/* An event type that keeps the history of an attribute has the attribute's name, one property, the
 * value, and one event for each value that was set, at the instant from which it holds. No look-up
 * by name finds it, and it is none of "any event". */

/* Properties in the order in which they came to be; use segi_event_property() to find one by
 * name. */
typedef struct segi_event_type {
    const char *name;
    size_t name_size;
    uint32_t index;
    uint32_t field_count;
    const segi_field *const *fields; /* properties */
    bool history;                    /* of the attribute of that name */
} segi_event_type;

/* The part that others read. What lies behind it (orders by name, counts of references) is
 * private. */
typedef struct segi_schema {
    uint32_t attribute_count, event_count; /* event_count: with those that keep a history */
    uint32_t history_count;                /* so many of the event types */
    const segi_field *const *attributes;
    const segi_event_type *const *events;
    uint32_t id_kind;      /* SEG_ID_* */
    int32_t week_start;    /* 1 Monday, 7 Sunday */
    const segi_zone *zone; /* the store's zone */
} segi_schema;

/* The empty schema of a new store. Takes the zone (also on failure). mem must outlive it. */
seg_status segi_schema_create(const segi_mem *mem, uint32_t id_kind, int32_t week_start,
                              segi_zone *zone, const segi_schema **out, seg_error *err);
/* Any thread. Snapshots, segments and writers hold the schema that they were made with. */
void segi_schema_retain(const segi_schema *schema);
void segi_schema_release(const segi_schema *schema);

/* Lookups by exact name; NULL if there is none. O(log n). */
const segi_field *segi_schema_attribute(const segi_schema *schema, const char *name, size_t size);
const segi_event_type *segi_schema_event(const segi_schema *schema, const char *name, size_t size);
const segi_field *segi_event_property(const segi_event_type *event, const char *name, size_t size);

/* The schema with one more entry, or the same one retained where it is there already with the
 * same type. *out_index is the entry's index (for properties, within the event type).
 * SEG_E_SCHEMA where it is there with another type; SEG_E_ARG for a bad name, type or scale;
 * SEG_E_LIMIT. The caller releases *out; `schema` itself stays valid. */
seg_status segi_schema_add_attribute(const segi_schema *schema, const char *name, size_t name_size,
                                     seg_type type, int32_t scale, const segi_schema **out,
                                     uint32_t *out_index, seg_error *err);
/* An attribute with a history: a new one, or the same one retained. SEG_E_SCHEMA also where it is
 * there without a history, since nobody knows since when its values hold, and for sets of texts. */
seg_status segi_schema_add_history(const segi_schema *schema, const char *name, size_t name_size,
                                   seg_type type, int32_t scale, const segi_schema **out,
                                   seg_error *err);
/* Its second half, for loading: the schema with an event type for the history of an attribute that
 * has none yet. */
seg_status segi_schema_attach_history(const segi_schema *schema, uint32_t attribute,
                                      const segi_schema **out, uint32_t *out_event, seg_error *err);
seg_status segi_schema_add_event(const segi_schema *schema, const char *name, size_t name_size,
                                 const segi_schema **out, uint32_t *out_index, seg_error *err);
seg_status segi_schema_add_property(const segi_schema *schema, uint32_t event, const char *name,
                                    size_t name_size, seg_type type, int32_t scale,
                                    const segi_schema **out, uint32_t *out_index, seg_error *err);

/* Whether a name may be given to a column or event type: 1 .. SEG_NAME_SIZE_MAX bytes of UTF-8
 * without control characters. */
bool segi_name_valid(const char *name, size_t size);

/* For messages: "text", "number", "decimal", "instant", ... */
const char *segi_type_name(seg_type type);

/* ---- the slot form of values ---------------------------------------------------------------
 * In columns every value but a string set is one int64_t "slot":
 *   bool 0 or 1; int64 itself; decimal its mantissa at the column's scale; timestamp itself;
 *   date its day number; string its dictionary code; float64 its IEEE bits (-0.0 becomes 0.0);
 *   geo latitude and longitude in units of 1e-7 degree, rounded half away from zero, as
 *   (latitude << 32) | (uint32_t)longitude. */
static inline int64_t segi_slot_geo(int32_t latitude_e7, int32_t longitude_e7)
{
    return (int64_t)(((uint64_t)(uint32_t)latitude_e7 << 32) | (uint32_t)longitude_e7);
}
static inline int32_t segi_slot_latitude(int64_t slot)
{
    return (int32_t)(uint32_t)((uint64_t)slot >> 32);
}
static inline int32_t segi_slot_longitude(int64_t slot)
{
    return (int32_t)(uint32_t)(uint64_t)slot;
}
/* Bits as they are, in both directions. */
double segi_slot_float(int64_t slot);
int64_t segi_slot_of_float(double value); /* value is finite */
/* False if not within +-90 and +-180 degrees or not finite. */
bool segi_slot_of_geo(double latitude, double longitude, int64_t *out);

#endif
