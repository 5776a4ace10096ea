/* Tests against constants, turned into slots, bounds and dictionary codes.
 *
 * What is decided here once per evaluation need not be decided per row: a decimal literal becomes
 * the last whole slot on its side, a text its code, a pattern the bits of all codes that match, a
 * circle a box. A constant that the type cannot hold leaves all set values, or none. Comparisons of
 * float literals with whole numbers have no such form, they are compared as values (vector.c).
 * Texts cost a walk over the dictionary, O(distinct texts), however many rows there are. */
#include <math.h>
#include <string.h>

#include "exec/exec_int.h"

segi_compare segi_compare_flip(segi_compare op)
{
    switch (op) {
    case SEGI_LT: return SEGI_GT;
    case SEGI_LE: return SEGI_GE;
    case SEGI_GT: return SEGI_LT;
    case SEGI_GE: return SEGI_LE;
    default: return op;
    }
}

/* Digits behind the point that a slot of the type carries. */
static int32_t match_scale(segi_value_type type)
{
    return type.type == SEG_TYPE_DECIMAL ? type.scale : 0;
}

/* ---- numbers ---- */

/* Bounds that cross leave nobody. */
static void match_bounds(segi_match *m, int64_t low, int64_t high)
{
    m->kind = low <= high ? SEGI_MATCH_RANGE : SEGI_MATCH_NOTHING;
    m->low = low;
    m->high = high;
}

/* x op constant, where the constant lies beyond what x can hold. */
static void match_beyond(segi_match *m, segi_compare op, int side)
{
    bool all = op == SEGI_NE ||
               (side > 0 ? op == SEGI_LT || op == SEGI_LE : op == SEGI_GT || op == SEGI_GE);
    m->kind = all ? SEGI_MATCH_SET : SEGI_MATCH_NOTHING;
}

/* `mantissa` x 10^-from against slots of scale `to`. Where the constant lies between two slots
 * the floor of it stands for the lower one, and <= is the same as <. */
static void match_exact(segi_match *m, segi_compare op, int64_t mantissa, int32_t from, int32_t to)
{
    int64_t floor;
    bool exact;
    int side = segi_decimal_floor(mantissa, from, to, &floor, &exact);
    if (side != 0) {
        match_beyond(m, op, side);
        return;
    }
    bool strict = op == SEGI_LT || op == SEGI_GE; /* the floor itself is on the far side */
    switch (op) {
    case SEGI_EQ:
    case SEGI_NE:
        if (!exact) {
            match_beyond(m, op, 1);
            break;
        }
        match_bounds(m, floor, floor);
        m->negated = op == SEGI_NE;
        break;
    case SEGI_LT:
    case SEGI_LE:
        if (strict && exact && floor == INT64_MIN)
            m->kind = SEGI_MATCH_NOTHING;
        else
            match_bounds(m, INT64_MIN, strict && exact ? floor - 1 : floor);
        break;
    default:
        if (strict && exact)
            match_bounds(m, floor, INT64_MAX);
        else if (floor == INT64_MAX)
            m->kind = SEGI_MATCH_NOTHING;
        else
            match_bounds(m, floor + 1, INT64_MAX);
        break;
    }
}

/* NaN is never stored, so plain bounds say it all. */
static void match_float(segi_match *m, segi_compare op, double value)
{
    m->kind = SEGI_MATCH_FLOAT;
    m->float_low = -INFINITY;
    m->float_high = INFINITY;
    switch (op) {
    case SEGI_EQ:
    case SEGI_NE:
        m->float_low = m->float_high = value;
        m->negated = op == SEGI_NE;
        break;
    case SEGI_LT:
    case SEGI_LE:
        m->float_high = value;
        m->high_open = op == SEGI_LT;
        break;
    default:
        m->float_low = value;
        m->low_open = op == SEGI_GT;
        break;
    }
}

/* False where the pair needs a comparison of values instead. */
static bool match_number(segi_match *m, segi_compare op, const segi_prep_value *value,
                         const segi_prep_value *constant)
{
    if (value->type.type == SEG_TYPE_FLOAT64) {
        match_float(m, op, segi_slot_as_float(constant->type, constant->slot));
        return true;
    }
    if (constant->type.type == SEG_TYPE_FLOAT64)
        return false;
    match_exact(m, op, constant->slot, match_scale(constant->type), match_scale(value->type));
    return true;
}

/* ---- strings ---- */

/* Codes whose text passes; set while walking the dictionary. */
static uint64_t *match_code_bits(segi_prep *p, const segi_texts *strings)
{
    return segi_prep_alloc(p, (size_t)strings->count / 64 + 1, sizeof(uint64_t));
}

