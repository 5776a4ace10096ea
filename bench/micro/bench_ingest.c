/* How fast events get into a store: string ids, twelve event types, skewed users.
 *
 *   bench_ingest [EVENTS [USERS [ROWS_PER_BATCH [u64|user|random]]]]
 *
 * Events come in order of time by default; `user` brings them user by user, `random` in no order
 * of time. Prints events per second of processor time, of the commits alone and then with the
 * first snapshot. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "store/store.h"

#define DAY ((int64_t)86400 * 1000000)
#define YEAR_START ((int64_t)1735689600 * 1000000) /* 2025-01-01 */

static const char *const type_names[12] = {"app_open",        "page_view",        "search",
                                           "add_to_cart",     "purchase",         "refund",
                                           "signup_started",  "signup_completed", "video_watched",
                                           "level_completed", "review_submitted", "message_opened"};
static const int type_shares[12] = {45, 25, 6, 6, 3, 1, 1, 1, 5, 4, 1, 2};

static uint64_t rng_state = 88172645463325252u;
static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state;
}

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_ingest: %s\n", what);
    exit(1);
}

static void *need_alloc(size_t size)
{
    void *block = malloc(size);
    need(block != NULL, "out of memory");
    return block;
}

typedef struct maker {
    size_t users, rows;
    int mode; /* 0 time, 1 user, 2 random */
    uint64_t total;
    char *bytes;
    uint64_t *offsets, *numbers;
    int64_t *times;
    uint32_t *types, *pages, *categories;
    uint8_t *page_states, *amount_states, *seconds_states;
    int64_t *amounts, *seconds;
} maker;

static void maker_init(maker *m)
{
    m->bytes = need_alloc(m->rows * 24);
    m->offsets = need_alloc((m->rows + 1) * 8);
    m->numbers = need_alloc(m->rows * 8);
    m->times = need_alloc(m->rows * 8);
    m->types = need_alloc(m->rows * 4);
    m->pages = need_alloc(m->rows * 4);
    m->categories = need_alloc(m->rows * 4);
    m->amounts = need_alloc(m->rows * 8);
    m->seconds = need_alloc(m->rows * 8);
    m->page_states = need_alloc(m->rows);
    m->amount_states = need_alloc(m->rows);
    m->seconds_states = need_alloc(m->rows);
}

static uint32_t make_type(void)
{
    int share = (int)(rng() % 100);
    uint32_t type = 0;
    while (share >= type_shares[type])
        share -= type_shares[type++];
    return type;
}

static void make_batch(maker *m, uint64_t first)
{
    uint64_t at = 0;
    for (size_t i = 0; i < m->rows; i++) {
        /* The square of a uniform number: a few users have most events. */
        double x = (double)(rng() >> 11) / 9007199254740992.0;
        uint64_t user = (uint64_t)(x * x * (double)m->users);
        int64_t year = 365 * DAY;
        m->times[i] = YEAR_START + (int64_t)((double)(first + i) / (double)m->total * (double)year);
        if (m->mode == 1)
            user = (first + i) * m->users / m->total;
        if (m->mode != 0)
            m->times[i] = YEAR_START + (int64_t)(rng() % (uint64_t)year);
        m->times[i] = m->times[i] / 1000000 * 1000000;
        /* Scatter the numbers so that neighbours in the skew are not neighbours in the store. */
        user = user * 2654435761u % m->users;
        m->numbers[i] = user;
        m->offsets[i] = at;
        at += (uint64_t)snprintf(m->bytes + at, 24, "customer-%010llu", (unsigned long long)user);
        m->types[i] = make_type();
        m->pages[i] = (uint32_t)(rng() % 200);
        m->categories[i] = (uint32_t)(rng() % 40);
        m->amounts[i] = (int64_t)(rng() % 50000);
        m->seconds[i] = (int64_t)(rng() % 600);
        m->page_states[i] = m->types[i] == 1 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
        m->amount_states[i] = m->types[i] == 4 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
        m->seconds_states[i] = m->types[i] == 8 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
    }
    m->offsets[m->rows] = at;
}

/* A dictionary of `count` texts like "page-17". */
static seg_column text_column(const char *name, uint32_t count, const uint32_t *codes,
                              const uint8_t *states)
{
    char *bytes = need_alloc(count * 24);
    uint64_t *offsets = need_alloc((count + 1) * 8);
    seg_column column = SEG_COLUMN_INIT;
    uint64_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        offsets[i] = at;
        at += (uint64_t)snprintf(bytes + at, 24, "%s-%u", name, i);
    }
    offsets[count] = at;
    column.type = SEG_TYPE_STRING;
    column.name = name;
    column.name_size = strlen(name);
    column.values = bytes;
    column.offsets = offsets;
    column.codes = codes;
    column.dictionary_count = count;
    column.states = states;
    return column;
}

