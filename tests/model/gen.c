/* gen.c - random predicates: literals are taken from the same draws as the data, so that they
 * hit, and times lie on the edges that the data was put on. */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

static model_node *gen_where(gen *g, const model_selector *selector, int depth);
static model_selector session_selector(gen *g);

const char *gen_class_name(gen_class class)
{
    static const char *const names[] = {
        "constant",
        "compare number",
        "compare other",
        "between",
        "in",
        "truth",
        "state",
        "has",
        "text",
        "geo",
        "time",
        "did",
        "did count",
        "did periods",
        "edge",
        "aggregate",
        "arith",
        "segment",
        "sequence",
        "rank",
        "score",
        "rfm",
        "split",
        "life",
        "session",
        "history",
        "not",
        "at least",
    };
    return names[class];
}

/* ---- nodes ---- */

model_node *gen_node(gen *g, model_kind kind)
{
    model_node *node = model_alloc(g->arena, sizeof(*node));
    node->kind = kind;
    return node;
}

model_node *gen_join(gen *g, model_kind kind, size_t count, model_node *const *children)
{
    model_node *node = gen_node(g, kind);
    node->child_count = count;
    node->children = model_alloc(g->arena, (count + 1) * sizeof(*node->children));
    memcpy(node->children, children, count * sizeof(*node->children));
    return node;
}

static model_node *literal(gen *g, model_value value)
{
    model_node *node = gen_node(g, MODEL_LITERAL);
    node->literal = value;
    return node;
}

static model_node *attribute(gen *g, size_t column)
{
    model_node *node = gen_node(g, MODEL_ATTRIBUTE);
    node->column = column;
    gen_as_of(g, node);
    return node;
}

static uint64_t below(gen *g, uint64_t n)
{
    return rng_below(&g->r, n);
}

static bool chance(gen *g, uint32_t percent)
{
    return rng_chance(&g->r, percent);
}

/* A random attribute for which fits() holds. */
static size_t some_attribute(gen *g, bool (*fits)(seg_type type))
{
    const model_schema *schema = &g->feed->schema;
    for (;;) {
        size_t i = below(g, schema->attribute_count);
        if (fits(schema->attributes[i].type))
            return i;
    }
}

static bool is_string(seg_type type)
{
    return type == SEG_TYPE_STRING;
}
static bool is_bool(seg_type type)
{
    return type == SEG_TYPE_BOOL;
}
static bool is_geo(seg_type type)
{
    return type == SEG_TYPE_GEO;
}
static bool is_set(seg_type type)
{
    return type == SEG_TYPE_STRING_SET;
}
static bool is_time(seg_type type)
{
    return type == SEG_TYPE_TIMESTAMP || type == SEG_TYPE_DATE;
}
static bool is_instant(seg_type type)
{
    return type == SEG_TYPE_TIMESTAMP;
}
static bool is_any(seg_type type)
{
    (void)type;
    return true;
}

/* ---- times ---- */

static model_span some_span(gen *g)
{
    size_t n = 0;
    if (chance(g, 15)) {
        model_span span = {rng_range(&g->r, 1, 40), (model_unit)below(g, 8)};
        return span;
    }
    while (feed_span(n) != NULL)
        n++;
    return *feed_span(below(g, n));
}

static const model_zone *any_zone(gen *g)
{
    const char *name = model_zone_known(below(g, 12));
    return model_zone_find(name, strlen(name));
}

static model_moment some_moment(gen *g)
{
    model_moment moment = {(model_moment_kind)below(g, 3), 0};
    int64_t at = model_shift(g->now, some_span(g), -1, any_zone(g));
    if (chance(g, 10))
        at = g->now + rng_range(&g->r, -1, 1);
    if (chance(g, 10))
        at = g->now + rng_range(&g->r, 0, 20) * 12 * MODEL_HOUR;
    g->boundary = true;
    if (moment.kind == MODEL_M_INSTANT)
        moment.value = at + rng_range(&g->r, -1, 1);
    else if (moment.kind == MODEL_M_DATE)
        moment.value = model_zone_date(any_zone(g), at);
    else
        moment.value = model_zone_local(any_zone(g), at) / MODEL_MINUTE * MODEL_MINUTE;
    return moment;
}

static void some_zone(gen *g, model_window *window)
{
    if (chance(g, 70))
        return;
    window->zone_kind = chance(g, 65) ? MODEL_Z_NAMED : MODEL_Z_USER;
    window->zone_name = model_zone_known(below(g, 12));
}

static void moments(gen *g, model_window *window)
{
    model_moment a = some_moment(g), b = some_moment(g);
    if (a.kind != b.kind)
        b = a;
    if (chance(g, 30))
        b.value += a.kind == MODEL_M_DATE ? 1 : MODEL_DAY;
    window->from = a.value < b.value ? a : b;
    window->to = a.value < b.value ? b : a;
}

static model_selector some_selector(gen *g, int depth);

static void some_anchor(gen *g, model_window *window)
{
    window->side = (model_side)below(g, 3);
    if (chance(g, 40)) {
        window->anchor = gen_node(g, MODEL_ATTRIBUTE);
        window->anchor->column = some_attribute(g, is_instant);
        return;
    }
    window->anchor = gen_node(g, MODEL_EDGE_ANCHOR);
    window->anchor->which = chance(g, 50) ? MODEL_FIRST : MODEL_LAST;
    window->anchor->selector = chance(g, 10) ? session_selector(g) : some_selector(g, 0);
}

/* A date of the kind that dates are compared with. */
static model_moment some_date(gen *g)
{
    model_moment moment = some_moment(g);
    if (moment.kind != MODEL_M_DATE)
        moment.value = g->now / MODEL_DAY - rng_range(&g->r, -10, 10);
    moment.kind = MODEL_M_DATE;
    return moment;
}

/* A window for events, an attribute (of type `type`), or a property. */
typedef enum window_use {
    FOR_EVENTS,
    FOR_INSTANT,
    FOR_DATE,
    FOR_PROPERTY,
    FOR_PROPERTY_DATE
} window_use;

static model_window some_window(gen *g, window_use use)
{
    model_window window;
    memset(&window, 0, sizeof(window));
    do {
        window.kind = (model_window_kind)below(g, MODEL_W_COUNT);
        if (chance(g, 35))
            window.kind = MODEL_W_LAST;
    } while (window.kind == MODEL_W_OCCASION ||
             (window.kind == MODEL_W_NEXT && use != FOR_INSTANT && use != FOR_DATE) ||
             (window.kind == MODEL_W_ANCHOR && use != FOR_EVENTS && use != FOR_INSTANT));
    window.length = some_span(g);
    bool dates = use == FOR_DATE || use == FOR_PROPERTY_DATE;
    if (dates && window.length.unit < MODEL_U_DAY)
        window.length.unit = MODEL_U_DAY;
    if (window.kind >= MODEL_W_LAST_CALENDAR && window.kind <= MODEL_W_PREVIOUS) {
        window.length.count = rng_range(&g->r, 1, 5);
        window.length.unit = (model_unit)(MODEL_U_DAY + below(g, 5));
        window.complete = chance(g, 50);
    }
    if (window.kind == MODEL_W_SINCE || window.kind == MODEL_W_BEFORE)
        window.from = dates ? some_date(g) : some_moment(g);
    if (window.kind == MODEL_W_BETWEEN)
        moments(g, &window);
    if (window.kind == MODEL_W_BETWEEN && dates) {
        window.from = window.to = some_date(g);
        window.to.value += rng_range(&g->r, 0, 12);
    }
    if (window.kind == MODEL_W_AGO) {
        window.length_to = window.length;
        window.length_to.count = rng_range(&g->r, 0, window.length.count - 1);
    }
    if (window.kind == MODEL_W_ANCHOR)
        some_anchor(g, &window);
    if (window.kind != MODEL_W_EVER && use < FOR_PROPERTY)
        some_zone(g, &window);
    g->boundary = g->boundary || window.kind != MODEL_W_EVER;
    return window;
}

