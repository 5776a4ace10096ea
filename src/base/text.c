/* text.c - UTF-8 and numbers as text, the same in every locale. All functions: any thread. */
#include "base/text.h"

#include <string.h>
#include <yyjson.h>

/* The longest number text that is read. A double needs at most 767 significant digits to be told
 * from its neighbours, so nobody who prints doubles gets here. */
#define FLOAT_TEXT_SIZE_MAX 1024
#define DISTANCE_SIZE_MAX 64

/* ---- UTF-8 ---- */

/* Bytes of the well-formed sequence at text[0 .. size), 0 if it is none. After table 3-7 of the
 * Unicode standard: only the second byte has bounds that depend on the first. */
static size_t utf8_sequence(const unsigned char *text, size_t size)
{
    unsigned char first = text[0];
    unsigned char low = 0x80, high = 0xbf;
    size_t length;
    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (size < length || text[1] < low || text[1] > high)
        return 0;
    for (size_t i = 2; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    return length;
}

bool segi_utf8_valid(const char *text, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t i = 0;
    while (i < size) {
        /* Names and ids are mostly ASCII: eight bytes at a time. */
        while (size - i >= 8) {
            uint64_t word;
            memcpy(&word, bytes + i, sizeof word);
            if ((word & 0x8080808080808080u) != 0)
                break;
            i += 8;
        }
        if (i == size)
            return true;
        size_t length = utf8_sequence(bytes + i, size - i);
        if (length == 0)
            return false;
        i += length;
    }
    return true;
}

/* Every byte that does not continue a character begins one. */
size_t segi_utf8_length(const char *text, size_t size)
{
    size_t length = 0;
    for (size_t i = 0; i < size; i++)
        length += ((unsigned char)text[i] & 0xc0) != 0x80;
    return length;
}

/* ---- numbers ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Appends one digit to *value with its sign; false on overflow. */
static bool append_digit(int64_t *value, char digit, bool negative)
{
    int64_t d = digit - '0';
    return !__builtin_mul_overflow(*value, (int64_t)10, value) &&
           !__builtin_add_overflow(*value, negative ? -d : d, value);
}

bool segi_parse_decimal(const char *text, size_t size, int64_t *mantissa, int32_t *scale)
{
    *mantissa = 0;
    *scale = 0;
    size_t i = size > 0 && (text[0] == '+' || text[0] == '-');
    bool negative = i == 1 && text[0] == '-';
    int64_t value = 0;
    size_t whole = 0, fraction = 0;
    for (; i < size && is_digit(text[i]); i++, whole++) {
        if (!append_digit(&value, text[i], negative))
            return false;
    }
    if (whole == 0)
        return false;
    if (i < size && text[i] == '.') {
        for (i++; i < size && is_digit(text[i]); i++, fraction++) {
            if (fraction == 18 || !append_digit(&value, text[i], negative))
                return false;
        }
        if (fraction == 0)
            return false;
    }
    if (i != size)
        return false;
    *mantissa = value;
    *scale = (int32_t)fraction;
    return true;
}

/* A sign and digits, nothing else. */
bool segi_parse_int(const char *text, size_t size, int64_t *out)
{
    int64_t mantissa;
    int32_t scale;
    *out = 0;
    /* The decimal reader accepts a point, which an integer must not have. */
    if (!segi_parse_decimal(text, size, &mantissa, &scale) || scale != 0)
        return false;
    *out = mantissa;
    return true;
}

/* The first position from `at` on without a digit. */
static size_t skip_digits(const char *text, size_t size, size_t at)
{
    while (at < size && is_digit(text[at]))
        at++;
    return at;
}

/* Checks [+-]digits[.digits][e[+-]digits] and copies it as JSON wants it: without a plus, without
 * leading zeros, and with an exponent or point so that it is read as a real. False if it is
 * something else. */
static bool float_to_json(const char *text, size_t size, char *json)
{
    size_t at = size > 0 && (text[0] == '+' || text[0] == '-');
    size_t out = 0;
    if (at == 1 && text[0] == '-')
        json[out++] = '-';
    size_t whole_end = skip_digits(text, size, at);
    if (whole_end == at)
        return false;
    while (at + 1 < whole_end && text[at] == '0')
        at++;
    size_t start = at;
    at = whole_end;
    bool real = false;
    if (at < size && text[at] == '.') {
        size_t end = skip_digits(text, size, at + 1);
        if (end == at + 1)
            return false;
        at = end;
        real = true;
    }
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        size_t digits = at + 1;
        if (digits < size && (text[digits] == '+' || text[digits] == '-'))
            digits++;
        size_t end = skip_digits(text, size, digits);
        if (end == digits)
            return false;
        at = end;
        real = true;
    }
    if (at != size)
        return false;
    memcpy(json + out, text + start, at - start);
    out += at - start;
    if (!real) {
        memcpy(json + out, ".0", 2);
        out += 2;
    }
    json[out] = '\0';
    return true;
}

