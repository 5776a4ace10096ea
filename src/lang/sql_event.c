/* sql_event.c - what events tell about customers: tables of one row per customer.
 *
 * A table has no row for who has none of the events. Its body is made before the source that it
 * reads from, because the conditions say which columns of the calendar they want. */
#include "base/civil.h"
#include "lang/sql.h"

#define TIME_END (SEG_TIME_MAX + 1)
/* From the first of March of the year 0 to 1970, in days. */
#define CALENDAR_DAYS 719468

/* ---- windows ---- */

static bool is_exact(segi_duration duration)
{
    return duration.unit < SEGI_UNIT_MONTH || duration.count == 0;
}

/* Whether the window is the same in every time zone. */
static bool is_zoneless(const segi_window *window)
{
    switch (window->kind) {
    case SEGI_WINDOW_EVER: return true;
    case SEGI_WINDOW_LAST:
    case SEGI_WINDOW_NEXT:
    case SEGI_WINDOW_OLDER:
    case SEGI_WINDOW_ANCHOR: return is_exact(window->length);
    case SEGI_WINDOW_AGO: return is_exact(window->length) && is_exact(window->length_to);
    case SEGI_WINDOW_SINCE:
    case SEGI_WINDOW_AS_OF:
    case SEGI_WINDOW_BEFORE: return window->from.kind == SEGI_MOMENT_INSTANT;
    case SEGI_WINDOW_BETWEEN:
        return window->from.kind == SEGI_MOMENT_INSTANT && window->to.kind == SEGI_MOMENT_INSTANT;
    case SEGI_WINDOW_LAST_CALENDAR:
    case SEGI_WINDOW_THIS:
    case SEGI_WINDOW_PREVIOUS: break;
    }
    return false;
}

static bool known_window(segi_sql *w, const segi_node *node)
{
    const segi_window *window = &node->window;
    if (window->kind == SEGI_WINDOW_ANCHOR && !is_exact(window->length))
        segi_sql_refuse(w, node, "a month from an instant of each customer");
    else if (window->zone.kind == SEGI_ZONE_USER && !is_zoneless(window))
        segi_sql_refuse(w, node, "a span in the time zone of each customer");
    return !segi_sql_stopped(w);
}

/* What stands for an instant in the text: a value, what a table of customers says, or words. */
typedef struct instant {
    const segi_node *value;
    uint32_t table;
    const char *words;
} instant;

static void write_instant(segi_sql *w, instant what)
{
    if (what.value != NULL)
        segi_sql_value(w, what.value);
    else if (what.table != 0)
        segi_sql_join(w, what.table);
    else
        segi_sql_put(w, what.words);
}

static void between(segi_sql *w, instant what, int64_t begin, int64_t end)
{
    if (begin > SEG_TIME_MIN) {
        write_instant(w, what);
        segi_sql_put(w, " >= ");
        segi_sql_int(w, begin);
        segi_sql_put(w, " AND ");
    }
    write_instant(w, what);
    segi_sql_put(w, " < ");
    segi_sql_int(w, end);
}

/* what SIGN anchor + by */
static void beside(segi_sql *w, instant what, const char *sign, instant anchor, int64_t by)
{
    write_instant(w, what);
    segi_sql_put(w, sign);
    write_instant(w, anchor);
    segi_sql_put(w, by < 0 ? " - " : " + ");
    segi_sql_int(w, by < 0 ? -by : by);
}

static void around(segi_sql *w, instant what, const segi_window *window, instant anchor)
{
    int64_t length = segi_duration_length(window->length);
    if (length > TIME_END - SEG_TIME_MIN)
        length = TIME_END - SEG_TIME_MIN;
    if (window->side == SEGI_ANCHOR_AFTER)
        beside(w, what, " > ", anchor, 0);
    else
        beside(w, what, " >= ", anchor, -length);
    segi_sql_put(w, " AND ");
    if (window->side == SEGI_ANCHOR_BEFORE)
        beside(w, what, " < ", anchor, 0);
    else
        beside(w, what, " <= ", anchor, length);
    segi_sql_put(w, " AND ");
    write_instant(w, what);
    segi_sql_put(w, " <= ");
    segi_sql_int(w, w->now);
}

