/* unit/store/store_golden.c - a small whole store that is the same each time, and its answers. */
#include "store_golden.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "base/hash.h"
#include "support/check_main.h"
#include "support/shop.h"
#include "support/store_image.h"

#define NOW "2026-01-31"
#define LOG_STEP 4096u /* zeros that are kept behind the last record */

static void must(seg_status status, const seg_error *err)
{
    if (status != SEG_OK)
        ck_abort_msg("%s: %s", seg_status_name(status), err->message);
}

/* ---- what it holds --------------------------------------------------------------------------- */

seg_status golden_open(sim_vfs *sim, uint32_t flags, const seg_allocator *allocator,
                       seg_store **out, seg_error *err)
{
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.flags = flags;
    options.allocator = allocator;
    options.threads_max = 1;
    options.memory_limit = 1 << 16;
    options.log_bytes_max = 1 << 20;
    return segi_api_store_open(sim_vfs_table(sim), GOLDEN_FILE, strlen(GOLDEN_FILE), &options, out,
                               err);
}

static void checkpoint(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_checkpoint(s->store, &err), &err);
}

static void keep(shop *s, const char *event, uint64_t days)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_set_retention(s->store, event, event != NULL ? strlen(event) : 0,
                                 days * UINT64_C(86400000000), &err),
         &err);
}

static void users(shop *s)
{
    static const char *const values[] = {
        "age=31 score=0.5f paid=12.50 name=ann ok=true seen=@2026-01-30T12:00:00Z born=@1994-05-01 "
        "home=(52.5,13.4) tags=[red,vip]",
        "age=17 score=2.25f paid=0.99 name=bob ok=false seen=@2025-12-24T18:00:00Z "
        "born=@2008-02-29 "
        "home=(48.1,11.5) tags=[red]",
        "age=64 score=-1.0f paid=1000.00 name='a longer name' ok=true born=@1961-11-30 tags=[old]",
        "age=null score=null paid=5.00 name=dan tags=[blue,vip,old]",
    };
    static const char *const ids[] = {"ann", "bob", "cyd", "dan", "eve", "fay", "gus", "hal"};
    shop_begin(s);
    for (size_t i = 0; i < 8; i++)
        shop_user(s, ids[i], values[i % 4]);
    shop_commit(s);
}

static void history(shop *s)
{
    shop_history(s, "plan=''");
    shop_since(s, "ann", "2025-11-01", "plan=free");
    shop_since(s, "ann", "2026-01-10", "plan=pro");
    shop_since(s, "bob", "2026-01-15", "plan=free");
    shop_since(s, "gus", "2025-12-01", "plan=pro");
    shop_since(s, "gus", "2026-01-20", "plan=null");
}

/* Two thirds have an event id. */
static void events(shop *s, uint32_t from, uint32_t until)
{
    static const char *const ids[] = {"ann", "bob", "cyd", "dan", "eve", "gus", "ida"};
    static const char *const types[] = {"buy", "see", "buy", "mail"};
    shop_begin(s);
    for (uint32_t i = from; i < until; i++) {
        char time[40], values[80], id[24];
        const char *type = types[i % 4];
        snprintf(time, sizeof time, "2026-01-%02uT%02u:%02u:00Z", (unsigned)(1 + i * 7 % 30),
                 (unsigned)(i * 5 % 24), (unsigned)(i * 11 % 60));
        snprintf(id, sizeof id, "event-%u", (unsigned)i);
        if (type[0] == 'b')
            snprintf(values, sizeof values, "amount=%u.%02u item=thing-%u gift=%s",
                     (unsigned)(i * 13 % 90), (unsigned)(i * 29 % 100), (unsigned)(i % 5),
                     i % 3 == 0 ? "true" : "false");
        else
            snprintf(values, sizeof values, "page=%u", (unsigned)(i * 17 % 40));
        ck_assert_int_eq(
            shop_event_id(s, ids[i * 3 % 7], type, time, values, i % 3 == 0 ? NULL : id), SEG_OK);
    }
    shop_commit(s);
}

static void definitions(shop *s)
{
    static const int32_t sale[] = {20454, 20456, 20470, 20470};
    shop_occasion(s, "sale", sale, 2);
    shop_define(s, "buyers", "did \"buy\" at least 2 times in last 60 days");
    shop_class(s, "tier", "\"big\": sum(amount) of \"buy\" > 100; otherwise \"small\"");
    keep(s, NULL, 400);
    keep(s, "mail", 14);
}

