/* care.c - looking after a store's file. See care.h. */
#include "care.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const text_view no_text = {NULL, 0};

/* ---- seg check ------------------------------------------------------------ */

enum {
    CHECK_CLEAN = 0,
    CHECK_DAMAGED = 1,
    CHECK_USAGE = 2,
    CHECK_UNREADABLE = 3
};

/* One object per line, or one line for a person. The store's texts are ours or paths. */
static void print_fault(void *user, const seg_fault *fault)
{
    const bool *json = user;
    if (!*json) {
        printf("%s: offset %" PRIu64 ", block %" PRIu64 ": %s\n", fault->file, fault->offset,
               fault->block, fault->what);
        return;
    }
    text_buf text = {0};
    buf_text(&text, "{\"file\":");
    buf_json(&text, fault->file, strlen(fault->file));
    buf_printf(&text, ",\"offset\":%" PRIu64 ",\"block\":%" PRIu64 ",\"what\":", fault->offset,
               fault->block);
    buf_json(&text, fault->what, strlen(fault->what));
    printf("%s}\n", text.data);
    buf_deinit(&text);
}

/* A store that cannot be opened because of damage is a finding, not a failure to look. The message
 * names the file, or the log, and the place. */
static int check_unopened(const char *path, bool json, const seg_error *err)
{
    if (err->code == SEG_E_CORRUPT) {
        seg_fault fault = {.struct_size = (uint32_t)sizeof fault, .file = path};
        fault.offset = err->offset > 0 ? (uint64_t)err->offset : 0;
        fault.what = err->message;
        if (json) {
            print_fault(&json, &fault);
        } else {
            printf("%s\n%s: 1 fault, and it cannot be opened; seg salvage may help\n", err->message,
                   path);
        }
        return CHECK_DAMAGED;
    }
    fprintf(stderr, "seg check: %s: %s: %s\n", path, seg_status_name(err->code), err->message);
    return CHECK_UNREADABLE;
}

static int check_file(const char *path, uint32_t level, bool json)
{
    seg_store *store = NULL;
    seg_error err = SEG_ERROR_INIT;
    seg_store_options options = SEG_STORE_OPTIONS_INIT;
    uint64_t faults = 0;
    options.flags = SEG_STORE_READ_ONLY;
    if (seg_store_open(path, strlen(path), &options, &store, &err) != SEG_OK) {
        return check_unopened(path, json, &err);
    }
    seg_status status = seg_store_check(store, level, print_fault, &json, &faults, &err);
    (void)seg_store_close(store, NULL);
    if (status != SEG_OK) {
        fprintf(stderr, "seg check: %s: %s\n", path, err.message);
        return CHECK_UNREADABLE;
    }
    if (!json) {
        printf("%s: %" PRIu64 " fault%s\n", path, faults, faults == 1 ? "" : "s");
    }
    return faults > 0 ? CHECK_DAMAGED : CHECK_CLEAN;
}

static const char check_usage[] = "usage: seg check [--quick|--full|--deep] [--json] FILE\n"
                                  "looks for damage in a store and writes nothing; --full, which "
                                  "reads every byte, is the default\n"
                                  "exit code: 0 nothing found, 1 damage, 2 wrong usage, 3 it "
                                  "cannot be read or is open elsewhere\n";

int care_check(int argc, char **argv)
{
    static const char *const levels[] = {"quick", "full", "deep"};
    const char *path = NULL;
    bool json = false;
    uint32_t level = SEG_CHECK_FULL;
    for (int i = 2; i < argc; i++) {
        const char *name = argv[i] + strspn(argv[i], "-");
        bool known = argv[i][0] != '-';
        if (known && path) {
            fprintf(stderr, "seg check: %s: one file at a time\n", argv[i]);
            return CHECK_USAGE;
        }
        path = known ? argv[i] : path;
        for (uint32_t k = 0; k < 3 && !known; k++) {
            known = strcmp(name, levels[k]) == 0;
            level = known ? k : level;
        }
        if (!known && strcmp(name, "json") == 0) {
            known = json = true;
        }
        if (!known && strcmp(name, "help") == 0) {
            fputs(check_usage, stdout);
            return CHECK_CLEAN;
        }
        if (!known) {
            fprintf(stderr, "seg check: %s: unknown option\n", argv[i]);
            return CHECK_USAGE;
        }
    }
    if (!path) {
        fputs(check_usage, stderr);
        return CHECK_USAGE;
    }
    return check_file(path, level, json);
}

/* ---- statements ------------------------------------------------------------ */

static run_result failed(cli_session *session, const seg_error *err)
{
    diag_error(&session->diag, err, no_text, no_text);
    return RUN_FAILED;
}

run_result care_segments(cli_session *session)
{
    static const char *const names[] = {"name", "version", "predicate"};
    cli_table table;
    seg_segment_list *list = NULL;
    seg_error err = SEG_ERROR_INIT;
    if (seg_store_list_segments(session->store, &list, &err) != SEG_OK) {
        return failed(session, &err);
    }
    table_init(&table, names, 3);
    for (uint64_t i = 0; i < seg_segment_list_count(list); i++) {
        seg_segment_info info = {.struct_size = (uint32_t)sizeof info};
        if (seg_segment_list_at(list, i, &info, NULL) != SEG_OK) {
            continue;
        }
        table_text(&table, (text_view){info.name, (size_t)info.name_size});
        table_uint(&table, info.version);
        table_text(&table, (text_view){info.text, (size_t)info.text_size});
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    seg_segment_list_destroy(list);
    return RUN_OK;
}

run_result care_file(cli_session *session)
{
    static const char *const names[] = {"file_bytes",     "block_bytes", "free_bytes",
                                        "dropped_bytes",  "log_used",    "log_records",
                                        "event_bytes",    "id_bytes",    "attribute_bytes",
                                        "event_id_bytes", "generation",  "memory_bytes"};
    cli_table table;
    seg_error err = SEG_ERROR_INIT;
    seg_store_stats stats = {.struct_size = (uint32_t)sizeof stats};
    if (seg_store_get_stats(session->store, &stats, &err) != SEG_OK) {
        return failed(session, &err);
    }
    const uint64_t figures[] = {stats.file_bytes,     stats.block_bytes, stats.free_bytes,
                                stats.dropped_bytes,  stats.log_used,    stats.log_records,
                                stats.event_bytes,    stats.id_bytes,    stats.attribute_bytes,
                                stats.event_id_bytes, stats.generation,  stats.memory_bytes};
    table_init(&table, names, sizeof names / sizeof names[0]);
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++) {
        table_uint(&table, figures[i]);
    }
    table_print(&table, session->mode);
    table_deinit(&table);
    return RUN_OK;
}

run_result care_checkpoint(cli_session *session)
{
    seg_error err = SEG_ERROR_INIT;
    return seg_store_checkpoint(session->store, &err) == SEG_OK ? RUN_OK : failed(session, &err);
}

run_result care_backup(cli_session *session, text_view statement, const lex_words *words)
{
    seg_error err = SEG_ERROR_INIT;
    if (words->count != 2) {
        diag_at(&session->diag, statement, 0, statement.size, "one file should follow",
                "backup FILE");
        return RUN_FAILED;
    }
    const char *path = words->items[1].text;
    if (seg_store_backup(session->store, path, strlen(path), &err) != SEG_OK) {
        return failed(session, &err);
    }
    diag_note(&session->diag, "wrote %s", path);
    return RUN_OK;
}
