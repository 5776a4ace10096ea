/* parse_test.c - what can be asked of a value: comparisons, lists, text, places, times.
 *
 * segi_parse_test() is called behind every value and looks at the next word: a test, or nothing,
 * in which case the value itself is the condition. Whether the value's type allows the test is
 * seen by check_test.c. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

/* A test on the value, whose text begins where the value's does. */
static segi_syn *test_node(segi_parser *p, segi_syn_kind kind, segi_syn *value)
{
    segi_syn *syn = segi_parser_node(p, kind, value->begin);
    if (syn != NULL)
        segi_syn_add(syn, value);
    return syn;
}

/* The text of the node ends where the last token did. */
static segi_syn *test_close(segi_parser *p, segi_syn *syn)
{
    if (p->status != SEG_OK)
        return NULL;
    segi_parser_close(p, syn);
    return syn;
}

/* ( literal, ... ) or $list, into the kids after the first. */
static bool parse_list(segi_parser *p, segi_syn *syn)
{
    if (p->token.kind == SEGI_TOKEN_PARAM) {
        syn->list_param = segi_parse_param(p);
        return syn->list_param != NULL;
    }
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "a list in parentheses"))
        return false;
    if (segi_parser_take_kind(p, SEGI_TOKEN_RIGHT))
        return p->status == SEG_OK;
    do {
        segi_syn *item = segi_parse_literal(p);
        if (item == NULL)
            return false;
        segi_syn_add(syn, item);
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    return segi_parser_close_bracket(p, open, ", or )");
}

/* in top 10 % [among (expr)] */
static segi_syn *parse_rank(segi_parser *p, segi_syn *value)
{
    segi_syn *syn = test_node(p, SEGI_SYN_RANK, value);
    if (syn == NULL)
        return NULL;
    syn->bottom = segi_parser_is(p, "bottom");
    segi_parser_next(p);
    if (p->token.kind == SEGI_TOKEN_NUMBER && segi_parser_peek(p, 1).kind == SEGI_TOKEN_PERCENT) {
        int64_t parts;
        if (!segi_parse_percent(p, &parts))
            return NULL;
        syn->percent = true;
        syn->u.number.value = parts;
    } else {
        if (!segi_parse_number(p, &syn->u.number, "how many, or a percentage"))
            return NULL;
        syn->percent = segi_parser_take_kind(p, SEGI_TOKEN_PERCENT);
    }
    if (segi_parser_take(p, "among")) {
        segi_syn *population = segi_parse_bracketed(p, "among");
        if (population == NULL)
            return NULL;
        segi_syn_add(syn, population);
    }
    return test_close(p, syn);
}

/* in ..., not in ... */
static segi_syn *parse_in(segi_parser *p, segi_syn *value)
{
    bool negated = segi_parser_take(p, "not");
    if (segi_parser_peek(p, 1).kind == SEGI_TOKEN_WORD && segi_parse_meant(p))
        return NULL;
    segi_parser_next(p);
    if (!negated && (segi_parser_is(p, "top") || segi_parser_is(p, "bottom")))
        return parse_rank(p, value);
    segi_token token = p->token;
    if (!negated && segi_parser_is(p, "segment"))
        return segi_parser_fail(p, token, "in segment \"name\", and nothing in front of it",
                                "a segment is not asked of a value");
    if (token.kind == SEGI_TOKEN_STRING || token.kind == SEGI_TOKEN_NUMBER) {
        segi_parser_fail(p, token, NULL, "\"in\" needs a list in parentheses");
        segi_error_hint(p->err, "in (%.*s)", SEGI_TOKEN_HEAD(p, token));
        return NULL;
    }
    segi_syn *syn = test_node(p, SEGI_SYN_IN, value);
    if (syn == NULL || !parse_list(p, syn))
        return NULL;
    syn->negated = negated;
    return test_close(p, syn);
}

/* Is what? Very often a value, to be compared with. */
static segi_syn *fail_state(segi_parser *p, bool negated)
{
    segi_token token = p->token;
    bool value = token.kind == SEGI_TOKEN_STRING || token.kind == SEGI_TOKEN_NUMBER ||
                 token.kind == SEGI_TOKEN_DATE || segi_parser_is(p, "true") ||
                 segi_parser_is(p, "false");
    bool empty = segi_parser_is(p, "empty") || segi_parser_is(p, "blank") ||
                 segi_parser_is(p, "missing") || segi_parser_is(p, "unknown");
    segi_parser_expected(p, "set, null or absent",
                         "to compare use = or !=, for a list use in (...)");
    if (value && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "write %s %.*s", negated ? "!=" : "=", SEGI_TOKEN_HEAD(p, token));
    else if (empty && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, negated ? "write is set" : "write is not set");
    return NULL;
}