/* Expired first events, an erased customer who is refused and one who is not. */
static void removals(shop *s)
{
    static const uint64_t offsets[] = {0, 3};
    seg_error err = SEG_ERROR_INIT;
    seg_erase_options refuse = SEG_ERASE_OPTIONS_INIT;
    refuse.flags = SEG_ERASE_REFUSE;
    must(seg_store_expire(s->store, shop_time(NOW), NULL, &err), &err);
    must(seg_store_erase_users(s->store, "fay", offsets, 1, &refuse, NULL, &err), &err);
    must(seg_store_erase_users(s->store, "hal", offsets, 1, NULL, NULL, &err), &err);
}

/* A commit with a token, of attributes and of events of two types. */
static void commit_named(shop *s, const char *token)
{
    seg_error err = SEG_ERROR_INIT;
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    seg_appender *to = NULL;
    options.token = token;
    options.token_size = strlen(token);
    must(seg_appender_create(s->store, &to, &err), &err);
    must(seg_appender_user(to, "joe", 3, &err), &err);
    must(seg_appender_set_int64(to, "age", 3, 44, &err), &err);
    must(seg_appender_set_string(to, "name", 4, "joe", 3, &err), &err);
    must(seg_appender_event(to, "joe", 3, "buy", 3, shop_time("2026-01-29"), &err), &err);
    must(seg_appender_set_decimal(to, "amount", 6, 777, 2, &err), &err);
    must(seg_appender_commit(to, &options, NULL, &err), &err);
    seg_appender_destroy(to);
}

/* A record of each kind, and one of many sectors behind it. */
static void fill_log(shop *s)
{
    seg_error err = SEG_ERROR_INIT;
    must(seg_store_define_attribute(s->store, "late", 4, SEG_TYPE_INT64, 0, &err), &err);
    must(seg_store_define_event(s->store, "late", 4, &err), &err);
    must(seg_store_define_property(s->store, "late", 4, "p", 1, SEG_TYPE_DECIMAL, 3, &err), &err);
    must(seg_store_define_history(s->store, "level", 5, SEG_TYPE_INT64, 0, &err), &err);
    shop_define(s, "young", "age < 30");
    shop_define(s, "gone", "age > 30");
    must(seg_store_drop_segment(s->store, "gone", 4, &err), &err);
    keep(s, "see", 200);
    shop_user(s, "ann", "age=32 late=9 tags=[red,new] home=null");
    shop_since(s, "kim", "2026-01-05", "plan=free level=3");
    commit_named(s, "second");
    events(s, 60, 80);
}

static sim_vfs *make_texts(void)
{
    seg_error err = SEG_ERROR_INIT;
    sim_vfs *sim = sim_vfs_create(21);
    shop s = {NULL, NULL};
    must(golden_open(sim, SEG_STORE_CREATE, NULL, &s.store, &err), &err);
    users(&s);
    history(&s);
    events(&s, 0, 30);
    commit_named(&s, "first");
    checkpoint(&s);
    definitions(&s);
    events(&s, 30, 60);
    shop_user(&s, "bob", "age=18 name=rob tags=[new]");
    checkpoint(&s);
    removals(&s);
    checkpoint(&s);
    fill_log(&s);
    sim_vfs *left = sim_vfs_copy(sim);
    shop_close(&s);
    sim_vfs_destroy(sim);
    return left;
}

/* The log grows in steps that are far longer than all the rest: as if it had begun with less. */
static void shorten_log(golden *g)
{
    size_t size;
    unsigned char *log = sim_vfs_edit(g->sim, GOLDEN_LOG, &size), *cut = malloc(size);
    uint64_t kept = g->log_used + LOG_STEP;
    ck_assert(cut != NULL && kept <= size);
    memcpy(cut, log, size);
    for (size_t i = 0; i < 8; i++)
        cut[48 + i] = (unsigned char)(kept >> (8 * i));
    uint64_t sum = segi_xxh3(cut, 504, 0);
    for (size_t i = 0; i < 8; i++)
        cut[504 + i] = (unsigned char)(sum >> (8 * i));
    sim_vfs_put(g->sim, GOLDEN_LOG, cut, (size_t)kept);
    free(cut);
}