/* An occasion in its place, where one may stand. False: the data of this run has none. */
static bool set_occasion(gen *g, model_window *window, bool property)
{
    if (g->catalog == NULL)
        return false;
    const model_occasion *occasion = &g->catalog->occasions[below(g, MODEL_OCCASIONS)];
    if (occasion->count == 0)
        return false;
    memset(window, 0, sizeof(*window));
    window->kind = MODEL_W_OCCASION;
    window->occasion = occasion;
    if (!property)
        some_zone(g, window);
    g->boundary = true;
    return true;
}

static void maybe_occasion(gen *g, model_window *window, bool property)
{
    if (chance(g, 10))
        set_occasion(g, window, property);
}

static bool selector_has(gen *g, const model_selector *selector, size_t property)
{
    const model_schema *schema = &g->feed->schema;
    for (size_t t = 0; t < schema->type_count; t++) {
        bool in = selector->any_event;
        for (size_t i = 0; i < selector->type_count; i++)
            in = in || selector->types[i] == t;
        if (in && schema->types[t].has[property])
            return true;
    }
    return false;
}

/* A property of the selector for which fits() holds; property_count if it has none. */
static size_t some_property(gen *g, const model_selector *selector, bool (*fits)(seg_type))
{
    const model_schema *schema = &g->feed->schema;
    size_t start = below(g, schema->property_count);
    for (size_t k = 0; k < schema->property_count; k++) {
        size_t i = (start + k) % schema->property_count;
        if (fits(schema->properties[i].type) && selector_has(g, selector, i))
            return i;
    }
    return schema->property_count;
}

static model_selector some_selector(gen *g, int depth)
{
    const model_schema *schema = &g->feed->schema;
    model_selector selector;
    memset(&selector, 0, sizeof(selector));
    selector.any_event = chance(g, 15);
    if (!selector.any_event) {
        size_t want = chance(g, 25) ? 1 + below(g, schema->type_count) : 1;
        for (size_t tries = 0; tries < 3 * want && selector.type_count < want; tries++) {
            size_t type = below(g, schema->type_count);
            bool there = false;
            for (size_t i = 0; i < selector.type_count; i++)
                there = there || selector.types[i] == type;
            if (!there)
                selector.types[selector.type_count++] = type;
        }
    }
    if (chance(g, 35))
        selector.where = gen_where(g, &selector, depth);
    return selector;
}

/* ---- tests of a value, for attributes and properties alike ---- */

static model_value number_literal(gen *g, const model_column *column)
{
    model_value value = feed_value(g->feed, &g->r, column);
    if (column->type == SEG_TYPE_FLOAT64 || chance(g, 10)) {
        static const int64_t eighths[] = {0, 100, 250, 500, 3300, -500, 1000, 12500, 125000};
        value = model_decimal(eighths[below(g, 9)], 3);
    }
    if (value.type == SEG_TYPE_INT64 && (value.i > INT32_MAX || value.i < INT32_MIN))
        g->boundary = true;
    return value;
}

/* Another column of that type, in the same place; NULL if there is none. */
static model_node *other_column(gen *g, seg_type type)
{
    const model_schema *schema = &g->feed->schema;
    const model_column *columns = g->where != NULL ? schema->properties : schema->attributes;
    size_t count = g->where != NULL ? schema->property_count : schema->attribute_count;
    for (int tries = 0; tries < 20; tries++) {
        size_t i = below(g, count);
        bool same =
            columns[i].type == type || (model_is_number(columns[i].type) && model_is_number(type));
        if (!same || (g->where != NULL && !selector_has(g, g->where, i)))
            continue;
        model_node *node = gen_node(g, g->where != NULL ? MODEL_PROPERTY : MODEL_ATTRIBUTE);
        node->column = i;
        return node;
    }
    if (g->where == NULL || !is_time(type))
        return NULL;
    model_node *node = gen_node(g, MODEL_BUILTIN);
    node->builtin = type == SEG_TYPE_DATE ? MODEL_B_DATE : MODEL_B_TIME;
    return node;
}

/* `5 > age` for `age < 5` */
static void turn(model_node *node)
{
    static const model_op turned[] = {MODEL_EQ, MODEL_NE, MODEL_GT, MODEL_GE, MODEL_LT, MODEL_LE};
    model_node *left = node->children[0];
    node->children[0] = node->children[1];
    node->children[1] = left;
    node->op = turned[node->op];
}

static model_node *test_compare(gen *g, model_node *left, const model_column *column)
{
    model_node *pair[2] = {left, NULL};
    bool plain = left->kind == MODEL_ATTRIBUTE || left->kind == MODEL_PROPERTY;
    if (plain && chance(g, 8))
        pair[1] = other_column(g, column->type);
    if (pair[1] != NULL) {
        model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
        node->op = (model_op)below(g, column->type == SEG_TYPE_BOOL ? 2 : 6);
        return node;
    }
    if (model_is_number(column->type)) {
        pair[1] = literal(g, number_literal(g, column));
    } else if (column->type == SEG_TYPE_TIMESTAMP) {
        pair[1] = gen_node(g, chance(g, 15) ? MODEL_NOW : MODEL_MOMENT);
        if (pair[1]->kind == MODEL_MOMENT)
            pair[1]->moment = some_moment(g);
    } else {
        pair[1] = literal(g, feed_value(g->feed, &g->r, column));
    }
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = (model_op)below(g, column->type == SEG_TYPE_BOOL ? 2 : 6);
    if (plain && pair[1]->kind == MODEL_LITERAL && chance(g, 4))
        turn(node);
    return node;
}

static model_node *test_between(gen *g, model_node *left, const model_column *column)
{
    model_value a = number_literal(g, column), b = number_literal(g, column);
    bool swap = model_compare(&a, &b) > 0;
    model_node *three[3] = {left, literal(g, swap ? b : a), literal(g, swap ? a : b)};
    return gen_join(g, MODEL_BETWEEN, 3, three);
}

static model_node *test_in(gen *g, model_node *left, const model_column *column)
{
    model_node *node = gen_join(g, MODEL_IN, 1, &left);
    node->negated = chance(g, 40);
    node->list_count = chance(g, 3) ? 0 : 1 + below(g, chance(g, 10) ? 40 : 4);
    node->list = model_alloc(g->arena, (node->list_count + 1) * sizeof(*node->list));
    for (size_t i = 0; i < node->list_count; i++)
        node->list[i] = model_is_number(column->type) ? number_literal(g, column)
                                                      : feed_value(g->feed, &g->r, column);
    return node;
}

static bool can_in(seg_type type)
{
    return type != SEG_TYPE_GEO && type != SEG_TYPE_STRING_SET;
}

static model_node *test_state(gen *g, model_node *left)
{
    model_node *node = gen_join(g, MODEL_STATE, 1, &left);
    node->state = (uint8_t)below(g, 3);
    node->negated = chance(g, 35);
    return node;
}

