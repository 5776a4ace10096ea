/* parse_sequence.c - ordered steps: sequence (...) and funnel (...), as conditions and as values.
 *
 * What follows the event of a step may stand in any order, each once. The options come after the
 * last step, with commas. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

/* Without a bracket both words may be names. */
static bool word_with_bracket(const segi_parser *p, const char *word)
{
    return segi_parser_is(p, word) && segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT;
}

bool segi_parse_sequence_starts(const segi_parser *p)
{
    return word_with_bracket(p, "sequence") || word_with_bracket(p, "funnel");
}

/* ---- one step ---- */

/* SELECTOR, or ( SELECTOR or SELECTOR )
 * Alternatives of a step share its name and its suffixes. */
static bool parse_choices(segi_parser *p, segi_syn_step *step)
{
    segi_token open = p->token;
    bool bracket = open.kind == SEGI_TOKEN_LEFT;
    const segi_syn_choice **tail = &step->choices;
    if (bracket) {
        if (!segi_parser_enter(p, open))
            return false;
        segi_parser_next(p);
    }
    do {
        segi_syn_choice *choice = segi_parser_alloc(p, sizeof *choice);
        if (choice == NULL)
            return false;
        choice->selector = segi_parse_selector(p);
        if (choice->selector == NULL)
            return false;
        *tail = choice;
        tail = &choice->next;
        step->choice_count++;
    } while (bracket && segi_parser_take(p, "or"));
    if (!bracket)
        return true;
    segi_parser_leave(p);
    return segi_parser_close_bracket(p, open, "or, or )");
}

/* Names of steps are kept in the parser, so that "v.price" can be told from an attribute with a
 * dot. */
static bool parse_alias(segi_parser *p, segi_syn_step *step)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin;
    if (token.kind != SEGI_TOKEN_WORD || segi_word_reserved(text, token.size) ||
        memchr(text, '.', token.size) != NULL) {
        segi_parser_expected(p, "a short name for the step", "\"Product Viewed\" as v");
        return false;
    }
    if (step->name != NULL) {
        segi_parser_fail(p, token, NULL, "a step has one name");
        return false;
    }
    segi_syn_alias *alias = segi_parser_alloc(p, sizeof *alias);
    if (alias == NULL)
        return false;
    *alias = (segi_syn_alias){text, token.size, p->aliases};
    p->aliases = alias;
    step->name = text;
    step->name_size = token.size;
    step->name_begin = token.begin;
    segi_parser_next(p);
    return p->status == SEG_OK;
}

/* at least N UNIT after, against at least N times.
 * Both begin with "at least N"; the word behind the number decides. */
static bool after_starts(const segi_parser *p)
{
    segi_unit unit;
    return segi_parser_is(p, "at") && segi_parser_then(p, "least") &&
           segi_token_unit(p, segi_parser_peek(p, 3), &unit);
}

static bool fail_twice(segi_parser *p, segi_token at, const char *what)
{
    segi_parser_fail(p, at, NULL, "\"%s\" stands once for a step", what);
    return false;
}

/* at least D after */
static bool parse_after(segi_parser *p, segi_syn_step *step)
{
    segi_token at = p->token;
    if (step->has_after)
        return fail_twice(p, at, "at least ... after");
    segi_parser_next(p);
    segi_parser_next(p);
    if (!segi_parse_duration(p, at.begin, &step->after))
        return false;
    step->has_after = true;
    if (segi_parser_take(p, "after"))
        return p->status == SEG_OK;
    segi_parser_expected(p, "\"after\"", "then \"Order Completed\" at least 1 day after");
    return false;
}

/* within D, counted from the step before. */
static bool parse_within(segi_parser *p, segi_syn_step *step)
{
    segi_token at = p->token;
    if (step->has_within)
        return fail_twice(p, at, "within");
    segi_parser_next(p);
    step->has_within = true;
    return segi_parse_duration(p, at.begin, &step->within);
}

