/* seg/sql.h - a segment as a statement of SQL, for DuckDB and ClickHouse.
 *
 * The statement asks tables of a fixed layout, which docs/sql.md describes, and returns the ids of
 * exactly the customers that seg_segment_evaluate() finds in the same data. What a dialect cannot
 * say exactly is refused, never approximated. */
#ifndef SEG_SQL_H
#define SEG_SQL_H

#include <seg/base.h>
#include <seg/segment.h>

SEG_BEGIN_DECLS

#define SEG_SQL_DUCKDB 1
#define SEG_SQL_CLICKHOUSE 2

typedef struct seg_sql_options {
    uint32_t struct_size;
    uint32_t dialect;   /* SEG_SQL_* */
    int64_t now;        /* the instant of the evaluation, which the statement holds as a number */
    const char *users;  /* name of the table of customers; dots part database and table. It is
                            NUL-terminated and borrowed for the call; NULL: users */
    const char *events; /* the same of the events; NULL: events */
} seg_sql_options;

#define SEG_SQL_OPTIONS_INIT                                                                       \
    {                                                                                              \
        (uint32_t)sizeof(seg_sql_options), 0, 0, 0, 0                                              \
    }

/* One SELECT without a semicolon: its one column `seg_user` has the ids of all members, rising.
 * Saved segments are written out as they were when the segment was compiled.
 *   out_sql  owned by the caller: seg_buffer_destroy()
 * Fails with SEG_E_DIALECT where the dialect cannot say a condition: err points at it. Also
 * SEG_E_BOUND (parameters left), SEG_E_ARG, SEG_E_VERSION, SEG_E_LIMIT (16 MiB of SQL),
 * SEG_E_NOMEM. Any thread. Since 0.1. */
SEG_API SEG_MUST_USE seg_status seg_segment_to_sql(const seg_segment *segment,
                                                   const seg_sql_options *options,
                                                   seg_buffer **out_sql, seg_error *err);

SEG_END_DECLS
#endif /* SEG_SQL_H */
