/* What the columns of the workload's events take on disk and in memory, and how fast they are
 * written to bytes and read from them.
 *
 *   bench_parts [EVENTS [USERS]]
 *
 * Sizes are bytes per event of the whole workload, so that they add up; speeds are megabytes of
 * columns in memory per second of processor time, one thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../workload.h"
#include "store/part_code.h"
#include "store/store_int.h"

/* One line of the table. */
typedef struct line {
    char name[80];
    double disk, memory;   /* bytes */
    double encode, decode; /* seconds */
} line;

static line lines[64];
static size_t line_count;

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench_parts: %s\n", what);
    exit(1);
}

static double processor_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static int commit(void *user, const seg_batch *batch)
{
    return segi_store_commit(user, batch, 1, NULL, NULL, NULL);
}

static segi_store *make_store(uint64_t events, uint64_t users)
{
    segi_store_config config = {
        .mem = *segi_mem_default(), .id_kind = SEG_ID_U64, .week_start = 1, .threads_max = 1};
    gen_options options = {.seed = 1, .users = users, .events = events, .ids_u64 = true};
    segi_store *store = NULL;
    need(segi_zone_load(&config.mem, "UTC", 3, &config.zone, NULL) == SEG_OK, "no zone");
    need(segi_store_create(&config, &store, NULL) == SEG_OK, "no store");
    need(workload_users(&options, commit, store) == SEG_OK, "cannot load users");
    need(workload_events(&options, commit, store) == SEG_OK, "cannot load events");
    return store;
}

static line *line_of(const segi_schema *schema, const segi_part *part, uint32_t column)
{
    static const char *const common[] = {"users and counts", "time", "tie"};
    const segi_event_type *event = schema->events[part->event];
    char name[80];
    if (column < SEGI_COLUMN_PROPERTY)
        snprintf(name, sizeof name, "%s", common[column]);
    else
        snprintf(name, sizeof name, "%s.%s", event->name,
                 event->fields[column - SEGI_COLUMN_PROPERTY]->name);
    for (size_t i = 0; i < line_count; i++)
        if (strcmp(lines[i].name, name) == 0)
            return &lines[i];
    need(line_count < sizeof lines / sizeof *lines, "too many columns");
    memcpy(lines[line_count].name, name, sizeof name);
    return &lines[line_count++];
}

static void measure(const segi_part *part, uint32_t column, segi_buf *bytes, line *out)
{
    segi_arrays arrays;
    segi_buf_reset(bytes);
    double begin = processor_time();
    segi_column_encode(part, column, bytes);
    double middle = processor_time();
    need(!bytes->failed, "out of memory");
    if (bytes->size == 0)
        return;
    need(segi_column_decode(segi_mem_default(), part, column, UINT32_MAX,
                            (const uint8_t *)bytes->data, bytes->size, &arrays, NULL) == SEG_OK,
         "a column does not come back");
    double end = processor_time();
    segi_arrays_free(segi_mem_default(), &arrays);
    out->disk += (double)bytes->size;
    out->memory += (double)segi_part_column_bytes(part, column);
    out->encode += middle - begin;
    out->decode += end - middle;
}

static void print(const line *l, uint64_t events)
{
    printf("%-28s %8.3f %8.3f %8.0f %8.0f\n", l->name, l->disk / (double)events,
           l->memory / (double)events, l->memory / l->encode / 1e6, l->memory / l->decode / 1e6);
}

int main(int argc, char **argv)
{
    uint64_t events = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000000;
    uint64_t users = argc > 2 ? strtoull(argv[2], NULL, 10) : events / 20;
    need(events > 0 && users > 0, "no events");
    segi_store *store = make_store(events, users);
    segi_snapshot *snapshot = NULL;
    segi_buf bytes;
    line total = {.name = "all"};
    need(segi_snapshot_create(store, &snapshot, NULL) == SEG_OK, "no snapshot");
    segi_buf_init(&bytes, segi_mem_default());
    for (uint32_t e = 0; e < snapshot->schema->event_count; e++)
        for (uint32_t p = 0; p < snapshot->events[e].part_count; p++) {
            const segi_part *part = snapshot->events[e].parts[p];
            for (uint32_t c = 0; c < SEGI_COLUMN_PROPERTY + part->column_count; c++)
                measure(part, c, &bytes, line_of(snapshot->schema, part, c));
        }
    printf("%-28s %8s %8s %8s %8s\n", "column", "disk", "memory", "encode", "decode");
    for (size_t i = 0; i < line_count; i++) {
        print(&lines[i], events);
        total.disk += lines[i].disk;
        total.memory += lines[i].memory;
        total.encode += lines[i].encode;
        total.decode += lines[i].decode;
    }
    print(&total, events);
    segi_buf_deinit(&bytes);
    segi_snapshot_release(snapshot);
    segi_store_release(store);
    return 0;
}
