/* generate.c - data from the generator of the benchmarks. See generate.h. */
#include "generate.h"

#include "bench/gen/gen.h"
#include "interrupt.h"
#include "write.h"

#include <errno.h>
#include <string.h>

#define GENERATE_INTERRUPTED 1
#define GENERATE_FAILED 2

static const char *const user_columns[] = {"country",  "age",      "birthday",  "income",
                                           "employed", "plan",     "interests", "home_lat",
                                           "home_lon", "timezone", "signed_up"};
static const char *const event_columns[] = {"amount",  "category", "sku",     "coupon",
                                            "page",    "object",   "seconds", "term",
                                            "channel", "stars",    "level"};

typedef struct generate_request {
    gen_options options;
    const char *out_users, *out_events;
} generate_request;

/* ---- sinks ----------------------------------------------------------------------------------- */

static int to_file(void *user, const seg_batch *batch)
{
    if (interrupt_pending()) {
        return GENERATE_INTERRUPTED;
    }
    writer_batch(user, batch);
    return 0;
}

static int to_store(void *user, const seg_batch *batch)
{
    cli_session *session = user;
    seg_error err = SEG_ERROR_INIT;
    text_view none = {NULL, 0};
    if (interrupt_pending()) {
        return GENERATE_INTERRUPTED;
    }
    if (seg_store_commit(session->store, batch, 1, NULL, NULL, &err) != SEG_OK) {
        diag_error(&session->diag, &err, none, none);
        return GENERATE_FAILED;
    }
    return 0;
}

/* ---- the statement --------------------------------------------------------------------------- */

static bool take_option(cli_session *session, text_view statement, const lex_words *words,
                        size_t index, generate_request *request)
{
    const lex_word *word = &words->items[index];
    size_t at = (size_t)(word->source.data - statement.data);
    const char *name = word->text;
    name += name[0] == '-';
    name += name[0] == '-';
    struct {
        const char *name;
        uint64_t *number;
        const char **text;
    } known[] = {{"users", &request->options.users, NULL},
                 {"events", &request->options.events, NULL},
                 {"seed", &request->options.seed, NULL},
                 {"out-users", NULL, &request->out_users},
                 {"out-events", NULL, &request->out_events}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strcmp(name, known[i].name) != 0 || name == word->text) {
            continue;
        }
        if (index + 1 == words->count) {
            diag_at(&session->diag, statement, at, word->source.size, "its value is missing", NULL);
            return false;
        }
        const lex_word *value = &words->items[index + 1];
        if (known[i].text) {
            *known[i].text = value->text;
        } else if (!parse_uint(text_of(value->text), known[i].number)) {
            diag_at(&session->diag, statement, (size_t)(value->source.data - statement.data),
                    value->source.size, "this is not a whole number", NULL);
            return false;
        }
        return true;
    }
    diag_at(&session->diag, statement, at, word->source.size, "unknown option of generate",
            "--users, --events, --seed, --out-users, --out-events");
    return false;
}

static bool run_part(cli_session *session, const generate_request *request, bool users)
{
    const char *path = users ? request->out_users : request->out_events;
    int (*make)(const gen_options *, gen_sink, void *) = users ? gen_users : gen_events;
    bool to_files = request->out_users || request->out_events;
    batch_writer writer;
    int result;
    if (to_files && !path) {
        return true;
    }
    if (!to_files) {
        result = make(&request->options, to_store, session);
        session_changed(session);
    } else {
        int failure = users ? writer_open(&writer, path, user_columns, 11)
                            : writer_open(&writer, path, event_columns, 11);
        if (failure) {
            diag_fail(&session->diag, NULL, "%s: cannot be created: %s", path, strerror(failure));
            return false;
        }
        result = make(&request->options, to_file, &writer);
        if (!writer_close(&writer)) {
            diag_fail(&session->diag, NULL, "%s: could not be written", path);
            return false;
        }
    }
    if (result == GENERATE_INTERRUPTED) {
        session->interrupted = true;
        diag_fail(&session->diag, NULL, "interrupted");
    } else if (result == GEN_E_NOMEM) {
        diag_fail(&session->diag, NULL, "out of memory");
    }
    return result == 0;
}

run_result generate_run(cli_session *session, text_view statement, const lex_words *words)
{
    generate_request request = {.options = {.seed = 1, .users = 1000, .events = 20000}};
    request.options.ids_u64 = session->u64;
    for (size_t i = 1; i < words->count; i += 2) {
        if (!take_option(session, statement, words, i, &request)) {
            return RUN_FAILED;
        }
    }
    if (request.options.users == 0 || request.options.users > UINT32_MAX) {
        diag_fail(&session->diag, NULL, "generate: --users is from 1 to 4294967295");
        return RUN_FAILED;
    }
    if (!run_part(session, &request, true) || !run_part(session, &request, false)) {
        return RUN_FAILED;
    }
    diag_note(&session->diag, "generated %llu users, %llu events, seed %llu",
              (unsigned long long)request.options.users, (unsigned long long)request.options.events,
              (unsigned long long)request.options.seed);
    return RUN_OK;
}
