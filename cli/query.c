/* query.c - statements that ask. See query.h. */
#include "query.h"

#include "interrupt.h"
#include "lexer.h"
#include "options.h"
#include "params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const text_view no_text = {NULL, 0};

/* A failure while a predicate was evaluated: Ctrl-C is told apart from the rest. */
static run_result failed(cli_session *session, const seg_error *err, text_view statement)
{
    if (err->code == SEG_E_INTERRUPTED) {
        session->interrupted = true;
        diag_fail(&session->diag, NULL, "interrupted");
    } else {
        diag_error(&session->diag, err, no_text, statement);
    }
    return RUN_FAILED;
}

static bool need_text(cli_session *session, text_view statement, text_view text, const char *what)
{
    if (text.size) {
        return true;
    }
    diag_at(&session->diag, statement, statement.size, 1, what, NULL);
    return false;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static void show_warnings(cli_session *session, const seg_segment *segment, text_view statement,
                          text_view predicate)
{
    uint64_t count = seg_segment_warning_count(segment);
    for (uint64_t i = 0; i < count; i++) {
        seg_error warning = SEG_ERROR_INIT;
        if (seg_segment_warning(segment, i, &warning) == SEG_OK) {
            diag_warning(&session->diag, &warning, statement, predicate);
        }
    }
}

bool query_is_json(text_view predicate)
{
    return predicate.size > 0 && predicate.data[0] == '{';
}

seg_segment *query_compile_open(cli_session *session, text_view statement, text_view predicate)
{
    seg_segment *segment = NULL;
    seg_error err = SEG_ERROR_INIT;
    uint32_t flags = session->open ? SEG_COMPILE_OPEN : 0;
    if (!need_text(session, statement, predicate, "a predicate is missing")) {
        return NULL;
    }
    seg_status status = query_is_json(predicate)
                            ? seg_segment_compile_json(session->store, predicate.data,
                                                       predicate.size, flags, &segment, &err)
                            : seg_segment_compile(session->store, predicate.data, predicate.size,
                                                  flags, &segment, &err);
    if (status != SEG_OK) {
        diag_error(&session->diag, &err, statement, predicate);
        return NULL;
    }
    show_warnings(session, segment, statement, predicate);
    return segment;
}

seg_segment *query_compile(cli_session *session, text_view statement, text_view predicate)
{
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = query_compile_open(session, statement, predicate);
    if (!segment || seg_segment_param_count(segment) == 0) {
        return segment;
    }
    seg_segment *bound = NULL;
    if (params_bind(segment, session->params, session->param_count, &bound, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        bound = NULL;
    }
    seg_segment_release(segment);
    return bound;
}

/* ---- count ----------------------------------------------------------------------------------- */

/* part / whole with four digits, in integers so that every machine prints the same. */
static void share_text(text_buf *out, uint64_t part, uint64_t whole)
{
    uint64_t scaled = 0;
    if (whole) {
        scaled = (part * 10000 + whole / 2) / whole;
    }
    buf_decimal(out, (int64_t)scaled, 4);
}

run_result query_count(cli_session *session, text_view statement, text_view rest)
{
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options options;
    uint64_t count = 0;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    seg_segment *segment = query_compile(session, statement, rest);
    if (!segment) {
        return RUN_FAILED;
    }
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot || !session_now(session, &now)) {
        seg_segment_release(segment);
        return RUN_FAILED;
    }
    session_eval_options(session, &options);
    seg_status status = seg_segment_count(segment, snapshot, now, &options, &count, &err);
    if (status == SEG_OK) {
        status = seg_snapshot_get_info(snapshot, &info, &err);
    }
    seg_segment_release(segment);
    if (status != SEG_OK) {
        return failed(session, &err, rest);
    }
    static const char *const names[] = {"count", "users", "share"};
    cli_table table;
    text_buf share = {0};
    share_text(&share, count, info.user_count);
    table_init(&table, names, 3);
    table_uint(&table, count);
    table_uint(&table, info.user_count);
    table_number(&table, share.data);
    table_print(&table, session->mode);
    table_deinit(&table);
    buf_deinit(&share);
    return RUN_OK;
}

/* ---- list ------------------------------------------------------------------------------------ */

#define SHOW_MAX 64

typedef struct list_request {
    text_view predicate;
    text_view shown[SHOW_MAX]; /* values */
    text_view names[SHOW_MAX]; /* what their columns are called: `value as name` */
    size_t shown_count;
    uint64_t limit;
} list_request;

/* Where the words `show` and `limit` stand outside of quotes and brackets. */
typedef struct list_words {
    const char *show;
    const char *limit;
} list_words;

static bool find_list_word(void *user, text_view word)
{
    list_words *found = user;
    if (text_equals_fold(word, "show")) {
        found->show = word.data;
        found->limit = NULL;
    } else if (text_equals_fold(word, "limit")) {
        found->limit = word.data;
    }
    return true;
}

static bool find_as(void *user, text_view word)
{
    text_view *found = user;
    if (text_equals_fold(word, "as")) {
        *found = word;
    }
    return true;
}

/* Takes `as name` off a value; without it the value's own text is the name. */
static void split_name(text_view *value, text_view *out_name)
{
    text_view as = {NULL, 0};
    const char *end = value->data + value->size;
    *out_name = *value;
    lex_each_word(*value, find_as, &as);
    if (as.data && as.data > value->data && as.data + as.size < end) {
        text_view name = {as.data + as.size, (size_t)(end - as.data) - as.size};
        *out_name = text_trim(name);
        *value = text_trim((text_view){value->data, (size_t)(as.data - value->data)});
        if (out_name->size > 2 && (out_name->data[0] == '"' || out_name->data[0] == '`')) {
            out_name->data++;
            out_name->size -= 2;
        }
    }
}

static bool list_parse(cli_session *session, text_view statement, text_view rest, list_request *out)
{
    list_words words = {NULL, NULL};
    const char *end = rest.data + rest.size;
    *out = (list_request){.limit = UINT64_MAX};
    lex_each_word(rest, find_list_word, &words);
    if (words.limit) {
        text_view number = {words.limit + 5, (size_t)(end - words.limit) - 5};
        number = text_trim(number);
        if (!parse_uint(number, &out->limit)) {
            diag_at(&session->diag, statement, (size_t)(words.limit - statement.data), 5,
                    "\"limit\" takes a number", "for example limit 10");
            return false;
        }
        end = words.limit;
    }
    if (words.show) {
        text_view values = {words.show + 4, (size_t)(end - words.show) - 4};
        out->shown_count = lex_commas(values, out->shown, SHOW_MAX);
        for (size_t i = 0; i < out->shown_count && i < SHOW_MAX; i++) {
            if (out->shown[i].size == 0) {
                diag_at(&session->diag, statement, (size_t)(words.show - statement.data), 4,
                        "\"show\" takes values separated by commas", "for example show country");
                return false;
            }
            split_name(&out->shown[i], &out->names[i]);
        }
        if (out->shown_count > SHOW_MAX) {
            diag_fail(&session->diag, NULL, "at most %d values can be shown", SHOW_MAX);
            return false;
        }
        end = words.show;
    }
    out->predicate = text_trim((text_view){rest.data, (size_t)(end - rest.data)});
    return true;
}

/* What a list holds while it is made. */
typedef struct list_state {
    seg_set *set;
    seg_value_column *values[SHOW_MAX];
    seg_column views[SHOW_MAX];
    text_buf id_bytes;
    uint64_t *id_offsets; /* or the ids themselves */
    size_t id_capacity;
    uint64_t id_count;
} list_state;

static void list_deinit(list_state *state)
{
    for (size_t i = 0; i < SHOW_MAX; i++) {
        seg_value_column_destroy(state->values[i]);
    }
    seg_set_release(state->set);
    buf_deinit(&state->id_bytes);
    free(state->id_offsets);
}

#define CURSOR_STEP 4096u

/* At most `limit` ids of the set, in its order. */
static seg_status read_ids(cli_session *session, list_state *state, uint64_t limit, seg_error *err)
{
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[CURSOR_STEP + 1];
    seg_status status = seg_set_cursor_create(state->set, &cursor, err);
    while (status == SEG_OK && state->id_count < limit && !interrupt_pending()) {
        uint64_t want = limit - state->id_count;
        uint64_t got = 0;
        const char *bytes = NULL;
        want = want < CURSOR_STEP ? want : CURSOR_STEP;
        status = session->u64 ? seg_set_cursor_next_u64(cursor, want, offsets, &got, err)
                              : seg_set_cursor_next(cursor, want, offsets, &bytes, &got, err);
        if (status != SEG_OK || got == 0) {
            break;
        }
        state->id_offsets = xgrow(state->id_offsets, &state->id_capacity,
                                  (size_t)(state->id_count + got + 1), sizeof(uint64_t));
        for (uint64_t i = 0; i < got; i++) {
            if (session->u64) {
                state->id_offsets[state->id_count + i] = offsets[i];
            } else {
                state->id_offsets[state->id_count + i] = state->id_bytes.size;
                buf_bytes(&state->id_bytes, bytes + offsets[i],
                          (size_t)(offsets[i + 1] - offsets[i]));
            }
        }
        state->id_count += got;
        if (!session->u64) {
            state->id_offsets[state->id_count] = state->id_bytes.size;
        }
    }
    seg_set_cursor_destroy(cursor);
    return status;
}

/* The set of the ids read, so that values are computed for the rows that are shown only. */
static seg_status narrow(cli_session *session, list_state *state, seg_error *err)
{
    seg_set *narrowed = NULL;
    if (state->id_count == seg_set_count(state->set)) {
        return SEG_OK;
    }
    seg_status status =
        session->u64 ? seg_set_from_ids_u64(session->snapshot, state->id_offsets, state->id_count,
                                            &narrowed, NULL, err)
                     : seg_set_from_ids(session->snapshot, state->id_bytes.data, state->id_offsets,
                                        state->id_count, &narrowed, NULL, err);
    if (status == SEG_OK) {
        seg_set_release(state->set);
        state->set = narrowed;
    }
    return status;
}

/* The column of one shown value. Returns false after an error. */
static bool read_value(cli_session *session, list_state *state, text_view statement, text_view text,
                       int64_t now, size_t index)
{
    seg_error err = SEG_ERROR_INIT;
    seg_value *value = NULL;
    seg_eval_options options;
    uint64_t rows = 0;
    session_eval_options(session, &options);
    if (seg_value_compile(session->store, text.data, text.size,
                          session->open ? SEG_COMPILE_OPEN : 0, &value, &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, text);
        return false;
    }
    seg_status status =
        seg_value_evaluate(value, state->set, now, &options, &state->values[index], &err);
    seg_value_release(value);
    state->views[index] = (seg_column)SEG_COLUMN_INIT;
    if (status == SEG_OK) {
        status = seg_value_column_get(state->values[index], &state->views[index], &rows, &err);
    }
    if (status != SEG_OK || rows != state->id_count) {
        failed(session, &err, text);
        return false;
    }
    return true;
}

static void print_list(cli_session *session, const list_request *request, const list_state *state)
{
    const char *names[SHOW_MAX + 1] = {"id"};
    char *owned[SHOW_MAX];
    cli_table table;
    for (size_t i = 0; i < request->shown_count; i++) {
        owned[i] = xstrndup(request->names[i].data, request->names[i].size);
        names[i + 1] = owned[i];
    }
    table_init(&table, names, request->shown_count + 1);
    for (uint64_t row = 0; row < state->id_count; row++) {
        if (session->u64) {
            table_uint(&table, state->id_offsets[row]);
        } else {
            uint64_t begin = state->id_offsets[row];
            table_text(&table, (text_view){state->id_bytes.data + begin,
                                           (size_t)(state->id_offsets[row + 1] - begin)});
        }
        for (size_t i = 0; i < request->shown_count; i++) {
            table_value(&table, &state->views[i], row);
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    for (size_t i = 0; i < request->shown_count; i++) {
        free(owned[i]);
    }
}

static run_result list_run(cli_session *session, const seg_segment *segment,
                           const list_request *request, text_view statement, list_state *state)
{
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options options;
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot || !session_now(session, &now)) {
        return RUN_FAILED;
    }
    session_eval_options(session, &options);
    if (seg_segment_evaluate(segment, snapshot, now, &options, &state->set, &err) != SEG_OK ||
        read_ids(session, state, request->limit, &err) != SEG_OK ||
        narrow(session, state, &err) != SEG_OK) {
        return failed(session, &err, request->predicate);
    }
    for (size_t i = 0; i < request->shown_count; i++) {
        if (!read_value(session, state, statement, request->shown[i], now, i)) {
            return RUN_FAILED;
        }
    }
    print_list(session, request, state);
    if (state->id_count == request->limit) {
        diag_note(&session->diag, "the first %llu", (unsigned long long)state->id_count);
    }
    return RUN_OK;
}

run_result query_list(cli_session *session, text_view statement, text_view rest)
{
    list_request request;
    list_state state = {0};
    if (!list_parse(session, statement, rest, &request)) {
        return RUN_FAILED;
    }
    seg_segment *segment = query_compile(session, statement, request.predicate);
    if (!segment) {
        return RUN_FAILED;
    }
    run_result result = list_run(session, segment, &request, statement, &state);
    list_deinit(&state);
    seg_segment_release(segment);
    return result;
}

/* ---- test ------------------------------------------------------------------------------------ */

int query_member(cli_session *session, const seg_segment *segment, text_view statement,
                 text_view user)
{
    int64_t now;
    int32_t member = 0;
    uint64_t number;
    seg_status status;
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot || !session_now(session, &now)) {
        return -1;
    }
    if (session->u64) {
        if (!parse_uint(user, &number)) {
            diag_fail(&session->diag, "this store has numbers as ids (--ids u64)",
                      "the user's id is not a number");
            return -1;
        }
        status = seg_segment_test_u64(segment, snapshot, number, now, &member, &err);
    } else {
        status = seg_segment_test(segment, snapshot, user.data, user.size, now, &member, &err);
    }
    if (status != SEG_OK) {
        failed(session, &err, statement);
        return -1;
    }
    return member;
}

run_result query_test(cli_session *session, text_view statement, text_view rest)
{
    static const char *const names[] = {"id", "member"};
    static const char *const example = "test USER PREDICATE";
    lex_word user;
    text_view predicate = rest;
    lex_result found = lex_next(&predicate, &user);
    if (found != LEX_WORD) {
        diag_at(&session->diag, statement, (size_t)(user.source.data - statement.data),
                user.source.size,
                found == LEX_OPEN ? "this quote is not closed" : "the user's id is missing",
                example);
        return RUN_FAILED;
    }
    int member = -1;
    seg_segment *segment = query_compile(session, statement, predicate);
    if (segment) {
        member = query_member(session, segment, predicate, text_of(user.text));
        seg_segment_release(segment);
    }
    if (member >= 0) {
        cli_table table;
        table_init(&table, names, 2);
        table_text(&table, text_of(user.text));
        table_number(&table, member ? "true" : "false");
        table_print(&table, session->mode);
        table_deinit(&table);
    }
    free(user.text);
    return member >= 0 ? RUN_OK : RUN_FAILED;
}

/* ---- explain --------------------------------------------------------------------------------- */

run_result query_explain(cli_session *session, text_view statement, text_view rest)
{
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options options;
    seg_buffer *text = NULL;
    text_view predicate;
    uint32_t flags = 0;
    if (text_equals_fold(lex_first(rest, &predicate), "analyze")) {
        flags |= SEG_EXPLAIN_ANALYZE;
    } else {
        predicate = rest;
    }
    if (session->mode == OUTPUT_JSON || session->mode == OUTPUT_JSONL) {
        flags |= SEG_EXPLAIN_JSON;
    }
    seg_segment *segment = query_compile(session, statement, predicate);
    if (!segment) {
        return RUN_FAILED;
    }
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot || !session_now(session, &now)) {
        seg_segment_release(segment);
        return RUN_FAILED;
    }
    session_eval_options(session, &options);
    seg_status status = seg_segment_explain(segment, snapshot, now, flags, &options, &text, &err);
    seg_segment_release(segment);
    if (status != SEG_OK) {
        return failed(session, &err, predicate);
    }
    size_t size = seg_buffer_size(text);
    fwrite(seg_buffer_data(text), 1, size, stdout);
    if (size == 0 || seg_buffer_data(text)[size - 1] != '\n') {
        fputc('\n', stdout);
    }
    seg_buffer_destroy(text);
    return RUN_OK;
}

