/* edge_bench.c - what the edges cost: Arrow beside the C batch API, and calls about single ids.
 *
 *   edge_bench [EVENTS [USERS]]
 *
 * The same events twice: as seg_batch in the library's own layout, and as an Arrow stream in the
 * layouts that data frames have (utf8 with 32-bit offsets, dictionaries of bytes, decimal128,
 * timestamps in microseconds, nulls as bits). Prints nanoseconds per event for both, and for
 * reading a set out by cursor and as a stream. */
#include <seg/seg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ROWS 65536u
#define DAY ((int64_t)86400 * 1000000)
#define YEAR_START ((int64_t)1735689600 * 1000000)

static const char type_bytes[] = "app_openpage_viewpurchasesearch";
static const int32_t type_ends32[] = {0, 8, 17, 25, 31};
static const uint64_t type_ends64[] = {0, 8, 17, 25, 31};

/* One record batch in both layouts. */
static struct {
    char bytes[ROWS * 24];
    uint64_t offsets64[ROWS + 1];
    int32_t offsets32[ROWS + 1];
    int64_t times[ROWS];
    uint32_t codes32[ROWS];
    uint8_t codes8[ROWS];
    int64_t amounts[ROWS];
    int64_t decimals[2 * ROWS];
    uint8_t states[ROWS];
    uint8_t bits[ROWS / 8];
    double seconds[ROWS];
} data;

static uint64_t rng_state = 88172645463325252u;
static uint64_t events_total = 4000000, users_total = 200000, events_made;

static uint64_t rng(void)
{
    rng_state ^= rng_state << 13;
    rng_state ^= rng_state >> 7;
    rng_state ^= rng_state << 17;
    return rng_state;
}

static void need(seg_status status, const seg_error *err)
{
    if (status == SEG_OK)
        return;
    fprintf(stderr, "edge_bench: %s: %s\n", seg_status_name(status), err->message);
    exit(1);
}

static double now_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void make_batch(void)
{
    uint64_t at = 0;
    memset(data.bits, 0, sizeof data.bits);
    for (uint32_t i = 0; i < ROWS; i++, events_made++) {
        uint64_t user = rng() % users_total;
        data.offsets64[i] = at;
        data.offsets32[i] = (int32_t)at;
        at += (uint64_t)snprintf(data.bytes + at, 24, "customer-%010llu", (unsigned long long)user);
        data.times[i] =
            YEAR_START + (int64_t)((double)events_made / (double)events_total * 365 * (double)DAY);
        data.codes8[i] = (uint8_t)(rng() % 4);
        data.codes32[i] = data.codes8[i];
        data.amounts[i] = (int64_t)(rng() % 50000);
        data.decimals[2 * i] = data.amounts[i];
        data.decimals[2 * i + 1] = 0;
        data.states[i] = data.codes8[i] == 2 ? SEG_VALUE_SET : SEG_VALUE_ABSENT;
        data.bits[i / 8] |= (uint8_t)((data.codes8[i] == 2) << (i % 8));
        data.seconds[i] = (double)(rng() % 600);
    }
    data.offsets64[ROWS] = at;
    data.offsets32[ROWS] = (int32_t)at;
}

/* ---- the C batch API ------------------------------------------------------------------------- */

static void commit_batch(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    seg_column types = SEG_COLUMN_INIT, columns[2] = {SEG_COLUMN_INIT, SEG_COLUMN_INIT};
    types.type = SEG_TYPE_STRING;
    types.values = type_bytes;
    types.offsets = type_ends64;
    types.codes = data.codes32;
    types.dictionary_count = 4;
    columns[0].type = SEG_TYPE_DECIMAL;
    columns[0].scale = 2;
    columns[0].name = "amount";
    columns[0].name_size = 6;
    columns[0].values = data.amounts;
    columns[0].states = data.states;
    columns[1].type = SEG_TYPE_FLOAT64;
    columns[1].name = "seconds";
    columns[1].name_size = 7;
    columns[1].values = data.seconds;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = ROWS;
    batch.user_bytes = data.bytes;
    batch.user_offsets = data.offsets64;
    batch.times = data.times;
    batch.event_types = &types;
    batch.columns = columns;
    batch.column_count = 2;
    need(seg_store_commit(store, &batch, 1, NULL, NULL, &err), &err);
}

