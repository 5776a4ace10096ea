/* parse_value.c - values: arithmetic, names and literals.
 * A value is factors joined by * and /, those joined by + and -; a factor is an atom with an
 * optional minus. Numbers stay exact as long as they can: an int64 or a decimal of up to 18
 * digits behind the point, and only with an exponent a double. */
#include <string.h>

#include "base/bits.h"
#include "base/civil.h"
#include "base/text.h"
#include "lang/syntax.h"

/* ---- numbers ---- */

/* Written numbers are exact: int64 where whole, else a decimal without trailing zeros. */
static void literal_normalise(segi_literal *literal)
{
    while (literal->type.scale > 0 && literal->slot % 10 == 0) {
        literal->slot /= 10;
        literal->type.scale--;
    }
    literal->type.type = literal->type.scale == 0 ? SEG_TYPE_INT64 : SEG_TYPE_DECIMAL;
}

/* The digits of a number, without zeros at the end of its fraction. */
static size_t digits_end(const char *text, size_t size)
{
    if (memchr(text, '.', size) == NULL)
        return size;
    while (text[size - 1] == '0')
        size--;
    return size;
}

/* Digits are gathered with their sign, so that INT64_MIN can be written. Zeros at the end of a
 * fraction are no digits: doubles are printed as 1000000000000000000.0, which fits. An exponent
 * moves the point; zeros at the end are dropped as far as they keep the scale above 18, where
 * nothing fits. */
bool segi_number_exact(const char *text, size_t size, bool negative, segi_literal *out)
{
    int64_t mantissa = 0, scale = 0, exponent = 0;
    bool point = false;
    size_t i = 0, exponent_at = 0;
    while (exponent_at < size && text[exponent_at] != 'e' && text[exponent_at] != 'E')
        exponent_at++;
    for (size_t end = digits_end(text, exponent_at); i < end; i++) {
        if (text[i] == '.') {
            point = true;
            continue;
        }
        int64_t digit = text[i] - '0';
        if (segi_mul_overflow(mantissa, 10, &mantissa) ||
            segi_add_overflow(mantissa, negative ? -digit : digit, &mantissa))
            return false;
        scale += point;
    }
    i = exponent_at;
    if (i < size) {
        bool down = text[i + 1] == '-';
        for (i += text[i + 1] == '-' || text[i + 1] == '+' ? 2 : 1; i < size; i++) {
            exponent = exponent * 10 + (text[i] - '0');
            if (exponent > 10000)
                return false;
        }
        scale += down ? exponent : -exponent;
    }
    for (; scale > 0 && mantissa % 10 == 0 && (mantissa != 0 || scale > 18); scale--)
        mantissa /= 10;
    for (; scale < 0 && mantissa != 0; scale++) {
        if (segi_mul_overflow(mantissa, 10, &mantissa))
            return false;
    }
    if (scale > 18)
        return false;
    out->slot = mantissa;
    out->type.scale = scale < 0 ? 0 : (int32_t)scale;
    literal_normalise(out);
    return true;
}

/* The NUMBER at the current token, with a percent sign behind it. */
static bool parse_number_literal(segi_parser *p, bool negative, segi_literal *out)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin;
    memset(out, 0, sizeof *out);
    if (!segi_number_exact(text, token.size, negative, out)) {
        double value;
        bool exponent =
            memchr(text, 'e', token.size) != NULL || memchr(text, 'E', token.size) != NULL;
        if (exponent && !segi_parse_float(text, token.size, &value)) {
            segi_parser_fail(p, token, NULL, "this number is too large");
            return false;
        }
        if (!exponent) {
            segi_parser_fail(p, token, "with an exponent (1.5e30) it is taken approximately",
                             "this number has too many digits to be exact");
            return false;
        }
        /* What the double prints as may be exact again; then it is read back as that. */
        char shortest[SEGI_FLOAT_TEXT_MAX];
        size_t size = segi_text_write_float(value, shortest);
        if (!segi_number_exact(shortest, size, negative, out)) {
            out->type = (segi_value_type){SEG_TYPE_FLOAT64, 0};
            out->slot = segi_slot_of_float(negative ? -value : value);
        }
    }
    segi_parser_next(p);
    if (p->token.kind == SEGI_TOKEN_PERCENT) {
        if (out->type.type == SEG_TYPE_FLOAT64 || out->type.scale > 16) {
            segi_parser_fail(p, p->token, NULL, "this percentage has too many digits");
            return false;
        }
        out->type.scale += 2;
        literal_normalise(out);
        segi_parser_next(p);
    }
    return p->status == SEG_OK;
}

