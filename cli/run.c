/* run.c - from the text of a statement to what it does. See run.h. */
#include "run.h"

#include "care.h"
#include "classify.h"
#include "examine.h"
#include "forget.h"
#include "generate.h"
#include "import.h"
#include "interrupt.h"
#include "occasions.h"
#include "query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const text_view no_text = {NULL, 0};

/* ---- import ---------------------------------------------------------------------------------- */

static run_result at_word(cli_session *session, text_view statement, const lex_word *word,
                          const char *message, const char *hint)
{
    size_t offset = word ? (size_t)(word->source.data - statement.data) : statement.size;
    diag_at(&session->diag, statement, offset, word ? word->source.size : 1, message, hint);
    return RUN_FAILED;
}

static run_result run_import(cli_session *session, text_view statement, const lex_words *words)
{
    import_options options;
    const lex_word *kind = words->count > 1 ? &words->items[1] : NULL;
    const lex_word *path = words->count > 2 ? &words->items[2] : NULL;
    bool users = kind && strcmp(kind->text, "users") == 0;
    if (!kind || (!users && strcmp(kind->text, "events") != 0)) {
        return at_word(session, statement, kind, "say what the rows are",
                       "import events FILE, or import users FILE");
    }
    if (!path) {
        return at_word(session, statement, NULL, "a file is missing", "- reads from stdin");
    }
    import_options_init(&options);
    for (size_t i = 3; i < words->count;) {
        const char *message = NULL;
        const char *name = words->items[i].text;
        const char *value = i + 1 < words->count ? words->items[i + 1].text : NULL;
        int taken = 0;
        if (name[0] == '-' && !words->items[i].quoted) {
            name += name[1] == '-' ? 2 : 1;
            taken = import_options_take(&options, name, value, &message);
        }
        if (taken <= 0) {
            import_options_deinit(&options);
            return at_word(session, statement, &words->items[i],
                           message ? message : "this is no option of an import",
                           message ? NULL : "docs/import.md lists them");
        }
        i += (size_t)taken;
    }
    run_result result = import_run(session, users, path->text, &options);
    import_options_deinit(&options);
    return result;
}

/* ---- what is saved under a name -------------------------------------------------------------- */

/* `segment "name"`, or another kind of definition, after the statement's first word. The name,
 * owned by the caller, and what follows it; NULL after an error. */
static char *saved_name(cli_session *session, text_view statement, const char *kind,
                        text_view *out_rest, const char *example)
{
    text_view rest;
    lex_word word;
    lex_first(statement, &rest);
    text_view given = lex_first(rest, &rest);
    if (!text_equals_fold(given, kind)) {
        diag_at(&session->diag, statement, (size_t)(given.data - statement.data), given.size,
                "what is meant should follow: segment, class or occasion", example);
        return NULL;
    }
    lex_result result = lex_next(&rest, &word);
    if (result != LEX_WORD) {
        diag_at(&session->diag, statement, (size_t)(word.source.data - statement.data),
                word.source.size,
                result == LEX_OPEN ? "this quote is not closed" : "the name is missing", example);
        return NULL;
    }
    *out_rest = rest;
    return word.text;
}

static run_result define_segment(cli_session *session, text_view statement, const char *name,
                                 text_view predicate)
{
    uint64_t version = 0;
    seg_error err = SEG_ERROR_INIT;
    if (seg_store_define_segment(session->store, name, strlen(name), predicate.data, predicate.size,
                                 &version, &err) != SEG_OK) {
        diag_error(&session->diag, &err, statement, predicate);
        return RUN_FAILED;
    }
    diag_note(&session->diag, "defined segment \"%s\" version %llu", name,
              (unsigned long long)version);
    return RUN_OK;
}

static run_result run_define(cli_session *session, text_view statement)
{
    text_view rest, what;
    run_result result = RUN_FAILED;
    const char *example = "define segment \"name\" as PREDICATE";
    lex_first(statement, &rest);
    bool occasion = text_equals_fold(lex_first(rest, &rest), "occasion");
    char *name = saved_name(session, statement, occasion ? "occasion" : "segment", &rest, example);
    if (!name) {
        return RUN_FAILED;
    }
    if (occasion) {
        example = "define occasion \"name\" as 2026-11-27 to 2026-11-30, ...";
    }
    text_view as = lex_first(rest, &what);
    if (!text_equals_fold(as, "as") || what.size == 0) {
        diag_at(&session->diag, statement, (size_t)(as.data - statement.data), as.size,
                occasion ? "\"as\" and days should follow the name"
                         : "\"as\" and a predicate should follow the name",
                example);
    } else if (occasion) {
        result = occasion_define(session, statement, name, what);
    } else {
        result = define_segment(session, statement, name, what);
    }
    free(name);
    return result;
}

static run_result drop_saved(cli_session *session, const char *kind, const char *name)
{
    seg_error err = SEG_ERROR_INIT;
    size_t size = strlen(name);
    seg_status status =
        strcmp(kind, "class") == 0      ? seg_store_drop_class(session->store, name, size, &err)
        : strcmp(kind, "occasion") == 0 ? seg_store_drop_occasion(session->store, name, size, &err)
                                        : seg_store_drop_segment(session->store, name, size, &err);
    if (status != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return RUN_FAILED;
    }
    diag_note(&session->diag, "dropped %s \"%s\"", kind, name);
    return RUN_OK;
}

