/* unit/store/store_story.c - a random script of all that a host does with a store in a file. */
#include "store_story.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/api_int.h"
#include "base/hash.h"
#include "support/check_main.h"

#define STORY_DAY ((int64_t)86400 * 1000000)
#define STORY_NOW ((int64_t)1769817600 * 1000000) /* 2026-01-31 */
#define STORY_USERS 40u
#define STORY_KINDS 24u  /* of steps, */
#define STORY_COMMITS 9u /* so many of which are commits */
#define STORY_ERASE 20u  /* and from here on something is removed */
#define STORY_RULE 22u
#define STORY_EXPIRE 23u
#define STORY_TEXT(literal) (literal), (sizeof(literal) - 1)

static const char *const countries[] = {"DE", "FR", "ES", "IT", "a country with a long name"};

/* The first of them are what a snapshot answers for as long as it is held; the others name what
 * later steps may define or save. */
#define STORY_LASTING 11u
static const char *const predicates[] = {
    "everyone",
    "country = \"DE\"",
    "country in (\"FR\", \"ES\") and seats < 50",
    "seats is null or score > 0.5",
    "tags has \"t1\" and not tags has \"t2\"",
    "did \"purchase\"",
    "did \"purchase\" in last 12 days",
    "sum(amount) of \"purchase\" > 40",
    "did \"login\" at least 3 times",
    "first \"purchase\" in last 20 days",
    "did \"login\" where (device = \"phone\") and did not \"purchase\" in last 10 days",
    "extra0 > 1",
    "extra1 > 1",
    "extra2 > 1",
    "did \"kind0\"",
    "did \"kind1\"",
    "in segment \"s0\"",
    "in segment \"s1\"",
    "did \"kind1\" where (p1 > 0)",
};
#define STORY_PREDICATES (sizeof predicates / sizeof *predicates)

typedef struct story_rng {
    uint64_t state;
} story_rng;

/* splitmix64, so that neighbouring seeds have nothing in common. */
static uint64_t below(story_rng *rng, uint64_t limit)
{
    uint64_t z = rng->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return (z ^ z >> 31) % limit;
}

/* ---- rows ------------------------------------------------------------------------------------ */

static void demand(seg_status status, const seg_error *err)
{
    if (status != SEG_OK) {
        fprintf(stderr, "story: %s: %s\n", seg_status_name(status), err->message);
        abort();
    }
}

/* Running out of memory is for the caller to see, all else is a mistake of the story. */
#define ROW_TRY(call)                                                                              \
    do {                                                                                           \
        seg_status row_status = (call);                                                            \
        if (row_status == SEG_E_NOMEM)                                                             \
            return row_status;                                                                     \
        demand(row_status, err);                                                                   \
    } while (0)

static seg_status add_attributes(seg_appender *to, story_rng *rng, const char *user, seg_error *err)
{
    const char *country = countries[below(rng, 5)];
    ROW_TRY(seg_appender_user(to, user, strlen(user), err));
    ROW_TRY(seg_appender_set_string(to, STORY_TEXT("country"), country, strlen(country), err));
    if (below(rng, 5) == 0)
        ROW_TRY(seg_appender_set_null(to, STORY_TEXT("seats"), err));
    else
        ROW_TRY(seg_appender_set_int64(to, STORY_TEXT("seats"), (int64_t)below(rng, 100), err));
    ROW_TRY(seg_appender_set_float64(to, STORY_TEXT("score"), (double)below(rng, 100) / 64, err));
    const char *tags[] = {"t0", "t1", "t2", "t3"};
    const size_t sizes[] = {2, 2, 2, 2};
    size_t first = below(rng, 3);
    ROW_TRY(seg_appender_set_strings(to, STORY_TEXT("tags"), tags + first, sizes,
                                     below(rng, 4 - first) + 1, err));
    return SEG_OK;
}

