/* api_sql.c - the function of seg/sql.h.
 *
 * The statement is built by the room `lang`, from the checked tree; here are names and options. */
#include <seg/sql.h>
#include <string.h>

#include "api/api_int.h"

/* The layout's own names, and those of the tables that a statement makes, begin with seg_. */
static bool table_name_valid(const char *name)
{
    return name[0] != '\0' && strncmp(name, "seg_", 4) != 0;
}

seg_status seg_segment_to_sql(const seg_segment *segment, const seg_sql_options *options,
                              seg_buffer **out_sql, seg_error *err)
{
    seg_sql_options o;
    segi_api_begin(err);
    SEGI_CHECK_ARG(out_sql != NULL, err, "out_sql is NULL");
    *out_sql = NULL;
    SEGI_CHECK_ARG(segment != NULL, err, "segment is NULL");
    SEGI_CHECK_ARG(options != NULL, err, "options is NULL: a dialect has to be named");
    SEGI_TRY(
        segi_options_read(&o, sizeof o, options, SEGI_API_OPTIONS_MIN, "seg_sql_options", err));
    SEGI_CHECK_ARG(o.dialect == SEG_SQL_DUCKDB || o.dialect == SEG_SQL_CLICKHOUSE, err,
                   "there is no such dialect");
    SEGI_TRY(segi_api_check_now(o.now, err));
    segi_sql_target target = {o.dialect, o.now, o.users != NULL ? o.users : "users",
                              o.events != NULL ? o.events : "events"};
    SEGI_CHECK_ARG(table_name_valid(target.users) && table_name_valid(target.events), err,
                   "the name of a table is empty or begins with seg_");
    if (segment->predicate->param_count > 0)
        return segi_api_fail_open(segment->predicate, err);
    segi_buf buf;
    segi_buf_init(&buf, &segment->store->mem);
    seg_status status =
        segi_predicate_sql(segment->predicate, &segment->store->mem, &target, &buf, err);
    if (status == SEG_OK)
        status = segi_buffer_take(&buf, out_sql, err);
    segi_buf_deinit(&buf);
    return status;
}
