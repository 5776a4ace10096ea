/* sql_rank.c - places in an order of customers, classes, and draws by lot. */
#include <string.h>

#include "lang/sql.h"

/* FROM the population of a rank or score, with the text of its value: customers who have one. */
static void population(segi_sql *w, const segi_node *node, segi_sql_table value,
                       segi_sql_scope *scope)
{
    segi_sql_part part;
    segi_sql_table among = {NULL, 0};
    if (node->child_count > 1 && node->children[1] != NULL) {
        segi_sql_begin(w, &part, NULL);
        part.scope = *scope;
        segi_sql_condition(w, node->children[1]);
        *scope = part.scope;
        among = segi_sql_cut(w, &part);
    }
    segi_sql_customers(w, scope);
    segi_sql_put(w, " AND ");
    segi_sql_put(w, value.text);
    segi_sql_put(w, " IS NOT NULL");
    if (among.text != NULL) {
        segi_sql_put(w, " AND ");
        segi_sql_put(w, among.text);
    }
}

static segi_sql_table value_text(segi_sql *w, const segi_node *node, segi_sql_scope *scope)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_value(w, node);
    segi_sql_table text = segi_sql_cut(w, &part);
    *scope = part.scope;
    return text;
}

/* The place of a value is one more than how many are before it, so that equal ones at the cut are
 * all in or all out. */
void segi_sql_rank(segi_sql *w, const segi_node *node)
{
    segi_sql_part part;
    segi_sql_scope scope;
    segi_sql_begin(w, &part, NULL);
    segi_sql_table value = value_text(w, node->children[0], &scope);
    if (!segi_sql_stopped(w)) {
        segi_sql_put(w, "SELECT seg_user, 1 AS seg_v FROM (SELECT u.seg_user AS seg_user, rank() "
                        "OVER (ORDER BY ");
        segi_sql_put(w, value.text);
        segi_sql_put(w, node->bottom ? ") AS seg_r" : " DESC) AS seg_r");
        segi_sql_put(w, ", count(*) OVER () AS seg_n");
        population(w, node, value, &scope);
        segi_sql_put(w, ") AS seg_e WHERE seg_r <= ");
        segi_sql_put(w, node->percent ? "((seg_n * " : "");
        segi_sql_int(w, node->count);
        if (node->percent) {
            segi_sql_put(w, " + 99999999)");
            segi_sql_put(w, w->dialect->divide);
            segi_sql_put(w, "100000000)");
        }
    }
    uint32_t table = segi_sql_end(w, &part);
    if (segi_sql_stopped(w))
        return;
    segi_sql_put(w, "(");
    segi_sql_join(w, table);
    segi_sql_put(w, " IS NOT NULL)");
}

/* ---- classes ---- */

/* The class by written cut points. */
static void fixed_class(segi_sql *w, const segi_node *node)
{
    const segi_score *score = node->score;
    segi_node point;
    memset(&point, 0, sizeof point);
    point.kind = SEGI_NODE_LITERAL;
    segi_sql_put(w, "CASE WHEN ");
    segi_sql_value(w, node->children[score->rfm != NULL]);
    segi_sql_put(w, score->rfm != NULL ? " = 0 THEN 0" : " IS NULL THEN NULL");
    if (!score->zeros) {
        segi_sql_put(w, " WHEN ");
        segi_sql_value(w, node->children[0]);
        segi_sql_put(w, " = 0 THEN 0");
    }
    segi_sql_put(w, " ELSE 1");
    for (uint32_t i = 0; i < score->cut_count && !segi_sql_stopped(w); i++) {
        point.literal = score->points[i];
        if (point.literal.type.type == (seg_type)SEGI_TYPE_DURATION) {
            point.literal.type = (segi_value_type){SEG_TYPE_TIMESTAMP, 0};
            point.literal.slot = w->now - point.literal.slot; /* so long ago */
        }
        point.type = point.literal.type;
        segi_sql_put(w, " + CASE WHEN ");
        segi_sql_compare(w, SEGI_GE, node->children[0], &point);
        segi_sql_put(w, " THEN 1 ELSE 0 END");
    }
    segi_sql_put(w, " END");
}

/* All that have a value and are ranked, or of class 0. */
static uint32_t scored_table(segi_sql *w, const segi_node *node)
{
    segi_sql_part part;
    segi_sql_scope scope;
    segi_sql_begin(w, &part, NULL);
    segi_sql_table value = value_text(w, node->children[0], &scope);
    if (!segi_sql_stopped(w)) {
        segi_sql_put(w, "SELECT u.seg_user AS seg_user, ");
        segi_sql_put(w, value.text);
        segi_sql_put(w, " AS seg_v");
        population(w, node, value, &scope);
    }
    return segi_sql_end(w, &part);
}

