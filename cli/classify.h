/* classify.h - the statement classify. */
#ifndef CLI_CLASSIFY_H
#define CLI_CLASSIFY_H

#include "session.h"

/* `classify NAME { ... }` saves a class, `classify NAME` counts its labels. */
run_result classify_run(cli_session *session, text_view statement, text_view rest);

#endif /* CLI_CLASSIFY_H */
