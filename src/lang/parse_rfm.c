/* parse_rfm.c - rfm(property, ...) of EVENT: recency, frequency and money. */
#include <string.h>

#include "base/bits.h"
#include "base/text.h"
#include "lang/syntax.h"

#define RFM_HINT "rfm(total, floating) of \"Order Completed\" in last 1 year"

static const char *const rfm_words[] = {"rfm.r", "rfm.f", "rfm.m", "rfm"};
static const char *const measure_words[] = {"r", "f", "m"};

static bool rfm_word_at(const segi_parser *p, uint32_t *out)
{
    for (*out = 0; *out < sizeof rfm_words / sizeof *rfm_words; ++*out) {
        if (segi_parser_is(p, rfm_words[*out]))
            return true;
    }
    return false;
}

bool segi_parse_rfm_starts(const segi_parser *p)
{
    uint32_t word;
    return rfm_word_at(p, &word) &&
           (segi_parser_peek(p, 1).kind == SEGI_TOKEN_LEFT || segi_parser_then(p, "of"));
}

/* ---- cut points ---- */

/* How long ago, in microseconds; below zero nothing is. Seconds may have a fraction, so that any
 * moment can be a cut point; other units too, of millionths. */
static bool parse_age(segi_parser *p, segi_literal *out)
{
    bool ahead = segi_parser_take_kind(p, SEGI_TOKEN_MINUS);
    segi_token token = p->token;
    segi_literal count;
    segi_unit unit;
    memset(&count, 0, sizeof count);
    if (token.kind != SEGI_TOKEN_NUMBER || !segi_token_unit(p, segi_parser_peek(p, 1), &unit)) {
        segi_parser_expected(p, "how long ago the last one may be", "r (180 days, 90 days)");
        return false;
    }
    segi_parser_next(p);
    token.size = p->token.begin + p->token.size - token.begin;
    int64_t one = unit <= SEGI_UNIT_WEEK ? segi_duration_length((segi_duration){1, unit}) : 0;
    int64_t parts = 0;
    if (!segi_number_exact(p->lexer.text + token.begin, (size_t)(p->prev_end - token.begin), ahead,
                           &count) ||
        one == 0 || !segi_decimal_rescale(count.slot, count.type.scale, 6, &parts) ||
        segi_mul_overflow(parts, one / 1000000, &parts) || parts > SEG_TIME_MAX ||
        parts < -SEG_TIME_MAX) {
        segi_parser_fail(p, token, "180 days, 36 hours, 0.5 seconds",
                         "how long ago is said in weeks at most, of at most six digits after the "
                         "point");
        return false;
    }
    memset(out, 0, sizeof *out);
    out->type.type = (seg_type)SEGI_TYPE_DURATION;
    out->slot = parts;
    segi_parser_next(p);
    return p->status == SEG_OK;
}

static bool parse_point(segi_parser *p, segi_literal *out)
{
    segi_token token = p->token;
    segi_syn *literal = segi_parse_literal(p);
    if (literal == NULL)
        return false;
    if (literal->kind != SEGI_SYN_NUMBER) {
        token.size = literal->size;
        segi_parser_fail(p, token, NULL, "cut points of frequency and money are numbers");
        return false;
    }
    *out = literal->u.literal;
    return true;
}

/* r (180 days, 90 days) and the like. */
static bool parse_points(segi_parser *p, uint32_t measure, segi_syn_rfm *rfm)
{
    segi_literal *points = segi_parser_alloc(p, SEGI_RFM_SCALE_MAX * sizeof *points);
    if (points == NULL)
        return false;
    if (!segi_parser_take(p, measure_words[measure])) {
        segi_parser_expected(p, "the cut points of r, f and m in turn",
                             "cuts r (180 days, 30 days) f (2, 5) m (100, 500)");
        return false;
    }
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and the cut points"))
        return false;
    uint32_t count = 0;
    do {
        if (count == SEGI_RFM_SCALE_MAX - 1) {
            segi_parser_fail(p, p->token, NULL, "a score has at most %d cut points",
                             SEGI_RFM_SCALE_MAX - 1);
            return false;
        }
        if (measure == SEGI_RFM_RECENCY ? !parse_age(p, &points[count])
                                        : !parse_point(p, &points[count]))
            return false;
        count++;
    } while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA));
    rfm->cuts[measure] = points;
    if (!segi_parser_close_bracket(p, open, ", or )"))
        return false;
    open.size = p->prev_end - open.begin;
    if (measure == 0)
        rfm->scale = count + 1;
    if (rfm->scale == count + 1)
        return true;
    segi_parser_fail(p, open, NULL, "r, f and m have as many cut points each");
    return false;
}