/* ---- schema and stats ------------------------------------------------------------------------ */

run_result query_schema(cli_session *session)
{
    static const char *const names[] = {"kind", "event", "name", "type"};
    cli_table table;
    uint64_t count = seg_store_column_count(session->store);
    table_init(&table, names, 4);
    for (uint64_t i = 0; i < count; i++) {
        seg_column_info info = {.struct_size = (uint32_t)sizeof info};
        if (seg_store_column_at(session->store, i, &info, NULL) != SEG_OK) {
            continue;
        }
        text_view event = {info.event, (size_t)info.event_size};
        text_buf type = {0};
        table_text(&table, text_of(!info.event ? "attribute" : (info.name ? "property" : "event")));
        if (info.event) {
            table_text(&table, event);
        } else {
            table_null(&table);
        }
        if (info.name) {
            table_text(&table, (text_view){info.name, (size_t)info.name_size});
            buf_value_type(&type, (value_type){.type = info.type, .scale = info.scale});
            buf_text(&type, info.flags & SEG_COLUMN_HISTORY ? ", history" : "");
            table_text(&table, (text_view){type.data, type.size});
        } else {
            table_null(&table);
            table_null(&table);
        }
        buf_deinit(&type);
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    return RUN_OK;
}

static void stat_instant(cli_table *table, const seg_snapshot_info *info, int64_t instant)
{
    text_buf text = {0};
    if (info->event_count == 0) {
        table_null(table);
        return;
    }
    buf_instant(&text, instant);
    table_text(table, (text_view){text.data, text.size});
    buf_deinit(&text);
}

run_result query_stats(cli_session *session)
{
    static const char *const names[] = {"users", "events",  "first_event", "last_event",
                                        "parts", "commits", "memory_bytes"};
    cli_table table;
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot) {
        return RUN_FAILED;
    }
    if (seg_snapshot_get_info(snapshot, &info, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return RUN_FAILED;
    }
    table_init(&table, names, 7);
    table_uint(&table, info.user_count);
    table_uint(&table, info.event_count);
    stat_instant(&table, &info, info.time_min);
    stat_instant(&table, &info, info.time_max);
    table_uint(&table, info.part_count);
    table_uint(&table, info.commit_sequence);
    table_uint(&table, info.memory_bytes);
    table_print(&table, session->mode);
    table_deinit(&table);
    return RUN_OK;
}
