/* values.c - types of cells: guessing and reading them. See values.h. */
#include "values.h"

#include <seg/ingest.h>

#include <string.h>

static const time_format iso = {TIME_ISO, NULL};

/* ---- guessing -------------------------------------------------------------------------------- */

static bool is_null_text(const cli_cell *cell, const char *null_text)
{
    return null_text && cell->kind == CELL_TEXT && text_equals(cell->text, null_text);
}

/* 007 is an id or a postal code, not the number seven. */
static bool has_leading_zero(text_view text)
{
    size_t i = text.size > 0 && text.data[0] == '-' ? 1 : 0;
    return text.size > i + 1 && text.data[i] == '0' && text.data[i + 1] != '.';
}

static bool is_bool(text_view text)
{
    return text_equals_fold(text, "true") || text_equals_fold(text, "false");
}

static void add_number(column_stats *stats, text_view text)
{
    int32_t digits;
    int64_t integer;
    double real;
    int32_t scale = decimal_scale(text, &digits);
    if (scale >= 0 && has_leading_zero(text)) {
        stats->texts++;
        return;
    }
    if (scale == 0 && parse_int(text, &integer)) {
        int32_t days;
        if (stats->integers + stats->yyyymmdd == 0 || integer < stats->integer_min) {
            stats->integer_min = integer;
        }
        if (stats->integers + stats->yyyymmdd == 0 || integer > stats->integer_max) {
            stats->integer_max = integer;
        }
        stats->integers++;
        stats->yyyymmdd += date_parse(text, &days) && integer >= 19000101 && integer <= 21001231;
    } else if (scale > 0 && digits <= 18) {
        stats->decimals++;
        stats->scale_max = scale > stats->scale_max ? scale : stats->scale_max;
    } else if (parse_float(text, &real)) {
        stats->floats++;
    } else {
        stats->texts++;
        return;
    }
    if (scale >= 0 && digits - scale > stats->digits_max) {
        stats->digits_max = digits - scale;
    }
}

static void add_text(column_stats *stats, text_view text, bool typed)
{
    int64_t instant;
    int32_t days;
    text = text_trim(text);
    if (text.size >= 10 && text.data[4] == '-' && time_parse(text, &iso, &instant)) {
        if (time_has_clock(text)) {
            stats->times++;
        } else {
            stats->dates += date_parse(text, &days);
        }
    } else if (!typed && is_bool(text)) {
        stats->bools++;
    } else if (!typed && text.size && (text.data[0] < 'A' || text.data[0] > 'z')) {
        add_number(stats, text);
    } else {
        stats->texts++;
    }
}

void stats_add(column_stats *stats, const cli_cell *cell, const char *null_text)
{
    if (cell->kind == CELL_NULL || is_null_text(cell, null_text)) {
        stats->nulls++;
        return;
    }
    if (cell->kind == CELL_NONE || (!stats->json && cell->text.size == 0)) {
        return;
    }
    stats->filled++;
    switch (cell->kind) {
    case CELL_TEXT: add_text(stats, cell->text, stats->json); break;
    case CELL_NUMBER: add_number(stats, cell->text); break;
    case CELL_BOOL: stats->bools++; break;
    case CELL_LIST: stats->lists++; break;
    default: stats->others++; break;
    }
}

static value_type number_type(const column_stats *stats)
{
    if (stats->floats ||
        (stats->decimals && (stats->digits_max + stats->scale_max > 18 || stats->scale_max > 9))) {
        return (value_type){.type = SEG_TYPE_FLOAT64};
    }
    if (stats->decimals) {
        return (value_type){.type = SEG_TYPE_DECIMAL, .scale = stats->scale_max};
    }
    return (value_type){.type = SEG_TYPE_INT64};
}

/* So few that a stray value, not the column, is wrong: one in a hundred. */
static bool is_stray(uint64_t count, uint64_t filled)
{
    return count * 100 <= filled;
}

value_type stats_type(const column_stats *stats, bool *out_mixed)
{
    uint64_t numbers = stats->integers + stats->decimals + stats->floats;
    uint64_t instants = stats->dates + stats->times;
    uint64_t texts = instants + stats->texts;
    *out_mixed = false;
    if (stats->filled == 0 || stats->filled == stats->others) {
        return (value_type){0};
    }
    *out_mixed =
        stats->bools != stats->filled && numbers != stats->filled && instants != stats->filled;
    if (is_stray(stats->filled - stats->bools, stats->filled)) {
        return (value_type){.type = SEG_TYPE_BOOL};
    }
    if (is_stray(stats->filled - numbers, stats->filled)) {
        return number_type(stats);
    }
    if (is_stray(stats->filled - instants, stats->filled)) {
        return (value_type){.type = stats->times ? SEG_TYPE_TIMESTAMP : SEG_TYPE_DATE};
    }
    if (!stats->json) {
        *out_mixed = false; /* any field is a text */
        return (value_type){.type = SEG_TYPE_STRING};
    }
    *out_mixed = texts != stats->filled && stats->lists != stats->filled;
    if (stats->lists >= numbers && stats->lists >= texts && stats->lists >= stats->bools) {
        return (value_type){.type = SEG_TYPE_STRING_SET};
    }
    if (texts >= numbers && texts >= stats->bools) {
        return (value_type){.type = SEG_TYPE_STRING};
    }
    return numbers >= stats->bools ? number_type(stats) : (value_type){.type = SEG_TYPE_BOOL};
}

