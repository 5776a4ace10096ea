/* check_rfm.c - recency, frequency and money: three scores over the same events, and the groups by
 * them, which are a class like any other. */
#include <string.h>

#include "lang/checker.h"

/* The usual groups, as the text of a class. First match wins, so later ones need not say what those
 * before them took. */
static const char groups_usual[] = "\"champions\": r >= 4 and f >= 4 and m >= 4; "
                                   "\"loyal\": r >= 3 and f >= 4; "
                                   "\"big spenders\": r >= 3 and m >= 4; "
                                   "\"potential loyalists\": r >= 4 and f >= 2; "
                                   "\"new\": r >= 4; "
                                   "\"need attention\": r >= 3; "
                                   "\"cannot lose\": f >= 4 and m >= 4; "
                                   "\"at risk\": f >= 3; "
                                   "\"about to sleep\": r >= 2; "
                                   "otherwise \"lost\"";

/* ---- cut points ---- */

static bool points_fit(segi_check *k, const segi_syn *syn, const segi_literal *points,
                       uint32_t count, uint32_t measure, segi_value_type type)
{
    for (uint32_t i = 0; i < count; i++) {
        int order = i == 0 ? -1 : segi_literal_compare(&points[i - 1], &points[i]);
        if (measure == SEGI_RFM_RECENCY ? i > 0 && order < 0 : order > 0) {
            segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                            "cut points go from the worst to the best: those of r fall, those of "
                            "f and m rise");
            segi_check_hint(k, "cuts r (180 days, 30 days) f (2, 5) m (100, 500)");
            return false;
        }
        if (points[i].type.type == SEG_TYPE_FLOAT64 && type.type != SEG_TYPE_FLOAT64) {
            segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                            "a cut point has too many digits for what it cuts");
            return false;
        }
    }
    return true;
}

static const segi_literal *check_points(segi_check *k, const segi_syn *syn, uint32_t measure,
                                        segi_value_type type)
{
    const segi_syn_rfm *written = syn->u.rfm;
    uint32_t count = written->scale - 1;
    segi_literal *points = segi_check_alloc(k, count, sizeof *points);
    if (points == NULL || !points_fit(k, syn, written->cuts[measure], count, measure, type))
        return NULL;
    memcpy(points, written->cuts[measure], count * sizeof *points);
    return points;
}

/* ---- scores ---- */

/* Ranked among those who did it; by cut points everyone has a score, with the count to tell who
 * did. */
static const segi_node *check_measure(segi_check *k, const segi_syn *syn, segi_rfm *rfm,
                                      uint32_t measure)
{
    const segi_syn_rfm *written = syn->u.rfm;
    segi_node *node = segi_check_node(k, SEGI_NODE_SCORE, syn);
    segi_score *score = segi_check_alloc(k, 1, sizeof *score);
    segi_node *value = score == NULL ? NULL : segi_check_value(k, written->values[measure], NULL);
    if (value == NULL)
        return NULL;
    segi_check_settle(value, segi_type_of(SEG_TYPE_FLOAT64));
    memset(score, 0, sizeof *score);
    score->cuts = written->floating ? SEGI_CUTS_MIDDLES : SEGI_CUTS_FIXED;
    score->cut_count = written->scale - 1;
    score->zeros = true;
    score->rfm = rfm;
    score->measure = measure;
    node->score = score;
    node->type = segi_type_of(SEG_TYPE_INT64);
    const segi_node *bought = rfm->bought;
    if (!written->floating) {
        score->points = check_points(k, syn, measure, value->type);
        bought = segi_check_value(k, written->values[SEGI_RFM_FREQUENCY], NULL);
        if (score->points == NULL || bought == NULL)
            return NULL;
    }
    return segi_check_children(k, node, value, bought, NULL) ? node : NULL;
}

static segi_rfm *check_scores(segi_check *k, const segi_syn *syn)
{
    const segi_syn_rfm *written = syn->u.rfm;
    segi_rfm *rfm = segi_check_alloc(k, 1, sizeof *rfm);
    if (rfm == NULL || !segi_check_scores(k, syn, SEGI_RFM_COUNT))
        return NULL;
    memset(rfm, 0, sizeof *rfm);
    rfm->scale = written->scale;
    rfm->floating = written->floating;
    rfm->bought = segi_check_predicate(k, written->bought);
    if (rfm->bought == NULL)
        return NULL;
    for (uint32_t i = 0; i < SEGI_RFM_COUNT; i++) {
        rfm->scores[i] = check_measure(k, syn, rfm, i);
        if (rfm->scores[i] == NULL)
            return NULL;
    }
    return rfm;
}

/* ---- groups ---- */

segi_node *segi_check_rfm_name(segi_check *k, const segi_syn *syn)
{
    static const char letters[] = "rfm"; /* the order of SEGI_RFM_... */
    if (k->rfm == NULL || syn->u.name.text_size != 1)
        return NULL;
    const char *at = memchr(letters, syn->u.name.text[0], SEGI_RFM_COUNT);
    segi_node *node = at == NULL ? NULL : segi_check_node(k, SEGI_NODE_SCORE, syn);
    if (node == NULL)
        return NULL;
    uint32_t begin = node->span_begin, size = node->span_size;
    *node = *k->rfm->scores[at - letters];
    node->span_begin = begin;
    node->span_size = size;
    return node;
}

