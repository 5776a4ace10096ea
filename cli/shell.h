/* shell.h - statements line by line: scripts from a file or a pipe, and the interactive shell. */
#ifndef CLI_SHELL_H
#define CLI_SHELL_H

#include "session.h"

#include <stdio.h>

/* Reads statements until the end of the file or .quit. With `prompt` it is a person who types.
 * Lines that begin with a dot are settings: .help lists them. */
run_result shell_run(cli_session *session, FILE *in, bool prompt);

#endif /* CLI_SHELL_H */
