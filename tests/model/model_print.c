/* model_print.c - predicates of the twin as text, and values for reports.
 *
 * Equal meanings have several spellings (`at least 3 times`, `more than 2 times`); which one is
 * taken is drawn from the style, so that the parser meets all of them. Operands of and, or, ...
 * are bracketed unless they are leaves; `and` inside of `or` sometimes is not. */
#include "model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct printer {
    const model_schema *schema;
    const model_catalog *catalog;
    model_style *style;
    model_text *out;
} printer;

static const char *const unit_names[] = {"second", "minute", "hour",    "day",
                                         "week",   "month",  "quarter", "year"};
static const char *const weekday_names[] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

static void print_node(printer *p, const model_node *node);

/* 0 .. n - 1; always 0 in the plain style. */
static uint64_t draw(model_style *style, uint64_t n)
{
    if (style == NULL || style->state == 0)
        return 0;
    style->state += UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = style->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    z ^= z >> 31;
    return z % n;
}

static void add(printer *p, const char *text)
{
    model_add(p->out, text, strlen(text));
}

/* ---- literals ---- */

void model_print_date(model_text *out, int64_t days)
{
    int64_t year;
    int month, day;
    model_civil(days, &year, &month, &day);
    model_addf(out, "%04" PRId64 "-%02d-%02d", year, month, day);
}

static void print_local(model_text *out, int64_t local)
{
    int64_t days = local / MODEL_DAY - (local % MODEL_DAY < 0 ? 1 : 0);
    int64_t rest = local - days * MODEL_DAY;
    model_print_date(out, days);
    model_addf(out, "T%02" PRId64 ":%02" PRId64 ":%02" PRId64, rest / MODEL_HOUR,
               rest / MODEL_MINUTE % 60, rest / MODEL_SECOND % 60);
    if (rest % MODEL_SECOND != 0)
        model_addf(out, ".%06" PRId64, rest % MODEL_SECOND);
}

void model_print_instant(model_text *out, int64_t instant)
{
    print_local(out, instant);
    model_add(out, "Z", 1);
}

static void print_moment(model_text *out, model_moment moment)
{
    if (moment.kind == MODEL_M_DATE)
        model_print_date(out, moment.value);
    else if (moment.kind == MODEL_M_LOCAL)
        print_local(out, moment.value);
    else
        model_print_instant(out, moment.value);
}

/* mantissa x 10^-scale, without exponent. */
static void print_decimal(model_text *out, int64_t mantissa, int32_t scale)
{
    uint64_t size = mantissa < 0 ? 0 - (uint64_t)mantissa : (uint64_t)mantissa;
    uint64_t one = 1;
    for (int32_t i = 0; i < scale; i++)
        one *= 10;
    model_addf(out, "%s%" PRIu64, mantissa < 0 ? "-" : "", size / one);
    if (scale > 0)
        model_addf(out, ".%0*" PRIu64, (int)scale, size % one);
}

static void print_degrees(model_text *out, int64_t e7)
{
    print_decimal(out, e7, 7);
    while (out->data[out->size - 1] == '0' && out->data[out->size - 2] != '.')
        out->data[--out->size] = '\0';
}