/* What has an id is the same whenever it comes again. */
static seg_status add_event(seg_appender *to, story_rng *rng, seg_error *err)
{
    char text[64];
    uint64_t id = below(rng, 600);
    story_rng own = {id};
    story_rng *from = id < 300 ? &own : rng;
    bool purchase = below(from, 2);
    const char *event = purchase ? "purchase" : "login";
    int64_t time = STORY_NOW - (int64_t)below(from, 60 * 24) * (STORY_DAY / 24);
    int size = snprintf(text, sizeof text, "customer %d", (int)below(from, STORY_USERS));
    ROW_TRY(seg_appender_event(to, text, (size_t)size, event, strlen(event), time, err));
    if (purchase)
        ROW_TRY(
            seg_appender_set_decimal(to, STORY_TEXT("amount"), (int64_t)below(from, 4000), 2, err));
    else if (below(from, 2) == 0)
        ROW_TRY(seg_appender_set_string(to, STORY_TEXT("device"), STORY_TEXT("phone"), err));
    else
        ROW_TRY(seg_appender_set_string(to, STORY_TEXT("device"), STORY_TEXT("desk"), err));
    if (id < 300) {
        size = snprintf(text, sizeof text, "event %d", (int)id);
        ROW_TRY(seg_appender_set_event_id(to, text, (size_t)size, err));
    }
    return SEG_OK;
}

/* The first step names every column that the predicates ask for. */
static seg_status add_rows(seg_appender *to, story_rng *rng, uint32_t step, seg_error *err)
{
    char user[64];
    uint64_t rows = below(rng, 8) == 0 ? 120 : 1 + below(rng, 8);
    if (step == 0) {
        ROW_TRY(seg_appender_user(to, STORY_TEXT("first customer"), err));
        ROW_TRY(seg_appender_set_int64(to, STORY_TEXT("seats"), 7, err));
        SEGI_TRY(add_attributes(to, rng, "second customer", err));
        rows = 30;
    }
    for (uint64_t i = 0; i < rows; i++) {
        snprintf(user, sizeof user, "customer %d", (int)below(rng, STORY_USERS));
        SEGI_TRY(below(rng, 3) == 0 ? add_attributes(to, rng, user, err) : add_event(to, rng, err));
    }
    return SEG_OK;
}

/* Most commits carry a token, so that handing one in again is told from doing it twice. */
static seg_status step_commit(seg_store *store, story_rng *rng, uint32_t step,
                              seg_commit_report *report, seg_error *err)
{
    char token[32];
    seg_commit_options options = SEG_COMMIT_OPTIONS_INIT;
    seg_appender *appender = NULL;
    if (below(rng, 4) > 0) {
        options.token = token;
        options.token_size = (size_t)snprintf(token, sizeof token, "token %u", (unsigned)step);
    }
    SEGI_TRY(seg_appender_create(store, &appender, err));
    seg_status status = add_rows(appender, rng, step, err);
    if (status == SEG_OK)
        status = seg_appender_commit(appender, &options, report, err);
    seg_appender_destroy(appender);
    return status;
}

/* ---- other changes --------------------------------------------------------------------------- */

static seg_status step_define(seg_store *store, story_rng *rng, seg_error *err)
{
    static const char *const extras[] = {"extra0", "extra1", "extra2"};
    uint64_t which = below(rng, 6);
    if (which < 3)
        return seg_store_define_attribute(store, extras[which], 6, SEG_TYPE_INT64, 0, err);
    if (which == 3)
        return seg_store_define_event(store, STORY_TEXT("kind0"), err);
    if (which == 4)
        return seg_store_define_event(store, STORY_TEXT("kind1"), err);
    return seg_store_define_property(store, STORY_TEXT("kind1"), STORY_TEXT("p1"), SEG_TYPE_DECIMAL,
                                     2, err);
}

static seg_status step_save(seg_store *store, story_rng *rng, seg_error *err)
{
    const char *name = below(rng, 2) ? "s0" : "s1";
    uint64_t which = below(rng, STORY_LASTING + 2);
    if (which >= STORY_LASTING) {
        seg_status status = seg_store_drop_segment(store, name, 2, err);
        return status == SEG_E_NOT_FOUND ? SEG_OK : status;
    }
    const char *text = predicates[which];
    return seg_store_define_segment(store, name, 2, text, strlen(text), NULL, err);
}

