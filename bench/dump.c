/* dump.c - write the workload as raw little-endian columns, for the peers to load.
 *
 *   bench_dump FOLDER USERS EVENTS SEED
 *
 * One file per column, one value per row, as narrow as its values allow; meta.json names them and
 * holds the dictionaries. A missing value is the largest one that the width can hold, an
 * explicit null the one below it. */
#include "workload.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum dump_kind {
    DUMP_NUMBER, /* int64, decimal, bool and date columns */
    DUMP_CODE,   /* strings by their code in the dictionary */
    DUMP_MASK,   /* string sets as a bit per code */
    DUMP_FIRST,  /* latitude of a geo column, as a double */
    DUMP_SECOND, /* longitude */
    DUMP_TIME    /* timestamps in seconds */
} dump_kind;

typedef struct dump_column {
    const char *file;
    const char *name; /* of the batch's column */
    dump_kind kind;
    uint32_t width;
    FILE *out;
    bool has_words;
    char *words; /* owned: the dictionary as JSON, once seen */
} dump_column;

static dump_column user_columns[] = {
    {.file = "users.country", .name = "country", .kind = DUMP_CODE, .width = 1},
    {.file = "users.age", .name = "age", .kind = DUMP_NUMBER, .width = 1},
    {.file = "users.birthday", .name = "birthday", .kind = DUMP_NUMBER, .width = 4},
    {.file = "users.income", .name = "income", .kind = DUMP_NUMBER, .width = 4},
    {.file = "users.employed", .name = "employed", .kind = DUMP_NUMBER, .width = 1},
    {.file = "users.plan", .name = "plan", .kind = DUMP_CODE, .width = 1},
    {.file = "users.interests", .name = "interests", .kind = DUMP_MASK, .width = 4},
    {.file = "users.lat", .name = "home", .kind = DUMP_FIRST, .width = 8},
    {.file = "users.lon", .name = "home", .kind = DUMP_SECOND, .width = 8},
    {.file = "users.timezone", .name = "timezone", .kind = DUMP_CODE, .width = 1},
    {.file = "users.signed_up", .name = "signed_up", .kind = DUMP_TIME, .width = 4}};

static dump_column event_columns[] = {
    {.file = "events.amount", .name = "amount", .kind = DUMP_NUMBER, .width = 4},
    {.file = "events.category", .name = "category", .kind = DUMP_CODE, .width = 1},
    {.file = "events.sku", .name = "sku", .kind = DUMP_CODE, .width = 2},
    {.file = "events.coupon", .name = "coupon", .kind = DUMP_NUMBER, .width = 1},
    {.file = "events.page", .name = "page", .kind = DUMP_CODE, .width = 1},
    {.file = "events.object", .name = "object", .kind = DUMP_CODE, .width = 1},
    {.file = "events.seconds", .name = "seconds", .kind = DUMP_NUMBER, .width = 2},
    {.file = "events.term", .name = "term", .kind = DUMP_CODE, .width = 2},
    {.file = "events.channel", .name = "channel", .kind = DUMP_CODE, .width = 1},
    {.file = "events.stars", .name = "stars", .kind = DUMP_NUMBER, .width = 1},
    {.file = "events.level", .name = "level", .kind = DUMP_NUMBER, .width = 1}};

/* Columns of the batch itself. */
static dump_column event_user = {.file = "events.user", .width = 4};
static dump_column event_time = {.file = "events.time", .kind = DUMP_TIME, .width = 4};
static dump_column event_type = {.file = "events.type", .kind = DUMP_CODE, .width = 1};

#define USER_COLUMNS (sizeof user_columns / sizeof user_columns[0])
#define EVENT_COLUMNS (sizeof event_columns / sizeof event_columns[0])

static const char *folder;

static void die(const char *what)
{
    fprintf(stderr, "bench_dump: %s\n", what);
    exit(1);
}

static FILE *open_file(const char *name)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    if (!file) {
        perror(path);
        exit(1);
    }
    setvbuf(file, NULL, _IOFBF, 1u << 20);
    return file;
}

static void close_file(FILE *file)
{
    if (fclose(file) != 0) {
        die("cannot write");
    }
}