/* A dictionary may hold millions of texts, and a pattern takes its time with each: look at the
 * interrupt now and then. */
static bool match_go_on(segi_prep *p, uint32_t code)
{
    const segi_progress *progress = p->run->progress;
    if (code % 4096 == 0 && p->status == SEG_OK && progress &&
        atomic_load_explicit(&progress->interrupted, memory_order_relaxed))
        p->status = segi_fail(p->err, SEG_E_INTERRUPTED, "the evaluation was interrupted");
    return p->status == SEG_OK;
}

/* Few runs of neighbouring codes are kept as such. */
static void match_find_runs(segi_match *m)
{
    uint64_t words = m->code_count / 64 + 1;
    int64_t last = -2;
    m->run_count = 0;
    for (uint64_t i = 0; i < words; i++) {
        for (uint64_t word = m->codes[i]; word; word &= word - 1) {
            int64_t code = (int64_t)(i * 64) + segi_ctz(word);
            if (code == last + 1) {
                m->runs[m->run_count - 1][1] = code;
            } else if (m->run_count == SEGI_MATCH_RUNS_MAX) {
                m->run_count = 0;
                return;
            } else {
                m->runs[m->run_count][0] = m->runs[m->run_count][1] = code;
                m->run_count++;
            }
            last = code;
        }
    }
}

static void match_use_codes(segi_match *m, const segi_texts *strings, const uint64_t *bits)
{
    m->kind = SEGI_MATCH_CODES;
    m->codes = bits;
    m->code_count = strings->count;
    if (bits)
        match_find_runs(m);
}

/* The common code of a text; UINT32_MAX if no value has it. */
static uint32_t match_find(const segi_texts *strings, const char *text, size_t size)
{
    for (uint32_t d = 0; d < strings->dict_count; d++) {
        uint32_t code;
        if (!strings->dicts[d] || !segi_dict_find(strings->dicts[d], text, size, &code))
            continue;
        return strings->dict_count < 2 ? code : strings->to_code[d][code];
    }
    return UINT32_MAX;
}

/* Equality is one code. An order takes a walk over the dictionary, whose codes come in order of
 * arrival. */
static bool match_string(segi_prep *p, segi_match *m, segi_compare op, const segi_texts *strings,
                         const segi_literal *literal)
{
    if (op == SEGI_EQ || op == SEGI_NE) {
        uint32_t code = match_find(strings, literal->text, literal->text_size);
        if (code == UINT32_MAX) {
            match_beyond(m, op, 1);
        } else {
            match_bounds(m, code, code);
            m->negated = op == SEGI_NE;
        }
        return true;
    }
    uint64_t *bits = match_code_bits(p, strings);
    for (uint32_t code = 0; code < strings->count && match_go_on(p, code); code++) {
        size_t size;
        const char *text = segi_texts_get(strings, code, &size);
        if (segi_text_compare(op, text, size, literal->text, literal->text_size))
            segi_bit_set(bits, code);
    }
    match_use_codes(m, strings, bits);
    return p->status == SEG_OK;
}

/* One look at each text, by the meaning that lang gives the test. */
static bool match_text_test(segi_prep *p, segi_match *m, const segi_node *node,
                            const segi_texts *strings)
{
    uint64_t *bits = match_code_bits(p, strings);
    const segi_literal *pattern = &node->list[0];
    for (uint32_t code = 0; code < strings->count && match_go_on(p, code); code++) {
        size_t size;
        const char *text = segi_texts_get(strings, code, &size);
        if (segi_text_matches(node->text, node->fold, pattern->text, pattern->text_size, text,
                              size))
            segi_bit_set(bits, code);
    }
    match_use_codes(m, strings, bits);
    return p->status == SEG_OK;
}

/* ---- lists ---- */

/* Texts that nobody has add no bit. */
static bool match_list_strings(segi_prep *p, segi_match *m, const segi_node *node,
                               const segi_texts *strings)
{
    uint64_t *bits = match_code_bits(p, strings);
    for (uint32_t i = 0; bits && i < node->list_count; i++) {
        uint32_t code = match_find(strings, node->list[i].text, node->list[i].text_size);
        if (code != UINT32_MAX)
            segi_bit_set(bits, code);
    }
    match_use_codes(m, strings, bits);
    return p->status == SEG_OK;
}

