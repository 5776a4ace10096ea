/* lexer.c - predicate text becomes tokens, one at a time.
 *
 * A token is a piece of the text; nothing is copied until a quoted one is asked for its bytes.
 * Signs that other languages use get an error that says what to write here. One thread.
 * Nothing here depends on the host's locale: letters are A to Z, and other ones may stand in
 * quotes only. Time is linear in the text, space is none. */
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "lang/syntax.h"

/* ---- characters ---- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* ASCII alone: words are keywords or plain names. */
static bool is_word_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(char c)
{
    return is_word_start(c) || is_digit(c);
}

/* ---- checks of the whole text ---- */

/* Whoever reads a text has called this first: the lexer relies on there being no NUL byte, which
 * it takes for the end, and on well-formed UTF-8 within quotes. */
seg_status segi_text_check(const char *text, size_t size, seg_error *err)
{
    if (size > SEG_TEXT_SIZE_MAX)
        return segi_fail(err, SEG_E_LIMIT, "the text has %zu bytes, more than %d", size,
                         SEG_TEXT_SIZE_MAX);
    const char *nul = size == 0 ? NULL : memchr(text, '\0', size);
    if (nul != NULL) {
        segi_fail(err, SEG_E_SYNTAX, "the text contains a NUL byte");
        segi_error_span(err, (size_t)(nul - text), 1);
        return SEG_E_SYNTAX;
    }
    if (segi_utf8_valid(text, size))
        return SEG_OK;
    /* The first character that is none. */
    size_t good = 0;
    while (good < size) {
        size_t length = 1;
        while (length <= 4 && length <= size - good && !segi_utf8_valid(text + good, length))
            length++;
        if (length > 4 || length > size - good)
            break;
        good += length;
    }
    segi_fail(err, SEG_E_SYNTAX, "the text is not UTF-8");
    segi_error_span(err, good, 1);
    return SEG_E_SYNTAX;
}

/* ---- tokens ---- */

void segi_lexer_init(segi_lexer *lexer, const char *text, uint32_t size, seg_error *err)
{
    memset(lexer, 0, sizeof *lexer);
    lexer->text = text;
    lexer->size = size;
    lexer->err = err;
}

/* Takes the next `size` bytes as a token. */
static segi_token lexer_token(segi_lexer *lexer, segi_token_kind kind, uint32_t size)
{
    segi_token token = {kind, lexer->at, size};
    lexer->at += size;
    return token;
}

/* The first error is kept; the lexer stays where it is. */
static segi_token lexer_fail(segi_lexer *lexer, uint32_t size, const char *message)
{
    if (lexer->status == SEG_OK) {
        lexer->status = segi_fail(lexer->err, SEG_E_SYNTAX, "%s", message);
        segi_error_span(lexer->err, lexer->at, size);
    }
    return (segi_token){SEGI_TOKEN_ERROR, lexer->at, size};
}

/* The byte at a place, NUL behind the end: no look ahead needs a bound of its own. */
static char lexer_at(const segi_lexer *lexer, uint32_t at)
{
    return at < lexer->size ? lexer->text[at] : '\0';
}

/* Blanks, and remarks from -- to the end of the line. */
static void lexer_skip(segi_lexer *lexer)
{
    for (;;) {
        char c = lexer_at(lexer, lexer->at);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
            lexer->at++;
        } else if (c == '-' && lexer_at(lexer, lexer->at + 1) == '-') {
            while (lexer->at < lexer->size && lexer->text[lexer->at] != '\n')
                lexer->at++;
        } else {
            return;
        }
    }
}

/* Bytes of a word with its inner dots. */
static uint32_t word_size(const segi_lexer *lexer, uint32_t at)
{
    uint32_t end = at;
    for (;;) {
        while (is_word(lexer_at(lexer, end)))
            end++;
        if (lexer_at(lexer, end) != '.' || !is_word(lexer_at(lexer, end + 1)))
            return end - at;
        end++;
    }
}

