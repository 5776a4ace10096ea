/* sql.c - a predicate as a statement of SQL: the tree of conditions, tables, the whole.
 *
 * A condition is written into a part of its own (segi_sql_begin() .. segi_sql_end()); whatever it
 * needs from events becomes a table meanwhile. So tables are known before the statement that uses
 * them is put together, and equal ones are found by their text. Writing goes on after a failure
 * without doing harm: the status is looked at in loops and at the end. */
#include "lang/sql.h"

#include <string.h>

/* ---- parts and tables ---- */

/* Parts may stand inside each other; the outer one goes on when the inner one is cut. */
void segi_sql_begin(segi_sql *w, segi_sql_part *part, const segi_selector *selector)
{
    memset(part, 0, sizeof *part);
    part->outer = w->out;
    part->outer_scope = w->scope;
    part->scope.selector = selector;
    segi_buf_init(&part->buf, w->mem);
    w->out = &part->buf;
    w->scope = &part->scope;
}

segi_sql_table segi_sql_cut(segi_sql *w, segi_sql_part *part)
{
    segi_sql_table text = {"", part->buf.size};
    /* Parts are kept also where they become parts of others. */
    if (w->arena.total > 4 * SEGI_SQL_SIZE_MAX && !segi_sql_stopped(w))
        w->status = segi_fail(w->err, SEG_E_LIMIT, "the statement has more than 16 MiB");
    if (part->buf.failed)
        segi_sql_nomem(w);
    else if (part->buf.size > 0)
        text.text = segi_arena_copy(&w->arena, part->buf.data, part->buf.size);
    if (text.text == NULL) {
        segi_sql_nomem(w);
        text = (segi_sql_table){"", 0};
    }
    segi_buf_deinit(&part->buf);
    w->out = part->outer;
    w->scope = part->outer_scope;
    return text;
}

/* The array, with room for one more element: doubled at powers of two. What is left behind ends
 * with the arena. NULL when out of memory. */
static void *with_room(segi_sql *w, void *array, uint32_t count, size_t size)
{
    if ((count & (count - 1)) != 0)
        return array;
    void *larger = segi_arena_array(&w->arena, count == 0 ? 1 : 2 * (size_t)count, size);
    if (larger == NULL)
        segi_sql_nomem(w);
    else if (count > 0)
        memcpy(larger, array, count * size);
    return larger;
}

uint32_t segi_sql_end(segi_sql *w, segi_sql_part *part)
{
    segi_sql_table table = segi_sql_cut(w, part);
    if (segi_sql_stopped(w))
        return 0;
    for (uint32_t i = 0; i < w->table_count; i++) {
        if (w->tables[i].size == table.size &&
            memcmp(w->tables[i].text, table.text, table.size) == 0)
            return i + 1;
    }
    w->tables = with_room(w, w->tables, w->table_count, sizeof *w->tables);
    if (w->tables == NULL) {
        w->table_count = 0;
        return 0;
    }
    w->tables[w->table_count++] = table;
    return w->table_count;
}

/* Each table once, however often its value is asked for. */
void segi_sql_join(segi_sql *w, uint32_t table)
{
    segi_sql_scope *scope = w->scope;
    uint32_t at = 0;
    while (at < scope->join_count && scope->joined[at] != table)
        at++;
    if (at == scope->join_count) {
        scope->joined = with_room(w, scope->joined, at, sizeof *scope->joined);
        if (scope->joined == NULL) {
            scope->join_count = 0;
            return;
        }
        scope->joined[scope->join_count++] = table;
    }
    segi_sql_put(w, "seg_");
    segi_sql_int(w, table);
    segi_sql_put(w, ".seg_v");
}

void segi_sql_customers(segi_sql *w, const segi_sql_scope *scope)
{
    segi_sql_put(w, " FROM ");
    segi_sql_table_name(w, w->users);
    segi_sql_put(w, " AS u");
    for (uint32_t i = 0; i < scope->join_count; i++) {
        segi_sql_put(w, " LEFT JOIN seg_");
        segi_sql_int(w, scope->joined[i]);
        segi_sql_put(w, " ON seg_");
        segi_sql_int(w, scope->joined[i]);
        segi_sql_put(w, ".seg_user = u.seg_user");
    }
    segi_sql_put(w, " WHERE u.seg_since <= ");
    segi_sql_int(w, w->now);
}

uint32_t segi_sql_user_table(segi_sql *w, const segi_node *node)
{
    segi_sql_part part, value;
    segi_sql_begin(w, &part, NULL);
    segi_sql_begin(w, &value, NULL);
    segi_sql_value(w, node);
    segi_sql_table text = segi_sql_cut(w, &value);
    segi_sql_put(w, "SELECT u.seg_user AS seg_user, ");
    segi_sql_put(w, text.text);
    segi_sql_put(w, " AS seg_v");
    segi_sql_customers(w, &value.scope);
    return segi_sql_end(w, &part);
}