static model_node *test_text(gen *g, model_node *left, const model_column *column)
{
    static const char *const globs[] = {"*",   "a*",  "*o*",   "?",         "??",   "*.io",
                                        "p?o", "\\*", "a\\?b", "*\xc3\xa9", "[ab]", "*a*b*"};
    static const char *const parts[] = {"", "a", "O", "ro", "@", "e", "\"", "\\", "\xc3", "50%"};
    model_node *node = gen_join(g, MODEL_TEXT, 1, &left);
    node->text = (model_text_test)below(g, 4);
    node->fold = chance(g, 30);
    node->list_count = 1;
    node->list = model_alloc(g->arena, sizeof(*node->list));
    if (node->text == MODEL_MATCHES) {
        const char *text = globs[below(g, 12)];
        node->list[0] = model_string_value(text, strlen(text));
    } else if (chance(g, 30)) {
        node->list[0] = feed_value(g->feed, &g->r, column);
    } else {
        size_t which = below(g, 10);
        const char *text = which == 8 ? "\xc3\xa9" : parts[which];
        node->list[0] = model_string_value(text, strlen(text));
        g->boundary = g->boundary || text[0] == '\0';
    }
    return node;
}

static model_point some_point(gen *g)
{
    static const model_column column = {"geo", SEG_TYPE_GEO, 0, false};
    model_value value = feed_value(g->feed, &g->r, &column);
    model_point point = {value.i, value.j};
    return point;
}

static model_node *test_radius(gen *g, model_node *left)
{
    static const int64_t meters[] = {1, 500, 30000, 100000, 250000, 2000000, 9000000, 20100000};
    model_node *node = gen_join(g, MODEL_RADIUS, 1, &left);
    node->meters = meters[below(g, 8)];
    node->points = model_alloc(g->arena, sizeof(*node->points));
    node->points[0] = some_point(g);
    return node;
}

static void open_ring(model_point *points, size_t count)
{
    model_point *last = &points[count - 1];
    if (last->latitude == points[0].latitude && last->longitude == points[0].longitude)
        last->longitude += 5000000;
}

static model_node *test_polygon(gen *g, model_node *left)
{
    model_node *node = gen_join(g, MODEL_POLYGON, 1, &left);
    node->point_count = 3 + below(g, 5);
    node->points = model_alloc(g->arena, node->point_count * sizeof(*node->points));
    /* Corners on the grid of the points: borders and corners are hit. */
    if (node->point_count >= 6 && chance(g, 50))
        node->first_ring = 3;
    for (size_t i = 0; i < node->point_count; i++) {
        node->points[i].latitude = 470000000 + rng_range(&g->r, 0, 6) * 5000000;
        node->points[i].longitude = 100000000 + rng_range(&g->r, 0, 6) * 5000000;
    }
    /* The first corner again at the end of a ring would be left out. */
    open_ring(node->points, node->first_ring > 0 ? node->first_ring : node->point_count);
    open_ring(node->points + node->first_ring, node->point_count - node->first_ring);
    g->boundary = true;
    return node;
}

static model_node *test_geo(gen *g, model_node *left)
{
    return chance(g, 50) ? test_radius(g, left) : test_polygon(g, left);
}

static model_node *test_time(gen *g, model_node *left, const model_column *column, bool property)
{
    model_node *node = gen_join(g, MODEL_TIME, 1, &left);
    bool date = column->type == SEG_TYPE_DATE;
    window_use use =
        property ? (date ? FOR_PROPERTY_DATE : FOR_PROPERTY) : (date ? FOR_DATE : FOR_INSTANT);
    do {
        node->window = some_window(g, use);
    } while (node->window.kind == MODEL_W_EVER);
    maybe_occasion(g, &node->window, property);
    return node;
}

/* A day of the year near one that a value has, or the end of a year or of February. */
static int some_day(gen *g)
{
    static const int days[] = {101, 1231, 228, 229, 301, 1224, 106};
    int64_t year;
    int month, day;
    if (chance(g, 50))
        return days[below(g, 7)];
    model_civil(g->now / MODEL_DAY + rng_range(&g->r, -40, 10), &year, &month, &day);
    return month * 100 + day;
}

/* anniversary(x) in ..., x between 12-24 and 01-06 */
static model_node *test_day_of_year(gen *g, model_node *left, bool property)
{
    bool season = chance(g, 50);
    model_node *node = gen_join(g, season ? MODEL_SEASON : MODEL_ANNIVERSARY, 1, &left);
    node->from = some_day(g);
    node->to = some_day(g);
    node->early = chance(g, 30);
    g->boundary = true;
    while (!season && node->window.kind == MODEL_W_EVER)
        node->window = some_window(g, property ? FOR_PROPERTY_DATE : FOR_DATE);
    return node;
}

/* ---- where ---- */

static model_node *where_builtin(gen *g)
{
    static const model_column hour = {"hour", SEG_TYPE_INT64, 0, false};
    model_node *left = gen_node(g, MODEL_BUILTIN);
    left->builtin = (model_builtin)(MODEL_B_DATE + below(g, 6));
    model_node *node;
    model_window occasion;
    if (left->builtin == MODEL_B_DATE && chance(g, 20) && set_occasion(g, &occasion, true)) {
        node = gen_join(g, MODEL_TIME, 1, &left);
        node->window = occasion;
        return node;
    }
    if (left->builtin == MODEL_B_DATE && chance(g, 40))
        return test_day_of_year(g, left, true);
    if (left->builtin == MODEL_B_DATE) {
        node = test_compare(g, left, &g->feed->schema.attributes[11]);
        return node;
    }
    if (left->builtin == MODEL_B_WEEKDAY) {
        node = test_in(g, left, &hour);
        for (size_t i = 0; i < node->list_count; i++)
            node->list[i] = model_int(rng_range(&g->r, 1, 7));
        return node;
    }
    node = test_compare(g, left, &hour);
    int64_t tops[] = {0, 0, 23, 7, 31, 12, 2026};
    node->children[1]->literal =
        model_int(rng_range(&g->r, left->builtin == MODEL_B_YEAR ? 2024 : 0, tops[left->builtin]));
    return node;
}

static model_node *where_test(gen *g, const model_selector *selector)
{
    const model_schema *schema = &g->feed->schema;
    if (chance(g, 12))
        return where_builtin(g);
    size_t index = some_property(g, selector, is_any);
    if (index == schema->property_count)
        return where_builtin(g);
    const model_column *column = &schema->properties[index];
    model_node *left = gen_node(g, MODEL_PROPERTY);
    left->column = index;
    if (chance(g, 12))
        return test_state(g, left);
    if (model_is_number(column->type) && chance(g, 8)) {
        static const model_column real = {"real", SEG_TYPE_FLOAT64, 0, false};
        model_node *pair[2] = {left, literal(g, model_int(rng_range(&g->r, 1, 9)))};
        model_node *node = gen_join(g, MODEL_ARITH, 2, pair);
        node->arith = "+-*/"[below(g, 4)];
        return test_compare(g, node, &real);
    }
    if (column->type == SEG_TYPE_GEO)
        return test_geo(g, left);
    if (column->type == SEG_TYPE_BOOL && chance(g, 60))
        return gen_join(g, MODEL_TRUTH, 1, &left);
    if (is_time(column->type) && chance(g, 15))
        return test_day_of_year(g, left, true);
    if (is_time(column->type) && chance(g, 50))
        return test_time(g, left, column, true);
    if (column->type == SEG_TYPE_STRING && chance(g, 30))
        return test_text(g, left, column);
    if (model_is_number(column->type) && chance(g, 20))
        return test_between(g, left, column);
    if (can_in(column->type) && chance(g, 30))
        return test_in(g, left, column);
    return test_compare(g, left, column);
}

