/* sql_sequence.c - ordered steps as SQL: plain steps in order, with one length of time for all or
 * lengths between neighbours, and what does not follow the last one.
 *
 * Windows over a customer's events in order find the best chain without trying them all. For each
 * step a column seg_tN carries to all later events what is best to know of the chains that have
 * reached it: the latest beginning where the whole is bounded, else the latest end. */
#include "base/civil.h"
#include "lang/sql.h"

#define IN_ORDER " END) OVER (PARTITION BY seg_user ORDER BY seg_time, seg_order ROWS BETWEEN "

static bool is_plain_step(const segi_step *step)
{
    return !step->has_after && step->without == NULL && !step->repeat.given;
}

/* What one number for each step is enough for. */
static bool is_plain(const segi_sequence *sequence)
{
    bool plain = sequence->entry == SEGI_ENTRY_ANY && sequence->between == SEGI_BETWEEN_ANYTHING &&
                 sequence->repeat == SEGI_REPEAT_IGNORE && sequence->tie == SEGI_TIE_INGESTED &&
                 !sequence->row_many && sequence->scan == SEGI_SCAN_NONE &&
                 sequence->held_count == 0;
    for (uint32_t i = 0; i < sequence->step_count && plain; i++)
        plain = is_plain_step(&sequence->steps[i]) &&
                !(sequence->has_within && sequence->steps[i].has_within);
    return plain;
}

/* ---- the events, and which steps each can be ---- */

typedef struct span {
    int64_t begin, end;
} span;

/* One of the kinds of events, in the span: 1 or 0. */
static void flag(segi_sql *w, const segi_step_events *events, uint32_t count, span in,
                 uint32_t *calendar)
{
    segi_sql_put(w, ", CASE WHEN e.seg_time >= ");
    segi_sql_int(w, in.begin);
    segi_sql_put(w, " AND e.seg_time < ");
    segi_sql_int(w, in.end);
    segi_sql_put(w, " AND (");
    for (uint32_t i = 0; i < count && !segi_sql_stopped(w); i++) {
        const segi_selector *selector = events[i].selector;
        segi_sql_part part;
        segi_sql_begin(w, &part, selector);
        segi_sql_event_types(w, selector);
        if (selector->where != NULL) {
            segi_sql_put(w, " AND ");
            segi_sql_condition(w, selector->where);
        }
        if (part.scope.calendar > *calendar)
            *calendar = part.scope.calendar;
        segi_sql_table text = segi_sql_cut(w, &part);
        segi_sql_put(w, i == 0 ? "(" : " OR (");
        segi_sql_put(w, text.text);
        segi_sql_put(w, ")");
    }
    segi_sql_put(w, ") THEN 1 ELSE 0 END AS ");
}

/* What must not follow can come after the span as well. */
static void flagged_events(segi_sql *w, const segi_node *node)
{
    const segi_sequence *sequence = node->sequence;
    uint32_t calendar = 0;
    span all = {SEG_TIME_MIN, w->now + 1}, window;
    segi_window_bounds(&node->window, node->window.zone.zone, w->now, 0, true, &window.begin,
                       &window.end);
    segi_sql_put(w, "SELECT e.seg_user AS seg_user, e.seg_time AS seg_time, "
                    "e.seg_order AS seg_order");
    for (uint32_t i = 0; i < sequence->step_count; i++) {
        const segi_step *step = &sequence->steps[i];
        flag(w, step->choices, step->choice_count, window, &calendar);
        segi_sql_put(w, "seg_s");
        segi_sql_int(w, i + 1);
    }
    if (sequence->absence != NULL) {
        flag(w, sequence->absence, 1, all, &calendar);
        segi_sql_put(w, "seg_x");
    }
    segi_sql_from_events(w, calendar, node->window.zone.zone);
}

/* ---- chains ---- */

static void numbered(segi_sql *w, const char *name, uint32_t number)
{
    segi_sql_put(w, name);
    segi_sql_int(w, number);
}

/* A chain up to this step ends at this event. */
static void ends_chain(segi_sql *w, const segi_sequence *sequence, uint32_t step)
{
    const segi_step *own = &sequence->steps[step - 1];
    numbered(w, "seg_s", step);
    segi_sql_put(w, " = 1");
    if (step == 1)
        return;
    if (!sequence->has_within && !own->has_within) {
        numbered(w, " AND seg_t", step - 1);
        segi_sql_put(w, " IS NOT NULL");
        return;
    }
    numbered(w, " AND seg_time - seg_t", step - 1);
    segi_sql_put(w, " <= ");
    segi_sql_int(w, segi_duration_length(sequence->has_within ? sequence->within : own->within));
}

