/* classify.c - classes: saving them, and how many customers have each label. */
#include "classify.h"

#include <stdlib.h>
#include <string.h>

#include "diag.h"
#include "lexer.h"
#include "output.h"
#include "query.h"

static const char example[] = "classify NAME { \"label\": PREDICATE; otherwise \"label\" }";

static run_result define(cli_session *session, text_view statement, const char *name,
                         text_view body)
{
    uint64_t version = 0;
    seg_error err = SEG_ERROR_INIT;
    if (body.data[body.size - 1] != '}') {
        diag_at(&session->diag, statement, (size_t)(body.data - statement.data), 1,
                "this brace is not closed", example);
        return RUN_FAILED;
    }
    body = (text_view){body.data + 1, body.size - 2};
    if (seg_store_define_class(session->store, name, strlen(name), body.data, body.size, &version,
                               &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, body);
        return RUN_FAILED;
    }
    diag_note(&session->diag, "defined class \"%s\" version %llu", name,
              (unsigned long long)version);
    return RUN_OK;
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

static run_result show(cli_session *session, text_view statement, const char *name)
{
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_eval_options options;
    seg_set *sets[SEG_CLASS_LABELS_MAX] = {NULL};
    seg_class *handle = NULL;
    if (seg_class_load(session->store, name, strlen(name), &handle, &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, (text_view){statement.data, 0});
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
