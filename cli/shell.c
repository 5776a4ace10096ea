/* shell.c - reading statements. See shell.h. */
#include "shell.h"

#include "interrupt.h"
#include "lexer.h"
#include "run.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "statements end at the end of the line or at ;\n"
    "  count PREDICATE                       how many customers\n"
    "  list PREDICATE [show V [as NAME], ...] [limit N]   their ids, and values of them\n"
    "  test USER PREDICATE                   is this one in it?\n"
    "  explain [analyze] PREDICATE           how it is computed\n"
    "  why USER in PREDICATE                 why it is in it or not, and until when\n"
    "  lint PREDICATE                        its errors and warnings\n"
    "  json PREDICATE                        its JSON form\n"
    "  sql duckdb|clickhouse PREDICATE       its members as a statement of SQL\n"
    "  define segment \"name\" as PREDICATE    save it, for: in segment \"name\"\n"
    "  classify NAME { \"label\": PREDICATE; ... otherwise \"label\" }   save labels, for:\n"
    "                                      class.NAME = \"label\"; without braces: count them\n"
    "  scores NAME, freeze NAME              of a class that is an rfm; keep its cut points\n"
    "  drop segment \"name\"\n"
    "  define occasion \"name\" as DAY to DAY, DAY, ...   for: during occasion \"name\"\n"
    "  drop occasion \"name\", occasions       forget one, list all\n"
    "  import events FILE [options]          docs/import.md lists the options\n"
    "  import users FILE [options]\n"
    "  generate --users N --events N         made-up customers\n"
    "  segments                              saved segments\n"
    "  file, checkpoint, backup FILE         the store's file: figures, upkeep, a copy\n"
    "  erase USER ... [--from FILE] [--refuse]   take customers out for good\n"
    "  retention [EVENT] N days              how long events are kept; alone: the rules\n"
    "  expire INSTANT|latest|clock           remove what is too old then\n"
    "  schema                                known attributes, events, properties\n"
    "  stats                                 how much there is\n"
    "settings\n"
    "  .mode table|csv|json|jsonl|markdown|line|ids\n"
    "  .now INSTANT|latest|clock             the instant of evaluation\n"
    "  .timer on|off, .echo on|off\n"
    "  .read FILE                            statements from a file\n"
    "  .quit\n";

/* ---- settings -------------------------------------------------------------------------------- */

static run_result bad_setting(cli_session *session, text_view line, text_view at,
                              const char *message, const char *hint)
{
    diag_at(&session->diag, line, (size_t)(at.data - line.data), at.size, message, hint);
    return RUN_FAILED;
}

static run_result read_file(cli_session *session, text_view line, text_view path)
{
    char *name = xstrndup(path.data, path.size);
    FILE *in = fopen(name, "re");
    run_result result = RUN_FAILED;
    if (!in) {
        bad_setting(session, line, path, strerror(errno), NULL);
    } else {
        result = shell_run(session, in, false);
        fclose(in);
        result = result == RUN_QUIT ? RUN_OK : result;
    }
    free(name);
    return result;
}

static run_result run_setting(cli_session *session, text_view line)
{
    text_view value;
    text_view name = lex_first(line, &value);
    char *text = xstrndup(value.data, value.size);
    run_result result = RUN_OK;
    if (text_equals(name, ".quit") || text_equals(name, ".exit")) {
        result = RUN_QUIT;
    } else if (text_equals(name, ".help")) {
        fputs(help_text, stdout);
    } else if (text_equals(name, ".mode")) {
        if (!output_mode_parse(text, &session->mode)) {
            result = bad_setting(session, line, value, "unknown mode",
                                 "table, csv, json, jsonl, markdown, line or ids");
        }
    } else if (text_equals(name, ".now")) {
        if (!session_set_now(session, text)) {
            result = bad_setting(session, line, value, "this is no instant",
                                 "for example 2026-01-31T12:00:00Z, latest or clock");
        }
    } else if (text_equals(name, ".echo") &&
               (text_equals(value, "on") || text_equals(value, "off"))) {
        session->echo = text_equals(value, "on");
    } else if (text_equals(name, ".timer") &&
               (text_equals(value, "on") || text_equals(value, "off"))) {
        session->timer = text_equals(value, "on");
    } else if (text_equals(name, ".read") && value.size) {
        result = read_file(session, line, value);
    } else {
        result = bad_setting(session, line, name, "unknown setting", ".help lists them");
    }
    free(text);
    return result;
}