/* A hundred thousand openings: memory given back to the system and asked for again would cost more
 * than all the rest. */
static void keep_memory(void)
{
#ifdef __GLIBC__
    (void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
    (void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
#endif
}

static uint64_t log_used(sim_vfs *sim)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    seg_store_stats stats = {.struct_size = sizeof stats};
    must(golden_open(sim, SEG_STORE_READ_ONLY, NULL, &store, &err), &err);
    must(seg_store_get_stats(store, &stats, &err), &err);
    must(seg_store_close(store, &err), &err);
    return stats.log_used;
}

/* The answers, and what is read for them. */
static void take_answers(golden *g)
{
    static const char *const paths[] = {GOLDEN_FILE, GOLDEN_LOG};
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    for (size_t i = 0; i < 2; i++) {
        golden_file *file = &g->files[i];
        file->path = paths[i];
        file->bytes = sim_vfs_edit(g->sim, paths[i], &file->size);
        file->read = calloc(1, file->size);
        ck_assert(file->bytes != NULL && file->read != NULL);
        sim_vfs_watch(g->sim, paths[i], file->read, file->size);
    }
    must(golden_open(g->sim, SEG_STORE_READ_ONLY, NULL, &store, &err), &err);
    must(golden_ask(store, &g->answers, &err), &err);
    must(seg_store_close(store, &err), &err);
    for (size_t i = 0; i < 2; i++)
        sim_vfs_watch(g->sim, paths[i], NULL, 0);
}

void golden_make(golden *g, uint32_t which)
{
    keep_memory();
    memset(g, 0, sizeof *g);
    segi_buf_init(&g->answers, segi_mem_default());
    segi_buf_init(&g->scratch, segi_mem_default());
    g->sim = which == GOLDEN_TEXTS ? make_texts() : store_image_make(SEG_ID_U64);
    g->log_used = log_used(g->sim);
    shorten_log(g);
    take_answers(g);
}

void golden_free(golden *g)
{
    for (size_t i = 0; i < 2; i++)
        free(g->files[i].read);
    sim_vfs_destroy(g->sim);
    segi_buf_deinit(&g->answers);
    segi_buf_deinit(&g->scratch);
}

/* ---- what it answers ------------------------------------------------------------------------- */

/* Each of them is asked of both stores; a name that a store does not have is an answer, too. */
static const char *const questions[] = {
    "in segment \"buyers\"",
    "in segment \"young\"",
    "class.tier = \"big\"",
    "age > 20 and not tags has \"old\"",
    "name = \"rob\" or ok = true or paid > 3",
    "home within 100 km of point(52.5, 13.4) or age is null",
    "did \"buy\" during occasion \"sale\"",
    "first \"mail\" older than 3 days",
    "first \"buy\" in last 40 days and did \"see\"",
    "plan as of 2026-01-12 = \"pro\"",
    "level = 3",
    "did \"buy\" where (gift = true and amount > 10) at least 2 times",
};

static void put_text(segi_buf *out, const char *text, uint64_t size)
{
    segi_buf_add(out, &size, sizeof size);
    segi_buf_add(out, text, (size_t)size);
}

static seg_status ask_predicate(seg_store *store, seg_snapshot *snapshot, const char *text,
                                segi_buf *out, seg_error *err)
{
    seg_segment *segment = NULL;
    seg_set *set = NULL;
    seg_buffer *bytes = NULL;
    seg_status status = seg_segment_compile(store, text, strlen(text), 0, &segment, err);
    if (status == SEG_E_UNKNOWN_NAME) {
        put_text(out, "?", 1);
        return SEG_OK;
    }
    if (status == SEG_OK)
        status = seg_segment_evaluate(segment, snapshot, shop_time(NOW), NULL, &set, err);
    if (status == SEG_OK)
        status = seg_set_to_roaring(set, SEG_ROARING_ORDINALS, &bytes, err);
    if (status == SEG_OK)
        put_text(out, seg_buffer_data(bytes), seg_buffer_size(bytes));
    seg_buffer_destroy(bytes);
    seg_set_release(set);
    seg_segment_release(segment);
    return status;
}

static seg_status ask_ids(const seg_set *everyone, uint32_t kind, segi_buf *out, seg_error *err)
{
    seg_set_cursor *cursor = NULL;
    uint64_t ids[65], count = 1;
    const char *bytes = NULL;
    SEGI_TRY(seg_set_cursor_create(everyone, &cursor, err));
    seg_status status = SEG_OK;
    while (status == SEG_OK && count > 0) {
        status = kind == SEG_ID_U64 ? seg_set_cursor_next_u64(cursor, 64, ids, &count, err)
                                    : seg_set_cursor_next(cursor, 64, ids, &bytes, &count, err);
        if (status != SEG_OK)
            break;
        segi_buf_add(out, ids, (size_t)count * sizeof *ids);
        if (kind != SEG_ID_U64 && count > 0)
            put_text(out, bytes, ids[count]);
    }
    seg_set_cursor_destroy(cursor);
    return status;
}

/* What a column of the public form holds. */
static void put_column(const seg_column *c, uint64_t rows, segi_buf *out)
{
    static const uint8_t widths[] = {0, 1, 8, 8, 8, 0, 8, 4, 16, 0};
    const char *values = c->values;
    segi_buf_add(out, c->states, (size_t)rows);
    for (uint64_t row = 0; row < rows; row++) {
        if (c->states[row] != SEG_VALUE_SET)
            continue;
        uint64_t first = c->lists ? c->lists[row] : row,
                 last = c->lists ? c->lists[row + 1] : row + 1;
        if (widths[c->type] > 0)
            segi_buf_add(out, values + row * widths[c->type], widths[c->type]);
        for (uint64_t i = first; widths[c->type] == 0 && i < last; i++)
            put_text(out, values + c->offsets[i], c->offsets[i + 1] - c->offsets[i]);
    }
}

static seg_status ask_value(seg_store *store, const seg_set *everyone, const char *text,
                            segi_buf *out, seg_error *err)
{
    seg_value *value = NULL;
    seg_value_column *column = NULL;
    seg_column view = {.struct_size = sizeof view};
    uint64_t rows = 0;
    SEGI_TRY(seg_value_compile(store, text, strlen(text), 0, &value, err));
    seg_status status = seg_value_evaluate(value, everyone, shop_time(NOW), NULL, &column, err);
    if (status == SEG_OK)
        status = seg_value_column_get(column, &view, &rows, err);
    if (status == SEG_OK)
        put_column(&view, rows, out);
    seg_value_column_destroy(column);
    seg_value_release(value);
    return status;
}

/* An attribute is what each customer has; of an event type, how often each did it and the oldest,
 * second and newest value of each property. */
static seg_status ask_column(seg_store *store, const seg_set *everyone, const seg_column_info *info,
                             segi_buf *out, seg_error *err)
{
    static const char *const forms[][2] = {{"first", ""}, {"nth", ", 2"}, {"last", ""}};
    char text[100];
    if (info->event == NULL)
        return ask_value(store, everyone, info->name, out, err);
    if (info->name == NULL) {
        snprintf(text, sizeof text, "count of \"%s\"", info->event);
        return ask_value(store, everyone, text, out, err);
    }
    for (size_t i = 0; i < 3; i++) {
        snprintf(text, sizeof text, "%s(%s%s) of \"%s\"", forms[i][0], info->name, forms[i][1],
                 info->event);
        SEGI_TRY(ask_value(store, everyone, text, out, err));
    }
    return SEG_OK;
}

static seg_status ask_columns(seg_store *store, const seg_set *everyone, segi_buf *out,
                              seg_error *err)
{
    uint64_t keep_us = 0;
    for (uint64_t i = 0; i < seg_store_column_count(store); i++) {
        seg_column_info info = {.struct_size = sizeof info};
        SEGI_TRY(seg_store_column_at(store, i, &info, err));
        segi_buf_format(out, "%d %d %u ", (int)info.type, (int)info.scale, (unsigned)info.flags);
        put_text(out, info.event, info.event_size);
        put_text(out, info.name, info.name_size);
        SEGI_TRY(ask_column(store, everyone, &info, out, err));
        if (info.event == NULL || info.name != NULL)
            continue;
        SEGI_TRY(seg_store_get_retention(store, info.event, info.event_size, &keep_us, err));
        segi_buf_add(out, &keep_us, sizeof keep_us);
    }
    SEGI_TRY(seg_store_get_retention(store, NULL, 0, &keep_us, err));
    segi_buf_add(out, &keep_us, sizeof keep_us);
    return SEG_OK;
}

static seg_status ask_list(seg_store *store, bool classes, segi_buf *out, seg_error *err)
{
    seg_segment_list *list = NULL;
    SEGI_TRY(classes ? seg_store_list_classes(store, &list, err)
                     : seg_store_list_segments(store, &list, err));
    for (uint64_t i = 0; i < seg_segment_list_count(list); i++) {
        seg_segment_info info = {.struct_size = sizeof info};
        must(seg_segment_list_at(list, i, &info, err), err);
        put_text(out, info.name, info.name_size);
        put_text(out, info.text, info.text_size);
        segi_buf_add(out, &info.version, sizeof info.version);
    }
    seg_segment_list_destroy(list);
    return SEG_OK;
}

static seg_status ask_occasions(seg_store *store, segi_buf *out, seg_error *err)
{
    seg_occasion_list *list = NULL;
    SEGI_TRY(seg_store_list_occasions(store, &list, err));
    for (uint64_t i = 0; i < seg_occasion_list_count(list); i++) {
        seg_occasion_info info = {.struct_size = sizeof info};
        must(seg_occasion_list_at(list, i, &info, err), err);
        put_text(out, info.name, info.name_size);
        segi_buf_add(out, info.days, (size_t)info.range_count * 2 * sizeof *info.days);
    }
    seg_occasion_list_destroy(list);
    return SEG_OK;
}

static seg_status ask_snapshot(seg_store *store, seg_snapshot *snapshot, segi_buf *out,
                               seg_error *err)
{
    seg_snapshot_info info = {.struct_size = sizeof info};
    seg_store_stats stats = {.struct_size = sizeof stats};
    seg_set *everyone = NULL;
    SEGI_TRY(seg_snapshot_get_info(snapshot, &info, err));
    SEGI_TRY(seg_store_get_stats(store, &stats, err));
    segi_buf_format(out, "%llu commits, %llu users, %llu events, %lld to %lld, %s, %u ",
                    (unsigned long long)info.commit_sequence, (unsigned long long)info.user_count,
                    (unsigned long long)info.event_count, (long long)info.time_min,
                    (long long)info.time_max, stats.timezone, (unsigned)stats.week_start);
    SEGI_TRY(seg_set_everyone(snapshot, &everyone, err));
    seg_status status = ask_ids(everyone, stats.id_kind, out, err);
    if (status == SEG_OK)
        status = ask_columns(store, everyone, out, err);
    seg_set_release(everyone);
    for (size_t i = 0; status == SEG_OK && i < sizeof questions / sizeof *questions; i++)
        status = ask_predicate(store, snapshot, questions[i], out, err);
    return status;
}

seg_status golden_ask(seg_store *store, segi_buf *out, seg_error *err)
{
    seg_snapshot *snapshot = NULL;
    segi_buf_reset(out);
    SEGI_TRY(seg_snapshot_create(store, &snapshot, err));
    seg_status status = ask_snapshot(store, snapshot, out, err);
    seg_snapshot_release(snapshot);
    SEGI_TRY(status);
    SEGI_TRY(ask_list(store, false, out, err));
    SEGI_TRY(ask_list(store, true, out, err));
    return ask_occasions(store, out, err);
}

/* ---- judging --------------------------------------------------------------------------------- */

golden_verdict golden_judge(golden *g, const char *where, uint64_t at)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *store = NULL;
    uint64_t faults = 0;
    unsigned long long place = at;
    seg_status status = golden_open(g->sim, SEG_STORE_READ_ONLY, NULL, &store, &err);
    if (status == SEG_OK)
        status = golden_ask(store, &g->scratch, &err);
    if (status != SEG_OK) {
        if ((status != SEG_E_CORRUPT && status != SEG_E_FORMAT_NEW) || err.message[0] == '\0')
            ck_abort_msg("%s %llu: %s: %s", where, place, seg_status_name(status), err.message);
    } else {
        if (g->scratch.size != g->answers.size ||
            memcmp(g->scratch.data, g->answers.data, g->answers.size) != 0)
            ck_abort_msg("%s %llu: another answer", where, place);
        must(seg_store_check(store, SEG_CHECK_DEEP, NULL, NULL, &faults, &err), &err);
    }
    must(seg_store_close(store, &err), &err);
    if (status != SEG_OK)
        return GOLDEN_REFUSED;
    return faults > 0 ? GOLDEN_REPORTED : GOLDEN_UNSEEN;
}