void segi_sql_window(segi_sql *w, const segi_node *node, const segi_node *value)
{
    const segi_window *window = &node->window;
    instant what = {value, 0, NULL}, anchor = {window->anchor, 0, NULL};
    int64_t begin, end;
    if (!known_window(w, node))
        return;
    if (window->kind == SEGI_WINDOW_ANCHOR) {
        around(w, what, window, anchor);
        return;
    }
    segi_window_bounds(window, window->zone.zone, w->now, 0, false, &begin, &end);
    between(w, what, begin, end);
}

void segi_sql_dates(segi_sql *w, const segi_node *node, const segi_node *value)
{
    instant what = {value, 0, NULL};
    int32_t begin, end;
    if (node->window.zone.kind == SEGI_ZONE_USER) {
        segi_sql_refuse(w, node, "a span in the time zone of each customer");
        return;
    }
    segi_window_dates(&node->window, node->window.zone.zone, w->now, &begin, &end);
    write_instant(w, what);
    segi_sql_put(w, " >= ");
    segi_sql_int(w, begin);
    segi_sql_put(w, " AND ");
    write_instant(w, what);
    segi_sql_put(w, " < ");
    segi_sql_int(w, end);
}

/* ---- sources ---- */

/* The local time of an event, moved so that the first of March of the year 0 is 0. Offsets are
 * those of libseg's own database of zones, up to now. */
static void local_time(segi_sql *w, const segi_zone *zone)
{
    int64_t begin, end = SEG_TIME_MIN;
    segi_sql_put(w, "seg_time + ");
    segi_sql_int(w, CALENDAR_DAYS * SEGI_DAY);
    segi_sql_put(w, " + CASE");
    int64_t offset = segi_zone_span(zone, end, &begin, &end);
    while (end <= w->now && !segi_sql_stopped(w)) {
        segi_sql_put(w, " WHEN seg_time < ");
        segi_sql_int(w, end);
        segi_sql_put(w, " THEN ");
        segi_sql_int(w, offset * SEGI_SECOND);
        offset = segi_zone_span(zone, end, &begin, &end);
    }
    segi_sql_put(w, " WHEN TRUE THEN ");
    segi_sql_int(w, offset * SEGI_SECOND);
    segi_sql_put(w, " END");
}

/* Columns that are made of others, each layer of those below it: first day and hour, then the civil
 * date of days since the first of March of the year 0 by eras of 400 years, years that begin in
 * March, and five months of 153 days. "/" is division without rest, of numbers above zero. */
static const char *const layers[] = {
    "seg_yoe + 400 * (seg_day / 146097) + CASE WHEN seg_month <= 2 THEN 1 ELSE 0 END AS seg_year",
    ("seg_doy - ((153 * seg_mp + 2) / 5) + 1 AS seg_mday, "
     "CASE WHEN seg_mp < 10 THEN seg_mp + 3 ELSE seg_mp - 9 END AS seg_month"),
    "((5 * seg_doy + 2) / 153) AS seg_mp",
    "seg_doe - (365 * seg_yoe + (seg_yoe / 4) - (seg_yoe / 100)) AS seg_doy",
    "((seg_doe - (seg_doe / 1460) + (seg_doe / 36524) - (seg_doe / 146096)) / 365) AS seg_yoe",
    "seg_day % 146097 AS seg_doe",
    "(seg_local / 86400000000) AS seg_day, ((seg_local % 86400000000) / 3600000000) AS seg_hour",
};
#define LAYER_COUNT (sizeof layers / sizeof layers[0])

/* The text with the dialect's sign of division. */
static void divided(segi_sql *w, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '/')
            segi_sql_put(w, w->dialect->divide);
        else
            segi_buf_char(w->out, *text);
    }
}