static seg_column number_column(const char *name, seg_type type, const void *values,
                                const uint8_t *states)
{
    seg_column column = SEG_COLUMN_INIT;
    column.type = type;
    column.scale = type == SEG_TYPE_DECIMAL ? 2 : 0;
    column.name = name;
    column.name_size = strlen(name);
    column.values = values;
    column.states = states;
    return column;
}

static seg_column type_column(const uint32_t *codes)
{
    seg_column column = SEG_COLUMN_INIT;
    char *bytes = need_alloc(12 * 24);
    uint64_t *offsets = need_alloc(13 * 8), at = 0;
    for (int i = 0; i < 12; i++) {
        offsets[i] = at;
        memcpy(bytes + at, type_names[i], strlen(type_names[i]));
        at += strlen(type_names[i]);
    }
    offsets[12] = at;
    column.type = SEG_TYPE_STRING;
    column.values = bytes;
    column.offsets = offsets;
    column.codes = codes;
    column.dictionary_count = 12;
    return column;
}

/* Nanoseconds of processor time: unlike the clock's, they do not count the neighbours' work. */
static uint64_t processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double rss_mb(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_maxrss / 1024.0;
}

int main(int argc, char **argv)
{
    maker m = {.users = 1000000, .rows = 1000000};
    m.total = 20000000;
    if (argc > 1)
        m.total = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        m.users = strtoull(argv[2], NULL, 10);
    if (argc > 3)
        m.rows = strtoull(argv[3], NULL, 10);
    bool u64 = argc > 4 && strcmp(argv[4], "u64") == 0;
    m.mode = argc > 4 && strcmp(argv[4], "user") == 0     ? 1
             : argc > 4 && strcmp(argv[4], "random") == 0 ? 2
                                                          : 0;
    maker_init(&m);
    segi_store_config config = {.mem = *segi_mem_default(),
                                .id_kind = u64 ? SEG_ID_U64 : SEG_ID_BYTES,
                                .week_start = 1,
                                .dedup_window_us = (uint64_t)(35 * DAY),
                                .threads_max = 1};
    segi_store *store;
    seg_error err = SEG_ERROR_INIT;
    need(segi_zone_load(segi_mem_default(), "UTC", 3, &config.zone, &err) == SEG_OK, err.message);
    need(segi_store_create(&config, &store, &err) == SEG_OK, err.message);
    seg_column columns[4] = {
        text_column("page", 200, m.pages, m.page_states),
        text_column("category", 40, m.categories, m.amount_states),
        number_column("amount", SEG_TYPE_DECIMAL, m.amounts, m.amount_states),
        number_column("seconds", SEG_TYPE_INT64, m.seconds, m.seconds_states),
    };
    seg_column types = type_column(m.types);
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = m.rows;
    batch.user_ids = u64 ? m.numbers : NULL;
    batch.user_bytes = u64 ? NULL : m.bytes;
    batch.user_offsets = u64 ? NULL : m.offsets;
    batch.times = m.times;
    batch.event_types = &types;
    batch.columns = columns;
    batch.column_count = 4;
    double rss_before = rss_mb();
    uint64_t nanoseconds = 0, worst = 0;
    for (uint64_t done = 0; done + m.rows <= m.total; done += m.rows) {
        make_batch(&m, done);
        uint64_t start = processor_time();
        need(segi_store_commit(store, &batch, 1, NULL, NULL, &err) == SEG_OK, err.message);
        uint64_t took = processor_time() - start;
        nanoseconds += took;
        worst = took > worst ? took : worst;
    }
    segi_snapshot *snapshot;
    uint64_t start = processor_time();
    need(segi_snapshot_create(store, &snapshot, &err) == SEG_OK, err.message);
    uint64_t seal = processor_time() - start;
    double events = (double)snapshot->event_count;
    uint64_t part_bytes = 0;
    printf("%.1f M events, %.2f M users, %llu parts\n", events / 1e6,
           (double)snapshot->user_count / 1e6, (unsigned long long)snapshot->part_count);
    printf("commits            %6.2f M events/s (worst commit %.1f ms)\n",
           events / (double)nanoseconds * 1e3, (double)worst / 1e6);
    printf("first snapshot     %6.1f ms\n", (double)seal / 1e6);
    printf("commits + snapshot %6.2f M events/s, %.1f ns/event\n",
           events / (double)(nanoseconds + seal) * 1e3, (double)(nanoseconds + seal) / events);
    for (uint32_t e = 0; e < snapshot->schema->event_count; e++)
        for (uint32_t p = 0; p < snapshot->events[e].part_count; p++) {
            const segi_part *part = snapshot->events[e].parts[p];
            part_bytes += part->row_count * (uint64_t)part->time.width;
        }
    printf("memory             %6.1f MB = %.2f bytes/event with ids (times alone %.2f)\n",
           (double)snapshot->memory_bytes / 1e6, (double)snapshot->memory_bytes / events,
           (double)part_bytes / events);
    printf("peak RSS           %6.0f MB (%.0f before loading)\n", rss_mb(), rss_before);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
    return 0;
}