static model_node *gen_where(gen *g, const model_selector *selector, int depth)
{
    if (depth <= 0 || chance(g, 65)) {
        const model_selector *outer = g->where;
        g->where = selector;
        model_node *node = where_test(g, selector);
        g->where = outer;
        return node;
    }
    model_node *children[3];
    size_t count = 2 + below(g, 2);
    model_kind kind = chance(g, 50) ? MODEL_AND : MODEL_OR;
    if (chance(g, 25)) {
        kind = MODEL_NOT;
        count = 1;
    }
    for (size_t i = 0; i < count; i++)
        children[i] = gen_where(g, selector, depth - 1);
    return gen_join(g, kind, count, children);
}

/* ---- aggregates ---- */

static model_node *builtin_argument(gen *g)
{
    model_node *node = gen_node(g, MODEL_BUILTIN);
    node->builtin = (model_builtin)(MODEL_B_HOUR + below(g, 4));
    return node;
}

static bool can_order(seg_type type)
{
    return model_is_number(type) || is_time(type);
}

/* The argument of an aggregate; its column goes to *column. */
static model_node *some_argument(gen *g, const model_selector *selector, bool (*fits)(seg_type),
                                 model_column *column)
{
    static const model_column whole = {"hour", SEG_TYPE_INT64, 0, false};
    const model_schema *schema = &g->feed->schema;
    size_t index = some_property(g, selector, fits);
    if (index < schema->property_count &&
        strcmp(schema->properties[index].name, "big_value") == 0 && !chance(g, 15))
        index = some_property(g, selector, fits); /* sums of these mostly overflow */
    *column = whole;
    if (index == schema->property_count || chance(g, 6))
        return builtin_argument(g);
    *column = schema->properties[index];
    model_node *node = gen_node(g, MODEL_PROPERTY);
    node->column = index;
    return node;
}

static bool can_group(seg_type type)
{
    return type != SEG_TYPE_STRING_SET;
}

static void some_streak(gen *g, model_node *node)
{
    node->period = (model_unit)(MODEL_U_DAY + below(g, chance(g, 70) ? 2 : 5));
    node->min_events = chance(g, 25) ? rng_range(&g->r, 2, 5) : 1;
    node->length = node->aggregate == MODEL_A_STREAK_BROKEN ? rng_range(&g->r, 1, 3) : 1;
    node->missed = chance(g, 40) ? rng_range(&g->r, 1, 3) : 0;
    node->per = node->missed + rng_range(&g->r, 1, 6);
    if (node->missed == 0)
        node->per = 1;
}

/* An aggregate; what it gives goes to *column (as if it were a column of that type). */
static model_node *some_aggregate(gen *g, model_column *column)
{
    static const model_column whole = {"hour", SEG_TYPE_INT64, 0, false};
    static const model_column real = {"real", SEG_TYPE_FLOAT64, 0, false};
    static const model_column instant = {"instant", SEG_TYPE_TIMESTAMP, 0, false};
    model_node *node = gen_node(g, MODEL_AGGREGATE);
    node->aggregate = chance(g, 25) ? MODEL_A_COUNT : (model_aggregate)below(g, MODEL_A_TOTAL);
    if (node->aggregate == MODEL_A_TOP)
        node->aggregate = MODEL_A_COUNT; /* no value: see top_test() */
    node->selector = some_selector(g, 1);
    node->window = some_window(g, FOR_EVENTS);
    if (node->aggregate < MODEL_A_STREAK || node->aggregate == MODEL_A_OVERDUE)
        maybe_occasion(g, &node->window, false);
    *column = whole;
    switch (node->aggregate) {
    case MODEL_A_COUNT: break;
    case MODEL_A_SUM:
        node->argument = some_argument(g, &node->selector, model_is_number, column);
        break;
    case MODEL_A_MIN:
    case MODEL_A_MAX: node->argument = some_argument(g, &node->selector, can_order, column); break;
    case MODEL_A_AVG:
    case MODEL_A_MEDIAN:
    case MODEL_A_PERCENTILE:
    case MODEL_A_STDDEV:
        node->argument = some_argument(g, &node->selector, model_is_number, column);
        node->fraction = rng_range(&g->r, 0, 1000);
        *column = real;
        break;
    case MODEL_A_DISTINCT:
        node->argument = some_argument(g, &node->selector, can_group, column);
        *column = whole;
        break;
    case MODEL_A_DISTINCT_PERIOD: node->period = (model_unit)(MODEL_U_DAY + below(g, 5)); break;
    case MODEL_A_MODE:
        node->argument = some_argument(g, &node->selector, can_group, column);
        node->min_events = chance(g, 30) ? rng_range(&g->r, 2, 4) : 1;
        node->ties = (model_ties)below(g, 2);
        break;
    case MODEL_A_FIRST:
    case MODEL_A_LAST:
    case MODEL_A_NTH:
        node->argument = some_argument(g, &node->selector, can_group, column);
        node->nth = rng_range(&g->r, 1, 4);
        break;
    case MODEL_A_SHARE:
        node->share = gen_where(g, &node->selector, 1);
        *column = real;
        break;
    case MODEL_A_STREAK:
    case MODEL_A_CURRENT_STREAK:
    case MODEL_A_STREAK_BROKEN:
        some_streak(g, node);
        if (node->aggregate == MODEL_A_STREAK_BROKEN)
            *column = instant;
        break;
    case MODEL_A_OVERDUE: *column = real; break;
    case MODEL_A_TOP:
    case MODEL_A_TOTAL: break;
    }
    return node;
}

static bool is_weekday(const model_node *node)
{
    return node->argument != NULL && node->argument->kind == MODEL_BUILTIN &&
           node->argument->builtin == MODEL_B_WEEKDAY && node->aggregate >= MODEL_A_MODE;
}

/* The right side of a comparison with an aggregate. */
static void aggregate_literal(gen *g, const model_node *left, model_node *test)
{
    bool counts = left->aggregate == MODEL_A_COUNT || left->aggregate == MODEL_A_DISTINCT ||
                  left->aggregate == MODEL_A_DISTINCT_PERIOD || left->aggregate == MODEL_A_STREAK ||
                  left->aggregate == MODEL_A_CURRENT_STREAK;
    model_node *right = test->children[1];
    if (counts)
        right->literal = model_int(rng_range(&g->r, 0, 6));
    if (is_weekday(left)) {
        right->literal = model_int(rng_range(&g->r, 1, 7));
        test->op = (model_op)below(g, 2);
    }
    if (left->aggregate == MODEL_A_SHARE) {
        right->kind = MODEL_PERCENT;
        right->literal = model_int((int64_t)below(g, 21) * 5000000);
    }
}