time_format stats_time(const column_stats *stats)
{
    uint64_t written = stats->dates + stats->times;
    uint64_t numbers = stats->integers + stats->decimals;
    if (written > numbers) {
        return iso;
    }
    if (numbers == 0) {
        return (time_format){TIME_NONE, NULL};
    }
    if (stats->yyyymmdd * 2 > numbers) {
        return (time_format){TIME_YYYYMMDD, NULL};
    }
    /* Magnitudes of the years 1973 .. 5138 in each unit do not overlap. */
    if (stats->integer_max < INT64_C(100000000000)) {
        return (time_format){TIME_EPOCH_S, NULL};
    }
    return (time_format){
        stats->integer_max < INT64_C(100000000000000) ? TIME_EPOCH_MS : TIME_EPOCH_US, NULL};
}

/* ---- reading --------------------------------------------------------------------------------- */

static bool convert_bool(const cli_cell *cell, bool json, cli_value *out)
{
    text_view text = json ? cell->text : text_trim(cell->text);
    if (json && cell->kind != CELL_BOOL) {
        return false;
    }
    out->number = text_equals_fold(text, "true") || text_equals(text, "1") ||
                  text_equals_fold(text, "yes") || text_equals_fold(text, "t");
    return out->number || text_equals_fold(text, "false") || text_equals(text, "0") ||
           text_equals_fold(text, "no") || text_equals_fold(text, "f");
}

static bool convert_number(const cli_cell *cell, value_type type, bool json, cli_value *out,
                           const char **out_reason)
{
    text_view text = text_trim(cell->text);
    *out_reason = "it is not a number";
    if (json && cell->kind != CELL_NUMBER) {
        return false;
    }
    if (type.type == SEG_TYPE_FLOAT64) {
        return parse_float(text, &out->real[0]);
    }
    if (decimal_scale(text, NULL) < 0) {
        double ignored;
        if (parse_float(text, &ignored)) {
            *out_reason = "a number with an exponent does not fit the column's type";
        }
        return false;
    }
    *out_reason = type.type == SEG_TYPE_INT64 ? "it is not a whole number of 64 bits"
                                              : "it has too many digits for the column's type";
    return (type.type == SEG_TYPE_INT64 && parse_int(text, &out->number)) ||
           parse_decimal(text, type.scale, &out->number);
}

static bool convert_text(const cli_cell *cell, bool json, cli_value *out, const char **out_reason)
{
    out->text = cell->text;
    if (json && cell->kind != CELL_TEXT) {
        *out_reason = "it is not a text";
        return false;
    }
    if (!utf8_valid(cell->text.data, cell->text.size)) {
        *out_reason = "it is not valid UTF-8";
        return false;
    }
    *out_reason = "it is longer than 65535 bytes";
    return cell->text.size <= SEG_STRING_SIZE_MAX;
}

static bool convert_set(const cli_cell *cell, const cli_row *row, bool json, cli_value *out,
                        const char **out_reason)
{
    *out_reason = "it is not a list of texts";
    if (cell->kind == CELL_LIST) {
        out->elements = row->elements + cell->first;
        out->element_count = cell->count;
        for (size_t i = 0; i < cell->count; i++) {
            if (out->elements[i].size > SEG_STRING_SIZE_MAX) {
                return false;
            }
        }
        return true;
    }
    out->text = cell->text;
    return !json && cell->kind == CELL_TEXT && utf8_valid(cell->text.data, cell->text.size);
}

static bool convert_time(const cli_cell *cell, const time_format *times, cli_value *out,
                         const char **out_reason)
{
    bool number = cell->kind == CELL_NUMBER;
    bool epoch = times->form == TIME_EPOCH_S || times->form == TIME_EPOCH_MS ||
                 times->form == TIME_EPOCH_US || times->form == TIME_YYYYMMDD;
    *out_reason = "it is not a time in the column's notation";
    return (cell->kind == CELL_TEXT || (number && epoch)) &&
           time_parse(cell->text, times, &out->number);
}

/* A field of CSV that says nothing: no text at all, or a quoted empty one where no text is
 * wanted. */
static bool is_absent(const cli_cell *cell, value_type type, bool json)
{
    if (cell->kind == CELL_NONE) {
        return true;
    }
    bool wants_text = type.type == SEG_TYPE_STRING || type.type == SEG_TYPE_STRING_SET;
    return !json && cell->kind == CELL_TEXT && cell->text.size == 0 &&
           !(cell->quoted && wants_text);
}

bool value_convert(const cli_cell *cell, const cli_row *row, value_type type,
                   const time_format *times, bool json, const char *null_text, cli_value *out,
                   const char **out_reason)
{
    *out = (cli_value){.state = SEG_VALUE_SET, .text = {"", 0}};
    if (cell->kind == CELL_NULL || is_null_text(cell, null_text)) {
        out->state = SEG_VALUE_NULL;
        return true;
    }
    if (is_absent(cell, type, json)) {
        out->state = SEG_VALUE_ABSENT;
        return true;
    }
    int32_t days;
    switch (type.type) {
    case SEG_TYPE_BOOL:
        *out_reason = "it is neither true nor false";
        return convert_bool(cell, json, out);
    case SEG_TYPE_INT64:
    case SEG_TYPE_FLOAT64:
    case SEG_TYPE_DECIMAL: return convert_number(cell, type, json, out, out_reason);
    case SEG_TYPE_STRING: return convert_text(cell, json, out, out_reason);
    case SEG_TYPE_TIMESTAMP: return convert_time(cell, times, out, out_reason);
    case SEG_TYPE_DATE:
        *out_reason = "it is not a date YYYY-MM-DD";
        if (cell->kind != CELL_TEXT || !date_parse(cell->text, &days)) {
            return false;
        }
        out->number = days;
        return true;
    case SEG_TYPE_STRING_SET: return convert_set(cell, row, json, out, out_reason);
    default: *out_reason = "its column has no type"; return false;
    }
}
