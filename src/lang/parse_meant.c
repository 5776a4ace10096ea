/* parse_meant.c - what was meant by words that do not fit the grammar.
 *
 * People write "in the last month", "did visit > 3 times" or "country equals ...", as they would
 * say it. The commonest of such phrases are known here, each with the words that the language has
 * for it. Nothing in this file decides what is accepted: it is asked only where the text is wrong
 * already, and makes the message better. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

#define PHRASE_SIZE_MAX 60 /* bytes of the text that go into a message */

static bool is_one_of(const segi_parser *p, segi_token token, const char *const *words,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (segi_token_is(p, token, words[i]))
            return true;
    }
    return false;
}

/* The words from the current token through `last`. */
static segi_token phrase_to(const segi_parser *p, segi_token last)
{
    uint32_t size = last.begin + last.size - p->token.begin;
    return (segi_token){SEGI_TOKEN_WORD, p->token.begin,
                        size > PHRASE_SIZE_MAX ? PHRASE_SIZE_MAX : size};
}

static void fail_span(segi_parser *p, segi_token phrase)
{
    segi_parser_fail(p, phrase, NULL, "\"%.*s\" is not how a span of time is written",
                     SEGI_TOKEN_TEXT(p, phrase));
}

/* [in] [the] last [30] days: with a word too many, or another one for in or last. */
static bool meant_last(segi_parser *p)
{
    static const char *const leads[] = {"in", "within", "during", "over", "for", "since", "on"};
    static const char *const backs[] = {"last", "past", "previous", "preceding", "recent"};
    static const char *const aheads[] = {"next", "coming", "following"};
    uint32_t n = is_one_of(p, p->token, leads, sizeof leads / sizeof *leads);
    n += segi_token_is(p, segi_parser_peek(p, n), "the");
    segi_token way = segi_parser_peek(p, n++);
    bool ahead = is_one_of(p, way, aheads, sizeof aheads / sizeof *aheads);
    if (!ahead && !is_one_of(p, way, backs, sizeof backs / sizeof *backs))
        return false;
    segi_token number = segi_parser_peek(p, n);
    bool counted = number.kind == SEGI_TOKEN_NUMBER || number.kind == SEGI_TOKEN_PARAM;
    n += counted;
    segi_token word = segi_parser_peek(p, n);
    segi_unit unit;
    if (!segi_token_unit(p, word, &unit))
        return false;
    fail_span(p, phrase_to(p, word));
    if (counted)
        segi_error_hint(p->err, "in %s %.*s %.*s", ahead ? "next" : "last",
                        SEGI_TOKEN_TEXT(p, number), SEGI_TOKEN_TEXT(p, word));
    else if (ahead)
        segi_error_hint(p->err, "in next 1 %s", segi_unit_name(unit));
    else
        segi_error_hint(p->err, "in last 1 %s counts back from now, previous %s is the calendar's",
                        segi_unit_name(unit), segi_unit_name(unit));
    return true;
}

/* in 2025, after 2025-06-30, until 2025-06-30, on 2025-06-30 */
static bool meant_date(segi_parser *p)
{
    static const char *const leads[] = {"in", "during", "on", "after", "until", "till", "by"};
    if (!is_one_of(p, p->token, leads, sizeof leads / sizeof *leads))
        return false;
    segi_token then = segi_parser_peek(p, 1);
    const char *text = p->lexer.text + then.begin;
    bool year = then.kind == SEGI_TOKEN_NUMBER && then.size == 4 &&
                (memcmp(text, "19", 2) == 0 || memcmp(text, "20", 2) == 0);
    if (!year && then.kind != SEGI_TOKEN_DATE)
        return false;
    bool after = segi_parser_is(p, "after");
    bool before =
        segi_parser_is(p, "until") || segi_parser_is(p, "till") || segi_parser_is(p, "by");
    fail_span(p, phrase_to(p, then));
    if (after || before)
        segi_error_hint(p->err, "%s %.*s%s", after ? "since" : "before", SEGI_TOKEN_TEXT(p, then),
                        year ? "-01-01" : "");
    else if (year)
        segi_error_hint(p->err, "between %.*s-01-01 and %.*s-12-31", SEGI_TOKEN_TEXT(p, then),
                        SEGI_TOKEN_TEXT(p, then));
    else
        segi_error_hint(p->err, "between %.*s and %.*s is that day", SEGI_TOKEN_TEXT(p, then),
                        SEGI_TOKEN_TEXT(p, then));
    return true;
}

