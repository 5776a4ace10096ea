/* args.c - reading the command line. See args.h.
 *
 * Options may have one dash or two and take their value after `=` or as the next word. Options of
 * an import belong to the --events or --users before them; those before the first file are for
 * all files. */
#include "args.h"

#include "lexer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char args_help[] =
    "usage: seg [options] [STATEMENT...]\n"
    "\n"
    "Who is in which customer segment? Data comes from files and lives in memory, or in a store.\n"
    "\n"
    "  seg --events purchases.csv --users customers.jsonl \\\n"
    "      -c 'count did \"purchase\" in last 30 days' -c 'list plan = \"pro\" limit 10'\n"
    "\n"
    "Data (CSV, TSV or JSON lines; - is stdin)\n"
    "  --events FILE          rows are events\n"
    "  --users FILE           rows are attributes of users\n"
    "  --event NAME           all rows are this event      --map ROLE=COLUMN   user, time, event, "
    "id\n"
    "  --type COLUMN=TYPE     decimal(2), set(;), ...      --rename COLUMN=NAME\n"
    "  --geo NAME=LAT,LON     two columns are a point      --skip COLUMN\n"
    "  --history COLUMN       users: an attribute that remembers its values (--map time=COLUMN)\n"
    "  --columns A,B,...      names instead of a header    --header, --no-header\n"
    "  --delimiter C          , ; | tab blank              --format csv|tsv|jsonl\n"
    "  --time-format F        iso s ms us yyyymmdd %d/%m/%Y  --null TEXT         means null\n"
    "  --rejects FILE         write refused rows there     --sample N          rows to guess from\n"
    "  --strict               the first bad row is fatal   --dry-run           show the mapping "
    "only\n"
    "\n"
    "Questions\n"
    "  -c STATEMENT           run it; may come several times, in order with -f\n"
    "  -f FILE                run the statements of a file\n"
    "  -test USER PREDICATE   exit code 0 member, 1 not, 2 error; prints nothing\n"
    "  STATEMENT              as -c; words after a statement's first word may stand alone\n"
    "  Without any of these statements are read from stdin.\n"
    "  --now INSTANT          instant of evaluation: 2026-01-31T12:00:00Z, latest (the newest\n"
    "                         event, the default) or clock\n"
    "  --param NAME=VALUE     a value for $NAME\n"
    "  --open                 unknown events and attributes are no error\n"
    "\n"
    "Store and output\n"
    "  --store FILE           a store that stays; it is made where there is none\n"
    "  --read-only            nothing is written to it\n"
    "  --durability D         full normal off: what a commit survives\n"
    "  --timezone ZONE        of local times and calendar days (UTC)\n"
    "  --ids bytes|u64        user ids are texts or numbers\n"
    "  --threads N            threads of one evaluation\n"
    "  --mode MODE            table csv json jsonl markdown line ids\n"
    "  --errors text|json     how errors look            --color auto|always|never\n"
    "  --quiet                no notes on stderr           --timer             show times\n"
    "  --bail                 end at the first failed statement\n"
    "  --echo                 show each statement before it runs\n"
    "  --version, --help      statements: seg -c .help, docs/cli.md\n"
    "\n"
    "  seg check [--quick|--full|--deep] [--json] FILE   look for damage in a store\n"
    "  seg salvage [--json] FROM TO   write what is left of a damaged store to a new one\n"
    "  seg stats [--json] FILE   how large a store is, by kind\n"
    "\n"
    "exit code: 0 ok, 1 a statement or data failed, 2 wrong usage, or no store there to work on,\n"
    "130 interrupted\n";

static bool usage(const char *word, const char *message)
{
    fprintf(stderr, "seg: %s: %s\n  seg --help shows the options\n", word, message);
    return false;
}

/* ---- statements ------------------------------------------------------------------------------ */

static void add_action(cli_args *args, bool file, char *text)
{
    args->actions =
        xgrow(args->actions, &args->action_capacity, args->action_count + 1, sizeof *args->actions);
    args->actions[args->action_count++] = (args_action){file, text};
}

