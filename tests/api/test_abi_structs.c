/* api/test_abi_structs.c - structs of other versions of the header: smaller and larger ones.
 *
 * Options: bytes beyond what the library knows must be zero, what the caller lacks counts as
 * zero. Outputs: the library writes as much as the caller has, and zero into what it does not
 * know. */
#include "api/api_fixture.h"

#define GUARD 0x5a

/* A struct of a later version: ours and 16 bytes more. */
#define LARGER(type)                                                                               \
    struct {                                                                                       \
        type known;                                                                                \
        uint64_t later[2];                                                                         \
        uint8_t guard[8];                                                                          \
    }

static bool guarded(const uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != GUARD)
            return false;
    }
    return true;
}

/* ---- initialisers ------------------------------------------------------------------------ */

START_TEST(test_abi_structs__initialisers_agree)
{
    static const seg_store_options store_macro = SEG_STORE_OPTIONS_INIT;
    static const seg_commit_options commit_macro = SEG_COMMIT_OPTIONS_INIT;
    static const seg_eval_options eval_macro = SEG_EVAL_OPTIONS_INIT;
    static const seg_error error_macro = SEG_ERROR_INIT;
    seg_store_options store;
    seg_commit_options commit;
    seg_eval_options eval;
    seg_error error;
    memset(&store, GUARD, sizeof store);
    memset(&commit, GUARD, sizeof commit);
    memset(&eval, GUARD, sizeof eval);
    memset(&error, GUARD, sizeof error);
    seg_store_options_init(&store, sizeof store);
    seg_commit_options_init(&commit, sizeof commit);
    seg_eval_options_init(&eval, sizeof eval);
    seg_error_init(&error, sizeof error);
    ck_assert_mem_eq(&store, &store_macro, sizeof store);
    ck_assert_mem_eq(&commit, &commit_macro, sizeof commit);
    ck_assert_mem_eq(&eval, &eval_macro, sizeof eval);
    ck_assert_mem_eq(&error, &error_macro, sizeof error);
    /* Harmless where there is nothing to fill. */
    seg_store_options_init(NULL, sizeof store);
    seg_commit_options_init(NULL, 0);
    seg_eval_options_init(&eval, 0);
    ck_assert_mem_eq(&eval, &eval_macro, sizeof eval);
}
END_TEST

START_TEST(test_abi_structs__initialisers_fill_any_size)
{
    LARGER(seg_store_options) larger;
    memset(&larger, GUARD, sizeof larger);
    size_t size = sizeof larger - sizeof larger.guard;
    seg_store_options_init(&larger.known, size);
    ck_assert_uint_eq(larger.known.struct_size, size);
    ck_assert_uint_eq(larger.later[0] | larger.later[1], 0);
    ck_assert(guarded(larger.guard, sizeof larger.guard));
    seg_eval_options eval;
    memset(&eval, GUARD, sizeof eval);
    seg_eval_options_init(&eval, 8);
    ck_assert_uint_eq(eval.struct_size, 8);
    ck_assert_uint_eq(eval.flags, 0);
    ck_assert(guarded((uint8_t *)&eval + 8, sizeof eval - 8));
}
END_TEST

/* ---- options ----------------------------------------------------------------------------- */

START_TEST(test_abi_structs__store_options_of_any_size)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    LARGER(seg_store_options) larger;
    memset(&larger, 0, sizeof larger);
    larger.known.struct_size = sizeof larger;
    larger.known.id_kind = SEG_ID_U64;
    CK_OK(seg_store_open(TEXT(":memory:"), &larger.known, &store, &err), err);
    seg_store_close(store, NULL);
    larger.guard[7] = 1;
    store = (seg_store *)&err;
    CK_FAILS(seg_store_open(TEXT(":memory:"), &larger.known, &store, &err), SEG_E_VERSION, err);
    ck_assert_ptr_null(store);
    /* Smaller: what lies behind is not read, here the wish for another kind of id. */
    larger.known.struct_size = offsetof(seg_store_options, id_kind);
    CK_OK(seg_store_open(TEXT(":memory:"), &larger.known, &store, &err), err);
    seg_appender *appender = NULL;
    CK_OK(seg_appender_create(store, &appender, &err), err);
    CK_OK(seg_appender_user(appender, TEXT("ann"), &err), err);
    seg_appender_destroy(appender);
    seg_store_close(store, NULL);
    static const uint32_t absurd[] = {0, 1, 4, 7, 4097, UINT32_MAX};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        larger.known.struct_size = absurd[i];
        CK_FAILS(seg_store_open(TEXT(":memory:"), &larger.known, &store, &err), SEG_E_ARG, err);
    }
}
END_TEST

