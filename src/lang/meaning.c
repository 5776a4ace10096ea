/* meaning.c - what the tests on texts and places mean. Pure functions, any thread.
 * The planner folds constants with these, the executor runs them on dictionary entries and
 * columns, so there is one meaning of each (S-13, S-15, S-28). */
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "lang/lang.h"

/* ---- texts ---- */

static bool bytes_equal(bool fold, const char *a, const char *b, size_t size)
{
    if (!fold)
        return size == 0 || memcmp(a, b, size) == 0;
    for (size_t i = 0; i < size; i++) {
        if (segi_text_lower(a[i]) != segi_text_lower(b[i]))
            return false;
    }
    return true;
}

/* O(text x pattern) at worst. Patterns are short, and memchr() leaves few places to compare at. */
static bool text_contains(bool fold, const char *pattern, size_t pattern_size, const char *text,
                          size_t text_size)
{
    if (pattern_size == 0)
        return true;
    if (pattern_size > text_size)
        return false;
    size_t last = text_size - pattern_size;
    for (size_t i = 0; i <= last; i++) {
        if (!fold) {
            /* memchr is the fast way to the next place where it can start. */
            const char *next = memchr(text + i, pattern[0], last - i + 1);
            if (next == NULL)
                return false;
            i = (size_t)(next - text);
        }
        if (bytes_equal(fold, pattern, text + i, pattern_size))
            return true;
    }
    return false;
}

/* Bytes of the code point that starts at text[0], of well-formed text. */
static size_t code_point_size(const char *text, size_t size)
{
    size_t n = 1;
    while (n < size && ((unsigned char)text[n] & 0xc0) == 0x80)
        n++;
    return n;
}

/* Whether the pattern's element at *p, not a star, takes the beginning of text; both sides then
 * move on. A backslash takes the next byte as itself; one at the very end stands for itself. */
static bool glob_step(bool fold, const char *pattern, size_t pattern_size, size_t *p,
                      const char *text, size_t text_size, size_t *t)
{
    if (*p == pattern_size || *t == text_size)
        return false;
    char c = pattern[*p];
    if (c == '?') {
        *p += 1;
        *t += code_point_size(text + *t, text_size - *t);
        return true;
    }
    size_t used = 1;
    if (c == '\\' && *p + 1 < pattern_size) {
        c = pattern[*p + 1];
        used = 2;
    }
    if (!bytes_equal(fold, &c, text + *t, 1))
        return false;
    *p += used;
    *t += 1;
    return true;
}

/* The classic scan with one place to come back to: after a mismatch the latest star takes one
 * byte more. Earlier stars need no second look, so the worst case is text x pattern. */
static bool text_glob(bool fold, const char *pattern, size_t pattern_size, const char *text,
                      size_t text_size)
{
    size_t p = 0, t = 0;
    size_t star = SIZE_MAX, star_text = 0;
    while (t < text_size || p < pattern_size) {
        if (p < pattern_size && pattern[p] == '*') {
            star = ++p;
            star_text = t;
            continue;
        }
        if (glob_step(fold, pattern, pattern_size, &p, text, text_size, &t))
            continue;
        if (star == SIZE_MAX || star_text == text_size)
            return false;
        /* By whole code points, so that "?" after a star never starts inside one. */
        star_text += code_point_size(text + star_text, text_size - star_text);
        t = star_text;
        p = star;
    }
    return true;
}

bool segi_text_matches(segi_text_test test, bool fold, const char *pattern, size_t pattern_size,
                       const char *text, size_t text_size)
{
    switch (test) {
    case SEGI_TEXT_CONTAINS: return text_contains(fold, pattern, pattern_size, text, text_size);
    case SEGI_TEXT_STARTS:
        return pattern_size <= text_size && bytes_equal(fold, pattern, text, pattern_size);
    case SEGI_TEXT_ENDS:
        return pattern_size <= text_size &&
               bytes_equal(fold, pattern, text + (text_size - pattern_size), pattern_size);
    case SEGI_TEXT_MATCHES: return text_glob(fold, pattern, pattern_size, text, text_size);
    }
    return false;
}

/* ---- places ---- */

#define EARTH_RADIUS 6371008.8 /* mean radius in metres */
#define RADIANS 0.017453292519943295

/* The haversine form stays exact for small distances, where the law of cosines would lose its
 * digits. */
double segi_geo_distance(segi_point a, segi_point b)
{
    double latitude_a = a.latitude * RADIANS, latitude_b = b.latitude * RADIANS;
    double half_latitude = sin((latitude_b - latitude_a) / 2);
    double half_longitude = sin((b.longitude - a.longitude) * RADIANS / 2);
    double h = half_latitude * half_latitude +
               cos(latitude_a) * cos(latitude_b) * half_longitude * half_longitude;
    /* Rounding can push h past 1 for opposite points. */
    return 2 * EARTH_RADIUS * asin(sqrt(h < 1 ? h : 1));
}

/* Whether p lies on the straight edge from a to b, between whose latitudes it lies. Coordinates
 * are kept to 1e-7 degree, so in that unit they are whole numbers, whose products fit the 64 bits
 * of a long double's mantissa. */
static bool edge_holds(segi_point a, segi_point b, segi_point p)
{
    if ((p.longitude < a.longitude && p.longitude < b.longitude) ||
        (p.longitude > a.longitude && p.longitude > b.longitude))
        return false;
    long double unit = 1e7L;
    long double b_x = roundl(b.longitude * unit) - roundl(a.longitude * unit);
    long double b_y = roundl(b.latitude * unit) - roundl(a.latitude * unit);
    long double p_x = roundl(p.longitude * unit) - roundl(a.longitude * unit);
    long double p_y = roundl(p.latitude * unit) - roundl(a.latitude * unit);
    return b_x * p_y == b_y * p_x;
}

/* A place on an edge is inside. Else a ray towards rising longitudes crosses an odd number of
 * edges; the lower end belongs to an edge and the upper one does not, so that a corner counts
 * once. */
bool segi_geo_inside(const segi_ring *rings, uint32_t ring_count, segi_point p)
{
    bool inside = false;
    for (uint32_t r = 0; r < ring_count; r++) {
        const segi_ring *ring = &rings[r];
        segi_point a = ring->points[ring->count - 1];
        for (uint32_t i = 0; i < ring->count; i++) {
            segi_point b = ring->points[i], from = a;
            a = b;
            if ((p.latitude < from.latitude && p.latitude < b.latitude) ||
                (p.latitude > from.latitude && p.latitude > b.latitude))
                continue;
            double left = (b.longitude - from.longitude) * (p.latitude - from.latitude);
            double right = (b.latitude - from.latitude) * (p.longitude - from.longitude);
            /* Farther off than this, rounding has no say. */
            if (fabs(left - right) <= 1e-4 && edge_holds(from, b, p))
                return true;
            if ((from.latitude > p.latitude) != (b.latitude > p.latitude))
                inside ^= b.latitude > from.latitude ? left > right : left < right;
        }
    }
    return inside;
}

/* ---- occasions ---- */

bool segi_occasion_holds(const segi_occasion *occasion, int32_t date)
{
    uint32_t low = 0, high = occasion->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (occasion->ranges[middle].last < date)
            low = middle + 1;
        else
            high = middle;
    }
    return low < occasion->count && occasion->ranges[low].first <= date;
}
