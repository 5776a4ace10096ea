/* forget.c - erase, retention, expire. See forget.h. */
#include "forget.h"

#include "reader.h"

#include <seg/privacy.h>
#include <stdlib.h>
#include <string.h>

static const text_view no_text = {NULL, 0};

static run_result failed(cli_session *session, const seg_error *err)
{
    diag_error(&session->diag, err, no_text, no_text);
    return RUN_FAILED;
}

/* word NULL: the end of the statement. */
static bool at_word(cli_session *session, text_view statement, const lex_word *word,
                    const char *message, const char *hint)
{
    size_t offset = word ? (size_t)(word->source.data - statement.data) : statement.size;
    diag_at(&session->diag, statement, offset, word ? word->source.size : 1, message, hint);
    return false;
}

/* One row of numbers. */
static void print_figures(const cli_session *session, const char *const *names,
                          const uint64_t *figures, size_t count)
{
    cli_table table;
    table_init(&table, names, count);
    for (size_t i = 0; i < count; i++) {
        table_uint(&table, figures[i]);
    }
    table_print(&table, session->mode);
    table_deinit(&table);
}

/* ---- erase ----------------------------------------------------------------------------------- */

typedef struct id_list {
    text_buf bytes;
    uint64_t *offsets, *numbers; /* owned */
    size_t count, offset_capacity, number_capacity;
} id_list;

static bool ids_add(cli_session *session, id_list *ids, text_view id)
{
    uint64_t number = 0;
    if (session->u64 && !parse_uint(id, &number)) {
        diag_fail(&session->diag, "this store has numbers as ids (--ids u64)",
                  "\"%.*s\" is no number", (int)(id.size < 80 ? id.size : 80), id.data);
        return false;
    }
    ids->offsets = xgrow(ids->offsets, &ids->offset_capacity, ids->count + 2, sizeof *ids->offsets);
    ids->numbers = xgrow(ids->numbers, &ids->number_capacity, ids->count + 1, sizeof *ids->numbers);
    ids->offsets[0] = 0;
    ids->numbers[ids->count++] = number;
    buf_bytes(&ids->bytes, id.data, id.size);
    ids->offsets[ids->count] = ids->bytes.size;
    return true;
}

/* The lines of what is at hand, but not a last one that may go on. */
static bool ids_take_lines(cli_session *session, id_list *ids, cli_reader *reader, bool last)
{
    text_view window = reader_window(reader);
    size_t at = 0;
    while (at < window.size) {
        const char *end = memchr(window.data + at, '\n', window.size - at);
        if (!end && !last) {
            break;
        }
        size_t size = end ? (size_t)(end - window.data) - at : window.size - at;
        text_view id = text_trim((text_view){window.data + at, size});
        if (id.size > 0 && !ids_add(session, ids, id)) {
            return false;
        }
        at += size + (end != NULL);
    }
    reader_skip(reader, at);
    return true;
}

static bool ids_read(cli_session *session, id_list *ids, const char *path)
{
    cli_reader reader;
    int failure = reader_open(&reader, path);
    if (failure) {
        diag_fail(&session->diag, NULL, "%s: %s", path, strerror(failure));
        return false;
    }
    bool good = true;
    while (good && reader_more(&reader)) {
        good = ids_take_lines(session, ids, &reader, false);
    }
    good = good && ids_take_lines(session, ids, &reader, true);
    if (reader.failure) {
        diag_fail(&session->diag, NULL, "%s: %s", path, strerror(reader.failure));
        good = false;
    }
    reader_close(&reader);
    return good;
}

