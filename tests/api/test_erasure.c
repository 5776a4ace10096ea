/* api/test_erasure.c - the proof of erasure: every customer carries bytes of his own in his id, in
 * each attribute and in each property; after half of them are erased, not one of those bytes is
 * left in any block of memory that the store ever had, given back or not. */
#include "api/api_fixture.h"
#include "support/mem_scan.h"

#define FORMS 9 /* of one customer's bytes, see canary */

/* What is looked for of one customer. Texts are random, so that 8 bytes are met by chance once in
 * 2^64 places; numbers are kept as they are in the columns that wait, and as extremes. */
typedef struct canary {
    char id[33], text[33], tag[33], note[33], event_id[33], zone[33];
    int64_t number, money;
    double weight;
    bool erased;
} canary;

static uint64_t draw(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void draw_text(uint64_t *state, char *out)
{
    for (int i = 0; i < 32; i++)
        out[i] = "abcdefghijklmnopqrstuvwxyz234567"[draw(state) >> 59];
    out[32] = '\0';
}

static void canary_make(uint64_t *state, canary *c)
{
    char *const texts[] = {c->id, c->text, c->tag, c->note, c->event_id, c->zone};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        draw_text(state, texts[i]);
    c->number = (int64_t)draw(state);
    c->money = (int64_t)(draw(state) >> 1);
    c->weight = (double)(int64_t)draw(state) / 3;
    c->erased = false;
}

static size_t canary_needles(const canary *c, mem_scan_needle *out)
{
    const char *const texts[] = {c->id, c->text, c->tag, c->note, c->event_id, c->zone};
    size_t count = 0;
    /* The second half of a text, which no hash table keeps apart from the first. */
    for (size_t i = 0; i < 6; i++)
        out[count++] = (mem_scan_needle){texts[i] + 12, 16};
    out[count++] = (mem_scan_needle){&c->number, 8};
    out[count++] = (mem_scan_needle){&c->money, 8};
    out[count++] = (mem_scan_needle){&c->weight, 8};
    return count;
}

/* ---- the store ------------------------------------------------------------------------------ */

typedef struct proof {
    mem_scan scan;
    seg_store *store;
    seg_appender *appender;
    canary *canaries;
    size_t count;
    canary stray; /* of a customer whose commits all fail */
    bool numbers; /* ids are numbers */
} proof;

static void give_attributes(const proof *p, const canary *c, seg_appender *a)
{
    seg_error err = SEG_ERROR_INIT;
    /* So many that they need memory after the texts before them were taken in. */
    const char *tags[20] = {c->tag};
    size_t sizes[20] = {32};
    for (size_t i = 1; i < 20; i++) {
        tags[i] = &"common"[i % 6];
        sizes[i] = 6 - i % 6;
    }
    if (p->numbers)
        CK_OK(seg_appender_user_u64(a, (uint64_t)c->number, &err), err);
    else
        CK_OK(seg_appender_user(a, c->id, 32, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("name"), c->text, 32, &err), err);
    if (c == &p->stray) /* a column that no one else uses */
        CK_OK(seg_appender_set_string(a, TEXT("alias"), c->event_id, 32, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("timezone"), c->zone, 32, &err), err);
    CK_OK(seg_appender_set_strings(a, TEXT("tags"), tags, sizes, 20, &err), err);
    CK_OK(seg_appender_set_int64(a, TEXT("phone"), c->number, &err), err);
    CK_OK(seg_appender_set_decimal(a, TEXT("credit"), c->money, 2, &err), err);
    CK_OK(seg_appender_set_float64(a, TEXT("weight"), c->weight, &err), err);
}

static void give_event(const proof *p, const canary *c, seg_appender *a, int64_t time, bool named)
{
    seg_error err = SEG_ERROR_INIT;
    if (p->numbers)
        CK_OK(seg_appender_event_u64(a, (uint64_t)c->number, TEXT("visit"), time, &err), err);
    else
        CK_OK(seg_appender_event(a, c->id, 32, TEXT("visit"), time, &err), err);
    if (named)
        CK_OK(seg_appender_set_event_id(a, c->event_id, 32, &err), err);
    CK_OK(seg_appender_set_string(a, TEXT("note"), c->note, 32, &err), err);
    CK_OK(seg_appender_set_int64(a, TEXT("card"), c->number, &err), err);
    CK_OK(seg_appender_set_decimal(a, TEXT("paid"), c->money, 2, &err), err);
    CK_OK(seg_appender_set_float64(a, TEXT("depth"), c->weight, &err), err);
}

/* Commit one customer with the nth allocation failing. */
static seg_status commit_short(proof *p, const canary *c, uint64_t nth)
{
    seg_error err = SEG_ERROR_INIT;
    seg_appender *a = NULL;
    CK_OK(seg_appender_create(p->store, &a, &err), err);
    give_attributes(p, c, a);
    p->scan.fail_at = p->scan.calls + nth;
    seg_status status = seg_appender_commit(a, NULL, NULL, &err);
    p->scan.fail_at = 0;
    seg_appender_destroy(a);
    return status;
}

/* Commits that fail late leave texts and an id behind that nothing uses. They fail later and later,
 * until the text of the column that no one else has is among them. */
static void fail_commits(proof *p)
{
    const mem_scan_needle needle = {p->stray.event_id + 12, 16};
    size_t live = 0, freed = 0;
    for (uint64_t n = 1; live == 0; n++) {
        ck_assert_int_eq(commit_short(p, &p->stray, n), SEG_E_NOMEM);
        mem_scan_find(&p->scan, &needle, 1, &live, &freed);
        ck_assert_uint_eq(freed, 0);
    }
}

/* Commits, snapshots between them, values that replace others, and evaluations over all. */
static void fill(proof *p, uint64_t *state)
{
    seg_error err = SEG_ERROR_INIT;
    CK_OK(seg_appender_create(p->store, &p->appender, &err), err);
    for (size_t i = 0; i < p->count; i++) {
        canary *c = &p->canaries[i];
        give_attributes(p, c, p->appender);
        for (int k = 0; k < 3; k++)
            give_event(p, c, p->appender, JANUARY_1 - (int64_t)(draw(state) % 400) * DAY, k == 0);
        if (i % 97 == 0)
            CK_OK(seg_appender_commit(p->appender, NULL, NULL, &err), err);
        if (i % 300 == 0)
            seg_snapshot_release(snapshot_of(p->store));
    }
    CK_OK(seg_appender_commit(p->appender, NULL, NULL, &err), err);
    for (size_t i = 0; i < p->count; i += 7)
        give_attributes(p, &p->canaries[i], p->appender);
    CK_OK(seg_appender_commit(p->appender, NULL, NULL, &err), err);
    fail_commits(p);
}

static void look_around(proof *p)
{
    static const char *const asked[] = {
        "name contains \"a\" and min(card) of visit in last 300 days != 3",
        "first(note) of visit = \"x\" or did visit this month tz user",
        "avg(depth) of visit > 0 or tags has \"common\"", "distinct(note) of visit > 1"};
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = snapshot_of(p->store);
    for (size_t i = 0; i < sizeof asked / sizeof *asked; i++)
        seg_set_release(set_of(p->store, snapshot, asked[i]));
    seg_set *all = NULL;
    seg_value *value = NULL;
    seg_value_column *column = NULL;
    CK_OK(seg_set_everyone(snapshot, &all, &err), err);
    CK_OK(seg_value_compile(p->store, TEXT("last(note) of visit"), 0, &value, &err), err);
    CK_OK(seg_value_evaluate(value, all, NOW, NULL, &column, &err), err);
    seg_value_column_destroy(column);
    seg_value_release(value);
    seg_set_release(all);
    seg_snapshot_release(snapshot);
}

static void proof_start(proof *p, size_t count, bool numbers)
{
    uint64_t state = 42 + numbers;
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    memset(p, 0, sizeof *p);
    p->count = count;
    p->numbers = numbers;
    p->canaries = calloc(count, sizeof *p->canaries);
    ck_assert_ptr_nonnull(p->canaries);
    for (size_t i = 0; i < count; i++)
        canary_make(&state, &p->canaries[i]);
    canary_make(&state, &p->stray);
    mem_scan_init(&p->scan);
    options.allocator = &p->scan.allocator;
    options.id_kind = numbers ? SEG_ID_U64 : SEG_ID_BYTES;
    options.dedup_window_us = UINT64_MAX;
    options.threads_max = 1;
    p->store = store_open(&options);
    CK_OK(seg_store_define_attribute(p->store, TEXT("alias"), SEG_TYPE_STRING, 0, &err), err);
    fill(p, &state);
    look_around(p);
}

static void proof_end(proof *p)
{
    seg_appender_destroy(p->appender);
    ck_assert_int_eq(seg_store_close(p->store, NULL), SEG_OK);
    mem_scan_deinit(&p->scan);
    free(p->canaries);
}

/* How many forms of the erased, or of the others, are found. */
static void look_for(const proof *p, bool erased, size_t *live, size_t *freed)
{
    mem_scan_needle *needles = malloc((p->count + 1) * FORMS * sizeof *needles);
    size_t count = 0;
    ck_assert_ptr_nonnull(needles);
    if (erased)
        count += canary_needles(&p->stray, needles);
    for (size_t i = 0; i < p->count; i++)
        if (p->canaries[i].erased == erased)
            count += canary_needles(&p->canaries[i], needles + count);
    mem_scan_find(&p->scan, needles, count, live, freed);
    free(needles);
}

static uint64_t erase_half(proof *p)
{
    seg_error err = SEG_ERROR_INIT;
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    seg_erase_receipt receipt = {.struct_size = (uint32_t)sizeof receipt};
    uint64_t *numbers = malloc(p->count * sizeof *numbers);
    uint64_t *offsets = calloc(p->count + 1, sizeof *offsets), count = 0;
    char *bytes = malloc(p->count * 32);
    ck_assert(numbers && offsets && bytes);
    for (size_t i = 0; i < p->count; i += 2) {
        p->canaries[i].erased = true;
        memcpy(bytes + count * 32, p->canaries[i].id, 32);
        numbers[count++] = (uint64_t)p->canaries[i].number;
        offsets[count] = count * 32;
    }
    options.flags = SEG_ERASE_REFUSE;
    if (p->numbers)
        CK_OK(seg_store_erase_users_u64(p->store, numbers, count, &options, &receipt, &err), err);
    else
        CK_OK(seg_store_erase_users(p->store, bytes, offsets, count, &options, &receipt, &err),
              err);
    free(numbers);
    free(offsets);
    free(bytes);
    ck_assert_uint_eq(receipt.users_erased, count);
    ck_assert_uint_eq(receipt.events_removed, 3 * count);
    ck_assert_uint_eq(receipt.values_removed, 6 * count);
    ck_assert_uint_eq(receipt.event_ids_removed, count);
    /* name, timezone, one tag, note; and what the failed commits left */
    ck_assert_uint_ge(receipt.strings_removed, 4 * count + 1);
    ck_assert_uint_le(receipt.strings_removed, 4 * count + 4);
    return receipt.views_open;
}

static size_t customers(void)
{
    return getenv("SEG_TEST_SOAK") != NULL ? 20000 : getenv("SEG_TEST_SLOW") != NULL ? 60 : 1000;
}

START_TEST(test_erasure__leaves_no_byte_behind)
{
    proof p;
    size_t live, freed;
    proof_start(&p, customers(), _i == 1);
    look_for(&p, false, &live, &freed);
    /* They can be found, in columns that are kept as they came; and nothing that was freed holds
     * any of them. Numbers are packed in columns, so that not all are. */
    ck_assert_uint_ge(live, 5 * p.count);
    ck_assert_uint_eq(freed, 0);
    ck_assert_uint_eq(erase_half(&p), 0);
    look_for(&p, true, &live, &freed);
    ck_assert_uint_eq(live, 0);
    ck_assert_uint_eq(freed, 0);
    look_for(&p, false, &live, &freed);
    ck_assert_uint_ge(live, 5 * (p.count / 2));
    /* Life goes on, and nothing of them comes back. */
    look_around(&p);
    look_for(&p, true, &live, &freed);
    ck_assert_uint_eq(live + freed, 0);
    proof_end(&p);
}
END_TEST

START_TEST(test_erasure__is_finished_with_the_last_snapshot_of_before)
{
    proof p;
    size_t live, freed;
    proof_start(&p, 60, false);
    seg_snapshot *before = snapshot_of(p.store);
    ck_assert_uint_eq(erase_half(&p), 1);
    look_for(&p, true, &live, &freed);
    ck_assert_uint_gt(live, 0);
    seg_set *set = set_of(p.store, before, "tags has \"common\"");
    ck_assert_uint_eq(seg_set_count(set), 60);
    seg_set_release(set);
    seg_snapshot_release(before);
    ck_assert_uint_eq(seg_store_views_open(p.store), 0);
    look_for(&p, true, &live, &freed);
    /* What evaluations over the old snapshot left goes when the next erasure clears it. */
    ck_assert_uint_eq(live + freed, 0);
    proof_end(&p);
}
END_TEST

START_TEST(test_erasure__expired_texts_go_as_well)
{
    proof p;
    seg_error err = SEG_ERROR_INIT;
    seg_expire_report report = {.struct_size = (uint32_t)sizeof report};
    proof_start(&p, 60, false);
    CK_OK(seg_store_set_retention(p.store, TEXT("visit"), 1, &err), err);
    CK_OK(seg_store_expire(p.store, SEG_TIME_MAX, &report, &err), err);
    ck_assert_uint_eq(report.events_removed, 180);
    ck_assert_uint_ge(report.strings_removed, 60);
    mem_scan_needle needles[60];
    size_t live, freed;
    for (size_t i = 0; i < p.count; i++)
        needles[i] = (mem_scan_needle){p.canaries[i].note + 12, 16};
    mem_scan_find(&p.scan, needles, p.count, &live, &freed);
    ck_assert_uint_eq(live + freed, 0);
    proof_end(&p);
}
END_TEST

Suite *suite(void)
{
    Suite *s = suite_create("api/erasure");
    TCase *erasure = tcase_create("erasure");
    tcase_set_timeout(erasure, 100);
    suite_add_tcase(s, erasure);
    tcase_add_loop_test(erasure, test_erasure__leaves_no_byte_behind, 0, 2);
    tcase_add_test(erasure, test_erasure__is_finished_with_the_last_snapshot_of_before);
    tcase_add_test(erasure, test_erasure__expired_texts_go_as_well);
    return s;
}
