/* json_read.c - a document in the JSON form: objects checked against their forms. One thread per
 * call.
 *
 * Hostile input: size and the number of signs are bounded before yyjson allocates, depth where
 * objects are entered, and each object is held against the table of its type: unknown, doubled
 * and missing fields are errors. */
#include <string.h>

#include "base/text.h"
#include "lang/json.h"

/* Commas, colons and opening brackets of a document: what parsing it may cost. More than the text
 * of a predicate has room for, even as a list without spaces. */
#define JSON_SIGNS_MAX 600000

/* ---- objects against forms ---- */

const segi_json_form *segi_json_form_at(size_t index)
{
    static const segi_json_forms *const all[] = {&segi_json_predicate_forms, &segi_json_value_forms,
                                                 &segi_json_part_forms, &segi_json_sequence_forms};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (index < all[i]->count)
            return &all[i]->forms[index];
        index -= all[i]->count;
    }
    return NULL;
}

/* In the order of segi_json_place. */
static const char *const place_names[] = {"a predicate", "a predicate", "a value",   "a selector",
                                          "a count",     "a span",      "an anchor", "a length",
                                          "a chain",     "a step",      "a group"};

/* Bytes; the value may hold a NUL byte. */
static bool text_equal(yyjson_val *value, const char *text)
{
    size_t size = strlen(text);
    return yyjson_get_len(value) == size && memcmp(yyjson_get_str(value), text, size) == 0;
}

bool segi_json_is_param(yyjson_val *value)
{
    return yyjson_is_obj(value) && yyjson_obj_size(value) == 1 &&
           yyjson_is_str(yyjson_obj_get(value, "param"));
}

/* Where the type is one of another place that is the hint, else the nearest one of this place. */
static void fail_type(segi_json *j, yyjson_val *type, segi_json_place place)
{
    const char *nearest = NULL, *elsewhere = NULL;
    uint32_t limit = yyjson_get_len(type) < 6 ? 1 : 2;
    const segi_json_form *form;
    for (size_t i = 0; (form = segi_json_form_at(i)) != NULL; i++) {
        if (text_equal(type, form->type))
            elsewhere = place_names[form->place];
        if (form->place == place &&
            segi_text_distance(yyjson_get_str(type), yyjson_get_len(type), form->type,
                               strlen(form->type), limit) <= limit)
            nearest = form->type;
    }
    int shown = yyjson_get_len(type) > 60 ? 60 : (int)yyjson_get_len(type);
    segi_json_fail(j, type, NULL, "%s of type \"%.*s\" is not known here", place_names[place],
                   shown, yyjson_get_str(type));
    if (elsewhere != NULL && place == SEGI_JSON_PREDICATE)
        segi_error_hint(j->err, "it is %s: {\"type\": \"is_true\", \"value\": ...} tests one",
                        elsewhere);
    else if (elsewhere != NULL)
        segi_error_hint(j->err, "it is %s", elsewhere);
    else if (nearest != NULL)
        segi_error_hint(j->err, "did you mean \"%s\"?", nearest);
}

/* A linear search: there are some 80 forms. */
static const segi_json_form *find_form(segi_json *j, yyjson_val *value, segi_json_place place)
{
    if (!yyjson_is_obj(value)) {
        segi_json_fail(j, value, NULL, "expected %s, an object", place_names[place]);
        return NULL;
    }
    if (place == SEGI_JSON_ROOT)
        return segi_json_form_at(0);
    yyjson_val *type = yyjson_obj_get(value, "type");
    if (!yyjson_is_str(type)) {
        segi_json_fail(j, type != NULL ? type : value, NULL, "%s needs a \"type\"",
                       place_names[place]);
        return NULL;
    }
    const segi_json_form *form;
    for (size_t i = 0; (form = segi_json_form_at(i)) != NULL; i++) {
        if (form->place == place && text_equal(type, form->type))
            return form;
    }
    fail_type(j, type, place);
    return NULL;
}

/* The index of the word among words apart by blanks; -1: it is none of them. */
static int word_index(const char *words, const char *text, size_t size)
{
    int index = 0;
    while (*words != '\0') {
        size_t length = strcspn(words, " ");
        if (length == size && memcmp(words, text, size) == 0)
            return index;
        words += length + (words[length] == ' ');
        index++;
    }
    return -1;
}

bool segi_json_among(const char *words, const char *word)
{
    return word_index(words, word, strlen(word)) >= 0;
}

