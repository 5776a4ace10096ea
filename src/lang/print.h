/* print.h - private to lang: what the files of the printer (print*.c) share. */
#ifndef SEGI_PRINT_H
#define SEGI_PRINT_H

#include "lang/checker.h"

typedef struct segi_printer {
    segi_buf *out;
    const segi_schema *schema;
    const segi_param *params; /* for gaps */
    bool sorted;
    segi_zone_ref zone;                /* what a window has that says nothing else */
    const segi_rfm *rfm;               /* inside its groups: its scores are r, f and m */
    const segi_literal *const *frozen; /* cut points of the rfm at the root; NULL: as it is */
} segi_printer;

/* Places for a value, from loose to tight: a sum, a product, one operand. */
enum {
    SEGI_PRINT_SUM,
    SEGI_PRINT_TERM,
    SEGI_PRINT_FACTOR
};

/* `tail`: words follow that could be read as the window of an aggregate at the end. */
void segi_print_value(segi_printer *p, const segi_node *node, int place, bool tail);
void segi_print_literal(segi_printer *p, const segi_literal *literal);
/* n x 10^-6, without zeros at the end: percentages of parts of 10^8, seconds of microseconds. */
void segi_print_millionths(segi_printer *p, int64_t n);
/* In back quotes where the bare name would be read as something else. */
void segi_print_name(segi_printer *p, const char *name, size_t size);
/* A count, or $name where it is a gap. */
void segi_print_number(segi_printer *p, int64_t n);
/* The shortest text that reads back as this double. */
void segi_print_float(segi_printer *p, double value);
/* `zone` is the one that its where goes by, that of the window. */
void segi_print_selector(segi_printer *p, const segi_selector *selector, segi_zone_ref zone);
/* With a blank in front; nothing where it is the one that holds anyway. */
void segi_print_zone(segi_printer *p, segi_zone_ref zone);
/* With a blank in front; nothing for ever, unless `ever` asks for the word. */
void segi_print_window(segi_printer *p, const segi_window *window, bool ever);
/* The right side of a test of the value: a class by its name where it has one. */
void segi_print_label(segi_printer *p, const segi_node *value, const segi_literal *literal);
void segi_print_score(segi_printer *p, const segi_node *node, bool tail);
void segi_print_class(segi_printer *p, const segi_node *node, bool tail);
void segi_print_split(segi_printer *p, const segi_split *split);
void segi_print_duration(segi_printer *p, segi_duration duration);
/* With a blank in front; nothing where none is given. */
void segi_print_bound(segi_printer *p, const segi_bound *bound);
/* SEQUENCE and FIGURE. */
void segi_print_sequence(segi_printer *p, const segi_node *node, bool tail);
/* An attribute, now or as of then; HELD and CHANGED. */
void segi_print_history(segi_printer *p, const segi_node *node);
void segi_print_history_test(segi_printer *p, const segi_node *node);
/* A predicate that others are joined to with and. */
void segi_print_conjunct(segi_printer *p, const segi_node *node);
/* A predicate where any may stand. */
void segi_print_predicate(segi_printer *p, const segi_node *node);

#endif
