/* session.h - the store and the settings that statements work with. */
#ifndef CLI_SESSION_H
#define CLI_SESSION_H

#include <seg/seg.h>

#include "diag.h"
#include "output.h"

typedef enum now_kind {
    NOW_NEWEST, /* the time of the newest event */
    NOW_GIVEN,
    NOW_CLOCK /* only when asked for: answers then depend on when they are asked */
} now_kind;

typedef struct cli_session {
    seg_store *store; /* owned */
    cli_diag diag;
    output_mode mode;
    bool u64; /* kind of user ids */
    uint32_t threads;
    bool open; /* unknown names are warnings */
    bool timer;
    bool echo;   /* show each statement before it runs */
    bool strict; /* end at the first statement that fails */
    now_kind now_kind;
    int64_t now;            /* NOW_GIVEN */
    bool now_shown;         /* the instant was printed, */
    int64_t now_last;       /* and it was this one */
    seg_snapshot *snapshot; /* owned; NULL after the store has changed */
    bool interrupted;
    char **params; /* borrowed: NAME=VALUE */
    size_t param_count;
} cli_session;

/* What a statement came to. */
typedef enum run_result {
    RUN_OK,
    RUN_FAILED,
    RUN_QUIT
} run_result;

typedef struct session_options {
    const char *path;     /* of the store's file; NULL: in memory */
    const char *timezone; /* NULL: what the file has, or UTC */
    bool u64;             /* ids are numbers; a file knows what its ids are */
    bool read_only;
    uint32_t durability; /* SEG_DURABILITY_* */
    uint32_t threads;
} session_options;

/* False with an error on session->diag. A file that is not there is made. */
bool session_open(cli_session *session, const session_options *options);
/* False with an error: what was committed is safe all the same. */
bool session_close(cli_session *session);
/* The store as it is now, kept until it changes; NULL with an error. */
seg_snapshot *session_snapshot(cli_session *session);
void session_changed(cli_session *session);
/* The instant of evaluation, printed as a note where it is not the one last printed. */
bool session_now(cli_session *session, int64_t *out_now);
/* `latest`, `clock`, or an instant. */
bool session_set_now(cli_session *session, const char *text);
void session_eval_options(const cli_session *session, seg_eval_options *out);

#endif /* CLI_SESSION_H */
