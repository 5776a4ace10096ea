/* Tests of values: `where` over the rows of a part, and the value part of a leaf over users.
 *
 * A test against constants reads the column as it lies. Everything else goes through dense
 * vectors of at most 65,536 values: rows in slices, users as the list of candidates. Both roads
 * share one walk over the test's tree; they differ only in where values come from.
 *
 * Bits past the count are clear in every result, so that complements and counts of words hold.
 * A comparison of an undefined value is false, also != (S-13); `not` is a complement, so it holds
 * for undefined values. */
#include <string.h>

#include "exec/exec_int.h"

/* Where values come from: rows of a part, or users. */
typedef struct filter_input {
    segi_worker *w;
    const segi_part *part; /* NULL: users */
    uint32_t position;
    uint32_t row_begin;
    const uint16_t *row_lows;
    segi_users users;
    uint32_t count;
} filter_input;

static size_t filter_words(uint32_t count)
{
    return ((size_t)count + 63) / 64;
}

/* The column of a property in the part; NULL where no row has a value. */
static const segi_col *filter_column(const filter_input *in, const segi_prep_value *value)
{
    const segi_field *field =
        in->position < value->field_count ? value->fields[in->position] : NULL;
    if (!field || field->index >= in->part->column_count)
        return NULL;
    return &in->part->columns[field->index];
}

/* ---- values of rows ---- */

/* A column's rows as a dense vector. Slots of rows that are not set are arbitrary. */
static void filter_decode(const segi_col *col, uint32_t begin, uint32_t count, segi_vector *out)
{
    size_t bytes = filter_words(count) * sizeof *out->set;
    memset(out->null, 0, bytes);
    if (!col || col->type == 0) {
        memset(out->set, 0, bytes);
        return;
    }
    for (uint32_t i = 0; i < count; i++)
        out->slots[i] = segi_col_slot(col, begin + i);
    if (col->set)
        segi_bits_extract(col->set, begin, count, out->set);
    else if (col->none_set)
        memset(out->set, 0, bytes);
    else
        segi_bits_fill(out->set, count);
    if (col->null)
        segi_bits_extract(col->null, begin, count, out->null);
}

/* Codes of the row's own dictionary into those that all types of the selector share. */
static void filter_to_common_codes(const segi_prep_value *value, uint32_t position, uint32_t count,
                                   segi_vector *out)
{
    const segi_texts *strings = value->strings;
    /* A type defined after the compile has no position among the dictionaries, and no values. */
    if (!strings || strings->dict_count < 2 || position >= strings->dict_count)
        return;
    for (uint32_t i = 0; i < count; i++) {
        if (segi_bit_get(out->set, i))
            out->slots[i] = strings->to_code[position][out->slots[i]];
    }
}

/* What the clock and the calendar of a zone say at a local time. */
int64_t segi_civil_field(segi_builtin builtin, int64_t local)
{
    int32_t days = (int32_t)segi_floor_div(local, SEGI_DAY);
    int32_t year, month, day;
    switch (builtin) {
    case SEGI_BUILTIN_DATE: return days;
    case SEGI_BUILTIN_HOUR: return (local - (int64_t)days * SEGI_DAY) / SEGI_HOUR;
    case SEGI_BUILTIN_WEEKDAY: return segi_civil_weekday(days);
    default: break;
    }
    segi_civil_from_days(days, &year, &month, &day);
    if (builtin == SEGI_BUILTIN_DAY)
        return day;
    return builtin == SEGI_BUILTIN_MONTH ? month : year;
}

/* Zones keep one offset for months: it is looked up once per stretch, not once per row. */
static void filter_civil(const filter_input *in, const segi_prep_value *value, segi_vector *out)
{
    segi_builtin builtin = value->node->builtin;
    const segi_zone *zone = value->zones->fallback, *before = NULL;
    int64_t begin = 0, end = 0, offset = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        int64_t instant = segi_col_slot(&in->part->time, in->row_begin + i);
        if (builtin == SEGI_BUILTIN_TIME) {
            out->slots[i] = instant;
            continue;
        }
        if (in->row_lows)
            zone = segi_user_zone(in->w, value->zones, in->row_lows[i]);
        if (zone != before || instant < begin || instant >= end) {
            offset = segi_zone_span(zone, instant, &begin, &end) * SEGI_SECOND;
            before = zone;
        }
        out->slots[i] = segi_civil_field(builtin, instant + offset);
    }
    segi_bits_fill(out->set, in->count);
    memset(out->null, 0, filter_words(in->count) * sizeof *out->null);
}

