/* files.c - verbs that take a store's file by its name: salvage and stats. See files.h. */
#include "files.h"

#include "text.h"

#include <inttypes.h>
#include <seg/seg.h>
#include <stdio.h>
#include <string.h>

enum {
    FILES_OK = 0,
    FILES_LOST = 1,
    FILES_USAGE = 2,
    FILES_FAILED = 3
};

#define FILES_MAX 2

/* `--json`, and as many paths as the verb takes. */
typedef struct files_args {
    bool json, help;
    const char *paths[FILES_MAX];
    size_t count;
} files_args;

static bool args_read(files_args *args, int argc, char **argv, size_t count, const char *usage)
{
    for (int i = 2; i < argc; i++) {
        if (strcmp(argv[i] + strspn(argv[i], "-"), "json") == 0 && argv[i][0] == '-') {
            args->json = true;
        } else if (strcmp(argv[i] + strspn(argv[i], "-"), "help") == 0 && argv[i][0] == '-') {
            args->help = true;
            fputs(usage, stdout);
            return false;
        } else if (argv[i][0] == '-' || args->count == count) {
            fprintf(stderr, "seg %s: %s: %s\n", argv[1], argv[i],
                    argv[i][0] == '-' ? "unknown option" : "one file too many");
            return false;
        } else {
            args->paths[args->count++] = argv[i];
        }
    }
    if (args->count < count) {
        fputs(usage, stderr);
    }
    return args->count == count;
}

/* A figure by its name, for a person and for a program alike. */
typedef struct files_figure {
    const char *name;
    uint64_t value;
} files_figure;

static void figures_print(const files_figure *figures, size_t count, bool json)
{
    for (size_t i = 0; i < count; i++) {
        if (json) {
            printf("%s\"%s\":%" PRIu64, i == 0 ? "{" : ",", figures[i].name, figures[i].value);
        } else {
            printf("%-16s %" PRIu64 "\n", figures[i].name, figures[i].value);
        }
    }
    if (json) {
        puts("}");
    }
}

static int fail(const char *verb, const char *path, const seg_error *err)
{
    fprintf(stderr, "seg %s: %s: %s: %s\n", verb, path, seg_status_name(err->code), err->message);
    return FILES_FAILED;
}

/* ---- seg salvage ------------------------------------------------------------ */

/* stdout is for the counts; what was met on the way goes to stderr. */
static void print_fault(void *user, const seg_fault *fault)
{
    (void)user;
    fprintf(stderr, "%s: offset %" PRIu64 ", block %" PRIu64 ": %s\n", fault->file, fault->offset,
            fault->block, fault->what);
}

static const char salvage_usage[] =
    "usage: seg salvage [--json] FROM TO\n"
    "writes what is left of the damaged store FROM to a new file TO, and counts what is lost\n"
    "exit code: 0 nothing is lost, 1 something is, 2 wrong usage, 3 no store was written\n";

int files_salvage(int argc, char **argv)
{
    files_args args = {0};
    seg_error err = SEG_ERROR_INIT;
    seg_salvage_options options = SEG_SALVAGE_OPTIONS_INIT;
    seg_salvage_report r = {.struct_size = (uint32_t)sizeof r};
    if (!args_read(&args, argc, argv, 2, salvage_usage)) {
        return args.help ? FILES_OK : FILES_USAGE;
    }
    const char *from = args.paths[0], *to = args.paths[1];
    options.report = print_fault;
    if (seg_store_salvage(from, strlen(from), to, strlen(to), &options, &r, &err) != SEG_OK) {
        return fail("salvage", from, &err);
    }
    const files_figure figures[] = {
        {"complete", r.complete},
        {"faults", r.faults},
        {"blocks", r.blocks},
        {"blocks_lost", r.blocks_lost},
        {"users", r.users},
        {"users_lost", r.users_lost},
        {"events", r.events},
        {"events_lost", r.events_lost},
        {"attributes_lost", r.attributes_lost},
        {"properties_lost", r.properties_lost},
        {"strings_lost", r.strings_lost},
        {"event_ids_lost", r.event_ids_lost},
        {"firsts_lost", r.firsts_lost},
        {"records", r.records},
        {"log_lost", r.log_lost},
    };
    figures_print(figures, sizeof figures / sizeof figures[0], args.json);
    return r.complete != 0 ? FILES_OK : FILES_LOST;
}

/* ---- seg stats -------------------------------------------------------------- */

static int stats_print(seg_store *store, bool json, seg_error *err)
{
    seg_store_stats s = {.struct_size = (uint32_t)sizeof s};
    seg_snapshot *snapshot = NULL;
    seg_snapshot_info info = {.struct_size = (uint32_t)sizeof info};
    seg_status status = seg_store_get_stats(store, &s, err);
    if (status == SEG_OK) {
        status = seg_snapshot_create(store, &snapshot, err);
    }
    if (status == SEG_OK) {
        status = seg_snapshot_get_info(snapshot, &info, err);
    }
    seg_snapshot_release(snapshot);
    if (status != SEG_OK) {
        return FILES_FAILED;
    }
    const files_figure figures[] = {
        {"users", info.user_count},         {"events", info.event_count},
        {"commits", info.commit_sequence},  {"generation", s.generation},
        {"file_bytes", s.file_bytes},       {"block_bytes", s.block_bytes},
        {"block_count", s.block_count},     {"free_bytes", s.free_bytes},
        {"dropped_bytes", s.dropped_bytes}, {"log_bytes", s.log_bytes},
        {"log_used", s.log_used},           {"log_records", s.log_records},
        {"event_bytes", s.event_bytes},     {"attribute_bytes", s.attribute_bytes},
        {"id_bytes", s.id_bytes},           {"event_id_bytes", s.event_id_bytes},
    };
    figures_print(figures, sizeof figures / sizeof figures[0], json);
    return FILES_OK;
}

static const char stats_usage[] =
    "usage: seg stats [--json] FILE\n"
    "prints how many users and events a store has, and the bytes of its file by kind\n"
    "exit code: 0, 2 wrong usage, 3 the file cannot be read or is open elsewhere\n";

int files_stats(int argc, char **argv)
{
    files_args args = {0};
    seg_store *store = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    if (!args_read(&args, argc, argv, 1, stats_usage)) {
        return args.help ? FILES_OK : FILES_USAGE;
    }
    const char *path = args.paths[0];
    options.flags = SEG_STORE_READ_ONLY;
    int code = FILES_FAILED;
    if (seg_store_open(path, strlen(path), &options, &store, &err) == SEG_OK) {
        code = stats_print(store, args.json, &err);
        (void)seg_store_close(store, NULL);
    }
    return code == FILES_FAILED ? fail("stats", path, &err) : code;
}
