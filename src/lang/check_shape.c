/* check_shape.c - sessions (S-21), and stages of a customer's life, said in terms of did, first and
 * last (S-23).
 *
 * The tree that comes out of a stage has nothing new in it: planner and executor know its parts
 * already, and equal parts of several stages are computed once. */
#include "base/bits.h"
#include "lang/checker.h"

/* ---- sessions ---- */

/* The selector of sessions has the event types of what they are made of, so that all who ask
 * which types are looked at need not know about sessions. */
bool segi_check_session(segi_check *k, const segi_syn_selector *syn, segi_zone_ref zone,
                        segi_selector *out)
{
    static const segi_syn_selector any = {.any = true};
    const segi_syn_selector *of = syn->session->of == NULL ? &any : syn->session->of;
    segi_session *session = segi_check_alloc(k, 1, sizeof *session);
    if (session == NULL)
        return false;
    if (of->session != NULL) {
        segi_check_fail(k, of->begin, of->size, SEG_E_TYPE, "sessions are made of events");
        return false;
    }
    session->gap.unit = syn->session->gap.unit;
    session->of = segi_check_selector(k, of, zone);
    if (session->of == NULL || !segi_check_number(k, syn->session->gap.count, &session->gap.count))
        return false;
    out->session = session;
    out->any_event = session->of->any_event;
    out->event_count = session->of->event_count;
    out->events = session->of->events;
    return true;
}

/* ---- days of the year ---- */

/* The question is one about dates, whatever the value is: an instant counts as its date in the
 * zone (S-27). */
segi_node *segi_check_anniversary(segi_check *k, const segi_syn *syn)
{
    const segi_syn *asked = syn->kids;
    segi_node *node = segi_check_node(k, SEGI_NODE_TIME, syn);
    segi_node *day = segi_check_node(k, SEGI_NODE_ANNIVERSARY, asked);
    segi_value_type date = segi_type_of(SEG_TYPE_DATE);
    segi_node *value = node == NULL || day == NULL ? NULL : segi_check_value(k, asked->kids, &date);
    if (value == NULL || !segi_check_single(k, value))
        return NULL;
    segi_check_settle(value, date);
    if (value->type.type != SEG_TYPE_DATE && value->type.type != SEG_TYPE_TIMESTAMP)
        return segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                               "an anniversary is that of a date or an instant, and this is %s",
                               segi_value_type_name(value->type));
    day->early = asked->op == 1;
    day->type = date;
    if (!segi_check_children(k, day, value, NULL, NULL) ||
        !segi_check_children(k, node, day, NULL, NULL) ||
        !segi_check_window(k, syn->u.window, false, &node->window))
        return NULL;
    /* Only a span with two lengths has the second one's unit. */
    segi_window window = node->window;
    if (window.kind != SEGI_WINDOW_AGO)
        window.length_to.unit = SEGI_UNIT_DAY;
    return segi_check_date_window(k, syn, &window) ? node : NULL;
}

