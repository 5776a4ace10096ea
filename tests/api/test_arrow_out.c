/* api/test_arrow_out.c - results leave as Arrow streams, and come back as they were. */
#include <pthread.h>

#include "api/arrow_fixture.h"
#include "support/mem_fault.h"

/* ---- a store with a value of every type ------------------------------------------------------ */

static const char *const value_texts[] = {"flag", "seats", "score", "money", "plan",
                                          "seen", "born",  "home",  "tags",  "count of \"login\""};
#define VALUE_COUNT (sizeof value_texts / sizeof value_texts[0])

/* ben has every attribute, ann none, cat an explicit null; dan is a row of other values. */
static void people_add(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = NULL;
    const char *const elements[] = {"red", "blue"};
    const size_t sizes[] = {3, 4};
    CK_OK(seg_appender_create(store, &a, &err), err);
    CK_OK(seg_appender_event(a, TEXT("ann"), TEXT("login"), JANUARY_1, &err), err);
    for (int i = 0; i < 2; i++) {
        CK_OK(seg_appender_user(a, i == 0 ? "ben" : "dan", 3, &err), err);
        CK_OK(seg_appender_set_bool(a, TEXT("flag"), i == 0, &err), err);
        CK_OK(seg_appender_set_int64(a, TEXT("seats"), i == 0 ? INT64_MIN : 7, &err), err);
        CK_OK(seg_appender_set_float64(a, TEXT("score"), i - 0.5, &err), err);
        CK_OK(seg_appender_set_decimal(a, TEXT("money"), i == 0 ? -1 : INT64_MAX, 2, &err), err);
        CK_OK(seg_appender_set_string(a, TEXT("plan"), "pro-max", i == 0 ? 3 : 7, &err), err);
        CK_OK(seg_appender_set_timestamp(a, TEXT("seen"), JANUARY_1 - i, &err), err);
        CK_OK(seg_appender_set_date(a, TEXT("born"), -i, &err), err);
        CK_OK(seg_appender_set_geo(a, TEXT("home"), 52.5 + i, -13.25, &err), err);
        CK_OK(seg_appender_set_strings(a, TEXT("tags"), elements, sizes, 1 + (size_t)i, &err), err);
    }
    CK_OK(seg_appender_user(a, TEXT("cat"), &err), err);
    CK_OK(seg_appender_set_null(a, TEXT("plan"), &err), err);
    CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
    seg_appender_destroy(a);
}

typedef struct people {
    seg_store *store;
    seg_set *set;
    seg_value *values[VALUE_COUNT];
} people;

static void people_open(people *p, const seg_store_options *options)
{
    seg_error err = SEG_ERROR_INIT;
    p->store = store_open(options);
    people_add(p->store);
    seg_snapshot *snapshot = snapshot_of(p->store);
    CK_OK(seg_set_everyone(snapshot, &p->set, &err), err);
    seg_snapshot_release(snapshot);
    for (size_t i = 0; i < VALUE_COUNT; i++)
        CK_OK(seg_value_compile(p->store, value_texts[i], strlen(value_texts[i]), 0, &p->values[i],
                                &err),
              err);
}

static void people_close(people *p)
{
    for (size_t i = 0; i < VALUE_COUNT; i++)
        seg_value_release(p->values[i]);
    seg_set_release(p->set);
    seg_store_close(p->store, NULL);
}

static seg_status people_export(const people *p, const seg_arrow_output *output,
                                struct ArrowArrayStream *stream, seg_error *err)
{
    /* One name is given, the others are the texts of the values. */
    const char *names[VALUE_COUNT] = {[VALUE_COUNT - 1] = "logins"};
    const size_t sizes[VALUE_COUNT] = {[VALUE_COUNT - 1] = 6};
    return seg_set_to_arrow(p->set, NOW, (const seg_value *const *)p->values, names, sizes,
                            VALUE_COUNT, output, stream, err);
}

/* ---- tests ----------------------------------------------------------------------------------- */