/* is [not] set | null | absent */
static segi_syn *parse_state(segi_parser *p, segi_syn *value)
{
    segi_syn *syn = test_node(p, SEGI_SYN_STATE, value);
    segi_parser_next(p);
    if (syn == NULL)
        return NULL;
    syn->negated = segi_parser_take(p, "not");
    if (segi_parser_is(p, "set"))
        syn->op = SEGI_STATE_SET;
    else if (segi_parser_is(p, "null"))
        syn->op = SEGI_STATE_NULL;
    else if (segi_parser_is(p, "absent"))
        syn->op = SEGI_STATE_ABSENT;
    else
        return fail_state(p, syn->negated);
    segi_parser_next(p);
    return test_close(p, syn);
}

/* has [any | all | none | exactly] (list | literal) */
static segi_syn *parse_has(segi_parser *p, segi_syn *value)
{
    segi_parser_next(p);
    if (segi_parser_is(p, "been"))
        return segi_parse_held(p, value);
    segi_syn *syn = test_node(p, SEGI_SYN_HAS, value);
    if (syn == NULL)
        return NULL;
    syn->op = SEGI_HAS_ANY;
    if (segi_parser_take(p, "all"))
        syn->op = SEGI_HAS_ALL;
    else if (segi_parser_take(p, "none"))
        syn->op = SEGI_HAS_NONE;
    else if (segi_parser_take(p, "exactly"))
        syn->op = SEGI_HAS_EXACTLY;
    else
        (void)segi_parser_take(p, "any");
    if (p->token.kind == SEGI_TOKEN_LEFT || p->token.kind == SEGI_TOKEN_PARAM) {
        if (!parse_list(p, syn))
            return NULL;
    } else {
        segi_syn *item = segi_parse_literal(p);
        if (item == NULL)
            return NULL;
        segi_syn_add(syn, item);
    }
    return test_close(p, syn);
}

/* A pattern without its quotes. */
static segi_syn *fail_pattern(segi_parser *p)
{
    segi_token token = p->token;
    bool word = token.kind != SEGI_TOKEN_END && token.kind != SEGI_TOKEN_LEFT;
    segi_parser_expected(p, "a text in double quotes", NULL);
    if (word && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "write \"%.*s\"", SEGI_TOKEN_HEAD(p, token));
    return NULL;
}

/* contains, starts with, ends with, matches */
static segi_syn *parse_text(segi_parser *p, segi_syn *value, segi_text_test test)
{
    segi_syn *syn = test_node(p, SEGI_SYN_TEXT, value);
    segi_parser_next(p);
    if (syn == NULL)
        return NULL;
    syn->op = (int32_t)test;
    if ((test == SEGI_TEXT_STARTS || test == SEGI_TEXT_ENDS) && !segi_parser_take(p, "with"))
        return segi_parser_expected(p, "\"with\"", NULL);
    if (p->token.kind != SEGI_TOKEN_STRING && p->token.kind != SEGI_TOKEN_PARAM)
        return fail_pattern(p);
    segi_syn *pattern = segi_parse_literal(p);
    if (pattern == NULL)
        return NULL;
    segi_syn_add(syn, pattern);
    syn->fold = segi_parser_take2(p, "ignoring", "case");
    return test_close(p, syn);
}