/* ---- values -------------------------------------------------------------------------------- */

static void put(dump_column *column, uint64_t value)
{
    unsigned char bytes[8];
    for (uint32_t i = 0; i < column->width; i++) {
        bytes[i] = (unsigned char)(value >> (8 * i));
    }
    fwrite(bytes, column->width, 1, column->out);
}

static void put_checked(dump_column *column, uint64_t value)
{
    if (column->width < 8 && value >= (UINT64_C(1) << (8 * column->width)) - 2) {
        die("a value does not fit its column");
    }
    put(column, value);
}

static uint64_t number_at(const seg_column *column, uint64_t row)
{
    switch (column->type) {
    case SEG_TYPE_BOOL: return ((const uint8_t *)column->values)[row];
    case SEG_TYPE_DATE: return (uint32_t)((const int32_t *)column->values)[row];
    default: return (uint64_t)((const int64_t *)column->values)[row];
    }
}

static uint64_t mask_at(const seg_column *column, uint64_t row)
{
    uint64_t mask = 0;
    for (uint64_t i = column->lists[row]; i < column->lists[row + 1]; i++) {
        mask |= UINT64_C(1) << column->codes[i];
    }
    return mask;
}

static void put_value(dump_column *column, const seg_column *from, uint64_t row)
{
    uint64_t bits;
    switch (column->kind) {
    case DUMP_NUMBER:
        if (from->type == SEG_TYPE_DATE) {
            put(column, number_at(from, row)); /* may be negative */
        } else {
            put_checked(column, number_at(from, row));
        }
        break;
    case DUMP_CODE: put_checked(column, from->codes[row]); break;
    case DUMP_MASK: put_checked(column, mask_at(from, row)); break;
    case DUMP_TIME: put_checked(column, number_at(from, row) / 1000000); break;
    case DUMP_FIRST:
    case DUMP_SECOND:
        memcpy(&bits, (const double *)from->values + 2 * row + (column->kind == DUMP_SECOND), 8);
        put(column, bits);
        break;
    }
}

static void put_missing(dump_column *column, bool null)
{
    double none = NAN;
    uint64_t bits = null ? UINT64_MAX - 1 : UINT64_MAX;
    if (column->kind == DUMP_FIRST || column->kind == DUMP_SECOND) {
        memcpy(&bits, &none, 8);
    }
    put(column, bits);
}

/* The dictionary as a JSON list, the same in every batch. */
static void note_words(dump_column *column, const seg_column *from)
{
    if (column->has_words || !from->codes) {
        return;
    }
    uint64_t count = from->dictionary_count;
    char *out = malloc((size_t)from->offsets[count] + (size_t)count * 4 + 4);
    if (!out) {
        die("out of memory");
    }
    size_t size = 0;
    out[size++] = '[';
    for (uint64_t i = 0; i < count; i++) {
        if (i) {
            out[size++] = ',';
        }
        out[size++] = '"';
        for (uint64_t at = from->offsets[i]; at < from->offsets[i + 1]; at++) {
            char c = ((const char *)from->values)[at];
            if (c == '"' || c == '\\') {
                die("a word that needs quoting");
            }
            out[size++] = c;
        }
        out[size++] = '"';
    }
    out[size++] = ']';
    out[size] = 0;
    column->words = out;
    column->has_words = true;
}

static void dump_columns(dump_column *columns, size_t count, const seg_batch *batch)
{
    for (size_t c = 0; c < count; c++) {
        const seg_column *from = NULL;
        for (uint64_t i = 0; i < batch->column_count && !from; i++) {
            const seg_column *other = &batch->columns[i];
            if (other->name_size == strlen(columns[c].name) &&
                memcmp(other->name, columns[c].name, (size_t)other->name_size) == 0) {
                from = other;
            }
        }
        if (from) {
            note_words(&columns[c], from);
        }
        for (uint64_t row = 0; row < batch->row_count; row++) {
            uint32_t state = !from          ? SEG_VALUE_ABSENT
                             : from->states ? from->states[row]
                                            : SEG_VALUE_SET;
            if (state == SEG_VALUE_SET) {
                put_value(&columns[c], from, row);
            } else {
                put_missing(&columns[c], state == SEG_VALUE_NULL);
            }
        }
    }
}

