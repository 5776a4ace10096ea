/* words.c - the words of the language, and the names of units.
 *
 * Words are written in any case of ASCII letters. What a word means is known by whoever reads it in
 * its place; the lists here say which ones a plain name must not be, or is better not. */
#include "base/text.h"
#include "lang/syntax.h"

/* `word` ends with a NUL byte, text does not. */
bool segi_word_is(const char *text, size_t size, const char *word)
{
    for (size_t i = 0; i < size; i++) {
        if (word[i] == '\0' || segi_text_lower(text[i]) != word[i])
            return false;
    }
    return word[size] == '\0';
}

/* Sorted. Where one of these stands in front of a value it starts something else, so a name
 * that is spelled so needs back quotes. */
static const char *const reserved_words[] = {
    "and", "between", "did", "everyone", "except", "false",  "first",
    "has", "in",      "is",  "last",     "never",  "nobody", "not",
    "now", "nth",     "of",  "or",       "true",   "where",  "xor"};

/* Sorted. These mean something in other places only. */
static const char *const other_words[] = {
    "absent",   "after",   "ago",      "all",      "among",     "any",        "as",       "at",
    "avg",      "before",  "bottom",   "calendar", "case",      "complete",   "contains", "count",
    "day",      "days",    "distinct", "ends",     "event",     "ever",       "exactly",  "fewer",
    "from",     "hour",    "hours",    "ignoring", "including", "inside",     "km",       "least",
    "less",     "m",       "matches",  "max",      "median",    "mi",         "min",      "minute",
    "minutes",  "mode",    "monday",   "month",    "months",    "more",       "most",     "next",
    "none",     "null",    "older",    "on",       "once",      "percentile", "point",    "polygon",
    "previous", "quarter", "quarters", "second",   "seconds",   "segment",    "set",      "share",
    "since",    "size",    "starts",   "stddev",   "sum",       "sunday",     "than",     "this",
    "time",     "times",   "timezone", "to",       "today",     "top",        "twice",    "tz",
    "user",     "using",   "week",     "weeks",    "with",      "within",     "year",     "years",
    "yesterday"};

static bool word_among(const char *const *words, size_t count, const char *text, size_t size)
{
    for (size_t i = 0; i < count; i++) {
        if (segi_word_is(text, size, words[i]))
            return true;
    }
    return false;
}

bool segi_word_reserved(const char *text, size_t size)
{
    return word_among(reserved_words, sizeof reserved_words / sizeof *reserved_words, text, size);
}

bool segi_word_known(const char *text, size_t size)
{
    return segi_word_reserved(text, size) ||
           word_among(other_words, sizeof other_words / sizeof *other_words, text, size);
}

/* As segi_unit; a plural s is allowed wherever a unit is read. */
static const char *const unit_names[] = {"second", "minute", "hour",    "day",
                                         "week",   "month",  "quarter", "year"};

bool segi_unit_of(const char *text, size_t size, segi_unit *out)
{
    for (int unit = SEGI_UNIT_SECOND; unit <= SEGI_UNIT_YEAR; unit++) {
        if (segi_word_is(text, size, unit_names[unit]) ||
            (size > 1 && (text[size - 1] == 's' || text[size - 1] == 'S') &&
             segi_word_is(text, size - 1, unit_names[unit]))) {
            *out = (segi_unit)unit;
            return true;
        }
    }
    return false;
}

const char *segi_unit_name(segi_unit unit)
{
    return unit_names[unit];
}

const char *segi_unit_short(const char *text, size_t size)
{
    static const char *const shorts[] = {
        "s",    "seconds",  "sec", "seconds", "secs", "seconds", "min", "minutes",
        "mins", "minutes",  "h",   "hours",   "hr",   "hours",   "hrs", "hours",
        "d",    "days",     "w",   "weeks",   "wk",   "weeks",   "mo",  "months",
        "q",    "quarters", "y",   "years",   "yr",   "years",   "yrs", "years"};
    for (size_t i = 0; i < sizeof shorts / sizeof *shorts; i += 2) {
        if (segi_word_is(text, size, shorts[i]))
            return shorts[i + 1];
    }
    return NULL;
}
