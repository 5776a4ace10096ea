/* support/check_main.c - main() of every Check program that defines suite() and no main.
 *
 * Check reads CK_FORK, CK_RUN_CASE and CK_RUN_SUITE from the environment itself: CK_FORK=no runs
 * all in one process, for debuggers, sanitizers and valgrind. */
#include "support/check_main.h"

#include <stdlib.h>

int main(void)
{
    SRunner *runner = srunner_create(suite());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