static seg_status step_maintain(seg_store *store, story_rng *rng, seg_error *err)
{
    seg_maintain_options options = SEG_MAINTAIN_OPTIONS_INIT;
    options.budget_bytes = below(rng, 2) ? 0 : 500;
    int32_t more = 1;
    for (uint64_t i = below(rng, 6) + 1; more && i > 0; i--)
        SEGI_TRY(seg_store_maintain(store, &options, &more, err));
    return SEG_OK;
}

/* A few customers, known or not, some of whom are refused from then on. */
static seg_status step_erase(seg_store *store, story_rng *rng, seg_error *err)
{
    char bytes[64];
    uint64_t offsets[4] = {0}, count = 1 + below(rng, 3), size = 0;
    seg_erase_options options = SEG_ERASE_OPTIONS_INIT;
    options.flags = below(rng, 4) == 0 ? SEG_ERASE_REFUSE : 0;
    for (uint64_t i = 0; i < count; i++) {
        size += (uint64_t)snprintf(bytes + size, sizeof bytes - size, "customer %d",
                                   (int)below(rng, STORY_USERS));
        offsets[i + 1] = size;
    }
    return seg_store_erase_users(store, bytes, offsets, count, &options, NULL, err);
}

static seg_status step_rule(seg_store *store, story_rng *rng, seg_error *err)
{
    static const char *const events[] = {NULL, "login", "purchase"};
    const char *event = events[below(rng, 3)];
    uint64_t keep_us = (25 + below(rng, 30)) * (uint64_t)STORY_DAY;
    return seg_store_set_retention(store, event, event ? strlen(event) : 0, keep_us, err);
}

/* ---- what a store shows ---------------------------------------------------------------------- */

static void mix(uint64_t *digest, const void *bytes, size_t size)
{
    *digest = segi_xxh3(bytes, size, *digest + size);
}

static seg_status digest_ids(const seg_set *set, uint64_t *digest, seg_error *err)
{
    seg_set_cursor *cursor = NULL;
    uint64_t offsets[65], count = 0;
    const char *bytes = NULL;
    SEGI_TRY(seg_set_cursor_create(set, &cursor, err));
    seg_status status;
    while ((status = seg_set_cursor_next(cursor, 64, offsets, &bytes, &count, err)) == SEG_OK &&
           count > 0)
        for (uint64_t i = 0; i < count; i++)
            mix(digest, bytes + offsets[i], (size_t)(offsets[i + 1] - offsets[i]));
    seg_set_cursor_destroy(cursor);
    return status;
}

/* Of a name that is not known, just that. */
static seg_status digest_predicate(seg_store *store, seg_snapshot *snapshot, const char *text,
                                   uint64_t *digest, seg_error *err)
{
    seg_segment *segment = NULL;
    seg_set *set = NULL;
    seg_status status = seg_segment_compile(store, text, strlen(text), 0, &segment, err);
    if (status == SEG_E_UNKNOWN_NAME) {
        mix(digest, "?", 1);
        return SEG_OK;
    }
    if (status == SEG_OK)
        status = seg_segment_evaluate(segment, snapshot, STORY_NOW, NULL, &set, err);
    if (status == SEG_OK) {
        uint64_t count = seg_set_count(set);
        mix(digest, &count, sizeof count);
        status = digest_ids(set, digest, err);
    }
    seg_set_release(set);
    seg_segment_release(segment);
    return status;
}

static seg_status digest_snapshot(seg_store *store, seg_snapshot *snapshot,
                                  const char *const *texts, size_t count, uint64_t *digest,
                                  seg_error *err)
{
    seg_snapshot_info info = {.struct_size = sizeof info};
    SEGI_TRY(seg_snapshot_get_info(snapshot, &info, err));
    mix(digest, &info.commit_sequence, sizeof info.commit_sequence);
    mix(digest, &info.user_count, sizeof info.user_count);
    mix(digest, &info.event_count, sizeof info.event_count);
    if (info.user_count == 0) /* before the first step, which defines what the predicates name */
        return SEG_OK;
    for (size_t i = 0; i < count; i++)
        SEGI_TRY(digest_predicate(store, snapshot, texts[i], digest, err));
    return SEG_OK;
}