/* ---- options ---- */

static bool parse_scale(segi_parser *p, segi_syn_rfm *rfm)
{
    segi_syn_number scale;
    segi_token token = p->token;
    if (!segi_parse_number(p, &scale, "the number of scores"))
        return false;
    if (scale.param == NULL && scale.value >= SEGI_RFM_SCALE_MIN &&
        scale.value <= SEGI_RFM_SCALE_MAX) {
        rfm->scale = (uint32_t)scale.value;
        return true;
    }
    segi_parser_fail(p, token, NULL, "there are %d to %d scores", SEGI_RFM_SCALE_MIN,
                     SEGI_RFM_SCALE_MAX);
    return false;
}

/* How customers are scored has to be said: floating scores move with those of others. */
static bool parse_way(segi_parser *p, segi_syn_rfm *rfm)
{
    if (p->token.kind == SEGI_TOKEN_COMMA)
        segi_parser_next(p);
    if (p->status == SEG_OK && segi_parser_take(p, "floating")) {
        rfm->floating = true;
        rfm->scale = SEGI_RFM_SCALE_USUAL;
        return true;
    }
    if (p->status == SEG_OK && segi_parser_take(p, "cuts")) {
        for (uint32_t i = 0; i < SEGI_RFM_COUNT; i++) {
            if (!parse_points(p, i, rfm))
                return false;
        }
        return true;
    }
    segi_parser_expected(p,
                         "\"floating\" or \"cuts\": are customers scored among each other, or by "
                         "given points?",
                         "rfm(total, floating), or: rfm(total, cuts r (90 days) f (2) m (100))");
    return false;
}

static bool parse_groups(segi_parser *p, segi_syn_rfm *rfm)
{
    segi_token open = p->token;
    if (!segi_parser_expect(p, SEGI_TOKEN_LEFT, "( and the groups") || !segi_parser_enter(p, open))
        return false;
    rfm->groups = segi_parse_class(p, SEGI_TOKEN_COMMA);
    segi_parser_leave(p);
    return rfm->groups != NULL && segi_parser_close_bracket(p, open, ")");
}

static bool parse_options(segi_parser *p, segi_syn_rfm *rfm)
{
    bool scaled = false;
    while (segi_parser_take_kind(p, SEGI_TOKEN_COMMA)) {
        segi_token token = p->token;
        if (rfm->floating && !scaled && segi_parser_take(p, "scale")) {
            scaled = true;
            if (!parse_scale(p, rfm))
                return false;
        } else if (rfm->groups == NULL && segi_parser_take(p, "groups")) {
            if (rfm->measure != SEGI_RFM_GROUP) {
                segi_parser_fail(p, token, RFM_HINT, "groups are those of \"rfm\" alone");
                return false;
            }
            if (!parse_groups(p, rfm))
                return false;
        } else {
            segi_parser_expected(p, "\"scale\" of floating scores, or \"groups\"", RFM_HINT);
            return false;
        }
    }
    return p->status == SEG_OK;
}

/* ---- what is measured ---- */

static segi_syn *behaviour_of(segi_parser *p, const segi_syn *at, segi_syn_kind kind,
                              const segi_syn_behaviour *like)
{
    segi_syn *syn = segi_parser_node(p, kind, at->begin);
    segi_syn_behaviour *behaviour = segi_parser_alloc(p, sizeof *behaviour);
    if (syn == NULL || behaviour == NULL)
        return NULL;
    *behaviour = *like;
    syn->u.behaviour = behaviour;
    segi_parser_close(p, syn);
    return syn;
}

/* The same events are looked at four times: when was the last, how many are there, what do they sum
 * up to, is there any? */