/* Latitude and longitude in degrees, with a comma between them where `comma` is set. */
static bool parse_point(segi_parser *p, bool comma, segi_point *out)
{
    segi_token at = p->token;
    if (!segi_parse_signed_float(p, &out->latitude, "a latitude in degrees"))
        return false;
    if (comma && !segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and the longitude"))
        return false;
    if (!segi_parse_signed_float(p, &out->longitude, "a longitude in degrees"))
        return false;
    at.size = p->prev_end - at.begin;
    if (out->latitude < -90 || out->latitude > 90 || out->longitude < -180 ||
        out->longitude > 180) {
        segi_parser_fail(p, at, "latitude first, then longitude: point(52.52, 13.405)",
                         "latitudes lie within 90 degrees, longitudes within 180");
        return false;
    }
    return true;
}

/* within 25 km of point(52.5, 13.4) */
static segi_syn *parse_radius(segi_parser *p, segi_syn *value)
{
    if (segi_parser_peek(p, 1).kind == SEGI_TOKEN_WORD && segi_parse_meant(p))
        return NULL;
    segi_syn *syn = test_node(p, SEGI_SYN_RADIUS, value);
    segi_syn_geo *geo = segi_parser_alloc(p, sizeof *geo);
    if (syn == NULL || geo == NULL)
        return NULL;
    syn->u.geo = geo;
    segi_parser_next(p);
    if (p->token.kind == SEGI_TOKEN_PARAM)
        return segi_parser_fail(p, p->token, NULL, "a parameter cannot stand for a distance");
    if (!segi_parse_signed_float(p, &geo->meters, "a distance"))
        return NULL;
    if (segi_parser_take(p, "km"))
        geo->meters *= 1000;
    else if (segi_parser_take(p, "mi"))
        geo->meters *= 1609.344;
    else if (!segi_parser_take(p, "m"))
        return segi_parser_expected(p, "km, m or mi", "within 25 km of point(52.52, 13.405)");
    if (!segi_parser_take2(p, "of", "point"))
        return segi_parser_expected(p, "\"of point\"", "within 25 km of point(52.52, 13.405)");
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "(") || !parse_point(p, true, &geo->point) ||
        !segi_parser_expect(p, SEGI_TOKEN_RIGHT, ")"))
        return NULL;
    return test_close(p, syn);
}

/* Corners in the order of the text; how many there are is known at the end. */
typedef struct point_list {
    segi_point point;
    struct point_list *next;
} point_list;

/* lat lon, lat lon, ...: a ring, without its repeated first point.
 * Corners count as nodes, so that the limit on the size of a text holds for polygons too. What
 * crosses the 180th meridian is refused here (S-28). */
