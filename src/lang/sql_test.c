/* sql_test.c - tests on values as SQL. Each is wrapped so that a missing value is false (S-13). */
#include <string.h>

#include "lang/sql.h"

/* ---- states ---- */

/* ClickHouse has no NULL for a set: its state column says whether it is there. */
void segi_sql_is_set(segi_sql *w, const segi_node *node)
{
    const segi_field *field = segi_sql_field(w, node);
    if (field != NULL && field->type == SEG_TYPE_STRING_SET && w->dialect->set_states) {
        segi_sql_column(w, node, "seg_state_", field);
        segi_sql_put(w, " = 0");
        return;
    }
    segi_sql_value(w, node);
    segi_sql_put(w, " IS NOT NULL");
}

/* Only what was written into a column can be null; what was worked out is there or not. */
static void test_state(segi_sql *w, const segi_node *node)
{
    const segi_node *value = node->children[0];
    bool column = value->kind == SEGI_NODE_ATTRIBUTE || value->kind == SEGI_NODE_PROPERTY;
    const segi_field *field = segi_sql_field(w, value);
    if (value->kind == SEGI_NODE_AGGREGATE && value->aggregate >= SEGI_AGG_FIRST &&
        value->aggregate <= SEGI_AGG_NTH && node->state != SEGI_STATE_SET) {
        segi_sql_refuse(w, node, "the state of a property of one occurrence");
    } else if (node->state == SEGI_STATE_SET) {
        segi_sql_put(w, "(");
        segi_sql_is_set(w, value);
        segi_sql_put(w, ")");
    } else if (!column) {
        segi_sql_put(w, node->state == SEGI_STATE_NULL ? "(FALSE AND " : "(");
        segi_sql_value(w, value);
        segi_sql_put(w, " IS NULL)");
    } else if (field == NULL) {
        segi_sql_put(w, node->state == SEGI_STATE_NULL ? "FALSE" : "TRUE");
    } else {
        segi_sql_put(w, "(COALESCE(");
        segi_sql_column(w, value, "seg_state_", field);
        segi_sql_put(w, node->state == SEGI_STATE_NULL ? ", 2) = 1)" : ", 2) = 2)");
    }
}

/* ---- comparing ---- */

/* The value times a power of ten, in 128 bits: as exact as segi_decimal_compare(). */
static void scaled(segi_sql *w, const segi_node *node, int32_t scale)
{
    int32_t own = node->type.type == SEG_TYPE_DECIMAL ? node->type.scale : 0;
    segi_sql_put(w, w->dialect->as_wide);
    segi_sql_value(w, node);
    segi_sql_put(w, w->dialect->as_wide_end);
    if (scale == own)
        return;
    segi_sql_put(w, " * 1");
    for (int32_t i = own; i < scale; i++)
        segi_sql_put(w, "0");
}

/* Both in the finer of the two scales. */
static void scaled_pair(segi_sql *w, const segi_node *left, const char *sign,
                        const segi_node *right)
{
    int32_t a = left->type.type == SEG_TYPE_DECIMAL ? left->type.scale : 0;
    int32_t b = right->type.type == SEG_TYPE_DECIMAL ? right->type.scale : 0;
    scaled(w, left, a > b ? a : b);
    segi_sql_put(w, sign);
    scaled(w, right, a > b ? a : b);
}

static bool is_scaled(const segi_node *node)
{
    return node->type.type == SEG_TYPE_INT64 || node->type.type == SEG_TYPE_DECIMAL;
}

/* Numbers of one form are compared as they are. Integers and decimals meet in 128 bits, and only
 * what is compared with a float becomes one, as in the library. */
void segi_sql_compare(segi_sql *w, segi_compare op, const segi_node *left, const segi_node *right)
{
    static const char *const signs[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
    seg_type a = left->type.type, b = right->type.type;
    if (is_scaled(left) && is_scaled(right) &&
        (a != b || (a == SEG_TYPE_DECIMAL && left->type.scale != right->type.scale))) {
        scaled_pair(w, left, signs[op], right);
    } else if (a != b && (a == SEG_TYPE_FLOAT64 || b == SEG_TYPE_FLOAT64)) {
        segi_sql_double(w, left);
        segi_sql_put(w, signs[op]);
        segi_sql_double(w, right);
    } else {
        segi_sql_value(w, left);
        segi_sql_put(w, signs[op]);
        segi_sql_value(w, right);
    }
}

static bool is_every_mode(const segi_node *node)
{
    return node->kind == SEGI_NODE_AGGREGATE && node->aggregate == SEGI_AGG_MODE &&
           node->ties == SEGI_TIES_ALL;
}

static void test_compare(segi_sql *w, const segi_node *node)
{
    if (is_every_mode(node->children[0]) || is_every_mode(node->children[1])) {
        segi_sql_refuse(w, node, "every most frequent value");
        return;
    }
    segi_sql_put(w, "COALESCE(");
    segi_sql_compare(w, node->op, node->children[0], node->children[1]);
    segi_sql_put(w, ", FALSE)");
}

/* Both ends included. */
static void test_between(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, "COALESCE(");
    segi_sql_compare(w, SEGI_GE, node->children[0], node->children[1]);
    segi_sql_put(w, " AND ");
    segi_sql_compare(w, SEGI_LE, node->children[0], node->children[2]);
    segi_sql_put(w, ", FALSE)");
}

