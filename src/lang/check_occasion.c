/* check_occasion.c - named days (S-27): their names become ranges of dates, and a span of events
 * becomes a condition on the event.
 *
 * `did "A" during occasion "x"` is `did "A" where (@time during occasion "x")`: one test of a date
 * says all of it, and planner and executor need no span that is made of many. */
#include "lang/checker.h"

#include <string.h>

/* The ranges are copied: those of the store may change as soon as the compile is over. */
static bool occasion_resolve(segi_check *k, const segi_syn_window *syn, segi_node *node)
{
    const segi_saved *found =
        segi_check_find_saved(k, SEGI_DEFINE_OCCASION, syn->occasion, syn->occasion_size);
    if (found == NULL)
        return segi_check_unknown_saved(k, syn->begin, syn->size, SEGI_DEFINE_OCCASION,
                                        syn->occasion, syn->occasion_size) != NULL;
    segi_days *ranges = segi_check_alloc(k, found->days.count, sizeof *ranges);
    node->name = segi_arena_copy(k->c->arena, syn->occasion, syn->occasion_size);
    node->name_size = syn->occasion_size;
    if (ranges == NULL || node->name == NULL)
        return segi_check_nomem(k) != NULL;
    memcpy(ranges, found->days.ranges, found->days.count * sizeof *ranges);
    node->occasion = (segi_occasion){found->days.count, ranges};
    return true;
}

/* `window` holds the name and the zone; `value` is what shall lie in it. */
segi_node *segi_check_occasion(segi_check *k, const segi_syn *syn, const segi_syn_window *window,
                               segi_node *value)
{
    segi_node *node = segi_check_node(k, SEGI_NODE_OCCASION, syn);
    if (node == NULL)
        return NULL;
    segi_check_window_default(k, &node->window);
    if (!segi_check_zone(k, &window->zone, &node->window.zone) ||
        !occasion_resolve(k, window, node))
        return NULL;
    return segi_check_children(k, node, value, NULL, NULL) ? node : NULL;
}

/* As if it stood in where, in whose zone it is. */
static segi_node *occasion_of_event(segi_check *k, const segi_syn *at, const segi_syn_window *syn,
                                    segi_zone_ref zone)
{
    segi_zone_ref outer = k->zone;
    k->zone = zone;
    segi_node *time = segi_check_event_time(k, at);
    segi_node *node = time == NULL ? NULL : segi_check_occasion(k, at, syn, time);
    k->zone = outer;
    return node;
}

/* Joined to what the selector's where asks already. */
bool segi_check_occasion_events(segi_check *k, const segi_syn_window *syn, segi_zone_ref zone,
                                segi_selector *selector)
{
    segi_syn at;
    memset(&at, 0, sizeof at);
    at.begin = syn->begin;
    at.size = syn->size;
    const segi_node *both[2] = {selector->where, occasion_of_event(k, &at, syn, zone)};
    if (both[1] == NULL)
        return false;
    selector->where = both[0] == NULL ? both[1] : segi_check_join(k, &at, SEGI_NODE_AND, both, 2);
    return selector->where != NULL;
}
