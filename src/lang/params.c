/* params.c - parameters: what type each has, and the values that take their places.
 *
 * A first pass over the text declares every parameter with the type that its place asks for. If
 * values are given they are held against the declarations, and a second pass builds the tree
 * with the values in place.
 *
 * A text can thus be compiled without values to learn what it asks for, and whatever is bound has
 * passed the same checks as a literal. Values are caller's data: each is held against the type of
 * its place, and texts are copied. */
#include <string.h>

#include "base/civil.h"
#include "base/text.h"
#include "lang/checker.h"

/* ---- declarations ---- */

/* One type for two uses of the same parameter; false where there is none. */
static bool type_unify(segi_value_type *type, segi_value_type other)
{
    if (type->type == other.type && type->type != SEG_TYPE_DECIMAL)
        return true;
    if (!segi_type_numeric(type->type) || !segi_type_numeric(other.type))
        return false;
    if (type->type == SEG_TYPE_FLOAT64 || other.type == SEG_TYPE_FLOAT64) {
        *type = segi_type_of(SEG_TYPE_FLOAT64);
    } else {
        int32_t scale = type->scale > other.scale ? type->scale : other.scale;
        *type = (segi_value_type){SEG_TYPE_DECIMAL, scale};
    }
    return true;
}

/* The index of the parameter, declared where it is new. */
static bool declare(segi_check *k, const segi_syn *syn, segi_value_type type, bool is_list,
                    uint32_t *out)
{
    segi_compiling *c = k->c;
    const char *name = syn->u.name.text;
    size_t size = syn->u.name.text_size;
    if (c->goal != SEGI_GOAL_PREDICATE || k->reference != NULL) {
        segi_check_fail(k, syn->begin, syn->size, SEG_E_SYNTAX,
                        c->goal == SEGI_GOAL_VALUE   ? "a value takes no parameters"
                        : c->goal == SEGI_GOAL_CLASS ? "a class takes no parameters"
                                                     : "a saved segment takes no parameters");
        return false;
    }
    if (type.type == SEG_TYPE_STRING_SET)
        type.type = SEG_TYPE_STRING;
    size_t known = (size_t)(uintptr_t)segi_name_map_get(&c->param_map, NULL, name, size);
    if (known != 0) {
        segi_param *param = &c->params[known - 1];
        *out = (uint32_t)known - 1;
        if (param->is_list == is_list && type_unify(&param->type, type))
            return true;
        segi_check_fail(k, syn->begin, syn->size, SEG_E_TYPE,
                        "$%.*s is %s%s here and %s%s in an earlier place", (int)size, name,
                        is_list ? "a list of " : "", segi_value_type_name(type),
                        param->is_list ? "a list of " : "", segi_value_type_name(param->type));
        return false;
    }
    if (c->param_count == c->param_capacity) {
        size_t capacity = c->param_capacity == 0 ? 8 : c->param_capacity * 2;
        segi_param *grown = segi_arena_array(&c->scratch, capacity, sizeof *grown);
        if (grown == NULL)
            return segi_check_nomem(k) != NULL;
        if (c->param_count != 0)
            memcpy(grown, c->params, c->param_count * sizeof *grown);
        c->params = grown;
        c->param_capacity = capacity;
    }
    c->params[c->param_count] = (segi_param){name, size, type, is_list, syn->begin};
    *out = (uint32_t)c->param_count++;
    if (!segi_name_map_set(&c->param_map, &c->scratch, NULL, name, size,
                           (void *)(uintptr_t)c->param_count))
        return segi_check_nomem(k) != NULL;
    return true;
}

/* The number that stands for the parameter, see SEGI_GAP_END. */
static int64_t gap(uint32_t index)
{
    return INT64_MIN + (int64_t)index * 4;
}

/* ---- values that are given ---- */

/* `want` in the words of the language. */
static bool fail_given(segi_check *k, const segi_syn *syn, segi_value_type want)
{
    segi_check_fail(k, syn->begin, syn->size, SEG_E_BOUND,
                    "the value of $%.*s is not what is wanted here: %s", (int)syn->u.name.text_size,
                    syn->u.name.text, segi_value_type_name(want));
    return false;
}

/* The whole text as a date or instant. */
static bool text_moment(const segi_literal *given, segi_moment *out)
{
    segi_civil_time civil;
    if (given->text_size == 0 ||
        segi_civil_parse(given->text, given->text_size, &civil) != given->text_size)
        return false;
    if (!civil.has_time) {
        *out = (segi_moment){SEGI_MOMENT_DATE, civil.days};
        return true;
    }
    out->kind = civil.has_offset ? SEGI_MOMENT_INSTANT : SEGI_MOMENT_LOCAL;
    out->value = civil.days * SEGI_DAY + civil.time_of_day -
                 (civil.has_offset ? civil.offset_seconds * SEGI_SECOND : 0);
    return out->value >= SEG_TIME_MIN && out->value <= SEG_TIME_MAX;
}

