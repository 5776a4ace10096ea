/* query.h - the statements that ask: count, list, test, explain, schema, stats. */
#ifndef CLI_QUERY_H
#define CLI_QUERY_H

#include "session.h"

/* `statement` is the whole of it, for messages; `rest` is what follows its first word. */
run_result query_count(cli_session *session, text_view statement, text_view rest);
run_result query_list(cli_session *session, text_view statement, text_view rest);
run_result query_test(cli_session *session, text_view statement, text_view rest);
run_result query_explain(cli_session *session, text_view statement, text_view rest);
run_result query_schema(cli_session *session);
run_result query_stats(cli_session *session);

/* The predicate is in the JSON form: no text of the language begins like that. */
bool query_is_json(text_view predicate);
/* Compiles a predicate of either form, parameters stay open; NULL after an error. */
seg_segment *query_compile_open(cli_session *session, text_view statement, text_view predicate);
/* Compiles a predicate and binds the parameters of the session; NULL after an error. */
seg_segment *query_compile(cli_session *session, text_view statement, text_view predicate);
/* -1 error, else whether the user is a member. */
int query_member(cli_session *session, const seg_segment *segment, text_view statement,
                 text_view user);

#endif /* CLI_QUERY_H */