/* ---- the tree ---- */

/* One word between all children. Brackets always: no rule of precedence of any engine is relied
 * on. */
static void joined_by(segi_sql *w, const segi_node *node, const char *word)
{
    segi_sql_put(w, "(");
    for (uint32_t i = 0; i < node->child_count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, i == 0 ? "" : word);
        segi_sql_condition(w, node->children[i]);
    }
    segi_sql_put(w, ")");
}

/* A sum of ones; the conditions are never NULL, so the sum is none either. */
static void at_least(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, "(0");
    for (uint32_t i = 0; i < node->child_count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, " + CASE WHEN ");
        segi_sql_condition(w, node->children[i]);
        segi_sql_put(w, " THEN 1 ELSE 0 END");
    }
    segi_sql_put(w, " >= ");
    segi_sql_int(w, node->count);
    segi_sql_put(w, ")");
}

/* Also a class, whose labels are saved as well. */
static void saved_segment(segi_sql *w, const segi_node *node)
{
    const segi_node *outer = w->segment;
    if (outer == NULL)
        w->segment = node;
    if (node->child_count == 0 || node->children[0] == NULL)
        segi_sql_refuse(w, node, "a segment that is not there");
    else
        segi_sql_condition(w, node->children[0]);
    w->segment = outer;
}

void segi_sql_condition(segi_sql *w, const segi_node *node)
{
    if (segi_sql_stopped(w))
        return;
    switch (node->kind) {
    case SEGI_NODE_EVERYONE: segi_sql_put(w, "TRUE"); break;
    case SEGI_NODE_NOBODY: segi_sql_put(w, "FALSE"); break;
    case SEGI_NODE_NOT:
        segi_sql_put(w, "(NOT ");
        segi_sql_condition(w, node->children[0]);
        segi_sql_put(w, ")");
        break;
    case SEGI_NODE_AND: joined_by(w, node, " AND "); break;
    case SEGI_NODE_OR: joined_by(w, node, " OR "); break;
    case SEGI_NODE_XOR: joined_by(w, node, " <> "); break;
    case SEGI_NODE_AT_LEAST: at_least(w, node); break;
    case SEGI_NODE_DID: segi_sql_did(w, node); break;
    case SEGI_NODE_EDGE: segi_sql_edge(w, node); break;
    case SEGI_NODE_WRITTEN:
    case SEGI_NODE_SEGMENT: saved_segment(w, node); break;
    case SEGI_NODE_SEQUENCE: segi_sql_sequence(w, node); break;
    case SEGI_NODE_RANK: segi_sql_rank(w, node); break;
    case SEGI_NODE_SPLIT: segi_sql_split(w, node); break;
    default: segi_sql_test(w, node); break;
    }
}

/* ---- the whole ---- */

/* The condition first, since writing it finds the tables that stand before it. */
static void statement(segi_sql *w, const segi_predicate *predicate)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_condition(w, predicate->root);
    segi_sql_table condition = segi_sql_cut(w, &part);
    for (uint32_t i = 0; i < w->table_count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, i == 0 ? "WITH seg_" : ", seg_");
        segi_sql_int(w, i + 1);
        segi_sql_put(w, " AS (");
        segi_sql_put(w, w->tables[i].text);
        segi_sql_put(w, ")");
    }
    segi_sql_put(w, w->table_count > 0 ? " SELECT u.seg_user AS seg_user"
                                       : "SELECT u.seg_user AS seg_user");
    segi_sql_customers(w, &part.scope);
    segi_sql_put(w, " AND ");
    segi_sql_put(w, condition.text);
    segi_sql_put(w, " ORDER BY u.seg_user");
    segi_sql_put(w, w->dialect->settings);
}

seg_status segi_predicate_sql(const segi_predicate *predicate, const segi_mem *mem,
                              const segi_sql_target *target, segi_buf *out, seg_error *err)
{
    segi_sql w;
    memset(&w, 0, sizeof w);
    w.dialect = &segi_sql_dialects[target->dialect - SEG_SQL_DUCKDB];
    w.predicate = predicate;
    w.mem = mem;
    w.users = target->users;
    w.events = target->events;
    w.now = target->now;
    w.out = out;
    w.err = err;
    segi_arena_init(&w.arena, mem);
    statement(&w, predicate);
    if (out->failed)
        segi_sql_nomem(&w);
    segi_arena_deinit(&w.arena);
    return w.status;
}