/* For a hint only. */
static const char *const number_words[] = {"zero", "one",    "two",   "three", "four",
                                           "five", "six",    "seven", "eight", "nine",
                                           "ten",  "eleven", "twelve"};

/* `what` names the number in messages. It is not negative. */
bool segi_parse_number(segi_parser *p, segi_syn_number *out, const char *what)
{
    memset(out, 0, sizeof *out);
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin;
    if (token.kind == SEGI_TOKEN_PARAM) {
        out->param = segi_parse_param(p);
        return out->param != NULL;
    }
    if (token.kind == SEGI_TOKEN_NUMBER) {
        if (!segi_parse_int(text, token.size, &out->value)) {
            segi_parser_fail(p, token, NULL, "%s is a whole number", what);
            return false;
        }
        segi_parser_next(p);
        return p->status == SEG_OK;
    }
    for (size_t i = 0;
         token.kind == SEGI_TOKEN_WORD && i < sizeof number_words / sizeof *number_words; i++) {
        if (segi_word_is(text, token.size, number_words[i])) {
            segi_parser_fail(p, token, NULL, "numbers are written in digits");
            segi_error_hint(p->err, "write the number: %d", (int)i);
            return false;
        }
    }
    if (segi_parser_is(p, "once") || segi_parser_is(p, "twice")) {
        segi_parser_fail(p, token, segi_parser_is(p, "once") ? "write 1 time" : "write 2 times",
                         "numbers are written in digits");
        return false;
    }
    if (token.kind == SEGI_TOKEN_MINUS)
        segi_parser_fail(p, token, NULL, "%s cannot be negative", what);
    else
        segi_parser_expected(p, what, NULL);
    return false;
}

bool segi_parse_signed_float(segi_parser *p, double *out, const char *what)
{
    bool negative = segi_parser_take_kind(p, SEGI_TOKEN_MINUS);
    if (p->token.kind != SEGI_TOKEN_NUMBER) {
        segi_parser_expected(p, what, NULL);
        return false;
    }
    if (!segi_parse_float(p->lexer.text + p->token.begin, p->token.size, out)) {
        segi_parser_fail(p, p->token, NULL, "this number is too large");
        return false;
    }
    if (negative)
        *out = -*out;
    segi_parser_next(p);
    return p->status == SEG_OK;
}

/* ---- units ---- */

bool segi_token_unit(const segi_parser *p, segi_token token, segi_unit *out)
{
    return token.kind == SEGI_TOKEN_WORD &&
           segi_unit_of(p->lexer.text + token.begin, token.size, out);
}

/* The unit that a misspelt word or an abbreviation stands for, NULL if none is near.
 * Abbreviations go by their table, the rest within an edit distance of 1, then 2. */
static const char *unit_meant(const char *text, size_t size)
{
    static const char *const units[] = {"seconds", "minutes",  "hours",  "days", "weeks",
                                        "months",  "quarters", "years",  "day",  "week",
                                        "month",   "hour",     "minute", "year"};
    const char *meant = segi_unit_short(text, size);
    if (meant != NULL)
        return meant;
    for (uint32_t limit = 1; limit <= 2 && size > 3; limit++) {
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            if (segi_text_distance(text, size, units[i], strlen(units[i]), limit) <= limit)
                return units[i];
        }
    }
    return NULL;
}

bool segi_parse_unit(segi_parser *p, uint32_t begin, segi_unit *out)
{
    segi_token token = p->token;
    if (segi_token_unit(p, token, out)) {
        segi_parser_next(p);
        return p->status == SEG_OK;
    }
    const char *text = p->lexer.text + token.begin;
    const char *meant = token.kind == SEGI_TOKEN_WORD ? unit_meant(text, token.size) : NULL;
    if (meant != NULL || (token.kind == SEGI_TOKEN_WORD && !segi_word_known(text, token.size))) {
        segi_parser_fail(p, token,
                         "units are second, minute, hour, day, week, month, quarter, year",
                         "unknown unit \"%.*s\"", SEGI_TOKEN_TEXT(p, token));
        if (meant != NULL)
            segi_error_hint(p->err, "did you mean \"%s\"?", meant);
        return false;
    }
    segi_token phrase = {SEGI_TOKEN_WORD, begin, p->prev_end - begin};
    segi_parser_fail(p, phrase, NULL, "a unit of time is missing after the number");
    segi_error_hint(p->err, "%.*s days?", SEGI_TOKEN_HEAD(p, phrase));
    return false;
}

