/* sql_value.c - values as SQL: columns, literals, the calendar of an event, arithmetic.
 *
 * The layout keeps all but floats, texts and truth values as whole numbers, as the library does:
 * decimals in units of their last place, instants in microseconds, dates as day numbers. So
 * nothing rests on how an engine rounds, reads a time zone, or which years it knows. */
#include "base/civil.h"
#include "lang/sql.h"

#define TIME_END (SEG_TIME_MAX + 1)

const segi_field *segi_sql_field(const segi_sql *w, const segi_node *node)
{
    if (node->kind == SEGI_NODE_ATTRIBUTE || segi_node_present(node))
        return node->field;
    if (node->kind != SEGI_NODE_PROPERTY || node->fields == NULL || w->scope->selector == NULL)
        return NULL;
    for (uint32_t i = 0; i < w->scope->selector->event_count; i++) {
        if (node->fields[i] != NULL)
            return node->fields[i];
    }
    return NULL;
}

/* A place is one number here, for telling places apart. */
static void column(segi_sql *w, const segi_node *node)
{
    const segi_field *field = segi_sql_field(w, node);
    if (field == NULL) {
        segi_sql_put(w, "NULL");
    } else if (field->type == SEG_TYPE_GEO) {
        segi_sql_put(w, "(");
        segi_sql_column(w, node, "seg_lat_", field);
        segi_sql_put(w, " * 4000000000 + ");
        segi_sql_column(w, node, "seg_lon_", field);
        segi_sql_put(w, ")");
    } else {
        segi_sql_column(w, node, "", field);
    }
}

static void literal(segi_sql *w, const segi_literal *value)
{
    if (value->type.type == SEG_TYPE_STRING)
        segi_sql_string(w, value->text, value->text_size);
    else if (value->type.type == SEG_TYPE_FLOAT64)
        segi_sql_float(w, segi_slot_float(value->slot));
    else if (value->type.type == SEG_TYPE_BOOL)
        segi_sql_put(w, value->slot != 0 ? "TRUE" : "FALSE");
    else
        segi_sql_int(w, value->slot);
}

/* ---- time ---- */

/* Columns that segi_sql_from_events() makes of the time in the zone; days there count from the
 * first of March of the year 0, which no division has to round below zero for. */
static void builtin(segi_sql *w, const segi_node *node)
{
    static const char *const parts[] = {
        [SEGI_BUILTIN_TIME] = "e.seg_time", [SEGI_BUILTIN_DATE] = "(e.seg_day - 719468)",
        [SEGI_BUILTIN_HOUR] = "e.seg_hour", [SEGI_BUILTIN_WEEKDAY] = "((e.seg_day + 2) % 7 + 1)",
        [SEGI_BUILTIN_DAY] = "e.seg_mday",  [SEGI_BUILTIN_MONTH] = "e.seg_month",
        [SEGI_BUILTIN_YEAR] = "e.seg_year",
    };
    if (node->builtin >= SEGI_BUILTIN_DURATION) {
        segi_sql_refuse(w, node, "a session");
        return;
    }
    uint32_t wanted = node->builtin == SEGI_BUILTIN_TIME ? 0
                      : node->builtin < SEGI_BUILTIN_DAY ? 1
                                                         : 2;
    if (wanted > 0 && node->window.zone.kind == SEGI_ZONE_USER)
        segi_sql_refuse(w, node, "a calendar in the time zone of each customer");
    if (wanted > w->scope->calendar)
        w->scope->calendar = wanted;
    segi_sql_put(w, parts[node->builtin]);
}

/* A constant of the statement: it is worked out here, with the zone and with `now`. */
static void moment(segi_sql *w, const segi_node *node)
{
    if (node->window.zone.kind == SEGI_ZONE_USER && node->moment.kind != SEGI_MOMENT_INSTANT)
        segi_sql_refuse(w, node, "a time in the time zone of each customer");
    else
        segi_sql_int(w, segi_moment_instant(node->moment, node->window.zone.zone));
}

