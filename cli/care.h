/* care.h - looking after a store's file: the verb `seg check`, and the statements file, segments,
 * checkpoint and backup. */
#ifndef CLI_CARE_H
#define CLI_CARE_H

#include "lexer.h"
#include "session.h"

/* `seg check [--quick|--full|--deep] [--json] FILE`; argv[1] is "check". Returns the exit code: 0
 * nothing found, 1 damage, 2 wrong usage, 3 the file cannot be read or is open elsewhere. */
int care_check(int argc, char **argv);

/* Saved segments: name, version, text. */
run_result care_segments(cli_session *session);
/* Figures of the store's file. */
run_result care_file(cli_session *session);
run_result care_checkpoint(cli_session *session);
/* words: the statement, `backup FILE`. */
run_result care_backup(cli_session *session, text_view statement, const lex_words *words);

#endif /* CLI_CARE_H */
