/* check_score.c - classes by cut points: which value, which points, which names; classes by
 * conditions, and what a test of either comes to.
 *
 * A score is ranked among a population when it is run (S-25), so only its cut points and names
 * are known here. A class (S-26) is gone after this file but for its text: a test of a label
 * becomes the or of the trees that decide about those labels, and LABEL keeps what was written
 * for the printer. */
#include <string.h>

#include "lang/checker.h"

/* Each takes a pass over its population and a byte per user. */
#define SCORES_MAX 1000

/* Names of classes compare by bytes. */
static bool label_equal(const segi_text *label, const char *text, size_t size)
{
    return label->size == size && (size == 0 || memcmp(label->text, text, size) == 0);
}

/* ---- labels ---- */

/* The names of a tier, "none" in front. */
static bool check_labels(segi_check *k, const segi_syn *syn, segi_score *score)
{
    static const segi_text usual[] = {{"light", 5}, {"medium", 6}, {"heavy", 5}};
    const segi_syn_score *written = syn->u.score;
    uint32_t classes = score->cut_count + 1;
    if (written->label_count == 0 ? classes != 3 : written->label_count != classes) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "%u cut points make %u tiers, and %u of them have names",
                        (unsigned)score->cut_count, (unsigned)classes,
                        (unsigned)written->label_count);
        segi_check_hint(k, "cuts (p50, p80) labels (\"light\", \"medium\", \"heavy\")");
        return false;
    }
    segi_text *labels = segi_check_alloc(k, classes + 1, sizeof *labels);
    if (labels == NULL)
        return false;
    labels[0] = (segi_text){"none", 4};
    score->labels = labels;
    if (written->label_count == 0) {
        memcpy(labels + 1, usual, sizeof usual);
        return true;
    }
    const segi_syn *label = written->label_list;
    for (uint32_t i = 1; i <= classes; i++, label = label->next) {
        for (uint32_t j = 0; j < i; j++) {
            if (!label_equal(&labels[j], label->u.name.text, label->u.name.text_size))
                continue;
            segi_check_fail(k, label->begin, label->size, SEG_E_TYPE,
                            j == 0 ? "\"none\" is the tier of those whose value is 0"
                                   : "two tiers have this name");
            return false;
        }
        labels[i].size = label->u.name.text_size;
        labels[i].text = segi_arena_copy(k->c->arena, label->u.name.text, labels[i].size);
        if (labels[i].text == NULL)
            return segi_check_nomem(k);
    }
    return true;
}

/* Of a class those with a condition and the last; of a tier those between the cuts and "none". */
static uint32_t label_count(const segi_node *node)
{
    return node->kind == SEGI_NODE_CLASS ? node->parts->label_count : node->score->cut_count + 2;
}

/* For hints. */
static bool label_at(const void *user, size_t i, const char **out, size_t *out_size)
{
    const segi_node *node = user;
    if (i >= label_count(node))
        return false;
    *out = segi_node_labels(node)[i].text;
    *out_size = segi_node_labels(node)[i].size;
    return true;
}

/* A gap stays a gap: it is looked up once it is bound. */
bool segi_check_label(segi_check *k, uint32_t begin, uint32_t size, const segi_node *value,
                      segi_literal *literal)
{
    const segi_text *labels = segi_node_labels(value);
    if (literal->type.type == SEGI_TYPE_PARAM)
        return true;
    for (uint32_t i = 0; i < label_count(value); i++) {
        if (!label_equal(&labels[i], literal->text, literal->text_size))
            continue;
        *literal = segi_literal_of(SEG_TYPE_INT64, i);
        return true;
    }
    segi_check_fail(k, begin, size, SEG_E_TYPE, "no class is called \"%.*s\" here",
                    literal->text_size > 60 ? 60 : (int)literal->text_size, literal->text);
    segi_check_suggest(k, literal->text, literal->text_size, label_at, value);
    return false;
}

/* ---- cut points ---- */

/* Numbers stay as exact as they were written; exec fits them to the value. */
static bool check_cuts(segi_check *k, const segi_syn *syn, segi_score *score)
{
    const segi_score *written = &syn->u.score->score;
    uint32_t count = score->cut_count;
    int64_t *parts = segi_check_alloc(k, count, sizeof *parts);
    segi_literal *points = segi_check_alloc(k, count, sizeof *points);
    if (points == NULL)
        return false;
    if (score->cuts == SEGI_CUTS_PARTS)
        memcpy(parts, written->parts, count * sizeof *parts);
    else
        memcpy(points, written->points, count * sizeof *points);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 ||
            (score->cuts == SEGI_CUTS_PARTS ? parts[i - 1] < parts[i]
                                            : segi_literal_compare(&points[i - 1], &points[i]) < 0))
            continue;
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "cut points rise from one to the next");
        segi_check_hint(k, "cuts (100, 500), or: cuts (p50, p80)");
        return false;
    }
    score->parts = parts;
    score->points = points;
    return true;
}

