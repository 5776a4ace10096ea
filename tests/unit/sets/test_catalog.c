/* unit/sets/test_catalog.c - saved segments against a naive graph of names. */
#include "sets/sets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/check_main.h"
#include "support/mem_fault.h"

#define NAMES 7
#define ROUNDS 4000

typedef struct graph {
    bool there[NAMES];
    bool edge[NAMES][NAMES];
    uint64_t version[NAMES];
} graph;

static uint32_t random_state;

static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525 + 1013904223;
    return (random_state >> 10) % limit;
}

/* Whether edges lead from one name to the other. */
static bool reaches(const graph *g, int from, int to)
{
    bool seen[NAMES] = {false};
    int queue[NAMES];
    int head = 0, tail = 0;
    queue[tail++] = from;
    while (head < tail) {
        int at = queue[head++];
        for (int next = 0; next < NAMES; next++) {
            if (!g->edge[at][next])
                continue;
            if (next == to)
                return true;
            if (!seen[next]) {
                seen[next] = true;
                queue[tail++] = next;
            }
        }
    }
    return false;
}

/* "in segment "n0" or in segment "n3"", or "everyone" where there are no edges. */
static size_t text_write(const bool *edges, char *out, size_t capacity)
{
    size_t used = 0;
    for (int i = 0; i < NAMES; i++) {
        if (!edges[i])
            continue;
        /* Twice now and then: a repeated reference is one reference. */
        for (uint32_t repeat = 0; repeat <= random_below(2); repeat++)
            used += (size_t)snprintf(out + used, capacity - used, "%sin segment \"n%d\"",
                                     used > 0 ? " or " : "", i);
    }
    if (used == 0)
        used = (size_t)snprintf(out, capacity, "everyone");
    return used;
}

/* The path in a message goes along edges, begins and ends with the name, and is a shortest one. */
static void check_path(const graph *g, int name, const char *message)
{
    int path[NAMES + 2];
    int count = 0;
    const char *at = strchr(message, ':');
    ck_assert_ptr_nonnull(at);
    while ((at = strstr(at, "\"n")) != NULL && count < NAMES + 2) {
        path[count++] = at[2] - '0';
        at += 3;
    }
    ck_assert_msg(count >= 2 && path[0] == name && path[count - 1] == name, "%s", message);
    for (int i = 0; i + 1 < count; i++)
        ck_assert_msg(g->edge[path[i]][path[i + 1]], "%s", message);
    for (int i = 0; i + 2 < count; i++)
        ck_assert_msg(!g->edge[path[i]][name], "%s", message);
}

static void try_define(segi_catalog *catalog, const segi_schema *schema, graph *g)
{
    graph next = *g;
    int name = (int)random_below(NAMES);
    bool missing = false;
    for (int i = 0; i < NAMES; i++) {
        next.edge[name][i] = random_below(4) == 0;
        missing |= next.edge[name][i] && i != name && !g->there[i];
    }
    next.there[name] = true;
    next.version[name]++;
    char text[1000], label[4];
    size_t size = text_write(next.edge[name], text, sizeof text);
    snprintf(label, sizeof label, "n%d", name);
    seg_error err = SEG_ERROR_INIT;
    uint64_t version = 77;
    seg_status status = segi_catalog_define(catalog, schema, SEGI_DEFINE_SEGMENT, label, 2, text,
                                            size, &version, &err);
    bool circle = reaches(&next, name, name);
    if (missing || circle) {
        ck_assert_uint_eq(version, 0);
        ck_assert_msg(status == SEG_E_CYCLE ? circle : missing && status == SEG_E_UNKNOWN_NAME,
                      "%s := %s: %s: %s", label, text, seg_status_name(status), err.message);
        ck_assert_int_ge(err.offset, 0);
        if (status == SEG_E_CYCLE)
            check_path(&next, name, err.message);
        return;
    }
    ck_assert_msg(status == SEG_OK, "%s := %s: %s", label, text, err.message);
    ck_assert_uint_eq(version, next.version[name]);
    *g = next;
}

static void try_drop(segi_catalog *catalog, graph *g)
{
    int name = (int)random_below(NAMES);
    bool used = false;
    for (int i = 0; i < NAMES; i++)
        used |= g->edge[i][name];
    char label[4];
    snprintf(label, sizeof label, "n%d", name);
    seg_error err = SEG_ERROR_INIT;
    seg_status status = segi_catalog_drop(catalog, SEGI_DEFINE_SEGMENT, label, 2, &err);
    ck_assert_int_eq(status, !g->there[name] ? SEG_E_NOT_FOUND : used ? SEG_E_IN_USE : SEG_OK);
    if (status != SEG_OK)
        return;
    g->there[name] = false;
    g->version[name] = 0;
    memset(g->edge[name], 0, sizeof g->edge[name]);
}

/* Every saved segment compiles at any time. */
static void check_all(segi_catalog *catalog, const segi_schema *schema, const graph *g)
{
    for (int i = 0; i < NAMES; i++) {
        char text[40];
        size_t size = (size_t)snprintf(text, sizeof text, "in segment \"n%d\"", i);
        segi_predicate *predicate = NULL;
        seg_error err = SEG_ERROR_INIT;
        seg_status status = segi_catalog_compile(
            catalog, &(segi_source){.schema = schema, .text = text, .text_size = size}, &predicate,
            &err);
        ck_assert_msg(status == (g->there[i] ? SEG_OK : SEG_E_UNKNOWN_NAME), "%s: %s", text,
                      err.message);
        segi_predicate_destroy(predicate);
    }
}