START_TEST(test_arrow_out__every_type_has_its_format)
{
    static const char *const formats[] = {"u",       "b",   "l",  "g",  "d:19,2", "U",
                                          "tsu:UTC", "tdD", "+s", "+L", "l"};
    seg_error err = SEG_ERROR_INIT;
    people p;
    people_open(&p, NULL);
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    CK_OK(people_export(&p, NULL, &stream, &err), err);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    ck_assert_str_eq(schema.format, "+s");
    ck_assert_int_eq(schema.n_children, VALUE_COUNT + 1);
    ck_assert_str_eq(schema.children[0]->name, "user_id");
    for (size_t i = 0; i <= VALUE_COUNT; i++) {
        ck_assert_str_eq(schema.children[i]->format, formats[i]);
        if (i > 0 && i < VALUE_COUNT)
            ck_assert_str_eq(schema.children[i]->name, value_texts[i - 1]);
    }
    ck_assert_str_eq(schema.children[VALUE_COUNT]->name, "logins");
    /* The schema outlives stream, set and store. */
    stream.release(&stream);
    ck_assert(stream.release == NULL);
    people_close(&p);
    ck_assert_str_eq(schema.children[8]->children[1]->name, "lon");
    ck_assert_str_eq(schema.children[9]->children[0]->format, "U");
    schema.release(&schema);
    ck_assert(schema.release == NULL);
}
END_TEST

/* _i rows in a record batch; 0: the default. Out of one store and into another one. */
START_TEST(test_arrow_out__what_goes_out_comes_back)
{
    seg_error err = SEG_ERROR_INIT;
    people p;
    people_open(&p, NULL);
    seg_arrow_output output;
    seg_arrow_output_init(&output, sizeof output);
    output.batch_rows = (uint64_t)_i;
    output.threads = 2;
    struct ArrowArrayStream stream;
    CK_OK(people_export(&p, &output, &stream, &err), err);
    seg_store *copy = store_open(NULL);
    seg_arrow_options options = options_of(SEG_ARROW_USERS);
    seg_commit_report report = {.struct_size = sizeof report};
    CK_OK(seg_store_ingest_arrow(copy, &stream, &options, NULL, &report, &err), err);
    ck_assert_uint_eq(report.users_added, 4);
    people_close(&p);
    check_segment(copy, "everyone", "ann ben dan cat");
    check_segment(copy, "flag", "ben");
    check_segment(copy, "not flag and flag is set", "dan");
    check_segment(copy, "seats < -9223372036854775807", "ben");
    check_segment(copy, "score = 0.5", "dan");
    check_segment(copy, "money = -0.01", "ben");
    check_segment(copy, "money = 92233720368547758.07", "dan");
    check_segment(copy, "plan = \"pro\"", "ben");
    check_segment(copy, "plan = \"pro-max\"", "dan");
    check_segment(copy, "plan is null", "ann cat");
    check_segment(copy, "seen = 2026-01-01T00:00Z", "ben");
    check_segment(copy, "born = 1969-12-31", "dan");
    check_segment(copy, "home within 1 km of point(53.5, -13.25)", "dan");
    check_segment(copy, "tags has \"blue\"", "dan");
    check_segment(copy, "tags has \"red\"", "ben dan");
    check_segment(copy, "logins = 1", "ann");
    seg_store_close(copy, NULL);
}
END_TEST

START_TEST(test_arrow_out__batches_have_the_rows_asked_for)
{
    seg_error err = SEG_ERROR_INIT;
    people p;
    people_open(&p, NULL);
    seg_arrow_output output = SEG_ARROW_OUTPUT_INIT;
    output.batch_rows = 3;
    struct ArrowArrayStream stream;
    struct ArrowArray one, two, end;
    CK_OK(people_export(&p, &output, &stream, &err), err);
    ck_assert_int_eq(stream.get_next(&stream, &one), 0);
    ck_assert_int_eq(stream.get_next(&stream, &two), 0);
    ck_assert_int_eq(stream.get_next(&stream, &end), 0);
    ck_assert(end.release == NULL);
    ck_assert_ptr_null(stream.get_last_error(&stream));
    ck_assert_int_eq(one.length, 3);
    ck_assert_int_eq(two.length, 1);
    /* A child that was moved out lives on after its parent, and the rest after everything. */
    struct ArrowArray moved = *one.children[2];
    one.children[2]->release = NULL;
    one.release(&one);
    stream.release(&stream);
    people_close(&p);
    ck_assert_int_eq(((const int64_t *)moved.buffers[1])[1], INT64_MIN);
    ck_assert_int_eq(moved.null_count, 1);
    moved.release(&moved);
    two.release(&two);
}
END_TEST