START_TEST(test_abi_structs__eval_and_commit_options_of_any_size)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    seg_segment *segment = segment_of(store, "everyone");
    uint64_t count = 0;
    LARGER(seg_eval_options) eval;
    memset(&eval, 0, sizeof eval);
    eval.known.struct_size = sizeof eval;
    CK_OK(seg_segment_count(segment, snapshot, NOW, &eval.known, &count, &err), err);
    eval.later[1] = 1;
    CK_FAILS(seg_segment_count(segment, snapshot, NOW, &eval.known, &count, &err), SEG_E_VERSION,
             err);
    /* `among` would not even be a set. */
    eval.known.struct_size = offsetof(seg_eval_options, among);
    eval.known.among = (const seg_set *)&err;
    CK_OK(seg_segment_count(segment, snapshot, NOW, &eval.known, &count, &err), err);
    ck_assert_uint_eq(count, 5);
    eval.known.struct_size = 4;
    CK_FAILS(seg_segment_count(segment, snapshot, NOW, &eval.known, &count, &err), SEG_E_ARG, err);
    LARGER(seg_commit_options) commit;
    memset(&commit, 0, sizeof commit);
    commit.known.struct_size = sizeof commit;
    CK_OK(seg_store_commit(store, NULL, 0, &commit.known, NULL, &err), err);
    commit.later[0] = 1;
    CK_FAILS(seg_store_commit(store, NULL, 0, &commit.known, NULL, &err), SEG_E_VERSION, err);
    commit.known.struct_size = 8;
    CK_OK(seg_store_commit(store, NULL, 0, &commit.known, NULL, &err), err);
    seg_segment_release(segment);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

static void *host_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *host_resize(void *user, void *pointer, size_t old_size, size_t new_size)
{
    (void)user;
    (void)old_size;
    return realloc(pointer, new_size);
}

static void host_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

START_TEST(test_abi_structs__allocators_of_any_size)
{
    seg_error err = SEG_ERROR_INIT;
    LARGER(seg_allocator) host;
    memset(&host, 0, sizeof host);
    host.known.struct_size = sizeof host;
    host.known.alloc = host_alloc;
    host.known.resize = host_resize;
    host.known.release = host_release;
    seg_task *task = NULL;
    seg_params *params = NULL;
    CK_OK(seg_task_create(&host.known, &task, &err), err);
    seg_task_destroy(task);
    CK_OK(seg_params_create(&host.known, &params, &err), err);
    seg_params_destroy(params);
    host.later[0] = 1;
    CK_FAILS(seg_task_create(&host.known, &task, &err), SEG_E_VERSION, err);
    ck_assert_ptr_null(task);
    CK_FAILS(seg_params_create(&host.known, &params, &err), SEG_E_VERSION, err);
    host.known.struct_size = offsetof(seg_allocator, release);
    CK_FAILS(seg_task_create(&host.known, &task, &err), SEG_E_ARG, err);
}
END_TEST

/* ---- arrays of structs ------------------------------------------------------------------- */

static const int64_t seat_values[] = {5, 6};
static const uint64_t id_offsets[] = {0, 2, 4};

static void batch_fill(seg_batch *batch, uint32_t size, const seg_column *columns, uint64_t count)
{
    batch->struct_size = size;
    batch->row_count = 2;
    batch->user_bytes = "abcd";
    batch->user_offsets = id_offsets;
    batch->columns = columns;
    batch->column_count = count;
}

static void column_fill(seg_column *column, uint32_t size, const char *name)
{
    column->struct_size = size;
    column->type = SEG_TYPE_INT64;
    column->name = name;
    column->name_size = strlen(name);
    column->values = seat_values;
}

