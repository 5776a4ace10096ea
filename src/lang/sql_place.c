/* sql_place.c - places as SQL: the distance as the library works it out, and polygons in whole
 * numbers of 1e-7 degree, where nothing is rounded. */
#include <math.h>

#include "lang/sql.h"

#define EARTH_DIAMETER (2 * 6371008.8)
#define RADIANS 0.017453292519943295
#define UNIT 1e7

static bool is_column(const segi_node *node)
{
    return node->kind == SEGI_NODE_ATTRIBUTE || node->kind == SEGI_NODE_PROPERTY;
}

/* A place that is no column is one number, latitude x 4 10^9 + longitude. */
static void unpacked(segi_sql *w, const segi_node *node, const char *sign, const char *shift)
{
    segi_sql_put(w, "((");
    segi_sql_value(w, node);
    segi_sql_put(w, " + 3600000001800000000)");
    segi_sql_put(w, sign);
    segi_sql_put(w, "4000000000 - ");
    segi_sql_put(w, shift);
    segi_sql_put(w, ")");
}

static void latitude(segi_sql *w, const segi_node *node)
{
    if (is_column(node))
        segi_sql_column(w, node, "seg_lat_", segi_sql_field(w, node));
    else
        unpacked(w, node, w->dialect->divide, "900000000");
}

static void longitude(segi_sql *w, const segi_node *node)
{
    if (is_column(node))
        segi_sql_column(w, node, "seg_lon_", segi_sql_field(w, node));
    else
        unpacked(w, node, " % ", "1800000000");
}

/* ---- circles ---- */

/* A column of degrees. */
static void degrees(segi_sql *w, const segi_node *node,
                    void (*column)(segi_sql *w, const segi_node *node))
{
    segi_sql_put(w, "(");
    segi_sql_put(w, w->dialect->as_double);
    column(w, node);
    segi_sql_put(w, w->dialect->as_double_end);
    segi_sql_put(w, " / 1e7)");
}

/* The sine of half the way from the point's coordinate. */
static void half_sine(segi_sql *w, const segi_node *node, double from,
                      void (*column)(segi_sql *w, const segi_node *node), bool first)
{
    segi_sql_put(w, first ? "sin((" : "sin(((");
    degrees(w, node, column);
    if (first) {
        segi_sql_put(w, " * ");
        segi_sql_float(w, RADIANS);
        segi_sql_put(w, " - (");
        segi_sql_float(w, from * RADIANS);
        segi_sql_put(w, ")) / 2e0)");
    } else {
        segi_sql_put(w, " - (");
        segi_sql_float(w, from);
        segi_sql_put(w, ")) * ");
        segi_sql_float(w, RADIANS);
        segi_sql_put(w, ") / 2e0)");
    }
}

void segi_sql_radius(segi_sql *w, const segi_node *node)
{
    const segi_node *place = node->children[0];
    if (is_column(place) && segi_sql_field(w, place) == NULL) {
        segi_sql_put(w, "FALSE");
        return;
    }
    segi_sql_put(w, "(");
    latitude(w, place);
    segi_sql_put(w, " IS NOT NULL AND COALESCE(");
    segi_sql_float(w, EARTH_DIAMETER);
    segi_sql_put(w, " * asin(sqrt(least(1e0, ");
    half_sine(w, place, node->point.latitude, latitude, true);
    segi_sql_put(w, " * ");
    half_sine(w, place, node->point.latitude, latitude, true);
    segi_sql_put(w, " + ");
    segi_sql_float(w, cos(node->point.latitude * RADIANS));
    segi_sql_put(w, " * cos(");
    degrees(w, place, latitude);
    segi_sql_put(w, " * ");
    segi_sql_float(w, RADIANS);
    segi_sql_put(w, ") * ");
    half_sine(w, place, node->point.longitude, longitude, false);
    segi_sql_put(w, " * ");
    half_sine(w, place, node->point.longitude, longitude, false);
    segi_sql_put(w, "))) <= ");
    segi_sql_float(w, node->meters);
    segi_sql_put(w, ", FALSE))");
}

/* ---- polygons ---- */

typedef struct corner {
    int64_t latitude, longitude;
} corner;