/* 12-24, which reads as twelve minus twenty-four; 0: it is no day of a year. */
static int32_t day_of_year(const segi_syn *syn)
{
    static const int32_t lengths[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    if (syn->kind != SEGI_SYN_ARITH || syn->op != SEGI_MINUS)
        return 0;
    const segi_syn *month = syn->kids, *day = syn->kids->next;
    if (month->kind != SEGI_SYN_NUMBER || day->kind != SEGI_SYN_NUMBER ||
        month->u.literal.type.type != SEG_TYPE_INT64 || day->u.literal.type.type != SEG_TYPE_INT64)
        return 0;
    int64_t m = month->u.literal.slot, d = day->u.literal.slot;
    return m >= 1 && m <= 12 && d >= 1 && d <= lengths[m - 1] ? (int32_t)(m * 100 + d) : 0;
}

/* Written without a year, a date reads as a subtraction. */
bool segi_check_is_season(const segi_syn *syn)
{
    return syn->kids->next->kind == SEGI_SYN_ARITH || syn->kids->next->next->kind == SEGI_SYN_ARITH;
}

/* Wraps round the end of the year where `to` is before `from`. */
segi_node *segi_check_season(segi_check *k, const segi_syn *syn, segi_node *value)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_SEASON, syn);
    const segi_syn *sides[2] = {syn->kids->next, syn->kids->next->next};
    int32_t days[2];
    if (node == NULL)
        return NULL;
    for (int i = 0; i < 2; i++) {
        days[i] = day_of_year(sides[i]);
        if (days[i] != 0)
            continue;
        segi_check_fail(k, sides[i]->begin, sides[i]->size, SEG_E_TYPE,
                        "this is no date, and no day of the year either");
        segi_check_hint(k, "between 2026-12-24 and 2027-01-06, or of any year: between 12-24 and "
                           "01-06");
        return NULL;
    }
    node->season = (segi_season){days[0], days[1]};
    segi_check_window_default(k, &node->window);
    return segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* ---- stages ---- */

/* What all parts of one lifecycle condition share. */
typedef struct life {
    segi_check *k;
    const segi_syn *syn;
    const segi_syn_lifecycle *what;
    const segi_selector *selector;
    segi_zone_ref zone;
} life;

/* A DID or EDGE of the selector in that window; EDGE is the first one unless told otherwise. */
static segi_node *life_node(const life *l, segi_node_kind kind, segi_window_kind window,
                            segi_duration length)
{
    segi_node *node = segi_check_node(l->k, kind, l->syn);
    if (node == NULL)
        return NULL;
    segi_check_window_default(l->k, &node->window);
    node->window.zone = l->zone;
    node->window.kind = window;
    node->window.length = length;
    node->selector = l->selector;
    node->nth = 1;
    if (kind == SEGI_NODE_DID) {
        node->nth = 0;
        node->bound = (segi_bound){false, 1, INT64_MAX, false, SEGI_UNIT_SECOND, 1};
    }
    return node;
}

/* Each of these two passes a failure on. */
static segi_node *life_not(const life *l, const segi_node *node)
{
    return node == NULL ? NULL : segi_check_not(l->k, l->syn, node);
}

static segi_node *life_and(const life *l, const segi_node *a, const segi_node *b,
                           const segi_node *c)
{
    const segi_node *nodes[3] = {a, b, c};
    if (l->k->c->status != SEG_OK || a == NULL || b == NULL)
        return NULL;
    return segi_check_join(l->k, l->syn, SEGI_NODE_AND, nodes, c == NULL ? 2 : 3);
}

/* last ... older than W: did once, and not in the last W. */
static segi_node *life_dormant(const life *l, segi_duration away)
{
    segi_node *node = life_node(l, SEGI_NODE_EDGE, SEGI_WINDOW_OLDER, away);
    if (node != NULL)
        node->which = SEGI_LAST;
    return node;
}

/* Both lengths in the finer of their units: what is added up stays exact. */
static bool life_same_unit(const life *l, segi_duration *a, segi_duration *b)
{
    static const int64_t months[] = {1, 3, 12};
    segi_unit unit = a->unit < b->unit ? a->unit : b->unit;
    segi_duration *both[2] = {a, b};
    if (segi_is_gap(a->count) || segi_is_gap(b->count)) {
        segi_check_fail(l->k, l->syn->begin, l->syn->size, SEG_E_TYPE,
                        "a parameter cannot stand in \"resurrected\"");
        segi_check_hint(l->k, "write it out with did and did not");
        return false;
    }
    if ((a->unit >= SEGI_UNIT_MONTH) != (b->unit >= SEGI_UNIT_MONTH)) {
        segi_check_fail(l->k, l->syn->begin, l->syn->size, SEG_E_TYPE,
                        "lengths of up to weeks and of months cannot be added up");
        segi_check_hint(l->k, "a month has no fixed length: take 30 days, or months for both");
        return false;
    }
    for (int i = 0; i < 2; i++) {
        segi_duration one = {1, unit}, own = {1, both[i]->unit};
        int64_t factor = unit >= SEGI_UNIT_MONTH
                             ? months[own.unit - SEGI_UNIT_MONTH] / months[unit - SEGI_UNIT_MONTH]
                             : segi_duration_length(own) / segi_duration_length(one);
        if (segi_mul_overflow(both[i]->count, factor, &both[i]->count) ||
            both[i]->count > INT64_MAX / 4) {
            segi_check_fail(l->k, l->syn->begin, l->syn->size, SEG_E_LIMIT,
                            "this length of time is too large");
            return false;
        }
        both[i]->unit = unit;
    }
    return true;
}