/* What follows the event of a step. */
static bool parse_suffixes(segi_parser *p, segi_syn_step *step)
{
    while (p->status == SEG_OK) {
        segi_token at = p->token;
        if (segi_parser_take(p, "as")) {
            if (!parse_alias(p, step))
                return false;
        } else if (segi_parser_is(p, "within")) {
            if (!parse_within(p, step))
                return false;
        } else if (segi_parser_take(p, "without")) {
            if (step->without != NULL)
                return fail_twice(p, at, "without");
            step->without = segi_parse_selector(p);
            if (step->without == NULL)
                return false;
        } else if (after_starts(p)) {
            if (!parse_after(p, step))
                return false;
        } else if (segi_parse_bound_starts(p)) {
            if (step->repeat != NULL)
                return fail_twice(p, at, "how often");
            step->repeat = segi_parse_bound(p);
            if (step->repeat == NULL)
                return false;
        } else {
            break;
        }
    }
    return p->status == SEG_OK;
}

/* no SELECTOR for D
 * "within" is allowed as well, because many write it that way. */
static bool parse_absence(segi_parser *p, segi_syn_step *step)
{
    segi_syn_choice *choice = segi_parser_alloc(p, sizeof *choice);
    if (choice == NULL)
        return false;
    choice->selector = segi_parse_selector(p);
    if (choice->selector == NULL)
        return false;
    step->choices = choice;
    step->choice_count = 1;
    segi_token at = p->token;
    if (!segi_parser_take(p, "for") && !segi_parser_take(p, "within")) {
        segi_parser_expected(p, "\"for\" and how long", "then no \"Order Completed\" for 24 hours");
        return false;
    }
    step->has_within = true;
    return segi_parse_duration(p, at.begin, &step->within);
}

/* Absence may stand at the end alone, which is seen when something follows it. */
static bool parse_step(segi_parser *p, segi_syn_sequence *sequence)
{
    segi_syn_step *step = segi_parser_alloc(p, sizeof *step);
    if (step == NULL)
        return false;
    step->begin = p->token.begin;
    bool absent = segi_parser_take(p, "no");
    if (absent ? !parse_absence(p, step) : !parse_choices(p, step) || !parse_suffixes(p, step))
        return false;
    step->size = p->prev_end - step->begin;
    segi_token phrase = {SEGI_TOKEN_WORD, step->begin, step->size};
    if (sequence->absence != NULL) {
        phrase.begin = sequence->absence->begin;
        phrase.size = sequence->absence->size;
        segi_parser_fail(p, phrase,
                         "between two steps: then \"Order Completed\" without \"Refund\"",
                         "what does not happen for a time stands at the end");
        return false;
    }
    if (absent) {
        sequence->absence = step;
        return true;
    }
    if (sequence->last == NULL)
        sequence->steps = step;
    else
        sequence->last->next = step;
    sequence->last = step;
    if (++sequence->step_count > SEGI_STEPS_MAX)
        segi_parser_fail(p, phrase, NULL, "a sequence has at most %d steps", SEGI_STEPS_MAX);
    return p->status == SEG_OK;
}

/* ---- options ---- */

/* One of the words; *out is its index, which is the value of the enum that it stands for. */
static bool option_word(segi_parser *p, const char *const *words, uint32_t count, const char *what,
                        const char *hint, uint32_t *out)
{
    for (uint32_t i = 0; i < count; i++) {
        if (segi_parser_take(p, words[i])) {
            *out = i;
            return true;
        }
    }
    segi_parser_expected(p, what, hint);
    return false;
}

static bool parse_between(segi_parser *p, segi_syn_sequence *sequence)
{
    if (segi_parser_take(p, "anything"))
        sequence->between = SEGI_BETWEEN_ANYTHING;
    else if (segi_parser_take(p, "nothing"))
        sequence->between = SEGI_BETWEEN_NOTHING;
    else if (segi_parser_take2(p, "no", "other") && segi_parser_take(p, "step"))
        sequence->between = SEGI_BETWEEN_NO_OTHER_STEP;
    else
        segi_parser_expected(p, "anything, nothing or no other step", NULL);
    return p->status == SEG_OK;
}

