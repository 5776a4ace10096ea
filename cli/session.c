/* session.c - the store and what is set around it. See session.h. */
#include "session.h"

#include "interrupt.h"
#include "times.h"

#include <string.h>
#include <time.h>

static const text_view no_text = {NULL, 0};

/* What a store is: of a file, what it was made with. */
static bool read_settings(cli_session *session)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store_stats stats = {.struct_size = (uint32_t)sizeof stats};
    if (seg_store_get_stats(session->store, &stats, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return false;
    }
    session->u64 = stats.id_kind == SEG_ID_U64;
    times_set_zone(stats.timezone);
    return true;
}

bool session_open(cli_session *session, const session_options *options)
{
    seg_store_options store = SEG_STORE_OPTIONS_INIT;
    seg_error err = SEG_ERROR_INIT;
    const char *path = options->path ? options->path : ":memory:";
    store.timezone = options->timezone;
    store.timezone_size = options->timezone ? strlen(options->timezone) : 0;
    store.id_kind = options->u64 ? SEG_ID_U64 : SEG_ID_BYTES;
    store.threads_max = options->threads;
    session->threads = options->threads;
    if (options->path) {
        store.flags = options->read_only ? SEG_STORE_READ_ONLY : SEG_STORE_CREATE;
        store.durability = options->durability;
    } else {
        store.dedup_window_us = UINT64_MAX; /* files are read whole, whatever their age */
    }
    if (seg_store_open(path, strlen(path), &store, &session->store, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return false;
    }
    return read_settings(session) || (session_close(session), false);
}

bool session_close(cli_session *session)
{
    seg_error err = SEG_ERROR_INIT;
    bool good = true;
    session_changed(session);
    if (session->store && seg_store_close(session->store, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        good = false;
    }
    session->store = NULL;
    return good;
}

seg_snapshot *session_snapshot(cli_session *session)
{
    seg_error err = SEG_ERROR_INIT;
    if (!session->snapshot &&
        seg_snapshot_create(session->store, &session->snapshot, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return NULL;
    }
    return session->snapshot;
}

void session_changed(cli_session *session)
{
    seg_snapshot_release(session->snapshot);
    session->snapshot = NULL;
}

static void show_now(cli_session *session, int64_t now, const char *remark)
{
    if (session->now_shown && session->now_last == now) {
        return;
    }
    session->now_shown = true;
    session->now_last = now;
    text_buf text = {0};
    buf_text(&text, "now is ");
    buf_instant(&text, now);
    buf_text(&text, remark);
    diag_note(&session->diag, "%s", text.data);
    buf_deinit(&text);
}

bool session_now(cli_session *session, int64_t *out_now)
{
    seg_error err = SEG_ERROR_INIT;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    seg_snapshot *snapshot = session_snapshot(session);
    struct timespec clock;
    if (!snapshot) {
        return false;
    }
    switch (session->now_kind) {
    case NOW_GIVEN: *out_now = session->now; return true;
    case NOW_CLOCK:
        clock_gettime(CLOCK_REALTIME, &clock);
        *out_now = (int64_t)clock.tv_sec * 1000000 + clock.tv_nsec / 1000;
        show_now(session, *out_now, " (the clock)");
        return true;
    case NOW_NEWEST: break;
    }
    if (seg_snapshot_get_info(snapshot, &info, &err) != SEG_OK) {
        diag_error(&session->diag, &err, no_text, no_text);
        return false;
    }
    *out_now = info.time_max;
    show_now(session, *out_now,
             info.event_count ? " (the newest event; --now sets another instant)"
                              : " (there are no events; --now sets another instant)");
    return true;
}

bool session_set_now(cli_session *session, const char *text)
{
    static const time_format iso = {TIME_ISO, NULL};
    session->now_shown = false;
    if (strcmp(text, "latest") == 0 || strcmp(text, "newest") == 0) {
        session->now_kind = NOW_NEWEST;
    } else if (strcmp(text, "clock") == 0) {
        session->now_kind = NOW_CLOCK;
    } else if (time_parse(text_of(text), &iso, &session->now)) {
        session->now_kind = NOW_GIVEN;
    } else {
        return false;
    }
    return true;
}

void session_eval_options(const cli_session *session, seg_eval_options *out)
{
    *out = (seg_eval_options)SEG_EVAL_OPTIONS_INIT;
    out->threads = session->threads;
    out->task = interrupt_task();
}
