/* classify.c - classes: saving them, and how many customers have each label; scores of those that
 * are an rfm. */
#include "classify.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "lexer.h"
#include "output.h"
#include "query.h"

static const char example[] = "classify NAME { \"label\": PREDICATE; otherwise \"label\" }";

static run_result save(cli_session *session, text_view statement, const char *name, text_view body)
{
    uint64_t version = 0;
    seg_error err = SEG_ERROR_INIT;
    if (seg_store_define_class(session->store, name, strlen(name), body.data, body.size, &version,
                               &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, body);
        return RUN_FAILED;
    }
    diag_note(&session->diag, "defined class \"%s\" version %llu", name,
              (unsigned long long)version);
    return RUN_OK;
}

static run_result define(cli_session *session, text_view statement, const char *name,
                         text_view body)
{
    if (body.data[body.size - 1] != '}') {
        diag_at(&session->diag, statement, (size_t)(body.data - statement.data), 1,
                "this brace is not closed", example);
        return RUN_FAILED;
    }
    return save(session, statement, name, (text_view){body.data + 1, body.size - 2});
}

static void print_labels(cli_session *session, const seg_class *handle, seg_set *const *sets)
{
    static const char *const names[] = {"label", "count"};
    cli_table table;
    table_init(&table, names, 2);
    for (uint64_t i = 0; i < seg_class_label_count(handle); i++) {
        const char *label = "";
        uint64_t size = 0;
        if (seg_class_label(handle, i, &label, &size, NULL) == SEG_OK) {
            table_text(&table, (text_view){label, (size_t)size});
            table_uint(&table, seg_set_count(sets[i]));
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
}

/* NULL after a message. */
static seg_class *load(cli_session *session, text_view statement, const char *name)
{
    seg_class *handle = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (seg_class_load(session->store, name, strlen(name), &handle, &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, (text_view){statement.data, 0});
    }
    return handle;
}

static run_result show(cli_session *session, text_view statement, const char *name)
{
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options options;
    seg_set *sets[SEG_CLASS_LABELS_MAX] = {NULL};
    seg_class *handle = load(session, statement, name);
    if (!handle) {
        return RUN_FAILED;
    }
    seg_snapshot *snapshot = session_snapshot(session);
    run_result result = RUN_FAILED;
    if (snapshot && session_now(session, &now)) {
        session_eval_options(session, &options);
        if (seg_class_evaluate(handle, snapshot, now, &options, sets, &err) == SEG_OK) {
            print_labels(session, handle, sets);
            result = RUN_OK;
        } else {
            diag_error(&session->diag, &err, statement, (text_view){statement.data, 0});
        }
    }
    for (uint64_t i = 0; i < seg_class_label_count(handle); i++) {
        seg_set_release(sets[i]);
    }
    seg_class_release(handle);
    return result;
}

/* ---- scores ------------------------------------------------------------------------------ */

static void put_from(cli_table *table, double from, double unit)
{
    char text[64];
    snprintf(text, sizeof text, "%.15g", from / unit);
    if (isnan(from)) {
        table_null(table);
    } else {
        table_number(table, text);
    }
}

/* How many have each score, and from which value on it is. */
static seg_status print_scores(cli_session *session, const seg_class *handle,
                               seg_snapshot *snapshot, int64_t now, seg_error *err)
{
    static const char *const names[] = {"score", "r",     "days ago at most", "f", "f from",
                                        "m",     "m from"};
    static const double units[] = {86400e6, 1, 1};
    uint64_t users[3][SEG_RFM_SCALE_MAX + 1];
    double cuts[3][SEG_RFM_SCALE_MAX - 1];
    uint32_t scale = seg_class_scale(handle);
    seg_eval_options options;
    session_eval_options(session, &options);
    for (uint32_t k = 0; k < 3; k++) {
        seg_status status =
            seg_class_scores(handle, snapshot, now, &options, k, users[k], cuts[k], err);
        if (status != SEG_OK) {
            return status;
        }
    }
    cli_table table;
    table_init(&table, names, 7);
    for (uint32_t i = 0; i <= scale; i++) {
        table_uint(&table, i);
        for (uint32_t k = 0; k < 3; k++) {
            table_uint(&table, users[k][i]);
            put_from(&table, i < 2 ? (double)NAN : cuts[k][i - 2], units[k]);
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    return SEG_OK;
}

/* Saves the class with the cut points of now. */
static seg_status freeze(cli_session *session, text_view statement, const char *name,
                         const seg_class *handle, seg_snapshot *snapshot, int64_t now,
                         seg_error *err)
{
    seg_class *frozen = NULL;
    seg_buffer *text = NULL;
    seg_eval_options options;
    session_eval_options(session, &options);
    seg_status status = seg_class_freeze(handle, snapshot, now, &options, &frozen, err);
    if (status == SEG_OK) {
        status = seg_class_text(frozen, &text, err);
    }
    seg_class_release(frozen);
    if (status == SEG_OK) {
        text_view body = {(const char *)seg_buffer_data(text), seg_buffer_size(text)};
        status = save(session, statement, name, body) == RUN_OK ? SEG_OK : SEG_E_DATA;
    }
    seg_buffer_destroy(text);
    return status;
}

run_result scores_run(cli_session *session, text_view statement, text_view rest, bool freezes)
{
    lex_word word;
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    if (lex_next(&rest, &word) != LEX_WORD) {
        diag_at(&session->diag, statement, (size_t)(word.source.data - statement.data),
                word.source.size, "the name of a class is missing",
                freezes ? "freeze NAME" : "scores NAME");
        return RUN_FAILED;
    }
    run_result result = RUN_FAILED;
    seg_class *handle = load(session, statement, word.text);
    seg_snapshot *snapshot = handle ? session_snapshot(session) : NULL;
    if (snapshot && session_now(session, &now)) {
        seg_status status = freezes
                                ? freeze(session, statement, word.text, handle, snapshot, now, &err)
                                : print_scores(session, handle, snapshot, now, &err);
        result = status == SEG_OK ? RUN_OK : RUN_FAILED;
        if (status != SEG_OK && err.code != 0) {
            diag_error(&session->diag, &err, statement, (text_view){statement.data, 0});
        }
    }
    seg_class_release(handle);
    free(word.text);
    return result;
}

/* ---- classes ----------------------------------------------------------------------------- */

run_result classify_run(cli_session *session, text_view statement, text_view rest)
{
    lex_word word;
    text_view body = rest;
    lex_result result = lex_next(&body, &word);
    if (result != LEX_WORD) {
        diag_at(&session->diag, statement, (size_t)(word.source.data - statement.data),
                word.source.size,
                result == LEX_OPEN ? "this quote is not closed"
                                   : "the name of the class is missing",
                example);
        return RUN_FAILED;
    }
    body = text_trim(body);
    run_result done = RUN_FAILED;
    if (body.size == 0) {
        done = show(session, statement, word.text);
    } else if (body.data[0] == '{') {
        done = define(session, statement, word.text, body);
    } else {
        diag_at(&session->diag, statement, (size_t)(body.data - statement.data), 1,
                "labels in braces, or nothing, should follow the name", example);
    }
    free(word.text);
    return done;
}
