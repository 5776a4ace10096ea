/* lint.h - private to lang: what a checked tree says that its writer may not have meant. */
#ifndef SEGI_LINT_H
#define SEGI_LINT_H

#include "lang/lang.h"

/* Notes warnings about the predicate's own text. False: out of memory. */
bool segi_lint_tree(const segi_predicate *predicate, int64_t retention, segi_findings *findings);

/* One walk over one tree. */
typedef struct segi_linter {
    const segi_predicate *predicate;
    const segi_mem *mem;
    int64_t retention; /* 0: not known */
    segi_findings *findings;
    segi_buf text; /* for keys */
    bool failed;
} segi_linter;

/* A hash of canonical text. */
typedef struct segi_lint_key {
    uint64_t half[2];
} segi_lint_key;

/* Equal keys: equal canonical texts. */
segi_lint_key segi_linter_key(segi_linter *l, const segi_node *node);
int segi_lint_key_compare(const segi_lint_key *a, const segi_lint_key *b);
/* A warning at the node. */
void segi_linter_warn(segi_linter *l, const segi_node *node, const char *id, const char *hint,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* lint_row.c: the operands of an and or or, together. */
void segi_lint_row(segi_linter *l, const segi_node *row);

#endif
