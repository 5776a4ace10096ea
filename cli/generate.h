/* generate.h - the statement that makes up data. */
#ifndef CLI_GENERATE_H
#define CLI_GENERATE_H

#include "lexer.h"
#include "session.h"

/* `generate --users N --events N [--seed N] [--out-users FILE] [--out-events FILE]`: without
 * files the rows go into the store. words[0] is `generate`. */
run_result generate_run(cli_session *session, text_view statement, const lex_words *words);

#endif /* CLI_GENERATE_H */