static seg_status digest_saved(seg_store *store, uint64_t *digest, seg_error *err)
{
    seg_segment_list *list = NULL;
    SEGI_TRY(seg_store_list_segments(store, &list, err));
    for (uint64_t i = 0; i < seg_segment_list_count(list); i++) {
        seg_segment_info info = {.struct_size = sizeof info};
        demand(seg_segment_list_at(list, i, &info, err), err);
        mix(digest, info.name, (size_t)info.name_size);
        mix(digest, info.text, (size_t)info.text_size);
        mix(digest, &info.version, sizeof info.version);
    }
    seg_segment_list_destroy(list);
    return SEG_OK;
}

static void digest_rules(seg_store *store, uint64_t *digest)
{
    static const char *const events[] = {NULL, "login", "purchase"};
    for (int i = 0; i < 3; i++) {
        uint64_t keep_us = 0;
        size_t size = events[i] ? strlen(events[i]) : 0;
        seg_status status = seg_store_get_retention(store, events[i], size, &keep_us, NULL);
        mix(digest, status == SEG_OK ? (const void *)&keep_us : "?", status == SEG_OK ? 8 : 1);
    }
}

seg_status story_digest_of(seg_store *store, const char *const *texts, size_t count, uint64_t *out,
                           seg_error *err)
{
    seg_snapshot *snapshot = NULL;
    *out = 1;
    SEGI_TRY(seg_snapshot_create(store, &snapshot, err));
    seg_status status = digest_snapshot(store, snapshot, texts, count, out, err);
    seg_snapshot_release(snapshot);
    digest_rules(store, out);
    return status == SEG_OK ? digest_saved(store, out, err) : status;
}

seg_status story_digest(seg_store *store, uint64_t *out, seg_error *err)
{
    return story_digest_of(store, predicates, STORY_PREDICATES, out, err);
}

uint32_t story_find(const story *s, uint64_t digest, uint32_t from, uint32_t until)
{
    for (uint32_t i = from; i <= until && i <= s->steps; i++)
        if (s->states[i] == digest)
            return i;
    return STORY_NONE;
}

static void report_fault(void *user, const seg_fault *fault)
{
    (void)user;
    fprintf(stderr, "story: damage: %s (offset %llu, block %llu)\n", fault->what,
            (unsigned long long)fault->offset, (unsigned long long)fault->block);
}

bool story_is_sound(seg_store *store)
{
    uint64_t faults = 1;
    return seg_store_check(store, SEG_CHECK_DEEP, report_fault, NULL, &faults, NULL) == SEG_OK &&
           faults == 0;
}

/* ---- a store under way ----------------------------------------------------------------------- */

story_run story_begin(const story *s, const segi_vfs *vfs)
{
    return (story_run){.s = s, .vfs = vfs, .path = STORY_FILE};
}

/* A file that exists is what it is; all else differs from life to life. */
seg_status story_open(story_run *run, seg_error *err)
{
    static const uint64_t logs[] = {0, 3000, 20000};
    story_rng rng = {run->s->seed * 31 + run->life++};
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.allocator = run->allocator;
    options.threads_max = 1;
    options.durability = run->s->durability;
    options.log_bytes_max = logs[below(&rng, 3)];
    if (run->log_bytes_max != 0)
        options.log_bytes_max = run->log_bytes_max;
    options.memory_limit = below(&rng, 2) ? 0 : 4096;
    if (run->path == NULL)
        return seg_store_open(STORY_TEXT(":memory:"), &options, &run->store, err);
    options.flags = run->reading ? SEG_STORE_READ_ONLY : SEG_STORE_CREATE;
    return segi_api_store_open(run->vfs, run->path, strlen(run->path), &options, &run->store, err);
}

/* What a snapshot shows never changes while it is held. */
static seg_status drop_held(story_run *run, seg_error *err)
{
    uint64_t digest = 1;
    if (run->held == NULL)
        return SEG_OK;
    seg_status status =
        digest_snapshot(run->store, run->held, predicates, STORY_LASTING, &digest, err);
    if (status == SEG_OK)
        ck_assert_msg(digest == run->held_digest, "seed %llu step %u: the snapshot changed",
                      (unsigned long long)run->s->seed, (unsigned)run->done);
    seg_snapshot_release(run->held);
    run->held = NULL;
    return status;
}

