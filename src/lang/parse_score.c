/* parse_score.c - classes of customers by cut points or conditions, and shares drawn by lot. */
#include <string.h>

#include "base/text.h"
#include "lang/syntax.h"

/* ---- percentages ---- */

/* The result is in 10^-8 of the whole: 100 % is 10^8, and six decimals of a percent are kept. */
bool segi_parse_percent(segi_parser *p, int64_t *out)
{
    segi_token token = p->token;
    if (token.kind != SEGI_TOKEN_NUMBER || segi_parser_peek(p, 1).kind != SEGI_TOKEN_PERCENT) {
        segi_parser_expected(p, "a percentage", "write it with its sign: 25%");
        return false;
    }
    /* A percentage may have a fraction: as a literal it is 10^-2 of it. */
    segi_syn *percent = segi_parse_literal(p);
    if (percent == NULL)
        return false;
    if (percent->kind == SEGI_SYN_NUMBER &&
        segi_decimal_rescale(percent->u.literal.slot, percent->u.literal.type.scale, 8, out) &&
        *out <= 100000000)
        return true;
    segi_parser_fail(p, token, NULL, "%.*s%% is no percentage from 0%% to 100%%",
                     token.size > 60 ? 60 : (int)token.size, p->lexer.text + token.begin);
    return false;
}

/* ---- cut points ---- */

/* p80, p99.9: a word whose tail is a number. Into 10^-8 of the whole. */
static bool part_of(const char *text, size_t size, int64_t *out)
{
    segi_literal literal;
    memset(&literal, 0, sizeof literal);
    bool word = size > 1 && (text[0] == 'p' || text[0] == 'P');
    for (size_t i = 1; word && i < size; i++)
        word = (text[i] >= '0' && text[i] <= '9') || text[i] == '.';
    if (!word || !segi_number_exact(text + 1, size - 1, false, &literal))
        return false;
    literal.type.scale += 2;
    return segi_decimal_rescale(literal.slot, literal.type.scale, 8, out) && *out <= 100000000;
}

/* `parts` and `points` have room for SEGI_SCORE_CUTS_MAX; the one that is used tells what kind
 * the tier is. */
static bool parse_cut(segi_parser *p, segi_score *score, int64_t *parts, segi_literal *points)
{
    segi_token token = p->token;
    bool part = token.kind == SEGI_TOKEN_WORD;
    if (part && !part_of(p->lexer.text + token.begin, token.size, &parts[score->cut_count])) {
        segi_parser_expected(p, "a number or a percentile from p0 to p100", "cuts (p50, p80)");
        return false;
    }
    if (part) {
        segi_parser_next(p);
    } else {
        segi_syn *literal = segi_parse_literal(p);
        if (literal == NULL)
            return false;
        if (literal->kind != SEGI_SYN_NUMBER || literal->u.literal.type.type == SEG_TYPE_FLOAT64) {
            segi_parser_fail(p, token, "cuts (100, 500), or: cuts (p50, p80)",
                             "cut points are numbers or percentiles");
            return false;
        }
        points[score->cut_count] = literal->u.literal;
    }
    segi_cuts cuts = part ? SEGI_CUTS_PARTS : SEGI_CUTS_FIXED;
    if (score->cut_count != 0 && cuts != score->cuts) {
        segi_parser_fail(p, token, NULL, "cut points are either all numbers or all percentiles");
        return false;
    }
    score->cuts = cuts;
    score->cut_count++;
    return p->status == SEG_OK;
}