/* Tests that are not comparisons; NULL if there is none for the type. */
static model_node *other_test(gen *g, model_node *left, const model_column *column)
{
    if (chance(g, 20)) {
        model_node *node = test_state(g, left);
        node->state = SEG_VALUE_SET; /* an aggregate is set or is not */
        return node;
    }
    if (column->type == SEG_TYPE_BOOL)
        return gen_join(g, MODEL_TRUTH, 1, &left);
    if (column->type == SEG_TYPE_STRING)
        return test_text(g, left, column);
    if (is_time(column->type))
        return test_time(g, left, column, false);
    return NULL;
}

static model_node *aggregate_test(gen *g)
{
    model_column column;
    model_node *left = some_aggregate(g, &column);
    if (column.type == SEG_TYPE_GEO)
        return test_geo(g, left);
    if (left->aggregate >= MODEL_A_MIN && left->aggregate != MODEL_A_SHARE && chance(g, 25)) {
        model_node *node = other_test(g, left, &column);
        if (node != NULL)
            return node;
    }
    if (left->aggregate == MODEL_A_MODE && !is_weekday(left) && can_in(column.type) &&
        chance(g, 50)) {
        left->aggregate = MODEL_A_TOP;
        left->nth = rng_range(&g->r, 1, 4);
        left->ties = (model_ties)below(g, 3);
        model_node *node = test_in(g, left, &column);
        node->negated = false;
        return node;
    }
    if (left->aggregate == MODEL_A_MODE && chance(g, 40))
        left->ties = MODEL_TIES_ALL;
    if (left->aggregate >= MODEL_A_MODE && left->aggregate <= MODEL_A_NTH && !is_weekday(left) &&
        can_in(column.type) && chance(g, 30))
        return test_in(g, left, &column);
    model_node *node = test_compare(g, left, &column);
    aggregate_literal(g, left, node);
    if (left->ties == MODEL_TIES_ALL && left->aggregate == MODEL_A_MODE) {
        node->op = (model_op)below(g, 2);
        if (node->children[1]->kind == MODEL_MOMENT)
            node->children[1]->moment.kind = MODEL_M_INSTANT; /* not a day: that is a window */
    }
    return node;
}

/* ---- numbers and values ---- */

static model_node *some_score(gen *g, int depth);
/* Sums of big_value may overflow, and which of them do depends on what is asked first. */
static bool is_money(const model_column *column)
{
    return model_is_number(column->type) && strcmp(column->name, "big_value") != 0;
}

/* Some event has a property that can be summed up; data without one have no rfm. */
static bool has_money(const gen *g)
{
    const model_schema *schema = &g->feed->schema;
    for (size_t i = 0; i < schema->property_count; i++) {
        for (size_t t = 0; t < schema->type_count && is_money(&schema->properties[i]); t++) {
            if (schema->types[t].has[i])
                return true;
        }
    }
    return false;
}

static model_node *some_rfm(gen *g, model_kind kind);

static model_node *some_number(gen *g, int depth)
{
    model_column column;
    if (depth > 0 && chance(g, 8)) {
        if (chance(g, 30) && has_money(g))
            return some_rfm(g, MODEL_RFM);
        model_node *score = some_score(g, 0);
        if (score->score->quantile != 0)
            return score;
    }
    if (depth > 0 && chance(g, 40)) {
        model_node *pair[2] = {some_number(g, depth - 1), some_number(g, depth - 1)};
        model_node *node = gen_join(g, MODEL_ARITH, 2, pair);
        node->arith = "+-*/"[below(g, 4)];
        if (pair[1]->kind == MODEL_LITERAL && pair[1]->literal.i == 0)
            node->arith = '*'; /* refused: a division by a literal zero */
        if (pair[0]->kind == MODEL_LITERAL && pair[1]->kind == MODEL_LITERAL)
            pair[0] = node->children[0] = attribute(g, some_attribute(g, model_is_number));
        return node;
    }
    if (chance(g, 15))
        return literal(g, chance(g, 50) ? model_int(rng_range(&g->r, -3, 12))
                                        : model_decimal(rng_range(&g->r, -50, 1200), 2));
    if (chance(g, 12)) {
        model_node *set = attribute(g, some_attribute(g, is_set));
        return gen_join(g, MODEL_SIZE, 1, &set);
    }
    if (chance(g, 50))
        return attribute(g, some_attribute(g, model_is_number));
    for (;;) {
        model_node *node = some_aggregate(g, &column);
        if (model_is_number(column.type) && !is_weekday(node))
            return node;
    }
}

static model_node *arith_test(gen *g)
{
    static const model_column whole = {"hour", SEG_TYPE_INT64, 0, false};
    if (chance(g, 10)) {
        model_node *instants[2] = {attribute(g, some_attribute(g, is_instant)),
                                   attribute(g, some_attribute(g, is_instant))};
        model_node *pair[2] = {gen_join(g, MODEL_DIFFERENCE, 2, instants),
                               gen_node(g, MODEL_LENGTH)};
        model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
        pair[1]->shift.count = rng_range(&g->r, 0, 40);
        pair[1]->shift.unit = (model_unit)below(g, 5);
        node->op = (model_op)below(g, 6);
        return node;
    }
    if (chance(g, 20)) {
        /* A shifted instant. */
        model_node *instant = attribute(g, some_attribute(g, is_instant));
        model_node *shifted = gen_join(g, MODEL_SHIFT, 1, &instant);
        shifted->shift = some_span(g);
        shifted->arith = chance(g, 50) ? '+' : '-';
        g->boundary = true;
        return test_compare(g, shifted, &g->feed->schema.attributes[9]);
    }
    model_node *left = some_number(g, 2);
    while (left->kind == MODEL_LITERAL)
        left = some_number(g, 2);
    if (chance(g, 40)) {
        model_node *pair[2] = {left, some_number(g, 1)};
        model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
        node->op = (model_op)below(g, 6);
        return node;
    }
    return test_compare(g, left, &whole);
}

model_node *gen_value(gen *g)
{
    model_column column;
    switch (below(g, g->feed->crowded ? 4 : 5)) {
    case 0: return attribute(g, some_attribute(g, is_any));
    case 4: return gen_figure(g, chance(g, 50) ? MODEL_F_DEPTH : MODEL_F_MATCHES);
    case 1: {
        model_node *node = some_number(g, 2);
        return node->kind == MODEL_LITERAL ? attribute(g, 0) : node;
    }
    default: return some_aggregate(g, &column);
    }
}

/* ---- behaviour ---- */

static model_bound some_bound(gen *g)
{
    model_bound bound = {true, 0, INT64_MAX, false, MODEL_U_DAY, 1};
    int64_t n = rng_range(&g->r, 0, 5);
    switch (below(g, 4)) {
    case 0: bound.min = n == 0 && !chance(g, 10) ? 2 : n; break;
    case 1: bound.max = n; break;
    case 2: bound.min = bound.max = n; break;
    default:
        bound.min = n;
        bound.max = n + rng_range(&g->r, 0, 3);
        break;
    }
    return bound;
}

static model_node *did(gen *g, gen_class class)
{
    model_node *node = gen_node(g, MODEL_DID);
    node->selector = some_selector(g, 2);
    node->window = some_window(g, FOR_EVENTS);
    maybe_occasion(g, &node->window, false);
    node->negated = chance(g, 25);
    if (class == GEN_DID)
        return node;
    node->bound = some_bound(g);
    if (class == GEN_DID_PERIODS) {
        node->bound.periods = true;
        node->bound.period = (model_unit)(MODEL_U_DAY + below(g, 5));
        node->bound.each = chance(g, 30) ? rng_range(&g->r, 2, 6) : 1;
        if (node->window.kind == MODEL_W_LAST_CALENDAR && chance(g, 60))
            node->bound.period = node->window.length.unit;
    }
    return node;
}

