/* options.c - options of an import. See options.h. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

/* ---- types ----------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    seg_type type;
} type_names[] = {
    {"bool", SEG_TYPE_BOOL},       {"int64", SEG_TYPE_INT64},   {"float64", SEG_TYPE_FLOAT64},
    {"decimal", SEG_TYPE_DECIMAL}, {"string", SEG_TYPE_STRING}, {"timestamp", SEG_TYPE_TIMESTAMP},
    {"date", SEG_TYPE_DATE},       {"geo", SEG_TYPE_GEO},       {"set", SEG_TYPE_STRING_SET},
    {"int", SEG_TYPE_INT64},       {"float", SEG_TYPE_FLOAT64}, {"text", SEG_TYPE_STRING}};

bool value_type_parse(const char *text, value_type *out)
{
    size_t size = strcspn(text, "(");
    text_view name = {text, size};
    *out = (value_type){0};
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (text_equals_fold(name, type_names[i].name) && type_names[i].type != SEG_TYPE_GEO) {
            out->type = type_names[i].type;
            break;
        }
    }
    text_view argument = text_of(text + size);
    if (argument.size) {
        if (argument.size < 3 || argument.data[argument.size - 1] != ')') {
            return false;
        }
        argument = (text_view){argument.data + 1, argument.size - 2};
    }
    if (out->type == SEG_TYPE_DECIMAL) {
        int64_t scale = 2;
        if (argument.size && (!parse_int(argument, &scale) || scale < 0 || scale > 18)) {
            return false;
        }
        out->scale = (int32_t)scale;
        return true;
    }
    if (out->type == SEG_TYPE_STRING_SET) {
        out->delimiter = argument.size ? argument.data[0] : '|';
        return argument.size <= 1;
    }
    return out->type != 0 && argument.size == 0;
}

void buf_value_type(text_buf *buf, value_type type)
{
    const char *name = "undecided";
    for (size_t i = 0; i < sizeof type_names / sizeof type_names[0]; i++) {
        if (type_names[i].type == type.type) {
            name = type_names[i].name;
            break;
        }
    }
    buf_text(buf, name);
    if (type.type == SEG_TYPE_DECIMAL) {
        buf_printf(buf, "(%d)", (int)type.scale);
    } else if (type.type == SEG_TYPE_STRING_SET && type.delimiter) {
        buf_printf(buf, "(%c)", type.delimiter);
    }
}

/* ---- pairs ----------------------------------------------------------------------------------- */

static void pairs_add(option_pairs *pairs, text_view name, const char *value)
{
    pairs->items = xgrow(pairs->items, &pairs->capacity, pairs->count + 1, sizeof *pairs->items);
    pairs->items[pairs->count++] = (option_pair){xstrndup(name.data, name.size), xstrdup(value)};
}

static void pairs_deinit(option_pairs *pairs)
{
    for (size_t i = 0; i < pairs->count; i++) {
        free(pairs->items[i].name);
        free(pairs->items[i].value);
    }
    free(pairs->items);
    *pairs = (option_pairs){0};
}

static void pairs_copy(option_pairs *out, const option_pairs *from)
{
    *out = (option_pairs){0};
    for (size_t i = 0; i < from->count; i++) {
        pairs_add(out, text_of(from->items[i].name), from->items[i].value);
    }
}

const char *pairs_find(const option_pairs *pairs, const char *name)
{
    for (size_t i = pairs->count; i-- > 0;) {
        if (strcmp(pairs->items[i].name, name) == 0) {
            return pairs->items[i].value;
        }
    }
    return NULL;
}

/* NAME=VALUE, split at the last `=`: a column's name may hold one, a type or a role not. */
static bool take_pair(option_pairs *pairs, const char *value)
{
    const char *sign = strrchr(value, '=');
    if (!sign || sign == value || !sign[1]) {
        return false;
    }
    pairs_add(pairs, (text_view){value, (size_t)(sign - value)}, sign + 1);
    return true;
}

/* Here the part before the sign is ours, and what follows is the column's name. */
static bool take_pair_first(option_pairs *pairs, const char *value)
{
    const char *sign = strchr(value, '=');
    if (!sign || sign == value || !sign[1]) {
        return false;
    }
    pairs_add(pairs, (text_view){value, (size_t)(sign - value)}, sign + 1);
    return true;
}

/* ---- options --------------------------------------------------------------------------------- */

void import_options_init(import_options *options)
{
    *options = (import_options){.sample = 1000};
}

void import_options_deinit(import_options *options)
{
    free(options->columns);
    free(options->event);
    free(options->null_text);
    free(options->rejects);
    free(options->time_pattern);
    pairs_deinit(&options->map);
    pairs_deinit(&options->types);
    pairs_deinit(&options->renames);
    pairs_deinit(&options->skips);
    pairs_deinit(&options->histories);
    pairs_deinit(&options->geos);
    *options = (import_options){0};
}