/* A word that the shell has unquoted and that has to be one word again. */
static void add_word(text_buf *out, const char *word)
{
    if (*word && !strpbrk(word, " \t\n\";\\")) {
        buf_text(out, word);
    } else {
        buf_quoted(out, word, strlen(word));
    }
}

/* `seg count 'did "purchase"'`: all words that are left are one statement. */
static void add_words(cli_args *args, int count, char **words)
{
    text_buf out = {0};
    bool all = strcmp(words[0], "import") == 0 || strcmp(words[0], "generate") == 0;
    bool second = strcmp(words[0], "test") == 0;
    buf_text(&out, words[0]);
    for (int i = 1; i < count; i++) {
        buf_char(&out, ' ');
        if (all || (second && i == 1)) {
            add_word(&out, words[i]);
        } else {
            buf_text(&out, words[i]);
        }
    }
    add_action(args, false, out.data);
}

/* ---- options --------------------------------------------------------------------------------- */

static bool take_choice(const char *option, const char *value, const char *const *choices,
                        size_t count, int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *out = (int)i;
            return true;
        }
    }
    fprintf(stderr, "seg: %s takes ", option);
    for (size_t i = 0; i < count; i++) {
        fprintf(stderr, "%s%s", i == 0 ? "" : (i + 1 == count ? " or " : ", "), choices[i]);
    }
    fprintf(stderr, ", not \"%s\"\n", value);
    return false;
}

static bool take_flag(cli_args *args, const char *name)
{
    struct {
        const char *name;
        bool *flag;
    } flags[] = {{"help", &args->help},       {"h", &args->help},
                 {"version", &args->version}, {"quiet", &args->quiet},
                 {"open", &args->open},       {"timer", &args->timer},
                 {"bail", &args->bail},       {"echo", &args->echo},
                 {"q", &args->quiet},         {"read-only", &args->session.read_only}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].flag = true;
            return true;
        }
    }
    return false;
}

static bool take_threads(cli_args *args, const char *value)
{
    uint64_t threads;
    if (!parse_uint(text_of(value), &threads) || threads == 0 || threads > 1024) {
        return usage(value, "--threads takes a number from 1 to 1024");
    }
    args->session.threads = (uint32_t)threads;
    return true;
}

static bool take_choices(cli_args *args, const char *name, const char *value, bool *out_known)
{
    static const char *const ids[] = {"bytes", "u64"};
    static const char *const durabilities[] = {"full", "normal", "off"};
    static const char *const errors[] = {"text", "json"};
    static const char *const colors[] = {"auto", "always", "never"};
    int choice = 0;
    bool fits = true;
    *out_known = true;
    if (strcmp(name, "ids") == 0) {
        fits = take_choice("--ids", value, ids, 2, &choice);
        args->session.u64 = choice == 1;
    } else if (strcmp(name, "durability") == 0) {
        fits = take_choice("--durability", value, durabilities, 3, &choice);
        args->session.durability = (uint32_t)choice;
    } else if (strcmp(name, "errors") == 0) {
        fits = take_choice("--errors", value, errors, 2, &choice);
        args->json_errors = choice == 1;
    } else if (strcmp(name, "color") == 0) {
        fits = take_choice("--color", value, colors, 3, &choice);
        args->color = (diag_color)choice;
    } else if (strcmp(name, "mode") == 0) {
        return output_mode_parse(value, &args->mode) ||
               usage(value, "--mode takes table, csv, json, jsonl, markdown, line or ids");
    } else if (strcmp(name, "threads") == 0) {
        return take_threads(args, value);
    } else {
        *out_known = false;
    }
    return fits;
}

static void add_import(cli_args *args, bool users, char *path)
{
    args->imports =
        xgrow(args->imports, &args->import_capacity, args->import_count + 1, sizeof *args->imports);
    args_import *import = &args->imports[args->import_count++];
    *import = (args_import){.users = users, .path = path};
    import_options_copy(&import->options, &args->defaults);
}

static bool add_param(cli_args *args, char *value)
{
    const char *sign = strchr(value, '=');
    if (!sign || sign == value) {
        return usage(value, "--param takes NAME=VALUE");
    }
    args->params =
        xgrow(args->params, &args->param_capacity, args->param_count + 1, sizeof *args->params);
    args->params[args->param_count++] = value;
    return true;
}

