/* import.h - a file goes into the store. */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include "options.h"
#include "session.h"

/* users: rows are attributes, else events. Prints the mapping first and a summary last, on
 * stderr. Fails on data that cannot be taken at all; single rows are refused and counted, unless
 * options->strict makes the first of them fatal, and then the store is as it was before. */
run_result import_run(cli_session *session, bool users, const char *path,
                      const import_options *options);

#endif /* CLI_IMPORT_H */
