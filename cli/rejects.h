/* rejects.h - rows that were refused: counted by reason, the first ones shown, all of them
 * written to a file where one is asked for. */
#ifndef CLI_REJECTS_H
#define CLI_REJECTS_H

#include "diag.h"

#include <stdio.h>

#define REJECTS_SHOWN 5

typedef struct reject_reason {
    char *text; /* owned */
    uint64_t count;
} reject_reason;

typedef struct cli_rejects {
    const cli_diag *diag; /* borrowed */
    const char *path;     /* of the data; borrowed */
    uint64_t count;
    reject_reason *reasons;
    size_t reason_count, reason_capacity;
    FILE *file; /* owned, or NULL */
} cli_rejects;

/* file may be NULL. False with an error on diag where it cannot be created. */
bool rejects_open(cli_rejects *rejects, const cli_diag *diag, const char *path, const char *file);
/* reason is what equal faults share, detail says more about this one, raw is the row. */
void rejects_add(cli_rejects *rejects, uint64_t line, const char *reason, const char *detail,
                 text_view raw);
/* Prints the counts by reason. False where the file could not be written. */
bool rejects_close(cli_rejects *rejects);

#endif /* CLI_REJECTS_H */