static void filter_constant(const segi_prep_value *value, uint32_t count, segi_vector *out)
{
    for (uint32_t i = 0; i < count; i++)
        out->slots[i] = value->slot;
    segi_bits_fill(out->set, count);
    memset(out->null, 0, filter_words(count) * sizeof *out->null);
}

static void filter_value(const filter_input *in, const segi_prep_value *value, segi_vector *out);

/* Holds two vectors while its operands are worked out. */
static void filter_arith(const filter_input *in, const segi_prep_value *value, segi_vector *out)
{
    segi_vector *left = segi_worker_vector_push(in->w);
    segi_vector *right = left ? segi_worker_vector_push(in->w) : NULL;
    if (right) {
        filter_value(in, value->left, left);
        filter_value(in, value->right, right);
        segi_vector_arith(value, left, right, in->count, out, in->w);
        segi_worker_vector_pop(in->w);
    }
    if (left)
        segi_worker_vector_pop(in->w);
}

static void filter_shift(const filter_input *in, const segi_prep_value *value, segi_vector *out)
{
    filter_value(in, value->left, out);
    int sign = value->node->arith == SEGI_MINUS ? -1 : 1;
    for (uint32_t i = 0; i < in->count; i++) {
        const segi_zone *zone = value->zones->fallback;
        if (in->row_lows)
            zone = segi_user_zone(in->w, value->zones, in->row_lows[i]);
        if (segi_bit_get(out->set, i))
            out->slots[i] = segi_duration_add(out->slots[i], value->node->shift, sign, zone);
    }
}

/* A local moment in the zone of each row's user. */
static void filter_moment(const filter_input *in, const segi_prep_value *value, segi_vector *out)
{
    filter_constant(value, in->count, out);
    for (uint32_t i = 0; in->row_lows && i < in->count; i++)
        out->slots[i] = segi_moment_instant(value->node->moment,
                                            segi_user_zone(in->w, value->zones, in->row_lows[i]));
}

/* The one place where rows and users part. */
static void filter_value(const filter_input *in, const segi_prep_value *value, segi_vector *out)
{
    if (!in->part) {
        segi_value_users(in->w, value, in->users, out);
        return;
    }
    switch (value->form) {
    case SEGI_VALUE_CONSTANT: filter_constant(value, in->count, out); break;
    case SEGI_VALUE_COLUMN:
        filter_decode(filter_column(in, value), in->row_begin, in->count, out);
        filter_to_common_codes(value, in->position, in->count, out);
        break;
    case SEGI_VALUE_CIVIL: filter_civil(in, value, out); break;
    case SEGI_VALUE_ARITH: filter_arith(in, value, out); break;
    case SEGI_VALUE_SHIFT: filter_shift(in, value, out); break;
    case SEGI_VALUE_MOMENT: filter_moment(in, value, out); break;
    default: segi_worker_fail(in->w, SEG_E_INTERNAL, "a filter holds a value of users"); break;
    }
}

void segi_filter_row_values(segi_worker *w, const segi_prep_value *value, const segi_part *part,
                            uint32_t position, uint32_t row_begin, uint32_t count,
                            const uint16_t *row_lows, segi_vector *out)
{
    filter_input in = {.w = w,
                       .part = part,
                       .position = position,
                       .row_begin = row_begin,
                       .row_lows = row_lows,
                       .count = count};
    filter_value(&in, value, out);
}

/* ---- the tree ---- */

static void filter_eval(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits);

/* Straight from the column where its codes or numbers are what the test was made for. */
static void filter_match(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    const segi_prep_value *value = filter->values[0];
    bool plain = !value->strings || value->strings->dict_count < 2;
    if (in->part && value->form == SEGI_VALUE_COLUMN && plain) {
        segi_match_rows(filter->match, filter_column(in, value), in->row_begin, in->count, NULL,
                        bits);
        return;
    }
    segi_vector *v = segi_worker_vector_push(in->w);
    if (!v)
        return;
    filter_value(in, value, v);
    segi_match_vector(filter->match, v, in->count, bits);
    segi_worker_vector_pop(in->w);
}

/* Texts of two values, which may be of two dictionaries: their bytes are compared. */
static void filter_text_compare(const segi_prep_filter *filter, const segi_vector *left,
                                const segi_vector *right, uint32_t count, uint64_t *bits)
{
    memset(bits, 0, filter_words(count) * sizeof *bits);
    for (uint32_t i = 0; i < count; i++) {
        if (!segi_bit_get(left->set, i) || !segi_bit_get(right->set, i))
            continue;
        size_t a_size, b_size;
        const char *a =
            segi_texts_get(filter->values[0]->strings, (uint32_t)left->slots[i], &a_size);
        const char *b =
            segi_texts_get(filter->values[1]->strings, (uint32_t)right->slots[i], &b_size);
        if (segi_text_compare(filter->op, a, a_size, b, b_size))
            segi_bit_set(bits, i);
    }
}

