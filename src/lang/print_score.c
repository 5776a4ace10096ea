/* print_score.c - canonical text of tiers, quantiles and shares by lot.
 *
 * Cut points of a quantile are not written, they follow from its word. Labels are always written,
 * also the usual ones, so that a changed default would not change what is saved. */
#include "lang/print.h"

/* Parts of 10^8 as a percentage with up to six digits behind the point, without its sign. */
static void print_percent(segi_printer *p, int64_t parts)
{
    segi_literal percent = {{SEG_TYPE_DECIMAL, 6}, parts, NULL, 0};
    segi_print_literal(p, &percent);
}

/* Labels start at 1: 0 is "none", which cannot be chosen. */
static void print_cuts(segi_printer *p, const segi_score *score)
{
    segi_buf_text(p->out, ", cuts (");
    for (uint32_t i = 0; i < score->cut_count; i++) {
        if (i != 0)
            segi_buf_text(p->out, ", ");
        if (score->cuts == SEGI_CUTS_PARTS) {
            segi_buf_char(p->out, 'p');
            print_percent(p, score->parts[i]);
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

/* quartile, quintile, decile or tier (...), and the population. */
void segi_print_score(segi_printer *p, const segi_node *node)
{
    const segi_score *score = node->score;
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
        print_percent(p, split->low);
        segi_buf_text(p->out, "%, ");
    }
    print_percent(p, split->high);
    segi_buf_text(p->out, "%)");
}

/* The definition itself; where a class is read its name stands. */
void segi_print_class(segi_printer *p, const segi_node *node)
{
    const segi_parts *parts = node->parts;
    if (node->name != NULL) {
        segi_print_name(p, node->name, node->name_size);
        return;
    }
    for (uint32_t i = 0; i < parts->label_count; i++) {
        bool last = i + 1 == parts->label_count;
        segi_buf_text(p->out, last ? "otherwise " : "");
        segi_buf_quoted(p->out, parts->labels[i].text, parts->labels[i].size);
        if (last)
            break;
        segi_buf_text(p->out, ": ");
        segi_print_predicate(p, parts->conditions[i]);
        segi_buf_text(p->out, "; ");
    }
}