/* The words after the first. */
static bool erase_words(cli_session *session, text_view statement, const lex_words *words,
                        id_list *ids, uint32_t *flags)
{
    for (size_t i = 1; i < words->count; i++) {
        const lex_word *word = &words->items[i];
        bool option = word->text[0] == '-' && !word->quoted;
        const char *name = word->text + (option ? strspn(word->text, "-") : 0);
        if (!option) {
            if (!ids_add(session, ids, text_of(word->text))) {
                return false;
            }
        } else if (strcmp(name, "refuse") == 0) {
            *flags |= SEG_ERASE_REFUSE;
        } else if (strcmp(name, "from") == 0 && i + 1 < words->count) {
            if (!ids_read(session, ids, words->items[++i].text)) {
                return false;
            }
        } else {
            return at_word(session, statement, word, "this is no option of erase",
                           "--refuse, --from FILE; an id that begins with - stands in quotes");
        }
    }
    return ids->count > 0 ||
           at_word(session, statement, NULL, "nobody is named", "erase USER ..., or --from FILE");
}

static run_result erase_print(cli_session *session, const seg_erase_receipt *receipt)
{
    static const char *const names[] = {
        "users_erased",    "ids_unknown",     "ids_refused",
        "events_removed",  "values_removed",  "event_ids_removed",
        "strings_removed", "parts_rewritten", "commit_sequence",
    };
    const uint64_t figures[] = {
        receipt->users_erased,    receipt->ids_unknown,     receipt->ids_refused,
        receipt->events_removed,  receipt->values_removed,  receipt->event_ids_removed,
        receipt->strings_removed, receipt->parts_rewritten, receipt->commit_sequence,
    };
    print_figures(session, names, figures, sizeof figures / sizeof figures[0]);
    return RUN_OK;
}

run_result forget_erase(cli_session *session, text_view statement, const lex_words *words)
{
    id_list ids = {0};
    seg_error err = SEG_ERROR_INIT;
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    seg_erase_receipt receipt = {.struct_size = (uint32_t)sizeof receipt};
    run_result result = RUN_FAILED;
    if (erase_words(session, statement, words, &ids, &options.flags)) {
        /* Our own snapshot would keep what is erased. */
        session_changed(session);
        seg_status status = session->u64
                                ? seg_store_erase_users_u64(session->store, ids.numbers, ids.count,
                                                            &options, &receipt, &err)
                                : seg_store_erase_users(session->store, ids.bytes.data, ids.offsets,
                                                        ids.count, &options, &receipt, &err);
        result = status == SEG_OK ? erase_print(session, &receipt) : failed(session, &err);
    }
    buf_deinit(&ids.bytes);
    free(ids.offsets);
    free(ids.numbers);
    return result;
}

/* ---- retention ------------------------------------------------------------------------------- */

static const struct {
    const char *one, *many;
    uint64_t us;
} units[] = {{"week", "weeks", UINT64_C(604800000000)},
             {"day", "days", UINT64_C(86400000000)},
             {"hour", "hours", UINT64_C(3600000000)}};

#define UNIT_COUNT (sizeof units / sizeof units[0])

/* Whole days or hours; rules of other programs may be finer. */
static void rule_cell(cli_table *table, uint64_t keep_us)
{
    text_buf text = {0};
    size_t unit = keep_us % units[1].us == 0 ? 1 : 2;
    if (keep_us == SEG_KEEP_FOREVER) {
        buf_text(&text, "forever");
    } else if (keep_us % units[unit].us != 0) {
        buf_uint(&text, keep_us);
        buf_text(&text, " microseconds");
    } else {
        buf_uint(&text, keep_us / units[unit].us);
        buf_char(&text, ' ');
        buf_text(&text, keep_us == units[unit].us ? units[unit].one : units[unit].many);
    }
    table_text(table, (text_view){text.data, text.size});
    buf_deinit(&text);
}

/* event NULL: all types without their own. */
static void rule_row(const cli_session *session, cli_table *table, text_view event)
{
    uint64_t keep_us;
    if (seg_store_get_retention(session->store, event.data, event.size, &keep_us, NULL) != SEG_OK) {
        return;
    }
    if (event.data) {
        table_text(table, event);
    } else {
        table_null(table);
    }
    rule_cell(table, keep_us);
}