/* The whole text as "5 minutes". */
static bool text_duration(const segi_literal *given, int64_t *out)
{
    size_t digits = 0;
    while (digits < given->text_size && given->text[digits] >= '0' && given->text[digits] <= '9')
        digits++;
    size_t unit_at = digits;
    while (unit_at < given->text_size && given->text[unit_at] == ' ')
        unit_at++;
    segi_duration duration;
    if (!segi_parse_int(given->text, digits, &duration.count) ||
        !segi_unit_of(given->text + unit_at, given->text_size - unit_at, &duration.unit) ||
        duration.unit >= SEGI_UNIT_MONTH)
        return false;
    *out = segi_duration_length(duration);
    return *out != INT64_MAX;
}

/* Instants and dates come as themselves or as text. */
static bool given_moment(segi_check *k, const segi_syn *syn, const segi_literal *given,
                         segi_moment *out)
{
    if (given->type.type == SEG_TYPE_TIMESTAMP) {
        *out = (segi_moment){SEGI_MOMENT_INSTANT, given->slot};
        return true;
    }
    if (given->type.type == SEG_TYPE_DATE) {
        *out = (segi_moment){SEGI_MOMENT_DATE, given->slot};
        return true;
    }
    return (given->type.type == SEG_TYPE_STRING && text_moment(given, out)) ||
           fail_given(k, syn, segi_type_of(SEG_TYPE_TIMESTAMP));
}

/* A decimal without its trailing zeros may be whole; a fraction never becomes an int64. */
static bool convert_number(segi_check *k, const segi_syn *syn, const segi_literal *given,
                           segi_value_type want, segi_literal *out)
{
    *out = *given;
    if (given->type.type == SEG_TYPE_DECIMAL) {
        while (out->type.scale > 0 && out->slot % 10 == 0) {
            out->slot /= 10;
            out->type.scale--;
        }
        if (out->type.scale == 0)
            out->type.type = SEG_TYPE_INT64;
    }
    bool fits = want.type == SEG_TYPE_FLOAT64
                    ? segi_type_numeric(given->type.type)
                    : out->type.type == SEG_TYPE_INT64 ||
                          (want.type == SEG_TYPE_DECIMAL && out->type.type == SEG_TYPE_DECIMAL);
    return fits || fail_given(k, syn, want);
}

bool segi_check_convert(segi_check *k, const segi_syn *syn, const segi_literal *given,
                        segi_value_type want, segi_literal *out)
{
    segi_moment moment;
    if (segi_type_numeric(want.type))
        return convert_number(k, syn, given, want, out);
    *out = *given;
    out->type = want;
    switch (want.type) {
    case SEG_TYPE_DATE:
        if (given->type.type == SEG_TYPE_DATE)
            return true;
        if (given->type.type != SEG_TYPE_STRING || !text_moment(given, &moment) ||
            moment.kind != SEGI_MOMENT_DATE)
            return fail_given(k, syn, want);
        *out = (segi_literal){want, moment.value, NULL, 0};
        return true;
    case SEG_TYPE_TIMESTAMP:
        if (!given_moment(k, syn, given, &moment))
            return false;
        if (moment.kind == SEGI_MOMENT_DATE ||
            (moment.kind == SEGI_MOMENT_LOCAL && k->zone.kind == SEGI_ZONE_USER))
            return fail_given(k, syn, want);
        *out = (segi_literal){want, segi_moment_instant(moment, k->zone.zone), NULL, 0};
        return true;
    case SEGI_TYPE_DURATION:
        if (given->type.type == SEGI_TYPE_DURATION)
            return true;
        *out = (segi_literal){want, 0, NULL, 0};
        return (given->type.type == SEG_TYPE_STRING && text_duration(given, &out->slot)) ||
               fail_given(k, syn, want);
    case SEG_TYPE_STRING:
    case SEG_TYPE_STRING_SET:
        if (given->type.type != SEG_TYPE_STRING)
            return fail_given(k, syn, segi_type_of(SEG_TYPE_STRING));
        out->type = segi_type_of(SEG_TYPE_STRING);
        out->text = segi_arena_copy(k->c->arena, given->text, given->text_size);
        return out->text != NULL || segi_check_nomem(k) != NULL;
    default: return given->type.type == want.type || fail_given(k, syn, want);
    }
}

/* When binding, converts the value; before that, leaves a gap. */
bool segi_check_param(segi_check *k, const segi_syn *syn, segi_value_type want, segi_literal *out)
{
    uint32_t index;
    memset(out, 0, sizeof *out);
    if (!declare(k, syn, want, false, &index))
        return false;
    if (k->c->binding)
        return segi_check_convert(k, syn, k->c->bound[index]->values, want, out);
    out->type.type = SEGI_TYPE_PARAM;
    out->slot = index;
    return true;
}