static void print_string(model_text *out, model_string text)
{
    model_add(out, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20) {
            model_addf(out, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            model_add(out, "\\", 1);
        model_add(out, text.data + i, 1);
    }
    model_add(out, "\"", 1);
}

static void print_literal(model_text *out, const model_value *value)
{
    switch (value->type) {
    case SEG_TYPE_BOOL: model_addf(out, "%s", value->i ? "true" : "false"); break;
    case SEG_TYPE_INT64: model_addf(out, "%" PRId64, value->i); break;
    case SEG_TYPE_DECIMAL: print_decimal(out, value->i, value->scale); break;
    case SEG_TYPE_STRING: print_string(out, value->text); break;
    case SEG_TYPE_DATE: model_print_date(out, value->i); break;
    case SEG_TYPE_TIMESTAMP: model_print_instant(out, value->i); break;
    default: fprintf(stderr, "no literal of type %d\n", value->type); exit(2);
    }
}

/* ---- parameters ---- */

/* Says `$p3` and notes the values, if the style wants a parameter here. */
static bool print_param(printer *p, const model_value *values, size_t count, bool is_list,
                        bool as_text)
{
    model_style *style = p->style;
    if (style == NULL || style->params == NULL || style->param_count == MODEL_PARAMS_MAX ||
        draw(style, 100) >= style->param_percent)
        return false;
    model_param *param = &style->params[style->param_count];
    memset(param, 0, sizeof(*param));
    snprintf(param->name, sizeof(param->name), "p%zu", style->param_count++);
    model_value *copy = model_alloc(style->arena, (count + 1) * sizeof(*copy));
    if (count > 0)
        memcpy(copy, values, count * sizeof(*copy));
    param->values = copy;
    param->count = count;
    param->is_list = is_list;
    param->as_text = as_text;
    model_addf(p->out, "$%s", param->name);
    return true;
}

static void print_count(printer *p, int64_t count)
{
    model_value value = model_int(count);
    if (!print_param(p, &value, 1, false, false))
        model_addf(p->out, "%" PRId64, count);
}

static void print_moment_or_param(printer *p, model_moment moment)
{
    model_text text = {NULL, 0, 0};
    print_moment(&text, moment);
    model_value value = model_string_value(NULL, 0);
    bool as_text = moment.kind != MODEL_M_INSTANT || draw(p->style, 2) == 1;
    if (p->style != NULL && p->style->arena != NULL)
        value = model_string_value(model_copy(p->style->arena, text.data, text.size), text.size);
    if (!as_text)
        value = model_instant(moment.value);
    if (!print_param(p, &value, 1, false, as_text))
        model_add(p->out, text.data, text.size);
    model_text_free(&text);
}

/* Dates are given to parameters as text. */
static void print_literal_or_param(printer *p, const model_value *value)
{
    model_value given = *value;
    if (value->type == SEG_TYPE_DATE) {
        model_moment moment = {MODEL_M_DATE, value->i};
        print_moment_or_param(p, moment);
        return;
    }
    if (!print_param(p, &given, 1, false, false))
        print_literal(p->out, value);
}

/* The type of a number or of another value; 0 where it does not matter here. */
static seg_type type_of(const printer *p, const model_node *node)
{
    if (node->kind == MODEL_ATTRIBUTE)
        return p->schema->attributes[node->column].type;
    if (node->kind == MODEL_PROPERTY)
        return p->schema->properties[node->column].type;
    if (node->kind == MODEL_BUILTIN)
        return node->builtin == MODEL_B_DATE ? SEG_TYPE_DATE : SEG_TYPE_INT64;
    if (node->kind == MODEL_ARITH)
        return SEG_TYPE_FLOAT64;
    if (node->kind != MODEL_AGGREGATE)
        return SEG_TYPE_INT64; /* size */
    switch (node->aggregate) {
    case MODEL_A_COUNT:
    case MODEL_A_DISTINCT:
    case MODEL_A_STREAK:
    case MODEL_A_CURRENT_STREAK:
    case MODEL_A_DISTINCT_PERIOD: return SEG_TYPE_INT64;
    case MODEL_A_STREAK_BROKEN: return SEG_TYPE_TIMESTAMP;
    case MODEL_A_OVERDUE:
    case MODEL_A_AVG:
    case MODEL_A_MEDIAN:
    case MODEL_A_PERCENTILE:
    case MODEL_A_STDDEV:
    case MODEL_A_SHARE: return SEG_TYPE_FLOAT64;
    default: return type_of(p, node->argument);
    }
}

/* Types of parameters are inferred from the left side, so a literal that is wider than it cannot
 * be one. Dates are given as text, which lists do not take. */
static bool fits(const printer *p, const model_node *left, const model_value *value)
{
    seg_type a = type_of(p, left), b = value->type;
    if (left->kind == MODEL_LITERAL)
        return false;
    if (a == SEG_TYPE_STRING_SET)
        return true;
    return a == b || (a == SEG_TYPE_FLOAT64 && model_is_number(b)) ||
           (a == SEG_TYPE_DECIMAL && b == SEG_TYPE_INT64);
}

static void print_list(printer *p, const model_node *node)
{
    bool plain = true;
    for (size_t i = 0; i < node->list_count; i++)
        plain = plain && node->list[i].type != SEG_TYPE_DATE &&
                fits(p, node->children[0], &node->list[i]);
    if (plain && print_param(p, node->list, node->list_count, true, false))
        return;
    add(p, "(");
    for (size_t i = 0; i < node->list_count; i++) {
        add(p, i > 0 ? ", " : "");
        print_literal(p->out, &node->list[i]);
    }
    add(p, ")");
}

/* ---- names, spans, windows ---- */

/* Names that are not plain words stand in back quotes. */
static void print_name(printer *p, const char *name)
{
    bool plain = strcmp(name, "last") != 0; /* a word of the language */
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
    model_addf(p->out, plain && draw(p->style, 16) != 1 ? "%s" : "`%s`", name);
}

static void print_unit(printer *p, int64_t count, model_unit unit)
{
    bool plural = count != 1 || draw(p->style, 2) == 1;
    model_addf(p->out, "%s%s", unit_names[unit], plural ? "s" : "");
}

static void print_span(printer *p, model_span span)
{
    print_count(p, span.count);
    add(p, " ");
    print_unit(p, span.count, span.unit);
}

static void print_selector(printer *p, const model_selector *selector)
{
    if (selector->session != NULL) {
        add(p, "session(");
        if (selector->gap.count != 30 || selector->gap.unit != MODEL_U_MINUTE ||
            draw(p->style, 2) == 1) {
            add(p, "gap ");
            print_span(p, selector->gap);
        }
        if (!selector->session->any_event || selector->session->where != NULL ||
            draw(p->style, 2) == 1) {
            add(p, " of ");
            print_selector(p, selector->session);
        }
        add(p, ")");
    } else if (selector->any_event) {
        add(p, "any event");
    } else if (selector->type_count == 1) {
        model_addf(p->out, "\"%s\"", p->schema->types[selector->types[0]].name);
    } else {
        add(p, "any of (");
        for (size_t i = 0; i < selector->type_count; i++)
            model_addf(p->out, "%s\"%s\"", i > 0 ? ", " : "",
                       p->schema->types[selector->types[i]].name);
        add(p, ")");
    }
    if (selector->where != NULL) {
        add(p, " where (");
        print_node(p, selector->where);
        add(p, ")");
    }
}

static void print_anchor(printer *p, const model_window *window)
{
    static const char *const sides[] = {"after", "before", "of"};
    add(p, " within ");
    print_span(p, window->length);
    model_addf(p->out, " %s ", sides[window->side]);
    if (window->anchor->kind == MODEL_ATTRIBUTE) {
        print_name(p, p->schema->attributes[window->anchor->column].name);
        return;
    }
    add(p, window->anchor->which == MODEL_FIRST ? "first " : "last ");
    print_selector(p, &window->anchor->selector);
}

static void print_period(printer *p, const model_window *window)
{
    bool this_one = window->kind == MODEL_W_THIS;
    if (window->length.unit == MODEL_U_DAY && draw(p->style, 2) == 0)
        add(p, this_one ? " today" : " yesterday");
    else
        model_addf(p->out, " %s %s", this_one ? "this" : "previous",
                   unit_names[window->length.unit]);
}

static void print_relative(printer *p, const model_window *window)
{
    switch (window->kind) {
    case MODEL_W_LAST:
        add(p, " in last ");
        print_span(p, window->length);
        break;
    case MODEL_W_NEXT:
        add(p, " in next ");
        print_span(p, window->length);
        break;
    case MODEL_W_LAST_CALENDAR:
        add(p, " in last ");
        print_count(p, window->length.count);
        add(p, " calendar ");
        print_unit(p, window->length.count, window->length.unit);
        if (window->complete)
            add(p, " complete");
        else if (window->length.unit == MODEL_U_DAY && draw(p->style, 4) == 1)
            add(p, " including today");
        break;
    case MODEL_W_AGO:
        add(p, " from ");
        print_span(p, window->length);
        add(p, " ago to ");
        if (window->length_to.count == 0) {
            add(p, "now");
        } else {
            print_span(p, window->length_to);
            add(p, " ago");
        }
        break;
    default:
        add(p, " older than ");
        print_span(p, window->length);
        break;
    }
}

static void print_zone(printer *p, const model_window *window)
{
    if (window->zone_kind == MODEL_Z_NAMED)
        model_addf(p->out, " tz \"%s\"", window->zone_name);
    else if (window->zone_kind == MODEL_Z_USER)
        add(p, " tz user");
}

/* With the blank before it. */
static void print_window(printer *p, const model_window *window)
{
    switch (window->kind) {
    case MODEL_W_EVER:
        add(p, window->zone_kind != MODEL_Z_DEFAULT || draw(p->style, 3) == 1 ? " ever" : "");
        break;
    case MODEL_W_THIS:
    case MODEL_W_PREVIOUS: print_period(p, window); break;
    case MODEL_W_SINCE:
        add(p, " since ");
        print_moment_or_param(p, window->from);
        break;
    case MODEL_W_BEFORE:
        add(p, " before ");
        print_moment_or_param(p, window->from);
        break;
    case MODEL_W_BETWEEN:
        /* Not parameters: whether the upper bound is a date changes what it means. */
        add(p, " between ");
        print_moment(p->out, window->from);
        add(p, " and ");
        print_moment(p->out, window->to);
        break;
    case MODEL_W_ANCHOR: print_anchor(p, window); break;
    case MODEL_W_OCCASION:
        model_addf(p->out, " during occasion \"%s\"", window->occasion->name);
        break;
    default: print_relative(p, window); break;
    }
    print_zone(p, window);
}

/* ---- values ---- */

static const char *builtin_name(model_builtin builtin)
{
    static const char *const names[] = {"@time",  "@date", "@hour",     "@weekday", "@day",
                                        "@month", "@year", "@duration", "@count"};
    return names[builtin];
}

static void print_streak(printer *p, const model_node *node)
{
    add(p, unit_names[node->period]);
    if (node->missed > 0)
        model_addf(p->out, ", allowing %" PRId64 " missed per %" PRId64, node->missed, node->per);
    if (node->min_events > 1 || draw(p->style, 4) == 1)
        model_addf(p->out, ", min %" PRId64, node->min_events);
    if (node->length > 1)
        model_addf(p->out, ", length %" PRId64, node->length);
}

static void print_aggregate_head(printer *p, const model_node *node)
{
    static const char *const names[] = {
        "count",          "sum",      "avg",     "min",   "max",  "median", "percentile", "stddev",
        "distinct",       "distinct", "mode",    "first", "last", "nth",    "share",      "streak",
        "current_streak", "streak",   "overdue", "top"};
    add(p, names[node->aggregate]);
    if (node->aggregate == MODEL_A_COUNT || node->aggregate == MODEL_A_OVERDUE)
        return;
    add(p, "(");
    if (node->aggregate == MODEL_A_SHARE)
        print_node(p, node->share);
    else if (node->aggregate == MODEL_A_DISTINCT_PERIOD)
        add(p, unit_names[node->period]);
    else if (node->aggregate >= MODEL_A_STREAK && node->aggregate != MODEL_A_TOP)
        print_streak(p, node);
    else
        print_node(p, node->argument);
    if (node->aggregate == MODEL_A_PERCENTILE) {
        add(p, ", ");
        print_decimal(p->out, node->fraction, 3);
    }
    if (node->aggregate == MODEL_A_NTH || node->aggregate == MODEL_A_TOP)
        model_addf(p->out, ", %" PRId64, node->nth);
    if (node->aggregate == MODEL_A_MODE || node->aggregate == MODEL_A_TOP) {
        static const char *const ties[] = {"latest", "none", "all"};
        if (node->min_events > 1 || draw(p->style, 4) == 1)
            model_addf(p->out, ", min %" PRId64, node->min_events);
        if (node->ties != MODEL_TIES_LATEST || draw(p->style, 4) == 1)
            model_addf(p->out, ", ties %s", ties[node->ties]);
    }
    add(p, ")");
}

static void print_operand(printer *p, const model_node *node)
{
    bool bare = node->kind == MODEL_LITERAL || node->kind == MODEL_ATTRIBUTE ||
                node->kind == MODEL_PROPERTY;
    add(p, bare ? "" : "(");
    if (node->kind == MODEL_LITERAL)
        print_literal(p->out, &node->literal);
    else
        print_node(p, node);
    add(p, bare ? "" : ")");
}

/* 10^-8 of the whole as a percentage, without the sign. */
static void print_parts(printer *p, int64_t parts)
{
    print_decimal(p->out, parts, 6);
    while (p->out->data[p->out->size - 1] == '0')
        p->out->data[--p->out->size] = '\0';
    if (p->out->data[p->out->size - 1] == '.')
        p->out->data[--p->out->size] = '\0';
}

static void print_score(printer *p, const model_node *node)
{
    const model_score *score = node->score;
    add(p, score->quantile == 0   ? "tier("
           : score->quantile == 4 ? "quartile("
           : score->quantile == 5 ? "quintile("
                                  : "decile(");
    print_node(p, node->children[0]);
    for (size_t i = 0; score->quantile == 0 && i < score->cut_count; i++) {
        add(p, i == 0 ? ", cuts (" : ", ");
        if (score->fixed) {
            print_literal(p->out, &score->cuts[i]);
        } else {
            add(p, "p");
            print_parts(p, score->parts[i]);
        }
    }
    bool usual = score->cut_count == 2 && strcmp(score->labels[1], "light") == 0;
    if (score->quantile == 0 && (!usual || draw(p->style, 2) == 1)) {
        for (size_t i = 1; i <= score->cut_count + 1; i++)
            model_addf(p->out, i == 1 ? ") labels (\"%s\"" : ", \"%s\"", score->labels[i]);
    }
    add(p, score->quantile == 0 ? ")" : "");
    add(p, score->zeros ? " with zeros)" : ")");
    if (node->child_count > 1) {
        add(p, " among (");
        print_node(p, node->children[1]);
        add(p, ")");
    }
}

static void print_way(printer *p, const model_rfm *rfm)
{
    static const char *const letters[] = {" r (", ") f (", ") m ("};
    if (!rfm->fixed) {
        add(p, ", floating");
        if (rfm->scale != 5 || draw(p->style, 4) == 1)
            model_addf(p->out, ", scale %" PRId64, rfm->scale);
        return;
    }
    add(p, ", cuts");
    for (int k = 0; k < MODEL_MEASURES; k++) {
        add(p, letters[k]);
        for (int64_t i = 0; i + 1 < rfm->scale; i++) {
            add(p, i > 0 ? ", " : "");
            if (k != MODEL_R) {
                print_literal(p->out, &rfm->cuts[k][i]);
            } else if (rfm->cuts[k][i].i % 86400000000 == 0) {
                model_addf(p->out, "%" PRId64 " days", rfm->cuts[k][i].i / 86400000000);
            } else {
                print_decimal(p->out, rfm->cuts[k][i].i, 6);
                add(p, " seconds");
            }
        }
    }
    add(p, ")");
}

static void print_rfm(printer *p, const model_node *node)
{
    static const char *const words[] = {"rfm.r(", "rfm.f(", "rfm.m("};
    static const char letters[] = "rfm";
    const model_rfm *rfm = node->rfm;
    bool groups = node->kind != MODEL_RFM;
    add(p, groups ? "rfm(" : words[node->measure]);
    print_node(p, node->argument);
    print_way(p, rfm);
    for (size_t i = 0; groups && i < rfm->group_count; i++) {
        bool last = i + 1 == rfm->group_count;
        const char *before = "";
        model_addf(p->out, "%s%s\"%s\"", i == 0 ? ", groups (" : ", ", last ? "otherwise " : "",
                   rfm->groups[i].name);
        for (int k = 0; k < MODEL_MEASURES && !last; k++) {
            if (rfm->groups[i].least[k] == 0 && (k != MODEL_M || before[0] != '\0'))
                continue;
            model_addf(p->out, "%s%c >= %" PRId64, before[0] == '\0' ? ": " : before, letters[k],
                       rfm->groups[i].least[k]);
            before = " and ";
        }
        add(p, last ? ")" : "");
    }
    add(p, ") of ");
    print_selector(p, &node->selector);
    print_window(p, &node->window);
}

/* A class of a tier is asked for by its name. */
static bool is_tier(const model_node *node)
{
    return node->kind == MODEL_SCORE && node->score->quantile == 0;
}

static void print_label(printer *p, const model_node *tier, const model_value *class)
{
    model_addf(p->out, "\"%s\"", tier->score->labels[class->i]);
}

static void print_sequence(printer *p, const model_node *node);

static void print_as_of(printer *p, const model_window *window)
{
    if (window->kind == MODEL_W_EVER)
        return;
    add(p, " as of ");
    if (window->kind == MODEL_W_OLDER) {
        print_span(p, window->length);
        add(p, " ago");
    } else {
        print_moment_or_param(p, window->from);
    }
}

static void print_class_name(printer *p, const model_node *node)
{
    char name[64];
    snprintf(name, sizeof(name), "class.%s", p->catalog->segments[node->segment].name);
    print_name(p, name);
}

static void print_value(printer *p, const model_node *node)
{
    switch (node->kind) {
    case MODEL_LITERAL: print_literal_or_param(p, &node->literal); break;
    case MODEL_PERCENT:
        print_decimal(p->out, node->literal.i / 1000, 3);
        add(p, "%");
        break;
    case MODEL_MOMENT: print_moment_or_param(p, node->moment); break;
    case MODEL_NOW: add(p, "now"); break;
    case MODEL_ATTRIBUTE:
        print_name(p, p->schema->attributes[node->column].name);
        print_as_of(p, &node->window);
        break;
    case MODEL_PROPERTY: print_name(p, p->schema->properties[node->column].name); break;
    case MODEL_BUILTIN: add(p, builtin_name(node->builtin)); break;
    case MODEL_AGGREGATE:
        print_aggregate_head(p, node);
        add(p, " of ");
        print_selector(p, &node->selector);
        print_window(p, &node->window);
        add(p, node->aggregate == MODEL_A_STREAK_BROKEN ? " broken" : "");
        break;
    case MODEL_ARITH:
        print_operand(p, node->children[0]);
        model_addf(p->out, " %c ", node->arith);
        print_operand(p, node->children[1]);
        break;
    case MODEL_SHIFT:
        print_node(p, node->children[0]);
        model_addf(p->out, " %c ", node->arith);
        print_span(p, node->shift);
        break;
    case MODEL_FIGURE: print_sequence(p, node); break;
    case MODEL_LENGTH: print_span(p, node->shift); break;
    case MODEL_DIFFERENCE:
        print_node(p, node->children[0]);
        add(p, " - ");
        print_node(p, node->children[1]);
        break;
    case MODEL_SCORE: print_score(p, node); break;
    case MODEL_RFM: print_rfm(p, node); break;
    case MODEL_CLASS_RFM:
        model_addf(p->out, "rfm.%c of ", "rfm"[node->measure]);
        print_class_name(p, node);
        break;
    default: /* MODEL_SIZE */
        add(p, "size(");
        print_node(p, node->children[0]);
        add(p, ")");
        break;
    }
}

/* ---- predicates ---- */

static bool is_leaf(const model_node *node)
{
    return node->kind < MODEL_NOT || node->kind > MODEL_AT_LEAST;
}

static void print_part(printer *p, const model_node *parent, const model_node *node)
{
    bool bare = is_leaf(node) && draw(p->style, 8) != 1;
    /* `and` binds more than `xor`, and that more than `or`. */
    if ((parent->kind == MODEL_OR && (node->kind == MODEL_AND || node->kind == MODEL_XOR)) ||
        (parent->kind == MODEL_XOR && node->kind == MODEL_AND))
        bare = draw(p->style, 2) == 1;
    add(p, bare ? "" : "(");
    print_node(p, node);
    add(p, bare ? "" : ")");
}

static void print_joined(printer *p, const model_node *node, const char *word)
{
    for (size_t i = 0; i < node->child_count; i++) {
        add(p, i > 0 ? word : "");
        print_part(p, node, node->children[i]);
    }
}

/* `word` stands before the limit; what it counts goes after it. */
static int64_t print_limit(printer *p, const model_bound *bound, const char *word)
{
    int64_t last = bound->max;
    add(p, word);
    if (bound->max == INT64_MAX && bound->min > 0 && draw(p->style, 2) == 1) {
        add(p, "more than ");
        print_count(p, bound->min - 1);
        last = bound->min - 1;
    } else if (bound->max == INT64_MAX) {
        add(p, "at least ");
        print_count(p, bound->min);
        last = bound->min;
    } else if (bound->min == bound->max && draw(p->style, 4) != 1) {
        add(p, "exactly ");
        print_count(p, bound->min);
    } else if (bound->min == 0 && draw(p->style, 2) == 1) {
        add(p, "fewer than ");
        print_count(p, bound->max + 1);
        last = bound->max + 1;
    } else if (bound->min == 0) {
        add(p, "at most ");
        print_count(p, bound->max);
    } else {
        add(p, "between ");
        print_count(p, bound->min);
        add(p, " and ");
        print_count(p, bound->max);
    }
    return last;
}

static void print_each(printer *p, int64_t each)
{
    if (each < 2 && draw(p->style, 8) != 1)
        return;
    if (draw(p->style, 3) == 1)
        model_addf(p->out, " more than %" PRId64 " times", each - 1);
    else
        model_addf(p->out, " at least %" PRId64 " times", each);
}

/* in at least 3 of last 5 complete weeks */
static void print_regular(printer *p, const model_node *node)
{
    print_limit(p, &node->bound, " in ");
    add(p, " of last ");
    print_count(p, node->window.length.count);
    add(p, node->window.complete ? " complete " : " ");
    print_unit(p, node->window.length.count, node->window.length.unit);
    print_zone(p, &node->window);
}

static void print_bound(printer *p, const model_bound *bound)
{
    if (!bound->given)
        return;
    int64_t last = print_limit(p, bound, bound->periods ? " on " : " ");
    add(p, " ");
    if (bound->periods)
        print_unit(p, last, bound->period);
    else
        add(p, last == 1 ? "time" : "times");
}

static void print_did(printer *p, const model_node *node)
{
    if (node->negated && !node->bound.given && draw(p->style, 2) == 1)
        add(p, "never did ");
    else
        add(p, node->negated ? "did not " : "did ");
    print_selector(p, &node->selector);
    const model_window *window = &node->window;
    if (node->bound.periods)
        print_each(p, node->bound.each);
    if (node->bound.periods && window->kind == MODEL_W_LAST_CALENDAR &&
        window->length.unit == node->bound.period && draw(p->style, 2) == 1) {
        print_regular(p, node);
        return;
    }
    print_bound(p, &node->bound);
    print_window(p, window);
}

static void print_life(printer *p, const model_node *node)
{
    static const char *const names[] = {"new", "active", "dormant", "resurrected"};
    add(p, node->kind == MODEL_DORMANT       ? "dormant("
           : node->kind == MODEL_RESURRECTED ? "resurrected("
                                             : "stage(");
    if (node->kind == MODEL_STAGE) {
        add(p, unit_names[node->period]);
    } else {
        if (node->kind == MODEL_RESURRECTED) {
            model_addf(p->out, "%" PRId64 " ", node->active.count);
            print_unit(p, node->active.count, node->active.unit);
            add(p, ", ");
        }
        model_addf(p->out, "%" PRId64 " ", node->shift.count);
        print_unit(p, node->shift.count, node->shift.unit);
    }
    add(p, ") of ");
    print_selector(p, &node->selector);
    print_zone(p, &node->window);
    if (node->kind != MODEL_STAGE)
        return;
    bool others = draw(p->style, 3) == 1;
    unsigned stages = others ? ~node->stages & 15 : node->stages;
    add(p, others ? " not in (" : " in (");
    for (unsigned i = 0, any = 0; i < 4; i++) {
        if (stages >> i & 1)
            model_addf(p->out, "%s\"%s\"", any++ ? ", " : "", names[i]);
    }
    add(p, ")");
}

static void print_edge(printer *p, const model_node *node)
{
    if (node->which == MODEL_NTH)
        model_addf(p->out, "nth(%" PRId64 ") ", node->nth);
    else
        add(p, node->which == MODEL_FIRST ? "first " : "last ");
    print_selector(p, &node->selector);
    print_window(p, &node->window);
}

/* ---- ordered steps ---- */

/* Steps that others speak of are called v0, v1, ... */
static void print_step_name(printer *p, size_t step, size_t column)
{
    const char *name = p->schema->properties[column].name;
    bool plain = true;
    for (const char *c = name; *c != '\0'; c++)
        plain = plain && ((*c >= 'a' && *c <= 'z') || (*c >= '0' && *c <= '9') || *c == '_');
    model_addf(p->out, plain ? "v%zu.%s" : "`v%zu.%s`", step, name);
}

static void print_events(printer *p, const model_events *events)
{
    if (events->link_count == 0) {
        print_selector(p, &events->selector);
        return;
    }
    model_selector bare = events->selector;
    bare.where = NULL;
    print_selector(p, &bare);
    add(p, " where (");
    bool first = draw(p->style, 2) == 1 && events->selector.where != NULL;
    if (first) {
        add(p, "(");
        print_node(p, events->selector.where);
        add(p, ") and ");
    }
    for (size_t i = 0; i < events->link_count; i++) {
        add(p, i > 0 ? " and " : "");
        bool turned = draw(p->style, 2) == 1;
        if (turned) {
            print_step_name(p, events->links[i].step, events->links[i].theirs);
            add(p, " = ");
        }
        print_name(p, p->schema->properties[events->links[i].own].name);
        if (!turned) {
            add(p, " = ");
            print_step_name(p, events->links[i].step, events->links[i].theirs);
        }
    }
    if (!first && events->selector.where != NULL) {
        add(p, " and (");
        print_node(p, events->selector.where);
        add(p, ")");
    }
    add(p, ")");
}

static void print_step(printer *p, const model_step *step, size_t index)
{
    add(p, step->choice_count > 1 ? "(" : "");
    for (size_t i = 0; i < step->choice_count; i++) {
        add(p, i > 0 ? " or " : "");
        print_events(p, &step->choices[i]);
    }
    if (step->choice_count > 1)
        add(p, ")");
    else
        model_addf(p->out, " as v%zu", index);
    print_bound(p, &step->repeat);
    bool early = draw(p->style, 2) == 1;
    if (step->has_without && early) {
        add(p, " without ");
        print_events(p, &step->without);
    }
    if (step->has_within) {
        add(p, " within ");
        print_span(p, step->within);
    }
    if (step->has_after) {
        add(p, " at least ");
        print_span(p, step->after);
        add(p, " after");
    }
    if (step->has_without && !early) {
        add(p, " without ");
        print_events(p, &step->without);
    }
}

static void print_switches(printer *p, const model_sequence *sequence)
{
    static const char *const scans[] = {"",
                                        ", like clickhouse_strict_deduplication",
                                        ", like clickhouse_strict_order",
                                        ", like clickhouse_allow_reentry",
                                        ", like clickhouse_strict_increase",
                                        ", like clickhouse_strict_once"};
    static const char *const entries[] = {", entry any", ", entry first", ", entry latest"};
    static const char *const betweens[] = {", between anything", ", between no other step",
                                           ", between nothing"};
    static const char *const repeats[] = {", repeat ignore", ", repeat break", ", repeat restart"};
    static const char *const ties[] = {", ties ingested", ", ties strict", ", ties tolerant "};
    if (sequence->same_count > 0) {
        add(p, ", same (");
        print_name(p, p->schema->properties[sequence->same].name);
        add(p, ")");
    }
    add(p, scans[sequence->scan]);
    bool all = sequence->scan == 0 && draw(p->style, 4) == 1;
    add(p, sequence->entry > 0 || all ? entries[sequence->entry] : "");
    add(p, sequence->between > 0 || all ? betweens[sequence->between] : "");
    add(p, sequence->repeat > 0 || all ? repeats[sequence->repeat] : "");
    add(p, sequence->tie > 0 || all ? ties[sequence->tie] : "");
    if (sequence->tie == 2)
        print_span(p, sequence->tolerance);
    add(p, sequence->row_many ? ", row matches many steps" : all ? ", row matches one step" : "");
}

static void print_sequence(printer *p, const model_node *node)
{
    static const char *const figures[] = {"count of ", "depth of ", "convert_time of "};
    const model_sequence *sequence = node->sequence;
    if (node->kind == MODEL_FIGURE)
        add(p, figures[node->figure]);
    add(p, sequence->funnel ? "funnel (" : "sequence (");
    for (size_t i = 0; i < sequence->step_count; i++) {
        add(p, i > 0 ? " then " : "");
        print_step(p, &sequence->steps[i], i);
    }
    if (sequence->has_absence) {
        add(p, " then no ");
        print_events(p, &sequence->absence);
        add(p, draw(p->style, 2) == 1 ? " within " : " for ");
        print_span(p, sequence->absence_for);
    }
    print_switches(p, sequence);
    add(p, ")");
    if (sequence->has_within) {
        add(p, " within ");
        print_span(p, sequence->within);
    }
    if (node->kind == MODEL_SEQUENCE && !sequence->funnel)
        print_bound(p, &node->bound);
    print_window(p, &node->window);
    if (node->kind == MODEL_FIGURE || !sequence->funnel)
        return;
    add(p, node->bound.max == INT64_MAX ? " reached " : " dropped after ");
    print_count(p, node->bound.min);
}

static void print_weekday(printer *p, const model_value *value)
{
    model_addf(p->out, "\"%s\"", weekday_names[value->i - 1]);
}

static bool is_weekday(const model_node *value)
{
    return value->kind == MODEL_BUILTIN && value->builtin == MODEL_B_WEEKDAY;
}

static void print_right(printer *p, const model_node *left, const model_node *right)
{
    if (right->kind == MODEL_LITERAL && !fits(p, left, &right->literal))
        print_literal(p->out, &right->literal);
    else
        print_node(p, right);
}

static void print_value_test(printer *p, const model_node *node)
{
    static const char *const ops[] = {"=", "!=", "<", "<=", ">", ">="};
    const model_node *left = node->children[0];
    if (left->kind == MODEL_LITERAL)
        print_literal(p->out, &left->literal);
    else
        print_node(p, left);
    if (node->kind == MODEL_COMPARE) {
        model_addf(p->out, " %s ", ops[node->op]);
        if (is_weekday(left) && node->children[1]->kind == MODEL_LITERAL)
            print_weekday(p, &node->children[1]->literal);
        else if (is_tier(left))
            print_label(p, left, &node->children[1]->literal);
        else
            print_right(p, left, node->children[1]);
        return;
    }
    if (node->kind == MODEL_BETWEEN) {
        add(p, " between ");
        print_right(p, left, node->children[1]);
        add(p, " and ");
        print_right(p, left, node->children[2]);
        return;
    }
    if (left->kind == MODEL_AGGREGATE && left->aggregate == MODEL_A_TOP)
        add(p, draw(p->style, 2) == 1 ? " has any " : " has ");
    else
        add(p, node->negated ? " not in " : " in ");
    if (!is_weekday(left) && !is_tier(left)) {
        print_list(p, node);
        return;
    }
    add(p, "(");
    for (size_t i = 0; i < node->list_count; i++) {
        add(p, i > 0 ? ", " : "");
        if (is_tier(left))
            print_label(p, left, &node->list[i]);
        else
            print_weekday(p, &node->list[i]);
    }
    add(p, ")");
}

static void print_has(printer *p, const model_node *node)
{
    static const char *const words[] = {"any ", "all ", "none ", "exactly "};
    print_node(p, node->children[0]);
    add(p, " has ");
    if (node->has == MODEL_ANY && node->list_count == 1 && draw(p->style, 2) == 1) {
        print_literal_or_param(p, &node->list[0]);
        return;
    }
    add(p, words[node->has]);
    print_list(p, node);
}

static void print_text_test(printer *p, const model_node *node)
{
    static const char *const words[] = {"contains", "starts with", "ends with", "matches"};
    print_node(p, node->children[0]);
    model_addf(p->out, " %s ", words[node->text]);
    print_literal_or_param(p, &node->list[0]);
    add(p, node->fold ? " ignoring case" : "");
}

static void print_place(printer *p, const model_node *node)
{
    print_node(p, node->children[0]);
    if (node->kind == MODEL_RADIUS) {
        if (node->meters % 1000 == 0)
            model_addf(p->out, " within %" PRId64 " km", node->meters / 1000);
        else if (node->meters % 500 == 0 && draw(p->style, 2) == 1)
            model_addf(p->out, " within %" PRId64 ".5 km", node->meters / 1000);
        else
            model_addf(p->out, " within %" PRId64 " m", node->meters);
        add(p, " of point(");
        print_degrees(p->out, node->points[0].latitude);
        add(p, ", ");
        print_degrees(p->out, node->points[0].longitude);
    } else {
        size_t first = node->first_ring;
        add(p, first > 0 ? " inside polygon((" : " inside polygon(");
        for (size_t i = 0; i < node->point_count; i++) {
            add(p, first > 0 && i == first ? "), (" : i > 0 ? ", " : "");
            print_degrees(p->out, node->points[i].latitude);
            add(p, " ");
            print_degrees(p->out, node->points[i].longitude);
        }
        add(p, first > 0 ? ")" : "");
    }
    add(p, ")");
}

static void print_split(printer *p, const model_split *split)
{
    bool holdout = split->low == 0 && draw(p->style, 2) == 1;
    model_addf(p->out, holdout ? "holdout(\"%s\", " : "split(\"%s\", ", split->seed);
    if (!holdout) {
        print_parts(p, split->low);
        add(p, "%, ");
    }
    print_parts(p, split->high);
    add(p, "%)");
}

static void print_labels(printer *p, const model_node *node)
{
    bool one = (node->labels & (node->labels - 1)) == 0 && draw(p->style, 2) == 1;
    const model_rfm *rfm = node->rfm;
    if (node->kind == MODEL_GROUP) {
        print_rfm(p, node);
    } else {
        rfm = p->catalog->segments[node->segment].root->rfm;
        print_class_name(p, node);
    }
    if (one)
        add(p, node->negated ? " != " : " = ");
    else
        add(p, node->negated ? " not in " : " in ");
    const char *before = one ? "" : "(";
    for (unsigned i = 0; node->labels >> i != 0; i++) {
        if ((node->labels >> i & 1) == 0)
            continue;
        if (rfm != NULL)
            model_addf(p->out, "%s\"%s\"", before, model_rfm_label(rfm, i));
        else
            model_addf(p->out, "%s\"l%u\"", before, i);
        before = ", ";
    }
    add(p, one ? "" : ")");
}

static void print_class(printer *p, const model_node *node)
{
    if (node->rfm != NULL) {
        print_rfm(p, node);
        return;
    }
    for (size_t i = 0; i < node->child_count; i++) {
        model_addf(p->out, "\"l%zu\": ", i);
        print_node(p, node->children[i]);
        add(p, "; ");
    }
    model_addf(p->out, "otherwise \"l%zu\"", node->child_count);
}

static void print_rank(printer *p, const model_node *node)
{
    print_node(p, node->children[0]);
    add(p, node->bottom ? " in bottom " : " in top ");
    if (node->percent) {
        print_parts(p, node->count);
        add(p, "%");
    } else {
        model_addf(p->out, "%" PRId64, node->count);
    }
    if (node->child_count > 1) {
        add(p, " among (");
        print_node(p, node->children[1]);
        add(p, ")");
    }
}

static void print_state(printer *p, const model_node *node)
{
    static const char *const words[] = {"set", "null", "absent"};
    print_node(p, node->children[0]);
    model_addf(p->out, node->negated ? " is not %s" : " is %s", words[node->state]);
}

/* A value that a history had. */
static void print_past(printer *p, const char *words, bool given, const model_node *left,
                       const model_value *value)
{
    if (!given)
        return;
    add(p, words);
    if (value->state == SEG_VALUE_NULL)
        add(p, "null");
    else if (fits(p, left, value))
        print_literal_or_param(p, value);
    else
        print_literal(p->out, value);
}

static void print_held(printer *p, const model_node *node)
{
    print_node(p, node->children[0]);
    print_past(p, " has been ", true, node->children[0], &node->past_to);
    add(p, " for ");
    print_span(p, node->shift);
}

static void print_changed(printer *p, const model_node *node)
{
    print_node(p, node->children[0]);
    add(p, " changed");
    print_past(p, " from ", node->has_from, node->children[0], &node->past_from);
    print_past(p, " to ", node->has_to, node->children[0], &node->past_to);
    print_window(p, &node->window);
}

static void print_leaf(printer *p, const model_node *node)
{
    switch (node->kind) {
    case MODEL_EVERYONE: add(p, "everyone"); break;
    case MODEL_NOBODY: add(p, "nobody"); break;
    case MODEL_DID: print_did(p, node); break;
    case MODEL_EDGE: print_edge(p, node); break;
    case MODEL_COMPARE:
    case MODEL_BETWEEN:
    case MODEL_IN: print_value_test(p, node); break;
    case MODEL_TRUTH:
        print_node(p, node->children[0]);
        add(p, draw(p->style, 4) == 1 ? " = true" : "");
        break;
    case MODEL_STATE: print_state(p, node); break;
    case MODEL_HAS: print_has(p, node); break;
    case MODEL_TEXT: print_text_test(p, node); break;
    case MODEL_RADIUS:
    case MODEL_POLYGON: print_place(p, node); break;
    case MODEL_TIME:
        print_operand(p, node->children[0]);
        print_window(p, &node->window);
        break;
    case MODEL_SEGMENT:
        model_addf(p->out, "in segment \"%s\"", p->catalog->segments[node->segment].name);
        break;
    case MODEL_RANK: print_rank(p, node); break;
    case MODEL_SEQUENCE: print_sequence(p, node); break;
    case MODEL_SPLIT: print_split(p, &node->split); break;
    case MODEL_GROUP:
    case MODEL_LABEL: print_labels(p, node); break;
    case MODEL_CLASS: print_class(p, node); break;
    case MODEL_DORMANT:
    case MODEL_RESURRECTED:
    case MODEL_STAGE: print_life(p, node); break;
    case MODEL_ANNIVERSARY:
        add(p, "anniversary(");
        print_node(p, node->children[0]);
        add(p, node->early ? ", feb 28)" : draw(p->style, 3) == 1 ? ", mar 1)" : ")");
        print_window(p, &node->window);
        break;
    case MODEL_SEASON:
        print_node(p, node->children[0]);
        model_addf(p->out,
                   draw(p->style, 2) == 1 ? " between %d-%d and %d-%d"
                                          : " between %02d-%02d and %02d-%02d",
                   node->from / 100, node->from % 100, node->to / 100, node->to % 100);
        break;
    case MODEL_HELD: print_held(p, node); break;
    case MODEL_CHANGED: print_changed(p, node); break;
    default: print_value(p, node); break;
    }
}

static void print_node(printer *p, const model_node *node)
{
    switch (node->kind) {
    case MODEL_NOT:
        add(p, "not ");
        print_part(p, node, node->children[0]);
        break;
    case MODEL_AND: print_joined(p, node, " and "); break;
    case MODEL_OR: print_joined(p, node, " or "); break;
    case MODEL_XOR: print_joined(p, node, " xor "); break;
    case MODEL_EXCEPT: print_joined(p, node, " except "); break;
    case MODEL_AT_LEAST:
        model_addf(p->out, "at least %" PRId64 " of (", node->count);
        for (size_t i = 0; i < node->child_count; i++) {
            add(p, i > 0 ? ", " : "");
            print_node(p, node->children[i]);
        }
        add(p, ")");
        break;
    default: print_leaf(p, node); break;
    }
}

/* ---- doors ---- */

void model_print_segment(const model_schema *schema, const model_catalog *catalog,
                         const model_segment *segment, model_style *style, model_text *out)
{
    printer p = {schema, catalog, style, out};
    bool zone = segment->zone != NULL || segment->zone_user;
    if (zone || segment->week_start != 0) {
        add(&p, "using ");
        if (segment->zone_user)
            add(&p, "timezone user");
        else if (zone)
            model_addf(out, "timezone \"%s\"", segment->zone);
        if (zone && segment->week_start != 0)
            add(&p, ", ");
        if (segment->week_start != 0)
            add(&p, segment->week_start == 7 ? "week sunday" : "week monday");
        add(&p, ": ");
    }
    print_node(&p, segment->root);
}

void model_print_value(const model_schema *schema, const model_node *value, model_style *style,
                       model_text *out)
{
    printer p = {schema, NULL, style, out};
    print_node(&p, value);
}

void model_dump_string(model_text *out, model_string text)
{
    model_add(out, "\"", 1);
    for (size_t i = 0; i < text.size; i++) {
        unsigned char c = (unsigned char)text.data[i];
        if (c < 0x20 || c == '"' || c == '\\' || c >= 0x7F)
            model_addf(out, "\\x%02x", c);
        else
            model_add(out, text.data + i, 1);
    }
    model_add(out, "\"", 1);
}

void model_dump_value(model_text *out, const model_value *value)
{
    if (value->state != SEG_VALUE_SET) {
        model_addf(out, value->state == SEG_VALUE_NULL ? "null" : "absent");
        return;
    }
    switch (value->type) {
    case SEG_TYPE_FLOAT64: model_addf(out, "%.17g", value->f); break;
    case SEG_TYPE_STRING: model_dump_string(out, value->text); break;
    case SEG_TYPE_GEO:
        model_addf(out, "[%" PRId64 "e-7, %" PRId64 "e-7]", value->i, value->j);
        break;
    case SEG_TYPE_STRING_SET:
        model_addf(out, "[");
        for (size_t i = 0; i < value->element_count; i++) {
            model_addf(out, i > 0 ? ", " : "");
            model_dump_string(out, value->elements[i]);
        }
        model_addf(out, "]");
        break;
    default: print_literal(out, value); break;
    }
}