/* ---- lines ----------------------------------------------------------------------------------- */

/* Runs the whole statements of what was typed so far; an unfinished one stays in `pending`. */
static run_result run_pending(cli_session *session, text_buf *pending, bool at_end)
{
    size_t at = 0;
    size_t begin = 0;
    text_view statement;
    run_result result = RUN_OK;
    while (at < pending->size) {
        begin = at;
        split_result found = split_statement(pending->data, pending->size, &at, true, &statement);
        if (found == SPLIT_END || (found == SPLIT_OPEN && !at_end)) {
            at = found == SPLIT_END ? at : begin;
            break;
        }
        if (run_statement(session, statement) != RUN_OK) {
            result = RUN_FAILED;
        }
        if (session->interrupted || (result == RUN_FAILED && session->strict)) {
            at = pending->size;
            break;
        }
    }
    memmove(pending->data, pending->data + at, pending->size - at + 1);
    pending->size -= at;
    return result;
}

static run_result take_line(cli_session *session, text_buf *pending, const char *line, size_t size)
{
    text_view trimmed = text_trim((text_view){line, size});
    if (pending->size == 0 && trimmed.size && trimmed.data[0] == '.') {
        run_result result = run_setting(session, trimmed);
        fflush(stdout);
        return result;
    }
    buf_bytes(pending, line, size);
    return run_pending(session, pending, false);
}

static void show_prompt(const text_buf *pending)
{
    fputs(pending->size ? "...> " : "seg> ", stdout);
    fflush(stdout);
}

/* A person who pressed Ctrl-C gets a fresh line; a script ends. */
static bool after_interrupt(cli_session *session, FILE *in, text_buf *pending, bool prompt)
{
    if (!prompt) {
        session->interrupted = true;
        return false;
    }
    clearerr(in);
    buf_clear(pending);
    interrupt_reset();
    session->interrupted = false;
    fputc('\n', stdout);
    return true;
}

run_result shell_run(cli_session *session, FILE *in, bool prompt)
{
    text_buf pending = {0};
    char *line = NULL;
    size_t capacity = 0;
    run_result worst = RUN_OK;
    buf_bytes(&pending, "", 0);
    for (;;) {
        if (prompt) {
            show_prompt(&pending);
        }
        errno = 0;
        /* A terminal hands out one line at a time, so nothing waits in the stream's own buffer. */
        bool ready = !prompt || interrupt_wait_readable(fileno(in));
        ssize_t size = ready ? getline(&line, &capacity, in) : -1;
        if (size < 0 && !interrupt_pending()) {
            break;
        }
        run_result result = size < 0 ? RUN_OK : take_line(session, &pending, line, (size_t)size);
        if (result == RUN_QUIT) {
            worst = prompt ? RUN_QUIT : worst;
            buf_clear(&pending);
            break;
        }
        worst = result == RUN_FAILED ? RUN_FAILED : worst;
        if (interrupt_pending() && !after_interrupt(session, in, &pending, prompt)) {
            break;
        }
        if (result == RUN_FAILED && session->strict && !prompt) {
            buf_clear(&pending);
            break;
        }
    }
    if (pending.size && !session->interrupted && run_pending(session, &pending, true) != RUN_OK) {
        worst = RUN_FAILED;
    }
    if (prompt) {
        fputc('\n', stdout);
    }
    free(line);
    buf_deinit(&pending);
    return worst;
}
