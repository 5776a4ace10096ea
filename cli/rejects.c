/* rejects.c - refused rows. See rejects.h. */
#include "rejects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Reasons name columns, of which a file of JSON lines may have thousands. */
#define REASONS_MAX 64

bool rejects_open(cli_rejects *rejects, const cli_diag *diag, const char *path, const char *file)
{
    *rejects = (cli_rejects){.diag = diag, .path = path};
    if (file) {
        rejects->file = fopen(file, "we");
        if (!rejects->file) {
            diag_fail(diag, NULL, "%s: cannot be created: %s", file, strerror(errno));
            return false;
        }
        fputs("line,reason,detail,row\n", rejects->file);
    }
    return true;
}

static void count_reason(cli_rejects *rejects, const char *reason)
{
    for (size_t i = 0; i < rejects->reason_count; i++) {
        if (strcmp(rejects->reasons[i].text, reason) == 0) {
            rejects->reasons[i].count++;
            return;
        }
    }
    if (rejects->reason_count >= REASONS_MAX) {
        /* The last one gathers all that do not fit. */
        if (rejects->reason_count == REASONS_MAX) {
            reason = "other reasons";
        } else {
            rejects->reasons[REASONS_MAX].count++;
            return;
        }
    }
    rejects->reasons = xgrow(rejects->reasons, &rejects->reason_capacity, rejects->reason_count + 1,
                             sizeof *rejects->reasons);
    rejects->reasons[rejects->reason_count++] = (reject_reason){xstrdup(reason), 1};
}

static void write_row(cli_rejects *rejects, uint64_t line, const char *reason, const char *detail,
                      text_view raw)
{
    text_buf out = {0};
    buf_uint(&out, line);
    buf_char(&out, ',');
    buf_csv(&out, reason, strlen(reason), ',');
    buf_char(&out, ',');
    buf_csv(&out, detail, strlen(detail), ',');
    buf_char(&out, ',');
    buf_csv(&out, raw.data, raw.size, ',');
    buf_char(&out, '\n');
    fwrite(out.data, 1, out.size, rejects->file);
    buf_deinit(&out);
}

void rejects_add(cli_rejects *rejects, uint64_t line, const char *reason, const char *detail,
                 text_view raw)
{
    rejects->count++;
    count_reason(rejects, reason);
    if (rejects->file) {
        write_row(rejects, line, reason, detail, raw);
    }
    if (rejects->count > REJECTS_SHOWN) {
        return;
    }
    text_buf out = {0};
    buf_text(&out, "  line ");
    buf_uint(&out, line);
    buf_text(&out, " rejected: ");
    buf_shown(&out, reason, strlen(reason), 200);
    if (*detail) {
        buf_text(&out, " (");
        buf_shown(&out, detail, strlen(detail), 80);
        buf_char(&out, ')');
    }
    diag_note(rejects->diag, "%s", out.data);
    buf_deinit(&out);
}

bool rejects_close(cli_rejects *rejects)
{
    bool written = true;
    if (rejects->count > REJECTS_SHOWN) {
        for (size_t i = 0; i < rejects->reason_count; i++) {
            text_buf out = {0};
            buf_text(&out, "  ");
            buf_uint(&out, rejects->reasons[i].count);
            buf_text(&out, " rejected: ");
            buf_shown(&out, rejects->reasons[i].text, strlen(rejects->reasons[i].text), 200);
            diag_note(rejects->diag, "%s", out.data);
            buf_deinit(&out);
        }
    }
    for (size_t i = 0; i < rejects->reason_count; i++) {
        free(rejects->reasons[i].text);
    }
    free(rejects->reasons);
    if (rejects->file) {
        written = !ferror(rejects->file);
        written = fclose(rejects->file) == 0 && written;
    }
    *rejects = (cli_rejects){0};
    return written;
}
