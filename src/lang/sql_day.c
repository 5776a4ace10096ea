/* sql_day.c - days of the year and days that have a name as SQL (S-27): anniversaries, seasons,
 * occasions.
 *
 * Days are numbers. Where in the year one lies is counted from the first of March, so that 29
 * February is the last day of a year and no other depends on it. */
#include "base/civil.h"
#include "lang/sql.h"

/* From the first of March of the year 0 to 1970; 400 years. */
#define CALENDAR_DAYS 719468
#define ERA_DAYS 146097
#define FEBRUARY_29 365

/* The day of an instant or a date: in SQL, ready to stand between operators. */
static segi_sql_table day_of(segi_sql *w, const segi_node *node, const segi_node *value)
{
    const segi_zone *zone = node->window.zone.zone;
    segi_sql_part part;
    segi_sql_begin(w, &part, NULL);
    w->scope = part.outer_scope; /* it speaks of the same row */
    if (value->type.type == SEG_TYPE_DATE) {
        segi_sql_value(w, value);
    } else if (node->window.zone.kind == SEGI_ZONE_USER) {
        segi_sql_refuse(w, node, "a calendar in the time zone of each customer");
    } else if (value->kind == SEGI_NODE_BUILTIN && value->builtin == SEGI_BUILTIN_TIME) {
        segi_node date = *value;
        date.builtin = SEGI_BUILTIN_DATE;
        date.window = node->window;
        segi_sql_value(w, &date);
    } else {
        int64_t begin, end;
        int64_t offset = segi_zone_span(zone, SEG_TIME_MIN, &begin, &end);
        if (end <= SEG_TIME_MAX)
            segi_sql_refuse(w, node, "the date of an instant where clocks change");
        segi_sql_put(w, "((");
        segi_sql_value(w, value);
        segi_sql_put(w, " + ");
        segi_sql_int(w, CALENDAR_DAYS * SEGI_DAY + offset * SEGI_SECOND);
        segi_sql_put(w, ")");
        segi_sql_put(w, w->dialect->divide);
        segi_sql_int(w, SEGI_DAY);
        segi_sql_put(w, " - ");
        segi_sql_int(w, CALENDAR_DAYS);
        segi_sql_put(w, ")");
    }
    return segi_sql_cut(w, &part);
}

/* ( a / n ) */
static void divided(segi_sql *w, void (*a)(segi_sql *, const char *), const char *day, int64_t n)
{
    segi_sql_put(w, "(");
    a(w, day);
    segi_sql_put(w, w->dialect->divide);
    segi_sql_int(w, n);
    segi_sql_put(w, ")");
}

static void day_of_era(segi_sql *w, const char *day)
{
    segi_sql_put(w, "((");
    segi_sql_put(w, day);
    segi_sql_put(w, " + ");
    segi_sql_int(w, CALENDAR_DAYS);
    segi_sql_put(w, ") % ");
    segi_sql_int(w, ERA_DAYS);
    segi_sql_put(w, ")");
}

/* Days without those of leap years. */
static void common_days(segi_sql *w, const char *day)
{
    segi_sql_put(w, "(");
    day_of_era(w, day);
    segi_sql_put(w, " - ");
    divided(w, day_of_era, day, 1460);
    segi_sql_put(w, " + ");
    divided(w, day_of_era, day, 36524);
    segi_sql_put(w, " - ");
    divided(w, day_of_era, day, 146096);
    segi_sql_put(w, ")");
}

static void year_of_era(segi_sql *w, const char *day)
{
    divided(w, common_days, day, 365);
}

static void day_of_year(segi_sql *w, const char *day)
{
    segi_sql_put(w, "(");
    day_of_era(w, day);
    segi_sql_put(w, " - 365 * ");
    year_of_era(w, day);
    segi_sql_put(w, " - ");
    divided(w, year_of_era, day, 4);
    segi_sql_put(w, " + ");
    divided(w, year_of_era, day, 100);
    segi_sql_put(w, ")");
}