bool segi_parse_duration(segi_parser *p, uint32_t begin, segi_syn_duration *out)
{
    segi_unit unit;
    memset(out, 0, sizeof *out);
    if (segi_token_unit(p, p->token, &unit)) {
        segi_parser_fail(p, p->token, NULL, "a number is missing before the unit of time");
        segi_error_hint(p->err, "write the number: 1 %s", segi_unit_name(unit));
        return false;
    }
    return segi_parse_number(p, &out->count, "the length of time") &&
           segi_parse_unit(p, begin, &out->unit);
}

/* ---- atoms ---- */

segi_syn *segi_parse_param(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_PARAM, p->token.begin);
    if (syn == NULL)
        return NULL;
    syn->u.name.text = p->lexer.text + p->token.begin + 1;
    syn->u.name.text_size = p->token.size - 1;
    segi_parser_next(p);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* A STRING or a NAME whose text is the unquoted one. */
static segi_syn *parse_quoted(segi_parser *p, segi_syn_kind kind)
{
    segi_syn *syn = segi_parser_node(p, kind, p->token.begin);
    if (syn == NULL)
        return NULL;
    if (!segi_token_unquote(&p->lexer, p->token, p->arena, &syn->u.name.text,
                            &syn->u.name.text_size))
        return segi_parser_nomem(p);
    segi_parser_next(p);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* The lexer has parsed it once, so this cannot fail but for its range. */
static segi_syn *parse_moment(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_MOMENT, p->token.begin);
    if (syn == NULL)
        return NULL;
    segi_civil_time civil;
    segi_civil_parse(p->lexer.text + p->token.begin, p->token.size, &civil);
    syn->u.moment.kind = !civil.has_time    ? SEGI_MOMENT_DATE
                         : civil.has_offset ? SEGI_MOMENT_INSTANT
                                            : SEGI_MOMENT_LOCAL;
    syn->u.moment.value = civil.days;
    if (civil.has_time)
        syn->u.moment.value = civil.days * SEGI_DAY + civil.time_of_day -
                              (civil.has_offset ? civil.offset_seconds * SEGI_SECOND : 0);
    if (civil.has_time &&
        (syn->u.moment.value < SEG_TIME_MIN || syn->u.moment.value > SEG_TIME_MAX))
        return segi_parser_fail(p, p->token, NULL, "instants lie within the years 1 to 9999");
    segi_parser_next(p);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* After a number: a word that was meant as a unit, but is none. */
static bool fail_unit_after_number(segi_parser *p)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin;
    const char *meant = token.kind == SEGI_TOKEN_WORD && !segi_word_known(text, token.size)
                            ? unit_meant(text, token.size)
                            : NULL;
    if (meant == NULL)
        return false;
    segi_parser_fail(p, token, NULL, "unknown unit \"%.*s\"", SEGI_TOKEN_TEXT(p, token));
    segi_error_hint(p->err, "did you mean \"%s\"?", meant);
    return true;
}

/* A number, a percentage or a duration. */
static segi_syn *parse_number(segi_parser *p, bool negative, uint32_t begin)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_NUMBER, begin);
    segi_unit unit;
    if (syn == NULL)
        return NULL;
    if (segi_token_unit(p, segi_parser_peek(p, 1), &unit)) {
        syn->kind = SEGI_SYN_DURATION;
        if (!segi_parse_duration(p, begin, &syn->u.duration))
            return NULL;
        if (negative)
            syn->u.duration.count.value = -syn->u.duration.count.value;
    } else if (!parse_number_literal(p, negative, &syn->u.literal) || fail_unit_after_number(p)) {
        return NULL;
    }
    segi_parser_close(p, syn);
    return syn;
}

