/* forget.h - statements that take something out of the store for good: erase, retention, expire. */
#ifndef CLI_FORGET_H
#define CLI_FORGET_H

#include "lexer.h"
#include "session.h"

/* In each, words[0] is the statement's name.
 *
 * `erase USER ... [--from FILE] [--refuse]`: the customers, and those whose ids stand in the lines
 * of FILE (- is stdin). Prints what was removed. */
run_result forget_erase(cli_session *session, text_view statement, const lex_words *words);
/* `retention`: the rules. `retention [EVENT] N days|weeks|hours|forever`: sets one; without EVENT
 * it is that of all types without their own, which `usual` brings back for one of them. */
run_result forget_retention(cli_session *session, text_view statement, const lex_words *words);
/* `expire INSTANT|latest|clock`: what is too old then. The instant has to be said, since a wrong
 * one cannot be taken back. */
run_result forget_expire(cli_session *session, text_view statement, const lex_words *words);

#endif /* CLI_FORGET_H */