/* The caller's struct_size is the distance between the elements of an array. */
START_TEST(test_abi_structs__arrays_have_the_stride_of_the_caller)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = store_open(NULL);
    LARGER(seg_column) columns[2];
    LARGER(seg_batch) batches[2];
    memset(columns, 0, sizeof columns);
    memset(batches, 0, sizeof batches);
    column_fill(&columns[0].known, sizeof columns[0], "seats");
    column_fill(&columns[1].known, sizeof columns[1], "rooms");
    batch_fill(&batches[0].known, sizeof batches[0], &columns[0].known, 2);
    batch_fill(&batches[1].known, sizeof batches[1], &columns[1].known, 1);
    batches[1].known.user_bytes = "efgh";
    CK_OK(seg_store_commit(store, &batches[0].known, 2, NULL, NULL, &err), err);
    check_segment(store, "seats = 6", "cd");
    check_segment(store, "rooms = 5", "ab ef");
    columns[1].later[0] = 1;
    CK_FAILS(seg_store_commit(store, &batches[0].known, 2, NULL, NULL, &err), SEG_E_VERSION, err);
    columns[1].later[0] = 0;
    batches[1].later[1] = 1;
    CK_FAILS(seg_store_commit(store, &batches[0].known, 2, NULL, NULL, &err), SEG_E_VERSION, err);
    batches[1].later[1] = 0;
    batches[1].known.struct_size = sizeof(seg_batch);
    CK_FAILS(seg_store_commit(store, &batches[0].known, 2, NULL, NULL, &err), SEG_E_ARG, err);
    batches[0].known.struct_size = 0;
    CK_FAILS(seg_store_commit(store, &batches[0].known, 2, NULL, NULL, &err), SEG_E_ARG, err);
    batches[0].known.struct_size = sizeof batches[0];
    columns[0].known.struct_size = 8;
    CK_FAILS(seg_store_commit(store, &batches[0].known, 1, NULL, NULL, &err), SEG_E_ARG, err);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- outputs ----------------------------------------------------------------------------- */

START_TEST(test_abi_structs__outputs_of_any_size)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_snapshot *snapshot = snapshot_of(store);
    LARGER(seg_snapshot_info) info;
    memset(&info, GUARD, sizeof info);
    info.known.struct_size = (uint32_t)(sizeof info - sizeof info.guard);
    CK_OK(seg_snapshot_get_info(snapshot, &info.known, &err), err);
    ck_assert_uint_eq(info.known.struct_size, sizeof info - sizeof info.guard);
    ck_assert_uint_eq(info.known.user_count, 5);
    ck_assert_uint_eq(info.later[0] | info.later[1], 0);
    ck_assert(guarded(info.guard, sizeof info.guard));
    memset(&info, GUARD, sizeof info);
    size_t size = offsetof(seg_snapshot_info, event_count);
    info.known.struct_size = (uint32_t)size;
    CK_OK(seg_snapshot_get_info(snapshot, &info.known, &err), err);
    ck_assert_uint_eq(info.known.user_count, 5);
    ck_assert(guarded((uint8_t *)&info + size, sizeof info - size));
    LARGER(seg_column_info) column;
    memset(&column, GUARD, sizeof column);
    size = offsetof(seg_column_info, event);
    column.known.struct_size = (uint32_t)size;
    CK_OK(seg_store_column_at(store, 1, &column.known, &err), err);
    ck_assert_int_eq(column.known.type, SEG_TYPE_INT64);
    ck_assert(guarded((uint8_t *)&column + size, sizeof column - size));
    seg_commit_report report;
    memset(&report, GUARD, sizeof report);
    size = offsetof(seg_commit_report, rows_duplicate);
    report.struct_size = (uint32_t)size;
    CK_OK(seg_store_commit(store, NULL, 0, NULL, &report, &err), err);
    ck_assert_uint_eq(report.rows_applied, 0);
    ck_assert(guarded((uint8_t *)&report + size, sizeof report - size));
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}
END_TEST

/* ---- seg_error --------------------------------------------------------------------------- */