/* What was read from a text of our own stands where the rfm does. */
static void place_at(segi_syn *syn, const segi_syn *at)
{
    for (segi_syn *kid = syn->kids; kid != NULL; kid = kid->next)
        place_at(kid, at);
    syn->begin = at->begin;
    syn->size = at->size;
}

static const segi_syn *groups_of(segi_check *k, const segi_syn *syn)
{
    segi_syn_root root;
    if (syn->u.rfm->groups != NULL)
        return syn->u.rfm->groups;
    if (syn->u.rfm->scale != SEGI_RFM_SCALE_USUAL) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE, "the usual groups are for %d scores",
                        SEGI_RFM_SCALE_USUAL);
        segi_check_hint(k, "groups (\"best\": r >= 2 and f >= 2, otherwise \"rest\")");
        return NULL;
    }
    k->c->status = segi_parse(&k->c->scratch, groups_usual, strlen(groups_usual), SEGI_GOAL_CLASS,
                              &k->c->nodes, NULL, &root, k->c->err);
    if (k->c->status != SEG_OK)
        return NULL;
    place_at(root.root, syn);
    return root.root;
}

static bool check_groups(segi_check *k, const segi_syn *groups, segi_rfm *rfm, segi_text *labels,
                         const segi_node **conditions)
{
    const segi_rfm *outer = k->rfm;
    const segi_syn *kid = groups->kids;
    uint32_t count = groups->kid_count / 2 + 1;
    k->rfm = rfm;
    for (uint32_t i = 0; i < count && k->c->status == SEG_OK; i++, kid = kid->next) {
        if (segi_check_part_label(k, kid, labels, i + 1) && i + 1 < count) {
            kid = kid->next;
            conditions[i] = segi_check_predicate(k, kid);
        }
    }
    k->rfm = outer;
    return k->c->status == SEG_OK;
}

/* A class whose first label is for those who did not buy. */
static segi_node *check_class(segi_check *k, const segi_syn *syn, segi_rfm *rfm)
{
    const segi_syn *groups = groups_of(k, syn);
    if (groups == NULL)
        return NULL;
    uint32_t count = groups->kid_count / 2 + 1;
    segi_node *node = segi_check_node(k, SEGI_NODE_CLASS, syn);
    segi_parts *parts = segi_check_alloc(k, 1, sizeof *parts);
    segi_text *labels = segi_check_alloc(k, count + 1, sizeof *labels);
    const segi_node **conditions = segi_check_alloc(k, count, sizeof *conditions);
    if (conditions == NULL)
        return NULL;
    labels[0] = (segi_text){"none", 4};
    conditions[0] = segi_check_not(k, syn, rfm->bought);
    if (conditions[0] == NULL || !check_groups(k, groups, rfm, labels, conditions + 1))
        return NULL;
    if (syn->u.rfm->groups != NULL) {
        rfm->group_count = count;
        rfm->groups = labels + 1;
        rfm->conditions = conditions + 1;
    }
    *parts = (segi_parts){count + 1, labels, conditions, NULL, rfm};
    node->parts = parts;
    node->type = segi_type_of(SEG_TYPE_STRING);
    return segi_check_parts(k, syn, parts) ? node : NULL;
}

/* ---- doors ---- */

/* rfm.r of class.name */
static segi_node *check_of_class(segi_check *k, const segi_syn *syn)
{
    const segi_syn *name = syn->u.rfm->class_name;
    segi_node *class = segi_check_class_name(k, name);
    if (k->c->status != SEG_OK)
        return NULL;
    if (class == NULL)
        return segi_check_fail(k, name->begin, name->size, SEG_E_UNKNOWN_NAME,
                               "no class \"%.*s\" is saved", (int)name->u.name.text_size - 6,
                               name->u.name.text + 6);
    if (class->parts->rfm == NULL)
        return segi_check_fail(k, name->begin, name->size, SEG_E_TYPE,
                               "\"%.*s\" has no scores: it is no rfm", (int)class->name_size,
                               class->name);
    segi_node *node = segi_check_node(k, SEGI_NODE_SCORE, syn);
    if (node == NULL)
        return NULL;
    *node = *class->parts->rfm->scores[syn->u.rfm->measure];
    node->span_begin = syn->begin;
    node->span_size = syn->size;
    node->name = class->name;
    node->name_size = class->name_size;
    return node;
}

segi_node *segi_check_rfm(segi_check *k, const segi_syn *syn)
{
    const segi_syn_rfm *written = syn->u.rfm;
    if (k->selector != NULL)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "scores of customers cannot stand inside where");
    if (written->class_name != NULL)
        return check_of_class(k, syn);
    segi_rfm *rfm = check_scores(k, syn);
    if (rfm == NULL)
        return NULL;
    if (written->measure == SEGI_RFM_GROUP)
        return check_class(k, syn, rfm);
    segi_node *node = segi_check_node(k, SEGI_NODE_SCORE, syn);
    if (node != NULL)
        *node = *rfm->scores[written->measure];
    return node;
}

segi_node *segi_check_rfm_class(segi_check *k, const segi_syn *syn)
{
    if (syn->u.rfm->measure != SEGI_RFM_GROUP)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "a class has labels, and a score is a number: rfm(...)");
    return segi_check_rfm(k, syn);
}