/* true, false */
static segi_syn *parse_bool(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_BOOL, p->token.begin);
    if (syn == NULL)
        return NULL;
    syn->u.literal.type.type = SEG_TYPE_BOOL;
    syn->u.literal.slot = segi_parser_is(p, "true");
    segi_parser_next(p);
    segi_parser_close(p, syn);
    return syn;
}

/* NULL without a failure where the current token is no literal. */
static segi_syn *parse_literal_maybe(segi_parser *p)
{
    segi_unit unit;
    segi_syn *syn;
    switch (p->token.kind) {
    case SEGI_TOKEN_NUMBER: return parse_number(p, false, p->token.begin);
    case SEGI_TOKEN_STRING: return parse_quoted(p, SEGI_SYN_STRING);
    case SEGI_TOKEN_DATE: return parse_moment(p);
    case SEGI_TOKEN_PARAM:
        if (!segi_token_unit(p, segi_parser_peek(p, 1), &unit))
            return segi_parse_param(p);
        syn = segi_parser_node(p, SEGI_SYN_DURATION, p->token.begin);
        if (syn == NULL || !segi_parse_duration(p, p->token.begin, &syn->u.duration))
            return NULL;
        segi_parser_close(p, syn);
        return syn;
    case SEGI_TOKEN_MINUS:
        if (segi_parser_peek(p, 1).kind == SEGI_TOKEN_NUMBER) {
            uint32_t begin = p->token.begin;
            segi_parser_next(p);
            return parse_number(p, true, begin);
        }
        return NULL;
    case SEGI_TOKEN_WORD:
        return segi_parser_is(p, "true") || segi_parser_is(p, "false") ? parse_bool(p) : NULL;
    default: return NULL;
    }
}

segi_syn *segi_parse_literal(segi_parser *p)
{
    segi_syn *syn = parse_literal_maybe(p);
    if (syn != NULL || p->status != SEG_OK)
        return syn;
    segi_token token = p->token;
    if (token.kind == SEGI_TOKEN_WORD &&
        !segi_word_reserved(p->lexer.text + token.begin, token.size)) {
        segi_parser_fail(p, token, NULL, "expected a value instead of the name %.*s",
                         SEGI_TOKEN_TEXT(p, token));
        segi_error_hint(p->err, "did you mean the text \"%.*s\"?", SEGI_TOKEN_TEXT(p, token));
        return NULL;
    }
    return segi_parser_expected(p, "a value", NULL);
}

static const char *const builtin_names[] = {
    "time",  "date", "hour",     "weekday", "day",
    "month", "year", "duration", "count"}; /* as segi_builtin */

const char *segi_builtin_name(segi_builtin builtin)
{
    return builtin_names[builtin];
}

/* A word behind "@": what an event or a session has without a property. */
static segi_syn *parse_builtin(segi_parser *p)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin + 1;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_BUILTIN, token.begin);
    if (syn == NULL)
        return NULL;
    for (int i = 0; i < 9; i++) {
        if (segi_word_is(text, token.size - 1, builtin_names[i])) {
            syn->op = i;
            segi_parser_next(p);
            segi_parser_close(p, syn);
            return p->status == SEG_OK ? syn : NULL;
        }
    }
    return segi_parser_fail(p, token,
                            "there are @time, @date, @hour, @weekday, @day, @month, @year, and of "
                            "sessions @duration and @count",
                            "unknown \"%.*s\"", SEGI_TOKEN_TEXT(p, token));
}

/* size ( attribute ) */
static segi_syn *parse_size(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_SIZE, p->token.begin);
    segi_parser_next(p);
    segi_token open = p->token;
    segi_parser_next(p);
    if (syn == NULL || p->status != SEG_OK)
        return NULL;
    if (p->token.kind != SEGI_TOKEN_WORD && p->token.kind != SEGI_TOKEN_QUOTED)
        return segi_parser_expected(p, "the name of an attribute", "size(tags)");
    segi_syn *name = segi_parse_value(p);
    if (name == NULL)
        return NULL;
    segi_syn_add(syn, name);
    if (!segi_parser_close_bracket(p, open, ")"))
        return NULL;
    segi_parser_close(p, syn);
    return syn;
}

