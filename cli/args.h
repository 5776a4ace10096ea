/* args.h - the command line. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "options.h"
#include "session.h"

typedef struct args_import {
    bool users;
    char *path; /* borrowed from argv */
    import_options options;
} args_import;

typedef struct args_action {
    bool file;  /* a script, else statements */
    char *text; /* owned: the path, or the statements */
} args_action;

typedef struct cli_args {
    args_import *imports;
    size_t import_count, import_capacity;
    import_options defaults; /* import options before the first file: for all files */
    args_action *actions;
    size_t action_count, action_capacity;
    const char *test_user, *test_predicate;
    const char *now;
    session_options session;
    output_mode mode;
    diag_color color;
    bool json_errors, quiet, open, timer, echo, bail;
    bool help, version;
    char **params; /* NAME=VALUE, borrowed from argv */
    size_t param_count, param_capacity;
} cli_args;

extern const char args_help[];

/* False with a message on stderr: wrong usage. args_deinit() either way. */
bool args_parse(cli_args *args, int argc, char **argv);
void args_deinit(cli_args *args);

#endif /* CLI_ARGS_H */
