/* print_score.c - canonical text of tiers, quantiles, rfm, classes and shares by lot.
 *
 * Cut points of a quantile are not written, they follow from its word. Labels are always written,
 * also the usual ones, so that a changed default would not change what is saved. */
#include "lang/print.h"

/* Labels start at 1: 0 is "none", which cannot be chosen. */
static void print_cuts(segi_printer *p, const segi_score *score)
{
    segi_buf_text(p->out, ", cuts (");
    for (uint32_t i = 0; i < score->cut_count; i++) {
        if (i != 0)
            segi_buf_text(p->out, ", ");
        if (score->cuts == SEGI_CUTS_PARTS) {
            segi_buf_char(p->out, 'p');
            segi_print_millionths(p, score->parts[i]);
        } else {
            segi_print_literal(p, &score->points[i]);
        }
    }
    segi_buf_text(p->out, ") labels (");
    for (uint32_t i = 1; i < score->cut_count + 2; i++) {
        if (i != 1)
            segi_buf_text(p->out, ", ");
        segi_buf_quoted(p->out, score->labels[i].text, score->labels[i].size);
    }
    segi_buf_char(p->out, ')');
}

static void print_conditions(segi_printer *p, uint32_t count, const segi_text *labels,
                             const segi_node *const *conditions, const char *between)
{
    for (uint32_t i = 0; i < count; i++) {
        bool last = i + 1 == count;
        segi_buf_text(p->out, last ? "otherwise " : "");
        segi_buf_quoted(p->out, labels[i].text, labels[i].size);
        if (last)
            break;
        segi_buf_text(p->out, ": ");
        segi_print_predicate(p, conditions[i]);
        segi_buf_text(p->out, between);
    }
}

/* ---- rfm ---- */

static const char *const rfm_words[] = {"r", "f", "m"};

static void print_points(segi_printer *p, const segi_rfm *rfm, const segi_literal *const *frozen)
{
    segi_buf_text(p->out, ", cuts");
    for (uint32_t k = 0; k < SEGI_RFM_COUNT; k++) {
        segi_buf_format(p->out, " %s (", rfm_words[k]);
        for (uint32_t i = 0; i + 1 < rfm->scale; i++) {
            segi_buf_text(p->out, i == 0 ? "" : ", ");
            segi_print_literal(p,
                               frozen != NULL ? &frozen[k][i] : &rfm->scores[k]->score->points[i]);
        }
        segi_buf_char(p->out, ')');
    }
}

static void print_rfm(segi_printer *p, const segi_rfm *rfm, bool groups, bool tail)
{
    const segi_node *money = rfm->scores[SEGI_RFM_MONEY]->children[0];
    const segi_literal *const *frozen = p->frozen;
    p->frozen = NULL; /* of the outermost alone */
    segi_buf_char(p->out, '(');
    segi_print_value(p, money->argument, SEGI_PRINT_SUM, false);
    if (frozen != NULL || !rfm->floating)
        print_points(p, rfm, frozen);
    else
        segi_buf_text(p->out, ", floating");
    if (frozen == NULL && rfm->floating && rfm->scale != SEGI_RFM_SCALE_USUAL)
        segi_buf_format(p->out, ", scale %u", (unsigned)rfm->scale);
    if (groups && rfm->group_count != 0) {
        const segi_rfm *outer = p->rfm;
        p->rfm = rfm;
        segi_buf_text(p->out, ", groups (");
        print_conditions(p, rfm->group_count, rfm->groups, rfm->conditions, ", ");
        segi_buf_char(p->out, ')');
        p->rfm = outer;
    }
    segi_buf_text(p->out, ") of ");
    segi_print_selector(p, money->selector, money->window.zone);
    segi_print_window(p, &money->window, tail);
}

/* ---- scores and classes ---- */

static void print_rfm_score(segi_printer *p, const segi_node *node, bool tail)
{
    const char *word = rfm_words[node->score->measure];
    if (p->rfm == node->score->rfm) {
        segi_buf_text(p->out, word);
    } else if (node->name != NULL) {
        segi_buf_format(p->out, "rfm.%s of ", word);
        segi_print_name(p, node->name, node->name_size);
    } else {
        segi_buf_format(p->out, "rfm.%s", word);
        print_rfm(p, node->score->rfm, false, tail);
    }
}

/* quartile, quintile, decile or tier (...), and the population. */
void segi_print_score(segi_printer *p, const segi_node *node, bool tail)
{
    const segi_score *score = node->score;
    if (score->rfm != NULL) {
        print_rfm_score(p, node, tail);
        return;
    }
    segi_buf_text(p->out, score->quantile == 0   ? "tier("
                          : score->quantile == 4 ? "quartile("
                          : score->quantile == 5 ? "quintile("
                                                 : "decile(");
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    if (score->quantile == 0)
        print_cuts(p, score);
    segi_buf_text(p->out, score->zeros ? " with zeros)" : ")");
    if (node->child_count < 2)
        return;
    segi_buf_text(p->out, " among (");
    segi_print_predicate(p, node->children[1]);
    segi_buf_char(p->out, ')');
}

void segi_print_label(segi_printer *p, const segi_node *value, const segi_literal *literal)
{
    if (segi_node_labelled(value) && literal->type.type == SEG_TYPE_INT64) {
        const segi_text *label = &segi_node_labels(value)[literal->slot];
        segi_buf_quoted(p->out, label->text, label->size);
    } else {
        segi_print_literal(p, literal);
    }
}

/* split("seed", 0%, 50%) or holdout("seed", 5%) */
void segi_print_split(segi_printer *p, const segi_split *split)
{
    segi_buf_text(p->out, split->holdout ? "holdout(" : "split(");
    segi_buf_quoted(p->out, split->seed.text, split->seed.size);
    segi_buf_text(p->out, ", ");
    if (!split->holdout) {
        segi_print_millionths(p, split->low);
        segi_buf_text(p->out, "%, ");
    }
    segi_print_millionths(p, split->high);
    segi_buf_text(p->out, "%)");
}

/* The definition itself; where a class is read its name stands. */
void segi_print_class(segi_printer *p, const segi_node *node, bool tail)
{
    const segi_parts *parts = node->parts;
    if (node->name != NULL) {
        segi_print_name(p, node->name, node->name_size);
    } else if (parts->rfm != NULL) {
        segi_buf_text(p->out, "rfm");
        print_rfm(p, parts->rfm, true, tail);
    } else {
        print_conditions(p, parts->label_count, parts->labels, parts->conditions, "; ");
    }
}
