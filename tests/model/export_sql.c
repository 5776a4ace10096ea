/* export_sql.c - random data, predicates, their SQL and their members, for engines of others.
 *
 *   model_export_sql --seed N --sets N --pairs N --out FOLDER
 *
 * Writes FOLDER/set-N.json: the data in the columns that docs/sql.md describes, and checks, each
 * with the predicate's text, its SQL in both dialects or why there is none, and the positions of
 * its members among the users. The twin has to agree with the library, else the exit status is 1.
 * tests/sql/run.py loads them into DuckDB and ClickHouse. */
#include "world.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct settings {
    uint64_t seed, sets, pairs;
    const char *folder;
} settings;

/* ---- JSON ---- */

static void put(model_text *out, const char *text)
{
    model_add(out, text, strlen(text));
}

static void put_string(model_text *out, const char *text, size_t size)
{
    put(out, "\"");
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 0x20 || c == '"' || c == '\\')
            model_addf(out, "\\u%04x", c);
        else
            model_add(out, text + i, 1);
    }
    put(out, "\"");
}

static void put_value(model_text *out, const model_value *value)
{
    if (value->state != SEG_VALUE_SET) {
        put(out, "null");
        return;
    }
    switch (value->type) {
    case SEG_TYPE_BOOL: put(out, value->i != 0 ? "true" : "false"); break;
    case SEG_TYPE_FLOAT64: model_addf(out, "%.17g", value->f); break;
    case SEG_TYPE_STRING: put_string(out, value->text.data, value->text.size); break;
    case SEG_TYPE_GEO: model_addf(out, "[%" PRId64 ",%" PRId64 "]", value->i, value->j); break;
    case SEG_TYPE_STRING_SET:
        put(out, "[");
        for (size_t i = 0; i < value->element_count; i++) {
            put(out, i == 0 ? "" : ",");
            put_string(out, value->elements[i].data, value->elements[i].size);
        }
        put(out, "]");
        break;
    default: model_addf(out, "%" PRId64, value->i); break;
    }
}

/* ---- columns ---- */

static const char *type_name(seg_type type)
{
    switch (type) {
    case SEG_TYPE_BOOL: return "bool";
    case SEG_TYPE_FLOAT64: return "float";
    case SEG_TYPE_STRING: return "text";
    case SEG_TYPE_STRING_SET: return "set";
    case SEG_TYPE_GEO: return "place";
    default: return "int";
    }
}

/* The rows of a table one after the other: the values of a column, NULL past the last. */
typedef const model_value *(*row_values)(const model *data, size_t *user, size_t *event);

static const model_value *next_user(const model *data, size_t *user, size_t *event)
{
    (void)event;
    while (*user < data->user_count && !data->users[*user].known)
        ++*user;
    return *user < data->user_count ? data->users[(*user)++].attrs : NULL;
}

static const model_value *next_event(const model *data, size_t *user, size_t *event)
{
    while (*user < data->user_count && *event >= data->users[*user].event_count) {
        ++*user;
        *event = 0;
    }
    return *user < data->user_count ? data->users[*user].events[(*event)++].props : NULL;
}

static void put_column(model_text *out, const model *data, const model_column *column, size_t index,
                       row_values next)
{
    size_t user = 0, event = 0;
    const char *comma = "";
    put(out, "{\"name\":");
    put_string(out, column->name, strlen(column->name));
    model_addf(out, ",\"type\":\"%s\",\"states\":[", type_name(column->type));
    for (const model_value *row; (row = next(data, &user, &event)) != NULL; comma = ",")
        model_addf(out, "%s%u", comma, row[index].state);
    put(out, "],\"values\":[");
    user = event = 0;
    comma = "";
    for (const model_value *row; (row = next(data, &user, &event)) != NULL; comma = ",") {
        put(out, comma);
        put_value(out, &row[index]);
    }
    put(out, "]}");
}

static void put_columns(model_text *out, const model *data, const model_column *columns,
                        size_t count, row_values next)
{
    put(out, ",\"columns\":[");
    for (size_t i = 0; i < count; i++) {
        put(out, i == 0 ? "\n" : ",\n");
        put_column(out, data, &columns[i], i, next);
    }
    put(out, "]}");
}

/* Ids that are bytes, which need not be text, in hexadecimal digits. */
static void put_id(model_text *out, const feed_data *feed, size_t user)
{
    if (feed->id_kind == SEG_ID_U64) {
        model_addf(out, "%" PRIu64, feed->user_numbers[user]);
        return;
    }
    put(out, "\"");
    for (size_t i = 0; i < feed->user_names[user].size; i++)
        model_addf(out, "%02x", (unsigned)(unsigned char)feed->user_names[user].data[i]);
    put(out, "\"");
}