/* FROM the events, with the columns of the calendar that are wanted. */
void segi_sql_from_events(segi_sql *w, uint32_t calendar, const segi_zone *zone)
{
    size_t first = calendar > 1 ? 0 : LAYER_COUNT - 1;
    segi_sql_put(w, " FROM ");
    for (size_t i = first; i < LAYER_COUNT && calendar > 0; i++) {
        segi_sql_put(w, "(SELECT *, ");
        divided(w, layers[i]);
        segi_sql_put(w, " FROM ");
    }
    if (calendar > 0) {
        segi_sql_put(w, "(SELECT *, ");
        local_time(w, zone);
        segi_sql_put(w, " AS seg_local FROM ");
    }
    segi_sql_table_name(w, w->events);
    if (calendar > 0) {
        segi_sql_put(w, ") AS seg_l");
        for (size_t i = first; i < LAYER_COUNT; i++)
            segi_sql_put(w, i + 1 < LAYER_COUNT ? ") AS seg_l" : ")");
    }
    segi_sql_put(w, " AS e");
}

void segi_sql_event_types(segi_sql *w, const segi_selector *selector)
{
    const segi_schema *schema = w->predicate->schema;
    if (selector->any_event) {
        segi_sql_put(w, "TRUE");
        return;
    }
    segi_sql_put(w, selector->event_count == 0 ? "FALSE" : "e.seg_event IN (");
    for (uint32_t i = 0; i < selector->event_count; i++) {
        const segi_event_type *type = schema->events[selector->events[i]];
        segi_sql_put(w, i == 0 ? "" : ", ");
        segi_sql_string(w, type->name, type->name_size);
    }
    segi_sql_put(w, selector->event_count == 0 ? "" : ")");
}

/* Which of the events in the window: `always` takes all of them up to now. */
static void conditions(segi_sql *w, const segi_node *node, bool always, bool needs_value)
{
    const segi_window *window = &node->window;
    instant time = {NULL, 0, "e.seg_time"}, anchor = {NULL, 0, "seg_a.seg_v"};
    int64_t begin = SEG_TIME_MIN, end = w->now + 1;
    segi_sql_event_types(w, node->selector);
    segi_sql_put(w, " AND ");
    if (!always && window->kind == SEGI_WINDOW_ANCHOR) {
        around(w, time, window, anchor);
    } else {
        if (!always)
            segi_window_bounds(window, window->zone.zone, w->now, 0, true, &begin, &end);
        between(w, time, begin, end);
    }
    if (node->selector->where != NULL) {
        segi_sql_put(w, " AND ");
        segi_sql_condition(w, node->selector->where);
    }
    if (needs_value) {
        segi_sql_put(w, " AND ");
        segi_sql_value(w, node->argument);
        segi_sql_put(w, " IS NOT NULL");
    }
}

/* What of the events is selected; written in their scope. */
typedef void (*column_writer)(segi_sql *w, const segi_node *node);

/* SELECT seg_user, the columns FROM the selected events. */
static void select_events(segi_sql *w, const segi_node *node, column_writer columns, bool always)
{
    bool inputs = node->kind == SEGI_NODE_AGGREGATE && node->argument != NULL &&
                  !(node->aggregate >= SEGI_AGG_FIRST && node->aggregate <= SEGI_AGG_NTH);
    bool anchored = !always && node->window.kind == SEGI_WINDOW_ANCHOR;
    segi_sql_part list, rest;
    if (node->selector->session != NULL) {
        segi_sql_refuse(w, node, "a session");
        return;
    }
    if (!always && !known_window(w, node))
        return;
    uint32_t anchor = anchored ? segi_sql_user_table(w, node->window.anchor) : 0;
    segi_sql_begin(w, &list, node->selector);
    columns(w, node);
    segi_sql_table first = segi_sql_cut(w, &list);
    segi_sql_begin(w, &rest, node->selector);
    conditions(w, node, always, inputs);
    segi_sql_table second = segi_sql_cut(w, &rest);
    if (segi_sql_stopped(w))
        return;
    uint32_t calendar =
        list.scope.calendar > rest.scope.calendar ? list.scope.calendar : rest.scope.calendar;
    segi_sql_put(w, "SELECT e.seg_user AS seg_user, ");
    segi_sql_put(w, first.text);
    segi_sql_from_events(w, calendar, node->window.zone.zone);
    if (anchored) {
        segi_sql_put(w, " INNER JOIN seg_");
        segi_sql_int(w, anchor);
        segi_sql_put(w, " AS seg_a ON seg_a.seg_user = e.seg_user");
    }
    segi_sql_put(w, " WHERE ");
    segi_sql_put(w, second.text);
}

/* ---- how often ---- */

