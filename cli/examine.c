/* examine.c - statements about a predicate itself. See examine.h. */
#include "examine.h"

#include "lexer.h"
#include "query.h"
#include "times.h"

#include <stdio.h>
#include <stdlib.h>
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

/* ---- why ------------------------------------------------------------------------------------- */

static void instant_text(text_buf *out, int64_t instant)
{
    buf_instant(out, instant);
}

/* When the verdict changes, in words. */
static void next_text(text_buf *out, const seg_why_node *node)
{
    switch (node->next_kind) {
    case SEG_WHY_NEXT_AT: instant_text(out, node->next); break;
    case SEG_WHY_NEXT_POPULATION: buf_text(out, "not determined by this customer alone"); break;
    case SEG_WHY_NEXT_OPEN: buf_text(out, "not known"); break;
    default: break;
    }
}

/* purchase 2026-01-20T10:00:00Z, ... and 3 more */
static void events_text(text_buf *out, const seg_why *why, uint64_t index, const seg_why_node *node)
{
    for (uint64_t i = 0; i < node->shown_count; i++) {
        seg_why_event event = {.struct_size = (uint32_t)sizeof event};
        if (seg_why_event_at(why, index, i, &event, NULL) != SEG_OK) {
            continue;
        }
        if (i > 0) {
            buf_text(out, ", ");
        }
        buf_bytes(out, event.type, (size_t)event.type_size);
        buf_text(out, " ");
        instant_text(out, event.time);
    }
    if (node->event_count > node->shown_count && node->shown_count > 0) {
        char more[40];
        snprintf(more, sizeof more, " and %llu more",
                 (unsigned long long)(node->event_count - node->shown_count));
        buf_text(out, more);
    }
}

static void print_line(const char *head, const char *text)
{
    if (text[0] != '\0') {
        printf("  %s%s", head, text);
    }
}

/* A person reads a tree: the verdict, the condition, and what is behind it on the next line. */
static void print_tree_node(const seg_why *why, uint64_t index, const seg_why_node *node)
{
    text_buf next = {0};
    text_buf events = {0};
    next_text(&next, node);
    events_text(&events, why, index, node);
    printf("%*s%s  %s\n", (int)node->depth * 4, "", node->member ? "yes" : "no ", node->text);
    bool value = node->value[0] != '\0' || node->threshold[0] != '\0';
    if (value || next.size > 0) {
        printf("%*s   ", (int)node->depth * 4, "");
        print_line("has ", node->value);
        print_line("against ", node->threshold);
        print_line(node->next_kind == SEG_WHY_NEXT_AT ? "changes " : "changes: ",
                   next.size > 0 ? next.data : "");
        printf("\n");
    }
    if (events.size > 0) {
        printf("%*s     %s\n", (int)node->depth * 4, "", events.data);
    }
    buf_deinit(&next);
    buf_deinit(&events);
}

static void print_tree(cli_session *session, const seg_why *why)
{
    for (uint64_t i = 0; i < seg_why_node_count(why); i++) {
        seg_why_node node = {.struct_size = (uint32_t)sizeof node};
        if (seg_why_node_at(why, i, &node, NULL) == SEG_OK) {
            print_tree_node(why, i, &node);
        }
    }
    text_buf horizon = {0};
    instant_text(&horizon, seg_why_horizon(why));
    diag_note(&session->diag, "changes are looked for up to %s", horizon.data);
    buf_deinit(&horizon);
}

static void print_rows(cli_session *session, const seg_why *why)
{
    static const char *const names[] = {"depth",   "member",  "condition", "value",
                                        "against", "changes", "events"};
    cli_table table;
    table_init(&table, names, 7);
    for (uint64_t i = 0; i < seg_why_node_count(why); i++) {
        seg_why_node node = {.struct_size = (uint32_t)sizeof node};
        if (seg_why_node_at(why, i, &node, NULL) != SEG_OK) {
            continue;
        }
        text_buf next = {0};
        text_buf events = {0};
        next_text(&next, &node);
        events_text(&events, why, i, &node);
        table_uint(&table, node.depth);
        table_number(&table, node.member ? "true" : "false");
        table_text(&table, text_of(node.text));
        table_text(&table, text_of(node.value));
        table_text(&table, text_of(node.threshold));
        table_text(&table, (text_view){next.data, next.size});
        table_text(&table, (text_view){events.data, events.size});
        buf_deinit(&next);
        buf_deinit(&events);
    }
    table_print(&table, session->mode);
    table_deinit(&table);
}

static seg_why *why_ask(cli_session *session, const seg_segment *segment, text_view statement,
                        text_view user)
{
    int64_t now;
    uint64_t number;
    seg_status status;
    seg_why *why = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot *snapshot = session_snapshot(session);
    if (!snapshot || !session_now(session, &now)) {
        return NULL;
    }
    if (session->u64) {
        if (!parse_uint(user, &number)) {
            diag_fail(&session->diag, "this store has numbers as ids (--ids u64)",
                      "the user's id is not a number");
            return NULL;
        }
        status = seg_segment_why_u64(segment, snapshot, number, now, NULL, &why, &err);
    } else {
        status = seg_segment_why(segment, snapshot, user.data, user.size, now, NULL, &why, &err);
    }
    if (status != SEG_OK) {
        diag_error(&session->diag, &err, no_text, statement);
        return NULL;
    }
    return why;
}

/* USER in PREDICATE; where that is itself "in segment", the word stands once. */
run_result examine_why(cli_session *session, text_view statement, text_view rest)
{
    lex_word user;
    text_view predicate = rest, behind;
    if (lex_next(&predicate, &user) != LEX_WORD) {
        diag_at(&session->diag, statement, statement.size, 1, "the customer's id is missing",
                "why USER in PREDICATE");
        return RUN_FAILED;
    }
    predicate = text_trim(predicate);
    text_view in = lex_first(predicate, &behind);
    if (!text_equals_fold(in, "in")) {
        diag_at(&session->diag, statement, (size_t)(predicate.data - statement.data), in.size,
                "the word \"in\" should follow", "why USER in PREDICATE");
        free(user.text);
        return RUN_FAILED;
    }
    text_view ignored;
    if (!text_equals_fold(lex_first(behind, &ignored), "segment")) {
        predicate = text_trim(behind);
    }
    seg_why *why = NULL;
    seg_segment *segment = query_compile(session, statement, predicate);
    if (segment) {
        why = why_ask(session, segment, statement, text_of(user.text));
        seg_segment_release(segment);
    }
    free(user.text);
    if (!why) {
        return RUN_FAILED;
    }
    if (session->mode == OUTPUT_TABLE) {
        print_tree(session, why);
    } else {
        print_rows(session, why);
    }
    seg_why_destroy(why);
    return RUN_OK;
}