/* ---- scores ---- */

/* Counted over all texts of the compile. */
bool segi_check_scores(segi_check *k, const segi_syn *syn, uint32_t count)
{
    k->c->scores += count;
    return k->c->scores <= SCORES_MAX ||
           segi_check_fail(k, syn->begin, syn->size, SEG_E_LIMIT,
                           "more than %d tiers, quantiles and scores", SCORES_MAX) != NULL;
}

static segi_score *score_new(segi_check *k, const segi_syn *syn)
{
    return segi_check_scores(k, syn, 1) ? segi_check_alloc(k, 1, sizeof(segi_score)) : NULL;
}

/* NULL without a failure: everyone. */
static const segi_node *check_population(segi_check *k, const segi_syn *syn)
{
    if (syn == NULL)
        return NULL;
    const segi_node *population = segi_check_predicate(k, syn);
    return population != NULL && population->kind == SEGI_NODE_EVERYONE ? NULL : population;
}

/* Quantiles are numbers from 1, tiers have names; 0 and "none" are those whose value is 0
 * (S-24). */
segi_node *segi_check_score(segi_check *k, const segi_syn *syn)
{
    if (k->selector != NULL)
        return segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                               "tiers and quantiles cannot stand inside where");
    segi_node *node = segi_check_node(k, SEGI_NODE_SCORE, syn);
    segi_score *score = score_new(k, syn);
    segi_node *value = score == NULL ? NULL : segi_check_value(k, syn->kids, NULL);
    if (node == NULL || value == NULL || !segi_check_single(k, value))
        return NULL;
    segi_check_settle(value, segi_type_of(SEG_TYPE_FLOAT64));
    *score = syn->u.score->score;
    /* Written cut points are numbers. */
    if (score->cuts == SEGI_CUTS_FIXED ? !segi_type_numeric(value->type.type)
                                       : !segi_type_ranked(value->type.type))
        return segi_check_fail(k, value->span_begin, value->span_size, SEG_E_TYPE,
                               "only numbers have tiers and quantiles, and this is %s",
                               segi_value_type_name(value->type));
    node->score = score;
    node->type = segi_type_of(score->quantile ? SEG_TYPE_INT64 : SEG_TYPE_STRING);
    if (score->cuts == SEGI_CUTS_FIXED && syn->kids->next != NULL)
        return segi_check_fail(k, syn->kids->next->begin, syn->kids->next->size, SEG_E_TYPE,
                               "cut points that are numbers need no \"among\"");
    if (!check_cuts(k, syn, score) || (score->quantile == 0 && !check_labels(k, syn, score)))
        return NULL;
    const segi_node *population = check_population(k, syn->kids->next);
    if (k->c->status != SEG_OK)
        return NULL;
    return segi_check_children(k, node, value, population, NULL) ? node : NULL;
}

/* The draw depends on seed and user id alone: nobody moves when others come or go (S-34). */
segi_node *segi_check_split(segi_check *k, const segi_syn *syn)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_SPLIT, syn);
    segi_split *split = segi_check_alloc(k, 1, sizeof *split);
    if (split == NULL)
        return NULL;
    *split = *syn->u.split;
    split->seed.text = segi_arena_copy(k->c->arena, split->seed.text, split->seed.size);
    node->split = split;
    return split->seed.text == NULL ? segi_check_nomem(k) : node;
}

/* ---- classes by conditions ---- */

/* `not in` is the complement: everyone has some label, so there is no absent one to be strict
 * about. */
segi_node *segi_check_labels(segi_check *k, const segi_syn *syn, segi_node *test)
{
    const segi_node *value = test->children[0];
    bool compare = test->kind == SEGI_NODE_COMPARE;
    const segi_literal *list = compare ? &test->children[1]->literal : test->list;
    uint32_t count = compare ? 1 : test->list_count;
    if (value->kind != SEGI_NODE_CLASS)
        return test; /* a score: the numbers do */
    const segi_node **nodes = segi_check_alloc(k, count + 1u, sizeof *nodes);
    if (nodes == NULL)
        return NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (list[i].type.type == SEGI_TYPE_PARAM)
            return test; /* a gap: the tree is not for use */
        nodes[i] = value->parts->holds[list[i].slot];
    }
    const segi_node *any = segi_check_join(k, syn, SEGI_NODE_OR, nodes, count);
    if (compare ? test->op == SEGI_NE : test->negated)
        any = segi_check_not(k, syn, any);
    segi_node *node = segi_check_node(k, SEGI_NODE_WRITTEN, syn);
    if (node == NULL || any == NULL)
        return NULL;
    node->written = test;
    return segi_check_children(k, node, any, NULL, NULL) ? node : NULL;
}