static model_node *edge(gen *g)
{
    model_node *node = gen_node(g, MODEL_EDGE);
    node->which = (model_which)below(g, 3);
    node->nth = rng_range(&g->r, 1, 4);
    node->selector = some_selector(g, 1);
    do {
        node->window = some_window(g, FOR_EVENTS);
    } while (node->window.kind == MODEL_W_EVER);
    maybe_occasion(g, &node->window, false);
    return node;
}

/* ---- sessions ---- */

static model_node *length_literal(gen *g)
{
    static const model_span spans[] = {
        {0, MODEL_U_SECOND}, {1, MODEL_U_SECOND}, {5, MODEL_U_MINUTE}, {1, MODEL_U_HOUR},
        {6, MODEL_U_HOUR},   {1, MODEL_U_DAY},    {3, MODEL_U_DAY},    {1, MODEL_U_WEEK}};
    model_node *node = gen_node(g, MODEL_LENGTH);
    node->shift = spans[below(g, 8)];
    return node;
}

static model_node *session_builtin(gen *g, model_builtin builtin)
{
    model_node *node = gen_node(g, MODEL_BUILTIN);
    node->builtin = builtin;
    return node;
}

static model_node *compared(gen *g, model_node *left, model_node *right)
{
    model_node *pair[2] = {left, right};
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = (model_op)below(g, 6);
    return node;
}

/* An aggregate over what lies within the session. */
static model_node *within_session(gen *g)
{
    model_column column;
    model_node *left;
    const model_selector *outer = g->where;
    g->where = NULL;
    do {
        left = some_aggregate(g, &column);
    } while (left->aggregate >= MODEL_A_STREAK);
    memset(&left->window, 0, sizeof(left->window));
    model_node *node =
        column.type == SEG_TYPE_GEO ? test_geo(g, left) : test_compare(g, left, &column);
    if (column.type != SEG_TYPE_GEO)
        aggregate_literal(g, left, node);
    g->where = outer;
    return node;
}

static model_node *session_where(gen *g, int depth)
{
    model_node *children[2];
    if (depth > 0 && chance(g, 35)) {
        children[0] = session_where(g, depth - 1);
        children[1] = session_where(g, depth - 1);
        size_t pick = below(g, 3);
        return gen_join(g,
                        pick == 0   ? MODEL_AND
                        : pick == 1 ? MODEL_OR
                                    : MODEL_NOT,
                        pick == 2 ? 1 : 2, children);
    }
    switch (below(g, 4)) {
    case 0: return compared(g, session_builtin(g, MODEL_B_DURATION), length_literal(g));
    case 1:
        return compared(g, session_builtin(g, MODEL_B_COUNT),
                        literal(g, model_int(rng_range(&g->r, 1, 5))));
    case 2: return where_builtin(g);
    default: return within_session(g);
    }
}

static model_selector session_selector(gen *g)
{
    model_selector selector;
    memset(&selector, 0, sizeof(selector));
    selector.session = model_alloc(g->arena, sizeof(*selector.session));
    *selector.session = some_selector(g, 1);
    if (chance(g, 40)) {
        memset(selector.session, 0, sizeof(*selector.session));
        selector.session->any_event = true;
    }
    do {
        selector.gap = some_span(g);
    } while (selector.gap.unit >= MODEL_U_MONTH);
    if (chance(g, 25)) {
        selector.gap.count = 30;
        selector.gap.unit = MODEL_U_MINUTE;
    }
    if (chance(g, 55))
        selector.where = session_where(g, 1);
    return selector;
}

static model_node *session_aggregate(gen *g)
{
    model_node *node = gen_node(g, MODEL_AGGREGATE);
    node->aggregate = (model_aggregate)below(g, MODEL_A_OVERDUE);
    node->selector = session_selector(g);
    node->window = some_window(g, FOR_EVENTS);
    node->period = (model_unit)(MODEL_U_DAY + below(g, 3));
    node->min_events = node->length = node->per = 1;
    node->fraction = rng_range(&g->r, 0, 1000);
    node->nth = rng_range(&g->r, 1, 3);
    node->ties = (model_ties)below(g, 2);
    if (node->aggregate == MODEL_A_STREAK_BROKEN)
        node->aggregate = MODEL_A_COUNT;
    if (node->aggregate == MODEL_A_SHARE)
        node->share = session_where(g, 1);
    bool counts = node->aggregate == MODEL_A_COUNT || node->aggregate == MODEL_A_DISTINCT_PERIOD ||
                  node->aggregate >= MODEL_A_SHARE;
    bool lengths = !counts && chance(g, 60);
    if (!counts)
        node->argument = session_builtin(g, lengths ? MODEL_B_DURATION : MODEL_B_COUNT);
    if (lengths && node->aggregate != MODEL_A_DISTINCT)
        return compared(g, node, length_literal(g));
    if (node->aggregate == MODEL_A_SHARE)
        return compared(g, node, literal(g, model_decimal(rng_range(&g->r, 0, 4) * 25, 2)));
    return compared(g, node, literal(g, model_int(rng_range(&g->r, 0, 4))));
}

static model_node *edge(gen *g);

static model_node *session(gen *g)
{
    if (chance(g, 40))
        return session_aggregate(g);
    model_node *node = chance(g, 25) ? edge(g) : did(g, (gen_class)(GEN_DID + below(g, 3)));
    node->selector = session_selector(g);
    return node;
}

/* dormant, resurrected, stage */
static model_node *life(gen *g)
{
    model_node *node = gen_node(g, (model_kind)(MODEL_DORMANT + below(g, 3)));
    node->selector = chance(g, 15) ? session_selector(g) : some_selector(g, 1);
    node->shift = some_span(g);
    node->active = some_span(g);
    if ((node->active.unit < MODEL_U_MONTH) != (node->shift.unit < MODEL_U_MONTH))
        node->active.unit = node->shift.unit;
    node->period = (model_unit)(MODEL_U_DAY + below(g, 5));
    node->stages = 1 + (unsigned)below(g, 14);
    some_zone(g, &node->window);
    return node;
}

/* What users can be ranked by: no literal. */
static model_node *ranked_value(gen *g)
{
    model_node *node;
    if (!g->feed->crowded && chance(g, 10))
        return gen_figure(g, MODEL_F_TIME);
    do {
        node = some_number(g, chance(g, 30) ? 1 : 0);
    } while (node->kind == MODEL_LITERAL);
    return node;
}

static model_node *rank(gen *g, int depth)
{
    model_node *children[2] = {ranked_value(g), NULL};
    bool among = depth > 0 && chance(g, 40);
    if (among)
        children[1] = gen_tree(g, depth - 1);
    model_node *node = gen_join(g, MODEL_RANK, among ? 2 : 1, children);
    node->percent = chance(g, 65);
    node->bottom = chance(g, 40);
    node->count = (int64_t)below(g, 20);
    if (node->percent)
        node->count =
            chance(g, 80) ? rng_range(&g->r, 1, 20) * 5000000 : rng_range(&g->r, 1, 99999) * 1000;
    return node;
}

/* ---- classes and shares by lot ---- */