/* ingested | strict | tolerant D */
static bool parse_ties(segi_parser *p, segi_syn_sequence *sequence)
{
    static const char *const words[] = {"ingested", "strict", "tolerant"};
    uint32_t which;
    uint32_t begin = p->token.begin;
    if (!option_word(p, words, 3, "ingested, strict or tolerant", "ties tolerant 2 seconds",
                     &which))
        return false;
    sequence->tie = (segi_tie)which;
    return which != SEGI_TIE_TOLERANT || segi_parse_duration(p, begin, &sequence->tolerance);
}

/* row matches one step, row matches many steps */
static bool parse_row(segi_parser *p, segi_syn_sequence *sequence)
{
    if (segi_parser_take(p, "matches")) {
        if (segi_parser_take2(p, "one", "step"))
            return p->status == SEG_OK;
        sequence->row_many = true;
        if (segi_parser_take2(p, "many", "steps"))
            return p->status == SEG_OK;
    }
    segi_parser_expected(p, "matches one step, or matches many steps", "row matches many steps");
    return false;
}

/* same (name, ...) */
static bool parse_same(segi_parser *p, segi_syn_sequence *sequence)
{
    segi_syn list = {0};
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and a property that all events share"))
        return false;
    do {
        segi_token at = p->token;
        segi_syn *name = segi_parse_value(p);
        if (name == NULL)
            return false;
        if (name->kind != SEGI_SYN_NAME) {
            at.size = name->size;
            segi_parser_fail(p, at, "same (cart_id)", "here stands a property of the events");
            return false;
        }
        segi_syn_add(&list, name);
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    sequence->same = list.kids;
    return segi_parser_close_bracket(p, open, ", or )");
}

/* Ready-made switches of other products. */
static const struct preset {
    const char *word;
    segi_scan scan;
    segi_entry entry;
    segi_tie tie;
    int64_t tolerance;
    bool row_many;
} presets[] = {
    {"clickhouse_default", SEGI_SCAN_NONE, SEGI_ENTRY_ANY, SEGI_TIE_TOLERANT, 0, true},
    {"clickhouse_strict_deduplication", SEGI_SCAN_DEDUPLICATION, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED,
     0, false},
    {"clickhouse_strict_order", SEGI_SCAN_ORDER, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED, 0, false},
    {"clickhouse_allow_reentry", SEGI_SCAN_REENTRY, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED, 0, false},
    {"clickhouse_strict_increase", SEGI_SCAN_INCREASE, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED, 0, false},
    {"clickhouse_strict_once", SEGI_SCAN_ONCE, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED, 0, false},
    {"clickhouse_sequence_match", SEGI_SCAN_NONE, SEGI_ENTRY_ANY, SEGI_TIE_INGESTED, 0, false},
    {"mixpanel_default", SEGI_SCAN_NONE, SEGI_ENTRY_FIRST, SEGI_TIE_TOLERANT, 2, false},
    {"mixpanel_reentry", SEGI_SCAN_NONE, SEGI_ENTRY_ANY, SEGI_TIE_TOLERANT, 2, false}};

/* A preset sets the switches; names of presets are offered where one is nearly meant. */
static bool parse_like(segi_parser *p, segi_syn_sequence *sequence)
{
    segi_token token = p->token;
    const char *text = p->lexer.text + token.begin, *near = NULL;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        const struct preset *preset = &presets[i];
        if (segi_parser_take(p, preset->word)) {
            sequence->scan = preset->scan;
            sequence->entry = preset->entry;
            sequence->tie = preset->tie;
            sequence->tolerance.count.value = preset->tolerance;
            sequence->row_many = preset->row_many;
            return p->status == SEG_OK;
        }
        if (segi_text_distance(text, token.size, preset->word, strlen(preset->word), 6) <= 6)
            near = preset->word;
    }
    segi_parser_expected(p, "the name of a preset", NULL);
    if (near != NULL && p->status == SEG_E_SYNTAX)
        segi_error_hint(p->err, "did you mean %s?", near);
    return false;
}