/* Shell's sort, in place: lists are short, and one that is not is sorted once per evaluation. */
static void match_sort_slots(int64_t *slots, uint32_t count)
{
    for (uint32_t gap = count / 2; gap > 0; gap /= 2) {
        for (uint32_t i = gap; i < count; i++) {
            int64_t slot = slots[i];
            uint32_t j = i;
            for (; j >= gap && slots[j - gap] > slot; j -= gap)
                slots[j] = slots[j - gap];
            slots[j] = slot;
        }
    }
}

/* The slot that equals a literal; false if no value of the type does. */
static bool match_literal_slot(segi_value_type type, const segi_literal *literal, int64_t *out)
{
    if (type.type == SEG_TYPE_FLOAT64) {
        *out = segi_slot_of_float(segi_slot_as_float(literal->type, literal->slot));
        return true;
    }
    bool exact;
    return segi_decimal_floor(literal->slot, match_scale(literal->type), match_scale(type), out,
                              &exact) == 0 &&
           exact;
}

/* A float literal beside a value that is no float: equal if both are as floats, which no list of
 * slots can say. */
static bool match_list_fits(const segi_node *node, segi_value_type type)
{
    for (uint32_t i = 0; i < node->list_count; i++) {
        if (node->list[i].type.type == SEG_TYPE_FLOAT64 && type.type != SEG_TYPE_FLOAT64)
            return false;
    }
    return true;
}

/* Elements that no value can equal are left out. */
static bool match_list(segi_prep *p, segi_match *m, const segi_node *node,
                       const segi_prep_value *value)
{
    m->negated = node->negated;
    if (value->strings)
        return match_list_strings(p, m, node, value->strings);
    if (!match_list_fits(node, value->type))
        return false;
    int64_t *slots = segi_prep_alloc(p, node->list_count, sizeof *slots);
    if (!slots)
        return false;
    for (uint32_t i = 0; i < node->list_count; i++) {
        if (match_literal_slot(value->type, &node->list[i], &slots[m->slot_count]))
            m->slot_count++;
    }
    match_sort_slots(slots, m->slot_count);
    m->kind = SEGI_MATCH_SLOTS;
    m->slots = slots;
    return true;
}

/* ---- places ---- */

/* Rounded outwards to the unit of stored places. */
static void match_box(segi_match *m, double south, double north, double west, double east)
{
    m->south = (int32_t)floor((south < -90 ? -90 : south) * 1e7);
    m->north = (int32_t)ceil((north > 90 ? 90 : north) * 1e7);
    m->west = (int32_t)floor(west * 1e7);
    m->east = (int32_t)ceil(east * 1e7);
}

/* Latitudes and longitudes that a circle can reach, a little too wide rather than too narrow. */
static void match_radius_box(segi_match *m, const segi_node *node)
{
    const double degrees = 180 / 3.14159265358979323846, earth = 6371008.8;
    double angle = node->meters / earth * 1.000001 + 1e-9;
    double south = node->point.latitude - angle * degrees;
    double north = node->point.latitude + angle * degrees;
    double reach = 180;
    if (south > -89.9 && north < 89.9) {
        /* Where the circle's sides touch their meridians: sin(reach) = sin(angle) / cos(lat). */
        double sine = sin(angle) / cos(node->point.latitude / degrees);
        if (sine < 1)
            reach = asin(sine) * degrees + 1e-6;
    }
    double west = node->point.longitude - reach, east = node->point.longitude + reach;
    if (reach >= 179) {
        west = -180;
        east = 180;
    } else if (west < -180) {
        west += 360;
    } else if (east > 180) {
        east -= 360;
    }
    match_box(m, south, north, west, east);
}

static void match_polygon_box(segi_match *m, const segi_node *node)
{
    double south = 90, north = -90, west = 180, east = -180;
    for (uint32_t r = 0; r < node->ring_count; r++) {
        for (uint32_t i = 0; i < node->rings[r].count; i++) {
            segi_point point = node->rings[r].points[i];
            south = point.latitude < south ? point.latitude : south;
            north = point.latitude > north ? point.latitude : north;
            west = point.longitude < west ? point.longitude : west;
            east = point.longitude > east ? point.longitude : east;
        }
    }
    match_box(m, south, north, west, east);
}

/* ---- by node ---- */

/* False: the other side is no constant. */
static bool match_compare(segi_prep *p, segi_match *m, segi_compare op,
                          const segi_prep_value *value, const segi_prep_value *constant)
{
    if (constant->form != SEGI_VALUE_CONSTANT)
        return false;
    if (value->strings)
        return match_string(p, m, op, value->strings, constant->literal);
    return match_number(m, op, value, constant);
}