/* By the kind that the table says. A NODE is checked by who writes it. */
static bool field_fits(segi_json *j, const segi_json_field *field, yyjson_val *value)
{
    switch (field->kind) {
    case SEGI_JSON_NODE: return true;
    case SEGI_JSON_LIST:
        if (yyjson_is_arr(value) && yyjson_arr_size(value) != 0)
            return true;
        segi_json_fail(j, value, NULL, "expected an array that is not empty");
        return false;
    case SEGI_JSON_ELEMENTS:
        if (yyjson_is_arr(value) || segi_json_is_param(value))
            return true;
        segi_json_fail(j, value, NULL, "expected an array or a parameter");
        return false;
    case SEGI_JSON_TEXT:
        if (yyjson_is_str(value))
            return true;
        segi_json_fail(j, value, NULL, "expected a text");
        return false;
    case SEGI_JSON_WORD:
        if (yyjson_is_str(value) &&
            word_index(field->words, yyjson_get_str(value), yyjson_get_len(value)) >= 0)
            return true;
        segi_json_fail(j, value, NULL, "expected one of: %s", field->words);
        return false;
    case SEGI_JSON_FLAG:
        if (yyjson_is_bool(value))
            return true;
        segi_json_fail(j, value, NULL, "expected true or false");
        return false;
    case SEGI_JSON_NUMBER:
    case SEGI_JSON_WHOLE:
        if (yyjson_is_raw(value) &&
            (field->kind == SEGI_JSON_NUMBER ||
             strspn(yyjson_get_raw(value), "0123456789") >= yyjson_get_len(value)))
            return true;
        segi_json_fail(j, value, NULL,
                       field->kind == SEGI_JSON_NUMBER ? "expected a number"
                                                       : "expected a whole number");
        return false;
    }
    return false;
}

/* The hint lists what this type has. */
static void fail_field(segi_json *j, const segi_json_form *form, yyjson_val *key)
{
    int shown = yyjson_get_len(key) > 60 ? 60 : (int)yyjson_get_len(key);
    segi_buf known;
    segi_buf_init(&known, j->mem);
    for (size_t i = 0; form->fields[i].name != NULL; i++) {
        segi_buf_text(&known, i == 0 ? "there are " : ", ");
        segi_buf_text(&known, form->fields[i].name);
    }
    segi_json_fail(j, key, NULL, "unknown field \"%.*s\"", shown, yyjson_get_str(key));
    if (known.size != 0 && !known.failed)
        segi_error_hint(j->err, "%.*s", (int)known.size, known.data);
    segi_buf_deinit(&known);
}

/* One key and its value; `typed` notes that "type" has been seen. */
static bool read_member(segi_json *j, segi_json_object *object, yyjson_val *key, yyjson_val *value,
                        bool *typed)
{
    const segi_json_form *form = object->form;
    size_t i = 0;
    bool type = form->place != SEGI_JSON_ROOT && text_equal(key, "type");
    while (!type && form->fields[i].name != NULL && !text_equal(key, form->fields[i].name))
        i++;
    if (!type && form->fields[i].name == NULL) {
        fail_field(j, form, key);
        return false;
    }
    if (type ? *typed : object->values[i] != NULL) {
        segi_json_fail(j, key, NULL, "this field stands here twice");
        return false;
    }
    if (type)
        return *typed = true;
    object->values[i] = value;
    return field_fits(j, &form->fields[i], value);
}

/* O(fields of the object x fields of the form). */
bool segi_json_read(segi_json *j, yyjson_val *value, segi_json_place place,
                    segi_json_object *object)
{
    memset(object, 0, sizeof *object);
    object->self = value;
    object->form = j->status == SEG_OK ? find_form(j, value, place) : NULL;
    if (object->form == NULL)
        return false;
    bool typed = false;
    yyjson_val *key;
    yyjson_obj_iter members = yyjson_obj_iter_with(value);
    while ((key = yyjson_obj_iter_next(&members)) != NULL) {
        if (!read_member(j, object, key, yyjson_obj_iter_get_val(key), &typed))
            return false;
    }
    for (size_t i = 0; object->form->fields[i].name != NULL; i++) {
        if (object->form->fields[i].needed && object->values[i] == NULL) {
            segi_json_fail(j, value, NULL, "the field \"%s\" is missing",
                           object->form->fields[i].name);
            return false;
        }
    }
    return true;
}