static bool parse_ring(segi_parser *p, segi_ring *ring)
{
    segi_token at = p->token;
    point_list *first = NULL, **end = &first;
    size_t count = 0;
    do {
        point_list *item = segi_parser_alloc(p, sizeof *item);
        if (item == NULL || !parse_point(p, false, &item->point))
            return false;
        *end = item;
        end = &item->next;
        count++;
        if (++*p->nodes > SEG_TEXT_NODES_MAX && !p->canonical) {
            p->status = segi_fail(p->err, SEG_E_LIMIT, "more than %d operators and values",
                                  SEG_TEXT_NODES_MAX);
            segi_error_span(p->err, at.begin, 0);
            return false;
        }
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    segi_point *points = segi_parser_alloc(p, count * sizeof *points);
    if (points == NULL)
        return false;
    size_t i = 0;
    for (point_list *item = first; item != NULL; item = item->next)
        points[i++] = item->point;
    if (count > 1 && memcmp(&points[0], &points[count - 1], sizeof *points) == 0)
        count--;
    at.size = p->prev_end - at.begin;
    if (count < 3) {
        segi_parser_fail(p, at, "polygon(48.1 11.5, 48.2 11.5, 48.2 11.7)",
                         "a polygon has at least three corners");
        return false;
    }
    for (i = 0; i < count; i++) {
        double step = points[i].longitude - points[(i + 1) % count].longitude;
        if (step > 180 || step < -180) {
            segi_parser_fail(p, at, "split it there into two polygons",
                             "a polygon may not cross the 180th meridian");
            return false;
        }
    }
    ring->count = (uint32_t)count;
    ring->points = points;
    return true;
}

/* inside polygon(...) or polygon((...), (...))
 * Several rings are holes and islands: even-odd, see segi_geo_inside(). */
static segi_syn *parse_polygon(segi_parser *p, segi_syn *value)
{
    enum {
        RINGS_MAX = 256
    };
    segi_syn *syn = test_node(p, SEGI_SYN_POLYGON, value);
    segi_syn_geo *geo = segi_parser_alloc(p, sizeof *geo);
    if (syn == NULL || geo == NULL)
        return NULL;
    syn->u.geo = geo;
    segi_parser_next(p);
    if (!segi_parser_take(p, "polygon"))
        return segi_parser_expected(p, "\"polygon\"",
                                    "inside polygon(48.1 11.5, 48.2 11.5, 48.2 11.7)");
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "("))
        return NULL;
    bool many = p->token.kind == SEGI_TOKEN_LEFT;
    segi_ring *rings = segi_parser_alloc(p, (many ? RINGS_MAX : 1) * sizeof *rings);
    if (rings == NULL)
        return NULL;
    geo->rings = rings;
    do {
        if (geo->ring_count == RINGS_MAX)
            return segi_parser_fail(p, p->token, NULL, "a polygon has at most %d rings", RINGS_MAX);
        if (many && !segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and the next ring"))
            return NULL;
        if (!parse_ring(p, &rings[geo->ring_count++]))
            return NULL;
        if (many && !segi_parser_expect(p, SEGI_TOKEN_RIGHT, ", or )"))
            return NULL;
    } while (many && segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    if (!segi_parser_expect(p, SEGI_TOKEN_RIGHT, ", or )"))
        return NULL;
    return test_close(p, syn);
}

/* The right side is a value of its own, not only a constant. */
static segi_syn *parse_compare(segi_parser *p, segi_syn *value)
{
    segi_syn *syn = test_node(p, SEGI_SYN_COMPARE, value);
    if (syn == NULL)
        return NULL;
    syn->op = (int32_t)(p->token.kind - SEGI_TOKEN_EQ); /* the order of segi_compare */
    segi_parser_next(p);
    segi_syn *right = segi_parse_value(p);
    if (right == NULL)
        return NULL;
    segi_syn_add(syn, right);
    return test_close(p, syn);
}

/* value between value and value; dates make it a span of time, which the checker sorts out. */
static segi_syn *parse_between(segi_parser *p, segi_syn *value)
{
    segi_token_kind after = segi_parser_peek(p, 1).kind;
    if (after == SEGI_TOKEN_DATE) {
        segi_syn *syn = test_node(p, SEGI_SYN_TIME, value);
        segi_syn_window *window = syn == NULL ? NULL : segi_parse_window(p);
        if (window == NULL)
            return NULL;
        syn->u.window = window;
        return test_close(p, syn);
    }
    segi_syn *syn = test_node(p, SEGI_SYN_BETWEEN, value);
    segi_parser_next(p);
    segi_syn *low = syn == NULL ? NULL : segi_parse_value(p);
    if (low == NULL)
        return NULL;
    if (!segi_parser_take(p, "and"))
        return segi_parser_expected(p, "\"and\" and the higher value", "between 10 and 20");
    segi_syn *high = segi_parse_value(p);
    if (high == NULL)
        return NULL;
    segi_syn_add(syn, low);
    segi_syn_add(syn, high);
    return test_close(p, syn);
}

/* `x not contains "a"` and the like. */
static segi_syn *fail_not(segi_parser *p)
{
    segi_token then = segi_parser_peek(p, 1);
    segi_parser_fail(p, p->token, NULL, "\"not\" stands in front of the whole condition");
    segi_error_hint(p->err, "not (... %.*s ...)", then.size > 40 ? 40 : (int)then.size,
                    p->lexer.text + then.begin);
    return NULL;
}

segi_syn *segi_parse_test(segi_parser *p, segi_syn *value)
{
    if (p->status != SEG_OK)
        return NULL;
    if (p->token.kind >= SEGI_TOKEN_EQ && p->token.kind <= SEGI_TOKEN_GE)
        return parse_compare(p, value);
    if (p->token.kind != SEGI_TOKEN_WORD)
        return value;
    if (segi_parser_is(p, "between"))
        return parse_between(p, value);
    if (segi_parse_window_starts(p)) {
        segi_syn *syn = test_node(p, SEGI_SYN_TIME, value);
        segi_syn_window *window = syn == NULL ? NULL : segi_parse_window(p);
        if (window == NULL)
            return NULL;
        syn->u.window = window;
        return test_close(p, syn);
    }
    if (segi_parser_is(p, "in"))
        return parse_in(p, value);
    if (segi_parser_is(p, "not"))
        return segi_parser_then(p, "in") ? parse_in(p, value) : fail_not(p);
    if (segi_parser_is(p, "is"))
        return parse_state(p, value);
    if (segi_parser_is(p, "has"))
        return parse_has(p, value);
    if (segi_parser_is(p, "contains"))
        return parse_text(p, value, SEGI_TEXT_CONTAINS);
    if (segi_parser_is(p, "starts"))
        return parse_text(p, value, SEGI_TEXT_STARTS);
    if (segi_parser_is(p, "ends"))
        return parse_text(p, value, SEGI_TEXT_ENDS);
    if (segi_parser_is(p, "matches"))
        return parse_text(p, value, SEGI_TEXT_MATCHES);
    if (segi_parser_is(p, "within"))
        return parse_radius(p, value);
    if (segi_parser_is(p, "inside"))
        return parse_polygon(p, value);
    if (segi_parser_is(p, "changed"))
        return segi_parse_changed(p, value);
    return value;
}
