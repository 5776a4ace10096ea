/* Names and types: versions share entries, lookups, limits. */
#include "schema/schema.h"

#include <math.h>
#include <seg/store.h>
#include <stdio.h>
#include <string.h>

#include "support/check_main.h"
#include "support/mem_fault.h"

static const segi_schema *make(const segi_mem *mem)
{
    const segi_schema *schema = NULL;
    seg_error err = SEG_ERROR_INIT;
    segi_zone *zone = NULL;
    ck_assert_int_eq(segi_zone_load(mem, "UTC", 3, &zone, &err), SEG_OK);
    ck_assert_int_eq(segi_schema_create(mem, SEG_ID_BYTES, 1, zone, &schema, &err), SEG_OK);
    return schema;
}

/* The next schema; the one given is released. */
static const segi_schema *add_property(const segi_schema *schema, const char *event,
                                       const char *name, seg_type type, seg_status expected)
{
    const segi_schema *with_event, *next;
    uint32_t index;
    seg_error err = SEG_ERROR_INIT;
    ck_assert_int_eq(segi_schema_add_event(schema, event, strlen(event), &with_event, &index, &err),
                     SEG_OK);
    seg_status status = segi_schema_add_property(with_event, index, name, strlen(name), type, 0,
                                                 &next, &index, &err);
    ck_assert_int_eq(status, expected);
    segi_schema_release(schema);
    if (status != SEG_OK)
        return with_event;
    segi_schema_release(with_event);
    return next;
}

START_TEST(test_schema__versions)
{
    const segi_schema *empty = make(segi_mem_default());
    segi_schema_retain(empty);
    const segi_schema *one = add_property(empty, "buy", "n", SEG_TYPE_INT64, SEG_OK);
    segi_schema_retain(one);
    const segi_schema *two = add_property(one, "buy", "a", SEG_TYPE_STRING, SEG_OK);
    segi_schema_release(empty);
    ck_assert_int_eq(one->events[0]->field_count, 1);
    ck_assert_int_eq(two->events[0]->field_count, 2);
    const segi_field *n = segi_event_property(two->events[0], "n", 1);
    ck_assert_ptr_eq(n, one->events[0]->fields[0]);
    segi_schema_release(one);
    ck_assert_str_eq(n->name, "n");
    ck_assert_int_eq(n->index, 0);
    ck_assert_int_eq(segi_event_property(two->events[0], "a", 1)->index, 1);
    ck_assert_ptr_null(segi_event_property(two->events[0], "b", 1));
    ck_assert_ptr_null(segi_schema_event(two, "bu", 2));
    two = add_property(two, "buy", "n", SEG_TYPE_INT64, SEG_OK);
    two = add_property(two, "buy", "n", SEG_TYPE_STRING, SEG_E_SCHEMA);
    two = add_property(two, "buy", "s", SEG_TYPE_STRING_SET, SEG_E_ARG);
    ck_assert_int_eq(two->events[0]->field_count, 2);
    segi_schema_release(two);
}
END_TEST

START_TEST(test_schema__names)
{
    static const struct {
        const char *name;
        size_t size;
        bool good;
    } cases[] = {{"a", 1, true},         {"", 0, false},        {"a b", 3, true},
                 {"a\nb", 3, false},     {"a\0b", 3, false},    {"\x7f", 1, false},
                 {"\xc2\x85", 2, false}, {"\xc2\xa0", 2, true}, {"\xff", 1, false},
                 {"\xc3\xbc", 2, true},  {"\xc3", 1, false}};
    char longest[SEG_NAME_SIZE_MAX + 1];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(segi_name_valid(cases[i].name, cases[i].size) == cases[i].good, "%zu", i);
    memset(longest, 'x', sizeof longest);
    ck_assert(segi_name_valid(longest, SEG_NAME_SIZE_MAX));
    ck_assert(!segi_name_valid(longest, SEG_NAME_SIZE_MAX + 1));
}
END_TEST

