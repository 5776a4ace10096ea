/* diag.h - everything that goes to stderr: errors with a caret, notes, progress.
 *
 * stdout carries data only. Colour is used on a terminal alone, never with NO_COLOR or
 * TERM=dumb, unless --color says otherwise. */
#ifndef CLI_DIAG_H
#define CLI_DIAG_H

#include <seg/base.h>

#include "text.h"

typedef enum diag_color {
    DIAG_COLOR_AUTO,
    DIAG_COLOR_ALWAYS,
    DIAG_COLOR_NEVER
} diag_color;

/* How messages look; one for the whole program. */
typedef struct cli_diag {
    bool color;
    bool json;     /* --errors=json: one object per line */
    bool quiet;    /* no notes */
    bool terminal; /* stderr is one: progress may be shown and wiped again */
} cli_diag;

void diag_init(cli_diag *diag, diag_color color, bool json, bool quiet);

/* A failure of the library. `statement` is what the user wrote and `text` the piece of it that
 * the library saw (err->offset counts in there); statement.data may be NULL. */
void diag_error(const cli_diag *diag, const seg_error *err, text_view statement, text_view text);
/* The same for a remark of the compiler. */
void diag_warning(const cli_diag *diag, const seg_error *err, text_view statement, text_view text);
/* A failure that the program itself found, with an optional hint. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void diag_fail(const cli_diag *diag, const char *hint, const char *format, ...);
/* A note about what happens; not shown with --quiet. No line end in the format. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
void diag_note(const cli_diag *diag, const char *format, ...);

/* What is under way, on one line of a terminal, each time over the last; an empty text wipes it. */
void diag_progress(const cli_diag *diag, const char *text);

/* A fault that the program found in a statement, at a place of it. */
void diag_at(const cli_diag *diag, text_view statement, size_t offset, size_t length,
             const char *message, const char *hint);

#endif /* CLI_DIAG_H */