static run_result run_drop(cli_session *session, text_view statement)
{
    text_view rest;
    run_result result = RUN_FAILED;
    lex_first(statement, &rest);
    text_view given = lex_first(rest, &rest);
    const char *kind = text_equals_fold(given, "class")      ? "class"
                       : text_equals_fold(given, "occasion") ? "occasion"
                                                             : "segment";
    char *name = saved_name(session, statement, kind, &rest, "drop segment \"name\"");
    if (!name) {
        return RUN_FAILED;
    }
    if (rest.size) {
        diag_at(&session->diag, statement, (size_t)(rest.data - statement.data), rest.size,
                "nothing follows the name", NULL);
    } else {
        result = drop_saved(session, kind, name);
    }
    free(name);
    return result;
}

/* ---- dispatch -------------------------------------------------------------------------------- */

/* Those of one word. */
static run_result run_word(cli_session *session, text_view command)
{
    if (text_equals_fold(command, "occasions")) {
        return occasion_list(session);
    }
    if (text_equals_fold(command, "schema")) {
        return query_schema(session);
    }
    if (text_equals_fold(command, "segments")) {
        return care_segments(session);
    }
    if (text_equals_fold(command, "file")) {
        return care_file(session);
    }
    if (text_equals_fold(command, "checkpoint")) {
        return care_checkpoint(session);
    }
    return query_stats(session);
}

/* Statements whose words are options and names, not a predicate. */
static run_result run_words(cli_session *session, text_view statement)
{
    lex_words words;
    size_t offset;
    run_result result;
    if (!lex_split(statement, &words, &offset)) {
        diag_at(&session->diag, statement, offset, 1, "this quote is not closed", NULL);
        return RUN_FAILED;
    }
    text_view command = text_of(words.items[0].text);
    if (text_equals_fold(command, "import")) {
        result = run_import(session, statement, &words);
    } else if (text_equals_fold(command, "backup")) {
        result = care_backup(session, statement, &words);
    } else if (text_equals_fold(command, "generate")) {
        result = generate_run(session, statement, &words);
    } else if (text_equals_fold(command, "erase")) {
        result = forget_erase(session, statement, &words);
    } else if (text_equals_fold(command, "retention")) {
        result = forget_retention(session, statement, &words);
    } else if (text_equals_fold(command, "expire")) {
        result = forget_expire(session, statement, &words);
    } else if (words.count > 1) {
        result =
            at_word(session, statement, &words.items[1], "nothing follows this statement", NULL);
    } else {
        result = run_word(session, command);
    }
    lex_words_deinit(&words);
    return result;
}

static run_result dispatch(cli_session *session, text_view statement)
{
    text_view rest;
    text_view command = lex_first(statement, &rest);
    if (!is_command(command)) {
        diag_at(&session->diag, statement, 0, command.size, "unknown statement",
                "count, list, test, explain, lint, json, import, ... : .help lists them");
        return RUN_FAILED;
    }
    if (text_equals_fold(command, "count")) {
        return query_count(session, statement, rest);
    }
    if (text_equals_fold(command, "list")) {
        return query_list(session, statement, rest);
    }
    if (text_equals_fold(command, "test")) {
        return query_test(session, statement, rest);
    }
    if (text_equals_fold(command, "explain")) {
        return query_explain(session, statement, rest);
    }
    if (text_equals_fold(command, "why")) {
        return examine_why(session, statement, rest);
    }
    if (text_equals_fold(command, "lint")) {
        return examine_lint(session, statement, rest);
    }
    if (text_equals_fold(command, "json")) {
        return examine_json(session, statement, rest);
    }
    if (text_equals_fold(command, "sql")) {
        return examine_sql(session, statement, rest);
    }
    if (text_equals_fold(command, "define")) {
        return run_define(session, statement);
    }
    if (text_equals_fold(command, "classify")) {
        return classify_run(session, statement, rest);
    }
    if (text_equals_fold(command, "scores") || text_equals_fold(command, "freeze")) {
        return scores_run(session, statement, rest, text_equals_fold(command, "freeze"));
    }
    if (text_equals_fold(command, "drop")) {
        return run_drop(session, statement);
    }
    return run_words(session, statement);
}

run_result run_statement(cli_session *session, text_view statement)
{
    struct timespec begin, end;
    if (session->echo) {
        diag_note(&session->diag, "seg> %.*s", (int)statement.size, statement.data);
    }
    clock_gettime(CLOCK_MONOTONIC, &begin);
    run_result result = dispatch(session, statement);
    clock_gettime(CLOCK_MONOTONIC, &end);
    if (fflush(stdout) != 0) {
        diag_fail(&session->diag, NULL, "the output could not be written");
        return RUN_FAILED;
    }
    if (session->timer) {
        double seconds =
            (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9;
        diag_note(&session->diag, "%.3f ms", seconds * 1e3);
    }
    return result;
}

run_result run_text(cli_session *session, char *text, size_t size, bool line_ends)
{
    size_t at = 0;
    text_view statement;
    run_result result = RUN_OK;
    while (split_statement(text, size, &at, line_ends, &statement) != SPLIT_END) {
        if (run_statement(session, statement) != RUN_OK) {
            result = RUN_FAILED;
        }
        if (session->interrupted || (result == RUN_FAILED && session->strict)) {
            break;
        }
    }
    return result;
}

int run_test_quiet(cli_session *session, const char *user, const char *predicate)
{
    text_view text = text_of(predicate);
    seg_segment *segment = query_compile(session, text, text);
    if (!segment) {
        return 2;
    }
    int member = query_member(session, segment, text, text_of(user));
    seg_segment_release(segment);
    return member < 0 ? 2 : !member;
}