START_TEST(test_arrow_out__ids_may_be_numbers_or_binary)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    for (int numbers = 0; numbers < 2; numbers++) {
        seg_store *store = store_open(numbers ? &options : NULL);
        seg_appender *a = NULL;
        CK_OK(seg_appender_create(store, &a, &err), err);
        if (numbers)
            CK_OK(seg_appender_user_u64(a, UINT64_MAX - 1, &err), err);
        else
            CK_OK(seg_appender_user(a, "\xff\x00z", 3, &err), err);
        CK_OK(seg_appender_commit(a, NULL, NULL, &err), err);
        seg_appender_destroy(a);
        seg_snapshot *snapshot = snapshot_of(store);
        seg_set *set = set_of(store, snapshot, "everyone");
        seg_arrow_output output = SEG_ARROW_OUTPUT_INIT;
        output.flags = numbers ? 0 : SEG_ARROW_IDS_BINARY;
        output.id_name = "customer";
        output.id_name_size = 8;
        struct ArrowArrayStream stream;
        struct ArrowSchema schema;
        struct ArrowArray array;
        CK_OK(seg_set_to_arrow(set, NOW, NULL, NULL, NULL, 0, &output, &stream, &err), err);
        ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
        ck_assert_str_eq(schema.children[0]->name, "customer");
        ck_assert_str_eq(schema.children[0]->format, numbers ? "L" : "z");
        ck_assert_int_eq(stream.get_next(&stream, &array), 0);
        if (numbers)
            ck_assert(((const uint64_t *)array.children[0]->buffers[1])[0] == UINT64_MAX - 1);
        else
            ck_assert_mem_eq(array.children[0]->buffers[2], "\xff\x00z", 3);
        array.release(&array);
        schema.release(&schema);
        stream.release(&stream);
        if (!numbers) {
            /* As text it cannot be; the stream says so and stays at its end. */
            CK_OK(seg_set_to_arrow(set, NOW, NULL, NULL, NULL, 0, NULL, &stream, &err), err);
            ck_assert_int_eq(stream.get_next(&stream, &array), EINVAL);
            ck_assert(array.release == NULL);
            ck_assert_ptr_nonnull(strstr(stream.get_last_error(&stream), "UTF-8"));
            ck_assert_int_eq(stream.get_next(&stream, &array), EINVAL);
            stream.release(&stream);
        }
        seg_set_release(set);
        seg_snapshot_release(snapshot);
        seg_store_close(store, NULL);
    }
}
END_TEST

START_TEST(test_arrow_out__an_empty_set_has_a_schema_and_no_batch)
{
    seg_error err = SEG_ERROR_INIT;
    people p;
    people_open(&p, NULL);
    seg_set *none = NULL;
    CK_OK(seg_set_combine(SEG_SET_XOR, p.set, p.set, &none, &err), err);
    seg_set_release(p.set);
    p.set = none;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    CK_OK(people_export(&p, NULL, &stream, &err), err);
    ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
    ck_assert_int_eq(stream.get_next(&stream, &array), 0);
    ck_assert(array.release == NULL);
    schema.release(&schema);
    stream.release(&stream);
    people_close(&p);
}
END_TEST