/* x = a OR x = b, since the elements need not be of one type; in texts a list is shorter. */
static void equals_any(segi_sql *w, const segi_node *node)
{
    segi_node element;
    memset(&element, 0, sizeof element);
    element.kind = SEGI_NODE_LITERAL;
    bool texts = node->children[0]->type.type == SEG_TYPE_STRING;
    segi_sql_put(w, node->list_count == 0 ? "(FALSE" : "(");
    if (texts && node->list_count > 0) {
        segi_sql_value(w, node->children[0]);
        segi_sql_put(w, " IN (");
    }
    for (uint32_t i = 0; i < node->list_count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, i == 0 ? "" : texts ? ", " : " OR ");
        element.literal = node->list[i];
        element.type = node->list[i].type;
        if (texts)
            segi_sql_value(w, &element);
        else
            segi_sql_compare(w, SEGI_EQ, node->children[0], &element);
    }
    segi_sql_put(w, texts && node->list_count > 0 ? "))" : ")");
}

static void test_in(segi_sql *w, const segi_node *node)
{
    if (is_every_mode(node->children[0])) {
        segi_sql_refuse(w, node, "every most frequent value");
        return;
    }
    if (node->negated) {
        segi_sql_put(w, "(");
        segi_sql_value(w, node->children[0]);
        segi_sql_put(w, " IS NOT NULL AND NOT ");
    }
    segi_sql_put(w, "COALESCE(");
    equals_any(w, node);
    segi_sql_put(w, node->negated ? ", FALSE))" : ", FALSE)");
}

/* ---- sets of texts ---- */

/* `has only` counts the elements of a set, so a text that is listed twice counts once. */
static uint32_t distinct_count(const segi_node *node)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < node->list_count; i++) {
        bool first = true;
        for (uint32_t k = 0; k < i && first; k++)
            first = node->list[i].text_size != node->list[k].text_size ||
                    memcmp(node->list[i].text, node->list[k].text, node->list[i].text_size) != 0;
        count += first;
    }
    return count;
}

/* function(set, [list]) of the dialect. */
static void set_call(segi_sql *w, const char *function, const segi_node *node)
{
    segi_sql_put(w, function);
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, ", [");
    for (uint32_t i = 0; i < node->list_count && !segi_sql_stopped(w); i++) {
        segi_sql_put(w, i == 0 ? "" : ", ");
        segi_sql_string(w, node->list[i].text, node->list[i].text_size);
    }
    segi_sql_put(w, "])");
}

static void set_size(segi_sql *w, const segi_node *node, const char *sign, uint32_t size)
{
    segi_sql_put(w, w->dialect->set_size);
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, ")");
    segi_sql_put(w, sign);
    segi_sql_int(w, size);
}

static void test_has(segi_sql *w, const segi_node *node)
{
    if (segi_sql_field(w, node->children[0]) == NULL) {
        segi_sql_put(w, "FALSE");
        return;
    }
    segi_sql_put(w, "COALESCE(");
    segi_sql_is_set(w, node->children[0]);
    segi_sql_put(w, " AND ");
    if (node->list_count == 0) {
        /* An empty list has no type to compare with. */
        if (node->has == SEGI_HAS_ANY)
            segi_sql_put(w, "FALSE");
        else if (node->has == SEGI_HAS_NONE)
            segi_sql_put(w, "TRUE");
        else
            set_size(w, node, node->has == SEGI_HAS_ALL ? " > " : " = ", 0);
    } else if (node->has == SEGI_HAS_ANY || node->has == SEGI_HAS_NONE) {
        segi_sql_put(w, node->has == SEGI_HAS_NONE ? "NOT " : "");
        set_call(w, w->dialect->has_any, node);
    } else {
        set_call(w, w->dialect->has_all, node);
        segi_sql_put(w, " AND ");
        set_size(w, node, node->has == SEGI_HAS_ALL ? " > " : " = ",
                 node->has == SEGI_HAS_ALL ? 0 : distinct_count(node));
    }
    segi_sql_put(w, ", FALSE)");
}

