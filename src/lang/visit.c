/* visit.c - the parts of a node of the checked tree, for whoever walks it.
 * The switch has no default, so that the compiler asks for a new kind's parts. A visit is one
 * level deep: the caller goes on from the nodes it is shown, and keeps its own bound on depth. */
#include "lang/lang.h"

/* A NULL among them is a population of everyone. */
static void visit_children(const segi_node *node, uint32_t first, segi_aspect aspect,
                           segi_visit visit, void *user)
{
    for (uint32_t i = first; i < node->child_count; i++) {
        if (node->children[i] != NULL)
            visit(user, node->children[i], aspect);
    }
}

/* Which part the children play. A population is the second of two; where cut points are written
 * nobody is ranked, and they are values. */
static void visit_operands(const segi_node *node, segi_visit visit, void *user)
{
    switch (node->kind) {
    case SEGI_NODE_NOT:
    case SEGI_NODE_AND:
    case SEGI_NODE_OR:
    case SEGI_NODE_XOR:
    case SEGI_NODE_AT_LEAST: visit_children(node, 0, SEGI_ASPECT_OPERAND, visit, user); break;
    case SEGI_NODE_RANK:
    case SEGI_NODE_SCORE:
        visit(user, node->children[0], SEGI_ASPECT_VALUE);
        visit_children(node, 1,
                       node->score != NULL && node->score->cuts == SEGI_CUTS_FIXED
                           ? SEGI_ASPECT_VALUE
                           : SEGI_ASPECT_POPULATION,
                       visit, user);
        break;
    case SEGI_NODE_COMPARE:
    case SEGI_NODE_BETWEEN:
    case SEGI_NODE_IN:
    case SEGI_NODE_TRUTH:
    case SEGI_NODE_STATE:
    case SEGI_NODE_HAS:
    case SEGI_NODE_TEXT:
    case SEGI_NODE_RADIUS:
    case SEGI_NODE_POLYGON:
    case SEGI_NODE_TIME:
    case SEGI_NODE_ARITH:
    case SEGI_NODE_SHIFT:
    case SEGI_NODE_SEASON:
    case SEGI_NODE_OCCASION:
    case SEGI_NODE_ANNIVERSARY:
    case SEGI_NODE_SIZE: visit_children(node, 0, SEGI_ASPECT_VALUE, visit, user); break;
    case SEGI_NODE_SEGMENT: /* closed, as what a class says */
    case SEGI_NODE_WRITTEN:
    case SEGI_NODE_CLASS:
    case SEGI_NODE_HELD:
    case SEGI_NODE_CHANGED:
    case SEGI_NODE_EVERYONE:
    case SEGI_NODE_NOBODY:
    case SEGI_NODE_DID:
    case SEGI_NODE_EDGE:
    case SEGI_NODE_SPLIT:
    case SEGI_NODE_LITERAL:
    case SEGI_NODE_MOMENT:
    case SEGI_NODE_NOW:
    case SEGI_NODE_ATTRIBUTE:
    case SEGI_NODE_PROPERTY:
    case SEGI_NODE_BUILTIN:
    case SEGI_NODE_SEQUENCE:
    case SEGI_NODE_FIGURE:
    case SEGI_NODE_AGGREGATE: break;
    }
}

/* What is asked of the events. */
static void visit_selector(const segi_selector *selector, segi_visit visit, void *user)
{
    if (selector == NULL)
        return;
    if (selector->where != NULL)
        visit(user, selector->where, SEGI_ASPECT_EVENT);
    if (selector->session != NULL)
        visit_selector(selector->session->of, visit, user);
}

/* What the steps, the rows that must not lie between them and the absence at the end ask of
 * events. */
static void visit_sequence(const segi_sequence *sequence, segi_visit visit, void *user)
{
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        const segi_step *step = &sequence->steps[i];
        for (uint32_t k = 0; k < step->choice_count; k++)
            visit_selector(step->choices[k].selector, visit, user);
        if (step->without != NULL)
            visit_selector(step->without->selector, visit, user);
    }
    if (sequence->absence != NULL)
        visit_selector(sequence->absence->selector, visit, user);
}

void segi_node_visit(const segi_node *node, segi_visit visit, void *user)
{
    visit_operands(node, visit, user);
    visit_selector(node->selector, visit, user);
    if (node->sequence != NULL)
        visit_sequence(node->sequence, visit, user);
    if (node->argument != NULL)
        visit(user, node->argument, SEGI_ASPECT_EVENT);
    if (node->share != NULL)
        visit(user, node->share, SEGI_ASPECT_EVENT);
    if (node->window.anchor != NULL)
        visit(user, node->window.anchor, SEGI_ASPECT_ANCHOR);
}