/* Past the last field, whose value is NULL, where the form has none of that name. */
static size_t field_index(const segi_json_object *object, const char *name)
{
    size_t i = 0;
    while (object->form->fields[i].name != NULL && strcmp(object->form->fields[i].name, name) != 0)
        i++;
    return i;
}

yyjson_val *segi_json_at(const segi_json_object *object, const char *name)
{
    return object->values[field_index(object, name)]; /* NULL past the last field */
}

bool segi_json_flag(const segi_json_object *object, const char *name)
{
    return yyjson_get_bool(segi_json_at(object, name));
}

int segi_json_word(const segi_json_object *object, const char *name)
{
    size_t i = field_index(object, name);
    yyjson_val *word = object->values[i];
    return word == NULL ? 0
                        : word_index(object->form->fields[i].words, yyjson_get_str(word),
                                     yyjson_get_len(word));
}

/* ---- the doors ---- */

/* yyjson's memory comes from the store's allocator. */
static void *json_alloc(void *mem, size_t size)
{
    return segi_alloc(mem, size);
}

static void *json_resize(void *mem, void *pointer, size_t old_size, size_t size)
{
    (void)old_size;
    return segi_resize(mem, pointer, size);
}

static void json_free(void *mem, void *pointer)
{
    segi_free(mem, pointer);
}

/* Before anything is allocated for it. */
static seg_status check_size(const char *json, size_t size, seg_error *err)
{
    if (size > SEG_JSON_SIZE_MAX)
        return segi_fail(err, SEG_E_LIMIT, "the JSON has %zu bytes, more than %d", size,
                         SEG_JSON_SIZE_MAX);
    size_t signs = 0;
    for (size_t i = 0; i < size; i++)
        signs += json[i] == ',' || json[i] == ':' || json[i] == '[' || json[i] == '{';
    return signs <= JSON_SIGNS_MAX
               ? SEG_OK
               : segi_fail(err, SEG_E_LIMIT, "the JSON has more than %d values", JSON_SIGNS_MAX);
}

/* The document is read without changing its bytes. */
static seg_status parse(segi_json *j)
{
    yyjson_alc allocator = {json_alloc, json_resize, json_free, (void *)(uintptr_t)j->mem};
    yyjson_read_err fault;
    SEGI_TRY(check_size(j->json, j->json_size, j->err));
    /* Numbers stay text: the language reads them exactly. */
    j->doc = yyjson_read_opts((char *)(uintptr_t)j->json, j->json_size, YYJSON_READ_NUMBER_AS_RAW,
                              &allocator, &fault);
    if (j->doc != NULL)
        return SEG_OK;
    if (fault.code == YYJSON_READ_ERROR_MEMORY_ALLOCATION)
        return segi_fail_nomem(j->err);
    segi_fail(j->err, SEG_E_SYNTAX, "this is not JSON: %s",
              j->json_size == 0 ? "there is nothing" : fault.msg);
    segi_error_span(j->err, fault.pos < j->json_size ? fault.pos : j->json_size, 0);
    segi_error_locate(j->err, j->json, j->json_size);
    return SEG_E_SYNTAX;
}

/* Text is written at once: what is returned needs the document for places of errors only. */
seg_status segi_json_open(const segi_mem *mem, const char *json, size_t json_size, segi_json **out,
                          seg_error *err)
{
    *out = NULL;
    segi_json *j = segi_alloc_zero(mem, sizeof *j);
    if (j == NULL)
        return segi_fail_nomem(err);
    seg_error inner = SEG_ERROR_INIT;
    j->mem = mem;
    j->json = json;
    j->json_size = json_size;
    j->err = &inner;
    segi_buf_init(&j->text, mem);
    j->status = parse(j);
    if (j->status == SEG_OK)
        segi_json_write(j, yyjson_doc_get_root(j->doc));
    if (j->status == SEG_OK && j->text.failed)
        j->status = segi_fail_nomem(&inner);
    seg_status status = j->status;
    if (status != SEG_OK) {
        segi_error_copy(err, &inner);
        segi_json_close(j);
    } else {
        *out = j;
    }
    return status;
}

void segi_json_close(segi_json *j)
{
    if (j == NULL)
        return;
    yyjson_doc_free(j->doc);
    segi_buf_deinit(&j->text);
    segi_free(j->mem, j->origins);
    segi_free(j->mem, j);
}

const char *segi_json_text(const segi_json *j, size_t *out_size)
{
    *out_size = j->text.size;
    return j->text.data;
}