/* ---- the same as an Arrow stream ------------------------------------------------------------- */

static void drop_schema(struct ArrowSchema *schema)
{
    schema->release = NULL;
}

static void drop_array(struct ArrowArray *array)
{
    array->release = NULL;
}

static void drop_stream(struct ArrowArrayStream *stream)
{
    stream->release = NULL;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    static struct ArrowSchema nodes[6], *children[5];
    static const char *const formats[] = {"u", "tsu:UTC", "C", "d:38,2", "g", "u"};
    static const char *const names[] = {"user_id", "time", "event", "amount", "seconds", ""};
    (void)stream;
    for (int i = 0; i < 6; i++)
        nodes[i] =
            (struct ArrowSchema){formats[i], names[i], NULL, 2, 0, NULL, NULL, drop_schema, NULL};
    for (int i = 0; i < 5; i++)
        children[i] = &nodes[i];
    nodes[2].dictionary = &nodes[5];
    *out = (struct ArrowSchema){"+s", "", NULL, 0, 5, children, NULL, drop_schema, NULL};
    return 0;
}

/* private_data points to whether the one record batch was handed out. */
static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    static struct ArrowArray nodes[6], *children[5];
    static const void *buffers[6][3], *none[1];
    static const int64_t counts[] = {3, 2, 2, 2, 2, 3};
    const void *values[6] = {data.offsets32, data.times,   data.codes8,
                             data.decimals,  data.seconds, type_ends32};
    int *done = stream->private_data;
    memset(out, 0, sizeof *out);
    if ((*done)++ > 0)
        return 0;
    for (int i = 0; i < 6; i++) {
        buffers[i][0] = i == 3 ? data.bits : NULL;
        buffers[i][1] = values[i];
        nodes[i] = (struct ArrowArray){i == 5 ? 4 : ROWS, -1,   0,    counts[i],  0,
                                       buffers[i],        NULL, NULL, drop_array, NULL};
    }
    buffers[0][2] = data.bytes;
    buffers[5][2] = type_bytes;
    nodes[2].dictionary = &nodes[5];
    for (int i = 0; i < 5; i++)
        children[i] = &nodes[i];
    *out = (struct ArrowArray){ROWS, 0, 0, 1, 5, none, children, NULL, drop_array, NULL};
    return 0;
}

static void ingest_batch(seg_store *store)
{
    seg_error err = SEG_ERROR_INIT;
    int done = 0;
    struct ArrowArrayStream stream = {get_schema, get_next, NULL, drop_stream, &done};
    seg_arrow_options options = SEG_ARROW_OPTIONS_INIT;
    options.kind = SEG_ARROW_EVENTS;
    need(seg_store_ingest_arrow(store, &stream, &options, NULL, NULL, &err), &err);
}

/* ---- reading out ----------------------------------------------------------------------------- */

static double read_cursor(const seg_set *set)
{
    static uint64_t offsets[ROWS + 1];
    seg_error err = SEG_ERROR_INIT;
    seg_set_cursor *cursor = NULL;
    const char *bytes;
    uint64_t count;
    double start = now_seconds();
    need(seg_set_cursor_create(set, &cursor, &err), &err);
    do {
        need(seg_set_cursor_next(cursor, ROWS, offsets, &bytes, &count, &err), &err);
    } while (count > 0);
    seg_set_cursor_destroy(cursor);
    return now_seconds() - start;
}

static double read_stream(const seg_set *set)
{
    seg_error err = SEG_ERROR_INIT;
    struct ArrowArrayStream stream;
    struct ArrowArray array;
    double start = now_seconds();
    need(seg_set_to_arrow(set, 0, NULL, NULL, NULL, 0, NULL, &stream, &err), &err);
    while (stream.get_next(&stream, &array) == 0 && array.release != NULL)
        array.release(&array);
    stream.release(&stream);
    return now_seconds() - start;
}

