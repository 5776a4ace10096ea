/* values.h - cells become values of a type, or a reason why not. */
#ifndef CLI_VALUES_H
#define CLI_VALUES_H

#include "options.h"
#include "row.h"

/* A value, in the form in which seg_column takes it. Texts are borrowed from the row. */
typedef struct cli_value {
    uint32_t state;            /* SEG_VALUE_* */
    int64_t number;            /* bool, int64, decimal, timestamp, date */
    double real[2];            /* float64; geo: latitude, longitude */
    text_view text;            /* string; the field of a set that has a delimiter */
    const text_view *elements; /* set */
    size_t element_count;
} cli_value;

/* What the cells of a column looked like; filled by classify() for one cell after another. */
typedef struct column_stats {
    uint64_t filled; /* neither missing nor null */
    uint64_t nulls;
    uint64_t bools, integers, decimals, floats, dates, times, texts, lists, others;
    int32_t scale_max;  /* of decimals */
    int32_t digits_max; /* before the point, of integers and decimals */
    uint64_t yyyymmdd;  /* integers that could be such a date */
    int64_t integer_min, integer_max;
    bool json; /* cells carry types of their own */
} column_stats;

void stats_add(column_stats *stats, const cli_cell *cell, const char *null_text);
/* The type that fits the cells seen, but for one stray value in a hundred; type 0 if there were
 * none. Where some do not fit *out_mixed is set; for JSON the most frequent kind decides then. */
value_type stats_type(const column_stats *stats, bool *out_mixed);
/* How the times of a column are written, TIME_NONE if they are no times. */
time_format stats_time(const column_stats *stats);

/* False with a reason (static text) where the cell does not fit. json: the file knows types. */
bool value_convert(const cli_cell *cell, const cli_row *row, value_type type,
                   const time_format *times, bool json, const char *null_text, cli_value *out,
                   const char **out_reason);

#endif /* CLI_VALUES_H */