/* Who was named in a batch of attributes is there from the beginning of time (S-12). */
static void put_users(model_text *out, const feed_data *feed, const model *data)
{
    const char *comma = "";
    put(out, "\"users\":{\"ids\":[");
    for (size_t i = 0; i < data->user_count; i++) {
        if (!data->users[i].known)
            continue;
        put(out, comma);
        put_id(out, feed, i);
        comma = ",";
    }
    put(out, "],\"since\":[");
    comma = "";
    for (size_t i = 0; i < data->user_count; i++) {
        const model_user *user = &data->users[i];
        if (!user->known)
            continue;
        int64_t since = user->event_count > 0 ? user->events[0].time : SEG_TIME_MAX;
        model_addf(out, "%s%" PRId64, comma, user->named ? SEG_TIME_MIN : since);
        comma = ",";
    }
    put(out, "]");
    put_columns(out, data, feed->schema.attributes, feed->schema.attribute_count, next_user);
}

static void put_events(model_text *out, const feed_data *feed, const model *data)
{
    static const char *const heads[] = {"\"users\":[", "],\"types\":[", "],\"times\":["};
    put(out, ",\n\"events\":{");
    for (int part = 0; part < 3; part++) {
        const char *comma = "";
        put(out, heads[part]);
        for (size_t i = 0; i < data->user_count; i++) {
            for (size_t k = 0; k < data->users[i].event_count; k++) {
                const model_event *event = &data->users[i].events[k];
                put(out, comma);
                comma = ",";
                if (part == 0)
                    put_id(out, feed, i);
                else if (part == 1)
                    put_string(out, feed->schema.types[event->type].name,
                               strlen(feed->schema.types[event->type].name));
                else
                    model_addf(out, "%" PRId64, event->time);
            }
        }
    }
    put(out, "]");
    put_columns(out, data, feed->schema.properties, feed->schema.property_count, next_event);
}

/* ---- checks ---- */

static void put_statement(model_text *out, const seg_segment *segment, uint32_t dialect,
                          int64_t now)
{
    static const char *const names[] = {"duckdb", "clickhouse"};
    seg_sql_options options = SEG_SQL_OPTIONS_INIT;
    seg_error err = SEG_ERROR_INIT;
    seg_buffer *sql = NULL;
    options.dialect = dialect;
    options.now = now;
    seg_status status = seg_segment_to_sql(segment, &options, &sql, &err);
    model_addf(out, ",\"%s\":{\"%s\":", names[dialect - 1],
               status == SEG_OK          ? "sql"
               : status == SEG_E_DIALECT ? "refused"
                                         : "failed");
    if (status == SEG_OK)
        put_string(out, seg_buffer_data(sql), seg_buffer_size(sql));
    else
        put_string(out, err.message, strlen(err.message));
    put(out, "}");
    seg_buffer_destroy(sql);
}

static void put_check(model_text *out, world *w, const world_probe *probe, const verdict *v)
{
    const model *data = world_model(w, probe->commit);
    model_text text = {NULL, 0, 0};
    const char *comma = "";
    size_t position = 0;
    world_print(w, probe, &text);
    put(out, "{\"text\":");
    put_string(out, text.data, text.size);
    model_addf(out, ",\"now\":%" PRId64 ",\"members\":[", probe->now);
    for (size_t i = 0; i < data->user_count; i++) {
        if (!data->users[i].known)
            continue;
        if (v->expected[i]) {
            model_addf(out, "%s%zu", comma, position);
            comma = ",";
        }
        position++;
    }
    put(out, "]");
    put_statement(out, v->segment, SEG_SQL_DUCKDB, probe->now);
    put_statement(out, v->segment, SEG_SQL_CLICKHOUSE, probe->now);
    put(out, "}");
    model_text_free(&text);
}

/* ---- one predicate that never ends ---- */

#define PAIR_SECONDS 60u

static char current[4096]; /* where we are, for too_long() */

static void too_long(int signal)
{
    static const char words[] = "took too long: ";
    (void)signal;
    (void)!write(STDOUT_FILENO, words, sizeof(words) - 1);
    (void)!write(STDOUT_FILENO, current, strlen(current));
    (void)!write(STDOUT_FILENO, "\n", 1);
    _exit(1);
}

static void now_at(uint64_t set, uint64_t pair, const char *text)
{
    snprintf(current, sizeof(current), "set %" PRIu64 ", pair %" PRIu64 ": %s", set, pair, text);
    alarm(PAIR_SECONDS);
}

