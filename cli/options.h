/* options.h - what the user may say about one import; shared by the command line
 * (`--events FILE --event purchase`) and the statement (`import events FILE --event purchase`). */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <seg/schema.h>

#include "text.h"
#include "times.h"

/* The type of a column as declared with --type. */
typedef struct value_type {
    seg_type type; /* 0: not known yet */
    int32_t scale;
    char delimiter; /* between the elements of a set in one field */
} value_type;

/* `bool`, `int64`, `float64`, `decimal(2)`, `string`, `timestamp`, `date`, `set`, `set(;)`. */
bool value_type_parse(const char *text, value_type *out);
void buf_value_type(text_buf *buf, value_type type);

/* A pair of an option that may come several times: COLUMN=VALUE. */
typedef struct option_pair {
    char *name;  /* owned */
    char *value; /* owned */
} option_pair;

typedef struct option_pairs {
    option_pair *items;
    size_t count, capacity;
} option_pairs;

typedef enum file_format {
    FORMAT_AUTO,
    FORMAT_CSV,
    FORMAT_JSONL
} file_format;
typedef enum header_mode {
    HEADER_AUTO,
    HEADER_YES,
    HEADER_NO
} header_mode;

typedef struct import_options {
    file_format format;
    header_mode header;
    char delimiter;     /* 0: guess */
    char *columns;      /* owned: names, separated by commas */
    char *event;        /* owned: the name of all events */
    char *null_text;    /* owned: fields that say so are null */
    char *rejects;      /* owned: file for refused rows */
    char *time_pattern; /* owned: what time_format points to */
    time_format time;
    option_pairs map;       /* role=column */
    option_pairs types;     /* column=type */
    option_pairs renames;   /* column=name */
    option_pairs skips;     /* column= */
    option_pairs histories; /* column=: attributes that keep their history */
    option_pairs geos;      /* name=latitude,longitude */
    uint64_t sample;        /* rows to infer types from */
    bool strict;
    bool dry_run;
} import_options;

void import_options_init(import_options *options);
void import_options_deinit(import_options *options);
void import_options_copy(import_options *out, const import_options *from);

/* Tries to read an option and its value, with its dashes gone (`map`). Returns how many words it
 * took (0: no option of an import, 1: it stands alone, 2: with its value), or -1 with a message in
 * *out_message. `value` may be NULL where there is no further word. */
int import_options_take(import_options *options, const char *name, const char *value,
                        const char **out_message);
/* The value for a name, or NULL. */
const char *pairs_find(const option_pairs *pairs, const char *name);

#endif /* CLI_OPTIONS_H */
