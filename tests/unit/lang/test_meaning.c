/* unit/lang/test_meaning.c - texts, globs and places (S-28). */
#include <math.h>
#include <string.h>

#include "lang/lang.h"
#include "support/check_main.h"

static bool matches(segi_text_test test, bool fold, const char *pattern, const char *text)
{
    return segi_text_matches(test, fold, pattern, strlen(pattern), text, strlen(text));
}

START_TEST(test_meaning__contains_starts_ends)
{
    ck_assert(matches(SEGI_TEXT_CONTAINS, false, "", ""));
    ck_assert(matches(SEGI_TEXT_CONTAINS, false, "b", "abc"));
    ck_assert(matches(SEGI_TEXT_CONTAINS, false, "aab", "aaaab"));
    ck_assert(!matches(SEGI_TEXT_CONTAINS, false, "B", "abc"));
    ck_assert(matches(SEGI_TEXT_CONTAINS, true, "B", "abc"));
    ck_assert(!matches(SEGI_TEXT_CONTAINS, false, "abcd", "abc"));
    ck_assert(matches(SEGI_TEXT_STARTS, false, "ab", "abc"));
    ck_assert(!matches(SEGI_TEXT_STARTS, false, "bc", "abc"));
    ck_assert(matches(SEGI_TEXT_STARTS, true, "AB", "abc"));
    ck_assert(matches(SEGI_TEXT_ENDS, false, "bc", "abc"));
    ck_assert(!matches(SEGI_TEXT_ENDS, false, "ab", "abc"));
    ck_assert(matches(SEGI_TEXT_ENDS, true, "C", "abc"));
}
END_TEST

START_TEST(test_meaning__folding_is_ascii_only)
{
    ck_assert(!matches(SEGI_TEXT_CONTAINS, true, "\xc3\x84", "\xc3\xa4"));
    ck_assert(!matches(SEGI_TEXT_CONTAINS, true, "[", "{"));
}
END_TEST

