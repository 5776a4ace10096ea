/* sql.h - predicates as SQL, for the files sql*.c alone (the door is segi_predicate_sql()).
 *
 * The statement asks all customers at once. Whatever a condition wants to know about events is a
 * common table seg_1, seg_2, ... of one row per customer with a value seg_v; they are joined to
 * the customers from the left, so that one who is missing there has NULL. Above them stands one
 * condition, whose leaves are all true or false and never NULL: `not` is then the complement, as
 * S-12 and S-13 want it. */
#ifndef SEGI_SQL_H
#define SEGI_SQL_H

#include "base/error.h"
#include "lang/lang.h"

/* A statement beyond this is refused; saved segments inside of each other can grow without end. */
#define SEGI_SQL_SIZE_MAX ((size_t)16 << 20)

/* What the dialects write differently. All texts are followed by what stands inside and, where
 * they open a bracket, by one closing bracket. */
typedef struct segi_sql_dialect {
    const char *name;
    const char *as_double, *as_double_end;
    const char *as_int, *as_int_end;   /* 64 bits */
    const char *as_wide, *as_wide_end; /* 128 bits */
    const char *divide;                /* between two whole numbers that are not negative */
    const char *contains, *contains_end, *starts, *ends; /* (text, part) */
    const char *has_any, *has_all;                       /* (set, list) */
    const char *set_size;
    const char *matches;             /* (text, 'regular expression' of RE2 for the whole) */
    const char *sorted, *sorted_end; /* aggregate: its values as an array in rising order */
    const char *hash;                /* XXH3 of a text; NULL: there is none */
    const char *settings;            /* behind the statement */
    bool folds_names;                /* names that differ in case alone are one */
    bool backslash;                  /* escapes inside of quotes */
    bool set_states;                 /* an absent set is known by its state column alone */
} segi_sql_dialect;

extern const segi_sql_dialect segi_sql_dialects[2]; /* by SEG_SQL_* - 1 */

/* Whom the names in a condition speak of: customers `u`, with the tables that are joined to
 * them, or events `e`. */
typedef struct segi_sql_scope {
    const segi_selector *selector; /* NULL: customers */
    uint32_t calendar;             /* events: how much of the calendar is wanted, 0 .. 2 */
    uint32_t *joined;              /* customers: numbers of tables, in the arena */
    uint32_t join_count;
} segi_sql_scope;

typedef struct segi_sql_table {
    const char *text; /* in the arena */
    size_t size;
} segi_sql_table;

typedef struct segi_sql {
    const segi_sql_dialect *dialect;
    const segi_predicate *predicate;
    const segi_mem *mem;
    const char *users, *events;
    int64_t now;
    segi_arena arena;
    segi_sql_table *tables; /* in the arena */
    uint32_t table_count;
    segi_buf *out;
    segi_sql_scope *scope;
    const segi_node *segment; /* the outermost saved segment that is being written out; NULL */
    seg_status status;
    seg_error *err;
} segi_sql;

/* ---- sql_text.c: words ---- */

void segi_sql_put(segi_sql *w, const char *text);
void segi_sql_int(segi_sql *w, int64_t value);
void segi_sql_float(segi_sql *w, double value);
void segi_sql_string(segi_sql *w, const char *text, size_t size);
/* A name with dots. */
void segi_sql_table_name(segi_sql *w, const char *name);
/* The node cannot be said; `what` is what it is. The first refusal stays. */
void segi_sql_refuse(segi_sql *w, const segi_node *node, const char *what);
void segi_sql_nomem(segi_sql *w);
bool segi_sql_stopped(const segi_sql *w);
/* A column of an attribute or property in the scope's row, with something in front of its name. */
void segi_sql_column(segi_sql *w, const segi_node *node, const char *prefix,
                     const segi_field *field);

/* ---- sql_value.c: values ---- */

/* Whole numbers for all types but floats, texts and truth values; NULL where there is none. */
void segi_sql_value(segi_sql *w, const segi_node *node);
void segi_sql_double(segi_sql *w, const segi_node *node);
/* The property's or attribute's field; NULL where nobody has it. */
const segi_field *segi_sql_field(const segi_sql *w, const segi_node *node);

/* ---- sql_test.c: tests on values ---- */

void segi_sql_test(segi_sql *w, const segi_node *node);
/* A value is there: without brackets. */
void segi_sql_is_set(segi_sql *w, const segi_node *node);
/* left OP right, NULL where one side is. */
void segi_sql_compare(segi_sql *w, segi_compare op, const segi_node *left, const segi_node *right);

/* ---- sql_place.c ---- */

void segi_sql_radius(segi_sql *w, const segi_node *node);
void segi_sql_polygon(segi_sql *w, const segi_node *node);

/* ---- sql_event.c: what events tell ---- */

void segi_sql_did(segi_sql *w, const segi_node *node);
void segi_sql_edge(segi_sql *w, const segi_node *node);
void segi_sql_aggregate(segi_sql *w, const segi_node *node);
/* FROM the events as `e`, with as much of the calendar in the zone: 0 .. 2. */
void segi_sql_from_events(segi_sql *w, uint32_t calendar, const segi_zone *zone);
/* `e` is of a type of the selector's. */
void segi_sql_event_types(segi_sql *w, const segi_selector *selector);
/* Does the instant or the date, a value, lie in the window of `node`? NULL where there is none. */
void segi_sql_window(segi_sql *w, const segi_node *node, const segi_node *value);
void segi_sql_dates(segi_sql *w, const segi_node *node, const segi_node *value);

/* ---- sql_day.c ---- */

void segi_sql_season(segi_sql *w, const segi_node *node);
void segi_sql_occasion(segi_sql *w, const segi_node *node);
/* TIME of an anniversary. */
void segi_sql_anniversary(segi_sql *w, const segi_node *node);

/* ---- sql_sequence.c ---- */

void segi_sql_sequence(segi_sql *w, const segi_node *node);
void segi_sql_figure(segi_sql *w, const segi_node *node);

/* ---- sql_rank.c ---- */

void segi_sql_rank(segi_sql *w, const segi_node *node);
void segi_sql_score(segi_sql *w, const segi_node *node);
void segi_sql_split(segi_sql *w, const segi_node *node);

/* ---- sql.c: the tree, and tables ---- */

/* Never NULL. */
void segi_sql_condition(segi_sql *w, const segi_node *node);

/* Where text goes that becomes a table of its own. */
typedef struct segi_sql_part {
    segi_buf buf, *outer;
    segi_sql_scope scope, *outer_scope;
} segi_sql_part;
void segi_sql_begin(segi_sql *w, segi_sql_part *part, const segi_selector *selector);
/* Its number; equal texts are one table. It has the columns seg_user and seg_v. */
uint32_t segi_sql_end(segi_sql *w, segi_sql_part *part);
/* The text alone, in the arena. */
segi_sql_table segi_sql_cut(segi_sql *w, segi_sql_part *part);
/* Joins the table to the customers of the scope, and writes its value's name. */
void segi_sql_join(segi_sql *w, uint32_t table);
/* FROM customers with all that is joined, and WHERE they exist. */
void segi_sql_customers(segi_sql *w, const segi_sql_scope *scope);
/* The table of a value of customers. */
uint32_t segi_sql_user_table(segi_sql *w, const segi_node *node);

#endif
