/* occasions.h - statements about named days: define, drop, list. */
#ifndef CLI_OCCASIONS_H
#define CLI_OCCASIONS_H

#include "run.h"

/* days: what follows `as`, "2026-11-27 to 2026-11-30, 2027-11-26". */
run_result occasion_define(cli_session *session, text_view statement, const char *name,
                           text_view days);
/* All of them, a row per range. */
run_result occasion_list(cli_session *session);

#endif /* CLI_OCCASIONS_H */