/* bits of first op other, where `other` is still to be worked out. */
static void filter_pair(const filter_input *in, const segi_prep_filter *filter, segi_compare op,
                        const segi_prep_value *other, const segi_vector *first, uint64_t *bits)
{
    segi_vector *second = segi_worker_vector_push(in->w);
    if (!second)
        return;
    filter_value(in, other, second);
    /* A value that failed left its vector as it was: those are no codes of this dictionary. */
    if (in->w->status != SEG_OK)
        memset(bits, 0, filter_words(in->count) * sizeof *bits);
    else if (filter->form == SEGI_TEST_TEXT_COMPARE)
        filter_text_compare(filter, first, second, in->count, bits);
    else
        segi_vector_compare(op, filter->values[0]->type, first, other->type, second, in->count,
                            bits);
    segi_worker_vector_pop(in->w);
}

/* BETWEEN works the value out once and compares it with either bound. */
static void filter_compare(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    segi_vector *first = segi_worker_vector_push(in->w);
    if (!first)
        return;
    filter_value(in, filter->values[0], first);
    if (filter->form == SEGI_TEST_BETWEEN) {
        uint64_t *upper = segi_worker_bits_push(in->w, filter_words(in->count));
        if (upper) {
            filter_pair(in, filter, SEGI_GE, filter->values[1], first, bits);
            filter_pair(in, filter, SEGI_LE, filter->values[2], first, upper);
            for (size_t i = 0; i < filter_words(in->count); i++)
                bits[i] &= upper[i];
            segi_worker_bits_pop(in->w);
        }
    } else {
        filter_pair(in, filter, filter->op, filter->values[1], first, bits);
    }
    segi_worker_vector_pop(in->w);
}

/* Rows come user by user, so bounds are worked out once per user. */
static void window_rows(const filter_input *in, const segi_prep_window *window,
                        const segi_vector *v, uint64_t *bits)
{
    int64_t begin = 0, end = 0;
    for (uint32_t i = 0; i < in->count; i++) {
        if (i == 0 || (in->row_lows && in->row_lows[i] != in->row_lows[i - 1])) {
            const segi_zone *zone = window->zones->fallback;
            if (in->row_lows)
                zone = segi_user_zone(in->w, window->zones, in->row_lows[i]);
            segi_window_one(in->w, window, zone, 0, &begin, &end);
        }
        if (segi_bit_get(v->set, i) && v->slots[i] >= begin && v->slots[i] < end)
            segi_bit_set(bits, i);
    }
}

/* Users may be anchored, so bounds are asked for all of the list at once. */
static void window_users(const filter_input *in, const segi_prep_window *window,
                         const segi_vector *v, uint64_t *bits)
{
    segi_vector *begins = segi_worker_vector_push(in->w);
    segi_vector *ends = begins ? segi_worker_vector_push(in->w) : NULL;
    if (ends) {
        segi_window_users(in->w, window, in->users, begins->slots, ends->slots);
        for (uint32_t i = 0; i < in->count; i++) {
            if (segi_bit_get(v->set, i) && v->slots[i] >= begins->slots[i] &&
                v->slots[i] < ends->slots[i])
                segi_bit_set(bits, i);
        }
        segi_worker_vector_pop(in->w);
    }
    if (begins)
        segi_worker_vector_pop(in->w);
}

/* A window whose bounds differ from user to user. */
static void filter_window(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    memset(bits, 0, filter_words(in->count) * sizeof *bits);
    segi_vector *v = segi_worker_vector_push(in->w);
    if (!v)
        return;
    filter_value(in, filter->values[0], v);
    if (in->part)
        window_rows(in, filter->window, v, bits);
    else
        window_users(in, filter->window, v, bits);
    segi_worker_vector_pop(in->w);
}

/* Dates come as values; what they are tested for is in occasion.c. */
static void filter_occasion(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    memset(bits, 0, filter_words(in->count) * sizeof *bits);
    segi_vector *v = segi_worker_vector_push(in->w);
    if (!v)
        return;
    filter_value(in, filter->values[0], v);
    if (in->w->status == SEG_OK)
        segi_occasion_test(in->w, filter, v, in->count, in->part ? in->row_lows : in->users.lows,
                           bits);
    segi_worker_vector_pop(in->w);
}

