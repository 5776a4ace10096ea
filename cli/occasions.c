/* occasions.c - statements about named days. See occasions.h. */
#include "occasions.h"

#include "lexer.h"
#include "output.h"
#include "times.h"

#include <stdlib.h>
#include <string.h>

static const text_view no_text = {NULL, 0};

/* "2026-11-27 to 2026-11-30", or one day. */
static bool range_parse(text_view part, int32_t out[2])
{
    text_view rest;
    text_view first = lex_first(part, &rest);
    if (!date_parse(first, &out[0])) {
        return false;
    }
    out[1] = out[0];
    if (rest.size == 0) {
        return true;
    }
    text_view to = lex_first(rest, &rest);
    text_view last = lex_first(rest, &rest);
    return text_equals_fold(to, "to") && date_parse(last, &out[1]) && rest.size == 0;
}

/* The ranges, owned by the caller; NULL after an error. */
static int32_t *ranges_parse(cli_session *session, text_view statement, text_view days,
                             size_t *out_count)
{
    static const char *const example =
        "define occasion \"black_friday\" as 2026-11-27 to 2026-11-30, 2027-11-26";
    size_t count = lex_commas(days, NULL, 0);
    text_view *parts = calloc(count + 1, sizeof *parts);
    int32_t *ranges = calloc(count + 1, 2 * sizeof *ranges);
    bool good = parts && ranges;
    if (!good) {
        diag_fail(&session->diag, NULL, "out of memory");
    }
    if (good) {
        lex_commas(days, parts, count);
    }
    for (size_t i = 0; good && i < count; i++) {
        good = range_parse(parts[i], &ranges[2 * i]);
        if (!good) {
            diag_at(&session->diag, statement,
                    parts[i].size ? (size_t)(parts[i].data - statement.data) : statement.size,
                    parts[i].size ? parts[i].size : 1, "these are no days", example);
        }
    }
    free(parts);
    if (!good) {
        free(ranges);
        return NULL;
    }
    *out_count = count;
    return ranges;
}

run_result occasion_define(cli_session *session, text_view statement, const char *name,
                           text_view days)
{
    size_t count = 0;
    seg_error err = SEG_ERROR_INIT;
    int32_t *ranges = ranges_parse(session, statement, days, &count);
    if (!ranges) {
        return RUN_FAILED;
    }
    seg_status status =
        seg_store_define_occasion(session->store, name, strlen(name), ranges, count, &err);
    free(ranges);
    if (status != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return RUN_FAILED;
    }
    diag_note(&session->diag, "defined occasion \"%s\"", name);
    return RUN_OK;
}

static void day_cell(cli_table *table, int32_t day)
{
    text_buf text = {0};
    buf_date(&text, day);
    table_text(table, (text_view){text.data, text.size});
    buf_deinit(&text);
}

run_result occasion_list(cli_session *session)
{
    static const char *const names[] = {"occasion", "first_day", "last_day"};
    cli_table table;
    seg_occasion_list *list = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (seg_store_list_occasions(session->store, &list, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return RUN_FAILED;
    }
    table_init(&table, names, 3);
    for (uint64_t i = 0; i < seg_occasion_list_count(list); i++) {
        seg_occasion_info info = {.struct_size = (uint32_t)sizeof info};
        if (seg_occasion_list_at(list, i, &info, NULL) != SEG_OK) {
            continue;
        }
        for (uint64_t k = 0; k < info.range_count; k++) {
            table_text(&table, (text_view){info.name, (size_t)info.name_size});
            day_cell(&table, info.days[2 * k]);
            day_cell(&table, info.days[2 * k + 1]);
        }
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    seg_occasion_list_destroy(list);
    return RUN_OK;
}
