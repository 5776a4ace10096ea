/* Filling seg_error. The room that finds a fault writes the message; nobody above rewords it. */
#ifndef SEGI_ERROR_H
#define SEGI_ERROR_H

#include <seg/base.h>

/* Fill *err (which may be NULL) and return code. One sentence, no full stop; text that is too
 * long is cut at a character's edge and ends in "...". Clears offset, line and hint. */
seg_status segi_fail(seg_error *err, seg_status code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
seg_status segi_fail_nomem(seg_error *err);
/* Add to an error just made. Each may be called with err NULL. */
void segi_error_span(seg_error *err, size_t offset, size_t length);
void segi_error_row(seg_error *err, uint64_t row_1based);
void segi_error_errno(seg_error *err, int os_errno);
void segi_error_hint(seg_error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Set line and column from err->offset in text. */
void segi_error_locate(seg_error *err, const char *text, size_t text_size);
/* What one of our own says, in the struct of a caller, which may be of another size. */
void segi_error_copy(seg_error *err, const seg_error *from);
void segi_error_clear(seg_error *err);

/* Pass a failure on. */
#define SEGI_TRY(expression)                                                                       \
    do {                                                                                           \
        seg_status segi_try_status = (expression);                                                 \
        if (segi_try_status != SEG_OK)                                                             \
            return segi_try_status;                                                                \
    } while (0)

/* Our bug. Stops the process in checked builds (SEGI_CHECKED), is not evaluated otherwise. */
#ifdef SEGI_CHECKED
#define SEGI_ASSERT(condition) ((condition) ? (void)0 : __builtin_trap())
#else
#define SEGI_ASSERT(condition) ((void)sizeof(condition))
#endif

/* The caller's bug. */
#define SEGI_CHECK_ARG(condition, err, what)                                                       \
    do {                                                                                           \
        if (!(condition))                                                                          \
            return segi_fail((err), SEG_E_ARG, "%s", (what));                                      \
    } while (0)

/* Read a versioned options struct: min(caller's, own) bytes of *source into *target (zeroed
 * before); bytes that this library does not know must be zero, else SEG_E_VERSION; a size below
 * minimum or above 4096 is SEG_E_ARG. source NULL leaves target zeroed with its own size set. */
seg_status segi_options_read(void *target, size_t own_size, const void *source, size_t minimum,
                             const char *what, seg_error *err);
/* Write an output struct of `own_size` bytes into the caller's, of the size it states first. */
seg_status segi_options_write(void *target, const void *source, size_t own_size, const char *what,
                              seg_error *err);

#endif
