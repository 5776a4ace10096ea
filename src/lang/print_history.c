/* print_history.c - canonical text of what asks for the history of an attribute. */
#include "lang/print.h"

/* The value that a test of the history is about. */
static void print_state(segi_printer *p, const char *words, const segi_node *test)
{
    if (test == NULL)
        return;
    segi_buf_text(p->out, words);
    if (test->kind == SEGI_NODE_STATE)
        segi_buf_text(p->out, "null");
    else
        segi_print_literal(p, &test->children[1]->literal);
}

void segi_print_history_test(segi_printer *p, const segi_node *node)
{
    segi_print_value(p, node->children[0], SEGI_PRINT_SUM, false);
    if (node->kind == SEGI_NODE_HELD) {
        print_state(p, " has been ", node->to);
        segi_buf_text(p->out, " for ");
        segi_print_duration(p, node->window.length);
        return;
    }
    segi_buf_text(p->out, " changed");
    print_state(p, " from ", node->from);
    print_state(p, " to ", node->to);
    segi_print_window(p, &node->window, false);
}

void segi_print_history(segi_printer *p, const segi_node *node)
{
    bool aggregate = node->kind == SEGI_NODE_AGGREGATE;
    if (aggregate && node->aggregate != SEGI_AGG_LAST) {
        /* Only explanations show these, which no text says. */
        segi_buf_text(p->out, node->aggregate == SEGI_AGG_SINCE ? "since(" : "changes(");
        segi_print_name(p, node->name, node->name_size);
        print_state(p, " from ", node->from);
        print_state(p, " to ", node->to);
        segi_print_window(p, &node->window, false);
        segi_buf_char(p->out, ')');
        return;
    }
    segi_print_name(p, node->name, node->name_size);
    if (node->window.kind == SEGI_WINDOW_OLDER) {
        segi_buf_text(p->out, " as of ");
        segi_print_duration(p, node->window.length);
        segi_buf_text(p->out, " ago");
    } else if (node->window.kind == SEGI_WINDOW_AS_OF) {
        segi_print_window(p, &node->window, false);
    }
}
