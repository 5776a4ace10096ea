/* gen_tables.h - private to the generator: its distributions and words. */
#ifndef BENCH_GEN_TABLES_H
#define BENCH_GEN_TABLES_H

#include "gen.h"

#define GEN_CATEGORIES 40
#define GEN_OBJECTS 12
#define GEN_CHANNELS 5
#define GEN_PLANS 4
#define GEN_INTERESTS 30
#define GEN_SECTIONS 20
#define GEN_ADJECTIVES 50
#define GEN_NOUNS 100
#define GEN_COUNTRIES 62
#define GEN_ZONES 66
#define GEN_PLACES 75

typedef struct gen_place {
    uint16_t country, zone;
    int32_t latitude, longitude; /* degrees x 10^7 */
    uint32_t weight;
} gen_place;

/* Events by index; gen_event_names gives their names. */
enum {
    GEN_APP_OPEN,
    GEN_PAGE_VIEW,
    GEN_PURCHASE,
    GEN_SEARCH,
    GEN_ADD_TO_CART,
    GEN_REFUND,
    GEN_SIGNUP_STARTED,
    GEN_SIGNUP_COMPLETED,
    GEN_VIDEO_WATCHED,
    GEN_LEVEL_COMPLETED,
    GEN_REVIEW_SUBMITTED,
    GEN_MESSAGE_OPENED
};

extern const uint32_t gen_activity[256];
extern const uint32_t gen_amounts[65];
extern const uint32_t gen_incomes[65];
extern const uint32_t gen_seconds[65];
extern const uint32_t gen_ranks[40];
extern const uint32_t gen_hours[25];
extern const char *const gen_event_names[GEN_EVENT_TYPES];
extern const char *const gen_categories[GEN_CATEGORIES];
extern const char *const gen_objects[GEN_OBJECTS];
extern const char *const gen_channels[GEN_CHANNELS];
extern const char *const gen_plans[GEN_PLANS];
extern const char *const gen_interests[GEN_INTERESTS];
extern const char *const gen_sections[GEN_SECTIONS];
extern const char *const gen_adjectives[GEN_ADJECTIVES];
extern const char *const gen_nouns[GEN_NOUNS];
extern const char *const gen_countries[GEN_COUNTRIES];
extern const char *const gen_zones[GEN_ZONES];
extern const gen_place gen_places[GEN_PLACES];

#endif /* BENCH_GEN_TABLES_H */
