/* world.h - one data set in a store and in the twin, and all comparisons of one predicate. */
#ifndef SEG_TEST_WORLD_H
#define SEG_TEST_WORLD_H

#include "feed.h"
#include "gen.h"

typedef struct world {
    feed_data *feed;
    const model_catalog *catalog;
    feed_store store;
    model models[FEED_COMMITS_MAX]; /* models[i]: after i + 1 commits; made when asked for */
    model_arena arena;
    uint32_t threads;
    uint64_t why_kinds[5]; /* answers about the next change, by SEG_WHY_NEXT_* */
    /* The ids of all users of the feed, for seg_set_contains_many(). */
    const char *id_bytes;
    const uint64_t *id_offsets;
} world;

/* One predicate to be asked: where, when, and how it is written. */
typedef struct world_probe {
    model_segment segment;
    size_t commit; /* the snapshot after commit + 1 commits */
    int64_t now;
    uint64_t style; /* 0: plain */
    uint32_t param_percent;
    uint32_t checks; /* CHECK_* */
} world_probe;

#define CHECK_THREADS 1u /* several threads: the same bytes */
#define CHECK_COUNT 2u
#define CHECK_AMONG 4u
#define CHECK_SINGLE 8u /* single users */
#define CHECK_CANONICAL 16u
#define CHECK_NOT 32u /* p and not p are everyone, and nobody is in both */
#define CHECK_CURSOR 64u
#define CHECK_WHY 128u /* when memberships change, said ahead */
#define CHECK_ALL 255u

typedef struct verdict {
    bool overflow; /* nothing to compare */
    size_t members, universe;
    seg_segment *segment;       /* for the caller: seg_segment_release() */
    seg_set *set;               /* for the caller: seg_set_release() */
    uint8_t *expected, *actual; /* [user_count], in `arena` of the call; NULL on early failure */
} verdict;

/* False: *why. The catalog's segments are saved in the store. */
bool world_open(world *w, feed_data *feed, const model_catalog *catalog, uint32_t threads,
                model_text *why);
void world_close(world *w);
const model *world_model(world *w, size_t commit);

/* Ask the store and the twin. False: they differ or something failed, *why says what. */
bool world_check(world *w, const world_probe *probe, model_arena *arena, verdict *out,
                 model_text *why);
/* The same for the values of a value expression, over everyone. */
bool world_check_value(world *w, const model_node *value, const world_probe *probe,
                       model_text *why);
/* The predicate as `probe` writes it; parameters are listed behind. */
void world_print(const world *w, const world_probe *probe, model_text *out);

/* The text that the store is being asked, for a report of a crash; NULL between. */
extern const char *volatile world_current;

#endif /* SEG_TEST_WORLD_H */