START_TEST(test_meaning__globs)
{
    static const struct {
        const char *pattern, *text;
        bool holds;
    } cases[] = {{"", "", true},
                 {"", "a", false},
                 {"*", "", true},
                 {"*", "abc", true},
                 {"?", "", false},
                 {"?", "a", true},
                 {"?", "\xe2\x82\xac", true}, /* one code point */
                 {"??", "\xe2\x82\xac", false},
                 {"*?", "\xe2\x82\xac", true},
                 {"a*c", "abbbc", true},
                 {"a*c", "abbbd", false},
                 {"*a*b*", "xxaxxbxx", true},
                 {"*ab", "aab", true},
                 {"*.com", "x.com.com", true},
                 {"*@*.de", "me@here.de", true},
                 {"a?c*", "abc", true},
                 {"\\*", "*", true},
                 {"\\*", "x", false},
                 {"a\\?b", "a?b", true},
                 {"\\", "\\", true},
                 {"**", "x", true},
                 {"*b", "abc", false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(matches(SEGI_TEXT_MATCHES, false, cases[i].pattern, cases[i].text) ==
                          cases[i].holds,
                      "%s against %s", cases[i].pattern, cases[i].text);
    ck_assert(matches(SEGI_TEXT_MATCHES, true, "A*C", "abc"));
}
END_TEST

START_TEST(test_meaning__globs_do_not_explode)
{
    enum {
        SIZE = 20000
    };
    static char text[SIZE];
    memset(text, 'a', sizeof text);
    const char *pattern = "*a*a*a*a*a*a*a*a*a*a*b";
    ck_assert(!segi_text_matches(SEGI_TEXT_MATCHES, false, pattern, strlen(pattern), text, SIZE));
}
END_TEST

START_TEST(test_meaning__s28_known_distances)
{
    segi_point berlin = {52.52, 13.405}, munich = {48.1374, 11.5755}, seoul = {37.5665, 126.978};
    ck_assert_double_eq_tol(segi_geo_distance(berlin, munich), 504400, 600);
    ck_assert_double_eq_tol(segi_geo_distance(berlin, seoul), 8133000, 9000);
    ck_assert_double_eq_tol(segi_geo_distance(berlin, berlin), 0, 1e-6);
    segi_point pole = {90, 0}, pole_again = {90, 123}, south = {-90, 0};
    ck_assert_double_eq_tol(segi_geo_distance(pole, pole_again), 0, 1e-6);
    double half = 3.14159265358979 * 6371008.8;
    ck_assert_double_eq_tol(segi_geo_distance(pole, south), half, 1);
    segi_point a = {0, 179.9}, b = {0, -179.9};
    ck_assert_double_eq_tol(segi_geo_distance(a, b), half / 180 * 0.2, 1);
    ck_assert_double_eq_tol(segi_geo_distance(b, a), segi_geo_distance(a, b), 1e-9);
}
END_TEST

static const segi_point square[] = {{0, 0}, {0, 10}, {10, 10}, {10, 0}};
static const segi_point hole[] = {{4, 4}, {4, 6}, {6, 6}, {6, 4}};
static const segi_ring rings[] = {{4, square}, {4, hole}};

static bool inside(double latitude, double longitude, uint32_t ring_count)
{
    segi_point p = {latitude, longitude};
    return segi_geo_inside(rings, ring_count, p);
}

START_TEST(test_meaning__s28_polygon_with_hole)
{
    ck_assert(inside(5, 5, 1));
    ck_assert(!inside(5, 5, 2));
    ck_assert(inside(3, 3, 2));
    ck_assert(!inside(11, 5, 2));
    ck_assert(!inside(5, -1, 2));
    ck_assert(!inside(5, 11, 2));
    ck_assert(!inside(-1, 5, 2));
}
END_TEST

START_TEST(test_meaning__s28_boundary_is_inside)
{
    ck_assert(inside(0, 0, 2));
    ck_assert(inside(10, 10, 2));
    ck_assert(inside(0, 5, 2));
    ck_assert(inside(5, 10, 2));
    ck_assert(inside(4, 5, 2)); /* the edge of the hole */
    ck_assert(inside(6, 6, 2));
    static const segi_point slant[] = {{48.1, 11.5}, {48.2, 11.6}, {48.1, 11.7}};
    static const segi_ring ring = {3, slant};
    segi_point on = {48.15, 11.55}, off = {48.1500001, 11.55};
    ck_assert(segi_geo_inside(&ring, 1, on));
    ck_assert(!segi_geo_inside(&ring, 1, off));
}
END_TEST

START_TEST(test_meaning__s28_rays_through_corners_count_once)
{
    static const segi_point diamond[] = {{0, 5}, {5, 10}, {10, 5}, {5, 0}};
    static const segi_ring ring = {4, diamond};
    segi_point left = {5, -1}, in = {5, 5}, right = {5, 11}, above = {10, 1};
    ck_assert(!segi_geo_inside(&ring, 1, left));
    ck_assert(segi_geo_inside(&ring, 1, in));
    ck_assert(!segi_geo_inside(&ring, 1, right));
    ck_assert(!segi_geo_inside(&ring, 1, above));
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("lang/meaning");
    TCase *t = tcase_create("meaning");
    tcase_add_test(t, test_meaning__contains_starts_ends);
    tcase_add_test(t, test_meaning__folding_is_ascii_only);
    tcase_add_test(t, test_meaning__globs);
    tcase_add_test(t, test_meaning__globs_do_not_explode);
    tcase_add_test(t, test_meaning__s28_known_distances);
    tcase_add_test(t, test_meaning__s28_polygon_with_hole);
    tcase_add_test(t, test_meaning__s28_boundary_is_inside);
    tcase_add_test(t, test_meaning__s28_rays_through_corners_count_once);
    suite_add_tcase(s, t);
    return s;
}
