/* lexer.h - statements: where one ends, and the words of those that take options.
 *
 * A statement ends at `;`. In a script and in the shell it also ends at the end of a line, unless
 * a bracket is open or the line ends in a backslash. Texts in double quotes, names in back
 * quotes and comments from `--` to the end of the line hide all of these. */
#ifndef CLI_LEXER_H
#define CLI_LEXER_H

#include "text.h"

/* The words that begin a statement. */
bool is_command(text_view word);

/* How a piece of text ends, for splitting it and for asking for another line. */
typedef enum split_result {
    SPLIT_STATEMENT, /* one was found */
    SPLIT_OPEN,      /* the text ends inside a statement that wants another line */
    SPLIT_END        /* only blanks and comments were left */
} split_result;

/* The next statement of `text` from *at on, without its end; *at moves behind it. With
 * `line_ends`, a line end can end a statement; backslashes at line ends and those line ends are
 * then overwritten with blanks. The statement is set for SPLIT_OPEN too: at the end of a file it
 * is the last one. */
split_result split_statement(char *text, size_t size, size_t *at, bool line_ends,
                             text_view *out_statement);

/* A word of a statement such as `import events "my file.csv" --event purchase`. */
typedef struct lex_word {
    text_view source; /* as it stands in the statement */
    char *text;       /* owned: without quotes */
    bool quoted;
} lex_word;

typedef struct lex_words {
    lex_word *items;
    size_t count, capacity;
} lex_words;

/* The first word of *rest, which moves behind it: words are separated by blanks, double quotes
 * keep blanks together, with \" and \\ inside. LEX_END at the end of the text, LEX_OPEN where a
 * quote is not closed: out->source is then that quote. out->text is owned by the caller. */
typedef enum lex_result {
    LEX_WORD,
    LEX_END,
    LEX_OPEN
} lex_result;
lex_result lex_next(text_view *rest, lex_word *out);
/* All words. False where a quote is not closed, with its place in *out_offset. */
bool lex_split(text_view statement, lex_words *out, size_t *out_offset);
void lex_words_deinit(lex_words *words);

/* The first word of a text, up to a blank, and what follows it. */
text_view lex_first(text_view statement, text_view *out_rest);

/* Calls visit for each word outside of quotes, brackets and comments, until it returns false. */
void lex_each_word(text_view text, bool (*visit)(void *user, text_view word), void *user);
/* Splits at commas outside of quotes and brackets; each part is trimmed. Returns the number of
 * parts, of which at most `capacity` are stored. */
size_t lex_commas(text_view text, text_view *parts, size_t capacity);

#endif /* CLI_LEXER_H */