/* Words that people write behind a condition or a value, and what says it here. */
static const struct meant_word {
    const char *word, *hint;
} meant_words[] = {
    {"equals", "write ="},
    {"equal", "write ="},
    {"eq", "write ="},
    {"above", "write > or >="},
    {"over", "write > or >="},
    {"exceeds", "write > or >="},
    {"greater", "write > or >="},
    {"larger", "write > or >="},
    {"bigger", "write > or >="},
    {"below", "write < or <="},
    {"under", "write < or <="},
    {"smaller", "write < or <="},
    {"like", "matches \"a*\", contains \"a\", starts with \"a\""},
    {"includes", "of a set: has \"a\", of a text: contains \"a\""},
    {"include", "of a set: has \"a\", of a text: contains \"a\""},
    {"containing", "of a set: has \"a\", of a text: contains \"a\""},
    {"startswith", "write starts with \"a\""},
    {"endswith", "write ends with \"a\""},
    {"near", "write within 25 km of point(52.52, 13.405)"},
    {"exists", "write is set"},
    {"not", "!=, not in (...), or with a word between: and not"},
    {"but", "and, and not, or except"},
    {"unless", "and not, or except"},
    {"then", "sequence (\"A\" then \"B\" within 1 day)"},
    {"followed", "sequence (\"A\" then \"B\" within 1 day)"},
    {"ago", "older than 30 days, or: from 60 days ago to 30 days ago"},
    {"of", "count of \"event\", sum(property) of \"event\""},
    {"for", "of so many times: at least 3 times; of an amount: sum(property) of \"event\" >= 100"},
    {"who", "no word for people is needed: join conditions with and, or"},
    {"that", "no word for people is needed: join conditions with and, or"},
    {"with", "behind an event: where (amount > 100)"},
    {"having", "behind an event: where (amount > 100)"},
    {"every", "in at least 6 of last 6 months"},
    {"percent", "write 10%"},
};

bool segi_parse_meant(segi_parser *p)
{
    if (p->status != SEG_OK || p->token.kind != SEGI_TOKEN_WORD)
        return false;
    if (meant_last(p) || meant_date(p))
        return true;
    for (size_t i = 0; i < sizeof meant_words / sizeof *meant_words; i++) {
        if (!segi_parser_is(p, meant_words[i].word))
            continue;
        segi_parser_fail(p, p->token, meant_words[i].hint, "\"%.*s\" does not fit here",
                         SEGI_TOKEN_TEXT(p, p->token));
        return true;
    }
    return false;
}

/* did visit > 3 times */
bool segi_parse_meant_often(segi_parser *p)
{
    segi_token_kind kind = p->token.kind;
    if (p->status != SEG_OK || kind < SEGI_TOKEN_EQ || kind > SEGI_TOKEN_GE)
        return false;
    const char *words = kind == SEGI_TOKEN_GT   ? "more than"
                        : kind == SEGI_TOKEN_GE ? "at least"
                        : kind == SEGI_TOKEN_LT ? "fewer than"
                        : kind == SEGI_TOKEN_LE ? "at most"
                                                : "exactly";
    segi_token number = segi_parser_peek(p, 1);
    segi_parser_fail(p, p->token, "at least 3 times", "how often is said in words");
    if (number.kind == SEGI_TOKEN_NUMBER && kind != SEGI_TOKEN_NE)
        segi_error_hint(p->err, "%s %.*s times", words, SEGI_TOKEN_TEXT(p, number));
    return true;
}

