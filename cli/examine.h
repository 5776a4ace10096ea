/* examine.h - statements about a predicate itself: lint, json, sql, why. */
#ifndef CLI_EXAMINE_H
#define CLI_EXAMINE_H

#include "session.h"

/* `statement` is the whole of it, for messages; `rest` is what follows its first word. */
run_result examine_lint(cli_session *session, text_view statement, text_view rest);
/* USER in PREDICATE */
run_result examine_why(cli_session *session, text_view statement, text_view rest);
run_result examine_json(cli_session *session, text_view statement, text_view rest);
run_result examine_sql(cli_session *session, text_view statement, text_view rest);

#endif /* CLI_EXAMINE_H */