bool segi_word_plain(const char *text, size_t size)
{
    segi_lexer lexer = {.text = text, .size = (uint32_t)size};
    return size != 0 && size <= SEG_NAME_SIZE_MAX && is_word_start(text[0]) &&
           word_size(&lexer, 0) == size;
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Of four digits that is_hex() has seen. */
static uint32_t hex_value(const char *digits)
{
    uint32_t value = 0;
    for (int i = 0; i < 4; i++) {
        char c = digits[i];
        value = value * 16 + (uint32_t)(is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return value;
}

/* Bytes of the escape at `at`, which is a backslash; 0 if there is no such escape. *out is the
 * code point. */
static uint32_t escape_size(const char *text, uint32_t size, uint32_t at, uint32_t *out)
{
    if (at + 1 >= size)
        return 0;
    static const char from[] = "\"\\`/ntr";
    static const char to[] = "\"\\`/\n\t\r";
    const char *found = memchr(from, text[at + 1], sizeof from - 1);
    if (found != NULL) {
        *out = (unsigned char)to[found - from];
        return 2;
    }
    for (uint32_t i = 2; i < 6; i++) {
        if (text[at + 1] != 'u' || at + i >= size || !is_hex(text[at + i]))
            return 0;
    }
    uint32_t point = hex_value(text + at + 2);
    if (point == 0 || (point >= 0xdc00 && point < 0xe000))
        return 0;
    *out = point;
    if (point < 0xd800 || point >= 0xdc00)
        return 6;
    /* A pair of surrogates. */
    uint32_t low;
    for (uint32_t i = 8; i < 12; i++) {
        if (at + i >= size || !is_hex(text[at + i]))
            return 0;
    }
    if (text[at + 6] != '\\' || text[at + 7] != 'u')
        return 0;
    low = hex_value(text + at + 8);
    if (low < 0xdc00 || low > 0xdfff)
        return 0;
    *out = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    return 12;
}

/* A text or a quoted name, which end on their line. Escapes are checked here, so that
 * segi_token_unquote() can trust them. */
static segi_token lex_quoted(segi_lexer *lexer, char quote)
{
    uint32_t at = lexer->at + 1;
    uint32_t point;
    for (;;) {
        char c = lexer_at(lexer, at);
        if (c == '\0' || c == '\n')
            return lexer_fail(lexer, 1,
                              quote == '"' ? "the text that starts here is not closed"
                                           : "the name that starts here is not closed");
        if (c == quote)
            break;
        uint32_t size = 1;
        if (c == '\\') {
            size = escape_size(lexer->text, lexer->size, at, &point);
            if (size == 0) {
                lexer->at = at;
                segi_token token = lexer_fail(lexer, 2, "no such escape in a text");
                segi_error_hint(lexer->err, "there are \\\" \\\\ \\` \\/ \\n \\t \\r and \\uXXXX; "
                                            "a backslash itself is \\\\");
                return token;
            }
        }
        at += size;
    }
    uint32_t size = at + 1 - lexer->at;
    if (quote == '`' && size == 2)
        return lexer_fail(lexer, 2, "a name is not empty");
    return lexer_token(lexer, quote == '"' ? SEGI_TOKEN_STRING : SEGI_TOKEN_QUOTED, size);
}

/* Appends a code point at out[*size]; there is room, see segi_token_unquote(). */
static void add_utf8(char *out, size_t *size, uint32_t point)
{
    unsigned char *p = (unsigned char *)out + *size;
    if (point < 0x80) {
        p[0] = (unsigned char)point;
        *size += 1;
    } else if (point < 0x800) {
        p[0] = (unsigned char)(0xc0 | point >> 6);
        p[1] = (unsigned char)(0x80 | (point & 63));
        *size += 2;
    } else if (point < 0x10000) {
        p[0] = (unsigned char)(0xe0 | point >> 12);
        p[1] = (unsigned char)(0x80 | (point >> 6 & 63));
        p[2] = (unsigned char)(0x80 | (point & 63));
        *size += 3;
    } else {
        p[0] = (unsigned char)(0xf0 | point >> 18);
        p[1] = (unsigned char)(0x80 | (point >> 12 & 63));
        p[2] = (unsigned char)(0x80 | (point >> 6 & 63));
        p[3] = (unsigned char)(0x80 | (point & 63));
        *size += 4;
    }
}

bool segi_token_unquote(const segi_lexer *lexer, segi_token token, segi_arena *arena,
                        const char **out, size_t *out_size)
{
    const char *text = lexer->text + token.begin + 1;
    uint32_t size = token.size - 2;
    if (memchr(text, '\\', size) == NULL) {
        *out = text;
        *out_size = size;
        return true;
    }
    /* An escape is never shorter than what it stands for. */
    char *copy = segi_arena_alloc(arena, size);
    if (copy == NULL)
        return false;
    size_t used = 0;
    for (uint32_t i = 0; i < size;) {
        if (text[i] != '\\') {
            copy[used++] = text[i++];
            continue;
        }
        uint32_t point = 0;
        i += escape_size(text, size, i, &point);
        add_utf8(copy, &used, point);
    }
    *out = copy;
    *out_size = used;
    return true;
}

/* A number, date or instant.
 * Dates are tried first, as 2026-01-31 would else be a difference of three numbers; where four
 * digits and a dash look like a date that is none, that is the error. */
static segi_token lex_number(segi_lexer *lexer)
{
    uint32_t at = lexer->at;
    segi_civil_time civil;
    size_t used = segi_civil_parse(lexer->text + at, lexer->size - at, &civil);
    if (used != 0 && !is_word(lexer_at(lexer, at + (uint32_t)used)))
        return lexer_token(lexer, SEGI_TOKEN_DATE, (uint32_t)used);
    uint32_t end = at;
    while (is_digit(lexer_at(lexer, end)))
        end++;
    if (end - at == 4 && lexer_at(lexer, end) == '-' && is_digit(lexer_at(lexer, end + 1)) &&
        is_digit(lexer_at(lexer, end + 2)) && lexer_at(lexer, end + 3) == '-') {
        while (is_word(lexer_at(lexer, end)) || lexer_at(lexer, end) == '-' ||
               lexer_at(lexer, end) == ':')
            end++;
        segi_token token = lexer_fail(lexer, end - at, "there is no such date or time");
        segi_error_hint(lexer->err, "dates look like 2026-01-31, instants like "
                                    "2026-01-31T18:30:00Z or 2026-01-31T18:30+01:00");
        return token;
    }
    if (lexer_at(lexer, end) == '.' && is_digit(lexer_at(lexer, end + 1))) {
        end++;
        while (is_digit(lexer_at(lexer, end)))
            end++;
    }
    char e = lexer_at(lexer, end);
    if (e == 'e' || e == 'E') {
        uint32_t digits = end + 1;
        if (lexer_at(lexer, digits) == '+' || lexer_at(lexer, digits) == '-')
            digits++;
        if (is_digit(lexer_at(lexer, digits))) {
            while (is_digit(lexer_at(lexer, digits)))
                digits++;
            end = digits;
        }
    }
    if (is_word_start(lexer_at(lexer, end))) {
        uint32_t number = end - at;
        while (is_word(lexer_at(lexer, end)))
            end++;
        segi_token token = lexer_fail(lexer, end - at, "a number and a word need a blank between");
        const char *unit = segi_unit_short(lexer->text + at + number, end - at - number);
        if (unit != NULL)
            segi_error_hint(lexer->err, "%.*s %.*s", (int)number, lexer->text + at,
                            (int)strlen(unit) - (number == 1 && lexer->text[at] == '1'), unit);
        else
            segi_error_hint(lexer->err, "%.*s %.*s", (int)number, lexer->text + at,
                            (int)(end - at - number), lexer->text + at + number);
        return token;
    }
    return lexer_token(lexer, SEGI_TOKEN_NUMBER, end - at);
}

/* What people bring from other languages, the longer ones first. */
static const struct foreign_sign {
    const char *sign, *instead;
} foreign_signs[] = {{"==", "="},
                     {"=>", ">="},
                     {"=<", "<="},
                     {"<>", "!="},
                     {"&&", "and"},
                     {"||", "or"},
                     {"&", "and"},
                     {"|", "or"},
                     {"!", "not"},
                     {"\xe2\x89\xa5", ">="},
                     {"\xe2\x89\xa4", "<="},
                     {"\xe2\x89\xa0", "!="},
                     {"\xe2\x80\x9c", "straight quotes: \""},
                     {"\xe2\x80\x9d", "straight quotes: \""},
                     {"\xe2\x80\x9e", "straight quotes: \""},
                     {"[", "("},
                     {"]", ")"},
                     {"{", "("},
                     {"}", ")"}};

/* Always an error: what else the character may have been meant as is the hint. */
static segi_token lex_foreign(segi_lexer *lexer)
{
    const char *text = lexer->text + lexer->at;
    uint32_t rest = lexer->size - lexer->at;
    if (text[0] == '\'') {
        uint32_t end = 1;
        while (end < rest && end < 60 && text[end] != '\'' && text[end] != '\n')
            end++;
        bool closed = end < rest && text[end] == '\'';
        segi_token token =
            lexer_fail(lexer, closed ? end + 1 : 1, "texts stand in double quotes here");
        if (closed)
            segi_error_hint(lexer->err, "write \"%.*s\"", (int)(end - 1), text + 1);
        return token;
    }
    for (size_t i = 0; i < sizeof foreign_signs / sizeof *foreign_signs; i++) {
        uint32_t size = (uint32_t)strlen(foreign_signs[i].sign);
        if (size > rest || memcmp(text, foreign_signs[i].sign, size) != 0)
            continue;
        segi_token token = {SEGI_TOKEN_ERROR, lexer->at, size};
        if (lexer->status != SEG_OK)
            return token;
        lexer->status = segi_fail(lexer->err, SEG_E_SYNTAX, "there is no \"%s\" in this language",
                                  foreign_signs[i].sign);
        segi_error_span(lexer->err, lexer->at, size);
        segi_error_hint(lexer->err, "use %s", foreign_signs[i].instead);
        return token;
    }
    uint32_t size = 1;
    while (size < rest && ((unsigned char)text[size] & 0xc0) == 0x80)
        size++;
    segi_token token = lexer_fail(lexer, size, "this character has no meaning here");
    if (size > 1)
        segi_error_hint(lexer->err, "names with other letters than a to z stand in back quotes "
                                    "(`name`), texts and events in double quotes (\"text\")");
    else if (text[0] == '.')
        segi_error_hint(lexer->err, "write a digit before the point: 0.5");
    return token;
}

/* $name and @name. */
static segi_token lex_marked(segi_lexer *lexer, segi_token_kind kind)
{
    uint32_t size =
        is_word_start(lexer_at(lexer, lexer->at + 1)) ? word_size(lexer, lexer->at + 1) : 0;
    if (size == 0)
        return lexer_fail(lexer, 1,
                          kind == SEGI_TOKEN_PARAM ? "after $ stands the name of a parameter"
                                                   : "after @ stands time, date, hour, weekday, "
                                                     "day, month or year");
    if (size > SEG_NAME_SIZE_MAX)
        return lexer_fail(lexer, size + 1, "the name is too long");
    return lexer_token(lexer, kind, size + 1);
}

/* `next` is the character behind c. What is no sign here may be one elsewhere. */
static segi_token lex_sign(segi_lexer *lexer, char c, char next)
{
    switch (c) {
    case '(': return lexer_token(lexer, SEGI_TOKEN_LEFT, 1);
    case ')': return lexer_token(lexer, SEGI_TOKEN_RIGHT, 1);
    case ',': return lexer_token(lexer, SEGI_TOKEN_COMMA, 1);
    case ':': return lexer_token(lexer, SEGI_TOKEN_COLON, 1);
    case ';': return lexer_token(lexer, SEGI_TOKEN_SEMICOLON, 1);
    case '+': return lexer_token(lexer, SEGI_TOKEN_PLUS, 1);
    case '-': return lexer_token(lexer, SEGI_TOKEN_MINUS, 1);
    case '*': return lexer_token(lexer, SEGI_TOKEN_STAR, 1);
    case '/': return lexer_token(lexer, SEGI_TOKEN_SLASH, 1);
    case '%': return lexer_token(lexer, SEGI_TOKEN_PERCENT, 1);
    case '=':
        if (next != '=' && next != '>' && next != '<')
            return lexer_token(lexer, SEGI_TOKEN_EQ, 1);
        break;
    case '!':
        if (next == '=')
            return lexer_token(lexer, SEGI_TOKEN_NE, 2);
        break;
    case '<':
        if (next == '=')
            return lexer_token(lexer, SEGI_TOKEN_LE, 2);
        if (next != '>')
            return lexer_token(lexer, SEGI_TOKEN_LT, 1);
        break;
    case '>':
        return next == '=' ? lexer_token(lexer, SEGI_TOKEN_GE, 2)
                           : lexer_token(lexer, SEGI_TOKEN_GT, 1);
    default: break;
    }
    return lex_foreign(lexer);
}

/* One character decides what kind of token begins. At the end, END again and again. */
segi_token segi_lexer_next(segi_lexer *lexer)
{
    lexer_skip(lexer);
    if (lexer->at >= lexer->size)
        return (segi_token){SEGI_TOKEN_END, lexer->size, 0};
    char c = lexer->text[lexer->at];
    if (is_word_start(c))
        return lexer_token(lexer, SEGI_TOKEN_WORD, word_size(lexer, lexer->at));
    if (is_digit(c))
        return lex_number(lexer);
    if (c == '"' || c == '`')
        return lex_quoted(lexer, c);
    if (c == '$')
        return lex_marked(lexer, SEGI_TOKEN_PARAM);
    if (c == '@')
        return lex_marked(lexer, SEGI_TOKEN_BUILTIN);
    return lex_sign(lexer, c, lexer_at(lexer, lexer->at + 1));
}