/* Behind a SEGMENT node the planner builds a tree once, however often it is referred to. */
static const segi_node *shared_node(segi_check *k, const segi_syn *syn, const segi_node *tree)
{
    segi_node *node = tree == NULL ? NULL : segi_check_node(k, SEGI_NODE_SEGMENT, syn);
    if (node == NULL)
        return NULL;
    node->name = "";
    return segi_check_children(k, node, tree, NULL, NULL) ? node : NULL;
}

/* Who has each label: those for whom its condition holds, and none before it. */
bool segi_check_parts(segi_check *k, const segi_syn *syn, segi_parts *parts)
{
    uint32_t count = parts->label_count;
    const segi_node **conditions = segi_check_alloc(k, count, sizeof *conditions);
    const segi_node **holds = segi_check_alloc(k, count, sizeof *holds);
    if (holds == NULL)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        const segi_node *both[2] = {NULL, NULL};
        if (i + 1 < count) {
            conditions[i] = both[1] = shared_node(k, syn, parts->conditions[i]);
            if (both[1] == NULL)
                return false;
        }
        if (i > 0) {
            const segi_node *before = segi_check_join(k, syn, SEGI_NODE_OR, conditions, i);
            both[0] = segi_check_not(k, syn, before);
        }
        const segi_node *own = i == 0           ? both[1]
                               : i + 1 == count ? both[0]
                                                : segi_check_join(k, syn, SEGI_NODE_AND, both, 2);
        holds[i] = shared_node(k, syn, own);
        if (holds[i] == NULL)
            return false;
    }
    parts->holds = holds;
    return true;
}

/* O(labels) each; there are at most SEG_CLASS_LABELS_MAX. */
bool segi_check_part_label(segi_check *k, const segi_syn *syn, segi_text *labels, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++) {
        if (!label_equal(&labels[j], syn->u.name.text, syn->u.name.text_size))
            continue;
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        k->rfm != NULL && j == 0 ? "\"none\" is the group of those who did not buy"
                                                 : "two labels are alike");
        return false;
    }
    labels[i].size = syn->u.name.text_size;
    labels[i].text = segi_arena_copy(k->c->arena, syn->u.name.text, labels[i].size);
    return labels[i].text != NULL || segi_check_nomem(k) != NULL;
}

/* The kids are label, condition, ..., and the last label, in the order in which they are tried. */
segi_node *segi_check_class(segi_check *k, const segi_syn *syn)
{
    if (syn->kind == SEGI_SYN_RFM)
        return segi_check_rfm_class(k, syn);
    uint32_t count = syn->kid_count / 2 + 1;
    segi_node *node = segi_check_node(k, SEGI_NODE_CLASS, syn);
    segi_parts *parts = segi_check_alloc(k, 1, sizeof *parts);
    segi_text *labels = segi_check_alloc(k, count, sizeof *labels);
    const segi_node **conditions = segi_check_alloc(k, count, sizeof *conditions);
    if (conditions == NULL)
        return NULL;
    *parts = (segi_parts){count, labels, conditions, NULL, NULL};
    node->parts = parts;
    node->type = segi_type_of(SEG_TYPE_STRING);
    const segi_syn *kid = syn->kids;
    for (uint32_t i = 0; i < count; i++) {
        if (!segi_check_part_label(k, kid, labels, i))
            return NULL;
        kid = kid->next;
        if (i + 1 == count)
            break;
        conditions[i] = segi_check_predicate(k, kid);
        if (conditions[i] == NULL)
            return NULL;
        kid = kid->next;
    }
    return segi_check_parts(k, syn, parts) ? node : NULL;
}

/* Attributes may be called class.something too; a saved class comes first. */
segi_node *segi_check_class_name(segi_check *k, const segi_syn *syn)
{
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    if (size <= 6 || memcmp(name, "class.", 6) != 0)
        return NULL;
    const segi_node *root = segi_check_saved(k, syn, SEGI_DEFINE_CLASS, name + 6, size - 6);
    segi_node *node = root == NULL ? NULL : segi_check_node(k, SEGI_NODE_CLASS, syn);
    if (node == NULL)
        return NULL;
    node->parts = root->parts;
    node->type = root->type;
    node->name = segi_arena_copy(k->c->arena, name, size);
    node->name_size = size;
    return node->name == NULL ? segi_check_nomem(k) : node;
}
