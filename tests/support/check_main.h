/* support/check_main.h - what a Check program has to offer so that it needs no main(). */
#ifndef SEG_TEST_CHECK_MAIN_H
#define SEG_TEST_CHECK_MAIN_H

#include <check.h>

/* Defined by each test program: one suite per room or topic, one tcase per file or theme. */
Suite *suite(void);

#endif /* SEG_TEST_CHECK_MAIN_H */
