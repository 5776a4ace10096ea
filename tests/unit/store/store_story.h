/* unit/store/store_story.h - a random script of all that a host does with a store in a file, and
 * what the store has to be after each of its steps.
 *
 * A story is a seed and a number of steps. Each step is one change, or none: commits of
 * attributes and events with and without tokens, definitions, saved segments, checkpoints, upkeep,
 * customers erased, rules of retention and events expired by them, closing and opening again with
 * other options, a snapshot that is held for a while. What a step
 * does depends on the seed and its number alone. story_init() plays all of it on a store in memory
 * and keeps a digest of every state, so that of a store in a file, whatever happened to it, one
 * can say at which step it is. */
#ifndef SEG_TEST_STORE_STORY_H
#define SEG_TEST_STORE_STORY_H

#include <seg/seg.h>

#include "base/vfs.h"

#define STORY_STEPS_MAX 200u
#define STORY_NONE UINT32_MAX
#define STORY_FILE "store"
#define STORY_LOG "store-wal"

typedef struct story {
    uint64_t seed;
    uint32_t steps, durability;
    uint64_t states[STORY_STEPS_MAX + 1]; /* digests after so many steps */
} story;

void story_init(story *s, uint64_t seed, uint32_t steps, uint32_t durability);

/* A store under way. */
typedef struct story_run {
    const story *s;
    const segi_vfs *vfs;            /* NULL: the operating system, or memory without a path */
    const char *path;               /* NULL: in memory */
    const seg_allocator *allocator; /* NULL: malloc */
    uint64_t life;                  /* chooses the options of the next opening */
    uint64_t log_bytes_max;         /* instead of the chosen one, unless 0 */
    seg_store *store;               /* NULL: not open */
    seg_snapshot *held;             /* NULL: none */
    uint64_t held_digest;
    uint32_t done; /* steps that were acknowledged */
    bool reading;  /* open for reading alone */
} story_run;

story_run story_begin(const story *s, const segi_vfs *vfs);
seg_status story_open(story_run *run, seg_error *err);
/* Steps until so many are done or one fails; opens the store where it is not open. */
seg_status story_go(story_run *run, uint32_t until, seg_error *err);
/* Whether the step after those done takes something out of the store. Where that fails once it is
 * under way, the store is poisoned and may show it as done. */
bool story_removes(const story_run *run);
/* Hand in the commit of a step once more, if that had a token: the store has to know it. */
void story_repeat(story_run *run, uint32_t step);
/* Close, whatever that says; releases what is held as well. */
seg_status story_close(story_run *run, seg_error *err);

/* What the store shows: the customers of a list of predicates, what is defined, what is saved. */
seg_status story_digest(seg_store *store, uint64_t *out, seg_error *err);
/* The same of a store that has no story, for predicates of one's own. */
seg_status story_digest_of(seg_store *store, const char *const *texts, size_t count, uint64_t *out,
                           seg_error *err);
/* The first step in [from, until] after which the store is in this state; STORY_NONE. A step that
 * shows nothing may thus be done twice, which is harmless; leaving it out may show later. */
uint32_t story_find(const story *s, uint64_t digest, uint32_t from, uint32_t until);

/* Nothing is wrong with the store's file, looked at as closely as can be. */
bool story_is_sound(seg_store *store);

#endif /* SEG_TEST_STORE_STORY_H */