/* The rule that holds for each event type, first that of types without their own. */
static run_result retention_list(cli_session *session)
{
    static const char *const names[] = {"event", "kept"};
    cli_table table;
    table_init(&table, names, 2);
    rule_row(session, &table, no_text);
    uint64_t count = seg_store_column_count(session->store);
    for (uint64_t i = 0; i < count; i++) {
        seg_column_info info = {.struct_size = (uint32_t)sizeof info};
        if (seg_store_column_at(session->store, i, &info, NULL) == SEG_OK && info.event &&
            !info.name) {
            rule_row(session, &table, (text_view){info.event, (size_t)info.event_size});
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    return RUN_OK;
}

/* `forever`, `usual` or `N UNIT` in the last words, of which *out_used are taken. */
static bool rule_parse(const lex_words *words, uint64_t *out_keep_us, size_t *out_used)
{
    text_view last = text_of(words->items[words->count - 1].text);
    uint64_t number = 0;
    *out_used = 1;
    *out_keep_us = text_equals_fold(last, "forever") ? SEG_KEEP_FOREVER : SEG_KEEP_USUAL;
    if (text_equals_fold(last, "forever") || text_equals_fold(last, "usual")) {
        return true;
    }
    *out_used = 2;
    for (size_t i = 0; i < UNIT_COUNT && words->count > 2; i++) {
        if ((text_equals_fold(last, units[i].one) || text_equals_fold(last, units[i].many)) &&
            parse_uint(text_of(words->items[words->count - 2].text), &number) && number > 0 &&
            number < SEG_KEEP_FOREVER / units[i].us) {
            *out_keep_us = number * units[i].us;
            return true;
        }
    }
    return false;
}

run_result forget_retention(cli_session *session, text_view statement, const lex_words *words)
{
    uint64_t keep_us;
    size_t used;
    seg_error err = SEG_ERROR_INIT;
    if (words->count == 1) {
        return retention_list(session);
    }
    if (!rule_parse(words, &keep_us, &used) || words->count - used > 2) {
        at_word(session, statement, &words->items[words->count - 1], "this is no rule",
                "retention [EVENT] 90 days; weeks, hours, forever, usual; months differ in length");
        return RUN_FAILED;
    }
    const char *event = words->count - used == 2 ? words->items[1].text : NULL;
    if (seg_store_set_retention(session->store, event, event ? strlen(event) : 0, keep_us, &err) !=
        SEG_OK) {
        return failed(session, &err);
    }
    return RUN_OK;
}

/* ---- expire ---------------------------------------------------------------------------------- */

/* What the instant says, by way of the session's own setting, which stays as it was. */
static bool expire_now(cli_session *session, const char *text, int64_t *out)
{
    cli_session asked = *session;
    bool good = session_set_now(&asked, text) && session_now(&asked, out);
    session->snapshot = asked.snapshot;
    return good;
}

run_result forget_expire(cli_session *session, text_view statement, const lex_words *words)
{
    static const char *const names[] = {"events_removed", "strings_removed", "parts_rewritten",
                                        "commit_sequence"};
    int64_t now;
    seg_error err = SEG_ERROR_INIT;
    seg_expire_report report = {.struct_size = (uint32_t)sizeof report};
    if (words->count != 2 || !expire_now(session, words->items[1].text, &now)) {
        at_word(session, statement, words->count > 1 ? &words->items[words->count - 1] : NULL,
                "one instant should follow",
                "expire 2026-01-31T00:00:00Z, expire clock, or expire latest");
        return RUN_FAILED;
    }
    session_changed(session);
    if (seg_store_expire(session->store, now, &report, &err) != SEG_OK) {
        return failed(session, &err);
    }
    const uint64_t figures[] = {report.events_removed, report.strings_removed,
                                report.parts_rewritten, report.commit_sequence};
    print_figures(session, names, figures, sizeof figures / sizeof figures[0]);
    return RUN_OK;
}
