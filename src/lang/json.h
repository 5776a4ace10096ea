/* json.h - private to lang: the JSON form of predicates on its way in.
 *
 * JSON becomes predicate text, brackets only where the grammar needs them, and that text goes the
 * way of every other: one parser, one checker, one meaning. A table says which fields an
 * object of each type has and who writes its text: json_predicate.c, json_value.c, json_part.c,
 * json_sequence.c.
 * json_read.c refuses what does not fit the tables. */
#ifndef SEGI_JSON_H
#define SEGI_JSON_H

#include <yyjson.h>

#include "lang/syntax.h"

/* Objects in objects; a predicate of the language needs fewer. */
#define SEGI_JSON_DEPTH_MAX 400
#define SEGI_JSON_FIELDS_MAX 16 /* one of them ends the list */

/* ---- what an object may have ---- */

/* Where an object stands, and so which types it may have. */
typedef enum segi_json_place {
    SEGI_JSON_ROOT,
    SEGI_JSON_PREDICATE,
    SEGI_JSON_VALUE,
    SEGI_JSON_SELECT,
    SEGI_JSON_TIMES,
    SEGI_JSON_WINDOW,
    SEGI_JSON_ANCHOR,
    SEGI_JSON_LENGTH,
    SEGI_JSON_CHAIN,
    SEGI_JSON_STEP,
    SEGI_JSON_GROUP
} segi_json_place;

/* What the table can check of a field by itself. */
typedef enum segi_json_kind {
    SEGI_JSON_NODE,     /* whatever has a form of its own: checked when it is written */
    SEGI_JSON_LIST,     /* an array that is not empty */
    SEGI_JSON_ELEMENTS, /* an array, or a parameter */
    SEGI_JSON_TEXT,     /* a string */
    SEGI_JSON_WORD,     /* one of `words` */
    SEGI_JSON_FLAG,     /* true or false */
    SEGI_JSON_NUMBER,   /* any number */
    SEGI_JSON_WHOLE     /* a whole number from 0 */
} segi_json_kind;

typedef struct segi_json_field {
    const char *name; /* NULL ends the list */
    segi_json_kind kind;
    bool needed;
    const char *words; /* WORD: "top bottom" */
} segi_json_field;

typedef struct segi_json_object segi_json_object;
typedef struct segi_json segi_json;

/* One type of object: where it may stand, what its fields are, and who writes its text. */
typedef struct segi_json_form {
    segi_json_place place;
    const char *type; /* "" for the root */
    void (*write)(segi_json *j, const segi_json_object *object);
    segi_json_field fields[SEGI_JSON_FIELDS_MAX];
} segi_json_form;

typedef struct segi_json_forms {
    const segi_json_form *forms;
    size_t count;
} segi_json_forms;

extern const segi_json_forms segi_json_predicate_forms; /* the root's is the first */
extern const segi_json_forms segi_json_value_forms;
extern const segi_json_forms segi_json_part_forms;
extern const segi_json_forms segi_json_sequence_forms;
/* All of them, by index; NULL past the last. */
const segi_json_form *segi_json_form_at(size_t index);

/* ---- reading ---- */

/* From this byte of the text on, it stands for that value. */
typedef struct segi_json_origin {
    size_t offset;
    const yyjson_val *value;
} segi_json_origin;

/* One document on its way to text. Writers go on after a failure without doing anything that
 * matters: `status` and text.failed are looked at where objects are entered and at the end. */
struct segi_json {
    const segi_mem *mem;
    const char *json; /* borrowed */
    size_t json_size;
    yyjson_doc *doc;           /* owned */
    segi_buf text;             /* owned: what it says in the language */
    segi_json_origin *origins; /* owned, rising */
    size_t origin_count, origin_capacity;
    uint32_t depth;
    seg_status status;
    seg_error *err;
};

/* An object that has been read: its fields by the index of the form's table. */
struct segi_json_object {
    const segi_json_form *form;
    yyjson_val *self;
    yyjson_val *values[SEGI_JSON_FIELDS_MAX]; /* in the order of the form's fields; NULL: absent */
};

/* json_read.c. False or NULL after a failure. */
bool segi_json_read(segi_json *j, yyjson_val *value, segi_json_place place,
                    segi_json_object *object);
/* The field of that name; it is one of the form. */
yyjson_val *segi_json_at(const segi_json_object *object, const char *name);
bool segi_json_flag(const segi_json_object *object, const char *name);
/* Which of the field's words it is; 0 where it is absent. */
int segi_json_word(const segi_json_object *object, const char *name);
/* Whether it is one of words apart by blanks. */
bool segi_json_among(const char *words, const char *word);
void segi_json_fail(segi_json *j, const yyjson_val *at, const char *hint, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* {"param": "name"} */
bool segi_json_is_param(yyjson_val *value);

/* ---- writing text ---- */

/* json_part.c. From here on the text stands for this value. */
void segi_json_mark(segi_json *j, const yyjson_val *value);
/* One level of objects deeper; who enters takes one off j->depth again. */
bool segi_json_enter(segi_json *j, const yyjson_val *value);
/* Each appends to the text. Texts and names go through quoting, so nothing from outside becomes
 * syntax. */
void segi_json_put(segi_json *j, const char *text);
void segi_json_put_quoted(segi_json *j, yyjson_val *text);
void segi_json_put_name(segi_json *j, yyjson_val *name);
void segi_json_put_param(segi_json *j, yyjson_val *value);
void segi_json_put_raw(segi_json *j, yyjson_val *number);
/* A whole number from 0, or a parameter. */
void segi_json_put_count(segi_json *j, yyjson_val *value);
void segi_json_put_number(segi_json *j, yyjson_val *value);
/* A length of time: ISO 8601, or an object with a number that may be a parameter. */
void segi_json_put_length(segi_json *j, yyjson_val *value, bool negative);
void segi_json_put_moment(segi_json *j, yyjson_val *value);
void segi_json_put_zone(segi_json *j, yyjson_val *zone);
/* ("a", "b"); what: for messages */
void segi_json_put_texts(segi_json *j, yyjson_val *texts, const char *what);
/* An object that has a place of its own, with the text of its form. */
void segi_json_put_object(segi_json *j, yyjson_val *value, segi_json_place place);
void segi_json_put_select(segi_json *j, const segi_json_object *object);
/* With a blank in front; nothing where there is none. */
void segi_json_put_window(segi_json *j, const segi_json_object *object);
void segi_json_write_name(segi_json *j, const segi_json_object *object);
void segi_json_write_counted(segi_json *j, const segi_json_object *object);

/* json_value.c. place: SEGI_PRINT_SUM .. SEGI_PRINT_FACTOR */
void segi_json_write_value(segi_json *j, yyjson_val *value, int place);

/* json_predicate.c */
void segi_json_write_predicate(segi_json *j, yyjson_val *value);
/* The text of a whole document. */
void segi_json_write(segi_json *j, yyjson_val *root);

#endif