/* ---- asking ---------------------------------------------------------------------------------- */

#define ASKED 1000000u

/* A set of every other one of a million integer ids, asked about ids in no order. */
static void ask(void)
{
    static uint64_t ids[ASKED];
    static uint8_t members[ASKED];
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    options.id_kind = SEG_ID_U64;
    seg_store *store = NULL;
    seg_snapshot *snapshot = NULL;
    seg_set *set = NULL;
    need(seg_store_open(":memory:", 8, &options, &store, &err), &err);
    for (uint64_t i = 0; i < ASKED; i++)
        ids[i] = i * 7;
    seg_batch batch = SEG_BATCH_INIT;
    batch.row_count = ASKED;
    batch.user_ids = ids;
    need(seg_store_commit(store, &batch, 1, NULL, NULL, &err), &err);
    need(seg_snapshot_create(store, &snapshot, &err), &err);
    for (uint64_t i = 0; i < ASKED / 2; i++)
        ids[i] = i * 14;
    need(seg_set_from_ids_u64(snapshot, ids, ASKED / 2, &set, NULL, &err), &err);
    for (uint64_t i = 0; i < ASKED; i++)
        ids[i] = rng() % ASKED * 7;
    double start = now_seconds();
    uint64_t hits = 0;
    for (uint64_t i = 0; i < ASKED; i++)
        hits += (uint64_t)seg_set_contains_u64(set, ids[i]);
    printf("ask  one by one %5.1f ns/id, %llu of %u\n", (now_seconds() - start) / ASKED * 1e9,
           (unsigned long long)hits, ASKED);
    start = now_seconds();
    hits = seg_set_contains_many_u64(set, ids, ASKED, members);
    printf("ask  many       %5.1f ns/id, %llu of %u\n", (now_seconds() - start) / ASKED * 1e9,
           (unsigned long long)hits, ASKED);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    seg_store_close(store, NULL);
}

int main(int argc, char **argv)
{
    seg_error err = SEG_ERROR_INIT;
    seg_store *stores[2];
    double seconds[2] = {0, 0};
    if (argc > 1)
        events_total = strtoull(argv[1], NULL, 10);
    if (argc > 2)
        users_total = strtoull(argv[2], NULL, 10);
    for (int i = 0; i < 2; i++)
        need(seg_store_open(":memory:", 8, NULL, &stores[i], &err), &err);
    /* The two ways take turns, so that what disturbs the machine disturbs both. */
    while (events_made < events_total) {
        make_batch();
        for (int i = 0; i < 2; i++) {
            double start = now_seconds();
            if (i == 0)
                commit_batch(stores[0]);
            else
                ingest_batch(stores[1]);
            seconds[i] += now_seconds() - start;
        }
    }
    printf("events %llu, users %llu\n", (unsigned long long)events_made,
           (unsigned long long)users_total);
    printf("in   batch  %7.1f ns/event\n", seconds[0] / (double)events_made * 1e9);
    printf("in   arrow  %7.1f ns/event, %.2f times\n", seconds[1] / (double)events_made * 1e9,
           seconds[1] / seconds[0]);
    seg_snapshot *snapshot = NULL;
    seg_set *set = NULL;
    need(seg_snapshot_create(stores[1], &snapshot, &err), &err);
    need(seg_set_everyone(snapshot, &set, &err), &err);
    double members = (double)seg_set_count(set);
    printf("out  cursor %7.1f ns/id\n", read_cursor(set) / members * 1e9);
    printf("out  arrow  %7.1f ns/id\n", read_stream(set) / members * 1e9);
    seg_set_release(set);
    seg_snapshot_release(snapshot);
    for (int i = 0; i < 2; i++)
        seg_store_close(stores[i], NULL);
    ask();
    return 0;
}