static void write_count(segi_sql *w, const segi_node *node)
{
    (void)node;
    segi_sql_put(w, "count(*) AS seg_v");
}

/* The number of the period that an event lies in. */
static void period_number(segi_sql *w, segi_unit unit, int32_t week_start)
{
    uint32_t wanted = unit == SEGI_UNIT_DAY || unit == SEGI_UNIT_WEEK ? 1 : 2;
    if (wanted > w->scope->calendar)
        w->scope->calendar = wanted;
    switch (unit) {
    case SEGI_UNIT_WEEK:
        divided(w, week_start == 7 ? "((e.seg_day + 3) / 7)" : "((e.seg_day + 2) / 7)");
        break;
    case SEGI_UNIT_MONTH: segi_sql_put(w, "(e.seg_year * 12 + e.seg_month)"); break;
    case SEGI_UNIT_QUARTER: divided(w, "(e.seg_year * 4 + ((e.seg_month - 1) / 3))"); break;
    case SEGI_UNIT_YEAR: segi_sql_put(w, "e.seg_year"); break;
    default: segi_sql_put(w, "e.seg_day"); break;
    }
}

static void write_period(segi_sql *w, const segi_node *node)
{
    segi_unit unit = node->kind == SEGI_NODE_DID ? node->bound.period : node->period;
    if (node->window.zone.kind == SEGI_ZONE_USER)
        segi_sql_refuse(w, node, "a calendar in the time zone of each customer");
    period_number(w, unit, node->window.week_start);
    segi_sql_put(w, " AS seg_p");
}

/* Different periods with at least `each` events. */
static uint32_t period_table(segi_sql *w, const segi_node *node, int64_t each)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, count(*) AS seg_v FROM (SELECT seg_user, seg_p FROM (");
    select_events(w, node, write_period, false);
    segi_sql_put(w, ") AS seg_e GROUP BY seg_user, seg_p HAVING count(*) >= ");
    segi_sql_int(w, each);
    segi_sql_put(w, ") AS seg_g GROUP BY seg_user");
    return segi_sql_end(w, &part);
}

/* The number that period_number() gives the period of now. */
static int64_t running_period(const segi_sql *w, const segi_node *node)
{
    int32_t year, month, day;
    int32_t date = segi_zone_date(node->window.zone.zone, w->now);
    segi_civil_from_days(date, &year, &month, &day);
    switch (node->period) {
    case SEGI_UNIT_WEEK:
        return ((int64_t)date + CALENDAR_DAYS + (node->window.week_start == 7 ? 3 : 2)) / 7;
    case SEGI_UNIT_MONTH: return (int64_t)year * 12 + month;
    case SEGI_UNIT_QUARTER: return (int64_t)year * 4 + (month - 1) / 3;
    case SEGI_UNIT_YEAR: return year;
    default: return (int64_t)date + CALENDAR_DAYS;
    }
}

/* Periods in a row have the same distance from their number in order. A streak that reaches the
 * period before the running one still goes on. */
static uint32_t streak_table(segi_sql *w, const segi_node *node)
{
    segi_sql_part part;
    if (node->streak->missed > 0) {
        segi_sql_refuse(w, node, "a streak with missed periods");
        return 0;
    }
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w,
                 "SELECT seg_user, max(seg_l) AS seg_v FROM (SELECT seg_user, seg_i, count(*) AS "
                 "seg_l, max(seg_p) AS seg_m FROM (SELECT seg_user, seg_p, seg_p - "
                 "row_number() OVER (PARTITION BY seg_user ORDER BY seg_p) AS seg_i FROM "
                 "(SELECT seg_user, seg_p FROM (");
    select_events(w, node, write_period, false);
    segi_sql_put(w, ") AS seg_e GROUP BY seg_user, seg_p HAVING count(*) >= ");
    segi_sql_int(w, node->streak->min_events);
    segi_sql_put(w, ") AS seg_g) AS seg_f GROUP BY seg_user, seg_i) AS seg_h");
    if (node->aggregate == SEGI_AGG_CURRENT_STREAK && !segi_sql_stopped(w)) {
        segi_sql_put(w, " WHERE seg_m >= ");
        segi_sql_int(w, running_period(w, node) - 1);
    }
    segi_sql_put(w, " GROUP BY seg_user");
    return segi_sql_end(w, &part);
}