START_TEST(test_arrow_out__refuses_bad_arguments)
{
    seg_error err;
    people p;
    people_open(&p, NULL);
    struct ArrowArrayStream stream;
    memset(&stream, 0xff, sizeof stream);
    const seg_value *const *values = (const seg_value *const *)p.values;
    CK_FAILS(seg_set_to_arrow(NULL, NOW, values, NULL, NULL, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    ck_assert(stream.release == NULL);
    CK_FAILS(seg_set_to_arrow(p.set, NOW, values, NULL, NULL, 1, NULL, NULL, &err), SEG_E_ARG, err);
    CK_FAILS(seg_set_to_arrow(p.set, NOW, NULL, NULL, NULL, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    const seg_value *none[] = {NULL};
    CK_FAILS(seg_set_to_arrow(p.set, NOW, none, NULL, NULL, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    const char *names[] = {""};
    const size_t sizes[] = {0};
    CK_FAILS(seg_set_to_arrow(p.set, NOW, values, names, NULL, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    CK_FAILS(seg_set_to_arrow(p.set, NOW, values, names, sizes, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    seg_arrow_output output = SEG_ARROW_OUTPUT_INIT;
    output.flags = 2;
    CK_FAILS(people_export(&p, &output, &stream, &err), SEG_E_ARG, err);
    output.flags = 0;
    output.reserved = 1;
    CK_FAILS(people_export(&p, &output, &stream, &err), SEG_E_ARG, err);
    output.reserved = 0;
    output.batch_rows = 16777217;
    CK_FAILS(people_export(&p, &output, &stream, &err), SEG_E_ARG, err);
    output.batch_rows = 16777216;
    output.id_name = "";
    CK_FAILS(people_export(&p, &output, &stream, &err), SEG_E_ARG, err);
    output.id_name = NULL;
    CK_OK(people_export(&p, &output, &stream, &err), err);
    stream.release(&stream);
    CK_FAILS(seg_set_to_arrow(p.set, SEG_TIME_MAX + 1, values, NULL, NULL, 1, NULL, &stream, &err),
             SEG_E_ARG, err);
    seg_store *other = store_open(NULL);
    seg_snapshot *snapshot = snapshot_of(other);
    seg_set *stranger = NULL;
    CK_OK(seg_set_everyone(snapshot, &stranger, &err), err);
    CK_FAILS(seg_set_to_arrow(stranger, NOW, values, NULL, NULL, 1, NULL, &stream, &err), SEG_E_ARG,
             err);
    seg_set_release(stranger);
    seg_snapshot_release(snapshot);
    seg_store_close(other, NULL);
    people_close(&p);
}
END_TEST

/* Reads a stream to its end and lets go of everything. */
static int stream_drain(struct ArrowArrayStream *stream)
{
    struct ArrowSchema schema;
    int code = stream->get_schema(stream, &schema);
    if (code == 0)
        schema.release(&schema);
    while (code == 0) {
        struct ArrowArray array;
        code = stream->get_next(stream, &array);
        if (code != 0 || array.release == NULL)
            break;
        array.release(&array);
    }
    stream->release(stream);
    return code;
}

START_TEST(test_arrow_out__every_failure_of_memory_is_clean)
{
    mem_fault fault;
    mem_fault_init(&fault);
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = mem_fault_allocator(&fault);
    people p;
    people_open(&p, &options);
    uint64_t live = mem_fault_live_bytes(&fault);
    bool failed = true;
    uint64_t n = 1;
    for (; failed; n++) {
        struct ArrowArrayStream stream;
        seg_arrow_output output = SEG_ARROW_OUTPUT_INIT;
        output.batch_rows = 2;
        mem_fault_fail_at(&fault, n);
        seg_status status = people_export(&p, &output, &stream, &err);
        int code = status == SEG_OK ? stream_drain(&stream) : ENOMEM;
        failed = mem_fault_has_failed(&fault);
        mem_fault_fail_at(&fault, 0);
        ck_assert_int_eq(code, failed ? ENOMEM : 0);
        ck_assert(status == SEG_OK || status == SEG_E_NOMEM);
        if (status != SEG_OK)
            ck_assert(stream.release == NULL);
    }
    ck_assert_uint_gt(n, 20);
    /* Evaluations may keep scratch memory for the next one, and no more than that. */
    people_close(&p);
    ck_assert_uint_gt(live, 0);
    ck_assert_uint_eq(mem_fault_live_bytes(&fault), 0);
}
END_TEST

static void *release_array(void *argument)
{
    struct ArrowArray *array = argument;
    array->release(array);
    return NULL;
}

/* Arrays of one stream end in several threads, after the stream. */
START_TEST(test_arrow_out__arrays_end_in_any_thread)
{
    seg_error err = SEG_ERROR_INIT;
    people p;
    people_open(&p, NULL);
    seg_arrow_output output = SEG_ARROW_OUTPUT_INIT;
    output.batch_rows = 1;
    struct ArrowArrayStream stream;
    CK_OK(people_export(&p, &output, &stream, &err), err);
    struct ArrowArray arrays[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(stream.get_next(&stream, &arrays[i]), 0);
    stream.release(&stream);
    people_close(&p);
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, release_array, &arrays[i]), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/arrow_out");
    TCase *out = tcase_create("out");
    tcase_set_timeout(out, 100);
    tcase_add_test(out, test_arrow_out__every_type_has_its_format);
    tcase_add_loop_test(out, test_arrow_out__what_goes_out_comes_back, 0, 6);
    tcase_add_test(out, test_arrow_out__batches_have_the_rows_asked_for);
    tcase_add_test(out, test_arrow_out__ids_may_be_numbers_or_binary);
    tcase_add_test(out, test_arrow_out__an_empty_set_has_a_schema_and_no_batch);
    tcase_add_test(out, test_arrow_out__refuses_bad_arguments);
    tcase_add_test(out, test_arrow_out__every_failure_of_memory_is_clean);
    tcase_add_test(out, test_arrow_out__arrays_end_in_any_thread);
    suite_add_tcase(s, out);
    return s;
}