static void tier_cuts(gen *g, model_score *score)
{
    static const char *const usual[] = {"none", "light", "medium", "heavy"};
    static const char *const names[] = {"none", "low", "b", "third", "IV", "5"};
    score->fixed = chance(g, 50);
    score->cut_count = 1 + below(g, 4);
    int64_t cut = rng_range(&g->r, -5, 5), part = 0;
    for (size_t i = 0; i < score->cut_count; i++) {
        cut += rng_range(&g->r, 1, 6);
        part += rng_range(&g->r, i == 0 ? 0 : 1, 20) * 1000000;
        score->cuts[i] = chance(g, 50) ? model_int(cut) : model_decimal(cut * 100 + 25, 2);
        score->parts[i] = chance(g, 5) && i + 1 == score->cut_count ? 100000000 : part;
    }
    for (size_t i = 0; i < score->cut_count + 2; i++)
        score->labels[i] = score->cut_count == 2 ? usual[i] : names[i];
}

/* The class of some number. */
static model_node *some_score(gen *g, int depth)
{
    static const int64_t quantiles[] = {4, 5, 10};
    model_node *children[2] = {ranked_value(g), NULL};
    model_score *score = model_alloc(g->arena, sizeof(*score));
    score->zeros = chance(g, 50);
    if (chance(g, 50)) {
        tier_cuts(g, score);
        /* Written cut points are numbers. */
        score->fixed = score->fixed && children[0]->kind != MODEL_FIGURE;
    } else {
        score->quantile = quantiles[below(g, 3)];
        score->cut_count = (size_t)score->quantile - 1;
        for (size_t i = 0; i < score->cut_count; i++)
            score->parts[i] = (int64_t)(i + 1) * 100000000 / score->quantile;
    }
    bool among = depth > 0 && !score->fixed && chance(g, 40);
    if (among)
        children[1] = gen_tree(g, depth - 1);
    model_node *node = gen_join(g, MODEL_SCORE, among ? 2 : 1, children);
    node->score = score;
    return node;
}

static model_node *score_in(gen *g, model_node *score, int64_t highest)
{
    model_node *node = gen_join(g, MODEL_IN, 1, &score);
    node->list_count = 1 + below(g, 3);
    node->list = model_alloc(g->arena, node->list_count * sizeof(*node->list));
    for (size_t i = 0; i < node->list_count; i++)
        node->list[i] = model_int(rng_range(&g->r, 0, highest));
    node->negated = chance(g, 30);
    return node;
}

/* A test of one class, or of several. */
static model_node *score_test(gen *g, int depth)
{
    model_node *left = some_score(g, depth);
    int64_t highest = (int64_t)left->score->cut_count + 1;
    if (left->score->quantile != 0 && chance(g, 15))
        return test_state(g, left);
    if (chance(g, 40))
        return score_in(g, left, highest);
    model_node *pair[2] = {left, literal(g, model_int(rng_range(&g->r, 0, highest)))};
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = (model_op)below(g, left->score->quantile == 0 ? 2 : 6);
    return node;
}

/* ---- recency, frequency, money ---- */

/* Cut points from the worst to the best, some of them equal. */
static void rfm_cuts(gen *g, model_rfm *rfm)
{
    static const int64_t day = INT64_C(86400000000);
    int64_t ago = rng_range(&g->r, 20, 400) * day, count = 0, money = rng_range(&g->r, -20, 40);
    for (int64_t i = 0; i + 1 < rfm->scale; i++) {
        rfm->cuts[MODEL_R][i] = model_int(chance(g, 30) ? ago + rng_range(&g->r, 0, day) : ago);
        ago = ago * rng_range(&g->r, 20, 95) / 100;
        ago -= chance(g, 70) ? ago % day : 0;
        count += rng_range(&g->r, 0, 3);
        money += rng_range(&g->r, 0, 40);
        rfm->cuts[MODEL_F][i] = model_int(count);
        rfm->cuts[MODEL_M][i] =
            chance(g, 50) ? model_int(money) : model_decimal(money * 100 + 5, 2);
    }
    for (int64_t i = rfm->scale - 2; i > 0; i--) {
        if (rfm->cuts[MODEL_R][i - 1].i < rfm->cuts[MODEL_R][i].i)
            rfm->cuts[MODEL_R][i - 1] = rfm->cuts[MODEL_R][i];
        if (model_compare(&rfm->cuts[MODEL_M][i - 1], &rfm->cuts[MODEL_M][i]) > 0)
            rfm->cuts[MODEL_M][i - 1] = rfm->cuts[MODEL_M][i];
    }
}

static void rfm_groups(gen *g, model_rfm *rfm)
{
    static const char *const names[] = {"best", "an odd: one", "third", "rest"};
    rfm->group_count = 2 + below(g, 3);
    for (size_t i = 0; i < rfm->group_count; i++) {
        rfm->groups[i].name = names[i];
        for (int k = 0; k < MODEL_MEASURES; k++)
            rfm->groups[i].least[k] = chance(g, 50) ? 0 : rng_range(&g->r, 1, rfm->scale);
    }
}

/* Only where has_money(). */
static model_node *some_rfm(gen *g, model_kind kind)
{
    model_node *node = gen_node(g, kind);
    model_rfm *rfm = model_alloc(g->arena, sizeof(*rfm));
    model_column column;
    do {
        node->selector = some_selector(g, 1);
        node->argument = some_argument(g, &node->selector, model_is_number, &column);
    } while (node->argument->kind != MODEL_PROPERTY || !is_money(&column));
    node->window = some_window(g, FOR_EVENTS);
    maybe_occasion(g, &node->window, false);
    node->rfm = rfm;
    node->measure = (int)below(g, MODEL_MEASURES);
    rfm->scale = chance(g, 60) ? 5 : rng_range(&g->r, 2, 10);
    rfm->fixed = chance(g, 40);
    if (rfm->fixed)
        rfm_cuts(g, rfm);
    if (kind != MODEL_RFM && (rfm->scale != 5 || chance(g, 30)))
        rfm_groups(g, rfm);
    return node;
}

static unsigned some_labels(gen *g, size_t count)
{
    return 1 + (unsigned)below(g, (1u << count) - 1);
}

/* A test of a group, or of a score. */
static model_node *rfm_test(gen *g)
{
    if (chance(g, 50)) {
        model_node *node = some_rfm(g, MODEL_GROUP);
        node->labels = some_labels(g, model_rfm_label_count(node->rfm));
        node->negated = chance(g, 25);
        return node;
    }
    model_node *pair[2] = {some_rfm(g, MODEL_RFM), NULL};
    for (size_t i = 0; g->catalog != NULL && i < g->catalog->count; i++) {
        if (g->catalog->segments[i].root->rfm == NULL ||
            g->catalog->segments[i].root->kind != MODEL_CLASS || !chance(g, 40))
            continue;
        pair[0]->kind = MODEL_CLASS_RFM;
        pair[0]->segment = i;
    }
    int64_t highest = pair[0]->rfm->scale;
    if (chance(g, 30))
        return score_in(g, pair[0], highest);
    pair[1] = literal(g, model_int(rng_range(&g->r, 0, highest)));
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = (model_op)below(g, 6);
    return node;
}

static model_node *split(gen *g)
{
    static const char *const seeds[] = {"exp-42", "global", "a much longer name of an experiment"};
    model_node *node = gen_node(g, MODEL_SPLIT);
    node->split.seed = seeds[below(g, 3)];
    node->split.low = chance(g, 50) ? 0 : rng_range(&g->r, 0, 100000000);
    node->split.high = chance(g, 10) ? 100000000 : rng_range(&g->r, node->split.low, 100000000);
    return node;
}