static corner corner_of(segi_sql *w, const segi_node *node, segi_point point)
{
    corner result = {llround(point.latitude * UNIT), llround(point.longitude * UNIT)};
    if (fabs(point.latitude * UNIT - (double)result.latitude) > 1e-3 ||
        fabs(point.longitude * UNIT - (double)result.longitude) > 1e-3)
        segi_sql_refuse(w, node, "a corner with more than seven digits after the point");
    return result;
}

/* Which side of the edge a place is on: 0 on the line through it. */
static void cross_product(segi_sql *w, const segi_node *place, corner a, corner b)
{
    segi_sql_put(w, "(");
    segi_sql_int(w, b.longitude - a.longitude);
    segi_sql_put(w, " * (");
    segi_sql_put(w, w->dialect->as_wide);
    latitude(w, place);
    segi_sql_put(w, w->dialect->as_wide_end);
    segi_sql_put(w, " - (");
    segi_sql_int(w, a.latitude);
    segi_sql_put(w, ")) - (");
    segi_sql_int(w, b.latitude - a.latitude);
    segi_sql_put(w, ") * (");
    segi_sql_put(w, w->dialect->as_wide);
    longitude(w, place);
    segi_sql_put(w, w->dialect->as_wide_end);
    segi_sql_put(w, " - (");
    segi_sql_int(w, a.longitude);
    segi_sql_put(w, ")))");
}

static void column_between(segi_sql *w, const segi_node *place,
                           void (*column)(segi_sql *w, const segi_node *node), int64_t a, int64_t b)
{
    column(w, place);
    segi_sql_put(w, " >= ");
    segi_sql_int(w, a < b ? a : b);
    segi_sql_put(w, " AND ");
    column(w, place);
    segi_sql_put(w, " <= ");
    segi_sql_int(w, a < b ? b : a);
}

static void on_edge(segi_sql *w, const segi_node *place, corner a, corner b)
{
    segi_sql_put(w, "(");
    column_between(w, place, latitude, a.latitude, b.latitude);
    segi_sql_put(w, " AND ");
    column_between(w, place, longitude, a.longitude, b.longitude);
    segi_sql_put(w, " AND ");
    cross_product(w, place, a, b);
    segi_sql_put(w, " = 0) OR ");
}

/* 1 where a ray towards rising longitudes crosses the edge, whose lower end belongs to it. */
static void crossing(segi_sql *w, const segi_node *place, corner a, corner b)
{
    if (a.latitude == b.latitude)
        return;
    bool up = b.latitude > a.latitude;
    segi_sql_put(w, " + CASE WHEN ");
    column_between(w, place, latitude, a.latitude, b.latitude);
    segi_sql_put(w, " AND ");
    latitude(w, place);
    segi_sql_put(w, " <> ");
    segi_sql_int(w, up ? b.latitude : a.latitude);
    segi_sql_put(w, " AND ");
    cross_product(w, place, a, b);
    segi_sql_put(w, up ? " > 0 THEN 1 ELSE 0 END" : " < 0 THEN 1 ELSE 0 END");
}

static void edges(segi_sql *w, const segi_node *node,
                  void (*edge)(segi_sql *w, const segi_node *place, corner a, corner b))
{
    for (uint32_t r = 0; r < node->ring_count; r++) {
        const segi_ring *ring = &node->rings[r];
        for (uint32_t i = 0; i < ring->count && !segi_sql_stopped(w); i++) {
            corner a = corner_of(w, node, ring->points[i]);
            corner b = corner_of(w, node, ring->points[i + 1 == ring->count ? 0 : i + 1]);
            edge(w, node->children[0], a, b);
        }
    }
}

void segi_sql_polygon(segi_sql *w, const segi_node *node)
{
    if (is_column(node->children[0]) && segi_sql_field(w, node->children[0]) == NULL) {
        segi_sql_put(w, "FALSE");
        return;
    }
    segi_sql_put(w, "COALESCE(");
    edges(w, node, on_edge);
    segi_sql_put(w, "(0");
    edges(w, node, crossing);
    segi_sql_put(w, ") % 2 = 1, FALSE)");
}