/* Active lately, not for a while before that, and once before that. */
static segi_node *life_resurrected(const life *l, segi_duration active, segi_duration away)
{
    if (!life_same_unit(l, &active, &away))
        return NULL;
    segi_duration both = {active.count + away.count, active.unit};
    segi_node *pause = life_node(l, SEGI_NODE_DID, SEGI_WINDOW_AGO, both);
    if (pause != NULL)
        pause->window.length_to = active;
    return life_and(l, life_node(l, SEGI_NODE_DID, SEGI_WINDOW_LAST, active), life_not(l, pause),
                    life_node(l, SEGI_NODE_DID, SEGI_WINDOW_OLDER, both));
}

/* One stage, by the running period and the one before it. */
static segi_node *life_stage(const life *l, uint32_t stage)
{
    segi_duration unit = {1, l->what->unit};
    segi_node *now = life_node(l, SEGI_NODE_DID, SEGI_WINDOW_THIS, unit);
    segi_node *before = life_node(l, SEGI_NODE_DID, SEGI_WINDOW_PREVIOUS, unit);
    segi_node *first = life_node(l, SEGI_NODE_EDGE, SEGI_WINDOW_THIS, unit);
    segi_node *ever = life_node(l, SEGI_NODE_DID, SEGI_WINDOW_EVER, (segi_duration){0});
    switch (stage) {
    case SEGI_STAGE_NEW: return first;
    case SEGI_STAGE_ACTIVE: return life_and(l, now, before, NULL);
    case SEGI_STAGE_DORMANT: return life_and(l, ever, life_not(l, now), NULL);
    default: return life_and(l, now, life_not(l, before), life_not(l, first));
    }
}

/* Stages are disjoint, so the union of those that were asked for is their or. */
static segi_node *life_stages(const life *l)
{
    const segi_node *nodes[4];
    size_t count = 0;
    for (uint32_t stage = 1; stage <= SEGI_STAGE_RESURRECTED; stage *= 2) {
        if (!(l->what->stages & stage))
            continue;
        nodes[count] = life_stage(l, stage);
        if (nodes[count++] == NULL)
            return NULL;
    }
    return segi_check_join(l->k, l->syn, SEGI_NODE_OR, nodes, count);
}

/* The selector is checked once and shared by all parts: equal leaves then are one leaf in the
 * plan. */
segi_node *segi_check_lifecycle(segi_check *k, const segi_syn *syn)
{
    life l = {.k = k, .syn = syn, .what = syn->u.lifecycle, .zone = k->zone};
    segi_duration active = {0, l.what->active.unit}, away = {0, l.what->away.unit};
    if (!segi_check_zone(k, &l.what->zone, &l.zone))
        return NULL;
    l.selector = segi_check_selector(k, l.what->selector, l.zone);
    if (l.selector == NULL || !segi_check_number(k, l.what->active.count, &active.count) ||
        !segi_check_number(k, l.what->away.count, &away.count))
        return NULL;
    switch (l.what->kind) {
    case SEGI_LIFE_DORMANT: return life_dormant(&l, away);
    case SEGI_LIFE_RESURRECTED: return life_resurrected(&l, active, away);
    case SEGI_LIFE_STAGE: break;
    }
    return life_stages(&l);
}
