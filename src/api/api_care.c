/* api_care.c - checkpoints, upkeep, checks, backups, figures and salvage of a store's file.
 *
 * Budgets that are left open get a size at which one step stays below a second or so on a common
 * disk. */
#include <string.h>

#include "api/api_int.h"

#define MAINTAIN_ROWS ((uint64_t)4 << 20)
#define MAINTAIN_BYTES ((uint64_t)64 << 20)
#define SALVAGE_MEMORY ((uint64_t)256 << 20)

seg_status seg_store_checkpoint(seg_store *store, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    return segi_store_checkpoint(store->store, err);
}

void seg_maintain_options_init(seg_maintain_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

seg_status seg_store_maintain(seg_store *store, const seg_maintain_options *options,
                              int32_t *out_more, seg_error *err)
{
    segi_api_begin(err);
    if (out_more != NULL)
        *out_more = 0;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    seg_maintain_options known;
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_maintain_options", err));
    SEGI_CHECK_ARG(known.flags == 0, err, "the maintain options have unknown flags");
    uint64_t rows = known.budget_rows != 0 ? known.budget_rows : MAINTAIN_ROWS;
    uint64_t bytes = known.budget_bytes != 0 ? known.budget_bytes : MAINTAIN_BYTES;
    bool more = false;
    seg_status status = segi_store_tend(store->store, rows, bytes, &more, err);
    if (out_more != NULL)
        *out_more = more;
    return status;
}

seg_status seg_store_check(seg_store *store, uint32_t level, seg_fault_function *report, void *user,
                           uint64_t *out_faults, seg_error *err)
{
    segi_api_begin(err);
    uint64_t faults = 0;
    if (out_faults != NULL)
        *out_faults = 0;
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_CHECK_ARG(level <= SEG_CHECK_DEEP, err, "level is not one of SEG_CHECK_*");
    seg_status status = segi_store_check(store->store, level, report, user, &faults, err);
    if (out_faults != NULL)
        *out_faults = faults;
    return status;
}

/* The copying needs no lock on the store: a writer may go on. */
seg_status seg_store_backup(seg_store *store, const char *path, size_t path_size, seg_error *err)
{
    segi_api_begin(err);
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    SEGI_TRY(segi_api_check_path(path, path_size, err));
    char *terminated = segi_api_path(&store->mem, path, path_size);
    if (terminated == NULL)
        return segi_fail_nomem(err);
    seg_status status = segi_store_backup(store->store, terminated, err);
    segi_free(&store->mem, terminated);
    return status;
}

/* Checked against the caller's struct first, filled second, so that a wrong size costs no
 * figures. */
seg_status seg_store_get_stats(seg_store *store, seg_store_stats *stats, seg_error *err)
{
    segi_api_begin(err);
    seg_store_stats known;
    memset(&known, 0, sizeof known);
    SEGI_TRY(segi_options_write(stats, &known, sizeof known, "seg_store_stats", err));
    SEGI_CHECK_ARG(store != NULL, err, "store is NULL");
    segi_store_stats(store->store, &known);
    return segi_options_write(stats, &known, sizeof known, "seg_store_stats", err);
}

/* ---- a damaged file -------------------------------------------------------------------------- */

void seg_salvage_options_init(seg_salvage_options *options, size_t options_size)
{
    segi_api_struct_init(options, options_size);
}

static seg_status salvage(const seg_salvage_options *options, const char *from, size_t from_size,
                          const char *to, size_t to_size, seg_salvage_report *report,
                          seg_error *err)
{
    segi_mem mem;
    SEGI_TRY(segi_mem_init(&mem, options->allocator, err));
    char *from_path = segi_api_path(&mem, from, from_size);
    char *to_path = segi_api_path(&mem, to, to_size);
    segi_store_place place = {.path = from_path,
                              .memory_limit = options->memory_limit != 0 ? options->memory_limit
                                                                         : SALVAGE_MEMORY};
    seg_status status = from_path != NULL && to_path != NULL
                            ? segi_store_salvage(&mem, &place, to_path, options->report,
                                                 options->report_user, report, err)
                            : segi_fail_nomem(err);
    segi_free(&mem, from_path);
    segi_free(&mem, to_path);
    return status;
}

seg_status seg_store_salvage(const char *from, size_t from_size, const char *to, size_t to_size,
                             const seg_salvage_options *options, seg_salvage_report *out_report,
                             seg_error *err)
{
    segi_api_begin(err);
    seg_salvage_report report;
    memset(&report, 0, sizeof report);
    if (out_report != NULL)
        SEGI_TRY(segi_options_write(out_report, &report, sizeof report, "seg_salvage_report", err));
    SEGI_TRY(segi_api_check_path(from, from_size, err));
    SEGI_TRY(segi_api_check_path(to, to_size, err));
    seg_salvage_options known;
    SEGI_TRY(segi_options_read(&known, sizeof known, options, SEGI_API_OPTIONS_MIN,
                               "seg_salvage_options", err));
    SEGI_CHECK_ARG(known.flags == 0, err, "the salvage options have unknown flags");
    seg_status status = salvage(&known, from, from_size, to, to_size, &report, err);
    if (out_report != NULL && status != SEG_E_ARG)
        (void)segi_options_write(out_report, &report, sizeof report, "seg_salvage_report", NULL);
    return status;
}