static seg_status step_hold(story_run *run, seg_error *err)
{
    SEGI_TRY(drop_held(run, err));
    SEGI_TRY(seg_snapshot_create(run->store, &run->held, err));
    run->held_digest = 1;
    seg_status status =
        digest_snapshot(run->store, run->held, predicates, STORY_LASTING, &run->held_digest, err);
    if (status != SEG_OK) {
        seg_snapshot_release(run->held);
        run->held = NULL;
    }
    return status;
}

seg_status story_close(story_run *run, seg_error *err)
{
    seg_snapshot_release(run->held);
    run->held = NULL;
    seg_status status = seg_store_close(run->store, err);
    run->store = NULL;
    return status;
}

/* Closing fails where its checkpoint does; the store is closed then as well. */
static seg_status step_reopen(story_run *run, seg_error *err)
{
    if (run->path == NULL)
        return SEG_OK;
    SEGI_TRY(drop_held(run, err));
    SEGI_TRY(story_close(run, err));
    return story_open(run, err);
}

/* What a step is, and what it draws from. */
static uint64_t story_kind(const story *s, uint32_t step, story_rng *rng)
{
    *rng = (story_rng){s->seed * 1000003 + step};
    return step == 0 ? 0 : below(rng, STORY_KINDS);
}

static seg_status story_step(story_run *run, seg_error *err)
{
    uint32_t step = run->done;
    story_rng rng;
    uint64_t kind = story_kind(run->s, step, &rng);
    if (kind < STORY_COMMITS)
        return step_commit(run->store, &rng, step, NULL, err);
    if (kind < 11)
        return step_define(run->store, &rng, err);
    if (kind < 13)
        return step_save(run->store, &rng, err);
    if (kind < 15)
        return seg_store_checkpoint(run->store, err);
    if (kind < 17)
        return step_maintain(run->store, &rng, err);
    if (kind < 18)
        return step_hold(run, err);
    if (kind < STORY_ERASE)
        return step_reopen(run, err);
    if (kind == STORY_RULE)
        return step_rule(run->store, &rng, err);
    if (kind == STORY_EXPIRE)
        return seg_store_expire(run->store, STORY_NOW, NULL, err);
    /* A snapshot from before has no ids for the erased, so this one ends. */
    SEGI_TRY(drop_held(run, err));
    return step_erase(run->store, &rng, err);
}

bool story_removes(const story_run *run)
{
    story_rng rng;
    uint64_t kind = story_kind(run->s, run->done, &rng);
    return kind >= STORY_ERASE && kind != STORY_RULE;
}

void story_repeat(story_run *run, uint32_t step)
{
    seg_error err = SEG_ERROR_INIT;
    seg_commit_report report = {.struct_size = sizeof report};
    story_rng rng;
    uint64_t kind = story_kind(run->s, step, &rng);
    story_rng peek = rng;
    if (kind >= STORY_COMMITS || below(&peek, 4) == 0)
        return;
    demand(step_commit(run->store, &rng, step, &report, &err), &err);
    ck_assert_msg(report.flags == SEG_COMMIT_REPEATED, "seed %llu: step %u was done twice",
                  (unsigned long long)run->s->seed, (unsigned)step);
}

seg_status story_go(story_run *run, uint32_t until, seg_error *err)
{
    if (run->store == NULL)
        SEGI_TRY(story_open(run, err));
    for (; run->done < until; run->done++)
        SEGI_TRY(story_step(run, err));
    return SEG_OK;
}

void story_init(story *s, uint64_t seed, uint32_t steps, uint32_t durability)
{
    seg_error err = SEG_ERROR_INIT;
    memset(s, 0, sizeof *s);
    s->seed = seed;
    s->durability = durability;
    s->steps = steps < STORY_STEPS_MAX ? steps : STORY_STEPS_MAX;
    story_run run = {.s = s};
    for (uint32_t i = 0; i <= s->steps; i++) {
        demand(story_go(&run, i, &err), &err);
        demand(story_digest(run.store, &s->states[i], &err), &err);
    }
    demand(story_close(&run, &err), &err);
}
