/* classify.h - the statements classify, scores and freeze. */
#ifndef CLI_CLASSIFY_H
#define CLI_CLASSIFY_H

#include "session.h"

/* `classify NAME { ... }` saves a class, `classify NAME` counts its labels. */
run_result classify_run(cli_session *session, text_view statement, text_view rest);
/* `scores NAME` shows the scores of a class that is an rfm, `freeze NAME` saves it with the cut
 * points that they have now. */
run_result scores_run(cli_session *session, text_view statement, text_view rest, bool freezes);

#endif /* CLI_CLASSIFY_H */