static uint32_t grouped_table(segi_sql *w, const segi_node *node, column_writer columns)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    select_events(w, node, columns, false);
    segi_sql_put(w, " GROUP BY e.seg_user");
    return segi_sql_end(w, &part);
}

void segi_sql_did(segi_sql *w, const segi_node *node)
{
    const segi_bound *bound = &node->bound;
    uint32_t table = bound->given && bound->periods ? period_table(w, node, bound->each)
                                                    : grouped_table(w, node, write_count);
    if (!bound->given) {
        segi_sql_put(w, "(");
        segi_sql_join(w, table);
        segi_sql_put(w, " IS NOT NULL)");
        return;
    }
    segi_sql_put(w, "(COALESCE(");
    segi_sql_join(w, table);
    segi_sql_put(w, ", 0) >= ");
    segi_sql_int(w, bound->min);
    if (bound->max < INT64_MAX) {
        segi_sql_put(w, " AND COALESCE(");
        segi_sql_join(w, table);
        segi_sql_put(w, ", 0) <= ");
        segi_sql_int(w, bound->max);
    }
    segi_sql_put(w, ")");
}

/* ---- one of the events ---- */

static void write_first(segi_sql *w, const segi_node *node)
{
    (void)node;
    segi_sql_put(w, "min(e.seg_time) AS seg_v");
}

static void write_last(segi_sql *w, const segi_node *node)
{
    (void)node;
    segi_sql_put(w, "max(e.seg_time) AS seg_v");
}

static void write_numbered(segi_sql *w, const segi_node *node)
{
    bool last = node->kind == SEGI_NODE_AGGREGATE ? node->aggregate == SEGI_AGG_LAST
                                                  : node->which == SEGI_LAST;
    if (node->kind == SEGI_NODE_AGGREGATE)
        segi_sql_value(w, node->argument);
    else
        segi_sql_put(w, "e.seg_time");
    segi_sql_put(w, " AS seg_v, row_number() OVER (PARTITION BY e.seg_user ORDER BY e.seg_time");
    segi_sql_put(w, last ? " DESC, e.seg_order DESC) AS seg_n" : ", e.seg_order) AS seg_n");
}

/* The one that comes as number `n`. */
static uint32_t numbered_table(segi_sql *w, const segi_node *node, int64_t n, bool always)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, seg_v FROM (");
    select_events(w, node, write_numbered, always);
    segi_sql_put(w, ") AS seg_e WHERE seg_n = ");
    segi_sql_int(w, n);
    return segi_sql_end(w, &part);
}

/* First and last are of all time; the window is asked of what they are. */
void segi_sql_edge(segi_sql *w, const segi_node *node)
{
    uint32_t table;
    if (node->which == SEGI_NTH) {
        table = numbered_table(w, node, node->nth, true);
    } else {
        segi_sql_part part;
        segi_sql_begin(w, &part, NULL);
        select_events(w, node, node->which == SEGI_FIRST ? write_first : write_last, true);
        segi_sql_put(w, " GROUP BY e.seg_user");
        table = segi_sql_end(w, &part);
    }
    instant what = {NULL, table, NULL}, anchor = {node->window.anchor, 0, NULL};
    if (segi_sql_stopped(w) || !known_window(w, node))
        return;
    segi_sql_put(w, "COALESCE(");
    if (node->window.kind == SEGI_WINDOW_ANCHOR) {
        around(w, what, &node->window, anchor);
    } else {
        int64_t begin, end;
        segi_window_bounds(&node->window, node->window.zone.zone, w->now, 0, true, &begin, &end);
        between(w, what, begin, end);
    }
    segi_sql_put(w, ", FALSE)");
}

/* ---- figures ---- */

static void call(segi_sql *w, const char *begin, const segi_node *node, const char *end)
{
    segi_sql_put(w, begin);
    segi_sql_value(w, node->argument);
    segi_sql_put(w, end);
}

static void write_sum(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, w->dialect->as_int);
    call(w, "sum(", node, ")");
    segi_sql_put(w, w->dialect->as_int_end);
    segi_sql_put(w, " AS seg_v");
}