/* `not`: bits past the count stay clear. */
static void filter_complement(uint64_t *bits, uint32_t count)
{
    for (size_t i = 0; i < filter_words(count); i++)
        bits[i] = ~bits[i];
    if (count & 63)
        bits[count / 64] &= ((uint64_t)1 << (count & 63)) - 1;
}

/* and, or, xor: one child after the other. */
static void filter_fold(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    size_t words = filter_words(in->count);
    filter_eval(in, filter->children[0], bits);
    uint64_t *next = segi_worker_bits_push(in->w, words + 1);
    if (!next)
        return;
    for (uint32_t c = 1; c < filter->child_count && in->w->status == SEG_OK; c++) {
        filter_eval(in, filter->children[c], next);
        for (size_t i = 0; i < words; i++) {
            if (filter->form == SEGI_TEST_AND)
                bits[i] &= next[i];
            else if (filter->form == SEGI_TEST_OR)
                bits[i] |= next[i];
            else
                bits[i] ^= next[i];
        }
    }
    segi_worker_bits_pop(in->w);
}

/* level[k] holds the places where more than k of the children seen so far hold. */
static void filter_at_least(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    size_t words = filter_words(in->count);
    uint64_t *level = segi_worker_bits_push(in->w, words * filter->need + 1);
    uint64_t *next = level ? segi_worker_bits_push(in->w, words + 1) : NULL;
    if (next) {
        memset(level, 0, words * filter->need * sizeof *level);
        for (uint32_t c = 0; c < filter->child_count && in->w->status == SEG_OK; c++) {
            filter_eval(in, filter->children[c], next);
            for (size_t i = 0; i < words; i++) {
                for (uint32_t k = filter->need; k-- > 1;)
                    level[k * words + i] |= level[(k - 1) * words + i] & next[i];
                level[i] |= next[i];
            }
        }
        memcpy(bits, level + (filter->need - 1) * words, words * sizeof *bits);
        segi_worker_bits_pop(in->w);
    }
    if (level)
        segi_worker_bits_pop(in->w);
}

/* After a failure every result is empty, so that callers may go on to their own clean-up. */
static void filter_eval(const filter_input *in, const segi_prep_filter *filter, uint64_t *bits)
{
    size_t bytes = filter_words(in->count) * sizeof *bits;
    if (in->w->status != SEG_OK) {
        memset(bits, 0, bytes);
        return;
    }
    switch (filter->form) {
    case SEGI_TEST_ALL: segi_bits_fill(bits, in->count); break;
    case SEGI_TEST_NONE: memset(bits, 0, bytes); break;
    case SEGI_TEST_AND:
    case SEGI_TEST_OR:
    case SEGI_TEST_XOR: filter_fold(in, filter, bits); break;
    case SEGI_TEST_NOT:
        filter_eval(in, filter->children[0], bits);
        filter_complement(bits, in->count);
        break;
    case SEGI_TEST_AT_LEAST: filter_at_least(in, filter, bits); break;
    case SEGI_TEST_MATCH: filter_match(in, filter, bits); break;
    case SEGI_TEST_WINDOW: filter_window(in, filter, bits); break;
    case SEGI_TEST_ANNIVERSARY:
    case SEGI_TEST_OCCASION:
    case SEGI_TEST_SEASON: filter_occasion(in, filter, bits); break;
    case SEGI_TEST_COMPARE:
    case SEGI_TEST_BETWEEN:
    case SEGI_TEST_TEXT_COMPARE: filter_compare(in, filter, bits); break;
    case SEGI_TEST_CALENDAR:
        segi_calendar_rows(filter->calendar, &in->part->time, in->row_begin, in->count, bits);
        break;
    }
}

void segi_filter_rows(segi_worker *w, const segi_prep_filter *filter, const segi_part *part,
                      uint32_t position, uint32_t row_begin, uint32_t count,
                      const uint16_t *row_lows, uint64_t *bits)
{
    /* Vectors hold 65,536 values: longer runs of rows go in slices. */
    for (uint32_t done = 0; done < count; done += SEGI_CHUNK_USERS) {
        filter_input in = {.w = w,
                           .part = part,
                           .position = position,
                           .row_begin = row_begin + done,
                           .row_lows = row_lows ? row_lows + done : NULL};
        in.count = count - done < SEGI_CHUNK_USERS ? count - done : SEGI_CHUNK_USERS;
        filter_eval(&in, filter, bits + done / 64);
    }
}

void segi_filter_users(segi_worker *w, const segi_prep_filter *filter, segi_users users,
                       uint64_t *bits)
{
    filter_input in = {.w = w, .users = users, .count = users.count};
    filter_eval(&in, filter, bits);
}