/* anniversary ( date [, feb 28 | mar 1] ) */
static segi_syn *parse_anniversary(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_ANNIVERSARY, p->token.begin);
    segi_parser_next(p);
    segi_token open = p->token;
    segi_parser_next(p);
    segi_syn *date = syn == NULL || p->status != SEG_OK ? NULL : segi_parse_value(p);
    if (date == NULL)
        return NULL;
    segi_syn_add(syn, date);
    if (segi_parser_take_kind(p, SEGI_TOKEN_COMMA)) {
        segi_syn_number day = {0, NULL};
        segi_token at = p->token;
        bool early = segi_parser_is(p, "feb");
        if (!segi_parser_take(p, "feb") && !segi_parser_take(p, "mar"))
            return segi_parser_expected(p, "feb 28 or mar 1", "anniversary(birthday, feb 28)");
        if (!segi_parse_number(p, &day, "the day of 29 February in other years"))
            return NULL;
        if (day.param != NULL || day.value != (early ? 28 : 1))
            return segi_parser_fail(p, at, "feb 28, or mar 1",
                                    "29 February falls on the day before or the day after");
        syn->op = early;
    }
    if (!segi_parser_close_bracket(p, open, ", or )"))
        return NULL;
    segi_parser_close(p, syn);
    return syn;
}

/* name( where name is no function */
static segi_syn *fail_function(segi_parser *p)
{
    static const char *const others[] = {"average", "avg",      "mean",           "avg",
                                         "total",   "sum",      "maximum",        "max",
                                         "minimum", "min",      "predominant",    "mode",
                                         "unique",  "distinct", "count_distinct", "distinct"};
    static const char *const functions[] = {
        "sum",  "avg",   "min",  "max",   "median", "nth",  "percentile", "stddev",   "distinct",
        "mode", "first", "last", "share", "size",   "tier", "decile",     "quartile", "quintile"};
    segi_token token = p->token;
    if (segi_parse_later(p))
        return NULL;
    segi_parser_fail(p, token, NULL, "unknown function \"%.*s\"", SEGI_TOKEN_TEXT(p, token));
    for (size_t i = 0; i < sizeof others / sizeof *others; i += 2) {
        if (segi_token_is(p, token, others[i])) {
            segi_error_hint(p->err, "did you mean \"%s\"?", others[i + 1]);
            return NULL;
        }
    }
    uint32_t limit = token.size < 6 ? 1 : token.size / 3;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (segi_text_distance(p->lexer.text + token.begin, token.size, functions[i],
                               strlen(functions[i]), limit) <= limit) {
            segi_error_hint(p->err, "did you mean \"%s\"?", functions[i]);
            break;
        }
    }
    return NULL;
}

/* A bare or quoted name. What it names is seen by the checker. */
static segi_syn *parse_name(segi_parser *p)
{
    segi_token token = p->token;
    if (token.kind == SEGI_TOKEN_QUOTED)
        return parse_quoted(p, SEGI_SYN_NAME);
    if (segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT)
        return fail_function(p);
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_NAME, token.begin);
    if (syn == NULL)
        return NULL;
    syn->u.name.text = p->lexer.text + token.begin;
    syn->u.name.text_size = token.size;
    segi_parser_next(p);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* A literal, a function, a name, or a value in brackets. */
static segi_syn *parse_atom(segi_parser *p)
{
    segi_syn *syn = parse_literal_maybe(p);
    if (syn != NULL || p->status != SEG_OK)
        return syn;
    segi_token token = p->token;
    switch (token.kind) {
    case SEGI_TOKEN_BUILTIN: return parse_builtin(p);
    case SEGI_TOKEN_QUOTED: return segi_parse_as_of(p, parse_name(p));
    case SEGI_TOKEN_LEFT:
        if (!segi_parser_enter(p, token))
            return NULL;
        segi_parser_next(p);
        syn = segi_parse_value(p);
        if (syn == NULL || !segi_parser_close_bracket(p, token, ")"))
            return NULL;
        segi_parser_leave(p);
        return syn;
    case SEGI_TOKEN_WORD:
        if (segi_parse_figure_starts(p))
            return segi_parse_figure(p);
        if (segi_parse_aggregate_starts(p))
            return segi_parse_aggregate(p);
        if (segi_parser_is(p, "anniversary") && segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT)
            return parse_anniversary(p);
        if (segi_parser_is(p, "size") && segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT)
            return parse_size(p);
        if (segi_parse_score_starts(p))
            return segi_parse_score(p);
        if (segi_parse_rfm_starts(p))
            return segi_parse_rfm(p);
        if (segi_parser_is(p, "now")) {
            syn = segi_parser_node(p, SEGI_SYN_NOW, token.begin);
            segi_parser_next(p);
            if (syn != NULL)
                segi_parser_close(p, syn);
            return syn;
        }
        if (!segi_word_reserved(p->lexer.text + token.begin, token.size))
            return segi_parse_as_of(p, parse_name(p));
        bool has = segi_parser_is(p, "has");
        segi_parser_expected(p, "a condition or a value",
                             "what somebody did: did \"event\"; what is in a set: tags has \"a\"");
        if (p->status == SEG_E_SYNTAX && !has)
            segi_error_hint(p->err,
                            "a name that is spelled like this word stands in back quotes: "
                            "`%.*s`",
                            SEGI_TOKEN_TEXT(p, token));
        return NULL;
    default: return segi_parser_expected(p, "a condition or a value", NULL);
    }
}

