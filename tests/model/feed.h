/* feed.h - random data sets: commits of batches of rows, given both to a store and to the twin.
 *
 * A feed is plain data, so that a failing one can be made smaller: rows are switched off by
 * `dropped`, and both sides are built again. */
#ifndef SEG_TEST_FEED_H
#define SEG_TEST_FEED_H

#include "model.h"
#include "rng.h"

#define FEED_COMMITS_MAX 12
#define FEED_NOWS_MAX 3

typedef struct feed_row {
    uint32_t user;
    size_t type;               /* events */
    int64_t time;              /* beyond SEG_TIME_MAX in rows that are to be refused */
    int64_t event_id;          /* -1: none */
    const model_value *values; /* one per attribute or property of the schema */
    bool dropped;
    bool attributes; /* of a user; else an event */
    bool altered;    /* its event id belongs to another content */
} feed_row;

typedef enum feed_kind {
    FEED_ATTRIBUTES, /* without a time, and without values of attributes with a history */
    FEED_SINCE,      /* attributes, whose values hold from the row's time on */
    FEED_ONE_TYPE,   /* events, all of type `type` */
    FEED_MANY_TYPES  /* events with a dictionary of types */
} feed_kind;

static inline bool feed_has_events(feed_kind kind)
{
    return kind >= FEED_ONE_TYPE;
}

typedef struct feed_batch {
    feed_kind kind;
    size_t type;
    feed_row *rows;
    size_t row_count;
} feed_batch;

typedef struct feed_commit {
    feed_batch *batches;
    size_t batch_count;
    bool by_rows;    /* through the appender */
    bool quarantine; /* may hold conflicts and wrong rows */
    /* Behind the batches: users are erased, then events expire. */
    uint32_t *erased;
    size_t erased_count;
    bool refuse; /* their ids are refused from then on */
    bool expires;
    int64_t expire_now;
} feed_commit;

typedef struct feed_data {
    model_arena arena;
    model_schema schema;
    uint32_t id_kind;
    size_t user_count;
    bool crowded; /* some user has more events than the twin's chains of steps can take */
    const model_string *user_names; /* SEG_ID_BYTES */
    const uint64_t *user_numbers;   /* SEG_ID_U64 */
    feed_commit commits[FEED_COMMITS_MAX];
    size_t commit_count;
    int64_t nows[FEED_NOWS_MAX];
    size_t now_count;
    uint64_t keep_usual, keep[MODEL_TYPES_MAX]; /* retention: microseconds or SEG_KEEP_* */
    bool define_first; /* columns are defined before the first commit, else after the last */
    rng column_rng;    /* how columns are laid out */
    /* Event ids that came with two contents. Which one counts depends on whether the first was
     * erased in between, so these are not sent again. */
    int64_t *disputed;
    size_t disputed_count, disputed_capacity;
    /* Set by the caller after feed_make(). The store lives in a file of this folder and is opened
     * again between commits, after it was closed, backed up or lost; NULL: in memory. */
    const char *folder;
    size_t value_count, empty_count; /* attribute and property values; null or absent ones */
} feed_data;

/* How large. */
typedef struct feed_size {
    size_t users, events, commits;
} feed_size;

void feed_make(feed_data *feed, uint64_t seed, feed_size size);
void feed_free(feed_data *feed);
/* Spans whose edges the generated times meet; NULL past the last. */
const model_span *feed_span(size_t i);
/* Random values as the columns of a feed have them (set ones). */
model_value feed_value(feed_data *feed, rng *r, const model_column *column);

/* The twin of the first `commits` commits. */
void feed_model(const feed_data *feed, size_t commits, model_arena *arena, model *out);

/* No attribute has a history: for those who do not know of them. */
void feed_no_histories(feed_data *feed);
/* Nobody is erased and nothing expires: for stores in files, which do not do that yet. */
void feed_keep_all(feed_data *feed);
/* The first commit whose snapshot may be compared with the twin: those before an erasure do not
 * know the ids of the erased users any more. */
size_t feed_first_commit(const feed_data *feed);

/* What becomes of each row of a commit that is not dropped: SEG_ROW_*. */
void feed_fates(const feed_data *feed, size_t commit, uint8_t *fates);

/* A store and its snapshots: snapshots[i] after i + 1 commits. A store that was opened again has
 * none of before. */
typedef struct feed_store {
    seg_store *store;
    seg_snapshot *snapshots[FEED_COMMITS_MAX];
    size_t first;       /* snapshots before this one are NULL */
    char paths[2][512]; /* of its file, and of the one it is moved to next; "": in memory */
} feed_store;

/* Loads the feed and checks the reports of the commits. False: *why says what went wrong. */
bool feed_load(const feed_data *feed, feed_store *out, model_text *why);
void feed_unload(feed_store *store);

/* The rows that are left, one per line. */
void feed_dump(const feed_data *feed, model_text *out);
void feed_dump_user(const feed_data *feed, size_t user, model_text *out);

#endif /* SEG_TEST_FEED_H */