/* Every kind of condition in turn, and trees of several. */
static model_node *some_root(gen *g, uint64_t n)
{
    if (n % 4 != 0)
        return gen_operand(g, (gen_class)(n % GEN_CLASS_COUNT), 1);
    return gen_tree(g, 2);
}

static bool one_set(const settings *o, uint64_t index, model_text *out)
{
    feed_data *feed = calloc(1, sizeof(*feed));
    model_catalog *catalog = calloc(1, sizeof(*catalog));
    model_arena arena = {NULL};
    model_text why = {NULL, 0, 0};
    world w;
    bool good = true;
    rng r = {o->seed * UINT64_C(1000003) + index};
    feed_size size = {100 + rng_below(&r, 400), 0, 1 + rng_below(&r, 3)};
    size.events = size.users * (4 + rng_below(&r, 10));
    if (feed == NULL || catalog == NULL)
        exit(2);
    feed_make(feed, rng_next(&r), size);
    feed_no_histories(feed); /* tables have what is, not what was */
    feed_keep_all(feed);     /* tables know nothing of what a store has forgotten */
    now_at(index, 0, "while the data is made up");
    gen g = {feed, &arena, catalog, feed->nows[0], {rng_next(&r)}, NULL, false};
    catalog->segments[0] = (model_segment){NULL, 0, gen_tree(&g, 2), "vip", false};
    catalog->count = 1;
    good = world_open(&w, feed, catalog, 2, &why);
    const model *data = good ? world_model(&w, feed->commit_count - 1) : NULL;
    if (good) {
        put(out, "{");
        put_users(out, feed, data);
        put_events(out, feed, data);
        put(out, ",\n\"checks\":[");
    }
    const char *comma = "\n";
    for (uint64_t i = 0; good && i < o->pairs; i++) {
        world_probe probe;
        verdict v;
        model_arena asked = {NULL};
        memset(&probe, 0, sizeof(probe));
        g.now = probe.now = feed->nows[rng_below(&r, feed->now_count)];
        probe.commit = feed->commit_count - 1;
        now_at(index, i, "while it is made up");
        gen_using(&g, &probe.segment);
        probe.segment.root = some_root(&g, index * o->pairs + i);
        model_text text = {NULL, 0, 0};
        world_print(&w, &probe, &text);
        now_at(index, i, text.data != NULL ? text.data : "");
        model_text_free(&text);
        good = world_check(&w, &probe, &asked, &v, &why);
        if (good && v.set != NULL && !v.overflow) {
            put(out, comma);
            put_check(out, &w, &probe, &v);
            comma = ",\n";
        }
        seg_segment_release(v.segment);
        seg_set_release(v.set);
        model_arena_reset(&asked);
    }
    put(out, "]}\n");
    if (!good)
        printf("set %" PRIu64 ": %s\n", index, why.data != NULL ? why.data : "");
    world_close(&w);
    feed_free(feed);
    model_arena_reset(&arena);
    model_text_free(&why);
    free(catalog);
    free(feed);
    return good;
}

static bool write_set(const settings *o, uint64_t index, const model_text *text)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/set-%" PRIu64 ".json", o->folder, index);
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool good = fwrite(text->data, 1, text->size, file) == text->size;
    return fclose(file) == 0 && good;
}

int main(int argc, char **argv)
{
    settings o = {1, 1, 100, NULL};
    for (int i = 1; i + 1 < argc; i += 2) {
        uint64_t n = strtoull(argv[i + 1], NULL, 10);
        if (strcmp(argv[i], "--seed") == 0)
            o.seed = n;
        else if (strcmp(argv[i], "--sets") == 0)
            o.sets = n;
        else if (strcmp(argv[i], "--pairs") == 0)
            o.pairs = n;
        else if (strcmp(argv[i], "--out") == 0)
            o.folder = argv[i + 1];
    }
    if (o.folder == NULL) {
        fprintf(stderr, "usage: model_export_sql --seed N --sets N --pairs N --out FOLDER\n");
        return 2;
    }
    signal(SIGALRM, too_long);
    for (uint64_t i = 0; i < o.sets; i++) {
        model_text text = {NULL, 0, 0};
        bool good = one_set(&o, i, &text);
        if (good && !write_set(&o, i, &text)) {
            fprintf(stderr, "cannot write into %s\n", o.folder);
            return 2;
        }
        model_text_free(&text);
        if (!good)
            return 1;
    }
    return 0;
}