/* ---- sinks --------------------------------------------------------------------------------- */

static int take_users(void *user, const seg_batch *batch)
{
    uint64_t *next = user;
    for (uint64_t i = 0; i < batch->row_count; i++) {
        if (batch->user_ids[i] != ++*next) {
            die("users are not numbered from 1");
        }
    }
    dump_columns(user_columns, USER_COLUMNS, batch);
    return 0;
}

static int take_events(void *user, const seg_batch *batch)
{
    uint64_t *count = user;
    *count += batch->row_count;
    note_words(&event_type, batch->event_types);
    for (uint64_t i = 0; i < batch->row_count; i++) {
        put_checked(&event_user, batch->user_ids[i]);
        put_checked(&event_time, (uint64_t)batch->times[i] / 1000000);
        put_checked(&event_type, batch->event_types->codes[i]);
    }
    dump_columns(event_columns, EVENT_COLUMNS, batch);
    return 0;
}

static void dump_segments(uint64_t seed, uint64_t users)
{
    dump_column ids = {.width = 4, .out = open_file("segments.user")};
    dump_column ends = {.width = 8, .out = open_file("segments.end")};
    uint64_t total = 0;
    for (uint32_t segment = 0; segment < WORKLOAD_SEGMENTS; segment++) {
        for (uint64_t user = 0; user < users; user++) {
            if (workload_member(seed, user, segment)) {
                put(&ids, user + 1);
                total++;
            }
        }
        put(&ends, total);
    }
    close_file(ids.out);
    close_file(ends.out);
}

static void write_columns(FILE *out, dump_column *columns, size_t count, const char *before)
{
    static const char *const kinds[] = {"number", "code", "mask", "double", "double", "time"};
    for (size_t i = 0; i < count; i++) {
        fprintf(out, "%s\n  {\"file\": \"%s\", \"kind\": \"%s\", \"width\": %u, \"words\": %s}",
                i ? "," : before, columns[i].file, kinds[columns[i].kind], columns[i].width,
                columns[i].words ? columns[i].words : "[]");
    }
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        die("usage: bench_dump FOLDER USERS EVENTS SEED");
    }
    folder = argv[1];
    gen_options options = {.users = strtoull(argv[2], NULL, 10),
                           .events = strtoull(argv[3], NULL, 10),
                           .seed = strtoull(argv[4], NULL, 10),
                           .ids_u64 = true};
    dump_column *own[] = {&event_user, &event_time, &event_type};
    for (size_t i = 0; i < USER_COLUMNS; i++) {
        user_columns[i].out = open_file(user_columns[i].file);
    }
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        event_columns[i].out = open_file(event_columns[i].file);
    }
    for (size_t i = 0; i < 3; i++) {
        own[i]->out = open_file(own[i]->file);
    }
    uint64_t users = 0, events = 0;
    if (workload_users(&options, take_users, &users) != 0 ||
        workload_events(&options, take_events, &events) != 0) {
        die("the generator failed");
    }
    dump_segments(options.seed, users);
    FILE *meta = open_file("meta.json");
    fprintf(meta,
            "{\"users\": %" PRIu64 ", \"events\": %" PRIu64 ", \"now\": %" PRId64
            ",\n \"columns\": [",
            users, events, GEN_NOW / 1000000);
    write_columns(meta, user_columns, USER_COLUMNS, "");
    write_columns(meta, event_columns, EVENT_COLUMNS, ",");
    write_columns(meta, &event_user, 1, ",");
    write_columns(meta, &event_time, 1, ",");
    write_columns(meta, &event_type, 1, ",");
    fprintf(meta, "]}\n");
    close_file(meta);
    for (size_t i = 0; i < USER_COLUMNS; i++) {
        close_file(user_columns[i].out);
        free(user_columns[i].words);
    }
    for (size_t i = 0; i < EVENT_COLUMNS; i++) {
        close_file(event_columns[i].out);
        free(event_columns[i].words);
    }
    for (size_t i = 0; i < 3; i++) {
        close_file(own[i]->out);
        free(own[i]->words);
    }
    return 0;
}