/* Each option once; a preset takes the place of all switches. */
static bool parse_options(segi_parser *p, segi_syn_sequence *sequence)
{
    static const char *const words[] = {"same",   "like", "entry", "between",
                                        "repeat", "ties", "row"};
    static const char *const entries[] = {"any", "first", "latest"};
    static const char *const repeats[] = {"ignore", "break", "restart"};
    uint32_t seen = 0, which, value;
    while (p->status == SEG_OK && segi_parser_take_kind(p, SEGI_TOKEN_COMMA)) {
        segi_token at = p->token;
        if (!option_word(p, words, 7, "same, entry, between, repeat, ties, row or like",
                         "steps are joined by then: (\"A\" then \"B\")", &which))
            return false;
        bool clash = which == 1 ? seen >> 1 : which > 1 && (seen & 2u);
        if (clash || (seen >> which & 1u)) {
            segi_parser_fail(p, at, NULL,
                             "each option stands once, and \"like\" instead of others");
            return false;
        }
        seen |= 1u << which;
        bool ok = true;
        switch (which) {
        case 0: ok = parse_same(p, sequence); break;
        case 1: ok = parse_like(p, sequence); break;
        case 2:
            ok = option_word(p, entries, 3, "any, first or latest", "entry first", &value);
            sequence->entry = ok ? (segi_entry)value : SEGI_ENTRY_ANY;
            break;
        case 3: ok = parse_between(p, sequence); break;
        case 4:
            ok = option_word(p, repeats, 3, "ignore, break or restart", "repeat break", &value);
            sequence->repeat = ok ? (segi_repeat)value : SEGI_REPEAT_IGNORE;
            break;
        case 5: ok = parse_ties(p, sequence); break;
        default: ok = parse_row(p, sequence); break;
        }
        if (!ok)
            return false;
    }
    return p->status == SEG_OK;
}

/* ---- the whole ---- */

/* ... within D before first "X", against within D, before 2026-01-01. */
static bool anchor_follows(const segi_parser *p)
{
    if (segi_parser_is(p, "after") || segi_parser_is(p, "of"))
        return true;
    segi_token_kind then = segi_parser_peek(p, 1).kind;
    return segi_parser_is(p, "before") && then != SEGI_TOKEN_DATE && then != SEGI_TOKEN_PARAM;
}

/* within D, unless it goes on as a span: within D after ...
 * The only place of the grammar that goes back: how far "within D" reaches is known behind it. */
static bool parse_total(segi_parser *p, segi_syn_sequence *sequence)
{
    if (!segi_parser_is(p, "within"))
        return p->status == SEG_OK;
    segi_parser_mark mark = segi_parser_save(p);
    uint32_t begin = p->token.begin;
    segi_parser_next(p);
    if (!segi_parse_duration(p, begin, &sequence->within))
        return false;
    if (anchor_follows(p)) {
        segi_parser_restore(p, mark);
        memset(&sequence->within, 0, sizeof sequence->within);
        return true;
    }
    sequence->has_within = true;
    return true;
}

/* sequence or funnel ( steps {, option} ) [within D] */
static segi_syn_sequence *parse_head(segi_parser *p)
{
    segi_syn_sequence *sequence = segi_parser_alloc(p, sizeof *sequence);
    if (sequence == NULL)
        return NULL;
    sequence->funnel = segi_parser_is(p, "funnel");
    segi_token word = p->token;
    segi_parser_next(p);
    segi_token open = p->token;
    if (!segi_parser_enter(p, open))
        return NULL;
    segi_parser_next(p);
    do {
        if (!parse_step(p, sequence))
            return NULL;
    } while (segi_parser_take(p, "then"));
    if (!parse_options(p, sequence) || !segi_parser_close_bracket(p, open, "then, a comma or )"))
        return NULL;
    segi_parser_leave(p);
    word.size = p->prev_end - word.begin;
    if (sequence->step_count == 0)
        return segi_parser_fail(p, word, NULL, "a sequence begins with something that happens");
    if (sequence->funnel && sequence->absence != NULL)
        return segi_parser_fail(p, word, "sequence (\"A\" then \"B\" then no \"C\" for 1 day)",
                                "a funnel ends with something that happens");
    if (sequence->step_count + (sequence->absence != NULL) < 2 && !sequence->funnel)
        return segi_parser_fail(p, word, "sequence (\"A\" then \"B\")",
                                "a sequence has two steps or more");
    return parse_total(p, sequence) ? sequence : NULL;
}