static bool rfm_values(segi_parser *p, const segi_syn *syn, segi_syn_behaviour like,
                       segi_syn_rfm *rfm)
{
    static const segi_aggregate aggregates[] = {SEGI_AGG_LAST, SEGI_AGG_COUNT, SEGI_AGG_SUM};
    segi_syn *time = segi_parser_node(p, SEGI_SYN_BUILTIN, syn->begin);
    if (time == NULL)
        return false;
    time->op = SEGI_BUILTIN_TIME;
    segi_parser_close(p, time);
    const segi_syn *arguments[] = {time, NULL, rfm->property};
    rfm->bought = behaviour_of(p, syn, SEGI_SYN_DID, &like);
    for (uint32_t i = 0; i < SEGI_RFM_COUNT; i++) {
        like.aggregate = aggregates[i];
        like.argument = arguments[i];
        rfm->values[i] = behaviour_of(p, syn, SEGI_SYN_AGGREGATE, &like);
    }
    return p->status == SEG_OK;
}

static bool parse_events(segi_parser *p, const segi_syn *syn, segi_syn_rfm *rfm)
{
    segi_syn_behaviour like;
    memset(&like, 0, sizeof like);
    if (!segi_parser_take(p, "of")) {
        segi_parser_expected(p, "\"of\" and an event", RFM_HINT);
        return false;
    }
    like.selector = segi_parse_selector(p);
    if (like.selector == NULL)
        return false;
    if (segi_parse_window_starts(p)) {
        like.window = segi_parse_window(p);
        if (like.window == NULL)
            return false;
    }
    return rfm_values(p, syn, like, rfm);
}

static bool parse_property(segi_parser *p, segi_syn_rfm *rfm)
{
    segi_token token = p->token;
    segi_syn *property = segi_parse_value(p);
    if (property == NULL)
        return false;
    rfm->property = property;
    if (property->kind == SEGI_SYN_NAME)
        return true;
    token.size = property->size;
    segi_parser_fail(p, token, RFM_HINT, "here stands the property that holds the money");
    return false;
}

/* rfm.r of class.name */
static bool parse_of_class(segi_parser *p, segi_syn_rfm *rfm)
{
    segi_token token = p->token;
    segi_syn *name = segi_parse_value(p);
    if (name == NULL)
        return false;
    rfm->class_name = name;
    if (name->kind == SEGI_SYN_NAME && rfm->measure != SEGI_RFM_GROUP &&
        name->u.name.text_size > 6 && memcmp(name->u.name.text, "class.", 6) == 0)
        return true;
    segi_parser_fail(p, token, RFM_HINT,
                     rfm->measure == SEGI_RFM_GROUP
                         ? "( and the property that holds the money follow \"rfm\""
                         : "a score is of a saved class, or of what stands in brackets");
    return false;
}

/* property, options) of EVENT [span] */
static bool parse_brackets(segi_parser *p, segi_token open, const segi_syn *syn, segi_syn_rfm *rfm)
{
    return parse_property(p, rfm) && parse_way(p, rfm) && parse_options(p, rfm) &&
           segi_parser_close_bracket(p, open, ", or )") && parse_events(p, syn, rfm);
}

segi_syn *segi_parse_rfm(segi_parser *p)
{
    segi_syn *syn = segi_parser_node(p, SEGI_SYN_RFM, p->token.begin);
    segi_syn_rfm *rfm = segi_parser_alloc(p, sizeof *rfm);
    if (syn == NULL || rfm == NULL)
        return NULL;
    memset(rfm, 0, sizeof *rfm);
    syn->u.rfm = rfm;
    rfm_word_at(p, &rfm->measure);
    segi_parser_next(p);
    segi_token open = p->token;
    if (!segi_parser_enter(p, open))
        return NULL;
    segi_parser_next(p);
    if (p->status != SEG_OK || !(open.kind == SEGI_TOKEN_LEFT ? parse_brackets(p, open, syn, rfm)
                                                              : parse_of_class(p, rfm)))
        return NULL;
    segi_parser_leave(p);
    segi_parser_close(p, syn);
    return p->status == SEG_OK ? syn : NULL;
}