/* Reads a copy: yyjson wants a NUL at the end, and callers have only a size. */
bool segi_parse_float(const char *text, size_t size, double *out)
{
    char json[FLOAT_TEXT_SIZE_MAX + 8];
    *out = 0;
    if (size > FLOAT_TEXT_SIZE_MAX || !float_to_json(text, size, json))
        return false;
    yyjson_val value;
    const char *end = yyjson_read_number(json, &value, YYJSON_READ_NOFLAG, NULL, NULL);
    if (end == NULL || *end != '\0' || !yyjson_is_real(&value))
        return false;
    *out = yyjson_get_real(&value);
    return true;
}

/* yyjson writes the shortest digits (40 bytes at most) and knows no locale. */
size_t segi_text_write_float(double value, char text[SEGI_FLOAT_TEXT_MAX])
{
    const char *special = value != value         ? "NaN"
                          : value > __DBL_MAX__  ? "Infinity"
                          : value < -__DBL_MAX__ ? "-Infinity"
                                                 : NULL;
    if (special != NULL) {
        size_t size = strlen(special);
        memcpy(text, special, size);
        return size;
    }
    yyjson_val number;
    memset(&number, 0, sizeof number);
    yyjson_set_real(&number, value);
    const char *end = yyjson_write_number(&number, text);
    return end == NULL ? 0 : (size_t)(end - text);
}

/* 18 multiplications at most; 10^18 is the largest that fits. */
int64_t segi_pow10(int32_t exponent)
{
    int64_t power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/* Exact or refused: money must not be rounded behind the caller's back. */
bool segi_decimal_rescale(int64_t mantissa, int32_t from, int32_t to, int64_t *out)
{
    *out = 0;
    int64_t steps = (int64_t)to - from;
    if (mantissa == 0)
        return true;
    /* No other number survives 19 steps either way. */
    if (steps > 18 || steps < -18)
        return false;
    if (steps >= 0) {
        int64_t scaled;
        if (__builtin_mul_overflow(mantissa, segi_pow10((int32_t)steps), &scaled))
            return false;
        *out = scaled;
        return true;
    }
    int64_t power = segi_pow10((int32_t)-steps);
    if (mantissa % power != 0)
        return false;
    *out = mantissa / power;
    return true;
}

/* ---- likeness ---- */

/* Lower case, without blanks and ASCII punctuation; returns the bytes kept. */
static size_t fold_name(const char *text, size_t size, char *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < size; i++) {
        char c = segi_text_lower(text[i]);
        bool other = (unsigned char)c >= 0x80;
        if (other || is_digit(c) || (c >= 'a' && c <= 'z'))
            out[kept++] = c;
    }
    return kept;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

/* Used for "did you mean" alone. O(n x m) with both at most DISTANCE_SIZE_MAX, which the stack
 * holds. */
uint32_t segi_text_distance(const char *a, size_t a_size, const char *b, size_t b_size,
                            uint32_t limit)
{
    char x[DISTANCE_SIZE_MAX], y[DISTANCE_SIZE_MAX];
    if (limit > DISTANCE_SIZE_MAX)
        limit = DISTANCE_SIZE_MAX;
    if (a_size > DISTANCE_SIZE_MAX || b_size > DISTANCE_SIZE_MAX)
        return limit + 1;
    size_t x_size = fold_name(a, a_size, x);
    size_t y_size = fold_name(b, b_size, y);
    /* Rows i - 2, i - 1 and i of the usual table; a row whose least entry exceeds the limit
     * cannot lead back below it. */
    uint32_t rows[3][DISTANCE_SIZE_MAX + 1];
    for (size_t j = 0; j <= y_size; j++)
        rows[0][j] = (uint32_t)j;
    for (size_t i = 1; i <= x_size; i++) {
        uint32_t *row = rows[i % 3];
        const uint32_t *above = rows[(i + 2) % 3];
        const uint32_t *above2 = rows[(i + 1) % 3];
        uint32_t least = row[0] = (uint32_t)i;
        for (size_t j = 1; j <= y_size; j++) {
            uint32_t best = above[j - 1] + (x[i - 1] != y[j - 1]);
            best = smaller(best, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && x[i - 1] == y[j - 2] && x[i - 2] == y[j - 1])
                best = smaller(best, above2[j - 2] + 1);
            row[j] = best;
            least = smaller(least, best);
        }
        if (least > limit)
            return limit + 1;
    }
    return smaller(rows[x_size % 3][y_size], limit + 1);
}
