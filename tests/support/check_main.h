/* support/check_main.h - what a Check program has to offer so that it needs no main(). */
#ifndef SEG_TEST_CHECK_MAIN_H
#define SEG_TEST_CHECK_MAIN_H

#include <check.h>

/* Defined by each test program: one suite per room or topic, one tcase per file or theme. */
Suite *suite(void);

/* ck_assert() for loops over many cases: Check writes a record to a pipe for each assertion that
 * it passes, which costs more than most of what is tested. */
#define check_fast(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("%s is false", #condition);                                               \
    } while (0)

#endif /* SEG_TEST_CHECK_MAIN_H */