START_TEST(test_abi_structs__errors_of_any_size)
{
    seg_store *store = shop_open();
    seg_segment *segment = NULL;
    seg_error whole = SEG_ERROR_INIT;
    static const char text[] = "country = \"DE\" and seets > 1";
    CK_FAILS(seg_segment_compile(store, TEXT(text), 0, &segment, &whole), SEG_E_UNKNOWN_NAME,
             whole);
    static const size_t sizes[] = {offsetof(seg_error, message), offsetof(seg_error, message) + 1,
                                   offsetof(seg_error, message) + 10, offsetof(seg_error, hint),
                                   offsetof(seg_error, hint) + 3};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        seg_error err;
        memset(&err, GUARD, sizeof err);
        seg_error_init(&err, sizes[i]);
        ck_assert_int_eq(seg_segment_compile(store, TEXT(text), 0, &segment, &err),
                         SEG_E_UNKNOWN_NAME);
        ck_assert_int_eq(err.code, SEG_E_UNKNOWN_NAME);
        ck_assert_int_eq(err.offset, whole.offset);
        ck_assert_int_eq(err.length, whole.length);
        ck_assert_uint_eq(err.column, whole.column);
        ck_assert(guarded((uint8_t *)&err + sizes[i], sizeof err - sizes[i]));
        if (sizes[i] > offsetof(seg_error, message)) {
            size_t room = sizes[i] - offsetof(seg_error, message);
            ck_assert_ptr_nonnull(memchr(err.message, '\0', room));
        }
        /* Success clears it. */
        CK_OK(seg_segment_compile(store, TEXT("everyone"), 0, &segment, &err), whole);
        ck_assert_int_eq(err.code, SEG_OK);
        seg_segment_release(segment);
    }
    LARGER(seg_error) larger;
    memset(&larger, GUARD, sizeof larger);
    seg_error_init(&larger.known, sizeof larger - sizeof larger.guard);
    ck_assert_int_eq(seg_segment_compile(store, TEXT(text), 0, &segment, &larger.known),
                     SEG_E_UNKNOWN_NAME);
    ck_assert_str_eq(larger.known.message, whole.message);
    ck_assert_str_eq(larger.known.hint, whole.hint);
    ck_assert_uint_eq(larger.later[0], 0);
    ck_assert(guarded(larger.guard, sizeof larger.guard));
    /* One that was never initialised is left alone. */
    seg_error none;
    memset(&none, 0, sizeof none);
    ck_assert_int_eq(seg_segment_compile(store, TEXT(text), 0, &segment, &none),
                     SEG_E_UNKNOWN_NAME);
    ck_assert_str_eq(none.message, "");
    seg_store_close(store, NULL);
}
END_TEST

START_TEST(test_abi_structs__warnings_of_any_size)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = shop_open();
    seg_segment *segment = NULL;
    CK_OK(seg_segment_compile(store, TEXT("did \"refund\""), SEG_COMPILE_OPEN, &segment, &err),
          err);
    seg_error warning;
    memset(&warning, GUARD, sizeof warning);
    size_t size = offsetof(seg_error, message) + 5;
    seg_error_init(&warning, size);
    ck_assert_int_eq(seg_segment_warning(segment, 0, &warning), SEG_OK);
    ck_assert_uint_eq(strlen(warning.message), 4);
    ck_assert(guarded((uint8_t *)&warning + size, sizeof warning - size));
    seg_segment_release(segment);
    seg_store_close(store, NULL);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/abi_structs");
    TCase *structs = tcase_create("structs");
    tcase_add_test(structs, test_abi_structs__initialisers_agree);
    tcase_add_test(structs, test_abi_structs__initialisers_fill_any_size);
    tcase_add_test(structs, test_abi_structs__store_options_of_any_size);
    tcase_add_test(structs, test_abi_structs__eval_and_commit_options_of_any_size);
    tcase_add_test(structs, test_abi_structs__allocators_of_any_size);
    tcase_add_test(structs, test_abi_structs__arrays_have_the_stride_of_the_caller);
    tcase_add_test(structs, test_abi_structs__outputs_of_any_size);
    tcase_add_test(structs, test_abi_structs__errors_of_any_size);
    tcase_add_test(structs, test_abi_structs__warnings_of_any_size);
    suite_add_tcase(s, structs);
    return s;
}
