/* examine.c - statements about a predicate itself. See examine.h. */
#include "examine.h"

#include "lexer.h"
#include "query.h"

#include <stdio.h>
#include <string.h>

static const text_view no_text = {NULL, 0};

static void print_buffer(seg_buffer *text)
{
    fwrite(seg_buffer_data(text), 1, seg_buffer_size(text), stdout);
    fputc('\n', stdout);
    seg_buffer_destroy(text);
}

/* ---- lint ------------------------------------------------------------------------------------ */

static void add_finding(cli_table *table, const seg_finding *finding)
{
    table_text(table, text_of(finding->level == SEG_LINT_ERROR ? "error" : "warning"));
    table_text(table, text_of(finding->id));
    table_uint(table, finding->line);
    table_uint(table, finding->column);
    table_text(table, text_of(finding->message));
    table_text(table, text_of(finding->hint));
}

/* The findings are the answer, so they go to stdout; errors among them make the statement fail. */
run_result examine_lint(cli_session *session, text_view statement, text_view rest)
{
    static const char *const names[] = {"level", "id", "line", "column", "message", "hint"};
    seg_lint *lint = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_lint_options options = SEG_LINT_OPTIONS_INIT;
    options.flags = (session->open ? SEG_LINT_OPEN : 0) | (query_is_json(rest) ? SEG_LINT_JSON : 0);
    if (rest.size == 0) {
        diag_at(&session->diag, statement, statement.size, 1, "a predicate is missing", NULL);
        return RUN_FAILED;
    }
    if (seg_segment_lint(session->store, rest.data, rest.size, &options, &lint, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, statement);
        return RUN_FAILED;
    }
    cli_table table;
    bool failed = false;
    table_init(&table, names, 6);
    for (uint64_t i = 0; i < seg_lint_count(lint); i++) {
        seg_finding finding = {.struct_size = (uint32_t)sizeof finding};
        if (seg_lint_at(lint, i, &finding, NULL) == SEG_OK) {
            failed |= finding.level == SEG_LINT_ERROR;
            add_finding(&table, &finding);
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    seg_lint_destroy(lint);
    return failed ? RUN_FAILED : RUN_OK;
}

/* ---- json ------------------------------------------------------------------------------------ */

run_result examine_json(cli_session *session, text_view statement, text_view rest)
{
    seg_buffer *json = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_segment *segment = query_compile_open(session, statement, rest);
    if (!segment) {
        return RUN_FAILED;
    }
    seg_status status = seg_segment_to_json(segment, 0, &json, &err);
    seg_segment_release(segment);
    if (status != SEG_OK) {
        diag_error(&session->diag, &err, no_text, statement);
        return RUN_FAILED;
    }
    print_buffer(json);
    return RUN_OK;
}

/* ---- sql ------------------------------------------------------------------------------------- */

/* sql DIALECT PREDICATE. The place of an error is in the text that was compiled last, which is not
 * what was written where that is JSON or has parameters. */
run_result examine_sql(cli_session *session, text_view statement, text_view rest)
{
    text_view predicate;
    text_view dialect = lex_first(rest, &predicate);
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    seg_buffer *sql = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (text_equals_fold(dialect, "duckdb")) {
        options.dialect = SEG_SQL_DUCKDB;
    } else if (text_equals_fold(dialect, "clickhouse")) {
        options.dialect = SEG_SQL_CLICKHOUSE;
    } else {
        size_t at = dialect.size ? (size_t)(dialect.data - statement.data) : statement.size;
        diag_at(&session->diag, statement, at, dialect.size ? dialect.size : 1,
                "a dialect is missing", "sql duckdb PREDICATE, or: sql clickhouse PREDICATE");
        return RUN_FAILED;
    }
    seg_segment *segment = query_compile(session, statement, predicate);
    if (!segment || !session_now(session, &options.now)) {
        seg_segment_release(segment);
        return RUN_FAILED;
    }
    seg_status status = seg_segment_to_sql(segment, &options, &sql, &err);
    seg_segment_release(segment);
    if (status != SEG_OK) {
        bool placed = !query_is_json(predicate) && session->param_count == 0;
        diag_error(&session->diag, &err, placed ? statement : no_text,
                   placed ? predicate : statement);
        return RUN_FAILED;
    }
    print_buffer(sql);
    return RUN_OK;
}