/* Moved instants stay within what can be one. */
static void shift(segi_sql *w, const segi_node *node)
{
    if (node->shift.unit >= SEGI_UNIT_MONTH) {
        segi_sql_refuse(w, node, "a month from an instant of each customer");
        return;
    }
    int64_t length = segi_duration_length(node->shift);
    if (length > TIME_END - SEG_TIME_MIN)
        length = TIME_END - SEG_TIME_MIN;
    const char *sign = node->arith == SEGI_PLUS ? " + " : " - ";
    bool up = node->arith == SEGI_PLUS;
    segi_sql_put(w, "(CASE WHEN ");
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, up ? " > " : " < ");
    segi_sql_int(w, up ? TIME_END - length : SEG_TIME_MIN + length);
    segi_sql_put(w, " THEN ");
    segi_sql_int(w, up ? TIME_END : SEG_TIME_MIN);
    segi_sql_put(w, " ELSE ");
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, sign);
    segi_sql_int(w, length);
    segi_sql_put(w, " END)");
}

/* ---- numbers ---- */

/* The same division that segi_decimal_float() does, so that both round alike. */
void segi_sql_double(segi_sql *w, const segi_node *node)
{
    if (node->type.type == SEG_TYPE_FLOAT64) {
        segi_sql_value(w, node);
        return;
    }
    bool scaled = node->type.type == SEG_TYPE_DECIMAL && node->type.scale > 0;
    segi_sql_put(w, scaled ? "(" : "");
    segi_sql_put(w, w->dialect->as_double);
    segi_sql_value(w, node);
    segi_sql_put(w, w->dialect->as_double_end);
    if (scaled) {
        segi_sql_put(w, " / 1e");
        segi_sql_int(w, node->type.scale);
        segi_sql_put(w, ")");
    }
}

/* Lengths of time are whole numbers; all other arithmetic is of floats.
 * A division by zero has no value, hence NULLIF. */
static void arithmetic(segi_sql *w, const segi_node *node)
{
    static const char *const signs[] = {" + ", " - ", " * ", " / "};
    void (*operand)(segi_sql *, const segi_node *) =
        node->type.type == SEG_TYPE_FLOAT64 ? segi_sql_double : segi_sql_value;
    segi_sql_put(w, "(");
    operand(w, node->children[0]);
    segi_sql_put(w, signs[node->arith]);
    segi_sql_put(w, node->arith == SEGI_DIVIDE ? "NULLIF(" : "");
    operand(w, node->children[1]);
    segi_sql_put(w, node->arith == SEGI_DIVIDE ? ", 0e0))" : ")");
}

/* Of a set of texts; none where the set is not there. */
static void size(segi_sql *w, const segi_node *node)
{
    const segi_field *field = segi_sql_field(w, node->children[0]);
    if (field == NULL) {
        segi_sql_put(w, "NULL");
        return;
    }
    segi_sql_put(w, "CASE WHEN ");
    segi_sql_is_set(w, node->children[0]);
    segi_sql_put(w, " THEN ");
    segi_sql_put(w, w->dialect->set_size);
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, ") END");
}

void segi_sql_value(segi_sql *w, const segi_node *node)
{
    if (segi_sql_stopped(w))
        return;
    switch (node->kind) {
    case SEGI_NODE_LITERAL: literal(w, &node->literal); break;
    case SEGI_NODE_MOMENT: moment(w, node); break;
    case SEGI_NODE_NOW: segi_sql_int(w, w->now); break;
    case SEGI_NODE_ATTRIBUTE:
    case SEGI_NODE_PROPERTY: column(w, node); break;
    case SEGI_NODE_BUILTIN: builtin(w, node); break;
    case SEGI_NODE_AGGREGATE:
        if (segi_node_present(node))
            column(w, node);
        else if (node->field != NULL)
            segi_sql_refuse(w, node, "the history of an attribute");
        else
            segi_sql_aggregate(w, node);
        break;
    case SEGI_NODE_ARITH: arithmetic(w, node); break;
    case SEGI_NODE_SHIFT: shift(w, node); break;
    case SEGI_NODE_SIZE: size(w, node); break;
    case SEGI_NODE_SCORE: segi_sql_score(w, node); break;
    case SEGI_NODE_ANNIVERSARY: segi_sql_refuse(w, node, "an anniversary"); break;
    case SEGI_NODE_FIGURE: segi_sql_figure(w, node); break;
    default: segi_sql_refuse(w, node, "this condition"); break;
    }
}