/* cuts (p50, p80), or cuts (100, 500); that they rise is seen by the checker. */
static bool parse_cuts(segi_parser *p, segi_score *score)
{
    int64_t *parts = segi_parser_alloc(p, SEGI_SCORE_CUTS_MAX * sizeof *parts);
    segi_literal *points = segi_parser_alloc(p, SEGI_SCORE_CUTS_MAX * sizeof *points);
    if (parts == NULL || points == NULL)
        return false;
    score->parts = parts;
    score->points = points;
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and the cut points"))
        return false;
    do {
        if (score->cut_count == SEGI_SCORE_CUTS_MAX) {
            segi_parser_fail(p, p->token, NULL, "a tier has at most %d cut points",
                             SEGI_SCORE_CUTS_MAX);
            return false;
        }
        if (!parse_cut(p, score, parts, points))
            return false;
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    return segi_parser_close_bracket(p, open, ", or )");
}

/* labels ("light", "medium", "heavy") */
static bool parse_labels(segi_parser *p, segi_syn_score *score)
{
    segi_syn list = {0};
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and the names"))
        return false;
    do {
        if (p->token.kind != SEGI_TOKEN_STRING) {
            segi_parser_expected(p, "a text in double quotes",
                                 "labels (\"light\", \"medium\", \"heavy\")");
            return false;
        }
        segi_syn *label = segi_parse_literal(p);
        if (label == NULL)
            return false;
        segi_syn_add(&list, label);
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    score->label_list = list.kids;
    score->label_count = list.kid_count;
    return segi_parser_close_bracket(p, open, ", or )");
}

/* ---- scores ---- */

/* Words that begin a score; quantile 0 has its cut points written out. */
static const struct score_word {
    const char *word;
    uint32_t quantile;
} score_words[] = {{"quartile", 4}, {"quintile", 5}, {"decile", 10}, {"tier", 0}};

static const struct score_word *score_word_at(const segi_parser *p)
{
    for (size_t i = 0; i < sizeof score_words / sizeof *score_words; i++) {
        if (segi_parser_is(p, score_words[i].word))
            return &score_words[i];
    }
    return NULL;
}

/* With the bracket: without one the word may name an attribute. */
bool segi_parse_score_starts(const segi_parser *p)
{
    return score_word_at(p) != NULL && segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT;
}

/* Equal parts: the cut points of a quartile are p25, p50 and p75. */
static bool quantile_cuts(segi_parser *p, segi_score *score)
{
    int64_t *parts = segi_parser_alloc(p, score->quantile * sizeof *parts);
    if (parts == NULL)
        return false;
    score->cuts = SEGI_CUTS_PARTS;
    score->cut_count = score->quantile - 1;
    for (uint32_t i = 0; i < score->cut_count; i++)
        parts[i] = (int64_t)(i + 1) * 100000000 / score->quantile;
    score->parts = parts;
    return true;
}

/* cuts, then labels. Whether there is a label for each class is seen by the checker. */
static bool tier_options(segi_parser *p, segi_syn_score *score)
{
    if (!segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and the cut points"))
        return false;
    if (!segi_parser_take(p, "cuts")) {
        segi_parser_expected(p, "\"cuts\" and the cut points",
                             "tier(seats, cuts (10, 100)), or: tier(seats, cuts (p50, p80))");
        return false;
    }
    if (!parse_cuts(p, &score->score))
        return false;
    return !segi_parser_take(p, "labels") || parse_labels(p, score);
}

/* quartile(value [with zeros]) [among (...)], tier(value, cuts (...) [labels (...)] [with zeros])
 * ... */
segi_syn *segi_parse_score(segi_parser *p)
{
    const struct score_word *word = score_word_at(p);
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_SCORE, p->token.begin);
    segi_syn_score *score = segi_parser_alloc(p, sizeof *score);
    segi_parser_next(p);
    segi_token open = p->token;
    if (score == NULL || syn == NULL || !segi_parser_enter(p, open))
        return NULL;
    syn->u.score = score;
    score->score.quantile = word->quantile;
    segi_parser_next(p);
    segi_syn *value = segi_parse_value(p);
    if (value == NULL)
        return NULL;
    segi_syn_add(syn, value);
    if (word->quantile ? !quantile_cuts(p, &score->score) : !tier_options(p, score))
        return NULL;
    score->score.zeros = segi_parser_take2(p, "with", "zeros");
    if (!segi_parser_close_bracket(
            p, open, word->quantile ? "with zeros, or )" : "labels, with zeros, or )"))
        return NULL;
    segi_parser_leave(p);
    if (segi_parser_is(p, "among")) {
        segi_parser_next(p);
        segi_syn *population = segi_parse_bracketed(p, "among");
        if (population == NULL)
            return NULL;
        segi_syn_add(syn, population);
    }
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* ---- shares by lot ---- */

bool segi_parse_split_starts(const segi_parser *p)
{
    return (segi_parser_is(p, "split") || segi_parser_is(p, "holdout")) &&
           segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT;
}

/* The name is what the draw depends on; it is compared by its bytes, so changing it draws anew
 * (S-34). */
static bool parse_seed(segi_parser *p, segi_split *split)
{
    segi_token token = p->token;
    if (token.kind != SEGI_TOKEN_STRING) {
        segi_parser_expected(p, "the name of the draw in double quotes",
                             split->holdout ? "holdout(\"global\", 5%)"
                                            : "split(\"exp-42\", 0%, 50%)");
        return false;
    }
    segi_syn *seed = segi_parse_literal(p);
    if (seed == NULL)
        return false;
    split->seed = (segi_text){seed->u.name.text, seed->u.name.text_size};
    if (split->seed.size >= 1 && split->seed.size <= SEG_NAME_SIZE_MAX)
        return true;
    segi_parser_fail(p, token, NULL, "the name of a draw has 1 to %d bytes", SEG_NAME_SIZE_MAX);
    return false;
}

/* split("exp-42", 0%, 50%), holdout("global", 5%) */
segi_syn *segi_parse_split(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_SPLIT, p->token.begin);
    segi_split *split = segi_parser_alloc(p, sizeof *split);
    if (syn == NULL || split == NULL)
        return NULL;
    syn->u.split = split;
    split->holdout = segi_parser_is(p, "holdout");
    segi_parser_next(p);
    segi_token open = p->token;
    segi_parser_next(p);
    if (p->status != SEG_OK || !parse_seed(p, split) ||
        !segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and a percentage"))
        return NULL;
    segi_token range = p->token;
    if (!split->holdout && (!segi_parse_percent(p, &split->low) ||
                            !segi_parser_expect(p, SEGI_TOKEN_COMMA, ", and where the share ends")))
        return NULL;
    if (!segi_parse_percent(p, &split->high))
        return NULL;
    range.size = p->prev_end - range.begin;
    if (split->low > split->high)
        return segi_parser_fail(p, range, NULL, "the share ends before it begins");
    if (!segi_parser_close_bracket(p, open, ")"))
        return NULL;
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

/* ---- classes by conditions ---- */

/* Texts of labels become names of sets, hence their limits. */
static segi_syn *parse_class_label(segi_parser *p)
{
    if (p->token.kind != SEGI_TOKEN_STRING)
        return segi_parser_expected(p, "a label in double quotes, or \"otherwise\"",
                                    "\"loyal\": did login; otherwise \"new\"");
    segi_token token = p->token;
    segi_syn *label = segi_parse_literal(p);
    if (label != NULL &&
        (label->u.name.text_size == 0 || label->u.name.text_size > SEG_NAME_SIZE_MAX))
        return segi_parser_fail(p, token, NULL, "a label has 1 to %d bytes", SEG_NAME_SIZE_MAX);
    return label;
}

/* "label": condition; ... otherwise "label". Children alternate between label and condition, the
 * last one is the label of everybody else. */
segi_syn *segi_parse_class(segi_parser *p, segi_token_kind between)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_CLASS, p->token.begin);
    if (syn == NULL)
        return NULL;
    while (!segi_parser_is(p, "otherwise")) {
        segi_token token = p->token;
        segi_syn *label = parse_class_label(p);
        if (label == NULL ||
            !segi_parser_expect(p, SEGI_TOKEN_COLON, "a colon and the label's condition"))
            return NULL;
        if (syn->kid_count / 2 + 1 == SEG_CLASS_LABELS_MAX)
            return segi_parser_fail(p, token, NULL, "a class has at most %d labels",
                                    SEG_CLASS_LABELS_MAX);
        segi_syn *condition = segi_parse_expr(p);
        if (condition == NULL ||
            !segi_parser_expect(p, between,
                                between == SEGI_TOKEN_COMMA
                                    ? ", and the next label, or \"otherwise\""
                                    : "; and the next label, or \"otherwise\""))
            return NULL;
        segi_syn_add(syn, label);
        segi_syn_add(syn, condition);
    }
    segi_token last = p->token;
    segi_parser_next(p);
    segi_syn *label = p->status == SEG_OK ? parse_class_label(p) : NULL;
    if (label == NULL)
        return NULL;
    if (syn->kid_count == 0)
        return segi_parser_fail(p, last, NULL, "a class has a label with a condition first");
    segi_syn_add(syn, label);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}

segi_syn *segi_parse_definition(segi_parser *p)
{
    segi_syn *syn =
        segi_parse_rfm_starts(p) ? segi_parse_rfm(p) : segi_parse_class(p, SEGI_TOKEN_SEMICOLON);
    (void)segi_parser_take_kind(p, SEGI_TOKEN_SEMICOLON);
    return p->status == SEG_OK ? syn : NULL;
}