/* ---- sets, segments, states ---- */

static model_node *has(gen *g)
{
    model_node *left = attribute(g, some_attribute(g, is_set));
    static const model_column word = {"word", SEG_TYPE_STRING, 0, false};
    model_node *node = test_in(g, left, &word);
    node->kind = MODEL_HAS;
    node->negated = false;
    node->has = (model_has)below(g, 4);
    return node;
}

static model_node *segment(gen *g)
{
    if (g->catalog == NULL || g->catalog->count == 0)
        return did(g, GEN_DID);
    size_t index = below(g, g->catalog->count);
    const model_node *root = g->catalog->segments[index].root;
    model_node *node = gen_node(g, root->kind == MODEL_CLASS ? MODEL_LABEL : MODEL_SEGMENT);
    node->segment = index;
    if (node->kind == MODEL_LABEL) {
        node->labels = some_labels(g, root->rfm != NULL ? model_rfm_label_count(root->rfm)
                                                        : root->child_count + 1);
        node->negated = chance(g, 25);
    }
    return node;
}

static model_node *compare_other(gen *g)
{
    for (;;) {
        size_t i = below(g, g->feed->schema.attribute_count);
        const model_column *column = &g->feed->schema.attributes[i];
        if (model_is_number(column->type) || is_geo(column->type) || is_set(column->type))
            continue;
        return test_compare(g, attribute(g, i), column);
    }
}

static model_node *at_least(gen *g, int depth)
{
    model_node *children[5];
    size_t count = 2 + below(g, 4);
    for (size_t i = 0; i < count; i++)
        children[i] = gen_tree(g, depth - 1);
    model_node *node = gen_join(g, MODEL_AT_LEAST, count, children);
    node->count = 1 + (int64_t)below(g, count);
    return node;
}

static bool in_fits(seg_type type)
{
    return can_in(type);
}

static model_node *attribute_test(gen *g, gen_class class)
{
    const model_schema *schema = &g->feed->schema;
    bool (*fits)(seg_type) = class == GEN_COMPARE_NUMBER || class == GEN_BETWEEN ? model_is_number
                             : class == GEN_IN                                   ? in_fits
                             : class == GEN_TRUTH                                ? is_bool
                             : class == GEN_TEXT                                 ? is_string
                             : class == GEN_GEO                                  ? is_geo
                             : class == GEN_TIME                                 ? is_time
                                                                                 : is_any;
    size_t index = some_attribute(g, fits);
    const model_column *column = &schema->attributes[index];
    model_node *left = attribute(g, index);
    switch (class) {
    case GEN_COMPARE_NUMBER: return test_compare(g, left, column);
    case GEN_BETWEEN: return test_between(g, left, column);
    case GEN_IN: return test_in(g, left, column);
    case GEN_TRUTH: return gen_join(g, MODEL_TRUTH, 1, &left);
    case GEN_TEXT: return test_text(g, left, column);
    case GEN_GEO: return test_geo(g, left);
    case GEN_TIME:
        return chance(g, 35) ? test_day_of_year(g, left, false) : test_time(g, left, column, false);
    default: return test_state(g, left);
    }
}

model_node *gen_operand(gen *g, gen_class class, int depth)
{
    model_node *child;
    switch (class) {
    case GEN_CONSTANT: return gen_node(g, chance(g, 70) ? MODEL_EVERYONE : MODEL_NOBODY);
    case GEN_COMPARE_OTHER: return compare_other(g);
    case GEN_HAS: return has(g);
    case GEN_DID:
    case GEN_DID_COUNT:
    case GEN_DID_PERIODS: return did(g, class);
    case GEN_EDGE: return edge(g);
    case GEN_AGGREGATE: return aggregate_test(g);
    case GEN_ARITH: return arith_test(g);
    case GEN_SEGMENT: return segment(g);
    case GEN_SEQUENCE: return g->feed->crowded ? edge(g) : gen_sequence(g);
    case GEN_RANK: return rank(g, depth);
    case GEN_SCORE: return score_test(g, depth);
    case GEN_RFM: return has_money(g) ? rfm_test(g) : rank(g, depth);
    case GEN_SPLIT: return split(g);
    case GEN_LIFE: return life(g);
    case GEN_SESSION: return session(g);
    case GEN_HISTORY: child = gen_history(g); return child != NULL ? child : did(g, GEN_DID);
    case GEN_NOT:
        child = gen_tree(g, depth > 0 ? depth - 1 : 0);
        return gen_join(g, MODEL_NOT, 1, &child);
    case GEN_AT_LEAST: return at_least(g, depth > 0 ? depth : 1);
    default: return attribute_test(g, class);
    }
}

model_node *gen_tree(gen *g, int depth)
{
    if (depth <= 0 || chance(g, 35)) {
        gen_class class = (gen_class)below(g, GEN_NOT);
        if (class == GEN_CONSTANT && !chance(g, 30))
            class = GEN_DID;
        return gen_operand(g, class, depth);
    }
    static const model_kind kinds[] = {MODEL_AND, MODEL_AND, MODEL_OR,
                                       MODEL_OR,  MODEL_XOR, MODEL_EXCEPT};
    model_node *children[4];
    size_t pick = below(g, 8), count = 2 + below(g, 2);
    if (pick >= 6)
        return gen_operand(g, pick == 6 ? GEN_NOT : GEN_AT_LEAST, depth);
    if (kinds[pick] == MODEL_EXCEPT)
        count = 2;
    for (size_t i = 0; i < count; i++)
        children[i] = gen_tree(g, depth - 1);
    return gen_join(g, kinds[pick], count, children);
}

model_node *gen_definition(gen *g, int depth)
{
    model_node *children[3];
    size_t count = 1 + below(g, 3);
    if (chance(g, 60))
        return gen_tree(g, depth);
    if (chance(g, 40) && has_money(g))
        return some_rfm(g, MODEL_CLASS);
    for (size_t i = 0; i < count; i++)
        children[i] = gen_tree(g, depth > 0 ? depth - 1 : 0);
    return gen_join(g, MODEL_CLASS, count, children);
}

model_node *gen_share(gen *g, uint32_t percent)
{
    model_node *pair[2] = {attribute(g, 0), literal(g, model_int((int64_t)percent * 10))};
    model_node *node = gen_join(g, MODEL_COMPARE, 2, pair);
    node->op = MODEL_LT;
    return node;
}

model_moment gen_moment(gen *g)
{
    return some_moment(g);
}

model_value gen_number(gen *g, const model_column *column)
{
    return number_literal(g, column);
}

model_selector gen_selector(gen *g)
{
    return some_selector(g, 1);
}

model_window gen_window(gen *g)
{
    return some_window(g, FOR_EVENTS);
}

model_span gen_span(gen *g)
{
    return some_span(g);
}

model_bound gen_bound(gen *g)
{
    return some_bound(g);
}

bool gen_selects(gen *g, const model_selector *selector, size_t property)
{
    return selector_has(g, selector, property);
}

void gen_using(gen *g, model_segment *segment)
{
    segment->zone = chance(g, 15) ? model_zone_known(below(g, 12)) : NULL;
    segment->zone_user = segment->zone == NULL && chance(g, 5);
    segment->week_start = chance(g, 15) ? (chance(g, 50) ? 7 : 1) : 0;
}
