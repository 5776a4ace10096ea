/* main.c - the program seg: reads the command line, imports, answers, ends with a code. */
#include "args.h"
#include "care.h"
#include "files.h"
#include "import.h"
#include "interrupt.h"
#include "run.h"
#include "shell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_UNREADABLE = 3, /* of the verbs: nothing that could be said of the store */
    EXIT_INTERRUPTED = 130
};

static run_result run_file(cli_session *session, const char *path)
{
    FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "re");
    if (!in) {
        diag_fail(&session->diag, NULL, "%s: %s", path, strerror(errno));
        return RUN_FAILED;
    }
    run_result result = shell_run(session, in, false);
    if (in != stdin) {
        fclose(in);
    }
    return result;
}

static bool stop(const cli_session *session, run_result result)
{
    return session->interrupted || (result != RUN_OK && session->strict);
}

static run_result run_imports(cli_session *session, const cli_args *args)
{
    run_result worst = RUN_OK;
    for (size_t i = 0; i < args->import_count; i++) {
        const args_import *import = &args->imports[i];
        if (import_run(session, import->users, import->path, &import->options) != RUN_OK) {
            worst = RUN_FAILED;
        }
        if (stop(session, worst)) {
            break;
        }
    }
    return worst;
}

static run_result run_actions(cli_session *session, const cli_args *args)
{
    run_result worst = RUN_OK;
    for (size_t i = 0; i < args->action_count; i++) {
        const args_action *action = &args->actions[i];
        run_result result;
        if (action->file) {
            result = run_file(session, action->text);
        } else if (action->text[0] == '.') {
            FILE *in = fmemopen(action->text, strlen(action->text), "r");
            result = in ? shell_run(session, in, false) : RUN_FAILED;
            if (in) {
                fclose(in);
            }
        } else {
            result = run_text(session, action->text, strlen(action->text), false);
        }
        worst = result == RUN_FAILED ? RUN_FAILED : worst;
        if (stop(session, worst)) {
            break;
        }
    }
    return worst;
}

/* Without a statement on the command line they come from stdin, unless that is data, or nothing
 * was to happen but a look at the mapping. */
static bool reads_stdin(const cli_args *args)
{
    bool only_looks = args->import_count > 0;
    for (size_t i = 0; i < args->import_count; i++) {
        if (strcmp(args->imports[i].path, "-") == 0) {
            return false;
        }
        only_looks = only_looks && args->imports[i].options.dry_run;
    }
    return args->action_count == 0 && !only_looks;
}

static int run(cli_session *session, const cli_args *args)
{
    run_result result = run_imports(session, args);
    if (session->interrupted) {
        return EXIT_INTERRUPTED;
    }
    if (args->test_user) {
        /* As grep does: the answer is in the code, and 2 is an error of any kind. */
        return result == RUN_OK ? run_test_quiet(session, args->test_user, args->test_predicate)
                                : EXIT_USAGE;
    }
    if (!stop(session, result)) {
        run_result answered;
        if (reads_stdin(args)) {
            bool prompt = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
            if (prompt) {
                printf("seg %s   .help for help, Ctrl-D to leave\n", seg_version());
            }
            answered = shell_run(session, stdin, prompt);
        } else {
            answered = run_actions(session, args);
        }
        result = answered == RUN_QUIT ? RUN_OK : (answered == RUN_OK ? result : answered);
    }
    if (session->interrupted) {
        return EXIT_INTERRUPTED;
    }
    return result == RUN_OK ? EXIT_OK : EXIT_FAILED;
}

static int run_session(const cli_args *args)
{
    cli_session session = {.mode = args->mode,
                           .open = args->open,
                           .timer = args->timer,
                           .echo = args->echo,
                           .strict = args->bail,
                           .params = args->params,
                           .param_count = args->param_count};
    diag_init(&session.diag, args->color, args->json_errors, args->quiet);
    if (!session_open(&session, &args->session)) {
        return EXIT_USAGE;
    }
    if (args->now && !session_set_now(&session, args->now)) {
        diag_fail(&session.diag, "for example 2026-01-31T12:00:00Z, latest or clock",
                  "--now: \"%s\" is no instant", args->now);
        session_close(&session);
        return EXIT_USAGE;
    }
    interrupt_init();
    int code = run(&session, args);
    interrupt_deinit();
    if (!session_close(&session) && code == EXIT_OK) {
        code = EXIT_FAILED;
    }
    return code;
}

/* Verbs that take a store's file have options and exit codes of their own; -1: it is none. */
static int run_verb(int argc, char **argv)
{
    int code = -1;
    if (argc > 1 && strcmp(argv[1], "check") == 0) {
        code = care_check(argc, argv);
    } else if (argc > 1 && strcmp(argv[1], "salvage") == 0) {
        code = files_salvage(argc, argv);
    } else if (argc > 2 && strcmp(argv[1], "stats") == 0) {
        /* Alone it is the statement, of what was imported. */
        code = files_stats(argc, argv);
    }
    return code >= 0 && fflush(stdout) != 0 ? EXIT_UNREADABLE : code;
}

int main(int argc, char **argv)
{
    cli_args args;
    int code = run_verb(argc, argv);
    if (code >= 0) {
        return code;
    }
    code = EXIT_USAGE;
    if (args_parse(&args, argc, argv)) {
        if (args.help) {
            fputs(args_help, stdout);
            code = EXIT_OK;
        } else if (args.version) {
            printf("seg %s\n", seg_version());
            code = EXIT_OK;
        } else {
            code = run_session(&args);
        }
    }
    args_deinit(&args);
    if (fflush(stdout) != 0 && code == EXIT_OK) {
        code = EXIT_FAILED;
    }
    return code;
}
