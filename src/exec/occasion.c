/* Days of the year, anniversaries in a span of days and seasons between two of them, and days that
 * have a name (S-27). */
#include "base/bits.h"
#include "exec/exec_int.h"

/* Is some day of [begin, end) the anniversary of `date`, whatever the year? A year is in any 366
 * days, and a 29 February without one falls a day later or earlier. */
static bool anniversary_in(int32_t date, bool early, int64_t begin, int64_t end)
{
    int32_t year, month, day, first_year, other;
    if (end - begin >= 366)
        return true;
    if (end <= begin)
        return false;
    segi_civil_from_days(date, &year, &month, &day);
    segi_civil_from_days((int32_t)begin, &first_year, &other, &other);
    for (year = first_year; year <= first_year + 1; year++) {
        int32_t length = segi_civil_month_length(year, month);
        int32_t at = segi_civil_days(year, month, day < length ? day : length);
        if (day > length && !early)
            at++;
        if (at >= begin && at < end)
            return true;
    }
    return false;
}

/* From one day of the year through another, which may be in the next. */
static bool season_holds(const segi_node *node, int32_t date)
{
    int32_t year, month, day;
    segi_civil_from_days(date, &year, &month, &day);
    int32_t at = month * 100 + day, from = node->season.from, to = node->season.to;
    return from <= to ? at >= from && at <= to : at >= from || at <= to;
}

/* begin and end count for anniversaries only. */
static bool date_holds(const segi_prep_filter *filter, int32_t date, int64_t begin, int64_t end)
{
    const segi_node *node = filter->node;
    switch (filter->form) {
    case SEGI_TEST_SEASON: return season_holds(node, date);
    case SEGI_TEST_OCCASION: return segi_occasion_holds(&node->occasion, date);
    default: return anniversary_in(date, node->children[0]->early, begin, end);
    }
}

/* Neighbouring places mostly share a zone, so bounds are worked out again only where it changes. */
void segi_occasion_test(segi_worker *w, const segi_prep_filter *filter, const segi_vector *dates,
                        uint32_t count, const uint16_t *lows, uint64_t *bits)
{
    const segi_prep_window *window = filter->window;
    const segi_zone *zone = NULL;
    int64_t begin = 0, end = 0;
    bool spans = filter->form == SEGI_TEST_ANNIVERSARY;
    bool instants = filter->values[0]->type.type == SEG_TYPE_TIMESTAMP;
    for (uint32_t i = 0; i < count; i++) {
        if (!segi_bit_get(dates->set, i))
            continue;
        const segi_zone *own =
            lows ? segi_user_zone(w, window->zones, lows[i]) : window->zones->fallback;
        if (own != zone && spans)
            segi_window_one(w, window, own, 0, &begin, &end);
        zone = own;
        int32_t date = instants ? segi_zone_date(zone, dates->slots[i]) : (int32_t)dates->slots[i];
        if (date_holds(filter, date, begin, end))
            segi_bit_set(bits, i);
    }
}