/* The limit and one past it; and lookups among many names. */
START_TEST(test_schema__many_attributes)
{
    const segi_schema *schema = make(segi_mem_default()), *next;
    seg_error err = SEG_ERROR_INIT;
    char name[16];
    uint32_t index;
    for (uint32_t i = 0; i < SEG_COLUMNS_MAX; i++) {
        int size = snprintf(name, sizeof name, "c%u", i * 7919 % SEG_COLUMNS_MAX);
        ck_assert_int_eq(segi_schema_add_attribute(schema, name, (size_t)size, SEG_TYPE_DECIMAL, 2,
                                                   &next, &index, &err),
                         SEG_OK);
        ck_assert_int_eq(index, i);
        segi_schema_release(schema);
        schema = next;
    }
    for (uint32_t i = 0; i < SEG_COLUMNS_MAX; i++) {
        int size = snprintf(name, sizeof name, "c%u", i * 7919 % SEG_COLUMNS_MAX);
        const segi_field *field = segi_schema_attribute(schema, name, (size_t)size);
        ck_assert(field && field->index == i && field->scale == 2);
    }
    ck_assert_int_eq(
        segi_schema_add_attribute(schema, "more", 4, SEG_TYPE_BOOL, 0, &next, &index, &err),
        SEG_E_LIMIT);
    ck_assert_int_eq(
        segi_schema_add_attribute(schema, "c1", 2, SEG_TYPE_DECIMAL, 3, &next, &index, &err),
        SEG_E_SCHEMA);
    segi_schema_release(schema);
}
END_TEST

START_TEST(test_schema__bad_types)
{
    static const struct {
        seg_type type;
        int32_t scale;
        seg_status status;
    } cases[] = {{0, 0, SEG_E_ARG},
                 {10, 0, SEG_E_ARG},
                 {SEG_TYPE_INT64, 1, SEG_E_ARG},
                 {SEG_TYPE_DECIMAL, -1, SEG_E_ARG},
                 {SEG_TYPE_DECIMAL, 19, SEG_E_ARG},
                 {SEG_TYPE_DECIMAL, 18, SEG_OK},
                 {SEG_TYPE_STRING_SET, 0, SEG_OK}};
    const segi_schema *schema = make(segi_mem_default());
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const segi_schema *next;
        uint32_t index;
        ck_assert_int_eq(segi_schema_add_attribute(schema, "x", 1, cases[i].type, cases[i].scale,
                                                   &next, &index, NULL),
                         cases[i].status);
        segi_schema_release(next);
    }
    segi_schema_release(schema);
}
END_TEST

START_TEST(test_schema__out_of_memory)
{
    for (uint64_t n = 1;; n++) {
        mem_fault fault;
        segi_mem mem;
        seg_error err = SEG_ERROR_INIT;
        mem_fault_init(&fault);
        ck_assert_int_eq(segi_mem_init(&mem, mem_fault_allocator(&fault), &err), SEG_OK);
        const segi_schema *schema = make(&mem), *next = NULL;
        uint32_t index;
        mem_fault_fail_at(&fault, n);
        seg_status status =
            segi_schema_add_attribute(schema, "a", 1, SEG_TYPE_BOOL, 0, &next, &index, &err);
        if (status == SEG_OK) {
            segi_schema_release(schema);
            schema = next;
            status = segi_schema_add_event(schema, "e", 1, &next, &index, &err);
        }
        if (status == SEG_OK) {
            segi_schema_release(schema);
            schema = next;
            status =
                segi_schema_add_property(schema, 0, "p", 1, SEG_TYPE_BOOL, 0, &next, &index, &err);
            segi_schema_release(next);
        }
        segi_schema_release(schema);
        ck_assert_int_eq(mem_fault_live_bytes(&fault), 0);
        ck_assert(status == SEG_OK || status == SEG_E_NOMEM);
        if (status == SEG_OK)
            break;
    }
}
END_TEST

START_TEST(test_slot__geo_and_float)
{
    int64_t slot;
    ck_assert(segi_slot_of_geo(-90, 180, &slot));
    ck_assert_int_eq(segi_slot_latitude(slot), -900000000);
    ck_assert_int_eq(segi_slot_longitude(slot), 1800000000);
    ck_assert(segi_slot_of_geo(0.00000005, -0.00000005, &slot));
    ck_assert_int_eq(segi_slot_latitude(slot), 1);
    ck_assert_int_eq(segi_slot_longitude(slot), -1);
    ck_assert(!segi_slot_of_geo(90.0000001, 0, &slot));
    ck_assert(!segi_slot_of_geo(0, -180.0000001, &slot));
    ck_assert(!segi_slot_of_geo((double)NAN, 0, &slot));
    ck_assert(!segi_slot_of_geo(0, (double)INFINITY, &slot));
    ck_assert_int_eq(segi_slot_of_float(-0.0), segi_slot_of_float(0.0));
    ck_assert(segi_slot_float(segi_slot_of_float(-2.5)) == -2.5);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("schema/schema");
    TCase *c = tcase_create("schema");
    tcase_set_timeout(c, 60);
    tcase_add_test(c, test_schema__versions);
    tcase_add_test(c, test_schema__names);
    tcase_add_test(c, test_schema__many_attributes);
    tcase_add_test(c, test_schema__bad_types);
    tcase_add_test(c, test_schema__out_of_memory);
    tcase_add_test(c, test_slot__geo_and_float);
    suite_add_tcase(s, c);
    return s;
}