/* ---- texts ---- */

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* One byte of a pattern as RE2 has it. */
static void pattern_byte(segi_buf *out, char c, bool fold)
{
    if (is_letter(c) && fold) {
        char both[5] = {'[', (char)(c & ~0x20), (char)(c | 0x20), ']', '\0'};
        segi_buf_text(out, both);
        return;
    }
    if (c > ' ' && c < 0x7f && c != '_' && !is_letter(c) && !(c >= '0' && c <= '9'))
        segi_buf_char(out, '\\');
    segi_buf_char(out, c);
}

static void glob(segi_buf *out, const char *text, size_t size, bool fold)
{
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '*')
            segi_buf_text(out, ".*");
        else if (text[i] == '?')
            segi_buf_char(out, '.');
        else if (text[i] == '\\' && i + 1 < size)
            pattern_byte(out, text[++i], fold);
        else
            pattern_byte(out, text[i], fold);
    }
}

/* The whole test as a regular expression: what a glob is, and the way to fold ASCII alone. */
static void test_pattern(segi_sql *w, const segi_node *node)
{
    segi_buf pattern;
    segi_buf_init(&pattern, w->mem);
    const segi_literal *part = &node->list[0];
    segi_buf_text(&pattern, "(?s)^");
    if (node->text == SEGI_TEXT_CONTAINS || node->text == SEGI_TEXT_ENDS)
        segi_buf_text(&pattern, ".*");
    if (node->text == SEGI_TEXT_MATCHES) {
        glob(&pattern, part->text, part->text_size, node->fold);
    } else {
        for (size_t i = 0; i < part->text_size; i++)
            pattern_byte(&pattern, part->text[i], node->fold);
    }
    if (node->text == SEGI_TEXT_CONTAINS || node->text == SEGI_TEXT_STARTS)
        segi_buf_text(&pattern, ".*");
    segi_buf_text(&pattern, "$");
    segi_sql_put(w, w->dialect->matches);
    segi_sql_value(w, node->children[0]);
    segi_sql_put(w, ", ");
    if (pattern.failed)
        segi_sql_nomem(w);
    else
        segi_sql_string(w, pattern.data, pattern.size);
    segi_sql_put(w, ")");
    segi_buf_deinit(&pattern);
}

static void test_text(segi_sql *w, const segi_node *node)
{
    segi_sql_put(w, "COALESCE(");
    if (node->text == SEGI_TEXT_MATCHES || node->fold) {
        test_pattern(w, node);
    } else {
        const segi_sql_dialect *d = w->dialect;
        segi_sql_put(w, node->text == SEGI_TEXT_CONTAINS ? d->contains
                        : node->text == SEGI_TEXT_STARTS ? d->starts
                                                         : d->ends);
        segi_sql_value(w, node->children[0]);
        segi_sql_put(w, ", ");
        segi_sql_string(w, node->list[0].text, node->list[0].text_size);
        segi_sql_put(w, node->text == SEGI_TEXT_CONTAINS ? d->contains_end : ")");
    }
    segi_sql_put(w, ", FALSE)");
}

/* ---- spans ---- */

static void test_time(segi_sql *w, const segi_node *node)
{
    const segi_node *value = node->children[0];
    if (value->kind == SEGI_NODE_ANNIVERSARY) {
        segi_sql_anniversary(w, node);
        return;
    }
    segi_sql_put(w, "COALESCE(");
    if (value->type.type == SEG_TYPE_DATE)
        segi_sql_dates(w, node, value);
    else
        segi_sql_window(w, node, value);
    segi_sql_put(w, ", FALSE)");
}

void segi_sql_test(segi_sql *w, const segi_node *node)
{
    switch (node->kind) {
    case SEGI_NODE_COMPARE: test_compare(w, node); break;
    case SEGI_NODE_BETWEEN: test_between(w, node); break;
    case SEGI_NODE_IN: test_in(w, node); break;
    case SEGI_NODE_TRUTH:
        segi_sql_put(w, "COALESCE(");
        segi_sql_value(w, node->children[0]);
        segi_sql_put(w, ", FALSE)");
        break;
    case SEGI_NODE_STATE: test_state(w, node); break;
    case SEGI_NODE_HAS: test_has(w, node); break;
    case SEGI_NODE_TEXT: test_text(w, node); break;
    case SEGI_NODE_RADIUS: segi_sql_radius(w, node); break;
    case SEGI_NODE_POLYGON: segi_sql_polygon(w, node); break;
    case SEGI_NODE_TIME: test_time(w, node); break;
    case SEGI_NODE_SEASON: segi_sql_season(w, node); break;
    case SEGI_NODE_OCCASION: segi_sql_occasion(w, node); break;
    default: segi_sql_refuse(w, node, "this condition"); break;
    }
}