bool segi_check_param_list(segi_check *k, const segi_syn *syn, segi_value_type want,
                           const segi_param_value **given, segi_literal *out)
{
    uint32_t index;
    memset(out, 0, sizeof *out);
    *given = NULL;
    if (!declare(k, syn, want, true, &index))
        return false;
    if (k->c->binding)
        *given = k->c->bound[index];
    out->type = (segi_value_type){SEGI_TYPE_PARAM, 1};
    out->slot = index;
    return true;
}

/* Counts and lengths: whole and not negative, whether written or bound. */
bool segi_check_number(segi_check *k, segi_syn_number number, int64_t *out)
{
    *out = number.value;
    if (number.param == NULL)
        return true;
    segi_literal literal;
    if (!segi_check_param(k, number.param, segi_type_of(SEG_TYPE_INT64), &literal))
        return false;
    if (literal.type.type == SEGI_TYPE_PARAM) {
        *out = gap((uint32_t)literal.slot);
        return true;
    }
    *out = literal.slot;
    if (literal.slot >= 0)
        return true;
    segi_check_fail(k, number.param->begin, number.param->size, SEG_E_BOUND,
                    "the value of $%.*s is a count and cannot be negative",
                    (int)number.param->u.name.text_size, number.param->u.name.text);
    return false;
}

bool segi_check_param_moment(segi_check *k, const segi_syn *syn, segi_moment *out)
{
    uint32_t index;
    if (!declare(k, syn, segi_type_of(SEG_TYPE_TIMESTAMP), false, &index))
        return false;
    if (k->c->binding)
        return given_moment(k, syn, k->c->bound[index]->values, out);
    *out = (segi_moment){SEGI_MOMENT_INSTANT, gap(index)};
    return true;
}

bool segi_check_moment(segi_check *k, const segi_syn_moment *syn, segi_moment *out)
{
    if (syn->param != NULL)
        return segi_check_param_moment(k, syn->param, out);
    *out = syn->moment;
    return true;
}

/* ---- binding ---- */

/* The hint of every binding error: what is declared. */
static void hint_declared(segi_check *k)
{
    segi_buf text;
    segi_buf_init(&text, k->c->mem);
    for (size_t i = 0; i < k->c->param_count && text.size < 240; i++) {
        const segi_param *param = &k->c->params[i];
        segi_buf_format(&text, "%s$%.*s %s%s", i == 0 ? "" : ", ", (int)param->name_size,
                        param->name, param->is_list ? "list of " : "",
                        segi_value_type_name(param->type));
    }
    if (!text.failed)
        segi_check_hint(k, "%s%.*s",
                        k->c->param_count == 0 ? "there are no parameters" : "declared: ",
                        (int)text.size, text.data == NULL ? "" : text.data);
    segi_buf_deinit(&text);
}

/* offset 0: the parameter is not in the text. */
static bool fail_bind(segi_check *k, const char *what, const char *name, size_t size,
                      uint32_t offset)
{
    segi_check_fail(k, offset, offset == 0 ? 0 : (uint32_t)size + 1, SEG_E_BOUND, "$%.*s %s",
                    (int)size, name, what);
    hint_declared(k);
    return false;
}

/* O((values + parameters) x hash). Every parameter needs a value, every value a parameter. */
bool segi_check_bind(segi_check *k)
{
    segi_compiling *c = k->c;
    c->bound = segi_arena_array(&c->scratch, c->param_count + 1, sizeof *c->bound);
    if (c->bound == NULL)
        return segi_check_nomem(k) != NULL;
    for (size_t i = 0; i < c->value_count; i++) {
        const segi_param_value *value = &c->values[i];
        size_t known = (size_t)(uintptr_t)segi_name_map_get(&c->param_map, NULL, value->name,
                                                            value->name_size);
        if (known == 0)
            return fail_bind(k, "is no parameter of this predicate", value->name, value->name_size,
                             0);
        const segi_param *param = &c->params[known - 1];
        if (c->bound[known - 1] != NULL || (!param->is_list && value->count > 1))
            return fail_bind(k, "is given more than once", value->name, value->name_size,
                             param->offset);
        if (!param->is_list && value->count == 0)
            return fail_bind(k, "is one value, not an empty list", value->name, value->name_size,
                             param->offset);
        c->bound[known - 1] = value;
    }
    for (size_t i = 0; i < c->param_count; i++) {
        const segi_param *param = &c->params[i];
        if (c->bound[i] == NULL)
            return fail_bind(k, "has no value", param->name, param->name_size, param->offset);
    }
    c->binding = true;
    return true;
}
