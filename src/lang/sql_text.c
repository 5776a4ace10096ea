/* sql_text.c - SQL word by word: what the dialects write differently, quotes, numbers, columns. */
#include <string.h>

#include "base/text.h"
#include "lang/sql.h"

/* RE2 is the engine of regular expressions in both. */
const segi_sql_dialect segi_sql_dialects[2] = {
    {
        .name = "DuckDB",
        .as_double = "CAST(",
        .as_double_end = " AS DOUBLE)",
        .as_int = "CAST(",
        .as_int_end = " AS BIGINT)",
        .as_wide = "CAST(",
        .as_wide_end = " AS HUGEINT)",
        .divide = " // ",
        .contains = "contains(",
        .contains_end = ")",
        .starts = "starts_with(",
        .ends = "ends_with(",
        .has_any = "list_has_any(",
        .has_all = "list_has_all(",
        .set_size = "len(",
        .matches = "regexp_full_match(",
        .sorted = "list_sort(list(",
        .sorted_end = "))",
        .settings = "",
        .folds_names = true,
    },
    {
        .name = "ClickHouse",
        .as_double = "toFloat64(",
        .as_double_end = ")",
        .as_int = "toInt64(",
        .as_int_end = ")",
        .as_wide = "toInt128(",
        .as_wide_end = ")",
        .divide = " DIV ",
        .contains = "(position(",
        .contains_end = ") > 0)",
        .starts = "startsWith(",
        .ends = "endsWith(",
        .has_any = "hasAny(",
        .has_all = "hasAll(",
        .set_size = "length(",
        .matches = "match(",
        .sorted = "arraySort(groupArray(",
        .sorted_end = "))",
        .hash = "xxh3(",
        /* A customer who is missing in a table has NULL there, not 0. */
        .settings = " SETTINGS join_use_nulls = 1",
        .backslash = true,
        .set_states = true,
    },
};

/* ---- failing ---- */

bool segi_sql_stopped(const segi_sql *w)
{
    return w->status != SEG_OK;
}

void segi_sql_nomem(segi_sql *w)
{
    if (w->status == SEG_OK)
        w->status = segi_fail_nomem(w->err);
}

void segi_sql_refuse(segi_sql *w, const segi_node *node, const char *what)
{
    if (w->status != SEG_OK)
        return;
    /* The text of a saved segment is not what the caller wrote. */
    const segi_node *place = w->segment != NULL ? w->segment : node;
    w->status = segi_fail(w->err, SEG_E_DIALECT, "%s cannot be said in the SQL of %s", what,
                          w->dialect->name);
    segi_error_span(w->err, place->span_begin, place->span_size);
    segi_error_locate(w->err, w->predicate->text, w->predicate->text_size);
}

/* ---- words ---- */

/* The one place where the limit is looked at. */
void segi_sql_put(segi_sql *w, const char *text)
{
    segi_buf_text(w->out, text);
    if (w->out->failed)
        segi_sql_nomem(w);
    if (w->out->size > SEGI_SQL_SIZE_MAX && w->status == SEG_OK)
        w->status = segi_fail(w->err, SEG_E_LIMIT, "the statement has more than 16 MiB");
}

void segi_sql_int(segi_sql *w, int64_t value)
{
    segi_buf_int(w->out, value);
}

/* With an exponent it is a float in both; without one DuckDB takes a decimal. */
void segi_sql_float(segi_sql *w, double value)
{
    size_t begin = w->out->size;
    segi_buf_float(w->out, value);
    if (!w->out->failed && memchr(w->out->data + begin, 'e', w->out->size - begin) == NULL)
        segi_buf_text(w->out, "e0");
}

/* No text of the language has a NUL. */
static void quoted(segi_sql *w, char quote, const char *text, size_t size)
{
    segi_buf_char(w->out, quote);
    for (size_t i = 0; i < size; i++) {
        if (w->dialect->backslash && (text[i] == quote || text[i] == '\\'))
            segi_buf_char(w->out, '\\');
        else if (text[i] == quote)
            segi_buf_char(w->out, quote);
        segi_buf_char(w->out, text[i]);
    }
    segi_buf_char(w->out, quote);
}

void segi_sql_string(segi_sql *w, const char *text, size_t size)
{
    quoted(w, '\'', text, size);
}

static void put_name(segi_sql *w, const char *name, size_t size)
{
    quoted(w, '"', name, size);
}

/* Each part in quotes: schema.table names a table in a schema. */
void segi_sql_table_name(segi_sql *w, const char *name)
{
    for (;;) {
        size_t size = strcspn(name, ".");
        put_name(w, name, size);
        if (name[size] == '\0')
            return;
        segi_sql_put(w, ".");
        name += size + 1;
    }
}

/* ---- columns ---- */

static bool same_name(const segi_sql *w, const segi_field *a, const segi_field *b)
{
    if (a->name_size != b->name_size)
        return false;
    for (size_t i = 0; i < a->name_size; i++) {
        bool same = w->dialect->folds_names
                        ? segi_text_lower(a->name[i]) == segi_text_lower(b->name[i])
                        : a->name[i] == b->name[i];
        if (!same)
            return false;
    }
    return true;
}

/* The layout has one column for a name, so one field has to own it. */
static bool owns_column(const segi_sql *w, const segi_field *field, const segi_field *const *others,
                        uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (!same_name(w, field, others[i]))
            continue;
        if (field->type != others[i]->type || field->scale != others[i]->scale ||
            memcmp(field->name, others[i]->name, field->name_size) != 0)
            return false;
    }
    return true;
}

/* Names in the layout: seg_ belongs to it, and two fields that share a column cannot be told
 * apart. */
static bool column_is_free(const segi_sql *w, const segi_field *field)
{
    const segi_schema *schema = w->predicate->schema;
    if (field->name_size >= 4 && segi_text_lower(field->name[0]) == 's' &&
        segi_text_lower(field->name[1]) == 'e' && segi_text_lower(field->name[2]) == 'g' &&
        field->name[3] == '_')
        return false; /* the layout's own columns */
    if (w->scope->selector == NULL)
        return owns_column(w, field, schema->attributes, schema->attribute_count);
    for (uint32_t i = 0; i < schema->event_count; i++) {
        const segi_event_type *event = schema->events[i];
        if (!event->history && !owns_column(w, field, event->fields, event->field_count))
            return false;
    }
    return true;
}

void segi_sql_column(segi_sql *w, const segi_node *node, const char *prefix,
                     const segi_field *field)
{
    if (!column_is_free(w, field)) {
        segi_sql_refuse(w, node, "a name whose column is taken");
        return;
    }
    segi_sql_put(w, w->scope->selector != NULL ? "e." : "u.");
    size_t size = strlen(prefix) + field->name_size;
    char *name = segi_arena_alloc(&w->arena, size + 1);
    if (name == NULL) {
        segi_sql_nomem(w);
        return;
    }
    memcpy(name, prefix, strlen(prefix));
    memcpy(name + strlen(prefix), field->name, field->name_size);
    put_name(w, name, size);
}