/* FROM the events with a column for each step but the last; a layer for each, as it needs those
 * before it. */
static void from_layers(segi_sql *w, const segi_node *node)
{
    const segi_sequence *sequence = node->sequence;
    segi_sql_put(w, " FROM ");
    if (sequence->absence != NULL)
        segi_sql_put(w, "(SELECT *, min(CASE WHEN seg_x = 1 THEN seg_time" IN_ORDER
                        "1 FOLLOWING AND UNBOUNDED FOLLOWING) AS seg_n FROM ");
    for (uint32_t step = sequence->step_count - 1; step > 0; step--) {
        segi_sql_put(w, "(SELECT *, max(CASE WHEN ");
        ends_chain(w, sequence, step);
        segi_sql_put(w, " THEN ");
        if (sequence->has_within && step > 1)
            numbered(w, "seg_t", step - 1);
        else
            segi_sql_put(w, "seg_time");
        segi_sql_put(w, IN_ORDER "UNBOUNDED PRECEDING AND 1 PRECEDING) AS ");
        numbered(w, "seg_t", step);
        segi_sql_put(w, " FROM ");
    }
    segi_sql_put(w, "(");
    flagged_events(w, node);
    segi_sql_put(w, ") AS seg_e");
    for (uint32_t step = 1; step < sequence->step_count; step++)
        numbered(w, ") AS seg_f", step);
    segi_sql_put(w, sequence->absence != NULL ? ") AS seg_g" : "");
}

/* How deep each customer came; what must not follow counts to the last step. */
static uint32_t depth_table(segi_sql *w, const segi_node *node)
{
    const segi_sequence *sequence = node->sequence;
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, max(CASE");
    for (uint32_t step = sequence->step_count; step > 0 && !segi_sql_stopped(w); step--) {
        segi_sql_put(w, " WHEN ");
        ends_chain(w, sequence, step);
        if (step == sequence->step_count && sequence->absence != NULL) {
            int64_t length = segi_duration_length(sequence->absence_for);
            segi_sql_put(w, " AND (seg_n IS NULL OR seg_n - seg_time > ");
            segi_sql_int(w, length);
            segi_sql_put(w, ") AND ");
            segi_sql_int(w, w->now);
            segi_sql_put(w, " - seg_time >= ");
            segi_sql_int(w, length);
        }
        numbered(w, " THEN ", step);
    }
    segi_sql_put(w, " ELSE 0 END) AS seg_v");
    from_layers(w, node);
    segi_sql_put(w, " GROUP BY seg_user");
    return segi_sql_end(w, &part);
}

/* False: refused. */
static bool is_sayable(segi_sql *w, const segi_node *node)
{
    if (!is_plain(node->sequence))
        segi_sql_refuse(w, node, "a sequence of more than plain steps");
    else if (node->window.kind == SEGI_WINDOW_ANCHOR)
        segi_sql_refuse(w, node, "a sequence around another event");
    else if (node->window.zone.kind == SEGI_ZONE_USER)
        segi_sql_refuse(w, node, "a span in the time zone of each customer");
    return !segi_sql_stopped(w);
}

static void write_depth(segi_sql *w, const segi_node *node)
{
    uint32_t table = depth_table(w, node);
    if (segi_sql_stopped(w))
        return;
    segi_sql_put(w, "COALESCE(");
    segi_sql_join(w, table);
    segi_sql_put(w, ", 0)");
}

void segi_sql_sequence(segi_sql *w, const segi_node *node)
{
    const segi_sequence *sequence = node->sequence;
    int64_t least = sequence->step_count, most = INT64_MAX;
    if (sequence->funnel) {
        least = node->bound.min;
        most = node->bound.max;
    } else if (node->bound.given && (node->bound.min != 1 || node->bound.max != INT64_MAX)) {
        segi_sql_refuse(w, node, "a number of sequences");
        return;
    }
    if (!is_sayable(w, node))
        return;
    segi_sql_put(w, "(");
    write_depth(w, node);
    segi_sql_put(w, " >= ");
    segi_sql_int(w, least);
    if (most < INT64_MAX) {
        segi_sql_put(w, " AND ");
        write_depth(w, node);
        segi_sql_put(w, " <= ");
        segi_sql_int(w, most);
    }
    segi_sql_put(w, ")");
}

void segi_sql_figure(segi_sql *w, const segi_node *node)
{
    if (node->figure == SEGI_FIGURE_TIME)
        segi_sql_refuse(w, node, "the time of a sequence");
    else if (node->figure == SEGI_FIGURE_MATCHES)
        segi_sql_refuse(w, node, "a number of sequences");
    else if (is_sayable(w, node))
        write_depth(w, node);
}
