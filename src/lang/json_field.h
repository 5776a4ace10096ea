/* json_field.h - private to lang: shorthand for the fields in the tables of forms.
 *
 * Included by the files with such tables, behind json.h. */
#ifndef SEGI_JSON_FIELD_H
#define SEGI_JSON_FIELD_H

/* clang-format off */
#define PERIODS "day week month quarter year"
#define UNITS "second minute hour " PERIODS
#define NEEDED true, NULL
#define MAYBE false, NULL
#define SELECT {"select", SEGI_JSON_NODE, NEEDED}
#define WINDOW {"window", SEGI_JSON_NODE, MAYBE}
#define WINDOW_NEEDED {"window", SEGI_JSON_NODE, NEEDED}
#define WHERE {"where", SEGI_JSON_NODE, MAYBE}
#define VALUE {"value", SEGI_JSON_NODE, NEEDED}
#define ZEROS {"with_zeros", SEGI_JSON_FLAG, MAYBE}
#define AMONG {"among", SEGI_JSON_NODE, MAYBE}
#define NEGATED {"negated", SEGI_JSON_FLAG, MAYBE}
#define TZ {"tz", SEGI_JSON_TEXT, MAYBE}
#define COUNT {"count", SEGI_JSON_NODE, NEEDED}
#define EACH {"each", SEGI_JSON_NODE, MAYBE}
#define ON {"on", SEGI_JSON_WORD, false, PERIODS}
#define OF {"of", SEGI_JSON_LIST, NEEDED}
#define LENGTH {"length", SEGI_JSON_NODE, NEEDED}
#define PERIOD {"unit", SEGI_JSON_WORD, true, PERIODS}
#define NODE(name) {name, SEGI_JSON_NODE, NEEDED}
/* clang-format on */

#endif
