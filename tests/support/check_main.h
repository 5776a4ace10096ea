/* support/check_main.h - what a Check program has to offer so that it needs no main(). */
#ifndef SEG_TEST_CHECK_MAIN_H
#define SEG_TEST_CHECK_MAIN_H

#include <check.h>
#include <stdint.h>
#include <stdlib.h>

/* Defined by each test program: one suite per room or topic, one tcase per file or theme. */
Suite *suite(void);

/* Check writes a record for each assertion that is passed, so that it can name the last one before
 * a crash: millions of writes, more than most of what is tested costs. Without them it names the
 * test, and a sanitizer or a debugger the place. */
#define _mark_point(file, line) ((void)0)

/* ck_assert() for loops over many cases. */
#define check_fast(condition)                                                                      \
    do {                                                                                           \
        if (!(condition))                                                                          \
            ck_abort_msg("%s is false", #condition);                                               \
    } while (0)

/* ck_assert_int_eq() for them. */
#define check_fast_eq(left, right)                                                                 \
    do {                                                                                           \
        intmax_t left_is = (intmax_t)(left), right_is = (intmax_t)(right);                         \
        if (left_is != right_is)                                                                   \
            ck_abort_msg("%s is %jd, but %s is %jd", #left, left_is, #right, right_is);            \
    } while (0)

/* How often a long test does something: in an ordinary run, in one of the same under sanitizers
 * (SEG_TEST_SAMPLE), under valgrind (SEG_TEST_SLOW), and where nobody waits (SEG_TEST_SOAK). */
static inline uint64_t check_amount(uint64_t usual, uint64_t sample, uint64_t slow, uint64_t soak)
{
    if (getenv("SEG_TEST_SOAK") != NULL)
        return soak;
    if (getenv("SEG_TEST_SLOW") != NULL)
        return slow;
    return getenv("SEG_TEST_SAMPLE") != NULL ? sample : usual;
}

#endif /* SEG_TEST_CHECK_MAIN_H */
