/* lexer.c - splitting statements and their words. See lexer.h. */
#include "lexer.h"

#include <stdlib.h>
#include <string.h>

static const char *const commands[] = {"import",   "count",    "list",       "test",   "explain",
                                       "lint",     "json",     "define",     "drop",   "schema",
                                       "stats",    "generate", "checkpoint", "backup", "file",
                                       "segments", "why",      "classify",   "sql",    "occasions",
                                       "scores",   "freeze",   "erase",      "expire", "retention"};

bool is_command(text_view word)
{
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (text_equals_fold(word, commands[i])) {
            return true;
        }
    }
    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* From a quote at `at`: the place after the closing one, or size. Double quotes know \" and \\. */
static size_t skip_quoted(const char *text, size_t size, size_t at)
{
    char quote = text[at++];
    for (; at < size; at++) {
        if (text[at] == '\\' && quote == '"') {
            at++;
        } else if (text[at] == quote) {
            return at + 1;
        }
    }
    return size;
}

static bool is_comment(const char *text, size_t size, size_t at)
{
    return text[at] == '-' && at + 1 < size && text[at + 1] == '-' &&
           (at == 0 || is_blank(text[at - 1])) &&
           (at + 2 == size || is_blank(text[at + 2]) || text[at + 2] == '-');
}

static size_t skip_comment(const char *text, size_t size, size_t at)
{
    const char *newline = memchr(text + at, '\n', size - at);
    return newline ? (size_t)(newline - text) : size;
}

/* A backslash at the end of a line: the bytes up to the next line, else 0. */
static size_t joined_lines(const char *text, size_t size, size_t at)
{
    if (text[at] != '\\') {
        return 0;
    }
    size_t end = at + 1;
    end += end < size && text[end] == '\r';
    if (end == size) {
        return end - at;
    }
    return text[end] == '\n' ? end + 1 - at : 0;
}

/* Where lines end statements, no quote goes beyond its line: one that is left open by mistake
 * must not swallow the rest of a script. */
static size_t skip_quoted_line(const char *text, size_t size, size_t at, bool line_ends)
{
    const char *newline = line_ends ? memchr(text + at, '\n', size - at) : NULL;
    return skip_quoted(text, newline ? (size_t)(newline - text) : size, at);
}

split_result split_statement(char *text, size_t size, size_t *at, bool line_ends,
                             text_view *out_statement)
{
    size_t begin = *at;
    size_t open = 0, braces = 0;
    bool content = false;
    for (size_t i = *at; i < size;) {
        char c = text[i];
        size_t joined = line_ends ? joined_lines(text, size, i) : 0;
        if (joined) {
            memset(text + i, ' ', joined);
            i += joined;
        } else if (is_comment(text, size, i)) {
            i = skip_comment(text, size, i);
        } else if (c == '"' || c == '`') {
            content = true;
            i = skip_quoted_line(text, size, i, line_ends);
        } else if ((c == ';' && braces == 0) ||
                   (c == '\n' && line_ends && open == 0 && braces == 0)) {
            *at = i + 1;
            if (content) {
                *out_statement = text_trim((text_view){text + begin, i - begin});
                return SPLIT_STATEMENT;
            }
            begin = ++i;
        } else {
            content = content || !is_blank(c);
            open += c == '(';
            open -= c == ')' && open > 0;
            braces += c == '{';
            braces -= c == '}' && braces > 0;
            i++;
        }
    }
    *at = size;
    if (!content) {
        return SPLIT_END;
    }
    *out_statement = text_trim((text_view){text + begin, size - begin});
    return line_ends ? SPLIT_OPEN : SPLIT_STATEMENT;
}

/* ---- words ----------------------------------------------------------------------------------- */

lex_result lex_next(text_view *rest, lex_word *out)
{
    text_view text = text_trim(*rest);
    text_buf word = {0};
    size_t i = 0;
    *out = (lex_word){.source = {text.data, 0}};
    if (text.size == 0) {
        *rest = text;
        return LEX_END;
    }
    buf_bytes(&word, "", 0);
    while (i < text.size && !is_blank(text.data[i])) {
        if (text.data[i] != '"') {
            buf_char(&word, text.data[i++]);
            continue;
        }
        size_t end = skip_quoted(text.data, text.size, i);
        if (end == i + 1 || text.data[end - 1] != '"') {
            out->source = (text_view){text.data + i, 1};
            buf_deinit(&word);
            return LEX_OPEN;
        }
        out->quoted = true;
        for (i++; i + 1 < end; i++) {
            i += text.data[i] == '\\' && i + 2 < end;
            buf_char(&word, text.data[i]);
        }
        i = end;
    }
    out->source.size = i;
    out->text = word.data;
    *rest = text_trim((text_view){text.data + i, text.size - i});
    return LEX_WORD;
}

bool lex_split(text_view statement, lex_words *out, size_t *out_offset)
{
    lex_word word;
    text_view rest = statement;
    *out = (lex_words){0};
    for (;;) {
        lex_result result = lex_next(&rest, &word);
        if (result == LEX_END) {
            return true;
        }
        if (result == LEX_OPEN) {
            *out_offset = (size_t)(word.source.data - statement.data);
            lex_words_deinit(out);
            return false;
        }
        out->items = xgrow(out->items, &out->capacity, out->count + 1, sizeof *out->items);
        out->items[out->count++] = word;
    }
}

void lex_words_deinit(lex_words *words)
{
    for (size_t i = 0; i < words->count; i++) {
        free(words->items[i].text);
    }
    free(words->items);
    *words = (lex_words){0};
}

text_view lex_first(text_view statement, text_view *out_rest)
{
    statement = text_trim(statement);
    size_t size = 0;
    while (size < statement.size && !is_blank(statement.data[size])) {
        size++;
    }
    *out_rest = text_trim((text_view){statement.data + size, statement.size - size});
    return (text_view){statement.data, size};
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '@' || c == '$' || (unsigned char)c >= 0x80;
}

void lex_each_word(text_view text, bool (*visit)(void *user, text_view word), void *user)
{
    size_t open = 0;
    for (size_t i = 0; i < text.size;) {
        char c = text.data[i];
        if (is_comment(text.data, text.size, i)) {
            i = skip_comment(text.data, text.size, i);
        } else if (c == '"' || c == '`') {
            i = skip_quoted(text.data, text.size, i);
        } else if (is_word_char(c)) {
            size_t begin = i;
            while (i < text.size && is_word_char(text.data[i])) {
                i++;
            }
            if (open == 0 && !visit(user, (text_view){text.data + begin, i - begin})) {
                return;
            }
        } else {
            open += c == '(';
            open -= c == ')' && open > 0;
            i++;
        }
    }
}

size_t lex_commas(text_view text, text_view *parts, size_t capacity)
{
    size_t count = 0;
    size_t begin = 0;
    size_t open = 0;
    for (size_t i = 0; i <= text.size;) {
        char c = i < text.size ? text.data[i] : ',';
        if (i < text.size && (c == '"' || c == '`')) {
            i = skip_quoted(text.data, text.size, i);
            continue;
        }
        if (c == ',' && (open == 0 || i == text.size)) {
            if (count < capacity) {
                parts[count] = text_trim((text_view){text.data + begin, i - begin});
            }
            count++;
            begin = i + 1;
        }
        open += c == '(';
        open -= c == ')' && open > 0;
        i++;
    }
    return count;
}