static void write_avg(segi_sql *w, const segi_node *node)
{
    const segi_sql_dialect *d = w->dialect;
    segi_sql_put(w, d->as_double);
    segi_sql_put(w, d->as_int);
    call(w, "sum(", node, ")");
    segi_sql_put(w, d->as_int_end);
    segi_sql_put(w, d->as_double_end);
    segi_sql_put(w, " / (");
    segi_sql_put(w, d->as_double);
    segi_sql_put(w, "count(*)");
    segi_sql_put(w, d->as_double_end);
    segi_sql_put(w, " * 1e");
    segi_sql_int(w, node->argument->type.type == SEG_TYPE_DECIMAL ? node->argument->type.scale : 0);
    segi_sql_put(w, ") AS seg_v");
}

static void write_min(segi_sql *w, const segi_node *node)
{
    call(w, "min(", node, ") AS seg_v");
}

static void write_max(segi_sql *w, const segi_node *node)
{
    call(w, "max(", node, ") AS seg_v");
}

static void write_distinct(segi_sql *w, const segi_node *node)
{
    call(w, "count(DISTINCT ", node, ") AS seg_v");
}

static void write_share(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, w->dialect->as_double);
    segi_sql_put(w, "sum(CASE WHEN ");
    segi_sql_condition(w, node->share);
    segi_sql_put(w, " THEN 1 ELSE 0 END)");
    segi_sql_put(w, w->dialect->as_double_end);
    segi_sql_put(w, " / ");
    segi_sql_put(w, w->dialect->as_double);
    segi_sql_put(w, "count(*)");
    segi_sql_put(w, w->dialect->as_double_end);
    segi_sql_put(w, " AS seg_v");
}

static void write_sorted(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, w->dialect->sorted);
    segi_sql_double(w, node->argument);
    segi_sql_put(w, w->dialect->sorted_end);
    segi_sql_put(w, " AS seg_s");
}