static bool parse_span(segi_parser *p, segi_syn_sequence *sequence)
{
    if (p->status == SEG_OK && segi_parse_window_starts(p)) {
        sequence->window = segi_parse_window(p);
        return sequence->window != NULL;
    }
    return p->status == SEG_OK;
}

/* reached K, dropped after K */
static bool parse_reached(segi_parser *p, segi_syn_sequence *sequence)
{
    sequence->dropped = segi_parser_take2(p, "dropped", "after");
    if (!sequence->dropped && !segi_parser_take(p, "reached")) {
        segi_parser_expected(p, "\"reached\" or \"dropped after\" and a step",
                             "funnel (...) reached 2, or: funnel (...) dropped after 2");
        return false;
    }
    sequence->has_reached = true;
    sequence->reached_begin = p->token.begin;
    if (!segi_parse_number(p, &sequence->reached, "the number of a step"))
        return false;
    sequence->reached_size = p->prev_end - sequence->reached_begin;
    return true;
}

static segi_syn *sequence_node(segi_parser *p, segi_syn_kind kind, uint32_t begin,
                               const segi_syn_sequence *sequence)
{
    segi_syn *syn = sequence == NULL ? NULL : segi_parser_node(p, kind, begin);
    if (syn == NULL)
        return NULL;
    syn->u.sequence = sequence;
    segi_parser_close(p, syn);
    return syn;
}

segi_syn *segi_parse_sequence(segi_parser *p)
{
    uint32_t begin = p->token.begin;
    segi_syn_sequence *sequence = parse_head(p);
    if (sequence == NULL)
        return NULL;
    sequence->figure = sequence->funnel ? SEGI_FIGURE_DEPTH : SEGI_FIGURE_MATCHES;
    if (!sequence->funnel && segi_parse_bound_starts(p)) {
        sequence->bound = segi_parse_bound(p);
        if (sequence->bound == NULL)
            return NULL;
    }
    if (!parse_span(p, sequence) || (sequence->funnel && !parse_reached(p, sequence)))
        return NULL;
    return sequence_node(p, SEGI_SYN_SEQUENCE, begin, sequence);
}

bool segi_parse_figure_starts(const segi_parser *p)
{
    return segi_parser_then(p, "of") &&
           (segi_parser_is(p, "depth") || segi_parser_is(p, "convert_time") ||
            (segi_parser_is(p, "count") && segi_token_is(p, segi_parser_peek(p, 2), "sequence") &&
             segi_parser_peek(p, 3).kind == SEGI_TOKEN_LEFT));
}

/* count of sequence (...), depth of funnel (...), convert_time of either */
segi_syn *segi_parse_figure(segi_parser *p)
{
    uint32_t begin = p->token.begin;
    segi_figure figure = segi_parser_is(p, "count")   ? SEGI_FIGURE_MATCHES
                         : segi_parser_is(p, "depth") ? SEGI_FIGURE_DEPTH
                                                      : SEGI_FIGURE_TIME;
    segi_parser_next(p);
    segi_parser_next(p);
    if (!segi_parse_sequence_starts(p) ||
        (figure == SEGI_FIGURE_DEPTH && !segi_parser_is(p, "funnel")))
        return segi_parser_expected(p, "funnel ( and steps", "depth of funnel (\"A\" then \"B\")");
    segi_syn_sequence *sequence = parse_head(p);
    if (sequence == NULL || !parse_span(p, sequence))
        return NULL;
    sequence->figure = figure;
    return sequence_node(p, SEGI_SYN_FIGURE, begin, sequence);
}