/* Options of the program that take a value. */
static bool take_valued(cli_args *args, const char *name, char *value, bool *out_known)
{
    bool fits = take_choices(args, name, value, out_known);
    if (*out_known) {
        return fits;
    }
    *out_known = true;
    if (strcmp(name, "events") == 0 || strcmp(name, "users") == 0) {
        add_import(args, name[0] == 'u', value);
    } else if (strcmp(name, "c") == 0 || strcmp(name, "command") == 0) {
        add_action(args, false, xstrdup(value));
    } else if (strcmp(name, "f") == 0 || strcmp(name, "file") == 0) {
        add_action(args, true, xstrdup(value));
    } else if (strcmp(name, "now") == 0) {
        args->now = value;
    } else if (strcmp(name, "timezone") == 0) {
        args->session.timezone = value;
    } else if (strcmp(name, "store") == 0) {
        args->session.path = value;
    } else if (strcmp(name, "param") == 0) {
        return add_param(args, value);
    } else {
        *out_known = false;
    }
    return true;
}

static bool is_valued(const char *name)
{
    static const char *const names[] = {
        "events", "users", "c",      "command", "f",    "file",    "now",   "timezone",
        "param",  "ids",   "errors", "color",   "mode", "threads", "store", "durability"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(name, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* One option at argv[*at]; *at moves behind it. */
static bool take_option(cli_args *args, int argc, char **argv, int *at)
{
    char *word = argv[(*at)++];
    char *name = xstrdup(word + 1 + (word[1] == '-'));
    char *sign = strchr(name, '=');
    char *value = sign ? word + (strchr(word, '=') - word) + 1 : NULL;
    bool fits = true;
    bool known = true;
    if (sign) {
        *sign = '\0';
    }
    char *next = value ? value : (*at < argc ? argv[*at] : NULL);
    import_options *import =
        args->import_count ? &args->imports[args->import_count - 1].options : &args->defaults;
    const char *message;
    if (strcmp(name, "test") == 0) {
        if (*at + 2 > argc || value) {
            fits = usage(word, "it takes a user's id and a predicate");
        } else {
            args->test_user = argv[(*at)++];
            args->test_predicate = argv[(*at)++];
        }
    } else if (take_flag(args, name)) {
        fits = !value || usage(word, "it takes no value");
    } else if (is_valued(name)) {
        if (!next) {
            fits = usage(word, "its value is missing");
        } else {
            *at += value == NULL;
            fits = take_valued(args, name, next, &known);
        }
    } else {
        int taken = import_options_take(import, name, next, &message);
        if (taken < 0) {
            fprintf(stderr, "seg: %s: %s\n", word, message);
            fits = false;
        }
        *at += taken == 2 && !value;
        known = taken != 0;
        if (taken == 1 && value) {
            fits = usage(word, "it takes no value");
        }
    }
    if (!known) {
        fits = usage(word, "unknown option");
    }
    free(name);
    return fits;
}

bool args_parse(cli_args *args, int argc, char **argv)
{
    *args = (cli_args){.session = {.threads = 0}};
    import_options_init(&args->defaults);
    for (int at = 1; at < argc;) {
        if (argv[at][0] == '-' && argv[at][1] && !(argv[at][1] == '-' && !argv[at][2])) {
            if (!take_option(args, argc, argv, &at)) {
                return false;
            }
            continue;
        }
        at += strcmp(argv[at], "--") == 0;
        if (at == argc) {
            break;
        }
        if (is_command(text_of(argv[at]))) {
            add_words(args, argc - at, argv + at);
            break;
        }
        add_action(args, false, xstrdup(argv[at++]));
    }
    return true;
}

void args_deinit(cli_args *args)
{
    for (size_t i = 0; i < args->import_count; i++) {
        import_options_deinit(&args->imports[i].options);
    }
    for (size_t i = 0; i < args->action_count; i++) {
        free(args->actions[i].text);
    }
    free(args->imports);
    free(args->actions);
    free(args->params);
    import_options_deinit(&args->defaults);
    *args = (cli_args){0};
}