/* From the first of March: 0 .. 365. */
static int32_t place_in_year(int32_t month, int32_t day)
{
    int32_t from_march = (month + 9) % 12;
    return (153 * from_march + 2) / 5 + day - 1;
}

static int32_t place_of_day(int64_t days)
{
    int32_t year, month, day;
    segi_civil_from_days((int32_t)days, &year, &month, &day);
    return place_in_year(month, day);
}

/* From one place round the circle of the year to another, both included. */
static void around_the_year(segi_sql *w, const char *day, int32_t from, int32_t to)
{
    segi_sql_put(w, "(");
    day_of_year(w, day);
    segi_sql_put(w, " >= ");
    segi_sql_int(w, from);
    segi_sql_put(w, from <= to ? " AND " : " OR ");
    day_of_year(w, day);
    segi_sql_put(w, " <= ");
    segi_sql_int(w, to);
    segi_sql_put(w, ")");
}

void segi_sql_season(segi_sql *w, const segi_node *node)
{
    segi_season season = node->season;
    segi_sql_table day = day_of(w, node, node->children[0]);
    segi_sql_put(w, "COALESCE(");
    around_the_year(w, day.text, place_in_year(season.from / 100, season.from % 100),
                    place_in_year(season.to / 100, season.to % 100));
    segi_sql_put(w, ", FALSE)");
}

void segi_sql_occasion(segi_sql *w, const segi_node *node)
{
    const segi_occasion *occasion = &node->occasion;
    segi_sql_table day = day_of(w, node, node->children[0]);
    segi_sql_put(w, "COALESCE(FALSE");
    for (uint32_t i = 0; i < occasion->count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, " OR ");
        segi_sql_put(w, day.text);
        segi_sql_put(w, " BETWEEN ");
        segi_sql_int(w, occasion->ranges[i].first);
        segi_sql_put(w, " AND ");
        segi_sql_int(w, occasion->ranges[i].last);
    }
    segi_sql_put(w, ", FALSE)");
}

/* Does who was born on 29 February have a birthday in the span, of less than a year? */
static bool leap_day_in(int64_t begin, int64_t end, bool early)
{
    bool found = false;
    for (int64_t at = begin; at < end && !found; at++) {
        int32_t year, month, day;
        segi_civil_from_days((int32_t)at, &year, &month, &day);
        bool stands_in = early ? month == 2 && day == 28 : month == 3 && day == 1;
        found = segi_civil_month_length(year, 2) == 29 ? month == 2 && day == 29 : stands_in;
    }
    return found;
}

/* `node` asks whether the anniversary of a day lies in its window. */
void segi_sql_anniversary(segi_sql *w, const segi_node *node)
{
    const segi_node *asked = node->children[0];
    int32_t begin, end;
    if (node->window.zone.kind == SEGI_ZONE_USER) {
        segi_sql_refuse(w, node, "a span in the time zone of each customer");
        return;
    }
    segi_window_dates(&node->window, node->window.zone.zone, w->now, &begin, &end);
    segi_sql_table day = day_of(w, node, asked->children[0]);
    if (begin >= end || (int64_t)end - begin >= 366) {
        segi_sql_put(w, begin >= end ? "FALSE" : "(");
        segi_sql_put(w, begin >= end ? "" : day.text);
        segi_sql_put(w, begin >= end ? "" : " IS NOT NULL)");
        return;
    }
    segi_sql_put(w, "COALESCE(CASE WHEN ");
    day_of_year(w, day.text);
    segi_sql_put(w, " = ");
    segi_sql_int(w, FEBRUARY_29);
    segi_sql_put(w, leap_day_in(begin, end, asked->early) ? " THEN TRUE" : " THEN FALSE");
    segi_sql_put(w, " ELSE ");
    around_the_year(w, day.text, place_of_day(begin), place_of_day((int64_t)end - 1));
    segi_sql_put(w, " END, FALSE)");
}