/* At part p of n ranked values the cut point is the one at index floor(p x n). */
static uint32_t class_table(segi_sql *w, const segi_node *node)
{
    const segi_score *score = node->score;
    uint32_t values = scored_table(w, node);
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_x.seg_user AS seg_user, ");
    segi_sql_put(w, score->zeros ? "1" : "CASE WHEN seg_x.seg_v = 0 THEN 0 ELSE 1");
    for (uint32_t i = 0; i < score->cut_count && !segi_sql_stopped(w); i++) {
        if (score->parts[i] >= 100000000)
            continue; /* p100 is above everyone */
        segi_sql_put(w, " + CASE WHEN seg_x.seg_v >= seg_y.seg_s[((");
        segi_sql_put(w, w->dialect->set_size);
        segi_sql_put(w, "seg_y.seg_s) * ");
        segi_sql_int(w, score->parts[i]);
        segi_sql_put(w, ")");
        segi_sql_put(w, w->dialect->divide);
        segi_sql_put(w, "100000000) + 1] THEN 1 ELSE 0 END");
    }
    segi_sql_put(w, score->zeros ? "" : " END");
    segi_sql_put(w, " AS seg_v FROM seg_");
    segi_sql_int(w, values);
    segi_sql_put(w, " AS seg_x CROSS JOIN (SELECT ");
    segi_sql_put(w, w->dialect->sorted);
    segi_sql_put(w, "seg_v");
    segi_sql_put(w, w->dialect->sorted_end);
    segi_sql_put(w, " AS seg_s FROM seg_");
    segi_sql_int(w, values);
    segi_sql_put(w, score->zeros ? ") AS seg_y" : " WHERE seg_v <> 0) AS seg_y");
    return segi_sql_end(w, &part);
}

/* Class by the middle of the ranks that equal values have: see score.c of exec. */
static uint32_t middle_table(segi_sql *w, const segi_node *node)
{
    uint32_t values = scored_table(w, node);
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, 1 + (");
    segi_sql_int(w, (int64_t)node->score->cut_count + 1);
    segi_sql_put(w, " * (2 * (seg_r - 1) + seg_s))");
    segi_sql_put(w, w->dialect->divide);
    segi_sql_put(w, "(2 * seg_n) AS seg_v FROM (SELECT seg_x.seg_user AS seg_user, rank() OVER "
                    "(ORDER BY seg_x.seg_v) AS seg_r, count(*) OVER (PARTITION BY seg_x.seg_v) AS "
                    "seg_s, count(*) OVER () AS seg_n FROM seg_");
    segi_sql_int(w, values);
    segi_sql_put(w, " AS seg_x) AS seg_y");
    return segi_sql_end(w, &part);
}

void segi_sql_score(segi_sql *w, const segi_node *node)
{
    if (node->score->cuts == SEGI_CUTS_FIXED) {
        fixed_class(w, node);
        return;
    }
    bool middles = node->score->cuts == SEGI_CUTS_MIDDLES;
    uint32_t table = middles ? middle_table(w, node) : class_table(w, node);
    if (segi_sql_stopped(w))
        return;
    segi_sql_put(w, node->score->rfm != NULL ? "COALESCE(" : "");
    segi_sql_join(w, table);
    segi_sql_put(w, node->score->rfm != NULL ? ", 0)" : "");
}

/* ---- lots ---- */

/* floor(part x 2^64 / 10^8) for a part below 10^8, in two steps of 32 bits. */
static uint64_t draw_at(int64_t part)
{
    uint64_t high = (uint64_t)part << 32;
    uint64_t low = (high % 100000000) << 32;
    return ((high / 100000000) << 32) + low / 100000000;
}

void segi_sql_split(segi_sql *w, const segi_node *node)
{
    const segi_split *split = node->split;
    segi_sql_part part;
    if (w->dialect->hash == NULL) {
        segi_sql_refuse(w, node, "a draw by XXH3");
        return;
    }
    if (split->low >= split->high) {
        segi_sql_put(w, "FALSE");
        return;
    }
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, w->dialect->hash);
    segi_sql_put(w, "concat(");
    segi_sql_string(w, split->seed.text, split->seed.size);
    segi_sql_put(w, w->predicate->schema->id_kind == SEG_ID_U64
                        ? ", reinterpretAsFixedString(u.seg_user)))"
                        : ", u.seg_user))");
    segi_sql_table draw = segi_sql_cut(w, &part);
    if (segi_sql_stopped(w))
        return;
    segi_sql_put(w, "(");
    segi_sql_put(w, draw.text);
    segi_sql_put(w, " >= ");
    segi_buf_uint(w->out, draw_at(split->low));
    if (split->high < 100000000) {
        segi_sql_put(w, " AND ");
        segi_sql_put(w, draw.text);
        segi_sql_put(w, " < ");
        segi_buf_uint(w->out, draw_at(split->high));
    }
    segi_sql_put(w, ")");
}