/* Texts between two constant texts: codes of the dictionary, as for one bound. */
static bool match_between_texts(segi_prep *p, segi_match *m, const segi_texts *strings,
                                const segi_literal *lower, const segi_literal *upper)
{
    uint64_t *bits = match_code_bits(p, strings);
    for (uint32_t code = 0; code < strings->count && match_go_on(p, code); code++) {
        size_t size;
        const char *text = segi_texts_get(strings, code, &size);
        if (segi_text_compare(SEGI_GE, text, size, lower->text, lower->text_size) &&
            segi_text_compare(SEGI_LE, text, size, upper->text, upper->text_size))
            segi_bit_set(bits, code);
    }
    match_use_codes(m, strings, bits);
    return p->status == SEG_OK;
}

/* Both bounds of a range at once. */
static bool match_between(segi_prep *p, segi_match *m, const segi_prep_value *value,
                          const segi_prep_value *lower, const segi_prep_value *upper)
{
    segi_match low = {0}, high = {0};
    if (value->strings)
        return match_between_texts(p, m, value->strings, lower->literal, upper->literal);
    if (!match_compare(p, &low, SEGI_GE, value, lower) ||
        !match_compare(p, &high, SEGI_LE, value, upper))
        return false;
    if (low.kind == SEGI_MATCH_NOTHING || high.kind == SEGI_MATCH_NOTHING) {
        m->kind = SEGI_MATCH_NOTHING;
    } else if (low.kind == SEGI_MATCH_SET) {
        *m = high;
    } else if (high.kind == SEGI_MATCH_SET) {
        *m = low;
    } else if (low.kind == SEGI_MATCH_FLOAT) {
        *m = low;
        m->float_high = high.float_high;
        m->high_open = high.high_open;
    } else {
        match_bounds(m, low.low, high.high);
    }
    return true;
}

static void match_state(segi_match *m, segi_state state)
{
    m->kind = state == SEGI_STATE_SET    ? SEGI_MATCH_SET
              : state == SEGI_STATE_NULL ? SEGI_MATCH_IS_NULL
                                         : SEGI_MATCH_IS_ABSENT;
}

/* A window that is the same for all users is a range of slots. */
static void match_time(segi_prep *p, segi_match *m, const segi_node *node, segi_value_type type)
{
    const segi_zone *zone =
        node->window.zone.zone ? node->window.zone.zone : p->run->snapshot->schema->zone;
    int64_t begin, end;
    if (type.type == SEG_TYPE_DATE) {
        int32_t first, last;
        segi_window_dates(&node->window, zone, p->run->now, &first, &last);
        begin = first;
        end = last;
    } else {
        segi_window_bounds(&node->window, zone, p->run->now, 0, false, &begin, &end);
    }
    if (begin >= end)
        m->kind = SEGI_MATCH_NOTHING;
    else
        match_bounds(m, begin, end - 1);
}

/* False where the node has no form as a match. */
static bool match_node(segi_prep *p, segi_match *m, const segi_node *node,
                       const segi_prep_value *value, const segi_prep_value *right,
                       const segi_prep_value *upper)
{
    switch (node->kind) {
    case SEGI_NODE_COMPARE: return match_compare(p, m, node->op, value, right);
    case SEGI_NODE_BETWEEN: return match_between(p, m, value, right, upper);
    case SEGI_NODE_IN: return match_list(p, m, node, value);
    case SEGI_NODE_TRUTH: match_bounds(m, 1, 1); return true;
    case SEGI_NODE_STATE: match_state(m, node->state); return true;
    case SEGI_NODE_TEXT: return match_text_test(p, m, node, value->strings);
    case SEGI_NODE_RADIUS:
        m->kind = SEGI_MATCH_RADIUS;
        m->node = node;
        match_radius_box(m, node);
        return true;
    case SEGI_NODE_POLYGON:
        m->kind = SEGI_MATCH_POLYGON;
        m->node = node;
        match_polygon_box(m, node);
        return true;
    case SEGI_NODE_TIME:
        if (segi_prep_window_each(&node->window, value->type.type == SEG_TYPE_DATE))
            return false;
        match_time(p, m, node, value->type);
        return true;
    default: return false;
    }
}

const segi_match *segi_prep_match(segi_prep *p, const segi_node *node, const segi_prep_value *value,
                                  const segi_prep_value *right, const segi_prep_value *upper)
{
    segi_match *m = SEGI_PREP_NEW(p, segi_match);
    if (!m || !match_node(p, m, node, value, right, upper))
        return NULL;
    return p->status == SEG_OK ? m : NULL;
}
