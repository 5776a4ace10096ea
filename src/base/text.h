/* UTF-8 and numbers as text, independent of the process locale. */
#ifndef SEGI_TEXT_H
#define SEGI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool segi_utf8_valid(const char *text, size_t size);
/* Code points in well-formed text. */
size_t segi_utf8_length(const char *text, size_t size);

/* [+-]digits[.digits] as mantissa x 10^-scale without loss; false if it is something else, has
 * an exponent, more than 18 digits after the point, or does not fit 64 bits. */
bool segi_parse_decimal(const char *text, size_t size, int64_t *mantissa, int32_t *scale);
/* A finite JSON-like number, correctly rounded; false if it is something else. */
bool segi_parse_float(const char *text, size_t size, double *out);
bool segi_parse_int(const char *text, size_t size, int64_t *out);
/* Write the shortest text that reads back as the same double ("1.0", "1e100", "-0.0"; "NaN",
 * "Infinity" and "-Infinity" for what is no number); returns its bytes, no NUL counted. */
#define SEGI_FLOAT_TEXT_MAX 40
size_t segi_text_write_float(double value, char text[SEGI_FLOAT_TEXT_MAX]);
/* Powers of ten, exponent 0 .. 18. */
int64_t segi_pow10(int32_t exponent);
/* mantissa x 10^(to - from) without loss; false where digits would be lost or it does not fit. */
bool segi_decimal_rescale(int64_t mantissa, int32_t from, int32_t to, int64_t *out);

/* Of ASCII letters the small one. Folding must not depend on a locale, nor change a text's size. */
static inline char segi_text_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}
/* Optimal string alignment distance of case-folded ASCII, ignoring blanks and punctuation; stops
 * at limit + 1. Inputs beyond 64 bytes count as far away. */
uint32_t segi_text_distance(const char *a, size_t a_size, const char *b, size_t b_size,
                            uint32_t limit);

#endif