/* last 30 days, last month: without anything that it is a span of. */
bool segi_parse_meant_span(segi_parser *p)
{
    segi_unit unit;
    segi_token first = segi_parser_peek(p, 1), second = segi_parser_peek(p, 2);
    bool counted = first.kind == SEGI_TOKEN_NUMBER && segi_token_unit(p, second, &unit);
    bool alone = segi_token_unit(p, first, &unit) &&
                 (second.kind != SEGI_TOKEN_WORD || segi_token_is(p, second, "and") ||
                  segi_token_is(p, second, "or"));
    if (!counted && !alone)
        return false;
    segi_token phrase = phrase_to(p, counted ? second : first);
    segi_parser_fail(p, phrase, NULL, "a span of time stands behind what it limits");
    if (counted)
        segi_error_hint(p->err, "did \"event\" in %.*s", SEGI_TOKEN_TEXT(p, phrase));
    else
        segi_error_hint(p->err, "did \"event\" previous %s, or: in last 1 %s", segi_unit_name(unit),
                        segi_unit_name(unit));
    return true;
}

void *segi_parse_meant_ago(segi_parser *p, segi_token phrase, int64_t count, segi_unit unit,
                           bool older)
{
    segi_parser_fail(p, phrase, NULL, "how long ago is said by a span of time");
    segi_error_hint(p->err, "%s %lld %s%s", older ? "older than" : "in last", (long long)count,
                    segi_unit_name(unit), count == 1 ? "" : "s");
    return NULL;
}

/* A word that is spelled nearly like one that could stand here. */
static bool meant_spelling(segi_parser *p)
{
    static const char *const words[] = {"and",    "or",       "xor",     "except",  "where",
                                        "within", "since",    "before",  "between", "older",
                                        "among",  "contains", "matches", "inside"};
    segi_token token = p->token;
    uint32_t limit = token.size < 6 ? 1 : token.size / 3;
    for (size_t i = 0; token.kind == SEGI_TOKEN_WORD && i < sizeof words / sizeof *words; i++) {
        if (segi_text_distance(p->lexer.text + token.begin, token.size, words[i], strlen(words[i]),
                               limit) > limit)
            continue;
        segi_parser_fail(p, token, NULL, "\"%.*s\" does not fit here", SEGI_TOKEN_TEXT(p, token));
        segi_error_hint(p->err, "did you mean \"%s\"?", words[i]);
        return true;
    }
    return false;
}

void segi_parse_trailing(segi_parser *p)
{
    segi_token token = p->token;
    if (token.kind == SEGI_TOKEN_RIGHT) {
        segi_parser_fail(p, token, NULL, "this ) closes nothing");
    } else if (segi_parser_is(p, "where")) {
        segi_parser_fail(p, token, "did \"event\" where (...) at least 2 times in last 30 days",
                         "\"where\" stands right after the event");
    } else if (segi_parser_is(p, "at") || segi_parser_is(p, "exactly") || segi_parser_is(p, "on") ||
               segi_parser_is(p, "more") || segi_parser_is(p, "fewer") ||
               segi_parser_is(p, "less")) {
        segi_parser_fail(p, token, "did \"event\" at least 2 times in last 30 days",
                         "how often stands before the time span");
    } else if (token.kind >= SEGI_TOKEN_EQ && token.kind <= SEGI_TOKEN_GE) {
        segi_parser_fail(p, token, "a > 1 and a < 5, or: a between 1 and 5",
                         "comparisons do not chain");
    } else if (segi_parse_window_starts(p)) {
        segi_parser_fail(p, token,
                         "did \"A\" in last 7 days; did any of (\"A\", \"B\") in last 7 days",
                         "a span of time stands behind what it limits");
    } else if (token.kind == SEGI_TOKEN_COMMA && segi_parser_peek(p, 1).kind == SEGI_TOKEN_NUMBER) {
        segi_parser_fail(p, token, "1000000, or 1e6", "numbers are written without commas");
    } else if (!segi_parse_meant(p) && !meant_spelling(p)) {
        segi_parser_fail(p, token, "join conditions with and, or", "%.*s does not fit here",
                         token.size > PHRASE_SIZE_MAX ? PHRASE_SIZE_MAX : (int)token.size,
                         p->lexer.text + token.begin);
    }
}