/* ---- arithmetic ---- */

/* Chains lean to the left, so their height has to be bounded apart from brackets. */
static bool value_height_ok(segi_parser *p, const segi_syn *syn)
{
    if (syn->height <= SEG_TEXT_DEPTH_MAX)
        return true;
    if (p->status == SEG_OK) {
        p->status = segi_fail(p->err, SEG_E_LIMIT, "more than %d operators upon each other",
                              SEG_TEXT_DEPTH_MAX);
        segi_error_span(p->err, syn->begin, syn->size);
    }
    return false;
}

/* A minus in front of a number is part of the literal, so that INT64_MIN can be written; in front
 * of anything else it is an operator. */
static segi_syn *parse_factor(segi_parser *p)
{
    segi_token token = p->token;
    if (token.kind != SEGI_TOKEN_MINUS || segi_parser_peek(p, 1).kind == SEGI_TOKEN_NUMBER)
        return parse_atom(p);
    if (!segi_parser_enter(p, token))
        return NULL;
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_NEGATE, token.begin);
    segi_parser_next(p);
    segi_syn *inner = syn == NULL ? NULL : parse_factor(p);
    if (inner == NULL)
        return NULL;
    segi_parser_leave(p);
    segi_syn_add(syn, inner);
    segi_parser_close(p, syn);
    return value_height_ok(p, syn) ? syn : NULL;
}

/* left op right; NULL if right is. */
static segi_syn *value_join(segi_parser *p, segi_arith op, segi_syn *left, segi_syn *right)
{
    segi_syn *syn = right == NULL ? NULL : segi_parser_node(p, SEGI_SYN_ARITH, left->begin);
    if (syn == NULL)
        return NULL;
    syn->op = (int32_t)op;
    segi_syn_add(syn, left);
    segi_syn_add(syn, right);
    segi_parser_close(p, syn);
    return value_height_ok(p, syn) ? syn : NULL;
}

/* { * factor | / factor } behind a first factor. */
static segi_syn *parse_term_rest(segi_parser *p, segi_syn *left)
{
    while (left != NULL &&
           (p->token.kind == SEGI_TOKEN_STAR || p->token.kind == SEGI_TOKEN_SLASH)) {
        segi_arith op = p->token.kind == SEGI_TOKEN_STAR ? SEGI_TIMES : SEGI_DIVIDE;
        segi_parser_next(p);
        left = value_join(p, op, left, parse_factor(p));
    }
    return left;
}

/* { + term | - term } behind a value that was read already. */
segi_syn *segi_parse_value_rest(segi_parser *p, segi_syn *left)
{
    left = parse_term_rest(p, left);
    while (left != NULL &&
           (p->token.kind == SEGI_TOKEN_PLUS || p->token.kind == SEGI_TOKEN_MINUS)) {
        segi_arith op = p->token.kind == SEGI_TOKEN_PLUS ? SEGI_PLUS : SEGI_MINUS;
        segi_parser_next(p);
        left = value_join(p, op, left, parse_term_rest(p, parse_factor(p)));
    }
    return p->status == SEG_OK ? left : NULL;
}

/* Whole values, with `*` and `/` before `+` and `-`, from the left. */
segi_syn *segi_parse_value(segi_parser *p)
{
    return segi_parse_value_rest(p, parse_factor(p));
}