/* Between the two values next to the place (n - 1) x fraction, in proportion. */
static uint32_t percentile_table(segi_sql *w, const segi_node *node)
{
    double fraction = node->aggregate == SEGI_AGG_MEDIAN ? 0.5 : node->fraction;
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, seg_s[seg_i] + (seg_s[CASE WHEN seg_i < seg_n THEN seg_i + 1 "
                    "ELSE seg_i END] - seg_s[seg_i]) * (seg_r - floor(seg_r)) AS seg_v FROM "
                    "(SELECT *, ");
    segi_sql_put(w, w->dialect->as_int);
    segi_sql_put(w, "floor(seg_r)");
    segi_sql_put(w, w->dialect->as_int_end);
    segi_sql_put(w, " + 1 AS seg_i FROM (SELECT *, ");
    segi_sql_put(w, w->dialect->as_double);
    segi_sql_put(w, "seg_n - 1");
    segi_sql_put(w, w->dialect->as_double_end);
    segi_sql_put(w, " * ");
    segi_sql_float(w, fraction);
    segi_sql_put(w, " AS seg_r FROM (SELECT *, ");
    segi_sql_put(w, w->dialect->set_size);
    segi_sql_put(w, "seg_s) AS seg_n FROM (");
    select_events(w, node, write_sorted, false);
    segi_sql_put(w, " GROUP BY e.seg_user) AS seg_e) AS seg_f) AS seg_g) AS seg_h");
    return segi_sql_end(w, &part);
}

static void write_input(segi_sql *w, const segi_node *node)
{
    segi_sql_value(w, node->argument);
    segi_sql_put(w, " AS seg_x, row_number() OVER (PARTITION BY e.seg_user ORDER BY e.seg_time, "
                    "e.seg_order) AS seg_n");
}

/* The most frequent value; of several the one that came last, or with `ties none` none. */
static uint32_t mode_table(segi_sql *w, const segi_node *node)
{
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    segi_sql_put(w, "SELECT seg_user, seg_x AS seg_v FROM (SELECT seg_user, seg_x, row_number() "
                    "OVER (PARTITION BY seg_user ORDER BY seg_c DESC, seg_l DESC) AS seg_r, "
                    "count(*) OVER (PARTITION BY seg_user, seg_c) AS seg_t, "
                    "sum(seg_c) OVER (PARTITION BY seg_user) AS seg_n FROM (SELECT seg_user, "
                    "seg_x, count(*) AS seg_c, max(seg_n) AS seg_l FROM (");
    select_events(w, node, write_input, false);
    segi_sql_put(w, ") AS seg_e GROUP BY seg_user, seg_x) AS seg_f) AS seg_g WHERE seg_r = 1");
    segi_sql_put(w, node->ties == SEGI_TIES_NONE ? " AND seg_t = 1" : "");
    segi_sql_put(w, " AND seg_n >= ");
    segi_sql_int(w, node->min_events);
    return segi_sql_end(w, &part);
}

/* Sums of floats come out differently in another order of adding, or with other care. */
static bool is_exact_sum(segi_sql *w, const segi_node *node)
{
    if (node->argument->type.type == SEG_TYPE_INT64 ||
        node->argument->type.type == SEG_TYPE_DECIMAL)
        return true;
    segi_sql_refuse(w, node, "an exact sum of floats");
    return false;
}

static uint32_t aggregate_table(segi_sql *w, const segi_node *node)
{
    bool time = node->argument != NULL && node->argument->kind == SEGI_NODE_BUILTIN &&
                node->argument->builtin == SEGI_BUILTIN_TIME;
    switch (node->aggregate) {
    case SEGI_AGG_COUNT: return grouped_table(w, node, write_count);
    case SEGI_AGG_SUM: return is_exact_sum(w, node) ? grouped_table(w, node, write_sum) : 0;
    case SEGI_AGG_AVG: return is_exact_sum(w, node) ? grouped_table(w, node, write_avg) : 0;
    case SEGI_AGG_MIN: return grouped_table(w, node, write_min);
    case SEGI_AGG_MAX: return grouped_table(w, node, write_max);
    case SEGI_AGG_MEDIAN:
    case SEGI_AGG_PERCENTILE: return percentile_table(w, node);
    case SEGI_AGG_DISTINCT: return grouped_table(w, node, write_distinct);
    case SEGI_AGG_DISTINCT_PERIOD: return period_table(w, node, 1);
    case SEGI_AGG_MODE: return mode_table(w, node);
    case SEGI_AGG_TOP: segi_sql_refuse(w, node, "the most frequent values"); break;
    case SEGI_AGG_FIRST:
        return time ? grouped_table(w, node, write_first) : numbered_table(w, node, 1, false);
    case SEGI_AGG_LAST:
        return time ? grouped_table(w, node, write_last) : numbered_table(w, node, 1, false);
    case SEGI_AGG_NTH: return numbered_table(w, node, node->nth, false);
    case SEGI_AGG_SHARE: return grouped_table(w, node, write_share);
    case SEGI_AGG_STDDEV: segi_sql_refuse(w, node, "an exact sum of floats"); break;
    case SEGI_AGG_STREAK:
    case SEGI_AGG_CURRENT_STREAK: return streak_table(w, node);
    case SEGI_AGG_STREAK_BROKEN: segi_sql_refuse(w, node, "the end of a streak"); break;
    case SEGI_AGG_OVERDUE: segi_sql_refuse(w, node, "\"overdue\""); break;
    case SEGI_AGG_SINCE:
    case SEGI_AGG_CHANGES: segi_sql_refuse(w, node, "the history of an attribute"); break;
    }
    return 0;
}

/* Without any event there are counts and sums of 0, and no other figure. */
void segi_sql_aggregate(segi_sql *w, const segi_node *node)
{
    bool zero = node->aggregate == SEGI_AGG_COUNT || node->aggregate == SEGI_AGG_SUM ||
                node->aggregate == SEGI_AGG_DISTINCT ||
                node->aggregate == SEGI_AGG_DISTINCT_PERIOD || node->aggregate == SEGI_AGG_STREAK ||
                node->aggregate == SEGI_AGG_CURRENT_STREAK;
    if (node->selector->session != NULL) {
        segi_sql_refuse(w, node, "a session");
        return;
    }
    uint32_t table = aggregate_table(w, node);
    if (segi_sql_stopped(w))
        return;
    segi_sql_put(w, zero ? "COALESCE(" : "");
    segi_sql_join(w, table);
    segi_sql_put(w, zero ? ", 0)" : "");
}
