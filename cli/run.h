/* run.h - carries out statements. */
#ifndef CLI_RUN_H
#define CLI_RUN_H

#include "lexer.h"
#include "session.h"

/* One statement, without its `;`. Commands with a leading dot belong to the shell. */
run_result run_statement(cli_session *session, text_view statement);

/* Is the user in the segment? Prints nothing. 0 member, 1 not, 2 error: the exit code. */
int run_test_quiet(cli_session *session, const char *user, const char *predicate);

/* A text with several statements (-c, a file): stops at the first failure with `strict`, else
 * goes on and remembers it. `text` is changed (see lexer.h). */
run_result run_text(cli_session *session, char *text, size_t size, bool line_ends);

#endif /* CLI_RUN_H */