static const segi_schema *schema_empty(void)
{
    segi_zone *zone = NULL;
    const segi_schema *schema = NULL;
    ck_assert_int_eq(segi_zone_load(segi_mem_default(), "UTC", 3, &zone, NULL), SEG_OK);
    ck_assert_int_eq(segi_schema_create(segi_mem_default(), SEG_ID_BYTES, 1, zone, &schema, NULL),
                     SEG_OK);
    return schema;
}

START_TEST(test_catalog__agrees_with_a_naive_graph)
{
    random_state = (uint32_t)_i + 1;
    graph g;
    memset(&g, 0, sizeof g);
    const segi_schema *schema = schema_empty();
    segi_catalog *catalog = NULL;
    ck_assert_int_eq(segi_catalog_create(segi_mem_default(), NULL, &catalog, NULL), SEG_OK);
    for (int round = 0; round < ROUNDS; round++) {
        if (random_below(5) == 0)
            try_drop(catalog, &g);
        else
            try_define(catalog, schema, &g);
        if (round % 50 == 0)
            check_all(catalog, schema, &g);
    }
    segi_catalog_destroy(catalog);
    segi_schema_release(schema);
}
END_TEST

/* A chain longer than any path in a message: the path is cut, the status is right. */
START_TEST(test_catalog__long_circles_are_found)
{
    const segi_schema *schema = schema_empty();
    segi_catalog *catalog = NULL;
    ck_assert_int_eq(segi_catalog_create(segi_mem_default(), NULL, &catalog, NULL), SEG_OK);
    char name[40], text[60] = "everyone";
    uint64_t version = 0;
    seg_error err = SEG_ERROR_INIT;
    for (int i = 0; i < 40; i++) {
        size_t size = (size_t)snprintf(name, sizeof name, "a rather long name, number %d", i);
        ck_assert_int_eq(segi_catalog_define(catalog, schema, SEGI_DEFINE_SEGMENT, name, size, text,
                                             strlen(text), &version, &err),
                         SEG_OK);
        snprintf(text, sizeof text, "in segment \"%s\"", name);
    }
    ck_assert_int_eq(segi_catalog_define(catalog, schema, SEGI_DEFINE_SEGMENT,
                                         "a rather long name, number 0", 28, text, strlen(text),
                                         &version, &err),
                     SEG_E_CYCLE);
    ck_assert_ptr_nonnull(strstr(err.message, "\"a rather long name, number 0\" -> "));
    ck_assert_str_eq(err.message + strlen(err.message) - 3, "...");
    segi_catalog_destroy(catalog);
    segi_schema_release(schema);
}
END_TEST

/* Definitions, circles and drops with each allocation failing once: what was saved stays. */
START_TEST(test_catalog__failing_memory_changes_nothing)
{
    static const struct {
        const char *name, *text;
        seg_status status;
    } steps[] = {{"aa", "in segment \"a\" or in segment \"b\"", SEG_OK},
                 {"a", "not in segment \"c\"", SEG_OK},
                 {"c", "in segment \"aa\" and in segment \"b\"", SEG_E_CYCLE}};
    const segi_schema *schema = schema_empty();
    mem_fault fault;
    mem_fault_init(&fault);
    segi_mem mem;
    ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), NULL), SEG_OK);
    segi_catalog *catalog = NULL;
    uint64_t version = 0;
    ck_assert_int_eq(segi_catalog_create(&mem, NULL, &catalog, NULL), SEG_OK);
    static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g"};
    for (int i = 0; i < 7; i++)
        ck_assert_int_eq(segi_catalog_define(catalog, schema, SEGI_DEFINE_SEGMENT, names[i], 1,
                                             "everyone", 8, &version, NULL),
                         SEG_OK);
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
        seg_status status;
        uint64_t n = 0;
        do {
            mem_fault_fail_at(&fault, ++n);
            status = segi_catalog_define(catalog, schema, SEGI_DEFINE_SEGMENT, steps[s].name,
                                         strlen(steps[s].name), steps[s].text,
                                         strlen(steps[s].text), &version, NULL);
            ck_assert_uint_eq(version, status == SEG_OK ? (s == 1 ? 2 : 1) : 0);
        } while (status == SEG_E_NOMEM);
        ck_assert_int_eq(status, steps[s].status);
        ck_assert_uint_gt(n, 5);
        mem_fault_fail_at(&fault, 0);
    }
    ck_assert_int_eq(segi_catalog_drop(catalog, SEGI_DEFINE_SEGMENT, "b", 1, NULL), SEG_E_IN_USE);
    ck_assert_int_eq(segi_catalog_drop(catalog, SEGI_DEFINE_SEGMENT, "aa", 2, NULL), SEG_OK);
    ck_assert_int_eq(segi_catalog_drop(catalog, SEGI_DEFINE_SEGMENT, "b", 1, NULL), SEG_OK);
    segi_catalog_destroy(catalog);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
    segi_schema_release(schema);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("sets/catalog");
    TCase *catalog = tcase_create("catalog");
    tcase_set_timeout(catalog, 60);
    tcase_add_loop_test(catalog, test_catalog__agrees_with_a_naive_graph, 0, 4);
    tcase_add_test(catalog, test_catalog__long_circles_are_found);
    tcase_add_test(catalog, test_catalog__failing_memory_changes_nothing);
    suite_add_tcase(s, catalog);
    return s;
}