static char *copy_or_null(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

void import_options_copy(import_options *out, const import_options *from)
{
    *out = *from;
    out->columns = copy_or_null(from->columns);
    out->event = copy_or_null(from->event);
    out->null_text = copy_or_null(from->null_text);
    out->rejects = copy_or_null(from->rejects);
    out->time_pattern = copy_or_null(from->time_pattern);
    if (out->time.form == TIME_PATTERN) {
        out->time.pattern = out->time_pattern;
    }
    pairs_copy(&out->map, &from->map);
    pairs_copy(&out->types, &from->types);
    pairs_copy(&out->renames, &from->renames);
    pairs_copy(&out->skips, &from->skips);
    pairs_copy(&out->histories, &from->histories);
    pairs_copy(&out->geos, &from->geos);
}

static void replace(char **text, const char *value)
{
    free(*text);
    *text = xstrdup(value);
}

static const char *take_delimiter(import_options *options, const char *value)
{
    if (strcmp(value, "tab") == 0 || strcmp(value, "\\t") == 0) {
        options->delimiter = '\t';
    } else if (strcmp(value, "blank") == 0 || strcmp(value, " ") == 0) {
        options->delimiter = ' ';
    } else if (strlen(value) == 1 && value[0] != '"' && value[0] != '\n') {
        options->delimiter = value[0];
    } else {
        return "--delimiter takes one character, tab or blank";
    }
    return NULL;
}

static const char *take_format(import_options *options, const char *value)
{
    if (strcmp(value, "csv") == 0 || strcmp(value, "tsv") == 0) {
        options->format = FORMAT_CSV;
        if (value[0] == 't') {
            options->delimiter = '\t';
        }
    } else if (strcmp(value, "jsonl") == 0 || strcmp(value, "json") == 0) {
        options->format = FORMAT_JSONL;
    } else {
        return "--format takes csv, tsv or jsonl";
    }
    return NULL;
}

static const char *take_time(import_options *options, const char *value)
{
    replace(&options->time_pattern, value);
    if (!time_format_parse(options->time_pattern, &options->time)) {
        return "--time-format takes iso, s, ms, us, yyyymmdd or a pattern of %Y %m %d %H %M %S %y";
    }
    return NULL;
}

static const char *take_type(import_options *options, const char *value)
{
    value_type type;
    const char *sign = strrchr(value, '=');
    if (!sign || !value_type_parse(sign + 1, &type) || !take_pair(&options->types, value)) {
        return "--type takes COLUMN=TYPE; types are bool, int64, float64, decimal(SCALE), string, "
               "timestamp, date and set(DELIMITER)";
    }
    return NULL;
}

static const char *take_map(import_options *options, const char *value)
{
    static const char *const roles[] = {"user", "time", "event", "id"};
    const char *sign = strchr(value, '=');
    for (size_t i = 0; sign && i < sizeof roles / sizeof roles[0]; i++) {
        if (text_equals((text_view){value, (size_t)(sign - value)}, roles[i])) {
            return take_pair_first(&options->map, value)
                       ? NULL
                       : "--map takes ROLE=COLUMN; a column is missing";
        }
    }
    return "--map takes ROLE=COLUMN; roles are user, time, event and id";
}

static const char *take_valued(import_options *options, const char *name, const char *value)
{
    if (strcmp(name, "map") == 0) {
        return take_map(options, value);
    }
    if (strcmp(name, "type") == 0) {
        return take_type(options, value);
    }
    if (strcmp(name, "rename") == 0) {
        return take_pair(&options->renames, value) ? NULL : "--rename takes COLUMN=NAME";
    }
    if (strcmp(name, "geo") == 0) {
        return take_pair_first(&options->geos, value) && strchr(value, ',')
                   ? NULL
                   : "--geo takes NAME=LATITUDE,LONGITUDE, the names of two columns";
    }
    if (strcmp(name, "skip") == 0) {
        pairs_add(&options->skips, text_of(value), "");
    } else if (strcmp(name, "history") == 0) {
        pairs_add(&options->histories, text_of(value), "");
    } else if (strcmp(name, "columns") == 0) {
        replace(&options->columns, value);
    } else if (strcmp(name, "event") == 0) {
        replace(&options->event, value);
    } else if (strcmp(name, "null") == 0) {
        replace(&options->null_text, value);
    } else if (strcmp(name, "rejects") == 0) {
        replace(&options->rejects, value);
    } else if (strcmp(name, "delimiter") == 0) {
        return take_delimiter(options, value);
    } else if (strcmp(name, "format") == 0) {
        return take_format(options, value);
    } else if (strcmp(name, "time-format") == 0) {
        return take_time(options, value);
    } else if (!parse_uint(text_of(value), &options->sample) || options->sample == 0 ||
               options->sample > 1000000) {
        return "--sample takes a number of rows from 1 to 1000000";
    }
    return NULL;
}

int import_options_take(import_options *options, const char *name, const char *value,
                        const char **out_message)
{
    static const char *const valued[] = {"map",     "type",        "rename", "geo",     "skip",
                                         "columns", "event",       "null",   "rejects", "delimiter",
                                         "format",  "time-format", "sample", "history"};
    *out_message = NULL;
    if (strcmp(name, "strict") == 0) {
        options->strict = true;
        return 1;
    }
    if (strcmp(name, "dry-run") == 0) {
        options->dry_run = true;
        return 1;
    }
    if (strcmp(name, "header") == 0 || strcmp(name, "no-header") == 0) {
        options->header = name[0] == 'h' ? HEADER_YES : HEADER_NO;
        return 1;
    }
    for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++) {
        if (strcmp(name, valued[i]) == 0) {
            *out_message = value ? take_valued(options, name, value) : "its value is missing";
            return *out_message ? -1 : 2;
        }
    }
    return 0;
}
