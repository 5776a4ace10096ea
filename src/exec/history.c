/* Histories of attributes: since when the value holds, and how often it changed.
 *
 * The rows of a history say what the value is from their instant on. Of several of one instant the
 * last one does; the others were never the value, so that a value can be corrected by giving it
 * again with its time. What the value was at an instant needs none of this: it is the value in the
 * last row up to then (tally_edge.c). */
#include "exec/exec_int.h"

/* What a value before or behind a change must pass; NULL for any. */
static bool history_match(segi_prep *p, const segi_node *test, const segi_prep_value *value,
                          const segi_match **out)
{
    const segi_prep_value *right = NULL;
    *out = NULL;
    if (!test)
        return true;
    if (test->child_count > 1)
        right = segi_prep_value_of(p, test->children[1], (segi_place){0});
    if (p->status == SEG_OK)
        *out = segi_prep_match(p, test, value, right, NULL);
    if (!*out && p->status == SEG_OK)
        p->status = segi_fail(p->err, SEG_E_INTERNAL, "a value of a history has no match");
    return *out != NULL;
}

const segi_prep_value *segi_prep_history(segi_prep *p, const segi_node *node)
{
    /* Whether a row changes anything, the row before it decides, wherever that lies. */
    const segi_prep_source *source =
        segi_prep_source_of(p, node->selector, SEG_TIME_MIN, p->run->now + 1, false);
    const segi_prep_value *all = source ? segi_prep_aggregate_over(p, node, source) : NULL;
    if (!all || node->aggregate != SEGI_AGG_CHANGES)
        return all;
    segi_prep_value *out = SEGI_PREP_NEW(p, segi_prep_value);
    if (!out)
        return NULL;
    *out = *all;
    out->window = segi_prep_window_of(p, &node->window, true, false);
    bool good = history_match(p, node->from, out->argument, &out->before) &&
                history_match(p, node->to, out->argument, &out->behind);
    return good && p->status == SEG_OK ? out : NULL;
}

/* The last row of its instant. */
static bool history_holds(const segi_list_row *rows, size_t n, size_t i)
{
    return i + 1 == n || rows[i + 1].time != rows[i].time;
}

static bool history_equal(const segi_list_row *a, const segi_list_row *b)
{
    return a->state == b->state && (a->state != SEG_VALUE_SET || a->slot == b->slot);
}

static bool history_passes(const segi_match *match, const segi_list_row *row)
{
    if (!match)
        return true;
    if (match->kind == SEGI_MATCH_IS_NULL)
        return row->state == SEG_VALUE_NULL;
    return row->state == SEG_VALUE_SET && segi_match_slot(match, row->slot);
}

bool segi_history_since(const segi_list_row *rows, size_t n, int64_t *out)
{
    if (n == 0)
        return false;
    const segi_list_row *first = &rows[n - 1];
    for (size_t i = n - 1; i-- > 0;) {
        if (!history_holds(rows, n, i))
            continue;
        if (!history_equal(&rows[i], first))
            break;
        first = &rows[i];
    }
    *out = first->time;
    return true;
}

int64_t segi_history_changes(segi_worker *w, const segi_prep_value *value,
                             const segi_list_row *rows, size_t n)
{
    const segi_list_row *before = NULL;
    int64_t count = 0;
    for (size_t i = 0; i < n; i++) {
        if (!history_holds(rows, n, i))
            continue;
        const segi_list_row *row = &rows[i];
        bool inside = row->time >= w->bound_begin[row->low] && row->time < w->bound_end[row->low];
        count += inside && before && !history_equal(before, row) &&
                 history_passes(value->before, before) && history_passes(value->behind, row);
        before = row;
    }
    return count;
}
